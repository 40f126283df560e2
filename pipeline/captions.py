"""Caption files -> readable captions: at most two balanced lines, long enough on screen, no word lost."""

import html
import json
import math
import re
import subprocess
import threading
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate, groupby, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pysubs2
from PIL import ImageFont
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, TypeAdapter

import presets
from pipeline import ffmpeg_tool
from pipeline.errors import Unusable, WrongUse
from presets import Preset
from presets.graphics import Caption, Word

if TYPE_CHECKING:
    from pipeline.source import Source

# on screen, DELIVERY.md
LINE_WIDTH = 756  # pixels of text in a line
SMALLEST_TYPE = 36  # pixels; what is wider than a line even there is broken
SHORTEST, LONGEST = 0.83, 7.0  # seconds
HARD_STOP = 20.0  # characters a second; no cue is made faster to make room for its neighbours
GAP_FRAMES = 2  # between two captions, or none
EARLY = 0.3  # seconds that a caption comes before its words where it could not be read otherwise
LATE = 1.0  # seconds after its words from which a caption is called late
# what a file may hold
MOST_BYTES = 5_000_000
MOST_CUES = 5000
MOST_WORDS = 100_000
MOST_LETTERS = 200  # in one word; more is no caption
EXTRACT_SECONDS = 120  # for the captions inside a footage file
ENCODINGS = ("utf-8-sig", "utf-16", "cp1251")
SPOKEN = 0.2  # share of a cue below which what was heard says nothing about when its words are said
# cost of a way to cut a run of words into captions
CHANGED = 1.5  # a caption that is no cue of its author's
SHAPE, IDEAL = 1.5, 1.3 * LINE_WIDTH  # such a caption that is far from its best width, in pixels
UNREADABLE = 1.7  # an author's cue that is too fast or too short to be read: more than CHANGED
MISSING = 6.0  # each second by which a caption is too fast or too short
TOO_LONG = 0.5  # for each second after LONGEST that a cue of one line whose words have no times goes on
ACROSS = 2.0  # it ends in the middle of a sentence after the end of another
DANGLING, DANGLING_WORDS = 5.0, 2  # an author's cue that ends with so few words of the next sentence
FRAGMENT = 2.5  # an author's cue of one word that is no sentence
TOGETHER = 6.0  # a break between words that stay together
KEPT = 0.3  # share of a break's cost where the author has it too
PAUSE = 0.8  # seconds between two cues from which they are never one caption

STICKS_TO_NEXT = frozenset((
    "а", "без", "в", "во", "да", "до", "за", "и", "из", "из-за", "к", "как", "ко", "на", "над", "не", "ни", "но",
    "о", "об", "от", "по", "под", "при", "с", "со", "то", "у", "№",
))  # fmt: skip
LEANS_ON_NEXT = STICKS_TO_NEXT | frozenset((
    "для", "через", "перед", "между", "после", "около", "про", "ради", "среди", "против", "вокруг", "кроме", "вместо",
    "что", "чтобы", "если", "когда", "где", "куда", "пока", "потому", "поэтому", "или", "либо", "чем", "хотя", "зато",
    "который", "которая", "которое", "которые", "которых", "которым", "которого", "которой", "которую", "котором",
    "наш", "наша", "наше", "наши", "нашей", "нашего", "мой", "моя", "моё", "мои", "моей", "моего", "его", "её", "их",
    "свой", "свою", "свои", "этот", "эта", "эти", "этой", "этого", "очень", "самый", "самая", "самое", "более", "менее",
    "каждый", "каждая", "каждую", "двадцать", "тридцать", "сорок", "пятьдесят", "сто",
    "ещё", "уже", "только", "даже", "именно", "почти",
))  # fmt: skip
ABBREVIATIONS = frozenset(
    "г. гг. т. тт. ул. д. кв. им. стр. руб. коп. тыс. млн. млрд. см. проф. акад. инж. св.".split()
)
DASHES = frozenset("—–-")
_SENTENCE_ENDS = tuple(".!?…")
_CLOSING = "»”\"')]"
_VOWELS = re.compile(r"[аеёиоуыэюяaeiouy]", re.IGNORECASE)
_TAGS = re.compile(r"</?[a-zA-Z][^<>\n]*>|<\d[\d:.]*>")
_SPEAKER = re.compile(r"^([\s\ue000-\uf8ff]*)[-–—]\s*(?=[^\s\d–—-])", re.MULTILINE)
_NUMBER = re.compile(r"^([ \t]*\d+)[ \t]*$(?!\n[^\n]*\d:\d\d)", re.MULTILINE)  # a line of digits before no time
_JOINER = "\u2060"  # no font draws it; it tells such a line from a cue's number
_OVERRIDES = re.compile(r"\{[^}]*\}")
_COLOUR = re.compile(r"\\1?c(?:&H([0-9a-fA-F]{1,8})&?)?(?![a-zA-Z])|\\r")
_TOP = re.compile(r"\\an([1-9])|\\a(\d{1,2})(?!\d)")
_LIKE_A_TAG = re.compile(r"<(?= */? *[a-zA-Z]|\d[\d:.]*>)")
_OF_ASS = str.maketrans({"{": "&#123;", "}": "&#125;", "\\": "&#92;"})  # pysubs2 thinks in ASS, where these are markup
_FIRST_MARK = 0xE000  # private characters that stand for a change of colour while a cue is taken into words

