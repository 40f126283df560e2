"""A season's run: what is rendered and what is left alone, what is tried again, and what kills leave behind."""

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from basis.errors import WrongUse
from basis.notes import Note
from basis.version import version
from jobs import machine
from jobs.decisions import chosen, decide
from jobs.executor import Processes
from jobs.manifest import read_season
from jobs.record import cover_file, made_of, read_record
from jobs.report import Failure
from jobs.season import Again, Finished, Options, Started, locked, run
from jobs.task import Answer
from pipeline import verify
from pipeline.episode import Files
from presets import delivery
from tests.footage import Face, Scene, make

ROOT = Path(__file__).parent.parent
MACHINE = Failure(kind="machine", message="Its process was killed.", exit_code=6)
INPUT = Failure(kind="input", message="no footage", exit_code=3)


class Pretended:
    """An executor that renders nothing: it answers as it is told to, by name and attempt, from a thread of its own."""

    workers = 2

    def __init__(self, answers, heard, ended):
        self.answers, self.heard, self.ended = answers, heard, ended
        self.tasks, self.stopped = [], False
        self.pool = ThreadPoolExecutor(1)

    def submit(self, task):
        self.tasks.append(task)
        attempt = sum(t.name == task.name and t.kind == task.kind for t in self.tasks)
        self.pool.submit(self.answer, task, attempt)

    def answer(self, task, attempt):
        if self.stopped:
            return
        self.heard(task, "encode", 0.5, "here")
        self.ended(task, self.answers(task, attempt))

    @property
    def room(self):
        return self.workers

    def cancel(self, name):
        pass

    def stop(self):
        self.stopped = True
        self.pool.shutdown()


@pytest.fixture
def manifest(tmp_path):
    """Five episodes whose footage is a few bytes: enough to be told apart."""
    for number in range(1, 6):
        (tmp_path / f"{number}.mp4").write_bytes(bytes([number]) * 100)
    text = 'series = "Цех"\n' + "".join(
        f'[[episode]]\nnumber = {n}\nfootage = [{{ file = "{n}.mp4" }}]\n' for n in range(1, 6)
    )
    file = tmp_path / "season.toml"
    file.write_text(text, "utf-8")
    return file


def pretend(manifest, answers, options=None, **more):
    """(report, events, executor) of a run whose attempts end as answers(task, attempt) says."""
    made, events = [], []

    def executor(heard, ended):
        made.append(Pretended(answers, heard, ended))
        return made[0]

    out = manifest.parent / "out"
    report = run(read_season(manifest), out, options or Options(), events.append, executor=executor, **more)
    return report, events, made[0]


def states(report):
    return [one.state for one in report.episodes]


def test_what_the_machine_fails_is_tried_again_and_what_the_input_fails_is_not(manifest):
    def answers(task, attempt):
        if task.brief.number == 2:
            return Answer(failure=INPUT)
        if task.brief.number == 3:
            return Answer(failure=MACHINE)
        return Answer(failure=MACHINE) if task.brief.number == 4 and attempt < 3 else Answer(seconds=5.0)

    report, events, _ = pretend(manifest, answers, Options(back_off=(0.01, 0.02, 0.03)))
    assert states(report) == ["delivered", "failed", "failed", "delivered", "delivered"]
    assert [one.attempts for one in report.episodes] == [1, 1, 4, 3, 1]
    assert report.finished and not report.interrupted
    assert [e.wait for e in events if isinstance(e, Again) and e.name.endswith("3")] == [0.01, 0.02, 0.03]
    assert sum(isinstance(e, Finished) for e in events) == sum(isinstance(e, Started) for e in events) == 5


def test_fail_fast_leaves_the_rest_alone(manifest):
    report, _, executor = pretend(manifest, lambda task, _: Answer(failure=INPUT), Options(fail_fast=True))
    assert states(report) == ["failed", *["not run"] * 4]
    assert executor.stopped


