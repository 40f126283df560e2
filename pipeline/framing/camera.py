"""The calmest path of a crop that keeps its subjects inside: still where that is possible, else moving as a tripod would.

The path minimises first, second and third differences in the L1 sense under constraints (Grundmann, Kwatra and Essa
2011): stretches of stillness, of constant speed and of constant acceleration, and never the detector's tremble.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from basis.boxes import Box
from basis.spans import Span
from pipeline.framing.subjects import Array, Region, extent
from pipeline.plan import Knot

KNOTS_A_SECOND = 8
WINDOW, OVERLAP = 480, 160  # knots solved at once, and of these the ones that the next window solves again
PINNED = 3  # knots that a window takes over: place, speed and acceleration go on
WEIGHTS = (10.0, 100.0, 30.0)  # of |v|, |a| and |jerk| from knot to knot: short ramps, then one speed
OUTSIDE = 200.0  # cost of one pixel of the subject outside the crop
PULL = 0.02  # cost of one pixel away from the ideal place: only decides between equally calm paths
ASIDE = 0.15  # face widths beside another face that a still crop's edge leaves it
SHAKE = 0.012  # of the crop's width: anything that moves less than this is held
CALM = 0.045  # picture widths per second^2, mean: 0.046 px/frame^2 at 640 px and 25 frames a second
NERVOUS = 1.25  # times CALM, above which a path is not calm at all
MOVES = 0.002  # crop widths a second from which a crop moves
REST = 3.0  # seconds in which an operator starts to move once at most
PAN = 0.15  # of the crop's width by which a pan at one speed may leave the ideal place
SPEED = 0.25  # crop widths a second, of movement that gets the whole look-room
SETTLE = 0.6  # seconds over which movement is averaged to tell its direction


@dataclass(frozen=True)
class Aim:
    """What a crop of one size must hold. size: width and height in source pixels; picture: where it may be.

    eyes: height of the eyes in the crop, as a share. eager: 0 lets the subject roam the whole crop, 1 keeps it in its
    ideal place. look_room: share of the crop's width left free ahead of gaze and movement. others: faces that are not
    held, but that the edge of a still crop does not cut in half where it can be helped.
    """

    regions: Sequence[Region]
    picture: Box
    size: tuple[float, float]
    eyes: float
    eager: float
    look_room: float
    others: Sequence[Region] = ()


def still(aim: Aim, start: float, end: float) -> tuple[float, float] | None:
    """The one place (x, y) of the crop's corner that serves all of [start, end), or None where it has to move."""
    times = knots(start, end)
    x, y = (_hold(_demand(aim, times, axis)) for axis in (0, 1))
    return None if x is None or y is None else (x, y)


def path(aim: Aim, start: float, end: float) -> list[Knot]:
    """The calmest path over [start, end): one knot where the crop is still, two where it pans at one speed."""
    times = knots(start, end)
    lines, straight = [], True
    for axis in (0, 1):
        demand = _demand(aim, times, axis)
        held = _hold(demand)
        line = np.full(len(times), held) if held is not None else _pan(demand, times, PAN * aim.size[0])
        if line is None:
            straight = False
            line = _follow(demand, times, aim)
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


@dataclass(frozen=True)
class _Demand:
    """What is asked of the crop's left or upper edge. lower, upper, ideal: between which values it must lie at each knot
    and where it would best be, (n,); limits: where it can be at all. slack: how far a still crop may leave lower and
    upper. size: of the crop along this axis; others: the spans of faces that neither edge should cut in half."""

    lower: Array
    upper: Array
    ideal: Array
    limits: tuple[float, float]
    size: float
    slack: float = 0.0
    others: Sequence[Span] = ()


def _demand(aim: Aim, times: Array, axis: int) -> _Demand:
    size = aim.size[axis]
    first = (aim.picture.x, aim.picture.y)[axis]
    room = (aim.picture.width, aim.picture.height)[axis] - size
    limits = (first, first + max(0.0, room))
    faces = [region.usual for region in aim.others] if axis == 0 else []
    others = [(box.x - ASIDE * box.width, box.x + (1 + ASIDE) * box.width) for box in faces]
    if not aim.regions:
        middle = np.full(len(times), sum(limits) / 2)
        return _Demand(middle, middle, middle, limits, size, others=others)
    lower, upper = (np.clip(bound, *limits) for bound in _bounds(aim.regions, times, axis, size))
    ideal = np.clip(_ideal(aim, times, axis), lower, upper)
    lean = max(region.kind.lean * region.usual.width for region in aim.regions)
    return _Demand(lower, upper, ideal, limits, size, max(SHAKE * aim.size[0], lean), others)


