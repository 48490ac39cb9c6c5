"""The bytes of vbaProject.bin go in, the sources of its modules come out; whatever program wrote it."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

_END = 0xFFFFFFFC
"""From here on a sector number is none ([MS-CFB] 2.1)."""
_ENTRY = 128
_MAC_PAGES = {10000: "mac_roman", 10007: "mac_cyrillic"}
"""How Excel for macOS numbers its code pages."""
_CHUNK = 4096
_MOST = 64 << 20
"""Bytes; no project unpacks to more."""


class Unreadable(ValueError):
    """It is no project, or a damaged one."""


def sources(data: bytes) -> dict[str, str]:
    """Module to its source, attributes included. Raises Unreadable."""
    try:
        return dict(_modules(_streams(data)))
    except (struct.error, IndexError, KeyError, UnicodeError, LookupError) as problem:
        raise Unreadable(str(problem)) from problem


def _modules(streams: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """The dir stream ([MS-OVBA] 2.3.4.2) says which stream holds a module, and from where on its source."""
    stream, page = "", "cp1252"
    for number, content in _records(decompressed(streams["dir"])):
        if number == 0x03:  # CODEPAGE
            stated = struct.unpack("<H", content)[0]
            page = _MAC_PAGES.get(stated, f"cp{stated}")
        elif number == 0x32:  # STREAMNAME in UTF-16
            stream = content.decode("utf-16-le")
        elif number == 0x31:  # OFFSET
            text = decompressed(streams[stream.lower()][struct.unpack("<I", content)[0] :])
            yield stream, text.decode(page)


def _records(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 6 <= len(data):
        number, size = struct.unpack_from("<HI", data, at)
        if number == 0x09:  # VERSION: its size leaves the minor version out
            size = 6
        yield number, data[at + 6 : at + 6 + size]
        at += 6 + size


def decompressed(data: bytes) -> bytes:
    """What a CompressedContainer (2.4.1) holds. Raises Unreadable."""
    if data[:1] != b"\x01":
        raise Unreadable("no compressed container")
    out, at = bytearray(), 1
    while at + 2 <= len(data):
        header = struct.unpack_from("<H", data, at)[0]
        end = min(at + (header & 0x0FFF) + 3, len(data))
        if header >> 12 & 7 != 3 or len(out) > _MOST:
            raise Unreadable("no chunk")
        if header & 0x8000:
            _unpack(data[at + 2 : end], out)
        else:
            out += data[at + 2 : end]
        at = end
    return bytes(out)


def _unpack(chunk: bytes, out: bytearray) -> None:
    """Tokens (2.4.1.3.2): eight of them after a byte that tells which are copies of what came before."""
    start, at = len(out), 0
    while at < len(chunk):
        flags = chunk[at]
        at += 1
        for bit in range(8):
            if at >= len(chunk):
                return
            if not flags >> bit & 1:
                out.append(chunk[at])
                at += 1
                continue
            token = struct.unpack_from("<H", chunk, at)[0]
            at += 2
            bits = max(4, (len(out) - start - 1).bit_length())  # 2.4.1.3.19.1
            back, length = (token >> 16 - bits) + 1, (token & 0xFFFF >> bits) + 3
            if back > len(out) - start or len(out) - start + length > _CHUNK:
                raise Unreadable("a copy of nothing")
            for _ in range(length):
                out.append(out[-back])


# ---------------------------------------------------------------- the compound file


def _streams(data: bytes) -> dict[str, bytes]:
    """The streams of a compound file ([MS-CFB]) by name in lower case; storages do not matter here."""
    if data[:8] != bytes.fromhex("d0cf11e0a1b11ae1"):
        raise Unreadable("no compound file")
    size = 1 << struct.unpack_from("<H", data, 30)[0]
    if size not in (512, 4096):
        raise Unreadable("no sectors")

    def sector(number: int) -> bytes:
        found = data[(number + 1) * size : (number + 2) * size]
        if not found:
            raise Unreadable("a sector is missing")
        return found

    listed = struct.unpack_from("<109I", data, 76)  # 2.2: a project never needs more than the header can name
    fat = _numbers(b"".join(sector(number) for number in listed if number < _END))

    def chained(first: int) -> bytes:
        return b"".join(sector(number) for number in _chain(first, fat))

    directory_start, cutoff, mini_fat_start = (struct.unpack_from("<I", data, at)[0] for at in (48, 56, 60))
    directory = chained(directory_start)
    entries = [directory[at : at + _ENTRY] for at in range(0, len(directory) - _ENTRY + 1, _ENTRY)]
    mini_fat = _numbers(chained(mini_fat_start))
    mini = chained(struct.unpack_from("<I", entries[0], 116)[0])
    streams = {}
    for entry in entries:
        name_size, kind = struct.unpack_from("<HB", entry, 64)
        if kind != 2:  # a stream
            continue
        first, length = struct.unpack_from("<II", entry, 116)
        if length < cutoff:
            content = b"".join(mini[n * 64 : n * 64 + 64] for n in _chain(first, mini_fat)) if length else b""
        else:
            content = chained(first)
        streams[entry[: max(name_size - 2, 0)].decode("utf-16-le").lower()] = content[:length]
    return streams


def _chain(first: int, table: tuple[int, ...]) -> Iterator[int]:
    number, steps = first, 0
    while number < _END:
        yield number
        number, steps = table[number], steps + 1
        if steps > len(table):
            raise Unreadable("a chain without an end")


def _numbers(data: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])
