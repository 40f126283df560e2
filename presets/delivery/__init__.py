"""What platforms accept, as data; loaded when it is first asked for."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from presets.delivery.spec import REFERENCE, DeliverySpec, DeliverySpecError, SafeArea, load

__all__ = ["FOLDER", "REFERENCE", "DeliverySpec", "DeliverySpecError", "SafeArea", "load", "names"]

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """The specs that ship."""
    return sorted(file.stem for file in FOLDER.glob("*.toml") if not file.stem.startswith("_"))


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("presets.delivery.spec"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
