"""Errors that a user can cause: one clear sentence (what, where, what to do) and an exit code."""


class EpisodeError(Exception):
    """Base of the errors below; its text is shown to the user as it is."""

    exit_code = 1


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
