"""A season's reports: JSON that has a schema, JUnit XML that adds up, a page in which no text becomes markup."""

import json
import re
import shutil
import subprocess
import unicodedata
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlparse
from urllib.request import url2pathname
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from typer.testing import CliRunner

from basis.errors import WrongUse
from basis.letters import printable
from basis.notes import Note
from commands.app import app
from jobs.report import EpisodeResult, Failure, SeasonReport, files, junit, page, read, summary, write
from pipeline.verify import Check

SCHEMA = Path(__file__).parent.parent / "docs" / "season-report.schema.json"
START = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def check(name="codec", ok=True, level="error", measured="hevc <1>"):
    return Check(name=name, measured=measured, limit="h264", ok=ok, level=level, sure="C", source="somebody")


def result(name="e1", state="delivered", **about):
    known = {
        "number": 1, "title": "", "why": "", "seconds": 5.0, "took": 3.2, "attempts": 1, "host": "", "failure": None,
        "checks": [], "warnings": [],
    }  # fmt: skip
    return EpisodeResult(name=name, state=state, **(known | about))


def season(*episodes, **about):
    known = {
        "version": "1",
        "series": "Цех",
        "manifest": "season.toml",
        "started": START,
        "finished": START + timedelta(seconds=75),
        "workers": 2,
    }
    return SeasonReport(episodes=list(episodes), **(known | about))


BROKEN = Failure(kind="machine", message="Its process was killed.", exit_code=6)
MIXED = season(
    result("e1", checks=[check(), check("bit rate", False, "warning")], warnings=[Note(code="delivery", text="bit rate: low")]),
    result("e2", "failed", failure=BROKEN, seconds=None),
    result("e3", "failed", failure=Failure(kind="delivery", message="The file breaks it.", exit_code=4), checks=[check(ok=False), check("b")]),
    result("e4", "not run", why="it was not asked for", took=None, seconds=None, attempts=0),
    result("e5", "up to date", checks=[check()], took=None, attempts=0),
)  # fmt: skip


def test_junit_has_a_case_for_each_check():
    top = ElementTree.fromstring(junit(MIXED))
    suites = {suite.get("name"): suite for suite in top}
    assert [c.get("name") for c in suites["e1"]] == ["rendered", "codec", "bit rate"]
    assert {c.get("classname") for c in suites["e1"]} == {"e1"}
    assert suites["e1"].find("testcase/failure") is None
    assert suites["e1"].findtext("testcase/system-out").startswith("measured")
    (error,) = suites["e2"].iter("error")
    assert (error.get("type"), error.get("message")) == ("machine", BROKEN.message)
    assert [c.get("name") for c in suites["e3"] if c.find("failure") is not None] == ["rendered", "codec"]
    assert "measured hevc <1>, must be h264" in suites["e3"].findall("testcase/failure")[1].get("message")
    assert suites["e4"].find("testcase/skipped").get("message") == "it was not asked for"
    assert [(c.get("time"), len(c)) for c in suites["e5"]] == [("0.00", 0)] * 2
    assert {suite.get("timestamp") for suite in top} == {"2026-11-25T09:00:00"}
    assert (suites["e1"].get("time"), top.get("time")) == ("3.20", "9.60")


NASTY = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    ["<script>x</script>", "]]>", "&amp;", "\x00\x1b", "a\"'>", "{cards}", "😀\r\n", "--><b>"]
)
FAILURES = st.builds(
    Failure, kind=st.sampled_from(["input", "delivery", "machine", "timeout", "internal"]), message=NASTY, exit_code=st.just(1)
)  # fmt: skip
CHECKS = st.lists(
    st.builds(check, NASTY, st.booleans(), st.sampled_from(["error", "warning"]), measured=NASTY), max_size=3
)  # fmt: skip
ABOUT = {
    "title": NASTY,
    "why": NASTY,
    "checks": CHECKS,
    "warnings": st.lists(NASTY.map(lambda text: Note(code="kept", text=text)), max_size=4),
}
RESULTS = st.builds(
    result, NASTY, st.sampled_from(["delivered", "up to date", "not run"]), took=st.none() | st.floats(0, 1e5), **ABOUT
) | st.builds(result, NASTY, st.just("failed"), failure=FAILURES, **ABOUT)  # fmt: skip
SEASONS = st.lists(RESULTS, max_size=4).flatmap(lambda some: st.builds(season, *map(st.just, some), series=NASTY))


