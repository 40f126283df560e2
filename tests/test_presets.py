"""Presets: what ships can be loaded, and a slip in one is named in one sentence."""

import json
import shutil
import tempfile
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from typer.testing import CliRunner

import assets
import presets
from basis.errors import WrongUse
from commands.app import app
from presets.graphics import Caption, Chapter, LowerThird, Quote, Word, kind_names
from presets.template import EXAMPLE, template


@pytest.mark.parametrize("name", presets.names())
def test_what_ships_can_be_loaded(name):
    assert presets.load(name).captions.size >= 59


def test_the_series_shows_its_name_its_partners_and_the_call():
    preset = presets.load("open-industry")
    assert preset.series.name == "Открытая промышленность" and preset.end_card.text == "Открой мини-приложение"
    assert all(partner in preset.series.partners for partner in ("VK", "АНО «ИРИ»", "Департамент"))


def test_plain_has_captions_and_nothing_else():
    preset = presets.load("plain")
    assert not any(part.on for part in (preset.mark, preset.title_card, preset.lower_third, preset.end_card))


SLIPS = {
    "unknown key": ("[captions]\nsise = 70", "captions.sise; did you mean size"),
    "unknown section": ("[capttions]\nsize = 70", "capttions; did you mean captions"),
    "out of range": ("[captions]\nsize = 20", "captions.size"),
    "wrong kind": ("[mark]\non = 'perhaps'", "mark.on"),
    "not a colour": ("[colours]\nink = 'white'", "colours.ink"),
    "unknown font": ("[type]\nbold = 'ManropExtraBold'", "ManropExtraBold; did you mean ManropeExtraBold"),
    "font outside": ("[type]\nbold = '../other/face.ttf'", "no font ../other/face.ttf"),
    "illegible": ("[colours]\nink = '#777777'", "contrast"),
    "dark accent": ("[colours]\naccent = '#303030'", "colours.accent has a contrast"),
    "accent for words": ("[captions]\nstyle = 'word'\n[colours]\naccent = '#996622'", "needs 4.5"),
    "no such picture": ("[series]\nmark = 'mark.png'", "no picture mark.png"),
    "no such sound": ("[sound]\nmusic = 'bed.wav'", "no sound bed.wav"),
    "sound outside": ("[sound]\nend_sting = '../ding.wav'", "no sound ../ding.wav"),
    "picture outside": ("[series]\nmark = '../mark.png'", "no picture ../mark.png"),
    "font of somewhere else": (f"[type]\nbold = '{assets.path('RobotoBold').as_posix()}'", "there is no font"),
    "faint marks": (
        "[colours]\nground = '#767676'\nink = '#ffffff'\naccent = '#000000'\n[captions]\nbox_opacity = 1.0",
        "contrast",
    ),
    "graphic that is none": ("[[graphics]]\nkind = 'balloon'", "graphics[1]: there is no kind balloon"),
    "not TOML": ("[captions", "cannot be read"),
}


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_named_in_one_sentence(tmp_path, name):
    content, named = SLIPS[name]
    (tmp_path / "mine.toml").write_text(content, "utf-8")
    with pytest.raises(presets.PresetError) as error:
        presets.load(str(tmp_path / "mine.toml"))
    assert named in str(error.value) and "mine.toml" in str(error.value) and "\n" not in str(error.value).strip()


@pytest.mark.parametrize(
    ("name", "hint"), [("plane", "did you mean plain"), ("nowhere.toml", "check the path"), ("", "plain")]
)
def test_a_preset_that_does_not_exist_is_refused_with_a_hint(name, hint):
    with pytest.raises(presets.PresetError, match=hint):
        presets.load(name)


def test_a_preset_may_bring_its_own_font(tmp_path):
    shutil.copyfile(assets.path("RobotoBold"), tmp_path / "own.ttf")
    (tmp_path / "mine.toml").write_text("[type]\nbold = 'own.ttf'\n", "utf-8")
    assert presets.font_file(presets.load(str(tmp_path / "mine.toml")).type.bold) == (tmp_path / "own.ttf").resolve()


