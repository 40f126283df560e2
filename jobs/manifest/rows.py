"""A manifest as a spreadsheet, CSV: a row is an episode.

One that repeats the number above it, or has a file and neither number nor title under columns for them, adds footage to
it. Columns are called as keys of the brief and of its footage, series, footage_captions and footage_captions_offset, or in Russian: see RUSSIAN.
"""

import csv
import io
import re
import unicodedata
from typing import Any, get_origin

from basis.letters import plain, without_unseen
from jobs.manifest.data import BRIEF, FOOTAGE, LONGEST_SERIES, Draft, RawEntry, Slip, nearest
from pipeline.brief import Brief

MOST_COLUMNS = 100
LISTS = {key for key, field in Brief.model_fields.items() if get_origin(field.annotation) is list}  # parted by ;
RUSSIAN = {
    "серия": "number", "номер": "number", "№": "number", "название": "title", "сериал": "series", "файл": "file",
    "от": "from", "с": "from", "до": "to", "по": "to", "дорожка": "audio_stream", "титры файла": "footage_captions",
    "титры": "captions", "рекордер": "audio", "сдвиг рекордера": "audio_offset", "каналы": "channels", "люди": "people",
    "сдвиг титров": "captions_offset", "сдвиг титров файла": "footage_captions_offset",
    "кадры": "shots", "музыка": "music", "без пауз": "tighten", "оставить паузы": "keep_pauses", "ссылка": "link",
    "footage": "file", "дальше": "following", "пресет": "preset", "доставка": "delivery", "имя файла": "output", "выход": "output",
}  # fmt: skip
KEYS = (BRIEF | FOOTAGE | {"series", *(f"footage_{key}" for key in BRIEF & FOOTAGE)}) - {"footage", "graphics"}
COLUMNS = {key.replace("_", " "): key for key in KEYS} | RUSSIAN
YES, NO = {"true", "да", "1", "yes", "истина"}, {"false", "нет", "0", "no", "ложь"}
TIMES = {"from", "to", "audio_offset", "captions_offset", "footage_captions_offset"}
NUMBERS = {"number", "audio_stream"}
DAY = 86400  # seconds, of which spreadsheets keep times as a share
ENCODINGS = ("cp1251", "cp866", "mac_cyrillic", "koi8_r")  # of what is no Unicode: the first whose columns are known
_MONTHS = "янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DATE = re.compile(
    rf"(?:\d{{1,2}}[. /-])?(?:{_MONTHS})[а-яa-z]*\.?(?:[. /-]\d{{2,4}})?|\d{{1,2}}[./-]\d{{1,2}}[./-]\d{{2,4}}(?: .*)?"
    r"|\d{4}-\d\d-\d\d(?:[ T].*)?",
    re.IGNORECASE,
)
_FAULT = re.compile(r"#(?:ИМЯ\?|ССЫЛКА!|Н/Д|ЗНАЧ!|ДЕЛ/0!|ЧИСЛО!|ПУСТО!|NAME\?|REF!|N/A|VALUE!|DIV/0!|NUM!|NULL!|#{2,})")
_SHARE = re.compile(r"0?[.,]\d{6,}|\d(?:[.,]\d+)?[eE]-\d{1,2}")  # of a day: nobody writes seconds so
_FORMULA = re.compile(r'^="(.*)"$', re.DOTALL)  # text that was kept from becoming a number
_ENDS = "a quote is open when the file ends"
_THOUSANDS = re.compile(r"\d{1,3}(?:[ ']\d{3})+(?:[.,]\d+)?|\d{1,3}(?:,\d{3})+\.\d+|\d{1,3}(?:\.\d{3})+,\d+")


class NoTable(ValueError):
    """A file that is no table of text; its text says what it is and what to do."""


