"""What would make a season's episodes fail, told before anything is rendered."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import presets
from basis.errors import EpisodeError
from jobs.manifest import Season, Slip
from pipeline import captions, episode, graphics
from pipeline.brief import Brief
from pipeline.captions import Stretch
from pipeline.captions.cues import read_captions
from pipeline.footage import source
from pipeline.footage.sounds import sounds_in
from pipeline.footage.source import Source
from pipeline.plan import range_frames, range_offsets
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
    rate = sources[0].rate
    seconds = float(sum(range_frames(start, end, rate) for start, end in ranges) / rate)
    stretches = [
        Stretch(own, start, end, offset, footage.captions, [])
        for own, (start, end), offset, footage in zip(
            sources, ranges, range_offsets(ranges, rate), brief.footage, strict=True
        )
    ]
    for file in [brief.captions] if brief.captions else dict.fromkeys(f.captions for f in brief.footage if f.captions):
        said = stretches if brief.captions else [stretch for stretch in stretches if stretch.file == file]
        with _told(found):
            captions.for_episode(brief.captions, said, preset, seconds, float(rate))
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