def test_only_what_is_asked_for_is_rendered(manifest):
    whole = read_season(manifest)
    report, _, executor = pretend(manifest, lambda *_: Answer(), only=chosen(whole, "2-3, 5"))
    assert states(report) == ["not run", "delivered", "delivered", "not run", "delivered"]
    assert [t.brief.number for t in executor.tasks] == [2, 3, 5]
    assert chosen(whole, whole.entries[0].name) == [whole.entries[0]]
    with pytest.raises(WrongUse, match=r"--only 9.*1, 2, 3"):
        chosen(whole, "1,9")


def test_a_split_episode_is_planned_rendered_in_segments_and_joined(manifest):
    ranges = [(0, 100), (100, 200), (200, 250)]

    def answers(task, attempt):
        if task.kind == "plan":
            return Answer(segments=ranges)
        if task.kind == "segment" and task.segment == 1 and attempt == 2:
            return Answer(failure=MACHINE)
        return Answer(seconds=10.0, warnings=[Note(code="kept", text="a note")])

    report, _, executor = pretend(
        manifest, answers, Options(split=4, back_off=(0.01,)), only=chosen(read_season(manifest), "1")
    )
    kinds = [(t.kind, t.segment) for t in executor.tasks]
    assert kinds == [("plan", 0), ("segment", 0), ("segment", 1), ("segment", 2), ("segment", 1), ("join", 0)]
    assert executor.tasks[-1].segments == ranges
    assert (report.episodes[0].state, report.episodes[0].warnings) == ("delivered", [Note(code="kept", text="a note")])


def test_what_is_begun_is_finished_before_the_next_begins(manifest):
    def answers(task, _):
        return Answer(segments=[(0, 100), (100, 200)]) if task.kind == "plan" else Answer()

    _, _, executor = pretend(manifest, answers, Options(split=4), only=chosen(read_season(manifest), "1-3"))
    joined = [place for place, task in enumerate(executor.tasks) if task.kind == "join"]
    assert joined[0] < max(place for place, task in enumerate(executor.tasks) if task.kind == "plan")


def test_attempts_are_counted_for_each_segment(manifest):
    def answers(task, attempt):
        if task.kind == "plan":
            return Answer(segments=[(n, n + 1) for n in range(8)])
        return (
            Answer(failure=MACHINE)
            if task.kind == "segment" and task.segment not in failed and not failed.add(task.segment)
            else Answer()
        )

    failed = set()
    report, _, _ = pretend(
        manifest, answers, Options(split=4, back_off=(0.01,)), only=chosen(read_season(manifest), "1")
    )
    assert failed == set(range(8))
    assert (report.episodes[0].state, report.episodes[0].attempts) == ("delivered", 2)


def test_a_segment_that_fails_ends_its_episode_alone(manifest):
    def answers(task, _):
        if task.kind == "plan":
            return Answer(segments=[(0, 1), (1, 2), (2, 3)])
        return Answer(failure=INPUT) if task.name.endswith("1") and task.segment == 1 else Answer()

    report, events, _ = pretend(manifest, answers, Options(split=4), only=chosen(read_season(manifest), "1-2"))
    assert states(report)[:2] == ["failed", "delivered"]
    over = next(place for place, e in enumerate(events) if isinstance(e, Finished) and e.result.name.endswith("1"))
    assert not any(getattr(e, "name", "").endswith("1") for e in events[over + 1 :])


def test_an_attempt_that_cannot_even_begin_is_a_failure_of_its_episode(manifest):
    (manifest.parent / "out" / ".season").mkdir(parents=True)
    (manifest.parent / "out" / ".season" / "logs").write_text("a file where the folder of logs should be")
    report = run(read_season(manifest), manifest.parent / "out", Options(back_off=()), lambda event: None)
    assert states(report) == ["failed"] * 5 and {one.failure.kind for one in report.episodes} == {"machine"}


