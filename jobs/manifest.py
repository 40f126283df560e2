"""A season's manifest, TOML or CSV, read into one brief an episode; everything that is wrong with it is named at once."""

import csv
import difflib
import glob
import io
import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

import presets
from pipeline import episode, source
from pipeline.brief import Brief, Footage, beside
from pipeline.captions.cues import read_captions
from pipeline.errors import EpisodeError, WrongUse
from presets import PresetError, delivery
from presets.delivery import DeliverySpecError
from presets.explain import read_toml, slips

MOST_BYTES, MOST_EPISODES, MOST_FILES = 5_000_000, 5000, 1000  # of a manifest, in a season, of one glob
LONGEST_NAME = 120
PLAIN_SERIES = "episode"
TOP = {"series", "defaults", "episode"}
FOOTAGE = {field.alias or name for name, field in Footage.model_fields.items()}
BRIEF = set(Brief.model_fields)
LISTS = {"people", "shots", "keep_pauses"}  # cells of a spreadsheet that hold several, parted by ; or lines
RUSSIAN = {
    "серия": "number", "номер": "number", "название": "title", "сериал": "series", "файл": "file", "от": "from", "с": "from",
    "до": "to", "по": "to", "дорожка": "audio_stream", "титры файла": "footage_captions", "титры": "captions",
    "рекордер": "audio", "сдвиг рекордера": "audio_offset", "каналы": "channels", "люди": "people", "кадры": "shots",
    "музыка": "music", "без пауз": "tighten", "оставить паузы": "keep_pauses", "ссылка": "link", "дальше": "following",
    "пресет": "preset", "доставка": "delivery", "имя файла": "output",
}  # fmt: skip
YES, NO = {"true", "да", "1", "yes"}, {"false", "нет", "0", "no"}
_TAKEN = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # names that Windows keeps for itself
_SIDES = (".plan", ".report", ".sheet", ".cover", ".job")  # ends of names that are another episode's files
_KEY = re.compile(r"""\s*("[^"]*"|'[^']*'|[\w-]+)\s*(\.|=(?!=))""")
_STRING = re.compile(r'''"""|\'\'\'|"(?:[^"\\]|\\.)*"|'[^']*'|\#.*''')
_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]#]+?)\s*\]\]?\s*(#.*)?$")


@dataclass(frozen=True)
class Slip:
    """One thing that is wrong: the manifest's line, counted from 1, 0 where it is all of it; and one sentence."""

    line: int
    text: str


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

    def __init__(self, file: Path, found: Iterable[Slip]) -> None:
        self.slips = sorted(set(found), key=lambda slip: (slip.line, slip.text))
        super().__init__("\n".join(f"{file}{f' line {slip.line}' * bool(slip.line)}: {slip.text}" for slip in self.slips))


@dataclass
class _Raw:
    """An entry before it is checked: its data, and the lines of its keys by where they stand in it."""

    line: int
    data: dict[str, Any]
    lines: dict[tuple[int | str, ...], int] = field(default_factory=dict)


def read_season(file: Path) -> Season:
    """A season from a .toml or .csv file. Raises ManifestWrong with everything that is wrong but the footage itself."""
    try:
        if file.stat().st_size > MOST_BYTES:
            raise ManifestWrong(file, [Slip(0, f"it has more than {MOST_BYTES // 1_000_000} MB; a season is shorter.")])
        series, raw = _rows(file) if file.suffix.lower() == ".csv" else _tables(file)
    except FileNotFoundError:
        raise ManifestWrong(file, [Slip(0, "there is no such file; check the path, or begin with `episode jobs new`.")]) from None
    except OSError as error:
        raise ManifestWrong(file, [Slip(0, f"it cannot be read: {error.strerror}.")]) from error
    if not raw:
        raise ManifestWrong(file, [Slip(0, "it has no episode; each begins with [[episode]].")])
    if len(raw) > MOST_EPISODES:
        raise ManifestWrong(file, [Slip(0, f"it has more than {MOST_EPISODES} episodes; make it several.")])
    found: list[Slip] = []
    folder = file.resolve().parent
    briefs = [_brief(one, folder, found) for one in raw]
    looks = _looks(zip(raw, briefs, strict=True), found)
    names: dict[str, int] = {}
    numbers: dict[int, int] = {}
    entries = []
    for one, brief in zip(raw, briefs, strict=True):
        if brief is None:
            continue
        name = _name(one, brief, series or looks.get(brief.preset, ""), found)
        _once(names, name.casefold(), one, ("output",), f"the name {name}", found)
        if brief.number is not None:
            _once(numbers, brief.number, one, ("number",), f"the number {brief.number}", found)
        entries.append(Entry(name, one.line, brief.model_copy(update={"output": None})))
    if found:
        raise ManifestWrong(file, found)
    named = series or looks[entries[0].brief.preset] or PLAIN_SERIES
    return Season(named, file, tuple(entries))


