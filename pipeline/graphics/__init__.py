"""MoviePy clips drawn over the picture: captions, lower thirds, title, end card, marks."""

from pipeline.graphics.draw import Graphic, draw
from pipeline.graphics.schedule import notes, schedule

__all__ = ["Graphic", "draw", "notes", "schedule"]
