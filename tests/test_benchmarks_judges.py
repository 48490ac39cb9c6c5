"""The judges of the corpus benchmark: whatever is spoilt on purpose, they find."""

from __future__ import annotations

import pytest

from benchmarks.corpus import Outcome, ours, report
from benchmarks.foreign import changed
from benchmarks.repair_lint import faults, new_faults
from sheets_crm.hosts.xlsx import patched
from tests.packages import Change, replacing, with_parts
from tests.xlsx_samples import DEALS, firm, run
from tests.xlsx_samples import report as page

BOOK, STYLES, RELATIONS = "xl/workbook.xml", "xl/styles.xml", "xl/_rels/workbook.xml.rels"
TYPES, CHART, TABLE = "[Content_Types].xml", "xl/charts/chart1.xml", "xl/tables/table1.xml"

FOREIGN: dict[str, tuple[str, Change]] = {
    "a part gone": (CHART, None),
    "a byte of a part": (CHART, lambda xml: xml + b" "),
    "a cell's value": (DEALS, replacing(b"<v>20</v>", b"<v>21</v>")),
    "a row's height": (DEALS, replacing(b'<row r="4"', b'<row r="4" ht="3"')),
    "a rule": (DEALS, replacing(b'"x"', b'"y"')),
    "a dropdown": (DEALS, replacing(b"New,Won", b"New,Lost")),
    "the panes": (DEALS, replacing(b'ySplit="1"', b'ySplit="2"')),
    "a name": (BOOK, replacing(b"Quota", b"Quote")),
    "a sheet's name": (BOOK, replacing("План продаж".encode(), "План".encode())),
    "a fill": (STYLES, replacing(b"DDEBF7", b"DDEBF8")),
    "a type": (TYPES, replacing(b"drawingml.chart+xml", b"drawingml.chart2+xml")),
    "a relationship": (RELATIONS, replacing(b"theme/theme1.xml", b"theme/theme2.xml")),
    "a table's area": (TABLE, replacing(b'ref="A1:B4"', b'ref="A1:B3"')),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_any_foreign_change_is_found(case: str) -> None:
    """A workbook after a run has none; with one thing of the firm's spoilt it has one."""
    before, changes = firm(), run(page())
    after = patched(before, changes)
    assert changed(before, after, ours(changes)) == []
    part, change = FOREIGN[case]
    assert changed(before, with_parts(after, {part: change}), ours(changes)) != []


FAULTS: dict[str, tuple[str, Change]] = {
    "a missing part": (CHART, None),
    "no XML": (CHART, lambda xml: xml[:-5]),
    "a style out of range": (DEALS, replacing(b'<c r="A1" s="1"', b'<c r="A1" s="99"')),
    "a string out of range": (DEALS, replacing(b'<c r="A1" s="1" t="s"><v>0<', b'<c r="A1" s="1" t="s"><v>999<')),
    "cells out of order": (DEALS, replacing(b'<c r="A4"', b'<c r="Z4"')),
    "rows out of order": (DEALS, replacing(b'<row r="4"', b'<row r="1"')),
    "children out of order": (DEALS, replacing(b"<sheetData>", b"<pageMargins/><sheetData>")),
    "a wrong count": (STYLES, replacing(b'<fonts count="', b'<fonts count="9')),
    "a sheet twice": (BOOK, replacing("План продаж".encode(), b"Deals")),
    "a name of no sheet": (BOOK, replacing(b'name="Quota"', b'name="Quota" localSheetId="9"')),
    "a relationship missing": (DEALS, replacing(b'<legacyDrawing r:id="rId1"', b'<legacyDrawing r:id="rId77"')),
    "a table's column misnamed": (TABLE, replacing(b'name="Column1"', b'name="Quarter"')),
    "a table's columns miscounted": (TABLE, replacing(b'<tableColumns count="2"', b'<tableColumns count="3"')),
    "a type for a missing part": (TYPES, replacing(b"/xl/charts/chart1.xml", b"/xl/charts/chart7.xml")),
}  # fmt: skip


@pytest.mark.parametrize("case", FAULTS)
def test_any_fault_that_excel_would_repair_is_found(case: str) -> None:
    """The sound workbook has none."""
    assert not faults(firm())
    part, change = FAULTS[case]
    assert new_faults(firm(), with_parts(firm(), {part: change})) != []


def test_the_table_names_each_breach_and_counts_refusals_by_reason() -> None:
    """A reason counts once for all files, whatever their names."""
    outcomes = [
        Outcome("a.xlsx", refused="a.xlsx is locked."),
        Outcome("b.xlsx", refused="b.xlsx is locked."),
        Outcome("c.xlsx", foreign=["xl/charts/chart1.xml: changed"]),
        Outcome("d.xlsx"),
    ]
    said = report(outcomes, 1.0)
    assert "refused x2: FILE is locked.\n    a.xlsx, b.xlsx" in said
    assert "BREACH c.xlsx: xl/charts/chart1.xml: changed" in said
    assert [outcome.breached for outcome in outcomes] == [False, False, True, False]
