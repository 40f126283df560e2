"""What an episode was made of, kept beside it as NAME.job.json: it tells whether the episode is up to date, and why not."""

import json
import os
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

import presets
from basis.data import Data
from basis.files import fingerprint, save_text
from basis.letters import printable
from basis.version import version
from jobs.report import Failure
from pipeline.brief import Brief
from pipeline.episode import Files
from presets import SOUNDS, Preset, delivery

Read = TypeVar("Read", bound=BaseModel)
ELSEWHERE = {"preset", "delivery", "output"}  # keys of a brief that are told apart by what they name


class Record(Data):
    """made_of: content hashes, by what they are of. files: of each file that was made, by the end of its name.

    replaced: of those that lay there before, until all are in their place; both are the season's own. refused: what an
    attempt was made of that failed for its input, as it would again; failure: how. manifest: which asked for it, as seen
    from the folder of the episode.
    """

    made_of: dict[str, str] = {}
    files: dict[str, str] = {}
    replaced: dict[str, str] = {}
    refused: dict[str, str] = {}
    failure: Failure | None = None
    manifest: str = ""


def files_of(files: Files) -> list[Path]:
    """Every file of an episode, the video last: once it is there, all of it is."""
    return [*reversed((*files.all, cover_file(files)))]


def hashes(files: Files) -> dict[str, str]:
    """Content hashes of the files of an episode that are there, by the end of each name, as .report.json."""
    there = (file for file in files_of(files) if file.is_file())
    return {file.name.removeprefix(files.video.stem): fingerprint(file) for file in there}


def by_hand(record: Record, files: Files, there: Mapping[str, str]) -> list[Path]:
    """The files at an episode's places that no run has put there; there: the hashes of what is there."""
    made = {*record.files.items(), *record.replaced.items()}
    video = files.video
    return [video.with_name(video.stem + end) for end, content in there.items() if (end, content) not in made]


def record_file(files: Files) -> Path:
    """Where an episode's record lies."""
    return files.video.with_suffix(".job.json")


def cover_file(files: Files) -> Path:
    """Where a still of an episode lies."""
    return files.video.with_suffix(".cover.jpg")


def read_json(kind: type[Read], file: Path) -> Read | None:
    """What a file of an episode holds as JSON; None where there is none that can be read."""
    try:
        return kind.model_validate_json(file.read_bytes())
    except (OSError, ValidationError):
        return None


def read_record(files: Files) -> Record | None:
    """The record beside an episode; None where there is none that can be read."""
    return read_json(Record, record_file(files))


def save_record(record: Record, files: Files) -> None:
    """Writes a whole record or none."""
    save_text(record.model_dump_json(indent=2), record_file(files))


def made_of(brief: Brief) -> dict[str, str]:
    """Content hashes of everything that an episode is made of; where its files lie does not matter.

    Empty where a file cannot be read: planning says in a sentence which. Raises WrongUse for a preset or a delivery spec
    that cannot be.
    """
    try:
        contents = {file: fingerprint(file) for file in brief.inputs}
        look, spec = _look(presets.load(brief.preset)), delivery.load(brief.delivery)
    except OSError:
        return {}
    found = {
        "product": version(),
        "brief": _hash(_with_contents(brief.model_dump(exclude=ELSEWHERE), contents)),
        "preset": _hash(look),
        "delivery": _hash(spec.model_dump()),
    }
    for file, content in contents.items():
        name = f"file {printable(file.name)}"
        found[name] = _hash([found.get(name), content])  # folders may have files of one name
    return found


def change(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """What of now is not as it was before, in words; empty where all of it is."""
    if before.get("product") != now["product"]:
        return f"episode {now['product']} renders it, the last one was {before.get('product', 'none')}"
    other = [name for name in now if name in before and now[name] != before[name]]
    if files := [name.removeprefix("file ") for name in other if name.startswith("file ")]:
        return f"{files[0]} changed" if len(files) == 1 else f"{files[0]} and {len(files) - 1} other files changed"
    changed = [f"its {part}" for part in ("brief", "preset", "delivery") if before.get(part) != now[part]]
    if changed:
        return f"{' and '.join(changed)} changed"
    return "" if dict(before) == dict(now) else "its files changed"


def manifest_of(file: Path | None, out: Path) -> str:
    """How records in a folder name a manifest: it stays so where both are moved together."""
    if file is None:
        return ""
    try:
        return Path(os.path.relpath(file.resolve(), out.resolve())).as_posix()
    except ValueError:  # on another drive
        return file.resolve().as_posix()


def is_of_another(record: Record, manifest: str, now: Mapping[str, str]) -> bool:
    """Whether what a record is of was asked for by another manifest than this one, and is another episode.

    One that was renamed asks for the same; one that lies elsewhere now, as in another checkout, has its name still and
    some of the same files.
    """
    before = record.made_of
    if not (record.manifest and manifest and now) or record.manifest == manifest or before.get("brief") == now["brief"]:
        return False
    files = {(name, content) for name, content in now.items() if name.startswith("file ")}
    return Path(record.manifest).name != Path(manifest).name or not files & before.items()


def _hash(value: Any) -> str:
    return blake2b(json.dumps(value, sort_keys=True, ensure_ascii=False).encode(), digest_size=16).hexdigest()


def _with_contents(value: Any, contents: Mapping[Path, str]) -> Any:
    """A dumped brief in which a file is its content, wherever it lies and whatever it is called."""
    match value:
        case Path():
            return contents[value]
        case dict():
            return {key: _with_contents(inner, contents) for key, inner in value.items()}
        case list() | tuple():
            return [_with_contents(inner, contents) for inner in value]
    return value


def _look(preset: Preset) -> Any:
    """A loaded preset, and the content of each font, picture and sound of its own."""
    named = [preset.type.bold, preset.type.medium, *preset.type.extra, preset.series.mark, *preset.series.partner_marks]
    files = [name for name in (*named, *(getattr(preset.sound, key) for key in SOUNDS)) if Path(name).is_absolute()]
    text = preset.model_dump_json()
    for name in files:
        text = text.replace(json.dumps(name, ensure_ascii=False), Path(name).name)
    return [text, [fingerprint(Path(name)) for name in files]]
