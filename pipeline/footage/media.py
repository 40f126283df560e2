"""What is in a media file, read by a process of its own (prober.py), which may die at a file without harm."""

import atexit
import contextlib
import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from basis.errors import MachineFailed, Unusable

PROBER = Path(__file__).with_name("prober.py")
LONGEST = 60.0  # seconds that an answer may take
ENDING = 0.5  # seconds that its end may take: it has nothing to save
KILLED = {9, 15}  # signals that do not come from what a file holds
KEPT = 256  # files of which the answers are kept
PLAYLISTS = {"hls", "dash", "concat", "image2", "imf", "webm_dash_manifest", "tty", "lavfi"}  # files that name others


class Unreadable(Unusable):
    """A file that FFmpeg's libraries cannot read; its text is the reason alone, for a sentence that says of what."""


@dataclass(frozen=True)
class VideoStream:
    """One picture stream. width, height: as stored. rates: what its header says of its rate, the likeliest first.

    start, duration: seconds as its header has them, by the file's own stamps. attached: a cover, not footage.
    """

    index: int
    codec: str
    width: int
    height: int
    pixel_aspect: Fraction
    rates: tuple[Fraction, ...]
    start: float | None
    duration: float | None
    default: bool
    attached: bool


@dataclass(frozen=True)
class AudioStream:
    """One sound stream: its index in the file, codec, sample rate in Hz, channels and their layout by FFmpeg's names,
    as "4 channels" where it has none. start, duration: as VideoStream has them."""

    index: int
    codec: str
    rate: int
    channels: int
    layout: str
    language: str
    default: bool
    start: float | None = None
    duration: float | None = None
    title: str = ""
    handler: str = ""


@dataclass(frozen=True)
class SubtitleStream:
    """One stream of captions. form: "text", "bitmap" or "" where nothing reads it. disposition: FFmpeg's names of flags,
    as "default" and "forced". handler: who wrote it, as MOV and MP4 have it."""

    index: int
    codec: str
    form: str
    language: str
    title: str
    handler: str
    disposition: frozenset[str]


@dataclass(frozen=True)
class Media:
    """The streams of a file. container: FFmpeg's names of its format. start, duration: seconds by its header or by what
    FFmpeg makes of its beginning and end, None where it does not know. stamped: whether the format has time stamps.
    audio: only streams that can be heard."""

    file: Path
    container: str
    start: float | None
    duration: float | None
    stamped: bool
    video: tuple[VideoStream, ...]
    audio: tuple[AudioStream, ...]
    subtitles: tuple[SubtitleStream, ...]

    @property
    def names_others(self) -> bool:
        """Whether it is a playlist or the like, that holds nothing itself."""
        return bool(PLAYLISTS & set(self.container.split(",")))


@dataclass(frozen=True)
class Jump:
    """The picture's clock goes from one second on to another, both by the file's stamps; between: bytes that lie there."""

    before: float
    after: float
    between: int


@dataclass(frozen=True)
class Frame:
    """What a decoded frame says of itself. second: by the file's stamps, None where there are none. transfer, matrix: as
    ITU-T H.273 numbers them. full_range: None where nothing is said. display: the nine numbers of its display matrix."""

    second: float | None
    width: int
    height: int
    pixels: str
    interlaced: bool
    transfer: int
    matrix: int
    full_range: bool | None
    display: tuple[int, ...] | None


@dataclass(frozen=True)
class Picture:
    """What packets and a few frames of one picture stream tell, seconds by the file's stamps.

    times: of the first packets, in order. first, last: of all that were read, None without stamps. ends: when each
    stream ends by its last packet, as far as was read; ended: whether to the file's end. torn: whether its last frame
    is seen to be there only in part. reach: bytes of the file up to the last packet's end. count: packets of the picture
    that were read; whole: whether those are all. frames: in several places, the first is the file's. reason: what was
    wrong with packets that could not be read.
    """

    times: tuple[float, ...]
    first: float | None
    last: float | None
    ends: dict[int, float]
    count: int
    whole: bool
    ended: bool
    torn: bool
    reach: int
    jumps: tuple[Jump, ...]
    frames: tuple[Frame, ...]
    reason: str


def read(file: Path) -> Media:
    """The streams of an ordinary file. Raises Unreadable; Unusable for a file that brings the reading down; MachineFailed."""
    return _read(*_identity(file))


def picture(file: Path, stream: int) -> Picture:
    """One of its picture streams, a few frames of it decoded. Raises as read() does."""
    return _picture(*_identity(file), stream)


def _identity(file: Path) -> tuple[Path, int, int]:
    about = file.stat()
    return file.resolve(), about.st_size, about.st_mtime_ns


@lru_cache(KEPT)
def _read(file: Path, size: int, changed: int) -> Media:
    found = _ask(file, want="streams")
    streams = found["streams"]
    return Media(
        file=file, container=found["container"], start=found["start"], duration=found["duration"],
        stamped=found["stamped"],
        video=tuple(_video(one) for one in streams if one["kind"] == "video" and one.get("width")),
        audio=tuple(_audio(one) for one in streams if one["kind"] == "audio" and one.get("rate") and one["channels"]),
        subtitles=tuple(_subtitles(one) for one in streams if one["kind"] == "subtitle"),
    )  # fmt: skip


