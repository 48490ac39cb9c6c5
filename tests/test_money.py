"""Money by ruling R7: what counts, on which day, at which rate, to whose credit; and the plans of SPEC item 43."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheets_crm.metrics.money import Period, cents, exchange, period_of, plans, revenue
from sheets_crm.sheet import Value
from tests.money_firms import DEALS, TEAM, TODAY, Rows, book, day, firm, told

MAY = Period(date(2026, 5, 1), date(2026, 5, 31))
APRIL = Period(date(2026, 4, 1), date(2026, 4, 30))
SPRING = Period(date(2026, 4, 1), date(2026, 6, 30))
RATES: Rows = [
    {"currency": "EUR", "date": day("5-10"), "rate": 2},
    {"currency": "eur", "date": day("5-1"), "rate": 1.5},
    {"currency": "GBP", "date": day("6-1"), "rate": 3},
    {"currency": "CHF", "date": day("5-1"), "rate": 0},
]


FIFTH = day("5-5")


def won(amount: Value = 100, closed: date | None = FIFTH, **more: Value) -> dict[str, Value]:
    """A won deal of Ann's."""
    return {"stage": "Won", "owner": "Ann", "amount": amount, "closed_at": closed, **more}


# -------------------------------------------------------------------- periods


@pytest.mark.parametrize(
    ("on", "length", "start", "end"),
    [
        ("5-20", "month", "5-1", "5-31"),
        ("2-1", "month", "2-1", "2-28"),
        ("12-31", "month", "12-1", "12-31"),
        ("5-20", "quarter", "4-1", "6-30"),
        ("1-1", "quarter", "1-1", "3-31"),
        ("12-31", "quarter", "10-1", "12-31"),
    ],
)
def test_periods_are_whole_months_and_quarters(on: str, length: str, start: str, end: str) -> None:
    """Both ends are inside."""
    assert period_of(day(on), length) == (day(start), day(end))  # type: ignore[arg-type]


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_a_quarter_is_three_months_without_a_gap(on: date) -> None:
    """Each month begins the day after the one before; a period cut otherwise has no months."""
    quarter = period_of(on, "quarter")
    months = quarter.months()
    assert len(months) == 3
    assert [m.after for m in months[:-1]] == [m.start for m in months[1:]]
    assert Period(quarter.start, quarter.end.replace(day=1)).months() == ()


# ---------------------------------------------------------------------- rates


@pytest.mark.parametrize(
    ("currency", "on", "rate"),
    [
        (None, "5-20", 1),
        ("usd", "5-20", 1),
        ("EUR", "5-20", 2),
        ("eur ", "5-10", 2),
        ("EUR", "5-9", "1.5"),
        ("EUR", "4-30", None),
        ("GBP", "5-20", None),
        ("CHF", "5-20", None),
        ("JPY", "5-20", None),
    ],
)
def test_the_latest_rate_on_or_before_the_day_holds_and_none_is_never_one(
    currency: str | None, on: str, rate: Value
) -> None:
    """The base is worth itself; a rate to come, a rate of 0 and an unknown currency are no rate."""
    found = exchange(firm(Rates=RATES)).rate(currency, day(on))
    assert found == (None if rate is None else Decimal(str(rate)))


@given(st.decimals(-(10**9), 10**9, places=4))
def test_cents_are_rounded_as_a_spreadsheet_does(amount: Decimal) -> None:
    """Never more than half a cent away, and a half goes away from zero."""
    rounded = cents(amount)
    assert abs(rounded - amount) <= Decimal("0.005")
    assert abs(rounded) >= abs(amount) or abs(rounded - amount) < Decimal("0.005")


# -------------------------------------------------------------------- revenue


@pytest.mark.parametrize(
    ("deal", "may", "why"),
    [
        (won(100), "100.00", []),
        (won(100, day("4-30")), "0", []),
        (won(100, day("5-21")), "0", []),
        (won(None), "0", ["no_amount"]),
        (won(100, None), "0", ["won_undated"]),
        (won(100, currency="EUR"), "150.00", []),
        (won(100, day("5-20"), currency="EUR"), "200.00", []),
        (won(0.335, currency="EUR"), "0.50", []),
        (won(100, currency="GBP"), "0", ["no_rate"]),
        (won(-30, stage="Refund"), "-30.00", []),
        (won(30, stage="Refund"), "-30.00", []),
        (won(-30, day("4-2"), stage="Refund"), "0", []),
        (won(-30, None, stage="Refund"), "0", ["won_undated"]),
        (won(100, stage="Handed over"), "0", []),
        (won(100, stage="Lost"), "0", []),
        ({"stage": "Contract", "amount": 100}, "0", []),
    ],
)
def test_revenue_of_a_month_is_the_won_amounts_less_refunds(
    deal: Mapping[str, Value], may: str, why: list[str]
) -> None:
    """At the rate of the closing day; what cannot be counted is told, never guessed; handovers bring none."""
    found = revenue(firm(deal, Rates=RATES))
    assert found.total(MAY) == Decimal(may)
    assert [u.why for u in found.uncounted] == why


