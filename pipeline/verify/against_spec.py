"""Any file against a delivery spec, measured from the file itself: a list of checks, those not ok being findings."""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np

from basis.errors import Unusable
from basis.tools import USUAL, Tools
from pipeline.encode.codecs import Codec, codec_of
from pipeline.footage import loudness
from pipeline.footage.media import PLAYLISTS
from pipeline.footage.source import open_media
from pipeline.verify.checks import Check, Level, Row
from presets.delivery import DeliverySpec
from presets.delivery.spec import Source

BRANDS = {"isom", "iso2", "iso4", "iso5", "iso6", "mp41", "mp42", "avc1"}
MOST_BOXES = 1000
MOST_PACKETS = 200_000
AAC_LC, AAC_PACKET = "LC", 1024  # samples in a packet, on a whole one of which the sound ends
UNEVEN = 0.002  # seconds between the shortest and the longest frame of a constant rate


class Packet(NamedTuple):
    """What demuxing tells of one: time and length in seconds, size in bytes, whether it is a key packet, and one that begins
    a closed group."""

    time: float
    length: float
    size: int
    key: bool
    closed: bool


@dataclass
class KeyFrames:
    """What the key frames tell: how many can be decoded, whether one is interlaced; of the first its tags (primaries,
    transfer, matrix), range (1 limited, 2 full) and rotation in degrees."""

    count: int = 0
    interlaced: bool = False
    tags: tuple[int, int, int] = (0, 0, 0)
    range: int = 0
    rotation: int = 0


def verify(file: Path, spec: DeliverySpec, tools: Tools = USUAL) -> list[Check]:
    """Every check of the spec on a file. Raises Unusable for what is no video file at all, WrongUse for a spec of no use."""
    if not file.is_file() or file.stat().st_size == 0:
        raise Unusable(f"{file} is not a file with anything in it; check the path.")
    codec = codec_of(spec)
    try:
        with open_media(file) as container:
            if PLAYLISTS & set(container.format.name.split(",")):
                raise Unusable(f"{file} is a list of other files, not a video.")
            if not container.streams.video:
                raise Unusable(f"{file} has no picture; a delivery file must have a video stream.")
            video, audio = container.streams.video[0], next(iter(container.streams.audio), None)
            pictures, sounds = packets_of(container, video, audio, codec)
            rows = [
                *_container_rows(container, file, spec),
                *_picture_rows(container, video, codec, spec),
                *_frame_rows(pictures, spec),
            ]
            if audio:
                rows += [*_sound_rows(audio, spec), *_sync_rows(pictures, sounds, audio, spec)]
    except av.error.FFmpegError as error:
        raise Unusable(f"{file} is not a video that can be read ({error.strerror}).") from error
    if audio:
        rows += _loudness_rows(sounds, loudness.measure(file, tools=tools), spec)
    own = Source(sure="O", source=f"the delivery spec {spec.name}")
    return [row.check(spec.sources.get(row.group, own)) for row in rows]


def _container_rows(container: Any, file: Path, spec: DeliverySpec) -> Iterator[Row]:
    boxes, size = boxes_of(file), file.stat().st_size
    brand = next((content for name, content in boxes if name == "ftyp"), "") or container.format.name
    first = next((name for name, _ in boxes if name in ("moov", "mdat")), "")
    place = "first" if first == "moov" else "after the media data"
    kinds = [stream.type for stream in container.streams]
    size_limit = f"{spec.smallest_bytes} to {spec.largest_bytes} bytes"
    yield Row("container", "container", brand, "MP4 with an isom or mp42 brand", brand[:4] in BRANDS)
    yield Row("container", "moov", place, "before the media data", first == "moov")
    yield Row("container", "streams", ", ".join(kinds), "one video and one audio", sorted(kinds) == ["audio", "video"])
    yield Row("size", "file size", f"{size} bytes", size_limit, spec.smallest_bytes <= size <= spec.largest_bytes)


