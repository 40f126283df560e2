"""Finished frames and mastered sound -> a delivery file, through one ffmpeg with a pipe; or in segments, then joined."""

import subprocess
import threading
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import Any

import av
import ffmpeg

from basis.errors import MachineFailed, MissingTool, WrongUse
from pipeline.footage import ffmpeg_tool
from pipeline.footage.source import Frame
from presets.delivery import DeliverySpec

X264_PRESET = "medium"
MAXRATE, BUFFER = 0.6, 0.4  # of the peak: no second can hold more than maxrate and bufsize together
SEGMENT_BUFFER = 0.2  # of the peak: each segment has a buffer of its own, and a second over a joint sees two
LEAST_SEGMENT = 1.0  # seconds; in shorter ones a second would see three


def output_options(spec: DeliverySpec, rate: Fraction) -> dict[str, str]:
    """The ffmpeg output options that make a file to the spec at a frame rate; the speed benchmark uses them too."""
    return {**_picture_options(spec, rate, BUFFER), **_sound_options(spec), "movflags": "+faststart", "f": "mp4"}


def longest_group(spec: DeliverySpec, rate: Fraction) -> int:
    """Frames from a key frame to the next at most: footage without cuts has one at each multiple of it."""
    return max(1, int(rate * Fraction(spec.longest_gop).limit_denominator(1000)))


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

    Raises MissingTool when ffmpeg cannot do it, MachineFailed when the disk is full or ffmpeg was killed, WrongUse
    where nothing can be written. The caller names a temporary file and removes it when this fails.
    """
    streams = [_piped(size, rate), ffmpeg.input(str(sound))["a"]]
    options = {**output_options(spec, rate), **_container_options(rate)}
    _run(ffmpeg.output(*streams, str(out), **options), out, frames, progress)


def encode_segment(
    frames: Iterable[Frame],
    out: Path,
    spec: DeliverySpec,
    size: tuple[int, int],
    rate: Fraction,
    progress: Callable[[int], None],
) -> None:
    """The same for a part of the picture without sound, which join takes: it begins with a key frame, its groups are closed."""
    options = {**_picture_options(spec, rate, SEGMENT_BUFFER), **_container_options(rate), "f": "mp4"}
    _run(ffmpeg.output(_piped(size, rate), str(out), **options), out, frames, progress)


def join(segments: Sequence[Path], sound: Path, out: Path, spec: DeliverySpec, rate: Fraction) -> None:
    """Writes out, an MP4 of the segments' frames as they were encoded, one after the other, with the sound.

    The sound's folder is for scratch files. Raises as encode does, and MachineFailed for a segment that is not whole.
    """
    listed = sound.with_name("segments.txt")
    frames = accumulate((frames_in(file) for file in segments), initial=0)
    edges = [round(count / rate * 1_000_000) for count in frames]  # in microseconds, so that roundings never add up
    lines = [f"file '{_quoted(s)}'\nduration {b - a}us\n" for s, a, b in zip(segments, edges, edges[1:], strict=False)]
    listed.write_text("".join(lines), "utf-8")
    # ffmpeg's concat keeps both time stamps of each packet and the delay of B-frames; the lengths that it is told are exact
    picture = ffmpeg.input(str(listed), format="concat", safe=0, protocol_whitelist="file,pipe")["v"]
    options = {**_sound_options(spec), **_container_options(rate), "movflags": "+faststart", "f": "mp4"}
    joined = ffmpeg.output(picture, ffmpeg.input(str(sound))["a"], str(out), **{"c:v": "copy"}, **options)
    _run(joined, out)


def frames_in(segment: Path) -> int:
    """How many frames a file of encode_segment has. Raises MachineFailed if it is not whole."""
    try:
        with av.open(str(segment.resolve())) as container:
            return int(container.streams.video[0].frames)
    except (av.error.FFmpegError, IndexError) as error:
        raise MachineFailed(f"The segment {segment} is missing or broken; render it again.") from error


def _picture_options(spec: DeliverySpec, rate: Fraction, buffer: float) -> dict[str, str]:
    key_frames = longest_group(spec, rate)
    return {
        "c:v": "libx264",
        "preset": X264_PRESET,
        "crf": str(spec.crf),
        "maxrate": str(round(spec.peak_bitrate * MAXRATE)),
        "bufsize": str(round(spec.peak_bitrate * buffer)),
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
        **({"threads:v": str(limit)} if (limit := ffmpeg_tool.threads()) else {}),
    }


def _sound_options(spec: DeliverySpec) -> dict[str, str]:
    return {
        "c:a": "aac",
        "b:a": str(spec.audio_bitrate),
        "ar": str(spec.sample_rate),
        "ac": str(spec.channels),
    }


def _container_options(rate: Fraction) -> dict[str, str]:
    return {"map_metadata": "-1", "fflags": "+bitexact", "video_track_timescale": str(rate.numerator)}


def _piped(size: tuple[int, int], rate: Fraction) -> Any:
    """The ffmpeg-python stream of frames that are written to the pipe."""
    return ffmpeg.input(
        "pipe:", format="rawvideo", pix_fmt="yuv420p", s=f"{size[0]}x{size[1]}",
        framerate=f"{rate.numerator}/{rate.denominator}",
        color_range="tv", colorspace="bt709", color_primaries="bt709", color_trc="bt709", thread_queue_size=2,
    )["v"]  # fmt: skip


def _run(
    stream: Any, out: Path, frames: Iterable[Frame] = (), progress: Callable[[int], None] = lambda count: None
) -> None:
    """Runs ffmpeg to its end, writing frames to its pipe. Raises as encode does."""
    arguments = ffmpeg_tool.command(stream.overwrite_output())
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
    ffmpeg_tool.must_not_be_killed(process)
    if process.returncode:
        raise _reason(said[0] if said else b"", out)


def _reason(said: bytes, out: Path) -> Exception:
    text = said.decode("utf-8", "replace")
    if any(sign in text for sign in ("No space left", "There is not enough space", "Disk quota exceeded")):
        return MachineFailed(f"The disk of {out.parent} is full; free some space and run again.")
    if any(sign in text for sign in ("Input/output error", "Stale file handle")):
        return MachineFailed(f"The disk of {out.parent} failed ({ffmpeg_tool.last_line(said)}); run again.")
    if "Permission denied" in text:
        return WrongUse(f"{out.parent} cannot be written; choose another output folder.")
    return MissingTool(f"ffmpeg could not encode: {ffmpeg_tool.last_line(said)}; `episode doctor` says more.")


def _quoted(file: Path) -> str:
    """A whole path as it stands between the quotes of a list for ffmpeg's concat."""
    return str(file.resolve()).replace("'", "'\\''")
