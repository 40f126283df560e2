"""Footage that tests make themselves, with its truth: who is where and seen, who speaks when, every cut, flash and click.

video = make(tmp_path / "a.mp4", [Scene(2.0, faces=[Face(at=lambda t: 0.3 + 0.1 * t, talks=[(0.5, 1.8)])])])
video.boxes[0]   # faces of frame 0: x, y, width, height in source pixels
video.people[0]  # the same with who it is and whether the face is seen
video.turns      # who speaks from when to when, by the sound itself
video.cuts       # frame numbers
"""

import hashlib
import pickle
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from fractions import Fraction
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from filelock import FileLock
from numpy.typing import NDArray
from skimage import data

from pipeline.synthetic import demo
from pipeline.synthetic.demo import Image

Array = NDArray[np.float32]
Rectangle = tuple[float, float, float, float]  # left, top, width, height in source pixels
Share = float | Callable[[float], float]  # of the picture, constant or at a second of the scene
Spans = Sequence[tuple[float, float]]  # [start, end) in seconds of the scene

STORE: Path | None = None  # where made footage is kept between tests, processes and runs; None makes it each time
DRAWN_WITH = ("imageio-ffmpeg", "numpy", "opencv-python", "scikit-image")  # other versions may draw other pixels

MOUTH_STEPS = 12  # how finely the opening of a mouth is drawn
TURN = 0.4  # seconds in which a head turns away or back
UNCOVERED = 0.8  # share of a face that must be uncovered and inside the picture for it to count as seen
HEARD = 0.02  # of full scale: where a voice begins and ends
VOICE, MACHINES = 0.5, 0.35  # gain of each voice and of the factory's noise


@dataclass(frozen=True)
class Look:
    """What tells one person from another, as changes to the portrait: suit hue (of 180), saturation and brightness,
    factors on the blue, green and red of skin and hair, width of the body, pitch of the voice in Hz."""

    suit: tuple[float, float, float]
    skin: tuple[float, float, float]
    hair: tuple[float, float, float]
    width: float
    pitch: float


LOOKS = [
    Look((7, 1.0, 1.0), (1.0, 1.0, 1.0), (1.0, 1.0, 1.0), 1.0, 215),
    Look((108, 0.75, 0.75), (0.62, 0.7, 0.82), (0.4, 0.34, 0.32), 1.07, 115),
    Look((60, 0.5, 0.7), (0.97, 0.95, 1.0), (2.2, 1.9, 1.6), 0.94, 180),
    Look((15, 0.12, 0.85), (0.42, 0.48, 0.6), (0.25, 0.25, 0.25), 1.0, 140),
    Look((150, 0.6, 0.6), (0.9, 0.9, 0.95), (0.5, 0.5, 0.95), 1.04, 235),
    Look((25, 0.8, 0.95), (0.75, 0.8, 0.9), (0.6, 0.55, 0.5), 0.97, 100),
]


@dataclass(frozen=True)
class Face:
    """A face; at: its middle as a share of the width; top and height: shares of the height; who: one of LOOKS.

    talks: when this person speaks, the mouth following the sound; away: when the head shows its back.
    """

    at: Share
    height: Share = 0.25
    top: Share = 0.25
    mirrored: bool = False
    who: int = 0
    talks: Spans = ()
    away: Spans = ()


@dataclass(frozen=True)
class Thing:
    """Something without a face: a "worker" seen from behind who walks, a robot "arm" that swings, a "slab" of hot
    steel, a "furnace" or a "pillar". in_front: it passes before the faces and is no subject but a cover."""

    kind: str
    at: Share
    height: Share = 0.5
    top: Share = 0.3
    in_front: bool = False


@dataclass(frozen=True)
class Scene:
    """One shot: seconds, who and what is in it (drawn in this order), and the seed of its background.

    ground: "factory" or a picture of scikit-image's wheel. pan: how far the camera has moved right, as a share of the
    width; shake: how far a hand trembles, the same. light: factor on brightness; grain: deviation of the noise, of 255.
    heard: when somebody out of the picture speaks.
    """

    seconds: float
    faces: list[Face] = field(default_factory=list)
    seed: int = 1
    things: list[Thing] = field(default_factory=list)
    ground: str = "factory"
    pan: Share = 0.0
    shake: float = 0.0
    light: float = 1.0
    grain: float = 2.0
    heard: Spans = ()


