"""Manifests as people write them: what is read, and where it says that something is wrong."""

import csv
import io
import json
import os
import re
import shutil
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import presets
from basis.errors import WrongUse
from jobs.check import check_season
from jobs.manifest import BRIEF, FOOTAGE, RUSSIAN, ManifestWrong, Season, read_season, slug
from jobs.template import template
from pipeline.brief import read_brief
from presets import delivery
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
    assert [e.name for e in season.entries] == [
        "открытая-промышленность-01",
        "открытая-промышленность-цех-5",
        "Трейлер",
    ]
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


def test_a_glob_does_not_go_round_in_circles_and_reads_letters_as_people_do(tmp_path):
    (tmp_path / "день").mkdir()
    (tmp_path / "день" / unicodedata.normalize("NFD", "Новый й.mov")).touch()
    for link in ("a", "b"):
        (tmp_path / link).symlink_to(".")
    patterns = ["**/*й.mov", "день/[Н]овый*", "**/**/день/*.mov"]
    text = "".join(f'[[episode]]\nnumber = {n}\nfootage = "{p}"\n' for n, p in enumerate(patterns))
    found = [[f.file.name for f in entry.brief.footage] for entry in read_season(write(tmp_path, text)).entries]
    assert found == [[unicodedata.normalize("NFD", "Новый й.mov")]] * 3


def test_a_glob_of_more_files_than_an_episode_has_is_refused(tmp_path):
    (tmp_path / "raw").mkdir()
    for number in range(1001):
        (tmp_path / "raw" / f"{number}.mov").touch()
    assert slips(tmp_path, '[[episode]]\nfootage = [\n"raw/*.mov"]\n') == [
        (3, "raw/*.mov is more than 1000 files; name fewer, or a folder.")
    ]


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
        ("[[episode]]\nfootage = [\n", 2, "the file ends"),
        ("[[episode]]\nnumber = 01\n", 2, "number = 01"),
        ("", 0, "no episode"),
        ("[[episode]]\nfootage = [\n  'a',\n  { file = 'b', form = 1 },\n]\n", 4, "footage[2].form; did you mean from"),
        ("[[episode]]\nfootage = 'a'\nshots = [\n  # [x]\n  '1 = fit',\n  '12',\n]\n", 6, "shots[2]"),
        ("episode = [\n  { footage = 'a', number = 1 },\n  { footage = 'b', numbr = 2 },\n]\n", 3, "number"),
        ("[[episode]]\n\"fo\\u006ftage\" = [\n'a',\n{ file = 'b',from = 9.5, 'to' = 5 }]\n", 4, "backwards"),
        ("[[episode]]\nfootage = 'a'\ntitle = 'x\u2028y'\nnumbr = 1\n", 4, "number"),
        ("[[episode]]\nfootage = 'a'\nkeep_pauses = [1]\n", 3, "tighten"),
        ("[defaults]\nkeep_pauses = [1]\n[[episode]]\nfootage = 'a'\n[[episode]]\nfootage = 'b'\nnumber = 2\n", 2, "tighten"),
        ("[[episode]]\nfootage = 'a'\n[[episode.graphics]]\nkind = 'chapter'\ntext = 'x'\nside = 'up'\n", 6, "left"),
        ("[[episode]]\n[[episode.footage]]\nfile = 'a'\ntitle = 'x'\n", 4, "title stands under [[episode]]"),
        ("[[episode]]\nfootage = 'a'\naudio = 'x'\n", 3, "audio stands under [[episode.footage]]"),
        ("[[episode]]\n[episode.footage]\nfile = 'a'\n", 2, "write [[episode.footage]]"),
        ("[[episode]]\nnumber = 1\nfootage = 'a'\n[[episode]]\nnumber = 1\nfootage = 'b'\n", 5, "the number 1 is taken"),
        ("[[episode]]\nfootage = 'a'\npreset = 'plain'\ntitle = 'Season'\n", 1, "would be called season"),
        ("[[episode]]\nfootage = 'a'\ntitle = '''\nx", 4, "the file ends"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(tmp_path, text, line, says):
    (only,) = slips(tmp_path, text)
    assert (only[0], says in only[1]) == (line, True), only


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 3000 + "]" * 3000,
        "[[episode]]\nfootage = 'a'\ntighten." + "a." * 2000 + "a = 1\n",
        f"[[episode]]\nfootage = [{{ file = 'a', from = 0x{'F' * 400} }}]\n",
        f"[[episode]]\nfootage = 'a'\ntighten = 0x{'F' * 6000}\n",
        f"[[episode]]\nfootage = 'a'\nnumber = {'9' * 6000}\n",
        '[[episode]]\nfootage = "a\\u0000b/*"\n',
        f"[[episode]]\nfootage = 'a'\npreset = '{'a' * 300}.toml'\n",
        "[[episode]]\nfootage = 'a'\n" + "".join(f"k{n} = 1\n" for n in range(20_000)),
        "#" * 5_000_001,
        ".".join(["a"] * 50_000) + " = 1",
        "[" + ".".join(["a"] * 50_000) + "]",
        "a = " + "{a=" * 50_000 + "1",
        "[[episode]]\nfootage = [" + "'a'," * 100_000 + "]",
        '"' + '\\"' * 500_000,
    ],
    ids=[
        "nested",
        "dotted",
        "hex",
        "hex for a switch",
        "long number",
        "no name",
        "long preset",
        "unknown keys",
        "5 MB",
        "dotted key",
        "dotted table",
        "tables",
        "files",
        "open quote",
    ],
)
def test_what_is_made_to_do_harm_is_wrong(tmp_path, text):
    found = slips(tmp_path, text)
    assert found and len(found) <= 1001 and all(len(told) <= 601 for _, told in found)


