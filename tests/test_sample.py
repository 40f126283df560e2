"""The picture of a preset: everything in it, the same every time, with or without the demo's portrait."""

import sys

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import presets
from basis.errors import WrongUse
from commands.app import app
from pipeline.synthetic import sample

pytestmark = pytest.mark.slow  # each picture takes a second
PANELS = 12  # of a preset that places nothing itself: eleven frames, then colours and type


def panels(picture):
    """The panels of a sheet, row by row; places that hold nothing are left out."""
    wide, high = sample.PANEL
    step = (wide + sample.GAP, high + sample.LABEL + sample.GAP)
    pixels = np.asarray(picture).astype(int)
    places = [
        pixels[y : y + high, x : x + wide]
        for y in range(sample.GAP, picture.height - step[1] + 1, step[1])
        for x in range(sample.GAP, picture.width - step[0] + 1, step[0])
    ]
    return [place for place in places if (place != sample.GROUND).any()]


def preset(**sections):
    return presets.Preset.model_validate({"series": {"name": "Цех", "partners": "Завод"}} | sections)


@pytest.fixture(scope="module")
def usual():
    return sample.picture_of(preset())


def test_everything_in_a_preset_has_a_panel(usual):
    assert usual.mode == "RGB" and usual.width == sample.COLUMNS * (sample.PANEL[0] + sample.GAP) + sample.GAP
    found = panels(usual)
    assert len(found) == PANELS
    assert all(np.abs(a - b).mean() > 0.3 for n, a in enumerate(found) for b in found[:n])


def test_what_a_preset_places_itself_has_a_panel_too_in_its_accent(usual):
    placed = [
        {"kind": "chapter", "text": "Литейный цех", "start": 12, "end": 16},
        {"kind": "caption", "text": "Ночь.", "start": 100, "end": 104},
        {"kind": "quote", "text": "Металл помнит."},
    ]
    found = panels(sample.picture_of(preset(graphics=placed, colours={"accent": "#00FF66"})))
    assert len(found) == PANELS + len(placed)
    hall = found[1]
    assert all(np.abs(panel - hall).max(axis=2).mean() > 1 for panel in found[11:14])
    assert np.abs(found[11] - found[12]).max() > 100
    shared = [*found[:11], found[-1]]
    changed = [np.abs(a - b).max() > 60 for a, b in zip(panels(usual), shared, strict=True)]
    title, block, word, pop, white, black, third, corner, quote, end, split, colours = changed
    assert title and word and third and corner and quote and end and colours
    assert not (block or pop or white or black or split)  # plain lines in a box


def test_the_presets_own_caption_style_comes_first(usual):
    """The spoken word's accent is in the second panel of a preset of style word, in the third of one of style block."""
    other = sample.picture_of(preset(captions={"style": "word"}))
    accented = [
        [(np.abs(panel - (0xFF, 0x7A, 0x2F)).max(axis=2) < 12).sum() for panel in panels(sheet)[1:4]]
        for sheet in (usual, other)
    ]
    assert [int(np.argmax(counts)) for counts in accented] == [1, 0] and min(max(c) for c in accented) > 200


def test_grounds_are_white_and_black(usual):
    white, black = panels(usual)[4:6]
    assert white[:200].min() >= 254 and black[:200].max() <= 1
    assert (np.abs(white - black).max(axis=2) < 60).sum() > 1000  # the box is much the same over both


def test_without_the_portrait_the_hall_is_empty(usual, monkeypatch):
    monkeypatch.setitem(sys.modules, "skimage", None)
    sample.demo.portrait.cache_clear()
    sample.demo._said.cache_clear()
    found = panels(sample.picture_of(preset()))
    assert len(found) == PANELS
    with_person = panels(usual)
    assert np.abs(found[1][300:] - with_person[1][300:]).mean() > 10
    assert np.array_equal(found[4], with_person[4])


def episode(*arguments):
    return CliRunner().invoke(app, ["presets", "show", *map(str, arguments)])


@pytest.mark.parametrize(("name", "kind"), [("look.png", "PNG"), ("new/look.JPG", "JPEG")])
def test_show_draws_the_same_picture_of_a_file_every_time(tmp_path, usual, name, kind):
    (tmp_path / "mine.toml").write_text("series.name = 'Цех'\nseries.partners = 'Завод'", "utf-8")
    done = episode(tmp_path / "mine.toml", "--picture", tmp_path / name)
    assert done.exit_code == 0, done.output
    with Image.open(tmp_path / name) as picture:
        assert picture.format == kind and picture.size == usual.size
        assert kind != "PNG" or picture.tobytes() == usual.tobytes()
    assert [file.name for file in (tmp_path / name).parent.iterdir() if file.suffix != ".toml"] == [name.split("/")[-1]]


def test_show_refuses_another_kind_of_picture_and_one_that_exists(tmp_path):
    (tmp_path / "look.png").write_text("mine")
    for name, says in (("look.gif", ".png or .jpg"), ("look", ".png or .jpg"), ("look.png", "--force")):
        done = episode("plain", "--picture", tmp_path / name)
        assert isinstance(done.exception, WrongUse) and says in str(done.exception)
    assert (tmp_path / "look.png").read_text() == "mine"


def test_a_picture_that_cannot_be_made_leaves_nothing(tmp_path):
    (tmp_path / "mine.toml").write_text(
        f"[[graphics]]\nkind = 'end_card'\nlink = 'https://vk.com/{'я' * 480}'", "utf-8"
    )
    done = episode(tmp_path / "mine.toml", "--picture", tmp_path / "look.png")
    assert isinstance(done.exception, WrongUse) and "too long" in str(done.exception)
    assert [file.name for file in tmp_path.iterdir()] == ["mine.toml"]
