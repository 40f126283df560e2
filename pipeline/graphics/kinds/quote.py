"""A quote card: a sentence in «ёлочки», its author below it."""

from collections.abc import Iterator, Sequence

from PIL import Image

from pipeline import typesetting
from pipeline.graphics.kinds.kind import Board, Candidate, GraphicKind, Written, has_ink
from pipeline.graphics.layers import EXIT, Drawing, Enter, Layer, canvas, plate
from pipeline.graphics.look import Look
from pipeline.graphics.pieces import (
    RISING,
    SHADE_OPACITY,
    STAGGER,
    centred,
    entry_seconds,
    line_layer,
    rising,
    title_step,
)
from presets.graphics import Placed, Quote

SIZES, SIZES_OVER_PICTURE = (76, 68, 60, 54, 48), (60, 54, 48)  # pixels of type
LINES = 8
AUTHOR_BELOW, INDENT = 40, 28  # pixels between a quote and its author, and of the author behind its bar
SHADE_X, SHADE_Y, RADIUS = 36, 40, 28  # pixels of plate around a quote over the picture
OUTSIDE = 20  # pixels by which the plate begins left of where cards have their text


class QuoteKind(GraphicKind[Quote]):
    model = Quote
    turn = 2

    def written(self, graphic: Quote, look: Look) -> Written:
        return [(graphic.text, "bold"), (graphic.author, "medium")]

    def has_content(self, graphic: Quote, look: Look) -> bool:
        return has_ink(self.written(graphic, look)[:1], look)

    def sample(self, end: float) -> Quote:
        return Quote(end=end, text="Металл не любит, когда его торопят.", author="Анна Орлова, сталевар")

    def fills_screen(self, graphic: Quote, look: Look) -> bool:
        return graphic.over != "picture"

    def places(self, graphic: Quote, board: Board) -> Iterator[Candidate[Quote]]:
        if self.fills_screen(graphic, board.look):
            return
        on = board.look.canvas
        wide, high = _plate_size(graphic, board.look)
        left = float(on.text_left - OUTSIDE)
        for bottom in [graphic.bottom] if graphic.bottom is not None else [on.foot, on.below_marks + high]:
            placed = graphic.model_copy(update={"bottom": round(bottom)})
            yield Candidate(placed, (left, bottom - high, left + wide, bottom))

    def draw(self, graphic: Quote, look: Look, shown: Sequence[Placed]) -> list[Drawing]:
        on, colours = look.canvas, look.colours
        lines, size, authors, small, block = _lines(graphic, look)
        top, left = centred(block, on), on.text_left
        layers: list[Layer] = []
        if graphic.over == "plain":
            layers.append(Layer(look.plain, enter=None if graphic.start == 0 else Enter()))
        if graphic.over == "picture":
            shade = plate(_plate_size(graphic, look), colours.ground, SHADE_OPACITY, RADIUS)
            left = on.text_left - OUTSIDE + SHADE_X
            top = round(on.foot if graphic.bottom is None else graphic.bottom) - shade.height + SHADE_Y
            layers.append(Layer(shade, left - SHADE_X, top - SHADE_Y, Enter()))
        layers += rising(lines, size, look, (left, top))
        if authors:
            y, step = top + title_step(size) * len(lines) + AUTHOR_BELOW, round(small * typesetting.LEADING)
            late = Enter(delay=STAGGER * len(lines), seconds=RISING)
            layers.append(Layer(Image.new("RGBA", (8, step * len(authors) - 10), colours.accent), left, y + 5, late))
            layers += [
                line_layer(line, look.medium, small, colours.ink, left + INDENT, y + n * step, late)
                for n, line in enumerate(authors)
            ]
        blurs = graphic.over == "blur"
        entry = entry_seconds(len(lines))
        return [Drawing(lambda _: layers, on.size, (0, 0), graphic.start, graphic.end, entry, EXIT, blurs=blurs)]


def _plate_size(graphic: Quote, look: Look) -> tuple[int, int]:
    """Width and height in pixels of the plate over the picture."""
    lines, size, authors, small, block = _lines(graphic, look)
    wide = [typesetting.width(line, look.bold, size) for line in lines]
    wide += [INDENT + typesetting.width(line, look.medium, small) for line in authors]
    return canvas(max(wide) + 2 * SHADE_X, block + 2 * SHADE_Y).size


def _lines(graphic: Quote, look: Look) -> tuple[list[str], int, list[str], int, int]:
    """Lines and type size of a quote and of its author, and the height of both."""
    on, over_picture = look.canvas, graphic.over == "picture"
    room = on.room + OUTSIDE - 2 * SHADE_X if over_picture else on.room
    sentence = graphic.text.strip().strip('«»"“”„ ')
    authors, small = typesetting.fit(graphic.author, look.medium, 40, room - INDENT, 2, 30)
    foot = round(small * typesetting.LEADING) * len(authors) + (AUTHOR_BELOW if authors else 0)
    for largest in SIZES_OVER_PICTURE if over_picture else SIZES:
        lines, size = typesetting.fit(f"«{sentence}»", look.bold, largest, room, LINES, largest)
        block = title_step(size) * len(lines) + foot
        if block <= on.above_captions - on.below_marks and not typesetting.broken(sentence, look.bold, size, room):
            break
    return lines, size, authors, small, block
