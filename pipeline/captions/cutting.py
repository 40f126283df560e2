"""A run of words -> captions of one line or two, by the cheapest of all ways to cut it (dynamic programming over seams)."""

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from operator import attrgetter

from pipeline.captions.breaks import TOGETHER, break_cost, ends_sentence
from pipeline.captions.cues import SHORTEST, Band, Cue, said
from pipeline.typesetting.wrapping import DASHES, SENTENCE_ENDS
from presets.graphics import Word

LINE_WIDTH = 756  # pixels of text in a line
LONGEST = 7.0  # seconds on screen
EARLY = 0.3  # seconds that a caption comes before its words where it could not be read otherwise
PAUSE = 0.8  # seconds between two cues from which they are never one caption
# What is wrong with a caption. One that is no cue of its author's:
CHANGED = 1.5  # «Мы плавим» of a cue «Мы плавим сталь»
SHAPE, IDEAL = 1.5, 1.3  # it is far from its best width, in widths of a line: «Мы» alone
ACROSS = 2.0  # it ends in the middle of a sentence after the end of another: «Тут тепло. Он»
AHEAD, AHEAD_FROM = 3.0, 0.7  # each second from so many on by which a cue merged into one before it is shown too early
# one that is: CHANGED and SHAPE are what it costs to cut it anew
UNREADABLE = 1.7  # it is too fast or too short to be read: «Печь» for 0.3 s
TOO_LONG = 0.5  # each second after LONGEST that one line whose words have no times goes on: «Это завод» for 9 s
DANGLING, DANGLING_WORDS = 5.0, 2  # it ends with so few words of the next sentence: «Мы открыли завод. Он»
FRAGMENT = 2.5  # it is one word and no sentence: «гаснет» of «Печь | не | гаснет | никогда.»
# and any
MISSING = 6.0  # each second by which it is too fast or too short
KEPT = 0.3  # share of what a break costs where the author has it too: «Отец привёл меня, | когда» at the end of a cue
_SOUND = re.compile(r"\[[^\[\]]+\]|\([^()]+\)")


@dataclass(frozen=True)
class Column:
    """Where captions are set: how many pixels a text takes in type of `size` pixels, and how many a line has."""

    measure: Callable[[str], float]
    size: float
    width: float = LINE_WIDTH


@dataclass(frozen=True)
class Run:
    """Cues that may flow into each other, and the times between which they may be on screen."""

    cues: list[Cue]
    after: float
    before: float | None


@dataclass(frozen=True)
class Piece:
    """Words of one caption, [start, end) seconds in which they are said, and which word begins a second speaker's line.

    turn: len(words) where there is one speaker.
    """

    words: list[Word]
    start: float
    end: float
    band: Band | None
    turn: int


def runs(cues: Sequence[Cue], begin: float) -> Iterator[Run]:
    groups: list[list[Cue]] = []
    for cue in cues:
        if groups and _flows(groups[-1][-1], cue):
            groups[-1].append(cue)
        else:
            groups.append([cue])
    after = begin
    for number, group in enumerate(groups):
        yield Run(group, after, groups[number + 1][0].start if number + 1 < len(groups) else None)
        after = max(after, group[-1].end)


def _flows(cue: Cue, following: Cue) -> bool:
    """Whether two cues may share a caption: one sentence, one speaker, no long pause."""
    last, first = cue.words[-1].text, following.words[0].text
    return (
        cue.band == following.band
        and cue.stretch == following.stretch
        and -0.1 <= following.start - cue.end < PAUSE
        and not ends_sentence(last, first)
        and first not in DASHES
        and not (cue.alone or following.alone)
        and not _SOUND.match(said(cue.words))
        and not _is_sound(following)
    )


def _is_sound(cue: Cue) -> bool:
    """Whether a cue is a sound in brackets, as «[гудок]»."""
    text = said(cue.words)
    return text[0] in "[(" and text.rstrip(".,!?…")[-1:] in ("]", ")") and text.count(text[0]) == 1


