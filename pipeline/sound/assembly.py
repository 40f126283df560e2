"""Pieces of sound joined to the sample with pydub, and the tone of a room where there is none."""

import warnings
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import scipy  # scipy.signal takes two seconds: it is loaded when it is first used
from numpy.typing import NDArray

from basis.spans import Spans, inside, widen
from pipeline.footage.sounds import RATE, Samples
from pipeline.sound.cleaning import CLEAR

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "Couldn't find ffmpeg", RuntimeWarning)  # it is only ever handed PCM
    from pydub import AudioSegment as AudioSegment  # 32 bits, stereo, RATE

CHANNELS, WIDTH = 2, 4  # stereo, bytes a sample
FULL = 2.0**28  # of the 32 bits: 18 dB of room, so that nothing clips while sounds are laid over each other
LARGEST = 2.0**31 - 128  # the last number that 32 bits of integer and of float both hold
JOIN_MS = 10  # cross-fade at a join, so that no cut clicks
MILLISECOND = RATE // 1000  # samples
HANDLE = JOIN_MS * MILLISECOND // 2  # samples of a piece before and after what is wanted, for half a cross-fade
TAPS = 2048  # of the filter that gives noise the sound of a room
QUIETEST = 30  # percent of the moments without speech, the quietest, that are the room
ENOUGH = 4  # moments that tell it
FAR_BELOW = 15.0  # dB under everything, from which a moment in the midst of speech is the room


def segment(samples: Samples) -> AudioSegment:
    """(n, 2) samples of full scale 1 as pydub has them."""
    pcm = np.clip(samples * FULL, -LARGEST, LARGEST).astype("<i4")
    return AudioSegment(data=pcm.tobytes(), sample_width=WIDTH, frame_rate=RATE, channels=CHANNELS)


def samples_of(sound: AudioSegment) -> Samples:
    """The samples of what `segment` made."""
    whole = np.frombuffer(sound.raw_data, "<i4").reshape(-1, CHANNELS)
    return np.asarray(np.multiply(whole, np.float32(1 / FULL), dtype=np.float32))


def join(pieces: Sequence[AudioSegment], milliseconds: int = JOIN_MS) -> AudioSegment:
    """Pieces one after the other, each lying over the end of the one before it for so many milliseconds."""
    lap = milliseconds * MILLISECOND
    parts: list[AudioSegment] = []
    begin = 0  # samples of the piece at hand that lie in the join before it
    for one, other in pairwise(pieces):
        count = int(one.frame_count())
        parts.append(one.get_sample_slice(begin, count - lap))
        fading, rising = one.get_sample_slice(count - lap, count), other.get_sample_slice(0, lap)
        parts.append(fading.fade_out(milliseconds).overlay(rising.fade_in(milliseconds)))
        begin = lap
    parts.append(pieces[-1].get_sample_slice(begin, int(pieces[-1].frame_count())))
    return pieces[0]._spawn(b"".join(part.raw_data for part in parts))


