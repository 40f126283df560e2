"""Type: wrapping and shrinking by pixels, other fonts for what the first one lacks, lines from right to left."""

import math
import re
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import groupby
from typing import Literal, NamedTuple

from PIL import Image, ImageColor, ImageDraw, ImageFont, features

import presets
from pipeline.captions.readability import keeps_together

Weight = Literal["bold", "medium"]
Fonts = tuple[str, ...]  # named as in a loaded preset; the first is wanted, the next are for what it lacks

FALLBACKS = ("RobotoMedium", "fonts/DejaVuSans-Bold.ttf")  # tried after every preset's own
LEADING = 1.22  # line height in type sizes
CAPITALS = 0.72  # their height in type sizes, Manrope
LIGHT_TYPE = 0.8  # exponent of coverage: light type on dark, mixed in gamma-encoded values, looks thinner than it is
_PROBE = 40  # pixels; the size at which glyphs are compared
_MISSING = "\U0010ffff"  # no font has it: what it draws is the glyph for missing ones
_NO_BREAK = "\u00a0\u202f\u2007"  # spaces at which a line is not broken
_TOGETHER = "\u00a0"
_BREAKS_AFTER = "-‐–—/"  # where a long word is broken without a hyphen
_VOWELS = "аеёиоуыэюяАЕЁИОУЫЭЮЯaeiouyAEIOUY"
_NEVER_FIRST = "ьъйЬЪЙ"  # letters that begin no line
_RIGHT_TO_LEFT = ("R", "AL")  # Unicode bidirectional classes
_NUMBERS = ("EN", "AN")
_PICTURES = ("So", "Sk", "Sm", "Cn")  # Unicode categories of emoji, those too new for this Python being Cn
_JOINER = "\u200d"
_LEFT_MARK, _RIGHT_MARK = "\u200e", "\u200f"  # invisible, they set a line's direction


def chain(type_: presets.Type, weight: Weight) -> Fonts:
    """A preset's font of a weight, then its extra ones."""
    return (type_.bold if weight == "bold" else type_.medium, *type_.extra)


def width(text: str, fonts: Fonts, size: int) -> float:
    """Pixels that a line takes, at a type size in pixels."""
    return sum(_font(run.font, size).getlength(run.text, direction=run.direction) for run in _runs(text, fonts))


def wrap(text: str, fonts: Fonts, size: int, widest: float) -> list[str]:
    """Lines no wider than `widest` pixels, broken at every newline and where words allow.

    As a last resort a single word that is wider is broken too, with a hyphen. A line that would by itself run the
    other way than its paragraph begins with an invisible mark of direction.
    """
    wrapped = ((part, _lines(part, fonts, size, widest)) for part in text.split("\n"))
    return [line for part, lines in wrapped for line in _finished(part, lines, fonts, size, widest)]


def fit(text: str, fonts: Fonts, size: int, widest: float, most_lines: int, smallest: int) -> tuple[list[str], int]:
    """Balanced lines and the largest size up to `size` at which no word breaks and the lines are few enough.

    Where there is none, as many lines as it takes at the smallest size. Newlines are kept as breaks.
    """
    for smaller in (*range(size, smallest, -2), min(size, smallest)):
        size = smaller
        whole = not broken(text, fonts, size, widest)
        if whole and len(wrap(text, fonts, size, widest)) <= most_lines:
            break
    if not whole:
        return wrap(text, fonts, size, widest), size
    balanced = ((part, _balanced(part, fonts, size, widest)) for part in text.split("\n"))
    return [line for part, lines in balanced for line in _finished(part, lines, fonts, size, widest)], size


def broken(text: str, fonts: Fonts, size: int, widest: float) -> bool:
    """Whether a word is wider than a line, so that it has to be broken."""
    return any(width(word, fonts, size) > widest for word in text.split())


def write(
    image: Image.Image, at: tuple[float, float], text: str, fonts: Fonts, size: int, fill: str | tuple[int, ...]
) -> None:
    """Draws one line on RGBA; at is its left edge and the top of its line box, `size` times LEADING high."""
    _over(image, fill, *_coverage(at, text, fonts, size))


