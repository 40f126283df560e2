"""Footage sound and music -> one mastered track, exactly as long as the picture and as loud as the spec asks."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path
from typing import NamedTuple

import ffmpeg
import numpy as np
from numpy.typing import NDArray
from scipy.io import wavfile

from basis import spans
from basis.data import Data, Text
from basis.files import fingerprint
from basis.notes import Note
from basis.spans import Span, Spans
from basis.tools import USUAL, Tools
from pipeline.footage import ffmpeg_tool, loudness
from pipeline.footage.sounds import RATE, Samples, sound_in, sounds_in
from pipeline.listening.channels import NAMES
from pipeline.plan import Plan, Take
from pipeline.sound import assembly, levels, music
from pipeline.sound.assembly import HANDLE, Room
from pipeline.sound.cleaning import clean
from pipeline.sound.takes import read
from presets import Preset
from presets.delivery import DeliverySpec

NOTHING = -60.0  # LUFS; below it there is only the recorder's own noise, which is not made loud
MOST_WITHOUT_SPEECH = 30.0  # dB by which a quiet room is made louder at most
HEADROOM = 2.0  # dB under the true-peak limit: encoding to AAC adds up to 1.8 to strokes of a hammer
BETWEEN_SAMPLES = 1.0  # dB by which a peak may be above the samples; less room than that needs the limiter
TRIES = 4
NEARLY = 0.05  # dB that are not worth another try
MOST_AGAINST_LIMITER = 6.0  # dB by which what the limiter takes away is made up for
COVERED = 0.05  # seconds at the ends of a take that its recording may lack
MOST_APART = 8.0  # seconds of a pause taken out up to which the takes beside it are read and cleaned as one
GAP = 0.1  # seconds without any sound, not even hiss, that get the room's tone
END_MS = 50  # fade at the end where no end card follows
DRAWN = 5  # hops between two points of the loudness curve


class SoundReport(Data):
    """What was done.

    before, after: loudness of the takes as they were recorded, and of the master. gain: dB from the mix to the master;
    limited: whether peaks had to be held. heard: how each take was read and cleaned. notes: what an editor should know.
    voices: what each was given. curve: [episode second, LUFS before, LUFS after], each of a second around it.
    """

    before: loudness.Loudness
    after: loudness.Loudness
    gain: float
    limited: bool
    heard: list[Text]
    notes: list[Note] = []
    voices: list[levels.Voice] = []
    curve: list[tuple[float, float, float]] = []


class _Piece(NamedTuple):
    """A take's sound with HANDLE more on both sides, cleaned; the room that it was recorded in; and what was done."""

    samples: Samples
    room: Room
    done: str


def master(plan: Plan, spec: DeliverySpec, preset: Preset, out: Path, tools: Tools = USUAL) -> SoundReport:
    """Writes out, a 48 kHz stereo 16-bit WAV of exactly the plan's length in samples; its folder is for scratch files.

    Silence stays silence. Raises Unusable for sound or music that cannot be decoded, MissingTool where the noise
    suppressor cannot be loaded.
    """
    recorded, pieces = _pieces(plan, preset, tools)
    powers = loudness.power(recorded)
    with ThreadPoolExecutor(1) as beside:
        before = beside.submit(loudness.measure, _wav(recorded, out.with_name("recorded.wav")), tools=tools)
        tail = _samples(plan.frame_count, plan.clock.rate) - len(recorded)
        del recorded  # ten minutes are a quarter of a gigabyte
        mix = _assembled(pieces, tail)
        done = [*dict.fromkeys(piece.done for piece in pieces)]
        pieces.clear()
        speech = plan.speech
        voices: list[levels.Voice] = []
        if preset.sound.even_voices:
            mix, voices = levels.even(mix, speech, _speechless(plan), plan.turns)
        mix = _with_sounds(mix, plan, preset, speech, tools)
        most = np.inf if speech or plan.music else MOST_WITHOUT_SPEECH
        after, gain, limited, notes = _level(mix, out, spec, most, tools)
    return SoundReport(
        before=before.result(), after=after, gain=gain, limited=limited, heard=done, notes=notes, voices=voices,
        curve=_curve(powers, out),
    )  # fmt: skip


def notes(plan: Plan) -> list[Note]:
    """What an editor should know about the sounds that a plan names. Raises Unusable for one that is no sound."""
    for file in [*([plan.music.file] if plan.music else []), *(sting.file for sting in plan.stings)]:
        sounds_in(file)
    takes: dict[Path, list[tuple[Take, float]]] = {}
    for take, offset in zip(plan.takes, plan.offsets, strict=True):
        if take.recording:
            takes.setdefault(take.recording.file, []).append((take, offset))
    return [note for file, own in takes.items() for note in _about_recording(file, own)]


