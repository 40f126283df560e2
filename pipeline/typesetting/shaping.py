"""Shaping: a line of text -> what is drawn of it, in which fonts and in which order; and how wide that is."""

import unicodedata
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from pipeline.typesetting.fonts import PROBE, Fonts, font_at, has, shapes, tried

NO_BREAK_SPACE = "\u00a0"
_RIGHT_TO_LEFT = ("R", "AL")  # Unicode bidirectional classes
_NUMBERS = ("EN", "AN")
_NUMBERS_BESIDE = {"CS": 2, "ES": 2, "ET": 1}  # of a sign that make it part of a number, as in 10,5 and 5 %
_PICTURES = ("So", "Sk", "Sm", "Cn")  # Unicode categories of emoji, those too new for this Python being Cn
_JOINER = "\u200d"


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


def width(text: str, fonts: Fonts, size: int, gap: int = 0) -> float:
    """Pixels that a line takes, at a type size in pixels; gap: by which its spaces are wider than the font's."""
    line = sum(font_at(r.font, size).getlength(r.text, direction=r.direction) for r in line_runs(text, fonts))
    return line + gap * text.count(" ")


def missing(text: str, fonts: Fonts) -> str:
    """What no font has, each once and a sequence whole; it is left out of the picture.

    Where text cannot be shaped (Pillow without libraqm), that includes all letters written from right to left.
    """
    glyphs = _glyphs(text, fonts, shapes())
    return "".join(dict.fromkeys(glyph.of for glyph in glyphs if not glyph.whole))


def borrowed(text: str, fonts: Fonts) -> dict[str, str]:
    """The letters and figures that none of the fonts has, each once, with the other font that draws it."""
    glyphs = (glyph for glyph in _glyphs(text, fonts, shapes()) if glyph.text and glyph.of[0].isalnum())
    return {
        glyph.text: glyph.font
        for glyph in glyphs
        if glyph.font not in fonts and not any(all(has(font, c) for c in glyph.text) for font in fonts)
    }


def right_to_left(text: str) -> bool:
    """Whether a line begins at its right end: its first letter of any direction decides."""
    directions = (unicodedata.bidirectional(c) for c in text)
    return next((d in _RIGHT_TO_LEFT for d in directions if d == "L" or d in _RIGHT_TO_LEFT), False)


def backwards(text: str) -> bool:
    return any(unicodedata.bidirectional(c) in _RIGHT_TO_LEFT for c in text)


def line_runs(text: str, fonts: Fonts) -> tuple[_Run, ...]:
    return _laid_out(text, fonts, shapes())


@lru_cache(maxsize=4096)
def _laid_out(text: str, fonts: Fonts, shaping: bool) -> tuple[_Run, ...]:
    """The runs of a line as they stand on the picture."""
    glyphs = _closed_up(_glyphs(text, fonts, shaping))
    if any(backwards(glyph.text) for glyph in glyphs):
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
    for font in tried(fonts):
        if all(_invisible(c) or has(font, c) for c in line):
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
    kinds = [
        "EN" if (before in _NUMBERS) + (after in _NUMBERS) >= _NUMBERS_BESIDE.get(kind, 3) else kind
        for before, kind, after in zip(["", *kinds], kinds, [*kinds[1:], ""], strict=False)
    ]
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
    for letters, group in groupby(clusters_of(text), key=lambda cluster: cluster[0].isalpha()):
        clusters, able = list(group), tried(fonts)
        if letters:
            word = "".join(clusters)
            able = next(((font,) for font in able if _glyph(word, (font,), shaping).whole), able)
        glyphs += [_glyph(cluster, able, shaping) for cluster in clusters]
    return glyphs


def _glyph(cluster: str, fonts: Fonts, shaping: bool) -> _Glyph:
    """A cluster in the first of the fonts that has all of it; else its letter without marks, else nothing."""
    if cluster.isspace():
        font = next((font for font in fonts if has(font, cluster)), None)
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
        if all(has(font, c) for c in seen) and (not sequence or (shaping and _joined(font, cluster, bare))):
            return _Glyph(cluster, cluster if sequence or (shaping and _JOINER in cluster) else seen, font, True)
    if bare[:1].isalpha() and bare != seen:
        return _glyph(bare, fonts, shaping)._replace(of=cluster, whole=False)
    return _Glyph(cluster if sequence else seen, "", fonts[0], False)


def _joined(font: str, cluster: str, bare: str) -> bool:
    """Whether a font draws an emoji sequence as one picture."""
    one = font_at(font, PROBE)
    return not any(map(_tag, cluster)) and one.getlength(cluster) < 1.5 * one.getlength(bare[0])


def clusters_of(text: str) -> list[str]:
    """What is drawn or left out as one: a character with its marks, an emoji sequence, a flag, a key."""
    clusters: list[str] = []
    for c in unicodedata.normalize("NFC", text):
        if c.isspace():
            clusters.append(c if unicodedata.category(c) == "Zs" and c != NO_BREAK_SPACE else " ")
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
    kind = unicodedata.category(c)
    if kind == "Cf":
        return c == "\u061c" or not "\u0600" <= c <= "\u08ff"  # Arabic signs of this class are seen
    return kind == "Cc" or c == "\u034f" or "\ufe00" <= c <= "\ufe0f" or "\U000e0100" <= c <= "\U000e01ef"
