"""A chapter sticker in the series' colour, below the mark; it is uncovered from its side."""

from collections.abc import Iterator, Sequence

from PIL import Image

from pipeline import typesetting
from pipeline.graphics.kinds.kind import Board, Candidate, GraphicKind, Written
from pipeline.graphics.layers import EXIT, Drawing, Enter, Layer, canvas, plate
from pipeline.graphics.look import Look
from presets.graphics import Chapter, Placed

SIZE, SMALLEST, HEIGHT, PAD, RADIUS = 40, 28, 76, 24, 14  # pixels of type and of the sticker
LOWEST = 386  # pixels from its lower edge to the end of the free part, at the least


class ChapterKind(GraphicKind[Chapter]):
    model = Chapter
    turn = 1

    def written(self, graphic: Chapter, look: Look) -> Written:
        return [(graphic.text, "bold")]

    def sample(self, end: float) -> Chapter:
        return Chapter(end=end, number=3, text="Литейный цех")

    def places(self, graphic: Chapter, board: Board) -> Iterator[Candidate[Chapter]]:
        on = board.look.canvas
        wide, high = _sticker(graphic, board.look).size
        tops = [on.below_marks, on.below_mark, on.bottom - LOWEST - high]
        for top in [graphic.top] if graphic.top is not None else tops:
            for side in [graphic.side] if graphic.side else ["left", "right"]:
                left = on.right - wide if side == "right" else on.edge
                placed = graphic.model_copy(update={"side": side, "top": round(top)})
                yield Candidate(placed, (left, top, left + wide, top + high))

    def draw(self, graphic: Chapter, look: Look, shown: Sequence[Placed]) -> list[Drawing]:
        image, on = _sticker(graphic, look), look.canvas
        right = graphic.side == "right"
        wipe = Enter(wipe="right" if right else "left", fade=False)
        at = (on.right - image.width if right else on.edge, on.below_marks if graphic.top is None else graphic.top)
        layers = [Layer(image, enter=wipe)]
        return [Drawing(lambda _: layers, image.size, at, graphic.start, graphic.end, wipe.seconds, EXIT)]


def _sticker(graphic: Chapter, look: Look) -> Image.Image:
    fonts, colours = look.bold, look.colours
    number = "" if graphic.number is None else str(graphic.number)
    head = round(typesetting.width(number, fonts, SIZE)) + 2 * PAD if number else 0
    room = look.canvas.right - look.canvas.edge - head - 2 * PAD
    lines, size = typesetting.fit(graphic.text, fonts, SIZE, room, 2, SMALLEST)
    step = round(size * typesetting.LEADING)
    wide = max(typesetting.width(line, fonts, size) for line in lines)
    whole = canvas(head + wide + 2 * PAD, max(HEIGHT, step * len(lines) + 24)).size
    image = plate(whole, colours.accent, 1.0, RADIUS)
    if number:
        image.paste(plate(whole, colours.ground, 1.0, RADIUS).crop((0, 0, head, whole[1])), (0, 0))
        rise = (whole[1] - SIZE * typesetting.LEADING) / 2
        typesetting.write(image, (PAD, rise), number, fonts, SIZE, colours.accent)
    top = (whole[1] - step * len(lines)) / 2
    for row, line in enumerate(lines):
        typesetting.write(image, (head + PAD, top + row * step), line, fonts, size, colours.ground)
    return image
