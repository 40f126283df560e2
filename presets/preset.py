"""What a series looks like: one TOML file a preset, checked, unknown keys refused with the nearest known one."""

import difflib
from collections.abc import Callable
from pathlib import Path
from typing import Literal, Self

from PIL import ImageFont
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

import assets
from basis import files
from basis.data import Colour
from basis.errors import WrongUse
from basis.toml import explain, read_toml
from presets import FOLDER, names, pictures
from presets.contrast import contrast, contrast_on_box, rgb
from presets.graphics import CaptionStyle, Over, PlacedGraphic
from presets.named import file_of

SOUNDS = ("music", "title_sting", "end_sting")  # keys that name a sound beside the preset
FILES = (  # keys that name fonts, sounds and pictures
    "type.bold", "type.medium", "type.extra", *(f"sound.{key}" for key in SOUNDS), "series.mark", "series.partner_marks",
)  # fmt: skip
WORD_GAP = 0.12  # of the type size: what a space is wider where words light up
LEAST_OPACITY = 0.7  # of the grounds behind the mark, cards and captions
MOST_FONT_BYTES = 64_000_000
LEAST_CONTRAST = 4.5  # of text against what is behind it, WCAG 2.1 AA


class PresetError(WrongUse):
    """A preset that does not exist or cannot be; one sentence for the user."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Series(_Section):
    """Whose series it is."""

    name: str = Field(
        "", max_length=60, description="the series' name: its mark in the corner and a line of the end card"
    )
    mark: str = Field("", description="picture of the mark, a PNG beside the preset; the name is written if empty")
    partners: str = Field(
        "", max_length=200, description="those behind the series: the partner line and the foot of the end card"
    )
    partner_marks: list[str] = Field([], max_length=6, description="pictures of the partners' marks for the end card")


class Colours(_Section):
    """Colours as #RRGGBB."""

    ground: Colour = Field("#15181B", description="boxes and plain grounds")
    ink: Colour = Field("#F6F4EF", description="text on them")
    accent: Colour = Field("#FF7A2F", description="lines, numbers, stickers and the spoken word")


class Type(_Section):
    """Fonts: a name as ManropeBold or RobotoMedium, or a font file in assets/ or beside the preset."""

    bold: str = Field("ManropeExtraBold", description="titles, names, large captions")
    medium: str = Field("ManropeSemiBold", description="text")
    extra: list[str] = Field([], max_length=4, description="fonts asked for characters that the others lack")


class SeriesMark(_Section):
    """The series' mark in the corner."""

    on: bool = Field(True, description="whether it is shown")
    partners: bool = Field(False, description="the partner line below it")


class Title(_Section):
    """«Серия N» and the title over the first seconds."""

    on: bool = Field(True, description="whether it is shown")
    seconds: float = Field(2.6, ge=0.5, le=10, description="how long")
    word: str = Field("Серия", max_length=20, description="the word before the number")
    over: Over = Field("picture", description="what lies behind it: the picture, its blurred copy, or a plain ground")


class Names(_Section):
    """Name and role of each person, when first seen."""

    on: bool = Field(True, description="whether they are shown")
    seconds: float = Field(3.5, ge=1, le=15, description="how long each")


class Captions(_Section):
    """What is said."""

    style: CaptionStyle = Field(
        "block", description="block: lines in a box; word: there the spoken word lights up; pop: a few large words"
    )
    size: int = Field(64, ge=59, le=110, description="type in pixels; 59 gives capitals of 2.2% of the height")
    pop_size: int = Field(104, ge=72, le=160, description="type of the style pop, in pixels")
    box_opacity: float = Field(0.82, ge=0.6, le=1, description="the box behind the text; 1 hides what is behind it")
    characters_a_second: float = Field(17, ge=8, le=20, description="reading speed above which you are warned")
    embedded: bool = Field(True, description="use captions inside the footage file where no file is given")
    ass_styles: bool = Field(False, description="keep colours and top position of an ASS file")


class End(_Section):
    """The end card, after the footage."""

    on: bool = Field(True, description="whether it is shown")
    seconds: float = Field(3.5, ge=1, le=15, description="how long")
    text: str = Field("", max_length=200, description="call to action")
    following: str = Field("", max_length=120, description="what comes next, as «Серия 4 — в пятницу»")


class ProgressLine(_Section):
    """A line that fills while the footage runs."""

    on: bool = Field(False, description="whether it is shown")


class Sound(_Section):
    """Speech, music and short sounds."""

    cleaning: Literal["off", "light", "strong"] = Field(
        "strong", description="how much of the machines' noise may be taken from under speech"
    )
    even_voices: bool = Field(True, description="whether quiet and loud speakers are brought to one loudness")
    longest_pause: float = Field(
        0.8, ge=0.4, le=5, description="seconds; longer pauses in talk are taken out where a brief says tighten"
    )
    music: str = Field("", description="a sound file beside the preset, under every episode without music of its own")
    title_sting: str = Field("", description="a short sound file beside the preset, played with the title")
    end_sting: str = Field("", description="a short sound file beside the preset, played with the end card")
    music_under_speech_db: float = Field(18, ge=15, le=40, description="how far the music stays below the speech")


