"""The figures behind the pages: money by currency, whom first, pass shares, what moved."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheets_crm import sync
from sheets_crm.findings import Finding, FindingKey, Severity, Status
from sheets_crm.hosts.memory import MemoryHost
from sheets_crm.metrics import hygiene
from sheets_crm.metrics.hygiene import Money, Movement, RuleCount, Share
from sheets_crm.text import same
from tests.audit_firm import FIRST, SECOND, host
from tests.firms import MONDAY, TODAY, deal, deals, run, sheet

OLD = date(2026, 4, 1)


def finding(
    deal: str | None, amount: int | None = None, *, owner: str | None = "Ann", rule: str = "TK01",
    severity: Severity = "error", status: Status = "open", currency: str = "RUB", minutes: int = 2,
) -> Finding:  # fmt: skip
    """A finding on a deal of this amount."""
    words = same("words")
    return Finding(
        FindingKey(rule, "Deals", deal or "row", "next_step"), "name", words, severity, "rep", "Deals", 2, "Deals!A2",
        "next_step", owner, words, words, words, words, words, minutes, deal,
        None if amount is None else Decimal(amount), currency, status=status,
    )  # fmt: skip


amounts = st.lists(
    st.builds(
        finding,
        st.sampled_from(["d1", "d2", "d3", None]),
        st.none() | st.integers(0, 10**9),
        owner=st.sampled_from(["Ann", "Bob", None]),
        severity=st.sampled_from(["error", "warning", "info"]),
        status=st.sampled_from(["open", "legacy", "waived"]),
        currency=st.sampled_from(["RUB", "USD", "EUR"]),
    ),
    max_size=12,
)


# --------------------------------------------------------------------- money


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([], Money()),
        ([finding("d1", 5)], Money(Decimal(5))),
        ([finding("d1", 5), finding("d1", 5, rule="ST05")], Money(Decimal(5))),
        ([finding("d1", 5), finding("d2", 7)], Money(Decimal(12))),
        ([finding("d1", 5), finding("d2", 7, currency="USD")], Money(Decimal(5), (("USD", Decimal(7)),))),
        ([finding("d1", None), finding(None, 9)], Money()),
    ],
    ids=[
        "nothing",
        "one deal",
        "two findings, one deal",
        "two deals",
        "two currencies",
        "no amount, no deal",
    ],
)
def test_money_at_stake_counts_each_deal_once_and_each_currency_apart(
    found: list[Finding], expected: Money
) -> None:
    """Sum over deals, never over findings."""
    assert hygiene.at_stake(found, "RUB") == expected


@given(amounts)
def test_dearest_first_loses_nothing_and_never_puts_a_warning_before_an_error(found: list[Finding]) -> None:
    """Severity, then money in the firm's currency; an amount in another has no known worth (law)."""
    ordered = hygiene.dearest_first(found, "RUB")
    assert sorted(map(id, ordered)) == sorted(map(id, found))
    ranks = [("error", "warning", "info").index(f.severity) for f in ordered]
    assert ranks == sorted(ranks)
    errors = [hygiene.worth(f, "RUB") for f in ordered if f.severity == "error"]
    assert errors == sorted(errors, reverse=True)


@pytest.mark.parametrize(
    ("part", "whole", "expected"), [(0, 3, 0), (1, 8, 13), (1, 3, 33), (2, 3, 67), (3, 3, 100)]
)
def test_a_share_is_whole_per_cent_halves_up(part: int, whole: int, expected: int) -> None:
    """12.5 is 13."""
    assert hygiene.percent(part, whole) == expected


# ------------------------------------------------------------------ whom first


