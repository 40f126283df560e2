"""Markup inside cues -> plain text, and the colours and seconds that begin at places in it."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pysubs2

from pipeline.captions.slips import Slips
from pipeline.captions.visible import visible

_VALUE = r"""(?:"[^"<>]*"|'[^'<>]*'|[^\s<>"']+)"""
_TAG = re.compile(
    rf"""
    < (?P<spaced>\s*) (?:
        /? \s* [ibus] (?:\.[\w.-]+)? (?:\s*/)? | font (?:\s+[\w-]+\s*=\s*{_VALUE})* | / \s* font | /? c (?:\.[^\s<>]+)?
        | /? (?P<html> em|strong|span|p|div|small|big|sub|sup|strike|del|mark ) (?:\s+[\w-]+\s*=\s*{_VALUE})*
        | lang \s+ [\w-]+ | / \s* (?:v|lang) | /? ruby | /? rt | (?P<voice> v (?:\.[^\s<>]+)? \s+ [^<>\n]*)
        | (?P<break> br \s* /? ) | (?:(?P<hours>\d{{1,3}}):)? (?P<minutes>\d\d) : (?P<seconds>\d\d\.\d{{3}})
    ) \s* >
    """,
    re.VERBOSE | re.IGNORECASE,
)  # whoever writes «I<Imax и U>Umin» means no tag
_OVERRIDE = re.compile(r"\{\\[a-zA-Z0-9][^{}\n]*\}")  # of ASS; players know it in SRT as well
_OF_FFMPEG = "\\{{}"  # what it makes of a brace of WebVTT in other formats
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_COLOUR = re.compile(r"\\1?c(?:&H([0-9a-fA-F]{1,8})&?)?(?![a-zA-Z])|\\r")
_DRAWING = re.compile(r"\\p(\d+)")
_CLOSING = re.compile(r"<\s*/\s*[ibus]\s*>", re.IGNORECASE)
_OF_SCRIPT = re.compile(r"\\[{}Nnh]|\{[^}]*\}")  # what a script hides, its breaks and its braces that are text


_MEANT = {"h": "\u00a0", "{": "{", "}": "}"}


@dataclass
class Plain:
    """Text without markup; by their places in it, the colours and the seconds that begin there."""

    text: str = ""
    colours: dict[int, str | None] = field(default_factory=dict)
    times: dict[int, float] = field(default_factory=dict)


def of_tags(text: str, slips: Slips) -> Plain:
    """Text with the tags of SRT and WebVTT, and those of HTML that are closed; what is none of these is text."""
    plain = Plain()
    text = _OVERRIDE.sub("", text.replace(_OF_FFMPEG, "{")) if "{" in text else text
    for before, tag in _split(_TAG, text):
        plain.text += visible(_ENTITY.sub(lambda entity: html.unescape(entity[0]), before), slips)
        if tag is None:
            break
        if tag["seconds"]:
            seconds = float(tag["seconds"]) + 60 * int(tag["minutes"]) + 3600 * int(tag["hours"] or 0)
            plain.times[len(plain.text)] = round(seconds, 6)
        elif tag["html"] and f"</{tag['html']}>".lower() not in text.lower():
            plain.text += visible(tag[0], slips)  # «a <p> b» closes nothing
        elif tag["break"] or (tag["html"] or "").lower() in ("p", "div"):
            plain.text += "\n"
        elif tag["voice"] and plain.text.strip() and "</v" not in text.lower():
            plain.text += visible(tag[0], slips)  # «при v<v макс и …>» names nobody
        elif tag["spaced"] and not _CLOSING.search(text):
            plain.text += visible(tag[0], slips)  # «a < b > c»
    return plain


def of_script(text: str, style: pysubs2.SSAStyle | None, slips: Slips) -> Plain:
    """Text of a script in ASS. style: its line's; without one, no colour counts. Drawings are no text."""
    own = _colour(style.primarycolor.r, style.primarycolor.g, style.primarycolor.b) if style else None
    plain = Plain(colours={0: own})
    is_drawn = False
    end = text.rfind("}") + 1  # behind it no brace is markup
    shut, rest = text[:end], text[end:].replace("{", "\\{")
    for before, markup in _split(_OF_SCRIPT, shut + rest):
        if not is_drawn:
            plain.text += visible(before, slips)
        if markup is None:
            break
        if markup[0].startswith("\\"):
            plain.text += "" if is_drawn else _MEANT.get(markup[0][1], "\n")
            continue
        if drawing := _DRAWING.findall(markup[0]):
            is_drawn = int(drawing[-1]) > 0
        if style and (found := list(_COLOUR.finditer(markup[0]))):
            value = int(found[-1][1] or "0", 16)  # &HBBGGRR
            named = _colour(value & 255, value >> 8 & 255, value >> 16 & 255) if found[-1][1] else own
            plain.colours[len(plain.text)] = named
    return plain


def of_text(text: str, slips: Slips) -> Plain:
    """Text in which nothing is markup."""
    return Plain(visible(text, slips))


def _split(pattern: re.Pattern[str], text: str) -> Iterator[tuple[str, re.Match[str] | None]]:
    """What stands before each match, with the match; at last what is left, with None."""
    place = 0
    for match in pattern.finditer(text):
        yield text[place : match.start()], match
        place = match.end()
    yield text[place:], None


def _colour(red: int, green: int, blue: int) -> str | None:
    """#RRGGBB, None for white, which says that nobody chose a colour."""
    return None if (red, green, blue) == (255, 255, 255) else f"#{red:02X}{green:02X}{blue:02X}"
