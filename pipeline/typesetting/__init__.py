"""Fonts, measuring, wrapping and drawing of type: one measure for captions and graphics."""

from pipeline.typesetting.drawing import LEADING, LIGHT_TYPE, lay, write
from pipeline.typesetting.fonts import FALLBACKS, Fonts, Weight, called, chain
from pipeline.typesetting.shaping import borrowed, missing, right_to_left, width
from pipeline.typesetting.wrapping import broken, fit, keeps_together, wrap

__all__ = [
    "FALLBACKS", "LEADING", "LIGHT_TYPE", "Fonts", "Weight", "borrowed", "broken", "called", "chain", "fit", "keeps_together", "lay", "missing",
    "right_to_left", "width", "wrap", "write",
]  # fmt: skip
