"""Caption files -> readable captions: at most two balanced lines, long enough on screen, no word lost."""

import html
import json
import re
import unicodedata
from collections.abc import Callable
from itertools import groupby, pairwise
from pathlib import Path

import pysubs2
from PIL import ImageFont
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, TypeAdapter

import presets
from pipeline.errors import Unusable
from presets import Preset
from presets.graphics import Caption, Word

# on screen, DELIVERY.md
LINE_WIDTH = 756  # pixels of text in a line
SHORTEST, LONGEST = 0.83, 7.0  # seconds
HARD_STOP = 20.0  # characters a second; no cue is made faster to make room for its neighbours
GAP_FRAMES = 2  # between two captions, or none
# what a file may hold
MOST_BYTES = 5_000_000
MOST_CUES = 5000
MOST_LETTERS = 200  # in one word; more is no caption
ENCODINGS = ("utf-8-sig", "utf-16", "cp1251")
STICKS_TO_NEXT = frozenset((
    "а", "без", "в", "во", "да", "до", "за", "и", "из", "из-за", "к", "как", "ко", "на", "над", "не", "ни", "но",
    "о", "об", "от", "по", "под", "при", "с", "со", "то", "у", "№",
))  # fmt: skip
DASHES = frozenset("—–-")
_SENTENCE_ENDS = tuple(".!?…")
_VOWELS = re.compile(r"[аеёиоуыэюяaeiouy]", re.IGNORECASE)
_TAGS = re.compile(r"</?[a-zA-Z][^<>\n]*>|<\d[\d:.]*>")
_SPEAKER = re.compile(r"^\s*[-–—]\s*(?=[^\s\d–—-])", re.MULTILINE)

Measure = Callable[[str], float]  # pixels of a text


def for_episode(file: Path, preset: Preset, duration: float, rate: float) -> tuple[list[Caption], list[str]]:
    """Readable captions of [0, duration) seconds from a file whose times are the episode's, and warnings.

    Raises Unusable for a file that does not parse, or whose captions all lie outside the episode.
    """
    inside = [
        [
            word.model_copy(update={"start": max(0.0, word.start), "end": min(duration, word.end)})
            for word in cue
            if word.start < duration and word.end > 0
        ]
        for cue in read_words(file)
    ]
    inside = [cue for cue in inside if cue]
    if not inside:
        raise Unusable(f"The captions in {file} all lie outside the episode's {duration:.1f} s; check --from and --to.")
    font = ImageFont.truetype(str(presets.font_file(preset.type.medium)), preset.captions.size)
    return readable(inside, font.getlength, duration, rate, preset.captions.characters_a_second)


