"""Cues -> readable captions: at most two balanced lines, long enough on screen, no word lost."""

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, pairwise
from typing import Literal

from pipeline.captions.cues import HARD_STOP, SHORTEST, Band, Cue, said
from pipeline.typesetting.wrapping import DASHES, SENTENCE_ENDS, STICKS_TO_NEXT, keeps_together
from presets.graphics import Caption, Word

# on screen, DELIVERY.md
LINE_WIDTH = 756  # pixels of text in a line
SMALLEST_TYPE = 36  # pixels; what is wider than a line even there is broken
LONGEST = 7.0  # seconds
GAP_FRAMES = 2  # between two captions, or none
EARLY = 0.3  # seconds that a caption comes before its words where it could not be read otherwise
LATE = 1.0  # seconds after its words that a caption may come before those ahead of it are hurried
CATCH_UP = 12  # captions ahead of one that may hurry it
MOST_FAST = 3  # captions that are too fast and named one by one
# cost of a way to cut a run of words into captions
CHANGED = 1.5  # a caption that is no cue of its author's
SHAPE, IDEAL = 1.5, 1.3 * LINE_WIDTH  # such a caption that is far from its best width, in pixels
UNREADABLE = 1.7  # an author's cue that is too fast or too short to be read: more than CHANGED
MISSING = 6.0  # each second by which a caption is too fast or too short
TOO_LONG = 0.5  # for each second after LONGEST that a cue of one line whose words have no times goes on
ACROSS = 2.0  # it ends in the middle of a sentence after the end of another
DANGLING, DANGLING_WORDS = 5.0, 2  # an author's cue that ends with so few words of the next sentence
FRAGMENT = 2.5  # an author's cue of one word that is no sentence
TOGETHER = 6.0  # a break between words that stay together
KEPT = 0.3  # share of a break's cost where the author has it too
AHEAD, AHEAD_FROM = 3.0, 0.7  # each second from so many on by which a cue merged into one before it is shown too early
PAUSE = 0.8  # seconds between two cues from which they are never one caption

LEANS_ON_NEXT = STICKS_TO_NEXT | frozenset((
    "для", "через", "перед", "между", "после", "около", "про", "ради", "среди", "против", "вокруг", "кроме", "вместо",
    "что", "чтобы", "если", "когда", "где", "куда", "пока", "потому", "поэтому", "или", "либо", "чем", "хотя", "зато",
    "который", "которая", "которое", "которые", "которых", "которым", "которого", "которой", "которую", "котором",
    "наш", "наша", "наше", "наши", "нашей", "нашего", "мой", "моя", "моё", "мои", "моей", "моего", "его", "её", "их",
    "свой", "свою", "свои", "этот", "эта", "эти", "этой", "этого", "очень", "самый", "самая", "самое", "более", "менее",
    "каждый", "каждая", "каждую", "двадцать", "тридцать", "сорок", "пятьдесят", "сто",
    "ещё", "уже", "только", "даже", "именно", "почти",
))  # fmt: skip
ABBREVIATIONS = frozenset(
    "г. гг. т. тт. ул. д. кв. им. стр. руб. коп. тыс. млн. млрд. см. проф. акад. инж. св.".split()
)
_CLOSING = "»”\"')]"
_SOUND = re.compile(r"\[[^\[\]]+\]|\([^()]+\)")

Wrong = Literal["fast", "short", "late", "wide"]

Measure = Callable[[str], float]  # pixels of a text


@dataclass(frozen=True)
class Unread:
    """What is wrong with a caption, and the sentence that says so."""

    wrong: Wrong
    caption: Caption
    sentence: str


