"""A firm on one day: its book, its past, its settings and its working days. This is all that a rule sees."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from sheets_crm.book import Book, folded, folded_name, task_is_open
from sheets_crm.book.settings import Settings
from sheets_crm.calendar import WorkCalendar, weekdays
from sheets_crm.history import Past
from sheets_crm.schema import (
    Absence,
    Company,
    Contact,
    Deal,
    Holiday,
    LossReason,
    Member,
    Row,
    Stage,
    StageEntry,
    Task,
    Waiver,
)


class Visit(NamedTuple):
    """A deal's stay in a stage."""

    stage: str
    """The stage's name, folded."""
    entered: date | None
    left: date | None


@dataclass(frozen=True)
class Firm:
    """What is judged, and on which day."""

    book: Book
    as_of: date
    settings: Settings
    past: Past = field(default_factory=Past)

    @cached_property
    def calendar(self) -> WorkCalendar:
        """The firm's working days: its week, its country's holidays, and the sheet Holidays over both."""
        days = {h.date_: bool(h.working) for h in self.book.of(Holiday).rows if h.date_}
        return WorkCalendar(
            weekdays(self.setting("work_days")), self.setting("country"),
            frozenset(d for d, working in days.items() if not working),
            frozenset(d for d, working in days.items() if working),
        )  # fmt: skip

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

    def owner_of(self, row: Row) -> str | None:
        """Whose a row is: its own owner or user, its deal's owner, or that of the card's furthest open deal."""
        own: str | None = getattr(row, "owner", None) or getattr(row, "user", None)
        if own:
            return own
        deal = self.deal_of(row)
        if own is None and deal is None and isinstance(row, Contact | Company):
            deal = max(self.book.open_deals_of(row), key=self._order, default=None)
        return deal.owner if deal else None

    def owners_of(self, rows: Iterable[Row]) -> list[str | None]:
        """`owner_of` for many rows, most of which have an owner of their own."""
        return [getattr(row, "owner", None) or self.owner_of(row) for row in rows]

    def _order(self, deal: Deal) -> Decimal:
        stage = self.book.stage_of(deal)
        return (stage.order if stage else None) or Decimal(0)

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

    # ------------------------------------------------------------ people

    @cached_property
    def _absences(self) -> Mapping[str, Sequence[Absence]]:
        out: dict[str, list[Absence]] = {}
        for absence in self.book.of(Absence).rows:
            if absence.user and absence.from_:
                out.setdefault(folded(absence.user), []).append(absence)
        return out

    def absence(self, user: str | None, day: date) -> Absence | None:
        """The absence of a person on a day; one without an end lasts."""
        for absence in self._absences.get(folded_name(user or ""), ()):
            if absence.from_ is not None and absence.from_ <= day <= (absence.to or date.max):
                return absence
        return None

    @cached_property
    def heads(self) -> Sequence[Member]:
        """The Heads of Sales who work here now."""
        return [m for m in self.book.team.rows if m.role == "hos" and (m.end is None or m.end >= self.as_of)]

    def back_at_work(self, user: str | None) -> date:
        """The first working day after a person's latest absence; long past where there was none."""
        absences = self._absences.get(folded_name(user or ""), ())
        ends = [a.to or date.max for a in absences if a.from_ and a.from_ <= self.as_of]
        last = max(ends, default=date.min)
        return last if last in (date.min, date.max) else self.calendar.add(last, 1)

    def worked_days(self, user: str | None, after: date, until: date) -> int:
        """Working days of a person in (after, until]: the firm's, on the person's own weekdays, without absences."""
        span = (user, after, until)
        found = self._worked.get(span)
        if found is None:
            found = self._worked[span] = self._count_worked(*span)
        return found

    @cached_property
    def _worked(self) -> dict[tuple[str | None, date, date], int]:
        """What was counted before: many findings of a person were first seen on one day."""
        return {}

    def _count_worked(self, user: str | None, after: date, until: date) -> int:
        member = self.book.member(user)
        own = weekdays(member.work_days) if member and member.work_days else self.calendar.work_days
        days = (after + timedelta(days=n) for n in range(1, (until - after).days + 1))
        return sum(
            self.calendar.works(day) and day.isoweekday() in own and self.absence(user, day) is None
            for day in days
        )

    def bound_from(self, user: str | None) -> date:
        """From when the rules bind a person: the book acknowledged, and `ramp_days` working days after the start (R4)."""
        found = self._bound_from.get(user)
        if found is None:
            found = self._bound_from[user] = self._bound(self.book.member(user))
        return found

    @cached_property
    def _bound_from(self) -> dict[str | None, date]:
        """From when the rules bind whom, as far as was asked: a few people own all deals."""
        return {}

    def _bound(self, member: Member | None) -> date:
        if member is None:
            return date.min
        start = self.calendar.add(member.start, self.setting("ramp_days")) if member.start else date.min
        return max(start, member.ack_at or date.min)

    def peace_until(self, deal: Deal) -> date:
        """Until when whoever received a deal is left in peace: `transfer_grace_days` working days (R3).

        A move that this very run is the first to see counts as of today; another spelling of one name is no move.
        """
        moves = [(move.as_of, move.old, move.new) for move in self.past.changes(deal, "owner")]
        known = self.past.seen.get(("Deals", deal.key))
        if known is not None:
            moves.append((self.as_of, known.fields.get("owner", ""), deal.owner or ""))
        days = [
            day for day, old, new in moves if new and old != new and self._person(old) != self._person(new)
        ]
        return self.calendar.add(days[-1], self.setting("transfer_grace_days")) if days else date.min

    def _person(self, name: str) -> str:
        member = self.book.member(name)
        return folded((member.user if member else None) or name)

    @cached_property
    def _waivers(self) -> Mapping[tuple[str, str], Waiver]:
        return {
            (waiver.rule.strip().upper(), deal.key): waiver
            for waiver in self.book.of(Waiver).rows
            if waiver.rule
            and self.waiver_fault(waiver) is None
            and (deal := self.waived_deal(waiver)) is not None
        }

    def waiver(self, rule: str, deal: Deal | None) -> Waiver | None:
        """The waiver in force for a rule on a deal, its tasks included (R17)."""
        return self._waivers.get((rule, deal.key)) if deal is not None else None

    def waived_deal(self, waiver: Waiver) -> Deal | None:
        """The deal that a waiver names."""
        found = self.book.resolve("Deals", waiver.deal_id).row
        return found if isinstance(found, Deal) else None

    def waiver_fault(self, waiver: Waiver) -> str | None:
        """The column because of which a waiver does not hold; None if it does.

        It holds for a known deal, until a day that is typed and not over, given by a Head of Sales of the team who
        does not own the deal. Whether the rule exists is for those to say who know the rules.
        """
        deal = self.waived_deal(waiver)
        grantor = self.book.member(waiver.granted_by)
        if deal is None:
            return "deal_id"
        if not waiver.rule:
            return "rule"
        if (
            grantor is None
            or grantor.role != "hos"
            or folded(waiver.granted_by or "") == folded(deal.owner or "")
        ):
            return "granted_by"
        if waiver.until is None or waiver.until < self.as_of:
            return "until"
        return None

    # ------------------------------------------------------------ what was done

    @cached_property
    def done(self) -> Sequence[Task]:
        """All done tasks, in the sheet's order; a cancelled one is not done."""
        return [t for t in self.book.tasks.rows if t.done_at is not None and t.status != "cancelled"]

    @cached_property
    def _done(self) -> Mapping[str, Sequence[Task]]:
        out: dict[str, list[Task]] = {}
        alike: dict[str | None, list[Task]] = defaultdict(list)
        for task in self.done:
            alike[task.deal_id].append(task)
        for name, tasks in alike.items():
            if (deal := self.book.resolve("Deals", name).row) is not None:
                out.setdefault(deal.key, []).extend(tasks)
                continue
            for task in tasks:
                if (deal := self.book.only_open_deal(task)) is not None:
                    out.setdefault(deal.key, []).append(task)
        for tasks in out.values():
            tasks.sort(key=attrgetter("done_at", "row"))
        return out

    def done_tasks(self, deal: Deal) -> Sequence[Task]:
        """The done tasks of a deal, oldest first."""
        return self._done.get(deal.key, ())

    def last_done(self, deal: Deal) -> Task | None:
        """The task done last, by today."""
        for task in reversed(self.done_tasks(deal)):
            if task.done_at is not None and task.done_at.date() <= self.as_of:
                return task
        return None

    def contacts(self, deal: Deal) -> Sequence[Task]:
        """The done tasks that reached out to the client, or were the client's own: all types but Task."""
        return [task for task in self.done_tasks(deal) if task.type != "task"]

    def first_response(self, deal: Deal) -> datetime | None:
        """When the client was first answered: as typed, else the first done contact."""
        first = next(iter(self.contacts(deal)), None)
        return deal.first_response_at or (first.done_at if first else None)

    @cached_property
    def recorded_deals(self) -> Mapping[str | None, Row | None]:
        """Every name in the sheet Stage history to the deal that it means."""
        names = {entry.deal_id for entry in self.book.of(StageEntry).rows}
        return {name: self.book.resolve("Deals", name).row for name in names}

    @cached_property
    def _recorded(self) -> Mapping[str, Sequence[tuple[date, str]]]:
        out: dict[str, list[tuple[date, str]]] = {}
        for entry in self.book.of(StageEntry).rows:
            found = self.recorded_deals[entry.deal_id]
            if found is not None and entry.entered_at and entry.stage:
                out.setdefault(found.key, []).append((entry.entered_at.date(), folded_name(entry.stage)))
        for known in out.values():
            known.sort(key=itemgetter(0))
        return out

    def visits(self, deal: Deal) -> tuple[Visit, ...]:
        """The stages a deal has been in, oldest first, from the sheet Stage history, the log and the deal itself.

        An unknown date of entry is None; the last visit has not been left.
        """
        recorded = self._recorded.get(deal.key, ())
        entries: list[tuple[date | None, str]] = list(recorded)
        if moves := self.past.changes(deal, "stage"):
            latest = recorded[-1][0] if recorded else date.min
            if not recorded:
                entries.append((None, folded_name(moves[0].old)))
            entries += [(move.as_of, folded_name(move.new)) for move in moves if move.as_of > latest]
        if deal.stage is not None:
            now = folded_name(deal.stage)
            if not entries or entries[-1][1] != now:
                entries.append((deal.stage_entered_at, now))
            elif deal.stage_entered_at is not None:
                entries[-1] = (deal.stage_entered_at, now)
        steps = [entry for n, entry in enumerate(entries) if n == 0 or entry[1] != entries[n - 1][1]]
        following = [day for day, _ in steps[1:]] + [None]
        return tuple(Visit(stage, day, left) for (day, stage), left in zip(steps, following, strict=True))

    def entered(self, deal: Deal) -> date | None:
        """When the deal entered its present stage: as typed, else as the log saw it; None if unknown (ruling R10)."""
        return deal.stage_entered_at or self.past.entered(deal)
