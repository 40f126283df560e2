"""Graphics as they are seen: inside the safe areas, legible on any footage, the same as the golden pictures."""

import os
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import count
from pathlib import Path
from typing import get_args

import cv2
import numpy as np
import pytest
from PIL import features

import presets
from basis.boxes import Box
from basis.errors import WrongUse
from pipeline import graphics, picture
from pipeline.brief import make_brief
from pipeline.footage.yuv import planes
from pipeline.graphics.blend import Overlay
from pipeline.graphics.kinds import KINDS
from pipeline.graphics.kinds.caption import large_words
from pipeline.graphics.kinds.end_card import EndCardKind, address
from pipeline.graphics.onscreen import OnScreen
from pipeline.plan import Knot, Pane, Plan, Shot, Take
from pipeline.synthetic import demo
from presets import delivery
from presets.graphics import (
    Caption,
    Chapter,
    EndCard,
    LowerThird,
    Mark,
    PartnerLine,
    PlacedGraphic,
    Progress,
    Quote,
    TitleCard,
    Word,
)  # fmt: skip

GOLDEN = Path(__file__).parent / "golden"
PRESET = presets.load("open-industry")
VK = delivery.load("vk-clips")


def look_of(preset=PRESET, spec=VK, wide=None):
    return graphics.Look.of(preset, graphics.Canvas.of(spec, wide))


LOOK = look_of()


def words(text, start=0.0, end=5.0):
    """Lines of words that share the time evenly."""
    step = (end - start) / len(text.split())
    at = count()
    return [
        [
            Word(text=w, start=start + n * step, end=start + (n + 1) * step)
            for w, n in zip(line.split(), at, strict=False)
        ]
        for line in text.split("\n")
    ]


CAPTION = "Съешь ещё этих «ёлочек»,\n№ 5 за 10 ₽ — и чаю!"
PANGRAM = "Широкая электрификация\nюжных губерний даст мощный"
GRAPHICS = {
    "caption": Caption(start=0, end=5, lines=words(CAPTION)),
    "caption_word": Caption(start=0, end=5, lines=words(CAPTION), style="word"),
    "caption_pop": Caption(start=0, end=5, lines=words(CAPTION), style="pop"),
    "caption_pangram": Caption(start=0, end=5, lines=words(PANGRAM)),
    "caption_pangram_word": Caption(start=0, end=5, lines=words(PANGRAM), style="word"),
    "caption_emoji": Caption(start=0, end=5, lines=words("Ура ❤ ♪ 😀 — первая\nплавка ★ готова ✓")),
    "caption_right_to_left": Caption(start=0, end=5, lines=words("שלום לכולם\nمرحبا بالجميع")),
    "caption_long_word": Caption(start=0, end=5, lines=words("щ" * 60)),
    "caption_long_word_pop": Caption(start=0, end=5, lines=words("Электрогазосварщица"), style="pop"),
    "caption_coloured": Caption(
        start=0,
        end=5,
        lines=[[Word(text=t, start=0, end=5, colour=c) for t, c in (("Да.", "#FFE040"), ("Нет!", None))]],
    ),
    "title_card": TitleCard(start=0, end=5, number=3, title="Династия сталеваров"),
    "title_card_blur": TitleCard(start=0, end=5, number=3, title="Династия сталеваров", over="blur"),
    "title_card_plain": TitleCard(start=0, end=5, number=3, title="Династия сталеваров", over="plain"),
    "long_title": TitleCard(start=0, end=5, number=12, title="Электрогазосварщица шестого разряда и её сыновья"),
    "lower_third": LowerThird(
        start=0, end=5, name="Айлин Коллинз", role="Инженер-технолог литейного цеха завода «Серп и Молот»"
    ),
    "lower_third_right": LowerThird(
        start=0,
        end=5,
        name="Константин Константинопольский-Задунайский",
        role="Заместитель генерального директора по научно-производственной и технологической работе",
        side="right",
    ),
    "mark": Mark(start=0, end=5),
    "partner_line": PartnerLine(start=0, end=5),
    "progress": Progress(start=0, end=5),
    "chapter": Chapter(start=0, end=5, text="Литейный цех", number=3),
    "chapter_long": Chapter(start=0, end=5, text="Участок непрерывной разливки стали и проката"),
    "quote": Quote(start=0, end=5, text="Печь не гаснет никогда", author="Айлин Коллинз, инженер-технолог"),
    "quote_picture": Quote(start=0, end=5, text="Печь не гаснет никогда", author="Айлин Коллинз", over="picture"),
    "quote_long": Quote(
        start=0, end=5, text="Я пришла на завод сразу после института и осталась на тридцать лет: " * 3
    ),
    "end_card": EndCard(start=0, end=5, link="https://vk.com/app51783"),
    "end_card_next": EndCard(
        start=0,
        end=5,
        link="https://vk.com/app51783",
        text="Смотри, чем живёт завод, пока город спит",
        following="Серия 4 — в пятницу",
    ),
}


