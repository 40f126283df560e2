"""Detections of the same person through one shot, linked by where they are and how they move."""

from dataclasses import replace

import numpy as np

from pipeline.analysis.types import Face

LONGEST_GAP = 1.5  # seconds for which a face may be covered or turned away
REACH = 0.8  # face heights that a face may be off its way between two looks, more after a gap
QUICK = 2.5  # times that reach for a face at its second look, whose way is not known yet: somebody runs past
NEXT = 0.3  # seconds after which a look is no longer the second one
SIZE_CHANGE = 2.0  # times that a face may grow or shrink
WAY = 12  # looks back among which a face's usual size and its last real sightings are sought
STUCK = 0.4  # face heights off the face that came back, from which a carried face had stuck to the background
WHOLE = 0.85  # of the usual size, below which a face is half covered and its middle is not its middle
RUN = 4  # real sightings that tell where a face is going
LIVES = 0.008  # face heights by which a living face's landmarks stray at least (real ones 0.02); a poster's 0.002
WATCHED = 3.0  # seconds for which a face must be seen to tell that
PICTURE = 0.4  # how much the score of a picture on a wall counts
SURE = 0.75  # score that a face has at least once; badges and the backs of helmets stay below 0.72
LEAST_SIGHTINGS = 2  # a face seen only once in a longer shot is a pattern on a wall

Chain = list[tuple[float, Face]]


def link(looks: list[tuple[float, list[Face]]]) -> list[Chain]:
    """Chains of (time, face), longest first, from the faces found at each look of one shot.

    A chain starts with a face that was really seen; carried ones (Face.unseen) only bridge its gaps.
    """
    chains: list[Chain] = []
    for t, found in looks:
        going = [chain for chain in chains if t - chain[-1][0] <= LONGEST_GAP]
        matched = _pair(going, [(t, face) for face in found], QUICK)
        for chain, number in zip(going, matched, strict=True):
            if number is not None:
                chain.append((t, found[number]))
        taken = set(matched)
        chains += [[(t, face)] for number, face in enumerate(found) if number not in taken and face.unseen == 0]
    least = LEAST_SIGHTINGS if len(looks) > 3 else 1
    kept = [_weighed(_unstuck(chain)) for chain in chains if _is_face(chain, least)]
    return sorted(kept, key=lambda chain: (-len(chain), chain[0][0]))


def _unstuck(chain: Chain) -> Chain:
    """Without carried faces that were left behind: where the face came back, they were not near."""
    kept: Chain = []
    carried: Chain = []
    for t, face in chain:
        if face.unseen:
            carried.append((t, face))
            continue
        if carried:
            (x, y), (a, b) = _middle(face), _middle(carried[-1][1])
            if max(abs(x - a), abs(y - b)) <= STUCK * face.box.height:
                kept += carried
        carried = []
        kept.append((t, face))
    return kept + carried


def _is_face(chain: Chain, least: int) -> bool:
    """Whether a chain is seen often enough, and once for sure."""
    real = [face.score for _, face in chain if face.unseen == 0]
    return len(real) >= least and max(real) >= SURE


def _weighed(chain: Chain) -> Chain:
    """With lower scores when the face never stirs, as no living one does: a poster, a portrait, a screen that stands."""
    real = np.array([face.landmarks for _, face in chain if face.unseen == 0])
    if chain[-1][0] - chain[0][0] < WATCHED or len(real) < RUN:
        return chain
    strays = float(np.median(np.linalg.norm(real - np.median(real, axis=0), axis=2))) / chain[0][1].box.height
    return chain if strays > LIVES else [(t, replace(face, score=face.score * PICTURE)) for t, face in chain]


def match(before: Chain, after: Chain) -> list[int | None]:
    """For each (time, face) of one look the number of the face of the next look that it is, or None."""
    return _pair([[one] for one in before], after, 1.0)


def _pair(chains: list[Chain], found: Chain, quick: float) -> list[int | None]:
    """The nearest pairs first, each chain and each face once; faces that are really seen before carried ones.

    quick: how much farther than usual the second sighting of a chain may be, if no other claims either.
    """
    costs = sorted(
        (cost >= 1, face.unseen > 0, cost, index, number)
        for index, chain in enumerate(chains)
        for number, (t, face) in enumerate(found)
        if (cost := _distance(chain, t, face)) < (quick if len(chain) == 1 and t - chain[0][0] <= NEXT else 1)
    )
    result: list[int | None] = [None] * len(chains)
    for *_, index, number in costs:
        if result[index] is None and number not in result:
            result[index] = number
    return result


def _distance(chain: Chain, t: float, face: Face) -> float:
    """How far a face is from where a chain was heading, 1 being the farthest; infinite for a face of another size.

    A carried face may have stuck to the background, so the way that the face itself was going counts as well. Its
    usual size counts, not the last one: a face that disappears behind a pillar gets small.
    """
    seen = [one for one in chain[-WAY:] if one[1].unseen == 0] or chain[-1:]
    size = sorted(one[1].box.height for one in seen)[len(seen) // 2]
    if max(size, face.box.height) > SIZE_CHANGE * min(size, face.box.height):
        return float("inf")
    whole = [one for one in seen if one[1].box.height >= WHOLE * size]
    reach = REACH * size * (1 + t - seen[-1][0])
    x, y = _middle(face)
    expected = (_middle(chain[-1][1]), _heading(whole[-RUN:], t))
    return min(float(((x - a) ** 2 + (y - b) ** 2) ** 0.5) / reach for a, b in expected)


def _heading(way: Chain, t: float) -> tuple[float, float]:
    """Where the middle of a face will be that goes on as it went from the first to the last of these sightings."""
    (t0, first), (t1, last) = way[0], way[-1]
    (x0, y0), (x1, y1) = _middle(first), _middle(last)
    share = (t - t1) / (t1 - t0) if t1 > t0 else 0.0
    return x1 + (x1 - x0) * share, y1 + (y1 - y0) * share


def _middle(face: Face) -> tuple[float, float]:
    return face.box.x + face.box.width / 2, face.box.y + face.box.height / 2
