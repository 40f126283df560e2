"""Analysis -> shots of the Plan: a layout for each shot, with its reason, and a calm camera path.

The path minimises the L1 norm of its first, second and third differences while the subject stays inside the crop
(Grundmann, Kwatra, Essa, "Auto-directed video stabilization with robust L1 optimal camera paths", 2011), so that it
is made of stretches that stand still or move evenly and never repeats the detector's tremble.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis import AnalysedShot, Analysis, Track
from pipeline.plan import Box, Knot, Layout, Pane, Shot

KNOTS_A_SECOND = 8
MOST_KNOTS = 900  # for one solve; longer shots get knots further apart
WEIGHTS = (10.0, 1.0, 100.0)  # of |v|, |a| and |jerk|, after Grundmann et al.
OUTSIDE = 200.0  # cost of one pixel of the subject outside the crop
PULL = 0.02  # cost of one pixel away from the ideal place: only decides between equally calm paths
HEAD = (0.35, 0.55, 0.35, 0.45)  # face boxes to leave free left, above, right and below, in face widths and heights
EYES = 0.34  # height of the eyes in the crop, DELIVERY.md: 0.22 to 0.45
FACE_HEIGHT = 0.2  # of the crop, to which a lone face is zoomed where the footage has the pixels
SAFE_WIDTH = 0.92  # of the crop that a group may fill
IMPORTANT = 0.5  # of the weightiest face's weight, from which a face counts as a subject
ALONE = 1.4  # how many times weightier than the next a face must be to be shown alone
CROWD = 4  # faces from which a still look at some of them is better than a small picture of all
CROWD_SHARE = 0.4  # of the crowd's weight that such a crop must hold
SEEN = 0.3  # share of a shot in which a subject must be seen
SHAKE = 0.012  # of the crop's width: a subject that moves less than this is held

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Look:
    """What framing may do: output size in pixels, how far it may enlarge the footage, what a crowd gets."""

    width: int
    height: int
    max_upscale: float = 1.8
    crowd: Literal["fit", "largest"] = "fit"


def frame(analysis: Analysis, look: Look) -> list[Shot]:
    """A shot of the plan for each analysed shot."""
    return [_frame_shot(shot, look) for shot in analysis.shots]


def fit(shot: AnalysedShot, look: Look, reason: str, scores: dict[str, float]) -> Shot:
    """The whole picture over its blurred copy."""
    whole = shot.picture
    height = min(look.height, round(look.width * whole.height / whole.width / 2) * 2)
    top = round((look.height - height) * 0.45 / 2) * 2  # a little above the middle: captions are below
    pane = Pane(
        width=whole.width,
        height=whole.height,
        path=[Knot(t=shot.start, x=whole.x, y=whole.y)],
        onto=Box(x=0, y=top, width=look.width, height=height),
    )
    return _shot(shot, "fit", reason, [pane], [], scores)


def _frame_shot(shot: AnalysedShot, look: Look) -> Shot:
    picture = shot.picture
    if picture.width / picture.height <= look.width / look.height * 1.02:
        return _crop(shot, look, "hold", [], "the footage is already vertical", {})
    seen = [track for track in shot.tracks if _seen(track, shot) >= SEEN]
    faces = [track for track in seen if track.kind == "face"]
    weights = {track.number: _weight(track, shot) for track in faces or seen}
    scores = {f"subject {number}": round(weight, 4) for number, weight in weights.items()}
    if not weights:
        return _crop(shot, look, "hold", [], "nobody and nothing that moves was found: the middle is held", scores)
    first = max(weights, key=lambda number: weights[number])
    important = [t for t in shot.tracks if weights.get(t.number, 0) >= IMPORTANT * weights[first]]
    if important[0].kind == "motion":
        return _crop(shot, look, "follow", important, "no face, so the camera follows what moves", scores)
    fits = _group_fits(important, picture.height * look.width / look.height)
    scores["group fits"] = round(fits, 3)
    if fits >= 0.97:
        who = "one face" if len(important) == 1 else f"{len(important)} faces that fit side by side"
        return _crop(shot, look, "follow", important, who, scores)
    others = [weights[t.number] for t in important if t.number != first]
    top = [t for t in important if t.number == first]
    if weights[first] >= ALONE * max(others):
        return _crop(shot, look, "follow", top, f"the largest of {len(important)} faces stands out", scores)
    if look.crowd == "largest":
        return _crop(shot, look, "follow", top, f"the largest of {len(important)} faces, as the preset asks", scores)
    if len(important) >= CROWD:
        kept, share = _fullest_hold(important, weights, picture.height * look.width / look.height)
        scores["crowd held"] = round(share, 3)
        if share >= CROWD_SHARE:
            return _crop(
                shot,
                look,
                "hold",
                kept,
                f"a crowd: the {len(kept)} of {len(important)} faces that one still crop holds",
                scores,
            )
    return fit(shot, look, f"{len(important)} faces matter and no crop holds them all", scores)


def _seen(track: Track, shot: AnalysedShot) -> float:
    """Share of the shot between the first and the last sighting, gaps that the tracker bridged included."""
    span = track.sightings[-1].t - track.sightings[0].t + 0.2
    return min(1.0, span / (shot.end - shot.start))


def _weight(track: Track, shot: AnalysedShot) -> float:
    """How much a subject matters: its size, how long it is seen, how sure it is, how near the middle it stands."""
    boxes, scores = _boxes(track), [s.score for s in track.sightings]
    size = float(np.median(boxes[:, 3])) / shot.picture.height
    off = abs(float(np.median(boxes[:, 0] + boxes[:, 2] / 2)) - shot.picture.x - shot.picture.width / 2)
    middle = 1 - 0.5 * off / (shot.picture.width / 2)
    return size * _seen(track, shot) * float(np.mean(scores)) * middle


def _boxes(track: Track) -> Array:
    return np.array([(s.box.x, s.box.y, s.box.width, s.box.height) for s in track.sightings])


def _group_fits(tracks: list[Track], width: float) -> float:
    """Share of the moments in which all tracks, heads whole, are together no wider than a crop of this width."""
    times = np.unique(np.concatenate([[s.t for s in t.sightings] for t in tracks]))
    lows, highs = _extent(tracks, times, 0)
    return float(np.mean(highs - lows <= width * SAFE_WIDTH))


def _fullest_hold(tracks: list[Track], weights: dict[int, float], width: float) -> tuple[list[Track], float]:
    """The tracks that one still crop of this width holds whole all the time, weightiest choice, and their share."""
    spans = {}
    for track in tracks:
        low, high = _extent([track], np.array([s.t for s in track.sightings]), 0)
        spans[track.number] = (float(low.min()), float(high.max()))
    choices = []
    for left, _ in spans.values():
        inside = [t for t in tracks if spans[t.number][0] >= left and spans[t.number][1] <= left + width * SAFE_WIDTH]
        choices.append((sum(weights[t.number] for t in inside), -left, inside))
    total, _, best = max(choices, key=lambda choice: choice[:2])
    return best, total / sum(weights[t.number] for t in tracks)


def _extent(tracks: list[Track], times: Array, axis: int) -> tuple[Array, Array]:
    """Lowest and highest coordinate (axis 0: x, 1: y) that the tracks' heads reach at each time."""
    lows, highs = [], []
    for track in tracks:
        boxes = _boxes(track)
        before, after = (HEAD[axis], HEAD[axis + 2]) if track.kind == "face" else (0.0, 0.0)
        start = boxes[:, axis] - before * boxes[:, axis + 2]
        end = boxes[:, axis] + (1 + after) * boxes[:, axis + 2]
        seen = [s.t for s in track.sightings]
        lows.append(np.interp(times, seen, start))
        highs.append(np.interp(times, seen, end))
    return np.min(lows, axis=0), np.max(highs, axis=0)


