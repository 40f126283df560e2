"""A season under fire, and what more workers bring.

uv run python benchmarks/season.py kills [30]      # SIGKILL parent, workers and ffmpegs at random; is anything lost?
uv run python benchmarks/season.py workers [3]     # --workers 2 against two renders that are started by hand
uv run python benchmarks/season.py cluster         # 1, 2 and 4 Dask workers, whole and in segments; one is killed

Each prints what it measured and exits with 1 when a bar is missed. Linux and macOS only: Windows has no SIGKILL.
"""

import contextlib
import json
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from basis.files import fingerprint
from jobs.record import read_record
from pipeline import verify
from pipeline.episode import Files
from presets import delivery
from tests.footage import Face, Scene, make

ROOT = Path(__file__).resolve().parent.parent
EPISODES, BAD = 12, {5, 9}
LEAST_SPEED = 0.95  # of two renders started by hand


def episode(*arguments: object) -> list[str]:
    return [sys.executable, str(ROOT / "cli.py"), *map(str, arguments)]


def season_of(folder: Path, count: int, seconds: float, size: tuple[int, int], bad: set[int]) -> Path:
    """A manifest with made footage; bad episodes have a file that is no footage, or a range past its end."""
    clips = [
        make(folder / f"clip{n}.mp4", [Scene(seconds, [Face(0.3 + 0.1 * n)], seed=n)], size=size).file for n in range(3)
    ]
    (folder / "broken.mp4").write_text("this is no video " * 1000)
    lines = ['series = "Сезон"', "[defaults]", 'preset = "open-industry"']
    for number in range(1, count + 1):
        file = clips[number % 3].name
        lines += ["[[episode]]", f"number = {number}", f'title = "Серия номер {number}"']
        if number in bad:
            file = "broken.mp4" if number == min(bad) else f'{file}", to = "99'
        lines.append(f'footage = [{{ file = "{file}" }}]')
    manifest = folder / "season.toml"
    manifest.write_text("\n".join(lines) + "\n", "utf-8")
    return manifest


@dataclass
class Seen:
    """What became of videos under their final names: as they were when first seen, rendered once more, not whole."""

    first: dict[str, tuple[int, int]] = field(default_factory=dict)
    again: set[str] = field(default_factory=set)
    broken: list[str] = field(default_factory=list)


def kills(wanted: int, seed: int = 7) -> bool:
    """Starts a season again and again while killing one of its processes at a random moment, then lets it end."""
    with tempfile.TemporaryDirectory(prefix="season-") as name:
        folder = Path(name)
        manifest = season_of(folder, EPISODES, 2.0, (640, 360), BAD)
        out = folder / "out"
        command = episode("jobs", "run", manifest, "-o", out, "--workers", 2)
        seen, begun = Seen(), time.monotonic()
        killed = fire(command, out, wanted, seen, random.Random(seed))
        last = subprocess.run(command, capture_output=True, text=True)
        note(out, seen)
        before = {file.name: file.stat().st_mtime_ns for file in out.glob("*.mp4")}
        once_more = subprocess.run(command, capture_output=True, text=True)
        after = {file.name: file.stat().st_mtime_ns for file in out.glob("*.mp4")}
        wrong = [file.name for file in out.glob("*.mp4") if bad_checks(file)]
        left = [*out.glob(".*.part"), *(out / ".season" / "work").glob("*")]
        report = json.loads((out / "season.report.json").read_text("utf-8"))
        failed = {one["number"] for one in report["episodes"] if one["state"] == "failed"}
        rows = {
            "killed": ", ".join(f"{count} {kind}" for kind, count in killed.items()),
            "videos, whole and verified": f"{len(after) - len(wrong)} of {EPISODES - len(BAD)}",
            "seen half done under a final name": len(seen.broken),
            "finished and rendered once more": len(seen.again),
            "failed": f"{sorted(failed)}, meant {sorted(BAD)}",
            "exit code of the last runs": f"{last.returncode}, {once_more.returncode}",
            "rendered by a run after the last": sum(before.get(k) != v for k, v in after.items()),
            "left over": [file.name for file in left],
            "seconds": round(time.monotonic() - begun),
        }
        for key, value in rows.items():
            print(f"{key:36} {value}", flush=True)
        return (
            len(after) == EPISODES - len(BAD) and not (wrong or seen.broken or seen.again or left) and failed == BAD
            and before == after and last.returncode == once_more.returncode == 1
        )  # fmt: skip


