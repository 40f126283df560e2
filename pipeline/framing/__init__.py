"""How each shot fills the output: every way is scored, the best is built."""

from pipeline.framing.scoring import NEAR, Look, Wish, frame

__all__ = ["NEAR", "Look", "Wish", "frame"]
