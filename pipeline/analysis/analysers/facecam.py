"""A small camera picture that lies on a slide or a screen: by the border around a face that never moves.

A screen tells it from a person before a window: most of it is flat, of few colours, and stands still.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from basis import boxes
from basis.boxes import Box
from pipeline.analysis.types import AnalysedShot, Facecam, Track
from pipeline.analysis.view import ShotView

# Lengths in pixels are of looks, whose longer side is 320.
LOOKS = 24  # of a shot that are enough
EDGE = 7.0  # of 255, mean over the looks: brightness changes so much from pixel to pixel across a border
ALONG, END, AT_END = (
    0.7,
    0.15,
    0.4,
)  # share of a side along which it must, how much of it is an end, and the share there
BESIDE = 0.45  # the same beside the face alone, for a line to be tried at all
MOST_LINES = 12  # of each side that are tried, the clearest
STEP = 2.0  # of 255: from pixel to pixel of a flat area
STILL, OFTEN = 3.0, 80  # of 255: from look to look of what stands still, in this percentage of them: slides change
SHADE, SHARE = 24, 0.03  # of 255: how wide one colour is, and from what share of the picture it is one of the screen's
SCREEN = 0.45  # share of the picture that must be flat, still and of such a colour
CONTENT = 0.008  # share of the rest that must be edges: an empty ground is no slide
STRIP = 4  # pixels along a side, within and without
WITHIN, WITHOUT = 0.5, 0.35  # shares of these strips that may, and must, be of the screen
MUCH = 0.4  # share of the camera picture that may look like the screen: a plain wall
FACE = (0.14, 0.85)  # share of the camera picture's height that the face has
AREA = (0.008, 0.3)  # share of the whole picture that it covers
SHAPE = (0.4, 2.4)  # its width over its height
SIDEWARDS = 0.12  # of the width: how far from the picture's left or right it may lie
SOFT = 2  # pixels of its edge that may hold some of the screen
POINTS = 64  # of a round one's border that are looked at
RADII = (0.95, 2.6)  # of a round one, in face heights; below it is a head before a wall
RING, ROUND = 0.8, 0.8  # shares of them at which there is an edge, and nothing just outside
LIVELY, STIRS = (
    0.35,
    0.15,
)  # a face's score, and mean change from look to look of 255, from which it is no portrait on a slide
SAME = 0.4  # overlap of two faces from which they are in the same camera picture, from shot to shot

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Edges = tuple[int, int, int, int]  # left, top, right, bottom, in pixels


@dataclass(frozen=True)
class _Seen:
    """One shot. picture: without black bars. upright, level: where an edge that stays lies behind a pixel, as sums down
    the columns and along the rows; screen: where it looks like one, as sums over rows and columns (cv2.integral).
    edges, flat: where brightness changes much, and hardly, in any direction; moves: from look to look, (height, width)."""

    picture: Edges
    upright: Array
    level: Array
    screen: Array
    edges: Mask
    flat: Mask
    moves: Array

    def column(self, x: int, top: int, bottom: int) -> float:
        """Share of the upright line between the columns x - 1 and x that is an edge."""
        return float(self.upright[bottom, x - 1] - self.upright[top, x - 1]) / max(1, bottom - top)

    def row(self, y: int, left: int, right: int) -> float:
        """Share of the level line between the rows y - 1 and y that is an edge."""
        return float(self.level[y - 1, right] - self.level[y - 1, left]) / max(1, right - left)

    def share(self, left: int, top: int, right: int, bottom: int) -> float:
        """Share of a part of the picture that looks like the screen; 1 outside the picture."""
        x0, y0 = max(left, self.picture[0]), max(top, self.picture[1])
        x1, y1 = min(right, self.picture[2]), min(bottom, self.picture[3])
        if x1 <= x0 or y1 <= y0:
            return 1.0
        sums = self.screen
        return float(sums[y1, x1] - sums[y0, x1] - sums[y1, x0] + sums[y0, x0]) / ((x1 - x0) * (y1 - y0))


def find(shot: ShotView, tracks: Sequence[Track]) -> list[Facecam]:
    """The camera picture around each face of a shot, without a pixel of the screen.

    None where somebody is seen outside of them, or where what is around them is no screen with something on it.
    """
    faces = [track for track in tracks if track.kind == "face" and _lively(track)]
    if not faces or len(shot.grays) < 2:
        return []
    seen = _seen(shot)
    if seen.share(*seen.picture) < SCREEN:
        return []
    scale = shot.source.width / shot.grays.shape[2]
    usual = [np.median([one.box.sides for one in track.sightings], axis=0) for track in faces]
    found = []
    for number, face in enumerate(usual):
        others = [other / scale for other in usual[:number] + usual[number + 1 :]]
        around = _rectangle(seen, face / scale, others) or _round(seen, face / scale)
        if around is None:
            return []
        if float(seen.moves[around[1] : around[3], around[0] : around[2]].mean()) >= STIRS:
            found.append((faces[number].number, around, face))
    if not _has_content(seen, [around for _, around, _ in found]):
        return []
    return [Facecam(track=track, box=_box(around, scale), face=_box(face, 1)) for track, around, face in found]


def settled(shots: Sequence[AnalysedShot]) -> list[AnalysedShot]:
    """The shots, those behind one another with the same camera picture having one box for it, though slides change.

    A shot in which it was not found, its surroundings being too alike, gets its neighbour's.
    """
    shots = list(shots)
    for order in (range(1, len(shots)), range(len(shots) - 2, -1, -1)):
        step = order.step
        for number in order:
            shots[number] = _as_beside(shots[number], shots[number - step])
    return shots


def _as_beside(shot: AnalysedShot, beside: AnalysedShot) -> AnalysedShot:
    """A shot with the camera pictures of the shot beside it whose faces are in the same place."""
    if not beside.facecams or shot.picture != beside.picture:
        return shot
    taken = []
    for track in (track for track in shot.tracks if track.kind == "face" and _lively(track)):
        face = np.median([one.box.sides for one in track.sightings], axis=0)
        for known in beside.facecams:
            if boxes.iou(np.array([known.face.sides]), face)[0] >= SAME:
                taken.append(known.model_copy(update={"track": track.number}))
                break
        else:
            return shot
    return shot.model_copy(update={"facecams": taken})


def _lively(track: Track) -> bool:
    return float(np.mean([one.score for one in track.sightings])) >= LIVELY


def _box(sides: Sequence[float] | Array, scale: float) -> Box:
    left, top, right, bottom = (round(float(side) * scale, 1) for side in sides)
    return Box(x=left, y=top, width=right - left, height=bottom - top)


def _seen(shot: ShotView) -> _Seen:
    step = max(1, len(shot.grays) // LOOKS)
    grays = shot.grays[::step].astype(np.float32)
    high, wide = grays.shape[1:]
    scale = shot.source.width / wide
    left, top, right, bottom = (round(side / scale) for side in shot.picture.sides)
    across = np.abs(np.diff(grays, axis=2)).mean(axis=0) > EDGE
    down = np.abs(np.diff(grays, axis=1)).mean(axis=0) > EDGE
    across[:, :-1] |= across[:, 1:]  # a scaled edge has two pixels
    down[:-1] |= down[1:]
    steps = np.hypot(*np.gradient(np.median(grays, axis=0)))
    moves = np.abs(np.diff(grays, axis=0))
    colours = np.median(shot.colours[::step], axis=0)
    shades = np.round(colours / SHADE).astype(int) @ np.array([1, 16, 256])
    common = (np.bincount(shades.ravel())[shades] >= SHARE * shades.size).astype(np.uint8)
    common = np.asarray(cv2.resize(common, (wide, high), interpolation=cv2.INTER_NEAREST))
    still = np.percentile(moves, OFTEN, axis=0) < STILL
    screen = ((steps < STEP) & still & (common > 0)).astype(np.uint8)
    return _Seen(
        (left, top, right, bottom), np.pad(np.cumsum(across, axis=0), ((1, 0), (0, 0))),
        np.pad(np.cumsum(down, axis=1), ((0, 0), (1, 0))), cv2.integral(screen), steps > EDGE / 2, steps < STEP,
        moves.mean(axis=0),
    )  # fmt: skip


def _has_content(seen: _Seen, around: Sequence[Edges]) -> bool:
    """Whether there is something on the screen beside the camera pictures."""
    left, top, right, bottom = seen.picture
    rest = np.zeros(seen.edges.shape, bool)
    rest[top:bottom, left:right] = True
    for x0, y0, x1, y1 in around:
        rest[max(0, y0 - 3 * STRIP) : y1 + 3 * STRIP, max(0, x0 - 3 * STRIP) : x1 + 3 * STRIP] = False
    return bool(around) and bool(rest.any()) and float(seen.edges[rest].mean()) >= CONTENT


def _rectangle(seen: _Seen, face: Array, others: Sequence[Array]) -> Edges | None:
    """The largest rectangle around one face with a border all around, but where it ends with the picture."""
    left, top, right, bottom = seen.picture
    x0, y0, x1, y1 = (int(side) for side in np.clip(face, (left, top, left, top), (right, bottom, right, bottom)))
    if x1 - x0 < 4 or y1 - y0 < 4:
        return None
    reach = int((y1 - y0) / FACE[0])
    dx, dy = (x1 - x0) // 2, (y1 - y0) // 2  # somebody dark on black hides the line right below
    a, b, c, d = max(left, x0 - dx), max(top, y0 - dy), min(right, x1 + dx), min(bottom, y1 + dy)
    lefts = _clearest({x: seen.column(x, b, d) for x in range(max(left, x0 - reach) + 1, x0 + 1)})
    rights = _clearest({x: seen.column(x, b, d) for x in range(x1 + 1, min(right, x1 + reach))})
    tops = _clearest({y: seen.row(y, a, c) for y in range(max(top, y0 - reach) + 1, y0 + 1)})
    bottoms = _clearest({y: seen.row(y, a, c) for y in range(y1 + 1, min(bottom, y1 + reach))})
    sides = product([left, *lefts], [top, *tops], [right, *rights], [bottom, *bottoms])
    possible = [edges for edges in sides if _fits(seen, edges, y1 - y0)]
    possible.sort(key=lambda e: (sum(_holds(e, other) for other in others), -(e[2] - e[0]) * (e[3] - e[1])))
    found = next((edges for edges in possible if _is_bordered(seen, edges)), None)
    if found is None:
        return None
    soft = [SOFT * (side != whole) for side, whole in zip(found, seen.picture, strict=True)]
    return found[0] + soft[0], found[1] + soft[1], found[2] - soft[2], found[3] - soft[3]


def _clearest(lines: dict[int, float]) -> list[int]:
    """The lines with most of an edge beside the face, one of neighbours."""
    kept: list[int] = []
    for place in sorted(lines, key=lambda place: -lines[place]):
        if lines[place] >= BESIDE and len(kept) < MOST_LINES and all(abs(place - other) > 1 for other in kept):
            kept.append(place)
    return kept


def _fits(seen: _Seen, edges: Edges, face: float) -> bool:
    """Whether a rectangle is as large as a camera picture with a face of this height is, and lies aside."""
    left, top, right, bottom = edges
    width, height = right - left, bottom - top
    wide, high = seen.picture[2] - seen.picture[0], seen.picture[3] - seen.picture[1]
    return (
        AREA[0] <= width * height / (wide * high) <= AREA[1]
        and SHAPE[0] <= width / height <= SHAPE[1]
        and FACE[0] <= face / height <= FACE[1]
        and min(left - seen.picture[0], seen.picture[2] - right) <= SIDEWARDS * wide
    )


def _is_bordered(seen: _Seen, edges: Edges) -> bool:
    """Whether along each side that is not the picture's own there is an edge, the screen without, something else within."""
    left, top, right, bottom = edges
    own = [side != whole for side, whole in zip(edges, seen.picture, strict=True)]
    within = [
        seen.share(left, top, left + STRIP, bottom), seen.share(left, top, right, top + STRIP),
        seen.share(right - STRIP, top, right, bottom), seen.share(left, bottom - STRIP, right, bottom),
    ]  # fmt: skip
    if not any(own[::2]) or max(within) > WITHIN or seen.share(*edges) > MUCH:
        return False
    first, last = 2, 2 + STRIP  # the border itself is no flat ground
    without = [
        seen.share(left - last, top, left - first, bottom), seen.share(left, top - last, right, top - first),
        seen.share(right + first, top, right + last, bottom), seen.share(left, bottom + first, right, bottom + last),
    ]  # fmt: skip
    return all(
        out >= WITHOUT and _is_edge(line, side, ends)
        for mine, out, line, side, ends in zip(
            own, without, (seen.column, seen.row) * 2, edges, ((top, bottom), (left, right)) * 2, strict=True
        )
        if mine
    )