def readable(
    cues: Sequence[Cue],
    measure: Measure,
    duration: float,
    rate: float,
    speed: float,
    size: float,
    begin: float = 0.0,
) -> tuple[list[Caption], list[Unread]]:
    """Captions of at most two lines that keep order, overlap nobody and lose no word; warnings for the rest.

    All lie in [begin, duration) seconds. measure gives the width in pixels of a text at type of `size` pixels; speed is
    in characters a second. Cues that can be read stay as they are; the others are split and merged at the words' own
    times, stretched into the pause that follows, or come a little early; those that would make others late are hurried.
    Warnings name what stays too fast, too short, too wide or too late.
    """
    measure = cache(measure)
    pieces = [piece for run in _runs(cues, begin) for piece in _cut(run, measure, duration, speed)]
    captions: list[Caption] = []
    unread: list[Unread] = []
    for piece, (start, end) in zip(pieces, _spans(pieces, begin, duration, rate, speed), strict=True):
        held = [
            w.model_copy(update={"start": min(max(w.start, start), end), "end": min(max(w.end, start), end)})
            for w in piece.words
        ]
        caption = Caption(start=start, end=end, lines=balanced(held, measure, piece.turn), band=piece.band)
        captions.append(caption)
        text, shown = said(piece.words), end - start
        where = f"The caption «{text}» at {start:.1f} s"
        if len(text) / shown > speed + 0.05:  # less would be written as the speed itself
            sentence = f"{where} runs at {len(text) / shown:.1f} characters a second; {speed:g} can be read."
            unread.append(Unread("fast", caption, sentence))
        elif shown < SHORTEST - 1e-6:
            unread.append(
                Unread("short", caption, f"{where} is on screen for {shown:.2f} s; {SHORTEST} s can be seen.")
            )
        if start > piece.start + LATE + 0.05:
            late = start - piece.start
            unread.append(Unread("late", caption, f"{where} comes {late:.1f} s late: those before it need the time."))
        if any(measure(word.text) * SMALLEST_TYPE / size > LINE_WIDTH for word in piece.words):
            unread.append(Unread("wide", caption, f"{where} has a word wider than a line; it is broken."))
        elif any(measure(line) > LINE_WIDTH for line in map(said, caption.lines)):
            unread.append(Unread("wide", caption, f"{where} is wider than a line; it is set smaller."))
    return captions, unread


def summed(unread: Sequence[Unread], speed: float) -> list[str]:
    """The warnings as sentences; where many captions are too fast, one sentence stands for all of these."""
    fast = [u.caption for u in unread if u.wrong == "fast"]
    if len(fast) <= MOST_FAST:
        return [u.sentence for u in unread]
    worst = max(fast, key=_speed)
    return [
        f"{len(fast)} captions run at more than the {speed:g} characters a second that can be read; the fastest, at "
        f"{worst.start:.1f} s, at {_speed(worst):.1f}.",
        *(u.sentence for u in unread if u.wrong != "fast"),
    ]


def _speed(caption: Caption) -> float:
    """Characters a second."""
    return len(" ".join(map(said, caption.lines))) / (caption.end - caption.start)


@dataclass(frozen=True)
class _Run:
    """Cues that may flow into each other, and the times between which they may be on screen."""

    cues: list[Cue]
    after: float
    before: float | None


@dataclass(frozen=True)
class _Piece:
    """Words of one caption, [start, end) seconds in which they are said, and which word begins a second speaker's line.

    turn: len(words) where there is one speaker.
    """

    words: list[Word]
    start: float
    end: float
    band: Band | None
    turn: int


def _runs(cues: Sequence[Cue], begin: float) -> Iterator[_Run]:
    groups: list[list[Cue]] = []
    for cue in cues:
        if groups and _flows(groups[-1][-1], cue):
            groups[-1].append(cue)
        else:
            groups.append([cue])
    after = begin
    for number, group in enumerate(groups):
        yield _Run(group, after, groups[number + 1][0].start if number + 1 < len(groups) else None)
        after = max(after, group[-1].end)


def _flows(cue: Cue, following: Cue) -> bool:
    """Whether two cues may share a caption: one sentence, one speaker, no long pause."""
    last, first = cue.words[-1].text, following.words[0].text
    return (
        cue.band == following.band
        and cue.stretch == following.stretch
        and -0.1 <= following.start - cue.end < PAUSE
        and not _ends(last, first)
        and first not in DASHES
        and not (cue.alone or following.alone)
        and not _SOUND.match(said(cue.words))
        and not _is_sound(following)
    )


def _is_sound(cue: Cue) -> bool:
    """Whether a cue is a sound in brackets, as «[гудок]»."""
    text = said(cue.words)
    return text[0] in "[(" and text.rstrip(".,!?…")[-1:] in ("]", ")") and text.count(text[0]) == 1


def _ends(last: str, following: str) -> bool:
    """Whether a sentence ends between two words; initials and shortened words end none."""
    bare = last.rstrip(_CLOSING)
    if not bare.endswith(SENTENCE_ENDS):
        return False
    if following[:1].islower() and (bare != last or bare.endswith(("…", "..."))):
        return False  # «Стой!» сказал он; ну... не знаю
    start = bare.lstrip("«(„“\"'[")
    return not (len(start) == 2 and start[0].isupper() and start[1] == ".") and start.lower() not in ABBREVIATIONS


