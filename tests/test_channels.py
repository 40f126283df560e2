"""Which stream and which channels are heard: told by listening, said why, and kept to when the plan is rendered."""

from dataclasses import replace

import ffmpeg
import numpy as np
import pytest

from basis.errors import Unusable
from pipeline import sound
from pipeline.brief import Footage
from pipeline.footage import ffmpeg_tool, source
from pipeline.footage.sounds import Sound, sounds_in
from pipeline.listening import channels
from pipeline.listening.channels import choose as channels_of
from pipeline.listening.hearing import listen, notes
from pipeline.plan import Microphone, Recording
from pipeline.sound import takes
from pipeline.synthetic import demo
from tests.sounds import RATE, plan, write

ANNA = demo.voice(8, [(0.2, 2.5), (5, 7.8)], 1, 210)
IVAN = demo.voice(8, [(2.8, 4.8)], 2, 110)
HISS = np.random.default_rng(1).normal(0, 0.0002, (2, 8 * RATE))


def footage(tmp_path, *streams):
    """A video with sound streams of (n, channels) samples."""
    files = [write(tmp_path / f"{number}.wav", samples) for number, samples in enumerate(streams)]
    picture = ffmpeg.input("color=size=64x64:rate=25:duration=8", f="lavfi")["v"]
    inputs = [ffmpeg.input(str(file))["a"] for file in files]
    ffmpeg_tool.run(ffmpeg.output(picture, *inputs, str(tmp_path / "a.mov"), acodec="pcm_s16le"))
    return source.probe(tmp_path / "a.mov")


def heard(made, **wanted):
    """The camera's sound that is heard of the whole footage, and why."""
    return channels.of_camera(made, Footage(file=made.file, **wanted), "", 0, 8)


def sides(left, right):
    return np.stack([left, right], axis=1)


@pytest.mark.parametrize(
    ("samples", "read", "why"),
    [
        (ANNA, "mono", "mono"),
        (sides(ANNA, ANNA), "mono", "the same"),
        (sides(ANNA, 0.3 * ANNA), "mono", "the same"),
        (sides(ANNA, HISS[1]), "left", "dead"),
        (sides(HISS[0], ANNA), "right", "dead"),
        (sides(ANNA, np.zeros(8 * RATE)), "left", "dead"),
        (sides(ANNA, HISS[1] + 0.02 * np.sin(2 * np.pi * 50 * np.arange(8 * RATE) / RATE)), "left", "dead"),
        (sides(HISS[0] * 40, ANNA + HISS[1]), "right", "dead"),
        (sides(ANNA, -0.8 * ANNA), "left", "reverse"),
        (sides(ANNA + 0.1 * IVAN, IVAN + 0.1 * ANNA), "voices", "who speaks"),
        (sides(ANNA + 0.1 * IVAN, 0.3 * IVAN + 0.03 * ANNA), "voices", "who speaks"),
        (sides(ANNA + np.roll(IVAN, 20), np.roll(ANNA, 25) + IVAN), "stereo", "stereo"),
        (sides(*HISS), "stereo", "nothing"),
    ],
)
def test_the_channels_are_told_by_listening(tmp_path, samples, read, why):
    sound, said = heard(footage(tmp_path, samples))
    assert sound.channels == read and why in said


FAR = 0.15 * np.roll(ANNA, 300) + 0.15 * np.roll(IVAN, 420)  # what a camera hears of both
MUSIC = 0.05 * np.sin(2 * np.pi * 300 * np.arange(8 * RATE) / RATE) * np.sin(np.arange(8 * RATE) / RATE)


