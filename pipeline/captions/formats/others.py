"""Rarer formats that pysubs2 tells by their content and reads: TTML, SAMI, MicroDVD with its rate, MPL2."""

import re
from itertools import pairwise

from pysubs2.formats import FORMAT_IDENTIFIER_TO_FORMAT_CLASS as READERS

from pipeline.captions.cues import BadCaptions, Cue
from pipeline.captions.formats.library import open_subtitles
from pipeline.captions.markup import of_script
from pipeline.captions.slips import Slips
from pipeline.captions.written import cues_of, written_cue

_HEAD = 10_000  # characters in which TTML is named
_OLD_TTML = re.compile(r"http://www\.w3\.org/20\d\d/\d\d/ttaf1")
_TOLD_BY_FIRST_LINE = ("sami", "microdvd", "mpl2")
_RATE = re.compile(r"\s*\{[01]\}\{[01]\}\s*(\d+(?:[.,]\d+)?)\s*$", re.MULTILINE)
_CLASS = re.compile(r"<P\b[^>]{0,200}?\bclass\s*=\s*[\"']?(\w+)", re.IGNORECASE)
_SLOWEST, _FASTEST = 5, 240  # frames a second


def recognises(text: str) -> bool:
    return _form(text) is not None


def read(text: str, slips: Slips) -> list[Cue]:
    form = _form(text) or ""
    if form == "ttml":
        if "<!" in text[:_HEAD].replace("<!--", ""):
            raise BadCaptions("are TTML that declares parts of its own; export SRT instead")
        text = _OLD_TTML.sub("http://www.w3.org/ns/ttml", text[text.index("<") :])
    if form == "microdvd":
        rate = _RATE.match(text)
        if not rate or not _SLOWEST <= float(rate[1].replace(",", ".")) <= _FASTEST:
            raise BadCaptions(
                "are MicroDVD in frames, whose rate they do not tell; begin them with {1}{1}25, or export SRT"
            )
        text = "{1}{1}" + rate[1].replace(",", ".") + text[rate.end() :]
    events = open_subtitles(text, form)
    if form == "sami":
        if len(classes := {*map(str.lower, _CLASS.findall(text))}) > 1:
            raise BadCaptions(f"hold several languages ({', '.join(sorted(classes)[:4])}); export one of them as SRT")
        for event, following in pairwise(events):
            event.end = following.start  # where another text takes its place, or none
    return cues_of(
        (written_cue(of_script(one.text, None, slips), one.start / 1000, one.end / 1000) for one in events), slips
    )


def _form(text: str) -> str | None:
    if READERS["ttml"].guess_format(text[:_HEAD]) or _OLD_TTML.search(text[:_HEAD]):
        return "ttml"
    first = text.lstrip().partition("\n")[0]
    if first[:6].upper() == "<SAMI>":
        return "sami"
    return next((form for form in _TOLD_BY_FIRST_LINE if READERS[form].guess_format(first)), None)
