"""The one thing that moves in a shot without faces, whole and calm, with the camera's own movement taken out.

Each look is compared with what looks around it mostly show in the same place, laid over it by the movement of corner
points (Lucas and Kanade; RANSAC). What differs, and what moves as one, is linked through the shot; the heaviest thing
that travels rather than flickers is the subject.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from basis import boxes
from basis.boxes import Box
from pipeline.analysis.analysers.flow import there_and_back
from pipeline.footage.source import Source

# All lengths in pixels are of the small picture (longer side SIDE) unless they say "look" (longer side 320).
SIDE = 160
CORNERS = 100  # points that tell how the camera moved
LEAST_CORNERS = 12  # fewer tell nothing: the camera is taken to stand
AROUND = 10.0  # seconds before and after a look from which its background is made
SHARE = 3  # looks in a row that share one background
BACKGROUND = 15  # looks that make a background
OFTEN = 0.35  # share of them that must agree
BUSY = 0.36  # share of them that differ from the one before where something runs or flickers all the time: a conveyor
UNKNOWN = 30_000  # value of a pixel that another look does not show
CHANGE = 16.0  # of 255: a difference from the background beyond noise
WEAK = 0.7  # of CHANGE: a difference next to such a one
LIT, DARK = 50.0, 0.5  # mean of a picture below which a dark one's differences count, and how low CHANGE may fall
NOISES = 5.0  # times the picture's own median difference that count as CHANGE, when it is a noisy one
REACH = (4, 7)  # pixels across and up between parts of one thing: people are taller than wide
AREA = (0.002, 0.5)  # share of the picture that a thing covers; above it everything moves and nothing is the subject
LIVE = 0.25  # pixels that change from look to look, over the root of its area, in a thing that is moving now
GHOST = 1.3  # how much sharper an outline is in the background when the thing stands there, not here
OVERLAP = 0.3  # of the smaller of two boxes, from which a difference belongs to a thing that is expected there
FAR = 0.8  # of its size: how far from where it is expected a thing may be found
RECENT = 5  # looks: a thing seen in them goes on moving and comes first
KEPT = 8  # heaviest things that may be seen again after a longer time
SPREAD = 1.5  # times its usual box that a thing's parts may span; one further off is something else
MERGED = 1.65  # times its usual area at which a thing runs into something else
USUAL = 2.0  # seconds before and after that say how large a thing usually is
SHRUNK = 0.4  # of its usual area: what is left of a thing that leaves, or that becomes part of the background
MASS = 0.4  # share of everything that moves that the subject must have: a crowd is no subject
WIDEST = 0.55  # of the picture's width: no upright crop can show more than half of such a thing
LEAST_SEEN = 4  # looks in which a subject must differ from the background
TRAVEL = 0.35  # of its size that a subject travels; a lamp that flickers does not
AFAR = (2.0, 0.3)  # of its size and of SIDE that one travels for which the places where something runs are left out
FLOW = 1.0  # look pixels from look to look by which a corner on a moving thing leaves the rest
NEIGHBOURS = 9.0  # pixels between corners of one group
ALIKE = 0.4  # of its movement: how unlike the movements of two corners of one group may be
GROUP = 5  # corners that make one
HANDHELD = 2.0  # pixels from look to look above which near things move before far ones, though they stand
TOGETHER = 0.6  # length of the mean movement of a thing's corners over their mean length: 1 when they move as one
FLOWS = 0.3  # share of looks in which corners must move together, for a thing that works in one place
MARGIN = 1.5  # pixels around a subject: its edge is soft
STANDING = 0.3  # certainty of a place in which the subject was left standing
STEADY = 0.45  # seconds before and after that steady a box

Gray = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Array = NDArray[np.float64]


@dataclass(eq=False)
class Thing:
    """The same moving thing through the shot: of each look that shows it the number, and left, top, right, bottom, area."""

    looks: list[int] = field(default_factory=list)
    parts: list[Array] = field(default_factory=list)

    @property
    def areas(self) -> Array:
        return np.array([part[4] for part in self.parts])

    @property
    def size(self) -> float:
        """Area of its box, most of the time."""
        return float(np.median(boxes.area(np.array(self.parts)[:, :4])))

    @property
    def mass(self) -> float:
        return float(sum(part[4] for part in self.parts))

    def seen_lately(self, number: int) -> bool:
        return number - self.looks[-1] <= RECENT


@dataclass(frozen=True)
class Camera:
    """How the picture moved: places (n, 3, 3) take pixels of look 0 to those of each look; corners (pixels) are the
    points of each look that left the rest since the one before, flows by how much (look pixels)."""

    places: Array
    corners: list[Array]
    flows: list[Array]

    def moved(self, start: int, end: int) -> Array:
        return np.asarray(self.places[end] @ np.linalg.inv(self.places[start]))


def follow(source: Source, looks: list[tuple[float, Gray]], picture: Box) -> list[tuple[float, Box, float]]:
    """(time, box, certainty) of the subject, in source display pixels; empty when nothing moves or everything does.

    looks: footage seconds and gray pictures of one shot, about five a second; picture: the part without black bars.
    The subject is whole (a walker from head to feet) and keeps its place while it stands.
    """
    if len(looks) < 3:
        return []
    times = np.array([t for t, _ in looks])
    factor = SIDE / max(looks[0][1].shape)
    small = [_small(gray, factor) for _, gray in looks]
    scale = source.width / small[0].shape[1]
    limits = np.round(np.array([picture.x, picture.y, picture.right, picture.bottom]) / scale)
    inside = np.zeros(small[0].shape, bool)
    inside[int(limits[1]) + 1 : int(limits[3]) - 1, int(limits[0]) + 1 : int(limits[2]) - 1] = True
    if not inside.any():
        return []
    camera = _camera([gray for _, gray in looks], factor)
    found = list(_parts(times, small, camera, inside))
    width = float(limits[2] - limits[0])
    subject = _subject(_things([calm for calm, _ in found], camera), camera, width, afar=True)
    if subject:
        _complete(subject, [whole for _, whole in found])
    else:
        subject = _subject(_things([whole for _, whole in found], camera), camera, width, afar=False)
    if subject is None:
        return []
    numbers, edges, sure = _filled(times, subject, camera, limits)
    edges = np.clip(edges + MARGIN * np.array([-1, -1, 1, 1]), limits[[0, 1, 0, 1]], limits[[2, 3, 2, 3]]) * scale
    return [
        (float(times[n]), Box(x=float(a), y=float(b), width=float(c - a), height=float(d - b)), float(s))
        for n, (a, b, c, d), s in zip(numbers, edges, sure, strict=True)
        if c - a > scale and d - b > scale
    ]


def _small(look: Gray, factor: float) -> Gray:
    return np.asarray(cv2.resize(look, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)


def _camera(looks: list[Gray], factor: float) -> Camera:
    """The camera's shift, turn and zoom from look to look, by the movement that most corner points share (RANSAC)."""
    places, corners, flows = [np.eye(3)], [np.zeros((0, 2))], [np.zeros((0, 2))]
    for before, after in pairwise(looks):
        start, end = _tracked(before, after)
        step = np.eye(3)
        if len(start) >= LEAST_CORNERS:
            matrix, fits = cv2.estimateAffinePartial2D(start, end, method=cv2.RANSAC, ransacReprojThreshold=1.0)
            if matrix is not None and fits.sum() >= LEAST_CORNERS / 2 and 0.7 < np.linalg.det(matrix[:, :2]) < 1.4:
                step[:2] = matrix
        own = end - start @ step[:2, :2].T - step[:2, 2]
        leaves = np.linalg.norm(own, axis=1) > FLOW
        corners.append(end[leaves] * factor)
        flows.append(own[leaves])
        step[:2, 2] *= factor
        places.append(step @ places[-1])
    return Camera(np.array(places), corners, flows)


