"""A firm's workbook with much that must survive, and the changes of a run on it."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import openpyxl
import xlsxwriter  # type: ignore[import-untyped]

from sheets_crm.sheet import (
    Area,
    Cell,
    Changes,
    Chart,
    ColumnUpdate,
    Fill,
    Formula,
    Highlight,
    LogLine,
    Page,
    Print,
    Series,
    Style,
)

DEALS = "xl/worksheets/sheet1.xml"
ROWS = 6


def firm() -> bytes:
    """Deals (ID, Stage, Amount; rows 2-6) beside charts, a table, notes, dropdowns, x14 formats and formulas."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    book.set_properties({"created": datetime(2026, 1, 1)})
    bold = book.add_format({"bold": True, "bg_color": "#DDEBF7"})
    deals = book.add_worksheet("Deals")
    deals.write_row(0, 0, ["ID", "Stage", "Amount"], bold)
    for row in range(1, ROWS):
        deals.write_row(row, 0, [f"D000{row}" if row != 2 else None, "New & <old>", row * 10])
    deals.conditional_format("C2:C6", {"type": "data_bar", "data_bar_2010": True})
    deals.conditional_format("B2:B6", {"type": "cell", "criteria": "==", "value": '"x"', "format": bold})
    deals.data_validation("B2:B6", {"validate": "list", "source": ["New", "Won"]})
    deals.write_comment("B1", "a note of the firm's")
    deals.freeze_panes(1, 0)
    plan = book.add_worksheet("План продаж")
    plan.add_table("A1:B4", {"data": [["Q1", 1], ["Q2", 2], ["Q3", 3]]})
    plan.write_formula("D1", "=SUM(B2:B4)", None, 6)
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": "='План продаж'!$B$2:$B$4"})
    plan.insert_chart("F2", chart)
    book.define_name("Quota", "='План продаж'!$D$1")
    book.close()
    return buffer.getvalue()


def column(texts: dict[int, str] | None = None, **options: Any) -> ColumnUpdate:
    """To fix in column D of Deals: row 3 has a fault unless `texts` says otherwise."""
    wanted: dict[str, Any] = {"sheet": "Deals", "column": 4, "header_row": 1, "header": "To fix", "keys": {}}
    said = dict.fromkeys(range(2, ROWS + 1), "") | (
        texts if texts is not None else {3: "✗ Stage: bad [ST06]"}
    )
    return ColumnUpdate(**{**wanted, "texts": said, **options})


def highlight(mark: str = "✗", **options: Any) -> Highlight:
    wanted: dict[str, Any] = {
        "sheet": "Deals",
        "area": Area(2, 1, ROWS, 4),
        "formula": f'ISNUMBER(FIND("{mark} "&A$1&":", $D2))',
        "mark": mark,
        "fill": "#FFC7CE",
        "color": "#9C0006",
    }
    return Highlight(**{**wanted, **options})


def report(name: str = "Audit", key: str = "audit", total: int = 3) -> Page:
    """A report with a chart, a note, a filter, a formula, styles and a highlight of its own."""
    cells = {
        (1, 1): Cell("Аудит", Style(bold=True, size=16)),
        (2, 1): Cell(Formula("=SUM(1,2)", total)),
        (3, 1): Cell("=not a formula", Style(fill="#FFEEAA", format="0.00%")),
    }
    cells |= {(row, 2): Cell(row * total) for row in range(2, 6)}
    cells |= {(row, 3): Cell(f"x{row}", Style(border="#112233")) for row in range(2, 6)}
    bars = Series("s", Area(2, 3, 5, 3), Area(2, 2, 5, 2), "#336699")
    return Page(
        key=key,
        name=name,
        cells=cells,
        charts=(Chart("bar", "Chart", (bars,), (2, 5)),),
        notes={(1, 1): "примечание"},
        filter=Area(1, 1, 5, 3),
        print=Print(repeat_rows=(1, 1)),
        names={f"{key}_total": Area(2, 1, 2, 1)},
        highlights=(Highlight(name, Area(2, 1, 5, 3), "$B2>5", "x", "#FF0000", "#FFFFFF"),),
        owned=True,
    )


def run(*pages: Page, log: Iterable[LogLine] = ()) -> Changes:
    """All that a run writes: one ID, To fix, two highlights, reports, the log."""
    return Changes(
        fills=(Fill("Deals", 3, 1, "D0006"),),
        columns=(column(),),
        highlights=(highlight(), highlight("!", fill="#FFEB9C", color="#7F6000")),
        pages=pages,
        log=tuple(log),
        log_name="sheets-crm log",
    )


def parts(data: bytes) -> dict[str, bytes]:
    """All parts of a package, in the order of the file."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def opened(data: bytes) -> openpyxl.Workbook:
    """The workbook as openpyxl reads it; what it cannot keep is of no matter, for it never saves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return openpyxl.load_workbook(io.BytesIO(data))
