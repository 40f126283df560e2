"""The delivered sound against the footage's: on both sides, and in step, by its waves.

The footage is read once more, by its absolute time stamps and from an earlier place than the sound was mastered from.
"""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import ffmpeg
import numpy as np
import scipy  # scipy.signal takes two seconds: it is loaded when it is first used
from numpy.typing import NDArray

from basis.errors import Unusable
from basis.spans import Span, Spans, clip, shift
from basis.tools import USUAL, Tools
from pipeline.footage import ffmpeg_tool
from pipeline.footage.sounds import HOLE, Samples, Sound, sounds_in, start_of, stereo
from pipeline.listening.channels import VOICES
from pipeline.plan import Plan, Take
from pipeline.verify.checks import Row

RATE = 8_000  # Hz, enough for voices
PLACES = 3  # of an episode that are compared: its beginning, its middle, its end
WINDOW, SHORTEST = 3.0, 0.8  # seconds that are compared at a place, and of a take that tell anything
REACH = 1.5  # seconds by which sound out of step is looked for
EARLIER = 1.0  # seconds before a window from which the footage is read
IN_STEP = 0.020  # seconds
CLEAR = 8.0  # times the usual height of the correlation that its peak has where two sounds are one
NEARLY = 0.7  # of the highest peak; a peak of this height tells as much
ONE_SIDED = 30.0  # dB under the other side, from which a side is dead
SILENT = -75.0  # dB of full scale
MOST_SPEECH = 20.0  # seconds of the footage's speech that tell whether its own side is dead
FLOOR = 1e-12  # power of nothing


class _Place(NamedTuple):
    """[start, end) episode seconds of one take, and what to add to its footage seconds for them."""

    start: float
    end: float
    take: Take
    offset: float


def heard(file: Path, plan: Plan, tools: Tools = USUAL) -> Samples:
    """The sound of a delivered file from its second 0 on, (n, 2) at RATE. Raises Unusable for what cannot be decoded."""
    given = ffmpeg_tool.input_of(file, tools=tools)["a:0"]
    return stereo(_by_stamps(given, 0.0), file, plan.duration + REACH, RATE, tools)


def rows(sound: Samples, plan: Plan, tools: Tools = USUAL) -> Iterator[Row]:
    """The checks of a delivered sound, as `heard` gives it."""
    yield _sides(sound, plan, tools)
    yield _step(sound, plan, tools)


def _sides(sound: Samples, plan: Plan, tools: Tools) -> Row:
    """Whether both sides carry what is said in each of the files, if theirs do."""
    said: list[str] = []
    is_right = True
    takes = sorted(zip(plan.takes, plan.offsets, strict=True), key=lambda one: _heard_of(one[0]))
    for _, group in groupby(takes, key=lambda one: _heard_of(one[0])):
        own = [*group]
        spoken = [span for take, offset in own for span in shift(take.spoken, offset)]
        if not spoken:
            continue
        left, right = levels = _levels(sound, spoken)
        dead = levels.max() < SILENT or abs(left - right) > ONE_SIDED
        if dead and not _is_dead_itself(own[0][0], levels, tools):
            is_right = False
        said.append(f"{left:.0f} and {right:.0f} dB" if levels.max() >= SILENT else "silent")
    measured = ", ".join(dict.fromkeys(said)) or "nobody speaks: cannot be told"
    return Row("footage", "both sides", measured, f"at most {ONE_SIDED:g} dB apart where somebody speaks", is_right)


def _heard_of(take: Take) -> tuple[str, ...]:
    return str(take.file), str(take.audio_stream), take.channels, str(take.recording and take.recording.file)


def _levels(sound: Samples, spans: Spans) -> NDArray[np.float64]:
    """(2,) dB of full scale of both sides during [start, end) seconds."""
    parts = [sound[round(a * RATE) : round(b * RATE)] for a, b in spans]
    power = np.square(np.concatenate(parts).astype(float)).sum(axis=0) / max(1, sum(map(len, parts)))
    return np.asarray(10 * np.log10(np.maximum(power, FLOOR)))


def _is_dead_itself(take: Take, levels: NDArray[np.float64], tools: Tools) -> bool:
    """Whether the footage has no more on the side that is dead, which is then as recorded, or asked for.

    Sides that are mixed to one cannot be dead one by one; more than two channels are no sides.
    """
    found = _read(take, *_first(take.spoken), tools)
    if found is None:
        return False
    own = _levels(found, [(0.0, len(found) / RATE)])
    if levels.max() < SILENT:
        return bool(own.max() < SILENT)
    side = int(levels.argmin())
    return take.channels == "stereo" and _channels(take) == 2 and bool(own.max() - own[side] > ONE_SIDED)


def _first(spoken: Spans) -> Span:
    start = spoken[0][0]
    return start, min(spoken[-1][1], start + MOST_SPEECH)


def _step(sound: Samples, plan: Plan, tools: Tools) -> Row:
    """Whether the sound is where the footage has it, at the places where that can be told."""
    lags = [(place, _lag(sound, place, tools)) for place in _places(sound, plan)]
    told = [f"{lag * 1000:+.0f} ms at {place.start:.1f} s" for place, lag in lags if lag is not None]
    is_right = all(lag is None or abs(lag) <= IN_STEP for _, lag in lags)
    limit = f"within {IN_STEP * 1000:g} ms of the footage's"
    return Row("footage", "sound in step", ", ".join(told) or "cannot be told", limit, is_right)


