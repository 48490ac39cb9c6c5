"""The life of each deal, told in advance: what is done on which day, and what the workbook shows on any morning."""

from __future__ import annotations

import random
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Literal, NamedTuple

from sheets_crm.demo import words
from sheets_crm.demo.cards import Card, Fields
from sheets_crm.demo.people import Staff, WorkDays
from sheets_crm.demo.words import Act, Person, Product
from sheets_crm.sheet import Value
from sheets_crm.template import RowValues
from sheets_crm.text import Lang, Text, shown

HOLD, WON, LOST = 8, 9, 10
"""Orders of the ready-made stages that end a deal; 1-7 are the active ones."""
MORNING = time(9)
_EVENING = time(18)
_SPANS = ((0, 1), (2, 5), (5, 10), (6, 10), (8, 15), (5, 10), (3, 6))
"""By stage: working days usually spent there, least and most; within the ready-made limits of calendar days."""
_LOST_AT = (12, 14, 18, 27, 18, 7, 4)
"""By stage: how many of a hundred losses happen there."""
_REASONS = (
    (2, 3, 3, 4, 4), (6, 6, 7, 8, 3), (6, 7, 8, 10, 11), (5, 5, 9, 10, 7, 11, 12), (9, 9, 10, 8, 5), (10, 9), (7, 10),
)  # fmt: skip
"""By stage: the ready-made loss reasons that its standard allows there."""
SPAM, NOT_OURS, NEVER_REACHED, SILENT, POSTPONED, TOO_DEAR = 2, 3, 4, 5, 8, 9
NEGOTIATION = 5
"""Order of the stage in which a deal can be lost too early, and come back."""
_FILLS: dict[tuple[int, int], tuple[str, ...]] = {
    (0, 0): ("first_response_at",), (1, 0): ("need", "decision_maker"), (2, 1): ("amount", "margin"),
    (3, 1): ("quote_link",), (4, 0): ("terms",), (5, 1): ("contract_no",),
}  # fmt: skip
"""(stage, number of its fixed action) to the fields that are known after it."""
_MINUTES = {
    "call": (6, 25),
    "email": (8, 20),
    "messenger": (3, 10),
    "linkedin": (4, 10),
    "meeting": (50, 120),
}

_UNSET = datetime(1, 1, 1)

Ending = Literal["won", "lost", "hold"]


@dataclass(slots=True, eq=False)
class Action:
    """One task, from the day it is set to the day it is done; the last working day is known from the start."""

    act: Act
    owner: Person
    day: int
    """Number of the working day on which it is done."""
    stage: int = 0
    """At which stage, from 0; for its words."""
    outcome: str = "done"
    moves: int | None = None
    """Order of the stage that the deal enters with it."""
    reason: int | None = None
    """Number of the ready-made loss reason, where it ends the deal lost or on hold."""
    fills: tuple[str, ...] = ()
    """Fields of the deal that are known after it."""
    said: str = ""
    id: str = ""
    minutes: int = 0
    created: datetime = _UNSET
    due: datetime = _UNSET
    done: datetime = _UNSET
    set_for: Person | None = None
    """Whose it was before the handover."""


class State(NamedTuple):
    """Where a deal stands on the morning of a day."""

    done: int
    """How many of its actions are done."""
    stage: int
    """Order of its stage."""
    entered: date
    closed: date | None
    reason: int | None = None

    @property
    def active(self) -> bool:
        """Whether it is open."""
        return self.stage < HOLD


