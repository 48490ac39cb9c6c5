"""Workbooks made in memory, and the ways to spoil one."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping

import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

SHEET1 = "xl/worksheets/sheet1.xml"
WORKBOOK = "xl/workbook.xml"
STRINGS = "xl/sharedStrings.xml"
Change = bytes | Callable[[bytes], bytes] | None


def workbook(fill: Callable[[Worksheet], object] | None = None, **options: object) -> bytes:
    """A workbook of two sheets, Deals and Summary, by XlsxWriter; `fill` writes into Deals."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, **options})
    deals, _ = book.add_worksheet("Deals"), book.add_worksheet("Summary")
    deals.write_row(0, 0, ["Deal ID", "Amount"])
    deals.write_row(1, 0, ["D0001", 100.5])
    if fill is not None:
        fill(deals)
    book.close()
    return buffer.getvalue()


def with_parts(data: bytes, changes: Mapping[str, Change], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The package with some parts put in, changed by a function, or dropped by None."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", method) as new:
        for name in dict.fromkeys([*old.namelist(), *changes]):
            change: Change = changes.get(name, lambda part: part)
            if change is not None:
                new.writestr(name, change if isinstance(change, bytes) else change(old.read(name)))
    return buffer.getvalue()


def replacing(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    """A change of a part that must find what it replaces."""

    def change(part: bytes) -> bytes:
        assert old in part
        return part.replace(old, new)

    return change


def renamed(data: bytes, names: Mapping[str, str]) -> bytes:
    """The package with parts under other names, nothing else changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            new.writestr(names.get(name, name), old.read(name))
    return buffer.getvalue()


def sheet(rows: bytes, namespace: bytes = b"xmlns") -> bytes:
    """The part of a worksheet with these rows."""
    main = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return b'<worksheet %b="%b"><sheetData>%b</sheetData></worksheet>' % (namespace, main, rows)


def holding(rows: bytes) -> bytes:
    """A workbook whose sheet Deals holds these rows."""
    return with_parts(workbook(), {SHEET1: sheet(rows)})
