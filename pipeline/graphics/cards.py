"""The large graphics: title card, quote card and end card."""

from dataclasses import replace
from functools import cache, lru_cache
from urllib.parse import quote as percent_encoded

import cv2
import numpy as np
import segno
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw

from basis.errors import WrongUse
from pipeline import typesetting as text
from pipeline.graphics.content import call, following
from pipeline.graphics.content import number as number_of
from pipeline.graphics.layers import EXIT, Enter, Graphic, Layer, canvas, flat, graphic, picture, plate
from presets import Preset
from presets.graphics import EndCard, Over, Quote, TitleCard

SIZE = (1080, 1920)
# output pixels, DELIVERY.md's safe areas
LEFT, RIGHT, TOP, BOTTOM = 90, 890, 260, 1460
TEXT_TOP, TEXT_BOTTOM = 372, 1080  # of a card over a blurred or plain ground: between the mark and the captions
TITLE_BOTTOM = 1400  # of a title over the picture, unless it is placed elsewhere
TITLE_SIZES = (92, 84, 76, 68, 60, 56)  # pixels of type that a title over the picture may have
HEAD, HEAD_SIZE = 84, 54  # pixels for «Серия N» above the title, and its type
TITLE_LINES = 3
SCRIM_ABOVE, SCRIM_BELOW, SCRIM_MARGIN = 110, 150, 24  # pixels in which the title's ground fades, and beyond its text
SCRIM_OPACITY = 0.82  # orange type keeps 4:1 over white footage
RISE, STAGGER, TITLE_ENTRY = 30, 0.07, 0.45  # pixels that lines rise, seconds between them and that each takes
QUOTE_SIZES = (76, 68, 60, 54, 48)
QUOTE_LINES = 8
AUTHOR_BELOW = 40  # pixels between a quote and its author
SHADE_X, SHADE_Y = 36, 40  # pixels of plate around a quote over the picture
# of an end card: side of the code at most, type of the call at most, space between the parts, in pixels
END_CARDS = ((480, 96, 56), (480, 84, 56), (480, 72, 56), (480, 60, 56), (400, 60, 44), (340, 48, 32), (300, 48, 24))
MARKS_HEIGHT, MARKS_LOWER, MARKS_GAP = 72, 52, 36  # pixels of the partners' marks, of several rows, and between them
QR_LEAST = 300  # pixels
QUIET = 4  # modules around the code, ISO/IEC 18004


def title_block(card: TitleCard, preset: Preset, size: int) -> tuple[int, int]:
    """Width and height in pixels of a title's text when its type is at most `size`."""
    lines, size = _title_lines(card, preset, size)
    fonts, number = text.chain(preset.type, "bold"), number_of(card, preset)
    wide = [text.width(line, fonts, size) for line in lines] + [28 + text.width(number, fonts, HEAD_SIZE)]
    return int(np.ceil(max(wide))), _title_height(number, lines, size)


def title_card(card: TitleCard, preset: Preset) -> Graphic:
    """«Серия N» and the title; the lines rise one after the other.

    The first frame of an episode shows them at once: it is what a feed shows.
    """
    over = card.over or preset.title_card.over
    lines, size = _title_lines(card, preset, card.size or TITLE_SIZES[0])
    number, fonts = number_of(card, preset), text.chain(preset.type, "bold")
    block = _title_height(number, lines, size)
    first = card.start == 0
    rows = [(line, size, _title_step(size)) for line in lines]
    if over == "picture":
        bottom = TITLE_BOTTOM if card.bottom is None else card.bottom
        above = SCRIM_ABOVE + SCRIM_MARGIN
        height = above + block + SCRIM_MARGIN + SCRIM_BELOW
        scrim = Image.new("RGBA", (SIZE[0], height + height % 2), preset.colours.ground)
        scrim.putalpha(Image.fromarray(_scrim(*scrim.size)))
        layers, whole = [Layer(scrim, enter=None if first else Enter())], scrim.size
        at, top = (0.0, bottom - above - block), above
    else:
        layers, whole, at, top = _ground(over, preset, first), SIZE, (0.0, 0.0), _centred(block)
    layers += _head(number, preset, top, over, first)
    layers += _rising(rows, fonts, preset.colours.ink, (LEFT, top + (HEAD if number else 0)), bool(number), first)
    return graphic(
        lambda _: layers, whole, at, card.start, card.end,
        entry=STAGGER * (len(rows) + 1) + TITLE_ENTRY, leave=EXIT, blurs=over == "blur",
    )  # fmt: skip


