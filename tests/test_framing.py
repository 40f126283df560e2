"""Framing on tracks whose truth is known: whole heads, calm paths, sensible layouts."""

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from basis.boxes import Box
from basis.errors import WrongUse
from pipeline.analysis import AnalysedShot, Analysis, Sighting, Track
from pipeline.framing import Look, Wish, frame
from pipeline.framing.camera import OVERLAP, WINDOW, solve_path
from pipeline.listening.speech import Turn
from pipeline.plan import Shot, corners
from presets import Framing

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
    assert shot.layout in ("follow", "pan")
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


def test_two_equal_faces_far_apart_get_a_half_each_with_level_eyes_and_never_the_wall_between_them():
    shot = framed(face(0, TIMES, 1500 + 0 * TIMES, y=340), face(1, TIMES, 400 + 0 * TIMES))
    assert shot.layout == "split" and shot.subjects == [1, 0]  # from left to right
    eyes = []
    for pane, (x, y), middle, top in zip(
        shot.panes, corners(shot, np.array([3.0]))[0], (400, 1500), (300, 340), strict=True
    ):
        assert x <= middle - 80 and middle + 80 <= x + pane.width
        assert pane.width / pane.height == pytest.approx(1080 / 960)
        eyes.append((top + 60 - y) / pane.height)
    assert eyes[0] == pytest.approx(eyes[1], abs=0.02) and 0.22 <= eyes[0] <= 0.45
    upper, lower = (pane.onto for pane in shot.panes)
    assert (upper.y, upper.bottom, lower.bottom) == (0, lower.y, 1920)


def test_three_equal_faces_are_fitted():
    shot = framed(*(face(number, TIMES, x + 0 * TIMES) for number, x in enumerate((300, 960, 1620))))
    assert shot.layout == "fit" and "3 faces" in shot.reason


LEFT, RIGHT = face(0, TIMES, 400 + 0 * TIMES), face(1, TIMES, 1500 + 0 * TIMES)


def talk(*turns, overlap=0.0, tracks=(LEFT, RIGHT), seconds=6.0, **habits) -> list[Shot]:
    said = [Turn(start=a, end=b, track=who, certainty=0.9) for a, b, who in turns]
    analysed = AnalysedShot(start=0, end=seconds, picture=WIDE, tracks=list(tracks), turns=said, overlap=overlap)
    return frame([Analysis(shots=[analysed])], Look(1080, 1920, Framing(**habits)))[0]


def shown(shot: Shot) -> list[int]:
    """The tracks whose faces are whole in the picture in the middle of a shot."""
    moment = (shot.start + shot.end) / 2
    places = zip(shot.panes, corners(shot, np.array([moment]))[0], strict=True)
    return [
        n for pane, (x, _) in places for n, at in ((0, 400), (1, 1500)) if x <= at - 80 and at + 80 <= x + pane.width
    ]


def test_the_picture_cuts_to_a_speaker_a_moment_before_the_first_word():
    shots = talk((0.4, 2.9, 0), (3.1, 5.8, 1))
    assert [shown(shot) for shot in shots] == [[0], [1]]
    assert 0.1 <= 3.1 - shots[1].start <= 0.3 and shots[0].start == 0 and shots[1].end == 6
    assert "speaks" in shots[1].reason and shots[0].scores["split"] < shots[0].scores["cut to the speaker"]


@pytest.mark.parametrize(
    ("turns", "cuts"),
    [
        ([(0.4, 2.9, 0), (3.0, 3.9, 1), (4.0, 5.9, 0)], 0),  # «да, да» of the listener
        ([(0.4, 2.9, 0), (3.1, 5.8, None)], 0),  # somebody off screen keeps the one who listens
        ([(0.4, 1.2, 0), (1.4, 5.8, 1)], 0),  # too short a word at the start for a picture of its own
        ([(0.4, 1.8, 0), (2.0, 3.8, 0), (4.0, 5.8, 1)], 1),  # a pause is no change
    ],
)
def test_what_is_no_turn_does_not_cut(turns, cuts):
    assert len(talk(*turns)) == cuts + 1


