"""Who speaks when in one shot: the mouths that move while speech is heard, and in step with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, maximum_filter1d, minimum_filter1d

from pipeline.analysis.speech import A_SECOND, Speech
from pipeline.plan import Data

STEP = 0.05  # seconds between moments at which somebody is chosen
SMOOTH = 0.12  # seconds, standard deviation over which movement is gathered: mouths close between syllables
NO_LOOK = 0.4  # seconds without a picture of the face after which nothing is known of its mouth
FLOOR = 0.01  # movement (mouths.movement) of noise
LEAST, RESTLESS = (0.015, 0.03), 2.5  # movement of the quietest talk: times that at rest, within bounds
FIDGETS = 1.5  # times what a mouth does in pauses, which it must exceed to talk
HABIT, ENOUGH = 8.0, 0.3  # seconds: deviation over which pauses tell of a mouth's habits, and how many half settle them
HUSH, BREATH, BESIDE = 0.15, 2.0, 0.1  # a pause: share of the loudest within seconds, and seconds at its ends left out
LEVEL = 1.4  # evidence of lively movement, in nats for each INDEPENDENT
SAME, USUAL = 7.0, 0.12  # nats for each unit by which the correlation with the sound exceeds USUAL
STRANGE, FAMILIAR = -1.2, 1.6  # its bounds: lips of real talk follow the sound loosely, so little speaks against them
WINDOW = 2.0  # seconds, standard deviation of the stretch over which correlation is measured
LAGS = np.arange(-5, 6) * 0.03  # seconds by which lips may lead (negative) or follow the sound
LIPS = 0.03  # seconds, standard deviation: lips follow nothing faster
LOUDNESS = 0.6  # power of the amplitude that a mouth's opening goes with
NOISE = 1.5  # times the tenth percentile of power that is taken off as noise
INDEPENDENT = 0.3  # seconds after which movement says something new
UNSEEN = 0.3  # nats against a track whose mouth is not seen
SWITCH, DIPPED, PAUSED = 2.5, 1.5, 0.7  # nats a change of speaker costs: in flowing speech, in its dips, in a pause
DIP, BEAT = 12.0, 0.6  # dB under the loudest within BEAT seconds at which the sound is a pause
LEAST_TURN = 0.3  # seconds; a shorter turn is a flicker and goes to its neighbour
ALOUD = 0.7  # nats above which a mouth talks along with another
AROUND = 3.0  # seconds of sound before and after a shot that are looked at with it


Movement = Sequence[tuple[float, float]]  # footage seconds, what mouths.movement gave


class Turn(Data):
    """[start, end) in footage seconds during which a track speaks; None: somebody who is not seen or cannot be told.

    certainty: 0 to 1.
    """

    start: float
    end: float
    track: int | None
    certainty: float


@dataclass(frozen=True)
class _Evidence:
    """Moments a STEP apart: footage seconds, whether speech is heard, and for and against each track in nats.

    tracks: numbers, in the order of evidence's columns (moments, tracks); dip: how far the sound is down to a pause, 0 to 1.
    """

    times: NDArray[np.float64]
    heard: NDArray[np.bool_]
    tracks: list[int]
    evidence: NDArray[np.float64]
    dip: NDArray[np.float64]


def turns(speech: Speech, mouths: Mapping[int, Movement], start: float, end: float) -> list[Turn]:
    """Who speaks in the shot [start, end), in order and not overlapping; every stretch of speech is covered.

    mouths: by track number, in order of time. The likeliest course of speakers (Viterbi) over nobody
    who is seen and each track: a mouth speaks for itself by how much it moves, more than while nobody speaks, and by
    moving in step with the sound.
    """
    if not _inside(speech, start, end):
        return []
    seen = _evidence(speech, mouths, start, end)
    states = np.column_stack([np.zeros(len(seen.times)), seen.evidence])
    chosen, likely = _course(states * (STEP / INDEPENDENT), seen.dip, seen.heard)
    return [turn for a, b in _inside(speech, start, end) for turn in _spoken(seen, chosen, likely, a, b)]


def overlap(speech: Speech, mouths: Mapping[int, Movement], start: float, end: float) -> float:
    """Share of the speech in [start, end) during which two mouths or more move as if they talked, 0 to 1."""
    if not _inside(speech, start, end):
        return 0.0
    seen = _evidence(speech, mouths, start, end)
    aloud = (seen.evidence > ALOUD).sum(axis=1) >= 2
    return float(aloud[seen.heard].mean())


def _inside(speech: Speech, start: float, end: float) -> list[tuple[float, float]]:
    """The stretches of speech, as far as they lie in [start, end)."""
    cut = [(max(a, start), min(b, end)) for a, b in speech.stretches]
    return [(a, b) for a, b in cut if b - a > 1e-6]


def _evidence(speech: Speech, mouths: Mapping[int, Movement], start: float, end: float) -> _Evidence:
    times = np.arange(start, end, STEP) + STEP / 2
    heard = np.zeros(len(times), bool)
    for a, b in _inside(speech, start, end):
        heard |= (times >= a - STEP / 2) & (times < b + STEP / 2)
    near = slice(*np.searchsorted(speech.times, (start - AROUND, end + AROUND)))
    sounded, loud = speech.times[near], speech.envelope[near]
    opening = _opening(loud)
    tracks = [number for number, series in sorted(mouths.items()) if len(series) > 1]
    evidence = np.full((len(times), len(tracks)), -UNSEEN)
    if tracks and heard.any():
        seen = [_Mouth(np.array(mouths[number]), times) for number in tracks]
        in_step = np.array([[one.in_step(sounded + lag, opening) for one in seen] for lag in LAGS])
        best = int(np.argmax(in_step[:, :, heard].max(axis=1).mean(axis=1)))  # one lag, the recording's, for all
        hush = opening < HUSH * maximum_filter1d(opening, round(BREATH * A_SECOND))
        hush = minimum_filter1d(hush, 1 + 2 * round(BESIDE * A_SECOND))
        idle = np.interp(times, sounded, hush.astype(float)) > 0.5
        for column, one in enumerate(seen):
            level = one.level(idle)
            step = np.clip(SAME * (in_step[best, column] - USUAL), STRANGE, FAMILIAR)
            step = np.where(
                step > 0, step * np.clip(0.3 + level / LEVEL, 0, 1), step
            )  # a still mouth is in step by chance
            evidence[one.known, column] = (level + step)[one.known]
    return _Evidence(times, heard, tracks, evidence, np.interp(times, sounded, _dip(loud)))


def _opening(envelope: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far a mouth that makes this sound would be open, steady noise taken off."""
    power = 10 ** (envelope / 10)
    voice = np.maximum(power - NOISE * np.percentile(power, 10), 0)
    return np.asarray(gaussian_filter1d(voice ** (LOUDNESS / 2), LIPS * A_SECOND))


