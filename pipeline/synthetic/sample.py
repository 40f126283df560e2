"""One picture of everything that a preset looks like, on made footage, so that nobody renders a film to see a colour."""

from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple, get_args

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

import assets
from basis.boxes import Box
from basis.clock import Clock
from basis.errors import MissingTool
from basis.notes import Note, distinct
from pipeline import graphics, picture, typesetting
from pipeline.brief import make_brief
from pipeline.footage.stream import Frame
from pipeline.footage.yuv import BLACK, GRAY, planes
from pipeline.graphics.blend import RGB_TO_YUV, Overlay, rgb
from pipeline.graphics.kinds import KINDS, GraphicKind
from pipeline.plan import Knot, Pane, Plan, Shot, Take, corners
from pipeline.synthetic import demo
from presets import Preset, delivery, pictures
from presets.graphics import CaptionStyle, PlacedGraphic

SPEC = "vk-clips"  # whose size and safe area the picture has
SIZE = (1080, 1920)
FOOTAGE = (1920, 1080)
PANEL = (360, 640)  # pixels of a panel on the sheet
COLUMNS, GAP, LABEL = 6, 24, 58  # panels in a row; pixels between panels, and of the two lines below each
GROUND, INK, FAINT = (24, 26, 28), (240, 240, 236), (160, 164, 168)
RATE = Fraction(25)
SECONDS, MOMENT = 5.0, 2.4  # that the graphics of a panel last, and at which they are seen
WHITE = 235  # luma, limited range
RUSSIAN = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя" + "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ" + "0123456789"
FACE, FACE_TOP = 220, 310  # height of a face in the footage and y of its top, in pixels


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
    tiles = [(panel.name, panel.remark, _drawn(panel, preset)) for panel in panels]
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


def notes(preset: Preset) -> list[Note]:
    """What of the preset's own texts would not be seen as it is written.

    Raises WrongUse for a graphic of the preset that cannot be drawn.
    """
    usual = {"title_card": {"number": 1}, "mark": {}, "partner_line": {}, "end_card": {}}
    own = [kind.model(**usual[name]) for name, kind in _kinds().items() if name in usual] + preset.graphics
    made, look = _plan(WHOLE, own), _look(preset)
    made.graphics, _ = graphics.place(made, look, [])
    graphics.draw(made, look)
    found = graphics.notes(make_brief({"footage": [{"file": "sample"}]}, "The sample"), preset, look, own)
    alphabet: graphics.Written = [(RUSSIAN, "bold"), (RUSSIAN, "medium")]
    letters = [note for note in found if note.code != "other-font"] + graphics.font_notes(alphabet, look)
    return distinct([*letters, *_marks(preset)])


def _marks(preset: Preset) -> list[Note]:
    """What of the marks would hardly be seen."""
    keys = {"mark": [preset.series.mark], "partner_marks": preset.series.partner_marks}
    return [
        Note(code="mark", text=f"series.{key}: {Path(file).name} {doubt}.", level="warning")
        for key, files in keys.items()
        for file in filter(None, files)
        for doubt in pictures.doubts(pictures.read(file), preset.colours.ground)
    ]