def cut(run: Run, column: Column, duration: float, speed: float) -> list[Piece]:
    """The run's words in captions, at `speed` characters a second and until second `duration` at most.

    What a way to cut them costs is the sum over its captions of what is wrong with them and over its breaks of how badly
    they lie.
    """
    ways = _Ways(_seams(run, column, duration), column.width, column.measure(" "), speed, run.cues[0].timed)
    best, come = [0.0], [0]
    for j, b in enumerate(ways.seams[1:], 1):
        price = b.price * (KEPT if b.cue and b.price < TOGETHER else 1.0)
        cheapest, begin = math.inf, 0
        for i in range(j - 1, -1, -1):
            if j - i > 1 and ways.pixels(i, j) > 2 * column.width + ways.space + 1e-6:
                break
            before = best[i] + price
            if before < cheapest and (total := before + ways.cost(i, j)) < cheapest:
                cheapest, begin = total, i
        best.append(cheapest)
        come.append(begin)
    places = [len(ways.seams) - 1]
    while places[-1]:
        places.append(come[places[-1]])
    words = [word for cue in run.cues for word in cue.words]
    return [ways.piece(words, i, j, run.cues[0].band) for i, j in pairwise(reversed(places))]


@dataclass(frozen=True, slots=True)
class _Seam:
    """A place before a word of a run or after its last one: what it means for a caption to begin or to end there.

    begin, end: seconds at which one does. room: seconds that it could begin earlier. edge, letters: pixels and characters
    of all words before it, each with a space. price: how badly a break lies here. cue, sentence, turn: whether a cue of
    the author's begins or ends, a sentence ends or a second speaker begins; cues, sentences, turns: at how many seams
    before this one. read_at_once: number of the first word of the last cue before it that its author meant to be read at once.
    """

    begin: float
    end: float
    room: float
    edge: float
    letters: int
    price: float
    cue: bool
    sentence: bool
    turn: bool
    cues: int
    sentences: int
    turns: int
    read_at_once: int


@dataclass(frozen=True)
class _Ways:
    """All ways to cut a run at its seams. width, space: pixels of a line and of a space. timed: its words are."""

    seams: list[_Seam]
    width: float
    space: float
    speed: float
    timed: bool

    def pixels(self, i: int, j: int) -> float:
        """Width of the words from seam i up to seam j in one line."""
        return self.seams[j].edge - self.seams[i].edge - self.space

    def cost(self, i: int, j: int) -> float:
        """What is wrong with the caption of the words from seam i up to seam j; infinite where it does not fit."""
        a, b = self.seams[i], self.seams[j]
        own = a.cue and b.cue and b.cues - a.cues == 1
        width = self.pixels(i, j)
        turns = b.turns - a.turns - a.turn  # that begin inside
        lines = self._two_lines(i, j, turns) if turns or width > self.width else 0.0
        over = b.end - a.begin - LONGEST if j > i + 1 else 0.0
        if lines == math.inf or (over > 0 and (not own or self.timed or width > self.width)):
            return math.inf
        changed = 0.0 if own else CHANGED + SHAPE * ((width - IDEAL * self.width) / (IDEAL * self.width)) ** 2
        haste, ahead = self._haste(a, b, own), self._ahead(i, j)
        return lines + TOO_LONG * max(0.0, over) + haste + ahead + changed + self._sense(i, j, own)

    def piece(self, words: Sequence[Word], i: int, j: int, band: Band | None) -> Piece:
        a, b = self.seams[i], self.seams[j]
        turn = next((k for k in range(i + 1, j) if self.seams[k].turn), j) - i
        return Piece(list(words[i:j]), a.begin, max(a.begin, b.end), band, turn)

    def _two_lines(self, i: int, j: int, turns: int) -> float:
        """What the break between two lines costs; infinite where there is none that leaves both narrow enough."""
        a, b = self.seams[i], self.seams[j]
        edge = attrgetter("edge")
        lowest = bisect_left(self.seams, b.edge - self.space - self.width - 1e-6, i + 1, j, key=edge)
        highest = bisect_right(self.seams, a.edge + self.space + self.width + 1e-6, i + 1, j, key=edge) - 1
        if turns:  # the second speaker begins the second line
            turn = next(k for k in range(i + 1, j) if self.seams[k].turn)
            return 2 * ACROSS * (not a.turn) if turns == 1 and lowest <= turn <= highest else math.inf
        return 0.5 * min((seam.price for seam in self.seams[lowest : highest + 1]), default=math.inf)

    def _haste(self, a: _Seam, b: _Seam, own: bool) -> float:
        """What it costs that there is too little time to read the words."""
        shown = b.begin - a.begin + a.room
        needed = max(SHORTEST, (b.letters - a.letters - 1) / self.speed)
        return UNREADABLE * own + MISSING * (needed - shown) if shown < needed - 1e-6 else 0.0

    def _ahead(self, i: int, j: int) -> float:
        """What it costs that the last cue of several is shown before it is said."""
        last = self.seams[j].read_at_once
        return AHEAD * max(0.0, self.seams[last].begin - self.seams[i].begin - AHEAD_FROM) if last > i else 0.0

    def _sense(self, i: int, j: int, own: bool) -> float:
        """What it costs that the caption begins or ends inside a sentence."""
        a, b = self.seams[i], self.seams[j]
        inside = b.sentences - a.sentences - a.sentence  # sentences that end inside
        if own and j == i + 1 and len(self.seams) > 2 and not (a.sentence and b.sentence):
            return FRAGMENT
        if not inside:
            return 0.0
        if not own:
            return ACROSS * (not b.sentence) + ACROSS / 2 * (not a.sentence)
        tail = not b.sentence and any(seam.sentence for seam in self.seams[max(i + 1, j - DANGLING_WORDS) : j])
        head = not a.sentence and any(seam.sentence for seam in self.seams[i + 1 : min(j, i + 1 + DANGLING_WORDS)])
        return DANGLING * (tail + head)


