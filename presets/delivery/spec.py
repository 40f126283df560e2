"""What platforms accept, as data: one TOML file a platform over what all share, each limit with how sure it is and why."""

import difflib
from fractions import Fraction
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from basis.errors import WrongUse
from basis.toml import explain, read_toml
from presets.delivery import FOLDER, names
from presets.named import file_of

Sure = Literal["C", "S", "O"]  # confirmed by a public source, commonly stated, our own choice
GROUPS = (
    "shape", "length", "container", "video", "rate", "key frames", "bitrate", "sound", "loudness", "sync", "size",
)  # fmt: skip
LEAST_FREE = (640, 960)  # pixels, in a picture 1080 wide, that graphics need between what the platform covers
REFERENCE = 1080  # pixels: the width of the picture that safe areas and the places of graphics are given in


class DeliverySpecError(WrongUse):
    """A delivery spec that does not exist or cannot be; one sentence for the user."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Section):
    """How sure a group of limits is and where it comes from."""

    sure: Sure
    source: str


class Rail(_Section):
    """The column of buttons: its distance from the right edge, and the y between which it stands."""

    right: int = Field(ge=0)
    top: int = Field(ge=0)
    bottom: int = Field(ge=0)


class SafeArea(Source):
    """What the platform covers at each edge, in pixels of a picture REFERENCE wide."""

    top: int = Field(ge=0)
    bottom: int = Field(ge=0)
    left: int = Field(ge=0)
    right: int = Field(ge=0)
    rail: Rail


def _a_rate(value: str) -> str:
    try:
        possible = 1 <= Fraction(value) <= 240
    except (ValueError, ZeroDivisionError):
        possible = False
    if not possible:
        raise ValueError(f'{value!r} is not a frame rate; write it as "25" or "30000/1001"')
    return value


class DeliverySpec(_Section):
    """What one platform accepts. Seconds, pixels, bits a second, bytes, LUFS and dBTP; sources by group of checks."""

    name: str
    title: str
    width: int = Field(ge=240, le=4320, multiple_of=2)
    height: int = Field(ge=240, le=7680, multiple_of=2)
    longest_seconds: float = Field(gt=0)
    warn_above_seconds: float = Field(gt=0)
    warn_below_seconds: float = Field(ge=0)
    rates: list[Annotated[str, AfterValidator(_a_rate)]] = Field(min_length=1)
    codec: str = "h264"  # as ffmpeg calls it
    crf: float = Field(ge=0, le=51)
    level: Literal["3.0", "3.1", "4.0", "4.1", "4.2", "5.0", "5.1"]
    peak_bitrate: int = Field(gt=0)
    longest_gop: float = Field(gt=0)
    audio_bitrate: int = Field(gt=0)
    lowest_audio_bitrate: int = Field(ge=0)
    highest_audio_bitrate: int = Field(gt=0)
    sample_rate: int = Field(ge=8000, le=96000)
    channels: int = Field(ge=1, le=2)
    loudness: float = Field(ge=-40, le=-5)
    loudness_tolerance: float = Field(gt=0)
    true_peak: float = Field(ge=-20, le=0)
    smallest_bytes: int = Field(ge=0)
    largest_bytes: int = Field(gt=0)
    start_sync: float = Field(gt=0)
    safe_area: SafeArea
    sources: dict[str, Source]

    @property
    def allowed_rates(self) -> list[Fraction]:
        return [Fraction(rate) for rate in self.rates]

    @model_validator(mode="after")
    def _groups_are_those_of_the_checks(self) -> Self:
        if unknown := [group for group in self.sources if group not in GROUPS]:
            near = difflib.get_close_matches(unknown[0], GROUPS, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(GROUPS)}"
            raise ValueError(f"sources has no group {unknown[0]} ({hint})")
        if lacking := [group for group in GROUPS if group not in self.sources]:
            raise ValueError(f"sources.{lacking[0]}: it is missing")
        return self

    @model_validator(mode="after")
    def _graphics_have_room(self) -> Self:
        covered = self.safe_area
        wide = REFERENCE - covered.left - max(covered.right, covered.rail.right)
        high = self.height * REFERENCE // self.width - covered.top - covered.bottom
        if wide < LEAST_FREE[0] or high < LEAST_FREE[1]:
            raise ValueError(
                f"safe_area leaves {wide}x{high} pixels of a picture {REFERENCE} wide, and graphics need "
                f"{LEAST_FREE[0]}x{LEAST_FREE[1]}; make it smaller"
            )
        return self


def load(name: str) -> DeliverySpec:
    """The spec of a platform by its name, or from a .toml file that says what differs from the base.

    Raises DeliverySpecError with what is wrong and the nearest known name.
    """
    file = file_of(name, "delivery spec", FOLDER, names(), DeliverySpecError)
    try:
        own = {"title": file.stem} | read_toml(file) | {"name": file.stem}
        return DeliverySpec.model_validate(_over(read_toml(FOLDER / "_base.toml"), own))
    except ValidationError as error:
        raise DeliverySpecError(f"The delivery spec {name}: {explain(error, DeliverySpec)}") from error
    except (OSError, ValueError) as error:
        raise DeliverySpecError(f"The delivery spec {name} cannot be read: {error}.") from error


def _over(base: Any, own: Any) -> Any:
    """The base with one's own values in the place of its, table by table."""
    if not (isinstance(base, dict) and isinstance(own, dict)):
        return own
    return base | {key: _over(base.get(key), value) for key, value in own.items()}
