"""Finished frames and mastered sound -> a delivery file."""

from pipeline.encode.encoders import ENCODERS
from pipeline.encode.encoding import Again, Target, encode, longest_group, output_options
from pipeline.encode.segments import LEAST_SEGMENT, encode_segment, frames_in, join

__all__ = [
    "ENCODERS", "LEAST_SEGMENT", "Again", "Target", "encode", "encode_segment", "frames_in", "join", "longest_group",
    "output_options",
]  # fmt: skip