@lru_cache(KEPT)
def _picture(file: Path, size: int, changed: int, stream: int) -> Picture:
    found = _ask(file, want="picture", stream=stream)
    return Picture(
        times=tuple(sorted(found["times"])), first=found["first"], last=found["last"], ends=dict(found["ends"]),
        count=found["count"], whole=found["whole"], ended=found["ended"], torn=found["torn"], reach=found["reach"],
        jumps=tuple(Jump(*one) for one in found["jumps"]),
        frames=tuple(_frame(one) for one in found["frames"]), reason=found["reason"],
    )  # fmt: skip


def _ask(file: Path, **wanted: Any) -> dict[str, Any]:
    try:
        return _prober.ask(file, **wanted)
    except Died as error:
        raise Unusable(
            f"{file} cannot be read: it brings FFmpeg's libraries down ({error}); export it again as MP4 or MOV."
        ) from error


def _video(one: dict[str, Any]) -> VideoStream:
    said = one["disposition"]
    return VideoStream(
        index=one["index"], codec=one["codec"], width=one["width"], height=one["height"],
        pixel_aspect=Fraction(*one["pixel_aspect"]) if one["pixel_aspect"] else Fraction(1),
        rates=tuple(Fraction(*rate) for rate in one["rates"] if rate and min(rate) > 0),
        start=one["start"], duration=one["duration"], default="default" in said, attached="attached_pic" in said,
    )  # fmt: skip


def _audio(one: dict[str, Any]) -> AudioStream:
    return AudioStream(
        index=one["index"], codec=one["codec"], rate=one["rate"], channels=one["channels"],
        layout=one["layout"], language=one["language"], default="default" in one["disposition"], start=one["start"],
        duration=one["duration"], title=one["title"], handler=one["handler"],
    )  # fmt: skip


def _subtitles(one: dict[str, Any]) -> SubtitleStream:
    return SubtitleStream(
        index=one["index"], codec=one["codec"], form=one.get("form", ""), language=one["language"], title=one["title"],
        handler=one["handler"], disposition=frozenset(one["disposition"]),
    )  # fmt: skip


def _frame(one: dict[str, Any]) -> Frame:
    return Frame(
        second=one["second"], width=one["width"], height=one["height"], pixels=one["pixels"],
        interlaced=one["interlaced"], transfer=one["transfer"], matrix=one["matrix"],
        full_range={1: False, 2: True}.get(one["range"]), display=tuple(one["display"]) if one["display"] else None,
    )  # fmt: skip


class Died(Exception):
    """The process ended at a file; its text says how."""


class Prober:
    """The process that a script runs in which reads files, started when it is first asked and again when it has died."""

    def __init__(self, script: Path) -> None:
        self._script = script
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._owner = 0

    def ask(self, file: Path, **wanted: Any) -> dict[str, Any]:
        """What was found. Raises Unreadable, Died, and MachineFailed where no answer comes in time
        or the system ends it."""
        with self._lock:
            process = self._started()
            assert process.stdin and process.stdout
            late = threading.Timer(LONGEST, process.kill)
            late.start()
            try:
                process.stdin.write(json.dumps({"file": str(file), **wanted}) + "\n")
                process.stdin.flush()
                line = process.stdout.readline()
            except OSError:  # a broken pipe
                line = ""
            except BaseException:  # Ctrl-C: the answer that is still to come must be nobody else's
                self.end()
                raise
            finally:
                in_time = late.is_alive()
                late.cancel()
            if not line.endswith("\n"):
                code = self.end()
                if not in_time:
                    raise MachineFailed(f"{file} could not be read within {LONGEST:.0f} s; run again.")
                if -code in KILLED:
                    raise MachineFailed(
                        f"The reading of {file} was stopped by the system (signal {-code}), perhaps for lack of memory; run again."
                    )
                raise Died(f"signal {-code}" if code < 0 else f"exit code {code}")
        answer: dict[str, Any] = json.loads(line)
        if "failed" in answer:
            raise Unreadable(answer["failed"])
        found: dict[str, Any] = answer["found"]
        return found

    def _started(self) -> "subprocess.Popen[str]":
        if self._process and (self._owner != os.getpid() or self._process.poll() is not None):
            if self._owner == os.getpid():
                self.end()
            self._process = None  # of a forked process it is the parent's
        if not self._process:
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
            self._process = subprocess.Popen([sys.executable, "-P", str(self._script)], encoding="ascii", **pipes)  # type: ignore[call-overload]
            self._owner = os.getpid()
        return self._process

    def end(self) -> int:
        """Ends the process, if there is one of this program's, and gives its exit code."""
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return 0
        for stream in (process.stdin, process.stdout):
            assert stream
            with contextlib.suppress(OSError):
                stream.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(ENDING)  # one that died has an exit code of its own
        process.kill()
        return process.wait()


_prober = Prober(PROBER)
atexit.register(_prober.end)
