"""The process that makes one attempt: a task on its standard input, lines of progress and an answer on its output.

It is started by jobs.attempt as `python -m jobs.worker` and ends itself when the process that started it is gone.
"""

import contextlib
import os
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TextIO

import cv2
from filelock import FileLock

from basis.errors import EpisodeError, MachineFailed, MissingTool
from basis.files import save_text
from basis.notes import Note
from jobs.attempt import unexpected
from jobs.record import Record, cover_file, files_of, hashes, made_of, save_record
from jobs.report import Failure
from jobs.task import STATE, Answer, Said, Task
from pipeline import episode
from pipeline.episode import Files, Progress
from pipeline.plan import Plan
from pipeline.report import Report

SAY_EVERY = 0.5  # seconds between lines of progress of one stage


def main() -> None:
    """Reads a task, does it, answers."""
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)  # whatever a library prints belongs into the log
    task = Task.model_validate_json(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    cv2.setNumThreads(task.threads)
    begun = time.monotonic()
    answer = _answer(task, _progress(lines))
    lines.write(Said(answer=answer.model_copy(update={"took": time.monotonic() - begun})).model_dump_json() + "\n")
    lines.flush()
    os._exit(0)  # threads of libraries have nothing left to do


def _end_with_parent() -> None:
    """Waits until standard input ends, which it does with the process that holds its other end."""
    sys.stdin.buffer.read()
    if os.name == "posix":
        os.killpg(0, signal.SIGKILL)  # with every ffmpeg: this process leads a group of its own
    os._exit(1)


def _progress(lines: TextIO) -> Progress:
    said: dict[str, float] = {}

    def progress(stage: str, done: float, total: float) -> None:
        now = time.monotonic()
        if now - said.get(stage, -SAY_EVERY) >= SAY_EVERY:
            said[stage] = now
            lines.write(Said(stage=stage, share=done / total).model_dump_json() + "\n")

    return progress


def _answer(task: Task, progress: Progress) -> Answer:
    try:
        task.scratch.mkdir(parents=True, exist_ok=True)
        tempfile.tempdir = tempfile.mkdtemp(dir=task.scratch)  # of this attempt alone: another one may still be running
        return _WORK[task.kind](task, progress)
    except episode.Rejected as error:
        return Answer(failure=_failure(task, "delivery", error), checks=error.report.checks, warnings=error.report.warnings)
    except (MachineFailed, MissingTool) as error:
        return Answer(failure=_failure(task, "machine", error))
    except EpisodeError as error:
        return Answer(failure=_failure(task, "input", error))
    except Exception as error:
        traceback.print_exc()
        return Answer(failure=unexpected(error))


def _failure(task: Task, kind: Literal["input", "delivery", "machine"], error: Exception) -> Failure:
    message = str(error).replace(str(_own()), str(task.folder))  # where it is made is nobody's to look at
    return Failure(kind=kind, message=message, exit_code=getattr(error, "exit_code", 2))


def _planned(task: Task, progress: Progress) -> tuple[Plan, list[Note], dict[str, str]]:
    """The episode's plan, its notes, and what it is made of, told before anything of it is read."""
    try:
        made = made_of(task.brief)
    except OSError:
        made = {}  # planning says in a sentence what is missing
    plan, notes = episode.make_plan(task.brief, task.cache, progress)
    return plan, notes, made or made_of(task.brief)


def _episode(task: Task, progress: Progress) -> Answer:
    plan, notes, made = _planned(task, progress)
    return _publish(task, plan, episode.render(plan, _unfinished(task), progress, notes), made)


def _plan(task: Task, progress: Progress) -> Answer:
    plan, notes, made = _planned(task, progress)
    save_text(plan.model_dump_json(), _plan_file(task))
    save_text(Record(made_of=made).model_dump_json(), _record_of_plan(task))
    return Answer(segments=episode.segments(plan, task.split or plan.duration), warnings=notes)


def _segment(task: Task, progress: Progress) -> Answer:
    first, last = task.segments[task.segment]
    plan = episode.read_plan(_plan_file(task))
    made = _own() / "segment.mp4"
    episode.render_segment(plan, first, last, made, progress)
    made.replace(_segment_file(task, task.segment))
    return Answer()


def _join(task: Task, progress: Progress) -> Answer:
    plan = episode.read_plan(_plan_file(task))
    parts = [_segment_file(task, number) for number in range(len(task.segments))]
    made = Record.model_validate_json(_record_of_plan(task).read_bytes()).made_of
    return _publish(task, plan, episode.join(plan, _unfinished(task), parts, progress, task.notes), made)


_WORK: dict[str, Callable[[Task, Progress], Answer]] = {
    "episode": _episode, "plan": _plan, "segment": _segment, "join": _join,
}  # fmt: skip


def _own() -> Path:
    return Path(tempfile.gettempdir())


def _unfinished(task: Task) -> Files:
    return Files(_own() / f"{task.name}.mp4")


def _plan_file(task: Task) -> Path:
    return task.scratch / "plan.json"


def _record_of_plan(task: Task) -> Path:
    return task.scratch / "made-of.json"


def _segment_file(task: Task, number: int) -> Path:
    return task.scratch / f"segment-{number:03d}.mp4"


def _publish(task: Task, plan: Plan, report: Report, made: dict[str, str]) -> Answer:
    """Moves a verified episode to its place, its record first: each file that is found there later is told by it."""
    own, final = _unfinished(task), Files(task.folder / f"{task.name}.mp4")
    episode.cover(plan, own, cover_file(own))
    save_text(report.model_copy(update={"file": final.video}).model_dump_json(indent=2), own.report)
    record = Record(made_of=made, files=hashes(own))
    with FileLock(task.folder / STATE / "publish.lock"):
        save_record(record.model_copy(update={"replaced": hashes(final)}), final)
        for part, place in zip(files_of(own), files_of(final), strict=True):
            if part.exists():
                part.replace(place)
            else:
                place.unlink(missing_ok=True)  # subtitles of words that are no longer said
        save_record(record, final)
    return Answer(seconds=report.seconds, checks=report.checks, warnings=report.warnings)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
