"""What a reader of captions could not take as it is written: gathered while it reads, told once for each kind."""

from collections.abc import Sequence

from basis.notes import Note

MOST_NAMED = 3  # in a note
_SENTENCES: dict[str, tuple[str, bool]] = {  # what comes after the name of the captions, and whether it is a warning
    "broken-cue": ("Captions in {} are skipped: their times cannot be read: {}.", True),
    "stray-text": ("Text in {} belongs to no caption and is not shown: {}.", True),
    "backwards-cue": ("Captions in {} end before they begin; they stay as long as they take to read: {}.", True),
    "before-start": ("Captions in {} end before second 0 and are left out: {}.", True),
    "missing-times": ("Times are missing in {} and come from those beside them: {}.", False),
    "rolled-captions": ("Captions in {} roll up; what they repeat is shown once: {}.", False),
    "repeated-captions": ("Captions in {} repeat one text without a pause, as a transcript in a loop; it is shown once: {}.", True),
    "broken-letters": ("Letters in {} are damaged and shown as \ufffd: {}.", True),
    "mixed-encodings": ("Lines of {} are in another encoding than the rest and are read as {}.", True),
    "guessed-encoding": ("The letters in {} are read as {}; save the file as UTF-8 if they are wrong.", True),
    "twice-encoded": ("The letters in {} were UTF-8 that was taken for {}; they are put right.", True),
    "escaped-letters": ("The letters in {} are written by their numbers, as {}; they are put right.", False),
    "behind-blank": ("Text in {} stands behind a blank line and is shown with the caption above it: {}.", False),
    "heaped-marks": ("Letters in {} stand under heaps of marks; those after the third are left out: {}.", False),
    "milliseconds": ("The times in {} are read as milliseconds: {}.", False),
}  # fmt: skip


class Slips:
    """By the code of its note, what is wrong with captions and where, in words."""

    def __init__(self) -> None:
        self.found: dict[str, list[str]] = {}

    def add(self, code: str, example: str) -> None:
        self.found.setdefault(code, []).append(example)

    def notes(self, name: str) -> list[Note]:
        """A note for each kind; name tells where the captions come from."""
        notes = []
        for code, (sentence, is_warning) in _SENTENCES.items():
            if examples := list(dict.fromkeys(self.found.get(code, []))):
                text = sentence.format(name, named(examples))
                notes.append(Note(code=code, text=text, level="warning" if is_warning else "note"))
        return notes


def named(examples: Sequence[str]) -> str:
    """The first few examples, and how many more there are."""
    more = len(examples) - MOST_NAMED
    return ", ".join(examples[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def quoted(text: str) -> str:
    """The beginning of a text on one line, as notes quote it."""
    line = " ".join(text.split())
    return f"«{line[:59]}…»" if len(line) > 60 else f"«{line}»"


def clock_text(seconds: float) -> str:
    """Seconds as --captions-offset takes them: 01:00:02.5."""
    tenths = round(abs(seconds) * 10)
    whole, rest = divmod(tenths, 10)
    sign = "-" if seconds < 0 and tenths else ""
    return f"{sign}{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}" + (f".{rest}" if rest else "")
