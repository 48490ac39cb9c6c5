"""Changes go into an open workbook: what stands already is left, and whatever fails, all is put back as it was.

The looks of a report come from the file host's own renderer: its pages are put into a small file, Excel opens that
beside the workbook, and each sheet is copied from there in one step, however many cells, merges and heights it has.
What stands in the cells is then entered as one block, because a formula copied from another workbook points there.
"""

from __future__ import annotations

import contextlib
import re
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from sheets_crm.errors import SheetsCrmError, WorkbookForbidden, WorkbookUnsafe
from sheets_crm.hosts.excel.cells import Entry, entered, is_formula, kept, matrix, same, seen, typed
from sheets_crm.hosts.excel.desk import Desk, Rule, moved
from sheets_crm.hosts.excel.patience import is_refusal, refusal
from sheets_crm.hosts.excel.read import Reading
from sheets_crm.hosts.xlsx.render import dressed, render
from sheets_crm.hosts.xlsx.splice import NOT_BLANK, NOT_FREE, NOT_OURS
from sheets_crm.hosts.xlsx.workbook import OWNED, sheet_of, taken
from sheets_crm.inert import in_reference
from sheets_crm.sheet import (
    LOG_KEY,
    Area,
    Cell,
    Changes,
    ColumnUpdate,
    Fill,
    Formula,
    Highlight,
    Link,
    Page,
    RowFormat,
    SheetLink,
    TableGrowth,
    Value,
    address,
    free_name,
)
from sheets_crm.text import Text, listed

WIDTH = 45.0
"""Width of a new column of ours, in characters, as in a file."""
_COPIED = 20
"""So much of a sheet's name, of 31 characters, is surely in that of its copy."""
_WORDS = re.compile(r'"(?:[^"]|"")*"|\$?[A-Z]{1,3}\$?\d+')
"""What of a conditional format's formula is the same in every language: texts and references."""

Step = Callable[[], None]


def write(desk: Desk, changes: Changes, reading: Reading) -> tuple[bool, Text | None]:
    """(whether anything had to be written, what could not be). Raises WorkbookError, and then all is as it was."""
    return _Writing(desk, changes, reading).run()


