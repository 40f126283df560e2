"""Cues -> readable captions: at most two balanced lines, long enough on screen, no word lost."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

from basis.notes import Note
from basis.spans import Span
from pipeline.captions.breaks import break_cost
from pipeline.captions.cues import HARD_STOP, SHORTEST, Cue, at_times, said
from pipeline.captions.cutting import EARLY, LONGEST, Column, Piece, cut, runs
from presets.graphics import Caption, Word

# on screen
SMALLEST_TYPE = 36  # pixels; what is wider than a line even there is broken
GAP_FRAMES = 2  # between two captions, or none
LATE = 1.0  # seconds after its words that a caption may come before those ahead of it are hurried
CATCH_UP = 12  # captions ahead of one that may hurry it
FAST, MOST_FAST = "fast-speech", 3  # the code of captions that are too fast; so many are named one by one


def readable(
    cues: Sequence[Cue], column: Column, duration: float, rate: float, speed: float, begin: float = 0.0
) -> tuple[list[Caption], list[Note]]:
    """Captions of at most two lines that keep order, overlap nobody and lose no word; notes on the rest.

    All lie in [begin, duration) seconds; speed is in characters a second. Cues that can be read stay as they are; the
    others are split and merged at the words' own times, stretched into the pause that follows, or come a little early;
    those that would make others late are hurried. Notes name what stays too fast, too short, too wide or too late.
    """
    column = replace(column, measure=cache(column.measure))
    pieces = [piece for run in runs(cues, begin) for piece in cut(run, column, duration, speed)]
    captions: list[Caption] = []
    notes: list[Note] = []
    for piece, (start, end) in zip(pieces, _spans(pieces, begin, duration, rate, speed), strict=True):
        times = [(min(max(w.start, start), end), min(max(w.end, start), end)) for w in piece.words]
        lines = balanced(at_times(piece.words, times), column, piece.turn)
        captions.append(Caption(start=start, end=end, lines=lines, band=piece.band))
        for code, wrong in _wrong(piece, captions[-1], column, speed):
            text = f"The caption «{said(piece.words)}» at {start:.1f} s {wrong}"
            notes.append(Note(code=code, text=text, at=round(start, 3)))
    return captions, notes


def _wrong(piece: Piece, caption: Caption, column: Column, speed: float) -> Iterator[tuple[str, str]]:
    """A note's code and the end of its sentence for each thing that is wrong with a caption."""
    letters, shown, late = len(said(piece.words)), caption.end - caption.start, caption.start - piece.start
    if letters / shown > speed + 0.05:  # less would be written as the speed itself
        yield FAST, f"runs at {letters / shown:.1f} characters a second; {speed:g} can be read."
    elif shown < SHORTEST - 1e-6:
        yield "short-caption", f"is on screen for {shown:.2f} s; {SHORTEST} s can be seen."
    if late > LATE + 0.05:
        yield "late-caption", f"comes {late:.1f} s late: those before it need the time."
    if any(column.measure(word.text) * SMALLEST_TYPE / column.size > column.width for word in piece.words):
        yield "long-word", "has a word wider than a line; it is broken."
    elif any(column.measure(said(line)) > column.width for line in caption.lines):
        yield "wide-caption", "is wider than a line; it is set smaller."


def summed(captions: Sequence[Caption], notes: list[Note], speed: float) -> list[Note]:
    """The notes; where many captions are too fast, one stands for all of these."""
    fast = sum(note.code == FAST for note in notes)
    if fast <= MOST_FAST:
        return notes
    worst = max(captions, key=_speed)
    text = (
        f"{fast} captions run at more than the {speed:g} characters a second that can be read; the fastest, at "
        f"{worst.start:.1f} s, at {_speed(worst):.1f}."
    )
    return [Note(code=FAST, text=text, at=round(worst.start, 3)), *(note for note in notes if note.code != FAST)]


def _speed(caption: Caption) -> float:
    """Characters a second."""
    return len(" ".join(map(said, caption.lines))) / (caption.end - caption.start)


def balanced(words: list[Word], column: Column, turn: int) -> list[list[Word]]:
    """One line where it fits, else two, as equal as their break allows; turn: where a second speaker begins, if any."""
    if len(words) < 2 or (turn == len(words) and column.measure(said(words)) <= column.width):
        return [words]

    def cost(cut: int) -> float:
        lines = column.measure(said(words[:cut])), column.measure(said(words[cut:]))
        over = sum(max(0.0, line - column.width) for line in lines)
        return (max(lines) + 10 * over) / column.width + 0.15 * break_cost(words[cut - 1].text, words[cut].text)

    second = turn if turn < len(words) else min(range(1, len(words)), key=cost)
    return [words[:second], words[second:]]


def _spans(pieces: Sequence[Piece], begin: float, duration: float, rate: float, speed: float) -> list[Span]:
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
    spans: list[Span] = []
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


def _share(pieces: Sequence[Piece], least: Sequence[float], i: int, start: float) -> float:
    """What share, 0 to 1, of its least time beyond SHORTEST piece i may have from `start` on, so that none ahead of it
    comes more than LATE after its words."""
    share, beyond = 1.0, 0.0
    for k in range(i + 1, min(i + 1 + CATCH_UP, len(pieces))):
        beyond += least[k - 1] - SHORTEST
        room = pieces[k].start + LATE - start - (k - i) * SHORTEST
        if beyond > 0:
            share = min(share, max(0.0, room) / beyond)
    return share
