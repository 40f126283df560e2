"""The command line as a user meets it: exit codes, one clear sentence, nothing overwritten, nothing left behind."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import ffmpeg
import pytest

from basis import files
from basis.version import is_installed
from pipeline.footage import ffmpeg_tool, source
from tests.command import ROOT, episode, started
from tests.footage import Scene, make

HEAVY = ("cv2", "scipy", "scenedetect", "moviepy", "av", "numpy", "PIL", "pydantic", "rich.console")


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    return make(tmp_path_factory.mktemp("cli") / "short.mp4", [Scene(1.0)], size=(320, 180)).file


@pytest.fixture(scope="module")
def odd_files(tmp_path_factory, short):
    folder = tmp_path_factory.mktemp("odd")
    (folder / "empty.mp4").touch()
    (folder / "text.mp4").write_text("this is no video " * 100)
    (folder / "list.mp4").write_text("ffconcat version 1.0\nfile /etc/passwd\n")
    ffmpeg_tool.run(ffmpeg.input(str(short))["a"].output(str(folder / "sound.mp4"), acodec="copy"))
    (folder / "bad.srt").write_text("no times here")
    (folder / "late.srt").write_text("1\n00:10:00,000 --> 00:10:02,000\nПоздно.\n", "utf-8")
    (folder / "folder.mp4").mkdir()
    return folder


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("missing.mp4", 3, "no file"),
        ("folder.mp4", 3, "folder"),
        ("empty.mp4", 3, "empty"),
        ("text.mp4", 3, "not footage"),
        ("list.mp4", 3, "footage"),
        ("sound.mp4", 3, "no picture"),
    ],
)
def test_what_is_no_footage_is_refused_in_one_sentence(odd_files, tmp_path, name, code, says):
    done = episode("render", odd_files / name, "-o", tmp_path / "new" / "out.mp4")
    assert done.returncode == code, done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert says in last and name in last and "Traceback" not in done.stderr
    assert not (tmp_path / "new" / "out.mp4").exists()


@pytest.mark.parametrize(
    ("flags", "code", "says"),
    [
        (["--from", "0.5", "--to", "0.5"], 2, "empty"),
        (["--from", "0.8", "--to", "0.2"], 2, "backwards"),
        (["--from", "5"], 3, "lasts"),
        (["--to", "99"], 3, "lasts"),
        (["--from", "soon"], 2, "not a time"),
        (["--preset", "open-industri"], 2, "open-industry"),
        (["--delivery", "vk-clip"], 2, "vk-clips"),
        (["--captions", "{odd}/bad.srt"], 3, "captions"),
        (["--captions", "{odd}/late.srt"], 3, "outside"),
        (["--captions", "{odd}/none.srt"], 3, "captions"),
        (["--audio-stream", "7"], 2, "audio stream"),
        (["--shot", "0.5"], 2, "person 2"),
        (["--shot", "0.5 = person 9"], 2, "left, middle, right"),
        (["--shot", "7 = fit"], 2, "lasts 1.00"),
        (["--audio", "{odd}/text.mp4"], 3, "not a sound"),
        (["--audio", "{odd}/none.wav"], 3, "no file"),
        (["--audio", "{odd}/text.mp4", "--audio", "{odd}/text.mp4"], 2, "2 times for 1 files"),
        (["--tighten", "--keep-pause", "3"], 2, "no pause to keep"),
        (["--keep-pause", "3"], 2, "tighten"),
        (["--channels", "middle"], 2, "voices"),
    ],
)
def test_a_wrong_flag_is_named(short, odd_files, tmp_path, flags, code, says):
    done = episode("plan", short, *(f.format(odd=odd_files) for f in flags), "-o", tmp_path / "out.mp4")
    assert (done.returncode, says in done.stderr) == (code, True), done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_shot_shows_what_the_editor_asks_for(short, tmp_path):
    done = episode("plan", short, "--shot", "0.5 = fit", "-o", tmp_path / "out.mp4", "--json")
    assert done.returncode == 0, done.stderr
    (shot,) = json.loads(done.stdout)["takes"][0]["shots"]
    assert shot["layout"] == "fit" and "as you asked" in shot["reason"]


def test_nothing_is_overwritten_unasked(short, tmp_path):
    mine = tmp_path / "out.mp4"
    mine.write_text("mine")
    done = episode("render", short, "-o", mine)
    assert done.returncode == 2 and "--force" in done.stderr
    assert mine.read_text() == "mine"


def test_an_output_folder_that_is_a_file_is_named(short, tmp_path):
    (tmp_path / "file").touch()
    done = episode("render", short, "-o", tmp_path / "file" / "out.mp4", "--preset", "plain", "--quiet")
    assert done.returncode == 2 and "folder" in done.stderr


def test_a_missing_ffmpeg_has_its_own_exit_code(tmp_path, monkeypatch):
    monkeypatch.setenv("EPISODE_FFMPEG", str(tmp_path / "nothing"))
    done = episode("doctor")
    assert done.returncode == 5 and "EPISODE_FFMPEG" in done.stderr


def test_doctor_names_packages_of_another_distribution(monkeypatch):
    monkeypatch.setattr("commands.doctor._examined", lambda: ({"episode": "1"}, []))
    monkeypatch.setattr("basis.version.foreign", lambda: {"jobs": "/elsewhere/jobs"})
    done = episode("doctor")
    assert done.returncode == 5 and done.stdout == "episode  1\n"
    (line,) = done.stderr.splitlines()
    assert line.startswith("jobs is imported from /elsewhere/jobs")
    assert json.loads(episode("doctor", "--json").stdout)["problems"] == [line]


@pytest.mark.slow
def test_a_brief_renders_and_json_is_the_report_alone(short, small, tmp_path):
    brief = tmp_path / "episode.toml"
    brief.write_text(
        f"title = 'Цех'\nnumber = 4\npreset = 'plain'\ndelivery = '{small.as_posix()}'\noutput = 'made/four.mp4'\n"
        f"[[footage]]\nfile = '{short.as_posix()}'\nto = 0.4\n",
        "utf-8",
    )
    done = episode("render", brief, "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["delivered"] and report["seconds"] == pytest.approx(0.4)
    assert (tmp_path / "made" / "four.mp4").is_file()
    checked = episode("verify", tmp_path / "made" / "four.mp4", "--delivery", small, "--json")
    assert checked.returncode == 0 and json.loads(checked.stdout)["ok"]


@pytest.mark.slow
def test_an_interrupt_ends_with_130_and_leaves_nothing(tmp_path):
    file = make(tmp_path / "long.mp4", [Scene(4.0)], size=(320, 180)).file
    flags = ["--no-cache", "--preset", "plain", "-o", tmp_path / "out" / "x.mp4"]
    process = started("render", file, *flags)
    assert any(line.startswith("encode") for line in process.stderr)
    process.send_signal(signal.SIGINT)
    rest = process.communicate()[1]
    assert process.returncode == 130, rest
    assert rest.splitlines()[-1].startswith("Interrupted") and list((tmp_path / "out").iterdir()) == []


def test_verify_says_4_for_horizontal_footage(short):
    done = episode("verify", short)
    assert done.returncode == 4 and "1080x1920" in done.stdout


def test_probe_and_presets_speak(short):
    told = json.loads(episode("probe", short, "--json").stdout)
    assert (told["picture"], told["notes"]) == ("320x180", [])
    listed = episode("presets", "list").stdout
    assert "open-industry" in listed and "plain" in listed and "vk-clips" in listed
    assert json.loads(episode("presets", "show", "plain").stdout)["framing"]["max_upscale"] == 1.8


def test_what_an_episode_is_made_from_is_never_replaced(short, tmp_path):
    footage, words = tmp_path / "talk.mp4", tmp_path / "talk.srt"
    shutil.copyfile(short, footage)
    words.write_text("1\n00:00:00,100 --> 00:00:00,900\nДобрый день.\n", "utf-8")
    before = footage.read_bytes(), words.read_bytes()
    done = episode("render", footage, "-o", footage, "--force")
    assert done.returncode == 2 and "made from" in done.stderr
    made = tmp_path / "other" / "talk.mp4"
    assert episode("plan", footage, "--captions", words, "-o", made, "-q").returncode == 0
    plan = made.with_suffix(".plan.json").rename(tmp_path / "talk.plan.json")
    done = episode("render", "--plan", plan, "-o", tmp_path / "talk.mp4", "--force")
    assert done.returncode == 2 and "made from" in done.stderr
    assert (footage.read_bytes(), words.read_bytes()) == before


@pytest.mark.slow
def test_a_plan_is_rendered_beside_its_own_files_without_force(short, small, tmp_path):
    made = tmp_path / "talk.mp4"
    flags = ("--to", "0.4", "--preset", "plain", "--delivery", small, "-o", made, "-q")
    assert episode("plan", short, *flags).returncode == 0
    assert episode("render", "--plan", tmp_path / "talk.plan.json", "-q").returncode == 0 and made.exists()
    assert episode("render", "--plan", tmp_path / "talk.plan.json", "-q").returncode == 2


def test_a_sound_of_the_preset_is_never_replaced(short, tmp_path):
    ding = tmp_path / "out.srt"
    ffmpeg_tool.run(ffmpeg.input("sine=duration=1", f="lavfi").output(str(ding), format="wav"))
    before = ding.read_bytes()
    (tmp_path / "look.toml").write_text('title_card.on = true\nsound.title_sting = "out.srt"\n', "utf-8")
    flags = ["--title", "Цех", "--preset", tmp_path / "look.toml", "-o", tmp_path / "out.mp4", "--force", "-q"]
    done = episode("render", short, *flags)
    assert done.returncode == 2 and "made from" in done.stderr and ding.read_bytes() == before


def test_a_presets_sound_that_is_none_is_named(tmp_path):
    (tmp_path / "words.txt").write_text("la la la")
    (tmp_path / "look.toml").write_text('sound.music = "words.txt"\n', "utf-8")
    done = episode("presets", "check", tmp_path / "look.toml")
    assert done.returncode == 2 and "words.txt" in done.stderr and "fine" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        (["--help"], set()),
        (["--version"], set()),
        (["presets", "list"], set()),
        (["presets", "--help"], set()),
        (["render", "--help"], {"pydantic"}),
        (["jobs", "--help"], {"pydantic"}),
        (["probe", "{short}"], {"numpy", "pydantic"}),
    ],
)
def test_a_command_imports_what_it_needs(short, arguments, needed):
    code = f"""import atexit, sys, cli
