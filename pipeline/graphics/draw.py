"""Each placed graphic as a MoviePy clip with a mask, in the order in which they lie over each other."""

from pipeline.graphics.kinds import is_shown, kind_of, layer
from pipeline.graphics.layers import Graphic, animated
from pipeline.graphics.look import Look
from pipeline.plan import Plan


def draw(plan: Plan, look: Look) -> list[Graphic]:
    """The plan's graphics, the lowest first, at the size of the look's canvas. Raises WrongUse for what cannot be drawn.

    One that has nothing to show, or no time to show it in, is left out.
    """
    shown = sorted((graphic for graphic in plan.graphics if is_shown(graphic, look)), key=layer)
    return [
        animated(drawing, look.canvas.scale)
        for graphic in shown
        for drawing in kind_of(graphic).draw(graphic, look, shown)
    ]
