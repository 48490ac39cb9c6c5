"""The bonus to the letter of item 74: weeks, grace, appeals, closed periods; and the same figures counted naively."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sheets_crm import demo
from sheets_crm.hosts.memory import MemoryHost
from sheets_crm.metrics.bonus import Account, account, mondays, over
from sheets_crm.metrics.money import Period
from sheets_crm.schema import Appeal
from sheets_crm.sheet import Grid, Value
from tests import naive_bonus
from tests.bonus_firm import FIRST, OWNER_AT, STEP_AT, TEAM, Story, monday, of
from tests.firms import sheet

MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)
Rows = list[list[Value]]
MODES = ("weeks", "per_rule", "per_finding")


def missed(story: Story, weeks: int, *numbers: int) -> None:
    """A baseline run, then a mistake on these deals that stands for so many weeks after its grace."""
    story.run(FIRST)
    story.drop(*numbers)
    for number in range(1, weeks + 2):
        story.run(monday(number))
    story.mend(*numbers)


# ------------------------------------------------------------------ the coefficient


@pytest.mark.parametrize(
    ("weeks", "factor", "bonus"), [(0, "1.00", "10000.00"), (1, "0.95", "9500.00"), (2, "0.90", "9000.00"), (3, "0.90", "9000.00")]
)  # fmt: skip
def test_one_week_costs_five_per_cent_and_more_cost_ten(weeks: int, factor: str, bonus: str) -> None:
    """In total for the period, however long it goes on; the other rep has nothing to do with it."""
    story = Story()
    story.run(date(2026, 4, 27))
    story.drop(1, 3)
    story.weeks(*(date(2026, 4, 27) + timedelta(days=7 * n) for n in range(1, weeks + 2)))
    found = of(story.account, "Ann")
    assert (found.episodes, found.factor, found.amount) == (weeks, Decimal(factor), Decimal(bonus))
    assert of(story.account, "Bob").amount == 20_000


@pytest.mark.parametrize(
    ("rows", "findings", "count", "share", "expected"),
    [
        (5, 1, 1, "2", 0),
        (5, 2, 1, "2", 1),
        (5, 1, 0, "0", 1),
        (50, 2, 1, "4", 0),
        (50, 3, 1, "4", 1),
        (50, 3, 1, "5.9", 1),
        (50, 3, 1, "6", 0),
        (30, 1, 0, "3,3333333333333333333333333333", 1),
        (30, 1, 0, "3.3333333333333333333333333334", 0),
    ],
)
def test_a_requirement_is_missed_beyond_the_free_count_and_the_free_share(
    rows: int, findings: int, count: int, share: str, expected: int
) -> None:
    """More than the greater of the two; the share is compared exactly."""
    story = Story(2 * rows, settings={"bonus_free_count": str(count), "bonus_free_share": share})
    missed(story, 1, *range(1, 2 * findings, 2))
    assert of(story.account, "Ann").episodes == expected


def test_a_week_without_a_run_counts_as_met_and_is_named() -> None:
    """Nobody was shown anything in it."""
    story = Story()
    story.run(FIRST)
    story.drop(1, 3)
    found = story.weeks(monday(1), monday(3))
    (period,) = found.periods
    assert found.missing[period] == (monday(2),)
    assert [(w.monday, w.run, w.episodes) for w in of(found, "Ann").weeks] == [
        (FIRST, FIRST, 0), (monday(1), monday(1), 0), (monday(2), None, 0), (monday(3), monday(3), 1),
    ]  # fmt: skip


def test_the_last_run_of_a_week_decides() -> None:
    """What was mended before it is forgiven, even by a second run on the same day."""
    story = Story()
    story.run(FIRST)
    story.drop(1, 3)
    assert of(story.weeks(monday(1), monday(2)), "Ann").episodes == 1
    story.mend(1)
    assert of(story.weeks(monday(2)), "Ann").episodes == 0
    story.drop(1)
    assert of(story.weeks(monday(2) + timedelta(days=1)), "Ann").episodes == 0


def test_a_finding_counts_after_the_grace_that_a_run_has_shown_it() -> None:
    """Two working days from its first run, whatever the cause's age; Monday's finding counts on Wednesday."""
    story = Story()
    story.run(FIRST)
    story.drop(1, 3)
    story.run(monday(1))
    episodes = [of(story.weeks(monday(1) + timedelta(days=n)), "Ann").episodes for n in (1, 2)]
    assert episodes == [0, 1]


def test_legacy_and_waived_findings_cost_nothing() -> None:
    """What stood before the rules, and what the Head of Sales allowed."""
    rows: Rows = [[f"D{n}", "TK01", "fair", "Hana", date(2026, 12, 31)] for n in (5, 7)]
    waivers = sheet("Waivers", "deal_id rule reason granted_by until", *rows)
    story = Story(more=[waivers])
    story.drop(1, 3)
    story.run(FIRST)
    story.drop(5, 7)
    assert of(story.weeks(monday(1), monday(2), monday(3)), "Ann").factor == 1


# ------------------------------------------------------------------ weeks and periods


@pytest.mark.parametrize(
    ("start", "end", "first", "last", "until"),
    [
        (date(2026, 5, 1), date(2026, 5, 31), date(2026, 4, 27), date(2026, 5, 25), date(2026, 5, 31)),
        (date(2026, 4, 1), date(2026, 4, 30), date(2026, 3, 30), date(2026, 4, 20), date(2026, 4, 30)),
        (date(2026, 7, 1), date(2026, 7, 31), date(2026, 6, 29), date(2026, 7, 27), date(2026, 8, 2)),
        (date(2026, 8, 1), date(2026, 8, 31), date(2026, 8, 3), date(2026, 8, 24), date(2026, 8, 31)),
    ],
)
def test_a_week_belongs_to_the_period_of_its_friday(
    start: date, end: date, first: date, last: date, until: date
) -> None:
    """And a period is over when its last week is."""
    weeks = mondays(Period(start, end))
    assert (weeks[0], weeks[-1], over(Period(start, end))) == (first, last, until)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(1, 24))
def test_every_week_belongs_to_exactly_one_period(start: date, months: int) -> None:
    """Whatever the periods, as long as one follows the other (law)."""
    found: list[date] = []
    day = start
    for _ in range(months):
        period = Period(day, day + timedelta(days=30))
        found += mondays(period)
        day = period.after
    assert all(b - a == timedelta(days=7) for a, b in pairwise(found))


def test_the_first_week_of_may_may_begin_in_april() -> None:
    """A run on Monday 27 April counts for May."""
    story = Story()
    story.run(date(2026, 4, 20))
    story.drop(1, 3)
    found = story.weeks(date(2026, 4, 22), date(2026, 4, 27))
    assert [p.start for p in found.periods] == [MAY, date(2026, 4, 1)]
    assert [of(found, "Ann", start).episodes for start in (MAY, date(2026, 4, 1))] == [1, 0]


def test_a_change_from_months_to_quarters_leaves_no_day_in_two_periods() -> None:
    """May is closed as a month; the quarter then goes on from June."""
    story = Story(settings={"bonus_period": "month"})
    story.weeks(FIRST, JUNE)
    story.host.edit("Sales Book", 2, 3, "quarter")
    found = story.weeks(JUNE + timedelta(days=7))
    assert [tuple(p) for p in found.periods] == [(JUNE, date(2026, 6, 30)), (MAY, date(2026, 5, 31))]
    found = story.weeks(date(2026, 7, 6))
    assert found.periods[0] == (date(2026, 7, 1), date(2026, 9, 30))


@pytest.mark.parametrize(("grace", "episodes"), [("0", (1, 0)), ("2", (1, 0))])
def test_what_is_first_seen_in_the_last_two_working_days_goes_to_the_next_period(
    grace: str, episodes: tuple[int, int]
) -> None:
    """Seen on Thursday 28 May: without any grace it would count on Friday 29; it counts in June."""
    story = Story(settings={"grace_days": grace})
    story.run(monday(2))
    story.drop(1, 3)
    found = story.weeks(date(2026, 5, 28), date(2026, 5, 29), JUNE)
    assert (of(found, "Ann", JUNE).episodes, of(found, "Ann", MAY).episodes) == episodes


def test_what_is_seen_a_day_earlier_still_belongs_to_the_period() -> None:
    """Wednesday 27 May, no grace: it counts on Thursday."""
    story = Story(settings={"grace_days": "0"})
    story.run(monday(2))
    story.drop(1, 3)
    found = story.weeks(date(2026, 5, 27), date(2026, 5, 28), JUNE)
    assert of(found, "Ann", MAY).episodes == 1


# ------------------------------------------------------------------ who need not answer


def test_back_from_two_weeks_leave_means_no_deductions() -> None:
    """Grace stops while a rep is away, and begins anew on the first day back."""
    story = Story()
    story.run(FIRST)
    story.drop(1, 3, 5)
    story.away(monday(1), monday(3) - timedelta(days=1))
    away = story.weeks(monday(1), monday(2), monday(3), monday(3) + timedelta(days=1))
    assert (of(away, "Ann").episodes, of(away, "Ann").deductions) == (0, ())
    story.mend(1, 3, 5)
    assert of(story.weeks(monday(3) + timedelta(days=2)), "Ann").factor == 1


def test_a_finding_seen_before_the_leave_waits_for_the_return_too() -> None:
    """One of its two days had passed; after the return there are two again."""
    story = Story()
    story.run(FIRST)
    story.drop(1, 3)
    story.away(monday(1) + timedelta(days=2), monday(2) - timedelta(days=1))
    episodes = [
        of(story.weeks(day), "Ann").weeks[-1].episodes
        for day in (monday(1), monday(2), monday(2) + timedelta(days=1), monday(2) + timedelta(days=2))
    ]
    assert episodes == [0, 0, 0, 1]


def test_a_received_deal_has_five_working_days_of_peace() -> None:
    """Nobody is counted for what came with it; on the sixth day it is the receiver's."""
    story = Story()
    story.run(FIRST)
    story.drop(2, 4)
    story.run(FIRST + timedelta(days=1))
    for row in (3, 5):
        story.host.edit("Deals", row, OWNER_AT, "Ann")
    received = FIRST + timedelta(days=7)
    counted = {
        n: of(story.weeks(received + timedelta(days=n)), "Ann").weeks[-1].episodes for n in (0, 2, 5, 7, 8)
    }
    assert counted == {0: 0, 2: 0, 5: 0, 7: 0, 8: 1}
    assert of(story.account, "Bob").episodes == 0


