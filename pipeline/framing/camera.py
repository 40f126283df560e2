"""The calmest path of a crop that keeps its subjects inside: still where that is possible, else moving as a tripod would.

The path minimises first, second and third differences in the L1 sense under constraints (Grundmann, Kwatra and Essa
2011): stretches of stillness, of constant speed and of constant acceleration, and never the detector's tremble.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from basis.boxes import Box
from pipeline.analysis import Track
from pipeline.plan import Knot

KNOTS_A_SECOND = 8
WINDOW, OVERLAP = 480, 160  # knots solved at once, and of these the ones that the next window solves again
PINNED = 3  # knots that a window takes over: place, speed and acceleration go on
WEIGHTS = (10.0, 100.0, 30.0)  # of |v|, |a| and |jerk| from knot to knot: short ramps, then one speed
OUTSIDE = 200.0  # cost of one pixel of the subject outside the crop
PULL = 0.02  # cost of one pixel away from the ideal place: only decides between equally calm paths
HEAD = (0.35, 0.55, 0.35, 0.45)  # face boxes to leave free left, above, right and below, in face widths and heights
LEAN = 0.1  # face widths that a head may reach into that room before the camera moves
ASIDE = 0.15  # face widths beside another face that a still crop's edge leaves it
SHAKE = 0.012  # of the crop's width: anything that moves less than this is held
CALM = 0.045  # picture widths per second^2, mean: 0.046 px/frame^2 at 640 px and 25 frames a second
NERVOUS = 1.25  # times CALM, above which a path is not calm at all
MOVES = 0.002  # crop widths a second from which a crop moves
REST = 3.0  # seconds in which an operator starts to move once at most
PAN = 0.15  # of the crop's width by which a pan at one speed may leave the ideal place
SPEED = 0.25  # crop widths a second, of movement that gets the whole look-room
YAW = 0.12  # how far off the middle between the eyes the nose is, in face widths, for a gaze that gets all of it
SETTLE = 0.6  # seconds over which movement is averaged to tell its direction

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Aim:
    """What a crop of one size must hold. size: width and height in source pixels; picture: where it may be.

    eyes: height of the eyes in the crop, as a share. eager: 0 lets the subject roam the whole crop, 1 keeps it in its
    ideal place. look_room: share of the crop's width left free ahead of gaze and movement. others: faces that are not
    held, but that the edge of a still crop does not cut in half where it can be helped.
    """

    tracks: Sequence[Track]
    picture: Box
    size: tuple[float, float]
    eyes: float
    eager: float
    look_room: float
    others: Sequence[Track] = ()


def still(aim: Aim, start: float, end: float) -> tuple[float, float] | None:
    """The one place (x, y) of the crop's corner that serves all of [start, end), or None where it has to move."""
    times = knots(start, end)
    places = [_hold(*_demands(aim, times, axis), *_spans(aim, axis)) for axis in (0, 1)]
    return None if places[0] is None or places[1] is None else (places[0], places[1])


def path(aim: Aim, start: float, end: float) -> list[Knot]:
    """The calmest path over [start, end): one knot where the crop is still, two where it pans at one speed."""
    times = knots(start, end)
    lines, straight = [], True
    for axis in (0, 1):
        lower, upper, ideal, limits, slack = _demands(aim, times, axis)
        held = _hold(lower, upper, ideal, limits, slack, *_spans(aim, axis))
        line = np.full(len(times), held) if held is not None else _pan(times, lower, upper, ideal, limits, slack, aim)
        if line is None:
            straight = False
            line = _follow(times, lower, upper, ideal, limits, aim)
        lines.append(line)
    places = np.round(np.transpose(lines), 2)
    if np.ptp(places, axis=0).max() < 0.5:
        times, places = times[:1], np.median(places, axis=0)[None]
    elif straight:
        times, places = times[[0, -1]], places[[0, -1]]
    return [Knot(t=round(float(t), 4), x=float(x), y=float(y)) for t, (x, y) in zip(times, places, strict=True)]


