"""What would make a season's episodes fail, told before anything is rendered."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import presets
from basis.clock import Clock
from basis.errors import EpisodeError
from jobs.manifest import Season, Slip
from pipeline import captions, episode, graphics
from pipeline.brief import Brief
from pipeline.captions.reading import read_captions
from pipeline.footage import source
from pipeline.footage.sounds import sounds_in
from pipeline.footage.source import Source
from pipeline.stretch import Stretch
from presets import Preset, delivery


def check_season(season: Season) -> list[Slip]:
    """What would make episodes fail: files that are missing or cannot be read, ranges past the end, too long ones."""
    probe, load = functools.cache(source.probe), functools.cache(presets.load)
    found = ((entry.line, _failures(entry.brief, probe, load)) for entry in season.entries)
    return [Slip(line, text) for line, texts in found for text in dict.fromkeys(texts)]


def _failures(brief: Brief, probe: Callable[[Path, int | None], Source], load: Callable[[str], Preset]) -> list[str]:
    found: list[str] = []
    sources: list[Source] = []
    ranges: list[tuple[float, float]] = []
    for footage in brief.footage:
        with _told(found):
            own = probe(footage.file, footage.audio_stream)
            ranges.append(episode.range_of(footage, own))
            sources.append(own)
        if footage.audio:
            with _told(found):
                sounds_in(footage.audio)
    preset = spec = None
    with _told(found):
        preset, spec = load(brief.preset), delivery.load(brief.delivery)
        if bed := brief.music or preset.sound.music:
            with _told(found):
                sounds_in(Path(bed))
    if preset is None or spec is None or len(sources) < len(brief.footage):
        for file in filter(None, (brief.captions, *(f.captions for f in brief.footage))):
            with _told(found):
                read_captions(file)
        return found
    clock = Clock(sources[0].rate)
    seconds = clock.second(sum(clock.frames(start, end) for start, end in ranges))
    stretches = [
        Stretch(own, start, end, offset, footage)
        for own, (start, end), offset, footage in zip(
            sources, ranges, clock.offsets(ranges), brief.footage, strict=True
        )
    ]
    for file in [brief.captions] if brief.captions else dict.fromkeys(f.captions for f in brief.footage if f.captions):
        said = stretches if brief.captions else [stretch for stretch in stretches if stretch.footage.captions == file]
        with _told(found):
            cues = captions.read(brief.captions, said, preset)
            captions.for_episode(cues, said, preset, seconds, float(clock.rate))
    if not brief.tighten:
        tail = preset.end_card.seconds if graphics.has_end_card(brief, preset) else 0.0
        with _told(found):
            episode.must_fit(sum(end - start for start, end in ranges) + tail, brief.delivery, spec)
    return found


@contextmanager
def _told(found: list[str]) -> Iterator[None]:
    """Adds the sentence of an error."""
    try:
        yield
    except EpisodeError as error:
        found.append(str(error))
    except OSError as error:
        found.append(f"There is a file that cannot be read ({error.strerror}); check its path: {error.filename}.")
