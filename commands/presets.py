"""episode presets: the looks of series."""

import re
import tomllib
from pathlib import Path
from typing import Annotated

import typer

import presets
from basis.errors import EpisodeError, WrongUse
from basis.letters import printable
from commands.options import PLAIN, Command, ForceOption, Group, preset_names
from presets import delivery

NAME = re.compile(r"(?=.{1,80}$)\w[\w.-]*( [\w.-]+)*")  # of a preset
KINDS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}

app = typer.Typer(no_args_is_help=True, cls=Group, **PLAIN)


@app.command("list", cls=Command)
def show_all() -> None:
    """The presets and delivery specs that ship."""
    for name in presets.names():
        text = (presets.FOLDER / f"{name}.toml").read_text("utf-8")
        series = tomllib.loads(text).get("series", {}).get("name")  # not checked: that takes a second
        remark = text.splitlines()[0].strip("# .")
        print(f"{name}  {series or remark}")
    print("delivery: " + ", ".join(delivery.names()))


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Name of the look, as night-shift; it is written to NAME.toml.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Another .toml file to write.")] = None,
    like: Annotated[
        str | None, typer.Option(help="Begin as this preset: a name, or a .toml file.", autocompletion=preset_names)
    ] = None,
    force: ForceOption = False,
) -> None:
    """Write a preset to edit: every key with what it means and what it may be."""
    import filecmp
    import shutil

    from basis import files
    from presets.template import portable, template

    name = name.removesuffix(".toml")
    file = output or Path(f"{name}.toml")
    for stem in (name, file.stem):
        if not NAME.fullmatch(stem):
            raise WrongUse(f"{stem!r} cannot name a preset; use letters, digits, hyphens, dots and single spaces.")
    if file.suffix.lower() != ".toml":
        raise WrongUse(f"The output {file} must be the name of a .toml file, as looks/night-shift.toml.")
    folder = Path(like).parent if like and like.lower().endswith(".toml") else presets.FOLDER
    begun, beside = portable(presets.load(like) if like else presets.Preset(), folder)
    words = re.sub(r"[-_. ]+", " ", name)  # the series' name: Night Shift of night-shift
    title = (words.title() if words.isascii() else words[:1].upper() + words[1:])[:60].strip()
    made = begun.model_copy(update={"series": begun.series.model_copy(update={"name": title})})
    copies = [(folder / part, file.parent / part) for part in beside]
    copies = [(old, new) for old, new in copies if not (new.is_file() and filecmp.cmp(old, new, shallow=False))]
    for taken in (file, *(new for _, new in copies)):
        if taken.exists() and not force:
            raise WrongUse(f"{taken} exists; give --force to replace it, or another -o.")
    with files.writable(file.parent):
        for old, new in copies:
            new.parent.mkdir(parents=True, exist_ok=True)
            with files.temporary(new) as part:
                shutil.copyfile(old, part)
        files.save_text(template(made, file.name), file)
    print(f"Preset {file}\nIts first lines say what to do next.")


@app.command()
def check(
    files: Annotated[
        list[str],
        typer.Argument(help="Preset files (.toml), or names of presets that ship.", autocompletion=preset_names),
    ],
) -> None:
    """Say whether presets can be used, and what would not be seen as it is written; exit code 0 or 2."""
    from commands import words
    from pipeline.footage.sounds import sounds_in
    from pipeline.synthetic import sample

    slips = 0
    for file in files:
        try:
            checked = presets.load(file)
            notes = sample.notes(checked)
            for sound in filter(None, (getattr(checked.sound, key) for key in presets.SOUNDS)):
                sounds_in(Path(sound))
        except EpisodeError as error:
            typer.echo(printable(str(error)), err=True)
            slips += 1
            continue
        print(f"{file} is fine")
        words.say_notes(notes)
    if slips:
        raise typer.Exit(WrongUse.exit_code)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A preset's name or .toml file.", autocompletion=preset_names)],
    picture: Annotated[
        Path | None, typer.Option(help="Draw everything in it on sample footage to this .png or .jpg instead.")
    ] = None,
    force: ForceOption = False,
) -> None:
    """Every setting of a preset as JSON, or with --picture one picture of everything in it."""
    preset = presets.load(name)
    if not picture:
        print(preset.model_dump_json(indent=2))
        return
    from basis import files
    from pipeline.synthetic import sample

    kind = KINDS.get(picture.suffix.lower())
    if not kind:
        raise WrongUse(f"The picture {picture} must be the name of a .png or .jpg file, as look.png.")
    if picture.exists() and not force:
        raise WrongUse(f"{picture} exists; give --force to replace it, or another name.")
    with files.writable(picture.parent), files.temporary(picture) as part:
        sample.picture_of(preset).save(part, kind, quality=92)
    print(f"Look at {picture}")
