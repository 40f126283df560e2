"""Letters that are not what they look like: invisible ones, those of another alphabet, those that steer a terminal."""

import unicodedata

ALIKE = dict(zip("аеорсухкмтвнгпиьіјѕԁοαερνικτ", "aeopcyxkmtbhrnubijsdoaepvikt", strict=True))  # Cyrillic, Greek
QUOTES = "“”„‟«»‘’‚‛‹›″′`"  # that word processors make of plain ones
_JOINERS = "\u200c\u200d"  # seen in what they join: emoji, Persian
_NAMES = {
    "\u00a0": "a no-break space", "\u202f": "a narrow no-break space", "\u2007": "a figure space", "\u200b": "a zero-width space",
    "\ufeff": "a byte order mark", "\u00ad": "a soft hyphen", "\t": "a tab", "\n": "a line break", "\r": "a line break",
}  # fmt: skip


def printable(text: str, kept: str = "") -> str:
    r"""Text as a terminal may show it: what would steer it, or turn the line's direction, as \x1b or \u202e, and bytes of a
    file's name that are no text as \xff.

    kept: characters that stay as they are, as the line feeds of a text of several lines.
    """
    return "".join(c if c in kept or not steers(c) else _escaped(c) for c in text)


def _escaped(c: str) -> str:
    if "\udc80" <= c <= "\udcff":  # how Python holds a byte that is no text
        return f"\\x{ord(c) - 0xDC00:02x}"
    return c.encode("unicode_escape").decode()


def steers(c: str) -> bool:
    """Whether a character is never seen itself and changes what is: controls, marks of direction, separators."""
    return unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c not in _JOINERS


def unseen(c: str) -> bool:
    """Whether a character cannot be told from none, or from a plain space."""
    return steers(c) or c in _JOINERS or (c.isspace() and c != " ")


def without_unseen(text: str) -> str:
    """Text whose unusual spaces are plain ones and whose invisible characters are gone, none at its ends."""
    return "".join(" " if c.isspace() else c for c in text if c.isspace() or not unseen(c)).strip()


def named(c: str) -> str:
    """What a character is called, as: a no-break space (U+00A0)."""
    name = _NAMES.get(c) or unicodedata.name(c, "a character that is not seen").lower()
    return f"{name} (U+{ord(c):04X})"


def plain(word: str) -> str:
    """A word in Latin letters where it has others that look alike, without what is not seen."""
    return "".join(ALIKE.get(c, c) for c in word if not unseen(c))


def strange(word: str) -> str:
    """What is not as it looks in a word that should be Latin, as: its letter 5, «е», is Cyrillic; empty if nothing is."""
    for place, c in enumerate(word):
        if unseen(c):
            where = f"after «{word[:place]}»" if place else "before it"
            return f"there is {named(c)} {where}, which is not seen; delete it"
    foreign = [(place, c) for place, c in enumerate(word) if c.isalpha() and not c.isascii()]
    if not foreign or not any(c.isalpha() and c.isascii() for c in word):
        return ""
    place, c = foreign[0]
    alphabet = unicodedata.name(c, "another").split()[0].capitalize()
    more = f" and {len(foreign) - 1} more of its letters are" if len(foreign) > 1 else " is"
    return f"its letter {place + 1}, «{c}»,{more} {alphabet}; type it in Latin letters"
