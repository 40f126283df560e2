"""Pauses in talk: where they are, taken out of a plan on the frame grid, and put back where an editor keeps one."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from basis.clock import Clock
from basis.data import FOREVER
from basis.errors import WrongUse
from basis.notes import Note
from basis.spans import Span, Spans, clip, merge
from pipeline.analysis import AnalysedShot
from pipeline.plan import Pause, Plan, Take
from presets.graphics import Caption, PlacedGraphic, Word

LEFT = 0.12  # seconds that stay on each side of speech
LONGEST_PAUSE = 8.0  # seconds; longer is no pause in talk but a scene without any
NEAREST = 0.5  # seconds from a pause at which an editor still means it
EPS = 1e-6  # seconds and frames, below which times are the same


def find(
    file: Path, span: Span, offset: float, shots: Sequence[AnalysedShot], speech: Spans, clock: Clock, longest: float
) -> list[Pause]:
    """What can be taken out of the pauses of more than `longest` seconds in a span of a file, in order.

    A pause lies between two stretches of speech and inside one shot; what is taken out begins and ends on the frames of
    a take that begins with the span, LEFT from speech at least. speech: footage seconds; offset: what to add to footage
    seconds for those of the episode with nothing taken out, which `at` is in.
    """
    start = span[0]
    frames_a_second = clock.rate.numerator / clock.rate.denominator
    pauses: list[Pause] = []
    for (_, quiet), (talk, _) in pairwise(merge(clip(speech, *span))):
        inside = any(shot.start <= quiet and talk <= shot.end for shot in shots)
        if not (inside and longest < talk - quiet <= LONGEST_PAUSE):
            continue
        first = math.ceil((quiet + LEFT - start) * frames_a_second - EPS)
        last = math.floor((talk - LEFT - start) * frames_a_second + EPS)
        if last > first:
            a, b = (start + clock.second(frame) for frame in (first, last))
            pauses.append(Pause(file=file, start=a, end=b, at=a + offset))
    return pauses


def marked(pauses: Sequence[Pause], keep: Sequence[float]) -> list[Pause]:
    """The pauses, those kept that contain one of these seconds or are NEAREST to it.

    keep: in the clock of `at`, with nothing taken out yet. Raises WrongUse for a second at which there is no pause.
    """
    kept: set[int] = set()
    for second in keep:
        away = {n: max(p.at - second, second - p.at - (p.end - p.start), 0.0) for n, p in enumerate(pauses)}
        nearest = min(away, key=lambda n: away[n], default=None)
        if nearest is None:
            raise WrongUse(f"There is no pause to keep at {second:g} s: no long pause was found in the talk.")
        if away[nearest] > NEAREST + EPS:
            pause = pauses[nearest]
            raise WrongUse(
                f"There is no pause to keep at {second:g} s; the nearest is from {pause.at:.1f} to "
                f"{pause.at + pause.end - pause.start:.1f} s."
            )
        kept.add(nearest)
    return [pause.model_copy(update={"kept": n in kept}) for n, pause in enumerate(pauses)]


def notes(pauses: Sequence[Pause], longest: float) -> list[Note]:
    """What the editor should know of the pauses of an episode that was to be tightened; longest: as in find."""
    cut = [pause for pause in pauses if not pause.kept]
    if not cut:
        text = f"Nothing was tightened: the talk has no pause of more than {longest:g} s that is not kept."
        return [Note(code="nothing-tightened", text=text)]
    text = (
        f"Tightened: {len(cut)} pause{'s' * (len(cut) > 1)} taken out, {sum(p.end - p.start for p in cut):.1f} s in all; "
        "`episode plan` lists them, --keep-pause keeps one."
    )
    return [Note(code="tightened", text=text)]


def settled(plan: Plan) -> Plan:
    """The plan with each of its pauses in the takes if it is kept, and cut if it is not.

    Where that is not so yet, a take becomes two of the same file, or two become one, and everything in episode time
    moves with it. A pause that no take reaches any more is left alone. Raises WrongUse for pauses that overlap.
    """
    changes = _changes(plan)
    if not changes:
        return plan
    takes: list[Take] = []
    for index, take in enumerate(plan.takes):
        parts, cut = [take], [c.pause for c in changes if c.take == index and not c.pause.kept]
        for pause in sorted(cut, key=lambda pause: pause.start):
            parts += _parted(parts.pop(), pause)
        if any(c.take == index - 1 and c.pause.kept for c in changes):
            parts[0] = _one(takes.pop(), parts[0])
        takes += parts
    moves = sorted((change.at, change.by) for change in changes)
    return plan.model_copy(
        update={
            "takes": takes,
            "graphics": [moved for graphic in plan.graphics if (moved := _moved(graphic, moves))],
            "stings": [s.model_copy(update={"at": _through(s.at, moves, _start)}) for s in plan.stings],
            "pauses": [p.model_copy(update={"at": _through(p.at, moves, _end)}) for p in plan.pauses],
        }
    )


def joined_seconds(plan: Plan) -> list[float]:
    """Of each pause, the second at which it begins in the clock of the footage with nothing taken out, as marked takes."""
    return [
        pause.at + sum(p.end - p.start for p in plan.pauses if not p.kept and p.at < pause.at - EPS)
        for pause in plan.pauses
    ]


@dataclass(frozen=True)
class _Change:
    """A pause that is to be cut out of a take, or put back between it and the next one.

    take: its index. at: the episode second; by: the seconds that are put in there or, negative, taken out from there on.
    """

    pause: Pause
    take: int
    at: float
    by: float


_Move = tuple[float, float]  # at and by of a change


def _changes(plan: Plan) -> list[_Change]:
    """What is to be done to the takes. Raises WrongUse for pauses that run backwards or overlap."""
    offsets = plan.offsets
    changes: list[_Change] = []
    for pause in plan.pauses:
        index, whole = _place(pause, plan.takes, offsets)
        if index is None or whole == pause.kept:
            continue
        same = [c.pause for c in changes if c.take == index and c.pause.kept == pause.kept]
        clash = bool(same) if pause.kept else any(p.start <= pause.end and pause.start <= p.end for p in same)
        if clash or pause.end <= pause.start:
            raise WrongUse(
                f"The plan's pause from {pause.start:g} to {pause.end:g} s of {pause.file.name} runs backwards or "
                "overlaps another; take it out of the plan."
            )
        seconds = plan.clock.second(plan.clock.frame(pause.end - pause.start))
        changes.append(_Change(pause, index, pause.start + offsets[index], seconds if pause.kept else -seconds))
    return changes


def _place(pause: Pause, takes: Sequence[Take], offsets: Sequence[float]) -> tuple[int | None, bool]:
    """Index of the take in which a pause lies whole (True), or after which it was cut; None where no take reaches it.

    Of several the one that is nearest to the pause's time.
    """
    start, end = pause.start, pause.end
    around = [n for n, t in enumerate(takes) if t.start < start - EPS and end + EPS < t.end and t.file == pause.file]
    before = [
        n for n, (t, following) in enumerate(pairwise(takes))
        if abs(t.end - start) < EPS and abs(following.start - end) < EPS and t.file == following.file == pause.file
    ]  # fmt: skip
    nearest = min(sorted(around + before), key=lambda n: abs(start + offsets[n] - pause.at), default=None)
    return nearest, nearest in around


def _parted(take: Take, pause: Pause) -> list[Take]:
    """What is left of a take on both sides of a pause inside it."""
    before = [shot for shot in take.shots if shot.start < pause.start]
    after = [shot for shot in take.shots if shot.end > pause.end]
    # a cut of the footage is never so near to a pause; one to a speaker that is, comes at once
    if len(before) > 1 and pause.start - before[-1].start < LEFT - EPS:
        before.pop()
    if len(after) > 1 and after[0].end - pause.end < LEFT - EPS:
        after.pop(0)
    before[-1] = before[-1].model_copy(update={"end": pause.start})
    after[0] = after[0].model_copy(update={"start": pause.end})
    early = {
        "end": pause.start, "shots": before, "speech": clip(take.speech, -FOREVER, pause.start),
        "turns": [turn for turn in take.turns if turn[0] < pause.start],
    }  # fmt: skip
    late = {
        "start": pause.end, "shots": after, "speech": clip(take.speech, pause.end, FOREVER),
        "turns": [turn for turn in take.turns if turn[1] > pause.end],
    }  # fmt: skip
    return [take.model_copy(update=early), take.model_copy(update=late)]


def _one(take: Take, following: Take) -> Take:
    """Two takes of a file and what lies between them as one; their last and first shot are one if they look alike.

    Raises WrongUse where an editor has made their sound different.
    """
    if any(
        getattr(take, key) != getattr(following, key)
        for key in ("audio_stream", "channels", "microphones", "recording")
    ):
        raise WrongUse(
            f"The pause at {take.end:g} s of {take.file.name} cannot be kept: the sound before and after it is read "
            "differently; make audio_stream, channels, microphones and recording of both takes alike."
        )
    last, first, rest = take.shots[-1], following.shots[0], following.shots
    if first.model_copy(update={"start": last.start, "end": last.end, "faces": last.faces}) == last:
        longer = max(last, first, key=lambda shot: shot.end - shot.start)
        last, rest = last.model_copy(update={"end": first.end, "faces": longer.faces}), rest[1:]
    else:
        last = last.model_copy(update={"end": first.start})
    return take.model_copy(
        update={
            "end": following.end, "shots": [*take.shots[:-1], last, *rest],
            "speech": merge([*take.speech, *following.speech]), "turns": sorted({*take.turns, *following.turns}),
        }
    )  # fmt: skip


def _moved(graphic: PlacedGraphic, moves: Sequence[_Move]) -> PlacedGraphic | None:
    """A graphic once all the time is put in and taken out; None: all of it was taken out. moves: in order."""
    words = _words(graphic)
    first = min([graphic.start, *(word.start for word in words)])
    last = max([graphic.end, *(word.end for word in words)])
    # those that end before it shift it as a whole, those that touch it are gone through one by one, from the last
    before = bisect_left(moves, first - EPS, key=lambda move: move[0] + max(0.0, -move[1]))
    moved: PlacedGraphic | None = graphic
    for at, by in reversed(moves[before : bisect_right(moves, last + EPS, key=lambda move: move[0])]):
        moved = moved and _through_one(moved, at, by)
    return moved and _retimed(moved, -FOREVER, sum(by for _, by in moves[:before]))


def _through_one(graphic: PlacedGraphic, at: float, by: float) -> PlacedGraphic | None:
    """A graphic once `by` seconds are put in at an episode second, or -by are taken out from there on; None: it is gone."""
    start, end = _shown(graphic, at, by)
    if end <= start < FOREVER and graphic.end > graphic.start:
        return None
    return _retimed(graphic, at, by).model_copy(update={"start": start, "end": end})


def _shown(graphic: PlacedGraphic, at: float, by: float) -> Span:
    """When a graphic is on screen then. One that spans the place gets longer; a caption only if it is said on both sides."""
    span = _start(graphic.start, at, by), _end(graphic.end, at, by)
    words = _words(graphic)
    if by < 0 or not words:
        return span
    before, after = any(w.start < at - EPS for w in words), any(w.end > at + EPS for w in words)
    if before and not after:
        return graphic.start, graphic.end
    if after and not before:
        return graphic.start + by, graphic.end + by
    if before and after and abs(graphic.end - at) <= EPS:  # its other part comes after the cut
        return span[0], graphic.end + by
    return span


def _words(graphic: PlacedGraphic) -> list[Word]:
    return [word for line in graphic.lines for word in line] if isinstance(graphic, Caption) else []


def _retimed(graphic: PlacedGraphic, at: float, by: float) -> PlacedGraphic:
    """A graphic and its words, each by itself, once `by` seconds are put in there or taken out."""

    def times(timed: PlacedGraphic | Word) -> dict[str, object]:
        return {"start": _start(timed.start, at, by), "end": _end(timed.end, at, by)}

    update = times(graphic)
    if isinstance(graphic, Caption):
        update["lines"] = [[word.model_copy(update=times(word)) for word in line] for line in graphic.lines]
    return graphic.model_copy(update=update)


def _through(t: float, moves: Sequence[_Move], edge: Callable[[float, float, float], float]) -> float:
    """A second once all the time is put in and taken out; edge: _start or _end."""
    for at, by in reversed(moves):
        t = edge(t, at, by)
    return t


def _start(t: float, at: float, by: float) -> float:
    """When something begins that began at t; at the place itself it belongs to what comes after."""
    return max(at, t + by) if at - EPS <= t < FOREVER else t


def _end(t: float, at: float, by: float) -> float:
    """When something ends that ended at t; at the place itself it belongs to what comes before."""
    return max(at, t + by) if at + EPS < t < FOREVER else t
