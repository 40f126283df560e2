"""The version tells one state of the code from another, wherever it lies."""

import shutil
import sys
import tomllib

from basis.version import NUMBER, PACKAGES, ROOT, foreign, version, version_of


def copied(folder):
    """The product's own files elsewhere, as they are installed."""
    for name in PACKAGES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "cli.py", folder)
    return folder


def test_the_version_is_the_products_number_and_a_hash():
    number, _, code = version().partition("+")
    assert number == NUMBER == tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert len(code) == 7 and int(code, 16) >= 0


def test_a_copy_has_the_same_version_until_a_file_of_it_changes(tmp_path):
    folder = copied(tmp_path)
    (folder / "jobs" / "__pycache__").mkdir()
    (folder / "jobs" / "__pycache__" / "season.pyc").write_bytes(b"compiled")
    (folder / "other.py").write_text("of another distribution")
    assert version_of(folder) == version()
    found = {version()}
    for name in ("cli.py", "basis/clock.py", "pipeline/encode/segments.py", "jobs/season.py", "presets/plain.toml"):
        with (folder / name).open("a", encoding="utf-8") as file:
            file.write("\n# changed\n")
        found.add(version_of(folder))
    (folder / "assets" / "another.onnx").touch()
    (folder / "jobs" / "more.py").touch()
    assert len({*found, version_of(folder)}) == 7


def test_packages_of_another_distribution_are_told(tmp_path, monkeypatch):
    assert foreign() == {}
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "presets", raising=False)
    assert foreign() == {"presets": str(tmp_path / "presets")}
