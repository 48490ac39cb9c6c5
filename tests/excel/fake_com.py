"""COM's Excel over the model, and xlwings' own Windows code, which runs on it unchanged with only pywin32 faked.

So what is tested are xlwings' real converters, error numbers, retries and ways to a workbook. Every access to a
property and every method is one call, noted and possibly refused (`model.App.gate`).
"""

from __future__ import annotations

import atexit
import ctypes
import importlib
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import wraps
from typing import Any
from unittest.mock import MagicMock

import pytest
import xlwings

from sheets_crm.sheet import Area, letters
from tests.excel import model
from tests.google.formulas import Fault

DISP_E_EXCEPTION = -2147352567
E_1004 = -2146827284
VBA_E_IGNORE, CALL_REJECTED, RETRY_LATER = -2146777998, -2147418111, -2147417846
_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
_CALCULATION = {"automatic": -4105, "manual": -4135, "semiautomatic": 2}
_CHANGING = {
    "Copy", "Clear", "Delete", "Add", "Group", "Resize", "Activate", "ClearOutline", "Open", "Close", "Move", "Modify",
    "SetFirstPriority", "Merge",
}  # fmt: skip


class com_error(Exception):  # noqa: N801 - its name in pywintypes
    """pywintypes.com_error: number, words, what the program says, argument."""

    @property
    def hresult(self) -> int:
        return int(self.args[0])


class Time(datetime):
    """pywintypes.datetime."""


def refused(text: str) -> com_error:
    """What COM makes of Excel's error 1004."""
    return com_error(
        DISP_E_EXCEPTION, "Exception occurred.", (0, "Microsoft Excel", text, "xlmain11.chm", 0, E_1004), None
    )


def busy(code: int) -> com_error:
    """What COM says while Excel has no time."""
    if code == VBA_E_IGNORE:
        return com_error(DISP_E_EXCEPTION, "Exception occurred.", (0, None, None, None, 0, code), None)
    return com_error(code, "Call was rejected by callee.", None, None)


def bare(value: Any) -> Any:
    """An object without xlwings' wrapper around it, as pywin32 sees it."""
    try:
        return object.__getattribute__(value, "_inner")
    except AttributeError:
        return value


class Dispatch:
    """A COM object: capitalised names are its members, and there are no others."""

    app: model.App
    _oleobj_ = types.SimpleNamespace(GetIDsOfNames=lambda *_: 1)
    """Where xlwings asks again whether there is such a member."""

    def __init_subclass__(cls) -> None:
        for name, member in list(vars(cls).items()):
            if not name[0].isupper():
                continue
            what = f"{cls.__name__}.{name}"
            if isinstance(member, property):
                get, put = member.fget, member.fset
                assert get is not None
                setattr(
                    cls, name, property(_call(get, "get", what), _call(put, "set", what) if put else None)
                )
            elif isinstance(member, types.FunctionType):
                setattr(cls, name, _call(member, "set" if name in _CHANGING else "get", what))

    def __setattr__(self, name: str, value: Any) -> None:
        if name[0].isupper() and not isinstance(getattr(type(self), name, None), property):
            raise AttributeError(f"Property '{type(self).__name__}.{name}' can not be set.")
        object.__setattr__(self, name, value)


def _call(function: Callable[..., Any], kind: str, what: str) -> Callable[..., Any]:
    @wraps(function)
    def called(self: Dispatch, *args: Any, **kwargs: Any) -> Any:
        self.app.call(kind, what)
        try:
            return function(self, *map(bare, args), **{key: bare(value) for key, value in kwargs.items()})
        except model.Refused as problem:
            raise refused(str(problem)) from problem

    return called


class Collection(Dispatch):
    """Items by number from 1, or by name."""

    def __init__(self, app: model.App, items: Callable[[], Sequence[Any]]) -> None:
        self.app, self.items = app, items

    @property
    def Count(self) -> int:
        return len(self.items())

    def Item(self, key: Any) -> Any:
        return self(key)

    def __call__(self, key: Any) -> Any:
        items = self.items()
        if isinstance(key, int | float):
            if not 0 < int(key) <= len(items):
                raise refused("Subscript out of range")
            return items[int(key) - 1]
        for item in items:
            if item.Name.lower() == str(key).lower():
                return item
        raise refused("Subscript out of range")

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items())


