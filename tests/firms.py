"""Small firms for tests: sheets typed in place, runs on a given day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sheets_crm import sync
from sheets_crm.findings import Finding
from sheets_crm.hosts.memory import MemoryHost
from sheets_crm.sheet import Grid, SheetInfo, Snapshot, Value

MONDAY = date(2026, 5, 18)
TODAY = date(2026, 5, 20)
"""A Wednesday; the clock of every run in tests."""


def sheet(name: str, header: str, *rows: Sequence[Value]) -> Grid:
    """A sheet with a header row of words separated by spaces or, where one holds spaces, by ` | `."""
    words = header.split(" | ") if " | " in header else header.split()
    return Grid(name, [list(words), *(list(row) for row in rows)])


def snapshot(*grids: Grid) -> Snapshot:
    """A workbook of these sheets as a host would read it."""
    return Snapshot(tuple(SheetInfo(g.name) for g in grids), {g.name: g for g in grids}, "1")


def deals(*rows: Sequence[Value]) -> Grid:
    """Deals with an ID, a stage, an owner, a next date, an amount, a creation and a closing date."""
    return sheet("Deals", "deal_id stage owner next_date amount created_at closed_at", *rows)


def deal(
    number: int, *, stage: str = "Proposal", owner: str = "Ann", step: bool = True, amount: Value = 100.0
) -> list[Value]:
    """A row of `deals`; with `step`, it has a next date and so no TK01."""
    old = date(2026, 4, 1)
    closed = date(2026, 5, 4) if stage in ("Won", "Lost") else None
    return [f"D{number}", stage, owner, date(2026, 6, 1) if step else None, amount, old, closed]


def run(host: MemoryHost, day: date = TODAY, *, record: bool = False, write: bool = True) -> sync.Run:
    """A run on a day, today being Wednesday 20 May 2026."""
    return sync.run(host, today=lambda _: TODAY, as_of=day, record=record, write=write, names=("audit",))


def found(result: sync.Run, code: str = "") -> dict[tuple[str, str], Finding]:
    """(rule, row key) to finding, of one rule or of all."""
    return {(f.rule, f.key.row_key): f for f in result.verdict.findings if not code or f.rule == code}