def test_the_night_shift_glows():
    """Its accent stands at 7:1 and more on its boxes, over white footage too."""
    preset = presets.load("night-shift")
    look = preset.colours
    assert presets.contrast_on_box(look.accent, look.ground, preset.captions.box_opacity) >= 7
    assert preset.captions.style == "word" and preset.title_card.over == "blur" and preset.progress.on


def read(text):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "mine.toml")
        file.write_text(text, "utf-8")
        return presets.load(str(file))


@pytest.mark.parametrize("name", presets.names())
def test_a_shipped_preset_survives_being_written_as_a_template(name):
    assert read(template(presets.load(name))) == presets.load(name)


def values(about):
    """What a key may be, from its JSON schema."""
    if "enum" in about:
        return st.sampled_from(about["enum"])
    match about["type"]:
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers(about["minimum"], about["maximum"])
        case "number":
            return st.floats(about["minimum"], about["maximum"])
    return st.text(max_size=about.get("maxLength", 60))


def sections():
    """Settings of every section whose values are free; colours, fonts, pictures and sounds have rules of their own."""
    free = {"title_card", "lower_third", "captions", "end_card", "progress", "sound", "framing"}
    made = {
        name: st.fixed_dictionaries(
            {},
            optional={
                key: values(about)
                for key, about in field.annotation.model_json_schema()["properties"].items()
                if key not in presets.SOUNDS
            },
        )
        for name, field in presets.Preset.model_fields.items()
        if name in free
    }
    assert set(made) == free
    made["series"] = st.fixed_dictionaries({}, optional={"name": st.text(), "partners": st.text()})
    made["type"] = st.fixed_dictionaries({}, optional={"bold": st.sampled_from(assets.fonts())})
    return made


LEGIBLE = st.sampled_from(  # behind the clearest box too
    [
        {"ground": "#000000", "ink": "#FFFFFF", "accent": "#abcdef"},
        {"ground": "#FFFFFF", "ink": "#000000", "accent": "#003399"},
    ]
)


SECONDS = st.floats(0, 1000)
WORDS = st.builds(Word, text=st.text(), start=SECONDS, end=SECONDS, colour=st.sampled_from([None, "#ff0000"]))
SOME = st.text(min_size=1, max_size=30)
GRAPHICS = st.one_of(
    st.builds(Caption, lines=st.lists(st.lists(WORDS, max_size=3), max_size=3), start=SECONDS),
    st.builds(lambda text: Caption.model_validate({"text": text, "start": 1, "end": 2}), st.text()),
    st.builds(Chapter, text=SOME, number=st.one_of(st.none(), st.integers(0, 999)), end=SECONDS),
    st.builds(LowerThird, name=SOME, role=SOME),
    st.builds(Quote, text=SOME, author=SOME, start=SECONDS, over=st.sampled_from(["picture", "plain"])),
)


@settings(max_examples=30, deadline=None)
@given(st.fixed_dictionaries({"colours": LEGIBLE}, optional=sections()), st.lists(GRAPHICS, max_size=3))
def test_any_settings_survive_being_written_as_a_template(given, placed):
    preset = presets.Preset.model_validate(given | {"graphics": [graphic.model_dump() for graphic in placed]})
    assert read(template(preset)) == preset


@pytest.mark.parametrize(
    "text",
    ['«Ёлочки» и "лапки"', "C:\\цех\\", "🏭🔥", "a\tb\nc\r\x00\x7f", "'''\"\"\"", "# nothing"],
)
def test_any_text_survives_being_written_as_a_template(text):
    preset = presets.Preset.model_validate({"series": {"name": text}, "end_card": {"text": text}})
    assert read(template(preset)) == preset


