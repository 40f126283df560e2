"""Analysis -> Plan: which layout each shot gets, whom it shows, when it cuts to a speaker, and why.

Every way to frame a shot is scored by the share of what matters that it shows, whole and large enough to read; the
best one is taken and all scores are kept, so that an editor sees the runner-up.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from basis.boxes import Box
from basis.errors import WrongUse
from basis.spans import Spans
from pipeline.analysis import AnalysedShot, Analysis, Track
from pipeline.analysis.analysers import people
from pipeline.framing import camera
from pipeline.framing.camera import Aim, boxes, extent, usual
from pipeline.plan import Knot, Layout, Pane, Shot, Somebody
from presets import Framing

EYES = 0.34  # height of the eyes in the crop, DELIVERY.md: 0.22 to 0.45
SPLIT_EYES = 0.38  # the same in one half of a split
SPLIT_FACE = 0.3  # of a half's height, to which its face is enlarged where the footage has the pixels
SPLIT_LARGEST = 0.5  # of a half's height that a face may have, when that keeps the other person out of it
THING_HEIGHT = 0.6  # of the crop, to which something that moves is enlarged where the footage has the pixels
VERTICAL = 1.02  # times the output's shape, up to which footage has no sides to choose from
SAFE_WIDTH = 0.92  # of the crop that a group may fill
LOOSE = 0.3  # of the preset's eagerness for what moves: where exactly it is, is less sure than for a face
FASTEST = 1.4  # crop widths a second; a face that goes faster is shown in the whole picture
RUSH = 0.1  # of a shot that may be faster
SEEN = 0.3  # share of a shot in which a subject must be seen
IMPORTANT = 0.5  # of the weightiest face's weight, from which a face counts as a subject
CROWD = 4  # faces from which a still look at some of them is an answer
ASIDE = 0.3  # of its weight that a face at the picture's edge loses
LEGIBLE = 0.1  # of the output's height, from which a face can be read; DELIVERY.md has no figure, this is ours
WHOLE = 0.97  # share of the time that a group must fit into the crop
# How good a layout is, apart from what it shows: a split halves everybody, a fit has most of the screen blurred.
SPLIT_VALUE, FIT_VALUE, CUT_VALUE = 0.85, 0.55, 0.95
OVERLAP_COST = 1.2  # off a cut's value for talking at the same time
BARGING = 0.1  # share of the speech for which people may talk at once in any talk (and what is heard wrongly as such)
HASTE = 2.5  # seconds between cuts, on average, below which cutting gets restless
NEAR = 0.3  # seconds from a moment at which a face still counts as there
PAUSE = 0.6  # seconds between two stretches of the same speaker that are one turn
LEAST_SEGMENT = 0.7  # seconds that one person's picture must last between cuts

SPEAKER = "cut to the speaker"  # its name among the scores
PLACES = {"left": 0.0, "middle": 0.5, "right": 1.0}  # of the room that a still crop has in the picture

NONE: dict[str, float] = {}  # no scores: nothing was weighed

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Look:
    """Size of the output in pixels and the preset's framing habits."""

    width: int
    height: int
    habits: Framing = field(default_factory=Framing)

    @property
    def aspect(self) -> float:
        return self.width / self.height

    def upscale(self, picture: Box) -> float:
        """The largest enlargement: the preset's, or what filling the screen with the picture's height takes anyway."""
        return max(self.habits.max_upscale, self.height / picture.height)


@dataclass(frozen=True)
class Subject:
    """A track, the number of the person (None: a thing), whether that identity is sure, and how much it matters."""

    track: Track
    person: int | None
    sure: bool
    weight: float

    @property
    def name(self) -> str:
        if self.person is None:
            return "what moves" if self.track.kind == "motion" else "what stands out"
        return f"person {self.person}" + ("" if self.sure else "?")


@dataclass(frozen=True)
class Segment:
    """[start, end) of a shot that shows one speaker."""

    start: float
    end: float
    subject: Subject


