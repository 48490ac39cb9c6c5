"""The forecast: probabilities and opinions, the figures of SPEC item 43, what is not counted, and the waterfall's balance."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sheets_crm.forecast import Forecast, probability
from sheets_crm.metrics.money import Period, period_of
from sheets_crm.metrics.pipeline import STEPS, Waterfall, waterfall
from sheets_crm.sheet import Value
from tests.money_firms import DEALS, STAGES, TEAM, TODAY, Rows, book, day, firm, numbered, told

MAY = Period(date(2026, 5, 1), date(2026, 5, 31))
JUNE_1, LATE_MAY = day("6-1"), day("5-28")


def open_deal(**more: Value) -> dict[str, Value]:
    """A deal of Ann's in the stage Proposal, due in May."""
    deal: dict[str, Value] = {
        "deal_id": "D1",
        "name": "Pump",
        "stage": "Proposal",
        "owner": "Ann",
        "amount": 100,
    }
    return deal | {"expected_close": LATE_MAY, "stage_entered_at": day("5-1")} | more


# --------------------------------------------------------------- probability


def opinion(at: str, percent: Value, by: str | None = "Ann", deal: str = "D1") -> dict[str, Value]:
    """A row of Overrides."""
    return {"deal_id": deal, "probability": percent, "by": by, "at": day(at), "note": "they said so"}


def own(percent: Value, by: str | None = "Ann", at: str | None = "5-15") -> dict[str, Value]:
    """A deal's own columns of a one-on-one."""
    return {"prob_override": percent, "prob_by": by, "prob_at": day(at) if at else None}


@pytest.mark.parametrize(
    ("deal", "overrides", "value", "source"),
    [
        (open_deal(), [], 40, "stage"),
        (open_deal(stage="Vague"), [], None, "none"),
        (open_deal(**own(70)), [], 70, "rep"),
        (open_deal(**own(70, "Helen")), [], 70, "hos"),
        (open_deal(stage="Vague", **own(0)), [], 0, "rep"),
        (open_deal(**own(70, None)), [], 70, "rep"),
        (open_deal(), [opinion("5-10", 60)], 60, "rep"),
        (open_deal(), [opinion("5-10", 60), opinion("5-12", 65), opinion("5-11", 90)], 65, "rep"),
        (open_deal(**own(70)), [opinion("5-16", 60)], 60, "rep"),
        (open_deal(**own(70)), [opinion("5-14", 60)], 70, "rep"),
        (open_deal(**own(70)), [opinion("5-15", 60)], 60, "rep"),
        (open_deal(**own(70, "Helen")), [opinion("5-15", 60)], 70, "hos"),
        (open_deal(**own(70)), [opinion("5-15", 60, "helen")], 60, "hos"),
        (open_deal(), [opinion("5-15", 60, "Helen"), opinion("5-15", 65)], 60, "hos"),
        (open_deal(), [opinion("5-15", 60), opinion("5-15", 65)], 65, "rep"),
        (open_deal(), [opinion("5-21", 60)], 40, "stage"),
        (open_deal(), [opinion("5-10", 60, deal="Pump")], 60, "rep"),
        (open_deal(), [opinion("5-10", 60, deal="D2")], 40, "stage"),
        (open_deal(), [opinion("5-10", None)], 40, "stage"),
        (open_deal(**own(70, at="5-21")), [], 40, "stage"),
    ],
)
def test_the_latest_opinion_wins_and_on_one_day_the_head_of_sales(
    deal: Mapping[str, Value], overrides: Rows, value: int | None, source: str
) -> None:
    """Of the deal's own columns and the sheet Overrides; without one, what the sheet Stages says."""
    made = firm(deal, Overrides=overrides)
    found = probability(made, made.book.deals.rows[0])
    assert (found.value, found.source) == (value, source)
    assert all(found.because)


