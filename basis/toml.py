"""What is wrong with somebody's data, as one sentence."""

import difflib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

MOST_SLIPS = 100  # that are told of one text


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """One sentence for the first thing that is wrong, with the nearest known key of the model for an unknown one.

    Entries of a list are counted from 1, as in graphics[1].text.
    """
    return slips(error, model)[0][1]


def slips(error: ValidationError, model: type[BaseModel], table: str = "") -> list[tuple[tuple[int | str, ...], str]]:
    """Everything that is wrong, unknown keys first: where, as keys and places counted from 0, and one sentence.

    A key that is missing because it is misspelt is one slip. table: the file's table that the model's keys stand in, as
    episode for [[episode]]; the top of the file unless given. At most MOST_SLIPS.
    """
    errors = sorted(error.errors(), key=lambda one: one["type"] != "extra_forbidden")[:MOST_SLIPS]
    said = [(one["loc"], _sentence(one, model, table)) for one in errors]
    meant = {text.partition("did you mean ")[2] for _, text in said}
    return [
        one for one, of in zip(said, errors, strict=True) if of["type"] != "missing" or f"{of['loc'][-1]}?" not in meant
    ]


def _sentence(first: ErrorDetails, model: type[BaseModel], table: str) -> str:
    place = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
    if first["type"] == "extra_forbidden":
        key = str(first["loc"][-1])
        whole = model.model_fields.get(key)
        if len(first["loc"]) > 1 and whole and not any(_models(whole.annotation)):
            top = (
                f"under [[{table}]], before its [[{table}.…]]"
                if table
                else "at the top of the file, above the first [ or [["
            )
            return f"unknown key {place}; {key} stands {top}."
        inner = [name for name, keys in _inner(model, table) if key in keys]
        if len(first["loc"]) == 1 and inner:
            return f"unknown key {place}; {key} stands under {inner[0]}."
        near = difflib.get_close_matches(key, sorted(_keys(model)), n=1, cutoff=0.5)
        return f"unknown key {place}" + (f"; did you mean {near[0]}?" if near else ".")
    reason = _reason(first, table)
    return f"{place}: {reason}." if place else f"{reason}."


def _reason(error: ErrorDetails, table: str) -> str:
    about = error.get("ctx", {})
    match error["type"]:
        case "missing":
            return "it is missing"
        case "union_tag_not_found":
            return 'it has no kind; give it one, as kind = "chapter"'
        case "union_tag_invalid":
            known = re.findall(r"'(\w+)'", str(about["expected_tags"]))
            near = difflib.get_close_matches(str(about["tag"]), known, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            return f"there is no kind {about['tag']} ({hint})"
        case "string_pattern_mismatch" if "#" in str(about["pattern"]):
            return f'{error["input"]!r} is not a colour; write it as "#FF7A2F"'
        case "string_pattern_mismatch":
            return f"{error['input']!r} is not a link; it begins with https://"
        case "bool_parsing" | "bool_type":
            return f"{error['input']!r} is neither true nor false"
        case "list_type" if isinstance(error["input"], dict):
            return f"there may be several; write [[{_within(table, str(error['loc'][-1]))}]] above its lines"
        case "list_type":
            return f"{error['input']!r} must be a list, as [{error['input']}]"
        case _:
            return str(about.get("error", error["msg"])).rstrip(".")


class NotToml(ValueError):
    """Text that is no TOML. line: where, counted from 1, 0 where that is not known; reason: what stands there and why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}, {reason}" if line else reason)
        self.line, self.reason = line, reason


def read_toml(file: Path) -> dict[str, Any]:
    """What a TOML file holds. Raises OSError, or ValueError with one sentence."""
    return parse_toml(file.read_bytes())


def parse_toml(raw: bytes) -> dict[str, Any]:
    """What the bytes of a TOML file hold. Raises NotToml."""
    try:
        text = raw.decode("utf-8-sig")
        return tomllib.loads(text)
    except UnicodeDecodeError:
        raise NotToml(0, "it is not text in UTF-8; save it in this encoding") from None
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        number = int(at[1]) if at else text.rstrip().count("\n") + 1
        line = text.split("\n")[number - 1].strip()[:80]
        wrong = re.sub(r" \(at line .*\)$", "", str(error))
        hint = "text and colours stand in plain quotes, true and false in small letters, numbers have a point"
        raise NotToml(number, f"«{line}»: {wrong}; {hint}") from None
    except RecursionError:
        raise NotToml(0, "its lists or tables are nested too deeply") from None
    except ValueError:
        raise NotToml(0, "a number in it is too long") from None


def _inner(model: type[BaseModel], table: str) -> Iterator[tuple[str, set[str]]]:
    """Each section of a file as it is written there, with its keys."""
    for name, field in model.model_fields.items():
        many = "list" in str(field.annotation)
        for inner in _models(field.annotation):
            whole = _within(table, name)
            yield (f"[[{whole}]]" if many else f"[{whole}]"), _keys(inner)


def _within(table: str, name: str) -> str:
    return f"{table}.{name}" if table else name


def _keys(model: type[BaseModel]) -> set[str]:
    names = {field.alias or name for name, field in model.model_fields.items()}
    return names.union(*(_keys(inner) for field in model.model_fields.values() for inner in _models(field.annotation)))


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that a type mentions, as those of list[A | B]."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
