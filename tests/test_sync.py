"""The whole road on real files: what a run writes, what a second run leaves alone, what other programs may do between."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter  # type: ignore[import-untyped]

from sheets_crm import sync, template
from sheets_crm.history import chain, log_of
from sheets_crm.hosts.memory import MemoryHost
from sheets_crm.hosts.xlsx import XlsxHost, create
from sheets_crm.sheet import Changes, Page, Value
from sheets_crm.text import LANGS, Lang
from tests.firms import MONDAY, TODAY, deal, deals, run
from tests.libreoffice import convert, sort_and_save
from tests.packages import with_parts
from tests.shared import shared

TUESDAY = MONDAY + timedelta(days=1)


def firm_rows(lang: Lang, **changes: Value) -> dict[str, list[dict[str, Any]]]:
    """Eight deals of two reps in the ready-made stages, long in them; the first three have faults."""
    stages = [s["stage"] for s in template.default_stages(lang)]
    made = [
        {
            "name": f"Сделка {n}" if lang == "ru" else f"Deal {n}", "stage": stages[n % 5], "owner": "Анна" if n % 2 else "Bob",
            "next_step": "позвонить" if n != 1 else None, "next_date": date(2026, 6, 1) if n != 1 else None,
            "amount": n * 1000.0 if n != 2 else -5.0, "created_at": date(2026, 4, n), "stage_entered_at": date(2026, 5, 1),
            "closed_at": date(2026, 5, 2) if n == 3 else None, "source": "сайт", "product": "x", "company_id": "ООО",
            "contact_id": "Иван", "need": "n", "decision_maker": "d", "expected_close": date(2026, 7, 1),
            "quote_link": "http://x", "terms": "t", "deal_id": f"D{n:04}" if n != 4 else None,
            **changes,
        }
        for n in range(1, 9)
    ]  # fmt: skip
    team = [{"user": "Анна", "role": "rep"}, {"user": "Bob", "role": "rep"}]
    return {"Deals": made, "Team": team}


def workbook(path: Path, lang: Lang = "en", **changes: Value) -> Path:
    """A firm's workbook from the template, its deals with these changes."""
    create(path, template.pages(lang, rows=firm_rows(lang, **changes)))
    return path


def audited(path: Path, day: date) -> sync.Run:
    """A written run over a file, its clock standing at that day."""
    return sync.run(XlsxHost(path), today=lambda _: day, as_of=day)


def parts(path: Path) -> dict[str, bytes]:
    """Every part of a package, inflated."""
    with zipfile.ZipFile(path) as package:
        return {info.filename: package.read(info) for info in package.infolist()}


@pytest.mark.parametrize("lang", LANGS)
def test_the_same_run_again_changes_no_byte(tmp_path: Path, lang: Lang) -> None:
    """Not even a backup is made."""
    path = workbook(tmp_path / "firm.xlsx", lang)
    first = audited(path, MONDAY)
    before, files = path.read_bytes(), sorted(tmp_path.rglob("*"))
    second = audited(path, MONDAY)
    assert first.applied is not None
    assert first.applied.changed
    assert second.repeated
    assert second.applied is not None
    assert not second.applied.changed
    assert path.read_bytes() == before
    assert sorted(tmp_path.rglob("*")) == files


def test_the_next_days_run_adds_log_lines_and_changes_only_what_changed(tmp_path: Path) -> None:
    """The log and the Audit differ, with the Audit's own looks and names; the user's sheets are the same bytes.

    The deals have not been too long in their stage, so that no finding counts their days.
    """
    path = workbook(tmp_path / "firm.xlsx", stage="Proposal", stage_entered_at=MONDAY - timedelta(days=6))
    found = audited(path, MONDAY).verdict.findings
    before = parts(path)
    result = audited(path, TUESDAY)
    after = parts(path)
    changed = {name for name in before if before[name] != after[name]}
    assert len(found) >= 3
    added = set(after) - set(before)
    assert set(before) <= set(after)
    assert all(name.startswith(("xl/charts/", "xl/drawings/", "xl/worksheets/_rels/")) for name in added)
    assert [json.loads(line.text)["e"] for line in result.changes.log] == ["run", "judged", "judged"]
    sheets = [name for name in before if name.startswith("xl/worksheets/sheet")]
    reports = {f"xl/worksheets/sheet{number}.xml" for number in (6, 7, 8, 9)}
    log = f"xl/worksheets/sheet{len(sheets)}.xml"
    assert log in changed
    assert changed.intersection(sheets) <= {*reports, log}
    ours = (
        "xl/worksheets/",
        "[Content_Types].xml",
        "xl/charts/",
        "xl/drawings/",
        "xl/styles.xml",
        "xl/workbook.xml",
    )
    assert all(name.startswith(ours) for name in changed)


