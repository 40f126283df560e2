"""Where faces are in the finished picture, from frame to frame, so that graphics keep clear of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from basis.boxes import Boxes, area, covered
from pipeline.analysis import Analysis, Track
from pipeline.plan import Pane, Plan, Shot, corners, take_shots

NEAR = 0.5  # seconds from a sighting within which a face is taken to be there
WHOLE = 0.8  # share of a face inside its pane from which it can be recognised


@dataclass(frozen=True)
class OnScreen:
    """One face through one shot.

    person: its number through the episode, None where it has none. frames: (n,) rising episode frame numbers.
    boxes: (n, 4) left, top, right, bottom in output pixels, cut to the pane; whole: (n,) whether it is recognisable.
    """

    person: int | None
    frames: NDArray[np.int64]
    boxes: Boxes
    whole: NDArray[np.bool_]


def on_screen(plan: Plan, analyses: Sequence[Analysis]) -> list[OnScreen]:
    """All faces of an episode whose takes were analysed, in order of time."""
    found: list[OnScreen] = []
    begin = 0
    for take, analysis in zip(plan.takes, analyses, strict=True):
        for shot, first, last in take_shots(plan, take):
            times = take.start + np.arange(first, last) / float(plan.clock.rate)
            middle = (times[0] + times[-1]) / 2
            for analysed in analysis.shots:
                if analysed.start <= middle < analysed.end:
                    faces = [track for track in analysed.tracks if track.kind == "face"]
                    found += [face for track in faces for face in _in_panes(shot, track, times, begin + first)]
        begin += plan.clock.frames(*take.span)
    return found


def _in_panes(shot: Shot, track: Track, times: NDArray[np.float64], first: int) -> list[OnScreen]:
    """A face in each pane of a shot that shows it."""
    seen = np.array([s.t for s in track.sightings])
    there = np.abs(times[:, None] - seen).min(axis=1) <= NEAR
    sides = np.array([sighting.box.sides for sighting in track.sightings])
    box = np.stack([np.interp(times, seen, side) for side in sides.T], axis=1)
    return [
        OnScreen(shot.identities.get(track.number), first + np.flatnonzero(kept), cut[kept], whole[kept])
        for number, corner in enumerate(corners(shot, times).transpose(1, 0, 2))
        for cut, whole in [_through(shot.panes[number], shot.panes[number + 1 :], corner, box)]
        if (kept := there & (cut[:, 2] > cut[:, 0]) & (cut[:, 3] > cut[:, 1])).any()
    ]


def _through(
    pane: Pane, front: Sequence[Pane], corner: NDArray[np.float64], box: Boxes
) -> tuple[Boxes, NDArray[np.bool_]]:
    """Boxes of the footage as the pane shows them, cut to it, and whether enough of each is left; front: the panes over it.

    One that a pane over it hides whole is cut to nothing.
    """
    onto = pane.onto
    scale = np.array([onto.width / pane.width, onto.height / pane.height] * 2)
    shown = (box - np.tile(corner, 2)) * scale + np.array([onto.x, onto.y] * 2)
    cut = np.clip(shown, [onto.x, onto.y] * 2, [onto.right, onto.bottom] * 2)
    hidden = np.max([np.zeros(len(cut)), *(covered(cut, np.array(over.onto.sides)) for over in front)], axis=0)
    cut[hidden >= 1] = 0
    return cut, area(cut) * (1 - hidden) >= WHOLE * area(shown)


def overlap(
    faces: Sequence[OnScreen], first: int, last: int, place: tuple[float, float, float, float], margin: float = 0.0
) -> float:
    """How much a place (left, top, right, bottom) covers of the faces during [first, last) frames.

    The sum of each face's worst frame: the covered share of it, the lower half, where the mouth is, counting double.
    margin: of a face's size, by which it is taken to be larger on each side.
    """
    total, by = 0.0, np.array(place)
    for face in faces:
        inside = (face.frames >= first) & (face.frames < last)
        if inside.any():
            whole = face.boxes[inside]
            whole = whole + np.tile(margin * (whole[:, 2:] - whole[:, :2]), 2) * [-1, -1, 1, 1]
            lower = whole.copy()
            lower[:, 1] = whole[:, [1, 3]].mean(axis=1)
            total += float((covered(whole, by) + covered(lower, by)).max())
    return total
