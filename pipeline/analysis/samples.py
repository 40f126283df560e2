"""One pass over the footage: every reference frame is looked at for cuts, about five a second for faces and motion."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.analysis import faces, shots
from pipeline.errors import Unusable
from pipeline.source import Source, open_media

Image = NDArray[np.uint8]

LOOKS_A_SECOND = 5.0
FACE_SIDE = 640  # longer side, in pixels, of the picture that faces are looked for in
CUT_SIDE = 256  # the same for cuts
GRAY_SIDE = 320  # the same for motion and black bars


@dataclass(frozen=True)
class Sample:
    """One look: footage seconds, the picture in gray (GRAY_SIDE long) and the faces in source display pixels."""

    t: float
    gray: Image
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
    detector = faces.Detector(*size(source, FACE_SIDE))
    due = start
    for t, frame in decoded(source, start, end, skip="NONREF"):
        looked.cuts += cuts.see(t, picture(source, frame, CUT_SIDE))
        if t >= due - 1e-6:
            image = picture(source, frame, FACE_SIDE)
            gray = cv2.resize(
                cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), size(source, GRAY_SIDE), interpolation=cv2.INTER_AREA
            )
            scale = source.width / image.shape[1]
            looked.samples.append(Sample(t, np.asarray(gray, np.uint8), detector.detect(image, scale)))
            due = max(due + 1 / LOOKS_A_SECOND, t)
            progress(t - start)
    if not looked.samples:
        raise Unusable(f"{source.file} has no frame between {start:.2f} and {end:.2f} s; choose another range.")
    looked.cuts += cuts.rest()
    progress(end - start)
    return looked


def decoded(source: Source, start: float, end: float, skip: str = "DEFAULT") -> Iterator[tuple[float, Any]]:
    """(footage second, frame) for the frames that start in [start, end), as the decoder gives them."""
    with open_media(source.file) as container:
        stream = container.streams[source.video_stream]
        stream.thread_type = "AUTO"
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
    image = frame.reformat(width=width, height=height, format="bgr24", interpolation="AREA").to_ndarray()
    return np.ascontiguousarray(np.rot90(image, source.rotation // 90))


def size(source: Source, side: int) -> tuple[int, int]:
    """(width, height) of the footage scaled so that its longer side is `side` pixels, both even."""
    scale = side / max(source.width, source.height)
    return max(16, round(source.width * scale / 2) * 2), max(16, round(source.height * scale / 2) * 2)
