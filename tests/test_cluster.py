"""A season on a Dask cluster of two workers, one of which is killed while it renders a segment."""

import json
import socket

import av
import psutil
import pytest

from basis.errors import WrongUse
from basis.version import version
from jobs import cluster
from jobs.cluster import Cluster
from jobs.decisions import decide
from jobs.manifest import read_season
from jobs.season import Options, Progress, run
from pipeline import verify
from presets import delivery
from tests.footage import Face, Scene, make


@pytest.fixture(scope="module")
def scheduler():
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, resources={"MEMORY": 2e9}, silence_logs=50
    ) as started:  # fmt: skip
        yield started.scheduler_address


@pytest.mark.slow
def test_a_segment_whose_worker_was_killed_is_rendered_by_another(tmp_path, scheduler, small):
    make(tmp_path / "talk.mp4", [Scene(3.2, [Face(0.4)])], size=(320, 180))
    text = f'[defaults]\npreset = "plain"\ndelivery = "{small.as_posix()}"\n'
    text += '[[episode]]\nnumber = 1\noutput = "e1.mp4"\nfootage = "talk.mp4"\n'
    (tmp_path / "season.toml").write_text(text, "utf-8")
    out, killed, hosts = tmp_path / "out", [], set()

    def watch(event):
        if isinstance(event, Progress):
            hosts.add(event.host)
        if isinstance(event, Progress) and event.stage == "encode" and not killed:
            below = psutil.Process().children(recursive=True)
            child = next(one for one in below if "jobs.worker" in " ".join(one.cmdline()))
            killed.append(child.ppid())
            psutil.Process(child.ppid()).kill()  # the Dask worker; its own child ends with it

    report = run(
        read_season(tmp_path / "season.toml"), out, Options(split=2.0, speed="ultrafast"), watch,
        executor=lambda heard, ended: Cluster(scheduler, out, heard, ended),
    )  # fmt: skip
    assert killed and hosts == {socket.gethostname()}
    (one,) = report.episodes
    assert (one.state, one.failure) == ("delivered", None) and report.workers == 2
    assert all(c.ok or c.level == "warning" for c in verify.verify(out / "e1.mp4", delivery.load(str(small))))
    with av.open(str(out / "e1.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 80
    assert json.loads((out / "e1.job.json").read_text("utf-8"))["files"][".mp4"]
    assert decide(read_season(tmp_path / "season.toml").entries[0], out).result.state == "up to date"


def test_a_worker_that_is_of_no_use_is_told_why(tmp_path):
    fine = cluster.about_this_worker(str(tmp_path))
    assert cluster.unusable("tcp://w", fine, tmp_path) == ""
    for about, says in (
        (fine._replace(version="0.1.0+other00"), f"has episode 0.1.0+other00 and here is {version()}"),
        (fine._replace(foreign={"jobs": "/site/jobs"}), "has another package jobs in /site/jobs"),
        (fine._replace(sees=False), f"does not see {tmp_path}"),
        (ModuleNotFoundError("No module named 'jobs.cluster'"), "cannot load episode"),
    ):
        assert says in cluster.unusable("tcp://w", about, tmp_path)


@pytest.mark.slow
def test_a_scheduler_that_does_not_answer_is_named(tmp_path):
    with pytest.raises(WrongUse, match=r"tcp://127\.0\.0\.1:9 "):
        Cluster("tcp://127.0.0.1:9", tmp_path, print, print, connect_wait=0.5)
    with pytest.raises(WrongUse, match="nonsense"):
        Cluster("nonsense://x", tmp_path, print, print, connect_wait=0.5)