Measure = Callable[[str], float]  # pixels of a text
Spans = Sequence[tuple[float, float]]  # [start, end) seconds, in order
Band = Literal["lower", "upper"]


@dataclass(frozen=True)
class Stretch:
    """One footage of a brief: [start, end) in seconds of its file; episode seconds are these plus offset.

    file: its own caption file, times of the footage file. speech: footage seconds in which somebody speaks.
    """

    source: "Source"
    start: float
    end: float
    offset: float
    file: Path | None
    speech: list[tuple[float, float]]


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


def for_episode(
    file: Path | None, stretches: Sequence[Stretch], preset: Preset, duration: float, rate: float
) -> tuple[list[Caption], list[str]]:
    """Readable captions of [0, duration) episode seconds, and warnings.

    file: captions of the whole episode, in its times. Without one, each stretch's own file is used, or the captions
    inside its footage. Raises WrongUse for both at once; Unusable for a file that does not parse, or whose captions
    all lie outside the episode.
    """
    cues: list[Cue] = []
    warnings: list[str] = []
    styled = preset.captions.ass_styles
    if file:
        if any(stretch.file for stretch in stretches):
            raise WrongUse(f"Give the captions of the episode ({file}) or those of its footage, not both.")
        speech = [
            (max(a, s.start) + s.offset, min(b, s.end) + s.offset) for s in stretches for a, b in s.speech if a < s.end
        ]
        cues = _inside(read_words(file, styled), speech, 0.0, duration)
        if not cues:
            raise Unusable(
                f"The captions in {file} all lie outside the episode's {duration:.1f} s; check --from and --to."
            )
    said: set[Path] = set()
    for number, stretch in enumerate(stretches if not file else ()):
        if stretch.file:
            found = read_words(stretch.file, styled)
        elif preset.captions.embedded and stretch.source.subtitles:
            found, notes = _embedded(stretch.source, stretch.end, styled)
            warnings += notes
        else:
            continue
        inside = _inside(found, stretch.speech, stretch.start, stretch.end)
        if inside and stretch.file:
            said.add(stretch.file)
        cues += [_moved(cue, stretch.offset, number) for cue in inside]
    for given in stretches if not file else ():
        if given.file and given.file not in said:
            raise Unusable(
                f"The captions in {given.file} all lie outside {given.start:.1f} to {given.end:.1f} s of "
                f"{given.source.file}; check --from and --to."
            )
    cues, faint = _legible(cues, preset)
    font = ImageFont.truetype(str(presets.font_file(preset.type.medium)), preset.captions.size)
    speed = preset.captions.characters_a_second
    captions, unread = readable(cues, font.getlength, duration, rate, speed, preset.captions.size)
    return captions, list(dict.fromkeys(warnings + faint + unread))


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
    return _parse(raw, str(file), styled)


