"""Which episodes of a season are asked for, and which of them have to be rendered; nothing is written."""

import re
import unicodedata
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from basis.errors import DeliveryFailed, EpisodeError, WrongUse
from basis.notes import Note
from basis.tools import from_environment
from jobs.manifest import Entry, Season
from jobs.record import (
    Record,
    by_hand,
    change,
    files_of,
    hashes,
    is_of_another,
    made_of,
    manifest_of,
    read_json,
    read_record,
    record_file,
)
from jobs.report import EpisodeResult, Failure, State
from pipeline import verify
from pipeline.episode import Files
from pipeline.report import Report
from pipeline.verify import Check
from presets import delivery


@dataclass(frozen=True)
class Decision:
    """What is to be done about an episode: why it is rendered, or the result that it has already."""

    entry: Entry
    why: str = ""
    made_of: dict[str, str] = field(default_factory=dict)  # as far as it is known
    result: EpisodeResult | None = None


def chosen(season: Season, only: str) -> list[Entry]:
    """The entries that a text as "3,5-7,trailer" means: numbers, ranges of them, names. Raises WrongUse."""
    found: list[Entry] = []
    parts = [part.strip() for part in unicodedata.normalize("NFC", only).split(",") if part.strip()]
    if not parts:
        raise WrongUse("--only names no episode; write it as 3,5-7 or leave it out.")
    for part in parts:
        if span := re.fullmatch(r"(\d{1,4})(?:\s*-\s*(\d{1,4}))?", part):
            low, high = int(span[1]), int(span[2] or span[1])
            meant = [e for e in season.entries if e.brief.number is not None and low <= e.brief.number <= high]
        else:
            meant = [entry for entry in season.entries if entry.name == part.removesuffix(".mp4")]
        if not meant:
            numbers = sorted(e.brief.number for e in season.entries if e.brief.number is not None)
            listed = ", ".join(map(str, numbers)) if len(numbers) <= 30 else f"{numbers[0]} to {numbers[-1]}"
            there = f"numbers {listed}" if numbers else f"names {', '.join(e.name for e in season.entries[:10])}"
            raise WrongUse(f"--only {part}: there is no such episode in {season.file.name}; it has {there}.")
        found += meant
    return list({entry.name: entry for entry in found}.values())


def decide(entry: Entry, out: Path, force: bool = False, refused_again: bool = True) -> Decision:
    """Whether an episode has to be rendered into the folder out.

    force: it has, over whatever lies there. refused_again: also where what it is made of has failed before.
    """
    files = Files(out / f"{entry.name}.mp4")
    try:
        if clash := _replaced_input(entry, files):
            wrong = f"{clash} is one of the files that the episode is made from; choose another output folder."
            return _impossible(entry, wrong)
        made, record = made_of(entry.brief), read_record(files)
        if force:
            return Decision(entry, "--force", made)
        if record and record.failure and record.refused == made:
            if not refused_again:
                return Decision(entry, result=result_of(entry, "failed", failure=record.failure))
            missing = f"it failed before: {record.failure.message}"
        else:
            missing = "not finished" if any(file.is_file() for file in files_of(files)) else "no output yet"
        decision = Decision(entry, missing, made)
        if record and record.files:
            return _of_rendered(decision, files, record)
        strangers = by_hand(Record(), files, hashes(files))
        if record is None and record_file(files).exists():
            strangers.insert(0, record_file(files))
        return _kept(entry, strangers[0], "is not of this season") if strangers else decision
    except WrongUse as error:  # of the preset or the delivery spec
        return _impossible(entry, str(error))
    except (OSError, ValueError) as error:  # a name that this disk cannot have, a folder in place of a file
        wrong = f"Its files cannot be told ({error}); give it another title or output, or rename its footage."
        return _impossible(entry, wrong)


def _replaced_input(entry: Entry, files: Files) -> Path | None:
    """A file that rendering would replace and that the episode is made from."""
    inputs = [given for given in entry.brief.inputs if given.exists()]
    places = [file for file in (*files_of(files), record_file(files)) if file.exists()]
    return next((file for file in places if any(given.samefile(file) for given in inputs)), None)


def _of_rendered(decision: Decision, files: Files, record: Record) -> Decision:
    """About an episode that a run has finished, whatever became of its files since; decision: if its video is not there."""
    there = hashes(files)
    edited = by_hand(record, files, there)
    own = manifest_of(decision.entry.manifest, files.video.parent)
    if is_of_another(record, own, decision.made_of):
        wrong = f"{files.video} was made by another manifest, {record.manifest}, of other footage or another brief"
        hint = "give one of them another series, number or output, or another -o; --force replaces it."
        return _impossible(decision.entry, f"{wrong}; {hint}")
    why = change(record.made_of, decision.made_of) if decision.made_of else "a file of it is missing"
    if not why and files.video in edited:
        return Decision(decision.entry, result=_corrected(decision.entry, files))
    if not why and there.get(".mp4") != record.files[".mp4"]:
        why = decision.why
    report = None if why else read_json(Report, files.report)
    if report:
        about = {"seconds": report.seconds, "checks": report.checks, "warnings": report.warnings}
        return Decision(decision.entry, result=result_of(decision.entry, "up to date", **about))
    why = why or "its report is missing"
    if edited:
        return _kept(decision.entry, edited[0], f"was changed after it was rendered, and {why}")
    return replace(decision, why=why)


def _corrected(entry: Entry, files: Files) -> EpisodeResult:
    """The result of an episode whose video somebody has changed by hand: it is kept, if it can be delivered."""
    what = f"{files.video.name} was changed after it was rendered"
    undo = "move it away, or give --force to render it anew."
    checks: list[Check] = []
    try:
        checks = verify.verify(files.video, delivery.load(entry.brief.delivery), from_environment())
        wrong = [f"{c.name} is {c.measured}, must be {c.limit}" for c in checks if not c.ok and c.level == "error"]
        message = f" and does not meet its delivery spec any more ({'; '.join(wrong)})" if wrong else ""
    except EpisodeError as error:
        message = f" ({error})"
    if message:
        failure = Failure(kind="delivery", message=f"{what}{message}; {undo}", exit_code=DeliveryFailed.exit_code)
        return result_of(entry, "failed", failure=failure, checks=checks)
    kept = f"{what}; it is kept as it is. --force renders it anew."
    return result_of(entry, "up to date", checks=checks, warnings=[Note(code="kept", text=kept)])


def _kept(entry: Entry, file: Path, what: str) -> Decision:
    """The decision not to replace a file that no run has made."""
    return _impossible(entry, f"{file} {what}; move it away, or give --force to replace it.")


def _impossible(entry: Entry, message: str) -> Decision:
    """The decision about an episode that cannot be rendered as it is asked for."""
    failure = Failure(kind="input", message=message, exit_code=WrongUse.exit_code)
    return Decision(entry, result=result_of(entry, "failed", failure=failure))


def result_of(entry: Entry, state: State, **about: Any) -> EpisodeResult:
    """What became of an episode; about: what is not as it is where nothing was rendered."""
    nothing: dict[str, Any] = {
        "why": "", "seconds": None, "took": None, "attempts": 0, "host": "", "failure": None, "checks": [], "warnings": [],
    }  # fmt: skip
    return EpisodeResult(
        name=entry.name, number=entry.brief.number, title=entry.brief.title, state=state, **(nothing | about)
    )