def test_activity_never_feeds_the_bonus() -> None:
    """Item 76: two hundred calls do not raise it, none do not lower it."""
    said, day = "Agreed on everything we need", date(2026, 5, 12)
    done: Rows = [[f"T{n}", "D1", "Bob", "Call", said, day, None] for n in range(200)]
    tasks = sheet("Tasks", "task_id deal_id owner type result done_at due_at", *done)
    found = []
    for more in ([], [tasks]):
        story = Story(more=more)
        missed(story, 1, 1, 3)
        found.append([(b.user, b.amount) for b in story.account.bonuses[story.account.periods[0]]])
    assert found[0] == found[1] == [("Ann", Decimal("9500.00")), ("Bob", Decimal("20000.00"))]


# ------------------------------------------------------------------ appeals


def test_an_accepted_appeal_changes_the_next_run() -> None:
    """Open it suspends the deduction, accepted it removes it, rejected it restores it."""
    story = Story()
    missed(story, 1, 1, 3)
    number = story.id_of(1)
    assert of(story.account, "Ann").amount == 9500
    row = story.appeal(number)
    amounts = [of(story.weeks(monday(3)), "Ann").amount]
    for decision in ("rejected", "accepted"):
        story.appeal(number, decision=decision, by="Hana", row=row)
        amounts.append(of(story.weeks(monday(3)), "Ann").amount)
    assert amounts == [10_000, 9500, 10_000]


