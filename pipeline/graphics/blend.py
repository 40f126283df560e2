"""Graphics blended into YUV frames: each distinct state rendered once by MoviePy, then only its rectangle touched."""

from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.graphics.draw import Graphic
from pipeline.plan import nearest_frame

Plane = NDArray[np.uint8]


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
    rgb = np.asarray(graphic.clip.get_frame(t), np.float32)[:, :, :3]
    alpha = np.clip(np.asarray(graphic.clip.mask.get_frame(t), np.float32), 0, 1)
    rows, columns = np.flatnonzero(alpha.max(axis=1) > 1 / 512), np.flatnonzero(alpha.max(axis=0) > 1 / 512)
    if len(rows) == 0:
        return None
    top, left = max(rows[0] // 2 * 2, -graphic.y), max(columns[0] // 2 * 2, -graphic.x)
    bottom = min((rows[-1] + 2) // 2 * 2, size[1] - graphic.y, alpha.shape[0] // 2 * 2)
    right = min((columns[-1] + 2) // 2 * 2, size[0] - graphic.x, alpha.shape[1] // 2 * 2)
    if bottom <= top or right <= left:
        return None
    rgb, alpha = rgb[top:bottom, left:right], alpha[top:bottom, left:right]
    r, g, b = rgb[:, :, 0], rgb[:, :, 1], rgb[:, :, 2]
    luma = 0.2126 * r + 0.7152 * g + 0.0722 * b  # ITU-R BT.709
    full = (16 + luma * 219 / 255, 128 + (b - luma) / 1.8556 * 224 / 255, 128 + (r - luma) / 1.5748 * 224 / 255)
    half = (alpha.shape[1] // 2, alpha.shape[0] // 2)
    colour, rest = [], []
    for number, plane in enumerate(full):
        weighted, share = (np.asarray(p) for p in (plane * alpha, alpha))
        if number:
            weighted, share = (np.asarray(cv2.resize(p, half, interpolation=cv2.INTER_AREA)) for p in (weighted, share))
        colour.append(np.asarray(np.rint(weighted), np.uint8))
        rest.append(np.asarray(np.rint(255 * (1 - share)), np.uint8))
    return Patch(
        int(graphic.x + left), int(graphic.y + top), (colour[0], colour[1], colour[2]), (rest[0], rest[1], rest[2]),
        not any(plane.any() for plane in rest),
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
