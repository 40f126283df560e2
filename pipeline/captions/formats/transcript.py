"""Transcripts in JSON: of Whisper and its kin (WhisperX, whisper.cpp, OpenAI, Hugging Face), Vosk's, YouTube's json3."""

import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise
from typing import Any

from basis.data import FOREVER
from basis.spans import Span
from pipeline.captions.cues import MOST_CUES, MOST_WORDS, SHORTEST, BadCaptions, Cue, spread
from pipeline.captions.markup import of_text
from pipeline.captions.slips import Slips, quoted
from pipeline.captions.visible import visible, words_of
from pipeline.captions.written import cues_of, written_cue
from pipeline.typesetting.wrapping import SENTENCE_ENDS
from presets.graphics import Word

PAUSE = 0.8  # seconds between two words of a flat list from which they are of two cues
SLOWEST = 0.1  # characters a second; who counts slower than that counts thousandths
SAID = 10.0  # characters a second at which a text is taken to be said whose end is missing
_JSON = re.compile(r"\s*(\{\s*[\"}]|\[\s*[\[{\]])")  # SRT, MicroDVD and ASS may begin with such brackets too
_SPACE = re.compile(r"\s*")
_CLOCK = re.compile(r"(-?)(?:(?:(\d{1,5}):)?(\d{1,3}):)?(\d{1,9}(?:[.,]\d{1,9})?)s?")


@dataclass(frozen=True)
class Piece:
    """A text with its times in seconds, None for what is missing; begins_word: no part of the word before it."""

    text: str
    start: float | None
    end: float | None
    begins_word: bool = True


@dataclass(frozen=True)
class Segment(Piece):
    words: list[Piece] = field(default_factory=list)


def recognises(text: str) -> bool:
    return _JSON.match(text) is not None


def read(text: str, slips: Slips) -> list[Cue]:
    data = _loaded(text)
    found = _segments(data)
    if found is None:
        keys = ", ".join(f"«{str(key)[:30]}»" for key in [*data][:4]) if isinstance(data, dict) else "a list"
        raise BadCaptions(f"are JSON of a shape that is not known ({keys}); give Whisper's JSON, or export SRT")
    segments = [one for one in found if one.text.strip() or one.words]
    if len(segments) > MOST_CUES or sum(len(one.words) for one in segments) > MOST_WORDS:
        raise BadCaptions(
            f"hold more than {MOST_CUES} captions or {MOST_WORDS} words; give those of this episode alone"
        )
    if segments and all(
        one.start is None and one.end is None and not any(w.start for w in one.words) for one in segments
    ):
        raise BadCaptions("hold no times; export them with times, as SRT")
    filled = [*_filled(_in_seconds(segments, slips), slips)]
    plain = [one for one in filled if not one.words]
    cues = cues_of((written_cue(of_text(one.text, slips), one.start or 0.0, one.end or 0.0) for one in plain), slips)
    for one in filled:
        if one.words and (words := _words(one, slips)):
            cues.append(Cue(words, words[0].start, max(word.end for word in words), timed=True))
    return cues


def _loaded(text: str) -> Any:
    """The data of one JSON text, or a list of those that stand one after the other. Raises BadCaptions."""
    decoder, place = json.JSONDecoder(), 0
    found: list[Any] = []
    try:
        while (place := _end_of_space(text, place)) < len(text) and len(found) <= MOST_CUES:
            value, place = decoder.raw_decode(text, place)
            found.append(value)
    except (ValueError, RecursionError) as error:
        raise BadCaptions(f"are JSON that is not whole ({error}); export them again") from None
    return found[0] if len(found) == 1 else found


def _end_of_space(text: str, place: int) -> int:
    space = _SPACE.match(text, place)
    return space.end() if space else place


def _segments(data: Any) -> list[Segment] | None:
    """The segments of data in one of the known shapes, None in another."""
    if isinstance(data, dict):
        for key, shape in _SHAPES.items():
            if isinstance(data.get(key), list) and (made := shape(data[key], data)):
                return made
        return [] if data.get("segments") == [] else None
    if not isinstance(data, list) or not all(isinstance(one, dict) for one in data):
        return None
    if any("text" in one and {"start", "end", "duration"} & {*one} for one in data):
        return _of_segments(data, {})
    if any(isinstance(one.get(key), list) for one in data for key in _SHAPES):  # Vosk gives one object for each phrase
        parts = [_segments(one) or [] for one in data]
        return [segment for part in parts for segment in part] or None
    if any("word" in one for one in data):
        return _of_words(data, {})
    found = _of_segments(data, {}) or _of_chunks(data, {})
    return found if any(one.text or one.words for one in found) else None


