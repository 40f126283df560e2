"""What moves, and what stands out, in drawn scenes whose truth is known: a hall, a worker from behind, lamps, leaves, rain."""

from functools import cache
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from basis.boxes import Box
from pipeline.analysis.analysers import motion, saliency
from pipeline.synthetic import demo

SOURCE = SimpleNamespace(width=640, height=360)
PICTURE = Box(x=0, y=0, width=640, height=360)
EVERY = 0.2  # seconds between looks


@cache
def hall():
    return demo.factory(1280, 400, 1)


def walker(frame, middle, foot=370, height=230, t=0.0):
    """Draws a worker from behind; gives the box from the helmet's top to the feet."""
    unit, swing = height / 8, np.sin(5 * t) * height / 9

    def line(a, b, colour, thick):
        cv2.line(frame, tuple(map(round, a)), tuple(map(round, b)), colour, max(2, round(thick * unit)), cv2.LINE_AA)

    hip, shoulder = foot - 4 * unit, foot - 6.6 * unit
    for side in (-1, 1):
        line(
            (middle + 0.35 * side * unit, hip),
            (middle + 0.4 * side * unit + side * swing, foot - 2),
            (110, 60, 40),
            0.9,
        )
        line((middle + side * unit, shoulder), (middle + 1.2 * side * unit - side * swing / 2, hip), (70, 60, 50), 0.6)
    corners = (
        (round(middle - 0.95 * unit), round(shoulder - 0.2 * unit)),
        (round(middle + 0.95 * unit), round(hip + 0.3 * unit)),
    )
    cv2.rectangle(frame, *corners, (20, 90, 240), -1)
    cv2.circle(frame, (round(middle), round(foot - 7.3 * unit)), round(0.65 * unit), (40, 210, 240), -1, cv2.LINE_AA)
    return np.array([middle - 1.3 * unit, foot - 8 * unit, middle + 1.3 * unit, foot])


def looks(seconds, draw, camera=lambda t: (640, 200, 0.9, 0.0), noise=3.0):
    """Looks at draw(frame, t) through a camera(t) = (x, y, zoom, degrees), and the boxes that draw gives, as seen by it."""
    rng = np.random.default_rng(3)
    seen, truth = [], []
    for number in range(round(seconds / EVERY)):
        t = number * EVERY
        frame = hall().copy()
        box = draw(frame, t)
        x, y, zoom, turn = camera(t)
        view = cv2.getRotationMatrix2D((x, y), turn, zoom)
        view[:, 2] += (320 - x, 180 - y)
        image = cv2.warpAffine(frame, view, (640, 360), borderMode=cv2.BORDER_REFLECT)
        gray = cv2.resize(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), (320, 180), interpolation=cv2.INTER_AREA)
        seen.append((t, np.clip(gray + rng.normal(0, noise, gray.shape), 0, 255).astype(np.uint8)))
        if box is not None:
            truth.append(np.concatenate([view @ (*box[:2], 1), view @ (*box[2:], 1)]).clip(0, [640, 360, 640, 360]))
    return seen, truth


def shaken(t, x=640.0):
    """A hand that trembles 6 pixels, turns and zooms a little."""
    return x + 6 * np.sin(9 * t), 200 + 4 * np.sin(7 * t + 1), 0.9 + 0.006 * np.sin(3 * t), 0.5 * np.sin(4 * t)


def held(found, truth):
    """Share of each true box that lies in the found box, and how many times larger the found box is."""
    boxes = np.array([box.sides for _, box, _ in found])
    truth = np.array(truth)
    common = np.minimum(boxes[:, 2:], truth[:, 2:]) - np.maximum(boxes[:, :2], truth[:, :2])
    area = (truth[:, 2:] - truth[:, :2]).prod(axis=1)
    return common.clip(0).prod(axis=1) / area, (boxes[:, 2:] - boxes[:, :2]).prod(axis=1) / area


CAMERAS = {
    "still": lambda t: (640, 200, 0.9, 0.0),
    "shaken": shaken,
    "pans": lambda t: shaken(t, 440 + 70 * t),
    "pans against": lambda t: shaken(t, 700 - 30 * t),
}


@pytest.mark.parametrize("camera", CAMERAS)
def test_walker_from_behind_is_followed_whole(camera):
    seen, truth = looks(6, lambda frame, t: walker(frame, 400 + 80 * t, t=t), CAMERAS[camera])
    found = motion.follow(SOURCE, seen, PICTURE)
    assert [t for t, _, _ in found] == [t for t, _ in seen]
    share, size = held(found, truth)
    assert share.min() > 0.85 and share.mean() > 0.95
    assert np.median(size) < 2
    tops = np.array([box.y for _, box, _ in found])
    assert np.all(tops <= np.array(truth)[:, 1] + 8)  # the helmet is in the box


