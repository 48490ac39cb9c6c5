"""A workbook that lives in memory: the contract of a host in its simplest form, for tests and for trying out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from sheets_crm.errors import WorkbookChanged
from sheets_crm.sheet import (
    LOG_KEY,
    Applied,
    Changes,
    ColumnUpdate,
    Content,
    Formula,
    Grid,
    Highlight,
    Link,
    LogLine,
    Page,
    Select,
    SheetInfo,
    SheetLink,
    Snapshot,
    Value,
    log_lines,
)
from sheets_crm.text import Text


@dataclass(slots=True)
class _Sheet:
    """One sheet: its values, what a grid knows beside them, and the page it was made of, if any."""

    grid: Grid
    rows: list[list[Value]]
    hidden: bool = False
    report: str | None = None
    page: Page | None = None
    highlights: dict[str, Highlight] = field(default_factory=dict)
    """By mark, as a host finds them again."""

    @property
    def name(self) -> str:
        return self.grid.name

    def put(self, row: int, column: int, value: Value) -> None:
        """Sets a cell; a blank one beyond the last is left unmade."""
        if value in (None, "") and Grid("", self.rows).value(row, column) is None:
            return
        self.rows.extend([] for _ in range(row - len(self.rows)))
        cells = self.rows[row - 1]
        cells.extend(None for _ in range(column - len(cells)))
        cells[column - 1] = value

    def copy(self) -> _Sheet:
        return replace(self, rows=[list(row) for row in self.rows], highlights=dict(self.highlights))

    def read(self) -> Grid:
        return replace(self.grid, rows=tuple(tuple(row) for row in self.rows))


class MemoryHost:
    """A workbook of `sheets`, made of pages or of bare grids, in their order."""

    def __init__(
        self, sheets: Iterable[Page | Grid], *, label: str = "memory", time_zone: str | None = None
    ) -> None:
        self._label = label
        self._time_zone = time_zone
        self._sheets = [_from_page(s) if isinstance(s, Page) else _from_grid(s) for s in sheets]
        self._version = 1

    @property
    def label(self) -> str:
        return self._label

    def read(self, select: Select) -> Snapshot:
        sheets = tuple(SheetInfo(s.name, s.hidden, s.report) for s in self._sheets)
        wanted = set(select(sheets))
        grids = {s.name: s.read() for s in self._sheets if s.name in wanted}
        return Snapshot(sheets, grids, str(self._version), self._time_zone)

    def apply(self, changes: Changes, snapshot: Snapshot) -> Applied:
        if snapshot.version != str(self._version):
            raise WorkbookChanged(_CHANGED.fill(label=self._label))
        sheets = [sheet.copy() for sheet in self._sheets]
        _apply(changes, sheets)
        return Applied(changed=self._keep(sheets))

    # ------------------------------------------------- what a person does to a workbook

    def edit(self, sheet: str, row: int, column: int, value: Value) -> None:
        """Types `value` into a cell."""
        sheets = [s.copy() for s in self._sheets]
        _named(sheets, sheet).put(row, column, value)
        self._keep(sheets)

    def rename(self, sheet: str, name: str) -> None:
        """Gives a sheet another name; whatever points to it follows."""
        sheets = [s.copy() for s in self._sheets]
        renamed = _named(sheets, sheet)
        renamed.grid = replace(renamed.grid, name=name)
        renamed.highlights = {mark: h._replace(sheet=name) for mark, h in renamed.highlights.items()}
        self._keep(sheets)

    # ------------------------------------------------------------ what a test looks at

    @property
    def highlights(self) -> tuple[Highlight, ...]:
        """The conditional formats of all sheets."""
        return tuple(h for sheet in self._sheets for h in sheet.highlights.values())

    @property
    def log_lines(self) -> tuple[LogLine, ...]:
        """The log from its first line on."""
        return next((log_lines(s.read()) for s in self._sheets if s.report == LOG_KEY), ())

    @property
    def pages(self) -> Mapping[str, Page]:
        """The pages as they were last written, by key."""
        return {sheet.page.key: sheet.page for sheet in self._sheets if sheet.page}

    def _keep(self, sheets: list[_Sheet]) -> bool:
        if sheets == self._sheets:
            return False
        self._sheets = sheets
        self._version += 1
        return True


_CHANGED = Text(
    "{label} was changed while it was being checked, so nothing was written: run the command again.",
    "Пока шла проверка, {label} изменили, поэтому ничего не записано: запустите команду ещё раз.",
)


def _apply(changes: Changes, sheets: list[_Sheet]) -> None:
    for fill in changes.fills:
        _named(sheets, fill.sheet).put(fill.row, fill.column, fill.value)
    for update in changes.columns:
        _update_column(update, _named(sheets, update.sheet))
    for highlight in changes.highlights:
        _named(sheets, highlight.sheet).highlights[highlight.mark] = highlight
    for growth in changes.tables:
        sheet = _named(sheets, growth.sheet)
        tables = tuple(growth.now if table == growth.was else table for table in sheet.grid.tables)
        may_grow = frozenset(growth.now if table == growth.was else table for table in sheet.grid.may_grow)
        sheet.grid = replace(sheet.grid, tables=tables, may_grow=may_grow)
    for page in changes.pages:
        _replace_page(page, sheets)
    if changes.log:
        _append_log(changes, sheets)


def _update_column(update: ColumnUpdate, sheet: _Sheet) -> None:
    if sheet.read().value(update.header_row, update.column) in (None, ""):
        sheet.put(update.header_row, update.column, update.header)
    for row, text in update.texts.items():
        sheet.put(row, update.column, text)


def _replace_page(page: Page, sheets: list[_Sheet]) -> None:
    """In place of the sheet that is ours, under the name and as hidden as the user has it; else as the last."""
    owned = next((at for at, sheet in enumerate(sheets) if page.owned and sheet.report == page.key), None)
    if owned is None:
        sheets.append(_from_page(page))
    else:
        old = sheets[owned]
        sheets[owned] = _from_page(replace(page, name=old.name, hidden=old.hidden))


def _append_log(changes: Changes, sheets: list[_Sheet]) -> None:
    log = next((sheet for sheet in sheets if sheet.report == LOG_KEY), None)
    if log is None:
        log = _Sheet(Grid(changes.log_name, ()), [], hidden=True, report=LOG_KEY)
        sheets.append(log)
    log.rows.extend([line.text, line.seal] for line in changes.log)


def _named(sheets: list[_Sheet], name: str) -> _Sheet:
    return next(sheet for sheet in sheets if sheet.name == name)


def _from_grid(grid: Grid) -> _Sheet:
    return _Sheet(grid, [list(row) for row in grid.rows])


def _from_page(page: Page) -> _Sheet:
    sheet = _Sheet(
        Grid(page.name, ()),
        [],
        hidden=page.hidden,
        report=page.key if page.owned else None,
        page=page,
        highlights={highlight.mark: highlight for highlight in page.highlights},
    )
    for (row, column), cell in page.cells.items():
        sheet.put(row, column, _kept(cell.content))
    return sheet


def _kept(content: Content) -> Value:
    """What a reader gets back for a cell's content: the result of a formula, the text of a link."""
    value = content.value if isinstance(content, Formula) else content
    if isinstance(value, Link | SheetLink):
        return value.text
    return float(value) if isinstance(value, Decimal) else value
