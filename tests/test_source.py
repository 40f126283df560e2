"""Any footage becomes upright, square-pixelled BT.709 frames on a constant clock."""

import socket
import struct
import threading
from fractions import Fraction

import av
import ffmpeg
import numpy as np
import pytest

from basis.errors import MachineFailed, Unusable
from pipeline import episode
from pipeline.brief import Brief
from pipeline.footage import ffmpeg_tool, media, prober, sounds, source, stream
from pipeline.footage.scaling import picture, size
from tests.footage import Scene, make


def chart(file, size="320x180", seconds=2.0, rate="25", **options):
    """Left half red, right half blue; the frame's brightness of a small square tells its number."""
    red = ffmpeg.input(f"color=red:size={size}:rate={rate}:duration={seconds}", f="lavfi")["v"]
    picture = red.filter("drawbox", x="iw/2", y=0, w="iw/2", h="ih", color="blue", t="fill")
    video = options.pop("video", {})
    for name, arguments in video.items():
        picture = picture.filter(name, **arguments)
    ffmpeg_tool.run(picture.output(str(file), **({"vcodec": "libx264", "pix_fmt": "yuv420p", "crf": 12} | options)))
    return file


def first_frame(file):
    found = source.probe(file)
    return found, next(iter(stream.frames(found, 0, 1, found.rate))).copy()


def yuv(frame, x, y):
    height, width = frame.shape[0] * 2 // 3, frame.shape[1]
    flat, size = frame.reshape(-1), height * width
    u, v = flat[size : size * 5 // 4].reshape(height // 2, -1), flat[size * 5 // 4 :].reshape(height // 2, -1)
    row, column = int(y * height), int(x * width)
    return int(frame[row, column]), int(u[row // 2, column // 2]), int(v[row // 2, column // 2])


RED_709 = (63, 102, 240)  # ITU-R BT.709, limited range


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"video": {"scale": {"out_color_matrix": "bt601"}}, "colorspace": "smpte170m"},
        {
            "video": {"scale": {"out_range": "full", "out_color_matrix": "bt709"}},
            "color_range": "pc",
            "colorspace": "bt709",
        },
        {"pix_fmt": "yuv422p"},
        {"pix_fmt": "yuv444p10le"},
        {"vcodec": "ffv1", "pix_fmt": "yuv420p"},
    ],
    ids=["unsaid", "bt601", "full", "422", "444-10bit", "ffv1"],
)
def test_red_is_red_whatever_the_footage_says(tmp_path, options):
    _, frame = first_frame(chart(tmp_path / "a.mkv", **options))
    assert yuv(frame, 0.2, 0.5) == pytest.approx(RED_709, abs=6)


def test_a_turned_phone_gives_upright_footage(tmp_path):
    flat = chart(tmp_path / "flat.mp4")
    turned = tmp_path / "turned.mp4"
    ffmpeg_tool.run(ffmpeg.input(str(flat), display_rotation=90)["v"].output(str(turned), vcodec="copy"))
    found, frame = first_frame(turned)
    assert (found.width, found.height) == (180, 320)
    top_is_red = yuv(frame, 0.5, 0.2)[2] > 200
    image = picture(next(iter(stream.Pictures(found, 0, 1)))[1], *size(found, 320))
    assert image.shape[:2] == (320, 180)
    assert (image[60, 90, 2] > 150) == top_is_red and (image[260, 90, 2] > 150) != top_is_red


def test_oblong_pixels_become_square(tmp_path):
    found, frame = first_frame(chart(tmp_path / "a.mp4", size="360x288", video={"setsar": {"sar": "16/15"}}))
    assert (found.width, found.height) == (384, 288) and frame.shape == (432, 384)


