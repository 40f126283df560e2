"""What the work of a command is done with, from the environment and the flags."""

from basis import cache
from basis.tools import Progress, Tools, from_environment, silent


def tools(progress: Progress = silent, kept: bool = True) -> Tools:
    """The tools of one command. kept: whether hearings and analyses are. Raises WrongUse for a setting that cannot be."""
    return from_environment(progress, cache.folder() if kept else None)
