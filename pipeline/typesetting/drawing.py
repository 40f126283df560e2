"""Drawing on a picture: a line of type, light type a little heavier, and a picture over another."""

import math
from functools import cache

from PIL import Image, ImageColor, ImageDraw

from pipeline.typesetting.fonts import Fonts, font_at
from pipeline.typesetting.shaping import line_runs

LEADING = 1.22  # line height in type sizes
CAPITALS = 0.72  # their height in type sizes, Manrope
LIGHT_TYPE = 0.8  # exponent of coverage: light type on dark, mixed in gamma-encoded values, looks thinner than it is


def write(
    image: Image.Image, at: tuple[float, float], text: str, fonts: Fonts, size: int, fill: str, stroke: int = 0
) -> None:
    """Draws one line on RGBA; at is its left edge and the top of its line box, `size` times LEADING high.

    stroke: pixels, with round joins, by which it reaches beyond the glyphs.
    """
    x, baseline = at[0], round(at[1] + size * (LEADING + CAPITALS) / 2)  # capitals in the middle of the line box
    runs, boxes = [], []
    for run in line_runs(text, fonts):
        font = font_at(run.font, size)
        left, top, right, bottom = font.getbbox(run.text, direction=run.direction, stroke_width=stroke, anchor="ls")
        runs.append((x, run, font))
        boxes.append((x + left, baseline + top, x + right, baseline + bottom))
        x += font.getlength(run.text, direction=run.direction)
    if not runs:
        return
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    left, top = math.floor(min(lefts)) - 1, math.floor(min(tops)) - 1
    ink = Image.new("L", (math.ceil(max(rights)) + 2 - left, math.ceil(max(bottoms)) + 2 - top))
    pen = ImageDraw.Draw(ink)
    for x, run, font in runs:
        place, way = (x - left, baseline - top), run.direction
        pen.text(place, run.text, 255, font, "ls", direction=way, stroke_width=stroke, stroke_fill=255)
    coloured = Image.new("RGBA", ink.size, fill)
    coloured.putalpha(ink.point(_weights(fill)))
    lay(image, coloured, left, top)


def lay(image: Image.Image, over: Image.Image, x: int, y: int) -> None:
    """Lays an RGBA picture over another, its left top corner at x, y, and cut to it."""
    if -over.width < x < image.width and -over.height < y < image.height:
        image.alpha_composite(over, (max(0, x), max(0, y)), (max(0, -x), max(0, -y)))


@cache
def _weights(colour: str) -> list[int]:
    """What each coverage becomes: LIGHT_TYPE is its exponent for white, 1 for black."""
    red, green, blue = ImageColor.getrgb(colour)[:3]
    luma = (0.299 * red + 0.587 * green + 0.114 * blue) / 255  # ITU-R BT.601
    return [round(255 * (value / 255) ** (1 - (1 - LIGHT_TYPE) * luma)) for value in range(256)]
