"""SRT, however its times are written; and Whisper's printout, which has a cue in each line."""

from itertools import pairwise

from pipeline.captions.cues import Cue
from pipeline.captions.formats.times import blocks, is_meant, spaced_singly, times_in
from pipeline.captions.markup import of_tags
from pipeline.captions.slips import Slips, quoted
from pipeline.captions.visible import visible
from pipeline.captions.written import cues_of, written_cue


def recognises(text: str) -> bool:
    return any(is_meant(line) or times_in(line) for line in text.split("\n"))


def read(text: str, slips: Slips) -> list[Cue]:
    found = [*blocks(spaced_singly(text), slips)]
    for block in found:
        for (_, above), (number, line) in pairwise(block.lines):
            if visible(line, slips).strip() and not above.strip():
                slips.add("behind-blank", f"line {number} {quoted(line)}")
    return cues_of((written_cue(of_tags(one.text, slips), one.start, one.end) for one in found), slips)