def knots(start: float, end: float) -> Array:
    """The moments at which a path over [start, end) is solved."""
    return np.linspace(start, end, max(2, int(np.ceil((end - start) * KNOTS_A_SECOND)) + 1))


def boxes(track: Track) -> Array:
    """A track's boxes as (n, 4): x, y, width, height in source pixels."""
    return np.array([(s.box.x, s.box.y, s.box.width, s.box.height) for s in track.sightings])


def usual(track: Track) -> tuple[float, float, float, float]:
    """A track's box most of the time: the medians of x, y, width, height."""
    x, y, width, height = (float(v) for v in np.median(boxes(track), axis=0))
    return x, y, width, height


def extent(tracks: Sequence[Track], times: Array, axis: int) -> tuple[Array, Array]:
    """Lowest and highest coordinate (axis 0: x, 1: y) that the tracks' whole heads reach at each time."""
    lows, highs = [], []
    for track in tracks:
        found = boxes(track)
        before, after = (HEAD[axis], HEAD[axis + 2]) if track.kind == "face" else (0.0, 0.0)
        seen = [s.t for s in track.sightings]
        lows.append(np.interp(times, seen, found[:, axis] - before * found[:, axis + 2]))
        highs.append(np.interp(times, seen, found[:, axis] + (1 + after) * found[:, axis + 2]))
    return np.min(lows, axis=0), np.max(highs, axis=0)


def eye_height(track: Track) -> Array:
    """y of the middle between a face's eyes at each sighting."""
    return np.array(
        [
            (s.landmarks[0][1] + s.landmarks[1][1]) / 2 if len(s.landmarks) > 1 else s.box.y + 0.4 * s.box.height
            for s in track.sightings
        ]
    )


def _demands(aim: Aim, times: Array, axis: int) -> tuple[Array, Array, Array, tuple[float, float], float]:
    """Between which values the crop's edge must and may lie at each knot, where it would best be, and the slack."""
    size = aim.size[axis]
    first = (aim.picture.x, aim.picture.y)[axis]
    room = (aim.picture.width, aim.picture.height)[axis] - size
    limits = (first, first + max(0.0, room))
    if not aim.tracks:
        middle = np.full(len(times), sum(limits) / 2)
        return middle, middle, middle, limits, 0.0
    lower, upper = _bounds(aim.tracks, times, axis, size)
    ideal = _ideal(aim, times, axis)
    lean = LEAN * max(usual(t)[2] for t in aim.tracks) if aim.tracks[0].kind == "face" else 0.0
    lower, upper = np.clip(lower, *limits), np.clip(upper, *limits)
    return lower, upper, np.clip(np.clip(ideal, lower, upper), *limits), limits, max(SHAKE * aim.size[0], lean)


def _bounds(tracks: Sequence[Track], times: Array, axis: int, size: float) -> tuple[Array, Array]:
    """Lowest and highest place of the crop's edge at each knot for the subject to be whole.

    Each knot also answers for the moments halfway to its neighbours. A subject larger than the crop is centred.
    """
    step = times[1] - times[0]
    seen = np.concatenate([[s.t for s in track.sightings] for track in tracks])
    dense = np.unique(np.concatenate([times, times[:-1] + step / 2, seen[(seen >= times[0]) & (seen <= times[-1])]]))
    low, high = extent(tracks, dense, axis)
    first = np.searchsorted(dense, times - step / 2 - 1e-9)
    last = np.searchsorted(dense, times + step / 2 + 1e-9)
    lower = np.array([high[a:b].max() for a, b in zip(first, last, strict=True)]) - size
    upper = np.array([low[a:b].min() for a, b in zip(first, last, strict=True)])
    middle = (lower + upper) / 2
    return np.where(lower > upper, middle, lower), np.where(lower > upper, middle, upper)


