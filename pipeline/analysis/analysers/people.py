"""Which face tracks of an episode are the same person, told by the face's shape and the colours of hair and clothes."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.cluster import hierarchy

from pipeline.analysis.types import Face

SIDE = 48  # pixels of the upright face that is compared
PLACES = np.array([(16.0, 17.0), (32.0, 17.0), (24.0, 26.5), (17.5, 35.0), (30.5, 35.0)])  # of the landmarks in it
LEAST_FACE = 20  # pixels of the picture that a face must be wide
CELLS, DIRECTIONS = 4, 8  # cells along a side of the face, and directions of edges in each
HAIR = (-0.3, 0.3, -0.18, 0.08)  # left, right of the middle in face widths, top, bottom below its top in heights
CLOTHES = (-1.2, 1.2, 1.5, 2.6)  # the same
SKIN = (8, 40, 20, 33)  # left, right, top, bottom of cheeks and nose in the upright face
USUAL_SKIN = (120.0, 145.0, 190.0)  # blue, green, red that the skin is brought to, whatever the light
SHADES = ((0, 255, 5), (98, 158, 5), (98, 158, 5))  # Lab as OpenCV has it: least, most and number of shades
LEAST_SEEN = 0.5  # share of the clothes' place that must be inside the picture
COLOURED = 300  # pixels of each place that are looked at
WEIGHTS = (1.0, 0.25, 1.0)  # of the distances (1 - cosine) of face, hair and clothes in their mean
FACE_ALONE = 0.6  # of the face's distance, which the mean must reach: in a factory all wear the same
# Set on 13 people of real footage, one half of a track against the other in changed light: 4 in 5 pairs of one
# person are nearer than SAME, 19 in 20 than LIKELY; of 5 700 pairs of two people more than 99 in 100 are beyond DIFFERENT.
SAME = 0.125  # up to which two tracks are surely one person
LIKELY = 0.16  # up to which they are more likely one person than two
DIFFERENT = 0.185  # from which they are surely two
UNLIKE = 1e9  # in place of infinity, where two tracks cannot be one person: no mean with it in it is near LIKELY
FACE, COLOURS = CELLS * CELLS * DIRECTIONS, 5 * 5 * 5  # numbers that each part has


@dataclass(frozen=True)
class Seen:
    """A face track: its average appearance (empty where it is not known), number of its shot, first and last second."""

    appearance: list[float]
    shot: int
    start: float
    end: float


@dataclass(frozen=True)
class Person:
    """Who a track shows: a number from 1 in order of first appearance, and whether that could be told for sure."""

    number: int
    sure: bool


Array = NDArray[np.float64]
Image = NDArray[np.uint8]


def appearance(image: Image, face: Face, scale: float) -> NDArray[np.float32] | None:
    """Face, hair and clothes in numbers: three parts of length 1, or of zeros where a part is out of the picture.

    image: BGR, longer side 640; scale: source pixels per picture pixel. The face is a histogram of oriented gradients
    (Dalal and Triggs 2005) of the upright, evenly lit face; the colours are joint Lab histograms under square roots,
    the skin being the white that takes the light out. None when the face is too small or cut by the picture's edge.
    """
    box = face.box
    x, y, width, height = (value / scale for value in (box.x, box.y, box.width, box.height))
    if width < LEAST_FACE or x < 0 or y < 0 or x + width > image.shape[1] or y + height > image.shape[0]:
        return None
    turn = similarity(np.array(face.landmarks) / scale, PLACES)
    upright = cv2.warpAffine(image, turn, (SIDE, SIDE), flags=cv2.INTER_LINEAR)
    left, right, top, bottom = SKIN
    skin = np.median(upright[top:bottom, left:right].reshape(-1, 3), axis=0)
    light = np.array(USUAL_SKIN) / np.maximum(skin, 8)
    parts = [_shape(np.asarray(upright, np.uint8))]
    for place in (HAIR, CLOTHES):
        a, b = x + (0.5 + place[0]) * width, x + (0.5 + place[1]) * width
        c, d = y + place[2] * height, y + place[3] * height
        parts.append(_colours(image, (a, c, b, d), light))
    return np.concatenate(parts).astype(np.float32)


def _shape(upright: Image) -> Array:
    """Directions of edges in the face's cells, each cell at its own contrast: the same under any light."""
    gray = np.log1p(cv2.GaussianBlur(cv2.cvtColor(upright, cv2.COLOR_BGR2GRAY), (3, 3), 0).astype(np.float32))
    across, down = cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1)
    length, turn = cv2.cartToPolar(across, down)
    at = turn * (DIRECTIONS / (2 * np.pi))
    planes = [
        length * np.maximum(0, 1 - np.abs((at - n + DIRECTIONS / 2) % DIRECTIONS - DIRECTIONS / 2))
        for n in range(DIRECTIONS)
    ]
    cells = cv2.resize(np.stack(planes, axis=2), (CELLS, CELLS), interpolation=cv2.INTER_AREA).astype(float)
    cells /= np.linalg.norm(cells, axis=2, keepdims=True) + 0.02 * float(length.mean()) + 1e-6
    return _unit(cells.ravel())


