"""Type: wrapping and shrinking by pixels, and a second font for what the first one lacks."""

from functools import cache

from PIL import Image, ImageDraw, ImageFont

import presets

FALLBACK = "RobotoMedium"
LEADING = 1.22  # line height in type sizes
_MISSING = "\U0010ffff"  # no font has it: what it draws is the box for missing glyphs


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
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, name, size) <= widest:
            lines[-1] = longer
            continue
        while width(word, name, size) > widest and len(word) > 1:
            cut = next(n for n in range(len(word) - 1, 0, -1) if n == 1 or width(word[:n], name, size) <= widest)
            lines.append(word[:cut])
            word = word[cut:]
        lines.append(word)
    return lines


def fit(text: str, name: str, size: int, widest: float, most_lines: int, smallest: int) -> tuple[list[str], int]:
    """Lines and the largest size up to `size` at which no word breaks and the lines are few enough."""
    for smaller in range(size, smallest - 1, -2):
        lines = wrap(text, name, smaller, widest)
        if len(lines) <= most_lines and all(width(word, name, smaller) <= widest for word in text.split()):
            return lines, smaller
    return wrap(text, name, smallest, widest), smallest


def write(
    image: Image.Image, at: tuple[float, float], text: str, name: str, size: int, fill: str, anchor: str = "l"
) -> None:
    """Draws one line; at is its left (anchor l) or middle (anchor m) and the top of its line box."""
    draw = ImageDraw.Draw(image)
    x = at[0] - (width(text, name, size) / 2 if anchor == "m" else 0)
    baseline = at[1] + size * (LEADING + 0.72) / 2  # cap height of about 0.72 in the middle of the line box
    for used, run in _runs(text, name):
        draw.text((x, baseline), run, font=font(used, size), fill=fill, anchor="ls")
        x += font(used, size).getlength(run)


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
    for character in text:
        used = name if _has(name, character) else FALLBACK
        if used == FALLBACK and not _has(FALLBACK, character):
            continue
        if runs and runs[-1][0] == used:
            runs[-1] = (used, runs[-1][1] + character)
        else:
            runs.append((used, character))
    return tuple(runs)
