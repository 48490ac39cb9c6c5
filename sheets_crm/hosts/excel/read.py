"""An open workbook goes in, a snapshot comes out: the same grids as the file would give, a few questions a sheet."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sheets_crm.hosts.excel.desk import Desk
from sheets_crm.hosts.xlsx.read import PROTECTED, reports_of
from sheets_crm.sheet import Area, Grid, Select, SheetInfo, Snapshot
from sheets_crm.text import Text


class Reading(NamedTuple):
    """A workbook as it was at one moment."""

    snapshot: Snapshot
    chosen: frozenset[str]
    """The sheets that were asked for."""


def read(desk: Desk, select: Select) -> Reading:
    """The list of all sheets and the cells of those that `select` chooses. Raises WorkbookError."""
    keys = reports_of(desk.names())
    infos = [SheetInfo(name, hidden, keys.get(name.casefold())) for name, hidden in desk.sheets()]
    grids_of = {info.name for info in infos}
    infos += [SheetInfo(name) for name in desk.other_sheets()]
    chosen = frozenset(select(infos))
    notes: list[Text] = []
    grids = {name: _grid(desk, name, notes) for name in (i.name for i in infos) if name in chosen & grids_of}
    return Reading(Snapshot(tuple(infos), grids, _version(infos, grids), notes=tuple(notes)), chosen)


def _grid(desk: Desk, name: str, notes: list[Text]) -> Grid:
    cells = desk.cells(name)
    if desk.protected(name):
        notes.append(PROTECTED.fill(sheet=name))
    last = len(cells.rows)
    tables = desk.tables(name)
    growing = frozenset(where for where, may_grow in tables.items() if may_grow)
    if not last:
        return Grid(name, cells.rows, cells.doubts, tables=tuple(sorted(tables)), may_grow=growing)
    width = max(map(len, cells.rows))
    return Grid(
        name, cells.rows, cells.doubts, desk.hidden_rows(name, last), tuple(sorted(tables)), growing,
        desk.merged(name, Area(1, 1, last, max(width, 1))), desk.filter(name),
    )  # fmt: skip


def _version(infos: Sequence[SheetInfo], grids: Mapping[str, Grid]) -> str:
    """A hash of all that was read. Nobody but this Excel changes the workbook, so that is all there is to compare."""
    digest = hashlib.sha256(repr(infos).encode())
    for name, grid in grids.items():
        digest.update(repr((name, grid.tables, sorted(grid.doubts.items()))).encode())
        for row in grid.rows:
            digest.update(repr(row).encode())
    return digest.hexdigest()
