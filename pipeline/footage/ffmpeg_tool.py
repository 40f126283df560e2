"""Which ffmpeg is used, and running it: argument lists only, never a shell, and never for ever."""

import contextlib
import errno
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ffmpeg
import imageio_ffmpeg

from basis.errors import MachineFailed, MissingTool, Unusable
from basis.tools import FFMPEG, USUAL, Tools

if TYPE_CHECKING:  # `episode probe` need not wait for it
    import numpy as np
    from numpy.typing import NDArray

MOST_SAID = 4000  # bytes, the last, that are kept of what ffmpeg says
MOST_ANSWERED = 1 << 30  # bytes that run() takes
MOST_LISTED = 1 << 20  # bytes of a list of encoders or filters
LISTING_PATIENCE = 20.0  # seconds, at most, of a list, which needs no footage
GATHER = 0.002  # seconds: ffmpeg writes a line in several pieces, and each wakes a thread
PIPE_BYTES = 1 << 20  # frames are megabytes; the usual 64 KiB costs a switch of process for each piece
TICK = 1.0  # seconds between looks at whether ffmpeg still works
BUSY = 0.05  # of a core: what ffmpeg uses at least while it works on something that it does not write yet
LONGEST_WORK = 30  # times its patience: what ffmpeg may work without writing or taking anything
WRAPPED = {128 + number for number in (1, 2, 9, 15)}  # what a script ends with whose ffmpeg a signal ended
NEEDED = {"aac": "-encoders"} | dict.fromkeys(
    ("fps", "scale", "bwdif", "zscale", "tonemap", "ebur128", "loudnorm", "alimiter", "aresample"), "-filters"
)
ANOTHER = f"name another one in {FFMPEG}, or unset it; `episode doctor` says more."
_RAW = "\0"  # before a name that is no text; no path holds it


def executable(tools: Tools = USUAL) -> Path:
    """The ffmpeg that is asked for, else the one inside imageio-ffmpeg. Raises MissingTool for what is none, MachineFailed
    for what hangs."""
    if named := tools.ffmpeg:
        if not named.is_file():
            raise MissingTool(f"{FFMPEG} names {named}, which is not a file; correct it or unset it.")
        found = named
    else:
        try:
            found = Path(imageio_ffmpeg.get_ffmpeg_exe())
        except RuntimeError as error:
            raise MissingTool(f"No ffmpeg was found; name one in {FFMPEG} or install imageio-ffmpeg.") from error
    _version(found, found.stat().st_mtime_ns, tools.patience)
    return found


@lru_cache(maxsize=8)
def _version(found: Path, changed: int, patience: float) -> str:
    """What a program says of its version, asked once for as long as it does not change. Raises MissingTool if it is no ffmpeg."""
    said = _said([str(found), "-version"], patience)
    if not said.startswith("ffmpeg version"):
        answer = f"says «{said.splitlines()[0][:80]}»" if said.strip() else "says nothing"
        raise MissingTool(
            f"{found} is not an ffmpeg: asked for its version, it {answer}; name another one in {FFMPEG}, or unset it."
        )
    return said.splitlines()[0]


def name_of(file: Path) -> str:
    """A file's whole path for ffmpeg-python, which takes text alone; command() turns it into the file's own name again.

    A whole path is never taken for a protocol, as "10:30.mp4" would be.
    """
    name = str(file.resolve())
    try:
        name.encode()
    except UnicodeEncodeError:  # bytes of another time's encoding
        return _RAW + os.fsencode(name).decode("latin-1")
    return name


def command(stream: Any, tools: Tools = USUAL, loglevel: str = "error") -> list[str]:
    """The argument list of an ffmpeg-python stream, with the options that every call here needs."""
    few = ["-filter_threads", str(limit)] if (limit := tools.threads) else []
    quiet = stream.global_args("-hide_banner", "-nostdin", "-nostats", "-loglevel", loglevel, *few)
    parts = [str(part) for part in ffmpeg.compile(quiet, cmd=name_of(executable(tools)))]
    return [os.fsdecode(part[1:].encode("latin-1")) if part.startswith(_RAW) else part for part in parts]


def input_of(file: Path, start: float = 0.0, tools: Tools = USUAL, **more: Any) -> Any:
    """An ffmpeg-python input that begins at a second of the file and can reach nothing but local files.

    more: options of the input, as ffmpeg-python has them.
    """
    options = {"protocol_whitelist": "file,pipe"} | ({"ss": f"{start:.6f}"} if start > 0 else {})
    few = {"threads": limit} if (limit := tools.threads) else {}
    return ffmpeg.input(name_of(file), **options, **few, **more)