def outline(
    image: Image.Image,
    at: tuple[float, float],
    text: str,
    fonts: Fonts,
    size: int,
    fill: str | tuple[int, ...],
    stroke_colour: str | tuple[int, ...],
    stroke: int,
) -> None:
    """Draws one line as write() does, over a stroke with round joins that reaches `stroke` pixels beyond the glyphs."""
    _over(image, stroke_colour, *_coverage(at, text, fonts, size, stroke))
    write(image, at, text, fonts, size, fill)


def missing(text: str, fonts: Fonts) -> str:
    """What no font has, each once and a sequence whole; it is left out of the picture.

    Where text cannot be shaped (Pillow without libraqm), that includes all letters written from right to left.
    """
    glyphs = _glyphs(text, fonts, _shapes())
    return "".join(dict.fromkeys(glyph.of for glyph in glyphs if not glyph.whole))


def right_to_left(text: str) -> bool:
    """Whether a line begins at its right end: its first letter of any direction decides."""
    directions = (unicodedata.bidirectional(c) for c in text)
    return next((d in _RIGHT_TO_LEFT for d in directions if d == "L" or d in _RIGHT_TO_LEFT), False)


def _lines(text: str, fonts: Fonts, size: int, widest: float) -> list[str]:
    """As many words on each line as fit."""
    lines: list[str] = []
    for unit in _units(text, fonts, size, widest):
        if lines and width(f"{lines[-1]} {unit}", fonts, size) <= widest:
            lines[-1] += f" {unit}"
        else:
            lines += _pieces(unit, fonts, size, widest)
    return lines


def _balanced(text: str, fonts: Fonts, size: int, widest: float) -> list[str]:
    """As few lines as it takes, as equally long as can be (least squares of what they lack)."""
    units, lines = _units(text, fonts, size, widest), _lines(text, fonts, size, widest)

    @cache
    def best(first: int, left: int) -> tuple[float, tuple[str, ...]]:
        """Cost and lines of the units from `first` on, in `left` lines."""
        found: tuple[float, tuple[str, ...]] = (float("inf"), ())
        for last in range(first + 1, len(units) + 1) if left > 1 else [len(units)]:
            line = " ".join(units[first:last])
            lacking = widest - width(line, fonts, size)
            if lacking < 0 or first == last:
                break
            after, lines = best(last, left - 1) if left > 1 else (0.0, ())
            found = min(found, (lacking**2 + after, (line, *lines)))
        return found

    return list(best(0, len(lines))[1]) or lines


def _units(text: str, fonts: Fonts, size: int, widest: float) -> list[str]:
    """Words, those that belong on one line joined where they fit one; without those of which nothing is drawn."""
    words: list[tuple[str, str]] = re.findall(r"(\s*)(\S+)", text)
    units: list[str] = []
    last = ""
    for space, word in [item for item in words if _runs(item[1], fonts)] or words:
        glue = space if any(c in _NO_BREAK for c in space) else _TOGETHER if keeps_together(last, word) else ""
        if units and glue and width(units[-1] + glue + word, fonts, size) <= widest:
            units[-1] += glue + word
        else:
            units.append(word)
        last = word
    return units


def _pieces(word: str, fonts: Fonts, size: int, widest: float) -> list[str]:
    """A word in parts that fit a line: broken after a hyphen of its own, else with one where letters are parted."""
    pieces: list[str] = []
    rest = _clusters(word)
    while len(rest) > 1 and width("".join(rest), fonts, size) > widest:
        cut, kept, own = 1, 0, 0
        for n in range(1, len(rest)):
            if width(_cut(rest, n), fonts, size) > widest:
                break
            cut = n
            kept = n if n > 1 and len(rest) - n > 1 and _parts(rest, n) else kept
            own = n if n > 1 and rest[n - 1] in _BREAKS_AFTER else own
        cut = own or kept or cut
        pieces.append(_cut(rest, cut))
        rest = rest[cut:]
    return [*pieces, "".join(rest)]


def _parts(word: Sequence[str], n: int) -> bool:
    """Whether a word may be broken after `n` letters: both parts have a vowel, a consonant stays with the vowel after it,
    ь, ъ and й with what precedes."""
    vowels = [letter in _VOWELS for letter in word]
    together = vowels[n] and not vowels[n - 1]
    return word[n] not in _NEVER_FIRST and not together and any(vowels[:n]) and any(vowels[n:])


