"""What is seen in footage frame by frame, found once for each file and kept.

Footage is looked at in blocks that begin at seconds 0, 30, 60 ... of the file whatever range is asked for, so that a
range that is moved is looked at where it is new and nowhere else. Every kept frame is shown to the analysers, five a
second of them as looks, which are kept as pictures too.
"""

import math
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from basis.errors import Unusable
from basis.spans import clip, merge
from basis.tools import USUAL, Tools
from pipeline.analysis import blocks
from pipeline.analysis.analysers import ANALYSERS
from pipeline.analysis.analysers.cuts import FRAMES_BEHIND, SECONDS_BEHIND
from pipeline.analysis.blocks import Block, Found
from pipeline.analysis.view import LARGEST, SIDE, View, gray
from pipeline.footage.scaling import Image, picture, size
from pipeline.footage.source import Loss, Source
from pipeline.footage.stream import Pictures

Item = TypeVar("Item")

WARM_UP = 1.0  # seconds before a block from which it is looked at: flow, mouths and cuts are at home when it begins
LOOKS_A_SECOND = 5.0
AHEAD = 4  # frames that are decoded before they are looked at
NEAR = 1e-6  # seconds that time stamps may be off


@dataclass(frozen=True, eq=False)
class Looked:
    """What is seen in [start, end) footage seconds. key: names it in the cache, whatever is heard."""

    key: str
    start: float
    end: float
    blocks: list[Block]

    @cached_property
    def times(self) -> NDArray[np.float64]:
        """Footage seconds of the looks, (n,)."""
        return np.array([t for block in self.blocks for t in block.times if within(t, self.start, self.end)])

    @cached_property
    def pictures(self) -> tuple[Image, Image]:
        """The looks in gray (n, height, width), longer side 320, and as BGR (n, height, width, 3), longer side 160."""
        inside = within(np.array([t for block in self.blocks for t in block.times]), self.start, self.end)
        grays, colours = zip(*(block.pictures() for block in self.blocks if block.times), strict=True)
        return np.concatenate(grays)[inside], np.concatenate(colours)[inside]

    @cached_property
    def found(self) -> Found:
        """What the analysers found, in order."""
        return {
            name: [one for block in self.blocks for one in block.found[name] if within(one[0], self.start, self.end)]
            for name in ANALYSERS
        }

    @property
    def losses(self) -> list[Loss]:
        """What could not be decoded of it, in order; what is lost across the border of two blocks is one loss."""
        return joined([loss for block in self.blocks for loss in block.losses], self.start, self.end)


def joined(losses: Sequence[Loss], start: float, end: float) -> list[Loss]:
    """What of the losses lies in [start, end), those of one kind that touch each other made one."""
    found: list[Loss] = []
    for why in dict.fromkeys(loss.why for loss in losses):
        spans = clip([(loss.start, loss.end) for loss in losses if loss.why == why], start, end)
        found += [Loss("picture", a, b, why) for a, b in merge(spans, 2 * NEAR)]
    return sorted(found, key=lambda loss: loss.start)


def within(t: Any, start: float, end: float) -> Any:
    """Whether footage seconds lie in [start, end), time stamps being a little off."""
    return (t >= start - NEAR) & (t < end - NEAR)


def look(source: Source, start: float, end: float, content: str, tools: Tools = USUAL) -> Looked:
    """Looks at [start, end) of the footage, as far as that was not looked at before.

    content: the footage's fingerprint, by which the looks are kept in the cache folder of the tools. Progress is told
    in seconds. Raises Unusable when not one frame decodes.
    """
    known = f"{content}-{source.video_stream}-looks{blocks.VERSION}"
    looked_at: list[Block] = []
    for number in range(int((start + NEAR) // blocks.BLOCK), max(1, math.ceil((end - NEAR) / blocks.BLOCK))):
        needed = min(end, (number + 1) * blocks.BLOCK)
        block = blocks.load(tools, f"{known}-{number}")
        if block is None or block.until < needed - NEAR:

            def seen(t: float) -> None:
                tools.progress("analysis", min(max(t - start, 0.0), end - start), end - start)

            block = _look_at(source, number, math.ceil((needed - NEAR) / blocks.STEP) * blocks.STEP, tools, seen)
            blocks.store(tools, f"{known}-{number}", block)
        looked_at.append(block)
        tools.progress("analysis", needed - start, end - start)
    looked = Looked(f"{known}-{start:.6f}-{end:.6f}", start, end, looked_at)
    if not len(looked.times):
        raise Unusable(f"{source.file} has no frame between {start:.2f} and {end:.2f} s; choose another range.")
    return looked


def _look_at(source: Source, number: int, until: float, tools: Tools, seen: Callable[[float], None]) -> Block:
    """Looks at a block from its beginning; until: a second in it."""
    begin = number * blocks.BLOCK
    start = max(0.0, begin - WARM_UP)
    decoded_size = size(source, min(LARGEST, max(source.width, source.height)))
    frames = Pictures(source, start, math.inf, decoded_size, thin=True, alive=AHEAD + 2, tools=tools)
    small = size(source, SIDE)
    analysers = {name: make(source, tools) for name, make in ANALYSERS.items()}
    looks: list[tuple[float, Image, Image]] = []
    due, behind = frames.start, 0
    for t, frame, image in _ahead((t, frame, picture(frame, *small)) for t, frame in frames):
        view = View(source, t, frame, image, looked_at=t >= due - NEAR)
        for analyser in analysers.values():
            analyser.see(view)
        behind += t >= until - NEAR
        if view.looked_at:
            looks.append((t, gray(view.small), view.smallest))
            due = max(due + 1 / LOOKS_A_SECOND, t)
            seen(t)
        if behind >= FRAMES_BEHIND and t >= until + SECONDS_BEHIND - NEAR and looks[-1][0] >= until - NEAR:
            break
    else:
        until = begin + blocks.BLOCK  # there is no more
    looks = [one for one in looks if within(one[0], begin, until)]
    pictures = np.array([one[1] for one in looks]), np.array([one[2] for one in looks])
    found = {
        name: [one for one in analyser.found() if within(one[0], begin, until)] for name, analyser in analysers.items()
    }
    lost = [loss for loss in frames.losses if loss.end > begin and loss.start < until]
    return Block(until, [one[0] for one in looks], lambda: pictures, found, lost)


def _ahead(made: Generator[Item]) -> Iterator[Item]:
    """The same items, made by a thread of its own up to AHEAD items before they are asked for."""
    pool = ThreadPoolExecutor(1)
    try:
        waiting = deque(pool.submit(next, made, None) for _ in range(AHEAD))
        while (item := waiting.popleft().result()) is not None:
            waiting.append(pool.submit(next, made, None))
            yield item
    finally:
        pool.shutdown(cancel_futures=True)
        made.close()
