"""A manifest as a spreadsheet, CSV: a row is an episode.

One that repeats the number above it, or has a file and neither number nor title under columns for them, adds footage to
it. Columns are called as keys of the brief and of its footage, series and footage_captions, or in Russian: see RUSSIAN.
"""

import csv
import io
import re
import unicodedata
from typing import Any, get_origin

from jobs.manifest.data import BRIEF, FOOTAGE, LONGEST_SERIES, Draft, RawEntry, Slip, nearest
from pipeline.brief import Brief

MOST_COLUMNS = 100
LISTS = {key for key, field in Brief.model_fields.items() if get_origin(field.annotation) is list}  # parted by ;
RUSSIAN = {
    "серия": "number", "номер": "number", "№": "number", "название": "title", "сериал": "series", "файл": "file",
    "от": "from", "с": "from", "до": "to", "по": "to", "дорожка": "audio_stream", "титры файла": "footage_captions",
    "титры": "captions", "рекордер": "audio", "сдвиг рекордера": "audio_offset", "каналы": "channels", "люди": "people",
    "кадры": "shots", "музыка": "music", "без пауз": "tighten", "оставить паузы": "keep_pauses", "ссылка": "link",
    "footage": "file", "дальше": "following", "пресет": "preset", "доставка": "delivery", "имя файла": "output", "выход": "output",
}  # fmt: skip
KEYS = (BRIEF | FOOTAGE | {"series", "footage_captions"}) - {"footage", "graphics"}
COLUMNS = {key.replace("_", " "): key for key in KEYS} | RUSSIAN
YES, NO = {"true", "да", "1", "yes", "истина"}, {"false", "нет", "0", "no", "ложь"}


def read_rows(content: bytes) -> Draft:
    """The entries of a spreadsheet. Raises UnicodeDecodeError for what is no text."""
    return _Rows(_decoded(content)).draft()


def _decoded(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1251")


class _Rows:
    """Rows on their way to entries. keys: of the columns, empty for an unknown one; headings: what the keys' columns are
    called."""

    def __init__(self, text: str) -> None:
        head = re.sub(r'"[^"]*"', "", re.split(r"[\r\n]", text.lstrip("\r\n"), maxsplit=1)[0])
        delimiter = max(";,\t", key=head.count)
        self.rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        self.keys: list[str] = []
        self.headings: dict[str, str] = {}
        self.series: dict[str, int] = {}  # and the line where each stands first
        self.entries: list[RawEntry] = []
        self.slips: list[Slip] = []

    def draft(self) -> Draft:
        line = 1
        try:
            for cells in self.rows:
                first, line = line, self.rows.line_num + 1
                if len(cells) > MOST_COLUMNS:
                    self._wrong(first, f"it has more than {MOST_COLUMNS} cells; a season has fewer columns.")
                    break
                if any(cell.strip() for cell in cells):
                    self._take(cells, first)
        except csv.Error as error:
            hint = "a cell with quotes in it stands in quotes, with each of them doubled."
            self._wrong(line, f"the row cannot be read ({error}); {hint}")
        if len(self.series) > 1:
            self._wrong([*self.series.values()][1], f"a season has one series; there are {', '.join(self.series)}.")
        if long := [line for name, line in self.series.items() if len(name) > LONGEST_SERIES]:
            self._wrong(long[0], f"a series' name has at most {LONGEST_SERIES} letters.")
        return Draft(next(iter(self.series), ""), self.entries, self.slips)

    def _wrong(self, line: int, text: str) -> None:
        self.slips.append(Slip(line, text))

    def _take(self, cells: list[str], line: int) -> None:
        if not self.keys:
            self.keys = [self._key(cell, line) for cell in cells]
            return
        if any(cell.strip() for cell in cells[len(self.keys) :]):
            self._wrong(line, f"it has {len(cells)} cells and the first line names {len(self.keys)} columns.")
        row = {key: cell.strip() for key, cell in zip(self.keys, cells, strict=False) if key and cell.strip()}
        if name := row.pop("series", ""):
            self.series.setdefault(name, line)
        self._add(_values(row), line)

    def _key(self, cell: str, line: int) -> str:
        """The key of a column, empty where its name is unknown."""
        name = " ".join(unicodedata.normalize("NFC", cell).lower().replace("_", " ").split())
        key = COLUMNS.get(name, "")
        if name == "graphics":
            self._wrong(line, "graphics do not fit into a table; write the season as TOML.")
        elif name and not key:
            self._wrong(line, f"unknown column {cell.strip()}{nearest(name, COLUMNS)}")
        elif key in self.headings:
            self._wrong(line, f"the columns {self.headings[key]} and {cell.strip()} are the same; keep one.")
        if key:
            self.headings[key] = cell.strip()
        return key

    def _add(self, data: dict[str, Any], line: int) -> None:
        """Adds a row as an episode of its own, or as more footage of the one above it."""
        above = self.entries[-1].data if self.entries else {}
        repeats = data["number"] == above.get("number") if "number" in data else "title" not in data
        if "footage" in data and above and repeats and self.headings.keys() & {"number", "title"}:
            footage = data.pop("footage")
            for key in [key for key in data if data[key] != above.get(key)]:
                other = f"another {self.headings[key]}; leave the cell empty."
                self._wrong(line, f"this row adds footage to the one above, which has {other}")
            above.setdefault("footage", []).extend(footage)
            self.entries[-1].lines["footage", len(above["footage"]) - 1] = line
        else:
            self.entries.append(RawEntry(line, data, {*data, "footage"}, headings=self.headings))


def _values(row: dict[str, str]) -> dict[str, Any]:
    """A row's cells as an entry has them: those of the file under footage, lists as lists, numbers without zeros."""
    footage = {key: row.pop(key) for key in FOOTAGE - {"captions"} if key in row}
    if "footage_captions" in row:
        footage["captions"] = row.pop("footage_captions")
    data: dict[str, Any] = row | ({"footage": [footage]} if footage else {})
    if whole := re.fullmatch(r"0*(\d+)(?:[.,]0+)?", row.get("number", "")):  # as spreadsheets write a number
        data["number"] = whole[1]
    for key in LISTS & row.keys():
        data[key] = [part.strip() for part in re.split(r"[;\r\n]", row[key]) if part.strip()]
    if (answer := row.get("tighten", "").lower()) in YES | NO:
        data["tighten"] = answer in YES
    return data