def _cut(word: Sequence[str], n: int) -> str:
    """The first `n` clusters, with the hyphen that a break after them asks for."""
    parted = word[n - 1][0].isalnum() and word[n][0].isalnum() and n > 1
    return "".join(word[:n]) + "-" * parted


def _finished(paragraph: str, lines: list[str], fonts: Fonts, size: int, widest: float) -> list[str]:
    """Lines with plain spaces, each running the way of its paragraph where it fits so, in the font that it then takes."""
    lines = [line.replace(_TOGETHER, " ") for line in lines]
    if not _backwards(paragraph):
        return lines
    from_right = right_to_left(paragraph)
    mark = _RIGHT_MARK if from_right else _LEFT_MARK
    turned = (right_to_left(line) != from_right and width(mark + line, fonts, size) <= widest for line in lines)
    return [mark + line if turn else line for turn, line in zip(turned, lines, strict=True)]


def _coverage(
    at: tuple[float, float], text: str, fonts: Fonts, size: int, stroke: int = 0
) -> tuple[tuple[int, int], Image.Image]:
    """Where a line's ink begins on the picture, and how much of each pixel it covers (L)."""
    x, baseline = at[0], round(at[1] + size * (LEADING + CAPITALS) / 2)  # capitals in the middle of the line box
    runs = []
    boxes = []
    for run in _runs(text, fonts):
        font = _font(run.font, size)
        left, top, right, bottom = font.getbbox(run.text, direction=run.direction, stroke_width=stroke, anchor="ls")
        runs.append((x, run, font))
        boxes.append((x + left, baseline + top, x + right, baseline + bottom))
        x += font.getlength(run.text, direction=run.direction)
    if not runs:
        return (0, 0), Image.new("L", (0, 0))
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    corner = math.floor(min(lefts)) - 1, math.floor(min(tops)) - 1
    ink = Image.new("L", (math.ceil(max(rights)) + 2 - corner[0], math.ceil(max(bottoms)) + 2 - corner[1]))
    pen = ImageDraw.Draw(ink)
    for x, run, font in runs:
        pen.text(
            (x - corner[0], baseline - corner[1]),
            run.text,
            fill=255,
            font=font,
            anchor="ls",
            direction=run.direction,
            stroke_width=stroke,
            stroke_fill=255,
        )
    return corner, ink


def _over(image: Image.Image, colour: str | tuple[int, ...], corner: tuple[int, int], ink: Image.Image) -> None:
    """Lays a colour over RGBA where there is ink; light colours a little heavier."""
    left, top = max(0, corner[0]), max(0, corner[1])
    right, bottom = min(image.width, corner[0] + ink.width), min(image.height, corner[1] + ink.height)
    if left >= right or top >= bottom:
        return
    ink = ink.crop((left - corner[0], top - corner[1], right - corner[0], bottom - corner[1]))
    layer = Image.new("RGBA", ink.size, colour)
    layer.putalpha(ink.point(_weights(colour)))
    image.alpha_composite(layer, (left, top))


@cache
def _weights(colour: str | tuple[int, ...]) -> list[int]:
    """What each coverage becomes: LIGHT_TYPE is its exponent for white, 1 for black."""
    red, green, blue = (ImageColor.getrgb(colour) if isinstance(colour, str) else colour)[:3]
    luma = (0.299 * red + 0.587 * green + 0.114 * blue) / 255  # ITU-R BT.601
    return [round(255 * (value / 255) ** (1 - (1 - LIGHT_TYPE) * luma)) for value in range(256)]


class _Glyph(NamedTuple):
    """What is drawn of one cluster.

    of: the cluster. text: its characters that are drawn, all with `font`. whole: whether all that can be seen is drawn.
    """

    of: str
    text: str
    font: str
    whole: bool


class _Run(NamedTuple):
    """Neighbours drawn at once; runs follow each other from the left. direction as Pillow takes it."""

    text: str
    font: str
    direction: str | None = None


def _runs(text: str, fonts: Fonts) -> tuple[_Run, ...]:
    return _laid_out(text, fonts, _shapes())


