"""An episode made in segments and joined is the episode made at once: frames, clock, sound, bit rate, checks."""

import errno
import os
import signal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from zlib import crc32

import av
import cv2
import ffmpeg
import numpy as np
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from basis.boxes import Box
from basis.errors import Interrupted, MachineFailed, WrongUse
from basis.tools import Tools, silent
from pipeline import encode, episode, picture, verify
from pipeline.brief import make_brief
from pipeline.footage import ffmpeg_tool, source
from pipeline.plan import Knot, Pane, Plan, Shot, Take
from pipeline.rendering import open_plan
from presets import delivery
from presets.graphics import TitleCard
from tests.footage import Face, Scene, make
from tests.sounds import write

SPEC = delivery.load("vk-clips")
FAST = Tools(speed="ultrafast")
SMALL = encode.Target(SPEC, 180, 320, Fraction(25))


def uncounted(frames):
    """Progress of an encoder that nobody watches."""


def plan_of(*footage, **wanted):
    brief = make_brief({"footage": [*footage], "preset": "plain"} | wanted, "test")
    return episode.plan(brief)[0]


def ranges_of(plan, edges):
    return [*pairwise([0, *edges, plan.frame_count])]


def joined(plan, ranges, folder):
    """The episode's files, made in segments."""
    parts = [folder / f"segment '{number}.mp4" for number in range(len(ranges))]
    for part, (first, last) in zip(parts, ranges, strict=True):
        episode.render_segment(plan, first, last, part, FAST)
    files = episode.Files(folder / "joined" / "episode.mp4")
    return files, episode.join(plan, files, parts, FAST)


def packets(file, kind="video"):
    """(pts, dts, duration, key) of each packet in the file's order, and the time base."""
    with av.open(str(file)) as container:
        stream = getattr(container.streams, kind)[0]
        found = [(p.pts, p.dts, p.duration, p.is_keyframe) for p in container.demux(stream) if p.pts is not None]
        return found, stream.time_base, stream.start_time, stream.duration


def luma(file, numbers=range(10**6)):
    with av.open(str(file)) as container:
        return {n: f.to_ndarray(format="gray") for n, f in enumerate(container.decode(video=0)) if n in numbers}


def sound(file):
    with av.open(str(file)) as container:
        return np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])


FLASH = 34  # two frames after a joint
LOOK = """\
[title_card]
seconds = 0.8
[end_card]
seconds = 1
[sound]
cleaning = "off"
"""


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    """Two shots, 2.6 s, a cut at frame 25, a flash and a click at frame 34."""
    scenes = [Scene(1.0, [Face(lambda t: 0.3 + 0.1 * t)], seed=1), Scene(1.6, [Face(0.7, height=0.3)], seed=2)]
    file = tmp_path_factory.mktemp("talk") / "talk.mp4"
    return make(file, scenes, size=(320, 180), flash=FLASH / 25, sound="clicks").file


