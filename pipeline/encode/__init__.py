"""Finished frames and mastered sound -> a delivery file."""

from pipeline.encode.encoding import (
    LEAST_SEGMENT,
    encode,
    encode_segment,
    frames_in,
    join,
    longest_group,
    output_options,
)

__all__ = ["LEAST_SEGMENT", "encode", "encode_segment", "frames_in", "join", "longest_group", "output_options"]