def test_boxes_are_calm():
    seen, _ = looks(6, lambda frame, t: walker(frame, 400 + 80 * t, t=t))
    middles = np.array([box.x + box.width / 2 for _, box, _ in motion.follow(SOURCE, seen, PICTURE)])
    steps = np.diff(middles)[3:-3]
    assert np.all(np.abs(steps - 80 * 0.9 * EVERY) < 6)


@pytest.mark.parametrize("camera", ["still", "shaken"])
def test_subject_that_stands_keeps_its_place(camera):
    def draw(frame, t):
        middle = np.interp(t, [0, 3, 10, 13], [400, 650, 650, 880])
        return walker(frame, middle, t=t if t < 3 or t > 10 else 0)

    seen, truth = looks(13, draw, CAMERAS[camera])
    found = motion.follow(SOURCE, seen, PICTURE)
    share, _ = held(found, truth)
    assert len(found) == len(seen) and share.min() > 0.8
    assert found[40][2] < found[5][2]  # less sure while nothing moves


def test_the_larger_of_two_is_followed_through_a_crossing():
    def draw(frame, t):
        walker(frame, 900 - 80 * t, foot=300, height=100, t=t + 1)
        return walker(frame, 400 + 80 * t, t=t)

    seen, truth = looks(6, draw)
    share, _ = held(motion.follow(SOURCE, seen, PICTURE), truth)
    assert share.min() > 0.9


def test_machine_that_works_in_one_place_is_found():
    def draw(frame, t):
        turn = np.sin(1.1 * t) * 0.9 - 1.2
        foot = np.array([760, 330])
        elbow = foot + 150 * np.array([np.cos(turn), np.sin(turn)])
        hand = elbow + 80 * np.array([np.cos(turn + np.sin(t)), np.sin(turn + np.sin(t))])
        for a, b, thick in ((foot, elbow, 22), (elbow, hand, 16)):
            cv2.line(frame, tuple(map(round, a)), tuple(map(round, b)), (30, 120, 230), thick, cv2.LINE_AA)
        ends = np.array([foot, elbow, hand])
        return np.concatenate([ends.min(axis=0) - 10, ends.max(axis=0) + 10])

    seen, truth = looks(8, draw)
    share, size = held(motion.follow(SOURCE, seen, PICTURE), truth)
    assert share.mean() > 0.9 and np.median(size) < 2


@pytest.mark.parametrize("camera", ["still", "shaken"])
def test_slab_that_creeps_is_held_whole(camera):
    """It takes longer than the shot to pass its own length, so that most of it is never uncovered."""
    speckles = np.random.default_rng(4).integers(90, 256, (4, 26), np.uint8)
    slab = cv2.resize(speckles, (260, 40), interpolation=cv2.INTER_NEAREST)[:, :, None] * np.array([0.3, 0.6, 1.0])

    def draw(frame, t):
        left = 560 + 14 * t
        moved = cv2.warpAffine(slab, np.array([[1, 0, left % 1], [0, 1, 0]]), (261, 40))
        frame[270:310, int(left) : int(left) + 261] = np.maximum(
            moved, frame[270:310, int(left) : int(left) + 261] * (moved < 1)
        )
        return np.array([left, 270, left + 260, 310])

    seen, truth = looks(12, draw, CAMERAS[camera])
    share, size = held(motion.follow(SOURCE, seen, PICTURE), truth)
    assert share.mean() > 0.9 and np.median(size) < 2


@cache
def glow():
    y, x = np.mgrid[:400, :1280]
    far = np.hypot(x - 780, y - 220)
    return (255 * np.exp(-((far / 14) ** 2)) + 90 * np.exp(-far / 70))[:, :, None].astype(np.float32)


def weld(frame, t):
    strength = np.random.default_rng(round(t * 1000) + 7).uniform(-0.5, 1)
    if strength > 0:
        frame[:] = np.clip(frame + np.float32(strength) * glow(), 0, 255).astype(np.uint8)


def screen(frame, t):
    tiles = np.random.default_rng(int(t * 1.7)).integers(0, 255, (4, 6, 3), np.uint8)
    frame[120:240, 700:880] = cv2.resize(tiles, (180, 120), interpolation=cv2.INTER_NEAREST)


def leaves(frame, t):
    for a, b, c, d, e in np.random.default_rng(9).uniform(0, 1, (160, 5)):
        x = 720 + a * 220 + 4 * np.sin(t * (3 + 3 * c) + 6 * d)
        y = 60 + b * 180 + 3 * np.sin(t * (2.5 + 3 * e) + 6 * c)
        cv2.ellipse(frame, (round(x), round(y)), (9, 5), 180 * d, 0, 360, (40, round(80 + 90 * e), 60), -1)


def rain(frame, t):
    for x, y in np.random.default_rng(round(t * 1000)).uniform(0, 1, (250, 2)):
        a = (round(x * 1280), round(y * 400))
        cv2.line(frame, a, (a[0] + 3, a[1] + 22), (190, 190, 190), 1, cv2.LINE_AA)


