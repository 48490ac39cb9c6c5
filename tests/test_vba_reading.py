"""The reader of macro projects: whatever program wrote one, and whatever became of it on the way."""

from __future__ import annotations

import contextlib
import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheets_crm.vba import modules, project, standard_module
from sheets_crm.vba.compression import compress
from sheets_crm.vba.reading import Unreadable, decompressed, sources
from tests import olevba
from tests.shared import shared

OURS = project(modules(["Sheet1", "Лист2"], "ЭтаКнига"))


def test_what_our_builder_writes_is_read_back() -> None:
    """Names and sources, Cyrillic ones too."""
    assert sources(OURS) == {
        module.name: module.source for module in modules(["Sheet1", "Лист2"], "ЭтаКнига")
    }


@given(st.text("ab =\r\n", max_size=9000))
def test_decompressing_undoes_compressing(text: str) -> None:
    """Within a chunk of 4,096 bytes and beyond."""
    assert decompressed(compress(text.encode())) == text.encode()


def test_a_chunk_that_is_stored_as_it_is_is_read() -> None:
    """Ours has none; other programs may write one."""
    assert decompressed(b"\x01" + (0x3000 | 4095).to_bytes(2, "little") + b"x" * 4096) == b"x" * 4096


@pytest.mark.parametrize("name", ["poi__ExcelWithAttachments", "xlwings__database", "xlwings__dynamic_array_tests",
                                  "xlwings__integration_write", "xlwings__simulation"])  # fmt: skip
def test_projects_that_excel_wrote_are_read_as_oletools_reads_them(name: str) -> None:
    """On Windows and on macOS, with compiled code before the source."""
    path: Path = shared(f"corpus/{name}.xlsm")
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        stored = archive.read("xl/vbaProject.bin")
    theirs = {file.rpartition(".")[0]: code for file, code in olevba.sources(path.name, stored).items()}
    assert sources(stored) == theirs


@given(st.integers(0, len(OURS) - 1), st.integers(0, len(OURS)), st.integers(1, 255))
def test_a_damaged_project_is_unreadable_or_read_and_never_a_traceback(
    at: int, length: int, flip: int
) -> None:
    """Cut off, or with one byte turned; nor does it go on for ever."""
    damaged = bytearray(OURS)
    damaged[at] ^= flip
    for data in (bytes(damaged), OURS[:length]):
        with contextlib.suppress(Unreadable):
            assert all(isinstance(text, str) for text in sources(data).values())


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04", OURS[:8], OURS[:512], bytes(4096), OURS[:512] + b"\xff" * 9000]
)
def test_what_is_no_project_is_unreadable(data: bytes) -> None:
    """One error for all of it."""
    with pytest.raises(Unreadable):
        sources(data)


def test_a_small_project_is_read_too() -> None:
    """All of it in sectors of 64 bytes."""
    module = standard_module("A", 'Attribute VB_Name = "A"\nSub B()\nEnd Sub\n')
    assert sources(project([module])) == {"A": module.source}