def plan(*placed):
    pane = Pane(width=607.5, height=1080, path=[Knot(t=0, x=0, y=0)], onto=Box(x=0, y=0, width=1080, height=1920))
    shot = Shot(start=0, end=5, layout="hold", reason="", picture=Box(x=0, y=0, width=1920, height=1080), panes=[pane])
    take = Take(file=Path("x"), fingerprint="", start=0, end=5, audio_stream=None, shots=[shot])
    return Plan(
        made_by="test", preset="open-industry", delivery="vk-clips", rate="25", width=1080, height=1920, takes=[take], graphics=list(placed)
    )  # fmt: skip


def noted(brief, *more):
    """What the editor is told, and the code of each."""
    return [f"{note.text} {note.code}" for note in graphics.notes(brief, PRESET, LOOK, *more)]


def longer(seconds, tail):
    made = plan()
    take = made.takes[0].model_copy(
        update={"end": seconds, "shots": [made.takes[0].shots[0].model_copy(update={"end": seconds})]}
    )
    return made.model_copy(update={"takes": [take], "tail": tail})


def drawn(*placed, ground=110, frame=60, preset=PRESET, spec=VK, size=(1080, 1920)):
    """A frame of one brightness, or the given one, with graphics on it."""
    made = plan(*placed).model_copy(update={"width": size[0], "height": size[1]})
    out = picture.blank(made)
    if isinstance(ground, int):
        out[: size[1]] = ground
    else:
        np.copyto(out, ground)
    look = look_of(preset, spec, size[0])
    Overlay(graphics.draw(made, look), *size, Fraction(25), preset.colours.ground).blend(out, frame)
    return out


@cache
def usual(name):
    """The frame of a golden picture; not to be written on."""
    return drawn(GRAPHICS[name])


@cache
def busy():
    """A factory hall as a frame; not to be written on."""
    return cv2.cvtColor(cv2.resize(demo.factory(960, 540, 5), (1080, 1920)), cv2.COLOR_BGR2YUV_I420)


@pytest.mark.skipif(not features.check("raqm"), reason="plain layout sets type a little wider than the golden pictures")
@pytest.mark.parametrize("name", GRAPHICS)
def test_it_looks_like_its_golden_picture(name):
    small = cv2.resize(cv2.cvtColor(usual(name), cv2.COLOR_YUV2BGR_I420), (360, 640), interpolation=cv2.INTER_AREA)
    file = GOLDEN / f"{name}.png"
    if os.environ.get("EPISODE_NEW_GOLDEN"):
        cv2.imwrite(str(file), small)
    golden = cv2.imread(str(file))
    assert golden is not None, f"{file} is missing; set EPISODE_NEW_GOLDEN=1 once, look at it and commit it"
    difference = np.abs(small.astype(int) - golden)
    assert difference.mean() < 1.0 and (difference.max(axis=2) > 40).mean() < 0.004


def test_every_kind_that_may_be_placed_is_drawn_and_has_a_golden_picture():
    models = {kind.model for kind in KINDS}
    assert models == set(get_args(get_args(PlacedGraphic)[0])) == {type(graphic) for graphic in GRAPHICS.values()}
    for kind in KINDS:
        sample = kind.sample(5.0)
        assert (sample.start, sample.end) == (0, 5) and kind.has_content(sample, LOOK)
        assert kind.draw(sample, LOOK, [sample])


CAPTIONS, CARDS = (70, 1120, 890, 1460), (66, 220, 915, 1490)
SAFE = {name: CAPTIONS for name in GRAPHICS if name.startswith("caption")} | {
    "lower_third": (70, 880, 890, 1110), "lower_third_right": (70, 800, 890, 1110), "mark": (66, 220, 890, 430),
    "partner_line": (66, 280, 890, 372), "progress": (70, 1470, 890, 1490), "chapter": (70, 372, 890, 560),
    "chapter_long": (70, 372, 890, 560), "quote_picture": (70, 900, 910, 1460),
}  # fmt: skip


