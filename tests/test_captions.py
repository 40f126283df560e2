"""Caption files in, readable captions out."""

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import presets
from pipeline.captions import LINE_WIDTH, LONGEST, SHORTEST, for_episode, read_words, readable
from pipeline.errors import Unusable
from presets.graphics import Word

PRESET = presets.load("open-industry")
SRT = "1\n00:00:01,000 --> 00:00:03,000\nДобрый день, «Серп и Молот».\n"


def timed(text, start, end):
    texts = text.split()
    step = (end - start) / len(texts)
    return [Word(text=t, start=start + i * step, end=start + (i + 1) * step) for i, t in enumerate(texts)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
def test_an_encoding_that_is_really_used_is_read(tmp_path, encoding):
    (tmp_path / "a.srt").write_bytes(SRT.encode(encoding))
    words = read_words(tmp_path / "a.srt")[0]
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
    assert [w.text for w in read_words(tmp_path / name)[0]] == ["Да", "вот", "так"]


def test_words_of_whisper_keep_their_own_times(tmp_path):
    words = [{"word": " Да", "start": 1.0, "end": 1.2}, {"word": " нет", "start": 2.5, "end": 2.9}]
    (tmp_path / "a.json").write_text(json.dumps({"segments": [{"start": 1, "end": 3, "text": "", "words": words}]}))
    assert [(w.text, w.start, w.end) for w in read_words(tmp_path / "a.json")[0]] == [
        ("Да", 1.0, 1.2),
        ("нет", 2.5, 2.9),
    ]


def whisper(*words):
    return json.dumps({"segments": [{"start": 1, "end": 3, "text": "", "words": words}]})


def test_words_that_whisper_could_not_time_share_the_time_between_their_neighbours(tmp_path):
    (tmp_path / "a.json").write_text(
        whisper({"word": "Цех"}, {"word": "работает", "start": 1.5, "end": 2.0}, {"word": "ночью"})
    )
    words = read_words(tmp_path / "a.json")[0]
    assert [(w.text, w.start, w.end) for w in words] == [("Цех", 1.0, 1.5), ("работает", 1.5, 2.0), ("ночью", 2.0, 3.0)]


def test_the_parts_of_a_word_that_whisper_took_apart_are_one_word_again(tmp_path):
    (tmp_path / "a.json").write_text(
        whisper(
            {"word": " из", "start": 1, "end": 1.2},
            {"word": "-за", "start": 1.2, "end": 1.5},
            {"word": " нас", "start": 2, "end": 3},
        )
    )
    assert [(w.text, w.end) for w in read_words(tmp_path / "a.json")[0]] == [("из-за", 1.5), ("нас", 3.0)]


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
    assert " ".join(w.text for w in read_words(tmp_path / "a.srt")[0]) == meant


@pytest.mark.parametrize("ending", ["\r\n", "\r"])
def test_line_endings_of_other_systems_are_read(tmp_path, ending):
    (tmp_path / "a.srt").write_bytes((SRT + "\n" + SRT).replace("\n", ending).encode())
    assert len(read_words(tmp_path / "a.srt")) == 2


def test_a_caption_without_a_duration_is_kept(tmp_path):
    (tmp_path / "a.srt").write_text("1\n00:00:01,000 --> 00:00:01,000\nДа\n", "utf-8")
    captions, _ = for_episode(tmp_path / "a.srt", PRESET, 5.0, 25)
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
        for_episode(tmp_path / "a.srt", PRESET, 0.9, 25)
    captions, _ = for_episode(tmp_path / "a.srt", PRESET, 2.0, 25)
    assert captions[-1].end <= 2.0


def test_a_short_preposition_stays_with_its_word():
    words = timed("Работаю здесь давно и не жалею", 0, 3)
    captions, _ = readable([words], lambda text: 45 * len(text), 10, 25, 17)
    for line in [line for c in captions for line in c.lines][:-1]:
        assert line[-1].text.lower() not in {"и", "не"}


def test_two_speakers_in_one_cue_get_a_line_each():
    words = timed("— Да. — Нет.", 0, 2)
    captions, _ = readable([words], lambda text: 10 * len(text), 10, 25, 17)
    assert [" ".join(w.text for w in line) for line in captions[0].lines] == ["— Да.", "— Нет."]


def test_two_people_who_speak_at_once_are_read_one_after_the_other():
    cues = [timed("Мы плавим сталь", 1, 5), timed("И днём и ночью", 2, 5)]
    captions, warnings = readable(cues, lambda text: 10 * len(text), 10, 25, 17)
    assert [c.start for c in captions] == [1.0, 2.0] and captions[0].end == 2.0 and not warnings


def test_a_caption_near_the_end_comes_earlier_so_that_it_can_be_read():
    captions, warnings = readable([timed("Спасибо за внимание", 9.8, 10)], lambda text: 10 * len(text), 10, 25, 17)
    assert captions[0].end == 10 and captions[0].end - captions[0].start >= 0.83
    assert "characters a second" in warnings[0]


def test_a_long_cue_is_split_after_a_sentence_rather_than_in_its_middle():
    cue = timed("Печь не гаснет никогда. Её остановка стоит дороже, чем целый новый цех рядом", 0, 6)
    captions, _ = readable([cue], lambda text: 36 * len(text), 10, 25, 17)
    assert captions[0].lines[-1][-1].text == "никогда."


WORD = st.text("абвгдежзий.,!—", min_size=1, max_size=14)
CUE = st.tuples(st.floats(0, 50), st.floats(0.05, 9), st.lists(WORD, min_size=1, max_size=30))


@settings(deadline=None, max_examples=150)
@given(st.lists(CUE, min_size=1, max_size=12))
def test_any_cues_keep_order_lose_no_word_and_never_overlap(cues):
    cues = sorted(cues)
    given_ = [
        [
            Word(text=t, start=start + i * length / len(texts), end=start + (i + 1) * length / len(texts))
            for i, t in enumerate(texts)
        ]
        for start, length, texts in cues
    ]
    captions, warnings = readable(given_, lambda text: 34.0 * len(text), 60.0, 25, 17)
    assert [w.text for c in captions for line in c.lines for w in line] == [t for _, _, texts in cues for t in texts]
    for before, after in pairwise(captions):
        assert before.end <= after.start + 1e-9
        assert after.start - before.end < 1e-9 or after.start - before.end > 2 / 25 - 1e-9
    for c in captions:
        assert 0 < c.end - c.start <= LONGEST + 1e-9 and c.end <= 60 + 1e-9
        text = " ".join(w.text for line in c.lines for w in line)
        assert len(c.lines) <= 2
        wide = any(34 * len(" ".join(w.text for w in line)) > LINE_WIDTH for line in c.lines)
        if len(text) / (c.end - c.start) > 17 + 1e-5 or c.end - c.start < SHORTEST - 1e-5 or wide:
            assert any(text in w for w in warnings)
