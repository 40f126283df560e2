"""One stretch of an episode's footage, with all that is known of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from basis.spans import Span, Spans, without
from pipeline.analysis import Analysis
from pipeline.brief import Footage
from pipeline.footage.source import Source
from pipeline.listening.hearing import Hearing
from pipeline.plan import Pause


@dataclass(frozen=True)
class Stretch:
    """[start, end) seconds of a footage file; episode seconds, with nothing taken out yet, are these plus offset.

    footage: what the brief asks of it. content: the file's fingerprint. hearing, analysis: None until it was listened to
    and looked at. pauses: in order, those that are kept too.
    """

    source: Source
    start: float
    end: float
    offset: float
    footage: Footage
    content: str = ""
    hearing: Hearing | None = None
    analysis: Analysis | None = None
    pauses: Sequence[Pause] = ()

    @property
    def file(self) -> Path:
        return self.source.file.resolve()

    @property
    def span(self) -> Span:
        return self.start, self.end

    @property
    def speech(self) -> Spans:
        """Footage seconds in which somebody speaks."""
        return self.hearing.speech.stretches if self.hearing else ()

    @property
    def removed(self) -> list[Span]:
        """What is taken out of it, in footage seconds."""
        return [(pause.start, pause.end) for pause in self.pauses if not pause.kept]

    @property
    def kept(self) -> list[Span]:
        """What is left of it, in footage seconds."""
        return without([self.span], self.removed)