atexit.register(lambda: print(*(name for name in {HEAVY} if name in sys.modules), file=sys.stderr))
cli.main()"""
    words = [word.format(short=short) for word in arguments]
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, encoding="utf-8", cwd=ROOT
    )
    assert done.returncode == 0 and done.stdout, done.stderr
    assert set(done.stderr.split()) == needed


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("episode p", {"plan", "probe", "presets"}),
        ("episode presets ", {"list", "new", "check", "show"}),
        ("episode render --keep", {"--keep-pause"}),
        ("episode plan a.mp4 --preset o", {"open-industry"}),
        ("episode presets show p", {"plain"}),
        ("episode verify --delivery vk", {"vk-clips"}),
        ("episode render --channels m", {"mono"}),
    ],
)
def test_shells_complete_commands_flags_and_names(monkeypatch, line, offered):
    words = line.split(" ")
    monkeypatch.setenv("_EPISODE_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    assert set(episode().stdout.split()) == offered
    monkeypatch.setenv("_EPISODE_COMPLETE", "complete_zsh")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", line)
    in_zsh = episode().stdout
    assert all(f'"{word}"' in in_zsh or f'"{word}":' in in_zsh for word in offered)


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_the_script_for_a_shell_can_be_shown(monkeypatch, shell):
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    assert f"_EPISODE_COMPLETE=complete_{shell}" in episode("--show-completion", shell).stdout


def test_a_checkout_that_is_not_installed_says_so(monkeypatch):
    assert is_installed()
    number = episode("--version").stdout.strip()
    monkeypatch.setattr(sys, "path", [str(ROOT)])
    assert not is_installed()
    done = episode("--version")
    assert done.returncode == 0 and done.stdout == f"{number}, a checkout that is not installed\n"


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (KeyError("rate"), 70, "KeyError: 'rate'"),
        (OSError(5, "Input/output error", "a.mp4"), 6, "Input/output error (a.mp4)"),
    ],
)
def test_an_error_that_nothing_was_prepared_for_is_one_sentence(short, monkeypatch, error, code, says):
    def broken(*_):
        raise error

    monkeypatch.setattr(source, "probe", broken)
    done = episode("probe", short)
    assert done.returncode == code and says in done.stderr and len(done.stderr.splitlines()) == 1
    assert ("--debug" in done.stderr) == (code == 70)
    for arguments in (["--debug", "probe", short], ["probe", "--debug", short], ["probe", short, "--debug"]):
        done = episode(*arguments)
        assert done.returncode == code and done.stderr.startswith("Traceback") and says in done.stderr.splitlines()[-1]


def test_a_flag_is_what_the_brief_says_of_its_key():
    told = " ".join(episode("render", "--help").stdout.split())
    assert "Number of the episode, for «Серия N»." in told
    assert "Where to begin in a file, as 00:01:10; once for each file." in told
    assert "--graphics" not in told and "--audio-offset" not in told


def test_a_brief_is_given_without_flags_of_its_footage(tmp_path):
    (tmp_path / "one.toml").write_text('footage = "a.mp4"', "utf-8")
    done = episode("plan", tmp_path / "one.toml", "--to", "3")
    assert (
        done.returncode == 2
        and "--from, --to, --audio-stream, --footage-captions, --footage-captions-offset, --audio or --channels"
        in done.stderr
    )


def test_a_setting_of_the_environment_that_cannot_be_is_named(short, tmp_path, monkeypatch):
    monkeypatch.setenv("EPISODE_THREADS", "many")
    done = episode("plan", short, "-o", tmp_path / "a.mp4")
    assert done.returncode == 2 and "EPISODE_THREADS" in done.stderr


def test_notes_of_a_plan_are_in_its_json_with_second_and_shot(short, tmp_path):
    (tmp_path / "words.srt").write_text(
        "1\n00:00:00,200 --> 00:00:00,700\n" + "Очень быстро сказанные слова " * 3, "utf-8"
    )
    call = ("plan", short, "--captions", tmp_path / "words.srt", "--preset", "plain", "-o", tmp_path / "out.mp4")
    made = json.loads(episode(*call, "--json").stdout)
    fast = [note for note in made["warnings"] if note["code"] == "fast-speech"]
    assert fast and all(note["shot"] == 1 and 0 <= note["at"] < 1 and note["level"] for note in fast)
    assert json.loads((tmp_path / "out.plan.json").read_text("utf-8"))["warnings"] == made["warnings"]


POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals and names of POSIX")


@POSIX
@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.1, 0.3, 0.8])
@pytest.mark.parametrize("name", ["SIGINT", "SIGHUP"])
def test_a_run_that_only_loads_can_be_interrupted_in_one_sentence(short, tmp_path, seconds, name):
    process = started("plan", short, "-o", tmp_path / "out" / "x.mp4", "--no-cache")
    time.sleep(seconds)
    process.send_signal(getattr(signal, name))
    said = process.communicate()[1]
    early = process.returncode == -getattr(signal, name) or "init_import_site" in said
    if not early:  # else Python itself was not there yet
        assert process.returncode == 130, said
        assert said.strip().splitlines()[-1:] == ["Interrupted; nothing was left half written."] and "Trace" not in said
    assert not list(tmp_path.rglob("*.*"))


@POSIX
def test_what_a_killed_run_left_is_cleared_by_the_next_one_and_two_runs_exclude_each_other(short, tmp_path):
    out, apart = tmp_path / "out", tmp_path / "tmp"
    apart.mkdir()
    (apart / "episode-of-mine").mkdir()
    code = f"""import time; from pathlib import Path; from basis import files
