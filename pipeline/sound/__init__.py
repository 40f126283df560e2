"""Footage sound and music -> one mastered track, exactly as long as the picture and as loud as the spec asks."""

import warnings
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import ffmpeg
import numpy as np
from numpy.typing import NDArray

from pipeline import ffmpeg_tool, loudness
from pipeline.errors import Unusable
from pipeline.plan import Plan, Take, take_frames
from pipeline.source import input_of, sound_of
from presets import Preset
from presets.delivery import DeliverySpec
from presets.graphics import Data

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "Couldn't find ffmpeg", RuntimeWarning)  # it is only ever handed PCM
    from pydub import AudioSegment

RATE, CHANNELS, WIDTH = 48_000, 2, 2  # Hz, stereo, bytes a sample
JOIN_MS = 10  # fade on both sides of a join, so that no cut clicks
END_FADE = 0.4  # seconds
MUSIC_END_FADE = 1.5
NOTHING = -60.0  # LUFS; below it there is only the recorder's own noise, which is not made loud
HEADROOM = 1.0  # dB under the true-peak limit: encoding to AAC adds up to about this much
TRIES = 4
SPEECH_WINDOW = 0.05  # seconds
SPEECH_OVER_NOISE = 6.0  # dB above the sound's own floor that count as speech
DUCK_AHEAD, DUCK_LONGEST_GAP, DUCK_FADE = 0.3, 1.0, 0.35  # seconds: before a word, gap that stays ducked, slope
MUSIC_IN_GAPS = 10.0  # dB that the music comes up where nobody speaks


class SoundReport(Data):
    """What was done: loudness of the mix and of the master, gain in dB, and how each take's channels were read."""

    before: loudness.Loudness
    after: loudness.Loudness
    gain: float
    limited: bool
    channels: list[str]


def master(plan: Plan, spec: DeliverySpec, preset: Preset, out: Path) -> SoundReport:
    """Writes out, a 48 kHz stereo 16-bit WAV of exactly the plan's length in samples.

    Silence stays silence. Raises Unusable for sound or music that cannot be decoded.
    """
    segments, channels = [], []
    for take, samples in zip(plan.takes, _lengths(plan), strict=True):
        segment = decode(take, samples)
        channels.append("no sound" if take.audio_stream is None else f"stream {take.audio_stream} mixed to stereo")
        segments.append(segment)
    speech = _join(segments)
    tail = _samples(plan.frame_count, plan.frame_rate) - int(speech.frame_count())
    mix = _fade_out(speech, END_FADE) + _silence(tail) if tail > 0 else _fade_out(speech, 0.05)
    if plan.music:
        mix = _with_music(mix, plan.music.file, preset.sound.music_under_speech_db)
    mixed = out.with_name("mix.wav")
    mix.export(str(mixed), format="wav")
    before = loudness.measure(mixed)
    if before.integrated is None or before.true_peak is None:
        mixed.replace(out)
        return SoundReport(before=before, after=before, gain=0.0, limited=False, channels=channels)
    if before.integrated < NOTHING:
        _silence(int(mix.frame_count())).export(str(out), format="wav")
        channels.append(f"nothing above {NOTHING:g} LUFS was recorded, so the episode is silent")
        return SoundReport(before=before, after=loudness.measure(out), gain=0.0, limited=False, channels=channels)
    return _level(mixed, out, before, spec, channels)


def decode(take: Take, samples: int) -> AudioSegment:
    """A take's sound as 48 kHz stereo of exactly this many samples; gaps and late starts are filled with silence."""
    if take.audio_stream is None:
        return _silence(samples)
    seconds = samples / RATE
    heard = sound_of(take.file, take.start, take.audio_stream, RATE)
    pcm = ffmpeg_tool.run(heard.output("pipe:", format="s16le", ac=CHANNELS, ar=RATE, t=f"{seconds + 0.1:.6f}")).stdout
    return _segment(pcm[: samples * CHANNELS * WIDTH].ljust(samples * CHANNELS * WIDTH, b"\0"))


def _lengths(plan: Plan) -> Iterator[int]:
    """Samples of each take; counted from the episode's start, so that roundings never add up."""
    frames = 0
    for take in plan.takes:
        begun = _samples(frames, plan.frame_rate)
        frames += take_frames(plan, take)
        yield _samples(frames, plan.frame_rate) - begun


def _samples(frames: int, rate: Fraction) -> int:
    return round(frames / rate * RATE)


def _segment(pcm: bytes) -> AudioSegment:
    return AudioSegment(data=pcm, sample_width=WIDTH, frame_rate=RATE, channels=CHANNELS)


def _silence(samples: int) -> AudioSegment:
    return _segment(bytes(max(0, samples) * CHANNELS * WIDTH))


def _join(segments: list[AudioSegment]) -> AudioSegment:
    joined = segments[0]
    for segment in segments[1:]:
        joined = joined.fade_out(JOIN_MS) + segment.fade_in(JOIN_MS)
    return joined


def _fade_out(segment: AudioSegment, seconds: float) -> AudioSegment:
    return segment.fade_out(min(int(seconds * 1000), len(segment)))