def _tracked(before: Gray, after: Gray) -> tuple[Array, Array]:
    """Corner points of one look, spread over the picture, and where they are in the next: (n, 2) each, look pixels."""
    found = cv2.goodFeaturesToTrack(before, CORNERS, 0.01, 8, blockSize=5)
    if found is None:
        return np.zeros((0, 2)), np.zeros((0, 2))
    stop = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 12, 0.02)
    there, good = there_and_back(before, after, np.asarray(found, np.float32), 13, 4, 0.7, stop)
    return found.reshape(-1, 2)[good].astype(float), there.reshape(-1, 2)[good].astype(float)


def _parts(times: Array, small: list[Gray], camera: Camera, inside: Mask) -> Iterator[tuple[Array, Array]]:
    """What moves in each look, as rows of left, top, right, bottom, area, largest first: without busy places, and with.

    Nothing where most of the picture differs.
    """
    nothing = np.zeros((0, 5)), np.zeros((0, 5))
    for number, look in enumerate(small):
        if number % SHARE == 0:
            middle = min(len(small) - 1, number + SHARE // 2)
            usual, busy = _background(middle, _looks_in(AROUND, times), small, camera)
        if usual is None:
            yield nothing
            continue
        moved = camera.moved(middle, number)
        change = _differs(look, usual, moved, inside)
        nearby = [n for n in (number - 1, number + 1) if 0 <= n < len(small)]
        live = np.max([_differs(look, small[n], camera.moved(n, number), inside) for n in nearby], axis=0) > 1
        if max((change > 1).sum(), live.sum()) > AREA[1] * inside.sum():
            yield nothing
            continue
        calm = cv2.warpAffine(busy, moved[:2], look.shape[::-1]) == 0
        groups, sharper = _groups(camera, number), _sharper(look, _laid(usual, moved))
        yield _components(change * calm, live, sharper, groups), _components(change, live, sharper, groups)


def _looks_in(seconds: float, times: Array) -> int:
    return max(1, round(seconds / max(1e-3, float(np.median(np.diff(times))))))


def _background(number: int, reach: int, small: list[Gray], camera: Camera) -> tuple[NDArray[np.int16] | None, Gray]:
    """What is usually seen where a look was taken, UNKNOWN where too few looks within reach show it, None when the
    camera was there only in passing; and 1 where most looks differ from that.

    Per pixel the middle of the narrowest range that holds OFTEN of the looks, so that a thing which stays for less than
    the rest of the time leaves no trace.
    """
    first = min(max(0, number - reach), max(0, len(small) - 1 - 2 * reach))
    near = [n for n in range(first, min(len(small), first + 2 * reach + 1)) if n != number]
    near = [n for n in near if _shift(camera.moved(n, number), small[0].shape) <= SIDE / 2]
    if len(near) < 3:
        return None, np.zeros_like(small[0])
    chosen = np.unique(np.linspace(0, len(near) - 1, BACKGROUND).round().astype(int))
    laid = np.array([_laid(small[near[n]], camera.moved(near[n], number)) for n in chosen]).reshape(len(chosen), -1)
    changes = (np.abs(np.diff(laid, axis=0)) > WEAK * CHANGE) & (laid[1:] < UNKNOWN) & (laid[:-1] < UNKNOWN)
    laid.sort(axis=0)
    seen = (laid < UNKNOWN).sum(axis=0)
    needed = np.maximum(2, np.round(OFTEN * seen).astype(int))
    usual = np.full(laid.shape[1], UNKNOWN, np.int16)
    for least in np.unique(needed[seen >= 3]):
        here = np.flatnonzero((needed == least) & (seen >= 3))
        values = laid[:, here]
        ends = values[least - 1 :]
        best = np.argmin(np.where(ends < UNKNOWN, ends - values[: len(ends)], UNKNOWN), axis=0)
        usual[here] = np.take_along_axis(values, (best + least // 2)[None], axis=0)[0]
    busy = (changes.sum(axis=0) > BUSY * seen).reshape(small[0].shape).astype(np.uint8)
    brush = np.ones((3, 3), np.uint8)
    return usual.reshape(busy.shape), np.asarray(cv2.dilate(cv2.morphologyEx(busy, cv2.MORPH_OPEN, brush), brush))


def _shift(matrix: Array, shape: tuple[int, ...]) -> float:
    """How far a movement (3, 3) takes the corners of a picture (height, width) at most."""
    corners = np.array([(0, 0, 1), (shape[1], 0, 1), (0, shape[0], 1), (shape[1], shape[0], 1)], float).T
    return float(np.abs((matrix @ corners - corners)[:2]).max())


def _laid(other: Gray | NDArray[np.int16], matrix: Array) -> NDArray[np.int16]:
    """A picture where the camera's movement puts it, UNKNOWN around it."""
    if _shift(matrix, other.shape) < 0.25:
        return other.astype(np.int16)
    laid = cv2.warpAffine(other.astype(np.int16), matrix[:2], other.shape[::-1], borderValue=UNKNOWN)
    return np.asarray(np.where(laid > 255, UNKNOWN, laid), np.int16)  # blended with the border: not known either


def _differs(look: Gray, other: Gray | NDArray[np.int16], moved: Array, inside: Mask) -> Gray:
    """Where a look differs from another picture, from which the camera moved to it: 1 perhaps, 2 surely."""
    laid = _laid(other, moved)
    laid = np.where(laid == UNKNOWN, look, laid)
    now, then = (cv2.GaussianBlur(image.astype(np.float32), (3, 3), 0) for image in (look, laid))
    then = then + float(np.median((now - then)[inside]))  # the exposure may have changed
    if _shift(moved, look.shape) < 0.25:
        change = np.abs(now - then)
    else:  # a pixel of misplacement is no difference
        cross = np.ones((3, 3), np.uint8)
        change = np.maximum(np.maximum(now - cv2.dilate(then, cross), cv2.erode(then, cross) - now), 0)
    light = float(np.clip(look[inside].mean() / LIT, DARK, 1))
    least = max(CHANGE * light, NOISES * float(np.median(change[inside])))
    return np.asarray(inside * ((change > WEAK * least).astype(np.uint8) + (change > least)), np.uint8)


def _sharper(look: Gray, usual: NDArray[np.int16]) -> Array:
    """How much sharper the edges are in a look than in what is usually seen there."""
    known = np.where(usual == UNKNOWN, look, usual).astype(np.uint8)
    edges = [cv2.morphologyEx(image, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) for image in (look, known)]
    return np.asarray(GHOST * edges[0].astype(float) - edges[1])


def _components(change: Gray, live: Mask, sharper: Array, groups: list[tuple[Array, bool]]) -> Array:
    """Differences joined to parts where the picture changes from look to look too, and whole where corners say so."""
    mask = _present(change, sharper)
    count, labels = cv2.connectedComponents(cv2.dilate(mask, np.ones((2 * REACH[1] + 1, 2 * REACH[0] + 1), np.uint8)))
    labels = labels * mask
    areas, lively = np.bincount(labels.ravel(), minlength=count), np.bincount(labels[live], minlength=count)
    parts = []
    for n in range(1, count):
        if areas[n] >= AREA[0] * mask.size and lively[n] >= LIVE * np.sqrt(areas[n]):
            left, top, width, height = cv2.boundingRect((labels == n).astype(np.uint8))
            parts.append(np.array([left, top, left + width, top + height, areas[n]], float))
    for edges, alone in groups:
        own = [part for part in parts if _overlap(part, edges)[0] >= OVERLAP]
        if own or alone:  # a slab that takes longer to pass a place than the background reaches is background itself
            whole = _union([edges, *own])
            whole[4] = max(whole[4], 0.5 * boxes.area(whole[:4]))
            parts = [part for part in parts if _overlap(part, edges)[0] < OVERLAP] + [whole]
    return np.array(sorted(parts, key=lambda part: (-part[4], *part))).reshape(-1, 5)


def _present(change: Gray, sharper: Array) -> Gray:
    """1 where a difference is near a sure one, without those whose outline is sharper in the background.

    There something stands at other times, not now.
    """
    core = cv2.morphologyEx((change > 1).astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    mask = np.minimum(change, cv2.dilate(core, np.ones((5, 5), np.uint8)))
    count, labels = cv2.connectedComponents(mask)
    brush = np.ones((3, 3), np.uint8)
    outline = (cv2.dilate(labels.astype(np.uint16), brush) * (cv2.erode(mask, brush) == 0)).ravel()
    ghost = np.bincount(outline, sharper.ravel(), count) < -2 * np.bincount(outline, minlength=count)
    mask[ghost[labels]] = 0
    return np.asarray(mask, np.uint8)


def _groups(camera: Camera, number: int) -> list[tuple[Array, bool]]:
    """Groups of neighbouring corners that move alike, as parts without area, and whether they are things by themselves.

    None where so many move that the camera was misjudged.
    """
    corners, flows = camera.corners[number], camera.flows[number]
    if not GROUP <= len(corners) <= CORNERS / 2:
        return []
    lengths = np.linalg.norm(flows, axis=1)
    apart = np.linalg.norm(flows[:, None] - flows, axis=2)
    linked = np.linalg.norm(corners[:, None] - corners, axis=2) <= NEIGHBOURS
    linked &= apart <= ALIKE * np.minimum(lengths[:, None], lengths)
    for _ in range(6):  # neighbours of neighbours: up to 64 steps away
        linked = linked.astype(np.uint8) @ linked.astype(np.uint8) > 0
    alone = _shift(camera.moved(max(0, number - 1), number), (SIDE, SIDE)) <= HANDHELD
    members = [corners[group] for group in np.unique(linked, axis=0) if group.sum() >= GROUP]
    return [(np.array([*(own.min(axis=0) - 1.5), *(own.max(axis=0) + 1.5), 0.0]), alone) for own in members]


def _things(looks: Sequence[Array], camera: Camera) -> list[Thing]:
    """Parts linked through the shot: each belongs to the thing that is expected where it is, or begins one."""
    things: list[Thing] = []
    known: list[Thing] = []  # those that may be seen again
    for number, found in enumerate(looks):
        expected = [_expected(thing, number, camera) for thing in known]
        own, free = _claimed(found, known, expected, number)
        for part in free:
            far = [(_distance(part, at), k) for k, at in enumerate(expected) if k not in own]
            distance, k = min(far, default=(np.inf, -1))
            if distance > FAR:
                things.append(Thing())
                known.append(things[-1])
                k = len(known) - 1
            own[k] = [part]
        for k, parts in own.items():
            whole, thing = _union(parts), known[k]
            lately = len(thing.looks) >= RECENT and thing.seen_lately(number)
            if not lately or whole[4] <= MERGED * np.median(thing.areas[-RECENT:]):  # else it runs into something
                thing.looks.append(number)
                thing.parts.append(whole)
        heavy = sorted(known, key=lambda thing: -thing.mass)[:KEPT]
        known = [thing for thing in known if thing.seen_lately(number) or thing in heavy]
    return things


def _claimed(
    found: Array, known: Sequence[Thing], expected: Sequence[Array], number: int
) -> tuple[dict[int, list[Array]], list[Array]]:
    """The parts of a look that lie where a known thing is expected, by the place of that in `known`; and the rest.

    Of two such things a part belongs to the one that was seen lately, then to the one that it is more alike.
    """
    own: dict[int, list[Array]] = {}
    free = []
    for part in found:
        near = []
        for k, (thing, edges) in enumerate(zip(known, expected, strict=True)):
            share, alike = _overlap(part, edges)
            if share >= OVERLAP:
                near.append((thing.seen_lately(number), alike, k))
        *_, k = max(near, default=(-1,))
        if near and (k not in own or boxes.area(_union([*own[k], part])[:4]) <= SPREAD * known[k].size):
            own.setdefault(k, []).append(part)
        else:
            free.append(part)
    return own, free


def _union(parts: Sequence[Array]) -> Array:
    rows = np.array(parts)
    return np.concatenate([rows[:, :2].min(axis=0), rows[:, 2:4].max(axis=0), rows[:, 4:].sum(axis=0)])


def _expected(thing: Thing, number: int, camera: Camera) -> Array:
    """The thing's edges in a later look if it goes on as before, or stands where it was if that is long ago."""
    last = _placed(thing.parts[-1], camera.moved(thing.looks[-1], number))
    if len(thing.looks) < 2 or not thing.seen_lately(number):
        return last
    back = -min(len(thing.looks), 4)
    before = _placed(thing.parts[back], camera.moved(thing.looks[back], number))
    share = (number - thing.looks[-1]) / (thing.looks[-1] - thing.looks[back])
    return np.asarray(last + np.tile((last - before).reshape(2, 2).mean(axis=0) * share, 2))


def _placed(part: Array, matrix: Array) -> Array:
    """Edges where the camera's movement puts them; their sides stay level."""
    middle = matrix[:2, :2] @ ((part[:2] + part[2:4]) / 2) + matrix[:2, 2]
    half = (part[2:4] - part[:2]) / 2 * float(np.sqrt(np.linalg.det(matrix[:2, :2])))
    return np.concatenate([middle - half, middle + half])


def _overlap(a: Array, b: Array) -> tuple[float, float]:
    """The area that two boxes share, of the smaller one's and of what both cover together."""
    both = np.array([a[:4], b[:4]])
    return float(boxes.covered(both, both[::-1]).max()), float(boxes.iou(both[0], both[1]))


def _distance(part: Array, expected: Array) -> float:
    apart = (part[:2] + part[2:4] - expected[:2] - expected[2:]) / 2
    return float(np.linalg.norm(apart) / np.sqrt(boxes.area(expected)))


def _subject(things: list[Thing], camera: Camera, width: float, afar: bool) -> Thing | None:
    """The thing with most area over the shot, of those that move rather than flicker, unless it is one of many.

    width: of the picture, in pixels; afar: only what travels AFAR counts.
    """
    moving = [thing for thing in things if len(thing.looks) >= LEAST_SEEN and _moves(thing, camera, afar)]
    best = max(moving, key=lambda thing: thing.mass, default=None)
    if best is None or best.mass < MASS * sum(thing.mass for thing in things):
        return None
    return best if np.median([part[2] - part[0] for part in best.parts]) <= WIDEST * width else None


def _complete(thing: Thing, looks: Sequence[Array]) -> None:
    """Gives a thing back what passes a busy place, where that does not join it to something else."""
    most = MERGED * float(np.median(thing.areas))
    for i, number in enumerate(thing.looks):
        own = [p for p in looks[number] if _overlap(p, thing.parts[i])[0] >= OVERLAP and p[4] <= most]
        thing.parts[i] = np.append(_union([thing.parts[i], *own])[:4], thing.parts[i][4])


def _moves(thing: Thing, camera: Camera, afar: bool) -> bool:
    """Whether a thing travels, or its corners move as one; light, leaves and rain do not."""
    level = _levelled(thing, camera)
    path = _medians((level[:, :2] + level[:, 2:]) / 2, 2)
    way = np.linalg.norm(np.ptp(path, axis=0))
    size = np.median(np.sqrt(boxes.area(level)))
    if afar:
        return bool(way >= max(AFAR[0] * size, AFAR[1] * SIDE))
    if way >= TRAVEL * size:
        return True
    as_one = 0
    for number, part in zip(thing.looks, thing.parts, strict=True):
        corners = camera.corners[number]
        own = camera.flows[number][np.all((corners >= part[:2]) & (corners <= part[2:4]), axis=1)]
        as_one += len(own) >= 3 and np.linalg.norm(own.mean(0)) >= TOGETHER * np.linalg.norm(own, axis=1).mean()
    return bool(as_one >= FLOWS * len(thing.looks))


def _levelled(thing: Thing, camera: Camera) -> Array:
    """The thing's edges in each look, as pixels of look 0."""
    return np.array([_placed(part, camera.moved(n, 0)) for n, part in zip(thing.looks, thing.parts, strict=True)])


def _medians(values: Array, around: int) -> Array:
    """Each row replaced by the median of as many rows before as after it; (n, k)."""
    return np.array([np.median(rows, axis=0) for rows in _windows(values, around)])


def _windows(values: Array, around: int) -> Iterator[Array]:
    """For each row the rows around it, as many before as after, so that what moves evenly is not pulled back."""
    for i in range(len(values)):
        reach = min(around, i, len(values) - 1 - i)
        yield values[i - reach : i + reach + 1]


def _filled(times: Array, thing: Thing, camera: Camera, limits: Array) -> tuple[NDArray[np.int64], Array, Array]:
    """Look numbers, steady edges (pixels of each look) and certainties, without gaps.

    Where it was not seen the thing stands, unless it left over the picture's edge (limits).
    """
    seen, areas, level, parts = np.array(thing.looks), thing.areas, _levelled(thing, camera), np.array(thing.parts)
    usual = np.array([np.median(areas[np.abs(times[seen] - times[n]) <= USUAL]) for n in seen])
    at_edge = np.any(parts[:, :2] <= limits[:2] + 2, axis=1) | np.any(parts[:, 2:4] >= limits[2:] - 2, axis=1)
    small = areas < SHRUNK * usual
    kept = ~small | at_edge
    seen, level, leaves = seen[kept], level[kept], (small & at_edge)[kept]
    first, last = (seen[0] if leaves[0] else 0), (seen[-1] if leaves[-1] else len(times) - 1)
    numbers = np.arange(first, last + 1)
    edges = np.stack([np.interp(times[numbers], times[seen], side) for side in level.T], axis=1)
    around = _looks_in(STEADY, times)
    edges = np.array([rows.mean(axis=0) for rows in _windows(_medians(edges, around), around)])
    sure = np.where(np.isin(numbers, seen), min(1.0, 0.5 + 10 * float(np.median(areas)) / SIDE**2), STANDING)
    return numbers, np.array([_placed(e, camera.places[n]) for n, e in zip(numbers, edges, strict=True)]), sure