@dataclass(frozen=True)
class Option:
    """One way to frame a shot: its name in the scores, its score, why, the layout, the subjects and the cuts inside."""

    name: str
    score: float
    reason: str
    layout: Layout
    subjects: Sequence[Subject] = ()
    segments: Sequence[Segment] = ()


@dataclass(frozen=True)
class Wish:
    """What an editor wants to see in the shot at a footage second: "person 2", "everybody", "what moves",
    "what stands out", "split", "fit" or a PLACE."""

    t: float
    show: str


def frame(
    analyses: Sequence[Analysis], look: Look, wishes: Sequence[Sequence[Wish]] = (), gone: Sequence[Spans] = ()
) -> list[list[Shot]]:
    """The shots of the plan for each analysed stretch of footage, people recognised through all of them.

    wishes: of the editor, for each stretch; gone: [start, end) footage seconds of each that will be taken out, at which
    a wish ends. Raises WrongUse for a wish that cannot be met, naming what can, and for two in one shot.
    """
    faces = [
        (take, number, track)
        for take, analysis in enumerate(analyses)
        for number, shot in enumerate(analysis.shots)
        for track in shot.tracks
        if track.kind == "face"
    ]
    seen = [
        people.Seen(track.appearance, take * 100_000 + shot, track.sightings[0].t, track.sightings[-1].t)
        for take, shot, track in faces
    ]
    known = {
        (take, shot, track.number): person
        for (take, shot, track), person in zip(faces, people.identify(seen), strict=True)
    }
    result = []
    for take, analysis in enumerate(analyses):
        shots: list[Shot] = []
        for number, shot in enumerate(analysis.shots):
            subjects = _subjects(shot, {t.number: known.get((take, number, t.number)) for t in shot.tracks})
            made = _frame_shot(shot, [s for s in subjects if _matters(s.track, shot)], look)
            asked = [wish for wish in wishes[take] if shot.start <= wish.t < shot.end] if wishes else []
            if asked and gone:
                made = [part for m in made for part in _parted(m, gone[take])]
            for m in made:
                if len(shows := {wish.show for wish in asked if m.start <= wish.t < m.end}) > 1:
                    raise WrongUse(f"«{'» and «'.join(sorted(shows))}» are asked for in one shot; ask for one of them.")
            for wish in asked:
                made = [_wished(shot, m, subjects, wish, look) if m.start <= wish.t < m.end else m for m in made]
            identities = {s.track.number: s.person for s in subjects if s.person}
            shots += [
                m.model_copy(update={"identities": identities, "faces": _faces(subjects, m.moment)}) for m in made
            ]
        result.append(shots)
    return result


def _faces(subjects: Sequence[Subject], t: float) -> list[Somebody]:
    """Everybody whose face is seen about a moment."""
    near = [(s.person, min(s.track.sightings, key=lambda sighting: abs(sighting.t - t))) for s in subjects if s.person]
    return [Somebody(person=person, box=seen.box) for person, seen in near if abs(seen.t - t) < NEAR]


def _parted(shot: Shot, gone: Spans) -> list[Shot]:
    """A shot as several alike, each ending where something is taken out."""
    edges = [shot.start, *(start for start, _ in gone if shot.start < start < shot.end), shot.end]
    return [shot.model_copy(update={"start": a, "end": b}) for a, b in pairwise(edges)]


def _wished(shot: AnalysedShot, made: Shot, subjects: list[Subject], wish: Wish, look: Look) -> Shot:
    """The shot as the editor wants it."""
    reason, start, end = f"{wish.show}, as you asked", made.start, made.end
    people_here = [s for s in subjects if s.track.kind == "face"]
    named = {f"person {s.person}": [s] for s in reversed(people_here)} | {s.name: [s] for s in subjects if not s.person}
    if len(people_here) > 1:
        named["everybody"] = people_here
    if wish.show in named:
        return _crop(shot, start, end, look, named[wish.show], reason)
    if wish.show == "fit":
        return _fit(shot, start, end, look, subjects, reason)
    if wish.show == "split" and len(people_here) > 1:
        return _halves(shot, start, end, look, _left_to_right(people_here[:2]), 0.5, reason)
    if wish.show in PLACES:
        whole = _crop(shot, start, end, look, [], reason)
        pane = whole.panes[0]
        x = shot.picture.x + PLACES[wish.show] * (shot.picture.width - pane.width)
        held = pane.model_copy(update={"path": [Knot(t=start, x=round(x, 2), y=pane.path[0].y)]})
        return whole.model_copy(update={"panes": [held]})
    can = [*named, *(["split"] if len(people_here) > 1 else []), "fit", *PLACES]
    raise WrongUse(
        f"The shot at {start:.2f} s of the footage cannot show «{wish.show}»; it can show: {', '.join(can)}."
    )


