"""The mastered track: as long as the picture to the sample, in sync, as loud as the spec, silent where there is nothing."""

from fractions import Fraction

import av
import ffmpeg
import numpy as np
import pyloudnorm
import pytest

import presets
from basis.errors import Unusable
from pipeline import sound
from pipeline.footage import ffmpeg_tool, loudness, source, stream
from pipeline.sound import takes
from pipeline.synthetic import demo
from presets import delivery
from tests.sounds import RATE, clicks, first, plan, true_peak, write

SPEC = delivery.load("vk-clips")
PRESET = presets.load("open-industry")


def master(tmp_path, made):
    report = sound.master(made, SPEC, PRESET, tmp_path / "master.wav")
    raw = (tmp_path / "master.wav").read_bytes()
    return report, np.frombuffer(raw[raw.index(b"data") + 8 :], "<i2").reshape(-1, 2) / 32768


@pytest.mark.parametrize("name", ["a.wav", "a.m4a"])
def test_in_points_and_joins_keep_clicks_in_place(tmp_path, name):
    codec = {"a.wav": "pcm_s16le", "a.m4a": "aac"}[name]
    file = write(tmp_path / name, clicks(8, [1.5, 4.0, 6.25]), acodec=codec)
    report, samples = master(tmp_path, plan((file, 1.0, 3.0), (file, 3.52, 7.0)))
    assert len(samples) == round((50 + 87) / 25 * RATE)
    for expected in (0.5, 2.0 + 0.48, 2.0 + 2.73):
        assert first(samples, expected - 0.2, expected + 0.2) == pytest.approx(
            expected, abs=0.001 if codec != "aac" else 0.01
        )
    assert report.after.integrated is not None


def test_sound_that_starts_late_in_the_file_stays_late(tmp_path):
    file = write(tmp_path / "a.wav", clicks(2, [0.5]))
    picture = ffmpeg.input("color=size=64x64:rate=25:duration=3", f="lavfi")["v"]
    late = ffmpeg.input(str(file), itsoffset=0.5)["a"]
    ffmpeg_tool.run(ffmpeg.output(picture, late, str(tmp_path / "late.mov"), acodec="pcm_s16le"))
    made = plan((tmp_path / "late.mov", 0, 2.4))
    made.takes[0].audio_stream = 1
    _, samples = master(tmp_path, made)
    assert first(samples, 0.2, 2.0) == pytest.approx(1.0, abs=0.002)


def test_no_drift_at_a_fractional_rate(tmp_path):
    file = write(tmp_path / "a.wav", clicks(21, [20.0]))
    ranges = [(file, i * 2.002, (i + 1) * 2.002) for i in range(10)]
    made = plan(*ranges, rate="30000/1001")
    _, samples = master(tmp_path, made)
    assert len(samples) == round(Fraction(1001, 30000) * made.frame_count * RATE)
    assert first(samples, 19.5, 20.02) == pytest.approx(20.0, abs=0.003)


@pytest.mark.parametrize("gain", [0.02, 1.9])
def test_quiet_and_loud_voices_end_at_the_same_loudness_under_the_peak(tmp_path, gain):
    talk = gain * demo.voice(4, [(0.2, 3.8)], 1)
    report, samples = master(tmp_path, plan((write(tmp_path / "a.wav", talk), 0, 4), speech=[(0.2, 3.8)]))
    assert pyloudnorm.Meter(RATE).integrated_loudness(samples) == pytest.approx(-14, abs=0.5)
    assert report.after.true_peak <= -1 and true_peak(samples) <= -1


@pytest.mark.parametrize("silent", [True, False])
def test_silence_stays_silence(tmp_path, silent):
    file = write(tmp_path / "a.wav", np.zeros(3 * RATE))
    report, samples = master(tmp_path, plan((file, 0, 3), silent=silent))
    assert len(samples) == 3 * RATE and not samples.any() and report.gain == 0


@pytest.mark.parametrize("hiss", [0.0001, 0.0004])
def test_the_recorders_own_noise_is_not_made_loud(tmp_path, hiss):
    noise = np.random.default_rng(1).normal(0, hiss, 3 * RATE)
    report, samples = master(tmp_path, plan((write(tmp_path / "a.wav", noise), 0, 3)))
    assert np.abs(samples).max() < 0.01 and report.gain == 0


