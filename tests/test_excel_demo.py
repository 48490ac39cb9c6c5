"""The demo firm in a file and open in Excel: the same findings, the same texts, the same looks."""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

import pytest

from sheets_crm import sync
from sheets_crm.hosts import Host
from sheets_crm.hosts.xlsx import XlsxHost, create
from sheets_crm.reports import REPORTS
from sheets_crm.sheet import Grid, Position, Value
from sheets_crm.template import pages
from sheets_crm.text import LANGS, Lang, Text
from tests.excel import model
from tests.excel.bench import FACES, Screen
from tests.google.firm import firm, log_page
from tests.test_hosts import comparable


class Both(NamedTuple):
    """A run on a file and one on the same workbook open in Excel."""

    file: sync.Run
    excel: sync.Run
    screen: Screen
    path: Path
    in_file: dict[str, Grid]
    in_excel: dict[str, Grid]


@pytest.fixture(scope="module", params=[(lang, face) for lang in LANGS for face in FACES], ids="-".join)
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Both:
    """The firm's template, filled, with the log of seven runs; and the eighth run, written."""
    lang: Lang
    lang, face = request.param
    folder = tmp_path_factory.mktemp(f"demo-{lang}-{face}")
    made = firm(lang, deals=60, tasks=300)
    sheets = (*pages(lang, rows=made.made.rows(made.last)), log_page(made.log))
    path = folder / "in-a-file.xlsx"
    create(path, sheets)
    screen = Screen(sheets, folder, face)

    def run(host: Host) -> sync.Run:
        return sync.run(host, today=lambda _: made.last, as_of=made.last)

    def whole(host: Host) -> dict[str, Grid]:
        return dict(host.read(lambda found: {sheet.name for sheet in found}).grids)

    file = XlsxHost(path)
    return Both(run(file), run(screen.host), screen, path, whole(file), whole(screen.host))


def cells(grid: Grid) -> dict[Position, Value]:
    """What is seen; numbers to nine digits, as two programs compute them."""
    return {
        (r, c): round(shown, 9) if isinstance(shown := comparable(value), float) else shown
        for r, row in enumerate(grid.rows, 1)
        for c, value in enumerate(row, 1)
        if value not in (None, "")
    }


def test_the_findings_are_equal(both: Both) -> None:
    """By id, with everything that is said about them."""
    assert len(both.file.verdict.findings) > 15
    assert both.excel.verdict.findings == both.file.verdict.findings


def test_the_run_is_the_same_run(both: Both) -> None:
    """The same key and the same seal: whoever runs the file next repeats the run of Excel, and writes nothing."""
    assert both.excel.entry == both.file.entry
    assert both.excel.head == both.file.head


def test_every_sheet_shows_the_same_in_both(both: Both) -> None:
    """Reports, To fix, the tables, the log: every cell; what Excel computes is what the file holds."""
    assert set(both.in_excel) == set(both.in_file)
    for name in both.in_file:
        assert cells(both.in_excel[name]) == cells(both.in_file[name]), name
    assert all(len(cells(both.in_excel[r.sheet.get(both.file.book.lang)])) > 100 for r in REPORTS.values())


def test_grids_are_the_same_down_to_their_types(both: Both) -> None:
    """Days are days, truths are truths; doubts, hidden rows, tables and merged cells stand at the same places.

    But the template's lookups have no results in a file that no spreadsheet program has saved yet; Excel has them.
    """
    reports = {report.sheet.get(both.file.book.lang) for report in REPORTS.values()}
    for name, grid in both.in_file.items():
        other = both.in_excel[name]
        for row, (one, two) in enumerate(zip_longest(grid.rows, other.rows, fillvalue=()), 1):
            kinds = [[type(v) for v in line if v not in (None, "")] for line in (one, two)]
            assert kinds[0] == kinds[1], (name, row)
        doubts = {at: doubt for at, doubt in grid.doubts.items() if doubt.kind != "formula"}
        assert (doubts, grid.tables, grid.may_grow) == (other.doubts, other.tables, other.may_grow)
        if (
            name not in reports
        ):  # which no run reads; after so many questions it is not asked for more merged cells
            assert (grid.hidden_rows, set(grid.merged)) == (other.hidden_rows, set(other.merged))


def test_reports_look_the_same_in_both(both: Both) -> None:
    """Looks, merges, heights, widths, groups, charts, frozen rows, print set-up."""
    file = model.App().open(both.path)
    for report in REPORTS.values():
        name = report.sheet.get(both.file.book.lang)
        found, expected = both.screen.sheet(name), file.sheet(name)
        assert expected is not None
        assert expected.looks
        assert sorted(found.merges) == sorted(expected.merges)
        assert found.print_area.replace("$", "") == expected.print_area
        for part in (
            "looks",
            "heights",
            "widths",
            "freeze",
            "tab",
            "gridlines",
            "title_rows",
            "notes",
            "visible",
        ):
            assert getattr(found, part) == getattr(expected, part), (name, part)
        if both.screen.host.desk.renews_all:
            for part in ("levels", "hidden_rows", "charts"):
                assert getattr(found, part) == getattr(expected, part), (name, part)
        elif expected.levels or expected.charts:
            assert (found.levels, found.hidden_rows, found.charts) == ({}, set(), [])
            assert both.excel.applied is not None
            assert name in (both.excel.applied.note or Text("", "")).ru


def test_highlights_are_the_same_in_both(both: Both) -> None:
    """Each once, over the same cells, in the same colours; none ends the others."""
    file = model.App().open(both.path)
    shown = 0
    for sheet in both.screen.book.sheets:
        other = file.sheet(sheet.name)
        assert other is not None
        rules = [
            sorted((r.formula, r.areas, r.fill, r.color, r.stop) for r in each.rules)
            for each in (sheet, other)
        ]
        assert rules[0] == rules[1], sheet.name
        shown += len(rules[0])
    assert shown > 10


def test_running_again_writes_nothing(both: Both) -> None:
    """The second click leaves every cell as it is."""
    assert both.excel.applied is not None
    assert both.excel.applied.changed
    day = both.excel.firm.as_of
    before = both.screen.everything()
    repeated = sync.run(both.screen.new_host(), today=lambda _: day, as_of=day)
    assert repeated.repeated
    assert repeated.applied is not None
    assert not repeated.applied.changed
    assert both.screen.everything() == before
