"""Files that appear whole or not at all, folders that can be written to, and what a file holds as a hash."""

import contextlib
import difflib
import errno
import os
import re
import shutil
import socket
import stat
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

from filelock import FileLock, Timeout

from basis import interrupts
from basis.errors import MachineFailed, WrongUse
from basis.letters import named, strange, unseen

FULL = {errno.ENOSPC, errno.EDQUOT}
REFUSED = {  # of a folder or a name that cannot be written to, whoever tries again
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ELOOP, errno.EINVAL,
    errno.ENAMETOOLONG,
}  # fmt: skip

HIDDEN, SCRATCH = ".episode-", "episode-"  # how what is not finished begins: beside the files, in the system's folder
LOCK = ".held-by-episode"  # in each such folder; a folder without it is not ours
LOCK_WAIT = 1.0  # seconds for somebody who only looks whether a folder is held
USUAL_NAME = 255  # bytes
_HOST = blake2b(socket.gethostname().encode(), digest_size=3).hexdigest()  # a process number means nothing elsewhere
_PART = re.compile(re.escape(HIDDEN) + r"[0-9a-f]+-([0-9a-f]+)-(\d+)\.part")
LONGEST_PATH = 4096  # bytes, of any system
MOST_NEIGHBOURS = 10_000  # names of a folder among which a similar one is looked for