def test_a_template_explains_every_key():
    lines = template(presets.Preset()).splitlines()
    sections = [section for _, section in presets.Preset() if not isinstance(section, list)]
    about = {key: field for section in sections for key, field in type(section).model_fields.items()}
    assert len(about) > 30
    for key, field in about.items():
        at = next(number for number, line in enumerate(lines) if line.startswith(f"{key} = "))
        assert lines[at - 1].startswith("# ") and lines[at - 2] == ""
        assert any(line.startswith(f"# {field.description}") for line in lines)
    assert "# type in pixels; 59 gives capitals of 2.2% of the height (59 to 110)" in lines
    assert any('("auto", "cut", "split" or "fit")' in line for line in lines)


def test_a_template_names_the_default_that_was_changed():
    assert "(59 to 110; default 64)" in template(presets.load("open-industry"))


def test_the_sections_stand_in_the_order_of_the_schema():
    found = [line[1:].split("]")[0] for line in template(presets.Preset()).splitlines() if line.startswith("[")]
    assert found == [name for name in presets.Preset.model_fields if name != "graphics"]


def test_the_example_of_a_graphic_can_be_taken_as_it_is():
    entry = EXAMPLE[EXAMPLE.index("# [[graphics]]") :].replace("# ", "")
    preset = read(f"{template(presets.Preset())}\n\n{entry}\n")
    assert [type(placed) for placed in preset.graphics] == [Chapter]
    assert len(kind_names()) > 5 and all(kind in EXAMPLE for kind in kind_names())


def test_a_caption_is_written_as_its_text_where_that_says_all():
    placed = {"kind": "caption", "text": "Цех\nспит.", "start": 1, "end": 4}
    assert tomllib.loads(template(presets.Preset.model_validate({"graphics": [placed]})))["graphics"] == [placed]


def episode(*arguments):
    return CliRunner().invoke(app, ["presets", *map(str, arguments)])


@pytest.mark.parametrize(("name", "series"), [("night-shift", "Night Shift"), ("ночная_смена.toml", "Ночная смена")])
def test_new_writes_a_preset_that_loads(tmp_path, monkeypatch, name, series):
    monkeypatch.chdir(tmp_path)
    done = episode("new", name)
    assert done.exit_code == 0, done.output
    (file,) = tmp_path.iterdir()
    assert file.name == f"{name.removesuffix('.toml')}.toml" and file.name in done.output
    assert presets.load(file.name) == presets.Preset.model_validate({"series": {"name": series}})
    assert f"--preset {file.name}" in file.read_text("utf-8")


def test_new_begins_like_another_preset(tmp_path):
    file = tmp_path / "looks" / "a look.toml"
    assert episode("new", "ours", "--like", "open-industry", "-o", file).exit_code == 0
    made, shipped = presets.load(str(file)), presets.load("open-industry")
    assert made.series.name == "Ours" and made.model_copy(update={"series": shipped.series}) == shipped
    assert made.series.partners == shipped.series.partners and '--preset "a look.toml"' in file.read_text("utf-8")


@pytest.fixture
def with_files(tmp_path):
    """A preset with a mark and a font of its own."""
    folder = tmp_path / "first"
    (folder / "marks").mkdir(parents=True)
    Image.new("RGB", (300, 200), "red").save(folder / "marks" / "mark.png")
    shutil.copyfile(assets.path("RobotoBold"), folder / "own.ttf")
    (folder / "look.toml").write_text("series.mark = 'marks/mark.png'\ntype.bold = 'own.ttf'\n", "utf-8")
    return folder / "look.toml"


def test_new_brings_the_pictures_and_fonts_along(tmp_path, with_files):
    file = tmp_path / "second" / "look.toml"
    assert episode("new", "second", "--like", with_files, "-o", file).exit_code == 0
    text = file.read_text("utf-8")
    assert 'mark = "marks/mark.png"' in text and 'bold = "own.ttf"' in text and str(tmp_path) not in text
    assert presets.load(str(file)).series.mark == str((tmp_path / "second" / "marks" / "mark.png").resolve())


def test_new_never_replaces_a_picture_unasked(tmp_path, with_files):
    theirs = tmp_path / "second" / "marks" / "mark.png"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(b"theirs")
    asked = ["new", "second", "--like", with_files, "-o", tmp_path / "second" / "look.toml"]
    done = episode(*asked)
    assert isinstance(done.exception, WrongUse) and "mark.png" in str(done.exception)
    assert theirs.read_bytes() == b"theirs" and not (tmp_path / "second" / "look.toml").exists()
    assert episode(*asked, "--force").exit_code == 0 and theirs.read_bytes() != b"theirs"


