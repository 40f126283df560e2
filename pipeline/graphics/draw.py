"""Each placed graphic as a MoviePy clip with a mask, drawn at final size inside DELIVERY.md's safe areas."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import segno
from moviepy import CompositeVideoClip, ImageClip, VideoClip, vfx
from PIL import Image, ImageColor, ImageDraw

from pipeline.errors import WrongUse
from pipeline.graphics import text
from pipeline.plan import Caption, EndCard, LowerThird, Mark, Plan, TitleCard
from presets import Preset

SIZE = (1080, 1920)
# safe areas in output pixels
CAPTION_LEFT, CAPTION_RIGHT, CAPTION_MIDDLE = 70, 890, 1290
NAME_LEFT, NAME_RIGHT, NAME_BOTTOM = 70, 890, 1104
MARK_AT = (66, 222)
CARD_LEFT, CARD_RIGHT, CARD_TOP, CARD_BOTTOM = 90, 890, 260, 1460
TITLE_BOTTOM, TITLE_BOTTOM_OVER_CAPTION = 1400, 1180
ENTRY, EXIT = 0.3, 0.2  # seconds
SLIDE = 28  # pixels that a name glides in
QR_SIDE = 420  # pixels at most, a whole number for each module
QUIET = 4  # modules around the code, ISO/IEC 18004


@dataclass(frozen=True)
class Graphic:
    """Something drawn over the picture for a time.

    clip: a MoviePy clip with a mask, as large as the graphic's rectangle, its time 0 being `start`.
    x, y: left top corner of the rectangle in output pixels, both even (chroma is half size); so is its size.
    start, end: episode seconds, half open.
    moving: intervals of the clip's time in which it changes from frame to frame; outside them it stands still, so
    that each distinct state is rendered once.
    """

    clip: VideoClip
    x: int
    y: int
    start: float
    end: float
    moving: tuple[tuple[float, float], ...] = ()


def draw(plan: Plan, preset: Preset) -> list[Graphic]:
    """The plan's graphics in the order in which they lie over each other. Raises WrongUse for other shapes than 9:16."""
    if (plan.width, plan.height) != SIZE:
        raise WrongUse(f"Graphics are drawn for {SIZE[0]}x{SIZE[1]}, the plan is {plan.width}x{plan.height}.")
    early = min((g.start for g in plan.graphics if isinstance(g, Caption)), default=float("inf"))
    drawn: list[Graphic] = []
    for placed in plan.graphics:
        match placed:
            case Caption():
                drawn.append(_caption(placed, preset))
            case TitleCard():
                drawn.append(
                    _title_card(placed, preset, TITLE_BOTTOM if early >= placed.end else TITLE_BOTTOM_OVER_CAPTION)
                )
            case LowerThird():
                drawn.append(_lower_third(placed, preset))
            case Mark():
                drawn.append(_mark(placed, preset))
            case EndCard():
                drawn.append(_end_card(placed, preset))
    return drawn


def _caption(caption: Caption, preset: Preset) -> Graphic:
    lines = [" ".join(word.text for word in line) for line in caption.lines]
    pad, room = 30, CAPTION_RIGHT - CAPTION_LEFT - 60
    name, size = preset.type.medium, preset.captions.size
    while size > 36 and any(text.width(line, name, size) > room for line in lines):
        size -= 2
    lines = [part for line in lines for part in text.wrap(line, name, size, room)]
    step = round(size * text.LEADING)
    widest = max(text.width(line, name, size) for line in lines)
    image = _canvas(widest + 2 * pad, step * len(lines) + 32)
    _plate(image, preset.colours.ground, preset.captions.box_opacity, 22)
    for number, line in enumerate(lines):
        text.write(image, (image.width / 2, 16 + number * step), line, name, size, preset.colours.ink, "m")
    x = (CAPTION_LEFT + CAPTION_RIGHT - image.width) / 2
    return _still(image, x, CAPTION_MIDDLE - image.height / 2, caption.start, caption.end)


