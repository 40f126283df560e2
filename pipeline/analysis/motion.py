"""The one thing that moves in a shot without faces, whole and calm, with the camera's own movement taken out.

Each look is compared with what is usually seen in its place: the median of looks around it, laid over it by the
movement of corner points. What differs is linked through the shot; the heaviest thing that really travels is the subject.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.faces import Rectangle
from pipeline.plan import Box
from pipeline.source import Source

# All lengths in pixels are of the look (longer side 320) unless they say "small" (SIDE).
SIDE = 160  # longer side of the picture in which places are compared
CORNERS = 160  # points that tell how the camera moved
LEAST_CORNERS = 12  # fewer tell nothing: the camera is taken to stand
SAME = 0.25  # small pixels between two looks' corners that need no correction
AROUND = 10.0  # seconds before and after a look from which its background is made
APART = 0.5  # of the width: a look that the camera moved further away tells nothing of a place
BACKGROUND = 15  # looks that make a background
OFTEN = 0.35  # share of them that must agree
CHANGE = 14.0  # of 255: a difference from the background beyond noise
WEAK_CHANGE = 8.0  # of 255: the same next to such a difference
NOISES = 5.0  # times the picture's own median difference that count as CHANGE, when it is a noisy one
REACH = (4, 7)  # small pixels across and up between parts of one thing: people are taller than wide
LEAST_AREA = 0.002  # share of the picture that a thing must cover
MOST_AREA = 0.5  # above it everything moves and nothing is the subject
GHOST = 1.3  # how much sharper the outline is in the background when the thing stands there, not here
OVERLAP = 0.3  # of the smaller of two boxes, from which a difference belongs to a thing that is expected there
FAR = 0.8  # of its size: how far from where it is expected a thing may be found
RECENT = 3  # looks: a thing seen in them goes on moving and comes first
USUAL = 2.0  # seconds before and after that say how large a thing usually is
LEFT = 0.5  # of its usual area, touching the picture's edge: it walked out
MASS = 0.4  # share of everything that moves that the subject must have: a crowd is no subject
SHRUNK = 0.4  # of its usual area: what is left of a thing that becomes part of the background
LEAST_SEEN = 4  # looks in which a subject must differ from the background
TRAVEL = 0.35  # of its size that a subject travels; a lamp that flickers does not
FLOW = 1.0  # pixels between looks that a corner on a moving thing moves
TOGETHER = 0.6  # length of the mean movement of a thing's corners over their mean length: 1 when they move as one
GROWTH = 1.35  # how many times larger or smaller a subject gets that comes or goes
FLOWS = 0.3  # share of looks in which corners must move together, for a thing that works in one place
MARGIN = 1.5  # small pixels around a subject: its edge is soft
STANDING = 0.3  # certainty of a place in which the subject was left standing
STEADY = 0.45  # seconds before and after that steady a box

Gray = NDArray[np.uint8]
Array = NDArray[np.float64]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Part:
    """A connected place in one look that differs from its background: left, top, right, bottom and area, small pixels."""

    edges: tuple[float, float, float, float]
    area: float


@dataclass
class Thing:
    """The same moving thing through the shot: look numbers, edges (left, top, right, bottom, small pixels) and areas."""

    looks: list[int] = field(default_factory=list)
    edges: list[Array] = field(default_factory=list)
    areas: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Camera:
    """How the picture moved: places (n, 3, 3) from small pixels of look 0 to each look's, steps to each from the one
    before, and for each look the corners (small pixels) that left the others behind, with their own movement (pixels).
    """

    places: Array
    corners: list[Floats]
    flows: list[Floats]


def follow(source: Source, looks: list[tuple[float, Gray]], picture: Box) -> list[tuple[float, Rectangle, float]]:
    """(time, box, certainty) of the subject, in source display pixels; empty when nothing moves or everything does.

    looks: footage seconds and gray pictures of one shot, about five a second; picture: the part without black bars.
    The subject is whole (a walker from head to feet) and keeps its place while it stands.
    """
    if len(looks) < 3:
        return []
    times = np.array([t for t, _ in looks])
    small = [_small(gray) for _, gray in looks]
    height, width = small[0].shape
    scale = source.width / width
    x0, y0, x1, y1 = (round(v / scale) for v in (picture.x, picture.y, picture.right, picture.bottom))
    inside = np.zeros((height, width), bool)
    inside[y0 + 1 : y1 - 1, x0 + 1 : x1 - 1] = True
    camera = _camera([gray for _, gray in looks], width)
    things = _things(list(_parts(times, small, camera, inside)), camera)
    subject = _subject(things, camera)
    if subject is None:
        return []
    limits = np.array([x0, y0, x1, y1], float)
    numbers, edges, sure = _filled(times, subject, camera, limits)
    edges = np.clip(edges + MARGIN * np.array([-1, -1, 1, 1]), limits[[0, 1, 0, 1]], limits[[2, 3, 2, 3]]) * scale
    return [
        (float(times[n]), (float(a), float(b), float(c - a), float(d - b)), float(s))
        for n, (a, b, c, d), s in zip(numbers, edges, sure, strict=True)
        if c - a > scale and d - b > scale
    ]


def _small(gray: Gray) -> Gray:
    factor = SIDE / max(gray.shape)
    return np.asarray(cv2.resize(gray, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)


def _camera(looks: list[Gray], width: int) -> Camera:
    """The camera's shift, turn and zoom from look to look, by the movement that most corner points share (RANSAC)."""
    factor = width / looks[0].shape[1]
    places, corners, flows = [np.eye(3)], [np.zeros((0, 2), np.float32)], [np.zeros((0, 2), np.float32)]
    for before, after in zip(looks, looks[1:], strict=False):
        start, end = _tracked(before, after)
        step = _step(start, end)
        own = end - (start @ step[:, :2].T + step[:, 2])
        leaves = np.linalg.norm(own, axis=1) > FLOW
        matrix = np.vstack([step, [0, 0, 1]])
        matrix[:2, 2] *= factor
        places.append(matrix @ places[-1])
        corners.append(np.asarray(end[leaves] * factor, np.float32))
        flows.append(np.asarray(own[leaves], np.float32))
    return Camera(np.array(places), corners, flows)