@dataclass(frozen=True)
class Seen:
    """A person in one frame: index in LOOKS, box of the face, and whether the face is seen.

    Not seen: turned away, more than 1 - UNCOVERED of it behind something or outside the picture.
    """

    who: int
    box: Rectangle
    visible: bool


@dataclass(frozen=True)
class Turn:
    """[start, end) in footage seconds in which the sound of one voice is heard; who None: out of the picture."""

    who: int | None
    start: float
    end: float


@dataclass(frozen=True)
class Made:
    """The file and its truth: rate; for every frame its face boxes, the same people as Seen, and the boxes of things that
    are subjects; frame numbers of cuts (the first frame after each); who speaks when."""

    file: Path
    size: tuple[int, int]
    rate: Fraction
    boxes: list[list[Rectangle]]
    cuts: list[int]
    people: list[list[Seen]]
    things: list[list[Rectangle]]
    turns: list[Turn]


def seated(middle: float, sway: float = 0.004, seed: int = 0) -> Callable[[float], float]:
    """A place around which a seated person's head sways a little, as a share of the width."""
    a, b, c = np.random.default_rng(seed).uniform(0, 6.28, 3)
    return lambda t: float(
        middle + sway * (0.6 * np.sin(0.9 * t + a) + 0.3 * np.sin(2.3 * t + b) + 0.1 * np.sin(5 * t + c))
    )


def walk(*points: tuple[float, float]) -> Callable[[float], float]:
    """A value over time through (second, value) points, evenly in between."""
    return lambda t: float(np.interp(t, [p[0] for p in points], [p[1] for p in points]))


def make(
    file: Path, scenes: Sequence[Scene], size: tuple[int, int] = (640, 360), rate: Fraction | int = 25,
    flash: float | None = None, bars: int = 0, sound: str | None = "voice", **options: str | int,
) -> Made:  # fmt: skip
    """Writes footage. flash: a second whose frame is white, with a click in the sound; bars: black pixels left and right.

    sound: "voice" (of those who talk; where nobody is said to, one voice without a face), "clicks" (only at the
    flash) or None. options: ffmpeg output options, as crf=30. With a STORE the same footage is drawn once.
    """
    settings: dict[str, Any] = {"flash": flash, "bars": bars, "sound": sound, **options}
    if STORE is None:
        return _made(file, scenes, size, Fraction(rate), **settings)
    content = [_content(scene, round(scene.seconds * rate), float(rate)) for scene in scenes]
    wanted = repr((content, size, Fraction(rate), sorted(settings.items()), file.suffix, _drawing()))
    kept = STORE / (hashlib.sha256(wanted.encode()).hexdigest()[:32] + file.suffix)
    truth = kept.with_suffix(".truth")
    with FileLock(kept.with_suffix(".lock")):
        if truth.exists():
            truth.touch()
        else:
            made = _made(kept, scenes, size, Fraction(rate), **settings)
            part = kept.with_suffix(".part")
            part.write_bytes(pickle.dumps(made))
            part.replace(truth)
    shutil.copyfile(kept, file)
    return replace(pickle.loads(truth.read_bytes()), file=file)


def drawn(scene: Scene, size: tuple[int, int] = (320, 180), rate: Fraction | int = 25) -> list[Image]:
    """The frames of a scene, for those who mix their own footage: (height, width, 3) BGR each; nobody speaks in it."""
    truth = Made(Path(), size, Fraction(rate), [], [], [], [], [])
    return list(_shot(scene, round(scene.seconds * rate), 0, truth, {}))