def first(found: list[Finding]) -> list[tuple[str | None, str | None, int, int]]:
    """(owner, deal to start with, errors, money) of each row."""
    talks = hygiene.whom_first(found, "RUB")
    return [(t.owner, t.finding.deal, t.errors, int(t.money.base)) for t in talks]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([finding("d1", 5), finding("d2", 9, owner="Bob")], [("Bob", "d2", 1, 9), ("Ann", "d1", 1, 5)]),
        (
            [finding("d1", 5), finding("d1", 5, rule="ST05"), finding("d2", 9, owner="Bob")],
            [("Ann", "d1", 2, 5), ("Bob", "d2", 1, 9)],
        ),
        ([finding("d1", 5), finding("d2", 6)], [("Ann", "d2", 2, 11)]),
        ([finding("d1", 5), finding("d2", 900, status="legacy")], [("Ann", "d1", 1, 5)]),
        (
            [finding("d1", 900, status="legacy", owner="Bob"), finding("d2", 1)],
            [("Ann", "d2", 1, 1), ("Bob", "d1", 1, 900)],
        ),
        ([finding("d1", 5, severity="warning"), finding("d2", 5, status="waived")], []),
        ([finding("d1", 5, owner=None), finding("d2", 1)], [("Ann", "d2", 1, 1)]),
        (
            [finding(f"d{n}", n, owner=None) for n in range(1, 6)],
            [(None, "d5", 1, 5), (None, "d4", 1, 4), (None, "d3", 1, 3)],
        ),
        (
            [finding("d1", 5, currency="USD"), finding("d2", 1, owner="Bob")],
            [("Bob", "d2", 1, 1), ("Ann", "d1", 1, 0)],
        ),
    ],
    ids=[
        "more money first",
        "two errors on a deal weigh twice",
        "the heaviest deal to start with",
        "open errors leave legacy ones aside",
        "open before legacy, whatever the money",
        "warnings and waived errors do not count",
        "no row without an owner while there are owners",
        "without any owner, deal by deal",
        "another currency has no known weight",
    ],
)
def test_whom_to_talk_to_first(
    found: list[Finding], expected: list[tuple[str | None, str | None, int, int]]
) -> None:
    """One row a person, at most three."""
    assert first(found) == expected


@given(amounts)
def test_nobody_is_named_twice(found: list[Finding]) -> None:
    """At most three rows, each person once, only errors, whatever the findings (law)."""
    talks = hygiene.whom_first(found, "RUB")
    named = [t.owner for t in talks if t.owner]
    assert len(talks) <= 3
    assert len(set(named)) == len(named)
    assert all(t.finding.severity == "error" and t.errors >= t.deals >= 1 for t in talks)


# ------------------------------------------------------------------ five figures


def figures(result: sync.Run) -> dict[str, tuple[int | None, int, int | None]]:
    """Figure to (number, of them legacy, change)."""
    return {f.key: (f.number, f.legacy, f.change) for f in hygiene.five_figures(result.firm, result.verdict)}


def test_the_five_figures_count_everything_and_what_changed() -> None:
    """Legacy is in the number and beside it; the change is against the baseline run; no rule, no number."""
    made = host("en")
    assert figures(run(made, SECOND, write=False)) == {
        "deals_without_task": (7, 2, 4),
        "overdue_tasks": (6, 2, 4),
        "missed_calls": (None, 0, None),
        "wrong_status": (1, 0, 1),
        "wrong_fields": (3, 0, 3),
    }


def test_on_a_first_run_nothing_has_changed() -> None:
    """There is nothing to compare with, which is not the same as no change."""
    result = run(MemoryHost([deals(deal(1, step=False))]), MONDAY)
    assert figures(result)["deals_without_task"] == (1, 1, None)


def test_a_figure_that_was_not_judged_says_why() -> None:
    """Never a zero: the reason is the rule's own, or that there is no such rule."""
    result = run(MemoryHost([sheet("Deals", "deal_id stage", ["D1", "Proposal"])]), MONDAY)
    told = {f.key: f for f in hygiene.five_figures(result.firm, result.verdict)}
    assert told["deals_without_task"].reason == hygiene.why_not("TK01", result.verdict)
    assert "Next date" in (told["deals_without_task"].reason or same("")).en
    assert (told["missed_calls"].reason or same("")).en == "this check does not exist yet"


def test_a_figure_paused_in_between_has_no_change() -> None:
    """The column was gone for a run: what it would have found then is not known."""
    made = MemoryHost([deals(deal(1, step=False), deal(2))])
    run(made, MONDAY)
    made.edit("Deals", 1, 4, "something else")
    assert figures(run(made, TODAY))["deals_without_task"] == (None, 0, None)
    made.edit("Deals", 1, 4, "next_date")
    made.edit("Deals", 2, 3, "Bob")
    assert figures(run(made, TODAY))["deals_without_task"] == (1, 1, None)


