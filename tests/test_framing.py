"""Framing on tracks whose truth is known: whole heads, calm paths, sensible layouts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.analysis import AnalysedShot, Analysis, Sighting, Track
from pipeline.camera import solve_path
from pipeline.framing import Look, frame
from pipeline.picture import corners
from pipeline.plan import Box, Shot

LOOK = Look(1080, 1920)
WIDE = Box(x=0, y=0, width=1920, height=1080)


def face(number, times, xs, size=160, y=300, kind="face"):
    return Track(
        number=number,
        kind=kind,
        sightings=[
            Sighting(
                t=t, box=Box(x=x - size / 2, y=y, width=size, height=size * 1.3), score=0.9,
                landmarks=[(x - 30, y + 60), (x + 30, y + 60), (x, y + 100), (x - 20, y + 140), (x + 20, y + 140)],
            )
            for t, x in zip(times, xs, strict=True)
        ],
    )  # fmt: skip


def framed(*tracks, seconds=6.0, picture=WIDE, look=LOOK) -> Shot:
    analysed = AnalysedShot(start=0, end=seconds, picture=picture, tracks=list(tracks))
    return frame([Analysis(shots=[analysed])], look)[0][0]


def lefts(shot: Shot, times) -> np.ndarray:
    return corners(shot, np.asarray(times, float))[:, 0, 0]


TIMES = np.arange(0, 6, 0.2)
EVERY_FRAME = np.arange(0, 6, 0.04)


def test_a_seated_face_is_held_still_and_centred_despite_the_detectors_tremble():
    tremble = np.random.default_rng(1).normal(0, 4, len(TIMES))
    shot = framed(face(0, TIMES, 1300 + tremble))
    assert shot.layout == "hold"
    assert np.ptp(lefts(shot, EVERY_FRAME)) == 0
    assert abs(lefts(shot, [3])[0] + shot.panes[0].width / 2 - 1300) < 60


def test_a_walking_face_is_followed_whole_in_every_frame():
    shot = framed(face(0, TIMES, 300 + 220 * TIMES))
    assert shot.layout == "follow"
    left = lefts(shot, EVERY_FRAME)
    middle = 300 + 220 * np.clip(EVERY_FRAME, 0, TIMES[-1])
    assert np.all(middle - 80 >= left) and np.all(middle + 80 <= left + shot.panes[0].width)


def test_a_path_is_calm_where_the_face_trembles_while_it_walks():
    noise = np.random.default_rng(2).normal(0, 5, len(TIMES))
    left = lefts(framed(face(0, TIMES, 300 + 200 * TIMES + noise)), EVERY_FRAME)
    assert np.abs(np.diff(left, 2)).mean() <= 0.05 * 3  # px per frame^2 for 640 px wide footage, scaled to 1920


def test_two_faces_that_fit_are_shown_together():
    shot = framed(face(0, TIMES, 900 + 0 * TIMES, size=100), face(1, TIMES, 1120 + 0 * TIMES, size=100))
    assert shot.layout == "hold" and shot.subjects == [0, 1]


def test_two_equal_faces_far_apart_are_fitted_and_never_the_wall_between_them():
    shot = framed(face(0, TIMES, 300 + 0 * TIMES), face(1, TIMES, 1620 + 0 * TIMES))
    assert shot.layout == "fit" and "2 faces" in shot.reason


def test_a_face_that_stands_out_is_chosen_over_a_passer_by():
    shot = framed(face(0, TIMES, 700 + 0 * TIMES, size=300), face(1, TIMES, 1750 + 0 * TIMES, size=90))
    assert shot.subjects == [0]


def test_without_faces_the_camera_follows_what_moves():
    shot = framed(face(0, TIMES, 1500 - 200 * TIMES, kind="motion"))
    assert shot.layout == "follow" and "moves" in shot.reason


def test_an_empty_shot_is_held_in_the_middle():
    shot = framed()
    assert shot.layout == "hold"
    assert lefts(shot, [1])[0] == pytest.approx((1920 - shot.panes[0].width) / 2, abs=1)


def test_vertical_footage_keeps_its_whole_width():
    shot = framed(picture=Box(x=0, y=0, width=1080, height=1920))
    assert (shot.panes[0].width, shot.panes[0].height) == (1080, 1920)


def test_large_footage_is_zoomed_to_a_lone_face_but_never_beyond_the_limit():
    uhd = Box(x=0, y=0, width=3840, height=2160)
    shot = framed(face(0, TIMES, 1900 + 0 * TIMES, size=160, y=800), picture=uhd)
    assert shot.panes[0].height == pytest.approx(1920 / 1.8, rel=0.01)
    eyes = (860 - corners(shot, np.array([3.0]))[0, 0, 1]) / shot.panes[0].height
    assert 0.22 <= eyes <= 0.45


def test_black_bars_stay_outside_the_crop():
    picture = Box(x=240, y=0, width=1440, height=1080)
    left = lefts(framed(face(0, TIMES, 330 + 0 * TIMES), picture=picture), [0, 3, 5.9])
    assert np.all(left >= 240)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.floats(0, 1300), min_size=2, max_size=40),
    st.floats(5, 400),
)
def test_a_solved_path_never_leaves_the_picture_and_keeps_what_it_can(centres, room):
    ideal = np.array(centres)
    path = solve_path(ideal - room, ideal + room, ideal, (0.0, 1312.0))
    assert np.all((path >= -1e-6) & (path <= 1312 + 1e-6))
    reachable = np.ptp(ideal) <= 2 * room
    if reachable:
        assert np.all(np.abs(path - ideal) <= room + 1e-3)


def test_a_jump_of_the_subject_is_not_a_jump_of_the_camera():
    xs = np.where(TIMES < 3, 500, 900)
    left = lefts(framed(face(0, TIMES, xs)), EVERY_FRAME)
    assert np.abs(np.diff(left)).max() < 40
