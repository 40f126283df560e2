"""Who speaks when in one shot: the mouths that move while speech is heard, and in step with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, grey_closing, maximum_filter1d, minimum_filter1d

from basis import spans
from basis.spans import Spans
from pipeline.listening.speech import A_SECOND, Speech, Turn, onset

STEP = 0.05  # seconds between moments at which somebody is chosen
SMOOTH = 0.12  # seconds, standard deviation over which movement is gathered: mouths close between syllables
NO_LOOK = 0.4  # seconds without a picture of the face after which nothing is known of its mouth
FLOOR = 0.01  # movement (mouths.movement) of noise
LEAST = 0.015  # movement of the quietest talk
FIDGETS = 2.0  # times what a mouth does in pauses, which it must exceed to talk
HABIT = 8.0  # seconds, standard deviation over which pauses tell of a mouth's habits
RARE = 0.015  # share of that time that has to be pauses for them to settle half of it
HUSH, BREATH, BESIDE = 0.15, 2.0, 0.1  # a pause: share of the loudest within seconds, and seconds at its ends left out
LEVEL = 1.4  # evidence of lively movement, in nats for each INDEPENDENT
SAME, USUAL = 9.0, 0.16  # nats for each unit by which the correlation with the sound exceeds USUAL
STRANGE, FAMILIAR = -1.6, 1.6  # its bounds: lips of real talk follow the sound loosely, so little speaks against them
WINDOW = 1.2  # seconds, standard deviation of the stretch over which correlation is measured
LAGS = np.arange(-5, 6) * 0.03  # seconds by which lips may lead (negative) or follow the sound
LIPS = 0.03  # seconds, standard deviation: lips follow nothing faster
LOUDNESS = 0.6  # power of the amplitude that a mouth's opening goes with
NOISE = 1.5  # times the tenth percentile of power that is taken off as noise
INDEPENDENT = 0.3  # seconds after which movement says something new
NOBODY = 0.3  # nats against a voice of somebody who is not seen
AWAY = 1.5  # seconds between two pictures of a face for which it may just be turned away
GONE = 0.6  # nats against a face that is not seen for longer
SWITCH, PAUSED = 2.5, 0.7  # nats a change of speaker costs: in flowing speech, in a pause
LEAST_TURN = 0.3  # seconds; a shorter turn is a flicker and goes to its neighbour
ALOUD = 1.4  # nats above which a mouth surely talks
BARGING = 1.2  # seconds for which a new speaker may have talked into the words of the one before
SMEAR = 0.15  # seconds before its first movement and after its last at which a smoothed mouth is above ALOUD
NEAR = 0.3  # seconds from a change of speaker within which the sound's own onset is the change
AROUND = 3.0  # seconds of sound before and after a shot that are looked at with it


Movement = Sequence[tuple[float, float]]  # footage seconds, what mouths.movement gave


@dataclass(frozen=True)
class _Evidence:
    """Moments a STEP apart: footage seconds, whether speech is heard, and for and against each track in nats.

    tracks: numbers, in the order of evidence's columns (moments, tracks).
    """

    times: NDArray[np.float64]
    heard: NDArray[np.bool_]
    tracks: list[int]
    evidence: NDArray[np.float64]


def turns(speech: Speech, mouths: Mapping[int, Movement], start: float, end: float) -> tuple[list[Turn], float]:
    """Who speaks in the shot [start, end), in order and not overlapping; every stretch of speech is covered.

    And the share of the speech, 0 to 1, during which two mouths or more move in step with it. mouths: by track number,
    in order of time. The likeliest course of speakers (Viterbi) over nobody who is seen and each track: a mouth speaks
    for itself by how much it moves, more than while nobody speaks, and by moving in step with the sound.
    """
    inside = [(a, b) for a, b in spans.clip(speech.stretches, start, end) if b - a > 1e-6]
    if not inside:
        return [], 0.0
    seen = _evidence(speech, inside, mouths, start, end)
    aloud = (seen.evidence > ALOUD).sum(axis=1) >= 2
    states = np.column_stack([np.full(len(seen.times), -NOBODY), seen.evidence])
    chosen, likely = _course(states * (STEP / INDEPENDENT), seen.heard)
    found = [turn for a, b in inside for turn in _spoken(speech, seen, chosen, likely, a, b)]
    return found, float(aloud[seen.heard].mean())


def _evidence(speech: Speech, inside: Spans, mouths: Mapping[int, Movement], start: float, end: float) -> _Evidence:
    times = np.arange(start, end, STEP) + STEP / 2
    heard = spans.inside(times, spans.widen(inside, STEP / 2))
    near = slice(*np.searchsorted(speech.times, (start - AROUND, end + AROUND)))
    sounded, loud = speech.times[near], speech.envelope[near]
    opening = _opening(loud)
    tracks = [number for number, series in sorted(mouths.items()) if len(series) > 1]
    evidence = np.full((len(times), len(tracks)), -GONE)
    if tracks and heard.any():
        seen = [_Mouth(np.array(mouths[number]), times) for number in tracks]
        hush = opening < HUSH * maximum_filter1d(opening, round(BREATH * A_SECOND))
        hush = minimum_filter1d(hush, 1 + 2 * round(BESIDE * A_SECOND))
        idle = np.interp(times, sounded, hush.astype(float)) > 0.5
        levels = [one.level(idle) for one in seen]
        lively = [np.clip(0.3 + level / LEVEL, 0, 1) for level in levels]  # a still mouth is in step by chance
        pairs = list(zip(seen, lively, strict=True))
        in_step = np.array([[one.in_step(sounded + lag, opening, much) for one, much in pairs] for lag in LAGS])
        best = int(np.argmax(in_step[:, :, heard].max(axis=1).mean(axis=1)))  # one lag, the recording's, for all
        for column, one in enumerate(seen):
            step = np.clip(SAME * (in_step[best, column] - USUAL), STRANGE, FAMILIAR)
            evidence[one.near, column] = 0.0
            evidence[one.known, column] = (levels[column] + lively[column] * step)[one.known]
    return _Evidence(times, heard, tracks, evidence)


def _opening(envelope: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far a mouth that makes this sound would be open, steady noise taken off."""
    power = 10 ** (envelope / 10)
    voice = np.maximum(power - NOISE * np.percentile(power, 10), 0)
    return np.asarray(gaussian_filter1d(voice ** (LOUDNESS / 2), LIPS * A_SECOND))


