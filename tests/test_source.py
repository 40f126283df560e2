"""Any footage becomes upright, square-pixelled BT.709 frames on a constant clock."""

from fractions import Fraction

import av
import ffmpeg
import numpy as np
import pytest

from basis.errors import Unusable
from pipeline.footage import ffmpeg_tool, source, stream
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