def check_season(season: Season) -> list[Slip]:
    """What would make episodes fail: files that are missing or cannot be read, ranges past the end, too long ones."""
    return [Slip(entry.line, text) for entry in season.entries for text in dict.fromkeys(_failures(entry.brief))]


def _failures(brief: Brief) -> Iterator[str]:
    total = 0.0
    for footage in brief.footage:
        try:
            found = source.probe(footage.file, footage.audio_stream)
            start, end = episode.range_of(footage, found)
            total += end - start
        except EpisodeError as error:
            yield str(error)
    for captions in filter(None, (brief.captions, *(f.captions for f in brief.footage))):
        try:
            read_captions(captions)
        except EpisodeError as error:
            yield str(error)
    for sound in filter(None, (brief.music, *(f.audio for f in brief.footage))):
        try:
            source.sounds_in(sound)
        except EpisodeError as error:
            yield str(error)
    if not brief.tighten:
        try:
            episode.must_fit(total, brief.delivery, delivery.load(brief.delivery))
        except EpisodeError as error:
            yield str(error)


def _tables(file: Path) -> tuple[str, list[_Raw]]:
    """The series' name and the entries of a TOML file, each with the defaults below its own keys."""
    try:
        data = read_toml(file)
    except ValueError as error:
        line = re.search(r"line (\d+)", str(error))
        raise ManifestWrong(file, [Slip(int(line[1]) if line else 0, f"{error}.")]) from error
    lines = _lines(file.read_bytes().decode("utf-8-sig"))
    found = [
        Slip(lines.get((key,), 0), f"unknown key {key}{_near(key, TOP)}" + (f" {key} stands under [defaults] or [[episode]]." if key in BRIEF else ""))
        for key in data.keys() - TOP
    ]  # fmt: skip
    series, defaults, episodes = data.get("series", ""), data.get("defaults", {}), data.get("episode", [])
    if not isinstance(series, str):
        found.append(Slip(lines.get(("series",), 0), "series must be text in quotes."))
    if not isinstance(defaults, dict):
        found.append(Slip(lines.get(("defaults",), 0), "defaults must be a table; write [defaults] above its lines."))
    if not isinstance(episodes, list) or not all(isinstance(one, dict) for one in episodes):
        found.append(Slip(lines.get(("episode",), 0), "there may be several episodes; write [[episode]] above each."))
    if found:
        raise ManifestWrong(file, found)
    raw = []
    for number, own in enumerate(episodes):
        places = {path[2:]: line for path, line in lines.items() if path[:2] == ("episode", number)}
        shared = {path[1:]: line for path, line in lines.items() if path[:1] == ("defaults",) and path[1:] and path[1] not in own}
        raw.append(_Raw(places.get((), lines.get(("episode",), 0)), defaults | own, places | shared))
    return series, raw


def _lines(text: str) -> dict[tuple[int | str, ...], int]:
    """The line of each table and key of a TOML text, by its path; what stands inside inline tables is not looked into."""
    found: dict[tuple[int | str, ...], int] = {}
    counts: dict[tuple[int | str, ...], int] = {}
    table: tuple[int | str, ...] = ()
    inside = ""  # the quotes of a string of several lines
    for number, line in enumerate(text.splitlines(), 1):
        if not inside and (header := _HEADER.match(line)):
            path: tuple[int | str, ...] = ()
            parts = [part.strip().strip("\"'") for part in header[2].split(".")]
            for place, part in enumerate(parts):
                path = (*path, part)
                last = place == len(parts) - 1
                if last and header[1] == "[[":
                    counts[path] = counts.get(path, -1) + 1
                    found.setdefault(path, number)
                if path in counts:
                    path = (*path, counts[path])
            table = path
            found.setdefault(path, number)
        elif not inside and (key := _KEY.match(line)):
            found.setdefault((*table, key[1].strip("\"'")), number)
        inside = _left_open(line, inside)
    return found


