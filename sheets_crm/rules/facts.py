"""What a deal shows to the small language of criteria: its fields, its done contacts, and what was asked when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache, cached_property
from hashlib import sha256
from typing import Any, NamedTuple

from sheets_crm.book import folded
from sheets_crm.book.tables import match_headers
from sheets_crm.expr import Criterion, Mistake, parse
from sheets_crm.firm import Firm
from sheets_crm.history import scalar
from sheets_crm.rules.fields import is_blank
from sheets_crm.schema import TABLES, Column, Deal, Stage, Task
from sheets_crm.text import Text

_DEALS = TABLES["Deals"]
_COLUMNS = {column.key: column for column in _DEALS.columns}
_CUT = "…"
_LONGEST_DETAIL = 160
_A_DAY = timedelta(days=1)


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
        if not self.firm.book.deals.has(key):
            raise LookupError(key)
        return getattr(self.deal, key)

    def filled(self, key: str) -> bool:
        """Whether a column holds more than a placeholder."""
        return not is_blank(_COLUMNS[key], self.field(key))

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


@cache
def _column(name: str) -> Column | None:
    """The column of Deals that a name means, by the reader's own matching: «Сумма, ₽» is the amount here too."""
    found = match_headers(_DEALS, [name])
    column = _DEALS.column(next(iter(found))) if found else None
    return None if column is None or column.ours else column


@cache
def _parsed(text: str) -> tuple[Criterion, ...] | Mistake:
    return parse(text, _column)


def criteria(text: str | None) -> tuple[Criterion, ...] | Mistake:
    """The criteria of a cell of the rule tables; none where it is blank."""
    return _parsed(text) if text else ()


def field_of(criterion: Criterion) -> str:
    """Where a finding about a criterion stands: the first column that it asks for, else the stage."""
    return next(iter(criterion.columns), "stage")


def missing(firm: Firm, criterion: Criterion) -> Text:
    """Why it cannot be known whether a criterion holds."""
    for key in criterion.columns:
        if not firm.has(f"Deals.{key}"):
            return _NO_COLUMN.fill(column=_DEALS.column(key).header)
    return _NO_TASKS


def in_key(text: str) -> str:
    """A text as the detail of a finding's key; a long one is cut, as a line of the log has to stay within a cell."""
    if len(text) <= _LONGEST_DETAIL:
        return text
    return text[:_LONGEST_DETAIL] + _CUT + sha256(text.encode()).hexdigest()[:12]


# ---------------------------------------------------- what was asked, and when


class Passed(NamedTuple):
    """A stage that a deal is past."""

    stage: Stage
    upto: frozenset[str]
    """Its name and those of the active stages before it, folded."""


def passed_stages(firm: Firm) -> Mapping[str, Sequence[Passed]]:
    """Key of a stage to the active stages before it in its pipeline, in their order."""
    out: dict[str, list[Passed]] = {}
    for stage in firm.book.stages.rows:
        before: list[Passed] = []
        same = [s for s in firm.book.stages.rows if folded(s.pipeline or "") == folded(stage.pipeline or "")]
        for earlier in sorted(same, key=lambda s: s.order or Decimal(0)):
            ordered = earlier.order is not None and stage.order is not None and earlier.order < stage.order
            if ordered and earlier.kind in (None, "active"):
                names = before[-1].upto if before else frozenset()
                before.append(Passed(earlier, names | {folded(earlier.stage or "")}))
        out[stage.key] = before
    return out


def asked_when_left(firm: Firm, deal: Deal, passed: Passed, field: str) -> str | None:
    """What a stage asked for when a deal left it; most often nothing has changed since."""
    now: str | None = getattr(passed.stage, field)
    seen = firm.past.seen.get(("Stages", passed.stage.key))
    same = seen is not None and seen.fields.get(field, "") == scalar(now)
    if seen is None or (same and not firm.past.changes(passed.stage, field)):
        return now
    return asked_on(firm, passed.stage, field, left_on(firm, deal, passed))


def asked_on(firm: Firm, stage: Stage, field: str, day: date) -> str | None:
    """What a stage asked for on an earlier day, as far as the log knows: a rule changed later binds nobody backwards."""
    now: str | None = getattr(stage, field)
    seen = firm.past.seen.get(("Stages", stage.key))
    if seen is None or day >= firm.as_of:
        return now
    known = firm.past.value_on(stage, field, max(day, seen.since))
    return now if known is None or known.endswith(_CUT) else known or None


def left_on(firm: Firm, deal: Deal, passed: Passed) -> date:
    """The last day that a deal surely spent in a stage which it is past, or before it; yesterday if nothing is known.

    The log sees a move and a change of the rules on the day of a run, whichever came first; hence the day before. It
    goes before the date typed in the deal, which is often still that of the stage before.
    """
    seen = firm.past.seen.get(("Deals", deal.key))
    if seen is not None and folded(seen.fields.get("stage", "")) in passed.upto:
        return firm.as_of - _A_DAY
    for move in reversed(firm.past.changes(deal, "stage")):
        if folded(move.old) in passed.upto:
            return move.as_of - _A_DAY
    visits = firm.visits(deal)
    left = [visit.left for visit in visits if visit.stage in passed.upto]
    known = [left[-1]] if left else [visits[0].entered, seen.since if seen else None]
    return min((day for day in known if day is not None), default=firm.as_of) - _A_DAY


def changed_on(firm: Firm, deal: Deal, key: str) -> date | None:
    """The day on which the log saw a tracked field of a deal change last, today's run included; None if it never did."""
    seen = firm.past.seen.get(("Deals", deal.key))
    if seen is not None and seen.fields.get(key, "") != scalar(getattr(deal, key)):
        return firm.as_of
    changes = firm.past.changes(deal, key)
    return changes[-1].as_of if changes else None


_NO_COLUMN = Text("there is no column “{column}”", "нет столбца «{column}»")
_NO_TASKS = Text(
    "there is no sheet of tasks with the columns Done and Type",
    "нет листа задач со столбцами «Сделано» и «Тип»",
)
