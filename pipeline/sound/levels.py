"""Speakers evened out: each stretch that one voice is as loud as itself gets one gain, so that its own ups and downs stay."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipeline import loudness
from pipeline.plan import Spans
from pipeline.sound.channels import RATE, Samples
from presets.graphics import Data

UNIT = 0.5  # seconds of speech that are weighed at once
CHANGE = 40.0  # dB^2 s that a run of one level must explain: voices 8 dB apart for 2.5 s, 12 dB for 1.1 s
MOST = 15.0  # dB that a voice is raised or lowered at most
UNDER = 6.0  # dB that footage without speech stays below it
AHEAD = 0.05  # seconds before a word at which its gain is reached
GLIDE = 0.06  # seconds in which one gain gives way to another where nobody pauses


class Voice(Data):
    """[start, end) episode seconds with one gain: loudness before it in LUFS, and the gain in dB."""

    start: float
    end: float
    loudness: float
    gain: float


def even(samples: Samples, speech: Spans, others: Spans) -> tuple[Samples, list[Voice]]:
    """The samples with all voices equally loud, and what each was given.

    speech: where somebody speaks; others: stretches of footage in which nobody does, which are lowered where they are
    louder than speech allows. Without speech nothing is done.
    """
    if not speech:
        return samples, []
    powers = loudness.power(samples)
    runs = _runs(powers, speech)
    target = loudness.gated(np.concatenate([_inside(powers, run) for run in runs]))
    voices = [_voice(powers, [span], target - UNDER, (-np.inf, 0)) for span in others]
    for run in runs:
        voice = _voice(powers, run, target, (-MOST, MOST))
        voices += [voice.model_copy(update={"start": part[0][0], "end": part[-1][1]}) for part in _parted(run, others)]
    voices.sort(key=lambda voice: voice.start)
    gains = np.interp(np.arange(len(samples)) / RATE, *_course(voices))
    return samples * (10 ** (gains / 20)).astype(np.float32)[:, None], voices


def _voice(powers: NDArray[np.float64], spans: Spans, target: float, limits: tuple[float, float]) -> Voice:
    heard = loudness.gated(_inside(powers, spans))
    gain = float(np.clip(target - heard, *limits)) if heard > loudness.GATE else 0.0
    return Voice(start=spans[0][0], end=spans[-1][1], loudness=round(heard, 1), gain=round(gain, 1))


def _runs(powers: NDArray[np.float64], speech: Spans) -> list[list[tuple[float, float]]]:
    """Speech cut where the level changes for good: the cut that leaves the least deviation from each run's mean.

    An optimal partition with a price for each run (Jackson et al. 2005).
    """
    units: list[tuple[float, float]] = []
    for start, end in speech:
        edges = np.linspace(start, end, max(1, round((end - start) / UNIT)) + 1)
        units += list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
    weights = np.array([b - a for a, b in units])
    levels = loudness.lufs(np.array([_inside(powers, [unit]).mean() for unit in units]))
    levels = np.maximum(levels, levels.max() - 40)  # a breath is no voice 80 dB below the others
    sums = np.concatenate(
        [np.zeros((1, 3)), np.cumsum(np.stack([weights, weights * levels, weights * levels**2], 1), 0)]
    )
    best, cut = np.zeros(len(units) + 1), np.zeros(len(units) + 1, int)
    for last in range(1, len(units) + 1):
        weight, level, square = (sums[last] - sums[:last]).T
        costs = best[:last] + square - level**2 / weight + CHANGE
        cut[last] = int(np.argmin(costs))
        best[last] = costs[cut[last]]
    runs: list[list[tuple[float, float]]] = []
    last = len(units)
    while last:
        runs.append(units[cut[last] : last])
        last = int(cut[last])
    return runs[::-1]


def _parted(run: Spans, others: Spans) -> list[list[tuple[float, float]]]:
    """A run cut where one of the others lies in it."""
    parts = [[run[0]]]
    for one, other in pairwise(run):
        if any(one[1] <= start + loudness.HOP and end <= other[0] + loudness.HOP for start, end in others):
            parts.append([])
        parts[-1].append(other)
    return parts


def _inside(powers: NDArray[np.float64], spans: Sequence[tuple[float, float]]) -> NDArray[np.float64]:
    """The powers of spans' hops, at least one of each."""
    hops = [(int(a / loudness.HOP + 0.5), int(b / loudness.HOP + 0.5)) for a, b in spans]
    hops = [(min(a, len(powers) - 1), b) for a, b in hops]
    return np.concatenate([powers[a : max(a + 1, b)] for a, b in hops])


def _course(voices: Sequence[Voice]) -> tuple[list[float], list[float]]:
    """Times and gains in dB between which the gain is interpolated."""
    times, gains = [voices[0].start - AHEAD], [voices[0].gain]
    for one, other in zip(voices, voices[1:], strict=False):
        begin, end = one.end, other.start - AHEAD
        if end - begin < GLIDE:
            middle = (one.end + other.start) / 2
            begin, end = middle - GLIDE / 2, middle + GLIDE / 2
        times += [max(begin, times[-1]), max(end, times[-1])]
        gains += [one.gain, other.gain]
    return times, gains
