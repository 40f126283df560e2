"""Caption files -> readable captions: at most two balanced lines, long enough on screen, no word lost."""

import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pysubs2
from PIL import ImageFont

import assets
from pipeline.errors import Unusable
from pipeline.plan import Caption, Word
from presets import Preset

LINE_WIDTH = 756  # pixels of text in a line, DELIVERY.md
SHORTEST, LONGEST = 0.83, 7.0  # seconds on screen
GAP_FRAMES = 2  # between two captions, or none
MOST_BYTES = 5_000_000
MOST_CUES = 5000
ENCODINGS = ("utf-8-sig", "utf-16", "cp1251")
STICKS_TO_NEXT = frozenset(
    [
        "а",
        "без",
        "в",
        "во",
        "да",
        "до",
        "за",
        "и",
        "из",
        "из-за",
        "к",
        "как",
        "ко",
        "на",
        "над",
        "не",
        "ни",
        "но",
        "о",
        "об",
        "от",
        "по",
        "под",
        "при",
        "с",
        "со",
        "то",
        "у",
    ]
)
DASHES = {"—", "–", "-"}
_VOWELS = re.compile(r"[аеёиоуыэюяaeiouy]", re.IGNORECASE)
_TAGS = re.compile(r"<[^>]*>|\{[^}]*\}")

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
    font = ImageFont.truetype(str(assets.path(preset.type.medium)), preset.captions.size)
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
        cues = _whisper_words(text) if text.lstrip().startswith(("{", "[{")) else []
        cues = cues or _subtitle_words(text)
    except (pysubs2.exceptions.Pysubs2Error, ValueError, KeyError, TypeError, IndexError) as error:
        raise Unusable(
            f"The captions {file} do not parse as SRT, VTT, ASS, SBV or Whisper JSON ({type(error).__name__})."
        ) from error
    if not cues:
        raise Unusable(
            f"The captions {file} hold no caption; check that it is an SRT, VTT, ASS, SBV or Whisper JSON file."
        )
    return sorted(cues, key=lambda cue: cue[0].start)[:MOST_CUES]


def readable(
    cues: list[list[Word]], measure: Measure, duration: float, rate: float, speed: float
) -> tuple[list[Caption], list[str]]:
    """Captions of at most two lines that keep order, overlap nobody and lose no word; warnings for the rest.

    measure gives the width of a text in pixels. Cues that are too large are split at the words' own times; short ones
    are stretched into the pause that follows; warnings name what stays too fast.
    """
    pieces = [piece for cue in cues for piece in _split(cue, measure)]
    captions: list[Caption] = []
    warnings: list[str] = []
    gap = GAP_FRAMES / rate
    for index, words in enumerate(pieces):
        start = max(words[0].start, captions[-1].end if captions else 0.0)
        following = max(start, pieces[index + 1][0].start) if index + 1 < len(pieces) else duration
        text = " ".join(w.text for w in words)
        wanted = max(words[-1].end, start + SHORTEST, start + len(text) / speed)
        end = min(max(wanted, start), max(following, min(words[-1].end, duration)), start + LONGEST)
        if 0 < following - end < gap:
            end = following
        if end - start < 1 / rate:
            end = min(duration, start + SHORTEST)  # two cues at one moment: the later one follows
        if end <= start:
            warnings.append(f"The caption «{text}» at {start:.1f} s has no time left on screen.")
            start, end = max(0.0, duration - 1 / rate), duration
            if captions and captions[-1].end > start:
                captions[-1].lines[-1] += words
                continue
        if len(text) / (end - start) > speed:
            warnings.append(
                f"The caption «{text}» at {start:.1f} s runs at {len(text) / (end - start):.0f} characters a second; {speed:g} can be read."
            )
        held = [
            w.model_copy(update={"start": min(max(w.start, start), end), "end": min(max(w.end, start), end)})
            for w in words
        ]
        captions.append(Caption(start=start, end=end, lines=_balanced(held, measure)))
    return captions, warnings