def test_odd_sizes_are_made_even(tmp_path):
    found, frame = first_frame(chart(tmp_path / "a.mkv", size="321x181", vcodec="ffv1", pix_fmt="yuv444p"))
    assert (found.width % 2, found.height % 2) == (0, 0) and frame.shape == (found.height * 3 // 2, found.width)


def test_interlaced_footage_is_noticed(tmp_path):
    options = {"video": {"setfield": {"mode": "tff"}}, "flags": "+ildct+ilme", "x264-params": "interlaced=1"}
    assert source.probe(chart(tmp_path / "a.mp4", **options)).interlaced


def test_variable_rate_is_resampled_by_time(tmp_path):
    made = make(tmp_path / "cfr.mp4", [Scene(1.0, seed=1), Scene(1.0, seed=2)], size=(320, 180), sound=None)
    vfr = tmp_path / "vfr.mp4"
    dropped = ffmpeg.input(str(made.file))["v"].filter("select", "not(eq(mod(n,4),2))+eq(n,25)")
    ffmpeg_tool.run(dropped.output(str(vfr), fps_mode="vfr"))
    found = source.probe(vfr)
    assert found.variable_rate and found.rate == 25
    frames = [f[:180].mean(axis=0) for f in (f.astype(float) for f in stream.frames(found, 0, 50, found.rate))]
    jumps = [np.abs(a - b).mean() for a, b in zip(frames, frames[1:], strict=False)]
    assert int(np.argmax(jumps)) + 1 == 25


def test_hdr_is_toned_down_to_a_picture(tmp_path):
    options = {
        "video": {"zscale": {"transfer": "smpte2084", "primaries": "bt2020", "matrix": "bt2020nc", "npl": 200,
                             "primariesin": "bt709", "transferin": "bt709", "matrixin": "bt709"}},
        "pix_fmt": "yuv420p10le", "color_trc": "smpte2084", "color_primaries": "bt2020", "colorspace": "bt2020nc",
        "vcodec": "libx265", "x265-params": "log-level=none",
    }  # fmt: skip
    found, frame = first_frame(chart(tmp_path / "a.mp4", **options))
    assert found.hdr == "pq"
    y, _, v = yuv(frame, 0.2, 0.5)
    assert 35 < y < 120 and v > 180  # still red, neither black nor white


@pytest.mark.parametrize(
    ("given", "delivered"),
    [("25", 25), ("24000/1001", "24000/1001"), ("30000/1001", "30000/1001"), ("120", 60), ("15", 30), ("50", 50), ("12.5", 25), ("59.9", "60000/1001"), ("10", 30)],
)  # fmt: skip
def test_the_delivered_rate_is_the_footages_own_or_the_nearest_that_is_taken(given, delivered):
    assert source.delivery_rate(Fraction(given)) == Fraction(delivered)


def test_a_range_begins_and_ends_on_the_frames_asked_for(tmp_path):
    made = make(tmp_path / "a.mp4", [Scene(3.0)], flash=1.6, size=(320, 180), sound=None)
    found = source.probe(made.file)
    for start, at in ((0, 40), (1.6, 0), (1.24, 9), (0.5, 28)):
        light = [f[:180].mean() for f in stream.frames(found, start, 50 - int(start * 10), found.rate)]
        assert int(np.argmax(light)) == pytest.approx(at, abs=1 if start == 0.5 else 0)


def test_footage_that_breaks_off_is_refused_with_the_place(tmp_path):
    whole = make(tmp_path / "a.mp4", [Scene(6.0)], size=(320, 180), movflags="+faststart").file
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    found = source.probe(cut)
    with pytest.raises(Unusable, match=r"breaks off at \d"):
        for _ in stream.frames(found, 0, 150, found.rate):
            pass


def test_the_picture_is_chosen_over_a_cover(tmp_path):
    video = chart(tmp_path / "a.mp4")
    with av.open(str(video)) as container:
        container.decode(video=0)
    ffmpeg_tool.run(
        ffmpeg.input("color=green:size=64x64:duration=0.04", f="lavfi")["v"].output(
            str(tmp_path / "c.png"), **{"frames:v": 1}
        )
    )
    both = ffmpeg.output(
        ffmpeg.input(str(tmp_path / "c.png"))["v"], ffmpeg.input(str(video))["v"], str(tmp_path / "both.mp4"),
        c="copy", **{"disposition:v:0": "attached_pic"},
    )  # fmt: skip
    ffmpeg_tool.run(both)
    assert source.probe(tmp_path / "both.mp4").width == 320


def clip(file, seconds=2.0, rate="25", size="64x36", sound=None, **options):
    """A small film with a key frame a second; sound: seconds of a tone."""
    inputs = [ffmpeg.input(f"testsrc2=size={size}:rate={rate}:duration={seconds}", f="lavfi")]
    if sound:
        inputs.append(ffmpeg.input(f"sine=frequency=300:sample_rate=48000:duration={sound}", f="lavfi"))
    usual = {"vcodec": "libx264", "preset": "ultrafast", "pix_fmt": "yuv420p", "g": 25}
    ffmpeg_tool.run(ffmpeg.output(*inputs, str(file), **(usual | options)))
    return file


def cut(file, share):
    """The file without its end."""
    part = file.with_name(f"cut{share}-{file.name}")
    part.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])
    return part


