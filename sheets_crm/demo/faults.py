"""The demo firm's mistakes, from a list: who makes which, before which weekly run, and which run finds it mended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple, TypeAlias

from sheets_crm.demo import words
from sheets_crm.demo.firm import DemoFirm, Slip
from sheets_crm.demo.lives import LOST, WON, Action, Life, State, shown_tasks, stall
from sheets_crm.sheet import Value
from sheets_crm.text import Lang

USUAL_DEALS = 180
"""The list is made for so many deals; a larger firm has more of everything."""


@dataclass(frozen=True)
class Planted:
    """A mistake that the audit has to find, and nothing but such mistakes."""

    rule: str
    table: str
    row_key: str
    field: str
    since: date
    """The run that finds it first."""
    until: date | None
    """The run that finds it mended; None: it stands on the last day."""

    def stands(self, day: date) -> bool:
        """Whether a run on that day finds it."""
        return self.since <= day and (self.until is None or day < self.until)


class Fault(NamedTuple):
    """One line of the list."""

    kind: str
    habit: str
    """Whose it is; if that person has no fitting deal, anyone's."""
    first: int
    """Number of the run that finds it: 1 is the first run, so that it is old; 8 is on the last day."""
    last: int | None = None
    """Number of the run that finds it mended."""
    times: int = 1


FAULTS: tuple[Fault, ...] = (
    # What the first run takes as the baseline.
    Fault("lost without reason", "careless", 1),
    Fault("lost without reason", "steady", 1, 3),
    Fault("lost for a reason of one's own", "wishful", 1),
    Fault("won with a lost reason", "wishful", 1, 4),
    Fault("closed before created", "careless", 1),
    Fault("no product", "wishful", 1, 3),
    Fault("late", "careless", 1, 2),
    Fault("no task", "wishful", 1, 3),
    Fault("expected close in the past", "wishful", 1, 2),
    # The second week, when all is new.
    Fault("no task", "careless", 2, 4, 2),
    Fault("very late", "careless", 2, 3),
    Fault("late", "newcomer", 2, 3),
    Fault("closing date on an open deal", "wishful", 2, 4),
    Fault("source unknown", "newcomer", 2, 5),
    Fault("amount as text", "newcomer", 2, 4),
    Fault("task done and open", "steady", 2, 3),
    Fault("lost without reason", "careless", 2, 4),
    # The third.
    Fault("no task", "wishful", 3, 5),
    Fault("late", "careless", 3, 4, 2),
    Fault("stage of one's own", "wishful", 3, 6),
    Fault("expected close in words", "newcomer", 3, 6),
    Fault("setting in words", "head", 3, 5),
    Fault("no contact", "careless", 3, 6),
    # The fourth.
    Fault("lost for a reason of one's own", "newcomer", 4, 6),
    Fault("very late", "careless", 4, 6),
    Fault("outcome of one's own", "newcomer", 4, 6),
    Fault("no expected close", "wishful", 4, 7),
    Fault("expected close in the past", "wishful", 4, 6),
    # The fifth.
    Fault("won without a date", "steady", 5, 7),
    Fault("no task", "careless", 5, 7),
    Fault("amount of zero", "newcomer", 5, 8),
    Fault("late", "excellent", 5, 6),
    Fault("closed before created", "newcomer", 5),
    # The sixth.
    Fault("lost reason on an open deal", "wishful", 6),
    Fault("late", "careless", 6, 8, 2),
    Fault("no task", "newcomer", 6, 8),
    Fault("currency in words", "newcomer", 6),
    Fault("phone as the name", "newcomer", 6),
    Fault("two alphabets", "steady", 6),
    # The seventh.
    Fault("lost without reason", "careless", 7),
    Fault("no task", "careless", 7),
    Fault("no product", "careless", 7),
    Fault("no stage", "careless", 7),
    Fault("won with a lost reason", "steady", 7),
    Fault("task done and open", "careless", 7),
    Fault("expected close in the past", "wishful", 7, None, 2),
    Fault("very late", "wishful", 7, 8),
    # The last.
    Fault("no task", "careless", 8),
    Fault("no task", "wishful", 8),
    Fault("late", "careless", 8, None, 2),
    Fault("late", "newcomer", 8),
    Fault("late", "steady", 8),
    Fault("very late", "careless", 8),
    Fault("won without a date", "wishful", 8),
    Fault("closing date on an open deal", "wishful", 8),
    Fault("stage of one's own", "wishful", 8),
    Fault("lost for a reason of one's own", "newcomer", 8),
    Fault("owner by first name", "steady", 8),
    Fault("amount as text", "newcomer", 8),
    Fault("outcome of one's own", "careless", 8),
)