# ------------------------------------------------------------------ pass shares


def test_pass_shares_are_of_judged_rows_by_owner() -> None:
    """Legacy does not pass; a check that judged nothing has its rule's reason, and no share."""
    made = MemoryHost(
        [deals(deal(1, step=False), deal(2), deal(3, owner="Bob", step=False), deal(4, stage="Won"))]
    )
    result = run(made, MONDAY)
    shares = hygiene.pass_shares(result.firm, result.verdict, result.checked)
    assert shares["tasks"].firm == Share(1, 3)
    assert shares["tasks"].by_owner == {"Ann": Share(1, 2), "Bob": Share(0, 1)}
    assert shares["cards"].firm == Share(0, 0)
    assert (shares["cards"].reason or same("")).en == "there is no column “Contact” on “Deals”"
    assert "Lost reason" in (shares["lost_reason"].reason or same("")).en


def test_a_row_counts_for_the_person_who_answers_for_it() -> None:
    """Tasks.owner, else the deal's; a card without an owner counts for that of its open deal, as its findings do."""
    made = host("en")
    result = run(made, SECOND, write=False)
    shares = hygiene.pass_shares(result.firm, result.verdict, result.checked)
    assert shares["actions"].by_owner == {"Daria Kim": Share(1, 1)}
    assert (
        sum(share.judged for share in shares["cards"].by_owner.values()) == shares["cards"].firm.judged == 20
    )
    assert None not in shares["cards"].by_owner
    tasks = sheet("Tasks", "task_id deal_id owner due_at", ["T1", "D1", "Bob", OLD], ["T2", "D1", None, OLD])
    result = run(MemoryHost([deals(deal(1)), tasks]), MONDAY)
    assert [result.firm.owner_of(task) for task in result.book.tasks.rows] == ["Bob", "Ann"]


# -------------------------------------------------------------- movement, totals


def test_what_moved_since_the_baseline_run() -> None:
    """New + remaining = all shown now; repaired are only those whose cause is gone."""
    result = run(host("en"), SECOND, write=False)
    moved = hygiene.movement(result.verdict)
    assert moved == Movement(new=14, repaired=2, remaining=5, legacy=5, paused=0, gone=0)
    assert moved.new + moved.remaining == len(result.verdict.findings)


def test_a_first_run_has_no_movement_and_no_score_before() -> None:
    """Nor has the second a score before: the first had none."""
    made = MemoryHost([deals(*(deal(n, step=n > 1) for n in range(1, 7)))])
    result = run(made, FIRST)
    assert hygiene.movement(result.verdict) is None
    assert hygiene.score_before(run(made, MONDAY).firm) is None
    made.edit("Deals", 3, 4, None)
    run(made, MONDAY)
    made.edit("Deals", 3, 4, date(2026, 6, 1))
    assert hygiene.score_before(run(made, TODAY).firm) == 83


def test_rules_are_counted_by_severity_with_legacy_apart() -> None:
    """Most findings first; minutes are of open ones; waived count nowhere."""
    found = [
        finding("d1"), finding("d2", status="legacy"), finding("d3", severity="warning", minutes=5),
        finding("d4", status="waived"), finding("d1", rule="ST05"),
    ]  # fmt: skip
    assert hygiene.by_rule(found) == [
        RuleCount("TK01", same("words"), same("words"), 1, 1, 0, 1, 7),
        RuleCount("ST05", same("words"), same("words"), 1, 0, 0, 0, 2),
    ]


def test_findings_that_stand_behind_others_count_in_a_figure() -> None:
    """The five figures count everything (ruling R5)."""
    result = run(MemoryHost([deals(deal(1), deal(2, step=False))]), MONDAY)
    (shown,) = result.verdict.findings
    behind = shown._replace(key=shown.key._replace(row_key="d1"))
    verdict = replace(result.verdict, hidden=(behind,))
    assert hygiene.five_figures(result.firm, verdict)[0].number == 2