def _about_recording(file: Path, takes: Sequence[tuple[Take, float]]) -> Iterator[Note]:
    """What there is to know of a recording in the takes that are heard from it, each with its offset in the episode."""
    first = takes[0][0]
    recording = takes[-1][0].recording
    assert recording
    sound_in(recording)
    if recording.fingerprint and fingerprint(file) != recording.fingerprint:
        text = f"{file.name} has changed since it was aligned; the sound may be off, plan it again."
        yield Note(code="recording-changed", text=text, level="warning")
    begin, stop = recording.covers
    end = max(take.end for take, _ in takes)
    lacks = [spans.without([(take.start, take.end)], [(begin - COVERED, stop + COVERED)]) for take, _ in takes]
    if any(lacks):
        at = next(lack[0][0] + offset for lack, (_, offset) in zip(lacks, takes, strict=True) if lack)
        rest = "it is silent" if first.audio_stream is None else "the camera is heard"
        text = (
            f"{file.name} begins at {max(0.0, begin):.1f} and ends at {max(0.0, min(stop, end)):.1f} s of "
            f"{first.file.name}; beyond that {rest}."
        )
        yield Note(code="recording-short", text=text, at=round(at, 3))


def _lengths(plan: Plan) -> list[int]:
    """Samples of each take; counted from the episode's start, so that roundings never add up."""
    frames = accumulate((plan.clock.frames(*take.span) for take in plan.takes), initial=0)
    return [b - a for a, b in pairwise(_samples(count, plan.clock.rate) for count in frames)]


def _samples(frames: int, rate: Fraction) -> int:
    return round(frames / rate * RATE)


def _pieces(plan: Plan, preset: Preset, tools: Tools) -> tuple[Samples, list[_Piece]]:
    """All takes as they were recorded, one after the other, and each cleaned."""
    recorded: list[Samples] = []
    pieces: list[_Piece] = []
    lengths = _lengths(plan)
    for run in _runs(plan):
        first = run[0].start
        begins = [round((take.start - first) * RATE) for take in run]
        ends = [begin + length for begin, length in zip(begins, lengths[len(pieces) :], strict=False)]
        raw = read(run[0], -HANDLE, ends[-1] + 2 * HANDLE, tools)
        speech = spans.shift((span for take in run for span in take.spoken), HANDLE / RATE - first)
        cleaned, done = clean(raw, speech, preset.sound.cleaning, tools)
        gaps = assembly.gaps(raw, GAP)
        room = Room(cleaned, speech, [(a / RATE, b / RATE) for a, b in gaps])
        whole = assembly.filled(cleaned, gaps, room) if speech else cleaned  # rests of music are no gaps
        recorded += [raw[begin + HANDLE : end + HANDLE] for begin, end in zip(begins, ends, strict=True)]
        for take, begin, end in zip(run, begins, ends, strict=True):
            how = f"{take.file.name}: {take.heard or NAMES[take.channels]}; {done}"
            pieces.append(_Piece(whole[begin : end + 2 * HANDLE], room, how))
    return np.concatenate(recorded), pieces


def _runs(plan: Plan) -> list[list[Take]]:
    """Takes of one recording between which there is nothing or a pause that was taken out: they have the same noise."""
    cut = {(p.file, p.start, p.end) for p in plan.pauses if not p.kept and p.end - p.start <= MOST_APART}
    runs: list[list[Take]] = []
    for take in plan.takes:
        last = runs[-1][-1] if runs else None
        goes_on = last and (last.end == take.start or (take.file, last.end, take.start) in cut)
        if last and goes_on and _heard_of(last) == _heard_of(take):
            runs[-1].append(take)
        else:
            runs.append([take])
    return runs


def _heard_of(take: Take) -> tuple[object, ...]:
    return take.file, take.audio_stream, take.channels, take.microphones, take.recording