def codes(found):
    return [note.code for note in source.notes(found)]


def test_sound_with_channels_in_an_order_of_its_own_is_read(tmp_path):
    """PyAV frees such a layout twice, which ends the process that asks for it."""
    swapped = ffmpeg.input("sine=duration=1,aformat=channel_layouts=stereo,channelmap=0|1:FR+FL", f="lavfi").audio
    picture = ffmpeg.input("testsrc2=size=64x36:rate=25:duration=1", f="lavfi").video
    file = tmp_path / "a.mov"
    ffmpeg_tool.run(ffmpeg.output(picture, swapped, str(file), vcodec="libx264", acodec="pcm_s16le"))
    found = source.probe(file)
    assert [(one.channels, one.layout) for one in found.audio] == [(2, "2 channels (FR+FL)")]
    assert source.probe(clip(tmp_path / "b.mp4")).duration == 2  # and whatever is read next


READER = """
import json, os, signal, sys, time
for line in sys.stdin:
    file = json.loads(line)["file"]
    if file.endswith("bad"):
        os.abort()
    if file.endswith("big"):
        os.kill(os.getpid(), signal.SIGKILL)
    if file.endswith("slow"):
        time.sleep(60)
    print(json.dumps({"found": {"pid": os.getpid()}}), flush=True)
"""


def test_a_file_that_ends_the_reading_process_ends_nothing_else(tmp_path, monkeypatch):
    (tmp_path / "reader.py").write_text(READER)
    prober = media.Prober(tmp_path / "reader.py")
    first = prober.ask(tmp_path / "good")["pid"]
    assert prober.ask(tmp_path / "good")["pid"] == first
    with pytest.raises(media.Died, match="signal 6"):
        prober.ask(tmp_path / "bad")
    assert prober.ask(tmp_path / "good")["pid"] != first
    with pytest.raises(MachineFailed, match="stopped by the system"):
        prober.ask(tmp_path / "big")
    monkeypatch.setattr(media, "LONGEST", 0.1)
    with pytest.raises(MachineFailed, match="within"):
        prober.ask(tmp_path / "slow")
    prober.end()


def test_an_unchanged_file_is_read_once(tmp_path, monkeypatch):
    asked, ask = [], media.Prober.ask
    monkeypatch.setattr(media.Prober, "ask", lambda self, file, **want: asked.append(want) or ask(self, file, **want))
    file = clip(tmp_path / "a.mp4", sound=1)
    for _ in range(3):
        source.probe(file)
        sounds.sounds_in(file)
    assert [want["want"] for want in asked] == ["streams", "picture"]
    clip(file, seconds=1, y=None)
    assert source.probe(file).duration == 1


def test_nothing_but_the_file_is_opened(tmp_path):
    """Playlists of all kinds, and a server that must not be asked."""
    clip(tmp_path / "a.ts")
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=lambda: asked.append(server.accept()), daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/a.ts"
        for name, text in {
            "a.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{}\n#EXT-X-ENDLIST\n",
            "a.mp4": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{}\n#EXT-X-ENDLIST\n",
            "a.txt": "ffconcat version 1.0\nfile {}\n",
            "a.mpd": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration='
            '"PT2S"><Period><AdaptationSet mimeType="video/mp2t"><Representation id="1"><BaseURL>{}</BaseURL>'
            "</Representation></AdaptationSet></Period></MPD>",
        }.items():
            for where in (url, "a.ts"):
                (tmp_path / name).write_text(text.format(where))
                with pytest.raises(Unusable):
                    source.probe(tmp_path / name)
    assert not asked


