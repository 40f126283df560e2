"""Graphics keep clear of faces, of the platform's buttons and of each other."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import presets
from basis.boxes import Box
from basis.tools import Tools
from pipeline import episode, graphics, picture
from pipeline.brief import make_brief
from pipeline.graphics.blend import Overlay
from pipeline.graphics.onscreen import OnScreen
from pipeline.plan import Knot, Pane, Plan, Shot, Take, corners, take_shots
from presets import delivery
from presets.graphics import Caption, Chapter, LowerThird, Mark, Quote, TitleCard, Word
from tests.footage import Face, Scene, make

PRESET = presets.load("open-industry")
LOOK = graphics.Look.of(PRESET, graphics.Canvas.of(delivery.load("vk-clips")))
MIDDLE = 1290  # of a caption in its usual place
RATE = 25


def caption(start=0.0, end=4.0, text="Мы плавим сталь\nи днём и ночью", **more):
    lines = [[Word(text=w, start=start, end=end) for w in line.split()] for line in text.split("\n")]
    return Caption(start=start, end=end, lines=lines, **more)


def plan(*placed, layout="hold", seconds=5.0, cut=None):
    halves = [0.0, 960.0] if layout == "split" else [0.0]
    panes = [
        Pane(width=607.5, height=1080 / len(halves), path=[Knot(t=0, x=0, y=0)], onto=Box(x=0, y=y, width=1080, height=1920 / len(halves)))
        for y in halves
    ]  # fmt: skip
    edges = [0.0, *([cut] if cut else []), seconds]
    shots = [
        Shot(start=a, end=b, layout=layout, reason="", picture=Box(x=0, y=0, width=1920, height=1080), panes=panes)
        for a, b in zip(edges, edges[1:], strict=False)
    ]
    take = Take(file=Path("x"), fingerprint="", start=0, end=seconds, audio_stream=None, shots=shots)
    return Plan(
        made_by="test", preset="open-industry", delivery="vk-clips", rate=str(RATE), width=1080, height=1920, takes=[take], graphics=list(placed)
    )  # fmt: skip


def face(left, top, right, bottom, start=0.0, end=5.0, person=1):
    frames = np.arange(round(start * RATE), round(end * RATE))
    return OnScreen(person, frames, np.tile(np.array([left, top, right, bottom], float), (len(frames), 1)), np.ones(len(frames), bool))  # fmt: skip


def area(placed):
    """What a placed graphic covers: left, top, right, bottom."""
    drawn = graphics.draw(plan(placed), LOOK)
    boxes = [(g.x, g.y, g.x + g.clip.size[0], g.y + g.clip.size[1]) for g in drawn]
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)


def touch(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def test_a_caption_stands_in_its_usual_place_where_nobody_is():
    placed, warnings = graphics.place(plan(caption()), LOOK, [])
    assert placed[0].middle == MIDDLE and not warnings


PLACES = {
    "chin in the band": (300, 600, 780, 1230),
    "low face": (300, 900, 700, 1500),
    "face at the top": (300, 250, 700, 700),
}


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("style", ["block", "word", "pop"])
def test_a_caption_moves_to_where_no_face_is(name, style):
    placed, warnings = graphics.place(plan(caption(style=style)), LOOK, [face(*PLACES[name])])
    left, top, right, bottom = area(placed[0])
    assert not touch((left, top, right, bottom), PLACES[name]) and not warnings
    assert left >= 70 and right <= 890 and (1120 <= top <= bottom <= 1460 or 284 <= top <= bottom <= 720)


def test_a_face_that_leaves_no_place_is_reported():
    _, warnings = graphics.place(plan(caption()), LOOK, [face(0, 100, 1080, 1700)])
    assert "caption at 0.0 s covers a face" in warnings[0].text


def test_a_face_that_has_gone_or_not_come_yet_moves_no_caption():
    others = [face(*PLACES["low face"], start=4.1), face(*PLACES["low face"], end=0.9)]
    placed, _ = graphics.place(plan(caption(1.0, 4.0)), LOOK, others)
    assert placed[0].middle == MIDDLE


def test_a_caption_with_no_place_through_a_cut_moves_on_the_cut():
    faces = [face(300, 500, 700, 1100, end=2.0), face(300, 1000, 700, 1500, start=2.0)]
    blocking = face(300, 370, 700, 600, end=2.0)
    placed, warnings = graphics.place(plan(caption(), cut=2.0), LOOK, [*faces, blocking])
    assert [(g.start, g.end) for g in placed] == [(0, 2), (2, 4)] and placed[0].lines == placed[1].lines
    assert placed[0].middle > 1100 and placed[1].middle < 800 and not warnings


def test_captions_of_one_shot_stay_in_one_place_and_return_after_the_cut():
    said = [caption(0, 1.4), caption(1.5, 2.4), caption(2.6, 4)]
    placed, _ = graphics.place(plan(*said, cut=2.5), LOOK, [face(*PLACES["low face"], end=1.4)])
    assert placed[0].middle < 700 and placed[1].middle == placed[0].middle and placed[2].middle == MIDDLE


def test_a_caption_that_its_file_wants_at_the_top_is_there():
    placed, _ = graphics.place(plan(caption(band="upper")), LOOK, [])
    assert area(placed[0])[3] <= 720


def test_a_place_that_the_editor_gave_is_kept():
    placed, _ = graphics.place(plan(caption(middle=1180)), LOOK, [face(*PLACES["low face"])])
    assert placed[0].middle == 1180


def test_in_a_split_captions_stand_on_the_seam_and_names_elsewhere():
    name = LowerThird(start=0, end=4, name="Анна Орлова", role="Сталевар")
    placed, warnings = graphics.place(plan(caption(), name, layout="split"), LOOK, [])
    assert placed[0].middle == 960 and not touch(area(placed[0]), area(placed[1])) and not warnings


def test_in_a_split_a_low_upper_face_sends_the_caption_off_the_seam():
    faces = [face(300, 500, 700, 940), face(300, 1200, 700, 1500)]
    placed, warnings = graphics.place(plan(caption(), layout="split"), LOOK, faces)
    assert not any(touch(area(placed[0]), (300, y, 700, b)) for y, b in ((500, 940), (1200, 1500))) and not warnings


@pytest.mark.parametrize("title", ["Цех", "Династия сталеваров", "Электрогазосварщица шестого разряда и её сыновья"])
def test_title_and_caption_share_the_screen_below_the_chin(title):
    """The title's text, not its soft ground, by the light that it adds."""
    chin = (330, 500, 750, 900)
    placed, warnings = graphics.place(plan(TitleCard(start=0, end=4, number=3, title=title), caption()), LOOK, [face(*chin)])  # fmt: skip
    made = plan(*placed)
    out = picture.blank(made)
    Overlay(graphics.draw(made, LOOK), 1080, 1920, Fraction(RATE)).blend(out, 60)
    rows = np.flatnonzero((out[:1920] > 150).any(axis=1))
    assert rows.min() > chin[3] and rows.max() < 1460 and not warnings


