"""The log: the same lines for the same story, a past that can be read back, and a chain that shows any tampering."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheets_crm.findings import FindingKey
from sheets_crm.history import canonical, chain, read_past, scalar, seal
from sheets_crm.hosts.memory import MemoryHost
from sheets_crm.sheet import LogLine
from tests.firms import MONDAY, TODAY, deal, deals, found, run

TUESDAY = MONDAY + timedelta(days=1)
STEP, STAGE = 4, 2
"""Columns of the test firm's Deals sheet."""


def story(host: MemoryHost) -> list[str]:
    """The kinds of events in the log, in order, without what every run writes."""
    return [
        kind
        for line in host.log_lines
        if (kind := json.loads(line.text)["e"]) not in ("run", "seen", "judged")
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (Decimal("10.50"), "10.5"), (Decimal("1E+3"), "1000"), (Decimal("0.00"), "0"), (date(2026, 5, 1), "2026-05-01"),
     (datetime(2026, 5, 1, 9), "2026-05-01T09:00"), ("Анна", "Анна"), ("x" * 500, "x" * 399 + "…")],
)  # fmt: skip
def test_scalars_are_strings_that_every_host_returns(value: Any, text: str) -> None:
    """ISO dates, the shortest decimal, nothing for nothing; long texts are cut."""
    assert scalar(value) == text


def test_a_line_is_canonical_ascii_json() -> None:
    """Sorted keys, no spaces, escapes for everything beyond ASCII."""
    assert canonical({"b": "я", "a": ["1"]}) == '{"a":["1"],"b":"\\u044f"}'


def test_the_first_run_sees_every_deal_and_opens_every_finding() -> None:
    """One run line with its seal; one seen line for each deal."""
    host = MemoryHost([deals(deal(1), deal(2, step=False))])
    run(host, MONDAY)
    first, *rest = host.log_lines
    assert json.loads(first.text)["as_of"] == "2026-05-18"
    assert first.seal == seal("", [line.text for line in host.log_lines])
    assert all(line.seal is None for line in rest)
    assert [json.loads(line.text)["e"] for line in rest] == ["seen", "seen", "opened", "judged"]
    assert all(len(line.text) <= 8000 and line.text.isascii() for line in host.log_lines)


def test_a_finding_keeps_its_id_until_it_is_cleared_and_gets_a_new_one_when_it_comes_back() -> None:
    """Cleared and back on one day is the same occurrence; back on a later day is the next one."""
    host = MemoryHost([deals(deal(1, step=False))])
    ids = [found(run(host, MONDAY))["TK01", "d1"].id]
    for day, step in (
        (TUESDAY, date(2026, 6, 1)),
        (TUESDAY, None),
        (TUESDAY, date(2026, 6, 2)),
        (TODAY, None),
    ):
        host.edit("Deals", 2, STEP, step)
        result = found(run(host, day))
        if finding := result.get(("TK01", "d1")):
            ids.append(finding.id)
            assert finding.occurrence == len(set(ids))
    assert ids[0] == ids[1] != ids[2]
    assert story(host) == ["opened", "cleared", "opened", "cleared", "opened"]


def test_not_judged_is_paused_and_a_missing_row_is_gone_and_neither_is_repaired() -> None:
    """Coming back resumes the finding with its first day."""
    host = MemoryHost([deals(deal(1, step=False), deal(2, step=False))])
    run(host, MONDAY)
    host.edit("Deals", 1, STEP, "my own column")
    paused = run(host, TUESDAY)
    assert [s.key.row_key for s in paused.verdict.difference.paused] == ["d1", "d2"]
    assert paused.verdict.difference.cleared == ()
    host.edit("Deals", 1, STEP, "next_date")
    for column in range(1, 8):
        host.edit("Deals", 3, column, None)
    back = run(host, TODAY)
    assert found(back)["TK01", "d1"].first_seen == MONDAY
    assert found(back)["TK01", "d1"].occurrence == 1
    assert story(host) == ["opened", "opened", "paused", "paused", "gone", "opened"]