def read_words(file: Path) -> list[list[Word]]:
    """The cues of an SRT, VTT, ASS, SBV or Whisper JSON file as words with times, in order of time.

    UTF-8, UTF-16 and CP1251 are told apart. Raises Unusable.
    """
    try:
        if file.stat().st_size > MOST_BYTES:
            raise Unusable(f"The captions {file} are larger than 5 MB; give the captions of this episode alone.")
        raw = file.read_bytes()
    except OSError as error:
        raise Unusable(f"The captions {file} cannot be read ({error.strerror}); check the path.") from None
    text = _decode(raw, file)
    try:
        cues = _whisper_words(text) or _subtitle_words(text)
    except (
        pysubs2.exceptions.Pysubs2Error,
        ArithmeticError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise Unusable(
            f"The captions {file} do not parse as SRT, VTT, ASS, SBV or Whisper JSON ({type(error).__name__})."
        ) from error
    if not cues:
        raise Unusable(
            f"The captions {file} hold no caption; check that it is an SRT, VTT, ASS, SBV or Whisper JSON file."
        )
    if len(cues) > MOST_CUES or any(len(word.text) > MOST_LETTERS for cue in cues for word in cue):
        raise Unusable(
            f"The captions {file} hold more than {MOST_CUES} captions or a word of more than {MOST_LETTERS} letters; "
            "give the captions of this episode alone."
        )
    return sorted(cues, key=lambda cue: cue[0].start)


def readable(
    cues: list[list[Word]], measure: Measure, duration: float, rate: float, speed: float
) -> tuple[list[Caption], list[str]]:
    """Captions of at most two lines that keep order, overlap nobody and lose no word; warnings for the rest.

    measure gives the width of a text in pixels; speed is in characters a second. Cues that are too large are split at
    the words' own times; short ones are stretched into the pause that follows; warnings name what stays too fast, too
    short or too wide.
    """
    pieces = [piece for cue in cues for piece in _split(cue, measure)]
    captions: list[Caption] = []
    warnings: list[str] = []
    for words, (start, end) in zip(pieces, _spans(pieces, duration, rate, speed), strict=True):
        held = [
            w.model_copy(update={"start": min(max(w.start, start), end), "end": min(max(w.end, start), end)})
            for w in words
        ]
        captions.append(Caption(start=start, end=end, lines=_balanced(held, measure)))
        text, shown = _text(words), end - start
        where = f"The caption «{text}» at {start:.1f} s"
        if len(text) / shown > speed + 1e-6:
            warnings.append(f"{where} runs at {len(text) / shown:.1f} characters a second; {speed:g} can be read.")
        elif shown < SHORTEST - 1e-6:
            warnings.append(f"{where} is on screen for {shown:.2f} s; {SHORTEST} s can be seen.")
        if any(measure(line) > LINE_WIDTH for line in map(_text, captions[-1].lines)):
            warnings.append(f"{where} is wider than a line; it is set smaller.")
    return captions, warnings


def keeps_together(last: str, following: str) -> bool:
    """Whether Russian typesetting forbids a line break between two words.

    Short prepositions and conjunctions stay with what follows, a dash with what precedes, a speaker's dash with what
    is said, initials with the surname.
    """
    initial = len(last) == 2 and last[0].isupper() and last[1] == "."
    dash = following in DASHES and not last.endswith(_SENTENCE_ENDS)
    speaker = last in DASHES and following[:1].isupper()
    return last.lower().lstrip('«(„“"') in STICKS_TO_NEXT or following == "·" or dash or speaker or initial


def _decode(raw: bytes, file: Path) -> str:
    for encoding in ENCODINGS:
        if encoding == "utf-16" and raw[:2] not in (b"\xff\xfe", b"\xfe\xff"):
            continue
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    raise Unusable(f"The captions {file} are not text; export them as SRT in UTF-8.")


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


def _whisper_words(text: str) -> list[list[Word]]:
    """The cues of Whisper's JSON; none for what is no JSON. Raises ValueError for JSON of another shape."""
    if not text.lstrip().startswith(("{", "[")):
        return []
    try:
        data = json.loads(text)
    except ValueError:
        return []  # "{0}{25}" and "[Script Info]" begin other formats
    found = data.get("segments", []) if isinstance(data, dict) else data
    cues = [_segment_words(segment) for segment in TypeAdapter(list[_Segment]).validate_python(found)]
    return [cue for cue in cues if cue]


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
        if missing:
            after = run[-1][0] + 1
            begin = words[-1].end if words else segment.start
            until = heard[after].start if after < len(heard) else segment.end
            words += _spread(" ".join(word.text for _, word in run), begin, until or segment.end)
            continue
        for _, word in run:
            start = word.start or 0.0
            words.append(Word(text=" ".join(word.text.split()), start=start, end=max(start, word.end or start)))
    return words or _spread(segment.text, segment.start, segment.end)


def _subtitle_words(text: str) -> list[list[Word]]:
    cues = [
        _spread(_SPEAKER.sub("— ", html.unescape(_TAGS.sub("", event.plaintext))), event.start / 1000, event.end / 1000)
        for event in pysubs2.SSAFile.from_string(text)
        if not event.is_comment and not event.is_drawing
    ]
    return [cue for cue in cues if cue]


def _spread(text: str, start: float, end: float) -> list[Word]:
    """Words of a cue with times shared out by their syllables."""
    texts = text.split()
    if end <= start:
        end = start + SHORTEST  # written without a duration
    weights = [max(1, len(_VOWELS.findall(word))) for word in texts]
    step = (end - start) / max(1, sum(weights))
    edges = [start]
    for weight in weights:
        edges.append(min(end, edges[-1] + weight * step))
    return [Word(text=t, start=a, end=b) for t, (a, b) in zip(texts, pairwise(edges), strict=True)]


def _split(words: list[Word], measure: Measure) -> list[list[Word]]:
    """Pieces that fit two lines each, as equal as can be, best after the end of a sentence, a comma or in a pause."""
    if len(words) < 2 or _fits(words, measure):
        return [words]
    total = sum(len(w.text) + 1 for w in words)
    best, best_cost = 1, float("inf")
    before = 0
    for place in range(1, len(words)):
        last, following = words[place - 1], words[place]
        before += len(last.text) + 1
        bonus = 0.25 if last.text.endswith(_SENTENCE_ENDS) else 0.12 if last.text[-1] in ",;:" else 0.0
        bonus += min(0.15, max(0.0, following.start - last.end) * 0.3)
        cost = abs(before / total - 0.5) - bonus + 0.45 * keeps_together(last.text, following.text)
        if cost < best_cost:
            best, best_cost = place, cost
    return _split(words[:best], measure) + _split(words[best:], measure)


def _fits(words: list[Word], measure: Measure) -> bool:
    wide = measure(_text(words))
    if wide > 2 * LINE_WIDTH or (wide > LINE_WIDTH and words[-1].end - words[0].start > LONGEST):
        return False
    return all(measure(_text(line)) <= LINE_WIDTH for line in _balanced(words, measure))


def _balanced(words: list[Word], measure: Measure) -> list[list[Word]]:
    """One line where it fits, else two whose longer one is as short as can be; a line for each of two speakers."""
    second = _second_speaker(words)
    if len(words) < 2 or (not second and measure(_text(words)) <= LINE_WIDTH):
        return [words]

    def cost(cut: int) -> float:
        longer = max(measure(_text(words[:cut])), measure(_text(words[cut:])))
        return longer + 0.3 * LINE_WIDTH * keeps_together(words[cut - 1].text, words[cut].text)

    cut = second or min(range(1, len(words)), key=cost)
    return [words[:cut], words[cut:]]


def _second_speaker(words: list[Word]) -> int:
    """Where the second speaker of «— Да. — Нет.» begins, or 0."""
    if words[0].text not in DASHES:
        return 0
    return next(
        (i for i in range(2, len(words) - 1) if words[i].text in DASHES and _begins(words[i - 1].text, words[i + 1].text)), 0
    )  # fmt: skip


def _begins(last: str, following: str) -> bool:
    return last.endswith(_SENTENCE_ENDS) or following[0].isupper()


def _spans(pieces: list[list[Word]], duration: float, rate: float, speed: float) -> list[tuple[float, float]]:
    """When each piece is on screen: in order, inside [0, duration), none over another.

    A piece starts with its first word, or when the one before it has had the least time that it can be read in; those
    near the end start earlier where they would not fit. If all of them cannot fit, the rest shares what time is left.
    """
    lengths = [len(_text(words)) for words in pieces]
    least = [min(LONGEST, max(SHORTEST, length / HARD_STOP)) for length in lengths]
    latest = [duration] * (len(pieces) + 1)
    for i in reversed(range(len(pieces))):
        latest[i] = latest[i + 1] - least[i]
    gap = GAP_FRAMES / rate
    spans: list[tuple[float, float]] = []
    free = 0.0
    for i, words in enumerate(pieces):
        start = max(free, min(words[0].start, latest[i]))
        if start > latest[i] + 1e-9:
            end = start + (duration - start) * least[i] / (duration - latest[i])
        else:
            following = min(pieces[i + 1][0].start, latest[i + 1]) if i + 1 < len(pieces) else duration
            wanted = max(words[-1].end, start + SHORTEST, start + lengths[i] / speed)
            end = min(wanted, max(following, start + least[i]), start + LONGEST, duration)
            if 0 < following - end < gap:
                end = following if following - start <= LONGEST else following - gap
        spans.append((start, end))
        free = end
    return spans


def _text(words: list[Word]) -> str:
    return " ".join(w.text for w in words)
