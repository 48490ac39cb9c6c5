"""The demo firm's mistakes, from a list: who makes which, before which weekly run, and which run finds it mended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, NamedTuple

from sheets_crm.book import folded
from sheets_crm.demo import desk, words
from sheets_crm.demo.cards import Fields
from sheets_crm.demo.firm import DemoFirm, Slip, Typed
from sheets_crm.demo.lives import Action, Life, State, shown_tasks, stall
from sheets_crm.demo.mistakes import MISTAKES, TASK_MISTAKES, Mistake, can_be_left_alone
from sheets_crm.findings import FindingKey
from sheets_crm.sheet import Value
from sheets_crm.text import Text

USUAL_DEALS = 180
"""The list is made for so many deals; a larger firm has more of everything."""
_WEEK = timedelta(days=7)
_OF_LATE = 3
"""Weeks in which a closed deal is still in somebody's hands."""
_IDLE = 2
"""Runs after which a deal without a task is neglected as well."""
_BEYOND = 20
"""Days for which a waiver holds after the last run."""


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
    waived: int = 0
    """Number of the last run for which a waiver excuses it; 9: it holds on. 0: there is none."""
    appeal: Literal["", "open", "accepted"] = ""
    """How an objection to it stands."""


FAULTS: tuple[Fault, ...] = (
    # What the first run takes as the baseline.
    Fault("lost without reason", "careless", 1),
    Fault("lost without reason", "steady", 1, 3),
    Fault("lost for a reason of one's own", "wishful", 1),
    Fault("won with a lost reason", "wishful", 1, 4),
    Fault("no product", "wishful", 1, 3),
    Fault("late", "careless", 1, 2),
    Fault("expected close in the past", "wishful", 1, 2),
    Fault("company without an industry", "careless", 1, 3),
    # The second week, when all is new.
    Fault("no task", "careless", 2, 5, 2),
    Fault("very late", "careless", 2, 3),
    Fault("late", "leaver", 2, 3),
    Fault("closing date on an open deal", "wishful", 2, 4),
    Fault("source unknown", "leaver", 2, 5),
    Fault("amount as text", "leaver", 2, 4),
    Fault("task done and open", "steady", 2, 3),
    Fault("lost without reason", "careless", 2, 4),
    Fault("contact without a position", "wishful", 2, 4),
    # The third.
    Fault("late", "careless", 3, 4, 2),
    Fault("stage of one's own", "wishful", 3, 6),
    Fault("expected close in words", "leaver", 3, 6),
    Fault("setting in words", "head", 3, 5),
    Fault("no contact", "careless", 3, 6),
    Fault("won without a product", "careless", 3, 6),
    Fault("type of one's own", "leaver", 3, 5),
    # The fourth.
    Fault("no task", "careless", 4, 7, 2),
    Fault("lost for a reason of one's own", "leaver", 4, 6),
    Fault("outcome of one's own", "careless", 4, 6),
    Fault("no expected close", "wishful", 4, 5),
    Fault("expected close in the past", "wishful", 4, 6),
    Fault("moved on without the proposal", "wishful", 4, 6),
    Fault("copied results", "careless", 4, 6),
    Fault("return date forgotten", "wishful", 4, 6),
    # The fifth.
    Fault("won without a date", "steady", 5, 7),
    Fault("no product", "careless", 5, waived=6),
    Fault("amount of zero", "leaver", 5, 7),
    Fault("late", "excellent", 5, 6),
    Fault("closed before created", "steady", 5, 8),
    Fault("lost without a comment", "steady", 5, 7),
    Fault("estimate of the stage before", "wishful", 5, 7),
    Fault("title of one word", "careless", 5, 7),
    # The sixth.
    Fault("no task", "careless", 6, None, 2, appeal="open"),
    Fault("left alone", "wishful", 6),
    Fault("lost reason on an open deal", "wishful", 6, 8),
    Fault("late", "careless", 6, 8),
    Fault("currency in words", "careless", 6, 8),
    Fault("phone as the name", "leaver", 6, 8),
    Fault("two alphabets", "steady", 6, 8),
    Fault("words for a phone", "careless", 6),
    Fault("company not on the list", "wishful", 6, 8),
    # The seventh, when one has left.
    Fault("left with the leaver", "excellent", 7),
    Fault("company left with the leaver", "leaver", 7),
    Fault("lost without reason", "careless", 7),
    Fault("no task", "wishful", 7, waived=9),
    Fault("no stage", "careless", 7, 8),
    Fault("won with a lost reason", "steady", 7, 8),
    Fault("task done and open", "careless", 7, 8),
    Fault("expected close in the past", "wishful", 7),
    Fault("very late", "wishful", 7, 8),
    Fault("moved on without the need", "wishful", 7),
    Fault("on hold without a date", "wishful", 7),
    Fault("warm client without a date", "careless", 7),
    Fault("result of two letters", "careless", 7),
    Fault("type of one's own", "careless", 7),
    Fault("waiver without need", "wishful", 7),
    Fault("estimate of the stage before", "careless", 7),
    Fault("won without an amount", "careless", 7),
    # The last.
    Fault("no task", "careless", 8),
    Fault("next step not set", "careless", 8),
    Fault("late", "careless", 8),
    Fault("late", "newcomer", 8),
    Fault("very late", "careless", 8),
    Fault("won without a date", "wishful", 8),
    Fault("closing date on an open deal", "wishful", 8),
    Fault("stage of one's own", "wishful", 8),
    Fault("lost for a reason of one's own", "careless", 8),
    Fault("lost too early for the reason", "careless", 8),
    Fault("owner by first name", "steady", 8),
    Fault("amount as text", "newcomer", 8),
    Fault("no owner", "steady", 8),
    Fault("title of one word", "careless", 8),
    Fault("no result", "careless", 8),
    Fault("company without a city", "careless", 8),
    Fault("task of a deal that is not there", "careless", 8),
)
_PAIR = 2
"""Findings of one rule that cost something: one is free."""


