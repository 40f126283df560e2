"""SBV, YouTube's own: two times parted by a comma, as 0:00:01.000,0:00:03.000; SubViewer's are read too."""

from pipeline.captions.cues import Cue
from pipeline.captions.formats.times import blocks, comma_times_in
from pipeline.captions.markup import of_tags
from pipeline.captions.slips import Slips
from pipeline.captions.written import cues_of, written_cue


def recognises(text: str) -> bool:
    return any(comma_times_in(line) for line in text.split("\n"))


def read(text: str, slips: Slips) -> list[Cue]:
    found = blocks(text.split("\n"), slips, commas=True)
    return cues_of(
        (written_cue(of_tags(one.text.replace("[br]", "\n"), slips), one.start, one.end) for one in found), slips
    )
