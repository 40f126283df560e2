"""SRT, and what is shared by the formats whose cues begin with a line of two times."""

import re
from typing import Literal

from pysubs2.formats.subrip import SubripFormat
from pysubs2.formats.webvtt import WebVTTFormat

from pipeline.captions.cues import Cue
from pipeline.captions.written import JOINER, cues_of, open_subtitles, refuse_long, written_cue

TIME = SubripFormat.TIMESTAMP
_READERS = {"srt": SubripFormat, "vtt": WebVTTFormat}
_ARROW_TIME = re.compile(r"\d:\d")
_CARRIED = re.compile(r"([.,])1000(?!\d)")  # thousandths rounded up
_SAID_AT = re.compile(r"<(?:(\d{1,3}):)?(\d\d):(\d\d)\.(\d{3})>")  # of a word inside a cue
_NUMBER = re.compile(r"^([ \t]*\d+)[ \t]*$(?!\n[^\n]*\d:\d\d)", re.MULTILINE)  # a line of digits before no time


def recognises(text: str) -> bool:
    return any(_of_times(line) or len(TIME.findall(line)) == 2 for line in text.split("\n"))


def read(text: str) -> tuple[list[Cue], list[str]]:
    return read_lines_of_times(text, "srt")


def read_lines_of_times(text: str, form: Literal["srt", "vtt"]) -> tuple[list[Cue], list[str]]:
    """Cues whose lines of times pysubs2's reader of SRT or VTT knows, and those lines that it does not."""
    refuse_long(text, text.split("\n\n"))
    kept, broken = _without_broken(text, _READERS[form].TIMESTAMP)
    marked = _NUMBER.sub(rf"\1{JOINER}", _SAID_AT.sub(_mark, kept))  # a number that is said is none of a cue
    file = open_subtitles(marked, form)
    if form == "vtt":
        for event in file:
            event.text = event.text.split(r"\N\N")[0]  # a blank line ends a cue; notes and names of cues follow
    return cues_of(map(written_cue, file)), broken


def _of_times(line: str) -> bool:
    """Whether a line is meant to say when a cue is shown, rightly written or not."""
    before, arrow, after = line.partition("-->")
    return bool(arrow and (_ARROW_TIME.search(before) or _ARROW_TIME.search(after)))


def _without_broken(text: str, time: re.Pattern[str]) -> tuple[str, list[str]]:
    """The text without the cues whose line of times cannot be read, and these lines."""
    kept: list[str] = []
    broken: list[str] = []
    skipped = False
    for number, line in enumerate(text.split("\n"), 1):
        if _of_times(line):
            line = _CARRIED.sub(r"\g<1>999", line)
            skipped = len(time.findall(line)) != 2
            if skipped:
                broken.append(f"line {number} «{line.strip()[:60]}»")
                if kept and kept[-1].strip().isdigit():
                    kept.pop()
        elif not line.strip():
            skipped = False
        if not skipped:
            kept.append(line)
    return "\n".join(kept), broken


def _mark(at: re.Match[str]) -> str:
    """The time of a word as MARKUP that no reader takes for the times of a cue."""
    hours, minutes, seconds, thousandths = (int(group or 0) for group in at.groups())
    return f"<@{(hours * 3600 + minutes * 60 + seconds) * 1000 + thousandths}>"