def _left_open(line: str, inside: str) -> str:
    """The quotes of a string of several lines that is open at a line's end; inside: those that are open at its start."""
    place = 0
    while True:
        if inside:
            closed = re.compile(r'(?:[^\\]|\\.)*?"""' if inside == '"""' else r".*?'''").match(line, place)
            if not closed:
                return inside
            inside, place = "", closed.end()
        part = _STRING.search(line, place)
        if not part:
            return ""
        inside, place = (part[0] if part[0] in ('"""', "'''") else ""), part.end()


def _rows(file: Path) -> tuple[str, list[_Raw]]:
    """The series' name and the entries of a spreadsheet; see RUSSIAN for what columns may be called."""
    text = _decoded(file)
    head = text.lstrip("\r\n").split("\n", 1)[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=max(";,\t", key=head.count), strict=False)
    found: list[Slip] = []
    raw: list[_Raw] = []
    columns: list[str] = []
    series: dict[str, int] = {}
    line = 1
    try:
        for cells in rows:
            first, line = line, rows.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if not columns:
                columns = [_column(cell, first, found) for cell in cells]
                continue
            if any(cell.strip() for cell in cells[len(columns) :]):
                found.append(Slip(first, f"it has {len(cells)} cells and the first line names {len(columns)} columns."))
            row = {key: cell.strip() for key, cell in zip(columns, cells, strict=False) if key and cell.strip()}
            if name := row.pop("series", ""):
                series.setdefault(name, first)
            _take(row, first, raw, found)
    except csv.Error as error:
        found.append(Slip(rows.line_num, f"it is not CSV that can be read ({error})."))
    if len(series) > 1:
        found.append(Slip([*series.values()][1], f"a season has one series; there are {', '.join(series)}."))
    if found:
        raise ManifestWrong(file, found)
    return next(iter(series), ""), raw


def _decoded(file: Path) -> str:
    raw = file.read_bytes()
    encodings = ["utf-16"] if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "cp1251"]
    for encoding in encodings:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ManifestWrong(file, [Slip(0, "it is not text in UTF-8 or CP1251; save it in one of these encodings.")])


def _column(cell: str, line: int, found: list[Slip]) -> str:
    name = " ".join(cell.strip().lower().replace("_", " ").split())
    known = {key.replace("_", " "): key for key in (BRIEF | FOOTAGE | {"series", "footage_captions"}) - {"footage", "graphics"}}
    known |= RUSSIAN
    if name and name not in known:
        found.append(Slip(line, f"unknown column {cell.strip()}{_near(name, set(known))}"))
    return known.get(name, "")


def _take(row: dict[str, str], line: int, raw: list[_Raw], found: list[Slip]) -> None:
    """Adds a row as an episode of its own, or as more footage of the one above it."""
    footage: dict[str, Any] = {key: row.pop(key) for key in FOOTAGE - {"captions"} if key in row}
    if "footage_captions" in row:
        footage["captions"] = row.pop("footage_captions")
    data: dict[str, Any] = dict(row)
    for key in LISTS & data.keys():
        data[key] = [part.strip() for part in re.split(r"[;\n]", data[key]) if part.strip()]
    if (told := row.get("tighten", "").lower()) in YES | NO and told:
        data["tighten"] = told in YES
    above = raw[-1].data if raw else {}
    if footage and above and (row.get("number", "") == above.get("number", "") if "number" in row else "title" not in row):
        again = [key for key in data if data[key] != above.get(key)]
        if again:
            found.append(Slip(line, f"this row adds footage to the one above, which says another {again[0]}; leave it empty."))
        above["footage"].append(footage)
        return
    raw.append(_Raw(line, data | ({"footage": [footage]} if footage else {})))


