"""Pauses in talk: where they are, taken out of a plan on the frame grid, and put back where an editor keeps one."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from basis.data import FOREVER
from basis.errors import WrongUse
from basis.spans import Spans
from pipeline.analysis import AnalysedShot, Analysis
from pipeline.framing import NEAR
from pipeline.plan import Pause, Plan, Shot, Somebody, Take, nearest_frame, take_offsets
from presets.graphics import Caption, PlacedGraphic

LEFT = 0.12  # seconds that stay on each side of speech
LONGEST = 8.0  # seconds; longer is no pause in talk but a scene without any
NEAREST = 0.5  # seconds from a pause at which an editor still means it
EPS = 1e-6  # seconds and frames, below which times are the same

Move = Callable[[float], float]
_Change = tuple[float, float]  # an episode second, and the seconds that are put in there or, negative, taken out


class _Place(NamedTuple):
    """Index of the take in which a pause lies whole, or at whose end it was cut."""

    take: int
    whole: bool


def pauses(
    file: Path, start: float, end: float, offset: float, shots: Sequence[AnalysedShot], speech: Spans, rate: Fraction,
    longest: float,
) -> list[Pause]:  # fmt: skip
    """What can be taken out of the pauses of more than `longest` seconds in [start, end) of a file, in order.

    A pause lies between two stretches of speech and inside one shot; what is taken out begins and ends on the frames of
    a take that begins at start, LEFT from speech at least. speech: footage seconds; offset: what to add to footage
    seconds for those of the episode with nothing taken out, which `at` is in.
    """
    found: list[Pause] = []
    heard = _joined([(max(a, start), min(b, end)) for a, b in speech if a < end and b > start])
    for (_, quiet), (talk, _) in pairwise(heard):
        if not longest < talk - quiet <= LONGEST:
            continue
        if not any(shot.start <= quiet and talk <= shot.end for shot in shots):
            continue
        first = math.ceil((quiet + LEFT - start) * rate.numerator / rate.denominator - EPS)
        last = math.floor((talk - LEFT - start) * rate.numerator / rate.denominator + EPS)
        if last > first:
            a, b = (start + float(frame / rate) for frame in (first, last))
            found.append(Pause(file=file, start=a, end=b, at=a + offset))
    return found


def marked(found: Sequence[Pause], keep: Sequence[float]) -> list[Pause]:
    """The pauses, those kept that contain one of these seconds or are NEAREST to it.

    keep: in the clock of `at`, with nothing taken out yet. Raises WrongUse for a second at which there is no pause.
    """
    kept: set[int] = set()
    for second in keep:
        away = {n: max(p.at - second, second - p.at - (p.end - p.start), 0.0) for n, p in enumerate(found)}
        nearest = min(away, key=lambda n: away[n], default=None)
        if nearest is None:
            raise WrongUse(f"There is no pause to keep at {second:g} s: no long pause was found in the talk.")
        if away[nearest] > NEAREST + EPS:
            pause = found[nearest]
            raise WrongUse(
                f"There is no pause to keep at {second:g} s; the nearest is from {pause.at:.1f} to "
                f"{pause.at + pause.end - pause.start:.1f} s."
            )
        kept.add(nearest)
    return [pause.model_copy(update={"kept": n in kept}) for n, pause in enumerate(found)]


def settled(plan: Plan) -> Plan:
    """The plan with each of its pauses in the takes if it is kept, and cut if it is not.

    Where that is not so yet, a take becomes two of the same file, or two become one, and everything in episode time
    moves with it. A pause that no take reaches any more is left alone. Raises WrongUse for pauses that overlap.
    """
    offsets = take_offsets(plan)
    cuts: dict[int, list[Pause]] = {}
    joins: set[int] = set()
    changes: list[_Change] = []
    for pause, place in zip(plan.pauses, _places(plan, offsets), strict=True):
        if place and place.whole != pause.kept:
            seconds = float(nearest_frame(pause.end - pause.start, plan.frame_rate) / plan.frame_rate)
            changes.append((pause.start + offsets[place.take], seconds if pause.kept else -seconds))
            clear = all(p.end < pause.start or pause.end < p.start for p in cuts.get(place.take, []))
            if pause.end <= pause.start or not clear or (pause.kept and place.take in joins):
                raise WrongUse(
                    f"The plan's pause from {pause.start:g} to {pause.end:g} s of {pause.file.name} runs backwards or "
                    "overlaps another; take it out of the plan."
                )
            if pause.kept:
                joins.add(place.take)
            else:
                cuts.setdefault(place.take, []).append(pause)
    if not changes:
        return plan
    takes: list[Take] = []
    for index, take in enumerate(plan.takes):
        parts = _parts(take, cuts.get(index, []))
        if index - 1 in joins:
            parts[0] = _one(takes.pop(), parts[0])
        takes += parts
    changes.sort()
    return plan.model_copy(
        update={
            "takes": takes,
            "graphics": [moved for graphic in plan.graphics if (moved := _moved(graphic, changes))],
            "stings": [s.model_copy(update={"at": _through(s.at, changes, _start)}) for s in plan.stings],
            "pauses": [p.model_copy(update={"at": _through(p.at, changes, _end)}) for p in plan.pauses],
        }
    )


def joined_seconds(plan: Plan) -> list[float]:
    """Of each pause, the second at which it begins in the clock of the footage with nothing taken out, as marked takes."""
    return [
        pause.at + sum(p.end - p.start for p in plan.pauses if not p.kept and p.at < pause.at - EPS)
        for pause in plan.pauses
    ]


def with_faces(plan: Plan, analyses: Sequence[Analysis]) -> Plan:
    """The plan with the faces that are there at the moments of its shots; analyses: one for each take."""
    takes = [
        take.model_copy(update={"shots": [_with_faces(shot, analysis) for shot in take.shots]})
        for take, analysis in zip(plan.takes, analyses, strict=True)
    ]
    return plan.model_copy(update={"takes": takes})


def _joined(spans: Spans) -> list[tuple[float, float]]:
    """The spans in order, those that touch as one."""
    found: list[tuple[float, float]] = []
    for a, b in sorted(spans):
        if found and a <= found[-1][1]:
            found[-1] = (found[-1][0], max(b, found[-1][1]))
        else:
            found.append((a, b))
    return found


def _places(plan: Plan, offsets: Sequence[float]) -> list[_Place | None]:
    """Where each pause is; of several places the one that is nearest to the pause's time."""
    takes: dict[Path, list[tuple[int, float, float, float]]] = {}
    for index, take in enumerate(plan.takes):
        following = plan.takes[index + 1] if index + 1 < len(plan.takes) else None
        goes_on = following.start if following and following.file == take.file else -math.inf
        takes.setdefault(take.file, []).append((index, take.start, take.end, goes_on))
    found: list[_Place | None] = []
    for pause in plan.pauses:
        start, end = pause.start, pause.end
        places = [
            _Place(index, end < b)
            for index, a, b, goes_on in takes.get(pause.file, [])
            if (a < start - EPS and end + EPS < b) or (abs(b - start) < EPS and abs(goes_on - end) < EPS)
        ]
        found.append(min(places, key=lambda place: abs(start + offsets[place.take] - pause.at), default=None))
    return found