def looped(samples: Samples, count: int, milliseconds: int) -> AudioSegment:
    """`count` samples of a sound again and again, each time lying over its end for so many milliseconds, or a quarter."""
    once = segment(samples)
    lap = min(milliseconds, len(once) // 4)
    times = -(-count // (len(samples) - lap * MILLISECOND)) + 1
    return join([once] * times, lap).get_sample_slice(0, count)


def faded(sound: AudioSegment, into: int, out: int) -> AudioSegment:
    """The sound with fades of so many milliseconds at its ends, as many samples as before."""
    count = int(sound.frame_count())
    into, out = (min(milliseconds, count // MILLISECOND) for milliseconds in (into, out))
    if into:
        rising = sound.get_sample_slice(0, into * MILLISECOND).fade_in(into)
        sound = sound._spawn(rising.raw_data + sound.raw_data[len(rising.raw_data) :])
    if out:
        falling = sound.get_sample_slice(count - out * MILLISECOND, count).fade_out(out)
        sound = sound._spawn(sound.raw_data[: -len(falling.raw_data)] + falling.raw_data)
    return sound


def laid(under: AudioSegment, over: AudioSegment) -> AudioSegment:
    """Two sounds of one length at once."""
    lack = bytes(-int(under.frame_count()) % MILLISECOND * WIDTH * CHANNELS)  # pydub overlays whole milliseconds
    both = under._spawn(under.raw_data + lack).overlay(over._spawn(over.raw_data + lack))
    return both.get_sample_slice(0, int(under.frame_count()))


class Room:
    """The steady sound of a room: what is left of its samples where nobody speaks, as a filter for noise."""

    def __init__(self, samples: Samples, speech: Spans, gaps: Spans) -> None:
        """(n, 2) samples, the [start, end) seconds of them in which somebody speaks, and those without any sound.

        Where too little is without speech, it is what lies far below the voices; else it is not known.
        """
        sides = np.stack([samples.mean(axis=1), (samples[:, 0] - samples[:, 1]) / 2])
        begins = np.arange(0, len(samples) - TAPS + 1, TAPS // 2)
        moments = np.zeros((2, 0, TAPS))
        if len(begins):
            moments = np.lib.stride_tricks.sliding_window_view(sides, TAPS, axis=1)[:, begins]
        power = np.square(moments[0]).mean(axis=1)
        middles = (begins + TAPS / 2) / RATE
        half = TAPS / 2 / RATE
        there = (power > 0) & ~inside(middles, widen(gaps, half))
        quiet = np.flatnonzero(there & ~inside(middles, widen(speech, half + CLEAR)))
        if len(quiet) < ENOUGH:
            quiet = np.flatnonzero(there)
            quiet = quiet[power[quiet] < 10 ** (-FAR_BELOW / 10) * power[quiet].mean()] if len(quiet) else quiet
        quiet = quiet[np.argsort(power[quiet], kind="stable")][: max(ENOUGH, len(quiet) * QUIETEST // 100)]
        self._filters: NDArray[np.float64] | None = None
        if len(quiet) >= ENOUGH:
            window = np.hanning(TAPS)
            spectra = np.square(np.abs(np.fft.rfft(moments[:, quiet] * window, axis=2))).mean(axis=1)
            kernels = np.fft.irfft(np.sqrt(spectra / np.square(window).sum()), axis=1)
            self._filters = np.fft.fftshift(kernels, axes=1) * window

    @property
    def known(self) -> bool:
        return self._filters is not None

    def tone(self, count: int, seed: int) -> Samples:
        """`count` samples of the room, always the same for one seed; silence where it is not known."""
        if self._filters is None or count <= 0:
            return np.zeros((max(0, count), 2), np.float32)
        noise = np.random.default_rng(seed).normal(0, 1, (2, count + TAPS - 1))
        middle, side = scipy.signal.oaconvolve(noise, self._filters, "valid", axes=1)
        return np.stack([middle + side, middle - side], axis=1).astype(np.float32)


def gaps(samples: Samples, shortest: float) -> list[tuple[int, int]]:
    """[first, last) of each stretch of at least so many seconds in which there is no sound at all, not even hiss."""
    nothing = (samples[:, 0] == 0) & (samples[:, 1] == 0)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], nothing.view(np.int8), [0]]))).reshape(-1, 2)
    return [(int(a), int(b)) for a, b in edges if b - a >= shortest * RATE]


def filled(samples: Samples, places: Sequence[tuple[int, int]], room: Room) -> Samples:
    """The samples with the room's tone in [first, last) of each place, its edges faded over half a join."""
    whole = samples.copy()
    for first, last in places:
        fade = np.minimum(1, np.minimum(np.arange(last - first) + 1, np.arange(last - first, 0, -1)) / HANDLE)
        whole[first:last] += room.tone(last - first, first) * fade[:, None].astype(np.float32)
    return whole