@dataclass(slots=True, eq=False)
class Life:
    """One deal from the first enquiry to its end, which may lie beyond the firm's last day."""

    id: str
    name: str
    rep: Person
    created: datetime
    card: Card
    product: Product
    known: Fields
    """What stands in the row from the start."""
    values: Fields
    """What stands in a field once it is filled."""
    reason: int | None
    """Number of the ready-made loss reason, for what ends lost or on hold."""
    push: int
    """Days by which the expected close is put off whenever it passes."""
    actions: list[Action] = field(default_factory=list)
    silent_from: int = 10**6
    """Number of the working day from which the client does not answer."""
    heir: Person | None = None
    """Who follows if the owner leaves."""
    handed: date = date.max
    """The morning on which the heir owns the deal: it was still open."""

    @property
    def end(self) -> int:
        """Place in `actions` of the one that closes the deal for good."""
        return max(i for i, a in enumerate(self.actions) if a.moves in (HOLD, WON, LOST))

    @property
    def reopened(self) -> bool:
        """Whether it was lost once before."""
        return any(a.moves == LOST for a in self.actions[: self.end])

    def owner(self, day: date) -> Person:
        """Whose it is on the morning of `day`."""
        return self.heir if self.heir is not None and day >= self.handed else self.rep

    def on(self, day: date) -> State:
        """Where the deal stands on the morning of `day`."""
        morning = datetime.combine(day, time())
        done = bisect_left(self.actions, morning, key=lambda a: a.done)
        for action in reversed(self.actions[:done]):
            if action.moves is not None:
                entered = action.done.date()
                closed = entered if action.moves in (WON, LOST) else None
                return State(done, action.moves, entered, closed, action.reason)
        return State(done, 1, self.created.date(), None)

    def next_action(self, day: date) -> Action | None:
        """The open task on the morning of `day`."""
        at = self.on(day).done
        action = self.actions[at] if at < len(self.actions) else None
        return action if action and action.created < datetime.combine(day, time()) else None


@dataclass(slots=True)
class Scene:
    """When and in which language everything happens."""

    rng: random.Random
    lang: Lang
    days: WorkDays
    staff: Staff
    first: date
    as_of: date
    runs: tuple[date, ...]
    """The days of the weekly runs."""
    stages: Sequence[str]
    """Names of the ready-made stages."""
    limits: Sequence[int]
    """Calendar days that each of its active stages allows."""
    reasons: Sequence[RowValues]
    """The ready-made loss reasons, as rows."""
    said: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often a person has written down a text."""

    def pick(self, texts: Sequence[Text]) -> str:
        """One of some phrases, in the firm's language."""
        return self.rng.choice(texts).get(self.lang)


# ------------------------------------------------------------- what happens


def response(scene: Scene, created: datetime) -> datetime:
    """When the first answer goes out: within the hour, counted in working time."""
    minutes = timedelta(minutes=scene.rng.randint(5, 45))
    day, answer = created.date(), created + minutes
    if scene.days.works(day) and created.time() < MORNING:
        return datetime.combine(day, MORNING) + minutes
    if scene.days.works(day) and answer.date() == day and answer.time() < _EVENING:
        return answer
    return datetime.combine(scene.days[scene.days.at(day + timedelta(days=1))], MORNING) + minutes


def fate(scene: Scene, rep: Person) -> tuple[Ending, int, int | None]:
    """How a deal will end, at which stage (from 0), and the number of the reason."""
    chance = scene.rng.random()
    if chance < rep.wins:
        return "won", len(_SPANS) - 1, None
    if chance < rep.wins + 0.06:
        return "hold", scene.rng.randint(1, 4), POSTPONED
    stage = scene.rng.choices(range(len(_SPANS)), _LOST_AT)[0]
    return "lost", stage, scene.rng.choice(_REASONS[stage])


def tell(scene: Scene, life: Life, first: date, ending: Ending, last: int) -> None:
    """Lays out what has to be done from a first day on, stage by stage, each thing on one of the owner's days."""
    clock = scene.staff.clock(life.rep)
    now = clock.at(first)
    for stage in range(last + 1):
        if stage == last and life.reason == NEVER_REACHED:
            _unreachable(life, now)
        elif stage == last:
            _closing_stage(scene, life, stage, now, ending)
        else:
            until = now + _span(scene, life, stage, now)
            _stage(scene, life, stage, now, until, moves=stage + 2)
            now = until
    for action in life.actions:
        action.day = scene.days.at(clock[action.day])
    life.silent_from = scene.days.at(clock[life.silent_from])


def _span(scene: Scene, life: Life, stage: int, now: int) -> int:
    """Working days in a stage, within what it allows; the slow ones go beyond it from the proposal on."""
    least, most = _SPANS[stage]
    usual = round(scene.rng.triangular(least, most, most) * life.rep.pace)
    if life.rep.pace > 1.2 and stage > 2:
        return usual
    clock, allowed = scene.staff.clock(life.rep), scene.limits[stage]
    entered = clock[now] if stage else life.created.date()
    return next(
        (span for span in range(min(most, usual), 0, -1) if (clock[now + span] - entered).days <= allowed), 0
    )


