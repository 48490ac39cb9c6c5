"""The forecast: how likely each open deal is and why, and what a period will bring against its plan.

The probability comes from the sheet Stages or from a one-on-one; `probability` is the one place that knows, and the
place where a method that learns from the firm's own past will stand. No range and no chance are claimed here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

from sheets_crm.book import folded
from sheets_crm.checks import lacking
from sheets_crm.firm import Firm
from sheets_crm.metrics import money, pipeline
from sheets_crm.metrics.money import NONE, Period, Plans, Revenue, Uncounted, Why, cents, period_of
from sheets_crm.rules.overrides import Opinion, Opinions
from sheets_crm.schema import Deal
from sheets_crm.text import Text

Source: TypeAlias = Literal["stage", "rep", "hos", "none"]
"""Where a probability comes from: the sheet Stages, a one-on-one (by whom), nowhere."""

DECIDING = 10
"""Deals that decide a period."""
_YEAR = timedelta(days=365)


# --------------------------------------------------------------- probability


class Probability(NamedTuple):
    """How likely a deal is to be won."""

    value: Decimal | None
    """Per cent, 0-100; None where nothing says it."""
    source: Source
    because: Text
    stage: Decimal | None
    """What the sheet Stages says, kept beside an opinion so that both can be scored later."""
    opinion: Opinion | None = None
    """The latest opinion, in force or not."""


def probability(firm: Firm, deal: Deal, opinions: Opinions | None = None) -> Probability:
    """How likely an open deal is to be won: an opinion in force, else the probability of its stage (item 43, 44).

    An opinion holds until the deal moves to another stage, `override_days` pass, or its owner has the next one-on-one.
    """
    opinion = (opinions or Opinions(firm)).of(deal)
    stage = firm.stage(deal)
    fixed = stage.probability if stage else None
    if opinion is not None and opinion.ended is None:
        words = _BY_HOS if opinion.by_hos else _BY_REP if opinion.by else _BY_SOMEONE
        because = words.fill(p=opinion.percent, by=opinion.by, day=opinion.at, until=opinion.until)
        return Probability(opinion.percent, "hos" if opinion.by_hos else "rep", because, fixed, opinion)
    if fixed is None:
        because = _NO_PROBABILITY.fill(stage=deal.stage or "")
        return Probability(None, "none", because, None, opinion)
    because = _OF_STAGE.fill(stage=deal.stage or "", p=fixed)
    return Probability(fixed, "stage", because, fixed, opinion)


# ------------------------------------------------------------------ outlooks


class Outlook(NamedTuple):
    """What an open deal is expected to bring."""

    deal: Deal
    owner: str
    """Whose it is; empty if nobody's."""
    amount: Decimal | None
    """In the base currency at the rate of as_of; None without an amount or a rate."""
    chance: Probability
    why: Why | None
    """Why it is not counted; None if it is."""
    days_in_stage: int | None

    @property
    def weighted(self) -> Decimal:
        """Amount x probability, to the cent; 0 where it is not counted."""
        if self.why is not None or self.amount is None or self.chance.value is None:
            return NONE
        return cents(self.amount * self.chance.value / 100)

    @property
    def open_amount(self) -> Decimal:
        """The amount as coverage counts it: also without a probability, never without an amount, a date or a rate."""
        return self.amount or NONE if self.why in (None, "no_probability") else NONE


def outlooks(firm: Firm) -> tuple[Outlook, ...]:
    """Every open deal, in the sheet's order."""
    rates, opinions = money.exchange(firm), Opinions(firm)
    out = []
    for deal in firm.open_deals:
        chance = probability(firm, deal, opinions)
        why = pipeline.obstacle(firm, rates, deal) or (None if chance.value is not None else "no_probability")
        worth = None if deal.amount is None else rates.worth(deal.amount, deal.currency, firm.as_of)
        entered = firm.entered(deal)
        days = (firm.as_of - entered).days if entered is not None and entered <= firm.as_of else None
        out.append(Outlook(deal, money.person(firm, deal.owner), worth, chance, why, days))
    return tuple(out)


