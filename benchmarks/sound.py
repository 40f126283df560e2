"""What the sound stage does to made sound whose truth is known, measured by pyloudnorm and by hand, each with its bar.

uv run python benchmarks/sound.py [--fast]      # --fast leaves out the ten minutes; exits with 1 when a bar is missed

Voices are the made ones of the tests and, where espeak-ng is installed, its Russian one.
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import ffmpeg
import numpy as np
import pyloudnorm

import presets
from pipeline import sound
from pipeline.brief import Footage
from pipeline.footage import ffmpeg_tool, loudness, source
from pipeline.footage.sounds import Sound
from pipeline.listening import recorder
from pipeline.plan import Plan
from pipeline.sound.cleaning import clean
from pipeline.synthetic import demo
from presets import delivery
from tests.sounds import RATE, clicks, first, plan, si_sdr, true_peak, write

SPEC = delivery.load("vk-clips")
PRESET = presets.load("open-industry")
METER = pyloudnorm.Meter(RATE)
SAID = [(4 * n + 0.3, 4 * n + 3.4) for n in range(15)]
RUNS = 3
TEXT = (
    "Я пришла на завод сразу после института. Здесь работал мой дед, потом отец. Цех я знаю с детства. "
    "Теперь моя дочь учится на технолога. Значит, династия продолжается. Каждое утро мы проходим через проходную."
)


@dataclass(frozen=True)
class Row:
    """One measured value and its bar."""

    what: str
    value: float
    bar: str
    met: bool


def at_least(what: str, value: float, bar: float) -> Row:
    return Row(what, value, f">= {bar:g}", value >= bar)


def at_most(what: str, value: float, bar: float) -> Row:
    return Row(what, value, f"<= {bar:g}", value <= bar)


def master(folder: Path, made: Plan) -> tuple[sound.SoundReport, np.ndarray]:
    report = sound.master(made, SPEC, PRESET, folder / "master.wav")
    raw = (folder / "master.wav").read_bytes()
    return report, np.frombuffer(raw[raw.index(b"data") + 8 :], "<i2").reshape(-1, 2) / 32768


def voices(folder: Path) -> dict[str, tuple[np.ndarray, list[tuple[float, float]]]]:
    """Clean voices and when they speak."""
    found = {"made voice": (demo.voice(60, SAID, 3), SAID)}
    if tool := shutil.which("espeak-ng"):
        said = folder / "espeak.wav"
        subprocess.run([tool, "-v", "ru", "-s", "150", "-w", str(said), TEXT], check=True)
        pcm = ffmpeg_tool.run(ffmpeg.input(str(said)).output("pipe:", format="f32le", ac=1, ar=RATE)).stdout
        spoken = np.frombuffer(pcm, "<f4").astype(float)
        found["espeak-ng"] = spoken, [(0.0, len(spoken) / RATE)]
    return found


def noisy(voice: np.ndarray, snr: float) -> np.ndarray:
    noise = demo.machines(len(voice) / RATE, 2)[: len(voice)]
    return voice + noise * np.sqrt(np.square(voice).mean() / np.square(noise).mean()) / 10 ** (snr / 20)


def cleaning(folder: Path) -> list[Row]:
    rows = []
    for name, (voice, said) in voices(folder).items():
        voice = 0.1 * voice / np.sqrt(np.square(voice).mean())
        for strength in ("light", "strong"):
            stereo = np.repeat(noisy(voice, 5)[:, None], 2, axis=1).astype(np.float32)
            before, after = si_sdr(voice, stereo[:, 0]), si_sdr(voice, clean(stereo, said, strength)[0][:, 0])
            rows.append(
                at_least(
                    f"{name}, 5 dB SNR, {strength}: SI-SDR {before:.1f} -> {after:.1f}, dB gained", after - before, 5
                )
            )
        stereo = np.repeat(voice[:, None], 2, axis=1).astype(np.float32)
        rows.append(
            at_least(
                f"{name}, clean: SI-SDR to what was given, dB",
                min(99, si_sdr(voice, clean(stereo, said, "strong")[0][:, 0])),
                25,
            )
        )
        for snr in (10, 15, 20):
            stereo = np.repeat(noisy(voice, snr)[:, None], 2, axis=1).astype(np.float32)
            gained = si_sdr(voice, clean(stereo, said, "strong")[0][:, 0]) - si_sdr(voice, stereo[:, 0])
            rows.append(at_least(f"{name}, {snr} dB SNR, strong: dB gained", gained, 0))
    return rows


def loud(folder: Path) -> list[Row]:
    rows = []
    for gain, snr in ((0.02, 60), (0.2, 15), (0.9, 5)):
        talk = gain * noisy(demo.voice(60, SAID, 3), snr)
        report, out = master(folder, plan((write(folder / "talk.wav", talk), 0, 60), tail=3.5, speech=SAID))
        name = f"talk at {report.before.integrated:.0f} LUFS, {snr} dB SNR"
        rows.append(at_most(f"{name}: off -14 LUFS, LU", abs(METER.integrated_loudness(out) + 14), 0.5))
        rows.append(at_most(f"{name}: true peak, dBTP", true_peak(out), -1))
    ups = np.interp(
        np.arange(60 * RATE) / RATE, np.arange(15) * 4 + 2, [0, 3, -3, 1, -2, 3, 0, -3, 2, -1, 2, -2, 3, 0, -3]
    )
    talk = demo.voice(60, SAID, 3)[: 60 * RATE] * 10 ** (ups / 20)
    report, out = master(folder, plan((write(folder / "talk.wav", 0.1 * talk), 0, 60), speech=SAID))
    kept = loudness.measure(folder / "master.wav").range / report.before.range
    rows.append(at_least(f"one voice's loudness range of {report.before.range:.1f} LU, share kept", kept, 0.5))
    return rows


def speakers(folder: Path) -> list[Row]:
    spans = [[(8 * n + 0.3, 8 * n + 4) for n in range(4)], [(8 * n + 4.3, 8 * n + 7.8) for n in range(4)]]
    talk = np.zeros(32 * RATE)
    for own, lufs, seed in zip(spans, (-18, -30), (1, 2), strict=True):
        voice = demo.voice(32, own, seed, 110 + 60 * seed)
        talk += voice * 10 ** ((lufs - METER.integrated_loudness(voice)) / 20)
    _, out = master(folder, plan((write(folder / "two.wav", talk), 0, 32), speech=sorted(spans[0] + spans[1])))
    ends = [
        METER.integrated_loudness(np.concatenate([out[round(a * RATE) : round(b * RATE)] for a, b in own]))
        for own in spans
    ]
    return [at_most("speakers at -18 and -30 LUFS: apart in the end, LU", abs(ends[0] - ends[1]), 2)]


def ducking(folder: Path) -> list[Row]:
    said = [(0.3, 4), (8, 12)]
    t = np.arange(3 * RATE) / RATE
    music = write(folder / "music.wav", 0.3 * np.sin(2 * np.pi * 1000 * t))
    alone = plan((write(folder / "talk.wav", 0.1 * demo.voice(13, said, 1)), 0, 13), speech=said)
    bedded = alone.model_copy(update={"music": plan(("", 0, 1), music=music).music})
    _, dry = master(folder, alone)
    _, wet = master(folder, bedded)
    wet = wet * float((dry[RATE : 3 * RATE] * wet[RATE : 3 * RATE]).sum() / np.square(wet[RATE : 3 * RATE]).sum())
    bed = wet - dry  # what the music adds, the talk being as loud in both

    def level(samples: np.ndarray, a: float, b: float) -> float:
        return float(METER.integrated_loudness(samples[round(a * RATE) : round(b * RATE)]))

    speech = level(dry, 0.3, 4)
    return [
        at_least("music under speech, LU", speech - level(bed, 0.5, 3.9), 15),
        at_least(
            "music in the 0.4 s before the first word of a turn, LU under speech", speech - level(bed, 7.55, 7.98), 12
        ),
        at_least("music comes up in a gap of 4 s, LU", level(bed, 5, 7) - level(bed, 0.5, 3.9), 6),
    ]


def sync(folder: Path) -> list[Row]:
    marks = [0.4 + n for n in range(20)]
    file = write(folder / "clicks.m4a", clicks(20, marks), acodec="aac")
    _, out = master(folder, plan((file, 1.0, 7.0), (file, 9.52, 20.0)))
    places = [m - 1 for m in marks if 1 < m < 7] + [m - 9.52 + 6 for m in marks if 9.52 < m < 20]
    rows = [at_most("joined AAC: worst click, ms off", worst(out, places), 10)]
    holes = folder / "holes.mkv"
    samples = clicks(20, marks)
    with av.open(str(holes), "w") as written:
        stream = written.add_stream("pcm_s16le", rate=RATE, layout="mono")
        for second in range(20):
            end = round((second + 0.94) * RATE)
            for at in range(second * RATE, end, 1024):
                frame = av.AudioFrame.from_ndarray(
                    (samples[at : min(end, at + 1024)] * 32767).astype("<i2")[None], "s16", "mono"
                )
                frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
                written.mux(stream.encode(frame))
        written.mux(stream.encode(None))
    _, out = master(folder, plan((holes, 0.0, 20.0)))
    return [*rows, at_most("60 ms of sound lost every second: worst click, ms off", worst(out, marks), 10)]


def long_sync(folder: Path) -> list[Row]:
    """Ten minutes of talk at 30000/1001 with a recorder that starts 7.3 s early and runs 80 ppm fast."""
    seconds, rate, drift, early = 600, 16_000, 80e-6, 7.3
    said = [(7 * n + 0.5, 7 * n + 5.5) for n in range(85)]
    talk = demo.voice(seconds, said, 5)[:: RATE // rate]
    echo = np.convolve(talk, [0.6, *np.zeros(400), 0.3, *np.zeros(900), 0.2])[: len(talk)]
    camera = 0.5 * echo + 2 * demo.machines(seconds, 4)[:: RATE // rate]
    places = (np.arange(round((seconds + 20) * rate)) / rate - early) / (1 + drift) * rate
    lav = np.interp(places, np.arange(len(talk)), talk, left=0, right=0)
    video, recording = folder / "long.mkv", folder / "lav.wav"
    for file, heard in ((folder / "camera.wav", camera), (recording, lav)):
        pcm = (np.clip(heard, -1, 1) * 32767).astype("<i2").tobytes()
        ffmpeg_tool.run(ffmpeg.input("pipe:", format="s16le", ar=rate, ac=1).output(str(file)), input=pcm)
    picture = ffmpeg.input(f"color=size=16x16:rate=30000/1001:duration={seconds}", f="lavfi")["v"]
    heard = ffmpeg.input(str(folder / "camera.wav"))["a"]
    ffmpeg_tool.run(ffmpeg.output(picture, heard, str(video), acodec="pcm_s16le", preset="ultrafast"))
    begun = time.monotonic()
    camera = source.probe(video)
    heard_by_it = Sound(video, camera.audio_stream)
    wanted = Footage(file=video, audio=recording)
    found, said_of_it = recorder.align(camera, heard_by_it, wanted, 0, seconds)
    took = time.monotonic() - begun
    print(f"  {said_of_it}")
    at = np.array([0.0, seconds])
    off = np.abs(at * (1 + found.drift / 1e6) + found.offset - (at * (1 + drift) + early)) * 1000
    return [
        at_most("recorder against camera: at the start, ms off", float(off[0]), 10),
        at_most("recorder against camera: after ten minutes, ms off", float(off[1]), 10),
        at_most("ten minutes aligned, s", took, 20),
    ]


def variable_rate(folder: Path) -> list[Row]:
    """Ten minutes of frames at uneven times with a flash and a click every half minute: the frame against the sample."""
    seconds, rate = 600, Fraction(25)
    marks = [15.0 + 30 * n for n in range(20)]
    rng = np.random.default_rng(1)
    times = np.unique(
        np.concatenate([np.cumsum(rng.uniform(0.02, 0.09, 12_000)).round(3), marks, np.array(marks) + 0.04])
    )
    times = times[times < seconds]
    sound_of_it, file = clicks(seconds, marks), folder / "uneven.mkv"
    with av.open(str(file), "w") as written:
        video = written.add_stream("libx264", rate=25, width=64, height=64, options={"preset": "ultrafast"})
        video.time_base = video.codec_context.time_base = Fraction(1, 1000)
        heard = written.add_stream("pcm_s16le", rate=RATE, layout="mono")
        done = 0
        for t in times:
            lit = any(m <= t < m + 0.039 for m in marks)
            picture = av.VideoFrame.from_ndarray(np.full((64, 64), 235 if lit else 16, np.uint8), "gray").reformat(
                format="yuv420p"
            )
            picture.pts, picture.time_base = round(t * 1000), Fraction(1, 1000)
            written.mux(video.encode(picture))
            while done < t * RATE:
                frame = av.AudioFrame.from_ndarray(
                    (sound_of_it[done : done + 4800] * 32767).astype("<i2")[None], "s16", "mono"
                )
                frame.sample_rate, frame.pts, frame.time_base = RATE, done, Fraction(1, RATE)
                written.mux(heard.encode(frame))
                done += 4800
        for stream in (video, heard):
            written.mux(stream.encode(None))
    found = source.probe(file)
    count = int((seconds - 1) * rate)
    light = np.array([frame.mean() for frame in stream.frames(found, 0.0, count, rate)])
    seen = [
        int(np.argmax(light[int((m - 1) * rate) : int((m + 1) * rate)])) / float(rate) + m - 1
        for m in marks
        if m < seconds - 2
    ]
    made = plan((file, 0, count / float(rate)))
    made.takes[0].audio_stream = found.audio_stream
    _, out = master(folder, made)
    off = [abs(first(out, at - 0.2, at + 0.2) - at) * 1000 for at in seen]
    return [at_most("ten minutes at a variable rate: flash against click, worst, ms", max(off), 10)]


def worst(samples: np.ndarray, places: list[float]) -> float:
    return max(abs(first(samples, at - 0.2, at + 0.2) - at) for at in places) * 1000


def speed(folder: Path) -> list[Row]:
    rows = []
    for name, snr in (("clean", 45), ("noisy", 5)):
        file = write(folder / "talk.wav", 0.2 * noisy(demo.voice(60, SAID, 3), snr))
        made = plan((file, 0, 60), speech=SAID)
        times = []
        for _ in range(RUNS):
            begun = time.monotonic()
            master(folder, made)
            times.append(time.monotonic() - begun)
        rows.append(at_most(f"a minute of {name} talk mastered, s (median of {RUNS})", statistics.median(times), 2))
    return rows


def main() -> int:
    parts: list[Callable[[Path], list[Row]]] = [cleaning, loud, speakers, ducking, sync]
    parts += [speed] if "--fast" in sys.argv else [long_sync, variable_rate, speed]
    missed = 0
    for part in parts:
        with tempfile.TemporaryDirectory(prefix="episode-") as folder:
            for row in part(Path(folder)):
                missed += not row.met
                print(f"{'' if row.met else 'MISSED':7}{row.value:8.2f}  {row.bar:8}  {row.what}", flush=True)
    print("Every bar is met." if not missed else f"{missed} bars are missed.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
