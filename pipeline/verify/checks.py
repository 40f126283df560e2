"""What a check is, and what of checks that failed a person should know."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from basis.data import Data
from basis.notes import Note
from presets.delivery.spec import Source

Level = Literal["error", "warning"]


class Check(Data):
    """One thing measured against its limit; not ok is a finding, at level error or warning."""

    name: str
    measured: str
    limit: str
    ok: bool
    level: Level
    sure: str
    source: str


class Row(NamedTuple):
    """A check before it is told how sure its limit is, which the spec says of its group."""

    group: str
    name: str
    measured: object
    limit: str
    ok: bool
    level: Level = "error"

    def check(self, source: Source) -> Check:
        """The whole check, its limit being from a source."""
        return Check(
            name=self.name, measured=str(self.measured), limit=self.limit, ok=bool(self.ok), level=self.level,
            **source.model_dump(),
        )  # fmt: skip


def notes(checks: Sequence[Check]) -> list[Note]:
    """What of a file that is delivered all the same a person should know."""
    return [
        Note(code=f"delivery-{one.name.replace(' ', '-')}", text=f"{one.name}: {one.measured}, {one.limit}", level="warning")
        for one in checks if not one.ok and one.level == "warning"
    ]  # fmt: skip