def test_an_accepted_appeal_reaches_a_closed_period() -> None:
    """The one thing that still changes it."""
    story = Story()
    missed(story, 1, 1, 3)
    number = story.id_of(1)
    story.weeks(JUNE)
    assert of(story.account, "Ann", MAY).amount == 9500
    story.appeal(number.lower(), decision="accepted", by="Hana")
    found = of(story.weeks(JUNE + timedelta(days=7)), "Ann", MAY)
    assert found.closed
    assert found.amount == 10_000
    assert found.deductions == ()


def test_a_finding_that_comes_back_is_another_one() -> None:
    """An accepted appeal is about one occurrence."""
    story = Story()
    missed(story, 1, 1, 3)
    story.appeal(story.id_of(1), decision="accepted", by="Hana")
    story.appeal(story.id_of(3), decision="accepted", by="Hana")
    story.run(monday(2))
    story.drop(1, 3)
    assert of(story.weeks(monday(3), monday(3) + timedelta(days=2)), "Ann").amount == 9500


@pytest.mark.parametrize(
    ("user", "decision", "by", "amount", "told"),
    [
        ("Ann", None, None, 10_000, False),
        ("ann ", None, None, 10_000, False),
        (None, None, None, 10_000, False),
        ("Hana", None, None, 10_000, False),
        ("Bob", None, None, 9500, True),
        ("Bob", "accepted", "Hana", 9500, True),
        ("Ann", "accepted", None, 10_000, False),
        ("Ann", "accepted", "Ann", 10_000, True),
        ("Ann", "rejected", "Bob", 10_000, True),
        ("Ann", "rejected", "Hana", 9500, False),
    ],
)
def test_the_rep_or_the_head_of_sales_files_and_a_head_decides(
    user: Value, decision: Value, by: Value, amount: int, told: bool
) -> None:
    """Anybody else's appeal changes nothing, anybody else's decision leaves it open; both are told."""
    story = Story()
    missed(story, 1, 1, 3)
    story.appeal(story.id_of(1), user, decision, by)
    found = story.weeks(monday(3))
    assert of(found, "Ann").amount == amount
    assert [one.reason is not None for one in found.appeals] == [told]


