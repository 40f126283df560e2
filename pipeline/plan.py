"""The Plan: everything that was decided about an episode, as plain data that is saved as JSON and edited by people.

Rendering needs the plan, the footage and the preset, and nothing else. Times are seconds, intervals half open.
Shots and paths are in the time of their footage file; graphics and music are in the time of the episode.
"""

import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator

from basis.boxes import Box
from basis.clock import Clock
from basis.data import FOREVER, Channels, Data, FileName, Seconds, Text
from basis.notes import Note
from basis.spans import Span, clip, shift
from presets.graphics import PlacedGraphic

PLAN_VERSION = 1
LEAST_CROP, LEAST_PICTURE = 2, 4  # source pixels: enough for one of colour, which has half as many
FASTEST_RATE = 240  # frames a second
LONGEST_TAIL = 60.0  # seconds
MOST_MICROPHONES = 64
NEAREST_KNOTS = 1e-4  # seconds
EPS = 1e-6

Moment = Annotated[float, Field(ge=-FOREVER, le=FOREVER)]  # seconds of footage, or of an episode
Pixels = Annotated[float, Field(ge=-100_000, le=100_000)]
Number = Annotated[int, Field(ge=0, le=1_000_000)]


class Knot(Data):
    """Where a crop's left top corner is at one moment: t in footage seconds, x and y in source display pixels."""

    t: Moment
    x: Pixels
    y: Pixels


class Pane(Data):
    """A crop of constant size that moves along a path, and the part of the output that it fills.

    width, height: source display pixels; onto: output pixels; between knots the path is interpolated.
    """

    width: float = Field(ge=LEAST_CROP)
    height: float = Field(ge=LEAST_CROP)
    path: list[Knot] = Field(min_length=1)
    onto: Box

    @model_validator(mode="after")
    def _can_be_drawn(self) -> "Pane":
        if any(b.t - a.t < NEAREST_KNOTS for a, b in zip(self.path, self.path[1:], strict=False)):
            raise ValueError("the times of a path must rise from knot to knot")
        if any(value % 2 for value in self.onto.sides):
            raise ValueError("onto must begin and end on even pixels, as colours do")
        return self


class Somebody(Data):
    """Who is where in the footage at the moment that stands for a shot: number of the person, box of the face."""

    person: Number
    box: Box


class Shot(Data):
    """One shot between two cuts and how it fills the output. start, end: footage seconds.

    layout: its name among pipeline.framing.layouts, which knows what is drawn behind the panes; of panes that overlap
    the later one is in front. picture: the part of the footage that holds a picture (black bars left out). subjects:
    track numbers of the analysis; people: their identities, counted from 1 through the whole episode; identities: those
    of all faces, by track number; faces: everybody who is there at its moment. scores: of each way to frame the shot
    that was considered, the highest was taken; empty where the editor chose.
    """

    start: Moment
    end: Moment
    layout: str
    reason: str
    picture: Box
    panes: list[Pane] = Field(min_length=1)
    subjects: list[Number] = []
    people: list[Number] = []
    identities: dict[Number, Number] = {}
    faces: list[Somebody] = []
    scores: dict[str, float] = {}

    @property
    def moment(self) -> float:
        """The footage second that stands for the shot in pictures: a third into it."""
        return self.start + (self.end - self.start) / 3

    @property
    def seam(self) -> float | None:
        """y between one pane and the next one below it, in output pixels; None where none lies above another."""
        panes = sorted((pane.onto for pane in self.panes), key=lambda onto: onto.y)
        return next(((a.bottom + b.y) / 2 for a, b in pairwise(panes) if a.bottom <= b.y), None)

    @model_validator(mode="after")
    def _crops_lie_in_the_picture(self) -> "Shot":
        if self.end <= self.start:
            raise ValueError(f"it ends at {self.end:g} s, before it begins at {self.start:g} s")
        if min(self.picture.width, self.picture.height) < LEAST_PICTURE:
            raise ValueError(f"picture must be {LEAST_PICTURE} pixels wide and high or more")
        for number, pane in enumerate(self.panes, 1):
            if pane.width > self.picture.width + 1 or pane.height > self.picture.height + 1:
                raise ValueError(
                    f"the crop of panes[{number}], {pane.width:g}x{pane.height:g}, is larger than the picture, "
                    f"{self.picture.width:g}x{self.picture.height:g}"
                )
        return self


