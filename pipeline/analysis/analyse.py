"""What is in a range of footage, shot by shot: subjects and who speaks, from what was seen and heard of it."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

from basis import cache
from basis.notes import Note
from basis.spans import Span, clip, length, without
from basis.tools import USUAL, Tools
from pipeline.analysis import speakers, tracks
from pipeline.analysis.analysers import FINDERS, bars, cuts, dissolves, facecam, people
from pipeline.analysis.look import Looked, within
from pipeline.analysis.types import ANALYSIS_VERSION, AnalysedShot, Analysis, Sighting, Track
from pipeline.analysis.view import ShotView
from pipeline.footage.source import Loss, Source
from pipeline.footage.stream import HOLE
from pipeline.listening.speech import Speech

DAMAGED = "damaged-footage"  # code of the notes below
LOOK_THERE = "look at the episode there, or copy the footage again"
MOST_TOLD = 4  # losses of a file that have a note each


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
    faded = _faded(source, looked, exact)
    edges = sorted({looked.start, *(cut for cut in [*exact, *faded] if looked.start < cut < looked.end), looked.end})
    return Analysis(
        shots=facecam.settled([_shot(source, looked, speech, a, b) for a, b in itertools.pairwise(edges)]),
        speech=list(speech.stretches),
        losses=[replace(loss, start=round(loss.start, 3), end=round(loss.end, 3)) for loss in looked.losses],
        dissolves=[round(t, 3) for t in faded],
    )


def _faded(source: Source, looked: Looked, exact: Sequence[float]) -> list[float]:
    """Footage seconds, on frames, in the middle of fades that leave no shot too short beside them."""
    rate = float(source.average_rate)
    middles = [round(t * rate) / rate for t in dissolves.find(looked.times, looked.pictures[1], exact)]
    kept: list[float] = []
    for t in middles:
        others = [looked.start, looked.end, *exact, *kept]
        if min(abs(t - other) for other in others) >= cuts.SHORTEST_SHOT:
            kept.append(t)
    return kept


def notes(file: Path, analysis: Analysis, shift: float, removed: Sequence[Span]) -> list[Note]:
    """What an editor should know of a file's picture.

    shift: seconds from the file's time to the episode's where nothing is removed; removed: footage seconds not shown.
    """
    spans = [(loss, without([(loss.start, loss.end)], removed)) for loss in analysis.losses]
    shown = [(loss, parts[0][0]) for loss, parts in spans if parts]
    lost = damage(file, [(loss, first + shift - length(clip(removed, 0.0, first))) for loss, first in shown])
    faded = [t for t in analysis.dissolves if not any(a <= t < b for a, b in removed)]
    return [*lost, *(_dissolve(file, t, t + shift - length(clip(removed, 0.0, t))) for t in faded)]


def damage(file: Path, losses: Sequence[tuple[Loss, float]]) -> list[Note]:
    """Notes of what is lost of a file's picture; losses: each with the episode second from which it is seen."""
    told = [(f"The picture of {file.name} {_damage(loss)}; {LOOK_THERE}.", at) for loss, at in losses]
    if len(told) > MOST_TOLD:
        first, last = losses[0][0], losses[-1][0]
        text = f"is damaged in {len(told)} places between {first.start:.2f} and {last.end:.2f} s"
        told = [(f"The picture of {file.name} {text}; {LOOK_THERE}.", told[0][1])]
    return [Note(code=DAMAGED, text=text, at=round(at, 3), level="warning") for text, at in told]


def _damage(loss: Loss) -> str:
    if loss.why == HOLE:
        return f"stands still from {loss.start:.2f} to {loss.end:.2f} s: {loss.why}"
    return f"is damaged between {loss.start:.1f} and {loss.end:.1f} s"


def _dissolve(file: Path, t: float, at: float) -> Note:
    text = f"One shot fades into the next at {t:.2f} s of {file.name}: the framing changes in the middle of the fade."
    return Note(code="dissolve", text=text, at=round(at, 3))


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
    return AnalysedShot(
        start=start, end=end, picture=picture, tracks=subjects, turns=turns, overlap=overlap,
        facecams=facecam.find(shot, subjects),
    )  # fmt: skip


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
