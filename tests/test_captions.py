"""Caption files in, readable captions out."""

import contextlib
import json
import struct
from collections import Counter
from itertools import pairwise
from types import SimpleNamespace

import ffmpeg
import pysubs2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import presets
from basis.errors import Unusable, WrongUse
from pipeline import captions as captions_
from pipeline import episode, typesetting
from pipeline.brief import Footage, make_brief
from pipeline.captions import cutting, of_text, read, reading, subtitles
from pipeline.captions.cues import SHORTEST, Cue
from pipeline.captions.cutting import LINE_WIDTH, LONGEST, Column
from pipeline.captions.formats import format_of
from pipeline.captions.readability import LATE, readable
from pipeline.captions.reading import read_captions
from pipeline.footage import ffmpeg_tool, source
from pipeline.stretch import Stretch
from pipeline.typesetting import keeps_together
from presets.graphics import Caption, Word
from tests.sounds import hearing

PRESET = presets.load("open-industry")
SIZE = 60
SRT = "1\n00:00:01,000 --> 00:00:03,000\nДобрый день, «Серп и Молот».\n"


def timed(text, start, end, **more):
    texts = text.split()
    step = (end - start) / len(texts)
    words = [Word(text=t, start=start + i * step, end=start + (i + 1) * step) for i, t in enumerate(texts)]
    return Cue(words, start, end, **more)


def ten(text):
    return 10 * len(text)


def wide(text):
    return 34.0 * len(text)


def shown(cues, measure=wide, duration=60.0, speed=17):
    captions, notes = readable(cues, Column(measure, SIZE), duration, 25, speed)
    return captions, [note.text for note in notes]


def read_words(file):
    return read_captions(file).cues


def for_episode(file, stretches, preset, duration, rate):
    captions, notes = captions_.for_episode(read(file, stretches, preset), stretches, preset, duration, rate)
    return captions, [note.text for note in notes]


def said(caption):
    return " ".join(word.text for line in caption.lines for word in line)


def lines(caption):
    return [" ".join(word.text for word in line) for line in caption.lines]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251", "cp866", "koi8-r"])
def test_an_encoding_that_is_really_used_is_read(tmp_path, encoding):
    srt = SRT if encoding not in ("cp866", "koi8-r") else SRT.translate(str.maketrans("«»", '""'))
    (tmp_path / "a.srt").write_bytes(srt.encode(encoding))
    words = read_words(tmp_path / "a.srt")[0].words
    assert " ".join(w.text for w in words) == srt.splitlines()[-1]
    assert (words[0].start, words[-1].end) == (1.0, 3.0)


@pytest.mark.parametrize("encoding", ["cp1251", "cp866", "koi8-r"])
@pytest.mark.parametrize("text", ["ВНИМАНИЕ, ПЛАВКА", "ещё щи", "Да", "R&D и цех №", "Съёмка: Щука"])
def test_little_text_is_enough_to_tell_an_encoding(tmp_path, encoding, text):
    text = text if encoding != "koi8-r" else text.replace(" №", "")
    (tmp_path / "a.srt").write_bytes(f"1\n00:00:01,000 --> 00:00:03,000\n<i>{text}</i>\n".encode(encoding))
    assert " ".join(w.text for w in read_words(tmp_path / "a.srt")[0].words) == text


def test_latin_letters_and_signs_alone_are_read_as_before(tmp_path):
    text = "“Well” — it’s 5 °… café"
    (tmp_path / "a.srt").write_bytes(f"1\n00:00:01,000 --> 00:00:03,000\n{text}\n".encode("cp1252"))
    words = [w.text for w in read_words(tmp_path / "a.srt")[0].words]
    assert words == text.encode("cp1252").decode("cp1251").split()


FORMATS = {
    "a.vtt": "WEBVTT\n\n00:00:01.000 --> 00:00:03.000\nДа <b>вот</b> так\n",
    "a.ass": "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\n\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR,"
    " MarginV, Effect, Text\nDialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,{\\b1}Да вот\\Nтак\n",
    "a.sbv": "0:00:01.000,0:00:03.000\nДа вот\nтак\n",
    "a.json": json.dumps({"segments": [{"start": 1, "end": 3, "text": " Да вот так"}]}),
}


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.vtt", "WebVTT"), ("a.ass", "ASS"), ("a.sbv", "SBV"), ("a.json", "Whisper's JSON"), (None, "SRT")],
)
def test_a_format_is_told_by_what_the_file_holds(name, form):
    assert format_of(FORMATS.get(name, SRT)) is captions_.formats.FORMATS[form]


RARE = {
    "ttml": '<tt xmlns="http://www.w3.org/ns/ttml"><body><div><p begin="00:00:01.000" end="00:00:03.000">Да<br/>вот так</p>'
    "</div></body></tt>",
    "sami": "<SAMI><BODY><SYNC Start=1000><P>Да вот так</P></SYNC></BODY></SAMI>",
    "microdvd": "{1}{1}25\n{25}{75}Да вот|так\n",
    "mpl2": "[10][30]Да вот|так\n",
    "printed": "[00:01.000 -> 00:03.000]  Да вот так\n",
}


@pytest.mark.parametrize("name", RARE)
def test_rarer_formats_are_read_too(tmp_path, name):
    (tmp_path / "a.txt").write_text(RARE[name], "utf-8")
    assert [w.text for w in read_words(tmp_path / "a.txt")[0].words] == ["Да", "вот", "так"]


def test_a_list_of_other_times_is_not_taken_for_captions(tmp_path):
    (tmp_path / "a.txt").write_text("00:00:00:07 - 00:00:01:22\nПервая плавка идёт.\n", "utf-8")
    with pytest.raises(Unusable, match=r"times in frames.*export SRT"):
        read_words(tmp_path / "a.txt")


def test_a_slip_of_the_reader_itself_is_no_fault_of_the_file(tmp_path, monkeypatch):
    (tmp_path / "a.srt").write_text(SRT, "utf-8")
    monkeypatch.setattr(captions_.written, "spread", lambda texts, parts: {}[texts[0]])
    with pytest.raises(KeyError):
        read_words(tmp_path / "a.srt")


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_gives_the_same_words(tmp_path, name):
    (tmp_path / name).write_text(FORMATS[name], "utf-8")
    assert [w.text for w in read_words(tmp_path / name)[0].words] == ["Да", "вот", "так"]


def test_words_of_whisper_keep_their_own_times(tmp_path):
    words = [{"word": " Да", "start": 1.0, "end": 1.2}, {"word": " нет", "start": 2.5, "end": 2.9}]
    (tmp_path / "a.json").write_text(json.dumps({"segments": [{"start": 1, "end": 3, "text": "", "words": words}]}))
    assert [(w.text, w.start, w.end) for w in read_words(tmp_path / "a.json")[0].words] == [
        ("Да", 1.0, 1.2),
        ("нет", 2.5, 2.9),
    ]


