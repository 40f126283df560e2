"""Footage: what it is, whatever the camera made of it."""

import itertools
import math
import os
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from basis import files
from basis.errors import Unusable, WrongUse
from basis.notes import Note
from pipeline.footage import media
from pipeline.footage.cutoff import is_cut_off, is_joined, lacks_index
from pipeline.footage.media import AudioStream, Frame, Media, Picture, SubtitleStream, VideoStream

RATES = [Fraction(n) for n in (24, 25, 30, 50, 60)] + [Fraction(n * 1000, 1001) for n in (24, 30, 60)]
LIMIT_PIXELS = 8192 * 4320
LEAST_SIDE = 16  # pixels
LEAST_LOSS = 0.1  # seconds; sound and picture end apart by as much in whole files
TRUNCATED, CUT_OFF = "truncated-footage", "the file is cut off"
UNTOLD = {"mpegts", "mpeg", "avi", "ogg", "gif"}  # formats whose duration FFmpeg finds out from what is there
REMUX = "remux it (ffmpeg -fflags +genpts -i FILE -c copy NEW.mkv) or export it again"
ANEW = {"mpegts", "mpeg"}  # formats whose clock may start anew anywhere
STANDS, FARTHEST = 10.0, 3600.0  # seconds that it goes forward by where it started anew, in them and anywhere
STILL = "{} is a still picture, not footage; make a video of it first."
LATE = 0.5  # seconds that a picture may begin behind its sound, as in a capture of a broadcast, without a word
FASTEST = 1000  # frames a second, of what is called footage
# ITU-T H.273: transfer characteristics; matrix coefficients of FCC, BT.470, SMPTE 170M and SMPTE 240M, of BT.2020, and
# of no word
_TRANSFERS = {16: "pq", 18: "hlg"}
_MATRIX_601, _MATRIX_2020, _MATRIX_UNSAID = (4, 5, 6, 7), (9, 10), (0, 2, 3)


@dataclass(frozen=True)
class Loss:
    """[start, end) footage seconds of which a file's picture or sound is not there or cannot be decoded, and why in a
    few words ("the file is cut off")."""

    what: Literal["picture", "sound"]
    start: float
    end: float
    why: str


@dataclass(frozen=True)
class Source:
    """Probed footage.

    width, height: display pixels after rotation and pixel aspect, even. rate: of the delivered episode, one of
    RATES. average_rate: of the footage. duration: seconds from the file's start to the end of the picture that
    is there. start: the file's own first time stamp, of picture and sound as FFmpeg has it, which is second 0 everywhere
    else. picture_start: the second at which the picture begins. timed: whether its frames have time stamps; else they
    follow each other at average_rate. rotation: degrees anticlockwise; a tilt that is no quarter turn leaves the size as it
    is. interlaced: whether any frame is of those that were looked
    at. matrix, full_range: of its colours, at its beginning; matrix_tagged, range_tagged: whether every picture that was
    looked at says its own. audio_stream: the chosen stream's index or None. losses: what is seen to be lost before
    anything is decoded.
    """

    file: Path
    container: str
    video_stream: int
    codec: str
    pixels: str
    width: int
    height: int
    rotation: int
    pixel_aspect: Fraction
    rate: Fraction
    average_rate: Fraction
    variable_rate: bool
    duration: float
    start: float
    picture_start: float
    timed: bool
    interlaced: bool
    hdr: str | None
    matrix: str
    full_range: bool
    audio: tuple[AudioStream, ...]
    audio_stream: int | None
    subtitles: tuple[SubtitleStream, ...]
    losses: tuple[Loss, ...] = ()
    matrix_tagged: bool = False
    range_tagged: bool = False


def probe(file: Path, audio_stream: int | None = None) -> Source:
    """Reads what the footage is, decoding a few frames. audio_stream: a stream index to choose instead of the default.

    Raises Unusable for anything that is no footage, WrongUse for an audio stream that the file does not have,
    MachineFailed.
    """
    must_be_a_file(file)
    if lacks_index(file):
        raise Unusable(
            f"{file} has no whole index (moov): its recording was not ended or a copy broke off; copy it again, or have the "
            "camera or a repair program mend it."
        )
    try:
        return _probe(media.read(file), file, audio_stream)
    except media.Unreadable as error:
        raise Unusable(f"{file} is not footage that can be read ({error}); export it again as MP4 or MOV.") from error


