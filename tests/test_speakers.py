"""Who speaks: speech in the sound, movement of mouths, and turns, against made footage whose truth is known."""

from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import wavfile

from basis.boxes import Box
from basis.errors import Unusable
from basis.tools import USUAL, Tools
from pipeline import analysis
from pipeline.analysis import blocks, speakers, tracks
from pipeline.analysis.analysers import faces, mouths
from pipeline.brief import Footage
from pipeline.footage import source
from pipeline.footage.sounds import Sound
from pipeline.listening import speech
from pipeline.listening.hearing import listen
from pipeline.synthetic import demo
from tests.footage import Face, Scene, make, seated
from tests.footage import Turn as Truth

SECONDS = 11.0
ON, OFF = [(0.5, 3.0), (4.6, 6.6)], [(3.0, 4.5), (6.9, 8.0)]  # two who talk in turn, twice without a pause
HEARD = [(8.4, 10.6)]  # a third who is not seen


def nodding(t):
    return 0.3 + 0.02 * np.sin(2 * np.pi * 1.3 * t)


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    """Two people in one picture who nod and sway, talk in turn and then listen to a voice from outside."""
    scene = Scene(
        SECONDS,
        [Face(seated(0.28), top=nodding, talks=ON), Face(seated(0.72, seed=1), top=nodding, who=1, talks=OFF)],
        heard=HEARD,
    )
    made = make(tmp_path_factory.mktemp("talk") / "talk.mp4", [scene], rate=15)
    footage = source.probe(made.file)
    looked = analysis.look(footage, 0, footage.duration, "")
    chains = tracks.link([(t, [face for at, face in looked.found["faces"] if at == t]) for t in looked.times])
    moved = {0: [], 1: []}
    for chain in chains:
        moved[0 if chain[0][1].box.x < footage.width / 2 else 1] += mouth(chain)
    said = speech.find_speech([(Sound(made.file, 1), 0, footage.duration)])
    return SimpleNamespace(made=made, source=footage, mouths=moved, speech=said)


def turns(*about):
    return speakers.turns(*about)[0]


def overlap(*about):
    return speakers.turns(*about)[1]


def mouth(chain):
    return [pair for _, face in chain for pair in face.mouth]


def spoken(those, who, step=0.01):
    """Seconds from 0 on a fine clock, and for each the index of its speaker: -1 nobody seen, -2 silence."""
    clock = np.arange(0, 60, step)
    said = np.full(len(clock), -2)
    for turn in those:
        said[(clock >= turn.start) & (clock < turn.end)] = -1 if who(turn) is None else who(turn)
    return said


def right(found, truth):
    """Share of the truth's speech time in which the right one was found."""
    said, meant = spoken(found, lambda turn: turn.track), spoken(truth, lambda turn: turn.who)
    return float(np.mean((said == meant)[meant > -2]))


def mistaken(found, truth):
    """Share of the truth's speech time in which somebody was found who does not speak, or nobody seen."""
    said, meant = spoken(found, lambda turn: turn.track), spoken(truth, lambda turn: turn.who)
    return float(np.mean(((said != meant) & (said > -2))[meant > -2]))


def heard(tmp_path, sound, start=0.0):
    """What find_speech makes of an array of samples."""
    file = tmp_path / "sound.wav"
    wavfile.write(file, demo.SOUND_RATE, (np.clip(sound, -1, 1) * 32767).astype("<i2"))
    return speech.find_speech([(Sound(file, 0), start, start + len(sound) / demo.SOUND_RATE)])


def at_snr(voice, noise, decibels):
    spoken_power = np.mean(voice[np.abs(voice) > 0.01] ** 2)
    return voice + noise * np.sqrt(spoken_power / np.mean(noise**2) / 10 ** (decibels / 10))


@cache
def said(opening):
    """The portrait with its mouth open."""
    return demo.speaking(demo.portrait()[0], opening)


