"""Which code this is: the product's number, and a hash of its own files that changes with each of them."""

import sys
from functools import cache
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path

DISTRIBUTION = "episode_pipeline"  # as the folder of its metadata is called
NUMBER = "0.1.0"  # as in pyproject.toml
ROOT = Path(__file__).resolve().parent.parent  # the checkout, or the folder that it is installed in
PACKAGES = ("basis", "assets", "presets", "pipeline", "jobs", "commands")
CODE = {".py", ".toml"}
HASH_DIGITS = 7


@cache
def version() -> str:
    """The code that runs, as "0.1.0+abc1234": the same for the same files, in a checkout and installed."""
    return version_of(ROOT)


def version_of(root: Path) -> str:
    """The version of the code below a folder; the number alone where its files cannot be read."""
    digest = blake2b(digest_size=16)
    try:
        files = [root / "cli.py", *(file for name in PACKAGES for file in (root / name).rglob("*"))]
        for file in sorted(files, key=lambda one: one.relative_to(root).as_posix()):
            place = file.relative_to(root)
            is_asset = place.parts[0] == "assets" and not any(part[0] in "._" for part in place.parts)
            if file.is_file() and (file.suffix in CODE or is_asset):
                digest.update(f"{place.as_posix()}\n".encode())
                digest.update(file.read_bytes() if file.suffix in CODE else b"")  # assets are checked when taken
    except OSError:
        return NUMBER
    return f"{NUMBER}+{digest.hexdigest()[:HASH_DIGITS]}"


def foreign() -> dict[str, str]:
    """Packages of another distribution that stand in the place of this product's, and where each lies."""
    specs = {name: find_spec(name) for name in PACKAGES}
    places = {name: Path(spec.origin).resolve() for name, spec in specs.items() if spec and spec.origin}
    return {name: str(place.parent) for name, place in places.items() if not place.is_relative_to(ROOT)}


def is_installed() -> bool:
    """Whether this environment has the product installed; a checkout runs without that."""
    # importlib.metadata would tell too, and takes longer to import than --version takes otherwise
    return any(True for place in sys.path for _ in Path(place).glob(f"{DISTRIBUTION}-*.dist-info"))
