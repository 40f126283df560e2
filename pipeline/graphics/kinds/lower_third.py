"""A lower third: name and role; the plate is uncovered from its side, the type glides in behind it."""

from collections.abc import Iterator, Sequence

from pipeline import typesetting
from pipeline.graphics.kinds.kind import Board, Candidate, GraphicKind, Written
from pipeline.graphics.layers import EXIT, Drawing, Enter, Layer, canvas, plate
from pipeline.graphics.look import Look
from pipeline.graphics.pieces import line_layer
from presets.graphics import Caption, LowerThird, Placed

# pixels from its lower edge to the end of the free part: its usual place, and the lowest
USUAL, LOWEST = 386, 50
BETWEEN = 24  # pixels between it and a caption below
INSET, PAD, RADIUS, OPACITY, BAR = 34, 20, 14, 0.86, 8  # pixels, and the plate's opacity
ENTRY = 0.34  # seconds
SLIDE, STAGGER = 22, 0.1  # pixels that type glides in behind its plate, and seconds by which it follows

Row = tuple[str, typesetting.Fonts, int, int, bool]


class LowerThirdKind(GraphicKind[LowerThird]):
    model = LowerThird
    turn = 5

    def written(self, graphic: LowerThird, look: Look) -> Written:
        return [(graphic.name, "bold"), (graphic.role, "medium")]

    def sample(self, end: float) -> LowerThird:
        return LowerThird(end=end, name="Анна Орлова", role="Сталевар, пятый разряд")

    def stands_low(self, graphic: LowerThird, look: Look) -> bool:
        return True

    def places(self, graphic: LowerThird, board: Board) -> Iterator[Candidate[LowerThird]]:
        on = board.look.canvas
        _, (wide, high) = _rows(graphic, board.look)
        lowest = on.bottom - LOWEST
        captions = board.beside(graphic, Caption)
        above = [area[1] - BETWEEN for area in captions if on.top + high <= area[1] - BETWEEN < lowest]
        below = [area[3] + BETWEEN + high for area in captions if area[3] + BETWEEN + high < lowest]
        bottoms = [on.bottom - USUAL, *above, lowest, on.below_marks + high, on.below_mark + high, *below]
        for bottom in [graphic.bottom] if graphic.bottom is not None else bottoms:
            for side in [graphic.side] if graphic.side else ["left", "right"]:
                left = on.right - wide if side == "right" else on.edge
                placed = graphic.model_copy(update={"side": side, "bottom": round(bottom)})
                yield Candidate(placed, (left, bottom - high, left + wide, bottom))

    def draw(self, graphic: LowerThird, look: Look, shown: Sequence[Placed]) -> list[Drawing]:
        rows, size = _rows(graphic, look)
        on = look.canvas
        right = graphic.side == "right"
        ground = plate(size, look.colours.ground, OPACITY, RADIUS)
        bar = size[0] - BAR if right else 0
        edge = plate(size, look.colours.accent, 1.0, RADIUS).crop((bar, 0, bar + BAR, size[1]))
        wipe = Enter(seconds=ENTRY, wipe="right" if right else "left", fade=False)
        layers = [Layer(ground, enter=wipe), Layer(edge, bar, enter=wipe)]
        for line, fonts, high, top, is_role in rows:
            late = Enter(delay=STAGGER * (1 + is_role), seconds=ENTRY, dx=SLIDE if right else -SLIDE)
            layers.append(line_layer(line, fonts, high, look.colours.ink, INSET, top, late))
        bottom = on.bottom - USUAL if graphic.bottom is None else graphic.bottom
        at = (on.right - size[0] if right else on.edge, bottom - size[1])
        return [Drawing(lambda _: layers, size, at, graphic.start, graphic.end, 2 * STAGGER + ENTRY, EXIT)]


def _rows(graphic: LowerThird, look: Look) -> tuple[list[Row], tuple[int, int]]:
    """(line, fonts, type size, its top, whether it is the role's), and width and height of the plate, in pixels."""
    room = look.canvas.right - look.canvas.edge - 2 * INSET
    names, size = typesetting.fit(graphic.name, look.bold, 52, room, 1, 44)
    if len(names) > 1:
        names, size = typesetting.fit(graphic.name, look.bold, 48, room, 2, 34)
    roles, small = typesetting.fit(graphic.role, look.medium, 36, room, 2, 30)
    step, small_step = round(size * 1.16), round(small * typesetting.LEADING)
    below = PAD + step * len(names) + (6 if names and roles else 0)
    rows = [(line, look.bold, size, PAD + n * step, False) for n, line in enumerate(names)]
    rows += [(line, look.medium, small, below + n * small_step, True) for n, line in enumerate(roles)]
    widest = max((typesetting.width(line, fonts, high) for line, fonts, high, *_ in rows), default=0.0)
    return rows, canvas(widest + 2 * INSET, below + small_step * len(roles) + PAD).size
