"""However small the pieces in which a sheet goes by, what is read and what is written is the same."""

from __future__ import annotations

import importlib
from datetime import date

import pytest

from sheets_crm import sync
from sheets_crm.book import wanted
from sheets_crm.demo import build
from sheets_crm.errors import WorkbookUnreadable
from sheets_crm.hosts.xlsx import patched
from sheets_crm.hosts.xlsx.pieces import Cut, NoRows
from sheets_crm.hosts.xlsx.read import read
from sheets_crm.sheet import Changes, Snapshot
from tests.packages import holding
from tests.shared import shared
from tests.xlsx_samples import firm, parts, report, run

DAY = date(2026, 5, 27)
SIZES = (1, 40, 1_000, 30_000)
PLACES = {
    "sheets_crm.hosts.xlsx.zipped": ("PIECE", "_PACKED_PIECE"),
    "sheets_crm.hosts.xlsx.read": ("_SLICE",),
}


@pytest.fixture
def small(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of `request.param` bytes everywhere."""
    for module, names in PLACES.items():
        for name in names:
            monkeypatch.setattr(importlib.import_module(module), name, request.param)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("demo") / "demo.xlsx"
    build(path, lang="ru", as_of=date(2026, 5, 20), deals=40)
    return path.read_bytes()


def snapshot(data: bytes) -> Snapshot:
    return read(data, "firm.xlsx", wanted)


@pytest.fixture(scope="module")
def planned(demo: bytes) -> tuple[Snapshot, Changes, dict[str, bytes]]:
    """The demo firm read, and written a week later, in pieces as large as ever."""
    seen = snapshot(demo)
    changes = sync.audit(seen, "firm.xlsx", today=lambda _: DAY, as_of=DAY).changes
    return seen, changes, parts(patched(demo, changes))


@pytest.mark.parametrize("small", SIZES, indirect=True)
@pytest.mark.usefixtures("small")
def test_a_firm_is_read_alike_in_pieces_of_any_size(
    demo: bytes, planned: tuple[Snapshot, Changes, dict[str, bytes]]
) -> None:
    """The same cells, doubts and hidden rows; only how far a row goes on blank may differ."""
    for name, grid in snapshot(demo).grids.items():
        whole = planned[0].grids[name]
        assert [_trimmed(row) for row in grid.rows] == [_trimmed(row) for row in whole.rows]
        assert (grid.doubts, grid.hidden_rows, grid.merged) == (whole.doubts, whole.hidden_rows, whole.merged)


@pytest.mark.parametrize("small", SIZES, indirect=True)
@pytest.mark.usefixtures("small")
def test_a_doctype_is_refused_in_pieces_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even far down, among the rows, and cut in two."""
    monkeypatch.setattr("sheets_crm.hosts.xlsx.preflight._PROLOG_BYTES", 100)
    rows = b'<row r="1"><c r="A1"><v>1</v></c></row><!DOCTYPE a><row r="2"/>'
    with pytest.raises(WorkbookUnreadable, match=r"a DOCTYPE in xl/worksheets/sheet1\.xml"):
        snapshot(holding(rows))


def _trimmed(row: object) -> list[object]:
    cells = list(row) if isinstance(row, list) else []
    while cells and cells[-1] in ("", None):
        cells.pop()
    return cells


@pytest.mark.parametrize("small", SIZES, indirect=True)
@pytest.mark.usefixtures("small")
def test_a_firm_is_written_alike_in_pieces_of_any_size(
    demo: bytes, planned: tuple[Snapshot, Changes, dict[str, bytes]]
) -> None:
    """Every part is the same, and the guard agrees."""
    assert parts(patched(demo, planned[1])) == planned[2]


@pytest.mark.parametrize("small", SIZES, indirect=True)
@pytest.mark.usefixtures("small")
def test_the_same_changes_again_change_no_byte() -> None:
    """Without a log, which only grows, everything stands there already."""
    changes = run(report())
    once = patched(firm(), changes)
    assert patched(once, changes) == once


CORPUS = ("poi__64450.xlsx", "xlwings__simulation.xlsm")


@pytest.mark.parametrize("name", CORPUS)
@pytest.mark.parametrize("small", SIZES[1:], indirect=True)
@pytest.mark.usefixtures("small")
def test_real_sheets_are_cut_into_whole_rows(name: str) -> None:
    """The pieces of each sheet joined are the sheet, and each begins and ends with a row."""
    for part, xml in parts(shared(f"corpus/{name}").read_bytes()).items():
        if part.startswith("xl/worksheets/sheet"):
            sheet = Cut(xml[at : at + 37] for at in range(0, len(xml), 37))
            rows = list(sheet.rows())
            assert sheet.head + b"".join(rows) + sheet.tail == xml
            assert all(piece.startswith(b"<row") and piece.endswith((b"</row>", b"/>")) for piece in rows)


@pytest.mark.parametrize(
    "xml", [b"", b"<worksheet/>", b"<worksheet><sheetData>", b"<worksheet><sheetData><row>"], ids=repr
)
def test_a_sheet_that_never_ends_is_told(xml: bytes) -> None:
    """No rows, or no end of them: the caller says what that means."""
    with pytest.raises(NoRows):
        list(Cut([xml]).rows())