def _stage(scene: Scene, life: Life, stage: int, now: int, until: int, moves: int | None) -> None:
    """The fixed actions of a stage, the last of them on its last day, unless something else ends the stage."""
    fixed = words.FIXED[stage]
    spots = sorted(scene.rng.randint(now, max(now, until - 1)) for _ in fixed)
    spots[-1] = until if stage else now
    for number, (act, day) in enumerate(zip(fixed, spots, strict=True)):
        life.actions.append(Action(act, life.rep, day, stage, fills=_FILLS.get((stage, number), ())))
    if moves is not None:
        if life.actions[-1].day < until:
            life.actions.append(Action(scene.rng.choice(words.FILLERS[stage]), life.rep, until, stage))
        life.actions[-1].moves = moves
        if moves == 4:
            life.actions[-1].fills += ("expected_close",)


def _closing_stage(scene: Scene, life: Life, stage: int, now: int, ending: Ending) -> None:
    until = now + _span(scene, life, stage, now)
    if life.reason == SILENT:
        until = max(until, now + 5)
        life.silent_from = until - 3
        _stage(scene, life, stage, now, until - 4, None)
        for day in range(until - 3, until):
            life.actions.append(Action(words.REACH, life.rep, day, stage, "no_answer"))
        life.actions.append(Action(words.FAREWELL, life.rep, until, stage, "no_answer", LOST, SILENT))
        return
    _stage(scene, life, stage, now, until, None)
    if life.reason == SPAM:
        life.actions[-1].outcome = "spam"
        life.actions.append(Action(words.REACH, life.rep, until, stage, "no_answer", LOST, SPAM))
    elif ending == "won":
        life.actions.append(Action(words.PAYMENT, life.rep, until, stage, moves=WON))
        if scene.rng.random() < 0.7:
            life.actions.append(Action(words.THANKS, life.rep, until + scene.rng.randint(5, 10), stage))
    else:
        moves, outcome = (HOLD, "done") if ending == "hold" else (LOST, "refused")
        life.actions.append(Action(words.DECISION, life.rep, until, stage, outcome, moves, life.reason))


def _unreachable(life: Life, now: int) -> None:
    """Five attempts on four days, by telephone, messenger and e-mail; nobody answers."""
    life.silent_from = now
    for number, kind in enumerate(("call", "messenger", "call", "email", "call")):
        act = words.FIXED[0][0] if number == 0 else words.REACH._replace(type=kind)
        life.actions.append(Action(act, life.rep, now + max(0, number - 1), 0, "no_answer"))
    life.actions[0].fills = _FILLS[0, 0]
    life.actions[-1].moves, life.actions[-1].reason = LOST, NEVER_REACHED


def reopen(life: Life, lost: int, back: int) -> bool:
    """Loses a deal in negotiation on one working day and takes it up again on another; False if it is not there then."""
    place = next((n for n, action in enumerate(life.actions) if action.day > lost), 0)
    stages = [action.moves for action in life.actions[:place] if action.moves is not None]
    if not stages or stages[-1] != NEGOTIATION or place > life.end:
        return False
    stage = NEGOTIATION - 1
    for action in life.actions[place:]:
        action.day += back - lost + 1
    life.actions[place:place] = [
        Action(words.DECISION, life.rep, lost, stage, "refused", LOST, TOO_DEAR),
        Action(words.BACK, life.rep, back, stage, moves=NEGOTIATION),
    ]
    return True


def assign(scene: Scene, life: Life) -> None:
    """Who does what: the owner, on leave whoever stands in, after the handover the heir."""
    life.handed = date.max
    closing = life.actions[life.end]
    if life.heir is not None and (closing.moves == HOLD or closing.day > scene.staff.handover):
        life.handed = scene.staff.handed
    for action in life.actions:
        owner = life.owner(scene.days[action.day])
        action.owner = scene.staff.stand_in(owner, action.day)
        action.set_for = life.rep if owner is not life.rep else None


def free_days(scene: Scene, life: Life, until: int) -> list[int]:
    """Working days of the owner in the deal's life before `until` on which nothing is done yet; none while it is lost."""
    taken = {action.day for action in life.actions}
    for closing, following in pairwise(life.actions):
        if closing.moves == LOST:
            taken.update(range(closing.day, following.day))
    last = life.actions[life.end].day
    return [
        day
        for day in range(life.actions[0].day + 1, min(last, until))
        if day not in taken and scene.staff.works(life.owner(scene.days[day]), day)
    ]


