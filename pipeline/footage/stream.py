"""Decoded pictures of footage, one way for all who look at it and for the rendering: ffmpeg with one chain of filters.

Every picture comes with its own time stamp, which ffmpeg tells on its way through the chain, so that a seek may land
wherever it does. What cannot be decoded is passed over, and told as losses.
"""

import itertools
import math
import re
from collections import Counter, deque
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from basis.errors import MachineFailed, Unusable
from basis.spans import merge
from basis.tools import USUAL, Tools
from pipeline.footage import ffmpeg_tool
from pipeline.footage.source import Loss, Source

Frame = NDArray[np.uint8]  # I420: height * 3 / 2 rows of width bytes, BT.709 limited range

NEAR = 1e-3  # seconds that a time stamp may be off
TIE = 1e-3  # of a step: a picture so little before the middle between two frames of a clock belongs to the later one
STANDS = 1.5  # steps before the start in which the picture that stands there began, at a constant rate
STANDS_LONG = 2.0  # the same in seconds at a variable rate
THIN_STEPS = 0.5  # the same where only some pictures are decoded
EARLIER = (2.5, 10.0, 30.0)  # seconds before the start from which it is tried again until a picture before it comes
UNINDEXED = {"mpegts", "mpeg", "mpegvideo", "h264", "hevc", "flv", "m4v", "vc1", "dv"}  # a seek lands anywhere
LEAST_HOLE, HOLE_STEPS, THIN_HOLE_STEPS = 0.25, 2.5, 6  # seconds and steps without a picture that are a loss
AHEAD = 30  # steps that ffmpeg may be ahead of the picture that was shown last when it complains of another
TOGETHER = 1.0  # seconds between complaints that are one damage
MOST_MISSING = 1.0  # seconds behind the end of a file for which its last picture may stand
LATE = 20.0  # seconds that ffmpeg's word of a picture may come after the picture itself
SMALLEST_MENDED = 16  # pixels; bwdif takes nothing as small as 3
MOBIUS = 0.6  # light below which HDR keeps its contrast: skin lies below, reference white above
SDR_WHITE = 275  # nits of SDR's white: HLG's 38, 50 and 60 % (26, 51 and 85 nits) keep their level by it to 2 %
HDR_PEAK = {"hlg": 1000 / SDR_WHITE, "pq": 4000 / SDR_WHITE}  # nominal HLG display (BT.2100); PQ as films are mastered
HARMLESS = ("mmco", "number of reference frames", "APP fields", "SEI type", "Application provided")
HOLE, BROKEN = "the file is damaged there", "pictures there are broken"  # why a picture is lost
decoded: Counter[Path] = Counter()  # pictures of each file that were decoded since the program began

_SHOWN = re.compile(r"\bn: *\d+ pts: *(\S+)|\bconfig in time_base: (\d+)/(\d+)|\bcolor_range:")  # what showinfo writes
_FIELDS = re.compile(r"(?:\[[^\]]*\] )+|\w+: *\S+")
_SAID = re.compile(r"(?:\[[^\]]* @ [^\]]*\] )*\[(info|warning|error|fatal|panic)\] (.*)")


