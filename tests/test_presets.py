"""Presets: what ships can be loaded, and a slip in one is named in one sentence."""

import json
import shutil
import struct
import tempfile
import tomllib
import unicodedata
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms
from typer.testing import CliRunner

import assets
import presets
from basis.errors import WrongUse
from commands.app import app
from presets import pictures
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
        ("[type]\nbold = 'latin.ttf'", "latin.ttf has no Ё, А, Б"),
        ("[series]\nmark = 'dark.png'", "series.mark: dark.png is hardly seen on colours.ground, #15181B"),
        ("[series]\npartner_marks = ['dark.png']\n[colours]\nground = '#F6F4EF'\nink = '#15181B'\naccent = '#7A2F00'", ""),
        ("[series]\npartner_marks = ['wide.png']", "series.partner_marks: wide.png fills 20% of its own height"),
        ("[series]\nmark = 'white.jpg'", "white.jpg fills 20% of its own height"),
        ("[series]\nmark = 'clear.png'", "clear.png is clear all over"),
        ("[series]\nmark = 'fine.png'", ""),
    ],
)  # fmt: skip
def test_check_notes_what_would_not_be_seen_as_it_is_written(tmp_path, content, says):
    mark = Image.new("RGBA", (900, 240))
    dark, fine = mark.copy(), mark.copy()
    dark.paste("#0A0C0E", (10, 10, 890, 230))
    fine.paste("#FF7A2F", (10, 10, 890, 230))
    wide = Image.new("RGBA", (1000, 1000))
    wide.paste("#FF7A2F", (100, 400, 900, 600))
    white = Image.new("RGB", (1000, 1000), "white")
    white.paste("#FF7A2F", (100, 400, 900, 600))
    for name, image in (("dark", dark), ("fine", fine), ("wide", wide), ("clear", mark)):
        image.save(tmp_path / f"{name}.png")
    white.save(tmp_path / "white.jpg")
    without_cyrillic(presets.font_file("RobotoBold"), tmp_path / "latin.ttf")
    (tmp_path / "mine.toml").write_text(content, "utf-8")
    done = episode("check", tmp_path / "mine.toml")
    assert done.exit_code == 0 and "is fine" in done.stdout
    assert (done.stderr.count("Note: "), says in done.stderr) == (bool(says), True), done.stderr


def without_cyrillic(font, file):
    """Writes a font whose table of characters knows no Cyrillic: the segments of its format 4 end before it."""
    raw = bytearray(font.read_bytes())
    tables = {bytes(raw[at : at + 4]): struct.unpack_from(">2I", raw, at + 8) for at in range(12, 12 + 16 * raw[5], 16)}
    cmap = tables[b"cmap"][0]
    for n in range(struct.unpack_from(">H", raw, cmap + 2)[0]):
        begin = cmap + struct.unpack_from(">I", raw, cmap + 4 + 8 * n + 4)[0]
        kind = struct.unpack_from(">H", raw, begin)[0]
        assert kind in (4, 12)
        if kind == 12:
            count = struct.unpack_from(">I", raw, begin + 12)[0]
            places = [begin + 16 + 12 * k for k in range(count)]
            groups = [struct.unpack_from(">3I", raw, place) for place in places]
            for place, (first, last, glyph) in zip(places, groups, strict=True):
                struct.pack_into(">3I", raw, place, first, last, 0 if 0x400 <= first < 0x530 else glyph)
            continue
        count = struct.unpack_from(">H", raw, begin + 6)[0] // 2
        ends, starts = begin + 14, begin + 16 + 2 * count
        deltas, offsets = starts + 2 * count, starts + 4 * count
        for k in range(count):
            first = struct.unpack_from(">H", raw, starts + 2 * k)[0]
            offset = struct.unpack_from(">H", raw, offsets + 2 * k)[0]
            last = struct.unpack_from(">H", raw, ends + 2 * k)[0]
            for c in range(max(first, 0x400), min(last, 0x52F) + 1):
                if offset:
                    struct.pack_into(">H", raw, offsets + 2 * k + offset + 2 * (c - first), 0)
                else:
                    assert first >= 0x400
                    struct.pack_into(">H", raw, deltas + 2 * k, (-first) & 0xFFFF)
    file.write_bytes(raw)