Fits: TypeAlias = Callable[[DemoFirm, Life, State, date], bool]


class Mistake(NamedTuple):
    """What is typed wrong in a deal's row, and in which deals."""

    rule: str
    field: str
    fits: Fits
    value: Callable[[DemoFirm, Life, date], Value]


def _open(least: int = 1, most: int = 7) -> Fits:
    return lambda _firm, _life, state, _day: state.active and least <= state.stage <= most


def _required(least: int, most: int = 7) -> Fits:
    """Open deals for whose present stage the grace of two working days is over."""

    def fits(firm: DemoFirm, _life: Life, state: State, day: date) -> bool:
        grace = firm.scene.days.at(state.entered + timedelta(days=1)) + 1
        return state.active and least <= state.stage <= most and firm.scene.days[grace] <= day

    return fits


def _ended(*stages: int) -> Fits:
    return lambda _firm, _life, state, _day: state.stage in stages


def _with_amount(_firm: DemoFirm, life: Life, state: State, _day: date) -> bool:
    return state.active and state.stage <= 3 and any("amount" in a.fills for a in life.actions[: state.done])


def _closed_after_creation(firm: DemoFirm, life: Life, state: State, day: date) -> bool:
    """Lost so lately that a date before its creation still falls after the first run, unless all is old anyway."""
    bound = firm.scene.runs[0]
    return state.stage == LOST and (day == bound or life.created.date() - timedelta(days=2) >= bound)


def _as_text(_firm: DemoFirm, life: Life, _day: date) -> Value:
    return f"{life.values['amount']:,}".replace(",", " ")


def _mixed(_firm: DemoFirm, life: Life, _day: date) -> Value:
    """The name with one letter of the other alphabet in its first word."""
    for own, twin in zip("оеасoeac", "oeacоеас", strict=True):
        if own in life.name.split()[0]:
            return life.name.replace(own, twin, 1)
    return life.name


def _can_be_mixed(firm: DemoFirm, life: Life, state: State, day: date) -> bool:
    return state.active and _mixed(firm, life, day) != life.name


_NONE: Callable[[DemoFirm, Life, date], Value] = lambda _f, _l, _d: None  # noqa: E731

