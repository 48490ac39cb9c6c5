"""Stage conversion once more, as a person would count it with a pencil; shares no code with the program."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

ACTIVE = ("s1", "s2", "s3", "s4")


class Story(NamedTuple):
    """A deal: the day it was created, and its stages with the days on which it entered them, in order."""

    created: date
    steps: tuple[tuple[str, date], ...]

    @property
    def now(self) -> str:
        return self.steps[-1][0]


class Counted(NamedTuple):
    """entered, moved, lost, undecided, young."""

    entered: int
    moved: int
    lost: int
    undecided: int
    young: int


def window(stories: Sequence[Story]) -> int:
    """Two median cycles, thirty days at least."""
    cycles = [(s.steps[-1][1] - s.created).days for s in stories if s.now == "Won"]
    return max(30, math.ceil(2 * statistics.median(cycles))) if cycles else 30


def entry_days(story: Story) -> list[date | None]:
    """For every stage and for winning: the first day there or beyond."""
    steps = list(story.steps)
    places = [_place(name) for name, _ in steps]
    first = next((n for n, place in enumerate(places) if place >= 0), len(steps))
    if "Lost" in [name for name, _ in steps[:first]]:
        steps.insert(0, ("s1", story.created))
    else:
        skipped = (
            [(name, min(story.created, steps[first][1])) for name in ACTIVE[: places[first]]]
            if first < len(steps)
            else []
        )
        steps[first:first] = skipped
    return [next((day for name, day in steps if _place(name) >= n), None) for n in range(len(ACTIVE) + 1)]


def _place(name: str) -> int:
    return {**{stage: n for n, stage in enumerate(ACTIVE)}, "Won": len(ACTIVE)}.get(name, -1)


def stood(story: Story) -> set[int]:
    """The stages where it was when it got further than ever before."""
    best, out = -1, set()
    for name, _ in story.steps:
        if _place(name) > best:
            best = _place(name)
            out.add(best)
    if "Lost" in [name for name, _ in story.steps] and (best < 0 or _lost_first(story)):
        out.add(0)
    return out


def _lost_first(story: Story) -> bool:
    names = [name for name, _ in story.steps]
    return all(_place(name) < 0 for name in names[: names.index("Lost")])


def table(stories: Sequence[Story], as_of: date) -> list[Counted] | None:
    """Every stage's cohort; None where fewer than two cycles were seen."""
    since = as_of - timedelta(days=window(stories) - 1)
    if not stories or min(day for s in stories for _, day in s.steps) > since:
        return None
    out = []
    for n in range(len(ACTIVE)):
        found = []
        stays = []
        for story in stories:
            days = entry_days(story)
            came, went = days[n], days[n + 1]
            fate = "moved" if went else "lost" if story.now == "Lost" else "undecided"
            end = went or (story.steps[-1][1] if fate == "lost" else None)
            if came and end and n in stood(story) and end >= came:
                stays.append((end - came).days)
            if came and since <= came <= as_of:
                found.append((came, fate))
        ripe = sorted(stays)[math.ceil(len(stays) * 0.8) - 1] if len(stays) >= 5 else 14
        old = [fate for came, fate in found if (as_of - came).days >= ripe]
        out.append(
            Counted(
                len(old), old.count("moved"), old.count("lost"), old.count("undecided"), len(found) - len(old)
            )
        )
    return out
