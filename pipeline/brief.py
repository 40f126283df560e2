"""The brief of one episode: one model behind the command line's flags, a TOML file and a season's entry."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from basis import files
from basis.data import Channels, Data, FileName, Link, Seconds, seconds
from basis.errors import WrongUse
from basis.toml import explain, read_toml
from presets.graphics import PlacedGraphic


def _signed(value: object) -> float:
    """Seconds that may be negative."""
    text = str(value).strip()
    return -seconds(text[1:]) if text.startswith("-") else seconds(text)


Signed = Annotated[float, BeforeValidator(_signed)]


def _as_list(value: object) -> object:
    """One file alone."""
    return [value] if isinstance(value, str | Path) else value


def _a_name(value: Path) -> Path:
    """A path that a file can have."""
    if "\0" in str(value):
        raise ValueError(f"{str(value)!r} is not the name of a file")
    if value == Path():
        raise ValueError("it is empty, which is not the name of a file")
    return value


File = Annotated[FileName, AfterValidator(_a_name)]


OF_SEVERAL = {"audio_stream", "channels"}  # keys of footage that may hold for many files at once
MOST_FILES = 1000  # in an episode
# what stands behind the last @ of a person and is no more of the role: a time, or what can only be meant as one
_WHEN = re.compile(r"(?s)(?P<words>.*?)(?:^|\s)@(?P<when>\s*person\b[^@]*|\s+\d[^@]*|\d[\d:.,]*\s*|\s[^@]*|\s*$)")


def _refuse_alone(offset: float, captions: Path | None) -> None:
    if offset and not captions:
        raise ValueError("captions_offset places a caption file; name it with captions")


class Footage(Data, populate_by_name=True):
    """One stretch of one file: [from, to) in seconds of the file; to is the end of the file unless given."""

    file: File = Field(description="The footage file")
    from_: Seconds = Field(0.0, alias="from", description="Where to begin in a file, as 00:01:10")
    to: Seconds | None = Field(None, description="Where to end in a file")
    audio_stream: int | None = Field(None, ge=0, description="Audio stream to use; `episode probe` lists them")
    captions: File | None = Field(None, description="Captions in the time of a raw file, as its transcript")
    captions_offset: Signed = Field(
        0.0, description="The time in --footage-captions at which its file begins, as 01:00:00"
    )
    audio: File | None = Field(None, description="A separate recorder's sound, aligned by listening")
    audio_offset: Signed | None = Field(
        None, description="The recorder's second at the file's start, where listening does not find it"
    )
    channels: Channels | None = Field(
        None,
        description="How to read the sound; chosen by listening if left out. voices: two microphones, by who speaks",
    )

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        return {"file": value} if isinstance(value, str | Path) else value

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        if self.to is not None and self.to <= self.from_:
            what = "is empty" if self.to == self.from_ else "runs backwards"
            raise ValueError(
                f"the range {self.from_:g} to {self.to:g} of {self.file} {what}; it must end (--to) later than it begins"
            )
        if self.audio_offset is not None and self.audio is None:
            raise ValueError("audio_offset places a separate recording; name it with audio")
        _refuse_alone(self.captions_offset, self.captions)
        return self


class Person(Data):
    """Somebody to name on screen: at episode second `at`, or when first seen unless given.

    person: the number on the contact sheet. Without one, side tells who it is where two are seen, else the order does.
    As text: "Имя, роль", "Имя, роль @ 12.5" or "Имя, роль @ person 2"; any other @ belongs to the role, as an address.
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
        ended = _WHEN.fullmatch(value)
        at = ended["when"].strip() if ended else ""
        if ended and at and "," in ended["words"] and not re.match(r"\d|person\b", at):
            ended, at = None, ""  # «Имя, директор @ Завод»
        name, _, role = (ended["words"] if ended else value).partition(",")
        number = at.removeprefix("person").strip()
        when = {} if not at else {"at": at} if number == at else {"person": number}
        return {"name": name.strip(), "role": role.strip()} | when


class Wanted(Data):
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
        return {"at": at.strip(), "show": " ".join(show.lower().split())}


