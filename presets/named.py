"""Which file is meant by the name of a preset or a delivery spec."""

import difflib
from collections.abc import Sequence
from pathlib import Path

from basis import files
from basis.errors import WrongUse


def file_of(name: str, what: str, folder: Path, names: Sequence[str], wrong: type[WrongUse]) -> Path:
    """The .toml file that a user gives, or the one of that name in a folder; what: the word for it in sentences.

    Raises `wrong` with the nearest known name, or all of them.
    """
    if name.lower().endswith(".toml"):
        file = files.found(Path(name))
        if not file.exists():
            raise wrong(f"There is no {what} file {name}; {files.advice(file)}.")
        return file
    if name in names:
        return folder / f"{name}.toml"
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.3)
    hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(names)}."
    raise wrong(f"There is no {what} {name}; {hint}")
