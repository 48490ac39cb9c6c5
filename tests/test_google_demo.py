"""The demo firm in a file and in a Google spreadsheet: the same findings, the same texts, the same numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from sheets_crm import sync
from sheets_crm.hosts import Host
from sheets_crm.hosts.xlsx import XlsxHost, create
from sheets_crm.reports import REPORTS
from sheets_crm.sheet import Grid, Position, Value
from sheets_crm.template import pages
from sheets_crm.text import LANGS, Lang
from tests.google.bench import Desk
from tests.google.firm import firm, log_page
from tests.test_hosts import comparable


class Both(NamedTuple):
    """A run on either host, and the spreadsheet."""

    file: sync.Run
    google: sync.Run
    desk: Desk
    in_file: dict[str, Grid]
    in_google: dict[str, Grid]


@pytest.fixture(scope="module", params=LANGS)
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """The firm's template, filled, with the log of seven runs; and the eighth run, written."""
    lang: Lang = request.param
    folder = tmp_path_factory.mktemp(f"demo-{lang}")
    made = firm(lang, deals=60, tasks=300)
    sheets = (*pages(lang, rows=made.made.rows(made.last)), log_page(made.log))
    path = folder / "firm.xlsx"
    create(path, sheets)
    with Desk(sheets, folder, locale="ru_RU" if lang == "ru" else "en_US") as desk:

        def run(host: Host) -> sync.Run:
            return sync.run(host, today=lambda _: made.last, as_of=made.last)

        def whole(host: Host) -> dict[str, Grid]:
            return dict(host.read(lambda found: {sheet.name for sheet in found}).grids)

        file = XlsxHost(path)
        yield Both(run(file), run(desk.host), desk, whole(file), whole(desk.host))


def cells(grid: Grid) -> dict[Position, Value]:
    """What is seen; numbers to nine digits, as two programs compute them.

    Without the log's hashes: they are taken of the cells as the host keeps them, and a day is a number in one.
    """
    return {
        (r, c): _told(comparable(value))
        for r, row in enumerate(grid.rows, 1)
        for c, value in enumerate(row, 1)
        if value not in (None, "")
    }


def _told(value: Value) -> Value:
    if isinstance(value, float):
        return round(value, 9)
    return re.sub("[0-9a-f]{64}", "(hash)", value) if isinstance(value, str) else value


def test_the_findings_are_equal(both: Both) -> None:
    """By id, with everything that is said about them."""
    assert len(both.file.verdict.findings) > 15
    assert both.google.verdict.findings == both.file.verdict.findings


@pytest.mark.parametrize("key", REPORTS)
def test_a_report_shows_the_same_in_both(both: Both, key: str) -> None:
    """Every cell; Google's formulas are computed, the file's results are read."""
    name = REPORTS[key].sheet.get(both.file.book.lang)
    found, expected = cells(both.in_google[name]), cells(both.in_file[name])
    assert len(expected) > 100
    assert found == expected


def test_every_column_to_fix_shows_the_same_in_both(both: Both) -> None:
    """In all tables, the one with rows of two keys among them."""
    shown = 0
    for update in both.file.changes.columns:
        one, other = (
            {r: v for (r, c), v in cells(grids[update.sheet]).items() if c == update.column}
            for grids in (both.in_file, both.in_google)
        )
        assert one == other
        shown += len(one) - 1
    assert shown > 15


def test_the_tables_are_what_they_were(both: Both) -> None:
    """Not one typed cell differs between the two, and the log has the same lines."""
    for name in both.in_file:
        assert cells(both.in_google[name]) == cells(both.in_file[name]), name


def test_running_again_writes_nothing_in_either(both: Both) -> None:
    """What Google computes is what we had expected."""
    assert both.google.applied is not None
    assert both.google.applied.changed
    day = both.google.firm.as_of
    before = both.desk.book
    repeated = sync.run(both.desk.new_host(), today=lambda _: day, as_of=day)
    assert repeated.applied is not None
    assert not repeated.applied.changed
    assert both.desk.book is before


def test_reports_are_native(both: Both) -> None:
    """Charts, folded groups, merges, a filter, a frozen head: made by Google's own means."""
    sheets = {sheet.title: sheet for sheet in both.desk.book.sheets}
    lang = both.file.book.lang
    for key, report in REPORTS.items():
        sheet = sheets[report.sheet.get(lang)]
        (page,) = [page for page in both.google.changes.pages if page.key == key]
        assert len(sheet.charts) == len(page.charts)
        assert len(sheet.merges) == sum(merged[:2] != merged[2:] for merged in page.merges)
        assert bool(sheet.filter) is bool(page.filter)
        folded = [g for g in sheet.groups["ROWS"] if g.get("collapsed")]
        assert bool(folded) is any(row.level and row.hidden for row in page.rows.values())
        for chart, drawn in zip(page.charts, sheet.charts, strict=True):
            basic = drawn["spec"]["basicChart"]
            assert basic["chartType"] == chart.kind.removeprefix("stacked_").upper()
            assert len(basic["series"]) == len(chart.series)
            headed = basic["headerCount"] == 1
            starts = [s["series"]["sourceRange"]["sources"][0]["startRowIndex"] for s in basic["series"]]
            assert starts == [s.values.first_row - 1 - headed for s in chart.series]
            assert headed or not chart.legend  # a legend needs the names of its series