def whisper(*words):
    return json.dumps({"segments": [{"start": 1, "end": 3, "text": "", "words": words}]})


def test_words_that_whisper_could_not_time_share_the_time_between_their_neighbours(tmp_path):
    (tmp_path / "a.json").write_text(
        whisper({"word": "Цех"}, {"word": "работает", "start": 1.5, "end": 2.0}, {"word": "ночью"})
    )
    words = read_words(tmp_path / "a.json")[0].words
    assert [(w.text, w.start, w.end) for w in words] == [("Цех", 1.0, 1.5), ("работает", 1.5, 2.0), ("ночью", 2.0, 3.0)]


def test_the_parts_of_a_word_that_whisper_took_apart_are_one_word_again(tmp_path):
    (tmp_path / "a.json").write_text(
        whisper(
            {"word": " из", "start": 1, "end": 1.2},
            {"word": "-за", "start": 1.2, "end": 1.5},
            {"word": " нас", "start": 2, "end": 3},
        )
    )
    assert [(w.text, w.end) for w in read_words(tmp_path / "a.json")[0].words] == [("из-за", 1.5), ("нас", 3.0)]


AS_WRITTEN = {
    "less and greater": ("2 < 3 и 5 > 4", "2 < 3 и 5 > 4"),
    "tags": ("<i>Тихо</i> <font color='red'>здесь</font>", "Тихо здесь"),
    "entities": ("Да &amp; нет&nbsp;все", "Да & нет\u00a0все"),
    "letters in two parts": ("и\u0306од и е\u0308ж", "йод и ёж"),
    "brackets": ("[гудок]", "[гудок]"),
    "speakers": ("-Да.\n- Нет.", "— Да. — Нет."),
    "a negative number": ("-5 градусов", "-5 градусов"),
}


@pytest.mark.parametrize("name", AS_WRITTEN)
def test_words_are_read_as_they_are_meant(tmp_path, name):
    written, meant = AS_WRITTEN[name]
    (tmp_path / "a.srt").write_text(f"1\n00:00:01,000 --> 00:00:03,000\n{written}\n", "utf-8")
    assert " ".join(w.text for w in read_words(tmp_path / "a.srt")[0].words) == meant


@pytest.mark.parametrize("ending", ["\r\n", "\r"])
def test_line_endings_of_other_systems_are_read(tmp_path, ending):
    (tmp_path / "a.srt").write_bytes((SRT + "\n" + SRT.replace("00:00:0", "00:00:1")).replace("\n", ending).encode())
    assert len(read_words(tmp_path / "a.srt")) == 2


def test_a_caption_without_a_duration_is_kept(tmp_path):
    (tmp_path / "a.srt").write_text("1\n00:00:01,000 --> 00:00:01,000\nДа\n", "utf-8")
    captions, _ = for_episode(tmp_path / "a.srt", [], PRESET, 5.0, 25)
    assert captions[0].start == 1.0 and captions[0].end >= 1.83


@pytest.mark.parametrize(
    "content",
    [
        b"", b"plain words", b"\x00\x01\x02\xff", b'{"segments": 5}', b'{"segments": [{"start": "x"}]}', b"[5, {}]",
        b"[" * 100_000, b'[{"start": NaN, "end": null, "text": "a"}]', b"1\n00:00:01,000 --> 00:00:02,000\n" + b"a" * 5000 + b"\n",
    ],
    ids=["empty", "prose", "binary", "number", "no times", "numbers", "deep", "not a time", "endless word"],
)  # fmt: skip
def test_what_holds_no_caption_is_refused(tmp_path, content):
    (tmp_path / "a.srt").write_bytes(content)
    with pytest.raises(Unusable, match=r"a\.srt"):
        read_words(tmp_path / "a.srt")


@pytest.mark.parametrize(
    ("content", "meant"),
    [
        ("", "are empty"),
        ("\ufeff \n\n", "are empty"),
        ("<html><body>404 Not Found</body></html>", "are a web page"),
        ('{"a": 1}', "JSON of a shape that is not known.*a.*export SRT"),
        ("1\n0:0a,000 --> 0:04,000\nБез секунд\n", r"line 2 «0:0a,000 --> 0:04,000».*write 00:00:01,000"),
    ],
)
def test_a_file_without_captions_is_told_what_is_wrong_with_it(tmp_path, content, meant):
    (tmp_path / "a.srt").write_text(content, "utf-8")
    with pytest.raises(Unusable, match=meant):
        read_words(tmp_path / "a.srt")


def test_a_caption_whose_times_cannot_be_read_is_skipped_alone_and_named(tmp_path):
    srt = (
        "1\n00:00:01,000 --> 00:00:02,000\nПервый\n\n2\n00:00:03,000 --> 00:00:0x,000\nВторой\nдальше\n\n"
        "3\n00:00:05,000 --> 00:00:06,000\nТретий 2 < 3 --> 4\n"
    )
    (tmp_path / "a.srt").write_text(srt, "utf-8")
    captions, warnings = for_episode(tmp_path / "a.srt", [], PRESET, 10, 25)
    assert [said(c) for c in captions] == ["Первый", "Третий 2 < 3 --> 4"]
    assert len(warnings) == 1 and "line 6 «00:00:03,000 --> 00:00:0x,000»" in warnings[0]


def test_a_caption_that_ends_before_it_begins_is_shown_by_itself_and_named(tmp_path):
    srt = (
        "1\n00:00:04,000 --> 00:00:05,000\nа тут\n\n2\n00:00:05,000 --> 00:00:03,000\nобратно\n\n"
        "3\n00:00:05,900 --> 00:00:08,000\nмы едем\n"
    )
    (tmp_path / "a.srt").write_text(srt, "utf-8")
    captions, warnings = for_episode(tmp_path / "a.srt", [], PRESET, 10, 25)
    assert [(said(c), c.start) for c in captions] == [("а тут", 4.0), ("обратно", 5.0), ("мы едем", 5.9)]
    assert captions[1].end - captions[1].start >= SHORTEST
    assert len(warnings) == 1 and "«обратно» at 5.0 s" in warnings[0]


def test_thousandths_rounded_up_to_a_second_are_read_as_one(tmp_path):
    (tmp_path / "a.srt").write_text("1\n00:00:01,850 --> 00:00:02,1000\nмы тут\n", "utf-8")
    assert read_words(tmp_path / "a.srt")[0].end == pytest.approx(3.0, abs=0.01)


# captions that roll up

