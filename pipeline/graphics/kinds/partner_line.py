"""The partner line: those behind the series, small, below the mark."""

from collections.abc import Sequence

from pipeline import typesetting
from pipeline.graphics.kinds.kind import GraphicKind, Written
from pipeline.graphics.layers import Drawing, Layer
from pipeline.graphics.look import Look
from pipeline.graphics.pieces import quiet
from presets.graphics import PartnerLine, Placed

BELOW_TOP, HEIGHT = 66, 44  # pixels from the top of the free part, and of a plate with one line


class PartnerLineKind(GraphicKind[PartnerLine]):
    model = PartnerLine
    stands = True

    def written(self, graphic: PartnerLine, look: Look) -> Written:
        return [(graphic.text or look.series.partners, "medium")]

    def sample(self, end: float) -> PartnerLine:
        return PartnerLine(end=end)

    def draw(self, graphic: PartnerLine, look: Look, shown: Sequence[Placed]) -> list[Drawing]:
        on, ((partners, _),) = look.canvas, self.written(graphic, look)
        lines, size = typesetting.fit(partners, look.medium, 24, on.right - on.left - 40, 2, 20)
        image = quiet(lines, look.medium, size, HEIGHT, look, bar=False)
        at = (on.left, on.top + BELOW_TOP)
        return [Drawing(lambda _: [Layer(image)], image.size, at, graphic.start, graphic.end)]
