"""A fade from shot to shot is found where it is half done; pans, zooms, lights, machines and flashes are none."""

import cv2
import numpy as np
import pytest

from basis.tools import Tools
from pipeline import episode
from pipeline.analysis.analysers import dissolves
from pipeline.brief import make_brief
from pipeline.synthetic import demo
from tests.footage import Face, Scene, Thing, drawn, mixed, seated, walk

RATE, SIZE = 5, (160, 90)  # as footage is looked at


def looks(face=None, seconds=5.0, **scene):
    return drawn(Scene(seconds, [face] if face else [], **scene), SIZE, RATE)


def faded(before, behind, middle, seconds):
    """One shot fading into another, half done at a second."""
    count = len(before)
    share = np.clip((np.arange(count) / RATE - middle) / seconds + 0.5, 0, 1)
    return [mixed(a, b, float(s)) for a, b, s in zip(before, behind, share, strict=True)]


def found(frames, cuts=()):
    return dissolves.find(np.arange(len(frames)) / RATE, np.array(frames), cuts)


A = looks(Face(seated(0.3)), seed=1)
ROOMS = {
    "another room": looks(Face(seated(0.7), who=1, height=0.35), seed=4),
    "the same room": looks(Face(seated(0.7), who=1), seed=1),
    "outdoors": looks(Face(seated(0.6), who=2), ground="coffee"),
}
DARK = [np.zeros_like(A[0])] * len(A)


@pytest.mark.parametrize("seconds", [0.35, 0.5, 1.0, 2.0, 3.0])
@pytest.mark.parametrize("room", ROOMS)
def test_a_fade_is_found_where_it_is_half_done(room, seconds):
    (at,) = found(faded(A, ROOMS[room], 2.47, seconds))
    assert at == pytest.approx(2.47, abs=max(0.12, 0.15 * seconds))


def test_a_fade_between_two_pans_is_found():
    before, behind = looks(seed=2, pan=walk((0, 0), (5, 0.6))), looks(seed=8, pan=walk((0, 0.5), (5, 0)))
    (at,) = found(faded(before, behind, 2.5, 1.0))
    assert at == pytest.approx(2.5, abs=0.4)


@pytest.mark.parametrize("apart", [0.45, 0.7])
def test_a_fade_through_black_is_one(apart):
    (at,) = found(faded(faded(A, DARK, 2.5 - apart, 0.8), ROOMS["another room"], 2.5 + apart, 0.8))
    assert 2.2 <= at <= 2.8


@pytest.mark.parametrize(
    "frames",
    [
        faded(DARK, A, 1.0, 1.4),
        faded(A, DARK, 4.0, 1.4),
        faded(faded(A, DARK, 1.8, 0.8), A, 3.2, 0.8),
        [np.asarray(frame * s, np.uint8) for frame, s in zip(A, np.interp(np.arange(25), [8, 15], [0.3, 1]), strict=True)],
        looks(Face(seated(0.5)), seed=2, pan=walk((0, 0), (5, 1.2))),
        looks(Face(0.5, height=walk((0, 0.1), (5, 0.7)), top=walk((0, 0.4), (5, 0.05))), seed=3),
        looks(things=[Thing("arm", 0.3, 0.9, 0.0), Thing("slab", walk((0, -0.2), (5, 1.2)), 0.6, 0.4)], seed=5),
        looks(Face(seated(0.5)), things=[Thing("worker", walk((0, -0.3), (5, 1.3)), 2.0, -0.2, in_front=True)]),
        [*A[:12], *ROOMS["another room"][12:]],
    ],
    ids=["from black", "to black", "to black and back", "light", "pan", "walking up", "machines", "passing by", "cut"],
)  # fmt: skip
def test_what_only_looks_like_a_fade_is_none(frames):
    assert found(frames) == []


def test_a_zoom_is_no_fade():
    large = drawn(Scene(5, [Face(seated(0.5))], seed=3), (480, 270), RATE)
    zoomed = []
    for frame, times in zip(large, np.interp(np.arange(25), [6, 14], [1, 2.5]), strict=True):
        wide, high = int(480 / times), int(270 / times)
        part = frame[(270 - high) // 2 :, (480 - wide) // 2 :][:high, :wide]
        zoomed.append(cv2.resize(part, SIZE, interpolation=cv2.INTER_AREA))
    assert found(zoomed) == []


def test_where_a_cut_is_known_no_fade_is_looked_for():
    assert found(faded(A, ROOMS["another room"], 2.5, 1.0), [2.4]) == []


@pytest.mark.slow
def test_the_framing_changes_in_the_middle_of_a_fade_and_a_note_says_so(tmp_path, cache_folder):
    before = drawn(Scene(2.4, [Face(seated(0.25), height=0.35)], seed=1), (320, 180))
    behind = drawn(Scene(2.4, [Face(seated(0.75), who=1, height=0.35)], seed=4), (320, 180))
    share = np.clip((np.arange(60) - 30) / 15 + 0.5, 0, 1)
    frames = (mixed(a, b, float(s)) for a, b, s in zip(before, behind, share, strict=True))
    demo.write_video(tmp_path / "a.mp4", frames, (320, 180), 25, None)
    brief = make_brief({"footage": [{"file": tmp_path / "a.mp4"}], "preset": "plain"}, "test")
    plan, _ = episode.plan(brief, Tools(cache=cache_folder))
    first, second = plan.takes[0].shots
    assert second.start == pytest.approx(1.2, abs=0.15)
    assert first.panes[0].path[0].x < 100 < second.panes[0].path[0].x
    (note,) = [note for note in plan.warnings if note.code == "dissolve"]
    assert note.at == pytest.approx(second.start) and note.shot == 2
