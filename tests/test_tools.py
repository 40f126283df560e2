"""The tools that a command is given are the ones that all of its work is done with."""

import os
import sys

import pytest

from basis.errors import MissingTool
from pipeline import episode
from pipeline.brief import make_brief
from pipeline.footage import ffmpeg_tool
from tests.command import episode as command
from tests.footage import Face, Scene, make
from tests.sounds import clicks, write


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    scenes = [Scene(1.5, [Face(0.5)])]
    return make(tmp_path_factory.mktemp("tools") / "a.mp4", scenes, size=(320, 180), rate=24, sound="clicks")


@pytest.fixture
def no_ffmpeg_of_its_own(monkeypatch, clip):
    """Whatever asks for an ffmpeg without saying which one fails."""

    def missing():
        raise RuntimeError

    real = ffmpeg_tool.executable()
    monkeypatch.setattr(ffmpeg_tool.imageio_ffmpeg, "get_ffmpeg_exe", missing)
    return real


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_every_ffmpeg_is_the_one_that_is_named_and_has_as_many_threads_as_it_may(
    no_ffmpeg_of_its_own, clip, tmp_path, monkeypatch
):
    """Of a render with music, a check, a probe and the doctor."""
    log, named = tmp_path / "log", tmp_path / "ffmpeg"
    named.write_text(f'#!/bin/sh\nprintf "%s " "$@" >> "{log}"\necho >> "{log}"\nexec "{no_ffmpeg_of_its_own}" "$@"\n')
    named.chmod(0o755)
    monkeypatch.setenv("EPISODE_FFMPEG", str(named))
    monkeypatch.setenv("EPISODE_THREADS", "1")
    write(tmp_path / "bed.wav", clicks(2, [0.5, 1.0]))
    out = tmp_path / "out" / "a.mp4"
    done = command("render", clip.file, "--music", tmp_path / "bed.wav", "--preset", "plain", "-o", out, "--no-cache")
    assert done.returncode == 0, done.stderr
    for arguments in (["verify", out], ["probe", clip.file], ["doctor"]):
        assert command(*arguments).returncode == 0, arguments
    calls = [line for line in log.read_text("utf-8").splitlines() if " -i " in line]
    assert len(calls) > 5
    assert all("-filter_threads 1 " in call for call in calls)
    assert any("-threads:v 1 " in call for call in calls if "libx264" in call)


def test_a_library_call_without_tools_needs_the_ffmpeg_that_comes_along(no_ffmpeg_of_its_own, clip):
    with pytest.raises(MissingTool, match="EPISODE_FFMPEG"):
        episode.plan(make_brief({"footage": [{"file": clip.file}]}, "test"))
    assert not os.environ.get("EPISODE_FFMPEG")
