"""The demo firm in a spreadsheet of its own: its tables as it typed them, no sheet or column of ours but the log."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from sheets_crm.demo import faulty_firm, replay
from sheets_crm.demo.firm import DemoFirm
from sheets_crm.schema import TABLES
from sheets_crm.sheet import LOG_KEY, Cell, Grid, LogLine, Page
from sheets_crm.text import Lang

LAST = date(2026, 5, 19)


class Firm(NamedTuple):
    """The demo firm and the log of its earlier runs."""

    made: DemoFirm
    log: tuple[LogLine, ...]

    @property
    def last(self) -> date:
        """The day of its last run."""
        return self.made.scene.runs[-1]

    def sheets(self, day: date | None = None) -> list[Page | Grid]:
        """Its tables as they stood on the morning of a day, and the log."""
        lang = self.made.scene.lang
        out: list[Page | Grid] = []
        for key, rows in self.made.rows(day or self.last).items():
            table = TABLES[key]
            head = [column.header.get(lang) for column in table.fields]
            body = ([row.get(column.key) for column in table.fields] for row in rows)
            out.append(Grid(table.sheet.get(lang), [head, *body]))
        return [*out, log_page(self.log)] if self.log else out


def firm(lang: Lang, *, deals: int, tasks: int, replayed: bool = True) -> Firm:
    """A firm of that size with its mistakes; without `replayed`, nothing of ours was ever run on it."""
    made, _ = faulty_firm(lang, as_of=LAST, deals=deals, tasks=tasks)
    runs = replay(made, made.scene.runs[:-1]) if replayed else ()
    return Firm(made, tuple(line for run in runs for line in run.changes.log))


def log_page(lines: Iterable[LogLine]) -> Page:
    """The log as a sheet that is known for ours."""
    cells = {
        (row, column): Cell(text)
        for row, line in enumerate(lines, start=1)
        for column, text in enumerate(line, start=1)
        if text
    }
    return Page(LOG_KEY, "sheets_crm_log", cells, hidden=True, owned=True)
