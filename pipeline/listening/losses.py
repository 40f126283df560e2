"""What of the sound that is heard is missing, damaged or digital silence, and what is said of it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from basis.notes import Note
from basis.spans import Span, Spans, clip, length, without
from pipeline.footage.source import Loss, Source
from pipeline.listening.speech import Speech

LEAST, LEAST_AT_ENDS = 0.1, 0.5  # seconds without sound that are worth a word, in the midst of it and at its ends
EDGE = 0.06  # seconds by which a file's first and last sound may lie beside its ends
LEAST_VOID, MOST_VOIDS = 0.5, 2  # seconds of digital silence; what is silent more often was gated
MOST_VOID = 0.5  # share of the sound, from which silence is its nature
LIVE = -60.0  # dB of full scale that sound has up to where it breaks off; what is faded out has less
BESIDE = 3  # values of the envelope in which it is looked for
MOST_TOLD = 4  # losses of a file that have a note each
MISSING = "it is missing there, or cannot be decoded"
VOID = "there is nothing but digital silence, not even hiss"
LATE, EARLY = "it begins late", "it ends early"


def losses(source: Source, speech: Speech, span: Span, told: Spans) -> list[Loss]:
    """What is lost of the sound of [start, end) footage seconds; told: those of which nothing else says that they have none."""
    found = []
    is_cut = any(loss.what == "sound" for loss in source.losses)  # then that is told
    for start, end in clip([part for own in told for part in clip(speech.missing, *own)], *span):
        first, last = start <= EDGE, end >= source.duration - EDGE
        why = LATE if first and not last else EARLY if last and not first else MISSING
        if end - start >= (LEAST if why == MISSING else LEAST_AT_ENDS) and not (why == EARLY and is_cut):
            found.append(Loss("sound", start, end, why))
    if len(speech.void) <= MOST_VOIDS and length(clip(speech.void, *span)) < MOST_VOID * (span[1] - span[0]):
        found += [
            Loss("sound", start, end, VOID)
            for start, end in clip(speech.void, *span)
            if end - start >= LEAST_VOID and _is_sudden(speech, start, end, source.duration)
        ]
    return sorted(found, key=lambda loss: loss.start)


def _is_sudden(speech: Speech, start: float, end: float, duration: float) -> bool:
    """Whether sound breaks off at the start and, if it comes again, comes as suddenly."""
    edges = [speech.times < start, *([speech.times >= end] if end < duration - EDGE else [])]
    before, *after = (speech.envelope[beside] for beside in edges)
    sides = [before[-BESIDE:], *(side[:BESIDE] for side in after)]
    return all(len(side) > 0 and float(np.max(side)) > LIVE for side in sides)


def notes(names: Sequence[tuple[str, Loss]], shift: float, removed: Spans) -> list[Note]:
    """What an editor should know of losses, each with the name of its file.

    shift: seconds from the footage's time to the episode's where nothing is removed; removed: footage seconds not shown.
    """
    found = []
    for name, loss in names:
        parts = without([(loss.start, loss.end)], removed)
        if parts:
            at = round(parts[0][0] + shift - length(clip(removed, 0.0, parts[0][0])), 3)
            found.append(_note(name, loss, at))
    damaged = [note for note in found if note.code == "damaged-sound"]
    if len(damaged) <= MOST_TOLD:
        return found
    (name, first), *_, (_, last) = names
    seconds = sum(loss.end - loss.start for _, loss in names)
    text = (
        f"The sound of {name} is lost in {len(damaged)} places between {first.start:.2f} and {last.end:.2f} s, {seconds:.1f} s "
        "in all; listen to the episode there, or copy the footage again."
    )
    one = Note(code="damaged-sound", text=text, at=damaged[0].at, level="warning")
    return [one, *(note for note in found if note.code != "damaged-sound")]


def _note(name: str, loss: Loss, at: float) -> Note:
    if loss.why == LATE:
        text = f"The sound of {name} begins at {loss.end:.2f} s; before that nothing of it is heard."
        return Note(code="short-sound", text=text, at=at)
    if loss.why == EARLY:
        text = f"The sound of {name} ends at {loss.start:.2f} s, before the picture; after that nothing of it is heard."
        return Note(code="short-sound", text=text, at=at, level="warning")
    text = (
        f"The sound of {name} is lost from {loss.start:.2f} to {loss.end:.2f} s: {loss.why}; listen to the episode "
        "there, or copy the footage again."
    )
    return Note(code="damaged-sound", text=text, at=at, level="warning")


def beyond(source: Source, file: Path, stream: int | None) -> list[Note]:
    """A note of sound that goes on after the picture, as far as the file's header tells."""
    for one in source.audio:
        if one.index == stream and one.duration is not None:
            begin = source.start if one.start is None or "matroska" in source.container else one.start
            end = begin + one.duration - source.start
            if "matroska" in source.container and one.duration > source.start:
                end = one.duration - source.start  # its tag is the end, by some programs
            if end > source.duration + LEAST_AT_ENDS:
                text = f"The sound of {file.name} goes on for {end - source.duration:.1f} s after the picture ends; that is not heard."
                return [Note(code="long-sound", text=text)]
    return []
