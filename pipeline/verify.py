"""Any file against a delivery spec, measured from the file itself: a list of checks, those not ok being findings."""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np

from basis.data import Data
from basis.errors import Unusable
from basis.notes import Note
from pipeline.footage import loudness
from pipeline.footage.source import PLAYLISTS, open_media
from presets.delivery import DeliverySpec

BRANDS = {"isom", "iso2", "iso4", "iso5", "iso6", "mp41", "mp42", "avc1"}
MOST_BOXES = 1000
MOST_PACKETS = 200_000
LEVELS = {"3.0": 30, "3.1": 31, "4.0": 40, "4.1": 41, "4.2": 42, "5.0": 50, "5.1": 51}
IDR, SLICE = 5, {1, 2, 5}  # NAL unit types of H.264
AAC_LC = "LC"


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
    """What demuxing says of one stream: times and lengths in seconds, sizes in bytes, key and IDR flags."""

    times: list[float] = field(default_factory=list)
    lengths: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    key: list[bool] = field(default_factory=list)
    idr: list[bool] = field(default_factory=list)


def verify(file: Path, spec: DeliverySpec) -> list[Check]:
    """Every check of the spec on a file. Raises Unusable for what is no video file at all."""
    if not file.is_file() or file.stat().st_size == 0:
        raise Unusable(f"{file} is not a file with anything in it; check the path.")
    checks: list[Check] = []

    def add(
        group: str, name: str, measured: object, limit: str, ok: bool, level: Literal["error", "warning"] = "error"
    ) -> None:
        from_ = spec.sources[group]
        checks.append(
            Check(
                name=name,
                measured=str(measured),
                limit=limit,
                ok=bool(ok),
                level=level,
                sure=from_.sure,
                source=from_.source,
            )
        )

    try:
        with open_media(file) as container:
            if PLAYLISTS & set(container.format.name.split(",")):
                raise Unusable(f"{file} is a list of other files, not a video.")
            if not container.streams.video:
                raise Unusable(f"{file} has no picture; a delivery file must have a video stream.")
            _check_container(container, file, spec, add)
            video = container.streams.video[0]
            audio = container.streams.audio[0] if container.streams.audio else None
            packets = _packets(container, video, audio)
            sounds = packets[audio.index] if audio else None
            _check_video(container, video, spec, add)
            _check_frames(packets[video.index], spec, add)
            if sounds:
                _check_audio(audio, spec, add)
                _check_sync(packets[video.index], sounds, audio, spec, add)
    except av.error.FFmpegError as error:
        raise Unusable(f"{file} is not a video that can be read ({error.strerror}).") from error
    if sounds:
        heard = loudness.measure(file)
        _check_sound_bitrate(sounds, heard, spec, add)
        _check_loudness(heard, spec, add)
    return checks


Add = Callable[..., None]


def notes(checks: Sequence[Check]) -> list[Note]:
    """What of a file that is delivered all the same a person should know."""
    return [
        Note(code="delivery", text=f"{check.name}: {check.measured}, {check.limit}", level="warning")
        for check in checks
        if not check.ok and check.level == "warning"
    ]


def _check_container(container: Any, file: Path, spec: DeliverySpec, add: Add) -> None:
    boxes = _boxes(file)
    brand = next((content for name, content in boxes if name == "ftyp"), "")
    add("container", "container", brand or container.format.name, "MP4 with an isom or mp42 brand", brand[:4] in BRANDS)
    order = [name for name, _ in boxes if name in ("moov", "mdat")]
    first = order[0] if order else "no moov"
    add(
        "container",
        "moov",
        "first" if first == "moov" else "after the media data",
        "before the media data",
        first == "moov",
    )
    kinds = [s.type for s in container.streams]
    add(
        "container", "streams", ", ".join(kinds), "one video and one audio",
        kinds.count("video") == 1 and kinds.count("audio") == 1 and len(kinds) == 2,
    )  # fmt: skip
    size = file.stat().st_size
    add(
        "size",
        "file size",
        f"{size} bytes",
        f"{spec.smallest_bytes} to {spec.largest_bytes} bytes",
        spec.smallest_bytes <= size <= spec.largest_bytes,
    )


