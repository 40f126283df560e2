"""The delivered picture against the footage's, at a few moments and wherever it stands still.

A moment is a frame of the file and the frames of the footage around the second that the plan has there, each decoded anew.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from basis.notes import Note
from basis.spans import Span
from pipeline.footage.source import TRUNCATED, Source, probe
from pipeline.graphics.blend import Overlay
from pipeline.plan import Plan, Shot, Take, take_shots
from pipeline.verify import cells
from pipeline.verify.cells import Mask
from pipeline.verify.checks import Level, Row
from pipeline.verify.pictures import Image, Pictures, Seen
from presets.graphics import Caption

STILL = 0.5  # seconds without a change from which a picture stands still
# of a packet, and for each of its blocks of 16x16 pixels: up to so many bytes say that nothing changes
HEADER_BYTES, FEW_BYTES = 150, 0.06
USUAL = 0.1  # of the usual packet of the file, up to which one is looked at as well
MOST_STILLS, MOST_STARTS, MOST_MIDDLES = 6, 10, 10  # that are looked at, the longest or evenly picked
ALWAYS = 2  # stretches without a change, the longest, that are looked at whatever it costs
SHARE, LEAST = 0.1, 30  # frames of the file, of 1080p, that the looking may decode: a share of all, and at least
EDGE = 0.4  # seconds of a take in which its beginning and its end are looked at
NEAR = 0.5  # seconds before a moment in which the footage's frames are compared
AFTER = 0.12  # seconds after it
IN_STEP = 0.015  # seconds: a frame at 30 a second or slower is told from its neighbours
UNCOVERED = 0.98  # of a cell that graphics must leave
ENOUGH = 12  # cells that tell anything
ANOTHER = 12.0  # levels of 255 that moved cells must be off the wanted picture: scaling alone makes some of them differ
MOVED, FEWEST = 6.0, 2  # levels of 255 by which a cell moves, and how many tell that the footage does
FOLLOWS = 0.4  # of the footage's change, less than which is none
MATCHES = 0.5  # of the change between two pictures, up to which what is given is one of them
SLIP = 0.25  # seconds, less than any seek that landed wrong, by which a single moment may seem to slip
SURELY = 2.5  # times a limit at which a single moment is enough
HOLE_STEPS = 4  # of the footage's clock without a frame, from which it has none there
TOLD = ("damaged-footage", TRUNCATED)  # codes of notes that tell of it
BESIDE = 0.1  # seconds around the ends of a stretch in which the footage's frames are compared
COLOUR = 7.0  # levels of 255 by which the mean of a picture may differ
UNLIKE, MOST_UNLIKE = 16.0, 0.08  # levels by which a cell is another picture, and the share of such cells
TELLING, EXPLAINED = 1.0, 0.4  # levels of 255 by which cells differ, and the share of them that a mistake leaves


def _encoded(red: float, blue: float) -> NDArray[np.float64]:
    """The matrix from RGB to Y, Cb and Cr by red's and blue's share of luma (ITU-T H.273)."""
    y = np.array([red, 1 - red - blue, blue])
    return np.array([y, (np.eye(3)[2] - y) / (2 * (1 - blue)), (np.eye(3)[0] - y) / (2 * (1 - red))])


_SD, _HD = _encoded(0.299, 0.114), _encoded(0.2126, 0.0722)
_MISTAKES = {
    "BT.601 read as BT.709": (np.linalg.inv(_HD) @ _SD, 1.0, 0.0),
    "BT.709 read as BT.601": (np.linalg.inv(_SD) @ _HD, 1.0, 0.0),
    "full range read as limited": (np.eye(3), 255 / 219, -16 * 255 / 219),
    "limited range read as full": (np.eye(3), 219 / 255, 16.0),
}


@dataclass(frozen=True)
class Moment:
    """A frame of the episode and what the plan has there: its take, the take's first frame, its shot, and the footage
    second."""

    number: int
    take: Take
    shot: Shot
    second: float


class Window(NamedTuple):
    """[first, last] frames of the episode of which one is looked at."""

    first: int
    last: int


@dataclass
class Findings:
    """What was seen. steps: (episode second, seconds late) of moments that tell it; colours: (episode second, levels off, the mistake
    that explains it); unlike: (episode second, share of cells), guessed: whether their
    tones are only guessed, as of HDR; stills: (from, to, whether the footage moves meanwhile, None: it has no
    picture there); lost: (from, to) of those in which the footage has none."""

    steps: list[tuple[float, float]] = field(default_factory=list)
    colours: list[tuple[float, float, str]] = field(default_factory=list)
    unlike: list[tuple[float, float]] = field(default_factory=list)
    guessed: bool = False
    stills: list[tuple[float, float, bool | None]] = field(default_factory=list)
    lost: list[Span] = field(default_factory=list)


class Look:
    """What is needed to look at moments of one file."""

    def __init__(
        self, file: Path, plan: Plan, sources: Mapping[Path, Source], overlay: Overlay, keys: Sequence[int]
    ) -> None:
        self.plan, self.sources, self._overlay = plan, sources, overlay
        self.keys = np.array([0, *keys])
        self._delivered = Pictures(probe(file), cells.ACROSS * cells.FINE * max(1, round(plan.height / plan.width)))
        shots = {name: [s for take in plan.takes if take.file == name for s in take.shots] for name in sources}
        self._footage = {
            name: Pictures(source, cells.side_needed(plan, source, shots[name])) for name, source in sources.items() if shots[name]
        }  # fmt: skip
        self.found = Findings()

    @property
    def decoded(self) -> float:
        return self._delivered.decoded + sum(one.decoded for one in self._footage.values())

    def moment(self, number: int) -> Moment:
        begin = 0
        for take in self.plan.takes:
            for shot, first, last in take_shots(self.plan, take):
                if begin + first <= number < begin + last:
                    return Moment(number, take, shot, take.start + self.plan.clock.second(number - begin))
            begin += self.plan.clock.frames(*take.span)
        raise IndexError(number)

    def cheapest(self, window: Window) -> Moment:
        """The frame of a window for which least has to be decoded, in the file and in the footage."""
        keys = self.keys[(self.keys >= window.first) & (self.keys <= window.last)]
        last = self.moment(window.last)
        key = self._footage[last.take.file].key_before(last.second)
        early = [] if key is None else [window.last - round((last.second - key) * float(self.plan.clock.rate) - 0.5)]
        numbers = {window.first, *keys[:3].tolist(), *(n for n in early if window.first <= n <= window.last)}
        return min(map(self.moment, sorted(numbers)), key=self._cost)

    def _cost(self, moment: Moment) -> float:
        source = self.sources[moment.take.file]
        before = self._footage[moment.take.file].key_before(moment.second)
        own = moment.number - self.keys[self.keys <= moment.number].max()
        there = 1.0 if before is None else moment.second - before
        area = source.width * source.height / (self.plan.width * self.plan.height)
        return float(own + there * float(source.average_rate) * area)

    def shown(self, moment: Moment) -> Image | None:
        """The cells of the file's own frame."""
        second = self.plan.clock.second(moment.number) + 0.25 / float(self.plan.clock.rate)
        seen = self._delivered.between(second, second)
        return cells.of_output(seen[0].image, self.plan) if seen else None

    def footage(self, moment: Moment, before: float, after: float) -> list[Seen]:
        half = 0.5 / float(self.plan.clock.rate)
        return self._footage[moment.take.file].between(
            max(0.0, moment.second + half - before), moment.second + half + after
        )

    def expected(self, seen: Seen, moment: Moment) -> tuple[Image, Mask]:
        return cells.through_panes(seen.image, moment.shot, moment.second, self.sources[moment.take.file], self.plan)

    def cover(self, moment: Moment) -> cells.Cover:
        return cells.cover(self._overlay, moment.number, self.plan)


