"""Caption files in, readable captions out."""

import contextlib
import json
import struct
import time
from itertools import pairwise
from types import SimpleNamespace

import ffmpeg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import presets
from pipeline import ffmpeg_tool, source
from pipeline.captions import Stretch, for_episode, subtitles
from pipeline.captions.cues import SHORTEST, Cue, read_words
from pipeline.captions.readability import LINE_WIDTH, LONGEST, keeps_together, readable
from pipeline.errors import Unusable, WrongUse
from presets.graphics import Caption, Word

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
    return readable(cues, measure, duration, 25, speed, SIZE)


def said(caption):
    return " ".join(word.text for line in caption.lines for word in line)


def lines(caption):
    return [" ".join(word.text for word in line) for line in caption.lines]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
def test_an_encoding_that_is_really_used_is_read(tmp_path, encoding):
    (tmp_path / "a.srt").write_bytes(SRT.encode(encoding))
    words = read_words(tmp_path / "a.srt")[0].words
    assert " ".join(w.text for w in words) == "Добрый день, «Серп и Молот»."
    assert (words[0].start, words[-1].end) == (1.0, 3.0)


FORMATS = {
    "a.vtt": "WEBVTT\n\n00:00:01.000 --> 00:00:03.000\nДа <b>вот</b> так\n",
    "a.ass": "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\n\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR,"
    " MarginV, Effect, Text\nDialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,{\\b1}Да вот\\Nтак\n",
    "a.sbv": "0:00:01.000,0:00:03.000\nДа вот\nтак\n",
    "a.json": json.dumps({"segments": [{"start": 1, "end": 3, "text": " Да вот так"}]}),
}


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
    "entities": ("Да &amp; нет&nbsp;все", "Да & нет все"),
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
    (tmp_path / "a.srt").write_bytes((SRT + "\n" + SRT).replace("\n", ending).encode())
    assert len(read_words(tmp_path / "a.srt")) == 2


def test_a_caption_without_a_duration_is_kept(tmp_path):
    (tmp_path / "a.srt").write_text("1\n00:00:01,000 --> 00:00:01,000\nДа\n", "utf-8")
    captions, _ = for_episode(tmp_path / "a.srt", [], PRESET, 5.0, 25)
    assert captions[0].start == 1.0 and captions[0].end >= 1.83


@pytest.mark.parametrize(
    "content",
    [
        b"", b"plain words", b"\x00\x01\x02\xff", b'{"segments": 5}', b'{"segments": [{"start": "x"}]}', b"[5, {}]",
        b"[" * 100_000, b'[{"start": NaN, "end": 2, "text": "a"}]', b"1\n00:00:01,000 --> 00:00:02,000\n" + b"a" * 5000 + b"\n",
    ],
    ids=["empty", "prose", "binary", "number", "no times", "numbers", "deep", "not a time", "endless word"],
)  # fmt: skip
def test_what_holds_no_caption_is_refused(tmp_path, content):
    (tmp_path / "a.srt").write_bytes(content)
    with pytest.raises(Unusable, match=r"a\.srt"):
        read_words(tmp_path / "a.srt")


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
    return Stretch(SimpleNamespace(file="a.mp4", subtitles=subtitles), start, end, offset, file, list(speech))


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
    captions, warnings = for_episode(None, [Stretch(made, 1.0, 4.0, -1.0, None, [])], PRESET, 3.0, 25)
    assert [said(c) for c in captions] == ["Цех работает."]
    assert captions[0].start == pytest.approx(0.5, abs=0.02) and captions[0].end == pytest.approx(1.5, abs=0.02)
    assert len(warnings) == 1 and name in warnings[0]


@pytest.mark.parametrize("name", ["late.mkv", "late.mp4"])
def test_captions_inside_footage_that_starts_late_agree_with_its_picture(tmp_path, name):
    made = footage(tmp_path, name, "srt" if name.endswith("mkv") else "mov_text", late=5)
    assert name.endswith("mp4") or made.start == pytest.approx(5, abs=0.1)
    captions, _ = for_episode(None, [Stretch(made, 0.0, 4.0, 0.0, None, [])], PRESET, 4.0, 25)
    assert captions[0].start == pytest.approx(1.5, abs=0.05)


def test_captions_inside_the_footage_are_left_alone_where_others_are_given_or_the_preset_says_so(tmp_path):
    made = footage(tmp_path, "a.mkv")
    (tmp_path / "mine.srt").write_text(SRT, "utf-8")
    captions, warnings = for_episode(tmp_path / "mine.srt", [Stretch(made, 0, 4, 0, None, [])], PRESET, 4, 25)
    assert [said(c) for c in captions] == ["Добрый день, «Серп и Молот»."] and not warnings
    captions, _ = for_episode(None, [Stretch(made, 0, 4, 0, tmp_path / "mine.srt", [])], PRESET, 4, 25)
    assert [said(c) for c in captions] == ["Добрый день, «Серп и Молот»."]
    off = PRESET.model_copy(update={"captions": PRESET.captions.model_copy(update={"embedded": False})})
    assert for_episode(None, [Stretch(made, 0, 4, 0, None, [])], off, 4, 25) == ([], [])