@pytest.mark.parametrize("channels", [2, 6])
def test_every_channel_is_heard_on_both_sides_or_its_own(tmp_path, channels):
    talk = demo.voice(3, [(0.1, 2.9)], 1)
    samples = np.zeros((len(talk), channels))
    samples[:, 2 if channels == 6 else 0] = talk  # the centre of 5.1
    _, out = master(tmp_path, plan((write(tmp_path / "a.wav", samples), 0, 3)))
    left, right = np.sqrt((out**2).mean(axis=0))
    assert left > 0.05 and (channels == 2 or right == pytest.approx(left, rel=0.05))


@pytest.mark.slow
def test_music_lies_under_speech_and_comes_up_in_gaps(tmp_path):
    t = np.arange(3 * RATE) / RATE
    music = write(tmp_path / "music.wav", 0.3 * np.sin(2 * np.pi * 5000 * t))
    said = [(0.1, 3), (7, 9.9)]
    file = write(tmp_path / "a.wav", demo.voice(10, said, 1))
    _, out = master(tmp_path, plan((file, 0, 10), music=music, speech=said))

    def level(a, b):
        part = out[int(a * RATE) : int(b * RATE), 0]
        spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)))) ** 2
        hertz = np.fft.rfftfreq(len(part), 1 / RATE)
        near = np.abs(hertz - 5000) < 30
        return 10 * np.log10(spectrum[near].sum() / len(part) ** 2), 10 * np.log10(
            spectrum[~near].sum() / len(part) ** 2
        )

    under, speech = level(1, 2.5)
    up, _ = level(4.5, 5.5)
    assert speech - under >= 15
    assert up - under >= 6
    before, _ = level(6.7, 7.0)  # the bed is down before the first word
    assert speech - before >= 15
    edges = [level(a, a + 0.1)[0] for a in np.arange(3.9, 6.1, 0.1)]
    assert np.ptp(edges) < 3  # looped every three seconds, and not heard to be