def drawn(opening, turn=(0.0, 0.0), light=1.0, noise=2.0, height=70, seed=0):
    """A 640x360 gray picture and a copy in colour of the portrait, its mouth open, head turned by shares of its size."""
    image = said(opening)
    corners = np.array([(120, 0), (330, 0), (330, 290), (120, 290)], np.float32)
    yaw, pitch = turn
    push = np.array([(yaw, pitch), (yaw, -pitch), (-yaw, pitch), (-yaw, -pitch)], np.float32) * 60
    head = cv2.getPerspectiveTransform(corners, corners + push)
    scale = height / demo.FACE[3]
    place = np.array([[scale, 0, 320 - 223 * scale], [0, scale, 180 - 120 * scale], [0, 0, 1]])
    picture = cv2.warpPerspective(
        image, place @ head, (640, 360), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    grain = np.random.default_rng(seed).normal(0, noise, (360, 640, 1))
    return np.clip(picture * light + grain, 0, 255).astype(np.uint8)


def moves(pictures, rate=15, every=3):
    """mouths.movement over pictures, with a look at the face in every third."""
    detector = faces.Detector(640, 360)
    found = []
    for first in range(0, len(pictures) - every, every):
        part = pictures[first : first + every + 1]
        grays = [((first + i) / rate, cv2.cvtColor(p, cv2.COLOR_BGR2GRAY)) for i, p in enumerate(part)]
        before, after = detector.detect(part[0], 2.0)[0], detector.detect(part[-1], 2.0)[0]
        found += mouths.movement(grays, before, after, 2.0)
    return np.array(found)


@pytest.mark.slow
def test_two_who_talk_in_turn_are_told_apart(talk):
    found = turns(talk.speech, talk.mouths, 0, SECONDS)
    assert right(found, talk.made.turns) >= 0.95
    for turn in talk.made.turns:
        late = min(abs(other.start - turn.start) for other in found if other.track == turn.who)
        assert late <= 0.25, turn
    assert overlap(talk.speech, talk.mouths, 0, SECONDS) < 0.1


def test_a_voice_from_outside_is_nobody_seen_though_heads_nod(talk):
    start = 8.1
    found = turns(talk.speech, talk.mouths, start, SECONDS)
    assert found and {turn.track for turn in found} == {None}
    assert found[0].start == pytest.approx(talk.made.turns[-1].start, abs=0.06)


def test_turns_begin_and_end_with_the_sound(talk):
    edges = np.array(talk.speech.stretches)
    truth = talk.made.turns
    joined = [truth[0].start, *(b.start for a, b in zip(truth, truth[1:], strict=False) if b.start - a.end > 0.25)]
    assert len(edges) == len(joined)
    assert np.abs(edges[:, 0] - joined).max() <= 0.06
    assert edges[-1, 1] == pytest.approx(truth[-1].end, abs=0.15)


@pytest.mark.slow
def test_machines_as_loud_as_5_db_under_the_voice_change_little(tmp_path):
    voices = np.zeros(round(SECONDS * demo.SOUND_RATE))
    for number, spans in enumerate((ON, OFF, HEARD)):
        voices += 0.5 * demo.voice(SECONDS, spans, 20 + number, pitch=120 + 60 * number)
    noisy = heard(tmp_path, at_snr(0.5 * voices, demo.machines(SECONDS, 3), 5))
    clean = heard(tmp_path, 0.5 * voices)
    clock = np.arange(0, SECONDS, 0.01)
    inside = [np.any([(clock >= a) & (clock < b) for a, b in one.stretches], axis=0) for one in (noisy, clean)]
    assert np.mean(inside[0] == inside[1]) >= 0.93
    begun = min(abs(a - 0.5) for a, _ in noisy.stretches)
    assert begun <= 0.12


def test_neither_machines_nor_music_speak(tmp_path):
    t = np.arange(4 * demo.SOUND_RATE) / demo.SOUND_RATE
    beat = np.exp(-((t * 2) % 1) * 6)
    chords = [(220, 277, 330), (196, 247, 294), (175, 220, 262), (196, 247, 330)]
    chord = np.array(chords)[(t).astype(int) % 4]
    music = sum(np.sin(2 * np.pi * k * f * t) / k**2 for f in chord.T for k in (1, 2, 3)) * (0.4 + 0.6 * beat) / 8
    assert heard(tmp_path, demo.machines(4, 1)).stretches == ()
    assert sum(b - a for a, b in heard(tmp_path, music).stretches) < 0.3


def test_footage_without_sound_has_no_turns(talk):
    silent = speech.find_speech([(None, 0, SECONDS)])
    assert silent.stretches == () and len(silent.envelope) == len(silent.times) == round(SECONDS * speech.A_SECOND)
    assert turns(silent, talk.mouths, 0, SECONDS) == []
    assert overlap(silent, talk.mouths, 0, SECONDS) == 0


def test_sound_that_ends_early_is_silence_and_what_is_no_sound_is_named(tmp_path):
    voice = 0.5 * demo.voice(2, [(0.3, 1.9)], 4)
    early = heard(tmp_path, voice)
    longer = speech.find_speech([(Sound(tmp_path / "sound.wav", 0), 0, 5)])
    assert longer.stretches[0][0] == pytest.approx(early.stretches[0][0], abs=0.02)
    assert longer.stretches[-1][1] <= 2.0 and longer.envelope[-1] == speech.SILENCE
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF" + bytes(100))
    with pytest.raises(Unusable, match=r"broken\.wav"):
        speech.find_speech([(Sound(broken, 0), 0, 2)])


def test_a_range_is_heard_in_footage_seconds(talk):
    part = speech.find_speech([(Sound(talk.made.file, 1), 4.0, 8.2)])
    whole = [start for start, _ in talk.speech.stretches if 4.2 < start < 8]
    assert whole
    for start in whole:
        assert min(abs(start - a) for a, _ in part.stretches) <= 0.05


def test_talk_moves_the_mouth_and_heads_light_and_noise_do_not():
    turn = [(0.12 * np.sin(0.9 * i), 0.08 * np.sin(0.7 * i)) for i in range(10)]
    still = moves([drawn(0, seed=i) for i in range(10)])
    heads = moves([drawn(0, turn[i], seed=i) for i in range(10)])
    light = moves([drawn(0, light=1 + 0.2 * np.sin(i), seed=i) for i in range(10)])
    noisy = moves([drawn(0, noise=8, seed=i) for i in range(10)])
    wide = [0.4 + 0.4 * np.sin(2 * np.pi * 4 * i / 15) for i in range(10)]
    speaking = moves([drawn(wide[i], turn[i], noise=4, seed=i) for i in range(10)])
    assert np.mean(speaking[:, 1]) > 0.15
    for at_rest in (still, heads, light, noisy):
        assert len(at_rest) == 9 and at_rest[:, 1].min() >= 0
        assert np.mean(at_rest[:, 1]) < 0.1 * np.mean(speaking[:, 1])


def test_small_and_hidden_faces_say_nothing():
    picture = drawn(0)
    face = faces.Detector(640, 360).detect(picture, 1.0)[0]
    grays = [(i / 15, cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)) for i in range(3)]
    assert len(mouths.movement(grays, face, face, 1.0)) == 2
    assert mouths.movement(grays[:1], face, face, 1.0) == []
    assert mouths.movement(grays, replace(face, box=Box(x=300, y=100, width=16, height=20)), face, 1.0) == []
    assert mouths.movement(grays, replace(face, unseen=0.2), replace(face, unseen=0.4), 1.0) == []
    edge = replace(face, landmarks=tuple((x + 400, y + 260) for x, y in face.landmarks))
    assert all(np.isfinite(value) for _, value in mouths.movement(grays, edge, edge, 1.0))