def shown(tmp_path, mark, file="mark.png", **saved):
    """A mark as it is read, saved by the test."""
    mark.save(tmp_path / file, **saved)
    return pictures.read(str(tmp_path / file))


def test_marks_and_fonts_are_found_however_their_names_are_composed(tmp_path):
    font, mark = "шрифт й.ttf", "знак ё.png"
    shutil.copyfile(presets.font_file("RobotoBold"), tmp_path / unicodedata.normalize("NFD", font))
    Image.new("RGB", (300, 200), "red").save(tmp_path / unicodedata.normalize("NFD", mark))
    file = tmp_path / unicodedata.normalize("NFD", "вид й.toml")
    file.write_text(f"series.mark = '{mark}'\ntype.bold = '{font}'\n", "utf-8")
    made = presets.load(str(tmp_path / "вид й.toml"))
    assert Path(made.series.mark).is_file() and presets.font_file(made.type.bold).is_file()


def test_a_mark_is_turned_as_its_camera_says(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    mark = Image.new("RGB", (240, 600), "red")
    mark.paste("blue", (0, 0, 240, 100))
    for name in ("mark.png", "mark.jpg", "mark.webp"):
        upright = shown(tmp_path, mark, name, exif=exif)
        assert upright.size == (600, 240)
        assert upright.getpixel((580, 120))[2] > 200 > 60 > upright.getpixel((20, 120))[2]


def test_the_greys_of_a_mark_in_16_bits_are_its_own(tmp_path):
    ramp = np.repeat(np.linspace(0, 65535, 256).astype(np.uint16)[None], 200, axis=0)
    read = np.asarray(shown(tmp_path, Image.fromarray(ramp)))
    assert np.abs(read[0, :, 0].astype(int) - np.arange(256)).max() <= 1
    assert (read[..., :1] == read[..., :3]).all() and (read[..., 3] == 255).all()


MODES = {  # how it is saved, and what its left half is read as
    "1": (("1",), {}, (255, 255, 255, 255)),
    "L": (("L",), {}, (76, 76, 76, 255)),
    "LA": (("LA",), {}, (76, 76, 76, 255)),
    "P": (("P",), {"transparency": 0}, None),
    "CMYK": (("CMYK",), {"file": "mark.jpg", "quality": 100}, (255, 0, 0, 255)),
    "animated": (("RGBA",), {"save_all": True, "append_images": [Image.new("RGBA", (400, 200), "blue")]}, (255, 0, 0, 255)),
    "animated WEBP": (("RGBA",), {"file": "mark.webp", "lossless": True, "save_all": True, "append_images": [Image.new("RGBA", (400, 200), "blue")]}, (255, 0, 0, 255)),
}  # fmt: skip


@pytest.mark.parametrize("name", MODES)
def test_a_mark_may_be_of_any_mode(tmp_path, name):
    (mode,), saved, wanted = MODES[name]
    mark = Image.new("RGB", (400, 200), "white")
    mark.paste("red", (0, 0, 200, 200))
    if name == "1":
        mark = Image.new("1", (400, 200), 1)
    read = shown(tmp_path, mark.convert(mode), **saved)
    assert read.mode == "RGBA" and read.size == (400, 200)
    if wanted:
        assert np.abs(np.array(read.getpixel((50, 100))) - wanted).max() <= 3


def test_colours_of_a_mark_with_a_profile_are_those_that_it_means(tmp_path):
    """XYZ as a profile: equal numbers of it are no grey."""
    mark = Image.new("RGB", (300, 200), (128, 128, 128))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    same = shown(tmp_path, mark, icc_profile=profile.tobytes())
    assert np.abs(np.asarray(same)[0, 0].astype(int) - (128, 128, 128, 255)).max() <= 1
    raw = bytearray(profile.tobytes())
    red, blue = raw.index(b"rXYZ"), raw.index(b"bXYZ")
    raw[red : red + 4], raw[blue : blue + 4] = b"bXYZ", b"rXYZ"  # a space whose red is blue
    turned = shown(tmp_path, Image.new("RGB", (300, 200), (250, 10, 10)), icc_profile=bytes(raw))
    assert turned.getpixel((0, 0))[2] > 200 > 60 > turned.getpixel((0, 0))[0]
    broken = shown(tmp_path, mark, icc_profile=b"no profile" * 20)
    assert broken.getpixel((0, 0)) == (128, 128, 128, 255)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(wide, high, *chunks):
    return b"\x89PNG\r\n\x1a\n" + b"".join([chunk(b"IHDR", struct.pack(">2I5B", wide, high, 8, 2, 0, 0, 0)), *chunks])


BOMB = zlib.compress(b"\0" * 80_000_000)
NO_MARKS = {
    "EPS": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 200 200\nshowpage\n", "is an EPS drawing; export it as PNG"),
    "SVG": (b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'/>", "is an SVG drawing; export it as PNG"),
    "PDF": (b"%PDF-1.7\n", "is a PDF; export it as PNG"),
    "HEIC": (b"\0\0\0\x18ftypheic", "is a HEIC or AVIF picture; export it as PNG"),
    "text": (b"a mark", "save it as PNG"),
    "empty": (b"", "save it as PNG"),
    "cut off": (png(300, 200), "save it as PNG"),
    "large": (png(60_000, 60_000, chunk(b"IDAT", b""), chunk(b"IEND", b"")), "no side may be above 4000"),
    "bomb": (png(4000, 4000, chunk(b"IDAT", zlib.compress(b"\0" * 1000)), chunk(b"IEND", b"")), "save it as PNG"),
    "zTXt": (png(300, 200, chunk(b"zTXt", b"a\0\0" + BOMB), chunk(b"IEND", b"")), "save it as PNG"),
    "iCCP": (png(300, 200, chunk(b"iCCP", b"a\0\0" + BOMB), chunk(b"IEND", b"")), "save it as PNG"),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_MARKS)
def test_what_is_no_picture_of_a_mark_is_refused_with_what_to_do(tmp_path, name):
    raw, says = NO_MARKS[name]
    (tmp_path / "mark.png").write_bytes(raw)
    (tmp_path / "mine.toml").write_text("[series]\nmark = 'mark.png'\n", "utf-8")
    with pytest.raises(presets.PresetError, match=r"mine\.toml: series\.mark: mark\.png") as error:
        presets.load(str(tmp_path / "mine.toml"))
    assert says in str(error.value)


@pytest.mark.parametrize("damage", [lambda raw: raw[:3000], lambda raw: b"OTTO" + raw[4:2000], lambda raw: b"wOF2" + raw[4:], lambda raw: b""])  # fmt: skip
def test_a_damaged_font_is_refused(tmp_path, damage):
    (tmp_path / "own.ttf").write_bytes(damage(presets.font_file("RobotoBold").read_bytes()))
    (tmp_path / "mine.toml").write_text("[type]\nbold = 'own.ttf'\n", "utf-8")
    with pytest.raises(presets.PresetError, match=r"own.ttf is no font that can be read; take a TTF or an OTF file"):
        presets.load(str(tmp_path / "mine.toml"))


def test_every_preset_has_words_in_the_list():
    lines = episode("list").stdout.splitlines()
    assert all(line.partition("  ")[2].strip() for line in lines[:-1]) and len(lines) == len(presets.names()) + 1


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