def _tracked(before: Gray, after: Gray) -> tuple[Array, Array]:
    """Corner points of one look, spread over the picture, and where they are in the next: (n, 2) each, pixels."""
    found = cv2.goodFeaturesToTrack(before, CORNERS, 0.01, 8, blockSize=5)
    if found is None or len(found) < LEAST_CORNERS:
        return np.zeros((0, 2)), np.zeros((0, 2))
    size = (15, 15)
    there, seen, _ = cv2.calcOpticalFlowPyrLK(before, after, found, None, winSize=size, maxLevel=4)  # type: ignore[call-overload]
    back, seen_back, _ = cv2.calcOpticalFlowPyrLK(after, before, there, None, winSize=size, maxLevel=4)
    apart = np.linalg.norm((back - found).reshape(-1, 2), axis=1)
    good = (seen.ravel() == 1) & (seen_back.ravel() == 1) & (apart < 0.7)
    return np.asarray(found.reshape(-1, 2)[good], float), np.asarray(there.reshape(-1, 2)[good], float)


def _step(start: Array, end: Array) -> Array:
    """(2, 3) similarity that takes most points from start to end; none when there are too few to tell."""
    still = np.eye(2, 3)
    if len(start) < LEAST_CORNERS:
        return still
    matrix, fits = cv2.estimateAffinePartial2D(start, end, method=cv2.RANSAC, ransacReprojThreshold=1.0)
    if matrix is None or fits.sum() < LEAST_CORNERS / 2:
        return still
    return np.asarray(matrix, float)


