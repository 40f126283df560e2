"""Which formats of caption files there are, and how one is told from another."""

from typing import Protocol

from pipeline.captions.cues import Cue
from pipeline.captions.formats import ass, others, sbv, srt, transcript, vtt
from pipeline.captions.slips import Slips


class CaptionFormat(Protocol):
    """How captions of one format are told and read."""

    def recognises(self, text: str) -> bool:
        """Whether text is of this format and of none before it in FORMATS, by what it holds."""

    def read(self, text: str, slips: Slips) -> list[Cue]:
        """The cues, in any order; slips is told what cannot be taken as it is written, and where.

        Raises BadCaptions for what is too long or of a kind that is not read.
        """


FORMATS: dict[str, CaptionFormat] = {
    "Whisper's JSON": transcript,
    "ASS": ass,
    "WebVTT": vtt,
    "TTML, SAMI, MicroDVD, MPL2": others,
    "SRT": srt,
    "SBV": sbv,
}


def format_of(text: str) -> CaptionFormat | None:
    """The format that a caption file's text is of."""
    return next((form for form in FORMATS.values() if form.recognises(text)), None)