def fill_day(scene: Scene, life: Life, day: int) -> None:
    """One more contact on a free day; `settle` finds the words for it when all are in."""
    stage = max((a.stage for a in life.actions if a.day < day), default=0)
    owner = life.owner(scene.days[day])
    if day >= life.silent_from:
        life.actions.append(Action(words.REACH, owner, day, stage, "no_answer"))
    else:
        life.actions.append(Action(words.FILLERS[stage][0], owner, day, stage))


def _vary(scene: Scene, life: Life) -> None:
    """What is done besides the fixed actions takes turns; now and then a call does not get through."""
    turn = scene.rng.randrange(12)
    for number, action in enumerate(life.actions):
        others = words.FILLERS[action.stage]
        if action.act not in others:
            continue
        action.act = others[(turn + number) % len(others)]
        if action.act.type == "call" and action.moves is None and scene.rng.random() < 0.25:
            action.outcome = scene.rng.choice(("no_answer", "no_answer", "rescheduled"))


# ------------------------------------------------------------------- when


def settle(scene: Scene, life: Life, answered: datetime) -> None:
    """Gives every action its moments: set when the one before is done, done on its day within working hours."""
    life.actions.sort(key=lambda a: a.day)
    assign(scene, life)
    _vary(scene, life)
    before = life.created
    for number, action in enumerate(life.actions):
        action.created = before
        action.done = answered if number == 0 else _moment(scene, action, before)
        action.due = _due(scene, action)
        low, high = _MINUTES.get(action.act.type, (15, 50))
        action.minutes = scene.rng.randint(low, high)
        action.day = scene.days.at(action.done.date())
        before = action.done
        if "expected_close" in action.fills:
            life.values["expected_close"] = action.done.date() + timedelta(days=scene.rng.randint(24, 45))
    assign(scene, life)
    _note(scene, life, 0)


def _note(scene: Scene, life: Life, first: int) -> None:
    """What is written down after each action from the one at `first` on."""
    for action, following in zip(life.actions[first:], [*life.actions[first + 1 :], None], strict=True):
        action.said = _said(scene, life, action, following)


def _moment(scene: Scene, action: Action, before: datetime) -> datetime:
    """A moment of its day, after `before`; the person's next working day if it is too late for more."""
    day = scene.days[action.day]
    start = datetime.combine(day, MORNING)
    found = start + timedelta(minutes=scene.rng.randint(8, 525))
    if found <= before:
        found = before + timedelta(minutes=scene.rng.randint(12, 70))
    if found.time() >= _EVENING or found.date() != max(day, before.date()):
        clock = scene.staff.clock(action.owner)
        later = clock[clock.at(before.date() + timedelta(days=1))]
        found = datetime.combine(later, MORNING) + timedelta(minutes=scene.rng.randint(8, 90))
    return found


def _due(scene: Scene, action: Action) -> datetime:
    """The day it is done, or some days before where its person is late, but never so that a run would see it."""
    due = half_hour(action.done)
    if scene.rng.random() < action.owner.late:
        early = due - timedelta(days=scene.rng.randint(1, 3))
        seen = any(early.date() < run <= action.done.date() for run in scene.runs)
        if early > action.created and scene.days.works(early.date()) and not seen:
            return early
    return due


def half_hour(moment: datetime) -> datetime:
    """The next full or half hour."""
    return moment + timedelta(minutes=-moment.minute % 30)


_TELLING = 3
"""How often someone writes the same words before naming the client with them."""


def _said(scene: Scene, life: Life, action: Action, following: Action | None) -> str:
    """What was discussed and agreed, and when and why the next contact is; nothing where nobody answered."""
    if action.outcome in ("no_answer", "rescheduled", "spam"):
        return ""
    if action.moves in (LOST, HOLD):
        why = str(life.values.get("lost_comment", ""))
        text = words.ON_HOLD_SAID if action.moves == HOLD else words.LOST_SAID
        return text.fill(client=life.card.trade, why=why[:1].lower() + why[1:]).get(scene.lang)
    if action.act in (words.PAYMENT, words.THANKS):
        said = words.PAID if action.act is words.PAYMENT else words.THANKED
        return _and_next(scene, said.fill(client=life.card.trade), following)
    choice = words.PREPARED if action.act.type == "task" else words.SAID[action.stage]
    texts = [_and_next(scene, said, following) for said in scene.rng.sample(choice, len(choice))]
    found = min(texts, key=lambda text: scene.said[action.owner.habit, text])  # people vary their words
    scene.said[action.owner.habit, found] += 1
    if scene.said[action.owner.habit, found] > _TELLING:
        # Who talks to very many clients tells them apart by name.
        found = f"{life.card.trade}: {found[:1].lower()}{found[1:]}"
    return found