def read_rows(content: bytes) -> Draft:
    """The entries of a spreadsheet. Raises UnicodeDecodeError for what is no text, NoTable for another kind of file."""
    if content[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        raise NoTable("it is a workbook, whatever its name says; save it as «CSV UTF-8»")
    return _Rows(_decoded(content)).draft()


def _decoded(content: bytes) -> str:
    """Text in Unicode, in whatever form, else in the old encoding in which its columns have names that are known."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16")
    if b"\0" in content[:200]:
        return content.decode("utf-16-le" if content[1:2] == b"\0" or content[3:4] == b"\0" else "utf-16-be")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        marked = content.decode("utf-8-sig", "replace")
        if marked.count("\ufffd") < sum(not c.isascii() for c in marked) / 2:  # Unicode that was damaged
            line = content.count(b"\n", 0, error.start) + 1
            raise NoTable(
                f"line {line} has letters that are damaged: it is UTF-8 but for them; write them anew"
            ) from None
    return content.decode(max(ENCODINGS, key=lambda encoding: _known(content, encoding)))


def _known(content: bytes, encoding: str) -> int:
    """How many columns of the first lines are known where the text is in an encoding."""
    cells = re.split("[;,\t\r\n]", content[:4000].decode(encoding, "replace"))
    return sum(_heading(cell.strip('"')) in COLUMNS for cell in cells)


def _heading(cell: str) -> str:
    """A column's name as COLUMNS has it: small letters, plain spaces, without a colon or a remark's star."""
    plain = unicodedata.normalize("NFC", without_unseen(cell.replace("_", " "))).lower().strip(" :*.")
    return " ".join(plain.split())


class _Rows:
    """Rows on their way to entries. keys: of the columns, empty for an unknown one, None before the first line; headings:
    what the keys' columns are called."""

    def __init__(self, text: str) -> None:
        text = text.lstrip("\ufeff")
        said = re.match(r'\s*"?sep=([;,\t|])"?[;,\t]*(?:\r\n?|\n|$)', text, re.IGNORECASE)  # Excel's own first line
        self.skipped = text[: said.end()].count("\n") or 1 if said else 0  # lines
        text = text[said.end() :] if said else text
        head = re.sub(r'"[^"]*"', "", re.split(r"[\r\n]", text.lstrip("\r\n"), maxsplit=1)[0])
        delimiter = said[1] if said else max(";,\t", key=head.count)
        self.rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        self.keys: list[str] | None = None
        self.unnamed: set[int] = set()  # places of columns
        self.headings: dict[str, str] = {}
        self.series: dict[str, int] = {}  # and the line where each stands first
        self.shares: set[str] = set()  # columns of times that are shares of a day
        self.entries: list[RawEntry] = []
        self.slips: list[Slip] = []

    def draft(self) -> Draft:
        line, taken = 1 + self.skipped, []
        try:
            for cells in self.rows:
                first, line = line, self.rows.line_num + 1 + self.skipped
                while cells and not without_unseen(cells[-1]):
                    cells.pop()
                if len(cells) > MOST_COLUMNS:
                    self._wrong(first, f"it has more than {MOST_COLUMNS} cells; a season has fewer columns.")
                    break
                if cells and self.keys is None:
                    self.keys = [self._key(cell, first) for cell in cells]
                    self.unnamed = {place for place, cell in enumerate(cells) if not _heading(cell)}
                elif any(without_unseen(cell) for cell in cells):
                    taken.append((first, self._row(cells, first)))
        except csv.Error as error:
            self._wrong(line, f"the row cannot be read: {_said(str(error))}")
        for keys in ({"from", "to"}, {"audio_offset"}, {"captions_offset"}, {"footage_captions_offset"}):
            if any(_SHARE.fullmatch(row.get(key, "")) for _, row in taken for key in keys):
                self.shares |= keys
        for first, row in taken:
            self._add(self._values(row, first), first)
        if len(self.series) > 1:
            self._wrong([*self.series.values()][1], f"a season has one series; there are {', '.join(self.series)}.")
        if long := [line for name, line in self.series.items() if len(name) > LONGEST_SERIES]:
            self._wrong(long[0], f"a series' name has at most {LONGEST_SERIES} letters.")
        return Draft(next(iter(self.series), ""), self.entries, self.slips)

    def _wrong(self, line: int, text: str) -> None:
        self.slips.append(Slip(line, text))

    def _row(self, cells: list[str], line: int) -> dict[str, str]:
        """What a row's cells hold, by the keys of their columns."""
        keys = self.keys or []
        if len(cells) > len(keys):
            self._wrong(line, f"it has {len(cells)} cells and the first line names {len(keys)} columns.")
        row = {}
        for place, cell in enumerate(cells[: len(keys)]):
            text = _FORMULA.sub(r"\1", cell.strip("\ufeff\u200b \t\r\n\xa0"))
            if text and place in self.unnamed:
                self._wrong(line, f"cell {place + 1}, «{text[:40]}», stands in a column without a name; name it.")
            elif _FAULT.fullmatch(text):
                self._wrong(
                    line,
                    f"{self.headings.get(keys[place], '')}: {text} is an error of the spreadsheet; mend its formula.",
                )
            elif text and keys[place]:
                row[keys[place]] = text
        if name := row.pop("series", ""):
            self.series.setdefault(name, line)
        return row

    def _key(self, cell: str, line: int) -> str:
        """The key of a column, empty where its name is unknown."""
        name = _heading(cell)
        key = COLUMNS.get(name, "")
        if name == "graphics":
            self._wrong(line, "graphics do not fit into a table; write the season as TOML.")
        elif name and not key:
            self._wrong(line, f"unknown column {cell.strip()}{_mixed(name)}{nearest(name, COLUMNS)}")
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

    def _values(self, row: dict[str, str], line: int) -> dict[str, Any]:
        """A row's cells as an entry has them: those of the file under footage, lists as lists, numbers and times as plain
        ones, however the spreadsheet writes them."""
        for key in (TIMES | NUMBERS) & row.keys():
            row[key] = _number(row[key])
            if _DATE.fullmatch(row[key]):
                made = "is a date, which spreadsheets make of numbers; format the column as text and write the number again."
                self._wrong(line, f"{self.headings[key]}: {row.pop(key)} {made}")
            elif key in TIMES:
                row[key] = _time(row[key], key in self.shares)
        footage = {key: row.pop(key) for key in FOOTAGE - BRIEF if key in row}
        footage |= {key: row.pop(f"footage_{key}") for key in FOOTAGE & BRIEF if f"footage_{key}" in row}
        data: dict[str, Any] = row | ({"footage": [footage]} if footage else {})
        if whole := re.fullmatch(
            r"(?:№ ?)?0*(\d+)(?:[.,]0*)?", row.get("number", "")
        ):  # as spreadsheets write a number
            data["number"] = whole[1]
        for key in LISTS & row.keys():
            data[key] = [part.strip() for part in re.split(r"[;\r\n]", row[key]) if part.strip()]
        if (answer := row.get("tighten", "").lower()) in YES | NO:
            data["tighten"] = answer in YES
        return data


def _number(text: str) -> str:
    """A number without spaces and signs that part its thousands, with a plain minus."""
    plain = without_unseen(text).replace("−", "-")
    sign, rest = ("-", plain[1:].strip()) if plain.startswith("-") else ("", plain)
    if _THOUSANDS.fullmatch(rest):
        rest = re.sub(r"[ ']", "", rest)
        if "," in rest and "." in rest:
            rest = rest.replace(min(",.", key=rest.rindex), "")
    return sign + rest


def _time(text: str, share: bool) -> str:
    """A time as the brief reads it; share: numbers of its column are shares of a day."""
    if share and re.fullmatch(r"[01]?(?:[.,]\d+)?(?:[eE]-\d+)?", text) and text:
        return f"{float(text.replace(',', '.')) * DAY:.3f}".rstrip("0").rstrip(".")
    if noon := re.fullmatch(r"(\d{1,2})(:\d\d:\d\d(?:[.,]\d+)?) ?([AP])M", text, re.IGNORECASE):
        return f"{int(noon[1]) % 12 + 12 * (noon[3] in 'Pp'):02d}{noon[2]}"
    return text


def _said(error: str) -> str:
    """What the reader of CSV says, in plain words."""
    if "field larger" in error:
        return "a cell has more than 100,000 letters; is a quote not closed above?"
    return f"a cell with quotes in it stands in quotes, with each of them doubled; {_ENDS if 'end of data' in error else error}."


def _mixed(name: str) -> str:
    """Which letters of a column's name are of another alphabet than the rest, where a known one looks the same."""
    alike = next((known for known in COLUMNS if known != name and plain(known) == plain(name)), "")
    other = next((place for place, (a, b) in enumerate(zip(name, alike, strict=False)) if a != b), None)
    if other is None:
        return ""
    return (
        f", whose letter {other + 1}, «{name[other]}», is {unicodedata.name(name[other], '?').split()[0].capitalize()}"
    )
