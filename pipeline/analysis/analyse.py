"""What is in a range of footage, shot by shot: subjects and who speaks, from what was seen and heard of it."""

import itertools
import math
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

from basis import cache
from basis.notes import Note
from basis.spans import Span, clip, length
from basis.tools import USUAL, Tools
from pipeline.analysis import speakers, tracks
from pipeline.analysis.analysers import FINDERS, bars, cuts, people
from pipeline.analysis.look import Looked, within
from pipeline.analysis.types import ANALYSIS_VERSION, AnalysedShot, Analysis, Sighting, Track
from pipeline.analysis.view import ShotView
from pipeline.footage.source import Source
from pipeline.listening.speech import Speech


def analyse(source: Source, looked: Looked, speech: Speech, tools: Tools = USUAL) -> Analysis:
    """Analyses a range of footage by what was seen and heard of it, or takes the result from the tools' cache folder."""
    digest = blake2b(repr(speech.stretches).encode(), digest_size=8)
    digest.update(speech.times.tobytes() + speech.envelope.tobytes())
    key = f"{looked.key}-{digest.hexdigest()}-v{ANALYSIS_VERSION}"
    return cache.kept(
        tools.cache,
        key,
        Analysis,
        lambda: _analysed(source, looked, speech),
        lambda found: _covers(found, looked.start, looked.end),
    )


def _analysed(source: Source, looked: Looked, speech: Speech) -> Analysis:
    exact = cuts.spaced(looked.found["cuts"], float(looked.times[0]))
    edges = [looked.start, *(cut for cut in exact if looked.start < cut < looked.end), looked.end]
    return Analysis(
        shots=[_shot(source, looked, speech, a, b) for a, b in itertools.pairwise(edges)],
        speech=list(speech.stretches),
        damaged=[round(t, 3) for t in looked.damaged],
    )


def notes(file: Path, analysis: Analysis, shift: float, removed: Sequence[Span]) -> list[Note]:
    """What an editor should know of a file's picture.

    shift: seconds from the file's time to the episode's where nothing is removed; removed: footage seconds not shown.
    """
    if not analysis.damaged:
        return []
    count, first = len(analysis.damaged), analysis.damaged[0]
    places = f"in {count} places, first at {first:.2f} s" if count > 1 else f"at {first:.2f} s"
    text = (
        f"The picture of {file.name} cannot be decoded {places}; look at the episode there, or copy the footage again."
    )
    at = round(first + shift - length(clip(removed, 0.0, first)), 3)
    return [Note(code="damaged-footage", text=text, at=at, level="warning")]


def _covers(analysis: Analysis, start: float, end: float) -> bool:
    """Whether an analysis is one of [start, end): its shots follow each other from there to there."""
    edges = [(shot.start, shot.end) for shot in analysis.shots]
    follow = all(math.isclose(a[1], b[0]) for a, b in itertools.pairwise(edges))
    return bool(edges) and follow and (edges[0][0], edges[-1][1]) == (start, end) and all(a < b for a, b in edges)


def _shot(source: Source, looked: Looked, speech: Speech, start: float, end: float) -> AnalysedShot:
    inside = within(looked.times, start, end)
    grays, colours = (pictures[inside] for pictures in looked.pictures)
    found = {name: [one for one in ones if within(one[0], start, end)] for name, ones in looked.found.items()}
    times, picture = looked.times[inside], bars.picture(source, grays)
    shot = ShotView(source, start, end, times, grays, colours, found, picture)
    chains = _people(shot)
    subjects = [_track(number, chain) for number, chain in enumerate(chains)]
    for find in FINDERS.values():
        subjects = find(shot, subjects)
    mouths = {number: _mouth(chain, end) for number, chain in enumerate(chains)}
    turns, overlap = speakers.turns(speech, mouths, start, end)
    overlap = round(overlap, 3)
    return AnalysedShot(start=start, end=end, picture=picture, tracks=subjects, turns=turns, overlap=overlap)


def _people(shot: ShotView) -> list[tracks.Chain]:
    """The faces of a shot linked to chains, those joined that surely are one person who was lost for a while."""
    faces = itertools.groupby(shot.found["faces"], key=lambda one: one[0])
    at = {t: [face for _, face in those] for t, those in faces}
    chains = tracks.link([(t, at.get(t, [])) for t in shot.times.tolist()])
    seen = [people.Seen(_appearance(chain), 0, chain[0][0], chain[-1][0]) for chain in chains]
    joined: dict[int, tracks.Chain] = {}
    for chain, person in zip(chains, people.identify(seen), strict=True):
        key = person.number if person.sure else -1 - len(joined)
        joined[key] = sorted([*joined.get(key, []), *chain], key=lambda one: one[0])
    return list(joined.values())


def _track(number: int, chain: tracks.Chain) -> Track:
    sightings = [Sighting.rounded(t, face.box, face.score, face.landmarks) for t, face in chain]
    return Track(number=number, kind="face", sightings=sightings, appearance=_appearance(chain))


def _appearance(chain: tracks.Chain) -> list[float]:
    return people.average([face.appearance for _, face in chain])


def _mouth(chain: tracks.Chain, end: float) -> list[tuple[float, float]]:
    """(footage second, movement) of a mouth in order; where two blocks meet both may have seen it move."""
    moves: list[tuple[float, float]] = []
    for t, moved in (pair for _, face in chain for pair in face.mouth):
        # the first look after a cut has nothing before it in this shot to have moved from
        if t < end and (not moves or t > moves[-1][0]):
            moves.append((t, moved))
    return moves
