"""Footage: what it is, its frames and its sound as ffmpeg reads them."""
