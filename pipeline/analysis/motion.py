"""The one thing that moves in a shot without faces, whole and calm, with the camera's own movement taken out.

Each look is compared with what looks around it mostly show in the same place, laid over it by the movement of corner
points (Lucas and Kanade; RANSAC). What differs, and what moves as one, is linked through the shot; the heaviest thing
that travels rather than flickers is the subject.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.faces import Rectangle
from pipeline.plan import Box
from pipeline.source import Source

# All lengths in pixels are of the look (longer side 320) unless they say "small" (SIDE).
SIDE = 160  # longer side of the picture in which places are compared
CORNERS = 100  # points that tell how the camera moved
LEAST_CORNERS = 12  # fewer tell nothing: the camera is taken to stand
ZOOM = 1.2  # from look to look, beyond which the points were mistaken
SAME = 0.25  # small pixels between two looks' corners that need no correction
AROUND = 10.0  # seconds before and after a look from which its background is made
SLOW = 1.0  # seconds: what differs from its place so long before and so long after moves, however slowly
APART = 0.5  # of the width: a look that the camera moved further away tells nothing of a place
SHARE = 3  # looks in a row that share one background
BACKGROUND = 15  # looks that make a background
LEAST_LAYERS = 3  # of them that must show a place for it to be known
OFTEN = 0.35  # share of those that must agree
UNKNOWN = 30_000  # value of a pixel that another look does not show
CHANGE = 14.0  # of 255: a difference from the background beyond noise
WEAK_CHANGE = 8.0  # of 255: the same next to such a difference
NOISES = 5.0  # times the picture's own median difference that count as CHANGE, when it is a noisy one
REACH = (4, 7)  # small pixels across and up between parts of one thing: people are taller than wide
LEAST_AREA = 0.002  # share of the picture that a thing must cover
MOST_AREA = 0.5  # above it everything moves and nothing is the subject
SPECK = 4  # small pixels below which a difference is noise
LIVE = 0.25  # pixels that change from look to look, over the root of its area, in a thing that is moving now
GHOST = 1.3  # how much sharper the outline is in the background when the thing stands there, not here
OVERLAP = 0.3  # of the smaller of two boxes, from which a difference belongs to a thing that is expected there
FAR = 0.8  # of its size: how far from where it is expected a thing may be found
RECENT = 5  # looks: a thing seen in them goes on moving and comes first
STEADY_LOOKS = 3  # looks over which a thing's movement is taken
KEPT = 8  # heaviest things that may be seen again after a longer time
MERGED = 1.8  # times its usual area over MERGED_AFTER looks: it runs into something
MERGED_AFTER = 5
USUAL = 2.0  # seconds before and after that say how large a thing usually is
LEFT = 0.5  # of its usual area, touching the picture's edge: it walked out
MASS = 0.4  # share of everything that moves that the subject must have: a crowd is no subject
SHRUNK = 0.4  # of its usual area: what is left of a thing that becomes part of the background
LEAST_SEEN = 4  # looks in which a subject must differ from the background
TRAVEL = 0.35  # of its size that a subject travels; a lamp that flickers does not
FLOW = 1.0  # pixels between looks that a corner on a moving thing moves
ALIKE = 0.4  # of its movement: how unlike the movements of two corners of one thing may be
NEIGHBOURS = 9.0  # small pixels between corners of one group
FLESH = 1.5  # small pixels of the thing around its outer corners
LEAST_GROUP = 5  # corners that make one
HANDHELD = 2.0  # small pixels between looks above which near things move before far ones, though they stand
TOGETHER = 0.6  # length of the mean movement of a thing's corners over their mean length: 1 when they move as one
GROWTH = 1.35  # how many times larger or smaller a subject gets that comes or goes
EVENLY = 0.2  # of that change, how far a size may be off it: light does not grow evenly
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


@dataclass(eq=False)
class Thing:
    """The same moving thing through the shot: for each look that shows it, its number, the thing's edges (left, top, right,
    bottom) and area in small pixels. mass: the sum of the areas."""

    looks: list[int] = field(default_factory=list)
    edges: list[Array] = field(default_factory=list)
    areas: list[float] = field(default_factory=list)
    mass: float = 0.0


@dataclass(frozen=True)
class Camera:
    """How the picture moved: places (n, 3, 3) take small pixels of look 0 to those of each look; corners (small pixels) are
    the points of each look that did not move with the rest since the one before, flows their own movement (pixels)."""

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
    if not inside.any():
        return []
    camera = _camera([gray for _, gray in looks], width)
    things = _things(_parts(times, small, camera, inside), camera)
    subject = _subject(things, camera, int(inside.sum()))
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
    there, seen = _flow(before, after, np.asarray(found, np.float32))
    back, seen_back = _flow(after, before, there)
    apart = np.linalg.norm((back - found).reshape(-1, 2), axis=1)
    good = (seen.ravel() == 1) & (seen_back.ravel() == 1) & (apart < 0.7)
    return np.asarray(found.reshape(-1, 2)[good], float), np.asarray(there.reshape(-1, 2)[good], float)


def _flow(before: Gray, after: Gray, points: Floats) -> tuple[Floats, Gray]:
    """Where points of one look are in another (Lucas and Kanade, in pyramids), and 1 for each that was found."""
    stop = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 12, 0.02)
    there, seen, _ = cv2.calcOpticalFlowPyrLK(
        before, after, points, points.copy(), winSize=(13, 13), maxLevel=4, criteria=stop
    )
    return np.asarray(there, np.float32), np.asarray(seen, np.uint8)


def _step(start: Array, end: Array) -> Array:
    """(2, 3) similarity that takes most points from start to end; none when there are too few to tell."""
    still = np.eye(2, 3)
    if len(start) < LEAST_CORNERS:
        return still
    matrix, fits = cv2.estimateAffinePartial2D(start, end, method=cv2.RANSAC, ransacReprojThreshold=1.0)
    if matrix is None or fits.sum() < LEAST_CORNERS / 2:
        return still
    if abs(float(np.log(max(1e-6, np.linalg.det(matrix[:, :2]))))) > 2 * np.log(ZOOM):
        return still
    return np.asarray(matrix, float)


def _parts(times: Array, small: list[Gray], camera: Camera, inside: NDArray[np.bool_]) -> Iterator[list[Part]]:
    """What differs from the background in each look, largest first; nothing where most of the picture differs."""
    count = len(small)
    interval = max(1e-3, float(np.median(np.diff(times))))
    reach, slow = max(1, round(AROUND / interval)), max(2, round(SLOW / interval))
    made, background, moves = -1, None, False
    for number, look in enumerate(small):
        middle = min(count - 1, number - number % SHARE + SHARE // 2)
        if middle != made:
            made = middle
            background, moves = _background(middle, reach, small, camera)
        if background is None:
            yield []
            continue
        usual, moved = _laid(background, made, number, camera)
        strong, weak = _differences(look, usual, moves or moved, inside)
        changes = {}
        for other in (number - slow, number - 1, number + 1, number + slow):
            if 0 <= other < count:
                changes[other - number] = _differences(look, *_laid(small[other], other, number, camera), inside)[0]
        none = np.zeros(look.shape, bool)
        live = changes.get(-1, none) | changes.get(1, none)
        strong |= changes.get(-slow, none) & changes.get(slow, none)
        if max(strong.sum(), live.sum()) > MOST_AREA * inside.sum():
            yield []
        else:
            known = np.asarray(np.where(usual == UNKNOWN, look, usual), np.uint8)
            found = _components(strong, weak, live, look, known)
            groups = _groups(camera.corners[number], camera.flows[number])
            step = camera.places[number] @ np.linalg.inv(camera.places[max(0, number - 1)])
            yield _joined(found, groups, bool(_shifts(step[None], look.shape)[0] <= HANDHELD))


def _background(number: int, reach: int, small: list[Gray], camera: Camera) -> tuple[NDArray[np.int16] | None, bool]:
    """What is usually seen where a look was taken, UNKNOWN where too few looks within reach show it, and whether the
    camera moved between them; None when the camera was never there but in passing.

    Per pixel the middle of the narrowest range that holds OFTEN of the looks, so that a thing which stays for less than
    the rest of the time leaves no trace.
    """
    count = len(small)
    first = min(max(0, number - reach), max(0, count - 1 - 2 * reach))
    around = np.array([n for n in range(first, min(count, first + 2 * reach + 1)) if n != number])
    matrices = camera.places[number] @ np.linalg.inv(camera.places[around])
    usable = around[_shifts(matrices, small[0].shape) <= APART * small[0].shape[1]]
    if len(usable) < LEAST_LAYERS:
        return None, False
    chosen = usable[np.unique(np.linspace(0, len(usable) - 1, BACKGROUND).round().astype(int))]
    laid = [_laid(small[n], int(n), number, camera) for n in chosen]
    ordered = np.sort(np.array([layer for layer, _ in laid]), axis=0).reshape(len(laid), -1)
    seen = (ordered < UNKNOWN).sum(axis=0)
    needed = np.maximum(2, np.round(OFTEN * seen).astype(int))
    background = np.full(ordered.shape[1], UNKNOWN, np.int16)
    for least in np.unique(needed[seen >= LEAST_LAYERS]):
        here = np.flatnonzero((needed == least) & (seen >= LEAST_LAYERS))
        values = ordered[:, here] if len(here) < ordered.shape[1] else ordered
        ends = values[least - 1 :]
        best = np.argmin(np.where(ends < UNKNOWN, ends - values[: len(ends)], UNKNOWN), axis=0)
        background[here] = np.take_along_axis(values, (best + least // 2)[None], axis=0)[0]
    return background.reshape(small[0].shape), any(moved for _, moved in laid)


def _shifts(matrices: Array, shape: tuple[int, ...]) -> Array:
    """How far, in small pixels, each of the movements (n, 3, 3) takes the corners of a picture (height, width) at most."""
    height, width = shape
    corners = np.array([(0, 0, 1), (width, 0, 1), (0, height, 1), (width, height, 1)], float).T
    return np.asarray(np.abs((matrices @ corners - corners)[:, :2]).max(axis=(1, 2)))


def _laid(other: Gray | NDArray[np.int16], start: int, end: int, camera: Camera) -> tuple[NDArray[np.int16], bool]:
    """A picture of one look where the camera's movement puts it in another, UNKNOWN around it, and whether it moved."""
    matrix = camera.places[end] @ np.linalg.inv(camera.places[start])
    if _shifts(matrix[None], other.shape)[0] < SAME:
        return other.astype(np.int16), False
    size = (other.shape[1], other.shape[0])
    laid = cv2.warpAffine(other.astype(np.int16), matrix[:2], size, borderValue=UNKNOWN)
    return np.asarray(np.where(laid > 255, UNKNOWN, laid), np.int16), True  # blended with the border: not known either


