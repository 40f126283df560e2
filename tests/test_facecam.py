"""A small camera picture on a slide is found to the pixel, wherever and however it lies, and shown above the slide."""

import cv2
import numpy as np
import pytest

from basis.boxes import Box
from basis.errors import WrongUse
from basis.tools import Tools
from pipeline import episode
from pipeline.analysis import AnalysedShot, Analysis, Sighting, Track
from pipeline.analysis.analysers import facecam
from pipeline.analysis.types import Facecam
from pipeline.analysis.view import ShotView
from pipeline.brief import make_brief
from pipeline.footage.source import probe
from pipeline.framing import Look, Wish, frame
from pipeline.synthetic import demo
from presets import Framing
from tests.footage import Face, Scene, drawn, made_slide, seated

WIDE, HIGH, LOOKS = 640, 360, 10
FACE = Face(seated(0.5, sway=0.03), height=0.45, top=0.2)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Footage of the size that the looks have."""
    file = tmp_path_factory.mktemp("facecam") / "a.mp4"
    demo.write_video(file, iter([np.zeros((HIGH, WIDE, 3), np.uint8)] * 2), (WIDE, HIGH), 25, None)
    return probe(file)


def camera(size, changes):
    """LOOKS frames of somebody before a factory, and the box of the face in them."""
    width, height = size
    face = Face(**{**vars(FACE), **changes})
    tall = face.height * height
    box = (width / 2 - 0.36 * tall, face.top * height, 0.72 * tall, tall)
    return drawn(Scene(LOOKS / 25, [face], seed=3), (width, height)), box


def laid(grounds, corner, size, round_=False, frame=0, **changes):
    """Grounds with a camera picture on them, and the face's track."""
    frames, (x, y, wide, tall) = camera(size, changes)
    left, top = corner
    mask = np.zeros((size[1], size[0], 1), np.float32)
    if round_:
        cv2.circle(mask, (size[0] // 2, size[1] // 2), size[0] // 2 - 1, 1.0, -1, cv2.LINE_AA)
    else:
        mask[:] = 1
    laid_on = []
    for ground, picture in zip(grounds, frames, strict=False):
        made = ground.copy()
        made[max(0, top - frame) : top + size[1] + frame, max(0, left - frame) : left + size[0] + frame] = 255
        under = (ground if round_ else made)[top : top + size[1], left : left + size[0]]
        made[top : top + size[1], left : left + size[0]] = picture * mask + under * (1 - mask)
        laid_on.append(made)
    box = Box(x=left + x, y=top + y, width=wide, height=tall)
    return laid_on, Track(
        number=0, kind="face", sightings=[Sighting(t=0.2 * n, box=box, score=0.9) for n in range(LOOKS)]
    )


def looked(source, frames):
    """A shot of these looks."""
    sizes = (320, 180), (160, 90)
    grays, colours = (
        np.array([cv2.resize(image, size, interpolation=cv2.INTER_AREA) for image in frames]) for size in sizes
    )
    grays = np.array([cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) for image in grays])
    whole = Box(x=0, y=0, width=WIDE, height=HIGH)
    return ShotView(source, 0.0, 2.0, np.arange(len(frames)) / 5, grays, colours, {}, whole)


def column():
    """A call's picture: the slide left, the camera's column right of it."""
    ground = np.full((HIGH, WIDE, 3), 33, np.uint8)
    ground[45:315, :480] = cv2.resize(made_slide((WIDE, HIGH), 5), (480, 270), interpolation=cv2.INTER_AREA)
    return ground


SLIDE, DARK, CODE = (
    made_slide((WIDE, HIGH), 1),
    made_slide((WIDE, HIGH), 2, dark=True),
    made_slide((WIDE, HIGH), 3, dark=True),
)
CHANGING = [made_slide((WIDE, HIGH), seed) for seed in (1, 7, 8) for _ in range(4)]


@pytest.mark.parametrize(
    ("grounds", "corner", "size", "more"),
    [
        ([SLIDE] * LOOKS, (464, 254), (160, 90), {}),
        ([DARK] * LOOKS, (480, 0), (160, 120), {"who": 1}),
        ([CODE] * LOOKS, (10, 230), (120, 120), {"who": 2}),
        ([SLIDE] * LOOKS, (464, 254), (160, 90), {"frame": 3}),
        (CHANGING, (464, 254), (160, 90), {"frame": 3}),
        ([column()] * LOOKS, (480, 45), (160, 90), {"who": 1, "height": 0.55}),
        ([column()] * LOOKS, (480, 0), (160, 360), {"who": 1, "height": 0.2}),
    ],
    ids=["corner", "flush with the corner", "left", "framed", "slides that change", "a call", "a column"],
)
def test_a_camera_picture_on_a_slide_is_found_without_a_pixel_of_the_slide(source, grounds, corner, size, more):
    frames, track = laid(grounds, corner, size, **more)
    (found,) = facecam.find(looked(source, frames), [track])
    left, top, right, bottom = found.box.sides
    assert left >= corner[0] and top >= corner[1] and right <= corner[0] + size[0] and bottom <= corner[1] + size[1]
    assert found.box.width >= 0.88 * size[0] and found.box.height >= 0.85 * size[1]


@pytest.mark.parametrize("ground", [SLIDE, DARK], ids=["light", "dark"])
def test_of_a_round_camera_picture_the_square_in_it_is_shown(source, ground):
    frames, track = laid([ground] * LOOKS, (500, 220), (120, 120), round_=True, who=3)
    (found,) = facecam.find(looked(source, frames), [track])
    reach = [np.hypot(x - 560, y - 280) for x in found.box.sides[::2] for y in found.box.sides[1::2]]
    assert max(reach) <= 60 and found.box.width >= 68


def cut_out():
    """A presenter without a border on the slide."""
    face = drawn(Scene(LOOKS / 25, [Face(0.85, height=0.25, top=0.5)]), (WIDE, HIGH))
    alone = drawn(Scene(LOOKS / 25, []), (WIDE, HIGH))
    person = [np.abs(a.astype(int) - b).max(axis=2, keepdims=True) > 20 for a, b in zip(face, alone, strict=True)]
    place = Box(x=0.85 * WIDE - 32, y=0.5 * HIGH, width=65, height=0.25 * HIGH)
    sightings = [Sighting(t=0.2 * n, box=place, score=0.9) for n in range(LOOKS)]
    return [np.where(where, a, SLIDE) for where, a in zip(person, face, strict=True)], Track(
        number=0, kind="face", sightings=sightings
    )


def portrait():
    """A photo on a slide."""
    frames, track = laid([SLIDE] * LOOKS, (464, 254), (160, 90))
    return [frames[0]] * LOOKS, track


def in_a_room():
    return laid(drawn(Scene(LOOKS / 25, [], seed=4), (WIDE, HIGH)), (464, 254), (160, 90))


def on_nothing():
    return laid([np.full_like(SLIDE, 200)] * LOOKS, (464, 254), (160, 90))


def in_the_middle():
    return laid([SLIDE] * LOOKS, (240, 130), (160, 90))


@pytest.mark.parametrize("made", [cut_out, portrait, in_a_room, on_nothing, in_the_middle])
def test_what_is_no_camera_picture_on_a_slide_is_not_taken_for_one(source, made):
    frames, track = made()
    assert facecam.find(looked(source, frames), [track]) == []


def test_somebody_outside_the_camera_picture_makes_it_an_ordinary_shot(source):
    frames, track = laid([SLIDE] * LOOKS, (464, 254), (160, 90))
    box = Box(x=100, y=100, width=60, height=80)
    other = Track(number=1, kind="face", sightings=[Sighting(t=0.2 * n, box=box, score=0.9) for n in range(LOOKS)])
    assert facecam.find(looked(source, frames), [track, other]) == []


def shot(start=0.0, face=(980.0, 540.0), facecams=True):
    box = Box(x=face[0], y=face[1], width=60, height=80)
    track = Track(number=0, kind="face", sightings=[Sighting(t=start + t, box=box, score=0.9) for t in (0.0, 1.0, 1.9)])
    found = [Facecam(track=0, box=Box(x=900, y=500, width=200, height=180), face=box)] if facecams else []
    whole = Box(x=0, y=0, width=1280, height=720)
    return AnalysedShot(start=start, end=start + 2, picture=whole, tracks=[track], facecams=found)


def test_slides_that_change_leave_the_camera_picture_where_it_is():
    near = shot(2.0, face=(984.0, 541.0), facecams=False)
    shots = facecam.settled([shot(), near, shot(4.0, face=(200.0, 100.0), facecams=False)])
    assert [bool(one.facecams) for one in shots] == [True, True, False]
    first, second, third = frame([Analysis(shots=shots)], Look(1080, 1920))[0]
    assert first.layout == second.layout == "facecam" and third.layout == "hold"
    assert [(p.width, p.path[0].x, p.path[0].y) for p in first.panes] == [
        (p.width, p.path[0].x, p.path[0].y) for p in second.panes
    ]


def test_the_camera_picture_is_above_the_whole_slide_and_captions_have_room_between():
    (made,) = frame([Analysis(shots=[shot()])], Look(1080, 1920))[0]
    camera, slide = made.panes
    assert camera.onto.y == 0 and camera.onto.width == 1080 and camera.onto.bottom < slide.onto.y
    assert (slide.width, slide.height, slide.onto.width) == (1280, 720, 1080) and slide.onto.bottom < 1920
    x, y = camera.path[0].x, camera.path[0].y
    assert x >= 900 and x + camera.width <= 1100 and y >= 500 and y + camera.height <= 680
    assert x <= 980 and x + camera.width >= 1040 and camera.onto.bottom < made.seam < slide.onto.y
    assert camera.width / camera.height == pytest.approx(camera.onto.width / camera.onto.height, rel=0.01)


def test_a_preset_and_an_editor_may_want_it_otherwise():
    found = [Analysis(shots=[shot()])]
    (below,) = frame(found, Look(1080, 1920, Framing(facecam="below")))[0]
    assert below.panes[0].onto.y > below.panes[1].onto.bottom
    (off,) = frame(found, Look(1080, 1920, Framing(facecam="off")))[0]
    assert off.layout == "hold"
    (against,) = frame(found, Look(1080, 1920), [[Wish(1.0, "person 1")]])[0]
    assert against.layout == "hold"
    (asked,) = frame([Analysis(shots=[shot(facecams=False)])], Look(1080, 1920), [[Wish(1.0, "facecam")]])[0]
    assert asked.layout == "facecam"
    nobody = AnalysedShot(start=0, end=2, picture=Box(x=0, y=0, width=1280, height=720), tracks=[])
    with pytest.raises(WrongUse, match="cannot show «facecam»"):
        frame([Analysis(shots=[nobody])], Look(1080, 1920), [[Wish(1.0, "facecam")]])


@pytest.mark.slow
def test_a_lecture_is_shown_with_both(tmp_path, cache_folder):
    face = Face(seated(0.5, sway=0.02), height=0.5, top=0.2)
    cameras = drawn(Scene(2, [face], seed=3), (160, 90))
    frames = []
    for picture in cameras:
        frames.append(SLIDE.copy())
        frames[-1][254:344, 464:624] = picture
    demo.write_video(tmp_path / "a.mp4", iter(frames), (WIDE, HIGH), 25, None)
    brief = make_brief({"footage": [{"file": tmp_path / "a.mp4"}], "preset": "plain"}, "test")
    plan, _ = episode.plan(brief, Tools(cache=cache_folder))
    assert [one.layout for one in plan.takes[0].shots] == ["facecam"]