def test_a_dry_run_says_what_a_written_run_would_and_writes_nothing(tmp_path: Path) -> None:
    """The same findings, ids, statuses and changes."""
    path = workbook(tmp_path / "firm.xlsx")
    before = path.read_bytes()
    dry = sync.run(XlsxHost(path), today=lambda _: MONDAY, write=False)
    assert path.read_bytes() == before
    assert dry.applied is None
    wet = audited(path, MONDAY)
    assert wet.verdict.findings == dry.verdict.findings
    assert wet.changes == dry.changes


@pytest.mark.parametrize(
    ("day", "record", "written"),
    [
        (MONDAY, False, False),
        (TODAY, False, True),
        (TODAY + timedelta(days=1), False, False),
        (TODAY + timedelta(days=1), True, True),
    ],
    ids=["before the last run", "today", "the future", "the future, to be recorded"],
)
def test_only_runs_that_go_forward_are_written(day: date, record: bool, written: bool) -> None:
    """An earlier day, or a future one without --record, is shown and not written, with one sentence."""
    host = MemoryHost([deals(deal(1, step=False))])
    run(host, TUESDAY)
    count = len(host.log_lines)
    result = run(host, day, record=record)
    assert (result.obstacle is None) == (result.applied is not None) == written
    assert (len(host.log_lines) > count) == written


def test_mondays_second_run_tells_what_was_repaired_and_the_third_is_silent() -> None:
    """New and repaired are counted against the run before, which the log remembers."""
    host = MemoryHost([deals(deal(1, step=False), deal(2, step=False), deal(3))])
    run(host, MONDAY)
    host.edit("Deals", 2, 4, date(2026, 6, 1))
    host.edit("Deals", 4, 4, None)
    for repeated in (False, True):
        result = run(host, MONDAY)
        change = result.verdict.difference
        assert (len(change.cleared), len(change.opened), result.repeated) == (1, 1, repeated)
        assert result.baseline is not None
        assert result.baseline.number == 1


def test_ids_are_filled_once_before_judging() -> None:
    """A dry run and the runs after agree on the key of the row; only the blank cell is written."""
    host = MemoryHost([deals(deal(1), [None, *deal(2, step=False)[1:]])])
    dry = run(host, MONDAY, write=False)
    wet = run(host, MONDAY)
    again = run(host, MONDAY)
    assert (
        [f.id for f in dry.verdict.findings]
        == [f.id for f in wet.verdict.findings]
        == [f.id for f in again.verdict.findings]
    )
    assert [fill.value for fill in wet.changes.fills] == ["D0002"]
    assert again.changes.fills == ()
    assert again.repeated


def test_a_firms_own_sheet_called_audit_is_left_alone() -> None:
    """Ours takes a free name."""
    from tests.firms import sheet

    host = MemoryHost([deals(deal(1)), sheet("Audit", "our own notes", ["keep", "this", "please"])])
    result = run(host, MONDAY)
    assert [page.name for page in result.changes.pages] == ["Audit (2)"]
    assert host.read(lambda s: [x.name for x in s]).grids["Audit"].rows[1][0] == "keep"


# ------------------------------------------------------------ LibreOffice


@pytest.mark.parametrize("lang", LANGS)
def test_a_sort_and_save_in_libreoffice_breaks_nothing(tmp_path: Path, lang: Lang) -> None:
    """Highlights light the same cells, links lead to the same deals, the log is whole, our sheets are still ours.

    The run after it is of the same day, for some findings count days.
    """
    path = workbook(tmp_path / "firm.xlsx", lang)
    first = audited(path, MONDAY)
    sheet = first.book.deals.sheet or ""
    sorted_path = sort_and_save(path, sheet, first.book.deals.positions["amount"], tmp_path / "lo")
    snapshot = XlsxHost(sorted_path).read(lambda sheets: [s.name for s in sheets])
    log = log_of(snapshot)
    assert {s.report for s in snapshot.sheets if s.report} == {
        "audit",
        "forecast",
        "conversion",
        "bonus",
        "log",
    }
    assert chain(log).broken_at is None
    assert chain(log).head == first.head
    after = audited(sorted_path, MONDAY)
    assert not after.repeated
    assert [d.amount for d in after.book.deals.rows] != [d.amount for d in first.book.deals.rows]
    assert {f.id for f in after.verdict.findings} == {f.id for f in first.verdict.findings}
    assert after.verdict.difference.opened == ()
    assert after.verdict.difference.cleared == ()
    texts = {d.deal_id: after.book.deals.raw(d.row, "hygiene") for d in after.book.deals.rows}
    again = {d.deal_id: after.changes.columns[0].texts[d.row] or None for d in after.book.deals.rows}
    assert texts == again
    assert lit(sorted_path, sheet) == {
        (f.row, f.field) for f in after.verdict.findings if f.key.table == "Deals"
    }  # fmt: skip