def test_two_runs_in_one_folder_exclude_each_other(manifest):
    out = manifest.parent / "out"
    out.mkdir()
    with locked(out), pytest.raises(WrongUse, match="Another run"):
        pretend(manifest, lambda *_: Answer())
    assert states(pretend(manifest, lambda *_: Answer())[0]) == ["delivered"] * 5


def test_an_interrupted_run_says_so_in_its_report(manifest):
    def watch(event):
        if isinstance(event, Finished):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(read_season(manifest), manifest.parent / "out", Options(), watch,
            executor=lambda heard, ended: Pretended(lambda *_: Answer(), heard, ended))  # fmt: skip
    saved = json.loads((manifest.parent / "out" / "season.report.json").read_text("utf-8"))
    assert saved["interrupted"] and saved["finished"]
    assert [one["state"] for one in saved["episodes"]] == ["delivered", *["not run"] * 4]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda folder: (folder / "1.mp4").write_bytes(b"other"), "1.mp4 changed"),
        (lambda folder: (folder / "words.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nДа.\n", "utf-8"), "words.srt changed"),
        (lambda folder: (folder / "look.toml").write_text("[captions]\nsize = 70\n"), "its preset changed"),
        (lambda folder: (folder / "mark.png").write_bytes((folder / "other.png").read_bytes()), "its preset changed"),
        (lambda folder: (folder / "season.toml").write_text((folder / "season.toml").read_text("utf-8").replace("Имя", "Дело"), "utf-8"), "its brief changed"),
        (lambda folder: (folder / "1.mp4").unlink(), "missing"),
    ],
)  # fmt: skip
def test_an_episode_is_stale_when_anything_that_it_is_made_of_changes(tmp_path, change, why):
    from PIL import Image

    for name, colour in (("mark", "red"), ("other", "blue")):
        Image.new("RGBA", (300, 200), colour).save(tmp_path / f"{name}.png")
    (tmp_path / "1.mp4").write_bytes(b"footage")
    (tmp_path / "words.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nНет.\n", "utf-8")
    (tmp_path / "look.toml").write_text('[series]\nmark = "mark.png"\n')
    (tmp_path / "season.toml").write_text(
        '[[episode]]\nnumber = 1\ntitle = "Имя"\npreset = "look.toml"\ncaptions = "words.srt"\nfootage = [{ file = "1.mp4" }]\n', "utf-8",
    )  # fmt: skip
    before = made_of(read_season(tmp_path / "season.toml").entries[0].brief)
    moved = tmp_path.with_name(tmp_path.name + "-moved")
    shutil.copytree(tmp_path, moved)
    assert made_of(read_season(moved / "season.toml").entries[0].brief) == before  # where it lies does not matter
    change(moved)
    entry = read_season(moved / "season.toml").entries[0]
    out = moved / "out"
    deliver(entry, out, before)
    assert why in decide(entry, out).why


def deliver(entry, out, made):
    """Files as a finished episode leaves them."""
    from basis.files import fingerprint
    from jobs.record import Record, save_record

    out.mkdir(exist_ok=True)
    files = Files(out / f"{entry.name}.mp4")
    files.video.write_bytes(b"video")
    save_record(Record(made_of=made, files={".mp4": fingerprint(files.video)}, manifest="../season.toml"), files)
    return files


def test_an_episode_that_other_code_rendered_is_stale(manifest):
    entry, out = read_season(manifest).entries[0], manifest.parent / "out"
    deliver(entry, out, made_of(entry.brief) | {"product": "0.1.0+0000000"})
    assert decide(entry, out).why == f"episode {version()} renders it, the last one was 0.1.0+0000000"


