"""Caption files -> cues: words with times, as their author cut them, whatever the format and the encoding."""

import html
import json
import math
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate, groupby, pairwise
from pathlib import Path
from typing import Literal

import pysubs2
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, TypeAdapter
from pysubs2.formats.subrip import SubripFormat
from pysubs2.formats.webvtt import WebVTTFormat

from basis.errors import Unusable
from basis.spans import Spans
from presets.graphics import Word

SHORTEST = 0.83  # seconds on screen, DELIVERY.md
HARD_STOP = 20.0  # characters a second; no cue is made faster to make room for its neighbours
# what a file may hold
MOST_BYTES = 5_000_000
MOST_CUES = 5000
MOST_WORDS = 100_000
MOST_SUBTITLES = 1_000_000  # characters of any format but JSON
MOST_CHARACTERS = 5000  # of one cue, markup included; what looks for markup takes the square of it
MOST_LETTERS = 200  # in one word; more is no caption
UNICODE = ("utf-8-sig", "utf-16")
RUSSIAN = ("cp1251", "cp866", "koi8-r")  # the first where nothing tells them apart
MOST_JUDGED = 100_000  # bytes by which an encoding is told
LETTERS = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"  # from frequent to rare in Russian
NO_LETTER = 3.0  # what a sign inside a word weighs against its letters, which are 0 to 1
MIXED_CASE = 3.0  # a capital letter after a small one
CAPITALS = 1.0  # a word of capital letters alone
SIGNS = "«»„“”‘’—–…№°\u00a0"  # that tell nothing
TOUCHING = 0.1  # seconds between two cues up to which the second may repeat the first as it rolls up
MOST_LINES = 4  # of a cue that may roll up
MOST_NAMED = 3  # in a warning
_WEIGHTS = {letter: 1 - rank / len(LETTERS) for rank, letter in enumerate(LETTERS)}
_VOWELS = re.compile(r"[аеёиоуыэюяaeiouy]", re.IGNORECASE)
_ARROW_TIME = re.compile(r"\d:\d")
_CARRIED = re.compile(r"([.,])1000(?!\d)")  # thousandths rounded up
_SAID_AT = re.compile(r"<(?:(\d{1,3}):)?(\d\d):(\d\d)\.(\d{3})>")  # of a word inside a VTT cue
_THOUSANDTHS = re.compile("\ue000(\\d+)\ue000")  # the same, as no reader takes it for the time of a cue
_HIGH_WORDS = re.compile(rb"[\x80-\xffA-Za-z]{2,}")
_TAGS = re.compile(r"</?[a-zA-Z][^<>\n]*>|<\d[\d:.]*>")
_SPEAKER = re.compile(r"^([ \t\ue000-\uf8ff]*)[-–—][ \t]*(?=[^\s\d–—-])", re.MULTILINE)
_NUMBER = re.compile(r"^([ \t]*\d+)[ \t]*$(?!\n[^\n]*\d:\d\d)", re.MULTILINE)  # a line of digits before no time
_JOINER = "\u2060"  # no font draws it; it tells such a line from a cue's number
_OVERRIDES = re.compile(r"\{[^}]*\}")
_COLOUR = re.compile(r"\\1?c(?:&H([0-9a-fA-F]{1,8})&?)?(?![a-zA-Z])|\\r")
_TOP = re.compile(r"\\an([1-9])|\\a(\d{1,2})(?!\d)")
MOST_MARKS = 6399
_FIRST_MARK = 0xE000  # private characters that stand for a change of colour or a time while a cue is taken into words

Band = Literal["lower", "upper"]


@dataclass(frozen=True)
class Cue:
    """A caption as its author cut it: its words, and [start, end) seconds on screen.

    timed: whether the words' times are the file's own; else they are spread over the cue. stretch: of the episode.
    alone: it ended before it began in the file, so that its end is a guess; it is never merged with others.
    """

    words: list[Word]
    start: float
    end: float
    timed: bool = False
    band: Band | None = None
    stretch: int = 0
    alone: bool = False