def test_a_firms_own_column_to_fix_keeps_every_word() -> None:
    """Ours stands beside it under a name of its own and is found again there."""
    grid = deals([*deal(1, step=False), "ask Bob"], deal(2))
    host = MemoryHost([replace(grid, rows=[[*grid.rows[0], "To fix"], *grid.rows[1:]])])
    for day in (MONDAY, MONDAY, TODAY):
        run(host, day)
        header, row, _ = host.read(lambda _: ("Deals",)).grids["Deals"].rows
        assert (header[7:], row[7]) == (("To fix", "To fix (2)"), "ask Bob")
        assert str(row[8]).startswith("✗ deal_id: ")


@pytest.mark.parametrize("result", ["", "#N/A"])
def test_a_firms_own_column_to_fix_keeps_its_formulas(tmp_path: Path, result: str) -> None:
    """Blank so far, they are nobody's words, so the run stops and says why; an error is somebody's: ours goes beside."""
    path = tmp_path / "firm.xlsx"
    grid = deals(deal(1, step=False), deal(2))
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet("Deals")
        for number, row in enumerate([[*grid.rows[0], "To fix"], *grid.rows[1:]]):
            page.write_row(number, 0, [value for value in row if not isinstance(value, date)])
        for number in (1, 2):
            page.write_formula(number, 7, f'=IF(E{number + 1}>500,"call me","")', None, result)
    # Blank as Excel stores it once it has computed it.
    computed = {"xl/worksheets/sheet1.xml": lambda xml: xml.replace(b'"><f>', b'" t="str"><f>')}
    before = path.read_bytes() if result else with_parts(path.read_bytes(), computed)
    path.write_bytes(before)
    done = audited(path, MONDAY).applied
    assert done is not None
    if result:
        cells = openpyxl.load_workbook(path)["Deals"]
        assert [cells.cell(row, 8).value for row in (2, 3)] == [f'=IF(E{n}>500,"call me","")' for n in (2, 3)]
        assert cells.cell(1, 9).value == "To fix (2)"
    else:
        assert path.read_bytes() == before
        assert done.reason is not None
        assert "Deals!H2 stands in a column called “To fix”" in done.reason.en


def lit(path: Path, sheet: str) -> set[tuple[Any, str]]:
    """(row, column key) of the cells that the highlights light up, by the formulas' own meaning."""
    from sheets_crm.book.tables import match_headers
    from sheets_crm.schema import TABLES

    ws: Any = openpyxl.load_workbook(path)[sheet]
    header: list[Any] = [c.value for c in ws[1]]
    keys: dict[Any, str] = {at[0]: key for key, at in match_headers(TABLES["Deals"], header).items()}
    fix = next(at for at, key in keys.items() if key == "hygiene")
    found: set[tuple[Any, str]] = set()
    for area in ws.conditional_formatting:
        for rule in area.rules:
            mark = next((m for m in "✗!i" if rule.formula and f'"{m} "' in rule.formula[0]), None)
            if mark is None:
                continue
            for row in ws.iter_rows(min_row=2):
                for cell in row:
                    said = row[fix - 1].value or ""
                    if cell.coordinate in area and f"{mark} {header[cell.column - 1]}:" in said:
                        found.add((cell.row, keys[cell.column]))
    return found


@pytest.mark.parametrize("name", ["poi__64450.xlsx", "xlwings__simulation.xlsm"])
def test_charts_pivots_and_macros_of_a_firms_own_workbook_stay_byte_for_byte(
    tmp_path: Path, name: str
) -> None:
    """A Deals sheet is grafted in by the patcher itself; after a run every foreign part is the same, and it opens."""
    path = tmp_path / name
    path.write_bytes(shared(f"corpus/{name}").read_bytes())
    original = parts(path)
    host = XlsxHost(path)
    host.apply(Changes(pages=_sheets(("Deals", "Stages"))), host.read(lambda _: ()))
    grafted = parts(path)
    result = audited(path, MONDAY)
    assert result.applied is not None
    assert result.applied.changed
    assert result.applied.beside is None
    assert len(result.verdict.findings) >= 3
    ours = {"[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml"}
    for before in (original, grafted):
        after = parts(path)
        foreign = set(before) - ours - {n for n in before if n not in original} - {"xl/calcChain.xml"}
        assert {n: after[n] for n in foreign} == {n: before[n] for n in foreign}
    assert convert(path, "pdf", tmp_path / "lo").stat().st_size > 0
    before_bytes = path.read_bytes()
    audited(path, MONDAY)
    assert path.read_bytes() == before_bytes


def _sheets(keys: Sequence[str]) -> tuple[Page, ...]:
    made = template.pages("en", rows=firm_rows("en"), tables=keys)
    return tuple(page for page in made if page.name in keys)
