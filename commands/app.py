"""The command line's commands: which is loaded when it is called."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand
from typer.main import get_command

from commands.options import PLAIN, DebugOption, Group, VersionOption

COMMANDS = {  # commands/NAME.py holds each
    "render": "Render a finished episode from footage, from a brief, or from an edited plan.",
    "plan": "Decide the framing, write plan and contact sheet, render nothing.",
    "probe": "Say what a footage file is.",
    "verify": "Check any file against a delivery spec; exit code 0 or 4.",
    "doctor": "Say which ffmpeg, encoders, filters, fonts and models are in use; exit code 5 when one is missing.",
    "demo": "Make horizontal footage, render an episode from it, verify it, and say where the files are.",
    "presets": "The looks of series.",
    "jobs": "A season in one command.",
}
HELP = """Turns horizontal footage into a finished vertical episode. Exit codes: 0 done, 1 some episodes of a season
failed, 2 wrong use or a wrong manifest, 3 footage or captions unusable, 4 delivery check failed, 5 missing tool, 6 the
machine failed (try again), 70 an error of the product itself, 130 interrupted."""


class Later(TyperCommand):
    """A command of which no more than its line of help is known until it is called."""

    def make_context(self, *call: Any, **settings: Any) -> Any:
        return load(str(self.name)).make_context(*call, **settings)


class Episode(Group):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings | {"commands": {name: Later(name, help=line) for name, line in COMMANDS.items()}})


def load(name: str) -> Any:
    """A command, or a group of them, with all its flags."""
    command = get_command(import_module(f"commands.{name}").app)
    command.help = COMMANDS[name]
    return command


app = typer.Typer(name="episode", cls=Episode, no_args_is_help=True, help=HELP, **PLAIN | {"add_completion": True})


@app.callback()
def episode(version: VersionOption = False, debug: DebugOption = False) -> None:
    pass
