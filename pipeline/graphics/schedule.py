"""When each graphic is on screen, as plain data."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.brief import Brief, Person
from pipeline.captions.cues import spread
from pipeline.graphics import text
from pipeline.graphics.cards import address
from pipeline.graphics.content import written
from pipeline.graphics.onscreen import OnScreen
from pipeline.plan import Plan
from presets import Preset
from presets.graphics import (
    FOREVER,
    Caption,
    EndCard,
    LowerThird,
    Mark,
    PartnerLine,
    PlacedGraphic,
    Progress,
    Quote,
    TitleCard,
)

SHORTEST = 1.0  # seconds for which a name must be readable to be shown at all
PAUSE = 0.3  # seconds between the title and a name, and between two names
SETTLED = 0.2  # seconds after somebody comes on screen at which the name comes
SHORT_LINK = (
    200  # characters in the code: up to QR version 10, whose modules are 7 pixels and scan in every reader tried
)


@dataclass(frozen=True)
class Presence:
    """[start, end) in episode seconds during which a person is on screen, and recognisable."""

    person: int
    start: float
    end: float


def schedule(
    brief: Brief, preset: Preset, captions: list[Caption], plan: Plan, faces: Sequence[OnScreen]
) -> list[PlacedGraphic]:
    """All graphics of an episode, with no places yet.

    A name comes when the brief says, or when its person is first seen and the title is gone; names never share the
    screen with each other or with a card, and go when their person does.
    """
    shown = plan.footage_seconds
    placed: list[PlacedGraphic] = []
    if preset.mark.on and (preset.series.name or preset.series.mark):
        placed.append(Mark(start=0, end=shown))
    if preset.mark.partners and preset.series.partners:
        placed.append(PartnerLine(start=0, end=shown))
    if preset.progress.on:
        placed.append(Progress(start=0, end=shown))
    if preset.title_card.on and (brief.title or brief.number is not None):
        end = min(preset.title_card.seconds, shown)
        placed.append(TitleCard(start=0, end=end, number=brief.number, title=brief.title))
    wanted = [*preset.graphics, *brief.graphics]
    placed += [_timed(g.model_copy(update={"end": min(g.end, shown)})) for g in wanted if g.start < shown]
    if preset.lower_third.on:
        cards = [(g.start, g.end) for g in placed if isinstance(g, TitleCard | Quote | LowerThird)]
        placed += _names(brief.people, preset, cards, shown, _presences(plan, faces), _sides(plan))
    placed += captions
    if plan.duration > shown:
        placed.append(EndCard(start=shown, end=plan.duration, link=brief.link, following=brief.following))
    return placed


def _timed(graphic: PlacedGraphic) -> PlacedGraphic:
    """A caption that was given as text with its words one after the other; anything else as it is."""
    if not isinstance(graphic, Caption):
        return graphic
    words = [word for line in graphic.lines for word in line]
    if len({(word.start, word.end) for word in words}) > 1 or not words:
        return graphic
    times = iter(spread([word.text for word in words], [(graphic.start, max(graphic.start, graphic.end))]))
    lines = [
        [word.model_copy(update={"start": a, "end": b}) for word, (a, b) in zip(line, times, strict=False)]
        for line in graphic.lines
    ]
    return graphic.model_copy(update={"lines": lines})


def _names(
    people: list[Person], preset: Preset, cards: list[tuple[float, float]], shown: float, seen: list[Presence],
    sides: list[tuple[int, int]],
) -> list[PlacedGraphic]:  # fmt: skip
    """A lower third for each person who has a time on screen."""
    who = _identities(people, seen, sides)
    taken = [*cards]
    found: list[PlacedGraphic] = []
    first = {p.person: p.start for p in reversed(seen)}
    for number, person in sorted(
        enumerate(people),
        key=lambda item: item[1].at if item[1].at is not None else first.get(who.get(item[0], 0), 0.0),
    ):
        if person.at is not None or number not in who:
            spans = [(person.at or 0.0, shown)]
        else:
            spans = [(p.start + SETTLED, p.end) for p in seen if p.person == who[number]]
        seconds = preset.lower_third.seconds
        for begin, until in spans:
            start = _free(begin, taken)
            end = min(start + seconds, until, shown, *(a - PAUSE for a, _ in taken if a > start))
            if end - start >= SHORTEST:
                found.append(LowerThird(start=start, end=end, name=person.name, role=person.role, side=person.side))
                taken.append((start, end))
                break
    return found


def _free(start: float, taken: list[tuple[float, float]]) -> float:
    """The first time from `start` on at which a name can come: not during a card or a name, nor right after one."""
    for a, b in sorted(taken):
        if a - PAUSE - SHORTEST < start < b + PAUSE:
            start = b + PAUSE
    return start


def _identities(people: list[Person], seen: list[Presence], sides: list[tuple[int, int]]) -> dict[int, int]:
    """Which person on screen each person of the brief is, by place in the brief.

    As numbered in the brief; else by side, where two are seen at once; else in the order of being seen.
    """
    who = {number: person.person for number, person in enumerate(people) if person.person is not None}
    for number, person in enumerate(people):
        if number not in who and person.side and person.at is None:
            at = 0 if person.side == "left" else 1
            free = [pair[at] for pair in sides if pair[at] not in who.values()]
            if free:
                who[number] = free[0]
    order = list(dict.fromkeys(p.person for p in seen))
    for number, person in enumerate(people):
        free = [identity for identity in order if identity not in who.values()]
        if number not in who and person.at is None and free:
            who[number] = free[0]
    return who


def _sides(plan: Plan) -> list[tuple[int, int]]:
    """(who is leftmost, who is rightmost) of each shot with two people or more."""
    found = []
    for take in plan.takes:
        for shot in take.shots:
            across = sorted(shot.faces, key=lambda somebody: somebody.box.x + somebody.box.width / 2)
            if len(across) > 1:
                found.append((across[0].person, across[-1].person))
    return found


def _presences(plan: Plan, faces: Sequence[OnScreen]) -> list[Presence]:
    """When each person is on screen for long enough to be named, in order of time; a cut between two shots that both
    show somebody does not part them."""
    rate = float(plan.frame_rate)
    frames: dict[int, set[int]] = {}
    for face in faces:
        if face.person is not None:
            frames.setdefault(face.person, set()).update(face.frames[face.whole].tolist())
    found = []
    for person, numbers in frames.items():
        run = np.array(sorted(numbers))
        breaks = np.flatnonzero(np.diff(run) > rate * PAUSE)
        for part in np.split(run, breaks + 1):
            if len(part) >= (SHORTEST + SETTLED) * rate:
                found.append(Presence(person, part[0] / rate, (part[-1] + 1) / rate))
    return sorted(found, key=lambda p: (p.start, p.person))


def notes(brief: Brief, preset: Preset, placed: Sequence[PlacedGraphic], shown: float = FOREVER) -> list[str]:
    """Sentences for the editor: what found no time on screen, a long link, characters that no font has.

    shown: episode seconds until the footage ends.
    """
    named = {g.name for g in placed if isinstance(g, LowerThird)}
    absent = [person.name for person in brief.people if preset.lower_third.on and person.name not in named]
    sentences = [
        f"{name} is not named on screen: nobody is seen long enough, or the footage ends too soon; "
        "say when, or which person of the sheet it is."
        for name in absent
    ]
    sentences += [
        f"The {g.kind.replace('_', ' ')} from {g.start:g} to {g.end:g} s is not shown: "
        + ("it ends before it begins." if g.start < shown else f"the footage ends at {shown:.1f} s.")
        for g in (*preset.graphics, *brief.graphics)
        if g.start >= shown or g.end <= g.start
    ]
    if any(isinstance(g, EndCard) and g.link and len(address(g.link)) > SHORT_LINK for g in placed):
        sentences.append(
            f"The link has more than {SHORT_LINK} characters and makes a fine-grained QR code; shorten it."
        )
    for graphic in placed:
        for said, weight in written(graphic, preset):
            if lacking := text.missing(said, text.chain(preset.type, weight)):
                sentences.append(f"«{said}» at {graphic.start:.1f} s is shown without {lacking}: no font has it.")
    return sentences
