"""What the output should show, as a grid of cells: the footage's picture through the panes, and where graphics lie."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.footage.source import Source
from pipeline.footage.yuv import BLACK, planes
from pipeline.graphics.blend import Overlay
from pipeline.picture import blank
from pipeline.plan import Plan, Shot, corners
from pipeline.verify.pictures import Image

ACROSS = 27  # cells in a row of the output: 40 pixels of one that is 1080 wide
FINE = 4  # points in a cell, across and down
WHITE = 235  # luma of white
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)

Mask = NDArray[np.bool_]


class Cover(NamedTuple):
    """What graphics leave of each cell's picture, 0 to 1, and the luma (0 to 255) that they add to that."""

    left: NDArray[np.float32]
    added: NDArray[np.float32]


def size(plan: Plan) -> tuple[int, int]:
    """Cells across and down."""
    return ACROSS, max(1, round(ACROSS * plan.height / plan.width))


def of_output(image: Image, plan: Plan) -> Image:
    """The cells of a picture of the output."""
    return np.asarray(cv2.resize(image, size(plan), interpolation=cv2.INTER_AREA), np.float32)


def side_needed(plan: Plan, source: Source, shots: list[Shot]) -> int:
    """Pixels of the longer side of small pictures of the footage that have one for each point."""
    points = ACROSS * FINE / plan.width
    closest = max(pane.onto.width / pane.width for shot in shots for pane in shot.panes)
    return max(16, round(max(source.width, source.height) * closest * points))


def through_panes(image: Image, shot: Shot, second: float, source: Source, plan: Plan) -> tuple[Image, Mask]:
    """The cells that a shot makes of a small picture of the footage, its panes where they are at a footage second; and
    which cells lie wholly in one pane: what is behind them is not compared."""
    across, down = size(plan)
    wide, high = across * FINE, down * FINE
    fine, owner = np.zeros((high, wide, 3), np.float32), np.full((high, wide), -1)
    in_small = np.array([image.shape[1] / source.width, image.shape[0] / source.height])
    in_fine = np.array([wide / plan.width, high / plan.height])
    for number, (pane, corner) in enumerate(zip(shot.panes, corners(shot, np.array([second]))[0], strict=True)):
        onto = pane.onto
        at, to = np.array([onto.x, onto.y]) * in_fine, np.array([onto.right, onto.bottom]) * in_fine
        scale = np.array([pane.width, pane.height]) * in_small / (to - at)
        moved = corner * in_small + (0.5 - at) * scale - 0.5
        matrix = np.array([[scale[0], 0, moved[0]], [0, scale[1], moved[1]]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        drawn = cv2.warpAffine(image, matrix, (wide, high), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        (left, top), (right, bottom) = np.ceil(at - 1e-6).astype(int), np.floor(to + 1e-6).astype(int)
        fine[top:bottom, left:right], owner[top:bottom, left:right] = drawn[top:bottom, left:right], number
    parts = owner.reshape(down, FINE, across, FINE)
    whole = (parts.min(axis=(1, 3)) == parts.max(axis=(1, 3))) & (parts.min(axis=(1, 3)) >= 0)
    return fine.reshape(down, FINE, across, FINE, 3).mean(axis=(1, 3)), whole


def cover(overlay: Overlay, number: int, plan: Plan) -> Cover:
    """What the graphics of an output frame do to a picture, told by what they make of black and of white."""
    lumas: list[NDArray[np.float32]] = []
    for luma in (BLACK, WHITE):
        frame = blank(plan)
        frame[: plan.height] = luma
        overlay.blend(frame, number)
        lumas.append(np.asarray(cv2.resize(planes(frame)[0], size(plan), interpolation=cv2.INTER_AREA), np.float32))
    black, white = lumas
    full = WHITE - BLACK
    return Cover(np.asarray((white - black) / full, np.float32), np.asarray((black - BLACK) * (255 / full), np.float32))


def luma(cells: Image) -> NDArray[np.float32]:
    """0 to 255."""
    return np.asarray(cells @ LUMA, np.float32)
