"""Cuts, by PySceneDetect's adaptive detector, then placed on the exact frame."""

from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray
from scenedetect import FrameTimecode
from scenedetect.detectors import AdaptiveDetector

from pipeline.footage.source import Source

SHORTEST_SHOT = 0.4  # seconds; flashes and dropped frames are no shots
CONTRAST = 2.6  # how many times a cut differs more than its neighbours
LEAST_CHANGE = 14.0  # of 255, mean over hue, saturation and brightness


class Cuts:
    """Feeds frames of any spacing to the detector and gives back the times around each cut."""

    def __init__(self, rate: Fraction) -> None:
        self._rate = float(rate)
        self._times: list[float] = []
        self._last_cut = -1.0
        self._detector = AdaptiveDetector(adaptive_threshold=CONTRAST, min_scene_len=1, min_content_val=LEAST_CHANGE)

    def see(self, t: float, image: NDArray[np.uint8]) -> list[tuple[float, float]]:
        """Takes the next frame (BGR, at footage second t); gives (time before, time after) of cuts found so far."""
        self._times.append(t)
        found = self._detector.process_frame(FrameTimecode(len(self._times) - 1, fps=self._rate), image)
        return self._pairs(found)

    def rest(self) -> list[tuple[float, float]]:
        """What the detector still holds back at the end of the footage."""
        if not self._times:
            return []
        return self._pairs(self._detector.post_process(FrameTimecode(len(self._times) - 1, fps=self._rate)))

    def _pairs(self, found: list[FrameTimecode]) -> list[tuple[float, float]]:
        pairs = []
        for cut in found:
            number = cut.frame_num
            if (
                0 < number < len(self._times)
                and self._times[number] - max(self._last_cut, self._times[0]) >= SHORTEST_SHOT
            ):
                self._last_cut = self._times[number]
                pairs.append((self._times[number - 1], self._times[number]))
        return pairs


def exact(source: Source, cuts: list[tuple[float, float]]) -> list[float]:
    """The time of the first frame after each cut; frames that the first look skipped are decoded for it."""
    from pipeline.analysis import look as samples

    step = 1 / float(source.average_rate)
    times = []
    for before, after in cuts:
        if after - before < 1.5 * step:
            times.append(after)
            continue
        between = [
            (t, samples.picture(source, frame, 96).astype(np.int16))
            for t, frame in samples.decoded(source, before, after + 0.5 * step)
        ]
        old, new = between[0][1], between[-1][1]
        times.append(next((t for t, image in between if _far(image, old) > _far(image, new)), after))
    return times


def _far(a: NDArray[np.int16], b: NDArray[np.int16]) -> float:
    return float(cv2.norm(a, b, cv2.NORM_L1))
