"""The progress line: fills from its start to its end, at the foot of what the platform leaves free."""

from collections.abc import Sequence

from pipeline.graphics.kinds.kind import GraphicKind, Written
from pipeline.graphics.layers import Drawing, Layer, plate
from pipeline.graphics.look import Look
from presets.graphics import Placed, Progress

ABOVE_BOTTOM, HEIGHT = 14, 8  # pixels from the line's upper edge to the end of the free part, and of the line
GROUND_OPACITY = 0.55
STEP = 2  # pixels by which it grows


class ProgressKind(GraphicKind[Progress]):
    model = Progress

    def written(self, graphic: Progress, look: Look) -> Written:
        return []

    def has_content(self, graphic: Progress, look: Look) -> bool:
        return True

    def sample(self, end: float) -> Progress:
        return Progress(end=end)

    def draw(self, graphic: Progress, look: Look, shown: Sequence[Placed]) -> list[Drawing]:
        size = int(look.canvas.right - look.canvas.edge) // 2 * 2, HEIGHT
        ground = plate(size, look.colours.ground, GROUND_OPACITY, HEIGHT // 2)
        full = plate(size, look.colours.accent, 1.0, HEIGHT // 2)

        def paint(state: int) -> list[Layer]:
            image = ground.copy()
            image.paste(full.crop((0, 0, state * STEP, HEIGHT)), (0, 0))
            return [Layer(image)]

        steps = size[0] // STEP
        changes = [(graphic.end - graphic.start) * (number + 1) / steps for number in range(steps)]
        at = look.canvas.edge, look.canvas.bottom - ABOVE_BOTTOM
        return [Drawing(paint, size, at, graphic.start, graphic.end, changes=changes)]
