"""What a deal shows to the small language of criteria: its fields, its done contacts, and what was asked when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from sheets_crm.book import folded
from sheets_crm.book.tables import spellings
from sheets_crm.expr import Criterion, Mistake, parse
from sheets_crm.firm import Firm
from sheets_crm.rules.fields import is_blank
from sheets_crm.schema import TABLES, Deal, Stage, Task

_DEALS = TABLES["Deals"]
_KEYS = {name: column.key for column in reversed(_DEALS.fields) for name in spellings(column)}
_CUT = "…"


@dataclass(frozen=True)
class DealFacts:
    """The facts of one deal, as `expr.holds` asks for them."""

    firm: Firm
    deal: Deal

    @property
    def today(self) -> date:
        """The day of the run."""
        return self.firm.as_of

    def field(self, key: str) -> Any:
        """The value of a column; a blank first response is the first done contact. LookupError if there is none such."""
        if key == "first_response_at" and (answered := self.firm.first_response(self.deal)) is not None:
            return answered
        if not self.firm.has(f"Deals.{key}"):
            raise LookupError(key)
        return getattr(self.deal, key)

    def filled(self, key: str) -> bool:
        """Whether a column holds more than a placeholder."""
        return not is_blank(_DEALS.column(key), self.field(key))

    def task_done(self, kind: str) -> bool:
        """Whether a task of that type is done on the deal."""
        self._tasks_known()
        return any(task.type == kind for task in self.firm.done_tasks(self.deal))

    def derived(self, name: str) -> int:
        """Numbers of contacts: all, or those tried in vain since the client was last heard of.

        attempts = outgoing contacts since the last incoming one, or since one with an outcome other than no answer;
        attempt_days and attempt_channels = on how many days and by how many types; communications = all contacts.
        """
        self._tasks_known()
        if name == "communications":
            return len(self.firm.contacts(self.deal))
        if name == "attempt_days":
            return len({task.done_at.date() for task in self._in_vain if task.done_at})
        if name == "attempt_channels":
            return len({task.type for task in self._in_vain})
        return len(self._in_vain)

    @cached_property
    def _in_vain(self) -> Sequence[Task]:
        tried: list[Task] = []
        for task in self.firm.contacts(self.deal):
            if task.direction == "in" or task.outcome not in (None, "no_answer"):
                tried.clear()
            else:
                tried.append(task)
        return tried

    def _tasks_known(self) -> None:
        if not (self.firm.has("Tasks.done_at") and self.firm.has("Tasks.type")):
            raise LookupError("Tasks")


def criteria(text: str | None) -> tuple[Criterion, ...] | Mistake:
    """The criteria of a cell of the rule tables; none where it is blank."""
    return parse(text, lambda name: _KEYS.get(folded(name))) if text else ()


def asked_on(firm: Firm, stage: Stage, field: str, day: date) -> str | None:
    """What a stage asked for on an earlier day, as far as the log knows: a rule changed later binds nobody backwards."""
    now: str | None = getattr(stage, field)
    seen = firm.past.seen.get(("Stages", stage.key))
    if seen is None or day >= firm.as_of:
        return now
    known = firm.past.value_on(stage, field, max(day, seen.since))
    return now if known is None or known.endswith(_CUT) else known or None


def left_on(firm: Firm, deal: Deal, stage: Stage) -> date:
    """The latest day on which the deal can have left an earlier stage; today where nothing is known."""
    for visit in reversed(firm.visits(deal)):
        if visit.stage == folded(stage.stage or "") and visit.left is not None:
            return visit.left
    seen = firm.past.seen.get(("Deals", deal.key))
    known = [day for day in (firm.entered(deal), seen.since if seen else None) if day is not None]
    return min(known, default=firm.as_of)
