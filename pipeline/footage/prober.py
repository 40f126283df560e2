"""Reads what strangers' media files are, in a process of its own: a file that brings FFmpeg down brings down nothing else.

media.py runs it as a script and it imports nothing of ours, so that it starts fast. One JSON object a line is asked on
stdin: {"want": "streams", "file"} or {"want": "picture", "file", "stream"}; one comes back on stdout,
{"found": ...} or {"failed": why}. It ends when stdin does. All times are seconds by the file's own stamps.
"""

import json
import math
import os
import re
import signal
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import av
import av.logging
from av.stream import Disposition

MOST_MEMORY = 4 << 30  # bytes of address space: 8192x4320 in 10 bits with all its reference frames takes 2 GB
HEAD = 400  # packets of the picture that are read at the beginning: enough to tell a constant from a variable rate
TAIL = 3.0  # seconds before the end that the header says from which the end is read
FARTHER = (1, 4, 16, 64, 256, 1024)  # times TAIL, tried in turn where nothing of the picture is there
LONGEST = 30.0  # seconds of this program's own time that one file is read for
MOST_READ = 1 << 28  # bytes that are read through of a file without an index
SAMPLES, PART = 48, 2 << 20  # parts of a larger one that are read, and bytes of each: they do not overlap
CLOCKLESS = {"mpegts", "mpeg"}  # formats whose clock may start anew anywhere and which have no index
JUMP, BACK = 10.0, 0.5  # seconds forwards (as ffmpeg's -dts_delta_threshold) and back from which a clock began anew
PLACES = (
    0.2,
    0.4,
    0.6,
    0.8,
)  # shares of the picture at which frames are looked at, besides the first and behind the second key frame
NO_STAMPS = 128  # FFmpeg's AVFMT_NOTIMESTAMPS
SEEN, PATIENCE = 2, 60  # frames that are looked at in each place, and packets that are decoded for them
PROGRESSIVE = {"vp8", "vp9", "av1", "gif", "png", "apng", "webp", "theora"}  # codecs that know no interlacing
TALLEST_INTERLACED = 1088  # lines: nothing that films or broadcasts larger pictures interlaces them
LAYOUTS: list[
    Any
] = []  # all that were asked for: PyAV frees one with channels in an order of its own twice, here not at all


def opened(file: str) -> Any:
    """A PyAV input that can reach nothing but that file."""
    return av.open(file, options={"protocol_whitelist": "file"}, metadata_errors="replace")


def seconds(ticks: int | None, base: Any) -> float | None:
    return None if ticks is None or not base else float(ticks * base)


def clock(text: str) -> float | None:
    """Seconds of a tag as Matroska's writers have it, "00:00:14.023000000"."""
    found = re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", text)
    return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3]) if found else None


def fraction(value: Any) -> list[int] | None:
    return [value.numerator, value.denominator] if value else None


def streams(file: str) -> dict[str, Any]:
    """The container and its streams."""
    with opened(file) as container:
        return {
            "container": container.format.name,
            "start": None if container.start_time is None else container.start_time / av.time_base,
            "duration": container.duration / av.time_base if container.duration else None,
            "stamped": not container.format.flags & NO_STAMPS,
            "streams": [_stream(stream) for stream in container.streams],
        }


def _stream(stream: Any) -> dict[str, Any]:
    context = stream.codec_context
    told = {key.lower(): value for key, value in stream.metadata.items()}
    about = {
        "index": stream.index,
        "kind": stream.type,
        "codec": context.name if context else "",
        "language": told.get("language", ""),
        "title": told.get("title", ""),
        "handler": told.get("handler_name", ""),
        "disposition": [flag.name.lower() for flag in Disposition if flag & stream.disposition and flag.name],
        "start": seconds(stream.start_time, stream.time_base),
        "duration": seconds(stream.duration, stream.time_base) or clock(told.get("duration", "")),
    }
    if context and stream.type == "video":
        about |= {"width": context.width, "height": context.height}
        about |= {"pixel_aspect": fraction(stream.sample_aspect_ratio)}
        about |= {"rates": [fraction(stream.average_rate), fraction(stream.guessed_rate)]}
    elif context and stream.type == "audio":
        layout = context.layout
        LAYOUTS.append(layout)
        about |= {"rate": stream.rate or 0, "channels": layout.nb_channels, "layout": layout.name}
    elif context and stream.type == "subtitle":
        about["form"] = "text" if context.codec.text_sub else "bitmap" if context.codec.bitmap_sub else ""
    return about