def _with_music(mix: AudioSegment, file: Path, under_speech: float) -> AudioSegment:
    """The mix over a looped bed that stays `under_speech` dB below the speech and comes up in longer gaps."""
    wanted = int(mix.frame_count())
    pcm = ffmpeg_tool.run(
        input_of(file)["a:0"].output("pipe:", format="s16le", ac=CHANNELS, ar=RATE, t=f"{wanted / RATE:.3f}")
    ).stdout
    if len(pcm) < RATE * CHANNELS * WIDTH // 2:
        raise Unusable(f"The music {file} is shorter than half a second; choose another file.")
    bed = _segment(pcm[: len(pcm) // 4 * 4])
    looped = bed
    while looped.frame_count() < wanted:
        looped = looped.append(bed, crossfade=min(200, len(bed) // 4))
    talk = _speech(mix)
    level = _rms_db(_array(mix), talk)
    gain = (level if level is not None else -20.0) - under_speech - (_rms_db(_array(looped), None) or -20.0)
    shape = _bed_gain(talk, wanted) if level is not None else np.full(wanted, MUSIC_IN_GAPS)
    samples = _array(looped)[:wanted] * (10 ** ((gain + shape) / 20))[:, None]
    music = _segment(np.clip(samples, -32768, 32767).astype("<i2").tobytes())
    return mix.overlay(_fade_out(music.fade_in(50), MUSIC_END_FADE))


def _array(segment: AudioSegment) -> NDArray[np.float64]:
    """Samples as (n, 2), full scale 32768."""
    return np.frombuffer(segment.raw_data, "<i2").reshape(-1, CHANNELS).astype(np.float64)


def _speech(mix: AudioSegment) -> NDArray[np.bool_]:
    """For each SPEECH_WINDOW whether somebody speaks: louder than the sound's own floor."""
    window = int(SPEECH_WINDOW * RATE)
    mono = _array(mix).mean(axis=1)
    power = np.add.reduceat(mono**2, np.arange(0, len(mono), window)) / window
    db = 10 * np.log10(power + 1)
    floor, high = np.percentile(db, 10), np.percentile(db, 95)
    if high < 10 * np.log10(32768**2) - 60:
        return np.zeros(len(db), bool)
    return np.asarray(db > (floor + SPEECH_OVER_NOISE if high - floor > 2 * SPEECH_OVER_NOISE else high - 40))


def _rms_db(samples: NDArray[np.float64], windows: NDArray[np.bool_] | None) -> float | None:
    if windows is not None:
        samples = samples[np.repeat(windows, int(SPEECH_WINDOW * RATE))[: len(samples)]]
    power = float((samples**2).mean()) if len(samples) else 0.0
    return 10 * float(np.log10(power)) if power > 0 else None


def _bed_gain(talk: NDArray[np.bool_], samples: int) -> NDArray[np.float64]:
    """dB for each sample: 0 while somebody speaks or soon will, MUSIC_IN_GAPS in gaps that are long enough."""
    window = SPEECH_WINDOW
    quiet = ~talk
    gaps = np.flatnonzero(np.diff(np.concatenate([[0], quiet.view(np.int8), [0]]))).reshape(-1, 2)
    points: list[tuple[float, float]] = [(0.0, 0.0)]
    for a, b in gaps:
        start, end = a * window + 0.1, b * window - DUCK_AHEAD
        if (b - a) * window > DUCK_LONGEST_GAP and end - start > 2 * DUCK_FADE:
            points += [(start, 0.0), (start + DUCK_FADE, MUSIC_IN_GAPS), (end - DUCK_FADE, MUSIC_IN_GAPS), (end, 0.0)]
    times, levels = zip(*points, strict=True)
    return np.asarray(np.interp(np.arange(samples) / RATE, times, levels))


def _level(mixed: Path, out: Path, before: loudness.Loudness, spec: DeliverySpec, channels: list[str]) -> SoundReport:
    """Gain to the loudness, a limiter where peaks need it, measured again until both limits hold."""
    assert before.integrated is not None and before.true_peak is not None
    ceiling = spec.true_peak - HEADROOM
    gain = spec.loudness - before.integrated
    limited = False
    for _ in range(TRIES):
        limited = before.true_peak + gain > ceiling
        _apply(mixed, out, gain, ceiling if limited else None)
        after = loudness.measure(out)
        if after.integrated is None or not limited:
            break
        short = spec.loudness - after.integrated
        if abs(short) <= spec.loudness_tolerance / 5:
            break
        gain += short
    return SoundReport(before=before, after=after, gain=round(gain, 2), limited=limited, channels=channels)


def _apply(mixed: Path, out: Path, gain: float, ceiling: float | None) -> None:
    """Gain in dB; the limiter works on four times the samples, so that peaks between samples are held too."""
    heard = ffmpeg.input(str(mixed))["a:0"].filter("volume", f"{gain:.3f}dB", precision="double")
    if ceiling is not None:
        heard = (
            heard.filter("aresample", 4 * RATE)
            .filter(
                "alimiter", level_in=1, limit=10 ** (ceiling / 20), attack=5, release=80, level="false", latency="true"
            )
            .filter("aresample", RATE)
        )
    ffmpeg_tool.run(heard.output(str(out), format="wav", acodec="pcm_s16le", ar=RATE, ac=CHANNELS).overwrite_output())