def _subjects(shot: AnalysedShot, known: dict[int, people.Person | None]) -> list[Subject]:
    """Everything that the shot may be about, weightiest first."""
    subjects = []
    for track in shot.tracks:
        person = known[track.number]
        weight = _weight(track, shot)
        subjects.append(Subject(track, person.number if person else None, bool(person and person.sure), weight))
    return sorted(subjects, key=lambda s: (-s.weight, s.track.number))


def _matters(track: Track, shot: AnalysedShot) -> bool:
    """Whether a subject is there long enough to be framed, or speaks."""
    return track.kind == "salient" or _presence(track, shot) >= SEEN or _speech(track, shot) > 0


def _frame_shot(shot: AnalysedShot, subjects: list[Subject], look: Look) -> list[Shot]:
    options = sorted(_options(shot, subjects, look), key=lambda option: -option.score)
    best = options[0]
    scores = {option.name: round(option.score, 3) for option in options if option.score > 0}
    match best.layout:
        case "fit":
            return [_fit(shot, shot.start, shot.end, look, best.subjects, best.reason, scores)]
        case "split":
            return _split(shot, look, best, scores)
        case _ if best.segments:
            return _cut(shot, look, best, scores)
        case _:
            return [_watchable(shot, shot.start, shot.end, look, best.subjects, best.reason, scores)]


def _options(shot: AnalysedShot, subjects: list[Subject], look: Look) -> list[Option]:
    """Every way to frame the shot that makes sense."""
    picture = shot.picture
    if _is_vertical(picture, look):
        return [Option("hold", 1.0, "the footage is already vertical", "hold", subjects[:1])]
    faces = [s for s in subjects if s.track.kind == "face"]
    if not faces:
        return _without_faces(subjects)
    first, subjects = faces[0], faces
    important = [s for s in subjects if s.weight >= IMPORTANT * first.weight]
    segments = _segments(shot, subjects, look.habits)
    speakers = {segment.subject.track.number: segment.subject for segment in segments}
    important += [s for number, s in speakers.items() if all(s.track.number != i.track.number for i in important)]
    options = [_alone(shot, important, speakers, look), _fit_option(shot, important, speakers, look)]
    if len(important) > 1:
        options += _several(shot, important, speakers, segments, look)
    return options


def _without_faces(things: list[Subject]) -> list[Option]:
    """What moves, else what stands out where it clearly does, else the middle; the whole picture is the last resort."""
    options = [
        Option("hold the middle", 0.45, "nobody and nothing that moves was found: the middle is held", "hold"),
        Option("fit", 0.4, "the whole picture shows everything", "fit"),
    ]
    for thing in things[:1]:
        sure = float(np.mean([s.score for s in thing.track.sightings]))
        if thing.track.kind == "motion":
            why = "no face, so the camera follows what moves"
            options.append(Option(f"follow {thing.name}", 0.6 + 0.3 * sure, why, "follow", [thing]))
        else:
            why = "nobody and nothing moves: what stands out is held"
            options.append(Option(f"hold {thing.name}", 0.35 + 0.35 * sure, why, "hold", [thing]))
    return options


def _is_vertical(picture: Box, look: Look) -> bool:
    return picture.width / picture.height <= look.aspect * VERTICAL


