"""ASS and SSA, with the colours and the top position of a styled script."""

import re

import pysubs2
from pysubs2.formats.substation import SubstationFormat

from pipeline.captions.cues import Cue
from pipeline.captions.written import MARKUP, colour, cues_of, opened, refuse_long, written

_HEAD = 10_000  # characters in which a script names its version
_TOP = re.compile(r"\\an([1-9])|\\a(\d{1,2})(?!\d)")


def recognises(text: str) -> bool:
    return SubstationFormat.guess_format(text[:_HEAD]) is not None


def read(text: str, styled: bool) -> tuple[list[Cue], list[str]]:
    refuse_long(text, text.split("\n"))
    script = opened(text, SubstationFormat.guess_format(text[:_HEAD]) or "ass")
    found = []
    for event in script:
        style = script.styles.get(event.style, pysubs2.SSAStyle.DEFAULT_STYLE)
        own = colour(style.primarycolor.r, style.primarycolor.g, style.primarycolor.b)
        found.append(written(event, own, styled, "upper" if styled and _is_top(event.text, style) else None))
    return cues_of(found), []


def _is_top(text: str, style: pysubs2.SSAStyle) -> bool:
    """Whether an event stands at the top: the first alignment in it counts, else its style's."""
    named = _TOP.search("".join(MARKUP.findall(text)))
    if not named:
        return int(style.alignment) >= 7
    return int(named[1]) >= 7 if named[1] else int(named[2]) in (5, 6, 7)