@pytest.mark.parametrize(
    ("at", "more", "ended"),
    [
        ("5-6", {}, None),
        ("5-5", {}, "days"),
        ("5-15", {"stage_entered_at": day("5-15")}, None),
        ("5-15", {"stage_entered_at": day("5-16")}, "stage"),
        ("5-15", {"stage_entered_at": None}, None),
        ("5-15", {"owner": "Bob"}, "one_on_one"),
        ("5-18", {"owner": "Bob"}, None),
    ],
)
def test_an_opinion_ends_with_the_stage_the_days_or_the_next_one_on_one(
    at: str, more: Mapping[str, Value], ended: str | None
) -> None:
    """14 days as shipped, the last one included; Bob had his one-on-one on 18 May. Then the stage speaks again."""
    talks: Rows = [{"user": "Bob", "date": day("5-18")}, {"user": "Ann", "date": day("5-21")}]
    made = firm(open_deal(**more), Overrides=[opinion(at, 90)], OneOnOnes=talks)
    found = probability(made, made.book.deals.rows[0])
    assert found.opinion is not None
    assert [found.opinion.ended, found.value] == [ended, 40 if ended else 90]


def test_how_long_an_opinion_holds_is_a_setting() -> None:
    """Three days: said on the 17th it still holds on the 20th, said on the 16th it does not."""
    for at, value in (("5-17", 90), ("5-16", 40)):
        made = firm(open_deal(), Overrides=[opinion(at, 90)], SalesBook=book(override_days="3"))
        assert probability(made, made.book.deals.rows[0]).value == value


def test_an_opinion_without_a_day_is_as_old_as_the_log_says() -> None:
    """Typed on 4 May without a date, it is over on the 20th; typed anew or just now it holds."""
    undated = open_deal(**own(70, at=None))
    cases: list[tuple[Rows, Decimal | None]] = [
        ([undated], Decimal(40)),
        ([open_deal()], Decimal(70)),
        ([open_deal(**own(60, at=None))], Decimal(70)),
    ]
    for before, value in cases:
        made = told((day("5-4"), before), (TODAY, [undated])).firm
        assert probability(made, made.book.deals.rows[0]).value == value
    later = told((day("5-4"), [open_deal()]), (day("5-18"), [undated]), (TODAY, [undated])).firm
    found = probability(later, later.book.deals.rows[0]).opinion
    assert found is not None
    assert (found.at, found.ended) == (day("5-18"), None)


# ------------------------------------------------------------------- figures


@pytest.mark.parametrize(
    ("more", "weighted", "due", "why"),
    [
        ({}, 40, 100, None),
        ({"stage": "Contract"}, 80, 100, None),
        ({"expected_close": TODAY}, 40, 100, None),
        ({"expected_close": day("5-31")}, 40, 100, None),
        ({"expected_close": JUNE_1}, 0, 0, None),
        ({"expected_close": day("5-19")}, 0, 0, "past_date"),
        ({"expected_close": day("4-1")}, 0, 0, "past_date"),
        ({"expected_close": None}, 0, 0, "no_date"),
        ({"amount": None}, 0, 0, "no_amount"),
        ({"amount": None, "expected_close": None}, 0, 0, "no_amount"),
        ({"currency": "EUR"}, 80, 200, None),
        ({"currency": "GBP"}, 0, 0, "no_rate"),
        ({"stage": "Vague"}, 0, 100, "no_probability"),
        ({"stage": "Nowhere"}, 0, 0, "unknown_stage"),
        ({"closed_at": day("5-4")}, 0, 0, "closed_open"),
        ({"stage": "Hold"}, 0, 0, None),
        ({"stage": "Refund"}, 0, 0, "won_undated"),
        ({"stage": "Handed over"}, 0, 0, None),
        ({"stage": "Lost"}, 0, 0, None),
    ],
)
def test_only_open_deals_due_in_the_period_are_weighted(
    more: Mapping[str, Value], weighted: int, due: int, why: str | None
) -> None:
    """Amount x probability at today's rate; whatever is left out for want of a value is told with the reason."""
    rates: Rows = [{"currency": "EUR", "date": day("5-1"), "rate": 2}]
    forecast = Forecast(firm(open_deal(**more), Rates=rates))
    found = forecast.figures(MAY)
    assert [found.weighted, found.due] == [weighted, due]
    assert [u.why for u in forecast.uncounted] == ([why] if why else [])


