"""A workbook is read as a person sees it, whatever program wrote it; where that is not possible, there is a doubt."""

from __future__ import annotations

import gc
import hashlib
import importlib
import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from openpyxl.chart import BarChart
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from sheets_crm.errors import WorkbookUnreadable
from sheets_crm.hosts.xlsx import cells
from sheets_crm.hosts.xlsx.read import read
from sheets_crm.sheet import Area, Doubt, Grid, SheetInfo, Snapshot, letters
from tests.packages import SHEET1, STRINGS, WORKBOOK, holding, replacing, sheet, with_parts, workbook
from tests.shared import shared

reading = importlib.import_module("sheets_crm.hosts.xlsx.read")
"""The module, whose name in its package is that of the function."""


def everything(data: bytes, name: str = "firm.xlsx") -> Snapshot:
    """The workbook with all its sheets."""
    return read(data, name, lambda sheets: [s.name for s in sheets])


def deals(data: bytes) -> Grid:
    """The sheet Deals of the workbook."""
    return read(data, "firm.xlsx", lambda _: ["Deals"]).grids["Deals"]


def saved(book: openpyxl.Workbook) -> bytes:
    """The bytes of an openpyxl workbook."""
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


# ---------------------------------------------------------------------- values


def test_values_come_as_they_are_stored() -> None:
    """Numbers are floats, dates dates, moments moments, truth a bool, text text with its spaces, blanks empty."""
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = "Deals"
    page.append(
        ["  текст ", 5, 1.5, True, None, date(2026, 5, 19), datetime(2026, 5, 19, 9, 30), time(9, 30)]
    )
    page.append(["=1+1 как текст"])
    page["A2"].data_type = "s"
    grid = deals(saved(book))
    assert list(grid.rows[0]) == [
        "  текст ",
        5.0,
        1.5,
        True,
        "",
        date(2026, 5, 19),
        datetime(2026, 5, 19, 9, 30),
        time(9, 30),
    ]
    assert grid.rows[1][0] == "=1+1 как текст"
    assert type(grid.rows[0][1]) is float
    assert grid.doubts == {}


def test_the_grid_begins_at_a1_even_if_the_first_rows_are_empty() -> None:
    """Row 5 of the sheet is row 5 of the grid, column C is column 3."""

    def fill(page: Worksheet) -> None:
        page.write_row(0, 0, ["", ""])
        page.write_row(1, 0, ["", ""])
        page.write(4, 2, "here")

    grid = deals(workbook(fill))
    assert grid.value(5, 3) == "here"
    assert len(grid.rows) == 5


@pytest.mark.parametrize("epoch_1904", [False, True], ids=["since 1900", "since 1904"])
def test_dates_are_right_in_both_calendars(epoch_1904: bool) -> None:
    """Excel for Mac used to count from 1904: the same cell four years later would be a silent wrong read."""
    book = openpyxl.Workbook()
    if epoch_1904:
        book.epoch = CALENDAR_MAC_1904
    page = book.active
    assert page is not None
    page.title = "Deals"
    page.append([date(2026, 5, 19)])
    assert deals(saved(book)).rows[0][0] == date(2026, 5, 19)


def test_blank_rows_below_the_last_one_are_left_out() -> None:
    """Someone's space in the last row of the sheet makes no million rows of a pipeline."""
    far = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="70000"><c r="A70000" t="inlineStr"><is><t> </t></is></c></row>'
    assert list(deals(holding(far)).rows) == [[1.0]]


def test_an_empty_sheet_is_an_empty_grid() -> None:
    """No rows, no doubts, no error; with `<sheetData/>` or without any."""
    assert list(deals(holding(b"")).rows) == []
    bare = sheet(b"").replace(b"<sheetData></sheetData>", b"")
    assert list(deals(with_parts(workbook(), {SHEET1: bare})).rows) == []
    assert list(everything(workbook()).grids["Summary"].rows) == []


# ---------------------------------------------------------------------- doubts

