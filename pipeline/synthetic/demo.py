"""Made footage: a person in a factory hall who talks over machines, drawn and voiced here, for the demo and for tests."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path

import cv2
import ffmpeg
import numpy as np
from numpy.typing import NDArray

from basis.errors import MissingTool
from basis.files import scratch
from pipeline.brief import Brief, make_brief
from pipeline.captions import subtitles
from pipeline.footage import ffmpeg_tool
from presets.graphics import Caption

Image = NDArray[np.uint8]  # BGR
Sound = NDArray[np.float64]  # mono samples, full scale 1

SIZE, RATE, SOUND_RATE = (1920, 1080), Fraction(30), 48_000
SECONDS, CUT = 20.0, 11.0
FACE = (178, 63, 90, 113)  # left, top, width, height of the face in the portrait, as YuNet sees it
# in the portrait: the mouth's middle, lower lip, half width, rise to the corners and widest gap, in pixels
MOUTH = (224.0, 149.5, 21.0, 9.0, 15.0)
TALK = [(0.8, 3.6), (4.3, 7.4), (8.0, 10.6), (11.6, 14.6), (15.2, 19.0)]
LINES = [
    "Я пришла на завод сразу после института.",
    "Здесь работал мой дед, потом отец.",
    "Цех я знаю с детства.",
    "Теперь моя дочь учится на технолога.",
    "Значит, династия продолжается.",
]
VOWELS = [  # first five formants in Hz of а, э, и, о, у, ы of a low voice (Fant 1960, rounded)
    (700, 1150, 2500, 3500, 4500), (480, 1750, 2500, 3500, 4500), (260, 2150, 2900, 3600, 4500),
    (520, 850, 2450, 3400, 4500), (300, 650, 2400, 3300, 4500), (310, 1550, 2350, 3400, 4500),
]  # fmt: skip
GRAIN = 1.8  # standard deviation of the film grain, of 255


def make_demo(folder: Path, progress: Callable[[float], None]) -> Brief:
    """Writes 20 s of horizontal footage and its captions into folder and gives the brief of an episode from them.

    Two shots: a face that moves across the hall, then another framing of it. progress gets the share done.
    Raises MissingTool when the portrait's package is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    video, captions = folder / "footage.mp4", folder / "footage.srt"
    lines = zip(LINES, TALK, strict=True)
    cues = [Caption.model_validate({"text": line, "start": a, "end": b}) for line, (a, b) in lines]
    captions.write_text(subtitles(cues, "srt"), "utf-8")
    said = 0.5 * voice(SECONDS, TALK, seed=3)
    mouth = openings(said, float(RATE), round(SECONDS * RATE))
    write_video(video, _demo_frames(mouth, progress), SIZE, RATE, said + 0.5 * machines(SECONDS, seed=4))
    return make_brief(
        {
            "footage": [{"file": video}], "number": 3, "title": "Династия сталеваров", "captions": captions,
            "people": [{"name": "Айлин Коллинз", "role": "Инженер-технолог литейного цеха", "at": 4.0}],
            "link": "https://vk.com/video", "preset": "open-industry",
        },
        "The demo",
    )  # fmt: skip


def write_video(
    file: Path, frames: Iterator[Image], size: tuple[int, int], rate: Fraction, sound: Sound | None,
    **options: str | int,
) -> None:  # fmt: skip
    """Encodes BGR frames of size (width, height) and mono sound to a file; options are ffmpeg's output options."""
    pictures = ffmpeg.input(
        "pipe:", format="rawvideo", pix_fmt="bgr24", s=f"{size[0]}x{size[1]}", framerate=f"{rate.numerator}/{rate.denominator}"
    )["v"].filter("scale", out_color_matrix="bt709", out_range="limited")  # fmt: skip
    settings: dict[str, object] = {
        "c:v": "libx264", "preset": "veryfast", "crf": 17, "pix_fmt": "yuv420p", "colorspace": "bt709", "color_range": "tv",
        "color_primaries": "bt709", "color_trc": "bt709", "c:a": "aac", "b:a": "192k",
    } | options  # fmt: skip
    with scratch(None) as apart:
        streams = [pictures]
        if sound is not None:
            pcm = apart / "sound.raw"
            pcm.write_bytes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
            streams.append(ffmpeg.input(ffmpeg_tool.name_of(pcm), format="s16le", ar=SOUND_RATE, ac=1)["a"])
        film = ffmpeg.output(*streams, ffmpeg_tool.name_of(file), **settings).overwrite_output()
        with ffmpeg_tool.pipe(film, feeds=True, reads=False) as running:
            if not all(running.write(np.ascontiguousarray(frame).data) for frame in frames) or running.wait():
                raise MissingTool(f"ffmpeg could not write {file}; `episode doctor` says more.")