@pytest.mark.parametrize(
    ("plan", "won", "amount", "expected", "ratio", "gap", "coverage", "weighted_coverage"),
    [
        (1000, 300, 500, 500, "0.5", 500, "0.7143", "0.2857"),
        (500, 300, 500, 500, "1", 0, "2.5", "1"),
        (400, 300, 500, 500, "1.25", -100, "5", "2"),
        (300, 300, 500, 500, "1.6667", -200, None, None),
        (200, 300, 500, 500, "2.5", -300, None, None),
        (0, 300, 500, 500, None, None, None, None),
        (None, 300, 500, 500, None, None, None, None),
    ],
)
def test_ratio_gap_and_coverage_are_blank_where_there_is_nothing_to_hold_against(
    plan: Value, won: int, amount: int, expected: int, ratio: str | None, gap: int | None,
    coverage: str | None, weighted_coverage: str | None,
) -> None:  # fmt: skip
    """F = won + W; ratio = F / plan; coverage = open amount due / (plan - won): nothing is left to cover once it is won."""
    deals: Rows = [
        {"deal_id": "D2", "stage": "Won", "owner": "Ann", "amount": won, "closed_at": day("5-3")},
        open_deal(amount=amount),
    ]
    team: Rows = [{"user": "Ann", "role": "rep", "plan": plan}]
    found = Forecast(firm(*deals, Team=team)).figures(MAY)
    assert [found.expected, found.gap] == [expected, gap]
    four = [
        None if x is None else round(x, 4) for x in (found.ratio, found.coverage, found.weighted_coverage)
    ]
    assert four == [None if x is None else Decimal(x) for x in (ratio, coverage, weighted_coverage)]


@pytest.mark.parametrize(
    ("plan", "won", "deals"),
    [
        (1000, [(100, "5-3"), (300, "4-3"), (200, "4-1")], 5),  # 1000 - 100 = 900 missing, 200 each
        (1101, [(100, "5-3"), (300, "4-3"), (200, "4-1")], 6),
        (1000, [(100, "5-3"), (900, "5-1")], None),
        (100, [(100, "5-3")], None),
    ],
)
def test_the_gap_in_deals_is_by_the_mean_won_deal_of_twelve_months(
    plan: int, won: list[tuple[int, str]], deals: int | None
) -> None:
    """Rounded up to whole deals; refunds and older deals are no part of the mean."""
    rows: list[dict[str, Value]] = [
        {"stage": "Won", "owner": "Ann", "amount": a, "closed_at": day(on)} for a, on in won
    ]
    rows += [
        {"stage": "Refund", "owner": "Ann", "amount": -5000, "closed_at": day("3-1")},
        {"stage": "Won", "owner": "Ann", "amount": 9000, "closed_at": date(2025, 5, 19)},
    ]
    found = Forecast(firm(*rows, Team=[{"user": "Ann", "role": "rep", "plan": plan}])).gap
    assert found is not None
    assert found.deals == deals


def test_without_won_deals_the_gap_is_money_only() -> None:
    """Zero denominator: not computable, and no guess."""
    found = Forecast(firm(open_deal(), Team=[{"user": "Ann", "role": "rep", "plan": 1000}])).gap
    assert found is not None
    assert [found.amount, found.deals, found.typical] == [960, None, None]


@pytest.mark.parametrize(
    ("length", "until", "expected"),
    [
        ("month", None, [("5-1", "5-31"), ("6-1", "6-30"), ("4-1", "6-30")]),
        ("quarter", None, [("4-1", "6-30"), ("7-1", "9-30")]),
        ("month", "6-15", [("5-1", "6-15")]),
    ],
)
def test_the_periods_follow_the_setting(
    length: str, until: str | None, expected: list[tuple[str, str]]
) -> None:
    """The present one, the next one and the quarter; only the asked one where somebody named its end."""
    made = firm(open_deal(), SalesBook=book(period=length))
    found = Forecast(made, day(until) if until else None).periods
    assert [tuple(p) for p in found] == [(day(a), day(b)) for a, b in expected]


