"""Rules that change: what a stage asks for today binds nobody who left it before."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from sheets_crm.hosts.memory import MemoryHost
from sheets_crm.sheet import Grid, Value
from tests.firms import MONDAY, TODAY, run, sheet

TUESDAY = MONDAY + timedelta(days=1)
NEXT_WEEK = TODAY + timedelta(days=7)
CRITERIA, FIELDS = 4, 5
"""Columns of the sheet Stages."""
STAGE, ENTERED, NEED = 2, 3, 5
"""Columns of the sheet Deals."""


def stages(criteria: str, fields: str = "") -> Grid:
    """Three stages, of which the first asks for something."""
    return sheet(
        "Stages", "stage | order | kind | exit_criteria | required_fields",
        ["New", 1, "active", criteria, fields], ["Proposal", 2, "active", None, None], ["Contract", 3, "active", None, None],
    )  # fmt: skip


def firm(criteria: str, *deals: list[Value], fields: str = "") -> MemoryHost:
    """A firm of these stages; a deal is its ID, stage, entry, source and need."""
    return MemoryHost(
        [sheet("Deals", "deal_id stage stage_entered_at source need", *deals), stages(criteria, fields)]
    )


def blamed(host: MemoryHost, day: date, code: str = "ST01") -> set[tuple[str, str]]:
    """(row key, field) of a rule's findings on a day."""
    result = run(host, day, record=True)
    return {(f.key.row_key, f.key.field) for f in result.verdict.findings if f.rule == code}


@pytest.mark.parametrize("typed", [True, False], ids=["entry typed", "entry seen by the log"])
@pytest.mark.parametrize(
    ("code", "column", "before", "after"),
    [("ST01", CRITERIA, "filled(source)", "filled(source) and filled(need)"), ("ST02", FIELDS, "source", "source, need")],
)  # fmt: skip
def test_a_rule_changed_mid_month_leaves_deals_already_past_that_stage_alone(
    code: str, column: int, before: str, after: str, typed: bool
) -> None:
    """D1 left the stage before the change, D2 on the day of it, D3 the day after: only D3 owes what is new."""
    early = date(2026, 5, 4)
    rows: list[list[Value]] = [["D1", "Contract", early], ["D2", "New", early], ["D3", "New", early]]
    host = firm(before, *rows) if code == "ST01" else firm("", *rows, fields=before)
    run(host, MONDAY)
    host.edit("Stages", 2, column, after)
    host.edit("Deals", 3, STAGE, "Proposal")
    host.edit("Deals", 3, ENTERED, MONDAY if typed else None)
    run(host, TUESDAY)
    host.edit("Deals", 4, STAGE, "Proposal")
    host.edit("Deals", 4, ENTERED, TODAY if typed else None)
    run(host, TODAY)
    assert blamed(host, NEXT_WEEK, code) == {
        ("d1", "source"),
        ("d2", "source"),
        ("d3", "source"),
        ("d3", "need"),
    }


def test_a_field_that_was_blank_when_the_deal_left_is_let_be_and_one_emptied_later_is_not() -> None:
    """In the run that sees the move and in the next one alike."""
    early = date(2026, 5, 4)
    rows: list[list[Value]] = [
        ["D1", "New", early, None],
        ["D2", "New", early, 100.0],
        ["D3", "Proposal", early, None],
    ]
    host = MemoryHost([sheet("Deals", "deal_id stage stage_entered_at amount", *rows), stages("", "amount")])
    assert blamed(host, MONDAY, "ST02") == {("d1", "amount"), ("d3", "amount")}
    for row in (2, 3):
        host.edit("Deals", row, STAGE, "Proposal")
    host.edit("Deals", 3, 4, None)
    for day in (TUESDAY, TODAY, NEXT_WEEK):
        assert blamed(host, day, "ST02") == {("d2", "amount"), ("d3", "amount")}


def test_the_new_criterion_binds_from_the_very_run_that_sees_the_deal_leave() -> None:
    """And says the same on the next day."""
    host = firm("filled(source)", ["D1", "New", None, "Web"])
    run(host, MONDAY)
    host.edit("Stages", 2, CRITERIA, "filled(source) and filled(need)")
    assert blamed(host, TUESDAY) == set()
    host.edit("Deals", 2, STAGE, "Contract")
    assert blamed(host, TODAY) == {("d1", "need")}
    assert blamed(host, NEXT_WEEK) == {("d1", "need")}