def test_slips_show_what_a_terminal_would_obey(tmp_path):
    text = '[[episode]]\nfootage = "a"\n"\\u001b[31mx" = 1\n"\\u202ey" = 1\n'
    found = [told for _, told in slips(tmp_path, text)]
    assert all(told.isprintable() for told in found) and "\\x1b[31mx" in found[0] and "\\u202ey" in found[1]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("titlе = 'x'", "letter 5, «е», is Cyrillic; type it in Latin letters, as title"),
        ("\"titlе\" = 'x'", "letter 5, «е», is Cyrillic; type it in Latin letters; did you mean title?"),
        ("numbеr = 1", "«е», is Cyrillic"),
        ("название = 'x'", "keys are words of Latin letters"),
        ("number\u00a0= 1", "a no-break space (U+00A0) after «number»"),
        ("\u200bnumber = 1", "a zero-width space (U+200B) before the line's first letter"),
        ("num\ufeffber = 1", "a byte order mark (U+FEFF) after «num»"),
        ("\"number\\u200b\" = 1", "a zero-width space (U+200B) after «number»"),
        ("title = “x”", "“ is no plain quote"),
        ("title = 'x’", "’ is no plain quote"),
        ('title = "x”', "” is no plain quote"),
        ("title = «x»", "« is no plain quote"),
        ('title = "Цех "Серп""', "quotes within text"),
        ('captions = "raw\\a.srt"', "write paths with /, or in single quotes"),
        ('captions = "C:\\Users\\a.srt"', "write paths with /, or in single quotes"),
        ("number = 1\nnumber = 2", "this key is there twice"),
        ("title = x", "text and colours stand in plain quotes"),
        ('title = "x', "a quote is not closed"),
    ],
)  # fmt: skip
def test_a_letter_that_is_not_what_it_looks_like_is_named(tmp_path, line, says):
    text = f"[[episode]]\nfootage = 'a'\n{line}\n"
    (only,) = slips(tmp_path, text)
    assert says in only[1] and only[0] == 3 + line.count("\n"), only


@pytest.mark.parametrize(
    "name",
    [
        "../x.mp4",
        "a/b",
        "/etc/x",
        ".hidden",
        "con",
        "NUL.mp4",
        "a:b",
        "x.plan",
        "season",
        "",
        "x" * 200,
        "я" * 110,
        "a\\b",
        "a\u202eb",
    ],
)
def test_an_output_is_one_file_in_the_output_folder(tmp_path, name):
    text = f"[[episode]]\nfootage = 'a'\noutput = '{name}'\n"
    assert [line for line, _ in slips(tmp_path, text)] == [3]


