"""One attempt at a task in a process of its own, which may hang, die or be stopped without harm to anything else."""

import contextlib
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from pydantic import ValidationError

from basis.errors import ProgramFailed
from basis.errors import unexpected as told
from jobs.machine import end_session
from jobs.report import Failure
from jobs.task import Answer, Message, Task

TICK = 0.2  # seconds between looks at the clock
END_WAIT = 1  # seconds that a process may take to end after its last line
DONE_WAIT = 10  # seconds that a process may take to end after it has answered
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")  # read at import

Progress = Callable[[str, float], None]  # stage, share of it that is done
Lines = queue.Queue[bytes | None]


class Stopped(Exception):
    """The attempt was ended from outside."""


def attempt(task: Task, progress: Progress, stopped: Callable[[], bool]) -> Answer:
    """Does the task in a worker process and returns how it ended; whatever becomes of the process is an answer too.

    progress is called in this thread. stopped is asked several times a second. Raises Stopped when it says so.
    """
    task.log.parent.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    with _started(task) as (process, lines):
        answer = _answer(task, process, lines, progress, stopped)
        if answer and not answer.failure:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(DONE_WAIT)
    if answer is None and process.returncode < 0:
        answer = Answer.lost(f"Its process was killed (signal {-process.returncode}), perhaps for lack of memory.")
    elif answer is None:
        answer = Answer.lost(f"Its process ended with {process.returncode} and no answer; {task.log} may say why.")
    took = answer.took or time.monotonic() - begun
    return answer.model_copy(update={"took": round(took, 2), "host": socket.gethostname()})


@contextmanager
def _started(task: Task) -> Iterator[tuple[subprocess.Popen[bytes], Lines]]:
    """A worker process that is told its task, and the lines that it writes, None behind the last; it is ended afterwards."""
    few = dict.fromkeys(ONE_THREAD, str(task.threads))
    with task.log.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "jobs.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            env=os.environ | few, start_new_session=True,
        )  # fmt: skip
    assert process.stdin and process.stdout
    lines: Lines = queue.Queue()
    told = task.model_dump_json(by_alias=True).encode() + b"\n"
    reader = threading.Thread(target=_read, args=(process.stdout, lines), daemon=True)
    writer = threading.Thread(target=_write, args=(process.stdin, told), daemon=True)  # it may never be read
    for thread in (reader, writer):
        thread.start()
    try:
        yield process, lines
    finally:
        process.kill()
        end_session(
            process.pid
        )  # with every ffmpeg that it started; before it is waited for, its number is nobody else's
        process.wait()
        for thread in (reader, writer):
            thread.join()
        with contextlib.suppress(OSError):
            process.stdin.close()
        process.stdout.close()


def _answer(
    task: Task, process: subprocess.Popen[bytes], lines: Lines, progress: Progress, stopped: Callable[[], bool]
) -> Answer | None:
    """What the process answers, or that it took too long; None where it ended without a word."""
    end = time.monotonic() + task.timeout
    while not stopped():
        if time.monotonic() > end:
            late = f"It took longer than {task.timeout:g} s; --timeout allows more."
            return Answer(failure=Failure(kind="timeout", message=late, exit_code=1))
        try:
            line = lines.get(timeout=TICK)
            if line is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(END_WAIT)  # so that its own way to end is known
                return None
            message = Message.model_validate_json(line)
        except (queue.Empty, ValidationError):
            continue
        if message.answer:
            return message.answer
        progress(message.stage, message.share)
    raise Stopped


def unexpected(error: Exception) -> Answer:
    """How an attempt ended with an error that nothing was prepared for."""
    known = told(error)
    if not isinstance(known, ProgramFailed):
        return Answer.lost(str(known), known.exit_code)
    message = f"An error of the product itself ({type(error).__name__}: {error}); the log has the details."
    return Answer(failure=Failure(kind="internal", message=message, exit_code=known.exit_code))


def _write(pipe: IO[bytes], told: bytes) -> None:
    with contextlib.suppress(OSError):  # it died at once: no answer will come
        pipe.write(told)
        pipe.flush()


def _read(pipe: IO[bytes], lines: Lines) -> None:
    for line in pipe:
        lines.put(line)
    lines.put(None)
