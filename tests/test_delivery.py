"""Delivery specs: what ships shares a base, a file of one's own says what differs, and a slip is one sentence."""

import pytest

from basis.files import save_text
from jobs.record import made_of
from pipeline.brief import beside, make_brief, read_brief
from presets import delivery


def test_what_ships_differs_only_in_what_it_says():
    specs = {name: delivery.load(name) for name in delivery.names()}
    assert set(specs) == {"vk-clips", "youtube-shorts", "instagram-reels", "tiktok", "rutube-shorts"}
    assert {name: spec.longest_seconds for name, spec in specs.items() if spec.longest_seconds != 180} == {
        "tiktok": 600, "rutube-shorts": 60,
    }  # fmt: skip
    assert {spec.title for spec in specs.values()} >= {"VK Clips", "TikTok"} and len(
        {s.loudness for s in specs.values()}
    ) == 1


def test_every_safe_area_says_how_sure_it_is_and_keeps_clear_of_what_covers_all_platforms_together():
    for name in delivery.names():
        covered = delivery.load(name).safe_area
        assert covered.sure in "CSO" and covered.source
        least = (211, 422, 65, 162) if name == "vk-clips" else (269, 461, 65, 173)
        assert all(
            a >= b for a, b in zip((covered.top, covered.bottom, covered.left, covered.right), least, strict=True)
        )
        assert covered.rail.right >= 162 and covered.rail.top <= 845 and covered.rail.bottom >= 1574


def test_a_file_of_ones_own_says_only_what_differs(tmp_path):
    file = tmp_path / "mine.toml"
    save_text("width = 720\nheight = 1280\n[safe_area]\ntop = 300\n[sources.sync]\nsure = 'S'\nsource = 'us'", file)
    spec, base = delivery.load(str(file)), delivery.load("youtube-shorts")
    assert (spec.name, spec.title, spec.width, spec.height) == ("mine", "mine", 720, 1280)
    assert (spec.safe_area.top, spec.safe_area.bottom) == (300, base.safe_area.bottom)
    assert spec.sources["sync"].source == "us" and spec.sources["size"] == base.sources["size"]


SLIPS = {
    "unknown key": ("widht = 720", "widht; did you mean width"),
    "unknown key of a table": ("[safe_area]\ntopp = 3", "safe_area.topp; did you mean top"),
    "odd size": ("width = 721", "width"),
    "no rate": ("rates = ['abc']", "rates[1]: 'abc' is not a frame rate"),
    "no level": ("level = '9'", "level"),
    "no such group": ("[sources]\nsink = { sure = 'O', source = 'us' }", "no group sink (did you mean sync?"),
    "half a group": ("[sources]\nsync = { sure = 'X' }", "sources.sync.sure"),
    "no room": ("[safe_area]\ntop = 900", "safe_area leaves 825x559"),
    "not TOML": ("[safe_area", "cannot be read"),
}


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_named_in_one_sentence(tmp_path, name):
    content, named = SLIPS[name]
    save_text(content, tmp_path / "mine.toml")
    with pytest.raises(delivery.DeliverySpecError) as error:
        delivery.load(str(tmp_path / "mine.toml"))
    assert named in str(error.value) and "mine.toml" in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "hint"), [("rutube", "rutube-shorts"), ("nowhere.toml", "check the path"), ("", "vk-clips")]
)
def test_a_spec_that_does_not_exist_is_refused_with_a_hint(name, hint):
    with pytest.raises(delivery.DeliverySpecError, match=hint):
        delivery.load(name)


def test_a_brief_names_a_spec_beside_itself(tmp_path):
    save_text("footage = 'a.mov'\ndelivery = 'mine.toml'", tmp_path / "episode.toml")
    assert read_brief(tmp_path / "episode.toml").delivery == str(tmp_path / "mine.toml")


def test_an_episode_is_made_of_what_its_spec_says(tmp_path):
    """The file's content counts, not its place; the next look at it sees what was changed."""
    file = tmp_path / "mine.toml"
    save_text("raw", tmp_path / "a.mov")
    brief = beside(make_brief({"footage": "a.mov", "delivery": "mine.toml"}, "test"), tmp_path)
    hashes = []
    for text in ("crf = 20", "crf = 20  # again", "crf = 21"):
        save_text(text, file)
        hashes.append(made_of(brief)["delivery"])
    assert hashes[0] == hashes[1] != hashes[2]