class Application(Dispatch):
    Hwnd, Version = 99, "16.0"

    def __init__(self, app: model.App) -> None:
        self.app = app

    @property
    def Application(self) -> Application:
        return self

    @property
    def Workbooks(self) -> Workbooks:
        return Workbooks(self.app, lambda: [Workbook(self.app, book) for book in self.app.books])

    @property
    def ActiveWorkbook(self) -> Workbook | None:
        return Workbook(self.app, self.app.books[-1]) if self.app.books else None

    @property
    def ActiveCell(self) -> XRange | None:
        if not self.app.books:
            return None
        book = self.app.books[-1]
        at = self.app.active_cell
        return XRange(self.app, book.sheets[book.active], Area(*at, *at))


def _setting(name: str, member: str) -> None:
    def get(self: Application) -> Any:
        value = self.app.settings[name]
        return _CALCULATION[value] if name == "calculation" else value

    def put(self: Application, value: Any) -> None:
        if name == "calculation":
            value = {number: word for word, number in _CALCULATION.items()}[value]
        self.app.settings[name] = value

    what = f"Application.{member}"
    setattr(Application, member, property(_call(get, "get", what), _call(put, "set", what)))


for _name, _member in (
    ("screen_updating", "ScreenUpdating"), ("display_alerts", "DisplayAlerts"), ("enable_events", "EnableEvents"),
    ("calculation", "Calculation"), ("with_cells", "CopyObjectsWithCells"), ("status_bar", "StatusBar"),
    ("interactive", "Interactive"), ("visible", "Visible"),
):  # fmt: skip
    _setting(_name, _member)


class Workbooks(Collection):
    @property
    def Application(self) -> Application:
        return Application(self.app)

    def Open(self, fullname: str, *_: Any) -> Workbook:
        return Workbook(self.app, self.app.open(fullname))


class Workbook(Dispatch):
    def __init__(self, app: model.App, book: model.Book) -> None:
        self.app, self.book = app, book

    @property
    def Application(self) -> Application:
        return Application(self.app)

    @property
    def Name(self) -> str:
        return self.book.name

    @property
    def FullName(self) -> str:
        return self.book.path

    @property
    def Path(self) -> str:
        return self.book.path[: -len(self.book.name) - 1]

    @property
    def Date1904(self) -> bool:
        return self.book.date1904

    @property
    def ProtectStructure(self) -> bool:
        return self.book.structure

    @property
    def Worksheets(self) -> Worksheets:
        return Worksheets(self.app, self.book)

    @property
    def Sheets(self) -> Collection:
        def all_() -> list[Any]:
            charts = [ChartSheet(self.app, name) for name in self.book.chart_sheets]
            return [*(Worksheet(self.app, sheet) for sheet in self.book.sheets), *charts]

        return Collection(self.app, all_)

    @property
    def ActiveSheet(self) -> Worksheet:
        return Worksheet(self.app, self.book.sheets[self.book.active])

    @property
    def Names(self) -> Names:
        return Names(self.app, self.book)

    def Activate(self) -> None:
        self.app.books.append(self.app.books.pop(self.app.books.index(self.book)))

    def Close(self, SaveChanges: bool) -> None:
        assert SaveChanges is False
        self.app.close(self.book)


class ChartSheet(Dispatch):
    def __init__(self, app: model.App, name: str) -> None:
        self.app, self.name = app, name

    @property
    def Name(self) -> str:
        return self.name


class Worksheets(Collection):
    def __init__(self, app: model.App, book: model.Book) -> None:
        super().__init__(app, lambda: [Worksheet(app, sheet) for sheet in book.sheets])
        self.book = book

    @property
    def Parent(self) -> Workbook:
        return Workbook(self.app, self.book)


