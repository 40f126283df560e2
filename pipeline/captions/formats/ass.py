"""ASS and SSA, with the colours and the top position of a styled script."""

import re
from dataclasses import replace

import pysubs2
from pysubs2.formats.substation import SubstationFormat

from pipeline.captions.cues import Cue
from pipeline.captions.written import MARKUP, cues_of, open_subtitles, refuse_long, written_cue

_HEAD = 10_000  # characters in which a script names its version
_TOP = re.compile(r"\\an([1-9])|\\a(\d{1,2})(?!\d)")


def recognises(text: str) -> bool:
    return SubstationFormat.guess_format(text[:_HEAD]) is not None


def read(text: str) -> tuple[list[Cue], list[str]]:
    refuse_long(text, text.split("\n"))
    script = open_subtitles(text, SubstationFormat.guess_format(text[:_HEAD]) or "ass")
    styles = [script.styles.get(event.style, pysubs2.SSAStyle.DEFAULT_STYLE) for event in script]
    return cues_of(
        replace(written_cue(event, style), band="upper" if _is_top(event.text, style) else None)
        for event, style in zip(script, styles, strict=True)
    ), []


def _is_top(text: str, style: pysubs2.SSAStyle) -> bool:
    """Whether an event stands at the top: the first alignment in it counts, else its style's."""
    named = _TOP.search("".join(MARKUP.findall(text)))
    if not named:
        return int(style.alignment) >= 7
    return int(named[1]) >= 7 if named[1] else int(named[2]) in (5, 6, 7)
