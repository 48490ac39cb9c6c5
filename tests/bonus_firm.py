"""A firm that lives through weeks: reps with a bonus, deals with or without a next step, runs on given days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sheets_crm import sync
from sheets_crm.hosts.memory import MemoryHost
from sheets_crm.metrics.bonus import Account, Bonus, account
from sheets_crm.pages import Told
from sheets_crm.sheet import Grid, Value
from tests.firms import deals, sheet

FIRST = date(2026, 5, 4)
"""The Monday of the first run: the baseline."""
STEP_ON = date(2026, 6, 1)
STEP_AT, OWNER_AT = 4, 3
TEAM: tuple[list[Value], ...] = (
    ["Ann", "rep", 10_000.0],
    ["Bob", "rep", 20_000.0],
    ["Hana", "hos", 50_000.0],
)


class Story:
    """A workbook of `count` open deals, odd ones Ann's and even ones Bob's; all of them begin with a next step."""

    def __init__(
        self, count: int = 10, *, team: Sequence[Sequence[Value]] = TEAM, settings: Mapping[str, Value] | None = None,
        more: Sequence[Grid] = (), appeals: int = 12,
    ) -> None:  # fmt: skip
        rows: list[list[Any]] = [
            [f"D{n}", "Proposal", ("Bob", "Ann")[n % 2], STEP_ON, 100.0, date(2026, 4, 1), None]
            for n in range(1, count + 1)
        ]
        book = [["FIRM", name, value, None] for name, value in (settings or {}).items()]
        self.host = MemoryHost(
            [
                deals(*rows),
                sheet("Team", "user role base_bonus start end plan", *(self._full(row) for row in team)),
                sheet("Sales Book", "code setting value effective_from", *book),
                sheet("Appeals", "finding_id user date words decision decided_by answer", *([None] * 7 for _ in range(appeals))),
                sheet("Absences", "user from to", [None] * 3, [None] * 3),
                *more,
            ]
        )  # fmt: skip
        self.appeals = 0
        self.last: sync.Run | None = None

    @staticmethod
    def _full(row: Sequence[Value]) -> list[Value]:
        return [*row, *([None] * (6 - len(row)))]

    def away(self, first: date, last: date, user: str = "Ann") -> None:
        """A row of Absences."""
        for column, value in ((1, user), (2, first), (3, last)):
            self.host.edit("Absences", 2, column, value)

    def run(self, day: date, *, write: bool = True, names: Sequence[str] = ()) -> sync.Run:
        """A run on its own day, with these reports."""
        self.last = sync.run(self.host, today=lambda _: day, as_of=day, write=write, names=names)
        return self.last

    def weeks(self, *days: date) -> Account:
        """Runs on these days; the account of the last."""
        for day in days:
            self.run(day)
        return self.account

    @property
    def account(self) -> Account:
        """The account of the last run."""
        assert self.last is not None
        return account(self.last.firm, self.last.checked, self.last.verdict)

    @property
    def told(self) -> Told:
        """What a report of the last run is made of."""
        assert self.last is not None
        return Told(self.last.firm, self.last.verdict, self.last.checked, self.last.head)

    def drop(self, *numbers: int) -> None:
        """These deals lose their next step: one TK01 each from the next run on."""
        for number in numbers:
            self.host.edit("Deals", number + 1, STEP_AT, None)

    def mend(self, *numbers: int) -> None:
        """These deals have a next step again."""
        for number in numbers:
            self.host.edit("Deals", number + 1, STEP_AT, STEP_ON)

    def id_of(self, number: int) -> str:
        """The number of the finding on a deal."""
        assert self.last is not None
        (found,) = [
            f.id for f in self.last.verdict.findings if (f.rule, f.key.row_key) == ("TK01", f"d{number}")
        ]
        return found

    def appeal(
        self, id_: str, user: Value = "Ann", decision: Value = None, by: Value = None, *, row: int = 0
    ) -> int:
        """Files an appeal, or writes over the one in `row`; the row."""
        self.appeals += not row
        at = row or self.appeals + 1
        cells: list[Value] = [id_, user, date(2026, 5, 20), "I was there", decision, by]
        for column, value in enumerate(cells, start=1):
            self.host.edit("Appeals", at, column, value)
        return at


def monday(number: int) -> date:
    """The Monday of a week; 0 is the first run's."""
    return FIRST + timedelta(days=7 * number)


def of(found: Account, user: str, start: date | None = None) -> Bonus:
    """A rep's bonus of the newest period, or of the one from `start` on."""
    own = found.of(user)
    return own[0] if start is None else next(b for b in own if b.period.start == start)