def lips(opening, rate=15, noise=0.005, seed=0):
    """Movement as mouths.movement gives it for openings at 200 a second."""
    t = np.arange(0, len(opening) / 200, 1 / rate)
    at = np.interp(t, np.arange(len(opening)) / 200, opening)
    grain = np.abs(np.random.default_rng(seed).normal(0, noise, len(t) - 1))
    return list(zip(t[1:].tolist(), (0.5 * np.abs(np.diff(at)) + grain).tolist(), strict=True))


@pytest.fixture(scope="module")
def two_voices(tmp_path_factory):
    """Speech of 10 s: a from 0.5 to 6, b from 4 to 9; openings of the two mouths that make it."""
    voices = [0.5 * demo.voice(10, [span], seed, pitch) for span, seed, pitch in (((0.5, 6), 1, 120), ((4, 9), 2, 210))]
    said = heard(tmp_path_factory.mktemp("voices"), sum(voices))
    return said, [demo.openings(voice, 200, 2000) for voice in voices]


def test_talk_at_once_is_measured(two_voices):
    said, (a, b) = two_voices
    assert overlap(said, {1: lips(a), 2: lips(b, seed=1)}, 0, 10) == pytest.approx(2 / 8.5, abs=0.1)
    assert overlap(said, {1: lips(a)}, 0, 10) == 0
    found = turns(said, {1: lips(a), 2: lips(b, seed=1)}, 0, 10)
    assert [turn.track for turn in found] == [1, 2] and 4 <= found[1].start <= 6.1


