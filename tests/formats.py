"""Films of every kind that cameras, editors and messengers write, each with four patches, a flash and a click that tell
whether it was read rightly.

Red is upper left, green upper right, blue lower left, ochre lower right, dark gray between them. From FLASH on the middle
is white and a tone sounds, both for FLASHED seconds.
"""

import subprocess
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

SECONDS, FLASH, FLASHED = 2.0, 1.0, 0.2
TONE = 1000  # Hz
SOUND_RATE = 48_000  # Hz
COLOURS = {"ul": (200, 40, 40), "ur": (40, 170, 60), "ll": (50, 70, 190), "lr": (190, 170, 60)}
DARK = 60
NEAR = 4.0  # of 255 that a patch may be off
SYNC = 0.020  # seconds that flash and click may be apart
EIGHT = {  # what ffmpeg is told of how the camera was held: degrees counterclockwise, mirrored left to right, upside down
    "upright": (0, False, False), "turned 90": (90, False, False), "turned 180": (180, False, False),
    "turned 270": (270, False, False), "mirrored": (0, True, False), "upside down mirrored": (0, False, True),
    "mirrored 90": (90, True, False), "mirrored 270": (270, True, False),
}  # fmt: skip


@dataclass(frozen=True)
class Film:
    """One kind of file. video, sound: ffmpeg's options of the encoders; sound None for none at all.

    rate: frames a second. size: coded pixels. aspect: of a pixel. held: one of EIGHT. matrix, full: how its colours are
    coded, tagged: whether the file says so. filters: on the way to the encoder. mux: options of the container.
    sound_from, sound_to: when the sound begins and ends. sync: seconds flash and click may be apart. gray: only the
    light of its colours is told. length: of the picture, in seconds. near: of 255, that its colours may be off.
    """

    name: str
    suffix: str = "mp4"
    video: tuple[str, ...] = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "6")
    sound: tuple[str, ...] | None = ("-c:a", "aac", "-b:a", "128k")
    rate: Fraction = Fraction(25)
    size: tuple[int, int] = (192, 108)
    aspect: Fraction = Fraction(1)
    held: str = "upright"
    pixels: str = "yuv420p"
    matrix: str = "bt709"
    full: bool = False
    tagged: bool = True
    filters: tuple[str, ...] = ()
    mux: tuple[str, ...] = ()
    sound_from: float = 0.0
    sound_to: float = SECONDS
    channels: int = 1
    sound_rate: int = SOUND_RATE
    sync: float = SYNC
    gray: bool = False
    length: float = SECONDS
    near: float = NEAR
    streams: tuple[str, ...] = field(default=())

    @property
    def flash(self) -> float:
        """The second of the first white frame: the first that begins at FLASH or later."""
        return float(-(-Fraction(FLASH) * self.rate // 1) / self.rate)


def picture(film: Film) -> NDArray[np.uint8]:
    """One frame without the flash, RGB (height, width, 3)."""
    wide, high = film.size
    frame = np.full((high, wide, 3), DARK, np.uint8)
    x, y = wide * 3 // 8, high * 3 // 8
    frame[:y, :x], frame[:y, wide - x :] = COLOURS["ul"], COLOURS["ur"]
    frame[high - y :, :x], frame[high - y :, wide - x :] = COLOURS["ll"], COLOURS["lr"]
    return frame


def flashed(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same frame with the white middle."""
    high, wide = frame.shape[:2]
    bright = frame.copy()
    bright[high * 2 // 5 : high - high * 2 // 5, wide * 2 // 5 : wide - wide * 2 // 5] = 255
    return bright


def click(film: Film) -> NDArray[np.float32]:
    """(n, channels) samples from sound_from to sound_to, silent but for the tone; of six channels in the middle one."""
    times = (
        np.arange(round(film.sound_from * film.sound_rate), round(film.sound_to * film.sound_rate)) / film.sound_rate
    )
    tone = 0.5 * np.sin(2 * np.pi * TONE * times) * ((times >= film.flash) & (times < film.flash + FLASHED))
    samples = np.zeros((len(times), film.channels), np.float32)
    if film.channels > 2:
        samples[:, 2] = tone
    else:
        samples[:] = tone[:, None]
    return samples


def make(film: Film, folder: Path) -> Path:
    """Writes the film. Raises CalledProcessError where this ffmpeg cannot."""
    file = folder / f"film.{film.suffix}"
    wide, high = film.size
    still = picture(film)
    count = round(film.length * film.rate)
    first, last = round(film.flash * film.rate), max(1, round(FLASHED * film.rate))
    bright = flashed(still)
    raw = b"".join((bright if first <= n < first + last else still).tobytes() for n in range(count))
    sound = folder / "film.raw.wav"
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostdin", "-loglevel", "error", "-y",
        "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{wide}x{high}", "-r", str(film.rate), "-i", "pipe:",
    ]  # fmt: skip
    if film.sound is not None:
        _write_wave(sound, click(film), film.sound_rate)
        command += ["-itsoffset", f"{film.sound_from}", "-i", str(sound)]
    command += film.streams or ("-map", "0:v", *(("-map", "1:a") if film.sound is not None else ()))
    command += ["-vf", ",".join([*film.filters, *_colour_filters(film)]), *film.video, "-pix_fmt", film.pixels]
    if film.tagged and not film.pixels.startswith(("rgb", "gbr", "bgr", "pal", "argb")):
        command += [
            "-colorspace",
            film.matrix.replace("bt601", "smpte170m"),
            "-color_range",
            "pc" if film.full else "tv",
        ]
    written = file if film.held == "upright" else folder / f"coded.{film.suffix}"
    command += [*(film.sound or ()), *film.mux, "-fflags", "+bitexact", str(written)]
    subprocess.run(command, input=raw, check=True, capture_output=True)
    if written != file:
        degrees, mirrored, over = EIGHT[film.held]
        turn = ["-display_rotation:v:0", str(degrees), *(["-display_hflip:v:0"] if mirrored else []),
                *(["-display_vflip:v:0"] if over else [])]  # fmt: skip
        subprocess.run(
            [*command[:6], *turn, "-i", str(written), "-map", "0", "-c", "copy", str(file)],
            check=True,
            capture_output=True,
        )
    return file


def _colour_filters(film: Film) -> list[str]:
    """From RGB to the film's matrix and range, by zimg, which is not what reads it again."""
    if film.pixels.startswith(("rgb", "gbr", "bgr", "pal", "argb")):
        return [f"setsar={film.aspect.numerator}/{film.aspect.denominator}", f"format={film.pixels}"]
    matrix = film.matrix.replace("bt601", "smpte170m")
    span = "full" if film.full else "limited"
    return [
        "format=gbrp", f"zscale=matrix={matrix}:range={span}:matrixin=gbr:rangein=full", f"format={film.pixels}",
        f"setsar={film.aspect.numerator}/{film.aspect.denominator}",
    ]  # fmt: skip


def _write_wave(file: Path, samples: NDArray[np.float32], rate: int) -> None:
    import scipy.io.wavfile  # here: whoever makes no sound needs none of it

    scipy.io.wavfile.write(file, rate, (samples * 32767).astype(np.int16))


def shape(film: Film) -> tuple[int, int]:
    """The size at which it is to be seen, upright, whole pixels."""
    wide, high = film.size
    wide, high = (round(wide * film.aspect), high) if film.aspect > 1 else (wide, round(high / film.aspect))
    return (high, wide) if EIGHT[film.held][0] % 180 else (wide, high)


def places(film: Film) -> dict[str, str]:
    """Which patch is to be seen in which corner, as the display matrix (ISO/IEC 14496-12, 6.2.2) turns the picture."""
    degrees, mirrored, over = EIGHT[film.held]
    corners = np.array([["ul", "ur"], ["ll", "lr"]])
    corners = np.rot90(corners, degrees // 90)
    if mirrored:
        corners = corners[:, ::-1]
    if over:
        corners = corners[::-1]
    return dict(zip(("ul", "ur", "ll", "lr"), corners.ravel().tolist(), strict=True))


def faults_of_picture(film: Film, frame: NDArray[np.float64]) -> list[str]:
    """What is wrong with a frame before the flash: RGB 0 to 255, (height, width, 3), the whole picture and no more."""
    high, wide = frame.shape[:2]
    wrong = []
    shown = shape(film)
    if abs(wide / high - shown[0] / shown[1]) > 0.03 * shown[0] / shown[1]:
        wrong.append(f"shape {wide}x{high}, should be as {shown[0]}x{shown[1]}")
    for corner, patch in places(film).items():
        rows = slice(high // 8, high // 4) if corner[0] == "u" else slice(high - high // 4, high - high // 8)
        columns = slice(wide // 8, wide // 4) if corner[1] == "l" else slice(wide - wide // 4, wide - wide // 8)
        seen, right = frame[rows, columns].mean(axis=(0, 1)), np.array(COLOURS[patch], float)
        if film.gray:
            weights = np.array([0.2126, 0.7152, 0.0722])
            seen, right = seen @ weights, right @ weights
        if np.abs(seen - right).max() > film.near:
            wrong.append(
                f"{corner} is {np.round(seen).astype(int).tolist()}, should be {np.round(right).astype(int).tolist()}"
            )
    return wrong


def rgb(frame: NDArray[np.uint8]) -> NDArray[np.float64]:
    """An I420 frame, BT.709, limited range (ITU-R BT.709-6), as RGB 0 to 255: (height, width, 3)."""
    high, wide = frame.shape[0] * 2 // 3, frame.shape[1]
    flat = frame.reshape(-1)
    luma = flat[: high * wide].reshape(high, wide).astype(float)
    chroma = flat[high * wide :].reshape(2, high // 2, wide // 2).astype(float)
    u, v = (part.repeat(2, axis=0).repeat(2, axis=1) - 128 for part in chroma)
    y = (luma - 16) * 255 / 219
    red, blue = y + v * 255 / 224 * 1.5748, y + u * 255 / 224 * 1.8556
    green = (y - 0.2126 * red - 0.0722 * blue) / 0.7152
    return np.clip(np.stack([red, green, blue], axis=2), 0, 255)


def flash_at(lights: NDArray[np.float64], rate: float) -> float | None:
    """The second of the first bright frame; lights: the middle's luma, frame by frame. None without any."""
    high = np.flatnonzero(lights > (lights.min() + lights.max()) / 2)
    return float(high[0] / rate) if len(high) and np.ptp(lights) > 60 else None


def click_at(samples: NDArray[np.floating], rate: int) -> float | None:
    """The second at which the tone begins in (n, channels) samples; None where it is not on every channel."""
    step = rate // 1000
    loud = np.abs(samples[: len(samples) // step * step]).reshape(-1, step, samples.shape[1]).max(axis=1)
    if not len(loud) or loud.max(axis=0).min() < 0.02:
        return None
    mono = loud.max(axis=1)
    return float(np.flatnonzero(mono > 0.3 * mono.max())[0] / 1000)


H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "6")
PCM, MP2, AC3 = ("-c:a", "pcm_s16le"), ("-c:a", "mp2", "-b:a", "192k"), ("-c:a", "ac3", "-b:a", "192k")
OPUS, VORBIS, FLAC, MP3 = (("-c:a", name) for name in ("libopus", "libvorbis", "flac", "libmp3lame"))


def _codec(name: str, *options: str) -> tuple[str, ...]:
    return ("-c:v", name, *options)


def _containers() -> list[Film]:
    best = ("-q:v", "1")
    hd = {"size": (1920, 1080)}
    return [
        Film("mp4 h264"), Film("mp4 hevc", video=_codec("libx265", "-preset", "ultrafast", "-crf", "6", "-x265-params", "log-level=0")),
        Film("mp4 mpeg4", video=_codec("mpeg4", *best), matrix="bt601", tagged=False), Film("mp4 av1", video=_codec("libsvtav1", "-preset", "12", "-crf", "12")),
        Film("mp4 vp9", video=_codec("libvpx-vp9", "-crf", "8", "-b:v", "0", "-deadline", "realtime")),
        Film("mp4 mjpeg", video=_codec("mjpeg", *best), matrix="bt601", pixels="yuvj420p", full=True),
        Film("fragmented mp4", mux=("-movflags", "frag_keyframe+empty_moov")), Film("fast-start mp4", mux=("-movflags", "+faststart")),
        Film("mov h264", "mov", sound=PCM), Film("mov prores", "mov", _codec("prores_ks", "-profile:v", "3"), PCM, pixels="yuv422p10le"),
        Film("mov prores 4444", "mov", _codec("prores_ks", "-profile:v", "4"), PCM, pixels="yuv444p10le"),
        Film("mov dnxhr", "mov", _codec("dnxhd", "-profile:v", "dnxhr_hq"), PCM, pixels="yuv422p", size=(384, 216)),
        Film("mov mjpeg", "mov", _codec("mjpeg", *best), PCM, matrix="bt601", pixels="yuvj422p", full=True),
        Film("mov qtrle", "mov", _codec("qtrle"), PCM, pixels="rgb24"), Film("mov png", "mov", _codec("png"), PCM, pixels="rgb24"),
        Film("mov v210", "mov", _codec("v210"), PCM, pixels="yuv422p10le", matrix="bt601", tagged=False), Film("mov raw", "mov", _codec("rawvideo"), PCM, pixels="yuyv422", matrix="bt601", tagged=False, near=5),
        Film("mkv h264", "mkv"), Film("mkv hevc", "mkv", _codec("libx265", "-preset", "ultrafast", "-crf", "6", "-x265-params", "log-level=0")),
        Film("mkv ffv1", "mkv", _codec("ffv1"), FLAC), Film("mkv vp9", "mkv", _codec("libvpx-vp9", "-crf", "8", "-b:v", "0", "-deadline", "realtime"), OPUS),
        Film("mkv mpeg2", "mkv", _codec("mpeg2video", *best), MP2), Film("mkv theora", "mkv", _codec("libtheora", "-q:v", "10"), VORBIS),
        Film("mkv utvideo", "mkv", _codec("utvideo"), PCM, pixels="yuv422p"),
        Film("webm vp8", "webm", _codec("libvpx", "-crf", "4", "-b:v", "8M", "-deadline", "realtime"), VORBIS, matrix="bt601"),
        Film("webm vp9", "webm", _codec("libvpx-vp9", "-crf", "8", "-b:v", "0", "-deadline", "realtime"), OPUS),
        Film("webm av1", "webm", _codec("libsvtav1", "-preset", "12", "-crf", "12"), OPUS),
        Film("avi mpeg4", "avi", _codec("mpeg4", *best), MP3, matrix="bt601", tagged=False), Film("avi h264", "avi", sound=MP3),
        Film("avi mjpeg", "avi", _codec("mjpeg", *best), PCM, pixels="yuvj420p", full=True, matrix="bt601"),
        Film("avi huffyuv", "avi", _codec("huffyuv"), PCM, pixels="yuv422p", matrix="bt601", tagged=False),
        Film("avi raw", "avi", _codec("rawvideo"), PCM, pixels="yuv420p", matrix="bt601", tagged=False),
        Film("avi dv", "avi", _codec("dvvideo"), PCM, size=(720, 576), aspect=Fraction(64, 45), matrix="bt601", tagged=False, near=6),
        Film("ts h264", "ts"), Film("ts mpeg2", "ts", _codec("mpeg2video", *best), MP2),
        Film("ts hevc", "ts", _codec("libx265", "-preset", "ultrafast", "-crf", "6", "-x265-params", "log-level=0")),
        Film("ts h264 B-frames", "ts", _codec("libx264", "-bf", "3", "-crf", "6", "-g", "12")),
        Film("m2ts h264", "m2ts", sound=AC3, mux=("-mpegts_m2ts_mode", "1")), Film("mts h264", "mts", _codec("libx264", "-bf", "2", "-crf", "6"), AC3),
        Film("mpg mpeg1", "mpg", _codec("mpeg1video", *best), MP2, matrix="bt601", tagged=False), Film("mpg mpeg2", "mpg", _codec("mpeg2video", *best, "-bf", "2"), MP2),
        Film("vob mpeg2", "vob", _codec("mpeg2video", *best), AC3, size=(720, 576), aspect=Fraction(64, 45)),
        Film("mxf mpeg2", "mxf", _codec("mpeg2video", *best, "-b:v", "50M", "-maxrate", "50M", "-bufsize", "10M"), PCM, pixels="yuv422p", size=(1280, 720)),
        Film("mxf dnxhd", "mxf", _codec("dnxhd", "-b:v", "120M"), PCM, pixels="yuv422p", **hd),
        Film("flv h264", "flv"), Film("flv sorenson", "flv", _codec("flv", *best), MP3, matrix="bt601", tagged=False, sound_rate=44_100),
        Film("f4v h264", "f4v"), Film("3gp h263", "3gp", _codec("h263", *best), ("-c:a", "aac"), size=(176, 144), matrix="bt601", tagged=False),
        Film("wmv wmv2", "wmv", _codec("wmv2", *best), ("-c:a", "wmav2"), matrix="bt601", tagged=False, sync=0.045),
        Film("ogv theora", "ogv", _codec("libtheora", "-q:v", "10"), VORBIS, matrix="bt601", tagged=False),
        Film("nut ffv1", "nut", _codec("ffv1"), PCM, matrix="bt601", tagged=False), Film("wtv mpeg2", "wtv", _codec("mpeg2video", *best), MP2),
        Film("raw h264", "h264", sound=None), Film("raw hevc", "hevc", _codec("libx265", "-preset", "ultrafast", "-crf", "6", "-x265-params", "log-level=0"), None),
        Film("raw mpeg2", "m2v", _codec("mpeg2video", *best), None), Film("raw dv", "dv", _codec("dvvideo"), None, size=(720, 576), aspect=Fraction(64, 45), matrix="bt601", tagged=False, near=6),
        Film("y4m", "y4m", (), None, tagged=False, matrix="bt601"), Film("gif", "gif", (), None, pixels="pal8", filters=("split[a][b];[a]palettegen[p];[b][p]paletteuse",), near=8),
        Film("apng", "apng", (), None, pixels="rgb24"),
    ]  # fmt: skip


def _rates() -> list[Film]:
    rates = [
        "1",
        "3",
        "5",
        "10",
        "12",
        "12.5",
        "15",
        "18",
        "20",
        "24000/1001",
        "24",
        "30000/1001",
        "30",
        "48",
        "50",
        "60000/1001",
        "60",
        "72",
        "90",
        "100",
        "120",
        "240",
    ]
    films = [
        Film(f"{rate} fps", rate=Fraction(rate), length=max(SECONDS, 3.0 if Fraction(rate) < 4 else SECONDS))
        for rate in rates
    ]
    films += [
        Film(f"{rate} fps in {suffix}", suffix, rate=Fraction(rate))
        for rate, suffix in (("50", "ts"), ("30000/1001", "mkv"), ("120", "mov"), ("24000/1001", "m2ts"))
    ]
    drop = "select='not(eq(mod(n,7),3))'"  # every seventh frame is missing
    films += [
        Film("variable rate", filters=(drop,), mux=("-fps_mode", "vfr")), Film("variable rate in mkv", "mkv", filters=(drop,), mux=("-fps_mode", "vfr")),
        Film("30 fps with holes", rate=Fraction(30), filters=("select='lt(n,10)+gt(n,13)'",), mux=("-fps_mode", "vfr")),
    ]  # fmt: skip
    return films


def _scans() -> list[Film]:
    mpeg2 = ("-c:v", "mpeg2video", "-q:v", "1", "-flags", "+ildct+ilme")
    return [
        Film("interlaced mpeg2, upper field first", "ts", mpeg2, MP2, filters=("setfield=tff",)),
        Film("interlaced mpeg2, lower field first", "mpg", mpeg2, MP2, filters=("setfield=bff",)),
        Film("interlaced h264", "mp4", ("-c:v", "libx264", "-crf", "6", "-x264-params", "tff=1"), filters=("setfield=tff",)),
        Film("interlaced h264 MTS", "mts", ("-c:v", "libx264", "-crf", "6", "-x264-params", "tff=1"), AC3, filters=("setfield=tff",)),
        Film("interlaced prores", "mov", ("-c:v", "prores_ks", "-profile:v", "3", "-flags", "+ildct"), PCM, pixels="yuv422p10le", filters=("setfield=tff",)),
        Film("fake interlaced h264", "mp4", ("-c:v", "libx264", "-crf", "6", "-x264-params", "fake-interlaced=1")),
    ]  # fmt: skip


def _orientations() -> list[Film]:
    return [Film(held, held=held) for held in EIGHT] + [
        Film(f"{held} in mov", "mov", sound=PCM, held=held) for held in ("turned 90", "mirrored")
    ]


def _aspects() -> list[Film]:
    kinds = {"1440x1080 as HDV": ((1440, 1080), "4/3"), "PAL wide": ((720, 576), "64/45"), "PAL": ((720, 576), "16/15"), "NTSC wide": ((720, 480), "32/27"),
             "NTSC": ((720, 480), "8/9"), "half the width": ((96, 108), "2"), "half the height": ((192, 54), "1/2")}  # fmt: skip
    return [Film(f"pixel aspect, {name}", size=size, aspect=Fraction(aspect)) for name, (size, aspect) in kinds.items()]


def _colours() -> list[Film]:
    lossless = ("-c:v", "ffv1")
    return [
        Film("BT.601, tagged", matrix="bt601"), Film("BT.601, SD without a tag", matrix="bt601", tagged=False),
        Film("BT.709, HD without a tag", size=(1280, 720), tagged=False), Film("BT.709, 1280x536 without a tag", size=(1280, 536), tagged=False),
        Film("BT.709, full range", full=True), Film("BT.601, full range", matrix="bt601", full=True),
        Film("BT.2020 without HDR", matrix="bt2020nc"),
        Film("FCC", matrix="fcc"), Film("RGB h264", video=("-c:v", "libx264rgb", "-preset", "ultrafast", "-crf", "6"), pixels="rgb24"),
        Film("RGB ffv1", "mkv", lossless, FLAC, pixels="gbrp"), Film("4:4:4", pixels="yuv444p"), Film("4:2:2", pixels="yuv422p"), Film("10 bit", pixels="yuv420p10le"),
        Film("4:2:2 10 bit", pixels="yuv422p10le"), Film("4:4:4 12 bit", "mkv", lossless, FLAC, pixels="yuv444p12le"), Film("4:1:1", "mkv", lossless, FLAC, pixels="yuv411p"),
        Film("4:1:0", "mkv", lossless, FLAC, pixels="yuv410p"), Film("gray", "mkv", lossless, FLAC, pixels="gray", gray=True, tagged=False, full=True), Film("gray 10 bit", "mkv", lossless, FLAC, pixels="gray10le", gray=True, tagged=False, full=True),
        Film("with alpha", "mkv", lossless, FLAC, pixels="yuva420p"), Film("full range mjpeg 4:4:4", "mov", ("-c:v", "mjpeg", "-q:v", "1"), PCM, matrix="bt601", pixels="yuvj444p", full=True),
    ]  # fmt: skip


def _sizes() -> list[Film]:
    sizes = [
        (64, 36),
        (66, 38),
        (176, 144),
        (320, 240),
        (426, 240),
        (640, 360),
        (854, 480),
        (960, 540),
        (108, 192),
        (1080, 1920),
        (200, 200),
        (640, 268),
        (1920, 1080),
        (2048, 858),
        (3840, 2160),
        (4096, 2160),
    ]
    films = [Film(f"{wide}x{high}", size=(wide, high)) for wide, high in sizes]
    odd = [(191, 107), (333, 187), (1001, 563)]
    return films + [
        Film(f"{wide}x{high}, odd", "mkv", ("-c:v", "ffv1"), FLAC, size=(wide, high), pixels="yuv444p")
        for wide, high in odd
    ]


def _sounds() -> list[Film]:
    late = {"sound_from": 0.5}
    b_frames = ("-c:v", "libx264", "-bf", "3", "-crf", "6", "-preset", "veryfast", "-g", "12")
    return [
        Film("no sound", sound=None), Film("stereo", channels=2), Film("5.1 AAC", sound=("-c:a", "aac", "-b:a", "384k"), channels=6), Film("5.1 AC-3", "mkv", sound=("-c:a", "ac3", "-b:a", "448k"), channels=6),
        Film("5.1 E-AC-3", "ts", sound=("-c:a", "eac3", "-b:a", "448k"), channels=6), *(Film(f"{rate} Hz", "mkv", sound=PCM, sound_rate=rate) for rate in (8_000, 11_025, 22_050, 44_100, 96_000, 192_000)),
        Film("24 bit", "mov", sound=("-c:a", "pcm_s24le")), Film("float", "mov", sound=("-c:a", "pcm_f32le")), Film("8 bit", "avi", sound=("-c:a", "pcm_u8"), matrix="bt601", tagged=False),
        Film("mp3", "mp4", sound=MP3), Film("opus", "mp4", sound=OPUS), Film("flac", "mp4", sound=FLAC), Film("alac", "mov", sound=("-c:a", "alac")), Film("adpcm", "avi", sound=("-c:a", "adpcm_ms"), matrix="bt601", tagged=False),
        Film("two streams", streams=("-map", "0:v", "-map", "1:a", "-map", "1:a")), Film("two streams in mkv", "mkv", streams=("-map", "0:v", "-map", "1:a", "-map", "1:a")),
        Film("sound longer", sound_to=3.0), Film("sound longer, mkv", "mkv", sound_to=3.0), Film("sound longer, ts", "ts", sound_to=3.0), Film("sound shorter", sound_to=1.5), Film("sound shorter, mkv", "mkv", sound_to=1.5),
        *(Film(f"sound late, {suffix}", suffix, sound=sound, **late) for suffix, sound in (("mp4", ("-c:a", "aac")), ("mov", PCM), ("mkv", PCM), ("ts", MP2), ("m2ts", AC3), ("flv", ("-c:a", "aac")))),
        Film("sound late, mpg", "mpg", ("-c:v", "mpeg2video", "-q:v", "1"), MP2, **late), Film("start at 100 h", "mkv", mux=("-output_ts_offset", "360000")), Film("start at 10 s, ts", "ts", mux=("-output_ts_offset", "10")),
        Film("start at 10 s, mp4", mux=("-output_ts_offset", "10")), Film("B-frames", video=b_frames), Film("B-frames, mov", "mov", b_frames, PCM), Film("B-frames, mkv", "mkv", b_frames), Film("B-frames, ts", "ts", b_frames), Film("B-frames, flv", "flv", b_frames),
        Film("open groups", "ts", (*b_frames, "-x264-params", "open-gop=1:keyint=12")),
        Film("negative start", "mp4", b_frames, mux=("-avoid_negative_ts", "disabled")),
    ]  # fmt: skip


FILMS = {
    film.name: film for films in (_containers(), _rates(), _scans(), _orientations(), _aspects(), _colours(), _sizes(), _sounds()) for film in films
}  # fmt: skip