@pytest.mark.parametrize("title", ["ц" * 200, "x" * 200, "字" * 200, "№ " * 100])
def test_a_long_title_makes_a_name_that_disks_take(tmp_path, title):
    text = f'series = "Открытая промышленность"\n[[episode]]\nfootage = "{"я" * 120}"\ntitle = "{title}"\n'
    name = read_season(write(tmp_path, text)).entries[0].name
    (tmp_path / f".{name}.report.json.1234567.part").touch()
    assert len(name) <= 120 and name.strip("-") == name


def test_everything_that_is_wrong_is_named_at_once(tmp_path):
    text = "[default]\n[[episode]]\nfootage = 'a'\n[[episode]]\nnumber = 'x'\nfootage = 'b'\nlink = 'c'\n"
    assert [line for line, _ in slips(tmp_path, text)] == [1, 5, 7]
    text = "[[episode]]\nnumber = -1\ntitel = 'x'\nfootage = 'a'\n[[episode]]\nfootage = 'b'\ntighten = 'yes please'\n"
    assert [line for line, _ in slips(tmp_path, text)] == [2, 3, 7]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_spreadsheet_is_a_season_as_well(tmp_path, encoding, delimiter):
    rows = [
        ["Номер", "Название", "Файл", "от", "до", "Люди", "Титры файла", "без пауз", "пресет"],
        [
            "1",
            "Династия",
            "a.mov",
            "00:01:10",
            "75,5",
            '"Анна Орлова, сталевар; Иван, мастер @ 14"',
            "a.srt",
            "да",
            "plain",
        ],
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
        ("", 0, "no episode"),
        ("номер;файл;от\n01;a;0\n1;b;abc\n", 3, "от: 'abc' is not a time"),
        ("номер;файл;титры файла;до\n1;a;x.srt;9\n;b;;0\n", 3, "is empty"),
        ("номер;файл;люди\n1;a;Анна; Иван @ x\n", 2, "4 cells"),
        ('номер;файл;люди\n1;a;"Анна; Иван @ x"\n', 2, "люди[2].at"),
        ("номер;название;люди\n1;Раз;\n", 2, "file: it is missing"),
        ("number,номер,file\n1,2,a\n", 1, "are the same"),
        ("number,file,graphics\n1,a,x\n", 1, "graphics"),
        ('number,title,file\n1,"Раз",a\n2,"Два,b\n3,Три,c\n', 3, "quotes"),
        ('number,title,file\n"1","Раз\nдва",a\n1,,b\n2,Три,\n', 5, "file: it is missing"),
        ("number,file,tighten\n1,a,наверное\n", 2, "tighten: 'наверное' is neither true nor false"),
        ("number,file\n1,a\n2,b\n1,c\n", 4, "the number 1 is taken by the episode of line 2"),
        (b"number,file\n1,\x98\n", 0, "CP1251"),
        (",".join(f"x{n}" for n in range(200)), 1, "columns"),
    ],
)
def test_what_is_wrong_in_a_spreadsheet_is_named_with_its_line(tmp_path, text, line, says):
    found = slips(tmp_path, text, "season.csv")
    assert any(at == line and says in told for at, told in found), found


HEAD = "номер;название;файл;от;до;сдвиг рекордера;рекордер\n"