def test_a_criterion_that_was_taken_back_is_held_against_nobody() -> None:
    """A mistake of the Head of Sales is mended by mending it."""
    host = firm("filled(need)", ["D1", "Contract", date(2026, 5, 4), "Web"])
    assert blamed(host, MONDAY) == {("d1", "need")}
    host.edit("Stages", 2, CRITERIA, "filled(source)")
    assert blamed(host, TUESDAY) == set()


def test_a_criterion_worded_anew_is_the_same_criterion() -> None:
    """By key, by header or in the other language: the finding keeps its id."""
    host = firm("filled(need)", ["D1", "Contract", date(2026, 5, 4), "Web"])
    first = run(host, MONDAY).verdict.findings
    host.edit("Stages", 2, CRITERIA, "filled(«Потребность»)")
    second = run(host, TUESDAY).verdict.findings
    assert [f.id for f in first if f.rule == "ST01"] == [f.id for f in second if f.rule == "ST01"] != []


def test_a_deal_first_seen_on_the_day_it_was_created_started_where_it_was_seen() -> None:
    """One that was created before may have passed through the first stages unseen."""
    rows: list[list[Value]] = [
        ["D1", "New", MONDAY, "Web", "x", MONDAY],
        ["D2", "Proposal", TUESDAY, None, None, TUESDAY],
        ["D3", "Proposal", TUESDAY, None, None, MONDAY],
    ]
    header = "deal_id stage stage_entered_at source need created_at"
    host = MemoryHost([sheet("Deals", header, rows[0]), stages("filled(need)")])
    run(host, MONDAY)
    for number, row in enumerate(rows[1:], start=3):
        for column, value in enumerate(row, start=1):
            host.edit("Deals", number, column, value)
    assert blamed(host, TUESDAY) == {("d3", "need")}
    host.edit("Deals", 3, STAGE, "Contract")
    assert blamed(host, TODAY) == {("d3", "need")}


def test_a_deal_from_another_pipeline_starts_where_it_came_in() -> None:
    """A pipeline that was blank and is filled in is no move."""
    header = "pipeline | stage | order | exit_criteria"
    orders: list[list[Value]] = [["New", 1, "filled(need)"], ["Next", 2, None], ["Last", 3, None]]
    pipelines = sheet("Stages", header, *([name, *order] for name in "AB" for order in orders))
    rows: list[list[Value]] = [["D1", "A", "New", None], ["D2", "A", "Next", None], ["D3", None, "New", None]]
    host = MemoryHost([sheet("Deals", "deal_id pipeline stage need", *rows), pipelines])
    assert blamed(host, MONDAY) == {("d2", "need")}
    for row in (2, 3, 4):
        host.edit("Deals", row, 2, "B")
        host.edit("Deals", row, 3, "Next")
    assert blamed(host, TUESDAY) == {("d3", "need")}
    for row in (2, 3, 4):
        host.edit("Deals", row, 3, "Last")
    assert blamed(host, TODAY) == {("d3", "need")}


def test_what_cannot_be_known_of_a_criterion_pauses_its_findings() -> None:
    """A column that goes away repairs nothing; criteria that nobody can follow judge nobody, and say so."""
    host = firm("filled(need)", ["D1", "Contract", date(2026, 5, 4), "Web"])
    run(host, MONDAY)
    host.edit("Deals", 1, NEED, "my own column")
    without = run(host, TUESDAY)
    assert [s.key.rule for s in without.verdict.difference.paused] == ["ST01"]
    assert [(n.part, n.reason.en) for n in without.verdict.not_checked if n.rule == "ST01"] == [
        ("need", "there is no column “Need”")
    ]
    host.edit("Deals", 1, NEED, "need")
    host.edit("Stages", 2, CRITERIA, "filled(ned)")
    mistaken = run(host, TODAY)
    assert [(n.rows, n.part) for n in mistaken.verdict.not_checked if n.rule == "ST01"] == [(1, None)]
    assert mistaken.verdict.difference.cleared == ()


def test_a_deal_is_ready_to_move_on_since_its_last_fact_came() -> None:
    """The log knows when the amount was filled in; three working days later it is told."""
    header = "deal_id stage stage_entered_at amount"
    host = MemoryHost([sheet("Deals", header, ["D1", "New", date(2026, 5, 4), None]), stages("amount > 0")])
    run(host, MONDAY)
    host.edit("Deals", 2, 4, 100.0)
    for day, expected in (
        (TUESDAY, set()),
        (date(2026, 5, 22), set()),
        (date(2026, 5, 25), {("d1", "stage")}),
    ):
        assert blamed(host, day, "ST05") == expected
