"""The Plan: everything that was decided about an episode, as plain data that is saved as JSON and edited by people.

Rendering needs the plan, the footage and the preset, and nothing else. Times are seconds, intervals half open.
Shots and paths are in the time of their footage file; graphics and music are in the time of the episode.
"""

from collections.abc import Iterator
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from basis.boxes import Box
from basis.data import FOREVER, Channels, Data, Seconds
from basis.spans import Spans
from presets.graphics import PlacedGraphic

PLAN_VERSION = 1
Layout = Literal["follow", "hold", "pan", "split", "fit"]


class Knot(Data):
    """Where a crop's left top corner is at one moment: t in footage seconds, x and y in source display pixels."""

    t: float
    x: float
    y: float


class Pane(Data):
    """A crop of constant size that moves along a path, and the part of the output that it fills.

    width, height: source display pixels; onto: output pixels; between knots the path is interpolated.
    """

    width: float = Field(gt=0)
    height: float = Field(gt=0)
    path: list[Knot] = Field(min_length=1)
    onto: Box

    @model_validator(mode="after")
    def _knots_in_order(self) -> "Pane":
        if any(b.t <= a.t for a, b in zip(self.path, self.path[1:], strict=False)):
            raise ValueError("the times of a path must rise from knot to knot")
        return self


class Somebody(Data):
    """Who is where in the footage at the moment that stands for a shot: number of the person, box of the face."""

    person: int
    box: Box


class Shot(Data):
    """One shot between two cuts and how it fills the output. start, end: footage seconds.

    picture is the part of the footage that holds a picture (black bars left out). Layout fit draws its pane over
    a blurred copy of the picture. subjects are track numbers of the analysis, people their identities, counted from 1
    through the whole episode; identities: those of all faces, by track number; faces: everybody who is there at its
    moment. scores: of each way to frame the shot that was considered, the highest was taken; empty where the editor
    chose.
    """

    start: float
    end: float
    layout: Layout
    reason: str
    picture: Box
    panes: list[Pane] = Field(min_length=1)
    subjects: list[int] = []
    people: list[int] = []
    identities: dict[int, int] = {}
    faces: list[Somebody] = []
    scores: dict[str, float] = {}

    @property
    def moment(self) -> float:
        """The footage second that stands for the shot in pictures: a third into it."""
        return self.start + (self.end - self.start) / 3


class Recording(Data):
    """A separate recorder's file that is heard instead of the camera's sound.

    offset: its second at footage second 0; drift: how much longer its clock makes a second, in parts per million:
    recording = footage * (1 + drift / 1e6) + offset. seconds: how long it is, where that is known.
    """

    file: Path
    fingerprint: str = ""
    audio_stream: int
    offset: float
    drift: float = Field(0.0, ge=-200, le=200)
    seconds: float | None = None

    @property
    def pace(self) -> float:
        """Seconds of the recording in one of the footage."""
        return 1 + self.drift / 1e6

    @property
    def covers(self) -> tuple[float, float]:
        """[start, end) footage seconds that it has."""
        ends = FOREVER if self.seconds is None else (self.seconds - self.offset) / self.pace
        return -self.offset / self.pace, ends


class Take(Data):
    """One stretch [start, end) of one footage file, cut into shots that cover it without gaps.

    channels: how its sound is read; heard: why, for people. speech: [start, end) footage seconds in which somebody
    speaks; turns: the same and the number of the person, of those who are seen to; both may reach out of the take.
    """

    file: Path
    fingerprint: str
    start: float
    end: float
    audio_stream: int | None
    channels: Channels = "stereo"
    heard: str = ""
    recording: Recording | None = None
    speech: list[tuple[float, float]] = Field([], max_length=5000)
    turns: list[tuple[float, float, int]] = Field([], max_length=5000)
    shots: list[Shot] = Field(min_length=1)

    @property
    def spoken(self) -> list[tuple[float, float]]:
        """The speech that lies in the take, in order."""
        inside = [(max(a, self.start), min(b, self.end)) for a, b in self.speech]
        return sorted((a, b) for a, b in inside if b > a)

    @model_validator(mode="after")
    def _shots_cover_the_take(self) -> "Take":
        edges = [self.start, *(shot.end for shot in self.shots)]
        starts = [shot.start for shot in self.shots] + [self.end]
        if any(abs(a - b) > 1e-6 for a, b in zip(edges, starts, strict=True)):
            raise ValueError(f"the shots of {self.file.name} must cover {self.start} to {self.end} without gaps")
        if any(shot.end <= shot.start for shot in self.shots):
            raise ValueError(f"a shot of {self.file.name} ends before it starts")
        return self


class Music(Data):
    """A music bed under the whole episode."""

    file: Path


class Sting(Data):
    """A short sound that begins at an episode second."""

    file: Path
    at: Seconds


class Pause(Data):
    """A pause in talk that tighten takes out: [start, end) in seconds of the footage file, on its frames.

    at: the episode second at which it is cut. kept: put it back when the plan is rendered.
    """

    file: Path
    start: float
    end: float
    at: float
    kept: bool = False


