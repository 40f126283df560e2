"""Files only: fonts, marks, sounds and models, all found through path()."""

from pathlib import Path

import font_manrope
import font_roboto

_FONTS = {**vars(font_manrope), **vars(font_roboto)}


def path(name: str) -> Path:
    """The file of an asset.

    name: a font as "ManropeBold" or "RobotoRegular" style (a name the font packages define), or a path
    below this folder, as "models/face_detection_yunet_2023mar.onnx" or "fonts/DejaVuSans-Bold.ttf".
    Raises FileNotFoundError when there is no such asset, ValueError when the name leaves the folder.
    """
    font = _FONTS.get(name)
    if isinstance(font, str) and not name.startswith("_"):
        return Path(font)
    folder = Path(__file__).parent
    file = (folder / name).resolve()
    if not file.is_relative_to(folder.resolve()):
        raise ValueError(f"{name} is not inside the assets folder")
    if not file.is_file():
        raise FileNotFoundError(f"no asset {name}; if it is the face model or a font, install the package again")
    return file


def fonts() -> list[str]:
    """The names of the fonts that come with the font packages."""
    return sorted(name for name, font in _FONTS.items() if name[0].isupper() and str(font).lower().endswith(".ttf"))
