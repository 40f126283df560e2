"""The tools that a command is given are the ones that all of its work is done with."""

import os
import sys
from fractions import Fraction
from pathlib import Path

import av
import ffmpeg
import numpy as np
import psutil
import pytest

from basis.errors import MachineFailed, MissingTool, Unusable
from basis.tools import Tools
from pipeline import encode, episode
from pipeline.brief import make_brief
from pipeline.footage import ffmpeg_tool, loudness
from presets import delivery
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
    no_ffmpeg_of_its_own, clip, small, tmp_path, monkeypatch
):
    """Of a render with music, a check, a probe and the doctor."""
    log, named = tmp_path / "log", tmp_path / "ffmpeg"
    named.write_text(f'#!/bin/sh\nprintf "%s " "$@" >> "{log}"\necho >> "{log}"\nexec "{no_ffmpeg_of_its_own}" "$@"\n')
    named.chmod(0o755)
    monkeypatch.setenv("EPISODE_FFMPEG", str(named))
    monkeypatch.setenv("EPISODE_THREADS", "1")
    write(tmp_path / "bed.wav", clicks(2, [0.5, 1.0]))
    out = tmp_path / "out" / "a.mp4"
    flags = ("--preset", "plain", "--delivery", small, "-o", out, "--no-cache")
    done = command("render", clip.file, "--music", tmp_path / "bed.wav", *flags)
    assert done.returncode == 0, done.stderr
    for arguments in (["verify", out, "--delivery", small], ["probe", clip.file], ["doctor"]):
        assert command(*arguments).returncode == 0, arguments
    calls = [line for line in log.read_text("utf-8").splitlines() if " -i " in line]
    assert len(calls) > 5
    assert all("-filter_threads 1 " in call for call in calls)


def test_a_library_call_without_tools_needs_the_ffmpeg_that_comes_along(no_ffmpeg_of_its_own, clip):
    with pytest.raises(MissingTool, match="EPISODE_FFMPEG"):
        episode.plan(make_brief({"footage": [{"file": clip.file}]}, "test"))
    assert not os.environ.get("EPISODE_FFMPEG")


SCRIPTS = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")


@pytest.fixture
def acting(tmp_path):
    """Tools with an ffmpeg that says its version and otherwise does what a shell script says."""

    def make_tools(script, patience=0.6, version="ffmpeg version 9"):
        named = tmp_path / "ffmpeg"
        named.write_text(f'#!/bin/sh\n[ "$1" = -version ] && {{ echo "{version}"; exit 0; }}\n{script}\n')
        named.chmod(0o755)
        return Tools(ffmpeg=named, patience=patience)

    return make_tools


def nothing(out=None):
    return ffmpeg.input("color=size=16x16", f="lavfi").output("pipe:" if out is None else str(out), format="rawvideo")


def written(tools, out):
    frames = iter([bytearray(1 << 22)] * 4)
    spec = encode.Target(delivery.load("vk-clips"), 1080, 1920, Fraction(25))
    encode.encode((np.frombuffer(frame, np.uint8) for frame in frames), Path("a.wav"), out, spec, lambda _: None, tools)


USES = {
    "run": lambda tools, _: ffmpeg_tool.run(nothing(), tools),
    "blocks": lambda tools, _: list(ffmpeg_tool.blocks(nothing(), 1000, tools)),
    "loudness": lambda tools, _: loudness.measure(Path("a.wav"), tools=tools),
    "listing": lambda tools, _: ffmpeg_tool.missing({}, tools),
    "encoding": written,
}


@SCRIPTS
@pytest.mark.parametrize("script", ["exec sleep 600", "sleep 600", "sleep 600 & exit 0", "kill -STOP $$"])
@pytest.mark.parametrize("use", USES)
def test_an_ffmpeg_that_does_nothing_is_ended_with_all_that_it_started(acting, tmp_path, script, use):
    tools = acting(script)
    with pytest.raises(MachineFailed, match="did nothing") as error:
        USES[use](tools, tmp_path / "out.mp4")
    assert error.value.exit_code == 6
    assert not [one for one in psutil.process_iter(["cmdline"]) if str(tools.ffmpeg) in (one.info["cmdline"] or [])]


@SCRIPTS
def test_an_ffmpeg_that_cannot_even_say_its_version_is_ended(acting):
    for script, error in (("sleep 600", MachineFailed), ("exit 1", MissingTool), ("echo nonsense", MissingTool)):
        tools = acting("", version="")
        tools.ffmpeg.write_text(f"#!/bin/sh\n{script}\n")
        with pytest.raises(error):
            ffmpeg_tool.run(nothing(), tools)


