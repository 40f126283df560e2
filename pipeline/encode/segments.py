"""The picture in segments, each encoded by itself, then joined with the sound without encoding again."""

import os
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import av
import ffmpeg

from basis.errors import MachineFailed
from basis.tools import USUAL, Tools
from pipeline.encode.encoding import Target, container_options, fill_up, piped, sound_options, write, write_below_peak
from pipeline.footage import ffmpeg_tool
from pipeline.footage.stream import Frame

SEGMENT_BUFFER = 0.2  # of the peak: each segment has a buffer of its own, and a second over a joint sees two
LEAST_SEGMENT = 1.0  # seconds; in shorter ones a second would see three


def encode_segment(
    frames: Iterable[Frame], out: Path, target: Target, progress: Callable[[int], None], tools: Tools = USUAL
) -> None:
    """Writes a part of the picture without sound, which join takes: it begins with a key frame, its groups are closed.

    Otherwise as encode.
    """
    more = {**container_options(target.rate), "f": "mp4"}

    def stream(picture: dict[str, str]) -> Any:
        return ffmpeg.output(piped(target), ffmpeg_tool.name_of(out), **picture, **more)

    write_below_peak(stream, out, frames, target, SEGMENT_BUFFER, progress, tools)


def join(segments: Sequence[Path], sound: Path, out: Path, target: Target, tools: Tools = USUAL) -> None:
    """Writes out, an MP4 of the segments' frames as they were encoded, one after the other, with the sound.

    The sound's folder is for scratch files. Raises as encode does, and MachineFailed for a segment that is not whole.
    """
    listed = sound.with_name("segments.txt")
    # in microseconds, so that roundings never add up
    edges = [round(count / target.rate * 1_000_000) for count in accumulate(map(frames_in, segments), initial=0)]
    lines = [f"file '{_quoted(s)}'\nduration {b - a}us\n" for s, (a, b) in zip(segments, pairwise(edges), strict=True)]
    listed.write_bytes(os.fsencode("".join(lines)))
    # ffmpeg's concat keeps both time stamps of each packet and the delay of B-frames; the lengths that it is told are exact
    picture = ffmpeg.input(ffmpeg_tool.name_of(listed), format="concat", safe=0, protocol_whitelist="file,pipe")["v"]
    options = {**sound_options(target.spec), **container_options(target.rate), "movflags": "+faststart", "f": "mp4"}
    joined = ffmpeg.output(
        picture, ffmpeg.input(ffmpeg_tool.name_of(sound))["a"], ffmpeg_tool.name_of(out), **{"c:v": "copy"}, **options
    )
    write(joined, out, (), lambda count: None, tools)
    fill_up(out, target.spec)


def frames_in(segment: Path) -> int:
    """How many frames a file of encode_segment has. Raises MachineFailed if it is not whole."""
    try:
        with av.open(str(segment.resolve())) as container:
            return int(container.streams.video[0].frames)
    except (av.error.FFmpegError, IndexError) as error:
        raise MachineFailed(f"The segment {segment} is missing or broken; render it again.") from error


def _quoted(file: Path) -> str:
    """A whole path as it stands between the quotes of a list for ffmpeg's concat."""
    return str(file.resolve()).replace("'", "'\\''")
