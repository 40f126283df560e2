"""Cues as files write them -> cues: no markup, the times inside them, what rolls up given once."""

import html
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import pysubs2

from basis.spans import Span
from pipeline.captions.cues import HARD_STOP, SHORTEST, BadCaptions, Band, Cue, spread
from presets.graphics import Word

MOST_SUBTITLES = 1_000_000  # characters of a file
MOST_CHARACTERS = 5000  # of one cue, markup included; what looks for markup takes the square of it
TOUCHING = 0.1  # seconds between two cues up to which the second may repeat the first as it rolls up
MOST_LINES = 4  # of a cue that may roll up
JOINER = "\u2060"  # no font draws it; formats put it where a reader would take a line for something else
MARKUP = re.compile(r"(\{[^}]*\}|<@\d+>)")  # of ASS, and thousandths of a second at which the next word is said
_COLOUR = re.compile(r"\\1?c(?:&H([0-9a-fA-F]{1,8})&?)?(?![a-zA-Z])|\\r")
_TAGS = re.compile(r"</?[a-zA-Z][^<>\n]*>|<\d[\d:.]*>")
_WORD = re.compile(r"^[ \t]*([-–—])(?=[ \t]*[^\s\d–—-])|\S+")  # a speaker's dash, as in «-Да», is one too


@dataclass(frozen=True)
class WrittenCue:
    """A cue as it is written: its words and their colours, the words that begin its lines, and the times inside it.

    said_at: seconds by the number of the word that is said from then on. until: seconds at which it leaves the screen.
    """

    texts: list[str]
    start: float
    end: float
    until: float
    colours: list[str | None]
    lines: list[int] = field(default_factory=list)
    said_at: dict[int, float] = field(default_factory=dict)
    band: Band | None = None


def refuse_long(text: str, parts: Sequence[str]) -> None:
    """Raises BadCaptions for a file whose text is too long, or a piece of it, a cue or less, that is."""
    if len(text) > MOST_SUBTITLES:
        raise BadCaptions("are larger than 1 MB; give the captions of this episode alone")
    if max(map(len, parts)) > MOST_CHARACTERS:
        raise BadCaptions(f"hold one of more than {MOST_CHARACTERS} characters; shorten it")


def open_subtitles(text: str, form: str) -> pysubs2.SSAFile:
    """A subtitle file as pysubs2 reads it, without comments and drawings; an empty one where it cannot."""
    try:
        file = pysubs2.SSAFile.from_string(text, form)
    except (pysubs2.exceptions.Pysubs2Error, ArithmeticError, LookupError, SyntaxError, TypeError, ValueError):
        return pysubs2.SSAFile()  # its reader checks little of what it is given
    file.events = [event for event in file if not (event.is_comment or event.is_drawing)]
    return file


def written_cue(event: pysubs2.SSAEvent, style: pysubs2.SSAStyle | None = None) -> WrittenCue:
    """An event in words. style: its style in a script; without one, no colour of its markup counts."""
    plain, colours, times = _unmarked(event.text, style)
    start, end = event.start / 1000, event.end / 1000
    found = WrittenCue([], start, end, end, [])
    begin, places = 0, list(colours)
    for line in plain.split("\n"):
        found.lines.append(len(found.texts))
        for match in _WORD.finditer(line):
            first = begin + match.start(1 if match[1] else 0)
            found.said_at.update((len(found.texts), times.pop(place)) for place in list(times) if place <= first)
            found.texts.append("—" if match[1] else match[0])
            found.colours.append(colours[places[bisect_right(places, first) - 1]])
            times = {place: at for place, at in times.items() if place >= begin + match.end()}  # the others part a word
        begin += len(line) + 1
    found.said_at.update((len(found.texts), at) for at in times.values())
    return found