class _Writing:
    def __init__(self, desk: Desk, changes: Changes, reading: Reading) -> None:
        self._desk = desk
        self._reading = reading
        self._names = [info.name for info in reading.snapshot.sheets]
        self._since_1904 = desk.since_1904
        self._steps: list[Step] = []
        self._undo: list[Step] = []
        self._late: list[Step] = []
        self._growths: list[TableGrowth] = []
        self._touched: set[str] = set()
        self._pages: list[Page] = []
        """Sheets of the small file, each under the name that it has in the workbook."""
        self._new: list[str] = []
        self._other: Any = None
        """The small file, open beside the workbook."""
        self._frames: list[tuple[str, Page]] = []
        self._poor: list[str] = []
        """Reports that could not be made anew with all that is on them."""
        self._plan(changes)

    def run(self) -> tuple[bool, Text | None]:
        """Everything, or nothing."""
        if not self._steps:
            return False, None
        self._refuse_locked()
        try:
            with self._beside():
                for step in (*self._steps, self._finish):
                    step()
                self._undo.clear()
                self._frame()
        except Exception as problem:
            if isinstance(problem, SheetsCrmError) or not is_refusal(problem):
                raise
            raise WorkbookUnsafe(_REFUSED.fill(said=refusal(problem))) from problem
        if not self._poor:
            return True, None
        return True, _POOR.fill(sheets=Text(listed(self._poor, "en", 9), listed(self._poor, "ru", 9)))

    def _finish(self) -> None:
        """What cannot be put back comes last."""
        for step in self._late:
            step()

    def _frame(self) -> None:
        """After all is done and only if Excel can: without a printer it refuses, and the old print set-up stays."""
        for sheet, page in self._frames:
            with contextlib.suppress(Exception):
                self._desk.frame(sheet, page)

    @contextlib.contextmanager
    def _beside(self) -> Iterator[None]:
        """The small file, open; it is closed last, because what has to be put back may stand in it."""
        path = _folder() / f"sheets-crm-{uuid.uuid4().hex[:12]}.xlsx"
        desk = self._desk
        with contextlib.ExitStack() as leaving:
            if self._pages:
                leaving.callback(_deleted, path)
                path.write_bytes(render(self._pages))
                self._other = desk.open(path)
                leaving.callback(desk.restore, partial(desk.close, self._other))
            leaving.enter_context(desk.where_it_was())
            leaving.callback(self._put_back)
            yield

    def _put_back(self) -> None:
        """Undoes, last first, whatever was done; nothing is left to undo after all went well."""
        failed = 0
        while self._undo:
            try:
                self._desk.insist(self._undo.pop())
            except Exception:  # noqa: BLE001 - whatever it was, the other steps are put back nevertheless
                failed += 1
        if failed:
            raise WorkbookUnsafe(_HALF)

    def _refuse_locked(self) -> None:
        for sheet in sorted(self._touched):
            if self._desk.protected(sheet):
                raise WorkbookForbidden(_PROTECTED.fill(sheet=sheet))
        if self._new and self._desk.locked:
            raise WorkbookForbidden(_LOCKED)

    # ------------------------------------------------------------------- what is to be done

    def _plan(self, changes: Changes) -> None:
        by_column = groupby(sorted(changes.fills), key=lambda fill: (fill.sheet, fill.column))
        for (sheet, column), fills in by_column:
            self._plan_fills(sheet, column, list(fills))
        for update in changes.columns:
            self._plan_column(update)
        for growth in changes.tables:
            self._plan_growth(growth)
        for sheet, marks in groupby(sorted(changes.highlights, key=lambda h: h.sheet), key=lambda h: h.sheet):
            self._plan_highlights(sheet, list(marks))
        for page in changes.pages:
            self._plan_page(page)
        if changes.log:
            self._plan_log(changes)

    def _do(self, sheet: str, step: Step) -> None:
        self._touched.add(sheet)
        self._steps.append(step)

    def _enter(self, sheet: str, where: Area, entries: Sequence[Sequence[Entry]], before: Any = None) -> None:
        """Enters a block; `before` is what is entered again if something fails."""
        if before is not None:
            self._undo.append(partial(self._enter_again, sheet, where, before))
        self._desk.enter(sheet, where, entries)

    def _enter_rows(
        self, sheet: str, where: Area, entries: Sequence[Sequence[Entry]], before: Sequence[Sequence[Entry]]
    ) -> None:
        """Enters a part of a column beside the firm's own cells, and looks whether each entry stands in its row."""
        self._enter(sheet, where, entries, before)
        if [[entry] for entry in self._standing(sheet, where)] != entries:
            raise WorkbookUnsafe(_MISPLACED.fill(cells=address(sheet, *where[:2])))

    def _enter_again(self, sheet: str, where: Area, before: Any) -> None:
        """With tables put back first, because Excel lets no header be blank, and last: typed beside one it grows."""
        self._shrink(sheet)
        self._desk.enter(sheet, where, before)
        self._shrink(sheet)

    def _shrink(self, sheet: str) -> None:
        for growth in self._growths:
            if growth.sheet == sheet:
                self._desk.resize(sheet, growth.now, growth.was)

    # ------------------------------------------------------------------- a user's table

    def _plan_fills(self, sheet: str, column: int, fills: Sequence[Fill]) -> None:
        """Neighbouring blank cells are filled as one."""
        where = Area(fills[0].row, column, fills[-1].row, column)
        standing = self._standing(sheet, where)
        for _, run in groupby(enumerate(fills), key=lambda pair: pair[1].row - pair[0]):
            some = [fill for _, fill in run]
            for fill in some:
                if standing[fill.row - where.first_row] != "":
                    raise WorkbookUnsafe(NOT_BLANK.fill(cell=address(sheet, fill.row, column)))
            area = Area(some[0].row, column, some[-1].row, column)
            entries = [[typed(fill.value)] for fill in some]
            self._do(sheet, partial(self._enter_rows, sheet, area, entries, [[""]] * len(some)))

    def _plan_column(self, update: ColumnUpdate) -> None:
        """All texts of a column as one, unless each stands already."""
        if not update.texts:
            rows = [update.header_row]
        else:
            rows = [update.header_row, min(update.texts), max(update.texts)]
        where = Area(min(rows), update.column, max(rows), update.column)
        standing = self._standing(update.sheet, where)
        at = {row: standing[row - where.first_row] for row in range(where.first_row, where.last_row + 1)}
        wanted = {row: typed(text) for row, text in update.texts.items()}
        fresh = at[update.header_row] == ""
        if fresh or not update.known:
            for row in wanted:
                if isinstance(at[row], str) and str(at[row]).startswith("="):
                    cell = address(update.sheet, row, update.column)
                    raise WorkbookUnsafe(
                        (NOT_FREE if fresh else NOT_OURS).fill(cell=cell, header=update.header)
                    )
        if fresh:
            wanted[update.header_row] = typed(update.header)
        if all(at[row] == entry for row, entry in wanted.items()):
            return
        blank = [row for row, entry in at.items() if entry == "" and row not in wanted]
        for _, run in groupby(enumerate(sorted([*wanted, *blank])), key=lambda pair: pair[1] - pair[0]):
            numbers = [row for _, row in run]
            area = Area(numbers[0], update.column, numbers[-1], update.column)
            entries, before = [[wanted.get(row, "")] for row in numbers], [[at[row]] for row in numbers]
            if entries != before:
                self._do(update.sheet, partial(self._enter_rows, update.sheet, area, entries, before))
        if fresh:
            self._do(update.sheet, partial(self._widen, update.sheet, update.column))

    def _standing(self, sheet: str, where: Area) -> list[Entry]:
        """What would have to be entered into a column's cells to have what stands there."""
        values, formulas = self._desk.raw(sheet, where), self._desk.formulas(sheet, where)
        return [kept(value[0], formula[0]) for value, formula in zip(values, formulas, strict=True)]

    def _widen(self, sheet: str, column: int) -> None:
        before = self._desk.width(sheet, column)
        if before is not None:
            self._undo.append(partial(self._desk.widen, sheet, column, before))
        self._desk.widen(sheet, column, WIDTH)

    def _plan_growth(self, growth: TableGrowth) -> None:
        tables = self._desk.tables(growth.sheet)
        if growth.was in tables and growth.now != growth.was:
            self._growths.append(growth)
            self._do(growth.sheet, partial(self._grow, growth))

    def _grow(self, growth: TableGrowth) -> None:
        self._undo.append(partial(self._shrink, growth.sheet))
        self._desk.resize(growth.sheet, growth.was, growth.now)

    def _plan_highlights(self, sheet: str, highlights: Sequence[Highlight]) -> None:
        rules = self._desk.rules(sheet)
        for highlight in highlights:
            ours = [rule for rule in rules if _bears(rule, highlight.mark)]
            if len(ours) != 1 or not _shows(ours[0], highlight):
                self._need_other()
                self._do(sheet, partial(self._renew_rule, highlight, ours))

    def _need_other(self) -> None:
        """A formula for a conditional format is put into Excel's language in a cell of a workbook of ours."""
        if not any(page.key == "scratch" for page in self._pages):
            self._pages.insert(0, Page("scratch", free_name("scratch", self._names)))

    def _renew_rule(self, highlight: Highlight, before: Sequence[Rule]) -> None:
        desk, sheet = self._desk, highlight.sheet
        formula = desk.localized(highlight.formula, self._other)
        self._undo.append(partial(self._old_rules, highlight, before))
        self._drop_rules(sheet, highlight.mark)
        desk.add_rule(sheet, highlight.area, Rule(0, formula, (), highlight.fill, highlight.color))

    def _old_rules(self, highlight: Highlight, before: Sequence[Rule]) -> None:
        self._drop_rules(highlight.sheet, highlight.mark)
        for rule in before:
            start = rule.areas[0][:2] if rule.areas else (1, 1)
            for area in rule.areas or (highlight.area,):
                here = rule._replace(formula=moved(rule.formula, start, area[:2]))
                self._desk.add_rule(highlight.sheet, area, here)

    def _drop_rules(self, sheet: str, mark: str) -> None:
        for rule in reversed(self._desk.rules(sheet)):
            if _bears(rule, mark):
                self._desk.drop_rule(sheet, rule.number)

    # ------------------------------------------------------------------- reports

    def _plan_page(self, page: Page) -> None:
        own = self._reading.snapshot.report_sheet(page.key) if page.owned else None
        for name in page.names:
            sheet = sheet_of(self._desk.refers_to(name) or "")
            if sheet is not None and sheet.casefold() not in {(own or page.name).casefold(), "#ref"}:
                raise taken(name)
        if own is None:
            self._plan_new(page)
        elif not self._stands(page, own):
            bare = _bare(page, own)
            self._pages.append(bare if self._desk.renews_all else _flat(bare))
            self._do(own, partial(self._replace, page, own))

    def _plan_new(self, page: Page) -> None:
        if page.name.casefold() in {name.casefold() for name in self._names}:
            raise taken(page.name)
        self._names.append(page.name)
        self._new.append(page.name)
        self._pages.append(_bare(page, page.name))
        self._steps.append(partial(self._add, page))

    def _stands(self, page: Page, sheet: str) -> bool:
        """Whether the sheet shows what the page says, and computes what it computes."""
        cells = self._desk.cells(sheet)
        used = self._desk.used(sheet)
        formulas = self._desk.formulas(sheet, used)
        found: dict[tuple[int, int], Value] = {
            (r, c): value
            for r, row in enumerate(cells.rows, 1)
            for c, value in enumerate(row, 1)
            if value not in (None, "")
        }
        if cells.doubts or {at for at in found if at not in page.cells}:
            return False
        for at, cell in page.cells.items():
            wanted, value = seen(cell.content), found.get(at, "")
            if wanted is not None and not same(wanted, value):
                return False
            formula = (
                formulas[at[0] - 1][at[1] - 1] if at[0] <= used.last_row and at[1] <= used.last_column else ""
            )
            if is_formula(value, formula) is not isinstance(cell.content, Formula | Link | SheetLink):
                return False
        return True

    def _add(self, page: Page) -> None:
        desk = self._desk
        last = desk.last(desk.book)
        self._undo.append(partial(self._take_out, last, page.name))
        desk.take_in(self._other, page.name)
        if desk.behind(last) != page.name:  # somebody just added one, or macOS did not tell of a chart sheet
            raise taken(page.name)
        self._fill_in(page, page.name)
        if page.hidden:
            desk.set_hidden(page.name, hidden=True)
        self._define_names(page, page.name)

    def _take_out(self, last: str, name: str) -> None:
        """Only our own copy, which stands behind the sheet that was last; if its name was taken it is `name (2)`."""
        added = self._desk.behind(last)
        if added is not None and added.startswith(name[:_COPIED]):
            self._desk.delete(added)

    def _replace(self, page: Page, sheet: str) -> None:
        desk = self._desk
        where = desk.used(sheet)
        values, formulas = desk.raw(sheet, where), desk.formulas(sheet, where)
        before = [
            [kept(v, f) for v, f in zip(*pair, strict=True)] for pair in zip(values, formulas, strict=True)
        ]
        backup = desk.keep_in(self._other, sheet)
        self._undo.append(partial(self._bring_back, sheet, backup, where, before, desk.filter(sheet)))
        desk.replace(sheet, self._other, sheet)
        self._fill_in(page, sheet)
        for first, last, hidden in _folds(page):
            desk.fold(sheet, first, last, hidden=hidden)
        if page.filter:
            desk.set_filter(sheet, page.filter)
        self._frames.append((sheet, page))
        self._define_names(page, sheet)
        if desk.renews_all:
            poor = desk.charts(sheet) != len(page.charts)
        else:
            self._late.append(partial(desk.drop_charts, sheet))
            poor = bool(page.charts) or any(row.level or row.hidden for row in page.rows.values())
        if poor:
            self._poor.append(sheet)

    def _bring_back(
        self, sheet: str, backup: str, where: Area, before: Sequence[Sequence[Entry]], filtered: Area | None
    ) -> None:
        """The old report. Its looks and charts stand in the small file; its groups of rows are not known any more."""
        self._desk.replace(sheet, self._other, backup)
        self._desk.enter(sheet, where, before)
        if filtered:
            self._desk.set_filter(sheet, filtered)

    def _fill_in(self, page: Page, sheet: str) -> None:
        """What the page says, as one block."""
        block = matrix(
            [(at, entered(cell.content, since_1904=self._since_1904)) for at, cell in page.cells.items()]
        )
        if block:
            self._desk.enter(sheet, *block)

    def _define_names(self, page: Page, sheet: str) -> None:
        names = {name: (area, False) for name, area in page.names.items()}
        if page.owned and self._reading.snapshot.report_sheet(page.key) is None:
            names[f"{OWNED}{page.key}"] = Area(1, 1, 1, 1), True
        for name, (area, hidden) in names.items():
            before = self._desk.refers_to(name)
            if before is None:
                self._undo.append(partial(self._desk.undefine, name))
            else:
                self._undo.append(partial(self._desk.define, name, before, hidden=hidden))
            self._desk.define(name, f"={in_reference(sheet)}!{_absolute(area)}", hidden=hidden)

    # ------------------------------------------------------------------- the log

    def _plan_log(self, changes: Changes) -> None:
        sheet = self._reading.snapshot.report_sheet(LOG_KEY)
        entries: list[list[Entry]] = [[typed(line.text), typed(line.seal or "")] for line in changes.log]
        if sheet is None:
            sheet = free_name(changes.log_name, self._names)
            self._plan_new(Page(LOG_KEY, sheet, hidden=True, owned=True))
            first = 1
        else:
            first = len(self._desk.cells(sheet).rows) + 1
            self._touched.add(sheet)
        where = Area(first, 1, first + len(entries) - 1, 2)
        blank = [["", ""]] * len(entries)
        self._steps.append(partial(self._enter, sheet, where, entries, blank))


