"""What the caption files of an episode say, read once; and the speech that they know of and nobody heard."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from basis.errors import WrongUse
from basis.notes import Note, distinct
from basis.spans import Span, Spans, clip, overlap, shift
from basis.tools import USUAL, Tools
from pipeline.captions.cues import Cue
from pipeline.captions.embedded import embedded
from pipeline.captions.reading import Reading, read_captions
from pipeline.stretch import Stretch
from presets import Preset

LONGEST_WORD = 1.0  # seconds; a word that is longer in a file has the pause beside it in its times


@dataclass(frozen=True)
class EpisodeCues:
    """The cues of an episode's captions as their files have them, and what is wrong with these.

    file: of the whole episode, whose cues are in its seconds with nothing taken out; None where there is none. of_stretches:
    for each stretch of footage the cues of its own file, else of those inside it, in seconds of the footage. offset: the
    second of the file at which the episode begins.
    """

    file: Path | None
    of_file: list[Cue]
    of_stretches: list[list[Cue]]
    notes: list[Note]
    offset: float = 0.0


def read(
    file: Path | None, stretches: Sequence[Stretch], preset: Preset, tools: Tools = USUAL, offset: float = 0.0
) -> EpisodeCues:
    """Reads the captions of an episode, each file and each stream inside footage once.

    file: captions of the whole episode, which begins at their second `offset`; without them each stretch's own file is
    read, or the captions inside its footage where the preset wants these. Raises WrongUse for both at once, Unusable for
    a file that holds no captions.
    """
    own = {stretch.footage.captions for stretch in stretches} - {None}
    if file and own:
        raise WrongUse(f"Give the captions of the episode ({file}) or those of its footage, not both.")
    if file:
        cues, notes = read_captions(file, offset)
        return EpisodeCues(file, cues, [[] for _ in stretches], notes, offset)
    readings: dict[tuple[Path, float], Reading] = {}
    of_stretches: list[list[Cue]] = []
    for stretch in stretches:
        captions, source = stretch.footage.captions, stretch.source
        key = (captions or source.file, stretch.footage.captions_offset)
        if captions and key not in readings:
            readings[key] = read_captions(*key)
        elif not captions and preset.captions.embedded and source.subtitles and key not in readings:
            end = max(other.end for other in stretches if other.source.file == source.file)
            readings[key] = embedded(source, end, tools)
        of_stretches.append(readings[key].cues if key in readings else [])
    return EpisodeCues(
        None, [], of_stretches, distinct(note for reading in readings.values() for note in reading.notes)
    )


def said_unheard(cues: EpisodeCues, stretches: Sequence[Stretch]) -> list[list[Span]]:
    """Footage seconds of each stretch in which, as its captions have it, somebody speaks.

    Words that have times of their own there, and cues in which nothing was heard.
    """
    if cues.file:
        whole = _claimed(cues.of_file, speech_of(stretches))
        return [shift(whole, -stretch.offset) for stretch in stretches]
    return [_claimed(own, stretch.speech) for own, stretch in zip(cues.of_stretches, stretches, strict=True)]


def speech_of(stretches: Sequence[Stretch]) -> list[Span]:
    """Episode seconds in which somebody speaks, with nothing taken out."""
    return [span for s in stretches for span in shift(clip(s.speech, s.start, s.end), s.offset)]


def _claimed(cues: Sequence[Cue], speech: Spans) -> list[Span]:
    claimed: list[Span] = []
    for cue in cues:
        if cue.timed:
            claimed += [(word.start, word.end) for word in cue.words if word.end - word.start <= LONGEST_WORD]
        elif not any(overlap((cue.start, cue.end), span) for span in speech):
            claimed.append((cue.start, cue.end))
    return claimed
