"""The bonus once more, by plain counting over the raw lines of the log: nothing of the program is used here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any


def bonus(
    lines: Sequence[str], appeals: Mapping[str, str], user: str, base: Decimal, *, start: date, end: date,
    free_count: int = 1, free_share: Decimal = Decimal(2), mode: str = "weeks", part: Decimal = Decimal(1),
) -> tuple[int, Decimal]:  # fmt: skip
    """(episodes, bonus) of one person for the days from `start` to `end`; weekends are the only days off.

    `appeals`: finding number to open, accepted or rejected.
    """
    runs: list[tuple[date, list[dict[str, Any]]]] = []
    seen: dict[str, date] = {}
    for line in lines:
        event = json.loads(line)
        if event["e"] == "run":
            runs.append((date.fromisoformat(event["as_of"]), []))
        elif event["e"] == "judged":
            runs[-1][1].append(event)
        elif event["e"] == "opened":
            seen.setdefault(event["id"], runs[-1][0])
    last_of_week = {day.isocalendar()[:2]: events for day, events in runs}
    late, worked = end, 0
    while worked < 2:
        worked += late.weekday() < 5
        late -= timedelta(days=worked < 2)
    episodes = 0
    blamed: set[str] = set()
    day = start
    while day <= end:
        if day.weekday() == 4:
            missed = 0
            rules: dict[str, tuple[int, set[str]]] = {}
            for event in last_of_week.get(day.isocalendar()[:2], []):
                if event["u"] == user:
                    ids = rules.get(event["r"], (0, set()))[1]
                    rules[event["r"]] = int(event["n"]), ids | set(event["f"])
            for rows, ids in rules.values():
                due = {i for i in ids if appeals.get(i, "rejected") == "rejected" and seen[i] < late}
                if len(due) > max(Decimal(free_count), free_share * rows / 100):
                    missed += 1
                    episodes += len(due - blamed) if mode == "per_finding" else mode == "per_rule"
                    blamed |= due
            episodes += mode == "weeks" and missed > 0
        day += timedelta(days=1)
    factor = [Decimal(1), Decimal("0.95"), Decimal("0.9")][min(episodes, 2)]
    return episodes, (base * part * factor).quantize(Decimal("0.01"), ROUND_HALF_UP)