class Worksheet(Dispatch):
    def __init__(self, app: model.App, sheet: model.Sheet) -> None:
        self.app, self.sheet = app, sheet

    @property
    def Application(self) -> Application:
        return Application(self.app)

    @property
    def Parent(self) -> Workbook:
        return Workbook(self.app, self.sheet.book)

    @property
    def Name(self) -> str:
        return self.sheet.name

    @Name.setter
    def Name(self, value: str) -> None:
        self.sheet.rename(value)

    @property
    def Index(self) -> int:
        return self.sheet.book.sheets.index(self.sheet) + 1

    @property
    def Visible(self) -> int:
        return self.sheet.visible

    @Visible.setter
    def Visible(self, value: Any) -> None:
        number = {True: -1, False: 0}.get(value, value) if isinstance(value, bool) else int(value)
        if self.sheet.book.structure:
            raise model.Refused("Unable to set the Visible property of the Worksheet class")
        self.sheet.visible = number

    @property
    def ProtectContents(self) -> bool:
        return self.sheet.protected

    @property
    def AutoFilter(self) -> AutoFilter | None:
        return AutoFilter(self.app, self.sheet) if self.sheet.filter else None

    @property
    def AutoFilterMode(self) -> bool:
        return self.sheet.filter is not None

    @AutoFilterMode.setter
    def AutoFilterMode(self, value: bool) -> None:
        assert value is False, "Excel takes no other"
        self.sheet.filter = None

    def Activate(self) -> None:
        if self.sheet.visible != -1:
            raise model.Refused("Activate method of Worksheet class failed")
        self.sheet.book.active = self.sheet.book.sheets.index(self.sheet)

    def Copy(self, Before: Any = None, After: Any = None) -> None:
        assert Before is None
        After.sheet.book.copy_in(self.sheet, After.sheet)

    def Delete(self) -> None:
        assert not self.app.settings["display_alerts"], "Excel would ask"
        self.sheet.book.delete(self.sheet)

    @property
    def Cells(self) -> XRange:
        return XRange(self.app, self.sheet, Area(1, 1, model.ROWS, model.COLUMNS))

    def Range(self, first: Any, last: Any = None) -> XRange:
        if isinstance(first, str):
            return XRange(self.app, self.sheet, model.area_of(first))
        last = last or first
        areas = first.where, last.where
        return XRange(
            self.app, self.sheet,
            Area(min(a[0] for a in areas), min(a[1] for a in areas), max(a[2] for a in areas), max(a[3] for a in areas)),
        )  # fmt: skip

    @property
    def UsedRange(self) -> XRange:
        return XRange(self.app, self.sheet, self.sheet.used)

    @property
    def ListObjects(self) -> Collection:
        return Collection(
            self.app, lambda: [ListObject(self.app, self.sheet, table) for table in self.sheet.tables]
        )

    def ChartObjects(self, *_: Any) -> ChartObjects:
        return ChartObjects(self.app, self.sheet)

    @property
    def PageSetup(self) -> PageSetup:
        return PageSetup(self.app, self.sheet)


class PageSetup(Dispatch):
    def __init__(self, app: model.App, sheet: model.Sheet) -> None:
        self.app, self.sheet = app, sheet

    @property
    def PrintArea(self) -> str:
        return self.sheet.print_area

    @PrintArea.setter
    def PrintArea(self, value: str | None) -> None:
        if value and len(value) > 255:
            raise model.Refused("Unable to set the PrintArea property of the PageSetup class")
        self.sheet.print_area = value or ""

    @property
    def PrintTitleRows(self) -> str:
        return self.sheet.title_rows

    @PrintTitleRows.setter
    def PrintTitleRows(self, value: str) -> None:
        self.sheet.title_rows = value


class AutoFilter(Dispatch):
    def __init__(self, app: model.App, sheet: model.Sheet) -> None:
        self.app, self.sheet = app, sheet

    @property
    def Range(self) -> XRange:
        assert self.sheet.filter is not None
        return XRange(self.app, self.sheet, self.sheet.filter)


