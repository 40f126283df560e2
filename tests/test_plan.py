"""A plan that people edit: what it says of its frames and seconds, and that each slip is named with its place."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from basis.boxes import Box
from basis.errors import WrongUse
from pipeline import episode, framing, pauses
from pipeline.plan import (
    Knot,
    Music,
    Pane,
    Pause,
    Plan,
    Recording,
    Shot,
    Somebody,
    Sting,
    Take,
    corners,
    shots_with_offsets,
    take_shots,
)
from pipeline.report import ContactSheet, shot_rows
from presets.graphics import Caption, LowerThird, Mark, Word

PICTURE = Box(x=0, y=0, width=1920, height=1080)
WHOLE = Box(x=0, y=0, width=1080, height=1920)


def half(x, top):
    onto = Box(x=0, y=top, width=1080, height=960)
    return Pane(width=810, height=720, path=[Knot(t=4, x=x, y=130)], onto=onto)


def valid():
    """Two takes of one file, around a pause: a crop that follows somebody, then a split."""
    path = [Knot(t=t, x=x, y=0) for t, x in ((0, 100), (2, 300.5), (3.5, 500))]
    follow = Shot(
        start=0, end=4, layout="follow", reason="person 1 speaks", picture=PICTURE, subjects=[0], people=[1], identities={0: 1},
        panes=[Pane(width=607.5, height=1080, path=path, onto=WHOLE)], scores={"person 1 alone": 0.4},
        faces=[Somebody(person=1, box=Box(x=300, y=200, width=120, height=150))],
    )  # fmt: skip
    split = Shot(
        start=5, end=9, layout="split", reason="a half each", picture=PICTURE, panes=[half(75, 0), half(1035, 960)]
    )
    recorder = Recording(file=Path("/r.wav"), audio_stream=0, offset=-3.25, drift=12.5, seconds=600)
    takes = [
        Take(
            file=Path("/a.mp4"), fingerprint="f", start=shot.start, end=shot.end, audio_stream=1, recording=recorder,
            speech=[(0.5, 3.5), (5.5, 8)], turns=[(0.5, 3.5, 1)], shots=[shot],
        )
        for shot in (follow, split)
    ]  # fmt: skip
    return Plan(
        made_by="test", preset="plain", delivery="vk-clips", rate="25", width=1080, height=1920, takes=takes, tail=3.5,
        graphics=[
            Caption(start=0.5, end=3, lines=[[Word(text="Да", start=0.5, end=1)]], middle=1300),
            LowerThird(start=1, end=4.5, name="Анна", bottom=1100), Mark(),
        ],
        music=Music(file=Path("/m.wav")), stings=[Sting(file=Path("/s.wav"), at=1)],
        pauses=[Pause(file=Path("/a.mp4"), start=4, end=5, at=4)],
    )  # fmt: skip


VALID = json.loads(valid().model_dump_json())


def read(folder, data):
    (folder / "a.plan.json").write_text(json.dumps(data), "utf-8")
    return episode.read_plan(folder / "a.plan.json")


def edited(place, value):
    """The valid plan with another value at a place, as takes.0.start."""
    data = copy.deepcopy(VALID)
    *way, last = [int(part) if part.isdecimal() else part for part in place.split(".")]
    inner = data
    for part in way:
        inner = inner[part]
    inner[last] = value
    return data


def test_a_plan_is_read_as_it_was_written(tmp_path):
    assert read(tmp_path, VALID) == valid()


SLIPS = [
    ("rate", "abc", "rate: 'abc' is no frame rate"),
    ("rate", "0", "rate: '0' is no"),
    ("rate", "25/0", "rate: '25/0' is no"),
    ("rate", "1000000", "rate: '1000000' is no"),
    ("rate", "26", "rate: vk-clips does not take 26, but 24, 25"),
    ("version", 99, "version: there is no version 99"),
    ("tail", -100, "tail: .*must be 0 or more"),
    ("tail", 1e6, "tail: .*must be 60 or less"),
    ("width", 1081, "width: .*multiple of 2"),
    ("width", 720, "panes.1..onto: it lies outside the output, 720x1920"),
    ("height", 2000, "width and height are 1080x2000 and vk-clips takes 1080x1920"),
    ("delivery", "vk", "no delivery spec vk"),
    ("takes.0.shots.0.layout", "folow", "shot 1, layout: There is no layout folow; there are .*follow"),
    ("takes.1.shots.0.panes.1.onto.x", 1080, r"takes\[2\].shots\[1\].panes\[2\].onto: it lies outside"),
    ("takes.1.shots.0.panes.0.onto.x", -20, r"takes\[2\].shots\[1\].panes\[1\].onto: it lies outside"),
    ("takes.0.shots.0.panes.0.onto.width", 1, r"takes\[1\].shots\[1\].panes\[1\]: onto must begin and end on even"),
    ("takes.0.shots.0.panes.0.width", 0.5, r"panes\[1\].width: .*must be 2 or more"),
    ("takes.0.shots.0.panes.0.width", 4000, r"takes\[1\].shots\[1\]: the crop of panes\[1\], 4000x1080, is larger"),
    ("takes.0.shots.0.panes.0.path.1.t", 0, r"panes\[1\]: the times of a path must rise"),
    ("takes.0.shots.0.panes.0.path.1.x", 1e300, r"path\[2\].x: "),
    ("takes.0.shots.0.picture.width", 1, r"shots\[1\]: picture must be 4 pixels"),
    ("takes.0.shots.0.end", 3, r"takes\[1\]: the shots of a.mp4 must cover"),
    ("takes.0.shots.0.end", -1, r"takes\[1\].shots\[1\]: it ends at -1 s, before it begins"),
    ("takes.0.start", -4, r"takes\[1\].start: "),
    ("takes.0.speech.0.1", 1e30, r"takes\[1\].speech\[1\]\[2\]: "),
    ("takes.0.people", 1, "unknown key takes.1..people"),
]


@pytest.mark.parametrize(("place", "value", "meant"), SLIPS, ids=[f"{place}={value}" for place, value, _ in SLIPS])
def test_a_slip_is_named_with_its_place(tmp_path, place, value, meant):
    with pytest.raises(WrongUse, match=f"^The plan .*{meant}|^There is {meant}"):
        read(tmp_path, edited(place, value))


def numbers(data, place=""):
    """The places of all numbers in plain data."""
    if isinstance(data, dict | list):
        items = data.items() if isinstance(data, dict) else enumerate(data)
        return [found for key, value in items for found in numbers(value, f"{place}.{key}" if place else str(key))]
    return [place] if isinstance(data, int | float) and not isinstance(data, bool) else []


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from(numbers(VALID)),
    st.integers(-10, 4000)
    | st.integers()
    | st.floats(-10, 4000)
    | st.floats()
    | st.sampled_from([10**400, 1e-300, 1e300]),
)
def test_no_number_that_is_written_into_a_plan_gives_anything_but_a_plan_or_a_sentence(tmp_path_factory, place, value):
    folder = tmp_path_factory.getbasetemp()
    try:
        plan = pauses.settled(read(folder, edited(place, value)))
        opened(plan)
        kept = [pause.model_copy(update={"kept": True}) for pause in plan.pauses]
        opened(pauses.settled(plan.model_copy(update={"pauses": kept})))
    except WrongUse as error:
        assert str(error).endswith(".")


def opened(plan):
    """What is asked of a plan before anything is drawn."""
    assert 0 < plan.footage_seconds <= plan.duration < np.inf and len(plan.offsets) == len(plan.takes)
    assert all(np.isfinite([*plan.speech, *((a, b) for a, b, _ in plan.turns), (0, 0)]).ravel())
    for take in plan.takes:
        for shot, first, last in take_shots(plan, take):
            places = corners(shot, take.start + np.array([first, last - 1]) / float(plan.clock.rate))
            assert np.isfinite(places).all() and (shot.seam is None or 0 < shot.seam < plan.height)
    assert len(shot_rows(plan)) == len(list(shots_with_offsets(plan)))
    assert ContactSheet(plan).frames[-1] < plan.frame_count
    framing.doubts(plan)
    pauses.joined_seconds(plan)


def test_a_seam_is_where_one_pane_ends_and_the_next_begins():
    follow, split = (take.shots[0] for take in valid().takes)
    inset = half(75, 960).model_copy(update={"onto": Box(x=600, y=200, width=400, height=400)})
    over = follow.model_copy(update={"panes": [*follow.panes, inset]})
    assert (follow.seam, split.seam, over.seam) == (None, 960, None)


def test_a_shot_that_is_a_guess_is_told_once_with_its_number_and_second():
    plan = valid()
    plan.takes[1].shots[0] = plan.takes[1].shots[0].model_copy(update={"scores": {"fit": 0.5}})
    assert [(n.code, n.at, n.shot, n.level) for n in framing.doubts(plan)] == [
        ("guess", 0.0, 1, "warning"), ("guess", 4.0, 2, "warning"),
    ]  # fmt: skip
    plan.takes[1].shots[0].reason = plan.takes[0].shots[0].reason  # one shot, around a pause
    assert [note.shot for note in framing.doubts(plan)] == [1]
