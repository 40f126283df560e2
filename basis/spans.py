"""Spans of time, [start, end) in seconds, and their arithmetic.

>>> clip([(0, 2), (5, 9)], 1, 6)
[(1, 2), (5, 6)]
>>> merge([(0, 2), (2.5, 3), (9, 10)], gap=1)
[(0, 3), (9, 10)]
>>> without([(0, 10)], [(2, 3), (8, 12)])
[(0, 2), (3, 8)]
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Span = tuple[float, float]
Spans = Sequence[Span]


def clip(spans: Iterable[Span], start: float, end: float) -> list[Span]:
    """What of the spans lies in [start, end); those that do not touch it are left out."""
    inside = ((max(a, start), min(b, end)) for a, b in spans)
    return [(a, b) for a, b in inside if b > a]


def shift(spans: Iterable[Span], by: float) -> list[Span]:
    """The spans, `by` seconds later."""
    return [(a + by, b + by) for a, b in spans]


def merge(spans: Iterable[Span], gap: float = 0.0) -> list[Span]:
    """The spans in order, those that overlap or lie at most `gap` seconds apart made one."""
    merged: list[Span] = []
    for a, b in sorted(spans):
        if merged and a - merged[-1][1] <= gap:
            merged[-1] = merged[-1][0], max(merged[-1][1], b)
        else:
            merged.append((a, b))
    return merged


def without(spans: Iterable[Span], gone: Iterable[Span]) -> list[Span]:
    """What is left of the spans, in order, once the others are taken out."""
    left = sorted(spans)
    for a, b in merge(gone):
        left = [part for x, y in left for part in ((x, min(y, a)), (max(x, b), y)) if part[1] > part[0]]
    return left


def length(spans: Iterable[Span]) -> float:
    """Seconds in all of the spans together."""
    return sum(b - a for a, b in spans)


def overlap(one: Span, other: Span) -> float:
    """Seconds that two spans share."""
    return max(0.0, min(one[1], other[1]) - max(one[0], other[0]))


def inside(times: NDArray[np.floating], spans: Iterable[Span]) -> NDArray[np.bool_]:
    """Which of the seconds lie in one of the spans."""
    within = np.zeros(len(times), bool)
    for a, b in spans:
        within |= (times >= a) & (times < b)
    return within


def widen(spans: Iterable[Span], by: float) -> list[Span]:
    """The spans, each beginning and ending so many seconds further out."""
    return [(a - by, b + by) for a, b in spans]
