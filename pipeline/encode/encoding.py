"""Finished frames and mastered sound -> a delivery file, through one ffmpeg with a pipe."""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import ffmpeg

from basis.errors import EpisodeError, MachineFailed, MissingTool, WrongUse
from basis.files import shown
from basis.tools import USUAL, Tools
from pipeline.encode.encoders import encoder_of
from pipeline.footage import ffmpeg_tool
from pipeline.footage.stream import Frame
from presets.delivery import DeliverySpec

BUFFER = 0.4  # of the peak bit rate, saved up for hard seconds
LACKS = (
    "Unknown encoder",
    "Unrecognized option",
    "Option not found",
    "No such filter",
    "Encoder not found",
    "Protocol not found",
)
FREE_HEADER = 8  # bytes: size and name of a box
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
    return {**picture_options(spec, rate, None, tools), **sound_options(spec), "movflags": "+faststart", "f": "mp4"}


def longest_group(spec: DeliverySpec, rate: Fraction) -> int:
    """Frames from a key frame to the next at most: footage without cuts has one at each multiple of it."""
    return max(1, int(rate * Fraction(spec.longest_gop).limit_denominator(1000)))


@dataclass(frozen=True)
class Again:
    """Frames that can be made more than once, each time by calling make."""

    make: Callable[[], Iterator[Frame]]

    def __iter__(self) -> Iterator[Frame]:
        return self.make()


def encode(
    frames: Iterable[Frame], sound: Path, out: Path, target: Target, progress: Callable[[int], None], tools: Tools = USUAL
) -> None:  # fmt: skip
    """Writes out, an MP4. frames: I420 arrays of the target's size, consumed as they come; progress gets their count.

    The same frames give the same file, whatever machine and threads. They are asked for twice where the first file breaks
    the peak bit rate; of an iterator, which is there once, the rate is held from the beginning, which is slower. Raises
    MissingTool when ffmpeg cannot do it, MachineFailed when the disk is full or ffmpeg was killed, WrongUse where nothing can
    be written. The caller names a temporary file and removes it when this fails.
    """
    more = {**sound_options(target.spec), **container_options(target.rate), "movflags": "+faststart", "f": "mp4"}

    def stream(picture: dict[str, str]) -> Any:
        streams = [piped(target), ffmpeg.input(ffmpeg_tool.name_of(sound))["a"]]
        return ffmpeg.output(*streams, ffmpeg_tool.name_of(out), **picture, **more)

    write_below_peak(stream, out, frames, target, BUFFER, progress, tools)
    fill_up(out, target.spec)


def fill_up(file: Path, spec: DeliverySpec) -> None:
    """Brings an MP4 to the least size that the spec takes, by a box that players skip ("free", ISO/IEC 14496-12, 8.1.2).

    A film that hardly moves is smaller.
    """
    lacking = spec.smallest_bytes - file.stat().st_size
    if lacking > 0:
        size = max(FREE_HEADER, lacking)
        with file.open("ab") as stream:
            stream.write(size.to_bytes(4, "big") + b"free" + bytes(size - FREE_HEADER))


def write_below_peak(  # what it is made of, what it is held to, and what is told of it
    stream: Callable[[dict[str, str]], Any], out: Path, frames: Iterable[Frame], target: Target, buffer: float,
    progress: Callable[[int], None], tools: Tools,
) -> None:  # fmt: skip
    """Writes frames as well as the picture needs, and once more with fewer bits where that is above the peak bit rate.

    stream: an ffmpeg-python stream for the picture's options. buffer: as the encoder's capped() has it.
    """
    spec, rate = target.spec, target.rate
    if not isinstance(frames, Iterator):
        write(stream(picture_options(spec, rate, None, tools)), out, frames, progress, tools)
        encoder, _ = encoder_of(tools, spec)
        if _is_below(out, rate, encoder.capped(spec, buffer)):
            return
    write(stream(picture_options(spec, rate, buffer, tools)), out, frames, progress, tools)


def _is_below(file: Path, rate: Fraction, cap: dict[str, str]) -> bool:
    """Whether a file's packets come out of a buffer of bufsize bits that fills with maxrate bits a second."""
    size = filled = int(cap["bufsize"])
    with av.open(str(file.resolve())) as container:
        for packet in container.demux(video=0):
            filled = min(size, filled + round(int(cap["maxrate"]) / rate)) - packet.size * 8
            if filled < 0:
                return False
    return True


def picture_options(spec: DeliverySpec, rate: Fraction, buffer: float | None, tools: Tools = USUAL) -> dict[str, str]:
    """Of the picture; buffer: bits saved up for hard seconds, as a share of the peak bit rate, None for no cap. Raises
    WrongUse."""
    encoder, speed = encoder_of(tools, spec)
    return {**encoder.options(spec, rate, longest_group(spec, rate), buffer, speed), **COLOUR}


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
    frames = iter(frames)
    with (
        closing(frames) if isinstance(frames, Generator) else nullcontext(),
        ffmpeg_tool.pipe(stream.overwrite_output(), tools, feeds=True, reads=False) as running,
    ):
        taken = True
        for number, frame in enumerate(frames, 1):
            if not (taken := running.write(frame.data)):
                break
            progress(number)
        if code := running.wait():
            raise _reason(running.said, code, out)
        if not taken or not (out.is_file() and out.stat().st_size):
            raise MachineFailed("ffmpeg ended before the episode was written and gave no reason; run again.")


def _reason(said: bytes, code: int, out: Path) -> EpisodeError:
    """Why ffmpeg could not write: the disk, the machine, or an ffmpeg that cannot do what is asked of it."""
    folder = shown(out.parent)
    if ffmpeg_tool.is_full(said):
        return MachineFailed(f"The disk of {folder} is full; free some space and run again.")
    text, last = said.decode("utf-8", "replace"), ffmpeg_tool.last_line(said)
    if any(sign in text for sign in ("Input/output error", "Stale file handle", "File too large")):
        return MachineFailed(f"The disk of {folder} failed ({last}); run again.")
    if "Permission denied" in text:
        return WrongUse(f"{folder} cannot be written; choose another output folder.")
    if not said.strip() or any(sign in text for sign in LACKS):
        return MissingTool(f"ffmpeg could not encode (exit code {code}): {last}; `episode doctor` says more.")
    return MachineFailed(f"ffmpeg could not encode: {last}; run again, and ask `episode doctor` if that does not help.")