def quote_size(card: Quote, preset: Preset) -> tuple[int, int]:
    """Width and height in pixels of a quote's plate over the picture."""
    lines, size, authors, small, block = _quote_lines(card, preset)
    bold, medium = text.chain(preset.type, "bold"), text.chain(preset.type, "medium")
    wide = [text.width(line, bold, size) for line in lines] + [28 + text.width(line, medium, small) for line in authors]
    return canvas(max(wide) + 2 * SHADE_X, block + 2 * SHADE_Y).size


def quote_card(card: Quote, preset: Preset) -> Graphic:
    """A sentence in «ёлочки», its author below it."""
    bold, medium, look = text.chain(preset.type, "bold"), text.chain(preset.type, "medium"), preset.colours
    lines, size, authors, small, block = _quote_lines(card, preset)
    top, left = _centred(block), LEFT - 20 + SHADE_X if card.over == "picture" else LEFT
    layers = _ground(card.over, preset, card.start == 0)
    if card.over == "picture":
        shade = plate(quote_size(card, preset), look.ground, SCRIM_OPACITY, 28)
        top = round(BOTTOM if card.bottom is None else card.bottom) - shade.height + SHADE_Y
        layers.append(Layer(shade, left - SHADE_X, top - SHADE_Y, Enter()))
    step = _title_step(size)
    layers += _rising([(line, size, step) for line in lines], bold, look.ink, (left, top), False, False)
    if authors:
        y, small_step = top + step * len(lines) + AUTHOR_BELOW, round(small * text.LEADING)
        late = Enter(delay=STAGGER * len(lines), seconds=TITLE_ENTRY)
        layers.append(Layer(Image.new("RGBA", (8, small_step * len(authors) - 10), look.accent), left, y + 5, late))
        layers += [
            _line(line, medium, small, look.ink, left + 28, y + n * small_step, late) for n, line in enumerate(authors)
        ]
    return graphic(
        lambda _: layers, SIZE, (0, 0), card.start, card.end,
        entry=STAGGER * (len(lines) + 1) + TITLE_ENTRY, leave=EXIT, blurs=card.over == "blur",
    )  # fmt: skip


def _quote_room(card: Quote) -> int:
    return RIGHT - LEFT if card.over != "picture" else RIGHT - LEFT + 2 * 10 - 2 * SHADE_X


def _quote_lines(card: Quote, preset: Preset) -> tuple[list[str], int, list[str], int, int]:
    """Lines and type size of a quote and of its author, and the height of both."""
    bold, medium = text.chain(preset.type, "bold"), text.chain(preset.type, "medium")
    said = card.text.strip().strip('«»"“”„ ')
    authors, small = (
        text.fit(card.author, medium, 40, _quote_room(card) - 28, 2, 30) if card.author.strip() else ([], 40)
    )
    foot = round(small * text.LEADING) * len(authors) + (AUTHOR_BELOW if authors else 0)
    for largest in QUOTE_SIZES if card.over != "picture" else QUOTE_SIZES[2:]:
        lines, size = text.fit(f"«{said}»", bold, largest, _quote_room(card), QUOTE_LINES, largest)
        block = _title_step(size) * len(lines) + foot
        if block <= TEXT_BOTTOM - TEXT_TOP and not text.broken(said, bold, size, _quote_room(card)):
            break
    return lines, size, authors, small, block


def _title_lines(card: TitleCard, preset: Preset, largest: int) -> tuple[list[str], int]:
    return text.fit(card.title, text.chain(preset.type, "bold"), largest, RIGHT - LEFT, TITLE_LINES, TITLE_SIZES[-1])


def _title_height(number: str, lines: list[str], size: int) -> int:
    return (HEAD if number else 0) + _title_step(size) * len(lines)


def _title_step(size: int) -> int:
    return round(size * 1.14)