class Framing(_Section):
    """How shots are framed."""

    max_upscale: float = Field(1.8, ge=1, le=4, description="how far the footage may be enlarged")
    crowd: Literal["fit", "largest"] = Field(
        "fit", description="three or more faces: fit shows as many as it can, largest the largest"
    )
    talk: Literal["auto", "cut", "split", "fit"] = Field(
        "auto", description="two who talk in one shot; auto cuts to the speaker unless they talk at once or in haste"
    )
    minimum_turn: float = Field(1.2, ge=0.4, le=10, description="seconds that somebody must speak to get a cut")
    cut_ahead: float = Field(0.2, ge=0.1, le=0.3, description="seconds before the first word at which that cut lies")
    split_speaker: float = Field(
        0.5, ge=0.5, le=0.7, description="share of the height for the one who speaks in a split"
    )
    facecam: Literal["above", "below", "off"] = Field(
        "above", description="where the small camera picture of a slide goes; off frames it as any other shot"
    )
    follow: float = Field(0.5, ge=0, le=1, description="0 lets a moving subject roam the crop, 1 keeps it in place")
    look_room: float = Field(0.06, ge=0, le=0.2, description="share of the width left free ahead of gaze and movement")
    face_height: float = Field(
        0.2, ge=0.08, le=0.5, description="how large a lone face is made where the footage has the pixels"
    )


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
    progress: ProgressLine = ProgressLine()
    sound: Sound = Sound()
    framing: Framing = Framing()
    graphics: list[PlacedGraphic] = Field([], max_length=100)  # placed in every episode

    @model_validator(mode="after")
    def _text_is_legible(self) -> Self:
        opacity = min(LEAST_OPACITY, self.captions.box_opacity)
        worst = contrast_on_box(self.colours.ink, self.colours.ground, opacity)
        if worst < LEAST_CONTRAST:
            raise ValueError(
                f"text has a contrast of {worst:.1f} on the worst footage and needs {LEAST_CONTRAST}; "
                "move colours.ink and colours.ground apart or raise captions.box_opacity"
            )
        lit = contrast(rgb(self.colours.accent), rgb(self.colours.ground))
        if lit < LEAST_CONTRAST:
            raise ValueError(
                f"colours.accent has a contrast of {lit:.1f} with colours.ground and needs {LEAST_CONTRAST}; "
                "move them apart"
            )
        return self


def load(name: str) -> Preset:
    """A preset by its name, or from a .toml file. Raises PresetError with what is wrong and the nearest known name."""
    file = file_of(name, "preset", FOLDER, names(), PresetError)
    try:
        preset = Preset.model_validate(read_toml(file))
    except ValidationError as error:
        raise PresetError(f"The preset {file}: {explain(error, Preset)}") from error
    except (OSError, ValueError) as error:
        raise PresetError(f"The preset {file} cannot be read: {error}.") from error
    return with_files(preset, lambda key, name: _found(key, name, file))


def with_files(preset: Preset, named: Callable[[str, str], str]) -> Preset:
    """The preset with other names for its files, which are given for a key, as series.mark, and the name that it has."""
    for key in FILES:
        section, _, field = key.partition(".")
        part = getattr(preset, section)
        names = getattr(part, field)
        new = [named(key, name) for name in names] if isinstance(names, list) else named(key, names)
        preset = preset.model_copy(update={section: part.model_copy(update={field: new})})
    return preset


def font_file(font: str) -> Path:
    """The file of a font as a loaded preset names it. Raises FileNotFoundError, ValueError."""
    return Path(font) if Path(font).is_absolute() else assets.path(font)


def _found(key: str, name: str, preset: Path) -> str:
    """The whole path of a file beside the preset or below, a font's name where none is there, empty where none is named.

    What does not exist or cannot be drawn sharply is refused.
    """
    folder = preset.parent.resolve()
    beside = files.found(folder / name).resolve()
    whole = str(beside) if beside.is_file() and beside.is_relative_to(folder) else ""
    where, section = f"The preset {preset}: {key}:", key.partition(".")[0]
    if section == "type":
        return _font(name, whole, where)
    if not name and key != "series.partner_marks":
        return ""
    if not whole:
        what = "sound" if section == "sound" else "picture"
        wrong = "check the path" if (folder / name).exists() else files.advice(folder / name)
        hint = "" if wrong == "check the path" else f"; {wrong}"
        raise PresetError(f"{where} there is no {what} {name} beside the preset{hint.rstrip('?')}.")
    if section == "series":
        try:
            pictures.read(whole)
        except pictures.BadPicture as error:
            raise PresetError(f"{where} {name} {error}.") from error
    return whole


def _font(font: str, beside: str, where: str) -> str:
    """The font's name, or its whole path where it lies beside the preset."""
    named = beside or font
    try:
        if Path(font).is_absolute() and not beside:
            raise ValueError(font)  # nothing outside the preset's own folder is opened
        file = font_file(named)
        if file.stat().st_size > MOST_FONT_BYTES:
            raise PresetError(
                f"{where} {font} has more than {MOST_FONT_BYTES // 1_000_000} MB; no font of text is so large."
            )
        ImageFont.truetype(str(file), 20).getmask("Жg")
    except (OSError, ValueError):
        near = difflib.get_close_matches(font, assets.fonts(), n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else "name one as ManropeBold, or a file beside the preset."
        if beside:
            raise PresetError(f"{where} {font} is no font that can be read; take a TTF or an OTF file.") from None
        raise PresetError(f"{where} there is no font {font}; {hint}") from None
    return named
