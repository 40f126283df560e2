"""Whether a media file is cut off, by the sizes that its own outermost structure states: nothing is decoded for it.

Files are cut off by a copy that broke off, a full card or a download; players show what is there and say nothing.
"""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

EDGE = 1 << 16  # bytes at the beginning and at the end that are searched
MOST_BOXES = 100_000  # of a file, that are passed over
MOST_PACKETS = 8192  # of a transport stream's end, that are looked at
# ISO/IEC 14496-12 boxes, EBML elements (RFC 8794), and what marks places in ASF, MXF (SMPTE 377-1) and MPEG-PS (H.222.0)
_BOXES = (b"ftyp", b"moov", b"mdat", b"moof", b"wide", b"free", b"skip", b"pnot", b"styp", b"sidx", b"uuid", b"meta")
_SEGMENT = bytes.fromhex("18538067")
_ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_FILE = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_MXF_HEADER = bytes.fromhex("060e2b34020501010d0102010102")
_PACK, _END = b"\0\0\1\xba", b"\0\0\1\xb9"


def is_cut_off(file: Path, container: str) -> bool:
    """Whether a file of a container, by FFmpeg's names, ends before its structure does. False where that tells nothing."""
    check = next((check for name, check in _CHECKS.items() if name in container.split(",")), None)
    size = file.stat().st_size
    with file.open("rb") as stream:
        return check is not None and check(stream, size)


def lacks_index(file: Path) -> bool:
    """Whether a file begins as MP4 or MOV and has no whole box that says where its pictures lie, not even still ones."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        boxes = _boxes(stream, size)
    indexes = [end for kind, end in boxes if kind in (b"moov", b"moof", b"meta")]
    return bool(boxes) and boxes[0][0] in _BOXES and (not indexes or indexes[0] > size)


def is_joined(file: Path, container: str, reach: int) -> bool:
    """Whether behind the recording that is read, which reaches to a byte, another one begins that nobody reads."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        if "mp4" in container:
            kinds = [kind for kind, _ in _boxes(stream, size)]
            return kinds.count(b"moov") > 1 and b"moof" not in kinds
        stream.seek(reach)
        begins = {"flv": b"FLV\x01", "asf": _ASF_HEADER}.get(container)
        return begins is not None and begins in stream.read(EDGE)


def _gif(stream: BinaryIO, size: int) -> bool:
    stream.seek(size - 1)
    return stream.read(1) != b";"


def _boxes(stream: BinaryIO, size: int) -> list[tuple[bytes, int]]:
    """The kind and end of each box at the top of a file of so many bytes; the last may end behind it."""
    found: list[tuple[bytes, int]] = []
    place = 0
    while place + 8 <= size and len(found) < MOST_BOXES:
        stream.seek(place)
        head = stream.read(16)
        length, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        elif length == 0:  # to the end of the file
            length = size - place
        if length < 8 or not kind.isascii():
            break
        place += length
        found.append((kind, place))
    return found


def _mp4(stream: BinaryIO, size: int) -> bool:
    boxes = _boxes(stream, size)
    return bool(boxes) and boxes[-1][0] in _BOXES and boxes[-1][1] > size


def _matroska(stream: BinaryIO, size: int) -> bool:
    head = stream.read(EDGE)
    place = head.find(_SEGMENT)
    if place < 0 or place + 5 > len(head) or not head[place + 4]:
        return False
    width = 9 - head[place + 4].bit_length()
    length = int.from_bytes(head[place + 4 : place + 4 + width], "big") - (1 << 7 * width)
    unknown = length == (1 << 7 * width) - 1  # as a recorder leaves it that was not ended properly
    return not unknown and place + 4 + width + length > size


def _riff(stream: BinaryIO, size: int) -> bool:
    place = 0
    while place + 12 <= size:
        stream.seek(place)
        head = stream.read(8)
        if head[:4] != b"RIFF":
            return False
        place += 8 + int.from_bytes(head[4:], "little")
        place += place % 2
    return place - size > 1 and size < 1 << 32