def _several(
    shot: AnalysedShot, important: list[Subject], speakers: dict[int, Subject], segments: list[Segment], look: Look
) -> list[Option]:
    """The ways to show more than one person."""
    options = []
    width = shot.picture.height * look.aspect
    scale = look.height / shot.picture.height
    fits = _group_fits(important, width)
    if fits >= WHOLE:
        legible = _legible(shot, important, scale, look)
        why = f"{len(important)} faces that fit side by side"
        options.append(Option("everybody in one crop", legible, why, "follow", important))
    if len(speakers) > 1:
        options.append(_cut_option(shot, segments, speakers, look))
    if len(important) == 2:
        options.append(_split_option(shot, important, speakers, segments, look))
    if _one_after_another(shot, important):
        options.append(_sequence_option(shot, important))
    if len(important) >= CROWD and look.habits.crowd == "fit":
        kept, share = _fullest_hold(important, width)
        why = f"a crowd: the {len(kept)} of {len(important)} faces that one still crop holds"
        name = f"hold {len(kept)} of {len(important)}"
        options.append(Option(name, share * _legible(shot, kept, scale, look), why, "hold", kept))
    return options


def _alone(shot: AnalysedShot, important: list[Subject], speakers: dict[int, Subject], look: Look) -> Option:
    """The one who speaks, or the weightiest face."""
    first = important[0]
    if len(speakers) == 1:
        first = next(iter(speakers.values()))
        share = 0.5 + 0.45 * _speech_share(shot, first.track) * (1 - shot.overlap)
        why = f"{first.name} is the one who speaks" if len(important) > 1 else f"{first.name} speaks"
    elif len(important) == 1:
        share, why = 1.0, f"{first.name} is the only face that matters"
    else:
        share, why = (
            first.weight / sum(s.weight for s in important),
            f"{first.name} has the largest of {len(important)} faces",
        )
        if look.habits.crowd == "largest" and len(important) > 2:
            share, why = 1.0, f"{why}, as the preset asks"
    legible = _legible(shot, [first], _crop_scale(shot.picture, look, [first]), look)
    return Option(f"{first.name} alone", share * legible, why, "follow", [first])


def _cut_option(shot: AnalysedShot, segments: list[Segment], speakers: dict[int, Subject], look: Look) -> Option:
    """Cutting to whoever speaks, worth less where they talk over each other or change too often."""
    pace = (shot.end - shot.start) / len(segments)
    value = CUT_VALUE - OVERLAP_COST * max(0.0, shot.overlap - BARGING) - max(0.0, HASTE - pace) * 0.15
    if look.habits.talk in ("split", "fit") and len(speakers) == 2:
        value *= 0.1
    elif look.habits.talk == "cut":
        value = max(value, CUT_VALUE)
    subjects = list(speakers.values())
    names = " and ".join(s.name for s in subjects) if len(subjects) == 2 else f"{len(subjects)} speakers"
    legible = _legible(shot, subjects, _crop_scale(shot.picture, look, subjects[:1]), look)
    return Option(SPEAKER, max(0.0, value) * legible, f"{names} talk in turns", "follow", subjects, segments)


def _split_option(
    shot: AnalysedShot, pair: list[Subject], speakers: dict[int, Subject], segments: list[Segment], look: Look
) -> Option:
    """Two people, one above the other."""
    pair = _left_to_right(pair)
    value = SPLIT_VALUE
    if speakers and look.habits.talk in ("cut", "fit"):
        value *= 0.1
    elif look.habits.talk == "split" and speakers:
        value = 1.0
    apart = _clear(shot, pair, look)
    why = "talk over each other" if shot.overlap > 0.2 else "talk in one shot" if speakers else "matter alike"
    legible = _legible(shot, pair, look.height / 2 / _split_height(shot, pair, look), look)
    names = f"{pair[0].name} and {pair[1].name}"
    return Option(
        "split", value * _together(pair) * apart * legible, f"{names} {why}: each gets a half", "split", pair, segments
    )


