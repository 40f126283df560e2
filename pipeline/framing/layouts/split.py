"""Two people, one above the other, each in a crop of their own: for talk in which both matter at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from basis.boxes import Box
from pipeline.footage.yuv import Planes
from pipeline.framing.scoring import Option, Part, Scene
from pipeline.framing.subjects import Region
from pipeline.plan import Shot

NAMES: tuple[str, ...] = ("split",)
VALUE = 0.85  # how good it is apart from what it shows: everybody is halved
UNWANTED = 0.1  # times its score where the preset asks for another layout in talk
AT_ONCE = 0.2  # share of the speech from which people talk over each other
EYES = 0.38  # height of the eyes in a half, as a share of it
FACE = 0.3  # of a half's height, to which its face is enlarged where the footage has the pixels
LARGEST_FACE = 0.5  # of a half's height that a face may have, when that keeps the other person out of it


def options(scene: Scene) -> list[Option]:
    """A half each where just two people matter."""
    if scene.vertical or len(scene.important) != 2:
        return []
    pair, habits = _left_to_right(scene.important), scene.look.habits
    value = VALUE
    if scene.speakers and habits.talk in ("cut", "fit"):
        value *= UNWANTED
    elif habits.talk == "split" and scene.speakers:
        value = 1.0
    why = "talk in one shot" if scene.speakers else "matter alike"
    if scene.shot.overlap > AT_ONCE:
        why = "talk over each other"
    legible = scene.legible(pair, scene.look.height / 2 / _half_height(scene, pair))
    score = value * _together(pair) * _clear(scene, pair) * legible
    reason = f"{pair[0].name} and {pair[1].name} {why}: each gets a half"
    return [Option("split", score, reason, pair, scene.segments)]


def wishes(scene: Scene) -> Mapping[str, Callable[[Part], Shot]]:
    """The two weightiest people in equal halves."""
    if len(scene.people) < 2:
        return {}
    pair = _left_to_right(scene.people[:2])
    return {"split": lambda part: _halves(part, pair, 0.5)}


def build(part: Part, option: Option) -> list[Shot]:
    """Two halves, the left person above; where the preset enlarges the speaker's, a cut at every change of speaker."""
    share = part.scene.look.habits.split_speaker
    pair = option.regions
    if share == 0.5 or not option.segments:
        return [_halves(part, pair, 0.5)]
    return [
        _halves(
            replace(part, start=s.start, end=s.end, reason=f"{part.reason}; {s.region.name} {s.why}"), pair,
            share if s.region.number == pair[0].number else 1 - share,
        )
        for s in option.segments
    ]  # fmt: skip


def draw_behind(shot: Shot, footage: Planes, out: Planes) -> None:
    """Nothing: the halves fill the output."""


def _halves(part: Part, pair: Sequence[Region], upper: float) -> Shot:
    """The upper person in the `upper` share of the height, the lower in the rest, their eyes level in both."""
    scene, look, picture = part.scene, part.scene.look, part.scene.picture
    border = round(look.height * upper / 2) * 2
    halves = []
    for region, top, bottom in ((pair[0], 0, border), (pair[1], border, look.height)):
        onto = Box(x=0, y=top, width=look.width, height=bottom - top)
        # both at the same enlargement where their faces are alike: the taller half shows more, not larger
        height = _half_height(scene, pair) * (bottom - top) / (look.height / 2)
        height = min(height, picture.height, picture.width * onto.height / onto.width)
        halves.append((region, (height * onto.width / onto.height, height), onto))
    eyes = _level(picture, [(region, size[1]) for region, size, _ in halves])
    return part.shot("split", [part.pane([region], size, eyes, onto, 0.0) for region, size, onto in halves], pair)


def _level(picture: Box, halves: Sequence[tuple[Region, float]]) -> float:
    """The height of the eyes, as a share of a half, that the picture's edges allow in both; halves: with their height."""
    lows, highs = [0.0], [1.0]
    for region, height in halves:
        eyes = float(np.median(region.eye_heights)) - picture.y
        lows.append(1 - (picture.height - eyes) / height)
        highs.append(eyes / height)
    least, most = max(lows), min(highs)
    return min(max(EYES, least), most) if least <= most else (least + most) / 2


def _half_height(scene: Scene, pair: Sequence[Region]) -> float:
    """Source pixels high that half of a split is: faces large, the other person outside. pair: from left to right."""
    look, picture = scene.look, scene.picture
    aspect = look.width / (look.height / 2)
    largest = max(region.usual.height for region in pair)
    upscale = max(look.habits.max_upscale, look.height / picture.height)  # to fill the screen takes as much anyway
    least = max(look.height / 2 / upscale, largest / LARGEST_FACE)
    height = max(least, min(largest / FACE, _clear_width(picture, pair) / aspect))
    return min(height, picture.height, picture.width / aspect)


def _clear(scene: Scene, pair: Sequence[Region]) -> float:
    """How much of each other's face stays out of the halves, 0 to 1. pair: from left to right."""
    width = _half_height(scene, pair) * scene.look.width / (scene.look.height / 2)
    face = max(region.usual.width for region in pair)
    return 1 - float(np.clip((width - _clear_width(scene.picture, pair)) / face, 0, 1))


def _clear_width(picture: Box, pair: Sequence[Region]) -> float:
    """Source pixels wide that each one's half can be through the whole shot without a piece of the other's head."""
    (low0, high0), (low1, high1) = (region.reach for region in pair)
    left = min(low1 - picture.x, 2 * low1 - (low0 + high0))
    right = min(picture.right - high0, (low1 + high1) - 2 * high0)
    return max(0.0, min(left, right))


def _together(regions: Sequence[Region]) -> float:
    """Share of the time from the first to the last sighting of any of them in which all are there."""
    starts, ends = [region.first for region in regions], [region.last for region in regions]
    return float(max(0.0, min(ends) - max(starts)) / max(max(ends) - min(starts), 1e-6))


def _left_to_right(regions: Sequence[Region]) -> list[Region]:
    return sorted(regions, key=lambda region: region.usual.x)