def _groups(corners: Floats, flows: Floats) -> list[Array]:
    """Edges of groups of neighbouring corners that move alike; none where so many move that the camera was misjudged."""
    if not LEAST_GROUP <= len(corners) <= CORNERS / 2:
        return []
    near = np.linalg.norm(corners[:, None] - corners[None], axis=2) <= NEIGHBOURS
    lengths = np.linalg.norm(flows, axis=1)
    apart = np.linalg.norm(flows[:, None] - flows[None], axis=2)
    linked = near & (apart <= ALIKE * np.minimum(lengths[:, None], lengths[None]))
    groups: list[Array] = []
    left = set(range(len(corners)))
    while left:
        group: set[int] = set()
        edge = {min(left)}
        while edge:
            group |= edge
            edge = {int(n) for n in np.flatnonzero(linked[sorted(edge)].any(axis=0))} - group
        left -= group
        own = corners[sorted(group)].astype(float)
        if len(group) >= LEAST_GROUP:
            groups.append(np.concatenate([own.min(axis=0) - FLESH, own.max(axis=0) + FLESH]))
    return groups


def _joined(found: list[Part], groups: list[Array], alone: bool) -> list[Part]:
    """Parts that a group of corners shows to be one, whole; alone: whether a group without any part is one too.

    A slab that takes longer to pass a place than the background reaches is in part, or all, background itself.
    """
    parts = list(found)
    for group in groups:
        own = [part for part in parts if _overlap(np.array(part.edges), group)[0] >= OVERLAP]
        if own or alone:
            edges = np.array([group, *(part.edges for part in own)])
            left, top, right, bottom = (float(v) for v in (*edges[:, :2].min(axis=0), *edges[:, 2:].max(axis=0)))
            area = max(sum(part.area for part in own), 0.5 * (right - left) * (bottom - top))
            parts = [part for part in parts if part not in own] + [Part((left, top, right, bottom), area)]
    return sorted(parts, key=lambda part: (-part.area, part.edges))


