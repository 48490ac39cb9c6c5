"""The host of Google Sheets on a spreadsheet in which people work while we do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sheets_crm import history, sync
from sheets_crm.book.settings import zone
from sheets_crm.errors import UsageError, WorkbookChanged, WorkbookForbidden
from sheets_crm.hosts.google import GoogleHost, credentials, key_of
from sheets_crm.hosts.google.cells import formula
from sheets_crm.hosts.google.write import _canonical, _canonical_cell
from sheets_crm.sheet import LOG_KEY, Applied, Changes, Doubt, Grid, Value, log_lines
from tests.firms import TODAY, deal, sheet
from tests.google.bench import Desk
from tests.google.book import Book, cells_of
from tests.google.formulas import Fault
from tests.google.server import Trouble

TABLE, FIX = "Deals", "To fix"
HEADER = ("deal_id", "stage", "owner", "next_date", "amount", "created_at", "closed_at")
LATER = date(2026, 5, 19), date(2026, 5, 20)


def table(*numbers: int) -> Grid:
    """Deals of which every second has no next step, and so a finding."""
    return sheet(TABLE, " ".join(HEADER), *(deal(n, step=n % 2 == 0, owner=f"Rep {n}") for n in numbers))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Six deals in a spreadsheet of the firm's own: no sheet and no column of ours."""
    with Desk([table(1, 2, 3, 4, 5, 6)], tmp_path) as made:
        yield made


def run(desk: Desk, day: date = TODAY, *, host: GoogleHost | None = None) -> sync.Run:
    return sync.run(host or desk.new_host(), today=lambda _: TODAY, as_of=day, names=("audit",))


def planned(result: sync.Run) -> dict[str, str]:
    """Deal ID to the text of its row, as the run meant it."""
    (update,) = result.changes.columns
    return {update.keys[row]: text for row, text in update.texts.items() if text}


def marked(desk: Desk, title: str = TABLE) -> dict[str, str]:
    """Deal ID to what a person sees in the To fix column beside it; every text stands beside a deal."""
    seen = desk.seen(title)
    (head,) = [at for at, value in seen.items() if value == FIX]
    (ids,) = [at for at, value in seen.items() if str(value).strip() == "deal_id"]
    return {
        str(seen[row, ids[1]]).casefold(): value
        for (row, column), value in seen.items()
        if column == head[1] and row != head[0]
    }


def typed(desk: Desk, title: str = TABLE) -> list[list[Any]]:
    """All that people typed, row by row without blanks: our column is a formula and is not among it."""
    rows: dict[int, dict[int, Any]] = {}
    for (row, column), cell in desk.sheet(title).cells.items():
        if cell.kind and cell.kind != "formulaValue":
            rows.setdefault(row, {})[column] = cell.value
    return [[line[c] for c in sorted(line)] for _, line in sorted(rows.items())]


def dimension(rows: bool, first: int, last: int) -> dict[str, Any]:
    return {
        "sheetId": 0,
        "dimension": "ROWS" if rows else "COLUMNS",
        "startIndex": first - 1,
        "endIndex": last,
    }


def inserted(rows: bool, at: int) -> dict[str, Any]:
    return {"insertDimension": {"range": dimension(rows, at, at)}}


def new_deal(desk: Desk) -> None:
    for column, value in enumerate(("D7", "Proposal", "Rep 7"), start=1):
        desk.type(TABLE, 8, column, value)