def _title_card(card: TitleCard, preset: Preset, bottom: int) -> Graphic:
    lines, size = text.fit(card.title, preset.type.bold, 92, CARD_RIGHT - CARD_LEFT, 3, 56)
    number = f"{preset.title_card.word} {card.number}" if card.number is not None else ""
    step, head = round(size * 1.14), 84 if number else 0
    block = head + step * len(lines)
    height = min(SIZE[1], block + 560)
    height += height % 2
    top = height - 220 - block
    image = Image.new("RGBA", (SIZE[0], height), preset.colours.ground)
    image.putalpha(Image.fromarray(_scrim(SIZE[0], height, top - 40, top + block + 60)))
    if number:
        ImageDraw.Draw(image).rectangle((CARD_LEFT, top + 8, CARD_LEFT + 8, top + 62), fill=preset.colours.accent)
        text.write(image, (CARD_LEFT + 28, top), number, preset.type.bold, 54, preset.colours.accent)
    for index, line in enumerate(lines):
        text.write(image, (CARD_LEFT, top + head + index * step), line, preset.type.bold, size, preset.colours.ink)
    y = bottom - (top + block)
    return _fading(image, 0, y, card.start, card.end, fade_in=card.start > 0)


def _lower_third(name: LowerThird, preset: Preset) -> Graphic:
    room = NAME_RIGHT - NAME_LEFT - 80
    names, size = text.fit(name.name, preset.type.bold, 52, room, 1, 36)
    roles, small = text.fit(name.role, preset.type.medium, 36, room, 2, 28) if name.role else ([], 36)
    step, small_step = round(size * text.LEADING), round(small * text.LEADING)
    widest = max(
        [text.width(n, preset.type.bold, size) for n in names]
        + [text.width(r, preset.type.medium, small) for r in roles]
    )
    image = _canvas(widest + 70, step * len(names) + small_step * len(roles) + 36)
    _plate(image, preset.colours.ground, 0.86, 14)
    ImageDraw.Draw(image).rectangle((0, 0, 9, image.height), fill=preset.colours.accent)
    y = 18.0
    for line in names:
        text.write(image, (34, y), line, preset.type.bold, size, preset.colours.ink)
        y += step
    for line in roles:
        text.write(image, (34, y), line, preset.type.medium, small, preset.colours.ink)
        y += small_step
    x = NAME_LEFT if name.side == "left" else NAME_RIGHT - image.width
    return _fading(image, x, NAME_BOTTOM - image.height, name.start, name.end, slide=SLIDE)


def _mark(mark: Mark, preset: Preset) -> Graphic:
    size, name = 30, preset.type.bold
    image = _canvas(text.width(preset.series.name, name, size) + 56, 56)
    _plate(image, preset.colours.ground, 0.55, 12)
    ImageDraw.Draw(image).rectangle((16, 17, 21, image.height - 18), fill=preset.colours.accent)
    text.write(
        image, (36, (image.height - size * text.LEADING) / 2), preset.series.name, name, size, preset.colours.ink
    )
    return _still(image, *MARK_AT, mark.start, mark.end)


def _end_card(card: EndCard, preset: Preset) -> Graphic:
    image = Image.new("RGBA", SIZE, preset.colours.ground)
    pen = ImageDraw.Draw(image)
    middle, room = (CARD_LEFT + CARD_RIGHT) / 2, CARD_RIGHT - CARD_LEFT
    pen.rectangle((middle - 44, 330, middle + 44, 337), fill=preset.colours.accent)
    y = _lines(image, preset.series.name, preset.type.bold, 52, middle, 370, room, preset.colours.ink)
    y = _lines(image, preset.end_card.text, preset.type.bold, 80, middle, y + 40, room, preset.colours.ink)
    if card.link:
        code = _qr(card.link)
        plate = (round(middle - code.width / 2), round(y + 50))
        pen.rounded_rectangle(
            (plate[0] - 16, plate[1] - 16, plate[0] + code.width + 15, plate[1] + code.height + 15), 24, fill="white"
        )
        image.paste(code, plate)
    if preset.series.partners:
        lines, size = text.fit(preset.series.partners, preset.type.medium, 32, room, 3, 24)
        step = round(size * 1.35)
        for index, line in enumerate(lines):
            text.write(
                image,
                (middle, CARD_BOTTOM - step * (len(lines) - index)),
                line,
                preset.type.medium,
                size,
                preset.colours.ink,
                "m",
            )
    return _fading(image, 0, 0, card.start, card.end, fade_out=False)


