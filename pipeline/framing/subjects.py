"""What a shot may be about: regions of its picture, and what each kind of subject asks of a crop."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from basis.boxes import Box
from pipeline.analysis import Sighting

YAW = 0.12  # face widths from the middle between the eyes to the nose, for a gaze that gets all the look-room

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Kind:
    """What a kind of subject asks of framing.

    label: what editors call one that is no person. person: it is recognised, speaks, and has eyes to place in the upper
    third. whole: it must be whole in every frame; one that need not be is held where it is most of the time when nobody
    could look at how it moves. lasting: seen once, it is there through the whole shot. margins: free room left, above,
    right and below, and lean, how far it may reach into that before the camera moves, in widths and heights of its box.
    eagerness: of the preset's. height: share of the crop to which it is enlarged where the footage has the pixels; a
    person's is the preset's, None enlarges nothing. verb, why, worth: how it is shown where nobody is seen, and that
    option's score for no certainty, and what full certainty adds.
    """

    label: str
    person: bool = False
    whole: bool = False
    lasting: bool = False
    margins: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    lean: float = 0.0
    eagerness: float = 1.0
    height: float | None = None
    verb: str = ""
    why: str = ""
    worth: tuple[float, float] = (0.0, 0.0)


KINDS = {  # by the kind of an analysis' track
    "face": Kind("somebody", person=True, whole=True, margins=(0.35, 0.55, 0.35, 0.45), lean=0.1),
    "motion": Kind(  # where exactly it is, is less sure than for a face
        "what moves", eagerness=0.3, height=0.6, verb="follow", why="no face, so the camera follows what moves", worth=(0.6, 0.3),
    ),
    "salient": Kind(
        "what stands out", lasting=True, verb="hold", why="nobody and nothing moves: what stands out is held", worth=(0.35, 0.35),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Region:
    """A subject through one shot.

    number: its track's; person: its number through the episode, None for a thing, sure: whether that is certain;
    weight: how much it matters beside the others.
    """

    number: int
    kind: Kind
    sightings: Sequence[Sighting]
    person: int | None = None
    sure: bool = True
    weight: float = 1.0

    @property
    def label(self) -> str:
        """What editors call it."""
        return self.kind.label if self.person is None else f"person {self.person}"

    @property
    def name(self) -> str:
        """Its label, with a question mark where the person is not sure."""
        return self.label if self.person is None or self.sure else f"{self.label}?"

    @property
    def first(self) -> float:
        """The footage second of its first sighting."""
        return self.sightings[0].t

    @property
    def last(self) -> float:
        return self.sightings[-1].t

    @cached_property
    def times(self) -> Array:
        """Footage seconds of the sightings: (n,)."""
        return np.array([s.t for s in self.sightings])

    @cached_property
    def places(self) -> Array:
        """x, y, width and height of the box at each sighting, source display pixels: (n, 4)."""
        return np.array([(s.box.x, s.box.y, s.box.width, s.box.height) for s in self.sightings])

    @cached_property
    def usual(self) -> Box:
        """Its box most of the time: the medians."""
        x, y, width, height = (float(v) for v in np.median(self.places, axis=0))
        return Box(x=x, y=y, width=width, height=height)

    @property
    def certainty(self) -> float:
        return float(np.mean([s.score for s in self.sightings]))

    @property
    def reach(self) -> tuple[float, float]:
        """From where to where it reaches across the picture through the whole shot, margins included."""
        low, high = extent([self], self.times, 0)
        return float(low.min()), float(high.max())

    @cached_property
    def eye_heights(self) -> Array:
        """y of the middle between a face's eyes at each sighting: (n,)."""
        return np.array(
            [
                (s.landmarks[0][1] + s.landmarks[1][1]) / 2 if len(s.landmarks) > 1 else s.box.y + 0.4 * s.box.height
                for s in self.sightings
            ]
        )

    @property
    def gaze(self) -> float:
        """Where a face looks most of the time, -1 left to 1 right, from its nose and eyes."""
        turns = [
            (s.landmarks[2][0] - (s.landmarks[0][0] + s.landmarks[1][0]) / 2) / s.box.width
            for s in self.sightings
            if len(s.landmarks) >= 3
        ]
        turn = float(np.median(turns)) if turns else 0.0
        return float(np.clip(turn / YAW, -1, 1)) if abs(turn) > YAW / 3 else 0.0

    def stilled(self) -> "Region":
        """The same as it would be if it stood where it is most of the time."""
        box = Box(**{side: round(pixels, 1) for side, pixels in self.usual})
        return replace(self, sightings=[self.sightings[0].model_copy(update={"box": box})])


def extent(regions: Sequence[Region], times: Array, axis: int) -> tuple[Array, Array]:
    """Lowest and highest coordinate (axis 0: x, 1: y) that the regions reach at each time, their margins included."""
    lows, highs = [], []
    for region in regions:
        start, size = region.places[:, axis], region.places[:, axis + 2]
        before, after = region.kind.margins[axis], region.kind.margins[axis + 2]
        lows.append(np.interp(times, region.times, start - before * size))
        highs.append(np.interp(times, region.times, start + (1 + after) * size))
    return np.min(lows, axis=0), np.max(highs, axis=0)
