"""Each placed graphic as a MoviePy clip with a mask, drawn at final size inside DELIVERY.md's safe areas."""

import zlib
from dataclasses import dataclass
from functools import cache, lru_cache
from urllib.parse import quote

import cv2
import numpy as np
import segno
from moviepy import VideoClip
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw

from pipeline.errors import WrongUse
from pipeline.graphics import text
from pipeline.plan import Plan, shots_with_offsets
from presets import Preset
from presets.graphics import Caption, EndCard, LowerThird, Mark, PlacedGraphic, TitleCard

SIZE = (1080, 1920)
# safe areas in output pixels
CAPTION_LEFT, CAPTION_RIGHT, CAPTION_MIDDLE = 70, 890, 1290
NAME_LEFT, NAME_RIGHT, NAME_BOTTOM = 70, 890, 1104
MARK_AT, MARK_RIGHT = (66, 222), 890
CARD_LEFT, CARD_RIGHT, CARD_TOP, CARD_BOTTOM = 90, 890, 260, 1460
TITLE_BOTTOM = 1400
TITLE_SIZE, TITLE_SIZE_ABOVE_CAPTION = 92, 76  # there it would reach up to the face
NAME_ABOVE_CAPTION = 24  # pixels between a name and a caption that stands where names usually do
TITLE_ABOVE_CAPTION = 44  # pixels between the title and a caption below it
SCRIM_ABOVE, SCRIM_BELOW, SCRIM_MARGIN = 220, 220, 24  # pixels in which the title's ground fades, and beyond its text
SCRIM_OPACITY = 0.82  # orange type keeps 4:1 over white footage
MARK_OPACITY = 0.72  # white type keeps 6:1 over white footage
ENTRY, EXIT = 0.3, 0.2  # seconds
SLIDE = 28  # pixels that a name glides in
QR_SIDE = 480  # pixels at most, a whole number for each module
QR_LEAST = 300  # pixels
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
    """The plan's graphics in the order in which they lie over each other. Raises WrongUse for other shapes than 9:16.

    One that has nothing to show, or no time to show it in, is left out.
    """
    if (plan.width, plan.height) != SIZE:
        raise WrongUse(f"Graphics are drawn for {SIZE[0]}x{SIZE[1]}, the plan is {plan.width}x{plan.height}.")
    seams = _seams(plan)
    captions = {
        number: _caption(placed, preset, _middle(placed, seams))
        for number, placed in enumerate(plan.graphics)
        if isinstance(placed, Caption) and _shows(placed)
    }
    drawn: list[Graphic] = []
    for number, placed in enumerate(plan.graphics):
        match placed:
            case _ if not _shows(placed):
                continue
            case Caption():
                drawn.append(captions[number])
            case TitleCard():
                below = [c.y for c in captions.values() if _together(c, placed)]
                bottom = min(below) - TITLE_ABOVE_CAPTION if below else TITLE_BOTTOM
                size = TITLE_SIZE_ABOVE_CAPTION if below else TITLE_SIZE
                drawn.append(_title_card(placed, preset, bottom, size))
            case LowerThird():
                high = [c.y for c in captions.values() if _together(c, placed) and c.y < NAME_BOTTOM]
                drawn.append(_lower_third(placed, preset, min(high) - NAME_ABOVE_CAPTION if high else NAME_BOTTOM))
            case Mark():
                drawn.append(_mark(placed, preset))
            case EndCard():
                drawn.append(_end_card(placed, preset))
    return drawn


def _seams(plan: Plan) -> list[tuple[float, float, float]]:
    """(start, end, y) in episode seconds and output pixels of the border between the halves of each split."""
    return [
        (shot.start + offset, shot.end + offset, shot.panes[0].onto.bottom)
        for shot, offset in shots_with_offsets(plan)
        if shot.layout == "split"
    ]


def _middle(caption: Caption, seams: list[tuple[float, float, float]]) -> float:
    """y of a caption's middle: the usual band, or, most of its time in a split, between that one's two faces."""
    shared = [(min(end, caption.end) - max(start, caption.start), y) for start, end, y in seams]
    longest, y = max(shared, default=(0.0, CAPTION_MIDDLE))
    return y if longest >= (caption.end - caption.start) / 2 else CAPTION_MIDDLE


def _together(caption: Graphic, placed: PlacedGraphic) -> bool:
    return caption.start < placed.end and caption.end > placed.start