@pytest.mark.parametrize(
    "name", ["a.h264", "a.hevc", "a.m2v", "a.flv", "a.mjpeg", "a.y4m", "a.gif", "a.avi", "a.mpg", "a.ts"]
)
def test_files_without_an_index_or_time_stamps_last_as_long_as_what_is_in_them(tmp_path, name):
    codecs = {"a.hevc": {"vcodec": "libx265", "x265-params": "log-level=none"}, "a.flv": {}, "a.h264": {}, "a.ts": {}}
    other = {"a.m2v": "mpeg2video", "a.mpg": "mpeg2video", "a.avi": "mpeg4", "a.mjpeg": "mjpeg"}
    own = codecs.get(name) or ({"vcodec": other[name], "preset": None} if name in other else {})
    if name in ("a.y4m", "a.gif"):
        own = {
            "vcodec": "wrapped_avframe" if name == "a.y4m" else "gif",
            "pix_fmt": "rgb8" if name == "a.gif" else "yuv420p",
        }
    file = clip(tmp_path / name, seconds=3, **{key: value for key, value in own.items() if value})
    found = source.probe(file)
    assert found.duration == pytest.approx(3, abs=0.05) and found.rate == 25 and not found.losses
    assert found.timed == (name not in ("a.h264", "a.hevc", "a.m2v", "a.mjpeg"))
    assert ("no-time-stamps" in codes(found)) != found.timed


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.ts"])
def test_footage_is_as_long_as_its_picture(tmp_path, name):
    """More packets than are read at the beginning."""
    found = source.probe(clip(tmp_path / name, seconds=10, rate="50", sound=14))
    assert found.duration == pytest.approx(10, abs=0.03) and not found.losses


