"""The series' mark in its corner: its picture, or its name, on a quiet plate."""

from collections.abc import Sequence

from pipeline import typesetting
from pipeline.graphics.kinds.kind import GraphicKind, Written
from pipeline.graphics.layers import Drawing, Layer, picture, plate
from pipeline.graphics.look import Look
from pipeline.graphics.pieces import QUIET_OPACITY, QUIET_RADIUS, quiet
from presets.graphics import Mark, Placed

BELOW_TOP, HEIGHT = 2, 56  # pixels from the top of the free part, and of the plate
PICTURE_PAD = 9  # pixels of plate around the picture


class MarkKind(GraphicKind[Mark]):
    model = Mark
    stands = True

    def written(self, graphic: Mark, look: Look) -> Written:
        return [("" if look.series.mark else look.series.name, "bold")]

    def has_content(self, graphic: Mark, look: Look) -> bool:
        return bool(look.series.mark) or super().has_content(graphic, look)

    def sample(self, end: float) -> Mark:
        return Mark(end=end)

    def draw(self, graphic: Mark, look: Look, shown: Sequence[Placed]) -> list[Drawing]:
        room, at = look.canvas.right - look.canvas.left, (look.canvas.left, look.canvas.top + BELOW_TOP)
        if look.series.mark:
            drawn = picture(look.series.mark, HEIGHT - 2 * PICTURE_PAD, int(room) - 2 * PICTURE_PAD)
            size = drawn.width + 2 * PICTURE_PAD, HEIGHT
            image = plate(size, look.colours.ground, QUIET_OPACITY, QUIET_RADIUS)
            image.alpha_composite(drawn, (PICTURE_PAD, (HEIGHT - drawn.height) // 2))
        else:
            lines, type_size = typesetting.fit(look.series.name, look.bold, 30, room - 56, 1, 16)
            image = quiet(lines[:1], look.bold, type_size, HEIGHT, look)
        return [Drawing(lambda _: [Layer(image)], image.size, at, graphic.start, graphic.end)]