def _of_segments(items: Sequence[Any], data: dict[str, Any]) -> list[Segment]:
    """Whisper's: start, end, text, and perhaps words with their own."""
    items = [one for one in items if isinstance(one, dict)]
    if not any({"start", "end"} & {*one} for one in items):
        return []
    found = [Segment(_text(one), *_times(one), words=_pieces(one.get("words"))) for one in items]
    flat = _pieces(data.get("words"))
    if flat and not any(one.words for one in found):  # OpenAI has them beside the segments
        texts = [one.text.split() for one in found]
        if sum(map(len, texts)) == len(flat):
            own = iter(flat)
            given = [[replace(next(own), text=f" {text}") for text in own_texts] for own_texts in texts]
            return [replace(one, words=words) for one, words in zip(found, given, strict=True)]
    return found


def _of_words(items: Sequence[Any], data: dict[str, Any]) -> list[Segment]:
    """A flat list of words, with the whole text beside it, which alone has the full stops."""
    words = _pieces(items)
    texts = _text(data).split()
    if len(texts) == len(words) and all(_bare(a) == _bare(b.text) for a, b in zip(texts, words, strict=True)):
        words = [replace(word, text=text) for text, word in zip(texts, words, strict=True)]
    pause = PAUSE * (1000 if _counts_thousandths(words) else 1)
    groups: list[list[Piece]] = []
    for word in words:
        last = groups[-1][-1] if groups else None
        gap = word.start - last.end if last and word.start is not None and last.end is not None else 0.0
        if not last or (last.text.rstrip().endswith(SENTENCE_ENDS) and word.begins_word) or gap >= pause:
            groups.append([])
        groups[-1].append(word)
    return [Segment("", own[0].start, own[-1].end, words=own) for own in groups]


def _of_chunks(items: Sequence[Any], data: dict[str, Any]) -> list[Segment]:
    """Hugging Face's: a text with a pair of times; each may be one word."""
    found: list[Segment] = []
    for one in items:
        pair = one.get("timestamp") if isinstance(one, dict) else None
        if not isinstance(pair, list) or len(pair) != 2:
            return []
        found.append(Segment(_text(one), _moment(pair[0]), _moment(pair[1])))
    if found and all(len(one.text.split()) == 1 for one in found) and len(found) > 1:
        return _of_words([{"text": one.text, "start": one.start, "end": one.end} for one in found], data)
    return found


def _of_cpp(items: Sequence[Any], data: dict[str, Any]) -> list[Segment]:
    """Whisper.cpp's: offsets in thousandths, time stamps in words."""
    found = []
    for one in items:
        offsets, stamps = (one.get(key) if isinstance(one, dict) else None for key in ("offsets", "timestamps"))
        if isinstance(offsets, dict):
            start, end = (_moment(offsets.get(key), 1000) for key in ("from", "to"))
        elif isinstance(stamps, dict):
            start, end = (_moment(stamps.get(key)) for key in ("from", "to"))
        else:
            return []
        found.append(Segment(_text(one), start, end))
    return found


def _of_events(items: Sequence[Any], data: dict[str, Any]) -> list[Segment]:
    """YouTube's json3: texts in thousandths from the event's beginning."""
    found: list[Segment] = []
    for one in items:
        parts = one.get("segs") if isinstance(one, dict) else None
        start = _moment(one.get("tStartMs"), 1000) if isinstance(one, dict) else None
        if not isinstance(parts, list) or start is None or not all(isinstance(part, dict) for part in parts):
            continue
        texts = [str(part.get("utf8", "")) for part in parts]
        lasts = _moment(one.get("dDurationMs"), 1000)
        end = start + lasts if lasts is not None else None
        begins = [start + (_moment(part.get("tOffsetMs"), 1000) or 0.0) for part in parts]
        words = [Piece(t, a, b, t[:1].isspace()) for t, a, b in zip(texts, begins, [*begins[1:], end], strict=False)]
        if "".join(texts).strip():
            found.append(Segment("".join(texts), start, end, words=words if len(words) > 1 else []))
    for number, (one, following) in enumerate(pairwise(found)):
        if one.end is not None and following.start is not None and one.words and one.end > following.start:
            last = replace(one.words[-1], end=max(one.words[-1].start or 0.0, following.start))
            found[number] = replace(one, words=[*one.words[:-1], last], end=following.start)
    return found


_SHAPES = {
    "transcription": _of_cpp, "events": _of_events, "segments": _of_segments, "chunks": _of_chunks, "result": _of_words,
    "words": _of_words,
}  # fmt: skip


def _pieces(items: Any) -> list[Piece]:
    if not isinstance(items, list):
        return []
    texts = [_text(one, "word") or _text(one, "text") for one in items]
    spaced = any(text.startswith(" ") and text.strip() for text in texts)
    return [
        Piece(text, *_times(one), not spaced or text.startswith(" "))
        for one, text in zip(items, texts, strict=True)
        if text.strip()
    ]


