"""What people bring in place of captions, told by what it holds: each is named with what to give instead."""

import re

from pipeline.captions.formats.times import frames_in

_SRT = "export SRT instead"
_BINARY: list[tuple[int, bytes, str]] = [  # place, bytes there, what they are and what to do
    (0, b"PK\x03\x04", f"are a Word, Excel or zip file; {_SRT}"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", f"are an old Word or Excel file; {_SRT}"),
    (0, b"%PDF-", f"are a PDF; {_SRT}"),
    (0, b"\x1f\x8b", "are packed (gzip); unpack them"),
    (0, b"7z\xbc\xaf\x27\x1c", "are packed (7z); unpack them"),
    (0, b"Rar!", "are packed (RAR); unpack them"),
    (3, b"STL", f"are EBU STL; {_SRT}"),
    (0, b"PG", f"are pictures (PGS, .sup); {_SRT}"),
    (0, b"\0\0\x01\xba", "are a video file or pictures (VobSub, .sub); give its captions as SRT"),
    (0, b"\0\0\x01\xb3", "are a video file; give its captions as SRT"),
    (4, b"ftyp", "are a video file; give its captions as SRT"),
    (4, b"moov", "are a video file; give its captions as SRT"),
    (0, b"\x1aE\xdf\xa3", "are a video file (Matroska); give its captions as SRT"),
    (0, b"RIFF", "are a video or sound file; give its captions as SRT"),
    (0, b"FLV\x01", "are a video file; give its captions as SRT"),
    (0, b"ID3", "are a sound file; give its captions as SRT"),
    (0, b"OggS", "are a sound file; give its captions as SRT"),
    (0, b"fLaC", "are a sound file; give its captions as SRT"),
    (0, b"\x89PNG", f"are a picture; {_SRT}"),
    (0, b"\xff\xd8\xff", f"are a picture; {_SRT}"),
    (0, b"GIF8", f"are a picture; {_SRT}"),
]
_TEXTS: list[tuple[str, str]] = [  # what a text begins with, as a pattern, that no format is, and what to do
    (r"\{\\rtf", "are RTF; save them as plain text (TextEdit: Format, Make Plain Text)"),
    (r"Scenarist_SCC", f"are SCC; {_SRT}"),
    (r"# ?VobSub index", f"are the index of pictures (VobSub, .idx); {_SRT}"),
    (r"#EXTM3U|\[playlist\]", f"are a playlist; {_SRT}"),
    (r"@ This file written with the Avid|(?:.*\n){0,40}?<begin subtitles>", f"are Avid's captions; {_SRT}"),
    (r"(?:\s|//.*\n)*\$\s*(?:FontName|Bold|HorzAlign|TapeOffset|\w+)\s*=", f"are Spruce STL; {_SRT}"),
    (r"(?:<\?xml[^>]*>\s*)?<timedtext", f"are YouTube's XML (srv3); {_SRT}"),
    (r"(?:<\?xml[^>]*>\s*)?<transcript", f"are YouTube's XML (srv1); {_SRT}"),
    (r"(?:<\?xml[^>]*>\s*)?(?:<!DOCTYPE[^>]*>\s*)?<(?:xmeml|fcpxml)", f"are a project of an editing program; {_SRT}"),
    (r"<!DOCTYPE html|<html|<head|<body|<script", f"are a web page; {_SRT}"),
    (r"\[(?:ti|ar|al|by|offset|length|re|ve):", f"are lyrics (LRC), which do not say when a line ends; {_SRT}"),
    (r"TITLE:.*\n(?:\s*FCM:)", f"are a list of cuts (EDL); {_SRT}"),
]
_OTHERS: list[tuple[str, str]] = [  # that a format may be, and here is not
    (r"<\?xml|<!DOCTYPE|<tt\b|<USFSubtitles|<DCSubtitle|<SubtitleReel", f"are XML of a kind that is not read; {_SRT}"),
    (r"<SAMI|\{\d+\}\{\d*\}.*\n?(?:\{\d+\}\{\d*\}|$)", f"are captions of a kind that is not read; {_SRT}"),
]
_LYRICS = re.compile(r"(?:\[\d{1,3}:\d\d(?:[.:]\d{1,3})?\])+[^\[\]\n]*")
_TMPLAYER = re.compile(r"\d{1,2}:\d\d:\d\d(?:,\d)?[:=][^\d\s].*")
_TABLE = re.compile(r"\"?[^\n\",;\t]{0,30}\"?(?:[,;\t]\"?[^\n\",;\t]{0,30}\"?)+")
_CLOCK = re.compile(r"\d{1,2}:\d\d(?::\d\d)?")
_HEAD = 20_000  # characters by which a kind is told
_PACKETS = (188, 192, 204)  # bytes of a packet of MPEG-TS


def of_bytes(raw: bytes) -> str | None:
    """What bytes are that are no text, as it goes on after «The captions», and what to do; None where nothing tells."""
    if any(all(raw[at * size : at * size + 1] == b"G" for at in range(4)) for size in _PACKETS if len(raw) > 4 * size):
        return "are a video file (MPEG-TS); give its captions as SRT"
    if raw[:2] in (b"\xff\xfb", b"\xff\xf3", b"\xff\xf1", b"\xff\xf9"):
        return "are a sound file; give its captions as SRT"
    return next((what for at, magic, what in _BINARY if raw[at : at + len(magic)] == magic), None)


def of_text(text: str) -> str | None:
    """What a text is that captions never are, and what to do; None where nothing tells."""
    return _told(text, _TEXTS)


def _told(text: str, kinds: list[tuple[str, str]]) -> str | None:
    head = text[:_HEAD].lstrip("\ufeff \n\t")
    return next((what for pattern, what in kinds if re.match(pattern, head, re.IGNORECASE)), None)


def of_lines(text: str) -> str:
    """What a text is that is of no format: by its beginning, by its times, or by the lack of them."""
    if what := _told(text, _OTHERS):
        return what
    lines = [line.strip() for line in text[:_HEAD].split("\n") if line.strip()]
    if sum(map(bool, map(_LYRICS.fullmatch, lines))) * 2 > len(lines):
        return f"are lyrics (LRC), which do not say when a line ends; {_SRT}"
    if sum(map(bool, map(_TMPLAYER.fullmatch, lines))) * 2 > len(lines):
        return f"are TMPlayer's, which do not say when a line ends; {_SRT}"
    table = next((mark for mark in "\t;," if len(lines) > 1 and all(mark in line for line in lines[:5])), None)
    if table and _TABLE.fullmatch(lines[0]):
        return f"are a table (CSV); {_SRT}, as Premiere, Resolve and Subtitle Edit can"
    if any(map(frames_in, lines)):
        return "have times in frames, whose rate they do not tell (Premiere's text, Avid, Spruce); export SRT instead"
    if any(map(_CLOCK.search, lines)):
        return "hold no caption: their times are of no known kind; export them as SRT in UTF-8"
    return "hold no caption: they are text without times; export them as SRT in UTF-8"
