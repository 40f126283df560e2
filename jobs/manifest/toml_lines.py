"""Where in a TOML text everything stands: the parser tells what it holds, this tells the lines."""

import re

from basis.toml import parse_toml

Place = tuple[int | str, ...]  # keys, and places in lists counted from 0
_TOKEN = re.compile(
    r'''"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\])*"|'[^']*'|\#[^\n]*|\n|[][{}=,.]|[^][{}=,.\#"'\s]+''',
    re.DOTALL,
)  # of TOML


def lines_of(text: str) -> dict[Place, int]:
    """The line, counted from 1, of each table, key and entry of a list in TOML that can be read."""
    found: dict[Place, int] = {}
    counts: dict[Place, int] = {}
    table: Place = ()
    rest: list[tuple[str, int]] = []  # tokens with their lines, the next one last
    line = 1
    for token in _TOKEN.findall(text):
        if not token.startswith("#"):
            rest.append((token, line))
        line += token.count("\n")
    rest.reverse()
    while rest:
        token, line = rest[-1]
        if token == "\n":
            rest.pop()
        elif token == "[":
            many = rest[-2][0] == "["
            del rest[-1 - many :]
            table = ()
            parts = _key(rest, "]")
            for place, part in enumerate(parts, 1):
                table = (*table, part)
                if many and place == len(parts):
                    counts[table] = counts.get(table, -1) + 1
                    found.setdefault(table, line)
                if table in counts:
                    table = (*table, counts[table])
            found.setdefault(table, line)
            if many:
                rest.pop()
        else:
            _pair(rest, table, found)
    return found


def _pair(rest: list[tuple[str, int]], table: Place, found: dict[Place, int]) -> None:
    """Takes a key and its value."""
    line = rest[-1][1]
    for part in _key(rest, "="):
        table = (*table, part)
        found.setdefault(table, line)
    _value(rest, table, found)


def _value(rest: list[tuple[str, int]], place: Place, found: dict[Place, int]) -> None:
    """Takes a value; what stands in lists and inline tables is found too."""
    token, _ = rest.pop()
    number = 0
    while token == "{" and rest[-1][0] != "}":
        if rest[-1][0] in (",", "\n"):
            rest.pop()
        else:
            _pair(rest, place, found)
    while token == "[" and rest[-1][0] != "]":
        if rest[-1][0] in (",", "\n"):
            rest.pop()
        else:
            found.setdefault((*place, number), rest[-1][1])
            _value(rest, (*place, number), found)
            number += 1
    if token in ("{", "["):
        rest.pop()
    while token not in ("{", "[") and rest and rest[-1][0] not in ("\n", ",", "]", "}"):
        rest.pop()  # more of a number or date


def _key(rest: list[tuple[str, int]], end: str) -> list[str]:
    """Takes a key's parts and the token that ends it."""
    parts: list[str] = []
    while (token := rest.pop()[0]) != end:
        if token[0] in "\"'":
            parts += parse_toml(f"{token} = 0".encode())
        elif token != ".":
            parts.append(token)
    return parts
