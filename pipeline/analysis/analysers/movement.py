"""The subject of a shot without faces is what moves; and a face that turns round and walks off is still its subject."""

from basis.boxes import Box
from pipeline.analysis.analysers import motion
from pipeline.analysis.types import Sighting, Track
from pipeline.analysis.view import ShotView

FACES_ENOUGH = 0.8  # share of a shot for which one face is seen, from which what moves says nothing more
FACES_SEEN = 0.3  # share of a shot below which a face does not spare the look at what moves
AWAY = 0.3  # seconds before and after a face is seen from which it has turned away


def find(shot: ShotView, tracks: list[Track]) -> list[Track]:
    """The tracks, faces going on with the body that moves below them, and the thing that moves where few are seen."""
    seconds = shot.end - shot.start
    longest = max((track.sightings[-1].t - track.sightings[0].t for track in tracks), default=0.0)
    if longest >= FACES_ENOUGH * seconds:
        return tracks
    looks = list(zip(shot.times.tolist(), shot.grays, strict=True))
    sightings = [Sighting.rounded(t, box, score) for t, box, score in motion.follow(shot.source, looks, shot.picture)]
    if sightings and longest < FACES_SEEN * seconds:
        tracks = [*tracks, Track(number=len(tracks), kind="motion", sightings=sightings)]
    return [_went_on(track, sightings) for track in tracks]


def _went_on(track: Track, moving: list[Sighting]) -> Track:
    """A face's track with where its head must be before and after the face is seen, from what moves there.

    Somebody who turns round and walks off is still the one that the shot is about.
    """
    if track.kind != "face":
        return track
    seen = track.sightings
    before = [m for m in moving if m.t < seen[0].t - AWAY]
    after = [m for m in moving if m.t > seen[-1].t + AWAY]
    first = _head(before, seen[0]) if before and _under(seen[0], before[-1]) else []
    last = _head(after, seen[-1]) if after and _under(seen[-1], after[0]) else []
    return track.model_copy(update={"sightings": [*first, *seen, *last]})


def _under(face: Sighting, thing: Sighting) -> bool:
    """Whether a thing that moves is the body of a face that was seen a moment before or after."""
    middle, width, height = face.box.x + face.box.width / 2, face.box.width, face.box.height
    beside = thing.box.x - width < middle < thing.box.right + width
    return beside and thing.box.y - height < face.box.y < thing.box.bottom


def _head(moving: list[Sighting], face: Sighting) -> list[Sighting]:
    """A head of a face's size at the top of what moves, at each moment."""
    width, height = face.box.width, face.box.height
    boxes = [Box(x=m.box.x + (m.box.width - width) / 2, y=m.box.y, width=width, height=height) for m in moving]
    return [Sighting(t=m.t, box=b, score=round(m.score * face.score, 3)) for m, b in zip(moving, boxes, strict=True)]
