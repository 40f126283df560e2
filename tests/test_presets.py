"""Presets: what ships can be loaded, and a slip in one is named in one sentence."""

import shutil

import pytest

import assets
import presets


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
