"""Which stream and which channels are heard, and a take's samples as they are read."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from basis.data import Channels
from basis.errors import Unusable
from pipeline.brief import Footage
from pipeline.footage.sounds import RATE, Samples, sound_of, sounds_in, stereo
from pipeline.footage.source import AudioStream, Source
from pipeline.listening import recorder
from pipeline.plan import Recording, Take

RUN_UP = 0.25  # seconds decoded before what is wanted, in which decoders come to rest
OFFSET = 5e-3  # of full scale, from which a constant part of the sound is taken out
JOIN = 480  # samples over which a recording and the camera's sound give way to each other

LISTEN_RATE = 8_000  # Hz at which channels are compared
MOST_LISTENED = 600.0  # seconds that tell what is on each channel
LOOK = 0.1  # seconds over which they are compared
SILENT = -65.0  # dB of full scale; below it there is nothing but hiss
VOICES = (200.0, 3500.0)  # Hz
DEAD = 22.0  # dB below the other side's voices from which a side is dead
ALIKE, REVERSED = 0.98, -0.6  # correlation of left and right from which they are one, or one is wired in reverse
APART = 7.0  # dB by which the microphone of the one who speaks leads
BOTH = 0.1  # share of what is said for which each side leads where each has somebody's microphone
OVER_FLOOR = 10.0  # dB above the quietest tenth from which something is said
TOGETHER = 0.06  # seconds over which it is told who speaks where voices are mixed
NAMES: dict[Channels, str] = {
    "stereo": "stereo",
    "mono": "left and right mixed to mono",
    "left": "left side alone",
    "right": "right side alone",
    "voices": "left and right mixed by who speaks",
}


def hear(source: Source, start: float, end: float, wanted: Footage) -> tuple[Source, str]:
    """The source with the sound that is heard of [start, end) footage seconds, and why that one.

    What the editor wants, the rest told by listening. Raises Unusable for a recording that cannot be read or aligned.
    """
    index, why = stream(source, start, end, wanted.audio_stream is not None)
    source = replace(source, audio_stream=index)
    because, one_sided = "no sound", True
    if index is not None:
        sound = next(sound for sound in source.audio if sound.index == index)
        read, because = choose(source.file, sound, start, end)
        source, one_sided = replace(source, channels=read), sound.channels == 1
    if wanted.audio:
        first = recorder.best(wanted.audio)
        whole, _ = choose(wanted.audio, first, 0, MOST_LISTENED)
        recording, why = recorder.align(source, start, end, wanted.audio, wanted.audio_offset, whole)
        begin, stop = (max(0.0, t * recording.pace + recording.offset) for t in (start, end))
        sound = sound_in(recording)
        read, because = choose(recording.file, sound, begin, stop)
        source, one_sided = replace(source, channels=read, recording=recording), sound.channels == 1
    if wanted.channels and one_sided:
        because += ", there are no sides to choose from"
    elif wanted.channels:
        source, because = replace(source, channels=wanted.channels), f"{NAMES[wanted.channels]}, as asked for"
    return source, ", ".join(part for part in (why, because) if part)


def without_speakers(source: Source, why: str) -> tuple[Source, str]:
    """What hear gave, where it turned out that nobody speaks: what moves from side to side is no microphone's work."""
    return (
        (replace(source, channels="stereo"), "stereo, nobody speaks") if source.channels == "voices" else (source, why)
    )


def sound_in(recording: Recording) -> AudioStream:
    """The sound of a recording's file that is heard. Raises Unusable where it is not there."""
    for sound in sounds_in(recording.file):
        if sound.index == recording.audio_stream:
            return sound
    raise Unusable(f"{recording.file} has no sound stream {recording.audio_stream}; plan the episode again.")


