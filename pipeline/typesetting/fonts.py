"""Fonts: which are tried in which order, and what each has glyphs for."""

from functools import cache, lru_cache
from typing import Literal

from PIL import ImageFont, features

import presets

Weight = Literal["bold", "medium"]
Fonts = tuple[str, ...]  # named as in a loaded preset; the first is wanted, the next are for what it lacks

FALLBACKS = ("RobotoMedium", "fonts/DejaVuSans-Bold.ttf")  # tried after every preset's own
PROBE = 40  # pixels of type at which glyphs are compared
_MISSING = "\U0010ffff"  # no font has it: what it draws is the glyph for missing ones


def chain(type_: presets.Type, weight: Weight) -> Fonts:
    """A preset's font of a weight, then its extra ones."""
    return (type_.bold if weight == "bold" else type_.medium, *type_.extra)


def tried(fonts: Fonts) -> Fonts:
    return tuple(dict.fromkeys((*fonts, *FALLBACKS)))


def shapes() -> bool:
    """Whether Pillow orders and joins letters; without libraqm and FriBiDi it sets one after another."""
    return bool(features.check("raqm"))


def font_at(name: str, size: int) -> ImageFont.FreeTypeFont:
    """A font, named as in a loaded preset, at a size in pixels."""
    return _loaded(name, size, ImageFont.Layout.RAQM if shapes() else ImageFont.Layout.BASIC)


@cache
def has(font: str, c: str) -> bool:
    """Whether a font has a glyph for a character; one without ink counts for spaces alone."""
    probe = _loaded(font, PROBE, ImageFont.Layout.BASIC)
    glyph, none = probe.getmask(c), probe.getmask(_MISSING)
    if c.isspace():
        return glyph.getbbox() is None
    return glyph.getbbox() is not None and (glyph.size, bytes(glyph)) != (none.size, bytes(none))


@lru_cache(maxsize=128)
def _loaded(name: str, size: int, layout: ImageFont.Layout) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(presets.font_file(name)), size, layout_engine=layout)
