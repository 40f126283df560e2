"""The brief of one episode: one model behind the command line's flags, a TOML file and a season's entry."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from basis.data import Channels, Link, Seconds, seconds
from basis.errors import WrongUse
from basis.toml import explain, read_toml
from presets.graphics import PlacedGraphic


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


def _signed(value: object) -> float:
    """Seconds that may be negative."""
    text = str(value).strip()
    return -seconds(text[1:]) if text.startswith("-") else seconds(text)


def _as_list(value: object) -> object:
    """One file alone."""
    return [value] if isinstance(value, str | Path) else value


def _a_name(value: Path) -> Path:
    """A path that a file can have."""
    if "\0" in str(value):
        raise ValueError(f"{str(value)!r} is not the name of a file")
    return value


File = Annotated[Path, AfterValidator(_a_name)]


class Footage(_Entry):
    """One stretch of one file: [from, to) in seconds of the file; to is the end of the file unless given.

    captions: a caption file whose times are the file's, as a transcript of the raw footage has them. audio: a separate
    recorder's file, heard instead of the camera's sound; audio_offset: its second at the file's start, found by
    listening unless given. channels: how the sound is read, chosen by listening unless given.
    """

    file: File
    from_: Seconds = Field(0.0, alias="from")
    to: Seconds | None = None
    audio_stream: int | None = Field(None, ge=0)
    captions: File | None = None
    audio: File | None = None
    audio_offset: Annotated[float, BeforeValidator(_signed)] | None = None
    channels: Channels | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        return {"file": value} if isinstance(value, str | Path) else value

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.to is not None and self.to <= self.from_:
            what = "is empty" if self.to == self.from_ else "runs backwards"
            raise ValueError(f"the range {self.from_:g} to {self.to:g} of {self.file} {what}; it must end (--to) later than it begins")
        return self

    @model_validator(mode="after")
    def _offset_of_something(self) -> Self:
        if self.audio_offset is not None and self.audio is None:
            raise ValueError("audio_offset places a separate recording; name it with audio")
        return self


class Person(_Entry):
    """Somebody to name on screen: at episode second `at`, or when first seen unless given.

    person: the number on the contact sheet. Without one, side tells who it is where two are seen, else the order does.
    As text: "Имя, роль", "Имя, роль @ 12.5" or "Имя, роль @ person 2".
    """

    name: str = Field(min_length=1, max_length=80)
    role: str = Field("", max_length=160)
    at: Seconds | None = None
    side: Literal["left", "right"] | None = None
    person: int | None = Field(None, ge=1, le=999)

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        words, _, at = value.partition("@")
        name, _, role = words.partition(",")
        number = at.strip().removeprefix("person ")
        when = {} if not at else {"at": at.strip()} if number == at.strip() else {"person": number}
        return {"name": name.strip(), "role": role.strip()} | when


class Wanted(_Entry):
    """What the editor wants to see in the shot at an episode second: "person 2", "everybody", "what moves",
    "what stands out", "split", "fit", "left", "middle" or "right"; the contact sheet numbers the people.

    As text: "12.5 = person 2".
    """

    at: Seconds
    show: str = Field(min_length=1, max_length=40)

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        at, equals, show = value.partition("=")
        if not equals:
            raise ValueError(f'{value!r} has no =; write it as "12.5 = person 2"')
        return {"at": at.strip(), "show": show.strip()}


class Brief(_Entry):
    """Everything that an editor says about one episode. Paths in a TOML file are relative to that file.

    captions: a file whose times are the episode's. following: what comes next, for the end card. tighten: take long
    pauses out of talk; keep_pauses: seconds, in the captions' time, whose pauses stay. Times of captions count no pause
    as taken out, all others do.
    """

    footage: Annotated[list[Footage], BeforeValidator(_as_list)] = Field(min_length=1)
    number: int | None = Field(None, ge=0, le=9999)
    title: str = Field("", max_length=200)
    captions: File | None = None
    people: list[Person] = Field([], max_length=100)
    shots: list[Wanted] = []
    graphics: list[PlacedGraphic] = Field([], max_length=500)
    music: File | None = None
    tighten: bool = False
    keep_pauses: list[Seconds] = Field([], max_length=1000)
    link: Link | None = None
    following: str = Field("", max_length=120)
    preset: str = "open-industry"
    delivery: str = "vk-clips"
    output: File | None = None

    @field_validator("keep_pauses")
    @classmethod
    def _pauses_are_looked_for(cls, value: list[float], info: ValidationInfo) -> list[float]:
        if value and not info.data.get("tighten", True):
            raise ValueError("pauses are kept only where they are taken out; say tighten (--tighten) too")
        return value

    @property
    def inputs(self) -> list[Path]:
        """The files that the episode is made from."""
        given = [*(f.captions for f in self.footage), *(f.audio for f in self.footage), self.captions, self.music]
        return [*(f.file for f in self.footage), *(file for file in given if file)]


def read_brief(file: Path) -> Brief:
    """The brief in a TOML file. Raises WrongUse naming the file, the key and what to do."""
    try:
        data = read_toml(file)
    except FileNotFoundError:
        raise WrongUse(f"There is no brief {file}; check the path.") from None
    except (OSError, ValueError) as error:
        raise WrongUse(f"The brief {file} cannot be read: {error}.") from error
    return beside(make_brief(data, str(file)), file.parent)


def beside(brief: Brief, folder: Path) -> Brief:
    """A brief whose relative paths are those of a folder."""
    footage = [
        f.model_copy(
            update={
                "file": folder / f.file, "captions": f.captions and folder / f.captions, "audio": f.audio and folder / f.audio,
            }
        )
        for f in brief.footage
    ]  # fmt: skip
    own = {key: value and folder / value for key in ("captions", "music", "output") if (value := getattr(brief, key))}
    data = {
        key: str(folder / named) for key in ("preset", "delivery") if (named := getattr(brief, key)).lower().endswith(".toml")
    }
    return brief.model_copy(update={"footage": footage} | own | data)


def make_brief(data: dict[str, Any], where: str) -> Brief:
    """A checked brief from plain data; where names its origin in messages. Raises WrongUse."""
    try:
        return Brief.model_validate(data)
    except ValidationError as error:
        raise WrongUse(f"{where}: {explain(error, Brief)}") from error