def _differences(
    look: Gray, usual: NDArray[np.int16], moved: bool, inside: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Where a look differs from another picture, surely and perhaps; moved: whether that one had to be laid over it."""
    shown = np.where(usual == UNKNOWN, look, usual)
    now, other = (np.asarray(cv2.GaussianBlur(image.astype(np.float32), (3, 3), 0)) for image in (look, shown))
    other = other + float(np.median((now - other)[inside]))  # the exposure may have changed
    if moved:  # a pixel of misplacement is no difference
        cross = np.ones((3, 3), np.uint8)
        change = np.maximum(np.maximum(now - cv2.dilate(other, cross), cv2.erode(other, cross) - now), 0)
    else:
        change = np.abs(now - other)
    noise = NOISES * float(np.median(change[inside]))
    return (change > max(CHANGE, noise)) & inside, (change > max(WEAK_CHANGE, noise)) & inside


def _components(
    strong: NDArray[np.bool_], weak: NDArray[np.bool_], live: NDArray[np.bool_], look: Gray, background: Gray
) -> list[Part]:
    """Differences from the background joined to things, largest first, where the picture changes from look to look too."""
    core = cv2.morphologyEx(strong.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    near = cv2.dilate(core, np.ones((5, 5), np.uint8)) > 0
    mask = ((weak & near) | (core > 0)).astype(np.uint8)
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(mask)
    here, there = (_sharpness(picture) for picture in (look, background))
    for label in range(1, count):
        left, top, width, height, area = (int(v) for v in boxes[label])
        around = slice(max(0, top - 1), top + height + 1), slice(max(0, left - 1), left + width + 1)
        own = labels[around] == label
        if area < SPECK or _ghost(own.astype(np.uint8), here[around], there[around]):
            mask[around][own] = 0
    joined = cv2.dilate(mask, np.ones((2 * REACH[1] + 1, 2 * REACH[0] + 1), np.uint8))
    count, labels = cv2.connectedComponents(joined)
    labels = labels * mask
    areas = np.bincount(labels.ravel(), minlength=count)
    lively = np.bincount(labels[live], minlength=count)
    found = []
    for number in np.flatnonzero((areas >= LEAST_AREA * mask.size) & (lively >= LIVE * np.sqrt(areas))):
        if number:
            left, top, width, height = cv2.boundingRect((labels == number).astype(np.uint8))
            found.append(Part((left, top, left + width, top + height), float(areas[number])))
    return sorted(found, key=lambda part: (-part.area, part.edges))


def _sharpness(picture: Gray) -> Gray:
    return np.asarray(cv2.morphologyEx(picture, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)), np.uint8)


def _ghost(own: Gray, here: Gray, there: Gray) -> bool:
    """Whether the outline of a difference is in the background (there): the thing stands there at other times, not now.

    here, there: how sharp edges are in the look and in the background.
    """
    brush = np.ones((3, 3), np.uint8)
    ring = (cv2.dilate(own, brush) - cv2.erode(own, brush)) > 0
    return float(there[ring].mean()) > GHOST * float(here[ring].mean()) + 2


def _things(parts: Iterable[list[Part]], camera: Camera) -> list[Thing]:
    """Differences linked through the shot: each belongs to the thing that is expected where it is, or begins one."""
    things: list[Thing] = []
    known: list[Thing] = []  # those that may be seen again
    for number, found in enumerate(parts):
        expected = [_expected(thing, number, camera) for thing in known]
        recent = [number - thing.looks[-1] <= RECENT for thing in known]
        own: dict[int, list[Part]] = {}
        free: list[Part] = []
        for part in found:
            shared = [_overlap(np.array(part.edges), edges) for edges in expected]
            near = [(recent[k], alike, k) for k, (part_of, alike) in enumerate(shared) if part_of >= OVERLAP]
            if near:
                own.setdefault(max(near)[2], []).append(part)
            else:
                free.append(part)
        for part in free:
            far = [(_distance(part, edges), k) for k, edges in enumerate(expected) if k not in own]
            distance, k = min(far, default=(np.inf, -1))
            if distance > FAR:
                things.append(Thing())
                known.append(things[-1])
                k = len(known) - 1
            own[k] = [part]
        for k, claimed in own.items():
            _add(known[k], number, claimed)
        heavy = sorted(known, key=lambda thing: -thing.mass)[:KEPT]
        known = [thing for thing in known if number - thing.looks[-1] <= RECENT or thing in heavy]
    return things


def _add(thing: Thing, number: int, own: list[Part]) -> None:
    """Takes the parts as the thing's place in a look, unless it seems to run into something else for a moment."""
    area = sum(part.area for part in own)
    lately = len(thing.looks) >= MERGED_AFTER and number - thing.looks[-1] <= RECENT
    if lately and area > MERGED * float(np.median(thing.areas[-MERGED_AFTER:])):
        return
    edges = np.array([part.edges for part in own])
    thing.looks.append(number)
    thing.edges.append(np.concatenate([edges[:, :2].min(axis=0), edges[:, 2:].max(axis=0)]))
    thing.areas.append(area)
    thing.mass += area


def _expected(thing: Thing, number: int, camera: Camera) -> Array:
    """The thing's edges in a later look if it goes on as before, or stands where it was if that is long ago."""
    last = _carried(thing.edges[-1], thing.looks[-1], number, camera)
    if len(thing.looks) < 2 or number - thing.looks[-1] > RECENT:
        return last
    back = min(len(thing.looks), 1 + STEADY_LOOKS)
    before = _carried(thing.edges[-back], thing.looks[-back], number, camera)
    share = (number - thing.looks[-1]) / (thing.looks[-1] - thing.looks[-back])
    move = (last - before).reshape(2, 2).mean(axis=0) * share
    return np.asarray(last + np.tile(move, 2))


def _carried(edges: Array, start: int, end: int, camera: Camera) -> Array:
    """Edges in one look where the camera's movement puts them in another; their sides stay level."""
    return _placed(edges, camera.places[end] @ np.linalg.inv(camera.places[start]))


def _placed(edges: Array, matrix: Array) -> Array:
    middle = matrix[:2, :2] @ ((edges[:2] + edges[2:]) / 2) + matrix[:2, 2]
    half = (edges[2:] - edges[:2]) / 2 * float(np.sqrt(np.linalg.det(matrix[:2, :2])))
    return np.concatenate([middle - half, middle + half])


def _overlap(a: Array, b: Array) -> tuple[float, float]:
    """The area that two boxes share, of the smaller one's and of what both cover together."""
    common = float(np.prod((np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])).clip(0)))
    areas = float(np.prod(a[2:] - a[:2])), float(np.prod(b[2:] - b[:2]))
    return common / max(min(areas), 1e-6), common / max(sum(areas) - common, 1e-6)


