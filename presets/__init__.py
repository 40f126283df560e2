"""Looks of series and what platforms accept, as data. What is named here is loaded when it is first asked for: `presets
list` needs neither pydantic nor a picture library."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from presets.contrast import contrast_on_box, luminance, rgb
    from presets.preset import LEAST_CONTRAST, SOUNDS, WORD_GAP, Framing, Preset, PresetError, Type, font_file, load

__all__ = [
    "FOLDER", "LEAST_CONTRAST", "SOUNDS", "WORD_GAP", "Framing", "Preset", "PresetError", "Type",
    "contrast_on_box", "font_file", "load", "luminance", "names", "rgb",
]  # fmt: skip

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """The presets that ship."""
    return sorted(file.stem for file in FOLDER.glob("*.toml"))


def __getattr__(name: str) -> Any:
    if name in __all__:
        home = "presets.contrast" if name in ("contrast_on_box", "luminance", "rgb") else "presets.preset"
        return getattr(import_module(home), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
