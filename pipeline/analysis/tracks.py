"""Detections of the same person through one shot, linked by where they are."""

from pipeline.analysis.faces import Face

LONGEST_GAP = 1.5  # seconds for which a face may be covered or turned away
REACH = 0.9  # face widths that a face may move between two looks, more after a gap
SIZE_CHANGE = 1.8
LEAST_SIGHTINGS = 2  # a face seen only once in a longer shot is a pattern on a wall

Chain = list[tuple[float, Face]]


def link(looks: list[tuple[float, list[Face]]]) -> list[Chain]:
    """Chains of (time, face), longest first, from the faces found at each look of one shot."""
    chains: list[Chain] = []
    for t, found in looks:
        open_chains = [chain for chain in chains if t - chain[-1][0] <= LONGEST_GAP]
        pairs = sorted(
            (cost, index, number)
            for index, chain in enumerate(open_chains)
            for number, face in enumerate(found)
            if (cost := _cost(chain, t, face)) is not None
        )
        used_chains: set[int] = set()
        used_faces: set[int] = set()
        for _, index, number in pairs:
            if index not in used_chains and number not in used_faces:
                used_chains.add(index)
                used_faces.add(number)
                open_chains[index].append((t, found[number]))
        chains += [[(t, face)] for number, face in enumerate(found) if number not in used_faces]
    least = LEAST_SIGHTINGS if len(looks) > 3 else 1
    return sorted((chain for chain in chains if len(chain) >= least), key=lambda chain: (-len(chain), chain[0][0]))


def _cost(chain: Chain, t: float, face: Face) -> float | None:
    """Distance in face widths to where the chain is expected, or None when it cannot be the same face."""
    last_t, last = chain[-1]
    x, y, width, height = last.box
    gap = t - last_t
    dx = dy = 0.0
    if len(chain) > 1 and last_t > chain[-2][0]:
        before_t, before = chain[-2]
        share = min(gap, 0.6) / (last_t - before_t)
        dx, dy = (x - before.box[0]) * share, (y - before.box[1]) * share
    size = max(width, face.box[2])
    if size > SIZE_CHANGE * min(width, face.box[2]):
        return None
    ax = abs(x + dx + width / 2 - face.box[0] - face.box[2] / 2)
    ay = abs(y + dy + height / 2 - face.box[1] - face.box[3] / 2)
    distance = float((ax**2 + ay**2) ** 0.5 / size)
    return distance if distance <= REACH * (1 + gap) else None