YOUTUBE = """WEBVTT
Kind: captions

00:00:00.500 --> 00:00:02.100 align:start position:0%
 
Ну<00:00:00.900><c> вот</c><00:00:01.300><c> мы</c>

00:00:02.100 --> 00:00:02.110 align:start position:0%
Ну вот мы
 

00:00:02.110 --> 00:00:03.710 align:start position:0%
Ну вот мы
пришли<00:00:02.510><c> в</c><00:00:02.910><c> цех</c><00:00:03.310><c> где</c>

00:00:03.710 --> 00:00:03.720 align:start position:0%
пришли в цех где
 

00:00:03.720 --> 00:00:05.000 align:start position:0%
пришли в цех где
шумно
"""


def test_captions_of_youtube_give_each_phrase_once_with_its_words_own_times(tmp_path):
    (tmp_path / "a.vtt").write_text(YOUTUBE, "utf-8")
    cues = read_words(tmp_path / "a.vtt")
    assert [(w.text, w.start, w.end) for cue in cues for w in cue.words] == [
        ("Ну", 0.5, 0.9), ("вот", 0.9, 1.3), ("мы", 1.3, 2.1),
        ("пришли", 2.11, 2.51), ("в", 2.51, 2.91), ("цех", 2.91, 3.31), ("где", 3.31, 3.71), ("шумно", 3.72, 5.0),
    ]  # fmt: skip
    assert all(cue.timed for cue in cues) and [cue.end for cue in cues] == [2.11, 3.72, 5.0]


def test_times_inside_a_cue_are_its_words_times(tmp_path):
    vtt = "WEBVTT\n\n00:01.000 --> 00:05.000\nМы тут <00:00:02.000>плавим<00:00:03.500> ста<00:00:04.000>ль\n"
    (tmp_path / "a.vtt").write_text(vtt, "utf-8")
    (cue,) = read_words(tmp_path / "a.vtt")
    assert [(w.text, w.start, w.end) for w in cue.words] == [
        ("Мы", 1.0, 1.5), ("тут", 1.5, 2.0), ("плавим", 2.0, 3.5), ("сталь", 3.5, 5.0),
    ]  # fmt: skip


def srt_of(*cues):
    return "\n".join(
        f"{n}\n00:00:{start:06.3f} --> 00:00:{end:06.3f}\n{text}\n" for n, (start, end, text) in enumerate(cues, 1)
    )


REPEATED = {
    "rolls": ([(1, 2, "мы тут"), (2, 4, "мы тут\nплавим сталь"), (4, 6, "плавим сталь\nкаждый")], ["мы тут", "плавим сталь", "каждый"]),
    "rolls in three lines": ([(1, 2, "а б"), (2, 4, "а б\nв г"), (4, 6, "а б\nв г\nд е")], ["а б", "в г", "д е"]),
    "over one another": ([(1, 4, "мы тут"), (2, 6, "мы тут\nплавим сталь")], ["мы тут", "плавим сталь"]),
    "stays": ([(1, 2, "[музыка]"), (2, 4, "[музыка]")], ["[музыка]"]),
    "said again later": ([(1, 2, "Да. Да."), (2.2, 3, "Да. Да.")], ["Да. Да.", "Да. Да."]),
    "one word said again": ([(1, 2, "Нет"), (2, 3, "Нет"), (3, 4, "Мы едем"), (4, 5, "А вы"), (5, 6, "Пешком")], ["Нет", "Нет", "Мы едем", "А вы", "Пешком"]),
    "another beginning": ([(1, 2, "мы тут"), (2, 3, "мы там")], ["мы тут", "мы там"]),
}  # fmt: skip


@pytest.mark.parametrize("name", REPEATED)
def test_what_rolls_up_is_read_once_and_what_is_said_twice_is_kept(tmp_path, name):
    cues, meant = REPEATED[name]
    (tmp_path / "a.srt").write_text(srt_of(*cues), "utf-8")
    found = read_words(tmp_path / "a.srt")
    assert [" ".join(w.text for w in cue.words) for cue in found] == meant
    assert found[-1].end == cues[-1][1]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(1, 5), min_size=2, max_size=12), st.booleans())
def test_any_lines_that_roll_up_give_each_word_once(tmp_path_factory, counts, between):
    rows = [" ".join(f"слово{n}-{m}" for m in range(count)) for n, count in enumerate(counts)]
    cues = []
    for n, row in enumerate(rows):
        cues.append((2 * n, 2 * n + 1.99, "\n".join(rows[max(0, n - 1) : n + 1])))
        cues += [(2 * n + 1.99, 2 * n + 2, row)] * between
    file = tmp_path_factory.mktemp("roll") / "a.srt"
    file.write_text(srt_of(*cues), "utf-8")
    assert [w.text for cue in read_words(file) for w in cue.words] == " ".join(rows).split()


def test_captions_beyond_the_episode_are_refused_and_the_rest_is_cut(tmp_path):
    (tmp_path / "a.srt").write_text(SRT, "utf-8")
    with pytest.raises(Unusable, match="outside"):
        for_episode(tmp_path / "a.srt", [], PRESET, 0.9, 25)
    captions, _ = for_episode(tmp_path / "a.srt", [], PRESET, 2.0, 25)
    assert captions[-1].end <= 2.0


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.vtt", "WEBVTT\n\n00:01.000 --> 00:03.000\nБыл год\n1917\n\nNOTE не показывать\n\nвторая\n00:04.000 --> 00:05.000\nДа\n"),
        ("a.sbv", "0:00:01.000,0:00:03.000\nБыл год\n1917\n\n0:00:04.000,0:00:05.000\nДа\n"),
        ("a.srt", "1\n00:00:01,000 --> 00:00:03,000\nБыл год\n1917\n\n2\n00:00:04,000 --> 00:00:05,000\nДа\n"),
    ],
)  # fmt: skip
def test_numbers_that_are_said_are_kept_and_numbers_and_notes_of_cues_are_not(tmp_path, name, content):
    (tmp_path / name).write_text(content, "utf-8")
    assert [[w.text for w in cue.words] for cue in read_words(tmp_path / name)] == [["Был", "год", "1917"], ["Да"]]


def test_captions_that_roll_end_where_the_next_begins(tmp_path):
    srt = "1\n00:00:01,000 --> 00:00:05,000\nмы плавим сталь\n\n2\n00:00:03,000 --> 00:00:07,000\nднём и ночью\n"
    (tmp_path / "a.srt").write_text(srt, "utf-8")
    first, second = read_words(tmp_path / "a.srt")
    assert (first.end, first.words[-1].end, second.end) == (3.0, 3.0, 7.0)


# where words lie


def stretch(start, end, offset=0.0, file=None, speech=(), subtitles=0):
    source_ = SimpleNamespace(file="a.mp4", subtitles=subtitles)
    return Stretch(source_, start, end, offset, Footage(file="a.mp4", captions=file), hearing=hearing(speech))