@SCRIPTS
def test_an_ffmpeg_that_works_in_silence_is_left_alone_but_not_for_ever(acting, tmp_path, monkeypatch):
    monkeypatch.setattr(ffmpeg_tool, "BUSY", 0)  # machines of tests have other work
    worked = "i=0; while [ $i -lt 500000 ]; do i=$((i+1)); done; echo done"
    assert ffmpeg_tool.run(nothing(), acting(worked, patience=0.5)).stdout == b"done\n"
    monkeypatch.setattr(ffmpeg_tool, "LONGEST_WORK", 3)
    for script in ("while :; do :; done", "yes >&2"):
        with pytest.raises(MachineFailed, match="did nothing"):
            ffmpeg_tool.run(nothing(), acting(script, patience=0.2))


@SCRIPTS
def test_what_an_ffmpeg_says_is_kept_in_bounds(acting, monkeypatch):
    monkeypatch.setattr(ffmpeg_tool, "MOST_ANSWERED", 1 << 22)
    monkeypatch.setattr(ffmpeg_tool, "MOST_LISTED", 1 << 16)
    tools = acting("exec yes")
    with pytest.raises(MissingTool, match="more than was asked"):
        ffmpeg_tool.run(nothing(), tools)
    assert len(ffmpeg_tool.missing({}, tools)) == len(ffmpeg_tool.NEEDED)


@SCRIPTS
@pytest.mark.parametrize(
    ("script", "error", "says"),
    [
        ("kill -9 $$", MachineFailed, "signal 9"),
        ("exit 255", MachineFailed, "stopped by the system"),
        ("exit 143", MachineFailed, "stopped by the system"),
        ("cat > /dev/null", MachineFailed, "before the episode was written"),
        ("exit 1", MissingTool, "doctor"),
        ("echo Unknown encoder libx264 >&2; exit 1", MissingTool, "Unknown encoder"),
        ("echo Something happened >&2; exit 1", MachineFailed, "Something happened"),
        ("echo No space left on device >&2; exit 1", MachineFailed, "full"),
    ],
)
def test_who_is_to_blame_when_ffmpeg_does_not_encode(acting, tmp_path, script, error, says):
    with pytest.raises(error, match=says):
        written(acting(script, patience=20), tmp_path / "out.mp4")


@SCRIPTS
@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("exit 255", MachineFailed),
        ("exit 1", MissingTool),  # ffmpeg itself says why
        ("echo Invalid data found >&2; exit 1", Unusable),
        ("echo No space left on device >&2; exit 1", MachineFailed),
    ],
)
def test_who_is_to_blame_when_ffmpeg_does_not_read(acting, script, error):
    with pytest.raises(error):
        ffmpeg_tool.run(nothing(), acting(script, patience=20))


@pytest.mark.parametrize("peak", [400_000, 40_000_000])  # above which noise is, and below
def test_frames_do_not_depend_on_threads_and_stay_below_the_peak(tmp_path, peak):
    noise = np.random.default_rng(1).integers(16, 235, (40, 480, 180), np.uint8)
    ffmpeg_tool.run(ffmpeg.input("sine=duration=1.6", f="lavfi").output(str(tmp_path / "a.wav")))
    spec = delivery.load("vk-clips").model_copy(update={"peak_bitrate": peak})
    made, asked = set(), []
    for threads in (1, 2, None):
        tools, out = Tools(threads=threads, speed="veryfast"), tmp_path / f"{threads}.mp4"
        frames = encode.Again(lambda: asked.append(1) or iter(noise))
        encode.encode(
            frames, tmp_path / "a.wav", out, encode.Target(spec, 180, 320, Fraction(25)), lambda _: None, tools
        )
        shown = ffmpeg_tool.input_of(out)["v"].output("pipe:", format="rawvideo", fps_mode="passthrough")
        made.add(ffmpeg_tool.run(shown).stdout)
    assert len(made) == 1 and len(made.pop()) == noise.nbytes
    assert len(asked) == (3 if peak > 1e6 else 6)
    with av.open(str(out)) as film:
        sizes = [packet.size * 8 for packet in film.demux(video=0)]
    assert max(sum(sizes[first : first + 25]) for first in range(16)) <= peak