@pytest.mark.parametrize("title", ["Цех", "Город, в котором живут сталевары и их большие семьи"])
def test_a_title_stays_in_the_safe_area_when_captions_are_at_the_top(title):
    faces = [face(x, 1100, x + 110, 1350) for x in (60, 300, 560, 800)]
    card = TitleCard(start=0, end=4, number=12, title=title)
    placed, _ = graphics.place(plan(Mark(start=0, end=5), card, caption()), LOOK, faces)
    assert area(placed[2])[3] < 720
    alone = graphics.draw(plan(placed[1]), LOOK)
    frame = np.full((2880, 1080), 110, np.uint8)
    Overlay(alone, 1080, 1920, Fraction(RATE)).blend(frame, 60)
    rows = np.flatnonzero((frame[:1920, 90:890] > 150).any(axis=1))
    assert rows.min() > area(placed[2])[3] and rows.max() <= 1460


def test_captions_of_a_still_shot_do_not_jump_because_a_name_comes():
    low = [face(300, 1150, 700, 1500, end=2.0)]
    name = LowerThird(start=2.2, end=4, name="Анна")
    placed, _ = graphics.place(plan(caption(0, 1.9), caption(2, 4), name), LOOK, low)
    assert placed[0].middle < 700 and abs(placed[1].middle - placed[0].middle) < 60


