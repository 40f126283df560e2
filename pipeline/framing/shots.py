"""Analysis -> shots of the plan: every layout's options are weighed, the best is built, an editor's wish comes first.

All scores are kept, so that an editor sees the runner-up.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from basis.errors import WrongUse
from basis.notes import Note
from basis.spans import Spans
from pipeline.analysis import AnalysedShot, Analysis, Sighting
from pipeline.analysis.analysers import people
from pipeline.framing.layouts import LAYOUTS
from pipeline.framing.scoring import Look, Part, Scene, weight
from pipeline.framing.subjects import KINDS, Region
from pipeline.plan import Plan, Shot, Somebody

THERE = 0.3  # seconds from a sighting within which a face counts as there
DOUBT = 0.5  # score of a shot's framing up to which the editor is asked to look


@dataclass(frozen=True)
class Wish:
    """What an editor wants to see in the shot at a footage second: "person 2", "everybody", "what moves",
    "what stands out", "split", "facecam", "fit", "left", "middle" or "right"."""

    t: float
    show: str


def frame(
    analyses: Sequence[Analysis], look: Look, wishes: Sequence[Sequence[Wish]] = (), removed: Sequence[Spans] = ()
) -> list[list[Shot]]:
    """The shots of the plan for each analysed stretch of footage, people recognised through all of them.

    wishes: of the editor, for each stretch; removed: [start, end) footage seconds of each that will be taken out, at
    which a wish ends. Raises WrongUse for a wish that cannot be met, naming what can, and for two in one shot.
    """
    framed = []
    for stretch, scenes in enumerate(_scenes(analyses, look)):
        shots: list[Shot] = []
        for scene in scenes:
            start, end = scene.shot.start, scene.shot.end
            asked = [wish for wish in wishes[stretch] if start <= wish.t < end] if wishes else []
            made = _best(scene)
            if asked:
                made = [part for shot in made for part in _parted(shot, removed[stretch] if removed else ())]
                made = [_as_wished(scene, part, asked) for part in made]
            shots += [_with_people(shot, scene) for shot in made]
        framed.append(shots)
    return framed


def with_faces(plan: Plan, analyses: Sequence[Analysis]) -> Plan:
    """The plan with the faces of its shots, which were cut since they were framed; analyses: one for each take."""
    takes = [
        take.model_copy(update={"shots": [_with_faces(shot, analysis) for shot in take.shots]})
        for take, analysis in zip(plan.takes, analyses, strict=True)
    ]
    return plan.model_copy(update={"takes": takes})


def doubts(plan: Plan) -> list[Note]:
    """A warning for each shot whose framing is little more than a guess; one for all that a shot was cut into."""
    parted = {(pause.file, pause.end) for pause in plan.pauses if not pause.kept}
    shown = [
        (take.file, shot, offset) for take, offset in zip(plan.takes, plan.offsets, strict=True) for shot in take.shots
    ]
    notes, reason = [], ""
    for number, (file, shot, offset) in enumerate(shown, 1):
        goes_on = (file, shot.start) in parted and shot.reason == reason
        if shot.scores and max(shot.scores.values()) <= DOUBT and not goes_on:
            at = shot.start + offset
            text = f"The shot at {at:.1f} s is a guess ({shot.reason}); look at it in the sheet."
            notes.append(Note(code="guess", text=text, at=round(at, 3), shot=number, level="warning"))
        reason = shot.reason
    return notes


def _scenes(analyses: Sequence[Analysis], look: Look) -> list[list[Scene]]:
    """The shots of each stretch with what is in them, the people numbered through all of them."""
    shots = [shot for analysis in analyses for shot in analysis.shots]
    faces = [
        people.Seen(track.appearance, number, track.sightings[0].t, track.sightings[-1].t)
        for number, shot in enumerate(shots)
        for track in shot.tracks
        if KINDS[track.kind].person
    ]
    persons = iter(people.identify(faces))
    return [[Scene(shot, _regions(shot, persons), look) for shot in analysis.shots] for analysis in analyses]


def _regions(shot: AnalysedShot, persons: Iterator[people.Person]) -> list[Region]:
    """Everything that the shot may be about, weightiest first; persons: who the faces are, in their order."""
    regions = []
    for track in shot.tracks:
        region = Region(track.number, KINDS[track.kind], track.sightings)
        if region.kind.person:
            person = next(persons)
            region = replace(region, person=person.number, sure=person.sure)
        regions.append(replace(region, weight=weight(region, shot)))
    return sorted(regions, key=lambda region: (-region.weight, region.number))


def _best(scene: Scene) -> list[Shot]:
    """The shot framed in the best way; of equals, the one that shows fewer people larger."""
    options = [(option, layout) for layout in LAYOUTS for option in layout.options(scene)]
    options.sort(key=lambda weighed: (-weighed[0].score, len(weighed[0].regions)))
    scores = {option.name: round(option.score, 3) for option, _ in options if option.score > 0}
    best, layout = options[0]
    return layout.build(Part(scene, scene.shot.start, scene.shot.end, best.reason, scores), best)


def _parted(shot: Shot, removed: Spans) -> list[Shot]:
    """A shot as several alike, each ending where something is taken out."""
    edges = [shot.start, *(start for start, _ in removed if shot.start < start < shot.end), shot.end]
    return [shot.model_copy(update={"start": a, "end": b}) for a, b in pairwise(edges)]


def _as_wished(scene: Scene, shot: Shot, asked: Sequence[Wish]) -> Shot:
    """A shot of the scene as the editor wants it; as it is where none of the wishes is for it."""
    shows = {wish.show for wish in asked if shot.start <= wish.t < shot.end}
    if not shows:
        return shot
    if len(shows) > 1:
        raise WrongUse(f"«{'» and «'.join(sorted(shows))}» are asked for in one shot; ask for one of them.")
    show = shows.pop()
    known = {word: build for layout in LAYOUTS for word, build in layout.wishes(scene).items()}
    if show not in known:
        can = ", ".join(sorted(known, key=lambda word: any(word in layout.NAMES for layout in LAYOUTS)))
        raise WrongUse(f"The shot at {shot.start:.2f} s of the footage cannot show «{show}»; it can show: {can}.")
    return known[show](Part(scene, shot.start, shot.end, f"{show}, as you asked"))


def _with_people(shot: Shot, scene: Scene) -> Shot:
    """A shot of the scene with everybody who is in it."""
    seen = [(region.person, region.sightings) for region in scene.regions if region.person]
    identities = {region.number: region.person for region in scene.regions if region.person}
    return shot.model_copy(update={"identities": identities, "faces": _faces(seen, shot.moment)})


def _with_faces(shot: Shot, analysis: Analysis) -> Shot:
    tracks = [t for s in analysis.shots if s.start <= shot.moment < s.end for t in s.tracks]
    seen = [(shot.identities[t.number], t.sightings) for t in tracks if t.number in shot.identities]
    return shot.model_copy(update={"faces": _faces(seen, shot.moment)})


def _faces(seen: Sequence[tuple[int, Sequence[Sighting]]], t: float) -> list[Somebody]:
    """Where each person with these sightings is about a footage second; those who are not there are left out."""
    near = [(person, min(sightings, key=lambda sighting: abs(sighting.t - t))) for person, sightings in seen]
    return [Somebody(person=person, box=sighting.box) for person, sighting in near if abs(sighting.t - t) < THERE]
