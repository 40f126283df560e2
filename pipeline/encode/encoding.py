"""Finished frames and mastered sound -> a delivery file, through one ffmpeg with a pipe."""

from collections.abc import Callable, Generator, Iterable
from contextlib import closing, nullcontext
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from basis.errors import MachineFailed, MissingTool, WrongUse
from basis.tools import USUAL, Tools
from pipeline.encode.encoders import encoder_of
from pipeline.footage import ffmpeg_tool
from pipeline.footage.stream import Frame
from presets.delivery import DeliverySpec

BUFFER = 0.4  # of the peak bit rate, saved up for hard seconds
COLOUR = {"color_range": "tv", "colorspace": "bt709", "color_primaries": "bt709", "color_trc": "bt709"}


@dataclass(frozen=True)
class Target:
    """What frames become: spec: what the file is held to. width, height: of the frames. rate: frames a second."""

    spec: DeliverySpec
    width: int
    height: int
    rate: Fraction


def output_options(spec: DeliverySpec, rate: Fraction, tools: Tools = USUAL) -> dict[str, str]:
    """The ffmpeg output options that make a file to the spec at a frame rate; the speed benchmark uses them too."""
    return {**picture_options(spec, rate, BUFFER, tools), **sound_options(spec), "movflags": "+faststart", "f": "mp4"}


def longest_group(spec: DeliverySpec, rate: Fraction) -> int:
    """Frames from a key frame to the next at most: footage without cuts has one at each multiple of it."""
    return max(1, int(rate * Fraction(spec.longest_gop).limit_denominator(1000)))


def encode(
    frames: Iterable[Frame], sound: Path, out: Path, target: Target, progress: Callable[[int], None], tools: Tools = USUAL
) -> None:  # fmt: skip
    """Writes out, an MP4. frames: I420 arrays of the target's size, consumed as they come; progress gets their count.

    Raises MissingTool when ffmpeg cannot do it, MachineFailed when the disk is full or ffmpeg was killed, WrongUse
    where nothing can be written. The caller names a temporary file and removes it when this fails.
    """
    options = {**output_options(target.spec, target.rate, tools), **container_options(target.rate)}
    streams = [piped(target), ffmpeg.input(str(sound))["a"]]
    write(ffmpeg.output(*streams, str(out), **options), out, frames, progress, tools)


def picture_options(spec: DeliverySpec, rate: Fraction, buffer: float, tools: Tools = USUAL) -> dict[str, str]:
    """Of the picture; buffer: bits saved up for hard seconds, as a share of the peak bit rate. Raises WrongUse."""
    encoder, speed = encoder_of(tools, spec)
    few = {"threads:v": str(tools.threads)} if tools.threads else {}
    return {**encoder.options(spec, rate, longest_group(spec, rate), buffer, speed), **COLOUR, **few}


def sound_options(spec: DeliverySpec) -> dict[str, str]:
    """Of the sound."""
    return {"c:a": "aac", "b:a": str(spec.audio_bitrate), "ar": str(spec.sample_rate), "ac": str(spec.channels)}


def container_options(rate: Fraction) -> dict[str, str]:
    """Of the file: nothing that tells when or by what it was made, times in whole frames."""
    return {"map_metadata": "-1", "fflags": "+bitexact", "video_track_timescale": str(rate.numerator)}


def piped(target: Target) -> Any:
    """The ffmpeg-python stream of frames that are written to the pipe."""
    return ffmpeg.input(
        "pipe:", format="rawvideo", pix_fmt="yuv420p", s=f"{target.width}x{target.height}",
        framerate=f"{target.rate.numerator}/{target.rate.denominator}", **COLOUR, thread_queue_size=2,
    )["v"]  # fmt: skip


def write(
    stream: Any, out: Path, frames: Iterable[Frame], progress: Callable[[int], None], tools: Tools = USUAL
) -> None:
    """Runs ffmpeg to its end, writing frames to its pipe; frames that are generated end with it. Raises as encode does."""
    with (
        closing(frames) if isinstance(frames, Generator) else nullcontext(),
        ffmpeg_tool.pipe(stream.overwrite_output(), tools, feeds=True, reads=False) as running,
    ):
        for number, frame in enumerate(frames, 1):
            if not running.write(frame.data.cast("B")):
                break
            progress(number)
        if running.wait():
            raise _reason(running.said, out)


def _reason(said: bytes, out: Path) -> Exception:
    text = said.decode("utf-8", "replace")
    if any(sign in text for sign in ("No space left", "There is not enough space", "Disk quota exceeded")):
        return MachineFailed(f"The disk of {out.parent} is full; free some space and run again.")
    if any(sign in text for sign in ("Input/output error", "Stale file handle")):
        return MachineFailed(f"The disk of {out.parent} failed ({ffmpeg_tool.last_line(said)}); run again.")
    if "Permission denied" in text:
        return WrongUse(f"{out.parent} cannot be written; choose another output folder.")
    return MissingTool(f"ffmpeg could not encode: {ffmpeg_tool.last_line(said)}; `episode doctor` says more.")