class ListObject(Dispatch):
    def __init__(self, app: model.App, sheet: model.Sheet, table: model.Table) -> None:
        self.app, self.sheet, self.table = app, sheet, table

    @property
    def Range(self) -> XRange:
        return XRange(self.app, self.sheet, self.table.area)

    @property
    def ShowHeaders(self) -> bool:
        return self.table.headers

    @property
    def ShowTotals(self) -> bool:
        return self.table.totals

    @property
    def SourceType(self) -> int:
        return self.table.source

    def Resize(self, where: XRange) -> None:
        self.sheet.resize(self.table, where.where)


class ChartObjects(Collection):
    def __init__(self, app: model.App, sheet: model.Sheet) -> None:
        super().__init__(app, lambda: [ChartObject(app, sheet, chart) for chart in sheet.charts])
        self.sheet = sheet

    def Delete(self) -> None:
        self.sheet.charts.clear()


class ChartObject(Dispatch):
    def __init__(self, app: model.App, sheet: model.Sheet, chart: model.Chart) -> None:
        self.app, self.sheet, self.chart = app, sheet, chart

    @property
    def Chart(self) -> ChartObject:
        return self

    def Delete(self) -> None:
        self.sheet.charts = [chart for chart in self.sheet.charts if chart is not self.chart]

    def SeriesCollection(self) -> Collection:
        return Collection(
            self.app, lambda: [Series(self.app, self.chart, n) for n in range(len(self.chart.series))]
        )


class Series(Dispatch):
    def __init__(self, app: model.App, chart: model.Chart, number: int) -> None:
        self.app, self.chart, self.number = app, chart, number

    @property
    def Formula(self) -> str:
        return self.chart.series[self.number]

    @Formula.setter
    def Formula(self, value: str) -> None:
        self.chart.series[self.number] = value


class Names(Collection):
    def __init__(self, app: model.App, book: model.Book) -> None:
        super().__init__(app, lambda: [ComName(app, book, name) for name in book.names.values()])
        self.book = book

    def Add(self, Name: str, RefersTo: str, Visible: bool = True) -> ComName:
        return ComName(self.app, self.book, self.book.define(Name, RefersTo, visible=Visible))


class ComName(Dispatch):
    def __init__(self, app: model.App, book: model.Book, name: model.Name) -> None:
        self.app, self.book, self.name = app, book, name

    @property
    def Name(self) -> str:
        return self.name.name

    @property
    def RefersTo(self) -> str:
        return self.name.refers_to

    @RefersTo.setter
    def RefersTo(self, value: str) -> None:
        self.book.define(self.name.name, value, visible=self.name.visible)

    def Delete(self) -> None:
        del self.book.names[self.name.name.casefold()]