@pytest.mark.parametrize(
    ("cells", "start", "end", "offset"),
    [
        ("1;x;a;00:01:30,5;1:35,25;-0,5;r", 90.5, 95.25, -0.5),
        ("1;x;a;0,00104166666666667;0,0020833333;;", 90, 180, None),
        ("1;x;a;1,15741E-05;0,5;;", 1, 43200, None),
        ("1;x;a;12:01:30 AM;12:02:00 am;−1,5;r", 90, 120, -1.5),
        ("1;x;a;1\u00a0234,5;1 300;1'000;r", 1234.5, 1300, 1000),
        ("1;x;a;1,234.5;1.300,5;;", 1234.5, 1300.5, None),
        ('="1";x;a;"0,5";1,5;;', 0.5, 1.5, None),
        ("1.;x;a;\u200b5\u00a0;9;;", 5, 9, None),
    ],
)  # fmt: skip
def test_times_and_numbers_are_read_as_spreadsheets_write_them(tmp_path, cells, start, end, offset):
    (entry,) = read_season(write(tmp_path, HEAD + cells + "\n", "season.csv")).entries
    footage = entry.brief.footage[0]
    assert (footage.from_, footage.to, footage.audio_offset) == (pytest.approx(start), pytest.approx(end), offset)
    assert entry.brief.number == 1


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (HEAD + "03.янв;x;a;;;;\n", 2, "номер: 03.янв is a date"),
        (HEAD + "1;x;a;01.02.2026;;;\n", 2, "от: 01.02.2026 is a date"),
        (HEAD + "3-Jan;x;a;;;;\n", 2, "is a date"),
        (HEAD + "1;#ИМЯ?;a;;;;\n", 2, "название: #ИМЯ? is an error of the spreadsheet"),
        (HEAD + "1;x;a;########;;;\n", 2, "от: ######## is an error"),
        (HEAD + "1;x;a;00:01:30:12;;;\n", 2, "has frames"),
        ("sep=;\nномер;файл\n1;a\nx;b\n", 4, "номер"),
        ("номер;;файл\n1;забыто;a\n", 2, "«забыто», stands in a column without a name"),
        ("Сезон 1;;\n\nномер;файл\n1;a\n", 1, "the columns' names stand in line 3; delete what is above them"),
        ("номеp;файл\n1;a\n", 1, "letter 5, «p», is Latin"),
        ("номер;файл;Файл:\n1;a;b\n", 1, "are the same"),
        ("номер;файл\n1;a" + "я" * 140_000 + "\n", 2, "100,000 letters"),
        (",".join(["x"] * 1_000_000), 1, "more than 100 cells"),
        (b"PK\x03\x04" + b"x" * 50, 0, "workbook"),
        ("номер;файл;название\n1;a;Цех\udcd0 x\n2;b;Два\n".encode("utf-8", "surrogateescape"), 0, "line 2"),
    ],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
def test_what_a_spreadsheet_spoilt_is_named(tmp_path, text, line, says):
    found = slips(tmp_path, text, "season.csv")
    assert any(at == line and says in told for at, told in found), found


@pytest.mark.parametrize("first", ["sep=;\r\n", '"sep=;"\r\n', "SEP=;\n", "sep=;;;;\r\n", "\ufeffsep=;\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1251", "cp866", "koi8_r", "mac_cyrillic", "utf-16-le"])
def test_excels_own_first_line_and_its_encodings_are_known(tmp_path, first, encoding):
    end = first[-1]
    rows = [" НОМЕР\u00a0;Название:;файл;;;", "1;Цех, второй;a.mov;;;", ";;;;;", "2;Печь;b.mov;;;", ";;;"]
    rows = rows if encoding.startswith("utf") else [row.replace("\u00a0", " ") for row in rows]
    text = (first if encoding.startswith("utf") else first.lstrip("\ufeff")) + end.join(rows)
    season = read_season(write(tmp_path, text, "season.csv", encoding))
    assert [(e.brief.title, e.brief.footage[0].file.name) for e in season.entries] == [
        ("Цех, второй", "a.mov"),
        ("Печь", "b.mov"),
    ]
    assert [entry.line for entry in season.entries] == [3, 5]


def test_formulas_are_text_and_unicode_text_is_a_table(tmp_path):
    text = "номер\tназвание\tфайл\n1\t=cmd|'/c calc'!A0\ta.mov\n2\t<script>\u202e\tb.mov\n"
    season = read_season(write(tmp_path, text, "season.txt", "utf-16"))
    assert [entry.brief.title for entry in season.entries] == ["=cmd|'/c calc'!A0", "<script>\u202e"]


NAMES = {"footage": "Первый цех, йод.mov", "captions": "йод.srt", "music": "музыка й.wav", "audio": "пульт ё.wav"}


