"""What a run asks of an open Excel, one method a wish; this is what xlwings offers on Windows and macOS alike.

`windows.py` adds what only COM can say. Neither was ever tried on a real Excel: the tests run xlwings' own Windows
code over a stand-in for COM, and this class over an engine in memory (tests/excel).

Each method is tried again while Excel is busy, so it ends with the one call that changes something.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from sheets_crm.errors import WorkbookUnreadable
from sheets_crm.hosts.excel.cells import (
    COLUMNS,
    ERROR_CODES,
    ROWS,
    Cells,
    Entry,
    area_of,
    ended,
    is_elapsed,
    is_formula,
    is_long,
    moment,
    table_of,
)
from sheets_crm.hosts.excel.patience import LASTING, PAUSES, Sleep, patient
from sheets_crm.sheet import Area, Doubt, Page, Position, Value, letters, serial
from sheets_crm.text import Text

MOST_CELLS = 30_000_000
"""Cells of a used range that are read at once; a sheet that is formatted to its last row has more."""
_QUESTIONS = 1_000
"""How often a sheet is asked for its hidden rows, and as often for its merged cells, until the rest is let be."""
_REFERENCE = re.compile(r"""("(?:[^"]|"")*"|'(?:[^']|'')*')|(\$?)\b([A-Z]{1,3})(\$?)(\d+)\b""")


class Rule(NamedTuple):
    """A conditional format by a formula."""

    number: int
    """Its place among all conditional formats of the sheet, from 1; 0 before it is added."""
    formula: str
    """Without `=`, relative to the first cell of its first area; in the language of Excel."""
    areas: tuple[Area, ...]
    """None where Excel does not tell; then the formula is relative to A1."""
    fill: str
    color: str