def test_people_who_talk_over_each_other_get_a_half_each():
    assert [s.layout for s in talk((0.4, 2.9, 0), (3.1, 5.8, 1), overlap=0.5)] == ["split"]
    assert [s.layout for s in talk((0.4, 5.8, 0), overlap=0.9)] == ["split"]


def test_the_preset_decides_what_a_talk_gets():
    turns = [(0.4, 2.9, 0), (3.1, 5.8, 1)]
    assert [s.layout for s in talk(*turns, talk="split")] == ["split"]
    assert [s.layout for s in talk(*turns, talk="fit")] == ["fit"]
    assert [s.layout for s in talk(*turns, overlap=0.6, talk="cut")] == ["hold", "hold"]
    assert [s.layout for s in talk(*turns, minimum_turn=3)] == ["split"]
    assert talk(*turns, cut_ahead=0.3)[1].start == pytest.approx(2.8)


def test_the_one_who_speaks_may_be_larger_in_a_split():
    first, second = talk((0.4, 2.9, 0), (3.1, 5.8, 1), talk="split", split_speaker=0.6)
    assert [pane.onto.height for pane in first.panes] == [1152, 768]
    assert [pane.onto.height for pane in second.panes] == [768, 1152]
    assert shown(first) == shown(second) == [0, 1]


def test_a_lone_speaker_among_silent_faces_is_shown():
    shots = talk((0.5, 5.5, 1))
    assert [shown(shot) for shot in shots] == [[1]] and "speaks" in shots[0].reason


def test_people_who_come_one_after_another_are_shown_one_after_another():
    early, late = TIMES[TIMES < 2.7], TIMES[TIMES > 3.1]
    shots = talk(tracks=[face(0, early, 400 + 0 * early), face(1, late, 1500 + 0 * late)])
    assert [shown(shot) for shot in shots] == [[0], [1]]
    assert shots[1].start == pytest.approx(late[0])


def test_two_who_are_seen_at_once_in_a_short_shot_do_not_come_one_after_another():
    brief = [0.0, 0.2]
    shots = talk(tracks=[face(0, brief, [400, 400]), face(1, brief, [1500, 1500])], seconds=0.44)
    assert [(shot.start, shot.end, shot.layout) for shot in shots] == [(0, 0.44, "split")]


def test_room_is_left_ahead_of_a_gaze():
    tracks = [face(0, TIMES, 960 + 0 * TIMES), face(0, TIMES, 960 + 0 * TIMES)]
    for sighting in tracks[1].sightings:
        sighting.landmarks[2] = (sighting.landmarks[2][0] + 40, sighting.landmarks[2][1])
    straight, right = (lefts(framed(track), [3])[0] for track in tracks)
    assert 20 < right - straight < 100


def test_an_edge_of_a_still_crop_does_not_cut_another_face_in_half():
    small = face(1, TIMES, 1225 + 0 * TIMES, size=60)
    shot = framed(face(0, TIMES, 940 + 0 * TIMES, size=260), small)
    left, width = lefts(shot, [3])[0], shot.panes[0].width
    assert left + width <= 1195 or left + width >= 1255


def test_a_straight_walk_is_a_pan():
    assert framed(face(0, TIMES, 500 + 160 * TIMES)).layout == "pan"


@pytest.mark.parametrize(
    ("show", "layout", "seen"),
    [("person 1", "hold", [0]), ("person 2", "hold", [1]), ("split", "split", [0, 1]), ("fit", "fit", [0, 1]), ("right", "hold", [1])],
)  # fmt: skip
def test_an_editors_wish_is_met_in_its_shot_alone(show, layout, seen):
    turns = [Turn(start=0.4, end=2.9, track=0, certainty=1), Turn(start=3.1, end=5.8, track=1, certainty=1)]
    analysed = AnalysedShot(start=0, end=6, picture=WIDE, tracks=[LEFT, RIGHT], turns=turns)
    first, second = frame([Analysis(shots=[analysed])], LOOK, [[Wish(4.0, show)]])[0]
    assert (second.layout, shown(second)) == (layout, seen)
    assert second.reason == f"{show}, as you asked" and shown(first) == [0]


