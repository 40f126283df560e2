"""ASS and SSA, with the colours and the top position of a styled script."""

import re
from dataclasses import replace

import pysubs2
from pysubs2.formats.substation import SubstationFormat

from pipeline.captions.cues import BadCaptions, Cue
from pipeline.captions.formats.library import open_subtitles
from pipeline.captions.markup import of_script
from pipeline.captions.slips import Slips, quoted
from pipeline.captions.written import cues_of, written_cue

_HEAD = 10_000  # characters in which a script names its version
_TOP = re.compile(r"\\an([1-9])|\\a(\d{1,2})(?!\d)")
_OVERRIDE = re.compile(r"\{[^{}]*\}")
_EVENTS = re.compile(r"^\s*\[Events\]\s*$.*?^\s*Dialogue:", re.MULTILINE | re.DOTALL | re.IGNORECASE)
_FORMAT = "Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text"  # of events, in the only order that pysubs2 reads
_TIME = re.compile(r"\s*-?\d{1,9}:\d{1,2}:\d{1,2}(?:[.:]\d{1,3})?\s*")


def recognises(text: str) -> bool:
    return SubstationFormat.guess_format(text[:_HEAD]) is not None or _EVENTS.search(text) is not None


def read(text: str, slips: Slips) -> list[Cue]:
    lines = [*_readable(text, slips)]
    form = SubstationFormat.guess_format(text[:_HEAD]) or "ass"
    try:
        script = open_subtitles("\n".join(lines), form)
    except BadCaptions:  # what is said counts for more than how it looks
        script = open_subtitles("\n".join(line for line in lines if not line.strip().startswith("Style:")), form)
    events = [*script]
    styles = [script.styles.get(event.style, pysubs2.SSAStyle.DEFAULT_STYLE) for event in events]
    found = (
        replace(
            written_cue(of_script(event.text, style, slips), event.start / 1000, event.end / 1000),
            band="upper" if _is_top(event.text, style) else None,
        )
        for event, style in zip(events, styles, strict=True)
    )
    return cues_of(found, slips)


def _readable(text: str, slips: Slips) -> list[str]:
    """The lines of a script without those of cues whose times pysubs2 cannot read, which would end its reading."""
    kept: list[str] = []
    usual = fields = _FORMAT.split(", ")
    is_event = False
    for number, line in enumerate(text.split("\n"), 1):
        is_event = line.strip().lower() == "[events]" if line.startswith("[") else is_event
        kind, _, rest = line.strip().partition(":")
        if is_event and kind == "Format":
            fields = [name.strip() for name in rest.split(",")]
        values = dict(zip(fields, rest.split(",", len(fields) - 1), strict=False)) if kind == "Dialogue" else {}
        if kind == "Dialogue" and not all(_TIME.fullmatch(values.get(key, "")) for key in ("Start", "End")):
            slips.add("broken-cue", f"line {number} {quoted(line)}")
        elif kind == "Dialogue" and fields[1:] != usual[1:]:  # the first is Marked in SSA
            kept.append("Dialogue: 0," + ",".join(values.get(key, "0" if "Margin" in key else "") for key in usual[1:]))
        elif not line.strip().startswith("Comment:"):
            kept.append(line)
    return kept


def _is_top(text: str, style: pysubs2.SSAStyle) -> bool:
    """Whether an event stands at the top: the first alignment in it counts, else its style's."""
    named = _TOP.search("".join(_OVERRIDE.findall(text)))
    if not named:
        return int(style.alignment) >= 7
    return int(named[1]) >= 7 if named[1] else int(named[2]) in (5, 6, 7)