@pytest.fixture(scope="module")
def whole(talk, small, tmp_path_factory):
    """An episode with everything in it, as short as that goes: its plan, files and report."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "words.srt").write_text("1\n00:00:00,900 --> 00:00:02,400\nЦех работает.\n", "utf-8")
    (folder / "look.toml").write_text(LOOK)
    plan = plan_of(
        {"file": talk}, number=3, title="Династия", captions=folder / "words.srt", preset=str(folder / "look.toml"),
        link="https://vk.com/app1", people=[{"name": "Анна", "role": "Сталевар"}], delivery=str(small),
    )  # fmt: skip
    files = episode.Files(folder / "out" / "episode.mp4")
    report = episode.render(plan, files, FAST)
    return episode.read_plan(files.plan), files, report


@pytest.fixture(scope="module")
def in_three(whole, tmp_path_factory):
    """The episode made in three segments, one joint being in the end card."""
    plan = whole[0]
    ranges = ranges_of(plan, [FLASH - 2, plan.footage_frames + 10])
    return plan, ranges, *joined(plan, ranges, tmp_path_factory.mktemp("in_three"))


@pytest.mark.slow
def test_a_joined_episode_has_the_same_checks_and_files(whole, in_three, small):
    _, files, report = whole
    _, _, made, joined_report = in_three
    assert [(c.name, c.ok, c.limit) for c in joined_report.checks] == [(c.name, c.ok, c.limit) for c in report.checks]
    by_spec = [check for check in joined_report.checks if check.source != "the plan and the footage"]
    assert verify.verify(made.video, delivery.load(str(small))) == by_spec
    assert {f.suffixes[-1] for f in made.video.parent.iterdir()} == {
        f.suffixes[-1] for f in files.video.parent.iterdir()
    }
    assert made.srt.read_bytes() == files.srt.read_bytes() and made.plan.read_bytes() == files.plan.read_bytes()
    assert joined_report.sound == report.sound and joined_report.frames == report.frames
    a, b = (cv2.imread(str(f.sheet)).astype(int) for f in (made, files))
    assert a.shape == b.shape and np.abs(a - b).mean() < 0.5


@pytest.mark.slow
def test_the_clock_of_a_joined_episode_is_that_of_the_whole_one(whole, in_three):
    _, files, _ = whole
    _, ranges, made, report = in_three
    at_once, base, start, length = packets(files.video)
    found, *clock = packets(made.video)
    assert clock == [base, start, length] and start == 0
    step = Fraction(1, 25) / base
    assert sorted(p[0] for p in found) == [n * step for n in range(report.frames)]
    assert [p[1] for p in found] == [p[1] for p in at_once]
    assert all(p[2] == step and p[1] <= p[0] for p in found)
    keys = {p[0] / step for p in found if p[3]}
    assert {first for first, _ in ranges} <= keys
    assert packets(made.video, "audio") == packets(files.video, "audio")
    assert np.array_equal(sound(made.video), sound(files.video))


@pytest.mark.slow
def test_a_joined_episode_looks_like_the_whole_one_at_the_joints_too(whole, in_three):
    _, ranges, made, report = in_three
    numbers = {n for first, _ in ranges for n in range(first - 3, first + 4)} | {*range(0, report.frames, 20)}
    expected, found = luma(whole[1].video, numbers), luma(made.video, numbers)
    assert found.keys() == expected.keys()
    assert min(cv2.PSNR(found[n], expected[n]) for n in expected) > 38


def raw(plan, **span):
    """A sum of each frame's bytes, and the numbers that were watched."""
    job = open_plan(plan, FAST)
    seen = []
    frames = [crc32(f) for f in picture.render(plan, job.sources, job.overlay, lambda n, *_: seen.append(n), **span)]
    return frames, seen


def assert_the_same(plan, *ranges):
    whole, seen = raw(plan)
    assert seen == [*range(plan.frame_count)]
    for first, last in ranges:
        frames, seen = raw(plan, first=first, last=last)
        assert seen == [*range(first, last)]
        assert [n for n, frame in zip(seen, frames, strict=True) if frame != whole[n]] == []


@pytest.mark.slow
def test_ranges_of_frames_are_those_of_the_whole_with_graphics_and_over_the_end_card(whole):
    plan = whole[0]
    tail, end = plan.footage_frames, plan.frame_count
    assert_the_same(plan, (33, 38), (tail - 2, tail + 2), (end - 5, end))