# ------------------------------------------------------------------- figures


class Figures(NamedTuple):
    """What a period looks like for a person or the firm, in the base currency; None = cannot be said."""

    period: Period
    plan: Decimal | None
    won: Decimal | None
    """Revenue of the period so far, less refunds."""
    weighted: Decimal | None
    """W = sum of amount x probability of the open deals due in the period."""
    due: Decimal | None
    """Their amounts in full."""
    won_deals: int
    """By closing date, with or without an amount."""
    open_deals: int
    """Due in what is left of the period."""

    @property
    def expected(self) -> Decimal | None:
        """F = won + W (item 43)."""
        return None if self.won is None or self.weighted is None else self.won + self.weighted

    @property
    def ratio(self) -> Decimal | None:
        """F / plan; blank without a plan or with one of 0."""
        return None if self.expected is None or not self.plan else self.expected / self.plan

    @property
    def gap(self) -> Decimal | None:
        """Plan - F; below 0 where more than the plan is expected. Blank where the ratio is."""
        return None if self.expected is None or not self.plan else self.plan - self.expected

    @property
    def coverage(self) -> Decimal | None:
        """Open amount due / (plan - won); blank once the plan is won."""
        return self._covered_by(self.due)

    @property
    def weighted_coverage(self) -> Decimal | None:
        """W / (plan - won); blank once the plan is won."""
        return self._covered_by(self.weighted)

    def _covered_by(self, amount: Decimal | None) -> Decimal | None:
        if amount is None or self.won is None or not self.plan or self.plan <= self.won:
            return None
        return amount / (self.plan - self.won)


class Typical(NamedTuple):
    """The mean won deal of the last 12 months."""

    amount: Decimal
    deals: int


class Gap(NamedTuple):
    """What is missing to the plan, in money and in deals."""

    amount: Decimal
    """Below 0: more than the plan is expected."""
    deals: int | None
    """ceil(amount / mean won deal); None without won deals, or where nothing is missing."""
    typical: Typical | None


class Blind(NamedTuple):
    """A figure that cannot be said, and what is missing for it."""

    what: Text
    reason: Text


class Held(NamedTuple):
    """How much one stage holds."""

    stage: str
    probability: Decimal | None
    deals: int
    amount: Decimal | None
    """None where deals have no column of amounts."""
    weighted: Decimal | None


