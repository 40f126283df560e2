"""Where things move in a shot without faces, camera movement taken out."""

import itertools

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.faces import Rectangle
from pipeline.plan import Box
from pipeline.source import Source

SIDE = 160  # longer side, in pixels, of the picture that is compared
CHANGE = 12  # of 255: brightness that counts as movement, above noise
LEAST_AREA = 0.004  # share of the picture that must move
MOST_AREA = 0.5  # above it everything moves and nothing is the subject
MEMORY = 0.25  # seconds over which movement is gathered
JOIN = 9  # pixels between parts that belong to one moving thing
MASS = 0.4  # share of all movement that the largest thing must have
SMOOTH = 2  # looks before and after that steady a box


def follow(
    source: Source, looks: list[tuple[float, NDArray[np.uint8]]], picture: Box
) -> list[tuple[float, Rectangle, float]]:
    """(time, box, certainty) of the place that moves, in source display pixels; empty when nothing does."""
    if len(looks) < 3:
        return []
    small = [(t, _small(gray)) for t, gray in looks]
    scale = source.width / small[0][1].shape[1]
    inside = np.zeros(small[0][1].shape, np.float32)
    x0, y0, x1, y1 = (round(v / scale) for v in (picture.x, picture.y, picture.right, picture.bottom))
    inside[y0 + 1 : y1 - 1, x0 + 1 : x1 - 1] = 1
    gathered = np.zeros_like(inside)
    found: list[tuple[float, Rectangle, float]] = []
    for (t0, before), (t1, after) in itertools.pairwise(small):
        moved = _moved(before, after) * inside
        keep = float(np.exp(-(t1 - t0) / MEMORY))
        gathered = gathered * keep + moved
        area = float((moved > 0).mean())
        if not LEAST_AREA <= area <= MOST_AREA:
            continue
        box = _box(gathered)
        if box:
            found.append((t1, tuple(v * scale for v in box), min(1.0, area * 20)))
    seen = len(found) / (len(small) - 1)
    return _steady(found) if seen >= 0.4 else []


def _small(gray: NDArray[np.uint8]) -> NDArray[np.float32]:
    factor = SIDE / max(gray.shape)
    resized = cv2.resize(gray, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(resized, (5, 5), 0), np.float32)


def _moved(before: NDArray[np.float32], after: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much each pixel changed beyond CHANGE once the camera's own shift is undone."""
    window = cv2.createHanningWindow((before.shape[1], before.shape[0]), cv2.CV_32F)
    (dx, dy), response = cv2.phaseCorrelate(before.copy(), after.copy(), window)  # it writes into its arguments
    if response > 0.2 and 0.3 < abs(dx) + abs(dy) < SIDE / 6:
        shift = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
        before = np.asarray(
            cv2.warpAffine(before, shift, (before.shape[1], before.shape[0]), borderMode=cv2.BORDER_REPLICATE),
            np.float32,
        )
    change = np.abs(after - before) - CHANGE
    return np.asarray(np.maximum(change, 0), np.float32)


def _box(weights: NDArray[np.float32]) -> Rectangle | None:
    """The box that holds the middle 80% of the largest moving thing; None when movement is scattered."""
    total = float(weights.sum())
    joined = cv2.dilate((weights > CHANGE).astype(np.uint8), np.ones((JOIN, JOIN), np.uint8))
    count, labels = cv2.connectedComponents(joined)
    masses = [float(weights[labels == label].sum()) for label in range(1, count)]
    if not masses or max(masses) < MASS * total:
        return None
    weights = np.where(labels == 1 + int(np.argmax(masses)), weights, 0).astype(np.float32)
    edges = []
    for axis in (0, 1):
        share = np.cumsum(weights.sum(axis=axis)) / max(masses)
        edges.append((float(np.searchsorted(share, 0.1)), float(np.searchsorted(share, 0.9)) + 1))
    (x0, x1), (y0, y1) = edges
    return x0, y0, x1 - x0, y1 - y0


def _steady(found: list[tuple[float, Rectangle, float]]) -> list[tuple[float, Rectangle, float]]:
    """Each box by the median of the ones around it: one flicker of the light is no movement of the subject."""
    boxes = np.array([box for _, box, _ in found])
    return [
        (t, tuple(float(v) for v in np.median(boxes[max(0, i - SMOOTH) : i + SMOOTH + 1], axis=0)), score)  # type: ignore[misc]
        for i, (t, _, score) in enumerate(found)
    ]
