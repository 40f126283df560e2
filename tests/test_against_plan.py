"""A finished film is doubted against its plan and the footage: each damage is named, and what is only difficult passes."""

import json
import sys

import ffmpeg
import pytest

from basis.tools import Tools
from pipeline import episode, rendering, verify
from pipeline.brief import make_brief
from pipeline.footage import ffmpeg_tool
from pipeline.verify import subtitled
from tests.command import episode as episode_command

pytestmark = pytest.mark.slow

FAST = Tools(speed="ultrafast", threads=1)
WORDS = "1\n00:00:01,000 --> 00:00:02,200\nЦех <работает>\n\n2\n00:00:03,000 --> 00:00:04,500\nКруглые & {сутки}.\n"


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
    usual = {"c:v": "copy", "c:a": "copy", "movflags": "+faststart"} | (
        {"c:v": "libx264", "preset": "ultrafast"} if "vf" in options else {}
    )
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


PICTURE_DAMAGES = {
    "frozen": ("[0:v]split[a][b];[a][b]freezeframes=first=20:last=50:replace=20", "picture moves"),
    "frozen on a later picture": ("[0:v]split[a][b];[a][b]freezeframes=first=5:last=45:replace=45", "picture moves"),
    "0.3 s late": ("[0:v]tpad=start=8:start_mode=clone,trim=end_frame=125", "picture as planned"),
    "0.1 s early": ("[0:v]trim=start_frame=3,setpts=PTS-STARTPTS,tpad=stop=3:stop_mode=clone", "picture as planned"),
    "too bright": ("[0:v]eq=brightness=0.06", "colours"),
    "full range read as limited": ("[0:v]scale=in_range=tv:out_range=pc,setparams=range=tv", "colours"),
    "another crop": ("[0:v]crop=iw-30:ih:30:0,scale=270:480", "picture as planned"),
    "mirrored": ("[0:v]hflip", "picture as planned"),
    "without captions": ("[0:v]drawbox=y=ih*0.5:h=ih*0.3:color=gray:t=fill", "picture as planned"),
}


@pytest.mark.parametrize(("damage", "name"), PICTURE_DAMAGES.values(), ids=PICTURE_DAMAGES.keys())
def test_a_film_with_a_damaged_picture_is_named(film, tmp_path, damage, name):
    to = tmp_path / "damaged.mp4"
    usual = {
        "c:v": "libx264",
        "preset": "veryfast",
        "c:a": "copy",
        "crf": 18,
        "colorspace": "bt709",
        "color_range": "tv",
    }
    ffmpeg_tool.run(ffmpeg.input(str(film[1].video)).output(str(to), filter_complex=damage, **usual))
    assert name in failed(to, film[0])


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
    found = {row.name: row for row in subtitled.rows(expected.plan, wrong)}
    assert found.keys() == {"captions in .srt", "captions in .vtt"}
    assert all(not row.ok and says in row.measured for row in found.values())


def test_a_film_that_an_encoder_spoilt_is_not_kept(two_shots, small, tmp_path, monkeypatch):
    """Its sound comes 0.3 s late, and nothing else is wrong with it."""
    spoiler = tmp_path / "ffmpeg"
    lines = [
        f"#!{sys.executable}",
        "import os, sys",
        "given = sys.argv[1:]",
        "if '+faststart' in given:",
        "    at = given.index('-movflags')",
        "    given[at:at] = ['-af', 'adelay=300:all=1,atrim=end=5']",
        f"os.execv({str(ffmpeg_tool.executable())!r}, ['ffmpeg', *given])",
    ]
    spoiler.write_text("\n".join(lines) + "\n", "utf-8")
    spoiler.chmod(0o755)
    monkeypatch.setenv("EPISODE_FFMPEG", str(spoiler))
    out = tmp_path / "out" / "film.mp4"
    done = episode_command("render", two_shots.file, "--preset", "plain", "--delivery", small, "-o", out)
    assert done.returncode == 4 and "sound in step is +300 ms" in done.stderr
    assert not list(out.parent.glob("*"))


def test_a_film_delivered_earlier_is_checked_against_its_plan(film, tmp_path):
    _, files, _ = film
    late = damaged(film, tmp_path / "late.mp4", af="adelay=300:all=1,atrim=end=5")
    right, wrong = (episode_command("verify", file, "--plan", files.plan, "--json") for file in (files.video, late))
    assert right.returncode == 0 and wrong.returncode == 4
    assert [row["name"] for row in json.loads(wrong.stdout)["checks"] if not row["ok"] and row["level"] == "error"] == [
        "sound in step"
    ]
