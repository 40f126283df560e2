"""A finished film is doubted against its plan and the footage: each damage is named, and what is only difficult passes."""

import ffmpeg
import pytest

from basis.tools import Tools
from pipeline import episode, rendering, verify
from pipeline.brief import make_brief
from pipeline.footage import ffmpeg_tool

FAST = Tools(speed="ultrafast", threads=1)
WORDS = "1\n00:00:01,000 --> 00:00:02,200\nЦех <работает>\n\n2\n00:00:03,000 --> 00:00:04,500\nКруглые & {сутки}.\n"


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A delivery spec of small pictures."""
    spec = tmp_path_factory.mktemp("spec") / "small.toml"
    spec.write_text("width = 270\nheight = 480\nsmallest_bytes = 0\n", "utf-8")
    return spec


def planned(small, *footage, **keys):
    brief = {"footage": [{"file": file} for file in footage], "preset": "plain", "delivery": str(small)} | keys
    return episode.plan(make_brief(brief, "test"), FAST).plan


@pytest.fixture(scope="module")
def film(two_shots, small, tmp_path_factory):
    """A film with captions: what is expected of it, and its files."""
    folder = tmp_path_factory.mktemp("film")
    (folder / "words.srt").write_text(WORDS, "utf-8")
    plan = planned(small, two_shots.file, captions=folder / "words.srt")
    files = episode.Files(folder / "film.mp4")
    report = episode.render(plan, files, FAST)
    return rendering.open_plan(plan, FAST).expected([files.srt, files.vtt]), files, report


def damaged(film, to, **options):
    """The film's file after ffmpeg changed it: what is not filtered is copied."""
    _, files, _ = film
    given = ffmpeg.input(str(files.video), **options.pop("given", {}))
    usual = {"c:v": "copy", "c:a": "copy"} | ({"c:v": "libx264", "preset": "ultrafast"} if "vf" in options else {})
    usual |= {"c:a": "aac"} if "af" in options else {}
    ffmpeg_tool.run(given.output(str(to), **usual | options))
    return to


def failed(file, expected):
    return {check.name for check in verify.against_plan(file, expected, FAST) if not check.ok}


def test_a_right_film_passes_and_the_report_says_so(film):
    _, _, report = film
    doubts = [check for check in report.checks if check.source == "the plan and the footage"]
    assert all(check.ok and check.sure == "O" for check in doubts)
    measured = {check.name: check.measured for check in doubts}
    assert measured["frames"] == "125 frames" and measured["captions in .srt"] == "2 captions, all alike"
    assert "+0 ms" in measured["sound in step"] and "dB" in measured["both sides"]


DAMAGES = {
    "a dead side": ({"af": "pan=stereo|c0=c0|c1=0*c0"}, "both sides"),
    "silent": ({"af": "volume=0"}, "both sides"),
    "sound late": ({"af": "adelay=300:all=1,atrim=end=5"}, "sound in step"),
    "sound early": ({"af": "atrim=start=0.12,asetpts=PTS-STARTPTS,apad=pad_dur=0.12"}, "sound in step"),
    "sound ends early": ({"af": "atrim=end=4.8"}, "end of the sound"),
    "picture ends early": ({"frames:v": 124}, "frames", "end of the sound"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_film_is_named(film, tmp_path, damage):
    options, *names = damage
    assert failed(damaged(film, tmp_path / "damaged.mp4", **options), film[0]) == {*names}


def swapped(text):
    return text.replace("Цех", "Цеx")  # a Latin letter


CAPTION_SLIPS = {
    "another letter": (swapped, "says"),
    "late": (lambda text: text.replace("03,000", "03,200").replace("03.000", "03.200"), "is at frames 80"),
    "the last one gone": (lambda text: text[: text.index("\n2\n")], "1 captions, and 2 are drawn"),
}


@pytest.mark.parametrize(("slip", "says"), CAPTION_SLIPS.values(), ids=CAPTION_SLIPS.keys())
def test_captions_that_are_not_those_drawn_are_named(film, tmp_path, slip, says):
    expected, files, _ = film
    wrong = []
    for file in (files.srt, files.vtt):
        wrong.append(tmp_path / file.name)
        wrong[-1].write_text(slip(file.read_text("utf-8")), "utf-8")
    found = {
        c.name: c
        for c in verify.against_plan(
            files.video, verify.Expected(expected.plan, expected.sources, expected.overlay, wrong), FAST
        )
    }
    assert all(
        not found[f"captions in .{kind}"].ok and says in found[f"captions in .{kind}"].measured
        for kind in ("srt", "vtt")
    )
