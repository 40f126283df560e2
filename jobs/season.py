"""A season from a manifest to delivered files: what is missing or stale is rendered, what is up to date is left alone.

It may be killed at any moment: an episode appears whole, with a record of what it was made of, or not at all.
"""

import contextlib
import queue
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

from basis.errors import MachineFailed, WrongUse
from basis.files import writable
from basis.letters import printable
from basis.tools import Tools
from basis.version import version
from jobs import report
from jobs.decisions import Decision, decide, result_of
from jobs.executor import Ended, Executor, Heard, Processes
from jobs.manifest import Entry, Season
from jobs.record import Record, manifest_of, read_record, save_record
from jobs.report import EpisodeResult, SeasonReport
from jobs.task import RANK, STATE, Answer, Task
from pipeline.episode import Files

REPORT_EVERY = 10.0  # seconds between reports of a season that runs
LOCK_WAIT = 1.0  # seconds that a run waits for somebody who looks whether one is running
TICK = 0.5  # seconds between looks for new episodes
TIMEOUT = 7200.0  # seconds that an attempt may take unless told otherwise


@dataclass(frozen=True)
class Started:
    """An episode begins, and why."""

    name: str
    why: str


@dataclass(frozen=True)
class Progress:
    """How far an episode is in a stage; share from 0 to 1."""

    name: str
    stage: str
    share: float
    host: str


@dataclass(frozen=True)
class Again:
    """An attempt failed through the machine and will be made again after so many seconds."""

    name: str
    message: str
    wait: float


@dataclass(frozen=True)
class Finished:
    """An episode is delivered, was up to date, or failed."""

    result: EpisodeResult


Event = Started | Progress | Again | Finished
Watch = Callable[[Event], None]
MakeExecutor = Callable[[Heard, Ended], Executor]


@dataclass(frozen=True)
class Options:
    """How a season is run. refused_again: try what failed for its input once more, though nothing changed. timeout: seconds
    an attempt; back_off: seconds before an attempt is made again that failed through the machine. split: seconds of a
    segment, None to render episodes whole. cache, encoder, speed: as in Tools."""

    force: bool = False
    refused_again: bool = True
    fail_fast: bool = False
    timeout: float = TIMEOUT
    split: float | None = None
    cache: Path | None = None
    encoder: str = Tools.encoder
    speed: str | None = None
    back_off: tuple[float, ...] = (2.0, 10.0, 30.0)


def run(
    season: Season, out: Path, options: Options, watch: Watch, *, only: Sequence[Entry] | None = None,
    executor: MakeExecutor | None = None, feed: Callable[[Collection[str]], list[Entry]] | None = None,
) -> SeasonReport:  # fmt: skip
    """Renders what of the season is missing or stale into the folder out, and writes its reports there.

    only: the entries asked for, all unless given. executor: makes what attempts are made in, processes of this machine
    unless given. feed: asked again and again for more entries, with the names of those that are not finished, until it
    is interrupted. Raises WrongUse when another run holds the folder or it cannot be written.
    """
    with writable(out), locked(out):
        _must_be_its_own(out, options.force)
        folder = (out / STATE / "work").resolve()
        shutil.rmtree(folder, ignore_errors=True)
        made_in = executor or partial(Processes, None)
        work = _Run(season, out.resolve(), folder / uuid4().hex[:8], options, watch, made_in)
        try:
            work.add(season.entries, season.entries if only is None else only)
            while work.busy or feed:
                work.step()
                if feed:
                    more = feed(work.unfinished)
                    work.add(more, more)
        except BaseException:
            work.end(interrupted=True)
            raise
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        work.end(interrupted=False)
        return work.report


