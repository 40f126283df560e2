"""Rectangles in pixels. One is a Box; many are an array (n, 4) of left, top, right, bottom.

>>> b = np.array([[0.0, 0, 10, 10], [20, 20, 30, 30]])
>>> area(b).tolist()
[100.0, 100.0]
>>> covered(b, np.array([5.0, 0, 15, 10])).tolist()
[0.5, 0.0]
"""

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from basis.data import Data

Boxes = NDArray[np.float64]


class Box(Data):
    """A rectangle: left, top, width, height in pixels of the picture that it lies in."""

    x: float = Field(ge=-100_000, le=100_000)
    y: float = Field(ge=-100_000, le=100_000)
    width: float = Field(gt=0, le=100_000)
    height: float = Field(gt=0, le=100_000)

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def sides(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        return self.x, self.y, self.right, self.bottom


def area(boxes: Boxes) -> NDArray[np.float64]:
    """Square pixels of each box, (n,); none for one that is turned inside out."""
    return np.asarray(np.prod(np.maximum(0, boxes[..., 2:] - boxes[..., :2]), axis=-1))


def shared(boxes: Boxes, other: Boxes) -> NDArray[np.float64]:
    """Square pixels that each box has in common with another; shapes broadcast."""
    corner, opposite = np.maximum(boxes[..., :2], other[..., :2]), np.minimum(boxes[..., 2:], other[..., 2:])
    return np.asarray(np.prod(np.maximum(0, opposite - corner), axis=-1))


def covered(boxes: Boxes, by: Boxes) -> NDArray[np.float64]:
    """The share of each box, 0 to 1, that lies in another; shapes broadcast."""
    return np.asarray(shared(boxes, by) / np.maximum(1e-9, area(boxes)))


def iou(boxes: Boxes, other: Boxes) -> NDArray[np.float64]:
    """What two boxes share, of what both cover together, 0 to 1; shapes broadcast."""
    both = shared(boxes, other)
    return np.asarray(both / np.maximum(1e-9, area(boxes) + area(other) - both))
