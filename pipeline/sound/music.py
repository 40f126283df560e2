"""A music bed and short sounds under speech: looped without a click, and lower before the first word is said."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from basis.errors import Unusable
from basis.spans import Spans, inside
from basis.tools import USUAL, Tools
from pipeline.footage import loudness
from pipeline.footage.ffmpeg_tool import input_of
from pipeline.footage.sounds import RATE, Samples, sounds_in, stereo
from pipeline.sound.assembly import AudioSegment, faded, looped, samples_of, segment

LOOP_MS = 200  # milliseconds over which the end of a bed gives way to its beginning
SHORTEST_BED = 0.5  # seconds
LONGEST_STING = 10.0  # seconds
HUSH = 1e-3  # of full scale, below which the ends of a bed are left out before it is looped
AHEAD, HOLD, FADE = 0.3, 0.1, 0.35  # seconds: low before a word, still low after one, slope
GAP = 1.0  # seconds without speech up to which a bed stays low
UP = 10.0  # dB that a bed comes up where nobody speaks
STING_UNDER = 12.0  # dB that a sting lies below speech that it meets
END_FADE_MS = 1500
ALONE = -20.0  # LUFS of a bed where there is nothing else


def reference(samples: Samples, speech: Spans) -> float | None:
    """LUFS of what a bed lies under: of the speech, or of everything where nobody speaks; None for silence."""
    powers = loudness.power(samples)
    spoken = inside((np.arange(len(powers)) + 0.5) * loudness.HOP, speech)
    level = loudness.gated(powers[spoken] if spoken.any() else powers)
    return level if level > loudness.GATE else None


def bed(file: Path, count: int, speech: Spans, under: float, level: float | None, tools: Tools = USUAL) -> AudioSegment:
    """`count` samples of music: `under` dB below `level` LUFS while somebody speaks, UP louder where nobody does.

    Raises Unusable for music that cannot be decoded or is silent.
    """
    music = _decoded(file, count / RATE, tools)
    loud = np.flatnonzero(np.abs(music).max(axis=1) > HUSH)
    own = loudness.gated(loudness.power(music))
    if own <= loudness.GATE or not len(loud) or loud[-1] - loud[0] < SHORTEST_BED * RATE:
        raise Unusable(f"The music {file} has less than half a second of sound; choose another file.")
    long_enough = len(music) >= count
    whole = segment(music[:count]) if long_enough else looped(music[loud[0] : loud[-1] + 1], count, LOOP_MS)
    base = ALONE - UP if level is None else level - under
    course = base + UP * ducking(speech, count) - own
    shaped = samples_of(whole) * (10 ** (course / 20)).astype(np.float32)[:, None]
    return faded(segment(shaped), 50, END_FADE_MS)


def sting(file: Path, at: float, count: int, speech: Spans, level: float | None, tools: Tools = USUAL) -> AudioSegment:
    """A short sound from episode second `at` on, as loud as speech and lower under it; `count` samples long in all."""
    first = min(count, round(at * RATE))
    sound = _decoded(file, LONGEST_STING, tools)[: count - first]
    own = loudness.gated(loudness.power(sound)) if len(sound) else loudness.GATE
    whole = np.zeros((count, 2), np.float32)
    if own > loudness.GATE:
        lower = STING_UNDER * (1 - ducking(speech, count)[first:][: len(sound)])
        course = (ALONE if level is None else level) - own - lower
        shaped = sound * (10 ** (course / 20)).astype(np.float32)[:, None]
        whole[first : first + len(sound)] = samples_of(faded(segment(shaped), 0, 50))
    return segment(whole)


def ducking(speech: Spans, count: int) -> NDArray[np.float64]:
    """For each sample 0 while somebody speaks, soon will or has just done, 1 in gaps that are long enough."""
    points: list[tuple[float, float]] = []
    end = -GAP - HOLD  # nothing was said before the beginning
    for start, stop in [*speech, (count / RATE + GAP + AHEAD + FADE, 0.0)]:
        if start - end > GAP:
            rise, fall = end + HOLD, start - AHEAD
            slope = min(FADE, max(1e-3, (fall - rise) / 2))
            points += [(rise, 0.0), (rise + slope, 1.0), (fall - slope, 1.0), (fall, 0.0)]
        end = max(end, stop)
    times, levels = zip(*points, strict=True) if points else ((0.0,), (0.0,))
    return np.asarray(np.interp(np.arange(count) / RATE, times, levels))


def _decoded(file: Path, seconds: float, tools: Tools) -> Samples:
    """The first seconds of a sound file. Raises Unusable."""
    sounds_in(file)
    return stereo(input_of(file, tools=tools)["a:0"], file, max(0.0, seconds) + 0.1, RATE, tools, "choose another file")
