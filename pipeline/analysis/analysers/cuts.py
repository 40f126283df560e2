"""Cuts, by PySceneDetect's adaptive detector, then placed on the exact frame."""

from collections.abc import Sequence

import cv2
import numpy as np
from pydantic import TypeAdapter
from scenedetect import FrameTimecode
from scenedetect.detectors import AdaptiveDetector

from basis.tools import USUAL, Tools
from pipeline.analysis.view import View
from pipeline.footage.scaling import Image, picture, size
from pipeline.footage.source import Source
from pipeline.footage.stream import Pictures

SHORTEST_SHOT = 0.4  # seconds; flashes and dropped frames are no shots
CONTRAST = 2.6  # how many times a cut differs more than its neighbours
LEAST_CHANGE = 14.0  # of 255, mean over hue, saturation and brightness
FRAMES_BEHIND = 2  # frames that must be seen behind the last one to tell whether there is a cut before it
EXACT_SIDE = 96  # longer side, in pixels, of the pictures that place a cut


class Cuts:
    """The cuts between kept frames of any spacing."""

    records = TypeAdapter(list[tuple[float, float]])

    def __init__(self, source: Source, tools: Tools) -> None:
        self._source, self._tools = source, tools
        self._rate = float(source.average_rate)
        self._times: list[float] = []
        self._pairs: list[tuple[float, float]] = []  # times of the frames before and after each cut
        self._detector = AdaptiveDetector(
            CONTRAST, min_scene_len=1, window_width=FRAMES_BEHIND, min_content_val=LEAST_CHANGE
        )

    def see(self, view: View) -> None:
        self._times.append(view.t)
        counted = FrameTimecode(len(self._times) - 1, fps=self._rate)
        for cut in self._detector.process_frame(counted, view.smallest):
            number = cut.frame_num
            last = self._pairs[-1][1] if self._pairs else self._times[0]
            if 0 < number < len(self._times) and self._times[number] - last >= SHORTEST_SHOT:
                self._pairs.append((self._times[number - 1], self._times[number]))

    def found(self) -> list[tuple[float, float]]:
        """(second of the first kept frame after a cut, second of the very first one) in order."""
        return [(after, exact(self._source, before, after, self._tools)) for before, after in self._pairs]


def exact(source: Source, before: float, after: float, tools: Tools = USUAL) -> float:
    """The time of the first frame after a cut between two frames; those that the look skipped are decoded for it."""
    step = 1 / float(source.average_rate)
    if after - before < 1.5 * step:
        return after
    small = size(source, EXACT_SIDE)
    skipped = Pictures(source, before, after + 0.5 * step, small, tools=tools)
    between = [(t, picture(frame, *small).astype(np.int16)) for t, frame in skipped]
    if not between:
        return after  # none of them can be decoded
    old, new = between[0][1], between[-1][1]
    news = (t for t, image in between if cv2.norm(image, old, cv2.NORM_L1) > cv2.norm(image, new, cv2.NORM_L1))
    return next(news, after)


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
