"""Where attempts are made: in processes of this machine here, on a cluster in jobs.cluster, through one interface."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from jobs import machine
from jobs.attempt import attempt
from jobs.task import Answer, Task

Heard = Callable[[Task, str, float, str], None]  # task, stage, share of it that is done, host; from any thread
Ended = Callable[[Task, Answer], None]  # task and how it ended; from any thread


class Executor(Protocol):
    """Makes attempts, several at a time; an attempt that is stopped has no answer."""

    workers: int

    def submit(self, task: Task) -> None:
        """Queues a task; its progress and its answer come through what the executor was made with."""

    def stop(self) -> None:
        """Ends what runs, forgets what waits, and gives back what it held. It may be called again."""


class Processes:
    """An Executor of worker processes on this machine, which share its cores."""

    def __init__(self, workers: int | None, heard: Heard, ended: Ended) -> None:
        self.workers = workers or machine.default_workers()
        self._threads = machine.threads(self.workers, machine.cores())
        self._heard, self._ended = heard, ended
        self._stopped = threading.Event()
        self._pool = ThreadPoolExecutor(self.workers)

    def submit(self, task: Task) -> None:
        future = self._pool.submit(self._attempt, task.model_copy(update={"threads": self._threads}))
        future.add_done_callback(lambda done: self._answer(task, done))

    def stop(self) -> None:
        self._stopped.set()
        self._pool.shutdown(cancel_futures=True)

    def _attempt(self, task: Task) -> Answer:
        return attempt(task, lambda stage, share: self._heard(task, stage, share, ""), self._stopped.is_set)

    def _answer(self, task: Task, done: "Future[Answer]") -> None:
        if not done.cancelled() and not self._stopped.is_set():
            self._ended(task, done.result())
