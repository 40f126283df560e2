"""What was made and why, on a contact sheet to look at."""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from basis.notes import Note
from pipeline.footage.stream import Frame
from pipeline.graphics.blend import rgb
from pipeline.plan import Plan, Shot, Take, corners
from pipeline.sound import SoundReport
from pipeline.typesetting import wrap
from pipeline.typesetting.fonts import font_at

ROW = 360  # height of a row's pictures in pixels
MOST_ROWS = 60  # of a contact sheet; a longer episode shows its shots evenly picked
FONT, SIZE, LEADING = "Roboto", 20, 27  # of text, the last two in pixels
TEXT = 380  # width of a row's text
GAP = 12
GROUND, INK, FAINT, CROP, LINE = (24, 26, 28), (240, 240, 236), (160, 164, 168), (255, 140, 40), (60, 64, 68)
SOUND_ROW, MOST_LINES = 220, 20  # height of the loudness curve's row, lines that say how the sound was read
Line = tuple[str, tuple[int, int, int]]  # text and its colour
TOP_LUFS, BOTTOM_LUFS = 0, -60  # of the loudness curve


class ContactSheet:
    """One row a shot: the footage with the crop and everybody's number drawn on it, the result beside it, why, and notes.

    The moment shown is a third into the shot; the end card, if there is one, is the last row but that of the sound's
    loudness. It is shown the frames that are made anyway (see) and keeps small copies of those that it needs.
    """

    def __init__(self, plan: Plan, notes: Sequence[Note] = ()) -> None:
        self._plan, self._notes = plan, notes
        rows = list(_rows(plan))
        if len(rows) > MOST_ROWS:
            rows = [rows[i] for i in np.linspace(0, len(rows) - 1, MOST_ROWS).astype(int)]
        self._shots = {row.frame: row for row in rows}
        self._drawn: dict[int, Image.Image] = {}
        self._end = plan.frame_count - 1 if plan.tail else None

    @property
    def frames(self) -> list[int]:
        """The episode's frame numbers that the sheet shows."""
        return sorted({*self._shots, *([] if self._end is None else [self._end])})

    def see(self, number: int, original: Frame | None, result: Frame) -> None:
        """Takes a frame of the footage (None after its end) and what became of it, both I420."""
        if number in self._shots and original is not None:
            row = self._shots[number]
            shot = row.shot
            text = [
                (f"shot {row.number}  {shot.layout}  at {number / float(self._plan.clock.rate):.1f} s", INK),
                (f"{row.take.file.name}  {shot.start:.2f} to {shot.end:.2f} s", FAINT),
                (shot.reason, INK),
                *((f"{name} {score:.2f}", FAINT) for name, score in shot.scores.items() if len(shot.scores) > 1),
                *((note.text, CROP) for note in self._notes if note.shot == row.number),
            ]
            self._drawn[number] = _join(_with_crop(rgb(original), shot, row.second), rgb(result), text)
        elif number == self._end:
            self._drawn[number] = _join(None, rgb(result), [("end card", INK), (f"{self._plan.tail:g} s", FAINT)])

    def image(self, heard: SoundReport | None = None, noticed: Sequence[Note] = ()) -> Image.Image:
        """The whole sheet of what was seen, and of what was heard if there is any. noticed: while it was rendered."""
        drawn = [self._drawn[number] for number in sorted(self._drawn)]
        width = max(image.width for image in drawn)
        if heard and heard.curve:
            drawn.append(_loudness(heard, self._plan, width))
        shown = {row.number for row in self._shots.values()}
        others = [note for note in self._notes if note.shot not in shown]
        if below := [(note.text, CROP) for note in (*others, *noticed)]:
            lines = _wrapped(below, width - 2 * GAP)[:MOST_LINES]
            drawn.append(Image.new("RGB", (width, LEADING * len(lines) + 2 * GAP), GROUND))
            _write(drawn[-1], GAP, lines)
        sheet = Image.new("RGB", (width, sum(image.height for image in drawn)), GROUND)
        y = 0
        for image in drawn:
            sheet.paste(image, (0, y))
            y += image.height
        return sheet


class _Row(NamedTuple):
    """The moment that shows a shot: its frame of the episode, the shot's number from 1, and its second of the footage."""

    frame: int
    number: int
    take: Take
    second: float
    shot: Shot


def _rows(plan: Plan) -> Iterator[_Row]:
    first, numbers = 0, count(1)
    for take in plan.takes:
        frames = plan.clock.frames(*take.span)
        for shot in take.shots:
            frame = min(frames - 1, plan.clock.frame(shot.moment - take.start))
            yield _Row(first + frame, next(numbers), take, take.start + plan.clock.second(frame), shot)
        first += frames


