"""Fonts: which are tried in which order, and what each has glyphs for."""

import struct
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

from PIL import ImageFont, features

import presets

Weight = Literal["bold", "medium"]
Fonts = tuple[str, ...]  # named as in a loaded preset; the first is wanted, the next are for what it lacks
WEIGHTS: dict[Weight, int] = {
    "bold": 800,
    "medium": 600,
}  # of variable fonts, as of the weights of Manrope that are usual

FALLBACKS = ("RobotoMedium", "fonts/DejaVuSans-Bold.ttf")  # tried after every preset's own
PROBE = 40  # pixels of type at which glyphs are compared
_AT = "\0"  # between the name of a variable font and its weight: no file's name has it
_MISSING = "\U0010ffff"  # no font has it: what it draws is the glyph for missing ones


def chain(type_: presets.Type, weight: Weight) -> Fonts:
    """A preset's font of a weight, then its extra ones."""
    names = (type_.bold if weight == "bold" else type_.medium, *type_.extra)
    return tuple(f"{name}{_AT}{WEIGHTS[weight]}" if "wght" in _axes(name) else name for name in names)


def called(font: str) -> str:
    """What people call a font."""
    return Path(font.partition(_AT)[0]).name


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
    plain, _, weight = name.partition(_AT)
    font = ImageFont.truetype(str(presets.font_file(plain)), size, layout_engine=layout)
    if weight:
        axes = [*zip(_axes(plain), font.get_variation_axes(), strict=False)]
        least_most = ((tag, axis["minimum"] or 0, axis["default"] or 0, axis["maximum"] or 0) for tag, axis in axes)
        font.set_variation_by_axes(
            [min(max(int(weight), low), high) if tag == "wght" else usual for tag, low, usual, high in least_most]
        )
    return font


@cache
def _axes(name: str) -> tuple[str, ...]:
    """The tags of a variable font's axes in their order, none of any other font; OpenType's tables fvar and ttcf."""
    raw = presets.font_file(name).read_bytes()
    with suppress(ValueError, struct.error):  # damaged, and yet FreeType has opened it: as one without axes
        start = struct.unpack_from(">I", raw, 12)[0] if raw[:4] == b"ttcf" else 0
        for place in range(start + 12, start + 12 + 16 * struct.unpack_from(">H", raw, start + 4)[0], 16):
            tag, _, table, _ = struct.unpack_from(">4s3I", raw, place)
            if tag == b"fvar":
                first, _, count, step = struct.unpack_from(">4H", raw, table + 4)
                tags = (raw[table + first + n * step :][:4] for n in range(count))
                return tuple(tag.decode("latin-1") for tag in tags)
    return ()