def _times(item: dict[str, Any]) -> tuple[float | None, float | None]:
    """When an item begins and ends; Premiere has its duration instead."""
    start, lasts = _moment(item.get("start")), _moment(item.get("duration"))
    end = start + lasts if start is not None and lasts is not None and "end" not in item else _moment(item.get("end"))
    return start, end


def _text(item: Any, key: str = "text") -> str:
    text = item.get(key) if isinstance(item, dict) else None
    return text if isinstance(text, str) else ""


def _moment(value: Any, unit: float = 1.0) -> float | None:
    """Seconds from a number, or from a text as 0.3, 0.3s or 00:00:00,300; None for what is missing or no time."""
    if isinstance(value, str) and (clock := _CLOCK.fullmatch(value.strip())):
        seconds = int(clock[2] or 0) * 3600 + int(clock[3] or 0) * 60 + float(clock[4].replace(",", "."))
        value = -seconds if clock[1] else seconds
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if abs(value) > FOREVER * 1000 or math.isnan(value):
        return None
    return value / unit


def _bare(text: str) -> str:
    return "".join(filter(str.isalnum, text)).lower()


def _in_seconds(segments: list[Segment], slips: Slips) -> list[Segment]:
    """The segments in seconds where whole numbers count thousandths: nobody speaks a letter in ten seconds."""
    pieces: list[Piece] = [piece for one in segments for piece in one.words or [one]]
    if not _counts_thousandths(pieces):
        return segments
    example = next(time for one in pieces for time in (one.start, one.end) if time)
    slips.add("milliseconds", f"{example:.0f} is {example / 1000:.3f} s")

    def thousandths(piece: Any) -> Any:
        start, end = (None if at is None else at / 1000 for at in (piece.start, piece.end))
        return replace(piece, start=start, end=end)

    return [replace(thousandths(one), words=[*map(thousandths, one.words)]) for one in segments]


def _counts_thousandths(pieces: Sequence[Piece]) -> bool:
    whole = [one for one in pieces if one.start is not None and one.end is not None]
    letters = sum(len(one.text.strip()) for one in whole)
    seconds = sum(max(0.0, (one.end or 0.0) - (one.start or 0.0)) for one in whole)
    return letters < SLOWEST * seconds and not any((time or 0.0) % 1 for one in pieces for time in (one.start, one.end))


def _filled(segments: Sequence[Segment], slips: Slips) -> Iterator[Segment]:
    """The segments with what is missing of their times, from those beside them."""
    nexts = [math.inf]  # when the next segment of which it is known begins
    for one in reversed(segments):
        nexts.append(nexts[-1] if one.start is None else one.start)
    last = 0.0
    for one, following in zip(segments, nexts[-2::-1], strict=True):
        start, end = one.start, one.end
        if one.words:
            start = next((w.start for w in one.words if w.start is not None), None) if start is None else start
            end = next((w.end for w in reversed(one.words) if w.end is not None), None) if end is None else end
        said = max(SHORTEST, len(one.text.strip() or " ".join(w.text for w in one.words)) / SAID)
        if start is None:
            start = last if end is None or last <= end else max(0.0, end - said)
        if end is None:
            end = min(start + said, following) if following > start else start + said
        if one.start is None or one.end is None:
            slips.add("missing-times", quoted(one.text or " ".join(w.text for w in one.words)))
        last = max(start, end)
        yield replace(one, start=start, end=end)


def _words(segment: Segment, slips: Slips) -> list[Word]:
    """Words with their own times; those without share the time between their neighbours."""
    whole: list[Piece] = []
    for word in segment.words:
        if whole and not word.begins_word:
            end = whole[-1].end if word.end is None else word.end
            whole[-1] = replace(whole[-1], text=whole[-1].text + word.text, end=end)
        elif word.text.strip():
            whole.append(word)
    words: list[Word] = []
    start, end = segment.start or 0.0, segment.end or 0.0
    for missing, group in groupby(enumerate(whole), key=lambda item: item[1].start is None or item[1].end is None):
        run = list(group)
        begin = words[-1].end if words else start
        if missing:
            after = run[-1][0] + 1
            until = whole[after].start if after < len(whole) else end
            words += _spread(
                [word.text for _, word in run], (begin, max(begin, end if until is None else until)), slips
            )
            continue
        for _, word in run:
            start = max(word.start or 0.0, words[-1].start) if words else word.start or 0.0
            words += _spread([word.text], (start, max(start, word.end or start)), slips)
    return words


def _spread(texts: Iterable[str], span: Span, slips: Slips) -> list[Word]:
    """The words of texts that share a span."""
    lines = visible("\n".join(texts), slips).split("\n")
    found = [text for line in lines for _, text in words_of(line)]
    return [Word(text=text, start=a, end=b) for text, (a, b) in zip(found, spread(found, [span]), strict=True)]