@dataclass(frozen=True)
class Forecast:
    """A firm's forecast on one day; `until` ends the period elsewhere than at the end of the month or quarter."""

    firm: Firm
    until: date | None = None

    @cached_property
    def outlooks(self) -> tuple[Outlook, ...]:
        """Every open deal with its probability."""
        return outlooks(self.firm)

    @cached_property
    def revenue(self) -> Revenue:
        """What was won and paid back."""
        return money.revenue(self.firm)

    @cached_property
    def plans(self) -> Plans:
        """Who is to bring how much."""
        return money.plans(self.firm)

    # ---------------------------------------------------------------- periods

    @property
    def period(self) -> Period:
        """The period of the forecast: by the setting `period`, or up to `until`."""
        found = period_of(self.firm.as_of, self.firm.setting("period"))
        return found if self.until is None else Period(found.start, max(self.until, found.start))

    @property
    def periods(self) -> tuple[Period, ...]:
        """The present period, the next one, and the quarter where that is another; only the asked one with `until`."""
        length, day = self.firm.setting("period"), self.firm.as_of
        if self.until is not None:
            return (self.period,)
        following = period_of(self.period.after, length)
        return (self.period, following, *([period_of(day, "quarter")] if length == "month" else []))

    # ---------------------------------------------------------------- figures

    def figures(self, period: Period, owner: str | None = None) -> Figures:
        """A period of one owner, or of the firm (None)."""
        due = self.due(period, owner)
        entries = self.revenue.of(period, owner)
        return Figures(
            period,
            self.plans.firm(period) if owner is None else self.plans.of(owner, period) if owner else None,
            None if self._no_revenue else sum((e.amount for e in entries), NONE),
            None if self._no_pipeline or self._no_chances else sum((o.weighted for o in due), NONE),
            None if self._no_pipeline else sum((o.open_amount for o in due), NONE),
            self._won_deals(period, owner), len(due),
        )  # fmt: skip

    def _won_deals(self, period: Period, owner: str | None) -> int:
        """Deals won in a period by their closing date: they can be counted where their money cannot."""
        return sum(period.has(deal.closed_at) and owner in (None, credit) for credit, deal in self._wins)

    @cached_property
    def _wins(self) -> list[tuple[str, Deal]]:
        """Won deals with a closing date up to today, and whose they are."""
        won = self.firm.deals_by_kind.get("won", ())
        return [
            (money.credited(self.firm, deal), deal)
            for deal in won
            if deal.closed_at is not None and deal.closed_at <= self.firm.as_of
        ]

    def due(self, period: Period, owner: str | None = None) -> list[Outlook]:
        """Open deals expected to close in what is left of a period, with or without a probability."""
        return [
            o
            for o in self.outlooks
            if o.why in (None, "no_probability")
            and period.has(o.deal.expected_close)
            and owner in (None, o.owner)
        ]

    def people(self, period: Period) -> tuple[str, ...]:
        """Reps at work, and everyone else with a plan, won deals or open deals due in a period; nobody last."""
        day = self.firm.as_of
        reps = [
            m.user
            for m in self.firm.book.team.rows
            if m.user and m.role == "rep" and (m.start or day) <= day <= (m.end or day)
        ]
        named = {folded(user): user for user in reps}
        for user in self.plans.people:
            if self.plans.of(user, period):
                named.setdefault(folded(user), user)
        won = (credit for credit, deal in self._wins if period.has(deal.closed_at))
        for owner in (
            *(o.owner for o in self.due(period)),
            *(e.owner for e in self.revenue.of(period)),
            *won,
        ):
            named.setdefault(folded(owner), owner)
        nobody = [named.pop("")] if "" in named else []
        return (*named.values(), *nobody)

    @property
    def deciding(self) -> list[Outlook]:
        """The deals of the period with the most expected money, the dearest first."""
        known = [o for o in self.due(self.period) if o.weighted > 0]
        known.sort(key=lambda o: (-o.weighted, -(o.amount or NONE), o.deal.row))
        return known[:DECIDING]

    @property
    def gap(self) -> Gap | None:
        """The gap of the period; None where there is no plan, or no figure to hold against it."""
        amount = self.figures(self.period).gap
        if amount is None:
            return None
        typical = self.typical
        if amount <= 0 or typical is None:
            return Gap(amount, None, typical)
        return Gap(amount, int((amount / typical.amount).to_integral_value(ROUND_CEILING)), typical)

    @property
    def typical(self) -> Typical | None:
        """Mean revenue of the deals won in the 12 months up to as_of, refunds apart (FORECAST.md: decomposition)."""
        year = Period(self.firm.as_of - _YEAR, self.firm.as_of)
        won = [e.amount for e in self.revenue.of(year) if not e.refund and e.amount > 0]
        return Typical(cents(sum(won, NONE) / len(won)), len(won)) if won else None

    @cached_property
    def uncounted(self) -> tuple[Uncounted, ...]:
        """Deals whose money is in no figure, each with the first reason; none where the column itself is missing."""
        blank = {"no_amount": self._no_amounts, "no_date": self._no_dates, "no_probability": self._no_chances}
        found = [
            *(Uncounted(o.deal, o.why) for o in self.outlooks if o.why is not None),
            *self.revenue.uncounted,
            *pipeline.adrift(self.firm),
        ]
        return tuple(u for u in found if not blank.get(u.why))

    @property
    def opinions(self) -> list[tuple[Outlook, Opinion]]:
        """Open deals about which somebody has an opinion: those in force first, the latest first."""
        found = [(o, o.chance.opinion) for o in self.outlooks if o.chance.opinion is not None]
        return sorted(found, key=lambda p: (p[1].ended is not None, -p[1].at.toordinal(), p[0].deal.row))

    @property
    def stages(self) -> list[Held]:
        """The probabilities of the stages with open deals, and what stands in each."""
        found: dict[tuple[Decimal, str, Decimal | None], list[Outlook]] = defaultdict(list)
        for outlook in self.outlooks:
            stage = self.firm.stage(outlook.deal)
            order, name = (stage.order or NONE, stage.stage) if stage else (NONE, outlook.deal.stage)
            found[order, name or "", outlook.chance.stage].append(outlook)
        out = []
        for (_, name, percent), own in sorted(found.items(), key=lambda item: item[0][:2]):
            amount, weighted = sum((o.open_amount for o in own), NONE), sum((o.weighted for o in own), NONE)
            blind = self._no_pipeline
            out.append(Held(name, percent, len(own), None if blind else amount, None if blind else weighted))
        return out

    # ------------------------------------------------------------- not checked

    @cached_property
    def blind(self) -> tuple[Blind, ...]:
        """What cannot be said because a column or a sheet is not there."""
        book = self.firm.book
        needs: Sequence[tuple[Text, tuple[str, ...]]] = (
            (_WON, self._revenue_columns[:1]),
            (_WON, self._revenue_columns[1:]),
            (_EXPECTED, ("Deals.amount",)),
            (_EXPECTED, ("Deals.expected_close",)),
            (_WEIGHTED, ("Stages.probability",)),
            (_PLAN, ("Plans.target", "Team.plan")),
            (_BY_PEOPLE, ("Deals.owner",)),
            (_FOREIGN, ("Rates.rate",) if self._foreign else ()),
        )
        found = [(what, lacking(book, *names)) for what, names in needs if names]
        return tuple(dict.fromkeys(Blind(what, reason) for what, reason in found if reason is not None))

    @property
    def _revenue_columns(self) -> tuple[str, str]:
        if self.firm.setting("revenue_basis") == "cash":
            return "Deals.paid_amount", "Deals.paid_at"
        return "Deals.amount", "Deals.closed_at"

    @property
    def _foreign(self) -> bool:
        return any(u.why == "no_rate" for u in self.uncounted)

    @property
    def _no_revenue(self) -> bool:
        return not all(self.firm.has(name) for name in self._revenue_columns)

    @property
    def _no_amounts(self) -> bool:
        return not self.firm.has("Deals.amount")

    @property
    def _no_dates(self) -> bool:
        return not self.firm.has("Deals.expected_close")

    @property
    def _no_pipeline(self) -> bool:
        return self._no_amounts or self._no_dates

    @property
    def _no_chances(self) -> bool:
        return not self.firm.has("Stages.probability")


