"""episode demo: footage that is made here, and an episode of it."""

from pathlib import Path
from typing import Annotated

import typer

from commands.options import PLAIN, ForceOption, QuietOption

app = typer.Typer(**PLAIN)


@app.command()
def demo(
    folder: Annotated[Path, typer.Option("-o", "--output", help="Folder to write to.")] = Path("out/demo"),
    force: ForceOption = False,
    quiet: QuietOption = False,
) -> None:
    from commands import words
    from commands.meters import Meter
    from commands.work import files_of, tools
    from pipeline import episode
    from pipeline.synthetic.demo import make_demo

    where = files_of(folder / "episode-03.mp4")
    episode.refuse_to_overwrite(where.all, [], force)
    with Meter(quiet) as meter, episode.claimed(where.video):
        work = tools(meter, kept=False)
        brief = make_demo(folder, lambda share: meter("footage", share, 1))
        made = episode.plan(brief, work).plan
        report = episode.render(made, where, work, overwrite=force)
    if not quiet:
        print(f"Footage {brief.footage[0].file}")
        words.say_report(report, where)
