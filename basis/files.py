"""Files that appear whole or not at all, folders that can be written to, and what a file holds as a hash."""

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

from basis.errors import MachineFailed, WrongUse

FULL = {errno.ENOSPC, errno.EDQUOT}
REFUSED = {  # of a folder or a name that cannot be written to, whoever tries again
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ELOOP, errno.EINVAL,
    errno.ENAMETOOLONG,
}  # fmt: skip


@contextmanager
def writable(folder: Path) -> Iterator[None]:
    """Makes the folder where it does not exist, and turns what the disk refuses into one sentence."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _refused(error, folder, folder) from error
    try:
        yield
    except OSError as error:
        raise _refused(error, folder, error.filename or folder) from error


def _refused(error: OSError, folder: Path, what: object) -> MachineFailed | WrongUse:
    if error.errno in FULL:
        return MachineFailed(f"The disk of {folder} is full; free some space and run again.")
    if error.errno not in REFUSED:
        return MachineFailed(f"The disk of {folder} failed ({error.strerror or error}); run again.")
    return WrongUse(f"{what} cannot be written ({error.strerror}); choose another output folder.")


@contextmanager
def temporary(final: Path) -> Iterator[Path]:
    """A name beside the final file: what is written there gets the final name, or is gone where something fails."""
    part = final.with_name(f".{final.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(final)
    finally:
        part.unlink(missing_ok=True)


def read_bytes(file: Path, most: int) -> bytes:
    """What an ordinary file of at most so many bytes holds. Raises WrongUse for a device, a pipe, a larger file, and what
    cannot be read, FileNotFoundError where there is none."""
    try:
        about = file.stat()
        if not stat.S_ISREG(about.st_mode):
            raise WrongUse(f"{file} is not an ordinary file; name one.")
        if about.st_size > most:
            raise WrongUse(f"{file} has {about.st_size / 1e6:.1f} MB; at most {most / 1e6:g} MB are read.")
        with file.open("rb") as opened:
            return opened.read(most)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise WrongUse(
            f"{file} cannot be read ({getattr(error, 'strerror', None) or error}); check the path."
        ) from error


def save_text(text: str, file: Path) -> None:
    """Writes a whole file or none."""
    with temporary(file) as part:
        part.write_text(text + "\n", "utf-8")


def fingerprint(file: Path) -> str:
    """Hash of the file's size and of 64 stretches spread over it: tells footage apart without reading all of it."""
    size = file.stat().st_size
    stretch, places = 1 << 17, 64
    digest = blake2b(str(size).encode(), digest_size=16)
    with file.open("rb") as opened:
        for place in range(places):
            opened.seek(max(0, size - stretch) * place // (places - 1))
            digest.update(opened.read(stretch))
            if size <= stretch:
                break
    return digest.hexdigest()
