"""verify names what is wrong with deliberately wrong files, and finds nothing in a right one."""

from fractions import Fraction

import ffmpeg
import pytest

from basis.errors import Unusable
from pipeline import encode, verify
from pipeline.footage import ffmpeg_tool
from presets import delivery

SPEC = delivery.load("vk-clips")
SOUND = "sine=frequency=440:sample_rate=48000"


def make(
    file,
    seconds=3.0,
    size="1080x1920",
    rate="25",
    volume="7.8dB",
    video=None,
    audio=True,
    channels=2,
    tagged=True,
    **options,
):
    """A file made to the spec except for what is given."""
    picture = ffmpeg.input(f"testsrc2=size={size}:rate={rate}:duration={seconds}", f="lavfi")["v"]
    if tagged:
        picture = picture.filter(
            "setparams", color_primaries="bt709", color_trc="bt709", colorspace="bt709", range="limited"
        )
    for name, arguments in (video or {}).items():
        picture = picture.filter(name, **arguments)
    streams = [picture]
    if audio:
        heard = ffmpeg.input(f"{SOUND}:duration={seconds}", f="lavfi")["a"].filter("volume", volume)
        streams.append(heard.filter("aformat", channel_layouts="stereo" if channels == 2 else "mono"))
    settings = (
        encode.output_options(SPEC, Fraction(rate)) | {"preset": "ultrafast", "crf": "30", "ac": channels} | options
    )
    if not audio:
        settings = {k: v for k, v in settings.items() if k not in ("c:a", "b:a", "ar", "ac")}
    ffmpeg_tool.run(ffmpeg.output(*streams, str(file), **{k: v for k, v in settings.items() if v is not None}))
    return file


def findings(file):
    return {c.name for c in verify.verify(file, SPEC) if not c.ok and c.level == "error"}


def test_a_right_file_has_no_findings(tmp_path):
    assert findings(make(tmp_path / "right.mp4")) == set()


HALF = {"size": "540x960"}
WRONG = {
    "720p": ({"size": "720x1280"}, "size"),
    "16:9": ({"size": "1920x1080"}, "shape"),
    "oblong pixels": ({"video": {"setsar": {"sar": "4/3"}}}, "shape"),
    "HEVC": ({"c:v": "libx265", "profile:v": None, "level:v": None, "flags": None, "size": "540x960"}, "codec"),
    "10 bit": ({"pix_fmt": "yuv420p10le", "profile:v": "high10", **HALF}, "pixels"),
    "4:4:4": ({"pix_fmt": "yuv444p", "profile:v": "high444", **HALF}, "pixels"),
    "no audio": ({"audio": False, **HALF}, "streams"),
    "44.1 kHz": ({"ar": 44100, **HALF}, "sample rate"),
    "mono": ({"channels": 1, **HALF}, "channels"),
    "MP3 sound": ({"c:a": "libmp3lame", **HALF}, "sound codec"),
    "moov at the end": ({"movflags": None, **HALF}, "moov"),
    "open groups": (
        {"flags": None, "x264-params": "open-gop=1:bframes=3:scenecut=0", "preset": "veryfast", "g": 25, **HALF},
        "closed groups",
    ),
    "10 s groups": ({"g": 250, "keyint_min": 250, "seconds": 4.0, "sc_threshold": 0, **HALF}, "key frame distance"),
    "too loud": ({"volume": "14dB", **HALF}, "loudness"),
    "too long": ({"seconds": 181.0, "size": "36x64", "rate": "24"}, "length"),
    "variable rate": (
        {"video": {"select": {"expr": "not(eq(mod(n,5),3))"}}, "fps_mode": "vfr", **HALF},
        "constant rate",
    ),
    "full range": (
        {"color_range": "pc", "video": {"scale": {"out_range": "full"}}, **HALF},
        "range",
    ),
    "colours not tagged": ({"tagged": False, **HALF}, "colour tags"),
    "120 frames a second": ({"rate": "120", "level:v": "5.2", **HALF}, "frame rate"),
    "interlaced": ({"flags": "+ildct+ilme", "x264-params": "interlaced=1", **HALF}, "scan"),
}


@pytest.mark.slow
@pytest.mark.parametrize(("options", "name"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_file_is_named(tmp_path, options, name):
    assert name in findings(make(tmp_path / "wrong.mp4", **options))


def test_quiet_sound_is_a_warning(tmp_path):
    checks = {c.name: c for c in verify.verify(make(tmp_path / "a.mp4", volume="0dB", **HALF), SPEC)}
    assert not checks["loudness"].ok and checks["loudness"].level == "warning"


def test_sound_that_starts_late_is_named(tmp_path):
    right = make(tmp_path / "right.mp4", **HALF)
    late = ffmpeg.input(str(right), itsoffset=0.2)["a"]
    ffmpeg_tool.run(ffmpeg.output(ffmpeg.input(str(right))["v"], late, str(tmp_path / "late.mp4"), c="copy"))
    assert "start" in findings(tmp_path / "late.mp4")


@pytest.mark.parametrize("content", [b"", b"no video at all " * 50, b"ffconcat version 1.0\nfile x.mp4\n"])
def test_what_is_no_video_is_refused(tmp_path, content):
    (tmp_path / "x.mp4").write_bytes(content)
    with pytest.raises(Unusable, match=r"x\.mp4"):
        verify.verify(tmp_path / "x.mp4", SPEC)


def test_every_spec_loads_and_an_unknown_one_is_refused():
    assert {delivery.load(name).name for name in delivery.names()} >= {"vk-clips", "youtube-shorts", "tiktok"}
    with pytest.raises(delivery.DeliverySpecError, match="rutube-shorts"):
        delivery.load("rutube")