@cache
def portrait() -> tuple[Image, NDArray[np.float32]]:
    """NASA's public-domain portrait of the astronaut Eileen Collins and her outline: BGR (512, 512, 3), alpha (512, 512)."""
    try:
        from skimage import data  # a dependency of the demo alone
    except ImportError as error:
        raise MissingTool('The demo needs a portrait: pip install "episode-pipeline[demo]".') from error
    image = np.ascontiguousarray(data.astronaut()[:, :, ::-1])  # type: ignore[no-untyped-call]
    mask = np.full(image.shape[:2], cv2.GC_BGD, np.uint8)
    cv2.ellipse(mask, (222, 130), (100, 128), 0, 0, 360, cv2.GC_PR_FGD, -1)
    cv2.fillPoly(mask, [np.array([(150, 215), (300, 215), (470, 330), (505, 511), (0, 511), (25, 330)])], cv2.GC_PR_FGD)
    cv2.ellipse(mask, (222, 128), (62, 84), 0, 0, 360, cv2.GC_FGD, -1)
    cv2.fillPoly(mask, [np.array([(180, 210), (270, 210), (380, 330), (400, 511), (70, 511), (80, 330)])], cv2.GC_FGD)
    for beside in ([(152, 110), (170, 120), (172, 130), (181, 134), (183, 148), (130, 158)],
                   [(303, 108), (286, 127), (278, 138), (267, 139), (264, 153), (257, 165), (257, 172), (300, 206), (340, 200)],
                   [(361, 290), (366, 268), (511, 268), (511, 420), (480, 375), (440, 350), (400, 343), (366, 350)]):  # fmt: skip
        cv2.fillPoly(mask, [np.array(beside)], cv2.GC_BGD)  # wall between hair and collar, the table
    cv2.setRNGSeed(1)
    cv2.grabCut(image, mask, (0, 0, 1, 1), np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_MASK)
    sure = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    whole = cv2.morphologyEx(sure, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    _, labels = cv2.connectedComponents(whole)
    body = (labels == labels[130, 222]).astype(np.float32)
    return image, np.asarray(cv2.GaussianBlur(cv2.erode(body, np.ones((5, 5))), (0, 0), 1.6), np.float32)


def speaking(image: Image, opening: float) -> Image:
    """The portrait with its mouth opened by a share 0 (as it is) to 1: the lower lip and the chin go down, dark between."""
    y, x = np.mgrid[0 : image.shape[0], 0 : image.shape[1]].astype(np.float32)
    across = (x - MOUTH[0]) / MOUTH[2]
    lips = MOUTH[1] - MOUTH[3] * np.minimum(across**2, 1)  # where the teeth meet the lower lip
    depth = MOUTH[4] * opening
    gap = depth * np.maximum(0, 1 - across**2) ** 0.6
    jaw = 0.85 * depth * np.maximum(0, 1 - ((x - MOUTH[0]) / 46) ** 2)
    below = np.clip((y - lips - gap) / 14, 0, 1)
    fade = np.clip((222 - y) / 40, 0, 1)
    shift = np.where(y > lips, (gap * (1 - below) + jaw * below) * fade * fade * (3 - 2 * fade), 0)
    moved = cv2.remap(image, x, (y - shift).astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inside = np.clip(np.minimum(y - lips, lips + gap - y) / 1.5, 0, 1)[:, :, None]
    tongue = np.clip((y - lips - 0.55 * gap) / np.maximum(1, 0.6 * gap), 0, 1)[:, :, None]
    dark = (1 - tongue) * np.array([28, 22, 46]) + tongue * np.array([70, 62, 130])
    return np.asarray(moved * (1 - inside) + dark * inside, np.uint8)


def openings(sound: Sound, rate: float, count: int) -> NDArray[np.float64]:
    """How far the mouth that makes this sound is open at each of count frames: 0 to 1, by the loudness around it."""
    half = round(0.025 * SOUND_RATE)
    energy = np.concatenate([[0.0], np.cumsum(sound**2)])
    middle = np.round(np.arange(count) / rate * SOUND_RATE).astype(int)
    first, last = np.clip(middle - half, 0, len(sound)), np.clip(middle + half, 0, len(sound))
    loud = np.sqrt(np.maximum(0, energy[last] - energy[first]) / (2 * half))
    usual = float(np.percentile(loud[loud > 1e-3], 90)) if np.any(loud > 1e-3) else 1.0
    return np.asarray(np.clip(loud / usual, 0, 1) ** 0.7)


@cache
def _said(opening: float) -> Image:
    return speaking(portrait()[0], opening)


def place(
    ground: Image, middle: float, top: float, face_height: float, mirrored: bool = False, opening: float = 0.0
) -> tuple[float, float, float, float]:
    """Draws the portrait into a BGR picture, its face's middle at x `middle`, its top at y `top`, face_height pixels high.

    opening: of the mouth, 0 to 1, in steps of a tenth. Gives the face's box x, y, width, height. The portrait may reach over the picture's edges.
    """
    image, alpha = _said(round(opening, 1)), portrait()[1]
    scale = face_height / FACE[3]
    x, y, width, height = (v * scale for v in FACE)
    if mirrored:
        image, alpha = image[:, ::-1], alpha[:, ::-1]
        x = image.shape[1] * scale - x - width
    paste(ground, image, alpha, (middle - width / 2 - x, top - y), (scale, scale))
    return middle - width / 2, top, width, height


def paste(
    ground: Image, image: Image, alpha: NDArray[np.float32], corner: tuple[float, float], scale: tuple[float, float]
) -> tuple[slice, slice, NDArray[np.float32]]:
    """Draws an image, scaled in x and y, with its left top corner at a place in the ground that need not be whole.

    Gives the rows and columns of the ground that it may have changed, and how much it covers each pixel there.
    """
    wide, high = image.shape[1] * scale[0], image.shape[0] * scale[1]
    y0, y1 = max(0, int(corner[1])), max(0, min(ground.shape[0], int(np.ceil(corner[1] + high))))
    x0, x1 = max(0, int(corner[0])), max(0, min(ground.shape[1], int(np.ceil(corner[0] + wide))))
    rows, columns = slice(y0, max(y0, y1)), slice(x0, max(x0, x1))
    if y1 <= y0 or x1 <= x0:
        return rows, columns, np.zeros((rows.stop - y0, columns.stop - x0), np.float32)
    if max(scale) < 0.5:  # far smaller copies are made in two steps, so that nothing flickers
        half = (max(1, round(2 * wide)), max(1, round(2 * high)))
        image = np.asarray(cv2.resize(image, half, interpolation=cv2.INTER_AREA), np.uint8)
        alpha = np.asarray(cv2.resize(alpha, half, interpolation=cv2.INTER_AREA), np.float32)
    factor = (wide / image.shape[1], high / image.shape[0])
    move = np.array([[factor[0], 0, corner[0] - x0], [0, factor[1], corner[1] - y0]], np.float64)
    size = (x1 - x0, y1 - y0)
    drawn = cv2.warpAffine(image, move, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    share = np.asarray(cv2.warpAffine(alpha, move, size, flags=cv2.INTER_LINEAR), np.float32)
    part = ground[rows, columns]
    part[:] = (drawn * share[:, :, None] + part * (1 - share[:, :, None])).astype(np.uint8)
    return rows, columns, share


def factory(width: int, height: int, seed: int) -> Image:
    """A factory hall: wall, windows, girders, machines and floor, textured, the same for the same seed."""
    rng = np.random.default_rng(seed)
    unit = height / 1080
    floor = int(830 * unit)
    hall = np.empty((height, width, 3), np.float32)
    hall[:] = np.linspace(70, 110, height)[:, None, None] * np.array([1.0, 0.98, 0.94])
    for x in np.arange(rng.uniform(0, 200), 1920, 330):  # windows
        a, b = int(x * unit), int((x + 210) * unit)
        hall[int(80 * unit) : int(430 * unit), a:b] = (205, 200, 185)
        for bar in range(1, 4):
            hall[int((80 + bar * 88) * unit) :][: max(1, int(7 * unit)), a:b] = (70, 72, 74)
    for x in np.arange(rng.uniform(0, 300), 1920, 480):  # girders
        cv2.rectangle(hall, (int(x * unit), 0), (int((x + 36) * unit), height), (52, 60, 78), -1)
        cv2.rectangle(hall, (int((x + 14) * unit), 0), (int((x + 20) * unit), height), (84, 92, 112), -1)
    for _ in range(9):  # machines
        x, w, h = rng.uniform(-100, 1850), rng.uniform(140, 330), rng.uniform(160, 380)
        colour = [float(v) for v in rng.uniform(60, 115) + rng.uniform(-14, 14, 3)]
        top = int((820 - h) * unit)
        cv2.rectangle(hall, (int(x * unit), top), (int((x + w) * unit), floor), colour, -1)
        for _ in range(6):
            at = (int((x + rng.uniform(0.1, 0.9) * w) * unit), int(top + rng.uniform(0.1, 0.9) * (floor - top)))
            radius = max(2, int(rng.uniform(5, 16) * unit))
            cv2.circle(hall, at, radius, [float(v) for v in rng.uniform(60, 200) + rng.uniform(-30, 30, 3)], -1)
    hall[floor:] = np.linspace(78, 120, height - floor)[:, None, None] * np.array([0.95, 1.0, 1.02])
    rough = cv2.resize(rng.normal(0, 1, (height // 3 + 1, width // 3 + 1)).astype(np.float32), (width, height))
    hall += (rough * 7 + rng.normal(0, 3, (height, width)))[:, :, None]
    soft = cv2.GaussianBlur(hall, (0, 0), 2.2 * unit)
    return np.clip(soft + rng.normal(0, 2.5, (height, width, 1)), 0, 255).astype(np.uint8)


def voice(seconds: float, talk: list[tuple[float, float]], seed: int, pitch: float = 205.0) -> Sound:
    """Speech-like sound in the given stretches, its first sound at the start of each; peak 0.5. pitch: mean, in Hz.

    Syllables of a consonant and a vowel under a falling pitch contour, in groups with short pauses: each glottal pulse
    rings the formants as damped sine waves (Rodet 1984, FOF), which glide from the consonant's place to the vowel's.
    """
    rng = np.random.default_rng(seed)
    sound = np.zeros(round(seconds * SOUND_RATE) + SOUND_RATE)
    for start, end in talk:
        at, beat = start, 0
        while at < end - 0.1:
            length = min(float(rng.uniform(0.13, 0.24)), end - at)
            fall = 1.12 - 0.3 * (at - start) / (end - start)
            _syllable(sound, at, length, pitch * fall, pitch, rng, hard=beat > 0 and rng.random() < 0.7)
            beat += 1
            at += length
            if beat % 7 == 6:  # a breath between groups of words
                at += float(rng.uniform(0.06, 0.12))
    sound = sound[: round(seconds * SOUND_RATE)]
    return np.asarray(0.5 * sound / max(1e-9, float(np.abs(sound).max())))


def _syllable(
    sound: Sound, at: float, length: float, pitch: float, usual: float, rng: np.random.Generator, hard: bool
) -> None:
    """Adds one syllable: noise of a plosive or fricative if hard, else a nasal murmur, then a voiced vowel."""
    size = 1.0 + 0.2 * np.clip((usual - 110) / 110, 0, 1)  # a higher voice has a shorter vocal tract
    target = np.array(VOWELS[rng.integers(len(VOWELS))]) * size
    place = np.array([250, rng.choice([900, 1700, 2100]), 2500, 3500, 4500]) * size
    noise = float(rng.uniform(0.03, 0.07)) if hard else 0.0
    if hard:
        first, count = round(at * SOUND_RATE), round(noise * SOUND_RATE)
        spectrum = np.fft.rfft(rng.normal(0, 1, count))
        hertz = np.fft.rfftfreq(count, 1 / SOUND_RATE)
        spectrum *= np.exp(-(((hertz - rng.uniform(2500, 5500)) / 1500) ** 2))
        hiss = np.fft.irfft(spectrum, count) * np.hanning(count)
        sound[first : first + count] += 0.25 * hiss / (np.abs(hiss).max() + 1e-9)
    begin, end = at + 0.8 * noise, at + length
    accent = float(rng.uniform(0.96, 1.1))
    stress = float(rng.uniform(0.6, 1.0))
    ring = np.arange(round(0.03 * SOUND_RATE)) / SOUND_RATE
    bandwidths = np.array([70, 90, 130, 200, 260])
    gains = np.array([1.0, 0.55, 0.28, 0.12, 0.05])
    t = begin
    while t < end:
        share = (t - begin) / (end - begin)
        glide = 1 - np.exp(-share / 0.18)
        formants = place + (target - place) * glide
        loud = stress * min(1.0, (t - begin) / 0.015 + 0.15) * min(1.0, (end - t) / 0.05) * (0.45 + 0.55 * glide)
        exact = t * SOUND_RATE
        first = int(np.ceil(exact))
        late = ring + (first - exact) / SOUND_RATE
        rise = np.minimum(1, late / 0.0006)
        waves = np.exp(-np.pi * bandwidths[:, None] * late) * np.sin(2 * np.pi * formants[:, None] * late)
        breath = rng.normal(0, 0.03, len(ring)) * np.exp(-late / 0.004)
        sound[first : first + len(ring)] += loud * (rise * (gains @ waves) + breath)
        t += 1 / (pitch * accent * (1 + 0.05 * np.sin(np.pi * share)) * float(rng.normal(1, 0.008)))


def machines(seconds: float, seed: int) -> Sound:
    """Factory noise: a low rumble, hiss and the mains' 50 Hz with harmonics; effective value about 0.02."""
    rng = np.random.default_rng(seed)
    count = round(seconds * SOUND_RATE)
    white = rng.normal(0, 1, count)
    spectrum = np.fft.rfft(white)
    hertz = np.fft.rfftfreq(count, 1 / SOUND_RATE)
    noise = np.fft.irfft(spectrum / np.maximum(hertz, 40) ** 0.7, count)
    t = np.arange(count) / SOUND_RATE
    hum = sum(np.sin(2 * np.pi * 50 * k * t) / k for k in (1, 2, 3, 5))
    return np.asarray(0.016 * noise / noise.std() + 0.012 * hum)


def _demo_frames(mouth: NDArray[np.float64], progress: Callable[[float], None]) -> Iterator[Image]:
    width, height = SIZE
    halls = [
        factory(width, height, 11),
        np.clip(factory(width, height, 12) * np.array([0.86, 0.95, 1.08]), 0, 255).astype(np.uint8),
    ]
    rng = np.random.default_rng(7)
    grain = [cv2.resize(rng.normal(0, GRAIN, (height // 2, width // 2)).astype(np.float32), SIZE) for _ in range(7)]
    grain = [np.repeat(np.rint(g * 1.4).astype(np.int16)[:, :, None], 3, axis=2) for g in grain]
    count = round(SECONDS * RATE)
    for number in range(count):
        t = number / float(RATE)
        frame = halls[t >= CUT].copy()
        if t < CUT:  # walks across the hall, stands, goes on
            walk = np.interp(t, [0, 2.0, 5.5, 7.5, CUT], [520, 520, 1180, 1180, 1420])
            place(frame, float(walk) + 5 * np.sin(t * 2.1), 300 + 4 * np.sin(t * 3.7), 250, opening=mouth[number])
        else:
            place(frame, 640 + 9 * np.sin(t * 1.3), 260 + 4 * np.sin(t * 1.9), 330, True, mouth[number])
        yield np.clip(frame + grain[number % len(grain)], 0, 255).astype(np.uint8)
        progress((number + 1) / count)
