"""A season's manifest, TOML or CSV, read into one brief an episode; everything that is wrong with it is named at once.

A row of a spreadsheet is an episode; one that repeats the number above it, or has a file and neither number nor title
under columns for them, adds footage to it. Columns are called as keys of the brief and of its footage, series and
footage_captions, or in Russian: see RUSSIAN.
"""

import csv
import difflib
import fnmatch
import glob
import io
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

import presets
from basis.errors import WrongUse
from basis.toml import NotToml, parse_toml, slips
from jobs.toml_lines import Place, lines_of
from pipeline.brief import Brief, Footage, beside
from presets import PresetError, delivery
from presets.delivery import DeliverySpecError

MOST_BYTES, MOST_EPISODES, MOST_FILES = 5_000_000, 5000, 1000  # of a manifest, in a season, in an episode
MOST_SLIPS, MOST_COLUMNS = 1000, 100
MOST_NAMES = 100_000  # names of files that are looked at for one glob
LONGEST_NAME = 120  # letters of the name of an episode's files
MOST_NAME_BYTES = 200  # of it: a disk takes 255 with .report.json and what unfinished files add
LONGEST_SERIES = 60  # letters, as in a preset
LONGEST_SLIP = 600  # letters
PLAIN_SERIES = "episode"
TOP = {"series", "defaults", "episode"}
FOOTAGE = {field.alias or name for name, field in Footage.model_fields.items()}
BRIEF = set(Brief.model_fields)
OF_ONE_FILE = ("from", "to", "captions", "audio", "audio_offset")  # keys that cannot hold for all files of a glob
LISTS = {"people", "shots", "keep_pauses"}  # cells of a spreadsheet that hold several, parted by ; or lines
RUSSIAN = {
    "серия": "number", "номер": "number", "№": "number", "название": "title", "сериал": "series", "файл": "file",
    "от": "from", "с": "from", "до": "to", "по": "to", "дорожка": "audio_stream", "титры файла": "footage_captions",
    "титры": "captions", "рекордер": "audio", "сдвиг рекордера": "audio_offset", "каналы": "channels", "люди": "people",
    "кадры": "shots", "музыка": "music", "без пауз": "tighten", "оставить паузы": "keep_pauses", "ссылка": "link",
    "footage": "file", "дальше": "following", "пресет": "preset", "доставка": "delivery", "имя файла": "output", "выход": "output",
}  # fmt: skip
YES, NO = {"true", "да", "1", "yes", "истина"}, {"false", "нет", "0", "no", "ложь"}
_TAKEN = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # names that Windows keeps for itself
_SIDES = (".plan", ".report", ".sheet", ".cover", ".job")  # ends of names that are another episode's files
_OWN = {"season", "index"}  # names of the season's own files


@dataclass(frozen=True)
class Slip:
    """One thing that is wrong: the manifest's line, counted from 1, 0 where it is all of it; and one sentence."""

    line: int
    text: str

    def __post_init__(self) -> None:
        """Leaves out what a terminal would obey: keys and names are anybody's."""
        plain = "".join(letter if letter.isprintable() else " " for letter in self.text)
        object.__setattr__(self, "text", plain if len(plain) <= LONGEST_SLIP else f"{plain[:LONGEST_SLIP]}…")


@dataclass(frozen=True)
class Entry:
    """One episode: the name of its files without .mp4, the manifest's line that it begins on, its brief."""

    name: str
    line: int
    brief: Brief


@dataclass(frozen=True)
class Season:
    """Whose episodes they are, the manifest, the entries in its order."""

    series: str
    file: Path
    entries: tuple[Entry, ...]


class ManifestWrong(WrongUse):
    """A manifest that cannot be; its text is every slip, a line each."""

    def __init__(self, file: Path, found: Iterable[Slip], entries: tuple[Entry, ...] = ()) -> None:
        """entries: those that could be read, as far as anything could."""
        self.entries = entries
        self.slips = sorted(set(found), key=lambda slip: (slip.line, slip.text))
        super().__init__(
            "\n".join(f"{file}{f' line {slip.line}' * bool(slip.line)}: {slip.text}" for slip in self.slips)
        )


@dataclass
class _Raw:
    """An entry before it is checked. data: its keys over the season's defaults, own: those that it has itself.

    lines: of its keys by their places in it; shared: the same of the defaults. columns: what a spreadsheet calls keys.
    """

    line: int
    data: dict[str, Any]
    own: set[str]
    lines: dict[Place, int] = field(default_factory=dict)
    shared: Mapping[Place, int] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)