@pytest.mark.parametrize(
    ("channels", "read", "heard_ones", "why"),
    [
        ({0: ANNA}, "mono", [0], "channel 1 alone"),
        ({3: ANNA}, "mono", [3], "channel 4 alone"),
        ({4: ANNA, 5: 0.1 * ANNA}, "mono", [4], "the others carry the same"),
        ({0: ANNA, 2: IVAN}, "voices", [0, 2], "channels 1 and 3"),
        (
            {0: ANNA + 0.05 * IVAN, 3: IVAN + 0.05 * ANNA, 4: FAR, 5: 0.9 * FAR[::-1]},
            "voices",
            [0, 3],
            "channels 1 and 4",
        ),
        ({0: ANNA, 1: 0.2 * np.roll(ANNA, 300)}, "mono", [0], "nearest"),
        ({0: MUSIC, 1: np.roll(MUSIC, 900), 2: ANNA}, "stereo", [], "5.1 mixed down"),
        ({}, "stereo", [0, 1], "nothing"),
    ],
)
def test_of_many_channels_those_with_somebodys_microphone_are_heard(tmp_path, channels, read, heard_ones, why):
    samples = np.stack([HISS[n % 2] + channels.get(n, 0) for n in range(6)], axis=1)
    sound, said = heard(footage(tmp_path, samples))
    assert sound.channels == read and why in said
    assert [channel for _, channel in sound.microphones] == heard_ones


@pytest.mark.slow
def test_tracks_of_a_recorder_have_no_positions(tmp_path):
    """The fourth channel of 5.1 would be the bass, which is left out where it is mixed down."""
    made = footage(tmp_path, 0.3 * ANNA)
    late = np.concatenate([np.zeros(RATE), ANNA])
    lav = write(tmp_path / "lav.wav", np.stack([late if n == 3 else 0 * late for n in range(6)], axis=1))
    hearing = listen(made, Footage(file=made.file, audio=lav), 0, 8, "")
    assert hearing.recording.offset == pytest.approx(1, abs=0.003) and "channel 4 alone" in hearing.why
    take = plan((made.file, 0, 8)).takes[0].model_copy(update={"recording": hearing.recording, "channels": "mono"})
    left, right = takes.read(take, 0, 8 * RATE).T
    assert np.array_equal(left, right) and np.corrcoef(left, ANNA)[0, 1] > 0.99


def test_a_film_for_many_loudspeakers_is_mixed_down(tmp_path):
    channels = [MUSIC, np.roll(MUSIC, 900), ANNA, 0.5 * MUSIC, 0 * MUSIC, 0 * MUSIC]
    file = write(tmp_path / "a.mp4", np.stack(channels, axis=1), acodec="ac3", ac=6)
    (described,) = sounds_in(file)
    sound, said = channels_of(Sound(file, 0), described, 0, 8)
    assert (sound.channels, sound.microphones) == ("stereo", ()) and "5.1" in said


def test_microphones_on_streams_of_their_own_are_tracks_of_one_recording(tmp_path):
    made = footage(tmp_path, ANNA + HISS[0], IVAN + HISS[1], HISS[1])
    sound, said = heard(made)
    assert (sound.channels, sound.microphones) == ("voices", ((1, 0), (2, 0)))
    assert said == "of 3 streams microphones on streams 1 and 2, mixed by who speaks"
    take = plan((made.file, 0, 8)).takes[0]
    take.channels, take.microphones = "voices", [Microphone(stream=s, channel=c) for s, c in sound.microphones]
    mixed = takes.read(take, 0, 8 * RATE)[:, 0]
    for voice, span in ((ANNA, slice(0, 2 * RATE)), (IVAN, slice(3 * RATE, round(4.6 * RATE)))):
        assert np.corrcoef(mixed[span], voice[span])[0, 1] > 0.98
    assert heard(replace(made, audio_stream=2), audio_stream=2)[0] == Sound(made.file, 2, channels="mono")
    assert heard(made, channels="right")[0].count == 1
    assert np.corrcoef(heard(made, channels="right")[0].samples(0, 8, RATE)[:, 0], IVAN)[0, 1] > 0.98


@pytest.mark.slow
def test_a_stream_without_sound_gives_way_to_one_with_it(tmp_path):
    made = footage(tmp_path, sides(*HISS), sides(ANNA, ANNA))
    sound, why = heard(made)
    assert sound.stream == 2 and why == "of 2 streams number 2, since nothing is on number 1, both sides carry the same"
    sound, why = heard(made, audio_stream=1)
    assert (sound.stream, why) == (1, "stereo, nothing is on it")
    two = footage(tmp_path / "..", sides(ANNA, ANNA), sides(IVAN, IVAN), sides(0.5 * ANNA, 0.5 * ANNA))
    (note,) = notes(two, listen(two, Footage(file=two.file), 0, 8, ""), 8, 0, [])
    assert note.code == "unheard-sound" and "stream 2, which" in note.text
    both = [sides(gain * ANNA, gain * ANNA) for gain in (0.2, 1)]
    assert heard(footage(tmp_path / "..", *both))[0].stream == 1  # the file's default


