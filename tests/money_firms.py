"""Small firms with money: tables typed as rows of key and value, one after another as they stood on the days of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TypeAlias

from sheets_crm import sync
from sheets_crm.firm import Firm
from sheets_crm.pages import Told
from sheets_crm.schema import TABLES
from sheets_crm.sheet import LOG_KEY, Grid, LogLine, SheetInfo, Snapshot, Value
from sheets_crm.text import Lang

Rows: TypeAlias = Sequence[Mapping[str, Value]]
TODAY = date(2026, 5, 20)
STAGES: Rows = [
    {"stage": "New", "order": 1, "kind": "active", "probability": 10},
    {"stage": "Proposal", "order": 2, "kind": "active", "probability": 40},
    {"stage": "Contract", "order": 3, "kind": "active", "probability": 80},
    {"stage": "Vague", "order": 4, "kind": "active"},
    {"stage": "Hold", "order": 5, "kind": "passive"},
    {"stage": "Won", "order": 6, "kind": "won", "probability": 100},
    {"stage": "Lost", "order": 7, "kind": "lost", "probability": 0},
    {"stage": "Refund", "order": 8, "kind": "refund"},
    {"stage": "Handed over", "order": 9, "kind": "handover"},
]
TEAM: Rows = [
    {"user": "Ann", "role": "rep"},
    {"user": "Bob", "role": "rep"},
    {"user": "Helen", "role": "hos"},
]
DEALS = (
    "deal_id", "name", "stage", "owner", "amount", "currency", "expected_close", "closed_at", "paid_amount", "paid_at",
    "stage_entered_at", "prob_override", "prob_by", "prob_at", "next_step", "next_date", "reactivated_from",
)  # fmt: skip


def day(text: str) -> date:
    """`5-20` as a day of 2026."""
    month, number = text.split("-")
    return date(2026, int(month), int(number))


def table(key: str, rows: Rows, columns: Sequence[str] = (), lang: Lang = "en") -> Grid:
    """A sheet of a table; its columns are those of the rows, or `columns`."""
    keys = list(columns) or list(dict.fromkeys(name for row in rows for name in row))
    header = [TABLES[key].column(name).header.get(lang) for name in keys]
    return Grid(TABLES[key].sheet.get(lang), [header, *([row.get(name) for name in keys] for row in rows)])


def told(
    *states: tuple[date, Rows],
    columns: Sequence[str] = DEALS,
    lang: Lang = "en",
    tables: Mapping[str, Rows] | None = None,
    **more: Rows,
) -> Told:
    """What a report is made of on the last day, after a run on each day before; the other tables never change."""
    others = {"Stages": STAGES, "Team": TEAM, **(tables or {}), **more}
    log: list[LogLine] = []
    for on, deals in states:
        grids = [table("Deals", deals, columns, lang)]
        grids += [table(key, rows, lang=lang) for key, rows in others.items() if rows]
        grids.append(Grid("log", [list(line) for line in log]))
        sheets = [SheetInfo(g.name, report=LOG_KEY if g.name == "log" else None) for g in grids]
        made = Snapshot(tuple(sheets), {g.name: g for g in grids}, "1")
        run = sync.audit(made, "test", today=lambda _, on=on: on, as_of=on, names=())  # type: ignore[misc]
        log += run.changes.log
    return Told(run.firm, run.verdict, run.checked, run.head)


def firm(*deals: Mapping[str, Value], columns: Sequence[str] = DEALS, **tables: Rows) -> Firm:
    """A firm on 20 May 2026 that has never been looked at before."""
    return told((TODAY, numbered(deals)), columns=columns, tables=tables).firm


def numbered(deals: Rows) -> Rows:
    """The deals with IDs, where they have none."""
    return [{"deal_id": f"D{n:04}", **deal} for n, deal in enumerate(deals, start=1)]


def book(**settings: str) -> Rows:
    """A Sales Book with these settings of the firm."""
    return [{"code": "FIRM", "setting": name, "value": value} for name, value in settings.items()]
