"""A season's reports: JSON that has a schema, JUnit XML that adds up, a page in which no text becomes markup."""

import json
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.report import EpisodeResult, Failure, SeasonReport, files, junit, page, read, summary, write
from pipeline.errors import WrongUse
from pipeline.verify import Check

SCHEMA = Path(__file__).parent.parent / "docs" / "season-report.schema.json"
START = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def check(name="codec", ok=True, level="error"):
    return Check(name=name, measured="hevc <1>", limit="h264", ok=ok, level=level, sure="C", source="somebody")


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
    result("e1", checks=[check(), check("bit rate", False, "warning")], warnings=["bit rate: low"]),
    result("e2", "failed", failure=BROKEN, seconds=None),
    result("e3", "failed", failure=Failure(kind="delivery", message="The file breaks it.", exit_code=4), checks=[check(ok=False), check("b")]),
    result("e4", "not run", why="it was not asked for", took=None, seconds=None, attempts=0),
    result("e5", "up to date", checks=[check()], took=None, attempts=0),
)  # fmt: skip


def test_junit_has_a_case_for_each_check_and_its_counts_add_up():
    top = ElementTree.fromstring(junit(MIXED))
    suites = {suite.get("name"): suite for suite in top}
    for kind, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        for suite in suites.values():
            assert int(suite.get(kind)) == len(list(suite.iter(tag)))
        assert int(top.get(kind)) == len(list(top.iter(tag))) > 0
    assert [c.get("name") for c in suites["e1"]] == ["rendered", "codec", "bit rate"]
    assert suites["e2"].find("testcase/error").get("message") == BROKEN.message
    assert [c.get("name") for c in suites["e3"] if c.find("failure") is not None] == ["rendered", "codec"]
    assert "measured hevc <1>, must be h264" in suites["e3"].findall("testcase/failure")[1].get("message")
    assert suites["e1"].findtext("testcase/system-out").startswith("measured")


@pytest.mark.parametrize(
    ("report", "says"),
    [
        (MIXED, "5 episodes: 1 delivered, 1 up to date, 2 failed, 1 not run in 1 min 15 s. Failed: e2 (Its process was killed); e3 (The file breaks it)."),
        (season(result()), "1 episode: 1 delivered in 1 min 15 s."),
        (season(result(), finished=START + timedelta(seconds=9), interrupted=True), "1 episode: 1 delivered in 9 s, interrupted."),
        (season(*(result(f"e{n}", "failed", failure=BROKEN) for n in range(5)), finished=None), "e2 (Its process was killed) and 2 more."),
        (season(), "0 episodes in 1 min 15 s."),
    ],
)  # fmt: skip
def test_the_summary_is_one_line(report, says):
    assert summary(report).endswith(says) and "\n" not in summary(report)


def test_the_json_is_as_its_schema_says():
    assert json.loads(SCHEMA.read_text("utf-8")) == SeasonReport.model_json_schema(mode="serialization")


def test_what_is_written_is_read_again_and_what_is_broken_is_said(tmp_path):
    assert read(tmp_path) is None
    write(MIXED, tmp_path)
    assert read(tmp_path) == MIXED
    assert "Цех" in files(tmp_path)[0].read_text("utf-8")
    files(tmp_path)[0].write_text('{"schema_version": 2}')
    with pytest.raises(WrongUse, match="no report"):
        read(tmp_path)


class Page(HTMLParser):
    """Tags that are open, links, pictures and text of a page."""

    ALONE = {"meta", "img", "link", "br"}

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.links, self.text = [], set(), [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        assert not any(name.startswith("on") for name, _ in attrs)
        self.links += [value for name, value in attrs if name in ("href", "src")]
        if tag not in self.ALONE:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


NASTY = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    ["<script>x</script>", "]]>", "&amp;", "\x00\x1b", "a\"'>"]
)


@given(NASTY, NASTY, NASTY)
def test_no_text_becomes_markup_and_none_breaks_the_xml(tmp_path_factory, title, message, name):
    report = season(
        result(
            "e", "failed", title=title, failure=Failure(kind="input", message=message, exit_code=3), warnings=[name]
        ),
        series=name,
    )
    seen = Page(page(report, tmp_path_factory.getbasetemp() / "none"))
    assert not seen.open and seen.tags <= {"html", "head", "meta", "title", "style", "body", "h1", "p", "main", "article", "span", "div", "h2", "details", "summary", "ul", "li"}  # fmt: skip

    def allowed(c):
        return c in "\t\n\r" or "\x20" <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c >= "\U00010000"

    (error,) = ElementTree.fromstring(junit(report)).iter("error")
    assert error.get("message") == "".join(c if allowed(c) else "\ufffd" for c in message)


def test_the_page_shows_failures_first_and_links_to_what_is_there(tmp_path):
    name = "серия 1 #%?"
    for end in (".mp4", ".cover.jpg", ".srt"):
        (tmp_path / f"{name}{end}").touch()
    seen = Page(page(season(result(name), *MIXED.episodes), tmp_path))
    assert {unquote(link) for link in seen.links} == {f"{name}{end}" for end in (".mp4", ".cover.jpg", ".srt")}
    assert all("#" not in link and "?" not in link for link in seen.links)
    assert seen.text.index("Its process was killed.") < seen.text.index("готово · 5,0 с")
    thousand = season(
        *(result(f"e{n}", checks=[check()] * 31, warnings=["A note that is a sentence."] * 3) for n in range(1000))
    )
    assert len(page(thousand, tmp_path).encode()) < 3_000_000