def made_slide(size: tuple[int, int], seed: int, dark: bool = False) -> Image:
    """A slide with a heading, lines of text and a coloured field."""
    rng = np.random.default_rng(seed)
    width, height = size
    ground, ink = ((34, 30, 30), (220, 220, 220)) if dark else ((240, 243, 242), (40, 40, 40))
    slide = np.full((height, width, 3), ground, np.uint8)
    unit = height / 360
    words = ["".join(chr(97 + letter) for letter in rng.integers(0, 26, 30)) for _ in range(6)]
    for line, text in enumerate([f"Figures {seed}", *words]):
        size_of_type = (1.1 if line == 0 else 0.55) * unit
        at = round(0.06 * width), round((0.14 + 0.09 * line + 0.05 * (line > 0)) * height)
        cv2.putText(slide, text, at, cv2.FONT_HERSHEY_SIMPLEX, size_of_type, ink, 2 if line == 0 else 1, cv2.LINE_AA)
    colour = [int(value) for value in rng.integers(60, 200, 3)]
    slide[round(0.3 * height) : round(0.6 * height), round(0.65 * width) : round(0.9 * width)] = colour
    return slide


def mixed(before: Image, after: Image, share: float) -> Image:
    """Two frames one over the other; share: of the second, 0 to 1."""
    return np.asarray(cv2.addWeighted(before, 1 - share, after, share, 0), np.uint8)


def _content(value: object, count: int, rate: float) -> object:
    """What a part of a scene is, functions of time being told by their values at each frame."""
    if is_dataclass(value):
        return type(value).__name__, [_content(getattr(value, part.name), count, rate) for part in fields(value)]
    if isinstance(value, list | tuple):
        return [_content(part, count, rate) for part in value]
    return [float(value(number / rate)) for number in range(count)] if callable(value) else value


@cache
def _drawing() -> str:
    """What draws footage: the code and the packages."""
    code = b"".join(Path(str(file)).read_bytes() for file in (__file__, demo.__file__))
    return " ".join([hashlib.sha256(code).hexdigest(), *map(version, DRAWN_WITH)])


def _made(
    file: Path, scenes: Sequence[Scene], size: tuple[int, int], rate: Fraction, flash: float | None, bars: int,
    sound: str | None, **options: Any,
) -> Made:  # fmt: skip
    counts = [round(scene.seconds * rate) for scene in scenes]
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(int)
    seconds = int(starts[-1]) / float(rate)
    silent = sound != "voice" and not any(face.talks for scene in scenes for face in scene.faces)
    voices, turns = ({}, []) if silent else _voices(scenes, [int(s) / float(rate) for s in starts[:-1]], seconds)
    heard = None
    if sound == "voice":
        heard = VOICE * np.sum([*voices.values()], axis=0) + MACHINES * demo.machines(seconds, 2)
    elif sound == "clicks":
        heard = np.zeros(round(seconds * demo.SOUND_RATE))
    if flash is not None and heard is not None:
        first = round(flash * demo.SOUND_RATE)
        heard[first : first + 480] += 0.8 * np.sin(2 * np.pi * 1000 * np.arange(480) / demo.SOUND_RATE)
    mouths = {who: demo.openings(voice, float(rate), int(starts[-1])) for who, voice in voices.items()}
    truth = Made(file, size, rate, [], [int(s) for s in starts[1:-1]], [], [], turns if sound == "voice" else [])

    def frames() -> Iterator[Image]:
        for scene, count, start in zip(scenes, counts, starts, strict=False):
            for number, frame in enumerate(_shot(scene, count, int(start), truth, mouths)):
                if flash is not None and start + number == round(flash * rate):
                    frame[:] = 255
                if bars:
                    frame[:, :bars] = frame[:, -bars:] = 0
                yield frame

    demo.write_video(file, frames(), size, rate, heard, **{"preset": "ultrafast", "crf": 20, **options})
    return truth


