"""What is seen in one footage file: subjects through shots, and who speaks when."""

from typing import Literal

from pydantic import Field

from basis.boxes import Box
from basis.data import Data
from pipeline.listening.speech import Turn

ANALYSIS_VERSION = 3  # counts up whenever the same footage would give another analysis


class Sighting(Data):
    """Where a subject is at one moment: footage seconds, box in source display pixels, certainty 0 to 1.

    landmarks: right eye, left eye, nose, right and left corner of the mouth of a face (as its owner has them).
    """

    t: float
    box: Box
    score: float
    landmarks: list[tuple[float, float]] = []


class Track(Data):
    """The same subject through one shot: a face, the place where things move, or what stands out in a still picture.

    appearance: what a face looks like, as people.average gives it; empty where it cannot be told.
    """

    number: int
    kind: Literal["face", "motion", "salient"]
    sightings: list[Sighting] = Field(min_length=1)
    appearance: list[float] = []


class AnalysedShot(Data):
    """[start, end) in footage seconds, the part of the frame that holds a picture, the subjects and who speaks when.

    overlap: share of the speech in which more than one mouth moves with it.
    """

    start: float
    end: float
    picture: Box
    tracks: list[Track]
    turns: list[Turn] = []
    overlap: float = 0.0


class Analysis(Data):
    """Everything known about one range of one file. speech: [start, end) footage seconds in which somebody speaks."""

    version: int = ANALYSIS_VERSION
    shots: list[AnalysedShot]
    speech: list[tuple[float, float]] = []