@pytest.mark.parametrize(
    ("deal", "april", "may", "owed", "why"),
    [
        (won(100, paid_amount=100, paid_at=day("5-6")), 0, 100, 0, []),
        (won(100, day("4-5"), paid_amount=40, paid_at=day("5-6")), 0, 40, 60, []),
        (won(100, day("4-5")), 0, 0, 100, []),
        (won(100, paid_amount=40), 0, 0, 60, ["paid_undated"]),
        (won(None, paid_amount=40, paid_at=day("4-6")), 40, 0, 0, []),
        (won(100, paid_amount=40, paid_at=day("5-21")), 0, 0, 60, []),
        (won(10, paid_amount=10, paid_at=day("5-6"), currency="EUR"), 0, 15, 0, []),
        (won(-30, day("4-6"), stage="Refund"), -30, 0, 0, []),
    ],
)
def test_cash_counts_what_was_paid_when_it_was_paid(
    deal: Mapping[str, Value], april: int, may: int, owed: int, why: list[str]
) -> None:
    """Whatever is left of a won deal is receivable."""
    found = revenue(firm(deal, Rates=RATES, SalesBook=book(revenue_basis="cash")))
    assert [found.total(APRIL), found.total(MAY), found.receivable] == [april, may, owed]
    assert [u.why for u in found.uncounted] == why


@pytest.mark.parametrize(("paid", "owed"), [(40, 60), (100, 0), (120, 0), (None, 0)])
def test_by_amounts_only_a_payment_that_was_typed_leaves_something_to_be_paid(paid: Value, owed: int) -> None:
    """A firm that does not follow payments has no receivable; one that was overpaid has none either."""
    assert revenue(firm(won(100, paid_amount=paid))).receivable == owed


def test_money_stays_with_whoever_owned_the_deal_when_it_was_closed() -> None:
    """R16: Ann won it, Bob looks after the client now. Without a log the present owner is all that is known."""
    before: Rows = [{"deal_id": "D1", "stage": "Contract", "owner": "Ann", "amount": 100}]
    closed: Rows = [{**before[0], "stage": "Won", "closed_at": day("5-4")}]
    moved: Rows = [{**closed[0], "owner": "Bob"}]
    found = revenue(told((day("5-1"), before), (day("5-5"), closed), (TODAY, moved)).firm)
    assert [(e.owner, str(e.amount)) for e in found.entries] == [("Ann", "100.00")]
    assert revenue(told((TODAY, moved)).firm).entries[0].owner == "Bob"


def test_a_deal_handed_over_before_it_was_won_is_the_new_owners() -> None:
    """The owner changed in an earlier run than the closing."""
    before: Rows = [{"deal_id": "D1", "stage": "Contract", "owner": "Ann", "amount": 100}]
    moved: Rows = [{**before[0], "owner": "Bob"}]
    closed: Rows = [{**moved[0], "stage": "Won", "closed_at": day("5-4")}]
    found = revenue(told((day("5-1"), before), (day("5-3"), moved), (TODAY, closed)).firm)
    assert found.entries[0].owner == "Bob"
    known = revenue(told((day("5-1"), before), (day("5-5"), closed), (TODAY, closed)).firm)
    assert known.entries[0].owner == "Bob"


def test_a_date_corrected_later_moves_no_credit() -> None:
    """Closed under Ann, given to Bob, then the closing date mended: still Ann's."""
    closed: Rows = [won(deal_id="D1")]
    moved: Rows = [{**closed[0], "owner": "Bob"}]
    mended: Rows = [{**moved[0], "closed_at": day("5-6")}]
    found = revenue(
        told((day("5-7"), closed), (day("5-8"), moved), (day("5-12"), mended), (TODAY, mended)).firm
    )
    assert [(e.owner, e.day) for e in found.entries] == [("Ann", day("5-6"))]


def test_a_person_has_one_name_however_it_is_typed() -> None:
    """Case, and the full name of Team, mean the user."""
    team: Rows = [{"user": "Ann", "name": "Anna Smith", "role": "rep"}]
    found = revenue(
        firm(won(owner="ANN"), won(owner="Anna Smith"), won(owner=None), won(owner="Zoe"), Team=team)
    )
    assert [e.owner for e in found.entries] == ["Ann", "Ann", "", "Zoe"]


