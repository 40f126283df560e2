"""An Executor on a Dask distributed cluster: each task runs on one of its workers, in a process of its own as here.

Footage and outputs lie on storage that every machine sees under the same path, and every machine has this product.
"""

import contextlib
import logging
import socket
import time
from collections import Counter
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from basis.errors import MachineFailed, MissingTool, WrongUse
from basis.version import foreign, version
from jobs import machine
from jobs.attempt import attempt
from jobs.executor import Ended, Heard
from jobs.task import RANK, Answer, Task

CONNECT_WAIT, WORKER_WAIT = 15.0, 60.0  # seconds until the scheduler must answer, and a worker have joined it
ASK_EVERY = 5.0  # seconds between questions how many workers there are
MEMORY = "MEMORY"  # the resource, in bytes, that workers may declare and each task then asks for


class Cluster:
    """An Executor whose attempts are made by the workers of a Dask scheduler."""

    def __init__(
        self, scheduler: str, folder: Path, heard: Heard, ended: Ended, connect_wait: float = CONNECT_WAIT
    ) -> None:
        """folder: an output folder that all workers must see. Raises WrongUse, MissingTool."""
        try:
            distributed: Any = import_module("distributed")
        except ImportError:
            wanted = "install episode-pipeline[cluster] here and on every worker."
            raise MissingTool(f"A cluster needs the package distributed; {wanted}") from None
        self._heard, self._ended = heard, ended
        for name in ("distributed", "distributed.client"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters of it is said in sentences
        try:
            self._client: Any = distributed.Client(scheduler, timeout=connect_wait, set_as_default=False)
        except (OSError, ValueError, ImportError) as error:
            wrong = f"No Dask scheduler answers at {scheduler} ({error}); start it, or correct --scheduler."
            raise WrongUse(wrong) from None
        try:
            self._client.wait_for_workers(1, timeout=WORKER_WAIT)
            self._resources, self._threads = self._examined(scheduler, folder)
        except BaseException as error:
            self._client.close()
            if isinstance(error, TimeoutError):
                wrong = f"No worker has joined {scheduler} for {WORKER_WAIT:g} s; start some with `dask worker`."
                raise WrongUse(wrong) from None
            raise
        self._futures: dict[Any, str] = {}  # and the name of the episode that each is of
        self._tasks: dict[str, Task] = {}
        self._topic = f"episode-{uuid4().hex}"
        self._client.subscribe_topic(self._topic, self._progress)
        self._scheduler, self._stopped, self._asked = scheduler, False, time.monotonic()

    @property
    def room(self) -> int:
        """Twice what the workers of this moment do at once, so that none waits for its next task."""
        if time.monotonic() - self._asked > ASK_EVERY and self._client.status == "running":
            self._asked = time.monotonic()
            self.workers = int(sum(self._client.nthreads().values()))
        return 2 * max(1, self.workers)

    def submit(self, task: Task) -> None:
        if self._client.status == "closed":
            wrong = f"The scheduler {self._scheduler} is gone; start it and run again: what is delivered stays."
            raise MachineFailed(wrong)
        key = f"{self._topic}-{task.kind}-{task.segment}-{uuid4().hex[:8]}"
        self._tasks[key] = task
        future = self._client.submit(
            _on_worker, task.model_dump_json(by_alias=True), self._threads, self._topic, version(), key=key, pure=False,
            resources=self._resources, priority=-RANK[task.kind],
        )  # fmt: skip
        self._futures[future] = task.name
        future.add_done_callback(partial(self._answer, task))

    def cancel(self, name: str) -> None:
        if self._client.status != "running":
            return  # a scheduler that is gone runs nothing
        unwanted = [future for future, of in self._futures.items() if of == name]
        for future in unwanted:
            del self._futures[future]
        with contextlib.suppress(OSError, RuntimeError):
            self._client.cancel(unwanted, force=True)

    def stop(self) -> None:
        if self._stopped:
            return
        self._stopped = True
        futures = [future for future in self._futures if not future.done()]
        self._futures.clear()
        with contextlib.suppress(OSError, RuntimeError):
            if self._client.status == "running":
                self._client.cancel(futures, force=True)
                self._client.unsubscribe_topic(self._topic)
            self._client.close()

    def _examined(self, scheduler: str, folder: Path) -> tuple[dict[str, int] | None, dict[str, int]]:
        """What each task asks for, and the threads that one may have by host. Raises WrongUse for workers of no use."""
        found = self._client.run(about_this_worker, str(folder.resolve()), on_error="return")
        for address, about in found.items():
            if wrong := unusable(address, about, folder.resolve()):
                raise WrongUse(wrong)
        workers = self._client.scheduler_info(n_workers=-1)["workers"]
        at_once: Counter[str] = Counter()
        for worker in workers.values():
            at_once[worker["host"]] += worker["nthreads"]
        self.workers = at_once.total()
        threads = {
            workers[address]["host"]: machine.threads(at_once[workers[address]["host"]], about.cores)
            for address, about in found.items() if address in workers
        }  # fmt: skip
        declared = [worker["resources"][MEMORY] for worker in workers.values() if MEMORY in worker["resources"]]
        if declared and max(declared) < machine.EPISODE_BYTES:
            few = f"The workers of {scheduler} declare {max(declared) / 1e9:.1f} GB of {MEMORY}"
            raise WrongUse(f"{few} and an episode needs {machine.EPISODE_BYTES / 1e9:.1f}; declare more.")
        return ({MEMORY: machine.EPISODE_BYTES} if declared else None), threads

    def _progress(self, event: tuple[float, dict[str, Any]]) -> None:
        _, said = event
        if task := self._tasks.get(said["key"]):
            self._heard(task, said["stage"], said["share"], said["host"])

    def _answer(self, task: Task, future: Any) -> None:
        if self._stopped or self._futures.pop(future, None) is None:
            return
        if future.status == "finished":
            self._ended(task, Answer.model_validate_json(future.result()))
        else:
            if self._client.status != "running":
                message = f"The scheduler {self._scheduler} does not answer."
            elif future.status == "cancelled":
                message = "The cluster cancelled it."
            else:
                lost = type(future.exception()).__name__
                message = f"The cluster lost it ({lost}), perhaps with the worker that had it."
            self._ended(task, Answer.lost(message))


class About(NamedTuple):
    """Of a worker: the product's version, packages there that are not the product's, whether it sees the output folder."""

    version: str
    foreign: dict[str, str]
    sees: bool
    cores: int


def about_this_worker(folder: str) -> About:
    """Of the worker that it is called on; folder: the output folder."""
    return About(version(), foreign(), Path(folder).is_dir(), machine.cores())


def unusable(address: str, about: About | BaseException, folder: Path) -> str:
    """Why a worker cannot be used, empty where it can; about: what it answers, or the error that it made of the question."""
    own = "in an environment of its own"
    if isinstance(about, BaseException):
        return f"The worker {address} cannot load episode ({about}); install the same as here, {own}."
    for name, place in about.foreign.items():
        return f"The worker {address} has another package {name} in {place}; install episode {own}."
    if about.version != version():
        return f"The worker {address} has episode {about.version} and here is {version()}; install the same."
    if not about.sees:
        return f"The worker {address} does not see {folder}; footage and output must lie on shared storage."
    return ""


def _on_worker(text: str, threads: dict[str, int], topic: str, wanted: str) -> str:
    """Makes an attempt on a worker; a task that nobody wants any more is stopped."""
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()
    alone = machine.threads(worker.state.nthreads, machine.cores())
    few = threads.get(worker.address.rsplit(":", 1)[0].split("//")[-1], alone)
    task = Task.model_validate_json(text).model_copy(update={"threads": few})

    def progress(stage: str, share: float) -> None:
        worker.log_event(topic, {"key": key, "stage": stage, "share": share, "host": socket.gethostname()})

    def unwanted() -> bool:
        known = worker.state.tasks.get(key)
        return known is None or known.state == "cancelled"

    if version() != wanted:  # it has joined since the others were asked
        message = f"The worker {worker.address} has episode {version()} and not {wanted}; install the same."
        return Answer.lost(message, exit_code=1).model_dump_json()
    return attempt(task, progress, unwanted).model_dump_json()