class XRange(Dispatch):
    HasArray = False

    def __init__(self, app: model.App, sheet: model.Sheet, where: Area) -> None:
        self.app, self.sheet, self.where = app, sheet, where

    def __call__(self, row: int, column: int | None = None) -> XRange:
        if column is None:
            row, column = divmod(row - 1, self.where[3] - self.where[1] + 1)
            row, column = row + 1, column + 1
        at = self.where[0] + row - 1, self.where[1] + column - 1
        return XRange(self.app, self.sheet, Area(*at, *at))

    @property
    def Application(self) -> Application:
        return Application(self.app)

    @property
    def Worksheet(self) -> Worksheet:
        return Worksheet(self.app, self.sheet)

    def AutoFilter(self, Field: int) -> None:
        assert Field == 1, "without a criterion: the buttons, and everything shown"
        if self.sheet.protected:
            raise model.Refused("AutoFilter method of Range class failed")
        self.sheet.filter = self.where

    @property
    def Row(self) -> int:
        return self.where.first_row

    @property
    def Column(self) -> int:
        return self.where.first_column

    @property
    def Count(self) -> int:
        return self.height * self.width

    @property
    def Rows(self) -> XLines:
        return XLines(self.app, self, self.height)

    @property
    def Columns(self) -> XLines:
        return XLines(self.app, self, self.width)

    @property
    def EntireRow(self) -> XLines:
        return XLines(self.app, self, self.height)

    @property
    def Address(self) -> str:
        return spelt(self.where)

    # ------------------------------------------------- what stands there

    @property
    def height(self) -> int:
        return self.where.last_row - self.where.first_row + 1

    @property
    def width(self) -> int:
        return self.where.last_column - self.where.first_column + 1

    def each(self, function: Callable[[model.Position], Any]) -> Any:
        """Tuples of rows, a bare value for one cell."""
        rows = tuple(
            tuple(function((r, c)) for c in range(self.where[1], self.where[3] + 1))
            for r in range(self.where[0], self.where[2] + 1)
        )
        return rows[0][0] if self.cell_count == 1 else rows

    @property
    def cell_count(self) -> int:
        return self.height * self.width

    def enter(self, value: Any) -> None:
        if not isinstance(value, list | tuple):
            value = [[value] * self.width] * self.height
        assert len(value) == self.height, "Excel would write #N/A"
        for r, row in enumerate(value):
            for c, one in enumerate(row):
                self.sheet.enter((self.where[0] + r, self.where[1] + c), one, in_array=self.cell_count > 1)

    @property
    def Value2(self) -> Any:
        return self.each(lambda at: com_value(self.sheet.value(at)))

    @property
    def Value(self) -> Any:
        return self.each(self.typed)

    @Value.setter
    def Value(self, value: Any) -> None:
        self.enter(value)

    def typed(self, at: model.Position) -> Any:
        """With days and money as COM has them."""
        value = self.sheet.value(at)
        if type(value) is float and self.sheet.is_day(at) and value >= 0:
            moment = _EPOCH + timedelta(days=value + (1462 if self.sheet.book.date1904 else 0))
            second = moment.replace(microsecond=0)
            return Time(*second.timetuple()[:6], tzinfo=UTC)
        if type(value) is float and any(sign in self.sheet.number_format(at) for sign in "$₽"):
            return Decimal(repr(value)).quantize(Decimal("0.0001"))
        return com_value(value)

    @property
    def Formula(self) -> Any:
        return self.each(self.sheet.formula)

    @Formula.setter
    def Formula(self, value: Any) -> None:
        if isinstance(value, str) and len(value) > model.FORMULA:
            raise model.Refused("Application-defined or object-defined error")
        self.enter(value)

    @property
    def FormulaLocal(self) -> Any:
        return model.to_local(self.sheet.formula(self.where[:2]), self.app.language)

    @property
    def NumberFormat(self) -> str | None:
        return number_format(self.sheet, self.where)

    @property
    def MergeCells(self) -> bool | None:
        return merged(self.sheet, self.where)

    @property
    def MergeArea(self) -> XRange:
        at = self.where[:2]
        whole = next((m for m in self.sheet.merges if m[0] <= at[0] <= m[2] and m[1] <= at[1] <= m[3]), None)
        return XRange(self.app, self.sheet, whole or Area(*at, *at))

    @property
    def ColumnWidth(self) -> float:
        return self.sheet.widths.get(self.where.first_column, 8.43)

    @ColumnWidth.setter
    def ColumnWidth(self, value: float) -> None:
        self.sheet.widths[self.where.first_column] = value

    @property
    def FormatConditions(self) -> FormatConditions:
        return FormatConditions(self.app, self.sheet, self.where)

    @property
    def Validation(self) -> Validation:
        return Validation(self.app)

    def Clear(self) -> None:
        assert self.where == Area(1, 1, model.ROWS, model.COLUMNS)
        self.sheet.clear()

    def ClearOutline(self) -> None:
        self.sheet.levels.clear()

    def Copy(self, Destination: XRange) -> None:
        assert self.where == Destination.where == Area(1, 1, model.ROWS, model.COLUMNS)
        charts = list(Destination.sheet.charts)
        Destination.sheet.take_cells(self.sheet)
        if not self.app.settings["with_cells"]:
            Destination.sheet.charts = charts


class Validation(Dispatch):
    def __init__(self, app: model.App) -> None:
        self.app = app

    def Delete(self) -> None:
        """There are no dropdowns in the model."""


