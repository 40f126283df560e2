"""What is measured of a sound, in blocks of its footage's clock that are kept: no second is listened to twice.

A block's measures depend on nothing but the sound, so that the same brief gives the same plan whatever was heard before.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from basis import cache
from basis.tools import USUAL, Tools
from pipeline.footage.sounds import Sound

VERSION = 1  # counts up whenever the same sound would be measured otherwise
BLOCK = 30.4  # seconds: a whole number of everything that is measured
RUN_UP = 3.2  # seconds before a block that are listened to as well, the same: filters and detectors settle


class _Kept(BaseModel):
    """float32 measures by number of the block."""

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")
    blocks: dict[int, bytes] = {}


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
    key = f"{sound.key}-{what}-v{VERSION}"
    folder = tools.cache
    kept = (cache.load(folder, key, _Kept) if folder else None) or _Kept()
    first = int(start // BLOCK)
    numbers = range(first, max(first + 1, math.ceil(end / BLOCK)))
    missing = [number for number in numbers if number not in kept.blocks]
    for number in missing:
        values = measure(number * BLOCK, min(RUN_UP, number * BLOCK))
        kept.blocks[number] = values.astype("<f4").tobytes()
    if folder and missing:
        cache.store(folder, key, kept)
    return first * BLOCK, np.stack([np.frombuffer(kept.blocks[number], "<f4") for number in numbers]).astype(float)