def rows(look: Look, packets: Sequence[tuple[int, bool]], notes: Sequence[Note]) -> Iterator[Row]:
    """The checks of a delivered picture. packets: (bytes, whether a key) of each frame, in order; notes: what its editor is
    told of it."""
    plan = look.plan
    shown = min(len(packets), plan.footage_frames)
    most = max(LEAST, SHARE * len(packets))
    if shown:
        for window in _edges(plan, shown):
            _compare(look, look.cheapest(window))
        for number, (first, last) in enumerate(_stills(packets[:shown], plan)[:MOST_STILLS]):
            if number < ALWAYS or look.decoded < most:
                _stand_still(look, first, last)
        for window in [*_starts(plan, shown), *_middles(plan, shown)]:
            if look.decoded < most:
                _compare(look, look.cheapest(window))
    yield from _rows(look.found)
    yield _told(look.found.lost, notes)


def _told(lost: Sequence[Span], notes: Sequence[Note]) -> Row:
    """Whether somebody is told where the footage has no picture. Many losses of a file are told at the first one."""
    known = [note.at for note in notes if note.code in TOLD and note.at is not None]
    silent = [span for span in lost if not any(at <= span[1] for at in known)]
    measured = ", ".join(f"from {a:.1f} to {b:.1f} s nothing is said of it" for a, b in silent)
    told = f"{len(lost)} stretches without one, told" if lost else "throughout"
    return Row(
        "footage", "picture in the footage", measured or told, "a note where there is none", not silent, "warning"
    )