def percent(share: Decimal) -> int:
    """A share as whole per cent, halves up."""
    return int((share * 100).quantize(Decimal(1), ROUND_HALF_UP))


_BY_HOS = Text(
    "1-1 on {day}: {p}% ({by}, Head of Sales), until {until}", "1-1 {day}: {p} % ({by}, РОП), до {until}"
)
_BY_REP = Text("1-1 on {day}: {p}% ({by}), until {until}", "1-1 {day}: {p} % ({by}), до {until}")
_BY_SOMEONE = Text(
    "1-1 on {day}: {p}% (by nobody named), until {until}", "1-1 {day}: {p} % (кто, не указано), до {until}"
)
_OF_STAGE = Text("Stage “{stage}”: {p}% by the sheet Stages", "Этап «{stage}»: {p} % по листу «Этапы»")
_NO_PROBABILITY = Text(
    "Stage “{stage}” has no probability on the sheet Stages",
    "У этапа «{stage}» нет вероятности на листе «Этапы»",
)
_WON = Text("Won", "Выиграно")
_EXPECTED = Text("Weighted, expected, coverage", "Взвешенная сумма, ожидание, покрытие")
_WEIGHTED = Text("Weighted, expected", "Взвешенная сумма, ожидание")
_PLAN = Text("Plan, gap, coverage", "План, разрыв, покрытие")
_BY_PEOPLE = Text("By rep", "По менеджерам")
_FOREIGN = Text("Deals in other currencies", "Сделки в других валютах")