@pytest.mark.parametrize("name", SAFE)
def test_it_stays_inside_its_safe_area(name):
    changed = np.abs(usual(name)[:1920].astype(int) - 110) > 2
    left, top, right, bottom = SAFE[name]
    assert changed[top:bottom, left:right].any()
    changed[top:bottom, left:right] = False
    assert not changed.any()


FULL = presets.Preset.model_validate(
    {
        "series": {
            "name": "Открытая промышленность",
            "partners": "VK  ·  АНО «ИРИ»  ·  Департамент промышленной политики",
        }
    }
)
LARGEST = {  # all that may be on the screen together, each as large as it comes
    "small": ["mark", "partner_line", "progress", "chapter_long", "lower_third_right", "caption"],
    **{name: [name] for name in ("caption_long_word", "long_title", "quote_long", "quote_picture", "end_card_next")},
}  # fmt: skip
AREAS = {delivery.load(name).safe_area: name for name in delivery.names()}  # one spec for each that differs
CANVASES = [*((name, (1080, 1920)) for name in AREAS.values()), ("vk-clips", (720, 1280)), ("tiktok", (540, 960))]


@pytest.mark.parametrize(("name", "size"), CANVASES)
def test_no_pixel_is_drawn_where_the_platform_draws_its_own(name, size):
    """Over black, so that of a card's ground only the type is counted."""
    spec = delivery.load(name).model_copy(update={"width": size[0], "height": size[1]})
    scale = size[0] / 1080
    covered = spec.safe_area
    free = np.zeros((size[1], size[0]), bool)
    left, top, right = (round(edge * scale) for edge in (covered.left, covered.top, 1080 - covered.right))
    free[top : size[1] - round(covered.bottom * scale), left:right] = True
    rail = covered.rail
    free[round(rail.top * scale) : round(rail.bottom * scale), size[0] - round(rail.right * scale) :] = False
    for names in LARGEST.values():
        made = plan(*(GRAPHICS[one] for one in names)).model_copy(update={"width": size[0], "height": size[1]})
        placed, _ = graphics.place(made, look_of(FULL, spec), [])
        light = drawn(*placed, ground=16, preset=FULL, spec=spec, size=size)[: size[1]] > 80
        assert light.sum() > 200 and not (light & ~free).any(), names


@pytest.mark.parametrize("name", ["caption_word", "lower_third", "title_card_plain", "end_card_next", "progress"])
def test_a_preview_shows_the_same_smaller(name):
    small = drawn(GRAPHICS[name], size=(540, 960))[:960]
    expected = cv2.resize(usual(name)[:1920], (540, 960), interpolation=cv2.INTER_AREA).astype(int)
    assert np.abs(expected - small).mean() < 2 and np.abs(small.astype(int) - 110).max() > 20


def test_faces_move_captions_in_a_preview_too():
    low = OnScreen(1, np.arange(125), np.tile([150.0, 450, 350, 750], (125, 1)), np.ones(125, bool))
    look = look_of(wide=540)
    made = plan(GRAPHICS["caption"]).model_copy(update={"width": 540, "height": 960})
    (placed,), notes = graphics.place(made, look, [low])
    assert placed.middle < 720 and not notes


def test_a_graphic_that_has_gone_keeps_no_frame():
    """Only what is on the screen holds pictures, however long the episode is."""
    drawings = graphics.draw(plan(GRAPHICS["title_card"], GRAPHICS["caption"]), LOOK)
    gone = []
    watched = [replace(g, forget=lambda g=g: (gone.append(g.y), g.forget())) for g in drawings]
    overlay = Overlay(watched, 1080, 1920, Fraction(25))
    for number in (0, 30, 200, 201):
        overlay.blend(np.full((2880, 1080), 110, np.uint8), number)
    assert gone == [g.y for g in drawings]


GROUNDS = {"black": 16, "white": 235, "busy": None}


