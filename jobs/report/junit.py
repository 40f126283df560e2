"""A season as JUnit XML, which CI shows."""

from typing import Any
from xml.etree import ElementTree

from jobs.report.data import EpisodeResult, SeasonReport, clean

COUNTED = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}  # and what each counts


def junit(report: SeasonReport) -> str:
    """JUnit XML: a suite for each episode, in it a case for rendering it and one for each delivery check."""
    top = ElementTree.Element("testsuites", name=clean(report.series))
    seconds = 0.0
    for one in report.episodes:
        if not one.asked:
            nothing: dict[str, Any] = {
                "state": "not run",
                "why": "not asked for",
                "failure": None,
                "checks": [],
                "took": None,
            }
            one = one.model_copy(update=nothing)
        begun = f"{report.started:%Y-%m-%dT%H:%M:%S}"  # JUnit's schema takes no time zone
        suite = ElementTree.SubElement(top, "testsuite", name=clean(one.name), timestamp=begun)
        _add_cases(suite, one)
        took = round(one.took or 0.0, 2)
        _count(suite, took)
        seconds += took
    _count(top, seconds)
    ElementTree.indent(top)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(top, "unicode")


def _count(within: ElementTree.Element, seconds: float) -> None:
    counts = {key: str(len(within.findall(f".//{tag}"))) for key, tag in COUNTED.items()}
    within.attrib |= counts | {"time": f"{seconds:.2f}"}


def _add_cases(suite: ElementTree.Element, one: EpisodeResult) -> None:
    rendered = _case(suite, one.name, "rendered", one.took or 0.0)
    if one.failure:
        how = "failure" if one.failure.kind == "delivery" else "error"
        _ended(rendered, how, one.failure.kind, one.failure.message)
    elif one.state == "not run":
        ElementTree.SubElement(rendered, "skipped", message=clean(one.why))
    for check in one.checks:
        case = _case(suite, one.name, check.name, 0.0)
        said = f"measured {check.measured}, must be {check.limit} (sure: {check.sure}; {check.source})"
        if not check.ok and check.level == "error":
            _ended(case, "failure", "delivery", said)
        elif not check.ok:
            ElementTree.SubElement(case, "system-out").text = clean(said)


def _case(suite: ElementTree.Element, episode: str, name: str, took: float) -> ElementTree.Element:
    return ElementTree.SubElement(suite, "testcase", classname=clean(episode), name=clean(name), time=f"{took:.2f}")


def _ended(case: ElementTree.Element, how: str, kind: str, message: str) -> None:
    ElementTree.SubElement(case, how, type=kind, message=clean(message)).text = clean(message)
