"""The whole picture over a blurred copy of itself: shows everything, and leaves most of the screen without a subject."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from basis.boxes import Box
from pipeline.footage.yuv import BLACK, GRAY, PARTS, Planes, blurred
from pipeline.framing.scoring import Option, Part, Scene
from pipeline.framing.subjects import Region
from pipeline.plan import Knot, Pane, Shot

NAMES: tuple[str, ...] = ("fit",)
VALUE = 0.55  # how good it is apart from what it shows: most of the screen is blurred
WITHOUT_FACES = 0.4  # its score where nobody is seen: the last resort
HEIGHT = 0.45  # share of the room that lies above the picture: captions are below
DIM = 0.55  # brightness of the blurred copy


def options(scene: Scene) -> list[Option]:
    """The whole picture, unless the footage is vertical and fills the screen anyway."""
    if scene.vertical:
        return []
    people, look = scene.important, scene.look
    if not people:
        return [Option("fit", WITHOUT_FACES, "the whole picture shows everything")]
    asked = look.habits.talk == "fit" and scene.speakers and len(people) > 1
    many = f"{len(people)} faces matter and no crop holds them all"
    why = many if len(people) > 1 else "the whole picture shows everybody"
    legible = scene.legible(people, look.width / scene.picture.width)
    return [Option("fit", (1.0 if asked else VALUE) * legible, why, people)]


def wishes(scene: Scene) -> Mapping[str, Callable[[Part], Shot]]:
    """The whole picture of any shot."""
    return {"fit": lambda part: whole_picture(part, scene.regions)}


def build(part: Part, option: Option) -> list[Shot]:
    """One shot."""
    return [whole_picture(part, option.regions)]


def draw_behind(shot: Shot, footage: Planes, out: Planes) -> None:
    """The picture's middle, blurred and dimmed, over the whole output."""
    picture = shot.picture
    high, wide = out[0].shape
    width = min(picture.width, picture.height * wide / high)
    height = width * high / wide
    x, y = picture.x + (picture.width - width) / 2, picture.y + (picture.height - height) / 2
    for origin, target, part, zero in zip(footage, out, PARTS, (BLACK, GRAY, GRAY), strict=True):
        a, b = int(x / part), int(y / part)
        middle = origin[b : b + int(height / part), a : a + int(width / part)]
        np.copyto(target, blurred(middle, (target.shape[1], target.shape[0]), DIM, zero))


def whole_picture(part: Part, regions: Sequence[Region]) -> Shot:
    """The whole picture as large as the output takes it, a little above the middle."""
    whole, look = part.scene.picture, part.scene.look
    scale = min(look.width / whole.width, look.height / whole.height)
    width, height = (round(side * scale / 2) * 2 for side in (whole.width, whole.height))
    left = round((look.width - width) / 4) * 2
    top = round((look.height - height) * HEIGHT / 2) * 2
    pane = Pane(
        width=whole.width, height=whole.height, path=[Knot(t=part.start, x=whole.x, y=whole.y)],
        onto=Box(x=left, y=top, width=width, height=height),
    )  # fmt: skip
    return part.shot("fit", [pane], regions)
