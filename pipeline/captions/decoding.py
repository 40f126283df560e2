"""The bytes of a caption file -> text: which encoding they are in, and what of it is broken."""

import re
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise

from pipeline.captions.cues import BadCaptions
from pipeline.captions.slips import Slips, quoted

MOST_JUDGED = 100_000  # bytes by which an encoding is told
BOMS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe\0\0": "utf-32-le", b"\0\0\xfe\xff": "utf-32-be", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}  # fmt: skip
RUSSIAN = {  # by their names in Python; the first where nothing tells them apart
    "cp1251": "CP1251", "cp866": "CP866", "koi8-u": "KOI8", "mac-cyrillic": "Mac Cyrillic", "iso8859-5": "ISO 8859-5",
    "kz1048": "KZ-1048",
}  # fmt: skip
RARE = ("mac-cyrillic", "iso8859-5", "kz1048")
WESTERN = "cp1252"
TWICE = {"cp1251": "CP1251", WESTERN: "CP1252", "latin-1": "Latin 1", "cp866": "CP866", "koi8-r": "KOI8-R", "mac-cyrillic": "Mac Cyrillic"}  # fmt: skip
LETTERS = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"  # from frequent to rare in Russian
# what weighs against the letters of a word, which are 0 to 1
NO_LETTER = 3.0  # a sign inside it: the Ґ of «жҐе», «цех» read wrongly
MIXED_CASE = 3.0  # a capital letter after a small one: «гЕИ», «Цех» read wrongly
CAPITALS = 1.0  # a text of capital letters alone: «ГЕИ», «цех» read wrongly
HARD_TO_SAY = 1.5  # four consonants in a row, or a word of three without a vowel: «рмбчлб», «плавка» read wrongly
SIGNS = "«»„“”‘’—–…№°\u00a0"  # that tell nothing
MOST_BROKEN = 0.2  # share of the letters of a text in UTF-8; with more it is none
MOST_DRAWN = 0.05  # share of frames and blocks among the letters of a text that was read rightly
NEIGHBOURS, OF_NEIGHBOURS = "іїєґўәғқңөұүһ", 0.3  # letters of Ukrainian, Belarusian and Kazakh
_WEIGHTS = {letter: 1 - rank / len(LETTERS) for rank, letter in enumerate(LETTERS)} | dict.fromkeys(
    NEIGHBOURS, OF_NEIGHBOURS
)
_HIGH_WORDS = re.compile(rb"[\x80-\xffA-Za-z]{2,}")
_HIGH_IN_LATIN = re.compile(rb"[A-Za-z][\xc0-\xff]|[\xc0-\xff][A-Za-z]")
_HIGH = re.compile(rb"[\x80-\xff]")
_ESCAPE = re.compile(r"\\u(04[0-9a-fA-F]{2})")  # of a Cyrillic letter
_FOREIGN = re.compile(r"[^\x00-\x7f]+")
_RUNS = re.compile(r"[^\x00-\x7f]+|[\x00-\x7f]+")
_HARD_TO_SAY = re.compile(r"[бвгджзйклмнпрстфхцчшщ]{4}|^[бвгджзйклмнпрстфхцчшщъь]{3,}$", re.IGNORECASE)
_DRAWN = re.compile("[\u2500-\u259f]")
_BROKEN = "\ufffd"
_MOST_REACHED = 0.9  # share of a text's letters that were encoded twice, where any were


def decode(raw: bytes, slips: Slips) -> str:
    """The text, its letters composed and its lines parted by line feeds. Raises BadCaptions for what is no text."""
    bom, encoding = next(((bom, name) for bom, name in BOMS.items() if raw.startswith(bom)), (b"", ""))
    raw = raw[len(bom) :]
    encoding = encoding or _wide(raw)
    if encoding.startswith(("utf-16", "utf-32")):
        text = raw.decode(encoding, "replace").rstrip("\0")
    else:
        text = _of_bytes(raw.rstrip(b"\0"), is_marked=bool(bom), slips=slips)
    if "\0" in text:
        raise BadCaptions("are not text; export them as SRT in UTF-8")
    text = _escaped(text, slips)
    if "\n\r" in text and text.count("\n\r") == text.count("\n"):
        text = text.replace("\n\r", "\n")
    text = re.sub("\r+\n|\r|\u2028|\u2029", "\n", unicodedata.normalize("NFC", _once(text, slips)))
    for number, line in enumerate(text.split("\n"), 1) if _BROKEN in text else ():
        if _BROKEN in line:
            slips.add("broken-letters", f"line {number} {quoted(line)}")
    return text.replace("\ufeff", "")


def _escaped(text: str, slips: Slips) -> str:
    """The text; where its Cyrillic was left as a program writes it in plain ASCII, with its letters."""
    first = _ESCAPE.search(text)
    if not first or not text.isascii() or text.lstrip()[:1] in ("{", "["):  # JSON reads its own
        return text
    slips.add("escaped-letters", quoted(first[0]))
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)