def _with_crop(original: NDArray[np.uint8], shot: Shot, second: float) -> NDArray[np.uint8]:
    side = original.shape[0] // 24
    for somebody in shot.faces:
        x, y = round(somebody.box.x), round(somebody.box.y)
        corner = (round(somebody.box.right), round(somebody.box.bottom))
        cv2.rectangle(original, (x, y), corner, INK, max(1, side // 15))
        y = max(y, side)  # the number stays inside the picture
        label, type_, thick = str(somebody.person), (cv2.FONT_HERSHEY_SIMPLEX, side / 30), max(1, side // 12)
        (wide, high), _ = cv2.getTextSize(label, *type_, thick)
        cv2.rectangle(original, (x, y - side), (x + wide + side // 2, y), GROUND, -1)
        cv2.putText(original, label, (x + side // 4, y - (side - high) // 2), *type_, INK, thick, cv2.LINE_AA)
    for pane, (x, y) in zip(shot.panes, corners(shot, np.array([second]))[0], strict=True):
        if pane.width < shot.picture.width or pane.height < shot.picture.height:
            a, b = (round(x), round(y)), (round(x + pane.width), round(y + pane.height))
            cv2.rectangle(original, a, b, CROP, max(2, original.shape[0] // 180))
    return original


def _join(original: NDArray[np.uint8] | None, result: NDArray[np.uint8], text: Sequence[Line]) -> Image.Image:
    pictures = [image for image in (original, result) if image is not None]
    scaled = [
        Image.fromarray(cv2.resize(p, (round(p.shape[1] * ROW / p.shape[0]), ROW), interpolation=cv2.INTER_AREA))
        for p in pictures
    ]
    width = max(640 + 203 + 2 * GAP, sum(image.width for image in scaled) + GAP * len(scaled)) + TEXT + GAP
    row = Image.new("RGB", (width, ROW + GAP), GROUND)
    x = GAP
    for image in scaled:
        row.paste(image, (x, GAP // 2))
        x += image.width + GAP
    _write(row, x, _wrapped(text, TEXT - GAP))
    return row


def _loudness(heard: SoundReport, plan: Plan, width: int) -> Image.Image:
    """The loudness over time as wide as the sheet: as recorded, mastered, and where somebody speaks."""
    lines = []
    for name, measured, colour in (("as recorded", heard.before, FAINT), ("mastered", heard.after, INK)):
        loud = "silent" if measured.integrated is None else f"{measured.integrated:.1f} LUFS"
        peak = "" if measured.true_peak is None else f", peak {measured.true_peak:.1f} dBTP"
        lines.append((f"{name}  {loud}{peak}", colour))
    cut = [pause.at for pause in plan.pauses if not pause.kept]
    lines.append(("somebody speaks" + (", | a pause is cut" if cut else ""), CROP))
    lines += _wrapped([(one, FAINT) for one in heard.heard], TEXT - GAP)[:MOST_LINES]
    row = Image.new("RGB", (width, max(SOUND_ROW, LEADING * (len(lines) + 1) + 2 * GAP)), GROUND)
    draw = ImageDraw.Draw(row)
    left, right, top, bottom = GAP + 45, width - TEXT - GAP, GAP, SOUND_ROW - 4 * GAP

    def place(second: float, level: float) -> tuple[float, float]:
        down = (TOP_LUFS - min(max(level, BOTTOM_LUFS), TOP_LUFS)) / (TOP_LUFS - BOTTOM_LUFS)
        return left + (right - left) * second / plan.duration, top + (bottom - top) * down

    for start, end in plan.speech:
        draw.rectangle((place(start, 0)[0], bottom + 4, place(end, 0)[0], bottom + 10), fill=CROP)
    for x in (place(at, 0)[0] for at in cut):
        draw.line((x, bottom - 14, x, bottom + 10), fill=INK, width=2)
    for level in range(BOTTOM_LUFS, TOP_LUFS + 1, 20):
        y = place(0, level)[1]
        draw.line((left, y, right, y), fill=LINE)
        draw.text((GAP, y - 11), str(level), font=font_at(FONT, SIZE), fill=FAINT)
    for column, colour in ((1, FAINT), (2, INK)):
        draw.line([place(point[0], point[column]) for point in heard.curve], fill=colour, width=2)
    _write(row, right + GAP, lines)
    return row


def _wrapped(paragraphs: Sequence[Line], width: int) -> list[Line]:
    return [(line, colour) for text, colour in paragraphs for line in wrap(text, (FONT,), SIZE, width)]


def _write(row: Image.Image, x: int, lines: Sequence[Line]) -> None:
    """Writes lines one below the other, from the top of a row."""
    for number, (text, colour) in enumerate(lines):
        ImageDraw.Draw(row).text((x, GAP + LEADING * number), text, font=font_at(FONT, SIZE), fill=colour)