def _unmarked(text: str, style: pysubs2.SSAStyle | None) -> tuple[str, dict[int, str | None], dict[int, float]]:
    """An event's text without markup; and by their places in it, the colours and the seconds that begin there."""
    own = _colour(style.primarycolor.r, style.primarycolor.g, style.primarycolor.b) if style else None
    plain, colours, times = "", {0: own}, {}
    for part in MARKUP.split(text):
        if part.startswith("<@") and MARKUP.fullmatch(part):
            times[len(plain)] = int(part[2:-1]) / 1000
        elif not MARKUP.fullmatch(part):
            piece = pysubs2.SSAEvent(text=part.replace(JOINER, "")).plaintext
            plain += html.unescape(_TAGS.sub("", piece))
        elif style and (found := list(_COLOUR.finditer(part))):
            value = int(found[-1][1] or "0", 16)  # &HBBGGRR
            colours[len(plain)] = _colour(value & 255, value >> 8 & 255, value >> 16 & 255) if found[-1][1] else own
    return plain, colours, times


def _colour(red: int, green: int, blue: int) -> str | None:
    """#RRGGBB, None for white, which says that nobody chose a colour."""
    return None if (red, green, blue) == (255, 255, 255) else f"#{red:02X}{green:02X}{blue:02X}"


def cues_of(found: Iterable[WrittenCue]) -> list[Cue]:
    """The cues in order of time; their words are timed where any of the file has times inside."""
    found = [written for written in found if written.texts]
    inside = any(written.said_at for written in found)
    return [as_cue(w, timed=inside and (bool(w.said_at) or len(w.texts) == 1)) for w in _unrolled(found)]


def _unrolled(found: Sequence[WrittenCue]) -> list[WrittenCue]:
    """Cues without the words that a cue before them, which rolls up, has shown already; in order of time."""
    found = sorted(found, key=lambda written: written.start)
    touching = sum(b.start - a.until <= TOUCHING for a, b in pairwise(found))
    repeated = [0, *(_repeated(a, b) for a, b in pairwise(found))][: len(found)]
    rolls = 2 * sum(map(bool, repeated)) >= touching  # else one word may well be said twice
    kept: list[WrittenCue] = []
    for written, count in zip(found, repeated, strict=True):
        if count < 2 and not (count and rolls):
            kept.append(written)
        elif count < len(written.texts):
            at = {word - count: seconds for word, seconds in written.said_at.items() if word >= count}
            lines = [max(0, word - count) for word in written.lines]
            kept.append(
                replace(written, texts=written.texts[count:], colours=written.colours[count:], lines=lines, said_at=at)
            )
        else:
            kept[-1] = replace(kept[-1], until=max(kept[-1].until, written.until))
    return kept


def _repeated(written: WrittenCue, following: WrittenCue) -> int:
    """With how many words a cue repeats the last lines of the one that it touches."""
    if following.start - written.until > TOUCHING:
        return 0
    for first in (0, *written.lines[-MOST_LINES:]):
        last = written.texts[first:]
        if last and following.texts[: len(last)] == last:
            return len(last)
    return 0


def as_cue(written: WrittenCue, timed: bool = False) -> Cue:
    """A cue whose words have the times that are written inside it, the others by their syllables."""
    texts, start, end, until = written.texts, written.start, written.end, written.until
    alone = end < start
    if end <= start:  # written without a duration
        end = until = start + (max(SHORTEST, len(" ".join(texts)) / HARD_STOP) if alone else SHORTEST)
    begins = [(0, start)]
    for word, at in sorted(written.said_at.items()):
        begins.append((word, min(max(at, begins[-1][1]), end)))
    times: list[Span] = []
    for (first, begin), (after, finish) in pairwise([*begins, (len(texts), end)]):
        times += spread(texts[first:after], [(begin, finish)])
    words = [
        Word(text=text, start=a, end=b, colour=colour)
        for text, colour, (a, b) in zip(texts, written.colours, times, strict=True)
    ]
    return Cue(words, start, until, timed, written.band, alone=alone)
