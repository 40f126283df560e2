"""When each graphic is on screen, as plain data."""

from pipeline.brief import Brief
from pipeline.graphics import text
from pipeline.graphics.draw import address
from presets import Preset
from presets.graphics import Caption, EndCard, LowerThird, Mark, PlacedGraphic, TitleCard

SHORTEST = 1.0  # seconds for which a name must be readable to be shown at all
PAUSE = 0.3  # seconds between the title and a name, and between two names
SHORT_LINK = (
    200  # characters in the code: up to QR version 10, whose modules are 7 pixels and scan in every reader tried
)


def schedule(brief: Brief, preset: Preset, captions: list[Caption], shown: float, tail: float) -> list[PlacedGraphic]:
    """All graphics of an episode whose footage lasts `shown` seconds and whose end card lasts `tail` seconds.

    A name comes when the brief says, or as soon as the title is gone; names never share the screen with each other
    or with the title.
    """
    placed: list[PlacedGraphic] = []
    if preset.mark.on and preset.series.name:
        placed.append(Mark(start=0, end=shown))
    free = 0.0
    if preset.title_card.on and (brief.title or brief.number is not None):
        free = min(preset.title_card.seconds, shown)
        placed.append(TitleCard(start=0, end=free, number=brief.number, title=brief.title))
        free += PAUSE
    if preset.lower_third.on:
        for person in sorted(brief.people, key=lambda p: p.at if p.at is not None else 0.0):
            start = max(free, person.at or 0.0)
            end = min(start + preset.lower_third.seconds, shown)
            if end - start >= SHORTEST:
                placed.append(
                    LowerThird(start=start, end=end, name=person.name, role=person.role, side=person.side or "left")
                )
                free = end + PAUSE
    placed += captions
    if tail > 0:
        placed.append(EndCard(start=shown, end=shown + tail, link=brief.link))
    return placed


def notes(brief: Brief, preset: Preset, placed: list[PlacedGraphic]) -> list[str]:
    """Sentences for the editor: people who found no time on screen, a long link, characters that no font has."""
    named = {g.name for g in placed if isinstance(g, LowerThird)}
    absent = [person.name for person in brief.people if preset.lower_third.on and person.name not in named]
    sentences = [f"{name} is not named on screen: the footage ends too soon; give an earlier time." for name in absent]
    if any(isinstance(g, EndCard) and g.link and len(address(g.link)) > SHORT_LINK for g in placed):
        sentences.append(
            f"The link has more than {SHORT_LINK} characters and makes a fine-grained QR code; shorten it."
        )
    for graphic in placed:
        for written, font in _written(graphic, preset):
            if lacking := text.missing(written, font):
                sentences.append(f"«{written}» at {graphic.start:.1f} s is shown without {lacking}: no font has it.")
    return sentences


def _written(graphic: PlacedGraphic, preset: Preset) -> list[tuple[str, str]]:
    """What a graphic says, as (text, font)."""
    match graphic:
        case Caption():
            said = " ".join(word.text for line in graphic.lines for word in line)
            return [(said, preset.type.medium)]
        case TitleCard():
            return [(f"{preset.title_card.word} {graphic.title}", preset.type.bold)]
        case LowerThird():
            return [(graphic.name, preset.type.bold), (graphic.role, preset.type.medium)]
        case Mark():
            return [(preset.series.name, preset.type.bold)]
        case EndCard():
            return [(preset.end_card.text, preset.type.bold), (preset.series.partners, preset.type.medium)]
        case _:
            return []
