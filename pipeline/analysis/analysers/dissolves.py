"""Cross-fades from shot to shot, and fades through black or white: there one shot becomes another without a cut.

In a fade each picture is the same mixture of the one before and the one behind it, at every point; nothing that moves,
grows or is lit does that, but a light, behind which the same picture is seen.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.analysers.likeness import Structure, blank, likeness, structure, tiny
from pipeline.footage.scaling import Image

LONGEST = 17  # looks from the last one before a fade to the first one behind it: three seconds
LEAST = 8.0  # of 255, root mean square: two shots differ by more
RISES = 0.02  # how far the share of the new shot may fall from look to look
MIDDLE = (0.12, 0.88)  # share of the new shot that one look must have
BEGUN = (0.03, 0.97)  # shares beyond which a look is no part of the fade
PURE = 0.1  # of the change from shot to shot: what a mixture may leave unexplained where the camera stands
MOVING = 0.45  # the same where it pans, to be worth a closer look
ALIKE = 0.58  # likeness, of the places that change, up to which it is another shot
POINTS, OFF = 0.5, 0.18  # share of the points whose own mixture may be that far from all others', the pan taken out
CLEAR, LARGE = 14.0, 0.4  # of 255: change of a point whose mixture can be told, and the share of such points
WIDEST_PAN = (8.0, 5.0)  # pixels, across and up, from look to look
SURE_PAN = 0.25  # of the peak of phase correlation
APART = 2  # looks between two fades, of which one is told less surely
FAINT = 0.12  # of the contrast of the shot beside it, up to which a picture shows nothing
BLANKS = 10  # looks of black or white between two shots that are one fade

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Fade:
    """Number of the last look before it and of the first one behind it, and the one, as a fraction, at which it is half
    done. pure: how little of it is unexplained, 0 best."""

    first: int
    last: int
    half: float
    pure: float


def find(times: NDArray[np.float64], colours: Image, cuts: Sequence[float]) -> list[float]:
    """Seconds in the middle of the fades from one shot to another, in order.

    times, colours: of the looks, (n,) and (n, height, width, 3) BGR, longer side 160; cuts: seconds of what needs no fade.
    """
    if len(times) < 3:
        return []
    pictures = [tiny(image) for image in colours]
    structures = cache(lambda number: structure(pictures[number]))
    fades = _joined(list(_fades(pictures, colours, structures)))
    return [
        float(np.interp(fade.half, np.arange(len(times)), times))
        for fade in _from_shot_to_shot(fades, pictures, structures)
        if not any(times[fade.first] <= cut <= times[fade.last] for cut in cuts)
    ]


def _fades(pictures: Sequence[Image], colours: Image, structures: Callable[[int], Structure]) -> Iterator[Fade]:
    """All stretches of looks, long and short ones of the same fade, in which one shot becomes another, or nothing."""
    flat = np.array([cv2.GaussianBlur(picture, (0, 0), 1.0) for picture in pictures], np.float32)
    flat = flat.reshape(len(flat), -1) / np.sqrt(pictures[0].size)
    apart = [np.zeros(len(flat), np.float32)]  # by how many looks: the squared differences
    apart += [np.square(flat[lag:] - flat[:-lag]).sum(axis=1) for lag in range(1, min(LONGEST, len(flat)))]
    for lag in range(2, len(apart)):
        count = len(flat) - lag
        change = np.maximum(apart[lag][:count], 1e-6)
        steps = np.arange(1, lag)
        start = np.stack([apart[k][:count] for k in steps])
        end = np.stack([apart[lag - k][k : k + count] for k in steps])
        share = (start - end + change) / (2 * change)
        left = np.sqrt(np.maximum(0.0, start - share**2 * change) / change).max(axis=0)
        rises = np.diff(np.vstack([np.zeros(count), share, np.ones(count)]), axis=0).min(axis=0) >= -RISES
        inside = (share[0] >= BEGUN[0]) & (share[-1] <= BEGUN[1]) & (change >= LEAST**2)
        middle = ((share > MIDDLE[0]) & (share < MIDDLE[1])).sum(axis=0)
        for first in np.flatnonzero(rises & inside & (middle > 0) & (left <= MOVING)).tolist():
            last = first + lag
            if not _changes(pictures[first], pictures[last], structures(first), structures(last)):
                continue
            if left[first] <= PURE or (middle[first] > 1 and _is_mixture(colours, first, last)):
                course = [0.0, *share[:, first].tolist(), 1.0]
                half = float(np.interp(0.5, np.maximum.accumulate(course), np.arange(first, last + 1)))
                yield Fade(first, last, half, float(left[first]))


def _changes(before: Image, behind: Image, edges: Structure, new_edges: Structure) -> bool:
    """Whether what differs between two pictures is another scene, and not the same one in another light."""
    if _is_nothing(before, behind) or _is_nothing(behind, before):
        return True
    differs = np.abs(before.astype(np.float32) - behind).max(axis=2)
    differs = cv2.GaussianBlur(differs, (0, 0), 1.5)
    where = (differs > 0.5 * np.sqrt(np.square(differs).mean())).astype(np.float32)
    return likeness(edges * where, new_edges * where) <= ALIKE


def _is_mixture(colours: Image, first: int, last: int) -> bool:
    """Whether each point of the looks between two has about the same mixture of both, both moved on as the camera pans."""
    looks = [_half(colours[n]) for n in range(max(0, first - 1), min(len(colours), last + 2))]
    at = first - max(0, first - 1)
    old, new = looks[at], looks[at + last - first]
    before = _pan(looks[at - 1], old) if at else (0.0, 0.0)
    behind = _pan(new, looks[-1]) if last + 1 < len(colours) else (0.0, 0.0)
    course = [0.0]
    for k in range(1, last - first):
        a, b = _moved(old, before, k), _moved(new, behind, k - (last - first))
        change = b - a
        clear = np.abs(change) > CLEAR
        if clear.mean() < LARGE:
            return False
        own = (looks[at + k] - a)[clear] / change[clear]
        course.append(float(np.median(own)))
        if (np.abs(own - course[-1]) < OFF).mean() < POINTS:
            return False
    return bool(np.diff([*course, 1.0]).min() >= -RISES)


def _half(image: Image) -> Array:
    smaller = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(smaller.astype(np.float32), (0, 0), 0.8), np.float32)


def _pan(a: Array, b: Array) -> tuple[float, float]:
    """Pixels across and up by which the camera moved the picture from a to b; none where that cannot be told."""
    gray = [np.ascontiguousarray(one.mean(axis=2)) for one in (a, b)]
    window = cv2.createHanningWindow(gray[0].shape[::-1], cv2.CV_32F)
    (across, up), peak = cv2.phaseCorrelate(gray[0], gray[1], window)
    told = peak > SURE_PAN and abs(across) < WIDEST_PAN[0] and abs(up) < WIDEST_PAN[1]
    return (float(across), float(up)) if told else (0.0, 0.0)


def _moved(image: Array, pan: tuple[float, float], looks: int) -> Array:
    """The picture as it is some looks later, or earlier, at the same pan."""
    shift = np.array([[1, 0, pan[0] * looks], [0, 1, pan[1] * looks]], np.float32)
    size = (image.shape[1], image.shape[0])
    return np.asarray(cv2.warpAffine(image, shift, size, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _joined(fades: list[Fade]) -> list[Fade]:
    """Of stretches of one fade the longest, of those the purest."""
    kept: list[Fade] = []
    for fade in sorted(fades, key=lambda fade: (fade.first - fade.last, fade.pure)):
        apart = [0 if max(fade.pure, other.pure) <= PURE else APART for other in kept]
        between = [max(other.first - fade.last, fade.first - other.last) for other in kept]
        if all(gap >= least for gap, least in zip(between, apart, strict=True)):
            kept.append(fade)
    return sorted(kept, key=lambda fade: fade.first)


def _from_shot_to_shot(
    fades: Sequence[Fade], pictures: Sequence[Image], structures: Callable[[int], Structure]
) -> Iterator[Fade]:
    """The fades, one to nothing and the next one out of it as one; without those at the ends, and flashes."""
    opened: Fade | None = None
    for fade in fades:
        first, last = pictures[fade.first], pictures[fade.last]
        if opened and fade.first - opened.last <= BLANKS and _is_nothing(first, last):
            if _changes(pictures[opened.first], pictures[fade.last], structures(opened.first), structures(fade.last)):
                yield Fade(opened.first, fade.last, (opened.last + fade.first) / 2, fade.pure)
            opened = None
        elif _is_nothing(last, first):
            opened = fade
        elif not _is_nothing(first, last):
            yield fade


def _is_nothing(picture: Image, beside: Image) -> bool:
    """Whether a picture shows nothing, or hardly more of another one than that."""
    less, more = (float(one.std(axis=(0, 1)).max()) for one in (picture, beside))
    return blank(picture) or less <= FAINT * more