def read(file, how, begin=0, count=8 * RATE):
    made = plan((file, 0, 8))
    made.takes[0].channels = how
    return takes.read(made.takes[0], begin, count)


def test_each_way_to_read_two_channels(tmp_path):
    file = write(tmp_path / "a.wav", sides(0.5 * ANNA, 0.25 * IVAN))
    assert np.allclose(read(file, "stereo"), sides(0.5 * ANNA, 0.25 * IVAN), atol=1e-4)
    assert np.allclose(read(file, "left"), sides(0.5 * ANNA, 0.5 * ANNA), atol=1e-4)
    assert np.allclose(read(file, "right"), sides(0.25 * IVAN, 0.25 * IVAN), atol=1e-4)
    assert np.allclose(read(file, "mono")[:, 0], 0.25 * ANNA + 0.125 * IVAN, atol=1e-4)


def test_two_microphones_are_mixed_by_who_speaks(tmp_path):
    """Each voice comes from its own microphone: the other one's noise and its late copy of the voice stay out."""
    noise = np.random.default_rng(2).normal(0, 0.01, (2, 8 * RATE))
    left = ANNA + 0.25 * np.roll(IVAN, 170) + noise[0]
    right = 0.25 * (IVAN + 0.25 * np.roll(ANNA, 170) + noise[1])
    mixed = read(write(tmp_path / "a.wav", 0.8 * sides(left, right)), "voices")
    assert np.array_equal(mixed[:, 0], mixed[:, 1])
    for voice, span in ((ANNA, slice(0, 2 * RATE)), (IVAN, slice(3 * RATE, round(4.6 * RATE)))):
        part, truth = mixed[span, 0], voice[span]
        rest = part - truth * (part @ truth) / (truth @ truth)
        assert 10 * np.log10(np.square(part).sum() / np.square(rest).sum()) > 15
        assert 20 * np.log10(np.sqrt(np.square(part).mean() / np.square(truth).mean())) == pytest.approx(-2, abs=2)


def test_a_recording_is_heard_at_its_own_clock_and_the_camera_where_it_ends(tmp_path):
    clicks = np.zeros(30 * RATE)
    for second in range(1, 30):
        clicks[second * RATE : second * RATE + 24] = 0.6
    drift, offset = 80.0, 2.5
    places = (np.arange(len(clicks)) / RATE - offset) / (1 + drift / 1e6) * RATE
    recorded = np.interp(places, np.arange(len(clicks)), clicks, left=0, right=0)[: 25 * RATE]
    camera = write(tmp_path / "camera.wav", 0.5 * clicks)
    made = plan((camera, 0, 28))
    made.takes[0].recording = Recording(
        file=write(tmp_path / "lav.wav", recorded), audio_stream=0, offset=offset, drift=drift
    )
    samples = takes.read(made.takes[0], -240, 28 * RATE + 240)[240:, 0]
    for second in range(1, 28):
        part = np.abs(samples[second * RATE - 2400 : second * RATE + 2400])
        assert np.flatnonzero(part > part.max() / 2)[0] == pytest.approx(2400, abs=3), second
    assert np.abs(samples[20 * RATE : 21 * RATE]).max() > 0.4 > 0.25 > np.abs(samples[25 * RATE : 26 * RATE]).max()


def test_a_recording_that_is_gone_is_named(tmp_path):
    made = plan((write(tmp_path / "a.wav", ANNA), 0, 8))
    made.takes[0].recording = Recording(file=tmp_path / "lav.wav", audio_stream=0, offset=0)
    with pytest.raises(Unusable, match=r"lav\.wav"):
        takes.read(made.takes[0], 0, 8 * RATE)


def test_sides_that_cancel_each_other_are_listened_to_one_by_one(tmp_path):
    made = footage(tmp_path, sides(0.5 * ANNA, -0.5 * ANNA))
    hearing = listen(made, Footage(file=made.file), 0, 8, "")
    assert hearing.channels == "left" and len(hearing.speech.stretches) >= 2
    lav = write(tmp_path / "lav.wav", np.concatenate([np.zeros(RATE), ANNA]))
    both = listen(made, Footage(file=made.file, audio=lav), 0, 8, "")
    assert both.recording.offset == pytest.approx(1, abs=0.003) and both.channels == "mono"