@lru_cache(maxsize=4096)
def _laid_out(text: str, fonts: Fonts, shaping: bool) -> tuple[_Run, ...]:
    """The runs of a line as they stand on the picture."""
    glyphs = _closed_up(_glyphs(text, fonts, shaping))
    if any(_backwards(glyph.text) for glyph in glyphs):
        return _both_ways(glyphs, fonts, right_to_left(text))
    seen = (glyph for glyph in glyphs if not all(map(_invisible, glyph.text)))
    return tuple(_Run("".join(g.text for g in run), font) for font, run in groupby(seen, key=lambda g: g.font))


def _closed_up(glyphs: list[_Glyph]) -> list[_Glyph]:
    """What is drawn, with one space at most where something is left out, and none there at the ends of the line."""
    drawn: list[_Glyph] = []
    gap = False
    for glyph in glyphs:
        if not glyph.text:
            gap = True
        elif not (gap and glyph.text.isspace() and (not drawn or drawn[-1].text.isspace())):
            drawn.append(glyph)
            gap = False
    return drawn[:-1] if gap and drawn and drawn[-1].text.isspace() else drawn


def _both_ways(glyphs: list[_Glyph], fonts: Fonts, from_right: bool) -> tuple[_Run, ...]:
    """Runs of a line with letters from right to left: a single one where a font has all of it, else by their levels."""
    line = "".join(glyph.text for glyph in glyphs)
    for font in _all(fonts):
        if all(_invisible(c) or _has(font, c) for c in line):
            return (_Run(line, font, "rtl" if from_right else "ltr"),)
    levels = _levels([unicodedata.bidirectional(glyph.text[0]) for glyph in glyphs], from_right)
    runs: list[tuple[int, _Run]] = []
    for (level, font), group in groupby(zip(levels, glyphs, strict=True), key=lambda item: (item[0], item[1].font)):
        text = "".join(glyph.text for _, glyph in group)
        runs.append((level, _Run(text, font, "rtl" if level % 2 else "ltr")))
    for least in (2, 1):
        parts = [(turned, list(group)) for turned, group in groupby(runs, key=lambda item: item[0] >= least)]
        runs = [run for turned, part in parts for run in (reversed(part) if turned else part)]
    return tuple(run for _, run in runs)


def _levels(kinds: list[str], from_right: bool) -> list[int]:
    """Levels by Unicode's UAX 9, without embeddings, of characters of these bidirectional classes; odd ones run left."""
    padded = ["", *kinds, ""]
    for place, (before, kind, after) in enumerate(zip(padded, kinds, padded[2:], strict=False)):
        beside = (before in _NUMBERS) + (after in _NUMBERS)
        if (kind in ("CS", "ES") and beside == 2) or (kind == "ET" and beside):
            kinds[place] = "EN"
    sides: list[bool | None] = []  # True runs left
    strong = from_right
    for kind in kinds:
        strong = kind in _RIGHT_TO_LEFT if kind in ("L", *_RIGHT_TO_LEFT) else strong
        sides.append(strong if kind in ("L", *_RIGHT_TO_LEFT, *_NUMBERS) else None)
    levels = []
    for place, (kind, side) in enumerate(zip(kinds, sides, strict=True)):
        if side is None:
            near = [next((s for s in way if s is not None), from_right) for way in (sides[place::-1], sides[place:])]
            side = near[0] if near[0] == near[1] else from_right
        levels.append((2 if kind in _NUMBERS else 1) if side else 2 * from_right)
    return levels


def _glyphs(text: str, fonts: Fonts, shaping: bool) -> list[_Glyph]:
    """What is drawn of each cluster; the letters of a word share a font where one has them all."""
    glyphs: list[_Glyph] = []
    for letters, group in groupby(_clusters(text), key=lambda cluster: cluster[0].isalpha()):
        clusters, able = list(group), _all(fonts)
        if letters:
            word = "".join(clusters)
            able = next(((font,) for font in able if _glyph(word, (font,), shaping).whole), able)
        glyphs += [_glyph(cluster, able, shaping) for cluster in clusters]
    return glyphs