def _picture_rows(container: Any, video: Any, codec: Codec, spec: DeliverySpec) -> Iterator[Row]:
    about = video.codec_context
    width, height, pixels = about.width, about.height, about.pix_fmt
    ratio, aspect = Fraction(spec.width, spec.height), video.sample_aspect_ratio or Fraction(1)
    shape, size = f"{ratio.numerator}:{ratio.denominator}, square pixels", f"{spec.width}x{spec.height}"
    is_shape = aspect == 1 and width * spec.height == height * spec.width
    highest, level = codec.level(spec), about.level or 0
    yield Row("shape", "shape", f"{width}x{height}, pixels {aspect}", shape, is_shape)
    yield Row("shape", "size", f"{width}x{height}", size, (width, height) == (spec.width, spec.height))
    yield Row("video", "codec", about.name, codec.name, about.name == codec.name)
    yield Row("video", "profile", about.profile, f"{codec.highest} or below", about.profile in codec.profiles)
    yield Row("video", "level", f"{level / 10:.1f}", f"at most {spec.level}", 0 < level <= highest)
    yield Row("video", "pixels", pixels, "8-bit 4:2:0 (yuv420p)", pixels in ("yuv420p", "yuvj420p"))
    container.seek(0)
    about.skip_frame = "NONKEY"
    seen = key_frames(container.decode(video))
    yield Row("video", "key frames decode", seen.count, "at least 1", seen.count >= 1)
    if not seen.count:
        return
    scan, tags = "interlaced" if seen.interlaced else "progressive", "/".join(map(str, seen.tags))
    full = seen.range == 2 or about.pix_fmt.startswith("yuvj")
    kind = "full" if full else "limited" if seen.range == 1 else "not said"
    yield Row("video", "scan", scan, "progressive", not seen.interlaced)
    yield Row("video", "colour tags", tags, "BT.709 primaries, transfer and matrix (1/1/1)", seen.tags == (1, 1, 1))
    yield Row("video", "range", kind, "limited", kind == "limited")
    yield Row("shape", "rotation", seen.rotation, "0", seen.rotation == 0)


def _frame_rows(packets: list[Packet], spec: DeliverySpec) -> Iterator[Row]:
    times = np.sort([packet.time for packet in packets])
    steps = np.diff(times)
    if len(steps) == 0:
        yield Row("rate", "frame rate", f"{len(times)} frames", "constant", False)
        return
    step, rate = float(np.median(steps)), 1 / float(np.mean(steps))
    seconds = float(times[-1] - times[0]) + (packets[-1].length or step)
    least, usual, most = spec.warn_below_seconds, spec.warn_above_seconds, spec.longest_seconds
    even = f"steps {steps.min() * 1000:.2f} to {steps.max() * 1000:.2f} ms"
    is_allowed = any(abs(float(allowed) - rate) < float(allowed) / 3000 for allowed in spec.allowed_rates)
    yield Row("length", "length", f"{seconds:.2f} s", f"at most {most:g} s", seconds <= most)
    is_usual = least <= seconds <= usual
    yield Row("length", "usual length", f"{seconds:.2f} s", f"{least:g} to {usual:g} s", is_usual, "warning")
    yield Row("rate", "constant rate", even, "equal steps", float(np.ptp(steps)) <= UNEVEN)
    yield Row("rate", "frame rate", f"{rate:.3f}", f"one of {', '.join(spec.rates)}", is_allowed)
    closed = [packet.time for packet in packets if packet.closed]
    gap = float(np.diff([*closed, float(times[-1]) + step]).max()) if closed else seconds
    opened, longest = sum(packet.key for packet in packets) - len(closed), spec.longest_gop
    first = "key frame" if packets[0].closed else "no key frame"
    yield Row("key frames", "first frame", first, "key frame", packets[0].closed)
    yield Row("key frames", "key frame distance", f"{gap:.2f} s", f"at most {longest:g} s", gap <= longest + 0.01)
    yield Row("key frames", "closed groups", f"{opened} open", "0 open", opened == 0)
    window = max(1, min(len(times), round(rate)))
    sizes = [packet.size for packet in sorted(packets)]
    bits, highest = float(np.convolve(sizes, np.ones(window), "valid").max()) * 8 * rate / window, spec.peak_bitrate
    peak = f"{bits / 1e6:.1f} Mbit/s over 1 s"
    yield Row("bitrate", "peak bit rate", peak, f"at most {highest / 1e6:g} Mbit/s", bits <= highest)


def _sound_rows(audio: Any, spec: DeliverySpec) -> Iterator[Row]:
    about = audio.codec_context
    codec, rate = f"{about.name} {about.profile or ''}".strip(), about.sample_rate
    yield Row("sound", "sound codec", codec, "AAC-LC", about.name == "aac" and about.profile == AAC_LC)
    yield Row("sound", "sample rate", f"{rate} Hz", f"{spec.sample_rate} Hz", rate == spec.sample_rate)
    yield Row("sound", "channels", about.channels, str(spec.channels), about.channels == spec.channels)


