"""What only COM can say to Excel, on Windows; untried on a real Excel as all of this package (see `desk`)."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from sheets_crm.hosts.excel.cells import Cells, area_of, ended, error_of, moment, table_of
from sheets_crm.hosts.excel.desk import Desk, Rule, moved
from sheets_crm.hosts.excel.patience import patient
from sheets_crm.inert import in_reference
from sheets_crm.sheet import Area, Doubt, Page, Position, Value

_BY_FORMULA, _FROM_CELLS = 2, 1
"""xlExpression, the kind of a conditional format; xlSrcRange, a table that no query fills."""

_FAR_OFF = (1_048_576, 16_384)
"""A cell that no formula of ours refers to: there it cannot refer to itself."""


class WindowsDesk(Desk):
    """A workbook open in Excel for Windows."""

    renews_all: ClassVar[bool] = True

    @contextlib.contextmanager
    def quiet(self) -> Iterator[None]:
        """As everywhere; besides, charts are copied with their cells."""
        with super().quiet():
            app = self.book.app.api
            with_cells = self._setting(app, "CopyObjectsWithCells")
            self._set(app, "CopyObjectsWithCells", True)
            try:
                yield
            finally:
                self.restore(partial(self._reset, app, "CopyObjectsWithCells", with_cells))

    @patient
    def _active(self) -> str:
        return str(self.book.api.ActiveSheet.Name)

    @patient
    def _activate(self, name: str) -> None:
        self.book.api.Sheets(name).Activate()

    @patient
    def other_sheets(self) -> list[str]:
        grids = {sheet.Name for sheet in self.book.api.Worksheets}
        return [sheet.Name for sheet in self.book.api.Sheets if sheet.Name not in grids]

    @patient
    def define(self, name: str, refers_to: str, *, hidden: bool) -> None:
        self.book.api.Names.Add(name, refers_to, not hidden)

    @property
    def folder(self) -> Path:
        stated = self._path
        return Path(stated) if stated and "://" not in stated and Path(stated).is_dir() else super().folder

    @property
    @patient
    def _path(self) -> str:
        """The workbook's folder: blank before it is saved, an address on SharePoint."""
        return str(self.book.api.Path)

    @property
    @patient
    def since_1904(self) -> bool:
        return bool(self.book.api.Date1904)

    @property
    @patient
    def locked(self) -> bool:
        return bool(self.book.api.ProtectStructure)

    # ------------------------------------------------------------------- what a sheet holds

    @patient
    def cells(self, sheet: str) -> Cells:
        """Two readings: `Value2` for what a cell holds, `Value` for whether a number is shown as a day.

        `Value` alone would round amounts in a currency's format to four digits, and days to seconds.
        """
        where = self._range(sheet, self.used(sheet)).api
        held, shown = table_of(where.Value2), table_of(where.Value)
        doubts: dict[Position, Doubt] = {}
        days: dict[int, list[int]] = {}
        rows: list[list[Value]] = []
        for r, line in enumerate(held):
            row: list[Value] = []
            for c, value in enumerate(line):
                if isinstance(value, int) and not isinstance(value, bool):
                    doubts[r + 1, c + 1] = Doubt("error", error_of(value))
                    value = ""  # noqa: PLW2901 - as a file's grid has it
                elif isinstance(value, float) and isinstance(shown[r][c], date):
                    days.setdefault(c, []).append(r)
                row.append("" if value is None else value)
            rows.append(row)
        since_1904 = self.since_1904 if days else False
        for c, numbers in days.items():
            elapsed = self._elapsed(sheet, c, numbers)
            for r in numbers:
                serial = held[r][c]
                if serial < 0:
                    doubts[r + 1, c + 1], rows[r][c] = Doubt("error", repr(serial)), ""
                else:
                    rows[r][c] = moment(serial, elapsed=elapsed, since_1904=since_1904)
        return ended(Cells(rows, doubts))

    @patient
    def raw(self, sheet: str, where: Area) -> list[list[Any]]:
        return table_of(self._range(sheet, where).api.Value2)

    def _may_grow(self, table: Any) -> bool:
        return super()._may_grow(table) and table.api.SourceType == _FROM_CELLS

    @patient
    def filter(self, sheet: str) -> Area | None:
        found = self.book.sheets[sheet].api.AutoFilter
        return area_of(found.Range.Address) if found is not None else None

    @patient
    def protected(self, sheet: str) -> bool:
        return bool(self.book.sheets[sheet].api.ProtectContents)

    @patient
    def _rows_hidden(self, sheet: str, first: int, last: int) -> bool | None:
        hidden: bool | None = self._range(sheet, Area(first, 1, last, 1)).api.EntireRow.Hidden
        return hidden

    # ------------------------------------------------------------------- conditional formats

    @patient
    def rules(self, sheet: str) -> list[Rule]:
        active = self._active_cell()
        formats = self.book.sheets[sheet].api.Cells.FormatConditions
        found = []
        for number in range(1, formats.Count + 1):
            each = formats.Item(number)
            if each.Type == _BY_FORMULA:
                areas = tuple(area_of(part) for part in str(each.AppliesTo.Address).split(","))
                formula = moved(str(each.Formula1).removeprefix("="), active, areas[0][:2])
                found.append(Rule(number, formula, areas, _hex(each.Interior.Color), _hex(each.Font.Color)))
        return found

    @patient
    def localized(self, formula: str, other: Any) -> str:
        cell = other.sheets[0].range(_FAR_OFF).api
        cell.Formula = f"={formula}"
        return str(cell.FormulaLocal).removeprefix("=")

    def add_rule(self, sheet: str, where: Area, rule: Rule) -> None:
        self._paint(self._new_rule(sheet, where, rule), rule)

    @patient
    def _new_rule(self, sheet: str, where: Area, rule: Rule) -> Any:
        formula = moved(rule.formula, where[:2], self._active_cell())
        formats = self._range(sheet, where).api.FormatConditions
        return formats.Add(Type=_BY_FORMULA, Formula1=f"={formula}")

    @patient
    def _paint(self, made: Any, rule: Rule) -> None:
        made.Interior.Color = _number(rule.fill)
        made.Font.Color = _number(rule.color)
        made.StopIfTrue = False  # Excel says True for formats that are added by a program

    @patient
    def drop_rule(self, sheet: str, number: int) -> None:
        self.book.sheets[sheet].api.Cells.FormatConditions.Item(number).Delete()

    def _active_cell(self) -> Position:
        cell = self.book.app.api.ActiveCell
        return (cell.Row, cell.Column) if cell is not None else (1, 1)

    # ------------------------------------------------------------------- whole sheets

    @patient
    def clear(self, sheet: str) -> None:
        found = self.book.sheets[sheet].api
        if found.ChartObjects().Count:
            found.ChartObjects().Delete()
        found.AutoFilterMode = False
        found.Cells.EntireRow.Hidden = False
        found.Cells.ClearOutline()
        found.Cells.Validation.Delete()
        found.Cells.Clear()

    @patient
    def _bind_charts(self, sheet: str, other: Any, source: str, before: int) -> None:  # noqa: ARG002 - there are none
        """A copied chart shows the cells of the workbook that it came from: `'[other.xlsx]Audit'!$B$2:$B$9`."""
        escaped = source.replace("'", "''")
        there = re.compile(rf"'?\[{re.escape(other.name)}\]{re.escape(escaped)}'?!")
        for chart in self.book.sheets[sheet].api.ChartObjects():
            for series in chart.Chart.SeriesCollection():
                formula = series.Formula
                here = there.sub(lambda _: f"{in_reference(sheet)}!", formula)
                if here != formula:
                    series.Formula = here

    @patient
    def fold(self, sheet: str, first: int, last: int, *, hidden: bool) -> None:
        where = self._range(sheet, Area(first, 1, last, 1)).api.EntireRow
        if hidden:
            where.Hidden = True
        where.Group()

    @patient
    def set_filter(self, sheet: str, where: Area) -> None:
        self._range(sheet, where).api.AutoFilter(1)

    @patient
    def frame(self, sheet: str, page: Page) -> None:
        super().frame(sheet, page)
        self.book.sheets[sheet].api.PageSetup.PrintTitleRows = (
            f"${page.print.repeat_rows[0]}:${page.print.repeat_rows[1]}" if page.print.repeat_rows else ""
        )


def _number(color: str) -> int:
    """`#RRGGBB` as Excel counts colours."""
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return red + 256 * green + 65536 * blue


def _hex(color: float | None) -> str:
    number = int(color or 0)
    return f"#{number % 256:02X}{number // 256 % 256:02X}{number // 65536:02X}"
