"""Everything that can be drawn over the picture, one file a kind."""

from pipeline.graphics.kinds.kind import Area, Board, Candidate, GraphicKind, together
from pipeline.graphics.kinds.registry import KINDS, draw, is_shown, kind_of

__all__ = ["KINDS", "Area", "Board", "Candidate", "GraphicKind", "draw", "is_shown", "kind_of", "together"]
