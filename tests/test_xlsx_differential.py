"""What calamine reads and what a second, plain reader of the same XML reads is the same, cell by cell."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sheets_crm.hosts.xlsx.read import read
from sheets_crm.sheet import Grid, Value, letters
from tests.packages import SHEET1, STRINGS, sheet, with_parts, workbook
from tests.plain_cells import Book, Cell, serial
from tests.shared import shared

TEMPLATES = sorted((Path(__file__).parents[1] / "workbook_templates").glob("*.xlsx"))


def differences(data: bytes) -> Iterator[str]:
    """Every cell of every worksheet on which the two readers disagree."""
    snapshot = read(data, "firm.xlsx", lambda sheets: [s.name for s in sheets])
    plain = Book(data)
    for name, cells in plain.sheets():
        grid = snapshot.grids[name]
        seen = {(r, c) for r, row in enumerate(grid.rows, 1) for c, value in enumerate(row, 1) if value != ""}
        for place in sorted(seen | cells.keys() | grid.doubts.keys()):
            if told := _difference(grid, place, cells.get(place), plain.epoch):
                yield f"{name}!{letters(place[1])}{place[0]}: {told}"


def _difference(grid: Grid, place: tuple[int, int], cell: Cell | None, epoch: datetime) -> str | None:
    value, doubt = grid.value(*place), grid.doubts.get(place)
    if cell is None:
        # A formula without a result stores nothing, and is in doubt.
        return (
            None
            if value in ("", None) and (doubt is None or doubt.kind == "formula")
            else f"{value!r} of nothing"
        )
    if doubt is not None:
        return None if _may_be_doubted(cell, doubt.kind) else f"{doubt} about {cell}"
    return None if _same(cell, value, epoch) else f"{value!r} of {cell}"


def _may_be_doubted(cell: Cell, kind: str) -> bool:
    return {
        "error": cell.kind == "error" or (cell.kind == "moment" and cell.value < 0),
        "number": cell.kind == "number" and not math.isfinite(cell.value),
        "formula": False,
        "broken": cell.has_formula,
        "format": cell.kind == "number",
    }[kind]


def _same(cell: Cell, value: Value, epoch: datetime) -> bool:
    if cell.kind == "text":
        # Spaces at the ends are kept or not as xml:space says; the house strips them in any case.
        return isinstance(value or "", str) and str(value or "").strip() == str(cell.value).strip()
    if cell.kind == "error":
        return False  # an error is in doubt, and nothing else
    if cell.kind == "truth":
        return value is cell.value
    if cell.kind == "number":
        return isinstance(value, float) and value == cell.value
    if cell.kind == "iso":
        return isinstance(value, date | datetime) and value.isoformat()[:10] == cell.value[:10]
    if isinstance(value, date | datetime | time | timedelta):
        stored = cell.value % 1 if isinstance(value, time) else cell.value
        # The 29 February 1900 that never was is read as the day before; DQ02 doubts the year.
        return bool(abs(serial(value, epoch) - stored) < 1e-8 or 60 <= stored < 61)
    return not 0 <= cell.value < 2_958_466 and value == cell.value


CORPUS = "corpus"


def test_no_cell_of_the_corpus_is_read_otherwise() -> None:
    """All worksheets of 122 workbooks by twenty programs."""
    files = sorted(shared(CORPUS).glob("*.xl*"))
    assert len(files) > 100
    assert [f"{path.name} {told}" for path in files for told in differences(path.read_bytes())] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_cell_of_our_own_workbooks_is_read_otherwise(path: Path) -> None:
    """The templates as they are shipped."""
    assert list(differences(path.read_bytes())) == []


VALUES = st.one_of(
    st.builds(lambda n, s: b'<c%%b s="%d"><v>%b</v></c>' % (s, repr(n).encode()),
              st.one_of(st.floats(-1e15, 1e15), st.integers(0, 80_000), st.integers(0, 10**16)), st.integers(0, 3)),
    st.builds(lambda n: b'<c%%b t="s"><v>%d</v></c>' % n, st.integers(0, 4)),
    st.builds(lambda t: b'<c%%b t="inlineStr"><is><t xml:space="preserve">%b</t></is></c>' % t,
              st.sampled_from([b"", b" a ", b"&lt;b&gt; &amp; &#1044;", b"a_x000A_b", b"=1+1"])),
    st.sampled_from([
        b'<c%b t="inlineStr"><is><r><t>a</t></r><r><rPr><b/></rPr><t xml:space="preserve"> b</t></r></is></c>',
        b'<c%b t="b"><v>1</v></c>', b'<c%b t="b"><v>0</v></c>', b'<c%b t="e"><v>#REF!</v></c>',
        b'<c%b t="e"><f>1/0</f><v>#DIV/0!</v></c>', b"<c%b><f>1+1</f><v>2</v></c>", b"<c%b><f>1+1</f></c>",
        b'<c%b t="str"><f>A1&amp;""</f><v>x</v></c>', b'<c%b t="str"><f>""</f><v></v></c>', b"<c%b/>", b"<c%b></c>",
        b'<c%b t="d"><v>2026-05-19</v></c>', b"<c%b><v> 7 </v></c>", b"<c%b><v>NaN</v></c>", b"<c%b><v>-3</v></c>",
        b'<c%b t="n" s="1"><v>46161.5</v></c>', b'<c%b s="2"><v>-3</v></c>',
    ]),
)  # fmt: skip
"""Cells as programs write them; `%b` is where the address goes, if the cell states one."""
SHARED = b"".join((
    b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">',
    "<si><t>Сделка</t></si><si><t/></si><si><r><t>a</t></r><r><t>b</t></r><rPh sb='0' eb='1'><t>xx</t></rPh></si>".encode(),
    b'<si><t xml:space="preserve"> c_x0041_ </t></si><si><t>&#x41;&quot;</t></si></sst>',
))  # fmt: skip
STYLES = (
    b'<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    b'<numFmts count="2"><numFmt numFmtId="170" formatCode="dd.mm.yyyy\\ hh:mm"/>'
    b'<numFmt numFmtId="171" formatCode="[Red]#,##0.00&quot;days&quot;"/></numFmts>'
    b'<cellXfs count="4"><xf numFmtId="0"/><xf numFmtId="170"/><xf numFmtId="14"/><xf numFmtId="171"/></cellXfs></styleSheet>'
)
SHEETS = st.lists(st.lists(st.tuples(VALUES, st.integers(1, 3)), max_size=5), max_size=5)


def written(rows: list[list[tuple[bytes, int]]], *, addressed: bool) -> bytes:
    """The rows of a sheet: each cell some columns right of the one before, or next to it where none says its address."""
    out = []
    for number, row in enumerate(rows, start=1):
        at, cells = 0, b""
        for cell, step in row:
            at += step
            cells += cell % (b' r="%b%d"' % (letters(at).encode(), number) if addressed else b"")
        out.append(b'<row r="%d">%b</row>' % (number, cells) if addressed else b"<row>%b</row>" % cells)
    return b"".join(out)


@settings(max_examples=300)
@given(SHEETS, st.booleans())
def test_no_cell_of_a_made_up_sheet_is_read_otherwise(
    rows: list[list[tuple[bytes, int]]], addressed: bool
) -> None:
    """Shared, inline and rich strings, truths, dates by format, errors, formulas with and without results, blanks."""
    parts = {SHEET1: sheet(written(rows, addressed=addressed)), STRINGS: SHARED, "xl/styles.xml": STYLES}
    assert list(differences(with_parts(workbook(), parts))) == []


@pytest.mark.parametrize(
    ("stored", "value"),
    [
        (Cell("number", 5.0), 6.0), (Cell("number", 5.0), "5"), (Cell("text", "a"), "b"), (Cell("text", "a"), ""),
        (Cell("truth", True), 1.0), (Cell("moment", 46161.0), date(2026, 5, 20)), (Cell("moment", 46161.0), 46161.0),
        (Cell("error", "#REF!"), ""), (None, "a"),
    ],
)  # fmt: skip
def test_a_difference_is_seen(stored: Cell | None, value: Value) -> None:
    """The comparison itself can fail."""
    assert _difference(Grid("Deals", [[value]]), (1, 1), stored, datetime(1899, 12, 30)) is not None
