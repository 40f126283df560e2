"""episode jobs: a season in one command."""

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from basis.errors import WrongUse
from basis.letters import printable
from commands.brief_flags import brief_flag
from commands.options import PLAIN, ForceOption, Group, JsonOption, NoCacheOption, QuietOption, preset_names

ManifestArg = Annotated[Path, typer.Argument(help="The season: a .toml or .csv file.")]
SeasonOutput = Annotated[Path, typer.Option("-o", "--output", help="Folder that the episodes are written to.")]
WorkersOption = Annotated[
    int | None, typer.Option(min=1, max=256, help="Episodes at once; as many as cores and memory allow if left out.")
]
TimeoutOption = Annotated[
    str, typer.Option(help="The longest that an attempt at an episode may take, as 1800 or 00:30:00.")
]
LONGEST_ATTEMPT = "7200"  # jobs.season.TIMEOUT, whose file takes a second to load

app = typer.Typer(no_args_is_help=True, cls=Group, **PLAIN)


@app.command()
def new(
    file: Annotated[Path, typer.Argument(help="The .toml file to write.")] = Path("season.toml"),
    preset: Annotated[str, typer.Option(help="Look of the season.", autocompletion=preset_names)] = "open-industry",
    force: ForceOption = False,
) -> None:
    """Write a manifest to edit: every key with what it means."""
    import os

    import presets
    from basis import files
    from jobs.template import template

    if file.suffix.lower() != ".toml":
        raise WrongUse(f"The output {file} must be the name of a .toml file, as season.toml.")
    if file.exists() and not force:
        raise WrongUse(f"{file} exists; give --force to replace it, or another name.")
    presets.load(preset)
    with files.writable(file.parent):
        beside = Path(os.path.relpath(preset, file.parent)).as_posix() if preset.lower().endswith(".toml") else preset
        files.save_text(template(beside, file.name), file)
    print(f"Season {file}\nIts first lines say what to do next.")


@app.command()
def check(manifest: ManifestArg, as_json: JsonOption = False) -> None:
    """Say everything that is wrong with a season before anything is rendered; exit code 0 or 2."""
    from commands import words
    from jobs.check import check_season
    from jobs.manifest import ManifestWrong, Season, Slip, read_season

    notes: list[Slip] = []
    try:
        season, slips = read_season(manifest), []
    except ManifestWrong as error:
        season, slips = Season("", manifest, error.entries), error.slips
    wrong = ManifestWrong(manifest, [*slips, *check_season(season, notes.append)])
    names = [entry.name for entry in season.entries]
    if as_json:
        told = {"slips": [asdict(slip) for slip in wrong.slips], "notes": [asdict(note) for note in notes]}
        words.say_json({"episodes": names} | told)
    else:
        words.say_notes(f"{manifest} line {note.line}: {note.text}" for note in notes)
        if wrong.slips:
            typer.echo(printable(str(wrong), "\n"), err=True)
        else:
            print(f"{manifest} is fine: {words.many(len(names), 'episode')}")
    if wrong.slips:
        raise typer.Exit(WrongUse.exit_code)