def stream(source: Source, start: float, end: float, given: bool) -> tuple[int | None, str]:
    """The sound stream of [start, end) footage seconds to hear, and why, empty where there is no choice.

    given: the editor has named source.audio_stream. It is the file's default unless nothing is on that one.
    """
    if source.audio_stream is None or given or len(source.audio) < 2:
        return source.audio_stream, ""
    levels = {
        one.index: float(_db(np.square(_listen(source.file, one.index, start, end)).mean(axis=0)).max())
        for one in source.audio
    }
    loudest = max(levels, key=lambda index: (levels[index] > SILENT, index == source.audio_stream, levels[index]))
    others = f"of {len(levels)} streams number {loudest}"
    if loudest == source.audio_stream:
        return loudest, f"{others}, the file's default"
    return loudest, f"{others}, since nothing is on number {source.audio_stream}"


def choose(file: Path, sound: AudioStream, start: float, end: float) -> tuple[Channels, str]:
    """How to read the channels of a sound stream in [start, end) seconds of its file, and why."""
    if sound.channels == 1:
        return "mono", "mono"
    if sound.channels > 2:
        return "stereo", f"{sound.layout} mixed down to stereo"
    samples = _voices(_listen(file, sound.index, start, end), LISTEN_RATE)
    power: NDArray[np.float64] = np.square(samples).reshape(-1, round(LOOK * LISTEN_RATE), 2).mean(axis=1)
    moving = np.maximum(0, power - np.percentile(power, 10, axis=0)).mean(axis=0)  # steady noise and hum are no voice
    left, right = _db(np.asarray(moving)).tolist()
    if max(left, right) < SILENT:
        return "stereo", "stereo, nothing is on it"
    if abs(left - right) > DEAD or min(left, right) < SILENT:
        side: Channels = "left" if left > right else "right"
        return (
            side,
            f"{NAMES[side]}, since the other one is dead ({min(left, right):.0f} dB against {max(left, right):.0f})",
        )
    alike = float(np.asarray(np.corrcoef(samples.T))[0, 1])
    if alike > ALIKE:
        return "mono", "both sides carry the same"
    if alike < REVERSED:
        return "left", f"{NAMES['left']}, since the sides would cancel each other: one is wired in reverse"
    levels = _db(power)
    said = levels.max(axis=1) > np.percentile(levels.max(axis=1), 10) + OVER_FLOOR
    lead = (levels[:, 0] - levels[:, 1])[said]
    if len(lead) and min((lead > APART).mean(), (lead < -APART).mean()) > BOTH:
        return "voices", "a microphone on each side, mixed by who speaks"
    return "stereo", "stereo"


