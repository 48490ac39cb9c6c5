"""The model as an engine of xlwings' own (`xw.engines.add`), with no COM: what all platforms share, as on macOS.

Errors are Apple's: a number, and words. Only xlwings' base classes are used, nothing of its commercial parts.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import xlwings
from xlwings import base_classes

from sheets_crm.sheet import Area, letters
from tests.excel import model
from tests.excel.fake_com import hide_rows, merged, number_format, rows_hidden
from tests.google.formulas import Fault

TIMED_OUT = -1712
_PARAMETER = -50
_EPOCH = datetime(1899, 12, 30)


class CommandError(Exception):
    """appscript.reference.CommandError: what an Apple event came back with."""

    def __init__(self, number: int, text: str) -> None:
        super().__init__(text)
        self.errornumber = number


def busy(_: int = 0) -> CommandError:
    """What comes back while Excel does not answer."""
    return CommandError(TIMED_OUT, "Apple event timed out.")


class Engine:
    """What xlwings asks of an engine."""

    name, type = "memory", "desktop"

    def __init__(self) -> None:
        self.app: model.App = model.App()

    @property
    def apps(self) -> Apps:
        return Apps(self.app)

    @staticmethod
    def prepare_xl_data_element(value: Any, _: Any) -> Any:
        return "" if value is None else value

    @staticmethod
    def clean_value_data(data: Any, _: Any, empty: Any, numbers: Any, err_to_str: bool) -> list[list[Any]]:
        assert err_to_str, "errors would be blank"

        def one(value: Any) -> Any:
            if value in ("", None) and not isinstance(value, bool | float):
                return empty
            if isinstance(value, Fault):
                return value.code
            return numbers(value) if numbers and type(value) is float else value

        return [[one(value) for value in row] for row in data]


ENGINE = Engine()


class Of(base_classes.Collection):
    """Items by number from 1, or by name."""

    def __init__(self, app: Any) -> None:
        self.app = app

    @property
    def api(self) -> Any:
        return self

    def items(self) -> list[Any]:
        raise NotImplementedError

    def __call__(self, key: Any) -> Any:
        if isinstance(key, int):
            return self.items()[key - 1]
        for item in self.items():
            if item.name.casefold() == str(key).casefold():
                return item
        raise KeyError(key)

    def __len__(self) -> int:
        return len(self.items())

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items())

    def __contains__(self, key: Any) -> bool:
        return any(item.name.casefold() == str(key).casefold() for item in self.items())


class Apps(base_classes.Apps):
    def __init__(self, app: model.App) -> None:
        self.app = app

    def keys(self) -> list[int]:
        return [4711] if self.app.books else []

    def __iter__(self) -> Iterator[App]:
        return iter([App(self.app)] if self.app.books else [])

    def __len__(self) -> int:
        return len(self.keys())

    def __getitem__(self, _: int) -> App:
        return App(self.app)


def _setting(name: str) -> Any:
    def get(self: App) -> Any:
        self.app.call("get", name)
        return self.app.settings[name]

    def put(self: App, value: Any) -> None:
        self.app.call("set", name)
        self.app.settings[name] = value

    return property(get, put)


class App(base_classes.App):
    pid, hwnd, version, path = 4711, None, "16.0", ""

    def __init__(self, app: model.App) -> None:
        self.app = app

    @property
    def engine(self) -> Engine:
        return ENGINE

    @property
    def api(self) -> Any:
        return self

    screen_updating = _setting("screen_updating")
    display_alerts = _setting("display_alerts")
    enable_events = _setting("enable_events")
    calculation = _setting("calculation")

    @property
    def books(self) -> Books:
        return Books(self.app)

    @property
    def selection(self) -> Range | None:
        book = self.app.book
        at = self.app.active_cell
        return Range(self.app, book.sheets[book.active], Area(*at, *at)) if book else None

    def activate(self, steal_focus: bool = False) -> None:
        """Comes to the front."""

    def alert(self, prompt: str, title: str, *_: Any) -> str:
        self.app.alerts.append((title, prompt))
        return "ok"


class Books(Of):
    def __init__(self, app: model.App) -> None:
        super().__init__(App(app))
        self._app = app

    def items(self) -> list[Book]:
        return [Book(self._app, book) for book in self._app.books]

    @property
    def active(self) -> Book:
        return Book(self._app, self._app.books[-1])

    def open(self, fullname: str, *_: Any) -> Book:
        self._app.call("set", "open")
        return Book(self._app, self._app.open(fullname))


class Book(base_classes.Book):
    def __init__(self, app: model.App, book: model.Book) -> None:
        self._app, self.book = app, book

    @property
    def app(self) -> App:
        return App(self._app)

    @property
    def api(self) -> Any:
        return self

    @property
    def name(self) -> str:
        return self.book.name

    @property
    def fullname(self) -> str:
        raise AssertionError("the path of a workbook is not asked for")

    @property
    def sheets(self) -> Sheets:
        return Sheets(self._app, self.book)

    @property
    def names(self) -> Names:
        return Names(self._app, self.book)

    def close(self) -> None:
        self._app.call("set", "close")
        self._app.close(self.book)

    def activate(self) -> None:
        self._app.books.append(self._app.books.pop(self._app.books.index(self.book)))


class Sheets(Of):
    def __init__(self, app: model.App, book: model.Book) -> None:
        super().__init__(app)
        self.book = book

    def items(self) -> list[Sheet]:
        return [Sheet(self.app, sheet) for sheet in self.book.sheets]

    @property
    def active(self) -> Sheet:
        return Sheet(self.app, self.book.sheets[self.book.active])


class Names(Of):
    def __init__(self, app: model.App, book: model.Book) -> None:
        super().__init__(app)
        self.book = book

    def items(self) -> list[Name]:
        return [Name(self.app, self.book, name) for name in self.book.names.values()]

    def snapshot(self) -> list[tuple[str, Name]]:
        return [(name.name, name) for name in self.items()]

    def contains(self, name: str) -> bool:
        return name.casefold() in self.book.names

    def add(self, name: str, refers_to: str) -> Name:
        self.app.call("set", "name")
        return Name(self.app, self.book, _tried(self.book.define, name, refers_to))


class Name(base_classes.Name):
    def __init__(self, app: model.App, book: model.Book, name: model.Name) -> None:
        self.app, self.book, self._name = app, book, name

    @property  # type: ignore[misc]
    def name(self) -> str:
        return self._name.name

    @property
    def refers_to(self) -> str:
        self.app.call("get", "refers_to")
        return self._name.refers_to

    @refers_to.setter
    def refers_to(self, value: str) -> None:
        self.app.call("set", "refers_to")
        _tried(self.book.define, self._name.name, value, visible=self._name.visible)

    def delete(self) -> None:
        self.app.call("set", "delete name")
        del self.book.names[self._name.name.casefold()]


class Sheet(base_classes.Sheet):
    def __init__(self, app: model.App, sheet: model.Sheet) -> None:
        self.app, self.sheet = app, sheet

    @property
    def api(self) -> Any:
        return self

    @property  # type: ignore[misc]
    def name(self) -> str:
        self.app.call("get", "sheet name")
        return self.sheet.name

    @property
    def book(self) -> Book:
        return Book(self.app, self.sheet.book)

    @property
    def visible(self) -> bool:
        return self.sheet.visible == -1

    @visible.setter
    def visible(self, value: bool) -> None:
        self.app.call("set", "visible")
        self.sheet.visible = -1 if value else 0

    def range(self, first: Any, last: Any = None) -> Range:
        start, end = (each.where if isinstance(each, Range) else each for each in (first, last or first))
        return Range(self.app, self.sheet, Area(*start[:2], *end[-2:]))

    @property
    def cells(self) -> Range:
        return Range(self.app, self.sheet, Area(1, 1, model.ROWS, model.COLUMNS))

    @property
    def used_range(self) -> Range:
        self.app.call("get", "used range")
        return Range(self.app, self.sheet, self.sheet.used)

    @property
    def charts(self) -> Charts:
        return Charts(self.app, self.sheet)

    @property
    def tables(self) -> Tables:
        return Tables(self.app, self.sheet)

    @property
    def page_setup(self) -> PageSetup:
        return PageSetup(self.app, self.sheet)

    def activate(self) -> None:
        self.app.call("set", "activate")
        if self.sheet.visible != -1:
            raise CommandError(_PARAMETER, "Parameter error.")
        self.sheet.book.active = self.sheet.book.sheets.index(self.sheet)

    def clear(self) -> None:
        self.app.call("set", "clear")
        _tried(self.sheet.clear)

    def copy(self, before: Any, after: Sheet) -> None:
        self.app.call("set", "copy sheet")
        assert before is None
        _tried(after.sheet.book.copy_in, self.sheet, after.sheet)

    def delete(self) -> None:
        self.app.call("set", "delete sheet")
        _tried(self.sheet.book.delete, self.sheet)


class PageSetup(base_classes.PageSetup):
    def __init__(self, app: model.App, sheet: model.Sheet) -> None:
        self.app, self.sheet = app, sheet

    @property
    def print_area(self) -> str | None:
        return self.sheet.print_area or None

    @print_area.setter
    def print_area(self, value: str | None) -> None:
        self.app.call("set", "print area")
        self.sheet.print_area = value or ""


class Charts(Of):
    def __init__(self, app: model.App, sheet: model.Sheet) -> None:
        super().__init__(app)
        self.sheet = sheet

    def items(self) -> list[Chart]:
        return [Chart(self.app, self.sheet, chart) for chart in self.sheet.charts]


class Chart(base_classes.Chart):
    def __init__(self, app: model.App, sheet: model.Sheet, chart: model.Chart) -> None:
        self.app, self.sheet, self.chart = app, sheet, chart

    def delete(self) -> None:
        self.app.call("set", "delete chart")
        self.sheet.charts = [chart for chart in self.sheet.charts if chart is not self.chart]


class Tables(Of):
    def __init__(self, app: model.App, sheet: model.Sheet) -> None:
        super().__init__(app)
        self.sheet = sheet

    def items(self) -> list[Table]:
        return [Table(self.app, self.sheet, table) for table in self.sheet.tables]


class Table(base_classes.Table):
    def __init__(self, app: model.App, sheet: model.Sheet, table: model.Table) -> None:
        self.app, self.sheet, self.table = app, sheet, table

    @property
    def range(self) -> Range:
        return Range(self.app, self.sheet, self.table.area)

    @property  # type: ignore[misc]
    def show_headers(self) -> bool:
        return self.table.headers

    @property  # type: ignore[misc]
    def show_totals(self) -> bool:
        return self.table.totals

    def resize(self, where: Any) -> None:
        self.app.call("set", "resize")
        _tried(self.sheet.resize, self.table, where.impl.where)


class Range(base_classes.Range):
    options: dict[str, Any]

    def __init__(self, app: model.App, sheet: model.Sheet, where: Area) -> None:
        self.app, self._sheet, self.where = app, sheet, where

    @property
    def api(self) -> Any:
        return self

    @property
    def sheet(self) -> Sheet:
        return Sheet(self.app, self._sheet)

    @property
    def row(self) -> int:
        return self.where.first_row

    @property
    def column(self) -> int:
        return self.where.first_column

    @property
    def shape(self) -> tuple[int, int]:
        a, b, c, d = self.where
        return c - a + 1, d - b + 1

    def __len__(self) -> int:
        return self.shape[0] * self.shape[1]

    def __call__(self, row: int, column: int | None = None) -> Range:
        if column is None:
            row, column = divmod(row - 1, self.shape[1])
            row, column = row + 1, column + 1
        at = self.row + row - 1, self.column + column - 1
        return Range(self.app, self._sheet, Area(*at, *at))

    @property
    def address(self) -> str:
        a, b, c, d = self.where
        first, last = f"${letters(b)}${a}", f"${letters(d)}${c}"
        return first if first == last else f"{first}:{last}"

    def _each(self, function: Any) -> Any:
        rows = [
            [function((r, c)) for c in range(self.where[1], self.where[3] + 1)]
            for r in range(self.where[0], self.where[2] + 1)
        ]
        return rows[0][0] if len(self) == 1 else rows

    def _value(self, at: model.Position) -> Any:
        value = self._sheet.value(at)
        if type(value) is float and value >= 0 and self._sheet.is_day(at):
            return _EPOCH + timedelta(days=value + (1462 if self._sheet.book.date1904 else 0))
        return value

    @property
    def raw_value(self) -> Any:
        self.app.call("get", "value")
        return self._each(self._value)

    @raw_value.setter
    def raw_value(self, value: Any) -> None:
        self.app.call("set", "value")
        _tried(self._sheet.enter, self.where[:2], value)

    @property
    def formula(self) -> Any:
        self.app.call("get", "formula")
        return self._each(self._sheet.formula)

    @formula.setter
    def formula(self, rows: Any) -> None:
        self.app.call("set", "formula")
        if not isinstance(rows, list):
            rows = [[rows]]
        for r, row in enumerate(rows):
            for c, value in enumerate(row):
                at = self.row + r, self.column + c
                _tried(self._sheet.enter, at, value, in_array=len(self) > 1)

    @property  # type: ignore[misc]
    def number_format(self) -> str | None:
        self.app.call("get", "number format")
        return number_format(self._sheet, self.where)

    @property
    def row_hidden(self) -> bool | None:
        self.app.call("get", "hidden")
        return rows_hidden(self._sheet, self.where)

    @row_hidden.setter
    def row_hidden(self, value: bool) -> None:
        self.app.call("set", "hidden")
        _tried(hide_rows, self._sheet, self.where, hidden=value)

    @property
    def rows(self) -> Range:
        return self

    @property
    def merge_cells(self) -> bool | None:
        self.app.call("get", "merge cells")
        return merged(self._sheet, self.where)

    @property
    def merge_area(self) -> Range:
        at = self.where[:2]
        whole = next((m for m in self._sheet.merges if m[0] <= at[0] <= m[2] and m[1] <= at[1] <= m[3]), None)
        return Range(self.app, self._sheet, whole or Area(*at, *at))

    @property
    def column_width(self) -> float:
        return self._sheet.widths.get(self.column, 8.43)

    @column_width.setter
    def column_width(self, value: float) -> None:
        self.app.call("set", "width")
        self._sheet.widths[self.column] = value

    def copy(self, destination: Any = None) -> None:
        self.app.call("set", "copy cells")
        assert self.where == Area(1, 1, model.ROWS, model.COLUMNS)
        _tried(destination.impl._sheet.take_cells, self._sheet)

    @property
    def conditional_formats(self) -> Formats:
        return Formats(self.app, self._sheet, self.where)


class Formats(Of, base_classes.ConditionalFormats):
    def __init__(self, app: model.App, sheet: model.Sheet, where: Area) -> None:
        super().__init__(app)
        self.sheet, self.where = sheet, where

    def items(self) -> list[Format]:
        return [Format(self.app, self.sheet, rule) for rule in self.sheet.rules]

    def add_custom(self, spec: dict[str, Any]) -> Format:
        self.app.call("set", "add format")
        if self.sheet.protected:
            raise CommandError(_PARAMETER, "Parameter error.")
        own = model.shifted(spec["formula"], self.app.active_cell, self.where[:2])
        made = model.Rule(
            [self.where], own, _number(spec["fill_color"]), _number(spec["font_color"]), spec["stop_if_true"]
        )
        self.sheet.rules.insert(0, made)  # xlwings puts it first
        return Format(self.app, self.sheet, made)


class Format(base_classes.ConditionalFormat):
    type = "custom"

    def __init__(self, app: model.App, sheet: model.Sheet, rule: model.Rule) -> None:
        self.app, self.sheet, self.rule = app, sheet, rule

    @property
    def formula(self) -> str:
        return model.shifted(self.rule.formula, self.rule.areas[0][:2], self.app.active_cell)

    @property
    def fill_color(self) -> tuple[int, int, int]:
        return _rgb(self.rule.fill)

    @property
    def font_color(self) -> tuple[int, int, int]:
        return _rgb(self.rule.color)

    def delete(self) -> None:
        self.app.call("set", "delete format")
        self.sheet.rules = [rule for rule in self.sheet.rules if rule is not self.rule]


def _number(rgb: tuple[int, int, int]) -> int:
    return rgb[0] + 256 * rgb[1] + 65536 * rgb[2]


def _rgb(number: int) -> tuple[int, int, int]:
    return number % 256, number // 256 % 256, number // 65536


def _tried(function: Any, *args: Any, **kwargs: Any) -> Any:
    try:
        return function(*args, **kwargs)
    except model.Refused as problem:
        raise CommandError(_PARAMETER, str(problem)) from problem


def xlwings_on(app: model.App) -> Any:
    """Xlwings with this engine working on `app`."""
    if ENGINE.name not in [engine.name for engine in xlwings.engines]:
        xlwings.engines.add(xlwings.main.Engine(impl=ENGINE))
    ENGINE.app = app
    xlwings.engines[ENGINE.name].activate()
    return xlwings


def book_of(app: model.App, book: model.Book) -> Any:
    """The workbook, as xlwings finds it."""
    return xlwings_on(app).books[book.name]