def start(arguments: list[str], **pipes: Any) -> subprocess.Popen[bytes]:
    """Starts a command made by command(), with stdin, stdout and stderr as asked. Raises MissingTool."""
    if os.name == "posix":
        pipes["process_group"] = 0  # it is ended with all that it started itself
    try:
        return subprocess.Popen(arguments, bufsize=0, pipesize=PIPE_BYTES, **pipes)
    except OSError as error:
        raise MissingTool(f"{arguments[0]} cannot be started: {error}; `episode doctor` says more.") from error


class Running:
    """A running ffmpeg. said: the last of what it wrote to stderr, whole once the pipe is closed.

    hear: is given each line of it, from a thread of its own. patience: seconds that it may neither write nor take
    anything, nor work, while it is waited for; then it is ended, and whoever waits gets MachineFailed.
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        hear: Callable[[str], None] | None = None,
        patience: float = USUAL.patience,
    ) -> None:
        self.process = process
        self.said = b""
        self._hear, self._patience = hear, patience
        self._waits, self._moved, self._heard, self._stalled = False, 0, 0, False
        self._over = threading.Event()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._listener.start()
        self._watcher.start()

    def _listen(self) -> None:
        assert self.process.stderr
        line = b""
        with contextlib.suppress(ValueError):  # closed
            while more := self.process.stderr.read(MOST_SAID):
                self._heard += 1
                self.said = (self.said + more)[-MOST_SAID:]
                if self._hear:
                    *lines, line = (line[-MOST_SAID:] + more).split(b"\n")
                    for one in lines:
                        self._hear(one.decode("utf-8", "replace"))
                    time.sleep(GATHER)

    def _watch(self) -> None:
        """Ends ffmpeg when it is waited for and does nothing. Ticks are counted, not the clock: machines sleep, too."""
        tick = min(TICK, self._patience / 4)
        moved, silent, worked = -1, 0.0, 0.0
        heard, used = 0, 0.0
        while not self._over.wait(tick):
            if not self._waits or self._moved != moved:
                moved, silent, worked = self._moved, 0.0, 0.0
                continue
            if not silent:
                heard, used = self._heard, _cpu_seconds(self.process)
            silent += tick
            if silent < self._patience:
                continue
            worked += silent
            works = self._heard != heard or _cpu_seconds(self.process) - used > BUSY * silent
            silent = 0.0
            if not works or worked > LONGEST_WORK * self._patience:
                self._stalled = True
                self._kill()
                return

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        """The time that ffmpeg is waited for: it may wait for us as long as it likes."""
        self._moved += 1
        self._waits = True
        try:
            yield
        finally:
            self._waits = False
        if self._stalled:
            raise MachineFailed(
                f"ffmpeg did nothing for {self._patience:g} s and was ended; run again, and look at the disks that "
                "footage and episode lie on."
            )

    def _take(self, view: memoryview) -> int:
        """Fills a view of bytes from ffmpeg's stdout, less of it at the end; how much."""
        assert self.process.stdout
        done = 0
        with self._waiting():
            while done < len(view) and (more := self.process.stdout.readinto(view[done:])):  # type: ignore[attr-defined]
                done += more
                self._moved += 1
        return done

    def read(self, size: int) -> bytes:
        """The next `size` bytes that ffmpeg writes, fewer at the end."""
        block = bytearray(size)
        done = self._take(memoryview(block))
        return bytes(block[:done])

    def read_into(self, array: "NDArray[np.uint8]") -> bool:
        """Fills an array; False at the end, which may fall inside it when ffmpeg fails."""
        return self._take(array.data.cast("B")) == array.nbytes

    def write(self, data: Any) -> bool:
        """Hands bytes to ffmpeg; False once it takes no more, of which wait() gives the reason."""
        assert self.process.stdin
        view = memoryview(data).cast("B")
        with self._waiting():
            while view:
                try:
                    view = view[self.process.stdin.write(view[:PIPE_BYTES]) :]
                except OSError as error:
                    if (
                        not isinstance(error, BrokenPipeError) and error.errno != errno.EINVAL
                    ):  # Windows, of a closed pipe
                        raise
                    break
                self._moved += 1
        return not view

    def wait(self) -> int:
        """Lets ffmpeg come to its end and gives its return code. Raises MachineFailed if the system ended it."""
        if self.process.stdin:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
        with self._waiting():
            self.process.wait()
            self._listener.join()
        code = self.process.returncode
        if code < 0 or code in WRAPPED or (code == 255 and b"Operation not permitted" not in self.said):
            by = f"signal {-code}" if code < 0 else f"it ended with {code}"  # 255: of its own after SIGINT or SIGTERM
            raise MachineFailed(f"ffmpeg was stopped by the system ({by}), perhaps for lack of memory; run again.")
        return code

    def _kill(self) -> None:
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()

    def close(self) -> None:
        """Ends ffmpeg, wherever it is, and closes its pipes."""
        self._over.set()
        self._kill()
        self.process.wait()
        self._listener.join(TICK)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                with contextlib.suppress(OSError):
                    stream.close()
        self._watcher.join()