@contextmanager
def writable(folder: Path) -> Iterator[None]:
    """Makes the folder where it does not exist, and turns what the disk refuses into one sentence."""
    interrupts.work()
    with blamed(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    with blamed(folder):
        yield


@contextmanager
def blamed(folder: Path) -> Iterator[None]:
    """Turns what the disk refuses into one sentence about a folder. Raises MachineFailed, WrongUse."""
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


def must_take_names(files: Iterable[Path]) -> None:
    """Raises WrongUse for a name that is longer than its disk takes."""
    for file in files:
        try:
            file.lstat()
        except FileNotFoundError:
            long = [part for part in file.parts if len(os.fsencode(part)) > USUAL_NAME]  # below a folder to be made
        except OSError as error:
            long = [file.name] if error.errno == errno.ENAMETOOLONG else []
        else:
            long = []
        if long:
            raise WrongUse(f"The name {file.name[:80]}… is longer than disks take; give a shorter -o.")


@contextmanager
def temporary(final: Path) -> Iterator[Path]:
    """A name beside the final file: what is written there gets the final name, or is gone where something fails."""
    interrupts.work()
    part = final.with_name(f"{HIDDEN}{_short(final.name)}-{_HOST}-{os.getpid()}.part")
    try:
        yield part
        part.replace(final)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def claimed(final: Path) -> Iterator[Path]:
    """A hidden folder beside a file that is being made, for all that belongs to it and is not finished.

    No other process and no other thread has it meanwhile; it may be claimed again inside the block. What a process left
    that was killed is cleared. The folder of the file is made where it does not exist, and is gone again where this
    fails and nothing lies in it. Raises WrongUse where somebody else is making a file of this name, whatever its ending, MachineFailed.
    """
    failed = False
    above = [one for one in (final.parent, *final.parent.parents) if not one.exists()]
    folder = final.with_name(HIDDEN + _short(final.stem))
    with writable(final.parent):
        clear(final.parent)
        lock = _held(folder)
    if lock is None:
        raise WrongUse(f"{final} is being made by another run; wait until it ends, or give another -o.")
    try:
        with blamed(final.parent):
            yield folder
    except Exception:
        failed = True
        raise
    finally:
        _let_go(folder, lock)
        for one in above if failed else []:
            with contextlib.suppress(OSError):  # something lies in it
                one.rmdir()


@contextmanager
def scratch(parent: Path | None) -> Iterator[Path]:
    """A folder for files that are gone afterwards, in another one, the system's unless given; what a process left there
    that was killed is cleared. Raises MachineFailed, WrongUse."""
    try:
        parent = parent or Path(tempfile.gettempdir())
    except FileNotFoundError as error:
        raise MachineFailed(
            "No folder for temporary files can be written to; free some space, or name one in TMPDIR."
        ) from error
    interrupts.work()
    with blamed(parent):
        clear(parent)
        folder = Path(tempfile.mkdtemp(prefix=SCRATCH, dir=parent))
        lock = _held(folder)
    try:
        yield folder
    finally:
        if lock:
            _let_go(folder, lock)


def clear(parent: Path) -> None:
    """Removes what processes left in a folder that were killed: none that lives, of this machine or of another, loses any."""
    import psutil  # here: nothing else needs it so early

    mine = os.getuid() if hasattr(os, "getuid") else None
    for found in [*parent.glob(f"{HIDDEN}*"), *parent.glob(f"{SCRATCH}*")]:
        with contextlib.suppress(OSError):
            if mine is not None and found.lstat().st_uid != mine:
                continue
            part = _PART.fullmatch(found.name)
            if part and part[1] == _HOST and not psutil.pid_exists(int(part[2])):
                found.unlink(missing_ok=True)
            elif (found / LOCK).is_file() and not found.is_symlink() and (lock := _held(found, wait=0)):
                _let_go(found, lock)


def _held(folder: Path, wait: float = LOCK_WAIT) -> FileLock | None:
    """The lock of a folder, which the system takes back from a process that dies; None while somebody else has it."""
    while True:
        if wait:
            folder.mkdir(exist_ok=True)
        lock = FileLock(folder / LOCK, is_singleton=True)
        try:
            lock.acquire(timeout=wait)
        except Timeout:
            return None
        except FileNotFoundError:  # it was cleared in between
            if not wait:
                return None
            continue
        if (folder / LOCK).exists():
            return lock
        lock.release()
        if not wait:
            return None


def _let_go(folder: Path, lock: FileLock) -> None:
    """Gives back a folder's lock, and removes the folder with it where nothing else here holds it."""
    last = lock.lock_counter == 1
    if last and os.name != "nt":
        shutil.rmtree(folder, ignore_errors=True)
    lock.release()
    if last and os.name == "nt":  # where a file that is open cannot be removed
        shutil.rmtree(folder, ignore_errors=True)


def shown(folder: Path) -> Path:
    """The folder that a person knows, of one for what is not finished."""
    return folder.parent if folder.name.startswith(HIDDEN) else folder


def _short(name: str) -> str:
    """A short name that stands for one of any length."""
    return blake2b(os.fsencode(name), digest_size=6).hexdigest()


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


def found(file: Path) -> Path:
    """The file, or the one beside it that the name means: its letters composed otherwise, as й in two parts on a Mac, or
    a path written with \\ as on Windows. The file as it is where there is none."""
    if os.path.lexists(file) or len(os.fsencode(file)) > LONGEST_PATH:
        return file
    if os.sep == "/" and "\\" in str(file) and os.path.lexists(there := found(Path(str(file).replace("\\", "/")))):
        return there
    if str(file).isascii():
        return file
    there = Path(file.anchor)
    for part in file.parts[bool(file.anchor) :]:
        if not os.path.lexists(there / part):
            letters = unicodedata.normalize("NFC", part)
            same = [name for name in _names(there) if unicodedata.normalize("NFC", name) == letters]
            if not same:
                return file
            part = min(same)
        there /= part
    return there


def advice(file: Path) -> str:
    """What to do about a file that is not there, as the end of a sentence: what its name shows to be wrong with it."""
    text, last = str(file), file.name
    if odd := next((c for c in text if unseen(c) and unicodedata.category(c) != "Cs"), ""):
        escaped = " (in double quotes \\n, \\r and \\t are no letters; write paths with /, or in single quotes)"
        return f"there is {named(odd)} in its name" + (escaped if odd in "\b\f\n\r\t\x1b" else "; delete it")
    if last != last.strip():
        return "its name begins or ends with a space; check the path"
    if any(part.startswith("~") for part in file.parts):
        return "~ does not stand for a folder here; write the path whole"
    if variable := re.search(r"\$\w+|\$\{\w+\}|%\w+%", text):
        return f"{variable[0]} does not stand for anything here; write the path whole"
    if os.name == "posix" and (drive := re.search(r"(?:^|/)([A-Za-z]:)(?:[\\/]|$)|(?:^|/)(\\\\\w+)", text)):
        return f"{drive[1] or drive[2]} is a place of Windows, which this system has not; write the path as it is here"
    if wrong := strange(file.suffix):
        return f"of its ending {file.suffix}, {wrong}"
    names = {name.casefold(): name for name in _names(file.parent)}
    near = difflib.get_close_matches(last.casefold(), names, n=1, cutoff=0.8)
    return f"did you mean {names[near[0]]}?" if near else "check the path"


def _names(folder: Path) -> list[str]:
    """Names in a folder, none where it cannot be read or has more than anybody looks through."""
    try:
        names = os.listdir(folder)  # noqa: PTH208 - no need of paths
    except (OSError, ValueError):
        return []
    return names if len(names) <= MOST_NEIGHBOURS else []


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