def _distance(part: Part, expected: Array) -> float:
    edges = np.array(part.edges)
    apart = (edges[:2] + edges[2:] - expected[:2] - expected[2:]) / 2
    return float(np.linalg.norm(apart) / np.sqrt(np.prod(expected[2:] - expected[:2])))


def _subject(things: list[Thing], camera: Camera, picture: int) -> Thing | None:
    """The thing with most area over the shot, of those that move rather than flicker, unless it is one of many.

    picture: small pixels that the picture has.
    """
    total = sum(thing.mass for thing in things)
    moving = [thing for thing in things if len(thing.looks) >= LEAST_SEEN and _moves(thing, camera)]
    best = max(moving, key=lambda thing: thing.mass, default=None)
    if best is None or best.mass < MASS * total:
        return None
    return best if np.median([np.prod(e[2:] - e[:2]) for e in best.edges]) <= MOST_AREA * picture else None


def _moves(thing: Thing, camera: Camera) -> bool:
    """Whether a thing travels, comes nearer, goes away, or its corners move as one; light, leaves and rain do not."""
    levelled = np.array(
        [_placed(e, np.linalg.inv(camera.places[n])) for n, e in zip(thing.looks, thing.edges, strict=True)]
    )
    path = _medians((levelled[:, :2] + levelled[:, 2:]) / 2, 2)
    sizes = np.sqrt(np.prod(levelled[:, 2:] - levelled[:, :2], axis=1))
    if np.linalg.norm(np.ptp(path, axis=0)) >= TRAVEL * np.median(sizes):
        return True
    when = np.array(thing.looks, float)
    slope, start = np.polyfit(when, np.log(sizes), 1)
    change = abs(float(slope)) * (when[-1] - when[0])
    if change >= np.log(GROWTH) and np.std(np.log(sizes) - slope * when - start) <= EVENLY * change:
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
    around = max(1, round(STEADY / max(1e-3, float(np.median(np.diff(times))))))
    edges = np.array([rows.mean(axis=0) for rows in _windows(_medians(edges, around), around)])
    sure = np.where(np.isin(numbers, seen), min(1.0, 0.5 + 10 * float(np.median(areas)) / SIDE**2), STANDING)
    return numbers, np.array([_placed(e, camera.places[n]) for n, e in zip(numbers, edges, strict=True)]), sure


def _at_edge(edges: Array, limits: Array) -> bool:
    return bool(np.any(edges[:2] <= limits[:2] + 2) or np.any(edges[2:] >= limits[2:] - 2))
