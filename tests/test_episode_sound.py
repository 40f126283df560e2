"""What an episode's plan says of its sound, and what is heard of it in the finished file."""

import dataclasses
import json

import ffmpeg
import numpy as np
import pytest

from basis.errors import Unusable
from basis.tools import Tools
from pipeline import episode, sound
from pipeline.brief import make_brief, read_brief
from pipeline.footage import ffmpeg_tool
from pipeline.synthetic import demo
from tests.footage import Face, Scene, make, seated
from tests.sounds import RATE, write

SAID = [(0.6, 3.4), (4.2, 7.5)]
VOICE = demo.voice(9, SAID, 3)
PRESET = """
title_card.seconds = 2
[sound]
music = "bed.wav"
title_sting = "ding.wav"
end_sting = "ding.wav"
"""


@pytest.fixture(scope="module")
def camera(tmp_path_factory):
    """A folder with 9 s of a grey picture whose right side hears a distant voice over machines, and its recorder."""
    folder = tmp_path_factory.mktemp("camera")
    far = 0.3 * np.convolve(VOICE, [1, *np.zeros(900), 0.5, *np.zeros(700), 0.3])[: len(VOICE)] + demo.machines(9, 2)
    heard = write(folder / "far.wav", np.stack([np.zeros(len(far)), far], axis=1))
    picture = ffmpeg.input("color=gray:size=320x180:rate=25:duration=9", f="lavfi")["v"]
    film = ffmpeg.output(picture, ffmpeg.input(str(heard))["a"], str(folder / "a.mov"), acodec="pcm_s16le")
    ffmpeg_tool.run(film)
    write(folder / "lav.wav", np.concatenate([np.zeros(round(1.75 * RATE)), 0.2 * VOICE, np.zeros(RATE)]))
    t = np.arange(RATE) / RATE
    write(folder / "bed.wav", 0.1 * np.sin(2 * np.pi * 220 * t))
    write(folder / "ding.wav", 0.5 * np.sin(2 * np.pi * 3000 * t) * np.exp(-8 * t))
    (folder / "look.toml").write_text(PRESET, "utf-8")
    return folder


def planned(folder, **more):
    brief = {"footage": [{"file": folder / "a.mov", **more.pop("footage", {})}], "preset": "plain"} | more
    return episode.plan(make_brief(brief, "test"), Tools(cache=folder / "cache"))


@pytest.mark.slow
def test_a_plan_says_what_is_heard_and_why(camera):
    plan, _ = planned(camera)
    take = plan.takes[0]
    assert (take.audio_stream, take.channels) == (1, "right") and "dead" in take.heard
    assert len(take.speech) >= 2 and abs(take.speech[0][0] - SAID[0][0]) < 0.3


def test_an_editors_word_about_the_channels_stands(camera):
    plan, _ = planned(camera, footage={"channels": "stereo"})
    assert plan.takes[0].channels == "stereo" and "as asked for" in plan.takes[0].heard


def test_a_brief_names_the_recorder_beside_it(camera):
    (camera / "brief.toml").write_text('preset = "plain"\n[[footage]]\nfile = "a.mov"\naudio = "lav.wav"\n', "utf-8")
    brief = read_brief(camera / "brief.toml")
    assert camera / "lav.wav" in brief.inputs
    plan, _ = episode.plan(brief, Tools(cache=camera / "cache"))
    recording = plan.takes[0].recording
    assert recording.offset == pytest.approx(1.75, abs=0.003) and "lav.wav" in plan.takes[0].heard
    assert recording.file in plan.inputs


@pytest.mark.slow
def test_a_recorder_of_something_else_is_refused(camera):
    other = write(camera / "other.wav", 0.3 * demo.voice(9, [(0.3, 8)], 11, 200))
    with pytest.raises(Unusable, match=r"other\.wav.* cannot be aligned"):
        planned(camera, footage={"audio": other})


def test_music_and_short_sounds_of_the_preset_are_in_the_plan(camera):
    plan, _ = planned(camera, preset=str(camera / "look.toml"), title="Цех", link="https://vk.com/app1")
    assert plan.music.file.name == "bed.wav"
    assert [(s.file.name, s.at) for s in plan.stings] == [("ding.wav", 0.0), ("ding.wav", plan.footage_seconds)]
    own, _ = planned(camera, preset=str(camera / "look.toml"), music=str(camera / "ding.wav"))
    assert own.music.file.name == "ding.wav"


@pytest.mark.slow
def test_what_is_not_heard_is_said(camera, tmp_path):
    short = write(tmp_path / "short.wav", 0.2 * VOICE[: 5 * RATE])
    (tmp_path / "patient.toml").write_text("sound.longest_pause = 2", "utf-8")
    patient = str(tmp_path / "patient.toml")
    plan, notes = planned(camera, footage={"audio": short}, tighten=True, preset=patient)
    (short_of,) = [note for note in notes if note.code == "recording-short"]
    assert "short.wav begins at 0.0 and ends at 5.0 s" in short_of.text and short_of.at == pytest.approx(5.05, abs=0.01)
    assert any("no pause of more than 2 s" in note.text for note in notes)
    _, notes = planned(camera, preset=str(camera / "look.toml"))
    assert any("title_sting is not heard" in note.text for note in notes)
    write(short, 0.2 * VOICE[: 6 * RATE])
    assert "short.wav has changed" in sound.notes(plan)[0].text


@pytest.mark.parametrize("name", ["none.wav", "words.txt"])
def test_music_that_is_no_sound_is_refused_before_anything_is_rendered(camera, name):
    (camera / "words.txt").write_text("la la la")
    with pytest.raises(Unusable, match=name):
        planned(camera, music=str(camera / name))


@pytest.mark.slow
def test_a_plan_knows_whose_voice_is_heard_when(tmp_path):
    turns = [(0.4, 2.6)], [(3.1, 5.6)]
    faces = [Face(seated(0.28), 0.4, 0.2, who=1, talks=turns[0]), Face(seated(0.72), 0.4, 0.2, who=0, talks=turns[1])]
    made = make(tmp_path / "two.mp4", [Scene(6.0, faces)])
    plan, _ = episode.plan(make_brief({"footage": [{"file": made.file}]}, "test"))
    (first, second) = plan.turns
    shown = {round(shot.start): shot.people for shot in plan.takes[0].shots}
    assert shown == {0: [first[2]], 3: [second[2]]} and first[2] != second[2]
    assert first[:2] == pytest.approx(turns[0][0], abs=0.3) and second[:2] == pytest.approx(turns[1][0], abs=0.3)


@pytest.mark.slow
def test_the_report_and_the_sheet_tell_what_became_of_the_sound(camera, small, tmp_path, quick):
    plan, _ = planned(camera, footage={"audio": camera / "lav.wav"}, delivery=str(small))
    files = episode.Files(tmp_path / "out.mp4")
    made = episode.render(plan, files, quick)
    said = json.loads(files.report.read_text("utf-8"))["sound"]
    assert "lav.wav" in said["heard"][0] and said["after"]["integrated"] == pytest.approx(-14, abs=0.5)
    assert len(said["curve"]) == 18 and all(len(point) == 3 for point in said["curve"])
    assert made.sound.before.integrated < -20
    silent = dataclasses.replace(files, video=tmp_path / "silent.mp4")
    plan.takes[0].recording, plan.takes[0].audio_stream = None, None
    quiet = episode.render(plan, silent, quick)
    assert quiet.sound.after.integrated is None and not any("bit rate" in warning.text for warning in quiet.warnings)
