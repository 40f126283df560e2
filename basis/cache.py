"""What is known of footage, kept on disk by what it depends on; a broken entry is made again."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from platformdirs import user_cache_path
from pydantic import BaseModel, ValidationError

from basis.errors import WrongUse
from basis.files import read_bytes, temporary

SETTING = "EPISODE_CACHE"
MOST_BYTES = 2 << 30  # of all entries; those that were not read for longest give way
SUFFIX = ".kept"

Stored = TypeVar("Stored", bound=BaseModel)


def folder() -> Path:
    """Where entries are kept: the folder named in EPISODE_CACHE, else the user's own cache folder."""
    named = os.environ.get(SETTING)
    return Path(named) if named else user_cache_path("episode", appauthor=False)


def kept(
    folder: Path | None,
    key: str,
    kind: type[Stored],
    make: Callable[[], Stored],
    can_be: Callable[[Stored], bool] = bool,
) -> Stored:
    """What was stored under a key, else what `make` gives, stored as JSON; made each time where there is no folder.

    can_be: whether what was stored can be what make gives; it is made again where not."""
    if folder is None:
        return make()
    with contextlib.suppress(ValidationError):
        if raw := load_bytes(folder, key):
            found = kind.model_validate_json(raw)
            if can_be(found):
                return found
    made = make()
    store_bytes(folder, key, made.model_dump_json().encode())
    return made


def load_bytes(folder: Path, key: str) -> bytes | None:
    """The bytes that were stored under a key, or None where there are none that can be read."""
    file = folder / (key + SUFFIX)
    try:
        raw = read_bytes(file, MOST_BYTES)
    except (OSError, WrongUse):
        return None
    with contextlib.suppress(OSError):  # a cache that is only read from ages, no more
        os.utime(file)
    return raw


def store_bytes(folder: Path, key: str, raw: bytes) -> None:
    """Keeps bytes, the oldest entries giving way; a folder that cannot be written to is no reason to fail."""
    with contextlib.suppress(OSError, WrongUse):
        folder.mkdir(parents=True, exist_ok=True)
        with temporary(folder / (key + SUFFIX)) as part:
            part.write_bytes(raw)
        _make_room(folder)


def _make_room(folder: Path) -> None:
    """Removes the entries that were not read for longest until the rest is no more than MOST_BYTES."""
    room = MOST_BYTES
    found = [(file.stat(), file) for file in folder.glob("*" + SUFFIX)]
    for about, file in sorted(found, key=lambda one: -one[0].st_mtime):
        room -= about.st_size
        if room < 0:
            file.unlink(missing_ok=True)
