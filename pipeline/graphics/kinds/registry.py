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
from pipeline.graphics.look import Look
from presets.graphics import Placed

# what lies over what, the lowest first
KINDS: tuple[GraphicKind[Any], ...] = (
    TitleCardKind(), QuoteKind(), MarkKind(), PartnerLineKind(), ProgressKind(), ChapterKind(), LowerThirdKind(),
    CaptionKind(), EndCardKind(),
)  # fmt: skip
_LAYERS = {kind.model: number for number, kind in enumerate(KINDS)}


def layer(graphic: Placed) -> int:
    """How high a graphic lies over others."""
    return _LAYERS[type(graphic)]


def kind_of(graphic: Placed) -> GraphicKind[Any]:
    return KINDS[layer(graphic)]


def is_shown(graphic: Placed, look: Look) -> bool:
    """Whether a graphic has time and something to show."""
    return graphic.end > graphic.start and kind_of(graphic).has_content(graphic, look)
