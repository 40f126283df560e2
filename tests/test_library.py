"""The page on calling the pipeline from Python says what works: its blocks are run in order, as one program."""

import re
from pathlib import Path

import pytest

from tests.footage import Face, Scene, make

PAGE = Path(__file__).parent.parent / "docs/library.md"


@pytest.mark.slow
def test_the_examples_of_the_page_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "interview.mp4", [Scene(0.6, [Face(0.6)])], size=(320, 180))
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)
    program: dict[str, object] = {}
    for block in blocks:
        exec(block, program)
    assert len(blocks) == 5
    assert Path("out/episode-03.mp4").is_file() and any(Path("analyses").iterdir())
    printed = capsys.readouterr().out
    assert "LUFS" in printed and "no-such-file.mp4" in printed