@pytest.mark.parametrize("look", ["open-industry", "night-shift"])
@pytest.mark.parametrize("style", ["block", "word", "pop"])
@pytest.mark.parametrize("ground", GROUNDS)
def test_caption_text_has_contrast_on_any_footage(ground, style, look):
    """The ink, by the pixels that are nearly its colour, against what lies 4 to 9 pixels around it."""
    preset = presets.load(look)
    behind = busy() if GROUNDS[ground] is None else GROUNDS[ground]
    said = Caption(start=0, end=5, lines=words(CAPTION), style=style)
    frame, plain = (
        drawn(*placed, ground=behind, frame=20, preset=preset)[1200:1380, 70:890] for placed in ([said], [])
    )
    light = np.clip((frame.astype(float) - 16) / 219, 0, 1)
    linear = np.where(light <= 0.04045, light / 12.92, ((light + 0.055) / 1.055) ** 2.4)
    ink = presets.luminance(presets.rgb(preset.colours.ink))
    core = ((np.abs(linear - ink) < 0.06 * ink) & (np.abs(frame.astype(int) - plain) > 2)).astype(np.uint8)
    core = cv2.erode(core, np.ones((3, 3)))  # not the soft edge of something else
    around = cv2.dilate(core, np.ones((19, 19))) & ~cv2.dilate(core, np.ones((9, 9)))
    assert core.sum() > 300
    assert (np.median(linear[core > 0]) + 0.05) / (np.percentile(linear[around > 0], 80) + 0.05) >= 4.5


def test_the_spoken_word_lights_up_with_contrast_of_its_own():
    frames = [drawn(GRAPHICS["caption_word"], frame=n) for n in (10, 60, 110)]
    places = []
    for frame in frames:
        red = planes(frame)[2].astype(int) > 160
        rows, columns = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
        places.append((rows.min() * 2, columns.min() * 2))
        word = frame[rows.min() * 2 : rows.max() * 2, columns.min() * 2 : columns.max() * 2].astype(float)
        light = (np.clip((word - 16) / 219, 0, 1)) ** 2.2
        assert (np.percentile(light, 90) + 0.05) / (np.percentile(light, 2) + 0.05) >= 4.5
    assert len(set(places)) == 3


def test_a_name_stands_on_the_side_that_the_brief_says():
    sides = {}
    for side in ("left", "right"):
        changed = drawn(LowerThird(start=0, end=5, name="Анна", side=side))[:1920] != 110
        columns = np.flatnonzero(changed.any(axis=0))
        sides[side] = columns.min(), columns.max()
    assert sides["left"][0] == 70 and sides["right"][0] > 500 and sides["right"][1] <= 890


CODES = {
    "https://vk.com/app51783": "https://vk.com/app51783",
    "https://vk.com/я?a=1#й": "https://vk.com/%D1%8F?a=1#%D0%B9",
    "https://открытая-промышленность.рф/серии?utm=цех": (
        "https://xn----7sbqrhfjabdffkdwccm1i5bh4a8c.xn--p1ai/%D1%81%D0%B5%D1%80%D0%B8%D0%B8?utm=%D1%86%D0%B5%D1%85"
    ),
}


@pytest.mark.parametrize("link", CODES)
def test_the_code_scans(link):
    frame = cv2.cvtColor(drawn(EndCard(start=0, end=5, link=link)), cv2.COLOR_YUV2BGR_I420)
    small = cv2.cvtColor(drawn(EndCard(start=0, end=5, link=link), size=(720, 1280)), cv2.COLOR_YUV2BGR_I420)
    for picture_ in (frame, cv2.GaussianBlur(frame, (0, 0), 1), cv2.resize(frame, (720, 1280)), small):
        assert cv2.QRCodeDetector().detectAndDecode(picture_)[0] == CODES[link]


@pytest.mark.parametrize(
    ("link", "coded"),
    [
        ("http://гость@Цех.РФ:8080", "http://%D0%B3%D0%BE%D1%81%D1%82%D1%8C@xn--e1a6ab.xn--p1ai:8080"),
        ("https://пример.рф", "https://xn--e1afmkfd.xn--p1ai"),  # as in Wikipedia's article on the domain
        ("https://[2001:db8::1]:80/я", "https://[2001:db8::1]:80/%D1%8F"),
        ("https://vk.com?q=я@x", "https://vk.com?q=%D1%8F@x"),
        ("https://vk.com/a%20b", "https://vk.com/a%20b"),
    ],
)
def test_the_host_of_a_link_is_coded_as_browsers_do(link, coded):
    assert address(link) == coded


@pytest.mark.parametrize("link", ["https://цех..рф/x", "https://" + "я" * 70 + ".рф"])
def test_a_link_whose_host_cannot_be_is_refused(link):
    with pytest.raises(WrongUse, match="no host"):
        drawn(EndCard(start=0, end=5, link=link))


