"""Noise is taken from under speech by as much as there is, and a voice never comes out worse."""

import numpy as np
import pytest

from pipeline.sound.cleaning import clean
from pipeline.synthetic import demo
from tests.sounds import RATE, si_sdr

SAID = [(0.4, 4.0), (4.6, 8.0), (8.9, 11.5)]
VOICE = demo.voice(12, SAID, 3)
MACHINES = demo.machines(12, 2)


def noisy(snr, noise=MACHINES):
    """The voice with noise so many dB below it, as two alike channels."""
    voice = 0.2 * VOICE
    mixed = voice + noise * np.sqrt(np.square(voice).mean() / np.square(noise).mean()) / 10 ** (snr / 20)
    return np.repeat(mixed[:, None], 2, axis=1).astype(np.float32)


@pytest.mark.parametrize("strength", ["light", "strong"])
def test_factory_noise_is_lowered_by_at_least_5_db(strength):
    cleaned, said = clean(noisy(5), SAID, strength)
    assert cleaned.shape == (12 * RATE, 2) and np.array_equal(cleaned[:, 0], cleaned[:, 1])
    assert si_sdr(VOICE, cleaned[:, 0]) >= 10
    assert "noise lowered by" in said


@pytest.mark.parametrize("snr", [10, 15, 20, 30])
def test_less_noise_is_lowered_less_and_the_voice_is_never_worse(snr):
    cleaned, _ = clean(noisy(snr), SAID, "strong")
    assert si_sdr(VOICE, cleaned[:, 0]) >= snr - 0.5


def test_a_voice_that_the_network_takes_for_noise_loses_next_to_nothing():
    voice = demo.voice(12, SAID, 3, 160)
    noise = MACHINES * np.sqrt(np.square(voice).mean() / np.square(MACHINES).mean()) / 10 ** (10 / 20)
    cleaned, _ = clean(np.repeat((voice + noise)[:, None], 2, axis=1).astype(np.float32), SAID, "strong")
    assert si_sdr(voice, cleaned[:, 0]) >= 12
    assert 20 * np.log10((cleaned[:, 0] @ voice) / (voice @ voice)) > -1.5


def test_noise_is_lowered_where_it_is_and_nowhere_else():
    """A machine that runs for the first six seconds."""
    on = np.arange(len(VOICE)) < 6 * RATE
    given = np.where(on[:, None], noisy(5), noisy(35))
    cleaned, _ = clean(given, SAID, "strong")
    loud, still = slice(0, 4 * RATE), slice(9 * RATE, 12 * RATE)
    assert si_sdr(VOICE[loud], cleaned[loud, 0]) >= si_sdr(VOICE[loud], given[loud, 0]) + 5
    assert si_sdr(VOICE[still], cleaned[still, 0]) >= 25


def test_both_sides_of_a_wide_stereo_sound_are_cleaned():
    late = round(0.0007 * RATE)
    given = np.stack([noisy(5)[:, 0], np.roll(0.2 * VOICE, late) + np.roll(noisy(5)[:, 0] - 0.2 * VOICE, 9999)], axis=1)
    cleaned, _ = clean(given.astype(np.float32), SAID, "strong")
    for truth, side in ((VOICE, cleaned[:, 0]), (np.roll(VOICE, late), cleaned[:, 1])):
        assert si_sdr(truth, side) >= 10


@pytest.mark.parametrize("strength", ["off", "light", "strong"])
def test_clean_speech_is_left_alone(strength):
    given = np.repeat(0.2 * VOICE[:, None], 2, axis=1).astype(np.float32)
    cleaned, _ = clean(given, SAID, strength)
    assert si_sdr(VOICE, cleaned[:, 0]) >= 25


def test_rumble_below_voices_goes_without_touching_them():
    t = np.arange(len(VOICE)) / RATE
    rumble = 0.1 * np.sin(2 * np.pi * 31 * t) + 0.05 * np.sin(2 * np.pi * 17 * t)
    given = np.repeat((0.2 * VOICE + rumble)[:, None], 2, axis=1).astype(np.float32)
    cleaned, _ = clean(given, SAID, "light")
    before, after = si_sdr(VOICE, given[:, 0]), si_sdr(VOICE, cleaned[:, 0])
    assert before < 0 and after > 12


def test_the_hum_of_the_mains_is_lowered():
    t = np.arange(len(VOICE)) / RATE
    hum = sum(np.sin(2 * np.pi * 50 * k * t + k) / k for k in range(1, 9))
    cleaned, _ = clean(noisy(8, hum), SAID, "strong")
    assert si_sdr(VOICE, cleaned[:, 0]) >= 13


def test_the_room_stays_and_nothing_is_heard_later():
    """Between words the noise is lower by what was said, not gone; and the voice is where it was, to the sample."""
    given = noisy(5)
    cleaned, said = clean(given, SAID, "strong")
    pause = slice(round(4.2 * RATE), round(4.5 * RATE))
    lower = -10 * np.log10(np.square(cleaned[pause]).mean() / np.square(given[pause]).mean())
    assert 10 < lower < 28, said
    there = np.fft.irfft(np.fft.rfft(cleaned[:, 0], 2**21) * np.conj(np.fft.rfft(VOICE, 2**21)))
    assert np.argmax(there) == 0


def test_footage_without_speech_keeps_its_machines():
    given = noisy(5)
    cleaned, said = clean(given, [], "strong")
    assert np.array_equal(cleaned, given) and "nobody" in said


@pytest.mark.parametrize("speech", [[(0.0, 0.4)], [(0.0, 0.4), (4.0, 4.6)]])
def test_a_false_alarm_of_the_detector_does_not_take_music_for_noise(speech):
    t = np.arange(len(VOICE)) / RATE
    music = sum(np.sin(2 * np.pi * f * t) * (1 + np.sin(2 * np.pi * t * n)) for n, f in enumerate((220, 277, 330, 440)))
    given = np.repeat((0.1 * music * (t > 0.4))[:, None], 2, axis=1).astype(np.float32)
    given[round(4.0 * RATE) : round(4.6 * RATE)] *= 0.1
    cleaned, _ = clean(given, speech, "strong")
    assert np.array_equal(cleaned, given)


def test_a_false_alarm_beside_clean_talk_takes_nothing_from_the_music():
    t = np.arange(len(VOICE)) / RATE
    music = 0.2 * np.sin(2 * np.pi * 45 * t) * (t > 8.4)
    given = np.repeat((0.2 * VOICE * (t < 8.4) + music)[:, None], 2, axis=1).astype(np.float32)
    given[round(10 * RATE) : round(10.6 * RATE)] *= 0.1
    cleaned, _ = clean(given, [*SAID[:2], (10.0, 10.6)], "strong")
    part = slice(round(11 * RATE), None)
    assert 20 * np.log10(cleaned[part].std() / given[part].std()) > -1


def test_the_same_sound_is_cleaned_the_same_way():
    assert np.array_equal(clean(noisy(5), SAID, "strong")[0], clean(noisy(5), SAID, "strong")[0])


@pytest.mark.parametrize("samples", [100, 5000, 30_000])
def test_sound_of_any_length_can_be_cleaned(samples):
    given = noisy(3)[:samples]
    cleaned, _ = clean(given, [(0.0, samples / RATE)], "strong")
    assert cleaned.shape == given.shape and np.isfinite(cleaned).all()
