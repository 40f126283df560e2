"""Footage: what it is, whatever the camera made of it."""

import itertools
import statistics
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import av
from av.stream import Disposition
from av.video.reformatter import ColorRange
from av.video.stream import VideoStream

from basis import files
from basis.errors import Unusable, WrongUse

RATES = [Fraction(n) for n in (24, 25, 30, 50, 60)] + [Fraction(n * 1000, 1001) for n in (24, 30, 60)]
PLAYLISTS = {"hls", "dash", "concat", "image2", "imf", "webm_dash_manifest", "tty", "lavfi"}  # files that name others
LIMIT_PIXELS = 8192 * 4320
PROBE_PACKETS = 400  # enough to tell a constant from a variable rate
# ITU-T H.273: transfer characteristics; matrix coefficients of FCC, BT.470, SMPTE 170M and SMPTE 240M, and of no word
_TRANSFERS = {16: "pq", 18: "hlg"}
_MATRIX_601, _MATRIX_UNSAID = (4, 5, 6, 7), (0, 2, 3)


@dataclass(frozen=True)
class AudioStream:
    """One sound stream: its index in the file, codec, sample rate in Hz, channels and their layout."""

    index: int
    codec: str
    rate: int
    channels: int
    layout: str
    language: str
    default: bool


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
    RATES. average_rate: of the footage. duration: seconds of picture from the file's start. start: the file's own
    first time stamp, which is second 0 everywhere else. audio_stream: the chosen stream's index or None. losses: what
    is seen to be lost before anything is decoded.
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
    interlaced: bool
    hdr: str | None
    matrix: str
    full_range: bool
    audio: tuple[AudioStream, ...]
    audio_stream: int | None
    subtitles: int
    losses: tuple[Loss, ...] = ()


def probe(file: Path, audio_stream: int | None = None) -> Source:
    """Reads what the footage is, decoding one frame. audio_stream: a stream index to choose instead of the default.

    Raises Unusable for anything that is no footage, WrongUse for an audio stream that the file does not have.
    """
    must_be_a_file(file)
    try:
        with open_media(file) as container:
            return _probe(container, file, audio_stream)
    except av.error.FFmpegError as error:
        raise Unusable(
            f"{file} is not footage that can be read ({error.strerror}); export it again as MP4 or MOV."
        ) from error


def open_media(file: Path) -> Any:
    """A PyAV input of a local file that can reach nothing but that file."""
    return av.open(str(file.resolve()), options={"protocol_whitelist": "file"}, metadata_errors="replace")


def audio_streams(container: Any) -> tuple[AudioStream, ...]:
    """The sound streams of opened media that can be heard."""
    return tuple(
        AudioStream(
            s.index, s.codec_context.name, s.rate, s.channels, s.layout.name, s.language or "",
            bool(s.disposition & Disposition.default),
        )
        for s in container.streams.audio
        if s.codec_context is not None and s.rate and s.channels
    )  # fmt: skip


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


def _probe(container: Any, file: Path, audio_stream: int | None) -> Source:
    if PLAYLISTS & set(container.format.name.split(",")):
        raise Unusable(f"{file} is a list of other files, not footage; name the video files themselves.")
    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not streams:
        raise Unusable(f"{file} has no picture; footage must have a video stream.")
    stream = max(streams, key=lambda s: (bool(s.disposition & Disposition.default), s.width * s.height))
    audio = audio_streams(container)
    chosen = _choose_audio(audio, audio_stream, file)
    start = (container.start_time or 0) / av.time_base
    times, last = _packet_times(container, stream)
    frame = _first_frame(container, stream, file)
    turned = round(frame.rotation) % 360
    aspect = stream.sample_aspect_ratio or Fraction(1)
    if not Fraction(1, 8) <= aspect <= 8:
        aspect = Fraction(1)  # a nonsense header; square is what every player falls back to
    width, height = _display_size(frame.width, frame.height, aspect, turned)
    average = stream.average_rate or stream.guessed_rate or Fraction(25)
    average, variable = _measured_rate(times, average)
    return Source(
        file=file,
        container=container.format.name,
        video_stream=stream.index,
        codec=stream.codec_context.name,
        pixels=frame.format.name,
        width=width,
        height=height,
        rotation=turned,
        pixel_aspect=aspect,
        rate=delivery_rate(average),
        average_rate=average,
        variable_rate=variable,
        duration=max(last - start, float(1 / average)),
        start=start,
        interlaced=bool(frame.interlaced_frame),
        hdr=_TRANSFERS.get(int(frame.color_trc)),
        matrix="bt601" if _is_601(frame) else ("bt2020" if int(frame.colorspace) in (9, 10) else "bt709"),
        full_range=frame.color_range == ColorRange.JPEG or frame.format.name.startswith("yuvj"),
        audio=audio,
        audio_stream=chosen,
        subtitles=len(container.streams.subtitles),
    )


