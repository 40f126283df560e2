"""What is seen in one footage file: subjects through shots, and who speaks when."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from basis.boxes import Box
from basis.data import Data
from pipeline.footage.source import Loss
from pipeline.listening.speech import Turn

ANALYSIS_VERSION = 6  # counts up whenever the same looks and sound would give another analysis


@dataclass(frozen=True, eq=False)
class Face:
    """One detection in source display pixels; landmarks are right eye, left eye, nose, right and left mouth corner.

    unseen: seconds since it was really detected, 0 where it was now. mouth: (footage second, movement) until the next
    look. appearance: what people.appearance says of it, None where it is too small or was not asked.
    """

    box: Box
    score: float
    landmarks: tuple[tuple[float, float], ...]
    unseen: float = 0.0
    mouth: tuple[tuple[float, float], ...] = ()
    appearance: tuple[float, ...] | None = None


class Sighting(Data):
    """Where a subject is at one moment: footage seconds, box in source display pixels, certainty 0 to 1.

    landmarks: right eye, left eye, nose, right and left corner of the mouth of a face (as its owner has them).
    """

    t: float
    box: Box
    score: float
    landmarks: list[tuple[float, float]] = []

    @classmethod
    def rounded(cls, t: float, box: Box, score: float, landmarks: Iterable[tuple[float, float]] = ()) -> "Sighting":
        """A sighting to a tenth of a pixel: no detector is more exact."""
        x, y, width, height = (round(value, 1) for value in (box.x, box.y, box.width, box.height))
        near = Box(x=x, y=y, width=max(width, 0.1), height=max(height, 0.1))
        return cls(t=t, box=near, score=round(score, 3), landmarks=[(round(x, 1), round(y, 1)) for x, y in landmarks])


class Track(Data):
    """The same subject through one shot: a face, the place where things move, or what stands out in a still picture.

    appearance: what a face looks like, as people.average gives it; empty where it cannot be told.
    """

    number: int
    kind: Literal["face", "motion", "salient"]
    sightings: list[Sighting] = Field(min_length=1)
    appearance: list[float] = []


class Facecam(Data):
    """A small camera picture on a slide or a screen, in source display pixels.

    track: the face's; box: of the camera picture, without a pixel of what is around it; face: where it usually is in it.
    """

    track: int
    box: Box
    face: Box


class AnalysedShot(Data):
    """[start, end) in footage seconds, the part of the frame that holds a picture, the subjects and who speaks when.

    overlap: share of the speech in which more than one mouth moves with it. facecams: the camera pictures of its faces
    where these lie on a slide or a screen.
    """

    start: float
    end: float
    picture: Box
    tracks: list[Track]
    turns: list[Turn] = []
    overlap: float = 0.0
    facecams: list[Facecam] = []


class Analysis(Data):
    """Everything known about one range of one file.

    speech: [start, end) footage seconds in which somebody speaks. losses: what of the picture could not be decoded.
    dissolves: footage seconds in the middle of fades from one shot to the next.
    """

    version: int = ANALYSIS_VERSION
    shots: list[AnalysedShot]
    speech: list[tuple[float, float]] = []
    losses: list[Loss] = []
    dissolves: list[float] = []