def test_a_graphic_is_gone_when_its_time_is_over_and_fades_in_between():
    name = LowerThird(start=1, end=3, name="Анна")
    assert (drawn(name, frame=24)[:1920] == 110).all() and (drawn(name, frame=75)[:1920] == 110).all()
    strength = [np.abs(drawn(name, frame=n)[:1920].astype(int) - 110).sum() for n in (26, 28, 50)]
    assert 0 < strength[0] < strength[1] < strength[2]


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
    placed = [g for g in graphics.schedule(brief, PRESET, longer(30, 3.5), []) if not isinstance(g, Mark)]
    assert not any(isinstance(g, PartnerLine | Progress) for g in placed)
    assert [type(g) for g in placed] == [TitleCard, LowerThird, LowerThird, EndCard]
    assert all(a.end <= b.start for a, b in zip(placed, placed[1:], strict=False))


def test_a_code_scans_up_to_the_length_at_which_a_link_is_reported():
    brief = make_brief({"footage": [{"file": "a"}]}, "test")
    link = ("https://vk.com/app51783?ref=" + "0123456789abcdefghij" * 9)[:200]
    frame = cv2.cvtColor(drawn(EndCard(start=0, end=5, link=link)), cv2.COLOR_YUV2BGR_I420)
    assert cv2.QRCodeDetector().detectAndDecode(frame)[0] == link
    reported = [noted(brief, [EndCard(start=0, end=5, link=made)]) for made in (link, link + "x")]
    assert not reported[0] and "QR" in reported[1][0]


def test_a_link_too_long_for_a_code_is_refused():
    with pytest.raises(WrongUse, match="too long"):
        drawn(EndCard(start=0, end=5, link="https://vk.com/" + "я" * 480))


def test_a_character_that_no_font_has_is_left_out_and_named():
    with_it, without = (Caption(start=0, end=5, lines=words(t)) for t in ("Ура 🏭!", "Ура !"))
    assert np.array_equal(drawn(with_it), drawn(without))
    brief = make_brief({"footage": [{"file": "a"}]}, "test")
    assert "🏭" in noted(brief, [with_it])[0] and not noted(brief, [without])


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
    placed = graphics.schedule(brief, PRESET, longer(30, 3.5), [])
    assert not any(isinstance(g, LowerThird) for g in placed)
    assert any("Анна" in note for note in noted(brief, placed))


NOTHING = {
    "no words": Caption(start=0, end=5, lines=[[]]),
    "no lines": Caption(start=0, end=5, lines=[]),
    "no title": TitleCard(start=0, end=5, number=None, title=""),
    "no name": LowerThird(start=0, end=5, name=" "),
    "no ink": Caption(start=0, end=5, lines=words("\u200b \U000130a0")),
    "no chapter": Chapter(start=0, end=5, text=" "),
    "no quote": Quote(start=0, end=5, text=" ", author="Анна"),
    "no time": Caption(start=2.4, end=2.4, lines=words("Да")),
}


@pytest.mark.parametrize("name", NOTHING)
def test_what_has_nothing_to_show_draws_nothing(name):
    (placed,), warnings = graphics.place(plan(NOTHING[name]), LOOK, [])
    assert (drawn(placed)[:1920] == 110).all() and not warnings


ODD = {
    "quote far up": Quote(start=0, end=5, text="Печь не гаснет. " * 4, over="picture", bottom=200),
    "quote of line feeds": Quote(start=0, end=5, text="Да" + "\n" * 60 + "нет", over="picture"),
    "title far up": TitleCard(start=0, end=5, number=1, title="Цех", bottom=10),
    "caption far down": Caption(start=0, end=5, lines=words("Да"), middle=1900),
    "hardly any time": Mark(start=0.0199, end=0.0203),
    "one frame": LowerThird(start=1, end=1.04, name="Анна"),
}


@pytest.mark.parametrize("name", ODD)
def test_what_a_hand_wrote_oddly_is_drawn_as_far_as_it_goes(name):
    placed, _ = graphics.place(plan(ODD[name]), LOOK, [])
    for frame in (0, 1, 25, 26, 60):
        assert drawn(*placed, frame=frame).shape == (2880, 1080)


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
    y, u, v = (float(p[row, 1]) for p, row in zip(planes(frame), (1900, 950, 950), strict=True))
    luma, blue, red = (y - 16) * 255 / 219, (u - 128) * 255 / 224, (v - 128) * 255 / 224
    seen = (luma + 1.5748 * red, luma - 0.1873 * blue - 0.4681 * red, luma + 1.8556 * blue)
    assert np.abs(np.subtract(seen, (0x15, 0x18, 0x1B))).max() < 2.5


