"""The command line as tests call it: in this process, or in one of its own where signals and imports matter."""

import contextlib
import io
import signal
import subprocess
import sys
from pathlib import Path

import cli
from basis.interrupts import SIGNALS

ROOT = Path(__file__).parent.parent


def episode(*arguments):
    """Runs `episode` in this process and gives its exit code and what it wrote."""
    printed, warned = io.StringIO(), io.StringIO()
    before = sys.argv, {number: signal.getsignal(number) for number in SIGNALS}
    sys.argv = ["episode", *map(str, arguments)]
    code = 0
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(warned):
            cli.main()
    except SystemExit as ended:
        code = ended.code or 0
    finally:
        sys.argv = before[0]
        for number, handler in before[1].items():
            signal.signal(number, handler)
    return subprocess.CompletedProcess(arguments, code, printed.getvalue(), warned.getvalue())


def started(*arguments, **options):
    """Starts `episode` in a process of its own."""
    call = [sys.executable, str(ROOT / "cli.py"), *map(str, arguments)]
    return subprocess.Popen(
        call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", **options
    )
