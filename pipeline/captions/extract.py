"""Captions inside a footage file."""

import re
import subprocess
import threading
from typing import TYPE_CHECKING

from basis.errors import Unusable
from pipeline.captions.cues import MOST_BYTES, Cue, parse
from pipeline.footage import ffmpeg_tool

if TYPE_CHECKING:
    from pipeline.footage.source import Source

EXTRACT_SECONDS = 120  # that taking them out may last


def embedded(source: "Source", end: float, styled: bool) -> tuple[list[Cue], list[str]]:
    """Cues of the captions inside a footage file up to second `end`, in its seconds, and warnings.

    The Russian stream is chosen, else the default, else the first that holds text.
    """
    from av.stream import Disposition  # here and below: what only sets type need not wait for decoders

    from pipeline.footage.ffmpeg_tool import input_of
    from pipeline.footage.source import open_media

    texts: list[tuple[bool, bool, int, str]] = []
    warnings: list[str] = []
    with open_media(source.file) as container:
        for stream in container.streams.subtitles:
            codec = stream.codec_context.codec if stream.codec_context else None
            if codec and codec.text_sub:
                russian = (stream.language or "").lower() in ("rus", "ru", "ru-ru")
                texts.append((russian, bool(stream.disposition & Disposition.default), -stream.index, codec.name))
            else:
                kind = "as pictures" if codec and codec.bitmap_sub else "that cannot be read"
                warnings.append(
                    f"{source.file} has captions {kind} (stream {stream.index}); they are not used, give a caption file."
                )
    if not texts:
        return [], warnings
    _, _, index, codec_name = max(texts)
    form = "ass" if codec_name in ("ass", "ssa") else "srt"
    output = input_of(source.file)[str(-index)].output("pipe:", format=form, t=f"{end:.6f}")
    process = ffmpeg_tool.start(ffmpeg_tool.command(output), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout
    late = threading.Timer(EXTRACT_SECONDS, process.kill)
    late.start()
    try:
        raw = process.stdout.read(MOST_BYTES + 1)
        whole = len(raw) <= MOST_BYTES and process.wait() == 0
        if late.is_alive() and len(raw) <= MOST_BYTES:
            ffmpeg_tool.must_not_be_killed(process)
    finally:
        late.cancel()
        process.kill()
        process.wait()
        process.stdout.close()
    where = f"inside {source.file} (stream {-index})"
    if whole and not re.search(rb"\d:\d\d:\d\d[.,]\d\d", raw):
        return [], warnings  # nothing is said up to there
    try:
        cues, notes = parse(raw, where, styled) if whole else ([], [])
    except Unusable:
        cues, notes = [], []
    warnings += notes
    if cues:
        warnings.append(
            f"The captions come from {where}; give a file to use others, or turn off captions.embedded in the preset."
        )
    else:
        warnings.append(f"The captions {where} cannot be read; give a caption file.")
    return cues, warnings