def _shows(placed: PlacedGraphic) -> bool:
    if placed.end <= placed.start:
        return False
    match placed:
        case Caption():
            return any(word.text.strip() for line in placed.lines for word in line)
        case TitleCard():
            return bool(placed.title.strip()) or placed.number is not None
        case LowerThird():
            return bool(placed.name.strip() or placed.role.strip())
    return True


def _caption(caption: Caption, preset: Preset, middle: float) -> Graphic:
    lines = [line for words in caption.lines if (line := " ".join(word.text for word in words).strip())]
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
        left = (image.width - text.width(line, name, size)) / 2
        text.write(image, (left, 16 + number * step), line, name, size, preset.colours.ink)
    x = (CAPTION_LEFT + CAPTION_RIGHT - image.width) / 2
    return _graphic(image, x, middle - image.height / 2, caption.start, caption.end)


def _title_card(card: TitleCard, preset: Preset, bottom: int, largest: int) -> Graphic:
    lines, size = text.fit(card.title, preset.type.bold, largest, CARD_RIGHT - CARD_LEFT, 3, 56)
    number = f"{preset.title_card.word} {card.number}" if card.number is not None else ""
    step, head = round(size * 1.14), 84 if number else 0
    block = head + step * len(lines)
    top = SCRIM_ABOVE + SCRIM_MARGIN
    image = Image.new("RGBA", (SIZE[0], top + block + SCRIM_MARGIN + SCRIM_BELOW + block % 2), preset.colours.ground)
    image.putalpha(Image.fromarray(_scrim(*image.size)))
    if number:
        ImageDraw.Draw(image).rectangle((CARD_LEFT, top + 8, CARD_LEFT + 7, top + 60), fill=preset.colours.accent)
        text.write(image, (CARD_LEFT + 28, top), number, preset.type.bold, 54, preset.colours.accent)
    for index, line in enumerate(lines):
        text.write(image, (CARD_LEFT, top + head + index * step), line, preset.type.bold, size, preset.colours.ink)
    # an episode opens with its title in place: the first frame is what a feed shows
    entry = ENTRY if card.start > 0 else 0.0
    return _graphic(image, 0, bottom - top - block, card.start, card.end, entry, EXIT)


def _lower_third(person: LowerThird, preset: Preset, bottom: float) -> Graphic:
    inset, pad = 34, 20
    room = NAME_RIGHT - NAME_LEFT - SLIDE - 2 * inset
    names, size = text.fit(person.name, preset.type.bold, 52, room, 1, 44)
    if len(names) > 1:
        names, size = text.fit(person.name, preset.type.bold, 48, room, 2, 34)
    roles, small = text.fit(person.role, preset.type.medium, 36, room, 2, 30) if person.role else ([], 36)
    step, small_step, between = round(size * 1.16), round(small * text.LEADING), 6 if roles else 0
    rows = [(line, preset.type.bold, size) for line in names] + [(line, preset.type.medium, small) for line in roles]
    widest = max(text.width(*row) for row in rows)
    image = _canvas(widest + 2 * inset, step * len(names) + between + small_step * len(roles) + 2 * pad)
    _plate(image, preset.colours.ground, 0.86, 14)
    ImageDraw.Draw(image).rectangle((0, 0, 7, image.height), fill=preset.colours.accent)
    y = pad
    for line in names:
        text.write(image, (inset, y - size * 0.03), line, preset.type.bold, size, preset.colours.ink)
        y += step
    y += between
    for line in roles:
        text.write(image, (inset, y), line, preset.type.medium, small, preset.colours.ink)
        y += small_step
    x, slide = (NAME_LEFT, SLIDE) if person.side == "left" else (NAME_RIGHT - image.width, -SLIDE)
    return _graphic(image, x, bottom - image.height, person.start, person.end, ENTRY, EXIT, slide)


def _mark(mark: Mark, preset: Preset) -> Graphic:
    (line, *_), size = text.fit(preset.series.name or " ", preset.type.bold, 30, MARK_RIGHT - MARK_AT[0] - 56, 1, 16)
    image = _canvas(text.width(line, preset.type.bold, size) + 56, 56)
    _plate(image, preset.colours.ground, MARK_OPACITY, 12)
    ImageDraw.Draw(image).rectangle((16, 17, 21, image.height - 18), fill=preset.colours.accent)
    text.write(image, (36, (image.height - size * text.LEADING) / 2), line, preset.type.bold, size, preset.colours.ink)
    return _graphic(image, *MARK_AT, mark.start, mark.end)


