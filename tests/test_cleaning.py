"""Noise is taken from under speech by as much as there is, and a voice never comes out worse."""

from functools import cache

import numpy as np
import pytest

from pipeline.sound.cleaning import clean
from pipeline.synthetic import demo
from tests.sounds import RATE, si_sdr

SECONDS = 6
SAID = [(0.4, 2.4), (3.0, 4.4), (5.1, 5.8)]
VOICE = demo.voice(SECONDS, SAID, 3)
MACHINES = demo.machines(SECONDS, 2)
TIMES = np.arange(len(VOICE)) / RATE


def stereo(samples):
    return np.repeat(samples[:, None], 2, axis=1).astype(np.float32)


def noisy(snr, noise=MACHINES):
    """The voice with noise so many dB below it, as two alike channels."""
    voice = 0.2 * VOICE
    return stereo(voice + noise * np.sqrt(np.square(voice).mean() / np.square(noise).mean()) / 10 ** (snr / 20))


@cache
def cleaned_factory(snr, strength):
    """What becomes of the voice in a factory, and what is said of it: the network is asked once for all tests."""
    return clean(noisy(snr), SAID, strength)


@pytest.mark.parametrize("strength", ["light", "strong"])
@pytest.mark.slow
def test_factory_noise_is_lowered_by_at_least_5_db(strength):
    cleaned, said = cleaned_factory(5, strength)
    assert cleaned.shape == (SECONDS * RATE, 2) and np.array_equal(cleaned[:, 0], cleaned[:, 1])
    assert si_sdr(VOICE, cleaned[:, 0]) >= 10
    assert "noise lowered by" in said


@pytest.mark.parametrize("snr", [10, 20, 30])
@pytest.mark.slow
def test_less_noise_is_lowered_less_and_the_voice_is_never_worse(snr):
    cleaned, _ = cleaned_factory(snr, "strong")
    assert si_sdr(VOICE, cleaned[:, 0]) >= snr - 0.5


@pytest.mark.slow
def test_a_voice_that_the_network_takes_for_noise_loses_next_to_nothing():
    voice = demo.voice(SECONDS, SAID, 3, 160)
    noise = MACHINES * np.sqrt(np.square(voice).mean() / np.square(MACHINES).mean()) / 10 ** (10 / 20)
    cleaned, _ = clean(stereo(voice + noise), SAID, "strong")
    assert si_sdr(voice, cleaned[:, 0]) >= 12
    assert 20 * np.log10((cleaned[:, 0] @ voice) / (voice @ voice)) > -1.5


def longer():
    """A voice of 12 s, when it speaks, and its times."""
    said = [(0.4, 4.0), (4.6, 8.0), (8.9, 11.5)]
    return 0.2 * demo.voice(12, said, 3), said, np.arange(12 * RATE) / RATE


@pytest.mark.slow
def test_noise_is_lowered_where_it_is_and_nowhere_else():
    """A machine that runs for the first six seconds."""
    voice, said, times = longer()
    noise = demo.machines(12, 2)
    noise *= np.sqrt(np.square(voice).mean() / np.square(noise).mean()) / np.where(
        times < 6, 10 ** (5 / 20), 10 ** (35 / 20)
    )
    given = stereo(voice + noise)
    cleaned, _ = clean(given, said, "strong")
    loud, still = slice(0, 4 * RATE), slice(9 * RATE, 12 * RATE)
    assert si_sdr(voice[loud], cleaned[loud, 0]) >= si_sdr(voice[loud], given[loud, 0]) + 5
    assert si_sdr(voice[still], cleaned[still, 0]) >= 25


@pytest.mark.slow
def test_both_sides_of_a_wide_stereo_sound_are_cleaned():
    late = round(0.0007 * RATE)
    given = np.stack([noisy(5)[:, 0], np.roll(0.2 * VOICE, late) + np.roll(noisy(5)[:, 0] - 0.2 * VOICE, 9999)], axis=1)
    cleaned, _ = clean(given.astype(np.float32), SAID, "strong")
    for truth, side in ((VOICE, cleaned[:, 0]), (np.roll(VOICE, late), cleaned[:, 1])):
        assert si_sdr(truth, side) >= 10