def _check_video(container: Any, video: Any, spec: DeliverySpec, add: Add) -> None:
    context = video.codec_context
    aspect = video.sample_aspect_ratio or Fraction(1)
    add("shape", "shape", f"{context.width}x{context.height}, pixels {aspect}", f"{_ratio(spec)}, square pixels",
        aspect == 1 and context.width * spec.height == context.height * spec.width)  # fmt: skip
    add(
        "shape",
        "size",
        f"{context.width}x{context.height}",
        f"{spec.width}x{spec.height}",
        (context.width, context.height) == (spec.width, spec.height),
    )
    add("video", "codec", context.name, "h264", context.name == "h264")
    add(
        "video",
        "profile",
        context.profile,
        "High or below",
        context.profile in {"High", "Main", "Baseline", "Constrained Baseline"},
    )
    level = context.level if context.level is not None else 0
    add("video", "level", f"{level / 10:.1f}", f"at most {spec.level}", 0 < level <= LEVELS[spec.level])
    add("video", "pixels", context.pix_fmt, "8-bit 4:2:0 (yuv420p)", context.pix_fmt in ("yuv420p", "yuvj420p"))
    frames = _key_frames(container, video)
    add("video", "key frames decode", len(frames), "at least 1", len(frames) >= 1)
    if not frames:
        return
    add(
        "video",
        "scan",
        "interlaced" if any(f.interlaced_frame for f in frames) else "progressive",
        "progressive",
        not any(f.interlaced_frame for f in frames),
    )
    frame = frames[0]
    tags = (int(frame.color_primaries), int(frame.color_trc), int(frame.colorspace))
    add(
        "video",
        "colour tags",
        "/".join(map(str, tags)),
        "BT.709 primaries, transfer and matrix (1/1/1)",
        tags == (1, 1, 1),
    )
    full = int(frame.color_range) == 2 or context.pix_fmt.startswith("yuvj")
    limited = int(frame.color_range) == 1 and not full
    add("video", "range", "full" if full else ("limited" if limited else "not said"), "limited", limited)
    turned = round(frame.rotation) % 360
    add("shape", "rotation", turned, "0", turned == 0)


def _check_frames(packets: Packets, spec: DeliverySpec, add: Add) -> None:
    times = np.sort(np.array(packets.times))
    steps = np.diff(times)
    if len(steps) == 0:
        add("rate", "frame rate", f"{len(times)} frames", "constant", False)
        return
    seconds = float(times[-1] - times[0]) + (packets.lengths[-1] or float(np.median(steps)))
    add("length", "length", f"{seconds:.2f} s", f"at most {spec.longest_seconds:g} s", seconds <= spec.longest_seconds)
    add("length", "usual length", f"{seconds:.2f} s", f"{spec.warn_below_seconds:g} to {spec.warn_above_seconds:g} s",
        spec.warn_below_seconds <= seconds <= spec.warn_above_seconds, "warning")  # fmt: skip
    rate = 1 / float(np.mean(steps))
    constant = float(np.ptp(steps)) <= 0.002
    add(
        "rate",
        "constant rate",
        f"steps {steps.min() * 1000:.2f} to {steps.max() * 1000:.2f} ms",
        "equal steps",
        constant,
    )
    near = min(spec.allowed_rates, key=lambda allowed: abs(float(allowed) - rate))
    add(
        "rate",
        "frame rate",
        f"{rate:.3f}",
        f"one of {', '.join(spec.rates)}",
        abs(float(near) - rate) < float(near) / 3000,
    )
    idr = [t for t, is_idr in zip(packets.times, packets.idr, strict=True) if is_idr]
    add("key frames", "first frame", "key frame" if packets.idr[0] else "no key frame", "key frame", packets.idr[0])
    gaps = np.diff([*idr, float(times[-1]) + float(np.median(steps))]) if idr else np.array([seconds])
    add(
        "key frames",
        "key frame distance",
        f"{gaps.max():.2f} s",
        f"at most {spec.longest_gop:g} s",
        gaps.max() <= spec.longest_gop + 0.01,
    )
    opened = sum(key and not is_idr for key, is_idr in zip(packets.key, packets.idr, strict=True))
    add("key frames", "closed groups", f"{opened} open", "0 open", opened == 0)
    sizes = np.array(packets.sizes)[np.argsort(packets.times)]
    window = max(1, min(len(sizes), round(rate)))
    peak = float(np.convolve(sizes, np.ones(window), "valid").max()) * 8 * rate / window
    add(
        "bitrate",
        "peak bit rate",
        f"{peak / 1e6:.1f} Mbit/s over 1 s",
        f"at most {spec.peak_bitrate / 1e6:g} Mbit/s",
        peak <= spec.peak_bitrate,
    )


def _check_audio(audio: Any, spec: DeliverySpec, add: Add) -> None:
    context = audio.codec_context
    add(
        "sound",
        "sound codec",
        f"{context.name} {context.profile or ''}".strip(),
        "AAC-LC",
        context.name == "aac" and context.profile == AAC_LC,
    )
    add(
        "sound",
        "sample rate",
        f"{context.sample_rate} Hz",
        f"{spec.sample_rate} Hz",
        context.sample_rate == spec.sample_rate,
    )
    add("sound", "channels", context.channels, str(spec.channels), context.channels == spec.channels)


