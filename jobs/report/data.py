"""How a season went, as data, and as one line for people."""

import re
from collections import Counter
from datetime import datetime, timedelta
from typing import Final, Literal, get_args

from pydantic import BaseModel, Field

from basis.data import Text
from basis.notes import Note
from pipeline.verify import Check

State = Literal["delivered", "up to date", "failed", "not run"]
SCHEMA_VERSION: Final = 2
MOST_NAMED, MOST_LETTERS = 3, 160  # failures that the one-line summary names, letters of each one's reason
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # by XML 1.0


class Failure(BaseModel):
    """Why an episode was not made."""

    kind: Literal["input", "delivery", "machine", "timeout", "internal"] = Field(
        description="input: footage or brief; delivery: the file breaks its spec; machine: a killed process, a full disk; "
        "timeout: it took too long; internal: an error of the product"
    )
    message: Text = Field(description="one sentence for people")
    exit_code: int = Field(description="what `episode render` would have ended with")


class EpisodeResult(BaseModel):
    """What became of one episode."""

    name: str = Field(description="of its files, without .mp4")
    number: int | None = Field(description="of the episode, null where it has none")
    title: str
    state: State
    asked: bool = Field(True, description="false where --only left it out: the rest is what an earlier run found")
    why: str = Field(description="why it was rendered, or was not run")
    seconds: float | None = Field(description="length of the episode")
    took: float | None = Field(description="seconds of work, all attempts and segments together")
    attempts: int = Field(description="0 where nothing was rendered")
    host: str = Field(description="machine that finished it")
    failure: Failure | None
    checks: list[Check] = Field(description="every delivery check with its measured value")
    warnings: list[Note] = Field(description="what a person should know, with the second and the shot that it is about")


class SeasonReport(BaseModel):
    """What became of a season; finished is null while it runs, and after it was killed."""

    schema_version: Literal[2] = SCHEMA_VERSION
    version: str = Field(description="of the product")
    series: str
    manifest: str
    started: datetime = Field(description="UTC")
    finished: datetime | None = Field(description="UTC")
    interrupted: bool = False
    workers: int = Field(description="episodes at once")
    episodes: list[EpisodeResult]


def summary(report: SeasonReport) -> str:
    """One line for people."""
    asked = [one for one in report.episodes if one.asked]
    counts = Counter(one.state for one in asked)
    parts = [f"{counts[state]} {state}" for state in get_args(State) if counts[state]]
    line = f"{len(asked)} episode{'s' * (len(asked) != 1)}"
    line += f": {', '.join(parts)}" if parts else ""
    line += f" in {_spent(report.finished - report.started)}" if report.finished else " so far"
    line += ", interrupted." if report.interrupted else "."
    failed = [_in_short(one.name, one.failure) for one in asked if one.failure]
    if failed:
        more = f" and {len(failed) - MOST_NAMED} more" if len(failed) > MOST_NAMED else ""
        line += f" Failed: {'; '.join(failed[:MOST_NAMED])}{more}."
    return " ".join(clean(line).split())


def _spent(time: timedelta) -> str:
    minutes, seconds = divmod(round(time.total_seconds()), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def _in_short(name: str, failure: Failure) -> str:
    reason = " ".join(failure.message.split()).rstrip(".")
    if len(reason) > MOST_LETTERS:
        reason = reason[:MOST_LETTERS].rstrip() + "…"
    return f"{name} ({reason})"


def clean(text: str) -> str:
    """Text without the characters that XML, and any reader, cannot take."""
    return _FORBIDDEN.sub("\ufffd", text)
