"""Working days: a firm's week and its public holidays; dates go in, days come out."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property


def weekdays(text: str) -> frozenset[int]:
    """`1-5` or `1,3,5` as a set of ISO weekdays, Monday = 1."""
    days: set[int] = set()
    for part in text.replace(" ", "").split(","):
        first, _, last = part.partition("-")
        days.update(range(int(first), int(last or first) + 1))
    return frozenset(days)


@dataclass(frozen=True)
class WorkCalendar:
    """Which days are worked: the firm's week less the public holidays of its country."""

    work_days: frozenset[int] = frozenset({1, 2, 3, 4, 5})
    country: str = ""
    """Two letters; empty: weekends only."""
    off: frozenset[date] = frozenset()
    """Further days off, from the sheet Holidays."""
    on: frozenset[date] = frozenset()
    """Days that are worked although the calendar says otherwise."""

    @cached_property
    def _holidays(self) -> Container[date]:
        if not self.country:
            return ()
        import holidays  # noqa: PLC0415 - half a second that a firm without a country need not pay

        return holidays.country_holidays(self.country)

    def works(self, day: date) -> bool:
        """Whether `day` is a working day."""
        if day in self.on or day in self.off:
            return day in self.on
        return day.isoweekday() in self.work_days and day not in self._holidays

    def working_days(self, after: date, until: date) -> int:
        """Working days in (after, until]; 0 when until is not later."""
        return sum(self.works(after + timedelta(days=n)) for n in range(1, (until - after).days + 1))

    def earlier(self, day: date, count: int) -> date:
        """The latest date after which, up to `day`, there are more than `count` working days."""
        left = count + 1
        while left > 0:
            left -= self.works(day)
            day -= timedelta(days=1)
        return day

    def add(self, day: date, count: int) -> date:
        """The `count`-th working day after `day`; `day` itself for 0."""
        while count > 0:
            day += timedelta(days=1)
            count -= self.works(day)
        return day

    def on_or_after(self, day: date) -> date:
        """The first working day from `day` on: a deal created on Saturday is worked on Monday."""
        while not self.works(day):
            day += timedelta(days=1)
        return day
