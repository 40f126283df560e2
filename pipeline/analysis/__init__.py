"""What is in the footage: shots, black bars, faces and where things move, found in one pass over few frames."""

import itertools
from collections.abc import Callable
from pathlib import Path

from pydantic import Field

from pipeline.analysis import bars, cache, faces, motion, samples, shots, tracks
from pipeline.plan import Box, Data
from pipeline.source import Source

FACES_SEEN = 0.3  # share of a shot below which a face does not spare the look at what moves
ANALYSIS_VERSION = 1  # counts up whenever the same footage would give another analysis


class Sighting(Data):
    """Where a subject is at one moment: footage seconds, box in source display pixels, certainty 0 to 1.

    landmarks: right eye, left eye, nose, right and left corner of the mouth of a face (as its owner has them).
    """

    t: float
    box: Box
    score: float
    landmarks: list[tuple[float, float]] = []


class Track(Data):
    """The same subject through one shot; a face, or the place where things move."""

    number: int
    kind: str
    sightings: list[Sighting] = Field(min_length=1)


class AnalysedShot(Data):
    """[start, end) in footage seconds, the part of the frame that holds a picture, and the subjects."""

    start: float
    end: float
    picture: Box
    tracks: list[Track]


class Analysis(Data):
    """Everything known about one range of one file."""

    version: int = ANALYSIS_VERSION
    shots: list[AnalysedShot]


def analyse(
    source: Source,
    start: float,
    end: float,
    content: str,
    cache_folder: Path | None,
    progress: Callable[[float], None] = lambda done: None,
) -> Analysis:
    """Analyses [start, end) of the footage, or takes the result from the cache (None: no cache).

    content: the footage's fingerprint. progress gets seconds done. Raises Unusable when nothing decodes.
    """
    key = f"{content}-{source.video_stream}-{start:.6f}-{end:.6f}-v{ANALYSIS_VERSION}"
    stored = cache.load(cache_folder, key, Analysis) if cache_folder else None
    if stored:
        progress(end - start)
        return stored
    looked = samples.look(source, start, end, progress)
    cuts = shots.exact(source, looked.cuts)
    edges = [start, *(cut for cut in cuts if start < cut < end), end]
    result = Analysis(shots=[_shot(source, looked, a, b) for a, b in itertools.pairwise(edges)])
    if cache_folder:
        cache.store(cache_folder, key, result)
    return result


def _shot(source: Source, looked: "samples.Looked", start: float, end: float) -> AnalysedShot:
    inside = [s for s in looked.samples if start - 1e-6 <= s.t < end - 1e-6]
    picture = bars.picture(source, [s.gray for s in inside])
    found = [
        Track(
            number=number,
            kind="face",
            sightings=[
                Sighting(
                    t=t,
                    box=_box(face.box),
                    score=face.score,
                    landmarks=[(round(x, 1), round(y, 1)) for x, y in face.landmarks],
                )
                for t, face in chain
            ],
        )
        for number, chain in enumerate(tracks.link([(s.t, s.faces) for s in inside]))
    ]
    longest = max((track.sightings[-1].t - track.sightings[0].t for track in found), default=0.0)
    if longest < FACES_SEEN * (end - start):
        moving = motion.follow(source, [(s.t, s.gray) for s in inside], picture)
        if moving:
            sightings = [Sighting(t=t, box=_box(box), score=score) for t, box, score in moving]
            found.append(Track(number=len(found), kind="motion", sightings=sightings))
    return AnalysedShot(start=start, end=end, picture=picture, tracks=found)


def _box(box: faces.Rectangle) -> Box:
    x, y, width, height = (round(value, 1) for value in box)
    return Box(x=x, y=y, width=max(width, 0.1), height=max(height, 0.1))