def readable(
    cues: Sequence[Cue], measure: Measure, duration: float, rate: float, speed: float, size: float
) -> tuple[list[Caption], list[str]]:
    """Captions of at most two lines that keep order, overlap nobody and lose no word; warnings for the rest.

    measure gives the width in pixels of a text at type of `size` pixels; speed is in characters a second. Cues that
    can be read stay as they are; the others are split and merged at the words' own times, stretched into the pause
    that follows, or come a little early. Warnings name what stays too fast, too short, too wide or too late.
    """
    measure = cache(measure)
    pieces = [piece for run in _runs(cues) for piece in _cut(run, measure, duration, speed)]
    captions: list[Caption] = []
    warnings: list[str] = []
    for piece, (start, end) in zip(pieces, _spans(pieces, duration, rate, speed), strict=True):
        held = [
            w.model_copy(update={"start": min(max(w.start, start), end), "end": min(max(w.end, start), end)})
            for w in piece.words
        ]
        captions.append(Caption(start=start, end=end, lines=_balanced(held, measure, piece.turn), band=piece.band))
        text, shown = _text(piece.words), end - start
        where = f"The caption «{text}» at {start:.1f} s"
        if len(text) / shown > speed + 0.05:  # less would be written as the speed itself
            warnings.append(f"{where} runs at {len(text) / shown:.1f} characters a second; {speed:g} can be read.")
        elif shown < SHORTEST - 1e-6:
            warnings.append(f"{where} is on screen for {shown:.2f} s; {SHORTEST} s can be seen.")
        if start > piece.start + LATE:
            warnings.append(f"{where} comes {start - piece.start:.1f} s late: those before it need the time.")
        if any(measure(word.text) * SMALLEST_TYPE / size > LINE_WIDTH for word in piece.words):
            warnings.append(f"{where} has a word wider than a line; it is broken.")
        elif any(measure(line) > LINE_WIDTH for line in map(_text, captions[-1].lines)):
            warnings.append(f"{where} is wider than a line; it is set smaller.")
    return captions, warnings


def subtitles(captions: Sequence[Caption], form: Literal["srt", "vtt"]) -> str:
    """The captions as a subtitle file without markup, their lines kept."""
    file = pysubs2.SSAFile()
    for caption in captions:
        start = round(caption.start * 1000)
        text = r"\N".join(_escaped(_text(line), form) for line in caption.lines)
        file.append(pysubs2.SSAEvent(start=start, end=max(start + 1, round(caption.end * 1000)), text=text))
    return file.to_string(form)


def keeps_together(last: str, following: str) -> bool:
    """Whether Russian typesetting forbids a line break between two words.

    Short prepositions and conjunctions stay with what follows, a dash with what precedes, a speaker's dash with what
    is said, initials with the surname.
    """
    initial = len(last) == 2 and last[0].isupper() and last[1] == "."
    dash = following in DASHES and not last.endswith(_SENTENCE_ENDS)
    speaker = last in DASHES and following[:1].isupper()
    return last.lower().lstrip('«(„“"') in STICKS_TO_NEXT or following == "·" or dash or speaker or initial


def _parse(raw: bytes, name: str, styled: bool) -> list[Cue]:
    """The cues of a file's bytes; name tells messages where they come from. Raises Unusable."""
    text = _decode(raw, name)
    try:
        cues = _whisper_cues(text) or _subtitle_cues(text, styled)
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
            times = _spread(texts, [(begin, max(begin, until or segment.end))])
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
    times = _spread(texts, [(start, end)])
    words = [Word(text=t, start=a, end=b, colour=c) for t, c, (a, b) in zip(texts, colours, times, strict=True)]
    return Cue(words, start, end)


def _spread(texts: Sequence[str], parts: Spans) -> list[tuple[float, float]]:
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
        if following and not cue.timed and cue.end > following.start and len(_text(cue.words)) <= HARD_STOP * left:
            cue = _respread(replace(cue, end=following.start), [])
        ended.append(cue)
    return ended


def _respread(cue: Cue, speech: Spans) -> Cue:
    """The cue with its words in the parts of it in which somebody speaks."""
    if cue.timed:
        return cue
    parts = [(max(a, cue.start), min(b, cue.end)) for a, b in speech if a < cue.end and b > cue.start]
    times = _spread([word.text for word in cue.words], parts or [(cue.start, cue.end)])
    words = [word.model_copy(update={"start": a, "end": b}) for word, (a, b) in zip(cue.words, times, strict=True)]
    return replace(cue, words=words)


