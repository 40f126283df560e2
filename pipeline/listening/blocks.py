"""What is measured of a sound, in blocks of its footage's clock that are kept: no second is listened to twice.

A block's measures depend on nothing but the sound, so that the same brief gives the same plan whatever was heard before.
"""

import math
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from basis import cache
from basis.tools import USUAL, Tools
from pipeline.footage.sounds import Sound

VERSION = 3  # counts up whenever the same sound would be measured otherwise
BLOCK = 30.4  # seconds: a whole number of everything that is measured
RUN_UP = 3.2  # seconds before a block that are listened to as well, the same: filters and detectors settle


class _Block(BaseModel):
    """float32 measures of one block."""

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")
    values: bytes


def measured(
    what: str,
    sound: Sound,
    start: float,
    end: float,
    measure: Callable[[float, float], NDArray[np.floating]],
    tools: Tools = USUAL,
) -> tuple[float, NDArray[np.float64]]:
    """The second at which the first block that [start, end) touches begins, and (blocks, values) of all that it touches.

    what: a name for what is measured. measure: a block's values, from its first second and the run-up before it.
    """
    first = int(start // BLOCK)

    def block(number: int) -> _Block:
        begin = number * BLOCK
        return _Block(values=measure(begin, min(RUN_UP, begin)).astype("<f4").tobytes())

    blocks = [
        cache.kept(tools.cache, f"{sound.key}-{what}-v{VERSION}-{number}", _Block, partial(block, number))
        for number in range(first, max(first + 1, math.ceil(end / BLOCK)))
    ]
    return first * BLOCK, np.stack([np.frombuffer(one.values, "<f4") for one in blocks]).astype(float)