def _dip(envelope: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far the sound is down to a pause, 0 to 1."""
    loud = gaussian_filter1d(envelope, LIPS * A_SECOND)
    return np.asarray(np.clip((maximum_filter1d(loud, round(BEAT * A_SECOND)) - loud) / DIP, 0, 1) ** 2)


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
        self.known = maximum_filter1d(looks > 1e-3, 1 + round(NO_LOOK / STEP))

    def _around(self, values: NDArray[np.float64], width: float) -> NDArray[np.float64]:
        """Sum of the pictures' values around each moment, weighted by nearness; width: standard deviation in seconds."""
        sums = np.bincount(self._place, values[self._inside], self._count)
        return np.asarray(gaussian_filter1d(sums, width / STEP, mode="constant"))

    def level(self, pause: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Evidence of how much the mouth moves: -LEVEL at rest to LEVEL in lively talk.

        A mouth that moves in pauses too, chewing or laughing, has to move more than that.
        """
        if not self.known.any():
            return np.full(self._count, -LEVEL)
        least = float(np.clip(RESTLESS * np.percentile(self._moving[self.known], 5), *LEAST))
        idle = (pause & self.known).astype(float)
        weight, moved = (gaussian_filter1d(v, HABIT / STEP, mode="constant") for v in (idle, idle * self._moving))
        seconds = weight * HABIT * np.sqrt(2 * np.pi)
        habit = FIDGETS * moved / np.maximum(weight, 1e-9)
        bound = least * np.maximum(1, habit / least) ** (seconds / (seconds + ENOUGH))
        return np.asarray(LEVEL * np.tanh(np.log((self._moving + FLOOR) / (bound + FLOOR))))

    def in_step(self, times: NDArray[np.float64], opening: NDArray[np.float64]) -> NDArray[np.float64]:
        """Correlation of movement with how far a mouth that made the sound would move, around each moment: -1 to 1."""
        sound = np.sqrt(np.abs(np.interp(self._after, times, opening) - np.interp(self._before, times, opening)))
        moves = np.sqrt(self._moves)
        looks = np.maximum(self._around(np.ones(len(moves)), WINDOW), 1e-9)
        mean_moves, mean_sound, moves2, sound2, both = (
            self._around(v, WINDOW) / looks for v in (moves, sound, moves**2, sound**2, moves * sound)
        )
        spread = np.maximum(moves2 - mean_moves**2, 1e-6) * np.maximum(sound2 - mean_sound**2, 1e-9)
        return np.asarray((both - mean_moves * mean_sound) / np.sqrt(spread))


def _course(
    gains: NDArray[np.float64], dip: NDArray[np.float64], heard: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The likeliest state at each moment (Viterbi 1967), and how likely each state is (forward and backward sums).

    gains: (moments, states) in nats, nothing where nothing is heard; dip: how far the sound is down, 0 to 1.
    """
    count, states = gains.shape
    gains = np.where(heard[:, None], gains, 0.0)
    costs = np.where(heard, SWITCH + (DIPPED - SWITCH) * dip, PAUSED)
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
    seen: _Evidence, chosen: NDArray[np.int64], likely: NDArray[np.float64], start: float, end: float
) -> list[Turn]:
    """The turns of one stretch of speech; a change of speaker lies half way between two moments."""
    first, last = np.searchsorted(seen.times, (start - STEP / 2, end + STEP / 2 - 1e-9))
    runs: list[tuple[float, int]] = []  # start, state
    for i in range(first, last):
        if not runs or chosen[i] != runs[-1][1]:
            runs.append((float(seen.times[i]) - STEP / 2 if runs else start, int(chosen[i])))
    runs = _without_flicker(runs, end)
    found = []
    for (a, state), (b, _) in zip(runs, [*runs[1:], (end, 0)], strict=True):
        inside = (seen.times >= a - STEP / 2) & (seen.times < b + STEP / 2)
        track = seen.tracks[state - 1] if state else None
        found.append(Turn(start=a, end=b, track=track, certainty=round(float(likely[inside, state].mean()), 3)))
    return found


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
