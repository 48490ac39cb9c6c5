"""What is packed unpacks to the same bytes, here and by the standard library; what is not what it says is refused."""

from __future__ import annotations

import io
import zipfile
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheets_crm.hosts.xlsx import zipped
from sheets_crm.hosts.xlsx.zipped import Packed, Press, Zip, pressed, stored, unpacked

PART = b"<row r='1'><c r='A1'><v>17</v></c></row>" * 5_000


@given(st.lists(st.binary(max_size=300)), st.integers(1, 9))
def test_a_part_packed_in_any_pieces_unpacks_to_the_same(pieces: list[bytes], level: int) -> None:
    """For any bytes, at any level."""
    press = Press(level)
    for piece in pieces:
        press.add(piece)
    assert b"".join(unpacked(press.packed())) == b"".join(pieces)


@given(st.dictionaries(st.text("abc/йЖ.", min_size=1), st.binary(max_size=300)))
def test_the_standard_library_reads_what_is_written(parts: dict[str, bytes]) -> None:
    """Names, order, bytes and checksums; and what it wrote is read here."""
    zip_ = Zip()
    for name, content in parts.items():
        zip_.add(name, pressed(content))
    with zipfile.ZipFile(io.BytesIO(zip_.finish())) as file:
        assert {name: file.read(name) for name in file.namelist()} == parts
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
        infos = file.infolist()
    assert [b"".join(unpacked(stored(written.getvalue(), info))) for info in infos] == list(parts.values())


GOOD = pressed(PART)
HALF = GOOD.data[: len(GOOD.data) // 2]
SPOILT = {
    "another checksum": GOOD._replace(crc=GOOD.crc ^ 1),
    "less than it unpacks to": GOOD._replace(size=len(PART) - 1),
    "more than it unpacks to": GOOD._replace(size=len(PART) + 1),
    "cut off": GOOD._replace(data=HALF),
    "no deflated bytes": GOOD._replace(data=b"\xff" * 100),
    "plain, but cut off": Packed(zipfile.ZIP_STORED, GOOD.crc, len(PART), PART[:-1]),
}


@pytest.mark.parametrize("spoilt", SPOILT.values(), ids=SPOILT)
def test_an_entry_that_is_not_what_it_says_is_refused(spoilt: Packed) -> None:
    """By the checksum and the size in the directory."""
    with pytest.raises(zipfile.BadZipFile):
        b"".join(unpacked(spoilt))


def test_a_bomb_never_becomes_one_large_piece() -> None:
    """100 MB of zeros, which pack to 100 KB, come a megabyte at a time, and no more of them than the entry says."""
    bomb = pressed(bytes(100 << 20))
    assert max(map(len, unpacked(bomb))) <= zipped.PIECE
    pieces = unpacked(bomb._replace(size=5 << 20))
    assert sum(map(len, islice(pieces, 5))) == 5 << 20
    with pytest.raises(zipfile.BadZipFile):
        next(pieces)