def _check_sync(video: Packets, audio: Packets, stream: Any, spec: DeliverySpec, add: Add) -> None:
    """Priming samples lie before the first time stamp that is heard, so the sound starts at 0 or later."""
    if len(video.times) < 2 or not audio.times:
        return
    starts = min(video.times), max(0.0, min(audio.times)) if min(audio.times) < 0 else min(audio.times)
    gap = starts[1] - starts[0]
    add(
        "sync",
        "start",
        f"sound {gap * 1000:+.1f} ms",
        f"within {spec.start_sync * 1000:g} ms of the picture",
        abs(gap) <= spec.start_sync,
    )
    step = float(np.median(np.diff(np.sort(video.times))))
    ends = max(video.times) + step, audio.times[-1] + audio.lengths[-1]
    slack = step + 1024 / (stream.codec_context.sample_rate or 48_000)  # AAC ends on a whole packet of 1024 samples
    add(
        "sync",
        "end",
        f"sound {(ends[1] - ends[0]) * 1000:+.1f} ms",
        "within one frame of the picture",
        abs(ends[1] - ends[0]) <= slack,
    )


def _check_sound_bitrate(packets: Packets, heard: loudness.Loudness, spec: DeliverySpec, add: Add) -> None:
    """Silence needs next to no bits, which is no fault of the file."""
    bits = sum(packets.sizes) * 8 / (sum(packets.lengths) or 1)
    lowest = 0 if heard.integrated is None else spec.lowest_audio_bitrate
    add(
        "sound",
        "sound bit rate",
        f"{bits / 1000:.0f} kbit/s",
        f"{spec.lowest_audio_bitrate // 1000} to {spec.highest_audio_bitrate // 1000} kbit/s, or silent",
        lowest <= bits <= spec.highest_audio_bitrate,
        "error" if bits > spec.highest_audio_bitrate else "warning",
    )


def _check_loudness(heard: loudness.Loudness, spec: DeliverySpec, add: Add) -> None:
    target = f"{spec.loudness:g} LUFS ±{spec.loudness_tolerance:g}, or silent"
    if heard.integrated is None:
        add("loudness", "loudness", "silent", target, True)
    else:
        over = heard.integrated - spec.loudness
        # a few loud knocks in silence cannot be as loud as speech under the peak limit, and no platform refuses quiet
        level = "error" if over > 0 else "warning"
        add("loudness", "loudness", f"{heard.integrated:.1f} LUFS", target, abs(over) <= spec.loudness_tolerance, level)
    peak = heard.true_peak
    add(
        "loudness",
        "true peak",
        "silent" if peak is None else f"{peak:.1f} dBTP",
        f"at most {spec.true_peak:g} dBTP",
        peak is None or peak <= spec.true_peak,
    )


def _packets(container: Any, video: Any, audio: Any) -> dict[int, Packets]:
    found = {stream.index: Packets() for stream in (video, audio) if stream}
    length_size = _nal_length_size(video.codec_context.extradata)
    for count, packet in enumerate(container.demux([s for s in (video, audio) if s])):
        if count > MOST_PACKETS:
            raise Unusable("The file has more packets than a clip can have.")
        if packet.pts is None or packet.size == 0:
            continue
        to = found[packet.stream.index]
        to.times.append(float(packet.pts * packet.time_base))
        to.lengths.append(float((packet.duration or 0) * packet.time_base))
        to.sizes.append(packet.size)
        to.key.append(packet.is_keyframe)
        is_video = packet.stream.index == video.index
        to.idr.append(is_video and packet.is_keyframe and _is_idr(packet, length_size, video.codec_context.name))
    if not found[video.index].times:
        raise Unusable("The file's video stream has no frames.")
    return found


def _is_idr(packet: Any, length_size: int, codec: str) -> bool:
    """Whether a key packet of H.264 is an IDR picture; a recovery point in an open group is not."""
    if codec != "h264":
        return True
    data = bytes(packet)
    place = 0
    while place + length_size < len(data):
        size = int.from_bytes(data[place : place + length_size], "big")
        kind = data[place + length_size] & 0x1F
        if kind in SLICE:
            return kind == IDR
        place += length_size + size
    return False


def _nal_length_size(extradata: bytes | None) -> int:
    return (extradata[4] & 3) + 1 if extradata and len(extradata) > 4 and extradata[0] == 1 else 4


def _key_frames(container: Any, video: Any) -> list[Any]:
    container.seek(0)
    video.codec_context.skip_frame = "NONKEY"
    return list(container.decode(video))


def _boxes(file: Path) -> list[tuple[str, str]]:
    """(name, brand of ftyp) of an MP4's top-level boxes, in order (ISO/IEC 14496-12)."""
    found: list[tuple[str, str]] = []
    end = file.stat().st_size
    with file.open("rb") as opened:
        place = 0
        while place + 8 <= end and len(found) < MOST_BOXES:
            opened.seek(place)
            size, name = struct.unpack(">I4s", opened.read(8))
            if size == 1:
                (size,) = struct.unpack(">Q", opened.read(8).ljust(8, b"\0"))
            content = opened.read(4).decode("latin-1") if name == b"ftyp" else ""
            found.append((name.decode("latin-1"), content))
            if size < 8:
                break
            place += size
    return found


def _ratio(spec: DeliverySpec) -> str:
    shape = Fraction(spec.width, spec.height)
    return f"{shape.numerator}:{shape.denominator}"
