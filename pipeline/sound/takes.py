"""A take's samples as the plan says that they are read: a recording, the camera where that has nothing, its channels."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, map_coordinates

from basis.data import Channels
from basis.tools import USUAL, Tools
from pipeline.footage.sounds import RATE, Samples, Sound, band, sound_in
from pipeline.listening.channels import VOICES
from pipeline.plan import Microphone, Take

RUN_UP = 0.25  # seconds decoded before what is wanted, in which decoders come to rest
OFFSET = 5e-3  # of full scale, from which a constant part of the sound is taken out
JOIN = 480  # samples over which a recording and the camera's sound give way to each other
TOGETHER = 0.06  # seconds over which it is told who speaks where voices are mixed


def read(take: Take, begin: int, samples: int, tools: Tools = USUAL) -> Samples:
    """A take's sound from `begin` samples after its start on, exactly `samples` long, its channels as the plan says.

    The separate recording where there is one, the camera's where that has nothing. begin may be negative. Gaps, late
    starts and early ends are silence. Raises Unusable for sound that cannot be decoded.
    """
    first = take.start + begin / RATE
    recording = take.recording
    wanted = np.zeros((samples, 2), np.float32)
    known = np.zeros(samples, np.float32)
    if recording:
        sound_in(recording)
        pace = recording.pace
        begun, count = first * pace + recording.offset, int(samples * pace) + 4
        recorded = Sound(recording.file, recording.audio_stream, microphones=_numbers(recording.microphones))
        decoded, there = _decoded(recorded, begun, count, tools)
        wanted = _as_wanted(_slower(decoded, pace)[:samples], take.channels)
        known = there[(np.arange(samples) * pace).astype(int)]
    if take.audio_stream is not None and not known.all():
        own = Sound(take.file, take.audio_stream, microphones=_numbers(take.microphones))
        camera, _ = _decoded(own, first, samples, tools)
        if recording:
            around = np.pad(known, (JOIN // 2, JOIN - JOIN // 2 - 1), "edge")
            share = np.convolve(around, np.ones(JOIN, np.float32) / JOIN, "valid")[:, None]
            wanted = np.asarray(share * wanted + (1 - share) * _as_wanted(camera, "stereo"), np.float32)
        else:
            wanted = _as_wanted(camera, take.channels)
    offset = wanted.mean(axis=0)
    if np.abs(offset).max() > OFFSET:
        wanted = np.where(wanted == 0, wanted, wanted - offset)  # no sound at all stays none
    return wanted


def _numbers(microphones: Sequence[Microphone]) -> tuple[tuple[int, int], ...]:
    return tuple((one.stream, one.channel) for one in microphones)


def _decoded(sound: Sound, first: float, samples: int, tools: Tools) -> tuple[Samples, Samples]:
    """Samples of a file from second `first` on, which may be negative, and (samples,) 1 where the file has sound, else 0."""
    late = max(0, round(-first * RATE))
    early = min(RUN_UP, max(0.0, first))
    skip = round(early * RATE)
    seconds = (skip + samples - late) / RATE
    decoded, there = np.zeros((samples, sound.count), np.float32), np.zeros(samples, np.float32)
    if seconds > 0:
        part = sound.samples(max(0.0, first) - early, seconds + 0.1, RATE, tools)[skip:][: samples - late]
        decoded[late : late + len(part)] = part
        there[late : late + len(part)] = 1
    return decoded, there


def _slower(samples: Samples, pace: float) -> Samples:
    """Samples of a clock that makes `pace` seconds of each, at the times of a clock that is right."""
    if pace == 1:
        return samples
    places = [np.arange(int(len(samples) / pace)) * pace]
    return np.stack([map_coordinates(side, places, np.float32, order=3, mode="nearest") for side in samples.T], axis=1)


def _as_wanted(heard: Samples, channels: Channels) -> Samples:
    """Two channels of what is heard: (n, channels), its sides or its microphones."""
    count = heard.shape[1]
    if channels == "stereo" and count == 2:
        return heard
    if channels == "voices" and count > 1:
        mixed = _by_voice(heard)
    elif channels in ("left", "right"):
        mixed = heard[:, min(count - 1, int(channels == "right"))]
    else:
        mixed = heard.mean(axis=1)
    return np.repeat(mixed[:, None], 2, axis=1)


def _by_voice(heard: Samples) -> NDArray[np.float32]:
    """One channel of several microphones: each counts by its share of the voices' power, all voices equally loud.

    The gains add up to 1, so that the room stays as loud as it is with one of them (Dugan 1975).
    """
    hop, count = RATE // 100, heard.shape[1]
    voices = band(heard, VOICES, RATE)
    padded = np.pad(voices, ((0, -len(voices) % hop), (0, 0)))
    power = np.square(padded).reshape(-1, hop, count).mean(axis=1)
    power = np.maximum(0, power - np.percentile(power, 10, axis=0)) + 1e-9  # each microphone's own noise taken out
    leader = power.argmax(axis=1)
    own = [float(power[leader == one, one].mean()) if (leader == one).any() else 1.0 for one in range(count)]
    level = np.sqrt(max(own) / np.array(own))  # of the quieter voices' microphones
    smooth = gaussian_filter1d(power * np.square(level), TOGETHER * RATE / hop, axis=0)
    share = np.square(smooth) / np.square(smooth).sum(axis=1, keepdims=True)
    places = np.arange(len(heard))
    middles = (np.arange(len(share)) + 0.5) * hop
    mixed = np.zeros(len(heard), np.float32)
    for one in range(count):
        mixed += heard[:, one] * np.interp(places, middles, share[:, one] * level[one]).astype(np.float32)
    return mixed
