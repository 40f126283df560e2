"""The end card: name, call, the QR code of a link and what comes next, from the middle up and down; partners at the foot.
Its parts come in one after the other."""

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import quote as percent_encoded

import cv2
import numpy as np
import segno
from PIL import Image

from basis.errors import WrongUse
from pipeline import typesetting
from pipeline.graphics.kinds.kind import GraphicKind, Written
from pipeline.graphics.layers import Drawing, Enter, Layer, flat, picture, plate
from pipeline.graphics.look import Look
from pipeline.graphics.pieces import RISE, RISING, STAGGER, line_layer
from presets.graphics import EndCard, Placed

BELOW_TOP = 40  # pixels from the top of the free part to the first line, at the least
INDENT = 28  # pixels of lines behind their bar
# side of the code at most, type of the call at most, space between the parts, in pixels: the first that fit
LAYOUTS = ((480, 96, 56), (480, 84, 56), (480, 72, 56), (480, 60, 56), (400, 60, 44), (340, 48, 32), (300, 48, 24))
# pixels: height of marks, that of marks in several rows, between two, and below each row
MARKS_HEIGHT, MARKS_LOWER, MARKS_GAP, MARKS_BELOW = 72, 52, 36, 24
CODE_LEAST = 300  # pixels
QUIET_MODULES = 4  # around the code, ISO/IEC 18004