def _panels(preset: Preset) -> list[_Panel]:
    """Panels for each kind of graphic in its sample, for captions in all styles, and for what the preset places itself."""
    talk, pair = _footage([(960, False)]), _footage([(480, False), (1440, True)])
    samples = {name: kind.sample(SECONDS) for name, kind in _kinds().items()}
    said, usual, mark = samples.pop("caption"), preset.captions.style, preset.mark
    title = samples.pop("title_card")
    panels = [_Panel("title card", _on(preset.title_card.on, f"over: {preset.title_card.over}"), [title], talk)]
    for style in sorted(get_args(CaptionStyle), key=lambda style: style != usual):
        remark = "this preset's style" if style == usual else f'captions.style = "{style}"'
        panels.append(_Panel(f"captions, style {style}", remark, [said.model_copy(update={"style": style})], talk))
    off = {"mark": mark.on, "partner line": mark.on and mark.partners, "progress": preset.progress.on}
    lacking = ", ".join(name for name, on in off.items() if not on)
    small = [samples.pop(name) for name in ("mark", "partner_line", "progress", "chapter")]
    quote, end = samples.pop("quote"), samples.pop("end_card")
    named = [samples.pop("lower_third"), said]
    panels += [
        _Panel("captions", "over white", [said], _plain(WHITE)),
        _Panel("captions", "over black", [said], _plain(BLACK)),
        _Panel("lower third with a caption", _on(preset.lower_third.on), named, talk),
        _Panel("mark, partner line, progress, chapter", f"off: {lacking}" if lacking else "", small, talk),
        _Panel("quote", f"over: {quote.over}", [quote], talk),
        *(_Panel(name.replace("_", " "), "", [sample], talk) for name, sample in samples.items()),
        _Panel("end card", _on(preset.end_card.on), [end], talk),
        _Panel("split with a caption", "on the seam", [said], pair, SPLIT),
    ]
    for placed in preset.graphics:
        moment = (placed.start + min(placed.end, placed.start + SECONDS)) / 2
        remark = f"placed by the preset at {placed.start:g} s"
        panels.append(_Panel(placed.kind.replace("_", " "), remark, [placed], talk, moment=moment))
    return panels


def _kinds() -> dict[str, GraphicKind[Any]]:
    """Every kind by its name in presets and briefs."""
    return {kind.model.model_fields["kind"].default: kind for kind in KINDS}


def _look(preset: Preset) -> graphics.Look:
    return graphics.Look.of(preset, graphics.Canvas.of(delivery.load(SPEC)))


def _on(on: bool, remark: str = "") -> str:
    return remark if on else "off in this preset"


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


def _drawn(panel: _Panel, preset: Preset) -> Image.Image:
    """The finished frame of a panel as RGB of PANEL."""
    plan = _plan(panel.shot, panel.placed)
    out = picture.blank(plan)
    picture.compose(panel.footage, panel.shot, corners(panel.shot, np.zeros(1))[0], out)
    look = _look(preset)
    plan.graphics, _ = graphics.place(plan, look, [])
    overlay = Overlay(graphics.draw(plan, look), *SIZE, RATE, preset.colours.ground)
    overlay.blend(out, Clock(RATE).frame(panel.moment))
    return Image.fromarray(cv2.resize(rgb(out), PANEL, interpolation=cv2.INTER_AREA))


def _plan(shot: Shot, placed: list[PlacedGraphic]) -> Plan:
    take = Take(file=Path("sample"), fingerprint="", start=0, end=SECONDS, audio_stream=None, shots=[shot])
    return Plan(
        made_by="sample", preset="sample", delivery=SPEC, rate=str(RATE), width=SIZE[0], height=SIZE[1],
        takes=[take], graphics=placed,
    )  # fmt: skip


def _swatches(preset: Preset) -> Image.Image:
    """The three colours with their names and values, and both weights of type, as a panel."""
    colours, look, high = preset.colours, _look(preset), PANEL[1] // 3
    panel = Image.new("RGBA", PANEL, colours.ground)
    pen = ImageDraw.Draw(panel)
    rows = (
        ("ground", colours.ground, colours.ink),
        ("ink", colours.ink, colours.ground),
        ("accent", colours.accent, colours.ground),
    )
    for number, (name, colour, ink) in enumerate(rows):
        y = number * high
        pen.rectangle((0, y, PANEL[0], y + high), fill=colour)
        typesetting.write(panel, (28, y + 52), "Ёж № 3 ₽", look.bold, 44, ink)
        typesetting.write(panel, (28, y + 114), f"{name} {colour.upper()}", look.medium, 26, ink)
    return panel.convert("RGB")
