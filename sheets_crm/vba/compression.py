"""Bytes go in, the compressed container of [MS-OVBA] 2.4.1 comes out, in which a VBA project keeps its text."""

from __future__ import annotations

import struct
from collections import defaultdict

from sheets_crm.errors import UsageError
from sheets_crm.text import Text

CHUNK = 4096
_SIGNATURE = b"\x01"
_COMPRESSED = 0xB000
"""The flag and the signature of a chunk's header (2.4.1.1.5): what follows is tokens."""
_LEAST = 3
"""The shortest copy that a token can stand for (2.4.1.3.19.2)."""


def compress(data: bytes) -> bytes:
    """`data` as a CompressedContainer (2.4.1.1.1): a signature, and a chunk for every 4,096 bytes.

    A UsageError if tokens make a chunk longer than that, which no text does. The format would let its bytes be
    stored as they are (2.4.1.3.10), but a last chunk would be padded with zeros, and Excel is said to drop such
    a module without a word.
    """
    chunks = (data[start : start + CHUNK] for start in range(0, len(data), CHUNK))
    return _SIGNATURE + b"".join(map(_chunk, chunks))


def _chunk(data: bytes) -> bytes:
    """One CompressedChunk (2.4.1.1.4): its header, which tells its own length less three, and its tokens."""
    tokens = _tokens(data)
    if len(tokens) > CHUNK:
        raise UsageError(
            Text(
                "A macro module holds text in which nothing repeats, such as encoded data; Excel would not read it.",
                "В модуле макросов есть текст без единого повтора, например закодированные данные; Excel его не"
                " прочтёт.",
            )
        )
    return struct.pack("<H", _COMPRESSED | len(tokens) - 1) + tokens


def _tokens(data: bytes) -> bytes:
    """The token sequences of a chunk (2.4.1.3.8): eight tokens, and before them a byte that tells which are copies."""
    out = bytearray()
    seen: dict[bytes, list[int]] = defaultdict(list)
    at = flags_at = token = 0
    while at < len(data):
        if token % 8 == 0:
            flags_at = len(out)
            out.append(0)
        bits = _offset_bits(at)
        offset, length = _longest(data, at, seen[data[at : at + _LEAST]], _LEAST + (0xFFFF >> bits))
        if length:
            out[flags_at] |= 1 << token % 8
            out += struct.pack("<H", offset - 1 << 16 - bits | length - _LEAST)
        else:
            out.append(data[at])
        for passed in range(at, at + max(length, 1)):
            seen[data[passed : passed + _LEAST]].append(passed)
        at += max(length, 1)
        token += 1
    return bytes(out)


def _offset_bits(at: int) -> int:
    """How many of a copy's 16 bits tell its offset: enough to reach the chunk's start, at least 4 (2.4.1.3.19.1)."""
    return max(4, (at - 1).bit_length())


def _longest(data: bytes, at: int, starts: list[int], most: int) -> tuple[int, int]:
    """How far back the longest earlier copy of what stands at `at` begins, and its length; (0, 0) if under three."""
    best = (0, 0)
    most = min(most, len(data) - at)
    if most < _LEAST:
        return best
    for start in reversed(starts):
        length = _LEAST
        while length < most and data[start + length] == data[at + length]:
            length += 1
        if length > best[1]:
            best = (at - start, length)
        if length == most:
            break
    return best