def cleaned(text):
    """Text as a reader of XML 1.0 gets it from an attribute."""
    return "".join(
        c if c in "\t\n\r" or "\x20" <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c >= "\U00010000" else "\ufffd"
        for c in text
    )


@settings(deadline=None, max_examples=60)
@given(SEASONS)
def test_any_season_gives_junit_whose_texts_are_whole_and_whose_counts_add_up(report):
    top = ElementTree.fromstring(junit(report).encode())
    assert top.get("name") == cleaned(report.series)
    for kind, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        for part in (top, *top):
            assert int(part.get(kind)) == len(list(part.iter(tag)))
    assert float(top.get("time")) == pytest.approx(sum(float(case.get("time")) for case in top.iter("testcase")))
    for suite, one in zip(top, report.episodes, strict=True):
        rendered, *cases = suite
        assert suite.get("name") == rendered.get("classname") == cleaned(one.name)
        assert [case.get("name") for case in cases] == [cleaned(known.name) for known in one.checks]
        assert [case.find("failure") is None for case in cases] == [c.ok or c.level == "warning" for c in one.checks]
        if one.failure:
            tag = "failure" if one.failure.kind == "delivery" else "error"
            assert rendered.find(tag).get("message") == cleaned(one.failure.message)
            assert rendered.findtext(tag) == cleaned(one.failure.message).replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize(
    ("report", "says"),
    [
        (MIXED, "5 episodes: 1 delivered, 1 up to date, 2 failed, 1 not run in 1 min 15 s. Failed: e2 (Its process was killed); e3 (The file breaks it)."),
        (season(result()), "1 episode: 1 delivered in 1 min 15 s."),
        (season(result(), finished=START + timedelta(seconds=9), interrupted=True), "1 episode: 1 delivered in 9 s, interrupted."),
        (season(*(result(f"e{n}", "failed", failure=BROKEN) for n in range(5)), finished=None), "5 episodes: 5 failed so far. Failed: e0 (Its process was killed); e1 (Its process was killed); e2 (Its process was killed) and 2 more."),
        (season(result(state="failed", failure=Failure(kind="input", message="Long\nword " * 80, exit_code=3)), finished=START + timedelta(hours=2, seconds=100)), f"1 episode: 1 failed in 2 h 1 min. Failed: e1 ({('Long word ' * 16).rstrip()}…)."),
        (season(), "0 episodes in 1 min 15 s."),
    ],
)  # fmt: skip
def test_the_summary_is_one_line(report, says):
    assert summary(report) == says


def test_the_json_is_as_its_schema_says():
    assert json.loads(SCHEMA.read_text("utf-8")) == SeasonReport.model_json_schema(mode="serialization")


def test_what_is_written_is_read_again_and_what_is_broken_is_said(tmp_path):
    assert read(tmp_path) is None
    write(MIXED, tmp_path)
    assert read(tmp_path) == MIXED
    assert "Цех" in files(tmp_path)[0].read_text("utf-8")
    for broken, says in (
        ('{"schema_version": 1}', r"another version of episode \(schema_version 1, not 2\); run the season again"),
        ('{"version": "1"}', "is broken"),
        ("{", "is broken"),
    ):
        files(tmp_path)[0].write_text(broken)
        with pytest.raises(WrongUse, match=says):
            read(tmp_path)


class Page(HTMLParser):
    """Tags that are open, links, pictures and text of a page."""

    ALONE = {"meta", "img", "link", "br"}

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.links, self.places, self.text, self.style = [], set(), [], [], "", ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        assert {name for name, _ in attrs} <= {"lang", "charset", "name", "content", "http-equiv", "href", "src", "alt", "loading", "class", "id"}  # fmt: skip
        self.links += [value for name, value in attrs if name in ("href", "src")]
        self.places += [value for name, value in attrs if name == "id"]
        if tag not in self.ALONE:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] == ["style"]:
            self.style += data
        else:
            self.text += data