CUT = [  # file, options, whether its header tells how long it was
    ("a.mkv", {}, True), ("a.mp4", {"movflags": "+faststart"}, True), ("a.flv", {}, True), ("a.ts", {}, False),
    ("a.avi", {"vcodec": "mpeg4"}, False), ("a.mpg", {"vcodec": "mpeg2video", "b:v": "2M"}, False),
    ("a.mp4", {"movflags": "frag_keyframe+empty_moov"}, False),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options", "told"), CUT, ids=[f"{name}{len(own)}" for name, own, _ in CUT])
def test_footage_that_is_cut_off_lasts_as_long_as_what_is_there_and_says_so(tmp_path, name, options, told):
    share = 0.7
    file = clip(tmp_path / name, seconds=4, sound=4, size="320x180", **options)
    whole, found = source.probe(file), source.probe(cut(file, share))
    assert not whole.losses and not codes(whole)
    assert found.duration == pytest.approx(4 * share, abs=0.6)
    assert codes(found) == [source.TRUNCATED]
    lost = {loss.what: loss for loss in found.losses}
    assert {*lost} <= {"picture", "sound"} and lost
    assert all(loss.end == pytest.approx(4, abs=0.1) for loss in found.losses if told)
    if "picture" in lost:
        assert lost["picture"].start == pytest.approx(found.duration)
    assert not source.notes(found, end=0.5)  # a part before it is whole


def test_a_longer_film_that_is_cut_off_is_known_at_once(tmp_path):
    for name in ("a.mkv", "a.mp4"):
        file = clip(tmp_path / name, seconds=12, rate="50", sound=12, movflags="+faststart")
        found = source.probe(cut(file, 0.75))
        assert found.duration == pytest.approx(9, abs=0.6)
        assert [(loss.what, loss.end) for loss in found.losses] == [
            ("picture", pytest.approx(12, abs=0.1)), ("sound", pytest.approx(12, abs=0.1)),
        ]  # fmt: skip


@pytest.mark.slow
def test_a_plan_says_where_its_footage_is_cut_off(tmp_path):
    file = cut(clip(tmp_path / "a.mkv", seconds=4, size="320x180"), 0.6)
    plan, notes = episode.plan(Brief(footage=[file], preset="plain", delivery="vk-clips"))
    (note,) = [note for note in notes if note.code == source.TRUNCATED]
    assert note.level == "warning" and note.shot == 1 and note.at == pytest.approx(plan.duration, abs=0.2)
    assert plan.duration == pytest.approx(source.probe(file).duration, abs=0.05)


@pytest.mark.parametrize(
    ("width", "height", "says"),
    [(100_000, 100_000, "no picture"), (20_000, 10_000, "20000x10000"), (30_000, 180, "no frame"), (8, 180, "8x180")],
)
def test_a_size_that_cannot_be_is_refused(tmp_path, width, height, says):
    file = clip(tmp_path / "a.avi", seconds=0.2, vcodec="huffyuv", pix_fmt="yuv422p")
    lying = file.read_bytes().replace(struct.pack("<ii", 64, 36), struct.pack("<ii", width, height))
    file.write_bytes(lying)
    with pytest.raises(Unusable, match=says):
        source.probe(file)


def test_an_mp4_without_its_index_is_named_as_such(tmp_path):
    with pytest.raises(Unusable, match="no whole index"):
        source.probe(cut(clip(tmp_path / "a.mp4"), 0.9))


@pytest.mark.parametrize("name", ["a.ts", "a.mts", "a.mpg"])
def test_recordings_that_were_joined_without_care_are_refused_with_the_place(tmp_path, name):
    options = {"vcodec": "mpeg2video"} if name == "a.mpg" else {"f": "mpegts"}
    once = clip(tmp_path / name, seconds=3, sound=3, **options)
    joined = tmp_path / f"joined-{name}"
    joined.write_bytes(once.read_bytes() * 2)
    with pytest.raises(Unusable, match=r"back by 3\.\d s at [23]\.\d s.*remux"):
        source.probe(joined)


@pytest.mark.parametrize(
    ("name", "vcodec"), [("a.mp4", "libx264"), ("a.flv", "flv"), ("a.wmv", "wmv2"), ("a.mkv", "libx264")]
)
def test_joined_files_of_which_players_show_only_the_first_are_refused(tmp_path, name, vcodec):
    once = clip(tmp_path / name, sound=2, vcodec=vcodec, ar=44100)
    assert source.probe(once).duration == pytest.approx(2, abs=0.1)
    (tmp_path / f"joined-{name}").write_bytes(once.read_bytes() * 2)
    with pytest.raises(Unusable, match="joined"):
        source.probe(tmp_path / f"joined-{name}")


@pytest.mark.parametrize("jump", [100, 86_400])
def test_a_clock_that_jumps_is_refused_and_one_that_goes_on_is_not(tmp_path, jump):
    parts = [
        clip(tmp_path / f"{at}.ts", seconds=2, sound=2, output_ts_offset=at).read_bytes() for at in (0, 2, 2 + jump)
    ]
    (tmp_path / "on.ts").write_bytes(parts[0] + parts[1])
    assert source.probe(tmp_path / "on.ts").duration == pytest.approx(4, abs=0.1)
    (tmp_path / "off.ts").write_bytes(parts[0] + parts[2])
    with pytest.raises(Unusable, match=f"forward by {jump}"):
        source.probe(tmp_path / "off.ts")


@pytest.mark.parametrize("suffix", ["ts", "mpg"])
def test_a_recording_too_large_to_be_read_through_is_read_in_places(tmp_path, monkeypatch, suffix):
    monkeypatch.setattr(prober, "MOST_READ", 0)
    options = {"vcodec": "mpeg2video", "b:v": "1M"} if suffix == "mpg" else {}
    once = clip(tmp_path / f"a.{suffix}", seconds=20, sound=20, size="160x90", **options)
    monkeypatch.setattr(prober, "PART", once.stat().st_size // 8)
    monkeypatch.setattr(prober, "SAMPLES", 6)
    told = prober.picture(str(once), 0)
    assert told["last"] - told["first"] == pytest.approx(20 - 0.04) and not told["jumps"] and told["ended"]
    assert len(told["ends"]) == 2
    (tmp_path / f"joined.{suffix}").write_bytes(once.read_bytes() * 2)
    jumps = prober.picture(str(tmp_path / f"joined.{suffix}"), 0)["jumps"]
    assert jumps and all(before - after > 15 for before, after, _ in jumps)


def test_a_screen_that_stands_still_for_long_has_one_clock(tmp_path):
    """Screens are recorded without an index, a frame whenever something moves."""
    picture = ffmpeg.input("testsrc2=size=64x36:rate=25:duration=1", f="lavfi").filter("setpts", "PTS+gt(N,9)*40/TB")
    file = tmp_path / "a.webm"
    ffmpeg_tool.run(picture.output(str(file), vcodec="libvpx", fps_mode="vfr", live=1))
    assert source.probe(file).duration == pytest.approx(41, abs=0.1)


def test_a_hole_is_no_variable_rate(tmp_path):
    whole = ffmpeg.input(str(clip(tmp_path / "whole.mp4", seconds=6)))["v"]
    holed = tmp_path / "a.mp4"
    ffmpeg_tool.run(
        whole.filter("select", "not(between(t,3,3.5))").output(str(holed), fps_mode="vfr", vcodec="libx264")
    )
    found = source.probe(holed)
    assert (found.rate, found.average_rate, found.variable_rate) == (25, 25, False)


@pytest.mark.parametrize(
    ("name", "rate"),
    [("a.mkv", "24000/1001"), ("a.mkv", "60000/1001"), ("a.ts", "30000/1001"), ("a.mp4", "240"), ("a.mp4", "1"), ("a.mkv", "12.5")],
)  # fmt: skip
def test_rates_are_told_apart_by_their_stamps(tmp_path, name, rate):
    """Matroska's are whole milliseconds."""
    found = source.probe(clip(tmp_path / name, seconds=4 if rate != "1" else 8, rate=rate))
    assert found.average_rate == Fraction(rate) and not found.variable_rate


@pytest.mark.parametrize(
    ("size", "matrix"), [("1280x536", "bt709"), ("720x576", "bt601"), ("640x480", "bt601"), ("540x960", "bt709")]
)
def test_colours_that_are_not_said_are_taken_by_the_size(tmp_path, size, matrix):
    assert source.probe(clip(tmp_path / "a.mp4", size=size, seconds=0.2)).matrix == matrix


def test_interlacing_that_begins_later_is_noticed(tmp_path):
    film = clip(tmp_path / "a.mts", seconds=1, size="320x180", f="mpegts")
    fields = {"flags": "+ildct+ilme", "x264-params": "interlaced=1", "output_ts_offset": 1, "f": "mpegts"}
    fields |= {"vf": "setfield=tff"}
    (tmp_path / "late.mts").write_bytes(
        film.read_bytes() + clip(tmp_path / "b.mts", seconds=2, size="320x180", **fields).read_bytes()
    )
    assert source.probe(tmp_path / "late.mts").interlaced and not source.probe(film).interlaced
    ffmpeg_tool.run(ffmpeg.input(str(tmp_path / "late.mts")).output(str(tmp_path / "late.mkv"), c="copy"))
    assert source.probe(tmp_path / "late.mkv").interlaced


@pytest.mark.parametrize(("turn", "size", "codes_of"), [(90, (180, 320), []), (45, (320, 180), ["tilted-footage"])])
def test_a_tilt_leaves_the_size_as_it_is_and_is_told(tmp_path, turn, size, codes_of):
    turned = tmp_path / "turned.mp4"
    flat = ffmpeg.input(str(chart(tmp_path / "flat.mp4", seconds=0.4)), display_rotation=turn)["v"]
    ffmpeg_tool.run(flat.output(str(turned), vcodec="copy"))
    found = source.probe(turned)
    assert (found.width, found.height) == size and codes(found) == codes_of


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "webp"])
def test_a_still_picture_is_named_as_such(tmp_path, suffix):
    file = tmp_path / f"a.{suffix}"
    picture = ffmpeg.input("testsrc2=size=64x36:duration=1", f="lavfi").video
    ffmpeg_tool.run(picture.output(str(file), **{"frames:v": 1}))
    with pytest.raises(Unusable, match="still picture"):
        source.probe(file)


