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
        str | None,
        typer.Option(help="What it is checked against: vk-clips, or the plan's.", autocompletion=delivery_names),
    ] = None,
    plan: Annotated[
        Path | None,
        typer.Option("--plan", help="Check it against the plan that it was made from, and the footage, too."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    from basis import files
    from commands import words
    from commands.work import tools
    from pipeline import verify as verification
    from presets import delivery as specs

    file, work = files.found(file), tools(kept=False)
    name, doubts = delivery or "vk-clips", []
    if plan:
        from pipeline import episode

        made = episode.read_plan(plan)
        name = delivery or made.delivery
        doubts = episode.doubts(made, episode.Files(file), work)
    checks = verification.verify(file, specs.load(name), work) + doubts
    failed = [check for check in checks if not check.ok and check.level == "error"]
    if as_json:
        rows = [check.model_dump() for check in checks]
        told = {"file": str(file), "delivery": name, "ok": not failed, "checks": rows}
        words.say_json(told)
    else:
        words.say_checks(checks)
        print(f"{len(failed)} findings." if failed else f"{file} meets {name}.")
    if failed:
        raise typer.Exit(DeliveryFailed.exit_code)
