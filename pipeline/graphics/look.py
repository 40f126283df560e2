"""What graphics are drawn with: the output and what of it the platform leaves free, a preset's words, colours and type."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from PIL import Image, ImageColor, ImageDraw

from pipeline import typesetting
from presets import Preset
from presets.delivery import REFERENCE, DeliverySpec
from presets.preset import Captions, Colours, End, Series, Title

# of a plain ground: the middle of its hexagon nut, from the right and from the top, the nut's and its bore's radius
NUT, NUT_RADIUS, NUT_BORE = (100, 470), 560, 300


@dataclass(frozen=True)
class Canvas:
    """The output, and left, top, right, bottom of the part of it that graphics keep to.

    All lengths are pixels of a picture REFERENCE wide, as all places of graphics are, in plans too; scale: output pixels
    for one of these. The sides fall on even pixels of the spec's size, as graphics do.
    """

    scale: float
    height: int
    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def of(cls, spec: DeliverySpec, width: int | None = None) -> Self:
        """The canvas of a spec, or its preview `width` pixels wide, in which everything stands and wraps the same.

        Graphics stay left of the rail above and below it too.
        """
        covered, full = spec.safe_area, spec.width / REFERENCE
        tall = round(spec.height / full)
        railed = covered.rail.top < tall - covered.bottom and covered.rail.bottom > covered.top
        wide = REFERENCE - max(covered.right, covered.rail.right if railed else 0)
        left, top = (math.ceil(edge * full / 2 - 1e-6) * 2 / full for edge in (covered.left, covered.top))
        right, bottom = (math.floor(edge * full / 2 + 1e-6) * 2 / full for edge in (wide, tall - covered.bottom))
        return cls((width or spec.width) / REFERENCE, tall, left, top, right, bottom)

    @property
    def size(self) -> tuple[int, int]:
        return REFERENCE, self.height

    @property
    def edge(self) -> float:
        """x at which names, stickers and captions begin at most."""
        return self.left + 4

    @property
    def text_left(self) -> int:
        """x at which the text of cards begins; room: the width that it may have from there."""
        return math.ceil(self.left) + 24

    @property
    def room(self) -> float:
        return self.right - self.text_left

    @property
    def below_mark(self) -> float:
        """y from which the mark is clear; below_marks: the partner line too."""
        return self.top + 70

    @property
    def below_marks(self) -> float:
        return self.top + 152

    @property
    def high_captions(self) -> float:
        """y down to which captions at the top stand."""
        return self.top + 500

    @property
    def above_captions(self) -> float:
        """y down to which captions in their usual band leave everything free."""
        return self.bottom - 410

    @property
    def foot(self) -> float:
        """y down to which captions and the text of cards may reach: above the progress line."""
        return self.bottom - 30


@dataclass(frozen=True)
class Look:
    """A preset's part in what is drawn, with the fonts of both weights, on a canvas."""

    canvas: Canvas
    series: Series
    colours: Colours
    captions: Captions
    title_card: Title
    end_card: End
    bold: typesetting.Fonts
    medium: typesetting.Fonts

    @classmethod
    def of(cls, preset: Preset, canvas: Canvas) -> Self:
        return cls(
            canvas, preset.series, preset.colours, preset.captions, preset.title_card, preset.end_card,
            typesetting.chain(preset.type, "bold"), typesetting.chain(preset.type, "medium"),
        )  # fmt: skip

    def fonts(self, weight: typesetting.Weight) -> typesetting.Fonts:
        return self.bold if weight == "bold" else self.medium

    def between(self, share: float) -> tuple[int, int, int]:
        """The colour at `share` of the way from the ground to the ink."""
        ground, ink = (ImageColor.getrgb(colour)[:3] for colour in (self.colours.ground, self.colours.ink))
        red, green, blue = (round(a + (b - a) * share) for a, b in zip(ground, ink, strict=True))
        return red, green, blue

    @cached_property
    def plain(self) -> Image.Image:
        """A ground for cards: the outline of a hexagon nut, large, barely lighter than the ground, cut by the edge."""
        wide, high = self.canvas.size
        image = Image.new("RGBA", (wide, high), self.colours.ground)
        centre = (wide - NUT[0], NUT[1])
        angles = np.radians(np.arange(6) * 60 + 12)
        large = Image.new("L", (wide * 2, high * 2), 0)
        pen = ImageDraw.Draw(large)
        corners = [(2 * (centre[0] + NUT_RADIUS * np.cos(a)), 2 * (centre[1] + NUT_RADIUS * np.sin(a))) for a in angles]
        pen.polygon([(float(x), float(y)) for x, y in corners], fill=255)
        pen.ellipse([2 * (c + side * NUT_BORE) for side in (-1, 1) for c in centre], fill=0)
        image.paste(self.between(0.05), (0, 0), large.resize((wide, high), Image.Resampling.BOX))
        return image
