"""Cuts, by PySceneDetect's adaptive detector, then placed on the exact frame; a flash is none."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import cache

import cv2
from pydantic import TypeAdapter
from scenedetect import FrameTimecode
from scenedetect.detectors import AdaptiveDetector

from basis.tools import USUAL, Tools
from pipeline.analysis.analysers.likeness import blank, difference, likeness, structure, tiny
from pipeline.analysis.view import View
from pipeline.footage.scaling import Image, picture, size
from pipeline.footage.source import Source
from pipeline.footage.stream import Pictures

SHORTEST_SHOT = 0.4  # seconds; flashes and dropped frames are no shots
CONTRAST = 2.6  # how many times a cut differs more than its neighbours
LEAST_CHANGE = 14.0  # of 255, mean over hue, saturation and brightness
FRAMES_BEHIND = 2  # frames that must be seen behind the last one to tell whether there is a cut before it
SECONDS_BEHIND = SHORTEST_SHOT + 0.1  # and for how long, to tell whether the picture before it returns
ALIKE = 0.7  # likeness from which it has returned: flashes 0.95 and more, cuts to the same place up to 0.5
SAME = 3.0  # of 255: difference up to which it has, though nothing is seen in it
HIDDEN = 5.0  # of 255: least difference of a cut beside or under a flash, which hides it from the detector
MOST_PAIRS = 12  # frames before a cut that are compared with as many behind it
LONGEST_BLANK = 2.0  # seconds of black or white between two shots that are a way to cut, and no shot
LEANS = 0.2  # difference of two likenesses that decides
EXACT_SIDE = 96  # longer side, in pixels, of the pictures that place a cut


class Cuts:
    """The cuts between kept frames of any spacing."""

    records = TypeAdapter(list[tuple[float, float]])

    def __init__(self, source: Source, tools: Tools) -> None:
        self._source, self._tools = source, tools
        self._rate = float(source.average_rate)
        self._times: list[float] = []
        self._tiny: list[Image] = []
        self._structure = cache(lambda number: structure(self._tiny[number]))
        self._changes: list[int] = []  # numbers of the frames that differ from those before them as after a cut
        self._detector = AdaptiveDetector(
            CONTRAST, min_scene_len=1, window_width=FRAMES_BEHIND, min_content_val=LEAST_CHANGE
        )

    def see(self, view: View) -> None:
        self._times.append(view.t)
        self._tiny.append(tiny(view.smallest))
        counted = FrameTimecode(len(self._times) - 1, fps=self._rate)
        for cut in self._detector.process_frame(counted, view.smallest):
            if 0 < cut.frame_num < len(self._times):
                self._changes.append(cut.frame_num)

    def found(self) -> list[tuple[float, float]]:
        """(second of the first kept frame after a cut, second of the very first one) in order."""
        pairs = [(self._times[number - 1], self._times[number]) for number in self._cuts()]
        return [(after, exact(self._source, before, after, self._tools)) for before, after in pairs]

    def _cuts(self) -> list[int]:
        """Numbers of the first frames after cuts, the last frame of each blank stretch being before the cut."""
        kept: list[int] = []
        for number in self._candidates():
            since = self._times[number] - self._times[kept[-1] if kept else 0]
            if kept and since <= LONGEST_BLANK and all(blank(self._tiny[n]) for n in range(kept[-1], number)):
                kept[-1] = number
            elif since >= SHORTEST_SHOT:
                kept.append(number)
        return kept

    def _candidates(self) -> list[int]:
        """Changes after which another picture stays, also those that the flicker beside them hides from the detector."""
        lasting = cache(lambda number: not self._returns(number))
        flashes = [change for change in self._changes if not lasting(change)]
        beside = {
            number
            for flash in flashes
            for number in range(*self._around(flash))
            if number and difference(self._tiny[number - 1], self._tiny[number]) > HIDDEN
        }
        return [number for number in sorted({*self._changes, *beside}) if lasting(number)]

    def _returns(self, number: int) -> bool:
        """Whether a picture from before a change is seen again behind it, sooner than a shot may end."""
        first, last = self._around(number)
        step = max(1, (last - first) // (2 * MOST_PAIRS))
        shortest = SHORTEST_SHOT + 0.5 / self._rate
        return any(
            self._alike(i, j)
            for i in range(number - 1, first - 1, -step)
            for j in range(number, last, step)
            if self._times[j] - self._times[i] < shortest or j == i + 1
        )

    def _alike(self, i: int, j: int) -> bool:
        same = difference(self._tiny[i], self._tiny[j]) <= SAME
        return same or likeness(self._structure(i), self._structure(j)) >= ALIKE

    def _around(self, number: int) -> tuple[int, int]:
        """Numbers of the first frame less than SHORTEST_SHOT before a frame, and behind the last one after it."""
        t = self._times[number]
        return bisect_left(self._times, t - SHORTEST_SHOT), bisect_right(self._times, t + SHORTEST_SHOT)


def exact(source: Source, before: float, after: float, tools: Tools = USUAL) -> float:
    """The time of the first frame after a cut between two frames; those that the look skipped are decoded for it."""
    step = 1 / float(source.average_rate)
    if after - before < 1.5 * step:
        return after
    small = size(source, EXACT_SIDE)
    skipped = Pictures(source, before, after + 0.5 * step, small, tools=tools)
    between = [(t, picture(frame, *small)) for t, frame in skipped]
    if not between:
        return after  # none of them can be decoded
    old, new = between[0][1], between[-1][1]
    return next((t for t, image in between if _is_newer(image, old, new)), after)


def _is_newer(image: Image, old: Image, new: Image) -> bool:
    """Whether a picture is of the new shot: by its structure, since a flash changes all else, where there is any."""
    seen, before, behind = (structure(tiny(one)) for one in (image, old, new))
    leans = likeness(seen, behind) - likeness(seen, before)
    if abs(leans) >= LEANS:
        return leans > 0
    return cv2.norm(image, old, cv2.NORM_L1) > cv2.norm(image, new, cv2.NORM_L1)


def spaced(cuts: Sequence[tuple[float, float]], start: float) -> list[float]:
    """Exact seconds of the cuts that leave no shot shorter than SHORTEST_SHOT behind them, from the frame at `start` on."""
    kept: list[float] = []
    for after, at in cuts:
        if after - start >= SHORTEST_SHOT:
            kept.append(at)
            start = after
    return kept


def changed(before: Image, after: Image) -> bool:
    """Whether so much differs between two pictures that there may be a cut between them."""
    return cv2.norm(before, after, cv2.NORM_L1) > LEAST_CHANGE * after.size
