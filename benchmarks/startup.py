"""How soon a command is there: CPU seconds of short commands, beside those of importing the libraries that they stand on.

uv run python benchmarks/startup.py [runs]      # exits with 1 when a command takes more than its bar

Medians, bytecode cached, processes that a command starts counted in; wall time would tell more of what else runs.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import ffmpeg

from pipeline.footage import ffmpeg_tool

CLI = str(Path(__file__).resolve().parent.parent / "cli.py")
LEAST = ("-c", "import typer, rich")
LIBRARIES = ("-c", "import typer, rich, numpy, av; from pydantic import TypeAdapter")  # no footage is read without them
BARS = {  # beside what, and at most how many times that
    (CLI, "--help"): (LEAST, 1.5),
    (CLI, "--version"): (LEAST, 1.5),
    (CLI, "presets", "list"): (LEAST, 1.5),
    (CLI, "probe", "second.mp4"): (LIBRARIES, 2.0),
}


def cpu_seconds(arguments: tuple[str, ...], folder: str) -> float:
    settings = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    settings |= {"PYTHONPYCACHEPREFIX": str(Path(folder, "bytecode"))}
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], cwd=folder, env=settings, check=True, stdout=subprocess.DEVNULL)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    calls = [LEAST, LIBRARIES, *BARS]
    with tempfile.TemporaryDirectory() as folder:
        picture = ffmpeg.input("testsrc2=duration=1:size=640x360:rate=25", f="lavfi")
        tone = ffmpeg.input("sine=duration=1:sample_rate=48000", f="lavfi")
        ffmpeg_tool.run(ffmpeg.output(picture, tone, str(Path(folder, "second.mp4")), pix_fmt="yuv420p"))
        rounds = [[cpu_seconds(call, folder) for call in calls] for _ in range(runs + 1)][
            1:
        ]  # the first one writes bytecode
    took = dict(zip(calls, map(statistics.median, zip(*rounds, strict=True)), strict=True))
    for call in (LEAST, LIBRARIES):
        print(f"python {call[0]} '{call[1]}': {took[call]:.2f} s, medians of {runs}")
    missed = False
    for call, (beside, bar) in BARS.items():
        ratio = took[call] / took[beside]
        missed |= ratio > bar
        least = took[call] / took[LEAST]
        against = f"at most {bar}" + (f", {least:.1f}x of the first" if beside != LEAST else "")
        print(
            f"episode {' '.join(call[1:]):18} {took[call]:5.2f} s  {ratio:4.2f}x ({against}){' MISSED' * (ratio > bar)}"
        )
    raise SystemExit(missed)


if __name__ == "__main__":
    main()
