"""Money: what a deal brings, on which day, to whose credit and in the firm's currency; and the plans it is held against."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, NamedTuple, TypeAlias

from sheets_crm.book import folded
from sheets_crm.firm import Firm
from sheets_crm.schema import Deal, Member, Plan, Rate
from sheets_crm.verdict import period_start

NONE, _ONE = Decimal(0), Decimal(1)
_CENT = Decimal("0.01")

Length: TypeAlias = Literal["month", "quarter"]
Why: TypeAlias = Literal[
    "unknown_stage", "closed_open", "no_amount", "no_date", "past_date", "no_rate", "no_probability",
    "won_undated", "paid_undated",
]  # fmt: skip
"""Why the money of a deal is not counted."""


def cents(amount: Decimal) -> Decimal:
    """An amount to the cent, halves away from zero, as a spreadsheet's ROUND does: sums then agree to the cent."""
    return amount.quantize(_CENT, ROUND_HALF_UP)


# ------------------------------------------------------------------- periods


class Period(NamedTuple):
    """Days from `start` to `end`, both included."""

    start: date
    end: date

    def has(self, day: date | None) -> bool:
        """Whether a day lies in it; an unknown one does not."""
        return day is not None and self.start <= day <= self.end

    @property
    def after(self) -> date:
        """The first day after it."""
        return self.end + timedelta(days=1)

    def months(self) -> tuple[Period, ...]:
        """The whole months that make it up; none if it is cut otherwise."""
        out = [period_of(self.start, "month")]
        while out[-1].end < self.end:
            out.append(period_of(out[-1].after, "month"))
        return tuple(out) if (out[0].start, out[-1].end) == (self.start, self.end) else ()


def period_of(day: date, length: Length) -> Period:
    """The month or the quarter in which a day falls."""
    start = period_start(day, length)
    later = period_start(start + timedelta(days=31 if length == "month" else 92), length)
    return Period(start, later - timedelta(days=1))


# --------------------------------------------------------------------- rates


@dataclass(frozen=True)
class Exchange:
    """What foreign money is worth in the base currency (ruling R7): the latest rate on or before the day, never a guess."""

    base: str
    rates: Mapping[str, Sequence[tuple[date, Decimal]]]
    """Currency in capitals to (day, rate), oldest first."""

    def rate(self, currency: str | None, day: date) -> Decimal | None:
        """Units of the base currency for one of `currency` on a day; 1 for the base itself; None if nobody typed one."""
        if not currency or currency == self.base:
            return _ONE
        code = currency.strip().upper()
        if code == self.base.strip().upper():
            return _ONE
        known = self.rates.get(code, ())
        at = bisect_right(known, day, key=lambda rate: rate[0])
        return known[at - 1][1] if at else None

    def worth(self, amount: Decimal, currency: str | None, day: date) -> Decimal | None:
        """`amount` x rate, to the cent, in the base currency; None where there is no rate."""
        rate = self.rate(currency, day)
        return None if rate is None else cents(amount * rate)


def exchange(firm: Firm) -> Exchange:
    """The rates of the sheet Rates; rows without a currency, a day or a rate above 0 say nothing."""
    rates: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
    for row in firm.book.of(Rate).rows:
        if row.currency and row.date_ and row.rate is not None and row.rate > 0:
            rates[row.currency.strip().upper()].append((row.date_, row.rate))
    for known in rates.values():
        known.sort(key=lambda rate: rate[0])
    return Exchange(firm.base_currency, rates)


# ------------------------------------------------------------------- revenue


class Entry(NamedTuple):
    """Money of one won or refunded deal."""

    deal: Deal
    day: date
    """The day on which it counts: closed_at; paid_at where `revenue_basis` is cash."""
    owner: str
    """Whose it is: the owner when the deal was closed (ruling R16); empty if nobody's."""
    amount: Decimal
    """In the base currency; below 0 for a refund."""
    refund: bool = False


class Uncounted(NamedTuple):
    """A deal whose money is in no figure, and why."""

    deal: Deal
    why: Why


class Revenue(NamedTuple):
    """All revenue that the deals show, what could not be counted, and what won clients still owe."""

    entries: tuple[Entry, ...]
    uncounted: tuple[Uncounted, ...]
    receivable: Decimal

    def total(self, period: Period, owner: str | None = None) -> Decimal:
        """Sum of the entries of a period, of one owner or of all (None), less refunds."""
        return sum((e.amount for e in self.of(period, owner)), NONE)

    def of(self, period: Period, owner: str | None = None) -> list[Entry]:
        """The entries of a period, of one owner or of all (None)."""
        return [e for e in self.entries if period.has(e.day) and owner in (None, e.owner)]


def revenue(firm: Firm) -> Revenue:
    """Revenue = amount of won deals by closed_at, or paid_amount by paid_at (`revenue_basis` = cash); ruling R7.

    Converted at the rate of that day. A refund is a deal in a stage of kind refund: it lowers the revenue of the
    period of its closed_at. Handed-over deals bring none. Days after as_of are left to later runs. Receivable = what is
    still unpaid of won deals, at the rate of as_of; under `amount` only of deals where a payment was typed.
    """
    money = exchange(firm)
    cash = firm.setting("revenue_basis") == "cash"
    entries: list[Entry] = []
    uncounted: list[Uncounted] = []
    receivable = NONE
    for kind in ("won", "refund"):
        for deal in firm.deals_by_kind.get(kind, ()):
            found = _entry(firm, money, deal, cash=cash, refund=kind == "refund")
            if isinstance(found, Entry) and found.day <= firm.as_of:
                entries.append(found)
            elif isinstance(found, Uncounted):
                uncounted.append(found)
            if kind == "won":
                receivable += _unpaid(money, deal, firm.as_of, cash=cash)
    return Revenue(tuple(entries), tuple(uncounted), receivable)