MISTAKES: dict[str, Mistake] = {
    "lost without reason": Mistake("LS01", "lost_reason", _ended(LOST), _NONE),
    "lost for a reason of one's own": Mistake(
        "LS01", "lost_reason", _ended(LOST), lambda f, *_: f.scene.pick(words.FREE_REASONS)),
    "stage of one's own": Mistake("ST05", "stage", _open(4), lambda f, *_: words.OWN_STAGE.get(f.scene.lang)),
    "no stage": Mistake("ST05", "stage", _open(), _NONE),
    "won without a date": Mistake("ST05", "closed_at", _ended(WON), _NONE),
    "closing date on an open deal": Mistake("ST05", "closed_at", _open(3), lambda _f, _l, day: day - timedelta(days=2)),
    "lost reason on an open deal": Mistake("ST05", "lost_reason", _open(2), lambda f, *_: f.scene.reasons[7]["reason"]),
    "won with a lost reason": Mistake("ST05", "lost_reason", _ended(WON), lambda f, *_: f.scene.reasons[8]["reason"]),
    "no product": Mistake("ST02", "product", _required(2), _NONE),
    "source unknown": Mistake("ST02", "source", _required(1), lambda *_: "?"),
    "no contact": Mistake("ST02", "contact_id", _required(1), lambda *_: "-"),
    "no expected close": Mistake("ST02", "expected_close", _required(4, 4), _NONE),
    "closed before created": Mistake(
        "DQ02", "closed_at", _closed_after_creation, lambda _f, life, _d: life.created.date() - timedelta(days=2)),
    "amount of zero": Mistake("DQ02", "amount", _open(1, 3), lambda *_: 0),
    "amount as text": Mistake("DQ02", "amount", _with_amount, _as_text),
    "currency in words": Mistake("DQ02", "currency", _open(), lambda f, *_: words.OWN_CURRENCY.get(f.scene.lang)),
    "owner by first name": Mistake(
        "DQ02", "owner", _open(), lambda f, life, _d: life.rep.name.get(f.scene.lang).split()[0]),
    "expected close in words": Mistake(
        "DQ02", "expected_close", _open(1, 3), lambda f, *_: words.WORDS_FOR_DATE.get(f.scene.lang)),
    "expected close in the past": Mistake(
        "DQ02", "expected_close", _open(4), lambda _f, _l, day: day - timedelta(days=4)),
    "phone as the name": Mistake("DQ02", "name", _open(), lambda _f, life, _d: life.card.contact["phone"]),
    "two alphabets": Mistake("DQ02", "name", _can_be_mixed, _mixed),
}  # fmt: skip
_IN_TASKS: dict[str, tuple[str, Callable[[Lang], str]]] = {
    "task done and open": ("status", lambda _lang: "open"),
    "outcome of one's own": ("outcome", words.OWN_OUTCOME.get),
}
_STALLS = ("no task", "late", "very late")


def plant(firm: DemoFirm) -> list[Planted]:
    """Makes the mistakes of the list in the firm, one in a deal, and returns them; what fits no deal is left out."""
    return list(_Planter(firm).planted())


