"""Loudness and true peak of a file, by ffmpeg's ebur128 (ITU-R BS.1770, EBU R128), whoever made the file."""

import re
import subprocess
from pathlib import Path

import ffmpeg

from pipeline import ffmpeg_tool
from pipeline.errors import Unusable
from presets.graphics import Data

GATE = -69.9  # LUFS; ebur128 says -70 where nothing passed its gate


class Loudness(Data):
    """Integrated loudness in LUFS and true peak in dBTP, None for silence or less than 0.4 s; range in LU."""

    integrated: float | None
    true_peak: float | None
    range: float


def measure(file: Path, audio_stream: int | None = None) -> Loudness:
    """Measures the file's audio stream (the first unless given, by index). Raises Unusable when there is none."""
    given = ffmpeg.input(str(file.resolve()), protocol_whitelist="file,pipe")
    heard = given["a:0" if audio_stream is None else str(audio_stream)].filter("ebur128", peak="true", framelog="quiet")
    arguments = ffmpeg_tool.command(heard.output("pipe:", format="null"))
    arguments[arguments.index("error")] = "info"  # the summary is said at this level
    process = ffmpeg_tool.start(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    with process:
        _, said = process.communicate()
    text = said.decode("utf-8", "replace")
    summary = text[text.rfind("Summary:") :] if "Summary:" in text else ""
    if process.returncode or not summary:
        raise Unusable(f"The sound of {file} cannot be measured: {ffmpeg_tool.last_line(said)}")
    integrated, peak, spread = (_value(summary, name) for name in ("I", "Peak", "LRA"))
    silent = integrated is None or integrated <= GATE
    return Loudness(integrated=None if silent else integrated, true_peak=peak, range=spread or 0.0)


def _value(summary: str, name: str) -> float | None:
    found = re.search(rf"^\s*{name}:\s+(-?\d+(?:\.\d+)?) ", summary, re.MULTILINE)
    return float(found[1]) if found else None