def _cut(run: _Run, measure: Measure, duration: float, speed: float) -> list[_Piece]:
    """The run's words in captions, by the cheapest of all ways to cut it that fit (dynamic programming over breaks).

    What a way costs is the sum over its captions of what is wrong with them and over its breaks of how badly they lie.
    """
    words = [word for cue in run.cues for word in cue.words]
    count, timed = len(words), run.cues[0].timed
    first = set(accumulate((len(cue.words) for cue in run.cues), initial=0))
    begin = [word.start for word in words]
    finish = [0.0, *(word.end for word in words)]
    place = 0
    for cue in run.cues:
        begin[place] = cue.start
        place += len(cue.words)
        finish[place] = cue.end
    free = min(duration, max(finish[-1], duration if run.before is None else run.before))
    following = [*begin, free]
    room = [min(EARLY, max(0.0, begin[0] - run.after))]
    room += [min(EARLY, max(0.0, begin[i] - finish[i])) for i in range(1, count)]
    authors = list(accumulate((int(i in first) for i in range(count + 1)), initial=0))
    letters = list(accumulate((len(word.text) + 1 for word in words), initial=0))
    # a word wider than a line fills one; kerning, left out here, only brings words closer
    space = measure(" ")
    edges = list(accumulate((min(measure(word.text), LINE_WIDTH) + space for word in words), initial=0.0))
    speakers = _speakers(run.cues)
    breaks = _breaks(words, run.cues, speakers)
    ends = [False, *(_ends(a.text, b.text) for a, b in pairwise(words)), True]
    ended = list(accumulate(map(int, ends), initial=0))
    came = _came(run.cues)
    changes = list(accumulate(map(int, [*speakers, False]), initial=0))

    def cost(i: int, j: int) -> float:
        """What is wrong with the caption of the words from i up to j; infinite where it does not fit."""
        own = i in first and j in first and authors[j + 1] - authors[i] == 2
        width, total = edges[j] - edges[i] - space, 0.0
        inner = changes[j] - changes[i + 1]  # speakers that begin inside
        if inner or width > LINE_WIDTH:
            lowest = max(i + 1, bisect_left(edges, edges[j] - space - LINE_WIDTH - 1e-6))
            highest = min(j - 1, bisect_right(edges, edges[i] + space + LINE_WIDTH + 1e-6) - 1)
            if inner:
                if inner > 1 or not lowest <= speakers.index(True, i + 1) <= highest:
                    return math.inf
                total += 2 * ACROSS * (not speakers[i])
            elif lowest > highest:
                return math.inf
            else:
                total += 0.5 * min(breaks[lowest : highest + 1])
        over = finish[j] - begin[i] - LONGEST
        if over > 0 and j > i + 1:
            if not own or timed or width > LINE_WIDTH:
                return math.inf
            total += TOO_LONG * over
        shown = following[j] - begin[i] + room[i]
        needed = max(SHORTEST, (letters[j] - letters[i] - 1) / speed)
        if shown < needed - 1e-6:
            total += UNREADABLE * own + MISSING * (needed - shown)
        last = came[j]
        if last > i:
            total += AHEAD * max(0.0, begin[last] - begin[i] - AHEAD_FROM)
        sentences = ended[j] - ended[i + 1]  # that end inside
        if not own:
            total += CHANGED + SHAPE * ((width - IDEAL) / IDEAL) ** 2
            if sentences:
                total += ACROSS * (not ends[j]) + ACROSS / 2 * (i > 0 and not ends[i])
        elif j == i + 1 and (i > 0 or j < count) and not (ends[i] and ends[j]):
            total += FRAGMENT
        elif sentences:
            tail = not ends[j] and any(ends[max(i + 1, j - DANGLING_WORDS) : j])
            head = i > 0 and not ends[i] and any(ends[i + 1 : min(j, i + 1 + DANGLING_WORDS)])
            total += DANGLING * (tail + head)
        return total

    best = [0.0] + [math.inf] * count
    come = [0] * (count + 1)
    for j in range(1, count + 1):
        price = (KEPT if j in first and breaks[j] < TOGETHER else 1.0) * breaks[j] if j < count else 0.0
        for i in range(j - 1, -1, -1):
            if j - i > 1 and edges[j] - edges[i] - space > 2 * LINE_WIDTH + space + 1e-6:
                break
            before = best[i] + price
            if before < best[j] and (total := before + cost(i, j)) < best[j]:
                best[j], come[j] = total, i
    places = [count]
    while places[-1]:
        places.append(come[places[-1]])
    return [
        _Piece(
            words[i:j],
            begin[i],
            max(begin[i], finish[j]),
            run.cues[0].band,
            [*speakers[i + 1 : j], True].index(True) + 1,
        )
        for i, j in pairwise(reversed(places))
    ]


def _came(cues: Sequence[Cue]) -> list[int]:
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