def test_a_title_is_in_place_on_the_first_frame_and_comes_to_rest():
    first, later, last = (drawn(GRAPHICS["title_card"], frame=n)[:1920].astype(int) for n in (0, 3, 60))
    assert (first > 200).sum() > 0.8 * (last > 200).sum()
    assert np.abs(first - last).sum() > np.abs(later - last).sum() > 0
    assert (drawn(GRAPHICS["title_card"], frame=30)[:1920] == last).all()


@pytest.mark.parametrize("name", ["lower_third", "chapter", "caption", "caption_long_word_pop", "quote"])
def test_an_entry_is_gradual_and_never_leaves_the_place_where_it_ends(name):
    later = GRAPHICS[name].model_copy(update={"start": 1.0, "end": 5.0})
    frames = [drawn(later, frame=n)[:1920].astype(int) - 110 for n in (25, 26, 27, 28, 34)]
    changed = [np.abs(f).sum() for f in frames]
    assert changed[1] < changed[4]
    if name != "quote":
        rows = np.flatnonzero(np.abs(frames[4]).any(axis=1))
        assert not any(f[: rows.min() - 2].any() or f[rows.max() + 3 :].any() for f in frames)


def test_captions_have_come_in_within_three_twentieths_of_a_second():
    for style in ("block", "word", "pop"):
        said = Caption(start=1, end=5, lines=words("Да", 1, 5), style=style)
        assert (drawn(said, frame=29)[:1920] == drawn(said, frame=40)[:1920]).all()


def test_a_caption_that_follows_at_once_takes_the_place_without_an_entry():
    one, two = Caption(start=0, end=1, lines=words("Да")), Caption(start=1, end=3, lines=words("Да"))
    assert (drawn(one, two, frame=24) == drawn(one, two, frame=25)).all()


LARGE = {
    "slow": ("Мы плавим сталь,\nи днём и ночью — 20 лет.", 6.0),
    "hasty": ("Да, да, да, да.", 0.88),
    "very hasty": ("Так, так, так, так, так, так.", 0.83),
}


@pytest.mark.parametrize("name", LARGE)
def test_large_words_come_a_few_at_a_time_and_none_is_lost(name):
    text, seconds = LARGE[name]
    said = Caption(start=2, end=2 + seconds, lines=words(text, 2, 2 + seconds), style="pop")
    groups = large_words(said, LOOK)
    assert [w.text for group, *_ in groups for w in group] == text.split()
    assert groups[0][1] == 2 and groups[-1][2] == 2 + seconds
    assert all(a[2] == b[1] for a, b in zip(groups, groups[1:], strict=False))
    least = min(0.3, seconds / len(groups))
    assert len(groups) > 1 and all(end - start >= least - 1e-6 for _, start, end in groups)


def test_large_words_that_move_on_a_cut_are_not_said_twice():
    whole = Caption(
        start=0, end=6, lines=words("Здесь работал мой дед, потом отец, а теперь\nи мой сын.", 0, 6), style="pop"
    )
    first, second = whole.model_copy(update={"end": 3.0}), whole.model_copy(update={"start": 3.0})
    groups = [[w.text for w in group] for part in (first, second) for group, *_ in large_words(part, LOOK)]
    alone = [[w.text for w in group] for group, *_ in large_words(whole, LOOK)]
    assert [group for n, group in enumerate(groups) if group not in groups[:n]] == alone and len(groups) <= len(
        alone
    ) + 1


def test_a_graphic_that_would_never_be_seen_is_reported():
    late, backwards = (
        {"kind": "chapter", "text": "Цех", "start": 40},
        {"kind": "quote", "text": "Да", "start": 5, "end": 5},
    )
    brief = make_brief({"footage": [{"file": "a"}], "graphics": [late, backwards]}, "test")
    placed = graphics.schedule(brief, PRESET, longer(30, 0), [])
    said = noted(brief, placed, 30.0)
    assert "chapter" in said[0] and "30.0 s" in said[0] and "quote" in said[1] and "before it begins" in said[1]
    assert all(text.endswith("not-shown") for text in said)


