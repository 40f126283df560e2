"""MoviePy clips drawn over the picture: captions, lower thirds, title, cards, marks."""

from pipeline.graphics.kinds import draw
from pipeline.graphics.kinds.kind import Written
from pipeline.graphics.layers import Graphic
from pipeline.graphics.look import Canvas, Look
from pipeline.graphics.onscreen import on_screen
from pipeline.graphics.placement import place
from pipeline.graphics.schedule import font_notes, has_end_card, notes, schedule

__all__ = [
    "Canvas",
    "Graphic",
    "Look",
    "Written",
    "draw",
    "font_notes",
    "has_end_card",
    "notes",
    "on_screen",
    "place",
    "schedule",
]
