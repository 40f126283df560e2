"""Caption files -> cues: words with times, as their author cut them, whatever the format and the encoding."""

import html
import json
import math
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby, pairwise
from pathlib import Path
from typing import Literal

import pysubs2
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, TypeAdapter

from pipeline.errors import Unusable
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
ENCODINGS = ("utf-8-sig", "utf-16", "cp1251")
_VOWELS = re.compile(r"[аеёиоуыэюяaeiouy]", re.IGNORECASE)
_TAGS = re.compile(r"</?[a-zA-Z][^<>\n]*>|<\d[\d:.]*>")
_SPEAKER = re.compile(r"^([ \t\ue000-\uf8ff]*)[-–—][ \t]*(?=[^\s\d–—-])", re.MULTILINE)
_NUMBER = re.compile(r"^([ \t]*\d+)[ \t]*$(?!\n[^\n]*\d:\d\d)", re.MULTILINE)  # a line of digits before no time
_JOINER = "\u2060"  # no font draws it; it tells such a line from a cue's number
_OVERRIDES = re.compile(r"\{[^}]*\}")
_COLOUR = re.compile(r"\\1?c(?:&H([0-9a-fA-F]{1,8})&?)?(?![a-zA-Z])|\\r")
_TOP = re.compile(r"\\an([1-9])|\\a(\d{1,2})(?!\d)")
_FIRST_MARK = 0xE000  # private characters that stand for a change of colour while a cue is taken into words

Spans = Sequence[tuple[float, float]]  # [start, end) seconds, in order
Band = Literal["lower", "upper"]


@dataclass(frozen=True)
class Cue:
    """A caption as its author cut it: its words, and [start, end) seconds on screen.

    timed: whether the words' times are the file's own; else they are spread over the cue. stretch: of the episode.
    """

    words: list[Word]
    start: float
    end: float
    timed: bool = False
    band: Band | None = None
    stretch: int = 0


def read_words(file: Path, styled: bool = False) -> list[Cue]:
    """The cues of an SRT, VTT, ASS, SBV or Whisper JSON file as words with times, in order of time.

    UTF-8, UTF-16 and CP1251 are told apart. styled: with the colours and the top position of an ASS file.
    Raises Unusable.
    """
    try:
        if file.stat().st_size > MOST_BYTES:
            raise Unusable(f"The captions {file} are larger than 5 MB; give the captions of this episode alone.")
        raw = file.read_bytes()
    except OSError as error:
        raise Unusable(f"The captions {file} cannot be read ({error.strerror}); check the path.") from None
    return parse(raw, str(file), styled)