def _sequence_option(shot: AnalysedShot, subjects: list[Subject]) -> Option:
    """People who come one after another, with a cut to each as they come."""
    order = sorted(subjects, key=lambda s: s.track.sightings[0].t)
    starts = [shot.start, *(s.track.sightings[0].t for s in order[1:]), shot.end]
    segments = [Segment(a, b, s) for a, b, s in zip(starts, starts[1:], order, strict=False)]
    why = " and ".join(s.name for s in order) + " come one after another"
    seen = sum(s.track.sightings[-1].t - s.track.sightings[0].t for s in order) / (shot.end - shot.start)
    return Option("one after another", CUT_VALUE * min(1.0, seen), why, "follow", order, segments)


def _one_after_another(shot: AnalysedShot, subjects: Sequence[Subject]) -> bool:
    order = sorted(subjects, key=lambda s: s.track.sightings[0].t)
    starts = [shot.start, *(s.track.sightings[0].t for s in order[1:]), shot.end]
    return all(b - a >= LEAST_SEGMENT for a, b in zip(starts, starts[1:], strict=False)) and all(
        b.track.sightings[0].t > a.track.sightings[-1].t - NEAR for a, b in zip(order, order[1:], strict=False)
    )


def _together(subjects: Sequence[Subject]) -> float:
    """Share of the time from the first to the last sighting of any of them in which all are there."""
    starts, ends = zip(*((s.track.sightings[0].t, s.track.sightings[-1].t) for s in subjects), strict=True)
    return float(max(0.0, min(ends) - max(starts)) / max(max(ends) - min(starts), 1e-6))


def _left_to_right(subjects: Sequence[Subject]) -> list[Subject]:
    return sorted(subjects, key=lambda s: usual(s.track)[0])


def _fit_option(shot: AnalysedShot, important: list[Subject], speakers: dict[int, Subject], look: Look) -> Option:
    legible = _legible(shot, important, look.width / shot.picture.width, look)
    value = 1.0 if look.habits.talk == "fit" and speakers and len(important) > 1 else FIT_VALUE
    why = (
        "the whole picture shows everybody"
        if len(important) < 2
        else f"{len(important)} faces matter and no crop holds them all"
    )
    return Option("fit", value * legible, why, "fit", important)


def _segments(shot: AnalysedShot, subjects: list[Subject], habits: Framing) -> list[Segment]:
    """Who is shown when, if the picture goes to whoever speaks. Speech from off screen keeps the one who listens."""
    known = {s.track.number: s for s in subjects if s.track.kind == "face"}
    turns: list[tuple[float, float, int]] = []
    for turn in shot.turns:
        if turn.track not in known or turn.track is None:
            continue
        if turns and turns[-1][2] == turn.track and turn.start - turns[-1][1] < PAUSE:
            turns[-1] = (turns[-1][0], turn.end, turn.track)
        else:
            turns.append((turn.start, turn.end, turn.track))
    turns = [turn for turn in turns if turn[1] - turn[0] >= habits.minimum_turn]
    starts: list[tuple[float, int]] = []
    for begun, _, number in turns:
        if starts and starts[-1][1] == number:
            continue
        at = begun - habits.cut_ahead
        if not starts or at - shot.start < LEAST_SEGMENT:
            starts = [(shot.start, number)]
        elif shot.end - at >= LEAST_SEGMENT:
            starts.append((at, number))
    ends = [at for at, _ in starts[1:]] + [shot.end] * bool(starts)
    return [Segment(a, b, known[number]) for (a, number), b in zip(starts, ends, strict=True)]


def _presence(track: Track, shot: AnalysedShot) -> float:
    """Share of the shot between the first and the last sighting, gaps that the tracker bridged included."""
    span = track.sightings[-1].t - track.sightings[0].t + 0.2
    return min(1.0, span / (shot.end - shot.start))


def _speech(track: Track, shot: AnalysedShot) -> float:
    """Seconds for which a track speaks."""
    return sum(turn.end - turn.start for turn in shot.turns if turn.track == track.number)


def _speech_share(shot: AnalysedShot, track: Track) -> float:
    """Share of the speech whose speaker is seen that is this track's."""
    seen = sum(turn.end - turn.start for turn in shot.turns if turn.track is not None)
    return _speech(track, shot) / seen if seen else 0.0


