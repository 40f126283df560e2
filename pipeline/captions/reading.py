"""Caption files -> cues: told by what they hold, whatever their encoding, with limits on what may be read."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from basis.errors import Unusable, WrongUse
from basis.files import advice, read_bytes
from basis.notes import Note
from pipeline.captions import telemetry
from pipeline.captions.cues import HARD_STOP, MOST_CUES, MOST_WORDS, BadCaptions, Cue, moved, respread, said
from pipeline.captions.decoding import decode
from pipeline.captions.formats import format_of, refused
from pipeline.captions.slips import Slips, clock_text, quoted

MOST_BYTES = 5_000_000
MOST_LINES = 300_000
MOST_LETTERS = 200  # in one word; more is no caption
_LOST = re.compile(r"\W*\?{2,}\W*")  # a word whose letters the encoding in which it was saved did not have


class Reading(NamedTuple):
    """The cues of one caption file or of one stream of captions, in its times and their order, and what is wrong."""

    cues: list[Cue]
    notes: list[Note]


def read_captions(file: Path, offset: float = 0.0) -> Reading:
    """The cues of a caption file in one of the known FORMATS, in seconds from its second `offset` on.

    UTF-8, UTF-16 and the encodings of Russian are told apart. Cues that roll up give each phrase once. What a camera
    measured is no caption: a note says so. Raises Unusable.
    """
    try:
        raw = read_bytes(file, MOST_BYTES)
    except FileNotFoundError:
        raise Unusable(f"There are no captions {file}; {advice(file)}.") from None
    except WrongUse as error:
        raise Unusable(f"The captions cannot be used: {error}") from None
    return parse(raw, str(file), offset)


def parse(raw: bytes, name: str, offset: float = 0.0) -> Reading:
    """The cues of a file's bytes; name tells messages where they come from. Raises Unusable."""
    slips = Slips()
    try:
        cues = [moved(cue, -offset) for cue in _cues(raw, slips)]
    except BadCaptions as error:
        raise Unusable(f"The captions {name} {error}.") from None
    if telemetry.is_telemetry(cues):
        example = quoted(said(cues[0].words))
        text = f"The captions {name} hold what a camera or a drone measured, as {example}, and no speech; they are not used."
        return Reading([], [Note(code="telemetry", text=text, level="warning")])
    kept = [_from_start(cue) for cue in cues if cue.end > 0 or cue.start >= 0]
    if not kept:
        last = clock_text(max(cue.end for cue in cues) + offset)
        raise Unusable(
            f"The captions {name} all end before second 0, the last at {last} of their own time; check their offset."
        )
    for cue in cues:
        example = f"{quoted(said(cue.words))} at {cue.start:.1f} s"
        if cue.alone:
            slips.add("backwards-cue", example)
        if not (cue.end > 0 or cue.start >= 0):
            slips.add("before-start", example)
    return Reading(kept, slips.notes(name))


def _from_start(cue: Cue) -> Cue:
    """The cue with what lies before second 0 at it."""
    if cue.start >= 0 and all(word.start >= 0 for word in cue.words):
        return cue
    words = [word.model_copy(update={"start": max(0.0, word.start), "end": max(0.0, word.end)}) for word in cue.words]
    return respread(replace(cue, words=words, start=max(0.0, cue.start), end=max(0.0, cue.end)))


def _cues(raw: bytes, slips: Slips) -> list[Cue]:
    """The cues in order of time. Raises BadCaptions."""
    if not raw.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise BadCaptions("are empty; export them as SRT in UTF-8")
    if what := refused.of_bytes(raw):
        raise BadCaptions(what)
    text = decode(raw, slips)
    if text.count("\n") > MOST_LINES:
        raise BadCaptions(f"have more than {MOST_LINES} lines; give the captions of this episode alone")
    if what := refused.of_text(text):
        raise BadCaptions(what)
    if not (form := format_of(text)):
        raise BadCaptions(refused.of_lines(text))
    cues = form.read(text, slips)
    if not cues and (broken := slips.found.get("broken-cue")):
        raise BadCaptions(f"hold no time that can be read ({broken[0]}); write 00:00:01,000 --> 00:00:03,000")
    if not cues:
        raise BadCaptions("hold no caption; export them as SRT in UTF-8")
    _refuse_many(cues)
    words = [word.text for cue in cues for word in cue.words]
    if 2 * sum(map(bool, map(_LOST.fullmatch, words))) > len(words) > 1:
        raise BadCaptions("have lost their letters, a question mark stands for each; export them again in UTF-8")
    return _rolled(sorted(cues, key=lambda cue: cue.start))


def _refuse_many(cues: Sequence[Cue]) -> None:
    words = [word for cue in cues for word in cue.words]
    if len(cues) > MOST_CUES or len(words) > MOST_WORDS:
        raise BadCaptions(
            f"hold more than {MOST_CUES} captions or {MOST_WORDS} words; give those of this episode alone"
        )
    if endless := [word.text for word in words if len(word.text) > MOST_LETTERS]:
        raise BadCaptions(f"hold a word of {len(endless[0])} letters ({quoted(endless[0])}); part it by spaces")


def _rolled(cues: list[Cue]) -> list[Cue]:
    """Cues that stay on screen while the next one rolls in end where it begins, if they can be read by then."""
    ended = [*cues]
    for number, (cue, following) in enumerate(pairwise(cues)):
        left = following.start - cue.start
        if not cue.timed and cue.end > following.start and len(said(cue.words)) <= HARD_STOP * left:
            ended[number] = respread(replace(cue, end=following.start))
    return ended
