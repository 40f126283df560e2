"""episode probe: what a footage file is."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.options import PLAIN, JsonOption

if TYPE_CHECKING:
    from pipeline.footage.source import AudioStream

app = typer.Typer(**PLAIN)


@app.command()
def probe(file: Annotated[Path, typer.Argument(help="A footage file.")], as_json: JsonOption = False) -> None:
    rows = _facts(file)
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for name, value in rows.items():
        if name == "audio":
            value = "; ".join(map(_stream_in_words, value)) or "none"
        print(f"{name.replace('_', ' '):18}{'unknown' if value is None else value}")


def _facts(file: Path) -> dict[str, Any]:
    """What is said of a file, by the keys that --json gives it."""
    from commands.tools import tools
    from pipeline.brief import Footage
    from pipeline.footage import loudness, source
    from pipeline.listening.channels import of_camera

    work = tools(kept=False)
    found = source.probe(file)
    loud = loudness.measure(file, tools=work) if found.audio else None
    camera, how = of_camera(found, Footage(file=file), "", 0, found.duration, work)
    return {
        "file": str(file),
        "container": found.container,
        "picture": f"{found.width}x{found.height}",
        "rotation": found.rotation,
        "pixel_aspect": str(found.pixel_aspect),
        "codec": found.codec,
        "pixels": found.pixels,
        "frame_rate": round(float(found.average_rate), 3),
        "rate_is": "variable" if found.variable_rate else "constant",
        "delivered_rate": round(float(found.rate), 3),
        "seconds": round(found.duration, 3),
        "interlaced": found.interlaced,
        "colour": f"{found.matrix} {'full' if found.full_range else 'limited'}{' ' + found.hdr if found.hdr else ''}",
        "audio": [_stream(stream, camera is not None and stream.index == camera.stream) for stream in found.audio],
        "heard": how,
        "subtitle_streams": found.subtitles,
        "loudness_lufs": loud.integrated if loud else None,
        "true_peak_dbtp": loud.true_peak if loud else None,
    }


def _stream(found: "AudioStream", chosen: bool) -> dict[str, Any]:
    return {
        "stream": found.index, "codec": found.codec, "rate": found.rate, "layout": found.layout, "language": found.language,
        "chosen": chosen,
    }  # fmt: skip


def _stream_in_words(row: dict[str, Any]) -> str:
    used = " (used)" if row["chosen"] else ""
    return f"stream {row['stream']}: {row['codec']} {row['rate']} Hz {row['layout']} {row['language']}{used}"
