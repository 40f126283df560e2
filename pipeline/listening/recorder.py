"""Where a separate recorder's file lies against the camera's sound, found by listening to both."""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.fft import ifft, irfft, next_fast_len, rfft
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from basis import cache
from basis.data import Data
from basis.errors import Unusable
from basis.files import fingerprint
from basis.tools import USUAL, Tools
from pipeline.brief import Footage
from pipeline.footage import ffmpeg_tool
from pipeline.footage.sounds import Sound, heard
from pipeline.footage.source import Source, default_of
from pipeline.listening.blocks import VERSION
from pipeline.listening.channels import MOST_LISTENED, choose
from pipeline.plan import Recording

MOST_RECORDED = 86_400.0  # seconds of a recording that are searched
SECTION = 600.0  # seconds of footage that are listened to as one, however short the used range in them is
HEARD = 1.0  # seconds in which a recording must have a sample
LISTEN = 60.0  # seconds of it listened to at least, where there are as many
DRIFT = 150.0  # ppm, the largest; two cheap crystals differ by 100
SILENCE = 1e-5  # of full scale; a sound that never reaches it is silent

COARSE_RATE, A_SECOND = 8_000, 100  # Hz, envelope values a second
BANDS = (200, 400, 700, 1100, 1700, 2500, 3900)  # Hz, edges of the bands whose envelopes are compared
DEEPEST = 4.6  # nepers of power (20 dB) under a band's loud level, below which all is the same
AROUND = 0.5  # seconds whose mean is taken from an envelope: gain and tone do not matter
PART = 100.0  # seconds of envelope compared as one; DRIFT shifts its ends by 15 ms, less than a syllable
CANDIDATES, AS_GOOD = 6, 0.5  # coarse places tried, and the share of the best one's score that they must have

FINE_RATE, BAND = 16_000, (200.0, 4000.0)  # Hz; the band is the voice's
PLACES, WINDOW, SHORTEST = 40, 2.0, 0.4  # windows listened to closely, seconds of each, and in the shortest footage
ALIKE = 0.25  # share of how alike the best places are that a place must be: nobody speaks in the others
SEARCH = 0.06  # seconds around the coarse place, and what the drift may add
BIN = 4  # samples of a correlation taken together in the search for a line, about its peak's width
CAP = 60.0  # power of a window's peak, in the mean of what chance gives, that counts at most
CLEAR = 9.0  # the same, from which a window's peak is taken as heard
ECHO, AS_LOUD = 0.04, 0.5  # seconds before a louder echo, and the share of its power, of the sound that comes straight
NEAR = 0.001  # seconds between a place and the line that agree
LEAST_SCORE, LEAST_PLACES, LEAST_SHARE = 20.0, 3, 0.5  # of a match: see _best_line, places that agree, their share
RIVAL = 0.87  # share of its strength at which another line makes a match doubtful: hammering is like itself
TOLD = 20.0  # seconds between the first and the last place from which drift can be told

Samples = NDArray[np.float32]
Numbers = NDArray[np.float64]


class _Line(Data):
    """recording seconds = footage seconds * (1 + drift / 1e6) + offset, and how sure it is.

    strength: mean power of the windows' correlations on it, in what chance gives. agree: of places, those on it.
    seconds: of the recording.
    """

    offset: float
    drift: float
    strength: float
    agree: int
    places: int
    certain: bool
    seconds: float = 0.0