ABSENT = {
    "no such person": ({"person": 9}, [], "there is no person 9; the sheet has 1, 2"),
    "after the end": ({"at": 99}, [], "the footage ends at 30.0 s"),
    "no time left": ({"at": 29.5}, [], "the footage ends"),
    "nobody": ({}, [{"kind": "quote", "text": "Да"}], "say when"),
    "moved": ({"at": 4}, [{"kind": "quote", "text": "Да", "start": 3, "end": 6}], "at 6.3 s instead of 4 s"),
}


@pytest.mark.parametrize("name", ABSENT)
def test_why_somebody_is_not_named_or_named_later_is_said(name):
    person, others, says = ABSENT[name]
    data = {"footage": [{"file": "a"}], "people": [{"name": "Анна"} | person], "graphics": others}
    brief = make_brief(data, "test")
    placed = graphics.schedule(brief, PRESET, longer(30, 0), [])
    (said,) = noted(brief, placed, 30.0, {1, 2})
    assert said.startswith("Анна") and says in said


def test_what_a_brief_places_itself_is_not_placed_again():
    own = [
        {"kind": "mark", "start": 5},
        {"kind": "end_card", "start": 20, "text": "Пока"},
        {"kind": "title_card", "title": "Цех"},
    ]
    brief = make_brief({"footage": [{"file": "a"}], "number": 3, "graphics": own}, "test")
    kinds = [g.kind for g in graphics.schedule(brief, PRESET, longer(30, 0), [])]
    assert sorted(kinds) == ["end_card", "mark", "title_card"] and not graphics.has_end_card(brief, PRESET)


def test_there_is_no_end_card_with_nothing_to_say():
    preset = presets.Preset(series={"name": "Завод"})
    said = [
        make_brief({"footage": [{"file": "a"}]} | more, "test")
        for more in ({}, {"link": "https://vk.com"}, {"following": "Скоро"})
    ]
    assert [graphics.has_end_card(brief, preset) for brief in said] == [False, True, True]


def test_names_of_the_brief_never_share_the_screen_with_one_that_it_places_itself():
    own = {"kind": "lower_third", "name": "Борис", "start": 5, "end": 8}
    brief = make_brief({"footage": [{"file": "a"}], "people": [{"name": "Анна", "at": 5}], "graphics": [own]}, "test")
    names = [g for g in graphics.schedule(brief, PRESET, longer(30, 0), []) if isinstance(g, LowerThird)]
    assert sorted((g.name, g.start) for g in names) == [("Анна", pytest.approx(8.3)), ("Борис", 5.0)]


def test_the_progress_line_fills_evenly():
    filled = []
    for frame in (25, 62, 100):
        red = planes(drawn(GRAPHICS["progress"], frame=frame))[2][739, :].astype(int) > 160
        filled.append(red.sum() * 2 / 820)
    assert filled == pytest.approx([0.2, 0.496, 0.8], abs=0.02)


def test_a_blurred_card_hides_what_is_behind_and_gives_it_back():
    card = Quote(start=1, end=3, text="Да", author="")
    hall = busy()
    detail = [cv2.Laplacian(drawn(card, ground=hall, frame=n)[1500:1900].astype(np.float32), cv2.CV_32F).std() for n in (10, 50, 80)]  # fmt: skip
    assert detail[1] < 0.1 * detail[0] and detail[2] == detail[0]


def test_the_picture_of_a_mark_is_drawn_sharp_and_in_its_colours(tmp_path):
    logo = np.zeros((240, 480, 4), np.uint8)
    logo[:, ::16] = logo[:, 1::16] = logo[:, 2::16] = logo[:, 3::16] = (0, 255, 0, 255)
    cv2.imwrite(str(tmp_path / "mark.png"), logo)
    (tmp_path / "mine.toml").write_text("[series]\nmark = 'mark.png'\npartner_marks = ['mark.png']\n", "utf-8")
    preset = presets.load(str(tmp_path / "mine.toml"))
    frame = drawn(Mark(start=0, end=5), preset=preset)
    stripes = frame[250, 66:160].astype(float)
    assert np.abs(np.diff(stripes)).max() > 50 and planes(frame)[1][125, 36:70].min() < 105
    card = planes(drawn(EndCard(start=0, end=5), preset=preset, frame=100))[1]
    assert (card[660:735, 45:445] < 105).any()


