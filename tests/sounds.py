"""Sound that tests make themselves, plans that play it, and measures of what came out that are not the pipeline's own."""

from pathlib import Path

import ffmpeg
import numpy as np
from scipy.io import wavfile
from scipy.signal import resample_poly

from basis.boxes import Box
from pipeline.footage import ffmpeg_tool
from pipeline.listening.hearing import Hearing
from pipeline.listening.speech import Speech
from pipeline.plan import Knot, Music, Pane, Plan, Shot, Sting, Take

RATE = 48_000


def write(file: Path, samples: np.ndarray, **options) -> Path:
    """A sound file from (n,) or (n, channels) samples, full scale 1."""
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    whole = (np.clip(samples, -1, 1) * 32767).astype("<i2")
    if file.suffix == ".wav" and channels <= 2 and options in ({}, {"acodec": "pcm_s16le"}):
        wavfile.write(file, RATE, whole)  # sooner than another process does it
        return file
    stream = ffmpeg.input("pipe:", format="s16le", ar=RATE, ac=channels)
    written = stream.output(str(file), **({"acodec": "pcm_s16le"} | options)).overwrite_output()
    ffmpeg_tool.run(written, input=whole.tobytes())
    return file


def plan(*ranges, rate="25", tail=0.0, music=None, silent=False, speech=(), stings=()) -> Plan:
    pane = Pane(width=9, height=16, path=[Knot(t=0, x=0, y=0)], onto=Box(x=0, y=0, width=1080, height=1920))
    takes = [
        Take(
            file=file, fingerprint="", start=start, end=end, audio_stream=None if silent else 0,
            speech=[(max(a, start), min(b, end)) for a, b in speech if a < end and b > start],
            shots=[Shot(start=start, end=end, layout="hold", reason="", picture=Box(x=0, y=0, width=16, height=16), panes=[pane])],
        )
        for file, start, end in ranges
    ]  # fmt: skip
    return Plan(
        made_by="test", preset="plain", delivery="vk-clips", rate=rate, width=1080, height=1920, takes=takes, tail=tail,
        music=Music(file=music) if music else None, stings=[Sting(file=file, at=at) for file, at in stings],
    )  # fmt: skip


def clicks(seconds, times):
    samples = np.zeros(int(seconds * RATE))
    for t in times:
        samples[round(t * RATE) : round(t * RATE) + 24] = 0.7
    return samples


def first(samples, after, before):
    part = np.abs(samples[round(after * RATE) : round(before * RATE), 0])
    return after + np.flatnonzero(part > part.max() / 2)[0] / RATE


def si_sdr(truth, heard):
    """Scale-invariant signal-to-distortion ratio in dB (Le Roux et al. 2019) of one channel."""
    truth, heard = truth - truth.mean(), heard - heard.mean()
    target = truth * (heard @ truth) / (truth @ truth)
    return float(10 * np.log10((target @ target) / max(1e-20, np.square(heard - target).sum())))


def true_peak(samples):
    """dBTP of (n, channels) samples, four times oversampled as BS.1770 has it."""
    return float(20 * np.log10(np.abs(resample_poly(samples, 4, 1, axis=0)).max()))


def hearing(speech):
    """What is heard where somebody speaks in these [start, end) seconds, and nothing else is known."""
    return Hearing(None, None, "stereo", "", Speech(tuple(speech), np.empty(0), np.empty(0)))