def faults(runs: Sequence[date]) -> tuple[Fault, ...]:
    """The list, with what decides last month's bonuses: one misses a week, another is excused by an accepted appeal."""
    start = runs[-1].replace(day=1)
    fridays = [day + timedelta(days=5 - day.isoweekday()) for day in runs]
    counted = sum(friday < start for friday in fridays)  # the last run of that month
    week = counted - 1, counted + 1
    return (
        *FAULTS,
        Fault("no task", "wishful", *week, _PAIR),
        Fault("no task", "steady", *week, _PAIR, appeal="accepted"),
    )


STALLS = ("no task", "left alone", "next step not set", "late", "very late")
_UNSET = STALLS[:3]
ROWS = ("setting in words", "estimate of the stage before", "waiver without need")
"""Kinds that are neither in a deal nor in a task."""


def plant(firm: DemoFirm) -> list[Planted]:
    """Makes the mistakes of the list in the firm, one in a deal, and returns them; what fits no deal is left out."""
    return list(_Planter(firm).planted())


class _Planter:
    """Looks for deals in which a mistake can be made."""

    def __init__(self, firm: DemoFirm) -> None:
        self.firm = firm
        self.scene, self.runs = firm.scene, firm.scene.runs
        self.faults = faults(self.runs)
        self.lives = list(firm.lives)
        self.scene.rng.shuffle(self.lives)
        self.lives.sort(key=lambda life: life.rep is words.EXCELLENT)
        self.used = {
            str(life.known["reactivated_from"]) for life in self.lives if "reactivated_from" in life.known
        }
        """One mistake a deal; and a deal that was taken up again later has to end when it did."""
        self.used |= {life.id for life in self.lives if life.reopened}

    def planted(self) -> Iterator[Planted]:
        """Stalls first: they move tasks in time, and with them their numbers."""
        stalls = [fault for fault in self.faults if fault.kind in STALLS]
        stalled = [(fault, life, self._stall(fault, life)) for fault in stalls for life in self._lives(fault)]
        self.firm.number_tasks()
        for fault, life, action in stalled:
            yield from self._stalled(fault, life, action)
        for fault in sorted((f for f in self.faults if f.kind not in STALLS), key=self._choice):
            if fault.kind == "setting in words":
                yield self._slip(fault, "DQ02", "SalesBook", "TK02|error_after_days", "value",
                                 words.NOT_A_NUMBER.get(self.scene.lang))  # fmt: skip
            else:
                for life in self._lives(fault):
                    yield from self._made(fault, life)

    def _choice(self, fault: Fault) -> int:
        """In how many deals a mistake could be made: the rarest are made first."""
        return sum(self._fits(fault, life) for life in self.lives) if fault.habit != "head" else 0

    def _made(self, fault: Fault, life: Life) -> Iterator[Planted]:
        if fault.kind == "estimate of the stage before":
            yield from self._old_estimate(fault, life)
        elif fault.kind == "waiver without need":
            yield self._waiver(fault, life, "TK01", words.NEEDLESS_WAIVER, self._far(), "rule")
        elif fault.kind in TASK_MISTAKES:
            task = TASK_MISTAKES[fault.kind]
            value = task.value(self.firm, life, self._since(fault))
            for action in self._tasks(fault, life):
                yield self._slip(fault, task.rule, "Tasks", action.id, task.field, value)
        else:
            yield from self._typed(fault, life, MISTAKES[fault.kind])

    # ------------------------------------------------------------ in which deals

    def _lives(self, fault: Fault) -> Iterator[Life]:
        """As many fitting deals as the list asks for, the person's own first; nobody else has no task instead."""
        wanted = max(fault.times, round(fault.times * len(self.lives) / USUAL_DEALS))
        since = self._since(fault)
        own = [life for life in self.lives if life.owner(since).habit == fault.habit]
        others = [] if fault.kind == "no task" else self.lives
        for life in (*own, *others):
            if wanted and life.id not in self.used and self._fits(fault, life):
                self.used.add(life.id)
                wanted -= 1
                yield life

    def _fits(self, fault: Fault, life: Life) -> bool:
        since, until = self._since(fault), self._until(fault)
        if life.created.date() >= since:
            return False
        if fault.kind in STALLS:
            mended = until is None or self.scene.days[self._waits(fault)] >= until - _WEEK
            return mended and self._can_stall(fault.kind, life, since)
        states = [(life.on(day), day) for day in self.runs if since <= day and (until is None or day < until)]
        if fault.kind in ROWS:
            agreed = fault.kind == "waiver without need" or self._agreed_before(fault, life) is not None
            return agreed and all(state.active for state, _ in states)
        if fault.kind in TASK_MISTAKES:
            task = TASK_MISTAKES[fault.kind]
            right = all(task.state(self.firm, life, state, day) for state, day in states)
            return right and len(self._tasks(fault, life)) == task.times
        fits = MISTAKES[fault.kind].fits
        right = all(fits(self.firm, life, state, day) for state, day in states)
        return right and self._is_news(fault, states[0][0])

    def _is_news(self, fault: Fault, state: State) -> bool:
        """A deal that is over was closed of late; in the week before, if the mistake is in the closing itself."""
        since, closed = self._since(fault), state.closed
        weeks = 1 if MISTAKES[fault.kind].field == "closed_at" else _OF_LATE
        return closed is None or since == self.runs[0] or closed >= max(since - weeks * _WEEK, self.runs[0])

    # ------------------------------------------------------------ what is not done

    def _can_stall(self, kind: str, life: Life, since: date) -> bool:
        place = self._place(kind, life, since)
        if place is None or place > life.end or not life.on(since).active:
            return False
        days = self.scene.days
        if kind == "left alone" and not can_be_left_alone(self.firm, life, since):
            return False
        if kind in _UNSET:
            last = life.actions[place - 1].done.date()
            seen_before = last >= since - _WEEK or since == self.runs[0]
            free = max(days[days.at(day)] for day in (last, since - _WEEK))  # the log dates a move to its run
            return place > 0 and seen_before and free < since
        late = days.at(since + timedelta(days=1)) - days.at(
            life.actions[place].due.date() + timedelta(days=1)
        )
        return (late > 3) == (kind == "very late")

    def _place(self, kind: str, life: Life, since: date) -> int | None:
        """The action that is not done: the next one, or one that was due in the week before."""
        done = life.on(since).done
        if kind in _UNSET:
            return done if done < len(life.actions) else None
        week = since - _WEEK
        found = [
            n
            for n in range(done)
            if life.actions[n].done.date() >= week and life.actions[n].due.date() >= week
        ]
        return next((n for n in found if n), None)

    def _stall(self, fault: Fault, life: Life) -> Action:
        """Holds a deal up, and returns the action at fault: the one not done in time, or the one without a successor."""
        place = self._place(fault.kind, life, self._since(fault))
        assert place is not None
        stall(self.scene, life, place, self._waits(fault), task_set=fault.kind not in _UNSET)
        return life.actions[place - (fault.kind in _UNSET)]

    def _stalled(self, fault: Fault, life: Life, action: Action) -> Iterator[Planted]:
        if fault.kind not in _UNSET:
            yield self._planted(fault, "TK02", "Tasks", action.id, "due_at")
        elif fault.kind == "next step not set":  # it was moved on this very morning: that day is free
            self._slip(fault, "", "Deals", life.id, "stage_entered_at", self._since(fault))
            yield self._planted(fault, "TK03", "Tasks", action.id, "done_at")
        else:
            yield self._planted(fault, "TK01", "Deals", life.id, "next_step")
            yield from self._excused(fault, life, "TK01")
        if fault.kind == "left alone":  # nor is it known to stand too long, which would say it all
            self._slip(fault, "", "Deals", life.id, "stage_entered_at", None)
            later = fault._replace(first=fault.first + _IDLE)
            yield self._planted(later, "DQ03", "Deals", life.id, "updated_at")

    def _waits(self, fault: Fault) -> int:
        """Number of the working day on which the deal moves on: before the run that finds it mended."""
        until, days = self._until(fault), self.scene.days
        return days.at(until) - 2 if until else days.at(self.scene.as_of) + 3

    # ------------------------------------------------------------ what is typed

    def _typed(self, fault: Fault, life: Life, mistake: Mistake) -> Iterator[Planted]:
        row = {
            "Deals": life.id, "Contacts": life.card.contact["contact_id"], "Companies": life.card.company["company_id"],
        }[mistake.table]  # fmt: skip
        value = mistake.value(self.firm, life, self._since(fault))
        yield self._slip(fault, mistake.rule, mistake.table, str(row), mistake.field, value)
        if mistake.also:
            yield self._planted(fault, mistake.also, mistake.table, str(row), mistake.field)
        yield from self._excused(fault, life, mistake.rule)

    def _tasks(self, fault: Fault, life: Life) -> list[Action]:
        """The last fitting tasks done in the week before: of the deal, or of all its owner's where one is not enough."""
        task, since = TASK_MISTAKES[fault.kind], self._since(fault)
        owner = life.owner(since)
        lives = [life] if task.times == 1 else [other for other in self.lives if other.owner(since) is owner]
        recent = [
            action
            for own in lives
            for action in shown_tasks(own.actions[: own.on(since).done], since)
            if action.done.date() >= since - _WEEK and action.owner is owner and task.fits(action)
        ]
        return recent[-task.times :]

    def _old_estimate(self, fault: Fault, life: Life) -> Iterator[Planted]:
        held = self._agreed_before(fault, life)
        assert held is not None
        row = {**desk.estimate(self.scene, life, held, 1), "note": words.OLD_ESTIMATE.get(self.scene.lang)}
        self._add("Overrides", row, self._since(fault), self._until(fault), life)  # written down late
        yield self._planted(fault, "RT02", "Deals", life.id, "prob_override")

    def _agreed_before(self, fault: Fault, life: Life) -> date | None:
        """The day of the owner's last talk before the deal moved on, if it was far enough then."""
        since = self._since(fault)
        owner, state = life.owner(since), life.on(since)
        held = max((talk for talk in desk.talks(self.scene, owner) if talk < state.entered), default=None)
        if held is None or life.owner(held) is not owner or life.created.date() > held:
            return None
        then = life.on(held + timedelta(days=1))
        return held if desk.FIRST_ESTIMATED <= then.stage < state.stage and state.active else None

    def _excused(self, fault: Fault, life: Life, rule: str) -> Iterator[Planted]:
        """A waiver of a finding, which is a finding itself once it is over; an objection to one."""
        if fault.waived:
            over = fault.waived <= len(self.runs)
            last = self.runs[fault.waived - 1] if over else self._far()
            told = self._waiver(fault, life, rule, words.WAIVED, last, "until")
            if over:
                later = fault._replace(first=fault.waived + 1)
                yield self._planted(later, told.rule, told.table, told.row_key, told.field)
        if fault.appeal:
            self._appeal(fault, life, rule)

    def _waiver(self, fault: Fault, life: Life, rule: str, why: Text, last: date, field: str) -> Planted:
        lang = self.scene.lang
        row: Fields = {
            "rule": rule, "reason": why.get(lang), "granted_by": words.HEAD.name.get(lang), "until": last,
        }  # fmt: skip
        self._add("Waivers", row, self._since(fault), self._until(fault), life)
        return self._planted(fault, "DQ02", "Waivers", f"{folded(life.name)}|{rule}|{last}", field)

    def _appeal(self, fault: Fault, life: Life, rule: str) -> None:
        """Filed the day after the finding; decided two days later, if it is."""
        if any(typed.table == "Appeals" and typed.row["decision"] == (fault.appeal if fault.appeal != "open" else None)
               for typed in self.firm.typed):  # fmt: skip
            return
        lang, since = self.scene.lang, self._since(fault)
        key = FindingKey(rule, "Deals", life.id.casefold(), "next_step")
        row: Fields = {
            "finding_id": key.id(1), "user": life.owner(since).name.get(lang), "date": since + timedelta(days=1),
            "words": words.OBJECTION.get(lang), "decision": None,
        }  # fmt: skip
        if fault.appeal == "accepted":
            row |= {
                "decision": "accepted", "decided_by": words.HEAD.name.get(lang), "decided_at": since + timedelta(days=3),
                "answer": words.ACCEPTED.get(lang),
            }  # fmt: skip
        self._add("Appeals", row, since + timedelta(days=3), None, None)

    # ------------------------------------------------------------ notes

    def _add(self, table: str, row: Fields, since: date, until: date | None, life: Life | None) -> None:
        self.firm.typed.append(Typed(table, row, since, until, life.id if life else None))

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

    def _far(self) -> date:
        return self.runs[-1] + timedelta(days=_BEYOND)


def listed(planted: Sequence[Planted], day: date) -> set[tuple[str, str, str, str]]:
    """(rule, table, row key, field) of the mistakes that stand on a day."""
    return {(p.rule, p.table, p.row_key, p.field) for p in planted if p.stands(day)}