def read_season(file: Path) -> Season:
    """A season from a .toml or .csv file. Raises ManifestWrong with everything that is wrong but the footage itself."""
    found: list[Slip] = []
    series, raw = _read(file, found)
    if not raw and not found:
        row = "each is a row below the columns' names" if _is_table(file) else "each begins with [[episode]]"
        found.append(Slip(0, f"it has no episode; {row}."))
    if len(raw) > MOST_EPISODES:
        raise ManifestWrong(file, [Slip(0, f"it has more than {MOST_EPISODES} episodes; make it several.")])
    folder = file.resolve().parent
    briefs: list[Brief | None] = []
    for one in raw:
        if len(found) > MOST_SLIPS:
            raise ManifestWrong(file, [Slip(0, f"it has more than {MOST_SLIPS} slips; these are the first."), *found])
        briefs.append(_brief(one, folder, found))
    looks = _looks(zip(raw, briefs, strict=True), found)
    names: dict[str, int] = {}
    numbers: dict[int, int] = {}
    entries = []
    for one, brief in zip(raw, briefs, strict=True):
        if brief is None:
            continue
        name = _name(one, brief, series or looks.get(brief.preset, ""), found)
        if brief.number is None or _is_new(numbers, brief.number, one, "number", f"the number {brief.number}", found):
            _is_new(names, name.casefold(), one, "output", f"the name {name}", found)
        entries.append(Entry(name, one.line, brief.model_copy(update={"output": None})))
    if found:
        raise ManifestWrong(file, found, tuple(entries))
    return Season(series or looks[entries[0].brief.preset] or PLAIN_SERIES, file, tuple(entries))


def _is_table(file: Path) -> bool:
    return file.suffix.lower() == ".csv"


def _read(file: Path, found: list[Slip]) -> tuple[str, list[_Raw]]:
    """The series' name, empty where the manifest has none, and the entries. Raises ManifestWrong."""
    if not _is_table(file) and file.suffix.lower() != ".toml":
        raise ManifestWrong(file, [Slip(0, "a manifest is a .toml or .csv file; `episode jobs new` writes one.")])
    try:
        if file.exists() and not file.is_file():
            raise ManifestWrong(file, [Slip(0, "it is not an ordinary file.")])
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise ManifestWrong(file, [Slip(0, f"it has more than {MOST_BYTES // 1_000_000} MB; a season is shorter.")])
        return _rows(_decoded(content), found) if _is_table(file) else _tables(content, found)
    except FileNotFoundError:
        raise ManifestWrong(
            file, [Slip(0, "there is no such file; check the path, or begin with `episode jobs new`.")]
        ) from None
    except OSError as error:
        raise ManifestWrong(file, [Slip(0, f"it cannot be read: {error.strerror}.")]) from error
    except NotToml as error:
        raise ManifestWrong(file, [Slip(error.line, f"{error.reason}.")]) from error
    except UnicodeDecodeError:
        wrong = "it is not text in UTF-8, UTF-16 or CP1251; save it in one of these encodings."
        raise ManifestWrong(file, [Slip(0, wrong)]) from None


def _tables(content: bytes, found: list[Slip]) -> tuple[str, list[_Raw]]:
    """The series' name and the entries of a TOML file, each with the defaults below its own keys."""
    data = parse_toml(content)
    lines = lines_of(content.decode("utf-8-sig"))
    for key in [key for key in data if key not in TOP][:MOST_SLIPS]:
        hint = f"; {key} stands under [defaults] or [[episode]]." if key in BRIEF else _near(key, TOP)
        found.append(Slip(lines.get((key,), 0), f"unknown key {key}{hint}"))
    series, defaults, episodes = data.get("series", ""), data.get("defaults", {}), data.get("episode", [])
    if not isinstance(series, str) or len(series) > LONGEST_SERIES:
        wrong = f"series must be text in quotes, of at most {LONGEST_SERIES} letters."
        found.append(Slip(lines.get(("series",), 0), wrong))
        series = ""
    if not isinstance(defaults, dict):
        found.append(Slip(lines.get(("defaults",), 0), "defaults must be a table; write [defaults] above its lines."))
        defaults = {}
    if not isinstance(episodes, list) or not all(isinstance(one, dict) for one in episodes):
        found.append(Slip(lines.get(("episode",), 0), "there may be several episodes; write [[episode]] above each."))
        episodes = []
    places: list[dict[Place, int]] = [{} for _ in episodes]
    shared: dict[Place, int] = {}
    for place, line in lines.items():
        if place[0] == "defaults":
            shared[place[1:]] = line
        elif place[0] == "episode" and len(place) > 1 and isinstance(place[1], int) and place[1] < len(places):
            places[place[1]][place[2:]] = line
    raw = [
        _Raw(own_lines.get((), 0), defaults | own, set(own), own_lines, shared)
        for own, own_lines in zip(episodes, places, strict=True)
    ]
    return series, raw


