"""What several kinds of graphics are made of: quiet plates, lines of type, and lines that rise one after the other."""

from PIL import Image, ImageDraw

from pipeline import typesetting
from pipeline.graphics.layers import Enter, Layer, canvas, plate
from pipeline.graphics.look import Canvas, Look
from pipeline.typesetting import Fonts

QUIET_OPACITY = 0.72  # of the mark's plate: white type keeps 6:1 over white footage
QUIET_RADIUS = 12
SHADE_OPACITY = 0.82  # of a ground behind type over the picture: orange type keeps 4:1 over white footage
RISE, STAGGER, RISING = 30, 0.07, 0.45  # pixels that lines rise, seconds between them and that each takes
LINE_MARGIN = 8  # pixels around a line's box, into which letters may reach


def quiet(lines: list[str], fonts: Fonts, size: int, height: int, look: Look, bar: bool = True) -> Image.Image:
    """Lines on a plate that lets the footage through, behind a bar of the series' colour."""
    step = round(size * typesetting.LEADING)
    left = 36 if bar else 20
    wide = max((typesetting.width(line, fonts, size) for line in lines), default=0.0)
    room = canvas(wide + left + 20, max(height, step * len(lines) + 14)).size
    image = plate(room, look.colours.ground, QUIET_OPACITY, QUIET_RADIUS)
    if bar:
        ImageDraw.Draw(image).rectangle((16, 17, 21, image.height - 18), fill=look.colours.accent)
    top = (image.height - step * len(lines)) / 2
    for number, line in enumerate(lines):
        typesetting.write(image, (left, top + number * step), line, fonts, size, look.colours.ink)
    return image


def line_layer(line: str, fonts: Fonts, size: int, ink: str, x: int, y: int, enter: Enter | None) -> Layer:
    """One line of type as a layer of its own, the left top corner of its box at x, y."""
    image = canvas(typesetting.width(line, fonts, size) + 2 * LINE_MARGIN, size * typesetting.LEADING + 2 * LINE_MARGIN)
    typesetting.write(image, (LINE_MARGIN, LINE_MARGIN), line, fonts, size, ink)
    return Layer(image, x - LINE_MARGIN, y - LINE_MARGIN, enter)


def rising(
    lines: list[str], size: int, look: Look, at: tuple[int, int], after: int = 0, first: bool = False
) -> list[Layer]:
    """Bold lines below each other, each a little after the one above.

    after: how many others have begun to come before them. first: on the episode's first frame, where nothing fades in.
    """
    left, top = at
    return [
        line_layer(
            line, look.bold, size, look.colours.ink, left, top + number * title_step(size),
            Enter(delay=STAGGER * (number + after), seconds=RISING, dy=RISE, fade=not first),
        )
        for number, line in enumerate(lines)
    ]  # fmt: skip


def title_step(size: int) -> int:
    """Pixels from a line of a title or quote to the next."""
    return round(size * 1.14)


def centred(block: int, on: Canvas) -> int:
    """Top of a block of text in the middle of what a card over a blurred or plain ground has for it."""
    return int(max(on.below_marks, (on.below_marks + on.above_captions - block) // 2))


def entry_seconds(lines: int) -> float:
    """Seconds until so many rising lines, and what comes with them, are in."""
    return STAGGER * (lines + 1) + RISING
