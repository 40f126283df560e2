"""Captions out again, as subtitle files."""

import re
from collections.abc import Sequence
from typing import Literal

from pipeline.captions.cues import said
from presets.graphics import Caption

JOINER = "\u2060"  # no font draws it; it stands where ffmpeg or VLC would take what is said for markup
_LIKE_MARKUP = re.compile(  # in SRT: a tag, ASS's and MicroDVD's braces, ASS's breaks, a character reference
    r"<(?=[^\s<])|\{(?=\\|.:)|\\(?=[nNh{}])|&(?=#?\w+;)"
)
_BREAKS = re.compile(r"[\r\n]+")  # which only a plan that was edited by hand has
_REFERENCES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def subtitles(captions: Sequence[Caption], form: Literal["srt", "vtt"]) -> str:
    """The captions as a subtitle file without markup, their lines kept; one that moved on a cut is one again.

    What is said reads the same in ffmpeg and in VLC, as far as their parsers of SRT and WebVTT go.
    """
    whole: list[Caption] = []
    for caption in sorted(captions, key=lambda caption: caption.start):
        if whole and whole[-1].end == caption.start and whole[-1].lines == caption.lines:
            whole[-1] = whole[-1].model_copy(update={"end": caption.end})
        else:
            whole.append(caption)
    parts = ["WEBVTT\n"] if form == "vtt" else []
    for number, caption in enumerate(whole, 1):
        start = round(caption.start * 1000)
        times = (_clock(at, form) for at in (start, max(start + 1, round(caption.end * 1000))))
        lines = [_escaped(said(line), form) for line in caption.lines]
        parts.append("\n".join([str(number), " --> ".join(times), *filter(None, lines), ""]))
    return "\n".join(parts)


def _clock(thousandths: int, form: str) -> str:
    seconds, rest = divmod(thousandths, 1000)
    minutes, hours = seconds // 60, seconds // 3600
    return f"{hours:02d}:{minutes % 60:02d}:{seconds % 60:02d}{',' if form == 'srt' else '.'}{rest:03d}"


def _escaped(text: str, form: str) -> str:
    """A line in which nothing is markup for those who read it."""
    text = _BREAKS.sub(" ", text)
    if form == "vtt":
        return text.translate(_REFERENCES).replace("{\\", f"{{{JOINER}\\")
    return _LIKE_MARKUP.sub(rf"\g<0>{JOINER}", text).replace("-->", f"--{JOINER}>")
