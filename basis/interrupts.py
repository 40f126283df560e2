"""How a run ends that is asked to from outside: Ctrl-C, a polite request, a terminal that is closed."""

import contextlib
import os
import signal
import time

from basis.errors import Interrupted

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
SENTENCE = "Interrupted; nothing was left half written."
ONCE = 1.0  # seconds in which further requests are the same one: what is half written is being put away

_state = {"working": False, "asked": -ONCE}


def listen() -> None:
    """From now on a request ends this process: at once while it only loads, later by the exception Interrupted."""
    _state["working"] = False
    for number in SIGNALS:
        if number != getattr(signal, "SIGHUP", None) or signal.getsignal(number) != signal.SIG_IGN:  # nohup
            signal.signal(number, _asked)


def work() -> None:
    """From now on there may be something to put away."""
    _state["working"] = True


def _asked(*_: object) -> None:
    if not _state["working"]:
        # an exception here would be lost or told as a traceback where it meets the loading of a module
        with contextlib.suppress(OSError):
            os.write(2, f"{SENTENCE}\n".encode())
        os._exit(Interrupted.exit_code)
    now = time.monotonic()
    if now - _state["asked"] > ONCE:
        _state["asked"] = now
        raise Interrupted(SENTENCE)