def _edges(plan: Plan, shown: int) -> list[Window]:
    """The beginning of the first take and the end of the last one."""
    few = max(1, plan.clock.frame(EDGE))
    first, last = plan.clock.frames(*plan.takes[0].span), plan.clock.frames(*plan.takes[-1].span)
    return [Window(0, min(few, first, shown) - 1), Window(max(shown - few, shown - last, 0), shown - 1)]


def _starts(plan: Plan, shown: int) -> list[Window]:
    """The beginnings of takes, as after a pause that was taken out."""
    few = max(1, plan.clock.frame(EDGE))
    counts = [plan.clock.frames(*take.span) for take in plan.takes]
    begins = np.cumsum(counts)[:-1].tolist()
    return _few(
        [Window(a, a + min(few, n) - 1) for a, n in zip(begins, counts[1:], strict=True) if a + min(few, n) <= shown],
        MOST_STARTS,
    )


def _middles(plan: Plan, shown: int) -> list[Window]:
    """The middles of shots, where a caption is on the screen if there is one."""
    spoken = [(plan.clock.frame(g.start), plan.clock.frame(g.end)) for g in plan.graphics if isinstance(g, Caption)]
    settled = plan.clock.frame(0.4)
    found, begin = [], 0
    for take in plan.takes:
        for _, first, last in take_shots(plan, take):
            a, b = begin + first + (last - first) // 5, begin + last - (last - first) // 5 - 1
            under = [
                (max(a, c + settled), min(b, d - settled))
                for c, d in spoken
                if min(b, d - settled) >= max(a, c + settled)
            ]
            a, b = max(under, key=lambda part: part[1] - part[0]) if under else (a, b)
            if a <= b < shown:
                found.append(Window(a, b))
        begin += plan.clock.frames(*take.span)
    return _few(found, MOST_MIDDLES)


def _few(windows: list[Window], most: int) -> list[Window]:
    return windows if len(windows) <= most else [windows[i] for i in np.linspace(0, len(windows) - 1, most).astype(int)]


def _stills(packets: Sequence[tuple[int, bool]], plan: Plan) -> list[tuple[int, int]]:
    """[first, last] frames of each stretch in which the file says that nothing changes, cut at takes, the longest first.

    A key packet says nothing about it.
    """
    usual = float(np.median([size for size, key in packets if not key] or [0]))
    few = max(HEADER_BYTES + FEW_BYTES * plan.width * plan.height / 256, USUAL * usual)
    small = np.array([key or size <= few for size, key in packets])
    still = small.copy()
    still[1:-1] |= small[:-2] & small[2:]  # one that only makes what stands still better
    begins = {0, *np.cumsum([plan.clock.frames(*take.span) for take in plan.takes]).tolist()}
    found, first = [], 0
    for number in range(1, len(packets) + 1):
        goes_on = number < len(packets) and number not in begins and bool(still[number])
        if not goes_on:
            if number - first > STILL * plan.clock.rate:
                found.append((first, number - 1))
            first = number
    return sorted(found, key=lambda one: (one[0] - one[1], one[0]))