DOUBTS = [
    ("a known error", b'<c r="A1" t="e"><v>#REF!</v></c>', Doubt("error", "#REF!")),
    ("an error calamine does not know", b'<c r="A1" t="e"><v>#SPILL!</v></c>', Doubt("error", "#SPILL!")),
    ("an error under a formula", b'<c r="A1" t="e"><f>1/0</f><v>#DIV/0!</v></c>', Doubt("error", "#DIV/0!")),
    ("a formula without a result", b'<c r="A1"><f>B1&amp;"a"</f></c>', Doubt("formula", '=B1&"a"')),
    ("a formula with a blank result", b'<c r="A1"><f>SUM(B1)</f><v></v></c>', Doubt("formula", "=SUM(B1)")),
    ("a formula as openpyxl writes it", b'<c r="A1"><f>SUM(B1)</f><v/></c>', Doubt("formula", "=SUM(B1)")),
    ("a shared formula without a result", b'<c r="A1"><f t="shared" si="0"/></c>', Doubt("formula", "=")),
    ("a number that is none", b'<c r="A1"><v>NaN</v></c>', Doubt("number", "NaN")),
    ("a number in other digits", '<c r="A1"><v>١٢٣</v></c>'.encode(), Doubt("number", "١٢٣")),
]


@pytest.mark.parametrize(("cell", "doubt"), [case[1:] for case in DOUBTS], ids=[case[0] for case in DOUBTS])
def test_a_cell_that_hides_its_value_is_in_doubt(cell: bytes, doubt: Doubt) -> None:
    """Blank in the grid, with the raw content at its place; the cells around it are read."""
    grid = deals(holding(b'<row r="1">%b<c r="B1"><v>7</v></c></row>' % cell))
    assert grid.doubts == {(1, 1): doubt}
    assert list(grid.rows[0]) == ["", 7.0]


NO_DOUBTS = [
    ("a number with its formula", b'<c r="A1"><f>1+1</f><v>2</v></c>', 2.0),
    ("a text with its formula", b'<c r="A1" t="str"><f>"a"</f><v>a</v></c>', "a"),
    ("a formula that gives an empty text", b'<c r="A1" t="str"><f>""</f><v></v></c>', ""),
    ("a number with an exponent", b'<c r="A1"><v>1.5E-3</v></c>', 0.0015),
    ("a negative number", b'<c r="A1"><v>-5</v></c>', -5.0),
    ("a number with spaces around", b'<c r="A1"><v> 5 </v></c>', 5.0),
    ("a number of seventeen digits", b'<c r="A1"><v>0.30000000000000004</v></c>', 0.30000000000000004),
    ("a rich text", b'<c r="A1" t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r></is></c>', "ab"),
    ("a date as text by ISO 8601", b'<c r="A1" t="d"><v>2026-05-19</v></c>', date(2026, 5, 19)),
    ("an attribute before the address", b'<c t="n" r="A1"><v>5</v></c>', 5.0),
    ("attributes in single quotes", b"<c r='A1' t='str'><v>a</v></c>", "a"),
    ("an escaped line feed", b'<c r="A1" t="str"><v>a_x000A_b</v></c>', "a\nb"),
]


@pytest.mark.parametrize(
    ("cell", "value"), [case[1:] for case in NO_DOUBTS], ids=[case[0] for case in NO_DOUBTS]
)
def test_a_cell_with_a_value_is_in_no_doubt(cell: bytes, value: object) -> None:
    """The stored value stands in the grid."""
    grid = deals(holding(b'<row r="1">%b<c r="B1"><v>7</v></c></row>' % cell))
    assert grid.doubts == {}
    assert list(grid.rows[0]) == [value, 7.0]


BROKEN = {
    "a shared formula of which no cell has the text": b'<f t="shared" si="7"/>',
    "an array formula of no cells": b'<f t="array">SUM(1)</f>',
    "an array formula of no cells in other quotes": b"<f ca='1' t='array'>SUM(1)</f>",
}


@pytest.mark.parametrize("formula", BROKEN.values(), ids=BROKEN.keys())
def test_a_formula_that_leads_nowhere_is_in_doubt(formula: bytes) -> None:
    """Excel drops it when it repairs the file; what it once gave stands in the grid and in the doubt."""
    grid = deals(holding(b'<row r="1"><c r="A1"><v>7</v></c><c r="B1">%b<v>5</v></c></row>' % formula))
    assert grid.doubts == {(1, 2): Doubt("broken", "5")}
    assert list(grid.rows[0]) == [7.0, 5.0]