def picture(file: str, stream: int) -> dict[str, Any]:
    """What the packets and a few frames of a picture tell, those at the file's end as well: see Reading.told()."""
    for seeks in (True, False):
        with opened(file) as container:
            reading = Reading(container, file, stream)
            seeks = seeks and reading.seekable()
            if container.format.name in CLOCKLESS and reading.size > MOST_READ:
                reading.read(False)
                reading.read_samples(file)
                break
            reading.read(not seeks)
            if not seeks or ((reading.whole or reading.read_tail()) and reading.look_around()):
                break
    return reading.told()


@dataclass(frozen=True)
class Sample:
    """The first and the last second of the picture in a part of a file that begins at a byte."""

    begin: int
    first: float
    last: float


class Part:
    """Some bytes of a file, as a file for PyAV."""

    def __init__(self, file: str, begin: int) -> None:
        self._stream = open(file, "rb")  # noqa: PTH123, SIM115
        self._begin = begin
        self.seek(0)

    def read(self, size: int) -> bytes:
        return self._stream.read(min(size, max(0, PART - self.tell())))

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        where = {os.SEEK_SET: 0, os.SEEK_CUR: self.tell(), os.SEEK_END: PART}[whence] + offset
        return self._stream.seek(self._begin + where) - self._begin

    def tell(self) -> int:
        return self._stream.tell() - self._begin

    def close(self) -> None:
        self._stream.close()