def _bounds(regions: Sequence[Region], times: Array, axis: int, size: float) -> tuple[Array, Array]:
    """Lowest and highest place of the crop's edge at each knot for the subject to be whole.

    Each knot also answers for the moments halfway to its neighbours. A subject larger than the crop is centred.
    """
    step = times[1] - times[0]
    seen = np.concatenate([region.times for region in regions])
    dense = np.unique(np.concatenate([times, times[:-1] + step / 2, seen[(seen >= times[0]) & (seen <= times[-1])]]))
    low, high = extent(regions, dense, axis)
    first = np.searchsorted(dense, times - step / 2 - 1e-9)
    last = np.searchsorted(dense, times + step / 2 + 1e-9)
    lower = np.array([high[a:b].max() for a, b in zip(first, last, strict=True)]) - size
    upper = np.array([low[a:b].min() for a, b in zip(first, last, strict=True)])
    middle = (lower + upper) / 2
    return np.minimum(lower, middle), np.maximum(upper, middle)


def _ideal(aim: Aim, times: Array, axis: int) -> Array:
    """Where the crop's edge would best be: look-room ahead of the subject, its eyes in the upper third."""
    low, high = extent(aim.regions, times, axis)
    size = aim.size[axis]
    if axis == 0:
        middle = (low + high) / 2
        return middle - size / 2 + aim.look_room * size * _direction(aim.regions, times, middle, size)
    if not all(region.kind.person for region in aim.regions):
        return (low + high) / 2 - size / 2
    eyes = [np.interp(times, region.times, region.eye_heights) for region in aim.regions]
    return np.asarray(np.mean(eyes, axis=0) - aim.eyes * size)


def _direction(regions: Sequence[Region], times: Array, middle: Array, width: float) -> Array:
    """Where the subject looks or goes, at each time: -1 left to 1 right."""
    step = times[1] - times[0]
    reach = max(1, round(SETTLE / step))
    padded = np.pad(middle, reach, mode="edge")
    speed = (padded[2 * reach :] - padded[: -2 * reach]) / (2 * reach * step)
    return np.asarray(np.clip(speed / (SPEED * width) + (regions[0].gaze if len(regions) == 1 else 0.0), -1, 1))


def _hold(demand: _Demand) -> float | None:
    """One place for all knots: as few other faces cut in half as the subject allows, then as near the ideal."""
    if demand.limits[1] - demand.limits[0] < 0.5:
        return demand.limits[0]
    if demand.lower.max() > demand.upper.min() + demand.slack:
        return None
    least, most = sorted((float(demand.lower.max()), float(demand.upper.min())))
    wanted = min(max(float(np.median(demand.ideal)), least), most)
    places = [wanted, *(edge - end for face in demand.others for edge in face for end in (0.0, demand.size))]

    def cost(place: float) -> tuple[int, float]:
        cut = sum(low < edge < high for low, high in demand.others for edge in (place, place + demand.size))
        return cut, abs(place - wanted)

    return min((place for place in places if least <= place <= most), key=cost)


def _follow(demand: _Demand, times: Array, aim: Aim) -> Array:
    """The calmest path as near the ideal as the aim is eager; less near where it would hurry or hunt."""
    step = times[1] - times[0]
    lower, upper, ideal = demand.lower, demand.upper, demand.ideal
    for eager in (aim.eager, aim.eager / 2, 0.0):
        line = solve_path(lower + eager * (ideal - lower), upper - eager * (upper - ideal), ideal, demand.limits)
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


def _pan(demand: _Demand, times: Array, reach: float) -> Array | None:
    """The straight line nearest to the ideal that keeps the subject whole; None where none is within reach of the ideal."""
    from scipy.optimize import linprog  # here, as below: a still camera need not wait for it

    share = (times - times[0]) / (times[-1] - times[0])
    ends = np.column_stack([1 - share, share])
    far = np.ones((len(times), 1))
    result = linprog(
        [0, 0, 1],
        A_ub=np.block([[ends, -far], [-ends, -far], [ends, 0 * far], [-ends, 0 * far]]),
        b_ub=np.concatenate([demand.ideal, -demand.ideal, demand.upper + demand.slack, demand.slack - demand.lower]),
        bounds=[demand.limits, demand.limits, (0, reach)],
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
    differences, matrix = [], one
    for left in range(n - 1, max(0, n - 4), -1):
        matrix = diags([-1.0, 1.0], [0, 1], shape=(left, left + 1), format="csr") @ matrix
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
        np.repeat([0, *WEIGHTS[: len(differences)], PULL, OUTSIDE], [n, *sizes, n]),
        A_ub=vstack([above, below, stay], format="csr"),
        b_ub=np.concatenate([targets, -targets, upper, -lower]),
        bounds=[(p, p) for p in pinned] + [limits] * (n - len(pinned)) + [(0, None)] * (sum(sizes) + n),
        method="highs-ds" if n < 200 else "highs",
    )
    if result.x is None:
        return np.clip(ideal, *limits)
    return np.asarray(np.clip(result.x[:n], *limits), float)
