"""Captions inside a footage file."""

import re
import threading
from typing import Any

from basis.errors import MachineFailed, Unusable
from basis.notes import Note
from basis.tools import USUAL, Tools
from pipeline.captions.reading import MOST_BYTES, Reading, parse
from pipeline.footage import ffmpeg_tool
from pipeline.footage.source import Source

FORMS: dict[str, tuple[str, dict[str, str]]] = {  # which ffmpeg writes as they are; of other codecs it makes SRT
    "ass": ("ass", {"c": "copy"}), "ssa": ("ass", {"c": "copy"}), "subrip": ("srt", {"c": "copy"}), "srt": ("srt", {"c": "copy"}),
    "webvtt": ("webvtt", {"c": "copy"}),
}  # fmt: skip
EXTRACT_SECONDS = 120  # that taking them out may last


def embedded(source: Source, end: float, tools: Tools = USUAL) -> Reading:
    """The captions inside a footage file up to second `end`, in its seconds.

    The first stream that holds speech is read: the Russian one, else the default, else in order. What a camera measured is
    no speech. Raises MissingTool, MachineFailed.
    """
    streams, notes = _streams(source)
    for index, codec_name in streams:
        where = f"inside {source.file} (stream {index})"
        form, copied = FORMS.get(codec_name, ("srt", {}))
        stream = ffmpeg_tool.input_of(source.file)[str(index)]
        raw = _taken_out(stream.output("pipe:", format=form, t=f"{end:.6f}", **copied), tools)
        if raw is not None and not re.search(rb"\d:\d\d[.,]\d\d", raw):
            return Reading([], notes)  # nothing is said up to there
        try:
            cues, own = parse(raw or b"", where)
        except Unusable:
            text = f"The captions {where} cannot be read; give a caption file."
            return Reading([], [*notes, Note(code="unreadable-captions", text=text, level="warning")])
        notes += own
        if cues:
            text = f"The captions come from {where}; give a file to use others, or turn off captions.embedded in the preset."
            return Reading(cues, [*notes, Note(code="embedded-captions", text=text)])
    return Reading([], notes)


def _streams(source: Source) -> tuple[list[tuple[int, str]], list[Note]]:
    """The streams of captions with their codecs, the best first; notes for those that hold no text."""
    texts: list[tuple[bool, bool, bool, int, str]] = []
    notes: list[Note] = []
    for stream in source.subtitles:
        if stream.form == "text":
            russian = stream.language.lower() in ("rus", "ru", "ru-ru")
            whole = "forced" not in stream.disposition  # those have what foreigners say alone
            texts.append((russian, whole, "default" in stream.disposition, -stream.index, stream.codec))
        else:
            kind = "as pictures" if stream.form == "bitmap" else "that cannot be read"
            text = f"{source.file} has captions {kind} (stream {stream.index}); they are not used, give a caption file."
            notes.append(Note(code="picture-captions", text=text))
    return [(-index, name) for *_, index, name in sorted(texts, reverse=True)], notes


def _taken_out(output: Any, tools: Tools) -> bytes | None:
    """What an ffmpeg-python stream of captions writes; None where it fails, is too much or takes too long."""
    with ffmpeg_tool.pipe(output, tools) as running:
        late = threading.Timer(EXTRACT_SECONDS, running.process.kill)
        late.start()
        try:
            raw = running.read(MOST_BYTES + 1)
            return raw if len(raw) <= MOST_BYTES and running.wait() == 0 else None
        except MachineFailed:
            if late.is_alive():  # else it was ended here
                raise
            return None
        finally:
            late.cancel()
