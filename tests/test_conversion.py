"""Conversion, win rate, cycle, reps and losses: against a count by hand, and ruling by ruling."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sheets_crm import checks
from sheets_crm.book import read_book
from sheets_crm.firm import Firm
from sheets_crm.hosts.memory import MemoryHost
from sheets_crm.metrics.conversion import Funnel, Ratio, against, funnels, length, wilson
from sheets_crm.sheet import Grid, Value
from sheets_crm.sync import run as sync_run
from tests import naive_conversion as naive
from tests.firms import sheet, snapshot
from tests.naive_conversion import ACTIVE, Story

DAY = date(2026, 5, 18)


def back(days: int) -> date:
    return DAY - timedelta(days=days)


def stages(*rows: Sequence[Value]) -> Grid:
    """Four active stages and five service ones, or those given, as (pipeline, stage, kind)."""
    default = [(None, name, "active") for name in ACTIVE] + [
        (None, name, kind)
        for name, kind in (
            ("Pause", "passive"),
            ("Won", "won"),
            ("Lost", "lost"),
            ("Given", "handover"),
            ("Refund", "refund"),
        )
    ]
    numbered = [[p, s, float(n), k] for n, (p, s, k) in enumerate(rows or default, start=1)]
    return sheet("Stages", "pipeline stage order kind", *numbered)


def firm_of(*grids: Grid, day: date = DAY) -> Firm:
    """A firm without a log."""
    book = read_book(snapshot(*grids))
    return Firm(book, day, checks.settings_of(book, day))


def funnel_of(*grids: Grid, day: date = DAY) -> Funnel:
    """The only pipeline of a firm."""
    (funnel,) = funnels(firm_of(*grids, day=day))
    return funnel


def told(stories: Sequence[Story]) -> list[Grid]:
    """The sheets in which these lives stand."""
    deals: list[list[Value]] = [
        [f"D{n}", s.now, s.created, s.steps[-1][1] if s.now in ("Won", "Lost") else None]
        for n, s in enumerate(stories)
    ]
    history: list[list[Value]] = [
        [f"D{n}", name, day] for n, s in enumerate(stories) for name, day in s.steps
    ]
    return [
        sheet("Deals", "deal_id stage created_at closed_at", *deals),
        sheet("Stage history", "deal_id stage entered_at", *history), stages(),
    ]  # fmt: skip


@st.composite
def lives(draw: st.DrawFn) -> Story:
    """A deal that jumps, goes back, is put on hold, reopened, won or lost."""
    age = draw(st.integers(0, 200))
    created = day = back(age)
    steps: list[tuple[str, date]] = []
    for _ in range(draw(st.integers(1, 7))):
        name = draw(st.sampled_from([*ACTIVE, *ACTIVE, "Pause", "Lost", "Won"]))
        if not steps or steps[-1][0] != name:
            steps.append((name, day))
        day = min(day + timedelta(days=draw(st.integers(0, 40))), DAY)
    return Story(created, tuple(steps))


FIRMS = st.lists(lives(), min_size=1, max_size=25)
FIVE_HUNDRED = settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])


# ------------------------------------------------------------------ stages


@FIVE_HUNDRED
@given(FIRMS)
def test_the_stage_table_is_what_a_person_would_count(stories: list[Story]) -> None:
    """Entered, moved on, lost, undecided and too recent equal a count by hand, in 500 random firms."""
    funnel = funnel_of(*told(stories))
    counted = naive.table(stories, DAY)
    assert funnel.days == naive.window(stories)
    assert funnel.judged == (counted is not None)
    found = [(s.entered, s.moved, s.lost, s.undecided, s.young) for s in funnel.table]
    assert found == (counted or [naive.Counted(0, 0, 0, 0, 0)] * 4)


@FIVE_HUNDRED
@given(FIRMS)
def test_conversion_drop_out_and_undecided_add_up_to_one(stories: list[Story]) -> None:
    """At every stage that was entered; and in deals, without rounding."""
    for stage in funnel_of(*told(stories)).table:
        assert stage.moved + stage.lost + stage.undecided == stage.entered
        shares = [r.share for r in (stage.conversion, stage.drop_out, stage.open_part)]
        if stage.entered:
            assert sum(share for share in shares if share is not None) == pytest.approx(1)
        else:
            assert shares == [None] * 3


@settings(max_examples=50, deadline=None)
@given(FIRMS, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_figure(stories: list[Story], rng: Any) -> None:
    """Deals sorted otherwise: the same table, win rates and losses."""
    grids = told(stories)
    header, *rows = grids[0].rows
    rng.shuffle(rows)
    one, other = funnel_of(*grids), funnel_of(Grid("Deals", [header, *rows]), *grids[1:])
    assert one.table == other.table
    assert one.now == other.now
    assert one.losses == other.losses


def test_what_is_dated_after_the_day_changes_nothing() -> None:
    """An entry and a closing of next week are not looked at: the deal still stands where it stood."""
    grids = told(
        [Story(back(40), (("s1", back(40)), ("s2", back(20)))), Story(back(50), (("s1", back(50)),))]
    )
    soon = DAY + timedelta(days=3)
    lost = Grid("Deals", [*grids[0].rows, ["D2", "Lost", back(50), soon]])
    moved = Grid("Stage history", [*grids[1].rows, ["D0", "s4", soon], ["D2", "s1", back(50)]])
    one, other = funnel_of(*grids), funnel_of(lost, moved, stages())
    assert [(s.entered, s.undecided) for s in one.table] == [(0, 0), (1, 1), (0, 0), (0, 0)]
    assert (other.table, other.now) == (one.table, one.now)


def test_a_skipped_stage_counts_as_passed() -> None:
    """From the first straight to the fourth: the second and third were entered and left on that day."""
    story = Story(back(29), (("s1", back(29)), ("s4", back(20))))
    funnel = funnel_of(*told([story]))
    assert [(s.entered, s.moved, s.undecided) for s in funnel.table] == [
        (1, 1, 0),
        (1, 1, 0),
        (1, 1, 0),
        (1, 0, 1),
    ]


def test_only_the_first_entry_counts() -> None:
    """Back to the first stage and on again: one entry, long before the period."""
    story = Story(back(100), (("s1", back(100)), ("s2", back(90)), ("s1", back(20)), ("s2", back(18))))
    assert [s.entered for s in funnel_of(*told([story])).table] == [0, 0, 0, 0]


def test_without_dates_of_stages_there_is_no_cohort() -> None:
    """R16: an imported history says nothing of stages, whatever the date of the present one."""
    rows: list[list[Value]] = [[f"D{n}", "s2", back(n), None, back(n // 2)] for n in range(40)]
    deals = sheet("Deals", "deal_id stage created_at closed_at stage_entered_at", *rows)
    funnel = funnel_of(deals, stages())
    assert funnel.seen_from is None
    assert not funnel.judged
    assert {(s.now, s.entered) for s in funnel.table} == {(0, 0), (40, 0)}


def test_a_history_of_a_few_deals_is_not_taken_for_the_whole() -> None:
    """Two typed rows of old do not make a cohort of three hundred deals."""
    rows: list[list[Value]] = [[f"D{n}", "s2", back(n)] for n in range(100)]
    deals = sheet("Deals", "deal_id stage created_at", *rows)
    history = sheet(
        "Stage history", "deal_id stage entered_at", ["D99", "s1", back(99)], ["D98", "s1", back(98)]
    )
    assert funnel_of(deals, history, stages()).seen_from is None


def test_the_log_alone_gives_a_cohort_once_two_cycles_are_seen() -> None:
    """No history sheet: judged from the thirtieth day of the log on; a new deal lost unseen was lost at the first stage."""
    rows: list[list[Value]] = [[f"D{n}", "s1", back(60 + n), None] for n in range(3)]
    new: list[list[Value]] = [[f"N{n}", "s1", back(25), None] for n in range(3)]
    deals: list[list[Value]] = [["deal_id", "stage", "created_at", "closed_at"], *rows, *new]
    host = MemoryHost([Grid("Deals", deals[:4]), stages()])

    def run(day: date) -> Funnel:
        (funnel,) = funnels(sync_run(host, today=lambda _: DAY, as_of=day, record=False).firm)
        return funnel

    assert not run(back(35)).judged
    for number, row in enumerate(new, start=5):
        for column, value in enumerate(row, start=1):
            host.edit("Deals", number, column, value)
    assert not run(back(21)).judged
    host.edit("Deals", 2, 2, "s2")
    host.edit("Deals", 5, 2, "s3")
    host.edit("Deals", 6, 2, "Lost")
    host.edit("Deals", 6, 4, back(15))
    run(back(14))
    funnel = run(DAY)
    assert funnel.judged
    assert funnel.seen_from == back(35)
    counts = [(s.entered, s.moved, s.lost, s.undecided) for s in funnel.table]
    assert counts == [(3, 1, 1, 1), (2, 1, 0, 1), (1, 0, 0, 1), (0, 0, 0, 0)]


def test_amounts_stand_at_their_own_stage_only() -> None:
    """S: own revenue, never that of the stages after; a missing amount and a currency without a rate are counted apart."""
    deals = sheet(
        "Deals", "deal_id stage amount currency",
        ["D1", "s1", 100.0, None], ["D2", "s2", 50.0, "EUR"], ["D3", "s2", None, None], ["D4", "s2", 7.0, "GBP"],
    )  # fmt: skip
    rates = sheet("Rates", "currency date rate", ["EUR", back(5), 1.1])
    table = funnel_of(deals, rates, stages()).table
    assert [(s.now, s.revenue, s.unpriced) for s in table[:3]] == [
        (1, Decimal(100), 0),
        (3, Decimal("55.00"), 2),
        (0, Decimal(0), 0),
    ]


# ------------------------------------------------------------------ win rate, cycle

CLOSED = "deal_id stage amount created_at closed_at lost_reason currency paid_at"


def closed(*rows: Sequence[Value]) -> Funnel:
    """The funnel of closed deals as (stage, amount, created, closed, reason, currency, paid)."""
    filled = [[f"D{n}", *row, *[None] * (7 - len(row))] for n, row in enumerate(rows)]
    reasons = sheet("Loss reasons", "reason category", ["Spam", "junk"], ["Price", "sales"])
    return funnel_of(sheet("Deals", CLOSED, *filled), stages(), reasons)


def test_win_rate_is_won_of_closed_in_deals_and_in_money_with_and_without_junk() -> None:
    """2 won of 5 closed, 2 of 4 without junk; 300 of 1,000 in money."""
    now = closed(
        ("Won", 100.0, back(20), back(5)), ("Won", 200.0, back(20), back(5)), ("Lost", 300.0, back(20), back(4), "Price"),
        ("Lost", 350.0, back(9), back(4), "spam "), ("Lost", 50.0, back(9), back(4)), ("s1", 999.0, back(9)),
    ).now  # fmt: skip
    assert (now.wins, now.wins_clean) == (Ratio(2, 5), Ratio(2, 4))
    assert (now.value, now.value_clean) == (
        Ratio(Decimal(300), Decimal(1000)),
        Ratio(Decimal(300), Decimal(650)),
    )


def test_nothing_closed_gives_no_rate_instead_of_zero() -> None:
    """Blank, in deals and in money, and no cycle."""
    now = closed(("s1", 5.0, back(3))).now
    assert (now.wins.share, now.value.share, now.wins.percent) == (None, None, None)
    assert (now.won_days.n, now.won_days.mean, now.won_days.median) == (0, None, None)


def test_periods_of_equal_length_meet_without_overlap() -> None:
    """Thirty days up to today, thirty before; a deal closed on the border is in one of them."""
    funnel = closed(
        ("Lost", 1.0, back(90), back(29)),
        ("Lost", 1.0, back(90), back(30)),
        ("Lost", 1.0, back(90), back(59)),
    )
    assert (funnel.period.start, funnel.previous.end, funnel.previous.start) == (back(29), back(30), back(59))
    assert (funnel.now.wins.whole, funnel.before.wins.whole) == (1, 2)
    assert funnel.compared


def test_a_period_before_the_first_deal_is_not_compared_with() -> None:
    """The losses of a beginning come sooner than its wins: no difference is shown."""
    assert not closed(("Lost", 1.0, back(40), back(35)), ("Won", 1.0, back(20), back(5))).compared


def test_won_deals_convert_at_the_rate_of_their_day() -> None:
    """R7: the rate of closed_at; before the first rate nothing is counted, never 1.0."""
    deals = sheet(
        "Deals", CLOSED, ["D1", "Won", 10.0, back(25), back(20), None, "EUR", None],
        ["D2", "Won", 10.0, back(25), back(2), None, "EUR", None], ["D3", "Won", 10.0, back(25), back(29), None, "EUR", None],
    )  # fmt: skip
    rates = sheet("Rates", "currency date rate", ["EUR", back(21), 2.0], ["EUR", back(3), 3.0])
    now = funnel_of(deals, rates, stages()).now
    assert (now.value.part, now.unpriced, now.wins.part) == (Decimal("50.00"), 1, 3)


def test_a_handover_is_a_success_without_revenue_and_a_refund_is_neither() -> None:
    """R7: in conversion and win rate, never in money; a refund row is in nothing."""
    funnel = closed(
        ("Given", 100.0, back(9), back(5)),
        ("Refund", -50.0, back(9), back(5)),
        ("Lost", 10.0, back(9), back(5)),
    )
    assert (funnel.now.wins, funnel.now.handed_over) == (Ratio(1, 2), 1)
    assert funnel.now.value == Ratio(Decimal(0), Decimal(10))


def test_cycle_is_mean_and_median_of_won_deals_lost_and_paid_apart_negative_left_out() -> None:
    """Won after 10, 11 and 30 days: mean 17.0, median 11; paid 2 days later; one closed before it was created."""
    now = closed(
        ("Won", 1.0, back(20), back(10), None, None, back(8)), ("Won", 1.0, back(21), back(10), None, None, back(8)),
        ("Won", 1.0, back(35), back(5)), ("Lost", 1.0, back(9), back(2), "Price"), ("Lost", 1.0, back(4), back(3), "Spam"),
        ("Won", 1.0, back(3), back(4)),
    ).now  # fmt: skip
    assert now.won_days == (3, Decimal("17.0"), Decimal(11))
    assert now.paid_days == (2, Decimal("12.5"), Decimal("12.5"))
    assert (now.lost_days.n, now.lost_days_clean) == (2, (1, Decimal("7.0"), Decimal(7)))
    assert (now.negative, now.wins) == (1, Ratio(4, 6))


def test_mean_rounds_halves_up() -> None:
    """1 and 2 and ... to a tenth: 1.25 is 1.3."""
    assert length([1, 1, 1, 2]).mean == Decimal("1.3")


def reopened(days: int, end: str) -> Funnel:
    """Lost, reopened after some days, then won or still open."""
    lost = back(28)
    steps = [("s1", back(29)), ("Lost", lost), ("s2", lost + timedelta(days=days))]
    if end == "Won":
        steps.append(("Won", DAY))
    return funnel_of(*told([Story(steps[0][1], tuple(steps))]))


@pytest.mark.parametrize(("days", "end", "wins"), [(10, "Won", (1, 1)), (10, "open", (0, 0))])
def test_a_loss_taken_back_within_thirty_days_is_no_loss(days: int, end: str, wins: tuple[int, int]) -> None:
    """R16: the same deal; only its end counts, once it has one."""
    assert reopened(days, end).now.wins == wins


def test_a_loss_taken_back_later_stays_a_loss() -> None:
    """R16: after 30 days the loss stands, and the new life counts beside it; its reason is no longer known."""
    steps = (("s1", back(80)), ("Lost", back(40)), ("s2", back(5)), ("Won", back(1)))
    funnel = funnel_of(*told([Story(back(80), steps)]))
    assert funnel.days == 158
    assert funnel.now.wins == (1, 2)
    assert [(loss.reason, loss.stage, loss.deals) for loss in funnel.losses] == [(None, "s1", 1)]


def test_a_client_who_comes_back_is_a_new_deal_with_its_own_cycle() -> None:
    """R16: reactivated_from: two rows, the loss stands, the cycle starts at the new row."""
    deals = sheet(
        "Deals", "deal_id stage created_at closed_at reactivated_from",
        ["D1", "Lost", back(60), back(20), None], ["D2", "Won", back(12), back(2), "D1"],
    )  # fmt: skip
    now = funnel_of(deals, stages()).now
    assert (now.wins, now.won_days.median) == (Ratio(1, 2), Decimal(10))


def test_pipelines_are_never_mixed() -> None:
    """SPEC 51: each has its own stages, wins and cycle; stages of the same name in both stay apart."""
    both = stages(
        ("Leads", "New", "active"), ("Leads", "Given", "handover"), ("Leads", "Lost", "lost"),
        ("Sales", "New", "active"), ("Sales", "Won", "won"), ("Sales", "Lost", "lost"), ("Upsell", "New", "active"),
    )  # fmt: skip
    deals = sheet(
        "Deals", "deal_id pipeline stage created_at closed_at",
        ["D1", "Leads", "Given", back(9), back(8)], ["D2", "Leads", "New", back(9), None],
        ["D3", "sales ", "Lost", back(25), back(5)], ["D4", "Sales", "New", back(9), None], ["D5", "Sales", "New", back(9), None],
    )  # fmt: skip
    leads, sales, upsell = funnels(firm_of(deals, both))
    assert [f.name for f in (leads, sales, upsell)] == ["Leads", "Sales", "Upsell"]
    assert [f.table[0].now for f in (leads, sales, upsell)] == [1, 2, 0]
    assert (leads.now.wins, sales.now.wins, upsell.now.wins) == ((1, 1), (0, 1), (0, 0))


def test_without_a_sheet_of_stages_wins_are_still_counted() -> None:
    """The names Won and Lost say enough; the order of stages does not exist."""
    deals = sheet(
        "Deals",
        "deal_id stage created_at closed_at",
        ["D1", "Won", back(9), back(2)],
        ["D2", "Lost", back(9), back(2)],
    )
    funnel = funnel_of(deals)
    assert (funnel.table, funnel.now.wins) == ((), (1, 2))


# ------------------------------------------------------------------ people


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_bounds_are_those_of_the_literature(part: int, whole: int, low: float, high: float) -> None:
    """Newcombe, Statistics in Medicine 17 (1998), table I, method 3."""
    assert wilson(part, whole) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_bounds_hold_the_share_and_mirror_each_other(pair: tuple[int, int]) -> None:
    """0 <= low <= p <= high <= 1; the bounds of the losses are those of the wins turned round."""
    part, whole = pair
    low, high = wilson(part, whole)
    assert 0 <= low <= part / whole + 1e-12
    assert part / whole - 1e-12 <= high <= 1
    assert wilson(whole - part, whole) == pytest.approx((1 - high, 1 - low))


@pytest.mark.parametrize(
    ("own", "team", "people", "verdict"),
    [
        ((15, 20), (30, 80), 3, "champion"), ((1, 30), (30, 80), 3, "laggard"), ((9, 20), (30, 80), 3, "same"),
        ((19, 19), (30, 80), 3, "few"), ((0, 19), (30, 80), 3, "few"), ((15, 20), (15, 20), 1, "alone"),
    ],
)  # fmt: skip
def test_only_what_the_bounds_show_is_called_above_or_below(
    own: tuple[int, int], team: tuple[int, int], people: int, verdict: str
) -> None:
    """SPEC 46: from 20 deals on; one person alone is compared with nobody."""
    assert against(Ratio(*own), Ratio(*team), people=people) == verdict


def people_of(*rows: Sequence[Value], team: Sequence[Sequence[Value]] = ()) -> Funnel:
    """Deals as (owner, stage) closed five days ago."""
    deals: list[list[Value]] = [
        [f"D{n}", owner, stage, back(20), back(5)] for n, (owner, stage) in enumerate(rows)
    ]
    grids = [sheet("Deals", "deal_id owner stage created_at closed_at", *deals), stages()]
    return funnel_of(*grids, *([sheet("Team", "user role", *team)] if team else []))


def test_people_are_compared_with_their_own_role_only() -> None:
    """The head wins everything and lifts nobody's bar; being the only one of the role, is compared with no one."""
    rows = [("Ann", "Won")] * 15 + [("Ann", "Lost")] * 5 + [("Bob", "Won")] * 3 + [("Bob", "Lost")] * 17
    rows += [("Head", "Won")] * 30
    reps = {r.owner: r for r in people_of(*rows, team=[["Ann", "rep"], ["Bob", "rep"], ["Head", "hos"]]).reps}
    assert reps["Ann"].team == (18, 40)
    assert {name: rep.verdict for name, rep in reps.items()} == {
        "Ann": "champion",
        "Bob": "laggard",
        "Head": "alone",
    }