def _crop(
    shot: AnalysedShot, look: Look, layout: Layout, tracks: list[Track], reason: str, scores: dict[str, float]
) -> Shot:
    """One crop over the shot, its size constant, its path as calm as the tracks allow."""
    picture = shot.picture
    height = min(_crop_height(picture, look, tracks), picture.width * look.height / look.width)
    width = height * look.width / look.height
    count = int(min(MOST_KNOTS, max(2, np.ceil((shot.end - shot.start) * KNOTS_A_SECOND) + 1)))
    times = np.linspace(shot.start, shot.end, count)
    ranges = ((picture.x, picture.right - width), (picture.y, picture.bottom - height))
    if tracks:
        x = _path(times, _bounds(tracks, times, 0, width), _ideal(tracks, times, 0, width), ranges[0], width)
        y = _path(times, _bounds(tracks, times, 1, height), _ideal(tracks, times, 1, height), ranges[1], width)
    else:
        x, y = (np.full(count, (low + high) / 2) for low, high in ranges)
    still = bool(np.ptp(x) < 0.5 and np.ptp(y) < 0.5)
    if still:
        path = [Knot(t=shot.start, x=round(float(np.median(x)), 2), y=round(float(np.median(y)), 2))]
    else:
        path = [
            Knot(t=round(float(t), 4), x=round(float(a), 2), y=round(float(b), 2))
            for t, a, b in zip(times, x, y, strict=True)
        ]
    if layout == "follow" and still:
        layout = "hold"
    onto = Box(x=0, y=0, width=look.width, height=look.height)
    pane = Pane(width=round(width, 3), height=round(height, 3), path=path, onto=onto)
    return _shot(shot, layout, reason, [pane], [t.number for t in tracks], scores)


