"""A few dozen of all the kinds of footage there are, read as analysis and rendering read them.

`python benchmarks/reliability.py formats` renders every kind.
"""

from pathlib import Path

import numpy as np
import pytest

from pipeline.footage import stream
from pipeline.footage.sounds import Sound, stereo
from pipeline.footage.source import probe
from tests.formats import FILMS, SOUND_RATE, Film, click_at, faults_of_picture, flash_at, make, rgb

USUAL = [  # of each kind of trouble one
    "mp4 h264", "mov prores", "avi mpeg4", "ts h264 B-frames", "mpg mpeg2", "raw h264", "24000/1001 fps", "variable rate", "turned 90",
    "mirrored 270", "PAL wide", "BT.709, full range", "RGB ffv1", "333x187, odd", "sound late, ts", "start at 100 h",
]  # fmt: skip
REST = [
    "mp4 hevc", "fragmented mp4", "mov qtrle", "mkv vp9", "webm vp8", "avi raw", "ts mpeg2", "m2ts h264", "flv sorenson", "wmv wmv2", "gif",
    "1 fps", "12.5 fps", "120 fps", "interlaced mpeg2, upper field first", "mirrored", "half the height", "BT.601, tagged", "4:4:4 12 bit",
    "gray", "64x36", "no sound", "5.1 AC-3", "8000 Hz", "sound longer, mkv", "sound late, mpg", "sound late, mp4", "start at 10 s, ts", "B-frames",
]  # fmt: skip
NAMES = {"PAL wide": "pixel aspect, PAL wide", "half the height": "pixel aspect, half the height"}


@pytest.mark.parametrize("name", [*USUAL, *(pytest.param(name, marks=pytest.mark.slow) for name in REST)])
def test_footage_of_every_kind_has_its_colours_its_orientation_its_length_and_its_sound_in_step(
    name: str, tmp_path: Path
) -> None:
    film = FILMS[NAMES.get(name, name)]
    assert _faults(film, make(film, tmp_path)) == []


def _faults(film: Film, file: Path) -> list[str]:
    source = probe(file)
    rate = float(source.rate)
    frames = [frame.copy() for frame in stream.frames(source, 0, round(source.duration * rate), source.rate)]
    high = frames[0].shape[0] * 2 // 3
    middle = np.array(
        [f[high * 9 // 20 : high * 11 // 20, f.shape[1] * 9 // 20 : f.shape[1] * 11 // 20].mean() for f in frames]
    )
    found = faults_of_picture(film, rgb(frames[min(int(rate / 2), len(frames) - 1) if film.rate > 3 else 0]))
    if abs(source.duration - film.length) > 1.1 * max(1 / float(film.rate), 1 / rate):
        found.append(f"lasts {source.duration:.3f} s, should be {film.length}")
    flash = flash_at(middle, rate)
    if flash is None:
        return [*found, "no flash"]
    if film.sound is None or source.audio_stream is None:
        return found if film.sound is None else [*found, "no sound"]
    sound = Sound(file, source.audio_stream)
    click = click_at(stereo(sound.since(0.0, SOUND_RATE), file, source.duration, SOUND_RATE), SOUND_RATE)
    if click is None or abs(click - flash) > film.sync + 0.001:
        found.append(f"click at {click} s, flash at {flash:.3f} s")
    return found
