"""Cues: words with times, as the author of a caption file cut them."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Literal

from basis.spans import Span, Spans, clip
from presets.graphics import Word

SHORTEST = 0.83  # seconds on screen
HARD_STOP = 20.0  # characters a second; no cue is made faster to make room for its neighbours
MOST_CUES = 20_000
MOST_WORDS = 100_000
MOST_CHARACTERS = 5000  # of one cue, markup included
_VOWELS = re.compile(r"[аеёиоуыэюяaeiouy]", re.IGNORECASE)

Band = Literal["lower", "upper"]


class BadCaptions(Exception):
    """What is wrong with captions, as it goes on after their name: «are empty; export them as SRT in UTF-8»."""


@dataclass(frozen=True)
class Cue:
    """A caption as its author cut it: its words, and [start, end) seconds on screen.

    timed: whether the words' times are the file's own; else they are spread over the cue. stretch: of the episode.
    alone: it ended before it began in the file, so that its end is a guess; it is never merged with others.
    """

    words: list[Word]
    start: float
    end: float
    timed: bool = False
    band: Band | None = None
    stretch: int = 0
    alone: bool = False


def said(words: Sequence[Word]) -> str:
    """The words as one line."""
    return " ".join(w.text for w in words)


def spread(texts: Sequence[str], parts: Spans) -> list[Span]:
    """Times of words that share parts of time by their syllables; no word lies in two parts where that can be."""
    weights = [max(1, len(_VOWELS.findall(text))) for text in texts]
    edges = [0.0, *accumulate(weights)]
    seams = [0.0, *accumulate(b - a for a, b in parts)]  # of the parts put together
    edges = [min(edge * seams[-1] / max(edges[-1], 1), seams[-1]) for edge in edges]
    for seam in seams[1:-1]:
        near = min(range(len(edges)), key=lambda n: abs(edges[n] - seam))
        if 0 < near < len(edges) - 1:
            edges[near] = seam
    times: list[Span] = []
    for a, b in pairwise(edges):
        first = min(bisect_right(seams, a), len(parts)) - 1
        last = max(bisect_left(seams, b), first + 1) - 1
        begin = parts[first][0] + a - seams[first]
        times.append((begin, max(begin, min(parts[last][0] + b - seams[last], parts[last][1]))))
    return times


def respread(cue: Cue, speech: Spans = ()) -> Cue:
    """The cue with its words in the parts of it in which somebody speaks, or all over it; one that is timed as it is."""
    if cue.timed:
        return cue
    times = spread([word.text for word in cue.words], clip(speech, cue.start, cue.end) or [(cue.start, cue.end)])
    return replace(cue, words=at_times(cue.words, times))


def moved(cue: Cue, by: float) -> Cue:
    """The cue so many seconds later."""
    if not by:
        return cue
    words = at_times(cue.words, [(word.start + by, word.end + by) for word in cue.words])
    return replace(cue, words=words, start=cue.start + by, end=cue.end + by)


def at_times(words: Sequence[Word], times: Spans) -> list[Word]:
    """The words with other times."""
    return [w.model_copy(update={"start": a, "end": b}) for w, (a, b) in zip(words, times, strict=True)]