@dataclass
class Pictures:
    """The pictures of [start, end) of footage in display size, from the one that stands at the start on.

    To be iterated once, as (footage second, I420 frame); a picture that began before the start has its own second, and a
    frame is valid until `alive` more were asked for. size: (width, height), the footage's own unless given. thin: leave
    out the loop filter and the pictures that no other one needs. rate: a clock beginning at the start, whose frames are
    all that is wanted. losses: known when the iteration has passed them. Raises MachineFailed when the decoder was killed.
    """

    source: Source
    start: float
    end: float
    size: tuple[int, int] | None = None
    thin: bool = False
    rate: Fraction | None = None
    alive: int = 2
    tools: Tools = USUAL
    _holes: list[Loss] = field(default_factory=list)
    _heard: "_Heard | None" = None

    @property
    def losses(self) -> list[Loss]:
        """Holes, and what the decoder complained of elsewhere, in order."""
        complaints = [(t, min(t + AHEAD * self._step, self.end, self.source.duration)) for t in self._complaints]
        broken = [
            Loss("picture", a, b, BROKEN)
            for a, b in merge(complaints, TOGETHER)
            if not any(a <= hole.end + TOGETHER and b >= hole.start - TOGETHER for hole in self._holes)
        ]
        return sorted([*self._holes, *broken], key=lambda loss: loss.start)

    @property
    def reason(self) -> str:
        """The last that was complained of, in ffmpeg's words."""
        return self._heard.reason if self._heard else ""

    @property
    def _step(self) -> float:
        return 1 / float(self.source.average_rate)

    @property
    def _complaints(self) -> list[float]:
        """Footage seconds that were reached when the decoder complained; what it says of a place where it was put is nothing."""
        heard = self._heard.complaints if self._heard else []
        begun = [t if t is not None else 0.0 for t in heard if t is not None or self.start == 0]
        return [t for t in begun if self.start - NEAR <= t < self.end]

    def __iter__(self) -> Iterator[tuple[float, Frame]]:
        tries = self._tries()
        for number, (seek, begin) in enumerate(tries, 1):
            self._holes.clear()
            with closing(self._decoded(seek, begin)) as made:
                first = next(made, None)
                if number < len(tries) and (first is None or first[0] > self.start + NEAR):
                    continue
                yield from self._within(itertools.chain([first] if first else [], made))
                return

    def _tries(self) -> list[tuple[float, float]]:
        """Seconds to seek and to take pictures from, one after the other until a picture comes that stands at the start."""
        if self.start <= 0:
            return [(0.0, 0.0)]
        stands = STANDS_LONG if self.source.variable_rate else STANDS * self._step
        if self.thin:
            stands = max(stands, THIN_STEPS)
        lands_anywhere = bool(UNINDEXED & set(self.source.container.split(",")))
        first = [(EARLIER[0] if lands_anywhere else 0.0, stands)]
        rest = [(earlier, earlier) for earlier in EARLIER[lands_anywhere:]]
        tries = [(self.start - seek, self.start - stands) for seek, stands in first + rest]
        whole = next((n for n, (seek, _) in enumerate(tries) if seek <= 0), len(tries) - 1)
        return [(max(0.0, seek), max(0.0, begin)) for seek, begin in tries[: whole + 1]]

    def _within(self, made: Iterator[tuple[float, Frame]]) -> Iterator[tuple[float, Frame]]:
        """What of the decoded pictures is wanted; holes between them are noticed."""
        standing: tuple[float, Frame] | None = None
        before = -math.inf
        for t, frame in made:
            if t <= self.start + NEAR:
                standing, before = (t, frame), t
                continue
            self._notice(before, t)
            if t >= self.end - 1e-6:
                break
            if standing:
                yield standing
                standing = None
            yield t, frame
            before = t
        else:
            self._notice(before, min(self.end, self.source.duration), ends=True)
        if standing:
            yield standing

    def _notice(self, before: float, t: float, ends: bool = False) -> None:
        """Remembers a hole between two pictures that follow each other, or behind the last one."""
        begun = max(before + self._step, self.start, self.source.picture_start)
        steps = THIN_HOLE_STEPS if self.thin else HOLE_STEPS
        least = 0.0 if ends and not self.thin else LEAST_HOLE
        if t - begun < max(least, (steps - 1) * self._step):
            return
        usual = before == -math.inf or self.source.variable_rate  # such footage may stand still for a while
        if usual and not any(before - TOGETHER <= at <= t for at in self._complaints):
            return
        self._holes.append(Loss("picture", begun, min(t, self.end), HOLE))

    def _decoded(self, seek: float, begin: float) -> Generator[tuple[float, Frame]]:
        """The pictures from a second on that come after a seek, in the order of their time stamps."""
        source = self.source
        options: dict[str, Any] = {"copyts": None, "noaccurate_seek": None}
        if self.thin:
            options |= {"skip_frame": "noref", "skip_loop_filter": "all"}
        video = ffmpeg_tool.input_of(source.file, seek, self.tools, **options)[str(source.video_stream)]
        video = self._wanted(video, begin)
        width, height = self.size or (source.width, source.height)
        output = _upright(video, source, width, height).output(
            "pipe:", format="rawvideo", pix_fmt="yuv420p", fps_mode="passthrough", enc_time_base="1:1000000",
            map_metadata=-1,
        )  # fmt: skip
        heard = self._heard = _Heard(source.start)
        ring = deque(np.empty((height * 3 // 2, width), np.uint8) for _ in range(self.alive + 2))
        last = -math.inf
        with ffmpeg_tool.pipe(output, self.tools, loglevel="repeat+level+info", hear=heard.hear) as running:
            while running.read_into(ring[0]):
                t = heard.next_stamp()
                t = last + self._step if t is None else t
                if t > last:  # a clock that jumps back shows nothing new
                    decoded[source.file] += 1
                    last = t
                    yield t, ring[0]
                    ring.rotate(-1)
            running.wait()

    def _wanted(self, video: Any, begin: float) -> Any:
        """Leaves out, as early as can be, the pictures before a second and those that a slower clock never shows."""
        source = self.source
        if begin > 0:
            video = video.filter("select", f"isnan(t)+gte(t,{begin + source.start - NEAR:.6f})")
        if self.rate and source.average_rate > 1.5 * self.rate:
            # of the pictures that fall to one frame of the clock the last one is shown; a quarter step is for jitter
            since = f"(t-{self.start + source.start:.6f})*{self.rate.numerator}/{self.rate.denominator}+0.5"
            ahead = 1.25 * float(self.rate / source.average_rate)
            video = video.filter("select", f"isnan(t)+gt(floor({since}+{ahead:.6f}),floor({since}))")
        return video


class _Heard:
    """What a decoding ffmpeg says line by line: the time stamp of each picture, and complaints.

    complaints: footage second reached when each was heard, None before the first picture. reason: the last one in words.
    """

    def __init__(self, start: float) -> None:
        self.complaints: list[float | None] = []
        self.reason = ""
        self._start = start
        self._base = Fraction(1, 1_000_000)
        self._begun = False
        self._reached: float | None = None
        self._stamps: SimpleQueue[float | None] = SimpleQueue()

    def hear(self, line: str) -> None:
        if not self._begun:  # what it says while it finds out what the file is, it says of all streams
            self._begun = "Stream mapping:" in line
            if (said := _SAID.match(line)) and self._bad(*said.groups()):
                self.reason = said[2]
        elif shown := _SHOWN.search(line):
            stamp, numerator, denominator = shown.groups()
            if numerator:
                self._base = Fraction(int(numerator), int(denominator))
                return
            if stamp:
                t = float(int(stamp) * self._base) - self._start if stamp != "NOPTS" else None
                self._reached = t if t is not None else self._reached
                self._stamps.put(t)
            # showinfo writes its lines in pieces, between which a complaint may come, then without its level
            if len((rest := _FIELDS.sub("", line)).split()) > 1 and not rest.strip().startswith(HARMLESS):
                self.complaints.append(self._reached)
        elif (said := _SAID.match(line)) and self._bad(*said.groups()):
            self.complaints.append(self._reached)
            self.reason = said[2]

    @staticmethod
    def _bad(level: str, text: str) -> bool:
        if level in ("error", "fatal", "panic"):
            return not text.startswith(HARMLESS)
        return text.startswith("concealing") or "corrupt decoded frame" in text

    def next_stamp(self) -> float | None:
        """Of the next picture in footage seconds; None where it has none. Raises MachineFailed."""
        try:
            return self._stamps.get(timeout=LATE)
        except Empty:
            raise MachineFailed("ffmpeg gave a picture and no time stamp of it; run again.") from None


def frames(
    source: Source, start: float, count: int, rate: Fraction, tools: Tools = USUAL, lost: list[Loss] | None = None
) -> Iterator[Frame]:
    """Exactly count frames from second start on, `rate` a second, as (height * 3 / 2, width) I420 arrays.

    A frame of the clock shows the picture that is nearest before its middle, by their time stamps; where there is none,
    the last one stays. A frame is valid until the next one is asked for. lost: is given what could not be decoded. Raises
    Unusable when nothing of it is there or it goes on for more than a second behind the file's end, MachineFailed when
    the decoder was killed.
    """
    end = start + float(count / rate)
    pictures = Pictures(source, start, end, rate=rate, tools=tools)
    shown: Frame | None = None
    done, last = 0, start
    for t, picture in pictures:
        due = _frame_of(t - start, rate)
        while shown is not None and done < min(due, count):
            yield shown
            done += 1
        shown, last = picture, t
    if lost is not None:
        lost += pictures.losses
    if shown is None:
        raise Unusable(_breaks_off(source, start, pictures.reason))
    if end - max(last, source.duration) > MOST_MISSING:  # what is lost before the file's end is told and stands still
        raise Unusable(_breaks_off(source, last + 1 / float(source.average_rate)))
    yield from itertools.repeat(shown, count - done)


def _breaks_off(source: Source, at: float, reason: str = "") -> str:
    """What a user is told of footage that has no more picture from a second on; reason: in ffmpeg's words."""
    return f"{source.file} breaks off at {at:.2f} s{f' ({reason})' if reason else ''}; choose an earlier --to or export it again."


def _frame_of(seconds: float, rate: Fraction) -> int:
    """The frame of a clock to which a picture falls, halves going up."""
    return math.floor(seconds * rate.numerator / rate.denominator + 0.5 + TIE)


def _upright(video: Any, source: Source, width: int, height: int) -> Any:
    """The filters that turn any footage into I420, BT.709, limited range, square pixels of one size; ffmpeg turns and flips.

    Their last one before the colours tells the time stamps.
    """
    if source.pixels.startswith("yuv") and min(source.width, source.height) >= SMALLEST_MENDED:
        video = video.filter("bwdif", mode="send_frame", deint="interlaced")  # leaves progressive pictures as they are
    video = video.filter("showinfo", checksum=0)
    given = "full" if source.full_range else "limited"  # of HDR, and where pictures say nothing
    # pictures of another shape, which may come in the middle of a file, are not stretched; a nonsense pixel aspect is none
    shape = f"st(0,a*if(between(sar,0.125,8),sar,1))*0+st(1,ld(0)*{height}/{width})*0"
    fits = "lt(abs(ld(1)-1),0.03)"
    size = {
        "w": f"{shape}+if({fits},{width},max(2,2*floor(min(1,ld(1))*{width}/2)))",
        "h": f"{shape}+if({fits},{height},max(2,2*floor(min(1,1/ld(1))*{height}/2)))",
        "flags": "bicubic+accurate_rnd" if (width, height) == (source.width, source.height) else "area",
    }
    if source.hdr:
        came = {"transferin": "smpte2084" if source.hdr == "pq" else "arib-std-b67", "primariesin": "bt2020"}
        video = (
            video.filter("scale", **size)
            .filter("zscale", transfer="linear", npl=SDR_WHITE, **came, matrixin="bt2020nc", rangein=given)
            .filter("format", "gbrpf32le")
            .filter("zscale", primaries="bt709")
            .filter("tonemap", "mobius", param=MOBIUS, desat=0, peak=HDR_PEAK[source.hdr])
            .filter("zscale", transfer="bt709", matrix="bt709", range="limited")
            .filter("format", "yuv420p")
        )
    else:
        colours = {"out_color_matrix": "bt709", "out_range": "limited"}
        if not source.pixels.startswith(("rgb", "bgr", "gbr", "pal", "arg", "abg")):
            colours["in_color_matrix"] = "auto" if source.matrix_tagged else source.matrix
            colours["in_range"] = "auto" if source.range_tagged else given
        video = video.filter("scale", **size, **colours)
    return video.filter("format", "yuv420p").filter("pad", width, height, -1, -1)
