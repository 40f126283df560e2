"""When each graphic is on screen, as plain data."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from basis.data import FOREVER
from basis.notes import Note
from pipeline import typesetting
from pipeline.brief import Brief, Person
from pipeline.graphics.kinds import kind_of
from pipeline.graphics.kinds.end_card import address
from pipeline.graphics.kinds.kind import Written
from pipeline.graphics.look import Look
from pipeline.graphics.onscreen import OnScreen
from pipeline.plan import Plan
from presets import Preset
from presets.graphics import EndCard, LowerThird, Mark, PartnerLine, PlacedGraphic, Progress, Quote, TitleCard

SHORTEST_NAME = 1.0  # seconds for which a name must be readable to be shown at all
PAUSE = 0.3  # seconds between the title and a name, and between two names
SETTLED = 0.2  # seconds after somebody comes on screen at which the name comes
MOST_LETTERS = 12  # that one note names
SHORT_LINK = 200  # characters: up to QR version 10, whose modules are 7 pixels and scan in every reader tried


@dataclass(frozen=True)
class Presence:
    """[start, end) in episode seconds during which a person is on screen, and recognisable."""

    person: int
    start: float
    end: float


def schedule(brief: Brief, preset: Preset, plan: Plan, faces: Sequence[OnScreen]) -> list[PlacedGraphic]:
    """All graphics of an episode but the captions of its words, with no places yet.

    A name comes when the brief says, or when its person is first seen and the title is gone; names never share the
    screen with each other or with a card, and go when their person does.
    """
    shown = plan.footage_seconds
    wanted = [*preset.graphics, *brief.graphics]
    placed = [g.model_copy(update={"end": min(g.end, shown)}) for g in wanted if g.start < shown]
    own = {type(g) for g in placed}  # what is placed by hand is not placed again
    if preset.mark.on and (preset.series.name or preset.series.mark) and Mark not in own:
        placed.append(Mark(start=0, end=shown))
    if preset.mark.partners and preset.series.partners and PartnerLine not in own:
        placed.append(PartnerLine(start=0, end=shown))
    if preset.progress.on and Progress not in own:
        placed.append(Progress(start=0, end=shown))
    if preset.title_card.on and (brief.title or brief.number is not None) and TitleCard not in own:
        end = min(preset.title_card.seconds, shown)
        placed.append(TitleCard(start=0, end=end, number=brief.number, title=brief.title))
    if preset.lower_third.on:
        cards = [(g.start, g.end) for g in placed if isinstance(g, TitleCard | Quote | LowerThird)]
        placed += _names(brief.people, preset.lower_third.seconds, cards, shown, _presences(plan, faces), _sides(plan))
    if plan.duration > shown:
        placed.append(EndCard(start=shown, end=plan.duration, link=brief.link, following=brief.following))
    return placed


def has_end_card(brief: Brief, preset: Preset) -> bool:
    """Whether there is anything to say after the footage, and no card of one's own that says it."""
    own = any(isinstance(graphic, EndCard) for graphic in (*preset.graphics, *brief.graphics))
    says = brief.link or brief.following or preset.end_card.text or preset.end_card.following
    return preset.end_card.on and not own and bool(says or preset.series.partners or preset.series.partner_marks)


def _names(
    people: list[Person], seconds: float, cards: list[tuple[float, float]], shown: float, seen: list[Presence],
    sides: list[tuple[int, int]],
) -> list[PlacedGraphic]:  # fmt: skip
    """A lower third for each person who has a time on screen."""
    who = _identities(people, seen, sides)
    taken = [*cards]
    found: list[PlacedGraphic] = []
    first = {p.person: p.start for p in reversed(seen)}
    when = [first.get(who.get(n, 0), 0.0) if person.at is None else person.at for n, person in enumerate(people)]
    for number, person in sorted(enumerate(people), key=lambda item: when[item[0]]):
        if person.at is not None or number not in who:
            spans = [(person.at or 0.0, shown)]
        else:
            spans = [(p.start + SETTLED, p.end) for p in seen if p.person == who[number]]
        for begin, until in spans:
            start = _free(begin, taken)
            end = min(start + seconds, until, shown, *(a - PAUSE for a, _ in taken if a > start))
            if end - start >= SHORTEST_NAME:
                found.append(LowerThird(start=start, end=end, name=person.name, role=person.role, side=person.side))
                taken.append((start, end))
                break
    return found


