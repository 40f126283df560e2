"""What is seen of thirty seconds of a file, and how that is kept between runs."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import numpy as np
from pydantic import TypeAdapter, ValidationError

from basis import cache
from basis.tools import Tools
from pipeline.analysis.analysers import ANALYSERS
from pipeline.footage.scaling import Image
from pipeline.footage.source import Loss

VERSION = 4  # counts up whenever the same block would look otherwise
BLOCK = 30.0  # seconds of a file that are kept together
STEP = 5.0  # seconds on which a look that ends within a block ends, so that an end moved a little finds it done
PNG = (cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE)  # fast, for noise

LOSSES = TypeAdapter(list[Loss])
Found = Mapping[str, list[tuple[float, Any]]]  # by the name of the analyser: footage second, record


@dataclass(frozen=True)
class Block:
    """What is seen of a file from a multiple of BLOCK until a second.

    times: of the looks; pictures: gives them as gray (n, height, width), longer side 320, and as BGR (n, height, width,
    3), longer side 160. losses: what could not be decoded.
    """

    until: float
    times: list[float]
    pictures: Callable[[], tuple[Image, Image]]
    found: Found
    losses: list[Loss]


def store(tools: Tools, key: str, block: Block) -> None:
    """Keeps a block, its pictures compressed without loss."""
    if not tools.cache:
        return
    about = {
        "until": block.until, "times": block.times, "losses": LOSSES.dump_python(block.losses, mode="json"),
        "found": {name: ANALYSERS[name].records.dump_python(found, mode="json") for name, found in block.found.items()},
    }  # fmt: skip
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as packed:
        packed.writestr("block.json", json.dumps(about))
        for name, pictures in zip(("gray.png", "colour.png"), block.pictures(), strict=True):
            if block.times:
                strip = pictures.reshape(-1, *pictures.shape[2:])  # one below the other
                packed.writestr(name, cv2.imencode(".png", strip, PNG)[1].tobytes())
    cache.store_bytes(tools.cache, key, whole.getvalue())


def load(tools: Tools, key: str) -> Block | None:
    """A block that was kept, None where there is none or it is broken."""
    raw = cache.load_bytes(tools.cache, key) if tools.cache else None
    if raw is None:
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            about = json.loads(packed.read("block.json"))
            strips = [packed.read(name) for name in ("gray.png", "colour.png") if about["times"]]
        found = {name: ANALYSERS[name].records.validate_python(about["found"][name]) for name in ANALYSERS}
        pictures = partial(_unpacked, strips, len(about["times"]))
        return Block(about["until"], about["times"], pictures, found, LOSSES.validate_python(about["losses"]))
    except (zipfile.BadZipFile, ValueError, KeyError, ValidationError):
        return None


def _unpacked(strips: list[bytes], count: int) -> tuple[Image, Image]:
    grays, colours = (
        np.asarray(cv2.imdecode(np.frombuffer(strip, np.uint8), cv2.IMREAD_UNCHANGED), np.uint8) for strip in strips
    )
    return grays.reshape(count, -1, grays.shape[1]), colours.reshape(count, -1, colours.shape[1], 3)
