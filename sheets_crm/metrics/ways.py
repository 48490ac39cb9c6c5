"""The way of every deal through its pipeline: when it first reached each stage, how it ended; nothing is counted here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

from sheets_crm.book import folded, folded_name
from sheets_crm.firm import Firm, Visit
from sheets_crm.schema import Deal, Stage, StageEntry

WITHDRAWN_WITHIN = 30
"""A deal reopened within so many days was not lost (ruling R16)."""
BEFORE = date.min
"""The day of an entry that nobody saw."""

Outcome: TypeAlias = Literal["won", "handover", "lost"]
_OUTCOMES: Mapping[str | None, Outcome] = {"won": "won", "handover": "handover", "lost": "lost"}


class Closing(NamedTuple):
    """A deal won, handed over or lost on a day; a loss that was taken back soon is none (ruling R16)."""

    deal: Deal
    outcome: Outcome
    day: date
    stage: str | None
    """The last active stage before it, folded; None: not known."""

    @property
    def lost(self) -> bool:
        """Whether it counts against us; a handover is a success of its pipeline."""
        return self.outcome == "lost"


class Way(NamedTuple):
    """A deal's way through its pipeline."""

    deal: Deal
    reached: tuple[date, ...]
    """By rank of stage: the day on which it first stood there or further on; the last rank is success."""
    visited: frozenset[int]
    """Ranks where it really stood; the others were skipped, and are back-filled in `reached`."""
    closings: tuple[Closing, ...]
    end: Outcome | None
    """How it stands now; None: not closed."""
    ended: date | None

    def fate(self, rank: int) -> Literal["moved", "lost", "undecided"]:
        """What became of it after it entered a stage: reached a later one or success; lost; neither yet."""
        if len(self.reached) > rank + 1:
            return "moved"
        return "lost" if self.end == "lost" else "undecided"

    def left(self, rank: int) -> date | None:
        """The day on which it left a stage: for a later one or as lost; None: it did not, or nobody knows."""
        if len(self.reached) > rank + 1:
            return self.reached[rank + 1]
        return self.ended if self.end == "lost" else None


@dataclass(frozen=True)
class Records:
    """What the sheet Stage history says, by row key of the deal."""

    first: Mapping[str, date]
    """The deal's first entry."""
    owners: Mapping[tuple[str, str], str]
    """(deal, folded stage) to who led it then."""


def records(firm: Firm) -> Records:
    """The sheet Stage history up to the firm's day."""
    first: dict[str, date] = {}
    owners: dict[tuple[str, str], str] = {}
    named = firm.recorded_deals
    for entry in firm.book.of(StageEntry).rows:
        deal = named[entry.deal_id]
        day = as_day(entry.entered_at)
        if deal is not None and entry.stage and day and day <= firm.as_of:
            first[deal.key] = min(day, first.get(deal.key, day))
            if entry.owner:
                owners[deal.key, folded_name(entry.stage)] = entry.owner
    return Records(first, owners)


@dataclass(frozen=True)
class Ways:
    """How the ways of one pipeline are told."""

    firm: Firm
    stages: tuple[Stage, ...]
    """Its active stages, in order."""
    records: Records

    @cached_property
    def rank(self) -> Mapping[str, int]:
        """Folded name of an active stage to its place, from 0."""
        return {folded(stage.stage or ""): n for n, stage in enumerate(self.stages)}

    def of(self, deal: Deal) -> Way:
        """The way of a deal: from its visits, with skipped stages back-filled on the day of the skip.

        A deal whose whole life is known entered the first stages when it was created; one that was lost without being
        seen at any was lost at the first. What lies before the first that is known of another deal has the day `BEFORE`.
        """
        born = self._born(deal) if self._watched(deal) else None
        at = next(iter(self.rank), None) if born else None
        reached: list[date] = []
        visited: set[int] = set()
        closings: list[Closing] = []
        kind: str | None = None
        day: date | None = None
        for visit in self._visits(deal):
            kind, day = self.firm.book.kind_at(deal.pipeline, visit.stage), visit.entered
            place = len(self.stages) if kind in ("won", "handover") else self.rank.get(visit.stage)
            if kind == "active":
                at = visit.stage
            elif kind == "lost":
                closings += _standing_loss(deal, visit, at)
                place = 0 if born and not reached and self.stages else None
            if place is not None and place >= len(reached):
                came = day or (born if born and not reached else BEFORE)
                skipped = came if reached else min(born or BEFORE, came)
                reached += [skipped] * (place - len(reached))
                reached.append(skipped if kind == "lost" else came)
                visited.add(place)
        end = _OUTCOMES.get(kind)
        ended = deal.closed_at or day
        if end and ended:
            closings.append(Closing(deal, end, ended, at))
        return Way(deal, tuple(reached), frozenset(visited), tuple(closings), end, ended)

    def _visits(self, deal: Deal) -> Iterator[Visit]:
        """The visits up to today since the deal came into this pipeline (ruling R16: a new pipeline is a new entry)."""
        moves = self.firm.past.changes(deal, "pipeline")
        came = moves[-1].as_of if moves and moves[-1].old else None
        for visit in self.firm.visits(deal):
            if visit.entered and visit.entered > self.firm.as_of:
                continue
            if came is None:
                yield visit
            elif visit.left is None or visit.left > came:
                yield visit._replace(entered=max(visit.entered or came, came))

    def _watched(self, deal: Deal) -> bool:
        """Whether the deal's whole way is known: recorded, or born since the log began."""
        if deal.key in self.records.first:
            return True
        log = self.firm.past.first_day
        if log is None:
            return False
        if (created := as_day(deal.created_at)) is not None:
            return created >= log
        seen = self.firm.past.seen.get(("Deals", deal.key))
        return seen is None or seen.since > log

    def _born(self, deal: Deal) -> date:
        """The day on which a deal of known life entered the pipeline, as far as anything tells."""
        seen = self.firm.past.seen.get(("Deals", deal.key))
        known = (as_day(deal.created_at), self.records.first.get(deal.key), seen.since if seen else None)
        return next((day for day in known if day is not None), self.firm.as_of)


def _standing_loss(deal: Deal, visit: Visit, stage: str | None) -> Iterator[Closing]:
    """A loss that was taken back so late that it stands; its reason is no longer in the row."""
    if visit.entered and visit.left and (visit.left - visit.entered).days > WITHDRAWN_WITHIN:
        yield Closing(replace(deal, lost_reason=None), "lost", visit.entered, stage)


def as_day(moment: date | None) -> date | None:
    """The day of a moment."""
    return moment.date() if isinstance(moment, datetime) else moment
