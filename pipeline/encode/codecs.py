"""What a way to compress pictures is called and held to in a delivered file, whichever encoder wrote it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from basis.errors import WrongUse
from presets.delivery import DeliverySpec

H264_IDR, H264_SLICES = 5, {1, 2, 5}  # types of NAL units


@dataclass(frozen=True)
class Codec:
    """name and profiles: as ffmpeg says them; highest: what of the profiles is said to people. levels: the number in the
    file of each level of a delivery spec. opens_group: whether a key packet, given with its stream's extradata, is one that
    no picture after it looks behind."""

    name: str
    profiles: frozenset[str]
    highest: str
    levels: Mapping[str, int]
    opens_group: Callable[[bytes, bytes | None], bool]

    def level(self, spec: DeliverySpec) -> int:
        """The number of the level that the spec allows. Raises WrongUse for one that the codec does not have."""
        if spec.level not in self.levels:
            raise WrongUse(
                f"The delivery spec {spec.name} has level {spec.level}; {self.name} has {', '.join(self.levels)}."
            )
        return self.levels[spec.level]


def codec_of(spec: DeliverySpec) -> Codec:
    """The codec that the spec asks for. Raises WrongUse for one that is not known."""
    if spec.codec not in CODECS:
        raise WrongUse(f"The delivery spec {spec.name} asks for {spec.codec}; there is {', '.join(CODECS)}.")
    return CODECS[spec.codec]


def _h264_opens_group(packet: bytes, extradata: bytes | None) -> bool:
    """Whether the packet is an IDR picture; a recovery point in an open group is not."""
    length_size = (extradata[4] & 3) + 1 if extradata and len(extradata) > 4 and extradata[0] == 1 else 4
    place = 0
    while place + length_size < len(packet):
        size = int.from_bytes(packet[place : place + length_size], "big")
        kind = packet[place + length_size] & 0x1F
        if kind in H264_SLICES:
            return kind == H264_IDR
        place += length_size + size
    return False


H264 = Codec(
    name="h264",
    profiles=frozenset({"High", "Main", "Baseline", "Constrained Baseline"}),
    highest="High",
    levels={"3.0": 30, "3.1": 31, "4.0": 40, "4.1": 41, "4.2": 42, "5.0": 50, "5.1": 51},
    opens_group=_h264_opens_group,
)
CODECS = {H264.name: H264}
