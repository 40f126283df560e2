"""Any file against a delivery spec, measured from the file itself: a list of checks, those not ok being findings.

Packets and boxes say nearly everything; only key frames are decoded, and the sound once for its loudness.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from pipeline import loudness
from pipeline.errors import Unusable
from pipeline.plan import Data
from pipeline.source import LIMIT_PIXELS, PLAYLISTS, open_media
from presets.delivery import DeliverySpec

MOST_BOXES = 1000
MOST_PACKETS = 200_000  # 25 minutes at 60 frames a second, with sound
PROFILES = ["Constrained Baseline", "Baseline", "Main", "High"]  # each plays wherever the next one does
IDR, SLICES = 5, {1, 2, 5}  # NAL unit types, ITU-T H.264 table 7-1
CODES = {  # ITU-T H.273: code points of primaries, transfer and matrix, and what people call them
    0: "RGB", 1: "BT.709", 2: "not written", 5: "BT.601", 6: "BT.601", 9: "BT.2020", 16: "PQ", 18: "HLG",
}  # fmt: skip
BT709, LIMITED, FULL = 1, 1, 2  # code point of H.273; ranges as libavutil numbers them
COARSE_TICK = 0.002  # seconds: a time base finer than this may round steps up or down by one tick


class Check(Data):
    """One thing measured against its limit; not ok is a finding, at level error or warning."""

    name: str
    measured: str
    limit: str
    ok: bool
    level: Literal["error", "warning"]
    sure: str
    source: str


@dataclass
class Packets:
    """The shown packets of one stream in file order. times and lengths count ticks of `tick` seconds, sizes bytes."""

    tick: Fraction
    times: list[int] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    key: list[bool] = field(default_factory=list)
    idr: list[bool] = field(default_factory=list)

    @property
    def start(self) -> float:
        """Seconds; what lies before 0 is cut off by the file's edit list, as the encoder's priming samples are."""
        return max(0.0, float(min(self.times) * self.tick))

    @property
    def end(self) -> float:
        """Seconds at which the last packet to be shown is over."""
        return float(max(t + n for t, n in zip(self.times, self.lengths, strict=True)) * self.tick)


def verify(file: Path, spec: DeliverySpec) -> list[Check]:
    """Every check of the spec on a file. Raises Unusable for what is no video file at all."""
    if not file.is_file() or file.stat().st_size == 0:
        raise Unusable(f"{file} is not a file with anything in it; check the path.")
    try:
        container: InputContainer
        with open_media(file) as container:
            if PLAYLISTS & set(container.format.name.split(",")):
                raise Unusable(f"{file} is a list of other files, not a video.")
            if not container.streams.video:
                raise Unusable(f"{file} has no picture; a delivery file must have a video stream.")
            video = container.streams.video[0]
            audio = container.streams.audio[0] if container.streams.audio else None
            if video.codec_context.width * video.codec_context.height > LIMIT_PIXELS:
                raise Unusable(f"{file} has a picture of more than {LIMIT_PIXELS} pixels; no platform takes that.")
            shown, heard = _packets(container, video, audio, file)
            checks = [
                *_container(container, file, spec),
                *_picture(video, spec),
                *_key_frames(container, video, sum(shown.key), spec),
                *_frames(shown, spec),
            ]
            if audio and heard:
                checks += [*_sound(audio, heard, spec), *_sync(shown, heard, spec)]
    except av.error.FFmpegError as error:
        raise Unusable(f"{file} is not a video that can be read ({error.strerror}).") from error
    if heard:
        checks += _loudness(loudness.measure(file), spec)
    return checks


def _check(
    spec: DeliverySpec,
    by: str,
    name: str,
    measured: object,
    limit: str,
    ok: bool,
    level: Literal["error", "warning"] = "error",
) -> Check:
    """by: the limit of the spec that says how sure the check is and where it comes from."""
    source = spec.sources[by]
    return Check(
        name=name,
        measured=str(measured),
        limit=limit,
        ok=bool(ok),
        level=level,
        sure=source.sure,
        source=source.source,
    )


def _packets(
    container: InputContainer, video: VideoStream, audio: AudioStream | None, file: Path
) -> tuple[Packets, Packets | None]:
    """The packets of both streams in one pass, without decoding any."""
    streams: list[VideoStream | AudioStream] = [video, audio] if audio else [video]
    found = {s.index: Packets(s.time_base or Fraction(1, 1_000_000)) for s in streams}
    prefix = _length_prefix(video.codec_context.extradata)
    h264 = video.codec_context.name == "h264"
    for count, packet in enumerate(container.demux(streams)):
        if count > MOST_PACKETS:
            raise Unusable(f"{file} has more frames than a clip can have; cut it into episodes.")
        if packet.pts is None or packet.size == 0 or packet.is_discard:
            continue
        to = found[packet.stream.index]
        to.times.append(packet.pts)
        to.lengths.append(packet.duration or 0)
        to.sizes.append(packet.size)
        to.key.append(packet.is_keyframe)
        to.idr.append(packet.is_keyframe and (not h264 or _is_idr(bytes(packet), prefix)))
    if not found[video.index].times:
        raise Unusable(f"{file} has a video stream without a single frame; export it again.")
    return found[video.index], found[audio.index] if audio and found[audio.index].times else None


def _is_idr(data: bytes, prefix: int) -> bool:
    """Whether an H.264 key packet is an IDR picture; a recovery point in an open group of pictures is not.

    prefix: bytes of the length before each NAL unit; 0 for start codes, which MP4 never has (ISO/IEC 14496-15).
    """
    if prefix == 0:
        starts = [i + 3 for i in range(len(data) - 3) if data[i : i + 3] == b"\0\0\1"]
        return next((data[i] & 0x1F == IDR for i in starts if data[i] & 0x1F in SLICES), False)
    place = 0
    while place + prefix < len(data):
        kind = data[place + prefix] & 0x1F
        if kind in SLICES:
            return kind == IDR
        place += prefix + int.from_bytes(data[place : place + prefix], "big")
    return False


def _length_prefix(extradata: bytes | None) -> int:
    return (extradata[4] & 3) + 1 if extradata and len(extradata) > 4 and extradata[0] == 1 else 0


def _container(container: InputContainer, file: Path, spec: DeliverySpec) -> Iterator[Check]:
    boxes = _boxes(file)
    brand = next((content for name, content in boxes if name == "ftyp"), "")
    said = f"MP4, {brand}" if brand else container.format.name
    yield _check(spec, "container", "container", said, "MP4, isom or mp42", brand in spec.container)
    order = [name for name, _ in boxes if name in ("moov", "mdat")]
    first = "missing" if "moov" not in order else "first" if order[0] == "moov" else "after the media data"
    yield _check(spec, "container", "moov", first, "before the media data", first == "first")
    kinds = sorted(stream.type or "unknown" for stream in container.streams)
    yield _check(
        spec, "audio_codec", "streams", ", ".join(kinds), "one video and one audio", kinds == ["audio", "video"]
    )
    size = file.stat().st_size
    least, most = spec.smallest_bytes, spec.largest_bytes
    by = "smallest_bytes" if size < least else "largest_bytes"
    yield _check(spec, by, "file size", f"{size} bytes", f"{least} to {most} bytes", least <= size <= most)


def _boxes(file: Path) -> list[tuple[str, str]]:
    """(name, brand of ftyp) of an MP4's first top-level boxes, in order (ISO/IEC 14496-12)."""
    found: list[tuple[str, str]] = []
    end = file.stat().st_size
    with file.open("rb") as opened:
        place = 0
        while place + 8 <= end and len(found) < MOST_BOXES:
            opened.seek(place)
            head = opened.read(20).ljust(20, b"\0")
            size, name = struct.unpack(">I4s", head[:8])
            body = 8
            if size == 1:
                size, body = int.from_bytes(head[8:16], "big"), 16
            found.append((name.decode("latin-1"), head[body : body + 4].decode("latin-1") if name == b"ftyp" else ""))
            if size < body:  # 0: to the end of the file; else broken
                break
            place += size
    return found


