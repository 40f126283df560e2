"""What platforms accept, as data: one TOML file a platform, each limit with how sure it is and where it is from."""

import difflib
import tomllib
from fractions import Fraction
from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from basis.errors import WrongUse
from presets.delivery import FOLDER, names

Sure = Literal["C", "S", "O"]  # confirmed by a public source, commonly stated, our own choice


class DeliverySpecError(WrongUse):
    """A delivery spec that does not exist or cannot be; one sentence for the user."""


class Source(BaseModel):
    """How sure a group of limits is and where it comes from."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    sure: Sure
    source: str


class DeliverySpec(BaseModel):
    """What one platform accepts. Seconds, pixels, bits a second, bytes, LUFS and dBTP; sources by group of checks."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    title: str
    width: int = Field(gt=0, multiple_of=2)
    height: int = Field(gt=0, multiple_of=2)
    longest_seconds: float
    warn_above_seconds: float
    warn_below_seconds: float
    rates: list[str]
    codec: str = "h264"  # as ffmpeg calls it
    crf: float
    level: str
    peak_bitrate: int
    longest_gop: float
    audio_bitrate: int
    lowest_audio_bitrate: int
    highest_audio_bitrate: int
    sample_rate: int
    channels: int
    loudness: float
    loudness_tolerance: float
    true_peak: float
    smallest_bytes: int
    largest_bytes: int
    start_sync: float
    sources: dict[str, Source]

    @property
    def allowed_rates(self) -> list[Fraction]:
        return [Fraction(rate) for rate in self.rates]


@cache
def load(name: str) -> DeliverySpec:
    """The spec of a platform. Raises DeliverySpecError with the nearest name for one that does not ship."""
    if name not in names():
        near = difflib.get_close_matches(name, names(), n=1, cutoff=0.3)
        raise DeliverySpecError(f"There is no delivery spec {name}; did you mean {near[0] if near else 'vk-clips'}?")
    try:
        return DeliverySpec.model_validate({"name": name} | tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8")))
    except (ValidationError, tomllib.TOMLDecodeError) as error:
        raise DeliverySpecError(f"The delivery spec {name} is broken: {error}") from error