def _entry(firm: Firm, money: Exchange, deal: Deal, *, cash: bool, refund: bool) -> Entry | Uncounted | None:
    """The revenue of a closed deal; None where no money came in yet."""
    paid = cash and not refund
    amount, day = (deal.paid_amount, deal.paid_at) if paid else (deal.amount, deal.closed_at)
    if paid and not amount:
        return None
    if amount is None:
        return Uncounted(deal, "no_amount")
    if day is None:
        return Uncounted(deal, "paid_undated" if paid else "won_undated")
    worth = money.worth(amount, deal.currency, day)
    if worth is None:
        return Uncounted(deal, "no_rate")
    return Entry(deal, day, credited(firm, deal), -abs(worth) if refund else worth, refund)


def _unpaid(money: Exchange, deal: Deal, day: date, *, cash: bool) -> Decimal:
    if deal.amount is None or (deal.paid_amount is None and not cash):
        return NONE
    rest = deal.amount - (deal.paid_amount or NONE)
    return (money.worth(rest, deal.currency, day) or NONE) if rest > 0 else NONE


def credited(firm: Firm, deal: Deal) -> str:
    """Whose the money of a closed deal is: its owner in the run that first saw it closed, whoever has it now (R16)."""
    seen = firm.past.seen.get(("Deals", deal.key))
    closings = [c.as_of for c in firm.past.changes(deal, "closed_at") if c.new and not c.old]
    if seen is None or not seen.fields.get("closed_at"):
        return person(firm, deal.owner)
    then = firm.past.value_on(deal, "owner", max(closings, default=seen.since))
    return person(firm, then or deal.owner)


def person(firm: Firm, owner: str | None) -> str:
    """An owner under one name, however it was typed: the member's of Team, else as it stands; empty for nobody."""
    member = firm.book.member(owner)
    return (member.user if member else owner) or ""


# --------------------------------------------------------------------- plans


@dataclass(frozen=True)
class Plans:
    """Plans of revenue in the base currency: the sheet Plans, else Team.plan by the month."""

    rows: Mapping[tuple[date, date, str], Decimal]
    """(first day, last day, person or empty for the firm) to the target."""
    team: Sequence[Member]

    def of(self, user: str, period: Period) -> Decimal | None:
        """A person's plan; None if there is none for any part of the period.

        A row of Plans for exactly this period wins; else the sum over its months of the month's row, else Team.plan.
        Team.plan counts for whole months of employment only.
        """
        stated = self.rows.get((*period, folded(user)))
        months = period.months()
        if stated is not None or not months:
            return stated
        if len(months) > 1:
            return _sum_if_all(self.of(user, month) for month in months)
        return self._team_plan(user, period)

    def firm(self, period: Period) -> Decimal | None:
        """The firm's plan: its own rows of Plans, by the period or by its months, else the sum of the people's."""
        stated = self.rows.get((*period, ""))
        if stated is None:
            stated = _sum_if_all(self.rows.get((*month, "")) for month in period.months())
        if stated is not None:
            return stated
        own = [self.of(user, period) for user in self.people]
        known = [plan for plan in own if plan is not None]
        return sum(known, NONE) if known else None

    @property
    def people(self) -> list[str]:
        """Everyone with a plan in Plans or Team, under one name."""
        names = {folded(m.user): m.user for m in self.team if m.user}
        planned = [user for _, _, user in self.rows if user]
        return list(dict.fromkeys([*names.values(), *(names.get(user, user) for user in planned)]))

    def _team_plan(self, user: str, month: Period) -> Decimal | None:
        member = next((m for m in self.team if m.user and folded(m.user) == folded(user)), None)
        if member is None or member.plan is None:
            return None
        whole = (member.start or date.min) <= month.start and month.end <= (member.end or date.max)
        return member.plan if whole else NONE


def plans(firm: Firm) -> Plans:
    """Plans of revenue: rows of the sheet whose metric is revenue or blank, and Team.plan behind them.

    Of one person and period, a row for all pipelines (blank) wins;
    without one, those of the single pipelines are added up.
    """
    found: dict[tuple[date, date, str], dict[str, Decimal]] = defaultdict(dict)
    for row in firm.book.of(Plan).rows:
        if row.period_start and row.period_end and row.target is not None and row.metric in (None, "revenue"):
            user = folded(person(firm, row.user)) if row.user else ""
            found[row.period_start, row.period_end, user][folded(row.pipeline or "")] = row.target
    rows = {key: own[""] if "" in own else sum(own.values(), NONE) for key, own in found.items()}
    return Plans(rows, firm.book.team.rows)


def _sum_if_all(parts: Iterable[Decimal | None]) -> Decimal | None:
    known = list(parts)
    if not known or None in known:
        return None
    return sum((part for part in known if part is not None), NONE)