def open_media(file: Path) -> Any:
    """A PyAV input of a local file that can reach nothing but that file."""
    import av  # here: what only asks what a file is need not wait for it

    return av.open(str(file.resolve()), options={"protocol_whitelist": "file"}, metadata_errors="replace")


def default_of(audio: tuple[AudioStream, ...]) -> AudioStream:
    """The sound stream that players choose: the file's default, else its first."""
    return max(audio, key=lambda sound: (sound.default, -sound.index))


def must_be_a_file(file: Path) -> None:
    """Raises Unusable for anything but an ordinary file with something in it."""
    if file.is_dir():
        raise Unusable(f"{file} is a folder; name a file in it.")
    if not file.exists():
        raise Unusable(f"There is no file {file}; {files.advice(file)}.")
    if not file.is_file():
        raise Unusable(f"{file} is not an ordinary file.")
    if file.stat().st_size == 0:
        raise Unusable(f"{file} is empty; copy it again from where it was recorded.")
    if not os.access(file, os.R_OK):
        raise Unusable(f"{file} may not be read; ask its owner for the right to.")


def _probe(found: Media, file: Path, audio_stream: int | None) -> Source:
    if found.container == "image2":
        raise Unusable(STILL.format(file))
    if found.names_others:
        raise Unusable(f"{file} is a list of other files, not footage; name the video files themselves.")
    streams = [one for one in found.video if not one.attached]
    if not streams:
        raise Unusable(f"{file} has no picture; footage must have a video stream.")
    stream = max(streams, key=lambda one: (one.default, one.width * one.height))
    chosen = _choose_audio(found.audio, audio_stream, file)
    _must_be_of_a_size(file, stream.width, stream.height)
    seen = media.picture(file, stream.index)
    if not seen.frames:
        reason = f" ({seen.reason})" if seen.reason else ""
        raise Unusable(f"{file} has a picture of which no frame can be decoded{reason}; copy it again from the camera.")
    if seen.whole and seen.count == 1 and not found.duration:
        raise Unusable(STILL.format(file))
    _must_have_one_clock(file, found, seen)
    frame = seen.frames[0]
    turned = _turned(frame.display)
    aspect = stream.pixel_aspect
    if not Fraction(1, 8) <= aspect <= 8:
        aspect = Fraction(1)  # a nonsense header; square is what every player falls back to
    width, height = _display_size(frame.width, frame.height, aspect, turned)
    _must_be_of_a_size(file, width, height)
    average, variable = _measured_rate(seen.times, [rate for rate in stream.rates if 1 / 60 <= rate <= FASTEST])
    step = float(1 / average)
    if found.stamped and seen.first is not None and seen.last is not None:
        start, begin = seen.first if found.start is None else found.start, seen.first
        end = max(seen.ends[stream.index], seen.last + step / 2)
    else:  # FFmpeg counts such frames from 0 on
        start, begin, end = 0.0, 0.0, seen.count * step
    return Source(
        file=file,
        container=found.container,
        video_stream=stream.index,
        codec=stream.codec,
        pixels=frame.pixels,
        width=width,
        height=height,
        rotation=turned,
        pixel_aspect=aspect,
        rate=delivery_rate(average),
        average_rate=average,
        variable_rate=variable,
        duration=max(end - start, step),
        start=start,
        picture_start=max(0.0, begin - start),
        timed=found.stamped and seen.last is not None,
        interlaced=any(one.interlaced for one in seen.frames),
        hdr=_TRANSFERS.get(frame.transfer),
        matrix=_matrix(frame),
        full_range=frame.full_range is True or frame.pixels.startswith("yuvj"),
        audio=found.audio,
        audio_stream=chosen,
        subtitles=found.subtitles,
        matrix_tagged=all(one.matrix in (1, *_MATRIX_601, *_MATRIX_2020) for one in seen.frames),
        range_tagged=all(one.full_range is not None for one in seen.frames),
        losses=_cut_off(found, seen, [stream, *(one for one in found.audio if one.index == chosen)], start),
    )