def _weight(track: Track, shot: AnalysedShot) -> float:
    """How much a subject matters: size, how long it is seen, certainty, nearness to the middle."""
    found, scores = boxes(track), [s.score for s in track.sightings]
    size = usual(track)[3] / shot.picture.height
    off = abs(float(np.median(found[:, 0] + found[:, 2] / 2)) - shot.picture.x - shot.picture.width / 2)
    middle = 1 - ASIDE * off / (shot.picture.width / 2)
    return size * _presence(track, shot) * float(np.mean(scores)) * middle


def _legible(shot: AnalysedShot, subjects: Sequence[Subject], scale: float, look: Look) -> float:
    """How well faces can be read at an enlargement, 0 to 1: the root of their height against LEGIBLE, on average."""
    heights = [usual(s.track)[3] * scale / look.height for s in subjects]
    return float(np.mean([min(1.0, height / LEGIBLE) ** 0.5 for height in heights])) if heights else 1.0


def _group_fits(subjects: Sequence[Subject], width: float) -> float:
    """Share of the moments in which all tracks, heads whole, are together no wider than a crop of this width."""
    tracks = [s.track for s in subjects]
    times = np.unique(np.concatenate([[s.t for s in t.sightings] for t in tracks]))
    lows, highs = extent(tracks, times, 0)
    return float(np.mean(highs - lows <= width * SAFE_WIDTH))


def _fullest_hold(subjects: Sequence[Subject], width: float) -> tuple[list[Subject], float]:
    """Those that one still crop of this width holds whole all the time, weightiest choice, and their share."""
    spans = [_span(subject) for subject in subjects]
    choices = []
    for left, _ in spans:
        held = [
            s
            for s, (low, high) in zip(subjects, spans, strict=True)
            if low >= left and high <= left + width * SAFE_WIDTH
        ]
        choices.append((sum(s.weight for s in held), -left, held))
    total, _, best = max(choices, key=lambda choice: choice[:2])
    return best or [subjects[0]], total / sum(s.weight for s in subjects)


def _watchable(
    shot: AnalysedShot, start: float, end: float, look: Look, subjects: Sequence[Subject], reason: str,
    scores: dict[str, float],
) -> Shot:  # fmt: skip
    """A crop over [start, end) of the shot, unless nobody could look at how it moves."""
    made = _crop(shot, start, end, look, subjects, reason, scores)
    pane, kind = made.panes[0], subjects[0].track.kind if subjects else None
    if kind == "face" and _rush(pane) > RUSH * (end - start) and not _is_vertical(shot.picture, look):
        return _fit(shot, start, end, look, subjects, f"{reason}, too fast to follow")
    if kind == "motion" and not camera.is_calm(pane.path, shot.picture):
        reason = "what moves is too restless to follow: held where it is most of the time"
        still = replace(subjects[0], track=_usual_place(subjects[0].track))
        return _crop(shot, start, end, look, [still], reason, scores)
    return made


def _crop(
    shot: AnalysedShot, start: float, end: float, look: Look, subjects: Sequence[Subject], reason: str,
    scores: dict[str, float] = NONE,
) -> Shot:  # fmt: skip
    """One crop over [start, end) of the shot, its size constant."""
    height = look.height / _crop_scale(shot.picture, look, subjects)
    size = (height * look.aspect, height)
    onto = Box(x=0, y=0, width=look.width, height=look.height)
    pane = _pane(shot, start, end, [s.track for s in subjects], size, EYES, onto, look.habits)
    layout: Layout = "hold" if len(pane.path) == 1 else "pan" if len(pane.path) == 2 else "follow"
    return _shot(shot, start, end, layout, reason, [pane], subjects, scores)


def _rush(pane: Pane) -> float:
    """Seconds for which a crop is faster than people can look at."""
    pairs = zip(pane.path, pane.path[1:], strict=False)
    return sum(b.t - a.t for a, b in pairs if max(abs(b.x - a.x), abs(b.y - a.y)) > FASTEST * pane.width * (b.t - a.t))