def test_filing_again_after_a_rejection_suspends_nothing() -> None:
    """Or every decision could be put off for ever; accepting the second appeal does help."""
    story = Story()
    missed(story, 1, 1, 3)
    number = story.id_of(1)
    story.appeal(number, decision="rejected", by="Hana")
    row = story.appeal(number)
    assert of(story.weeks(monday(3)), "Ann").amount == 9500
    story.appeal(number, decision="accepted", by="Hana", row=row)
    assert of(story.weeks(monday(3)), "Ann").amount == 10_000


def test_an_appeal_against_nothing_is_told() -> None:
    """A number with a mistake in it."""
    story = Story()
    missed(story, 1, 1, 3)
    story.appeal("ABCDEFGHIJKL")
    (one,) = story.weeks(monday(2)).appeals
    assert (one.decision, one.reason and one.reason.en) == (None, "there is no finding of this number")


# ------------------------------------------------------------------ closed periods


def closed(story: Story) -> list[tuple[object, ...]]:
    """The figures of May as they stand."""
    own = story.account.bonuses[Period(MAY, date(2026, 5, 31))]
    return [
        (b.user, b.closed, b.terms.base, b.terms.part, b.episodes, b.factor, b.amount, b.less) for b in own
    ]


def test_a_correction_after_the_periods_end_changes_nothing() -> None:
    """Not the mended deals, nor the base, the plan, the settings, the holidays, nor a rep's leaving the list."""
    story = Story(settings={"bonus_free_count": "1", "grace_days": "2", "bonus_plan": "none"})
    missed(story, 2, 1, 3)
    story.run(JUNE)
    before = closed(story)
    assert (
        "Ann",
        True,
        Decimal(10_000),
        Decimal(1),
        2,
        Decimal("0.90"),
        Decimal(9000),
        Decimal(1000),
    ) in before
    story.mend(1, 3)
    story.host.edit("Team", 2, 3, 99_999.0)
    story.host.edit("Team", 3, 1, "Robert")
    for row, value in ((2, "5"), (3, "9"), (4, "attainment")):
        story.host.edit("Sales Book", row, 3, value)
    story.run(JUNE + timedelta(days=1))
    assert closed(story) == before
    story.run(JUNE + timedelta(days=14))
    assert closed(story) == before


