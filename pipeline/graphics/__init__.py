"""MoviePy clips drawn over the picture: captions, lower thirds, title, end card, marks."""

from dataclasses import dataclass

from moviepy import VideoClip


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