def parse(raw: bytes, name: str, styled: bool) -> list[Cue]:
    """The cues of a file's bytes; name tells messages where they come from. Raises Unusable."""
    text = _decode(raw, name)
    try:
        cues = _whisper_cues(text)
        if not cues:
            if len(text) > MOST_SUBTITLES:
                raise Unusable(f"The captions {name} are larger than 1 MB; give the captions of this episode alone.")
            parts = text.split("\n" if "[Events]" in text else "\n\n")
            if max(map(len, parts)) > MOST_CHARACTERS:
                raise Unusable(f"The captions {name} hold one of more than {MOST_CHARACTERS} characters; shorten it.")
            cues = _subtitle_cues(text, styled)
    except (
        pysubs2.exceptions.Pysubs2Error,
        ArithmeticError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise Unusable(
            f"The captions {name} do not parse as SRT, VTT, ASS, SBV or Whisper JSON ({type(error).__name__})."
        ) from error
    if not cues:
        raise Unusable(
            f"The captions {name} hold no caption; check that it is an SRT, VTT, ASS, SBV or Whisper JSON file."
        )
    if (
        len(cues) > MOST_CUES
        or sum(len(cue.words) for cue in cues) > MOST_WORDS
        or any(len(word.text) > MOST_LETTERS for cue in cues for word in cue.words)
    ):
        raise Unusable(
            f"The captions {name} hold more than {MOST_CUES} captions, {MOST_WORDS} words or {MOST_LETTERS} letters in "
            "a word; give the captions of this episode alone."
        )
    return _rolled(sorted(cues, key=lambda cue: cue.start))


def _decode(raw: bytes, name: str) -> str:
    for encoding in ENCODINGS:
        if encoding == "utf-16" and raw[:2] not in (b"\xff\xfe", b"\xfe\xff"):
            continue
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    raise Unusable(f"The captions {name} are not text; export them as SRT in UTF-8.")


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
            cues.append(_untimed(segment.text, segment.start, segment.end))
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
    file = pysubs2.SSAFile.from_string(_NUMBER.sub(rf"\1{_JOINER}", text))
    cues: list[Cue] = []
    for event in file:
        if event.is_comment or event.is_drawing:
            continue
        if file.format == "vtt":
            event.text = event.text.split(r"\N\N")[0]  # a blank line ends a cue; notes and names of cues follow
        palette: list[str | None] = [None]
        band: Band | None = None
        if styled and file.format in ("ass", "ssa"):
            style = file.styles.get(event.style, pysubs2.SSAStyle.DEFAULT_STYLE)
            band = "upper" if _is_top(event.text, style) else None
            event.text, palette = _marked(event.text, style)
        written = html.unescape(_TAGS.sub("", event.plaintext.replace(_JOINER, "")))
        cue = _untimed(_SPEAKER.sub(r"\1— ", written), event.start / 1000, event.end / 1000, palette)
        if cue.words:
            cues.append(replace(cue, band=band))
    return cues


def _is_top(text: str, style: pysubs2.SSAStyle) -> bool:
    """Whether an ASS event stands at the top: the first alignment in it counts, else its style's."""
    named = _TOP.search("".join(_OVERRIDES.findall(text)))
    if not named:
        return int(style.alignment) >= 7
    return int(named[1]) >= 7 if named[1] else int(named[2]) in (5, 6, 7)


def _marked(text: str, style: pysubs2.SSAStyle) -> tuple[str, list[str | None]]:
    """An ASS event's text with its changes of colour as private characters, and the colours that they stand for."""
    own = _hex(style.primarycolor.r, style.primarycolor.g, style.primarycolor.b)
    palette = [own]

    def mark(override: re.Match[str]) -> str:
        found = list(_COLOUR.finditer(override[0]))
        if not found:
            return ""
        value = int(found[-1][1] or "0", 16)  # &HBBGGRR
        palette.append(_hex(value & 255, value >> 8 & 255, value >> 16 & 255) if found[-1][1] else own)
        return chr(_FIRST_MARK + min(len(palette) - 1, 6399))

    return _OVERRIDES.sub(mark, text), palette


def _hex(red: int, green: int, blue: int) -> str | None:
    """#RRGGBB, None for white, which says that nobody chose a colour."""
    return None if (red, green, blue) == (255, 255, 255) else f"#{red:02X}{green:02X}{blue:02X}"


def _untimed(text: str, start: float, end: float, palette: Sequence[str | None] = (None,)) -> Cue:
    """A cue whose words have times by their syllables. palette: the colour it begins with, and those of its marks."""
    if end <= start:
        end = start + SHORTEST  # written without a duration
    texts: list[str] = []
    colours: list[str | None] = []
    colour = palette[0]
    for marked in text.split():
        first = True
        letters = ""
        for letter in marked:
            number = ord(letter) - _FIRST_MARK
            if len(palette) > 1 and 0 < number < len(palette):
                colour = palette[number]
                continue
            if first:
                colours.append(colour)
                first = False
            letters += letter
        if letters:
            texts.append(letters)
    times = spread(texts, [(start, end)])
    words = [Word(text=t, start=a, end=b, colour=c) for t, c, (a, b) in zip(texts, colours, times, strict=True)]
    return Cue(words, start, end)


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