SORTED = {
    "sortRange": {
        "range": {"sheetId": 0, "startRowIndex": 1, "endRowIndex": 7, "startColumnIndex": 0, "endColumnIndex": 20},
        "sortSpecs": [{"dimensionIndex": 2, "sortOrder": "DESCENDING"}],
    }
}  # fmt: skip
EDITS: dict[str, Callable[[Desk], None]] = {
    "a sort": lambda d: d.do(SORTED),
    "a row inserted right below the header": lambda d: d.do(inserted(True, 2)),
    "a row inserted in the middle": lambda d: d.do(inserted(True, 4)),
    "a row inserted above the header": lambda d: d.do(inserted(True, 1)),
    "a column inserted before the first": lambda d: d.do(inserted(False, 1)),
    "a column inserted in the middle": lambda d: d.do(inserted(False, 4)),
    "a renamed header": lambda d: d.type(TABLE, 1, 3, "Who"),
    "a renamed ID header": lambda d: d.type(TABLE, 1, 1, "deal_id "),
    "a deleted deal": lambda d: d.do({"deleteDimension": {"range": dimension(True, 4, 4)}}),
    "a new deal": new_deal,
    "a new column at the end": lambda d: d.type(
        TABLE, 1, max(c for r, c in d.seen(TABLE) if r == 1) + 1, "Notes"
    ),
    "another reading by a second person": lambda d: d.type(TABLE, 3, 5, 999),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
@pytest.mark.parametrize("again", [False, True], ids=["first run", "later run"])
def test_whatever_people_do_meanwhile_no_other_deal_is_marked(
    desk: Desk, edit: Callable[[Desk], None], again: bool
) -> None:
    """Between our read and our write: every text stands beside its own deal, and nothing that was typed is lost."""
    if again:
        run(desk, LATER[0])
        desk.type(TABLE, 2, 4, 46200)
        desk.type(TABLE, 5, 4, None)
    kept: list[Any] = []

    def meanwhile() -> None:
        edit(desk)
        kept.extend(typed(desk))

    desk.emulator.before_write.append(meanwhile)
    meant = planned(run(desk))
    assert typed(desk) == kept
    seen = marked(desk)
    assert {key: meant.get(key) for key in seen} == seen
    assert len(meant) >= 3


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_the_next_run_is_right_whatever_people_did(desk: Desk, edit: Callable[[Desk], None]) -> None:
    """Even where the first texts could not be shown, the run after it shows all, once, under one header."""
    desk.emulator.before_write.append(lambda: edit(desk))
    run(desk, LATER[0])
    before = typed(desk)
    meant = planned(run(desk))
    seen = desk.seen(TABLE)
    ids = next(at for at, value in seen.items() if str(value).strip() == "deal_id")
    fixes = [at for at, value in seen.items() if value == FIX]
    assert len(fixes) == 1
    assert fixes[0][0] == ids[0]
    shown = {
        str(seen[row, ids[1]]).casefold(): v
        for (row, c), v in seen.items()
        if c == fixes[0][1] and row > ids[0]
    }
    assert shown == meant
    assert typed(desk) == before


def test_a_row_without_an_id_of_its_own_keeps_its_text_through_a_sort(tmp_path: Path) -> None:
    """Two deals with one ID, and tables without IDs: the text stays with the row's content."""
    rows: list[list[Value]] = [
        ["D1", "Proposal", "Ann", None, 100.5],
        ["D1", "Proposal", "Bob", None, 200],
        ["D2", "Won", "Cid", None, 1],
    ]
    with Desk([sheet(TABLE, " ".join(HEADER[:5]), *rows)], tmp_path) as desk:
        result = run(desk)
        (update,) = result.changes.columns
        meant = {rows[row - 2][2]: text for row, text in update.texts.items() if text}
        assert {"Ann", "Bob"} <= meant.keys()
        desk.do(SORTED)
        seen = desk.seen(TABLE)
        assert {seen[row, 3]: v for (row, c), v in seen.items() if c == 6 and row > 1} == meant


def test_an_id_that_is_typed_twice_later_on_is_met(desk: Desk) -> None:
    """The formula knew rows by their IDs alone; from now on it tells these two apart by what else stands in them."""
    run(desk, LATER[0])
    formula_before = desk.sheet(TABLE).cells[0, 7].value
    assert "~" not in formula_before
    desk.type(TABLE, 4, 1, "D1")
    (update,) = run(desk).changes.columns
    desk.do(SORTED)
    seen = desk.seen(TABLE)
    shown = {seen[row, 3]: value for (row, column), value in seen.items() if column == 8 and row > 1}
    assert shown == {f"Rep {row - 1}": text for row, text in update.texts.items() if text}
    assert shown["Rep 1"] != shown["Rep 5"]


def test_a_typed_column_is_taken_over_with_its_header(tmp_path: Path) -> None:
    """The firm's own words stay; old texts (an uploaded .xlsx has them) make way for the formula's."""
    grid = table(1, 2, 3)
    rows = [
        [*row, *extra] for row, extra in zip(grid.rows, (["hygiene"], ["✗ old [TK01]"], [], []), strict=True)
    ]
    with Desk([Grid(TABLE, rows)], tmp_path) as desk:
        meant = planned(run(desk))
        seen = desk.seen(TABLE)
        assert seen[1, 8] == "hygiene"
        assert {f"d{row - 1}": v for (row, c), v in seen.items() if c == 8 and row > 1} == meant


# ------------------------------------------------------- what people do to what is ours


def test_a_text_typed_into_our_column_is_taken_away_by_the_next_run(desk: Desk) -> None:
    """It blocks the formula (#REF! in the header); the next run still knows its column and mends it."""
    meant = planned(run(desk))
    desk.type(TABLE, 3, 8, "mine!")
    assert desk.seen(TABLE)[1, 8] == Fault("#REF!")
    run(desk)
    assert marked(desk) == meant


@pytest.mark.parametrize("title", ["hygiene", "To fix", "Что исправить"])
def test_a_header_typed_over_our_formula_stays(desk: Desk, title: str) -> None:
    """The formula is put back, and says what the person typed."""
    meant = planned(run(desk))
    desk.type(TABLE, 1, 8, title)
    assert marked(desk) == {} if title == FIX else True
    run(desk)
    seen = desk.seen(TABLE)
    assert seen[1, 8] == title
    assert {f"d{row - 1}": v for (row, c), v in seen.items() if c == 8 and row > 1} == meant


DAMAGE: dict[str, Callable[[Desk], None]] = {
    "our hidden sheet is deleted": lambda d: d.do({"deleteSheet": {"sheetId": d.sheet("sheets_crm_to_fix").id}}),
    "our named range is deleted": lambda d: d.do({"deleteNamedRange": {"namedRangeId": d.book.named[-1]["namedRangeId"]}}),
    "our column is deleted": lambda d: d.do({"deleteDimension": {"range": dimension(False, 8, 8)}}),
    "the ID column is moved": lambda d: d.do(inserted(False, 1)),
    "our hidden sheet is renamed": lambda d: d.rename("sheets_crm_to_fix", "what is this"),
    "our hidden sheet is renamed and our column deleted": lambda d: d.do(
        {"updateSheetProperties": {"properties": {"sheetId": d.sheet("sheets_crm_to_fix").id, "title": "?"}, "fields": "title"}},
        {"deleteDimension": {"range": dimension(False, 8, 8)}},
    ),
    "our report is deleted": lambda d: d.do({"deleteSheet": {"sheetId": d.sheet("Audit").id}}),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_what_is_ours_is_made_anew_if_someone_takes_it_away(
    desk: Desk, damage: Callable[[Desk], None]
) -> None:
    """The next run stands as the first did, and the log has gone on."""
    run(desk, LATER[0])
    damage(desk)
    meant = planned(run(desk))
    assert marked(desk) == meant
    assert desk.seen("Audit")
    rows = desk.book.values("sheets_crm_log", "UNFORMATTED_VALUE")["values"]
    lines = log_lines(Grid(LOG_KEY, rows))
    assert history.chain(lines).broken_at is None
    assert len(history.read_past(lines).runs) == 2


def test_a_report_that_someone_typed_into_is_put_right(desk: Desk) -> None:
    """A repeated run writes nothing, unless what we wrote is no longer what stands there."""
    run(desk)
    assert run(desk).applied == Applied(changed=False)
    before = desk.seen("Audit")
    at = next(at for at, value in before.items() if value == "TK01")
    desk.type("Audit", *at, "all fine")
    result = run(desk).applied
    assert result is not None
    assert result.changed
    assert desk.seen("Audit") == before


def test_nothing_of_an_earlier_report_is_left(desk: Desk) -> None:
    """Groups, merges, charts and filters of the report that was replaced are gone; it is still one sheet, in its place."""
    run(desk, LATER[0])
    first = desk.sheet("Audit")
    desk.rename("Audit", "Monday")
    for row in range(2, 8):
        desk.type(TABLE, row, 4, 46200)
    run(desk)
    fresh = desk.sheet("Monday")
    assert fresh.id == first.id
    with_one = {len(getattr(fresh, name)) for name in ("protected", "metadata")}
    assert with_one == {1}
    assert len(fresh.charts) <= 1
    inside = [m for m in fresh.merges if m["endRowIndex"] <= fresh.height]
    assert inside == fresh.merges
    assert all(at[0] < fresh.height and at[1] < fresh.width for at in fresh.cells)


def test_reports_warn_before_they_are_edited_and_the_log_is_hidden(desk: Desk) -> None:
    """A protection with a warning stops no one, least of all us; what is not for people is hidden."""
    run(desk)
    told = {
        s.title: (s.properties.get("hidden", False), [p["warningOnly"] for p in s.protected])
        for s in desk.book.sheets
    }
    assert told == {
        TABLE: (False, []), "Audit": (False, [True]), "sheets_crm_log": (True, [True]), "sheets_crm_to_fix": (True, [True]),
    }  # fmt: skip
    assert [s.name for s in desk.host.read(lambda _: ()).sheets] == [TABLE, "Audit", "sheets_crm_log"]


# ---------------------------------------------------------------- conditional formats

OWN = {
    "ranges": [{"sheetId": 0, "startRowIndex": 0, "endRowIndex": 9, "startColumnIndex": 0, "endColumnIndex": 2}],
    "booleanRule": {
        "condition": {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": '=$B1="Won"'}]},
        "format": {"textFormat": {"bold": True}},
    },
}  # fmt: skip


def test_a_firms_own_conditional_formats_are_left_alone(desk: Desk) -> None:
    """Ours come after them, once; a format that was added above ours does not confuse us."""
    desk.do({"addConditionalFormatRule": {"rule": OWN, "index": 0}})
    run(desk, LATER[0])
    assert desk.sheet(TABLE).formats[0] == OWN
    desk.do({"addConditionalFormatRule": {"rule": OWN, "index": 1}}, inserted(False, 1))
    run(desk)
    marks = [next((m for m in "✗!i" if f'"{m} "' in f), "") for f in desk.highlights(TABLE)]
    assert marks == ["", "", "✗", "!", "i"]


def test_a_format_that_has_to_change_is_changed_only_where_it_was_seen(desk: Desk) -> None:
    """Someone has thrown our columns about: the format is corrected, and not if the sheet changed in that moment."""
    run(desk, LATER[0])
    broken = {**desk.sheet(TABLE).formats[1], "ranges": OWN["ranges"]}
    desk.do({"updateConditionalFormatRule": {"sheetId": 0, "index": 1, "rule": broken}})
    host = desk.new_host()
    snapshot = host.read(lambda sheets: {s.name for s in sheets})
    desk.do({"addConditionalFormatRule": {"rule": OWN, "index": 0}})
    changes = sync.audit(snapshot, "x", today=lambda _: TODAY, as_of=TODAY, names=()).changes
    with pytest.raises(WorkbookChanged):
        host.apply(changes, snapshot)
    run(desk)
    formats = desk.sheet(TABLE).formats
    assert formats[0] == OWN
    assert "endRowIndex" not in formats[2]["ranges"][0]


# ------------------------------------------------------------------------- fills


def test_blank_ids_are_filled_and_judged(tmp_path: Path) -> None:
    """As on every host: the new IDs stand in their rows, and To fix knows the rows by them."""
    rows: list[list[Value]] = [["D7" if n == 2 else None, *deal(n, step=False)[1:]] for n in (1, 2, 3)]
    with Desk([sheet(TABLE, " ".join(HEADER), *rows)], tmp_path) as desk:
        meant = planned(run(desk))
        seen = desk.seen(TABLE)
        assert [seen[row, 1] for row in (2, 3, 4)] == ["D0008", "D7", "D0009"]
        assert marked(desk) == meant
        assert meant.keys() == {"d0008", "d7", "d0009"}


def test_a_clock_in_a_cell_does_not_stop_the_filling(tmp_path: Path) -> None:
    """NOW() gives another fraction at every reading: nothing has moved for that."""
    rows: list[list[Value]] = [[None, "Proposal", "Ann", 46161.5], ["D7", "Proposal", "Bob", None]]
    with Desk([sheet(TABLE, "deal_id stage owner next_date", *rows)], tmp_path) as desk:
        snapshot = desk.host.read(lambda sheets: {s.name for s in sheets})
        changes = sync.audit(snapshot, "x", today=lambda _: TODAY, as_of=TODAY, names=()).changes
        desk.type(TABLE, 2, 4, 46161.50001)
        assert desk.host.apply(changes, snapshot).changed
        assert desk.seen(TABLE)[2, 1] == "D0008"


def test_a_blank_id_is_not_filled_if_its_sheet_has_changed(tmp_path: Path) -> None:
    """IDs are written by place, so any change since the reading stops the run: nobody's ID is overwritten."""
    rows: list[list[Value]] = [[None, "Proposal", "Ann"], ["D7", "Proposal", "Bob"]]
    with Desk([sheet(TABLE, "deal_id stage owner", *rows)], tmp_path) as desk:
        snapshot = desk.host.read(lambda sheets: {s.name for s in sheets})
        changes = sync.audit(snapshot, "x", today=lambda _: TODAY, as_of=TODAY).changes
        assert changes.fills
        desk.do(inserted(True, 2))
        before = desk.book
        with pytest.raises(WorkbookChanged, match="Воронка was changed"):
            desk.host.apply(changes, snapshot)
        assert desk.book is before


# ------------------------------------------------------------------------ reading


@pytest.mark.parametrize(
    ("stated", "told"),
    [("Pacific/Auckland", "Pacific/Auckland"), ("GMT+05:00", "Etc/GMT-5"), ("GMT-11:00", "Etc/GMT+11")],
)
def test_the_spreadsheets_own_time_zone_is_told(tmp_path: Path, stated: str, told: str) -> None:
    """Today is the firm's today; Google's own way to name a zone is put into the usual one."""
    with Desk([table(1)], tmp_path, zone=stated) as desk:
        assert desk.host.read(lambda _: ()).time_zone == told
    assert zone(told) is not None


def test_errors_and_values_still_loading_are_doubts(tmp_path: Path) -> None:
    """What a person sees in such a cell is no value."""
    shown = ["#REF!", "#N/A", "Loading...", "#hashtag", "text"]
    with Desk([Grid("S", [shown])], tmp_path) as desk:
        grid = desk.host.read(lambda _: {"S"}).grids["S"]
    assert grid.doubts == {
        (1, 1): Doubt("error", "#REF!"), (1, 2): Doubt("error", "#N/A"), (1, 3): Doubt("formula", "Loading..."),
    }  # fmt: skip


def test_hundreds_of_sheets_are_asked_for_in_several_requests(tmp_path: Path) -> None:
    """An address can only be so long; no sheet is left out."""
    names = [f"Лист номер {n} с длинным названием" for n in range(120)]
    with Desk([Grid(name, [[float(n)]]) for n, name in enumerate(names)], tmp_path) as desk:
        grids = desk.host.read(lambda _: names).grids
        assert {name: grid.value(1, 1) for name, grid in grids.items()} == {
            n: float(at) for at, n in enumerate(names)
        }
        assert len(desk.emulator.calls) > 2


@pytest.mark.parametrize("name", ["It's 50%", "Q1", "A1:B2", "Имя!", "R1C1", "план/факт", "100"])
def test_a_sheet_may_be_called_anything(tmp_path: Path, name: str) -> None:
    """Read and written by its title, whatever that looks like."""
    grid = table(1, 2)
    with Desk([Grid(name, grid.rows)], tmp_path) as desk:
        meant = planned(run(desk))
        assert marked(desk, name) == meant


# ---------------------------------------------------------------------- formulas


CELL = st.one_of(
    st.none(), st.booleans(), st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=70),
    st.floats(-1e9, 1e9, allow_nan=False), st.integers(-(10**9), 10**9).map(float), st.sampled_from(["#REF!", "=1", "01"]),
)  # fmt: skip


@given(CELL, st.sampled_from([None, 60]))
@example(value=-0.0005, cut=None)
@example(value=1.0005, cut=None)
@example(value="a" * 59 + "🙂", cut=60)
def test_a_row_is_known_by_the_same_text_here_and_there(value: Value, cut: int | None) -> None:
    """What the formula makes of a cell is what we make of it: else a row would not find its text."""
    book, _ = Book("k", "t", locale="ru_RU").changed(
        [{"addSheet": {"properties": {"title": "S", "sheetId": 0}}}]
    )
    book.own(0).cells.update(dict(cells_of([[value]])))
    made = f"={_canonical_cell('A', 1, cut).replace('A$1:A', 'A1')}"
    row = [{"values": [{"userEnteredValue": {"formulaValue": made}}]}]
    start = {"sheetId": 0, "columnIndex": 5}
    book, _ = book.changed([{"updateCells": {"start": start, "rows": row, "fields": "*"}}])
    seen = book.shown(book.sheets[0])[0, 5]
    assert seen == _canonical(value, cut)


@pytest.mark.parametrize(
    ("ours", "everywhere"),
    [
        ("=SUM(A1,B1)", "=SUM(A1;B1)"),
        ('=COUNTIF($E$1:$E$9,"a,b")', '=COUNTIF($E$1:$E$9;"a,b")'),
        ("=IF(A1=1,0.95,0.90)", "=IF(A1=1;(95/100);(90/100))"),
        ("=SUM('План, факт'!A1,2)", "=SUM('План, факт'!A1;2)"),
        ('="he said ""a,b"""&C2', '="he said ""a,b"""&C2'),
        ("=ROUND(E26*F26/100,2)", "=ROUND(E26*F26/100;2)"),
    ],
)
def test_a_formula_is_written_as_every_locale_takes_it(ours: str, everywhere: str) -> None:
    """`;` separates arguments in all locales, and a fraction has neither point nor comma."""
    assert formula(ours) == everywhere


@pytest.mark.parametrize("locale", ["en_US", "ru_RU"])
def test_what_a_person_sees_is_the_same_in_every_locale(tmp_path: Path, locale: str) -> None:
    """The formulas of To fix, of links and of reports are computed in both."""
    with Desk([table(1, 2, 3)], tmp_path, locale=locale) as desk:
        meant = planned(run(desk))
        assert marked(desk) == meant
        assert not [v for s in desk.book.sheets for v in desk.book.shown(s).values() if isinstance(v, Fault)]


# ------------------------------------------------------------------------- parts


def test_what_is_too_large_goes_in_parts_and_the_log_comes_last(tmp_path: Path) -> None:
    """It says so, and the end is the same as in one part."""
    with Desk([table(*range(1, 30))], tmp_path, most_bytes=8_000) as desk:
        result = run(desk)
        applied, meant = result.applied, planned(result)
        assert applied is not None
        assert applied.reason is not None
        assert "parts, the log last" in applied.reason.en
        writes = [c for c in desk.emulator.calls if c.method == "spreadsheets.batchUpdate"]
        assert len(writes) > 2
        assert marked(desk) == meant
        assert run(desk).applied == Applied(changed=False)


def log_of(desk: Desk) -> tuple[int, bool]:
    """(runs in the log, whether it is whole)."""
    rows = desk.book.values("sheets_crm_log", "UNFORMATTED_VALUE").get("values", [])
    lines = log_lines(Grid(LOG_KEY, rows))
    return len(history.read_past(lines).runs), history.chain(lines).broken_at is None


def test_a_log_that_is_too_large_by_itself_is_never_half_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lines wait beside it until all have come, and are moved in one step: whatever stops the run in between."""
    monkeypatch.setattr("sheets_crm.hosts.google.report._A_CHUNK", 900)
    most = 3_000
    with Desk([table(*range(1, 40))], tmp_path) as desk:
        meant = planned(run(desk))
        whole, log = desk.seen("Audit"), desk.seen("sheets_crm_log")
    (tmp_path / "2").mkdir()
    with Desk([table(*range(1, 40))], tmp_path / "2", most_bytes=most) as desk:
        for stop in range(1, 400, 5):
            steps = iter(range(10_000))

            def hand(at: int = stop, counted: Iterator[int] = steps) -> None:
                desk.emulator.forbidden = next(counted) == at
                desk.emulator.before_write.append(hand)

            desk.emulator.before_write.append(hand)
            try:
                run(desk)
            except WorkbookForbidden:
                titles = [sheet.title for sheet in desk.book.sheets]
                assert "sheets_crm_log" not in titles or log_of(desk) == (0, True)
            else:
                break
            finally:
                desk.emulator.before_write.clear()
                desk.emulator.forbidden = False
        assert log_of(desk) == (1, True)
        assert marked(desk) == meant
        assert desk.seen("Audit") == whole
        assert desk.seen("sheets_crm_log") == log
        assert stop > 20


def test_what_google_finds_too_large_goes_in_smaller_parts(desk: Desk) -> None:
    """413 is no end: the same changes are sent again in parts."""
    desk.emulator.fail(Trouble("413", "write"))
    result = run(desk)
    assert result.applied is not None
    assert result.applied.changed
    assert marked(desk) == planned(result)


def test_googles_own_limit_is_met_by_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that Google finds too large by its size in bytes: the same changes are sent again in parts."""
    monkeypatch.setattr("tests.google.server.MOST_BYTES", 25_000)
    monkeypatch.setattr("sheets_crm.hosts.google._SMALL", 20_000)
    with Desk([table(1, 2, 3)], tmp_path) as desk:
        result = run(desk)
        assert result.applied is not None
        assert result.applied.reason is not None
        assert marked(desk) == planned(result)
        writes = [c for c in desk.emulator.calls if c.method == "spreadsheets.batchUpdate"]
        assert writes[0].code == 400
        assert all(c.sent < 25_000 for c in writes[1:])


def test_a_column_is_added_at_the_very_edge_of_a_sheet(tmp_path: Path) -> None:
    """A sheet without a single free column gets one."""
    with Desk([table(1, 2, 3)], tmp_path) as desk:
        grid = {"sheetId": 0, "gridProperties": {"rowCount": 10, "columnCount": len(HEADER)}}
        fields = "gridProperties.rowCount,gridProperties.columnCount"
        desk.do({"updateSheetProperties": {"properties": grid, "fields": fields}})
        meant = planned(run(desk))
        assert marked(desk) == meant
        assert desk.sheet(TABLE).width == len(HEADER) + 1


def test_a_change_in_the_middle_of_the_parts_is_mended_by_the_next_run(tmp_path: Path) -> None:
    """Permission is withdrawn after the second part: a sentence says what is half done, and running again completes it."""
    with Desk([table(*range(1, 30))], tmp_path, most_bytes=8_000) as desk:
        steps = iter(range(99))

        def stop() -> None:
            desk.emulator.forbidden = next(steps) == 1
            desk.emulator.before_write.append(stop)

        desk.emulator.before_write.append(stop)
        with pytest.raises(Exception, match="Some reports are already new, the log is not"):
            run(desk)
        desk.emulator.before_write.clear()
        desk.emulator.forbidden = False
        meant = planned(run(desk))
        assert marked(desk) == meant
        rows = desk.book.values("sheets_crm_log", "UNFORMATTED_VALUE")["values"]
        assert len(history.read_past(log_lines(Grid(LOG_KEY, rows))).runs) == 1


# ---------------------------------------------------------------------- addresses

KEY = "1aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789abcdefg"
GOOD = (
    KEY,
    f" {KEY}\n",
    f"https://docs.google.com/spreadsheets/d/{KEY}",
    f"https://docs.google.com/spreadsheets/d/{KEY}/edit#gid=0",
    f"https://docs.google.com/spreadsheets/d/{KEY}/edit?usp=sharing",
    f"https://docs.google.com/spreadsheets/u/1/d/{KEY}/edit",
    f"https://docs.google.com/a/firm.kz/spreadsheets/d/{KEY}/edit",
)
BAD = (
    "", "short", f"http://docs.google.com/spreadsheets/d/{KEY}", f"https://docs.google.com.evil.example/spreadsheets/d/{KEY}",
    f"https://docs.google.com/document/d/{KEY}", f"https://evil.example/?https://docs.google.com/spreadsheets/d/{KEY}",
    f"{KEY}/../x", "https://docs.google.com/spreadsheets/d/e/2PACX-1v/pubhtml",
)  # fmt: skip


@pytest.mark.parametrize("address", GOOD)
def test_an_address_gives_the_key(address: str) -> None:
    """As it is copied from a browser's address bar, or the key alone."""
    assert key_of(address) == KEY


@pytest.mark.parametrize("address", BAD)
def test_what_is_no_address_is_refused(address: str) -> None:
    """One sentence; nothing is asked of anyone."""
    with pytest.raises(UsageError, match="is not the address of a Google spreadsheet"):
        key_of(address)


LOOPBACK = ("http://127.0.0.1:8080", "http://[::1]:8080/", "http://localhost:1", "http://127.8.9.1:80")
ELSEWHERE = (
    "http://example.com", "https://sheets.googleapis.com", "http://10.0.0.1:8080", "http://127.0.0.1.evil.example",
    "http://user@127.0.0.1", "ftp://127.0.0.1", "127.0.0.1:8080", "http://0.0.0.0:80", "http://127.0.0.1/path", "http://",
)  # fmt: skip


@pytest.mark.parametrize("stated", LOOPBACK)
def test_an_endpoint_of_this_computer_is_taken(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, stated: str
) -> None:
    """For tests, proxies and emulators."""
    monkeypatch.setenv("SHEETS_CRM_GOOGLE_ENDPOINT", stated)
    GoogleHost(KEY, credentials(desk.account))


@pytest.mark.parametrize("stated", ELSEWHERE)
def test_an_endpoint_elsewhere_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch, stated: str) -> None:
    """No one can have our token sent to them by setting a variable."""
    monkeypatch.setenv("SHEETS_CRM_GOOGLE_ENDPOINT", stated)
    with pytest.raises(UsageError, match="only an address of this computer"):
        GoogleHost(KEY, credentials(desk.account))


def test_a_run_asks_twice_and_writes_once(desk: Desk) -> None:
    """At the first run, at a later one; a repeated run only asks."""
    counted = []
    for day in (*LATER, LATER[1]):
        desk.emulator.calls.clear()
        run(desk, day)
        counted.append([call.method.removeprefix("spreadsheets.") for call in desk.emulator.calls])
    assert counted == [["get", "values.batchGet", "batchUpdate"]] * 2 + [["get", "values.batchGet"]]


def test_nothing_to_say_asks_for_nothing(desk: Desk) -> None:
    """No changes: no request at all."""
    snapshot = desk.host.read(lambda _: {TABLE})
    desk.emulator.calls.clear()
    assert not desk.host.apply(Changes(), snapshot).changed
    assert desk.emulator.calls == []


def test_values_are_never_parsed(desk: Desk) -> None:
    """What looks like a formula, a number or a date stays the text that it is, in our sheets too."""
    traps: list[Value] = ['=HYPERLINK("x")', "+7 999", "0012", "2026-05-01", "TRUE", "#REF!", "'42", "@all"]
    for row, trap in enumerate(traps[:6], start=2):
        desk.type(TABLE, row, 3, trap)
    run(desk)
    kinds = {c.kind for s in desk.book.sheets for c in s.cells.values() if c.value in traps}
    assert kinds == {"stringValue"}
