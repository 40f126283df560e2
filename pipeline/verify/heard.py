"""The delivered sound against the footage's: on both sides, and in step, by its waves.

The footage is read once more, by its absolute time stamps and from an earlier place than the sound was mastered from.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, NamedTuple

import ffmpeg
import numpy as np
import scipy  # scipy.signal takes two seconds: it is loaded when it is first used
from numpy.typing import NDArray

from basis.errors import Unusable
from basis.notes import Note
from basis.spans import Span, Spans, clip, shift
from basis.tools import USUAL, Tools
from pipeline.footage import ffmpeg_tool
from pipeline.footage.sounds import HOLE, Samples, Sound, samples_of, sounds_in, start_of, stereo
from pipeline.footage.source import TRUNCATED
from pipeline.listening.channels import VOICES
from pipeline.plan import Microphone, Plan, Take
from pipeline.verify.checks import Level, Row

RATE = 8_000  # Hz, enough for voices
PLACES = 3  # of an episode that are compared: its beginning, its middle, its end
WINDOW, SHORTEST = 3.0, 0.8  # seconds that are compared at a place, and of a take that tell anything
REACH = 1.5  # seconds by which sound out of step is looked for
EARLIER = 1.0  # seconds before a window from which the footage is read
IN_STEP = 0.020  # seconds
FADE = 0.1  # seconds of the ends of what is compared
CLEAR = 8.0  # times the usual height of the correlation that its peak has where two sounds are one
NEARLY = 0.7  # of the highest peak; a peak of this height tells as much
ONE_SIDED = 30.0  # dB under the other side, from which a side is dead
SILENT = -75.0  # dB of full scale
MOST_SPEECH = 20.0  # seconds of the footage's speech that tell whether its own side is dead
FLOOR = 1e-12  # power of nothing
HOP, LEAST_SILENCE, MOST_SILENCES = 0.05, 0.5, 3  # seconds; silences that are looked at, the longest
LOUD = -40.0  # dB of full scale of the footage, of which no cleaning leaves nothing
TOLD = ("damaged-sound", "short-sound", "recording-short", TRUNCATED)  # codes of notes that tell of lost sound
TOO_QUIET = -55.0  # dB of full scale; less is not made loud when it is mastered

_Dead = Literal["as recorded", "mixed", "unlike"]


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


def rows(sound: Samples, plan: Plan, notes: Sequence[Note] = (), tools: Tools = USUAL) -> Iterator[Row]:
    """The checks of a delivered sound, as `heard` gives it. notes: what its editor is told of it."""
    yield from _sides(sound, plan, tools)
    yield _step(sound, plan, tools)
    yield _goes_on(sound, plan, notes, tools)


def _sides(sound: Samples, plan: Plan, tools: Tools) -> Iterator[Row]:
    """Whether both sides carry what is said in each of the files, if theirs do; a file without sound has none to carry."""
    said: list[str] = []
    found: list[_Dead] = []
    takes = [one for one in zip(plan.takes, plan.offsets, strict=True) if _has_sound(one[0]) and one[0].spoken]
    for _, group in groupby(sorted(takes, key=lambda one: _heard_of(one[0])), key=lambda one: _heard_of(one[0])):
        own = [*group]
        left, right = levels = _levels(sound, [span for take, offset in own for span in shift(take.spoken, offset)])
        if levels.max() < SILENT or abs(left - right) > ONE_SIDED:
            found.append(_dead(own[0][0], levels, tools))
        said.append(f"{left:.0f} and {right:.0f} dB" if levels.max() >= SILENT else "silent")
    measured = ", ".join(dict.fromkeys(said)) or "nobody speaks: cannot be told"
    limit = f"at most {ONE_SIDED:g} dB apart where somebody speaks"
    level: Level = "error" if "unlike" in found else "warning"
    yield Row("footage", "both sides", measured, limit, all(one == "as recorded" for one in found), level)


def _has_sound(take: Take) -> bool:
    return take.audio_stream is not None or take.recording is not None


def _heard_of(take: Take) -> tuple[str, ...]:
    return (
        str(take.file), str(take.audio_stream), take.channels, str(take.microphones),
        str(take.recording and (take.recording.file, take.recording.microphones)),
    )  # fmt: skip


def _levels(sound: Samples, spans: Spans) -> NDArray[np.float64]:
    """(2,) dB of full scale of both sides during [start, end) seconds."""
    parts = [sound[round(a * RATE) : round(b * RATE)] for a, b in spans]
    power = np.square(np.concatenate(parts).astype(float)).sum(axis=0) / max(1, sum(map(len, parts)))
    return np.asarray(10 * np.log10(np.maximum(power, FLOOR)))


def _dead(take: Take, levels: NDArray[np.float64], tools: Tools) -> _Dead:
    """What the footage has on the side that is dead, or on both.

    "as recorded": no more, or as asked for; "mixed": no more after its loudspeaker channels were mixed to two, which are
    no sides that anybody recorded; "unlike": more, and sides that are mixed to one cannot be dead one by one.
    """
    found = _read(take, *_first(take.spoken), tools)
    if found is None:
        return "mixed"  # nothing to compare it with, which is no fault of the film and worth a look
    own = _levels(found, [(0.0, len(found) / RATE)])
    if levels.max() < SILENT:
        return "as recorded" if own.max() < TOO_QUIET else "unlike"
    side = int(levels.argmin())
    if take.channels != "stereo" or found.shape[1] != 2 or own.max() - own[side] <= ONE_SIDED:
        return "unlike"
    _, microphones, channels = _file_of(take)
    return "as recorded" if microphones or channels == 2 else "mixed"


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
    wanted, given = _fuller(found), _fuller(sound)
    lag = _lag_of(given, wanted, place.start)
    if lag is None or abs(lag) <= IN_STEP:
        return lag
    half = len(wanted) // 2  # what slipped did so in both halves; a hum or a stroke only seems to, in one
    parts = [_lag_of(given, wanted[:half], place.start), _lag_of(given, wanted[half:], place.start + half / RATE)]
    return lag if all(part is not None and abs(part - lag) <= IN_STEP for part in parts) else None


def _fuller(samples: Samples) -> NDArray[np.float32]:
    """The loudest of several channels: the mean of sides that are wired in reverse is nothing."""
    return samples[:, int(np.square(samples).sum(axis=0).argmax())]


def _lag_of(sound: NDArray[np.float32], wanted: NDArray[np.float32], start: float) -> float | None:
    """Seconds by which one channel of an episode has what is wanted later than at an episode second."""
    first, count = round((start - REACH) * RATE), len(wanted) + round(2 * REACH * RATE)
    given = np.pad(sound, (max(0, -first), count))[max(0, first) :][:count]
    peaks = _correlation(given, wanted)
    if peaks is None:
        return None
    middle, reach = round(REACH * RATE), round(IN_STEP * RATE)
    best = int(peaks.argmax())
    near = np.arange(middle - reach, middle + reach + 1)
    if peaks[near].max() >= NEARLY * peaks[best]:
        best = int(near[peaks[near].argmax()])
    return (best - middle) / RATE


def _correlation(given: NDArray[np.float32], wanted: NDArray[np.float32]) -> NDArray[np.float64] | None:
    """How alike the wanted sound and what is given are at each lag from 0 on, their spectra made flat (Knapp and Carter
    1976); None where there is no clear peak."""
    size = scipy.fft.next_fast_len(len(given) + len(wanted))
    band = scipy.signal.butter(4, VOICES, "bandpass", fs=RATE, output="sos")
    # faded, since where a hum is cut off is a click, which is like any other
    a, b = (np.fft.rfft(_faded(scipy.signal.sosfilt(band, one)), size) for one in (given, wanted))
    cross = a * np.conj(b)
    heights = np.abs(cross)
    if heights.max() < FLOOR:
        return None
    flat = np.abs(np.fft.irfft(cross / np.sqrt(heights + heights.max() * 1e-6), size))[: len(given) - len(wanted) + 1]
    best, apart = int(flat.argmax()), round(IN_STEP * RATE)
    others = np.concatenate([flat[: max(0, best - apart)], flat[best + apart + 1 :]])
    is_clear = flat[best] > CLEAR * np.sqrt(np.square(flat).mean())
    return flat if is_clear and others.max(initial=0.0) < NEARLY * flat[best] else None  # a hum has a peak a period


def _faded(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    rise = np.minimum(1.0, (np.arange(len(samples)) + 0.5) / (FADE * RATE))
    return np.asarray(samples * rise * rise[::-1])


def _goes_on(sound: Samples, plan: Plan, notes: Sequence[Note], tools: Tools) -> Row:
    """Whether the sound is silent only where the footage is, or where somebody is told."""
    known = [note.at for note in notes if note.code in TOLD and note.at is not None]
    said, is_right = [], True
    silences = sorted(_silences(sound, plan), key=lambda one: one.start - one.end)
    for place in silences[:MOST_SILENCES]:
        found = _read(place.take, place.start - place.offset, place.end - place.offset, tools)
        is_loud = found is not None and len(found) > 0 and _levels(found, [(0.0, len(found) / RATE)]).max() > LOUD
        told = any(at <= place.end for at in known)  # many losses of a file are told at the first one
        why = (
            "and the footage is not"
            if is_loud
            else "as the footage"
            if found is not None or told
            else "and nothing is said of it"
        )
        is_right &= why == "as the footage"
        said.append(f"silent from {place.start:.1f} to {place.end:.1f} s {why}")
    limit = f"not silent for {LEAST_SILENCE:g} s where the footage is not"
    return Row("footage", "sound goes on", ", ".join(said) or "throughout", limit, is_right, "warning")


def _silences(sound: Samples, plan: Plan) -> Iterator[_Place]:
    """Where nothing at all is heard of takes that have sound."""
    hop = round(HOP * RATE)
    for take, offset in zip(plan.takes, plan.offsets, strict=True):
        first, last = (round((second + offset) / HOP) for second in take.span)
        part = sound[first * hop : last * hop]
        if not _has_sound(take) or not len(part):
            continue
        peaks = np.abs(np.pad(part, ((0, -len(part) % hop), (0, 0)))).reshape(-1, 2 * hop).max(axis=1)
        edges = np.flatnonzero(np.diff([0, *(peaks < 10 ** (SILENT / 20)).astype(int), 0])).reshape(-1, 2)
        for a, b in edges.tolist():
            if (b - a) * HOP >= LEAST_SILENCE:
                yield _Place((first + a) * HOP, (first + b) * HOP, take, offset)


def _read(take: Take, start: float, end: float, tools: Tools) -> Samples | None:
    """What a take's file, or the recording that is heard for it, has in [start, end) footage seconds, (n, channels) at RATE:
    its microphones, or left and right.

    None where there is no sound, where part of it is the camera's and part a recording's, or where it cannot be decoded,
    which those who master it say.
    """
    recording, pace, offset = take.recording, 1.0, 0.0
    if recording:
        begin, stop = recording.covers
        if begin <= start and end <= stop:
            pace, offset = recording.pace, recording.offset
        elif begin < end and start < stop:
            return None
        else:
            take = take.model_copy(update={"recording": None})
    if not _has_sound(take):
        return None
    sound, microphones, _ = _file_of(take)
    first, last = start * pace + offset, end * pace + offset
    try:
        if not microphones:
            return _decoded(sound.file, sound.stream, 2, (first, last), tools)
        counts = {one.index: one.channels for one in sounds_in(sound.file)}
        streams = {
            number: _decoded(sound.file, number, counts[number], (first, last), tools) for number in sound.streams
        }
    except Unusable:
        return None
    length = min(map(len, streams.values()))
    return np.stack([streams[one.stream][:length, one.channel] for one in microphones], axis=1)


def _file_of(take: Take) -> tuple[Sound, list[Microphone], int]:
    """The sound that is heard of a take, its microphones, and how many channels its stream has."""
    if take.recording:
        sound, microphones = Sound(take.recording.file, take.recording.audio_stream), take.recording.microphones
    else:
        sound, microphones = Sound(take.file, take.audio_stream or 0), take.microphones
    sound = replace(sound, microphones=tuple((one.stream, one.channel) for one in microphones))
    count = next((one.channels for one in sounds_in(sound.file) if one.index == sound.stream), 0)
    return sound, microphones, count


def _decoded(file: Path, stream: int, channels: int, span: Span, tools: Tools) -> Samples:
    """[start, end) seconds of one stream of a file, (n, channels) at RATE; two channels are mixed of all that there are."""
    start, end = span
    sought = max(0.0, start - EARLIER)
    begins = start_of(file)
    options = {"ss": f"{sought:.6f}", "t": f"{end - sought + EARLIER:.6f}", "copyts": None}
    given = ffmpeg.input(ffmpeg_tool.name_of(file), protocol_whitelist="file,pipe", **options)[str(stream)]
    heard, seconds = _by_stamps(given, sought + begins), end - sought
    if channels == 2:
        samples = stereo(heard, file, seconds, RATE, tools)
    else:
        output = heard.output("pipe:", format="f32le", ar=RATE, t=f"{seconds:.6f}")
        samples = samples_of(output, file, channels, tools)
    return samples[round((start - sought) * RATE) :]


def _by_stamps(given: Any, first: float) -> Any:
    """An ffmpeg-python stream whose first sample is that of a time stamp, whatever its own first stamp is."""
    moved = given.filter("asetpts", f"PTS-{first:.6f}/TB")
    return moved.filter("aresample", RATE, **{"async": 1, "min_hard_comp": HOLE, "first_pts": 0})