def _voices(
    scenes: Sequence[Scene], starts: list[float], seconds: float
) -> tuple[dict[int | None, demo.Sound], list[Turn]]:
    """Each person's own voice over the whole footage, None being the one out of the picture, and their turns."""
    talks: dict[int | None, list[tuple[float, float]]] = {}
    for scene, start in zip(scenes, starts, strict=True):
        speakers: list[tuple[int | None, Spans]] = [(face.who, face.talks) for face in scene.faces]
        for who, spans in [*speakers, (None, scene.heard)]:
            talks.setdefault(who, []).extend((start + a, start + b) for a, b in spans)
    talks = {who: sorted(spans) for who, spans in talks.items() if spans} or {None: [(0.2, seconds - 0.2)]}
    voices = {
        who: demo.voice(seconds, spans, 20 if who is None else who, 160 if who is None else LOOKS[who].pitch)
        for who, spans in talks.items()
    }
    turns = []
    for who, spans in talks.items():
        for a, b in spans:
            first = round(a * demo.SOUND_RATE)
            loud = np.flatnonzero(np.abs(voices[who][first : round(b * demo.SOUND_RATE)]) > HEARD) + first
            if len(loud):
                turns.append(Turn(who, float(loud[0]) / demo.SOUND_RATE, float(loud[-1] + 1) / demo.SOUND_RATE))
    return voices, sorted(turns, key=lambda turn: turn.start)