def _brief(one: _Raw, folder: Path, found: list[Slip]) -> Brief | None:
    """The checked brief of an entry, its footage's globs resolved; None where it has slips."""
    try:
        brief = Brief.model_validate(one.data)
    except ValidationError as error:
        found += [Slip(_line(one, loc), text) for loc, text in slips(error, Brief)]
        return None
    footage: list[Footage] = []
    for number, wanted in enumerate(brief.footage):
        matches = _matches(wanted.file, folder)
        if len(matches) > MOST_FILES:
            found.append(Slip(_line(one, ("footage", number)), f"{wanted.file} is more than {MOST_FILES} files; name fewer."))
            return None
        single = [key for key in ("from", "to", "captions", "audio", "audio_offset") if getattr(wanted, key.replace("from", "from_"))]
        if len(matches) > 1 and single:
            found.append(
                Slip(_line(one, ("footage", number, single[0])), f"{wanted.file} is {len(matches)} files and {single[0]} is of one; name them one by one.")
            )  # fmt: skip
        footage += [wanted.model_copy(update={"file": file}) for file in matches or [wanted.file]]
    output = brief.output
    return beside(brief.model_copy(update={"footage": footage, "output": None}), folder).model_copy(update={"output": output})


def _matches(file: Path, folder: Path) -> list[Path]:
    """The files that a name with *, ? or [] means, 2 before 10; none where it is no such name or nothing is there."""
    pattern = str(file)
    if not glob.has_magic(pattern) or (folder / file).exists():
        return []
    found = (Path(name) for name in glob.iglob(pattern, root_dir=folder, recursive=True))  # noqa: PTH207 - Path.glob takes hidden files too
    whole = list(itertools.islice((name for name in found if (folder / name).is_file()), MOST_FILES + 1))
    return sorted(whole, key=lambda name: [(int(part), "") if part.isdecimal() else (-1, part.casefold()) for part in re.split(r"(\d+)", str(name))])


def _looks(briefs: Iterable[tuple[_Raw, Brief | None]], found: list[Slip]) -> dict[str, str]:
    """The series' name of each preset that is used."""
    looks: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for one, brief in briefs:
        if brief is None:
            continue
        if brief.preset not in looks:
            try:
                looks[brief.preset] = presets.load(brief.preset).series.name
            except PresetError as error:
                looks[brief.preset], wrong[brief.preset] = "", str(error)
        if brief.preset in wrong:
            found.append(Slip(_line(one, ("preset",)), wrong[brief.preset]))
        try:
            delivery.load(brief.delivery)
        except DeliverySpecError as error:
            found.append(Slip(_line(one, ("delivery",)), str(error)))
    return looks


def _name(one: _Raw, brief: Brief, series: str, found: list[Slip]) -> str:
    """What the episode's files are called, without .mp4."""
    if brief.output is None:
        if brief.number is not None:
            return f"{slug(series) or PLAIN_SERIES}-{brief.number:02d}"
        if title := slug(brief.title):
            return "-".join(filter(None, (slug(series), title)))[:LONGEST_NAME]
        return slug(brief.footage[0].file.stem)[: LONGEST_NAME - 9] + "-vertical"
    given = str(one.data["output"])
    name = unicodedata.normalize("NFC", given[:-4] if given.lower().endswith(".mp4") else given)
    wrong = (
        not name or len(name) > LONGEST_NAME or name != name.strip(" .") or re.search(r'[<>:"/\\|?*\x00-\x1f\x7f]', name)
        or _TAKEN.fullmatch(name) or name.lower().endswith(_SIDES) or name.lower() in ("season", "index")
    )  # fmt: skip
    if wrong:
        found.append(Slip(_line(one, ("output",)), f"output {given!r} must be the name of one file in the output folder, as trailer.mp4."))
    return name


def slug(text: str) -> str:
    """Text as part of a file's name: small letters, digits and hyphens, Cyrillic ones as they are; may be empty."""
    plain = unicodedata.normalize("NFC", text).lower()
    return re.sub(r"[^\w]+|_+", "-", plain).strip("-")[:LONGEST_NAME]


def _once(known: dict[Any, int], value: Any, one: _Raw, loc: tuple[str, ...], what: str, found: list[Slip]) -> None:
    if value in known:
        found.append(Slip(_line(one, loc), f"{what} is taken by the episode of line {known[value]}."))
    known.setdefault(value, one.line)


def _line(one: _Raw, loc: tuple[int | str, ...]) -> int:
    """The line of a place in an entry, or of the nearest around it."""
    for length in range(len(loc), 0, -1):
        if loc[:length] in one.lines:
            return one.lines[loc[:length]]
    return one.line


def _near(key: str, known: set[str] | Mapping[str, str]) -> str:
    near = difflib.get_close_matches(key, sorted(known), n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else "."