def _rows(text: str, found: list[Slip]) -> tuple[str, list[_Raw]]:
    """The series' name and the entries of a spreadsheet."""
    head = re.sub(r'"[^"]*"', "", re.split(r"[\r\n]", text.lstrip("\r\n"), maxsplit=1)[0])
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=max(";,\t", key=head.count), strict=True)
    raw: list[_Raw] = []
    columns: list[str] = []
    called: dict[str, str] = {}
    series: dict[str, int] = {}
    line = 1
    try:
        for cells in rows:
            first, line = line, rows.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > MOST_COLUMNS:
                found.append(Slip(first, f"it has more than {MOST_COLUMNS} cells; a season has fewer columns."))
                break
            if not columns:
                columns = [_column(cell, first, called, found) for cell in cells]
                continue
            if any(cell.strip() for cell in cells[len(columns) :]):
                found.append(Slip(first, f"it has {len(cells)} cells and the first line names {len(columns)} columns."))
            row = {key: cell.strip() for key, cell in zip(columns, cells, strict=False) if key and cell.strip()}
            if name := row.pop("series", ""):
                series.setdefault(name, first)
            _take(row, first, raw, called, found)
    except csv.Error as error:
        wrong = (
            f"the row cannot be read ({error}); a cell with quotes in it stands in quotes, with each of them doubled."
        )
        found.append(Slip(line, wrong))
    if len(series) > 1:
        found.append(Slip([*series.values()][1], f"a season has one series; there are {', '.join(series)}."))
    if long := [line for name, line in series.items() if len(name) > LONGEST_SERIES]:
        found.append(Slip(long[0], f"a series' name has at most {LONGEST_SERIES} letters."))
    return next(iter(series), ""), raw


