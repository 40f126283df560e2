"""Each placed graphic as MoviePy clips with masks, drawn at final size inside DELIVERY.md's safe areas."""

from collections.abc import Iterator

from basis.errors import WrongUse
from pipeline.graphics import captions, cards, labels
from pipeline.graphics.content import shows
from pipeline.graphics.layers import Graphic
from pipeline.plan import Plan
from presets import Preset
from presets.graphics import (
    Caption,
    Chapter,
    EndCard,
    LowerThird,
    Mark,
    PartnerLine,
    PlacedGraphic,
    Progress,
    Quote,
    TitleCard,
)  # fmt: skip

# what lies over what
ORDER = (TitleCard, Quote, Mark, PartnerLine, Progress, Chapter, LowerThird, Caption, EndCard)


def draw(plan: Plan, preset: Preset) -> list[Graphic]:
    """The plan's graphics in the order in which they lie over each other. Raises WrongUse for other shapes than 9:16.

    One that has nothing to show, or no time to show it in, is left out.
    """
    if (plan.width, plan.height) != cards.SIZE:
        wide, high = cards.SIZE
        raise WrongUse(f"Graphics are drawn for {wide}x{high}, the plan is {plan.width}x{plan.height}.")
    shown = sorted((g for g in plan.graphics if shows(g, preset)), key=lambda g: ORDER.index(type(g)))
    return [graphic for placed in shown for graphic in _drawn(placed, preset, shown)]


def _drawn(placed: PlacedGraphic, preset: Preset, shown: list[PlacedGraphic]) -> Iterator[Graphic]:
    match placed:
        case Caption():
            yield from captions.draw(placed, preset, _follows(placed, shown))
        case TitleCard():
            yield cards.title_card(placed, preset)
        case Quote():
            yield cards.quote_card(placed, preset)
        case LowerThird():
            yield labels.lower_third(placed, preset)
        case Mark():
            yield labels.mark(placed, preset)
        case PartnerLine():
            yield labels.partner_line(placed, preset)
        case Chapter():
            yield labels.chapter(placed, preset)
        case Progress():
            yield labels.progress(placed, preset)
        case EndCard():
            yield cards.end_card(placed, preset)


def _follows(caption: Caption, shown: list[PlacedGraphic]) -> bool:
    """Whether another caption was in this one's place a moment before, or this one's words in another place."""
    return any(
        isinstance(other, Caption)
        and 0 <= caption.start - other.end < captions.FOLLOWS
        and (other.middle == caption.middle or other.lines == caption.lines)
        for other in shown
    )