class XLines(Dispatch):
    """The rows or columns of a range."""

    def __init__(self, app: model.App, of: XRange, count: int) -> None:
        self.app, self.of, self.count = app, of, count

    @property
    def Count(self) -> int:
        return self.count

    @property
    def Hidden(self) -> bool | None:
        return rows_hidden(self.of.sheet, self.of.where)

    @Hidden.setter
    def Hidden(self, value: bool) -> None:
        hide_rows(self.of.sheet, self.of.where, hidden=value)

    def Group(self) -> None:
        for row in range(self.of.where[0], self.of.where[2] + 1):
            self.of.sheet.levels[row] = self.of.sheet.levels.get(row, 0) + 1


class FormatConditions(Collection):
    def __init__(self, app: model.App, sheet: model.Sheet, where: Area) -> None:
        super().__init__(app, lambda: [FormatCondition(app, sheet, rule) for rule in sheet.rules])
        self.sheet, self.where = sheet, where

    def Add(self, Type: int, Formula1: str) -> FormatCondition:
        assert Type == 2
        if self.sheet.protected:
            raise model.Refused("The cell or chart you're trying to change is on a protected sheet.")
        english = model.from_local(Formula1, self.app.language)
        own = model.shifted(english, self.app.active_cell, self.where[:2])
        self.sheet.rules.append(model.Rule([self.where], own))
        return FormatCondition(self.app, self.sheet, self.sheet.rules[-1])


class FormatCondition(Dispatch):
    Type = 2

    def __init__(self, app: model.App, sheet: model.Sheet, rule: model.Rule) -> None:
        self.app, self.sheet, self.rule = app, sheet, rule

    @property
    def Formula1(self) -> str:
        formula = model.shifted(self.rule.formula, self.rule.areas[0][:2], self.app.active_cell)
        return model.to_local(formula, self.app.language)

    @property
    def AppliesTo(self) -> Union:
        return Union(self.app, [XRange(self.app, self.sheet, area) for area in self.rule.areas])

    @property
    def Interior(self) -> Paint:
        return Paint(self.app, self.rule, "fill")

    @property
    def Font(self) -> Paint:
        return Paint(self.app, self.rule, "color")

    @property
    def StopIfTrue(self) -> bool:
        return self.rule.stop

    @StopIfTrue.setter
    def StopIfTrue(self, value: bool) -> None:
        self.rule.stop = value

    def Delete(self) -> None:
        self.sheet.rules = [rule for rule in self.sheet.rules if rule is not self.rule]


def spelt(where: Area) -> str:
    """An area as Excel spells it: whole columns and rows without their ends."""
    first, last = letters(where.first_column), letters(where.last_column)
    if (where.first_row, where.last_row) == (1, model.ROWS):
        return f"${first}:${last}"
    if (where.first_column, where.last_column) == (1, model.COLUMNS):
        return f"${where.first_row}:${where.last_row}"
    corners = f"${first}${where.first_row}", f"${last}${where.last_row}"
    return corners[0] if corners[0] == corners[1] else ":".join(corners)


class Union(Dispatch):
    def __init__(self, app: model.App, ranges: list[XRange]) -> None:
        self.app, self.ranges = app, ranges

    @property
    def Address(self) -> str:
        return ",".join(spelt(each.where) for each in self.ranges)


class Paint(Dispatch):
    def __init__(self, app: model.App, rule: model.Rule, name: str) -> None:
        self.app, self.rule, self.name = app, rule, name

    @property
    def Color(self) -> float:
        return float(getattr(self.rule, self.name))

    @Color.setter
    def Color(self, value: int) -> None:
        setattr(self.rule, self.name, value)


def com_value(value: Any) -> Any:
    """A value as COM gives it: errors are whole numbers, numbers never are."""
    return model.ERRORS[value.code] if isinstance(value, Fault) else value


def number_format(sheet: model.Sheet, where: Area) -> str | None:
    """Range.NumberFormat: None where cells differ."""
    found = {
        sheet.number_format((r, c))
        for r in range(where[0], where[2] + 1)
        for c in range(where[1], where[3] + 1)
    }
    return found.pop() if len(found) == 1 else None