def _must_be_its_own(out: Path, force: bool) -> None:
    own, *others = report.files(out)
    for file in others:
        if file.exists() and not own.exists() and not force:
            raise WrongUse(f"{file} exists and is of no season; choose another -o, or give --force to replace it.")


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Holds the output folder against other runs. Raises WrongUse when one holds it."""
    file = out / STATE / "lock"
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        lock = FileLock(file).acquire(timeout=LOCK_WAIT)
    except Timeout:
        hint = "wait until it ends (`episode jobs status` shows it) or choose another -o."
        raise WrongUse(f"Another run is writing to {out}; {hint}") from None
    with lock:
        yield


def is_running(out: Path) -> bool:
    """Whether a run holds the output folder."""
    if not (out / STATE / "lock").exists():
        return False
    try:
        with FileLock(out / STATE / "lock", timeout=0):
            return False
    except Timeout:
        return True
    except OSError as error:
        wrong = f"Whether a run writes to {out} cannot be told ({error.strerror}); ask as who runs it."
        raise WrongUse(wrong) from error


class _Run:
    """What waits, what runs and what came out of it."""

    def __init__(
        self, season: Season, out: Path, scratch: Path, options: Options, watch: Watch, executor: MakeExecutor
    ) -> None:
        self._out, self._scratch, self._options, self._watch = out, scratch, options, watch
        self._events: queue.Queue[tuple[Task, Answer | Progress]] = queue.Queue()
        self._executor = executor(
            lambda task, stage, share, host: self._events.put((task, Progress(task.name, stage, share, host))),
            lambda task, answer: self._events.put((task, answer)),
        )
        self._waiting: list[tuple[float, Task]] = []  # not before when, and what
        self._flying: set[tuple[str, int]] = set()  # name and segment of what was submitted and has not ended
        self._episodes: dict[str, _Work] = {}
        self._rows: dict[str, int] = {}
        self._unreported, self._reported = False, 0.0
        self._stopped = False
        self._earlier = _earlier(out)
        self.report = SeasonReport(
            version=version(), series=season.series, manifest=printable(season.file.name), started=datetime.now(UTC), finished=None,
            workers=self._executor.workers, episodes=[],
        )  # fmt: skip

    @property
    def busy(self) -> bool:
        return bool(self._waiting or self._flying) and not self._stopped

    @property
    def unfinished(self) -> set[str]:
        return {name for name, work in self._episodes.items() if not work.over}

    def add(self, entries: Sequence[Entry], asked: Sequence[Entry]) -> None:
        """Decides about entries and queues what of them is asked for and has to be rendered."""
        wanted = {entry.name for entry in asked}
        for entry in entries:
            row = self._rows.setdefault(entry.name, len(self._rows))
            if entry.name not in wanted:
                known = self._earlier.get(entry.name) or result_of(entry, "not run", why="not asked for")
                self.report.episodes[row : row + 1] = [known.model_copy(update={"asked": False})]
                continue
            decision = decide(entry, self._out, self._options.force, self._options.refused_again)
            result = decision.result
            self.report.episodes[row : row + 1] = [result or result_of(entry, "not run", why=decision.why)]
            if result:
                self._watch(Finished(result))
                self._stop_at(result)
            else:
                self._episodes[entry.name] = _Work(decision, row)
                options = self._options
                first = Task(
                    kind="plan" if options.split else "episode", name=entry.name, brief=entry.brief, folder=self._out,
                    manifest=manifest_of(entry.manifest, self._out),
                    scratch=self._scratch / entry.name, cache=options.cache,
                    encoder=options.encoder, speed=options.speed, timeout=options.timeout, split=options.split,
                )  # fmt: skip
                self._queue(first)
            self._unreported = True

    def step(self) -> None:
        """Submits what is due and takes what comes back, for TICK seconds at most."""
        self._submit()
        if self._unreported and time.monotonic() - self._reported > REPORT_EVERY:
            with contextlib.suppress(OSError):  # a full disk: the last report says everything
                self._write()
        now = time.monotonic()
        soon = min((at - now for at, _ in self._waiting if at > now), default=TICK)
        try:
            task, event = self._events.get(timeout=min(TICK, soon))
        except queue.Empty:
            return
        if (task.name, task.segment) not in self._flying:
            return  # of an episode that is over
        self._begun(task)
        if isinstance(event, Answer):
            self._flying.discard((task.name, task.segment))
            self._ended(task, event)
        else:
            self._watch(event)

    def _submit(self) -> None:
        """Hands out as much as there is room for, what finishes episodes first."""
        now = time.monotonic()
        due = [item for item in self._waiting if item[0] <= now]
        room = self._executor.room - len(self._flying) if due else 0
        due.sort(key=lambda item: (RANK[item[1].kind], self._episodes[item[1].name].row, item[1].segment))
        for item in due[: max(0, room)]:
            self._waiting.remove(item)
            _, task = item
            self._flying.add((task.name, task.segment))
            self._executor.submit(task)

    def end(self, interrupted: bool) -> None:
        """Stops what runs and writes the reports."""
        self._executor.stop()
        flying = {name for name, _ in self._flying}
        for name, work in self._episodes.items():
            if work.over or not (name in flying or self._options.force):
                continue
            if made := self._delivered(work):
                self._finish(work, made)  # it was stopped after its files were in place
            elif result := decide(work.decision.entry, self._out).result:
                self.report.episodes[work.row] = result  # it is still as it was
        self.report.finished, self.report.interrupted = datetime.now(UTC), interrupted
        with contextlib.suppress(OSError) if interrupted else contextlib.nullcontext():  # why it was matters more
            self._write()

    def _queue(self, task: Task, wait: float = 0.0) -> None:
        self._waiting.append((time.monotonic() + wait, task))

    def _begun(self, task: Task) -> None:
        work = self._episodes[task.name]
        if not work.attempts:
            self._watch(Started(task.name, work.decision.why))
            row = self.report.episodes[work.row]
            self.report.episodes[work.row] = row.model_copy(update={"attempts": 1})
            self._unreported = True
        work.attempts.setdefault((task.kind, task.segment), 1)

    def _ended(self, task: Task, answer: Answer) -> None:
        work = self._episodes[task.name]
        work.took += answer.took
        failure = answer.failure
        if failure and failure.kind in ("machine", "timeout") and (made := self._delivered(work)):
            answer, failure = made, None  # it was killed after its files were in place
        part, waits = (task.kind, task.segment), self._options.back_off
        if failure and failure.exit_code == MachineFailed.exit_code and work.attempts[part] <= len(waits):
            wait = waits[work.attempts[part] - 1]
            work.attempts[part] += 1
            self._watch(Again(task.name, failure.message, wait))
            self._queue(task, wait)
        elif failure or task.kind in ("episode", "join"):
            self._finish(work, answer)
        elif task.kind == "plan":
            work.left = len(answer.segments)
            for number in range(work.left):
                self._queue(task.model_copy(update={"kind": "segment", "segments": answer.segments, "segment": number}))
        else:
            work.left -= 1
            if not work.left:
                self._queue(task.model_copy(update={"kind": "join", "segment": 0}))

    def _delivered(self, work: "_Work") -> Answer | None:
        """The answer of an episode that is in its place, though nobody said so."""
        result = decide(work.decision.entry, self._out).result
        if self._options.force or result is None or result.state != "up to date":
            return None
        return Answer(seconds=result.seconds, checks=result.checks, warnings=result.warnings)

    def _finish(self, work: "_Work", answer: Answer) -> None:
        decision, name = work.decision, work.decision.entry.name
        work.over = True
        result = result_of(
            decision.entry, "failed" if answer.failure else "delivered", why=decision.why, seconds=answer.seconds, took=round(work.took, 2), host=answer.host,
            attempts=max(work.attempts.values(), default=1), failure=answer.failure, checks=answer.checks, warnings=answer.warnings,
        )  # fmt: skip
        self.report.episodes[work.row] = result
        if answer.failure and answer.failure.kind in ("input", "delivery"):
            files = Files(self._out / f"{name}.mp4")
            refused = {"refused": decision.made_of, "failure": answer.failure}
            with contextlib.suppress(OSError):  # it will be tried once more, that is all
                save_record((read_record(files) or Record()).model_copy(update=refused), files)
        rest = {one for one in self._flying if one[0] == name}
        if rest:
            self._executor.cancel(name)
            self._flying -= rest
        else:
            shutil.rmtree(self._scratch / name, ignore_errors=True)
        self._waiting = [item for item in self._waiting if item[1].name != name]
        self._watch(Finished(result))
        self._stop_at(result)
        self._unreported = True

    def _stop_at(self, result: EpisodeResult) -> None:
        if result.state == "failed" and self._options.fail_fast:
            self._stopped = True
            self._executor.stop()

    def _write(self) -> None:
        self._unreported, self._reported = False, time.monotonic()
        report.write(self.report, self._out)


@dataclass
class _Work:
    """An episode on its way: its place in the report, attempts at each part, seconds spent, segments that are left."""

    decision: Decision
    row: int
    attempts: dict[tuple[str, int], int] = field(default_factory=dict)
    took: float = 0.0
    left: int = 0
    over: bool = False


def _earlier(out: Path) -> dict[str, EpisodeResult]:
    """What an earlier run found, by name; nothing where its report cannot be read."""
    with contextlib.suppress(WrongUse):  # of another version
        if found := report.read(out):
            return {one.name: one for one in found.episodes}
    return {}
