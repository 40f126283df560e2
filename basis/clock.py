"""A constant frame rate: which frame belongs to which second.

>>> clock = Clock(Fraction(25))
>>> clock.frame(1.02), clock.second(26), clock.frames(0.0, 2.0)
(26, 1.04, 50)
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from basis.spans import Span


@dataclass(frozen=True)
class Clock:
    """Frames of a constant rate, counted from 0 at second 0."""

    rate: Fraction

    def frame(self, second: float) -> int:
        """The frame whose time is nearest; halves go up, as in ffmpeg's fps filter."""
        return int(second * self.rate.numerator / self.rate.denominator + 0.5 + 1e-9)

    def second(self, frame: int) -> float:
        """When a frame begins."""
        return float(frame / self.rate)

    def frames(self, start: float, end: float) -> int:
        """How many frames a stretch [start, end) of footage gives: at least one."""
        return max(1, self.frame(end - start))

    def offsets(self, spans: Iterable[Span]) -> list[float]:
        """What to add to the seconds of each span, for its place where they follow each other in whole frames."""
        found, first = [], 0
        for start, end in spans:
            found.append(self.second(first) - start)
            first += self.frames(start, end)
        return found