def align(
    source: Source, camera: Sound | None, wanted: Footage, start: float, end: float, tools: Tools = USUAL
) -> tuple[Recording, str]:
    """Aligns the recorder's file that the editor names to the camera's sound, and says in a short English sentence how.

    start, end: the footage seconds that are used. Nothing is searched where the editor gave the offset; the drift is 0
    then. Raises Unusable for a recording that cannot be read, covers nothing of the range or does not match the footage's
    sound, and for footage that has none; MissingTool without ffmpeg.
    """
    file = wanted.audio
    assert file
    about = heard(file)
    described, seconds = default_of(about.audio), about.duration
    placed = Recording(
        file=file.resolve(), fingerprint=fingerprint(file), audio_stream=described.index,
        offset=round(wanted.audio_offset or 0.0, 6), seconds=seconds,
    )  # fmt: skip
    recorder = Sound(file, described.index, placed.fingerprint)
    sounds = partial(_sounds, recorder, tools)
    if not cache.kept(tools.cache, f"{recorder.key}-sounds-v{VERSION}", _Sounds, sounds).sounds:
        raise Unusable(f"{file} has no sound in it; copy it again from the recorder.")
    if wanted.audio_offset is not None:
        return placed, f"heard from {file.name}, placed by audio_offset{_covered(placed, start, end)}"
    if camera is None:
        raise Unusable(f"{source.file} has no sound that {file} can be aligned with; say audio_offset in a brief.")
    recorder, _ = choose(recorder, described, 0, seconds or MOST_LISTENED, tools=tools)
    first, last = _around(start, end, source.duration)
    key = f"{camera.key}-{recorder.key}-{first:.3f}-{last:.3f}-aligned-v{VERSION}"
    match = cache.kept(tools.cache, key, _Line, lambda: _match(camera, recorder, first, last, tools))
    found = {"offset": round(match.offset, 6), "drift": round(match.drift, 1), "seconds": match.seconds}
    placed = placed.model_copy(update=found)
    sentence = (
        f"heard from {file.name}, which starts {abs(placed.offset):.3f} s "
        f"{'before' if placed.offset >= 0 else 'after'} the camera"
    )
    if abs(placed.drift) >= 0.5:
        sentence += f" and runs {abs(placed.drift):.0f} ppm {'faster' if placed.drift > 0 else 'slower'}"
    return placed, f"{sentence} ({match.agree} of {match.places} places agree){_covered(placed, start, end)}"


