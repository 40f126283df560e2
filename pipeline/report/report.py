"""What was made and why, as data that is saved beside the video."""

from basis.data import Data, FileName
from basis.letters import printable
from basis.notes import Note
from pipeline.plan import Plan
from pipeline.sound import SoundReport
from pipeline.verify import Check


class Report(Data):
    """What was made: the file, its checks with measured values, its sound, and each shot's layout and reason."""

    version: str
    file: FileName
    seconds: float
    frames: int
    delivered: bool
    sound: SoundReport
    checks: list[Check]
    shots: list[dict[str, str | float]]
    warnings: list[Note]
    timings: dict[str, float]


def shot_rows(plan: Plan) -> list[dict[str, str | float]]:
    """Each shot's place, layout and reason, and the other ways to frame it with their scores, best first."""
    return [
        {
            "file": printable(take.file.name), "start": round(shot.start, 3), "end": round(shot.end, 3), "layout": shot.layout,
            "reason": shot.reason,
            "runner_up": ", ".join(f"{name} {shot.scores[name]:.2f}" for name in ranked[1:]),
        }
        for take in plan.takes
        for shot in take.shots
        for ranked in [sorted(shot.scores, key=lambda name: -shot.scores[name])]
    ]  # fmt: skip
