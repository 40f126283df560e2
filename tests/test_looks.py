"""Nothing is looked at twice: what is seen of a file is kept by its content, whatever range, sound or plan asks for it."""

import os
from dataclasses import replace

import numpy as np
import pytest

from basis import cache
from basis.errors import Unusable
from basis.files import fingerprint
from basis.tools import Tools
from pipeline import analysis, episode
from pipeline.analysis import blocks
from pipeline.analysis.analysers import ANALYSERS
from pipeline.brief import make_brief
from pipeline.footage.source import probe
from pipeline.footage.stream import decoded
from pipeline.listening.speech import Speech
from tests.footage import Face, Scene, make, seated

RATE = 10
SILENCE = Speech((), np.zeros(0), np.zeros(0))


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    """9 s with cuts at 2.6 s and 6 s, one face in each shot, speech."""
    scenes = [
        Scene(2.6, [Face(seated(0.3))], seed=1),
        Scene(3.4, [Face(seated(0.6), who=1)], seed=2, ground="brick"),
        Scene(3.0, [Face(seated(0.4), who=2)], seed=3),
    ]
    return make(tmp_path_factory.mktemp("looks") / "talk.mp4", scenes, size=(320, 180), rate=RATE, g=10).file


@pytest.fixture
def short_blocks(monkeypatch):
    """Blocks of 4 s that are looked at second by second, so that 9 s have three."""
    monkeypatch.setattr(blocks, "BLOCK", 4.0)
    monkeypatch.setattr(blocks, "STEP", 1.0)


def frames_decoded(work):
    """How many frames are decoded to be looked at while something is done, and what it gives."""
    before = decoded.total()
    result = work()
    return decoded.total() - before, result


def seen(file, start, end, folder=None):
    """What is seen of a range, as data."""
    source, tools = probe(file), Tools(cache=folder)
    looked = analysis.look(source, start, end, fingerprint(file), tools)
    return analysis.analyse(source, looked, SILENCE, tools)


def planned(file, folder, **more):
    footage = {key: more.pop(key) for key in ("from", "to", "channels", "audio") if key in more}
    brief = make_brief({"footage": [{"file": file, **footage}], "preset": "plain", **more}, "test")
    return episode.plan(brief, Tools(cache=folder))[0]


@pytest.mark.slow
def test_a_second_plan_decodes_no_picture(talk, tmp_path):
    first, plan = frames_decoded(lambda: planned(talk, tmp_path))
    assert first > 30
    assert frames_decoded(lambda: planned(talk, tmp_path)) == (0, plan)


@pytest.mark.slow
@pytest.mark.parametrize(
    "changed", [{"from": 1.0}, {"to": 8.0}, {"from": 2.0, "to": 7.3}, {"channels": "left"}, {"audio": "recorder"}]
)
def test_another_sound_or_a_part_of_what_was_looked_at_decodes_no_picture(talk, tmp_path_factory, changed):
    folder = tmp_path_factory.getbasetemp() / "looked-at-once"
    planned(talk, folder)
    if "audio" in changed:
        changed = {"audio": talk}  # the camera's own sound, as if a recorder had taken it
    count, plan = frames_decoded(lambda: planned(talk, folder, **changed))
    assert count == 0 and plan.takes[0].shots


@pytest.mark.slow
def test_a_part_that_is_new_is_looked_at_alone(talk, tmp_path, short_blocks):
    first, _ = frames_decoded(lambda: seen(talk, 0, 4, tmp_path))
    inside, _ = frames_decoded(lambda: seen(talk, 1, 3, tmp_path))
    beyond, _ = frames_decoded(lambda: seen(talk, 0, 7.5, tmp_path))
    again, _ = frames_decoded(lambda: seen(talk, 2.2, 8, tmp_path))
    assert first >= 20 and inside == again == 0
    assert 15 <= beyond <= 60  # 4 s, a second before them, what the decoder has ahead, and what places the cut


