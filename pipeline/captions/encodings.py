"""Bytes of a caption file -> text: UTF-8, UTF-16, and the encodings that Russian files are really in."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

from pipeline.captions.cues import BadCaptions

UNICODE = ("utf-8-sig", "utf-16")
RUSSIAN = ("cp1251", "cp866", "koi8-r")  # the first where nothing tells them apart
MOST_JUDGED = 100_000  # bytes by which an encoding is told
LETTERS = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"  # from frequent to rare in Russian
NO_LETTER = (
    3.0  # what a sign inside a word weighs against its letters, which are 0 to 1: the Ґ of «жҐе», «цех» read wrongly
)
MIXED_CASE = 3.0  # a capital letter after a small one: «гЕИ», «Цех» read wrongly
CAPITALS = 1.0  # a word of capital letters alone: «ГЕИ», «цех» read wrongly
SIGNS = "«»„“”‘’—–…№°\u00a0"  # that tell nothing
_WEIGHTS = {letter: 1 - rank / len(LETTERS) for rank, letter in enumerate(LETTERS)}
_HIGH_WORDS = re.compile(rb"[\x80-\xffA-Za-z]{2,}")


def decode(raw: bytes) -> str:
    """The text, its letters composed and its lines parted by line feeds. Raises BadCaptions for what is no text."""
    for encoding in _encodings(raw):
        if encoding == "utf-16" and raw[:2] not in (b"\xff\xfe", b"\xfe\xff"):
            continue
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    raise BadCaptions("are not text; export them as SRT in UTF-8")


def _encodings(raw: bytes) -> Iterator[str]:
    yield from UNICODE
    yield _likeliest(raw)
    yield from RUSSIAN


def _likeliest(raw: bytes) -> str:
    """The encoding in which the words look most like Russian; those with Latin letters tell nothing."""
    words = [word for word in _HIGH_WORDS.findall(raw[:MOST_JUDGED]) if not any(byte < 128 for byte in word)]
    return max(RUSSIAN, key=lambda encoding: sum(_russian(word.decode(encoding, "replace")) for word in words))


def _russian(word: str) -> float:
    """How much a word looks like Russian."""
    total = sum(_WEIGHTS.get(letter.lower(), -NO_LETTER) for letter in word if letter not in SIGNS)
    total -= MIXED_CASE * sum(a.islower() and b.isupper() for a, b in pairwise(word))
    return total - CAPITALS * word.isupper()