def read(take: Take, begin: int, samples: int) -> Samples:
    """A take's sound from `begin` samples after its start on, exactly `samples` long, its channels as the plan says.

    The separate recording where there is one, the camera's where that has nothing. begin may be negative. Gaps, late
    starts and early ends are silence. Raises Unusable for sound that cannot be decoded.
    """
    first = take.start + begin / RATE
    recording = take.recording
    heard = np.zeros((samples, 2), np.float32)
    known = np.zeros(samples, np.float32)
    if recording:
        sound_in(recording)
        pace = recording.pace
        begun, count = first * pace + recording.offset, int(samples * pace) + 4
        decoded, there = _decoded(recording, recording.audio_stream, begun, count)
        heard = _as_wanted(_slower(decoded, pace)[:samples], take.channels)
        known = there[(np.arange(samples) * pace).astype(int)]
    if take.audio_stream is not None and not known.all():
        camera, _ = _decoded(take, take.audio_stream, first, samples)
        if recording:
            around = np.pad(known, (JOIN // 2, JOIN - JOIN // 2 - 1), "edge")
            share = np.convolve(around, np.ones(JOIN, np.float32) / JOIN, "valid")[:, None]
            heard = np.asarray(share * heard + (1 - share) * camera, np.float32)
        else:
            heard = _as_wanted(camera, take.channels)
    offset = heard.mean(axis=0)
    if np.abs(offset).max() > OFFSET:
        heard = np.where(heard == 0, heard, heard - offset)  # no sound at all stays none
    return heard


def _decoded(heard: Recording | Take, stream: int, first: float, samples: int) -> tuple[Samples, Samples]:
    """Samples of a file from second `first` on, which may be negative, and (samples,) 1 where the file has sound, else 0."""
    late = max(0, round(-first * RATE))
    early = min(RUN_UP, max(0.0, first))
    skip = round(early * RATE)
    seconds = (skip + samples - late) / RATE
    found = np.zeros((0, 2), np.float32)
    if seconds > 0:
        sound = sound_of(heard.file, max(0.0, first) - early, stream, RATE)
        found = stereo(sound, heard.file, seconds + 0.1, RATE)[skip:][: samples - late]
    decoded, there = np.zeros((samples, 2), np.float32), np.zeros(samples, np.float32)
    decoded[late : late + len(found)] = found
    there[late : late + len(found)] = 1
    return decoded, there


def _slower(samples: Samples, pace: float) -> Samples:
    """Samples of a clock that makes `pace` seconds of each, at the times of a clock that is right."""
    if pace == 1:
        return samples
    from scipy.ndimage import map_coordinates  # here: it takes a second that other commands need not wait for

    places = [np.arange(int(len(samples) / pace)) * pace]
    return np.stack([map_coordinates(side, places, np.float32, order=3, mode="nearest") for side in samples.T], axis=1)


def _as_wanted(heard: Samples, channels: Channels) -> Samples:
    if channels == "stereo":
        return heard
    if channels == "voices":
        mixed = _by_voice(heard)
    else:
        mixed = {"left": heard[:, 0], "right": heard[:, 1], "mono": heard.mean(axis=1)}[channels]
    return np.repeat(mixed[:, None], 2, axis=1)


def _by_voice(heard: Samples) -> NDArray[np.float32]:
    """One channel of two microphones: each counts by its share of the voices' power, both voices equally loud.

    The gains add up to 1, so that the room stays as loud as it is with one of them (Dugan 1975).
    """
    from scipy.ndimage import gaussian_filter1d  # here: it takes a second that other commands need not wait for

    hop = RATE // 100
    voices = _voices(heard, RATE)
    padded = np.pad(voices, ((0, -len(voices) % hop), (0, 0)))
    power = np.square(padded).reshape(-1, hop, 2).mean(axis=1)
    power = np.maximum(0, power - np.percentile(power, 10, axis=0)) + 1e-9  # each microphone's own noise taken out
    leads = power[:, 0] > power[:, 1]
    own = [float(power[mine, side].mean()) if mine.any() else 1.0 for side, mine in enumerate((leads, ~leads))]
    level = np.sqrt(max(own) / np.array(own))  # of the quieter voice's microphone
    smooth = gaussian_filter1d(power * np.square(level), TOGETHER * RATE / hop, axis=0)
    share = np.square(smooth) / np.square(smooth).sum(axis=1, keepdims=True)
    places = np.arange(len(heard))
    middles = (np.arange(len(share)) + 0.5) * hop
    gains = np.stack([np.interp(places, middles, share[:, side] * level[side]) for side in (0, 1)], axis=1)
    return np.asarray((heard * gains).sum(axis=1), np.float32)


def _voices(samples: NDArray[np.floating], rate: int) -> NDArray[np.float64]:
    """The band of each channel in which voices are and machines are least."""
    from scipy.signal import butter, sosfilt  # here: it takes a second that other commands need not wait for

    return np.asarray(sosfilt(butter(2, VOICES, "bandpass", fs=rate, output="sos"), samples, axis=0))


def _listen(file: Path, stream: int, start: float, end: float) -> NDArray[np.float64]:
    """[start, end) seconds of a stream at LISTEN_RATE, whole LOOKs, at least one and at most MOST_LISTENED seconds.

    Silence where there is no sound.
    """
    look = round(LOOK * LISTEN_RATE)
    count = max(1, int(min(end - start, MOST_LISTENED) / LOOK)) * look
    sound = sound_of(file, max(0.0, start), stream, LISTEN_RATE)
    found = stereo(sound, file, count / LISTEN_RATE, LISTEN_RATE)[:count]
    return np.pad(found.astype(np.float64), ((0, count - len(found)), (0, 0)))


def _db(power: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(10 * np.log10(np.maximum(power, 1e-12)))
