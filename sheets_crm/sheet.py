"""Grids, pages and changes as values: what a host reads, and what it is asked to write. No host is named here.

Rows and columns are counted from 1, as people see them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias

from sheets_crm.text import Text

Value: TypeAlias = str | float | int | bool | Decimal | date | datetime | time | timedelta | None
Position: TypeAlias = tuple[int, int]
"""(row, column) of a cell, both from 1."""

LOG_KEY = "log"
"""The key under which a host keeps the hidden log sheet (defined name `_scrm_log`)."""


CELL_TEXT = 32_767
"""What a cell of Excel can hold, in UTF-16 units."""
_EPOCH = datetime(1899, 12, 30)
_DAY = timedelta(days=1)


def serial(value: date | datetime | time | timedelta) -> float:
    """Days since 30 December 1899, as Excel and Google count from 1 March 1900 on."""
    if isinstance(value, timedelta):
        return value / _DAY
    if isinstance(value, time):
        return (datetime.combine(_EPOCH, value) - _EPOCH) / _DAY
    moment = value if isinstance(value, datetime) else datetime.combine(value, time())
    return (moment - _EPOCH) / _DAY


def stored(value: Value, text: Callable[[str], str]) -> str | float | bool:
    """A value as a file's cell stores it, texts by `text`: a text, a number or a truth; nothing is an empty text."""
    match value:
        case None:
            return ""
        case bool():
            return value
        case str():
            return text(value)
        case int() | float() | Decimal():
            return float(value)
        case _ if isinstance(value, date) and value.year < 1900:  # a sheet has no earlier day
            return value.isoformat()
        case _:
            return serial(value)


class Area(NamedTuple):
    """A rectangle of cells, ends included."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int

    @property
    def reference(self) -> str:
        """The rectangle as Excel writes it: `B1:C3`."""
        return f"{letters(self.first_column)}{self.first_row}:{letters(self.last_column)}{self.last_row}"


_LOOKS_LIKE_A_CELL = re.compile(r"(?:[A-Z]{1,3}\d+|R\d*(?:C\d*)?|C\d*)\Z", re.IGNORECASE)


def letters(column: int) -> str:
    """The name of a column: 1 is A, 28 is AB."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def quoted(sheet: str) -> str:
    """A sheet's name as Excel writes it in a reference: `Deals`, `Сделки`, `'План продаж'`, `'It''s'`."""
    plain = sheet.replace("_", "a").isalnum() and not sheet[0].isdigit()
    return sheet if plain and not _LOOKS_LIKE_A_CELL.match(sheet) else "'" + sheet.replace("'", "''") + "'"


def address(sheet: str, row: int, column: int) -> str:
    """A cell as Excel writes it: `Deals!H23`, `'План продаж'!H23`."""
    return f"{quoted(sheet)}!{letters(column)}{row}"


# ---------------------------------------------------------------- what is read


class Doubt(NamedTuple):
    """A cell whose value the workbook itself does not give: the host could not read what a person sees there."""

    kind: Literal["error", "formula", "broken", "number", "format"]
    """`error`: the cell shows an error such as #REF!; `formula`: a formula without a stored result; `broken`: a
    formula whose own text is lost; `number`: no number as Excel writes one; `format`: a number whose format is lost.
    Only broken formulas and lost formats have a value in the grid."""
    raw: str
    """What the cell holds: the error's code, the formula's text, the stored value."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of one sheet from A1 on; blank is None or an empty string. Rows may differ in length."""

    name: str
    rows: Sequence[Sequence[Value]]
    doubts: Mapping[Position, Doubt] = field(default_factory=dict)
    hidden_rows: frozenset[int] = frozenset()
    tables: tuple[Area, ...] = ()
    """Excel's own tables (ListObjects) on the sheet, header row included."""
    may_grow: frozenset[Area] = frozenset()
    """Those of `tables` that take in rows and columns typed beside them: with a header, without a row of totals."""
    merged: tuple[Area, ...] = ()
    """Merged cells: only the first of each area is seen."""
    filter: Area | None = None
    """What a filter of the sheet's own, not of a table's, reaches over: sorting by it moves these columns alone."""
    ours: int | None = None
    """The column that the host itself knows to be ours, whatever was typed into it; mostly its words tell."""

    def value(self, row: int, column: int) -> Value:
        """The value of a cell; None outside the grid."""
        if 0 < row <= len(self.rows) and 0 < column <= len(self.rows[row - 1]):
            return self.rows[row - 1][column - 1]
        return None