def test_one_person_under_two_spellings_is_one_row() -> None:
    """Case and spaces do not make another rep; a blank owner is nobody, and in the sum."""
    reps = people_of(("Ann Lee", "Won"), ("ann  lee", "Lost"), (None, "Lost")).reps
    assert [(r.owner, r.wins) for r in reps] == [("Ann Lee", (1, 2)), (None, (0, 1))]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(lives(), st.sampled_from(["Ann", "Bob", "Cid", None])), min_size=1, max_size=25))
def test_the_rows_of_all_people_add_up_to_the_firm(owned: list[tuple[Story, str | None]]) -> None:
    """Wins, closed deals, and every stage's moved and entered."""
    grids = told([story for story, _ in owned])
    owners = ["owner", *(owner for _, owner in owned)]
    grids[0] = Grid("Deals", [[*row, owner] for row, owner in zip(grids[0].rows, owners, strict=True)])
    funnel = funnel_of(*grids)
    assert (sum(r.wins.part for r in funnel.reps), sum(r.wins.whole for r in funnel.reps)) == funnel.now.wins
    for rank, stage in enumerate(funnel.table):
        mine = [rep.stages[rank].ratio for rep in funnel.reps]
        assert (sum(r.part for r in mine), sum(r.whole for r in mine)) == stage.conversion


