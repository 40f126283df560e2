"""Errors that a user can cause: one clear sentence (what, where, what to do) and an exit code."""

NO_OPENCV = (
    "OpenCV cannot be loaded ({}); on a slim Linux image install libgl1 and libglib2.0-0 (Debian, Ubuntu) or "
    "mesa-libGL and glib2 (Fedora)."
)


class EpisodeError(Exception):
    """Base of the errors below; its text is shown to the user as it is."""

    exit_code = 1
    in_lines = False  # whether it has a line for each thing that is wrong


class WrongUse(EpisodeError):
    """A flag, brief, preset or output path that cannot be."""

    exit_code = 2


class Unusable(EpisodeError):
    """Footage or captions that cannot be used."""

    exit_code = 3


class DeliveryFailed(EpisodeError):
    """The file was made and does not meet its delivery spec."""

    exit_code = 4


class MissingTool(EpisodeError):
    """No usable ffmpeg, or one without an encoder or filter that is needed; a missing model or font."""

    exit_code = 5


class MachineFailed(EpisodeError):
    """The machine let the work down, as a full disk or a killed process does: the same may go well another time."""

    exit_code = 6


class ProgramFailed(EpisodeError):
    """An error of the product itself."""

    exit_code = 70  # EX_SOFTWARE of sysexits.h


class Interrupted(BaseException):
    """Ctrl-C, or a polite request to end; nothing that expects an error of the user's takes it for one."""

    exit_code = 130


def unexpected(error: BaseException) -> EpisodeError:
    """What nothing was prepared for, as a sentence: something missing, a machine that failed, else the product itself."""
    if isinstance(error, ImportError):
        from traceback import walk_tb  # here: nothing is loaded before a run can be interrupted

        modules = {frame.f_globals["__name__"] for frame, _ in walk_tb(error.__traceback__)} | {error.name}
        if "cv2" in modules:
            return MissingTool(NO_OPENCV.format(error))
    if isinstance(error, OSError | MemoryError):
        reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        where = f" ({error.filename})" if isinstance(error, OSError) and error.filename else ""
        return MachineFailed(f"The machine failed: {reason}{where}.")
    return ProgramFailed(
        f"An error of the product itself ({type(error).__name__}: {error}). Run it again with --debug and send all that it "
        "prints to whoever maintains the product."
    )
