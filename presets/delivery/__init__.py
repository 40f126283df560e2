"""What platforms accept, as data: one TOML file a platform, each limit on a line with how sure it is and its source."""

import difflib
import tomllib
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

FOLDER = Path(__file__).parent

Sure = Literal["C", "S", "O"]  # confirmed by a public source, commonly stated, our own choice


class DeliverySpecError(Exception):
    """A delivery spec that does not exist or cannot be; one sentence for the user."""


class Source(BaseModel):
    """How sure a limit is and where it comes from."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    sure: Sure
    source: str = Field(min_length=1)


class DeliverySpec(BaseModel):
    """What one platform accepts. Seconds, pixels, bits a second, bytes, LUFS and dBTP.

    sources holds a Source for every limit, by the limit's name. Where a limit allows one value only, that is what
    the pipeline can make.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    title: str
    width: int = Field(gt=0, multiple_of=2)
    height: int = Field(gt=0, multiple_of=2)
    longest_seconds: float = Field(gt=0)
    warn_above_seconds: float = Field(gt=0)
    warn_below_seconds: float = Field(ge=0)
    container: list[str] = Field(min_length=1)
    smallest_bytes: int = Field(ge=0)
    largest_bytes: int = Field(gt=0)
    video_codec: Literal["h264"]
    profile: Literal["Main", "High"]
    level: str = Field(pattern=r"^[1-6]\.[0-3]$")
    pixel_format: Literal["yuv420p"]
    colour: Literal["bt709"]
    rates: list[str] = Field(min_length=1)
    longest_gop: float = Field(gt=0)
    crf: float = Field(ge=0, le=51)
    peak_bitrate: int = Field(gt=0)
    audio_codec: Literal["aac"]
    audio_bitrate: int = Field(gt=0)
    lowest_audio_bitrate: int = Field(ge=0)
    highest_audio_bitrate: int = Field(gt=0)
    sample_rate: int = Field(gt=0)
    channels: Literal[2]
    loudness: float = Field(lt=0)
    loudness_tolerance: float = Field(gt=0)
    true_peak: float = Field(le=0)
    start_sync: float = Field(gt=0)
    sources: dict[str, Source]

    @property
    def allowed_rates(self) -> list[Fraction]:
        return [Fraction(rate) for rate in self.rates]


LIMITS = DeliverySpec.model_fields.keys() - {"name", "title", "sources"}


def names() -> list[str]:
    """The specs that ship."""
    return sorted(file.stem for file in FOLDER.glob("*.toml"))


@cache
def load(name: str) -> DeliverySpec:
    """The spec of a platform. Raises DeliverySpecError with the nearest name for one that does not ship."""
    if name not in names():
        near = difflib.get_close_matches(name, names(), n=1, cutoff=0.3)
        raise DeliverySpecError(f"There is no delivery spec {name}; did you mean {near[0] if near else 'vk-clips'}?")
    return read(FOLDER / f"{name}.toml")


def read(file: Path) -> DeliverySpec:
    """The spec in a file: `title`, and each limit as `limit = { value = ..., sure = "C", source = "..." }`.

    Raises DeliverySpecError that names the limit, with the nearest known one for an unknown one.
    """
    try:
        lines = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DeliverySpecError(f"The delivery spec {file} cannot be read: {error}.") from error
    unknown = sorted(lines.keys() - LIMITS - {"title"})
    if unknown:
        near = difflib.get_close_matches(unknown[0], sorted(LIMITS), n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]}?" if near else "; remove it."
        raise DeliverySpecError(f"The delivery spec {file} has an unknown limit {unknown[0]}{hint}")
    limits = {name: line for name, line in lines.items() if name in LIMITS}
    for name, line in limits.items():
        if not isinstance(line, dict) or "value" not in line:
            raise DeliverySpecError(f"{name} of the delivery spec {file} must be {{ value, sure, source }}.")
    values = {name: line["value"] for name, line in limits.items()}
    sources = {name: {key: line[key] for key in line if key != "value"} for name, line in limits.items()}
    try:
        return DeliverySpec.model_validate(
            {"name": file.stem, "title": lines.get("title", file.stem), "sources": sources} | values
        )
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]).removeprefix("sources.")
        raise DeliverySpecError(f"{place} of the delivery spec {file}: {first['msg']}.") from error