def _glyph(cluster: str, fonts: Fonts, shaping: bool) -> _Glyph:
    """A cluster in the first of the fonts that has all of it; else its letter without marks, else nothing."""
    if cluster.isspace():
        font = next((font for font in fonts if _has(font, cluster)), None)
        return _Glyph(cluster, cluster if font else " ", font or fonts[0], True)
    seen = "".join(c for c in cluster if not _invisible(c))
    if not seen:
        return _Glyph(cluster, cluster if shaping else "", fonts[0], True)
    if not shaping and any(unicodedata.bidirectional(c) in (*_RIGHT_TO_LEFT, "AN") for c in seen):
        return _Glyph(cluster, "", fonts[0], False)
    bare = "".join(c for c in seen if not unicodedata.category(c).startswith("M"))
    keyed = any(unicodedata.category(c) == "Me" for c in seen)
    sequence = keyed or (len(bare) > 1 and not bare[0].isalpha()) or any(map(_tag, cluster))
    for font in fonts:
        if all(_has(font, c) for c in seen) and (not sequence or (shaping and _joined(font, cluster, bare))):
            return _Glyph(cluster, cluster if sequence or (shaping and _JOINER in cluster) else seen, font, True)
    if bare[:1].isalpha() and bare != seen:
        return _glyph(bare, fonts, shaping)._replace(of=cluster, whole=False)
    return _Glyph(cluster if sequence else seen, "", fonts[0], False)


def _joined(font: str, cluster: str, bare: str) -> bool:
    """Whether a font draws an emoji sequence as one picture."""
    one = _font(font, _PROBE)
    return not any(map(_tag, cluster)) and one.getlength(cluster) < 1.5 * one.getlength(bare[0])


def _clusters(text: str) -> list[str]:
    """What is drawn or left out as one: a character with its marks, an emoji sequence, a flag, a key."""
    clusters: list[str] = []
    for c in unicodedata.normalize("NFC", text):
        if c.isspace():
            clusters.append(c if unicodedata.category(c) == "Zs" and c != _TOGETHER else " ")
        elif clusters and not clusters[-1].isspace() and _continues(clusters[-1], c):
            clusters[-1] += c
        else:
            clusters.append(c)
    return clusters


def _continues(cluster: str, c: str) -> bool:
    """Whether a character belongs to the cluster before it."""
    picture = unicodedata.category(cluster[0]) in _PICTURES
    if unicodedata.category(c).startswith("M") or c == _JOINER or _tag(c):
        return True
    if "\U0001f3fb" <= c <= "\U0001f3ff":  # skin
        return picture
    if _flag_letter(c):
        return len(cluster) == 1 and _flag_letter(cluster)
    return picture and cluster.endswith(_JOINER) and unicodedata.category(c) in _PICTURES


def _flag_letter(c: str) -> bool:
    return "\U0001f1e6" <= c <= "\U0001f1ff"


def _tag(c: str) -> bool:
    return "\U000e0020" <= c <= "\U000e007f"


def _invisible(c: str) -> bool:
    """Whether a character is never drawn, whatever the font: controls, joiners, marks of direction, variants."""
    if unicodedata.category(c) == "Cf":
        return c == "\u061c" or not "\u0600" <= c <= "\u08ff"  # Arabic signs of this class are seen
    return (
        unicodedata.category(c) == "Cc"
        or c == "\u034f"
        or "\ufe00" <= c <= "\ufe0f"
        or "\U000e0100" <= c <= "\U000e01ef"
    )


def _backwards(text: str) -> bool:
    return any(unicodedata.bidirectional(c) in _RIGHT_TO_LEFT for c in text)


@cache
def _has(font: str, c: str) -> bool:
    """Whether a font has a glyph for a character; one without ink counts for spaces alone."""
    probe = _loaded(font, _PROBE, ImageFont.Layout.BASIC)
    glyph, none = probe.getmask(c), probe.getmask(_MISSING)
    if c.isspace():
        return glyph.getbbox() is None
    return glyph.getbbox() is not None and (glyph.size, bytes(glyph)) != (none.size, bytes(none))


def _all(fonts: Fonts) -> Fonts:
    return tuple(dict.fromkeys((*fonts, *FALLBACKS)))


def _shapes() -> bool:
    """Whether Pillow orders and joins letters; without libraqm and FriBiDi it sets one after another."""
    return bool(features.check("raqm"))


def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """A font, named as in a loaded preset, at a size in pixels."""
    return _loaded(name, size, ImageFont.Layout.RAQM if _shapes() else ImageFont.Layout.BASIC)


@lru_cache(maxsize=128)
def _loaded(name: str, size: int, layout: ImageFont.Layout) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(presets.font_file(name)), size, layout_engine=layout)