def test_the_first_run_after_the_end_closes_a_period_once_for_every_rep() -> None:
    """The log holds it; the sheet says so in that very run."""
    story = Story()
    missed(story, 1, 1, 3)
    assert not any(b.closed for b in story.account.of("Ann"))
    for day in (JUNE, JUNE, JUNE + timedelta(days=1)):
        story.run(day)
        assert of(story.account, "Ann", MAY).closed
    events = [json.loads(line.text) for line in story.host.log_lines]
    assert [(e["u"], e["p"], e["to"]) for e in events if e["e"] == "closed"] == [
        ("Ann", "2026-05-01", "2026-05-31"), ("Bob", "2026-05-01", "2026-05-31"),
    ]  # fmt: skip


def test_a_period_that_ends_on_a_friday_is_closed_after_its_weekend() -> None:
    """July 2026: its last week is judged on its last run, even on Saturday 1 August; Monday closes it."""
    story = Story()
    story.run(date(2026, 7, 20))
    saturday, monday_after = date(2026, 8, 1), date(2026, 8, 3)
    assert not of(story.weeks(saturday), "Ann", date(2026, 7, 1)).closed
    assert story.account.periods[0].start == date(2026, 7, 1)
    assert of(story.weeks(monday_after), "Ann", date(2026, 7, 1)).closed
    days = [json.loads(line.text)["e"] for line in story.host.log_lines]
    assert days.count("closed") == 2
    assert days.index("closed") > len(days) - 5


def test_a_dry_run_and_its_repetition_say_the_same() -> None:
    """What a written run would close, and what it has closed."""
    story = Story()
    missed(story, 1, 1, 3)
    said = []
    for write in (False, True, True):
        story.run(JUNE, write=write)
        said.append(closed(story))
    assert said[0] == said[1] == said[2]


def test_a_setting_of_the_next_month_does_not_judge_this_one() -> None:
    """In force from 1 June, read by the run of 1 June: May is closed by May's Sales Book."""
    story = Story(settings={"bonus_free_count": "1"})
    missed(story, 1, 1, 3)
    cells: list[Value] = ["FIRM", "bonus_free_count", "7", JUNE]
    for column, value in enumerate(cells, start=1):
        story.host.edit("Sales Book", 3, column, value)
    found = story.weeks(JUNE)
    assert (of(found, "Ann", MAY).episodes, of(found, "Ann", MAY).terms.free_count) == (1, 1)
    assert of(found, "Ann", JUNE).terms.free_count == 7


# ------------------------------------------------------------------ modes, plan, people, cents


@pytest.mark.parametrize(
    ("mode", "deals", "weeks", "episodes"),
    [("weeks", (1, 3, 5), 1, 1), ("weeks", (1, 3), 2, 2), ("per_rule", (1, 3), 1, 1), ("per_rule", (1, 3), 2, 2),
     ("per_finding", (1, 3, 5), 1, 3), ("per_finding", (1, 3, 5), 3, 3), ("per_finding", (1,), 3, 0)],
)  # fmt: skip
def test_what_counts_depends_on_the_mode(
    mode: str, deals: tuple[int, ...], weeks: int, episodes: int
) -> None:
    """Weeks with a requirement missed, requirements missed by the week, or findings, each once in the period."""
    story = Story(settings={"bonus_mode": mode})
    missed(story, weeks, *deals)
    assert of(story.account, "Ann").episodes == episodes