def _picture(video: VideoStream, spec: DeliverySpec) -> Iterator[Check]:
    context = video.codec_context
    width, height = context.width, context.height
    aspect = video.sample_aspect_ratio or Fraction(1)
    shape = Fraction(spec.width, spec.height)
    yield _check(
        spec, "width", "shape", f"{width}x{height}, pixels {aspect.numerator}:{aspect.denominator}",
        f"{shape.numerator}:{shape.denominator}, square pixels", aspect == 1 and width == shape * height,
    )  # fmt: skip
    wanted = (spec.width, spec.height)
    yield _check(spec, "width", "size", f"{width}x{height}", f"{spec.width}x{spec.height}", (width, height) == wanted)
    yield _check(spec, "video_codec", "codec", context.name, spec.video_codec, context.name == spec.video_codec)
    if context.name != spec.video_codec:
        return  # profiles and levels of another codec mean something else
    allowed = PROFILES[: PROFILES.index(spec.profile) + 1]
    yield _check(
        spec, "profile", "profile", context.profile or "unknown", f"{spec.profile} or below", context.profile in allowed
    )
    level = context.level or 0
    yield _check(
        spec, "level", "level", f"{level / 10:.1f}", f"at most {spec.level}", 0 < level <= float(spec.level) * 10
    )


