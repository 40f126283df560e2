"""The season commands as a user meets them: exit codes, what is said, what is written."""

import json

import pytest

from jobs.season import TIMEOUT, locked
from tests.command import episode

BROKEN = '[[episode]]\nnumber = 1\ntitel = "x"\nfootage = "a.mp4"\n[[episode]]\nfootage = "b.mp4"\nlink = "here"\n'
MISSING = '[[episode]]\nnumber = 1\ntitle = "Первая"\nfootage = "none.mp4"\n'


def test_a_new_manifest_can_be_checked_and_is_not_replaced(tmp_path):
    file = tmp_path / "season.toml"
    assert episode("jobs", "new", file).returncode == 0
    done = episode("jobs", "check", file)
    assert done.returncode == 2 and "line 26: There is no file" in done.stderr and "Traceback" not in done.stderr
    file.write_text(MISSING, "utf-8")
    done = episode("jobs", "new", file)
    assert done.returncode == 2 and "--force" in done.stderr and file.read_text("utf-8") == MISSING


def test_a_look_of_ones_own_is_named_from_where_the_manifest_lies(tmp_path):
    (tmp_path / "looks").mkdir()
    (tmp_path / "looks" / "mine.toml").write_text("[captions]\nsize = 70\n")
    assert (
        episode("jobs", "new", tmp_path / "season.toml", "--preset", tmp_path / "looks" / "mine.toml").returncode == 0
    )
    assert 'preset = "looks/mine.toml"' in (tmp_path / "season.toml").read_text("utf-8")


def test_a_wrong_manifest_renders_nothing_and_names_every_slip(tmp_path):
    file = tmp_path / "season.toml"
    file.write_text(BROKEN)
    for command in (["check", file], ["run", file, "-o", tmp_path / "out"]):
        done = episode("jobs", *command)
        assert done.returncode == 2
        assert [line.split(": ")[0].split()[-1] for line in done.stderr.strip().splitlines()] == ["3", "7"]
    assert not (tmp_path / "out").exists()
    told = json.loads(episode("jobs", "check", file, "--json").stdout)
    assert [slip["line"] for slip in told["slips"]] == [3, 7]


def test_footage_is_checked_even_where_the_manifest_has_slips(tmp_path):
    file = tmp_path / "season.toml"
    file.write_text(MISSING + MISSING, "utf-8")  # the number twice
    done = episode("jobs", "check", file)
    lines = [line.split("season.toml line ")[1][:2] for line in done.stderr.strip().splitlines()]
    assert done.returncode == 2 and lines == ["4:", "6:", "8:"], done.stderr


def test_a_dry_run_writes_nothing(tmp_path):
    file = tmp_path / "season.toml"
    file.write_text(MISSING, "utf-8")
    done = episode("jobs", "run", file, "-o", tmp_path / "out", "--dry-run", "--json")
    assert done.returncode == 0 and [one["state"] for one in json.loads(done.stdout)] == ["to render"]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--only", "7"], "no such episode"),
        (["--only", ","], "names no episode"),
        (["--timeout", "soon"], "not a time"),
        (["--split", "0.5"], "at least"),
        (["--workers", "2", "--scheduler", "tcp://127.0.0.1:9"], "--scheduler"),
    ],
)
def test_a_wrong_flag_of_a_run_is_named(tmp_path, flags, says):
    file = tmp_path / "season.toml"
    file.write_text(MISSING, "utf-8")
    done = episode("jobs", "run", file, "-o", tmp_path / "out", *flags)
    assert (done.returncode, says in done.stderr) == (2, True), done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_season_that_fails_says_so_everywhere(tmp_path):
    file, out = tmp_path / "season.toml", tmp_path / "out"
    file.write_text(MISSING, "utf-8")
    assert episode("jobs", "status", out).returncode == 2
    done = episode("jobs", "run", file, "-o", out)
    assert done.returncode == 1 and "There is no file" in done.stderr and "1 failed" in done.stdout
    assert {f.name for f in out.iterdir() if not f.name.startswith(".")} == {
        "index.html", "season.junit.xml", "season.report.json", "открытая-промышленность-01.job.json",
    }  # fmt: skip
    status = episode("jobs", "status", out, "--json")
    told = json.loads(status.stdout)
    assert status.returncode == 1 and not told["running"] and told["report"]["episodes"][0]["state"] == "failed"
    with locked(out):
        assert "It runs now" in episode("jobs", "status", out).stdout
        assert episode("jobs", "run", file, "-o", out).returncode == 2


def test_a_folder_that_is_not_there_is_not_watched(tmp_path):
    done = episode("jobs", "watch", tmp_path / "none", "-o", tmp_path / "out")
    assert done.returncode == 2 and "no folder" in done.stderr


def test_the_longest_attempt_is_the_seasons_own():
    for command in ("run", "watch"):
        assert f"[default: {TIMEOUT:g}]" in episode("jobs", command, "--help").stdout