@dataclass(frozen=True)
class _Written:
    """A cue as it is written: its words and their colours, the words that begin its lines, and the times inside it.

    said_at: seconds by the number of the word that is said from then on. until: seconds at which it leaves the screen.
    """

    texts: list[str]
    colours: list[str | None]
    lines: list[int]
    said_at: dict[int, float]
    start: float
    end: float
    until: float
    band: Band | None = None


def read_words(file: Path, styled: bool = False) -> list[Cue]:
    """The cues of an SRT, VTT, ASS, SBV or Whisper JSON file as words with times, in order of time.

    UTF-8, UTF-16, CP1251, CP866 and KOI8-R are told apart. Cues that roll up give each phrase once. styled: with the
    colours and the top position of an ASS file. Raises Unusable.
    """
    return read_captions(file, styled)[0]


def read_captions(file: Path, styled: bool = False) -> tuple[list[Cue], list[str]]:
    """The cues of read_words, and warnings of what was skipped or mended. Raises Unusable."""
    try:
        if file.stat().st_size > MOST_BYTES:
            raise Unusable(f"The captions {file} are larger than 5 MB; give the captions of this episode alone.")
        raw = file.read_bytes()
    except OSError as error:
        raise Unusable(f"The captions {file} cannot be read ({error.strerror}); check the path.") from None
    return parse(raw, str(file), styled)


def parse(raw: bytes, name: str, styled: bool) -> tuple[list[Cue], list[str]]:
    """The cues of a file's bytes, and warnings; name tells messages where they come from. Raises Unusable."""
    text = _decode(raw, name)
    if not text.strip():
        raise Unusable(f"The captions {name} are empty; export them as SRT in UTF-8.")
    broken: list[str] = []
    try:
        cues = _whisper_cues(text)
        if not cues:
            if len(text) > MOST_SUBTITLES:
                raise Unusable(f"The captions {name} are larger than 1 MB; give the captions of this episode alone.")
            parts = text.split("\n" if "[Events]" in text else "\n\n")
            if max(map(len, parts)) > MOST_CHARACTERS:
                raise Unusable(f"The captions {name} hold one of more than {MOST_CHARACTERS} characters; shorten it.")
            text, broken = _without_broken(text)
            cues = _subtitle_cues(text, styled)
    except (pysubs2.exceptions.Pysubs2Error, ArithmeticError, LookupError, RecursionError, TypeError, ValueError):
        cues = []
    if not cues and broken:
        raise Unusable(
            f"The captions {name} hold no time that can be read ({broken[0]}); write 00:00:01,000 --> 00:00:03,000."
        )
    if not cues:
        raise Unusable(f"The captions {name} hold no caption; export them as SRT in UTF-8.")
    if (
        len(cues) > MOST_CUES
        or sum(len(cue.words) for cue in cues) > MOST_WORDS
        or any(len(word.text) > MOST_LETTERS for cue in cues for word in cue.words)
    ):
        raise Unusable(
            f"The captions {name} hold more than {MOST_CUES} captions, {MOST_WORDS} words or {MOST_LETTERS} letters in "
            "a word; give the captions of this episode alone."
        )
    cues = _rolled(sorted(cues, key=lambda cue: cue.start))
    turned = [f"«{said(cue.words)}» at {cue.start:.1f} s" for cue in cues if cue.alone]
    warnings = [f"Captions in {name} are skipped: their times cannot be read: {_named(broken)}."] * bool(broken)
    warnings += [
        f"Captions in {name} end before they begin; they stay as long as they take to read: {_named(turned)}."
    ] * bool(turned)
    return cues, warnings


