"""The brief of one episode: one model behind the command line's flags, a TOML file and a season's entry."""

import difflib
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from pipeline.errors import WrongUse

_CLOCK = re.compile(r"(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:[.,]\d+)?)")


def seconds(value: object) -> float:
    """Seconds from a number or from "SS", "MM:SS" or "HH:MM:SS", with a decimal point or comma.

    Raises ValueError for anything else, for minutes or seconds of 60 and above behind a colon, and for more
    than 100 hours.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        total = float(value)
    else:
        match = _CLOCK.fullmatch(str(value).strip())
        if not match:
            raise ValueError(f"{value!r} is not a time; write seconds or HH:MM:SS, as 70 or 00:01:10")
        hours, minutes, rest = int(match[1] or 0), int(match[2] or 0), float(match[3].replace(",", "."))
        if (match[1] and minutes >= 60) or (match[2] and rest >= 60):
            raise ValueError(f"{value!r} has more than 59 minutes or seconds")
        total = hours * 3600 + minutes * 60 + rest
    if not 0 <= total <= 360_000:
        raise ValueError(f"{value!r} is not a time in the footage")
    return total


Seconds = Annotated[float, BeforeValidator(seconds)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Footage(_Entry):
    """One stretch of one file: [from, to) in seconds of the file; to is the end of the file unless given."""

    file: Path
    from_: Seconds = Field(0.0, alias="from")
    to: Seconds | None = None
    audio_stream: int | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.to is not None and self.to <= self.from_:
            what = "is empty" if self.to == self.from_ else "runs backwards"
            raise ValueError(f"the range {self.from_:g} to {self.to:g} of {self.file} {what}; --to must be later")
        return self


class Person(_Entry):
    """Somebody to name on screen: at episode second `at`, or at the first shot unless given."""

    name: str = Field(min_length=1, max_length=80)
    role: str = Field("", max_length=160)
    at: Seconds | None = None
    side: Literal["left", "right"] | None = None


class Wanted(_Entry):
    """What the editor wants to see in the shot at an episode second: "person 2", "everybody", "what moves",
    "what stands out", "split", "fit", "left", "middle" or "right"; the contact sheet numbers the people."""

    at: Seconds
    show: str = Field(min_length=1, max_length=40)


class Brief(_Entry):
    """Everything that an editor says about one episode. Paths in a TOML file are relative to that file."""

    footage: list[Footage] = Field(min_length=1)
    number: int | None = Field(None, ge=0, le=9999)
    title: str = Field("", max_length=200)
    captions: Path | None = None
    people: list[Person] = []
    shots: list[Wanted] = []
    music: Path | None = None
    link: str | None = Field(None, max_length=500, pattern=r"^https?://\S+$")
    preset: str = "open-industry"
    delivery: str = "vk-clips"
    output: Path | None = None


def read_brief(file: Path) -> Brief:
    """The brief in a TOML file. Raises WrongUse naming the file, the key and what to do."""
    try:
        data = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise WrongUse(f"There is no brief {file}; check the path.") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WrongUse(f"The brief {file} cannot be read: {error}.") from error
    brief = make_brief(data, str(file))
    return brief.model_copy(
        update={
            "footage": [f.model_copy(update={"file": file.parent / f.file}) for f in brief.footage],
            "captions": brief.captions and file.parent / brief.captions,
            "music": brief.music and file.parent / brief.music,
            "output": brief.output and file.parent / brief.output,
            "preset": str(file.parent / brief.preset) if brief.preset.endswith(".toml") else brief.preset,
        }
    )


def make_brief(data: dict[str, Any], where: str) -> Brief:
    """A checked brief from plain data; where names its origin in messages. Raises WrongUse."""
    try:
        return Brief.model_validate(data)
    except ValidationError as error:
        raise WrongUse(f"{where}: {explain(error, Brief)}") from error


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """One sentence for the first thing that pydantic found wrong, with the nearest known key for an unknown one."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(first["loc"][-1]), sorted(_keys(model)), n=1, cutoff=0.5)
        return f"unknown key {place}" + (f"; did you mean {near[0]}?" if near else ".")
    reason = str(first.get("ctx", {}).get("error", first["msg"])).rstrip(".")
    return f"{place}: {reason}." if place else f"{reason}."


def _keys(model: type[BaseModel]) -> set[str]:
    names: set[str] = set()
    for name, field in model.model_fields.items():
        names.add(field.alias or name)
        for kind in (field.annotation, *getattr(field.annotation, "__args__", ())):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                names |= _keys(kind)
    return names
