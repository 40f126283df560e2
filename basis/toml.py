"""What is wrong with somebody's data, as one sentence."""

import difflib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from basis import files
from basis.letters import QUOTES, named, plain, strange, unseen

MOST_SLIPS = 100  # that are told of one text
MOST_BYTES = 5_000_000  # of a file
DEEPEST = 50  # tables and lists within each other; parts of a dotted key
TOKEN = re.compile(
    r'''"""(?:\\.|[^\\])*?(?:"{3,5}|\Z)|\'\'\'.*?(?:\'{3,5}|\Z)|"(?:\\.|[^"\\\n])*"?|\'[^'\n]*'?|\#[^\n]*|\n|[][{}=,.]|[^][{}=,.\#"'\s]+''',
    re.DOTALL,
)  # of TOML; a quote that is not closed takes the rest of its line, so that no text takes long
_QUOTED = re.compile(r""""(?:\\.|[^"\\])*"|'[^']*'|\#.*""")
_ESCAPES = "\\ begins an escape in double quotes; write paths with /, or in single quotes"
_WRONG = {  # what the parser says, in plain words
    "Unescaped": _ESCAPES, "Invalid hex": _ESCAPES, "Escaped character": _ESCAPES,
    "Cannot overwrite": "this key is there twice; keep one of them",
    "Duplicate inline": "a key is there twice; keep one of them",
    "Cannot declare": "this table is there twice, or its name is a key; keep one of them",
    "Cannot mutate": "this adds to a table or list that is whole already; write all of it in one place",
    "Cannot redefine": "this is there already as something else; keep one of them",
    "Expected '='": "a key is one word with = behind it",
    "Expected newline": "something stands behind the value; quotes within text are written as «ёлочки» or as \\\"",
    "Expected ']": "the brackets around a table's name are not closed",
    "Invalid value": "what stands behind = is no value; text and colours stand in plain quotes, true and false in small letters, numbers have a point",
    "Unclosed array": "a [ is not closed; put ] behind the last of its values",
    "Unclosed inline": "a { is not closed; put } behind the last of its keys",
    "Invalid statement": "no key and no [table] begins so",
    "Invalid initial": "no key begins so; keys are words of Latin letters",
    "Unterminated": "a quote is not closed",
    "Expected \"": "a quote is not closed",
    "Illegal character '\\n'": "a quote is not closed in its line",
    "Illegal character": "a control character stands there; delete it",
    "Found invalid character": "a control character stands there; delete it",
}  # fmt: skip


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
        near = difflib.get_close_matches(plain(key), sorted(_keys(model)), n=1, cutoff=0.5)
        odd = f": {wrong}" if (wrong := strange(key)) else ""
        return f"unknown key {place}{odd}" + (f"; did you mean {near[0]}?" if near else ".")
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
    """What a TOML file holds. Raises OSError, WrongUse for what is no ordinary file or too large, or ValueError with one
    sentence."""
    return parse_toml(files.read_bytes(file, MOST_BYTES))


def parse_toml(raw: bytes) -> dict[str, Any]:
    """What the bytes of a TOML file hold. Raises NotToml."""
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        number = raw.count(b"\n", 0, error.start) + 1
        raise NotToml(number, "it is not text in UTF-8; save it in this encoding") from None
    _must_be_shallow(text)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        number = int(at[1]) if at else text.rstrip().count("\n") + 1
        line = text.split("\n")[number - 1].strip(" \t\r")[:80]
        raise NotToml(number, f"«{line}»: {_hint(line, str(error))}") from None
    except RecursionError:
        raise NotToml(0, "its lists or tables are nested too deeply") from None
    except ValueError:
        raise NotToml(0, "a number in it is too long") from None


def _must_be_shallow(text: str) -> None:
    """Raises NotToml for what nests deeper than anybody means, before the parser takes all memory for it."""
    deep, dots, line = 0, 0, 1
    for found in TOKEN.finditer(text):
        token = found[0]
        deep += (token in "[{") - (token in "]}")
        dots = dots + 1 if token == "." else 0 if token in "[]{}=,\n" else dots
        if deep > DEEPEST or dots > DEEPEST:
            raise NotToml(line, f"lists, tables or dotted keys are nested too deeply; {DEEPEST} levels are read")
        line += token.count("\n")


def _hint(line: str, error: str) -> str:
    """What is wrong in a line, and what to do: a letter that is not what it looks like, else what the parser says."""
    bare = _QUOTED.sub('""', line)
    open_quote = bare.replace('""', "").find('"') >= 0
    for c in bare:
        if unseen(c):
            before = bare[: bare.index(c)]
            where = f"after «{before.strip()}»" if before.strip() else "before the line's first letter"
            return f"there is {named(c)} {where}, which is not seen; delete it"
        if c in QUOTES and not c.isascii():
            return f'{c} is no plain quote; text stands between two of these: "'
    if open_quote and (wrong := re.search(f"[{QUOTES}]", line[::-1])):
        return f'the quote is not closed: {wrong[0]} is no plain quote; text stands between two of these: "'
    for word in re.findall(r"[\w-]+", bare.partition("=")[0]):
        if wrong_letter := strange(word):
            return f"{word} is no key: {wrong_letter}, as {plain(word)}"
        if any(letter.isalpha() and not letter.isascii() for letter in word):
            return f"{word} is no key; keys are words of Latin letters, as title"
    if "(at end of document)" in error:
        return "the file ends in the midst of it"
    said = (words for begin, words in _WRONG.items() if error.startswith(begin))
    return next(said, re.sub(r" \(at .*\)$", "", error))


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