@pytest.mark.parametrize("strength", ["off", "light", "strong"])
def test_clean_speech_is_left_alone(strength):
    cleaned, _ = clean(stereo(0.2 * VOICE), SAID, strength)
    assert si_sdr(VOICE, cleaned[:, 0]) >= 25


def test_rumble_below_voices_goes_without_touching_them():
    rumble = 0.1 * np.sin(2 * np.pi * 31 * TIMES) + 0.05 * np.sin(2 * np.pi * 17 * TIMES)
    given = stereo(0.2 * VOICE + rumble)
    cleaned, _ = clean(given, SAID, "light")
    before, after = si_sdr(VOICE, given[:, 0]), si_sdr(VOICE, cleaned[:, 0])
    assert before < 0 and after > 12


@pytest.mark.slow
def test_the_hum_of_the_mains_is_lowered():
    hum = sum(np.sin(2 * np.pi * 50 * k * TIMES + k) / k for k in range(1, 9))
    cleaned, _ = clean(noisy(8, hum), SAID, "strong")
    assert si_sdr(VOICE, cleaned[:, 0]) >= 13


def test_the_room_stays_and_nothing_is_heard_later():
    """Between words the noise is lower by what was said, not gone; and the voice is where it was, to the sample."""
    cleaned, said = cleaned_factory(5, "strong")
    pause = slice(round(2.6 * RATE), round(2.9 * RATE))
    lower = -10 * np.log10(np.square(cleaned[pause]).mean() / np.square(noisy(5)[pause]).mean())
    assert 10 < lower < 28, said
    there = np.fft.irfft(np.fft.rfft(cleaned[:, 0], 2**20) * np.conj(np.fft.rfft(VOICE, 2**20)))
    assert np.argmax(there) == 0


def test_footage_without_speech_keeps_its_machines():
    given = noisy(5)
    cleaned, said = clean(given, [], "strong")
    assert np.array_equal(cleaned, given) and "nobody" in said


@pytest.mark.parametrize("speech", [[(0.0, 0.4)], [(0.0, 0.4), (4.0, 4.6)]])
def test_a_false_alarm_of_the_detector_does_not_take_music_for_noise(speech):
    tones = enumerate((220, 277, 330, 440))
    music = sum(np.sin(2 * np.pi * f * TIMES) * (1 + np.sin(2 * np.pi * TIMES * n)) for n, f in tones)
    given = stereo(0.1 * music * (TIMES > 0.4))
    given[round(4.0 * RATE) : round(4.6 * RATE)] *= 0.1
    cleaned, _ = clean(given, speech, "strong")
    assert np.array_equal(cleaned, given)


def test_a_false_alarm_beside_clean_talk_takes_nothing_from_the_music():
    voice, said, times = longer()
    given = stereo(np.where(times < 8.4, voice, 0.2 * np.sin(2 * np.pi * 45 * times)))
    given[round(10 * RATE) : round(10.6 * RATE)] *= 0.1
    cleaned, _ = clean(given, [*said[:2], (10.0, 10.6)], "strong")
    part = slice(round(11 * RATE), None)
    assert 20 * np.log10(cleaned[part].std() / given[part].std()) > -1


@pytest.mark.slow
def test_the_same_sound_is_cleaned_the_same_way():
    assert np.array_equal(clean(noisy(5), SAID, "strong")[0], cleaned_factory(5, "strong")[0])


@pytest.mark.parametrize("samples", [100, 5000, 30_000])
def test_sound_of_any_length_can_be_cleaned(samples):
    given = noisy(3)[:samples]
    cleaned, _ = clean(given, [(0.0, samples / RATE)], "strong")
    assert cleaned.shape == given.shape and np.isfinite(cleaned).all()