def _usual_place(track: Track) -> Track:
    """A track that stands where the track is most of the time."""
    x, y, width, height = (round(v, 1) for v in usual(track))
    first = track.sightings[0].model_copy(update={"box": Box(x=x, y=y, width=width, height=height)})
    return track.model_copy(update={"sightings": [first]})


def _cut(shot: AnalysedShot, look: Look, best: Option, scores: dict[str, float]) -> list[Shot]:
    verb = "speaks" if best.name == SPEAKER else "is there"
    return [
        _watchable(shot, p.start, p.end, look, [p.subject], f"{p.subject.name} {verb} ({best.reason})", scores)
        for p in best.segments
    ]


def _fit(
    shot: AnalysedShot, start: float, end: float, look: Look, subjects: Sequence[Subject], reason: str,
    scores: dict[str, float] = NONE,
) -> Shot:  # fmt: skip
    """The whole picture over its blurred copy."""
    whole = shot.picture
    scale = min(look.width / whole.width, look.height / whole.height)
    width, height = (round(side * scale / 2) * 2 for side in (whole.width, whole.height))
    left = round((look.width - width) / 4) * 2
    top = round((look.height - height) * 0.45 / 2) * 2  # a little above the middle: captions are below
    pane = Pane(
        width=whole.width,
        height=whole.height,
        path=[Knot(t=start, x=whole.x, y=whole.y)],
        onto=Box(x=left, y=top, width=width, height=height),
    )
    return _shot(shot, start, end, "fit", reason, [pane], subjects, scores)


def _split(shot: AnalysedShot, look: Look, best: Option, scores: dict[str, float]) -> list[Shot]:
    """Two halves, the left person above; where the preset enlarges the speaker's, a cut at every change of speaker."""
    share = look.habits.split_speaker
    pair = list(best.subjects)
    if share == 0.5 or not best.segments:
        return [_halves(shot, shot.start, shot.end, look, pair, 0.5, best.reason, scores)]
    return [
        _halves(
            shot, part.start, part.end, look, pair,
            share if part.subject.track.number == pair[0].track.number else 1 - share,
            f"{best.reason}; {part.subject.name} speaks", scores,
        )
        for part in best.segments
    ]  # fmt: skip


def _halves(
    shot: AnalysedShot, start: float, end: float, look: Look, pair: list[Subject], upper: float, reason: str,
    scores: dict[str, float] = NONE,
) -> Shot:  # fmt: skip
    """The upper person in the `upper` share of the height, the lower in the rest, their eyes level in both."""
    border = round(look.height * upper / 2) * 2
    panes = []
    for subject, top, bottom in ((pair[0], 0, border), (pair[1], border, look.height)):
        onto = Box(x=0, y=top, width=look.width, height=bottom - top)
        # both at the same enlargement where their faces are alike: the taller half shows more, not larger
        height = _split_height(shot, pair, look) * (bottom - top) / (look.height / 2)
        height = min(height, shot.picture.height, shot.picture.width * onto.height / onto.width)
        size = (height * onto.width / onto.height, height)
        panes.append((subject, size, onto))
    eyes = _level(shot, panes)
    made = [
        _pane(shot, start, end, [subject.track], size, eyes, onto, look.habits, look_room=0.0)
        for subject, size, onto in panes
    ]
    return _shot(shot, start, end, "split", reason, made, pair, scores)


def _level(shot: AnalysedShot, panes: Sequence[tuple[Subject, tuple[float, float], Box]]) -> float:
    """The height of the eyes, as a share of a half, that the picture's edges allow in both."""
    lows, highs = [0.0], [1.0]
    for subject, (_, height), _ in panes:
        eyes = float(np.median(camera.eye_height(subject.track))) - shot.picture.y
        lows.append(1 - (shot.picture.height - eyes) / height)
        highs.append(eyes / height)
    least, most = max(lows), min(highs)
    return min(max(SPLIT_EYES, least), most) if least <= most else (least + most) / 2


