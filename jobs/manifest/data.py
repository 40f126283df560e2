"""What a manifest becomes: entries that are checked, entries that are not yet, and what is wrong."""

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from basis.errors import WrongUse
from basis.letters import plain, printable
from pipeline.brief import Brief, Footage

FOOTAGE = {field.alias or name for name, field in Footage.model_fields.items()}
BRIEF = set(Brief.model_fields)
LONGEST_SLIP = 600  # letters
LONGEST_SERIES = 60  # letters, as in a preset

Place = tuple[int | str, ...]  # in an entry: keys, and places in lists counted from 0


@dataclass(frozen=True)
class Slip:
    """One thing that is wrong: the manifest's line, counted from 1, 0 where it is all of it; and one sentence."""

    line: int
    text: str

    def __post_init__(self) -> None:
        """Shows what a terminal would obey: keys and names are anybody's."""
        shown = printable(self.text)
        object.__setattr__(self, "text", shown if len(shown) <= LONGEST_SLIP else f"{shown[:LONGEST_SLIP]}…")


@dataclass(frozen=True)
class Entry:
    """One episode: the name of its files without .mp4, the manifest's line that it begins on, its brief, the manifest.

    lines: of the brief's keys by their places in it, as far as they have lines of their own.
    """

    name: str
    line: int
    brief: Brief
    manifest: Path | None = None
    lines: Mapping[Place, int] = field(default_factory=dict)

    def slip(self, place: Place, text: str) -> Slip:
        """What is wrong at a place in the brief, with its line or that of the nearest around it."""
        inner = (place[:length] for length in range(len(place), 0, -1))
        return Slip(next((self.lines[part] for part in inner if part in self.lines), self.line), text)


@dataclass(frozen=True)
class Season:
    """Whose episodes they are, the manifest, the entries in its order."""

    series: str
    file: Path
    entries: tuple[Entry, ...]


class ManifestWrong(WrongUse):
    """A manifest that cannot be; its text is every slip, a line each."""

    in_lines = True

    def __init__(self, file: Path, slips: Iterable[Slip], entries: tuple[Entry, ...] = ()) -> None:
        """entries: those that could be read, as far as anything could."""
        self.entries = entries
        self.slips = sorted(set(slips), key=lambda slip: (slip.line, slip.text))
        super().__init__(
            "\n".join(f"{file}{f' line {slip.line}' * bool(slip.line)}: {slip.text}" for slip in self.slips)
        )


@dataclass
class RawEntry:
    """An entry before it is checked. data: its keys over the season's defaults; own: those that it has itself.

    lines: of its keys by their places in it; shared: the same of the defaults. headings: what a spreadsheet calls keys.
    """

    line: int
    data: dict[str, Any]
    own: set[str]
    lines: dict[Place, int] = field(default_factory=dict)
    shared: Mapping[Place, int] = field(default_factory=dict)
    headings: Mapping[str, str] = field(default_factory=dict)

    def slip(self, place: Place, text: str) -> Slip:
        """What is wrong at a place in the entry, with its line or that of the nearest around it."""
        if place[:1] == ("graphics",) and len(place) > 2:
            place = (*place[:2], *place[3:])  # without the kind, which is no key
        lines = self.lines if not place or place[0] in self.own else self.shared
        inner = (place[:length] for length in range(len(place), 0, -1))
        return Slip(next((lines[part] for part in inner if part in lines), self.line), text)


@dataclass(frozen=True)
class Draft:
    """What a file holds before its entries are checked; series: empty where it names none."""

    series: str
    entries: list[RawEntry]
    slips: list[Slip]


def nearest(key: str, known: Collection[str]) -> str:
    """The end of a sentence about an unknown key: which one may be meant."""
    close = (difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.5) for word in (key, plain(key)))
    near = next(filter(None, close), None)
    return f"; did you mean {near[0]}?" if near else "."
