"""A whole `episode render` against one ffmpeg line: the same footage, scale, x264 settings and sound codec.

uv run python benchmarks/speed.py [runs]
"""

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from fractions import Fraction
from pathlib import Path

import ffmpeg

from pipeline import demo, ffmpeg_tool
from pipeline.encode import output_options
from presets import delivery

ROOT = Path(__file__).resolve().parent.parent
SAMPLE_EVERY = 0.05  # seconds between looks at the memory


def resident(pid: int) -> int:
    """Bytes that a process and its children hold, by /proc; 0 where there is none."""
    total, waiting = 0, [pid]
    while waiting:
        one = waiting.pop()
        try:
            total += int(Path(f"/proc/{one}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            for task in Path(f"/proc/{one}/task").iterdir():
                waiting += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return total


def measured(arguments: list[str]) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and peak memory in MB of a command and its children."""
    before = os.times()
    begun = time.monotonic()
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT)
    peak = 0
    said: list[bytes] = []
    listener = threading.Thread(target=lambda: said.append(process.stderr.read()))
    listener.start()
    while process.poll() is None:
        peak = max(peak, resident(process.pid))
        time.sleep(SAMPLE_EVERY)
    listener.join()
    wall = time.monotonic() - begun
    after = os.times()
    if process.returncode:
        raise SystemExit(f"{arguments[:4]} failed: {said[0].decode()[-2000:]}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return wall, cpu, peak / 1e6


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        brief = demo.make_demo(folder, lambda share: None)
        footage = brief.footage[0].file
        source = ffmpeg.input(str(footage))
        picture = source["v"].filter("crop", "ih*9/16", "ih").filter("scale", 1080, 1920, flags="bicubic")
        options = output_options(delivery.load("vk-clips"), Fraction(30))
        line = ffmpeg_tool.command(
            ffmpeg.output(picture, source["a"], str(folder / "plain.mp4"), **options).overwrite_output()
        )
        # no end card: both write the same 600 frames
        preset = folder / "look.toml"
        preset.write_text(
            (ROOT / "presets/open-industry.toml").read_text("utf-8").replace("[end_card]", "[end_card]\non = false"),
            "utf-8",
        )
        render = [
            sys.executable, str(ROOT / "cli.py"), "render", str(footage), "--number", "3", "--title", "Династия сталеваров",
            "--captions", str(brief.captions), "--person", "Айлин Коллинз, Инженер-технолог @ 4", "--preset", str(preset),
            "-o", str(folder / "out.mp4"), "--no-cache", "--force", "--quiet",
        ]  # fmt: skip
        results: dict[str, list[tuple[float, float, float]]] = {"one ffmpeg line": [], "episode render": []}
        for _ in range(runs):
            results["one ffmpeg line"].append(measured(line))
            results["episode render"].append(measured(render))
    print(f"20 s of 1080p30, medians of {runs}, {os.cpu_count()} cores: python benchmarks/speed.py {runs}")
    print(f"{'':16} {'wall s':>8} {'CPU s':>8} {'peak MB':>8}")
    middle = {name: [statistics.median(column) for column in zip(*rows, strict=True)] for name, rows in results.items()}
    for name, row in middle.items():
        print(f"{name:16} {row[0]:8.1f} {row[1]:8.1f} {row[2]:8.0f}")
    ratios = [a / b if b else 0 for a, b in zip(middle["episode render"], middle["one ffmpeg line"], strict=True)]
    print(f"{'ratio':16} {ratios[0]:8.2f} {ratios[1]:8.2f} {ratios[2]:8.2f}")


if __name__ == "__main__":
    main()
