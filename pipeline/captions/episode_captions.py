"""Captions of an episode: from files or from inside the footage, in the episode's time, readable, and out again."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pysubs2
from PIL import ImageFont

import presets
from basis.errors import Unusable, WrongUse
from basis.spans import Spans
from pipeline.captions.cues import SHORTEST, Cue, read_captions, respread, said, spread
from pipeline.captions.extract import embedded
from pipeline.captions.readability import LINE_WIDTH, Measure, balanced, readable, summed
from presets import Preset
from presets.graphics import Caption, Word

if TYPE_CHECKING:
    from pipeline.footage.source import Source

SPOKEN = 0.2  # share of a cue below which what was heard says nothing about when its words are said
LONGEST_WORD = 1.0  # seconds; a word that is longer in a file has the pause beside it in its times
_LIKE_A_TAG = re.compile(r"<(?= */? *[a-zA-Z]|\d[\d:.]*>)")
_OF_ASS = str.maketrans({"{": "&#123;", "}": "&#125;", "\\": "&#92;"})  # pysubs2 thinks in ASS, where these are markup


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


def for_episode(
    file: Path | None, stretches: Sequence[Stretch], preset: Preset, duration: float, rate: float, gone: Spans = ()
) -> tuple[list[Caption], list[str]]:
    """Readable captions of [0, duration) episode seconds, and warnings.

    file: captions of the whole episode, in its times. Without one, each stretch's own file is used, or the captions
    inside its footage. gone: [start, end) of what is then taken out of these seconds, in order; the captions' times
    count none of it. Raises WrongUse for both at once; Unusable for a file that does not parse, or whose captions all
    lie outside the episode.
    """
    cues: list[Cue] = []
    warnings: list[str] = []
    styled = preset.captions.ass_styles
    if file:
        if any(stretch.file for stretch in stretches):
            raise WrongUse(f"Give the captions of the episode ({file}) or those of its footage, not both.")
        found, notes = read_captions(file, styled)
        warnings += notes
        cues = _inside(found, _speech(stretches), 0.0, duration)
        if not cues:
            raise Unusable(
                f"The captions in {file} all lie outside the episode's {duration:.1f} s; check --from and --to."
            )
    used: set[Path] = set()
    for number, stretch in enumerate(stretches if not file else ()):
        found, notes = _own(stretch, preset)
        warnings += notes
        inside = _inside(found, stretch.speech, stretch.start, stretch.end)
        if inside and stretch.file:
            used.add(stretch.file)
        cues += [_moved(cue, stretch.offset, number) for cue in inside]
    for given in stretches if not file else ():
        if given.file and given.file not in used:
            raise Unusable(
                f"The captions in {given.file} all lie outside {given.start:.1f} to {given.end:.1f} s of "
                f"{given.source.file}; check --from and --to."
            )
    if gone:
        cues = [_closed_up(cue, gone) for cue in cues]
        duration -= sum(b - a for a, b in gone)
    cues, faint = _legible(cues, preset)
    speed = preset.captions.characters_a_second
    measure = _measure(preset, preset.captions.style)
    captions, unread = readable(cues, measure, duration, rate, speed, preset.captions.size)
    return captions, list(dict.fromkeys(warnings + faint + summed(unread, speed)))


def said_unheard(file: Path | None, stretches: Sequence[Stretch], preset: Preset) -> list[list[tuple[float, float]]]:
    """[start, end) footage seconds of each stretch in which, as its captions have it, somebody speaks.

    Words that have times of their own there, and cues in which nothing was heard. file: captions of the whole episode.
    """
    if file:
        whole = _claimed(read_captions(file)[0], _speech(stretches))
        return [[(a - s.offset, b - s.offset) for a, b in whole] for s in stretches]
    return [_claimed(_own(stretch, preset)[0], stretch.speech) for stretch in stretches]


def of_text(caption: Caption, preset: Preset, rate: float) -> tuple[list[Caption], list[str]]:
    """A caption that was given as text, its words spread over it, in as many captions as it takes; and warnings.

    Where its lines fit and can be read, or its words in two other lines, it stays one caption. A caption whose words
    have their own times is returned as it is.
    """
    words = [word for line in caption.lines for word in line]
    start, end = caption.start, caption.end
    if not words or end <= start or any((word.start, word.end) != (start, end) for word in words):
        return [caption], []
    words = [
        word.model_copy(update={"start": a, "end": b})
        for word, (a, b) in zip(words, spread([word.text for word in words], [(start, end)]), strict=True)
    ]
    order = iter(words)
    lines = [[next(order) for _ in line] for line in caption.lines if line]
    speed = preset.captions.characters_a_second
    measure = _measure(preset, caption.style or preset.captions.style)
    if end - start >= max(SHORTEST, len(said(words)) / speed) - 1e-6:
        for cut in (lines, balanced(words, measure, len(words))):
            if len(cut) <= 2 and all(measure(said(line)) <= LINE_WIDTH for line in cut):
                return [caption.model_copy(update={"lines": cut})], []
    parts, unread = readable([Cue(words, start, end)], measure, end, rate, speed, preset.captions.size, start)
    kept = {"style": caption.style, "band": caption.band, "middle": caption.middle}
    return [part.model_copy(update=kept) for part in parts], summed(unread, speed)


def _speech(stretches: Sequence[Stretch]) -> list[tuple[float, float]]:
    """Episode seconds in which somebody speaks."""
    return [(max(a, s.start) + s.offset, min(b, s.end) + s.offset) for s in stretches for a, b in s.speech if a < s.end]


def _own(stretch: Stretch, preset: Preset) -> tuple[list[Cue], list[str]]:
    """The cues of a footage's own caption file, or those inside the footage, in its seconds; and warnings."""
    if stretch.file:
        return read_captions(stretch.file, preset.captions.ass_styles)
    if preset.captions.embedded and stretch.source.subtitles:
        return embedded(stretch.source, stretch.end, preset.captions.ass_styles)
    return [], []


