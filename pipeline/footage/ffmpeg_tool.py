"""Which ffmpeg is used, and running it: argument lists only, never a shell."""

import contextlib
import errno
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
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
PIPE_BYTES = 1 << 20  # frames are megabytes; the usual 64 KiB costs a switch of process for each piece
NEEDED = {"aac": "-encoders"} | dict.fromkeys(
    ("fps", "scale", "bwdif", "zscale", "tonemap", "ebur128", "loudnorm", "alimiter", "aresample"), "-filters"
)


def executable(tools: Tools = USUAL) -> Path:
    """The ffmpeg that is asked for, else the one inside imageio-ffmpeg. Raises MissingTool."""
    if named := tools.ffmpeg:
        if not named.is_file():
            raise MissingTool(f"{FFMPEG} names {named}, which is not a file; correct it or unset it.")
        return named
    try:
        return Path(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise MissingTool(f"No ffmpeg was found; name one in {FFMPEG} or install imageio-ffmpeg.") from error


def command(stream: Any, tools: Tools = USUAL, loglevel: str = "error") -> list[str]:
    """The argument list of an ffmpeg-python stream, with the options that every call here needs."""
    few = ["-filter_threads", str(limit)] if (limit := tools.threads) else []
    quiet = stream.global_args("-hide_banner", "-nostdin", "-nostats", "-loglevel", loglevel, *few)
    return [str(part) for part in ffmpeg.compile(quiet, cmd=str(executable(tools)))]


def input_of(file: Path, start: float = 0.0, tools: Tools = USUAL, **more: Any) -> Any:
    """An ffmpeg-python input that begins at a second of the file and can reach nothing but local files; more: its options."""
    options = more | {"protocol_whitelist": "file,pipe"} | ({"ss": f"{start:.6f}"} if start > 0 else {})
    few = {"threads": limit} if (limit := tools.threads) else {}
    return ffmpeg.input(str(file.resolve()), **options, **few)


def start(arguments: list[str], **pipes: Any) -> subprocess.Popen[bytes]:
    """Starts a command made by command(), with stdin, stdout and stderr as asked. Raises MissingTool."""
    try:
        return subprocess.Popen(arguments, pipesize=PIPE_BYTES, **pipes)
    except OSError as error:
        raise MissingTool(f"{arguments[0]} cannot be started: {error}; `episode doctor` says more.") from error


def must_not_be_killed(process: subprocess.Popen[bytes]) -> None:
    """Raises MachineFailed if a process that has ended was ended by the system: what it wrote is no whole answer."""
    if process.returncode < 0:  # never on Windows, where a killed process has no mark of it
        raise MachineFailed(
            f"ffmpeg was stopped by the system (signal {-process.returncode}), perhaps for lack of memory; run again."
        )


class Running:
    """A running ffmpeg. said: the last of what it wrote to stderr, whole once the pipe is closed.

    hear: is given each line of it, from a thread of its own.
    """

    def __init__(self, process: subprocess.Popen[bytes], hear: Callable[[str], None] | None = None) -> None:
        self.process = process
        self.said = b""
        self._hear = hear
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stderr
        line = b""
        while more := self.process.stderr.read1(MOST_SAID):  # type: ignore[attr-defined]
            self.said = (self.said + more)[-MOST_SAID:]
            if self._hear:
                *lines, line = (line[-MOST_SAID:] + more).split(b"\n")
                for one in lines:
                    self._hear(one.decode("utf-8", "replace"))

    def read(self, size: int) -> bytes:
        """The next `size` bytes that ffmpeg writes, fewer at the end."""
        assert self.process.stdout
        return self.process.stdout.read(size)

    def read_into(self, array: "NDArray[np.uint8]") -> bool:
        """Fills an array; False at the end, which may fall inside it when ffmpeg fails."""
        assert self.process.stdout
        return self.process.stdout.readinto(array.data.cast("B")) == array.nbytes  # type: ignore[attr-defined, no-any-return]

    def write(self, data: Any) -> bool:
        """Hands bytes to ffmpeg; False once it takes no more, of which wait() gives the reason."""
        assert self.process.stdin
        try:
            self.process.stdin.write(data)
        except OSError as error:
            if not isinstance(error, BrokenPipeError) and error.errno != errno.EINVAL:  # Windows, of a closed pipe
                raise
            return False
        return True

    def wait(self) -> int:
        """Lets ffmpeg come to its end and gives its return code. Raises MachineFailed if the system ended it."""
        if self.process.stdin:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
        self.process.wait()
        self._listener.join()
        must_not_be_killed(self.process)
        return self.process.returncode

    def close(self) -> None:
        """Ends ffmpeg, wherever it is, and closes its pipes."""
        self.process.kill()
        self.process.wait()
        self._listener.join()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                with contextlib.suppress(OSError):
                    stream.close()


@contextmanager
def pipe(
    stream: Any, tools: Tools = USUAL, *, feeds: bool = False, reads: bool = True, loglevel: str = "error",
    hear: Callable[[str], None] | None = None,
) -> Iterator[Running]:  # fmt: skip
    """Runs an ffmpeg-python stream while the block lasts, beyond which it is never left running.

    feeds: its stdin is written to; reads: its stdout is read; hear: as Running has it. Raises MissingTool.
    """
    stdin, stdout = (subprocess.PIPE if wanted else subprocess.DEVNULL for wanted in (feeds, reads))
    process = start(command(stream, tools, loglevel), stdin=stdin, stdout=stdout, stderr=subprocess.PIPE)
    running = Running(process, hear)
    try:
        yield running
    finally:
        running.close()


def run(stream: Any, tools: Tools = USUAL, *, input: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """Runs an ffmpeg-python stream to its end. Raises MissingTool, MachineFailed, or Unusable with what ffmpeg said last."""
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with start(command(stream, tools), **pipes) as process:
        out, err = process.communicate(input)
    must_not_be_killed(process)
    if process.returncode:
        raise Unusable(f"ffmpeg stopped: {last_line(err)}")
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def blocks(stream: Any, size: int, tools: Tools = USUAL) -> Iterator[bytes]:
    """What an ffmpeg-python stream writes to its pipe, `size` bytes at a time, the last block shorter.

    It may break off early, which is no error. Raises MissingTool, MachineFailed.
    """
    with pipe(stream, tools) as running:
        while block := running.read(size):
            yield block
        running.wait()


def last_line(err: bytes) -> str:
    """The last thing that ffmpeg said, without a traceback's noise."""
    lines = [line.strip() for line in err.decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1] if lines else "it gave no reason."


def version(tools: Tools = USUAL) -> str:
    """The first line of `ffmpeg -version`. Raises MissingTool."""
    out = _listing("-version", tools)
    return out.splitlines()[0] if out else "unknown"


def missing(more: Mapping[str, str], tools: Tools = USUAL) -> list[str]:
    """The encoders and filters that the pipeline needs and this ffmpeg lacks; more: those of the encoder that is used."""
    needed = NEEDED | dict(more)
    have = {
        kind: {word for line in _listing(kind, tools).splitlines() for word in line.split()[1:2]}
        for kind in set(needed.values())
    }
    return [name for name, kind in needed.items() if name not in have[kind]]


def _listing(kind: str, tools: Tools) -> str:
    asked = [str(executable(tools)), "-hide_banner", kind]
    with start(asked, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        return process.communicate()[0].decode("utf-8", "replace")