def _inside(cues: Sequence[Cue], speech: Spans, start: float, end: float) -> list[Cue]:
    """What is said during [start, end), the only part that was listened to, of cues whose words lie where speech is."""
    kept: list[Cue] = []
    for cue in cues:
        if cue.end <= start or cue.start >= end:
            continue
        inside = min(end, cue.end) - max(start, cue.start)
        heard = [(max(a, cue.start, start), min(b, cue.end, end)) for a, b in speech if a < cue.end and b > cue.start]
        heard = [(a, b) for a, b in heard if b > a]
        if sum(b - a for a, b in heard) >= SPOKEN * inside:
            outside = [(cue.start, start)] * (cue.start < start), [(end, cue.end)] * (cue.end > end)
            cue = _respread(cue, [*outside[0], *heard, *outside[1]])
        words = [
            word.model_copy(update={"start": max(start, word.start), "end": min(end, word.end)})
            for word in cue.words
            if _mostly(word, start, end)
        ]
        if words:
            kept.append(replace(cue, words=words, start=max(start, cue.start), end=min(end, cue.end)))
    return kept


def _mostly(word: Word, start: float, end: float) -> bool:
    """Whether half of a word lies in [start, end), or as much of it as can be seen."""
    if word.end <= word.start:
        return start <= word.start < end
    return min(word.end, end) - max(word.start, start) >= min((word.end - word.start) / 2, SHORTEST)


def _moved(cue: Cue, by: float, stretch: int) -> Cue:
    words = [w.model_copy(update={"start": w.start + by, "end": w.end + by}) for w in cue.words]
    return replace(cue, words=words, start=cue.start + by, end=cue.end + by, stretch=stretch)