def test_every_stream_has_its_own_start(tmp_path):
    late = ffmpeg.input("sine=duration=2", f="lavfi").audio.filter("asetpts", "PTS+0.5/TB")
    picture = ffmpeg.input("testsrc2=size=64x36:rate=25:duration=2", f="lavfi").video
    file = tmp_path / "a.ts"
    ffmpeg_tool.run(ffmpeg.output(picture, late, str(file), vcodec="libx264", acodec="mp2", preset="ultrafast"))
    found = source.probe(file)
    assert found.picture_start == 0 and found.audio[0].start == pytest.approx(found.start + 0.5, abs=0.03)
    assert found.duration == pytest.approx(2, abs=0.01)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a film\n" * 500,
        b"\0" * 5000,
        b"\x47" * 5000,
        b"RIFF\xff\xff\xff\xffAVI LIST",
        b"\x1a\x45\xdf\xa3" * 99,
    ],
)
def test_what_is_no_footage_is_one_sentence(tmp_path, content):
    file = tmp_path / "a.mp4"
    file.write_bytes(content)
    with pytest.raises(Unusable, match=r"a\.mp4"):
        source.probe(file)


def test_a_picture_that_begins_behind_its_sound_is_told(tmp_path):
    file = tmp_path / "late.mkv"
    picture = ffmpeg.input("testsrc2=s=320x180:r=25:d=1", f="lavfi", itsoffset=0.8)
    sound = ffmpeg.input("sine=f=300:d=1.8", f="lavfi")
    ffmpeg_tool.run(ffmpeg.output(picture, sound, str(file), vcodec="ffv1", acodec="flac"))
    found = source.probe(file)
    assert found.picture_start == pytest.approx(0.8, abs=0.01)
    (note,) = source.notes(found)
    assert note.code == "late-picture" and "begins 0.80 s behind its sound" in note.text