def _named(found: Sequence[str]) -> str:
    more = len(found) - MOST_NAMED
    return ", ".join(found[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _decode(raw: bytes, name: str) -> str:
    for encoding in _encodings(raw):
        if encoding == "utf-16" and raw[:2] not in (b"\xff\xfe", b"\xfe\xff"):
            continue
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    raise Unusable(f"The captions {name} are not text; export them as SRT in UTF-8.")


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


def _without_broken(text: str) -> tuple[str, list[str]]:
    """A subtitle file's text without the cues whose line of times cannot be read, and these lines."""
    if "[Events]" in text or "[Script Info]" in text:
        return text, []
    stamp = (WebVTTFormat if text.lstrip().startswith("WEBVTT") else SubripFormat).TIMESTAMP
    kept: list[str] = []
    broken: list[str] = []
    skipped = False
    for number, line in enumerate(text.split("\n"), 1):
        before, arrow, after = line.partition("-->")
        if arrow and (_ARROW_TIME.search(before) or _ARROW_TIME.search(after)):
            line = _CARRIED.sub(r"\g<1>999", line)
            skipped = len(stamp.findall(line)) != 2
            if skipped:
                broken.append(f"line {number} «{line.strip()[:60]}»")
                if kept and kept[-1].strip().isdigit():
                    kept.pop()
        elif not line.strip():
            skipped = False
        if not skipped:
            kept.append(line)
    return "\n".join(kept), broken


class _Heard(BaseModel):
    """A word of Whisper's: its text begins with a space unless it goes on the one before; times may be missing."""

    model_config = ConfigDict(allow_inf_nan=False)

    text: str = Field(validation_alias=AliasChoices("word", "text"))
    start: float | None = None
    end: float | None = None


class _Segment(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False)

    start: float
    end: float
    text: str = ""
    words: list[_Heard] = []


def _whisper_cues(text: str) -> list[Cue]:
    """The cues of Whisper's JSON; none for what is no JSON. Raises ValueError for JSON of another shape."""
    if not text.lstrip().startswith(("{", "[")):
        return []
    try:
        data = json.loads(text)
    except ValueError:
        return []  # "{0}{25}" and "[Script Info]" begin other formats
    found = data.get("segments", []) if isinstance(data, dict) else data
    cues: list[Cue] = []
    for segment in TypeAdapter(list[_Segment]).validate_python(found):
        if words := _segment_words(segment):
            cues.append(Cue(words, words[0].start, max(word.end for word in words), timed=True))
        elif segment.text.split():
            cues.append(_as_cue(_written(segment.text, segment.start, segment.end)))
    return cues


def _segment_words(segment: _Segment) -> list[Word]:
    """Words with their own times; those without share the time between their neighbours."""
    spaced = any(word.text.startswith(" ") for word in segment.words)
    heard: list[_Heard] = []
    for word in segment.words:
        if heard and spaced and not word.text.startswith(" "):
            end = heard[-1].end if word.end is None else word.end
            heard[-1] = heard[-1].model_copy(update={"text": heard[-1].text + word.text, "end": end})
        elif word.text.strip():
            heard.append(word)
    words: list[Word] = []
    for missing, group in groupby(enumerate(heard), key=lambda item: item[1].start is None or item[1].end is None):
        run = list(group)
        begin = words[-1].end if words else segment.start
        if missing:
            after = run[-1][0] + 1
            until = heard[after].start if after < len(heard) else segment.end
            texts = [text for _, word in run for text in word.text.split()]
            times = spread(texts, [(begin, max(begin, until or segment.end))])
            words += [Word(text=text, start=a, end=b) for text, (a, b) in zip(texts, times, strict=True)]
            continue
        for _, word in run:
            start = max(word.start or 0.0, words[-1].start if words else 0.0)
            words.append(Word(text=" ".join(word.text.split()), start=start, end=max(start, word.end or start)))
    return words


def _subtitle_cues(text: str, styled: bool) -> list[Cue]:
    text = _SAID_AT.sub(lambda at: f"\ue000{_thousandths(at)}\ue000", text)
    file = pysubs2.SSAFile.from_string(_NUMBER.sub(rf"\1{_JOINER}", text))
    found: list[_Written] = []
    for event in file:
        if event.is_comment or event.is_drawing:
            continue
        if file.format == "vtt":
            event.text = event.text.split(r"\N\N")[0]  # a blank line ends a cue; notes and names of cues follow
        palette: list[str | float | None] = [None]
        band: Band | None = None
        if styled and file.format in ("ass", "ssa"):
            style = file.styles.get(event.style, pysubs2.SSAStyle.DEFAULT_STYLE)
            band = "upper" if _is_top(event.text, style) else None
            event.text, palette = _marked(event.text, style)
        else:
            event.text = _THOUSANDTHS.sub(partial(_mark_of_time, palette), event.text)
        plain = html.unescape(_TAGS.sub("", event.plaintext.replace(_JOINER, "")))
        written = _written(_SPEAKER.sub(r"\1— ", plain), event.start / 1000, event.end / 1000, palette)
        if written.texts:
            found.append(replace(written, band=band))
    own = any(written.said_at for written in found)
    return [_as_cue(w, timed=own and (bool(w.said_at) or len(w.texts) == 1)) for w in _unrolled(found)]


def _thousandths(at: re.Match[str]) -> int:
    hours, minutes, seconds, rest = (int(group or 0) for group in at.groups())
    return (hours * 3600 + minutes * 60 + seconds) * 1000 + rest


def _mark_of_time(palette: list[str | float | None], at: re.Match[str]) -> str:
    palette.append(int(at[1]) / 1000)
    return chr(_FIRST_MARK + min(len(palette) - 1, MOST_MARKS))


def _is_top(text: str, style: pysubs2.SSAStyle) -> bool:
    """Whether an ASS event stands at the top: the first alignment in it counts, else its style's."""
    named = _TOP.search("".join(_OVERRIDES.findall(text)))
    if not named:
        return int(style.alignment) >= 7
    return int(named[1]) >= 7 if named[1] else int(named[2]) in (5, 6, 7)


def _marked(text: str, style: pysubs2.SSAStyle) -> tuple[str, list[str | float | None]]:
    """An ASS event's text with its changes of colour as private characters, and the colours that they stand for."""
    own = _hex(style.primarycolor.r, style.primarycolor.g, style.primarycolor.b)
    palette: list[str | float | None] = [own]

    def mark(override: re.Match[str]) -> str:
        found = list(_COLOUR.finditer(override[0]))
        if not found:
            return ""
        value = int(found[-1][1] or "0", 16)  # &HBBGGRR
        palette.append(_hex(value & 255, value >> 8 & 255, value >> 16 & 255) if found[-1][1] else own)
        return chr(_FIRST_MARK + min(len(palette) - 1, MOST_MARKS))

    return _OVERRIDES.sub(mark, text), palette


def _hex(red: int, green: int, blue: int) -> str | None:
    """#RRGGBB, None for white, which says that nobody chose a colour."""
    return None if (red, green, blue) == (255, 255, 255) else f"#{red:02X}{green:02X}{blue:02X}"


def _written(text: str, start: float, end: float, palette: Sequence[str | float | None] = (None,)) -> _Written:
    """A cue's text in words. palette: the colour it begins with, and the colours and times that its marks stand for."""
    found = _Written([], [], [], {}, start, end, end)
    colour = palette[0]
    at: float | None = None
    for line in text.split("\n"):
        found.lines.append(len(found.texts))
        for marked in line.split():
            letters = ""
            for letter in marked:
                number = ord(letter) - _FIRST_MARK
                if len(palette) > 1 and 0 < number < len(palette):
                    meant = palette[number]
                    if isinstance(meant, float):
                        at = meant
                    else:
                        colour = meant
                    continue
                if not letters:
                    found.colours.append(colour if isinstance(colour, str) else None)
                    if at is not None:
                        found.said_at[len(found.texts)] = at
                at = None
                letters += letter
            if letters:
                found.texts.append(letters)
    if at is not None:
        found.said_at[len(found.texts)] = at
    return found


def _unrolled(found: Sequence[_Written]) -> list[_Written]:
    """Cues without the words that a cue before them, which rolls up, has shown already; in order of time."""
    found = sorted(found, key=lambda written: written.start)
    touching = sum(b.start - a.until <= TOUCHING for a, b in pairwise(found))
    repeated = [0, *(_repeated(a, b) for a, b in pairwise(found))]
    rolls = 2 * sum(map(bool, repeated)) >= touching  # else one word may well be said twice
    kept: list[_Written] = []
    for written, count in zip(found, repeated, strict=True):
        if count < 2 and not (count and rolls):
            kept.append(written)
        elif count < len(written.texts):
            at = {word - count: seconds for word, seconds in written.said_at.items() if word >= count}
            lines = [max(0, word - count) for word in written.lines]
            kept.append(
                replace(written, texts=written.texts[count:], colours=written.colours[count:], lines=lines, said_at=at)
            )
        else:
            kept[-1] = replace(kept[-1], until=max(kept[-1].until, written.until))
    return kept


def _repeated(written: _Written, following: _Written) -> int:
    """With how many words a cue repeats the last lines of the one that it touches."""
    if following.start - written.until > TOUCHING:
        return 0
    for first in (0, *written.lines[-MOST_LINES:]):
        last = written.texts[first:]
        if last and following.texts[: len(last)] == last:
            return len(last)
    return 0


def _as_cue(written: _Written, timed: bool = False) -> Cue:
    """A cue whose words have the times that are written inside it, the others by their syllables."""
    texts, start, end, until = written.texts, written.start, written.end, written.until
    alone = end < start
    if end <= start:  # written without a duration
        end = until = start + (max(SHORTEST, len(" ".join(texts)) / HARD_STOP) if alone else SHORTEST)
    begins = [(0, start)]
    for word, at in sorted(written.said_at.items()):
        begins.append((word, min(max(at, begins[-1][1]), end)))
    times: list[tuple[float, float]] = []
    for (first, begin), (after, finish) in pairwise([*begins, (len(texts), end)]):
        times += spread(texts[first:after], [(begin, finish)])
    words = [
        Word(text=text, start=a, end=b, colour=colour)
        for text, colour, (a, b) in zip(texts, written.colours, times, strict=True)
    ]
    return Cue(words, start, until, timed, written.band, alone=alone)


def spread(texts: Sequence[str], parts: Spans) -> list[tuple[float, float]]:
    """Times of words that share parts of time by their syllables; no word lies in two parts where that can be."""
    weights = [max(1, len(_VOWELS.findall(text))) for text in texts]
    edges = [0.0, *accumulate(weights)]
    seams = [0.0, *accumulate(b - a for a, b in parts)]  # of the parts put together
    edges = [min(edge * seams[-1] / max(edges[-1], 1), seams[-1]) for edge in edges]
    for seam in seams[1:-1]:
        near = min(range(len(edges)), key=lambda n: abs(edges[n] - seam))
        if 0 < near < len(edges) - 1:
            edges[near] = seam
    times: list[tuple[float, float]] = []
    for a, b in pairwise(edges):
        first = min(bisect_right(seams, a), len(parts)) - 1
        last = max(bisect_left(seams, b), first + 1) - 1
        begin = parts[first][0] + a - seams[first]
        times.append((begin, max(begin, min(parts[last][0] + b - seams[last], parts[last][1]))))
    return times


def _rolled(cues: list[Cue]) -> list[Cue]:
    """Cues that stay on screen while the next one rolls in end where it begins, if they can be read by then."""
    ended: list[Cue] = []
    for cue, following in pairwise([*cues, None]):
        assert cue
        left = following.start - cue.start if following else math.inf
        if following and not cue.timed and cue.end > following.start and len(said(cue.words)) <= HARD_STOP * left:
            cue = respread(replace(cue, end=following.start), [])
        ended.append(cue)
    return ended


def respread(cue: Cue, speech: Spans) -> Cue:
    """The cue with its words in the parts of it in which somebody speaks."""
    if cue.timed:
        return cue
    parts = [(max(a, cue.start), min(b, cue.end)) for a, b in speech if a < cue.end and b > cue.start]
    times = spread([word.text for word in cue.words], parts or [(cue.start, cue.end)])
    words = [word.model_copy(update={"start": a, "end": b}) for word, (a, b) in zip(cue.words, times, strict=True)]
    return replace(cue, words=words)


def said(words: Sequence[Word]) -> str:
    return " ".join(w.text for w in words)