def _must_have_one_clock(file: Path, found: Media, seen: Picture) -> None:
    """Raises Unusable where the time stamps start anew inside the file: seconds would mean several places."""
    if not seen.ended:
        raise Unusable(f"{file} has no index and is too long to be read through; {REMUX}.")
    if is_joined(file, found.container, seen.reach):
        raise Unusable(
            f"{file} is recordings joined to one file, of which only the first is read; give them one by one."
        )
    start = found.start or 0.0
    a_second = file.stat().st_size / max(1.0, max(seen.ends.values(), default=start) - start)  # bytes
    stands = STANDS if ANEW & {*found.container.split(",")} else math.inf  # elsewhere a screen may stand still for long
    for jump in seen.jumps:
        ahead = jump.after - jump.before
        damaged = (
            jump.between > 0.5 * ahead * a_second
        )  # there is something for the time, and the clock goes on behind it
        if ahead < 0 or (ahead > min(stands, FARTHEST) and not damaged):
            raise Unusable(
                f"The clock of {file} goes {'back' if ahead < 0 else 'forward'} by {abs(ahead):.1f} s at "
                f"{jump.before - start:.1f} s, as where recordings were joined; {REMUX}."
            )


def _cut_off(
    found: Media, seen: Picture, streams: Sequence[VideoStream | AudioStream], start: float
) -> tuple[Loss, ...]:
    """What is lost of a picture and its sound where the file is cut off, as far as its header tells how long it was."""
    there = max(seen.ends.values(), default=start)
    told_end = there
    if found.duration and not UNTOLD & {*found.container.split(",")}:
        told_end = start + found.duration
        if "matroska" in found.container and found.duration > start:
            told_end = found.duration  # its writers count from 0 whenever it starts
    far = told_end - there > max(1.0, 0.05 * (told_end - start))  # less is what headers are wrong by
    if not (seen.torn or is_cut_off(found.file, found.container) or (far and "mp4" not in found.container)):
        return ()
    losses = []
    for stream in streams:
        end = seen.ends.get(stream.index, start)
        told = (stream.start or start) + stream.duration if stream.duration and told_end > there else told_end
        if told_end == there or told - end > LEAST_LOSS:
            what: Literal["picture", "sound"] = "picture" if isinstance(stream, VideoStream) else "sound"
            losses.append(Loss(what, end - start, max(told, end) - start, CUT_OFF))
    return tuple(losses)


def notes(source: Source, end: float = math.inf) -> list[Note]:
    """What is to be known of footage of which so many seconds are used, before anything of it is decoded; without `at`."""
    found = []
    cut = [loss for loss in source.losses if loss.start < end + LEAST_LOSS]
    if cut:
        told = max(loss.end for loss in cut)
        ends = " and ".join(f"the {loss.what} ends at {loss.start:.2f} s" for loss in cut)
        of = f", of {told:.2f} s that its header tells" if told > max(loss.start for loss in cut) + LEAST_LOSS else ""
        text = f"{source.file} is cut off: {ends}{of}; copy it again from where it was recorded."
        found.append(Note(code=TRUNCATED, text=text, level="warning"))
    if source.picture_start > LATE:
        text = f"The picture of {source.file} begins {source.picture_start:.2f} s behind its sound and stands still until then."
        found.append(Note(code="late-picture", text=text, level="warning"))
    if source.rotation % 90:
        text = (
            f"{source.file} is turned by {source.rotation} degrees, which leaves black corners; set it upright first."
        )
        found.append(Note(code="tilted-footage", text=text, level="warning"))
    if not source.timed:
        text = f"{source.file} has no time stamps; {float(source.average_rate):.2f} frames are shown a second."
        found.append(Note(code="no-time-stamps", text=text))
    return found


