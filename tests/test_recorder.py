"""A separate recorder's file is laid to the camera's sound to the millisecond, or refused when it is another one."""

from fractions import Fraction

import ffmpeg
import numpy as np
import pytest
from scipy.signal import butter, oaconvolve, resample_poly, sosfilt

from basis.errors import Unusable
from pipeline.brief import Footage
from pipeline.footage import ffmpeg_tool, source
from pipeline.footage.sounds import Sound
from pipeline.listening import recorder
from pipeline.synthetic import demo

RATE = 48_000


def talk(seconds, seed):
    rng, stretches, at = np.random.default_rng(seed), [], 0.3
    while at < seconds - 1:
        end = min(at + rng.uniform(1, 4), seconds - 0.2)
        stretches.append((at, end))
        at = end + rng.uniform(0.2, 1.2)
    return demo.voice(seconds, stretches, seed, pitch=130)


def heard_from(clean, offset, seconds, drift=0.0, rate=RATE):
    """What is said at the camera's own seconds: its second t is the recording's t * (1 + drift / 1e6) + offset."""
    t = np.arange(round(seconds * rate)) / rate
    return np.interp((t * (1 + drift / 1e6) + offset) * rate, np.arange(len(clean)), clean, left=0, right=0)


def at_the_camera(sound, seed, noise=1.0, rate=RATE):
    """Far away: echoes, a dull tone, machines as loud as the voice."""
    rng = np.random.default_rng(seed)
    room = np.zeros(rate // 3)
    room[0] = 1
    for at in rng.uniform(0.003, 0.08, 5):
        room[int(at * rate)] += rng.uniform(-0.6, 0.6)
    room += rng.normal(0, 0.02, len(room)) * np.exp(-np.arange(len(room)) / (0.08 * rate))
    dull = sosfilt(butter(2, 5000, fs=rate, output="sos"), oaconvolve(sound, room)[: len(sound)])
    hiss = sosfilt(butter(1, 1500, fs=rate, output="sos"), rng.normal(0, 1, len(sound)))
    return 0.3 * dull + noise * 0.3 * sound.std() * hiss / hiss.std()


def footage(folder, sound, rate=RATE, name="camera.mp4", codec="aac"):
    seconds = len(sound) / rate if sound is not None else 2
    picture = ffmpeg.input(f"color=size=16x16:rate=2:duration={seconds}", f="lavfi")["v"]
    if sound is None:
        ffmpeg_tool.run(picture.output(str(folder / name)))
        return source.probe(folder / name)
    raw = folder / "camera.raw"
    sound.astype("<f4").tofile(raw)
    heard = ffmpeg.input(str(raw), format="f32le", ar=rate, ac=1)["a"]
    ffmpeg_tool.run(ffmpeg.output(picture, heard, str(folder / name), acodec=codec, vcodec="mpeg4"))
    return source.probe(folder / name)


def record(file, sound, rate=RATE, **options):
    channels = 1 if sound.ndim == 1 else sound.shape[1]
    stream = ffmpeg.input("pipe:", format="f32le", ar=rate, ac=channels)
    ffmpeg_tool.run(stream.output(str(file), **options), input=sound.astype("<f4").tobytes())
    return file


def align(made, start, end, file, at=None):
    camera = None if made.audio_stream is None else Sound(made.file, made.audio_stream)
    return recorder.align(made, camera, Footage(file=made.file, audio=file, audio_offset=at), start, end)


def worst(placed, offset, drift, start, end):
    """The largest error in seconds anywhere in the range."""
    t = np.array([start, end])
    return np.abs(t * (placed.drift - drift) / 1e6 + placed.offset - offset).max()


@pytest.fixture(scope="module")
def clean():
    return talk(60, 1)


@pytest.fixture(scope="module")
def camera(tmp_path_factory, clean):
    """20 s, from the recording's second 25.4 on, inverted against it."""
    sound = -at_the_camera(heard_from(clean, 25.4, 20), 1)
    return footage(tmp_path_factory.mktemp("camera"), sound)


@pytest.mark.parametrize(
    "name, change, options",
    [
        ("lav.mp3", lambda x: x, {"q:a": 4}),
        ("24 bit.wav", lambda x: 0.01 * x, {"acodec": "pcm_s24le"}),
        ("stereo.wav", lambda x: np.stack([x, 0 * x], axis=1), {}),
        ("clipped.wav", lambda x: np.clip(8 * x, -0.9, 0.9), {}),
        ("лавальер 1.wav", lambda x: x + 0.1 * demo.machines(60, 5), {"ar": 44_100}),
    ],
)
@pytest.mark.slow
def test_any_recording_lies_on_the_camera_sound_to_two_milliseconds(tmp_path, clean, camera, name, change, options):
    file = record(tmp_path / name, change(clean), **options)
    placed, said = align(camera, 0, camera.duration, file)
    assert worst(placed, 25.4, 0, 0, 20) < 0.002
    assert (placed.file, placed.audio_stream, placed.drift) == (file.resolve(), 0, 0)
    assert f"heard from {name}, which starts 25.4" in said and "before the camera" in said and "only" not in said


def test_a_recorder_at_a_quarter_of_the_rate(tmp_path, clean, camera):
    file = record(tmp_path / "lav.wav", resample_poly(clean, 1, 4), rate=RATE // 4)
    placed, _ = align(camera, 3, 8, file)
    assert worst(placed, 25.4, 0, 3, 8) < 0.002


def test_the_same_files_give_the_same_numbers(tmp_path, clean, camera):
    file = record(tmp_path / "lav.wav", clean[20 * RATE :])
    assert align(camera, 0, 20, file) == align(camera, 0, 20, file)


def test_a_short_recording_that_starts_after_the_camera_is_placed_and_said_to_be_short(tmp_path, clean, camera):
    file = record(tmp_path / "lav.wav", clean[round(29.4 * RATE) : round(38.4 * RATE)])
    placed, said = align(camera, 0, 20, file)
    assert worst(placed, -4, 0, 4, 13) < 0.002
    assert "starts 4.000 s after the camera" in said and "it has only 4.00 to 13.00 s" in said
    with pytest.raises(Unusable, match=r"has nothing of 14\.00 to 20\.00 s"):
        align(camera, 14, 20, file)


@pytest.mark.slow
def test_drift_is_heard_within_a_minute(tmp_path, clean):
    drift = -100.0
    source = footage(tmp_path, at_the_camera(heard_from(clean, -2, 61, drift), 2, noise=2))
    placed, said = align(source, 5, 58, record(tmp_path / "lav.wav", clean))
    assert worst(placed, -2, drift, 2, 61) < 0.001
    assert placed.drift == pytest.approx(drift, abs=5)
    assert "ppm slower (" in said


@pytest.mark.slow
def test_five_minutes_with_drift_stay_within_three_milliseconds(tmp_path, clean):
    drift, rate = 100.0, 16_000
    voice, rng = resample_poly(clean, 1, 3), np.random.default_rng(3)
    pieces = [voice[a : a + 5 * rate] for a in rng.integers(0, len(voice) - 5 * rate, 77)]
    said = np.concatenate([np.interp(np.arange(0, 5 * rate - 1, s), np.arange(5 * rate), p)
                           for s, p in zip(rng.uniform(0.9, 1.1, 77), pieces, strict=True)])  # fmt: skip
    source = footage(
        tmp_path,
        at_the_camera(heard_from(said, 71.25, 300, drift, rate), 4, rate=rate),
        rate,
        "camera.mov",
        "pcm_s16le",
    )
    placed, told = align(source, 0, 300, record(tmp_path / "lav.wav", said, rate))
    assert worst(placed, 71.25, drift, 0, 300) < 0.003 and "ppm faster (" in told


@pytest.mark.slow
def test_hammering_louder_than_the_voice_does_not_shift_it_by_a_stroke(tmp_path, clean):
    rng = np.random.default_rng(6)
    stroke = rng.normal(0, 1, RATE // 8) * np.exp(-np.arange(RATE // 8) / (0.03 * RATE))
    beats = np.zeros(60 * RATE)
    beats[(np.arange(0.2, 59, 0.4) * RATE).astype(int)] = 1
    hammer = 0.3 * oaconvolve(beats, stroke)[: len(beats)]
    source = footage(tmp_path, at_the_camera(heard_from(clean + hammer, 30.3, 20), 3))
    placed, _ = align(source, 0, 20, record(tmp_path / "lav.wav", clean + 0.1 * hammer))
    assert worst(placed, 30.3, 0, 0, 20) < 0.002
    other = record(tmp_path / "other.wav", talk(20, 9) + 0.1 * hammer[: 20 * RATE])
    with pytest.raises(Unusable, match="nothing in one sounds like the other"):
        align(source, 0, 20, other)


@pytest.mark.slow
def test_the_wearer_of_the_recorder_is_in_sync_and_not_somebody_who_asks_from_afar(tmp_path, clean):
    wearer = clean * (np.arange(len(clean)) // (5 * RATE) % 3 == 0)
    asks = clean[::-1] * (wearer == 0)
    late = 0.03 * np.roll(asks, round(0.006 * RATE))  # 2 m away from the recorder and as near the camera
    source = footage(tmp_path, at_the_camera(heard_from(wearer + asks, 20.5, 35), 5, noise=0.5))
    placed, _ = align(source, 0, 35, record(tmp_path / "lav.wav", wearer + late))
    assert worst(placed, 20.5, 0, 0, 35) < 0.002


@pytest.mark.slow
def test_another_talk_is_refused(tmp_path, camera):
    file = record(tmp_path / "other.wav", talk(15, 20) + 0.2 * demo.machines(15, 5))
    with pytest.raises(Unusable, match=r"other\.wav cannot be aligned with .*camera\.mp4.* say audio_offset"):
        align(camera, 0, 20, file)


def test_an_editors_offset_is_taken_without_listening(tmp_path, camera):
    file = record(tmp_path / "other.wav", talk(8, 30))
    placed, said = align(camera, 2, 10, file, at=-3.25)
    assert (placed.offset, placed.drift) == (-3.25, 0)
    assert "placed by audio_offset" in said and "it has only 3.25 to 10.00 s" in said
    with pytest.raises(Unusable, match="correct the offset"):
        align(camera, 12, 20, file, at=-3.25)


def test_silence_and_no_sound_are_named(tmp_path, clean, camera):
    silent = record(tmp_path / "silent.wav", np.zeros(5 * RATE))
    with pytest.raises(Unusable, match=r"silent\.wav is silent"):
        align(camera, 0, 20, silent)
    lav = record(tmp_path / "lav.wav", clean)
    with pytest.raises(Unusable, match=r"camera\.mp4 is silent"):
        align(footage(tmp_path, np.zeros(5 * RATE)), 0, 5, lav)
    dumb = footage(tmp_path, None, name="dumb.mp4")
    with pytest.raises(Unusable, match=r"dumb\.mp4 has no sound that .*lav\.wav can be aligned with"):
        align(dumb, 0, 2, lav)
    assert align(dumb, 0, 2, lav, at=1.5)[0].offset == 1.5


def test_what_is_no_recording_is_refused_in_one_sentence(tmp_path, camera):
    (tmp_path / "empty.wav").touch()
    (tmp_path / "notes.wav").write_text("not sound at all")
    (tmp_path / "list.wav").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nlav.wav\n#EXT-X-ENDLIST\n")
    demo.write_video(tmp_path / "picture.mp4", iter([np.zeros((16, 16, 3), np.uint8)]), (16, 16), Fraction(25), None)
    for name, reason in {
        "none.wav": "There is no file", ".": "is a folder", "empty.wav": "is empty", "notes.wav": "not a sound",
        "list.wav": "is a list|not a sound", "picture.mp4": "has no sound",
    }.items():  # fmt: skip
        with pytest.raises(Unusable, match=reason) as error:
            align(camera, 0, 20, tmp_path / name)
        assert "\n" not in str(error.value)
