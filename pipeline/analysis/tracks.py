"""Detections of the same person through one shot, linked by where they are and how they move."""

from pipeline.analysis.faces import Face

LONGEST_GAP = 1.5  # seconds for which a face may be covered or turned away
REACH = 0.9  # face widths that a face may move between two looks, more after a gap
SIZE_CHANGE = 1.8
AHEAD = 0.9  # seconds for which a face is expected to go on as it went
WAY = 12  # looks back among which the last real sightings are sought
LEAST_SIGHTINGS = 2  # a face seen only once in a longer shot is a pattern on a wall
CARRIED = 0.25  # face widths that a carried face must be nearer than one that was really seen

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
    kept = [chain for chain in chains if sum(face.unseen == 0 for _, face in chain) >= least]
    return sorted(kept, key=lambda chain: (-len(chain), chain[0][0]))


def match(before: Chain, after: Chain) -> list[int | None]:
    """For each (time, face) of one look the number of the face of the next look that it is, or None."""
    return _pair([[one] for one in before], after)


def _pair(chains: list[Chain], found: Chain) -> list[int | None]:
    """The cheapest pairs first, each chain and each face once."""
    costs = sorted(
        (cost, index, number)
        for index, chain in enumerate(chains)
        for number, (t, face) in enumerate(found)
        if (cost := _cost(chain, t, face)) is not None
    )
    result: list[int | None] = [None] * len(chains)
    for _, index, number in costs:
        if result[index] is None and number not in result:
            result[index] = number
    return result


def _cost(chain: Chain, t: float, face: Face) -> float | None:
    """Distance in face widths to where the chain is expected, or None when it cannot be the same face.

    A carried face may have stuck to the background, so the way that the face itself was going counts as well.
    """
    seen = [one for one in chain[-WAY:] if one[1].unseen == 0]
    nearest = min(_distance(way, t, face) for way in (chain[-2:], seen[-2:]) if way)
    if nearest > REACH * (1 + t - chain[-1][0]):
        return None
    return nearest + (CARRIED if face.unseen else 0)


def _distance(way: Chain, t: float, face: Face) -> float:
    """Face widths between a face and where the last one or two of a chain were heading; infinite for another size."""
    last_t, last = way[-1]
    x, y, width, height = last.box
    dx = dy = 0.0
    if len(way) > 1:
        before_t, before = way[0]
        share = min(t - last_t, AHEAD) / (last_t - before_t)
        dx, dy = (x - before.box[0]) * share, (y - before.box[1]) * share
    size = max(width, face.box[2])
    if size > SIZE_CHANGE * min(width, face.box[2]):
        return float("inf")
    across = x + dx + width / 2 - face.box[0] - face.box[2] / 2
    down = y + dy + height / 2 - face.box[1] - face.box[3] / 2
    return float((across**2 + down**2) ** 0.5 / size)