def test_a_deal_that_leaves_takes_its_findings_along_as_gone() -> None:
    """Neither repaired nor new: the row is not there any more."""
    host = MemoryHost([deals(deal(1, step=False), deal(2))])
    run(host, MONDAY)
    for column in range(1, 8):
        host.edit("Deals", 2, column, None)
    result = run(host, TUESDAY)
    assert [s.key.row_key for s in result.verdict.difference.gone] == ["d1"]
    assert result.verdict.difference.cleared == ()


def test_changes_of_tracked_fields_are_recorded_with_both_values() -> None:
    """Stage and owner among them; the day of entry into a stage is known from then on."""
    host = MemoryHost([deals(deal(1))])
    run(host, MONDAY)
    host.edit("Deals", 2, STAGE, "Contract")
    result = run(host, TUESDAY)
    later = run(host, TODAY)
    (line,) = [json.loads(x.text) for x in host.log_lines if json.loads(x.text)["e"] == "changed"]
    assert (line["f"], line["from"], line["to"]) == ("stage", "Proposal", "Contract")
    assert later.firm.past.entered(result.book.deals.rows[0]) == TUESDAY


def test_a_new_or_doubled_id_is_not_followed_from_edit_to_edit() -> None:
    """Rows known only by a hash of their text write no seen lines."""
    host = MemoryHost([deals(deal(1), deal(1))])
    run(host, MONDAY)
    assert not [x for x in host.log_lines if json.loads(x.text)["e"] == "seen"]


KEY = FindingKey("TK01", "Deals", "d1", "next_step")


def test_ids_depend_on_the_key_and_the_occurrence_alone() -> None:
    """Fixed for ever: an appeal of last year must still find its finding."""
    assert KEY.id(1) == "2WX23OG7RGDH"
    assert KEY.id(2) != KEY.id(1)
    assert FindingKey("TK01", "Deals", "d1", "next_step", "x").id(1) != KEY.id(1)


def log_of_three_runs() -> list[LogLine]:
    """A log with a few events in each of three runs."""
    host = MemoryHost([deals(deal(1, step=False), deal(2), deal(3, step=False))])
    run(host, MONDAY)
    host.edit("Deals", 2, STEP, date(2026, 6, 1))
    run(host, TUESDAY)
    host.edit("Deals", 3, STEP, None)
    run(host, TODAY)
    return list(host.log_lines)


LOG = log_of_three_runs()


def test_a_log_left_alone_is_whole() -> None:
    """Its head is the seal of the last run."""
    assert chain(LOG) == (read_past(LOG).head, None)


@given(st.integers(0, len(LOG) - 1), st.sampled_from(["change", "delete", "swap", "unseal"]), st.data())
def test_any_tampering_breaks_the_chain(index: int, how: str, data: st.DataObject) -> None:
    """A changed, deleted or moved line is found, wherever it is; so is a wiped seal."""
    log = list(LOG)
    if how == "change":
        text = log[index].text
        at = data.draw(st.integers(0, len(text) - 1))
        log[index] = LogLine(text[:at] + chr((ord(text[at]) + 1) % 128) + text[at + 1 :], log[index].seal)
    elif how == "delete":
        del log[index]
    elif how == "swap":
        other = data.draw(st.integers(0, len(log) - 1))
        log[index], log[other] = log[other], log[index]
    else:
        log[index] = LogLine(log[index].text, None)
    if log != LOG and log != LOG[: len(log)]:
        assert chain(log).broken_at is not None


@given(st.lists(st.text(max_size=40), max_size=12))
def test_lines_that_are_not_ours_are_passed_over(lines: list[str]) -> None:
    """A log sheet that someone typed into is no reason to fail."""
    assert read_past([LogLine(text, None) for text in lines]).runs == ()