class Desk:
    """An open workbook."""

    renews_all: ClassVar[bool] = False
    """Whether a report that stands gets new charts and folded groups. On macOS a chart that was copied from another
    workbook cannot be bound to this one, and groups cannot be told; with a whole new sheet both come along."""

    def __init__(self, book: Any, sleep: Sleep) -> None:
        self.book = book
        self.sleep = sleep
        self.pauses: Iterable[float] = PAUSES
        self.untidy = False
        """Whether Excel is not as it was before: its settings, the sheet in sight, a small workbook of ours."""
        self._lasting: Iterator[float] = iter(LASTING)
        """What is left of the patience for putting things back."""

    # ------------------------------------------------------------------- the program

    @property
    @patient
    def name(self) -> str:
        """The workbook's name. Its path is never asked for: xlwings fails on addresses of SharePoint."""
        return str(self.book.name)

    @contextlib.contextmanager
    def quiet(self) -> Iterator[None]:
        """No redrawing, no calculation, no macros of the workbook's and no questions; all as before afterwards."""
        app = self.book.app
        before: dict[str, Any] = {}
        self.untidy, self._lasting = False, iter(LASTING)
        try:
            for setting, value in (
                ("screen_updating", False), ("display_alerts", False), ("enable_events", False),
                ("calculation", "manual"),
            ):  # fmt: skip
                before[setting] = self._setting(app, setting)
                self._set(app, setting, value)
            yield
        finally:
            for setting, value in reversed(before.items()):
                self.restore(partial(self._reset, app, setting, value))

    def insist(self, change: Callable[[], object]) -> None:
        """Makes a change that puts something back, with much patience, and a second time if the first fails."""
        asking, self.pauses = self.pauses, self._lasting
        try:
            try:
                change()
            except Exception:  # noqa: BLE001 - whatever it was, the second time tells
                change()
        finally:
            self.pauses = asking

    def restore(self, change: Callable[[], object]) -> None:
        """Insists, too, but never fails: a failure would hide what became of the workbook, and is told beside that."""
        try:
            self.insist(change)
        except Exception:  # noqa: BLE001 - as above
            self.untidy = True

    @patient
    def _setting(self, app: Any, setting: str) -> Any:
        return getattr(app, setting)

    @patient
    def _set(self, app: Any, setting: str, value: Any) -> None:
        setattr(app, setting, value)

    @patient
    def _reset(self, app: Any, setting: str, value: Any) -> None:
        if getattr(app, setting) != value:  # while a cell is edited Excel answers, but takes no change
            setattr(app, setting, value)

    @contextlib.contextmanager
    def where_it_was(self) -> Iterator[None]:
        """The sheet that a person looks at, still shown afterwards."""
        before = self._active()
        try:
            yield
        finally:
            self.restore(partial(self._activate, before))

    @patient
    def _active(self) -> str:
        return str(self.book.sheets.active.name)

    @patient
    def _activate(self, name: str) -> None:
        if name in [sheet.name for sheet in self.book.sheets]:
            self.book.sheets[name].activate()

    def show(self, sheet: str) -> None:
        """Brings a sheet to the front, unless it is hidden."""
        if (sheet, False) in self.sheets():
            self._activate(sheet)

    # ------------------------------------------------------------------- the workbook

    @patient
    def sheets(self) -> list[tuple[str, bool]]:
        """Name of every sheet with cells, in order, and whether it is hidden."""
        return [(sheet.name, not _is_shown(sheet)) for sheet in self.book.sheets]

    @patient
    def other_sheets(self) -> list[str]:
        """Names of the sheets without cells, which xlwings does not count among the sheets."""
        return []

    @patient
    def names(self) -> list[tuple[str, str]]:
        """The defined names of ours, with what they refer to."""
        return [
            (name.name, name.refers_to) for name in self.book.names if name.name.lower().startswith("_scrm_")
        ]

    @patient
    def refers_to(self, name: str) -> str | None:
        """What a defined name refers to; None if there is none."""
        return str(self.book.names[name].refers_to) if name in self.book.names else None

    @patient
    def define(self, name: str, refers_to: str, *, hidden: bool) -> None:  # noqa: ARG002 - macOS shows all names
        """Defines a name, or lets it refer to something else."""
        if name in self.book.names:
            self.book.names[name].refers_to = refers_to
        else:
            self.book.names.add(name, refers_to)

    @patient
    def undefine(self, name: str) -> None:
        """Takes a defined name away."""
        if name in self.book.names:
            self.book.names[name].delete()

    @property
    def folder(self) -> Path:
        """Where a file that goes with the workbook may be put: beside it, if that is on this computer."""
        documents = Path.home() / "Documents"
        return documents if documents.is_dir() else Path.home()

    @property
    @patient
    def since_1904(self) -> bool:
        """Whether the workbook counts days from 1904; xlwings' own reader of days knows, its writer does not ask."""
        return False

    @property
    @patient
    def locked(self) -> bool:
        """Whether no sheet may be added."""
        return False

    # ------------------------------------------------------------------- what a sheet holds

    @patient
    def used(self, sheet: str) -> Area:
        """From A1 to the last cell in use. Raises WorkbookUnreadable if that is too much to read."""
        last = self.book.sheets[sheet].used_range.last_cell
        where = Area(1, 1, last.row, last.column)
        if where.last_row * where.last_column > MOST_CELLS:
            raise WorkbookUnreadable(_TOO_FAR.fill(sheet=sheet, area=where.reference))
        return where

    @patient
    def cells(self, sheet: str) -> Cells:
        """The values and errors of a sheet from A1 on."""
        where = self._range(sheet, self.used(sheet))
        rows: list[list[Value]] = where.options(ndim=2, err_to_str=True).value
        doubts = self._errors(where, rows)
        days: dict[int, list[int]] = {}
        for r, line in enumerate(rows):
            for c, value in enumerate(line):
                if value is None:
                    line[c] = ""
                elif isinstance(value, datetime):
                    days.setdefault(c, []).append(r)
        for c, numbers in days.items():
            elapsed = self._elapsed(sheet, c, numbers)
            for r in numbers:
                found = rows[r][c]
                rows[r][c] = moment(serial(found), elapsed=elapsed) if isinstance(found, datetime) else found
        return ended(Cells(rows, doubts))

    @patient
    def _elapsed(self, sheet: str, column: int, rows: Sequence[int]) -> bool:
        """Whether the numbers of a column, counted from 0, are hours that go on beyond a day; not if only some are."""
        where = Area(rows[0] + 1, column + 1, rows[-1] + 1, column + 1)
        return is_elapsed(self._range(sheet, where).number_format)

    def _errors(self, where: Any, rows: list[list[Value]]) -> dict[Position, Doubt]:
        """Cells that show an error, blanked: a text that only looks like one is no formula."""
        suspects = [
            (r, c)
            for r, row in enumerate(rows)
            for c, v in enumerate(row)
            if isinstance(v, str) and v in ERROR_CODES
        ]
        formulas = table_of(where.formula) if suspects else []
        doubts: dict[Position, Doubt] = {}
        for r, c in suspects:
            if is_formula(rows[r][c], formulas[r][c]):
                doubts[r + 1, c + 1], rows[r][c] = Doubt("error", str(rows[r][c])), ""
        return doubts

    @patient
    def raw(self, sheet: str, where: Area) -> list[list[Any]]:
        """The bare values of an area: days as they are counted where Excel tells, errors as it gives them."""
        rows: list[list[Any]] = self._range(sheet, where).options(ndim=2, err_to_str=True).value
        return [[serial(v) if isinstance(v, date) else v for v in row] for row in rows]

    @patient
    def formulas(self, sheet: str, where: Area) -> list[list[Any]]:
        """The formulas of an area, and of cells without one what stands in them."""
        return table_of(self._range(sheet, where).formula)

    @patient
    def tables(self, sheet: str) -> dict[Area, bool]:
        """Excel's own tables, and whether each takes in what is typed beside it."""
        return {area_of(t.range.address): self._may_grow(t) for t in self.book.sheets[sheet].tables}

    def _may_grow(self, table: Any) -> bool:
        return bool(table.show_headers) and not table.show_totals

    @patient
    def filter(self, sheet: str) -> Area | None:  # noqa: ARG002 - only COM tells
        """What the filter of a sheet's own, not of a table's, reaches over."""
        return None

    @patient
    def protected(self, sheet: str) -> bool:  # noqa: ARG002 - only COM tells
        """Whether locked cells cannot be written to."""
        return False

    def hidden_rows(self, sheet: str, last: int) -> frozenset[int]:
        """Rows of 1 to `last` that are not shown. Halves are asked until all of one kind: one question for none."""
        found: list[int] = []
        waiting, left = [(1, last)], _QUESTIONS
        while waiting and left:
            first, end = waiting.pop()
            left -= 1
            hidden = self._rows_hidden(sheet, first, end)
            if hidden:
                found += range(first, end + 1)
            elif hidden is None and first < end:
                middle = (first + end) // 2
                waiting += [(middle + 1, end), (first, middle)]
        return frozenset(found)

    @patient
    def _rows_hidden(self, sheet: str, first: int, last: int) -> bool | None:
        hidden: bool | None = self._range(sheet, Area(first, 1, last, 1)).rows.hidden
        return hidden

    def merged(self, sheet: str, where: Area) -> tuple[Area, ...]:
        """Merged cells, from the top down; halves are asked until all of one kind: one question for none."""
        found: dict[Area, None] = {}
        waiting, left = [where], _QUESTIONS
        while waiting and left:
            area = waiting.pop()
            left -= 1
            merged = self._is_merged(sheet, area)
            if merged is False or any(_holds(each, area) for each in found):
                continue
            if merged:
                whole = self._merge_at(sheet, area[:2])
                found[whole] = None
                if _holds(whole, area):
                    continue
            waiting += reversed(_halves(area))
        return tuple(sorted(found))

    @patient
    def _is_merged(self, sheet: str, where: Area) -> bool | None:
        merged: bool | None = self._range(sheet, where).merge_cells
        return merged

    @patient
    def _merge_at(self, sheet: str, at: Position) -> Area:
        return area_of(self._range(sheet, Area(*at, *at)).merge_area.address)

    # ------------------------------------------------------------------- writing

    def enter(self, sheet: str, where: Area, rows: Sequence[Sequence[Entry]]) -> None:
        """Enters values, texts and formulas, as one; only texts of a length that no array may hold by themselves."""
        long = {
            (where.first_row + r, where.first_column + c): entry
            for r, row in enumerate(rows)
            for c, entry in enumerate(row)
            if is_long(entry) and isinstance(entry, str)
        }
        self._enter(sheet, where, [["" if is_long(entry) else entry for entry in row] for row in rows])
        for at, text in long.items():
            self._enter_alone(sheet, at, text)

    @patient
    def _enter(self, sheet: str, where: Area, rows: Sequence[Sequence[Entry]]) -> None:
        self._range(sheet, where).formula = [list(row) for row in rows]

    @patient
    def _enter_alone(self, sheet: str, at: Position, text: str) -> None:
        self._range(sheet, Area(*at, *at)).raw_value = text

    @patient
    def width(self, sheet: str, column: int) -> float | None:
        """Width of a column, in characters."""
        width: float | None = self._range(sheet, Area(1, column, 1, column)).column_width
        return width

    @patient
    def widen(self, sheet: str, column: int, width: float) -> None:
        """Gives a column a width."""
        self._range(sheet, Area(1, column, 1, column)).column_width = width

    @patient
    def resize(self, sheet: str, table: Area, now: Area) -> None:
        """Lets the table with the first cell of `table` reach over `now`; nothing if it does or there is none."""
        for each in self.book.sheets[sheet].tables:
            area = area_of(each.range.address)
            if area[:2] == table[:2] and area != now:
                each.resize(self._range(sheet, now))

    @patient
    def rules(self, sheet: str) -> list[Rule]:
        """The conditional formats by formula that fill a cell."""
        active = self._active_cell()
        found = []
        for number, each in enumerate(self.book.sheets[sheet].cells.conditional_formats, start=1):
            if each.type == "custom" and each.fill_color and each.font_color:
                formula = moved(str(each.formula).removeprefix("="), active, (1, 1))
                found.append(Rule(number, formula, (), _hex(each.fill_color), _hex(each.font_color)))
        return found

    def localized(self, formula: str, other: Any) -> str:  # noqa: ARG002 - only COM can translate
        """A formula as conditional formats take it, which is in the language of Excel; `other` is a workbook of ours."""
        return formula

    def add_rule(self, sheet: str, where: Area, rule: Rule) -> None:
        """Adds a conditional format over an area, below those that are there."""
        self._add_rule(sheet, where, rule)

    @patient
    def _add_rule(self, sheet: str, where: Area, rule: Rule) -> None:
        formula = moved(rule.formula, where[:2], self._active_cell())
        self._range(sheet, where).conditional_formats.add_custom(
            f"={formula}", fill_color=_rgb(rule.fill), font_color=_rgb(rule.color), stop_if_true=False
        )

    @patient
    def drop_rule(self, sheet: str, number: int) -> None:
        """Takes away the conditional format of that number."""
        self.book.sheets[sheet].cells.conditional_formats[number - 1].delete()

    def _active_cell(self) -> Position:
        """The cell that Excel takes relative references of conditional formats from, on whatever sheet."""
        selected = self.book.app.selection
        return (selected.row, selected.column) if selected is not None else (1, 1)

    # ------------------------------------------------------------------- whole sheets

    @patient
    def open(self, path: Path) -> Any:
        """Opens a workbook of ours beside this one."""
        return self.book.app.books.open(str(path), update_links=False, read_only=True, add_to_mru=False)

    @patient
    def close(self, other: Any) -> None:
        """Closes it again, without saving."""
        other.close()

    @patient
    def set_hidden(self, sheet: str, *, hidden: bool) -> None:
        """Hides a sheet or shows it."""
        self.book.sheets[sheet].visible = not hidden

    @patient
    def delete(self, sheet: str) -> None:
        """Deletes a sheet of ours; nothing if there is none of that name."""
        if sheet.casefold() in {each.name.casefold() for each in self.book.sheets}:
            self.book.sheets[sheet].delete()

    @patient
    def last(self, book: Any) -> str:
        """The name of a workbook's last sheet."""
        return str(self._last(book).name)

    @patient
    def behind(self, sheet: str) -> str | None:
        """The name of the sheet behind another; None if that is the last."""
        names = [each.name for each in self.book.sheets]
        place = names.index(sheet) + 1 if sheet in names else len(names)
        return names[place] if place < len(names) else None

    def take_in(self, other: Any, sheet: str) -> None:
        """Copies a sheet of another workbook behind all others, with everything that is on it."""
        self._copy(other.sheets[sheet], self.book)

    def keep_in(self, other: Any, sheet: str) -> str:
        """Copies a sheet into another workbook; the name that it has there."""
        self._copy(self.book.sheets[sheet], other)
        return self.last(other)

    def _copy(self, sheet: Any, to: Any) -> None:
        state = self._state(sheet)
        if state is not None:
            self._set(sheet, "visible", True)  # Excel copies no sheet that is hidden from its menus, too
        try:
            self._copy_behind(sheet, self._last(to))
        finally:
            if state is not None:
                self.insist(partial(self._set, sheet, "visible", state))

    @patient
    def _state(self, sheet: Any) -> Any:
        """How a sheet is hidden; None if it is not."""
        return None if _is_shown(sheet) else sheet.visible

    @patient
    def _last(self, book: Any) -> Any:
        return book.sheets[len(book.sheets) - 1]

    @patient
    def _copy_behind(self, sheet: Any, last: Any) -> None:
        sheet.impl.copy(
            None, last.impl
        )  # `Sheet.copy` asks much more, and would copy twice if then Excel is busy

    def replace(self, sheet: str, other: Any, source: str) -> None:
        """Leaves nothing in the cells of a sheet and gives it all cells of a sheet of another workbook, with their looks.

        Who refers to the sheet still does: it is the same one.
        """
        self.clear(sheet)
        charts = self.charts(sheet)
        self._copy_cells(other.sheets[source], self.book.sheets[sheet])
        self._bind_charts(sheet, other, source, charts)

    @patient
    def clear(self, sheet: str) -> None:
        """Leaves a sheet's cells blank and in sight. Charts stay where they could not be brought back."""
        found = self.book.sheets[sheet]
        found.cells.rows.hidden = False
        found.clear()

    @patient
    def _copy_cells(self, source: Any, target: Any) -> None:
        source.cells.copy(target.cells)

    def _bind_charts(self, sheet: str, other: Any, source: str, before: int) -> None:  # noqa: ARG002 - COM can
        """Lets charts that came along with the cells show the cells of their new sheet; here they are taken away."""
        self.drop_charts(sheet, before)

    @patient
    def drop_charts(self, sheet: str, keep: int = 0) -> None:
        """Takes away all charts of a sheet but the first."""
        for chart in reversed(list(self.book.sheets[sheet].charts)[keep:]):
            chart.delete()

    def fold(self, sheet: str, first: int, last: int, *, hidden: bool) -> None:
        """Groups rows; `hidden`: and folds them. Here all rows are left in sight."""

    def set_filter(self, sheet: str, where: Area) -> None:
        """Gives a sheet a filter over an area, with nothing filtered; here there is no way."""

    @patient
    def charts(self, sheet: str) -> int:
        """How many charts stand on a sheet."""
        return len(self.book.sheets[sheet].charts)

    @patient
    def frame(self, sheet: str, page: Page) -> None:
        """What of a replaced report's print set-up depends on what it says; the rest stays as a person left it."""
        reference = ",".join(area.reference for area in (page.print.area, *page.print.more) if area)
        self.book.sheets[sheet].page_setup.print_area = reference if 0 < len(reference) <= 255 else None

    # -------------------------------------------------------------------

    def _range(self, sheet: str, where: Area) -> Any:
        return self.book.sheets[sheet].range(where[:2], where[2:])


