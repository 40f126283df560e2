"""What an episode's files are called, and which files a name with *, ? or [] means."""

import fnmatch
import glob
import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from basis import files
from jobs.manifest.data import RawEntry, Slip
from pipeline.brief import MOST_FILES, Brief

MOST_NAMES = 100_000  # names of files that are looked at for one glob
LONGEST_NAME = 120  # letters of the name of an episode's files
MOST_NAME_BYTES = 200  # of it: a disk takes 255 with .report.json and what unfinished files add
PLAIN_SERIES = "episode"
_TAKEN = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # names that Windows keeps for itself
_SIDES = (".plan", ".report", ".sheet", ".cover", ".job")  # ends of names that are another episode's files
_OF_THE_SEASON = {"season", "index"}  # names of the season's own files


class TooMany(Exception):
    """A glob of more files than an episode has, or that is looked for among too many."""


def name_of(raw: RawEntry, brief: Brief, series: str) -> tuple[str, list[Slip]]:
    """The name of an episode's files without .mp4, and what is wrong with it."""
    if brief.output:
        given = str(raw.data["output"])
        name = unicodedata.normalize("NFC", given[:-4] if given.lower().endswith(".mp4") else given)
        wrong = f"output {given!r} must be the name of one file in the output folder, as trailer.mp4."
        return name, [] if _is_name(name) else [raw.slip(("output",), wrong)]
    if brief.number is not None:
        name = f"{_short(slug(series), 10) or PLAIN_SERIES}-{brief.number:02d}"
    elif title := slug(brief.title):
        name = _short("-".join(filter(None, (slug(series), title))))
    else:
        name = f"{_short(slug(brief.footage[0].file.stem), 10) or PLAIN_SERIES}-vertical"
    wrong = f'its files would be called {name}, which cannot be; give it a name, as output = "trailer.mp4".'
    return name, [] if _is_name(name) else [raw.slip((), wrong)]


def _short(name: str, spared: int = 0) -> str:
    """A name's beginning that leaves room for so many more letters."""
    return name[: LONGEST_NAME - spared].encode()[: MOST_NAME_BYTES - spared].decode(errors="ignore").strip("-")


def _is_name(name: str) -> bool:
    """Whether files of an episode can be called so, on any system."""
    return (
        bool(name) and len(name) <= LONGEST_NAME and len(name.encode()) <= MOST_NAME_BYTES and name.isprintable()
        and name == name.strip(" .") and not re.search(r'[<>:"/\\|?*]', name) and not _TAKEN.fullmatch(name)
        and not name.lower().endswith(_SIDES) and name.casefold() not in _OF_THE_SEASON
    )  # fmt: skip


def slug(text: str) -> str:
    """Text as part of a file's name: small letters, digits and hyphens, Cyrillic ones as they are; may be empty."""
    plain = unicodedata.normalize("NFC", text).lower()
    return re.sub(r"[\W_]+", "-", plain).strip("-")[:LONGEST_NAME]


def matches(file: Path, folder: Path) -> list[Path]:
    """The files below a folder that a name means, 2 before 10; none where it is no glob or nothing is there.

    Links to folders are followed where they are named, not by **. Raises TooMany.
    """
    if not glob.has_magic(str(file)):
        return []
    try:
        if files.found(folder / file).exists():
            return []
        there = _Search(folder).files(file)
        return there or (_Search(folder).files(Path(str(file).replace("\\", "/"))) if os.sep == "/" else [])
    except OSError:
        return []


class _Search:
    """One search below a folder, with how many names it has seen."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.seen = folder, 0

    def files(self, pattern: Path) -> list[Path]:
        places = [Path(pattern.anchor)]
        for part in pattern.parts[bool(pattern.anchor) :]:
            if part == "**":
                places = [*dict.fromkeys(inner for place in places for inner in self._below(place))]
            elif glob.has_magic(part):
                fits = re.compile(fnmatch.translate(unicodedata.normalize("NFC", part))).match
                inner = ((place, name) for place in places for name in self._names(place))
                places = [place / name for place, name in inner if fits(unicodedata.normalize("NFC", name))]
            else:
                places = [place / files.found(self.folder / place / part).name for place in places]
        whole = [place for place in dict.fromkeys(places) if (self.folder / place).is_file()]
        if len(whole) > MOST_FILES:
            raise TooMany(f"is more than {MOST_FILES} files")
        return sorted(whole, key=_natural)

    def _names(self, place: Path) -> list[str]:
        try:
            names = [name for name in os.listdir(self.folder / place) if not name.startswith(".")]  # noqa: PTH208 - no need of paths
        except OSError:
            return []
        self.seen += len(names)
        if self.seen > MOST_NAMES:
            raise TooMany(f"is looked for among more than {MOST_NAMES} files")
        return names

    def _below(self, place: Path) -> Iterator[Path]:
        yield place
        for name in self._names(place):
            if (self.folder / place / name).is_dir() and not (self.folder / place / name).is_symlink():
                yield from self._below(place / name)


def _natural(file: Path) -> tuple[list[tuple[int, str]], str]:
    parts = re.split(r"(\d+)", str(file))
    return [(int(part), "") if part.isdecimal() else (-1, part.casefold()) for part in parts], str(file)
