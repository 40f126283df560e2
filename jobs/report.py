"""How a season went: as JSON and JUnit XML for machines, as a page to look at and one line for people."""

import re
from collections import Counter
from datetime import datetime, timedelta
from html import escape
from pathlib import Path
from typing import Literal
from urllib.parse import quote
from xml.etree import ElementTree

from pydantic import BaseModel, Field, ValidationError

from basis.errors import WrongUse
from basis.files import save_text
from basis.notes import Note
from pipeline.verify import Check

State = Literal["delivered", "up to date", "failed", "not run"]
MOST_NAMED, MOST_LETTERS = 3, 160  # failures that the one-line summary names, letters of each one's reason
MOST_NOTES = 2  # of an episode that the page shows without being asked
COUNTED = ("tests", "failures", "errors", "skipped")  # attributes of a JUnit suite
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # by XML 1.0
_RUSSIAN: dict[State, str] = {
    "failed": "не вышло",
    "not run": "не рендерилось",
    "delivered": "готово",
    "up to date": "без изменений",
}  # in the order of the page


class Failure(BaseModel):
    """Why an episode was not made."""

    kind: Literal["input", "delivery", "machine", "timeout", "internal"] = Field(
        description="input: footage or brief; delivery: the file breaks its spec; machine: a killed process, a full disk; "
        "timeout: it took too long; internal: an error of the product"
    )
    message: str = Field(description="one sentence for people")
    exit_code: int = Field(description="what `episode render` would have ended with")


class EpisodeResult(BaseModel):
    """What became of one episode."""

    name: str = Field(description="of its files, without .mp4")
    number: int | None = Field(description="of the episode, null where it has none")
    title: str
    state: State
    asked: bool = Field(True, description="false where --only left it out: the rest is what an earlier run found")
    why: str = Field(description="why it was rendered, or was not run")
    seconds: float | None = Field(description="length of the episode")
    took: float | None = Field(description="seconds of work, all attempts and segments together")
    attempts: int = Field(description="0 where nothing was rendered")
    host: str = Field(description="machine that finished it")
    failure: Failure | None
    checks: list[Check] = Field(description="every delivery check with its measured value")
    warnings: list[Note] = Field(description="what a person should look at")


class SeasonReport(BaseModel):
    """What became of a season; finished is null while it runs, and after it was killed."""

    schema_version: Literal[1] = 1
    version: str = Field(description="of the product")
    series: str
    manifest: str
    started: datetime = Field(description="UTC")
    finished: datetime | None = Field(description="UTC")
    interrupted: bool = False
    workers: int = Field(description="episodes at once")
    episodes: list[EpisodeResult]


def files(out: Path) -> tuple[Path, Path, Path]:
    """Where a season's reports lie: JSON, JUnit XML, page."""
    return out / "season.report.json", out / "season.junit.xml", out / "index.html"


def write(report: SeasonReport, out: Path) -> None:
    """Writes the reports into a season's folder, each whole or not at all."""
    as_json, as_junit, as_page = files(out)
    save_text(report.model_dump_json(indent=2), as_json)
    save_text(junit(report), as_junit)
    save_text(page(report, out), as_page)