def moved(formula: str, start: Position, to: Position) -> str:
    """A formula as it reads at another cell; beyond the sheet's end references go on at its beginning, as Excel's do."""
    down, right = to[0] - start[0], to[1] - start[1]

    def shifted(found: re.Match[str]) -> str:
        if found[1]:
            return found[1]
        column, row = _number(found[3]), int(found[5])
        column = column if found[2] else (column - 1 + right) % COLUMNS + 1
        row = row if found[4] else (row - 1 + down) % ROWS + 1
        return f"{found[2]}{letters(column)}{found[4]}{row}"

    return _REFERENCE.sub(shifted, formula)


def _number(column: str) -> int:
    number = 0
    for letter in column:
        number = number * 26 + ord(letter) - 64
    return number


def _holds(outer: Area, inner: Area) -> bool:
    return (
        outer.first_row <= inner.first_row and outer.first_column <= inner.first_column
        and outer.last_row >= inner.last_row and outer.last_column >= inner.last_column
    )  # fmt: skip


def _halves(where: Area) -> list[Area]:
    first_row, first_column, last_row, last_column = where
    if last_row > first_row:
        middle = (first_row + last_row) // 2
        return [where._replace(last_row=middle), where._replace(first_row=middle + 1)]
    if last_column > first_column:
        middle = (first_column + last_column) // 2
        return [where._replace(last_column=middle), where._replace(first_column=middle + 1)]
    return []


def _is_shown(sheet: Any) -> bool:
    """Excel on Windows says -1 for shown, 0 for hidden and 2 for hidden from its menus, too."""
    return sheet.visible in (True, -1)


def _hex(color: Any) -> str:
    return "#{:02X}{:02X}{:02X}".format(*color)


def _rgb(color: str) -> tuple[int, int, int]:
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return red, green, blue


def desk_of(book: Any, sleep: Sleep) -> Desk:
    """The desk for the Excel that a workbook is open in."""
    if type(book.impl).__module__ == "xlwings._xlwindows":
        from sheets_crm.hosts.excel.windows import WindowsDesk  # noqa: PLC0415 - needed on Windows alone

        return WindowsDesk(book, sleep)
    return Desk(book, sleep)


_TOO_FAR = Text(
    "Sheet “{sheet}” is in use over {area}, too much to read: delete the empty rows and columns beyond your data in "
    "Excel, save the workbook and try again.",
    "На листе «{sheet}» занята область {area}, прочитать столько нельзя: удалите в Excel пустые строки и столбцы "
    "за вашими данными, сохраните книгу и повторите.",
)