def test_words_lie_where_somebody_speaks(tmp_path):
    (tmp_path / "a.srt").write_text("1\n00:00:02,000 --> 00:00:08,000\nДа вот да так\n", "utf-8")
    captions, _ = for_episode(
        tmp_path / "a.srt", [stretch(10, 20, -10, speech=[(12.5, 13.5), (16, 17)])], PRESET, 10, 25
    )
    words = [word for line in captions[0].lines for word in line]
    assert [(w.start, w.end) for w in words] == [(2.5, 3.0), (3.0, 3.5), (6.0, 6.5), (6.5, 7.0)]
    assert captions[0].start == 2 and captions[0].end == 8


@pytest.mark.parametrize("speech", [[], [(12.0, 12.5)]], ids=["none", "hardly any"])
def test_words_fill_their_cue_where_nothing_was_heard(tmp_path, speech):
    (tmp_path / "a.srt").write_text("1\n00:00:02,000 --> 00:00:06,000\nДа вот да так\n", "utf-8")
    captions, _ = for_episode(tmp_path / "a.srt", [stretch(10, 20, -10, speech=speech)], PRESET, 10, 25)
    assert [w.start for line in captions[0].lines for w in line] == [2, 3, 4, 5]


def test_words_with_their_own_times_stay_there_whatever_was_heard(tmp_path):
    (tmp_path / "a.json").write_text(
        whisper({"word": " Да", "start": 1.0, "end": 1.5}, {"word": " вот", "start": 2.0, "end": 2.5})
    )
    captions, _ = for_episode(tmp_path / "a.json", [stretch(0, 10, speech=[(2.0, 3.0)])], PRESET, 10, 25)
    assert [w.start for line in captions[0].lines for w in line] == [1.0, 2.0]


def test_captions_of_two_stretches_are_cut_and_retimed(tmp_path):
    srt = "".join(f"{n}\n00:00:{n:02},000 --> 00:00:{n:02},960\nслово{n}.\n\n" for n in range(1, 40))
    (tmp_path / "a.srt").write_text(srt, "utf-8")
    (tmp_path / "b.srt").write_text("1\n00:00:00,500 --> 00:00:02,500\nДругой файл.\n", "utf-8")
    parts = [
        stretch(30, 33, -30, tmp_path / "a.srt"),
        stretch(5, 7, -2, tmp_path / "a.srt"),
        stretch(0.0, 3, 5, tmp_path / "b.srt"),
    ]
    captions, warnings = for_episode(None, parts, PRESET, 8, 25)
    assert [(said(c), round(c.start, 2)) for c in captions] == [
        ("слово30.", 0), ("слово31.", 1), ("слово32.", 2), ("слово5.", 3), ("слово6.", 4), ("Другой файл.", 5.5),
    ]  # fmt: skip
    assert not warnings


def test_words_beyond_an_out_point_are_cut_out_of_their_cue(tmp_path):
    (tmp_path / "a.srt").write_text("1\n00:00:02,000 --> 00:00:06,000\nДа вот да так\n", "utf-8")
    captions, _ = for_episode(None, [stretch(3, 5, -3, tmp_path / "a.srt", [(3, 5)])], PRESET, 2, 25)
    assert [said(c) for c in captions] == ["вот да"]
    assert captions[0].start == 0 and captions[0].end == 2


def test_captions_of_the_episode_and_of_its_footage_together_are_refused(tmp_path):
    (tmp_path / "a.srt").write_text(SRT, "utf-8")
    with pytest.raises(WrongUse, match="not both"):
        for_episode(tmp_path / "a.srt", [stretch(0, 5, 0, tmp_path / "a.srt")], PRESET, 5, 25)


def test_a_footage_file_s_captions_outside_its_range_are_refused(tmp_path):
    (tmp_path / "a.srt").write_text(SRT, "utf-8")
    with pytest.raises(Unusable, match=r"a\.srt"):
        for_episode(None, [stretch(20, 25, -20, tmp_path / "a.srt")], PRESET, 5, 25)


def test_no_captions_anywhere_are_none():
    assert for_episode(None, [stretch(0, 5)], PRESET, 5, 25) == ([], [])


# inside the footage

STREAMS = {
    "mov_text.mp4": ("mov_text", ["und"]),
    "subrip.mkv": ("srt", ["und"]),
    "webvtt.mkv": ("webvtt", ["und"]),
    "ass.mkv": ("ass", ["und"]),
    "russian.mkv": ("srt", ["eng", "rus"]),
}


def footage(folder, name, codec="srt", languages=("und",), late=0.0, texts=("Цех работает.",)):
    """4 s of picture with a stream of captions for each language, each text said from 1.5 to 2.5 s."""
    picture = ffmpeg.input("testsrc2=s=160x90:r=25:d=4", f="lavfi")
    inputs = [picture.video]
    for number, text in enumerate(texts):
        srt = folder / f"{name}.{number}.srt"
        srt.write_text(f"1\n00:00:01,500 --> 00:00:02,500\n{text}\n", "utf-8")
        inputs.append(ffmpeg.input(str(srt))["s:0"])
    tags = {f"metadata:s:s:{n}": f"language={language}" for n, language in enumerate(languages)}
    more = {"output_ts_offset": late} if late else {}
    file = folder / name
    ffmpeg_tool.run(ffmpeg.output(*inputs, str(file), **{"c:v": "libx264", "c:s": codec}, **tags, **more))
    return source.probe(file)


@pytest.mark.parametrize("name", STREAMS)
def test_captions_inside_the_footage_are_used_and_said_to_be(tmp_path, name):
    codec, languages = STREAMS[name]
    made = footage(tmp_path, name, codec, languages, texts=["Not this one.", "Цех работает."][-len(languages) :])
    captions, warnings = for_episode(None, [Stretch(made, 1.0, 4.0, -1.0, Footage(file=made.file))], PRESET, 3.0, 25)
    assert [said(c) for c in captions] == ["Цех работает."]
    assert captions[0].start == pytest.approx(0.5, abs=0.02) and captions[0].end == pytest.approx(1.5, abs=0.02)
    assert len(warnings) == 1 and name in warnings[0]


@pytest.mark.parametrize("name", ["late.mkv", "late.mp4"])
def test_captions_inside_footage_that_starts_late_agree_with_its_picture(tmp_path, name):
    made = footage(tmp_path, name, "srt" if name.endswith("mkv") else "mov_text", late=5)
    assert name.endswith("mp4") or made.start == pytest.approx(5, abs=0.1)
    captions, _ = for_episode(None, [Stretch(made, 0.0, 4.0, 0.0, Footage(file=made.file))], PRESET, 4.0, 25)
    assert captions[0].start == pytest.approx(1.5, abs=0.05)


