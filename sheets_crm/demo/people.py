"""The demo firm's own people and their days: who is here, who is away, who stands in, who leaves and who begins."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from sheets_crm.calendar import WorkCalendar, weekdays
from sheets_crm.demo import words
from sheets_crm.demo.cards import Fields, phone
from sheets_crm.demo.words import Person
from sheets_crm.text import Lang

_A_DAY = timedelta(days=1)
_LAST_NEW = 10
"""Working days before the leaver's last day from which no new deals come in."""


class WorkDays:
    """Working days, numbered."""

    def __init__(self, days: Iterable[date]) -> None:
        self._days = list(days)

    @classmethod
    def of(cls, calendar: WorkCalendar, first: date, last: date) -> WorkDays:
        """Those of a calendar from a first to a last day."""
        every = (first + timedelta(days=n) for n in range((last - first).days + 1))
        return cls(day for day in every if calendar.works(day))

    def only(self, on: str) -> WorkDays:
        """Those on some days of the week, as `1,3,5`."""
        return WorkDays(day for day in self._days if day.isoweekday() in weekdays(on))

    def at(self, day: date) -> int:
        """The number of the first working day from `day` on."""
        return bisect_left(self._days, day)

    def __getitem__(self, number: int) -> date:
        return self._days[min(number, len(self._days) - 1)]

    def works(self, day: date) -> bool:
        """Whether `day` is a working day."""
        return self[self.at(day)] == day


@dataclass(frozen=True)
class Staff:
    """Who works when; days are numbers of the firm's working days."""

    days: WorkDays
    as_of: date
    handover: int
    """The leaver's last day, and the first one of whoever follows."""
    leave: tuple[date, date]
    """Two whole weeks."""

    @classmethod
    def of(cls, days: WorkDays, runs: tuple[date, ...]) -> Staff:
        """The handover is seen by the run before the last, the two weeks of leave by the fourth and the fifth."""
        monday = runs[3] - timedelta(days=runs[3].weekday())
        return cls(days, runs[-1], days.at(runs[-2]) - 1, (monday, monday + timedelta(days=13)))

    def first_day(self, person: Person) -> date:
        """When someone came to the firm."""
        return (
            self.days[self.handover]
            if person is words.NEWCOMER
            else self.as_of - timedelta(days=person.days_here)
        )

    def last_day(self, person: Person) -> date | None:
        """When someone left it."""
        return self.days[self.handover] if person is words.LEAVER else None

    @property
    def handed(self) -> date:
        """The morning on which the leaver's work is in other names."""
        return self.days[self.handover] + _A_DAY

    def clock(self, person: Person) -> WorkDays:
        """Someone's own working days, without regard to leave."""
        return self.days.only(person.work_days) if person.work_days != words.FULL_WEEK else self.days

    def away(self, person: Person, number: int) -> bool:
        """Whether someone is on leave."""
        first, last = self.leave
        return person is words.ON_LEAVE and first <= self.days[number] <= last

    def works(self, person: Person, number: int) -> bool:
        """Whether someone works on that day."""
        day, last = self.days[number], self.last_day(person)
        here = self.first_day(person) <= day and (last is None or day <= last)
        return here and day.isoweekday() in weekdays(person.work_days) and not self.away(person, number)

    def takes(self, person: Person, number: int) -> bool:
        """Whether someone gets new deals on that day."""
        return self.works(person, number) and (
            person is not words.LEAVER or number < self.handover - _LAST_NEW
        )

    def stand_in(self, person: Person, number: int) -> Person:
        """Who does someone's work on that day."""
        return words.SUBSTITUTE if self.away(person, number) else person


def team_rows(staff: Staff, lang: Lang, day: date) -> list[Fields]:
    """The people as rows of Team on the morning of `day`, the head of sales first."""
    known = (p for p in (words.HEAD, *words.REPS) if staff.first_day(p) <= day)
    return [_member(staff, number, person, lang) for number, person in enumerate(known)]


def _member(staff: Staff, number: int, person: Person, lang: Lang) -> Fields:
    rep = person is not words.HEAD
    start = staff.first_day(person)
    bonus = int(words.BONUS.get(lang)) * person.fte
    return {
        "user": person.name.get(lang), "name": person.full_name.get(lang), "role": "rep" if rep else "hos",
        "manager": words.HEAD.name.get(lang) if rep else None, "email": f"{person.address.get(lang)}@example.com",
        "phone": phone(9_000_000 + number, lang), "start": start, "end": staff.last_day(person),
        "plan": int(person.plan.get(lang)) if rep else None, "action_plan": person.actions if rep else None,
        "load_min": 6 if rep else None, "load_max": 40 if rep else None, "base_bonus": bonus if rep else None,
        "fte": person.fte, "work_days": person.work_days,
        "ack_version": "1.0", "ack_at": max(start, staff.as_of - timedelta(days=60)),
    }  # fmt: skip


def absence_rows(staff: Staff, lang: Lang) -> list[Fields]:
    """The leave, planned long before."""
    first, last = staff.leave
    return [{
        "user": words.ON_LEAVE.name.get(lang), "from": first, "to": last,
        "substitute": words.SUBSTITUTE.name.get(lang), "kind": "holiday",
    }]  # fmt: skip


def day_off(calendar: WorkCalendar, runs: tuple[date, ...]) -> date:
    """The firm's own day off: the first working day after the second run."""
    return calendar.on_or_after(runs[1] + _A_DAY)


def holiday_rows(day: date, lang: Lang) -> list[Fields]:
    """The firm's own day off, as it stands on the sheet Holidays."""
    return [{"date": day, "name": words.DAY_OFF.get(lang), "working": None}]
