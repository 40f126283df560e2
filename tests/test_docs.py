"""What the docs name is there: files, folders, links, packages and their versions."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
NAMED = re.compile(r"`([\w.-]+(?:/[\w.-]+)*(?:/|\.py)|(?!out/|raw/)[\w.-]+(?:/[\w.-]+)+\.(?:toml|json|txt))`")
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)]*))?\)")
ELSEWHERE = {"raw/", "out/", ".season/"}  # of the user


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_and_folder_that_a_page_names_exists(page):
    named = {name for name in NAMED.findall(page.read_text("utf-8"))} - ELSEWHERE
    assert not [name for name in named if not any((base / name).exists() for base in (ROOT, ROOT / "pipeline"))]


def anchors(page):
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    for target, anchor in LINK.findall(page.read_text("utf-8")):
        file = page.parent / target if target else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), f"{target}#{anchor}"


def test_every_page_can_be_found_from_the_readme():
    linked = {target for target, _ in LINK.findall((ROOT / "README.md").read_text("utf-8"))}
    assert {page.relative_to(ROOT).as_posix() for page in PAGES if page.name != "README.md"} <= linked


def test_the_readme_stays_short():
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 90


def test_the_notice_names_every_package_of_the_lock_with_its_version():
    notice = (ROOT / "NOTICE").read_text("utf-8")
    versions = {}
    for name, version in re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "requirements.lock").read_text("utf-8"), re.M):
        versions.setdefault(name, set()).add(version)
    assert versions
    for name, locked in versions.items():
        line = re.search(rf"^{re.escape(name)} (.*)", notice, re.M)
        assert line, f"{name} is not in NOTICE"
        assert locked <= set(re.findall(r"[^\s,]+", line[1])), f"{name}: NOTICE names other versions than {locked}"
