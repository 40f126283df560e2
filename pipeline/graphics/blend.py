"""Graphics blended into YUV frames: each distinct state rendered once by MoviePy, then only its rectangle touched."""

from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from basis.clock import Clock
from pipeline.footage.yuv import Plane, blurred, planes
from pipeline.graphics.layers import Graphic

# 8-bit R, G, B and 1 to limited-range Y, U, V, ITU-R BT.709
_LUMA = np.array([0.2126, 0.7152, 0.0722])
RGB_TO_YUV = np.array([
    [*(_LUMA * 219 / 255), 16],
    [*((np.array([0, 0, 1]) - _LUMA) / 1.8556 * 224 / 255), 128],
    [*((np.array([1, 0, 0]) - _LUMA) / 1.5748 * 224 / 255), 128],
])  # fmt: skip

CARD_SHARE = 0.3  # of the picture in the blurred ground of a card: ink keeps 7:1 on it over white footage


@dataclass(frozen=True)
class Patch:
    """One state of a graphic in output pixels (x, y even): for Y, U and V the colour times alpha and 255 - alpha."""

    x: int
    y: int
    colour: tuple[Plane, Plane, Plane]
    rest: tuple[Plane, Plane, Plane]
    opaque: bool


class Overlay:
    """All graphics of an episode; keeps the state that a graphic stands still in until another one follows.

    ground: colour (#RRGGBB) towards which a picture is dimmed where a graphic blurs it.
    """

    def __init__(
        self, graphics: list[Graphic], width: int, height: int, rate: Fraction, ground: str = "#000000"
    ) -> None:
        self._size = (width, height)
        self._clock = Clock(rate)
        self._spans = [(self._clock.frame(g.start), self._clock.frame(g.end), g) for g in graphics]
        self._states: dict[int, tuple[int, Patch | None]] = {}
        colour = np.array([[[int(ground[i : i + 2], 16) for i in (1, 3, 5)]]], np.uint8)
        self._ground = [int(value) for value in cv2.transform(colour, RGB_TO_YUV)[0, 0]]

    def blend(self, frame: Plane, index: int) -> None:
        """Draws what is on screen at output frame `index` into an I420 frame (height * 3 / 2, width), in place."""
        for number, (first, last, graphic) in enumerate(self._spans):
            if not first <= index < last:
                if index >= last and number in self._states:
                    del self._states[number]
                    graphic.forget()
                continue
            t = max(0.0, min((index - first) / float(self._clock.rate), graphic.end - graphic.start - 1e-3))
            if graphic.blur and (strength := graphic.blur(t)) > 0:
                _blur(frame, strength, self._ground)
            if patch := self._patch(number, graphic, t):
                _apply(frame, patch)

    def _patch(self, number: int, graphic: Graphic, t: float) -> Patch | None:
        if any(a <= t < b for a, b in graphic.moving):
            self._states[number] = -1, None
            return _patch(graphic, t, self._size)
        still = sum(b <= t for _, b in graphic.moving) + bisect_right(graphic.changes, t)
        if self._states.get(number, (None, None))[0] != still:
            self._states[number] = still, _patch(graphic, t, self._size)
        return self._states[number][1]


def rgb(frame: Plane) -> NDArray[np.uint8]:
    """I420, BT.709 limited, as RGB (OpenCV's own conversion assumes BT.601)."""
    y, u, v = planes(frame)
    size = (y.shape[1], y.shape[0])
    luma = (y.astype(np.float32) - 16) * (255 / 219)
    cb = (cv2.resize(u, size, interpolation=cv2.INTER_LINEAR).astype(np.float32) - 128) * (255 / 224)
    cr = (cv2.resize(v, size, interpolation=cv2.INTER_LINEAR).astype(np.float32) - 128) * (255 / 224)
    rgb = np.stack([luma + 1.5748 * cr, luma - 0.1873 * cb - 0.4681 * cr, luma + 1.8556 * cb], axis=-1)
    return np.asarray(np.clip(rgb, 0, 255), np.uint8)


def _blur(frame: Plane, strength: float, ground: list[int]) -> None:
    """The whole frame on its way to a blurred copy that is mostly the ground's colour."""
    for plane, towards in zip(planes(frame), ground, strict=True):
        soft = blurred(plane, (plane.shape[1], plane.shape[0]), CARD_SHARE, towards)
        if strength >= 1:
            np.copyto(plane, soft)
        else:
            cv2.addWeighted(soft, strength, plane, 1 - strength, 0, dst=plane)


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
    inks = np.asarray(graphic.clip.get_frame(t))[top:bottom, left:right, :3].astype(np.uint8, copy=False)
    half = (alpha.shape[1] // 2, alpha.shape[0] // 2)
    small = np.asarray(cv2.resize(alpha, half, interpolation=cv2.INTER_AREA))
    colour: list[Plane] = []
    for plane in cv2.split(cv2.transform(inks, RGB_TO_YUV)):
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
    for plane, part, colour, rest in zip(planes(frame), (1, 2, 2), patch.colour, patch.rest, strict=True):
        x, y = patch.x // part, patch.y // part
        under = plane[y : y + colour.shape[0], x : x + colour.shape[1]]
        if patch.opaque:
            under[:] = colour
        else:
            under[:] = cv2.add(cv2.multiply(under, rest, scale=1 / 255), colour)