def _is_edge(line: Callable[[int, int, int], float], side: int, ends: tuple[int, int]) -> bool:
    """Whether there is an edge along a whole side, its ends included."""
    a, b = ends
    end = max(3, round(END * (b - a)))
    return line(side, a, b) >= ALONG and min(line(side, a, a + end), line(side, b - end, b)) >= AT_END


def _holds(edges: Edges, face: Array) -> bool:
    """Whether the middle of a face lies in a rectangle."""
    x, y = (face[0] + face[2]) / 2, (face[1] + face[3]) / 2
    return bool(edges[0] <= x <= edges[2] and edges[1] <= y <= edges[3])


def _round(seen: _Seen, face: Array) -> Edges | None:
    """The square in a round camera picture on a flat ground: in the circle with the most border."""
    x, y, tall = (face[0] + face[2]) / 2, (face[1] + face[3]) / 2, face[3] - face[1]
    near = cv2.dilate(seen.edges.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    left, top, right, bottom = seen.picture
    best, most = None, 0.0
    for radius in np.arange(RADII[0] * tall, RADII[1] * tall, 1.0):
        off = np.arange(-0.5 * radius, 0.5 * radius + 1, 1.0)
        middles = np.stack([one.ravel() for one in np.meshgrid(x + off, y + off)], axis=1)
        fits = np.all((middles - radius >= (left, top)) & (middles + radius <= (right, bottom)), axis=1)
        middles = middles[fits]
        border, around = _along(near, middles, radius), _along(seen.flat, middles, radius + 3)
        score = np.where((border >= RING) & (around >= ROUND), border, 0.0)
        if len(score) and score.max() > most:
            most = float(score.max())
            best = (*middles[score.argmax()].tolist(), (radius - SOFT) / np.sqrt(2))
    if best is None:
        return None
    across, down, half = best
    edges = (
        int(np.ceil(across - half)), int(np.ceil(down - half)), int(across + half), int(down + half)
    )  # fmt: skip
    return edges if _holds(edges, face) else None


def _along(mask: Mask, middles: Array, radius: float) -> Array:
    """Share of each circle of a radius on which a mask is set; middles: (n, 2) x and y."""
    turns = np.linspace(0, 2 * np.pi, POINTS, endpoint=False)
    columns = np.round(middles[:, :1] + radius * np.cos(turns)).astype(int).clip(0, mask.shape[1] - 1)
    rows = np.round(middles[:, 1:] + radius * np.sin(turns)).astype(int).clip(0, mask.shape[0] - 1)
    return np.asarray(mask[rows, columns].mean(axis=1), float)