def test_who_barges_in_talks_from_the_first_word_on(tmp_path):
    said, (a, b) = said_by(tmp_path, [(0.5, 4.6)], [(3.8, 9.5)])
    found = turns(said, {1: lips(a), 2: lips(b, seed=1)}, 0, 10)
    assert next(turn.start for turn in found if turn.track == 2) == pytest.approx(3.8, abs=0.2)


def test_who_chews_while_another_talks_outside_does_not_win(two_voices):
    said, (a, b) = two_voices
    t = np.arange(2000) / 200
    chewing = 0.35 * (0.5 + 0.5 * np.sin(2 * np.pi * 1.3 * t + 0.4 * np.sin(t)))
    alone = turns(said, {1: lips(chewing)}, 0, 10)
    assert sum(turn.end - turn.start for turn in alone if turn.track == 1) < 0.15 * 8.5
    found = turns(said, {1: lips(chewing), 2: lips(np.maximum(a, b), seed=1)}, 0, 10)
    assert {turn.track for turn in found} == {2}


def laughing(*spans):
    """Openings at 200 a second of a mouth that laughs without a sound."""
    t = np.arange(2000) / 200
    inside = np.any([(t >= start) & (t < end) for start, end in spans], axis=0)
    return inside * (0.55 + 0.25 * np.sin(2 * np.pi * 4.6 * t))


def said_by(tmp_path, a, b, decibels=40):
    """Speech of 10 s by two who talk in (start, end) spans over machines so far below, and the openings of their mouths."""
    voices = [0.5 * demo.voice(10, spans, seed, pitch) for spans, seed, pitch in ((a, 1, 120), (b, 2, 210))]
    sound = at_snr(sum(voices), demo.machines(10, 3), decibels)
    return heard(tmp_path, 0.5 * sound), [demo.openings(voice, 200, 2000) for voice in voices]


def test_who_laughs_at_another_s_words_neither_talks_nor_talks_over_them(tmp_path):
    said, (a, b) = said_by(tmp_path, [(0.5, 6)], [(7, 9.5)])
    series = {1: lips(a), 2: lips(np.maximum(b, laughing((2, 3.6), (4.4, 5.2))), seed=1)}
    assert mistaken(turns(said, series, 0, 10), [Truth(1, 0.5, 6), Truth(2, 7, 9.5)]) == 0
    assert overlap(said, series, 0, 10) < 0.1


def test_a_laugh_in_a_pause_does_not_cost_the_next_turn(tmp_path):
    said, (a, b) = said_by(tmp_path, [(0.5, 3)], [(3.3, 5), (8.3, 9.8)])
    laughs = [laughing((5.6, 7.4)), laughing((5.5, 7.4))]
    series = {1: lips(np.maximum(a, laughs[0])), 2: lips(np.maximum(0.4 * b, laughs[1]), seed=1)}
    found = turns(said, series, 0, 10)
    assert mistaken(found, [Truth(1, 0.5, 3), Truth(2, 3.3, 5), Truth(2, 8.3, 9.8)]) <= 0.02


def test_who_turns_away_while_talking_goes_on_talking(tmp_path):
    said, (a, b) = said_by(tmp_path, [(0.5, 4.5)], [(5.5, 9.5)])

    def turned(series, start, end):
        """The mouth is hidden from start to end and hardly seen for a moment before and after."""
        return [
            (t, moved if abs(t - (start + end) / 2) > (end - start) / 2 + 0.3 else 0.003)
            for t, moved in series
            if not start < t < end
        ]

    seen = {1: turned(lips(a), 2, 2.8), 2: turned(lips(b, seed=1), 5.2, 6)}
    found = turns(said, seen, 0, 10)
    assert mistaken(found, [Truth(1, 0.5, 4.5), Truth(2, 5.5, 9.5)]) <= 0.02


@pytest.mark.parametrize("decibels", [40, 5])
@pytest.mark.slow
def test_an_answer_after_a_short_pause_begins_with_its_first_word(tmp_path, decibels):
    said, (a, b) = said_by(tmp_path, [(0.5, 3), (6, 7.5)], [(3.2, 5.8), (7.7, 9.5)], decibels)
    found = turns(said, {1: lips(a), 2: lips(b, seed=1)}, 0, 10)
    for start, who in ((3.2, 2), (6, 1), (7.7, 2)):
        begun = min((turn.start for turn in found if turn.track == who), key=lambda at: abs(at - start))
        assert begun == pytest.approx(start, abs=0.1)