def _assembled(pieces: Sequence[_Piece], tail: int) -> Samples:
    """The pieces one after the other; the nearest room's tone in those without sound and, fading, in the tail."""
    known = [number for number, piece in enumerate(pieces) if piece.room.known]

    def nearest(number: int) -> Room:
        return pieces[min(known, key=lambda other: abs(other - number), default=number)].room

    sounds = [
        assembly.segment(piece.samples if piece.samples.any() else nearest(number).tone(len(piece.samples), number))
        for number, piece in enumerate(pieces)
    ]
    if tail > 0:
        under = nearest(len(pieces) - 1).tone(tail + 2 * HANDLE, len(pieces))
        sounds.append(assembly.faded(assembly.segment(under), 0, tail * 1000 // RATE))
    else:
        sounds[-1] = assembly.faded(sounds[-1], 0, END_MS)
    joined = assembly.samples_of(assembly.join(sounds))
    return joined[HANDLE : len(joined) - HANDLE]


def _speechless(plan: Plan) -> list[Span]:
    """[start, end) episode seconds of takes in which nobody speaks."""
    offsets = zip(plan.takes, plan.offsets, strict=True)
    return [(take.start + offset, take.end + offset) for take, offset in offsets if not take.spoken]


def _with_sounds(mix: Samples, plan: Plan, preset: Preset, speech: Spans, tools: Tools) -> Samples:
    """The mix with its music and short sounds."""
    if not plan.music and not plan.stings:
        return mix
    level = music.reference(mix, speech)
    whole = assembly.segment(mix)
    if plan.music:
        under = preset.sound.music_under_speech_db
        whole = assembly.laid(whole, music.bed(plan.music.file, len(mix), speech, under, level, tools))
    for sting in plan.stings:
        whole = assembly.laid(whole, music.sting(sting.file, sting.at, len(mix), speech, level, tools))
    return assembly.samples_of(whole)


def _level(
    mix: Samples, out: Path, spec: DeliverySpec, most: float, tools: Tools
) -> tuple[loudness.Loudness, float, bool, list[Note]]:
    """Gain to the loudness, a limiter where peaks need it, measured until both limits hold; and what there is to say.

    most: dB of gain that are not exceeded.
    """
    mixed = _wav(mix, out.with_name("mix.wav"))
    loud = loudness.gated(loudness.power(mix))
    if loud < NOTHING:
        _apply(_wav(np.zeros_like(mix), mixed), out, 0.0, None, tools)
        text = f"nothing above {NOTHING:g} LUFS was recorded, so the episode is silent"
        silent = [Note(code="silent", text=text, level="warning")] if mix.any() else []
        return loudness.measure(out, tools=tools), 0.0, False, silent
    wanted = spec.loudness - loud
    most = min(most, wanted + MOST_AGAINST_LIMITER)
    gain, highest = min(wanted, most), spec.true_peak - HEADROOM
    peak, ceiling = 20 * float(np.log10(np.abs(mix).max())), highest
    for attempt in range(TRIES):
        limited = peak + BETWEEN_SAMPLES + gain > ceiling
        _apply(mixed, out, gain, ceiling if limited else None, tools)
        after = loudness.measure(out, tools=tools)
        short = 0.0 if after.integrated is None else spec.loudness - after.integrated
        over = max(0.0, (after.true_peak or highest) - highest)
        raised = min(gain + short, most)
        done = over < NEARLY and (abs(short) <= spec.loudness_tolerance / 5 or abs(raised - gain) < NEARLY)
        if done or attempt == TRIES - 1:
            break
        gain, ceiling = raised, ceiling - over
    notes = []
    if abs(short) > spec.loudness_tolerance:
        why = "a few knocks are far above the rest" if limited else "nobody speaks and the room is quiet"
        text = f"the sound is made {gain:.0f} dB louder and stays at {after.integrated:.0f} LUFS: {why}"
        notes = [Note(code="not-loud", text=text, level="warning")]
    return after, round(gain, 2), limited, notes


def _apply(mixed: Path, out: Path, gain: float, ceiling: float | None, tools: Tools) -> None:
    """Gain in dB; the limiter works on four times the samples, so that peaks between samples are held too."""
    sound = ffmpeg.input(ffmpeg_tool.name_of(mixed))["a:0"].filter("volume", f"{gain:.3f}dB", precision="double")
    if ceiling is not None:
        limit = {"limit": 10 ** (ceiling / 20), "attack": 5, "release": 80, "level": "false", "latency": "true"}
        sound = sound.filter("aresample", 4 * RATE).filter("alimiter", **limit).filter("aresample", RATE)
    written = sound.output(ffmpeg_tool.name_of(out), format="wav", acodec="pcm_s16le", ar=RATE, ac=2)
    ffmpeg_tool.run(written.overwrite_output(), tools)


def _wav(samples: Samples, file: Path) -> Path:
    wavfile.write(file, RATE, samples)
    return file


def _curve(recorded: NDArray[np.float64], mastered: Path) -> list[tuple[float, float, float]]:
    """The report's curve from the power of what was recorded and the mastered file."""
    _, pcm = wavfile.read(mastered)
    final = loudness.power(np.multiply(pcm, np.float32(1 / 32768), dtype=np.float32))
    second = round(1 / loudness.HOP)
    curves = [loudness.over_time(powers, second)[DRAWN // 2 :: DRAWN] for powers in (recorded, final)]
    before, after = (np.maximum(curve, loudness.GATE) for curve in curves)
    times = (np.arange(len(after)) * DRAWN + DRAWN // 2 + 0.5) * loudness.HOP
    before = np.pad(before, (0, len(after) - len(before)), constant_values=loudness.GATE)
    points = zip(times.tolist(), before.tolist(), after.tolist(), strict=True)
    return [(round(t, 2), round(a, 1), round(b, 1)) for t, a, b in points]
