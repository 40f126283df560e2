"""What a series looks like: one TOML file a preset, checked, unknown keys refused with the nearest known one."""

import difflib
import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

from PIL import ImageColor, ImageFont
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

import assets

FOLDER = Path(__file__).parent
LEAST_CONTRAST = 4.5  # of caption text against its box, WCAG 2.1 AA

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
    """Fonts: bold for titles, medium for text.

    Each is a name that the font packages give, as ManropeBold or RobotoMedium, or a font file in assets/ or beside
    the preset.
    """

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
    """size: type in pixels; 59 gives capitals of 2.2% of the picture's height, DELIVERY.md. characters_a_second: reading speed above which the editor is warned."""

    size: int = Field(64, ge=59, le=110)
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
    """How shots are framed.

    max_upscale: largest enlargement of the footage. crowd: fit shows all, largest the largest face. talk: what two
    people who talk in one shot get; auto cuts between them unless they talk over each other. minimum_turn: seconds
    that somebody must speak to get a cut. cut_ahead: seconds before the first word at which that cut lies.
    split_speaker: share of the height for the one who speaks. follow: 0 lets a moving subject roam the crop, 1 keeps
    it in place. look_room: share of the width left free ahead of gaze and movement. face_height: of a lone face, as a
    share of the crop, where the footage has pixels to spare.
    """

    max_upscale: float = Field(1.8, ge=1, le=4)
    crowd: Literal["fit", "largest"] = "fit"
    talk: Literal["auto", "cut", "split", "fit"] = "auto"
    minimum_turn: float = Field(1.2, ge=0.4, le=10)
    cut_ahead: float = Field(0.2, ge=0.1, le=0.3)
    split_speaker: float = Field(0.5, ge=0.5, le=0.7)
    follow: float = Field(0.5, ge=0, le=1)
    look_room: float = Field(0.06, ge=0, le=0.2)
    face_height: float = Field(0.2, ge=0.08, le=0.5)


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

    @model_validator(mode="after")
    def _captions_are_legible(self) -> Self:
        ink, ground = (_rgb(colour) for colour in (self.colours.ink, self.colours.ground))
        share = self.captions.box_opacity
        boxes = [tuple(share * part + (1 - share) * footage for part in ground) for footage in (0, 255)]
        worst = min(_contrast(ink, box) for box in boxes)
        if worst < LEAST_CONTRAST:
            raise ValueError(
                f"captions have a contrast of {worst:.1f} on the worst footage and need {LEAST_CONTRAST}; "
                "move colours.ink and colours.ground apart or raise captions.box_opacity"
            )
        return self


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
        preset = Preset.model_validate(tomllib.loads(file.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PresetError(f"The preset {file} cannot be read: {error}.") from error
    except ValidationError as error:
        raise PresetError(f"The preset {file}: {_explain(error)}") from error
    fonts = {key: _font(font, key, file) for key, font in preset.type.model_dump().items()}
    return preset.model_copy(update={"type": Type(**fonts)})


def font_file(font: str) -> Path:
    """The file of a font as a loaded preset names it. Raises FileNotFoundError, ValueError."""
    return Path(font) if Path(font).is_absolute() else assets.path(font)


def _font(font: str, key: str, preset: Path) -> str:
    """The font's name, or its whole path where it lies beside the preset; a font that cannot be drawn is refused."""
    folder = preset.parent.resolve()
    beside = (folder / font).resolve()
    named = str(beside) if beside.is_file() and beside.is_relative_to(folder) else font
    try:
        ImageFont.truetype(str(font_file(named)), 20)
    except (OSError, ValueError):
        near = difflib.get_close_matches(font, assets.fonts(), n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else "name one as ManropeBold, or a file beside the preset."
        raise PresetError(f"The preset {preset}: type.{key}: there is no font {font}; {hint}") from None
    return named


def _rgb(colour: str) -> tuple[float, ...]:
    return tuple(float(part) for part in ImageColor.getrgb(colour)[:3])


def _contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Contrast ratio of two sRGB colours in 0..255, WCAG 2.1."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: tuple[float, ...]) -> float:
    linear = [p / 255 / 12.92 if p / 255 <= 0.04045 else ((p / 255 + 0.055) / 1.055) ** 2.4 for p in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _explain(error: ValidationError) -> str:
    first = error.errors()[0]
    place = [str(part) for part in first["loc"]]
    if first["type"] != "extra_forbidden":
        reason = str(first.get("ctx", {}).get("error", first["msg"]))
        return f"{'.'.join(place)}: {reason}." if place else f"{reason}."
    model: type[BaseModel] = Preset
    for part in place[:-1]:
        inner = model.model_fields[part].annotation
        assert isinstance(inner, type) and issubclass(inner, BaseModel)
        model = inner
    near = difflib.get_close_matches(place[-1], list(model.model_fields), n=1, cutoff=0.4)
    known = f"did you mean {near[0]}?" if near else f"known here: {', '.join(model.model_fields)}."
    return f"unknown key {'.'.join(place)}; {known}"
