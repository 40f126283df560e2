"""Text as anybody writes it -> what can be seen of it, its letters composed, and its words."""

import re
import unicodedata
from collections.abc import Iterator

from pipeline.captions.slips import Slips, quoted

NO_BREAK = "\u00a0\u202f\u2007"  # spaces at which no line is broken
MOST_MARKS = 3  # over and under one letter
MOST_TOGETHER = 24  # letters of words that no-break spaces keep together; a text of nothing else still has to be broken
_INVISIBLE = (  # and without meaning where only letters are drawn: breaks, marks of direction, fillers, controls
    *range(0x20), *range(0x7F, 0xA0), 0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x180E, 0x200B, 0x200E, 0x200F,
    *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0x3164, 0xFEFF, 0xFFA0, *range(0xFFF9, 0xFFFC), 0xFFFE, 0xFFFF,
)  # fmt: skip
_SEEN = (
    dict.fromkeys(_INVISIBLE)
    | dict.fromkeys([0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029, 0x0A], "\n")
    | {0x09: " ", 0x2800: " "}
    | dict.fromkeys(range(0xD800, 0xE000), "\ufffd")  # halves of letters, which no text can hold
)
_MARK = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_HEAP = re.compile(f"([{_MARK}]{{{MOST_MARKS}}})[{_MARK}]+")
_LEADING_DASH = re.compile(r"^\s*([-–—])(?=\s*[^\s\d–—-])")  # of a speaker, as in «-Да»
_WORD = re.compile(rf"(?:[^\s]|[{NO_BREAK}])+")
_NEXT_SPEAKER = re.compile(r"(?<=[.?!…»\")]) +([-–—])(?=\s*[^\s\d–—-])")  # in a line that begins with a dash


def visible(text: str, slips: Slips) -> str:
    """The text without what nobody sees, its lines parted by line feeds; never more than a few marks on one letter."""
    seen = unicodedata.normalize("NFC", text.translate(_SEEN))
    bare = _HEAP.sub(r"\1", seen)
    if bare != seen:
        slips.add("heaped-marks", quoted(bare))
    return bare


def words_of(line: str) -> Iterator[tuple[int, str]]:
    """The words of a visible line with their places; a speaker's dash is a word, and always the same dash."""
    speakers: dict[int, int] = {}  # where a speaker's dash stands, and where what is said begins at the earliest
    if first := _LEADING_DASH.match(line):
        dashes = [first, *_NEXT_SPEAKER.finditer(line)]
        speakers = {dash.start(1): dash.end(1) for dash in dashes}
    at = 0
    for place in (*sorted(speakers), len(line)):
        yield from _parts(line, at, place)
        if place in speakers:
            yield place, "—"
            at = speakers[place]


def _parts(line: str, begin: int, end: int) -> Iterator[tuple[int, str]]:
    for match in _WORD.finditer(line, begin, end):
        whole = match[0].strip(NO_BREAK)
        if not any(map(_is_seen, whole)):
            continue
        if len(whole) <= MOST_TOGETHER or not any(space in whole for space in NO_BREAK):
            yield match.start(), whole
        else:
            yield from ((match.start() + part.start(), part[0]) for part in re.finditer(rf"[^{NO_BREAK}]+", match[0]))


def _is_seen(letter: str) -> bool:
    return unicodedata.category(letter)[0] not in "CZM" or unicodedata.category(letter) in ("Co", "Cn")
