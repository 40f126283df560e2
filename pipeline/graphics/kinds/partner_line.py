"""The partner line: those behind the series, small, below the mark."""

from collections.abc import Sequence

from PIL import Image

from pipeline.graphics.kinds.kind import Area, GraphicKind, Written
from pipeline.graphics.layers import Drawing, Layer
from pipeline.graphics.look import Look
from pipeline.graphics.pieces import quiet
from pipeline.typesetting import text
from presets.graphics import PartnerLine, Placed

BELOW_TOP, HEIGHT = 66, 44  # pixels from the top of the free part, and of a plate with one line


class PartnerLineKind(GraphicKind[PartnerLine]):
    model = PartnerLine

    def written(self, graphic: PartnerLine, look: Look) -> Written:
        return [(graphic.text or look.series.partners, "medium")]

    def sample(self, end: float) -> PartnerLine:
        return PartnerLine(end=end)

    def area(self, graphic: PartnerLine, look: Look) -> Area:
        image = self._plate(graphic, look)
        left, top = look.canvas.left, look.canvas.top + BELOW_TOP
        return left, top, left + image.width, top + image.height

    def draw(self, graphic: PartnerLine, look: Look, shown: Sequence[Placed]) -> list[Drawing]:
        image = self._plate(graphic, look)
        left, top, *_ = self.area(graphic, look)
        return [Drawing(lambda _: [Layer(image)], image.size, (left, top), graphic.start, graphic.end)]

    def _plate(self, graphic: PartnerLine, look: Look) -> Image.Image:
        ((partners, _),) = self.written(graphic, look)
        room = look.canvas.right - look.canvas.left - 40
        lines, size = text.fit(partners, look.medium, 24, room, 2, 20)
        return quiet(lines, look.medium, size, HEIGHT, look, bar=False)