def _transport(stream: BinaryIO, size: int) -> bool:
    head = stream.read(4096)
    for packet, sync in ((188, 0), (192, 4), (204, 0)):
        if len(head) > packet * 4 and all(head[place] == 0x47 for place in range(sync, packet * 4, packet)):
            stream.seek(max(0, size // packet - MOST_PACKETS) * packet)
            tail = stream.read(MOST_PACKETS * packet)
            return size % packet > 0 or _is_torn([tail[at : at + 188] for at in range(sync, len(tail), packet)])
    return False


def _is_torn(packets: list[bytes]) -> bool:
    """Whether something in the last of a stream's transport packets, sound as a rule, says that it is longer than it is."""
    lacking: dict[int, int] = {}  # bytes, of each stream's last PES packet
    for packet in packets:
        stream, place = int.from_bytes(packet[1:3], "big") & 0x1FFF, 4
        if packet[3] & 0x20:
            place += 1 + packet[4]
        if not packet[3] & 0x10 or packet[0] != 0x47:
            continue
        payload = packet[place:]
        if packet[1] & 0x40 and payload[:3] == b"\0\0\1":
            length = int.from_bytes(payload[4:6], "big")
            lacking[stream] = length + 6 if length else 0  # 0 is of any length
        if stream in lacking:
            lacking[stream] -= len(payload)
    return any(more > 0 for more in lacking.values())


def _program(stream: BinaryIO, size: int) -> bool:
    stream.seek(max(0, size - EDGE))
    tail = stream.read()
    place = tail.rfind(_PACK)
    if place < 0 or place + 14 > len(tail):
        return place >= 0
    place += 14 + (tail[place + 13] & 7) if tail[place + 4] >> 6 == 1 else 12  # MPEG-2's pack header, else MPEG-1's
    while place + 6 <= len(tail) and tail[place : place + 3] == b"\0\0\1" and tail[place : place + 4] != _END:
        place += 6 + int.from_bytes(tail[place + 4 : place + 6], "big")
    return place > len(tail)


def _flash(stream: BinaryIO, size: int) -> bool:
    stream.seek(max(0, size - 4))
    last = int.from_bytes(stream.read(4), "big")
    if not 11 <= last <= size - 13:
        return True
    stream.seek(size - 4 - last)
    return int.from_bytes(stream.read(4)[1:], "big") + 11 != last


def _ogg(stream: BinaryIO, size: int) -> bool:
    stream.seek(max(0, size - 2 * EDGE))
    tail = stream.read()
    place = tail.rfind(b"OggS")
    if place < 0:
        return False
    page = tail[place : place + 27]
    segments = tail[place + 27 : place + 27 + page[26]] if len(page) == 27 else b""
    return len(page) < 27 or len(segments) < page[26] or place + 27 + page[26] + sum(segments) > len(tail)


def _asf(stream: BinaryIO, size: int) -> bool:
    head = stream.read(EDGE)
    place = head.find(_ASF_FILE)
    return place >= 0 and int.from_bytes(head[place + 40 : place + 48], "little") > size


def _mxf(stream: BinaryIO, size: int) -> bool:
    head = stream.read(EDGE)
    place = head.find(_MXF_HEADER)
    if place < 0 or place + 17 > len(head):
        return False
    width = head[place + 16]
    value = place + 17 + (width & 0x7F if width & 0x80 else 0)
    return int.from_bytes(head[value + 24 : value + 32], "big") >= size


_CHECKS: dict[str, Callable[[BinaryIO, int], bool]] = {
    "mp4": _mp4, "matroska": _matroska, "avi": _riff, "mpegts": _transport, "mpeg": _program, "flv": _flash, "ogg": _ogg,
    "asf": _asf, "mxf": _mxf, "gif": _gif,
}  # fmt: skip
