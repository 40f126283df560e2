"""How each shot fills the output: every way is scored, the best is built."""

from pipeline.framing.scoring import Look
from pipeline.framing.shots import Wish, can_be_asked, doubts, frame, with_faces

__all__ = ["Look", "Wish", "can_be_asked", "doubts", "frame", "with_faces"]
