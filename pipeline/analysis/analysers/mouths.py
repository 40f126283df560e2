"""How much a mouth moves between pictures, the movement of the head, light and noise taken out."""

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.analysers.people import similarity
from pipeline.analysis.types import Face

Picture = NDArray[np.uint8]
Patch = NDArray[np.float32]

LEAST_HEIGHT = 22.0  # pixels of the picture; a smaller face has too few for its mouth
PATCH = (48, 56)  # width, height in pixels of the upright face that is compared
PLACES = np.array([(14, 17), (34, 17), (24, 29), (24, 38.5)], np.float64)  # eyes, nose, middle of the mouth in it
UPPER = (slice(6, 32), slice(6, 42))  # rows and columns of eyes and nose
MOUTH = (slice(32, 54), slice(10, 38))  # of mouth and chin
BLOCKS = (2, 3)  # rows and columns of the parts of the upper face, of which a blink changes two at most
FARTHEST = 4.0  # pixels of the patch that a face may shift between two pictures beyond what its landmarks say
STEADY = 0.07  # seconds between pictures for which movement is given; shorter ones move less
HEAD = 2.5  # a mouth, far from the neck's joint, changes more than eyes and nose when the head turns
LEAST_CONTRAST = 4.0  # of 255: below it the face is too dark or too flat to tell


def movement(
    pictures: Sequence[tuple[float, Picture]], before: Face, after: Face, scale: float
) -> list[tuple[float, float]]:
    """(footage second, movement >= 0) for each picture after the first; empty for a face too small or hidden to tell.

    pictures: gray, the first is the one in which `before` was found, the last that of `after`, the same person;
    scale: source pixels per picture pixel. Movement is the root mean square by which the mouth changes in STEADY
    seconds beyond what the rest of the face does, as a share of the face's contrast: mostly 0 at rest, 0.1 to 1 in talk.
    """
    if len(pictures) < 2 or min(before.box.height, after.box.height) < LEAST_HEIGHT * scale:
        return []
    if before.unseen > 0 and after.unseen > 0:
        return []  # only carried along: what moves may be what covers it
    first, last = pictures[0][0], pictures[-1][0]
    places = [_places(face) / scale for face in (before, after)]
    patches = []
    for t, picture in pictures:
        share = (t - first) / max(last - first, 1e-6)
        patches.append(_patch(picture, places[0] * (1 - share) + places[1] * share))
    return [
        (t, _change(a, b) * float(np.sqrt(STEADY / max(t - earlier, STEADY / 4))))
        for ((earlier, _), (t, _)), (a, b) in zip(pairwise(pictures), pairwise(patches), strict=True)
    ]


def _places(face: Face) -> NDArray[np.float64]:
    """Eyes, nose and the middle of the mouth: (4, 2) in source pixels."""
    marks = np.array(face.landmarks)
    return np.vstack([marks[:3], marks[3:].mean(axis=0)])


def _patch(picture: Picture, places: NDArray[np.float64]) -> Patch:
    """The face upright in PATCH, by the similarity that fits its places best."""
    move = similarity(places, PLACES)
    smaller = 1 / max(float(np.hypot(*move[:, 0])), 1e-6)
    if smaller > 1.5:
        picture, move = _shrunk(picture, move, smaller)
    patch = cv2.warpAffine(picture, move, PATCH, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.GaussianBlur(patch.astype(np.float32), (3, 3), 0.8), np.float32)


def _shrunk(picture: Picture, move: NDArray[np.float64], smaller: float) -> tuple[Picture, NDArray[np.float64]]:
    """The part of a picture around a large face, shrunk `smaller` times, and the similarity from there to PATCH."""
    back = cv2.invertAffineTransform(move)
    corners = np.array([(-2, -2), (PATCH[0] + 2, -2), (-2, PATCH[1] + 2), (PATCH[0] + 2, PATCH[1] + 2)]) @ back[:, :2].T
    corners = corners + back[:, 2]
    high, wide = picture.shape
    x0, y0 = np.clip(corners.min(axis=0).astype(int), 0, (wide - 2, high - 2))
    x1, y1 = np.clip(corners.max(axis=0).astype(int) + 1, (x0 + 2, y0 + 2), (wide, high))
    size = max(2, round((x1 - x0) / smaller)), max(2, round((y1 - y0) / smaller))
    part = np.asarray(cv2.resize(picture[y0:y1, x0:x1], size, interpolation=cv2.INTER_AREA), np.uint8)
    grown = np.array([(x1 - x0) / size[0], (y1 - y0) / size[1]])
    corner = (x0, y0) + 0.5 * (grown - 1)  # the middle of the first pixel
    return part, np.column_stack([move[:, :2] * grown, move[:, :2] @ corner + move[:, 2]])


def _change(a: Patch, b: Patch) -> float:
    """Change of the mouth from patch a to patch b beyond that of the upper face, as a share of the face's contrast."""
    contrast = float(a[UPPER].std())
    if contrast < LEAST_CONTRAST:
        return 0.0
    shift = np.zeros(2)
    for _ in range(3):
        step, residue = _registered(a, _moved(b, shift), UPPER)
        shift = np.clip(shift + step, -FARTHEST, FARTHEST)
        if np.abs(step).max() < 0.1:
            break
    high, wide = residue.shape[0] // BLOCKS[0], residue.shape[1] // BLOCKS[1]
    blocks = residue[: high * BLOCKS[0], : wide * BLOCKS[1]].reshape(BLOCKS[0], high, BLOCKS[1], wide)
    rest = float(np.median(np.square(blocks).mean(axis=(1, 3))))
    moved = _moved(b, shift)
    _, left = _registered(a, moved, MOUTH)
    mouth = float(np.square(left).mean())
    return float(np.sqrt(max(0.0, mouth - HEAD * rest))) / contrast


def _moved(patch: Patch, shift: NDArray[np.float64]) -> Patch:
    """The patch, sampled `shift` pixels further right and down."""
    if not shift.any():
        return patch
    move = np.array([[1, 0, -shift[0]], [0, 1, -shift[1]]])
    return np.asarray(
        cv2.warpAffine(patch, move, PATCH, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32
    )


def _registered(a: Patch, b: Patch, part: tuple[slice, slice]) -> tuple[NDArray[np.float64], Patch]:
    """How much further b must be sampled to lie on a in one part, and what then remains (Lucas and Kanade 1981).

    Gain and offset of the light are fitted along. The remainder is by the linear model, good for a pixel or so.
    """
    rows, columns = part
    here, there = a[part], b[part]
    dx = (b[rows, columns.start + 1 : columns.stop + 1] - b[rows, columns.start - 1 : columns.stop - 1]) / 2
    dy = (b[rows.start + 1 : rows.stop + 1, columns] - b[rows.start - 1 : rows.stop - 1, columns]) / 2
    model = np.stack([dx.ravel(), dy.ravel(), there.ravel(), np.ones(there.size, np.float32)])
    normal = (model @ model.T).astype(np.float64)
    normal[np.diag_indices(4)] += (1.0, 1.0, 1e-3, 1e-3)  # keeps a flat part solvable
    target = (here - there).ravel()
    solved = np.linalg.solve(normal, (model @ target).astype(np.float64))
    return solved[:2], np.asarray(target - solved.astype(np.float32) @ model).reshape(here.shape)
