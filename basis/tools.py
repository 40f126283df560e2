"""What the work is done with: made once, in a command or a worker, and handed down."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Progress = Callable[[str, float, float], None]  # stage, done, total


def silent(stage: str, done: float, total: float) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True)
class Tools:
    """ffmpeg: which one, None for the one inside imageio-ffmpeg. threads: of each decoder and encoder, None leaves it to
    them. cache: the folder where hearings and analyses are kept, None to keep nothing. scratch: the folder for files that
    are gone afterwards, None for the system's. encoder: its name in pipeline.encode.encoders; speed: one of its own, faster
    ones make larger files, None for its usual one. progress: told what is done."""

    ffmpeg: Path | None = None
    threads: int | None = None
    cache: Path | None = None
    scratch: Path | None = None
    encoder: str = "libx264"
    speed: str | None = None
    progress: Progress = silent
