"""The parts of a zip file as they lie packed in it: found, unpacked piece by piece, packed and put together.

zlib-ng unpacks and packs in half the time of zlib; zipfile only reads the directory, and looks at each entry's header.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from zlib_ng import zlib_ng

from sheets_crm.errors import WorkbookUnsafe
from sheets_crm.text import Text

LEVEL = 3
"""Of deflate, in a workbook that a person keeps."""
QUICK = 1
"""Of deflate, in what is unpacked again at once and kept by nobody."""
PIECE = 1 << 20
"""No piece of what is unpacked is larger, in bytes."""
_PACKED_PIECE = 1 << 16
"""Packed bytes taken at a time: sheets unpack to about ten times as many, which a processor has at hand."""
_DATE = 33
"""1 January 1980, midnight, as DOS counts: the same on every run."""
_DAMAGED: Any = zlib_ng.error  # its stubs take the class for an exception
UTF8 = 0x800
"""The flag of a name that is stored as UTF-8."""
_FOUR_GB = 0xFFFFFFFF

ODD_PACKAGE = Text(
    "The workbook is packed in an unusual way, so nothing was written into it; save it once in Excel and try again.",
    "Книга упакована необычным способом, поэтому в неё ничего не записано; сохраните её в Excel и повторите.",
)


class Packed(NamedTuple):
    """A part as it lies in a zip file."""

    method: int
    crc: int
    size: int
    data: bytes | memoryview
    """Of the file that was read, a view: a copy of its largest part would be a third of a run's memory."""


def stored(file: bytes, info: zipfile.ZipInfo) -> Packed:
    """What the directory of a zip file says of one entry, with the entry's bytes. Raises struct.error."""
    at = info.header_offset
    # The lengths in the local header may differ from those in the directory; the sizes there may be absent.
    name_length, extra_length = struct.unpack_from("<HH", file, at + 26)
    start = at + 30 + name_length + extra_length
    data = memoryview(file)[start : start + info.compress_size]
    return Packed(info.compress_type, info.CRC, info.file_size, data)


def unpacked(packed: Packed) -> Iterator[bytes]:
    """What a part holds, some hundred kilobytes at a time. Raises BadZipFile if that is not what it should be."""
    crc = size = 0
    for piece in _inflated(packed.data) if packed.method else _cut(packed.data):
        crc = zlib_ng.crc32(piece, crc)
        size += len(piece)
        if size > packed.size:
            break
        yield piece
    if (size, crc) != (packed.size, packed.crc):
        raise zipfile.BadZipFile


def _cut(data: bytes | memoryview) -> Iterator[bytes]:
    for start in range(0, len(data), PIECE):
        yield bytes(data[start : start + PIECE])


def _inflated(data: bytes | memoryview) -> Iterator[bytes]:
    press = zlib_ng.decompressobj(-zlib.MAX_WBITS)
    try:
        for start in range(0, len(data), _PACKED_PIECE):
            rest: bytes | memoryview = data[start : start + _PACKED_PIECE]
            while rest:
                yield press.decompress(rest, PIECE)
                rest = press.unconsumed_tail
        yield press.flush()
    except _DAMAGED as problem:
        raise zipfile.BadZipFile from problem


class Press:
    """Packs a part that is written piece by piece."""

    def __init__(self, level: int = LEVEL) -> None:
        self._press = zlib_ng.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
        self._packed: list[bytes] = []
        self._crc = self._size = 0

    def add(self, piece: bytes) -> None:
        """Puts `piece` after what came before."""
        self._crc = zlib_ng.crc32(piece, self._crc)
        self._size += len(piece)
        self._packed.append(self._press.compress(piece))

    def packed(self) -> Packed:
        """The whole part; nothing can be added afterwards."""
        data = b"".join((*self._packed, self._press.flush()))
        return Packed(zipfile.ZIP_DEFLATED, self._crc, self._size, data)


def pressed(content: bytes, level: int = LEVEL) -> Packed:
    """A part that is at hand as a whole."""
    press = Press(level)
    press.add(content)
    return press.packed()


class Zip:
    """Writes a zip file entry by entry; zipfile cannot take data that is packed already."""

    def __init__(self) -> None:
        self._file = io.BytesIO()
        self._directory: list[bytes] = []

    def add(self, name: str, packed: Packed, utf8: int = UTF8) -> None:
        """The next entry. `utf8`: how a name that is not plain ASCII is stored, as UTF-8 or, if 0, as DOS has it."""
        try:
            raw, flags = name.encode("ascii"), 0
        except UnicodeEncodeError:
            raw, flags = name.encode("utf-8" if utf8 else "cp437"), utf8
        # version 2.0, flags, method, time, date, crc, packed size, size, name length, no extra field
        common = struct.pack(
            "<5H3L2H",
            *(20, flags, packed.method, 0, _DATE),
            *(packed.crc, len(packed.data), packed.size),
            *(len(raw), 0),
        )
        tail = struct.pack("<3H2L", 0, 0, 0, 0, self._file.tell())
        self._directory.append(b"PK\1\2" + struct.pack("<H", 20) + common + tail + raw)
        for piece in (b"PK\3\4" + common, raw, packed.data):
            self._file.write(piece)

    def finish(self) -> bytes:
        """The file's bytes. Raises WorkbookUnsafe for more than a plain zip file holds."""
        directory, count, length = b"".join(self._directory), len(self._directory), self._file.tell()
        if length + len(directory) > _FOUR_GB or count > 0xFFFF:
            raise WorkbookUnsafe(ODD_PACKAGE)
        end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(directory), length, 0)
        self._file.write(directory + end)
        return self._file.getvalue()
