"""Caption files in, readable captions out."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import presets
from pipeline.captions import LONGEST, for_episode, read_words, readable
from pipeline.errors import Unusable
from pipeline.plan import Word

PRESET = presets.load("open-industry")
SRT = "1\n00:00:01,000 --> 00:00:03,000\nДобрый день, «Серп и Молот».\n"


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


@pytest.mark.parametrize(
    "content", [b"", b"plain words", b"\x00\x01\x02\xff", b'{"segments": 5}', b'{"segments": [{"start": "x"}]}']
)
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
    words = [
        Word(text=t, start=i * 0.5, end=i * 0.5 + 0.5) for i, t in enumerate("Работаю здесь давно и не жалею".split())
    ]
    captions, _ = readable([words], lambda text: 45 * len(text), 10, 25, 17)
    for line in [line for c in captions for line in c.lines][:-1]:
        assert line[-1].text.lower() not in {"и", "не"}


def test_two_speakers_in_one_cue_get_a_line_each():
    words = [Word(text=t, start=i * 0.5, end=i * 0.5 + 0.5) for i, t in enumerate("— Да. — Нет.".split())]
    captions, _ = readable([words], lambda text: 10 * len(text), 10, 25, 17)
    assert [" ".join(w.text for w in line) for line in captions[0].lines] == ["— Да.", "— Нет."]


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
    for before, after in zip(captions, captions[1:], strict=False):
        assert before.end <= after.start + 1e-9
    for c in captions:
        assert 0 < c.end - c.start <= LONGEST + 1e-9 and c.end <= 60 + 1e-9
        text = " ".join(w.text for line in c.lines for w in line)
        assert len(c.lines) <= 2
        if len(text) / (c.end - c.start) > 17 + 1e-6:
            assert any(text in w for w in warnings)
