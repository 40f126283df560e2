"""Made footage is drawn once, however often it is asked for."""

import pytest

from tests import footage
from tests.footage import Scene, Thing, make

SMALL = {"size": (96, 64), "rate": 5, "sound": None}


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """The names of the files that were drawn, in an empty store."""
    files, draw = [], footage._made
    monkeypatch.setattr(footage, "STORE", tmp_path / "store")
    footage.STORE.mkdir()
    monkeypatch.setattr(
        footage, "_made", lambda file, *rest, **options: files.append(file) or draw(file, *rest, **options)
    )
    return files


def test_the_same_footage_is_drawn_once_and_copied(drawn, tmp_path):
    first, second = (make(tmp_path / name, [Scene(0.4)], **SMALL) for name in ("a.mp4", "b.mp4"))
    assert len(drawn) == 1
    assert (first.file.name, second.file.name) == ("a.mp4", "b.mp4")
    assert first.file.read_bytes() == second.file.read_bytes()
    first.file.write_bytes(b"damaged")
    assert make(tmp_path / "c.mp4", [Scene(0.4)], **SMALL).file.read_bytes() == second.file.read_bytes()


def test_other_footage_is_drawn_anew(drawn, tmp_path):
    for at, options in ((0.5, {}), (lambda t: 0.5 + 0.1 * t, {}), (lambda t: 0.5 + 0.2 * t, {}), (0.5, {"crf": 30})):
        truth = make(tmp_path / "a.mp4", [Scene(0.4, things=[Thing("pillar", at)])], **SMALL, **options)
        assert len(truth.things) == 2
    assert len(drawn) == 4


def test_footage_whose_drawing_was_cut_short_is_drawn_again(drawn, tmp_path):
    make(tmp_path / "a.mp4", [Scene(0.4)], **SMALL)
    next(footage.STORE.glob("*.truth")).unlink()
    make(tmp_path / "b.mp4", [Scene(0.4)], **SMALL)
    assert len(drawn) == 2