# ---------------------------------------------------------------------- plans


def plan(start: str, end: str, target: int, user: str | None = None, **more: Value) -> dict[str, Value]:
    """A row of Plans."""
    return {"period_start": day(start), "period_end": day(end), "user": user, "target": target, **more}


@pytest.mark.parametrize(
    ("rows", "monthly", "month", "quarter"),
    [
        ([], None, None, None),
        ([], 100, 100, 300),
        ([plan("5-1", "5-31", 70, "Ann")], 100, 70, 270),
        ([plan("5-1", "5-31", 70, "ann")], None, 70, None),
        ([plan("4-1", "6-30", 500, "Ann")], 100, 100, 500),
        ([plan("5-1", "5-30", 70, "Ann")], 100, 100, 300),
        ([plan("5-1", "5-31", 7, "Ann", metric="Won deals")], 100, 100, 300),
        ([plan("5-1", "5-31", 7, "Ann", metric="Revenue")], 100, 7, 207),
        (
            [plan("5-1", "5-31", 7, "Ann", pipeline="A"), plan("5-1", "5-31", 5, "Ann", pipeline="B")],
            100,
            12,
            212,
        ),
        ([plan("5-1", "5-31", 7, "Ann", pipeline="A"), plan("5-1", "5-31", 5, "Ann")], 100, 5, 205),
        ([plan("5-1", "5-31", 0, "Ann")], 100, 0, 200),
    ],
)
def test_a_plan_of_exactly_this_period_wins_over_the_monthly_one(
    rows: Rows, monthly: Value, month: int | None, quarter: int | None
) -> None:
    """Else the months of the quarter, each by its row or by Team.plan; one unknown month leaves the quarter unknown."""
    found = plans(firm(Plans=rows, Team=[{"user": "Ann", "role": "rep", "plan": monthly}]))
    assert [found.of("Ann", MAY), found.of("Ann", SPRING)] == [month, quarter]


@pytest.mark.parametrize(
    ("start", "end", "month", "quarter"),
    [
        (None, None, 100, 300),
        ("5-1", None, 100, 200),
        ("5-2", None, 0, 100),
        (None, "5-31", 100, 200),
        (None, "5-30", 0, 100),
    ],
)
def test_team_plans_count_whole_months_of_employment(
    start: str | None, end: str | None, month: int, quarter: int
) -> None:
    """Whoever comes or leaves inside a month has no plan for it, unless Plans says so."""
    member: dict[str, Value] = {"user": "Ann", "role": "rep", "plan": 100}
    member |= {"start": day(start) if start else None, "end": day(end) if end else None}
    found = plans(firm(Team=[member]))
    assert [found.of("Ann", MAY), found.of("Ann", SPRING)] == [month, quarter]


@pytest.mark.parametrize(
    ("rows", "monthly", "month", "quarter"),
    [
        ([], None, None, None),
        ([], 100, 200, 600),
        ([plan("5-1", "5-31", 900)], 100, 900, 600),
        ([plan("4-1", "6-30", 900)], 100, 200, 900),
        ([plan("4-1", "4-30", 1), plan("5-1", "5-31", 2), plan("6-1", "6-30", 3)], 100, 2, 6),
        ([plan("5-1", "5-31", 70, "Ann")], 100, 170, 570),
        ([plan("5-1", "5-31", 70, "Zoe")], 100, 270, 600),
    ],
)
def test_the_firms_plan_is_its_own_row_else_the_sum_of_the_people(
    rows: Rows, monthly: Value, month: int | None, quarter: int | None
) -> None:
    """Two reps with a monthly plan each; a blank user is the firm."""
    team = [{**member, "plan": monthly if member["role"] == "rep" else None} for member in TEAM]
    found = plans(firm(Plans=rows, Team=team))
    assert (found.firm(MAY), found.firm(SPRING)) == (month, quarter)


amounts = st.integers(1, 10**6)


@given(st.lists(st.tuples(st.sampled_from(["Ann", "Bob", "ann ", None]), amounts, st.booleans()), max_size=8))
def test_revenue_by_owner_adds_up_to_all_of_it(rows: list[tuple[str | None, int, bool]]) -> None:
    """Whoever owns what, refunds included."""
    deals = [won(a, owner=o, stage="Refund" if back else "Won") for o, a, back in rows]
    found = revenue(firm(*deals, columns=DEALS))
    owners = {e.owner for e in found.entries}
    assert sum((found.total(MAY, owner) for owner in owners), Decimal(0)) == found.total(MAY)
    assert found.total(MAY) == sum(-a if back else a for _, a, back in rows)
