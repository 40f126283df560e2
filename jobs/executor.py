"""Where attempts are made: in processes of this machine here, on a cluster in jobs.cluster, through one interface."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from jobs import machine
from jobs.attempt import Stopped, attempt, unexpected
from jobs.task import Answer, Task

Heard = Callable[[Task, str, float, str], None]  # task, stage, share of it that is done, host; from any thread
Ended = Callable[[Task, Answer], None]  # task and how it ended; from any thread


class Executor(Protocol):
    """Makes attempts, several at a time; an attempt that is stopped has no answer."""

    workers: int

    @property
    def room(self) -> int:
        """How many tasks it can do with at once; more are better kept, since the next ones may matter more."""

    def submit(self, task: Task) -> None:
        """Queues a task; its progress and its answer come through what the executor was made with."""

    def cancel(self, name: str) -> None:
        """Ends what runs of an episode, forgets what waits."""

    def stop(self) -> None:
        """Ends what runs, forgets what waits, and gives back what it held. It may be called again."""


class Processes:
    """An Executor of worker processes on this machine, which share its cores."""

    def __init__(self, workers: int | None, heard: Heard, ended: Ended) -> None:
        self.workers = workers or machine.default_workers()
        self._threads = machine.threads(self.workers, machine.cores())
        self._heard, self._ended = heard, ended
        self._stopped = threading.Event()
        self._cancelled: set[str] = set()
        self._pool = ThreadPoolExecutor(self.workers)

    @property
    def room(self) -> int:
        return self.workers

    def submit(self, task: Task) -> None:
        self._cancelled.discard(task.name)
        self._pool.submit(self._attempt, task)

    def cancel(self, name: str) -> None:
        self._cancelled.add(name)

    def stop(self) -> None:
        self._stopped.set()
        self._pool.shutdown(cancel_futures=True)

    def _attempt(self, task: Task) -> None:
        def unwanted() -> bool:
            return self._stopped.is_set() or task.name in self._cancelled

        if unwanted():
            return
        bounded = task.model_copy(update={"threads": self._threads})
        try:
            answer = attempt(bounded, lambda stage, share: self._heard(task, stage, share, ""), unwanted)
        except Stopped:
            return
        except Exception as error:  # the attempt could not even begin
            answer = unexpected(error)
        self._ended(task, answer)
