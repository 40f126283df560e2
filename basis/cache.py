"""Analyses kept on disk, one JSON file each; a broken one is made again."""

import os
import tempfile
from pathlib import Path
from typing import TypeVar

from platformdirs import user_cache_path
from pydantic import BaseModel, ValidationError

SETTING = "EPISODE_CACHE"
MOST_FILES = 500

Stored = TypeVar("Stored", bound=BaseModel)


def folder() -> Path:
    """Where analyses are kept: the folder named in EPISODE_CACHE, else the user's own cache folder."""
    named = os.environ.get(SETTING)
    return Path(named) if named else user_cache_path("episode", appauthor=False)


def load(folder: Path, key: str, kind: type[Stored]) -> Stored | None:
    """What was stored under a key, or None where there is nothing that can be read."""
    try:
        return kind.model_validate_json((folder / f"{key}.json").read_bytes())
    except (OSError, ValidationError):
        return None


def store(folder: Path, key: str, value: BaseModel) -> None:
    """Keeps a value, the oldest ones giving way; a cache that cannot be written is no reason to fail."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".part", delete=False, encoding="utf-8") as part:
            part.write(value.model_dump_json())
        Path(part.name).replace(folder / f"{key}.json")
        old = sorted(folder.glob("*.json"), key=lambda file: file.stat().st_mtime)[:-MOST_FILES]
        for file in old:
            file.unlink(missing_ok=True)
    except OSError:
        return