def _wide(raw: bytes) -> str:
    """UTF-16 whose mark is missing, told by the zeros beside its spaces, digits and line feeds; "" for anything else."""
    head = raw[:MOST_JUDGED]
    zeros = [head[part::2].count(0) for part in (0, 1)]
    if len(head) < 4 or max(zeros) < len(head) / 20 or min(zeros) > max(zeros) / 20:
        return ""
    return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"


def _of_bytes(raw: bytes, is_marked: bool, slips: Slips) -> str:
    """Text in UTF-8, or in one of the encodings of a byte a letter. Lines may be broken, or in another than the rest."""
    with suppress(UnicodeDecodeError):
        return raw.decode()
    lines = raw.split(b"\n")
    decoded = [line.decode("utf-8", "replace") for line in lines]
    broken = [number for number, line in enumerate(decoded) if _BROKEN in line]
    good = sum(len(_FOREIGN.sub("", line)) < len(line) for line in decoded) - len(broken)
    letters = sum(len("".join(_FOREIGN.findall(line))) for line in decoded)
    if not is_marked and not good and sum(line.count(_BROKEN) for line in decoded) > MOST_BROKEN * letters:
        return _judged(raw, slips)
    others = [n for n in broken if decoded[n].count(_BROKEN) > len("".join(_FOREIGN.findall(decoded[n]))) / 2]
    encoding = _likeliest(b"\n".join(lines[n] for n in others))
    for number in others:
        decoded[number] = lines[number].decode(encoding, "replace")
        slips.add("mixed-encodings", f"{RUSSIAN.get(encoding, 'CP1252')}: line {number + 1} {quoted(decoded[number])}")
    return "\n".join(decoded)


def _judged(raw: bytes, slips: Slips) -> str:
    encoding = _likeliest(raw)
    text = raw.decode(encoding, "replace")
    if len(_DRAWN.findall(text)) > MOST_DRAWN * max(1, len("".join(_FOREIGN.findall(text)))):
        raise BadCaptions("are in an encoding that cannot be told; save them as UTF-8")
    if encoding not in RUSSIAN:
        slips.add("guessed-encoding", "CP1252")
    elif (
        encoding in RARE
        or sum(_russian(word) for word in re.findall(r"\w{2,}", text[:MOST_JUDGED]) if _FOREIGN.match(word)) < 0
    ):
        slips.add("guessed-encoding", RUSSIAN[encoding])
    return text


def _likeliest(raw: bytes) -> str:
    """The encoding in which the words look most like Russian; Western where most letters of two bytes' kind stand in Latin
    words."""
    raw = raw[:MOST_JUDGED]
    if 2 * len(_HIGH_IN_LATIN.findall(raw)) >= len(_HIGH.findall(raw)) > 0 and b"\x98" not in raw:
        return WESTERN
    words = [word for word in _HIGH_WORDS.findall(raw) if not any(byte < 128 for byte in word)]
    return max(RUSSIAN, key=lambda encoding: _likelihood([word.decode(encoding, "replace") for word in words]))


def _likelihood(words: Sequence[str]) -> float:
    """How much words look like Russian; whoever writes in capitals writes all in them, so that they count once."""
    return sum(map(_russian, words)) - CAPITALS * sum(map(str.isupper, words)) / max(1, len(words))


def _russian(word: str) -> float:
    """How much a word looks like Russian."""
    total = sum(_WEIGHTS.get(letter.lower(), -NO_LETTER) for letter in word if letter not in SIGNS)
    total -= MIXED_CASE * sum(a.islower() and b.isupper() for a, b in pairwise(word))
    return total - HARD_TO_SAY * len(_HARD_TO_SAY.findall(word))


def _once(text: str, slips: Slips) -> str:
    """The text; where it was UTF-8 that somebody read in another encoding and saved again, as it was."""
    runs = _FOREIGN.findall(text[:MOST_JUDGED])
    letters = sum(map(len, runs))
    for encoding, name in TWICE.items():
        if sum(len(run) for run in runs if _taken_back(run, encoding)) > _MOST_REACHED * letters > 0:
            slips.add("twice-encoded", name)
            return "".join(_taken_back(part, encoding) or part for part in _RUNS.findall(text))
    return text


def _taken_back(run: str, encoding: str) -> str | None:
    """The letters that were UTF-8 before they were read in an encoding; None where they were not."""
    try:
        found = b"".join(_bytes_of(run, encoding)).decode()
    except (UnicodeDecodeError, UnicodeEncodeError):
        return None
    return found if run != found and (any(map(str.isalpha, found)) or found in SIGNS) else None


def _bytes_of(run: str, encoding: str) -> Sequence[bytes]:
    """A run's bytes; what an encoding leaves out is kept by most programs as a control character."""
    return [bytes([ord(one)]) if "\x80" <= one <= "\x9f" else one.encode(encoding) for one in run]
