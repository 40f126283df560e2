"""Files only: fonts, marks, sounds and models, all found through path()."""

from assets.files import damaged, fonts, path

__all__ = ["damaged", "fonts", "path"]
