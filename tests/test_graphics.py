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
from pipeline.errors import WrongUse
from pipeline.graphics.blend import Overlay
from pipeline.plan import Box, Knot, Pane, Plan, Shot, Take
from presets.graphics import Caption, EndCard, LowerThird, Mark, TitleCard, Word

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


CODES = {
    "https://vk.com/app51783": "https://vk.com/app51783",
    "https://vk.com/app1": "https://vk.com/app1",
    "https://vk.com/я?a=1#й": "https://vk.com/%D1%8F?a=1#%D0%B9",
}


@pytest.mark.parametrize("link", CODES)
def test_the_code_scans(link):
    frame = cv2.cvtColor(drawn(EndCard(start=0, end=5, link=link)), cv2.COLOR_YUV2BGR_I420)
    for picture_ in (frame, cv2.GaussianBlur(frame, (0, 0), 1), cv2.resize(frame, (720, 1280))):
        assert cv2.QRCodeDetector().detectAndDecode(picture_)[0] == CODES[link]


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


def test_a_code_scans_up_to_the_length_at_which_a_link_is_reported():
    brief = make_brief({"footage": [{"file": "a"}]}, "test")
    link = ("https://vk.com/app51783?ref=" + "0123456789abcdefghij" * 9)[:200]
    frame = cv2.cvtColor(drawn(EndCard(start=0, end=5, link=link)), cv2.COLOR_YUV2BGR_I420)
    assert cv2.QRCodeDetector().detectAndDecode(frame)[0] == link
    reported = [graphics.notes(brief, PRESET, [EndCard(start=0, end=5, link=made)]) for made in (link, link + "x")]
    assert not reported[0] and "QR" in reported[1][0]


def test_a_link_too_long_for_a_code_is_refused():
    with pytest.raises(WrongUse, match="too long"):
        drawn(EndCard(start=0, end=5, link="https://vk.com/" + "я" * 1400))


def test_a_title_keeps_above_a_caption_that_shares_the_screen_with_it():
    title, caption = GRAPHICS["title_card"], GRAPHICS["caption"]
    later = caption.model_copy(update={"start": 5, "end": 6})
    top = np.flatnonzero((drawn(caption)[:1920] != 110).any(axis=1)).min()
    light = np.flatnonzero((drawn(title, caption)[:1920] > 200).any(axis=1))
    alone = np.flatnonzero((drawn(title, later)[:1920] > 200).any(axis=1))
    assert light[light < top].max() < top - 30 and light[light > top].min() > top
    assert alone.max() > 1300


def test_a_character_that_no_font_has_is_left_out_and_named():
    with_it, without = (Caption(start=0, end=5, lines=words(t)) for t in ("Ура 🙂!", "Ура !"))
    assert np.array_equal(drawn(with_it), drawn(without))
    brief = make_brief({"footage": [{"file": "a"}]}, "test")
    assert "🙂" in graphics.notes(brief, PRESET, [with_it])[0] and not graphics.notes(brief, PRESET, [without])


def test_a_character_that_only_the_second_font_has_is_drawn():
    assert not np.array_equal(
        drawn(Caption(start=0, end=5, lines=words("ᴧ"))), drawn(Caption(start=0, end=5, lines=words(" x ")))
    )


def test_letters_in_two_parts_look_like_letters_in_one():
    assert np.array_equal(
        drawn(Caption(start=0, end=5, lines=words("и\u0306од"))), drawn(Caption(start=0, end=5, lines=words("йод")))
    )


def test_somebody_for_whom_no_time_is_left_is_reported():
    brief = make_brief({"footage": [{"file": "a"}], "people": [{"name": "Анна", "at": 29.5}]}, "test")
    placed = graphics.schedule(brief, PRESET, [], 30, 3.5)
    assert not any(isinstance(g, LowerThird) for g in placed)
    assert any("Анна" in note for note in graphics.notes(brief, PRESET, placed))


NOTHING = {
    "no words": Caption(start=0, end=5, lines=[[]]),
    "no lines": Caption(start=0, end=5, lines=[]),
    "no title": TitleCard(start=0, end=5, number=None, title=""),
    "no name": LowerThird(start=0, end=5, name=" "),
    "no time": Caption(start=2.4, end=2.4, lines=words("Да")),
}


@pytest.mark.parametrize("name", NOTHING)
def test_what_has_nothing_to_show_draws_nothing(name):
    assert (drawn(NOTHING[name])[:1920] == 110).all()


@pytest.mark.parametrize(
    "title", ["Цех", "Щ" * 60, "Ночь у мартеновской печи и один день из жизни тех, кто её кормит " * 3]
)
def test_any_title_stays_inside_the_safe_area(title):
    light = drawn(TitleCard(start=0, end=5, number=9999, title=title))[:1920] > 200
    columns, lines = np.flatnonzero(light.any(axis=0)), np.flatnonzero(light.any(axis=1))
    assert columns.min() >= 90 and columns.max() < 890 and lines.min() >= 260 and lines.max() < 1460


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_name_stays_inside_its_safe_area_while_it_glides_in(side):
    name = LowerThird(start=0, end=5, name="Константин Константинопольский", role="Начальник цеха", side=side)
    for frame in range(1, 9):
        columns = np.flatnonzero((np.abs(drawn(name, frame=frame)[:1920].astype(int) - 110) > 2).any(axis=0))
        assert columns.min() >= 70 and columns.max() < 890


@pytest.mark.parametrize("ground", [16, 128, 235])
def test_colours_are_those_of_the_preset(ground):
    """The ground of the end card, whatever is below it, from the frame's YUV by ITU-R BT.709."""
    frame = drawn(GRAPHICS["end_card"], ground=ground, frame=100)
    y, u, v = (float(p[row, 1]) for p, row in zip(picture.planes(frame), (1900, 950, 950), strict=True))
    luma, blue, red = (y - 16) * 255 / 219, (u - 128) * 255 / 224, (v - 128) * 255 / 224
    seen = (luma + 1.5748 * red, luma - 0.1873 * blue - 0.4681 * red, luma + 1.8556 * blue)
    assert np.abs(np.subtract(seen, (0x15, 0x18, 0x1B))).max() < 2.5


def test_a_graphic_of_another_shape_is_refused():
    with pytest.raises(WrongUse, match="1080x1920"):
        graphics.draw(plan(GRAPHICS["mark"]).model_copy(update={"width": 720, "height": 1280}), PRESET)


def test_in_a_split_captions_stand_between_the_faces_and_names_above_them():
    made = plan(GRAPHICS["caption"], GRAPHICS["lower_third"])
    pane = made.takes[0].shots[0].panes[0]
    halves = [pane.model_copy(update={"onto": Box(x=0, y=y, width=1080, height=960)}) for y in (0, 960)]
    made.takes[0].shots[0] = made.takes[0].shots[0].model_copy(update={"layout": "split", "panes": halves})
    caption, name = graphics.draw(made, PRESET)
    made.takes[0].shots[0].end = 0.5  # a split that is over soon moves no caption of five seconds
    assert graphics.draw(made, PRESET)[0].y > 1100
    assert caption.y + caption.clip.size[1] / 2 == pytest.approx(960, abs=2)
    assert name.y + name.clip.size[1] < caption.y and name.y > 600
