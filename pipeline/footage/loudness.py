"""Loudness by ITU-R BS.1770 and EBU R128: of a whole file by ffmpeg's ebur128, over time of samples."""

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from basis.data import Data
from basis.errors import Unusable
from basis.tools import USUAL, Tools
from pipeline.footage import ffmpeg_tool
from pipeline.footage.sounds import RATE

GATE = -69.9  # LUFS; ebur128 says -70 where nothing passed its gate
HOP = 0.1  # seconds that a value of power stands for
BLOCK = 4  # hops of a gating block, which is momentary loudness
QUIET = 1e-10  # power below which there is nothing; -100.7 LUFS
_K_WEIGHTING = [  # BS.1770-5, annex 1, tables 1 and 2: second-order sections for 48 kHz
    [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585],
    [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621],
]


class Loudness(Data):
    """Integrated loudness in LUFS and true peak in dBTP, None for silence or less than 0.4 s; range in LU."""

    integrated: float | None
    true_peak: float | None
    range: float


def measure(file: Path, audio_stream: int | None = None, tools: Tools = USUAL) -> Loudness:
    """Measures the file's audio stream (the first unless given, by index). Raises Unusable when there is none."""
    given = ffmpeg_tool.input_of(file, tools=tools, max_error_rate=1)  # however much of it is damaged
    stream = given["a:0" if audio_stream is None else str(audio_stream)]
    measured = stream.filter("ebur128", peak="true", framelog="quiet").output("pipe:", format="s16le")
    with ffmpeg_tool.pipe(measured, tools, loglevel="info") as running:  # the summary is said at this level
        is_empty = not running.read(ffmpeg_tool.PIPE_BYTES)
        while running.read(ffmpeg_tool.PIPE_BYTES):
            pass  # nobody needs the samples; they show that it works
        failed = running.wait()
    if is_empty and not failed and running.said:
        return Loudness(integrated=None, true_peak=None, range=0.0)  # nothing of it can be decoded
    _, found, summary = running.said.decode("utf-8", "replace").rpartition("Summary:")
    if failed or not found:
        raise Unusable(f"The sound of {file} cannot be measured: {ffmpeg_tool.last_line(running.said)}")
    integrated, peak, spread = (_value(summary, name) for name in ("I", "Peak", "LRA"))
    silent = integrated is None or integrated <= GATE
    return Loudness(integrated=None if silent else integrated, true_peak=peak, range=spread or 0.0)


def _value(summary: str, name: str) -> float | None:
    found = re.search(rf"^\s*{name}:\s+(-?\d+(?:\.\d+)?) ", summary, re.MULTILINE)
    return float(found[1]) if found else None


def power(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """K-weighted power of each HOP, channels added: (hops,) from (n, channels) samples at 48 kHz, full scale 1."""
    import scipy  # here: `episode probe` of what has no sound need not wait for it

    hop = round(HOP * RATE)
    count = -(-len(samples) // hop)
    total = np.zeros(count)
    for channel in samples.T:
        weighted = np.pad(scipy.signal.sosfilt(_K_WEIGHTING, channel), (0, count * hop - len(samples)))
        total += np.square(weighted, out=weighted).reshape(count, hop).mean(axis=1)
    return total


def lufs(powers: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Loudness of K-weighted power; of nothing about -100."""
    return np.asarray(-0.691 + 10 * np.log10(np.maximum(powers, QUIET)))


def over_time(powers: NDArray[np.float64], hops: int) -> NDArray[np.float64]:
    """Loudness of a window of hops around each hop, shorter at both ends."""
    sums = np.concatenate([[0.0], np.cumsum(powers)])
    first = np.maximum(0, np.arange(len(powers)) - hops // 2)
    last = np.minimum(len(powers), first + hops)
    return lufs((sums[last] - sums[first]) / (last - first))


def gated(powers: NDArray[np.float64]) -> float:
    """Integrated loudness of hops that follow each other, with both gates of BS.1770; less than a block is one block."""
    if not len(powers):
        return float(lufs(0.0))
    long_enough = len(powers) >= BLOCK
    blocks = np.convolve(powers, np.ones(BLOCK) / BLOCK, "valid") if long_enough else powers.mean(keepdims=True)
    loud = blocks[lufs(blocks) > -70]
    if len(loud):
        loud = loud[lufs(loud) > lufs(float(loud.mean())) - 10]
    return float(lufs(float(loud.mean()) if len(loud) else 0.0))
