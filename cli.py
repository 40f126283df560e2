"""The command line's front door: how it is interrupted, and how whatever goes wrong is told.

It loads next to nothing before it can be interrupted.
"""

import contextlib
import os
import sys
from pathlib import Path

from basis import interrupts
from basis.errors import EpisodeError, Interrupted, WrongUse, unexpected
from basis.letters import printable


def main() -> None:
    """Runs the command line; whatever goes wrong ends with one sentence and its exit code."""
    interrupts.listen()
    words = sys.argv[1:]
    flags = words[: words.index("--")] if "--" in words else words
    arguments = [word for word in flags if word != "--debug"] + words[len(flags) :]
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")  # Windows consoles cannot say «Серия» otherwise
    code = 0
    try:
        from commands.app import app

        app(args=arguments, prog_name="episode")
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        if code == WrongUse.exit_code:
            _tell_names_from_flags(flags)
    except (Exception, Interrupted) as error:
        code = _told(error, "--debug" in flags)
    sys.exit(
        _flushed(code)
    )  # here: the error is gone, and with it the frames and processes that its traceback keeps alive


def _told(error: Exception | Interrupted, debug: bool) -> int:
    """Says what went wrong and gives its exit code."""
    if debug:
        import traceback

        traceback.print_exception(error)
    known = error if isinstance(error, EpisodeError | Interrupted) else unexpected(error)
    _say(printable(str(known), kept="\n" if getattr(known, "in_lines", False) else ""))
    return known.exit_code


def _say(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):  # nobody listens; the exit code tells as well
        print(text, file=sys.stderr, flush=True)


def _tell_names_from_flags(flags: list[str]) -> None:
    for word in flags:
        with contextlib.suppress(OSError, ValueError):
            if word.startswith("-") and Path(word).exists():
                _say(f"{printable(word)} is a file whose name begins like a flag; write ./{printable(word)}.")


def _flushed(code: int) -> int:
    """The exit code, once everything that was said has reached whoever reads it."""
    try:
        if sys.stdout:
            sys.stdout.flush()
    except BrokenPipeError:  # of a reader that has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # else Python tries once more, and complains
        return code or _told(error, False)
    return code


if __name__ == "__main__":
    main()