def _shot(scene: Scene, count: int, first: int, truth: Made, mouths: dict[int | None, demo.Sound]) -> Iterator[Image]:
    """The frames of one scene, each one's truth being added before it is given."""
    width, height = truth.size
    rate = float(truth.rate)
    rng = np.random.default_rng(scene.seed + 100)
    moves = np.array([_value(scene.pan, n / rate) * width for n in range(count)])
    views = np.stack([moves, np.zeros(count)], axis=1) + _tremble(count, rate, scene.seed) * scene.shake * width
    margin = int(np.ceil(np.abs(views[:, 1]).max() + max(0.0, -views[:, 0].min()))) + 2 if np.any(views) else 0
    ground = _ground(scene, width + 2 * margin + int(np.ceil(max(0.0, views[:, 0].max()))), height + 2 * margin, width)
    grains = [rng.normal(0, scene.grain, (height, width, 1)).astype(np.float32) for _ in range(8)]
    for number in range(count):
        t, (left, up) = number / rate, views[number].tolist()
        if margin:
            shift = np.array([[1, 0, -margin - left], [0, 1, -margin - up]])
            frame = np.asarray(cv2.warpAffine(ground, shift, (width, height)), np.uint8)
        else:
            frame = ground.copy()
        things = [_thing(frame, thing, t, (left, up))[0] for thing in scene.things if not thing.in_front]
        boxes: list[Rectangle] = []
        bare: list[float] = []  # of each face, the share that nothing covers
        for face in scene.faces:
            mouth = float(mouths[face.who][first + number]) if face.talks else 0.0
            box, drawn = _face(frame, face, t, (left, up), mouth)
            bare = [share * (1 - _covered(before, drawn)) for share, before in zip(bare, boxes, strict=True)]
            boxes.append(box)
            bare.append(_inside(box, truth.size) * (_away(face, t) < 0.3))
        for thing in scene.things:
            if thing.in_front:
                _, drawn = _thing(frame, thing, t, (left, up))
                bare = [share * (1 - _covered(box, drawn)) for share, box in zip(bare, boxes, strict=True)]
        truth.boxes.append(boxes)
        truth.people.append(
            [Seen(f.who, b, share >= UNCOVERED) for f, b, share in zip(scene.faces, boxes, bare, strict=True)]
        )
        truth.things.append(things)
        yield np.clip(frame * np.float32(scene.light) + grains[(number * 5 + number // 8) % 8], 0, 255).astype(np.uint8)


def _value(share: Share, t: float) -> float:
    return share(t) if callable(share) else share


def _tremble(count: int, rate: float, seed: int) -> Array:
    """A hand's tremble at each frame: (count, 2), slow and quick waves, at most about 1."""
    rng = np.random.default_rng(seed + 200)
    t = np.arange(count)[:, None] / rate
    waves = [(0.5, 0.7), (0.3, 1.9), (0.2, 4.3)]
    trembles = [a * np.sin(2 * np.pi * hertz * t + rng.uniform(0, 6.28, 2)) for a, hertz in waves]
    return np.asarray(np.sum(trembles, axis=0), np.float32)


def _ground(scene: Scene, width: int, height: int, usual: int) -> Image:
    if scene.ground == "factory":
        halls = [demo.factory(usual, height, scene.seed + 50 * n) for n in range(-(-width // usual))]
        return np.ascontiguousarray(np.hstack(halls)[:, :width])
    loaded = _picture(scene.ground)
    image = loaded[:, :, ::-1] if loaded.ndim == 3 else np.repeat(loaded[:, :, None], 3, axis=2)
    scale = max(width / image.shape[1], height / image.shape[0])
    size = (int(np.ceil(image.shape[1] * scale)), int(np.ceil(image.shape[0] * scale)))
    large = cv2.resize(np.ascontiguousarray(image), size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.ascontiguousarray(large[:height, :width]), np.uint8)


@cache
def _picture(name: str) -> Image:
    """A picture of scikit-image's wheel, RGB or gray."""
    found = data.stereo_motorcycle()[0] if name == "motorcycle" else getattr(data, name)()  # type: ignore[no-untyped-call]
    return np.asarray(found, np.uint8)


def _away(face: Face, t: float) -> float:
    """How far a head is turned away, 0 to 1."""
    return max((float(np.clip(min(t - a, b - t) / TURN + 0.5, 0, 1)) for a, b in face.away), default=0.0)


def _face(
    frame: Image, face: Face, t: float, view: tuple[float, float], mouth: float
) -> tuple[Rectangle, tuple[slice, slice, Array]]:
    """Draws a person into the frame; gives the face's box and what was covered, as demo.paste does."""
    height, width = frame.shape[:2]
    tall = _value(face.height, t) * height
    middle, top = _value(face.at, t) * width - view[0], _value(face.top, t) * height - view[1]
    scale = tall / demo.FACE[3]
    across = scale * LOOKS[face.who].width
    away = round(_away(face, t) * 6) / 6
    image, alpha = _person(face.who, round(mouth * MOUTH_STEPS) / MOUTH_STEPS if away < 1 else 0.0, away)
    x, y, wide = demo.FACE[0] * across, demo.FACE[1] * scale, demo.FACE[2] * across
    if face.mirrored:
        image, alpha = image[:, ::-1], alpha[:, ::-1]
        x = image.shape[1] * across - x - wide
    drawn = demo.paste(frame, image, alpha, (middle - wide / 2 - x, top - y), (across, scale))
    return (middle - wide / 2, top, wide, tall), drawn


def _inside(box: Rectangle, size: tuple[int, int]) -> float:
    """Share of a box that lies in the picture."""
    across = min(box[0] + box[2], size[0]) - max(box[0], 0)
    down = min(box[1] + box[3], size[1]) - max(box[1], 0)
    return max(0.0, across) * max(0.0, down) / (box[2] * box[3])


def _covered(box: Rectangle, drawn: tuple[slice, slice, Array]) -> float:
    """Share of a box that lies under what was drawn."""
    rows, columns, share = drawn
    top, left = max(0, round(box[1]) - rows.start), max(0, round(box[0]) - columns.start)
    bottom, right = max(0, round(box[1] + box[3]) - rows.start), max(0, round(box[0] + box[2]) - columns.start)
    return float(share[top:bottom, left:right].sum()) / (box[2] * box[3])


@cache
def _person(who: int, mouth: float, away: float) -> tuple[Image, Array]:
    """A whole figure, its portrait above drawn legs: BGR and alpha (980, 512). away: 1 shows the back of the head."""
    image, alpha = _dressed(who)
    image = demo.speaking(image, mouth)
    if away:
        strands, locks = (
            cv2.resize(part, (116, 176), interpolation=cv2.INTER_CUBIC).astype(np.float32)
            for part in (image[40:41, 190:270], image[24:62, 190:270])
        )
        hair = (0.5 * strands + 0.4 * locks) * np.linspace(1, 0.6, 176)[:, None, None]
        back = image.copy()
        back[32:208, 164:280] = hair
        mask = np.zeros(alpha.shape, np.float32)
        cv2.ellipse(mask, (222, 120), (52, 76), 0, 0, 360, away, -1)
        soft = cv2.GaussianBlur(mask, (0, 0), 3)[:, :, None]
        image = (back * soft + image * (1 - soft)).astype(np.uint8)
    cloth = np.median(image[330:480, 60:130].reshape(-1, 3), axis=0)
    legs = np.clip(cloth * 0.6 * (0.8 + _picture("gravel")[:468, :, None] / 640), 0, 255).astype(np.uint8)
    stand = np.zeros(legs.shape[:2], np.float32)
    for leg in ([(60, 0), (240, 0), (215, 467), (120, 467)], [(210, 0), (400, 0), (345, 467), (245, 467)]):
        cv2.fillPoly(stand, [np.array(leg)], 1.0)
    legs[420:] = 30
    return np.vstack([image, legs]), np.vstack([alpha, cv2.GaussianBlur(stand, (0, 0), 1.6)])


@cache
def _dressed(who: int) -> tuple[Image, Array]:
    """The portrait in a person's colours."""
    look = LOOKS[who]
    image, alpha = demo.portrait()
    hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV).astype(np.float32)
    rows = np.arange(512)[:, None]
    suit = ((hsv[:, :, 0] < 15) & (hsv[:, :, 1] > 110) & (rows > 225)).astype(np.float32)
    skin = np.zeros(alpha.shape, np.float32)
    cv2.ellipse(skin, (222, 128), (48, 58), 0, 0, 360, 1, -1)
    cv2.rectangle(skin, (170, 118), (280, 194), 1, -1)
    skin *= (image.max(axis=2) > 105) & ~((rows < 118) & (image[:, :, 0] < 75))
    hair = np.zeros(alpha.shape, np.float32)
    cv2.ellipse(hair, (226, 78), (82, 68), 0, 0, 360, 1, -1)
    hair *= 1 - cv2.dilate(skin, np.ones((3, 3)))
    hsv[:, :, 0] = look.suit[0]
    hsv[:, :, 1:] = np.clip(hsv[:, :, 1:] * look.suit[1:], 0, 255)
    drawn = image.astype(np.float32)
    for mask, painted in (
        (suit, cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2BGR).astype(np.float32)),
        (skin, drawn * np.array(look.skin, np.float32)),
        (hair, drawn * np.array(look.hair, np.float32)),
    ):
        soft = cv2.GaussianBlur(mask, (0, 0), 1.2)[:, :, None]
        drawn = drawn * (1 - soft) + painted * soft
    return np.clip(drawn, 0, 255).astype(np.uint8), alpha


def _thing(
    frame: Image, thing: Thing, t: float, view: tuple[float, float]
) -> tuple[Rectangle, tuple[slice, slice, Array]]:
    """Draws a thing; gives the box of its visible outline and what was covered."""
    phase = round(t * 20) % 400 if thing.kind in ("worker", "arm") else 0
    image, alpha = _drawn(thing.kind, phase)
    height, width = frame.shape[:2]
    scale = _value(thing.height, t) * height / image.shape[0]
    corner = (
        _value(thing.at, t) * width - view[0] - image.shape[1] * scale / 2, _value(thing.top, t) * height - view[1],
    )  # fmt: skip
    drawn = demo.paste(frame, image, alpha, corner, (scale, scale))
    x, y, wide, tall = cv2.boundingRect((alpha > 0.5).astype(np.uint8))
    return (corner[0] + x * scale, corner[1] + y * scale, wide * scale, tall * scale), drawn


@cache
def _drawn(kind: str, phase: int) -> tuple[Image, Array]:
    """A thing at a phase of its movement (twentieths of a second): BGR and alpha."""
    image = np.zeros((600, 440, 3), np.uint8)
    mask = np.zeros((600, 440), np.uint8)

    def part(points: list[tuple[float, float]], colour: tuple[int, int, int]) -> None:
        corners = np.round(np.array(points)).astype(np.int32)
        cv2.fillPoly(image, [corners], colour, cv2.LINE_AA)
        cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA)

    def limb(a: tuple[float, float], b: tuple[float, float], thick: int, colour: tuple[int, int, int]) -> None:
        for canvas, paint in ((image, colour), (mask, 255)):
            cv2.line(canvas, tuple(map(round, a)), tuple(map(round, b)), paint, thick, cv2.LINE_AA)

    if kind == "worker":
        swing = np.sin(2 * np.pi * phase / 20)
        for side in (-1, 1):
            limb((220 + 34 * side, 300), (220 + 30 * side + 42 * side * swing, 440), 62, (74, 56, 44))
            limb(
                (220 + 30 * side + 42 * side * swing, 440), (220 + 28 * side + 60 * side * swing, 575), 46, (66, 50, 40)
            )
            limb((220 + 88 * side, 150), (220 + 104 * side - 26 * swing, 300), 40, (92, 66, 48))
        part([(150, 112), (290, 112), (312, 320), (128, 320)], (40, 120, 250))
        part([(134, 210), (306, 210), (308, 232), (132, 232)], (210, 225, 225))
        part([(130, 270), (310, 270), (311, 292), (129, 292)], (210, 225, 225))
        part([(196, 84), (244, 84), (248, 118), (192, 118)], (120, 150, 190))
        for canvas, paint in ((image, (40, 205, 250)), (mask, 255)):
            cv2.ellipse(canvas, (220, 58), (56, 52), 0, 0, 360, paint, -1, cv2.LINE_AA)
        limb((162, 74), (278, 74), 10, (30, 170, 215))
    elif kind == "arm":
        a = -1.57 + 0.6 * np.sin(2 * np.pi * phase / 80)
        b = a + 1.0 + 0.5 * np.sin(2 * np.pi * phase / 57)
        elbow = (220 + 210 * np.cos(a), 470 + 210 * np.sin(a))
        hand = (elbow[0] + 170 * np.cos(b), elbow[1] + 170 * np.sin(b))
        part([(140, 600), (160, 470), (280, 470), (300, 600)], (70, 74, 80))
        limb((220, 480), elbow, 58, (20, 150, 240))
        limb(elbow, hand, 40, (20, 160, 250))
        for joint in ((220, 480), elbow, hand):
            limb(joint, joint, 44, (60, 60, 64))
        limb(hand, (hand[0] + 34, hand[1] + 44), 12, (60, 60, 64))
        limb(hand, (hand[0] - 20, hand[1] + 50), 12, (60, 60, 64))
    elif kind == "slab":
        part([(20, 250), (400, 250), (430, 340), (50, 340)], (60, 140, 255))
        part([(50, 340), (430, 340), (430, 372), (50, 372)], (20, 60, 200))
        part([(60, 268), (380, 268), (396, 318), (84, 318)], (120, 215, 255))
    elif kind == "furnace":
        part([(40, 100), (400, 100), (400, 600), (40, 600)], (58, 62, 66))
        part([(110, 240), (220, 170), (330, 240), (330, 560), (110, 560)], (40, 110, 245))
        part([(150, 300), (220, 250), (290, 300), (290, 540), (150, 540)], (130, 225, 255))
    else:  # a pillar
        part([(160, 0), (280, 0), (280, 600), (160, 600)], (66, 72, 84))
        part([(205, 0), (235, 0), (235, 600), (205, 600)], (92, 100, 112))
    rough = cv2.resize(_picture("gravel"), (440, 600)).astype(np.float32) / 128
    shade = np.linspace(1.1, 0.8, 440, dtype=np.float32)[None, :] * (0.75 + 0.25 * rough)
    textured = np.asarray(cv2.GaussianBlur(np.clip(image * shade[:, :, None], 0, 255), (0, 0), 1.0), np.uint8)
    return textured, np.asarray(cv2.GaussianBlur(mask, (0, 0), 1.2) / 255, np.float32)
