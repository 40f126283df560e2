"""What turns frames into a video stream. A new encoder is a file here and a line in ENCODERS."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Protocol

from basis.errors import WrongUse
from basis.tools import Tools
from pipeline.encode.codecs import Codec, codec_of
from pipeline.encode.encoders.x264 import X264
from presets.delivery import DeliverySpec


class Encoder(Protocol):
    """needs: encoders and filters of ffmpeg, each with the flag that lists it. codec: what its files are held to. speeds:
    the names that it takes, fastest first; speed: the one that is used where none is asked for."""

    needs: Mapping[str, str]
    codec: Codec
    speeds: Sequence[str]
    speed: str

    def options(
        self, spec: DeliverySpec, rate: Fraction, group: int, buffer: float | None, speed: str
    ) -> dict[str, str]:
        """ffmpeg's output options for the picture, by which the same frames give the same file on every machine. group:
        frames from a key frame to the next at most, in closed groups. buffer: as capped has it, None for no cap."""

    def capped(self, spec: DeliverySpec, buffer: float) -> dict[str, str]:
        """Of these options maxrate and bufsize, in bits, under which every second stays below the spec's peak bit rate, and
        what else they need. buffer: bits saved up for hard seconds, as a share of the peak."""


ENCODERS: dict[str, Encoder] = {"libx264": X264()}


def encoder_of(tools: Tools, spec: DeliverySpec) -> tuple[Encoder, str]:
    """The encoder that is asked for, and its speed. Raises WrongUse for one that is not there or not of use to the spec."""
    encoder = ENCODERS.get(tools.encoder)
    if encoder is None:
        raise WrongUse(f"There is no encoder {tools.encoder}; there are {', '.join(ENCODERS)}.")
    if tools.speed is not None and tools.speed not in encoder.speeds:
        raise WrongUse(f"{tools.encoder} has no speed {tools.speed}; it has {', '.join(encoder.speeds)}.")
    if encoder.codec != codec_of(spec):
        raise WrongUse(
            f"{tools.encoder} makes {encoder.codec.name} and {spec.name} takes {spec.codec}; use another encoder."
        )
    return encoder, tools.speed or encoder.speed
