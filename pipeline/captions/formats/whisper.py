"""Whisper's JSON, also WhisperX': segments of words with times of their own, or a list of these."""

import json
import re
from itertools import groupby
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, Field, TypeAdapter

from basis.data import FOREVER
from pipeline.captions.cues import Cue, spread
from pipeline.captions.written import WrittenCue, as_cue
from presets.graphics import Word

_JSON = re.compile(r"\s*(\{\s*[\"}]|\[\s*[\[{\]])")  # SRT, MicroDVD and ASS may begin with such brackets too

Moment = Annotated[float, Field(ge=-FOREVER, le=FOREVER, allow_inf_nan=False)]


class _Timed(BaseModel):
    """A word: its text begins with a space unless it goes on the one before; times may be missing."""

    text: str = Field(validation_alias=AliasChoices("word", "text"))
    start: Moment | None = None
    end: Moment | None = None


class _Segment(BaseModel):
    start: Moment
    end: Moment
    text: str = ""
    words: list[_Timed] = []


def recognises(text: str) -> bool:
    return _JSON.match(text) is not None


def read(text: str) -> tuple[list[Cue], list[str]]:
    cues: list[Cue] = []
    for segment in _segments(text):
        texts = segment.text.split()
        if words := _words(segment):
            cues.append(Cue(words, words[0].start, max(word.end for word in words), timed=True))
        elif texts:
            cues.append(as_cue(WrittenCue(texts, segment.start, segment.end, segment.end, [None] * len(texts))))
    return cues, []


def _segments(text: str) -> list[_Segment]:
    """The segments of the text; none of what is no JSON, or JSON of another shape."""
    try:
        data: Any = json.loads(text)
        return TypeAdapter(list[_Segment]).validate_python(data.get("segments", []) if isinstance(data, dict) else data)
    except (ValueError, RecursionError):
        return []


def _words(segment: _Segment) -> list[Word]:
    """Words with their own times; those without share the time between their neighbours."""
    spaced = any(word.text.startswith(" ") for word in segment.words)
    whole: list[_Timed] = []
    for word in segment.words:
        if whole and spaced and not word.text.startswith(" "):
            end = whole[-1].end if word.end is None else word.end
            whole[-1] = whole[-1].model_copy(update={"text": whole[-1].text + word.text, "end": end})
        elif word.text.strip():
            whole.append(word)
    words: list[Word] = []
    for missing, group in groupby(enumerate(whole), key=lambda item: item[1].start is None or item[1].end is None):
        run = list(group)
        begin = words[-1].end if words else segment.start
        if missing:
            after = run[-1][0] + 1
            until = whole[after].start if after < len(whole) else segment.end
            texts = [text for _, word in run for text in word.text.split()]
            times = spread(texts, [(begin, max(begin, until or segment.end))])
            words += [Word(text=text, start=a, end=b) for text, (a, b) in zip(texts, times, strict=True)]
            continue
        for _, word in run:
            start = max(word.start or 0.0, words[-1].start if words else 0.0)
            words.append(Word(text=" ".join(word.text.split()), start=start, end=max(start, word.end or start)))
    return words