def _split_height(shot: AnalysedShot, pair: Sequence[Subject], look: Look) -> float:
    """Source pixels high that half of a split is: the faces large, the other person outside, within the upscale limit.

    pair: from left to right.
    """
    aspect = look.width / (look.height / 2)
    largest = max(usual(s.track)[3] for s in pair)
    least = max(look.height / 2 / look.upscale(shot.picture), largest / SPLIT_LARGEST)
    height = max(least, min(largest / SPLIT_FACE, _clear_width(shot, pair) / aspect))
    return min(height, shot.picture.height, shot.picture.width / aspect)


def _clear(shot: AnalysedShot, pair: Sequence[Subject], look: Look) -> float:
    """How much of each other's face stays out of the halves, 0 to 1. pair: from left to right."""
    width = _split_height(shot, pair, look) * look.width / (look.height / 2)
    face = max(usual(s.track)[2] for s in pair)
    return 1 - float(np.clip((width - _clear_width(shot, pair)) / face, 0, 1))


def _clear_width(shot: AnalysedShot, pair: Sequence[Subject]) -> float:
    """Source pixels wide that each one's half can be through the whole shot without a piece of the other's head."""
    (low0, high0), (low1, high1) = (_span(s) for s in pair)
    left = min(low1 - shot.picture.x, 2 * low1 - (low0 + high0))
    right = min(shot.picture.right - high0, (low1 + high1) - 2 * high0)
    return max(0.0, min(left, right))


def _span(subject: Subject) -> tuple[float, float]:
    """From where to where a head reaches across the picture through the whole shot."""
    low, high = extent([subject.track], np.array([s.t for s in subject.track.sightings]), 0)
    return float(low.min()), float(high.max())


def _crop_scale(picture: Box, look: Look, subjects: Sequence[Subject]) -> float:
    """Output pixels per source pixel: the picture's whole height, or more where the footage has pixels to spare."""
    whole = max(look.height / picture.height, look.width / picture.width)
    if not subjects or subjects[0].track.kind == "salient":
        return whole
    tracks = [s.track for s in subjects]
    tallest = max(float(np.percentile(boxes(t)[:, 3], 90)) for t in tracks)
    wanted = (look.habits.face_height if tracks[0].kind == "face" else THING_HEIGHT) * look.height / tallest
    if len(tracks) > 1:
        low, high = extent(tracks, np.unique([s.t for t in tracks for s in t.sightings]), 0)
        wanted = min(wanted, SAFE_WIDTH * look.width / float((high - low).max()))
    return float(np.clip(wanted, whole, max(whole, look.habits.max_upscale)))


def _pane(
    shot: AnalysedShot, start: float, end: float, tracks: list[Track], size: tuple[float, float], eyes: float,
    onto: Box, habits: Framing, look_room: float | None = None,
) -> Pane:  # fmt: skip
    """A crop of one size that holds the tracks: in one place through the whole shot where it can be, else on a path."""
    others = [t for t in shot.tracks if t.kind == "face" and all(t.number != own.number for own in tracks)]
    ahead = habits.look_room if look_room is None else look_room
    eager = habits.follow * (LOOSE if tracks and tracks[0].kind == "motion" else 1)
    aim = Aim(tracks, shot.picture, size, eyes, eager, ahead, others)
    place = camera.still(aim, shot.start, shot.end)
    path = [Knot(t=start, x=round(place[0], 2), y=round(place[1], 2))] if place else camera.path(aim, start, end)
    return Pane(width=round(size[0], 3), height=round(size[1], 3), path=path, onto=onto)


def _shot(
    shot: AnalysedShot, start: float, end: float, layout: Layout, reason: str, panes: list[Pane],
    subjects: Sequence[Subject], scores: dict[str, float],
) -> Shot:  # fmt: skip
    return Shot(
        start=start, end=end, layout=layout, reason=reason, picture=shot.picture, panes=panes,
        subjects=[s.track.number for s in subjects], people=[s.person for s in subjects if s.person], scores=scores,
    )  # fmt: skip
