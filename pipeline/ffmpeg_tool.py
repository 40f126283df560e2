"""Which ffmpeg is used, and running it: argument lists only, never a shell."""

import os
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import ffmpeg
import imageio_ffmpeg

from pipeline.errors import MissingTool, Unusable

SETTING = "EPISODE_FFMPEG"
PIPE_BYTES = 1 << 20  # frames are megabytes; the usual 64 KiB costs a switch of process for each piece
NEEDED = {"libx264": "-encoders", "aac": "-encoders"} | dict.fromkeys(
    ("fps", "scale", "bwdif", "zscale", "tonemap", "ebur128", "loudnorm", "alimiter", "aresample"), "-filters"
)


def executable() -> Path:
    """The ffmpeg that the user names in EPISODE_FFMPEG, else the one inside imageio-ffmpeg. Raises MissingTool."""
    named = os.environ.get(SETTING)
    if named:
        if not Path(named).is_file():
            raise MissingTool(f"{SETTING} names {named}, which is not a file; correct it or unset it.")
        return Path(named)
    try:
        return Path(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise MissingTool(f"No ffmpeg was found; name one in {SETTING} or install imageio-ffmpeg.") from error


def command(stream: Any) -> list[str]:
    """The argument list of an ffmpeg-python stream, with the options that every call here needs."""
    quiet = stream.global_args("-hide_banner", "-nostdin", "-nostats", "-loglevel", "error")
    return [str(part) for part in ffmpeg.compile(quiet, cmd=str(executable()))]


def start(arguments: list[str], **pipes: Any) -> subprocess.Popen[bytes]:
    """Starts a command made by command(), with stdin, stdout and stderr as asked. Raises MissingTool."""
    try:
        return subprocess.Popen(arguments, pipesize=PIPE_BYTES, **pipes)
    except OSError as error:
        raise MissingTool(f"{arguments[0]} cannot be started: {error}; `episode doctor` says more.") from error


def run(stream: Any, *, input: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """Runs an ffmpeg-python stream to its end. Raises MissingTool, or Unusable with what ffmpeg said last."""
    process = start(command(stream), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with process:
        out, err = process.communicate(input)
    if process.returncode:
        raise Unusable(f"ffmpeg stopped: {last_line(err)}")
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def blocks(stream: Any, size: int) -> Iterator[bytes]:
    """What an ffmpeg-python stream writes to its pipe, `size` bytes at a time, the last block shorter.

    It may break off early, which is no error. Raises MissingTool.
    """
    process = start(command(stream), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout
    try:
        while block := process.stdout.read(size):
            yield block
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def last_line(err: bytes) -> str:
    """The last thing that ffmpeg said, without a traceback's noise."""
    lines = [line.strip() for line in err.decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1] if lines else "it gave no reason."


@cache
def version() -> str:
    """The first line of `ffmpeg -version`. Raises MissingTool."""
    out = _listing("-version")
    return out.splitlines()[0] if out else "unknown"


def missing() -> list[str]:
    """The encoders and filters that the pipeline needs and this ffmpeg lacks."""
    have = {
        kind: {word for line in _listing(kind).splitlines() for word in line.split()[1:2]}
        for kind in set(NEEDED.values())
    }
    return [name for name, kind in NEEDED.items() if name not in have[kind]]


def _listing(kind: str) -> str:
    process = start([str(executable()), "-hide_banner", kind], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    with process:
        out, _ = process.communicate()
    return out.decode("utf-8", "replace")
