"""What the work is done with, from the environment and the flags; the environment is read here."""

import os
from pathlib import Path

from basis import cache
from basis.errors import WrongUse
from basis.tools import Progress, Tools, silent

FFMPEG, THREADS = "EPISODE_FFMPEG", "EPISODE_THREADS"
MOST_THREADS = 1024


def tools(progress: Progress = silent, kept: bool = True) -> Tools:
    """The tools of one command. kept: whether hearings and analyses are. Raises WrongUse for a setting that cannot be."""
    named, threads = os.environ.get(FFMPEG), os.environ.get(THREADS)
    if threads and not (threads.isdecimal() and 1 <= int(threads) <= MOST_THREADS):
        raise WrongUse(f"{THREADS} is {threads!r} and must be a number of threads, as 4; correct it or unset it.")
    return Tools(
        ffmpeg=Path(named) if named else None, threads=int(threads) if threads else None,
        cache=cache.folder() if kept else None, progress=progress,
    )  # fmt: skip
