"""Cues that begin with a line of two times, as in SRT, WebVTT, SBV, SubViewer and what Whisper prints."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from basis.spans import Span
from pipeline.captions.cues import MOST_CHARACTERS, MOST_CUES, BadCaptions
from pipeline.captions.slips import Slips, quoted

CARRIED = "1000"  # thousandths rounded up to a second
_TIME = r"([-−]?)(?:(\d{1,9}):)?(\d{1,9}):(\d{1,9})(?:[.,](\d{1,9}))?(?![:;]?\w)"
_ARROW = r"(?:[-–—=]{1,3}(?:\s?-)?\s?(?:>{1,2}|[›»])|[→⟶⇒➔➜]|-{1,2}&gt;)"
_PAIR = re.compile(rf"[^\w\-−]*(?:\d+\s+)?{_TIME}\s*{_ARROW}\s*{_TIME}")
_MARK = re.compile(r"[>→⟶⇒➔➜›»]|&gt;")
_DASH_PAIR = re.compile(rf"\s*{_TIME}\s*[-–—]\s*{_TIME}\s*")  # where both have thousandths
_SECONDS_PAIR = re.compile(rf"\s*\[(\d{{1,6}}(?:\.\d{{1,6}})?)s?\s*{_ARROW}\s*(\d{{1,6}}(?:\.\d{{1,6}})?)s?\]\s*(.*)")
_COMMA_PAIR = re.compile(rf"\s*{_TIME}\s*[,;]\s*{_TIME}\s*")
_LOOSE = re.compile(r"(?<=\d)\s*([:,.])\s*(?=\d)")  # «00: 00: 01, 000», as translation programs leave it
_SETTINGS = re.compile(r"(?:\s*(?:align|position|line|size|vertical|region|[XxYy][12]):\S*)+")
_FRAMES = re.compile(r"\d\d[:;]\d\d[:;]\d\d[:;]\d\d")
_HALF = re.compile(r"\W*\d+\s*:\s*\w")  # of a line that is meant to be times
_FENCE = re.compile(r"\s*```\w*\s*")  # around what was copied from a chat
_LETTERS = re.compile(r"\b(?!(?:nan|null|undefined|inf|invalid|date)\b)[^\W\d_]{2,}", re.IGNORECASE)
_POINT = re.compile(r"(?<=:\d\d)[;:](?=\d{3}(?!\d))")  # before thousandths; before two digits it parts frames
_INDEX = re.compile(r"\s*(?:\d+|[#№]?\s*\d+[.):]?)\s*")
_WIDE = str.maketrans("：，．", ":,.")
_NOUGHTS = str.maketrans("OoОо", "0000")  # letters that text recognition takes for 0, Latin and Cyrillic
_MISREAD = re.compile(r"[\dOoОо:.,;\s>–—-]+")
_GAP = 50  # of the numbers of cues that follow each other, from which on a number is what somebody says


class Times(NamedTuple):
    """The seconds of a line of times, and the text that stands behind them."""

    start: float
    end: float
    text: str


@dataclass
class Block:
    """A cue as its lines are written. number: of its line of times; lines: each with its own number, from 1."""

    number: int
    start: float
    end: float
    lines: list[tuple[int, str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(line for _, line in self.lines)


def times_in(line: str) -> Times | None:
    """The times of a line with an arrow between two of them, or a dash where both have thousandths."""
    if not _MARK.search(line):
        found = _DASH_PAIR.fullmatch(line)
        ends = (found[5], found[10]) if found else ()
        return Times(*_both(found), "") if found and all(part and len(part) == 3 for part in ends) else None
    if found := _SECONDS_PAIR.fullmatch(line):
        return Times(float(found[1]), float(found[2]), found[3])
    plain = _POINT.sub(",", _LOOSE.sub(r"\1", line.translate(_WIDE)))
    if _MISREAD.fullmatch(plain):
        plain = plain.translate(_NOUGHTS)
    if not (found := _PAIR.match(plain)):
        return None
    rest = plain[found.end() :].lstrip("])")
    if plain.lstrip().startswith('"'):
        rest = rest.removeprefix('"')
    settings = _SETTINGS.match(rest)
    return Times(*_both(found), rest[settings.end() if settings else 0 :].strip())


def comma_times_in(line: str) -> Times | None:
    """The times of a line that has nothing else than two of them, parted by a comma."""
    found = _COMMA_PAIR.fullmatch(line)
    return Times(*_both(found), "") if found else None


def _both(found: re.Match[str]) -> Span:
    return _seconds(*found.groups()[:5]), _seconds(*found.groups()[5:])


def is_meant(line: str) -> bool:
    """Whether a line is meant to say when a cue is shown, rightly written or not."""
    before, arrow, after = line.partition("-->")
    if not arrow or _LETTERS.search(before):
        return False
    return bool(_HALF.match(before) or _HALF.match(after)) or times_in(f"0:00 --> {after}") is not None


def frames_in(line: str) -> bool:
    """Whether a line has times that end in frames, as 00:00:01:12."""
    return _FRAMES.search(line) is not None


def _seconds(sign: str | None, hours: str | None, minutes: str, seconds: str, part: str | None) -> float:
    fraction = 1.0 if part == CARRIED else int(part or 0) / 10 ** len(part or "")
    total = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + fraction
    return round(-total if sign else total, 6)


def blocks(lines: Sequence[str], slips: Slips, commas: bool = False) -> Iterator[Block]:
    """The cues of a text's lines, those of their numbers left out. commas: their times are parted by these.

    Raises BadCaptions for too many, one that is too long, and where every cue's times are in frames.
    """
    for count, block in enumerate(_parted(lines, slips, commas)):
        if count == MOST_CUES:
            raise BadCaptions(f"hold more than {MOST_CUES} captions; give the captions of this episode alone")
        if sum(len(line) for _, line in block.lines) > MOST_CHARACTERS:
            raise BadCaptions(f"hold one of more than {MOST_CHARACTERS} characters (line {block.number}); shorten it")
        yield block


def _parted(lines: Sequence[str], slips: Slips, commas: bool) -> Iterator[Block]:
    read = comma_times_in if commas else times_in
    block: Block | None = None
    unread = framed = timed = 0
    last = 0  # the number of the cue before
    for number, line in enumerate(lines, 1):
        if _FENCE.fullmatch(line):
            continue
        if found := read(line):
            timed += 1
            if block:
                block, last = _without_index(block, last, timed)
                yield block
            block = Block(number, found.start, found.end, [(number, found.text)] * bool(found.text))
        elif not commas and is_meant(line):
            unread += 1
            framed += frames_in(line)
            slips.add("broken-cue", f"line {number} {quoted(line)}")
            if block:
                yield _without_index(block, last, timed)[0]
            block = None
        elif block:
            block.lines.append((number, line))
        elif not timed and not unread and line.strip() and not _INDEX.fullmatch(line) and not line.startswith("["):
            slips.add("stray-text", f"line {number} {quoted(line)}")
    if framed and not timed:
        raise BadCaptions("have times in frames, whose rate they do not tell; export SRT with thousandths of a second")
    if block:
        yield block


def _without_index(block: Block, last: int, place: int) -> tuple[Block, int]:
    """The cue without the number of the one that follows it, which stands at its end, and that number.

    last: the number of the cue before; place: of the following one in the file, from 1.
    """
    kept = block.lines
    while kept and not kept[-1][1].strip():
        kept = kept[:-1]
    if kept and kept[-1] is block.lines[-1]:  # directly before the next times
        before = kept[-2][1] if len(kept) > 1 else ""
        written = re.search(r"\d+", kept[-1][1]) if _INDEX.fullmatch(kept[-1][1]) else None
        value = int(written[0][:9]) if written else 0
        counts = value in (0, 1, place - 1, place) or 0 <= value - last <= _GAP
        if written and (not before.strip() or (counts and kept[-1][1].strip().isdigit())):
            kept, last = kept[:-1], value
    return Block(block.number, block.start, block.end, kept), last


def spaced_singly(text: str) -> list[str]:
    """The lines of a text; where a blank line follows each of them, without these."""
    lines = text.split("\n")
    places = [number for number, line in enumerate(lines[:-2]) if times_in(line)]
    if places and all(not lines[n + 1].strip() and (n == 0 or not lines[n - 1].strip()) for n in places):
        halves = lines[::2], lines[1::2]
        for odd, even in (halves, halves[::-1]):
            if not any(line.strip() for line in even) and any(line.strip() for line in odd):
                return list(odd)
    return lines
