"""Footage that tests make themselves, with its truth: where each face is, when each cut, flash and click is.

video = make(tmp_path / "a.mp4", [Scene(2.0, faces=[Face(at=lambda t: 0.3 + 0.1 * t)])])
video.boxes[0]   # faces of frame 0: x, y, width, height in source pixels
video.cuts       # frame numbers
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np

from pipeline import demo


@dataclass(frozen=True)
class Face:
    """A face; at: middle as a share of the width at a second of its scene; top and height as shares of the height."""

    at: Callable[[float], float]
    height: float = 0.25
    top: float = 0.25
    mirrored: bool = False


@dataclass(frozen=True)
class Scene:
    """One shot: seconds, faces, and the seed of its background."""

    seconds: float
    faces: list[Face] = field(default_factory=list)
    seed: int = 1


@dataclass(frozen=True)
class Made:
    """The file and its truth: rate, face boxes of every frame, frame numbers of cuts, flash and click seconds."""

    file: Path
    size: tuple[int, int]
    rate: Fraction
    boxes: list[list[tuple[float, float, float, float]]]
    cuts: list[int]


def make(file, scenes, size=(640, 360), rate=25, flash=None, bars=0, sound="voice", **options) -> Made:
    """Writes footage. flash: a second whose frame is white, with a click in the sound; bars: black pixels left and right.

    sound: "voice", "clicks" (only at the flash) or None. options: ffmpeg output options, as crf=30.
    """
    rate = Fraction(rate)
    boxes, cuts, frames = [], [], []
    rng = np.random.default_rng(5)
    for scene in scenes:
        ground = demo.factory(*size, scene.seed)
        cuts.append(len(frames))
        for number in range(round(scene.seconds * rate)):
            t = number / float(rate)
            frame = ground.copy()
            boxes.append(
                [
                    demo.place(frame, f.at(t) * size[0], f.top * size[1], f.height * size[1], f.mirrored)
                    for f in scene.faces
                ]
            )
            noise = rng.integers(-3, 4, (size[1], size[0], 1))
            frame = np.clip(frame + noise, 0, 255).astype(np.uint8)
            if bars:
                frame[:, :bars] = frame[:, -bars:] = 0
            frames.append(frame)
    seconds = len(frames) / float(rate)
    heard = None
    if sound == "voice":
        heard = 0.5 * demo.voice(seconds, [(0.2, seconds - 0.2)], 1) + demo.machines(seconds, 2)
    elif sound == "clicks":
        heard = np.zeros(round(seconds * demo.SOUND_RATE))
    if flash is not None:
        frames[round(flash * rate)][:] = 255
        if heard is not None:
            first = round(flash * demo.SOUND_RATE)
            heard[first : first + 480] += 0.8 * np.sin(2 * np.pi * 1000 * np.arange(480) / demo.SOUND_RATE)
    settings = {"preset": "ultrafast", "crf": 20} | options
    demo.write_video(file, iter(frames), size, rate, heard, **settings)
    return Made(file, size, rate, boxes, cuts[1:])