def _centred(block: int) -> int:
    """Top of a block in the middle of the room for text."""
    return max(TEXT_TOP, (TEXT_TOP + TEXT_BOTTOM - block) // 2)


def _ground(over: Over, preset: Preset, first: bool) -> list[Layer]:
    """What lies behind a card's text: a plain ground, or nothing where the picture is seen."""
    return (
        [Layer(_plain(preset.colours.ground, preset.colours.ink), enter=None if first else Enter())]
        if over == "plain"
        else []
    )


def _head(number: str, preset: Preset, top: int, over: Over, first: bool) -> list[Layer]:
    """«Серия N»: beside a bar that grows, over the picture; else in a sticker of the series' colour."""
    if not number:
        return []
    fonts, look = text.chain(preset.type, "bold"), preset.colours
    enter = Enter(seconds=TITLE_ENTRY, dy=RISE, fade=not first)
    _, size = text.fit(number, fonts, HEAD_SIZE, RIGHT - LEFT - 40, 1, 20)
    if over == "picture":
        bar = Image.new("RGBA", (8, 52), look.accent)
        rise = round((HEAD_SIZE - size) * text.LEADING / 2)
        return [
            Layer(bar, LEFT, top + 8, enter),
            _line(number, fonts, size, look.accent, LEFT + 28, top + rise, enter),
        ]
    small = round(size * 0.75)
    wide = round(text.width(number, fonts, small)) + 40
    sticker = plate((wide + wide % 2, 62), look.accent, 1.0, 14)
    text.write(sticker, (20, (62 - small * text.LEADING) / 2), number, fonts, small, look.ground)
    return [Layer(sticker, LEFT, top, enter)]


def _rising(
    rows: list[tuple[str, int, int]], fonts: text.Fonts, ink: str, at: tuple[int, int], late: bool, first: bool
) -> list[Layer]:
    """(line, type size, step) below each other, each a little after the one above."""
    layers = []
    left, top = at
    for number, (line, size, step) in enumerate(rows):
        enter = Enter(delay=STAGGER * (number + late), seconds=TITLE_ENTRY, dy=RISE, fade=not first)
        layers.append(_line(line, fonts, size, ink, left, top, enter))
        top += step
    return layers


def _line(line: str, fonts: text.Fonts, size: int, ink: str, x: int, y: int, enter: Enter | None) -> Layer:
    """One line of type as a layer of its own."""
    margin = 8
    image = canvas(text.width(line, fonts, size) + 2 * margin, size * text.LEADING + 2 * margin)
    text.write(image, (margin, margin), line, fonts, size, ink)
    return Layer(image, x - margin, y - margin, enter)


@cache
def _scrim(width: int, height: int) -> NDArray[np.uint8]:
    """Alpha of the title's ground: clear at both ends, even behind the text."""
    rows = np.arange(height)
    u = np.clip(np.minimum(rows / SCRIM_ABOVE, (height - 1 - rows) / SCRIM_BELOW), 0, 1)
    ease = u * u * (3 - 2 * u)
    return np.repeat(np.rint(ease * SCRIM_OPACITY * 255).astype(np.uint8)[:, None], width, axis=1)


def end_card(card: EndCard, preset: Preset) -> Graphic:
    """The parts of the end card come in one after the other. Raises WrongUse for a link that no code holds."""
    layers = end_layers(card, preset)
    entry = max(layer.enter.delay + layer.enter.seconds for layer in layers if layer.enter)
    return graphic(lambda _: layers, SIZE, (0, 0), card.start, card.end, entry=entry)


def end_layers(card: EndCard, preset: Preset) -> list[Layer]:
    """The ground, then name, call, code and what comes next, from the middle up and down; partners at the foot."""
    look, room = preset.colours, RIGHT - LEFT
    bold, medium = text.chain(preset.type, "bold"), text.chain(preset.type, "medium")
    foot, partners = _partners(preset)
    series, size = text.fit(preset.series.name, bold, 44, room - 28, 2, 30)
    after = following(card, preset)
    nexts, small = text.fit(after, medium, 40, room - 28, 2, 30) if after.strip() else ([], 40)
    link = address(card.link or "")
    step, small_step = round(size * text.LEADING), round(small * text.LEADING)
    for side, largest, gap in END_CARDS:
        codes = _codes(link, side) if link else []
        calls, large = text.fit(call(card, preset), bold, largest, room, 3, END_CARDS[-1][1])
        large_step = round(large * 1.12)
        parts = [step * len(series), large_step * len(calls), codes[0].height if codes else 0, small_step * len(nexts)]
        tall = sum(parts) + gap * (sum(map(bool, parts)) - 1)
        if tall <= foot - gap - TOP:
            break
    y = max(TOP, TOP + (foot - gap - TOP - tall) // 2)
    layers = [Layer(_plain(look.ground, look.ink), enter=Enter())]

    def enter() -> Enter:
        return Enter(delay=STAGGER * (1 + len(layers)), seconds=TITLE_ENTRY, dy=RISE)

    def beside_bar(lines: list[str], fonts: text.Fonts, size: int, step: int, ink: str) -> None:
        come = enter()
        layers.append(Layer(Image.new("RGBA", (8, step * len(lines) - 12), look.accent), LEFT, y + 6, come))
        layers.extend(_line(line, fonts, size, ink, LEFT + 28, y + n * step, come) for n, line in enumerate(lines))

    if series:
        beside_bar(series, bold, size, step, look.accent)
        y += parts[0] + gap
    for number, line in enumerate(calls):
        layers.append(_line(line, bold, large, look.ink, LEFT, y + number * large_step, enter()))
    y += parts[1] + gap * bool(calls)
    place = len(layers)
    if codes:
        layers.append(Layer(codes[0], LEFT, y, enter()))
        y += parts[2] + gap
    if nexts:
        beside_bar(nexts, medium, small, small_step, look.ink)
    come = enter()
    layers += [Layer(layer.image, layer.x, layer.y, come) for layer in partners]
    return _scanning(layers, place, codes, link) if codes else layers


def _partners(preset: Preset) -> tuple[int, list[Layer]]:
    """Where the foot of the end card begins, and its layers: a thin line, the partners' marks, their names."""
    look, room = preset.colours, RIGHT - LEFT
    fonts = text.chain(preset.type, "medium")
    lines, size = text.fit(preset.series.partners, fonts, 32, room, 3, 24)
    step = round(size * 1.35)
    for high in (MARKS_HEIGHT, MARKS_LOWER):
        rows: list[list[Image.Image]] = []
        for mark in (picture(file, high, room // 2 - MARKS_GAP) for file in preset.series.partner_marks):
            if rows and sum(m.width + MARKS_GAP for m in rows[-1]) + mark.width <= room:
                rows[-1].append(mark)
            else:
                rows.append([mark])
        if len(rows) < 2:
            break
    tall = (high + 24) * len(rows) + step * len(lines)
    foot = BOTTOM - tall
    if not tall:
        return foot, []
    layers = [Layer(Image.new("RGBA", (room, 2), (*_between(look.ground, look.ink, 0.3), 255)), LEFT, foot - 30)]
    for row, images in enumerate(rows):
        x = LEFT
        for image in images:
            y = foot + row * (high + 24) + (high - image.height) // 2
            layers.append(Layer(image, x, y))
            x += image.width + MARKS_GAP
    top = foot + (high + 24) * len(rows)
    layers += [_line(line, fonts, size, look.ink, LEFT, top + n * step, None) for n, line in enumerate(lines)]
    return foot, layers


def address(link: str) -> str:
    """A link as its code holds it: letters other than Latin percent-encoded, since not every reader takes UTF-8."""
    return percent_encoded(link, safe=":/?#[]@!$&'()*+,;=%~")


def _codes(link: str, side: int) -> list[Image.Image]:
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
        scale = max(side // len(padded), -(-QR_LEAST // len(padded)))
        pixels = np.where(np.kron(padded, np.ones((scale, scale), bool)), 0, 255).astype(np.uint8)
        code = Image.fromarray(pixels).convert("RGBA")
        code.putalpha(plate(code.size, "#FFFFFF", 1.0, 24).getchannel("A"))
        codes.append(code)
    return codes


def _scanning(layers: list[Layer], place: int, codes: list[Image.Image], link: str) -> list[Layer]:
    """The card's layers with the first code in which a reader finds the link, at full size and at that of a smaller
    screen; with one symbol in forty, it does not."""
    for code in codes:
        tried = [*layers[:place], replace(layers[place], image=code), *layers[place + 1 :]]
        full = np.asarray(flat(tried, SIZE).convert("L"))
        small = cv2.resize(full, None, fx=2 / 3, fy=2 / 3, interpolation=cv2.INTER_AREA)
        if all(cv2.QRCodeDetector().detectAndDecode(seen)[0] == link for seen in (full, small)):
            return tried
    return layers


@lru_cache(maxsize=2)
def _plain(ground: str, ink: str) -> Image.Image:
    """A plain ground: the outline of a hexagon nut, large, barely lighter than the ground, cut by the edge."""
    image = Image.new("RGBA", SIZE, ground)
    centre, radius, bore = (980, 470), 560, 300
    angles = np.radians(np.arange(6) * 60 + 12)
    large = Image.new("L", (SIZE[0] * 2, SIZE[1] * 2), 0)
    pen = ImageDraw.Draw(large)
    corners = [(2 * (centre[0] + radius * np.cos(a)), 2 * (centre[1] + radius * np.sin(a))) for a in angles]
    pen.polygon([(float(x), float(y)) for x, y in corners], fill=255)
    pen.ellipse([2 * (c + side * bore) for side in (-1, 1) for c in centre], fill=0)
    image.paste(_between(ground, ink, 0.05), (0, 0), large.resize(SIZE, Image.Resampling.BOX))
    return image


def _between(one: str, other: str, share: float) -> tuple[int, int, int]:
    """The colour at `share` of the way from one to the other."""
    mixed = [round(a + (b - a) * share) for a, b in zip(ImageColor.getrgb(one), ImageColor.getrgb(other), strict=True)]
    return mixed[0], mixed[1], mixed[2]
