"""A season as a page to look at, in Russian: one file, no scripts, nothing from the network."""

from html import escape
from pathlib import Path
from urllib.parse import quote

from jobs.report.data import EpisodeResult, SeasonReport, State, clean

MOST_NOTES = 2  # of an episode that are shown without being asked
_RUSSIAN: dict[State, str] = {
    "failed": "не вышло",
    "not run": "не рендерилось",
    "delivered": "готово",
    "up to date": "без изменений",
}  # in the order of the page


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

    def link(end: str, inside: str, fragment: str = "") -> str:
        """Empty where there is no such file."""
        return f'<a href="{quote(one.name + end, safe="")}{fragment}">{inside}</a>' if one.name + end in there else ""

    def moment(at: float) -> str:
        """When, with a link to that moment of the video."""
        return (link(".mp4", _length(at), f"#t={at:.1f}") or f"{_length(at)}:") + " "

    cover = f"{one.name}.cover.jpg"
    picture = f'<img src="{quote(cover, safe="")}" alt="Смотреть" loading="lazy">' if cover in there else '<span class="none">нет кадра</span>'  # fmt: skip
    number = "" if one.number is None else f"Серия {one.number}"
    title = ". ".join(filter(None, (number, one.title))) or one.name
    state = _RUSSIAN[one.state] + (f" · {_length(one.seconds)}" if one.seconds is not None else "")
    reason = one.failure.message if one.failure else one.why if one.state == "not run" else ""
    notes = [
        _text(f"{check.name}: {check.measured}, {'must' if check.level == 'error' else 'should'} be {check.limit}")
        for check in one.checks if not check.ok
    ]  # fmt: skip
    about = [note for note in one.warnings if not note.code.startswith("delivery-")]  # those are the checks above
    notes += [("" if note.at is None else moment(note.at)) + _text(note.text) for note in about]
    listed = f"<ul>{''.join(f'<li>{note}</li>' for note in notes)}</ul>" if notes else ""
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
    return escape(clean(text))


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