def read(out: Path) -> SeasonReport | None:
    """The report in a season's folder, None where there is none. Raises WrongUse for one that cannot be read."""
    file = files(out)[0]
    try:
        return SeasonReport.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WrongUse(f"{file} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        if any(slip["loc"] == ("schema_version",) for slip in error.errors()):
            what = "is of another version of episode (its schema_version is not 1); read it with that one, or"
        else:
            what = "is broken;"
        raise WrongUse(f"{file} {what} run the season again to have it anew.") from None


def summary(report: SeasonReport) -> str:
    """One line for people."""
    asked = [one for one in report.episodes if one.asked]
    counts = Counter(one.state for one in asked)
    states: tuple[State, ...] = ("delivered", "up to date", "failed", "not run")
    parts = [f"{counts[state]} {state}" for state in states if counts[state]]
    line = f"{len(asked)} episode{'s' * (len(asked) != 1)}"
    line += f": {', '.join(parts)}" if parts else ""
    line += f" in {_spent(report.finished - report.started)}" if report.finished else " so far"
    line += ", interrupted." if report.interrupted else "."
    failed = [_in_short(one.name, one.failure) for one in asked if one.failure]
    if failed:
        more = f" and {len(failed) - MOST_NAMED} more" if len(failed) > MOST_NAMED else ""
        line += f" Failed: {'; '.join(failed[:MOST_NAMED])}{more}."
    return " ".join(_clean(line).split())


def _spent(time: timedelta) -> str:
    minutes, seconds = divmod(round(time.total_seconds()), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def _in_short(name: str, failure: Failure) -> str:
    reason = " ".join(failure.message.split()).rstrip(".")
    if len(reason) > MOST_LETTERS:
        reason = reason[:MOST_LETTERS].rstrip() + "…"
    return f"{name} ({reason})"


def junit(report: SeasonReport) -> str:
    """JUnit XML: a suite for each episode, in it a case for rendering it and one for each delivery check."""
    top = ElementTree.Element("testsuites", name=_clean(report.series))
    totals: Counter[str] = Counter()
    seconds = 0.0
    for one in report.episodes:
        if not one.asked:
            one = one.model_copy(update={"state": "not run", "why": "not asked for", "failure": None, "checks": [], "took": None})
        begun = f"{report.started:%Y-%m-%dT%H:%M:%S}"  # JUnit's schema takes no time zone
        suite = ElementTree.SubElement(top, "testsuite", name=_clean(one.name), timestamp=begun)
        counts = _cases(suite, one)
        took = round(one.took or 0.0, 2)
        suite.attrib |= {key: str(counts[key]) for key in COUNTED} | {"time": f"{took:.2f}"}
        totals += counts
        seconds += took
    top.attrib |= {key: str(totals[key]) for key in COUNTED} | {"time": f"{seconds:.2f}"}
    ElementTree.indent(top)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(top, "unicode")


def _cases(suite: ElementTree.Element, one: EpisodeResult) -> Counter[str]:
    """Adds the cases of an episode to its suite; how many there are, and how they ended."""
    counts: Counter[str] = Counter(tests=1 + len(one.checks))
    rendered = _case(suite, one.name, "rendered", one.took or 0.0)
    if one.failure and one.failure.kind == "delivery":
        counts["failures"] += 1
        _ended(rendered, "failure", one.failure.kind, one.failure.message)
    elif one.failure:
        counts["errors"] += 1
        _ended(rendered, "error", one.failure.kind, one.failure.message)
    elif one.state == "not run":
        counts["skipped"] += 1
        ElementTree.SubElement(rendered, "skipped", message=_clean(one.why))
    for check in one.checks:
        case = _case(suite, one.name, check.name, 0.0)
        said = f"measured {check.measured}, must be {check.limit} (sure: {check.sure}; {check.source})"
        if not check.ok and check.level == "error":
            counts["failures"] += 1
            _ended(case, "failure", "delivery", said)
        elif not check.ok:
            ElementTree.SubElement(case, "system-out").text = _clean(said)
    return counts


def _case(suite: ElementTree.Element, episode: str, name: str, took: float) -> ElementTree.Element:
    return ElementTree.SubElement(suite, "testcase", classname=_clean(episode), name=_clean(name), time=f"{took:.2f}")


def _ended(case: ElementTree.Element, how: str, kind: str, message: str) -> None:
    ElementTree.SubElement(case, how, type=kind, message=_clean(message)).text = _clean(message)


def page(report: SeasonReport, out: Path) -> str:
    """A page in Russian that shows every episode, what failed first; links go to what lies in the folder out."""
    there = {file.name for file in out.iterdir()} if out.is_dir() else set()
    when = f"{report.started:%d.%m.%Y %H:%M} UTC"
    if not report.finished:
        when += ", ещё идёт или был прерван"
    elif report.interrupted:
        when += ", прерван"
    filters = [f'<a href="#">все: {len(report.episodes)}</a>']
    sections = []
    for state, russian in _RUSSIAN.items():
        cards = [_card(one, there) for one in report.episodes if one.state == state]
        if cards:
            place = state.replace(" ", "-")
            filters.append(f'<a href="#{place}">{russian}: {len(cards)}</a>')
            grid = "\n".join(cards)
            sections.append(
                f'<section id="{place}"><h2>{russian.capitalize()}</h2><div class="grid">\n{grid}\n</div></section>'
            )
    return _PAGE.format(
        series=_text(report.series), when=when, style=_STYLE, filters=" ".join(filters), sections="\n".join(sections)
    )


def _card(one: EpisodeResult, there: set[str]) -> str:
    """An episode on the page: what is wrong first, all names quoted, all text escaped."""

    def link(end: str, inside: str) -> str:
        return f'<a href="{quote(one.name + end, safe="")}">{inside}</a>' if one.name + end in there else ""

    cover = f"{one.name}.cover.jpg"
    picture = f'<img src="{quote(cover, safe="")}" alt="Смотреть" loading="lazy">' if cover in there else '<span class="none">нет кадра</span>'  # fmt: skip
    number = "" if one.number is None else f"Серия {one.number}"
    title = ". ".join(filter(None, (number, one.title))) or one.name
    state = _RUSSIAN[one.state] + (f" · {_length(one.seconds)}" if one.seconds is not None else "")
    reason = one.failure.message if one.failure else one.why if one.state == "not run" else ""
    notes = [
        f"{check.name}: {check.measured}, {'must' if check.level == 'error' else 'should'} be {check.limit}"
        for check in one.checks if not check.ok
    ] + [str(note) for note in one.warnings]  # fmt: skip
    listed = f"<ul>{''.join(f'<li>{_text(note)}</li>' for note in notes)}</ul>" if notes else ""
    if len(notes) > MOST_NOTES:
        listed = f"<details><summary>замечания: {len(notes)}</summary>{listed}</details>"
    links = " ".join(filter(None, (link(end, label) for end, label in _LINKS)))
    parts = [
        f'<p class="state">{state}</p><h3>{_text(title)}</h3>',
        f'<p class="why">{_text(reason)}</p>' if reason else "",
        listed,
        f"<p>{links}</p>" if links else "",
    ]
    return f"<article>{link('.mp4', picture) or picture}<div>{''.join(parts)}</div></article>"


def _length(seconds: float) -> str:
    if seconds < 59.95:
        return f"{seconds:.1f} с".replace(".", ",")
    return f"{round(seconds) // 60} мин {round(seconds) % 60} с"


def _text(text: str) -> str:
    return escape(_clean(text))


def _clean(text: str) -> str:
    """Text without the characters that XML, and any reader, cannot take."""
    return _FORBIDDEN.sub("\ufffd", text)


_LINKS = (
    (".mp4", "видео"), (".sheet.jpg", "кадры"), (".plan.json", "план"), (".report.json", "отчёт"), (".srt", "титры"),
    (".vtt", "титры VTT"),
)  # fmt: skip

_STYLE = """\
:root { color-scheme: light dark; --ground: #f4f2ee; --card: #fff; --ink: #1b1d1f; --faint: #5c6166; --good: #1d6b3a; --bad: #b3261e; --link: #0b5cad }
@media (prefers-color-scheme: dark) { :root { --ground: #15181b; --card: #1f2327; --ink: #f0eee9; --faint: #a4a9ae; --good: #74c791; --bad: #ff8a80; --link: #8ab8ff } }
body { margin: 0 auto; max-width: 1400px; padding: 24px; background: var(--ground); color: var(--ink); font: 16px/1.45 system-ui, sans-serif }
h1 { margin: 0; font-size: 28px; overflow-wrap: anywhere }
h2 { margin: 28px 0 12px; font-size: 20px }
h3 { margin: 2px 0 6px; font-size: 18px; line-height: 1.25 }
p { margin: 6px 0 }
body:has(section:target) section:not(:target) { display: none }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(220px, 100%), 1fr)); gap: 16px; align-items: start }
article { background: var(--card); border-radius: 12px; overflow: hidden; border-top: 4px solid var(--good) }
article > div { padding: 10px 14px 14px; overflow-wrap: anywhere }
img { display: block; width: 100%; aspect-ratio: 9 / 16; object-fit: cover; background: var(--ground) }
.none { display: grid; place-items: center; aspect-ratio: 16 / 9; background: var(--ground); color: var(--faint) }
.state { color: var(--good); font-weight: 600 }
#failed article, #not-run article { border-color: var(--bad) }
#failed .state, #not-run .state, .why { color: var(--bad) }
.why { white-space: pre-line }
ul { margin: 6px 0; padding-left: 18px }
summary, .when { color: var(--faint) }
summary { cursor: pointer }
a { color: var(--link); margin-right: 8px }
article > a { margin: 0 }"""

_PAGE = """\
<!doctype html>
<html lang="ru">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src 'self' file:; media-src 'self' file:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<title>{series}</title>
<style>
{style}
</style>
</head>
<body>
<h1>{series}</h1>
<p class="when">{when}</p>
<nav>{filters}</nav>
<main>
{sections}
</main>
</body>
</html>"""
