"""The title card: «Серия N» and the title; the lines rise one after the other. The first frame of an episode shows them at
once: it is what a feed shows."""

import math
from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline import typesetting
from pipeline.graphics.kinds.kind import Area, Board, Candidate, GraphicKind, Written
from pipeline.graphics.layers import EXIT, Drawing, Enter, Layer, plate
from pipeline.graphics.look import Look
from pipeline.graphics.pieces import RISE, RISING, SHADE_OPACITY, centred, entry_seconds, line_layer, rising, title_step
from presets.graphics import Caption, Over, Placed, TitleCard

USUAL = 90  # pixels from its last line's foot to the end of the free part, over the picture
SIZES = (92, 84, 76, 68, 60, 56)  # pixels of type that a title over the picture may have
LINES = 3
HEAD, HEAD_SIZE = 84, 54  # pixels for «Серия N» above the title, and its type
INDENT = 28  # pixels of «Серия N» behind its bar
SHADE_ABOVE, SHADE_BELOW, SHADE_MARGIN = 110, 150, 24  # pixels in which its ground fades, and beyond its text
DARK_BELOW = 40  # pixels below its text in which the ground darkens the picture
AIR = 60  # pixels above its text, where the ground darkens the picture, best left without a face too
ABOVE_CAPTION = 28  # pixels


class TitleCardKind(GraphicKind[TitleCard]):
    model = TitleCard
    turn = 4

    def written(self, graphic: TitleCard, look: Look) -> Written:
        return [(_number(graphic, look), "bold"), (graphic.title, "bold")]

    def sample(self, end: float) -> TitleCard:
        return TitleCard(end=end, number=3, title="Династия сталеваров")

    def fills_screen(self, graphic: TitleCard, look: Look) -> bool:
        return _over(graphic, look) != "picture"

    def stands_low(self, graphic: TitleCard, look: Look) -> bool:
        return _over(graphic, look) == "picture"

    def places(self, graphic: TitleCard, board: Board) -> Iterator[Candidate[TitleCard]]:
        """Above the captions that it shares the screen with, or low where these are at the top; last, at the top itself."""
        if self.fills_screen(graphic, board.look):
            return
        on = board.look.canvas
        beside = board.beside(graphic, Caption)
        low = [area[1] for area in beside if area[1] > on.high_captions]
        high = [area[3] for area in beside if area[1] <= on.high_captions]
        bottoms = [min(low) - ABOVE_CAPTION] if low else [on.bottom - USUAL, on.foot]
        highest = max(high) + ABOVE_CAPTION if high else on.below_marks
        sizes = [graphic.size] if graphic.size else [size for size in SIZES if not low or size < SIZES[0]]
        for at_top, size, air in product((False, True), sizes, (AIR, 0)):
            wide, tall = _block(graphic, board.look, size)
            for bottom in [graphic.bottom] if graphic.bottom is not None else [highest + tall] if at_top else bottoms:
                if graphic.bottom is not None or on.below_mark <= bottom - tall - air < bottom <= on.foot:
                    yield _candidate(graphic, board.look, size, (wide, tall + air), bottom)
        if graphic.bottom is None:  # too long for every place: as small as it gets, low
            yield _candidate(graphic, board.look, sizes[-1], _block(graphic, board.look, sizes[-1]), on.foot)

    def draw(self, graphic: TitleCard, look: Look, shown: Sequence[Placed]) -> list[Drawing]:
        over, on = _over(graphic, look), look.canvas
        lines, size = _lines(graphic, look, graphic.size or SIZES[0])
        number, first = _number(graphic, look), graphic.start == 0
        block = _height(number, lines, size)
        at, whole, top = (0.0, 0.0), on.size, centred(block, on)
        layers: list[Layer] = []
        if over == "picture":
            top = SHADE_ABOVE + SHADE_MARGIN
            height = top + block + SHADE_MARGIN + SHADE_BELOW
            shade = Image.new("RGBA", (on.size[0], height + height % 2), look.colours.ground)
            shade.putalpha(Image.fromarray(_shade(*shade.size)))
            layers.append(Layer(shade, enter=None if first else Enter()))
            bottom = on.bottom - USUAL if graphic.bottom is None else graphic.bottom
            at, whole = (0.0, bottom - top - block), shade.size
        elif over == "plain":
            layers.append(Layer(look.plain, enter=None if first else Enter()))
        layers += _head(number, look, top, over, first)
        below = top + (HEAD if number else 0)
        layers += rising(lines, size, look, (on.text_left, below), after=bool(number), first=first)
        entry, blurs = entry_seconds(len(lines)), over == "blur"
        return [Drawing(lambda _: layers, whole, at, graphic.start, graphic.end, entry, EXIT, blurs=blurs)]


