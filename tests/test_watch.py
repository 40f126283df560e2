"""A watched folder: what becomes an episode, and when."""

import pytest

from basis.errors import WrongUse
from jobs.watch import LOOK_EVERY, SETTLED, watch


@pytest.fixture
def looks(tmp_path):
    """(inbox, a function that lets seconds pass and says which names are given)."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    now = [0.0]
    feed = watch(inbox, tmp_path / "out", {"preset": "plain"}, lambda: now[0])
    given = []

    def after(seconds, busy=()):
        names = []
        for _ in range(round(seconds / LOOK_EVERY)):
            now[0] += LOOK_EVERY
            entries = feed(busy)
            given.extend(entries)
            names += [entry.name for entry in entries]
        return names

    after.given = given
    return inbox, after


def test_a_file_is_taken_once_it_has_stopped_growing_and_only_once(looks):
    inbox, after = looks
    for size in (1, 2, 3):
        (inbox / "talk.mp4").write_bytes(b"x" * size)
        assert after(SETTLED - LOOK_EVERY) == []
    assert after(2 * LOOK_EVERY) == ["talk-mp4"]
    assert after(3 * SETTLED) == []
    (inbox / "talk.mp4").write_bytes(b"another take")
    assert after(2 * SETTLED) == ["talk-mp4"]


def test_what_is_no_footage_is_left_alone(looks):
    inbox, after = looks
    for name in ("notes.txt", ".hidden.mp4", "talk.mp4.part", "words.srt"):
        (inbox / name).write_text("x")
    (inbox / "empty.mp4").touch()
    (inbox / "folder.mp4").mkdir()
    (inbox / "link.mp4").symlink_to(inbox / "notes.txt")
    assert after(3 * SETTLED) == []


def test_captions_beside_a_file_are_its_own_and_files_of_one_name_do_not_collide(looks):
    inbox, after = looks
    for name in ("talk.mp4", "talk.mov", "hall.MP4", "hall.srt"):
        (inbox / name).write_text("x")
    assert sorted(after(2 * SETTLED)) == ["hall-MP4", "talk-mov", "talk-mp4"]
    captions = {entry.name: entry.brief.footage[0].captions for entry in after.given}
    assert captions["hall-MP4"].name == "hall.srt" and captions["talk-mov"] is None
    assert {entry.brief.preset for entry in after.given} == {"plain"}


def test_a_file_that_changes_while_it_is_rendered_waits_for_its_turn(looks):
    inbox, after = looks
    (inbox / "talk.mp4").write_text("x")
    assert after(2 * SETTLED, busy={"talk-mp4"}) == []
    assert after(LOOK_EVERY) == ["talk-mp4"]


def test_the_folder_that_is_watched_is_not_written_to(tmp_path):
    with pytest.raises(WrongUse, match="watched"):
        watch(tmp_path, tmp_path, {})
    with pytest.raises(WrongUse, match="no folder"):
        watch(tmp_path / "none", tmp_path, {})