@pytest.mark.parametrize(("written", "there"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_name_is_found_however_its_letters_are_composed(tmp_path, written, there):
    folder = tmp_path / unicodedata.normalize(there, "Съёмка й")
    folder.mkdir()
    shutil.copyfile(presets.FOLDER / "plain.toml", folder / unicodedata.normalize(there, "вид й.toml"))
    for name in NAMES.values():
        (folder / unicodedata.normalize(there, name)).touch()
    given = {key: unicodedata.normalize(written, f"Съёмка й/{name}") for key, name in NAMES.items()}
    preset = unicodedata.normalize(written, "Съёмка й/вид й.toml")
    episode = (
        f"footage = [{{ file = '{given['footage']}', audio = '{given['audio']}' }}]\ncaptions = '{given['captions']}'\n"
    )
    episode += f"music = '{given['music']}'\npreset = '{preset}'\n"
    season = read_season(write(tmp_path, f"[[episode]]\n{episode}"))
    for brief in (season.entries[0].brief, read_brief(write(tmp_path, episode, "brief.toml"))):
        assert all(file.is_file() for file in brief.inputs) and len(brief.inputs) == 4 and Path(brief.preset).is_file()


@pytest.mark.skipif(os.sep != "/", reason="there \\ parts folders")
def test_a_path_of_windows_below_the_manifest_is_found_elsewhere(tmp_path):
    (tmp_path / "raw").mkdir()
    for name in ("a.mov", "b_1.mov", "b_2.mov"):
        (tmp_path / "raw" / name).touch()
    season = read_season(write(tmp_path, "номер;файл\n1;raw\\a.mov\n2;raw\\b_*.mov\n", "season.csv"))
    found = [file.file.relative_to(tmp_path).as_posix() for entry in season.entries for file in entry.brief.footage]
    assert found == ["raw/a.mov", "raw/b_1.mov", "raw/b_2.mov"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ('"raw\\new\\take.mov"', "a line break (U+000A) in its name (in double quotes"),
        ("'a.mov '", "begins or ends with a space"),
        ("'a.mov\u00a0'", "a no-break space (U+00A0) in its name; delete it"),
        ("'~/a.mov'", "~ does not stand for a folder"),
        ("'$HOME/a.mov'", "$HOME does not stand for anything"),
        ("'%USERPROFILE%/a.mov'", "%USERPROFILE% does not stand"),
        ("'take1.mvo'", "did you mean take1.mov?"),
        ("'a.mоv'", "of its ending .mоv, its letter 3, «о», is Cyrillic"),
        pytest.param("'D:\\raw\\a.mov'", "D: is a place of Windows", marks=pytest.mark.skipif(os.name != "posix", reason="it may be")),
    ],
)  # fmt: skip
def test_a_file_that_is_not_there_comes_with_advice(tmp_path, name, says):
    (tmp_path / "take1.mov").touch()
    (only,) = check_season(read_season(write(tmp_path, f"[[episode]]\nfootage = {name}\n"))).slips
    assert says in only.text and only.text.replace("\u00a0", "").isprintable()


@pytest.mark.skipif(os.name != "posix", reason="devices and pipes have names there")
@pytest.mark.parametrize("kind", ["device", "pipe", "folder"])
def test_only_ordinary_files_are_read(tmp_path, kind):
    for name in ("season.toml", "season.csv"):
        file = tmp_path / name
        if kind == "device":
            file.symlink_to("/dev/zero")
        elif kind == "pipe":
            os.mkfifo(file)
        else:
            file.mkdir()
        with pytest.raises(ManifestWrong, match="ordinary file"):
            read_season(file)
    for reading in (read_brief, presets.load, delivery.load):
        with pytest.raises(WrongUse, match=r"ordinary file|no preset file|no delivery"):
            reading(tmp_path / "season.toml" if reading is read_brief else str(tmp_path / "season.toml"))


def test_rows_without_number_and_title_are_episodes_where_there_are_no_such_columns(tmp_path):
    season = read_season(write(tmp_path, "file\na.mov\nb.mov\n", "season.csv"))
    assert [entry.name for entry in season.entries] == ["a-vertical", "b-vertical"]
    more = read_season(write(tmp_path, "номер,название,файл\n1,Раз,\n1,,a.mov\n,,b.mov\n", "season.csv"))
    assert [[f.file.name for f in entry.brief.footage] for entry in more.entries] == [["a.mov", "b.mov"]]


ENTRIES = st.lists(
    st.fixed_dictionaries(
        {
            "title": st.text(st.characters(codec="cp1251", exclude_categories=["Cc"]), max_size=30).map(str.strip),
            "file": st.from_regex(r"[a-zа-я0-9 ,;]{1,12}\.mov", fullmatch=True).map(str.strip),
            "from": st.integers(0, 5000),
            "people": st.lists(st.from_regex(r"[А-Я][а-я]{1,9}", fullmatch=True), max_size=3),
            "tighten": st.booleans(),
        }
    ),
    min_size=1,
    max_size=5,
)


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(ENTRIES, st.sampled_from([",", ";", "\t"]), st.sampled_from(["utf-8", "utf-8-sig", "cp1251", "utf-16"]))
def test_a_spreadsheet_and_a_toml_file_say_the_same(tmp_path_factory, entries, delimiter, encoding):
    folder = tmp_path_factory.getbasetemp()
    tables, rows = ['series = "Цех"'], io.StringIO(newline="")
    writer = csv.writer(rows, delimiter=delimiter)
    writer.writerow(["номер", "название", "файл", "от", "люди", "без пауз", "сериал"])
    for number, one in enumerate(entries, 1):
        tables += ["[[episode]]", f"number = {number}", f"title = {json.dumps(one['title'])}"]
        tables += [f"footage = [{{ file = {json.dumps(one['file'])}, from = {one['from']} }}]"]
        tables += [f"people = {json.dumps(one['people'])}", f"tighten = {json.dumps(one['tighten'])}"]
        told = "да" if one["tighten"] else ""
        writer.writerow([number, one["title"], one["file"], one["from"], "; ".join(one["people"]), told, "Цех"])
    first = read_season(write(folder, "\n".join(tables)))
    second = read_season(write(folder, rows.getvalue(), "season.csv", encoding))
    assert [(e.name, e.brief) for e in first.entries] == [(e.name, e.brief) for e in second.entries]
    assert [e.brief.title for e in first.entries] == [one["title"] for one in entries]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text("аA/*?[]@=,. \0\n12", max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*sorted(BRIEF | FOOTAGE), "kind", "x"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def toml(value):
    """Data as TOML writes it in one line."""
    match value:
        case dict():
            return "{" + ", ".join(f"{key} = {toml(inner)}" for key, inner in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(toml, value)) + "]"
        case None:
            return "1979-05-27"
        case float():
            return repr(value)
        case _:
            return json.dumps(value)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(BRIEF)), VALUES), st.dictionaries(st.sampled_from(sorted(BRIEF)), VALUES))
