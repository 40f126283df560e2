"""Who is who: the same person in other light, in another place and size, and people who are seen together."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from pipeline.analysis.analysers import people
from pipeline.analysis.analysers.faces import Detector
from pipeline.analysis.types import Face
from pipeline.footage.scaling import picture, size
from pipeline.footage.source import probe
from pipeline.footage.stream import Pictures
from tests import footage

# who, light, ground, height of the face: one shot each
SHOTS = [
    ([0, 1], 1.0, "factory", 0.25),
    ([2], 1.0, "brick", 0.3),
    ([0], 0.55, "coffee", 0.35),
    ([1], 1.25, "brick", 0.2),
    ([3, 4], 0.8, "factory", 0.28),
    ([5], 1.0, "factory", 0.3),
    ([4], 1.2, "coffee", 0.22),
    ([2, 5], 0.6, "factory", 0.25),
]
SECONDS, RATE = 0.4, 10


@pytest.fixture(scope="module")
def shots(tmp_path_factory):
    """For each shot the looks of each face, from left to right: (picture, face, source pixels a picture pixel)."""
    scenes = [
        footage.Scene(
            SECONDS, [footage.Face(at=0.25 + 0.5 * i, height=height, who=who) for i, who in enumerate(those)],
            seed=number, ground=ground, light=light, grain=4,
        )
        for number, (those, light, ground, height) in enumerate(SHOTS)
    ]  # fmt: skip
    video = footage.make(tmp_path_factory.mktemp("people") / "people.mp4", scenes, rate=RATE, sound=None)
    source = probe(video.file)
    found = [[[] for _ in those] for those, *_ in SHOTS]
    for t, frame in Pictures(source, 0, source.duration):
        image = picture(frame, *size(source, 640))
        scale = source.width / image.shape[1]
        for face in Detector(image.shape[1], image.shape[0]).detect(image, scale):
            here = found[min(int(t / SECONDS + 1e-6), len(SHOTS) - 1)]
            here[int(face.box.x > source.width / 2) if len(here) > 1 else 0].append((image, face, scale))
    return found


def average(looks):
    return people.average([people.appearance(*look) for look in looks])


@pytest.fixture(scope="module")
def tracks(shots):
    return [
        people.Seen(average(looks), number, number * SECONDS, number * SECONDS + 0.3)
        for number, shot in enumerate(shots)
        for looks in shot
    ]


def test_each_person_has_one_number_in_every_light(tracks):
    who = [who for those, *_ in SHOTS for who in those]
    found = people.identify(tracks)
    assert [person.number for person in found] == [list(dict.fromkeys(who)).index(one) + 1 for one in who]
    assert sum(person.sure for person in found) >= len(found) - 2
    assert found == people.identify(tracks)


def test_people_seen_together_never_share_a_number(tracks):
    twin = replace(tracks[0], start=tracks[0].start + 0.1)
    found = people.identify([tracks[0], twin])
    assert [person.number for person in found] == [1, 2]
    third = replace(tracks[0], shot=9, start=50, end=51)  # one of the two, nobody can say which
    found = people.identify([tracks[0], twin, third])
    assert found[0].number != found[1].number and found[2].number in (1, 2)
    assert not found[2].sure
    later = replace(tracks[0], start=tracks[0].end + 0.1, end=tracks[0].end + 1)
    assert [p.number for p in people.identify([tracks[0], later])] == [1, 1]


def test_numbers_count_from_one_in_order_of_appearance(tracks):
    assert [person.number for person in people.identify([tracks[2], tracks[1], tracks[0]])] == [3, 1, 2]
    assert people.identify([tracks[2], tracks[0]])[1].number == 1
    assert people.identify([]) == []


def test_the_less_alike_the_less_sure(tracks):
    one, other = np.array(tracks[0].appearance), np.array(tracks[1].appearance)
    told = []
    for share in np.linspace(0, 1, 21):
        mixed = people.Seen([*((1 - share) * one + share * other)], 9, 50, 51)
        person = people.identify([tracks[0], mixed])[1]
        told.append((person.number, person.sure))
    order = [(1, True), (1, False), (2, False), (2, True)]
    steps = [order.index(one) for one in told]
    assert steps[0] == 0 and steps[-1] == 3 and steps == sorted(steps)
    assert 1 in steps and 2 in steps


def test_unknown_appearance_is_a_person_of_its_own_and_unsure(tracks):
    unknown = people.Seen([], 5, 1, 2)
    found = people.identify([tracks[0], unknown, replace(unknown, shot=6)])
    assert len({person.number for person in found}) == 3
    assert found[0].sure and not found[1].sure and not found[2].sure


def test_light_does_not_change_an_appearance(shots):
    image, face, scale = shots[0][0][0]
    usual = people.appearance(image, face, scale)
    for light in (0.6, np.array([0.8, 0.95, 1.1])):
        lit = people.appearance(np.clip(image * light, 0, 255).astype(np.uint8), face, scale)
        for part, other in zip(people._parts(usual[None]), people._parts(lit[None]), strict=True):
            assert np.sum(part * other) > 0.9
            assert np.linalg.norm(part) == pytest.approx(1, abs=1e-5)


def test_small_and_cut_faces_have_no_appearance(shots):
    image, face, scale = shots[0][0][0]
    assert people.appearance(image, face, scale) is not None
    small = cv2.resize(image, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    assert people.appearance(small, face, scale * 4) is None
    box = face.box
    right, bottom = 640 * scale - box.width, 360 * scale - box.height
    for moved in ({"x": -1.0}, {"y": -1.0}, {"x": right + 1}, {"y": bottom + 1}):
        assert people.appearance(image, replace(face, box=box.model_copy(update=moved)), scale) is None


def test_clothes_out_of_the_picture_do_not_count(shots, tracks):
    image, face, scale = shots[0][0][0]
    cut = int((face.box.y + 1.4 * face.box.height) / scale)
    close = people.appearance(np.ascontiguousarray(image[:cut]), face, scale)
    assert not people._parts(close[None])[2].any()
    found = people.identify([tracks[0], people.Seen(people.average([close]), 9, 50, 51)])
    assert found[0].number == found[1].number


def test_average_is_robust_and_lives_in_json(shots):
    one = [people.appearance(*look) for look in shots[0][0]]
    other = people.appearance(*shots[0][1][0])
    clean, spoilt = people.average(one), people.average([*one, other, None])
    assert json.loads(json.dumps(clean)) == clean
    first, second = people.identify([people.Seen(clean, 0, 0, 1), people.Seen(spoilt, 1, 2, 3)])
    assert (first.number, first.sure) == (second.number, second.sure) == (1, True)
    assert people.average([]) == people.average([None]) == []


def test_degenerate_landmarks_do_no_harm(shots):
    image, face, scale = shots[0][0][0]
    point = Face(face.box, face.score, ((100.0, 100.0),) * 5)
    found = people.appearance(image, point, scale)
    assert found is None or np.all(np.isfinite(found))
