"""What a person should know about an episode: a sentence that a page, a report and CI can point at."""

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from basis.data import Data, Text


class Note(Data):
    """One thing to know.

    code: what kind of thing, words with hyphens ("no-place", "fast-speech"); the same for every note of its kind.
    text: one sentence for the editor. at: the episode second that it is about, None where it is about no moment.
    shot: number of the shot on the contact sheet, from 1. level: "warning" where the result may be wrong, "note" where
    it is only worth knowing.
    """

    code: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    text: Text
    at: float | None = None
    shot: int | None = None
    level: Literal["note", "warning"] = "note"

    def __str__(self) -> str:
        return self.text


def distinct(notes: Iterable[Note]) -> list[Note]:
    """The notes in order, none of which says what one before it said."""
    return list({note.text: note for note in reversed([*notes])}.values())[::-1]