def _ideal(aim: Aim, times: Array, axis: int) -> Array:
    """Where the crop's edge would best be: look-room ahead of the subject, its eyes in the upper third."""
    low, high = extent(aim.tracks, times, axis)
    size = aim.size[axis]
    if axis == 0:
        middle = (low + high) / 2
        return middle - size / 2 + aim.look_room * size * _direction(aim.tracks, times, middle, size)
    if any(track.kind != "face" for track in aim.tracks):
        return (low + high) / 2 - size / 2
    eyes = [np.interp(times, [s.t for s in track.sightings], eye_height(track)) for track in aim.tracks]
    return np.asarray(np.mean(eyes, axis=0) - aim.eyes * size)


def _direction(tracks: Sequence[Track], times: Array, middle: Array, width: float) -> Array:
    """Where the subject looks or goes, at each time: -1 left to 1 right."""
    step = times[1] - times[0]
    reach = max(1, round(SETTLE / step))
    padded = np.pad(middle, reach, mode="edge")
    speed = (padded[2 * reach :] - padded[: -2 * reach]) / (2 * reach * step)
    return np.asarray(np.clip(speed / (SPEED * width) + (_gaze(tracks[0]) if len(tracks) == 1 else 0.0), -1, 1))


def _gaze(track: Track) -> float:
    """Where a face looks most of the time, -1 left to 1 right, from its nose and eyes."""
    turns = [
        (s.landmarks[2][0] - (s.landmarks[0][0] + s.landmarks[1][0]) / 2) / s.box.width
        for s in track.sightings
        if len(s.landmarks) >= 3
    ]
    turn = float(np.median(turns)) if turns else 0.0
    return float(np.clip(turn / YAW, -1, 1)) if abs(turn) > YAW / 3 else 0.0


def _spans(aim: Aim, axis: int) -> tuple[list[tuple[float, float]], float]:
    """Where the other faces are on an axis most of the time, and the crop's size there."""
    if axis == 1:
        return [], aim.size[1]
    middle = [usual(track) for track in aim.others]
    return [(x - ASIDE * width, x + (1 + ASIDE) * width) for x, _, width, _ in middle], aim.size[0]


def _hold(
    lower: Array, upper: Array, ideal: Array, limits: tuple[float, float], slack: float,
    spans: Sequence[tuple[float, float]], size: float,
) -> float | None:  # fmt: skip
    """One place for all knots: as few other faces cut in half as the subject allows, then as near the ideal."""
    if limits[1] - limits[0] < 0.5:
        return limits[0]
    if lower.max() > upper.min() + slack:
        return None
    least, most = sorted((float(lower.max()), float(upper.min())))
    wanted = min(max(float(np.median(ideal)), least), most)
    places = [wanted, *(edge - end for span in spans for edge in span for end in (0.0, size))]

    def cost(place: float) -> tuple[int, float]:
        cut = sum(low < edge < high for low, high in spans for edge in (place, place + size))
        return cut, abs(place - wanted)

    return min((place for place in places if least <= place <= most), key=cost)


def _follow(times: Array, lower: Array, upper: Array, ideal: Array, limits: tuple[float, float], aim: Aim) -> Array:
    """The calmest path as near the ideal as the aim is eager; less near where it would hurry or hunt."""
    step = times[1] - times[0]
    for eager in (aim.eager, aim.eager / 2, 0.0):
        line = solve_path(lower + eager * (ideal - lower), upper - eager * (upper - ideal), ideal, limits)
        if _hurry(line, step) <= CALM * aim.picture.width and not _hunts(line / aim.size[0], step):
            break
    return line


def is_calm(path: Sequence[Knot], picture: Box) -> bool:
    """Whether a path, sideways, is about as calm as an operator's would be."""
    step = (path[-1].t - path[0].t) / max(1, len(path) - 1)
    return len(path) < 3 or _hurry(np.array([knot.x for knot in path]), step) <= NERVOUS * CALM * picture.width


def _hurry(line: Array, step: float) -> float:
    """Mean acceleration of a path, in pixels per second^2."""
    return float(np.abs(np.diff(line, 2)).sum()) / len(line) / step**2


def _hunts(line: Array, step: float) -> bool:
    """Whether a path, in crop widths, starts to move again within REST of its last start."""
    moves = np.abs(np.diff(line)) / step > MOVES
    starts = np.flatnonzero(moves & ~np.append(False, moves[:-1])) * step
    return bool(np.any(np.diff(starts) < REST))


