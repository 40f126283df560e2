"""How far colours stand apart, by WCAG 2.1."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ImageColor


def contrast_on_box(colour: str, ground: str, opacity: float) -> float:
    """Contrast ratio of text on a caption's box over the worst footage, black or white."""
    boxes = [tuple(opacity * part + (1 - opacity) * footage for part in rgb(ground)) for footage in (0, 255)]
    return min(contrast(rgb(colour), box) for box in boxes)


def rgb(colour: str) -> tuple[float, ...]:
    return tuple(float(part) for part in ImageColor.getrgb(colour)[:3])


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Contrast ratio of two sRGB colours in 0..255, WCAG 2.1."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: tuple[float, ...]) -> float:
    return float(luminances(np.array(colour)))


def luminances(colours: NDArray[np.float64]) -> Any:
    """Relative luminances of sRGB colours (..., 3) in 0..255."""
    share = colours / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])