class Plan(Data):
    """What is shown and heard in an episode. rate: frames a second as a fraction, as "25" or "30000/1001".

    tail: seconds after the last footage frame (the end card's), in which the last frame stands still.
    """

    version: int = PLAN_VERSION
    made_by: str
    preset: str
    delivery: str
    rate: str
    width: int
    height: int
    takes: list[Take] = Field(min_length=1)
    tail: float = 0.0
    captions: list[Path] = []  # the files that they were read from
    graphics: list[PlacedGraphic] = Field([], max_length=5000)
    music: Music | None = None
    stings: list[Sting] = Field([], max_length=20)
    pauses: list[Pause] = Field([], max_length=1000)

    @property
    def inputs(self) -> list[Path]:
        """The files that it is made from."""
        recordings = [take.recording.file for take in self.takes if take.recording]
        sounds = [*([self.music.file] if self.music else []), *(sting.file for sting in self.stings)]
        return [*(take.file for take in self.takes), *recordings, *self.captions, *sounds]

    @property
    def frame_rate(self) -> Fraction:
        return Fraction(self.rate)

    @property
    def duration(self) -> float:
        """Episode seconds, a whole number of frames."""
        return float(self.frame_count / self.frame_rate)

    @property
    def frame_count(self) -> int:
        return self.footage_frames + nearest_frame(self.tail, self.frame_rate)

    @property
    def footage_frames(self) -> int:
        return sum(take_frames(self, take) for take in self.takes)

    @property
    def speech(self) -> list[tuple[float, float]]:
        """[start, end) episode seconds in which somebody speaks, in order."""
        offsets = zip(self.takes, take_offsets(self), strict=True)
        return [(a + offset, b + offset) for take, offset in offsets for a, b in take.spoken]

    @property
    def turns(self) -> list[tuple[float, float, int]]:
        """[start, end) episode seconds in which a person speaks, and its number."""
        offsets = zip(self.takes, take_offsets(self), strict=True)
        return [
            (max(a, take.start) + offset, min(b, take.end) + offset, person)
            for take, offset in offsets
            for a, b, person in take.turns
            if min(b, take.end) > max(a, take.start)
        ]

    @property
    def footage_seconds(self) -> float:
        """Episode seconds until the tail begins."""
        return float(self.footage_frames / self.frame_rate)


def pane_positions(pane: Pane, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Left top corner of a pane's crop at footage seconds: (n, 2), source display pixels.

    Monotone cubic interpolation between the knots (Fritsch and Carlson 1980), so that a path never overshoots one.
    """
    t = np.array([knot.t for knot in pane.path])
    places = np.array([(knot.x, knot.y) for knot in pane.path])
    if len(t) == 1:
        return np.repeat(places, len(times), axis=0)
    step = np.diff(t)
    slope = np.diff(places, axis=0) / step[:, None]
    tangent = np.zeros_like(places)
    tangent[0], tangent[-1] = slope[0], slope[-1]
    same = slope[:-1] * slope[1:] > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        harmonic = 2 * slope[:-1] * slope[1:] / (slope[:-1] + slope[1:])
    tangent[1:-1] = np.where(same, harmonic, 0)
    at = np.clip(times, t[0], t[-1])
    i = np.clip(np.searchsorted(t, at, side="right") - 1, 0, len(step) - 1)
    h = step[i][:, None]
    u = ((at - t[i]) / step[i])[:, None]
    return np.asarray(
        places[i] * (1 + 2 * u) * (1 - u) ** 2
        + tangent[i] * h * u * (1 - u) ** 2
        + places[i + 1] * u**2 * (3 - 2 * u)
        + tangent[i + 1] * h * u**2 * (u - 1)
    )


def corners(shot: Shot, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Left top corner of each pane's crop at footage seconds, held inside the picture: (times, panes, 2)."""
    places = np.stack([pane_positions(pane, times) for pane in shot.panes], axis=1)
    for number, pane in enumerate(shot.panes):
        room = (
            max(shot.picture.x, shot.picture.right - pane.width),
            max(shot.picture.y, shot.picture.bottom - pane.height),
        )
        places[:, number] = np.clip(places[:, number], (shot.picture.x, shot.picture.y), room)
    return places


def shots_with_offsets(plan: Plan) -> Iterator[tuple[Shot, float]]:
    """Each shot, and what to add to its footage seconds for episode seconds."""
    for take, offset in zip(plan.takes, take_offsets(plan), strict=True):
        for shot in take.shots:
            yield shot, offset


def take_offsets(plan: Plan) -> list[float]:
    """What to add to each take's footage seconds for episode seconds."""
    return range_offsets([(take.start, take.end) for take in plan.takes], plan.frame_rate)


def range_offsets(ranges: Spans, rate: Fraction) -> list[float]:
    """The same for ranges of footage that follow each other in an episode."""
    frames = accumulate((range_frames(start, end, rate) for start, end in ranges), initial=0)
    return [float(first / rate) - start for first, (start, _) in zip(frames, ranges, strict=False)]


def nearest_frame(seconds: float, rate: Fraction) -> int:
    """The frame number whose time is nearest; halves go up, as in ffmpeg's fps filter."""
    return int(seconds * rate.numerator / rate.denominator + 0.5 + 1e-9)


def take_frames(plan: Plan, take: Take) -> int:
    """How many output frames a take lasts: at least one."""
    return range_frames(take.start, take.end, plan.frame_rate)


def range_frames(start: float, end: float, rate: Fraction) -> int:
    """The same for [start, end) footage seconds."""
    return max(1, nearest_frame(end - start, rate))


def take_shots(plan: Plan, take: Take) -> list[tuple[Shot, int, int]]:
    """The shots of a take that are seen, each with its [first, last) output frame of the take."""
    count = take_frames(plan, take)
    edges = [min(count, nearest_frame(s.end - take.start, plan.frame_rate)) for s in take.shots[:-1]] + [count]
    spans = zip(take.shots, [0, *edges], edges, strict=False)
    return [(shot, first, last) for shot, first, last in spans if last > first]
