"""Briefs from TOML and times as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basis.data import seconds
from basis.errors import WrongUse
from pipeline.brief import Brief, Person, read_brief


@pytest.mark.parametrize(
    ("text", "value"),
    [("70", 70), ("01:10", 70), ("00:01:10", 70), ("1:00:00.5", 3600.5), ("0:01,25", 1.25), (12.5, 12.5)],
)
def test_a_time_is_read_as_people_write_it(text, value):
    assert seconds(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "abc", "1:75", "-3", "00:61:00", "1e9", "nan", True])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError):
        seconds(text)


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999))
def test_any_clock_time_is_its_seconds(h, m, s, ms):
    assert seconds(f"{h:02d}:{m:02d}:{s:02d}.{ms:03d}") == pytest.approx(h * 3600 + m * 60 + s + ms / 1000)


def write(tmp_path, text):
    file = tmp_path / "episode.toml"
    file.write_text(text, "utf-8")
    return file


def test_paths_of_a_brief_are_relative_to_it(tmp_path):
    brief = read_brief(write(tmp_path, 'title = "Цех"\n[[footage]]\nfile = "a.mov"\nfrom = "00:01:10"\nto = 75\n'))
    assert isinstance(brief, Brief)
    assert brief.footage[0].file == tmp_path / "a.mov"
    assert (brief.footage[0].from_, brief.footage[0].to) == (70, 75)


def test_every_file_of_a_brief_is_relative_to_it_and_but_for_the_output_an_input(tmp_path):
    text = (
        'captions = "c.srt"\nmusic = "m.wav"\noutput = "o.mp4"\npreset = "look.toml"\n'
        '[[footage]]\nfile = "a.mov"\naudio = "a.wav"\ncaptions = "/whole/a.srt"\n'
    )
    brief = read_brief(write(tmp_path, text))
    inputs = [tmp_path / "a.mov", tmp_path / "a.wav", tmp_path / "c.srt", tmp_path / "m.wav"]
    assert sorted(brief.inputs) == sorted([*inputs, tmp_path.joinpath("/whole/a.srt")])
    assert (brief.output, brief.preset) == (tmp_path / "o.mp4", str(tmp_path / "look.toml"))


def test_a_recording_may_begin_before_or_after_the_camera(tmp_path):
    text = '[[footage]]\nfile = "a.mov"\naudio = "b.wav"\naudio_offset = "-00:00:03.2"\n'
    assert read_brief(write(tmp_path, text)).footage[0].audio_offset == -3.2


@pytest.mark.parametrize(
    ("text", "name", "role", "at", "number"),
    [
        ("Анна Орлова", "Анна Орлова", "", None, None),
        ("Анна Орлова, сталевар", "Анна Орлова", "сталевар", None, None),
        ("Анна, мастер, цех № 3 @ 0:14,5", "Анна", "мастер, цех № 3", 14.5, None),
        (" Анна ,  мастер  @  person 2 ", "Анна", "мастер", None, 2),
        ("Анна Орлова, @anna_orlova", "Анна Орлова", "@anna_orlova", None, None),
        ("Анна Орлова, пишите anna@zavod.ru", "Анна Орлова", "пишите anna@zavod.ru", None, None),
        ("Анна, @anna_orlova @ 12,5", "Анна", "@anna_orlova", 12.5, None),
        ("Анна, anna@2gis.ru @person 3", "Анна", "anna@2gis.ru", None, 3),
        ("Анна, @2gis", "Анна", "@2gis", None, None),
        ("Анна, директор @ Завод", "Анна", "директор @ Завод", None, None),
        ("Анна @14", "Анна", "", 14, None),
        ("@anna_orlova", "@anna_orlova", "", None, None),
    ],
)
def test_a_person_may_be_one_text(text, name, role, at, number):
    person = Person.model_validate(text)
    assert (person.name, person.role, person.at, person.person) == (name, role, at, number)


def test_footage_and_shots_may_be_one_text(tmp_path):
    brief = read_brief(write(tmp_path, 'footage = "a.mp4"\nshots = ["12.5 = person 2", "0:31=fit"]'))
    assert [f.file for f in brief.footage] == [tmp_path / "a.mp4"]
    assert [(shot.at, shot.show) for shot in brief.shots] == [(12.5, "person 2"), (31, "fit")]
    several = read_brief(write(tmp_path, 'footage = ["a.mp4", { file = "b.mp4", from = 3 }]'))
    assert [(f.file.name, f.from_) for f in several.footage] == [("a.mp4", 0), ("b.mp4", 3)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('titel = "x"\nfootage = [{file = "a"}]', "title"),
        ('footage = [{file = "a", form = 1}]', "from"),
        ('footage = [{file = "a", from = 5, to = 5}]', "empty"),
        ('footage = [{file = "a", from = 5, to = 4}]', "backwards"),
        ("footage = []", "footage"),
        ("footage = [", "cannot be read"),
        ('audio = "lav.wav"\nfootage = [{file = "a"}]', r"audio stands under \[\[footage\]\]"),
        ('tighten = "yes please"\nfootage = [{file = "a"}]', "neither true nor false"),
        ('[footage]\nfile = "a"', r"write \[\[footage\]\]"),
        ('tighten = true\nkeep_pauses = 7.5\nfootage = [{file = "a"}]', "must be a list"),
        ('keep_pauses = [7.5]\nfootage = [{file = "a"}]', "tighten"),
        ('footage = [{file = "a", audio_offset = 3}]', "name it with audio"),
        ('footage = [{file = "a", audio = "b", audio_offset = "soon"}]', "not a time"),
        ('footage = "a"\npeople = ["Анна @ потом"]', r"people\[1\].at: 'потом' is not a time"),
        ('footage = "a"\npeople = ["Анна @ person двa"]', r"people\[1\].person"),
        ('footage = "a"\npeople = [", мастер"]', r"people\[1\].name"),
        ('footage = "a"\nshots = ["12.5"]', r"shots\[1\]: '12.5' has no ="),
        ('footage = "a\\u0000b"', "not the name of a file"),
        ('footage = "a"\nnumber = ' + "9" * 5000, "too long"),
        ("footage = " + "[" * 3000 + "]" * 3000, "nested too deeply"),
        ('footage = "a"\ntitle = "', "line 2"),
        ('link = "javascript:1"\nfootage = [{file = "a"}]', "link"),
    ],
)
def test_a_slip_in_a_brief_is_named(tmp_path, text, says):
    with pytest.raises(WrongUse, match=says):
        read_brief(write(tmp_path, text))
