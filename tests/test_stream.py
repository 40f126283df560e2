"""Every picture is shown at its own second, whatever the container, a seek, the file's parts or damage make of it."""

import os
import signal
from fractions import Fraction

import av
import ffmpeg
import numpy as np
import psutil
import pytest

from basis.errors import MachineFailed, Unusable
from pipeline import analysis
from pipeline.analysis.analysers.cuts import exact
from pipeline.footage import ffmpeg_tool, stream
from pipeline.footage.scaling import picture
from pipeline.footage.source import Loss, probe
from pipeline.listening.speech import Speech
from tests.footage import Scene, make

CUT = 1.48  # seconds: a frame that no other frame needs stands before it


@pytest.fixture(scope="module")
def two_scenes(tmp_path_factory):
    """3 s of 25 frames a second with a cut at CUT and one key frame, at the beginning."""
    scenes = [Scene(CUT, seed=1), Scene(3 - CUT, seed=2, ground="coffee")]
    file = tmp_path_factory.mktemp("damage") / "whole.mp4"
    options = {"preset": "veryfast", "bf": 3, "g": 250, "sc_threshold": 0, "x264-params": "b-adapt=0:b-pyramid=none"}
    return make(file, scenes, size=(320, 180), sound=None, **options).file


def packets(file):
    with av.open(str(file)) as container:
        return [p for p in container.demux(video=0) if p.size]


def damaged(file, to, chosen, first=0, count=4):
    """A copy of a file in which some bytes of the chosen packets are wrong."""
    raw = bytearray(file.read_bytes())
    for packet in chosen:
        raw[packet.pos + first : packet.pos + first + count] = b"\xff" * count
    to.write_bytes(raw)
    return to


def seconds_of(file, thin=False):
    pictures = stream.Pictures(probe(file), 0, 9, thin=thin)
    return [t for t, _ in pictures], pictures.losses