def test_any_values_are_a_season_or_wrong(tmp_path_factory, defaults, own):
    lines = ["[defaults]", *(f"{key} = {toml(value)}" for key, value in defaults.items()), "[[episode]]"]
    lines += [f"{key} = {toml(value)}" for key, value in own.items()]
    file = write(tmp_path_factory.getbasetemp(), "\n".join(lines))
    try:
        assert all(isinstance(slip.text, str) for slips in check_season(read_season(file)) for slip in slips)
    except ManifestWrong as wrong:
        assert all(slip.line != len(defaults) + 2 or "missing" in slip.text for slip in wrong.slips)
        assert all(0 < slip.line <= len(lines) for slip in wrong.slips)
        assert not [slip.text for slip in wrong.slips if re.search("[Ii]nput|[Ss]hould|[Vv]alid ", slip.text)]


@given(
    st.lists(st.lists(st.text('аA1/*;\n" @=', max_size=8), min_size=3, max_size=5), max_size=6),
    st.lists(st.sampled_from(sorted(RUSSIAN)), min_size=3, max_size=5),
)
def test_any_cells_are_a_season_or_wrong(tmp_path_factory, cells, columns):
    rows = io.StringIO(newline="")
    csv.writer(rows, delimiter=";").writerows([columns, *cells])
    try:
        assert read_season(write(tmp_path_factory.getbasetemp(), rows.getvalue(), "season.csv")).entries
    except ManifestWrong as wrong:
        assert wrong.slips


