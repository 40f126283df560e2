"""The small graphics: lower thirds, series mark, partner line, chapter stickers and the progress line."""

import numpy as np
from PIL import Image, ImageDraw

from pipeline import typesetting as text
from pipeline.graphics.content import partners
from pipeline.graphics.layers import EXIT, Enter, Graphic, Layer, canvas, graphic, picture, plate
from presets import Preset
from presets.graphics import Chapter, LowerThird, Mark, PartnerLine, Progress

# output pixels, DELIVERY.md's safe areas
LEFT, RIGHT = 70, 890
NAME_BOTTOM = 1104  # of a lower third, unless it is placed elsewhere
MARK_AT, MARK_HEIGHT = (66, 222), 56
PARTNERS_AT, PARTNERS_HEIGHT = (66, 286), 44
CHAPTER_TOP = 372
PROGRESS_AT, PROGRESS_SIZE = (70, 1476), (820, 8)
MARK_OPACITY = 0.72  # white type keeps 6:1 over white footage
PICTURE_PAD = 9  # pixels of plate around the picture of a mark
INSET, NAME_PAD, NAME_RADIUS, NAME_OPACITY, BAR = 34, 20, 14, 0.86, 8
NAME_ENTRY = 0.34  # seconds
SLIDE, STAGGER = 22, 0.1  # pixels that type glides in behind its plate, and seconds by which it follows
CHAPTER_SIZE, CHAPTER_HEIGHT, CHAPTER_PAD = 40, 76, 24
TRACK_OPACITY = 0.55  # of the progress line's ground
PROGRESS_STEP = 2  # pixels

NameRow = tuple[str, text.Fonts, int, int, bool]


def name_size(person: LowerThird, preset: Preset) -> tuple[int, int]:
    """Width and height in pixels of a lower third."""
    return _name_box(*_name_rows(person, preset))


def lower_third(person: LowerThird, preset: Preset) -> Graphic:
    """Name and role; the plate is uncovered from its side, the type glides in behind it."""
    rows, between = _name_rows(person, preset)
    size = _name_box(rows, between)
    right = person.side == "right"
    ground = plate(size, preset.colours.ground, NAME_OPACITY, NAME_RADIUS)
    bar = size[0] - BAR if right else 0
    edge = plate(size, preset.colours.accent, 1.0, NAME_RADIUS).crop((bar, 0, bar + BAR, size[1]))
    wipe = Enter(seconds=NAME_ENTRY, wipe="right" if right else "left", fade=False)
    layers = [Layer(ground, enter=wipe), Layer(edge, bar, enter=wipe)]
    y = NAME_PAD
    for line, fonts, high, step, is_role in rows:
        written = canvas(size[0], step + 8)
        text.write(written, (INSET, 2), line, fonts, high, preset.colours.ink)
        late = Enter(delay=STAGGER * (1 + is_role), seconds=NAME_ENTRY, dx=SLIDE if right else -SLIDE)
        layers.append(Layer(written, 0, y + (between if is_role else 0) - 2, late))
        y += step
    x = RIGHT - size[0] if right else LEFT
    bottom = NAME_BOTTOM if person.bottom is None else person.bottom
    entry = 2 * STAGGER + NAME_ENTRY
    return graphic(
        lambda _: layers, size, (x, bottom - size[1]), person.start, person.end, entry=entry, leave=EXIT
    )  # fmt: skip


def _name_box(rows: list[NameRow], between: int) -> tuple[int, int]:
    widest = max((text.width(line, fonts, size) for line, fonts, size, *_ in rows), default=0.0)
    return canvas(widest + 2 * INSET, sum(step for *_, step, _ in rows) + between + 2 * NAME_PAD).size


def _name_rows(person: LowerThird, preset: Preset) -> tuple[list[NameRow], int]:
    """(line, fonts, type size, step to the next line, whether it is the role's), and the space between name and role."""
    bold, medium = text.chain(preset.type, "bold"), text.chain(preset.type, "medium")
    room = RIGHT - LEFT - 2 * INSET
    names, size = text.fit(person.name, bold, 52, room, 1, 44)
    if len(names) > 1:
        names, size = text.fit(person.name, bold, 48, room, 2, 34)
    roles, small = text.fit(person.role, medium, 36, room, 2, 30) if person.role.strip() else ([], 36)
    rows = [(line, bold, size, round(size * 1.16), False) for line in names]
    rows += [(line, medium, small, round(small * text.LEADING), True) for line in roles]
    return rows, 6 if names and roles else 0


