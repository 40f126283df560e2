"""One attempt at a task in a process of its own, which may hang, die or be stopped without harm to anything else."""

import contextlib
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from basis.errors import MachineFailed
from jobs.report import Failure
from jobs.task import Answer, Said, Task
from pipeline.footage import ffmpeg_tool

TICK = 0.2  # seconds between looks at the clock
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")

Progress = Callable[[str, float], None]  # stage, share of it that is done


class Stopped(Exception):
    """The attempt was ended from outside."""


def attempt(task: Task, progress: Progress, stopped: Callable[[], bool]) -> Answer:
    """Does the task in a worker process and returns how it ended; whatever becomes of the process is an answer too.

    progress is called in this thread. stopped is asked several times a second. Raises Stopped when it says so.
    """
    task.log.parent.mkdir(parents=True, exist_ok=True)
    told = task.model_dump_json(by_alias=True).encode() + b"\n"
    few = dict.fromkeys(ONE_THREAD, str(task.threads)) | {ffmpeg_tool.THREADS: str(task.threads)}
    with task.log.open("ab") as said:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "jobs.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said,
            env=os.environ | few, start_new_session=True,
        )  # fmt: skip
    assert process.stdin and process.stdout
    lines: queue.Queue[bytes | None] = queue.Queue()
    reader = threading.Thread(target=_read, args=(process.stdout, lines), daemon=True)
    reader.start()
    begun = time.monotonic()
    answer: Answer | None = None
    writer = threading.Thread(target=_write, args=(process.stdin, told), daemon=True)  # it may never be read
    writer.start()
    try:
        while answer is None:
            if stopped():
                raise Stopped
            if time.monotonic() - begun > task.timeout:
                message = f"It took longer than {task.timeout:g} s; --timeout allows more."
                answer = Answer(failure=Failure(kind="timeout", message=message, exit_code=1))
                break
            with contextlib.suppress(queue.Empty):
                line = lines.get(timeout=TICK)
                if line is None:
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(1)  # so that its own way to end is known
                    break
                with contextlib.suppress(ValidationError):
                    heard = Said.model_validate_json(line)
                    answer = heard.answer
                    if answer is None:
                        progress(heard.stage, heard.share)
        if answer is not None and answer.failure is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)  # it is done and about to end
    finally:
        _kill(process)
        reader.join()
        writer.join()
        with contextlib.suppress(OSError):
            process.stdin.close()
        process.stdout.close()
    if answer is None:
        answer = Answer(failure=Failure(kind="machine", message=_died(process.returncode, task.log), exit_code=MachineFailed.exit_code))
    took = answer.took or time.monotonic() - begun
    return answer.model_copy(update={"took": round(took, 2), "host": socket.gethostname()})


def unexpected(error: Exception) -> Failure:
    """The failure that an error is which nothing was prepared for."""
    if isinstance(error, OSError | MemoryError):
        said = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        where = f" ({error.filename})" if isinstance(error, OSError) and error.filename else ""
        return Failure(kind="machine", message=f"The machine failed: {said}{where}.", exit_code=MachineFailed.exit_code)
    message = f"An error of the product itself ({type(error).__name__}: {error}); the log has the details."
    return Failure(kind="internal", message=message, exit_code=1)


def _write(pipe: IO[bytes], told: bytes) -> None:
    with contextlib.suppress(OSError):  # it died at once: no answer will come
        pipe.write(told)
        pipe.flush()


def _read(pipe: IO[bytes], lines: "queue.Queue[bytes | None]") -> None:
    for line in pipe:
        lines.put(line)
    lines.put(None)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Ends a worker and every ffmpeg that it started."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def _died(code: int, log: Path) -> str:
    if code < 0:
        return f"Its process was killed (signal {-code}), perhaps for lack of memory."
    return f"Its process ended with {code} and no answer; {log} may say why."
