"""The open pipeline and how it moved: what is due in a period, what keeps an amount out, and the waterfall since it began."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias

from sheets_crm.firm import Firm
from sheets_crm.metrics.money import NONE, Exchange, Period, Uncounted, Why, exchange
from sheets_crm.schema import Deal


def obstacle(firm: Firm, money: Exchange, deal: Deal) -> Why | None:
    """Why the amount of an open deal is in no forecast: none, no date, a past one, no rate; None if nothing is."""
    if deal.amount is None:
        return "no_amount"
    if deal.expected_close is None:
        return "no_date"
    if deal.expected_close < firm.as_of:
        return "past_date"
    return "no_rate" if money.rate(deal.currency, firm.as_of) is None else None


def adrift(firm: Firm) -> Iterator[Uncounted]:
    """Deals that are neither open nor closed: in a stage that nobody knows, or in an active one with a closing date."""
    for deal in firm.deals_by_kind.get(None, ()):
        if deal.closed_at is None:
            yield Uncounted(deal, "unknown_stage")
    for deal in firm.deals_by_kind.get("active", ()):
        if deal.closed_at is not None:
            yield Uncounted(deal, "closed_open")


# ----------------------------------------------------------------- waterfall

Step: TypeAlias = Literal["created", "reopened", "pulled_in", "up", "down", "pushed", "lost", "won"]
STEPS: tuple[Step, ...] = ("created", "reopened", "pulled_in", "up", "down", "pushed", "lost", "won")
"""In the order of the formula; the last four lower the pipeline."""


class Waterfall(NamedTuple):
    """How the open amount due in a period became what it is, in the base currency at today's rates.

    opening + created + reopened + pulled_in + up - down - pushed - lost - won = closing, to the cent.
    """

    since: date
    """The pipeline as the log saw it at the end of this day."""
    from_first_run: bool
    """True where the log begins inside the period: what happened before is not known."""
    opening: Decimal
    steps: dict[Step, Decimal]
    """Signed: the last four are 0 or less."""
    deals: dict[Step, int]
    """How many deals each step is made of."""
    closing: Decimal
    unknown: int
    """Deals due in the period without an ID or a name of their own: the log cannot follow them, they are left out."""


class Terms(NamedTuple):
    """What the log follows of a deal and the waterfall cares for, on one day."""

    pipeline: str | None
    stage: str | None
    amount: Decimal | None
    currency: str | None
    expected_close: date | None
    closed_at: date | None


class State(NamedTuple):
    """A deal on one day, as far as the waterfall cares."""

    due: bool
    """Open, with an expected close in the rest of the period."""
    amount: Decimal
    """In the base currency; 0 where there is none, or no rate."""
    kind: str | None
    closed: bool


def waterfall(firm: Firm, period: Period) -> Waterfall | None:
    """The waterfall from the log's last run before the period, else from its first run; None before there is one.

    Of a deal that came due and was won or lost in between, both steps are shown. pushed = moved out of the period, put
    on hold, handed over, or its date is past. Rows that were deleted are in neither end.
    """
    first = firm.past.first_day
    if first is None or first >= firm.as_of:
        return None
    since = max(first, period.start - timedelta(days=1))
    money = exchange(firm)
    steps: dict[Step, Decimal] = dict.fromkeys(STEPS, NONE)
    deals: dict[Step, int] = defaultdict(int)
    opening, closing, unknown = NONE, NONE, 0
    rest_then, rest_now = (Period(max(period.start, day), period.end) for day in (since, firm.as_of))
    for deal in firm.book.deals.rows:
        after = _state(firm, money, deal, rest_now)
        if deal.key.startswith("~"):
            unknown += after.due
            continue
        past = as_it_was(firm, deal, since)
        before = None if past is None else _state(firm, money, past, rest_then)
        opening += before.amount if before is not None and before.due else NONE
        closing += after.amount if after.due else NONE
        for step, amount in _moves(deal, before, after, since, period):
            steps[step] += amount
            deals[step] += 1
    return Waterfall(
        since, first >= period.start, opening, steps, {s: deals[s] for s in STEPS}, closing, unknown
    )


def _state(firm: Firm, money: Exchange, terms: Deal | Terms, rest: Period) -> State:
    kind, closed = firm.book.kind_at(terms.pipeline, terms.stage), terms.closed_at is not None
    worth = None if terms.amount is None else money.worth(terms.amount, terms.currency, firm.as_of)
    is_open = kind == "active" and not closed
    return State(is_open and rest.has(terms.expected_close), worth or NONE, kind, closed)


def _moves(
    deal: Deal, before: State | None, after: State, since: date, period: Period
) -> Iterator[tuple[Step, Decimal]]:
    """The signed steps of one deal: entry, change of amount while it was due, exit."""
    was_due = before is not None and before.due
    ended = _ended(deal, before, after, since, period)
    if not was_due and (after.due or ended):
        yield _entry(deal, before), after.amount
    elif was_due and before is not None and after.amount != before.amount:
        change = after.amount - before.amount
        yield ("up" if change > 0 else "down"), change
    if ended:
        yield ended, -after.amount
    elif was_due and not after.due:
        yield "pushed", -after.amount


def _ended(deal: Deal, before: State | None, after: State, since: date, period: Period) -> Step | None:
    """Whether a deal left by being won or lost.

    One that was not due before must have closed after `since`; if lost, it must have been due in the period.
    """
    if after.kind not in ("won", "lost"):
        return None
    if before is not None and before.due:
        return "won" if after.kind == "won" else "lost"
    if (
        (before is not None and before.kind == after.kind)
        or deal.closed_at is None
        or deal.closed_at <= since
    ):
        return None
    if after.kind == "won":
        return "won" if period.has(deal.closed_at) else None
    return "lost" if period.has(deal.expected_close) else None


def _entry(deal: Deal, before: State | None) -> Step:
    if before is None:
        return "reopened" if deal.reactivated_from else "created"
    return "reopened" if before.closed or before.kind != "active" else "pulled_in"


def as_it_was(firm: Firm, deal: Deal, day: date) -> Terms | None:
    """The deal at the end of an earlier day, as the log holds it; None if the log did not know it yet."""
    fields = firm.past.fields_on(deal, day)
    if fields is None:
        return None
    pipeline, stage, amount, currency, expected, closed = (fields.get(name) or None for name in Terms._fields)
    return Terms(
        pipeline, stage, Decimal(amount) if amount else None, currency,
        date.fromisoformat(expected) if expected else None, date.fromisoformat(closed) if closed else None,
    )  # fmt: skip