def _cpu_seconds(process: subprocess.Popen[bytes]) -> float:
    """Seconds of processor that a process and what it started have used."""
    import psutil  # here: whatever answers in time needs no look at it

    total = 0.0
    with contextlib.suppress(psutil.Error):
        whole = psutil.Process(process.pid)
        for one in [whole, *whole.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                total += sum(one.cpu_times()[:2])
    return total


@contextmanager
def pipe(
    stream: Any, tools: Tools = USUAL, *, feeds: bool = False, reads: bool = True, loglevel: str = "error",
    hear: Callable[[str], None] | None = None,
) -> Iterator[Running]:  # fmt: skip
    """Runs an ffmpeg-python stream while the block lasts, beyond which it is never left running.

    feeds: its stdin is written to; reads: its stdout is read; hear: as Running has it. Raises MissingTool, and MachineFailed
    where it does nothing for as long as the tools have patience.
    """
    stdin, stdout = (subprocess.PIPE if wanted else subprocess.DEVNULL for wanted in (feeds, reads))
    process = start(command(stream, tools, loglevel), stdin=stdin, stdout=stdout, stderr=subprocess.PIPE)
    running = Running(process, hear, tools.patience)
    try:
        yield running
    finally:
        running.close()


def run(stream: Any, tools: Tools = USUAL, *, input: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """Runs an ffmpeg-python stream to its end. Raises MissingTool, MachineFailed, or Unusable with what ffmpeg said last."""
    with pipe(stream, tools, feeds=input is not None) as running:
        if input is not None:
            threading.Thread(target=_feed, args=(running.process.stdin, input), daemon=True).start()
        out = bytearray()
        while block := running.read(PIPE_BYTES):
            out += block
            if len(out) > MOST_ANSWERED:
                raise MissingTool(f"ffmpeg writes more than was asked for; {ANOTHER}")
        code = running.wait()
    if code and is_full(running.said):
        folder = tools.scratch or tempfile.gettempdir()
        raise MachineFailed(f"The disk of {folder} is full; free some space and run again.")
    if code:
        raise failure(running.said, code)
    return subprocess.CompletedProcess(running.process.args, code, bytes(out), running.said)


def _feed(pipe: Any, data: bytes) -> None:
    with contextlib.suppress(OSError, ValueError), pipe:  # it takes no more, and its exit code says why
        view = memoryview(data)
        while view:
            view = view[pipe.write(view[:PIPE_BYTES]) :]


def blocks(stream: Any, size: int, tools: Tools = USUAL) -> Iterator[bytes]:
    """What an ffmpeg-python stream writes to its pipe, `size` bytes at a time, the last block shorter.

    It may break off early, which is no error. Raises MissingTool, MachineFailed.
    """
    with pipe(stream, tools) as running:
        while block := running.read(size):
            yield block
        running.wait()


def failure(said: bytes, code: int) -> Unusable:
    """Of an ffmpeg that ended with an exit code because of what it was given. Raises MissingTool where it says nothing, which
    an ffmpeg never does."""
    if not said.strip():
        raise MissingTool(f"ffmpeg ended with {code} and said nothing; {ANOTHER}")
    return Unusable(f"ffmpeg stopped: {last_line(said)}")


def is_full(said: bytes) -> bool:
    """Whether ffmpeg says that there was no room for what it wrote."""
    return any(sign in said for sign in (b"No space left", b"There is not enough space", b"Disk quota exceeded"))


def last_line(err: bytes) -> str:
    """The last thing that ffmpeg said, without a traceback's noise."""
    lines = [line.strip() for line in err.decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1] if lines else "it gave no reason."


def version(tools: Tools = USUAL) -> str:
    """The first line of `ffmpeg -version`. Raises as executable does."""
    found = executable(tools)
    return _version(found, found.stat().st_mtime_ns, tools.patience)


def missing(more: Mapping[str, str], tools: Tools = USUAL) -> list[str]:
    """The encoders and filters that the pipeline needs and this ffmpeg lacks; more: those of the encoder that is used."""
    needed = NEEDED | dict(more)
    have = {
        kind: {
            word
            for line in _said([str(executable(tools)), "-hide_banner", kind], tools.patience).splitlines()
            for word in line.split()[1:2]
        }
        for kind in set(needed.values())
    }
    return [name for name, kind in needed.items() if name not in have[kind]]


def _said(asked: list[str], patience: float) -> str:
    """The beginning of what a program writes. Raises MissingTool where it cannot be started, MachineFailed where it hangs."""
    process = start(asked, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    running = Running(process, patience=min(patience, LISTING_PATIENCE))
    try:
        return running.read(MOST_LISTED).decode("utf-8", "replace")
    finally:
        running.close()