def test_a_number_whose_format_is_lost_is_in_doubt_and_read() -> None:
    """It may have been a date, a share or a sum; text needs no format. XlsxWriter's workbook has one format, 0."""
    grid = deals(
        holding(
            b'<row r="1"><c r="A1" s="1"><v>5</v></c><c r="B1" s="0"><v>5</v></c>'
            b'<c r="C1" s="77" t="str"><v>a</v></c><c s="12" r="D1"><v>7</v></c></row>'
        )
    )
    assert grid.doubts == {(1, 1): Doubt("format", "5"), (1, 4): Doubt("format", "7")}
    assert list(grid.rows[0]) == [5.0, 5.0, "a", 7.0]


def test_a_date_before_all_time_is_a_number() -> None:
    """A formula can give it; calamine panics at such a date, and would take the whole workbook with it."""
    made = workbook(
        lambda page: page.write_datetime(1, 0, date(2026, 5, 19)), default_date_format="dd.mm.yyyy"
    )
    grid = deals(with_parts(made, {SHEET1: replacing(b"<v>46161</v>", b"<v>-1e300</v>")}))
    assert (grid.value(2, 1), grid.doubts) == (-1e300, {})


def test_a_shared_formula_is_whole_where_one_cell_has_its_text() -> None:
    """The others refer to it by its number, as Excel saves a formula that was dragged down."""
    grid = deals(
        holding(
            b'<row r="1"><c r="A1"><f t="shared" ref="A1:A2" si="0">1+1</f><v>2</v></c></row>'
            b'<row r="2"><c r="A2"><f t="shared" si="0"/><v>2</v></c></row>'
        )
    )
    assert (grid.doubts, [list(row) for row in grid.rows]) == ({}, [[2.0], [2.0]])


def test_a_negative_date_is_in_doubt() -> None:
    """Excel shows ######; calamine would say midnight. A negative amount beside it is an amount."""

    def fill(page: Worksheet) -> None:
        page.write_datetime(1, 0, date(2026, 5, 19))
        page.write_number(1, 1, -5)

    made = workbook(fill, default_date_format="dd.mm.yyyy")
    grid = deals(with_parts(made, {SHEET1: replacing(b"<v>46161</v>", b"<v>-5</v>")}))
    assert grid.doubts == {(2, 1): Doubt("error", "-5")}
    assert grid.value(2, 2) == -5.0


# ------------------------------------------------------------- how it is written

PLAIN_ROWS = (
    b'<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c><c r="C1"><v>3</v></c></row>'
    b'<row r="3" hidden="1"><c r="B3" t="e"><v>#N/A</v></c></row>'
)


def prefixed(xml: bytes) -> bytes:
    """The same part as the Open XML SDK writes it."""
    return (
        xml.replace(b"</", b"\0")
        .replace(b"<", b"<x:")
        .replace(b"\0", b"</x:")
        .replace(b"xmlns=", b"xmlns:x=")
    )


SPELLINGS = {
    "as it is": sheet(PLAIN_ROWS),
    "with a prefix": prefixed(sheet(PLAIN_ROWS)),
    "in UTF-16": sheet(PLAIN_ROWS).decode().encode("utf-16"),
    "with a byte order mark": b"\xef\xbb\xbf" + sheet(PLAIN_ROWS),
    "with comments": sheet(
        PLAIN_ROWS.replace(b"<row", b'<!-- <c r="XFD1048576"/> --><row').replace(b"</c>", b"<?pi <c/> ?></c>")
    ),
    "with CDATA": sheet(PLAIN_ROWS.replace(b"<t>a</t>", b"<t><![CDATA[a]]></t>")),
    "in single quotes": sheet(PLAIN_ROWS.replace(b'"', b"'")),
    "on many lines": sheet(PLAIN_ROWS.replace(b"><", b">\r\n  <")),
    "without addresses": sheet(
        b'<row><c t="inlineStr"><is><t>a</t></is></c><c/><c><v>3</v></c></row>'
        b'<row/><row hidden="true"><c/><c t="e"><v>#N/A</v></c></row>'
    ),
    "with some addresses": sheet(
        b'<row><c t="inlineStr"><is><t>a</t></is></c><c r="C1"><v>3</v></c></row>'
        b'<row hidden="1" r="3"><c r="A3"/><c t="e"><v>#N/A</v></c></row>'
    ),
}