@settings(deadline=None, max_examples=60)
@given(SEASONS)
def test_no_text_becomes_markup_on_the_page(tmp_path_factory, report):
    seen = Page(page(report, tmp_path_factory.getbasetemp() / "none"))
    assert seen.tags <= {
        "html", "head", "meta", "title", "style", "body", "h1", "p", "nav", "a", "main", "section", "h2", "article",
        "span", "div", "h3", "details", "summary", "ul", "li",
    }  # fmt: skip
    assert all(link == "#" or link[1:] in seen.places for link in seen.links)
    for one in report.episodes:
        shown = [one.title, *map(str, one.warnings), *(known.name for known in one.checks if not known.ok)]
        shown += [one.failure.message] if one.failure else []
        assert all(cleaned(text) in seen.text for text in [report.series, *shown])


def test_the_page_shows_failures_first_and_links_to_what_is_there(tmp_path):
    name = 'серия 1 #%?&"'
    there = {f"{name}{end}" for end in (".mp4", ".cover.jpg", ".srt")}
    for file in there:
        (tmp_path / file).touch()
    seen = Page(page(season(result(name, seconds=75.4), *MIXED.episodes), tmp_path))
    to_files = [link for link in seen.links if not link.startswith("#")]
    assert {unquote(link) for link in to_files} == there
    assert not set("".join(to_files)) & set('#?&" /:')
    assert [link for link in seen.links if link.startswith("#")] == [
        "#",
        "#failed",
        "#not-run",
        "#delivered",
        "#up-to-date",
    ]
    assert seen.places == ["failed", "not-run", "delivered", "up-to-date"]
    told = ("все: 6", "не вышло: 2", "Its process was killed.", "it was not asked for", "готово · 1 мин 15 с")
    assert sorted(told, key=seen.text.index) == list(told)


STEERS = "\x1b[2J\r\u202e\u2066\x9b\u2028[/red]"


def test_a_terminal_is_shown_what_would_steer_it(tmp_path):
    failure = Failure(kind="input", message=f"No file {STEERS}.", exit_code=3)
    write(season(result("e1", title=STEERS), result("e2", "failed", failure=failure), series=STEERS), tmp_path)
    done = CliRunner().invoke(app, ["jobs", "status", str(tmp_path)])
    assert (
        done.stdout.replace("\n", "").isprintable() and done.stdout.count(r"\x1b[2J\r\u202e\u2066\x9b\u2028[/red]") == 2
    )


@given(st.text())
def test_what_is_printable_has_its_letters_and_nothing_that_steers(text):
    shown = printable(text)
    assert not any(
        unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or c in "\u202e\u2066\u200f\ufeff" for c in shown
    )
    assert printable(shown) == shown and (shown == text or "\\" in shown)


CHROMIUM = shutil.which("chromium")
RAN = "document.documentElement.dataset.ran = 1"
HOSTILE = f"<script>{RAN}</script><img src=x onerror='{RAN}'>\"'</title></style><svg onload=\"{RAN}\">\u202e"


