"""SBV, YouTube's own: two times parted by a comma, as 0:00:01.000,0:00:03.000; SubViewer's are read too."""

from pipeline.captions.cues import Cue
from pipeline.captions.formats.srt import TIME, read_lines_of_times


def recognises(text: str) -> bool:
    times = next((line for line in text.split("\n") if len(TIME.findall(line)) == 2), "-->")
    return "-->" not in times


def read(text: str) -> tuple[list[Cue], list[str]]:
    return read_lines_of_times(text, "srt")