def _free(start: float, taken: list[tuple[float, float]]) -> float:
    """The first time from `start` on at which a name can come: not during a card or a name, nor right after one."""
    for a, b in sorted(taken):
        if a - PAUSE - SHORTEST_NAME < start < b + PAUSE:
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
    rate = float(plan.clock.rate)
    frames: dict[int, set[int]] = {}
    for face in faces:
        if face.person is not None:
            frames.setdefault(face.person, set()).update(face.frames[face.whole].tolist())
    found = []
    for person, numbers in frames.items():
        run = np.array(sorted(numbers))
        breaks = np.flatnonzero(np.diff(run) > rate * PAUSE)
        for part in np.split(run, breaks + 1):
            if len(part) >= (SHORTEST_NAME + SETTLED) * rate:
                found.append(Presence(person, part[0] / rate, (part[-1] + 1) / rate))
    return sorted(found, key=lambda p: (p.start, p.person))


def notes(
    brief: Brief, preset: Preset, look: Look, placed: Sequence[PlacedGraphic], shown: float = FOREVER,
    people: Collection[int] = (),
) -> list[Note]:  # fmt: skip
    """For the editor: what found no time on screen or another one, a long link, characters that no font has.

    shown: episode seconds until the footage ends. people: the numbers of all who are seen.
    """
    named = {g.name: g.start for g in placed if isinstance(g, LowerThird)}
    wanted = brief.people if preset.lower_third.on else []
    found = [note for person in wanted for note in _named_otherwise(person, named.get(person.name), shown, people)]
    for graphic in (*preset.graphics, *brief.graphics):
        if graphic.start >= shown or graphic.end <= graphic.start:
            why = "it ends before it begins." if graphic.start < shown else f"the footage ends at {shown:.1f} s."
            kind = graphic.kind.replace("_", " ")
            text = f"The {kind} from {graphic.start:g} to {graphic.end:g} s is not shown: {why}"
            found.append(Note(code="not-shown", text=text, level="warning"))
    for card in placed:
        if isinstance(card, EndCard) and card.link and len(address(card.link)) > SHORT_LINK:
            text = f"The link has more than {SHORT_LINK} characters and makes a fine-grained QR code; shorten it."
            found.append(Note(code="long-link", text=text, at=round(card.start, 3)))
            break
    for graphic in placed:
        for line, weight in kind_of(graphic).written(graphic, look):
            if lacking := typesetting.missing(line, look.fonts(weight)):
                text = f"«{line}» at {graphic.start:.1f} s is shown without {lacking}: no font has it."
                at = round(graphic.start, 3)
                found.append(Note(code="missing-character", text=text, at=at, level="warning"))
    return found + font_notes([text for graphic in placed for text in kind_of(graphic).written(graphic, look)], look)


def font_notes(texts: Written, look: Look) -> list[Note]:
    """One note for each font that lacks letters of the texts, with the font that draws them."""
    lacking: dict[tuple[str, str], dict[str, None]] = {}
    for line, weight in dict.fromkeys(texts):
        fonts = look.fonts(weight)
        for letter, drawn in typesetting.borrowed(line, fonts).items():
            pair = typesetting.called(fonts[0]), typesetting.called(drawn)
            lacking.setdefault(pair, {})[letter] = None
    return [
        Note(code="other-font", text=f"{font} has no {_listed(sorted(letters))}: they are drawn in {drawn}.")
        for (font, drawn), letters in lacking.items()
    ]


def _listed(letters: list[str]) -> str:
    more = len(letters) - MOST_LETTERS
    return ", ".join(letters[:MOST_LETTERS]) + (f" and {more} letters more" if more > 0 else "")


def _named_otherwise(person: Person, start: float | None, shown: float, people: Collection[int]) -> list[Note]:
    """Why somebody is not named, or later than the brief says. start: when the name comes, None if it never does."""
    name, at = person.name, person.at
    if start is not None:
        if at is None or start <= at + PAUSE:
            return []
        text = f"{name} is named at {start:.1f} s instead of {at:g} s: a card or another name is on screen until then."
        return [Note(code="named-later", text=text, at=round(start, 3))]
    if person.person is not None and person.person not in people:
        known = ", ".join(map(str, sorted(people))) or "nobody"
        text = f"{name} is not named: there is no person {person.person}; the sheet has {known}."
    elif at is not None and at >= shown - SHORTEST_NAME:
        text = f"{name} is not named at {at:g} s: the footage ends at {shown:.1f} s."
    elif at is not None:
        text = f"{name} is not named: cards and other names leave no time after {at:g} s."
    else:
        text = (
            f'{name} is not named: nobody is seen long enough beside cards and other names; say when, as "{name} @ 4".'
        )
    return [Note(code="not-named", text=text, at=at, level="warning")]
