"""Cues -> captions of an episode: in its time, where somebody speaks, readable."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

import presets
from basis.errors import Unusable
from basis.notes import Note, distinct
from basis.spans import Spans, clip, length
from pipeline import typesetting
from pipeline.captions.cues import SHORTEST, Cue, at_times, moved, respread, said, spread
from pipeline.captions.cutting import Column
from pipeline.captions.episode_cues import EpisodeCues, speech_of
from pipeline.captions.readability import balanced, readable, summed
from pipeline.captions.slips import clock_text, quoted
from pipeline.stretch import Stretch
from presets import Preset
from presets.graphics import Caption, Word

SPOKEN = 0.2  # share of a cue below which what was heard says nothing about when its words are said


def for_episode(
    cues: EpisodeCues, stretches: Sequence[Stretch], preset: Preset, duration: float, rate: float, gone: Spans = ()
) -> tuple[list[Caption], list[Note]]:
    """Readable captions of [0, duration) episode seconds.

    gone: what is then taken out of these seconds, in order; the captions' times count none of it. Raises Unusable for a
    file whose captions all lie outside the episode.
    """
    outside: list[Note] = []
    if cues.file:
        placed = _inside(cues.of_file, speech_of(stretches), 0.0, duration)
        if cues.of_file and not placed:
            found = [moved(cue, cues.offset) for cue in cues.of_file]
            raise _all_outside(cues.file, found, f"the episode's {duration:.1f} s", "--captions-offset")
        outside = _outside(cues.file, cues.of_file, duration)
    else:
        placed = _of_stretches(cues, stretches)
    if gone:
        placed = [_closed_up(cue, gone) for cue in placed]
        duration -= length(gone)
    if not preset.captions.ass_styles:
        placed = [replace(_coloured(cue, {}), band=None) for cue in placed]
    placed, faint = _legible(placed, preset)
    speed = preset.captions.characters_a_second
    captions, notes = readable(placed, _column(preset, preset.captions.style), duration, rate, speed)
    return captions, distinct([*cues.notes, *outside, *faint, *summed(captions, notes, speed)])


def _of_stretches(cues: EpisodeCues, stretches: Sequence[Stretch]) -> list[Cue]:
    own = [_inside(c, s.speech, s.start, s.end) for c, s in zip(cues.of_stretches, stretches, strict=True)]
    used = {stretch.footage.captions for stretch, inside in zip(stretches, own, strict=True) if inside}
    for s, read in zip(stretches, cues.of_stretches, strict=True):
        if s.footage.captions and read and s.footage.captions not in used:
            where = f"{s.start:.1f} to {s.end:.1f} s of {s.source.file}"
            found = [moved(cue, s.footage.captions_offset) for cue in read]
            raise _all_outside(s.footage.captions, found, where, "--footage-captions-offset")
    return [replace(moved(cue, s.offset), stretch=number) for number, s in enumerate(stretches) for cue in own[number]]


def _all_outside(file: Path, cues: Sequence[Cue], where: str, flag: str) -> Unusable:
    """What to say of captions, in their file's times, none of which lies where they are wanted."""
    first, last = cues[0].start, max(cue.end for cue in cues)
    begins = (
        first - first % 3600 if first >= 3600 else math.floor(first)
    )  # as a rule a recorder's clock starts at an hour
    return Unusable(
        f"The captions in {file} lie at {clock_text(first)} to {clock_text(last)}, all outside {where}; check --from and "
        f"--to, or say which time in them is second 0, as {flag} {clock_text(begins)} (captions_offset in a brief)."
    )


def _outside(file: Path, cues: Sequence[Cue], duration: float) -> list[Note]:
    """A note for the captions of a whole episode that lie after its end."""
    late = [cue for cue in cues if cue.start >= duration]
    if not late:
        return []
    text = (
        f"{len(late)} of {len(cues)} captions in {file} lie after the episode's end at {duration:.1f} s and are not shown; the "
        f"first is {quoted(said(late[0].words))} at {clock_text(late[0].start)}."
    )
    return [Note(code="outside-captions", text=text, level="warning")]