def _parts(take: Take, cut: Sequence[Pause]) -> list[Take]:
    """What is left of a take around pauses inside it."""
    parts = [take]
    for pause in sorted(cut, key=lambda pause: pause.start):
        parts += _parted(parts.pop(), pause)
    return parts


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
    early = [(a, min(b, pause.start)) for a, b in take.speech if a < pause.start]
    late = [(max(a, pause.end), b) for a, b in take.speech if b > pause.end]
    turns = [turn for turn in take.turns if turn[0] < pause.start], [turn for turn in take.turns if turn[1] > pause.end]
    return [
        take.model_copy(update={"end": pause.start, "shots": before, "speech": early, "turns": turns[0]}),
        take.model_copy(update={"start": pause.end, "shots": after, "speech": late, "turns": turns[1]}),
    ]


def _one(take: Take, following: Take) -> Take:
    """Two takes of a file and what lies between them as one; their last and first shot are one if they look alike.

    Raises WrongUse where an editor has made their sound different.
    """
    if any(getattr(take, key) != getattr(following, key) for key in ("audio_stream", "channels", "recording")):
        raise WrongUse(
            f"The pause at {take.end:g} s of {take.file.name} cannot be kept: the sound before and after it is read "
            "differently; make audio_stream, channels and recording of both takes alike."
        )
    turns = sorted({*take.turns, *following.turns})
    last, first = take.shots[-1], following.shots[0]
    same = {"start": last.start, "end": last.end, "faces": last.faces}
    if first.model_copy(update=same) == last:
        longer = max(last, first, key=lambda shot: shot.end - shot.start)
        shots = [
            *take.shots[:-1],
            last.model_copy(update={"end": first.end, "faces": longer.faces}),
            *following.shots[1:],
        ]
    else:
        shots = [*take.shots[:-1], last.model_copy(update={"end": first.start}), *following.shots]
    return take.model_copy(
        update={
            "end": following.end,
            "shots": shots,
            "speech": _joined([*take.speech, *following.speech]),
            "turns": turns,
        }
    )


