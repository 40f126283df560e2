"""Cues as files write them -> cues: the times inside them, what rolls up given once."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from basis.spans import Span
from pipeline.captions.cues import HARD_STOP, SHORTEST, Band, Cue, spread
from pipeline.captions.markup import Plain
from pipeline.captions.slips import Slips, quoted
from pipeline.captions.visible import words_of
from pipeline.typesetting.wrapping import SENTENCE_ENDS
from presets.graphics import Word

TOUCHING = 0.1  # seconds between two cues up to which the second may repeat the first as it rolls up
MOST_LINES = 4  # of a cue that may roll up
LOOP = 3  # times that one text comes without a pause, from which on a transcript is caught in a loop


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


def written_cue(plain: Plain, start: float, end: float) -> WrittenCue:
    """A cue of a text without markup, in words."""
    found = WrittenCue([], start, end, end, [])
    begin, places, times = 0, sorted({0: None} | plain.colours), plain.times
    for line in plain.text.split("\n"):
        found.lines.append(len(found.texts))
        for place, text in words_of(line):
            first = begin + place
            found.said_at.update((len(found.texts), times[at]) for at in times if at <= first)
            found.texts.append(text)
            found.colours.append(plain.colours.get(places[bisect_right(places, first) - 1]))
            times = {at: seconds for at, seconds in times.items() if at >= first + len(text)}  # the others part a word
        begin += len(line) + 1
    found.said_at.update((len(found.texts), seconds) for seconds in times.values())
    return found


def cues_of(found: Iterable[WrittenCue], slips: Slips) -> list[Cue]:
    """The cues in order of time; their words are timed where any of the file has times inside."""
    found = [written for written in found if written.texts]
    inside = any(written.said_at for written in found)
    unrolled = _unrolled(sorted(found, key=lambda written: written.start), inside, slips)
    return [as_cue(w, timed=inside and (bool(w.said_at) or len(w.texts) == 1)) for w in unrolled]


def _unrolled(found: Sequence[WrittenCue], inside: bool, slips: Slips) -> list[WrittenCue]:
    """Cues without the lines that a cue before them, which rolls up, has shown already. inside: any has times inside."""
    touching = sum(b.start - a.until <= TOUCHING for a, b in pairwise(found))
    repeated = [0, *(_repeated(a, b) for a, b in pairwise(found))][: len(found)]
    grown = [n for n, count in enumerate(repeated) if 0 < count < len(found[n].texts)]
    rolls = 2 * sum(map(bool, repeated)) >= touching and (inside or _grow_by_themselves(found, grown))
    loops = _loops(found, repeated)
    kept: list[WrittenCue] = []
    for number, (written, count) in enumerate(zip(found, repeated, strict=True)):
        if 0 < count == len(written.texts) and (rolls or number in loops or written.texts[0][0] in "[("):
            slips.add("rolled-captions" if rolls else "repeated-captions", _named(written))
            kept[-1] = replace(kept[-1], until=max(kept[-1].until, written.until))
        elif rolls and 0 < count < len(written.texts):
            slips.add("rolled-captions", _named(written))
            kept.append(_without_first(written, count))
        else:
            kept.append(written)
    return kept


def _grow_by_themselves(found: Sequence[WrittenCue], grown: Sequence[int]) -> bool:
    """Whether cues that repeat the one before were made by a machine: people who say a sentence twice do it once."""
    if len(grown) > 1:
        return True
    return any(
        found[n].start < found[n - 1].until - TOUCHING or not found[n - 1].texts[-1].endswith(SENTENCE_ENDS)
        for n in grown
    )


def _loops(found: Sequence[WrittenCue], repeated: Sequence[int]) -> set[int]:
    """The cues of more than a word that say what LOOP and more in a row say."""
    loops: set[int] = set()
    run: list[int] = []
    for number, (written, count) in enumerate(zip(found, repeated, strict=True)):
        if not 0 < count == len(written.texts):
            run.clear()
        run.append(number)
        if len(run) >= LOOP and len(written.texts) > 1:
            loops |= {*run} if len(run) == LOOP else {number}
    return loops


def _named(written: WrittenCue) -> str:
    return f"{quoted(' '.join(written.texts))} at {written.start:.1f} s"


def _without_first(written: WrittenCue, count: int) -> WrittenCue:
    """The cue without so many words at its beginning."""
    at = {word - count: seconds for word, seconds in written.said_at.items() if word >= count}
    lines = [word - count for word in written.lines if word >= count]
    return replace(written, texts=written.texts[count:], colours=written.colours[count:], lines=lines, said_at=at)


def _repeated(written: WrittenCue, following: WrittenCue) -> int:
    """With how many words, in whole lines, a cue repeats the last lines of the one that it touches."""
    if following.start - written.until > TOUCHING:
        return 0
    for first in dict.fromkeys((0, *written.lines[-MOST_LINES:])):
        last = written.texts[first:]
        if last and following.texts[: len(last)] == last and len(last) in (*following.lines, len(following.texts)):
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
