"""How points of a face are brought upright."""

import numpy as np
from numpy.typing import NDArray


def similarity(points: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    """(2, 3) turn, scale and shift that bring points (n, 2) nearest to where they are wanted (Umeyama 1991)."""
    middle, target = points.mean(axis=0), wanted.mean(axis=0)
    ours, theirs = (points - middle) @ (1, 1j), (wanted - target) @ (1, 1j)
    turn = np.vdot(ours, theirs) / max(np.vdot(ours, ours).real, 1e-6)
    matrix = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    return np.column_stack([matrix, target - matrix @ middle])
