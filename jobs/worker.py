"""The process that makes one attempt: a task on its standard input, lines of progress and an answer on its output.

It is started by jobs.attempt as `python -m jobs.worker` and ends itself when the process that started it is gone.
"""

import contextlib
import os
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

import cv2
from filelock import FileLock

from basis.errors import EpisodeError, MachineFailed, MissingTool
from basis.files import save_text
from basis.tools import Progress, Tools, from_environment
from jobs.attempt import unexpected
from jobs.machine import end_session
from jobs.record import Record, cover_file, files_of, hashes, made_of, save_record
from jobs.report import Failure
from jobs.task import STATE, Answer, Kind, Message, Task
from pipeline import episode
from pipeline.episode import Files
from pipeline.plan import Plan
from pipeline.report import Report

WRITE_EVERY = 0.5  # seconds between lines of progress of one stage


def main() -> None:
    """Reads a task, does it, answers."""
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)  # whatever a library prints belongs into the log
    task = Task.model_validate_json(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    cv2.setNumThreads(task.threads)
    begun = time.monotonic()
    answer = _answer(task, _progress(lines))
    took = time.monotonic() - begun
    lines.write(Message(answer=answer.model_copy(update={"took": took})).model_dump_json() + "\n")
    lines.flush()
    os._exit(0)  # threads of libraries have nothing left to do


def _end_with_parent() -> None:
    """Waits until standard input ends, which it does with the process that holds its other end."""
    sys.stdin.buffer.read()
    end_session(os.getpid())  # with every ffmpeg: this process leads a session of its own
    os._exit(1)


def _progress(lines: TextIO) -> Progress:
    written: dict[str, float] = {}

    def progress(stage: str, done: float, total: float) -> None:
        now = time.monotonic()
        if now - written.get(stage, -WRITE_EVERY) >= WRITE_EVERY:
            written[stage] = now
            lines.write(Message(stage=stage, share=done / total).model_dump_json() + "\n")

    return progress


def _answer(task: Task, progress: Progress) -> Answer:
    try:
        task.scratch.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=task.scratch))  # of this attempt alone: another one may still be running
    except OSError as error:
        return unexpected(error)
    try:
        tools = replace(
            from_environment(), threads=task.threads, cache=task.cache, scratch=folder, encoder=task.encoder,
            speed=task.speed, progress=progress,
        )  # fmt: skip
        return WORK[task.kind](_Attempt(task, folder, tools))
    except EpisodeError as error:
        message = str(error).replace(str(folder), str(task.folder))  # where it is made is nobody's to look at
        if isinstance(error, MachineFailed | MissingTool):
            return Answer.lost(message, error.exit_code)
        report = error.report if isinstance(error, episode.Rejected) else None
        failure = Failure(kind="delivery" if report else "input", message=message, exit_code=error.exit_code)
        checks, warnings = (report.checks, report.warnings) if report else ([], [])
        return Answer(failure=failure, checks=checks, warnings=warnings)
    except Exception as error:
        traceback.print_exc()
        return unexpected(error)


@dataclass(frozen=True)
class _Attempt:
    """A task, the folder for what this attempt has not finished, and what it is made with."""

    task: Task
    folder: Path
    tools: Tools

    @property
    def unfinished(self) -> Files:
        return Files(self.folder / f"{self.task.name}.mp4")

    @property
    def plan_file(self) -> Path:
        return self.task.scratch / "plan.json"

    @property
    def record_of_plan(self) -> Path:
        return self.task.scratch / "made-of.json"

    def segment_file(self, number: int) -> Path:
        return self.task.scratch / f"segment-{number:03d}.mp4"

    def episode(self) -> Answer:
        plan, made = self.planned()
        return self.publish(plan, episode.render(plan, self.unfinished, self.tools), made)

    def plan(self) -> Answer:
        plan, made = self.planned()
        save_text(plan.model_dump_json(), self.plan_file)
        save_text(Record(made_of=made).model_dump_json(), self.record_of_plan)
        return Answer(segments=episode.segments(plan, self.task.split or plan.duration))

    def segment(self) -> Answer:
        first, last = self.task.segments[self.task.segment]
        file = self.folder / "segment.mp4"
        episode.render_segment(episode.read_plan(self.plan_file), first, last, file, self.tools)
        place = self.segment_file(self.task.segment)
        episode.lost_file(file).replace(episode.lost_file(place))
        file.replace(place)
        return Answer()

    def join(self) -> Answer:
        plan = episode.read_plan(self.plan_file)
        parts = [self.segment_file(number) for number in range(len(self.task.segments))]
        made = Record.model_validate_json(self.record_of_plan.read_bytes()).made_of
        report = episode.join(plan, self.unfinished, parts, self.tools)
        return self.publish(plan, report, made)

    def planned(self) -> tuple[Plan, dict[str, str]]:
        """The episode's plan, and what it is made of, told before anything of it is read."""
        made = made_of(self.task.brief)
        plan = episode.plan(self.task.brief, self.tools).plan
        return plan, made or made_of(self.task.brief)

    def publish(self, plan: Plan, report: Report, made: dict[str, str]) -> Answer:
        """Moves a verified episode to its place, its record first: each file that is found there later is told by it."""
        parts, final = self.unfinished, Files(self.task.folder / f"{self.task.name}.mp4")
        episode.cover(plan, parts, cover_file(parts), self.tools)
        save_text(report.model_copy(update={"file": final.video}).model_dump_json(indent=2), parts.report)
        record = Record(made_of=made, files=hashes(parts), manifest=self.task.manifest)
        with FileLock(self.task.folder / STATE / "publish.lock"):
            save_record(record.model_copy(update={"replaced": hashes(final)}), final)
            for part, place in zip(files_of(parts), files_of(final), strict=True):
                if part.exists():
                    part.replace(place)
                else:
                    place.unlink(missing_ok=True)  # subtitles of words that are no longer said
            save_record(record, final)
        return Answer(seconds=report.seconds, checks=report.checks, warnings=report.warnings)


WORK: dict[Kind, Callable[[_Attempt], Answer]] = {
    "episode": _Attempt.episode, "plan": _Attempt.plan, "segment": _Attempt.segment, "join": _Attempt.join,
}  # fmt: skip


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