class _Mouth:
    """One track's movement, laid out over the moments of a shot."""

    def __init__(self, series: NDArray[np.float64], times: NDArray[np.float64]) -> None:
        """series: (n, 2) of footage second and movement since the picture before it; times: the shot's moments."""
        self._after, self._moves = series[:, 0], series[:, 1]
        step = np.diff(self._after)
        usual = float(np.median(step))
        self._before = self._after - np.concatenate([[usual], np.where(step <= NO_LOOK, step, usual)])
        place = np.rint(((self._before + self._after) / 2 - times[0]) / STEP).astype(np.int64)
        self._inside = np.flatnonzero((place >= 0) & (place < len(times)))
        self._place, self._count = place[self._inside], len(times)
        looks = self._around(np.ones(len(series)), SMOOTH)
        self._moving = (self._around(np.sqrt(self._moves), SMOOTH) / np.maximum(looks, 1e-9)) ** 2
        looked = np.bincount(self._place, minlength=self._count) > 0
        self.known = maximum_filter1d(looked, 1 + round(NO_LOOK / STEP))
        self.near = grey_closing(looked, 1 + round(AWAY / STEP))

    def _around(self, values: NDArray[np.float64], width: float) -> NDArray[np.float64]:
        """Sum of the pictures' values around each moment, weighted by nearness; width: standard deviation in seconds."""
        sums = np.bincount(self._place, values[self._inside], self._count)
        return np.asarray(gaussian_filter1d(sums, width / STEP, mode="constant"))

    def level(self, pause: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Evidence of how much the mouth moves: -LEVEL at rest to LEVEL in lively talk.

        A mouth that moves in pauses too, chewing or laughing, has to move more than that.
        """
        logs = np.log(self._moving + FLOOR)  # of which the mean: to laugh once is no habit
        idle = (pause & self.known).astype(float)
        weight, moved = (gaussian_filter1d(v, HABIT / STEP, mode="constant") for v in (idle, idle * logs))
        habit = np.exp((moved + RARE * np.log(LEAST + FLOOR)) / (weight + RARE)) - FLOOR
        bound = np.maximum(LEAST, FIDGETS * habit)
        return np.asarray(LEVEL * np.tanh(logs - np.log(bound + FLOOR)))

    def in_step(
        self, times: NDArray[np.float64], opening: NDArray[np.float64], lively: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Correlation of movement with how far a mouth that made the sound would move, around each moment: -1 to 1.

        lively: how much each moment counts, 0 to 1.
        """
        sound = np.sqrt(np.abs(np.interp(self._after, times, opening) - np.interp(self._before, times, opening)))
        moves = np.sqrt(self._moves)
        counts = np.zeros(len(moves))
        counts[self._inside] = lively[self._place]
        looks = np.maximum(self._around(counts, WINDOW), 1e-9)
        mean_moves, mean_sound, moves2, sound2, both = (
            self._around(counts * v, WINDOW) / looks for v in (moves, sound, moves**2, sound**2, moves * sound)
        )
        spread = np.maximum(moves2 - mean_moves**2, 1e-6) * np.maximum(sound2 - mean_sound**2, 1e-9)
        return np.asarray((both - mean_moves * mean_sound) / np.sqrt(spread))


def _course(gains: NDArray[np.float64], heard: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The likeliest state at each moment (Viterbi 1967), and how likely each state is (forward and backward sums).

    gains: (moments, states) in nats, nothing where nothing is heard.
    """
    count, states = gains.shape
    gains = np.where(heard[:, None], gains, 0.0)
    costs = np.where(heard, SWITCH, PAUSED)
    best, came = gains[0], np.zeros((count, states), np.int64)
    ahead, behind = np.zeros_like(gains), np.zeros_like(gains)
    ahead[0] = gains[0]
    for i in range(1, count):
        top = int(np.argmax(best))
        stay = best >= best[top] - costs[i]
        came[i] = np.where(stay, np.arange(states), top)
        best = np.maximum(best, best[top] - costs[i]) + gains[i]
        ahead[i] = np.logaddexp(ahead[i - 1], _total(ahead[i - 1]) - costs[i]) + gains[i]
    for i in range(count - 1, 0, -1):
        later = behind[i] + gains[i]
        behind[i - 1] = np.logaddexp(later, _total(later) - costs[i])
    chosen = np.zeros(count, np.int64)
    chosen[-1] = int(np.argmax(best))
    for i in range(count - 1, 0, -1):
        chosen[i - 1] = came[i, chosen[i]]
    sure = ahead + behind
    sure = np.exp(sure - sure.max(axis=1, keepdims=True))
    return chosen, sure / sure.sum(axis=1, keepdims=True)


def _total(logs: NDArray[np.float64]) -> float:
    top = float(logs.max())
    return top + float(np.log(np.exp(logs - top).sum()))


def _spoken(
    speech: Speech, seen: _Evidence, chosen: NDArray[np.int64], likely: NDArray[np.float64], start: float, end: float
) -> list[Turn]:
    """The turns of one stretch of speech."""
    first, last = np.searchsorted(seen.times, (start - STEP / 2, end + STEP / 2 - 1e-9))
    runs: list[tuple[float, int]] = []  # start, state
    for i in range(first, last):
        if not runs or chosen[i] != runs[-1][1]:
            state = int(chosen[i])
            at = max(runs[-1][0], _change(speech, seen, runs[-1][1], state, i)) if runs else start
            runs.append((min(at, end), state))
    runs = _without_flicker(runs, end)
    found = []
    for (a, state), (b, _) in zip(runs, [*runs[1:], (end, 0)], strict=True):
        inside = (seen.times >= a - STEP / 2) & (seen.times < b + STEP / 2)
        track = seen.tracks[state - 1] if state else None
        found.append(Turn(start=a, end=b, track=track, certainty=round(float(likely[inside, state].mean()), 3)))
    return found


def _change(speech: Speech, seen: _Evidence, before: int, after: int, at: int) -> float:
    """The second at which state `after`, chosen from moment `at` on, begins to talk.

    Who barges in talks before the other falls silent, who answers after a pause in which nobody does.
    """
    t = float(seen.times[at]) - STEP / 2
    if not after:
        return t
    talks = seen.evidence > ALOUD
    own = talks[:, after - 1]
    rises = np.flatnonzero(own & ~np.append(False, own[:-1]))
    number = np.searchsorted(rises, at, side="right") - own[at]
    if number < len(rises) and abs(rises[number] - at) * STEP <= BARGING:
        t = float(seen.times[rises[number]]) - STEP / 2 + SMEAR
    later = min(round((t + SMEAR - seen.times[0]) / STEP), len(talks) - 1)
    at_once = before and talks[later, before - 1]
    return t if at_once else onset(speech, t, NEAR, NEAR)


def _without_flicker(runs: list[tuple[float, int]], end: float) -> list[tuple[float, int]]:
    """Runs of which none but a lone one is shorter than LEAST_TURN: the shortest goes to its longer neighbour."""
    while len(runs) > 1:
        edges = [start for start, _ in runs] + [end]
        lengths = np.diff(edges)
        short = int(np.argmin(lengths))
        if lengths[short] >= LEAST_TURN:
            break
        to_next = short == 0 or (short + 1 < len(runs) and lengths[short + 1] > lengths[short - 1])
        if to_next:
            runs[short + 1] = (runs[short][0], runs[short + 1][1])
        del runs[short]
        runs = [run for i, run in enumerate(runs) if i == 0 or run[1] != runs[i - 1][1]]
    return runs