def _key_frames(container: InputContainer, video: VideoStream, expected: int, spec: DeliverySpec) -> Iterator[Check]:
    """Decodes the key frames alone; the stream itself says its pixels, scan, colours and turn."""
    container.seek(0)
    video.codec_context.skip_frame = "NONKEY"
    decoded, interlaced, first = 0, False, None
    try:
        for frame in container.decode(video):
            first = first or frame
            decoded += not frame.is_corrupt
            interlaced = interlaced or frame.interlaced_frame
    except av.error.InvalidDataError:
        decoded = min(decoded, expected - 1)
    yield _check(spec, "video_codec", "key frames decode", f"{decoded} of {expected}", "all", 0 < expected <= decoded)
    if first is None:
        return
    pixels = first.format.name
    same = (spec.pixel_format, spec.pixel_format.replace("yuv", "yuvj"))  # yuvj is full range, a check of its own
    yield _check(spec, "pixel_format", "pixels", pixels, f"8-bit 4:2:0 ({spec.pixel_format})", pixels in same)
    scan = "interlaced" if interlaced else "progressive"
    yield _check(spec, "pixel_format", "scan", scan, "progressive", not interlaced)
    tags = {"primaries": first.color_primaries, "transfer": first.color_trc, "matrix": first.colorspace}
    said = ", ".join(f"{name} {CODES.get(int(code), f'code {int(code)}')}" for name, code in tags.items())
    yield _check(spec, "colour", "colour tags", said, "all BT.709", all(code == BT709 for code in tags.values()))
    full = int(first.color_range) == FULL or pixels.startswith("yuvj")
    limited = int(first.color_range) == LIMITED and not full
    yield _check(
        spec, "colour", "range", "full" if full else "limited" if limited else "not written", "limited", limited
    )
    turn = round(first.rotation) % 360
    yield _check(spec, "width", "rotation", f"{turn} degrees", "none", turn == 0)


def _frames(shown: Packets, spec: DeliverySpec) -> Iterator[Check]:
    seconds = shown.end - shown.start
    longest, below, above = spec.longest_seconds, spec.warn_below_seconds, spec.warn_above_seconds
    yield _check(
        spec, "longest_seconds", "length", f"{seconds:.2f} s", f"at most {longest:g} s", seconds <= longest + 1e-6
    )
    by = "warn_below_seconds" if seconds < below else "warn_above_seconds"
    usual = below <= seconds <= above
    yield _check(spec, by, "usual length", f"{seconds:.2f} s", f"{below:g} to {above:g} s", usual, "warning")
    order = np.argsort(shown.times)
    times = np.array(shown.times)[order]
    tick = float(shown.tick)
    if len(times) < 2:
        yield _check(spec, "rates", "frame rate", "one frame", "constant", False)
        return
    yield from _rate(times, tick, spec)
    step = float(np.median(np.diff(times))) * tick
    yield from _groups(shown, step, spec)
    sizes = np.array(shown.sizes)[order]
    window = max(1, min(len(sizes), round(1 / step)))
    peak = float(np.convolve(sizes, np.ones(window), "valid").max()) * 8 / (window * step)
    most = spec.peak_bitrate
    yield _check(
        spec, "peak_bitrate", "peak bit rate", f"{peak / 1e6:.1f} Mbit/s over 1 s", f"at most {most / 1e6:g} Mbit/s",
        peak <= most,
    )  # fmt: skip


def _rate(times: NDArray[np.int64], tick: float, spec: DeliverySpec) -> Iterator[Check]:
    """times: ticks, rising. Exact but for the rounding of a time base that cannot count the rate."""
    steps = np.diff(times)
    uneven = int(np.ptp(steps))
    constant = steps.min() > 0 and (uneven == 0 or (uneven == 1 and tick <= COARSE_TICK))
    slow, fast = float(steps.max()) * tick * 1000, float(steps.min()) * tick * 1000
    yield _check(spec, "rates", "constant rate", f"steps of {fast:.2f} to {slow:.2f} ms", "equal steps", constant)
    span, count = float(times[-1] - times[0]) * tick, len(steps)
    rate = count / span if span else 0.0
    near = min(spec.allowed_rates, key=lambda allowed: abs(float(allowed) - rate))
    exact = abs(span - float(count / near)) <= tick * (1 if uneven else 0.5)
    yield _check(spec, "rates", "frame rate", f"{rate:.3f}", f"one of {', '.join(spec.rates)}", exact)


