"""The subtitle files as they were written, read back, against the captions that are drawn."""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from basis.clock import Clock
from pipeline.captions.subtitles import JOINER
from pipeline.plan import Plan
from pipeline.verify.checks import Row
from presets.graphics import Caption

TIMES = re.compile(r"^(?:(\d+):)?(\d\d):(\d\d)[.,](\d{3}) --> (?:(\d+):)?(\d\d):(\d\d)[.,](\d{3})$")
MOST_QUOTED = 40  # letters of a caption that is named


class _Shown(NamedTuple):
    """A caption's frames [first, last) and its text, the lines parted by line feeds."""

    first: int
    last: int
    text: str


def rows(plan: Plan, files: Sequence[Path]) -> Iterator[Row]:
    """A check for each subtitle file of an episode."""
    drawn = [
        _Shown(plan.clock.frame(one.start), plan.clock.frame(one.end), text)
        for one in sorted((g for g in plan.graphics if isinstance(g, Caption)), key=lambda one: one.start)
        if (text := "\n".join(" ".join(word.text for word in line) for line in one.lines).replace(JOINER, "")).strip()
    ]
    for file in files:
        kind = file.suffix.removeprefix(".")
        slip = _first_slip(_joined(drawn), _joined(_read(file, plan.clock)))
        measured = slip or f"{len(_joined(drawn))} captions, all alike"
        yield Row("footage", f"captions in .{kind}", measured, "the captions that are drawn, to a frame", not slip)


def _read(file: Path, clock: Clock) -> Iterator[_Shown]:
    """What a subtitle file says, in blocks that blank lines part, without what keeps it from being markup."""
    for block in re.split(r"\n\s*\n", file.read_text("utf-8-sig").replace("\r\n", "\n")):
        lines = block.strip("\n").split("\n")
        found = [(number, match) for number, line in enumerate(lines) if (match := TIMES.match(line.strip()))]
        if found:
            number, match = found[0]
            parts = [int(part or 0) for part in match.groups()]
            start, end = (h * 3600 + m * 60 + s + ms / 1000 for h, m, s, ms in (parts[:4], parts[4:]))
            text = "\n".join(lines[number + 1 :])
            text = html.unescape(text) if file.suffix == ".vtt" else text  # in SRT players show references as they are
            yield _Shown(clock.frame(start), clock.frame(end), text.replace(JOINER, ""))


def _joined(captions: Iterable[_Shown]) -> list[_Shown]:
    """The captions without those that no frame shows; one that follows itself, as where it moves on a cut, is one."""
    whole: list[_Shown] = []
    for one in captions:
        if whole and whole[-1].text == one.text and one.first - whole[-1].last <= 1:
            whole[-1] = whole[-1]._replace(last=max(one.last, whole[-1].last))
        elif one.last > one.first:
            whole.append(one)
    return whole


def _first_slip(drawn: Sequence[_Shown], read: Sequence[_Shown]) -> str:
    """What differs first, empty where nothing does."""
    for number, (one, other) in enumerate(zip(drawn, read, strict=False), 1):
        if one.text != other.text:
            short = " ".join(other.text.split())[:MOST_QUOTED]
            return f"number {number} says «{short}»"
        if max(abs(one.first - other.first), abs(one.last - other.last)) > 1:
            return f"number {number} is at frames {other.first} to {other.last} and drawn at {one.first} to {one.last}"
    return "" if len(drawn) == len(read) else f"{len(read)} captions, and {len(drawn)} are drawn"