def test_two_requirements_missed_in_one_week_are_one_week_or_two_episodes() -> None:
    """TK01 and TK08 together."""
    tasks = sheet(
        "Tasks",
        "task_id deal_id owner type result done_at due_at",
        *([f"T{n}", *[None] * 6] for n in range(3)),
    )
    found = {}
    for mode in MODES:
        story = Story(settings={"bonus_mode": mode}, more=[tasks])
        story.run(FIRST)
        story.drop(1, 3)
        for row in (2, 3):
            for column, value in enumerate(("D5", "Ann", "Call", None, FIRST), start=2):
                story.host.edit("Tasks", row, column, value)
        story.weeks(monday(1), monday(2))
        assert [(r.rule, len(r.ids)) for r in of(story.account, "Ann").weeks[-1].rules] == [
            ("TK01", 2),
            ("TK08", 2),
        ]
        found[mode] = of(story.account, "Ann").episodes
    assert found == {"weeks": 1, "per_rule": 2, "per_finding": 4}


@pytest.mark.parametrize(
    ("plan", "cap", "won", "part"),
    [(1000.0, "1", 500.0, "0.5"), (1000.0, "1", 1500.0, "1"), (1000.0, "1.2", 1500.0, "1.2"), (None, "1", 500.0, "1"),
     (0.0, "1", 500.0, "1"), (300.0, "1", 100.0, "0.3333333333333333333333333333"), (1000.0, "1", 0.0, "0")],
)  # fmt: skip
def test_the_plan_part_is_won_by_plan_under_its_cap(
    plan: float | None, cap: str, won: float, part: str
) -> None:
    """Only if the Sales Book says so; a blank plan is 1."""
    team: Rows = [["Ann", "rep", 10_000.0, None, None, plan], TEAM[2]]
    story = Story(team=team, settings={"bonus_plan": "attainment", "bonus_plan_cap": cap})
    for column, value in ((2, "Won"), (5, won), (7, date(2026, 5, 6))):
        story.host.edit("Deals", 2, column, value)
    bonus = of(story.weeks(FIRST, monday(1)), "Ann")
    assert bonus.terms.part == Decimal(part)
    assert bonus.amount == (10_000 * Decimal(part)).quantize(Decimal("0.01"))
    story.host.edit("Sales Book", 2, 3, "none")
    assert of(story.weeks(monday(1)), "Ann").amount == 10_000


@pytest.mark.parametrize(
    ("base", "bonus", "less"),
    [(0.1, "0.10", "0.00"), (0.3, "0.29", "0.01"), (100.1, "95.10", "5.00"), (33333.33, "31666.66", "1666.67"), (0.0, "0.00", "0.00")],
)  # fmt: skip
def test_sums_are_rounded_to_the_cent_halves_up(base: float, bonus: str, less: str) -> None:
    """0.95 x 0.30 = 0.285 is 0.29; bonus and what it is less by make up the whole."""
    team: Rows = [["Ann", "rep", base], TEAM[2]]
    story = Story(team=team)
    missed(story, 1, 1, 3)
    found = of(story.account, "Ann")
    assert (found.amount, found.less) == (Decimal(bonus), Decimal(less))


def test_reps_have_a_bonus_others_have_none() -> None:
    """The role decides; a blank one with a bonus typed is a rep; whoever left or came in the period has the whole base."""
    team: Rows = [
        ["Ann", "rep", 100.0], ["Bob", "rep", None], ["Eve", None, 300.0], ["Fay", None, None], ["Hana", "hos", 400.0],
        ["Ida", "rep", 500.0, date(2026, 5, 20)], ["Jon", "rep", 600.0, None, date(2026, 5, 5)],
        ["Kim", "rep", 700.0, date(2026, 6, 1)], ["Lea", "rep", 800.0, None, date(2026, 4, 30)], ["Max", "other", 900.0],
    ]  # fmt: skip
    found = Story(team=team).weeks(FIRST, monday(2))
    (period,) = found.periods
    assert [(b.user, b.amount) for b in found.bonuses[period]] == [
        ("Ann", 100), ("Bob", None), ("Eve", 300), ("Ida", 500), ("Jon", 600),
    ]  # fmt: skip