def _places(sound: Samples, plan: Plan) -> Iterator[_Place]:
    """Of each part of the episode the window of one take in which most of a voice, or else of anything, is heard."""
    windows = [
        _Place(start, min(start + WINDOW, take.end + offset), take, offset)
        for take, offset in zip(plan.takes, plan.offsets, strict=True)
        for start in np.arange(take.start + offset, take.end + offset - SHORTEST + 1e-6, WINDOW / 2).tolist()
    ]
    for part in range(PLACES):
        edges = [plan.footage_seconds * number / PLACES for number in (part, part + 1)]
        inside = [one for one in windows if edges[0] <= (one.start + one.end) / 2 < edges[1]]
        if inside:
            yield max(
                inside, key=lambda one: _levels(sound, clip(one.take.spoken and [one[:2]], *one[:2]) or [one[:2]]).max()
            )


def _lag(sound: Samples, place: _Place, tools: Tools) -> float | None:
    """Seconds by which the delivered sound is later than the footage's; None where that cannot be told."""
    found = _read(place.take, place.start - place.offset, place.end - place.offset, tools)
    if found is None or len(found) < round(SHORTEST * RATE):  # the footage's sound ends before
        return None
    first = round((place.start - REACH) * RATE)
    count = round((place.end - place.start + 2 * REACH) * RATE)
    given = np.pad(sound.mean(axis=1), (max(0, -first), count))[max(0, first) :][:count]
    loudest = found[:, int(np.square(found).sum(axis=0).argmax())]  # of sides wired in reverse the mean is nothing
    peaks = _correlation(given, loudest)
    if peaks is None:
        return None
    middle = round(REACH * RATE)
    near = np.arange(middle - round(IN_STEP * RATE), middle + round(IN_STEP * RATE) + 1)
    best = int(peaks.argmax())
    if peaks[near].max() >= NEARLY * peaks[best]:
        best = int(near[peaks[near].argmax()])
    return (best - middle) / RATE


def _correlation(given: NDArray[np.float32], wanted: NDArray[np.float32]) -> NDArray[np.float64] | None:
    """How alike the wanted sound and what is given are at each lag from 0 on, their spectra made flat (Knapp and Carter
    1976); None where there is no clear peak."""
    size = scipy.fft.next_fast_len(len(given) + len(wanted))
    band = scipy.signal.butter(4, VOICES, "bandpass", fs=RATE, output="sos")
    a, b = (np.fft.rfft(scipy.signal.sosfilt(band, one), size) for one in (given, wanted))
    cross = a * np.conj(b)
    heights = np.abs(cross)
    if heights.max() < FLOOR:
        return None
    flat = np.abs(np.fft.irfft(cross / np.sqrt(heights + heights.max() * 1e-6), size))[: len(given) - len(wanted) + 1]
    best, apart = int(flat.argmax()), round(IN_STEP * RATE)
    others = np.concatenate([flat[: max(0, best - apart)], flat[best + apart + 1 :]])
    is_clear = flat[best] > CLEAR * np.sqrt(np.square(flat).mean())
    return flat if is_clear and others.max(initial=0.0) < NEARLY * flat[best] else None  # a hum has a peak a period


def _read(take: Take, start: float, end: float, tools: Tools) -> Samples | None:
    """What a take's file, or the recording that is heard for it, has in [start, end) footage seconds, (n, 2) at RATE.

    None where there is no sound or it cannot be decoded, which those who master it say.
    """
    recording = take.recording
    if recording:
        begin, stop = recording.covers
        if begin > start or stop < end:
            return None
        sound, pace, offset = Sound(recording.file, recording.audio_stream), recording.pace, recording.offset
    elif take.audio_stream is not None:
        sound, pace, offset = Sound(take.file, take.audio_stream), 1.0, 0.0
    else:
        return None
    from_second = max(0.0, start * pace + offset - EARLIER)
    seconds = end * pace + offset - from_second
    begins = start_of(sound.file)
    options = {"ss": f"{from_second:.6f}", "t": f"{seconds + EARLIER:.6f}", "copyts": None}
    given = ffmpeg.input(ffmpeg_tool.name_of(sound.file), protocol_whitelist="file,pipe", **options)[str(sound.stream)]
    try:
        samples = stereo(_by_stamps(given, from_second + begins), sound.file, seconds, RATE, tools)
    except Unusable:
        return None
    return samples[round((start * pace + offset - from_second) * RATE) :]


def _by_stamps(given: Any, first: float) -> Any:
    """An ffmpeg-python stream whose first sample is that of a time stamp, whatever its own first stamp is."""
    moved = given.filter("asetpts", f"PTS-{first:.6f}/TB")
    return moved.filter("aresample", RATE, **{"async": 1, "min_hard_comp": HOLE, "first_pts": 0})


def _channels(take: Take) -> int:
    file, index = take.file, take.audio_stream
    if take.recording:
        file, index = take.recording.file, take.recording.audio_stream
    return next((one.channels for one in sounds_in(file) if one.index == index), 0)
