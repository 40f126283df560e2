"""What is in the footage: shots, black bars, faces and where things move, found in one pass over few frames."""

import itertools
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path

from basis import cache
from basis.boxes import Box
from pipeline.analysis import look as samples
from pipeline.analysis import tracks
from pipeline.analysis.analysers import bars, faces, motion, people, saliency
from pipeline.analysis.analysers import cuts as shots
from pipeline.analysis.types import ANALYSIS_VERSION, AnalysedShot, Analysis, Sighting, Track
from pipeline.footage.source import Source
from pipeline.listening.speech import Speech

STILLS = 6  # pictures of a shot in which nothing moves that are enough to say what stands out
FACES_ENOUGH = 0.8  # share of a shot for which one face is seen, from which what moves says nothing more
AWAY = 0.3  # seconds before and after a face is seen from which it has turned away
FACES_SEEN = 0.3  # share of a shot below which a face does not spare the look at what moves


def analyse(
    source: Source,
    start: float,
    end: float,
    content: str,
    speech: Speech,
    cache_folder: Path | None,
    progress: Callable[[float], None] = lambda done: None,
) -> Analysis:
    """Analyses [start, end) of the footage, or takes the result from the cache (None: no cache).

    content: the footage's fingerprint. progress gets seconds done. Raises Unusable when nothing decodes.
    """
    sound = blake2b(repr(speech.stretches).encode() + speech.envelope.tobytes(), digest_size=8).hexdigest()
    key = f"{content}-{source.video_stream}-{sound}-{start:.6f}-{end:.6f}-v{ANALYSIS_VERSION}"
    stored = cache.load(cache_folder, key, Analysis) if cache_folder else None
    if stored:
        progress(end - start)
        return stored
    looked = samples.look(source, start, end, progress)
    cuts = shots.exact(source, looked.cuts)
    edges = [start, *(cut for cut in cuts if start < cut < end), end]
    result = Analysis(
        shots=[_shot(source, looked, speech, a, b) for a, b in itertools.pairwise(edges)],
        speech=list(speech.stretches),
    )
    if cache_folder:
        cache.store(cache_folder, key, result)
    return result


def _shot(source: Source, looked: samples.Looked, speech: Speech, start: float, end: float) -> AnalysedShot:
    inside = [s for s in looked.samples if start - 1e-6 <= s.t < end - 1e-6]
    picture = bars.picture(source, [s.gray for s in inside])
    chains = _same_person(tracks.link([(s.t, s.faces) for s in inside]))
    found = [
        Track(
            number=number,
            kind="face",
            sightings=[
                Sighting(
                    t=t,
                    box=_box(face.box),
                    score=round(face.score, 3),
                    landmarks=[(round(x, 1), round(y, 1)) for x, y in face.landmarks],
                )
                for t, face in chain
            ],
            appearance=_appearance(chain),
        )
        for number, chain in enumerate(chains)
    ]
    longest = max((track.sightings[-1].t - track.sightings[0].t for track in found), default=0.0)
    if longest < FACES_ENOUGH * (end - start):
        moving = motion.follow(source, [(s.t, s.gray) for s in inside], picture)
        sightings = [Sighting(t=t, box=_box(box), score=round(score, 3)) for t, box, score in moving]
        if sightings and longest < FACES_SEEN * (end - start):
            found.append(Track(number=len(found), kind="motion", sightings=sightings))
        found = [_went_on(track, sightings) for track in found]
    if not found:
        still = saliency.region([s.colour for s in inside[:: max(1, len(inside) // STILLS)]], source, picture)
        if still:
            sighting = Sighting(t=inside[0].t, box=_box(still[0]), score=round(still[1], 3))
            found.append(Track(number=0, kind="salient", sightings=[sighting]))
    # the first look after a cut has nothing before it in this shot to have moved from
    mouths = {n: [(t, m) for _, face in chain for t, m in face.mouth if t < end] for n, chain in enumerate(chains)}
    from pipeline.analysis import speakers  # here: it brings scipy, which other commands need not wait for

    turns = speakers.turns(speech, mouths, start, end)
    return AnalysedShot(
        start=start, end=end, picture=picture, tracks=found, turns=turns,
        overlap=round(speakers.overlap(speech, mouths, start, end), 3),
    )  # fmt: skip


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
    middle = face.box.x + face.box.width / 2
    return thing.box.x - face.box.width < middle < thing.box.right + face.box.width and (
        thing.box.y - face.box.height < face.box.y < thing.box.bottom
    )


def _head(moving: list[Sighting], face: Sighting) -> list[Sighting]:
    """A head of a face's size at the top of what moves, at each moment."""
    width, height = face.box.width, face.box.height
    return [
        Sighting(
            t=m.t,
            box=Box(x=m.box.x + (m.box.width - width) / 2, y=m.box.y, width=width, height=height),
            score=round(m.score * face.score, 3),
        )
        for m in moving
    ]


def _same_person(chains: list[tracks.Chain]) -> list[tracks.Chain]:
    """Chains of one shot that surely are one person, who was lost for longer than a track is kept, joined."""
    seen = [people.Seen(_appearance(chain), 0, chain[0][0], chain[-1][0]) for chain in chains]
    joined: dict[int, tracks.Chain] = {}
    for chain, person in zip(chains, people.identify(seen), strict=True):
        key = person.number if person.sure else -1 - len(joined)
        joined[key] = sorted([*joined.get(key, []), *chain], key=lambda one: one[0])
    return list(joined.values())


def _appearance(chain: tracks.Chain) -> list[float]:
    return people.average([face.appearance for _, face in chain if face.appearance is not None])


def _box(box: faces.Rectangle) -> Box:
    x, y, width, height = (round(value, 1) for value in box)
    return Box(x=x, y=y, width=max(width, 0.1), height=max(height, 0.1))
