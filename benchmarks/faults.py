"""How faults of the machine, odd names and signals end: counted.

    uv run python benchmarks/faults.py                    # all kinds but moments, half an hour on 2 idle cores
    uv run python benchmarks/faults.py names blame        # some kinds
    uv run python benchmarks/faults.py moments --count 30 # INT, TERM, HUP, KILL and full disks at random moments

Each case is one `episode` in a process of its own on two seconds of made footage. A case ends rightly with a whole film or
with one sentence and the exit code that is said here; nothing may be left beside it, and what lay there may not change. A
full disk is a limit on how large a file may grow, and /dev/full; nobody need be root. The exit code is 1 when one is wrong.
Works on Linux.
"""

import argparse
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import ffmpeg

from basis import files
from pipeline.footage import ffmpeg_tool

CLI = [sys.executable, str(Path(__file__).parent.parent / "cli.py")]
LONGEST = 900  # seconds that a case may take on a machine that does much else
MEMORY = 4 << 30  # bytes of addresses, for what is given a file that never ends
SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
FULL = ("full", "failed", "free some space")  # what is said of a disk
ODD = os.fsdecode(b"\xff\xfe\xd0.mp4")
NAMES = (
    "10:30.mp4", "a:b.mp4", "http:x.mp4", "pipe:0.mp4", "file:x.mp4", "Серия 3: старт.mp4", ODD, "a\nb.mp4", "a\u202eb.mp4", "%03d.mp4",
    "a'b\"c.mp4", "$(x) `y`.mp4", "a b .mp4", "я" * 121 + ".mp4", "x" * 243 + ".mp4", "concat:a|b.mp4", "[0:v].mp4", "a\\b.mp4",
)  # fmt: skip
TOO_LONG = ("я" * 122 + ".mp4", "x" * 244 + ".mp4", "x" * 300 + ".mp4", "/".join(["x" * 200] * 30) + "/a.mp4")
DASHED = ("-rf.mp4", "--help.mp4", "-o.mp4")
VERSION = '[ "$1" = -version ] && { echo ffmpeg version 9; exit 0; }\n'
SEASON = 'series = "faults"\n[defaults]\npreset = "plain"\n[[episode]]\nnumber = 1\nfootage = {}\n'
BLAME = {  # what an ffmpeg does, with which exit code the run ends, and what it says
    "is false": ("exit 1", 5, "ffmpeg"),
    "says nothing": ("exit 0", 5, "ffmpeg"),
    "talks nonsense": ("echo nonsense", 5, "ffmpeg"),
    "fails in silence": (f"{VERSION}exit 1", 5, "ffmpeg"),
    "ends as after SIGTERM": (f"{VERSION}exit 255", 6, "ffmpeg"),
    "is killed": (f"{VERSION}kill -9 $$", 6, "ffmpeg"),
    "has no encoder": (
        f'{VERSION}case "$*" in *libx264*) echo "Unknown encoder libx264" >&2; exit 1;; esac; exec "$FF" "$@"', 5, "libx264",
    ),
    "encodes nothing": (f'{VERSION}case "$*" in *libx264*) cat >/dev/null; exit 0;; esac; exec "$FF" "$@"', 6, "ffmpeg"),
    "stops encoding": (f'{VERSION}case "$*" in *libx264*) head -c 9999 >/dev/null; exit 0;; esac; exec "$FF" "$@"', 6, "ffmpeg"),
    "encoder hangs": (f'{VERSION}case "$*" in *libx264*) sleep 900;; esac; exec "$FF" "$@"', 6, "did nothing"),
    "encoder is stopped": (f'{VERSION}case "$*" in *libx264*) kill -STOP $$;; esac; exec "$FF" "$@"', 6, "did nothing"),
    "decoder hangs": (f'{VERSION}case "$*" in *rawvideo*pipe:) sleep 900;; esac; exec "$FF" "$@"', 6, "did nothing"),
    "hangs at once": ("sleep 900", 6, "did nothing"),
    "floods stdout": (f"{VERSION}exec yes", 6, "ffmpeg"),
}  # fmt: skip


