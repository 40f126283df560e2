"""How footage of every kind, damaged footage and hostile files end: counted.

    uv run python benchmarks/reliability.py formats            # every kind of tests/formats.py, rendered
    uv run python benchmarks/reliability.py damage             # truncated every 5 %, holes, lying headers, 300 seeded flips
    uv run python benchmarks/reliability.py damage --flips 3000
    uv run python benchmarks/reliability.py hostile            # lists that name other files, devices, names, bombs
    uv run python benchmarks/reliability.py same               # the same frames on 1 and 2 threads, and twice

Each case is one `episode` of its own in a process of its own. It ends rightly with a film that is what the footage was
and says what was lost, or with one sentence and an exit code from 2 to 6. Anything else is printed and counted, and the
exit code is 1. Works on Linux and macOS.
"""

import argparse
import json
import multiprocessing
import os
import random
import resource
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from pipeline.footage import ffmpeg_tool, stream
from pipeline.footage.sounds import RATE as SOUND_RATE
from pipeline.footage.sounds import Sound, stereo
from pipeline.footage.source import probe
from tests.formats import FILMS, Film, click_at, faults_of_picture, flash_at, make, rgb

PATIENCE = 300  # seconds that a case may take
MEMORY = 6 << 30  # bytes of address space that a case may have
SENTENCES = range(2, 7)  # exit codes of what a user can cause, and of the machine
LOSSES = {"damaged-footage", "truncated-footage"}  # codes of notes that tell of lost picture
LOST_SOUND = {"damaged-sound", "truncated-footage", "short-sound"}  # and of lost sound
FROZEN = 0.5  # seconds of a still picture that must be told
SMALL = "width = 270\nheight = 480\nrates = ['24', '25', '30', '50', '60', '24000/1001', '30000/1001', '60000/1001']\n"
FF = str(ffmpeg_tool.executable())


@dataclass
class End:
    """How one `episode` ended. code: its exit code, None where it was stopped for taking too long."""

    code: int | None
    said: str
    report: dict = field(default_factory=dict)

    @property
    def losses(self) -> list[str]:
        """What the report says of a picture that is damaged or cut off."""
        return self._notes(LOSSES)

    @property
    def lost_sound(self) -> list[str]:
        """What it says of sound that is missing, damaged or cut off."""
        return self._notes(LOST_SOUND)

    def _notes(self, codes: set[str]) -> list[str]:
        return [note["text"] for note in self.report.get("warnings", []) if note["code"] in codes]

    def wrong(self) -> list[str]:
        """What no end may be, whatever was given."""
        if self.code is None:
            return [f"took more than {PATIENCE} s"]
        if self.code == 0:
            return []
        lines = [line for line in self.said.splitlines() if line.strip()]
        if self.code not in SENTENCES or "Traceback" in self.said:
            return [f"exit code {self.code}: {' / '.join(lines[-3:])[-400:]}"]
        return [] if len(lines) == 1 else [f"{len(lines)} lines: {' / '.join(lines)[:400]}"]


def episode(words: list[str], folder: Path, threads: int = 1) -> End:
    """Runs one `episode` in a process of its own, its report read if it made one."""
    said = folder / "said.txt"
    process = multiprocessing.get_context("forkserver").Process(
        target=_run, args=(words, str(said), str(folder), threads)
    )
    process.start()
    process.join(PATIENCE)
    if process.is_alive():
        process.kill()
        process.join()
        return End(None, said.read_text("utf-8", "replace"))
    report = folder / "o.report.json"
    read = json.loads(report.read_text("utf-8")) if report.exists() and process.exitcode == 0 else {}
    return End(process.exitcode, said.read_text("utf-8", "replace"), read)


def _run(words: list[str], said: str, folder: str, threads: int) -> None:
    """In the case's own process: the command line as a user has it."""
    import cli

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    os.environ |= {"EPISODE_THREADS": str(threads), "EPISODE_CACHE": f"{folder}/cache", "TMPDIR": folder}
    tempfile.tempdir = folder
    with Path(said).open("w", encoding="utf-8") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    os.chdir(folder)
    sys.argv = ["episode", *words]
    cli.main()


def render(file: str, folder: Path, *more: str, threads: int = 1) -> End:
    """Renders footage plainly and whole into folder/o.mp4."""
    out = ["-o", "o.mp4", "--preset", "plain", "--quiet", "--force"]
    return episode(["render", *out, *more, "--", file], folder, threads)