def _sync_rows(video: list[Packet], audio: list[Packet], stream: Any, spec: DeliverySpec) -> Iterator[Row]:
    """Priming samples lie before the first time stamp that is heard, so the sound starts at 0 or later."""
    if len(video) < 2 or not audio:
        return
    times = np.sort([packet.time for packet in video])
    step = float(np.median(np.diff(times)))
    start = max(0.0, min(packet.time for packet in audio)) - float(times[0])
    end = audio[-1].time + audio[-1].length - (float(times[-1]) + step)
    slack = step + AAC_PACKET / (stream.codec_context.sample_rate or 48_000)
    near = f"within {spec.start_sync * 1000:g} ms of the picture"
    yield Row("sync", "start", f"sound {start * 1000:+.1f} ms", near, abs(start) <= spec.start_sync)
    yield Row("sync", "end", f"sound {end * 1000:+.1f} ms", "within one frame of the picture", abs(end) <= slack)


def _loudness_rows(packets: list[Packet], measured: loudness.Loudness, spec: DeliverySpec) -> Iterator[Row]:
    """Silence needs next to no bits, and a few loud knocks in silence cannot be as loud as speech under the peak limit: no
    platform refuses what is quiet."""
    loud, peak, tolerance = measured.integrated, measured.true_peak, spec.loudness_tolerance
    least, most = spec.lowest_audio_bitrate, spec.highest_audio_bitrate
    bits = sum(packet.size for packet in packets) * 8 / (sum(packet.length for packet in packets) or 1)
    is_fine = bits <= most and (loud is None or least <= bits)
    level: Level = "error" if bits > most else "warning"
    limit = f"{least // 1000} to {most // 1000} kbit/s, or silent"
    yield Row("sound", "sound bit rate", f"{bits / 1000:.0f} kbit/s", limit, is_fine, level)
    over, limit = (0.0 if loud is None else loud - spec.loudness), f"{spec.loudness:g} LUFS ±{tolerance:g}, or silent"
    said = "silent" if loud is None else f"{loud:.1f} LUFS"
    level = "error" if loud is None or over > 0 else "warning"
    yield Row("loudness", "loudness", said, limit, abs(over) <= tolerance, level)
    is_fine, limit = peak is None or peak <= spec.true_peak, f"at most {spec.true_peak:g} dBTP"
    yield Row("loudness", "true peak", "silent" if peak is None else f"{peak:.1f} dBTP", limit, is_fine)


def key_frames(frames: Iterable[Any]) -> KeyFrames:
    """What decoded key frames tell; they are taken one by one, and none is kept."""
    seen = KeyFrames()
    for frame in frames:
        if not seen.count:
            seen.tags = int(frame.color_primaries), int(frame.color_trc), int(frame.colorspace)
            seen.range, seen.rotation = int(frame.color_range), round(frame.rotation) % 360
        seen.count += 1
        seen.interlaced |= bool(frame.interlaced_frame)
        del frame  # before the next one is decoded
    return seen


def packets_of(container: Any, video: Any, audio: Any, codec: Codec) -> tuple[list[Packet], list[Packet]]:
    """The packets of a file's picture and of its sound. Raises Unusable for no picture, and for too many packets."""
    about = video.codec_context
    pictures: list[Packet] = []
    sounds: list[Packet] = []
    for count, packet in enumerate(container.demux([stream for stream in (video, audio) if stream])):
        if count > MOST_PACKETS:
            raise Unusable("The file has more packets than a clip can have.")
        if packet.pts is None or packet.size == 0:
            continue
        time, length = (float(ticks * packet.time_base) for ticks in (packet.pts, packet.duration or 0))
        is_picture = packet.stream.index == video.index
        closed = is_picture and packet.is_keyframe
        if closed and about.name == codec.name:
            closed = codec.opens_group(bytes(packet), about.extradata)
        (pictures if is_picture else sounds).append(Packet(time, length, packet.size, packet.is_keyframe, closed))
    if not pictures:
        raise Unusable("The file's video stream has no frames.")
    return pictures, sounds


def boxes_of(file: Path) -> list[tuple[str, str]]:
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