@pytest.mark.parametrize("part", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_one_sheet_in_many_spellings_is_one_grid(part: bytes) -> None:
    """Values, doubts and hidden rows are the same, however the XML is written."""
    grid = deals(with_parts(workbook(), {SHEET1: part}))
    assert len(grid.rows) == 3
    assert {(r, c): grid.value(r, c) for r in (1, 2, 3) for c in (1, 2, 3) if grid.value(r, c)} == {
        (1, 1): "a",
        (1, 3): 3.0,
    }
    assert grid.doubts == {(3, 2): Doubt("error", "#N/A")}
    assert grid.hidden_rows == {3}


def test_strings_and_styles_may_be_in_utf16_too() -> None:
    """UTF-16 parts are legal."""
    grid = deals(with_parts(workbook(), {STRINGS: lambda part: part.decode().encode("utf-16")}))
    assert grid.value(1, 1) == "Deal ID"


# -------------------------------------------------------------------- refusals

DAMAGED = [
    ("text as a number", b'<row r="1"><c r="A1"><v>abc</v></c></row>', "the cell Deals!A1 holds 'abc'"),
    ("a number in hexadecimal", b'<row r="1"><c r="A1"><v>0x1F</v></c></row>', "Deals!A1 holds '0x1F'"),
    ("a number with an underscore", b'<row r="1"><c r="A1"><v>1_000</v></c></row>', "Deals!A1 holds '1_000'"),
    ("a truth that is two", b'<row r="1"><c r="A1" t="b"><v>2</v></c></row>', "Deals!A1 holds '2'"),
    ("an unknown type", b'<row r="1"><c r="A1" t="zz"><v>2</v></c></row>', "Deals!A1 holds 'zz'"),
    ("a string's number that is none", b'<row r="1"><c r="A1" t="s"><v>x</v></c></row>', "Deals!A1 holds 'x'"),
    ("the string before the first", b'<row r="1"><c r="A1" t="s"><v>-1</v></c></row>', "Deals!A1 holds '-1'"),
    ("a string that is not there", b'<row r="1"><c r="A1" t="s"><v>99</v></c></row>', "the cell Deals!A1 holds no text"),
    ("no character at all", b'<row r="1"><c r="A1" t="inlineStr"><is><t>a&#0;b</t></is></c></row>', "the cell Deals!A1"),
    ("an entity of nobody", b'<row r="1"><c r="B1" t="str"><v>&x;</v></c></row>', "the cell Deals!B1 holds no text"),
    ("a cell twice", b'<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>', "the cell Deals!A1 stands twice"),
    ("a cell in another's row", b'<row r="1"><c r="A2"><v>1</v></c></row><row r="2"/>', "the cell A2 stands in row 1"),
    ("a row twice", b'<row r="2"/><row r="2"/>', "sheet Deals: row 2 stands twice"),
    ("row 0", b'<row r="0"/>', "a row numbered 0"),
    ("a row below the last", b'<row r="4294967295"/>', "a row numbered 4294967295"),
    ("a column right of the last", b'<row r="1"><c r="XFE1"/></row>', "a cell at XFE1"),
    ("a column beyond all", b'<row r="1"><c r="ZZZZZ1"/></row>', "a cell at ZZZZZ1"),
    ("a cell below the last row", b'<row r="1"><c r="A1"/><c r="B1048577"/></row>', "a cell at B1048577"),
    ("a row that begins with 0", b'<row r="1"><c r="A1"/><c r="B01"><v>1</v></c></row>', "a cell at B01"),
    ("a cell in row 0", b'<row r="1"><c r="A1"/><c r="B0"><v>1</v></c></row>', "a cell at B0"),
    ("a cell without an end", b'<row r="1"><c r="A1"><f>1', "a cell is cut off"),
    ("cells of another namespace", b'<row r="1"><zz:c r="XFD1"/></row>', "sheet Deals: :c "),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "sentence"), [case[1:] for case in DAMAGED], ids=[case[0] for case in DAMAGED]
)
def test_cells_that_no_program_writes_are_refused(rows: bytes, sentence: str) -> None:
    """Rather no reading than a silent wrong one; the sentence names the file and the cell."""
    with pytest.raises(WorkbookUnreadable, match=r"^firm\.xlsx ") as refusal:
        deals(holding(rows))
    assert sentence in refusal.value.message.en


