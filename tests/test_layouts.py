"""A layout is one module in the registry: what is framed, drawn and kept clear of asks it, or the panes, alone."""

from types import SimpleNamespace

import numpy as np
import pytest

from basis.boxes import Box
from basis.errors import WrongUse
from pipeline import picture
from pipeline.analysis import AnalysedShot, Analysis, Sighting, Track
from pipeline.footage.yuv import planes
from pipeline.framing import Look, Wish, frame
from pipeline.framing.layouts import LAYOUTS, named
from pipeline.framing.scoring import Option
from pipeline.graphics import on_screen
from pipeline.plan import Knot, Pane, Plan, Take, corners

WIDE = Box(x=0, y=0, width=1920, height=1080)
INSET = Box(x=40, y=1200, width=400, height=400)


def crop(x, width, height, onto):
    return Pane(width=width, height=height, path=[Knot(t=0, x=x, y=0)], onto=onto)


def inset(part, regions=()):
    """The middle of the picture, and its right edge in a corner of it."""
    whole = crop(656, 607.5, 1080, Box(x=0, y=0, width=1080, height=1920))
    return part.shot("inset", [whole, crop(1520, 400, 400, INSET)], regions)


@pytest.fixture
def layout():
    """A layout of one's own: wanted by an editor, and by itself where just one face is seen."""
    made = SimpleNamespace(
        NAMES=("inset",),
        options=lambda scene: [Option("inset", 2.0, "one face", scene.people)] if len(scene.people) == 1 else [],
        wishes=lambda scene: {"inset": inset},
        build=lambda part, option: [inset(part, option.regions)],
        draw_behind=lambda shot, footage, out: out[0].fill(99),
    )
    LAYOUTS.append(made)
    yield made
    LAYOUTS.remove(made)


def analysis(*xs):
    tracks = [
        Track(number=n, kind="face", sightings=[Sighting(t=t, box=Box(x=x, y=700, width=100, height=130), score=1) for t in (0, 1)])
        for n, x in enumerate(xs)
    ]  # fmt: skip
    return Analysis(shots=[AnalysedShot(start=0, end=1, picture=WIDE, tracks=tracks)])


def test_a_layout_of_one_s_own_is_weighed_and_can_be_asked_for(layout):
    look = Look(1080, 1920)
    (shot,) = frame([analysis(900)], look)[0]
    assert (shot.layout, shot.subjects, shot.people) == ("inset", [0], [1]) and shot.scores["inset"] == 2
    assert frame([analysis()], look)[0][0].layout == "hold"
    assert frame([analysis()], look, [[Wish(0.5, "inset")]])[0][0].layout == "inset"
    with pytest.raises(WrongUse, match=r"it can show: .*fit, split, facecam, inset"):
        frame([analysis(900, 1200)], look, [[Wish(0.5, "insert")]])


def test_a_layout_of_one_s_own_is_drawn_and_a_face_below_another_pane_is_not_seen(layout):
    # on screen the first face lies where the inset covers it, the second one beside it
    found = analysis(700, 1100)
    (shot,) = frame([found], Look(1080, 1920), [[Wish(0.5, "inset")]])[0]
    footage = np.full((1620, 1920), 128, np.uint8)
    footage[:1080], footage[:1080, 1520:] = 50, 200
    out = np.zeros((2880, 1080), np.uint8)
    picture.compose(footage, shot, corners(shot, np.array([0.5]))[0], out)
    luma = planes(out)[0]
    assert luma[1400, 240] == 200 and luma[1400, 600] == 50 and luma[1100, 240] == 50
    take = Take(file="/a.mp4", fingerprint="", start=0, end=1, audio_stream=None, shots=[shot])
    plan = Plan(made_by="", preset="plain", delivery="vk-clips", rate="25", width=1080, height=1920, takes=[take])
    assert {face.person for face in on_screen(plan, [found])} == {2}


def test_a_layout_that_there_is_not_is_named():
    with pytest.raises(WrongUse, match="no layout inset; there are fit, follow, hold, pan, split, facecam"):
        named("inset")
