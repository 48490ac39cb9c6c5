"""Tasks and next steps: every open deal has one, and none is late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from sheets_crm.findings import Found, Judged, Outcome, Severity
from sheets_crm.firm import Firm
from sheets_crm.rules.registry import rule
from sheets_crm.schema import Deal
from sheets_crm.text import DAYS, Text

_A_DAY = timedelta(days=1)
_A_STEP = Text("an open task due within {horizon}", "открытая задача со сроком в ближайшие {horizon}")
_HORIZON = Text("How many days ahead a next step may lie", "На сколько дней вперёд может быть следующий шаг")


@rule(
    "TK01",
    Text("Deal without a task", "Сделка без задачи"),
    severity="error",
    answerable="rep",
    tables=("Deals",),
    needs=("Deals.stage", "Tasks.due_at | Deals.next_date"),
    minutes=2,
    items=(1,),
    bonus=True,
    clause=Text(
        "There is no deal without a task: every open deal has a dated next step.",
        "Не может быть сделки без задачи: у каждой открытой сделки есть следующий шаг с датой.",
    ),
    settings={"horizon_days": _HORIZON},
)
def deal_without_task(firm: Firm, *, horizon_days: int = 45) -> Iterator[Outcome]:
    """
    What it finds: open deals without a next step: no open task due within `horizon_days`, on the deal or on a
    contact or company that has no other open deal, and no next step with a date typed in the deal itself. An
    overdue task still counts (TK02 speaks of it). The day of the last event (created, task done, new owner, new
    stage) is free.

    Why it matters: "there cannot be a deal without a task" (Korneev, CRM as a sales tool, part 3; Snitko counts
    such deals first of five figures). A deal that nobody has to move is a deal the client forgets.

    How to fix: add a task with a due date, or type a next step and its date; if nothing is to be done soon, pause
    the deal with a return date, or close it.
    """
    yield Judged(firm.open_deals)
    # From this day on no working day is over: whatever happened since is free.
    free_since = firm.calendar.earlier(firm.as_of - _A_DAY, 0) + 2 * _A_DAY
    just_done = {
        deal.key
        for task in firm.book.tasks.rows
        if task.done_at is not None
        and free_since <= task.done_at.date() <= firm.as_of
        and (deal := firm.book.deal_of(task)) is not None
    }
    for deal in firm.open_deals:
        if has_next_step(firm, deal, horizon_days):
            continue
        if deal.key in just_done or _last_event(firm, deal) >= free_since:
            continue
        dates = _step_dates(firm, deal)
        expected = _A_STEP.fill(horizon=DAYS.of(horizon_days))
        if dates:
            actual = Text("the next step is only on {day}", "следующий шаг только {day}").fill(day=min(dates))
            fix = Text(
                "Too far away: make it a pause with a return date, or plan an earlier step",
                "Слишком далеко: поставьте на паузу с датой возврата или запланируйте шаг раньше",
            )
        elif firm.steps(deal):
            actual = Text("the task has no due date", "у задачи нет срока")
            fix = Text("Give the task a due date", "Поставьте задаче срок")
        else:
            actual = Text("no task", "нет задачи")
            fix = Text(
                "Plan the next step: what, when, to what end; or pause or close the deal",
                "Поставьте следующий шаг: что, когда, зачем; или поставьте на паузу, или закройте",
            )
        yield Found(deal, "next_step", actual, expected, fix)


def has_next_step(firm: Firm, deal: Deal, horizon_days: int) -> bool:
    """Whether a deal has a dated next step, a late one too, that is not beyond the horizon (ruling R8)."""
    limit = firm.as_of + timedelta(days=horizon_days)
    return any(day <= limit for day in _step_dates(firm, deal))


def _step_dates(firm: Firm, deal: Deal) -> list[date]:
    return [task.due_at.date() for task in firm.steps(deal) if task.due_at] + _typed_step(firm, deal)


def _typed_step(firm: Firm, deal: Deal) -> list[date]:
    """A next step typed in the deal counts exactly like an open task (ruling R8)."""
    named = deal.next_step or not firm.has("Deals.next_step")
    return [deal.next_date] if named and deal.next_date else []


def _last_event(firm: Firm, deal: Deal) -> date:
    """The latest of creation, change of owner and entry into the stage; the first day if unknown."""
    days = [change.as_of for name in ("owner", "stage") for change in firm.past.changes(deal, name)]
    days += [deal.created_at.date()] if deal.created_at else []
    days += [deal.stage_entered_at] if deal.stage_entered_at else []
    return max((day for day in days if day <= firm.as_of), default=date.min.replace(year=1900))


@rule(
    "TK02",
    Text("Overdue task", "Просроченная задача"),
    severity="warning",
    answerable="rep",
    tables=("Tasks", "Deals"),
    needs=("Tasks.due_at | Deals.next_date",),
    minutes=3,
    items=(2,),
    clause=Text(
        "A task is done on its day, or moved to a new day that was agreed.",
        "Задачу делают в срок или переносят на новую согласованную дату.",
    ),
    settings={
        "error_after_days": Text(
            "More working days overdue than this is an error", "Просрочка дольше, рабочих дней, уже ошибка"
        )
    },
)
def overdue_task(firm: Firm, *, error_after_days: int = 3) -> Iterator[Outcome]:
    """
    What it finds: open tasks whose due date has passed, and open deals whose typed next date has passed without an
    open task. Due today is not overdue. More than `error_after_days` working days late is an error, less a warning.

    Why it matters: overdue tasks are the second of Snitko's five figures; a promise to a client that is late is the
    first sign of a slipping deal (Kandeev).

    How to fix: do it and write the result, or move it to a day that you agreed with the client.
    """
    grave = firm.calendar.earlier(firm.as_of, error_after_days)
    overdue = [task for task in firm.open_tasks if task.due_at and task.due_at.date() < firm.as_of]
    yield Judged([task for task in firm.open_tasks if task.due_at])
    for task in overdue:
        assert task.due_at is not None
        late, severity = _lateness(firm, task.due_at.date(), grave)
        yield Found(task, "due_at", late, _IN_TIME, _DO_OR_MOVE, severity=severity)
    typed = [deal for deal in firm.open_deals if _typed_step(firm, deal) and not firm.steps(deal)]
    yield Judged(typed)
    for deal in typed:
        if deal.next_date is not None and deal.next_date < firm.as_of:
            late, severity = _lateness(firm, deal.next_date, grave)
            yield Found(deal, "next_date", late, _IN_TIME, _DO_OR_MOVE, severity=severity)


def _lateness(firm: Firm, due: date, grave: date) -> tuple[Text, Severity]:
    late = Text("{days} overdue (due {due})", "просрочено на {days} (срок {due})")
    return late.fill(days=DAYS.of((firm.as_of - due).days), due=due), "error" if due <= grave else "warning"


_IN_TIME = Text("done or moved by its due date", "сделано или перенесено не позже срока")
_DO_OR_MOVE = Text(
    "Do it and write the result, or agree on a new date and move it",
    "Сделайте и впишите итог или согласуйте новую дату и перенесите",
)