def _colours(image: Image, place: tuple[float, float, float, float], light: Array) -> Array:
    """Joint histogram of Lab shades, soft between neighbours, in a place: left, top, right, bottom."""
    left, top, right, bottom = place
    x0, y0 = max(0, round(left)), max(0, round(top))
    x1, y1 = min(image.shape[1], round(right)), min(image.shape[0], round(bottom))
    if max(0, x1 - x0) * max(0, y1 - y0) < LEAST_SEEN * (right - left) * (bottom - top):
        return np.zeros(COLOURS)
    step = max(1, round(((y1 - y0) * (x1 - x0) / COLOURED) ** 0.5))
    lit = np.clip(image[y0:y1:step, x0:x1:step] * light, 0, 255).astype(np.uint8)
    lab = cv2.cvtColor(lit, cv2.COLOR_BGR2LAB).reshape(-1, 3).astype(float)
    counted = np.zeros(COLOURS)
    at = [np.clip((lab[:, i] - low) / (high - low), 0, 1) * (n - 1) for i, (low, high, n) in enumerate(SHADES)]
    first = [np.minimum(value.astype(int), n - 2) for value, (_, _, n) in zip(at, SHADES, strict=True)]
    for corner in np.ndindex(2, 2, 2):
        index = np.zeros(len(lab), int)
        weight = np.ones(len(lab))
        for value, base, up, (_, _, n) in zip(at, first, corner, SHADES, strict=True):
            index = index * n + base + up
            weight = weight * (1 - np.abs(value - base - up))
        counted += np.bincount(index, weight, COLOURS)
    return _unit(np.sqrt(counted))


def similarity(points: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    """(2, 3) turn, scale and shift that bring points (n, 2) nearest to where they are wanted (Umeyama 1991)."""
    middle, target = points.mean(axis=0), wanted.mean(axis=0)
    ours, theirs = (points - middle) @ (1, 1j), (wanted - target) @ (1, 1j)
    turn = np.vdot(ours, theirs) / max(np.vdot(ours, ours).real, 1e-6)
    matrix = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    return np.column_stack([matrix, target - matrix @ middle])


def _unit(values: Array) -> Array:
    return values / max(float(np.linalg.norm(values)), 1e-9)


def average(appearances: Sequence[Sequence[float] | NDArray[np.float32] | None]) -> list[float]:
    """The appearance of a track: the median of its looks, part by part, each of length 1; empty without any."""
    known = np.array([a for a in appearances if a is not None], float)
    if not len(known):
        return []
    parts = []
    for part in _parts(known):
        there = part[np.any(part != 0, axis=1)]
        parts.append(_unit(np.median(there, axis=0)) if len(there) else np.zeros(part.shape[1]))
    return [round(float(value), 3) for value in np.concatenate(parts)]


def identify(tracks: Sequence[Seen]) -> list[Person]:
    """Who each face track of an episode shows. Tracks seen at the same time in one shot are different people.

    Agglomerative clustering with average linkage: the nearest two groups that may be one person become one until none
    are nearer than LIKELY. A track is not sure when its own group is farther than SAME, when another person is nearer
    than LIKELY, or when it stays alone with somebody nearer than DIFFERENT.
    """
    count = len(tracks)
    apart = _distances(tracks)
    numbers = np.arange(count)
    if count > 1:
        pairs = np.minimum(apart, UNLIKE)[np.triu_indices(count, 1)]
        numbers = hierarchy.fcluster(hierarchy.linkage(pairs, "average"), LIKELY, "distance")
    groups = [np.flatnonzero(numbers == number).tolist() for number in np.unique(numbers)]
    people: dict[int, Person] = {}
    ordered = sorted((min((tracks[n].shot, tracks[n].start, n) for n in group), group) for group in groups)
    for number, (_, group) in enumerate(ordered, 1):
        others = [n for n in range(count) if n not in group]
        for n in group:
            near = min((apart[n, m] for m in group if m != n), default=0.0)
            far = min((apart[n, m] for m in others), default=np.inf)
            told = near <= SAME and far >= (LIKELY if len(group) > 1 else DIFFERENT)
            people[n] = Person(number, bool(tracks[n].appearance) and bool(told))
    return [people[n] for n in range(count)]


def _distances(tracks: Sequence[Seen]) -> Array:
    """(n, n) distances of the tracks' appearances; infinite to itself, where unknown, and between different people."""
    count, numbers = len(tracks), FACE + 2 * COLOURS
    known = np.array([bool(track.appearance) for track in tracks], bool)
    shown = np.array([track.appearance or [0.0] * numbers for track in tracks]).reshape(count, numbers)
    total, weights, face = np.zeros((count, count)), np.zeros((count, count)), np.zeros((count, count))
    for number, (part, weight) in enumerate(zip(_parts(shown), WEIGHTS, strict=True)):
        lengths = np.linalg.norm(part, axis=1)
        there = np.outer(lengths > 0, lengths > 0)
        unit = part / np.maximum(lengths, 1e-9)[:, None]
        away = np.where(there, 1 - unit @ unit.T, 0)
        total, weights = total + weight * away, weights + weight * there
        face = away if number == 0 else face
    apart = np.maximum(total / np.maximum(weights, 1e-9), FACE_ALONE * face)
    differ = np.array([[a is b or _together(a, b) for b in tracks] for a in tracks], bool).reshape(count, count)
    return np.where(differ | ~np.outer(known, known), np.inf, apart)


def _together(a: Seen, b: Seen) -> bool:
    """Whether two tracks are seen at the same time."""
    return a.shot == b.shot and a.start <= b.end and b.start <= a.end


def _parts(appearances: Array) -> list[Array]:
    """Face, hair and clothes of appearances (n, FACE + 2 * COLOURS)."""
    return np.split(appearances, [FACE, FACE + COLOURS], axis=1)