def test_a_stage_is_credited_to_whoever_led_the_deal_then() -> None:
    """R16: Ann brought it through the first stage; Bob, who has it now, gets the second."""
    deals = sheet("Deals", "deal_id stage owner created_at", ["D1", "s3", "Bob", back(29)])
    history = sheet(
        "Stage history", "deal_id stage entered_at owner",
        ["D1", "s1", back(29), "Ann"], ["D1", "s2", back(25), "Bob"], ["D1", "s3", back(20), "Bob"],
    )  # fmt: skip
    reps = {r.owner: [s.ratio for s in r.stages] for r in funnel_of(deals, history, stages()).reps}
    assert reps == {"Ann": [(1, 1), (0, 0), (0, 0), (0, 0)], "Bob": [(0, 0), (1, 1), (0, 1), (0, 0)]}


# ------------------------------------------------------------------ losses


def test_losses_stand_at_the_last_stage_before_them() -> None:
    """Reason by stage, most frequent first, junk last, the unknown named; on hold is no stage of its own."""
    lost = back(3)
    ways = [
        ("Price", (("s1", back(29)), ("s3", back(20)), ("Lost", lost))),
        ("price", (("s1", back(29)), ("s3", back(20)), ("Pause", back(9)), ("Lost", lost))),
        ("Spam", (("s1", back(29)), ("Lost", lost))),
        (None, (("s2", back(29)), ("s1", back(20)), ("Lost", lost))),
    ]
    deals: list[list[Value]] = [
        [f"D{n}", "Lost", back(29), lost, reason, 10.0] for n, (reason, _) in enumerate(ways)
    ]
    history: list[list[Value]] = [
        [f"D{n}", name, day] for n, (_, steps) in enumerate(ways) for name, day in steps
    ]
    deals.append(["D9", "Lost", back(60), lost, "Price", None])
    funnel = funnel_of(
        sheet("Deals", "deal_id stage created_at closed_at lost_reason amount", *deals),
        sheet("Stage history", "deal_id stage entered_at", *history), stages(),
        sheet("Loss reasons", "reason category", ["Price", "sales"], ["Spam", "junk"]),
    )  # fmt: skip
    assert [(x.reason, x.category, x.stage, x.deals, x.amount, x.unpriced) for x in funnel.losses] == [
        ("Price", "sales", "s3", 2, Decimal(20), 0),
        ("Price", "sales", None, 1, Decimal(0), 1),
        (None, None, "s1", 1, Decimal(10), 0),
        ("Spam", "junk", "s1", 1, Decimal(10), 0),
    ]
    assert sum(x.deals for x in funnel.losses) == funnel.now.wins.whole - funnel.now.wins.part


def test_the_stage_that_loses_most_is_told_without_junk() -> None:
    """Three spam leads lost at the first stage are no reason to look there; two real losses at the second are."""
    stories = [Story(back(29), (("s1", back(29)), ("Lost", back(10))))] * 3
    stories += [Story(back(29), (("s1", back(29)), ("s2", back(27)), ("Lost", back(10))))] * 2
    grids = told(stories)
    reasons = ["lost_reason", "Spam", "Spam", "Spam", None, None]
    grids[0] = Grid("Deals", [[*row, reason] for row, reason in zip(grids[0].rows, reasons, strict=True)])
    worst = funnel_of(*grids, sheet("Loss reasons", "reason category", ["Spam", "junk"])).worst
    assert worst is not None
    assert (worst.stage.stage, worst.lost, worst.entered, worst.junk) == ("s2", 2, 2, 0)
