"""Faces in one picture, by YuNet (Wu et al. 2023) through OpenCV."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

import assets
from basis.errors import MissingTool

MODEL = "models/face_detection_yunet_2023mar.onnx"
LEAST_SCORE = 0.6
OVERLAP = 0.3  # of two boxes for the same face
MOST_FACES = 30  # the surest; a crowd beyond that is a crowd

Rectangle = tuple[float, float, float, float]  # left, top, width, height in source display pixels


@dataclass(frozen=True, eq=False)
class Face:
    """One detection in source display pixels; landmarks are right eye, left eye, nose, right and left mouth corner.

    unseen: seconds since it was really detected, 0 where it was now. mouth: (footage second, movement) until the next
    look. appearance: what people.appearance says of it, None where it is too small.
    """

    box: Rectangle
    score: float
    landmarks: tuple[tuple[float, float], ...]
    unseen: float = 0.0
    mouth: tuple[tuple[float, float], ...] = ()
    appearance: NDArray[np.float32] | None = None


class Detector:
    """YuNet for pictures of one size."""

    def __init__(self, width: int, height: int) -> None:
        try:
            model = str(assets.path(MODEL))
        except FileNotFoundError as error:
            raise MissingTool(f"The face model is not installed: {error}.") from error
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)  # OpenCV 5 warns at every load
        self._net = cv2.FaceDetectorYN.create(model, "", (width, height), LEAST_SCORE, OVERLAP, 200)

    def detect(self, image: NDArray[np.uint8], scale: float) -> list[Face]:
        """Faces in a BGR picture, surest first; scale: source pixels per picture pixel."""
        _, rows = self._net.detect(image)
        if rows is None:
            return []
        found = sorted((np.asarray(row, float) for row in rows), key=lambda row: -row[14])[:MOST_FACES]
        return [
            Face(
                box=(row[0] * scale, row[1] * scale, row[2] * scale, row[3] * scale),
                score=float(row[14]),
                landmarks=tuple((float(x), float(y)) for x, y in (row[4:14] * scale).reshape(5, 2)),
            )
            for row in found
            if row[2] > 1 and row[3] > 1
        ]


def merge(first: list[Face], second: list[Face]) -> list[Face]:
    """All of the first faces, and those of the second that are none of them."""
    return first + [face for face in second if not any(overlap(face.box, other.box) > OVERLAP for other in first)]


def similarity(points: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    """(2, 3) turn, scale and shift that bring points (n, 2) nearest to where they are wanted (Umeyama 1991)."""
    middle, target = points.mean(axis=0), wanted.mean(axis=0)
    ours, theirs = (points - middle) @ (1, 1j), (wanted - target) @ (1, 1j)
    turn = np.vdot(ours, theirs) / max(np.vdot(ours, ours).real, 1e-6)
    matrix = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    return np.column_stack([matrix, target - matrix @ middle])


def overlap(a: Rectangle, b: Rectangle) -> float:
    """Area that two boxes share, of the area that both cover together."""
    wide = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    high = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    both = max(0.0, wide) * max(0.0, high)
    return both / (a[2] * a[3] + b[2] * b[3] - both)
