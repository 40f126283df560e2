"""The finished file, doubted: against what a platform accepts, and against its plan and the footage."""

from pipeline.verify.against_plan import Expected, against_plan
from pipeline.verify.against_spec import key_frames, verify
from pipeline.verify.checks import Check, notes

__all__ = ["Check", "Expected", "against_plan", "key_frames", "notes", "verify"]