def browsed(file, *flags):
    """A page as the browser has it when it is loaded."""
    profile = file.parent / "profile"
    command = [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", *flags]
    command += ["--hide-scrollbars", "--virtual-time-budget=2000", file.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120, check=True)
    return done.stdout


@pytest.mark.slow
@pytest.mark.skipif(not CHROMIUM, reason="there is no chromium (Debian: apt-get install chromium); .ci/run has one")
def test_a_browser_shows_scripts_as_text_and_finds_what_the_page_links(tmp_path):
    name = 'серия "1" #%41?&\'<b>'
    failure = Failure(kind="input", message=HOSTILE, exit_code=2)
    notes = [Note(code="x", text=HOSTILE, at=1.0)] * 3
    told = season(
        result(name, title=HOSTILE, warnings=notes, checks=[check(HOSTILE, False, measured=HOSTILE)]),
        result("e2", "failed", failure=failure, title=HOSTILE), series=HOSTILE,
    )  # fmt: skip
    Image.new("RGB", (90, 160), "#00ff00").save(tmp_path / f"{name}.cover.jpg")
    (tmp_path / f"{name}.plan.json").write_text('{"plan": 1}')
    file = tmp_path / "index.html"
    file.write_text(page(told, tmp_path), "utf-8")
    seen = browsed(file, "--dump-dom")
    text = Page(f"<html{seen.partition('<html')[2]}")
    assert "data-ran" not in seen and not text.tags & {"script", "svg"}
    assert text.text.count(HOSTILE) == 10  # title, heading, two cards, their notes, the check's name and value
    (link,) = [link for link in text.links if link.endswith(".plan.json")]
    found = Path(url2pathname(urlparse(urljoin(file.as_uri(), link)).path))
    assert '{"plan": 1}' in browsed(found, "--dump-dom")
    browsed(file, f"--screenshot={tmp_path / 'seen.png'}", "--window-size=1000,1400")
    pixels = np.asarray(Image.open(tmp_path / "seen.png").convert("RGB")).astype(int)
    assert (np.abs(pixels - (0, 255, 0)).max(axis=-1) < 40).sum() > 10_000  # the cover, found under its name
    file.write_text(f"<!doctype html><html><body>{HOSTILE}</body></html>", "utf-8")
    assert "data-ran" in browsed(file, "--dump-dom")  # which this browser would have run


def test_the_page_links_a_note_to_its_moment(tmp_path):
    notes = [Note(code="guess", text="<look> at it", at=75.46, shot=3), Note(code="kept", text="It is kept.")]
    told = season(result("e1", warnings=notes))
    assert "1 мин 15 с: <look> at it" in Page(page(told, tmp_path)).text
    (tmp_path / "e1.mp4").touch()
    seen = Page(page(told, tmp_path))
    assert "e1.mp4#t=75.5" in seen.links and "It is kept." in seen.text


def test_the_page_loads_nothing_but_its_own_pictures(tmp_path):
    (policy,) = re.findall('Content-Security-Policy" content="(.*?)"', page(MIXED, tmp_path))
    assert dict(rule.split(maxsplit=1) for rule in policy.split("; ")) == {
        "default-src": "'none'", "img-src": "'self' file:", "media-src": "'self' file:", "style-src": "'unsafe-inline'",
        "base-uri": "'none'", "form-action": "'none'",
    }  # fmt: skip
    assert "url(" not in page(MIXED, tmp_path) and "@import" not in page(MIXED, tmp_path)


@pytest.mark.parametrize("about", [{"finished": None}, {"interrupted": True}])
def test_the_page_says_that_a_season_is_not_whole(tmp_path, about):
    assert "прерван" in Page(page(season(result(), **about), tmp_path)).text
    assert "прерван" not in Page(page(season(result()), tmp_path)).text


def test_a_page_of_a_thousand_episodes_stays_small(tmp_path):
    name = "открытая-промышленность-0001"
    for end in (".mp4", ".sheet.jpg", ".plan.json", ".report.json", ".srt", ".vtt", ".cover.jpg"):
        (tmp_path / f"{name}{end}").touch()
    note = "A note that is a sentence of quite some length, with a place and a number in it."
    one = result(
        name,
        title="Династия сталеваров, часть вторая",
        checks=[check()] * 31,
        warnings=[Note(code="kept", text=note)] * 3,
    )
    whole = page(season(*[one] * 1000), tmp_path)
    assert whole.count("<img") == 1000 and len(whole.encode()) < 3_000_000


def test_all_text_of_the_page_has_a_contrast_of_4_5(tmp_path):
    def light(colour):
        whole = "".join(2 * c for c in colour) if len(colour) == 3 else colour
        parts = [int(whole[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    style = Page(page(MIXED, tmp_path)).style
    themes = [
        dict(re.findall(r"--(\w+): #(\w+)", line))
        for line in style.splitlines()
        if "--ground" in line and ":root" in line
    ]
    assert len(themes) == 2  # light, dark
    for theme in themes:
        for ground in ("ground", "card"):
            for ink in theme.keys() - {"ground", "card"}:
                dark, bright = sorted((light(theme[ink]), light(theme[ground])))
                assert (bright + 0.05) / (dark + 0.05) >= 4.5, (ink, ground)
