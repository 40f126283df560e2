"""A slide or a screen whole, and the small camera picture that lies on it large above: for lectures, calls and streams."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from basis.boxes import Box
from pipeline.analysis.types import Facecam
from pipeline.footage.yuv import Planes
from pipeline.framing.layouts import fit
from pipeline.framing.scoring import Option, Part, Scene
from pipeline.framing.subjects import Region
from pipeline.plan import Knot, Pane, Shot

NAMES: tuple[str, ...] = ("facecam",)
BETWEEN = 0.1  # of the output's height, between the two: captions lie there and hide neither
BELOW = 0.12  # of it, below both: the platform's own lines lie there
LARGEST_SLIDE = 0.5  # of it
EYES = 0.42  # height of the eyes in the camera picture's crop, as a share of it
GUESS = (2.2, 1.8)  # face heights wide and high that are shown of a face whose camera picture has no clear border


def options(scene: Scene) -> list[Option]:
    """Each face in its camera picture and the whole picture; from one to the next where several speak."""
    regions = [region for region in scene.people if _known(scene, region)]
    if scene.vertical or not regions or scene.look.habits.facecam == "off":
        return []
    segments = [segment for segment in scene.segments if segment.region in regions] if len(regions) > 1 else []
    first = scene.speakers[0] if len(scene.speakers) == 1 and scene.speakers[0] in regions else regions[0]
    why = f"{first.name} is in a small camera picture on a slide: both are shown"
    return [Option("facecam", 1.0, why, [first], segments if len(segments) == len(scene.segments) else [])]


def wishes(scene: Scene) -> Mapping[str, Callable[[Part], Shot]]:
    """The weightiest face, and the whole picture."""
    if scene.vertical or not scene.people:
        return {}
    known = [region for region in scene.people if _known(scene, region)]
    return {"facecam": lambda part: _stacked(part, (known or scene.people)[0])}


def build(part: Part, option: Option) -> list[Shot]:
    """One shot, or one for each who speaks in a camera picture of their own."""
    if not option.segments:
        return [_stacked(part, option.regions[0])]
    return [
        _stacked(replace(part, start=s.start, end=s.end, reason=f"{part.reason}; {s.region.name} {s.why}"), s.region)
        for s in option.segments
    ]


def draw_behind(shot: Shot, footage: Planes, out: Planes) -> None:
    """The picture's middle, blurred and dimmed, as behind a whole picture."""
    fit.draw_behind(shot, footage, out)


def _known(scene: Scene, region: Region) -> Facecam | None:
    """The camera picture that a face is in."""
    return next((facecam for facecam in scene.shot.facecams if facecam.track == region.number), None)


def _stacked(part: Part, region: Region) -> Shot:
    """The camera picture over the slide, or below it where the preset wants that."""
    look, picture = part.scene.look, part.scene.picture
    scale = min(look.width / picture.width, LARGEST_SLIDE * look.height / picture.height)
    width, height = (round(side * scale / 2) * 2 for side in (picture.width, picture.height))
    between, below = (round(share * look.height / 2) * 2 for share in (BETWEEN, BELOW))
    upper = look.height - height - between - below
    if look.habits.facecam == "below":
        face, top = (below + height + between, look.height - below - height - between), below
    else:
        face, top = (0, upper), upper + between
    slide = Pane(
        width=picture.width, height=picture.height, path=[Knot(t=part.start, x=picture.x, y=picture.y)],
        onto=Box(x=round((look.width - width) / 4) * 2, y=top, width=width, height=height),
    )  # fmt: skip
    onto = Box(x=0, y=face[0], width=look.width, height=face[1])
    return part.shot("facecam", [_camera(part, region, onto), slide], [region])


def _camera(part: Part, region: Region, onto: Box) -> Pane:
    """As much of the camera picture as fills its place, still, the face in the middle where there is room."""
    known = _known(part.scene, region)
    face, room = (known.face, known.box) if known else (region.usual, _guessed(region.usual, part.scene.picture))
    width = min(room.width, room.height * onto.width / onto.height)
    height = width * onto.height / onto.width
    x = min(max(face.x + face.width / 2 - width / 2, room.x), room.right - width)
    y = min(max(face.y + 0.4 * face.height - EYES * height, room.y), room.bottom - height)
    path = [Knot(t=part.start, x=round(x, 2), y=round(y, 2))]
    return Pane(width=round(width, 3), height=round(height, 3), path=path, onto=onto)


def _guessed(face: Box, picture: Box) -> Box:
    """What is probably of the camera picture around a face."""
    wide, high = (times * face.height for times in GUESS)
    left, top = max(picture.x, face.x + (face.width - wide) / 2), max(picture.y, face.y + (face.height - high) / 2)
    right, bottom = min(picture.right, left + wide), min(picture.bottom, top + high)
    return Box(x=left, y=top, width=right - left, height=bottom - top)
