"""verify names what is wrong with deliberately wrong files, and finds nothing in a right one."""

import weakref
from fractions import Fraction

import av
import ffmpeg
import pytest

from basis.errors import Unusable, WrongUse
from basis.tools import Tools
from pipeline import encode, verify
from pipeline.footage import ffmpeg_tool
from presets import delivery

SPEC = delivery.load("vk-clips")
FAST = Tools(speed="ultrafast")
SOUND = "sine=frequency=440:sample_rate=48000"


def make(
    file, seconds=1.0, size="180x320", rate="25", volume="7.8dB", video=None, audio=True, channels=2, tagged=True, **options
):  # fmt: skip
    """A file made to the spec except for what is given, and small: its size is a finding unless it is given."""
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
    settings = encode.output_options(SPEC, Fraction(rate), FAST) | {"crf": "30", "ac": channels} | options
    if not audio:
        settings = {k: v for k, v in settings.items() if k not in ("c:a", "b:a", "ar", "ac")}
    ffmpeg_tool.run(ffmpeg.output(*streams, str(file), **{k: v for k, v in settings.items() if v is not None}))
    return file


def findings(file):
    return {c.name for c in verify.verify(file, SPEC) if not c.ok and c.level == "error"}


def test_a_right_file_has_no_findings(tmp_path):
    assert findings(make(tmp_path / "right.mp4", size="1080x1920")) == set()


WRONG = {
    "320p": ({}, "size"),
    "16:9": ({"size": "320x180"}, "shape"),
    "oblong pixels": ({"video": {"setsar": {"sar": "4/3"}}}, "shape"),
    "HEVC": ({"c:v": "libx265", "profile:v": None, "level:v": None, "flags": None}, "codec"),
    "10 bit": ({"pix_fmt": "yuv420p10le", "profile:v": "high10"}, "pixels"),
    "4:4:4": ({"pix_fmt": "yuv444p", "profile:v": "high444"}, "pixels"),
    "no audio": ({"audio": False}, "streams"),
    "44.1 kHz": ({"ar": 44100}, "sample rate"),
    "mono": ({"channels": 1}, "channels"),
    "MP3 sound": ({"c:a": "libmp3lame"}, "sound codec"),
    "moov at the end": ({"movflags": None}, "moov"),
    "open groups": (
        {
            "flags": None,
            "x264-params": "open-gop=1:bframes=3:scenecut=0",
            "preset": "veryfast",
            "g": 25,
            "seconds": 2.5,
        },
        "closed groups",
    ),
    "10 s groups": ({"g": 250, "keyint_min": 250, "seconds": 4.0, "sc_threshold": 0}, "key frame distance"),
    "too loud": ({"volume": "14dB"}, "loudness"),
    "too long": ({"seconds": 181.0, "size": "36x64", "rate": "1", "audio": False}, "length"),
    "variable rate": ({"video": {"select": {"expr": "not(eq(mod(n,5),3))"}}, "fps_mode": "vfr"}, "constant rate"),
    "full range": ({"color_range": "pc", "video": {"scale": {"out_range": "full"}}}, "range"),
    "colours not tagged": ({"tagged": False}, "colour tags"),
    "120 frames a second": ({"rate": "120", "level:v": "5.2"}, "frame rate"),
    "interlaced": ({"flags": "+ildct+ilme", "x264-params": "interlaced=1"}, "scan"),
}


@pytest.mark.parametrize(("options", "name"), WRONG.values(), ids=WRONG.keys())
@pytest.mark.slow
def test_a_wrong_file_is_named(tmp_path, options, name):
    assert name in findings(make(tmp_path / "wrong.mp4", **options))


def test_quiet_sound_is_a_warning(tmp_path):
    checks = {c.name: c for c in verify.verify(make(tmp_path / "a.mp4", volume="0dB"), SPEC)}
    assert not checks["loudness"].ok and checks["loudness"].level == "warning"
    assert {"delivery-loudness", "delivery-usual-length"} <= {note.code for note in verify.notes([*checks.values()])}


def test_key_frames_are_looked_at_one_by_one(tmp_path):
    """However many there are, at most two are in memory: the one that is looked at and the next."""
    file = make(tmp_path / "intra.mp4", g=1, keyint_min=1)
    alive, most = weakref.WeakSet(), []

    class Frame:
        def __init__(self, frame):
            self.frame = frame

        def __getattr__(self, name):
            return getattr(self.frame, name)

    def counted(decoded):
        for frame in decoded:
            wrapped = Frame(frame)
            alive.add(wrapped)
            most.append(len(alive))
            yield wrapped
            del wrapped

    with av.open(str(file)) as container:
        seen = verify.key_frames(counted(container.decode(video=0)))
    assert (seen.count, seen.interlaced, seen.tags) == (25, False, (1, 1, 1))
    assert len(most) == 25 and max(most) <= 2


def test_a_spec_of_ones_own_need_not_say_where_its_limits_are_from(tmp_path):
    checks = verify.verify(make(tmp_path / "a.mp4"), SPEC.model_copy(update={"sources": {}, "name": "mine"}))
    assert {(check.sure, check.source) for check in checks} == {("O", "the delivery spec mine")}


@pytest.mark.parametrize(("wrong", "says"), [({"codec": "vp9"}, "asks for vp9"), ({"level": "9.9"}, "has level 9.9")])
def test_a_spec_that_asks_for_what_is_not_known_is_refused(tmp_path, wrong, says):
    with pytest.raises(WrongUse, match=says):
        verify.verify(make(tmp_path / "a.mp4"), SPEC.model_copy(update=wrong))


@pytest.mark.parametrize(
    ("tools", "says"),
    [(Tools(encoder="h263"), "no encoder h263; there are libx264"), (Tools(speed="warp"), "no speed warp")],
)
def test_an_encoder_or_a_speed_that_is_not_there_is_refused(tools, says):
    with pytest.raises(WrongUse, match=says):
        encode.output_options(SPEC, Fraction(25), tools)


def test_sound_that_starts_late_is_named(tmp_path):
    right = make(tmp_path / "right.mp4")
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


def test_what_an_encoder_needs_is_looked_for_in_ffmpeg():
    assert ffmpeg_tool.missing(encode.ENCODERS[Tools.encoder].needs) == []
    assert ffmpeg_tool.missing({"h263_mars": "-encoders"}) == ["h263_mars"]