def test_the_deals_that_decide_are_those_with_the_most_expected_money() -> None:
    """Ten of them, weighted by probability, due in the period only."""
    rows = [
        {"deal_id": f"D{n}", "stage": "Contract" if n == 3 else "New", "owner": "Ann", "amount": n * 10,
         "expected_close": LATE_MAY if n != 12 else JUNE_1}
        for n in range(1, 15)
    ]  # fmt: skip
    found = [o.deal.deal_id for o in Forecast(firm(*rows)).deciding]
    assert found == ["D3", "D14", "D13", "D11", "D10", "D9", "D8", "D7", "D6", "D5"]


def test_people_are_reps_at_work_and_whoever_has_money_or_a_plan() -> None:
    """Once each, however typed; deals without an owner stand last; who left with nothing due is not shown."""
    team: Rows = [
        *TEAM,
        {"user": "Gone", "role": "rep", "end": day("3-1"), "plan": 100},
        {"user": "Late", "role": "rep", "end": day("4-30"), "plan": 100},
    ]
    rows = [open_deal(deal_id=f"D{n}", owner=o) for n, o in enumerate(["ann", None, "Zoe"])]
    forecast = Forecast(firm(*rows, Team=team))
    assert forecast.people(MAY) == ("Ann", "Bob", "Zoe", "")
    assert forecast.people(period_of(TODAY, "quarter")) == ("Ann", "Bob", "Late", "Zoe", "")


def test_what_cannot_be_said_is_none_and_has_its_reason() -> None:
    """Only a stage and a closing date: no money anywhere, no zero that looks like one."""
    made = firm({"stage": "Won", "closed_at": day("5-4")}, columns=("deal_id", "stage", "closed_at"), Team=())
    forecast = Forecast(made)
    found = forecast.figures(MAY)
    assert (found.won, found.weighted, found.due, found.expected, found.gap) == (None,) * 5
    assert found.won_deals == 1
    assert forecast.uncounted == ()
    assert [(b.what.en, b.reason.en) for b in forecast.blind] == [
        ("Won", "there is no column “Amount” on “Deals”"),
        ("Weighted, expected, coverage", "there is no column “Amount” on “Deals”"),
        ("Weighted, expected, coverage", "there is no column “Expected close” on “Deals”"),
        ("Plan, gap, coverage", "there is no sheet “Plans” or sheet “Team”"),
        ("By rep", "there is no column “Owner” on “Deals”"),
    ]


def test_by_cash_nothing_is_won_without_a_column_of_payments() -> None:
    """The amounts of won deals are no substitute; the pipeline can still be said."""
    made = firm(open_deal(), columns=DEALS[:8], SalesBook=book(revenue_basis="cash"))
    forecast = Forecast(made)
    found = forecast.figures(MAY)
    assert [found.won, found.expected, found.weighted] == [None, None, 40]
    assert [b.reason.en for b in forecast.blind if b.what.en == "Won"] == [
        "there is no column “Paid” on “Deals”",
        "there is no column “Paid on” on “Deals”",
    ]


def test_without_probabilities_coverage_can_still_be_said() -> None:
    """A firm whose stages have none: the open amount is known, what to expect of it is not."""
    stages = [{key: value for key, value in stage.items() if key != "probability"} for stage in STAGES]
    found = Forecast(firm(open_deal(), Stages=stages)).figures(MAY)
    assert [found.due, found.weighted, found.expected] == [100, None, None]


# ---------------------------------------------------------------------- laws

