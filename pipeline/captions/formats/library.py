"""Subtitle files as pysubs2 reads them, with limits on what it is given."""

import pysubs2

from pipeline.captions.cues import MOST_CHARACTERS, MOST_CUES, BadCaptions

MOST_SUBTITLES = 2_000_000  # characters of a file


def open_subtitles(text: str, form: str) -> pysubs2.SSAFile:
    """A subtitle file as pysubs2 reads it. Raises BadCaptions for what is too long, or what it does not read."""
    lines = text.split("\n")
    if len(text) > MOST_SUBTITLES or len(lines) > 2 * MOST_CUES:
        raise BadCaptions("are larger than 2 MB; give the captions of this episode alone")
    if longest := [number for number, line in enumerate(lines, 1) if len(line) > MOST_CHARACTERS]:
        raise BadCaptions(f"hold a line of more than {MOST_CHARACTERS} characters (line {longest[0]}); shorten it")
    try:
        return pysubs2.SSAFile.from_string(text, form)
    except (pysubs2.exceptions.Pysubs2Error, ArithmeticError, LookupError, SyntaxError, TypeError, ValueError) as error:
        raise BadCaptions(f"cannot be read as {form.upper()} ({error}); export them as SRT in UTF-8") from None
    except NotImplementedError as error:  # times in frames or ticks
        raise BadCaptions(f"are {form.upper()} of a kind that is not read ({error}); export SRT instead") from None
