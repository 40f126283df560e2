"""Black bars are left out, and never the whole picture with them."""

from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.analysis.analysers import bars


@pytest.mark.parametrize(
    ("size", "look", "lit", "kept"),
    [
        ((640, 360), (320, 180), (slice(None), slice(40, 280)), (82, 0, 476, 360)),
        ((640, 360), (320, 180), (slice(None), slice(None)), (0, 0, 640, 360)),
        ((16, 4000), (8, 320), (slice(None), slice(3, 5)), (0, 0, 16, 4000)),
        ((4000, 16), (320, 8), (slice(3, 5), slice(None)), (0, 0, 4000, 16)),
    ],
    ids=["pillars", "none", "a column of pixels", "a row of pixels"],
)
def test_bars_are_left_out_and_something_is_always_kept(size, look, lit, kept):
    grays = np.zeros((3, look[1], look[0]), np.uint8)
    grays[:, lit[0], lit[1]] = 200
    source = SimpleNamespace(width=size[0], height=size[1])
    box = bars.picture(source, grays)
    assert (box.x, box.y, box.width, box.height) == kept