def crowd(frame, t):
    for a, b, c in np.random.default_rng(2).uniform(0, 1, (26, 3)):
        walker(frame, (a * 1280 + (c - 0.5) * 220 * t) % 1280, 300 + b * 90, 170 + 60 * b, t + 9 * c)


def nothing(frame, t):
    pass


@pytest.mark.parametrize(
    ("draw", "camera"),
    [(nothing, "still"), (screen, "still"), (leaves, "still")]
    + [(draw, "shaken") for draw in (nothing, weld, leaves, rain, crowd)],
)
@pytest.mark.slow
def test_no_subject_where_nothing_travels_or_everything_does(draw, camera):
    seen, _ = looks(5, draw, CAMERAS[camera])
    assert motion.follow(SOURCE, seen, PICTURE) == []


@pytest.mark.parametrize("camera", [lambda t: (440 + 80 * t, 200, 0.9, 0.0), lambda t: (640, 200, 0.9 + 0.06 * t, 0.0)])
def test_camera_alone_is_no_movement(camera):
    seen, _ = looks(5, nothing, camera)
    assert motion.follow(SOURCE, seen, PICTURE) == []


@pytest.mark.parametrize("disturbed", [weld, leaves])
def test_walker_is_told_from_what_flickers(disturbed):
    def draw(frame, t):
        disturbed(frame, t)
        return walker(frame, 400 + 60 * t, height=210, t=t)

    seen, truth = looks(8, draw)
    share, _ = held(motion.follow(SOURCE, seen, PICTURE), truth)
    assert share.min() > 0.8


def test_few_looks_and_black_pillars():
    seen, _ = looks(5, lambda frame, t: walker(frame, 400 + 80 * t, t=t))
    assert motion.follow(SOURCE, seen[:2], PICTURE) == []
    pillars = Box(x=100, y=0, width=440, height=360)
    for _, gray in seen:
        gray[:, :50] = gray[:, 270:] = 0
    found = motion.follow(SOURCE, seen, pillars)
    assert found
    assert all(box.x >= 99 and box.right <= 541 for _, box, _ in found)


def test_same_looks_same_boxes():
    seen, _ = looks(4, lambda frame, t: walker(frame, 400 + 80 * t, t=t), shaken)
    assert motion.follow(SOURCE, seen, PICTURE) == motion.follow(SOURCE, seen, PICTURE)


def still(seed=7, machine=None, colour=(40, 40, 190), window=False):
    """Pictures of a hall with a painted machine whose middle is at `machine` of the width."""
    image = demo.factory(960, 540, seed)
    if window:
        cv2.rectangle(image, (600, 60), (900, 260), (255, 255, 255), -1)
    if machine is not None:
        middle = round(machine * 960)
        cv2.rectangle(image, (middle - 60, 230), (middle + 60, 430), colour, -1)
        cv2.circle(image, (middle, 290), 30, (60, 60, 60), -1)
    rng = np.random.default_rng(1)
    small = cv2.resize(image, (160, 90), interpolation=cv2.INTER_AREA)
    return [np.clip(small + rng.normal(0, 2, small.shape), 0, 255).astype(np.uint8) for _ in range(3)]


@pytest.mark.parametrize("seed", [3, 4, 5])
@pytest.mark.parametrize("at", [0.2, 0.5, 0.8])
def test_machine_that_stands_out_is_found(at, seed):
    box, sure = saliency.region(still(seed, at), SOURCE, PICTURE)
    assert abs((box.x + box.width / 2) / 640 - at) < 0.03
    assert abs((box.y + box.height / 2) / 360 - 0.61) < 0.06
    assert 50 < box.width < 120 and 90 < box.height < 180
    assert sure > 0.5


def test_bright_window_does_not_beat_a_machine():
    for colour in ((40, 40, 190), (60, 140, 50)):
        box, _ = saliency.region(still(7, 0.2, colour, window=True), SOURCE, PICTURE)
        assert abs((box.x + box.width / 2) / 640 - 0.2) < 0.03


def test_even_picture_has_nothing_that_stands_out():
    rng = np.random.default_rng(1)
    flat = np.full((90, 160, 3), 128.0)
    slope = flat + np.linspace(-60, 60, 160)[None, :, None]
    for wall in (flat, slope):
        assert (
            saliency.region([np.clip(wall + rng.normal(0, 5, wall.shape), 0, 255).astype(np.uint8)], SOURCE, PICTURE)
            is None
        )
    assert saliency.region([], SOURCE, PICTURE) is None


def test_salient_region_stays_inside_the_picture():
    pictures = still(3, 0.2)
    for picture in pictures:
        picture[:, :20] = picture[:, 140:] = 0
    box, _ = saliency.region(pictures, SOURCE, Box(x=80, y=0, width=480, height=360))
    assert box.x >= 80 and box.right <= 560
    assert abs((box.x + box.width / 2) / 640 - 0.2) < 0.06