class Bench:
    """A folder with footage, and what came of each kind of case. wrong: sentences."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.footage = folder, folder / "base.mp4"
        self.count: Counter[str] = Counter()
        self.right: Counter[str] = Counter()
        picture = ffmpeg.input("testsrc2=s=320x180:r=25:d=2", f="lavfi")
        heard = ffmpeg.input("sine=f=300:d=2", f="lavfi")
        ffmpeg_tool.run(ffmpeg.output(picture, heard, str(self.footage), pix_fmt="yuv420p", preset="ultrafast"))
        self.environment = os.environ | {"EPISODE_CACHE": str(folder / "cache"), "FF": str(ffmpeg_tool.executable())}

    def tell(self, kind: str, case: str, wrong: str) -> None:
        self.count[kind] += 1
        self.right[kind] += not wrong
        print(f"\r{kind} {self.count[kind]}", end="\r", file=sys.stderr, flush=True)
        if wrong:
            print(f"WRONG {kind}: {ascii(case)[:100]}: {wrong}", flush=True)

    def started(self, *call: object, **options: object) -> "subprocess.Popen[str]":
        settings: dict[str, Any] = {"env": self.environment, "cwd": self.folder, "stdout": subprocess.DEVNULL} | options
        return subprocess.Popen(
            [*CLI, *map(str, call)], stderr=subprocess.PIPE, text=True, errors="surrogateescape", **settings
        )  # fmt: skip

    def ended(self, *call: object, **options: object) -> tuple[int | None, str]:
        """The exit code, None after LONGEST seconds, and the last line that is said."""
        process = self.started(*call, **options)
        try:
            said = process.communicate(timeout=LONGEST)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            return None, "it took too long"
        return process.returncode, "Traceback" if "Traceback" in said else (said.strip().splitlines() or [""])[-1]

    def whole(self, kind: str, case: str, **options: object) -> None:
        """A case that renders in spite of where it runs."""
        out = self.out()
        code, said = self.ended("render", self.footage, "--preset", "plain", "-o", out / "o.mp4", **options)
        names = sorted(file.suffix for file in out.iterdir())
        right = code == 0 and names == [".jpg", ".json", ".json", ".mp4"]
        self.tell(kind, case, "" if right else f"{code}, {said}, {names}")

    def out(self) -> Path:
        """An empty folder."""
        return Path(tempfile.mkdtemp(dir=self.folder))


def names(bench: Bench) -> None:
    """As footage and as output, rendered; those that no disk takes, refused; those that look like flags, explained."""
    for name in NAMES:
        out = bench.out()
        given = Path(shutil.copyfile(bench.footage, out / name))
        code, said = bench.ended("render", given, "--preset", "plain", "-o", out / "made" / name)
        made = out / "made" / name
        whole = code == 0 and made.is_file() and len([*made.parent.iterdir()]) == 4
        bench.tell("names", name, "" if whole else f"{code}, {said}")
    for name in TOO_LONG:
        code, said = bench.ended("render", bench.footage, "-o", bench.out() / name)
        bench.tell("names", name, "" if code == 2 and "shorter" in said else f"{code}, {said}")
    for name in DASHED:
        out = bench.out()
        shutil.copyfile(bench.footage, out / name)
        code, said = bench.ended("plan", name, cwd=out)
        bench.tell("names", name, "" if code == 2 and f"./{name}" in said else f"{code}, {said}")
        code, said = bench.ended("plan", "-q", "--", name, cwd=out)
        bench.tell("names", f"-- {name}", "" if code == 0 else f"{code}, {said}")


def blame(bench: Bench) -> None:
    """An ffmpeg that is none, that fails or hangs."""
    for case, (script, expected, says) in BLAME.items():
        out = bench.out()
        named = out / "ffmpeg"
        named.write_text(f"#!/bin/sh\n{script}\n")
        named.chmod(0o755)
        environment = bench.environment | {"EPISODE_FFMPEG": str(named)}
        call = ("render", bench.footage, "--preset", "plain", "-o", out / "made" / "o.mp4", "--no-cache")
        code, said = bench.ended(*call, env=environment)
        right = code == expected and says in said and not (out / "made").exists()
        bench.tell("blame", case, "" if right else f"{code}, {said}")


def disks(bench: Bench) -> None:
    """Files that may not grow, for the film and for scratch; a result that nobody can take."""

    def limit(size: int) -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    for size in (0, 1000, 20_000, 100_000, 300_000):
        out = bench.out()
        call = ("render", bench.footage, "--preset", "plain", "-o", out / "o.mp4")
        code, said = bench.ended(*call, preexec_fn=partial(limit, size))
        right = code == 6 and any(word in said for word in FULL) and not [*out.iterdir()]
        bench.tell("disks", f"{size} bytes", "" if right else f"{code}, {said}, left {[*out.iterdir()]}")
    out = bench.out()
    (out / "season.toml").write_text(SEASON.format(json.dumps(str(bench.footage))), "utf-8")
    code, said = bench.ended("jobs", "run", out / "season.toml", "-o", out / "made", preexec_fn=partial(limit, 100_000))
    films = [*out.rglob("*.mp4")]
    bench.tell("disks", "a season", "" if code and said != "Traceback" and not films else f"{code}, {said}, {films}")
    with Path("/dev/full").open("w") as full:
        code, said = bench.ended("presets", "show", "plain", stdout=full)
    bench.tell("disks", "/dev/full", "" if code == 6 and "space" in said else f"{code}, {said}")


def hostile(bench: Bench) -> None:
    """Devices, pipes and bombs in place of small files; plans with absurd values."""
    call: tuple[object, ...]
    out = bench.out()
    plan = out / "o.plan.json"
    bench.ended("plan", bench.footage, "--preset", "plain", "-o", out / "o.mp4")
    good = json.loads(plan.read_text("utf-8"))
    changes: dict[str, object] = {
        "rate": "1000000", "version": 99, "tail": 1e9, "graphics": [{}] * 100_000, "width": 10**9, "takes": [], "captions": [0],
    }  # fmt: skip
    texts = [json.dumps(good | {key: value}) for key, value in changes.items()]
    texts += [
        "[" * 50_000,
        json.dumps(good).replace('"tail": 0.0', '"tail": NaN'),
        "",
        "null",
        json.dumps(good)[:-9],
        "\0" * 99,
    ]
    for text in texts:
        plan.write_text(text, "utf-8")
        code, said = bench.ended("render", "--plan", plan, "--force")
        bench.tell("hostile", f"plan {text[:40]}", "" if code == 2 and len(said) < 500 else f"{code}, {said}")
    os.mkfifo(out / "pipe.toml")
    (out / "zero.toml").symlink_to("/dev/zero")
    (out / "deep.toml").write_text("a." * 50_000 + "a = 1")
    for name in ("pipe.toml", "zero.toml", "deep.toml"):
        for call in (
            ("plan", out / name), ("render", "--plan", out / name), ("plan", bench.footage, "--preset", out / name),
            ("jobs", "check", out / name), ("verify", bench.footage, "--delivery", out / name),
            ("plan", bench.footage, "--captions", out / name),
        ):  # fmt: skip
            code, said = bench.ended(*call)
            bench.tell("hostile", f"{call[:2]} {name}", "" if code in (2, 3) and len(said) < 500 else f"{code}, {said}")

    limit = partial(resource.setrlimit, resource.RLIMIT_AS, (MEMORY, MEMORY))
    for word in ("/dev/zero", "/dev/random", "/dev/null", "/", "/proc/self/mem"):
        for call in (
            ("render", word), ("render", "--plan", word), ("jobs", "check", word), ("verify", word), ("probe", word),
            *(("render", bench.footage, flag, word) for flag in ("--captions", "--preset", "--music", "--audio", "--delivery")),
        ):  # fmt: skip
            made = bench.out()
            code, said = bench.ended(*call, *(("-o", made / "o.mp4") if call[0] == "render" else ()), preexec_fn=limit)
            right = code in (2, 3) and len(said) < 500 and not [*made.iterdir()]
            bench.tell("hostile", f"{call} {word}", "" if right else f"{code}, {said}, left {[*made.iterdir()]}")


def places(bench: Bench) -> None:
    """Where nothing can be written, homes and paths that are not set, caches that are damaged, nobody who listens."""
    out = bench.out()
    shut = out / "shut"
    shut.mkdir(mode=0o555)
    no_footage = out / "none.mp4"
    no_footage.write_bytes(b"none" * 999)
    refused: list[tuple[str, Path, Path, int]] = [
        ("a file as a folder", bench.footage, bench.footage / "o.mp4", 2),
        ("no disk", bench.footage, Path("/proc/episode/o.mp4"), 2),
        ("a folder as a file", bench.footage, out / "deep" / "..", 2),
        ("no footage, a folder to be made", no_footage, out / "new" / "deep" / "o.mp4", 3),
    ]
    if os.getuid():
        refused.append(("read-only", bench.footage, shut / "o.mp4", 2))
    before = sorted(out.rglob("*"))
    for case, footage, film, expected in refused:
        code, said = bench.ended("render", footage, "--preset", "plain", "-o", film)
        right = code == expected and said != "Traceback" and sorted(out.rglob("*")) == before
        bench.tell("places", case, "" if right else f"{code}, {said}, left {sorted(set(out.rglob('*')) - set(before))}")
    usual = bench.environment
    without = {key: value for key, value in usual.items() if key not in ("HOME", "EPISODE_CACHE", "XDG_CACHE_HOME")}
    full = bench.out() / "cache"
    full.write_text("a file")
    for case, environment in {
        "no HOME": without | {"XDG_CACHE_HOME": str(bench.out())}, "HOME=/dev/null": without | {"HOME": "/dev/null"},
        "PATH empty": usual | {"PATH": ""}, "a file as cache": usual | {"EPISODE_CACHE": str(full)},
        "/proc as cache": usual | {"EPISODE_CACHE": "/proc"}, "no TMPDIR": usual | {"TMPDIR": "/nonexistent"},
        "C locale": usual | {"LC_ALL": "C", "PYTHONUTF8": "0"}, "TZ": usual | {"TZ": "nowhere"},
    }.items():  # fmt: skip
        bench.whole("places", case, env=environment)
    bench.whole("places", "stdout closed", preexec_fn=partial(os.closerange, 1, 2))
    bench.whole("places", "all closed", preexec_fn=partial(os.closerange, 0, 3))
    cache = bench.out()
    bench.whole("places", "a new cache", env=usual | {"EPISODE_CACHE": str(cache)})
    entries = [file for file in cache.rglob("*") if file.is_file()]
    kept = {file: file.read_bytes() for file in entries}
    for case, text in {
        "empty": b"", "binary": bytes(range(256)), "a list": b"[]", "null": b"null", "an object": b"{}", "deep": b"[" * 50_000,
        "absurd": b'{"shots": [], "end": -1, "duration": 1e400}', "half": None, "numbers": None,
    }.items():  # fmt: skip
        for file, held in kept.items():
            file.write_bytes(
                {"half": held[: len(held) // 2], "numbers": held.replace(b"1", b"-99")}.get(case, text or b"")
            )
        bench.whole("places", f"cache entries {case}", env=usual | {"EPISODE_CACHE": str(cache)})
    for file in entries:
        file.unlink(missing_ok=True)
        file.mkdir()
    bench.whole("places", "cache entries folders", env=usual | {"EPISODE_CACHE": str(cache)})
    left = [file.name for file in cache.rglob("*.part")]
    bench.tell("places", "parts in the cache", str(left) if left else "")


def runs(bench: Bench) -> None:
    """Two runs into one output; what a killed run left; a signal while modules are loaded."""
    out = bench.out()
    call = ("render", bench.footage, "--preset", "plain", "-o", out / "o.mp4")
    first, second = bench.started(*call), bench.started(*call)
    codes = sorted((first.wait(LONGEST), second.wait(LONGEST)))
    bench.tell("runs", "two at once", "" if codes == [0, 2] and len([*out.iterdir()]) == 4 else str(codes))
    out = bench.out()
    process = bench.started("render", bench.footage, "--preset", "plain", "-o", out / "o.mp4", process_group=0)
    begun = time.monotonic()
    while not [*out.glob(f"{files.HIDDEN}*")] and process.poll() is None and time.monotonic() < begun + LONGEST:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    left = [one.name for one in out.iterdir()]
    code, said = bench.ended("render", bench.footage, "--preset", "plain", "-o", out / "o.mp4")
    right = bool(left) and code == 0 and len([*out.iterdir()]) == 4
    bench.tell(
        "runs", "after kill -9 of the group", "" if right else f"left {left}, {code}, {said}, {[*out.iterdir()]}"
    )
    for number in range(18):
        out, name, after = bench.out(), SIGNALS[number % 3], 0.05 + number * 3.95 / 17
        process = bench.started("render", bench.footage, "-o", out / "o.mp4")
        time.sleep(after)
        process.send_signal(getattr(signal, name))
        said = process.communicate(timeout=LONGEST)[1]
        early = process.returncode == -getattr(signal, name) or "init_import_site" in said  # Python was not there yet
        told = process.returncode == 130 and "Interrupted" in said and "Traceback" not in said
        right = (early or told) and not [*out.iterdir()]
        bench.tell("runs", f"{name} after {after:.2f} s", "" if right else f"{process.returncode}, {said}")


def moments(bench: Bench, count: int, seed: int = 1) -> None:
    """Signals at random moments of a render over an old film; after a kill another run clears what was left."""
    chance = random.Random(seed)
    begun = time.monotonic()
    bench.ended("render", bench.footage, "--preset", "plain", "-o", bench.out() / "o.mp4", "--no-cache")
    whole = time.monotonic() - begun
    for number in range(count):
        out, apart, name = bench.out(), bench.out(), (*SIGNALS, "SIGKILL")[number % 4]
        film = out / "o.mp4"
        film.write_text("old")
        environment = bench.environment | {"TMPDIR": str(apart)}
        call = ("render", bench.footage, "--preset", "plain", "-o", film, "--no-cache", "--force")
        process = bench.started(*call, env=environment)
        after = chance.uniform(0, whole)
        time.sleep(after)
        process.send_signal(getattr(signal, name))
        process.communicate(timeout=LONGEST)
        if name == "SIGKILL":
            time.sleep(1)  # for the system to end what it fed
            for folder in (out, apart):
                files.clear(folder)
        left = sorted(one.name for folder in (out, apart) for one in folder.iterdir())
        done = process.returncode == 0 or (name == "SIGKILL" and film.stat().st_size > 1000)
        right = done or (left == ["o.mp4"] and film.read_bytes() == b"old")
        bench.tell("moments", f"{name} after {after:.1f} s", "" if right else f"{process.returncode}, left {left}")


KINDS: dict[str, Callable[[Bench], None]] = {
    "names": names,
    "blame": blame,
    "disks": disks,
    "hostile": hostile,
    "places": places,
    "runs": runs,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", choices=[*KINDS, "moments"], default=[])
    parser.add_argument("--count", type=int, default=30)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        bench = Bench(Path(folder))
        for kind in asked.kinds or KINDS:
            (partial(moments, count=asked.count) if kind == "moments" else KINDS[kind])(bench)
    print(f"{'kind':12}{'tried':>8}{'right':>8}{'wrong':>8}")
    for kind, tried in bench.count.items():
        print(f"{kind:12}{tried:8}{bench.right[kind]:8}{tried - bench.right[kind]:8}")
    sys.exit(bench.count != bench.right)


if __name__ == "__main__":
    main()
