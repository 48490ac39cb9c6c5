"""A firm on one day: its book, its past, its settings and its working days. This is all that a rule sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from sheets_crm.book import Book, folded, task_is_open
from sheets_crm.book.settings import Settings
from sheets_crm.calendar import WorkCalendar, weekdays
from sheets_crm.history import Past
from sheets_crm.schema import Deal, LossReason, Row, Stage, Task


@dataclass(frozen=True)
class Firm:
    """What is judged, and on which day."""

    book: Book
    as_of: date
    settings: Settings
    past: Past = field(default_factory=Past)

    @cached_property
    def calendar(self) -> WorkCalendar:
        """The firm's working days."""
        return WorkCalendar(weekdays(self.setting("work_days")), self.setting("country"))

    def setting(self, name: str) -> Any:
        """The value of one of the firm's own settings."""
        return self.settings.firm[name]

    @property
    def binding_from(self) -> date:
        """From when the rules bind: the setting, else the day of the first run, else today."""
        stated: date | None = self.setting("binding_from")
        return stated or self.past.first_day or self.as_of

    @property
    def base_currency(self) -> str:
        """The currency meant by a blank one."""
        return str(self.setting("base_currency"))

    # The book's own answers, so that a rule reads as a sentence.

    @property
    def open_deals(self) -> Sequence[Deal]:
        """All open deals."""
        return self.book.open_deals

    @cached_property
    def deals_by_kind(self) -> Mapping[str | None, Sequence[Deal]]:
        """Deals by the kind of their stage; None: the stage is unknown."""
        out: dict[str | None, list[Deal]] = {}
        for deal in self.book.deals.rows:
            out.setdefault(self.book.kind_of(deal), []).append(deal)
        return out

    def stage(self, deal: Deal) -> Stage | None:
        """The deal's stage; None if unknown."""
        return self.book.stage_of(deal)

    def kind(self, deal: Deal) -> str | None:
        """The kind of the deal's stage; None if unknown."""
        return self.book.kind_of(deal)

    def has(self, name: str) -> bool:
        """Whether a `Table` or a `Table.column` exists."""
        return self.book.has(name)

    def deal_of(self, row: Row) -> Deal | None:
        """The deal that a row counts on: itself, or its task's."""
        if isinstance(row, Deal):
            return row
        if isinstance(row, Task):
            return self.book.deal_of(row) or self.book.only_open_deal(row)
        return None

    @cached_property
    def open_tasks(self) -> Sequence[Task]:
        """Tasks that are neither done nor cancelled."""
        return tuple(task for task in self.book.tasks.rows if task_is_open(task))

    @cached_property
    def _steps(self) -> Mapping[str, Sequence[Task]]:
        out: dict[str, list[Task]] = {}
        for task in self.open_tasks:
            if (deal := self.deal_of(task)) is not None:
                out.setdefault(deal.key, []).append(task)
        return out

    def steps(self, deal: Deal) -> Sequence[Task]:
        """The open tasks that are a deal's next steps (ruling R8)."""
        return self._steps.get(deal.key, ())

    @cached_property
    def loss_reasons(self) -> Mapping[str, LossReason]:
        """Reasons in use, by their folded name."""
        return {
            folded(reason.reason): reason
            for reason in self.book.reasons.rows
            if reason.reason and reason.active is not False
        }

    def entered(self, deal: Deal) -> date | None:
        """When the deal entered its present stage: as typed, else as the log saw it; None if unknown (ruling R10)."""
        return deal.stage_entered_at or self.past.entered(deal)