def merged(sheet: model.Sheet, where: Area) -> bool | None:
    """Range.MergeCells: None where some are and some are not."""
    cells = (where[2] - where[0] + 1) * (where[3] - where[1] + 1)
    inside = sum(
        max(0, min(m[2], where[2]) - max(m[0], where[0]) + 1)
        * max(0, min(m[3], where[3]) - max(m[1], where[1]) + 1)
        for m in sheet.merges
    )
    return inside == cells if inside in (0, cells) else None


def rows_hidden(sheet: model.Sheet, where: Area) -> bool | None:
    """EntireRow.Hidden: None where some are and some are not."""
    hidden = sum(where[0] <= row <= where[2] for row in sheet.hidden_rows)
    return bool(hidden) if hidden in (0, where[2] - where[0] + 1) else None


def hide_rows(sheet: model.Sheet, where: Area, *, hidden: bool) -> None:
    """EntireRow.Hidden = ..."""
    if sheet.protected:
        raise model.Refused("Unable to set the Hidden property of the Range class")
    if hidden:
        sheet.hidden_rows |= set(range(where[0], where[2] + 1))
    else:
        sheet.hidden_rows = {row for row in sheet.hidden_rows if not where[0] <= row <= where[2]}


# ------------------------------------------------------------------- xlwings on it

_current: list[model.App] = []
_HWND = 99


def xlwings_on(app: model.App) -> Any:
    """Xlwings with its Windows engine working on `app`."""
    windows = _windows()
    windows.N_COM_ATTEMPTS = 0  # as xlwings has it
    _current[:] = [app]
    if "excel" not in [engine.name for engine in xlwings.engines]:
        xlwings.engines.add(xlwings.main.Engine(impl=windows.engine))
    xlwings.engines["excel"].activate()
    return xlwings


def book_of(app: model.App, book: model.Book) -> Any:
    """The workbook, as xlwings finds it."""
    return xlwings_on(app).apps[4711].books[book.name]


def _windows() -> Any:
    """xlwings._xlwindows, imported once in a process, as on Windows; the stubs are gone afterwards."""
    name = "xlwings._xlwindows"
    if name not in sys.modules:
        with pytest.MonkeyPatch.context() as patch:
            for stub in _stubs():
                patch.setitem(sys.modules, stub.__name__, stub)
            for library in ("PyDLL", "windll", "oledll"):
                patch.setattr(ctypes, library, MagicMock(), raising=False)
            found: Any = importlib.import_module(name)
        atexit.unregister(found.cleanup)  # it would look for programs of Windows
        found.get_excel_hwnds = lambda: [_HWND] if _current and _current[0].books else []
        found.get_xl_app_from_hwnd = lambda _: found.COMRetryObjectWrapper(Application(_current[0]))
        xlwings._xlwindows = found  # type: ignore[attr-defined]
    return sys.modules[name]


def _stubs() -> Iterator[types.ModuleType]:
    """What of pywin32 is imported."""

    def module(name: str, **members: Any) -> types.ModuleType:
        made = types.ModuleType(name)
        made.__dict__.update(members)
        return made

    class CoClassBaseClass:
        """A base class of pywin32's."""

    def box(_: int, text: str, title: str, __: int) -> int:
        _current[0].alerts.append((title, text))
        return 1

    yield module("pywintypes", com_error=com_error, TimeType=Time, error=com_error)
    yield module("win32api", MessageBox=box)
    yield module(
        "win32con",
        MB_OK=0,
        MB_OKCANCEL=1,
        MB_YESNO=4,
        MB_YESNOCANCEL=3,
        MB_ICONINFORMATION=64,
        MB_ICONWARNING=48,
    )
    yield module("pythoncom", CoInitialize=lambda: None, ole_error=com_error, __file__="x")
    client = module(
        "win32com.client", CDispatch=Dispatch, CoClassBaseClass=CoClassBaseClass, DispatchBaseClass=CoClassBaseClass,
        Dispatch=lambda found: found, DispatchEx=lambda _: Application(_current[0]),
    )  # fmt: skip
    yield module("win32com", client=client)
    yield client
    yield module("win32timezone", TimeZoneInfo=types.SimpleNamespace(utc=lambda: UTC))
    yield module("win32gui")
    yield module("win32process", GetWindowThreadProcessId=lambda _: (0, 4711))