def _lines(image: Image.Image, words: str, name: str, size: int, x: float, y: float, room: float, fill: str) -> float:
    """Centred lines from y down; gives where they end."""
    lines, size = text.fit(words, name, size, room, 3, 40)
    for line in lines:
        text.write(image, (x, y), line, name, size, fill, "m")
        y += round(size * text.LEADING)
    return y


def _qr(link: str) -> Image.Image:
    """Error correction M or better, quiet zone included, each module a whole number of pixels."""
    modules = np.array([[bool(m) for m in row] for row in segno.make_qr(link, error="m").matrix])
    padded = np.pad(modules, QUIET)
    scale = max(3, QR_SIDE // len(padded))
    pixels = np.where(np.kron(padded, np.ones((scale, scale), bool)), 0, 255).astype(np.uint8)
    return Image.fromarray(pixels).convert("RGB")


def _canvas(width: float, height: float) -> Image.Image:
    return Image.new("RGBA", (int(np.ceil(width / 2)) * 2, int(np.ceil(height / 2)) * 2), (0, 0, 0, 0))


def _plate(image: Image.Image, colour: str, opacity: float, radius: int) -> None:
    """A rounded box over the whole image, its corners smooth by drawing four times larger."""
    large = Image.new("L", (image.width * 4, image.height * 4), 0)
    ImageDraw.Draw(large).rounded_rectangle(
        (0, 0, large.width - 1, large.height - 1), radius * 4, fill=round(255 * opacity)
    )
    image.paste(Image.new("RGBA", image.size, (*ImageColor.getrgb(colour)[:3], 255)), (0, 0))
    image.putalpha(large.resize(image.size, Image.Resampling.LANCZOS))


@cache
def _scrim(width: int, height: int, top: int, bottom: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """Alpha of a soft band: clear at both ends, darkest between top and bottom."""
    rows = np.arange(height)
    shape = np.minimum(
        np.clip(rows / max(1, top), 0, 1), np.clip((height - 1 - rows) / max(1, height - 1 - bottom), 0, 1)
    )
    ease = shape * shape * (3 - 2 * shape)
    return np.repeat((ease * 0.74 * 255).astype(np.uint8)[:, None], width, axis=1)


def _still(image: Image.Image, x: float, y: float, start: float, end: float) -> Graphic:
    clip = ImageClip(np.array(image)).with_duration(end - start)
    return Graphic(clip, _even(x), _even(y), start, end)


def _fading(
    image: Image.Image,
    x: float,
    y: float,
    start: float,
    end: float,
    slide: int = 0,
    fade_in: bool = True,
    fade_out: bool = True,
) -> Graphic:
    """A graphic that fades and, with slide, glides in with ease; the clip is wider by the slide."""
    seconds = end - start
    entry, leave = min(ENTRY, seconds / 3) * fade_in, min(EXIT, seconds / 3) * fade_out
    clip = ImageClip(np.array(image)).with_duration(seconds)
    effects = ([vfx.CrossFadeIn(entry)] if entry else []) + ([vfx.CrossFadeOut(leave)] if leave else [])
    clip = clip.with_effects(effects)
    if slide:
        moved = clip.with_position(lambda t: (slide * (1 - min(1.0, t / entry)) ** 3 if entry else 0, 0))
        clip = CompositeVideoClip([moved], size=(image.width + slide, image.height)).with_duration(seconds)
    moving = tuple(part for part in ((0.0, entry), (seconds - leave, seconds)) if part[1] > part[0])
    return Graphic(clip, _even(x), _even(y), start, end, moving)


def _even(value: float) -> int:
    return int(value // 2) * 2