class EndCardKind(GraphicKind[EndCard]):
    model = EndCard

    def written(self, graphic: EndCard, look: Look) -> Written:
        call, following = graphic.text or look.end_card.text, graphic.following or look.end_card.following
        return [(look.series.name, "bold"), (call, "bold"), (following, "medium"), (look.series.partners, "medium")]

    def has_content(self, graphic: EndCard, look: Look) -> bool:
        return True

    def sample(self, end: float) -> EndCard:
        return EndCard(end=end, link="https://vk.com/video")

    def draw(self, graphic: EndCard, look: Look, shown: Sequence[Placed]) -> list[Drawing]:
        layers = self.layers(graphic, look)
        entry = max(layer.enter.delay + layer.enter.seconds for layer in layers if layer.enter)
        return [Drawing(lambda _: layers, look.canvas.size, (0, 0), graphic.start, graphic.end, entry)]

    def layers(self, graphic: EndCard, look: Look) -> list[Layer]:
        """The ground, then its parts from top to bottom. Raises WrongUse for a link that no code holds."""
        (name, _), (call, _), (following, _), _ = self.written(graphic, look)
        on, bold, medium, ink = look.canvas, look.bold, look.medium, look.colours.ink
        left, highest = on.text_left, math.ceil(on.top) + BELOW_TOP
        foot, partners = _partners(look)
        series, size = typesetting.fit(name, bold, 44, on.room - INDENT, 2, 30)
        nexts, small = typesetting.fit(following, medium, 40, on.room - INDENT, 2, 30)
        link = address(graphic.link or "")
        step, small_step = round(size * typesetting.LEADING), round(small * typesetting.LEADING)
        for side, largest, gap in LAYOUTS:
            code = _code(link, side) if link else None
            calls, large = typesetting.fit(call, bold, largest, on.room, 3, LAYOUTS[-1][1])
            large_step = round(large * 1.12)
            parts = [step * len(series), large_step * len(calls), code.height if code else 0, small_step * len(nexts)]
            tall = sum(parts) + gap * (sum(map(bool, parts)) - 1)
            if tall <= foot - gap - highest:
                break
        y = max(highest, highest + (foot - gap - highest - tall) // 2)
        layers = [Layer(look.plain, enter=Enter())]
        if series:
            layers += _beside_bar(series, bold, size, look.colours.accent, look, y, _enter(layers))
            y += parts[0] + gap
        for number, line in enumerate(calls):
            layers.append(line_layer(line, bold, large, ink, left, y + number * large_step, _enter(layers)))
        y += parts[1] + gap * bool(calls)
        place = len(layers)
        if code:
            layers.append(Layer(code, left, y, _enter(layers)))
            y += parts[2] + gap
        if nexts:
            layers += _beside_bar(nexts, medium, small, ink, look, y, _enter(layers))
        last = _enter(layers)
        layers += [replace(layer, enter=last) for layer in partners]
        return _scanning(layers, place, link, side, on.size) if code else layers


def _enter(before: list[Layer]) -> Enter:
    """How a part comes in after so many layers."""
    return Enter(delay=STAGGER * (1 + len(before)), seconds=RISING, dy=RISE)


def _beside_bar(
    lines: list[str], fonts: typesetting.Fonts, size: int, ink: str, look: Look, top: int, enter: Enter
) -> list[Layer]:
    left, step = look.canvas.text_left, round(size * typesetting.LEADING)
    bar = Image.new("RGBA", (8, step * len(lines) - 12), look.colours.accent)
    rows = [line_layer(line, fonts, size, ink, left + INDENT, top + n * step, enter) for n, line in enumerate(lines)]
    return [Layer(bar, left, top + 6, enter), *rows]


def _partners(look: Look) -> tuple[int, list[Layer]]:
    """Where the foot of the end card begins, and its layers: a thin line, the partners' marks, their names."""
    left, room = look.canvas.text_left, int(look.canvas.room)
    lines, size = typesetting.fit(look.series.partners, look.medium, 32, room, 3, 24)
    step = round(size * 1.35)
    for high in (MARKS_HEIGHT, MARKS_LOWER):
        rows: list[list[Image.Image]] = []
        for mark in (picture(file, high, room // 2 - MARKS_GAP) for file in look.series.partner_marks):
            if rows and sum(m.width + MARKS_GAP for m in rows[-1]) + mark.width <= room:
                rows[-1].append(mark)
            else:
                rows.append([mark])
        if len(rows) < 2:
            break
    tall = (high + MARKS_BELOW) * len(rows) + step * len(lines)
    foot = int(look.canvas.foot) - tall
    if not tall:
        return foot, []
    layers = [Layer(Image.new("RGBA", (room, 2), (*look.between(0.3), 255)), left, foot - 30)]
    for row, images in enumerate(rows):
        x = left
        for image in images:
            y = foot + row * (high + MARKS_BELOW) + (high - image.height) // 2
            layers.append(Layer(image, x, y))
            x += image.width + MARKS_GAP
    top = foot + (high + MARKS_BELOW) * len(rows)
    ink = look.colours.ink
    layers += [line_layer(line, look.medium, size, ink, left, top + n * step, None) for n, line in enumerate(lines)]
    return foot, layers


def address(link: str) -> str:
    """A link as its code holds it, all in ASCII, since not every reader takes UTF-8: the host in punycode, other letters
    than Latin percent-encoded. Raises WrongUse for a host that no browser finds."""
    scheme, _, rest = link.partition("://")
    authority, place = re.fullmatch(r"([^/?#]*)(.*)", rest, re.DOTALL).groups() if link else ("", "")  # type: ignore[union-attr]
    user, at, host = authority.rpartition("@")
    if not host.isascii():
        try:
            name, colon, port = host.partition(":")
            host = name.encode("idna").decode() + colon + port
        except UnicodeError:
            raise WrongUse(
                f"The link {link[:60]} has no host that can be found; check the part before the first /."
            ) from None
    return percent_encoded(f"{scheme}://{user}{at}{host}{place}" if link else "", safe=":/?#[]@!$&'()*+,;=%~")


def _code(link: str, side: int, mask: int | None = None) -> Image.Image:
    """The link's QR code with a mask of the standard's eight, which are all valid, or with the one that it picks.

    Error correction M or better, quiet zone included, each module a whole number of pixels. Raises WrongUse.
    """
    try:
        symbol = segno.make_qr(link, error="m", mask=mask)
    except segno.DataOverflowError:
        raise WrongUse(f"The link {link[:40]}... is too long for a QR code; shorten it.") from None
    padded = np.pad(np.array([[bool(module) for module in row] for row in symbol.matrix]), QUIET_MODULES)
    scale = max(side // len(padded), -(-CODE_LEAST // len(padded)))
    pixels = np.where(np.kron(padded, np.ones((scale, scale), bool)), 0, 255).astype(np.uint8)
    code = Image.fromarray(pixels).convert("RGBA")
    code.putalpha(plate(code.size, "#FFFFFF", 1.0, 24).getchannel("A"))
    return code


def _scanning(layers: list[Layer], place: int, link: str, side: int, size: tuple[int, int]) -> list[Layer]:
    """The card's layers with the first code in which a reader finds the link, at full size and at that of a smaller
    screen; with one symbol in forty, it does not."""
    for mask in (None, *range(8)):
        code = replace(layers[place], image=_code(link, side, mask))
        tried = [*layers[:place], code, *layers[place + 1 :]]
        full = np.asarray(flat(tried, size).convert("L"))
        small = cv2.resize(full, None, fx=2 / 3, fy=2 / 3, interpolation=cv2.INTER_AREA)
        if all(cv2.QRCodeDetector().detectAndDecode(seen)[0] == link for seen in (full, small)):
            return tried
    return layers