def _breaks(words: Sequence[Word], cues: Sequence[Cue], speakers: Sequence[bool]) -> list[float]:
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


def break_cost(last: str, following: str) -> float:
    """How badly a break lies between two words, by their looks."""
    if keeps_together(last, following) or (last[-1].isdigit() and following[0].isdigit()):  # 3 000
        return TOGETHER
    if _ends(last, following):
        return 0.0
    bare = last.rstrip(_CLOSING)
    if last[-1] in ")]" or following[0] in "([":
        return 0.2
    if bare[-1:] in tuple(",;:") or last in DASHES or bare.endswith(SENTENCE_ENDS):
        return 0.3
    lean = last.lower().lstrip('«(„“"')
    named = last[0].isupper() and following[0].isupper()  # as first name and surname
    if lean in LEANS_ON_NEXT or lean in ABBREVIATIONS or last[-1].isdigit() or named:
        return 2.0
    return 0.7 if following.lower() in LEANS_ON_NEXT else 1.2


def _depths(cues: Sequence[Cue]) -> Iterator[float]:
    """After each word, what a break costs more since brackets or quotes are open."""
    for cue in cues:
        brackets = quotes = 0
        for word in cue.words:
            brackets = max(0, brackets + sum((c in "([") - (c in ")]") for c in word.text))
            quotes = max(0, quotes + sum((c == "«") - (c == "»") for c in word.text))
            yield 2.0 * (brackets > 0) + 0.5 * (quotes > 0)


def balanced(words: list[Word], measure: Measure, turn: int) -> list[list[Word]]:
    """One line where it fits, else two, as equal as their break allows; turn: where a second speaker begins, if any."""
    if len(words) < 2 or (turn == len(words) and measure(said(words)) <= LINE_WIDTH):
        return [words]

    def cost(cut: int) -> float:
        lines = measure(said(words[:cut])), measure(said(words[cut:]))
        over = sum(max(0.0, line - LINE_WIDTH) for line in lines)
        return (max(lines) + 10 * over) / LINE_WIDTH + 0.15 * break_cost(words[cut - 1].text, words[cut].text)

    cut = turn if turn < len(words) else min(range(1, len(words)), key=cost)
    return [words[:cut], words[cut:]]


def _spans(
    pieces: Sequence[_Piece], begin: float, duration: float, rate: float, speed: float
) -> list[tuple[float, float]]:
    """When each piece is on screen: in order, inside [begin, duration), none over another.

    A piece starts with its first word, a little before it if only that makes it readable, or when the one before it has
    had the least time that it can be read in, or less where that would come after LATE; those near the end start
    earlier where they would not fit. If all of them cannot fit, the rest shares what time is left.
    """
    lengths = [len(said(piece.words)) for piece in pieces]
    least = [min(LONGEST, max(SHORTEST, length / HARD_STOP)) for length in lengths]
    latest = [duration] * (len(pieces) + 1)
    for i in reversed(range(len(pieces))):
        latest[i] = latest[i + 1] - least[i]
    gap = GAP_FRAMES / rate
    spans: list[tuple[float, float]] = []
    free = begin
    for i, piece in enumerate(pieces):
        following = min(pieces[i + 1].start, latest[i + 1]) if i + 1 < len(pieces) else duration
        needed = max(SHORTEST, lengths[i] / speed)
        early = min(EARLY, max(0.0, piece.start + needed - following))
        start = max(free, min(piece.start - early, latest[i]))
        if spans and 0 < start - free < gap:
            if start - spans[-1][0] <= LONGEST:
                spans[-1] = (spans[-1][0], start)
            else:
                start = free
        if start > latest[i] + 1e-9:
            end = start + (duration - start) * least[i] / (duration - latest[i])
        else:
            wanted = max(piece.end, start + needed)
            hurried = SHORTEST + _share(pieces, least, i, start) * (least[i] - SHORTEST)
            end = min(wanted, max(following, start + hurried), start + LONGEST, duration)
        spans.append((start, end))
        free = end
    return spans


def _share(pieces: Sequence[_Piece], least: Sequence[float], i: int, start: float) -> float:
    """What share, 0 to 1, of its least time beyond SHORTEST piece i may have from `start` on, so that none ahead of it
    comes more than LATE after its words."""
    share, beyond = 1.0, 0.0
    for k in range(i + 1, min(i + 1 + CATCH_UP, len(pieces))):
        beyond += least[k - 1] - SHORTEST
        room = pieces[k].start + LATE - start - (k - i) * SHORTEST
        if beyond > 0:
            share = min(share, max(0.0, room) / beyond)
    return share