def test_new_writes_a_preset_beside_its_model_without_copies(with_files):
    before = sorted(with_files.parent.rglob("*"))
    assert episode("new", "second", "--like", with_files, "-o", with_files.with_name("second.toml")).exit_code == 0
    assert sorted(with_files.parent.rglob("*")) == sorted([*before, with_files.with_name("second.toml")])


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\b", "/etc/x", " x", "a\nb", "a:b", "x" * 300, ".toml"])
def test_new_refuses_what_cannot_be_a_name(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    done = episode("new", name)
    assert isinstance(done.exception, WrongUse) and done.exception.exit_code == 2
    assert "cannot name a preset" in str(done.exception) and "\n" not in str(done.exception)
    assert list(tmp_path.iterdir()) == []


def test_new_refuses_another_kind_of_file_and_one_that_exists(tmp_path):
    (tmp_path / "mine.toml").write_text("mine")
    for file, says in (("mine.txt", ".toml"), ("mine.toml", "--force")):
        done = episode("new", "mine", "-o", tmp_path / file)
        assert isinstance(done.exception, WrongUse) and says in str(done.exception)
    assert (tmp_path / "mine.toml").read_text() == "mine"
    assert episode("new", "mine", "-o", tmp_path / "mine.toml", "--force").exit_code == 0


def test_check_says_that_a_preset_is_fine():
    done = episode("check", *presets.names())
    assert done.exit_code == 0 and done.stderr == ""
    assert done.stdout.splitlines() == [f"{name} is fine" for name in presets.names()]


def test_check_names_each_files_first_slip(tmp_path):
    for name, (content, _) in SLIPS.items():
        (tmp_path / f"{name}.toml").write_text(content, "utf-8")
    done = episode("check", "plain", *(tmp_path / f"{name}.toml" for name in SLIPS), tmp_path / "none.toml")
    said = done.stderr.splitlines()
    assert done.exit_code == 2 and done.stdout == "plain is fine\n" and len(said) == len(SLIPS) + 1
    assert all(named in line for (_, named), line in zip(SLIPS.values(), said, strict=False))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[end_card]\ntext = 'Ура 𓀀'", "𓀀"),
    ],
)
def test_check_notes_what_would_not_be_seen_as_it_is_written(tmp_path, content, says):
    (tmp_path / "mine.toml").write_text(content, "utf-8")
    done = episode("check", tmp_path / "mine.toml")
    assert done.exit_code == 0 and "is fine" in done.stdout and done.stderr.count("Note: ") == 1 and says in done.stderr


def test_a_picture_of_a_format_that_runs_programs_is_refused(tmp_path):
    (tmp_path / "mark.png").write_bytes(
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 200 200\n%%EndComments\nshowpage\n"
    )
    (tmp_path / "mine.toml").write_text("[series]\nmark = 'mark.png'\n", "utf-8")
    with pytest.raises(presets.PresetError, match="PNG"):
        presets.load(str(tmp_path / "mine.toml"))


def test_a_preset_may_begin_with_a_byte_order_mark(tmp_path):
    (tmp_path / "mine.toml").write_text("[series]\nname = 'Завод'\n", "utf-8-sig")
    assert presets.load(str(tmp_path / "mine.toml")).series.name == "Завод"


def test_check_names_a_graphic_that_cannot_be_drawn(tmp_path):
    (tmp_path / "mine.toml").write_text(
        f"[[graphics]]\nkind = 'end_card'\nlink = 'https://vk.com/{'я' * 480}'", "utf-8"
    )
    done = episode("check", tmp_path / "mine.toml")
    assert done.exit_code == 2 and "too long" in done.stderr


def test_show_prints_every_setting():
    assert json.loads(episode("show", "plain").stdout)["framing"]["max_upscale"] == 1.8
