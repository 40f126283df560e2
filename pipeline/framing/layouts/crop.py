"""One crop that fills the screen: held where that serves, panned at one speed, or following; with cuts inside where the
picture goes to whoever speaks. What most shots get."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from basis.boxes import Box
from pipeline.footage.yuv import Planes
from pipeline.framing import camera
from pipeline.framing.layouts.fit import whole_picture
from pipeline.framing.scoring import LEAST_SEGMENT, Option, Part, Scene, Segment
from pipeline.framing.subjects import Array, Region, extent
from pipeline.plan import Knot, Pane, Shot

NAMES: tuple[str, ...] = ("follow", "hold", "pan")
PLACES = {"left": 0.0, "middle": 0.5, "right": 1.0}  # of the room that a still crop has in the picture
EYES = 0.34  # height of the eyes in the crop, docs/delivery.md: 0.22 to 0.45
SAFE_WIDTH = 0.92  # of the crop that a group may fill
WHOLE = 0.97  # share of the time that a group must fit into the crop
CROWD = 4  # faces from which a still look at some of them is an answer
FASTEST = 1.4  # crop widths a second; a face that goes faster is shown in the whole picture
RUSH = 0.1  # of a shot that may be faster
WITHOUT_SUBJECT = 0.45  # score of the middle where nothing is found
CUT_VALUE = 0.95  # how good cutting between people is apart from whom it shows
UNWANTED = 0.1  # times that where the preset asks for another layout in talk
HALF_OF_IT = 0.5  # what a face in a small camera picture is worth without the slide that it lies on
OVERLAP_COST = 1.2  # off it for talking at the same time
BARGING = 0.1  # share of the speech for which people may talk at once in any talk (and what is heard wrongly as such)
HASTE = 2.5  # seconds between cuts, on average, below which cutting gets restless
HASTE_COST = 0.15  # off its value for each second less
HANDOVER = 0.3  # seconds for which one person may still be seen when the next one comes


def options(scene: Scene) -> list[Option]:
    """The crops that make sense: of one person, of a group, from one to the next, or of a thing where nobody is seen."""
    if scene.vertical:
        return [Option("hold", 1.0, "the footage is already vertical", scene.subjects[:1])]
    if not scene.important:
        return _without_faces(scene.subjects)
    return [_alone(scene), *(_several(scene) if len(scene.important) > 1 else [])]


def wishes(scene: Scene) -> Mapping[str, Callable[[Part], Shot]]:
    """Each person and thing, everybody where there are several, and the sides and the middle of the picture."""
    named = {region.label: [region] for region in reversed(scene.people)}  # of two the weightier
    named |= {region.label: [region] for region in scene.regions if not region.kind.person}
    if len(scene.people) > 1:
        named["everybody"] = scene.people
    crops = {label: partial(_crop, regions=regions) for label, regions in named.items()}
    return crops | {place: partial(_held_at, share=share) for place, share in PLACES.items()}


def build(part: Part, option: Option) -> list[Shot]:
    """One shot, or one for each segment."""
    if not option.segments:
        return [_watchable(part, option.regions)]
    return [
        _watchable(
            replace(part, start=s.start, end=s.end, reason=f"{s.region.name} {s.why} ({part.reason})"), [s.region]
        )
        for s in option.segments
    ]


def draw_behind(shot: Shot, footage: Planes, out: Planes) -> None:
    """Nothing: the crop fills the output."""


def _without_faces(things: Sequence[Region]) -> list[Option]:
    """What moves, else what stands out where it clearly does, else the middle."""
    why = "nobody and nothing that moves was found: the middle is held"
    ways = [Option("hold the middle", WITHOUT_SUBJECT, why)]
    for thing in things[:1]:
        least, more = thing.kind.worth
        score = least + more * thing.certainty
        ways.append(Option(f"{thing.kind.verb} {thing.name}", score, thing.kind.why, [thing]))
    return ways


def _alone(scene: Scene) -> Option:
    """The one who speaks, or the weightiest face."""
    important = scene.important
    first = important[0]
    if len(scene.speakers) == 1:
        first = scene.speakers[0]
        share = 0.5 + 0.45 * scene.speech_share(first) * (1 - scene.shot.overlap)
        why = f"{first.name} is the one who speaks" if len(important) > 1 else f"{first.name} speaks"
    elif len(important) == 1:
        share, why = 1.0, f"{first.name} is the only face that matters"
    else:
        share = first.weight / sum(region.weight for region in important)
        why = f"{first.name} has the largest of {len(important)} faces"
        if scene.look.habits.crowd == "largest" and len(important) > 2:
            share, why = 1.0, f"{why}, as the preset asks"
    if scene.shot.facecams:
        share *= HALF_OF_IT
    return Option(f"{first.name} alone", share * scene.legible([first], _scale(scene, [first])), why, [first])


def _several(scene: Scene) -> list[Option]:
    """The ways to show more than one person."""
    ways, important = [], scene.important
    width = scene.picture.height * scene.look.aspect
    scale = scene.look.height / scene.picture.height
    if np.mean(_widths(important) <= width * SAFE_WIDTH) >= WHOLE:
        why = f"{len(important)} faces that fit side by side"
        ways.append(Option("everybody in one crop", scene.legible(important, scale), why, important))
    if len(scene.speakers) > 1:
        ways.append(_to_speakers(scene))
    if come_and_go := _one_after_another(scene):
        ways.append(come_and_go)
    if len(important) >= CROWD and scene.look.habits.crowd == "fit":
        held, share = _fullest_hold(important, width)
        why = f"a crowd: the {len(held)} of {len(important)} faces that one still crop holds"
        name = f"hold {len(held)} of {len(important)}"
        ways.append(Option(name, share * scene.legible(held, scale), why, held))
    return ways


def _to_speakers(scene: Scene) -> Option:
    """Cutting to whoever speaks, worth less where they talk over each other or change too often."""
    speakers, talk = scene.speakers, scene.look.habits.talk
    pace = scene.seconds / len(scene.segments)
    value = CUT_VALUE - OVERLAP_COST * max(0.0, scene.shot.overlap - BARGING) - max(0.0, HASTE - pace) * HASTE_COST
    if talk in ("split", "fit") and len(speakers) == 2:
        value *= UNWANTED
    elif talk == "cut":
        value = max(value, CUT_VALUE)
    names = " and ".join(r.name for r in speakers) if len(speakers) == 2 else f"{len(speakers)} speakers"
    score = max(0.0, value) * scene.legible(speakers, _scale(scene, speakers[:1]))
    return Option("cut to the speaker", score, f"{names} talk in turns", speakers, scene.segments)


def _one_after_another(scene: Scene) -> Option | None:
    """People who come one after another, with a cut to each as they come; None where they are there together."""
    order = sorted(scene.important, key=lambda region: region.first)
    starts = [scene.shot.start, *(region.first for region in order[1:])]
    ends = [*starts[1:], scene.shot.end]
    together = any(b.first <= a.last - HANDOVER for a, b in zip(order, order[1:], strict=False))
    if together or any(b - a < LEAST_SEGMENT for a, b in zip(starts, ends, strict=True)):
        return None
    segments = [Segment(a, b, region, "is there") for a, b, region in zip(starts, ends, order, strict=True)]
    why = " and ".join(region.name for region in order) + " come one after another"
    seen = sum(region.last - region.first for region in order) / scene.seconds
    return Option("one after another", CUT_VALUE * min(1.0, seen), why, order, segments)


def _widths(regions: Sequence[Region]) -> Array:
    """Source pixels wide that all are together, heads whole, at each moment at which one is seen: (n,)."""
    lows, highs = extent(regions, np.unique(np.concatenate([region.times for region in regions])), 0)
    return highs - lows


def _fullest_hold(regions: Sequence[Region], width: float) -> tuple[list[Region], float]:
    """Those that one still crop of this width holds whole all the time, weightiest choice, and their share."""
    reaches = [region.reach for region in regions]
    choices = []
    for left, _ in reaches:
        inside = [low >= left and high <= left + width * SAFE_WIDTH for low, high in reaches]
        held = [region for region, whole in zip(regions, inside, strict=True) if whole]
        choices.append((sum(region.weight for region in held), -left, held))
    total, _, best = max(choices, key=lambda choice: choice[:2])
    return best or [regions[0]], total / sum(region.weight for region in regions)


def _watchable(part: Part, regions: Sequence[Region]) -> Shot:
    """A crop, unless nobody could look at how it moves."""
    made = _crop(part, regions)
    pane, kind = made.panes[0], regions[0].kind if regions else None
    if kind and kind.whole and _rush(pane) > RUSH * (part.end - part.start) and not part.scene.vertical:
        return whole_picture(replace(part, reason=f"{part.reason}, too fast to follow", scores={}), regions)
    if kind and not kind.whole and not camera.is_calm(pane.path, part.scene.picture):
        why = f"{kind.label} is too restless to follow: held where it is most of the time"
        return _crop(replace(part, reason=why), [regions[0].stilled()])
    return made


def _crop(part: Part, regions: Sequence[Region]) -> Shot:
    """One crop over the part, its size constant."""
    look = part.scene.look
    height = look.height / _scale(part.scene, regions)
    onto = Box(x=0, y=0, width=look.width, height=look.height)
    pane = part.pane(regions, (height * look.aspect, height), EYES, onto, look.habits.look_room)
    layout = "hold" if len(pane.path) == 1 else "pan" if len(pane.path) == 2 else "follow"
    return part.shot(layout, [pane], regions)


def _held_at(part: Part, share: float) -> Shot:
    """A still crop with this share of its room on its left."""
    shot, picture = _crop(part, []), part.scene.picture
    pane = shot.panes[0]
    x = picture.x + share * (picture.width - pane.width)
    held = pane.model_copy(update={"path": [Knot(t=part.start, x=round(x, 2), y=pane.path[0].y)]})
    return shot.model_copy(update={"panes": [held]})


def _scale(scene: Scene, regions: Sequence[Region]) -> float:
    """Output pixels per source pixel: the picture's whole height, or more where the footage has pixels to spare."""
    look, picture = scene.look, scene.picture
    whole = max(look.height / picture.height, look.width / picture.width)
    if not regions or not (share := look.habits.face_height if regions[0].kind.person else regions[0].kind.height):
        return whole
    tallest = max(float(np.percentile(region.places[:, 3], 90)) for region in regions)
    wanted = share * look.height / tallest
    if len(regions) > 1:
        wanted = min(wanted, SAFE_WIDTH * look.width / float(_widths(regions).max()))
    return float(np.clip(wanted, whole, max(whole, look.habits.max_upscale)))


def _rush(pane: Pane) -> float:
    """Seconds for which a crop is faster than people can look at."""
    pairs = zip(pane.path, pane.path[1:], strict=False)
    return sum(b.t - a.t for a, b in pairs if max(abs(b.x - a.x), abs(b.y - a.y)) > FASTEST * pane.width * (b.t - a.t))
