"""Reads what strangers' media files are, in a process of its own: a file that brings FFmpeg down brings down nothing else.

media.py runs it as a script and it imports nothing of ours, so that it starts fast. One JSON object a line is asked on
stdin: {"want": "streams", "file"} or {"want": "picture", "file", "stream"}; one comes back on stdout,
{"found": ...} or {"failed": why}. It ends when stdin does. All times are seconds by the file's own stamps.
"""

import json
import os
import signal
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import av
import av.logging
from av.stream import Disposition

MOST_MEMORY = 4 << 30  # bytes of address space: 8192x4320 in 10 bits with all its reference frames takes 2 GB
HEAD = 400  # packets of the picture that are read at the beginning: enough to tell a constant from a variable rate
TAIL = 3.0  # seconds before the end that the header says from which the end is read
FARTHER = (1, 4, 16, 64, 256, 1024)  # times TAIL, tried in turn where nothing of the picture is there
LONGEST = 30.0  # seconds of this program's own time that one file is read for
CLOCKLESS = {"mpegts", "mpeg"}  # formats whose clock may start anew anywhere and which have no index
JUMP, BACK = 10.0, 0.5  # seconds forwards (as ffmpeg's -dts_delta_threshold) and back from which a clock began anew
PLACES = (
    0.2,
    0.4,
    0.6,
    0.8,
)  # shares of the picture at which frames are looked at, besides the first and behind the second key frame
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


def fraction(value: Any) -> list[int] | None:
    return [value.numerator, value.denominator] if value else None


def streams(file: str) -> dict[str, Any]:
    """The container and its streams."""
    with opened(file) as container:
        return {
            "container": container.format.name,
            "start": None if container.start_time is None else container.start_time / av.time_base,
            "duration": container.duration / av.time_base if container.duration else None,
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
        "duration": seconds(stream.duration, stream.time_base),
        "tagged_duration": told.get("duration", ""),
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
            reading.read(not seeks)
            if not seeks or ((reading.whole or reading.read_tail()) and reading.look_around()):
                break
    return reading.told()


class Reading:
    """What the packets of an opened file tell of one stream, its picture."""

    def __init__(self, container: Any, file: str, stream: int) -> None:
        self._container, self._picture = container, container.streams[stream]
        self._picture.codec_context.thread_count = 1
        self._size = os.stat(file).st_size  # noqa: PTH116
        self._until = time.monotonic() + LONGEST
        self._packets = self._demuxed()
        self._before: tuple[float, int] | None = None  # the picture's last decoding time and its place in the file
        self.whole = False  # whether the file was read through
        self._count = 0
        self._first: float | None = None
        self._last: float | None = None
        self._times: list[float] = []
        self._ends: dict[int, float] = {}
        self._torn: dict[int, bool] = {}
        self._jumps: list[tuple[float, float, int]] = []
        self._frames: list[dict[str, Any]] = []
        self._reason = ""

    def told(self) -> dict[str, Any]:
        """times: of the first packets. first, last: of all that were read. ends: when each stream ends, as far as it was
        read. count: packets that were read; whole: which is all. jumps: of the clock, as (second before, second after,
        bytes between). torn: streams whose last packet is incomplete. frames: see _frame. reason: why there is none."""
        return {
            "times": self._times, "first": self._first, "last": self._last, "ends": sorted(self._ends.items()),
            "count": self._count, "whole": self.whole, "jumps": self._jumps,
            "torn": sorted(index for index, torn in self._torn.items() if torn), "frames": self._frames,
            "reason": self._reason,
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
                break
            except av.error.FFmpegError as error:
                failures += 1
                self._reason = self._reason or str(error.strerror)
                packets = self._container.demux()  # an iterator that raised has ended
                continue
            if packet is None:
                break
            if packet.size:  # else it only ends a stream
                self._note(packet)
                yield packet

    def _note(self, packet: Any) -> None:
        index, base = packet.stream_index, packet.time_base
        ticks = packet.dts if packet.pts is None else packet.pts
        self._torn[index] = packet.is_corrupt
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
        for packet in self._packets:
            if packet.stream_index != self._picture.index:
                continue
            ticks = packet.dts if packet.pts is None else packet.pts
            if len(self._times) < HEAD and ticks is not None and not packet.is_discard:
                self._times.append(float(ticks * packet.time_base))
            if not self._frames:
                self._decode(packet, 1)
                continue
            if not through and self._count >= HEAD:
                return
            if places and packet.is_keyframe and (packet.pos or 0) >= places[0] * self._size:
                places, left, patience = places[1:], SEEN, PATIENCE
                self._picture.codec_context.flush_buffers()
            if left > 0 and patience > 0:
                left, patience = left - self._decode(packet, left), patience - 1
        self.whole = time.monotonic() < self._until
        if not self._frames:
            self._decode(None, 1)

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
            if entry.pos + entry.size <= self._size:
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
    matrix = next((bytes(data) for data in frame.side_data if data.type.name == "DISPLAYMATRIX"), None)
    return {
        "second": seconds(frame.pts, frame.time_base), "width": frame.width, "height": frame.height,
        "pixels": frame.format.name, "interlaced": bool(frame.interlaced_frame), "transfer": int(frame.color_trc),
        "matrix": int(frame.colorspace), "range": int(frame.color_range),
        "display": list(struct.unpack("=9i", matrix)) if matrix and len(matrix) == 36 else None,
    }  # fmt: skip


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