def _parts(times: Array, small: list[Gray], camera: Camera, inside: NDArray[np.bool_]) -> Iterator[list[Part]]:
    """What differs from the background in each look, largest first; nothing where most of the picture differs."""
    count = len(small)
    reach = max(1, round(AROUND / max(1e-3, float(np.median(np.diff(times))))))
    height, width = small[0].shape
    corners = np.array([(0, 0, 1), (width, 0, 1), (0, height, 1), (width, height, 1)], float).T
    for number, look in enumerate(small):
        first = min(max(0, number - reach), max(0, count - 1 - 2 * reach))
        around = np.array([n for n in range(first, min(count, first + 2 * reach + 1)) if n != number])
        matrices = camera.places[number] @ np.linalg.inv(camera.places[around])
        apart = np.abs((matrices @ corners - corners)[:, :2]).max(axis=(1, 2))
        usable = np.flatnonzero(apart <= APART * width)
        chosen = (
            usable[np.unique(np.linspace(0, len(usable) - 1, BACKGROUND).round().astype(int))] if len(usable) else []
        )
        if len(chosen) < 2:
            yield []
            continue
        layers = [small[around[i]] if apart[i] < SAME else _laid(small[around[i]], matrices[i], look) for i in chosen]
        yield _differences(look, _background(np.array(layers)), bool(np.any(apart[chosen] >= SAME)), inside)


def _laid(other: Gray, matrix: Array, look: Gray) -> Gray:
    """Another look where the camera's movement puts it in this one, which shows through around it."""
    size = (look.shape[1], look.shape[0])
    return np.asarray(
        cv2.warpAffine(other, matrix[:2], size, look.copy(), cv2.INTER_LINEAR, cv2.BORDER_TRANSPARENT), np.uint8
    )