def _choose_audio(audio: tuple[AudioStream, ...], wanted: int | None, file: Path) -> int | None:
    if wanted is None:
        return default_of(audio).index if audio else None
    if wanted not in {s.index for s in audio}:
        have = ", ".join(str(s.index) for s in audio) or "none"
        raise WrongUse(f"{file} has no audio stream {wanted}; it has: {have}.")
    return wanted


def _packet_times(container: Any, stream: VideoStream) -> tuple[list[float], float]:
    """Times of the first packets, and when the last picture ends; the file is read through where no header says."""
    base = stream.time_base
    assert base is not None
    known = stream.duration is not None and stream.duration > 0
    times: list[float] = []
    end = 0.0
    for packet in container.demux(stream):
        if packet.pts is None:
            continue
        time = float(packet.pts * base)
        if len(times) < PROBE_PACKETS:
            times.append(time)
        elif known or container.duration:
            break
        end = max(end, time + float((packet.duration or 0) * base))
    if known:
        end = float(((stream.start_time or 0) + (stream.duration or 0)) * base)
    elif container.duration and len(times) >= PROBE_PACKETS:
        end = (container.duration + (container.start_time or 0)) / av.time_base
    container.seek(0)
    return sorted(times), end


def _first_frame(container: Any, stream: VideoStream, file: Path) -> Any:
    stream.thread_type = "AUTO"
    try:
        for frame in itertools.islice(container.decode(stream), 1):
            if frame.width * frame.height > LIMIT_PIXELS:
                raise Unusable(f"{file} is {frame.width}x{frame.height}; at most 8192x4320 can be handled.")
            return frame
    except av.error.FFmpegError as error:
        raise Unusable(f"{file} cannot be decoded ({error.strerror}); export it again as MP4 or MOV.") from error
    raise Unusable(f"{file} has a video stream without a single frame; copy it again from the camera.")


def _display_size(width: int, height: int, aspect: Fraction, turned: int) -> tuple[int, int]:
    if aspect > 1:
        width = round(width * aspect)
    elif aspect < 1:
        height = round(height / aspect)
    if turned % 180 == 90:
        width, height = height, width
    return max(2, width // 2 * 2), max(2, height // 2 * 2)


def _measured_rate(times: list[float], said: Fraction) -> tuple[Fraction, bool]:
    """The average rate of time stamps, and whether their steps differ by more than the clock's own rounding."""
    steps = [b - a for a, b in itertools.pairwise(times) if b > a]
    if len(times) < 3 or not steps:
        return said, False
    middle = statistics.median(steps)
    strays = sum(abs(step - middle) > max(0.0025, 0.1 * middle) for step in steps)
    variable = strays > 0.02 * len(steps)
    measured = 1 / (middle if variable else statistics.fmean(steps))
    if abs(float(said) - measured) > 0.02 * measured:
        return Fraction(measured).limit_denominator(1001), variable
    return said, variable


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


def _is_601(frame: Any) -> bool:
    space = int(frame.colorspace)
    guessed = space in _MATRIX_UNSAID and frame.height < 720 and not frame.format.name.startswith(("gbr", "rgb", "bgr"))
    return space in _MATRIX_601 or guessed
