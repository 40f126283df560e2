"""Drawing a line of type on a picture, light type a little heavier."""

import math
from functools import cache

from PIL import Image, ImageColor, ImageDraw

from pipeline.typesetting.fonts import Fonts, font_at
from pipeline.typesetting.shaping import line_runs

LEADING = 1.22  # line height in type sizes
CAPITALS = 0.72  # their height in type sizes, Manrope
LIGHT_TYPE = 0.8  # exponent of coverage: light type on dark, mixed in gamma-encoded values, looks thinner than it is


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


def _coverage(
    at: tuple[float, float], text: str, fonts: Fonts, size: int, stroke: int = 0
) -> tuple[tuple[int, int], Image.Image]:
    """Where a line's ink begins on the picture, and how much of each pixel it covers (L)."""
    x, baseline = at[0], round(at[1] + size * (LEADING + CAPITALS) / 2)  # capitals in the middle of the line box
    runs = []
    boxes = []
    for run in line_runs(text, fonts):
        font = font_at(run.font, size)
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