def _must_be_of_a_size(file: Path, width: int, height: int) -> None:
    """Raises Unusable for a picture that cannot be handled, before anything of its size is made."""
    if width * height > LIMIT_PIXELS:
        raise Unusable(f"{file} is {width}x{height}; at most 8192x4320 can be handled.")
    if min(width, height) < LEAST_SIDE:
        raise Unusable(f"{file} is {width}x{height}, too small to show anything; name the footage itself.")


def _choose_audio(audio: tuple[AudioStream, ...], wanted: int | None, file: Path) -> int | None:
    if wanted is None:
        return default_of(audio).index if audio else None
    if wanted not in {s.index for s in audio}:
        have = ", ".join(str(s.index) for s in audio) or "none"
        raise WrongUse(f"{file} has no audio stream {wanted}; it has: {have}.")
    return wanted


def _display_size(width: int, height: int, aspect: Fraction, turned: int) -> tuple[int, int]:
    if aspect > 1:
        width = round(width * aspect)
    elif aspect < 1:
        height = round(height / aspect)
    if turned % 180 == 90:
        width, height = height, width
    return max(2, width // 2 * 2), max(2, height // 2 * 2)


def _measured_rate(times: Sequence[float], said: Sequence[Fraction]) -> tuple[Fraction, bool]:
    """The rate of time stamps, said to be one of some rates, and whether it is variable: whether more than a few steps
    between them differ by more than the clock's own rounding. The few are holes, which are no rate."""
    steps = [b - a for a, b in itertools.pairwise(times) if b > a]
    usual = said[0] if said else Fraction(25)  # a rate that nothing tells: raw H.264 without it is taken so by FFmpeg
    if len(times) < 3 or not steps:
        return usual, False
    middle = statistics.median(steps)
    near = [step for step in steps if abs(step - middle) <= max(0.0025, 0.1 * middle)]
    variable = len(steps) - len(near) > 0.02 * len(steps)
    measured = 1 / (middle if variable else statistics.fmean(near))
    rounded = 0.002 + 0.002 / sum(near)  # stamps in whole milliseconds, as Matroska has them
    for rate in (*said, *RATES):
        if abs(float(rate) - measured) <= rounded * measured:
            return next((usual for usual in RATES if abs(rate - usual) < 1e-4 * usual), rate), variable
    return max(Fraction(1, 60), min(Fraction(FASTEST), Fraction(measured).limit_denominator(1001))), variable


def delivery_rate(average: Fraction) -> Fraction:
    """The delivered rate for footage of a rate: its own where platforms take it, else the least change to one of RATES.

    Faster footage drops every second frame until it fits, slower footage repeats frames evenly where it can.
    """
    rate = average
    while rate > Fraction(61):
        rate /= 2
    near = min(RATES, key=lambda r: abs(r - rate))
    if abs(near - rate) <= rate / 60:
        return near
    whole = [r for r in RATES if r > rate and abs(r / rate - round(r / rate)) < 0.01]
    return min(whole, key=lambda r: (abs(r / rate - round(r / rate)) > 1e-4, r)) if whole else Fraction(30)


def _turned(display: tuple[int, ...] | None) -> int:
    """Degrees by which a decoded frame is turned anticlockwise to stand upright, 0 to 359, as FFmpeg takes its matrix."""
    if not display:
        return 0
    across, down = math.hypot(display[0], display[3]), math.hypot(display[1], display[4])
    if not across or not down:
        return 0
    return round(-math.degrees(math.atan2(display[1] / down, display[0] / across))) % 360


def _matrix(frame: Frame) -> str:
    """The matrix of a frame's colours. Where nothing is said, HD is taken as BT.709 and SD as BT.601, and HD is what is
    at least 1280 wide or more than 576 high: mpv's rule (mp_csp_guess_colorspace), which letterboxed HD needs."""
    if frame.matrix in _MATRIX_2020:
        return "bt2020"
    unsaid = frame.matrix in _MATRIX_UNSAID and not frame.pixels.startswith(("gbr", "rgb", "bgr"))
    small = frame.width < 1280 and frame.height <= 576
    return "bt601" if frame.matrix in _MATRIX_601 or (unsaid and small) else "bt709"
