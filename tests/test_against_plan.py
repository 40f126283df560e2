"""A finished film is doubted against its plan and the footage: each damage is named, and what is only difficult passes."""

import json
import sys

import ffmpeg
import pytest

from basis.tools import Tools
from pipeline import episode, rendering, verify
from pipeline import plan as plan_of
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


@pytest.mark.slow
def test_footage_whose_sound_ends_before_a_place_that_is_compared_is_delivered(small, tmp_path):
    file = tmp_path / "short.mkv"
    sides = [
        ffmpeg.input(f"{what}:d={seconds}", f="lavfi")
        for what, seconds in (("testsrc2=s=320x180:r=25", 4), ("sine=f=300", 1.4))
    ]
    ffmpeg_tool.run(ffmpeg.output(*sides, str(file), vcodec="libx264", preset="ultrafast", acodec="aac"))
    report = episode.render(planned(small, file), episode.Files(tmp_path / "film.mp4"), FAST)
    assert report.delivered and "short-sound" in {note.code for note in report.warnings}


DAMAGES = {
    "a dead side": ({"af": "pan=stereo|c0=c0|c1=0*c0"}, "both sides"),
    "silent": ({"af": "volume=0"}, "both sides", "sound goes on"),
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
    assert not out.parent.exists()  # it was made for the film alone


def test_a_film_delivered_earlier_is_checked_against_its_plan(film, tmp_path):
    _, files, _ = film
    late = damaged(film, tmp_path / "late.mp4", af="adelay=300:all=1,atrim=end=5")
    right, wrong = (episode_command("verify", file, "--plan", files.plan, "--json") for file in (files.video, late))
    assert right.returncode == 0 and wrong.returncode == 4
    assert [row["name"] for row in json.loads(wrong.stdout)["checks"] if not row["ok"] and row["level"] == "error"] == [
        "sound in step"
    ]


def sounding(to, *sounds, seconds=2):
    """Footage of a moving picture with a sound stream for each ffmpeg source."""
    picture = ffmpeg.input(f"testsrc2=320x180:rate=25:duration={seconds}", f="lavfi")
    streams = [ffmpeg.input(f"{sound}:d={seconds}", f="lavfi") for sound in sounds]
    ffmpeg_tool.run(ffmpeg.output(picture, *streams, str(to), vcodec="mpeg4", qscale=3, acodec="pcm_s16le", ac=1))
    return to


def rendered(plan, folder):
    return {check.name: check for check in episode.render(plan, episode.Files(folder / "film.mp4"), FAST).checks}


@pytest.mark.slow
def test_a_hum_is_not_out_of_step(small, tmp_path):
    plan = planned(small, sounding(tmp_path / "hum.mov", "sine=50", seconds=4))
    assert rendered(plan, tmp_path)["sound in step"].measured == "cannot be told"


@pytest.mark.slow
def test_sound_of_several_microphones_is_compared_with_each(small, tmp_path):
    """The first stream, which players would choose, is silent; the two that are heard say different things."""
    voices = "anoisesrc=seed=1:a=0.3", "anoisesrc=seed=2:a=0.3"
    plan = planned(small, sounding(tmp_path / "field.mov", "anullsrc=r=44100", *voices))
    take = plan.takes[0]
    take.microphones, take.channels = [plan_of.Microphone(stream=n, channel=0) for n in (2, 3)], "stereo"
    take.speech = [(0.0, 2.0)]
    found = rendered(plan, tmp_path)
    assert found["sound in step"].measured.startswith("+0 ms") and found["both sides"].ok
    take.microphones[0] = plan_of.Microphone(stream=1, channel=0)
    found = rendered(plan, tmp_path / "one side")
    assert found["both sides"].ok and "-1" in found["both sides"].measured


@pytest.mark.slow
def test_footage_without_a_picture_for_a_while_needs_a_word(two_shots, small, tmp_path):
    gone = tmp_path / "gone.mp4"
    kept = ffmpeg.input(str(two_shots.file)).video.filter("select", "not(between(t,3,4.2))")
    ffmpeg_tool.run(kept.output(str(gone), fps_mode="vfr", vcodec="libx264", preset="ultrafast"))
    plan = planned(small, gone)
    assert any(note.code == "damaged-footage" for note in plan.warnings)
    files = episode.Files(tmp_path / "film.mp4")
    assert "told" in {c.name: c.measured for c in episode.render(plan, files, FAST).checks}["picture in the footage"]
    silent = plan.model_copy(update={"warnings": []})
    found = {check.name: check for check in episode.doubts(silent, files, FAST)}["picture in the footage"]
    assert not found.ok and found.level == "warning" and "nothing is said of it" in found.measured
