"""A manifest in TOML: [defaults], and an [[episode]] for each."""

from basis.toml import parse_toml
from jobs.manifest.data import BRIEF, LONGEST_SERIES, Draft, RawEntry, Slip, nearest
from jobs.manifest.toml_lines import Place, lines_of

TOP = {"series", "defaults", "episode"}
MOST_UNKNOWN = 1000  # keys that are told of


def read_tables(content: bytes) -> Draft:
    """The entries of a TOML file, each with the defaults below its own keys. Raises NotToml."""
    data = parse_toml(content)
    lines = lines_of(content.decode("utf-8-sig"))
    slips = []
    for key in [key for key in data if key not in TOP][:MOST_UNKNOWN]:
        hint = f"; {key} stands under [defaults] or [[episode]]." if key in BRIEF else nearest(key, TOP)
        slips.append(Slip(lines.get((key,), 0), f"unknown key {key}{hint}"))
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
