"""episode verify: any file against what a platform accepts."""

from pathlib import Path
from typing import Annotated

import typer

from basis.errors import DeliveryFailed
from commands.options import PLAIN, JsonOption, delivery_names

app = typer.Typer(**PLAIN)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="A finished file.")],
    delivery: Annotated[
        str, typer.Option(help="What it is checked against, as vk-clips.", autocompletion=delivery_names)
    ] = "vk-clips",
    as_json: JsonOption = False,
) -> None:
    from commands import words
    from commands.work import tools
    from pipeline import verify as verification
    from presets import delivery as specs

    checks = verification.verify(file, specs.load(delivery), tools(kept=False))
    failed = [check for check in checks if not check.ok and check.level == "error"]
    if as_json:
        rows = [check.model_dump() for check in checks]
        told = {"file": str(file), "delivery": delivery, "ok": not failed, "checks": rows}
        words.say_json(told)
    else:
        words.say_checks(checks)
        print(f"{len(failed)} findings." if failed else f"{file} meets {delivery}.")
    if failed:
        raise typer.Exit(DeliveryFailed.exit_code)