def test_the_film_of_another_manifest_is_never_replaced_unasked(manifest):
    """Told by the record: another name and another brief, or the same name elsewhere and no file in common."""
    out = manifest.parent / "out"
    first = read_season(manifest).entries[0]
    deliver(first, out, made_of(first.brief) | {"product": "older"})
    another = "was made by another manifest, ../season.toml"
    asked = [
        ("season.toml", 'footage = "3.mp4"', ""),  # edited: its own
        ("renamed.toml", 'footage = "1.mp4"', ""),  # asks for the same
        ("renamed.toml", 'footage = "1.mp4"\ntitle = "x"', another),
        ("other.toml", 'footage = "2.mp4"', another),
        ("moved/season.toml", 'footage = "1.mp4"\ntitle = "x"', ""),  # edited in another checkout
        ("more/season.toml", 'footage = "2.mp4"', another),
    ]
    for name, keys, says in asked:
        file = manifest.parent / name
        if not file.parent.exists():
            shutil.copytree(manifest.parent, file.parent, ignore=lambda *_: ["out", "moved", "more"])
        file.write_text(f'series = "Цех"\n[[episode]]\nnumber = 1\n{keys}\n', "utf-8")
        (entry,) = read_season(file).entries
        made = decide(entry, out)
        assert (says in made.result.failure.message) if made.result else not says, name
        assert decide(entry, out, force=True).why == "--force"


def test_an_episode_whose_preset_is_gone_fails_before_it_is_rendered(manifest):
    look = manifest.parent / "look.toml"
    look.touch()
    manifest.write_text(
        manifest.read_text("utf-8").replace("number = 1\n", 'number = 1\npreset = "look.toml"\n'), "utf-8"
    )
    entry = read_season(manifest).entries[0]
    look.unlink()
    assert "no preset file" in decide(entry, manifest.parent / "out").result.failure.message


def test_files_of_somebody_else_are_never_replaced_unasked(manifest):
    out = manifest.parent / "out"
    entries = read_season(manifest).entries
    out.mkdir()
    (out / f"{entries[0].name}.srt").write_text("mine")
    changed = deliver(entries[1], out, made_of(entries[1].brief))
    changed.video.write_bytes(b"corrected by hand, no video")
    report, _, _ = pretend(manifest, lambda *_: Answer())
    assert states(report) == ["failed", "failed", *["delivered"] * 3]
    assert "--force" in report.episodes[0].failure.message and "changed after" in report.episodes[1].failure.message
    assert (out / f"{entries[0].name}.srt").read_text() == "mine"
    assert states(pretend(manifest, lambda *_: Answer(), Options(force=True))[0]) == ["delivered"] * 5


def test_an_episode_that_was_rendered_anew_into_the_same_bytes_is_up_to_date(manifest):
    from jobs.record import Record, read_record, save_record

    out = manifest.parent / "out"
    entry = read_season(manifest).entries[0]
    files = deliver(entry, out, made_of(entry.brief))
    record = read_record(files)
    save_record(Record(made_of=record.made_of, files=record.files, replaced=record.files), files)
    assert decide(entry, out).why == "its report is missing"  # it is the report alone that these files lack


@pytest.mark.parametrize("end", [".srt", ".cover.jpg", ".plan.json"])
def test_what_was_corrected_by_hand_is_not_rendered_over(manifest, end):
    out = manifest.parent / "out"
    entry = read_season(manifest).entries[0]
    files = deliver(entry, out, made_of(entry.brief))
    mine = files.video.with_suffix(end)
    mine.write_text("mine")
    (manifest.parent / "1.mp4").write_bytes(b"another take")
    decision = decide(entry, out)
    assert mine.name in decision.result.failure.message and "1.mp4 changed" in decision.result.failure.message
    assert decide(entry, out, force=True).why == "--force"


def test_files_of_one_name_are_told_apart(tmp_path):
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "C0001.mp4").write_text(folder)
    found = set()
    for order in ("xyx", "xyy", "yxx"):
        listed = ", ".join(f'"{folder}/C0001.mp4"' for folder in order)
        (tmp_path / "season.toml").write_text(f"[[episode]]\nnumber = 1\nfootage = [{listed}]\n")
        found.add(made_of(read_season(tmp_path / "season.toml").entries[0].brief)["brief"])
    assert len(found) == 3


