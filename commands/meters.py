"""Progress on standard error: bars and tables on a terminal, plain lines elsewhere, nothing when quiet."""

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.progress_bar import ProgressBar
from rich.table import Column, Table

from basis.letters import printable
from commands.words import clock, outcome

if TYPE_CHECKING:
    from jobs.report import EpisodeResult
    from jobs.season import Event


class Meter(ExitStack):
    """Progress of an episode's stages, called with a stage, how much is done, and of how much."""

    LINE_EVERY = 10.0  # seconds, where there is no terminal

    def __init__(self, quiet: bool) -> None:
        super().__init__()
        self._quiet, self._console = quiet, Console(stderr=True, highlight=False)
        self._bars = None if quiet or not self._console.is_terminal else Progress(
            TextColumn("{task.description:14}"), BarColumn(), TextColumn("{task.percentage:3.0f}%"), TextColumn("{task.fields[speed]}"),
            TimeRemainingColumn(), console=self._console,
        )  # fmt: skip
        self._tasks: dict[str, TaskID] = {}
        self._begun: dict[str, float] = {}
        self._last_line = 0.0
        if self._bars:
            self.enter_context(self._bars)

    def __call__(self, stage: str, done: float, total: float) -> None:
        if self._quiet:
            return
        now = time.monotonic()
        first = stage not in self._begun
        begun = self._begun.setdefault(stage, now)
        speed = f"{done / (now - begun):.0f} frames/s" if stage == "encode" and now - begun > 1 else ""
        if self._bars:
            if first:
                self._tasks[stage] = self._bars.add_task(stage, total=total, speed=speed)
            self._bars.update(self._tasks[stage], completed=done, speed=speed)
        elif first or now - self._last_line > self.LINE_EVERY:
            self._last_line = now
            left = f", {(now - begun) * (total - done) / done:.0f} s left" if done and not first else ""
            self._console.print(f"{stage} {100 * done / total:.0f}% {speed}{left}".rstrip(), markup=False)


class SeasonMeter(ExitStack):
    """What a season's run does: a live table on a terminal, a line for each event elsewhere."""

    LINE_EVERY = 30.0  # seconds between lines of progress where there is no terminal
    ANALYSIS = 0.25  # share of an episode's work that is done when its encoding begins

    def __init__(self, quiet: bool, total: int | None) -> None:
        """total: how many episodes there will be, None where nobody knows."""
        super().__init__()
        self._quiet, self._total, self._console = quiet, total, Console(stderr=True, highlight=False)
        self._begun = self._last_line = time.monotonic()
        self._running: dict[str, tuple[str, float, str, float]] = {}  # stage, share of it, host, when it began
        self._done: list[EpisodeResult] = []
        self._live = None if quiet or not self._console.is_terminal else Live(
            console=self._console, get_renderable=self._table, refresh_per_second=4, transient=True
        )  # fmt: skip
        if self._live:
            self.enter_context(self._live)

    def __call__(self, event: "Event") -> None:
        from jobs import season  # whoever calls has imported it

        match event:
            case season.Started(name, why):
                self._running[name] = ("starts", 0.0, "", time.monotonic())
                self._say(name, f"begins ({why})")
            case season.Progress(name, stage, share, host):
                since = self._running[name][3] if name in self._running else time.monotonic()
                self._running[name] = (stage, share, host, since)
                self._say_progress()
            case season.Again(name, message, wait):
                self._say(name, f"{message} It is tried again in {wait:.0f} s.")
            case season.Finished(result):
                self._running.pop(result.name, None)
                self._done.append(result)
                self._say(result.name, outcome(result))

    def _say(self, name: str, text: str) -> None:
        if not self._quiet:
            line = f"{time.strftime('%H:%M:%S')} {printable(f'{name}: {text}')}"
            self._console.print(line, markup=False, soft_wrap=not self._live)

    def _say_progress(self) -> None:
        now = time.monotonic()
        if self._live or self._quiet or now - self._last_line < self.LINE_EVERY:
            return
        self._last_line = now
        parts = [f"{name} {stage} {share:.0%}" for name, (stage, share, _, _) in self._running.items()]
        line = f"{time.strftime('%H:%M:%S')} {self._counts()}; now {', '.join(parts)}"
        self._console.print(line, markup=False, soft_wrap=True)

    def _counts(self) -> str:
        failed = sum(one.state == "failed" for one in self._done)
        text = f"{len(self._done)} of {self._total} done" if self._total is not None else f"{len(self._done)} done"
        return text + (f", {failed} failed" if failed else "") + self._left()

    def _left(self) -> str:
        rendered = sum(bool(one.attempts) for one in self._done)
        under_way = sum(self._share(stage, share) for stage, share, _, _ in self._running.values())
        share = (rendered + under_way) / max(1, (self._total or 0) - len(self._done) + rendered)
        if self._total is None or share <= 0.02:
            return ""
        return f", about {clock((time.monotonic() - self._begun) * (1 - share) / share)} left"

    def _share(self, stage: str, share: float) -> float:
        """How much of an episode's work is done, 0 to 1, at a share of one of its stages."""
        if stage == "encode":
            return self.ANALYSIS + (1 - self.ANALYSIS) * share
        return self.ANALYSIS * share if stage == "analysis" else self.ANALYSIS if stage == "verify" else 0.0

    def _table(self) -> Group:
        if not self._running:
            return Group(self._counts())
        table = Table(Column("episode", overflow="fold"), "stage", "", "for", "on", box=None)
        for name, (stage, share, host, since) in list(self._running.items()):
            bar = ProgressBar(total=1.0, completed=share, width=16)
            table.add_row(escape(name), stage, bar, clock(time.monotonic() - since), host)
        return Group(self._counts(), table)