@pytest.mark.parametrize(
    "part",
    [sheet(b"")[:-30], sheet(b"").replace(b"<sheetData>", b"<zz:sheetData>"), sheet(b"") + b"<a>"],
    ids=["cut off", "rows of another namespace", "something after the end"],
)
def test_a_sheet_that_is_no_sound_xml_is_refused(part: bytes) -> None:
    """The part is named."""
    with pytest.raises(WorkbookUnreadable, match=r"sheet1\.xml cannot be read"):
        deals(with_parts(workbook(), {SHEET1: part}))


def test_a_sheet_without_a_sound_dimension_is_refused() -> None:
    """A dimension that lies is passed over; one that is garbage means a spoilt file."""
    lying, garbage = (replacing(b'ref="A1:B2"', b'ref="%b"' % ref) for ref in (b"A1", b"A0:!!"))
    assert len(deals(with_parts(workbook(), {SHEET1: lying})).rows) == 2
    with pytest.raises(WorkbookUnreadable, match=r"sheet1\.xml cannot be read"):
        deals(with_parts(workbook(), {SHEET1: garbage}))


FAR = [
    ("the last cell of all", "XFD1048576"),
    ("a wide row far below", "CW900000"),
]


@pytest.mark.parametrize("cell", [case[1] for case in FAR], ids=[case[0] for case in FAR])
def test_a_stray_cell_too_far_away_is_refused_by_name(cell: str) -> None:
    """Calamine would ask for rows x columns of memory and abort the process; the sentence says what to delete."""
    row = cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ").encode()
    rows = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="%b"><c r="%b"><v>1</v></c></row>' % (
        row,
        cell.encode(),
    )
    with pytest.raises(WorkbookUnreadable, match=f"Deals!{cell}: delete the empty rows"):
        deals(holding(rows))


def test_a_stray_cell_within_bounds_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound is the area, not the distance: 1,000 rows of 3 columns fit into 3,000 cells and not into 2,999."""
    rows = b'<row r="1"><c r="C1"><v>1</v></c></row><row r="1000"><c r="A1000"><v>2</v></c></row>'
    monkeypatch.setattr(cells, "SPARSE_AREA", 3000)
    assert deals(holding(rows)).value(1000, 1) == 2.0
    monkeypatch.setattr(cells, "SPARSE_AREA", 2999)
    with pytest.raises(WorkbookUnreadable, match="far from the others"):
        deals(holding(rows))


def test_a_wide_sheet_is_read_if_every_third_of_its_cells_is_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the area that may be mostly empty: 3 of 9 cells will do, 2 of 9 will not."""
    monkeypatch.setattr(cells, "SPARSE_AREA", 5)
    last = b'<row r="2"><c r="B2"><v>1</v></c></row><row r="3"><c r="C3"><v>1</v></c></row>'
    assert deals(holding(b'<row r="1"><c r="A1"><v>1</v></c></row>' + last)).value(3, 3) == 1.0
    with pytest.raises(WorkbookUnreadable, match="far from the others"):
        deals(holding(b'<row r="1"><c r="A1"/></row>' + last))