def _decode(raw: bytes, file: Path) -> str:
    for encoding in ENCODINGS:
        if encoding == "utf-16" and raw[:2] not in (b"\xff\xfe", b"\xfe\xff"):
            continue
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Unusable(f"The captions {file} are not text; export them as SRT in UTF-8.")


def _whisper_words(text: str) -> list[list[Word]]:
    data = json.loads(text)
    segments = data.get("segments", []) if isinstance(data, dict) else data
    cues = []
    for segment in segments:
        if segment.get("words"):
            words = [
                Word(text=str(w.get("word", w.get("text", ""))).strip(), start=float(w["start"]), end=float(w["end"]))
                for w in segment["words"]
            ]
            words = [w for w in words if w.text]
        else:
            words = _spread(str(segment["text"]), float(segment["start"]), float(segment["end"]))
        if words:
            cues.append(words)
    return cues


def _subtitle_words(text: str) -> list[list[Word]]:
    subs = pysubs2.SSAFile.from_string(text)
    return [
        words
        for event in subs
        if not event.is_comment and event.end > event.start
        and (words := _spread(_TAGS.sub("", event.plaintext), event.start / 1000, event.end / 1000))
    ]  # fmt: skip


def _spread(text: str, start: float, end: float) -> list[Word]:
    """Words of a cue with times shared out by their syllables."""
    texts = text.replace("\n", " ").split()
    if not texts or not 0 <= start < end:
        return []
    weights = [max(1, len(_VOWELS.findall(word))) for word in texts]
    step = (end - start) / sum(weights)
    edges = [start]
    for weight in weights:
        edges.append(edges[-1] + weight * step)
    edges[-1] = end
    return [Word(text=t, start=a, end=b) for t, (a, b) in zip(texts, pairwise(edges), strict=True)]


def _split(words: list[Word], measure: Measure) -> list[list[Word]]:
    """Pieces that fit two lines each, as equal as can be, best after the end of a sentence or a comma."""
    if len(words) < 2 or _fits(words, measure):
        return [words]
    total = sum(len(w.text) + 1 for w in words)
    best, best_cost = 1, float("inf")
    before = 0
    for place in range(1, len(words)):
        before += len(words[place - 1].text) + 1
        last = words[place - 1].text
        cost = (
            abs(before / total - 0.5)
            - (0.25 if last[-1] in ".!?…" else 0.12 if last[-1] in ",;:" else 0)
            + _sticks(words, place)
        )
        if cost < best_cost:
            best, best_cost = place, cost
    return _split(words[:best], measure) + _split(words[best:], measure)


def _fits(words: list[Word], measure: Measure) -> bool:
    if words[-1].end - words[0].start > LONGEST:
        return False
    return all(measure(_text(line)) <= LINE_WIDTH for line in _balanced(words, measure))


def _balanced(words: list[Word], measure: Measure) -> list[list[Word]]:
    """One line where it fits, else two whose longer one is as short as can be."""
    if len(words) < 2 or (measure(_text(words)) <= LINE_WIDTH and not _dialogue(words)):
        return [words]
    cut = _dialogue(words) or min(
        range(1, len(words)),
        key=lambda i: max(measure(_text(words[:i])), measure(_text(words[i:]))) + LINE_WIDTH * 0.3 * _sticks(words, i),
    )
    return [words[:cut], words[cut:]]


def _dialogue(words: list[Word]) -> int:
    """Where the second speaker of «— Да. — Нет.» begins, or 0."""
    if words[0].text not in DASHES:
        return 0
    return next((i for i in range(2, len(words)) if words[i].text in DASHES and words[i - 1].text[-1] in ".!?…"), 0)


def _sticks(words: list[Word], place: int) -> float:
    """1 where a break before words[place] would part what Russian typesetting keeps together."""
    last, following = words[place - 1].text, words[place].text
    initial = len(last) == 2 and last[0].isupper() and last[1] == "."
    return float(last.lower() in STICKS_TO_NEXT or following in DASHES or initial)


def _text(words: list[Word]) -> str:
    return " ".join(w.text for w in words)
