"""Footage that several tests share, made once; analyses are cached in a temporary folder."""

import os
import time

import pytest
from hypothesis import HealthCheck, settings

from basis.tools import Tools
from pipeline import episode
from pipeline.brief import make_brief
from tests import footage
from tests.footage import Face, Scene, make

FORGOTTEN = 7 * 24 * 3600  # seconds after which made footage that no run used is thrown away

# The same examples everywhere, and none fails because the machine is slow.
settings.register_profile("episode", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("episode")


def pytest_configure(config):
    """Footage is kept in pytest's own cache, where all processes of a run find it; --cache-clear empties it."""
    if (cache := getattr(config, "cache", None)) is None:
        return  # -p no:cacheprovider
    footage.STORE = cache.mkdir("footage")
    for truth in footage.STORE.glob("*.truth"):
        if time.time() - truth.stat().st_mtime > FORGOTTEN:
            for file in footage.STORE.glob(f"{truth.stem}.*"):
                file.unlink(missing_ok=True)


def pytest_xdist_auto_num_workers(config):
    """One file is not worth a second process."""
    files = {argument.partition("::")[0] for argument in config.args}
    return 0 if len(files) == 1 and files.pop().endswith(".py") else None


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory):
    """Analyses of this run, those of all its processes."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "cache"
    os.environ["EPISODE_CACHE"] = str(folder)
    return folder


@pytest.fixture(scope="session")
def two_shots(tmp_path_factory):
    """A walk from left to right, then a seated face on the right: 5 s, 640x360, a cut at frame 63."""
    scenes = [
        Scene(2.52, [Face(lambda t: 0.25 + 0.16 * t)], seed=1),
        Scene(2.48, [Face(lambda t: 0.75, height=0.3)], seed=2),
    ]
    return make(tmp_path_factory.mktemp("footage") / "two_shots.mp4", scenes)


@pytest.fixture(scope="session")
def flash_and_click(tmp_path_factory):
    return make(
        tmp_path_factory.mktemp("footage") / "flash.mp4",
        [Scene(3.0, [Face(lambda t: 0.5)])],
        flash=2.0,
        sound="clicks",
    )


@pytest.fixture(scope="session")
def quick():
    """Tools that render with x264's fastest setting: what tests look at does not depend on it."""
    return Tools(speed="ultrafast")


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """A delivery spec of small pictures, where a test looks at no pixel's place."""
    spec = tmp_path_factory.mktemp("spec") / "small.toml"
    spec.write_text("width = 270\nheight = 480\nsmallest_bytes = 0\n", "utf-8")
    return spec


@pytest.fixture(scope="session")
def finished(two_shots, tmp_path_factory, quick):
    """An episode with everything in it: (brief, files, report)."""
    folder = tmp_path_factory.mktemp("finished")
    captions = folder / "words.srt"
    captions.write_text("1\n00:00:03,000 --> 00:00:04,800\nЦех работает круглые сутки.\n", "utf-8")
    brief = make_brief(
        {
            "footage": [{"file": two_shots.file}],
            "number": 3,
            "title": "Династия сталеваров",
            "captions": captions,
            "link": "https://vk.com/app1",
            "people": [{"name": "Анна", "role": "Сталевар"}],
        },
        "test",
    )
    files = episode.Files(folder / "out" / "episode-03.mp4")
    return brief, files, episode.render(episode.plan(brief).plan, files, quick)
