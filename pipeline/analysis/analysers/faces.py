"""Faces by YuNet (Wu et al. 2023) through OpenCV, followed from look to look with their mouths and what they look like."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from pydantic import TypeAdapter

import assets
from basis.boxes import Box
from basis.errors import MissingTool
from basis.tools import Tools
from pipeline.analysis.analysers import cuts, flow, mouths, people
from pipeline.analysis.types import Face
from pipeline.analysis.view import SIDE, View
from pipeline.footage.scaling import Image, size
from pipeline.footage.source import Source

MODEL = "models/face_detection_yunet_2023mar.onnx"
LEAST_SCORE = 0.6
SAME_FACE = 0.3  # of two boxes, what they share of what both cover, from which they are of one face
MOST_FACES = 30  # the surest; a crowd beyond that is a crowd
FINE_SIDE = 1280  # longer side, in pixels, of the picture for the finer look at small faces
FINE_EVERY = 1.0  # seconds between finer looks where they find faces: each costs four coarse ones
FINE_RARELY = 4.0  # the most where they find none
SMALL = 0.12  # share of the picture's height; where no face is larger, there may be smaller ones still
APPEARANCE_EVERY = 5  # looks between two descriptions of what a face looks like
BETWEEN = 0.03  # seconds that pictures for mouths lie apart at least: they need no more than 30 a second
WATCHED = 6  # faces, the largest, whose mouths and looks are followed


class Detector:
    """YuNet for pictures of one size."""

    def __init__(self, width: int, height: int) -> None:
        try:
            model = str(assets.path(MODEL))
        except FileNotFoundError as error:
            raise MissingTool(f"The face model is not installed: {error}.") from error
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)  # OpenCV 5 warns at every load
        self._net = cv2.FaceDetectorYN.create(model, "", (width, height), LEAST_SCORE, SAME_FACE, 200)

    def detect(self, image: Image, scale: float) -> list[Face]:
        """Faces in a BGR picture, surest first; scale: source pixels per picture pixel."""
        _, rows = self._net.detect(image)
        if rows is None:
            return []
        found = sorted((np.asarray(row, float) for row in rows), key=lambda row: -row[14])[:MOST_FACES]
        return [
            Face(
                box=Box(x=row[0] * scale, y=row[1] * scale, width=row[2] * scale, height=row[3] * scale),
                score=float(row[14]),
                landmarks=tuple((float(x), float(y)) for x, y in (row[4:14] * scale).reshape(5, 2)),
            )
            for row in found
            if row[2] > 1 and row[3] > 1
        ]


class Faces:
    """The faces of each look: found now, or carried on from the look before."""

    records = TypeAdapter(list[tuple[float, Face]])

    def __init__(self, source: Source, tools: Tools) -> None:
        self._coarse = Detector(*size(source, SIDE))
        self._fine = Detector(*size(source, FINE_SIDE))
        self._fine_due, self._patience = -np.inf, FINE_EVERY
        self._between: list[tuple[float, Image]] = []  # gray pictures since the last look, both looks included
        self._done: list[tuple[float, Face]] = []
        self._last: list[Face] = []  # of the last look, whose mouths are not known yet
        self._smallest: Image | None = None  # the last look's picture
        self._looks = 0

    def see(self, view: View) -> None:
        if not self._between or view.looked_at or view.t >= self._between[-1][0] + BETWEEN:
            self._between.append((view.t, view.gray))
        if not view.looked_at:
            return
        changed = self._smallest is not None and cuts.changed(self._smallest, view.smallest)
        found = self._detected(view, changed)
        now = flow.follow(self._between, self._last, found, view.scale)
        self._with_mouths(now, view.scale)
        # behind a cut, somebody else
        known = [] if changed or self._looks % APPEARANCE_EVERY == 0 else now
        self._last = [
            _described(view, face) if watched and face not in known else face
            for face, watched in zip(found, _largest(found), strict=True)
        ]
        self._last += [face for face in now if face and face.unseen > 0]
        self._between = self._between[-1:]
        self._smallest = view.smallest
        self._looks += 1

    def found(self) -> list[tuple[float, Face]]:
        """(second of the look, face) in order."""
        return self._done + [(self._between[0][0], face) for face in self._last]

    def _detected(self, view: View, changed: bool) -> list[Face]:
        """The faces of a picture, looked at finely now and then where none is large."""
        faces = self._coarse.detect(view.image, view.scale)
        wanted = changed or view.t >= self._fine_due - 1e-6
        if wanted and max((face.box.height for face in faces), default=0.0) < SMALL * view.source.height:
            large = view.larger(FINE_SIDE)
            faces = merge(self._fine.detect(large, view.source.width / large.shape[1]), faces)
            self._patience = FINE_EVERY if faces or changed else min(FINE_RARELY, 2 * self._patience)
            self._fine_due = view.t + self._patience
        return faces

    def _with_mouths(self, now: Sequence[Face | None], scale: float) -> None:
        """Sets the last look's faces aside with how their mouths moved until now."""
        t = self._between[0][0]
        for face, after, watched in zip(self._last, now, _largest(self._last), strict=True):
            moved = mouths.movement(self._between, face, after, scale) if after and watched else face.mouth
            self._done.append((t, replace(face, mouth=tuple(moved))))


def merge(first: list[Face], second: list[Face]) -> list[Face]:
    """All of the first faces, and those of the second that are none of them."""
    return first + [face for face in second if not flow.taken(face.box, first, SAME_FACE)]


def _described(view: View, face: Face) -> Face:
    """A face with its appearance."""
    told = people.appearance(view.image, face, view.scale)
    return face if told is None else replace(face, appearance=tuple(told.tolist()))


def _largest(found: list[Face]) -> list[bool]:
    """For each face whether it is one of the WATCHED largest."""
    ranked = sorted(range(len(found)), key=lambda i: -found[i].box.height)[:WATCHED]
    return [i in ranked for i in range(len(found))]