def fire(command: list[str], out: Path, wanted: int, seen: Seen, chance: random.Random) -> dict[str, int]:
    """Kills so many processes of a season, which is started again each time that it has ended; how many of each kind."""
    killed = {"parent": 0, "worker": 0, "ffmpeg": 0}
    process = None
    for number in range(wanted):
        while True:
            if process is None or process.poll() is not None:
                if len(seen.first) >= EPISODES - len(
                    BAD
                ):  # all is delivered: begin anew, so that there is work to kill
                    shutil.rmtree(out)
                    seen.first.clear()
                process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(chance.uniform(0.3, 6))
            note(out, seen)
            if victim := choose(process, list(killed)[number % 3], chance):
                break
        kind, pid = victim
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(pid).kill()
            killed[kind] += 1
        if kind == "parent":
            process.wait()
    if process and process.poll() is None:
        process.kill()
        process.wait()
    return killed


def choose(process: subprocess.Popen[bytes], kind: str, chance: random.Random) -> tuple[str, int] | None:
    """The parent, one of its workers or one of their ffmpegs; None where there is none now."""
    try:
        below = psutil.Process(process.pid).children(recursive=True)
        named = [(one, " ".join(one.cmdline())) for one in below]
    except psutil.NoSuchProcess:
        return None
    workers = [one.pid for one, line in named if "jobs.worker" in line]
    tools = [one.pid for one, line in named if "ffmpeg" in line.split(" ")[0] and "jobs.worker" not in line]
    found = {"parent": [process.pid] if workers else [], "worker": workers, "ffmpeg": tools}[kind]
    return (kind, chance.choice(found)) if found else None


def note(out: Path, seen: Seen) -> None:
    """Looks at every video under a final name: whole, and the same one as before."""
    for file in out.glob("*.mp4"):
        about = (file.stat().st_ino, file.stat().st_mtime_ns)
        if file.name not in seen.first:
            record = read_record(Files(file))
            if record is None or record.files.get(".mp4") != fingerprint(file) or bad_checks(file):
                seen.broken.append(file.name)
        elif seen.first[file.name] != about:
            seen.again.add(file.name)
        seen.first[file.name] = about


def bad_checks(file: Path) -> bool:
    return any(not check.ok and check.level == "error" for check in verify.verify(file, delivery.load("vk-clips")))


def workers(runs: int) -> bool:
    """The time of four episodes with --workers 1 and 2, and of two by two that are started by hand."""
    with tempfile.TemporaryDirectory(prefix="season-") as name:
        folder = Path(name)
        manifest = season_of(folder, 4, 10.0, (1920, 1080), set())
        took: dict[str, list[float]] = {"two by hand": [], "--workers 2": [], "--workers 1": []}
        for run in range(runs):
            for label in [*took][: 2 if run else 3]:  # what one worker does is told once
                out = folder / f"out{run}{label[-1]}"
                begun = time.monotonic()
                if label == "two by hand":
                    by_hand(folder, out)
                else:
                    subprocess.run(
                        episode("jobs", "run", manifest, "-o", out, label.split()[0], label[-1], "--no-cache", "-q"),
                        check=True,
                    )
                took[label].append(time.monotonic() - begun)
                shutil.rmtree(out)
        medians = {label: statistics.median(times) for label, times in took.items()}
        ratio = medians["two by hand"] / medians["--workers 2"]
        for label, median in medians.items():
            print(
                f"{label:16} {median:6.1f} s for 4 episodes of 10 s at 1080p, {40 / median:.2f} s of episode a second"
            )
        print(f"throughput of --workers 2, of two by hand: {ratio:.2f} (at least {LEAST_SPEED})", flush=True)
        return ratio >= LEAST_SPEED