class _Planter:
    """Looks for deals in which a mistake can be made."""

    def __init__(self, firm: DemoFirm) -> None:
        self.firm = firm
        self.runs = firm.scene.runs
        self.pool: dict[str, list[Life]] = {rep.habit: [] for rep in words.REPS}
        lives = list(firm.lives)
        firm.scene.rng.shuffle(lives)
        self.everyone = sorted(lives, key=lambda life: life.rep.habit == "excellent")
        for life in lives:
            self.pool[life.rep.habit].append(life)
        self.used = {
            str(life.known["reactivated_from"]) for life in lives if "reactivated_from" in life.known
        }
        """One mistake a deal; and a deal that was taken up again later has to end when it did."""

    def planted(self) -> Iterator[Planted]:
        """Stalls first: they move tasks in time, and with them their numbers."""
        stalled = [
            self._stall(fault, life)
            for fault in FAULTS
            if fault.kind in _STALLS
            for life in self._lives(fault)
        ]
        self.firm.number_tasks()
        for fault, rule, table, row, field in stalled:
            yield self._planted(fault, rule, table, row.id, field)
        for fault in FAULTS:
            if fault.kind == "setting in words":
                yield self._slip(fault, "DQ02", "SalesBook", "TK02|error_after_days", "value",
                                 words.NOT_A_NUMBER.get(self.firm.scene.lang))  # fmt: skip
            elif fault.kind not in _STALLS:
                for life in self._lives(fault):
                    yield self._typed(fault, life)

    def _lives(self, fault: Fault) -> Iterator[Life]:
        """As many fitting deals as the list asks for, the person's own first."""
        wanted = max(fault.times, round(fault.times * len(self.everyone) / USUAL_DEALS))
        for life in (*self.pool.get(fault.habit, ()), *self.everyone):
            if wanted and life.id not in self.used and self._fits(fault, life):
                self.used.add(life.id)
                wanted -= 1
                yield life

    def _fits(self, fault: Fault, life: Life) -> bool:
        since, until = self._since(fault), self._until(fault)
        if life.created.date() >= since:
            return False
        if fault.kind in _STALLS:
            mended = until is None or self.firm.scene.days[self._waits(fault)] >= until - timedelta(days=7)
            return mended and self._can_stall(fault.kind, life, since)
        days = [day for day in self.runs if since <= day and (until is None or day < until)]
        states = [(life.on(day), day) for day in days]
        if fault.kind in _IN_TASKS:
            return self._task(life, since) is not None
        fits = MISTAKES[fault.kind].fits
        return all(fits(self.firm, life, state, day) for state, day in states) and self._is_news(
            states[0][0], since
        )

    def _is_news(self, state: State, since: date) -> bool:
        """A deal that is over was closed in the week before, so that the mistake was made with the closing."""
        closed = state.closed
        return closed is None or since == self.runs[0] or closed >= since - timedelta(days=7)

    def _can_stall(self, kind: str, life: Life, since: date) -> bool:
        place = self._place(kind, life, since)
        if place is None or place > life.end or not life.on(since).active:
            return False
        days = self.firm.scene.days
        if kind == "no task":
            last = life.actions[place - 1].done.date()
            seen_before = last >= since - timedelta(days=7) or since == self.runs[0]
            return place > 0 and seen_before and days[days.at(last)] < since
        late = days.at(since + timedelta(days=1)) - days.at(
            life.actions[place].due.date() + timedelta(days=1)
        )
        return (late > 3) == (kind == "very late")

    def _place(self, kind: str, life: Life, since: date) -> int | None:
        """The action that is not done: the next one, or one that was due in the week before."""
        done = life.on(since).done
        if kind == "no task":
            return done if done < len(life.actions) else None
        week = since - timedelta(days=7)
        found = [
            n
            for n in range(done)
            if life.actions[n].done.date() >= week and life.actions[n].due.date() >= week
        ]
        return next((n for n in found if n), None)

    def _stall(self, fault: Fault, life: Life) -> tuple[Fault, str, str, Life | Action, str]:
        place = self._place(fault.kind, life, self._since(fault))
        assert place is not None
        set_again = fault.kind != "no task"
        stall(self.firm.scene, life, place, self._waits(fault), task_set=set_again)
        if set_again:
            return fault, "TK02", "Tasks", life.actions[place], "due_at"
        return fault, "TK01", "Deals", life, "next_step"

    def _waits(self, fault: Fault) -> int:
        """Number of the working day on which the deal moves on: before the run that finds it mended."""
        until, days = self._until(fault), self.firm.scene.days
        return days.at(until) - 2 if until else days.at(self.firm.scene.as_of) + 3

    def _typed(self, fault: Fault, life: Life) -> Planted:
        if fault.kind in _IN_TASKS:
            field, value = _IN_TASKS[fault.kind]
            action = self._task(life, self._since(fault))
            assert action is not None
            return self._slip(fault, "DQ02", "Tasks", action.id, field, value(self.firm.scene.lang))
        mistake = MISTAKES[fault.kind]
        value_now = mistake.value(self.firm, life, self._since(fault))
        return self._slip(fault, mistake.rule, "Deals", life.id, mistake.field, value_now)

    def _task(self, life: Life, since: date) -> Action | None:
        """A task of the deal done in the week before."""
        done = life.actions[: life.on(since).done]
        recent = [a for a in shown_tasks(done, since) if a.done.date() >= since - timedelta(days=7)]
        return recent[-1] if recent else None

    def _slip(self, fault: Fault, rule: str, table: str, row: str, field: str, value: Value) -> Planted:
        slip = Slip(field, value, self._since(fault), self._until(fault))
        self.firm.slips.setdefault((table, row.casefold()), []).append(slip)
        return self._planted(fault, rule, table, row, field)

    def _planted(self, fault: Fault, rule: str, table: str, row: str, field: str) -> Planted:
        return Planted(rule, table, row.casefold(), field, self._since(fault), self._until(fault))

    def _since(self, fault: Fault) -> date:
        return self.runs[fault.first - 1]

    def _until(self, fault: Fault) -> date | None:
        return self.runs[fault.last - 1] if fault.last else None


def listed(planted: Sequence[Planted], day: date) -> set[tuple[str, str, str, str]]:
    """(rule, table, row key, field) of the mistakes that stand on a day."""
    return {(p.rule, p.table, p.row_key, p.field) for p in planted if p.stands(day)}