NAMES = {
    "nobody": [],
    "chin": [(330, 500, 750, 1150)],
    "left": [(60, 900, 460, 1400)],
    "low": [(300, 940, 760, 1460)],
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_covers_no_face_and_no_caption(name):
    lower = LowerThird(start=0, end=4, name="Анна Орлова", role="Инженер-технолог")
    placed, warnings = graphics.place(plan(lower, caption()), LOOK, [face(*box) for box in NAMES[name]])
    covered = area(placed[0])
    assert not any(touch(covered, box) for box in [*NAMES[name], area(placed[1])]) and not warnings


@pytest.mark.parametrize("spec", delivery.names())
@pytest.mark.parametrize("top", range(500, 1000, 100))
def test_a_name_keeps_to_the_safe_area_when_captions_are_at_the_top(spec, top):
    look = graphics.Look.of(PRESET, graphics.Canvas.of(delivery.load(spec)))
    lower = LowerThird(start=0, end=4, name="Анна Орлова", role="Инженер-технолог")
    placed, _ = graphics.place(plan(lower, caption()), look, [face(300, top, 760, 1500)])
    assert area(placed[0])[1] >= look.canvas.top


def test_small_graphics_keep_out_of_each_others_way():
    everything = [
        Mark(start=0, end=5), Chapter(start=0, end=5, text="Литейный цех", number=3), caption(band="upper"),
        LowerThird(start=0, end=5, name="Анна Орлова"),
    ]  # fmt: skip
    placed, warnings = graphics.place(plan(*everything), LOOK, [])
    boxes = [area(g) for g in placed]
    assert not any(touch(a, b) for n, a in enumerate(boxes) for b in boxes[:n]) and not warnings


def test_captions_leave_a_quote_over_the_picture_alone():
    quote = Quote(start=0, end=5, text="Печь не гаснет", author="Иван", over="picture")
    placed, warnings = graphics.place(plan(quote, caption()), LOOK, [face(300, 700, 700, 1000)])
    assert area(placed[1])[3] < 720 and not warnings


CARDS = {
    "quote over blur": Quote(start=0, end=5, text="Печь не гаснет никогда. " * 6, author="Анна Орлова"),
    "title over blur": TitleCard(start=0, end=5, number=3, title="Электрогазосварщица шестого разряда", over="blur"),
    "title on a plain ground": TitleCard(start=0, end=5, number=3, title="Династия сталеваров", over="plain"),
}


@pytest.mark.parametrize("layout", ["hold", "split"])
@pytest.mark.parametrize("name", CARDS)
def test_captions_keep_off_the_text_of_a_card_and_need_not_mind_faces_behind_it(name, layout):
    placed, warnings = graphics.place(plan(CARDS[name], caption(), layout=layout), LOOK, [face(300, 900, 700, 1500)])
    top = area(placed[1])[1]
    frame = picture.blank(plan())
    Overlay(graphics.draw(plan(placed[0]), LOOK), 1080, 1920, Fraction(RATE)).blend(frame, 60)
    light = np.flatnonzero((frame[:1920, 90:890] > 150).any(axis=1))
    assert top >= 1100 and light.max() < top and not warnings


@pytest.mark.parametrize("seam", [576.0, 960.0, 1344.0])
def test_a_caption_of_a_split_stays_inside_the_safe_area_wherever_the_seam_is(seam):
    made = plan(caption(), layout="split")
    panes = [
        pane.model_copy(update={"onto": Box(x=0, y=y, width=1080, height=h)})
        for pane, y, h in zip(made.takes[0].shots[0].panes, (0.0, seam), (seam, 1920 - seam), strict=True)
    ]
    made.takes[0].shots[0] = made.takes[0].shots[0].model_copy(update={"panes": panes})
    for faces in ([], [face(300, seam - 300, 700, seam - 4)]):
        (placed,), warnings = graphics.place(made, LOOK, faces)
        assert area(placed)[1] >= 284 and area(placed)[3] <= 1460 and not warnings


BOX = st.tuples(st.integers(0, 900), st.integers(150, 1500), st.integers(60, 500), st.integers(60, 600))


@settings(deadline=None, max_examples=60)
@given(st.lists(BOX, max_size=4), st.sampled_from(["block", "word", "pop"]), st.booleans())
def test_wherever_faces_are_captions_stay_safe_and_clear_or_it_is_said(boxes, style, titled):
    faces = [face(x, y, x + w, y + h) for x, y, w, h in boxes]
    said = [TitleCard(start=0, end=4, number=1, title="Цех")] * titled + [caption(style=style)]
    placed, warnings = graphics.place(plan(*said), LOOK, faces)
    covered = area(placed[-1])
    assert covered[0] >= 70 and covered[2] <= 890 and covered[1] >= 284 and covered[3] <= 1460
    if not any("caption" in w.text for w in warnings):
        assert not any(touch(covered, (x + 0.05 * w, y + 0.05 * h, x + w * 0.95, y + h * 0.95)) for x, y, w, h in boxes)


def test_a_person_is_named_when_first_seen_and_no_longer_than_seen():
    people = [{"name": "Анна"}, {"name": "Борис"}]
    brief = make_brief({"footage": [{"file": "a"}], "people": people}, "test")
    faces = [face(1, 1, 9, 9, 2.0, 12.0), face(1, 1, 9, 9, 14.0, 16.0, person=2)]
    made = plan(seconds=20.0)
    placed = graphics.schedule(brief, PRESET, made, faces)
    names = {g.name: (g.start, g.end) for g in placed if isinstance(g, LowerThird)}
    assert names["Анна"] == pytest.approx((2.2, 5.7)) and names["Борис"] == pytest.approx((14.2, 16.0))


def test_a_number_of_the_sheet_or_a_side_says_who_is_meant():
    made = plan(seconds=20.0)
    somebody = [{"person": n, "box": {"x": x, "y": 1, "width": 9, "height": 9}} for n, x in ((1, 50), (2, 5))]
    made.takes[0].shots[0] = (
        made.takes[0].shots[0].model_validate(made.takes[0].shots[0].model_dump() | {"faces": somebody})
    )
    faces = [face(1, 1, 9, 9, 1.0, 6.0), face(1, 1, 9, 9, 9.0, 16.0, person=2)]
    for person, start in (({"person": 2}, 9.2), ({"side": "left"}, 9.2), ({"side": "right"}, 1.2), ({}, 1.2)):
        brief = make_brief({"footage": [{"file": "a"}], "people": [{"name": "Анна"} | person]}, "test")
        placed = graphics.schedule(brief, PRESET, made, faces)
        assert [g.start for g in placed if isinstance(g, LowerThird)] == [pytest.approx(start)], person


def test_nobody_is_named_while_a_card_fills_the_screen():
    brief = make_brief(
        {
            "footage": [{"file": "a"}],
            "people": [{"name": "Анна", "at": 5}],
            "graphics": [{"kind": "quote", "text": "Печь не гаснет", "start": "00:04", "end": 8}],
        },
        "test",
    )
    placed = graphics.schedule(brief, PRESET, plan(seconds=20.0), [])
    assert [g.start for g in placed if isinstance(g, LowerThird)] == [pytest.approx(8.3)]


SAID = (
    "Я пришла на завод сразу после института. Здесь работал мой дед, потом отец. Цех я знаю с детства, и каждый станок "
    "в нём мне родной. Теперь моя дочь учится на технолога."
)
SCENES = [  # near and far, low, beside each other, many, and some who move
    Scene(2.6, [Face(lambda t: 0.3 + 0.09 * t, height=0.3, talks=[(0.3, 2.4)])], seed=1),
    Scene(2.6, [Face(0.4, height=0.2, top=0.62)], seed=3),
    Scene(2.6, [Face(0.2, height=0.3, talks=[(0.2, 1.2)]), Face(0.8, height=0.3, who=1, talks=[(1.3, 2.4)])], seed=4),
    Scene(2.6, [Face(0.38, height=0.25, top=0.5), Face(0.6, height=0.25, top=0.52, who=1)], seed=5),
    Scene(2.6, [Face(0.14 + 0.23 * n, height=0.2, top=0.3 + 0.1 * (n % 2), who=n) for n in range(4)], seed=7),
    Scene(2.6, [Face(0.5, height=0.3, top=lambda t: 0.2 + 0.06 * t, who=2)], seed=9),
]
SECONDS = 15.6


@pytest.fixture(scope="module")
def spoken_over(tmp_path_factory):
    """Footage of SCENES with captions from one end to the other: (folder, footage with its truth)."""
    folder = tmp_path_factory.mktemp("spoken-over")
    words, rows = SAID.split(), []
    for number in range(int(SECONDS / 1.3)):
        text = " ".join(words[number * 2 : number * 2 + 2])
        start, end = number * 1.3 + 0.05, number * 1.3 + 1.25
        rows.append(f"{number + 1}\n00:00:{start:06.3f} --> 00:00:{end:06.3f}\n{text}\n".replace(".", ",", 2))
    (folder / "words.srt").write_text("\n".join(rows), "utf-8")
    return folder, make(folder / "long.mp4", SCENES)


def truth(made_plan, video):
    """For each frame the faces' true boxes on screen: left, top, right, bottom."""
    boxes = []
    take = made_plan.takes[0]
    for shot, first, last in take_shots(made_plan, take):
        for number in range(first, last):
            places = corners(shot, np.array([take.start + number / RATE]))[0]
            seen = []
            for x, y, w, h in video.boxes[number]:
                for pane, (left, top) in zip(shot.panes, places, strict=True):
                    onto = pane.onto
                    scale = onto.width / pane.width
                    box = [onto.x + (x - left) * scale, onto.y + (y - top) * scale, onto.x + (x + w - left) * scale, onto.y + (y + h - top) * scale]  # fmt: skip
                    box = [max(box[0], onto.x), max(box[1], onto.y), min(box[2], onto.right), min(box[3], onto.bottom)]
                    if box[2] - box[0] > 4 and box[3] - box[1] > 4:
                        seen.append(box)
            boxes.append(seen)
    return boxes


@pytest.mark.slow
@pytest.mark.parametrize("style", ["block", "word", "pop"])
def test_all_through_an_episode_captions_and_names_are_safe_and_off_the_faces(style, spoken_over):
    folder, video = spoken_over
    file = folder / f"{style}.toml"
    file.write_text(f"[series]\nname = 'Завод'\n[captions]\nstyle = '{style}'\n", "utf-8")
    brief = make_brief(
        {
            "footage": [{"file": video.file}], "captions": folder / "words.srt", "number": 3, "title": "Династия",
            "people": [{"name": "Анна Орлова", "role": "Сталевар", "at": 4}], "preset": str(file),
        },
        "test",
    )  # fmt: skip
    made, warnings = episode.plan(brief, Tools(cache=folder / "cache"))
    assert not [note.text for note in warnings if note.code == "no-place"]
    assert {type(g) for g in made.graphics} >= {Caption, TitleCard, LowerThird, Mark}
    texts = [g for g in made.graphics if isinstance(g, Caption | LowerThird)]
    assert len(texts) > 8
    look = graphics.Look.of(presets.load(str(file)), LOOK.canvas)
    overlay = Overlay(graphics.draw(made.model_copy(update={"graphics": texts}), look), 1080, 1920, Fraction(RATE))
    for number, faces in [*enumerate(truth(made, video))][::6]:
        frame = np.full((2880, 1080), 110, np.uint8)
        overlay.blend(frame, number)
        drawn = frame[:1920] != 110
        rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
        if len(rows):
            assert rows[0] >= 284 and rows[-1] < 1460 and columns[0] >= 70 and columns[-1] < 890, number
        for left, top, right, bottom in faces:
            assert not drawn[round(top) : round(bottom), round(left) : round(right)].any(), (
                number,
                left,
                top,
                right,
                bottom,
            )