@app.command()
def run(  # a flag each
    manifest: ManifestArg,
    output: SeasonOutput,
    only: Annotated[str | None, typer.Option(help="Episodes by number or name, as 3,5-7,trailer.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be rendered and why, write nothing.")
    ] = False,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Stop at the first episode that fails.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Render also what is up to date, over files that are not of this season.")
    ] = False,
    workers: WorkersOption = None,
    timeout: TimeoutOption = LONGEST_ATTEMPT,
    scheduler: Annotated[
        str | None, typer.Option(help="A Dask cluster to render on, as tcp://10.0.0.5:8786; docs/scale.md.")
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Render episodes in segments of about this many seconds, several at once.")
    ] = None,
    no_cache: NoCacheOption = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Render what of a season is missing or stale; exit code 0 when all is delivered, 1 when some failed."""
    from commands import words
    from commands.meters import SeasonMeter
    from jobs import decisions
    from jobs import season as seasons
    from jobs.cluster import Cluster
    from jobs.executor import Processes
    from jobs.manifest import read_season
    from pipeline.encode import LEAST_SEGMENT

    season = read_season(manifest)
    asked = decisions.chosen(season, only) if only is not None else list(season.entries)
    options = seasons.Options(
        force=force, fail_fast=fail_fast, timeout=_seconds("--timeout", timeout), cache=_cache(not no_cache),
        split=_seconds("--split", split, 2 * LEAST_SEGMENT) if split else None,
    )  # fmt: skip
    if scheduler and workers:
        raise WrongUse("--workers counts processes of this machine; with --scheduler the cluster has its own.")
    if dry_run:
        words.say_decisions([decisions.decide(entry, output, force) for entry in asked], as_json)
        return
    executor: seasons.MakeExecutor = partial(Cluster, scheduler, output) if scheduler else partial(Processes, workers)
    with SeasonMeter(quiet or as_json, len(asked)) as meter:
        report = seasons.run(season, output, options, meter, only=asked, executor=executor)
    if as_json:
        print(report.model_dump_json(indent=2))
    elif not quiet:
        words.say_season(report, output)
    if any(one.asked and one.state in ("failed", "not run") for one in report.episodes):
        raise typer.Exit(1)


@app.command()
def status(
    folder: Annotated[Path, typer.Argument(help="Folder of a season's episodes.")], as_json: JsonOption = False
) -> None:
    """Say how a season stands; exit code 0 when all is delivered, else 1."""
    from commands import words
    from jobs.report import read
    from jobs.season import is_running

    report = read(folder)
    if report is None:
        raise WrongUse(f"There is no season in {folder}; `episode jobs run` makes one.")
    running = is_running(folder)
    made = [one.name for one in report.episodes if one.state in ("delivered", "up to date")]
    gone = [name for name in made if not (folder / f"{name}.mp4").is_file()]
    if as_json:
        told = {"running": running, "gone": gone, "report": report.model_dump(mode="json")}
        words.say_json(told)
    else:
        words.say_status(report, gone, running)
    if running or gone or any(one.state in ("failed", "not run") for one in report.episodes):
        raise typer.Exit(1)


@app.command()
def watch(  # a flag each
    inbox: Annotated[Path, typer.Argument(help="Folder that footage is dropped into.")],
    output: SeasonOutput,
    preset: Annotated[str | None, brief_flag("preset")] = None,
    delivery: Annotated[str | None, brief_flag("delivery")] = None,
    tighten: Annotated[bool, brief_flag("tighten")] = False,
    workers: WorkersOption = None,
    timeout: TimeoutOption = LONGEST_ATTEMPT,
    quiet: QuietOption = False,
) -> None:
    """Render each new file in a folder once it has stopped growing, until it is interrupted (Ctrl-C)."""
    import presets
    from commands.meters import SeasonMeter
    from jobs import season as seasons
    from jobs.executor import Processes
    from jobs.manifest import Season
    from jobs.watch import watch as watched
    from pipeline.brief import Brief
    from presets import delivery as specs

    habits: dict[str, Any] = {"preset": preset, "delivery": delivery, "tighten": tighten or None}
    habits = {key: value for key, value in habits.items() if value}
    look = presets.load(preset or Brief.model_fields["preset"].default)
    specs.load(delivery or Brief.model_fields["delivery"].default)
    if preset and preset.lower().endswith(".toml"):
        habits["preset"] = str(Path(preset).resolve())
    feed = watched(inbox, output, habits)
    options = seasons.Options(refused_again=False, timeout=_seconds("--timeout", timeout), cache=_cache(True))
    with SeasonMeter(quiet, None) as meter:
        if not quiet:
            typer.echo(f"Watching {inbox}; Ctrl-C ends it.", err=True)
        seasons.run(
            Season(look.series.name or inbox.resolve().name, inbox, ()), output, options, meter, feed=feed,
            executor=partial(Processes, workers),
        )  # fmt: skip


def _cache(kept: bool) -> Path | None:
    """The whole path: workers run elsewhere."""
    from commands.work import tools

    folder = tools(kept=kept).cache
    return folder and folder.resolve()


def _seconds(flag: str, text: str, least: float = 1) -> float:
    from basis.data import seconds

    try:
        value = seconds(text)
    except ValueError as error:
        raise WrongUse(f"{flag}: {error}.") from None
    if value < least:
        raise WrongUse(f"{flag} is {text} and must be {least:g} s at least.")
    return value
