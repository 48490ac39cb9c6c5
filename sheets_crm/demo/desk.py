"""What the demo firm's head of sales keeps: plans, rates, talks and estimates; and the stages of the earlier system."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta

from sheets_crm.demo import words
from sheets_crm.demo.cards import Fields
from sheets_crm.demo.lives import Life, Scene, moves
from sheets_crm.demo.words import Person
from sheets_crm.template.defaults import PIPELINE

_BETWEEN_TALKS = 14
FIRST_ESTIMATED, _ESTIMATES = 4, 2
"""Order of the first stage of which a talk makes estimates, and how many each talk makes."""
_CHANCES = (30, 60, 80, 90)
"""By stage from the first estimated: what is agreed on, in per cent."""


def month_starts(first: date, last: date) -> list[date]:
    """The first days of the months from that of `first` to the one after that of `last`."""
    out: list[date] = []
    day = first.replace(day=1)
    while len(out) < 2 or out[-2] < last.replace(day=1):
        out.append(day)
        day = (day + timedelta(days=31)).replace(day=1)
    return out


def plan_rows(scene: Scene) -> list[Fields]:
    """A plan for everyone and for the firm, month by month; the newcomer's begins with the first whole month."""
    rows: list[Fields] = []
    for start in month_starts(scene.first, scene.as_of):
        end = (start + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        here = [p for p in words.REPS if _planned(scene, p, start)]
        targets = {p.name.get(scene.lang): int(p.plan.get(scene.lang)) for p in here}
        for user, target in (*targets.items(), (None, sum(targets.values()))):
            rows.append(
                {
                    "period_start": start,
                    "period_end": end,
                    "user": user,
                    "metric": "revenue",
                    "target": target,
                }
            )
    return rows


def _planned(scene: Scene, person: Person, start: date) -> bool:
    last = scene.staff.last_day(person)
    return scene.staff.first_day(person) <= start and (last is None or start <= last)


def rate_rows(scene: Scene, day: date) -> list[Fields]:
    """The second currency's rate on the first of each month until a day."""
    base = float(words.FOREIGN_RATE.get(scene.lang))
    starts = month_starts(scene.first, scene.as_of)
    return [
        {
            "currency": words.FOREIGN.get(scene.lang),
            "date": start,
            "rate": round(base * (1 + (n * 3 % 5 - 2) / 100), 3),
        }
        for n, start in enumerate(starts)
        if start <= day
    ]


# ------------------------------------------------------------------- talks


def talks(scene: Scene, person: Person) -> list[date]:
    """The days of someone's one-on-ones: every two weeks, not on leave; the last one in the last week."""
    clock = scene.staff.clock(person)
    first = scene.as_of - timedelta(days=3 + words.REPS.index(person))
    planned = (first - timedelta(days=_BETWEEN_TALKS * n) for n in range(14))
    days = [clock[clock.at(day)] for day in planned if day > scene.first]
    return sorted(day for day in days if scene.staff.works(person, scene.days.at(day)))


def talk_rows(scene: Scene, day: date) -> list[Fields]:
    """The one-on-ones before the morning of a day."""
    held = sorted((held, n, p) for n, p in enumerate(words.REPS) for held in talks(scene, p) if held < day)
    return [
        {
            "user": person.name.get(scene.lang), "date": held, "by": words.HEAD.name.get(scene.lang),
            "feedback": words.FEEDBACK[(number + n) % 4].get(scene.lang),
            "plan": words.AGREED[(number * 3 + n) % 4].get(scene.lang),
        }
        for number, (held, n, person) in enumerate(held)
    ]  # fmt: skip


def estimates(scene: Scene, lives: Sequence[Life], day: date) -> Iterator[tuple[Life, Fields]]:
    """What was agreed on at everyone's last talk of the largest late deals, as long as those have not moved since."""
    for person in words.REPS:
        held = [talk for talk in talks(scene, person) if talk < day]
        if not held:
            continue
        late = [
            life
            for life in lives
            if life.owner(held[-1] + timedelta(days=1)) is person
            and life.created.date() <= held[-1]
            and FIRST_ESTIMATED <= life.on(held[-1] + timedelta(days=1)).stage < 8
        ]
        late.sort(key=lambda life: (-int(str(life.values["amount"])), life.id))
        for number, life in enumerate(late[:_ESTIMATES]):
            now = life.on(day)
            fresh = (day - held[-1]).days <= _BETWEEN_TALKS
            if fresh and now.active and now.entered <= held[-1] and life.owner(day) is person:
                yield life, estimate(scene, life, held[-1], number)


def estimate(scene: Scene, life: Life, held: date, number: int) -> Fields:
    """One line of the sheet Overrides, without the deal's name."""
    stage = life.on(held + timedelta(days=1)).stage
    return {
        "probability": _CHANCES[stage - FIRST_ESTIMATED] + 5 * (number - 1),
        "by": words.HEAD.name.get(scene.lang), "at": held,
        "note": words.ESTIMATED[int(life.id[1:]) % len(words.ESTIMATED)].get(scene.lang),
    }  # fmt: skip


# ----------------------------------------------------------------- history


def history_rows(scene: Scene, lives: Collection[Life], day: date) -> list[Fields]:
    """Every stage entered before the first run, as the earlier system knew it; later ones of closed deals, typed by hand.

    Between two weekly runs a deal may pass several stages, and the log sees none of them.
    """
    start = scene.runs[0]
    entries = sorted(
        (entered, life.id, stage, life.rep.name.get(scene.lang))
        for life in lives
        for entered, stage in moves(scene, life, day if life.on(day).closed else start)
        if life.created.date() < start or life.on(day).closed
    )
    return [
        {
            "deal_id": deal,
            "pipeline": PIPELINE.get(scene.lang),
            "stage": stage,
            "entered_at": entered,
            "owner": owner,
        }
        for entered, deal, stage, owner in entries
    ]