class Reading:
    """What the packets of an opened file tell of one stream, its picture."""

    def __init__(self, container: Any, file: str, stream: int) -> None:
        self._container, self._picture = container, container.streams[stream]
        self._picture.codec_context.thread_count = 1
        self.size = os.stat(file).st_size  # noqa: PTH116
        self._until = time.monotonic() + LONGEST
        self._packets = self._demuxed()
        self._before: tuple[float, int] | None = None  # the picture's last decoding time and its place in the file
        self.whole = False  # whether the file was read through
        self._ended = False  # whether it was read to its end
        self._torn = False
        self._reach = 0
        self._count = 0
        self._first: float | None = None
        self._last: float | None = None
        self._times: list[float] = []
        self._ends: dict[int, float] = {}
        self._jumps: list[tuple[float, float, int]] = []
        self._frames: list[dict[str, Any]] = []
        self._reason = ""

    def told(self) -> dict[str, Any]:
        """times: of the first packets. first, last: of all that were read. ends: when each stream ends, as far as it was
        read; ended: whether to the file's end; torn: whether the last frame is there in part; reach: how many bytes. count: packets that were
        read; whole: whether those are all. jumps: of the clock, as (second before, second after, bytes between). frames:
        see _frame. reason: why there is none."""
        return {
            "times": self._times, "first": self._first, "last": self._last, "ends": sorted(self._ends.items()),
            "count": self._count, "whole": self.whole, "jumps": self._jumps,
            "ended": self._ended, "torn": self._torn, "reach": self._reach, "frames": self._frames, "reason": self._reason,
        }  # fmt: skip

    def seekable(self) -> bool:
        """Whether the file has an index, or a header that says how long it is, to be believed."""
        return bool(self._container.duration) and self._container.format.name not in CLOCKLESS

    def _demuxed(self) -> Iterator[Any]:
        """The packets from here on, those behind damage as well."""
        failures, packets = 0, self._container.demux()
        while failures < 100 and time.monotonic() < self._until:
            try:
                packet = next(packets, None)
            except av.error.EOFError:
                self._ended = True
                break
            except av.error.FFmpegError as error:
                failures += 1
                self._reason = self._reason or str(error.strerror)
                packets = self._container.demux()  # an iterator that raised has ended
                continue
            if packet is None:
                self._ended = True
                break
            if packet.size:  # else it only ends a stream
                self._note(packet)
                yield packet

    def read_samples(self, file: str) -> None:
        """Reads parts all over a file that is too large to be read through: its end, frames and jumps of its clock."""
        last = self.size - PART
        samples = [self._sample(file, last * number // SAMPLES) for number in range(1, SAMPLES + 1)]
        there = [one for one in samples if one]
        for before, after in pairwise(there):
            if not -BACK <= after.first - before.last <= JUMP + 4 * (there[-1].last - there[0].first) / SAMPLES:
                self._narrow(file, before, after)
        self._ended = samples[-1] is not None

    def _narrow(self, file: str, before: "Sample", after: "Sample") -> None:
        """Notes a jump of the clock between two samples, which are brought as near to each other as they can be."""
        while after.begin - before.begin > 2 * PART and (
            middle := self._sample(file, (before.begin + after.begin) // 2)
        ):
            first, second = middle.first - before.last, after.first - middle.last
            behind = first < -BACK or (second >= -BACK and first > second)
            before, after = (before, middle) if behind else (middle, after)
        if not -BACK <= after.first - before.last <= JUMP:
            self._jumps.append((before.last, after.first, max(0, after.begin - before.begin - PART)))

    def _sample(self, file: str, begin: int) -> "Sample | None":
        """What a part of the file holds of the picture, if anything."""
        form, options = self._container.format.name, {"probesize": str(PART)}
        with (
            suppress(av.error.FFmpegError),
            closing(Part(file, begin)) as part,
            av.open(part, format=form, options=options) as container,
        ):
            own = {one.id: one.index for one in self._container.streams}
            picture = next((one for one in container.streams.video if one.id == self._picture.id), None)
            if picture is None or picture.codec_context is None or time.monotonic() > self._until:
                return None
            inner = Reading(container, file, picture.index)
            inner.read(begin >= self.size - PART)
            if inner._first is None or inner._last is None:
                return None
            self._frames += inner._frames[:1]
            self._jumps += inner._jumps
            ends = {own.get(container.streams[index].id): end for index, end in inner._ends.items()}
            self._ends |= {index: end for index, end in ends.items() if index is not None}
            self._last, self._torn = inner._last, inner._torn
            return Sample(begin, inner._first, inner._last)
        return None

    def _ticks(self, packet: Any) -> int | None:
        """When a packet is shown; AVI tells only when it is decoded, the rest is FFmpeg's guess."""
        ticks: int | None = packet.dts if packet.pts is None or self._container.format.name == "avi" else packet.pts
        return ticks

    def _note(self, packet: Any) -> None:
        index, base = packet.stream_index, packet.time_base
        self._reach = max(self._reach, (packet.pos or 0) + packet.size)
        ticks = self._ticks(packet)
        if index == self._picture.index:
            self._count += 1
        if ticks is None or packet.is_discard or not base:
            return
        begin = float(ticks * base)
        end = begin + float((packet.duration or 0) * base)
        self._ends[index] = max(self._ends.get(index, end), end)
        if index == self._picture.index:
            self._last = max(begin, begin if self._last is None else self._last)
            self._first = min(begin, begin if self._first is None else self._first)
            self._note_jump(packet, begin)

    def _note_jump(self, packet: Any, begin: float) -> None:
        now = begin if packet.dts is None else float(packet.dts * packet.time_base)
        place = packet.pos or 0
        if self._before and not -BACK <= now - self._before[0] <= JUMP and len(self._jumps) < 10:
            self._jumps.append((self._before[0], now, place - self._before[1]))
        self._before = (now, place)

    def read(self, through: bool) -> None:
        """Reads the first packets and the first frame that can be decoded; through: all packets, and frames on the way."""
        places, left, patience = [0.0, *PLACES] if through and self._interlaces() else [], 0, 0
        group: list[Any] = []  # packets from the last key frame on
        for packet in self._packets:
            if packet.stream_index != self._picture.index:
                continue
            if through:
                group = [packet] if packet.is_keyframe else [*group[-PATIENCE:], packet]
            ticks = self._ticks(packet)
            if len(self._times) < HEAD and ticks is not None and not packet.is_discard:
                self._times.append(float(ticks * packet.time_base))
            if not self._frames:
                self._decode(packet, 1)
                continue
            if not through and self._count >= HEAD:
                return
            if places and packet.is_keyframe and (packet.pos or 0) >= places[0] * self.size:
                places, left, patience = places[1:], SEEN, PATIENCE
                self._picture.codec_context.flush_buffers()
            if left > 0 and patience > 0:
                left, patience = left - self._decode(packet, left), patience - 1
        self.whole = self._ended
        if not self._frames:
            self._decode(None, 1)
        elif through and len(group) <= PATIENCE:
            self._torn = self._breaks_off(group)

    def _breaks_off(self, group: list[Any]) -> bool:
        """Whether the last frame of packets from a key frame on is there in part: the file is cut off in it."""
        context, last = self._picture.codec_context, None
        context.flush_buffers()
        with suppress(av.error.FFmpegError):
            for packet in (*group, None):
                last = (context.decode(packet) or [last])[-1]
        return last is not None and bool(last.is_corrupt)

    def _interlaces(self) -> bool:
        """Whether later frames may be interlaced where the first is not, so that they are worth looking at."""
        context = self._picture.codec_context
        return context.name not in PROGRESSIVE and context.height <= TALLEST_INTERLACED

    def _decode(self, packet: Any, most: int) -> int:
        """Looks at up to so many of the frames that a packet gives, and says how many there were."""
        try:
            frames = self._picture.codec_context.decode(packet)
        except av.error.FFmpegError as error:
            self._reason = self._reason or str(error.strerror)
            return 0
        self._frames += [_frame(frame) for frame in frames[:most]]
        return len(frames)

    def look_around(self) -> bool:
        """Looks at frames in several places; False where the file cannot be sought in."""
        if not self._frames or not self._interlaces() or self._first is None or self._last is None:
            return True
        for place in self._places(self._first, self._last):
            if not self._seek(place, False):
                return False
            left, patience = SEEN, PATIENCE
            while left > 0 and patience > 0 and (packet := next(self._packets, None)):
                if packet.stream_index == self._picture.index:
                    left, patience = left - self._decode(packet, left), patience - 1
        return True

    def _places(self, first: float, last: float) -> list[float]:
        """Seconds of key frames: the second, behind which a piece that was joined on begins, and some far from each other."""
        entries, base = self._picture.index_entries, self._picture.time_base
        keys = [float(entry.timestamp * base) for entry in entries if entry.is_keyframe] if len(entries) > 1 else []
        if not keys:
            return [first + share * (last - first) for share in PLACES]
        return [
            keys[number]
            for number in sorted({1, *(int(share * len(keys)) for share in PLACES)} - {0})
            if number < len(keys)
        ]

    def read_tail(self) -> bool:
        """Finds where streams end by seeking near to the end; False where the file cannot be sought in."""
        start = self._container.start_time or 0
        told = (start + self._container.duration) / av.time_base
        there = self._last_place()
        for times in FARTHER:
            target = max(start / av.time_base, (told if there is None else min(told, there)) - TAIL * times)
            counted = self._count
            if not self._seek(target, True):
                return False
            for _ in self._packets:
                pass
            if self._count > counted or target <= start / av.time_base:
                break
        return True

    def _last_place(self) -> float | None:
        """When the last packet begins that the index has and the file holds whole; None without an index."""
        entries = self._picture.index_entries
        for number in range(len(entries) - 1, -1, -1):
            entry = entries[number]
            if entry.pos + entry.size <= self.size:
                return float(entry.timestamp * self._picture.time_base)
        return None

    def _seek(self, second: float, any_frame: bool) -> bool:
        base = self._picture.time_base
        try:
            self._container.seek(int(second / base), any_frame=any_frame, stream=self._picture)
        except av.error.FFmpegError:
            return False
        self._packets, self._before = self._demuxed(), None
        return True


def _frame(frame: Any) -> dict[str, Any]:
    """display: the nine numbers of its display matrix, as in the MP4 standard, None without one."""
    return {
        "second": seconds(frame.pts, frame.time_base), "width": frame.width, "height": frame.height,
        "pixels": frame.format.name, "interlaced": bool(frame.interlaced_frame), "transfer": int(frame.color_trc),
        "matrix": int(frame.colorspace), "range": int(frame.color_range), "display": _display(frame),
    }  # fmt: skip


def _display(frame: Any) -> list[int] | None:
    try:
        matrix = next((bytes(data) for data in frame.side_data if data.type.name == "DISPLAYMATRIX"), b"")
    except ValueError:  # beside data of a kind that PyAV has no name of
        turn = math.radians(frame.rotation)
        across, down = round(math.cos(turn) * 65536), round(math.sin(turn) * 65536)
        return [across, -down, 0, down, across, 0, 0, 0, 1 << 30] if frame.rotation else None
    return list(struct.unpack("=9i", matrix)) if len(matrix) == 36 else None


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    try:
        if asked["want"] == "streams":
            return {"found": streams(asked["file"])}
        return {"found": picture(asked["file"], asked["stream"])}
    except (av.error.FFmpegError, OSError) as error:
        return {"failed": error.strerror or str(error)}
    except MemoryError:
        return {"failed": "it asks for more memory than any footage needs"}
    except (ValueError, TypeError, AttributeError, ArithmeticError, LookupError) as error:
        return {"failed": str(error) or type(error).__name__}  # headers that no library expects


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who asks
    with suppress(ImportError, ValueError, OSError):  # not on Windows; lower limits stay
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    av.logging.set_level(None)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
    os._exit(0)  # LAYOUTS must not be freed now either


if __name__ == "__main__":
    main()
