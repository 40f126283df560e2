"""Black bars in the footage: pillars and letterbox that must never reach the output."""

import numpy as np
from numpy.typing import NDArray

from basis.boxes import Box
from pipeline.footage.source import Source

BLACK = 26  # of 255, the brightest that a bar's pixels get with compression noise
LARGEST = 0.4  # share of the picture that one bar may take
LEAST = 16  # pixels of the source that bars must leave
LOOKS = 24  # samples of a shot that are enough


def picture(source: Source, grays: NDArray[np.uint8]) -> Box:
    """The part of the frame without bars, in source display pixels; the whole frame for a dark or empty shot.

    grays: (n, height, width), the looks at one shot.
    """
    whole = Box(x=0, y=0, width=source.width, height=source.height)
    if not len(grays):
        return whole
    brightest = grays[:: max(1, len(grays) // LOOKS)].max(axis=0)
    if np.percentile(brightest, 90) < 2 * BLACK:
        return whole  # a dark shot; its edges prove nothing
    height, width = brightest.shape
    left, right = _bars(np.percentile(brightest, 98, axis=0))
    top, bottom = _bars(np.percentile(brightest[:, left : width - right], 98, axis=1))
    scale_x, scale_y = source.width / width, source.height / height
    x, y = _even(left * scale_x), _even(top * scale_y)
    beyond, below = _even(right * scale_x), _even(bottom * scale_y)
    if min(source.width - x - beyond, source.height - y - below) < LEAST:
        return whole  # nothing but bars
    return Box(x=x, y=y, width=source.width - x - beyond, height=source.height - y - below)


def _bars(lines: NDArray[np.float64]) -> tuple[int, int]:
    """How many lines at the beginning and at the end are black, plus one for the soft edge beside a bar."""
    lit = np.flatnonzero(lines > BLACK)
    if len(lit) == 0:
        return 0, 0
    first, last = int(lit[0]), len(lines) - 1 - int(lit[-1])
    if first + last + 2 >= len(lines):
        return 0, 0  # hardly anything is lit
    return tuple(count + 1 if 1 <= count <= LARGEST * len(lines) else 0 for count in (first, last))  # type: ignore[return-value]


def _even(value: float) -> int:
    return int(np.ceil(value / 2)) * 2