def _stand_still(look: Look, first: int, last: int) -> None:
    """Whether the footage stands still too while the file does.

    Frames that are predicted from a later one say nothing either: the picture of a stretch's first frame may be the last
    one before it, or what comes may come in the middle. So where its ends differ both halves are looked at.
    """
    few = max(1, look.plan.clock.frame(STILL / 2))
    ends = [min(first + 1, last), (first + last) // 2, max(first, last - 1)]
    seen = [_Still.of(look, number) for number in (ends[0], ends[2])]
    moves = _moves(*seen)
    if moves is False and last - first > 2 * few:
        middle = _Still.of(look, ends[1])
        halves = [_moves(seen[0], middle), _moves(middle, seen[1])]
        moves = True if True in halves else moves
    span = look.plan.clock.second(first), look.plan.clock.second(last + 1)
    look.found.stills.append((*span, moves))
    if moves is None or any(one.is_hole for one in seen):
        look.found.lost.append(span)


class _Still(NamedTuple):
    """A frame in a stretch without a change: the file's cells, those that the footage has around it, which are free, and
    whether the footage has none for long, at a rate that is constant."""

    shown: Image | None
    footage: list[Image]
    free: Mask
    is_hole: bool

    @classmethod
    def of(cls, look: Look, number: int) -> "_Still":
        moment = look.moment(number)
        found, source = look.footage(moment, BESIDE, BESIDE), look.sources[moment.take.file]
        seen = [look.expected(one, moment) for one in found]
        free = look.cover(moment).left >= UNCOVERED
        longest = max((b.second - a.second for a, b in pairwise(found)), default=0.0)
        is_hole = not source.variable_rate and longest > max(STILL, HOLE_STEPS / float(source.average_rate))
        return cls(look.shown(moment), [picture for picture, _ in seen], free & seen[0][1] if seen else free, is_hole)


def _moves(one: _Still, other: _Still) -> bool | None:
    """Whether the footage moves between two frames of a file that does not; None where there is no picture of one.

    It moves where each of its frames around the one differs from each around the other, so that a frame more or less is none.
    """
    if one.shown is None or other.shown is None or not one.footage or not other.footage:
        return None
    changes = [np.abs(a - b).max(axis=2) for a in one.footage for b in other.footage]
    change = np.min(changes, axis=0)
    moved = one.free & other.free & (change >= MOVED)
    if moved.sum() < FEWEST:
        return False
    return bool(np.median(np.abs(one.shown - other.shown).max(axis=2)[moved] / change[moved]) < FOLLOWS)


def _compare(look: Look, moment: Moment) -> None:
    """Step, colours and likeness of one moment."""
    given, seen = look.shown(moment), look.footage(moment, NEAR, AFTER)
    if given is None or not seen:
        return
    cover, at = look.cover(moment), look.plan.clock.second(moment.number)
    expected = [look.expected(one, moment) for one in seen]
    free = expected[0][1] & (cover.left >= UNCOVERED)
    if free.sum() < ENOUGH:
        return
    pictures = [picture for picture, _ in expected]
    is_hdr = bool(look.sources[moment.take.file].hdr)
    if is_hdr:  # tones are mapped, so that levels tell nothing
        pictures = [_fitted(picture, given, free) for picture in pictures]
    late, best = _lateness(
        given, pictures, [one.second for one in seen], moment.second, free, float(look.plan.clock.rate)
    )
    if late is not None:
        look.found.steps.append((at, late))
    off = given - pictures[best]
    if not is_hdr:
        look.found.colours.append((at, *_colours(given[free], pictures[best][free])))
    # by luma: small footage's colours have half its pixels, and no place that all decoders agree on
    wrong = np.abs(cells.luma(off)) > UNLIKE
    if cover.left.max() > 0.5:  # else a card blurs all of it
        drawn = cells.luma(pictures[best]) * cover.left + cover.added
        covered = expected[0][1] & ~free
        wrong[covered] = np.abs(cells.luma(given) - drawn)[covered] > UNLIKE
    if is_hdr:
        look.found.guessed = True
    look.found.unlike.append((at, float(wrong[expected[0][1]].mean())))


def _colours(given: NDArray[np.float32], wanted: NDArray[np.float32]) -> tuple[float, str]:
    """Levels of 255 by which the mean of (n, 3) RGB is off, and the mistake that explains the difference, if one does."""
    own, off = _uneven(given - wanted), float(np.abs((given - wanted).mean(axis=0)).max())
    for name, (matrix, gain, lift) in _MISTAKES.items():
        other = np.clip((wanted @ matrix.T) * gain + lift, 0, 255)
        if own >= TELLING and _uneven(given - other) < EXPLAINED * own:
            return off, name
    return off, ""


def _uneven(off: NDArray[Any]) -> float:
    """How much (n, 3) differences differ: roundings of a whole conversion, which are the same everywhere, do not count."""
    return float(np.abs(off - off.mean(axis=0)).mean())


def _fitted(picture: Image, given: Image, free: Mask) -> Image:
    """A picture with each channel's levels brought to those that are given, as far as a straight line does it."""
    whole = picture.copy()
    for channel in range(3):
        x, y = picture[..., channel][free], given[..., channel][free]
        slope = float(np.cov(x, y)[0, 1] / max(float(x.var()), 1e-3))
        whole[..., channel] = (picture[..., channel] - x.mean()) * slope + y.mean()
    return whole


def _lateness(
    given: Image, pictures: Sequence[Image], seconds: Sequence[float], wanted: float, free: Mask, rate: float
) -> tuple[float | None, int]:
    """Seconds by which what is given is an earlier picture than the wanted one, None where that cannot be told; and the
    wanted picture's place."""
    begins, ends = np.array(seconds), np.array([*seconds[1:], np.inf])
    due = wanted + 0.5 / rate  # footage is brought to the clock by the nearest frame
    near = np.flatnonzero((begins <= due + IN_STEP) & (ends > due - IN_STEP))
    near = near if len(near) else np.array([0])
    own = min(near.tolist(), key=lambda i: float(np.abs(given - pictures[i])[free].mean()))
    pictures = [_fitted(picture, given, free) for picture in pictures]  # it is told by forms, not by levels
    off = [float(np.abs(given - picture)[free].mean()) for picture in pictures]
    told = False
    for other in set(range(len(pictures))) - set(near.tolist()):
        change = np.abs(pictures[other] - pictures[own]).max(axis=2)
        moved = free & (change >= MOVED)
        if moved.sum() < FEWEST:
            continue
        told = True
        nearer = (
            np.abs(given - pictures[other])[moved].mean() + 0.5 * change[moved].mean()
            < np.abs(given - pictures[own])[moved].mean() + 0.25 * change[moved].mean()
        )
        is_it = np.abs(given - pictures[other])[moved].mean() < MATCHES * change[moved].mean()
        is_it = is_it and np.abs(given - pictures[own]).max(axis=2)[moved].mean() >= ANOTHER
        if nearer and is_it and off[other] < off[own]:
            return float(wanted - seconds[int(np.argmin(off))]), own
    return (0.0 if told else None), own


def _rows(found: Findings) -> Iterator[Row]:
    late = [f"{-lag:+.2f} s at {at:.1f} s" for at, lag in found.steps if lag]
    told = f"{len(found.steps)} moments, all in step" if found.steps else "cannot be told"
    lags = [abs(lag) for _, lag in found.steps if lag]
    # one moment that seems to be a frame off is no more than worth a look
    level: Level = "error" if len(lags) > 1 or max(lags, default=0.0) > SLIP else "warning"
    yield Row(
        "footage", "picture in step", ", ".join(late) or told, "the footage's frame of each moment", not late, level
    )
    wrong = [one for one in found.stills if one[2]]
    explained = [
        f"{'no picture in the footage' if moves is None else 'as the footage'}" for _, _, moves in found.stills
    ]
    said = [f"still from {a:.1f} to {b:.1f} s and the footage moves" for a, b, moves in found.stills if moves]
    longest = max((b - a for a, b, _ in found.stills), default=0.0)
    fine = f"still for {longest:.1f} s at most, {explained[0]}" if explained else "throughout"
    yield Row(
        "footage",
        "picture moves",
        ", ".join(said) or fine,
        f"not still for {STILL:g} s where the footage moves",
        not wrong,
    )
    at, most, _ = max(found.colours, key=lambda one: one[1], default=(0.0, None, ""))
    mistakes = [f"{mistake} at {second:.1f} s" for second, _, mistake in found.colours if mistake]
    told = (
        f"{most:.1f} of 255 off at {at:.1f} s, the most of {len(found.colours)} moments"
        if found.colours
        else "cannot be told"
    )
    is_right = not mistakes and (most is None or most <= COLOUR)
    is_sure = bool(mistakes) or _surely([off for _, off, _ in found.colours], COLOUR)
    limit = f"at most {COLOUR:g} of 255 off the footage's"
    yield Row("footage", "colours", ", ".join(mistakes) or told, limit, is_right, "error" if is_sure else "warning")
    at, share = max(found.unlike, key=lambda one: one[1], default=(0.0, None))
    measured = (
        "cannot be told"
        if share is None
        else f"{1 - share:.0%} alike at {at:.1f} s, the least of {len(found.unlike)} moments"
    )
    is_like = share is None or share <= MOST_UNLIKE
    is_sure = not found.guessed and _surely([off for _, off in found.unlike], MOST_UNLIKE)
    limit = f"at least {1 - MOST_UNLIKE:.0%} of it"
    yield Row("footage", "picture as planned", measured, limit, is_like, "error" if is_sure else "warning")


def _surely(measured: Sequence[float], limit: float) -> bool:
    """Whether several moments are over a limit, or one is far over it: of a single one that is a little over, a person
    is told, and the film is delivered."""
    return sum(one > limit for one in measured) > 1 or max(measured, default=0.0) > SURELY * limit