def test_speech_is_looked_for_in_the_recording_and_in_the_camera_where_that_ends(tmp_path):
    made = footage(tmp_path, 0.3 * ANNA + 0.001 * demo.machines(8, 1))
    lav = write(tmp_path / "lav.wav", np.concatenate([np.zeros(2 * RATE), IVAN[: 6 * RATE]]))
    wanted = Footage(file=made.file, audio=lav, audio_offset=2)
    hearing = listen(made, wanted, 0, 8, "")
    assert "only 0.00 to 6.00" in hearing.why
    edges = [round(edge, 1) for span in hearing.speech.stretches for edge in span]
    assert edges == pytest.approx([2.8, 4.8, 6.0, 7.8], abs=0.15)
    assert len(hearing.speech.times) == 800 and np.allclose(np.diff(hearing.speech.times), 0.01)
    (alone,) = listen(replace(made, audio_stream=None), wanted, 0, 8, "").speech.stretches
    assert alone == pytest.approx((2.8, 4.8), abs=0.15)


def test_a_recorder_wired_in_reverse_is_aligned_by_one_side(tmp_path):
    made = footage(tmp_path, 0.3 * ANNA)
    late = np.concatenate([np.zeros(RATE), ANNA])
    lav = write(tmp_path / "lav.wav", 0.6 * sides(late, -late))
    hearing = listen(made, Footage(file=made.file, audio=lav), 0, 8, "")
    assert hearing.recording.offset == pytest.approx(1, abs=0.003)
    assert hearing.channels == "left" and "reverse" in hearing.why


def test_a_recordings_clock_is_right_for_listening_too(tmp_path):
    marks = np.zeros(40 * RATE)
    for second in range(1, 40):
        marks[second * RATE : second * RATE + 480] = 0.6
    file = write(tmp_path / "lav.wav", np.interp(np.arange(40 * RATE) / (1 + 200e-6), np.arange(40 * RATE), marks))
    stream = Sound(file, 0, pace=1 + 200e-6).since(0, 16_000)
    pcm = ffmpeg_tool.run(stream.output("pipe:", format="s16le", ac=1, ar=16_000)).stdout
    loud = np.flatnonzero(np.abs(np.frombuffer(pcm, "<i2").astype(int)) > 8000)
    assert loud[loud > 38.5 * 16_000][0] / 16_000 == pytest.approx(39, abs=0.002)


def test_a_sound_stream_that_is_not_there_is_named(tmp_path):
    made = plan((write(tmp_path / "a.wav", ANNA), 0, 8))
    made.takes[0].recording = Recording(file=tmp_path / "a.wav", audio_stream=3, offset=0)
    with pytest.raises(Unusable, match=r"a\.wav has no sound stream 3"):
        sound.notes(made)


def test_what_moves_from_side_to_side_is_no_microphones_work_where_nobody_speaks(tmp_path):
    t = np.arange(8 * RATE) / RATE
    engine = 0.3 * np.random.default_rng(1).normal(0, 1, 8 * RATE) * (0.05 + np.abs(np.sin(2 * t)))
    right = 0.05 + 0.95 * (t > 4)
    made = footage(tmp_path, sides(engine * (1.05 - right), engine * right))
    assert heard(made)[0].channels == "voices"
    hearing = listen(made, Footage(file=made.file), 0, 8, "")
    assert (hearing.channels, hearing.why) == ("stereo", "stereo, nobody speaks")


def test_mono_has_no_sides_to_choose_from(tmp_path):
    made = footage(tmp_path, ANNA)
    hearing = listen(made, Footage(file=made.file, channels="right"), 0, 8, "")
    assert hearing.channels == "mono" and "no sides" in hearing.why and hearing.speech.stretches


def test_any_part_of_a_take_is_the_same_sound(tmp_path):
    file = write(tmp_path / "a.m4a", ANNA, acodec="aac")
    whole, part = read(file, "mono"), read(file, "mono", 3 * RATE + 77, RATE)
    assert np.abs(whole[3 * RATE + 77 :][:RATE] - part).max() < 0.02
