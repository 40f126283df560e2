"""Frames of a file at given seconds by their own time stamps, small, upright and in RGB, each second sought anew."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import av
import numpy as np
from av.video.reformatter import ColorRange
from numpy.typing import NDArray

from basis.data import FOREVER
from pipeline.footage.source import Source, open_media

Image = NDArray[np.float32]  # (height, width, 3) RGB, 0 to 255

EARLIER = (0.0, 2.0, 10.0, 30.0)  # seconds before a second that are sought until a frame before it comes
NEEDED = 0.6  # seconds before what is wanted in which every frame is decoded, not only those that others need
MOST_DECODED = 600  # frames from a key frame on after which it is given up
FAILURES = 100  # packets in a row that cannot be decoded
# red's and blue's share of luma (ITU-T H.273) by the number of a frame's tag, and by a footage's word
_OF_TAG = {
    1: (0.2126, 0.0722),
    **dict.fromkeys((4, 5, 6), (0.299, 0.114)),
    7: (0.212, 0.087),
    **dict.fromkeys((9, 10), (0.2627, 0.0593)),
}
_OF_WORD = {"bt601": _OF_TAG[5], "bt709": _OF_TAG[1], "bt2020": _OF_TAG[9]}
_RGB = ("rgb", "bgr", "gbr", "pal", "arg", "abg")


class Seen(NamedTuple):
    """A frame's second, counted from the file's first time stamp, and its small picture."""

    second: float
    image: Image


class Pictures:
    """The pictures of one file. decoded: how many frames of 1080p the decoding was worth so far."""

    def __init__(self, source: Source, side: int) -> None:
        """side: pixels of the pictures' longer side; they are never larger than the footage."""
        self.source, self.decoded = source, 0.0
        scale = min(1.0, side / max(source.width, source.height))
        self._size = max(2, round(source.width * scale)), max(2, round(source.height * scale))

    def key_before(self, second: float) -> float | None:
        """The second of the packet from which the frame at a second is decoded; None where seeking lands behind it."""
        with open_media(self.source.file) as container:
            stream, start = container.streams[self.source.video_stream], self._start(container)
            if not _sought(container, second + start):
                return None
            for packet in container.demux(stream):
                if packet.pts is not None:
                    found = float(packet.pts * packet.time_base) - start
                    return found if found <= second + 1e-6 else None
        return None

    def between(self, start: float, end: float) -> list[Seen]:
        """The frame that is shown at second `start` and all that follow up to and with the first one after `end`.

        Where the file has none at `start` yet, from its first one on; none where nothing can be decoded.
        """
        found: list[Seen] = []
        for earlier in EARLIER:
            found.clear()
            shown: tuple[float, Any] | None = None
            with open_media(self.source.file) as container:
                for second, frame in self._frames(container, max(0.0, start - earlier), start):
                    if second <= start + 1e-6:
                        shown = second, frame
                        continue
                    found.append(Seen(second, self._small(frame)))
                    if second > end:
                        break
            if shown:
                return [Seen(shown[0], self._small(shown[1])), *found]
            if earlier >= start:
                break
        return found

    def _frames(self, container: Any, sought: float, wanted: float) -> Iterator[tuple[float, Any]]:
        """Frames from the key frame before a second on; far before what is wanted only those that others need."""
        stream, start = container.streams[self.source.video_stream], self._start(container)
        about = stream.codec_context
        about.thread_count = 1
        about.options = {"skip_loop_filter": "noref"}
        if sought > 0:
            _sought(container, sought + start)
        needed = FOREVER if self.source.variable_rate else max(NEEDED, 3 / float(self.source.average_rate))
        failures, decoded = 0, 0
        packets = container.demux(stream)
        while failures < FAILURES and decoded < MOST_DECODED:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                far = packet.pts is not None and float(packet.pts * packet.time_base) - start < wanted - needed
                about.skip_frame = "NONREF" if far else "DEFAULT"
                frames = packet.decode()
            except av.error.EOFError:
                return
            except av.error.FFmpegError:
                failures += 1
                packets = container.demux(stream)  # an iterator that raised has ended
                continue
            for frame in frames:
                failures, decoded = 0, decoded + 1
                self.decoded += frame.width * frame.height / (1920 * 1080)
                if frame.pts is not None:
                    yield float(frame.pts * frame.time_base) - start, frame

    def _start(self, container: Any) -> float:
        return (container.start_time or 0) / av.time_base

    def _small(self, frame: Any) -> Image:
        """The frame as it is seen, whatever size it has, by its own tags of colour, else by those of the footage."""
        turned, (width, height) = _turn(frame), self._size
        size = (height, width) if turned[0, 0] == 0 else (width, height)
        if frame.format.name.startswith(_RGB):
            return _upright(frame.reformat(*size, "rgb24", interpolation="AREA").to_ndarray(), turned)
        same = {
            "src_colorspace": 1,
            "dst_colorspace": 1,
            "src_color_range": 2,
            "dst_color_range": 2,
        }  # levels stay as they are
        small = frame.reformat(*size, "yuv444p", interpolation="AREA", **same).to_ndarray()
        said, shares = int(frame.color_range), _OF_TAG.get(int(frame.colorspace), _OF_WORD[self.source.matrix])
        full = said == ColorRange.JPEG or (said != ColorRange.MPEG and self.source.full_range)
        return _upright(_rgb(small.astype(np.float32), shares, full), turned)


def _rgb(planes: NDArray[np.float32], shares: tuple[float, float], full: bool) -> Image:
    """RGB of (3, height, width) Y, Cb and Cr of 8 bits."""
    red, blue = shares
    y = planes[0] if full else (planes[0] - 16) * (255 / 219)
    cb, cr = (planes[1:] - 128) * (1.0 if full else 255 / 224)
    r, b = y + 2 * (1 - red) * cr, y + 2 * (1 - blue) * cb
    return np.stack([r, (y - red * r - blue * b) / (1 - red - blue), b], axis=-1).clip(0, 255)


def _sought(container: Any, second: float) -> bool:
    with suppress(av.error.FFmpegError):  # a file that cannot be sought in is read from its beginning
        container.seek(int(second * av.time_base), backward=True)
        return True
    return False


def _turn(frame: Any) -> NDArray[np.int64]:
    """Signs of the display matrix: (2, 2), x' = x * [0, 0] + y * [1, 0], y' = x * [0, 1] + y * [1, 1]."""
    for data in frame.side_data:
        if data.type.name == "DISPLAYMATRIX":
            signs = np.round(np.frombuffer(bytes(data), "<i4").reshape(3, 3)[:2, :2] / 65536).astype(np.int64)
            if abs(round(np.linalg.det(signs))) == 1:
                return signs
    return np.eye(2, dtype=np.int64)


def _upright(image: NDArray[Any], turned: NDArray[np.int64]) -> Image:
    across, down = turned[0, 0], turned[1, 1]
    if across == 0:
        image, across, down = image.transpose(1, 0, 2), turned[1, 0], turned[0, 1]
    return np.ascontiguousarray(image[:: int(down), :: int(across)], np.float32)