def _claimed(cues: Sequence[Cue], speech: Spans) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    for cue in cues:
        if cue.timed:
            found += [(word.start, word.end) for word in cue.words if word.end - word.start <= LONGEST_WORD]
        elif not any(a < cue.end and b > cue.start for a, b in speech):
            found.append((cue.start, cue.end))
    return found


def _closed_up(cue: Cue, gone: Spans) -> Cue:
    """The cue once the time that is gone is taken out; its words share what is left where some of them lay in it."""
    edges = [edge for span in gone for edge in span]
    taken = [0.0]
    for a, b in gone:
        taken += [taken[-1], taken[-1] + b - a]
    times = np.array([cue.start, cue.end, *(t for word in cue.words for t in (word.start, word.end))])
    start, end, *rest = (times - np.interp(times, edges, taken[1:])).tolist()
    words = [
        word.model_copy(update={"start": a, "end": b})
        for word, a, b in zip(cue.words, rest[::2], rest[1::2], strict=True)
    ]
    closed = replace(cue, words=words, start=start, end=end)
    lost = any(w.end <= w.start < old.end for w, old in zip(words, cue.words, strict=True))
    return respread(closed, []) if lost else closed


def _measure(preset: Preset, style: str) -> Measure:
    font = ImageFont.truetype(str(presets.font_file(preset.type.medium)), preset.captions.size)
    return partial(_width, font, round(presets.WORD_GAP * preset.captions.size) if style == "word" else 0)


def _width(font: ImageFont.FreeTypeFont, gap: int, text: str) -> float:
    """Pixels of a line whose spaces are `gap` pixels wider than the font's."""
    return font.getlength(text) + gap * text.count(" ")


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
            cue = respread(cue, [*outside[0], *heard, *outside[1]])
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


def subtitles(captions: Sequence[Caption], form: Literal["srt", "vtt"]) -> str:
    """The captions as a subtitle file without markup, their lines kept; one that moved on a cut is one again."""
    whole: list[Caption] = []
    for caption in sorted(captions, key=lambda caption: caption.start):
        if whole and whole[-1].end == caption.start and whole[-1].lines == caption.lines:
            whole[-1] = whole[-1].model_copy(update={"end": caption.end})
        else:
            whole.append(caption)
    file = pysubs2.SSAFile()
    for caption in whole:
        start = round(caption.start * 1000)
        text = r"\N".join(_escaped(said(line), form) for line in caption.lines)
        file.append(pysubs2.SSAEvent(start=start, end=max(start + 1, round(caption.end * 1000)), text=text))
    return file.to_string(form)


def _escaped(text: str, form: str) -> str:
    """A line that reads back as it is: what a format or its readers would take for markup as character references."""
    if form == "vtt" or html.unescape(text) != text:
        text = text.replace("&", "&amp;")
    text = text.replace("<", "&lt;").replace(">", "&gt;") if form == "vtt" else _LIKE_A_TAG.sub("&lt;", text)
    return text.translate(_OF_ASS)