def _pan(
    times: Array, lower: Array, upper: Array, ideal: Array, limits: tuple[float, float], slack: float, aim: Aim
) -> Array | None:
    """The straight line nearest to the ideal that keeps the subject whole, or None where there is none near it."""
    from scipy.optimize import linprog  # here, as below: a still camera need not wait for it

    share = (times - times[0]) / (times[-1] - times[0])
    ends = np.column_stack([1 - share, share])
    far = np.ones((len(times), 1))
    result = linprog(
        [0, 0, 1],
        A_ub=np.block([[ends, -far], [-ends, -far], [ends, 0 * far], [-ends, 0 * far]]),
        b_ub=np.concatenate([ideal, -ideal, upper + slack, slack - lower]),
        bounds=[limits, limits, (0, PAN * aim.size[0])],
        method="highs-ds",
    )
    return None if result.x is None else np.asarray(ends @ result.x[:2], float)


def solve_path(lower: Array, upper: Array, ideal: Array, limits: tuple[float, float]) -> Array:
    """Positions p, one a knot, that minimise WEIGHTS * (|p'|, |p''|, |p'''|) + OUTSIDE * violation + PULL * |p - ideal|.

    lower, upper, ideal: (n,) in pixels, violation being how far p leaves [lower, upper]; p never leaves limits.
    Linear programmes with sparse matrices, solved by HiGHS; more than WINDOW knots are solved in overlapping windows,
    each going on from what the one before it has fixed, so that time and memory grow linearly.
    """
    solved = _solve(lower[:WINDOW], upper[:WINDOW], ideal[:WINDOW], limits, lower[:0])
    while len(solved) < len(lower):
        first = len(solved) - OVERLAP
        window = slice(first, first + WINDOW)
        rest = _solve(lower[window], upper[window], ideal[window], limits, solved[first : first + PINNED])
        solved = np.concatenate([solved[:first], rest])
    return solved


def _solve(lower: Array, upper: Array, ideal: Array, limits: tuple[float, float], pinned: Array) -> Array:
    """One window; pinned: (k,) the places of its first knots."""
    # imported here: it takes a second that footage with a still camera need not wait for
    from scipy.optimize import linprog
    from scipy.sparse import block_diag, csr_matrix, diags, eye, hstack, vstack

    n = len(lower)
    one = eye(n, format="csr")
    orders = [order for order in (1, 2, 3) if n > order]
    differences = []
    matrix = one
    for order in orders:
        shrink = diags([-1.0, 1.0], [0, 1], shape=(n - order, n - order + 1), format="csr")
        matrix = shrink @ matrix
        differences.append(matrix)
    rows = [*differences, one]  # |D p| <= slack of each kind, |p - ideal| <= slack
    sizes = [d.shape[0] for d in rows]
    targets = np.concatenate([np.zeros(sum(sizes[:-1])), ideal])
    stacked = vstack(rows)
    slack = block_diag([eye(size) for size in sizes])
    violation = csr_matrix((stacked.shape[0], n))
    above = hstack([stacked, -slack, violation])
    below = hstack([-stacked, -slack, violation])
    none = csr_matrix((n, sum(sizes)))
    stay = vstack([hstack([one, none, -one]), hstack([-one, none, -one])])
    result = linprog(
        np.concatenate(
            [
                np.zeros(n),
                *(np.full(size, w) for size, w in zip(sizes, [*WEIGHTS[: len(orders)], PULL], strict=True)),
                np.full(n, OUTSIDE),
            ]
        ),
        A_ub=vstack([above, below, stay], format="csr"),
        b_ub=np.concatenate([targets, -targets, upper, -lower]),
        bounds=[(p, p) for p in pinned] + [limits] * (n - len(pinned)) + [(0, None)] * (sum(sizes) + n),
        method="highs-ds" if n < 200 else "highs",
    )
    if result.x is None:
        return np.clip(ideal, *limits)
    return np.asarray(np.clip(result.x[:n], *limits), float)
