"""Type as it is seen: inside its width, never a box, as heavy on dark as on light, in its language's direction."""

import shutil
import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFont, features

import presets
from pipeline import typesetting as text

BOLD, MEDIUM = ("ManropeExtraBold",), ("ManropeSemiBold",)
SPARE = "fonts/DejaVuSans-Bold.ttf"
PANGRAM = "Съешь ещё этих мягких французских булок, да выпей чаю"
LONG = "щ" * 60
shaped = pytest.mark.skipif(not features.check("raqm"), reason="this Pillow has no libraqm or finds no FriBiDi")


@pytest.fixture
def plain(monkeypatch):
    """Pillow as where libraqm or FriBiDi is missing."""
    monkeypatch.setattr(features, "check", lambda name: False)


def drawn(
    line, fonts=MEDIUM, size=64, fill="#FFFFFF", ground="#000000", shape=(1200, 160), at=(60, 40), stroke=0, stroke_colour=""
):  # fmt: skip
    """Luma 0..1 of a line on a plain ground, over its stroke where it has one."""
    image = Image.new("RGBA", shape, ground)
    if stroke:
        text.write(image, at, line, fonts, size, stroke_colour, stroke)
    text.write(image, at, line, fonts, size, fill)
    return np.asarray(image.convert("L")) / 255


