"""A piece of a season's work as plain data: what a worker is told, and what it answers."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field

from basis.data import Data, FileName, Text
from basis.errors import MachineFailed
from basis.notes import Note
from basis.tools import Tools
from jobs.report import Failure
from pipeline.brief import Brief
from pipeline.verify import Check

STATE = ".season"  # folder inside the output folder for all that is nobody's to look at: lock, unfinished files, logs

Kind = Literal["episode", "plan", "segment", "join"]
RANK: dict[Kind, int] = {"join": 0, "segment": 1, "plan": 2, "episode": 2}  # what is begun is finished first


class Task(Data):
    """One attempt at a whole episode, or at a part of one that is split: its plan, one segment, joining all of them.

    folder: where finished files go. scratch: a folder on the same disk for everything that is not finished.
    manifest: as records name it. segments: [first, last) frames of all of them; segment: which one. split: seconds of a segment.
    threads: of each decoder and encoder, set by the executor, which knows how many share the machine. timeout: seconds.
    """

    kind: Kind
    name: str
    brief: Brief
    manifest: Text = ""
    folder: FileName
    scratch: FileName
    cache: FileName | None
    threads: int = Field(1, ge=1)
    encoder: str = Tools.encoder
    speed: str | None = None
    timeout: float
    split: float | None = None
    segments: list[tuple[int, int]] = []
    segment: int = 0

    @property
    def log(self) -> Path:
        """Where its processes write what they have to say."""
        return self.folder / STATE / "logs" / f"{self.name}.log"


class Answer(Data):
    """How an attempt ended: done, or with a failure. seconds: the episode's; took: the attempt's, on the clock."""

    failure: Failure | None = None
    seconds: float | None = None
    checks: list[Check] = []
    warnings: list[Note] = []
    segments: list[tuple[int, int]] = []
    took: float = 0.0
    host: str = ""

    @classmethod
    def lost(cls, message: str, exit_code: int = MachineFailed.exit_code) -> Self:
        """Of an attempt that the machine let down."""
        return cls(failure=Failure(kind="machine", message=message, exit_code=exit_code))


class Message(Data):
    """One line that a worker process writes: how far it is, or its answer."""

    stage: str = ""
    share: float = 0.0
    answer: Answer | None = None