days = st.integers(-60, 60).map(lambda n: TODAY + timedelta(days=n))
deal_rows = st.fixed_dictionaries(
    {
        "stage": st.sampled_from([str(stage["stage"]) for stage in STAGES] + ["Nowhere"]),
        "owner": st.sampled_from(["Ann", "Bob", "Zoe", None]),
        "amount": st.none() | st.integers(0, 10**7).map(lambda n: n / 100),
        "currency": st.sampled_from([None, "EUR", "GBP"]),
        "expected_close": st.none() | days,
        "closed_at": st.none() | days,
    }
)
RATES: Rows = [{"currency": "EUR", "date": date(2026, 1, 1), "rate": 91.2345}]


@given(st.lists(deal_rows, max_size=12), st.randoms(use_true_random=False))
@settings(max_examples=200)
def test_reps_add_up_to_the_firm_and_the_order_of_rows_changes_nothing(
    rows: list[dict[str, Value]], chance: random.Random
) -> None:
    """Won, weighted and due, in every period, to the cent."""
    deals = list(numbered(rows))
    forecast = Forecast(firm(*deals, Rates=RATES))
    chance.shuffle(deals)
    shuffled = Forecast(firm(*deals, Rates=RATES))
    for period in forecast.periods:
        whole = forecast.figures(period)
        parts = [forecast.figures(period, name) for name in forecast.people(period)]
        for name in ("won", "weighted", "due", "won_deals", "open_deals"):
            assert sum(getattr(part, name) for part in parts) == getattr(whole, name)
        assert shuffled.figures(period) == whole
        assert set(shuffled.people(period)) == set(forecast.people(period))
    assert {o.deal.deal_id for o in shuffled.deciding} == {o.deal.deal_id for o in forecast.deciding}


@given(st.lists(deal_rows, max_size=12))
@settings(max_examples=200)
def test_every_open_deal_is_counted_or_told_why_not(rows: list[dict[str, Value]]) -> None:
    """No open deal is silently left out, and none is in both lists."""
    forecast = Forecast(firm(*rows, Rates=RATES))
    told_why = {u.deal.deal_id for u in forecast.uncounted}
    for outlook in forecast.outlooks:
        assert (outlook.why is None) == (outlook.deal.deal_id not in told_why)
        assert outlook.why is not None or outlook.weighted <= outlook.open_amount


# ----------------------------------------------------------------- waterfall


def moved(before: Mapping[str, Value] | None, after: Mapping[str, Value], **more: Any) -> Waterfall:
    """The waterfall of May after one deal changed since the run of 30 April."""
    first = [dict(before)] if before is not None else []
    found = waterfall(told((day("4-30"), first), (TODAY, [after]), **more).firm, MAY)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("before", "after", "steps"),
    [
        (open_deal(), open_deal(), {}),
        (None, open_deal(), {"created": 100}),
        (None, open_deal(reactivated_from="D9"), {"reopened": 100}),
        (open_deal(stage="Lost", closed_at=day("4-2")), open_deal(), {"reopened": 100}),
        (open_deal(stage="Hold"), open_deal(), {"reopened": 100}),
        (open_deal(expected_close=JUNE_1), open_deal(), {"pulled_in": 100}),
        (open_deal(expected_close=None), open_deal(), {"pulled_in": 100}),
        (open_deal(expected_close=JUNE_1), open_deal(amount=150), {"pulled_in": 150}),
        (open_deal(), open_deal(amount=150), {"up": 50}),
        (open_deal(), open_deal(amount=70), {"down": -30}),
        (open_deal(amount=None), open_deal(), {"up": 100}),
        (open_deal(), open_deal(currency="EUR"), {"up": 100}),
        (open_deal(), open_deal(currency="GBP"), {"down": -100}),
        (open_deal(), open_deal(expected_close=JUNE_1), {"pushed": -100}),
        (open_deal(expected_close=day("5-8")), open_deal(expected_close=day("5-8")), {"pushed": -100}),
        (open_deal(), open_deal(stage="Hold"), {"pushed": -100}),
        (open_deal(), open_deal(stage="Handed over", closed_at=day("5-9")), {"pushed": -100}),
        (open_deal(), open_deal(stage="Lost", closed_at=day("5-9")), {"lost": -100}),
        (open_deal(), open_deal(stage="Won", closed_at=day("5-9")), {"won": -100}),
        (open_deal(), open_deal(stage="Won", closed_at=day("5-9"), amount=130), {"up": 30, "won": -130}),
        (None, open_deal(stage="Won", closed_at=day("5-9")), {"created": 100, "won": -100}),
        (open_deal(expected_close=JUNE_1), open_deal(stage="Won", closed_at=day("5-9")), {"pulled_in": 100, "won": -100}),
        (None, open_deal(stage="Lost", closed_at=day("5-9")), {"created": 100, "lost": -100}),
        (None, open_deal(stage="Lost", closed_at=day("5-9"), expected_close=JUNE_1), {}),
        (open_deal(expected_close=JUNE_1), open_deal(expected_close=JUNE_1, amount=9), {}),
        (open_deal(stage="Won", closed_at=day("4-9")), open_deal(stage="Won", closed_at=day("4-9")), {}),
    ],
)  # fmt: skip
def test_every_change_is_the_step_that_people_call_it(
    before: Mapping[str, Value] | None, after: Mapping[str, Value], steps: Mapping[str, int]
) -> None:
    """Against the run before the month; what went through the pipeline in between is shown coming and going."""
    found = moved(before, after, Rates=[{"currency": "EUR", "date": day("1-1"), "rate": 2}])
    assert {name: amount for name, amount in found.steps.items() if amount} == steps
    assert found.closing == found.opening + sum(steps.values())
    assert not found.from_first_run