@pytest.mark.slow
@pytest.mark.parametrize(("before", "start", "end"), [((3, 5), 1.3, 7.45), ((0, 9), 4, 8)])
def test_what_is_seen_does_not_depend_on_what_was_seen_before(talk, tmp_path, short_blocks, before, start, end):
    alone = seen(talk, start, end)
    analysis.look(probe(talk), *before, fingerprint(talk), Tools(cache=tmp_path))
    assert seen(talk, start, end, tmp_path) == alone
    assert seen(talk, start, end, tmp_path) == alone


@pytest.mark.slow
def test_shots_and_faces_are_whole_where_blocks_meet(talk, short_blocks):
    found = seen(talk, 0, 9)
    assert [round(shot.start, 2) for shot in found.shots] == [0, 2.6, 6]
    for shot in found.shots:
        (track,) = shot.tracks
        times = [sighting.t for sighting in track.sightings]
        assert times[0] - shot.start < 0.3 and shot.end - times[-1] < 0.4 and np.diff(times).max() < 0.45


def test_a_broken_entry_is_made_again(talk, tmp_path, short_blocks):
    whole = seen(talk, 0, 1, tmp_path)
    for change in (lambda raw: b"", lambda raw: raw[:-40], lambda raw: raw[:200] + b"x" * 50 + raw[250:]):
        for file in tmp_path.iterdir():
            file.write_bytes(change(file.read_bytes()))
        count, found = frames_decoded(lambda: seen(talk, 0, 1, tmp_path))
        assert count and found == whole


def test_a_folder_that_cannot_be_written_is_no_failure(talk, tmp_path):
    (tmp_path / "file").write_text("")
    assert seen(talk, 0, 1, tmp_path / "file" / "cache").shots


def test_the_entries_that_were_not_read_for_longest_give_way(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "MOST_BYTES", 250)
    (tmp_path / "mine.txt").write_bytes(b"x" * 900)
    for name in "ab":
        cache.store_bytes(tmp_path, name, b"y" * 100)
        os.utime(tmp_path / (name + cache.SUFFIX), (1e9, 1e9))
    assert cache.load_bytes(tmp_path, "a")
    cache.store_bytes(tmp_path, "c", b"y" * 100)
    assert [name for name in "abc" if cache.load_bytes(tmp_path, name)] == ["a", "c"]
    assert (tmp_path / "mine.txt").exists() and not list(tmp_path.glob("*.part"))


def test_looks_are_kept_as_they_were_made(talk, tmp_path, short_blocks):
    source, tools = probe(talk), Tools(cache=tmp_path)
    made, kept = (analysis.look(source, 0.4, 3.1, "content", tools) for _ in range(2))
    assert np.array_equal(made.times, kept.times)
    for a, b in zip(made.pictures, kept.pictures, strict=True):
        assert a.dtype == b.dtype == np.uint8 and np.array_equal(a, b)
    assert made.pictures[0].shape[1:] == (180, 320) and made.pictures[1].shape[1:] == (90, 160, 3)
    assert [(t, face.box, face.mouth) for t, face in made.found["faces"]] == [
        (t, face.box, face.mouth) for t, face in kept.found["faces"]
    ]
    assert made.found["cuts"] == kept.found["cuts"]


def test_a_new_analyser_is_a_class_and_a_line_in_the_registry(talk, tmp_path, monkeypatch, short_blocks):
    class Brightness:
        records = ANALYSERS["cuts"].records

        def __init__(self, source, tools):
            self.seen = []

        def see(self, view):
            self.seen.append((view.t, float(view.smallest.mean())))

        def found(self):
            return self.seen

    seen(talk, 0, 1, tmp_path)
    monkeypatch.setitem(ANALYSERS, "brightness", Brightness)
    source, tools = probe(talk), Tools(cache=tmp_path)
    count, made = frames_decoded(lambda: analysis.look(source, 0, 1, fingerprint(talk), tools))
    assert count and len(made.found["brightness"]) >= 5  # what was kept without it is made again
    count, kept = frames_decoded(lambda: analysis.look(source, 0.5, 1, fingerprint(talk), tools))
    assert not count and kept.found["brightness"] == [one for one in made.found["brightness"] if one[0] >= 0.5]


def test_a_range_without_a_frame_is_refused(talk):
    source = replace(probe(talk), duration=60.0)
    with pytest.raises(Unusable, match="no frame between"):
        analysis.look(source, 20, 22, "")
