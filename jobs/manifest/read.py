"""A manifest's file -> a checked season."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from pydantic import ValidationError

import presets
from basis import files
from basis.errors import WrongUse
from basis.toml import NotToml, slips
from jobs.manifest.data import BRIEF, FOOTAGE, Draft, Entry, ManifestWrong, RawEntry, Season, Slip
from jobs.manifest.names import PLAIN_SERIES, TooMany, matches, name_of
from jobs.manifest.rows import NoTable, read_rows
from jobs.manifest.tables import read_tables
from pipeline.brief import MOST_FILES, OF_SEVERAL, Brief, Footage, beside
from presets import delivery

MOST_BYTES, MOST_EPISODES, MOST_SLIPS = 5_000_000, 5000, 1000
READERS = {".toml": read_tables, **dict.fromkeys((".csv", ".tsv", ".txt"), read_rows)}
WORKBOOKS = {".xlsx", ".xls", ".xlsm", ".ods", ".numbers"}

Checked = tuple[RawEntry, Brief]


def read_season(file: Path) -> Season:
    """A season from a .toml or .csv file. Raises ManifestWrong with everything that is wrong but the footage itself."""
    file = files.found(file)
    draft = _draft(file)
    found = list(draft.slips)
    if not draft.entries and not found:
        where = (
            "each begins with [[episode]]"
            if READERS[file.suffix.lower()] is read_tables
            else "each is a row below the columns' names"
        )
        found.append(Slip(0, f"it has no episode; {where}."))
    if len(draft.entries) > MOST_EPISODES:
        raise ManifestWrong(file, [Slip(0, f"it has more than {MOST_EPISODES} episodes; make it several.")])
    checked: list[Checked] = []
    for raw in draft.entries:
        if len(found) > MOST_SLIPS:
            raise ManifestWrong(file, [Slip(0, f"it has more than {MOST_SLIPS} slips; these are the first."), *found])
        brief, wrong = _brief(raw, file.resolve().parent)
        found += wrong
        if brief:
            checked.append((raw, brief))
    looks, wrong = _looks(checked)
    found += wrong
    names = [name_of(raw, brief, draft.series or looks.get(brief.preset, "")) for raw, brief in checked]
    entries = tuple(
        Entry(name, raw.line, brief.model_copy(update={"output": None}), file)
        for (raw, brief), (name, _) in zip(checked, names, strict=True)
    )
    found += [slip for _, wrong in names for slip in wrong] + _repeated([raw for raw, _ in checked], entries)
    if found:
        raise ManifestWrong(file, found, entries)
    return Season(draft.series or looks[entries[0].brief.preset] or PLAIN_SERIES, file, entries)


def _draft(file: Path) -> Draft:
    """What a file holds. Raises ManifestWrong."""
    kind, line = file.suffix.lower(), 0
    try:
        if kind in READERS:
            return READERS[kind](files.read_bytes(file, MOST_BYTES))
        wrong = "a manifest is a .toml or .csv file; `episode jobs new` writes one."
        if kind in WORKBOOKS:
            wrong = "it is a workbook; save it as «CSV UTF-8» and name that."
    except FileNotFoundError:
        wrong = f"there is no such file; {files.advice(file)}, or begin with `episode jobs new`."
    except NotToml as error:
        line, wrong = error.line, f"{error.reason}."
    except NoTable as error:
        wrong = f"{error}."
    except UnicodeDecodeError:
        wrong = "it is not text in UTF-8, UTF-16 or CP1251; save it in one of these encodings."
    except WrongUse as error:
        wrong = str(error)
    raise ManifestWrong(file, [Slip(line, wrong)])


def _brief(raw: RawEntry, folder: Path) -> tuple[Brief | None, list[Slip]]:
    """The checked brief of an entry, its footage's globs resolved, None where that cannot be; and its slips."""
    try:
        try:
            brief = Brief.model_validate(raw.data)
        except ValidationError as error:
            wrong = slips(error, Brief, "episode")
            return None, [raw.slip(place, _in_columns(text, raw.headings)) for place, text in wrong]
    except (OverflowError, RecursionError, ValueError):  # the last one for numbers that are too long to be written
        return None, [raw.slip((), "the episode has a value that is too large, or nested too deeply.")]
    found: list[Slip] = []
    footage: list[Footage] = []
    for number, wanted in enumerate(brief.footage):
        try:
            meant = matches(wanted.file, folder)
        except TooMany as error:
            return None, [*found, raw.slip(("footage", number), f"{wanted.file} {error}; name fewer, or a folder.")]
        of_one = [*wanted.model_dump(by_alias=True, exclude_defaults=True, exclude={"file", *OF_SEVERAL})]
        if len(meant) > 1 and of_one:
            text = f"{wanted.file} is {len(meant)} files and {of_one[0]} is of one; name them one by one."
            found.append(raw.slip(("footage", number, of_one[0]), text))
        footage += [wanted.model_copy(update={"file": file}) for file in meant or [wanted.file]]
    if len(footage) > MOST_FILES:
        return None, [*found, raw.slip(("footage",), f"the episode has more than {MOST_FILES} files; name fewer.")]
    resolved = beside(brief.model_copy(update={"footage": footage, "output": None}), folder)
    return resolved.model_copy(update={"output": brief.output}), found


def _in_columns(text: str, headings: Mapping[str, str]) -> str:
    """A sentence about a key of the brief as one about a column, if it is of a spreadsheet."""
    named = re.match(r"footage\[\d+\]\.(\w+)|(\w+)", text)
    if not headings or not named:
        return text
    key = named[2] or (f"footage_{named[1]}" if named[1] in FOOTAGE & BRIEF else named[1])
    key = "file" if key == "footage" else key
    return headings.get(key, key) + text[named.end() :]


def _looks(checked: Sequence[Checked]) -> tuple[dict[str, str], list[Slip]]:
    """The series' name of each preset that is used; and what is wrong with presets and delivery specs."""
    looks: dict[str, str] = {}

    @cache
    def wrong(key: str, name: str) -> str:
        try:
            if key == "preset":
                looks[name] = presets.load(name).series.name
            else:
                delivery.load(name)
        except WrongUse as error:
            return str(error)
        except OSError as error:
            return f"The {key} {name} cannot be read ({error.strerror}); check the path."
        return ""

    named = [(raw, key, getattr(brief, key)) for raw, brief in checked for key in ("preset", "delivery")]
    return looks, [raw.slip((key,), text) for raw, key, name in named if (text := wrong(key, name))]


def _repeated(raw_entries: Sequence[RawEntry], entries: Sequence[Entry]) -> list[Slip]:
    """A slip for each number, and else for each name, that an entry above has."""
    found: list[Slip] = []
    taken: dict[int | str, int] = {}
    for raw, entry in zip(raw_entries, entries, strict=True):
        number, name = entry.brief.number, entry.name.casefold()
        if number in taken:
            found.append(raw.slip(("number",), f"the number {number} is taken by the episode of line {taken[number]}."))
            continue
        if number is not None:
            taken[number] = raw.line
        if name in taken:
            found.append(raw.slip(("output",), f"the name {entry.name} is taken by the episode of line {taken[name]}."))
        taken.setdefault(name, raw.line)
    return found
