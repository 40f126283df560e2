"""episode probe: what a footage file is."""

from pathlib import Path
from typing import Annotated, Any

import typer

from commands.options import PLAIN, JsonOption

app = typer.Typer(**PLAIN)


@app.command()
def probe(file: Annotated[Path, typer.Argument(help="A footage file.")], as_json: JsonOption = False) -> None:
    from basis import files
    from commands import words

    rows = _facts(files.found(file))
    if as_json:
        words.say_json(rows)
        return
    streams = [
        f"stream {one['stream']}: {one['codec']} {one['rate']} Hz {one['layout']} {one['language']}{' (used)' * one['chosen']}"
        for one in rows["audio"]
    ]
    told = rows | {"audio": "; ".join(streams) or "none", "notes": " ".join(rows["notes"]) or "none"}
    words.say_pairs({key.replace("_", " "): "unknown" if value is None else value for key, value in told.items()})


def _facts(file: Path) -> dict[str, Any]:
    """What is said of a file, by the keys that --json gives it."""
    from commands.work import tools
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
        "audio": [
            {
                "stream": one.index, "codec": one.codec, "rate": one.rate, "layout": one.layout, "language": one.language,
                "chosen": camera is not None and one.index in camera.streams,
            }
            for one in found.audio
        ],
        "heard": how,
        "subtitle_streams": len(found.subtitles),
        "notes": [str(note) for note in source.notes(found)],
        "loudness_lufs": loud.integrated if loud else None,
        "true_peak_dbtp": loud.true_peak if loud else None,
    }  # fmt: skip