def _crop_height(picture: Box, look: Look, tracks: list[Track]) -> float:
    """The picture's whole height, or less for a lone face where the footage has pixels to spare."""
    least = look.height / look.max_upscale
    if len(tracks) != 1 or tracks[0].kind != "face" or least >= picture.height:
        return picture.height
    face = float(np.median(_boxes(tracks[0])[:, 3]))
    return float(np.clip(face / FACE_HEIGHT, least, picture.height))


def _bounds(tracks: list[Track], times: Array, axis: int, size: float) -> tuple[Array, Array]:
    """Between which values the crop's edge must lie at each knot for the subject to be whole.

    Each knot also answers for the moments halfway to its neighbours. A subject larger than the crop is centred.
    """
    dense = np.unique(np.concatenate([times, *([s.t for s in t.sightings] for t in tracks)]))
    low, high = _extent(tracks, dense, axis)
    low, high = np.maximum(low, -1e6), np.minimum(high, 1e6)
    step = times[1] - times[0]
    ends, starts = [], []
    for t in times:
        near = np.abs(dense - t) <= step / 2 + 1e-9
        ends.append(high[near].max() - size)
        starts.append(low[near].min())
    lower, upper = np.array(ends), np.array(starts)
    middle = (lower + upper) / 2
    return np.where(lower > upper, middle, lower), np.where(lower > upper, middle, upper)


def _ideal(tracks: list[Track], times: Array, axis: int, size: float) -> Array:
    """Where the crop's edge would best be: the subject in the middle, its eyes in the upper third."""
    low, high = _extent(tracks, times, axis)
    if axis == 0 or any(t.kind != "face" for t in tracks):
        return (low + high) / 2 - size / 2
    eyes = [
        np.interp(times, [s.t for s in t.sightings], [_eye_height(s.box, s.landmarks) for s in t.sightings])
        for t in tracks
    ]
    return np.asarray(np.mean(eyes, axis=0) - EYES * size)


def _eye_height(box: Box, landmarks: list[tuple[float, float]]) -> float:
    return (landmarks[0][1] + landmarks[1][1]) / 2 if len(landmarks) >= 2 else box.y + 0.4 * box.height


def _path(times: Array, bounds: tuple[Array, Array], ideal: Array, limits: tuple[float, float], width: float) -> Array:
    """One coordinate of the crop's corner at each knot: held where one place serves the whole shot, else solved."""
    low, high = limits[0], max(limits)
    if high - low < 0.5:
        return np.full(len(times), low)
    lower, upper = (np.clip(b, low, high) for b in bounds)
    wanted = np.clip(ideal, low, high)
    slack = SHAKE * width
    if lower.max() <= upper.min() + slack:
        least, most = sorted((float(lower.max()), float(upper.min())))
        return np.full(len(times), min(max(float(np.median(wanted)), least), most))
    return solve_path(lower, upper, wanted, (low, high))


def solve_path(lower: Array, upper: Array, ideal: Array, limits: tuple[float, float]) -> Array:
    """Positions p, one a knot, that minimise WEIGHTS * (|p'|, |p''|, |p'''|) + OUTSIDE * violation + PULL * |p - ideal|.

    lower, upper, ideal: (n,) in pixels, violation being how far p leaves [lower, upper]; p never leaves limits.
    A linear programme with sparse matrices, solved by HiGHS in time that grows about linearly with n.
    """
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
        bounds=[limits] * n + [(0, None)] * (sum(sizes) + n),
        method="highs-ds" if n < 200 else "highs",
    )
    if result.x is None:
        return np.clip(ideal, *limits)
    return np.asarray(result.x[:n], float)


def _shot(
    shot: AnalysedShot, layout: Layout, reason: str, panes: list[Pane], subjects: list[int], scores: dict[str, float]
) -> Shot:
    return Shot(
        start=shot.start, end=shot.end, layout=layout, reason=reason, picture=shot.picture, panes=panes,
        subjects=subjects, scores=scores,
    )  # fmt: skip
