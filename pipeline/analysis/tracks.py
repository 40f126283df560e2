"""Detections of the same person through one shot, linked by where they are and how they move."""

from pipeline.analysis.faces import Face

LONGEST_GAP = 1.5  # seconds for which a face may be covered or turned away
REACH = 0.8  # face heights that a face may move between two looks, more after a gap
SIZE_CHANGE = 2.0  # times that a face may grow or shrink
WAY = 12  # looks back among which a face's usual size and its last real sightings are sought
STUCK = 0.4  # face heights off the face that came back, from which a carried face had stuck to the background
WHOLE = 0.85  # of the usual size, below which a face is half covered and its middle is not its middle
RUN = 4  # real sightings that tell where a face is going
LEAST_SIGHTINGS = 2  # a face seen only once in a longer shot is a pattern on a wall

Chain = list[tuple[float, Face]]


def link(looks: list[tuple[float, list[Face]]]) -> list[Chain]:
    """Chains of (time, face), longest first, from the faces found at each look of one shot.

    A chain starts with a face that was really seen; carried ones (Face.unseen) only bridge its gaps.
    """
    chains: list[Chain] = []
    for t, found in looks:
        going = [chain for chain in chains if t - chain[-1][0] <= LONGEST_GAP]
        matched = _pair(going, [(t, face) for face in found])
        for chain, number in zip(going, matched, strict=True):
            if number is not None:
                chain.append((t, found[number]))
        taken = set(matched)
        chains += [[(t, face)] for number, face in enumerate(found) if number not in taken and face.unseen == 0]
    least = LEAST_SIGHTINGS if len(looks) > 3 else 1
    kept = [_unstuck(chain) for chain in chains if sum(face.unseen == 0 for _, face in chain) >= least]
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
            if max(abs(x - a), abs(y - b)) <= STUCK * face.box[3]:
                kept += carried
        carried = []
        kept.append((t, face))
    return kept + carried


def match(before: Chain, after: Chain) -> list[int | None]:
    """For each (time, face) of one look the number of the face of the next look that it is, or None."""
    return _pair([[one] for one in before], after)


def _pair(chains: list[Chain], found: Chain) -> list[int | None]:
    """The nearest pairs first, each chain and each face once; faces that are really seen before carried ones."""
    costs = sorted(
        (face.unseen > 0, cost, index, number)
        for index, chain in enumerate(chains)
        for number, (t, face) in enumerate(found)
        if (cost := _distance(chain, t, face)) < 1
    )
    result: list[int | None] = [None] * len(chains)
    for _, _, index, number in costs:
        if result[index] is None and number not in result:
            result[index] = number
    return result


def _distance(chain: Chain, t: float, face: Face) -> float:
    """How far a face is from where a chain was heading, 1 being the farthest; infinite for a face of another size.

    A carried face may have stuck to the background, so the way that the face itself was going counts as well. Its
    usual size counts, not the last one: a face that disappears behind a pillar gets small.
    """
    seen = [one for one in chain[-WAY:] if one[1].unseen == 0] or chain[-1:]
    size = sorted(one[1].box[3] for one in seen)[len(seen) // 2]
    if max(size, face.box[3]) > SIZE_CHANGE * min(size, face.box[3]):
        return float("inf")
    whole = [one for one in seen if one[1].box[3] >= WHOLE * size]
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
    x, y, width, height = face.box
    return x + width / 2, y + height / 2
