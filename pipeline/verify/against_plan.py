"""A finished file against its plan and the footage: what a delivery spec cannot know, and nobody notices before the upload.

Nothing here trusts what the renderer saw: the file and the footage are opened anew and read by their time stamps.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import av

from basis.errors import Unusable
from basis.notes import Note
from basis.tools import USUAL, Tools
from pipeline.footage.source import Source, open_media
from pipeline.graphics.blend import Overlay
from pipeline.plan import Plan
from pipeline.verify import heard, seen, subtitled
from pipeline.verify.checks import Check, Row
from presets.delivery import spec

ABOUT = spec.Source(sure="O", source="the plan and the footage")
SOUND_END = 0.045  # seconds that the last packet of sound, of at most 1024 samples, may lie beside the picture's end


@dataclass(frozen=True)
class Expected:
    """What a finished file should be: its settled plan, the footage as it was probed, what is drawn over it, and the
    subtitle files that go with it; notes: what its editor is told."""

    plan: Plan
    sources: Mapping[Path, Source]
    overlay: Overlay
    subtitles: Sequence[Path] = ()
    notes: Sequence[Note] = ()


def against_plan(file: Path, expected: Expected, tools: Tools = USUAL) -> list[Check]:
    """Every check of a finished file against its plan and the footage. Raises Unusable for a file that cannot be read."""
    try:
        return [row.check(ABOUT) for row in _rows(file, expected, tools)]
    except av.error.FFmpegError as error:
        raise Unusable(f"{file} is not a video that can be read ({error.strerror}).") from error


def _rows(file: Path, expected: Expected, tools: Tools) -> Iterator[Row]:
    plan = expected.plan
    packets, end = _packets(file)
    count = len(packets)
    yield Row(
        "footage", "frames", f"{count} frames", f"{plan.frame_count} frames, as planned", count == plan.frame_count
    )
    limit = f"within {SOUND_END * 1000:g} ms of {plan.duration:.2f} s, as planned"
    yield Row("footage", "end of the sound", f"{end:.2f} s", limit, abs(end - plan.duration) <= SOUND_END)
    keys = [number for number, (_, key) in enumerate(packets) if key]
    yield from seen.rows(seen.Look(file, plan, expected.sources, expected.overlay, keys), packets, expected.notes)
    yield from heard.rows(heard.heard(file, plan, tools), plan, expected.notes, tools)
    yield from subtitled.rows(plan, expected.subtitles)


def _packets(file: Path) -> tuple[list[tuple[int, bool]], float]:
    """(bytes, whether a key) of each frame in order of time, and when the sound ends."""
    pictures, end = [], 0.0
    with open_media(file) as container:
        for packet in container.demux([*container.streams.video[:1], *container.streams.audio[:1]]):
            if packet.pts is None or not packet.size:
                continue
            if packet.stream.type == "video":
                pictures.append((packet.pts, packet.size, packet.is_keyframe))
            else:
                end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    return [(size, key) for _, size, key in sorted(pictures)], end