# ------------------------------------------------------------------- the small file


def _bare(page: Page, name: str) -> Page:
    """A page's looks under the name of its sheet, with nothing in the cells and nothing that refers elsewhere."""
    cells = {at: Cell(None, dressed(cell.content, cell.style)) for at, cell in page.cells.items()}
    choices = tuple(choice for choice in page.choices if not choice.formula)
    return replace(page, name=name, cells=cells, choices=choices, names={}, owned=False, hidden=False)


def _flat(page: Page) -> Page:
    """A page with all rows in sight and no charts."""
    rows = {number: RowFormat(row.height) for number, row in page.rows.items()}
    return replace(page, rows=rows, charts=())


def _folder() -> Path:
    """Where Excel opens a file without asking: on macOS it may read its own folders only."""
    if sys.platform == "darwin":
        own = Path.home() / "Library/Containers/com.microsoft.Excel/Data/tmp"
        if own.parent.is_dir():
            own.mkdir(exist_ok=True)
            return own
    return Path(tempfile.gettempdir())


def _deleted(path: Path) -> None:
    with contextlib.suppress(
        OSError
    ):  # Excel may still hold it; the system clears its folder of temporary files
        path.unlink(missing_ok=True)


def _folds(page: Page) -> Iterator[tuple[int, int, bool]]:
    """(first row, last row, folded) of each group of rows, the outer before the inner."""
    for level in range(1, max((row.level for row in page.rows.values()), default=0) + 1):
        inside = sorted(number for number, row in page.rows.items() if row.level >= level)
        for _, run in groupby(enumerate(inside), key=lambda pair: pair[1] - pair[0]):
            numbers = [number for _, number in run]
            yield numbers[0], numbers[-1], all(page.rows[number].hidden for number in numbers)


