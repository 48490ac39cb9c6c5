"""A firm to try everything on: six people, six months, mistakes from a list, eight weekly runs replayed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from sheets_crm import sync
from sheets_crm.demo.cards import Fields
from sheets_crm.demo.faults import Planted, plant
from sheets_crm.demo.firm import TASKS_A_DEAL, DemoFirm, firm
from sheets_crm.hosts.xlsx import XlsxHost, create
from sheets_crm.schema import TABLES
from sheets_crm.sheet import LOG_KEY, Applied, Cell, Grid, LogLine, Page, SheetInfo, Snapshot
from sheets_crm.sync import Run
from sheets_crm.template import pages
from sheets_crm.text import Lang

__all__ = ["Demo", "DemoFirm", "Planted", "build", "faulty_firm", "replay"]

_LOG_SHEET = "sheets_crm_log"


@dataclass(frozen=True)
class Demo:
    """The demo workbook as it was left."""

    path: Path
    run: Run
    """The last run, on the firm's last day."""
    planted: tuple[Planted, ...]
    """Every mistake that was ever made in it, mended or not."""


def build(
    path: Path, *, lang: Lang, as_of: date, deals: int = 180, tasks: int | None = None, seed: int = 1
) -> Demo:
    """Writes the demo workbook to `path`, in place of what is there: the same arguments give the same bytes.

    `deals` deals and about `tasks` tasks (20 a deal if None); the last of eight weekly runs is on `as_of`.
    """
    made, planted = faulty_firm(lang, as_of=as_of, deals=deals, tasks=tasks, seed=seed)
    *earlier, last = made.scene.runs
    log = [line for done in replay(made, earlier) for line in done.changes.log]
    with tempfile.TemporaryDirectory(
        prefix=".demo", dir=path.parent
    ) as folder:  # the run's backup goes with it
        draft = Path(folder) / path.name
        create(draft, (*pages(lang, rows=made.rows(last)), _log_page(log)))
        done = sync.run(XlsxHost(draft), today=lambda _: last, as_of=last)
        draft.replace(path)
    return Demo(path, replace(done, applied=Applied(changed=True)), tuple(planted))


def faulty_firm(
    lang: Lang, *, as_of: date, deals: int = 180, tasks: int | None = None, seed: int = 1
) -> tuple[DemoFirm, list[Planted]]:
    """The firm with its mistakes, and what they are."""
    made = firm(
        lang, seed=seed, as_of=as_of, deals=deals, tasks=TASKS_A_DEAL * deals if tasks is None else tasks
    )
    return made, plant(made)


def replay(made: DemoFirm, days: Iterable[date]) -> Iterator[Run]:
    """One run on each day over the tables as they stood that morning, each with the log of those before it."""
    log: list[LogLine] = []
    for day in days:
        snapshot = _snapshot(made.rows(day), made.scene.lang, log)
        done = sync.audit(snapshot, "demo", today=lambda _, day=day: day, as_of=day, names=())  # type: ignore[misc]
        log += done.changes.log
        yield done


def _snapshot(rows: Mapping[str, Sequence[Fields]], lang: Lang, log: Sequence[LogLine]) -> Snapshot:
    """The tables as a host would read them."""
    grids = [_grid(table, found, lang) for table, found in rows.items()]
    grids.append(Grid(_LOG_SHEET, [list(line) for line in log]))
    sheets = [SheetInfo(grid.name, report=LOG_KEY if grid.name == _LOG_SHEET else None) for grid in grids]
    return Snapshot(tuple(sheets), {grid.name: grid for grid in grids}, "demo")


def _grid(table: str, rows: Sequence[Fields], lang: Lang) -> Grid:
    columns = TABLES[table].fields
    head = [column.header.get(lang) for column in columns]
    return Grid(TABLES[table].sheet.get(lang), [head, *([row.get(c.key) for c in columns] for row in rows)])


def _log_page(log: Sequence[LogLine]) -> Page:
    """The log of the earlier runs, as the sheet that the last run continues."""
    cells = {
        (n, column): Cell(text)
        for n, line in enumerate(log, start=1)
        for column, text in enumerate(line, start=1)
        if text
    }
    return Page(LOG_KEY, _LOG_SHEET, cells, hidden=True, owned=True)