def _around(start: float, end: float, duration: float) -> tuple[float, float]:
    """The seconds of footage that are listened to: whole SECTIONs, so that a range moved within them needs no other."""
    first = max(0.0, min(start // SECTION * SECTION, duration - LISTEN))
    return first, min(duration, math.ceil(end / SECTION) * SECTION)


def _match(camera: Sound, recorder: Sound, first: float, last: float, tools: Tools) -> _Line:
    """Where the recorder's clock lies against [first, last) footage seconds, found by listening. Raises Unusable."""
    with ThreadPoolExecutor(2) as both:
        camera_job = both.submit(_envelopes, camera, first, last - first, tools)
        recorder_job = both.submit(_envelopes, recorder, 0.0, MOST_RECORDED, tools)
        (far, _), (near, loud) = camera_job.result(), recorder_job.result()
    if not far.any():
        raise Unusable(
            f"{camera.file} is silent, so {recorder.file} cannot be aligned with it; say audio_offset in a brief."
        )
    if not near.any():
        raise Unusable(f"{recorder.file} is silent; name another recording.")
    search = SEARCH + DRIFT / 1e6 * (last - first) / 2
    lines = []
    for lag in _candidates(far, near, round(search * A_SECOND)):
        places, window = _places(far, near, loud, lag)
        if len(places) >= LEAST_PLACES:
            lines.append(_line(camera, recorder, first + places, lag / A_SECOND - first, search, window, tools))
    best = _only(lines, (first + last) / 2, 2 * search)
    if best is None:
        raise Unusable(
            f"{recorder.file} cannot be aligned with {camera.file}: nothing in one sounds like the other; "
            "say audio_offset in a brief."
        )
    return best.model_copy(update={"seconds": len(near) / A_SECOND})


class _Sounds(Data):
    """Whether there is any sample at the beginning of a recording."""

    sounds: bool


def _sounds(recording: Sound, tools: Tools) -> _Sounds:
    return _Sounds(sounds=any(len(block) for block in _blocks(recording, 0.0, HEARD, COARSE_RATE, tools)))


def _covered(placed: Recording, start: float, end: float) -> str:
    """What the sentence says of a recording that begins late or ends early. Raises Unusable if it covers nothing."""
    begin, stop = placed.covers
    begun, ended = max(start, begin), min(end, stop)
    if ended <= begun:
        raise Unusable(
            f"{placed.file} has nothing of {start:.2f} to {end:.2f} s of the footage at offset {placed.offset:.3f} s; "
            "correct the offset or leave the recording out."
        )
    if begun < start + 0.05 and ended > end - 0.05:
        return ""
    return f"; it has only {begun:.2f} to {ended:.2f} s, the camera is heard for the rest"


def _blocks(sound: Sound, start: float, seconds: float, rate: int, tools: Tools) -> Iterator[Samples]:
    """The sound as mono samples, ten seconds at a time, the last block shorter; it may end before `seconds`."""
    output = sound.mixed_since(start, rate, tools, seconds).output(
        "pipe:", format="f32le", ac=1, ar=rate, t=f"{seconds:.6f}"
    )
    for raw in ffmpeg_tool.blocks(output, 4 * 10 * rate, tools):
        yield np.nan_to_num(np.frombuffer(raw[: len(raw) // 4 * 4], "<f4"), posinf=0.0, neginf=0.0)


def _envelopes(sound: Sound, start: float, seconds: float, tools: Tools) -> tuple[Samples, Samples]:
    """How the level in each of BANDS moves around its mean, as (A_SECOND a second, bands), and how loud it is, 0 to 1.

    All 0 for silence.
    """
    hop = COARSE_RATE // A_SECOND
    edges = [round(edge / A_SECOND) for edge in BANDS]
    parts, loudest = [np.zeros((0, len(BANDS) - 1), np.float32)], 0.0
    for block in _blocks(sound, start, seconds, COARSE_RATE, tools):
        whole = block[: len(block) // hop * hop].reshape(-1, hop)
        loudest = max(loudest, float(np.abs(whole).max(initial=0.0)))
        power = np.square(np.abs(rfft(whole, axis=1)))
        parts.append(np.add.reduceat(power[:, : edges[-1]], edges[:-1], axis=1))
    power = np.concatenate(parts)
    if loudest < SILENCE:
        return np.zeros_like(power), np.zeros(len(power), np.float32)
    sounding = power[power.max(axis=1) > SILENCE**2]
    loud = np.percentile(sounding, 95, axis=0) if len(sounding) else np.ones(power.shape[1])
    level = np.log(np.maximum(power / np.maximum(loud, SILENCE**2), np.exp(-DEEPEST))).astype(np.float32)
    moving = level - uniform_filter1d(level, round(AROUND * A_SECOND), axis=0)
    spread = np.maximum(moving.std(axis=0), 1e-6)
    return np.asarray(np.clip(moving / spread, -2.5, 2.5), np.float32), 1 + level.mean(axis=1) / DEEPEST


def _candidates(camera: Samples, recorder: Samples, near: int) -> list[int]:
    """Lags in 1 / A_SECOND s at which the recorder's envelopes are most like the camera's, the best first.

    near: least distance of two of them. A lag is what to add to a time in camera, at its middle, for the time in
    recorder. Long footage is compared in parts, whose peaks may lie apart by what drift explains.
    """
    n, m = len(camera), len(recorder)
    count = max(1, round(n / A_SECOND / PART))
    bounds = np.linspace(0, n, count + 1).astype(int)
    size = next_fast_len(m + int(np.diff(bounds).max()) + 1, real=True)
    spectrum = rfft(recorder, size, axis=0)
    score = np.zeros(n + m, np.float32)  # of lag - n
    for a, b in pairwise(bounds):
        alike = irfft((np.conj(rfft(camera[a:b], size, axis=0)) * spectrum).sum(axis=1), size)
        alike = np.concatenate([alike[size - (b - a) :], alike[:m]])  # of lag + a + (b - a)
        usual = float(np.sqrt(np.mean(np.square(alike))))
        if usual == 0:
            continue
        apart = int(np.ceil(DRIFT / 1e6 * abs((a + b) / 2 - n / 2)))
        score[n - b : n - b + len(alike)] += maximum_filter1d(alike / usual, 2 * apart + 1)
    least = round(min(LEAST_PLACES * WINDOW * A_SECOND, n / 2, m / 2))
    score[:least] = score[len(score) - least :] = 0
    lags: list[int] = []
    best = float(score.max())
    while len(lags) < CANDIDATES and best > 0 and float(score.max()) > AS_GOOD * best:
        lag = int(np.argmax(score))
        lags.append(lag - n)
        score[max(0, lag - near) : lag + near + 1] = 0
    return lags


def _places(camera: Samples, recorder: Samples, loud: Samples, lag: int) -> tuple[Numbers, float]:
    """Seconds in camera at which windows begin, in order, and the seconds that each lasts.

    They are spread over what both have, each where both move most alike and the recorder is loud, so that its wearer
    speaks; where nobody does, there is none.
    """
    first, last = max(0, -lag), min(len(camera), len(recorder) - lag)
    window = min(round(WINDOW * A_SECOND), (last - first) // (2 * LEAST_PLACES))
    if window < SHORTEST * A_SECOND:
        return np.zeros(0), WINDOW
    cells = min(PLACES, (last - first) // window)
    alike = (camera[first:last] * recorder[first + lag : last + lag]).sum(axis=1, dtype=np.float64)
    alike *= loud[first + lag : last + lag]
    total = np.concatenate([[0.0], np.cumsum(alike)])
    together = total[window:] - total[:-window]
    bounds = np.linspace(0, last - first, cells + 1).astype(int)
    begins = np.array([a + np.argmax(together[a : max(a + 1, b - window + 1)]) for a, b in pairwise(bounds)])
    enough = max(1e-9, ALIKE * float(np.percentile(together[begins], 90)))
    return (first + begins[together[begins] >= enough]) / A_SECOND, window / A_SECOND


def _line(
    camera: Sound, recorder: Sound, places: Numbers, offset: float, search: float, window: float, tools: Tools
) -> _Line:
    """The line on which the places' offsets lie best, whether or not they are there by chance.

    places: footage seconds at which windows of `window` s begin. offset: about where the line lies, search: the seconds
    around it that are looked at.
    """
    with ThreadPoolExecutor(2) as both:
        near_job = both.submit(_pieces, recorder, places + offset - search, window + 2 * search, tools)
        far = _pieces(camera, places, window, tools)
        power = _correlations(far, near_job.result())
    times = places + window / 2
    score, at, slope = _best_line(power, times)
    lags, height = _peaks(power, times, at, slope)
    offsets = offset - search + lags / FINE_RATE
    agree = height >= CLEAR
    zero, drift = offset - search + at / FINE_RATE, slope
    for _ in range(4):
        if np.count_nonzero(agree) < LEAST_PLACES:
            break
        zero, drift = _fit(times[agree], offsets[agree])
        agree = (height >= CLEAR) & (np.abs(offsets - zero - drift * times) < NEAR)
    found = int(np.count_nonzero(agree))
    enough = max(LEAST_PLACES, LEAST_SHARE * len(places))
    return _Line(
        offset=zero,
        drift=drift * 1e6,
        strength=float(np.sqrt(height).mean() ** 2),
        agree=found,
        places=len(places),
        certain=score >= LEAST_SCORE and found >= enough and abs(drift) <= 1.2 * DRIFT / 1e6,
    )


def _only(lines: list[_Line], middle: float, near: float) -> _Line | None:
    """The strongest line if it is certain and none that is elsewhere at second `middle` is about as strong."""
    best = max(lines, key=lambda line: line.strength, default=None)
    if best is None or not best.certain:
        return None
    places = [line.offset + line.drift / 1e6 * middle for line in (best, *lines)]
    others = [line.strength for line, place in zip(lines, places[1:], strict=True) if abs(place - places[0]) > near]
    return best if max(others, default=0.0) < RIVAL * best.strength else None


def _pieces(sound: Sound, begins: Numbers, seconds: float, tools: Tools) -> Samples:
    """The sound of `seconds` from each of begins on, in order, as (begins, samples); silence outside the file."""
    origin = max(0.0, float(begins[0]))
    first = np.round((begins - origin) * FINE_RATE).astype(int)
    pieces = np.zeros((len(begins), round(seconds * FINE_RATE)), np.float32)
    done = 0
    for block in _blocks(sound, origin, float(begins[-1]) + seconds - origin, FINE_RATE, tools):
        for piece, begin in zip(pieces, first - done, strict=True):
            a, b = max(0, begin), min(len(block), begin + len(piece))
            if a < b:
                piece[a - begin : b - begin] = block[a:b]
        done += len(block)
    return pieces


def _correlations(far: Samples, near: Samples) -> Numbers:
    """Power of each window's correlation at every lag, in the mean of what chance gives, as (windows, lags).

    Each frequency of BAND weighs the same (GCC-PHAT, Knapp and Carter 1976), so that echoes, hum and tone matter
    little; the analytic signal's power is taken, so that polarity and phase do not matter.
    """
    size = next_fast_len(near.shape[1])
    lags = near.shape[1] - far.shape[1] + 1
    band = np.zeros(size, np.complex64)
    low, high = (round(edge * size / FINE_RATE) for edge in BAND)
    taper = np.hanning(far.shape[1]).astype(np.float32)
    power = np.zeros((len(far), lags))
    for row, (a, b) in enumerate(zip(far, near, strict=True)):
        cross = np.conj(rfft(a * taper, size)[low:high]) * rfft(b, size)[low:high]
        weight = np.abs(cross)
        if not weight.any():
            continue
        band[low:high] = cross / np.maximum(weight, 1e-6 * weight.max())
        row_power = np.square(np.abs(ifft(band)[:lags]))
        power[row] = row_power / max(float(np.median(row_power)) / np.log(2), 1e-30)
    return power


def _best_line(power: Numbers, times: Numbers) -> tuple[float, float, float]:
    """(score, lag in samples at time 0, drift as a share) of the line along which the summed power stands out most.

    The score is how far that sum lies over chance's, in chance's own spread.
    """
    lags = power.shape[1] // BIN
    pooled = power[:, : lags * BIN].reshape(len(power), lags, BIN).max(axis=2)
    pooled = pooled / np.maximum(1, pooled.max(axis=1, keepdims=True) / CAP)
    chance = np.minimum(pooled, CLEAR)
    usual, spread = chance.mean(axis=1).sum(), np.sqrt(max(1e-9, chance.var(axis=1).sum()))
    middle = float(times.mean())
    apart = (times - middle) * FINE_RATE / BIN  # bins that a drift of 1 moves each window by
    reach = max(1e-9, float(np.abs(apart).max()))
    steps = int(np.ceil(DRIFT / 1e6 * reach))
    best = (-np.inf, 0.0, 0.0)
    edge = steps + 1
    padded = np.pad(pooled, ((0, 0), (edge, edge)))
    for drift in np.arange(-steps, steps + 1) / reach:
        along = np.zeros(lags)
        for row, shift in zip(padded, np.round(drift * apart).astype(int) + edge, strict=True):
            along += row[shift : shift + lags]
        at = int(np.argmax(along))
        if along[at] > best[0]:
            best = (float(along[at]), _direct(along - usual, at), float(drift))
    lag = (best[1] + 0.5) * BIN - best[2] * middle * FINE_RATE
    return (best[0] - usual) / spread, lag, best[2]


def _direct(heard: Numbers, at: int) -> int:
    """The bin of the sound that came straight to the camera, where an echo at bin `at` is louder: nothing is earlier."""
    earlier = heard[at : at + round(ECHO * FINE_RATE / BIN)]
    return at + int(np.flatnonzero(earlier >= AS_LOUD * heard[at])[-1])


def _peaks(power: Numbers, times: Numbers, at: float, drift: float) -> tuple[Numbers, Numbers]:
    """The lag in samples, and the height, of each window's highest power near the line; the lag is between samples."""
    reach = round(1.5 * NEAR * FINE_RATE)
    lags, heights = np.zeros(len(power)), np.zeros(len(power))
    for number, (row, time) in enumerate(zip(power, times, strict=True)):
        middle = round(at + drift * time * FINE_RATE)
        first = min(max(1, middle - reach), len(row) - 2)
        top = first + int(np.argmax(row[first : max(first + 1, min(len(row) - 1, middle + reach + 1))]))
        before, peak, after = np.sqrt(row[top - 1 : top + 2])
        bend = before - 2 * peak + after
        lags[number] = top + (0.5 * (before - after) / bend if bend < 0 else 0.0)
        heights[number] = row[top]
    return lags, heights


def _fit(times: Numbers, offsets: Numbers) -> tuple[float, float]:
    """(offset at time 0, drift as a share) of places' offsets; drift 0 where the places are too near to tell it."""
    if len(times) < LEAST_PLACES or np.ptp(times) < TOLD:
        return float(np.mean(offsets)), 0.0
    centred = times - times.mean()
    drift = float((centred * offsets).sum() / np.square(centred).sum())
    left = offsets - offsets.mean() - drift * centred
    doubt = np.sqrt(np.square(left).sum() / max(1, len(times) - 2) / np.square(centred).sum())
    if abs(drift) < 3 * doubt:
        drift = 0.0
    return float(offsets.mean() - drift * times.mean()), drift
