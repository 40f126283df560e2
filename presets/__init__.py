"""What a series looks like: one TOML file a preset, checked, unknown keys refused with the nearest known one."""

import difflib
import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

FOLDER = Path(__file__).parent

Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]


class PresetError(Exception):
    """A preset that does not exist or cannot be; one sentence for the user."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Series(_Section):
    """name: the series' name, its mark and part of the end card. partners: a line for those behind it."""

    name: str = ""
    partners: str = ""


class Colours(_Section):
    """ground: boxes and plain grounds; ink: text on them; accent: lines and numbers."""

    ground: Colour = "#15181B"
    ink: Colour = "#F6F4EF"
    accent: Colour = "#FF7A2F"


class Type(_Section):
    """Fonts by the names that the font packages give them: bold for titles, medium for text."""

    bold: str = "ManropeExtraBold"
    medium: str = "ManropeSemiBold"


class SeriesMark(_Section):
    """The series' name in the corner."""

    on: bool = True


class Title(_Section):
    """«Серия N» and the title over the first seconds."""

    on: bool = True
    seconds: float = Field(2.6, ge=0.5, le=10)
    word: str = "Серия"


class Names(_Section):
    """Name and role of each person, for this many seconds."""

    on: bool = True
    seconds: float = Field(3.5, ge=1, le=15)


class Captions(_Section):
    """size: type in pixels. characters_a_second: reading speed above which the editor is warned."""

    size: int = Field(64, ge=40, le=110)
    box_opacity: float = Field(0.82, ge=0.6, le=1)
    characters_a_second: float = Field(17, ge=8, le=30)


class End(_Section):
    """Call to action and QR code after the footage."""

    on: bool = True
    seconds: float = Field(3.5, ge=1, le=15)
    text: str = ""


class Sound(_Section):
    """music_under_speech_db: how far the music stays below the speech."""

    music_under_speech_db: float = Field(18, ge=15, le=40)


class Framing(_Section):
    """max_upscale: largest enlargement of the footage. crowd: fit shows all, largest the largest face."""

    max_upscale: float = Field(1.8, ge=1, le=4)
    crowd: Literal["fit", "largest"] = "fit"


class Preset(_Section):
    """A series' look and habits."""

    series: Series = Series()
    colours: Colours = Colours()
    type: Type = Type()
    mark: SeriesMark = SeriesMark()
    title_card: Title = Title()
    lower_third: Names = Names()
    captions: Captions = Captions()
    end_card: End = End()
    sound: Sound = Sound()
    framing: Framing = Framing()


def names() -> list[str]:
    """The presets that ship."""
    return sorted(file.stem for file in FOLDER.glob("*.toml"))


def load(name: str) -> Preset:
    """A preset by its name, or from a .toml file. Raises PresetError with what is wrong and the nearest known name."""
    if name.lower().endswith(".toml"):
        file = Path(name)
        if not file.is_file():
            raise PresetError(f"There is no preset file {name}; check the path.")
    elif name in names():
        file = FOLDER / f"{name}.toml"
    else:
        near = difflib.get_close_matches(name, names(), n=1, cutoff=0.3)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(names())}."
        raise PresetError(f"There is no preset {name}; {hint}")
    try:
        return Preset.model_validate(tomllib.loads(file.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PresetError(f"The preset {file} cannot be read: {error}.") from error
    except ValidationError as error:
        raise PresetError(f"The preset {file}: {_explain(error)}") from error


def _explain(error: ValidationError) -> str:
    first = error.errors()[0]
    place = [str(part) for part in first["loc"]]
    if first["type"] != "extra_forbidden":
        return f"{'.'.join(place)}: {first['msg']}."
    model: type[BaseModel] = Preset
    for part in place[:-1]:
        inner = model.model_fields[part].annotation
        assert isinstance(inner, type) and issubclass(inner, BaseModel)
        model = inner
    near = difflib.get_close_matches(place[-1], list(model.model_fields), n=1, cutoff=0.4)
    known = f"did you mean {near[0]}?" if near else f"known here: {', '.join(model.model_fields)}."
    return f"unknown key {'.'.join(place)}; {known}"
