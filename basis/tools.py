"""What the work is done with: made once, in a command or a worker, and handed down."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from basis.errors import WrongUse

FFMPEG, THREADS = "EPISODE_FFMPEG", "EPISODE_THREADS"
MOST_THREADS = 1024

Progress = Callable[[str, float, float], None]  # stage, done, total


def silent(stage: str, done: float, total: float) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True)
class Tools:
    """ffmpeg: which one, None for the one inside imageio-ffmpeg. threads: of each decoder and filter, None leaves it to
    them. cache: the folder where hearings and analyses are kept, None to keep nothing. scratch: the folder for files that
    are gone afterwards, None for the system's. encoder: its name in pipeline.encode.encoders; speed: one of its own, faster
    ones make larger files, None for its usual one. progress: told what is done. patience: seconds in which an ffmpeg that
    is waited for must write, take or work on something."""

    ffmpeg: Path | None = None
    threads: int | None = None
    cache: Path | None = None
    scratch: Path | None = None
    encoder: str = "libx264"
    speed: str | None = None
    progress: Progress = silent
    patience: float = 60.0


USUAL = Tools()


def from_environment(progress: Progress = silent, cache: Path | None = None) -> Tools:
    """What EPISODE_FFMPEG and EPISODE_THREADS ask for. Raises WrongUse for what cannot be."""
    named, threads = os.environ.get(FFMPEG), os.environ.get(THREADS)
    if threads and not (threads.isdecimal() and 1 <= int(threads) <= MOST_THREADS):
        raise WrongUse(f"{THREADS} is {threads!r} and must be a number of threads, as 4; correct it or unset it.")
    return Tools(Path(named) if named else None, int(threads) if threads else None, cache, progress=progress)
