"""The mastered track: as long as the picture to the sample, in sync, as loud as the spec, silent where there is nothing."""

from fractions import Fraction
from pathlib import Path

import ffmpeg
import numpy as np
import pyloudnorm
import pytest

import presets
from pipeline import demo, ffmpeg_tool, sound
from pipeline.plan import Box, Knot, Music, Pane, Plan, Shot, Take
from presets import delivery

RATE = 48_000
SPEC = delivery.load("vk-clips")
PRESET = presets.load("open-industry")


def write(file: Path, samples: np.ndarray, **options) -> Path:
    """A sound file from (n,) or (n, channels) samples, full scale 1."""
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    pcm = (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
    stream = ffmpeg.input("pipe:", format="s16le", ar=RATE, ac=channels)
    ffmpeg_tool.run(stream.output(str(file), **({"acodec": "pcm_s16le"} | options)), input=pcm)
    return file


def plan(*ranges, rate="25", tail=0.0, music=None, silent=False) -> Plan:
    pane = Pane(width=9, height=16, path=[Knot(t=0, x=0, y=0)], onto=Box(x=0, y=0, width=1080, height=1920))
    takes = [
        Take(
            file=file, fingerprint="", start=start, end=end, audio_stream=None if silent else 0,
            shots=[Shot(start=start, end=end, layout="hold", reason="", picture=Box(x=0, y=0, width=16, height=16), panes=[pane])],
        )
        for file, start, end in ranges
    ]  # fmt: skip
    return Plan(
        made_by="test", preset="plain", delivery="vk-clips", rate=rate, width=1080, height=1920, takes=takes, tail=tail,
        music=Music(file=music) if music else None,
    )  # fmt: skip


def master(tmp_path, made):
    report = sound.master(made, SPEC, PRESET, tmp_path / "master.wav")
    raw = (tmp_path / "master.wav").read_bytes()
    return report, np.frombuffer(raw[raw.index(b"data") + 8 :], "<i2").reshape(-1, 2) / 32768


def clicks(seconds, times):
    samples = np.zeros(int(seconds * RATE))
    for t in times:
        samples[round(t * RATE) : round(t * RATE) + 24] = 0.7
    return samples


def first(samples, after, before):
    part = np.abs(samples[round(after * RATE) : round(before * RATE), 0])
    return after + np.flatnonzero(part > part.max() / 2)[0] / RATE


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.m4a"])
def test_in_points_and_joins_keep_clicks_in_place(tmp_path, name):
    codec = {"a.wav": "pcm_s16le", "a.flac": "flac", "a.m4a": "aac"}[name]
    file = write(tmp_path / name, clicks(8, [1.5, 4.0, 6.25]), acodec=codec)
    report, samples = master(tmp_path, plan((file, 1.0, 3.0), (file, 3.52, 7.0)))
    assert len(samples) == round((50 + 87) / 25 * RATE)
    for expected in (0.5, 2.0 + 0.48, 2.0 + 2.73):
        assert first(samples, expected - 0.2, expected + 0.2) == pytest.approx(
            expected, abs=0.001 if codec != "aac" else 0.01
        )
    assert report.after.integrated is not None


def test_sound_that_starts_late_in_the_file_stays_late(tmp_path):
    file = write(tmp_path / "a.wav", clicks(2, [0.5]))
    picture = ffmpeg.input("color=size=64x64:rate=25:duration=3", f="lavfi")["v"]
    late = ffmpeg.input(str(file), itsoffset=0.5)["a"]
    ffmpeg_tool.run(ffmpeg.output(picture, late, str(tmp_path / "late.mov"), acodec="pcm_s16le"))
    made = plan((tmp_path / "late.mov", 0, 2.4))
    made.takes[0].audio_stream = 1
    _, samples = master(tmp_path, made)
    assert first(samples, 0.2, 2.0) == pytest.approx(1.0, abs=0.002)


def test_no_drift_at_a_fractional_rate(tmp_path):
    file = write(tmp_path / "a.wav", clicks(61, [60.0]))
    ranges = [(file, i * 6.006, (i + 1) * 6.006) for i in range(10)]
    made = plan(*ranges, rate="30000/1001")
    _, samples = master(tmp_path, made)
    assert len(samples) == round(Fraction(1001, 30000) * made.frame_count * RATE)
    assert first(samples, 59.5, 60.05) == pytest.approx(60.0, abs=0.003)


@pytest.mark.parametrize("gain", [0.02, 0.2, 1.9])
def test_quiet_and_loud_voices_end_at_the_same_loudness_under_the_peak(tmp_path, gain):
    talk = gain * demo.voice(6, [(0.2, 5.8)], 1)
    report, samples = master(tmp_path, plan((write(tmp_path / "a.wav", talk), 0, 6)))
    assert pyloudnorm.Meter(RATE).integrated_loudness(samples) == pytest.approx(-14, abs=0.5)
    assert report.after.true_peak <= -1


@pytest.mark.parametrize("silent", [True, False])
def test_silence_stays_silence(tmp_path, silent):
    file = write(tmp_path / "a.wav", np.zeros(3 * RATE))
    report, samples = master(tmp_path, plan((file, 0, 3), silent=silent))
    assert len(samples) == 3 * RATE and not samples.any() and report.gain == 0


@pytest.mark.parametrize("hiss", [0.0001, 0.0004])
def test_the_recorders_own_noise_is_not_made_loud(tmp_path, hiss):
    noise = np.random.default_rng(1).normal(0, hiss, 3 * RATE)
    report, samples = master(tmp_path, plan((write(tmp_path / "a.wav", noise), 0, 3)))
    assert np.abs(samples).max() < 0.01 and report.gain == 0


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_every_channel_is_heard_on_both_sides_or_its_own(tmp_path, channels):
    talk = demo.voice(3, [(0.1, 2.9)], 1)
    samples = np.zeros((len(talk), channels))
    samples[:, 2 if channels == 6 else 0] = talk  # the centre of 5.1
    _, out = master(tmp_path, plan((write(tmp_path / "a.wav", samples), 0, 3)))
    left, right = np.sqrt((out**2).mean(axis=0))
    assert left > 0.05 and (channels == 2 or right == pytest.approx(left, rel=0.05))


def test_music_lies_under_speech_and_comes_up_in_gaps(tmp_path):
    t = np.arange(3 * RATE) / RATE
    music = write(tmp_path / "music.wav", 0.3 * np.sin(2 * np.pi * 5000 * t))
    talk = demo.voice(10, [(0.1, 3), (7, 9.9)], 1)
    file = write(tmp_path / "a.wav", talk)
    _, out = master(tmp_path, plan((file, 0, 10), music=music))

    def level(a, b):
        part = out[int(a * RATE) : int(b * RATE), 0]
        spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)))) ** 2
        hertz = np.fft.rfftfreq(len(part), 1 / RATE)
        near = np.abs(hertz - 5000) < 30
        return 10 * np.log10(spectrum[near].sum() / len(part) ** 2), 10 * np.log10(
            spectrum[~near].sum() / len(part) ** 2
        )

    under, speech = level(1, 2.5)
    up, _ = level(4.5, 5.5)
    assert speech - under >= 15
    assert up - under >= 6