def test_a_sheet_with_very_many_cells_is_called_long_and_not_stray(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is sent to look for a stray cell in a sheet that is full of them."""
    monkeypatch.setattr(cells, "SPARSE_AREA", 5)
    monkeypatch.setattr(cells, "MANY_CELLS", 1)
    rows = b'<row r="2"><c r="B2"><v>1</v></c></row><row r="3"><c r="C3"><v>1</v></c></row>'
    with pytest.raises(WorkbookUnreadable, match="3 rows, more than can be read"):
        deals(holding(rows))


@given(st.lists(st.integers(1, 16384), min_size=1, max_size=30), st.integers(1, 702))
def test_the_widest_column_is_found(columns: list[int], start: int) -> None:
    """Each cell further right than all before it is met, and no other."""
    body = b"".join(b'<c r="%b1"/>' % letters(column).encode() for column in columns)
    wider = [c for i, c in enumerate(columns) if c > max([start, *columns[:i]])]
    assert [column for column, _ in cells._ever_wider(body, start)] == wider


@given(st.integers(1, 1_100_000), st.integers(0, 99_999_999))
def test_a_pattern_meets_every_number_after_another(number: int, other: int) -> None:
    """Those that are greater, and none that is not."""
    after = re.compile(cells._after(str(number), "9", 8))
    for each in (other, number - 1, number, number + 1):
        assert bool(after.fullmatch(b"%d" % each)) == (each > number)


FRAGMENTS = [
    *(
        b'<c r="A1" t="s"><v>5</v></c>',
        b'<c r="AB27" s="3"><v>1.25</v></c>',
        b'<c r="C3"/>',
        b"</row>",
        b"\n",
    ),
    *(
        b'<c r="D4"><f>A1&amp;""</f><v></v></c>',
        b'<c r="E5"><v>-1</v></c>',
        b"<c s='2' r='F6'/>",
        b'<row r="77">',
    ),
    *(b"<c/>", b"<c>", b"<c ", b"<c", b"</c>", b"<v>", b">", b"<c><v>2</v></c>", b'<c\tr="G7"/>', b"<col/>"),
]
"""Cells as programs write them, others, and what is no cell at all."""


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=20))
def test_odd_cells_are_found_by_their_looks(fragments: list[bytes]) -> None:
    """Just where a walk over all bytes finds them, whatever stands before them, between them and in them."""
    body = b"".join([b'<row r="1">', *fragments])
    walked = [match.start() for match in cells._UNUSUAL.finditer(body)]
    assert cells._Looks(body).odd == walked


SWOLLEN = [
    ("a long text in many cells", "MAX_TEXT", 20, "the texts of sheet Deals unpack to"),
    ("more cells than can be read", "MAX_CELLS", 3, "more cells than can be read"),
    ("many cells to be looked at", "MAX_UNUSUAL", 1, "millions of odd cells"),
]


@pytest.mark.parametrize(
    ("limit", "most", "sentence"), [case[1:] for case in SWOLLEN], ids=[case[0] for case in SWOLLEN]
)
def test_what_is_little_in_the_file_and_much_in_memory_is_refused(
    limit: str, most: int, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the parser is given it. Four cells, two of them odd, share the text Deal ID; each limit in turn is made low."""
    rows = b'<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>0</v></c><c r="C1"><v> 1</v></c><c r="D1"><v> 2</v></c></row>'
    assert deals(holding(rows)).rows[0] == ["Deal ID", "Deal ID", 1.0, 2.0]
    monkeypatch.setattr(cells, limit, most)
    monkeypatch.setattr(reading, "MAX_TEXT", cells.MAX_TEXT)
    with pytest.raises(WorkbookUnreadable, match=sentence):
        deals(holding(rows))


def test_sheets_that_reach_too_far_together_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each alone would do."""
    monkeypatch.setattr(reading, "MAX_AREA", 3)
    with pytest.raises(WorkbookUnreadable, match="its sheets reach too far"):
        everything(workbook())


def test_a_sheet_that_is_not_needed_may_be_spoilt() -> None:
    """Only the chosen sheets are opened."""
    spoilt = with_parts(workbook(), {"xl/worksheets/sheet2.xml": b"<worksheet"})
    assert deals(spoilt).value(2, 1) == "D0001"
    with pytest.raises(WorkbookUnreadable):
        everything(spoilt)


# ----------------------------------------------------------- sheets, names, tables


def named(definitions: str) -> bytes:
    """A workbook of Deals, It's and План продаж with these defined names."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title in ("Deals", "It's", "План продаж"):
        book.create_sheet(title)
    change: Callable[[bytes], bytes] = replacing(
        b"</sheets>", f"</sheets><definedNames>{definitions}</definedNames>".encode()
    )
    return with_parts(saved(book), {WORKBOOK: lambda part: change(part.replace(b"<definedNames />", b""))})


def name(defined: str, text: str, more: str = "") -> str:
    """A defined name as the workbook stores it."""
    return f'<definedName name="{defined}"{more}>{text}</definedName>'


REPORTS = [
    ("a plain name", name("_scrm_audit", "Deals!$A$1"), {"Deals": "audit"}),
    ("a quoted name", name("_scrm_audit", "'План продаж'!$A$1"), {"План продаж": "audit"}),
    ("a name with a quote", name("_scrm_log", "'It''s'!$A$1"), {"It's": "log"}),
    ("LibreOffice's quotes", name("_scrm_audit", "'Deals'!$A$1"), {"Deals": "audit"}),
    ("other case", name("_SCRM_Audit", "deals!$A$1"), {"Deals": "audit"}),
    ("a row put in above", name("_scrm_audit", "Deals!$A$2"), {"Deals": "audit"}),
    ("an area", name("_scrm_audit", "Deals!$A$1:$C$9"), {"Deals": "audit"}),
    ("a report that was deleted", name("_scrm_audit", "#REF!"), {}),
    ("a report on a sheet that is gone", name("_scrm_audit", "Gone!$A$1"), {}),
    ("the firm's own name", name("audit", "Deals!$A$1"), {}),
    ("a name of one sheet", name("_scrm_audit", "Deals!$A$1", ' localSheetId="0"'), {}),
    ("two names on one sheet", name("_scrm_part", "Deals!$C$9") + name("_scrm_audit", "Deals!$A$1"),
     {"Deals": "audit"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("names", "reports"), [case[1:] for case in REPORTS], ids=[case[0] for case in REPORTS]
)
def test_our_reports_are_known_by_their_defined_names(names: str, reports: dict[str, str]) -> None:
    """`_scrm_<key>` marks a sheet as ours, wherever it was moved and whatever it is called now."""
    sheets = read(named(names), "firm.xlsx", lambda _: []).sheets
    assert {sheet.name: sheet.report for sheet in sheets if sheet.report} == reports


def test_sheets_are_listed_in_the_workbooks_order_and_only_the_chosen_are_read() -> None:
    """Hidden sheets are marked, and may be chosen; a name nobody has chooses nothing."""
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.title = "Сделки"
    book.create_sheet("Log", 0).sheet_state = "veryHidden"
    snapshot = read(saved(book), "firm.xlsx", lambda _: ["Log", "Nobody"])
    assert snapshot.sheets == (SheetInfo("Log", hidden=True), SheetInfo("Сделки"))
    assert set(snapshot.grids) == {"Log"}


def test_a_chart_sheet_is_listed_and_never_read() -> None:
    """It has no cells."""
    book = openpyxl.Workbook()
    book.create_chartsheet("Chart").add_chart(BarChart())
    snapshot = everything(saved(book))
    assert [sheet.name for sheet in snapshot.sheets] == ["Sheet", "Chart"]
    assert set(snapshot.grids) == {"Sheet"}


def test_excel_tables_are_areas_of_their_sheet() -> None:
    """From the first row and column to the last, header row included."""

    def fill(page: Worksheet) -> None:
        page.add_table(3, 1, 7, 4)
        page.add_table(0, 0, 1, 1)

    assert deals(workbook(fill)).tables == (Area(1, 1, 2, 2), Area(4, 2, 8, 5))


def test_hidden_rows_are_known() -> None:
    """Hidden by hand or by a filter."""

    def fill(page: Worksheet) -> None:
        page.set_row(1, options={"hidden": True})
        page.set_row(9, options={"hidden": True})

    assert deals(workbook(fill)).hidden_rows == {2, 10}


def test_merged_cells_are_areas_of_their_sheet() -> None:
    """As the sheet lists them."""

    def fill(page: Worksheet) -> None:
        page.merge_range(2, 0, 3, 1, "both")
        page.merge_range(5, 2, 5, 3, "one row")

    assert deals(workbook(fill)).merged == (Area(3, 1, 4, 2), Area(6, 3, 6, 4))


def test_a_filter_of_the_sheets_own_is_known() -> None:
    """A table's filter stands elsewhere and moves with the table."""

    def fill(page: Worksheet) -> None:
        page.autofilter(0, 0, 8, 3)

    assert deals(workbook(fill)).filter == Area(1, 1, 9, 4)


def told(data: bytes, *sheets: str) -> list[str]:
    """What is noted about a workbook of which these sheets are read."""
    return [note.en for note in read(data, "firm.xlsx", lambda _: sheets).notes]


def test_a_protected_sheet_is_noted_if_it_is_read() -> None:
    """Whoever is to mend a cell has to be able to; a sheet that only lists its options is not protected."""
    made = workbook(lambda page: page.protect("secret"))
    assert told(made, "Summary") == []
    assert told(made, "Deals") == [
        "Sheet “Deals” is protected, so people may not be able to mend its cells: Review > Unprotect Sheet in Excel."
    ]
    assert told(with_parts(made, {SHEET1: replacing(b' sheet="1"', b"")}), "Deals") == []


def test_a_workbook_that_asks_to_be_opened_read_only_is_noted() -> None:
    """Who answers Yes mends nothing."""
    change = replacing(b"<workbookPr", b'<fileSharing readOnlyRecommended="1"/><workbookPr')
    made = with_parts(workbook(), {WORKBOOK: change})
    assert [note.split(":")[0] for note in told(made, "Deals")] == ["firm.xlsx asks to be opened read-only"]
    assert told(workbook(), "Deals") == []


def test_a_sheet_that_goes_on_far_below_its_last_value_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stray space, or a formula that was dragged to the end: the sentence names both rows."""
    rows = b'<row r="2"><c r="A2"><v>1</v></c></row><row r="9"><c r="A9" t="str"><f>""</f><v></v></c></row>'
    monkeypatch.setattr(reading, "_FAR_BELOW", 7)
    assert told(holding(rows), "Deals") == []
    monkeypatch.setattr(reading, "_FAR_BELOW", 6)
    assert [note.split(":")[0] for note in told(holding(rows), "Deals")] == [
        "Sheet “Deals” is in use down to row 9, but holds nothing to read below row 2"
    ]


def test_the_version_is_the_hash_of_the_file() -> None:
    """SHA-256 over the bytes that were read."""
    data = workbook()
    assert everything(data).version == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("collecting", [True, False])
def test_the_garbage_collector_is_left_as_it_was(collecting: bool) -> None:
    """After a reading and after a refusal."""
    if not collecting:
        gc.disable()
    try:
        everything(workbook())
        with pytest.raises(WorkbookUnreadable):
            deals(holding(b'<row r="0"/>'))
        assert gc.isenabled() is collecting
    finally:
        gc.enable()


@given(
    st.lists(
        st.lists(st.one_of(st.none(), st.booleans(), st.floats(-1e12, 1e12), st.text("aя <&\"'_x0041]>", max_size=8)),
                 min_size=1, max_size=4),
        min_size=1, max_size=5,
    )
)  # fmt: skip
def test_what_xlsxwriter_writes_is_read_back(rows: list[list[object]]) -> None:
    """The scan and the parser agree with an independent writer on every cell."""

    def fill(page: Worksheet) -> None:
        for number, row in enumerate(rows, start=2):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    page.write_string(number, column, value)
                elif value is not None:
                    page.write(number, column, value)

    grid = deals(workbook(fill))
    assert grid.doubts == {}
    for number, row in enumerate(rows, start=3):
        for column, value in enumerate(row, start=1):
            got = grid.value(number, column)
            if isinstance(value, float):
                assert got == pytest.approx(value)
            elif isinstance(value, str) and not value.strip():
                assert str(got or "").strip() == ""
            else:
                assert (got or None) == (value or None)


# --------------------------------------------------------------- the shared files


def test_every_workbook_of_the_corpus_is_read() -> None:
    """None of these files of real programs is refused; sheets stand in the order of the workbook part."""
    files = sorted(shared("corpus").glob("*.xl*"))
    assert len(files) > 100
    for path in files:
        snapshot = everything(path.read_bytes(), path.name)
        with zipfile.ZipFile(path) as package:
            root = etree.fromstring(package.read(WORKBOOK))
        assert [sheet.name for sheet in snapshot.sheets] == [s.get("name") for s in root.iter("{*}sheet")], (
            path.name
        )
