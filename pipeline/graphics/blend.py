"""Graphics blended into YUV frames: each distinct state rendered once by MoviePy, then only its rectangle touched."""

from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.graphics.draw import Graphic
from pipeline.plan import nearest_frame

Plane = NDArray[np.uint8]

# 8-bit R, G, B and 1 to limited-range Y, U, V, ITU-R BT.709
_LUMA = np.array([0.2126, 0.7152, 0.0722])
RGB_TO_YUV = np.array([
    [*(_LUMA * 219 / 255), 16],
    [*((np.array([0, 0, 1]) - _LUMA) / 1.8556 * 224 / 255), 128],
    [*((np.array([1, 0, 0]) - _LUMA) / 1.5748 * 224 / 255), 128],
])  # fmt: skip


@dataclass(frozen=True)
class Patch:
    """One state of a graphic in output pixels (x, y even): for Y, U and V the colour times alpha and 255 - alpha."""

    x: int
    y: int
    colour: tuple[Plane, Plane, Plane]
    rest: tuple[Plane, Plane, Plane]
    opaque: bool


class Overlay:
    """All graphics of an episode; keeps the states that stand still until their graphic ends."""

    def __init__(self, graphics: list[Graphic], width: int, height: int, rate: Fraction) -> None:
        self._size = (width, height)
        self._rate = rate
        self._spans = [(nearest_frame(g.start, rate), nearest_frame(g.end, rate), g) for g in graphics]
        self._states: dict[tuple[int, int], Patch | None] = {}

    def blend(self, frame: Plane, index: int) -> None:
        """Draws what is on screen at output frame `index` into an I420 frame (height * 3 / 2, width), in place."""
        for number, (first, last, graphic) in enumerate(self._spans):
            if not first <= index < last:
                for key in [key for key in self._states if key[0] == number and index >= last]:
                    del self._states[key]
                continue
            t = min((index - first) / float(self._rate), graphic.end - graphic.start - 1e-3)
            if any(a <= t < b for a, b in graphic.moving):
                patch = _patch(graphic, t, self._size)
            else:
                still = sum(b <= t for _, b in graphic.moving)
                if (number, still) not in self._states:
                    self._states[number, still] = _patch(graphic, t, self._size)
                patch = self._states[number, still]
            if patch:
                _apply(frame, patch)


def _patch(graphic: Graphic, t: float, size: tuple[int, int]) -> Patch | None:
    """Renders one state, cut to what is not clear and to the picture."""
    alpha = np.rint(255 * np.asarray(graphic.clip.mask.get_frame(t), np.float32)).clip(0, 255).astype(np.uint8)
    rows, columns = np.flatnonzero(alpha.max(axis=1)), np.flatnonzero(alpha.max(axis=0))
    if len(rows) == 0:
        return None
    top, left = max(rows[0] // 2 * 2, -graphic.y), max(columns[0] // 2 * 2, -graphic.x)
    bottom = min((rows[-1] + 2) // 2 * 2, size[1] - graphic.y, alpha.shape[0] // 2 * 2)
    right = min((columns[-1] + 2) // 2 * 2, size[0] - graphic.x, alpha.shape[1] // 2 * 2)
    if bottom <= top or right <= left:
        return None
    alpha = alpha[top:bottom, left:right]
    rgb = np.asarray(graphic.clip.get_frame(t))[top:bottom, left:right, :3].astype(np.uint8, copy=False)
    half = (alpha.shape[1] // 2, alpha.shape[0] // 2)
    small = np.asarray(cv2.resize(alpha, half, interpolation=cv2.INTER_AREA))
    colour: list[Plane] = []
    for plane in cv2.split(cv2.transform(rgb, RGB_TO_YUV)):
        weighted = np.asarray(cv2.multiply(plane, alpha, scale=1 / 255), np.uint8)
        if colour:  # chroma is weighted before it is made smaller, so that a clear pixel's colour does not bleed in
            weighted = np.asarray(cv2.resize(weighted, half, interpolation=cv2.INTER_AREA), np.uint8)
        colour.append(weighted)
    rest, small_rest = 255 - alpha, np.asarray(255 - small, np.uint8)
    return Patch(
        int(graphic.x + left), int(graphic.y + top), (colour[0], colour[1], colour[2]), (rest, small_rest, small_rest),
        not rest.any(),
    )  # fmt: skip


def _apply(frame: Plane, patch: Patch) -> None:
    height, width = frame.shape[0] * 2 // 3, frame.shape[1]
    flat, size = frame.reshape(-1), height * width
    starts = ((0, 1), (size, 2), (size * 5 // 4, 2))
    for (start, part), colour, rest in zip(starts, patch.colour, patch.rest, strict=True):
        plane = flat[start : start + size // part**2].reshape(height // part, width // part)
        x, y = patch.x // part, patch.y // part
        under = plane[y : y + colour.shape[0], x : x + colour.shape[1]]
        if patch.opaque:
            under[:] = colour
        else:
            under[:] = cv2.add(cv2.multiply(under, rest, scale=1 / 255), colour)
