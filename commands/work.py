"""What the work of a command is done with, from the environment and the flags, and where the files of an episode go."""

from pathlib import Path
from typing import TYPE_CHECKING

from basis import cache, interrupts
from basis.errors import WrongUse
from basis.files import must_take_names
from basis.tools import Progress, Tools, from_environment, silent

if TYPE_CHECKING:
    from pipeline.brief import Brief
    from pipeline.episode import Files


def tools(progress: Progress = silent, kept: bool = True) -> Tools:
    """The tools of one command. kept: whether hearings and analyses are. Raises WrongUse for a setting that cannot be."""
    interrupts.work()
    return from_environment(progress, cache.folder() if kept else None)


def video_of(brief: "Brief") -> Path:
    """The video that a brief asks for, else one in out/ with the episode's number or its footage's name."""
    name = f"episode-{brief.number:02d}" if brief.number is not None else f"{brief.footage[0].file.stem}-vertical"
    return brief.output or Path("out", f"{name}.mp4")


def files_of(video: Path) -> "Files":
    """The files of an episode by the name of its video. Raises WrongUse for what is no name of one."""
    from pipeline.episode import Files  # with all that an episode is made with

    must_take_names(Files(video).all)
    if video.is_dir() or video.suffix.lower() != ".mp4":
        raise WrongUse(f"The output {video} must be the name of an .mp4 file, as out/episode-03.mp4.")
    return Files(video)
