"""One picture of everything that a preset looks like, on made footage, so that nobody renders a film to see a colour."""

from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, get_args

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

import assets
import presets
from basis.boxes import Box
from basis.clock import Clock
from basis.errors import MissingTool
from pipeline import graphics, picture
from pipeline.brief import make_brief
from pipeline.footage.stream import Frame
from pipeline.footage.yuv import BLACK, GRAY, planes
from pipeline.graphics.blend import RGB_TO_YUV, Overlay, rgb
from pipeline.graphics.cards import SIZE
from pipeline.plan import Knot, Pane, Plan, Shot, Take, corners
from pipeline.synthetic import demo
from presets import Preset
from presets.graphics import (
    Caption,
    CaptionStyle,
    Chapter,
    EndCard,
    LowerThird,
    Mark,
    PartnerLine,
    PlacedGraphic,
    Progress,
    Quote,
    TitleCard,
    Word,
)  # fmt: skip

FOOTAGE = (1920, 1080)
PANEL = (360, 640)  # pixels of a panel on the sheet
COLUMNS, GAP, LABEL = 6, 24, 58  # panels in a row; pixels between panels, and of the two lines below each
GROUND, INK, FAINT = (24, 26, 28), (240, 240, 236), (160, 164, 168)
RATE = Fraction(25)
SECONDS, MOMENT = 5.0, 2.4  # that the graphics of a panel last, and at which they are seen
WHITE = 235  # luma, limited range
FACE, FACE_TOP = 220, 310  # height of a face in the footage and y of its top, in pixels
SAID = "Здесь работал мой дед,\nпотом отец."


def _shot(layout: str, *crops: tuple[float, float, float]) -> Shot:
    """Crops, each as left, top and width in the footage, that share the output's height."""
    high = SIZE[1] / len(crops)
    panes = [
        Pane(
            width=width, height=width * high / SIZE[0], path=[Knot(t=0, x=x, y=y)],
            onto=Box(x=0, y=number * high, width=SIZE[0], height=high),
        )
        for number, (x, y, width) in enumerate(crops)
    ]  # fmt: skip
    whole = Box(x=0, y=0, width=FOOTAGE[0], height=FOOTAGE[1])
    return Shot(start=0, end=SECONDS, layout=layout, reason="", picture=whole, panes=panes)


WHOLE = _shot("hold", (656.25, 0, 607.5))
SPLIT = _shot("split", (75, 130, 810), (1035, 130, 810))


class _Panel(NamedTuple):
    """What one panel shows: its two lines of label, what is drawn, over which footage, how that is framed, and when."""

    name: str
    remark: str
    placed: list[PlacedGraphic]
    footage: Frame
    shot: Shot = WHOLE
    moment: float = MOMENT


def picture_of(preset: Preset) -> Image.Image:
    """A sheet of labelled panels, each a frame of an episode made small, and last the colours and type; RGB.

    The same preset gives the same picture. Without the demo's portrait the sample footage is a hall without people.
    Raises WrongUse for a graphic of the preset that cannot be drawn.
    """
    panels = _panels(preset)
    tiles = [(panel.name, panel.remark, _small(_drawn(panel, preset))) for panel in panels]
    tiles.append(
        ("colours and type", f"{Path(preset.type.bold).name}, {Path(preset.type.medium).name}", _swatches(preset))
    )
    step = (PANEL[0] + GAP, PANEL[1] + LABEL + GAP)
    rows = -(-len(tiles) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * step[0] + GAP, rows * step[1] + GAP), GROUND)
    pen, font = ImageDraw.Draw(sheet), ImageFont.truetype(str(assets.path("Roboto")), 20)
    for number, (name, remark, tile) in enumerate(tiles):
        x, y = GAP + number % COLUMNS * step[0], GAP + number // COLUMNS * step[1]
        sheet.paste(tile, (x, y))
        pen.text((x, y + PANEL[1] + 6), name, font=font, fill=INK)
        pen.text((x, y + PANEL[1] + 32), remark, font=font, fill=FAINT)
    return sheet


def notes(preset: Preset) -> list[str]:
    """Sentences about the preset's own texts that would not be seen as they are written.

    Raises WrongUse for a graphic of the preset that cannot be drawn.
    """
    own: list[PlacedGraphic] = [TitleCard(number=1), Mark(), PartnerLine(), EndCard(), *preset.graphics]
    made = _plan(WHOLE, own)
    made.graphics, _ = graphics.place(made, preset, [])
    graphics.draw(made, preset)
    found = graphics.notes(make_brief({"footage": [{"file": "sample"}]}, "The sample"), preset, own)
    return list(dict.fromkeys(found))