def test_lips_that_follow_the_sound_late_and_loosely_still_talk(two_voices):
    said, (a, b) = two_voices
    own = np.clip(np.random.default_rng(3).normal(0.4, 0.3, 200), 0, 1).repeat(10)
    late = np.roll(np.maximum(a, b), 12)
    loose = (0.6 * late + 0.4 * own * (np.convolve(late > 0.05, np.ones(40), "same") > 10)) * 0.5
    found = turns(said, {7: lips(loose)}, 0, 10)
    assert sum(turn.end - turn.start for turn in found if turn.track == 7) > 0.9 * 8.5


def test_a_face_that_is_lost_for_a_moment_still_talks_and_one_that_is_gone_does_not(two_voices):
    said, (a, b) = two_voices
    everything = lips(np.maximum(a, b))
    blinked = turns(said, {1: [pair for pair in everything if not 4 < pair[0] < 5]}, 0, 10)
    assert {turn.track for turn in blinked} == {1}
    left = turns(said, {1: [pair for pair in everything if pair[0] < 4]}, 0, 10)
    assert [turn.track for turn in left] == [1, None] and left[1].start == pytest.approx(4, abs=0.5)


@settings(max_examples=40, deadline=None)
@given(
    stretches=st.lists(st.tuples(st.floats(0.2, 2), st.floats(0.26, 1)), max_size=5),
    people=st.integers(0, 3),
    start=st.floats(0, 3),
    length=st.floats(0.04, 9),
    seed=st.integers(0, 99),
)
def test_turns_are_in_order_cover_the_speech_and_do_not_flicker(stretches, people, start, length, seed):
    rng = np.random.default_rng(seed)
    spans, at = [], 0.0
    for spoken_for, gap in stretches:
        spans.append((at + gap, at + gap + spoken_for))
        at += gap + spoken_for
    times = (np.arange(1300) + 0.5) / speech.A_SECOND
    said = speech.Speech(tuple(spans), times, rng.uniform(-60, -20, len(times)))
    series = {
        number: [
            (float(t), float(m)) for t, m in zip(np.sort(rng.uniform(0, 13, 90)), rng.exponential(0.1, 90), strict=True)
        ]
        for number in range(people)
    }
    end = start + length
    found = turns(said, series, start, end)
    inside = [(max(a, start), min(b, end)) for a, b in spans if min(b, end) - max(a, start) > 1e-6]
    assert sum(t.end - t.start for t in found) == pytest.approx(sum(b - a for a, b in inside), abs=1e-6)
    for before, after in zip(found, found[1:], strict=False):
        assert before.end <= after.start + 1e-9
    for turn in found:
        assert turn.start < turn.end and 0 <= turn.certainty <= 1 and turn.track in {None, *series}
        whole = next((a, b) for a, b in inside if a - 1e-9 <= turn.start and turn.end <= b + 1e-9)
        assert turn.end - turn.start >= min(speakers.LEAST_TURN, whole[1] - whole[0]) - 1e-9
    assert found == turns(said, series, start, end)
    assert 0 <= overlap(said, series, start, end) <= 1


def analysed(footage, start, end, tools=USUAL):
    looked = analysis.look(footage, start, end, "content", tools)
    return analysis.analyse(
        footage, looked, listen(footage, Footage(file=footage.file), start, end, "content", tools).speech, tools
    )


def test_another_audio_stream_is_another_analysis_of_the_same_looks(tmp_path):
    heard = source.probe(make(tmp_path / "a.mp4", [Scene(1.0, [Face(0.5)])], size=(320, 180)).file)
    tools = Tools(cache=tmp_path / "cache")
    spoken = [analysed(chosen, 0, 1, tools).speech for chosen in (heard, replace(heard, audio_stream=None))]
    assert spoken[0] and not spoken[1]
    kept = [file.name for file in tools.cache.iterdir()]
    assert sum(name.endswith(f"looks{blocks.VERSION}-0.kept") for name in kept) == 1


def test_an_analysis_says_when_somebody_speaks(tmp_path):
    scene = Scene(4.0, [Face(0.5, talks=[(1.0, 3.0)])])
    heard = source.probe(make(tmp_path / "a.mp4", [scene], size=(320, 180), rate=10).file)
    ((start, end),) = analysed(heard, 0.5, 3.5).speech
    assert start == pytest.approx(1.0, abs=0.15) and end == pytest.approx(3.0, abs=0.3)
