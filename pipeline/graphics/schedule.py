"""When each graphic is on screen, as plain data."""

from pipeline.brief import Brief
from pipeline.plan import Caption, EndCard, LowerThird, Mark, PlacedGraphic, TitleCard
from presets import Preset

SHORTEST = 1.0  # seconds for which a name must be readable to be shown at all
PAUSE = 0.3  # seconds between the title and a name, and between two names


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
                placed.append(LowerThird(start=start, end=end, name=person.name, role=person.role, side=person.side or "left"))
                free = end + PAUSE
    placed += captions
    if tail > 0:
        placed.append(EndCard(start=shown, end=shown + tail, link=brief.link))
    return placed