def _panels(preset: Preset) -> list[_Panel]:
    talk, pair = _footage([(960, False)]), _footage([(480, False), (1440, True)])
    usual = preset.captions.style
    title = TitleCard(end=SECONDS, number=3, title="Династия сталеваров")
    person = LowerThird(end=SECONDS, name="Анна Орлова", role="Сталевар, пятый разряд")
    chapter = Chapter(end=SECONDS, number=3, text="Литейный цех")
    quote = Quote(end=SECONDS, text="Металл не любит, когда его торопят.", author="Анна Орлова, сталевар")
    end = EndCard(end=SECONDS, link="https://vk.com/video")
    mark = preset.mark
    panels = [_Panel("title card", _on(preset.title_card.on, f"over: {preset.title_card.over}"), [title], talk)]
    for style in sorted(get_args(CaptionStyle), key=lambda style: style != usual):
        remark = "this preset's style" if style == usual else f'captions.style = "{style}"'
        panels.append(_Panel(f"captions, style {style}", remark, [_caption(style)], talk))
    off = {"mark": mark.on, "partner line": mark.on and mark.partners, "progress": preset.progress.on}
    lacking = ", ".join(name for name, on in off.items() if not on)
    panels += [
        _Panel("captions", "over white", [_caption()], _plain(WHITE)),
        _Panel("captions", "over black", [_caption()], _plain(BLACK)),
        _Panel("lower third with a caption", _on(preset.lower_third.on), [person, _caption()], talk),
        _Panel(
            "mark, partner line, progress, chapter", f"off: {lacking}" if lacking else "",
            [Mark(end=SECONDS), PartnerLine(end=SECONDS), Progress(end=SECONDS), chapter], talk,
        ),
        _Panel("quote", f"over: {quote.over}", [quote], talk),
        _Panel("end card", _on(preset.end_card.on), [end], talk),
        _Panel("split with a caption", "on the seam", [_caption()], pair, SPLIT),
    ]  # fmt: skip
    for placed in preset.graphics:
        moment = (placed.start + min(placed.end, placed.start + SECONDS)) / 2
        remark = f"placed by the preset at {placed.start:g} s"
        panels.append(_Panel(placed.kind.replace("_", " "), remark, [placed], talk, moment=moment))
    return panels


def _on(on: bool, remark: str = "") -> str:
    return remark if on else "off in this preset"


def _caption(style: CaptionStyle | None = None) -> Caption:
    """The sample words, one after the other through the panel's time."""
    step = SECONDS / len(SAID.split())
    times = iter(np.arange(len(SAID.split())) * step)
    lines = [
        [Word(text=word, start=(start := float(next(times))), end=start + step) for word in line.split()]
        for line in SAID.splitlines()
    ]
    return Caption(end=SECONDS, lines=lines, style=style)


def _footage(people: list[tuple[int, bool]]) -> Frame:
    """A hall with people whose faces' middles are at x, mirrored or not; I420. Without the portrait nobody is there."""
    hall = demo.factory(*FOOTAGE, seed=11)
    for x, mirrored in people:
        with suppress(MissingTool):
            demo.place(hall, x, FACE_TOP, FACE, mirrored)
    frame = np.empty((FOOTAGE[1] * 3 // 2, FOOTAGE[0]), np.uint8)
    yuv = cv2.split(cv2.transform(np.ascontiguousarray(hall[:, :, ::-1]), RGB_TO_YUV))
    for target, plane in zip(planes(frame), yuv, strict=True):
        cv2.resize(plane, target.shape[::-1], dst=target, interpolation=cv2.INTER_AREA)
    return frame


def _plain(luma: int) -> Frame:
    frame = np.full((FOOTAGE[1] * 3 // 2, FOOTAGE[0]), GRAY, np.uint8)
    frame[: FOOTAGE[1]] = luma
    return frame


def _drawn(panel: _Panel, preset: Preset) -> Frame:
    """The finished frame of a panel, I420 of SIZE."""
    plan = _plan(panel.shot, panel.placed)
    out = picture.blank(plan)
    picture.compose(panel.footage, panel.shot, corners(panel.shot, np.zeros(1))[0], out)
    plan.graphics, _ = graphics.place(plan, preset, [])
    overlay = Overlay(graphics.draw(plan, preset), *SIZE, RATE, preset.colours.ground)
    overlay.blend(out, Clock(RATE).frame(panel.moment))
    return out


def _plan(shot: Shot, placed: list[PlacedGraphic]) -> Plan:
    take = Take(file=Path("sample"), fingerprint="", start=0, end=SECONDS, audio_stream=None, shots=[shot])
    return Plan(
        made_by="sample", preset="sample", delivery="vk-clips", rate=str(RATE), width=SIZE[0], height=SIZE[1],
        takes=[take], graphics=placed,
    )  # fmt: skip


def _small(frame: Frame) -> Image.Image:
    """An I420 frame as RGB of PANEL."""
    return Image.fromarray(cv2.resize(rgb(frame), PANEL, interpolation=cv2.INTER_AREA))


def _swatches(preset: Preset) -> Image.Image:
    """The three colours with their names and values, and both weights of type, as a panel."""
    look, high = preset.colours, PANEL[1] // 3
    panel = Image.new("RGB", PANEL, look.ground)
    pen = ImageDraw.Draw(panel)
    bold, medium = (
        ImageFont.truetype(str(presets.font_file(font)), size)
        for font, size in ((preset.type.bold, 44), (preset.type.medium, 26))
    )
    rows = (("ground", look.ground, look.ink), ("ink", look.ink, look.ground), ("accent", look.accent, look.ground))
    for number, (name, colour, ink) in enumerate(rows):
        y = number * high
        pen.rectangle((0, y, PANEL[0], y + high), fill=colour)
        pen.text((28, y + 56), "Ёж № 3 ₽", font=bold, fill=ink)
        pen.text((28, y + 118), f"{name} {colour.upper()}", font=medium, fill=ink)
    return panel
