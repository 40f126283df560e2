"""Everything that can be drawn over the picture: one file a kind, each in this list. A kind's keys, which presets, briefs
and plans are checked by, are its model in presets/graphics.py."""

from typing import Any

from pipeline.graphics.kinds.caption import CaptionKind
from pipeline.graphics.kinds.chapter import ChapterKind
from pipeline.graphics.kinds.end_card import EndCardKind
from pipeline.graphics.kinds.kind import GraphicKind
from pipeline.graphics.kinds.lower_third import LowerThirdKind
from pipeline.graphics.kinds.mark import MarkKind
from pipeline.graphics.kinds.partner_line import PartnerLineKind
from pipeline.graphics.kinds.progress import ProgressKind
from pipeline.graphics.kinds.quote import QuoteKind
from pipeline.graphics.kinds.title_card import TitleCardKind
from pipeline.graphics.layers import Graphic, animated
from pipeline.graphics.look import Look
from pipeline.plan import Plan
from presets.graphics import Placed

# what lies over what, the lowest first
KINDS: tuple[GraphicKind[Any], ...] = (
    TitleCardKind(), QuoteKind(), MarkKind(), PartnerLineKind(), ProgressKind(), ChapterKind(), LowerThirdKind(),
    CaptionKind(), EndCardKind(),
)  # fmt: skip
_LAYERS = {kind.model: number for number, kind in enumerate(KINDS)}


def kind_of(graphic: Placed) -> GraphicKind[Any]:
    return KINDS[_LAYERS[type(graphic)]]


def is_shown(graphic: Placed, look: Look) -> bool:
    """Whether a graphic has time and something to show."""
    return graphic.end > graphic.start and kind_of(graphic).has_content(graphic, look)


def draw(plan: Plan, look: Look) -> list[Graphic]:
    """The plan's graphics as MoviePy clips with masks, the lowest first, at the size of the look's canvas.

    One that has nothing to show, or no time to show it in, is left out. Raises WrongUse for what cannot be drawn.
    """
    shown = sorted((g for g in plan.graphics if is_shown(g, look)), key=lambda g: _LAYERS[type(g)])
    return [animated(drawing, look.canvas.scale) for g in shown for drawing in kind_of(g).draw(g, look, shown)]
