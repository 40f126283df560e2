"""The ways in which a shot fills the output, one file each."""

from pipeline.framing.layouts.registry import LAYOUTS, Layout, named

__all__ = ["LAYOUTS", "Layout", "named"]