def test_a_brief_and_a_preset_can_place_any_graphic():
    brief = make_brief(
        {
            "footage": [{"file": "a"}],
            "graphics": [
                {"kind": "chapter", "text": "Цех", "start": "00:03", "end": "00:05"},
                {"kind": "caption", "text": "Осторожно,\nгорячо!", "start": 6, "end": 8},
                {"kind": "progress"},
            ],
        },
        "test",
    )
    preset = PRESET.model_copy(update={"graphics": [PartnerLine(start=1)]})
    placed = {g.kind: g for g in graphics.schedule(brief, preset, longer(30, 3.5), [])}
    assert (placed["chapter"].start, placed["chapter"].end) == (3, 5)
    assert [[w.text for w in line] for line in placed["caption"].lines] == [["Осторожно,"], ["горячо!"]]
    assert (placed["progress"].start, placed["progress"].end) == (0, 30)
    assert (placed["partner_line"].start, placed["partner_line"].end) == (1, 30)


def test_a_graphic_that_does_not_exist_is_refused_with_what_there_is():
    for graphic in ({"kind": "sticker"}, {"kind": "quote"}, {"kind": "chapter", "text": "Цех", "size": 5}):
        with pytest.raises(WrongUse, match="graphics"):
            make_brief({"footage": [{"file": "a"}], "graphics": [graphic]}, "test")


def test_the_same_graphics_give_the_same_frames():
    everything = [
        g for name, g in GRAPHICS.items() if name in ("caption_word", "lower_third", "mark", "chapter", "quote")
    ]
    assert (drawn(*everything, frame=5) == drawn(*everything, frame=5)).all()


@pytest.mark.parametrize("over", ["picture", "blur", "plain"])
def test_a_long_word_before_the_number_shrinks_to_fit(over):
    preset = PRESET.model_copy(update={"title_card": PRESET.title_card.model_copy(update={"word": "Щ" * 20})})
    first = drawn(TitleCard(start=0, end=5, number=9999, title="Цех", over=over), preset=preset)
    second = drawn(TitleCard(start=0, end=5, title="Цех", over=over), preset=preset)
    columns = np.flatnonzero((np.abs(first[:1920].astype(int) - second[:1920]) > 60).any(axis=0))
    assert columns.max() < 890


@pytest.mark.parametrize("text", ["[гудок паровоза]", "(смех)", "— —"])
def test_what_nobody_says_never_lights_up(text):
    said = Caption(start=0, end=4, lines=words(text, 0, 4), style="word")
    assert all((drawn(said, frame=n) == drawn(said, frame=90)).all() for n in (10, 50, 80))


@pytest.mark.slow
def test_the_fullest_end_card_has_no_part_over_another_and_its_code_scans(tmp_path):
    """Each part's layer at rest: none touches another, all lie in the safe area."""
    for number in range(6):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((200, 900, 3), 40 * number, np.uint8))
    marks = [f"{number}.png" for number in range(6)]
    (tmp_path / "mine.toml").write_text(
        f"[series]\nname = '{'Открытая промышленность Москвы' * 2}'\npartner_marks = {marks}\n"
        f"partners = '{'Департамент промышленной политики ' * 5}'\n"
        f"[end_card]\ntext = '{'Смотри, чем живёт завод ' * 4}'\nfollowing = '{'Серия 4 — в пятницу ' * 4}'\n",
        "utf-8",
    )
    preset = presets.load(str(tmp_path / "mine.toml"))
    card = EndCard(start=0, end=5, link="https://vk.com/app51783?ref=" + "0123456789" * 15)
    frame = drawn(card, preset=preset, frame=120)
    assert cv2.QRCodeDetector().detectAndDecode(cv2.cvtColor(frame, cv2.COLOR_YUV2BGR_I420))[0] == card.link
    layers = EndCardKind().layers(card, look_of(preset))
    boxes = [
        (x + box[0], y + box[1], x + box[2], y + box[3])
        for x, y, box in ((n.x, n.y, n.image.getbbox()) for n in layers[1:])
    ]
    assert all(a >= 90 and b >= 260 and c <= 890 and d <= 1466 for a, b, c, d in boxes) and len(boxes) > 12
    for number, one in enumerate(boxes):
        for other in boxes[:number]:
            assert one[0] >= other[2] or other[0] >= one[2] or one[1] >= other[3] or other[1] >= one[3], (one, other)
