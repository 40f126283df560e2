"""episode plan: how an episode is framed, as a plan to edit and a contact sheet to look at."""

import typer

from commands.brief_flags import Asked, with_brief
from commands.options import PLAIN, ForceOption, JsonOption, NoCacheOption, QuietOption

app = typer.Typer(**PLAIN)


@app.command()
@with_brief
def plan(
    asked: Asked,
    force: ForceOption = False,
    no_cache: NoCacheOption = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    from commands import words
    from commands.meters import Meter
    from commands.work import files_of, tools, video_of
    from pipeline import episode

    brief = asked.brief()
    where = files_of(video_of(brief))
    episode.refuse_to_overwrite((where.plan, where.sheet), brief.inputs, force)
    with Meter(quiet or as_json) as meter, episode.claimed(where.video):
        work = tools(meter, kept=not no_cache)
        made, notes = episode.plan(brief, work)
        episode.refuse_to_overwrite(where.all, made.inputs, True)  # rendering it would
        episode.plan_files(made, where, work)
    if as_json:
        print(made.model_dump_json(indent=2))
    elif not quiet:
        words.say_plan(made, notes, where)
