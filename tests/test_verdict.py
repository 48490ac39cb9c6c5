"""What is told, what is old, who answers, and how clean the firm is: SPEC rulings R1, R2, R3, R5."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheets_crm.findings import Finding
from sheets_crm.hosts.memory import MemoryHost
from sheets_crm.sheet import Grid
from sheets_crm.verdict import Score, one_cause, period_start
from tests.firms import MONDAY, TODAY, deal, deals, found, run, sheet

TUESDAY = MONDAY + timedelta(days=1)
STAGES = sheet(
    "Stages", "stage order kind required_fields",
    ["Proposal", 1.0, "active", "owner"], ["Won", 2.0, "won", ""], ["Lost", 3.0, "lost", ""],
)  # fmt: skip


def book(*rows: Sequence[Any]) -> Grid:
    """A Sales Book with these settings of the firm."""
    return sheet("Sales Book", "code setting value", *(["FIRM", *row] for row in rows))


def test_one_cause_is_one_finding() -> None:
    """A lost reason that is blank and required is LS01; ST02 goes along in `also`, counts nowhere and stays in the log."""
    stages = sheet(
        "Stages",
        "stage order kind required_fields",
        ["Lost", 1.0, "active", "lost_reason"],
        ["Gone", 2.0, "lost", ""],
    )
    grid = sheet(
        "Deals", "deal_id stage stage_entered_at lost_reason", ["D1", "Lost", date(2026, 4, 1), None]
    )
    result = run(MemoryHost([grid, stages]), MONDAY)
    (finding,) = [f for f in result.verdict.findings if f.rule == "ST02"]
    twin = Finding(finding.key._replace(rule="LS01"), *finding[1:])
    shown, hidden = one_cause([finding, twin])
    assert [(f.rule, f.also) for f in shown] == [("LS01", ("ST02",))]
    assert [f.rule for f in hidden] == ["ST02"]


def test_everything_in_the_first_written_run_is_legacy() -> None:
    """A dry run before it says the same; nothing counts as an error, and there is no score yet."""
    host = MemoryHost([deals(*(deal(n, step=n > 2) for n in range(1, 9)))])
    for write in (False, True):
        result = run(host, MONDAY, write=write)
        assert result.verdict.first_run
        assert result.verdict.counts == {
            "error": 0,
            "warning": 0,
            "info": 0,
            "waived": 0,
            "legacy": 2,
            "pending": 0,
        }
        assert result.verdict.firm == Score(8, 8, None)


def test_what_comes_later_is_open_and_a_reopening_is_ordinary() -> None:
    """Legacy ends when the finding is cleared."""
    host = MemoryHost([deals(deal(1, step=False), deal(2))])
    run(host, MONDAY)
    host.edit("Deals", 3, 4, None)
    assert {k[1]: f.status for k, f in found(run(host, TUESDAY)).items()} == {"d1": "legacy", "d2": "open"}
    host.edit("Deals", 2, 4, date(2026, 6, 1))
    run(host, TUESDAY)
    host.edit("Deals", 2, 4, None)
    assert {k[1]: f.status for k, f in found(run(host, TODAY)).items()} == {"d1": "open", "d2": "open"}


@pytest.mark.parametrize(
    ("binding_from", "expected"),
    [
        ("2026-05-19", "open"),
        ("2026-05-18", "legacy"),
        ("2026-05-21", "legacy"),
        ("2026-01-01", "legacy"),
        (None, "legacy"),
    ],
)
def test_legacy_on_open_deals_ends_when_a_later_binding_date_arrives(
    binding_from: str | None, expected: str
) -> None:
    """Later than the first run, and not in the future."""
    host = MemoryHost([deals(deal(1, step=False)), book(("binding_from", binding_from))])
    run(host, MONDAY)
    assert found(run(host, TODAY))["TK01", "d1"].status == expected


def test_deals_closed_before_the_rules_bind_stay_legacy() -> None:
    """However late their fault is found."""
    host = MemoryHost(
        [deals(deal(1, stage="Won"), deal(2, stage="Won")), book(("binding_from", "2026-05-01"))]
    )
    host.edit("Deals", 2, 7, date(2026, 4, 20))
    run(host, MONDAY)
    for row in (2, 3):
        host.edit("Deals", row, 5, -1.0)
    assert {k[1]: f.status for k, f in found(run(host, TODAY)).items()} == {"d1": "legacy", "d2": "open"}


@pytest.mark.parametrize(
    ("table", "answerable"),
    [("Deals", "rep"), ("Stages", "hos"), ("Sales Book", "hos"), ("Team", "admin")],
)
def test_who_answers_for_a_finding(table: str, answerable: str) -> None:
    """The owner for deals, the Head of Sales for the rules, whoever keeps it for the team."""
    grids = [
        deals([*deal(1)[:4], "a lot", *deal(1)[5:]]),
        sheet("Stages", "stage order kind", ["Proposal", "first", "active"]),
        sheet("Team", "user plan role", ["Ann", "much", "rep"]),
        book(("period", "decade")),
    ]
    result = run(MemoryHost(grids), MONDAY)
    assert [f.answerable for f in result.verdict.findings if f.sheet == table] == [answerable]


def test_a_tasks_finding_is_its_own_persons_and_counts_on_the_deal() -> None:
    """Tasks.owner first, else the deal's; the firm's score knows the deal."""
    tasks = sheet(
        "Tasks",
        "task_id deal_id owner due_at",
        ["T1", "D1", "Bob", date(2026, 6, 1)],
        ["T2", "D2", None, date(2026, 6, 1)],
    )
    host = MemoryHost([deals(*(deal(n) for n in range(1, 7))), tasks])
    run(host, MONDAY)
    for row in (2, 3):
        host.edit("Tasks", row, 4, date(2026, 5, 1))
    result = run(host, TODAY)
    assert {f.key.row_key: f.owner for f in result.verdict.findings if f.rule == "TK02"} == {
        "t1": "Bob",
        "t2": "Ann",
    }
    assert result.verdict.firm == Score(4, 6, 67)
    assert result.verdict.by_owner == {"Ann": Score(5, 6, 83), "Bob": Score(0, 1, None)}


def test_the_score_counts_clean_deals() -> None:
    """Open deals and those closed since the rules bind; warnings and legacy do not lower it; halves round up."""
    rows = [deal(n) for n in range(1, 9)] + [deal(9, stage="Won")]
    host = MemoryHost([deals(*rows), STAGES])
    run(host, MONDAY)
    host.edit("Deals", 2, 4, None)
    result = run(host, TUESDAY)
    assert result.verdict.firm == Score(7, 8, 88)
    assert result.verdict.counts["error"] == 1


def test_there_is_no_score_under_five_deals_or_without_tk01() -> None:
    """It would mislead."""
    small = MemoryHost([deals(*(deal(n) for n in range(1, 5)))])
    run(small, MONDAY)
    assert run(small, TUESDAY).verdict.firm == Score(4, 4, None)
    blind = MemoryHost(
        [sheet("Deals", "deal_id stage owner", *([f"D{n}", "Proposal", "Ann"] for n in range(9)))]
    )
    run(blind, MONDAY)
    assert run(blind, TUESDAY).verdict.firm == Score(9, 9, None)


def test_findings_stand_worst_first() -> None:
    """Open before legacy, errors before warnings, then by money."""
    host = MemoryHost([deals(deal(1), deal(2, amount=5.0), deal(3, amount=50.0))])
    run(host, MONDAY)
    for row in (2, 3, 4):
        host.edit("Deals", row, 4, None)
    assert [f.key.row_key for f in run(host, TUESDAY).verdict.findings] == ["d1", "d3", "d2"]


@given(st.dates(date(2020, 1, 1), date(2030, 12, 31)))
def test_a_period_starts_with_its_month_or_quarter(day: date) -> None:
    """Never after the day, always on the first, quarters in January, April, July and October."""
    month, quarter = period_start(day, "month"), period_start(day, "quarter")
    assert quarter <= month <= day
    assert month.day == quarter.day == 1
    assert quarter.month in (1, 4, 7, 10)
    assert (day - quarter).days < 92


@given(st.permutations(range(1, 9)))
def test_row_order_changes_nobodys_score(order: list[int]) -> None:
    """A sort of the sheet is not a fact about the firm (law)."""
    rows = {n: deal(n, owner="Ann" if n % 2 else "Bob") for n in range(1, 9)}
    scores = []
    for keys in (sorted(rows), order):
        host = MemoryHost([deals(*(rows[n] for n in keys))])
        run(host, MONDAY)
        for position, n in enumerate(keys, start=2):
            if n in (2, 3):
                host.edit("Deals", position, 4, None)
        result = run(host, TUESDAY).verdict
        scores.append((result.firm, dict(result.by_owner), {f.id for f in result.findings}))
    assert scores[0] == scores[1]
    assert scores[0][0] == Score(6, 8, 75)


def test_money_is_decimal_and_bears_its_currency() -> None:
    """A blank currency means the firm's own."""
    host = MemoryHost([deals(deal(1, step=False, amount=0.1)), book(("base_currency", "KZT"))])
    finding = found(run(host, MONDAY))["TK01", "d1"]
    assert (finding.amount, finding.currency) == (Decimal("0.1"), "KZT")
