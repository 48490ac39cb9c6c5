"""Excel's own tables take in the rows typed below them and our column beside them; where they cannot, that is told."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter  # type: ignore[import-untyped]

from benchmarks.corpus import AS_OF, grown, ours
from benchmarks.foreign import changed
from benchmarks.repair_lint import new_faults
from sheets_crm import sync
from sheets_crm.errors import WorkbookUnsafe
from sheets_crm.hosts.memory import MemoryHost
from sheets_crm.hosts.xlsx import XlsxHost, patched
from sheets_crm.hosts.xlsx.guard import prove
from sheets_crm.sheet import Area, Changes, Grid, TableGrowth
from tests.packages import replacing, with_parts
from tests.xlsx_samples import opened, parts

HEADER = ("Deal ID", "Deal", "Stage", "Amount")
TABLE = "xl/tables/table1.xml"
Put = Callable[[Any], object]


def deals(*below: Sequence[Any], put: Put | None = None, table: dict[str, Any] | None = None) -> bytes:
    """Deals in an Excel table of three rows (A1:D4), with rows below it."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    sheet = book.add_worksheet("Deals")
    rows = [[f"D000{n}", f"Deal {n}", "Proposal", n * 10] for n in (1, 2, 3)]
    options = {"columns": [{"header": name} for name in HEADER], "data": rows, "name": "Pipeline"}
    sheet.add_table("A1:D4", options | (table or {}))
    for number, row in enumerate(below, start=4):
        sheet.write_row(number, 0, row)
    if put is not None:
        put(sheet)
    book.close()
    return buffer.getvalue()


NEW = ("D0004", "Deal 4", "Proposal", 40)
GAP = ()
GROWN: dict[str, tuple[bytes, str]] = {
    "nothing below: only our column": (deals(), "A1:E4"),
    "rows right below": (deals(NEW, ("", "Deal 5", "Proposal", 50)), "A1:E6"),
    "a row after a gap": (deals(GAP, NEW), "A1:E4"),
    "a total below": (deals(NEW, ("Total", "", "", 99)), "A1:E4"),
    "something further below": (deals(NEW, GAP, ("a note",)), "A1:E4"),
    "a column of theirs beside it": (deals(NEW, put=lambda s: s.write("E1", "Notes")), "A1:D5"),
    "something in the next column": (deals(NEW, put=lambda s: s.write("E3", "mine")), "A1:D5"),
    "our column from earlier, still outside": (deals(put=lambda s: s.write("E1", "To fix")), "A1:E4"),
    "a merged cell below": (deals(put=lambda s: s.merge_range("A5:B5", "Deal")), "A1:E4"),
    "a row of totals of its own": (deals(NEW, table={"total_row": True, "data": []}), "A1:D4"),
}


@pytest.mark.parametrize("case", GROWN)
def test_a_table_grows_only_over_what_a_person_would_add(case: str, tmp_path: Path) -> None:
    """And nothing else of it changes, Excel has nothing to repair, the next run changes no byte."""
    before, expected = GROWN[case]
    path = tmp_path / "firm.xlsx"
    path.write_bytes(before)
    done = sync.run(XlsxHost(path), today=lambda _: AS_OF)
    after = path.read_bytes()
    assert opened(after)["Deals"].tables["Pipeline"].ref == expected
    assert changed(before, after, ours(done.changes), grown(done.changes)) == []
    assert new_faults(before, after) == []
    again = sync.run(XlsxHost(path), today=lambda _: AS_OF)
    assert again.applied is not None
    assert not again.applied.changed


@pytest.mark.parametrize("case", GROWN)
def test_data_that_a_table_cannot_take_in_is_told_once(case: str, tmp_path: Path) -> None:
    """One DQ02 where rows stay outside of the table, none where it grows over them or there are none."""
    before, expected = GROWN[case]
    path = tmp_path / "firm.xlsx"
    path.write_bytes(before)
    done = sync.run(XlsxHost(path), today=lambda _: AS_OF)
    last = int(expected.rpartition("E")[2]) if "E" in expected else int(expected.rpartition("D")[2])
    outside = [row for row in done.book.deals.rows if row.row > last]
    told = [f for f in done.verdict.findings if f.key.detail == "below-table"]
    assert len(told) == bool(outside)


def test_our_column_in_a_table_is_called_as_its_header(tmp_path: Path) -> None:
    """So that it moves along when the table is sorted, and Excel has nothing to repair."""
    path = tmp_path / "firm.xlsx"
    path.write_bytes(deals())
    sync.run(XlsxHost(path), today=lambda _: AS_OF)
    sheet = opened(path.read_bytes())["Deals"]
    assert sheet.tables["Pipeline"].column_names[-1] == sheet["E1"].value == "To fix"


def test_a_prefixed_table_grows_too() -> None:
    """A program may write `<x:table>`."""
    was, now = Area(1, 1, 4, 4), Area(1, 1, 5, 4)
    changes = Changes(tables=(TableGrowth("Deals", was, now),))
    prefix = [(b"<table xmlns=", b"<x:table xmlns:x="), (b"</table>", b"</x:table>")]
    prefix += [
        (b"<%b" % n, b"<x:%b" % n)
        for n in (b"autoFilter", b"tableColumns", b"tableColumn ", b"tableStyleInfo")
    ]
    prefix += [(b"</tableColumns", b"</x:tableColumns")]

    def prefixed(xml: bytes) -> bytes:
        for old, new in prefix:
            xml = replacing(old, new)(xml)
        return xml

    after = patched(with_parts(deals(NEW), {TABLE: prefixed}), changes)
    assert opened(after)["Deals"].tables["Pipeline"].ref == "A1:D5"


SABOTAGE = {
    "another area": (b'ref="A1:D5"', b'ref="A1:D6"'),
    "another name": (b'displayName="Pipeline"', b'displayName="Mine"'),
    "a column renamed": (b'name="Stage"', b'name="stage"'),
    "another look": (b"TableStyleMedium9", b"TableStyleLight1"),
}


@pytest.mark.parametrize("case", SABOTAGE)
def test_the_guard_sees_any_other_change_of_a_table(case: str) -> None:
    """It may reach further, and that is all."""
    before = deals(NEW)
    changes = Changes(tables=(TableGrowth("Deals", Area(1, 1, 4, 4), Area(1, 1, 5, 4)),))
    after = patched(before, changes)
    assert b'ref="A1:D5"' in parts(after)[TABLE]
    old, new = SABOTAGE[case]
    with pytest.raises(WorkbookUnsafe, match="table1"):
        prove(before, with_parts(after, {TABLE: replacing(old, new)}), changes)


def test_a_workbook_in_memory_grows_its_tables_too() -> None:
    """The next read finds the new area, and nothing more to grow."""
    area = Area(1, 1, 2, 2)
    rows = [["Deal", "Stage"], ["Alpha", "New"], ["Beta", "New"]]
    host = MemoryHost([Grid("Deals", rows, tables=(area,), may_grow=frozenset({area}))])
    first = sync.run(host, today=lambda _: AS_OF)
    assert [growth.now for growth in first.changes.tables] == [Area(1, 1, 3, 3)]
    assert host.read(lambda _: ["Deals"]).grids["Deals"].tables == (Area(1, 1, 3, 3),)
    assert sync.run(host, today=lambda _: AS_OF).changes.tables == ()