@given(st.binary(max_size=300), st.sampled_from(["a.toml", "a.csv"]))
def test_any_bytes_are_a_season_or_wrong(tmp_path_factory, raw, name):
    folder = tmp_path_factory.getbasetemp()
    try:
        assert isinstance(read_season(write(folder, raw, name)), Season)
    except ManifestWrong as wrong:
        assert wrong.slips


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text("аЯ[]\"'=#.{}\n xyz1", max_size=12), min_size=1, max_size=6))
def test_the_line_of_an_unknown_key_is_found_whatever_stands_around_it(tmp_path_factory, titles):
    lines = []
    for number, title in enumerate(titles):
        lines += [
            "[[episode]]",
            f"number = {number}",
            f"title = {json.dumps(title, ensure_ascii=False)}",
            'footage = "a"',
        ]
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
    found = check_season(read_season(write(tmp_path, text))).slips
    told = [(slip.line, next(w for w in ("not footage", "no file", "lasts", "audio stream", "bad.srt", "none.wav", "takes") if w in slip.text)) for slip in found]  # fmt: skip
    assert told == [
        (6, "not footage"),
        (9, "no file"),
        (12, "lasts"),
        (15, "audio stream"),
        (19, "bad.srt"),
        (23, "no file"),
        (24, "takes"),
    ]


def test_captions_that_cannot_be_of_the_episode_are_named(tmp_path):
    make(tmp_path / "a.mp4", [Scene(1.0)], size=(320, 180))
    (tmp_path / "late.srt").write_text("1\n00:01:00,000 --> 00:01:02,000\nПоздно.\n", "utf-8")
    (tmp_path / "good.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nРано.\n", "utf-8")
    lines = [
        'footage = [{ file = "a.mp4", captions = "good.srt" }]', 'footage = [{ file = "a.mp4", captions = "late.srt" }]',
        'captions = "late.srt"\nfootage = "a.mp4"', 'captions = "good.srt"\nfootage = [{ file = "a.mp4", captions = "good.srt" }]',
        'captions = "none.srt"\nfootage = "none.mp4"', f'footage = "{"x" * 300}"',
    ]  # fmt: skip
    text = "".join(f"[[episode]]\nnumber = {n}\n{more}\n" for n, more in enumerate(lines))
    found = check_season(read_season(write(tmp_path, text))).slips
    says = [
        "all outside 0.0 to 1.0 s",
        "all outside the episode's 1.0 s",
        "not both",
        "There is no file",
        "none.srt",
        "name too long",
    ]
    assert [line for line, _ in sorted((slip.line, slip.text) for slip in found)] == [6, 9, 13, 17, 18, 21]
    assert all(any(word in slip.text for slip in found) for word in says), found


def test_what_needs_no_eyes_is_told_before_anything_is_looked_at(tmp_path):
    """With the line of the key that it is about: slips of what would be refused, notes of what would be noted."""
    make(tmp_path / "a.mp4", [Scene(1.0)], size=(320, 180))
    (tmp_path / "slow.toml").write_text('rates = ["60"]\n')
    (tmp_path / "sting.toml").write_text("[sound]\ntitle_sting = 'a.mp4'\n[title_card]\non = false\n")
    said = [
        ('footage = "a.mp4"\nshots = ["0.5 = Person 1", "9 = fit"]', 3, "There is no shot at 9 s", None),
        ('footage = "a.mp4"\nshots = [\n"0.5 = fit",\n"0.5 = peson 1"]', 5, "No shot can show «peson 1»", None),
        ('footage = "a.mp4"\nlink = "https://цех..рф"', 3, "has no host", None),
        (f'footage = "a.mp4"\nlink = "https://vk.com/{"я" * 450}"', 3, "too long for a QR code", None),
        ('footage = "a.mp4"\ndelivery = "slow.toml"', 2, "has 25 frames a second and", None),
        ('footage = "a.mp4"\npeople = ["Анна", "Иван @ 9"]', 3, None, "Иван is not named at 9 s: the footage ends at 1.0 s."),
        ('footage = "a.mp4"\ntitle = "Ура 𓀀"', 1, None, "is shown without 𓀀"),
        ('footage = "a.mp4"\ntitle = "ҳ"', 1, None, "ManropeExtraBold has no ҳ: RobotoMedium draws it."),
        ('footage = "a.mp4"\n[[episode.graphics]]\nkind = "quote"\ntext = "x"\nstart = 5\nend = 6', 1, None, "The quote from 5 to 6 s is not shown"),
        (f'footage = "a.mp4"\nlink = "https://vk.com/{"a" * 250}"', 1, None, "makes a fine-grained QR code"),
        ('footage = "a.mp4"\npreset = "sting.toml"', 3, None, "title_sting is not heard"),
    ]  # fmt: skip
    for keys, line, slip, note in said:
        checked = check_season(read_season(write(tmp_path, f"[[episode]]\n{keys}\n")))
        assert [(one.line, slip in one.text) for one in checked.slips] == ([(line, True)] if slip else []), checked
        assert not note or any(one.line == line and note in one.text for one in checked.notes), checked.notes


