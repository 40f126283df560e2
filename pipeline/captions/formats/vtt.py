"""WebVTT, also as YouTube writes it by itself: lines that roll up, with a time before each word."""

from pipeline.captions.cues import Cue
from pipeline.captions.formats.srt import read_lines_of_times


def recognises(text: str) -> bool:
    return text.lstrip().startswith("WEBVTT")


def read(text: str) -> tuple[list[Cue], list[str]]:
    return read_lines_of_times(text, "vtt")