def test_a_name_typed_in_two_ways_is_one_rep() -> None:
    """Two findings under two spellings are two findings of one person, then and after the period is closed."""
    story = Story()
    story.host.edit("Deals", 2, OWNER_AT, " ANN")
    missed(story, 1, 1, 3)
    assert of(story.account, "Ann").episodes == 1
    assert of(story.weeks(JUNE), "Ann", MAY).episodes == 1


def test_a_rule_that_is_switched_off_takes_nothing_from_anyone() -> None:
    """From the run that reads it."""
    sales_book = sheet("Sales Book", "code active setting value", ["TK01", "no", None, None])
    off = Story()
    off.host = MemoryHost([_grid(off.host, "Deals"), _grid(off.host, "Team"), sales_book])
    missed(off, 2, 1, 3)
    assert of(off.account, "Ann").factor == 1


def _grid(host: MemoryHost, name: str) -> Grid:
    return host.read(lambda sheets: [s.name for s in sheets]).grids[name]


# ------------------------------------------------------------------ what can still be mended


@settings(max_examples=15)
@given(st.integers(0, 4), st.integers(0, 3), st.booleans(), st.booleans())
def test_a_pending_finding_counts_from_the_day_that_is_named(
    start: int, grace: int, away: bool, received: bool
) -> None:
    """Not a day earlier: a run on each following day agrees (law)."""
    story = Story(settings={"grace_days": str(grace), "bonus_free_count": "0", "bonus_free_share": "0"})
    story.run(FIRST)
    if away:
        story.away(monday(1) + timedelta(days=start + 1), monday(2))
    if received:
        story.host.edit("Deals", 3, OWNER_AT, "Ann")
    story.drop(2 if received else 1)
    day = monday(1) + timedelta(days=start)
    (pending,) = story.weeks(day).pending["ann"]
    assert pending.counts_from is not None
    while True:
        day += timedelta(days=1)
        counts = bool(of(story.weeks(day), "Ann").weeks[-1].rules[0].ids)
        assert counts == (day >= pending.counts_from)
        if counts:
            return


# ------------------------------------------------------------------ laws


Edit = tuple[int, int, bool]
"""(week, deal, mended)."""


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(1, 8), st.booleans()), max_size=25),
    st.sets(st.integers(1, 6), max_size=3),
    st.lists(st.tuples(st.integers(1, 8), st.sampled_from([None, "accepted", "rejected"])), max_size=3),
    st.sampled_from(MODES),
    st.integers(0, 2),
    st.sampled_from(["0", "2", "12.5", "30"]),
    st.decimals(Decimal("0.01"), Decimal(99_999), places=2),
)
def test_every_bonus_is_what_plain_counting_over_the_log_gives(
    edits: list[Edit],
    skipped: set[int],
    filed: list[tuple[int, Value]],
    mode: str,
    count: int,
    share: str,
    base: Decimal,
) -> None:
    """To the cent, for both reps and both periods, with missing weeks and appeals (law)."""
    team: Rows = [["Ann", "rep", float(base)], *TEAM[1:]]
    story = Story(
        8, team=team, settings={"bonus_mode": mode, "bonus_free_count": str(count), "bonus_free_share": share}
    )
    numbers: dict[int, str] = {}
    for week in range(7):
        for at, deal, mended in edits:
            if at == week:
                (story.mend if mended else story.drop)(deal)
        if week not in skipped:
            result = story.run(monday(week))
            numbers |= {int(f.key.row_key[1:]): f.id for f in result.verdict.findings if f.rule == "TK01"}
    decided: dict[str, str] = {}
    for deal, decision in dict(filed).items():
        if deal in numbers:
            story.appeal(numbers[deal], ("Bob", "Ann")[deal % 2], decision, "Hana")
            decided[numbers[deal]] = str(decision or "open")
    story.run(monday(7))
    lines = [line.text for line in story.host.log_lines]
    for period in story.account.periods:
        for found in story.account.bonuses[period]:
            own = {"Ann": base, "Bob": Decimal(20_000)}[found.user]
            expected = naive_bonus.bonus(
                lines, decided, found.user, own, start=period.start, end=period.end, free_count=count,
                free_share=Decimal(share), mode=mode,
            )  # fmt: skip
            assert (found.episodes, found.amount) == expected


