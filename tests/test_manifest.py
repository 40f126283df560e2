"""Manifests as people write them: what is read, and where it says that something is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.manifest import BRIEF, FOOTAGE, RUSSIAN, ManifestWrong, Season, check_season, read_season, slug
from jobs.template import template
from tests.footage import Scene, make


def write(folder, text, name="season.toml", encoding="utf-8"):
    file = folder / name
    file.write_bytes(text.encode(encoding) if isinstance(text, str) else text)
    return file


def slips(folder, text, name="season.toml"):
    with pytest.raises(ManifestWrong) as wrong:
        read_season(write(folder, text, name))
    assert wrong.value.exit_code == 2
    return [(slip.line, slip.text) for slip in wrong.value.slips]


SEASON = """\
series = "Открытая  Промышленность!"

[defaults]
preset = "plain"
music = "bed.wav"

[[episode]]
number = 1
title = "Династия"
footage = [{ file = "raw/a.mov", from = "00:01:10", to = 75 }]
people = ["Анна Орлова, сталевар @ person 2"]

[[episode]]
title = "Цех № 5"
preset = "night-shift"
footage = "b.mov"
[[episode.graphics]]
kind = "chapter"
text = "Литейный"

[[episode]]
output = "Трейлер.mp4"
footage = ["c.mov"]
"""


def test_an_entry_is_a_brief_with_the_defaults_below_it(tmp_path):
    season = read_season(write(tmp_path, SEASON))
    first, second, third = season.entries
    assert [e.name for e in season.entries] == ["открытая-промышленность-01", "открытая-промышленность-цех-5", "Трейлер"]
    assert [e.line for e in season.entries] == [7, 13, 21]
    assert (first.brief.preset, second.brief.preset) == ("plain", "night-shift")
    assert first.brief.music == third.brief.music == tmp_path / "bed.wav"
    assert first.brief.footage[0].file == tmp_path / "raw/a.mov" and first.brief.footage[0].from_ == 70
    assert (first.brief.people[0].name, first.brief.people[0].person) == ("Анна Орлова", 2)
    assert second.brief.graphics[0].kind == "chapter"


def test_files_are_called_after_the_presets_series_where_the_manifest_names_none(tmp_path):
    text = '[[episode]]\nnumber = 7\nfootage = "a.mov"\n'
    assert read_season(write(tmp_path, text)).entries[0].name == "открытая-промышленность-07"
    assert read_season(write(tmp_path, text + 'preset = "plain"\n')).entries[0].name == "episode-07"


def test_a_glob_is_every_file_that_matches_in_the_order_of_its_numbers(tmp_path):
    (tmp_path / "raw").mkdir()
    for name in ("ep_10.mov", "ep_2.mov", ".ep_1.mov", "other.mov", "clip[1].mov", "clip1.mov"):
        (tmp_path / "raw" / name).touch()
    (tmp_path / "raw" / "ep_3.mov").mkdir()
    text = '[[episode]]\nnumber = {}\nfootage = "{}"\n'
    patterns = ["raw/ep_*.mov", "raw/clip[1].mov", "raw/none*.mov", "**/other.mov"]
    season = read_season(write(tmp_path, "".join(text.format(n, p) for n, p in enumerate(patterns))))
    found = [[f.file.relative_to(tmp_path).as_posix() for f in e.brief.footage] for e in season.entries]
    assert found == [["raw/ep_2.mov", "raw/ep_10.mov"], ["raw/clip[1].mov"], ["raw/none*.mov"], ["raw/other.mov"]]
    wrong = slips(tmp_path, '[[episode]]\nnumber = 1\nfootage = [{ file = "raw/ep_*.mov", to = 5 }]\n')
    assert wrong == [(3, "raw/ep_*.mov is 2 files and to is of one; name them one by one.")]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("[[episode]]\nnumber = 1\nfotage = 'a'\n", 3, "did you mean footage"),
        ("[[episode]]\nnumber = 1\n", 1, "footage: it is missing"),
        ("[[episodes]]\nnumber = 1\n", 1, "did you mean episode"),
        ("title = 'x'\n[[episode]]\nfootage = 'a'\n", 1, "stands under [defaults]"),
        ("[episode]\nfootage = 'a'\n", 1, "[[episode]]"),
        ("defaults = 3\n[[episode]]\nfootage = 'a'\n", 1, "[defaults]"),
        ("series = 3\n[[episode]]\nfootage = 'a'\n", 1, "text"),
        ("[defaults]\nlink = 'ftp://x'\n[[episode]]\nfootage = 'a'\n[[episode]]\nfootage = 'b'\nnumber = 2\n", 2, "link"),
        ("[[episode]]\nfootage = 'a'\ntitle = '''\n[[episode]]\n'''\nnumbr = 1\n", 6, "number"),
        ("[[episode]]\nfootage = 'a'\n[[episode.people]]\nname = 'x'\n[[episode.people]]\nname = ''\n", 6, "people[2].name"),
        ("[[episode]]\nfootage = 'a'\nnumber = 1\n\n[[episode]]\nfootage = 'b'\nnumber = 1\noutput = 'x'\n", 7, "line 1"),
        ("[[episode]]\nfootage = 'a'\noutput = 'x'\n[[episode]]\nfootage = 'b'\noutput = 'X.mp4'\n", 6, "line 1"),
        ("[[episode]]\nfootage = 'a'\npreset = 'plian'\n", 3, "did you mean plain"),
        ("[[episode]]\nfootage = 'a'\ndelivery = 'vk'\n", 3, "vk-clips"),
        ("[[episode]]\nfootage = [\n", 0, "end of document"),
        ("[[episode]]\nnumber = 01\n", 2, "number = 01"),
        ("", 0, "no episode"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(tmp_path, text, line, says):
    (only,) = slips(tmp_path, text)
    assert (only[0], says in only[1]) == (line, True), only


@pytest.mark.parametrize("name", ["../x.mp4", "a/b", "/etc/x", ".hidden", "con", "NUL.mp4", "a:b", "x.plan", "season", "", "x" * 200, "a\\b"])
def test_an_output_is_one_file_in_the_output_folder(tmp_path, name):
    text = f"[[episode]]\nfootage = 'a'\noutput = '{name}'\n"
    assert [line for line, _ in slips(tmp_path, text)] == [3]


def test_everything_that_is_wrong_is_named_at_once(tmp_path):
    text = "[[episode]]\nnumber = -1\ntitel = 'x'\nfootage = 'a'\n[[episode]]\nfootage = 'b'\ntighten = 'yes please'\n"
    assert [line for line, _ in slips(tmp_path, text)] == [2, 3, 7]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_spreadsheet_is_a_season_as_well(tmp_path, encoding, delimiter):
    rows = [
        ["Номер", "Название", "Файл", "от", "до", "Люди", "Титры файла", "без пауз", "пресет"],
        ["1", "Династия", "a.mov", "00:01:10", "75,5", '"Анна Орлова, сталевар; Иван, мастер @ 14"', "a.srt", "да", "plain"],
        ["1", "", "b.mov", "", "", "", "", "", ""],
        [""] * 9,
        ["2", '"Два\nряда"', "c.mov", "", "", "", "", "", ""],
    ]
    quoted = [[f'"{cell}"' if delimiter in cell and '"' not in cell else cell for cell in row] for row in rows]
    season = read_season(write(tmp_path, "\r\n".join(delimiter.join(row) for row in quoted), "сезон.csv", encoding))
    first, second = season.entries
    assert ([f.file.name for f in first.brief.footage], second.line) == (["a.mov", "b.mov"], 5)
    assert (first.brief.footage[0].from_, first.brief.footage[0].to) == (70, 75.5)
    assert first.brief.footage[0].captions == tmp_path / "a.srt" and first.brief.tighten
    assert [(p.name, p.at) for p in first.brief.people] == [("Анна Орлова", None), ("Иван", 14)]
    assert second.brief.title == "Два\nряда" and first.name == "episode-01"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("номер,назвние\n1,x\n", 1, "название"),
        ("number,file\n1,a.mov\nx,b.mov\n", 3, "number"),
        ("number,title,file\n1,Раз,a\n1,Два,b\n", 3, "another title"),
        ("number,file\n1,a,b,c\n", 2, "4 cells"),
        ("series,number,file\nА,1,a\nБ,2,b\n", 3, "one series"),
        ("number,file\n", 0, "no episode"),
    ],
)
def test_what_is_wrong_in_a_spreadsheet_is_named_with_its_line(tmp_path, text, line, says):
    found = slips(tmp_path, text, "season.csv")
    assert any(at == line and says in told for at, told in found), found


@given(st.binary(max_size=300), st.sampled_from(["a.toml", "a.csv"]))
def test_any_bytes_are_a_season_or_wrong(tmp_path_factory, raw, name):
    folder = tmp_path_factory.getbasetemp()
    try:
        assert isinstance(read_season(write(folder, raw, name)), Season)
    except ManifestWrong as wrong:
        assert wrong.slips


@given(st.lists(st.text("аЯ[]\"'=#.{}\n xyz1", max_size=12), min_size=1, max_size=6))
def test_the_line_of_an_unknown_key_is_found_whatever_stands_around_it(tmp_path_factory, titles):
    import json

    lines = []
    for number, title in enumerate(titles):
        lines += ["[[episode]]", f"number = {number}", f"title = {json.dumps(title, ensure_ascii=False)}", 'footage = "a"']
    lines.append("nonsense = 1")
    assert [line for line, _ in slips(tmp_path_factory.getbasetemp(), "\n".join(lines))] == [len(lines)]


@given(st.text(max_size=200))
def test_a_slug_is_a_part_of_any_files_name(text):
    made = slug(text)
    assert not set(made) & set('/\\:*?"<>|. \n') and made == made.strip("-") and len(made) <= 120


def test_checking_names_what_would_fail(tmp_path):
    make(tmp_path / "good.mp4", [Scene(1.0)], size=(320, 180))
    (tmp_path / "bad.mp4").write_text("no video " * 50)
    (tmp_path / "bad.srt").write_text("no times")
    text = "".join(
        f'[[episode]]\nnumber = {n}\n{more}\n'
        for n, more in enumerate(
            [
                'footage = "good.mp4"', 'footage = "bad.mp4"', 'footage = "none_*.mp4"',
                'footage = [{ file = "good.mp4", to = 9 }]', 'footage = [{ file = "good.mp4", audio_stream = 7 }]',
                'footage = "good.mp4"\ncaptions = "bad.srt"', 'footage = "good.mp4"\nmusic = "none.wav"',
                'footage = [' + ', '.join(['"good.mp4"'] * 200) + ']',
            ]
        )
    )  # fmt: skip
    found = check_season(read_season(write(tmp_path, text)))
    told = [(slip.line, next(w for w in ("not footage", "no file", "lasts", "audio stream", "bad.srt", "none.wav", "takes") if w in slip.text)) for slip in found]  # fmt: skip
    assert told == [(4, "not footage"), (7, "no file"), (10, "lasts"), (13, "audio stream"), (16, "bad.srt"), (20, "no file"), (24, "takes")]


def test_the_manifest_to_begin_with_can_be_read_and_mentions_every_key(tmp_path):
    text = template("open-industry")
    season = read_season(write(tmp_path, text))
    assert [e.name for e in season.entries] == ["открытая-промышленность-01", "открытая-промышленность-02"]
    for key in (BRIEF | FOOTAGE) - {"footage"}:
        assert f"{key} = " in text or f"{key}]]" in text, key
    plain = text.replace("# ", "").replace("#   ", "")
    assert "[[episode.graphics]]" in plain
    assert {*RUSSIAN.values()} <= BRIEF | FOOTAGE | {"series", "footage_captions"}