def small(folder: Path) -> str:
    """A delivery spec whose films are small, so that many can be made."""
    spec = folder / "small.toml"
    spec.write_text(SMALL, "utf-8")
    return str(spec)


# --- formats ---------------------------------------------------------------------------------------------------------


def formats() -> "Cases":
    for film in FILMS.values():
        yield "formats", film.name, _of_film(film)


def _of_film(film: Film) -> "Judge":
    def judge(folder: Path) -> list[str]:
        try:
            file = make(film, folder)
        except subprocess.CalledProcessError as error:
            return [f"cannot be made: {error.stderr.decode('utf-8', 'replace')[-200:]}"]
        end = render(file.name, folder, "--shot", "0 = fit", "--delivery", small(folder))
        return end.wrong() or ([f"refused: {end.said.strip()}"] if end.code else _of_delivered(film, folder))

    return judge


def _of_delivered(film: Film, folder: Path) -> list[str]:
    """What is wrong with the film as delivered: its length, and its colours, its turn and its flash in the pane."""
    out, plan = folder / "o.mp4", json.loads((folder / "o.plan.json").read_text("utf-8"))
    source = probe(out)
    rate = float(source.rate)
    left, top, right, bottom = (round(side) for side in _sides(plan["takes"][0]["shots"][0]["panes"][0]["onto"]))
    light, first = [], None
    for number, frame in enumerate(stream.frames(source, 0, round(source.duration * rate), source.rate)):
        whole = frame[: source.height][top:bottom, left:right]
        high, wide = whole.shape
        light.append(whole[high * 9 // 20 : high * 11 // 20, wide * 9 // 20 : wide * 11 // 20].mean())
        if number == (round(rate / 2) if film.rate > 3 else 0):
            first = rgb(frame)[top:bottom, left:right]
    wrong = faults_of_picture(film, first) if first is not None else ["less than half a second long"]
    if abs(len(light) / rate - film.length) > 1.1 * max(1 / float(film.rate), 1 / rate):
        wrong.append(f"lasts {len(light) / rate:.3f} s, should be {film.length}")
    flash = flash_at(np.array(light), rate)
    if flash is None:
        return [*wrong, "no flash"]
    assert source.audio_stream is not None
    samples = stereo(Sound(out, source.audio_stream).since(0.0, SOUND_RATE), out, source.duration, SOUND_RATE)
    click = click_at(samples, SOUND_RATE)
    if film.sound is None:
        return wrong
    if click is None or abs(click - flash) > film.sync + 0.001:
        wrong.append(f"click at {click} s, flash at {flash:.3f} s")
    return wrong


def _sides(box: dict | list) -> list[float]:
    if isinstance(box, dict):
        return [box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]]
    return [box[0], box[1], box[0] + box[2], box[1] + box[3]]


# --- damage ----------------------------------------------------------------------------------------------------------

MOVING = ["-f", "lavfi", "-i", "testsrc2=s=192x108:r=25:d={0}", "-f", "lavfi", "-i", "sine=f=300:d={0}:r=48000"]
BASES = {
    "mp4": ("-c:v", "libx264", "-bf", "2", "-g", "25", "-c:a", "aac"), "fast.mp4": ("-c:v", "libx264", "-g", "25", "-c:a", "aac", "-movflags", "+faststart"),
    "mkv": ("-c:v", "libx264", "-g", "25", "-c:a", "aac"), "mov": ("-c:v", "mjpeg", "-q:v", "3", "-c:a", "pcm_s16le"),
    "ts": ("-c:v", "libx264", "-bf", "2", "-g", "25", "-c:a", "mp2"), "mpg": ("-c:v", "mpeg2video", "-q:v", "3", "-g", "12", "-c:a", "mp2"),
    "avi": ("-c:v", "mpeg4", "-q:v", "3", "-c:a", "libmp3lame"), "webm": ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-b:v", "1M", "-c:a", "libopus"),
    "hevc.mp4": ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=0", "-c:a", "aac"),
}  # fmt: skip


def _base(name: str, folder: Path, seconds: float = 4.0) -> Path:
    """A moving picture with a tone, as one of BASES."""
    file = folder / f"whole.{name}"
    inputs = [word.format(seconds) for word in MOVING]
    subprocess.run([FF, "-v", "error", "-y", *inputs, *BASES[name], str(file)], check=True, capture_output=True)
    return file


def damage(flips: int) -> "Cases":
    for name in BASES:
        for share in range(5, 100, 5):
            yield "truncated", f"{name} cut at {share} %", _truncated(name, share)
    for name in ("mp4", "mkv", "ts", "mpg", "mov"):
        for what in ("v", "a"):
            yield (
                "packets destroyed",
                f"{name}, {'picture' if what == 'v' else 'sound'} of 1.5 to 3 s",
                _holed(name, what),
            )
    for number in range(flips):
        yield "bytes flipped", f"seed {number}", _flipped(number)
    yield "damage", "moov is missing", _edited("mp4", lambda raw: raw.replace(b"moov", b"free"))
    yield "damage", "clock restarts", _joined
    for wide, high in ((100_000, 100_000), (65_535, 65_535), (16, 65_000)):
        yield "lying headers", f"{wide}x{high}", _edited("avi", lambda raw, w=wide, h=high: _sized(raw, w, h))
    yield "lying headers", "10^9 frames", _edited("avi", lambda raw: raw[:48] + struct.pack("<I", 10**9) + raw[52:])
    yield "lying headers", "a million seconds", _edited("mp4", lambda raw: _long(raw))


def _sized(raw: bytes, wide: int, high: int) -> bytes:
    """An AVI whose header and stream claim a size (OpenDML AVI, BITMAPINFOHEADER)."""
    claimed = raw[:64] + struct.pack("<II", wide, high) + raw[72:]
    place = claimed.index(b"strf") + 12
    return claimed[:place] + struct.pack("<ii", wide, high) + claimed[place + 8 :]


def _long(raw: bytes) -> bytes:
    """An MP4 whose every time-to-sample entry takes much longer (ISO/IEC 14496-12, 8.6.1.2)."""
    place = raw.index(b"stts") + 8
    (entries,) = struct.unpack(">I", raw[place : place + 4])
    new = b"".join(
        raw[at : at + 4] + struct.pack(">I", 512_000_000) for at in range(place + 4, place + 4 + 8 * entries, 8)
    )
    return raw[: place + 4] + new + raw[place + 4 + 8 * entries :]


def _truncated(name: str, share: int) -> "Judge":
    def judge(folder: Path) -> list[str]:
        whole = _base(name, folder)
        raw = whole.read_bytes()
        file = folder / f"cut.{name}"
        file.write_bytes(raw[: len(raw) * share // 100])
        whole.unlink()
        end = render(file.name, folder, "--delivery", small(folder))
        if end.wrong() or end.code:
            return end.wrong()
        wrong = _still(folder, end)
        seconds = end.report["seconds"]
        if seconds < 4 - 0.3 and not end.losses and name not in ("ts", "mpg"):  # these do not tell how long they were
            wrong.append(f"{seconds:.2f} of 4 s without a note")
        return wrong

    return judge


def _holed(name: str, what: str) -> "Judge":
    """The packets of one stream from 1.5 to 3 s are zeros."""

    def judge(folder: Path) -> list[str]:
        import av

        whole = _base(name, folder, 6.0)
        raw = bytearray(whole.read_bytes())
        with av.open(str(whole)) as container:
            packets = (
                [p for p in container.demux(video=0) if p.pts is not None]
                if what == "v"
                else [p for p in container.demux(audio=0) if p.pts is not None]
            )
            start = (container.start_time or 0) / av.time_base
            for packet in packets:
                if (
                    1.5 <= float(packet.pts * packet.time_base) - start < 3.0
                    and packet.pos is not None
                    and packet.pos >= 0
                ):
                    length = packet.size if name in ("mp4", "mov", "mkv") else max(0, packet.size - 200)
                    offset = 0 if name in ("mp4", "mov") else 100
                    raw[packet.pos + offset : packet.pos + length] = bytes(max(0, length - offset))
        file = folder / f"hole.{name}"
        file.write_bytes(raw)
        whole.unlink()
        end = render(file.name, folder, "--delivery", small(folder))
        told = end.losses if what == "v" else end.lost_sound
        return end.wrong() or ([] if end.code or told else ["delivered without a note of the hole"])

    return judge


def _flipped(number: int) -> "Judge":
    def judge(folder: Path) -> list[str]:
        chance = random.Random(number)
        name = chance.choice(list(BASES))
        whole = _base(name, folder, 2.0)
        raw = bytearray(whole.read_bytes())
        area = range(len(raw)) if chance.random() < 0.7 else range(min(len(raw), 2000))
        for _ in range(chance.choice((1, 3, 10, 40))):
            raw[chance.choice(area)] ^= 1 << chance.randrange(8)
        file = folder / f"flip.{name}"
        file.write_bytes(raw)
        whole.unlink()
        end = render(file.name, folder, "--delivery", small(folder))
        return end.wrong() or ([] if end.code else _still(folder, end))

    return judge


def _edited(name: str, edit: Callable[[bytes], bytes]) -> "Judge":
    def judge(folder: Path) -> list[str]:
        whole = _base(name, folder, 2.0)
        whole.write_bytes(edit(whole.read_bytes()))
        end = render(whole.name, folder, "--delivery", small(folder))
        return end.wrong() or ([] if end.code else _still(folder, end))

    return judge


def _joined(folder: Path) -> list[str]:
    whole = _base("ts", folder)
    whole.write_bytes(whole.read_bytes() * 2)
    end = render(whole.name, folder, "--delivery", small(folder))
    if end.wrong() or end.code:
        return end.wrong()
    return [] if end.report["seconds"] > 7.5 or end.losses else [f"{end.report['seconds']:.2f} of 8 s without a note"]


def _still(folder: Path, end: End) -> list[str]:
    """Whether the delivered film, whose footage always moves, stands still for long without a note."""
    out = folder / "o.mp4"
    source = probe(out)
    lights = [
        frame[: source.height : 2, ::2].astype(np.int16)
        for frame in stream.frames(source, 0, round(source.duration * float(source.rate)), source.rate)
    ]
    moves = [np.abs(a - b).mean() > 0.2 for a, b in pairwise(lights)]
    longest = run = 0
    for moved in moves:
        run = 0 if moved else run + 1
        longest = max(longest, run)
    still = longest / float(source.rate)
    return [f"still for {still:.2f} s without a note"] if still > FROZEN and not end.losses else []


# --- hostile ---------------------------------------------------------------------------------------------------------


def hostile() -> "Cases":
    requests: list[str] = []
    port = _listener(requests)
    url, secret = f"http://127.0.0.1:{port}/x.mp4", "/etc/hostname"
    lists = {
        "m3u8": f"#EXTM3U\n#EXTINF:1,\n{url}\n#EXT-X-ENDLIST\n", "local.m3u8": f"#EXTM3U\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n",
        "ffconcat": f"ffconcat version 1.0\nfile '{url}'\n", "concat.txt": f"ffconcat version 1.0\nfile {secret}\n",
        "mpd": f'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><BaseURL>{url}</BaseURL></MPD>',
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
        "asx": f'<asx><entry><ref href="{url}"/></entry></asx>', "pls": f"[playlist]\nFile1={url}\n",
        "rtsp.ram": f"rtsp://127.0.0.1:{port}/x\n", "imf.xml": f"<AssetMap xmlns='http://www.smpte-ra.org/schemas/429-9/2007/AM'>{url}</AssetMap>",
    }  # fmt: skip
    for name, text in lists.items():
        for suffix in (f"list.{name}", f"list.{name}.mp4"):
            yield "lists of other files", suffix, _refused(suffix, text, requests)
    for word in (
        url,
        f"concat:{secret}",
        f"subfile,,start,0,end,0,,:{secret}",
        "pipe:0",
        f"tcp://127.0.0.1:{port}",
        f"async:{url}",
        f"data:text/plain,{secret}",
        "lavfi:testsrc",
        f"crypto:{secret}",
        f"cache:{url}",
        "fd:0",
        "-i",
    ):
        yield "protocols as a name", word.replace(str(port), "PORT"), _named(word, requests)
    for word in ("/dev/zero", "/dev/random", "/dev/null", "/dev/tty", "/proc/self/mem", "/", ".", ""):
        yield "devices and folders", repr(word), _named(word, requests)
        for flag in ("--captions", "--audio", "--plan", "--preset", "--delivery", "--music"):
            yield "devices and folders", f"{flag} {word!r}", _beside(flag, word)
    for label, raw in (
        ("text", b"hello\n" * 50),
        ("a picture", b"\x89PNG\r\n\x1a\n" + bytes(200)),
        ("zeros", bytes(100_000)),
        ("noise", random.Random(1).randbytes(100_000)),
        ("zip", b"PK\x03\x04" + bytes(5000)),
        ("empty", b""),
    ):
        yield "no footage", label, _raw(raw)


def _listener(requests: list[str]) -> int:
    """A local port; whoever comes is written down and sent away."""
    server = socket.create_server(("127.0.0.1", 0))

    def listen() -> None:
        while True:
            caller, _ = server.accept()
            requests.append(str(caller.getpeername()))
            caller.close()

    threading.Thread(target=listen, daemon=True).start()
    return int(server.getsockname()[1])


def _not_asked(end: End, requests: list[str]) -> list[str]:
    wrong = end.wrong() + (["delivered"] if end.code == 0 else [])
    return wrong + ([f"{len(requests)} requests reached the server"] if requests else [])


def _refused(name: str, text: str, requests: list[str]) -> "Judge":
    def judge(folder: Path) -> list[str]:
        (folder / name).write_text(text, "utf-8")
        return _not_asked(render(name, folder), requests)

    return judge


def _named(word: str, requests: list[str]) -> "Judge":
    return lambda folder: _not_asked(render(word, folder), requests)


def _raw(raw: bytes) -> "Judge":
    def judge(folder: Path) -> list[str]:
        (folder / "x.mp4").write_bytes(raw)
        return _not_asked(render("x.mp4", folder), [])

    return judge


def _beside(flag: str, word: str) -> "Judge":
    def judge(folder: Path) -> list[str]:
        file = _base("mp4", folder, 1.0)
        words = ["render", "-o", "o.mp4", "--quiet", flag, word] + ([] if flag == "--plan" else [file.name])
        return _not_asked(episode(words, folder), [])

    return judge


# --- the same frames -------------------------------------------------------------------------------------------------


def same() -> "Cases":
    for name in ("mp4", "ts", "hevc.mp4"):
        yield "same input, same frames", f"{name} on 1, 2 and 1 threads", _twice(name)


def _twice(name: str) -> "Judge":
    def judge(folder: Path) -> list[str]:
        file = _base(name, folder)
        made = []
        for threads in (1, 2, 1):
            end = render(file.name, folder, "--no-cache", threads=threads)
            if end.code:
                return end.wrong() or [f"refused: {end.said}"]
            sums = subprocess.run(
                [FF, "-v", "error", "-i", str(folder / "o.mp4"), "-f", "streamhash", "-hash", "md5", "-"],
                capture_output=True,
                check=True,
            )
            plan = (folder / "o.plan.json").read_text("utf-8")
            made.append((sums.stdout, plan))
        return [f"{len(set(made))} different results"] if len(set(made)) > 1 else []

    return judge


# --- counting --------------------------------------------------------------------------------------------------------

Judge = Callable[[Path], list[str]]
Cases = Iterator[tuple[str, str, Judge]]  # kind, name, what is wrong


def count(cases: Cases, workers: int) -> int:
    """Tries every case, prints what is wrong and a table of kinds; gives how many are wrong."""
    tried: Counter[str] = Counter()
    failed: Counter[str] = Counter()

    def try_one(case: tuple[str, str, Judge]) -> tuple[str, str, list[str]]:
        kind, name, judge = case
        with tempfile.TemporaryDirectory(prefix="reliability-", ignore_cleanup_errors=True) as folder:
            return kind, name, judge(Path(folder))

    with ThreadPoolExecutor(workers) as pool:
        for kind, name, wrong in pool.map(try_one, list(cases)):
            tried[kind] += 1
            if wrong:
                failed[kind] += 1
                print(f"WRONG  {kind}: {name}: {'; '.join(wrong)}", flush=True)
    print("\n| kind | tried | right or a clear sentence | wrong |\n|---|---|---|---|")
    for kind, number in tried.items():
        print(f"| {kind} | {number} | {number - failed[kind]} | {failed[kind]} |")
    return failed.total()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["formats", "damage", "hostile", "same"])
    parser.add_argument("--flips", type=int, default=300)
    parser.add_argument("--only", default="", help="cases whose name has this in it")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    cases = {"formats": formats, "damage": lambda: damage(asked.flips), "hostile": hostile, "same": same}[asked.what]()
    multiprocessing.get_context("forkserver").set_forkserver_preload(
        ["cli", "commands.render", "pipeline.episode", "scipy.signal", "cv2", "av"]
    )
    wanted = (case for case in cases if asked.only in f"{case[0]}: {case[1]}")
    sys.exit(1 if count(wanted, asked.workers) else 0)


if __name__ == "__main__":
    main()
