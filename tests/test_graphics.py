"""Graphics as they are seen: inside the safe areas, legible on any footage, the same as the golden pictures."""

import os
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

import presets
from pipeline import graphics, picture
from pipeline.brief import make_brief
from pipeline.graphics.blend import Overlay
from pipeline.plan import Box, Caption, EndCard, Knot, LowerThird, Mark, Pane, Plan, Shot, Take, TitleCard, Word

GOLDEN = Path(__file__).parent / "golden"
PRESET = presets.load("open-industry")


def words(text, start=0.0, end=5.0):
    return [[Word(text=w, start=start, end=end) for w in line.split()] for line in text.split("\n")]


GRAPHICS = {
    "caption": Caption(start=0, end=5, lines=words("Съешь ещё этих «ёлочек»,\n№ 5 за 10 ₽ — и чаю!")),
    "title_card": TitleCard(start=0, end=5, number=3, title="Династия сталеваров"),
    "long_title": TitleCard(start=0, end=5, number=12, title="Электрогазосварщица шестого разряда и её сыновья"),
    "lower_third": LowerThird(
        start=0, end=5, name="Айлин Коллинз", role="Инженер-технолог литейного цеха завода «Серп и Молот»"
    ),
    "mark": Mark(start=0, end=5),
    "end_card": EndCard(start=0, end=5, link="https://vk.com/app51783"),
}


def plan(*placed):
    pane = Pane(width=607.5, height=1080, path=[Knot(t=0, x=0, y=0)], onto=Box(x=0, y=0, width=1080, height=1920))
    shot = Shot(start=0, end=5, layout="hold", reason="", picture=Box(x=0, y=0, width=1920, height=1080), panes=[pane])
    take = Take(file=Path("x"), fingerprint="", start=0, end=5, audio_stream=None, shots=[shot])
    return Plan(
        made_by="test", preset="open-industry", delivery="vk-clips", rate="25", width=1080, height=1920, takes=[take], graphics=list(placed)
    )  # fmt: skip


def drawn(*placed, ground=110, frame=60):
    made = plan(*placed)
    out = picture.blank(made)
    out[:1920] = ground
    Overlay(graphics.draw(made, PRESET), 1080, 1920, Fraction(25)).blend(out, frame)
    return out


@pytest.mark.parametrize("name", GRAPHICS)
def test_it_looks_like_its_golden_picture(name):
    small = cv2.resize(
        cv2.cvtColor(drawn(GRAPHICS[name]), cv2.COLOR_YUV2BGR_I420), (360, 640), interpolation=cv2.INTER_AREA
    )
    file = GOLDEN / f"{name}.png"
    if os.environ.get("EPISODE_NEW_GOLDEN"):
        cv2.imwrite(str(file), small)
    golden = cv2.imread(str(file))
    assert golden is not None, f"{file} is missing; set EPISODE_NEW_GOLDEN=1 once, look at it and commit it"
    difference = np.abs(small.astype(int) - golden)
    assert difference.mean() < 1.0 and (difference.max(axis=2) > 40).mean() < 0.004


SAFE = {"caption": (70, 1120, 890, 1460), "lower_third": (70, 900, 890, 1110), "mark": (66, 220, 890, 430)}


@pytest.mark.parametrize("name", SAFE)
def test_it_stays_inside_its_safe_area(name):
    changed = np.abs(drawn(GRAPHICS[name])[:1920].astype(int) - 110) > 2
    left, top, right, bottom = SAFE[name]
    assert changed[top:bottom, left:right].any()
    changed[top:bottom, left:right] = False
    assert not changed.any()


@pytest.mark.parametrize("ground", [16, 110, 235])
def test_caption_text_has_contrast_on_any_footage(ground):
    area = drawn(GRAPHICS["caption"], ground=ground)[1200:1380, 300:660].astype(float)
    linear = (np.clip((area - 16) / 219, 0, 1)) ** 2.2
    ink, box = np.percentile(linear, 99), np.percentile(linear, 30)
    assert (ink + 0.05) / (box + 0.05) >= 4.5


def test_a_name_stands_on_the_side_that_the_brief_says():
    sides = {}
    for side in ("left", "right"):
        changed = drawn(LowerThird(start=0, end=5, name="Анна", side=side))[:1920] != 110
        columns = np.flatnonzero(changed.any(axis=0))
        sides[side] = columns.min(), columns.max()
    assert sides["left"][0] == 70 and sides["right"][0] > 500 and sides["right"][1] <= 890


def test_the_code_scans():
    frame = cv2.cvtColor(drawn(GRAPHICS["end_card"]), cv2.COLOR_YUV2BGR_I420)
    assert cv2.QRCodeDetector().detectAndDecode(frame)[0] == "https://vk.com/app51783"


def test_a_graphic_is_gone_when_its_time_is_over_and_fades_in_between():
    name = LowerThird(start=1, end=3, name="Анна")
    assert (drawn(name, frame=24)[:1920] == 110).all() and (drawn(name, frame=75)[:1920] == 110).all()
    strength = [np.abs(drawn(name, frame=n)[:1920].astype(int) - 110).sum() for n in (26, 28, 50)]
    assert 0 < strength[0] < strength[1] < strength[2]


def test_a_word_of_sixty_letters_stays_inside():
    changed = drawn(Caption(start=0, end=5, lines=words("щ" * 60)))[:1920] != 110
    columns = np.flatnonzero(changed.any(axis=0))
    assert columns.min() >= 70 and columns.max() < 890


def test_names_never_share_the_screen_with_the_title_or_each_other():
    brief = make_brief(
        {
            "footage": [{"file": "a"}],
            "title": "Цех",
            "number": 1,
            "people": [{"name": "А", "at": 0.5}, {"name": "Б", "at": 1}],
        },
        "test",
    )
    placed = [g for g in graphics.schedule(brief, PRESET, [], 30, 3.5) if not isinstance(g, Mark)]
    assert [type(g) for g in placed] == [TitleCard, LowerThird, LowerThird, EndCard]
    assert all(a.end <= b.start for a, b in zip(placed, placed[1:], strict=False))


def test_a_preset_with_a_slip_names_the_nearest_key(tmp_path):
    (tmp_path / "mine.toml").write_text("[captions]\nsise = 70\n")
    with pytest.raises(presets.PresetError, match=r"captions\.sise; did you mean size"):
        presets.load(str(tmp_path / "mine.toml"))
    with pytest.raises(presets.PresetError, match="did you mean plain"):
        presets.load("plane")
