"""A folder that footage is dropped into: each new file becomes an episode once it has stopped growing."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from basis.errors import WrongUse
from jobs.manifest import Entry
from pipeline.brief import make_brief

FOOTAGE = {
    ".mp4", ".mov", ".m4v", ".mkv", ".mxf", ".avi", ".mts", ".m2ts", ".ts", ".mpg", ".mpeg", ".webm", ".3gp", ".wmv",
}  # fmt: skip
CAPTIONS = (".srt", ".vtt", ".ass", ".sbv", ".json")
LOOK_EVERY = 2.0  # seconds
SETTLED = 10.0  # seconds without a change after which a file is whole

State = tuple[tuple[int, int], ...]  # size and time of change of a file and of the captions beside it


@dataclass
class _Seen:
    state: State
    since: float
    given: bool = False


def watch(
    inbox: Path, out: Path, habits: dict[str, Any], clock: Callable[[], float] = time.monotonic
) -> Callable[[Collection[str]], list[Entry]]:
    """A function that gives the entries of new or changed files that are whole, but those whose names are busy.

    Each is named after its file alone, talk.mov as talk-mov, whatever lies beside it. habits: keys of the brief that hold
    for every file. Captions with a file's name beside it are its own; links and hidden files are left alone. Raises
    WrongUse for folders that cannot be.
    """
    if not inbox.is_dir():
        raise WrongUse(f"There is no folder {inbox}; make it first.")
    if out.resolve() == inbox.resolve():
        raise WrongUse(f"{out} is the folder that is watched; choose another -o.")
    seen: dict[Path, _Seen] = {}
    looked = [-LOOK_EVERY]

    def feed(busy: Collection[str]) -> list[Entry]:
        now = clock()
        if now - looked[0] < LOOK_EVERY:
            return []
        looked[0] = now
        ready = []
        try:
            files = sorted(file for file in inbox.iterdir() if _is_footage(file))
        except OSError:
            return []  # a share that is gone for a moment
        for file in set(seen) - set(files):
            del seen[file]
        for file in files:
            beside = next((text for end in CAPTIONS if (text := file.with_suffix(end)).is_file()), None)
            state = _state(file, beside)
            known = seen.get(file)
            if known is None or known.state != state:
                seen[file] = known = _Seen(state, now)
            name = f"{file.stem}-{file.suffix[1:]}".encode("utf-8", "replace").decode()
            if state and not known.given and now - known.since >= SETTLED and name not in busy:
                known.given = True
                footage = {"file": file.resolve(), "captions": beside and beside.resolve()}
                ready.append(Entry(name, 0, make_brief({"footage": [footage]} | habits, str(file))))
        return ready

    return feed


def _is_footage(file: Path) -> bool:
    return file.suffix.lower() in FOOTAGE and not file.name.startswith(".") and file.is_file() and not file.is_symlink()


def _state(*files: Path | None) -> State:
    """Empty for a file that is gone or has nothing in it yet."""
    try:
        found = [file.stat() for file in files if file]
    except OSError:
        return ()
    return tuple((about.st_size, about.st_mtime_ns) for about in found) if found[0].st_size else ()
