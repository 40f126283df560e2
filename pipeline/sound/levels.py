"""Speakers evened out: each stretch that one voice is as loud as itself gets one gain, so that its own ups and downs stay."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from basis.data import Data
from basis.spans import Span, Spans, length
from pipeline.footage import loudness
from pipeline.footage.sounds import RATE, Samples

UNIT = 0.5  # seconds of speech that are weighed at once
CHANGE = 40.0  # dB^2 s that a run of one level must explain: voices 8 dB apart for 2.5 s, 12 dB for 1.1 s
MOST = 15.0  # dB that a voice is raised or lowered at most
LEAST_TALK = 3.0  # seconds from which a speaker has a usual level
UNDER = 6.0  # dB that footage without speech stays below it
AHEAD = 0.05  # seconds before a word at which its gain is reached
GLIDE = 0.06  # seconds in which one gain gives way to another where nobody pauses


class Voice(Data):
    """[start, end) episode seconds with one gain: loudness before it in LUFS, the gain in dB, and whose voice, if known."""

    start: float
    end: float
    loudness: float
    gain: float
    person: int | None = None


def even(
    samples: Samples, speech: Spans, others: Spans, turns: Sequence[tuple[float, float, int]] = ()
) -> tuple[Samples, list[Voice]]:
    """The samples with all voices equally loud, and what each was given.

    speech: where somebody speaks; turns: [start, end) and number of those who are seen to. others: stretches of footage
    in which nobody speaks, which are lowered where they are louder than speech allows. Without speech nothing is done.
    """
    if not speech:
        return samples, []
    powers = loudness.power(samples)
    units, who = _units(speech, turns)
    usual = _usual(powers, units, who)
    target = loudness.gated(_inside(powers, units))
    voices = []
    for span in others:
        heard = loudness.gated(_inside(powers, [span]))
        voices.append(_voice([span], heard, min(0.0, target - UNDER - heard), None))
    for first, last in _runs(powers, units, usual):
        own = [_inside(powers, [units[number]]) / 10 ** (usual[number] / 10) for number in range(first, last)]
        beside = loudness.gated(np.concatenate(own))  # LU that the run is above its speakers' usual levels
        for part in _parts(units, who, first, last, others):
            heard = usual[part[0]] + beside
            gain = float(np.clip(target - heard, -MOST, MOST))
            voices.append(_voice([units[number] for number in part], heard, gain, who[part[0]]))
    voices.sort(key=lambda voice: voice.start)
    gains = np.interp(np.arange(len(samples)) / RATE, *_course(voices))
    return samples * (10 ** (gains / 20)).astype(np.float32)[:, None], voices


def _voice(spans: Spans, heard: float, gain: float, person: int | None) -> Voice:
    gain = gain if heard > loudness.GATE else 0.0
    return Voice(start=spans[0][0], end=spans[-1][1], loudness=round(heard, 1), gain=round(gain, 1), person=person)


def _units(speech: Spans, turns: Sequence[tuple[float, float, int]]) -> tuple[list[Span], list[int | None]]:
    """Speech in pieces of about UNIT, none of them in two turns, and whose each is."""
    edges = sorted({edge for start, end, _ in turns for edge in (start, end)})
    units: list[Span] = []
    for start, end in speech:
        inside = [start, *(edge for edge in edges if start + UNIT / 2 < edge < end - UNIT / 2), end]
        for a, b in pairwise(inside):
            units += pairwise(np.linspace(a, b, max(1, round((b - a) / UNIT)) + 1).tolist())
    middles = [(a + b) / 2 for a, b in units]
    return units, [next((person for a, b, person in turns if a <= middle < b), None) for middle in middles]


def _usual(powers: NDArray[np.float64], units: Spans, who: Sequence[int | None]) -> list[float]:
    """For each unit how loud its speaker usually is, in LUFS; all who are not known, or hardly speak, are one."""
    of: dict[int | None, list[Span]] = {}
    for unit, person in zip(units, who, strict=True):
        of.setdefault(person, []).append(unit)
    known = {person: own for person, own in of.items() if person and length(own) >= LEAST_TALK}
    rest = [unit for person, own in of.items() if person not in known for unit in own]
    levels = {person: loudness.gated(_inside(powers, own)) for person, own in known.items()}
    others = loudness.gated(_inside(powers, rest)) if rest else 0.0
    return [levels.get(person or 0, others) for person in who]


def _runs(powers: NDArray[np.float64], units: Spans, usual: Sequence[float]) -> list[tuple[int, int]]:
    """[first, last) units between changes of level for good: the cut that leaves the least deviation from runs' means.

    Levels count from their speaker's usual one. An optimal partition with a price for each run (Jackson et al. 2005).
    """
    weights = np.array([b - a for a, b in units])
    levels = loudness.lufs(np.array([_inside(powers, [unit]).mean() for unit in units])) - np.array(usual)
    levels = np.maximum(levels, levels.max() - 40)  # a breath is no voice 80 dB below the others
    parts = np.stack([weights, weights * levels, weights * levels**2], axis=1)
    sums = np.concatenate([np.zeros((1, 3)), np.cumsum(parts, axis=0)])
    best, cut = np.zeros(len(units) + 1), np.zeros(len(units) + 1, int)
    for last in range(1, len(units) + 1):
        weight, level, square = (sums[last] - sums[:last]).T
        costs = best[:last] + square - level**2 / weight + CHANGE
        cut[last] = int(np.argmin(costs))
        best[last] = costs[cut[last]]
    runs = []
    last = len(units)
    while last:
        runs.append((int(cut[last]), last))
        last = int(cut[last])
    return runs[::-1]


def _parts(units: Spans, who: Sequence[int | None], first: int, last: int, others: Spans) -> list[list[int]]:
    """The units of a run parted where another speaks, or where one of the others lies between."""
    parts = [[first]]
    for number in range(first + 1, last):
        before, after = units[number - 1][1], units[number][0]
        between = any(before <= start + loudness.HOP and end <= after + loudness.HOP for start, end in others)
        if between or who[number] != who[number - 1]:
            parts.append([])
        parts[-1].append(number)
    return parts


def _inside(powers: NDArray[np.float64], spans: Spans) -> NDArray[np.float64]:
    """The powers of spans' hops, at least one of each."""
    hops = [(int(a / loudness.HOP + 0.5), int(b / loudness.HOP + 0.5)) for a, b in spans]
    hops = [(min(a, len(powers) - 1), b) for a, b in hops]
    return np.concatenate([powers[a : max(a + 1, b)] for a, b in hops])


def _course(voices: Sequence[Voice]) -> tuple[list[float], list[float]]:
    """Times and gains in dB between which the gain is interpolated."""
    times, gains = [voices[0].start - AHEAD], [voices[0].gain]
    for one, other in pairwise(voices):
        begin, end = one.end, other.start - AHEAD
        if end - begin < GLIDE:
            middle = (one.end + other.start) / 2
            begin, end = middle - GLIDE / 2, middle + GLIDE / 2
        times += [max(begin, times[-1]), max(end, times[-1])]
        gains += [one.gain, other.gain]
    return times, gains