def of_text(caption: Caption, preset: Preset, rate: float) -> tuple[list[Caption], list[Note]]:
    """A caption that was given as text, its words spread over it, in as many captions as it takes.

    Where its lines fit and can be read, or its words in two other lines, it stays one caption. A caption whose words
    have their own times is returned as it is.
    """
    words = [word for line in caption.lines for word in line]
    start, end = caption.start, caption.end
    if not words or end <= start or any((word.start, word.end) != (start, end) for word in words):
        return [caption], []
    words = at_times(words, spread([word.text for word in words], [(start, end)]))
    order = iter(words)
    lines = [[next(order) for _ in line] for line in caption.lines if line]
    speed = preset.captions.characters_a_second
    column = _column(preset, caption.style or preset.captions.style)
    if end - start >= max(SHORTEST, len(said(words)) / speed) - 1e-6:
        for cut in (lines, balanced(words, column, len(words))):
            if len(cut) <= 2 and all(column.measure(said(line)) <= column.width for line in cut):
                return [caption.model_copy(update={"lines": cut})], []
    parts, notes = readable([Cue(words, start, end)], column, end, rate, speed, start)
    kept = {"style": caption.style, "band": caption.band, "middle": caption.middle}
    return [part.model_copy(update=kept) for part in parts], summed(parts, notes, speed)


def _closed_up(cue: Cue, gone: Spans) -> Cue:
    """The cue once the time that is gone is taken out; its words share what is left where some of them lay in it."""
    edges = [edge for span in gone for edge in span]
    taken = [0.0]
    for a, b in gone:
        taken += [taken[-1], taken[-1] + b - a]
    times = np.array([cue.start, cue.end, *(t for word in cue.words for t in (word.start, word.end))])
    start, end, *rest = (times - np.interp(times, edges, taken[1:])).tolist()
    words = at_times(cue.words, [*zip(rest[::2], rest[1::2], strict=True)])
    closed = replace(cue, words=words, start=start, end=end)
    lost = any(w.end <= w.start < old.end for w, old in zip(words, cue.words, strict=True))
    return respread(closed) if lost else closed


def _column(preset: Preset, style: str) -> Column:
    size = preset.captions.size
    gap = round(presets.WORD_GAP * size) if style == "word" else 0
    measure = partial(typesetting.width, fonts=typesetting.chain(preset.type, "medium"), size=size, gap=gap)
    return Column(measure, size)


def _inside(cues: Sequence[Cue], speech: Spans, start: float, end: float) -> list[Cue]:
    """What is said during [start, end), the only part that was listened to, of cues whose words lie where speech is."""
    kept: list[Cue] = []
    for cue in cues:
        if cue.end <= start or cue.start >= end:
            continue
        inside = min(end, cue.end) - max(start, cue.start)
        spoken = clip(speech, max(cue.start, start), min(cue.end, end))
        if length(spoken) >= SPOKEN * inside:
            before, after = [(cue.start, start)] * (cue.start < start), [(end, cue.end)] * (cue.end > end)
            cue = respread(cue, [*before, *spoken, *after])
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


def _legible(cues: Sequence[Cue], preset: Preset) -> tuple[list[Cue], list[Note]]:
    """Cues without the colours that cannot be read on the captions' box, and a note for each of these."""
    kept: dict[str | None, str | None] = {None: None}
    notes = []
    for word in (word for cue in cues for word in cue.words if word.colour not in kept):
        contrast = presets.contrast_on_box(str(word.colour), preset.colours.ground, preset.captions.box_opacity)
        kept[word.colour] = word.colour if contrast >= presets.LEAST_CONTRAST else None
        if not kept[word.colour]:
            text = (
                f"The captions' colour {word.colour} has a contrast of {contrast:.1f} on their box and needs "
                f"{presets.LEAST_CONTRAST}; it is not used."
            )
            notes.append(Note(code="faint-colour", text=text, at=round(word.start, 3)))
    return [_coloured(cue, kept) for cue in cues], notes


def _coloured(cue: Cue, kept: Mapping[str | None, str | None]) -> Cue:
    """The cue with what its words' colours become, plain unless that says so."""
    if all(word.colour == kept.get(word.colour) for word in cue.words):
        return cue
    return replace(cue, words=[w.model_copy(update={"colour": kept.get(w.colour)}) for w in cue.words])
