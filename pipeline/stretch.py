"""One stretch of an episode's footage, with all that is known of it."""

from dataclasses import dataclass

from basis.spans import Spans
from pipeline.brief import Footage
from pipeline.footage.source import Source


@dataclass(frozen=True)
class Stretch:
    """[start, end) seconds of a footage file; episode seconds are these plus offset.

    footage: what the brief asks of it. speech: footage seconds in which somebody speaks.
    """

    source: Source
    start: float
    end: float
    offset: float
    footage: Footage
    speech: Spans = ()
