"""895 real deals, imported and audited: the figures that the first audit of a real firm must show."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from sheets_crm.hosts.xlsx import XlsxHost
from sheets_crm.importer import Imported, convert
from sheets_crm.sheet import LOG_KEY, log_lines
from sheets_crm.sync import Run, run
from tests.shared import shared

MAP = Path(__file__).parents[1] / "docs" / "examples" / "ringostat.toml"
REPORT_PARTS = tuple(f"xl/worksheets/sheet{number}.xml" for number in (3, 4, 5, 6))
LOG_PART = "xl/worksheets/sheet10.xml"
"""The guide, Deals, the four reports, the three rule sheets, and the log that the first run adds."""
FIRST, NEXT = date(2024, 4, 30), date(2024, 5, 1)


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    source = shared("data/ringostat_deals/deals.csv")
    return convert(source, tmp_path_factory.mktemp("ringostat") / "firm.xlsx", MAP, "en")


@pytest.fixture(scope="module")
def first(imported: Imported) -> Run:
    return audited(imported.path, FIRST)


def audited(path: Path, day: date) -> Run:
    return run(XlsxHost(path), today=lambda _: NEXT, as_of=day)


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_five_columns_are_taken_over_and_five_are_listed(imported: Imported) -> None:
    """All 895 rows; every date, stage and reason understood, so there is nothing to note."""
    assert imported.rows == 895
    assert list(imported.columns.values()) == ["created_at", "source", "stage", "lost_reason", "closed_at"]
    assert imported.left_out == (
        "Client CRM", "Client country", "Number of sales reps", "Subscription period", "PPC budget USD",
    )  # fmt: skip
    assert imported.notes == ()


def test_every_deal_is_read_and_accounted_for(first: Run) -> None:
    """895 read = audited + excluded; the firm's six stages and thirty reasons; dates that are dates."""
    deals = first.book.deals
    assert deals.read == len(deals.rows) + len(deals.excluded) == 895
    assert [stage.kind for stage in first.book.stages.rows] == ["active"] * 4 + ["won", "lost"]
    assert len(first.book.reasons.rows) == 30
    assert (deals.rows[0].deal_id, deals.rows[-1].deal_id) == ("D0001", "D0895")
    assert all(deal.created_at for deal in deals.rows)
    assert sum(deal.closed_at is not None for deal in deals.rows) == 658
    assert not deals.problems


def test_the_first_audit_finds_exactly_what_is_there(first: Run) -> None:
    """One loss without a reason, 11 open deals with a closing date, 5 won ones with a reason, 4 closed before created."""
    assert Counter((f.rule, f.field) for f in first.verdict.findings) == {
        ("LS01", "lost_reason"): 1,
        ("ST05", "closed_at"): 11,
        ("ST05", "lost_reason"): 5,
        ("DQ02", "closed_at"): 4,
    }


def test_what_was_there_before_the_rules_is_legacy(first: Run) -> None:
    """Nobody answers for what the first run finds, and there is no score yet."""
    counts = first.verdict.counts
    assert counts == {"error": 0, "warning": 0, "info": 0, "waived": 0, "legacy": 21, "pending": 0}
    assert first.verdict.firm.score is None


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("TK01", "there is no sheet “Tasks” or column “Next date” on “Deals”"),
        ("TK02", "there is no sheet “Tasks” or column “Next date” on “Deals”"),
        ("ST02", "no stage names required fields"),
    ],
)
def test_a_rule_without_its_columns_is_not_checked(first: Run, rule: str, reason: str) -> None:
    """It is named with its reason, and is not among the rules that passed."""
    assert [n.reason.en for n in first.verdict.not_checked if n.rule == rule and n.part is None] == [reason]
    assert rule not in first.verdict.checked


def test_the_same_run_again_changes_no_byte(imported: Imported, first: Run) -> None:
    """Not one byte of the file, and not one backup more."""
    assert first.applied is not None
    assert first.applied.changed
    folder = imported.path.parent
    before = {path: path.read_bytes() for path in folder.rglob("*.xlsx")}
    again = audited(imported.path, FIRST)
    assert again.repeated
    assert again.applied is not None
    assert not again.applied.changed
    assert {path: path.read_bytes() for path in folder.rglob("*.xlsx")} == before


def test_the_next_day_adds_to_the_log_and_touches_no_sheet_of_the_firm(
    imported: Imported, first: Run, tmp_path: Path
) -> None:
    """One line more, the run's own; besides the log only the reports of the day may differ; the verdict is the same."""
    path = tmp_path / "firm.xlsx"
    path.write_bytes(imported.path.read_bytes())
    old, lines = parts(path), log_of(path)
    later = audited(path, NEXT)
    new, now = parts(path), log_of(path)
    assert now[: len(lines)] == lines
    assert [json.loads(line)["e"] for line in now[len(lines) :]] == ["run"]
    changed = {name for name in old.keys() | new.keys() if new.get(name) != old.get(name)}
    assert LOG_PART in changed
    assert {name for name in changed if name.startswith("xl/worksheets/sheet")} <= {*REPORT_PARTS, LOG_PART}
    assert later.verdict.counts == first.verdict.counts
    assert later.verdict.firm.score is None


def log_of(path: Path) -> list[str]:
    snapshot = XlsxHost(path).read(lambda sheets: [s.name for s in sheets if s.report == LOG_KEY])
    return [line.text for grid in snapshot.grids.values() for line in log_lines(grid)]
