"""A season on a Dask cluster of two workers, one of which is killed while it renders a segment."""

import json
import shutil
import socket

import av
import psutil
import pytest

from basis.errors import WrongUse
from jobs import cluster
from jobs.cluster import Cluster
from jobs.manifest import read_season
from jobs.season import Finished, Options, Progress, run
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
def test_a_segment_whose_worker_was_killed_is_rendered_by_another(tmp_path, scheduler):
    footage = make(tmp_path / "talk.mp4", [Scene(3.2, [Face(0.4)])], size=(320, 180)).file
    shutil.copy(footage, tmp_path / "same.mp4")
    text = '[defaults]\npreset = "plain"\n[[episode]]\nnumber = 1\noutput = "e1.mp4"\nfootage = "talk.mp4"\n'
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
        read_season(tmp_path / "season.toml"), out, Options(split=2.0), watch,
        executor=lambda heard, ended: Cluster(scheduler, out, heard, ended),
    )  # fmt: skip
    assert killed and hosts == {socket.gethostname()}
    (one,) = report.episodes
    assert (one.state, one.failure) == ("delivered", None) and report.workers == 2
    assert all(c.ok or c.level == "warning" for c in verify.verify(out / "e1.mp4", delivery.load("vk-clips")))
    with av.open(str(out / "e1.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 80
    assert json.loads((out / "e1.job.json").read_text("utf-8"))["files"][".mp4"]
    again = []
    run(read_season(tmp_path / "season.toml"), out, Options(split=2.0), again.append)
    assert [e.result.state for e in again if isinstance(e, Finished)] == ["up to date"]


def test_a_scheduler_that_does_not_answer_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT", 0.5)
    with pytest.raises(WrongUse, match=r"tcp://127\.0\.0\.1:9 "):
        Cluster("tcp://127.0.0.1:9", tmp_path, print, print)
    with pytest.raises(WrongUse, match="nonsense"):
        Cluster("nonsense://x", tmp_path, print, print)
