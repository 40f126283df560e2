"""Frames as they are from the decoder to the encoder: 8-bit I420, BT.709, limited range."""

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]
Planes = tuple[Plane, Plane, Plane]

PARTS = (1, 2, 2)  # how many times smaller Y, U and V are than the frame
BLACK, GRAY = 16, 128  # luma of black, chroma of no colour
BLUR_SIDE = 96  # height, in pixels, of the copy that is blurred
BLUR_SIGMA = 3.0


def planes(frame: Plane) -> Planes:
    """Views of the Y, U and V planes of an I420 frame (height * 3 / 2, width); U and V have half its width and height."""
    height, width = frame.shape[0] * 2 // 3, frame.shape[1]
    size = height * width
    flat = frame.reshape(-1)
    return (
        flat[:size].reshape(height, width),
        flat[size : size * 5 // 4].reshape(height // 2, width // 2),
        flat[size * 5 // 4 :].reshape(height // 2, width // 2),
    )


def blurred(plane: Plane, size: tuple[int, int], share: float, towards: int) -> Plane:
    """A plane blurred, mixed with a constant (share: of the plane) and brought to a size (width, height)."""
    wide, high = size
    small = cv2.resize(plane, (BLUR_SIDE * wide // high, BLUR_SIDE), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), BLUR_SIGMA)
    dim = cv2.convertScaleAbs(soft, alpha=share, beta=towards * (1 - share))
    return np.asarray(cv2.resize(dim, size, interpolation=cv2.INTER_LINEAR), np.uint8)
