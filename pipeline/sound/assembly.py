"""Pieces of sound joined to the sample with pydub, and the tone of a room where there is none."""

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.sound.channels import RATE, Samples
from pipeline.sound.cleaning import Spans

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "Couldn't find ffmpeg", RuntimeWarning)  # it is only ever handed PCM
    from pydub import AudioSegment as AudioSegment  # 32 bits, stereo, RATE

CHANNELS, WIDTH = 2, 4  # stereo, bytes a sample
FULL = 2.0**28  # of the 32 bits: 18 dB of room, so that nothing clips while sounds are laid over each other
LARGEST = 2.0**31 - 128  # the last number that 32 bits of integer and of float both hold
JOIN_MS = 10  # cross-fade at a join, so that no cut clicks
MILLISECOND = RATE // 1000  # samples
HANDLE = JOIN_MS * MILLISECOND // 2  # samples of a piece before and after what is wanted, for half a cross-fade
TAPS = 4096  # of the filter that gives noise the sound of a room
CLEAR = 0.15  # seconds around speech that do not belong to the room
QUIETEST = 30  # percent of the moments without speech, the quietest, that are the room
ENOUGH = 5  # moments that tell it


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
    for one, other in zip(pieces, pieces[1:], strict=False):
        count = int(one.frame_count())
        parts.append(one.get_sample_slice(begin, count - lap))
        fading, rising = one.get_sample_slice(count - lap, count), other.get_sample_slice(0, lap)
        parts.append(fading.fade_out(milliseconds).overlay(rising.fade_in(milliseconds)))
        begin = lap
    parts.append(pieces[-1].get_sample_slice(begin, int(pieces[-1].frame_count())))
    return pieces[0]._spawn(b"".join(part.raw_data for part in parts))


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

    def __init__(self, samples: Samples, speech: Spans) -> None:
        """(n, 2) samples, and the [start, end) seconds of them in which somebody speaks."""
        middle, side = samples.mean(axis=1), (samples[:, 0] - samples[:, 1]) / 2
        count = len(samples) // TAPS
        moments = np.stack([middle, side])[:, : count * TAPS].reshape(2, count, TAPS)
        power = np.square(moments[0]).mean(axis=1)
        times = np.arange(count) * TAPS / RATE
        quiet = power > 0  # nothing at all is a gap in the recording, not the room
        for start, end in speech:
            quiet &= (times + TAPS / RATE <= start - CLEAR) | (times >= end + CLEAR)
        chosen = np.flatnonzero(quiet)
        if len(chosen):
            chosen = chosen[power[chosen] <= np.percentile(power[chosen], QUIETEST)]
        self._filters: NDArray[np.float64] | None = None
        if len(chosen) >= ENOUGH:
            window = np.hanning(TAPS)
            spectra = np.square(np.abs(np.fft.rfft(moments[:, chosen] * window, axis=2))).mean(axis=1)
            self._filters = (
                np.fft.fftshift(np.fft.irfft(np.sqrt(spectra / np.square(window).sum()), axis=1), axes=1) * window
            )

    @property
    def known(self) -> bool:
        return self._filters is not None

    def tone(self, count: int, seed: int) -> Samples:
        """`count` samples of the room, always the same for one seed; silence where it is not known."""
        if self._filters is None or count <= 0:
            return np.zeros((max(0, count), 2), np.float32)
        from scipy.signal import oaconvolve  # here: it takes a second that other commands need not wait for

        noise = np.random.default_rng(seed).normal(0, 1, (2, count + TAPS - 1))
        middle, side = oaconvolve(noise, self._filters, "valid", axes=1)
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
