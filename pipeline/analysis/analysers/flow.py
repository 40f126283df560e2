"""From one look to the next: which face is which, and where a face went that turned away or was covered.

A face that is not found again is carried on by sparse optical flow (Lucas and Kanade 1981, pyramidal) of its head,
kept only where forward and backward flow agree (Kalal et al. 2010).
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from basis import boxes
from basis.boxes import Box
from pipeline.analysis import tracks
from pipeline.analysis.types import Face

Gray = NDArray[np.uint8]

MOST_POINTS = 40
LEAST_POINTS = 6  # that must agree on where the head went
AGREE = 0.4  # share of the points that must survive every step
RETURN = 1.0  # pixels by which a point may miss its origin on the way back
HEAD = 0.25  # of the face box, how much of the head around it is followed too
FADE = 0.7  # a carried face's score, of the face's that it was
SAME_PLACE = 0.3  # overlap from which a carried face is one that was found after all
LARGEST_CHANGE = 0.35  # of a face's width in one step; more is no movement of a head


def follow(
    pictures: Sequence[tuple[float, Gray]], before: list[Face], found: list[Face], scale: float
) -> list[Face | None]:
    """For each face of the look before, what it is at this look: one of `found`, a carried face, or None.

    pictures: (footage second, gray picture) from the look before to this one; scale: source pixels per picture pixel.
    """
    t0, t1 = pictures[0][0], pictures[-1][0]
    matched = tracks.match([(t0, face) for face in before], [(t1, face) for face in found])
    result: list[Face | None] = [None if number is None else found[number] for number in matched]
    for index, face in enumerate(before):
        if result[index] is None and face.unseen + t1 - t0 <= tracks.LONGEST_GAP:
            box = carry([picture for _, picture in pictures], face.box, scale)
            if box and not taken(box, [*found, *filter(None, result)], SAME_PLACE):
                dx, dy = box.x - face.box.x, box.y - face.box.y
                result[index] = replace(
                    face,
                    box=box,
                    score=face.score if face.unseen else face.score * FADE,
                    landmarks=tuple((x + dx, y + dy) for x, y in face.landmarks),
                    unseen=face.unseen + t1 - t0,
                    mouth=(),
                )
    return result


def taken(box: Box, by: Sequence[Face], share: float) -> bool:
    """Whether a box and one of the faces share more than `share` of what both cover."""
    if not by:
        return False
    faces = np.array([face.box.sides for face in by])
    return bool((boxes.iou(faces, np.array(box.sides)) > share).any())


def carry(pictures: Sequence[Gray], box: Box, scale: float) -> Box | None:
    """Where the head in a box (source pixels) is in the last of these pictures, or None where it cannot be told."""
    x, y, width, height = (v / scale for v in (box.x, box.y, box.width, box.height))
    first = pictures[0]
    mask = np.zeros_like(first)
    left, top = max(0, int(x - HEAD * width)), max(0, int(y - 2 * HEAD * height))
    mask[top : int(y + height), left : int(x + (1 + HEAD) * width)] = 255
    found = cv2.goodFeaturesToTrack(first, MOST_POINTS, 0.01, 2, mask=mask)
    if found is None or len(found) < LEAST_POINTS:
        return None
    points = np.asarray(found, np.float32)
    begun = len(points)
    moved = np.array([x, y, x + width, y + height])
    for a, b in pairwise(pictures):
        ahead, good = there_and_back(a, b, points, 15, 3, RETURN)
        if good.sum() < max(LEAST_POINTS, AGREE * begun):
            return None
        steps = (ahead - points).reshape(-1, 2)[good]
        step = np.median(steps, axis=0)
        near = np.linalg.norm(steps - step, axis=1) < 1.5
        if near.mean() < AGREE or np.abs(step).max() > LARGEST_CHANGE * (moved[2] - moved[0]):
            return None
        moved += np.tile(step, 2)
        points = ahead[good][near].reshape(-1, 1, 2)
    high, wide = first.shape
    if not (0 <= (moved[0] + moved[2]) / 2 < wide and 0 <= (moved[1] + moved[3]) / 2 < high):
        return None
    return Box(x=float(moved[0] * scale), y=float(moved[1] * scale), width=box.width, height=box.height)


def there_and_back(
    before: Gray, after: Gray, points: NDArray[np.float32], window: int, levels: int, miss: float,
    stop: tuple[int, int, float] = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 30, 0.01),
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:  # fmt: skip
    """Where points (n, 1, 2) of one picture are in the next, and whether their way back misses less than `miss` pixels.

    window, levels, stop: of the pyramidal flow, as OpenCV has them.
    """
    size = (window, window)
    ahead, ok, _ = cv2.calcOpticalFlowPyrLK(
        before, after, points, points.copy(), winSize=size, maxLevel=levels, criteria=stop
    )
    back, ok_back, _ = cv2.calcOpticalFlowPyrLK(
        after, before, ahead, points.copy(), winSize=size, maxLevel=levels, criteria=stop
    )
    good = (ok.ravel() == 1) & (ok_back.ravel() == 1)
    good &= np.linalg.norm((back - points).reshape(-1, 2), axis=1) < miss
    return np.asarray(ahead, np.float32), good