def test_a_page_of_somebody_else_is_not_replaced(manifest):
    out = manifest.parent / "out"
    out.mkdir()
    (out / "index.html").write_text("mine")
    with pytest.raises(WrongUse, match=r"index\.html exists"):
        pretend(manifest, lambda *_: Answer())


def test_footage_is_never_replaced_by_its_episode(tmp_path):
    (tmp_path / "цех-01.mp4").write_bytes(b"footage")
    file = tmp_path / "season.toml"
    file.write_text('series = "Цех"\n[[episode]]\nnumber = 1\nfootage = [{ file = "цех-01.mp4" }]\n', "utf-8")
    decision = decide(read_season(file).entries[0], tmp_path, force=True)
    assert "made from" in decision.result.failure.message


def test_workers_never_have_more_threads_than_there_are_cores():
    for cores in (1, 2, 3, 8, 64):
        for workers in (1, 2, 3, 8, 100):
            assert workers * machine.threads(workers, cores) <= max(cores, workers)
    assert 1 <= machine.default_workers() <= machine.cores()


PARENT = """
import sys
from pathlib import Path
from jobs.executor import Processes
from jobs.manifest import read_season
from jobs.season import Options, run

folder = Path(sys.argv[1])
run(
    read_season(folder / "season.toml"), folder / "out", Options(speed="ultrafast", back_off=(0.01,)),
    lambda event: print(type(event).__name__, flush=True), executor=lambda heard, ended: Processes(1, heard, ended),
)
"""


@pytest.mark.slow
def test_a_season_survives_a_killed_worker_and_goes_on_after_its_parent_was_killed(small, tmp_path):
    """SIGKILL of a worker, then of the parent; at the end every file is whole, and nothing is rendered twice."""
    make(tmp_path / "talk.mp4", [Scene(0.6, [Face(0.4)])], size=(320, 180))
    (tmp_path / "broken.mp4").write_text("no video " * 100)
    entries = "".join(
        f'[[episode]]\nnumber = {n}\noutput = "e{n}.mp4"\npreset = "plain"\ndelivery = "{small.as_posix()}"\n'
        f'footage = "{file}"\n'
        for n, file in ((1, "talk.mp4"), (2, "broken.mp4"))
    )
    (tmp_path / "season.toml").write_text(entries, "utf-8")
    season, out = read_season(tmp_path / "season.toml"), tmp_path / "out"
    process = subprocess.Popen([sys.executable, "-c", PARENT, tmp_path], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    until(process, "Progress")
    workers_of(process)[0].kill()
    until(process, "Again")
    until(process, "Progress")
    left = workers_of(process)
    process.kill()
    process.communicate()
    assert left and not psutil.wait_procs(left, timeout=10)[1]  # they end with the one that started them

    def rendered():
        return run(season, out, Options(speed="ultrafast"), print, executor=lambda *told: Processes(1, *told))

    assert states(rendered()) == ["delivered", "failed"]
    files = Files(out / "e1.mp4")
    assert all(c.ok or c.level == "warning" for c in verify.verify(files.video, delivery.load(str(small))))
    assert read_record(files).made_of and cover_file(files).exists() and files.sheet.exists()
    assert json.loads(files.report.read_text("utf-8"))["file"].endswith("e1.mp4")
    assert not list((out / ".season").glob("work/*")) and not list(out.glob(".*part"))

    stamps = {file: file.stat().st_mtime_ns for file in out.glob("e*")}
    again, _, executor = pretend(tmp_path / "season.toml", lambda *_: Answer(), Options(refused_again=False))
    assert states(again) == ["up to date", "failed"] and executor.tasks == []
    assert "not footage" in again.episodes[1].failure.message
    assert {file: file.stat().st_mtime_ns for file in out.glob("e*")} == stamps


def until(process, event):
    """Reads what a run says until it says so."""
    assert any(line.strip() == event for line in iter(process.stdout.readline, "")), event


def workers_of(process):
    return [one for one in psutil.Process(process.pid).children() if "jobs.worker" in " ".join(one.cmdline())]
