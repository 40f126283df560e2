"""Where fonts and models lie: those of this folder, and those of the font packages."""

import hashlib
from pathlib import Path

import font_manrope
import font_roboto

FOLDER = Path(__file__).parent
CHECKSUMS = FOLDER / "sha256.txt"  # as sha256sum writes and checks it: sha256sum -c sha256.txt
PACKAGED_FONTS = {**vars(font_manrope), **vars(font_roboto)}


def path(name: str) -> Path:
    """The file of an asset.

    name: a font as "ManropeBold" or "RobotoRegular" style (a name the font packages define), or a path
    below this folder, as "models/face_detection_yunet_2023mar.onnx" or "fonts/DejaVuSans-Bold.ttf".
    Raises FileNotFoundError when there is no such asset, ValueError when the name leaves the folder.
    """
    font = PACKAGED_FONTS.get(name)
    if isinstance(font, str) and not name.startswith("_"):
        return Path(font)
    file = (FOLDER / name).resolve()
    if not file.is_relative_to(FOLDER.resolve()):
        raise ValueError(f"{name} is not inside the assets folder")
    if not file.is_file():
        raise FileNotFoundError(f"no asset {name}; if it is the face model or a font, install the package again")
    return file


def fonts() -> list[str]:
    """The names of the fonts that come with the font packages."""
    return sorted(
        name for name, font in PACKAGED_FONTS.items() if name[0].isupper() and str(font).lower().endswith(".ttf")
    )


def damaged() -> list[str]:
    """The names of this folder's files that are missing or are not the ones that were committed."""
    lines = [line.split() for line in CHECKSUMS.read_text("utf-8").splitlines()]
    return [
        name
        for checksum, name in lines
        if not (file := FOLDER / name).is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != checksum
    ]
