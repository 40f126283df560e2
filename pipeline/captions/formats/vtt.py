"""WebVTT, also as YouTube writes it by itself: lines that roll up, with a time before each word."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise

from pipeline.captions.cues import Cue
from pipeline.captions.formats.times import Block, blocks, spaced_singly
from pipeline.captions.markup import of_tags
from pipeline.captions.slips import Slips, quoted
from pipeline.captions.written import cues_of, written_cue

_NO_CUE = re.compile(r"(?:NOTE|STYLE|REGION|WEBVTT)(?:[ \t]|$)")  # begins a block that nobody is meant to read


def recognises(text: str) -> bool:
    return text.lstrip().startswith("WEBVTT")


def read(text: str, slips: Slips) -> list[Cue]:
    lines = spaced_singly(text)
    first = next((number for number, line in enumerate(lines) if "-->" in line), len(lines))
    _name_strays([*enumerate(lines[:first], 1)], slips, is_followed=True)
    found = _ended(blocks([""] * first + lines[first:], slips), slips)
    return cues_of((written_cue(of_tags(one.text, slips), one.start, one.end) for one in found), slips)


def _ended(found: Iterable[Block], slips: Slips) -> Iterator[Block]:
    """Cues up to the blank line that ends them; what follows names the next one, is not to be read, or is named."""
    for block, following in pairwise(chain(found, [None])):
        if block is None:
            return
        text: list[tuple[int, str]] = []
        rest = iter(block.lines)
        for number, line in rest:
            if not line and text:
                break
            if line:
                text.append((number, line))
        _name_strays([*rest], slips, following is not None)
        yield Block(block.number, block.start, block.end, text)


def _name_strays(lines: list[tuple[int, str]], slips: Slips, is_followed: bool) -> None:
    """Says which lines between cues are no notes and no name of the next one, which is a line alone before its times."""
    unread = False
    for place, (number, line) in enumerate(lines):
        is_first = place == 0 or not lines[place - 1][1]
        unread = bool(_NO_CUE.match(line.lstrip("\ufeff"))) if is_first else unread
        names = is_followed and is_first and place == len(lines) - 1
        if line.strip() and not unread and not names:
            slips.add("stray-text", f"line {number} {quoted(line)}")
