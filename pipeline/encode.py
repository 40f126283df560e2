"""Finished frames and mastered sound -> a delivery file, through one ffmpeg with a pipe."""

import subprocess
import threading
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

import ffmpeg

from pipeline import ffmpeg_tool
from pipeline.errors import MissingTool, WrongUse
from pipeline.source import Frame
from presets.delivery import DeliverySpec

X264_PRESET = "medium"


def output_options(spec: DeliverySpec, rate: Fraction) -> dict[str, str]:
    """The ffmpeg output options that make a file to the spec at a frame rate; the speed benchmark uses them too."""
    peak = spec.peak_bitrate
    key_frames = max(1, int(rate * Fraction(spec.longest_gop).limit_denominator(1000)))
    return {
        "c:v": "libx264",
        "preset": X264_PRESET,
        "crf": str(spec.crf),
        "maxrate": str(peak * 6 // 10),  # no second can hold more than maxrate and bufsize together
        "bufsize": str(peak * 4 // 10),
        "profile:v": "high",
        "level:v": spec.level,
        "pix_fmt": "yuv420p",
        "g": str(key_frames),
        "keyint_min": str(min(key_frames, max(1, int(rate / 2)))),
        "flags": "+cgop",
        "color_range": "tv",
        "colorspace": "bt709",
        "color_primaries": "bt709",
        "color_trc": "bt709",
        "c:a": "aac",
        "b:a": str(spec.audio_bitrate),
        "ar": str(spec.sample_rate),
        "ac": str(spec.channels),
        "movflags": "+faststart",
        "f": "mp4",
    }


def encode(
    frames: Iterable[Frame],
    sound: Path,
    out: Path,
    spec: DeliverySpec,
    size: tuple[int, int],
    rate: Fraction,
    progress: Callable[[int], None],
) -> None:
    """Writes out, an MP4. frames: I420 arrays of `size` (width, height), consumed as they come; progress gets the count.

    Raises MissingTool when ffmpeg cannot do it, WrongUse when the disk is full or not writable. The caller names a
    temporary file and removes it when this fails.
    """
    clock = f"{rate.numerator}/{rate.denominator}"
    picture = ffmpeg.input(
        "pipe:", format="rawvideo", pix_fmt="yuv420p", s=f"{size[0]}x{size[1]}", framerate=clock,
        color_range="tv", colorspace="bt709", color_primaries="bt709", color_trc="bt709", thread_queue_size=2,
    )  # fmt: skip
    options = {
        **output_options(spec, rate),
        "map_metadata": "-1",
        "fflags": "+bitexact",
        "video_track_timescale": rate.numerator,
    }
    stream = ffmpeg.output(picture["v"], ffmpeg.input(str(sound))["a"], str(out), **options).overwrite_output()
    arguments = ffmpeg_tool.command(stream)
    arguments.remove("-nostdin")
    process = ffmpeg_tool.start(arguments, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin and process.stderr
    said: list[bytes] = []
    listener = threading.Thread(target=lambda: said.append(process.stderr.read()[-4000:]), daemon=True)  # type: ignore[union-attr]
    listener.start()
    try:
        try:
            for number, frame in enumerate(frames, 1):
                process.stdin.write(frame.data.cast("B"))
                progress(number)
            process.stdin.close()
        except (BrokenPipeError, OSError) as error:
            if not isinstance(error, BrokenPipeError) and error.errno != 22:  # Windows says 22 for a closed pipe
                raise
        process.wait()
    finally:
        process.kill()
        process.wait()
        listener.join()
        process.stderr.close()
    if process.returncode:
        raise _reason(said[0] if said else b"", out)


def _reason(said: bytes, out: Path) -> Exception:
    text = said.decode("utf-8", "replace")
    if "No space left" in text or "There is not enough space" in text:
        return WrongUse(f"The disk of {out.parent} is full; free some space and run again.")
    if "Permission denied" in text:
        return WrongUse(f"{out.parent} cannot be written; choose another output folder.")
    return MissingTool(f"ffmpeg could not encode: {ffmpeg_tool.last_line(said)}; `episode doctor` says more.")
