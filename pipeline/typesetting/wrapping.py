"""Wrapping: text -> lines that fit, balanced, and the largest size at which they do."""

import re
from collections.abc import Sequence
from functools import cache

from pipeline.typesetting.fonts import Fonts
from pipeline.typesetting.shaping import NO_BREAK_SPACE, backwards, clusters_of, line_runs, right_to_left, width

_NO_BREAK = NO_BREAK_SPACE + "\u202f\u2007"  # spaces at which a line is not broken
_BREAKS_AFTER = "-‐–—/"  # where a long word is broken without a hyphen
_VOWELS = "аеёиоуыэюяАЕЁИОУЫЭЮЯaeiouyAEIOUY"
_NEVER_FIRST = "ьъйЬЪЙ"  # letters that begin no line
_LEFT_MARK, _RIGHT_MARK = "\u200e", "\u200f"  # invisible, they set a line's direction

DASHES = frozenset("—–-")
SENTENCE_ENDS = tuple(".!?…")
STICKS_TO_NEXT = frozenset((
    "а", "без", "в", "во", "да", "до", "за", "и", "из", "из-за", "к", "как", "ко", "на", "над", "не", "ни", "но",
    "о", "об", "от", "по", "под", "при", "с", "со", "то", "у", "№",
))  # fmt: skip


def wrap(text: str, fonts: Fonts, size: int, widest: float) -> list[str]:
    """Lines no wider than `widest` pixels, broken at every newline and where words allow.

    As a last resort a single word that is wider is broken too, with a hyphen. A line that would by itself run the
    other way than its paragraph begins with an invisible mark of direction.
    """
    wrapped = ((part, _lines(part, fonts, size, widest)) for part in text.split("\n"))
    return [line for part, lines in wrapped for line in _finished(part, lines, fonts, size, widest)]


def fit(text: str, fonts: Fonts, size: int, widest: float, most_lines: int, smallest: int) -> tuple[list[str], int]:
    """Balanced lines and the largest size up to `size` at which no word breaks and the lines are few enough.

    Where there is none, as many lines as it takes at the smallest size. Newlines are kept as breaks.
    """
    for smaller in (*range(size, smallest, -2), min(size, smallest)):
        size = smaller
        whole = not broken(text, fonts, size, widest)
        if whole and len(wrap(text, fonts, size, widest)) <= most_lines:
            break
    if not whole:
        return wrap(text, fonts, size, widest), size
    balanced = ((part, _balanced(part, fonts, size, widest)) for part in text.split("\n"))
    return [line for part, lines in balanced for line in _finished(part, lines, fonts, size, widest)], size


def broken(text: str, fonts: Fonts, size: int, widest: float) -> bool:
    """Whether a word is wider than a line, so that it has to be broken."""
    return any(width(word, fonts, size) > widest for word in text.split())


def keeps_together(last: str, following: str) -> bool:
    """Whether Russian typesetting forbids a line break between two words.

    Short prepositions and conjunctions stay with what follows, a dash with what precedes, a speaker's dash with what
    is said, initials with the surname.
    """
    initial = len(last) == 2 and last[0].isupper() and last[1] == "."
    dash = following in DASHES and not last.endswith(SENTENCE_ENDS)
    speaker = last in DASHES and following[:1].isupper()
    return last.lower().lstrip('«(„“"') in STICKS_TO_NEXT or following == "·" or dash or speaker or initial


def _lines(text: str, fonts: Fonts, size: int, widest: float) -> list[str]:
    """As many words on each line as fit."""
    lines: list[str] = []
    for unit in _units(text, fonts, size, widest):
        if lines and width(f"{lines[-1]} {unit}", fonts, size) <= widest:
            lines[-1] += f" {unit}"
        else:
            lines += _pieces(unit, fonts, size, widest)
    return lines


def _balanced(text: str, fonts: Fonts, size: int, widest: float) -> list[str]:
    """As few lines as it takes, as equally long as can be (least squares of what they lack)."""
    units, lines = _units(text, fonts, size, widest), _lines(text, fonts, size, widest)

    @cache
    def best(first: int, left: int) -> tuple[float, tuple[str, ...]]:
        """Cost and lines of the units from `first` on, in `left` lines."""
        found: tuple[float, tuple[str, ...]] = (float("inf"), ())
        for last in range(first + 1, len(units) + 1) if left > 1 else [len(units)]:
            line = " ".join(units[first:last])
            lacking = widest - width(line, fonts, size)
            if lacking < 0 or first == last:
                break
            after, lines = best(last, left - 1) if left > 1 else (0.0, ())
            found = min(found, (lacking**2 + after, (line, *lines)))
        return found

    return list(best(0, len(lines))[1]) or lines


def _units(text: str, fonts: Fonts, size: int, widest: float) -> list[str]:
    """Words, those that belong on one line joined where they fit one; without those of which nothing is drawn."""
    words: list[tuple[str, str]] = re.findall(r"(\s*)(\S+)", text)
    units: list[str] = []
    last = ""
    for space, word in [item for item in words if line_runs(item[1], fonts)] or words:
        glue = space if any(c in _NO_BREAK for c in space) else NO_BREAK_SPACE if keeps_together(last, word) else ""
        if units and glue and width(units[-1] + glue + word, fonts, size) <= widest:
            units[-1] += glue + word
        else:
            units.append(word)
        last = word
    return units


def _pieces(word: str, fonts: Fonts, size: int, widest: float) -> list[str]:
    """A word in parts that fit a line: broken after a hyphen of its own, else with one where letters are parted."""
    pieces: list[str] = []
    rest = clusters_of(word)
    while len(rest) > 1 and width("".join(rest), fonts, size) > widest:
        cut, kept, own = 1, 0, 0
        for n in range(1, len(rest)):
            if width(_cut(rest, n), fonts, size) > widest:
                break
            cut = n
            kept = n if n > 1 and len(rest) - n > 1 and _parts(rest, n) else kept
            own = n if n > 1 and rest[n - 1] in _BREAKS_AFTER else own
        cut = own or kept or cut
        pieces.append(_cut(rest, cut))
        rest = rest[cut:]
    return [*pieces, "".join(rest)]


def _parts(word: Sequence[str], n: int) -> bool:
    """Whether a word may be broken after `n` letters: both parts have a vowel, a consonant stays with the vowel after it,
    ь, ъ and й with what precedes."""
    vowels = [letter in _VOWELS for letter in word]
    together = vowels[n] and not vowels[n - 1]
    return word[n] not in _NEVER_FIRST and not together and any(vowels[:n]) and any(vowels[n:])


def _cut(word: Sequence[str], n: int) -> str:
    """The first `n` clusters, with the hyphen that a break after them asks for."""
    parted = word[n - 1][0].isalnum() and word[n][0].isalnum() and n > 1
    return "".join(word[:n]) + "-" * parted


def _finished(paragraph: str, lines: list[str], fonts: Fonts, size: int, widest: float) -> list[str]:
    """Lines with plain spaces, each running the way of its paragraph where it fits so, in the font that it then takes."""
    lines = [line.replace(NO_BREAK_SPACE, " ") for line in lines]
    if not backwards(paragraph):
        return lines
    from_right = right_to_left(paragraph)
    mark = _RIGHT_MARK if from_right else _LEFT_MARK
    turned = (right_to_left(line) != from_right and width(mark + line, fonts, size) <= widest for line in lines)
    return [mark + line if turn else line for turn, line in zip(turned, lines, strict=True)]