def test_a_log_that_begins_inside_the_month_says_so_and_one_without_a_past_says_nothing() -> None:
    """First run on 11 May: from there on. A first run today: no waterfall."""
    deals = [open_deal()]
    found = waterfall(told((day("5-11"), deals), (TODAY, deals)).firm, MAY)
    assert found is not None
    assert (found.since, found.from_first_run, str(found.opening)) == (day("5-11"), True, "100.00")
    assert waterfall(told((TODAY, deals)).firm, MAY) is None
    assert waterfall(told((TODAY, deals), (TODAY, [open_deal(amount=1)])).firm, MAY) is None


def test_deals_without_a_name_of_their_own_are_left_out_and_counted() -> None:
    """Two rows with one ID: the log follows neither."""
    deals = [open_deal(), open_deal(amount=5)]
    found = waterfall(told((day("4-30"), deals), (TODAY, deals)).firm, MAY)
    assert found is not None
    assert [found.unknown, found.closing] == [2, 0]


@given(st.lists(st.tuples(deal_rows, deal_rows, st.integers(0, 2)), min_size=1, max_size=8))
@settings(max_examples=500)
def test_the_waterfall_balances_to_the_cent(rows: list[tuple[dict[str, Any], dict[str, Any], int]]) -> None:
    """500 random firms on three days; deals come later (2), stay (1) or never change (0)."""
    first = [{**a, "deal_id": f"D{n}"} for n, (a, _, kind) in enumerate(rows) if kind != 2]
    now = [{**(a if kind == 0 else b), "deal_id": f"D{n}"} for n, (a, b, kind) in enumerate(rows)]
    made = told(
        (day("4-28"), first), (day("5-11"), now[: len(first)] or first), (TODAY, now), Rates=RATES
    ).firm
    forecast = Forecast(made)
    for period in (MAY, period_of(TODAY, "quarter")):
        found = waterfall(made, period)
        assert found is not None
        assert found.opening + sum(found.steps[step] for step in STEPS) == found.closing
        assert all(found.steps[step] >= 0 for step in STEPS[:4])
        assert all(found.steps[step] <= 0 for step in STEPS[4:])
        due = [o for o in forecast.outlooks if period.has(o.deal.expected_close) and o.why != "past_date"]
        assert found.closing == sum((o.amount or Decimal(0) for o in due), Decimal(0))