def mark(placed: Mark, preset: Preset) -> Graphic:
    """The series' picture, or its name, on a quiet plate."""
    if preset.series.mark:
        drawn = picture(preset.series.mark, MARK_HEIGHT - 2 * PICTURE_PAD, RIGHT - MARK_AT[0] - 2 * PICTURE_PAD)
        image = plate((drawn.width + 2 * PICTURE_PAD, MARK_HEIGHT), preset.colours.ground, MARK_OPACITY, 12)
        image.alpha_composite(drawn, (PICTURE_PAD, (MARK_HEIGHT - drawn.height) // 2))
    else:
        fonts, room = text.chain(preset.type, "bold"), RIGHT - MARK_AT[0] - 56
        lines, size = text.fit(preset.series.name or " ", fonts, 30, room, 1, 16)
        image = _quiet(lines[:1], fonts, size, MARK_HEIGHT, preset)
    return graphic(lambda _: [Layer(image)], image.size, MARK_AT, placed.start, placed.end)


def partner_line(placed: PartnerLine, preset: Preset) -> Graphic:
    """Those behind the series, small, below the mark."""
    fonts = text.chain(preset.type, "medium")
    lines, size = text.fit(partners(placed, preset), fonts, 24, RIGHT - PARTNERS_AT[0] - 40, 2, 20)
    image = _quiet(lines, fonts, size, PARTNERS_HEIGHT, preset, bar=False)
    return graphic(lambda _: [Layer(image)], image.size, PARTNERS_AT, placed.start, placed.end)


def _quiet(
    lines: list[str], fonts: text.Fonts, size: int, height: int, preset: Preset, bar: bool = True
) -> Image.Image:
    """Lines on a plate that lets the footage through."""
    step = round(size * text.LEADING)
    left = 36 if bar else 20
    wide = max((text.width(line, fonts, size) for line in lines), default=0.0)
    room = canvas(wide + left + 20, max(height, step * len(lines) + 14)).size
    image = plate(room, preset.colours.ground, MARK_OPACITY, 12)
    if bar:
        ImageDraw.Draw(image).rectangle((16, 17, 21, image.height - 18), fill=preset.colours.accent)
    top = (image.height - step * len(lines)) / 2
    for number, line in enumerate(lines):
        text.write(image, (left, top + number * step), line, fonts, size, preset.colours.ink)
    return image


def chapter_size(placed: Chapter, preset: Preset) -> tuple[int, int]:
    """Width and height in pixels of a chapter sticker."""
    return _chapter(placed, preset).size


def chapter(placed: Chapter, preset: Preset) -> Graphic:
    """A sticker in the series' colour, below the mark; it is uncovered from its side."""
    image = _chapter(placed, preset)
    x = RIGHT - image.width if placed.side == "right" else LEFT
    wipe = Enter(wipe="right" if placed.side == "right" else "left", fade=False)
    return graphic(
        lambda _: [Layer(image, enter=wipe)], image.size, (x, CHAPTER_TOP if placed.top is None else placed.top), placed.start, placed.end,
        entry=wipe.seconds, leave=EXIT,
    )  # fmt: skip


def _chapter(placed: Chapter, preset: Preset) -> Image.Image:
    fonts, look = text.chain(preset.type, "bold"), preset.colours
    number = "" if placed.number is None else str(placed.number)
    head = round(text.width(number, fonts, CHAPTER_SIZE)) + 2 * CHAPTER_PAD if number else 0
    lines, size = text.fit(placed.text, fonts, CHAPTER_SIZE, RIGHT - LEFT - head - 2 * CHAPTER_PAD, 2, 28)
    step = round(size * text.LEADING)
    wide = max(text.width(line, fonts, size) for line in lines)
    whole = canvas(head + wide + 2 * CHAPTER_PAD, max(CHAPTER_HEIGHT, step * len(lines) + 24)).size
    image = plate(whole, look.accent, 1.0, 14)
    if number:
        image.paste(plate(whole, look.ground, 1.0, 14).crop((0, 0, head, whole[1])), (0, 0))
        rise = (whole[1] - CHAPTER_SIZE * text.LEADING) / 2
        text.write(image, (CHAPTER_PAD, rise), number, fonts, CHAPTER_SIZE, look.accent)
    top = (whole[1] - step * len(lines)) / 2
    for row, line in enumerate(lines):
        text.write(image, (head + CHAPTER_PAD, top + row * step), line, fonts, size, look.ground)
    return image


def progress(placed: Progress, preset: Preset) -> Graphic:
    """A line that fills from start to end."""
    width, height = PROGRESS_SIZE
    track = plate(PROGRESS_SIZE, preset.colours.ground, TRACK_OPACITY, height // 2)
    full = plate(PROGRESS_SIZE, preset.colours.accent, 1.0, height // 2)

    def paint(state: int) -> list[Layer]:
        image = track.copy()
        image.paste(full.crop((0, 0, state * PROGRESS_STEP, height)), (0, 0))
        return [Layer(image)]

    steps = width // PROGRESS_STEP
    changes = (placed.end - placed.start) * np.arange(1, steps + 1) / steps
    return graphic(paint, PROGRESS_SIZE, PROGRESS_AT, placed.start, placed.end, changes=[float(t) for t in changes])