class SheetInfo(NamedTuple):
    """A sheet as it stands in the workbook, read or not."""

    name: str
    hidden: bool = False
    report: str | None = None
    """The key of our report (or the log) that it holds, known by our defined name `_scrm_<key>`."""


Select: TypeAlias = Callable[[Sequence[SheetInfo]], Collection[str]]
"""Chooses, from all sheets, the names of those whose cells are needed."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A workbook as it was at one moment."""

    sheets: tuple[SheetInfo, ...]
    grids: Mapping[str, Grid]
    """The chosen sheets, by name."""
    version: str
    """Changes whenever the stored workbook does; `apply` refuses when it is no longer current."""
    time_zone: str | None = None
    """The workbook's own time zone, where the host has one."""
    notes: tuple[Text, ...] = ()
    """What a person has to know about the workbook and has no cell to stand on."""

    def report_sheet(self, key: str) -> str | None:
        """The name of the sheet that holds our report `key`, if there is one."""
        return next((s.name for s in self.sheets if s.report == key), None)


# ------------------------------------------------------------- what is written


@dataclass(frozen=True, slots=True)
class Style:
    """How a cell looks. Two equal styles are one style in the file."""

    bold: bool = False
    italic: bool = False
    underline: bool = False
    size: float | None = None
    color: str | None = None
    """Font colour, `#RRGGBB`."""
    fill: str | None = None
    """Background, `#RRGGBB`."""
    border: str | None = None
    """Colour of a thin line on all four sides."""
    top: str | None = None
    bottom: str | None = None
    align: Literal["left", "center", "right"] | None = None
    valign: Literal["top", "center", "bottom"] | None = None
    wrap: bool = False
    indent: int = 0
    format: str | None = None
    """Number format code as in the file format (English, invariant)."""


class Formula(NamedTuple):
    """A formula of ours, never built from a user's text, with the result that it has now."""

    text: str
    """With the leading `=`, English names, `,` between arguments."""
    value: Value = None


class Link(NamedTuple):
    """A link to the row that bears `key` in a column of a sheet, wherever a later sort has put it."""

    text: str
    sheet: str
    key_column: int
    key: str
    target_column: int = 1


class SheetLink(NamedTuple):
    """A link to the first cell of a sheet."""

    text: str
    sheet: str


Content: TypeAlias = Value | Formula | Link | SheetLink


class Cell(NamedTuple):
    """What stands in a cell and how it looks."""

    content: Content
    style: Style | None = None


class ColumnFormat(NamedTuple):
    """Width (in characters), outline level and default look of a run of columns."""

    first: int
    last: int
    width: float
    style: Style | None = None
    level: int = 0
    hidden: bool = False
    collapsed: bool = False


class RowFormat(NamedTuple):
    """Height (points; None = automatic) and outline level of a row."""

    height: float | None = None
    level: int = 0
    hidden: bool = False
    collapsed: bool = False


class Series(NamedTuple):
    """One series of a chart; areas are on the chart's own sheet."""

    name: str
    categories: Area
    values: Area
    color: str
    """`#RRGGBB`; empty: takes its room unseen, as the step under a floating column."""


class Chart(NamedTuple):
    """A native chart standing at `anchor`, sized in pixels."""

    kind: Literal["bar", "column", "line", "stacked_bar", "stacked_column"]
    title: str
    series: tuple[Series, ...]
    anchor: Position
    width: int = 480
    height: int = 240
    x_title: str = ""
    y_title: str = ""
    legend: bool = True
    labels: bool = False


class Choice(NamedTuple):
    """A dropdown: fixed words, or the cells of another sheet (`formula`, with the leading `=`)."""

    area: Area
    words: tuple[str, ...] = ()
    formula: str = ""
    strict: bool = True
    title: str = ""
    message: str = ""


class Print(NamedTuple):
    """How a page is printed: always one page wide."""

    landscape: bool = True
    repeat_rows: tuple[int, int] | None = None
    area: Area | None = None
    more: tuple[Area, ...] = ()
    """Further areas after `area`: each begins on a page of its own, and nothing outside them is printed."""
    footer: str = ""


class Highlight(NamedTuple):
    """One conditional format: cells of `area` for which `formula` holds, told apart by `mark` and colour.

    A host finds its own again by `mark`, never by position: the formula contains `"<mark> "&`.
    """

    sheet: str
    area: Area
    formula: str
    """Without `=`, relative to the area's first cell."""
    mark: str
    fill: str
    color: str


