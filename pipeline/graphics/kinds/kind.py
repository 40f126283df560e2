"""What the program asks of a kind of graphic, and what it tells one that looks for its place."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, NamedTuple, Protocol, Self, TypeVar

from basis.spans import overlap
from pipeline import typesetting
from pipeline.graphics.layers import Drawing
from pipeline.graphics.look import Look
from pipeline.graphics.onscreen import OnScreen
from pipeline.plan import Plan
from presets.graphics import Placed

G = TypeVar("G", bound=Placed)
Area = tuple[float, float, float, float]  # left, top, right, bottom in pixels of a picture 1080 wide
Written = list[tuple[str, typesetting.Weight]]

INK_SIZE = 20  # pixels of type at which ink is looked for


class Candidate(NamedTuple, Generic[G]):
    """A graphic in a place that it may take, and what it covers there.

    shaded: what of the picture its ground darkens, where that is more.
    """

    graphic: G
    area: Area
    shaded: Area | None = None


@dataclass(frozen=True)
class Board:
    """What a graphic that looks for its place may look at.

    faces: those that no card hides, their boxes in the pixels of areas. low: the graphics that want the room above
    captions. taken: the areas of graphics that have their place, in the order in which they got it.
    """

    plan: Plan
    look: Look
    faces: Sequence[OnScreen]
    low: Sequence[Placed]
    taken: tuple[tuple[Placed, Area], ...] = ()

    def keeping(self, kept: Candidate[G]) -> Self:
        return replace(self, taken=(*self.taken, (kept.graphic, kept.area)))

    def beside(self, graphic: Placed, model: type[Placed]) -> list[Area]:
        """The areas of a model's graphics that share the screen with this one."""
        return [area for other, area in self.taken if isinstance(other, model) and together(other, graphic)]


def together(one: Placed, other: Placed) -> bool:
    """Whether two graphics share the screen at any time."""
    return overlap((one.start, one.end), (other.start, other.end)) > 0


class GraphicKind(Protocol[G]):
    """One kind of graphic. What has a body here need not be said by a kind of which it is true.

    model: its keys in presets, briefs and plans. turn: whose place is chosen before whose, 0 where none is chosen.
    stands: whether it stands where it does and others keep clear of it.
    """

    model: type[G]
    turn: int = 0
    stands: bool = False

    def written(self, graphic: G, look: Look) -> Written:
        """The texts of a graphic, each with the weight of its font."""

    def draw(self, graphic: G, look: Look, shown: Sequence[Placed]) -> list[Drawing]:
        """What is seen of it; shown: all graphics of the episode that are seen. Raises WrongUse for what cannot be drawn."""

    def sample(self, end: float) -> G:
        """One with everything in it, during [0, end) seconds, for the picture of a preset."""

    def has_content(self, graphic: G, look: Look) -> bool:
        """Whether there is anything to see of it."""
        return has_ink(self.written(graphic, look), look)

    def fills_screen(self, graphic: G, look: Look) -> bool:
        """Whether it hides the picture."""
        return False

    def stands_low(self, graphic: G, look: Look) -> bool:
        """Whether it wants the room above captions that stand at the foot."""
        return False

    def places(self, graphic: G, board: Board) -> Iterable[Candidate[G]]:
        """The places that it may take, the best first; the given one alone where one is given, none where none is chosen."""
        return ()

    def parts(self, graphic: G, board: Board) -> list[G]:
        """The same in parts that may each have a place of its own; none where it must stay whole."""
        return []


def has_ink(texts: Written, look: Look) -> bool:
    return any(typesetting.width(line.strip(), look.fonts(weight), INK_SIZE) > 0 for line, weight in texts)
