"""Formats of caption files, one file each."""

from pipeline.captions.formats.registry import FORMATS, CaptionFormat, format_of

__all__ = ["FORMATS", "CaptionFormat", "format_of"]