def test_captions_inside_the_footage_are_left_alone_where_others_are_given_or_the_preset_says_so(tmp_path):
    made = footage(tmp_path, "a.mkv")
    (tmp_path / "mine.srt").write_text(SRT, "utf-8")
    captions, warnings = for_episode(
        tmp_path / "mine.srt", [Stretch(made, 0, 4, 0, Footage(file=made.file))], PRESET, 4, 25
    )
    assert [said(c) for c in captions] == ["Добрый день, «Серп и Молот»."] and not warnings
    captions, _ = for_episode(
        None, [Stretch(made, 0, 4, 0, Footage(file=made.file, captions=tmp_path / "mine.srt"))], PRESET, 4, 25
    )
    assert [said(c) for c in captions] == ["Добрый день, «Серп и Молот»."]
    off = PRESET.model_copy(update={"captions": PRESET.captions.model_copy(update={"embedded": False})})
    assert for_episode(None, [Stretch(made, 0, 4, 0, Footage(file=made.file))], off, 4, 25) == ([], [])


def test_captions_that_are_pictures_are_named_and_not_used(tmp_path):
    segments = ((0x16, bytes((0, 160, 0, 90, 0x10, 0, 1, 0x80, 0, 0, 0))), (0x80, b""))  # an empty PGS composition
    sup = b"".join(b"PG" + struct.pack(">IIBH", 90_000, 0, kind, len(body)) + body for kind, body in segments)
    (tmp_path / "a.sup").write_bytes(sup)
    picture = ffmpeg.input("testsrc2=s=160x90:r=25:d=2", f="lavfi").video
    pictures = ffmpeg.input(str(tmp_path / "a.sup"))["s:0"]
    ffmpeg_tool.run(ffmpeg.output(picture, pictures, str(tmp_path / "a.mkv"), **{"c:v": "libx264", "c:s": "copy"}))
    made = source.probe(tmp_path / "a.mkv")
    captions, warnings = for_episode(None, [Stretch(made, 0, 2, 0, Footage(file=made.file))], PRESET, 2, 25)
    assert len(made.subtitles) == 1 and captions == [] and len(warnings) == 1 and "as pictures" in warnings[0]


def test_the_captions_of_two_stretches_of_one_file_are_read_once(tmp_path, monkeypatch):
    """Counts what is decoded: neither the speech that captions know of nor typesetting them reads anything."""
    made = footage(tmp_path, "a.mkv")
    (tmp_path / "mine.srt").write_text(SRT, "utf-8")
    count = Counter()
    decode = reading.decode
    monkeypatch.setattr(reading, "decode", lambda *given: count.update(n=1) or decode(*given))
    for wanted in (Footage(file=made.file), Footage(file=made.file, captions=tmp_path / "mine.srt")):
        parts = [Stretch(made, 0.0, 2.0, 0.0, wanted), Stretch(made, 1.0, 4.0, 1.0, wanted)]
        count.clear()
        cues = read(None, parts, PRESET)
        assert captions_.said_unheard(cues, parts) and captions_.for_episode(cues, parts, PRESET, 5, 25)[0]
        assert count["n"] == 1


@pytest.mark.slow
def test_a_tightened_plan_reads_its_captions_once(tmp_path, monkeypatch):
    made = footage(tmp_path, "a.mkv")
    count = Counter()
    decode = reading.decode
    monkeypatch.setattr(reading, "decode", lambda *given: count.update(n=1) or decode(*given))
    brief = make_brief({"footage": [{"file": made.file, "from": 1, "to": 3}], "tighten": True}, "")
    plan, _ = episode.plan(brief)
    assert count["n"] == 1 and any(isinstance(graphic, Caption) for graphic in plan.graphics)


# ASS

