"""How alike two pictures are whatever light falls on them: by their structure, a little movement of the camera allowed."""

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.footage.scaling import Image

SIDE = 48  # longer side, in pixels, of the pictures that are compared: small enough for hands to tremble and people to talk
DETAIL = 2.5  # pixels, standard deviation of the blur beyond which light is no structure
FLAT = 4.0  # of 255: contrast of noise
MOVED = (1, 2)  # pixels up and across by which the camera may have moved
BLANK = 3.0  # of 255, standard deviation up to which a picture shows nothing

Structure = NDArray[np.float32]


def tiny(image: Image) -> Image:
    """A picture with a longer side of SIDE pixels."""
    high, wide = image.shape[:2]
    scale = SIDE / max(high, wide)
    size = (max(1, round(wide * scale)), max(1, round(high * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def structure(image: Image) -> Structure:
    """The edges of a tiny BGR picture, each as strong as its surroundings let it be: no light, no contrast, no noise."""
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.float32)
    edges = gray - cv2.GaussianBlur(gray, (0, 0), DETAIL)
    contrast = np.sqrt(cv2.GaussianBlur(np.square(edges), (0, 0), DETAIL))
    return np.asarray(edges / (contrast + FLAT), np.float32)


def likeness(a: Structure, b: Structure) -> float:
    """-1 to 1: 1 for the same picture, about 0.4 for two shots of the same place, 0 where either shows nothing."""
    up, across = (min(most, (side - 1) // 4) for most, side in zip(MOVED, a.shape, strict=True))
    inner = a[up : a.shape[0] - up, across : a.shape[1] - across]
    found = cv2.matchTemplate(b, np.ascontiguousarray(inner), cv2.TM_CCORR_NORMED)
    return float(np.nan_to_num(found).max())


def difference(a: Image, b: Image) -> float:
    """Mean difference of two tiny pictures, of 255."""
    return float(cv2.norm(a, b, cv2.NORM_L1) / a.size)


def blank(image: Image) -> bool:
    """Whether a tiny picture shows nothing: black, white or one colour."""
    return bool(image.reshape(-1, image.shape[-1]).std(axis=0).max() <= BLANK)