def _and_next(scene: Scene, said: Text, following: Action | None) -> str:
    if following is None:
        return said.get(scene.lang)
    goal = following.act.goal.get(scene.lang)
    day = shown(following.due.date(), scene.lang)
    return words.NEXT.fill(said=said, day=day, goal=goal[:1].lower() + goal[1:]).get(scene.lang)


def stall(scene: Scene, life: Life, place: int, until: int, *, task_set: bool) -> None:
    """The action at `place` and all after it wait until the working day `until`; what is due stays due.

    Without `task_set` the task itself is only set on that day.
    """
    shift = until - scene.days.at(life.actions[place].done.date()) + (not task_set)
    for number in range(place, len(life.actions)):
        action, waiting = life.actions[number], number == place
        action.day = scene.days.at(action.done.date()) + shift
        action.done = datetime.combine(scene.days[action.day], action.done.time())
        if not waiting:
            action.created = life.actions[number - 1].done
        elif not task_set:
            action.created = datetime.combine(scene.days[until], time(9, 30))
        if not (waiting and task_set):
            action.due = half_hour(action.done)
    assign(scene, life)
    _note(scene, life, place)


# ------------------------------------------------------- what the sheet shows


def deal_row(scene: Scene, life: Life, day: date) -> Fields:
    """The deal's row on the morning of `day`."""
    state = life.on(day)
    row: Fields = {
        "deal_id": life.id, "name": life.name, "created_at": life.created,
        "owner": life.owner(day).name.get(scene.lang), **life.known,
    }  # fmt: skip
    row["stage"] = scene.stages[state.stage - 1]
    row["stage_entered_at"] = state.entered
    done = life.actions[: state.done]
    for action in done:
        for name in action.fills:
            row[name] = action.done if name == "first_response_at" else life.values[name]
    row["updated_at"] = done[-1].done if done else life.created
    if "expected_close" in row:
        row["expected_close"] = _expected(life, state.closed or day)
    if state.closed:
        row["closed_at"] = state.closed
    if state.stage == WON:
        row |= {"paid_amount": life.values["paid_amount"], "paid_at": state.closed}
    elif state.stage in (LOST, HOLD):
        row["lost_reason"] = scene.reasons[(state.reason or 0) - 1]["reason"]
        row |= {name: life.values[name] for name in ("lost_comment", "reactivate_on") if name in life.values}
    return row


def _expected(life: Life, day: date) -> Value:
    """The expected close as it has been put off so far."""
    expected = life.values["expected_close"]
    assert isinstance(expected, date)
    while expected < day:
        expected += timedelta(days=life.push)
    return expected


def task_row(scene: Scene, action: Action, deal: str | None, day: date) -> Fields:
    """The task's row on the morning of `day`; it has been set before."""
    lang = scene.lang
    owner = action.set_for if action.set_for and day < scene.staff.handed else action.owner
    row: Fields = {
        "task_id": action.id, "deal_id": deal, "type": action.act.type, "title": action.act.title.get(lang),
        "goal": action.act.goal.get(lang), "subtype": action.act.subtype.get(lang) or None,
        "owner": owner.name.get(lang), "created_at": action.created, "due_at": action.due,
    }  # fmt: skip
    if action.done.date() < day:
        row |= {"done_at": action.done, "outcome": action.outcome, "minutes": action.minutes}
        row["result"] = action.said or None
    return row


def moves(scene: Scene, life: Life, before: date) -> Iterator[tuple[datetime, str]]:
    """The stages that a deal entered before the morning of a day, with the moments."""
    yield life.created, scene.stages[0]
    for action in life.actions:
        if action.moves is not None and action.done.date() < before:
            yield action.done, scene.stages[action.moves - 1]


def shown_tasks(actions: Iterable[Action], day: date) -> list[Action]:
    """The actions whose tasks have been set before the morning of `day`."""
    morning = datetime.combine(day, time())
    return [action for action in actions if action.created < morning]