ASS = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,20,&H00FFFFFF,&H000000FF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,2,2,2,10,10,10,1
Style: Guest,Arial,20,&H0000FFFF,&H000000FF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,2,2,8,10,10,10,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,Просто белый.
Dialogue: 0,0:00:03.00,0:00:05.00,Guest,,0,0,0,,Жёлтый гость.
Dialogue: 0,0:00:05.00,0:00:07.00,Default,,0,0,0,,{\\an8}Тут {\\1c&H00FF00&}зелёный{\\r} снова.
Dialogue: 0,0:00:07.00,0:00:09.00,Guest,,0,0,0,,{\\an2\\c&H000080&}Тёмный внизу.
"""


def styled(tmp_path, ass_styles):
    (tmp_path / "a.ass").write_text(ASS, "utf-8")
    look = PRESET.model_copy(update={"captions": PRESET.captions.model_copy(update={"ass_styles": ass_styles})})
    return for_episode(tmp_path / "a.ass", [], look, 10, 25)


def test_colours_and_top_position_of_an_ass_file_are_kept_when_asked_for(tmp_path):
    captions, warnings = styled(tmp_path, True)
    assert [[w.colour for line in c.lines for w in line] for c in captions] == [
        [None, None], ["#FFFF00", "#FFFF00"], [None, "#00FF00", None], [None, None],
    ]  # fmt: skip
    assert [c.band for c in captions] == [None, "upper", "upper", None]
    assert len(warnings) == 1 and "#800000" in warnings[0] and "4.5" in warnings[0]


def test_an_ass_file_s_look_is_ignored_unless_asked_for(tmp_path):
    captions, warnings = styled(tmp_path, False)
    assert all(w.colour is None for c in captions for line in c.lines for w in line) and not warnings
    assert all(c.band is None for c in captions)


# readable


AS_THEY_ARE = {
    "sentences": ["Печь не гаснет никогда.", "Мы ей гордимся."],
    "two lines": ["Отец привёл меня сюда, когда мне было 16 лет,", "и показал, как плавят."],
    "two sentences": ["Это завод. Тут тепло.", "И шумно, конечно."],
}


@pytest.mark.parametrize("name", AS_THEY_ARE)
def test_cues_that_can_be_read_stay_as_their_author_cut_them(name):
    cues = [timed(text, 4 * n, 4 * n + 3.8) for n, text in enumerate(AS_THEY_ARE[name])]
    captions, warnings = shown(cues, lambda text: 31 * len(text))
    assert [said(c) for c in captions] == AS_THEY_ARE[name] and not warnings
    assert [(c.start, c.end) for c in captions] == [(cue.start, cue.end) for cue in cues]


CUTS = {
    "too short to be read": (
        [("Печь", 1, 1.3), ("не", 1.3, 1.5), ("гаснет", 1.5, 2.0), ("никогда.", 2.0, 3.0)],
        ["Печь не гаснет никогда."],
    ),
    "an orphaned preposition": (
        [("Мы работаем каждый день в", 0, 2.5), ("самом жарком цехе завода.", 2.5, 5)],
        ["Мы работаем каждый день", "в самом жарком цехе завода."],
    ),
    "the first word of a sentence": (
        [("Мы открыли завод. Он", 0, 2), ("работает круглые сутки.", 2, 4.5)],
        ["Мы открыли завод.", "Он работает круглые сутки."],
    ),
    "small letters after a full stop": ([("да.", 0, 0.5), ("мы", 0.5, 0.8), ("тут.", 0.8, 1.6)], ["да.", "мы тут."]),
    "small letters after three dots": ([("Ну...", 0, 0.5), ("не", 0.5, 0.8), ("знаю.", 0.8, 1.6)], ["Ну... не знаю."]),
    "one word of a sentence": ([("Теперь нас больше", 0, 1.6), ("ста.", 1.6, 2.0)], ["Теперь нас больше ста."]),
    "never across a sentence end": ([("Да.", 0, 0.5), ("Мы", 0.5, 0.8), ("тут.", 0.8, 1.6)], ["Да.", "Мы тут."]),
    "never across speakers": ([("— Да", 0, 0.5), ("— Нет", 0.5, 1.0)], ["— Да", "— Нет"]),
    "never across a sound": ([("Мы тут", 0, 0.6), ("[гудок]", 0.6, 1.2), ("не одни", 1.2, 2)], ["Мы тут", "[гудок]", "не одни"]),
    "never across a pause": ([("Мы", 0, 0.5), ("тут", 2.0, 2.5)], ["Мы", "тут"]),
    "a sound keeps to its cue": ([("[гудок] печь", 2, 3.4), ("завод", 3.6, 4)], ["[гудок] печь", "завод"]),
    "never long before it is said": ([("Вот она печь", 2, 3.4), ("и завод", 3.6, 4), ("— Да, и он.", 4, 6)], ["Вот она печь", "и завод", "— Да, и он."]),
    "after initials no sentence ends": ([("Это А. С.", 0, 1.5), ("Орлова.", 1.5, 3)], ["Это А. С. Орлова."]),
}  # fmt: skip


@pytest.mark.parametrize("name", CUTS)
def test_cues_are_cut_anew_where_they_cannot_be_read(name):
    cues, meant = CUTS[name]
    captions, _ = shown([timed(*cue) for cue in cues])
    assert [said(c) for c in captions] == meant


def test_cues_of_two_stretches_or_bands_stay_apart():
    for more in ({"stretch": 1}, {"band": "upper"}):
        captions, _ = shown([timed("Мы", 0, 0.5), timed("тут", 0.5, 1.0, **more)])
        assert len(captions) == 2


LONG = "Печь не гаснет никогда, потому что её остановка стоит дороже, чем целый новый цех. А мы работаем в две смены."


def test_a_cue_that_is_too_large_is_cut_between_phrases():
    captions, warnings = shown([timed(LONG, 0, 8)])
    assert not warnings
    assert [said(c) for c in captions if said(c)[-1] == "."] and "цех." in [said(c).split()[-1] for c in captions]
    for line in [line for c in captions for line in lines(c)]:
        assert not keeps_together(line.split()[-1], "слово")


def test_a_caption_comes_a_little_early_where_it_could_not_be_read_otherwise():
    captions, warnings = shown([timed("Мы варим сталь тут.", 1, 1.9), timed("Да, каждый день.", 1.9, 4)])
    assert captions[0].start == pytest.approx(1.9 - 19 / 17) and captions[0].end == pytest.approx(1.9) and not warnings
    captions, _ = shown([timed("Мы варим сталь тут.", 1, 1.5), timed("Да, каждый день.", 1.5, 4)])
    assert captions[0].start == pytest.approx(0.7)


def test_a_caption_that_lags_behind_its_words_is_named():
    cues = [timed(f"Слово{n} и ещё одно слово.", n * 0.4, n * 0.4 + 0.4) for n in range(6)]
    _, warnings = shown(cues)
    assert any("Слово5" in w and "late" in w for w in warnings)


def test_an_overfull_cue_does_not_make_all_after_it_late():
    overfull = timed("Сегодня мы говорим о печи, о цехе и о том, как завод построил мост через реку.", 3, 4.4)
    after = [timed("И вот как это было, если коротко.", 4.5 + 2 * n, 6.4 + 2 * n) for n in range(5)]
    captions, warnings = shown([overfull, *after])
    late = [c.start - cue.start for c, cue in zip(captions[-5:], after, strict=True)]
    assert max(late) < LATE + 0.1 and late == sorted(late, reverse=True)
    assert all(c.end - c.start >= SHORTEST - 1e-6 for c in captions)
    assert any("characters a second" in w for w in warnings)


def test_cues_that_can_catch_up_are_not_hurried_more_than_it_takes():
    cues = [
        timed("Это девятнадцать букв и ещё.", n * 1.2, n * 1.2 + 1.2, band=("lower", "upper")[n % 2]) for n in range(6)
    ]
    captions, _ = shown(cues)
    late = [c.start - cue.start for c, cue in zip(captions, cues, strict=True)]
    assert max(late) <= LATE + 1e-6
    assert all(len(said(c)) / (c.end - c.start) < 23.5 for c in captions)


def test_many_captions_that_are_too_fast_are_summed_up_in_one_sentence(tmp_path):
    cues = [(2 * n, 2 * n + 2, f"Очень длинное предложение номер {n}, и вот его конец.") for n in range(6)]
    (tmp_path / "a.srt").write_text(srt_of(*cues), "utf-8")
    captions, warnings = for_episode(tmp_path / "a.srt", [], PRESET, 12, 25)
    fastest = max(captions, key=lambda c: len(said(c)) / (c.end - c.start))
    (sentence,) = [w for w in warnings if "characters a second" in w]
    many = sum(len(said(c)) / (c.end - c.start) > 17.05 for c in captions)
    assert many > 3 and sentence.startswith(f"{many} captions")
    assert (
        f"at {fastest.start:.1f} s" in sentence
        and f"{len(said(fastest)) / (fastest.end - fastest.start):.1f}" in sentence
    )


# given as text


def captions_of(caption):
    captions, notes = of_text(caption, PRESET, 25)
    return captions, [note.text for note in notes]


def text_of(text, start, end, **more):
    return Caption.model_validate({"kind": "caption", "text": text, "start": start, "end": end, **more})


def test_the_words_of_a_text_are_spread_over_it_and_its_lines_kept():
    (caption,), warnings = captions_of(text_of("Мы плавим\nсталь", 3, 6, style="pop", middle=500))
    assert [(w.text, w.start, w.end) for line in caption.lines for w in line] == [
        ("Мы", 3, 3.75), ("плавим", 3.75, 5.25), ("сталь", 5.25, 6),
    ]  # fmt: skip
    assert lines(caption) == ["Мы плавим", "сталь"] and (caption.start, caption.end) == (3, 6)
    assert (caption.style, caption.middle, warnings) == ("pop", 500, [])


@pytest.mark.parametrize("text", [LONG, LONG.replace(", ", ",\n"), "Печь не гаснет никогда, потому что это дорого"])
def test_a_text_that_does_not_fit_is_as_many_captions_as_it_takes(text):
    given_ = text_of(text, 20, 28, style="word", band="upper", middle=700)
    captions, warnings = captions_of(given_)
    assert " ".join(map(said, captions)).split() == text.split() and not warnings
    assert captions[0].start == 20 and captions[-1].end <= 28
    assert all(a.end <= b.start for a, b in pairwise(captions)) and all(len(c.lines) <= 2 for c in captions)
    assert {(c.style, c.band, c.middle) for c in captions} == {("word", "upper", 700)}


@pytest.mark.parametrize("text", ["Это длинная строка, и она не помещается", "Печь\nне гаснет\nникогда"])
def test_a_text_that_two_lines_hold_stays_one_caption_for_as_long_as_it_was_given(text):
    captions, warnings = captions_of(text_of(text, 1, 20))
    assert [(c.start, c.end, len(c.lines)) for c in captions] == [(1, 20, 1 + (len(text) > 30))] and not warnings
    assert said(captions[0]).split() == text.split()


def test_a_text_with_too_little_time_stays_within_it_and_is_named():
    captions, notes = of_text(text_of(LONG, 20, 22), PRESET, 25)
    assert " ".join(map(said, captions)) == LONG
    assert captions[0].start == 20 and captions[-1].end <= 22 + 1e-9
    assert notes and all(20 <= note.at < 22 and f"at {note.at:.1f} s" in note.text for note in notes)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.sampled_from(["Печь", "не", "гаснет\n", "никогда,", "потому", "что", "—", "Да."]), min_size=1, max_size=40
    ),
    st.floats(0.04, 30),
)
def test_any_text_stays_within_its_time_and_loses_no_word(texts, seconds_):
    text = " ".join(texts).strip()
    text = text.replace("\n", " ", max(0, text.count("\n") - 3))
    captions, warnings = captions_of(text_of(text, 5, 5 + seconds_))
    assert " ".join(map(said, captions)).split() == " ".join(texts).split()
    assert captions[0].start >= 5 and captions[-1].end <= 5 + seconds_ + 1e-9
    for c in captions:
        assert c.end > c.start and 1 <= len(c.lines) <= 2
        assert len(said(c)) / (c.end - c.start) <= 17.06 or warnings


def test_a_caption_whose_words_have_their_own_times_is_left_alone():
    lines_ = [[Word(text="Да", start=1, end=1.2), Word(text="нет", start=1.2, end=1.4)]]
    caption = Caption(start=1, end=1.5, lines=lines_)
    assert of_text(caption, PRESET, 25) == ([caption], [])


WIDE = {"a long word": ("Высококвалифицированный персонал", "smaller"), "endless": ("а" * 50, "broken")}


@pytest.mark.parametrize("name", WIDE)
def test_a_word_wider_than_a_line_is_named(name):
    text, meant = WIDE[name]
    captions, warnings = shown([timed(text, 0, 5)], lambda text: 38 * len(text))
    assert len(captions) == 1 and len(warnings) == 1 and meant in warnings[0] and text in warnings[0]


def test_what_the_first_font_lacks_is_measured_in_the_font_that_draws_it():
    fonts = typesetting.chain(PRESET.type, "medium")
    captions, _ = captions_of(text_of("♪★♪★ " * 8, 0, 5))
    widths = [typesetting.width(line, fonts, PRESET.captions.size) for c in captions for line in lines(c)]
    assert LINE_WIDTH - 300 < max(widths) <= LINE_WIDTH


def test_notes_say_what_kind_they_are_and_when(tmp_path):
    srt = srt_of((1, 2, "Очень длинное предложение, которого не прочесть."), (2, 9, "а" * 50))
    (tmp_path / "a.srt").write_text(srt + "\n3\n00:00:0x,000 --> 00:00:09,000\nДа\n", "utf-8")
    _, notes = captions_.for_episode(read(tmp_path / "a.srt", [], PRESET), [], PRESET, 10, 25)
    assert [(note.code, note.at, note.level) for note in notes] == [
        ("broken-cue", None, "warning"), ("fast-speech", 0.7, "note"), ("fast-speech", 1.966, "note"), ("long-word", 3.0, "note"),
    ]  # fmt: skip


def test_numbers_are_not_taken_apart():
    for digits in ("3 000", "1 250 000"):
        captions, _ = shown([timed(f"На заводе было всего 12 женщин на {digits} рабочих мужчин", 0, 4)])
        assert any(digits in line for c in captions for line in lines(c))


def test_a_short_preposition_stays_with_its_word():
    words = timed("Работаю здесь давно и не жалею", 0, 3)
    captions, _ = shown([words], lambda text: 45 * len(text), 10)
    for line in [line for c in captions for line in c.lines][:-1]:
        assert line[-1].text.lower() not in {"и", "не"}


def test_two_speakers_in_one_cue_get_a_line_each():
    words = timed("— Да. — Нет.", 0, 2)
    captions, _ = shown([words], ten, 10)
    assert [" ".join(w.text for w in line) for line in captions[0].lines] == ["— Да.", "— Нет."]


def test_two_people_who_speak_at_once_are_read_one_after_the_other():
    cues = [timed("Мы плавим сталь", 1, 5), timed("И днём и ночью", 2, 5)]
    captions, warnings = shown(cues, ten, 10)
    assert [c.start for c in captions] == [1.0, 2.0] and captions[0].end == 2.0 and not warnings


def test_a_caption_near_the_end_comes_earlier_so_that_it_can_be_read():
    captions, warnings = shown([timed("Спасибо за внимание", 9.8, 10)], ten, 10)
    assert captions[0].end == 10 and captions[0].end - captions[0].start >= 0.83
    assert "characters a second" in warnings[0]


def test_a_long_cue_is_split_after_a_sentence_rather_than_in_its_middle():
    cue = timed("Печь не гаснет никогда. Её остановка стоит дороже, чем целый новый цех рядом", 0, 6)
    captions, _ = shown([cue], lambda text: 36 * len(text), 10)
    assert captions[0].lines[-1][-1].text == "никогда."


@pytest.mark.parametrize("own", [True, False], ids=["own times", "spread times"])
def test_a_cue_of_more_than_seven_seconds_is_cut_where_its_words_are_timed(own):
    captions, _ = shown([timed("Это сталь и это завод", 0, 8.5, timed=own)])
    assert [said(c) for c in captions] == (["Это сталь", "и это завод"] if own else ["Это сталь и это завод"])
    assert captions[0].start == 0 and captions[0].end <= LONGEST


def test_the_second_speaker_of_a_long_cue_gets_a_caption_of_their_own():
    captions, _ = shown([timed("— Страшно было в первый раз? — Конечно, страшно.", 0, 4)])
    assert [said(c) for c in captions] == ["— Страшно было в первый раз?", "— Конечно, страшно."]


# out


@pytest.mark.parametrize("form", ["srt", "vtt"])
def test_subtitles_read_back_as_they_are(tmp_path, form):
    texts = [
        ["Тепло & <свет> <b>", "2 < 3 --> 4"], ["&amp; &lt;i&gt;", "1917"], ["1941"], ["{скобки} C:\\Nova"], ["— Да.", "— Нет."],
    ]  # fmt: skip
    captions = [
        Caption(start=2 * n, end=2 * n + 1.5, lines=[[Word(text=w, start=2 * n, end=2 * n + 1) for w in t.split()] for t in text])
        for n, text in enumerate(texts)
    ]  # fmt: skip
    written = subtitles(captions, form)
    assert "Да.\n— Нет." in written and ("WEBVTT" in written) == (form == "vtt")
    (tmp_path / f"a.{form}").write_text(written, "utf-8")
    cues = read_words(tmp_path / f"a.{form}")
    assert [" ".join(w.text for w in cue.words) for cue in cues] == [" ".join(text) for text in texts]
    assert [(cue.start, cue.end) for cue in cues] == [(c.start, c.end) for c in captions]


# any cues

WORD = st.one_of(
    st.text("абвгдежзий.,!—", min_size=1, max_size=14),
    st.sampled_from(
        ["в", "и", "не", "№", "3", "000", "А.", "[гудок]", "(смех)", "—", "Да.", "«Серп", "Молот».", "нет,", "а" * 40]
    ),
)
CUE = st.tuples(st.floats(0, 50), st.floats(0.05, 9), st.lists(WORD, min_size=1, max_size=30), st.booleans())


@settings(deadline=None, max_examples=100)
@given(st.lists(CUE, min_size=1, max_size=12), st.sampled_from([10.0, 34.0, 41.0]))
def test_any_cues_keep_order_lose_no_word_and_are_readable_or_named(cues, letter):
    cues = sorted(cues)
    given_ = [
        timed(" ".join(texts), start, start + length, band="upper" if upper else None)
        for start, length, texts, upper in cues
    ]
    captions, notes = readable(given_, Column(lambda text: letter * len(text), SIZE), 60, 25, 17)
    assert [w.text for c in captions for line in c.lines for w in line] == [t for _, _, texts, _ in cues for t in texts]
    for before, after in pairwise(captions):
        assert before.end <= after.start + 1e-9
        assert after.start - before.end < 1e-9 or after.start - before.end > 2 / 25 - 1e-9
    for c in captions:
        assert 0 <= c.start < c.end <= 60 + 1e-9 and c.end - c.start <= LONGEST + 1e-9
        assert 1 <= len(c.lines) <= 2 and all(c.lines)
        assert all(c.start <= w.start <= w.end <= c.end for line in c.lines for w in line)
        too_wide = any(letter * len(line) > LINE_WIDTH for line in lines(c))
        if len(said(c)) / (c.end - c.start) > 17.06 or c.end - c.start < SHORTEST - 1e-5 or too_wide:
            assert any(n.at == round(c.start, 3) and f"«{said(c)}»" in n.text for n in notes)


def spoken(count, texts):
    return [Word(text=texts[n % len(texts)], start=0.3 * n, end=0.3 * (n + 1)) for n in range(count)]


TALK = "мы работаем в цехе, где плавят сталь. Это завод и он не спит".split()
MANY = {
    "cues": lambda n: [timed(" ".join(TALK[:8]), 3 * k, 3 * k + 2.9) for k in range(n // 8)],
    "one cue": lambda n: [Cue(spoken(n, TALK), 0, 0.3 * n)],
    "without a sentence end": lambda n: [Cue(spoken(n, ["цех"]), 0, 0.3 * n)],
    "short words in a small type": lambda n: [Cue(spoken(n, ["я"]), 0, 0.3 * n)],
}


@pytest.mark.parametrize("name", MANY)
def test_twice_the_text_takes_twice_the_work(name, monkeypatch):
    weighed = cutting._Ways.cost
    work = {}
    for count in (600, 1200):
        calls = Counter()

        def measure(text, calls=calls):
            calls["measure"] += 1
            return (10 if "small" in name else 34.0) * len(text)

        def cost(ways, i, j, calls=calls):
            calls["cost"] += 1
            calls["words"] += j - i
            return weighed(ways, i, j)

        monkeypatch.setattr(cutting._Ways, "cost", cost)
        captions, _ = readable(MANY[name](count), Column(measure, SIZE), 20_000, 25, 17)
        assert len(captions) > count / 80
        work[count] = calls
    assert all(work[1200][what] <= 2.2 * work[600][what] + 20 for what in work[1200])
    assert work[1200]["cost"] <= 1200 * 2 * LINE_WIDTH / measure("я ")  # as many as lines can hold


def test_a_caption_that_moved_on_a_cut_is_one_subtitle_again():
    lines = [[Word(text="Да.", start=1, end=3)]]
    parts = [Caption(start=1, end=2, lines=lines, middle=1290), Caption(start=2, end=3, lines=lines, middle=500)]
    assert subtitles(parts, "srt").count("Да.") == 1 and "00:00:01,000 --> 00:00:03,000" in subtitles(parts, "srt")


HEAD = "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\n\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
EVENT = "Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,"
HOSTILE = {
    "line feeds": HEAD + EVENT + r"\N" * 200_000 + "\n",
    "many of line feeds": HEAD + (EVENT + r"\N" * 2400 + "\n") * 100,
    "open braces": "1\n00:00:01,000 --> 00:00:03,000\n" + "{" * 300_000 + "\n",
    "open brackets": "1\n00:00:01,000 --> 00:00:03,000\n" + "<" * 300_000 + "\n",
    "spaces and dashes": "1\n00:00:01,000 --> 00:00:03,000\n" + " " * 4000 + "-" * 900 + "\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_reader_sees_captions_made_to_keep_it_busy(tmp_path, name, monkeypatch):
    """What looks for markup takes the square of a cue, so that none may be long and all together not too many."""
    seen = []
    read_all = pysubs2.SSAFile.from_string
    monkeypatch.setattr(pysubs2.SSAFile, "from_string", lambda text, form: seen.append(text) or read_all(text, form))
    (tmp_path / "a.srt").write_text(HOSTILE[name], "utf-8")
    with contextlib.suppress(Unusable):
        read_words(tmp_path / "a.srt")
    for text in seen:
        assert len(text) <= 1_000_000 and max(map(len, text.split("\n"))) <= 5000
    assert len(seen) == (name == "many of line feeds")
