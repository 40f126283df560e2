"""Rarer formats that pysubs2 tells by their content and reads: TTML, SAMI, MicroDVD, MPL2, what Whisper prints."""

from pysubs2.formats import FORMAT_IDENTIFIER_TO_FORMAT_CLASS as READERS

from pipeline.captions.cues import Cue
from pipeline.captions.written import cues_of, open_subtitles, refuse_long, written_cue

_HEAD = 10_000  # characters in which TTML is named
_TOLD_BY_FIRST_LINE = ("sami", "whisper_jax", "microdvd", "mpl2")


def recognises(text: str) -> bool:
    return _form(text) is not None


def read(text: str) -> tuple[list[Cue], list[str]]:
    refuse_long(text, text.split("\n"))
    return cues_of(map(written_cue, open_subtitles(text, _form(text) or ""))), []


def _form(text: str) -> str | None:
    if READERS["ttml"].guess_format(text[:_HEAD]):
        return "ttml"
    first = text.lstrip().partition("\n")[0]
    return next((form for form in _TOLD_BY_FIRST_LINE if READERS[form].guess_format(first)), None)
