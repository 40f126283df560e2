"""H.264 by libx264: on every machine, the best picture for its bits."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from pipeline.encode.codecs import H264
from presets.delivery import DeliverySpec

MAXRATE = 0.6  # of the peak: no second can hold more than maxrate and buffer together
THREADS = 8  # not those of the machine, of which frames depend


class X264:
    """An Encoder. Its speeds are x264's own presets."""

    needs: Mapping[str, str] = {"libx264": "-encoders"}
    codec = H264
    speeds: Sequence[str] = "ultrafast superfast veryfast faster fast medium slow slower veryslow".split()
    speed = "medium"

    def options(
        self, spec: DeliverySpec, rate: Fraction, group: int, buffer: float | None, speed: str
    ) -> dict[str, str]:
        return {
            "c:v": "libx264",
            "preset": speed,
            "crf": str(spec.crf),
            "profile:v": "high",
            "level:v": spec.level,
            "pix_fmt": "yuv420p",
            "g": str(group),
            "keyint_min": str(min(group, max(1, int(rate / 2)))),
            "flags": "+cgop",
            **({"threads:v": str(THREADS)} if buffer is None else self.capped(spec, buffer)),
        }

    def capped(self, spec: DeliverySpec, buffer: float) -> dict[str, str]:
        return {
            "maxrate": str(round(spec.peak_bitrate * MAXRATE)),
            "bufsize": str(round(spec.peak_bitrate * buffer)),
            "threads:v": "1",  # several look at how far the others are, and no two runs give the same frames
        }
