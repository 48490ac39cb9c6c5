"""Overrides: the probabilities that people set for deals, and how long each holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sheets_crm.book import folded
from sheets_crm.findings import Found, Judged, Outcome, Unchecked
from sheets_crm.firm import Firm
from sheets_crm.rules.registry import rule
from sheets_crm.schema import Deal, OneOnOne, Override
from sheets_crm.text import DAYS, Text


class Estimate(NamedTuple):
    """A probability that a person set for a deal."""

    probability: Decimal
    """0-100."""
    by: str | None
    at: date | None
    """None: it is not known when it was set."""
    note: str | None


def estimates(firm: Firm) -> Mapping[str, Estimate]:
    """Row key of a deal to its latest estimate, in force or not (ruling R17).

    Of the deal's own columns and the sheet Overrides the latest date wins, on a tie the Head of Sales, then the
    sheet's last row. Estimates dated after the day of the run do not exist yet.
    """
    heads = {folded(head.user or "") for head in firm.heads}
    made: dict[str, list[Estimate]] = {}
    for deal in firm.book.deals.rows:
        if deal.prob_override is not None:
            own = Estimate(deal.prob_override, deal.prob_by, _set_on(firm, deal), deal.prob_note)
            made.setdefault(deal.key, []).append(own)
    for row in firm.book.of(Override).rows:
        found = firm.book.resolve("Deals", row.deal_id).row
        if found is not None and row.probability is not None:
            made.setdefault(found.key, []).append(Estimate(row.probability, row.by, row.at, row.note))
    out = {}
    for key, known in made.items():
        standing = [e for e in known if e.at is None or e.at <= firm.as_of]
        if standing:
            # reversed, because max() keeps the first of equals
            out[key] = max(reversed(standing), key=lambda e: (e.at or date.min, folded(e.by or "") in heads))
    return out


def _set_on(firm: Firm, deal: Deal) -> date | None:
    """When a deal's own probability was set: as typed, else as the log saw it change, or first saw it."""
    changes = firm.past.changes(deal, "prob_override")
    seen = firm.past.seen.get(("Deals", deal.key))
    return deal.prob_at or (changes[-1].as_of if changes else seen.since if seen else None)


def why_expired(firm: Firm, deal: Deal, estimate: Estimate) -> Text | None:
    """Why an estimate no longer holds; None while it does, or where nothing says when it was set (item 44).

    It holds for `override_days` calendar days, until the deal enters another stage, and until a one-on-one with the
    owner later than itself.
    """
    if estimate.at is None:
        return None
    entered = firm.entered(deal)
    if entered is not None and estimate.at < entered:
        return Text("set before this stage", "поставлена до этого этапа")
    talk = _last_talk(firm, deal.owner)
    if talk is not None and estimate.at < talk:
        return Text("not renewed at the one-on-one of {day}", "не обновлена на 1-1 {day}").fill(day=talk)
    age = (firm.as_of - estimate.at).days
    if age > firm.setting("override_days"):
        return Text("set {days} ago", "поставлена {days} назад").fill(days=DAYS.of(age))
    return None


def _last_talk(firm: Firm, user: str | None) -> date | None:
    who = folded(user or "")
    return max(
        (t.date_ for t in firm.book.of(OneOnOne).rows if t.date_ and t.date_ <= firm.as_of and folded(t.user or "") == who),
        default=None,
    )  # fmt: skip


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
    known = estimates(firm)
    deals = [deal for deal in firm.open_deals if deal.key in known]
    undated = [deal for deal in deals if known[deal.key].at is None]
    yield Judged([deal for deal in deals if known[deal.key].at is not None])
    if undated:
        yield Unchecked(_UNDATED, rows=undated)
    for deal in deals:
        estimate = known[deal.key]
        why = why_expired(firm, deal, estimate)
        if why is not None:
            yield Found(
                deal, "prob_override", why, _IN_FORCE.fill(days=DAYS.of(firm.setting("override_days"))), _RENEW,
                Text("{p} % of {day}", "{p} % от {day}").fill(p=estimate.probability, day=estimate.at),
            )  # fmt: skip


_UNDATED = Text("it is not known when the probability was set", "неизвестно, когда поставили вероятность")
_IN_FORCE = Text(
    "set at this stage, at the last one-on-one, within {days}",
    "поставлена на этом этапе, на последней 1-1, за последние {days}",
)
_RENEW = Text(
    "Agree on it anew at the one-on-one, or clear it",
    "Согласуйте заново на 1-1 или сотрите",
)
