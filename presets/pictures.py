"""Pictures of marks: read upright, in sRGB, with their own greys, and what of them would hardly be seen."""

import struct
import warnings
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps

from presets.contrast import contrast, luminances, rgb

PICTURES = ("PNG", "JPEG", "WEBP")  # no format that makes Pillow run another program
LARGEST, SMALLEST = 4000, 120  # pixels of a mark's side and height
MOST_BYTES = 50_000_000
LEAST_SEEN, SEEN_SHARE = 2.0, 0.1  # contrast with its ground that some of a mark must have, and how much of it
LEAST_FILLED = 0.6  # of its height and width, below which its margins make it small
KINDS = (  # what begins so, and is no picture of pixels or one that is not read
    (b"<svg", "an SVG drawing"), (b"%!PS", "an EPS drawing"), (b"%PDF", "a PDF"), (b"8BPS", "a Photoshop file"),
    (b"GIF8", "a GIF"), (b"II*\0", "a TIFF"), (b"MM\0*", "a TIFF"), (b"ftyp", "a HEIC or AVIF picture"), (b"BM", "a BMP"),
)  # fmt: skip


class BadPicture(ValueError):
    """A picture that cannot be a mark; its text says why and what to do, without the file's name."""


def read(file: str) -> Image.Image:
    """A mark's picture as RGBA in sRGB, turned as its camera says. Raises BadPicture."""
    try:
        if Path(file).stat().st_size > MOST_BYTES:
            raise BadPicture(f"has more than {MOST_BYTES // 1_000_000} MB; save it smaller, as PNG")
        with (
            warnings.catch_warnings(action="error", category=Image.DecompressionBombWarning),
            Image.open(file, formats=PICTURES) as opened,
        ):
            if max(opened.size) > LARGEST:
                raise BadPicture(f"is {opened.width}x{opened.height} pixels; no side may be above {LARGEST}")
            opened.load()
            upright: Image.Image = opened
            with suppress(struct.error, SyntaxError, KeyError, TypeError):  # EXIF that says nothing
                upright = ImageOps.exif_transpose(opened)
            image = _in_srgb(upright)
    except BadPicture:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise BadPicture(f"has more pixels than any mark; no side may be above {LARGEST}") from None
    except (OSError, ValueError, SyntaxError) as error:
        raise BadPicture(_what_it_is(Path(file))) from error
    if image.height < SMALLEST:
        raise BadPicture(f"is {image.width}x{image.height} pixels; it must be at least {SMALLEST} high to be sharp")
    return image


def _in_srgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):  # 16 bits of grey, which a plain conversion cuts off
        grey = np.asarray(image).astype(np.float64)
        alpha = np.where(grey == image.info.get("transparency", -1), 0, 255).astype(np.uint8)
        image = Image.fromarray(np.clip(np.round(grey / 257), 0, 255).astype(np.uint8))
        return Image.merge("RGBA", (image, image, image, Image.fromarray(alpha)))
    plain = image.convert("RGBA")
    profile = image.info.get("icc_profile")
    if profile and image.mode in ("RGB", "RGBA", "CMYK", "L"):
        with suppress(ImageCms.PyCMSError, OSError, ValueError):  # a profile that is none: as if there were none
            source = image if image.mode in ("CMYK", "L") else plain.convert("RGB")
            own = ImageCms.ImageCmsProfile(BytesIO(profile))
            turned = ImageCms.profileToProfile(source, own, ImageCms.createProfile("sRGB"), outputMode="RGB")
            if turned is not None:
                turned.putalpha(plain.getchannel("A"))
                return turned
    return plain


def _what_it_is(file: Path) -> str:
    with file.open("rb") as opened:
        head = opened.read(1000)
    for mark, kind in KINDS:
        if head.lstrip().startswith(mark) or head[4:8] == mark or (mark == b"<svg" and mark in head):
            return f"is {kind}; export it as PNG, {2 * SMALLEST} pixels high or more"
    return "is not a PNG, JPEG or WEBP picture that can be read; save it as PNG"


def doubts(image: Image.Image, ground: str) -> list[str]:
    """What of a mark would hardly be seen on a ground, as ends of a sentence that begins with its name."""
    pixels = np.asarray(image).astype(np.float64)
    colours, alpha = pixels[..., :3], pixels[..., 3] / 255
    seen = alpha > 0.5
    if not seen.any():
        return ["is clear all over: nothing of it is seen"]
    found = []
    light, dark = luminances(colours[seen]), luminances(np.array(rgb(ground)))
    ratio = (np.maximum(light, dark) + 0.05) / (np.minimum(light, dark) + 0.05)
    if np.mean(ratio >= LEAST_SEEN) < SEEN_SHARE:
        likeness = contrast(tuple(colours[seen].mean(axis=0)), rgb(ground))
        found.append(
            f"is hardly seen on colours.ground, {ground} (contrast {likeness:.1f}); save it in a colour that stands out"
        )
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    whole = np.abs(pixels - edge[0]).max(axis=-1) > 24 if np.ptp(edge, axis=0).max() < 24 else alpha > 0.1
    if edge[0, 3] < 25:
        whole &= alpha > 0.1
    if whole.any():
        high, wide = (np.ptp(np.flatnonzero(whole.any(axis=side))) + 1 for side in (1, 0))
        filled = min(high / image.height, wide / image.width)
        if filled < LEAST_FILLED:
            found.append(
                f"fills {high / image.height:.0%} of its own height and {wide / image.width:.0%} of its width, so that it is "
                "drawn small; cut its margins off"
            )
    return found
