"""Progress as it is written where there is no terminal."""

import pytest

from commands import meters
from commands.meters import Meter, SeasonMeter
from jobs.report import EpisodeResult
from jobs.season import Finished, Progress, Started


@pytest.fixture
def clock(monkeypatch):
    """Seconds that the meters read, set by the test."""
    now = [100.0]
    monkeypatch.setattr(meters.time, "monotonic", lambda: now[0])
    return now


def test_a_stage_is_told_when_it_begins_and_then_now_and_again_with_what_is_left(clock, capsys):
    with Meter(quiet=False) as meter:
        meter("encode", 0, 100)
        clock[0] += 5
        meter("encode", 10, 100)
        clock[0] += 15
        meter("encode", 40, 100)
        meter("verify", 0, 1)
    assert capsys.readouterr().err.splitlines() == ["encode 0%", "encode 40% 2 frames/s, 30 s left", "verify 0%"]


def test_a_quiet_meter_says_nothing(capsys):
    with Meter(quiet=True) as meter, SeasonMeter(quiet=True, total=1) as season:
        meter("encode", 0, 100)
        season(Started("one", "never rendered"))
    assert capsys.readouterr() == ("", "")


def test_a_season_tells_each_episode_and_what_is_left(clock, capsys):
    delivered = EpisodeResult(
        name="one", number=1, title="", state="delivered", why="", seconds=9, took=60, attempts=1, host="", failure=None,
        checks=[], warnings=[],
    )  # fmt: skip
    with SeasonMeter(quiet=False, total=2) as meter:
        meter(Started("one", "never rendered"))
        clock[0] += 60
        meter(Progress("one", "encode", 0.5, ""))
        meter(Finished(delivered))
    begins, share, ends = (line.split(" ", 1)[1] for line in capsys.readouterr().err.splitlines())
    assert begins == "one: begins (never rendered)"
    assert share == "0 of 2 done, about 2:12 left; now one encode 50%"
    assert ends == "one: delivered, 0 of 0 checks passed, 60 s"