def _background(layers: Gray) -> Gray:
    """Per pixel the value that the layers (n, h, w) show most: the middle of the narrowest range that holds OFTEN of
    them, so that a thing which stays for less than the rest of the time leaves no trace."""
    ordered = np.sort(layers, axis=0)
    count = max(2, round(OFTEN * len(layers)))
    widths = ordered[count - 1 :] - ordered[: len(layers) - count + 1]
    best = np.argmin(widths, axis=0)[None]
    return np.asarray(np.take_along_axis(ordered, best + count // 2, axis=0)[0])


def _differences(look: Gray, background: Gray, moves: bool, inside: NDArray[np.bool_]) -> list[Part]:
    """Where a look differs from its background; moves: whether the camera did between the looks that make it."""
    now, usual = (cv2.GaussianBlur(image, (3, 3), 0).astype(np.float32) for image in (look, background))
    usual += float(np.median((now - usual)[inside]))  # the exposure may have changed
    if moves:  # a pixel of misplacement is no difference
        cross = np.ones((3, 3), np.uint8)
        change = np.maximum(now - cv2.dilate(usual, cross), cv2.erode(usual, cross) - now)
    else:
        change = np.abs(now - usual)
    change = np.where(inside, np.maximum(change, 0), 0).astype(np.float32)
    noise = NOISES * float(np.median(change[inside]))
    strong, weak = change > max(CHANGE, noise), change > max(WEAK_CHANGE, noise)
    if strong.sum() > MOST_AREA * inside.sum():
        return []
    return _components(strong, weak, now, usual)


def _components(strong: NDArray[np.bool_], weak: NDArray[np.bool_], now: Floats, usual: Floats) -> list[Part]:
    """Differences joined to things, largest first."""
    core = cv2.morphologyEx(strong.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    near = cv2.dilate(core, np.ones((5, 5), np.uint8))
    mask = ((weak & (near > 0)) | (core > 0)).astype(np.uint8)
    count, labels = cv2.connectedComponents(mask)
    for label in range(1, count):
        own = labels == label
        if _ghost(own.astype(np.uint8), now, usual):
            mask[own] = 0
    count, labels = cv2.connectedComponents(cv2.dilate(mask, np.ones((2 * REACH[1] + 1, 2 * REACH[0] + 1), np.uint8)))
    labels = labels * mask
    areas = np.bincount(labels.ravel(), minlength=count)
    found = []
    for label in np.flatnonzero(areas >= LEAST_AREA * mask.size):
        if label:
            left, top, width, height = cv2.boundingRect((labels == label).astype(np.uint8))
            found.append(Part((left, top, left + width, top + height), float(areas[label])))
    return sorted(found, key=lambda part: (-part.area, part.edges))


def _ghost(own: Gray, now: Floats, usual: Floats) -> bool:
    """Whether the outline of a difference is in the background: the thing stands there at other times, not now."""
    brush = np.ones((3, 3), np.uint8)
    ring = cv2.dilate(own, brush) - cv2.erode(own, brush) > 0
    here, there = (float((cv2.morphologyEx(image, cv2.MORPH_GRADIENT, brush))[ring].mean()) for image in (now, usual))
    return there > GHOST * here + 2


def _things(parts: list[list[Part]], camera: Camera) -> list[Thing]:
    """Differences linked through the shot by where they are expected, those seen lately and heavy ones first."""
    things: list[Thing] = []
    for number, found in enumerate(parts):
        free = list(found)
        for thing in sorted(things, key=lambda thing: (number - thing.looks[-1] > RECENT, -sum(thing.areas))):
            expected = _expected(thing, number, camera)
            own = [part for part in free if _overlap(np.array(part.edges), expected) >= OVERLAP]
            if not own:
                near = [(distance, part) for part in free if (distance := _distance(part, expected)) <= FAR]
                own = [min(near, key=lambda pair: pair[0])[1]] if near else []
            if own:
                free = [part for part in free if part not in own]
                _add(thing, number, own)
        for part in free:
            things.append(Thing())
            _add(things[-1], number, [part])
    return things


def _add(thing: Thing, number: int, own: list[Part]) -> None:
    edges = np.array([part.edges for part in own])
    thing.looks.append(number)
    thing.edges.append(np.concatenate([edges[:, :2].min(axis=0), edges[:, 2:].max(axis=0)]))
    thing.areas.append(sum(part.area for part in own))


def _expected(thing: Thing, number: int, camera: Camera) -> Array:
    """The thing's edges in a later look if it goes on as before, or stands where it was if that is long ago."""
    last = _carried(thing.edges[-1], thing.looks[-1], number, camera)
    if len(thing.looks) < 2 or number - thing.looks[-1] > RECENT:
        return last
    before = _carried(thing.edges[-2], thing.looks[-2], number, camera)
    share = (number - thing.looks[-1]) / (thing.looks[-1] - thing.looks[-2])
    move = (last - before).reshape(2, 2).mean(axis=0) * min(share, 2.0)
    return np.asarray(last + np.tile(move, 2))


def _carried(edges: Array, start: int, end: int, camera: Camera) -> Array:
    """Edges in one look where the camera's movement puts them in another; their sides stay level."""
    return _placed(edges, camera.places[end] @ np.linalg.inv(camera.places[start]))


def _placed(edges: Array, matrix: Array) -> Array:
    middle = matrix[:2, :2] @ ((edges[:2] + edges[2:]) / 2) + matrix[:2, 2]
    half = (edges[2:] - edges[:2]) / 2 * float(np.sqrt(np.linalg.det(matrix[:2, :2])))
    return np.concatenate([middle - half, middle + half])


def _overlap(a: Array, b: Array) -> float:
    common = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    smaller = min(float(np.prod(a[2:] - a[:2])), float(np.prod(b[2:] - b[:2])))
    return float(np.prod(common.clip(0))) / max(smaller, 1e-6)


def _distance(part: Part, expected: Array) -> float:
    edges = np.array(part.edges)
    apart = (edges[:2] + edges[2:] - expected[:2] - expected[2:]) / 2
    return float(np.linalg.norm(apart) / np.sqrt(np.prod(expected[2:] - expected[:2])))


def _subject(things: list[Thing], camera: Camera) -> Thing | None:
    """The thing with most area over the shot, of those that move rather than flicker."""
    total = sum(sum(thing.areas) for thing in things)
    moving = [thing for thing in things if len(thing.looks) >= LEAST_SEEN and _moves(thing, camera)]
    best = max(moving, key=lambda thing: sum(thing.areas), default=None)
    return best if best and sum(best.areas) >= MASS * total else None


def _moves(thing: Thing, camera: Camera) -> bool:
    """Whether a thing travels, comes nearer, goes away, or its corners move as one; light, leaves and rain do not."""
    levelled = np.array(
        [_placed(e, np.linalg.inv(camera.places[n])) for n, e in zip(thing.looks, thing.edges, strict=True)]
    )
    path = _medians((levelled[:, :2] + levelled[:, 2:]) / 2, 2)
    sizes = np.sqrt(np.prod(levelled[:, 2:] - levelled[:, :2], axis=1))
    if np.linalg.norm(np.ptp(path, axis=0)) >= TRAVEL * np.median(sizes):
        return True
    third = max(2, len(sizes) // 3)
    growth = abs(float(np.log(np.median(sizes[-third:]) / np.median(sizes[:third]))))
    if len(sizes) >= 3 * third and growth >= np.log(GROWTH):
        return True
    return sum(_as_one(thing, i, camera) for i in range(len(thing.looks))) >= FLOWS * len(thing.looks)


def _as_one(thing: Thing, index: int, camera: Camera) -> bool:
    """Whether the corners inside a thing moved together since the look before."""
    number, edges = thing.looks[index], thing.edges[index]
    corners, flows = camera.corners[number], camera.flows[number]
    own = flows[np.all((corners >= edges[:2]) & (corners <= edges[2:]), axis=1)]
    if len(own) < 3:
        return False
    lengths = np.linalg.norm(own, axis=1)
    return float(np.linalg.norm(own.mean(axis=0)) / lengths.mean()) >= TOGETHER


def _medians(values: Array, around: int) -> Array:
    """Each row replaced by the median of as many rows before as after it; (n, k)."""
    return np.array([np.median(rows, axis=0) for rows in _windows(values, around)])


def _windows(values: Array, around: int) -> Iterator[Array]:
    """For each row the rows around it, as many before as after, so that what moves evenly is not pulled back."""
    for i in range(len(values)):
        reach = min(around, i, len(values) - 1 - i)
        yield values[i - reach : i + reach + 1]


def _filled(times: Array, thing: Thing, camera: Camera, limits: Array) -> tuple[NDArray[np.int64], Array, Array]:
    """Look numbers, steady edges (small pixels of each look) and certainties, without gaps.

    Where it was not seen the thing stands, unless it left over the picture's edge (limits).
    """
    inverse = np.linalg.inv(camera.places)
    seen, areas = np.array(thing.looks), np.array(thing.areas)
    levelled = np.array([_placed(e, inverse[n]) for n, e in zip(thing.looks, thing.edges, strict=True)])
    usual = np.array([np.median(areas[np.abs(times[seen] - times[n]) <= USUAL]) for n in seen])
    at_edge = np.array([_at_edge(edges, limits) for edges in thing.edges])
    whole = (areas >= SHRUNK * usual) | at_edge
    seen, areas, levelled, at_edge, usual = seen[whole], areas[whole], levelled[whole], at_edge[whole], usual[whole]
    stays = ~at_edge | (areas > LEFT * usual)
    first, last = (0 if stays[0] else seen[0]), (len(times) - 1 if stays[-1] else seen[-1])
    numbers = np.arange(first, last + 1)
    edges = np.stack([np.interp(times[numbers], times[seen], side) for side in levelled.T], axis=1)
    around = max(1, round(STEADY / float(np.median(np.diff(times)))))
    edges = np.array([rows.mean(axis=0) for rows in _windows(_medians(edges, around), around)])
    sure = np.where(np.isin(numbers, seen), min(1.0, 0.5 + 10 * float(np.median(areas)) / SIDE**2), STANDING)
    return numbers, np.array([_placed(e, camera.places[n]) for n, e in zip(numbers, edges, strict=True)]), sure


def _at_edge(edges: Array, limits: Array) -> bool:
    return bool(np.any(edges[:2] <= limits[:2] + 2) or np.any(edges[2:] >= limits[2:] - 2))