def test_two_wishes_are_met_on_both_sides_of_a_pause_that_is_cut_and_refused_in_one_shot():
    analysed = Analysis(shots=[AnalysedShot(start=0, end=9, picture=WIDE, tracks=[LEFT, RIGHT])])
    wishes = [[Wish(1.0, "fit"), Wish(8.0, "left")]]
    first, second = frame([analysed], LOOK, wishes, [[(4.0, 6.0)]])[0]
    assert (first.layout, first.end, second.layout, second.start) == ("fit", 4.0, "hold", 4.0)
    with pytest.raises(WrongUse, match="in one shot"):
        frame([analysed], LOOK, wishes)


def test_a_wish_that_cannot_be_met_names_what_can():
    with pytest.raises(WrongUse, match="person 2, everybody, left, middle, right, fit, split"):
        frame(
            [Analysis(shots=[AnalysedShot(start=0, end=6, picture=WIDE, tracks=[LEFT, RIGHT])])],
            LOOK,
            [[Wish(4.0, "person 7")]],
        )


def test_a_face_that_stands_out_is_chosen_over_a_passer_by():
    shot = framed(face(0, TIMES, 700 + 0 * TIMES, size=300), face(1, TIMES, 1750 + 0 * TIMES, size=90))
    assert shot.subjects == [0]


def test_without_faces_the_camera_follows_what_moves():
    shot = framed(face(0, TIMES, 1500 - 200 * TIMES, kind="motion"))
    assert shot.layout in ("follow", "pan") and "moves" in shot.reason


@pytest.mark.parametrize(("sure", "left"), [(0.9, 1200), (0.15, 656)])
def test_a_still_picture_is_held_on_what_clearly_stands_out_else_in_the_middle(sure, left):
    box = Box(x=1450, y=400, width=100, height=200)
    thing = Track(number=0, kind="salient", sightings=[Sighting(t=0, box=box, score=sure)])
    shot = framed(thing)
    assert shot.layout == "hold" and lefts(shot, [3])[0] == pytest.approx(left, abs=20)
    assert {"hold the middle", "fit", "hold what stands out"} == set(shot.scores)


def test_what_darts_about_is_held_and_a_runner_is_shown_in_the_whole_picture():
    darting = face(0, TIMES, np.where(TIMES % 2 < 1, 300, 1600), kind="motion")
    assert framed(darting).layout == "hold"
    runner = face(0, TIMES, np.clip(200 + 1500 * (TIMES - 2), 200, 1700))
    assert framed(runner).layout == "fit" and "too fast" in framed(runner).reason
    analysed = AnalysedShot(start=0, end=6, picture=WIDE, tracks=[runner])
    asked = frame([Analysis(shots=[analysed])], LOOK, [[Wish(1.0, "person 1")]])[0][0]
    assert asked.layout == "follow" and asked.scores == {}


def test_an_empty_shot_is_held_in_the_middle():
    shot = framed()
    assert shot.layout == "hold"
    assert lefts(shot, [1])[0] == pytest.approx((1920 - shot.panes[0].width) / 2, abs=1)


def test_the_whole_picture_keeps_its_shape_where_it_is_taller_than_the_output():
    tall = AnalysedShot(start=0, end=6, picture=Box(x=0, y=0, width=1080, height=2400), tracks=[])
    onto = frame([Analysis(shots=[tall])], LOOK, [[Wish(1.0, "fit")]])[0][0].panes[0].onto
    assert onto.height == 1920 and onto.width / onto.height == pytest.approx(1080 / 2400, abs=0.002)
    assert onto.x == pytest.approx((1080 - onto.width) / 2, abs=2)


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


@settings(deadline=None, max_examples=25)
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


def test_a_long_shot_is_solved_in_windows_of_one_size_and_without_a_jump_between_them(monkeypatch):
    solve, sizes = scipy.optimize.linprog, []

    def counted(cost, **problem):
        sizes.append(len(cost))
        return solve(cost, **problem)

    monkeypatch.setattr(scipy.optimize, "linprog", counted)
    ideal = 700 + 500 * np.sin(np.arange(WINDOW + 2 * (WINDOW - OVERLAP)) / 40)
    path = solve_path(ideal - 150, ideal + 150, ideal, (0.0, 1312.0))
    assert len(sizes) == 3 and len(set(sizes)) == 1
    assert np.all(np.abs(path - ideal) <= 151) and np.abs(np.diff(path, 2)).max() < 8
