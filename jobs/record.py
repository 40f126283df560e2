"""What an episode was made of, kept beside it as NAME.job.json: it tells whether the episode is up to date, and why not."""

import json
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

from pydantic import ValidationError

import presets
from jobs.report import Failure
from pipeline.brief import Brief
from pipeline.episode import VERSION, Files, save_text
from pipeline.source import fingerprint
from presets import SOUNDS, Preset, delivery
from presets.graphics import Data

ELSEWHERE = {"preset", "delivery", "output"}  # keys of a brief that are told apart by what they name


class Record(Data):
    """made_of: content hashes, by what they are of. video: of the finished video; replaced: of the one before it.

    refused: what an attempt was made of that failed for its input, as it would again; failure: how.
    """

    made_of: dict[str, str] = {}
    video: str = ""
    replaced: str = ""
    refused: dict[str, str] = {}
    failure: Failure | None = None


def record_file(files: Files) -> Path:
    """Where an episode's record lies."""
    return files.video.with_suffix(".job.json")


def cover_file(files: Files) -> Path:
    """Where a still of an episode lies."""
    return files.video.with_suffix(".cover.jpg")


def read_record(files: Files) -> Record | None:
    """The record beside an episode; None where there is none that can be read."""
    try:
        return Record.model_validate_json(record_file(files).read_bytes())
    except (OSError, ValidationError):
        return None


def save_record(record: Record, files: Files) -> None:
    """Writes a whole record or none."""
    save_text(record.model_dump_json(indent=2), record_file(files))


def made_of(brief: Brief) -> dict[str, str]:
    """Content hashes of everything that an episode is made of; where its files lie does not matter.

    Raises OSError for a file that is not there, PresetError, DeliverySpecError.
    """
    own = {key: value for key, value in brief.model_dump().items() if key not in ELSEWHERE}
    found = {
        "product": VERSION,
        "brief": _hash(_without_places(own)),
        "preset": _hash(_look(presets.load(brief.preset))),
        "delivery": _hash(delivery.load(brief.delivery).model_dump()),
    }
    for file in dict.fromkeys(brief.inputs):
        name = f"file {file.name}"
        while name in found:
            name += " "  # another folder's file of this name
        found[name] = fingerprint(file)
    return found


def change(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """What of now is not as it was before, in words; empty where all of it is."""
    if before.get("product") != now["product"]:
        return f"episode {now['product']} renders it, the last one was {before.get('product', 'none')}"
    files = [name.removeprefix("file ").strip() for name in now if name.startswith("file ") and name in before and now[name] != before[name]]  # fmt: skip
    if files:
        return f"{files[0]} changed" if len(files) == 1 else f"{files[0]} and {len(files) - 1} other files changed"
    changed = [f"its {part}" for part in ("brief", "preset", "delivery") if before.get(part) != now[part]]
    if changed:
        return f"{' and '.join(changed)} changed"
    return "" if dict(before) == dict(now) else "its files changed"


def _hash(value: Any) -> str:
    return blake2b(json.dumps(value, sort_keys=True, ensure_ascii=False).encode(), digest_size=16).hexdigest()


def _without_places(value: Any) -> Any:
    """A dumped brief in which a file is its name."""
    match value:
        case Path():
            return value.name
        case dict():
            return {key: _without_places(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_without_places(inner) for inner in value]
    return value


def _look(preset: Preset) -> Any:
    """A loaded preset, and the content of each font, picture and sound of its own."""
    own = [preset.type.bold, preset.type.medium, *preset.type.extra, preset.series.mark, *preset.series.partner_marks]
    files = [name for name in (*own, *(getattr(preset.sound, key) for key in SOUNDS)) if Path(name).is_absolute()]
    text = preset.model_dump_json()
    for name in files:
        text = text.replace(json.dumps(name, ensure_ascii=False), Path(name).name)
    return [text, [fingerprint(Path(name)) for name in files]]
