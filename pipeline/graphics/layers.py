"""What every graphic is made of: layers that come in with ease, put together as one MoviePy clip with a mask."""

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from moviepy import VideoClip
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from basis.errors import WrongUse
from pipeline import typesetting
from presets import pictures

ENTRY, EXIT = 0.3, 0.2  # seconds


@dataclass(frozen=True)
class Enter:
    """How a layer comes in: after `delay`, within `seconds`; from dx, dy pixels away; fading in; uncovered from one side;
    growing from a share of its size (never beyond it)."""

    delay: float = 0.0
    seconds: float = ENTRY
    dx: int = 0
    dy: int = 0
    fade: bool = True
    wipe: str = ""  # "left" or "right"
    scale: float = 1.0


@dataclass(frozen=True)
class Layer:
    """An RGBA picture (straight alpha) at whole pixels of its graphic's rectangle; None: there from the start."""

    image: Image.Image
    x: int = 0
    y: int = 0
    enter: Enter | None = None


Paint = Callable[[int], Sequence[Layer]]  # the layers of a still state, counted from 0


@dataclass(frozen=True)
class Drawing:
    """A graphic of size (width, height), its left top corner `at`, in pixels of a picture 1080 wide.

    paint: asked for the layers of a state only when it is shown. start, end: episode seconds, half open. entry: seconds
    until all layers are in; leave: of fading out at the end; both get shorter where the graphic is short. changes: the
    seconds after start at which state 1, 2, ... begin. blurs: whether the picture behind is blurred meanwhile.
    """

    paint: Paint
    size: tuple[int, int]
    at: tuple[float, float]
    start: float
    end: float
    entry: float = 0.0
    leave: float = 0.0
    changes: Sequence[float] = ()
    blurs: bool = False

    @property
    def area(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        return *self.at, self.at[0] + self.size[0], self.at[1] + self.size[1]


@dataclass(frozen=True)
class Graphic:
    """Something drawn over the picture for a time.

    clip: a MoviePy clip with a mask, as large as the graphic's rectangle, its time 0 being `start`.
    x, y: left top corner of the rectangle in output pixels, both even (chroma is half size); so is its size.
    start, end: episode seconds, half open.
    forget: lets go of the picture that is kept since it may be asked for again.
    moving: intervals of the clip's time in which it changes from frame to frame; changes: moments at which one still
    state follows another. Between them it stands still, so that each distinct state is rendered once.
    blur: how much of the picture behind it is blurred, 0 to 1, at a time of the clip; None where nothing is.
    """

    clip: VideoClip
    x: int
    y: int
    start: float
    end: float
    forget: Callable[[], None]
    moving: tuple[tuple[float, float], ...] = ()
    changes: tuple[float, ...] = ()
    blur: Callable[[float], float] | None = None


def animated(drawing: Drawing, scale: float) -> Graphic:
    """A drawing as it moves, at `scale` output pixels for one of its own; its place and size are made even."""
    seconds = drawing.end - drawing.start
    coming, leave = min(drawing.entry, seconds / 3), min(drawing.leave, seconds / 3)
    wide, high = (math.ceil(side * scale / 2 - 1e-6) * 2 for side in drawing.size)
    whole = wide, high
    steps = tuple(sorted(drawing.changes))

    @lru_cache(maxsize=1)  # its layers come in from frame to frame
    def state(number: int) -> Sequence[Layer]:
        return drawing.paint(number)

    @lru_cache(maxsize=1)  # it is asked for as mask and as picture
    def frame(number: int, into: float | None) -> NDArray[np.uint8]:
        image = flat(state(number), drawing.size, into)
        return np.asarray(image if image.size == whole else image.resize(whole))

    def forget() -> None:
        state.cache_clear()
        frame.cache_clear()

    def composed(t: float) -> NDArray[np.uint8]:
        return frame(bisect_right(steps, t), t * drawing.entry / coming if t < coming else None)

    def going(t: float) -> float:
        return _smooth((seconds - t) / leave) if leave else 1.0

    def colour(t: float) -> NDArray[np.uint8]:
        return composed(t)[:, :, :3]

    def opacity(t: float) -> NDArray[np.float32]:
        return composed(t)[:, :, 3] * np.float32(going(t) / 255)

    def veil(t: float) -> float:
        return min(going(t), 1.0 if drawing.start == 0 else _smooth(t / ENTRY))

    clip = _clip(colour, whole, seconds)
    clip.mask = _clip(opacity, whole, seconds, is_mask=True)
    moving = tuple(part for part in ((0.0, coming), (seconds - leave, seconds)) if part[1] > part[0])
    x, y = (math.floor((place * scale + 1e-6) / 2) * 2 for place in drawing.at)
    return Graphic(clip, x, y, drawing.start, drawing.end, forget, moving, steps, veil if drawing.blurs else None)


def _clip(
    frames: Callable[[float], NDArray[Any]], size: tuple[int, int], seconds: float, is_mask: bool = False
) -> VideoClip:
    """A clip that knows its size without painting its first frame."""
    clip = VideoClip(duration=seconds, is_mask=is_mask)
    clip.frame_function, clip.size = frames, size
    return clip


def flat(layers: Sequence[Layer], size: tuple[int, int], t: float | None = None) -> Image.Image:
    """All layers in their places on a clear picture, `t` seconds into their entry or, None, when all are in."""
    drawn = canvas(*size)
    if t is None and len(layers) == 1 and layers[0].image.size == drawn.size:
        return layers[0].image
    for layer in layers:
        enter = layer.enter
        if t is None or enter is None:
            typesetting.lay(drawn, layer.image, layer.x, layer.y)
        elif t > enter.delay or not enter.fade:
            _come(drawn, layer, enter, min(1.0, max(0.0, t - enter.delay) / enter.seconds))
    return drawn


def _come(drawn: Image.Image, layer: Layer, enter: Enter, share: float) -> None:
    """Draws a layer that is `share` of its way in."""
    rest = (1 - share) ** 3
    image, x, y = layer.image, layer.x + round(enter.dx * rest), layer.y + round(enter.dy * rest)
    if enter.scale < 1:
        scale = 1 - (1 - enter.scale) * rest
        image = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
        x, y = x + (layer.image.width - image.width) // 2, y + (layer.image.height - image.height) // 2
    if enter.wipe:
        wide = max(1, round(image.width * (1 - rest)))
        left = image.width - wide if enter.wipe == "right" else 0
        image, x = image.crop((left, 0, left + wide, image.height)), x + left
    if enter.fade:
        image = image.copy()
        image.putalpha(_scaled(image.getchannel("A"), _smooth(share)))
    typesetting.lay(drawn, image, x, y)


def _scaled(alpha: Image.Image, opacity: float) -> Image.Image:
    return alpha.point([round(value * opacity) for value in range(256)])


def _smooth(u: float) -> float:
    u = min(1.0, max(0.0, u))
    return u * u * (3 - 2 * u)


def canvas(width: float, height: float) -> Image.Image:
    """A clear picture of even size."""
    return Image.new("RGBA", (math.ceil(width / 2) * 2, math.ceil(height / 2) * 2))


def plate(size: tuple[int, int], colour: str, opacity: float, radius: int) -> Image.Image:
    """A rounded box of one colour, its corners smooth by being drawn four times larger."""
    large = Image.new("L", (size[0] * 4, size[1] * 4), 0)
    ImageDraw.Draw(large).rounded_rectangle((0, 0, large.width - 1, large.height - 1), radius * 4, fill=255)
    image = Image.new("RGBA", size, colour)
    image.putalpha(_scaled(large.resize(size, Image.Resampling.BOX), opacity))
    return image


def picture(file: str, height: int, widest: int) -> Image.Image:
    """A mark's picture as RGBA, scaled down to a height, or further where it would be wider than `widest`.

    Raises WrongUse for a file that is not what it was when its preset was loaded.
    """
    try:
        image = pictures.read(file)
    except pictures.BadPicture as error:
        raise WrongUse(f"The picture {file} {error}.") from error
    scale = min(height / image.height, widest / image.width, 1.0)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    scaled: Image.Image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return scaled
