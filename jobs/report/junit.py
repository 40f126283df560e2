"""A season as JUnit XML, which CI shows."""

from collections import Counter
from xml.etree import ElementTree

from jobs.report.data import EpisodeResult, SeasonReport, clean

COUNTED = ("tests", "failures", "errors", "skipped")  # attributes of a suite


def junit(report: SeasonReport) -> str:
    """JUnit XML: a suite for each episode, in it a case for rendering it and one for each delivery check."""
    top = ElementTree.Element("testsuites", name=clean(report.series))
    totals: Counter[str] = Counter()
    seconds = 0.0
    for one in report.episodes:
        if not one.asked:
            one = one.model_copy(
                update={"state": "not run", "why": "not asked for", "failure": None, "checks": [], "took": None}
            )
        begun = f"{report.started:%Y-%m-%dT%H:%M:%S}"  # JUnit's schema takes no time zone
        suite = ElementTree.SubElement(top, "testsuite", name=clean(one.name), timestamp=begun)
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
        ElementTree.SubElement(rendered, "skipped", message=clean(one.why))
    for check in one.checks:
        case = _case(suite, one.name, check.name, 0.0)
        said = f"measured {check.measured}, must be {check.limit} (sure: {check.sure}; {check.source})"
        if not check.ok and check.level == "error":
            counts["failures"] += 1
            _ended(case, "failure", "delivery", said)
        elif not check.ok:
            ElementTree.SubElement(case, "system-out").text = clean(said)
    return counts


def _case(suite: ElementTree.Element, episode: str, name: str, took: float) -> ElementTree.Element:
    return ElementTree.SubElement(suite, "testcase", classname=clean(episode), name=clean(name), time=f"{took:.2f}")


def _ended(case: ElementTree.Element, how: str, kind: str, message: str) -> None:
    ElementTree.SubElement(case, how, type=kind, message=clean(message)).text = clean(message)
