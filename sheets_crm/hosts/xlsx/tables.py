"""Excel's own tables take in what stands directly below and beside them, as they do when a person types there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lxml import etree

from sheets_crm.hosts.xlsx.package import Element, local, main
from sheets_crm.hosts.xlsx.patch import shared_strings
from sheets_crm.hosts.xlsx.scan import area, cells, cut, row_pieces, rows
from sheets_crm.hosts.xlsx.splice import present
from sheets_crm.hosts.xlsx.workbook import Workbook
from sheets_crm.sheet import TableGrowth


def grow_tables(workbook: Workbook, growths: Sequence[TableGrowth]) -> None:
    """Gives each table its new area. The headers stand in their cells already; a column is called as its header.

    A table that is not as it should be is left as it is: it would not be mended by growing.
    """
    for part, growth in growing(workbook, growths):
        root = workbook.package.tree(part)
        if _columns_added(workbook, root, growth):
            for element in (root, root.find(main("autoFilter"))):
                if element is not None:
                    element.set("ref", growth.now.reference)


def growing(workbook: Workbook, growths: Sequence[TableGrowth]) -> Iterator[tuple[str, TableGrowth]]:
    """The part of each table that is to grow."""
    for growth in growths:
        sheet = workbook.sheet(growth.sheet)
        for relation in workbook.package.relations(sheet.part) if sheet else ():
            known = relation.kind == "table" and relation.target in workbook.package
            if known and area(workbook.package.tree(relation.target).get("ref", "")) == growth.was:
                yield relation.target, growth


def _columns_added(workbook: Workbook, root: Element, growth: TableGrowth) -> bool:
    stand = root.find(main("tableColumns"))
    entries = [entry for entry in stand if local(entry)] if stand is not None else []
    new = range(growth.was.last_column + 1, growth.now.last_column + 1)
    if stand is None or len(entries) != growth.was.last_column - growth.was.first_column + 1:
        return False
    headers = _headers(workbook, growth) if new else {}
    names = [entry.get("name", "").casefold() for entry in entries]
    names += [headers.get(column, "").casefold() for column in new]
    if "" in names or len(set(names)) < len(names):
        return False
    for column in new:
        last = max(int(entry.get("id", "0")) for entry in stand if local(entry))
        etree.SubElement(stand, main("tableColumn"), id=str(last + 1), name=headers[column])
    if new:
        stand.set("count", str(len(names)))
    return True


def _headers(workbook: Workbook, growth: TableGrowth) -> dict[int, str]:
    """The header cells of a sheet by column, as a table names them."""
    sheet = workbook.sheet(growth.sheet)
    if sheet is None:
        return {}
    strings, found = shared_strings(workbook), cut(workbook.package.pieces(sheet.part))
    last = 0
    for piece in row_pieces(found):
        for row in rows(piece, found.prefix, last):
            last = row.number
            if last == growth.was.first_row:
                return {
                    cell.column: present(piece[cell.start : cell.end], found.prefix, strings).replace(
                        "\n", "_x000a_"
                    )
                    for cell in cells(piece, found.prefix, row)
                }
    return {}
