"""Overrides: the probabilities that people set for deals, and how long each holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

from sheets_crm.book import folded
from sheets_crm.findings import Found, Judged, Outcome, Unchecked
from sheets_crm.firm import Firm
from sheets_crm.history import scalar
from sheets_crm.rules.registry import rule
from sheets_crm.schema import Deal, OneOnOne, Override
from sheets_crm.text import DAYS, Text

Ending: TypeAlias = Literal["stage", "days", "one_on_one"]


class Opinion(NamedTuple):
    """The latest probability that a person set for a deal (ruling R17)."""

    percent: Decimal
    by: str
    by_hos: bool
    at: date
    note: str
    until: date
    """The last day on which it holds, if nothing happens before."""
    ended: Ending | None
    """What ended it: the deal moved, its days are over, or there was another one-on-one; None while it holds."""


@dataclass(frozen=True)
class Opinions:
    """Everybody's opinions about the deals of a firm."""

    firm: Firm

    def of(self, deal: Deal) -> Opinion | None:
        """The latest opinion by its day; on a tie the Head of Sales's wins, then the sheet Overrides, then its last row.

        What is dated after the day of the run does not exist yet; a row of the sheet without a date says nothing.
        """
        found = [
            self._opinion(deal, row.probability, row.by, row.at, row.note)
            for row in self.stated.get(deal.key, ())
            if row.probability is not None and row.at is not None and row.at <= self.firm.as_of
        ]
        if deal.prob_override is not None and (at := self._set_on(deal)) <= self.firm.as_of:
            found.insert(0, self._opinion(deal, deal.prob_override, deal.prob_by, at, deal.prob_note))
        # reversed, because max() keeps the first of equals
        return max(reversed(found), key=lambda opinion: (opinion.at, opinion.by_hos), default=None)

    @cached_property
    def stated(self) -> Mapping[str, Sequence[Override]]:
        """Row key of a deal to its rows of the sheet Overrides."""
        out: dict[str, list[Override]] = defaultdict(list)
        for row in self.firm.book.of(Override).rows:
            found = self.firm.book.resolve("Deals", row.deal_id).row
            if found is not None and row.probability is not None:
                out[found.key].append(row)
        return out

    def _opinion(self, deal: Deal, percent: Decimal, by: str | None, at: date, note: str | None) -> Opinion:
        member = self.firm.book.member(by)
        until = at + timedelta(days=self.firm.setting("override_days"))
        by_hos = member is not None and member.role == "hos"
        return Opinion(percent, self._person(by), by_hos, at, note or "", until, self._ended(deal, at, until))

    def _set_on(self, deal: Deal) -> date:
        """When a deal's own probability was set: as typed, else the day on which the log first saw it, else today."""
        if deal.prob_at is not None:
            return deal.prob_at
        seen = self.firm.past.seen.get(("Deals", deal.key))
        if seen is None or seen.fields.get("prob_override") != scalar(deal.prob_override):
            return self.firm.as_of
        changes = self.firm.past.changes(deal, "prob_override")
        return changes[-1].as_of if changes else seen.since

    def _ended(self, deal: Deal, at: date, until: date) -> Ending | None:
        entered, talk = self.firm.entered(deal), self._talks.get(folded(self._person(deal.owner)))
        if entered is not None and entered > at:
            return "stage"
        if talk is not None and talk > at:
            return "one_on_one"
        return "days" if self.firm.as_of > until else None

    @cached_property
    def _talks(self) -> Mapping[str, date]:
        """Person, folded, to the last one-on-one."""
        out: dict[str, date] = {}
        for talk in self.firm.book.of(OneOnOne).rows:
            if talk.user and talk.date_ and talk.date_ <= self.firm.as_of:
                who = folded(self._person(talk.user))
                out[who] = max(talk.date_, out.get(who, talk.date_))
        return out

    def _person(self, name: str | None) -> str:
        """A person under one name, however typed: the member's of Team, else as it stands; empty for nobody."""
        member = self.firm.book.member(name)
        return (member.user if member else name) or ""


@rule(
    "RT02",
    Text("Forecast override expired", "Пора обновить вероятность"),
    severity="warning",
    answerable="hos",
    tables=("Deals",),
    needs=("Deals.stage", "Deals.prob_override | Overrides.probability"),
    minutes=2,
    items=(44,),
    clause=Text(
        "A probability from a one-on-one is renewed at the next one, and when the deal changes its stage.",
        "Вероятность с 1-1 обновляют на следующей встрече и когда сделка меняет этап.",
    ),
)
def forecast_override_expired(firm: Firm) -> Iterator[Outcome]:
    """
    What it finds: open deals whose latest probability from a one-on-one, in the deal's own columns or on the sheet
    Overrides, no longer holds: older than the firm's setting `override_days`, set before the deal entered its present
    stage, or not renewed at a later one-on-one with the deal's owner. Such a probability is left out of the forecast.

    Why it matters: the probability is refined deal by deal at each one-on-one (Korneev), every two weeks; an old
    guess in the forecast looks as sure as a new one.

    How to fix: agree on it anew at the one-on-one and write a new line on the sheet Overrides with its date, or clear
    the old value: then the stage's own probability holds.
    """
    opinions = Opinions(firm)
    told = [(deal, opinion) for deal in firm.open_deals if (opinion := opinions.of(deal)) is not None]
    yield Judged([deal for deal, _ in told])
    known = {deal.key for deal, _ in told}
    undated = [
        d
        for d in firm.open_deals
        if d.key not in known and any(o.at is None for o in opinions.stated.get(d.key, ()))
    ]
    if undated:
        yield Unchecked(_UNDATED, rows=undated)
    for deal, opinion in told:
        if opinion.ended is not None:
            yield Found(
                deal, "prob_override", _ENDED[opinion.ended],
                _IN_FORCE.fill(days=DAYS.of(firm.setting("override_days"))), _RENEW,
                Text("{p}% of {day}", "{p} % от {day}").fill(p=opinion.percent, day=opinion.at),
            )  # fmt: skip


_ENDED: dict[Ending, Text] = {
    "stage": Text("set before the deal entered this stage", "поставлена до перехода на этот этап"),
    "one_on_one": Text("not renewed at the last one-on-one", "не обновлена на последней 1-1"),
    "days": Text("too old", "устарела"),
}
_UNDATED = Text(
    "the probability on the sheet Overrides has no date", "у вероятности на листе «Оценки 1-1» нет даты"
)
_IN_FORCE = Text(
    "set at this stage, at the last one-on-one, within {days}",
    "поставлена на этом этапе, на последней 1-1, за последние {days}",
)
_RENEW = Text("Agree on it anew at the one-on-one, or clear it", "Согласуйте заново на 1-1 или сотрите")
