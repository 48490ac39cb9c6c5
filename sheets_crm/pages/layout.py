"""A page built from the top down: rows, tables and folded tables over one grid of columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from textwrap import wrap
from typing import NamedTuple, TypeAlias

from sheets_crm.pages import look
from sheets_crm.sheet import (
    Area,
    Cell,
    Chart,
    ColumnFormat,
    Content,
    Formula,
    Link,
    Page,
    Position,
    Print,
    RowFormat,
    SheetLink,
    Style,
    Value,
    letters,
)

DEFAULT_SIZE = 11.0
"""Font size of a cell without a style; widths of columns count its digits."""
_BOLD, _LINE = 0.93, 1.25
"""What bold letters leave of the room, and the height of a line by its size."""
_PADDING = 5
"""Pixels of a column beside its characters, of 7 pixels each."""


class Live(NamedTuple):
    """A value with the formula that gives it, once it is known where every table of the page stands."""

    value: Value
    formula: Callable[[Placed], str]
    """Without the leading `=`; an empty text leaves the plain value."""


Shown: TypeAlias = Content | Live


class Item(NamedTuple):
    """What stands in the columns `first` to `last` of a row, merged where these are several."""

    first: int
    last: int
    content: Shown
    style: Style = look.CELL


class Head(NamedTuple):
    """A column of a table on the page: its key, its header, the columns of the grid that it takes, its look."""

    key: str
    text: str
    first: int
    last: int
    style: Style = look.CELL


class Block(NamedTuple):
    """Where a table stands: the rows below its header, and its columns by key."""

    columns: Mapping[str, int]
    first_row: int
    last_row: int

    def cells(self, key: str) -> str:
        """A column of the table as a range: `$G$30:$G$52`."""
        column = letters(self.columns[key])
        return f"${column}${self.first_row}:${column}${self.last_row}"


class Placed(NamedTuple):
    """The tables of a page by name; empty ones are not among them."""

    blocks: Mapping[str, Block]

    def total(self, names: Sequence[str], part: Callable[[Block], str]) -> str:
        """The formula's part for each of these tables, added up; empty if none of them has rows."""
        return "+".join(part(self.blocks[name]) for name in names if name in self.blocks)