def test_the_end_card_counts_in_the_length_that_a_platform_takes(tmp_path):
    make(tmp_path / "a.mp4", [Scene(1.0)], size=(320, 180))
    longest = round(delivery.load("vk-clips").longest_seconds)
    for preset, wrong in (("plain", 0), ("open-industry", 1)):
        text = f'[[episode]]\npreset = "{preset}"\nfootage = {json.dumps(["a.mp4"] * (longest - 1))}\n'
        assert len(check_season(read_season(write(tmp_path, text))).slips) == wrong


def test_footage_that_is_cut_off_is_told_and_is_no_slip(tmp_path):
    whole = make(tmp_path / "a.mp4", [Scene(2.0)], size=(320, 180), sound=None, movflags="+faststart").file.read_bytes()
    (tmp_path / "b.mp4").write_bytes(whole[: len(whole) * 2 // 3])
    lines = [
        'footage = "a.mp4"',
        'footage = "b.mp4"',
        'footage = [{ file = "b.mp4", to = 0.4 }]',
        'footage = "none.mp4"',
    ]
    season = read_season(write(tmp_path, "".join(f"[[episode]]\nnumber = {n}\n{one}\n" for n, one in enumerate(lines))))
    checked = check_season(season)
    assert [slip.line for slip in checked.slips] == [12]
    (note,) = (note for note in checked.notes if "cut off" in note.text)
    assert note.line == 6 and "b.mp4 is cut off: the picture ends at 1." in note.text and "of 2.00 s" in note.text


def test_a_preset_that_is_gone_since_is_named(tmp_path):
    (tmp_path / "own.toml").write_text("")
    season = read_season(write(tmp_path, '[[episode]]\nfootage = "a"\npreset = "own.toml"\n'))
    (tmp_path / "own.toml").unlink()
    assert any("no preset file" in slip.text for slip in check_season(season).slips)


@pytest.mark.parametrize("example", re.findall(r"^# (?:\[\[.*(?:\n# .*)*|\w+ = .*)$", template("plain"), re.MULTILINE))
def test_every_example_of_the_manifest_to_begin_with_is_right(tmp_path, example):
    text = template("plain")
    if example.startswith("# footage"):
        text = text.replace('\nfootage = "raw/episode-01.mov"', "", 1)
    right = text.replace(example, re.sub(r"^# ", "", example, flags=re.MULTILINE), 1)
    needs = {"# keep_pauses": "tighten", "# captions_offset": 'captions = "episode'}
    for begin, needed in needs.items():
        if example.startswith(begin):
            right = right.replace(f"# {needed}", needed)
    assert right != text and len(read_season(write(tmp_path, right)).entries) == 2


def test_the_manifest_to_begin_with_can_be_read_and_mentions_every_key(tmp_path):
    text = template("open-industry")
    season = read_season(write(tmp_path, text))
    assert [e.name for e in season.entries] == ["открытая-промышленность-01", "открытая-промышленность-02"]
    for key in (BRIEF | FOOTAGE) - {"footage"}:
        assert f"{key} = " in text or f"{key}]]" in text, key
    plain = text.replace("# ", "").replace("#   ", "")
    assert "[[episode.graphics]]" in plain
    assert {*RUSSIAN.values()} <= BRIEF | FOOTAGE | {"series", "footage_captions", "footage_captions_offset"}
