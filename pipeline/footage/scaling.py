"""A decoded frame as a small picture, for looking at."""

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.footage.source import Source
from pipeline.footage.yuv import PARTS, Plane, planes

Image = NDArray[np.uint8]


def picture(frame: Plane, width: int, height: int) -> Image:
    """An I420 frame as BGR of an even size, (height, width, 3)."""
    how = cv2.INTER_AREA if width <= frame.shape[1] else cv2.INTER_LINEAR
    if (width, height) != (frame.shape[1], frame.shape[0] * 2 // 3):
        # each plane by itself: a third of the time of a conversion of the whole frame
        sized = [
            cv2.resize(plane, (width // part, height // part), interpolation=how).reshape(-1)
            for plane, part in zip(planes(frame), PARTS, strict=True)
        ]
        frame = np.asarray(np.concatenate(sized).reshape(height * 3 // 2, width), np.uint8)
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_YUV2BGR_I420), np.uint8)


def size(source: Source, side: int) -> tuple[int, int]:
    """(width, height) of the footage scaled so that its longer side is `side` pixels, both even."""
    scale = side / max(source.width, source.height)
    return max(16, round(source.width * scale / 2) * 2), max(16, round(source.height * scale / 2) * 2)


def half(image: Image) -> Image:
    """A picture of half the width and height."""
    height, width = image.shape[:2]
    return np.asarray(cv2.resize(image, (width // 2, height // 2), interpolation=cv2.INTER_AREA), np.uint8)