@dataclass(frozen=True, slots=True)
class Page:
    """A whole sheet made by us: a report, or a sheet of a fresh template."""

    key: str
    name: str
    cells: Mapping[Position, Cell] = field(default_factory=dict)
    columns: tuple[ColumnFormat, ...] = ()
    rows: Mapping[int, RowFormat] = field(default_factory=dict)
    merges: tuple[Area, ...] = ()
    freeze: Position | None = None
    """(rows, columns) that stay in place."""
    filter: Area | None = None
    charts: tuple[Chart, ...] = ()
    choices: tuple[Choice, ...] = ()
    notes: Mapping[Position, str] = field(default_factory=dict)
    highlights: tuple[Highlight, ...] = ()
    print: Print = field(default_factory=Print)
    tab: str | None = None
    hidden: bool = False
    gridlines: bool = True
    owned: bool = False
    """True for a report: a defined name `_scrm_<key>` marks it as ours, so that it may be replaced."""
    names: Mapping[str, Area] = field(default_factory=dict)
    """Further defined names of ours that point into this page."""


class ColumnUpdate(NamedTuple):
    """The column of ours in a user's table: one text for every row, blank where there is nothing to say."""

    sheet: str
    column: int
    header_row: int
    header: str
    """Written where the header cell is blank; a header that stands is left as it is."""
    texts: Mapping[int, str]
    """Sheet row to text, for every row of the table."""
    keys: Mapping[int, str]
    """Sheet row to row key, of the rows that get a text, for hosts where rows may move between our read and our write."""
    key_columns: tuple[int, ...] = ()
    """The columns that make up a row key; none where the table has not all of them."""
    known: bool = True
    """False where no words of ours stand in the column yet: a formula in it is someone's own."""


class Fill(NamedTuple):
    """A blank ID cell of a non-empty row that we fill: the only cell of the user's that is ever written."""

    sheet: str
    row: int
    column: int
    value: str


class TableGrowth(NamedTuple):
    """An Excel table that takes in what stands directly below and beside it, as it does when a person types there."""

    sheet: str
    was: Area
    now: Area
    """With the same first cell."""


class LogLine(NamedTuple):
    """One line of the log; `seal` is the run's hash on its first line, else None."""

    text: str
    seal: str | None = None


def log_rows(grid: Grid) -> tuple[tuple[int, LogLine], ...]:
    """The log as every host keeps it, from row 1 on: the line in column A, its seal or nothing in column B."""
    return tuple(
        (row, LogLine(str(cells[0]), str(cells[1]) if len(cells) > 1 and cells[1] else None))
        for row, cells in enumerate(grid.rows, start=1)
        if cells and cells[0]
    )


def log_lines(grid: Grid) -> tuple[LogLine, ...]:
    """The same without the numbers of the rows."""
    return tuple(line for _, line in log_rows(grid))


class Keep(NamedTuple):
    """How many earlier states a host keeps that keeps them itself: the last ones, and one a day, week and month."""

    last: int
    days: int
    weeks: int
    months: int


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that one run writes, applied by a host in one atomic step."""

    fills: tuple[Fill, ...] = ()
    columns: tuple[ColumnUpdate, ...] = ()
    highlights: tuple[Highlight, ...] = ()
    tables: tuple[TableGrowth, ...] = ()
    pages: tuple[Page, ...] = ()
    """Reports: put in place of the sheet that our defined name owns, else appended. `name` is free or already ours."""
    log: tuple[LogLine, ...] = ()
    log_name: str = ""
    """The name for the hidden log sheet where none exists yet."""
    keep: Keep | None = None
    """Earlier states beyond these are deleted; None: no state is."""

    def __bool__(self) -> bool:
        return bool(self.fills or self.columns or self.highlights or self.tables or self.pages or self.log)


class Applied(NamedTuple):
    """What a host did: whether anything changed, and what is worth one line to the user."""

    changed: bool
    backup: str | None = None
    beside: str | None = None
    """Where the reports went, if the workbook itself could not be written safely."""
    reason: Text | None = None
    """Why it could not, in one sentence."""
    note: Text | None = None
    """What else it could not do, with the workbook written as it should be."""


def free_name(wanted: str, taken: Collection[str]) -> str:
    """`wanted`, or `wanted (2)`, `(3)` ... where a sheet of that name exists; at most 31 characters."""
    low = {name.casefold() for name in taken}
    name, number = wanted[:31], 2
    while name.casefold() in low:
        tail = f" ({number})"
        name, number = wanted[: 31 - len(tail)] + tail, number + 1
    return name


def iter_rows(grid: Grid, first: int) -> Iterator[tuple[int, Sequence[Value]]]:
    """Rows of a grid from sheet row `first` on, with their numbers."""
    return enumerate(grid.rows[first - 1 :], start=first)