def _seams(run: Run, column: Column, duration: float) -> list[_Seam]:
    words = [word for cue in run.cues for word in cue.words]
    firsts = list(accumulate((len(cue.words) for cue in run.cues), initial=0))
    begin, end = [word.start for word in words], [0.0, *(word.end for word in words)]
    for cue, first, after in zip(run.cues, firsts, firsts[1:], strict=False):
        begin[first], end[after] = cue.start, cue.end
    begin.append(min(duration, max(end[-1], duration if run.before is None else run.before)))
    room = [min(EARLY, max(0.0, a - b)) for a, b in zip(begin, [run.after, *end[1:]], strict=True)]
    space = column.measure(" ")
    # a word wider than a line fills one; kerning, left out here, only brings words closer
    edges = accumulate((min(column.measure(word.text), column.width) + space for word in words), initial=0.0)
    letters = accumulate((len(word.text) + 1 for word in words), initial=0)
    turns = [*_speakers(run.cues), False]
    cues = [False] * len(begin)
    for first in firsts:
        cues[first] = True
    sentences = [True, *(ends_sentence(a.text, b.text) for a, b in pairwise(words)), True]
    counts = [accumulate(map(int, those), initial=0) for those in (cues, sentences, turns)]
    return [
        _Seam(*values)
        for values in zip(
            begin, end, room, edges, letters, _prices(words, run.cues, turns), cues, sentences, turns, *counts,
            _read_at_once(run.cues), strict=False,
        )
    ]  # fmt: skip


def _read_at_once(cues: Sequence[Cue]) -> list[int]:
    """For each number of words, the first word of the last cue among them that its author meant to be read at once.

    0 where there is none: cues of one word, and those whose words have their own times, come from what was heard.
    """
    found = [0]
    last = 0
    for cue in cues:
        if not cue.timed and len(cue.words) > 1:
            last = len(found) - 1
        found += [last] * len(cue.words)
    return found


def _speakers(cues: Sequence[Cue]) -> list[bool]:
    """For each word whether it is the dash before what a speaker says, as both in «— Да. — Нет.»."""
    found: list[bool] = []
    for cue in cues:
        texts = [word.text for word in cue.words]
        spoken = texts[0] in DASHES and len(texts) > 1
        for number, text in enumerate(texts):
            inner = 1 < number < len(texts) - 1 and text in DASHES
            begins = inner and (texts[number - 1].endswith(SENTENCE_ENDS) or texts[number + 1][0].isupper())
            found.append(spoken and (number == 0 or begins))
    return found


def _prices(words: Sequence[Word], cues: Sequence[Cue], speakers: Sequence[bool]) -> list[float]:
    """How badly a break lies before each word, from 0 after a sentence to TOGETHER, and none before the first."""
    inside = list(_depths(cues))
    found = [0.0]
    for number, (last, following) in enumerate(pairwise(words), 1):
        cost = break_cost(last.text, following.text)
        if speakers[number]:
            cost = 0.0
        elif speakers[number - 1]:
            cost = TOGETHER
        elif 0 < cost < TOGETHER:
            cost = max(0.1, cost - min(0.5, max(0.0, following.start - last.end))) + inside[number - 1]
        found.append(cost)
    return [*found, 0.0]


def _depths(cues: Sequence[Cue]) -> Iterator[float]:
    """After each word, what a break costs more since brackets or quotes are open."""
    for cue in cues:
        brackets = quotes = 0
        for word in cue.words:
            brackets = max(0, brackets + sum((c in "([") - (c in ")]") for c in word.text))
            quotes = max(0, quotes + sum((c == "«") - (c == "»") for c in word.text))
            yield 2.0 * (brackets > 0) + 0.5 * (quotes > 0)
