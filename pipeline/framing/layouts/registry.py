"""What a layout is, and all of them. A new one is a file beside this one and a place in LAYOUTS."""

from collections.abc import Callable, Mapping
from typing import Protocol

from basis.errors import WrongUse
from pipeline.footage.yuv import Planes
from pipeline.framing.layouts import crop, facecam, fit, split
from pipeline.framing.scoring import Option, Part, Scene
from pipeline.plan import Shot


class Layout(Protocol):
    """A module that knows one way to fill the output, or one family of ways."""

    NAMES: tuple[str, ...]  # what its shots are called in a plan

    def options(self, scene: Scene) -> list[Option]:
        """The ways in which it could show the shot, scored: 1 is all that matters, whole and legible."""

    def wishes(self, scene: Scene) -> Mapping[str, Callable[[Part], Shot]]:
        """What an editor may ask it to show of the shot, and how a part of the shot is built then."""

    def build(self, part: Part, option: Option) -> list[Shot]:
        """The shots that cover the part, which is a whole scene, for one of its options."""

    def draw_behind(self, shot: Shot, footage: Planes, out: Planes) -> None:
        """Draws into the output's planes what lies behind the panes of one of its shots, from a frame of the footage."""


LAYOUTS: list[Layout] = [
    fit,
    crop,
    split,
    facecam,
]  # of options with one score and as many subjects, the first's is taken


def named(name: str) -> Layout:
    """The layout of a shot in a plan. Raises WrongUse for one that there is not."""
    for layout in LAYOUTS:
        if name in layout.NAMES:
            return layout
    raise WrongUse(f"There is no layout {name}; there are {', '.join(n for layout in LAYOUTS for n in layout.NAMES)}.")
