"""Caption files -> cues: told by what they hold, whatever their encoding, with limits on what may be read."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from basis.errors import Unusable
from basis.notes import Note
from pipeline.captions.cues import HARD_STOP, BadCaptions, Cue, respread, said
from pipeline.captions.formats import format_of

MOST_BYTES = 5_000_000
MOST_CUES = 5000
MOST_WORDS = 100_000
MOST_LETTERS = 200  # in one word; more is no caption
MOST_NAMED = 3  # in a note
UNICODE = ("utf-8-sig", "utf-16")
RUSSIAN = ("cp1251", "cp866", "koi8-r")  # the first where nothing tells them apart
MOST_JUDGED = 100_000  # bytes by which an encoding is told
LETTERS = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"  # from frequent to rare in Russian
# what weighs against the letters of a word, which are 0 to 1
NO_LETTER = 3.0  # a sign inside it: the Ґ of «жҐе», «цех» read wrongly
MIXED_CASE = 3.0  # a capital letter after a small one: «гЕИ», «Цех» read wrongly
CAPITALS = 1.0  # a word of capital letters alone: «ГЕИ», «цех» read wrongly
SIGNS = "«»„“”‘’—–…№°\u00a0"  # that tell nothing
_WEIGHTS = {letter: 1 - rank / len(LETTERS) for rank, letter in enumerate(LETTERS)}
_HIGH_WORDS = re.compile(rb"[\x80-\xffA-Za-z]{2,}")


class Reading(NamedTuple):
    """The cues of one caption file or of one stream of captions, in its times and their order, and what is wrong."""

    cues: list[Cue]
    notes: list[Note]


def read_captions(file: Path) -> Reading:
    """The cues of a caption file in one of the known FORMATS.

    UTF-8, UTF-16, CP1251, CP866 and KOI8-R are told apart. Cues that roll up give each phrase once. Raises Unusable.
    """
    try:
        if file.stat().st_size > MOST_BYTES:
            raise Unusable(f"The captions {file} are larger than 5 MB; give the captions of this episode alone.")
        raw = file.read_bytes()
    except OSError as error:
        raise Unusable(f"The captions {file} cannot be read ({error.strerror}); check the path.") from None
    return parse(raw, str(file))


def parse(raw: bytes, name: str) -> Reading:
    """The cues of a file's bytes; name tells messages where they come from. Raises Unusable."""
    try:
        cues, broken = _parsed(decode(raw))
    except BadCaptions as error:
        raise Unusable(f"The captions {name} {error}.") from None
    notes = []
    if broken:
        text = f"Captions in {name} are skipped: their times cannot be read: {_named(broken)}."
        notes.append(Note(code="broken-cue", text=text, level="warning"))
    if turned := [f"«{said(cue.words)}» at {cue.start:.1f} s" for cue in cues if cue.alone]:
        text = f"Captions in {name} end before they begin; they stay as long as they take to read: {_named(turned)}."
        notes.append(Note(code="backwards-cue", text=text, level="warning"))
    return Reading(cues, notes)


def decode(raw: bytes) -> str:
    """The text, its letters composed and its lines parted by line feeds. Raises BadCaptions for what is no text."""
    for encoding in (*UNICODE, "", *RUSSIAN):  # in the middle the likeliest of these
        if encoding == "utf-16" and raw[:2] not in (b"\xff\xfe", b"\xfe\xff"):
            continue
        try:
            text = raw.decode(encoding or _likeliest(raw))
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    raise BadCaptions("are not text; export them as SRT in UTF-8")


def _likeliest(raw: bytes) -> str:
    """The encoding in which the words look most like Russian; those with Latin letters tell nothing."""
    words = [word for word in _HIGH_WORDS.findall(raw[:MOST_JUDGED]) if not any(byte < 128 for byte in word)]
    return max(RUSSIAN, key=lambda encoding: sum(_russian(word.decode(encoding, "replace")) for word in words))


def _russian(word: str) -> float:
    """How much a word looks like Russian."""
    total = sum(_WEIGHTS.get(letter.lower(), -NO_LETTER) for letter in word if letter not in SIGNS)
    total -= MIXED_CASE * sum(a.islower() and b.isupper() for a, b in pairwise(word))
    return total - CAPITALS * word.isupper()


def _parsed(text: str) -> tuple[list[Cue], list[str]]:
    """The cues in order of time, and the lines of times that cannot be read. Raises BadCaptions."""
    if not text.strip():
        raise BadCaptions("are empty; export them as SRT in UTF-8")
    form = format_of(text)
    cues, broken = form.read(text) if form else ([], [])
    if not cues and broken:
        raise BadCaptions(f"hold no time that can be read ({broken[0]}); write 00:00:01,000 --> 00:00:03,000")
    if not cues:
        raise BadCaptions("hold no caption; export them as SRT in UTF-8")
    words = [word for cue in cues for word in cue.words]
    if len(cues) > MOST_CUES or len(words) > MOST_WORDS or any(len(word.text) > MOST_LETTERS for word in words):
        raise BadCaptions(
            f"hold more than {MOST_CUES} captions, {MOST_WORDS} words or {MOST_LETTERS} letters in a word; give the "
            "captions of this episode alone"
        )
    return _rolled(sorted(cues, key=lambda cue: cue.start)), broken


def _named(examples: Sequence[str]) -> str:
    more = len(examples) - MOST_NAMED
    return ", ".join(examples[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _rolled(cues: list[Cue]) -> list[Cue]:
    """Cues that stay on screen while the next one rolls in end where it begins, if they can be read by then."""
    ended = [*cues]
    for number, (cue, following) in enumerate(pairwise(cues)):
        left = following.start - cue.start
        if not cue.timed and cue.end > following.start and len(said(cue.words)) <= HARD_STOP * left:
            ended[number] = respread(replace(cue, end=following.start))
    return ended
