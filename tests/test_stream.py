"""Damaged footage is looked at behind the damage too, and the damage is told; cuts lie on their frame in any container."""

import av
import ffmpeg
import pytest

from pipeline import analysis
from pipeline.analysis.analysers.cuts import exact
from pipeline.footage import ffmpeg_tool, stream
from pipeline.footage.source import probe
from pipeline.listening.speech import Speech
from tests.footage import Scene, make

CUT = 1.48  # seconds: a frame that no other frame needs stands before it


@pytest.fixture(scope="module")
def two_scenes(tmp_path_factory):
    """3 s of 25 frames a second with a cut at CUT and one key frame, at the beginning."""
    scenes = [Scene(CUT, seed=1), Scene(3 - CUT, seed=2, ground="coffee")]
    file = tmp_path_factory.mktemp("damage") / "whole.mp4"
    options = {"preset": "veryfast", "bf": 3, "g": 250, "sc_threshold": 0, "x264-params": "b-adapt=0:b-pyramid=none"}
    return make(file, scenes, size=(320, 180), sound=None, **options).file


def packets(file):
    with av.open(str(file)) as container:
        return [p for p in container.demux(video=0) if p.size]


def damaged(file, to, chosen, first=0, count=4):
    """A copy of a file in which some bytes of the chosen packets are wrong."""
    raw = bytearray(file.read_bytes())
    for packet in chosen:
        raw[packet.pos + first : packet.pos + first + count] = b"\xff" * count
    to.write_bytes(raw)
    return to


def seconds_of(file, thin=False):
    pictures = stream.Pictures(probe(file), 0, 9, thin=thin)
    return [t for t, _ in pictures], pictures.losses


@pytest.mark.parametrize("thin", [False, True])
def test_what_lies_behind_a_damaged_packet_is_decoded(two_scenes, tmp_path, thin):
    every, none = seconds_of(two_scenes, thin)
    needed = [p for p in packets(two_scenes) if not p.is_disposable] or packets(two_scenes)
    found, told = seconds_of(damaged(two_scenes, tmp_path / "bad.mp4", [needed[len(needed) // 3]]), thin)
    assert not none and len(told) == 1 and 0 <= told[0].start < 1.5
    assert len(every) - 8 <= len(found) < len(every) and found[-1] == every[-1]


def test_a_file_that_ends_in_rubbish_is_given_up(two_scenes, tmp_path):
    bad = damaged(two_scenes, tmp_path / "bad.mp4", packets(two_scenes)[10:])
    found, told = seconds_of(bad)
    assert 4 <= len(found) <= 12 and told


def test_an_editor_is_told_where_the_picture_is_damaged(two_scenes, tmp_path):
    source = probe(damaged(two_scenes, tmp_path / "bad.mp4", [packets(two_scenes)[20]]))
    import numpy as np

    silence = Speech((), np.zeros(0), np.zeros(0))
    found = analysis.analyse(source, analysis.look(source, 0, 3, ""), silence)
    (note,) = analysis.notes(source.file, found, 10.0, [])
    assert note.code == "damaged-footage" and note.level == "warning" and "The picture of bad.mp4" in note.text
    assert note.at == pytest.approx(10 + found.losses[0].start, abs=1e-3)
    assert len(found.shots) == 2
    clean = probe(two_scenes)
    assert not analysis.notes(clean.file, analysis.analyse(clean, analysis.look(clean, 0, 3, ""), silence), 0.0, [])


@pytest.mark.parametrize("container", ["mp4", "ts", "mkv"])
def test_a_cut_lies_on_its_frame_in_any_container(two_scenes, tmp_path, container):
    """MPEG-TS has no index: sought in, it stands behind the place as often as before it."""
    file = tmp_path / f"cut.{container}"
    ffmpeg_tool.run(ffmpeg.input(str(two_scenes))["v"].output(str(file), vcodec="copy"))
    source = probe(file)
    assert exact(source, CUT - 0.12, CUT + 0.08) == pytest.approx(CUT, abs=1e-3)


def test_a_cut_behind_a_frame_with_a_broken_header_is_found(two_scenes, tmp_path):
    every = packets(two_scenes)
    before = [p for p in every if CUT - 0.3 < float(p.pts * p.time_base) < CUT + 0.2]
    source = probe(damaged(two_scenes, tmp_path / "bad.mp4", before, first=4))
    assert CUT - 0.12 < exact(source, CUT - 0.12, CUT + 0.08) <= CUT + 0.08