def _embedded(source: "Source", end: float, styled: bool) -> tuple[list[Cue], list[str]]:
    """Cues of the captions inside a footage file up to second `end`, in its seconds, and warnings.

    The Russian stream is chosen, else the default, else the first that holds text.
    """
    from av.stream import Disposition  # here and below: what only sets type need not wait for decoders

    from pipeline.source import input_of, open_media

    texts: list[tuple[bool, bool, int, str]] = []
    warnings: list[str] = []
    with open_media(source.file) as container:
        for stream in container.streams.subtitles:
            codec = stream.codec_context.codec if stream.codec_context else None
            if codec and codec.text_sub:
                russian = (stream.language or "").lower() in ("rus", "ru", "ru-ru")
                texts.append((russian, bool(stream.disposition & Disposition.default), -stream.index, codec.name))
            else:
                kind = "as pictures" if codec and codec.bitmap_sub else "that cannot be read"
                warnings.append(
                    f"{source.file} has captions {kind} (stream {stream.index}); they are not used, give a caption file."
                )
    if not texts:
        return [], warnings
    _, _, index, codec_name = max(texts)
    form = "ass" if codec_name in ("ass", "ssa") else "srt"
    output = input_of(source.file)[str(-index)].output("pipe:", format=form, t=f"{end:.6f}")
    process = ffmpeg_tool.start(ffmpeg_tool.command(output), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout
    late = threading.Timer(EXTRACT_SECONDS, process.kill)
    late.start()
    try:
        raw = process.stdout.read(MOST_BYTES + 1)
        whole = len(raw) <= MOST_BYTES and process.wait() == 0
    finally:
        late.cancel()
        process.kill()
        process.wait()
        process.stdout.close()
    where = f"inside {source.file} (stream {-index})"
    if whole and not re.search(rb"\d:\d\d:\d\d[.,]\d\d", raw):
        return [], warnings  # nothing is said up to there
    try:
        cues = _parse(raw, where, styled) if whole else []
    except Unusable:
        cues = []
    if cues:
        warnings.append(
            f"The captions come from {where}; give a file to use others, or turn off captions.embedded in the preset."
        )
    else:
        warnings.append(f"The captions {where} cannot be read; give a caption file.")
    return cues, warnings


def _legible(cues: Sequence[Cue], preset: Preset) -> tuple[list[Cue], list[str]]:
    """Cues without the colours that cannot be read on the captions' box, and a warning for each of these."""
    colours = dict.fromkeys(word.colour for cue in cues for word in cue.words if word.colour)
    contrasts = {c: presets.contrast_on_box(c, preset.colours.ground, preset.captions.box_opacity) for c in colours}
    faint = {c: contrast for c, contrast in contrasts.items() if contrast < presets.LEAST_CONTRAST}
    legible = [
        replace(cue, words=[w.model_copy(update={"colour": None}) if w.colour in faint else w for w in cue.words])
        for cue in cues
    ]
    return legible, [
        f"The captions' colour {colour} has a contrast of {contrast:.1f} on their box and needs "
        f"{presets.LEAST_CONTRAST}; it is not used."
        for colour, contrast in faint.items()
    ]


@dataclass(frozen=True)
class _Run:
    """Cues that may flow into each other, and the times between which they may be on screen."""

    cues: list[Cue]
    after: float
    before: float | None


@dataclass(frozen=True)
class _Piece:
    """Words of one caption, [start, end) seconds in which they are said, and which word begins a second speaker's line.

    turn: len(words) where there is one speaker.
    """

    words: list[Word]
    start: float
    end: float
    band: Band | None
    turn: int


def _runs(cues: Sequence[Cue]) -> Iterator[_Run]:
    groups: list[list[Cue]] = []
    for cue in cues:
        if groups and _flows(groups[-1][-1], cue):
            groups[-1].append(cue)
        else:
            groups.append([cue])
    after = 0.0
    for number, group in enumerate(groups):
        yield _Run(group, after, groups[number + 1][0].start if number + 1 < len(groups) else None)
        after = max(after, group[-1].end)


def _flows(cue: Cue, following: Cue) -> bool:
    """Whether two cues may share a caption: one sentence, one speaker, no long pause."""
    last, first = cue.words[-1].text, following.words[0].text
    return (
        cue.band == following.band
        and cue.stretch == following.stretch
        and -0.1 <= following.start - cue.end < PAUSE
        and not _ends(last, first)
        and first not in DASHES
        and not _is_sound(cue)
        and not _is_sound(following)
    )


def _is_sound(cue: Cue) -> bool:
    """Whether a cue is a sound in brackets, as «[гудок]»."""
    text = _text(cue.words)
    return text[0] in "[(" and text.rstrip(".,!?…")[-1:] in ("]", ")") and text.count(text[0]) == 1


def _ends(last: str, following: str) -> bool:
    """Whether a sentence ends between two words; initials and shortened words end none."""
    bare = last.rstrip(_CLOSING)
    if not bare.endswith(_SENTENCE_ENDS):
        return False
    if following[:1].islower() and (bare != last or bare.endswith(("…", "..."))):
        return False  # «Стой!» сказал он; ну... не знаю
    start = bare.lstrip("«(„“\"'[")
    return not (len(start) == 2 and start[0].isupper() and start[1] == ".") and start.lower() not in ABBREVIATIONS


def _cut(run: _Run, measure: Measure, duration: float, speed: float) -> list[_Piece]:
    """The run's words in captions, by the cheapest of all ways to cut it that fit (dynamic programming over breaks).

    What a way costs is the sum over its captions of what is wrong with them and over its breaks of how badly they lie.
    """
    words = [word for cue in run.cues for word in cue.words]
    count, timed = len(words), run.cues[0].timed
    first = set(accumulate((len(cue.words) for cue in run.cues), initial=0))
    begin = [word.start for word in words]
    finish = [0.0, *(word.end for word in words)]
    place = 0
    for cue in run.cues:
        begin[place] = cue.start
        place += len(cue.words)
        finish[place] = cue.end
    free = min(duration, max(finish[-1], duration if run.before is None else run.before))
    following = [*begin, free]
    room = [min(EARLY, max(0.0, begin[0] - run.after))]
    room += [min(EARLY, max(0.0, begin[i] - finish[i])) for i in range(1, count)]
    authors = list(accumulate((int(i in first) for i in range(count + 1)), initial=0))
    letters = list(accumulate((len(word.text) + 1 for word in words), initial=0))
    # a word wider than a line fills one; kerning, left out here, only brings words closer
    space = measure(" ")
    edges = list(accumulate((min(measure(word.text), LINE_WIDTH) + space for word in words), initial=0.0))
    speakers = _speakers(run.cues)
    breaks = _breaks(words, run.cues, speakers)
    ends = [False, *(_ends(a.text, b.text) for a, b in pairwise(words)), True]
    ended = list(accumulate(map(int, ends), initial=0))
    changes = list(accumulate(map(int, [*speakers, False]), initial=0))

    def cost(i: int, j: int) -> float:
        """What is wrong with the caption of the words from i up to j; infinite where it does not fit."""
        own = i in first and j in first and authors[j + 1] - authors[i] == 2
        width, total = edges[j] - edges[i] - space, 0.0
        inner = changes[j] - changes[i + 1]  # speakers that begin inside
        if inner or width > LINE_WIDTH:
            lowest = max(i + 1, bisect_left(edges, edges[j] - space - LINE_WIDTH - 1e-6))
            highest = min(j - 1, bisect_right(edges, edges[i] + space + LINE_WIDTH + 1e-6) - 1)
            if inner:
                if inner > 1 or not lowest <= speakers.index(True, i + 1) <= highest:
                    return math.inf
                total += 2 * ACROSS * (not speakers[i])
            elif lowest > highest:
                return math.inf
            else:
                total += 0.5 * min(breaks[lowest : highest + 1])
        over = finish[j] - begin[i] - LONGEST
        if over > 0 and j > i + 1:
            if not own or timed or width > LINE_WIDTH:
                return math.inf
            total += TOO_LONG * over
        shown = following[j] - begin[i] + room[i]
        needed = max(SHORTEST, (letters[j] - letters[i] - 1) / speed)
        if shown < needed - 1e-6:
            total += UNREADABLE * own + MISSING * (needed - shown)
        sentences = ended[j] - ended[i + 1]  # that end inside
        if not own:
            total += CHANGED + SHAPE * ((width - IDEAL) / IDEAL) ** 2
            if sentences:
                total += ACROSS * (not ends[j]) + ACROSS / 2 * (i > 0 and not ends[i])
        elif j == i + 1 and (i > 0 or j < count) and not (ends[i] and ends[j]):
            total += FRAGMENT
        elif sentences:
            tail = not ends[j] and any(ends[max(i + 1, j - DANGLING_WORDS) : j])
            head = i > 0 and not ends[i] and any(ends[i + 1 : min(j, i + 1 + DANGLING_WORDS)])
            total += DANGLING * (tail + head)
        return total

    best = [0.0] + [math.inf] * count
    come = [0] * (count + 1)
    for j in range(1, count + 1):
        price = (KEPT if j in first and breaks[j] < TOGETHER else 1.0) * breaks[j] if j < count else 0.0
        for i in range(j - 1, -1, -1):
            if j - i > 1 and edges[j] - edges[i] - space > 2 * LINE_WIDTH + space + 1e-6:
                break
            before = best[i] + price
            if before < best[j] and (total := before + cost(i, j)) < best[j]:
                best[j], come[j] = total, i
    places = [count]
    while places[-1]:
        places.append(come[places[-1]])
    return [
        _Piece(
            words[i:j],
            begin[i],
            max(begin[i], finish[j]),
            run.cues[0].band,
            [*speakers[i + 1 : j], True].index(True) + 1,
        )
        for i, j in pairwise(reversed(places))
    ]


def _speakers(cues: Sequence[Cue]) -> list[bool]:
    """For each word whether it is the dash before what a speaker says, as both in «— Да. — Нет.»."""
    found: list[bool] = []
    for cue in cues:
        texts = [word.text for word in cue.words]
        spoken = texts[0] in DASHES and len(texts) > 1
        for number, text in enumerate(texts):
            inner = 1 < number < len(texts) - 1 and text in DASHES
            begins = inner and (texts[number - 1].endswith(_SENTENCE_ENDS) or texts[number + 1][0].isupper())
            found.append(spoken and (number == 0 or begins))
    return found


def _breaks(words: Sequence[Word], cues: Sequence[Cue], speakers: Sequence[bool]) -> list[float]:
    """How badly a break lies before each word, from 0 after a sentence to TOGETHER, and none before the first."""
    inside = list(_depths(cues))
    found = [0.0]
    for number, (last, following) in enumerate(pairwise(words), 1):
        cost = _break(last.text, following.text)
        if speakers[number]:
            cost = 0.0
        elif speakers[number - 1]:
            cost = TOGETHER
        elif 0 < cost < TOGETHER:
            cost = max(0.1, cost - min(0.5, max(0.0, following.start - last.end))) + inside[number - 1]
        found.append(cost)
    return [*found, 0.0]


def _break(last: str, following: str) -> float:
    """How badly a break lies between two words, by their looks."""
    if keeps_together(last, following) or (last[-1].isdigit() and following[0].isdigit()):  # 3 000
        return TOGETHER
    if _ends(last, following):
        return 0.0
    bare = last.rstrip(_CLOSING)
    if last[-1] in ")]" or following[0] in "([":
        return 0.2
    if bare[-1:] in tuple(",;:") or last in DASHES or bare.endswith(_SENTENCE_ENDS):
        return 0.3
    lean = last.lower().lstrip('«(„“"')
    named = last[0].isupper() and following[0].isupper()  # as first name and surname
    if lean in LEANS_ON_NEXT or lean in ABBREVIATIONS or last[-1].isdigit() or named:
        return 2.0
    return 0.7 if following.lower() in LEANS_ON_NEXT else 1.2


def _depths(cues: Sequence[Cue]) -> Iterator[float]:
    """After each word, what a break costs more since brackets or quotes are open."""
    for cue in cues:
        brackets = quotes = 0
        for word in cue.words:
            brackets = max(0, brackets + sum((c in "([") - (c in ")]") for c in word.text))
            quotes = max(0, quotes + sum((c == "«") - (c == "»") for c in word.text))
            yield 2.0 * (brackets > 0) + 0.5 * (quotes > 0)


def _balanced(words: list[Word], measure: Measure, turn: int) -> list[list[Word]]:
    """One line where it fits, else two, as equal as their break allows; turn: where a second speaker begins, if one does."""
    if len(words) < 2 or (turn == len(words) and measure(_text(words)) <= LINE_WIDTH):
        return [words]

    def cost(cut: int) -> float:
        lines = measure(_text(words[:cut])), measure(_text(words[cut:]))
        over = sum(max(0.0, line - LINE_WIDTH) for line in lines)
        return (max(lines) + 10 * over) / LINE_WIDTH + 0.15 * _break(words[cut - 1].text, words[cut].text)

    cut = turn if turn < len(words) else min(range(1, len(words)), key=cost)
    return [words[:cut], words[cut:]]


def _spans(pieces: Sequence[_Piece], duration: float, rate: float, speed: float) -> list[tuple[float, float]]:
    """When each piece is on screen: in order, inside [0, duration), none over another.

    A piece starts with its first word, a little before it if only that makes it readable, or when the one before it has
    had the least time that it can be read in; those near the end start earlier where they would not fit. If all of them
    cannot fit, the rest shares what time is left.
    """
    lengths = [len(_text(piece.words)) for piece in pieces]
    least = [min(LONGEST, max(SHORTEST, length / HARD_STOP)) for length in lengths]
    latest = [duration] * (len(pieces) + 1)
    for i in reversed(range(len(pieces))):
        latest[i] = latest[i + 1] - least[i]
    gap = GAP_FRAMES / rate
    spans: list[tuple[float, float]] = []
    free = 0.0
    for i, piece in enumerate(pieces):
        following = min(pieces[i + 1].start, latest[i + 1]) if i + 1 < len(pieces) else duration
        needed = max(SHORTEST, lengths[i] / speed)
        early = min(EARLY, max(0.0, piece.start + needed - following))
        start = max(free, min(piece.start - early, latest[i]))
        if spans and 0 < start - free < gap:
            if start - spans[-1][0] <= LONGEST:
                spans[-1] = (spans[-1][0], start)
            else:
                start = free
        if start > latest[i] + 1e-9:
            end = start + (duration - start) * least[i] / (duration - latest[i])
        else:
            wanted = max(piece.end, start + needed)
            end = min(wanted, max(following, start + least[i]), start + LONGEST, duration)
        spans.append((start, end))
        free = end
    return spans


def _escaped(text: str, form: str) -> str:
    """A line that reads back as it is: what a format or its readers would take for markup as character references."""
    if form == "vtt" or html.unescape(text) != text:
        text = text.replace("&", "&amp;")
    text = text.replace("<", "&lt;").replace(">", "&gt;") if form == "vtt" else _LIKE_A_TAG.sub("&lt;", text)
    return text.translate(_OF_ASS)


def _text(words: Sequence[Word]) -> str:
    return " ".join(w.text for w in words)