@pytest.mark.parametrize("thin", [False, True])
def test_what_lies_behind_a_damaged_packet_is_decoded(two_scenes, tmp_path, thin):
    every, none = seconds_of(two_scenes, thin)
    needed = [p for p in packets(two_scenes) if not p.is_disposable] or packets(two_scenes)
    found, told = seconds_of(damaged(two_scenes, tmp_path / "bad.mp4", [needed[len(needed) // 3]]), thin)
    assert not none and len(told) == 1 and 0 <= told[0].start < 1.5
    assert len(every) - 8 <= len(found) < len(every) and found[-1] == every[-1]


def test_a_file_that_ends_in_rubbish_is_given_up(two_scenes, tmp_path):
    bad = damaged(two_scenes, tmp_path / "bad.mp4", packets(two_scenes)[10:])
    found, told = seconds_of(bad)
    assert 4 <= len(found) <= 12 and told


@pytest.mark.slow
def test_an_editor_is_told_where_the_picture_is_damaged(two_scenes, tmp_path):
    source = probe(damaged(two_scenes, tmp_path / "bad.mp4", [packets(two_scenes)[20]]))
    silence = Speech((), np.zeros(0), np.zeros(0))
    found = analysis.analyse(source, analysis.look(source, 0, 3, ""), silence)
    (note,) = analysis.notes(source.file, found, 10.0, [])
    assert note.code == "damaged-footage" and note.level == "warning" and "The picture of bad.mp4" in note.text
    assert note.at == pytest.approx(10 + found.losses[0].start, abs=1e-3)
    assert len(found.shots) == 2
    clean = probe(two_scenes)
    assert not analysis.notes(clean.file, analysis.analyse(clean, analysis.look(clean, 0, 3, ""), silence), 0.0, [])


@pytest.mark.parametrize("container", ["mp4", "ts", "mkv"])
def test_a_cut_lies_on_its_frame_in_any_container(two_scenes, tmp_path, container):
    """MPEG-TS has no index: sought in, it stands behind the place as often as before it."""
    file = tmp_path / f"cut.{container}"
    ffmpeg_tool.run(ffmpeg.input(str(two_scenes))["v"].output(str(file), vcodec="copy"))
    source = probe(file)
    assert exact(source, CUT - 0.12, CUT + 0.08) == pytest.approx(CUT, abs=1e-3)


def test_a_cut_behind_a_frame_with_a_broken_header_is_found(two_scenes, tmp_path):
    every = packets(two_scenes)
    before = [p for p in every if CUT - 0.3 < float(p.pts * p.time_base) < CUT + 0.2]
    source = probe(damaged(two_scenes, tmp_path / "bad.mp4", before, first=4))
    assert CUT - 0.12 < exact(source, CUT - 0.12, CUT + 0.08) <= CUT + 0.08


RATE, STEPS = Fraction(25), 75
CONTAINERS = {"mp4": "libx264", "mkv": "libx264", "ts": "libx264", "m2ts": "libx264", "mpg": "mpeg2video", "flv": "libx264", "h264": "libx264"}  # fmt: skip


def raw(file, frames, pixels="yuv420p", rate=RATE, size=(64, 64), **options):
    """A file of frames as bytes."""
    given = ffmpeg.input("pipe:", format="rawvideo", pix_fmt=pixels, s="{}x{}".format(*size), framerate=str(rate))
    ffmpeg_tool.run(given.output(str(file), **options).overwrite_output(), input=b"".join(frames))
    return file


def counted(number, size=(64, 64)):
    """A gray frame whose left half tells its number in two digits of brightness, the other half nothing."""
    width, height = size
    light = np.full((height * 3 // 2, width), 128, np.uint8)
    light[: height // 2, : width // 2] = 30 + 20 * (number // 10)
    light[height // 2 : height, : width // 2] = 30 + 20 * (number % 10)
    return light


def number_of(frame):
    """The number of a counted frame of any size, looked at in its left quarter."""
    height, width = frame.shape[0] * 2 // 3, frame.shape[1]
    upper, lower = (frame[row, width // 4] for row in (height // 4, height * 3 // 4))
    return 10 * round((int(upper) - 30) / 20) + round((int(lower) - 30) / 20)


@pytest.fixture(scope="module")
def count_up(tmp_path_factory):
    """Makes 3 s of numbered frames in a container, once for each, with two seconds between key frames."""
    folder, done = tmp_path_factory.mktemp("counted"), {}

    def made(ending):
        if ending not in done:
            options = {"vcodec": CONTAINERS[ending], "g": 50, "bf": 2, "crf": 10, "qscale:v": 2, "sc_threshold": 10**9}
            done[ending] = raw(folder / f"a.{ending}", map(bytes, map(counted, range(STEPS))), **options)
        return done[ending]

    return made


def shown(file, start, count, rate=RATE, lost=None):
    return [number_of(frame) for frame in stream.frames(probe(file), start, count, rate, lost=lost)]


@pytest.mark.parametrize("ending", CONTAINERS)
def test_a_range_shows_the_frames_that_stand_there_in_any_container(count_up, ending):
    file = count_up(ending)
    found = probe(file)
    own = [t for t, _ in stream.Pictures(found, 0, 9)]
    for second in (0.0, 0.48, 1.52, 2.2, 2.72):
        first = min(range(STEPS), key=lambda number: abs(own[number] - own[0] - second))
        assert shown(file, own[first], 5) == [*range(first, first + 5)], second
    assert shown(file, own[0], STEPS) == [*range(STEPS)]


@pytest.mark.parametrize(
    ("rate", "frames"), [(50, [0, 0, 1, 1, 2]), (Fraction(25, 2), [0, 2, 4, 6, 8]), (10, [0, 2, 5, 7])]
)
def test_another_clock_shows_the_frame_that_stands_nearest_before_the_middle_of_its_own(count_up, rate, frames):
    wanted = [max(n for n in range(STEPS) if n / 25 <= (k + 0.5) / rate - 1e-9 or not n) for k in range(len(frames))]
    assert shown(count_up("mkv"), 0, len(frames), Fraction(rate)) == wanted


def transport(file, frames, size, begin, **options):
    return raw(
        file, frames, size=size, muxdelay=0, output_ts_offset=begin, **({"vcodec": "libx264", "crf": 10} | options)
    )


@pytest.mark.parametrize(
    ("size", "tags"),
    [((96, 96), {}), ((64, 64), {"vf": "setparams=colorspace=bt470bg"}), ((128, 64), {})],
    ids=["larger", "tags", "shape"],
)
def test_a_file_whose_pictures_change_goes_on_moving(tmp_path, size, tags):
    first = transport(tmp_path / "a.ts", [bytes(counted(n)) for n in range(25)], (64, 64), 1, colorspace="bt709")
    second = transport(
        tmp_path / "b.ts", [bytes(counted(n, size)) for n in range(25, 50)], size, 2, **{"colorspace": "bt709"} | tags
    )
    both = tmp_path / "both.ts"
    both.write_bytes(first.read_bytes() + second.read_bytes())
    found = probe(both)
    frames = [frame.copy() for frame in stream.frames(found, 0, 50, RATE)]
    assert {frame.shape for frame in frames} == {(96, 64)}
    if size == (128, 64):  # not stretched: bars above and below
        assert (frames[-1][:12] == 16).all() and (frames[-1][20:44, 16] > 16).all()
    else:
        numbers = [number_of(frame) for frame in frames]
        assert sum(a != b for a, b in zip(numbers, range(50), strict=True)) <= 2  # one picture may be lost at the seam
        assert shown(both, 1.4, 5) == [*range(35, 40)]


RED, GRAY = (63, 102, 240), (63, 128, 128)  # Y, Cb, Cr


@pytest.mark.parametrize("colour", [RED, GRAY])
def test_each_part_of_a_file_has_the_colours_that_its_own_tags_give(tmp_path, colour):
    plain = np.repeat(np.array(colour, np.uint8), [4096, 1024, 1024]).tobytes()
    both = tmp_path / "both.ts"
    parts = [
        transport(tmp_path / f"{n}.ts", [plain] * 25, (64, 64), n, vf=f"setparams={tags}", color_range=full)
        for n, (tags, full) in enumerate(
            [("colorspace=bt709:range=tv", "tv"), ("colorspace=bt470bg:range=pc", "pc")], 1
        )
    ]
    both.write_bytes(b"".join(part.read_bytes() for part in parts))
    first, *_, last = [frame.copy() for frame in stream.frames(probe(both), 0, 50, RATE)]
    y, cb, cr = colour[0], colour[1] - 128, colour[2] - 128
    full = np.array([y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb])  # BT.601, full range
    light = np.clip(full, 0, 255) @ (0.2126, 0.7152, 0.0722)
    assert first[32, 32] == pytest.approx(y, abs=2) and last[32, 32] == pytest.approx(16 + 219 / 255 * light, abs=3)


def test_analysis_sees_a_mirrored_picture_as_it_is_rendered(tmp_path, count_up):
    flipped = tmp_path / "a.mp4"
    ffmpeg_tool.run(ffmpeg.input(str(count_up("mp4")), display_hflip=None)["v"].output(str(flipped), vcodec="copy"))
    found = probe(flipped)
    frame = next(stream.frames(found, 0, 1, RATE))
    assert frame[32, 48] < 60 < frame[32, 16]  # the numbers are on the right
    (_, looked), *_ = stream.Pictures(found, 0, 0.1, (32, 32), thin=True)
    image = picture(looked, 32, 32)
    assert image[16, 24].max() < 80 < image[16, 8].min()


def test_interlaced_parts_are_mended_and_progressive_ones_left_alone(tmp_path):
    combed = counted(0)
    combed[:64:2] = 200
    flat = bytes(counted(0))
    for mode in ("prog", "tff"):
        tags = f"setfield={mode},setparams=colorspace=bt709:range=tv"
        raw(tmp_path / f"{mode}.mkv", [flat, bytes(combed), flat], vf=tags, vcodec="ffv1")
    kept, mended = (
        [f.copy() for f in stream.frames(probe(tmp_path / f"{mode}.mkv"), 0, 3, RATE)][1] for mode in ("prog", "tff")
    )
    assert np.array_equal(kept, combed)
    rows = mended[10:54, 40].astype(int)
    assert np.abs(np.diff(rows)).max() < np.abs(np.diff(combed[10:54, 40].astype(int))).max() / 3


def light(transfer, signal):
    """Nits that a signal of 0 to 1 stands for: ITU-R BT.2100, HLG on its nominal display of 1000 nits."""
    if transfer == "arib-std-b67":
        scene = signal**2 / 3 if signal <= 0.5 else (np.exp((signal - 0.55991073) / 0.17883277) + 0.28466892) / 12
        return 1000 * scene**1.2
    root = signal ** (1 / 78.84375)
    return 10000 * (max(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)


@pytest.mark.parametrize("transfer", ["arib-std-b67", "smpte2084"])
@pytest.mark.parametrize("size", [None, (32, 32)], ids=["rendered", "looked at"])
def test_hdr_keeps_its_level_up_to_skin_and_brings_white_near_the_top(tmp_path, transfer, size):
    levels = [0.38, 0.5, 0.6, 0.75]  # of HLG: gray card, skin, bright skin, reference white (ITU-R BT.2408)
    nits = [light("arib-std-b67", level) for level in levels]
    grid = np.linspace(0, 1, 20001)[1:]
    curve = np.array([light(transfer, signal) for signal in grid])
    frame = np.full((96, 64), 512, "<u2")
    for column, wanted in enumerate(nits):
        frame[:64, column * 16 : column * 16 + 16] = round(64 + 876 * grid[np.abs(curve - wanted).argmin()])
    tags = f"setparams=color_trc={transfer}:color_primaries=bt2020:colorspace=bt2020nc:range=tv"
    file = raw(tmp_path / "a.mkv", [frame.tobytes()] * 2, "yuv420p10le", vcodec="ffv1", vf=tags)
    (_, found), *_ = stream.Pictures(probe(file), 0, 1, size)
    half = found.shape[1] // 8
    *dark, white = [(int(found[half, half * (2 * n + 1)]) - 16) / 219 for n in range(4)]
    assert dark == pytest.approx(levels[:3], rel=0.03) and 0.85 <= white <= 0.95
    assert light(transfer, grid[np.abs(curve - nits[3]).argmin()]) == pytest.approx(203, rel=0.02)


def holed(count_up, to, start, end, ending="mp4"):
    """A copy of the numbered frames whose packets of some seconds are nothing."""
    file = count_up(ending)
    data = bytearray(file.read_bytes())
    for packet in packets(file):
        if start <= float(packet.pts * packet.time_base) < end:
            data[packet.pos : packet.pos + packet.size] = bytes(packet.size)
    to.write_bytes(data)
    return to


def test_where_nothing_can_be_decoded_the_last_picture_stays_and_it_is_told(count_up, tmp_path):
    file = holed(count_up, tmp_path / "bad.mp4", 1.0, 2.0)
    lost = []
    numbers = shown(file, 0, STEPS, lost=lost)
    assert set(numbers[24:50]) <= {24, 23} and numbers[51:] == [*range(51, STEPS)]
    (loss,) = lost
    assert (loss.what, loss.start, loss.end) == ("picture", pytest.approx(1.0, abs=0.05), pytest.approx(2.0, abs=0.05))
    found = analysis.Analysis(shots=[], losses=[loss])
    (note,) = analysis.notes(file, found, 10.0, [(0.2, 0.7)])
    assert "bad.mp4 stands still from 1.0" in note.text and note.at == pytest.approx(10 + loss.start - 0.5, abs=1e-3)
    assert not analysis.notes(file, found, 10.0, [(0.9, 2.5)])  # cut out of the episode
    many = analysis.Analysis(shots=[], losses=[Loss("picture", n, n + 0.5, loss.why) for n in range(9)])
    assert len(analysis.notes(file, many, 0.0, [])) == 1


@pytest.mark.parametrize(("start", "count"), [(0, STEPS), (0, 60), (1.36, 30)], ids=["to the end", "into it", "in it"])
def test_a_range_that_ends_in_a_hole_stands_still_there_and_it_is_told(count_up, tmp_path, start, count):
    lost = []
    file = holed(count_up, tmp_path / "a.mp4", 1.5, 9 if count == STEPS else 2.8)
    numbers = shown(file, start, count, lost=lost)
    assert len(numbers) == count and set(numbers[40 - round(start * 25) :]) <= {36, 37}
    end = start + count / 25
    assert [(loss.start, loss.end) for loss in lost] == [(pytest.approx(1.5, abs=0.05), pytest.approx(end, abs=0.01))]
    looked = analysis.look(probe(file), start, end, "")
    assert looked.losses and looked.losses[-1].end == pytest.approx(end, abs=0.01)


def test_what_is_wanted_behind_the_end_of_a_file_is_refused_with_the_place(count_up):
    with pytest.raises(Unusable, match=r"breaks off at 3\.0"):
        list(stream.frames(probe(count_up("mp4")), 1, STEPS + 10, RATE))


def test_footage_of_a_variable_rate_may_stand_still(tmp_path):
    select = r"select=not(between(n\,20\,60)),setpts=PTS+mod(N*7\,5)/250/TB"
    file = raw(
        tmp_path / "a.mkv", [bytes(counted(n)) for n in range(STEPS)], vf=select, fps_mode="passthrough", vcodec="ffv1"
    )
    found = probe(file)
    pictures = stream.Pictures(found, 0, 9)
    times = [t for t, _ in pictures]
    assert found.variable_rate and np.diff(times).max() > 1.5 and not pictures.losses


def test_a_decoder_that_is_killed_is_the_machines_failure(two_scenes):
    found = probe(two_scenes)
    before = psutil.Process().children()
    frames = stream.frames(found, 0, 70, RATE)
    next(frames)
    (decoder,) = set(psutil.Process().children()) - set(before)
    os.kill(decoder.pid, signal.SIGKILL)
    with pytest.raises(MachineFailed):
        list(frames)