def _absolute(area: Area) -> str:
    whole = re.sub(r"([A-Z]+)(\d+)", r"$\1$\2", area.reference)
    return whole if area[:2] != area[2:] else whole.split(":")[0]


# ------------------------------------------------------------------- highlights


def _bears(rule: Rule, mark: str) -> bool:
    return f'"{mark} "&' in rule.formula.replace(" &", "&")


def _shows(rule: Rule, highlight: Highlight) -> bool:
    """Whether a conditional format does what is wanted, in whatever language its functions are written."""
    formula = rule.formula if rule.areas else moved(rule.formula, (1, 1), highlight.area[:2])
    return (
        _WORDS.findall(formula) == _WORDS.findall(highlight.formula)
        and (rule.fill, rule.color) == (highlight.fill.upper(), highlight.color.upper())
        and rule.areas in ((), (highlight.area,))
    )


_MISPLACED = Text(
    "Excel did not put the entries from {cells} down into their own rows, so they were taken back; if rows are filtered "
    "out, show all of them (Data > Clear) and run again.",
    "Excel разложил записи от {cells} вниз не по своим строкам, поэтому они убраны; если строки скрыты фильтром, "
    "покажите все («Данные» > «Очистить») и запустите ещё раз.",
)
_REFUSED = Text(
    "Excel refused a change, so everything was put back as it was: {said}",
    "Excel не принял изменение, поэтому всё возвращено как было: {said}",
)
_HALF = Text(
    "Writing failed and the workbook is half written, as not everything could be put back: close the workbook without "
    "saving it and open it again.",
    "Запись не удалась, и книга записана наполовину, потому что не всё удалось вернуть: закройте книгу, не сохраняя, и "
    "откройте её снова.",
)
_LOCKED = Text(
    "The structure of the workbook is protected, so no sheet can be added and nothing was written: switch it off in "
    "Excel (Review > Protect Workbook) and run again.",
    "Структура книги защищена, поэтому листы не добавить и ничего не записано: снимите защиту в Excel "
    "(«Рецензирование» > «Защитить книгу») и запустите ещё раз.",
)
_PROTECTED = Text(
    "Sheet “{sheet}” is protected, so nothing was written: Review > Unprotect Sheet in Excel, then run again.",
    "Лист «{sheet}» защищён, поэтому ничего не записано: в Excel «Рецензирование» > «Снять защиту листа», "
    "затем запустите ещё раз.",
)
_POOR = Text(
    "Without its charts and folded groups, which this Excel cannot make anew: {sheets}. Delete such a sheet before a "
    "run, and it comes complete.",
    "Без диаграмм и свёрнутых групп, которые этот Excel не умеет обновить: {sheets}. Удалите такой лист перед "
    "запуском, и он появится целиком.",
)