def _end_card(card: EndCard, preset: Preset) -> Graphic:
    """Name, call, code from the middle up and down, partners at the foot; all on the left edge of the title card."""
    look, room = preset.colours, CARD_RIGHT - CARD_LEFT
    image = Image.new("RGBA", SIZE, look.ground)
    _nut(image, look.ground, look.ink)
    partners, small = text.fit(preset.series.partners, preset.type.medium, 32, room, 3, 24)
    small_step = round(small * 1.35)
    foot = CARD_BOTTOM - small_step * len(partners)
    series, size = text.fit(preset.series.name, preset.type.bold, 44, room - 28, 2, 30)
    calls, large = text.fit(preset.end_card.text, preset.type.bold, 96, room, 3, 48)
    step, large_step = round(size * text.LEADING), round(large * 1.12)
    link = address(card.link or "")
    codes = _codes(link) if link else []
    gap = 56
    parts = [step * len(series), large_step * len(calls), codes[0].height if codes else 0]
    y = max(CARD_TOP, CARD_TOP + (foot - 60 - CARD_TOP - sum(parts) - gap * (sum(map(bool, parts)) - 1)) // 2)
    pen = ImageDraw.Draw(image)
    if series:
        pen.rectangle((CARD_LEFT, y + 6, CARD_LEFT + 7, y + parts[0] - 7), fill=look.accent)
    for index, line in enumerate(series):
        text.write(image, (CARD_LEFT + 28, y + index * step), line, preset.type.bold, size, look.accent)
    y += parts[0] + gap * bool(series)
    for index, line in enumerate(calls):
        text.write(image, (CARD_LEFT, y + index * large_step), line, preset.type.bold, large, look.ink)
    y += parts[1] + gap * bool(calls)
    for code in [*codes, *codes[:1]]:
        image.paste(code, (CARD_LEFT, y), _corners(code.size, 24))
        if _scans(image, link):
            break
    if partners:
        pen.rectangle((CARD_LEFT, foot - 30, CARD_RIGHT - 1, foot - 29), fill=_between(look.ground, look.ink, 0.3))
    for index, line in enumerate(partners):
        text.write(image, (CARD_LEFT, foot + index * small_step), line, preset.type.medium, small, look.ink)
    return _graphic(image, 0, 0, card.start, card.end, ENTRY)


def address(link: str) -> str:
    """A link as its code holds it: letters other than Latin percent-encoded, since not every reader takes UTF-8."""
    return quote(link, safe=":/?#[]@!$&'()*+,;=%~")


def _codes(link: str) -> list[Image.Image]:
    """The link's QR code with the mask that the standard picks, then with each of the others, which are as valid.

    Error correction M or better, quiet zone included, each module a whole number of pixels. Raises WrongUse.
    """
    codes = []
    for mask in (None, *range(8)):
        try:
            symbol = segno.make_qr(link, error="m", mask=mask)
        except segno.DataOverflowError:
            raise WrongUse(f"The link {link[:40]}... is too long for a QR code; shorten it.") from None
        padded = np.pad(np.array([[bool(module) for module in row] for row in symbol.matrix]), QUIET)
        scale = max(QR_SIDE // len(padded), -(-QR_LEAST // len(padded)))
        pixels = np.where(np.kron(padded, np.ones((scale, scale), bool)), 0, 255).astype(np.uint8)
        codes.append(Image.fromarray(pixels).convert("RGB"))
    return codes


def _scans(card: Image.Image, link: str) -> bool:
    """Whether a reader finds the link, at full size and at that of a smaller screen: one symbol in forty, it does not."""
    full = np.asarray(card.convert("L"))
    small = cv2.resize(full, None, fx=2 / 3, fy=2 / 3, interpolation=cv2.INTER_AREA)
    return all(cv2.QRCodeDetector().detectAndDecode(picture)[0] == link for picture in (full, small))


def _nut(image: Image.Image, ground: str, ink: str) -> None:
    """The end card's ground: the outline of a hexagon nut, large, barely lighter than the ground, cut by the edge."""
    centre, radius, bore = (980, 470), 560, 300
    angles = np.radians(np.arange(6) * 60 + 12)
    large = Image.new("L", (image.width * 2, image.height * 2), 0)
    pen = ImageDraw.Draw(large)
    corners = [(2 * (centre[0] + radius * np.cos(a)), 2 * (centre[1] + radius * np.sin(a))) for a in angles]
    pen.polygon([(float(x), float(y)) for x, y in corners], fill=255)
    pen.ellipse([2 * (c + side * bore) for side in (-1, 1) for c in centre], fill=0)
    image.paste(_between(ground, ink, 0.05), (0, 0), large.resize(image.size, Image.Resampling.BOX))


def _between(one: str, other: str, share: float) -> tuple[int, int, int]:
    """The colour at `share` of the way from one to the other."""
    mixed = [round(a + (b - a) * share) for a, b in zip(ImageColor.getrgb(one), ImageColor.getrgb(other), strict=True)]
    return mixed[0], mixed[1], mixed[2]


def _canvas(width: float, height: float) -> Image.Image:
    return Image.new("RGBA", (int(np.ceil(width / 2)) * 2, int(np.ceil(height / 2)) * 2), (0, 0, 0, 0))


def _plate(image: Image.Image, colour: str, opacity: float, radius: int) -> None:
    """A rounded box over the whole image."""
    image.paste(Image.new("RGBA", image.size, colour), (0, 0))
    image.putalpha(_corners(image.size, radius).point([round(value * opacity) for value in range(256)]))


def _corners(size: tuple[int, int], radius: int) -> Image.Image:
    """A full box with round corners, smooth by drawing four times larger."""
    large = Image.new("L", (size[0] * 4, size[1] * 4), 0)
    ImageDraw.Draw(large).rounded_rectangle((0, 0, large.width - 1, large.height - 1), radius * 4, fill=255)
    return large.resize(size, Image.Resampling.BOX)


@cache
def _scrim(width: int, height: int) -> NDArray[np.uint8]:
    """Alpha of the title's ground: clear at both ends, even behind the text."""
    rows = np.arange(height)
    u = np.clip(np.minimum(rows / SCRIM_ABOVE, (height - 1 - rows) / SCRIM_BELOW), 0, 1)
    ease = u * u * (3 - 2 * u)
    return np.repeat(np.rint(ease * SCRIM_OPACITY * 255).astype(np.uint8)[:, None], width, axis=1)


def _graphic(
    image: Image.Image, x: float, y: float, start: float, end: float, entry: float = 0, leave: float = 0, slide: int = 0
) -> Graphic:
    """A picture that comes and goes: seconds of fading in and out, pixels that it glides in from the right
    (below 0: from the left).

    Pictures are kept packed, since an episode has many and few are on screen; MoviePy asks for one when it is shown.
    """
    seconds = end - start
    entry, leave = min(entry, seconds / 3), min(leave, seconds / 3)
    size = (image.height, image.width + abs(slide))
    pixels = np.zeros((*size, 4), np.uint8)
    room = max(0, -slide)
    pixels[:, room : room + image.width] = np.asarray(image)
    packed = zlib.compress(pixels.tobytes(), 1)

    def moved(t: float) -> NDArray[np.uint8]:
        away = (1 - min(1.0, t / entry)) ** 3 if entry else 0.0
        return np.roll(_unpacked(packed, size), round(slide * away), axis=1) if slide else _unpacked(packed, size)

    def colour(t: float) -> NDArray[np.uint8]:
        return moved(t)[:, :, :3]

    def opacity(t: float) -> NDArray[np.float32]:
        coming = min(1.0, t / entry) if entry else 1.0
        going = min(1.0, max(0.0, (seconds - t) / leave)) if leave else 1.0
        u = min(coming, going)
        return moved(t)[:, :, 3] * np.float32(u * u * (3 - 2 * u) / 255)

    clip = VideoClip(colour, duration=seconds).with_mask(VideoClip(opacity, is_mask=True, duration=seconds))
    moving = tuple(part for part in ((0.0, entry), (seconds - leave, seconds)) if part[1] > part[0])
    return Graphic(clip, _even(x - room), _even(y), start, end, moving)


@lru_cache(maxsize=2)
def _unpacked(packed: bytes, size: tuple[int, int]) -> NDArray[np.uint8]:
    return np.frombuffer(zlib.decompress(packed), np.uint8).reshape(*size, 4)


def _even(value: float) -> int:
    return int(value // 2) * 2
