"""A whole `episode render` against one ffmpeg line: the same footage, scale, x264 settings and sound codec; and what
the graphics cost a frame.

uv run python benchmarks/speed.py [runs]      # 0 runs: the graphics alone; exits with 1 when they cost too much
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

import cv2
import ffmpeg
import numpy as np

import presets
from basis.boxes import Box
from pipeline import graphics
from pipeline.encode import output_options
from pipeline.footage import ffmpeg_tool
from pipeline.graphics.blend import Overlay
from pipeline.graphics.kinds import KINDS
from pipeline.plan import Knot, Pane, Plan, Shot, Take
from pipeline.synthetic import demo
from presets import Preset, delivery
from presets.graphics import Caption, EndCard, PlacedGraphic, Quote, TitleCard, Word

ROOT = Path(__file__).resolve().parent.parent
MOST_MS = 3.0  # that all small graphics may add to a frame
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


def graphics_cost() -> bool:
    """Prints the milliseconds that graphics add to a frame; whether all of them at once stay within MOST_MS.

    10 s of a busy picture with everything on that can be on together: mark, partner line, progress line, chapter sticker,
    lower third and captions whose spoken word lights up. Cards, which fill the screen for seconds, are told apart.
    """
    preset = presets.load("open-industry")
    words = "Здесь работал мой дед, потом отец, и цех я знаю с самого детства, каждый станок в нём".split()
    captions = [
        Caption(
            start=n * 2.0, end=n * 2.0 + 1.9, style="word",
            lines=[[Word(text=w, start=n * 2 + 0.3 * k, end=n * 2 + 0.3 * k + 0.3) for k, w in enumerate(words[n * 3 : n * 3 + 6])]],
        )
        for n in range(5)
    ]  # fmt: skip
    samples = [kind.sample(10.0) for kind in KINDS]
    card_kinds = TitleCard, Quote, EndCard
    small = [one for one in samples if not isinstance(one, (*card_kinds, Caption))] + captions
    cards = {
        one.kind.replace("_", " "): one.model_copy(update={"end": 3.5})
        for one in samples
        if isinstance(one, card_kinds)
    }
    cards["title card over blur"] = cards["title card"].model_copy(update={"over": "blur"})
    print(f"graphics, ms a frame on {os.cpu_count()} cores {'mean':>8} {'median':>8} {'95%':>8}")
    alone = blend_times(small, 10.0, preset)
    for name, times in {
        "all small ones at once": alone,
        **{name: blend_times([card], card.end, preset) for name, card in cards.items()},
    }.items():
        print(f"  {name:34} {times.mean():8.2f} {np.median(times):8.2f} {np.percentile(times, 95):8.2f}")
    return bool(alone.mean() <= MOST_MS)


def blend_times(placed: list[PlacedGraphic], seconds: float, preset: Preset) -> np.ndarray:
    """Milliseconds of drawing each frame's graphics at 30 frames a second, the plan's drawing included."""
    width, height = 1080, 1920
    pane = Pane(width=607.5, height=1080, path=[Knot(t=0, x=0, y=0)], onto=Box(x=0, y=0, width=width, height=height))
    shot = Shot(start=0, end=10, layout="hold", reason="", picture=Box(x=0, y=0, width=1920, height=1080), panes=[pane])
    take = Take(file=Path("x"), fingerprint="", start=0, end=10, audio_stream=None, shots=[shot])
    plan = Plan(
        made_by="benchmark", preset="open-industry", delivery="vk-clips", rate="30", width=width, height=height,
        takes=[take], graphics=placed,
    )  # fmt: skip
    hall = cv2.resize(demo.factory(960, 540, 5), (width, height))
    ground = cv2.cvtColor(hall, cv2.COLOR_BGR2YUV_I420)
    begun = time.perf_counter()
    look = graphics.Look.of(preset, graphics.Canvas.of(delivery.load("vk-clips")))
    overlay = Overlay(graphics.draw(plan, look), width, height, Fraction(30), preset.colours.ground)
    once = time.perf_counter() - begun
    times = []
    for number in range(round(seconds * 30)):
        frame = ground.copy()
        begun = time.perf_counter()
        overlay.blend(frame, number)
        times.append(1000 * (time.perf_counter() - begun + once / (seconds * 30)))
    return np.array(times)


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    within = graphics_cost()
    if runs:
        whole_render(runs)
    if not within:
        raise SystemExit(1)


def whole_render(runs: int) -> None:
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