class Brief(Data):
    """Everything that an editor says about one episode. Paths in a TOML file are relative to that file.

    Times of captions and of keep_pauses count no pause as taken out, all others do. A key that is added here is a flag
    of `episode render` and `episode plan` with its description for help, see commands.brief_flags.
    """

    footage: Annotated[list[Footage], BeforeValidator(_as_list)] = Field(
        min_length=1, max_length=MOST_FILES, description="Footage files in order"
    )
    number: int | None = Field(None, ge=0, le=9999, description="Number of the episode, for «Серия N»")
    title: str = Field("", max_length=200, description="Title of the episode")
    captions: File | None = Field(
        None, description="Captions in the episode's time: SRT, VTT, ASS, SBV or Whisper's JSON"
    )
    captions_offset: Signed = Field(
        0.0, description="The time in --captions at which the episode begins, as 01:00:00 for a camera's time code"
    )
    people: list[Person] = Field(
        [], max_length=100, description="«Name, role», «Name, role @ 12.5» or «Name, role @ person 2»"
    )
    shots: list[Wanted] = Field(
        [],
        max_length=1000,
        description='What to show in the shot at a second, as "12.5 = person 2"; the contact sheet has the names',
    )
    graphics: list[PlacedGraphic] = Field([], max_length=500, description="Any graphic at any time")
    music: File | None = Field(None, description="Music to lie under the speech")
    tighten: bool = Field(False, description="Take long pauses out of talk")
    keep_pauses: list[Seconds] = Field(
        [], max_length=1000, description="A pause that --tighten leaves, by its second; `episode plan` lists them"
    )
    link: Link | None = Field(None, description="Link for the end card's QR code")
    following: str = Field("", max_length=120, description="What comes next, for the end card")
    preset: str = Field("open-industry", description="Look of the series: a name, or a .toml file")
    delivery: str = Field("vk-clips", description="Where the file goes, as vk-clips")
    output: File | None = Field(None, description="The video to write, as out/episode-03.mp4")

    @field_validator("keep_pauses")
    @classmethod
    def _pauses_are_looked_for(cls, value: list[float], info: ValidationInfo) -> list[float]:
        if value and not info.data.get("tighten", True):
            raise ValueError("pauses are kept only where they are taken out; say tighten (--tighten) too")
        return value

    @model_validator(mode="after")
    def _captions_are_placed(self) -> Self:
        _refuse_alone(self.captions_offset, self.captions)
        return self

    @property
    def inputs(self) -> list[Path]:
        """The files that the episode is made from."""
        parts = [*self.footage, self]
        return [file for part in parts for key, file in part if isinstance(file, Path) and key != "output"]


def read_brief(file: Path) -> Brief:
    """The brief in a TOML file. Raises WrongUse naming the file, the key and what to do."""
    file = files.found(file)
    try:
        data = read_toml(file)
    except FileNotFoundError:
        raise WrongUse(f"There is no brief {file}; {files.advice(file)}.") from None
    except (OSError, ValueError) as error:
        raise WrongUse(f"The brief {file} cannot be read: {error}.") from error
    if isinstance(data.get("episode"), list):
        raise WrongUse(f"{file} is the manifest of a season; `episode jobs run {file} -o out` renders it.")
    return beside(make_brief(data, str(file)), file.parent)


def beside(brief: Brief, folder: Path) -> Brief:
    """A brief whose relative paths are those of a folder."""
    footage = [part.model_copy(update=_files(part, folder)) for part in brief.footage]
    named = {key: name for key in ("preset", "delivery") if (name := getattr(brief, key)).lower().endswith(".toml")}
    data = {key: str(files.found(folder / name)) for key, name in named.items()}
    return brief.model_copy(update={"footage": footage} | _files(brief, folder) | data)


def _files(part: Data, folder: Path = Path()) -> dict[str, Path]:
    """The keys that name files, with the files as seen from a folder; those that are read under the names that they have."""
    given = {key: folder / value for key, value in part if isinstance(value, Path)}
    return {key: file if key == "output" else files.found(file) for key, file in given.items()}


def make_brief(data: dict[str, Any], where: str) -> Brief:
    """A checked brief from plain data; where names its origin in messages. Raises WrongUse."""
    try:
        return Brief.model_validate(data)
    except ValidationError as error:
        raise WrongUse(f"{where}: {explain(error, Brief)}") from error
