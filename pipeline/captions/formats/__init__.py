"""Formats of caption files: each is a file here with two functions, and a line in FORMATS."""

from pipeline.captions.formats.registry import FORMATS, CaptionFormat, format_of

__all__ = ["FORMATS", "CaptionFormat", "format_of"]