class Microphone(Data):
    """One channel of a file's sound, counted from 0 in the stream's own order."""

    stream: Number
    channel: Number


class Recording(Data):
    """A separate recorder's file that is heard instead of the camera's sound.

    offset: its second at footage second 0; drift: how much longer its clock makes a second, in parts per million:
    recording = footage * (1 + drift / 1e6) + offset. seconds: how long it is, where that is known. microphones: as Take
    has them.
    """

    file: FileName
    fingerprint: str = ""
    audio_stream: Number
    offset: Moment
    drift: float = Field(0.0, ge=-200, le=200)
    seconds: float | None = Field(None, gt=0, le=FOREVER)
    microphones: list[Microphone] = Field([], max_length=MOST_MICROPHONES)

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

    channels: how its sound is read; heard: why, for people. microphones: the channels that are read where the footage's
    tracks are microphones of their own; one is heard on both sides, two are left and right. None: left and right of
    audio_stream. speech: [start, end) footage seconds in which somebody
    speaks; turns: the same and the number of the person, of those who are seen to; both may reach out of the take.
    """

    file: FileName
    fingerprint: str
    start: float = Field(ge=0, le=FOREVER)
    end: float = Field(ge=0, le=FOREVER)
    audio_stream: Number | None
    channels: Channels = "stereo"
    microphones: list[Microphone] = Field([], max_length=MOST_MICROPHONES)
    heard: Text = ""
    recording: Recording | None = None
    speech: list[tuple[Moment, Moment]] = Field([], max_length=5000)
    turns: list[tuple[Moment, Moment, Number]] = Field([], max_length=5000)
    shots: list[Shot] = Field(min_length=1)

    @property
    def span(self) -> Span:
        return self.start, self.end

    @property
    def spoken(self) -> list[Span]:
        """The speech that lies in the take, in order."""
        return sorted(clip(self.speech, *self.span))

    @model_validator(mode="after")
    def _shots_cover_the_take(self) -> "Take":
        edges = [self.start, *(shot.end for shot in self.shots)]
        starts = [shot.start for shot in self.shots] + [self.end]
        if any(abs(a - b) > EPS for a, b in zip(edges, starts, strict=True)):
            raise ValueError(f"the shots of {self.file.name} must cover {self.start} to {self.end} without gaps")
        return self


class Music(Data):
    """A music bed under the whole episode."""

    file: FileName


class Sting(Data):
    """A short sound that begins at an episode second."""

    file: FileName
    at: Seconds


class Pause(Data):
    """A pause in talk that tighten takes out: [start, end) in seconds of the footage file, on its frames.

    at: the episode second at which it is cut. kept: put it back when the plan is rendered.
    """

    file: FileName
    start: Moment
    end: Moment
    at: Moment
    kept: bool = False


class Plan(Data):
    """What is shown and heard in an episode. rate: frames a second as a fraction, as "25" or "30000/1001".

    width, height: output pixels. tail: seconds after the last footage frame (the end card's), in which the last frame stands still.
    """

    version: int = PLAN_VERSION
    made_by: str
    preset: str
    delivery: str
    rate: str
    width: int = Field(gt=0, le=8192, multiple_of=2)
    height: int = Field(gt=0, le=8192, multiple_of=2)
    takes: list[Take] = Field(min_length=1)
    tail: float = Field(0.0, ge=0, le=LONGEST_TAIL)
    captions: list[FileName] = []  # the files that they were read from
    graphics: list[PlacedGraphic] = Field([], max_length=5000)
    music: Music | None = None
    stings: list[Sting] = Field([], max_length=20)
    pauses: list[Pause] = Field([], max_length=1000)
    warnings: list[Note] = Field([], max_length=5000)  # what its editor should know

    @property
    def inputs(self) -> list[Path]:
        """The files that it is made from."""
        recordings = [take.recording.file for take in self.takes if take.recording]
        sounds = [*([self.music.file] if self.music else []), *(sting.file for sting in self.stings)]
        return [*(take.file for take in self.takes), *recordings, *self.captions, *sounds]

    @field_validator("version")
    @classmethod
    def _version_is_known(cls, value: int) -> int:
        if not 1 <= value <= PLAN_VERSION:
            raise ValueError(f"there is no version {value} of plans that this program can read; plan the episode again")
        return value

    @field_validator("rate")
    @classmethod
    def _rate_is_one(cls, value: str) -> str:
        parts = re.fullmatch(r"(\d{1,6})(?:/([1-9]\d{0,5}))?", value, re.ASCII)
        if not parts or not 1 <= int(parts[1]) / int(parts[2] or 1) <= FASTEST_RATE:
            raise ValueError(f'{value!r} is no frame rate; write it as "25" or "30000/1001"')
        return value

    @model_validator(mode="after")
    def _panes_lie_in_the_output(self) -> "Plan":
        for take_number, take in enumerate(self.takes, 1):
            for shot_number, shot in enumerate(take.shots, 1):
                for number, pane in enumerate(shot.panes, 1):
                    left, top, right, bottom = pane.onto.sides
                    if min(left, top) < 0 or right > self.width or bottom > self.height:
                        raise ValueError(
                            f"takes[{take_number}].shots[{shot_number}].panes[{number}].onto: it lies outside the "
                            f"output, {self.width}x{self.height}"
                        )
        return self

    @property
    def clock(self) -> Clock:
        """The frames of the episode."""
        return Clock(Fraction(self.rate))

    @property
    def duration(self) -> float:
        """Episode seconds, a whole number of frames."""
        return self.clock.second(self.frame_count)

    @property
    def frame_count(self) -> int:
        return self.footage_frames + self.clock.frame(self.tail)

    @property
    def footage_frames(self) -> int:
        return sum(self.clock.frames(*take.span) for take in self.takes)

    @property
    def footage_seconds(self) -> float:
        """Episode seconds until the tail begins."""
        return self.clock.second(self.footage_frames)

    @property
    def offsets(self) -> list[float]:
        """What to add to each take's footage seconds for episode seconds."""
        return self.clock.offsets(take.span for take in self.takes)

    @property
    def speech(self) -> list[Span]:
        """[start, end) episode seconds in which somebody speaks, in order."""
        takes = zip(self.takes, self.offsets, strict=True)
        return [span for take, offset in takes for span in shift(take.spoken, offset)]

    @property
    def turns(self) -> list[tuple[float, float, int]]:
        """[start, end) episode seconds in which a person speaks, and its number."""
        return [
            (start, end, person)
            for take, offset in zip(self.takes, self.offsets, strict=True)
            for a, b, person in take.turns
            for start, end in shift(clip([(a, b)], *take.span), offset)
        ]


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
    left, top, right, bottom = shot.picture.sides
    furthest = [(max(left, right - pane.width), max(top, bottom - pane.height)) for pane in shot.panes]
    return np.clip(places, (left, top), furthest)


def shots_with_offsets(plan: Plan) -> Iterator[tuple[Shot, float]]:
    """Each shot, and what to add to its footage seconds for episode seconds."""
    for take, offset in zip(plan.takes, plan.offsets, strict=True):
        for shot in take.shots:
            yield shot, offset


def take_shots(plan: Plan, take: Take) -> list[tuple[Shot, int, int]]:
    """The shots of a take that are seen, each with its [first, last) output frame of the take."""
    count = plan.clock.frames(*take.span)
    edges = [min(count, plan.clock.frame(shot.end - take.start)) for shot in take.shots[:-1]] + [count]
    spans = zip(take.shots, [0, *edges], edges, strict=False)
    return [(shot, first, last) for shot, first, last in spans if last > first]
