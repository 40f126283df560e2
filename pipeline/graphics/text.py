"""Type: wrapping and shrinking by pixels, and a second font for what the first one lacks."""

import unicodedata
from functools import cache

from PIL import Image, ImageDraw, ImageFont

import presets
from pipeline.captions import keeps_together

FALLBACK = "RobotoMedium"
LEADING = 1.22  # line height in type sizes
LIGHT_TYPE = 0.8  # exponent of coverage: light type on dark, mixed in gamma-encoded values, looks thinner than it is
_MISSING = "\U0010ffff"  # no font has it: what it draws is the box for missing glyphs
_TOGETHER = "\u00a0"


@cache
def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """A font, named as in a loaded preset, at a size in pixels."""
    return ImageFont.truetype(str(presets.font_file(name)), size)


def width(text: str, name: str, size: int) -> float:
    """Pixels that a line takes, the second font's characters included."""
    return sum(font(used, size).getlength(run) for used, run in _runs(text, name))


def wrap(text: str, name: str, size: int, widest: float) -> list[str]:
    """Lines no wider than `widest` pixels; a single word that is wider is broken as a last resort."""
    lines: list[str] = []
    for word in _units(text, name, size, widest):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, name, size) <= widest:
            lines[-1] = longer
            continue
        while width(word, name, size) > widest and len(word) > 1:
            cut = next(n for n in range(len(word) - 1, 0, -1) if n == 1 or width(word[:n], name, size) <= widest)
            lines.append(word[:cut])
            word = word[cut:]
        lines.append(word)
    return [line.replace(_TOGETHER, " ") for line in lines]


def fit(text: str, name: str, size: int, widest: float, most_lines: int, smallest: int) -> tuple[list[str], int]:
    """Balanced lines and the largest size up to `size` at which no word breaks and the lines are few enough.

    Where there is none, as many lines as it takes at the smallest size.
    """
    for smaller in range(size, smallest - 1, -2):
        size = smaller
        if len(wrap(text, name, size, widest)) <= most_lines and _broken(text, name, size, widest) == 0:
            break
    lines = wrap(text, name, size, widest)
    return (lines if _broken(text, name, size, widest) else _balanced(text, name, size, widest, len(lines))), size


def _broken(text: str, name: str, size: int, widest: float) -> int:
    """How many words are wider than a line."""
    return sum(width(word, name, size) > widest for word in text.split())


def _balanced(text: str, name: str, size: int, widest: float, count: int) -> list[str]:
    """The text in `count` lines that are as equally long as can be (least squares of what they lack)."""
    units = _units(text, name, size, widest)

    @cache
    def best(first: int, left: int) -> tuple[float, tuple[str, ...]]:
        """Cost and lines of the units from `first` on, in `left` lines."""
        found: tuple[float, tuple[str, ...]] = (float("inf"), ())
        for last in range(first + 1, len(units) + 1) if left > 1 else [len(units)]:
            line = " ".join(units[first:last])
            lacking = widest - width(line, name, size)
            if lacking < 0 or first == last:
                break
            after, lines = best(last, left - 1) if left > 1 else (0.0, ())
            found = min(found, (lacking**2 + after, (line, *lines)))
        return found

    return [line.replace(_TOGETHER, " ") for line in best(0, count)[1]] if count else []


def write(image: Image.Image, at: tuple[float, float], text: str, name: str, size: int, fill: str) -> None:
    """Draws one line on RGBA; at is its left edge and the top of its line box."""
    coverage = Image.new("L", image.size, 0)
    pen = ImageDraw.Draw(coverage)
    x = at[0]
    baseline = round(at[1] + size * (LEADING + 0.72) / 2)  # capitals, 0.72 high, in the middle of the line box
    for used, run in _runs(text, name):
        pen.text((x, baseline), run, font=font(used, size), fill=255, anchor="ls")
        x += font(used, size).getlength(run)
    area = coverage.getbbox()
    if area:
        part = coverage.crop(area).point([round(255 * (value / 255) ** LIGHT_TYPE) for value in range(256)])
        image.paste(Image.new("RGBA", part.size, fill), area[:2], part)


def missing(text: str, name: str) -> str:
    """The characters that neither font has, each once; they are left out of the picture."""
    lacking = (c for c in unicodedata.normalize("NFC", text) if not _has(name, c) and not _has(FALLBACK, c))
    return "".join(dict.fromkeys(c for c in lacking if unicodedata.category(c)[0] not in "CM"))


def _units(text: str, name: str, size: int, widest: float) -> list[str]:
    """Words, those that belong on one line joined where they fit one."""
    units: list[str] = []
    last = ""
    for word in text.split():
        joined = f"{units[-1]}{_TOGETHER}{word}" if units else word
        if units and keeps_together(last, word) and width(joined, name, size) <= widest:
            units[-1] = joined
        else:
            units.append(word)
        last = word
    return units


@cache
def _has(name: str, character: str) -> bool:
    small = font(name, 20)
    if character.isspace():
        return True
    return bytes(small.getmask(character)) != bytes(small.getmask(_MISSING))


@cache
def _runs(text: str, name: str) -> tuple[tuple[str, str], ...]:
    """(font, characters) in order; what neither font has is left out rather than drawn as a box."""
    runs: list[tuple[str, str]] = []
    for character in unicodedata.normalize("NFC", text).replace(_TOGETHER, " "):
        used = name if _has(name, character) else FALLBACK
        if used == FALLBACK and not _has(FALLBACK, character):
            continue
        if runs and runs[-1][0] == used:
            runs[-1] = (used, runs[-1][1] + character)
        else:
            runs.append((used, character))
    return tuple(runs)