def ink(line, **how):
    """The picture of a line cut to its ink."""
    seen = drawn(line, **how)
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    return seen[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if len(rows) else np.zeros((0, 0))


def boxes():
    """What each font draws for a character that it lacks."""
    for name in (*MEDIUM, *text.FALLBACKS):
        font = ImageFont.truetype(str(presets.font_file(name)), 64, layout_engine=ImageFont.Layout.BASIC)
        mask = font.getmask("\U0010ffff")
        box = np.asarray(mask, np.uint8).reshape(mask.size[::-1])
        assert box.any()
        yield box[np.ix_(box.any(axis=1), box.any(axis=0))]


WORDS = st.one_of(
    st.text("абвгдеёжзийклмнопрстуфхцчшщъыьэюяАБВЩЪЫЬ", min_size=1, max_size=12),
    st.text("abcdefgxyzABCWM0123456789-/.,«»№₽—…", min_size=1, max_size=12),
    st.sampled_from(
        [LONG, "W" * 40, "Инженер-технолог-конструктор", "к\u0301о\u0301т", "😀", "♪", "👨‍👩‍👧", "❤️", "שלום", "مرحبا"]
    ),
)
TEXTS = st.lists(st.tuples(WORDS, st.sampled_from([" ", "\u00a0", "\n", "  "])), max_size=9).map(
    lambda parts: "".join(word + space for word, space in parts)
)


@given(TEXTS, st.integers(22, 110), st.integers(200, 820))
@settings(max_examples=60, deadline=None)
def test_no_line_is_wider_than_asked(said, size, widest):
    for line in text.wrap(said, BOLD, size, widest):
        assert text.width(line, BOLD, size) <= widest
    lines, smaller = text.fit(said, BOLD, size, widest, 2, 22)
    assert min(size, 22) <= smaller <= size
    assert all(text.width(line, BOLD, smaller) <= widest for line in lines)


@given(TEXTS, st.integers(22, 110), st.integers(200, 820))
@settings(max_examples=50, deadline=None)
def test_no_letter_is_lost_and_none_moves(said, size, widest):
    def letters(lines):
        return [c for c in unicodedata.normalize("NFC", "".join(lines)) if c.isalnum()]

    for lines in (text.wrap(said, BOLD, size, widest), text.fit(said, BOLD, size, widest, 3, 22)[0]):
        assert letters(lines) == letters([said])


def test_type_shrinks_before_a_word_is_broken():
    role = "Электрогазосварщица-наставница"
    assert text.broken(role, BOLD, 90, 600)
    lines, size = text.fit(role, BOLD, 90, 600, 2, 24)
    assert lines == [role] and 24 < size < 90 and not text.broken(role, BOLD, size, 600)
    assert text.width(role, BOLD, size + 4) > 600


def test_a_word_of_sixty_letters_is_broken_with_hyphens_at_the_smallest_size():
    lines, size = text.fit(LONG, BOLD, 90, 400, 1, 31)
    assert size == 31 and len(lines) > 1
    assert all(line.endswith("-") for line in lines[:-1]) and not lines[-1].endswith("-")
    assert "".join(lines).replace("-", "") == LONG
    assert all(text.width(line, BOLD, size) <= 400 for line in lines)


BREAKS = {
    "after its own hyphen, without another": ("Инженер-конструктор", 330, ["Инженер-", "конструктор"]),
    "no line begins with a soft sign": ("Мельница", 130, ["Ме-", "льн-", "ица"]),
}


@pytest.mark.parametrize("name", BREAKS)
def test_where_a_word_is_broken(name):
    word, widest, lines = BREAKS[name]
    assert text.wrap(word, MEDIUM, 48, widest) == lines


def test_lines_are_balanced_and_newlines_are_kept():
    lines, _ = text.fit("Один день из жизни тех, кто её кормит", BOLD, 60, 700, 2, 40)
    one, two = (text.width(line, BOLD, 60) for line in lines)
    assert abs(one - two) < 0.3 * max(one, two)
    assert text.fit("Да.\nНет, и ещё раз нет", BOLD, 40, 900, 3, 30)[0] == ["Да.", "Нет, и ещё раз нет"]


def test_a_line_never_ends_in_a_short_preposition_or_at_a_no_break_space():
    for widest in range(260, 700, 20):
        for line in text.wrap("Он был в\u00a0цехе с утра и за 10\u00a0₽ сидел до ночи", MEDIUM, 48, widest)[:-1]:
            assert line.split()[-1] not in ("в", "с", "и", "за", "10", "до")


@pytest.mark.parametrize("c", "ЁёЙй№₽«»„“—–…♪♫★→✓☎⚠❤😀ҚқҒғӘәᴧשםעلمIІ°×−·•")
def test_no_character_is_drawn_as_a_box(c):
    if unicodedata.bidirectional(c) in ("R", "AL") and not features.check("raqm"):
        pytest.skip("this Pillow cannot shape text")
    assert text.missing(c, MEDIUM) == ""
    seen = ink(c)
    assert seen.any()
    for box in boxes():
        assert seen.shape != box.shape or np.abs(seen - (box / 255) ** text.LIGHT_TYPE).mean() > 0.02


@pytest.mark.parametrize("space", [" ", "\u00a0", "\u2009", "\u202f", "\u2007", "\u2003", "\u3000", "\t"])
def test_spaces_have_width_and_no_ink(space):
    assert np.array_equal(ink(space), np.zeros((0, 0))) and text.missing(space, MEDIUM) == ""
    assert text.width(f"а{space}б", MEDIUM, 64) > text.width("аб", MEDIUM, 64) + 5


@pytest.mark.parametrize("c", ["\ufe0f", "\u200d", "\u200b", "\u00ad", "\u2060", "\u200e", "\u200f", "\ufeff", "\x07"])
def test_what_cannot_be_seen_is_neither_drawn_nor_reported(c):
    assert text.missing(f"аб{c}в", MEDIUM) == "" and text.missing(c, MEDIUM) == ""
    assert np.array_equal(drawn(f"аб{c}в"), drawn("абв")) and not drawn(c).any()


SEQUENCES = {
    "one too new": ("Ура 🙂!", "🙂", "Ура !"),
    "a family": ("а 👨‍👩‍👧 б", "👨‍👩‍👧", "а б"),
    "a skin": ("👍🏽 да", "👍🏽", "да"),
    "a flag, a word": ("да 🇷🇺", "🇷🇺", "да"),
    "a flag of tags": ("да 🏴\U000e0067\U000e0062\U000e007f", "🏴\U000e0067\U000e0062\U000e007f", "да"),
    "a key": ("1️⃣ раз", "1️⃣", "раз"),
    "burning, although there is a heart": ("❤️‍🔥 да ❤️‍🔥", "❤️‍🔥", "да"),
    "a face with a skin": ("😀🏽 да", "😀🏽", "да"),
    "emoji style of what there is": ("да ❤️", "", "да ❤"),
}


@pytest.mark.parametrize("name", SEQUENCES)
def test_an_emoji_sequence_is_drawn_whole_or_left_out_whole_and_reported(name):
    said, reported, instead = SEQUENCES[name]
    assert text.missing(said, MEDIUM) == reported
    assert np.array_equal(drawn(said), drawn(instead))
    assert text.width(said, MEDIUM, 64) == text.width(instead, MEDIUM, 64)


def test_a_word_of_which_nothing_is_drawn_takes_no_line():
    assert text.wrap("🙂 Ура 🙂🔥", MEDIUM, 64, 130) == ["Ура"]


@pytest.mark.parametrize(("one", "other"), [("и\u0306од", "йод"), ("Е\u0308лка", "Ёлка")])
def test_letters_in_two_parts_look_like_letters_in_one(one, other):
    assert np.array_equal(drawn(one), drawn(other)) and text.width(one, MEDIUM, 64) == text.width(other, MEDIUM, 64)


@pytest.mark.parametrize("word", ["замо\u0301к", "ҳамкор"])
def test_a_word_that_the_first_font_has_not_whole_is_drawn_in_one_that_has(word):
    assert np.array_equal(drawn(word), drawn(word, fonts=("RobotoMedium",)))
    assert text.missing(word, MEDIUM) == ""


def test_a_letter_whose_mark_no_font_has_is_drawn_without_it_and_reported():
    marked = "а\U0001da00"
    assert text.missing(f"да {marked}", MEDIUM) == marked
    assert np.array_equal(drawn(f"да {marked}"), drawn("да а"))


def test_the_presets_extra_fonts_come_before_the_others():
    type_ = presets.Type(bold="ManropeBold", medium="ManropeMedium", extra=[SPARE])
    assert text.chain(type_, "bold") == ("ManropeBold", SPARE) and text.chain(type_, "medium")[0] == "ManropeMedium"
    assert np.array_equal(ink("ҳ", fonts=text.chain(type_, "bold")), ink("ҳ", fonts=(SPARE,)))
    assert not np.array_equal(ink("ҳ", fonts=("ManropeBold",)), ink("ҳ", fonts=(SPARE,)))


def test_a_font_may_be_a_file_anywhere(tmp_path):
    file = shutil.copy(presets.font_file("ManropeSemiBold"), tmp_path / "наш.ttf")
    assert np.array_equal(drawn("Ёж", fonts=(str(file),)), drawn("Ёж"))


VARIABLE = "ManropeVariableFont_wght"


@pytest.mark.parametrize(("weight", "like"), [("bold", "ManropeExtraBold"), ("medium", "ManropeSemiBold")])
def test_a_variable_font_is_drawn_in_the_weight_of_its_role(tmp_path, weight, like):
    file = shutil.copy(presets.font_file(VARIABLE), tmp_path / "наш[wght].ttf")
    fonts = text.chain(presets.Type(bold=str(file), medium=str(file)), weight)
    assert text.called(fonts[0]) == "наш[wght].ttf"
    assert text.width(PANGRAM, fonts, 64) == pytest.approx(text.width(PANGRAM, (like,), 64), rel=0.01)
    assert drawn("Ёлка", fonts=fonts).sum() == pytest.approx(drawn("Ёлка", fonts=(like,)).sum(), rel=0.02)
    assert drawn("Ёлка", fonts=fonts).sum() > 1.3 * drawn("Ёлка", fonts=(VARIABLE,)).sum()


def test_letters_that_another_font_draws_are_told_and_signs_are_not():
    assert text.borrowed("замок ҳ ♪ 5", MEDIUM) == {"ҳ": "RobotoMedium"}
    assert text.borrowed("замок ҳ ♪ 5", (*MEDIUM, "RobotoMedium")) == {} == text.borrowed(PANGRAM, BOLD)


def test_runs_of_different_fonts_follow_each_other_without_gap_or_overlap():
    apart = [text.width(part, MEDIUM, 64) for part in ("Нота ", "♪", " тут")]
    assert text.width("Нота ♪ тут", MEDIUM, 64) == pytest.approx(sum(apart))
    columns = np.flatnonzero(drawn("Нота ♪").any(axis=0))
    assert columns[-1] == pytest.approx(60 + sum(apart[:2]), abs=64 * 0.15)


DIRECTIONS = {
    "Привет": False,
    "שלום": True,
    "مرحبا Иван": True,
    "Иван שלום": False,
    "25 שלום": True,
    "25 !": False,
    "": False,
    "\u200f25": True,
}


@pytest.mark.parametrize("line", DIRECTIONS)
def test_the_first_letter_says_where_a_line_begins(line):
    assert text.right_to_left(line) is DIRECTIONS[line]


@shaped
@pytest.mark.parametrize(("line", "first"), [("שלום עולם", "ש"), ("לחם טוב 25 (כן)!", "ל")])
def test_a_line_from_right_to_left_begins_at_its_right_end(line, first):
    glyph, whole = ink(first), ink(line)
    height = min(len(glyph), len(whole))
    assert text.missing(line, MEDIUM) == ""
    strip = whole[:, -glyph.shape[1] :]
    found = [strip[top : top + height] for top in range(len(whole) - height + 1)]
    assert min(np.abs(part - glyph[:height]).mean() for part in found) < 0.08


@shaped
def test_arabic_letters_are_joined():
    assert text.missing("مرحبا", MEDIUM) == ""
    apart = sum(text.width(c, MEDIUM, 64) for c in "مرحبا")
    assert text.width("مرحبا", MEDIUM, 64) < 0.9 * apart
    assert not np.array_equal(drawn("مرحبا"), drawn("ابحرم"))


@shaped
@pytest.mark.parametrize(
    ("mixed", "order"),
    [
        ("שלום 10,5 ҪᴥҪ עולם", ["עולם", "ҪᴥҪ", "10,5", "שלום"]),
        ("שלום ҪᴥҪ 10,5 עולם", ["עולם", "ҪᴥҪ", "10,5", "שלום"]),
        ("ᴥ שלום 12 עולם ᴥ", ["ᴥ", "עולם", "12", "שלום", "ᴥ"]),
    ],
)
def test_words_from_right_to_left_keep_their_order_where_no_font_has_the_whole_line(mixed, order):
    """Compares with the words written one by one from the left, each as it looks alone."""
    image = Image.new("RGBA", (1200, 160), "#000000")
    x = 60.0
    fonts = (SPARE,)  # one font for the spaces of both
    for word in order:
        text.write(image, (x, 40), word, fonts, 64, "#FFFFFF")
        x += text.width(word, fonts, 64) + text.width(" ", fonts, 64)
    seen, wanted = drawn(mixed, fonts=fonts), np.asarray(image.convert("L")) / 255
    assert np.abs(seen - wanted).sum() < 0.15 * wanted.sum()


@shaped
def test_every_line_of_a_paragraph_runs_its_way():
    lines = text.wrap("שלום לכולם Иван Петрович", MEDIUM, 64, 360)
    assert len(lines) > 1 and all(map(text.right_to_left, lines))
    assert not any(map(text.right_to_left, text.wrap("Иван Петрович שלום לכולם", MEDIUM, 64, 360)))


@pytest.mark.parametrize("ground", ["#000000", "#15181B", "#506070"])
@pytest.mark.parametrize("size", [34, 64, 104])
def test_a_stroke_takes_no_weight_from_the_letters(ground, size):
    with_it = drawn(PANGRAM[:18], BOLD, size, ground=ground, stroke_colour=ground, stroke=max(2, size // 12))
    without = drawn(PANGRAM[:18], BOLD, size, ground=ground)
    assert (with_it - with_it.min()).sum() == pytest.approx((without - without.min()).sum(), rel=0.02)


def test_a_stroke_lies_around_the_letters_with_round_joins():
    image = Image.new("RGBA", (300, 200), (0, 0, 0, 0))
    text.write(image, (60, 40), "Г", BOLD, 100, "#102030", 12)
    text.write(image, (60, 40), "Г", BOLD, 100, "#FFFFFF")
    pixels = np.asarray(image).astype(int)
    light = pixels[:, :, 0] > 200
    rows, columns = np.flatnonzero(light.any(axis=1)), np.flatnonzero(light.any(axis=0))
    around = pixels[:, :, 3] > 128
    assert np.flatnonzero(around.any(axis=0))[0] == pytest.approx(columns[0] - 12, abs=1)
    assert np.flatnonzero(around.any(axis=1))[0] == pytest.approx(rows[0] - 12, abs=1)
    assert not around[rows[0] - 11 : rows[0] - 9, columns[0] - 11 : columns[0] - 9].any()  # a mitred corner is full
    edge = pixels[(pixels[:, :, 3] > 0) & (pixels[:, :, 3] < 200)]
    assert np.abs(edge[:, :3] - (0x10, 0x20, 0x30)).max() < 12  # no fringe of another colour where it fades out


@pytest.mark.parametrize("fonts", [("ManropeLight",), MEDIUM])
@pytest.mark.parametrize("size", [22, 36, 64])
def test_light_type_on_dark_is_not_thinner_than_dark_on_light(fonts, size):
    light = drawn(PANGRAM[:20], fonts, size).mean()
    dark = (1 - drawn(PANGRAM[:20], fonts, size, fill="#000000", ground="#FFFFFF")).mean()
    assert dark < light < 1.25 * dark


@pytest.mark.parametrize("stroke", [0, 9])
@pytest.mark.parametrize("line", ["ЁЙЩцруф «Ёж», 10 ₽", "♪ 😀 ★ y", "ҚҒ замо\u0301к"])
@pytest.mark.parametrize("size", [22, 64, 120])
def test_nothing_is_drawn_outside_the_line_box(line, stroke, size):
    how = {"stroke_colour": "#FF0000", "stroke": stroke} if stroke else {}
    seen = drawn(line, BOLD, size, shape=(1700, 240), at=(60.4, 40.0), **how)
    room = stroke + 0.04 * size  # a round letter reaches a little beyond its advance
    left, right = int(60.4 - room), int(60.4 + text.width(line, BOLD, size) + room) + 1
    top, bottom = 39 - stroke, int(40 + size * text.LEADING + stroke) + 1  # hinting rounds to whole pixels
    assert seen[top:bottom, left:right].any()
    seen[top:bottom, left:right] = 0
    assert not seen.any()


@pytest.mark.parametrize("at", [(-40, -20), (260, 90), (5000, 0), (-5000, -5000)])
def test_a_line_that_leaves_the_picture_is_cut_at_its_edge(at):
    large = drawn("Ёлка", shape=(900, 600), at=(300 + at[0], 200 + at[1])) if abs(at[0]) < 300 else np.zeros((600, 900))
    assert np.array_equal(drawn("Ёлка", shape=(300, 120), at=at), large[200:320, 300:600])


@pytest.mark.parametrize("size", range(22, 121, 14))
def test_every_size_is_drawn_in_pixels_of_its_own(size):
    """Edges are one pixel wide at any size; type that was scaled up has soft ones."""
    seen = drawn("Н", BOLD, size, at=(60, 20))
    row = seen[int(20 + size * 0.75)]
    assert ((row > 0.02) & (row < 0.98)).sum() <= 4


@pytest.mark.parametrize("line", [PANGRAM, "«Ёлочки», № 5 за 10 ₽ — …", "Ура 😀 ♪ ★", "замо\u0301к ҳ"])
def test_without_libraqm_what_runs_from_left_to_right_is_drawn(plain, line):
    assert text.missing(line, MEDIUM) == ""
    columns = np.flatnonzero(drawn(line, shape=(2400, 160)).any(axis=0))
    assert columns[-1] == pytest.approx(60 + text.width(line, MEDIUM, 64), abs=8)


@pytest.mark.parametrize("c", ["\u200d", "\ufe0f", "\u00ad"])
def test_without_libraqm_what_cannot_be_seen_is_not_drawn(plain, c):
    assert np.array_equal(drawn(f"аб{c}в"), drawn("абв"))


def test_without_libraqm_what_runs_from_right_to_left_is_left_out_and_reported(plain):
    assert text.missing("Он: שלום!", MEDIUM) == "שלום" and text.missing("مرحبا", MEDIUM) == "مرحبا"
    assert np.array_equal(drawn("Он: שלום!"), drawn("Он: !"))
    for line in ("שלום עולם", "سلام\u200cخانم می\u200cخواهم"):
        assert not drawn(line).any() and text.width(line, MEDIUM, 64) == 0


def test_without_libraqm_lines_keep_their_width_and_long_words_break(plain):
    lines, size = text.fit(f"{PANGRAM} {LONG} 😀", BOLD, 90, 500, 2, 40)
    assert size == 40 and all(text.width(line, BOLD, size) <= 500 for line in lines)
    assert any(line.endswith("щ-") for line in lines)


def test_without_libraqm_a_stroke_takes_no_weight_from_the_letters(plain):
    with_it = drawn("Ёлка", BOLD, stroke_colour="#000000", stroke=6)
    assert with_it.sum() == pytest.approx(drawn("Ёлка", BOLD).sum(), rel=0.02)
