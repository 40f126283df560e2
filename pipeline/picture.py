"""Plan + footage frames + graphics -> finished 9:16 frames, in YUV from end to end.

The crop is resized from a window one or two pixels larger on whole source pixels; the fraction of a pixel goes into
where the result is cut, so that a slow pan glides.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from basis.tools import USUAL, Tools
from pipeline.footage import stream
from pipeline.footage.source import Loss, Source
from pipeline.footage.stream import Frame
from pipeline.footage.yuv import BLACK, GRAY, PARTS, planes
from pipeline.framing import layouts
from pipeline.graphics.blend import Overlay
from pipeline.plan import Plan, Shot, Take, corners, take_shots

MARGIN = 2  # source pixels that the resized window is larger than the crop, on each side

Watch = Callable[[int, Frame | None, Frame], None]  # frame number, the footage's frame, the finished frame


def render(
    plan: Plan,
    sources: Mapping[Path, Source],
    overlay: Overlay,
    watch: Watch = lambda number, original, result: None,
    first: int = 0,
    last: int | None = None,
    tools: Tools = USUAL,
    lost: list[tuple[float, Path, Loss]] | None = None,
) -> Iterator[Frame]:  # a range and what is told on the way are asked for by few
    """Frames [first, last) of the episode, all if not told, as (height * 3 / 2, width) I420, whatever lies before them.

    A frame is valid until the next is asked for. watch is shown each beside the footage's own; None stands for footage
    that has ended. lost: is given what cannot be decoded of the footage, with its file and the episode second.
    """
    last = plan.frame_count if last is None else last
    out, still = blank(plan), blank(plan)
    begin = 0  # the take's first frame of the episode
    for take in plan.takes:
        paths = _shot_frames(plan, take)
        count = len(paths)
        enter, leave = max(0, first - begin), min(count, last - begin)
        if take is plan.takes[-1] and last > begin + count:
            enter = min(enter, count - 1)  # the tail is over its last frame
        missed: list[Loss] = []
        for index, frame in _footage(sources[take.file], take.start, (enter, leave), plan.clock.rate, tools, missed):
            compose(frame, *paths[index], out)
            if begin + index == plan.footage_frames - 1:
                np.copyto(still, out)
            if begin + index >= first:
                overlay.blend(out, begin + index)
                watch(begin + index, frame, out)
                yield out
        if lost is not None:
            lost += [(max(0.0, plan.clock.second(begin) + one.start - take.start), take.file, one) for one in missed]
        begin += count
    for number in range(max(first, begin), last):
        np.copyto(out, still)
        overlay.blend(out, number)
        watch(number, None, out)
        yield out


def stills(
    plan: Plan, sources: Mapping[Path, Source], overlay: Overlay, numbers: list[int], watch: Watch,
    tools: Tools = USUAL,
) -> None:  # fmt: skip
    """Makes only the frames of these numbers and shows them to watch."""
    first = 0
    for take in plan.takes:
        paths = _shot_frames(plan, take)
        for number in numbers:
            if first <= number < first + len(paths):
                second = take.start + plan.clock.second(number - first)
                frame = next(iter(stream.frames(sources[take.file], second, 1, plan.clock.rate, tools)))
                out = blank(plan)
                compose(frame, *paths[number - first], out)
                overlay.blend(out, number)
                watch(number, frame, out)
        first += len(paths)
    for number in numbers:
        if number >= first:
            for _ in render(plan, sources, overlay, watch, number, number + 1, tools):
                pass


def blank(plan: Plan) -> Frame:
    """A black frame of the plan's size."""
    frame = np.full((plan.height * 3 // 2, plan.width), GRAY, np.uint8)
    frame[: plan.height] = BLACK
    return frame


def compose(frame: Frame, shot: Shot, places: NDArray[np.float64], out: Frame) -> None:
    """Fills out (I420) with the shot's panes cut from frame (I420); places: (panes, 2) corners in source pixels.

    Raises WrongUse for a layout that there is not.
    """
    origins, targets = planes(frame), planes(out)
    layouts.named(shot.layout).draw_behind(shot, origins, targets)
    for pane, (x, y) in zip(shot.panes, places, strict=True):
        for origin, target, part in zip(origins, targets, PARTS, strict=True):
            left, top, right, bottom = (round(side / part) for side in pane.onto.sides)
            crop = x / part, y / part, pane.width / part, pane.height / part
            _cut(origin, crop, [side / part for side in shot.picture.sides], target[top:bottom, left:right])


def _footage(
    source: Source, start: float, span: tuple[int, int], rate: Fraction, tools: Tools, lost: list[Loss]
) -> Iterator[tuple[int, Frame]]:
    """Frames [enter, leave), a span of the clock that begins at a footage second, numbered, the same as from its beginning."""
    enter, leave = span
    if leave <= enter:
        return
    yield from enumerate(stream.frames(source, start + float(enter / rate), leave - enter, rate, tools, lost), enter)


def _shot_frames(plan: Plan, take: Take) -> list[tuple[Shot, NDArray[np.float64]]]:
    """For each frame of a take its shot and the corners of the shot's panes."""
    rate, count = plan.clock.rate, plan.clock.frames(*take.span)
    times = np.asarray(take.start + np.arange(count) * (rate.denominator / rate.numerator), np.float64)
    return [
        (shot, places) for shot, first, last in take_shots(plan, take) for places in corners(shot, times[first:last])
    ]


def _cut(plane: Frame, crop: tuple[float, float, float, float], limits: Sequence[float], target: Frame) -> None:
    """Resizes a crop (x, y, width, height with fractions) of one plane into target, reading none outside limits."""
    x, y, width, height = crop
    high, wide = target.shape
    left, right = _window(x, width, limits[0], limits[2])
    top, bottom = _window(y, height, limits[1], limits[3])
    scaled_wide = max(wide, round((right - left) * wide / width))
    scaled_high = max(high, round((bottom - top) * high / height))
    how = cv2.INTER_AREA if scaled_wide < right - left else cv2.INTER_CUBIC
    resized = cv2.resize(plane[top:bottom, left:right], (scaled_wide, scaled_high), interpolation=how)
    column = round(float(np.clip((x - left) * wide / width, 0, scaled_wide - wide)))
    row = round(float(np.clip((y - top) * high / height, 0, scaled_high - high)))
    np.copyto(target, resized[row : row + high, column : column + wide])


def _window(start: float, size: float, low: float, high: float) -> tuple[int, int]:
    """Whole pixels around [start, start + size), MARGIN wider where the limits allow."""
    first = max(math.ceil(low), math.floor(start) - MARGIN)
    last = min(math.floor(high), math.ceil(start + size) + MARGIN)
    return first, max(first + 1, last)
