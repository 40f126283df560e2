"""The two kinds of eyes.

An Analyser sees footage frame by frame; what it finds is kept by the file's content. A Finder sees a whole shot, with
all that the analysers found in it, and names its subjects. Either is known once it stands in its registry below.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from pydantic import TypeAdapter

from basis.tools import Tools
from pipeline.analysis.analysers import movement, saliency
from pipeline.analysis.analysers.cuts import Cuts
from pipeline.analysis.analysers.faces import Faces
from pipeline.analysis.types import Track
from pipeline.analysis.view import ShotView, View
from pipeline.footage.source import Source


class Analyser(Protocol):
    """Looks at one block of footage. records: turns what it finds into JSON and back.

    What it finds at a moment may depend on the frames of the second before it and of half a second after it, not more.
    """

    records: TypeAdapter[list[tuple[float, Any]]]

    def __init__(self, source: Source, tools: Tools) -> None: ...

    def see(self, view: View) -> None:
        """Takes the next frame."""

    def found(self) -> list[tuple[float, Any]]:
        """(footage second, record) of all that was found, in order; asked once, after the last frame."""


Finder = Callable[[ShotView, list[Track]], list[Track]]  # the tracks found before it -> those, mended, and its own

ANALYSERS: Mapping[str, type[Analyser]] = {"cuts": Cuts, "faces": Faces}  # what each finds lies under its name
FINDERS: Mapping[str, Finder] = {"motion": movement.find, "salient": saliency.find}  # in this order, faces being first
