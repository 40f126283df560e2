"""What would make a season's episodes fail, told before anything is rendered."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import presets
from basis.clock import Clock
from basis.errors import EpisodeError
from basis.notes import Note, distinct
from basis.spans import Span, length
from basis.tools import from_environment
from jobs.manifest import Season, Slip
from pipeline import captions, planning
from pipeline.brief import Brief, Footage
from pipeline.captions.reading import read_captions
from pipeline.footage import source
from pipeline.footage.sounds import sounds_in
from pipeline.footage.source import Source
from pipeline.stretch import Stretch
from presets import Preset, delivery
from presets.delivery import DeliverySpec

Given = ParamSpec("Given")
Result = TypeVar("Result")
Probe = Callable[[Path, int | None], Source]


def check_season(season: Season, told: Callable[[Slip], None] = lambda slip: None) -> list[Slip]:
    """What would make episodes fail: files that are missing or cannot be read, ranges past the end, too long ones.

    told: is given what else rendering would say of footage and captions, which fails nothing.
    """
    probe, load = functools.cache(source.probe), functools.cache(presets.load)
    slips: list[Slip] = []
    for entry in season.entries:
        tried = _tries(entry.brief, probe, load)
        slips += [Slip(entry.line, text) for text in dict.fromkeys(tried)]
        for note in distinct(tried.notes):
            told(Slip(entry.line, note.text))
    return slips


class _Tries(list[str]):
    """The sentences of calls that failed, and the notes of those that did not."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: list[Note] = []

    def __call__(self, function: Callable[Given, Result], *given: Given.args, **named: Given.kwargs) -> Result | None:
        """What the function returns, None where it failed."""
        try:
            return function(*given, **named)
        except EpisodeError as error:
            self.append(str(error))
        except OSError as error:
            self.append(f"There is a file that cannot be read ({error.strerror}); check its path: {error.filename}.")
        return None


def _tries(brief: Brief, probe: Probe, load: Callable[[str], Preset]) -> _Tries:
    tried = _Tries()
    shown = [one for footage in brief.footage if (one := tried(_shown, footage, probe))]
    tried.notes += [note for found, (_, end) in shown for note in source.notes(found, end)]
    preset, spec = tried(load, brief.preset), tried(delivery.load, brief.delivery)
    bed = brief.music or (preset.sound.music if preset else "")
    for file in (*(footage.audio for footage in brief.footage), bed):
        if file:
            tried(sounds_in, Path(file))
    if preset and spec and len(shown) == len(brief.footage):
        _try_whole(tried, brief, preset, spec, shown)
    else:
        for file in filter(None, (brief.captions, *(footage.captions for footage in brief.footage))):
            if reading := tried(read_captions, file):
                tried.notes += reading.notes
    return tried


def _shown(footage: Footage, probe: Probe) -> tuple[Source, Span]:
    found = probe(footage.file, footage.audio_stream)
    return found, planning.range_of(footage, found)


def _try_whole(
    tried: _Tries, brief: Brief, preset: Preset, spec: DeliverySpec, shown: list[tuple[Source, Span]]
) -> None:
    """The captions and the length of an episode whose footage can be read."""
    clock, ranges = Clock(shown[0][0].rate), [span for _, span in shown]
    seconds = clock.second(sum(clock.frames(start, end) for start, end in ranges))
    stretches = [
        Stretch(found, start, end, offset, footage)
        for (found, (start, end)), offset, footage in zip(shown, clock.offsets(ranges), brief.footage, strict=True)
    ]
    own = dict.fromkeys(one.footage.captions for one in stretches if one.footage.captions or one.source.subtitles)
    for file in [brief.captions] if brief.captions else own:
        timed = [one for one in stretches if brief.captions or one.footage.captions == file]
        tried.notes += tried(_typeset, brief, timed, preset, seconds, clock) or []
    if not brief.tighten:
        tried(planning.must_fit, length(ranges) + planning.tail_of(brief, preset), brief.delivery, spec)


def _typeset(brief: Brief, stretches: list[Stretch], preset: Preset, seconds: float, clock: Clock) -> list[Note]:
    cues = captions.read(brief.captions, stretches, preset, from_environment(), brief.captions_offset)
    return captions.for_episode(cues, stretches, preset, seconds, float(clock.rate))[1]