def by_hand(folder: Path, out: Path) -> None:
    """Four episodes, two at a time, as somebody with two terminals would render them."""

    def start(number: int) -> subprocess.Popen[bytes]:
        title = f"Серия номер {number}"
        file = folder / f"clip{number % 3}.mp4"
        return subprocess.Popen(
            episode(
                "render", file, "--number", number, "--title", title, "-o", out / f"{number}.mp4", "--no-cache", "-q"
            )
        )

    for pair in ((1, 2), (3, 4)):
        running = [start(number) for number in pair]
        if any(process.wait() for process in running):
            raise SystemExit("A render by hand failed.")


def cluster() -> bool:
    """Four episodes and one long one on 1, 2 and 4 Dask workers; then a worker is killed while it renders."""
    fine = True
    with tempfile.TemporaryDirectory(prefix="season-") as name:
        folder = Path(name)
        manifest = season_of(folder, 4, 10.0, (1920, 1080), set())
        (folder / "long").mkdir()
        long = season_of(folder / "long", 1, 40.0, (1920, 1080), set())
        for count in (1, 2, 4):
            with dask(count) as address:
                for label, given, more in (
                    ("4 episodes of 10 s", manifest, ()),
                    ("1 of 40 s, --split 10", long, ("--split", "10")),
                ):
                    out = folder / "out"
                    begun = time.monotonic()
                    done = subprocess.run(
                        episode("jobs", "run", given, "-o", out, "--scheduler", address, "--no-cache", "-q", *more)
                    )
                    print(
                        f"{count} workers, {label}: {time.monotonic() - begun:.1f} s, exit code {done.returncode}",
                        flush=True,
                    )
                    fine = fine and done.returncode == 0
                    shutil.rmtree(out)
        with dask(2) as address:
            out = folder / "out"
            process = subprocess.Popen(
                episode("jobs", "run", manifest, "-o", out, "--scheduler", address, "--no-cache", "-q")
            )
            time.sleep(15)
            below = psutil.Process().children(recursive=True)
            victim = next(one for one in below if "jobs.worker" in " ".join(one.cmdline()))
            psutil.Process(victim.ppid()).kill()  # the Dask worker that rendered
            code = process.wait()
            whole = sum(not bad_checks(file) for file in out.glob("*.mp4"))
            print(f"a worker of 2 killed after 15 s: {whole} of 4 delivered, exit code {code}", flush=True)
            return fine and whole == 4 and code == 0


@contextlib.contextmanager
def dask(count: int):  # type: ignore[no-untyped-def]
    """A scheduler and so many workers as Dask's own command line starts them; its address."""
    port = random.randint(20000, 60000)
    tool = (
        [sys.executable, "-m", "distributed.cli.dask_scheduler"],
        [sys.executable, "-m", "distributed.cli.dask_worker"],
    )
    address = f"tcp://127.0.0.1:{port}"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with tempfile.TemporaryDirectory() as scratch:
        running = [
            subprocess.Popen([*tool[0], "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"], **quiet),
            subprocess.Popen([*tool[1], address, "--nworkers", str(count), "--nthreads", "1", "--no-dashboard",
                              "--local-directory", scratch, "--resources", "MEMORY=2000000000"], **quiet),
        ]  # fmt: skip
        time.sleep(5)
        try:
            yield address
        finally:
            for process in reversed(running):
                process.send_signal(signal.SIGTERM)
            for process in running:
                process.wait()


if __name__ == "__main__":
    what, *number = [*sys.argv[1:], "kills"] if len(sys.argv) < 2 else sys.argv[1:]
    passed = {"kills": lambda: kills(int(number[0]) if number else 30), "workers": lambda: workers(int(number[0]) if number else 3), "cluster": cluster}[what]()  # fmt: skip
    sys.exit(not passed)