def _over(graphic: TitleCard, look: Look) -> Over:
    return graphic.over or look.title_card.over


def _number(graphic: TitleCard, look: Look) -> str:
    """«Серия 3», or nothing."""
    return f"{look.title_card.word} {graphic.number}".strip() if graphic.number is not None else ""


def _candidate(graphic: TitleCard, look: Look, size: int, room: tuple[int, int], bottom: float) -> Candidate[TitleCard]:
    wide, tall = room
    area = (float(look.canvas.text_left), bottom - tall, look.canvas.text_left + wide, bottom)
    shaded: Area = (0.0, area[1], float(look.canvas.size[0]), bottom + DARK_BELOW)
    return Candidate(graphic.model_copy(update={"bottom": round(bottom), "size": size}), area, shaded)


def _block(graphic: TitleCard, look: Look, largest: int) -> tuple[int, int]:
    """Width and height in pixels of the text when its type is at most `largest`."""
    lines, size = _lines(graphic, look, largest)
    number = _number(graphic, look)
    wide = [INDENT + typesetting.width(number, look.bold, HEAD_SIZE)]
    wide += [typesetting.width(line, look.bold, size) for line in lines]
    return math.ceil(max(wide)), _height(number, lines, size)


def _lines(graphic: TitleCard, look: Look, largest: int) -> tuple[list[str], int]:
    return typesetting.fit(graphic.title, look.bold, largest, look.canvas.room, LINES, SIZES[-1])


def _height(number: str, lines: list[str], size: int) -> int:
    return (HEAD if number else 0) + title_step(size) * len(lines)


def _head(number: str, look: Look, top: int, over: Over, first: bool) -> list[Layer]:
    """«Серия N»: beside a bar that grows, over the picture; else in a sticker of the series' colour."""
    if not number:
        return []
    fonts, colours, left = look.bold, look.colours, look.canvas.text_left
    enter = Enter(seconds=RISING, dy=RISE, fade=not first)
    _, size = typesetting.fit(number, fonts, HEAD_SIZE, look.canvas.room - 40, 1, 20)
    if over == "picture":
        bar = Image.new("RGBA", (8, 52), colours.accent)
        rise = round((HEAD_SIZE - size) * typesetting.LEADING / 2)
        named = line_layer(number, fonts, size, colours.accent, left + INDENT, top + rise, enter)
        return [Layer(bar, left, top + 8, enter), named]
    small = round(size * 0.75)
    wide = round(typesetting.width(number, fonts, small)) + 40
    sticker = plate((wide + wide % 2, 62), colours.accent, 1.0, 14)
    typesetting.write(sticker, (20, (62 - small * typesetting.LEADING) / 2), number, fonts, small, colours.ground)
    return [Layer(sticker, left, top, enter)]


def _shade(width: int, height: int) -> NDArray[np.uint8]:
    """Alpha of the ground: clear at both ends, even behind the text."""
    rows = np.arange(height)
    u = np.clip(np.minimum(rows / SHADE_ABOVE, (height - 1 - rows) / SHADE_BELOW), 0, 1)
    ease = u * u * (3 - 2 * u)
    return np.repeat(np.rint(ease * SHADE_OPACITY * 255).astype(np.uint8)[:, None], width, axis=1)