def _groups(shown: Packets, step: float, spec: DeliverySpec) -> Iterator[Check]:
    """step: seconds a frame. Only an IDR picture starts a closed group."""
    starts = sorted(time for time, idr in zip(shown.times, shown.idr, strict=True) if idr)
    begins = shown.idr[0] and shown.times[0] == min(shown.times)
    yield _check(spec, "longest_gop", "first frame", "key frame" if begins else "no key frame", "key frame", begins)
    edges = np.array([*starts, max(shown.times)]) * float(shown.tick)
    edges[-1] += step
    gap = float(np.diff(edges).max()) if starts else shown.end - shown.start
    limit = spec.longest_gop
    yield _check(
        spec, "longest_gop", "key frame distance", f"{gap:.2f} s", f"at most {limit:g} s", gap <= limit + step / 2
    )
    opened = sum(key and not idr for key, idr in zip(shown.key, shown.idr, strict=True))
    yield _check(spec, "longest_gop", "closed groups", f"{opened} open", "0 open", opened == 0)


def _sound(audio: AudioStream, heard: Packets, spec: DeliverySpec) -> Iterator[Check]:
    context = audio.codec_context
    codec = f"{context.name} {context.profile or ''}".strip()
    yield _check(spec, "audio_codec", "sound codec", codec, "AAC-LC", codec == f"{spec.audio_codec} LC")
    rate = context.sample_rate
    yield _check(spec, "sample_rate", "sample rate", f"{rate} Hz", f"{spec.sample_rate} Hz", rate == spec.sample_rate)
    count = context.channels
    yield _check(spec, "channels", "channels", count, str(spec.channels), count == spec.channels)
    bits = sum(heard.sizes) * 8 / max(float(sum(heard.lengths) * heard.tick), 1e-3)
    least, most = spec.lowest_audio_bitrate, spec.highest_audio_bitrate
    over = bits > most
    yield _check(
        spec, "highest_audio_bitrate" if over else "lowest_audio_bitrate", "sound bit rate",
        f"{bits / 1000:.0f} kbit/s", f"{least // 1000} to {most // 1000} kbit/s", least <= bits <= most,
        "error" if over else "warning",
    )  # fmt: skip


def _sync(shown: Packets, heard: Packets, spec: DeliverySpec) -> Iterator[Check]:
    gap = heard.start - shown.start
    limit = spec.start_sync
    yield _check(
        spec, "start_sync", "start", f"sound {gap * 1000:+.1f} ms", f"within {limit * 1000:g} ms of the picture",
        abs(gap) <= limit,
    )  # fmt: skip
    step = (shown.end - shown.start) / len(shown.times)
    late = heard.end - shown.end
    yield _check(
        spec, "start_sync", "end", f"sound {late * 1000:+.1f} ms",
        f"within one frame ({step * 1000:.1f} ms) of the picture", abs(late) <= step + float(heard.tick),
    )  # fmt: skip


def _loudness(heard: loudness.Loudness, spec: DeliverySpec) -> Iterator[Check]:
    """Silence meets every limit; so does sound that is too faint or too short for BS.1770 to give it a loudness."""
    if heard.true_peak is None:
        said, ok = "silent", True
    elif heard.integrated is None:
        said, ok = f"below {loudness.GATE:.0f} LUFS or shorter than 0.4 s", True
    else:
        said = f"{heard.integrated:.1f} LUFS"
        ok = abs(heard.integrated - spec.loudness) <= spec.loudness_tolerance + 1e-6
    limit = f"{spec.loudness:g} LUFS ±{spec.loudness_tolerance:g}, or silent"
    yield _check(spec, "loudness", "loudness", said, limit, ok)
    peak = heard.true_peak
    yield _check(
        spec, "true_peak", "true peak", "silent" if peak is None else f"{peak:.1f} dBTP",
        f"at most {spec.true_peak:g} dBTP", peak is None or peak <= spec.true_peak,
    )  # fmt: skip
