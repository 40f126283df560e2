"""Captions out again, as subtitle files."""

import html
import re
from collections.abc import Sequence
from typing import Literal

import pysubs2

from pipeline.captions.cues import said
from presets.graphics import Caption

_LIKE_A_TAG = re.compile(r"<(?= */? *[a-zA-Z]|\d[\d:.]*>)")
_OF_ASS = str.maketrans({"{": "&#123;", "}": "&#125;", "\\": "&#92;"})  # pysubs2 thinks in ASS, where these are markup


def subtitles(captions: Sequence[Caption], form: Literal["srt", "vtt"]) -> str:
    """The captions as a subtitle file without markup, their lines kept; one that moved on a cut is one again."""
    whole: list[Caption] = []
    for caption in sorted(captions, key=lambda caption: caption.start):
        if whole and whole[-1].end == caption.start and whole[-1].lines == caption.lines:
            whole[-1] = whole[-1].model_copy(update={"end": caption.end})
        else:
            whole.append(caption)
    file = pysubs2.SSAFile()
    for caption in whole:
        start = round(caption.start * 1000)
        text = r"\N".join(_escaped(said(line), form) for line in caption.lines)
        file.append(pysubs2.SSAEvent(start=start, end=max(start + 1, round(caption.end * 1000)), text=text))
    return file.to_string(form)


def _escaped(text: str, form: str) -> str:
    """A line that reads back as it is: what a format or its readers would take for markup as character references."""
    if form == "vtt" or html.unescape(text) != text:
        text = text.replace("&", "&amp;")
    text = text.replace("<", "&lt;").replace(">", "&gt;") if form == "vtt" else _LIKE_A_TAG.sub("&lt;", text)
    return text.translate(_OF_ASS)