def amounts(found: Account) -> list[tuple[object, ...]]:
    """Everything that is paid, and why."""
    return [
        (p, b.user, b.amount, b.episodes, sorted(d.id for d in b.deductions)) for p in found.periods for b in found.bonuses[p]
    ]  # fmt: skip


@settings(max_examples=500)
@given(
    st.permutations(range(1, 9)), st.permutations(range(5)), st.sets(st.integers(2, 9)),
    st.sets(st.integers(1, 8), min_size=1), st.sampled_from(MODES),
)  # fmt: skip
def test_row_order_sheet_order_and_hidden_filters_change_nobodys_bonus(
    order: Sequence[int], sheets: Sequence[int], hidden: set[int], faulty: set[int], mode: str
) -> None:
    """How a person looks at a sheet is not a fact about the firm (law, 500 random firms)."""

    def told(rows: Sequence[int], sheets: Sequence[int], hidden: set[int]) -> list[tuple[object, ...]]:
        story = Story(8, settings={"grace_days": "0", "bonus_free_share": "0", "bonus_mode": mode})
        read = story.host.read(lambda found: [s.name for s in found])
        grids = [read.grids[s.name] for s in read.sheets]
        body = [grids[0].rows[0], *(grids[0].rows[n] for n in rows)]
        grids[0] = replace(grids[0], rows=body, hidden_rows=frozenset(hidden))
        story.host = MemoryHost([grids[n] for n in sheets])
        story.run(FIRST)
        for at, n in enumerate(rows, start=2):
            if n in faulty:
                story.host.edit("Deals", at, STEP_AT, None)
        return amounts(story.weeks(monday(1), monday(2)))

    plain = told(range(1, 9), range(5), set())
    assert told(order, sheets, hidden) == plain
    assert any(episodes for _, _, _, episodes, _ in plain) == (max(map(len, _by_rep(faulty))) > 1)


def _by_rep(numbers: set[int]) -> tuple[set[int], set[int]]:
    return {n for n in numbers if n % 2}, {n for n in numbers if n % 2 == 0}


def test_the_demo_firms_bonuses_are_what_plain_counting_over_its_log_gives() -> None:
    """After eight weekly runs: every rep, both periods, to the cent; someone's coefficient is not 1."""
    made, _ = demo.faulty_firm("en", as_of=date(2026, 5, 19))
    runs = list(demo.replay(made, made.scene.runs))
    last = runs[-1]
    found = account(last.firm, last.checked, last.verdict)
    lines = [line.text for run in runs for line in run.changes.log]
    decided = {
        str(row.finding_id): row.decision or "open" for row in last.book.of(Appeal).rows if row.finding_id
    }
    factors = set()
    for period in found.periods:
        for bonus in found.bonuses[period]:
            member = last.book.member(bonus.user)
            assert member is not None
            assert member.base_bonus is not None
            expected = naive_bonus.bonus(
                lines, decided, bonus.user, member.base_bonus, start=period.start, end=period.end
            )
            assert (bonus.episodes, bonus.amount) == expected
            factors.add(bonus.factor)
    assert len(factors) > 1
