"""What analysers see: one frame in the sizes that they look at, or a whole shot with what was found in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from basis.boxes import Box
from pipeline.footage.scaling import Image, half, picture, size
from pipeline.footage.source import Source
from pipeline.footage.stream import Frame

SIDE = 640  # longer side, in pixels, of the picture that faces are looked for in
LARGEST = 1280  # longer side to which larger footage is made small when it is decoded: nobody asks for more


@dataclass(frozen=True, eq=False)
class View:
    """One kept frame. t: footage seconds; frame: I420, longer side LARGEST at most, valid while it is seen; image: BGR, longer
    side SIDE; looked_at: whether it is one of the few looks."""

    source: Source
    t: float
    frame: Frame
    image: Image
    looked_at: bool

    @property
    def scale(self) -> float:
        """Source pixels per pixel of image."""
        return float(self.source.width / self.image.shape[1])

    @cached_property
    def small(self) -> Image:
        """BGR, half of image."""
        return half(self.image)

    @cached_property
    def smallest(self) -> Image:
        """BGR, a quarter of image."""
        return half(self.small)

    @cached_property
    def gray(self) -> Image:
        """The image in gray."""
        return gray(self.image)

    def larger(self, side: int) -> Image:
        """BGR with a longer side of `side` pixels, scaled from the frame itself."""
        return picture(self.frame, *size(self.source, side))


def gray(image: Image) -> Image:
    """A BGR picture in gray."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)


@dataclass(frozen=True, eq=False)
class ShotView:
    """The looks at one shot, [start, end) footage seconds, and what was found in it.

    times: (n,) footage seconds of the looks. grays: (n, height, width), longer side 320; colours: BGR (n, height, width,
    3), longer side 160. found: (footage second, record) by the name of the analyser. picture: the part without black
    bars, in source display pixels.
    """

    source: Source
    start: float
    end: float
    times: NDArray[np.float64]
    grays: Image
    colours: Image
    found: Mapping[str, list[tuple[float, Any]]]
    picture: Box