FOOTAGE = {  # file, rate, filter, rate of the episode
    "repeats frames and has holes": ("a.mp4", "25/2", "select=not(between(n\\,24\\,27)+between(n\\,38\\,39))", "25"),
    "is twice as fast": ("a.mp4", "120", "null", "60"),
    "has its frames as clock": ("a.avi", "25", "null", "25"),
}
STARTS = [0.611, 0.5]  # half a second is half a frame off the clock of 25


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("kind", FOOTAGE)
def test_ranges_of_frames_are_those_of_the_whole_where_footage(tmp_path, kind, start):
    name, rate, chosen, delivered = FOOTAGE[kind]
    drawn = ffmpeg.input(f"testsrc2=size=96x54:rate={rate}:duration=4,{chosen}", f="lavfi")
    codec = "mpeg4" if name.endswith("avi") else "libx264"
    ffmpeg_tool.run(drawn.output(str(tmp_path / name), fps_mode="passthrough", **{"c:v": codec, "g": 12}))
    pane = Pane(
        width=30, height=54, path=[Knot(t=0, x=0, y=0), Knot(t=4, x=66, y=0)], onto=Box(x=0, y=0, width=90, height=160)
    )
    shot = Shot(start=start, end=3.9, layout="pan", reason="", picture=Box(x=0, y=0, width=96, height=54), panes=[pane])
    take = Take(file=tmp_path / name, fingerprint="", start=start, end=3.9, audio_stream=None, shots=[shot])
    plan = Plan(made_by="", preset="plain", delivery="vk-clips", rate=delivered, width=90, height=160, takes=[take])
    assert str(source.probe(take.file).rate) == delivered
    count = plan.frame_count
    assert len({*raw(plan)[0]}) > count / 3
    assert_the_same(plan, (count // 2, count - 20), (count - 20, count))


@pytest.mark.slow
def test_ranges_of_frames_are_those_of_the_whole_with_several_takes(talk):
    plan = plan_of({"file": talk, "from": 0.5, "to": 1.1}, {"file": talk, "from": 2.0}, {"file": talk, "to": 0.4})
    assert len(plan.takes) == 3
    assert_the_same(plan, (10, 20), (20, 32))


@pytest.mark.slow
def test_sound_and_picture_are_together_across_joints_and_at_the_end(in_three):
    _, _, files, report = in_three
    light = {number: frame.mean() for number, frame in luma(files.video, range(10, 60)).items()}
    heard = np.abs(sound(files.video))
    assert max(light, key=light.get) == FLASH
    assert np.flatnonzero(heard > heard.max() / 2)[0] / 48000 == pytest.approx(FLASH / 25, abs=0.010)
    assert {c.name: c.ok for c in report.checks}["end"]


def noise(count, seed, calm=0):
    """Frames of noise, after some that are gray."""
    rng = np.random.default_rng(seed)
    for _ in range(calm):
        yield np.full((480, 180), 128, np.uint8)
    for _ in range(count):
        yield rng.integers(16, 235, (480, 180), np.uint8)


@pytest.mark.parametrize("rate", [Fraction(25), Fraction(30000, 1001)])
@pytest.mark.slow
def test_no_second_over_a_joint_is_above_the_peak_even_of_noise(tmp_path, rate):
    spec = SPEC.model_copy(update={"peak_bitrate": 1_500_000, "width": 180, "height": 320})
    target = encode.Target(spec, 180, 320, rate)
    spans = [(50, 10), (0, 31), (40, 8), (0, 30)]  # a buffer saved up by calm is spent just before each second joint
    lengths = [calm + wild for calm, wild in spans]
    parts = [tmp_path / f"{number}.mp4" for number in range(len(lengths))]
    for number, (part, (calm, wild)) in enumerate(zip(parts, spans, strict=True)):
        encode.encode_segment(noise(wild, number, calm), part, target, uncounted)
    heard = write(tmp_path / "sound.wav", np.zeros(round(sum(lengths) / rate * 48000)))
    out = tmp_path / "out.mp4"
    encode.join(parts, heard, out, target)
    checks = {c.name: c for c in verify.verify(out, spec)}
    peak = float(checks["peak bit rate"].measured.split()[0])
    assert 0.9 < peak <= 1.5
    assert checks["constant rate"].ok and checks["key frame distance"].ok and checks["closed groups"].ok
    found, base, start, length = packets(out)
    step = 1 / rate / base
    assert [p[0] for p in sorted(found)] == [n * step for n in range(sum(lengths))]
    assert start == 0 and length == sum(lengths) * step


def test_a_film_that_hardly_moves_is_filled_up_to_the_least_size_that_is_taken(tmp_path):
    still, heard = [np.full((480, 180), 128, np.uint8)] * 25, write(tmp_path / "sound.wav", np.zeros(48000))
    outs = [tmp_path / "whole.mp4", tmp_path / "joined.mp4"]
    encode.encode(iter(still), heard, outs[0], SMALL, uncounted, FAST)
    encode.encode_segment(still, tmp_path / "part.mp4", SMALL, uncounted, FAST)
    encode.join([tmp_path / "part.mp4"], heard, outs[1], SMALL)
    assert (tmp_path / "part.mp4").stat().st_size < SPEC.smallest_bytes / 2
    for out in outs:
        checks = {c.name: c for c in verify.verify(out, SPEC)}
        assert checks["file size"].measured == f"{SPEC.smallest_bytes} bytes"
        assert all(checks[name].ok for name in ("file size", "container", "moov", "streams", "constant rate"))
        assert len(luma(out)) == 25 and len(sound(out)) >= 48000
        assert not ffmpeg_tool.run(ffmpeg.input(str(out)).output("-", f="null")).stderr


@pytest.mark.parametrize("rate", [Fraction(60000, 1001), Fraction(24000, 1001)])
@pytest.mark.slow
def test_time_stamps_do_not_drift_through_many_segments(tmp_path, rate):
    target = encode.Target(SPEC, 180, 320, rate)
    pair = [tmp_path / "a.mp4", tmp_path / "b.mp4"]
    lengths = [31, 34]  # both of a third of a microsecond more than is said
    for part, length in zip(pair, lengths, strict=True):
        encode.encode_segment(noise(length, length), part, target, uncounted, FAST)
    heard = write(tmp_path / "sound.wav", np.zeros(round(sum(lengths) * 30 / rate * 48000)))
    out = tmp_path / "out.mp4"
    encode.join(pair * 30, heard, out, target)
    found, base, start, length = packets(out)
    assert base == Fraction(1, rate.numerator) and start == 0 and length == sum(lengths) * 30 * 1001
    assert sorted(p[0] for p in found) == [n * 1001 for n in range(sum(lengths) * 30)]
    assert np.diff([p[1] for p in found]).tolist() == [1001] * (len(found) - 1)


def bare(seconds, rate="25"):
    pane = Pane(width=18, height=32, path=[Knot(t=0, x=0, y=0)], onto=Box(x=0, y=0, width=18, height=32))
    shot = Shot(start=0, end=seconds, layout="hold", reason="", picture=pane.onto, panes=[pane])
    take = Take(file="a.mp4", fingerprint="", start=0, end=seconds, audio_stream=None, shots=[shot])
    return Plan(made_by="", preset="plain", delivery="vk-clips", rate=rate, width=18, height=32, takes=[take])


@given(st.floats(0.1, 900), st.floats(2, 300), st.sampled_from(["24000/1001", "25", "30000/1001", "30", "50", "60"]))
def test_segments_cover_an_episode_in_parts_of_about_the_length(length, seconds, rate):
    plan = bare(length, rate)
    found = episode.segments(plan, seconds)
    assert [n for first, last in found for n in (first, last)][1:-1] == [
        n for _, last in found[:-1] for n in (last, last)
    ]
    assert found[0][0] == 0 and found[-1][1] == plan.frame_count
    lengths = [(last - first) / float(plan.clock.rate) for first, last in found]
    assert len(found) == 1 if plan.duration <= 1.5 * seconds else len(found) > 1
    if len(found) > 1:
        assert min(lengths) >= 0.49 * seconds and min(lengths) >= encode.LEAST_SEGMENT
    assert max(lengths) <= 1.8 * seconds
    if seconds >= 4 * SPEC.longest_gop:
        assert all(first % encode.longest_group(SPEC, plan.clock.rate) == 0 for first, _ in found)


@pytest.mark.parametrize("seconds", [-1, 0, 0.5, 1.9])
def test_segments_of_less_than_two_seconds_are_refused(seconds):
    with pytest.raises(WrongUse, match="2 s or longer"):
        episode.segments(bare(60), seconds)
    assert episode.segments(bare(1.5), 1.9) == [(0, 38)]


@pytest.mark.slow
def test_segments_that_are_missing_broken_or_too_few_are_the_machines_fault(tmp_path, talk):
    whole, broken, missing = (tmp_path / f"{name}.mp4" for name in ("whole", "broken", "missing"))
    encode.encode_segment(noise(5, 0), whole, SMALL, uncounted, FAST)
    broken.write_bytes(whole.read_bytes()[:3000])
    plan = plan_of({"file": talk})
    for parts in ([whole, missing], [whole, broken], [whole, whole]):
        with pytest.raises(MachineFailed, match=r"render (it|them) again"):
            episode.join(plan, episode.Files(tmp_path / "out" / "episode.mp4"), parts, silent)
    assert {*tmp_path.iterdir()} == {whole, broken}


@pytest.mark.slow
def test_what_cannot_be_decoded_for_a_segment_is_told_of_the_joined_episode(talk, tmp_path):
    """Looking decodes less than rendering: here the plan knows nothing of it. The damage lies across a joint."""
    data = bytearray(talk.read_bytes())
    with av.open(str(talk)) as container:
        for packet in container.demux(video=0):
            if packet.size and 1.3 <= packet.pts * packet.time_base < 1.9:
                data[packet.pos : packet.pos + packet.size] = bytes(packet.size)
    (file := tmp_path / "holed.mp4").write_bytes(data)
    plan = plan_of({"file": file})
    assert [note.code for note in plan.warnings].count("damaged-footage") == 1
    plan = plan.model_copy(update={"warnings": []})
    _, report = joined(plan, ranges_of(plan, [40]), tmp_path)
    (note,) = [note for note in report.warnings if note.code == "damaged-footage"]
    assert "stands still from 1.3" in note.text and " to 1.9" in note.text and note.at == pytest.approx(1.3, abs=0.09)
    (tmp_path / "segment '1.lost.json").unlink()
    with pytest.raises(MachineFailed, match="render them again"):
        episode.join(plan, episode.Files(tmp_path / "again.mp4"), [*sorted(tmp_path.glob("segment*.mp4"))], FAST)


@pytest.mark.slow
def test_a_cover_is_the_title_card_or_else_the_first_shot(in_three, tmp_path):
    plan, _, files, _ = in_three
    card = next(g for g in plan.graphics if isinstance(g, TitleCard))
    without = plan.model_copy(update={"graphics": []})
    for given_, second in ((plan, (card.start + card.end) / 2), (without, plan.takes[0].shots[0].moment)):
        file = tmp_path / "covers" / "cover.jpg"
        episode.cover(given_, files, file)
        seen = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        assert seen.shape == (480, 270)
        number = int(second * 25 + 0.5)
        near = luma(files.video, {number, number + 30})
        assert (
            np.abs(near[number] - seen.astype(float)).mean() < 2 < np.abs(near[number + 30] - seen.astype(float)).mean()
        )
        assert [*file.parent.iterdir()] == [file]


def test_an_ffmpeg_that_is_killed_is_the_machines_fault(tmp_path):
    def frames():
        yield from noise(3, 0)
        (child,) = (one for one in psutil.Process().children() if "ffmpeg" in one.name())
        child.send_signal(signal.SIGKILL)
        yield from noise(3, 1)

    with pytest.raises(MachineFailed, match=r"stopped by the system \(signal 9\)"):
        encode.encode_segment(frames(), tmp_path / "a.mp4", SMALL, uncounted, FAST)


def test_frames_are_let_go_where_encoding_is_interrupted(tmp_path):
    gone, before = [], set(psutil.Process().children())  # what other tests started may live on

    def frames():
        try:
            yield from noise(3, 0)
        finally:
            gone.append(True)

    def interrupt(count):
        raise Interrupted

    with pytest.raises(Interrupted) as kept:
        encode.encode_segment(frames(), tmp_path / "a.mp4", SMALL, interrupt, FAST)
    assert gone and kept.traceback and set(psutil.Process().children()) <= before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is full")
def test_ffmpeg_on_a_full_disk_is_the_machines_fault(tmp_path):
    out = tmp_path / "a.mp4"
    out.symlink_to("/dev/full")
    with pytest.raises(MachineFailed, match="full; free some space"):
        encode.encode_segment(noise(60, 0), out, SMALL, uncounted, FAST)


@pytest.mark.parametrize(
    ("number", "error"),
    [(errno.ENOSPC, MachineFailed), (errno.EDQUOT, MachineFailed), (errno.EIO, MachineFailed), (errno.ESTALE, MachineFailed),
     (errno.EACCES, WrongUse), (errno.EROFS, WrongUse)],
)  # fmt: skip
def test_what_a_disk_refuses_is_told_apart(tmp_path, number, error):
    with pytest.raises(error), episode.writable(tmp_path):
        raise OSError(number, os.strerror(number))


def test_speed_is_given_to_the_encoder_and_threads_are_not():
    usual = encode.output_options(SPEC, Fraction(25), Tools())
    assert usual["preset"] == "medium"
    asked = encode.output_options(SPEC, Fraction(25), Tools(threads=3, speed="veryfast"))
    assert asked == usual | {"preset": "veryfast"}
