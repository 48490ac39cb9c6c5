"""Named streams go in, the bytes of a compound file ([MS-CFB] version 3) come out: the same for the same streams.

It holds no clock and no random number: times, class ids and the transaction number are zero, as 2.6.1 allows.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from sheets_crm.errors import UsageError
from sheets_crm.text import Text

Storage: TypeAlias = "Mapping[str, bytes | Storage]"
"""What a storage holds: streams, and storages."""

_SECTOR, _MINI_SECTOR, _CUTOFF = 512, 64, 4096
"""Streams below the cutoff live in mini sectors (2.2); the three sizes are fixed for version 3."""
_END, _FAT, _NONE = 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
"""Sector numbers with a meaning (2.1), and the directory entry that there is not (2.6.1)."""
_FREE = b"\xff"
"""What a table is filled up with: a number of such bytes alone is a free sector."""
_ROOT, _STORAGE, _STREAM = 5, 1, 2
_BLACK = 1
_HEADER_FAT = 109
"""How many sectors of the FAT the header itself can name (2.2)."""


def compound_file(root: Storage) -> bytes:
    """The file whose root storage holds `root`; a UsageError if it is larger than 7 MB."""
    entries = _directory(root)
    sectors: list[bytes] = []
    fat: list[int] = []
    mini = bytearray()
    mini_fat: list[int] = []
    for entry in entries:
        if entry.kind != _STREAM:
            continue
        if len(entry.data) >= _CUTOFF:
            entry.start = _store(entry.data, sectors, fat)
        elif entry.data:
            entry.start = len(mini_fat)
            mini_fat += _chain(len(mini_fat), -(-len(entry.data) // _MINI_SECTOR))
            mini += _padded(entry.data, _MINI_SECTOR)
    entries[0].data = bytes(mini)
    entries[0].start = _store(entries[0].data, sectors, fat)
    mini_fat_sectors = _padded(_numbers(mini_fat), _SECTOR, _FREE)
    mini_fat_start = _store(mini_fat_sectors, sectors, fat)
    listed = [entry.packed() for entry in entries]
    listed += [_UNUSED] * (-len(listed) % (_SECTOR // len(_UNUSED)))
    directory_start = _store(b"".join(listed), sectors, fat)

    # The FAT also lists the sectors in which it stands itself (2.3).
    per_sector = _SECTOR // 4
    count = -(-len(fat) // (per_sector - 1))
    if count > _HEADER_FAT:
        raise UsageError(
            Text(
                "The macros are too large: a macro project of more than 7 MB cannot be written.",
                "Макросы слишком велики: проект макросов больше 7 МБ записать нельзя.",
            )
        )
    places = list(range(len(fat), len(fat) + count))
    fat += [_FAT] * count
    sectors += _split(_padded(_numbers(fat), _SECTOR, _FREE))
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII",
        bytes.fromhex("d0cf11e0a1b11ae1"),
        0x3E,  # minor version
        3,  # major version
        0xFFFE,  # little-endian
        9,  # 2 ** 9 bytes a sector
        6,  # 2 ** 6 bytes a mini sector
        0,  # the directory's sectors are only counted from version 4 on
        count,
        directory_start,
        0,  # transactions
        _CUTOFF,
        mini_fat_start,
        len(mini_fat_sectors) // _SECTOR,
        _END,  # no DIFAT beyond the header
        0,
    ) + _padded(_numbers(places), _HEADER_FAT * 4, _FREE)
    return header + b"".join(sectors)


@dataclass
class _Entry:
    """A directory entry (2.6.1)."""

    name: str
    kind: int
    data: bytes = b""
    start: int = _END
    left: int = _NONE
    right: int = _NONE
    child: int = _NONE

    def packed(self) -> bytes:
        name = self.name.encode("utf-16-le") + b"\0\0"
        start = 0 if self.kind == _STORAGE else self.start
        return struct.pack(
            "<64sHBBIII16xI8x8xIQ",
            name,
            len(name),
            self.kind,
            _BLACK,
            self.left,
            self.right,
            self.child,
            0,  # no state bits
            start,
            len(self.data),
        )


_UNUSED = struct.pack("<64xHBBIII16xI8x8xIQ", 0, 0, 0, _NONE, _NONE, _NONE, 0, 0, 0)
"""A free entry (2.6.3): zeros, and no neighbours."""


def _directory(root: Storage) -> list[_Entry]:
    """Every entry, the root first; siblings form the search tree of 2.6.4.

    All of its nodes are black, which 2.6.4 calls the simplest way to fulfil its rules.
    """
    entries = [_Entry("Root Entry", _ROOT)]

    def add(storage: Storage) -> int:
        numbers = []
        for name, content in storage.items():
            if len(name.encode("utf-16-le")) > 62:
                raise UsageError(
                    Text(
                        f"A name in a macro project has at most 31 characters: {name}",
                        f"Имя в проекте макросов не длиннее 31 символа: {name}",
                    )
                )
            entry = _Entry(name, _STREAM, content) if isinstance(content, bytes) else _Entry(name, _STORAGE)
            numbers.append(len(entries))
            entries.append(entry)
            if not isinstance(content, bytes):
                entry.child = add(content)
        return tree(sorted(numbers, key=lambda number: _order(entries[number].name)))

    def tree(numbers: list[int]) -> int:
        if not numbers:
            return _NONE
        middle = len(numbers) // 2
        top = entries[numbers[middle]]
        top.left, top.right = tree(numbers[:middle]), tree(numbers[middle + 1 :])
        return numbers[middle]

    entries[0].child = add(root)
    return entries


def _order(name: str) -> tuple[int, bytes]:
    """How 2.6.4 compares names: shorter before longer, then by UTF-16 code unit in upper case."""
    upper = "".join(c.upper() if len(c.upper()) == 1 else c for c in name)
    return len(upper.encode("utf-16-le")), upper.encode("utf-16-be")


def _store(data: bytes, sectors: list[bytes], fat: list[int]) -> int:
    """Where the chain of sectors with `data` starts; the end of a chain for no data."""
    if not data:
        return _END
    start = len(fat)
    pieces = _split(_padded(data, _SECTOR))
    fat += _chain(start, len(pieces))
    sectors += pieces
    return start


def _chain(start: int, count: int) -> list[int]:
    """What the FAT says of `count` sectors in a row: each names the next, the last the end."""
    return [*range(start + 1, start + count), _END]


def _split(data: bytes) -> list[bytes]:
    return [data[at : at + _SECTOR] for at in range(0, len(data), _SECTOR)]


def _padded(data: bytes | bytearray, size: int, fill: bytes = b"\0") -> bytes:
    return bytes(data) + fill * (-len(data) % size)


def _numbers(values: Iterable[int]) -> bytes:
    return b"".join(struct.pack("<I", value) for value in values)
