"""Cuts are found on their frame; flashes, arcs, strobes and lights are none, whatever the camera does meanwhile."""

import math
from fractions import Fraction
from functools import cache

import numpy as np
import pytest

from basis.tools import USUAL
from pipeline.analysis.analysers.cuts import Cuts, spaced
from pipeline.analysis.view import SIDE, View
from pipeline.footage.scaling import picture, size
from pipeline.footage.source import probe
from pipeline.footage.stream import Pictures
from pipeline.synthetic import demo
from tests.footage import Face, Scene, drawn, mixed, seated, walk

SIZE, RATE = (320, 180), 25


@cache
def shot(name):
    """50 frames of a scene: two rooms, the first one again with a camera that pans in a hand, a dark one."""
    face = Face(seated(0.3))
    scenes = {
        "a": Scene(2, [face], seed=1),
        "b": Scene(2, [Face(seated(0.7), who=1, height=0.35)], seed=4),
        "pan": Scene(2, [Face(seated(0.5))], seed=2, pan=walk((0, 0), (2, 0.4)), shake=0.02, grain=6),
        "dark": Scene(2, [face], seed=1, light=0.12, grain=3),
    }
    return tuple(drawn(scenes[name], SIZE, RATE))


WHITE = np.full((SIZE[1], SIZE[0], 3), 255, np.uint8)


def cut():
    return [*shot("a")[:25], *shot("b")[25:]]


def flashed(frames, strengths, side=0):
    """Frames with white over them, from the column `side` on; strengths: by frame number."""
    made = [frame.copy() for frame in frames]
    for number, strength in strengths.items():
        made[number][:, side:] = mixed(made[number], WHITE, strength)[:, side:]
    return made


def arc():
    rng = np.random.default_rng(3)
    return {number: float(rng.uniform(0, 0.95)) for number in range(12, 38)}


def found(file, frames, **options):
    """Frame numbers at which a cut is found in these frames, written to a file."""
    demo.write_video(file, iter(frames), SIZE, Fraction(RATE), None, **{"preset": "ultrafast", "crf": 20, **options})
    source = probe(file)
    cuts = Cuts(source, USUAL)
    for t, frame in Pictures(source, 0.0, math.inf, thin=True):
        cuts.see(View(source, t, frame, picture(frame, *size(source, SIDE)), looked_at=False))
    return [round(t * RATE) for t in spaced(cuts.found(), 0.0)]


@pytest.mark.parametrize(
    "frames",
    [
        lambda: flashed(shot("a"), {25: 1.0}),
        lambda: flashed(shot("a"), dict.fromkeys(range(25, 31), 1.0)),
        lambda: flashed(shot("a"), {25: 0.9, 26: 0.6, 27: 0.3}),
        lambda: flashed(shot("a"), dict.fromkeys((10, 11, 12, 30), 0.95), side=160),
        lambda: flashed(shot("a"), arc()),
        lambda: flashed(shot("a"), {number: 1.0 for number in range(10, 40) if number % 4 < 2}),
        lambda: flashed(shot("pan"), dict.fromkeys(range(20, 25), 1.0)),
        lambda: flashed(shot("dark"), {20: 1.0, 21: 0.7}),
        lambda: [*shot("dark")[:25], *shot("a")[25:]],
        lambda: [*shot("a")[:25], *shot("b")[:6], *shot("a")[31:]],
    ],
    ids=["one frame", "six frames", "fades", "half of the picture", "an arc", "a strobe", "in a pan", "in the dark", "lights on", "a glimpse"],
)  # fmt: skip
def test_where_the_same_picture_returns_there_is_no_cut(frames, tmp_path):
    assert found(tmp_path / "a.mp4", frames()) == []


@pytest.mark.parametrize(
    ("frames", "where"),
    [
        (cut, 25),
        (lambda: flashed(cut(), {22: 0.85, 23: 0.85, 24: 0.85}), 25),
        (lambda: flashed(cut(), {25: 0.85, 26: 0.85, 27: 0.6}), 25),
        (lambda: flashed(cut(), {number: 0.8 for number in range(15, 36) if number % 4 < 2}), 25),
        (lambda: [*cut()[:25], WHITE, WHITE, *cut()[27:]], 27),
        (lambda: [*cut()[:20], *[0 * WHITE] * 15, *cut()[35:]], 35),
        (lambda: [*shot("a")[:25], *shot("b")[:11], *shot("a")[36:]], 25),
    ],
    ids=["plain", "flash before", "flash behind", "in a strobe", "through white", "through black", "a short shot"],
)
def test_where_another_picture_stays_there_is_one_cut_on_its_frame(frames, where, tmp_path):
    cuts = found(tmp_path / "a.mp4", frames())
    assert cuts[0] == where
    assert cuts == [25, 36] or len(cuts) == 1  # a shot of 0.44 s is one


def test_frames_that_are_not_looked_at_do_not_hide_where_a_cut_with_a_flash_is(tmp_path):
    frames = flashed(cut(), {23: 0.8, 24: 0.8})
    assert found(tmp_path / "a.mp4", frames, preset="medium", bf=3) == [25]