with files.claimed(Path({str(out)!r}, "x.mp4")) as folder, files.scratch(Path({str(apart)!r})):
    with files.temporary(Path({str(out)!r}, "x.json")) as part:
        part.touch(); (folder / "x.mp4").touch(); print(flush=True); time.sleep(600)"""
    killed = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT)
    assert killed.stdout.readline()
    left = {*out.iterdir(), *apart.iterdir()}
    assert len(left) == 4
    call = ("plan", short, "--preset", "plain", "-o")
    done = episode(*call, out / "x.mp4")
    assert done.returncode == 2 and "being made by another run" in done.stderr
    with files.scratch(apart):
        assert left < {*out.iterdir(), *apart.iterdir()}
    killed.kill()
    killed.communicate()
    assert episode(*call, out / "y.mp4").returncode == 0
    assert {one.name for one in out.iterdir()} == {"y.plan.json", "y.sheet.jpg"}
    with files.scratch(apart):
        assert len([*apart.iterdir()]) == 2
    assert [one.name for one in apart.iterdir()] == ["episode-of-mine"]


@POSIX
@pytest.mark.slow
def test_any_name_that_a_disk_takes_can_be_used(short, small, tmp_path):
    odd = os.fsdecode(b"\xff\xfe\xd0.mp4")
    footage = shutil.copyfile(short, tmp_path / odd)
    names = [odd, "10:30.mp4", "pipe:0.mp4", "a\nb\u202ec.mp4", "я" * 121 + ".mp4"]
    for name in names:
        done = episode("plan", footage, "--preset", "plain", "--delivery", small, "-o", tmp_path / "out" / name)
        assert done.returncode == 0, done.stderr
        said = done.stdout + done.stderr
        assert "\u202e" not in said and not re.search("[\ud800-\udfff]", said)
    plan = tmp_path / "out" / odd.replace(".mp4", ".plan.json")
    for name in ("b:c.mp4", odd):
        done = episode("render", "--plan", plan, "-o", tmp_path / "out" / name, "-q")
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "out" / name).stat().st_size > 1000


@POSIX
def test_a_name_that_no_disk_takes_is_refused_before_the_work(short, tmp_path, monkeypatch):
    monkeypatch.setattr(source, "probe", None)
    for name in ("я" * 122 + ".mp4", "x" * 300 + ".mp4", "/".join(["x" * 200] * 30) + "/a.mp4"):
        done = episode("render", short, "-o", tmp_path / name)
        assert done.returncode == 2 and "shorter -o" in done.stderr, done.stderr
    assert list(tmp_path.iterdir()) == []


@POSIX
def test_a_name_that_looks_like_a_flag_is_explained(short, tmp_path, monkeypatch):
    shutil.copyfile(short, tmp_path / "-rf.mp4")
    monkeypatch.chdir(tmp_path)
    done = episode("render", "-rf.mp4")
    assert done.returncode == 2 and done.stderr.splitlines()[-1].endswith("write ./-rf.mp4.")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_a_result_that_cannot_be_written_is_said_in_one_sentence():
    with Path("/dev/full").open("w") as full:
        call = [sys.executable, str(ROOT / "cli.py"), "presets", "show", "plain"]
        done = subprocess.run(call, stdout=full, stderr=subprocess.PIPE, text=True, encoding="utf-8")
    assert done.returncode == 6 and done.stderr.splitlines() == ["The machine failed: No space left on device."]


@pytest.mark.slow
def test_a_cache_that_cannot_be_is_made_anew_and_leaves_nothing(short, tmp_path, monkeypatch):
    cache, out = tmp_path / "cache", tmp_path / "out.mp4"
    monkeypatch.setenv("EPISODE_CACHE", str(cache))
    call = ("plan", short, "--preset", "plain", "-o", out, "-q", "--force")
    assert episode(*call).returncode == 0
    plan = out.with_suffix(".plan.json").read_text("utf-8")
    kept = next(one for one in cache.iterdir() if b'"shots"' in one.read_bytes())
    good = json.loads(kept.read_text("utf-8"))
    shot = good["shots"][0]
    for shots in ([], [shot | {"end": 99}], [shot | {"end": -1}], [shot, shot]):
        kept.write_text(json.dumps(good | {"shots": shots}), "utf-8")
        done = episode(*call)
        assert done.returncode == 0, done.stderr
        assert out.with_suffix(".plan.json").read_text("utf-8") == plan
    names = [one.name for one in cache.iterdir()]
    kept.unlink()
    kept.mkdir()
    assert episode(*call).returncode == 0 and sorted(names) == sorted(one.name for one in cache.iterdir())


@pytest.mark.parametrize(
    "change",
    [
        {"rate": "1000000"}, {"version": 99}, {"tail": "NaN"}, {"tail": 1e9}, {"graphics": [{}] * 6000}, {"width": 10**9},
        {"takes": []}, {"rate": "1e400"}, {"pauses": [{"start": 0, "end": 1e300, "at": 0, "file": "a"}]},
    ],
)  # fmt: skip
def test_a_plan_with_absurd_numbers_is_refused_in_a_sentence(short, tmp_path, change):
    out = tmp_path / "out.mp4"
    assert episode("plan", short, "--preset", "plain", "-o", out, "-q").returncode == 0
    plan = out.with_suffix(".plan.json")
    plan.write_text(json.dumps(json.loads(plan.read_text("utf-8")) | change).replace('"NaN"', "NaN"), "utf-8")
    done = episode("render", "--plan", plan, "-q")
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1 and len(done.stderr) < 500, done.stderr


@POSIX
@pytest.mark.parametrize("flag", ["--plan", "brief", "--preset", "--delivery", "manifest"])
def test_what_never_ends_is_not_read(short, tmp_path, flag):
    endless, deep = tmp_path / "endless.toml", tmp_path / "deep.toml"
    endless.symlink_to("/dev/zero")
    deep.write_text("[" * 50_000 if flag == "--plan" else "a." * 50_000 + "a = 1")
    for file in (endless, deep):
        call = {"brief": ("plan", file), "manifest": ("jobs", "check", file)}.get(flag, ("plan", short, flag, file))
        if flag == "--plan":
            call = ("render", "--plan", file)
        done = episode(*call)
        assert done.returncode in (2, 3) and len(done.stderr.strip().splitlines()) == 1, done.stderr[:500]
