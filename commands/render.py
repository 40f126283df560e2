"""episode render: a finished episode from footage, from a brief, or from an edited plan."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from basis.errors import WrongUse
from commands.brief_flags import Asked, with_brief
from commands.options import PLAIN, ForceOption, JsonOption, NoCacheOption, QuietOption

if TYPE_CHECKING:
    from pipeline.episode import Files
    from pipeline.plan import Plan

OF_A_PLAN = {"preset", "delivery", "output"}  # flags that may stand beside --plan

app = typer.Typer(**PLAIN)


@app.command()
@with_brief
def render(
    asked: Asked,
    plan: Annotated[Path | None, typer.Option("--plan", help="Render this edited plan instead of analysing.")] = None,
    force: ForceOption = False,
    no_cache: NoCacheOption = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    from commands import words
    from commands.meters import Meter
    from commands.work import files_of, tools, video_of
    from pipeline import episode

    with Meter(quiet or as_json) as meter, ExitStack() as claim:
        work = tools(meter, kept=not no_cache)
        own: tuple[Path, ...] = ()
        if plan:
            made, where, own = _edited(plan, asked, force)
            claim.enter_context(episode.claimed(where.video))
        else:
            brief = asked.brief()
            where = files_of(video_of(brief))
            episode.refuse_to_overwrite(where.all, brief.inputs, force)
            claim.enter_context(episode.claimed(where.video))
            made = episode.plan(brief, work).plan
        try:
            keep_plan = plan is None or where.plan.resolve() != plan.resolve()
            report = episode.render(made, where, work, keep_plan=keep_plan, overwrite=force, own=own)
        except episode.Rejected as rejected:
            if as_json:
                print(rejected.report.model_dump_json(indent=2))
            raise
    if as_json:
        print(report.model_dump_json(indent=2))
    elif not quiet:
        words.say_report(report, where)


def _edited(file: Path, asked: Asked, force: bool) -> "tuple[Plan, Files, tuple[Path, ...]]":
    """An edited plan, where the episode goes: beside it, unless told otherwise, and what of that belongs to the plan."""
    from commands.work import files_of
    from pipeline import episode

    if asked.files or asked.keys.keys() - OF_A_PLAN:
        raise WrongUse("--plan holds everything already; give it with -o, --force and nothing that it decides.")
    look: dict[str, Any] = {key: asked.keys[key] for key in ("preset", "delivery") if asked.keys.get(key)}
    made = episode.read_plan(file).model_copy(update=look)
    beside = file.with_name(file.name.removesuffix(".plan.json").removesuffix(".json") + ".mp4")
    where = files_of(asked.keys.get("output", beside))
    own = (file, file.with_name(file.name.removesuffix(".plan.json") + ".sheet.jpg"))
    episode.refuse_to_overwrite(where.all, made.inputs, force, own)
    return made, where, own
