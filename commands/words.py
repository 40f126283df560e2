"""Sentences and tables about results: those asked for on standard output, notes beside them on standard error."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from basis.letters import printable
from basis.notes import Note

if TYPE_CHECKING:
    from jobs.decisions import Decision
    from jobs.report import EpisodeResult, SeasonReport
    from pipeline.episode import Files
    from pipeline.plan import Plan
    from pipeline.report import Report
    from pipeline.verify import Check


def say_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


def say_notes(notes: Iterable[Note | str]) -> None:
    for note in notes:
        typer.echo(printable(f"Note: {note}"), err=True)


def say_pairs(rows: Mapping[str, object]) -> None:
    """Names and what they stand for, a line each."""
    width = max(map(len, rows)) + 2
    for name, value in rows.items():
        print(f"{name:{width}}{printable(str(value))}")


def say_report(report: "Report", where: "Files") -> None:
    say_notes(report.warnings)
    passed = sum(check.ok for check in report.checks)
    print(f"Episode {_name(where.video)}  {report.seconds:.1f} s, {passed} of {len(report.checks)} checks passed")
    before, after = (
        "silent" if loud.integrated is None else f"{loud.integrated:.1f} LUFS, peak {loud.true_peak:.1f} dBTP"
        for loud in (report.sound.before, report.sound.after)
    )
    print(f"Sound   {after} (recorded: {before})")
    print(f"Look at {_name(where.sheet)}\nPlan    {_name(where.plan)}\nReport  {_name(where.report)}")


def say_plan(plan: "Plan", notes: Sequence[Note], where: "Files") -> None:
    """What was decided about each shot, the sound and each pause, and what to do next."""
    from pipeline.pauses import joined_seconds
    from pipeline.report import shot_rows

    rows = [
        [f"{row['start']:.2f}", f"{row['end']:.2f}", str(row["layout"]), str(row["reason"])] for row in shot_rows(plan)
    ]
    _say_table(["from", "to", "layout", "why"], rows)
    for line in dict.fromkeys(f"Sound of {take.file.name}: {take.heard}" for take in plan.takes):
        print(printable(line))
    for pause, second in zip(plan.pauses, joined_seconds(plan), strict=True):
        length, place = f"Pause of {pause.end - pause.start:.1f} s", f"at {pause.at:.1f} s of the episode"
        cut = f"is cut {place}; --keep-pause {second:.1f} (second of the footage) keeps it"
        print(f"{length} {place} is kept" if pause.kept else f"{length} {cut}")
    say_notes(notes)
    quoted = f'"{_name(where.plan)}"' if " " in str(where.plan) else _name(where.plan)
    again = " --force" if where.video.exists() else ""
    print(
        f"Plan {_name(where.plan)}\nLook at {_name(where.sheet)}\n"
        f'Another view of a shot: --shot "12.5 = person 2" --force. All good: episode render --plan {quoted}{again}'
    )


def say_checks(checks: "Sequence[Check]") -> None:
    mark = {"error": "FAIL", "warning": "note"}
    rows = [["ok" if one.ok else mark[one.level], one.name, one.measured, one.limit, one.sure] for one in checks]
    _say_table(["", "check", "measured", "must be", "sure"], rows)


def _say_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich.console import Console  # drawing tables takes longer to import than short commands take to run
    from rich.table import Table
    from rich.text import Text

    table = Table(*head, box=None)
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))  # no cell is markup
    Console(highlight=False).print(table)


def say_season(report: "SeasonReport", folder: Path) -> None:
    from jobs.report import summary

    for one in report.episodes:
        for note in one.warnings if one.asked and one.state == "delivered" else []:
            typer.echo(printable(f"Note on {one.name}: {note}"), err=True)
    print(f"{printable(summary(report))}\nLook at {folder / 'index.html'}")


def say_decisions(decisions: "Iterable[Decision]", as_json: bool) -> None:
    """What would be done about each episode of a season, and why."""
    rows = [
        {"name": made.entry.name, "state": made.result.state, "why": made.result.failure.message if made.result.failure else ""}
        if made.result else {"name": made.entry.name, "state": "to render", "why": made.why}
        for made in decisions
    ]  # fmt: skip
    if as_json:
        say_json(rows)
        return
    for row in rows:
        say_episode(row["state"], "", row["name"], row["why"])
    print(f"{many(sum(row['state'] == 'to render' for row in rows), 'episode')} of {len(rows)} to render.")


def say_status(report: "SeasonReport", gone: Sequence[str], running: bool) -> None:
    """How each episode of a season stands. gone: names of those whose video is not there any more."""
    from jobs.report import summary

    for one in report.episodes:
        begun = running and one.attempts and one.state == "not run"
        state = "gone" if one.name in gone else "rendering" if begun else one.state
        reason = one.failure.message if one.failure else one.why if state == "not run" else ""
        title = f" «{one.title}»" if one.title else ""
        say_episode(state, f"{one.seconds:.1f} s" if one.seconds else "", one.name + title, reason)
    killed = "" if report.finished else "Its run was killed; run it again to go on. "
    missing = f" {many(len(gone), 'video')} of them {'are' if len(gone) > 1 else 'is'} gone." if gone else ""
    print(("It runs now. " if running else killed) + printable(summary(report)) + missing)


def say_episode(state: str, length: str, name: str, reason: str) -> None:
    """An episode of a season on a line, its name in full at any width; a reason below it."""
    print(f"{state:10} {length:>8}  {printable(name)}")
    if reason:
        print(f"{'':21}{printable(reason)}")


def outcome(result: "EpisodeResult") -> str:
    """How an episode of a season ended."""
    if result.failure:
        again = f" (after {result.attempts} attempts)" if result.attempts > 1 else ""
        return f"FAILED{again}: {result.failure.message}"
    if result.state == "delivered":
        passed = sum(check.ok for check in result.checks)
        return f"delivered, {passed} of {len(result.checks)} checks passed, {result.took or 0:.0f} s"
    return result.state


def _name(file: Path) -> str:
    return printable(str(file))


def clock(seconds: float) -> str:
    """Seconds as 1:05, or 2:01:05."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def many(count: int, word: str) -> str:
    """1 episode, 2 episodes."""
    return f"{count} {word}{'s' * (count != 1)}"
