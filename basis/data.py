"""Plain data: the base of every model that is read from files or written to them, and the types that they share."""

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote, unquote_to_bytes

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from basis.letters import printable

FOREVER = 360_000.0  # 100 hours; an end that means: until the footage ends
_CLOCK = re.compile(r"(?:(?:(\d{1,5}):)?(\d{1,2}):)?(\d+(?:[.,]\d+)?)")

Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]


def seconds(value: object) -> float:
    """Seconds from a number or from "SS", "MM:SS" or "HH:MM:SS", with a decimal point or comma.

    Raises ValueError for anything else, for minutes or seconds of 60 and above behind a colon, and for more
    than FOREVER.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        total = float(value) if value <= FOREVER else FOREVER + 1  # an integer may be too large for a float
    else:
        match = _CLOCK.fullmatch(str(value).strip())
        if not match and re.fullmatch(r"\d+:\d\d:\d\d[:;]\d\d", str(value).strip()):
            raise ValueError(f"{value!r} has frames; write seconds and their parts, as 00:01:10.5")
        if not match:
            raise ValueError(f"{value!r} is not a time; write seconds or HH:MM:SS, as 70 or 00:01:10")
        hours, minutes, rest = int(match[1] or 0), int(match[2] or 0), float(match[3].replace(",", "."))
        if (match[1] and minutes >= 60) or (match[2] and rest >= 60):
            raise ValueError(f"{value!r} has more than 59 minutes or seconds")
        total = hours * 3600 + minutes * 60 + rest
    if not 0 <= total <= FOREVER:
        raise ValueError(f"{value!r} is not a time in the footage")
    return total


def _named(file: Path) -> str:
    """A file's name as JSON can hold it: where its bytes are no text, as a link (RFC 8089)."""
    name = str(file)
    try:
        name.encode()
    except UnicodeEncodeError:
        return "file:" + quote(os.fsencode(name))
    return name


def _file(value: Any) -> Any:
    """A name, or a link that _named wrote; what else begins with file: is a name."""
    if not isinstance(value, str) or not value.startswith("file:"):
        return value
    raw = unquote_to_bytes(value.removeprefix("file:"))
    try:
        raw.decode()
    except UnicodeDecodeError:
        return os.fsdecode(raw)
    return value


def _as_text(value: Any) -> Any:
    """Text that names files, whatever bytes their names have."""
    return (
        printable(value)
        if isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value)
        else value
    )


FileName = Annotated[Path, BeforeValidator(_file), PlainSerializer(_named, return_type=str, when_used="json")]
Text = Annotated[str, BeforeValidator(_as_text)]
Seconds = Annotated[float, BeforeValidator(seconds)]
Link = Annotated[str, Field(max_length=500, pattern=r"^https?://\S+$")]
Channels = Literal["stereo", "mono", "left", "right", "voices"]  # how a take's sound is read; pipeline.sound.channels


class Data(BaseModel):
    """Plain data: unknown keys are refused, so that a slip of the editor's keyboard is noticed."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