def _moved(graphic: PlacedGraphic, changes: Sequence[_Change]) -> PlacedGraphic | None:
    """A graphic once time is put in or taken out; None: all of it was."""
    words = [word for line in graphic.lines for word in line] if isinstance(graphic, Caption) else []
    first = min([graphic.start, *(word.start for word in words)])
    last = max([graphic.end, *(word.end for word in words)])
    before = bisect_left(changes, first - EPS, key=lambda change: change[0] + max(0.0, -change[1]))
    moved: PlacedGraphic | None = graphic
    for change in reversed(changes[before : bisect_right(changes, last + EPS, key=lambda change: change[0])]):
        moved = moved and _changed(moved, *change)
    return moved and _shifted(moved, partial(_later, by=sum(by for _, by in changes[:before])))


def _changed(graphic: PlacedGraphic, at: float, by: float) -> PlacedGraphic | None:
    """A graphic once `by` seconds are put in at an episode second, or -by are taken out from there on; None: it is gone.

    One that spans the place gets longer; a caption only if it is said on both sides.
    """
    words = [word for line in graphic.lines for word in line] if isinstance(graphic, Caption) else []
    before, after = any(w.start < at - EPS for w in words), any(w.end > at + EPS for w in words)
    start, end = _start(graphic.start, at, by), _end(graphic.end, at, by)
    if by > 0 and before and after and abs(graphic.end - at) <= EPS:  # its other part comes after the cut
        end = graphic.end + by
    elif by > 0 and before and not after:
        start, end = graphic.start, graphic.end
    elif by > 0 and after and not before:
        start, end = graphic.start + by, graphic.end + by
    if end <= start < FOREVER and graphic.end > graphic.start:
        return None
    changed = _shifted(graphic, partial(_start, at=at, by=by), partial(_end, at=at, by=by))
    return changed.model_copy(update={"start": start, "end": end})


def _shifted(graphic: PlacedGraphic, start: Move, end: Move | None = None) -> PlacedGraphic:
    """A graphic and its words at other times; end: of what ends, as start unless given."""
    end = end or start
    update: dict[str, object] = {"start": start(graphic.start), "end": end(graphic.end)}
    if isinstance(graphic, Caption):
        update["lines"] = [
            [w.model_copy(update={"start": start(w.start), "end": end(w.end)}) for w in line] for line in graphic.lines
        ]
    return graphic.model_copy(update=update)


def _through(t: float, changes: Sequence[_Change], move: Callable[[float, float, float], float]) -> float:
    for at, by in reversed(changes):
        t = move(t, at, by)
    return t


def _start(t: float, at: float, by: float) -> float:
    """When something begins that began at t; at the place itself it belongs to what comes after."""
    return max(at, t + by) if at - EPS <= t < FOREVER else t


def _end(t: float, at: float, by: float) -> float:
    return max(at, t + by) if at + EPS < t < FOREVER else t


def _later(t: float, by: float) -> float:
    return t + by if t < FOREVER else t


def _with_faces(shot: Shot, analysis: Analysis) -> Shot:
    faces = []
    for analysed in analysis.shots:
        if analysed.start <= shot.moment < analysed.end:
            for track in analysed.tracks:
                near = min(track.sightings, key=lambda sighting: abs(sighting.t - shot.moment))
                if track.number in shot.identities and abs(near.t - shot.moment) < NEAR:
                    faces.append(Somebody(person=shot.identities[track.number], box=near.box))
    return shot.model_copy(update={"faces": faces})