def test_captions_that_are_pictures_are_named_and_not_used(tmp_path):
    segments = ((0x16, bytes((0, 160, 0, 90, 0x10, 0, 1, 0x80, 0, 0, 0))), (0x80, b""))  # an empty PGS composition
    sup = b"".join(b"PG" + struct.pack(">IIBH", 90_000, 0, kind, len(body)) + body for kind, body in segments)
    (tmp_path / "a.sup").write_bytes(sup)
    picture = ffmpeg.input("testsrc2=s=160x90:r=25:d=2", f="lavfi").video
    pictures = ffmpeg.input(str(tmp_path / "a.sup"))["s:0"]
    ffmpeg_tool.run(ffmpeg.output(picture, pictures, str(tmp_path / "a.mkv"), **{"c:v": "libx264", "c:s": "copy"}))
    made = source.probe(tmp_path / "a.mkv")
    captions, warnings = for_episode(None, [Stretch(made, 0, 2, 0, None, [])], PRESET, 2, 25)
    assert made.subtitles == 1 and captions == [] and len(warnings) == 1 and "as pictures" in warnings[0]


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


WIDE = {"a long word": ("Высококвалифицированный персонал", "smaller"), "endless": ("а" * 50, "broken")}


@pytest.mark.parametrize("name", WIDE)
def test_a_word_wider_than_a_line_is_named(name):
    text, meant = WIDE[name]
    captions, warnings = shown([timed(text, 0, 5)], lambda text: 38 * len(text))
    assert len(captions) == 1 and len(warnings) == 1 and meant in warnings[0] and text in warnings[0]


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


@settings(deadline=None, max_examples=200)
@given(st.lists(CUE, min_size=1, max_size=12), st.sampled_from([10.0, 34.0, 41.0]))
def test_any_cues_keep_order_lose_no_word_and_are_readable_or_named(cues, letter):
    cues = sorted(cues)
    given_ = [
        timed(" ".join(texts), start, start + length, band="upper" if upper else None)
        for start, length, texts, upper in cues
    ]
    captions, warnings = shown(given_, lambda text: letter * len(text))
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
            assert any(f"«{said(c)}»" in w for w in warnings)


def spoken(count, seconds):
    texts = ("мы", "работаем", "в", "цехе,", "где", "плавят", "сталь.", "Это", "завод", "и", "он", "не", "спит")
    step = seconds / count
    return [Word(text=texts[n % len(texts)], start=n * step, end=(n + 1) * step) for n in range(count)]


def many(count):
    text = " ".join(word.text for word in spoken(8, 1))
    return [timed(text, 3 * n, 3 * n + 2.9) for n in range(count)]


MANY = {
    "5000 cues": many(5000),
    "one cue of 3000 words": [Cue(spoken(3000, 900), 0, 900)],
    "3000 words without a sentence end": [
        Cue([w.model_copy(update={"text": "цех"}) for w in spoken(3000, 900)], 0, 900)
    ],
    "3000 short words in a small type": [Cue([w.model_copy(update={"text": "я"}) for w in spoken(3000, 900)], 0, 900)],
}


@pytest.mark.parametrize("name", MANY)
def test_much_text_takes_little_time(name):
    began = time.process_time()
    captions, _ = readable(MANY[name], ten if "small" in name else wide, 20_000, 25, 17, SIZE)
    assert time.process_time() - began < 3 and len(captions) > 40


def test_a_caption_that_moved_on_a_cut_is_one_subtitle_again():
    lines = [[Word(text="Да.", start=1, end=3)]]
    parts = [Caption(start=1, end=2, lines=lines, middle=1290), Caption(start=2, end=3, lines=lines, middle=500)]
    assert subtitles(parts, "srt").count("Да.") == 1 and "00:00:01,000 --> 00:00:03,000" in subtitles(parts, "srt")


HEAD = "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\n\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
EVENT = "Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,"
HOSTILE = {
    "line feeds": HEAD + EVENT + r"\N" * 200_000 + "\n",
    "many of line feeds": HEAD + (EVENT + r"\N" * 2400 + "\n") * 200,
    "open braces": "1\n00:00:01,000 --> 00:00:03,000\n" + "{" * 300_000 + "\n",
    "open brackets": "1\n00:00:01,000 --> 00:00:03,000\n" + "<" * 300_000 + "\n",
    "spaces and dashes": "1\n00:00:01,000 --> 00:00:03,000\n" + " " * 4000 + "-" * 900 + "\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_captions_made_to_keep_the_reader_busy_are_refused_or_read_at_once(tmp_path, name):
    (tmp_path / "a.srt").write_text(HOSTILE[name], "utf-8")
    begun = time.process_time()
    with contextlib.suppress(Unusable):
        read_words(tmp_path / "a.srt", styled=True)
    assert time.process_time() - begun < 2