def _decoded(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1251")


def _column(cell: str, line: int, called: dict[str, str], found: list[Slip]) -> str:
    """The key of a column, empty where its name is unknown; called: the name of each key's column so far."""
    name = " ".join(unicodedata.normalize("NFC", cell).lower().replace("_", " ").split())
    known = {
        key.replace("_", " "): key
        for key in (BRIEF | FOOTAGE | {"series", "footage_captions"}) - {"footage", "graphics"}
    }
    known |= RUSSIAN
    key = known.get(name, "")
    if name == "graphics":
        found.append(Slip(line, "graphics do not fit into a table; write the season as TOML."))
    elif name and not key:
        found.append(Slip(line, f"unknown column {cell.strip()}{_near(name, set(known))}"))
    elif key in called:
        found.append(Slip(line, f"the columns {called[key]} and {cell.strip()} are the same; keep one."))
    if key:
        called[key] = cell.strip()
    return key


def _take(row: dict[str, str], line: int, raw: list[_Raw], called: Mapping[str, str], found: list[Slip]) -> None:
    """Adds a row as an episode of its own, or as more footage of the one above it."""
    footage: dict[str, Any] = {key: row.pop(key) for key in FOOTAGE - {"captions"} if key in row}
    if "footage_captions" in row:
        footage["captions"] = row.pop("footage_captions")
    data: dict[str, Any] = dict(row)
    if whole := re.fullmatch(r"0*(\d+)(?:[.,]0+)?", data.get("number", "")):  # as spreadsheets write a number
        data["number"] = whole[1]
    for key in LISTS & data.keys():
        data[key] = [part.strip() for part in re.split(r"[;\r\n]", data[key]) if part.strip()]
    if (told := row.get("tighten", "").lower()) in YES | NO:
        data["tighten"] = told in YES
    above = raw[-1].data if raw else {}
    same = data["number"] == above.get("number") if "number" in data else "title" not in data
    if footage and above and same and called.keys() & {"number", "title"}:
        for key in [key for key in data if data[key] != above.get(key)]:
            wrong = f"this row adds footage to the one above, which has another {called[key]}; leave the cell empty."
            found.append(Slip(line, wrong))
        above.setdefault("footage", []).append(footage)
        raw[-1].lines["footage", len(above["footage"]) - 1] = line
    else:
        raw.append(_Raw(line, data | ({"footage": [footage]} if footage else {}), {*data, "footage"}, columns=called))


def _brief(one: _Raw, folder: Path, found: list[Slip]) -> Brief | None:
    """The checked brief of an entry, its footage's globs resolved; None where it has slips."""
    brief = _checked(one, found)
    if brief is None:
        return None
    footage: list[Footage] = []
    for number, wanted in enumerate(brief.footage):
        try:
            matches = _matches(wanted.file, folder)
        except _TooMany as error:
            found.append(Slip(_line(one, ("footage", number)), f"{wanted.file} {error}; name fewer, or a folder."))
            return None
        given = wanted.model_dump(by_alias=True, exclude_defaults=True)
        if len(matches) > 1 and (single := [key for key in OF_ONE_FILE if key in given]):
            wrong = f"{wanted.file} is {len(matches)} files and {single[0]} is of one; name them one by one."
            found.append(Slip(_line(one, ("footage", number, single[0])), wrong))
        footage += [wanted.model_copy(update={"file": file}) for file in matches or [wanted.file]]
    if len(footage) > MOST_FILES:
        found.append(Slip(_line(one, ("footage",)), f"the episode has more than {MOST_FILES} files; name fewer."))
        return None
    output = brief.output
    return beside(brief.model_copy(update={"footage": footage, "output": None}), folder).model_copy(
        update={"output": output}
    )


def _checked(one: _Raw, found: list[Slip]) -> Brief | None:
    try:
        try:
            return Brief.model_validate(one.data)
        except ValidationError as error:
            for loc, text in slips(error, Brief, "episode"):
                found.append(Slip(_line(one, loc), _in_columns(text, one.columns) if one.columns else text))
    except (OverflowError, RecursionError, ValueError):  # the last one for numbers that are too long to be written
        found.append(Slip(one.line, "the episode has a value that is too large, or nested too deeply."))
    return None


def _in_columns(text: str, columns: Mapping[str, str]) -> str:
    """A sentence about a key of the brief as one about a spreadsheet's column."""
    own = re.match(r"footage\[\d+\]\.(\w+)|(\w+)", text)
    if not own:
        return text
    key = own[2] or ("footage_captions" if own[1] == "captions" else own[1])
    key = "file" if key == "footage" else key
    return columns.get(key, key) + text[own.end() :]


class _TooMany(Exception):
    """A glob of more files than an episode has, or that is looked for among too many."""


def _matches(file: Path, folder: Path) -> list[Path]:
    """The files that a name with *, ? or [] means, 2 before 10; none where it is no such name or nothing is there.

    Links to folders are followed where they are named, not by **. Raises _TooMany.
    """
    if not glob.has_magic(str(file)):
        return []
    seen = 0

    def names(place: Path) -> list[str]:
        nonlocal seen
        try:
            found = [name for name in os.listdir(folder / place) if not name.startswith(".")]  # noqa: PTH208 - no need of paths
        except OSError:
            return []
        seen += len(found)
        if seen > MOST_NAMES:
            raise _TooMany(f"is looked for among more than {MOST_NAMES} files")
        return found

    def below(place: Path) -> Iterator[Path]:
        yield place
        for name in names(place):
            if (folder / place / name).is_dir() and not (folder / place / name).is_symlink():
                yield from below(place / name)

    try:
        if (folder / file).exists():
            return []
        places = [Path(file.anchor)]
        for part in file.parts[bool(file.anchor) :]:
            if part == "**":
                places = [*dict.fromkeys(inner for place in places for inner in below(place))]
            elif glob.has_magic(part):
                fits = re.compile(fnmatch.translate(unicodedata.normalize("NFC", part))).match
                places = [p / name for p in places for name in names(p) if fits(unicodedata.normalize("NFC", name))]
            else:
                places = [place / part for place in places]
        whole = [place for place in dict.fromkeys(places) if (folder / place).is_file()]
    except OSError:
        return []
    if len(whole) > MOST_FILES:
        raise _TooMany(f"is more than {MOST_FILES} files")
    return sorted(whole, key=_natural)


def _natural(file: Path) -> tuple[list[tuple[int, str]], str]:
    parts = re.split(r"(\d+)", str(file))
    return [(int(part), "") if part.isdecimal() else (-1, part.casefold()) for part in parts], str(file)


def _looks(briefs: Iterable[tuple[_Raw, Brief | None]], found: list[Slip]) -> dict[str, str]:
    """The series' name of each preset that is used."""
    looks: dict[str, str] = {}
    wrong: dict[str, list[str]] = {}
    for one, brief in briefs:
        if brief is None:
            continue
        if brief.preset not in wrong:
            wrong[brief.preset] = []
            try:
                looks[brief.preset] = presets.load(brief.preset).series.name
            except PresetError as error:
                wrong[brief.preset].append(str(error))
            except OSError as error:
                wrong[brief.preset].append(
                    f"The preset {brief.preset} cannot be read ({error.strerror}); check the path."
                )
        found += [Slip(_line(one, ("preset",)), text) for text in wrong[brief.preset]]
        try:
            delivery.load(brief.delivery)
        except DeliverySpecError as error:
            found.append(Slip(_line(one, ("delivery",)), str(error)))
    return looks


def _name(one: _Raw, brief: Brief, series: str, found: list[Slip]) -> str:
    """What the episode's files are called, without .mp4."""
    if brief.output is None:
        name = _made_name(brief, slug(series))
        if not _is_name(name):
            wrong = f'its files would be called {name}, which cannot be; give it a name, as output = "trailer.mp4".'
            found.append(Slip(one.line, wrong))
        return name
    given = str(one.data["output"])
    name = unicodedata.normalize("NFC", given[:-4] if given.lower().endswith(".mp4") else given)
    if not _is_name(name):
        wrong = f"output {given!r} must be the name of one file in the output folder, as trailer.mp4."
        found.append(Slip(_line(one, ("output",)), wrong))
    return name


def _made_name(brief: Brief, series: str) -> str:
    if brief.number is not None:
        return f"{_short(series, 10) or PLAIN_SERIES}-{brief.number:02d}"
    if title := slug(brief.title):
        return _short("-".join(filter(None, (series, title))))
    return f"{_short(slug(brief.footage[0].file.stem), 10) or PLAIN_SERIES}-vertical"


def _short(name: str, spared: int = 0) -> str:
    """A name's beginning that leaves room for so many more letters."""
    return name[: LONGEST_NAME - spared].encode()[: MOST_NAME_BYTES - spared].decode(errors="ignore").strip("-")


def _is_name(name: str) -> bool:
    """Whether files of an episode can be called so, on any system."""
    return (
        bool(name) and len(name) <= LONGEST_NAME and len(name.encode()) <= MOST_NAME_BYTES and name.isprintable()
        and name == name.strip(" .") and not re.search(r'[<>:"/\\|?*]', name) and not _TAKEN.fullmatch(name)
        and not name.lower().endswith(_SIDES) and name.casefold() not in _OWN
    )  # fmt: skip


def slug(text: str) -> str:
    """Text as part of a file's name: small letters, digits and hyphens, Cyrillic ones as they are; may be empty."""
    plain = unicodedata.normalize("NFC", text).lower()
    return re.sub(r"[\W_]+", "-", plain).strip("-")[:LONGEST_NAME]


def _is_new(known: dict[Any, int], value: Any, one: _Raw, key: str, what: str, found: list[Slip]) -> bool:
    """Whether no entry above has the value; says so otherwise."""
    if value in known:
        found.append(Slip(_line(one, (key,)), f"{what} is taken by the episode of line {known[value]}."))
        return False
    known[value] = one.line
    return True


def _line(one: _Raw, loc: Place) -> int:
    """The line of a place in an entry, or of the nearest around it."""
    if loc[:1] == ("graphics",) and len(loc) > 2:
        loc = (*loc[:2], *loc[3:])  # without the kind, which is no key
    lines = one.lines if not loc or loc[0] in one.own else one.shared
    for length in range(len(loc), 0, -1):
        if loc[:length] in lines:
            return lines[loc[:length]]
    return one.line


def _near(key: str, known: set[str]) -> str:
    near = difflib.get_close_matches(key, sorted(known), n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else "."