class Layout:
    """The cells of a page while it is being built; `row` is the next free row."""

    def __init__(self, widths: Sequence[float]) -> None:
        self.widths = tuple(widths)
        self.row = 1
        self._items: dict[Position, Item] = {}
        self._formats: dict[int, RowFormat] = {}
        self._merges: list[Area] = []
        self._blocks: dict[str, Block] = {}
        self._charts: list[Chart] = []
        self._filter: Area | None = None
        self._starts = [1]

    # ------------------------------------------------------------------- rows

    def add(self, *items: Item, height: float = 0) -> int:
        """One row of items, as high as its longest text needs and at least `height` points; its number.

        The height is always set: no spreadsheet fits merged cells by itself, and not all fit the others on opening.
        """
        number = self.row
        for item in items:
            self._items[number, item.first] = item
            if item.last > item.first:
                self._merges.append(Area(number, item.first, number, item.last))
        self._formats[number] = _as_high(max([height, *map(self._needed, items)]))
        self.row += 1
        return number

    def gap(self, height: float = 4) -> None:
        """An empty row."""
        self._formats[self.row] = RowFormat(height)
        self.row += 1

    def new_page(self) -> None:
        """What follows is printed on pages of its own."""
        self._starts.append(self.row)

    def heading(self, text: str, last: int | None = None) -> int:
        """The heading of a block, over the columns up to `last` (all of them if None)."""
        return self.add(Item(1, last or len(self.widths), text, look.BLOCK), height=17)

    def hold(self, item: Item, first_row: int, last_row: int) -> None:
        """One item over several rows that stand already, in place of what is there."""
        for row in range(first_row, last_row + 1):
            self._items.pop((row, item.first), None)
        self._items[first_row, item.first] = item
        if last_row > first_row or item.last > item.first:
            self._merges.append(Area(first_row, item.first, last_row, item.last))

    # ----------------------------------------------------------------- tables

    def table(
        self, name: str, heads: Sequence[Head], rows: Sequence[Sequence[Shown | Item]], *, least: float = 0,
        filtered: bool = False,
    ) -> None:  # fmt: skip
        """A header and its rows; a cell is a content in its column's look, or an Item that knows its own."""
        head = self.add(*(Item(h.first, h.last, h.text, look.TABLE_HEAD) for h in heads), height=14)
        for row in rows:
            items = [
                cell if isinstance(cell, Item) else Item(h.first, h.last, cell, _dressed(cell, h.style))
                for h, cell in zip(heads, row, strict=True)
            ]
            self.add(*items, height=least)
        if rows:
            self._blocks[name] = Block({h.key: h.first for h in heads}, head + 1, self.row - 1)
            if filtered:
                self._filter = Area(head, heads[0].first, self.row - 1, max(h.last for h in heads))

    @contextmanager
    def folded(self, *, closed: bool = True) -> Iterator[None]:
        """The rows added inside are one outline group, closed at first; a narrow row after it bears the `+`."""
        first = self.row
        yield
        for number in range(first, self.row):
            self._formats[number] = self._formats[number]._replace(level=1, hidden=closed)
        self._formats[self.row] = RowFormat(12, collapsed=closed)
        self.row += 1

    # ----------------------------------------------------------------- charts

    def height(self, first_row: int, last_row: int) -> float:
        """Points from the top of one row to the bottom of another."""
        return sum(self._formats[row].height or 0 for row in range(first_row, last_row + 1))

    def chart(self, chart: Chart, over: Area) -> None:
        """A chart that fills the cells of `over`."""
        columns = range(over.first_column, over.last_column + 1)
        width = sum(int(self.widths[column - 1] * 7) + _PADDING for column in columns)
        height = int(self.height(over.first_row, over.last_row) * 4 / 3)
        place = (over.first_row, over.first_column)
        self._charts.append(chart._replace(anchor=place, width=width - 8, height=height - 4))

    def block(self, name: str) -> Block | None:
        """Where a table stands; None if it has no rows."""
        return self._blocks.get(name)

    # ------------------------------------------------------------------- page

    def page(self, key: str, name: str, *, footer: str) -> Page:
        """The finished report."""
        placed = Placed(self._blocks)
        ends = [start - 1 for start in self._starts[1:]] + [self.row - 1]
        first, *more = (Area(a, 1, z, len(self.widths)) for a, z in zip(self._starts, ends, strict=True))
        cells = {at: Cell(_settled(item.content, placed), item.style) for at, item in self._items.items()}
        self._items.clear()  # live ones hold whoever builds the page, and that holds this layout
        return Page(
            key, name, cells,
            columns=tuple(ColumnFormat(n, n, width) for n, width in enumerate(self.widths, start=1)),
            rows=self._formats, merges=tuple(self._merges), filter=self._filter, charts=tuple(self._charts),
            print=Print(area=first, more=tuple(more), footer=footer),
            tab=look.TAB_OURS, gridlines=False, owned=True,
        )  # fmt: skip

    def _needed(self, item: Item) -> float:
        """Points that an item's text needs at the width of its columns."""
        size = item.style.size or DEFAULT_SIZE
        lines = 1
        if item.style.wrap:
            width = sum(self.widths[item.first - 1 : item.last]) - 2 * item.style.indent
            room = width * DEFAULT_SIZE / size * (_BOLD if item.style.bold else 1)
            lines = _lines(_as_text(item.content), max(int(room), 1))
        return lines * size * _LINE + 1


@lru_cache(maxsize=1024)
def _as_high(height: float) -> RowFormat:
    """One object for the many rows that are equally high."""
    return RowFormat(height)


@lru_cache(maxsize=4096)
def _lines(text: str, room: int) -> int:
    return sum(1 if len(line) <= room else len(wrap(line, room)) for line in text.split("\n"))


def _as_text(content: Shown) -> str:
    if isinstance(content, Link | SheetLink):
        return content.text
    return content if isinstance(content, str) else ""


def _settled(content: Shown, placed: Placed) -> Content:
    if not isinstance(content, Live):
        return content
    text = content.formula(placed)
    return Formula(f"={text}", content.value) if text else content.value


def _dressed(content: Shown, style: Style) -> Style:
    """A link looks like one, whatever its column looks like."""
    return _as_link(style) if isinstance(content, Link | SheetLink) else style


@lru_cache(maxsize=256)
def _as_link(style: Style) -> Style:
    return replace(style, color=look.CELL_LINK.color, underline=True)
