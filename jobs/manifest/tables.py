"""A manifest in TOML: [defaults], and an [[episode]] for each. The parser tells what it holds, lines_of where."""

from basis.letters import strange
from basis.toml import TOKEN, parse_toml
from jobs.manifest.data import BRIEF, LONGEST_SERIES, Draft, Place, RawEntry, Slip, nearest

TOP = {"series", "defaults", "episode"}
MOST_UNKNOWN = 1000  # keys that are told of


def read_tables(content: bytes) -> Draft:
    """The entries of a TOML file, each with the defaults below its own keys. Raises NotToml."""
    data = parse_toml(content)
    lines = lines_of(content.decode("utf-8-sig").replace("\r\n", "\n"))
    slips = []
    for key in [key for key in data if key not in TOP][:MOST_UNKNOWN]:
        hint = f"; {key} stands under [defaults] or [[episode]]." if key in BRIEF else nearest(key, TOP)
        odd = f": {wrong}" if (wrong := strange(key)) else ""
        slips.append(Slip(lines.get((key,), 0), f"unknown key {key}{odd}{hint}"))
    series, defaults, episodes = data.get("series", ""), data.get("defaults", {}), data.get("episode", [])
    if not isinstance(series, str) or len(series) > LONGEST_SERIES:
        wrong = f"series must be text in quotes, of at most {LONGEST_SERIES} letters."
        slips.append(Slip(lines.get(("series",), 0), wrong))
        series = ""
    if not isinstance(defaults, dict):
        slips.append(Slip(lines.get(("defaults",), 0), "defaults must be a table; write [defaults] above its lines."))
        defaults = {}
    if not isinstance(episodes, list) or not all(isinstance(one, dict) for one in episodes):
        slips.append(Slip(lines.get(("episode",), 0), "there may be several episodes; write [[episode]] above each."))
        episodes = []
    shared: dict[Place, int] = {place[1:]: line for place, line in lines.items() if place[0] == "defaults"}
    entries = [RawEntry(0, defaults | own, set(own), shared=shared) for own in episodes]
    for place, line in lines.items():
        if place[0] == "episode" and len(place) > 1 and isinstance(place[1], int) and place[1] < len(entries):
            entries[place[1]].lines[place[2:]] = line
    for entry in entries:
        entry.line = entry.lines.get((), 0)
    return Draft(series, entries, slips)


def lines_of(text: str) -> dict[Place, int]:
    """The line, counted from 1, of each table, key and entry of a list in TOML that can be read."""
    found: dict[Place, int] = {}
    counts: dict[Place, int] = {}
    table: Place = ()
    rest: list[tuple[str, int]] = []  # tokens with their lines, the next one last
    line = 1
    for token in TOKEN.findall(text):
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
    if end := {"[": "]", "{": "}"}.get(token):
        number = 0
        while (ahead := rest[-1])[0] != end:
            if ahead[0] in (",", "\n"):
                rest.pop()
            elif token == "{":
                _pair(rest, place, found)
            else:
                found.setdefault((*place, number), ahead[1])
                _value(rest, (*place, number), found)
                number += 1
        rest.pop()
    else:
        while rest and rest[-1][0] not in ("\n", ",", "]", "}"):
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