def test_a_join_does_not_click_and_keeps_every_sample_in_its_place(tmp_path):
    """Two pieces of one sine, cut where they do not fit: nothing jumps by more than the sine itself does."""
    t = np.arange(4 * RATE) / RATE
    file = write(tmp_path / "a.wav", 0.25 * np.sin(2 * np.pi * 440 * t) + 0.2 * (t > 3.5) * np.sin(2 * np.pi * 90 * t))
    _, samples = master(tmp_path, plan((file, 0.5, 1.5), (file, 2.503, 3.503), rate="30"))
    assert len(samples) == 2 * RATE
    steps = np.abs(np.diff(samples[:, 0]))
    usual = steps[RATE // 2 : RATE - 1000].max()
    assert steps[RATE - 1000 : RATE + 1000].max() < 1.2 * usual


@pytest.mark.slow
def test_the_room_goes_on_where_there_is_no_sound(tmp_path):
    """Under the end card, in a dropout and in a take without sound: the tone of the room, not digital silence."""
    hall = 0.05 * np.random.default_rng(3).normal(0, 1, 9 * RATE)
    talk = demo.voice(9, [(0.5, 3.5), (6, 8.5)], 1)
    recorded = hall + talk
    recorded[4 * RATE : 5 * RATE] = 0
    file, mute = write(tmp_path / "a.wav", recorded), write(tmp_path / "mute.wav", np.zeros(2 * RATE))
    made = plan((file, 0, 9), (mute, 0, 2), tail=2.0, speech=[(0.5, 3.5), (6, 8.5)])
    made.takes[1].speech = []
    made.takes[1].audio_stream = None
    _, out = master(tmp_path, made)

    def level(a, b):
        return 20 * np.log10(np.sqrt(np.square(out[round(a * RATE) : round(b * RATE)]).mean()) + 1e-9)

    room = level(5.2, 5.8)
    assert level(4.2, 4.8) == pytest.approx(room, abs=2)
    assert level(9.3, 10.7) == pytest.approx(room, abs=3)
    assert room > level(12.5, 12.8) > -80 and level(12.95, 13.0) < room - 20  # it fades under the end card


@pytest.mark.slow
def test_quiet_and_loud_speakers_end_alike_and_keep_their_own_dynamics(tmp_path):
    loud, quiet = [(0.3, 4), (8.3, 12)], [(4.3, 8), (12.3, 15.7)]
    meter = pyloudnorm.Meter(RATE)
    voices = []
    for spans, seed, lufs in ((loud, 1, -18), (quiet, 2, -30)):
        voice = demo.voice(16, spans, seed, 110 + 60 * seed)
        voices.append(voice * 10 ** ((lufs - meter.integrated_loudness(voice)) / 20))
    file = write(tmp_path / "a.wav", sum(voices))
    report, out = master(tmp_path, plan((file, 0, 16), speech=sorted(loud + quiet)))
    ends = [
        meter.integrated_loudness(np.concatenate([out[round(a * RATE) : round(b * RATE)] for a, b in spans]))
        for spans in (loud, quiet)
    ]
    assert abs(ends[0] - ends[1]) <= 2
    assert [round(v.gain) for v in report.voices] == pytest.approx([-3, 9, -3, 9], abs=4)


@pytest.mark.slow
def test_who_is_seen_to_speak_is_evened_out_however_near_the_levels_are(tmp_path):
    spans = [[(6 * n + 0.2, 6 * n + 2.8) for n in range(2)], [(6 * n + 3.2, 6 * n + 5.8) for n in range(2)]]
    meter = pyloudnorm.Meter(RATE)
    voices = []
    for own, seed, lufs in zip(spans, (1, 2), (-22, -27), strict=True):
        voice = demo.voice(12, own, seed, 110 + 60 * seed)
        voices.append(voice * 10 ** ((lufs - meter.integrated_loudness(voice)) / 20))
    made = plan((write(tmp_path / "a.wav", sum(voices)), 0, 12), speech=sorted(spans[0] + spans[1]))
    made.takes[0].turns = [(a, b, person) for person, own in enumerate(spans, 1) for a, b in own]
    report, out = master(tmp_path, made)
    ends = [
        meter.integrated_loudness(np.concatenate([out[round(a * RATE) : round(b * RATE)] for a, b in own]))
        for own in spans
    ]
    assert abs(ends[0] - ends[1]) <= 1
    assert {voice.person for voice in report.voices} == {1, 2}


@pytest.mark.slow
def test_one_voices_own_ups_and_downs_stay(tmp_path):
    said = [(4 * n + 0.3, 4 * n + 3.7) for n in range(5)]
    talk = demo.voice(20, said, 1)
    ups = np.interp(np.arange(len(talk)) / RATE, np.arange(5) * 4 + 2, [0, 3, -3, 1, -2])
    report, _ = master(tmp_path, plan((write(tmp_path / "a.wav", talk * 10 ** (ups / 20)), 0, 20), speech=said))
    assert report.after.range >= report.before.range / 2 > 1


@pytest.mark.slow
def test_a_hall_without_speech_stays_below_the_people_who_speak_before_and_after_it(tmp_path):
    talk = write(tmp_path / "talk.wav", 0.05 * demo.voice(6, [(0.2, 5.8)], 1))
    hall = write(tmp_path / "hall.wav", 0.3 * np.random.default_rng(1).normal(0, 1, 6 * RATE))
    made = plan((talk, 0, 6), (hall, 0, 6), (talk, 0, 6), speech=[(0.2, 5.8)])
    made.takes[1].speech = []
    report, out = master(tmp_path, made)
    first, loud, last = (
        pyloudnorm.Meter(RATE).integrated_loudness(out[n * 6 * RATE + RATE // 2 : (n + 1) * 6 * RATE - RATE // 2])
        for n in range(3)
    )
    assert first - loud >= 5 and abs(first - last) <= 1
    assert [(round(v.start), round(v.end)) for v in report.voices] == [(0, 6), (6, 12), (12, 18)]


def test_what_was_cut_out_of_a_talk_is_no_noise_of_it(tmp_path):
    """Sound bites of one clean file: the talk between them is not heard, and must not be taken for a loud room."""
    talk = demo.voice(15, [(0.1, 14.9)], 1)
    file = write(tmp_path / "a.wav", 0.2 * talk)
    bites = [(file, 8 * n + 1, 8 * n + 3) for n in range(2)]
    report, _ = master(tmp_path, plan(*bites, speech=[(8 * n + 1, 8 * n + 3) for n in range(2)]))
    assert not any("lowered" in told for told in report.heard)


@pytest.mark.parametrize("speech", [[(5.0, 9.0), (2.0, 1.0)], [(-3.0, 0.5), (0.2, 40.0)]])
def test_speech_that_an_edited_plan_has_outside_its_takes_does_no_harm(tmp_path, speech):
    made = plan((write(tmp_path / "a.wav", 0.1 * demo.voice(4, [(0.2, 3.8)], 1)), 0, 4))
    made.takes[0].speech = speech
    report, out = master(tmp_path, made)
    assert report.after.integrated == pytest.approx(-14, abs=0.5) and len(out) == 4 * RATE


def test_samples_far_above_full_scale_do_not_turn_over(tmp_path):
    loud = 20 * demo.voice(4, [(0.2, 3.8)], 1)
    stream = ffmpeg.input("pipe:", format="f32le", ar=RATE, ac=1).output(str(tmp_path / "a.wav"), acodec="pcm_f32le")
    ffmpeg_tool.run(stream, input=loud.astype("<f4").tobytes())
    _, out = master(tmp_path, plan((tmp_path / "a.wav", 0, 4), speech=[(0.2, 3.8)]))
    assert np.corrcoef(out[:, 0], loud)[0, 1] > 0.9


def test_music_without_detected_speech_still_lies_under_what_is_recorded(tmp_path):
    t = np.arange(12 * RATE) / RATE
    music = write(tmp_path / "music.wav", 0.3 * np.sin(2 * np.pi * 5000 * t))
    file = write(tmp_path / "a.wav", 0.2 * np.random.default_rng(1).normal(0, 0.2, 12 * RATE))
    _, out = master(tmp_path, plan((file, 0, 12), music=music))
    spectrum = np.square(np.abs(np.fft.rfft(out[2 * RATE : 10 * RATE, 0])))
    near = np.abs(np.fft.rfftfreq(8 * RATE, 1 / RATE) - 5000) < 5
    assert 10 * np.log10(spectrum[~near].sum() / spectrum[near].sum()) > 5


@pytest.mark.parametrize("frames", [120, 121])
def test_music_that_lasts_as_long_as_the_episode_begins_at_its_beginning(tmp_path, frames):
    bed = np.zeros(6 * RATE)
    bed[2 * RATE :] = 0.3 * np.sin(2 * np.pi * 500 * np.arange(4 * RATE) / RATE)
    file = write(tmp_path / "a.wav", np.zeros(6 * RATE))
    _, out = master(tmp_path, plan((file, 0, frames / 30), music=write(tmp_path / "bed.wav", bed), rate="30"))
    assert np.flatnonzero(np.abs(out[:, 0]) > 0.01)[0] == pytest.approx(2 * RATE, abs=500)


def test_a_constant_part_of_the_sound_is_no_loudness(tmp_path):
    file = write(tmp_path / "a.wav", 0.1 + 0.05 * demo.voice(5, [(0.2, 4.8)], 1))
    _, out = master(tmp_path, plan((file, 0, 5), speech=[(0.2, 4.8)]))
    assert abs(out.mean()) < 0.01
    assert pyloudnorm.Meter(RATE).integrated_loudness(out) == pytest.approx(-14, abs=0.5)


def hammer(seconds, floor):
    """Strokes of half a millisecond, one a second, over noise."""
    strokes = floor * np.random.default_rng(4).normal(0, 1, seconds * RATE)
    for n in range(seconds):
        at = round((n + 0.3) * RATE)
        strokes[at : at + 24] += 0.9 * np.sin(np.arange(24)) * np.linspace(1, 0, 24)
    return strokes


@pytest.mark.slow
@pytest.mark.parametrize("talk", [0, 0.02])
def test_strokes_of_a_hammer_keep_under_the_peak_limit_as_aac_too(tmp_path, talk):
    said = [(0.2, 7.8)]
    file = write(tmp_path / "a.wav", hammer(8, 0.002) + talk * demo.voice(8, said, 1))
    report, out = master(tmp_path, plan((file, 0, 8), speech=said if talk else []))
    assert true_peak(out) <= -1 and report.gain <= 45
    coded = ffmpeg.input(str(tmp_path / "master.wav")).output(
        str(tmp_path / "a.m4a"), acodec="aac", audio_bitrate="256k"
    )
    ffmpeg_tool.run(coded)
    assert loudness.measure(tmp_path / "a.m4a").true_peak <= -1


def test_a_quiet_hall_with_strokes_is_not_made_a_loud_one(tmp_path):
    report, _ = master(tmp_path, plan((write(tmp_path / "a.wav", hammer(8, 0.0002)), 0, 8)))
    assert report.gain <= 30 and "louder and stays at" in report.notes[0].text


@pytest.mark.parametrize("seconds", [0.2, 0.36])
def test_very_short_sound_is_mastered_too(tmp_path, seconds):
    talk = 0.1 * demo.voice(1, [(0, 1)], 1)
    report, out = master(tmp_path, plan((write(tmp_path / "a.wav", talk), 0.1, 0.1 + seconds), rate="50"))
    assert len(out) == round(seconds * RATE)
    assert -30 < 20 * np.log10(np.abs(out).max()) <= -1 and report.gain > 0


def test_a_sting_is_heard_at_its_second_and_lies_under_speech(tmp_path):
    t = np.arange(RATE // 2) / RATE
    ding = write(tmp_path / "ding.wav", 0.9 * np.sin(2 * np.pi * 6000 * t) * np.exp(-6 * t))
    file = write(tmp_path / "a.wav", demo.voice(8, [(0.2, 4)], 1))
    _, out = master(tmp_path, plan((file, 0, 8), speech=[(0.2, 4)], stings=[(ding, 1.5), (ding, 6.5)]))

    def ring(a, b):
        part = out[round(a * RATE) : round(b * RATE), 0]
        spectrum = np.square(np.abs(np.fft.rfft(part * np.hanning(len(part)))))
        return 10 * np.log10(spectrum[np.abs(np.fft.rfftfreq(len(part), 1 / RATE) - 6000) < 30].sum() + 1e-12)

    assert ring(6.5, 6.8) > ring(6.2, 6.48) + 30
    assert 6 < ring(6.5, 6.8) - ring(1.5, 1.8) < 20


def test_music_alone_is_the_sound_of_silent_footage(tmp_path):
    t = np.arange(2 * RATE) / RATE
    music = write(tmp_path / "music.wav", 0.1 * np.sin(2 * np.pi * 300 * t))
    _, out = master(tmp_path, plan((write(tmp_path / "a.wav", np.zeros(5 * RATE)), 0, 5), music=music))
    assert pyloudnorm.Meter(RATE).integrated_loudness(out) == pytest.approx(-14, abs=0.5)


@pytest.mark.parametrize("what", ["a text", "silence", "two faint clicks", "a faint tone", "a list"])
def test_music_that_cannot_be_used_is_named(tmp_path, what):
    music = tmp_path / "bed.wav"
    if what == "a text":
        music.write_text("la la la")
    elif what == "a list":
        music.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nb.wav\n#EXT-X-ENDLIST\n")
    else:
        faint = {
            "two faint clicks": 0.002 * clicks(2, [0.5, 1.5]),
            "a faint tone": 9e-4 * np.sin(np.arange(2 * RATE) / 9),
        }
        write(music, faint.get(what, np.zeros(RATE)))
    with pytest.raises(Unusable, match=r"bed\.wav"):
        master(tmp_path, plan((write(tmp_path / "a.wav", clicks(2, [1])), 0, 2), music=music))


@pytest.mark.parametrize("hole", [0.53, 0.06])
@pytest.mark.slow
def test_sound_follows_the_time_stamps_of_the_file(tmp_path, hole):
    """A camera that lost sound again and again: what comes after each hole is where its time stamps say."""
    samples = clicks(12, [0.4 + n for n in range(12)])
    with av.open(str(tmp_path / "holes.mkv"), "w") as written:
        stream = written.add_stream("pcm_s16le", rate=RATE, layout="mono")
        for begin in range(12):
            end = round((begin + 1 - hole) * RATE)
            for at in range(begin * RATE, end, 1024):
                block = (samples[at : min(end, at + 1024)] * 32767).astype("<i2")[None]
                frame = av.AudioFrame.from_ndarray(block, "s16", "mono")
                frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
                written.mux(stream.encode(frame))
        written.mux(stream.encode(None))
    _, out = master(tmp_path, plan((tmp_path / "holes.mkv", 1.25, 11)))
    heard = [first(out, at - 0.15, at + 0.15) - at for at in np.arange(0.15, 9, 1)]
    assert np.abs(heard).max() <= 0.010


CODECS = {
    "flv": {"vcodec": "flv"}, "m2ts": {"vcodec": "mpeg2video", "acodec": "ac3"},
    "mpg": {"vcodec": "mpeg2video", "f": "vob"}, "webm": {"vcodec": "libvpx", "deadline": "realtime"},
}  # fmt: skip


def flash_and_beep(file, picture, heard, at=1.6, **options):
    """A flash and a beep at one moment of 2.4 s, in a file whose picture and sound begin at these seconds of it."""
    grey = ffmpeg.input("color=gray:size=32x32:rate=25:duration=2.4", f="lavfi")["v"]
    white = f"between(t,{at - 0.01},{at + 0.3})"
    grey = grey.filter("drawbox", w="iw", h="ih", color="white", t="fill", enable=white).filter("trim", start=picture)
    beep = f"if(between(t,{at},{at + 0.3}),0.5,0.003)*sin(6283*t)"
    tone = ffmpeg.input(f"aevalsrc='{beep}':duration=2.4:sample_rate=48000", f="lavfi")["a"].filter(
        "atrim", start=heard
    )
    options = {"fps_mode": "passthrough", "g": 5, "vcodec": "mpeg4"} | CODECS.get(file.suffix[1:], {}) | options
    ffmpeg_tool.run(ffmpeg.output(grey, tone, str(file), **options))
    return file


def beep_after_flash(file, begin=0.0):
    """Seconds from the flash that is seen to the beep that is heard, by the footage's clock."""
    made = source.probe(file)
    white = next(t for t, frame in stream.Pictures(made, 0, 9) if frame[: made.height].mean() > 200)
    take = plan((file, begin, 2.3)).takes[0].model_copy(update={"audio_stream": made.audio_stream})
    return begin + first(takes.read(take, 0, round((2.3 - begin) * RATE)), 0, 2.3 - begin) - white


PICTURE_FIRST, SOUND_FIRST, AT_ONCE = (0.0, 0.5), (0.5, 0.0), (0.0, 0.0)


@pytest.mark.parametrize(
    ("name", "starts"),
    [
        ("a.mp4", PICTURE_FIRST), ("a.mov", SOUND_FIRST), ("a.mkv", PICTURE_FIRST), ("a.avi", AT_ONCE), ("a.ts", PICTURE_FIRST),
        ("a.ts", SOUND_FIRST), ("a.m2ts", PICTURE_FIRST), ("a.mpg", PICTURE_FIRST), ("a.flv", PICTURE_FIRST), ("a.webm", SOUND_FIRST),
    ],
)  # fmt: skip
def test_a_beep_stays_with_its_flash_whichever_stream_starts_first(tmp_path, name, starts):
    assert beep_after_flash(flash_and_beep(tmp_path / name, *starts)) == pytest.approx(0, abs=0.02)


def test_an_in_point_moves_no_sound_against_its_picture(tmp_path):
    file = flash_and_beep(tmp_path / "a.ts", 0, 0.5, acodec="mp2")
    assert [beep_after_flash(file, begin) for begin in (0.3, 1.2)] == pytest.approx([0, 0], abs=0.02)


def test_a_capture_that_begins_in_mid_stream_is_in_step(tmp_path):
    whole = flash_and_beep(tmp_path / "a.ts", 0, 0.5, acodec="mp2").read_bytes()
    (tmp_path / "joined.ts").write_bytes(whole[len(whole) // 4 // 188 * 188 :])
    assert beep_after_flash(tmp_path / "joined.ts") == pytest.approx(0, abs=0.02)


def test_stamps_that_turn_over_are_one_clock(tmp_path):
    """MPEG-TS counts to 95443.7 s and begins again at 0."""
    file = flash_and_beep(tmp_path / "a.ts", 0, 0.5, acodec="mp2", output_ts_offset=95441.5)
    assert beep_after_flash(file) == pytest.approx(0, abs=0.02)
