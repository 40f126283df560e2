"""Decoded frames of footage: as the camera took them, to look at (PyAV), and on a constant clock, to render (ffmpeg).

Damaged footage is read on behind the damage by both.
"""

import itertools
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from basis.errors import Unusable
from basis.tools import USUAL, Tools
from pipeline.footage import ffmpeg_tool
from pipeline.footage.source import Source, open_media

Frame = NDArray[np.uint8]  # I420: height * 3 / 2 rows of width bytes, BT.709 limited range

FAILURES_IN_A_ROW = 100  # packets that cannot be read or decoded one after the other: the rest of the file is lost
EARLIER = (0.0, 2.0, 10.0, 30.0)  # seconds before the start that are sought until a frame before it comes, for MPEG-TS
decoded: Counter[Path] = Counter()  # frames of each file that were decoded to be looked at since the program began


@dataclass
class Pictures:
    """The frames that begin in [start, end) of footage, as (footage second, PyAV frame), to be iterated once.

    thin: leave out the loop filter and the frames that no other frame needs: a third of the time. damaged: footage
    seconds of what could not be decoded, known when the iteration has passed them.
    """

    source: Source
    start: float
    end: float
    thin: bool = False
    tools: Tools = USUAL
    damaged: list[float] = field(default_factory=list)

    def __iter__(self) -> Iterator[tuple[float, Any]]:
        for earlier in EARLIER:
            self.damaged.clear()
            with open_media(self.source.file) as container:
                frames = self._frames(container, max(0.0, self.start - earlier))
                first = next(frames, None)
                believed = first and first[0] <= self.start + 1e-3
                if not believed and earlier < min(self.start, EARLIER[-1]):
                    continue
                for t, frame in itertools.chain([first] if first else [], frames):
                    if t >= self.end - 1e-6:
                        return
                    if t >= self.start - 1e-3:
                        yield max(t, self.start), frame
                return

    def _frames(self, container: Any, start: float) -> Iterator[tuple[float, Any]]:
        """Every frame that can be decoded from the last key frame before a footage second on, with its own second."""
        stream = container.streams[self.source.video_stream]
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = self.tools.threads or 0
        if self.thin:
            stream.codec_context.skip_frame = "NONREF"
            stream.codec_context.options = {"skip_loop_filter": "all"}
        if start > 0:
            with suppress(av.error.FFmpegError):  # a file that cannot be sought in is read from its beginning
                container.seek(int((start + self.source.start) * av.time_base), backward=True)
        t, failures, packets = start, 0, container.demux(stream)
        while failures < FAILURES_IN_A_ROW:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                frames = packet.decode()
            except av.error.EOFError:
                return
            except av.error.FFmpegError:
                failures += 1
                if not self.damaged or t > self.damaged[-1]:
                    self.damaged.append(t)
                packets = container.demux(stream)  # an iterator that raised has ended
                continue
            for frame in frames:
                failures = 0
                decoded[self.source.file] += 1
                if frame.pts is not None:
                    t = float(frame.pts * frame.time_base) - self.source.start
                    yield t, frame


def frames(source: Source, start: float, count: int, rate: Fraction, tools: Tools = USUAL) -> Iterator[Frame]:
    """Exactly count frames from second start on, `rate` a second, as (height * 3 / 2, width) I420 arrays.

    Rotation, pixel aspect, interlacing, range, matrix and HDR are resolved. A frame is valid until the next one is
    asked for. Footage that ends up to a second early keeps its last frame. Raises Unusable when it breaks off,
    MachineFailed when the decoder was killed.
    """
    early = min(start, 0.25 / float(rate))  # so that rounding never drops the frame that starts the range
    video = ffmpeg_tool.input_of(source.file, start - early, tools)[str(source.video_stream)]
    video = _normalised(video, source, rate, early)
    output = video.output("pipe:", format="rawvideo", pix_fmt="yuv420p", fps_mode="passthrough", **{"frames:v": count})
    frame = np.empty((source.height * 3 // 2, source.width), np.uint8)
    done = 0
    with ffmpeg_tool.pipe(output, tools) as running:
        while done < count and running.read_into(frame):
            done += 1
            yield frame
        if done < count:
            running.wait()
    if done == 0 or (count - done) > max(1.0, float(rate)):
        reason = f" ({ffmpeg_tool.last_line(running.said)})" if running.said else ""
        at = start + done / float(rate)
        raise Unusable(f"{source.file} breaks off at {at:.2f} s{reason}; choose an earlier --to or export it again.")
    yield from itertools.repeat(frame, count - done)


def _normalised(video: Any, source: Source, rate: Fraction, early: float) -> Any:
    """The filters that turn any footage into I420, BT.709, limited range, square pixels on a constant clock."""
    if source.interlaced:
        video = video.filter("bwdif", mode="send_frame")
    if early:
        video = video.filter("setpts", f"round(PTS-{early:.9f}/TB)")  # cut off, a tick may be a whole frame
    video = video.filter("fps", fps=f"{rate.numerator}/{rate.denominator}", start_time=0)
    given = "full" if source.full_range else "limited"
    colours = {}
    if source.hdr:
        came = {"transferin": "smpte2084" if source.hdr == "pq" else "arib-std-b67", "primariesin": "bt2020"}
        video = (
            video.filter("zscale", transfer="linear", npl=203, **came, matrixin="bt2020nc", rangein=given)
            .filter("format", "gbrpf32le")
            .filter("zscale", primaries="bt709")
            .filter("tonemap", "hable", desat=0, peak=10)
            .filter("zscale", transfer="bt709", matrix="bt709", range="limited")
            .filter("format", "yuv420p")
        )
    else:
        colours = {"out_color_matrix": "bt709", "out_range": "limited"}
        if not source.pixels.startswith(("rgb", "bgr", "gbr", "pal", "arg", "abg")):
            colours |= {"in_color_matrix": source.matrix, "in_range": given}
    video = video.filter("scale", w=source.width, h=source.height, flags="bicubic", **colours)
    return video.filter("format", "yuv420p")
