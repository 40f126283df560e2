"""Flags that several commands share, what shells offer for them, and how commands are listed."""

from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

import presets
from presets import delivery

PLAIN: dict[str, Any] = {  # of every typer app: rich takes longer to draw the help than a short command takes to do its work
    "add_completion": False, "rich_markup_mode": None, "pretty_exceptions_enable": False,
}  # fmt: skip


def preset_names(incomplete: str) -> list[str]:
    """What a shell offers where a preset is named."""
    return [name for name in presets.names() if name.startswith(incomplete)]


def delivery_names(incomplete: str) -> list[str]:
    """What a shell offers where a delivery spec is named."""
    return [name for name in delivery.names() if name.startswith(incomplete)]


def _say_version(asked: bool) -> None:
    if asked:
        from basis.version import is_installed, version  # reads all of the product's files

        print(version() if is_installed() else f"{version()}, a checkout that is not installed")
        raise typer.Exit


VersionOption = Annotated[
    bool, typer.Option("--version", help="Say which version this is.", is_eager=True, callback=_say_version)
]
DebugOption = Annotated[
    bool, typer.Option("--debug", help="Show where an error comes from; may stand anywhere on the line.")
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace files that exist.")]
NoCacheOption = Annotated[bool, typer.Option("--no-cache", help="Analyse the footage anew.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON and nothing else.")]


class Command(TyperCommand):
    """A command that does without pydantic where none of its own flags needs it."""

    def get_params(self, ctx: Any) -> Any:
        return _switched_off(super().get_params(ctx))


class Group(TyperGroup):
    """Commands that are listed with their whole line of help."""

    def get_params(self, ctx: Any) -> Any:
        return _switched_off(super().get_params(ctx))

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, (command.help or "").strip()) for name, command in self.commands.items()])


def _switched_off(parameters: Any) -> Any:
    """The same, with False for switches whose default is None, as --help: typer loads pydantic to check a None."""
    for switch in parameters:
        if switch.default is None and getattr(switch, "is_flag", False):
            switch.default = False
    return parameters
