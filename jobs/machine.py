"""What this machine can carry: cores, free memory, and how many episodes at once."""

import contextlib
import os
import re
import signal
from pathlib import Path

import psutil

EPISODE_BYTES = 1_500_000_000  # that rendering one needs; 1.1 GB at 1080p (benchmarks/speed.py), more at 4K
_QUOTA = Path("/sys/fs/cgroup/cpu.max")
_LIMIT, _USED, _STAT = (Path("/sys/fs/cgroup", f"memory.{name}") for name in ("max", "current", "stat"))


def cores() -> int:
    """Cores that this process may use: those of the machine, of its affinity, of its container, whichever is least."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota, _, period = _read(_QUOTA).partition(" ")
    if quota.isdecimal() and period.isdecimal():
        allowed = min(allowed, round(int(quota) / int(period)))
    return max(1, allowed)


def free_memory() -> int:
    """Bytes that can be had without swapping, within the container's limit."""
    free = int(psutil.virtual_memory().available)
    limit, used = _read(_LIMIT), _read(_USED)
    if not (limit.isdecimal() and used.isdecimal()):
        return free
    cached = re.search(r"^inactive_file (\d+)$", _read(_STAT), re.MULTILINE)  # of files read, given up when needed
    return min(free, max(0, int(limit) - int(used) + int(cached[1] if cached else 0)))


def default_workers() -> int:
    """Episodes at once: one a core, as many as fit into memory, at least one."""
    return max(1, min(cores(), free_memory() // EPISODE_BYTES))


def threads(workers: int, all_cores: int) -> int:
    """Threads for each of so many workers, so that together they never have more than there are cores."""
    return max(1, all_cores // workers)


def end_session(leader: int) -> None:
    """Ends, on systems that have sessions, every process of a worker's but the one that calls: each ffmpeg has a group of
    its own, and stays in the session."""
    if os.name != "posix":
        return
    for pid in psutil.pids():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if pid != os.getpid() and os.getsid(pid) == leader:
                os.kill(pid, signal.SIGKILL)


def _read(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError:
        return ""
