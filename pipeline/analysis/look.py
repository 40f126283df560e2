"""One pass over the footage: every kept frame is looked at for cuts, 30 a second at most for mouths, five for the rest."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from queue import Empty, Queue
from typing import Any, TypeVar

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from basis.errors import Unusable
from pipeline.analysis.analysers import cuts as shots
from pipeline.analysis.analysers import faces, flow, mouths, people
from pipeline.footage import ffmpeg_tool
from pipeline.footage.source import Source, open_media

Image = NDArray[np.uint8]
Item = TypeVar("Item")

AHEAD = 4  # frames that are decoded before they are looked at
LOOKS_A_SECOND = 5.0
FACE_SIDE = 640  # longer side, in pixels, of the picture that faces are looked for in
FINE_SIDE = 1280  # the same for the finer look at small faces
FINE_EVERY = 1.0  # seconds between finer looks where they find faces: each costs four coarse ones
FINE_RARELY = 4.0  # the most where they find none
SMALL = 0.12  # share of the picture's height; where no face is larger, there may be smaller ones still
APPEARANCE_EVERY = 5  # looks between two descriptions of what a face looks like
BETWEEN = 0.03  # seconds that kept frames between two looks lie apart at least: mouths need no more than 30 a second
WATCHED = 6  # faces, the largest, whose mouths and looks are followed


@dataclass(frozen=True)
class Sample:
    """One look: footage seconds, the picture in gray (320 pixels long) and in BGR (160 pixels long), and the faces."""

    t: float
    gray: Image
    colour: Image
    faces: list[faces.Face]


@dataclass
class Looked:
    """All samples of a range, and its cuts as (last time before, first time after) pairs."""

    samples: list[Sample] = field(default_factory=list)
    cuts: list[tuple[float, float]] = field(default_factory=list)


def look(source: Source, start: float, end: float, progress: Callable[[float], None]) -> Looked:
    """Samples [start, end) of the footage. Raises Unusable when not one frame decodes."""
    looked = Looked()
    cuts = shots.Cuts(source.average_rate)
    coarse = faces.Detector(*size(source, FACE_SIDE))
    fine = faces.Detector(*size(source, FINE_SIDE))
    between: list[tuple[float, Image]] = []  # gray pictures since the last look, both looks included
    due, fine_due, patience = start, start, FINE_EVERY
    for t, frame, image in _ahead(
        (t, frame, picture(source, frame, FACE_SIDE)) for t, frame in decoded(source, start, end, skip="NONREF")
    ):
        small = _half(image)
        smaller = _half(small)
        looked.cuts += cuts.see(t, smaller)
        if not between or t >= between[-1][0] + BETWEEN or t >= due - 1e-6:
            between.append((t, np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)))
        if t < due - 1e-6:
            continue
        scale = source.width / image.shape[1]
        found = coarse.detect(image, scale)
        changed = bool(looked.samples) and _changed(looked.samples[-1].colour, smaller)
        wanted = changed or t >= fine_due - 1e-6
        if wanted and max((face.box[3] for face in found), default=0.0) < SMALL * source.height:
            large = picture(source, frame, FINE_SIDE)
            found = faces.merge(fine.detect(large, source.width / large.shape[1]), found)
            patience = FINE_EVERY if found or changed else min(FINE_RARELY, 2 * patience)
            fine_due = t + patience
        before = looked.samples[-1].faces if looked.samples else []
        now = flow.follow(between, before, found, scale)
        if before:
            before[:] = [
                replace(face, mouth=tuple(mouths.movement(between, face, after, scale))) if after and watched else face
                for face, after, watched in zip(before, now, _largest(before), strict=True)
            ]
        known = [] if changed or len(looked.samples) % APPEARANCE_EVERY == 0 else now  # behind a cut, somebody else
        found = [
            replace(face, appearance=people.appearance(image, face, scale)) if watched and face not in known else face
            for face, watched in zip(found, _largest(found), strict=True)
        ]
        found += [face for face in now if face and face.unseen > 0]
        looked.samples.append(Sample(t, np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8), smaller, found))
        between = between[-1:]
        due = max(due + 1 / LOOKS_A_SECOND, t)
        progress(t - start)
    if not looked.samples:
        raise Unusable(f"{source.file} has no frame between {start:.2f} and {end:.2f} s; choose another range.")
    looked.cuts += cuts.rest()
    progress(end - start)
    return looked


def _ahead(made: Iterator[Item]) -> Iterator[Item]:
    """The same items, made by a thread of its own up to AHEAD items before they are asked for."""
    waiting: Queue[Item | BaseException | None] = Queue(AHEAD)
    stopped = threading.Event()

    def work() -> None:
        try:
            for item in made:
                waiting.put(item)
                if stopped.is_set():
                    return
            waiting.put(None)
        except BaseException as error:  # handed on to whoever asks for the items
            waiting.put(error)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    try:
        while (item := waiting.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        while worker.is_alive():  # it may be waiting for room
            with contextlib.suppress(Empty):
                waiting.get(timeout=0.05)


def decoded(source: Source, start: float, end: float, skip: str = "DEFAULT") -> Iterator[tuple[float, Any]]:
    """(footage second, frame) for the frames that start in [start, end), as the decoder gives them."""
    with open_media(source.file) as container:
        stream = container.streams[source.video_stream]
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = ffmpeg_tool.threads() or 0
        stream.codec_context.skip_frame = skip
        if skip != "DEFAULT":
            stream.codec_context.options = {"skip_loop_filter": "all"}
        if start > 0:
            container.seek(int((start + source.start) * av.time_base), backward=True)
        try:
            for frame in container.decode(stream):
                if frame.pts is None:
                    continue
                t = float(frame.pts * frame.time_base) - source.start
                if t >= end - 1e-6:
                    return
                if t >= start - 1e-3:
                    yield max(t, start), frame
        except av.error.FFmpegError:
            return  # broken footage: what came before the break is analysed, rendering says where it breaks off


def picture(source: Source, frame: Any, side: int) -> Image:
    """A frame as upright BGR, its longer side `side` pixels, in display proportions."""
    width, height = size(source, side)
    if source.rotation % 180 == 90:
        width, height = height, width
    if frame.format.name == "yuv420p" and not source.full_range and frame.width >= width:
        # each plane shrunk by itself: a third of the time of a conversion of the whole frame
        planes = [
            cv2.resize(
                np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width],
                (width // part, height // part),
                interpolation=cv2.INTER_AREA,
            ).reshape(-1)
            for plane, part in zip(frame.planes, (1, 2, 2), strict=True)
        ]
        small = np.concatenate(planes).reshape(height * 3 // 2, width)
        image = cv2.cvtColor(small, cv2.COLOR_YUV2BGR_I420)
    else:
        image = frame.reformat(width=width, height=height, format="bgr24", interpolation="AREA").to_ndarray()
    return np.ascontiguousarray(np.rot90(image, source.rotation // 90))


def size(source: Source, side: int) -> tuple[int, int]:
    """(width, height) of the footage scaled so that its longer side is `side` pixels, both even."""
    scale = side / max(source.width, source.height)
    return max(16, round(source.width * scale / 2) * 2), max(16, round(source.height * scale / 2) * 2)


def _changed(before: Image, after: Image) -> bool:
    """Whether so much is different that there may have been a cut."""
    return cv2.norm(before, after, cv2.NORM_L1) > shots.LEAST_CHANGE * after.size


def _half(image: Image) -> Image:
    height, width = image.shape[:2]
    return np.asarray(cv2.resize(image, (width // 2, height // 2), interpolation=cv2.INTER_AREA), np.uint8)


def _largest(found: list[faces.Face]) -> list[bool]:
    """For each face whether it is one of the WATCHED largest."""
    ranked = sorted(range(len(found)), key=lambda i: -found[i].box[3])[:WATCHED]
    return [i in ranked for i in range(len(found))]
