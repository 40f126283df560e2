"""Which formats of caption files there are, and how one is told from another."""

from typing import Protocol

from pipeline.captions.cues import Cue
from pipeline.captions.formats import ass, others, sbv, srt, vtt, whisper


class CaptionFormat(Protocol):
    """How captions of one format are told and read."""

    def recognises(self, text: str) -> bool:
        """Whether text is of this format and of none before it in FORMATS, by what it holds."""

    def read(self, text: str) -> tuple[list[Cue], list[str]]:
        """The cues, in any order, and the lines of times that cannot be read, as a sentence names them.

        Raises BadCaptions for what is too long to be read.
        """


FORMATS: dict[str, CaptionFormat] = {
    "Whisper's JSON": whisper,
    "ASS": ass,
    "WebVTT": vtt,
    "TTML, SAMI, MicroDVD, MPL2, Whisper's printout": others,
    "SBV": sbv,
    "SRT": srt,
}


def format_of(text: str) -> CaptionFormat | None:
    """The format that a caption file's text is of."""
    return next((form for form in FORMATS.values() if form.recognises(text)), None)
