"""A workbook open in Excel: names and addresses, faults, a busy Excel, two clicks, how often Excel is asked.

What every host must do is in test_hosts.py, the whole firm in test_excel_demo.py, the button in test_excel_button.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter  # type: ignore[import-untyped]

from sheets_crm import sync
from sheets_crm.cli.session import open_host
from sheets_crm.errors import (
    UsageError,
    WorkbookError,
    WorkbookForbidden,
    WorkbookInUse,
    WorkbookNotFound,
    WorkbookUnreadable,
    WorkbookUnsafe,
)
from sheets_crm.hosts.excel import ExcelHost
from sheets_crm.hosts.excel.desk import moved
from sheets_crm.hosts.excel.patience import LASTING, PAUSES
from sheets_crm.hosts.xlsx import XlsxHost
from sheets_crm.hosts.xlsx.splice import NOT_BLANK, NOT_FREE
from sheets_crm.sheet import (
    Area,
    Cell,
    Changes,
    Chart,
    Fill,
    Grid,
    LogLine,
    Page,
    Print,
    RowFormat,
    Series,
    Snapshot,
    Style,
    TableGrowth,
    Value,
)
from tests.excel import fake_com, memory_engine, model
from tests.excel.bench import FACES, Screen, failing
from tests.test_hosts import DEALS, ROWS, TO_FIX, deals, everything, highlight, report, seen, to_fix

Open = Callable[..., Screen]
RUN = date(2026, 5, 18)


@pytest.fixture(params=FACES)
def screen(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Opens a workbook of pages in Excel on Windows, or in the engine in memory."""

    def opened(*pages: Page, **options: Any) -> Screen:
        return Screen(pages, tmp_path, request.param, **options)

    return opened


def whole(host: ExcelHost) -> Snapshot:
    return host.read(lambda sheets: {sheet.name for sheet in sheets})


def write(screen: Screen, changes: Changes) -> bool:
    host = screen.new_host()
    return host.apply(changes, whole(host)).changed


def rich_report(text: str, *, rows: int = 3) -> Page:
    """A report with all that a report may have: a chart, merges, heights, folded rows, areas to print."""
    cells = {(1, 1): Cell(text, Style(bold=True, size=14)), (2, 1): Cell("x"), (2, 2): Cell("y")}
    cells |= {(n, 1): Cell(f"r{n}", Style(fill="#FFFF00", wrap=True)) for n in range(3, 3 + rows)}
    cells |= {(n, 2): Cell(n, Style(format="0.00")) for n in range(3, 3 + rows)}
    last = 2 + rows
    series = Series("y", Area(3, 1, last, 1), Area(3, 2, last, 2), "#4472C4")
    return Page(
        "audit", "Аудит", cells, merges=(Area(1, 1, 1, 4),),
        rows={1: RowFormat(30), 4: RowFormat(level=1, hidden=True), 5: RowFormat(level=1, hidden=True)},
        charts=(Chart("bar", "y", (series,), (2, 5)),), filter=Area(2, 1, last, 2),
        print=Print(area=Area(1, 1, last, 4)), tab="#4472C4",
        owned=True,
    )  # fmt: skip


# ------------------------------------------------------------------- names and addresses

ADDRESSES = {
    "a local file": (r"C:\Firm\Pipeline.xlsx", "Pipeline.xlsx"),
    "SharePoint": (
        "https://firm.sharepoint.com/teams/Sales/Shared%20Documents/Pipeline.xlsx",
        "Pipeline.xlsx",
    ),
    "OneDrive": ("https://d.docs.live.net/0a1b/Pipeline.xlsx", "Pipeline.xlsx"),
    "an equals sign": (r"C:\Firm\plan=fact.xlsm", "plan=fact.xlsm"),
    "an ampersand": (r"C:\Firm\R&D.xlsm", "R&D.xlsm"),
    "a space": (r"C:\Firm\Sales pipeline 2026.xlsm", "Sales pipeline 2026.xlsm"),
    "Cyrillic": (r"C:\Фирма\Воронка продаж.xlsm", "Воронка продаж.xlsm"),
    "never saved": ("Book1", "Book1"),
}


@pytest.mark.parametrize(("path", "name"), ADDRESSES.values(), ids=ADDRESSES)
def test_a_workbook_of_any_name_and_place_is_read_and_written(screen: Open, path: str, name: str) -> None:
    """Its path is never asked for (the engine in memory fails if it is); it is found again by its name."""
    open_ = screen(deals(), name=path)
    assert open_.host.label == name
    assert write(open_, everything())
    open_.xlwings_book()
    found = open_host(f"excel:{name}")
    assert isinstance(found, ExcelHost)
    assert found.label == name
    assert whole(found).report_sheet("audit") == "Аудит"
    assert not any("FullName" in call for call in open_.app.calls)


@pytest.mark.parametrize(
    ("path", "beside"), [("{here}/firm.xlsx", True), ("https://x.sharepoint.com/teams/a/firm.xlsx", False)]
)
def test_a_file_that_goes_with_it_is_put_where_it_can_be(tmp_path: Path, path: str, beside: bool) -> None:
    """Beside the workbook, if its folder is on this computer; an address is no folder."""
    open_ = Screen([deals()], tmp_path, "windows", name=path.format(here=tmp_path))
    folder = open_.host.desk.folder
    assert (folder == tmp_path) is beside
    assert folder.is_dir()


def test_the_active_workbook_is_meant_without_a_name(screen: Open, tmp_path: Path) -> None:
    """`excel:` is what a person looks at."""
    open_ = screen(deals())
    open_.app.books.append(model.loaded(open_.app, tmp_path / "firm.xlsx", r"C:\other.xlsx"))
    open_.xlwings_book()
    assert open_host("excel:").label == "other.xlsx"
    assert open_host("excel:FIRM.xlsx").label == "firm.xlsx"


def test_a_workbook_that_is_not_open_is_told_with_those_that_are(screen: Open) -> None:
    """One sentence, from which the right name can be copied."""
    screen(deals(), name=r"C:\R&D plan.xlsx").xlwings_book()
    with pytest.raises(WorkbookNotFound) as refused:
        open_host("excel:Deals.xlsx")
    assert "“Deals.xlsx” is not open in Excel; open are: excel:R&D plan.xlsx." in refused.value.message.en


def test_no_open_workbook_is_told(screen: Open) -> None:
    """Excel runs, but nothing is open."""
    open_ = screen(deals())
    open_.xlwings_book()
    open_.app.books.clear()
    with pytest.raises(WorkbookNotFound) as refused:
        open_host("excel:")
    assert "No workbook is open in Excel" in refused.value.message.en


def test_a_computer_without_excel_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Linux."""
    import xlwings
    from xlwings.main import Engines

    monkeypatch.setattr(xlwings, "engines", Engines())
    with pytest.raises(UsageError) as refused:
        open_host("excel:Deals.xlsx")
    assert "There is no Excel on this computer" in refused.value.message.en


# ------------------------------------------------------------------- what stands in cells


@pytest.mark.parametrize("since_1904", [False, True], ids=["since 1900", "since 1904"])
def test_cells_come_out_as_the_file_host_gives_them(screen: Open, tmp_path: Path, since_1904: bool) -> None:
    """Days, hours, money, errors, truths, texts that look like something else: value and type, cell by cell."""
    path = tmp_path / "odd.xlsx"
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "date_1904": since_1904})
    sheet = book.add_worksheet(DEALS)
    for column, code in enumerate(
        ("yyyy-mm-dd", "dd.mm.yyyy hh:mm", "hh:mm", "[h]:mm", "#,##0.00 $", "0%", "@")
    ):
        look = book.add_format({"num_format": code})
        for row, number in enumerate((1, 59, 60, 61, 366.5, 45000, 45000.123456, 1001.0, 0.25, 0.123456789)):
            sheet.write_number(row, column, number, look)
    texts = ("00123", "=cmd", "'42", "#REF!", "+7 999", "TRUE", "2026-03-05", " x ", "1e5", "@all", "-")
    for row, text in enumerate(texts, start=10):
        sheet.write_string(row, 0, text)
    for row, value in enumerate((True, False, 1001.0, 1200000.55, -7, 0.1 + 0.2), start=30):
        sheet.write(row, 1, value)
    for row, code in enumerate(
        ("#REF!", "#N/A", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#VALUE!"), start=40
    ):
        sheet.write_formula(row, 2, f"={code}", None, code)
    book.close()
    open_ = screen(deals())
    open_.app.books.append(open_.app.open(path))
    open_.book = open_.app.books[-1]
    file = XlsxHost(path).read(lambda _: {DEALS}).grids[DEALS]
    live = whole(open_.new_host()).grids[DEALS]
    for row in range(1, 50):
        for column in range(1, 12):
            if since_1904 and open_.face == "memory" and (row in (9, 10) or column == 4):
                continue  # hours come with a day of 1904 there
            one, two = file.value(row, column), live.value(row, column)
            assert (type(one or ""), _near(one)) == (type(two or ""), _near(two)), (row, column)
    assert {at: doubt.raw for at, doubt in live.doubts.items()} == {
        at: doubt.raw for at, doubt in file.doubts.items()
    }
    assert len(live.doubts) == 7


def _near(value: Value) -> Value:
    return round(value, 12) if isinstance(value, float) else (value or "")


@pytest.mark.parametrize(
    "text", ["00123", "=cmd|' /C calc'!A0", "+7 999", "@all", "TRUE", "1/2", "2026-05-19", "#REF!"]
)
def test_a_text_stays_a_text_wherever_it_is_written(screen: Open, text: str) -> None:
    """No formula, no number, no day: in an ID, in To fix, in a report, in the log."""
    open_ = screen(deals())
    assert write(
        open_,
        Changes(
            fills=(Fill(DEALS, 3, 1, text),), columns=(to_fix({2: text, 3: "", 4: ""}),),
            pages=(report("Аудит", text),), log=(LogLine(text),), log_name="_log",
        ),
    )  # fmt: skip
    for sheet, at in ((DEALS, (3, 1)), (DEALS, (2, TO_FIX)), ("Аудит", (1, 1)), ("_log", (1, 1))):
        cell = open_.sheet(sheet).cells[at]
        assert (cell.value, cell.formula) == (text, None)


def test_a_text_of_any_length_is_written(screen: Open) -> None:
    """Longer ones than an array may hold go by themselves."""
    text = "Ж" * 20_000
    open_ = screen(deals())
    assert write(open_, Changes(pages=(report("Аудит", text),)))
    assert open_.sheet("Аудит").value((1, 1)) == text


# ------------------------------------------------------------------- all or nothing


def full(*, text: str) -> Changes:
    """Each kind of change, a report that stands and a new one among them."""
    return Changes(
        fills=(Fill(DEALS, 3, 1, "D0004"),),
        columns=(to_fix({2: text, 3: "", 4: ""}),),
        highlights=(highlight("✗"), highlight("!", "#FFEB9C")),
        tables=(TableGrowth(DEALS, Area(1, 1, 4, 4), Area(1, 1, 4, 5)),),
        pages=(rich_report(text, rows=9), report("Прогноз", text, key="forecast")),
        log=(LogLine('{"kind":"run"}', "9f" * 32), LogLine('{"kind":"seen"}')),
        log_name="_log",
    )


def with_table(open_: Screen) -> Screen:
    """The firm's deals are an Excel table, a formula of theirs looks at our report, one of our rules is old."""
    open_.sheet(DEALS).tables.append(model.Table(Area(1, 1, 4, 4)))
    open_.type(DEALS, 9, 9, "=Аудит!A1")
    old = highlight("✗", "#FF0000")
    where = (
        Area(2, 1, 9, 4) if open_.face == "windows" else old.area
    )  # else Excel does not tell where it applies
    open_.sheet(DEALS).rules.append(model.Rule([where], f"={old.formula}", 255, 0, stop=False))
    open_.app.active_cell = (7, 3)
    return open_


@pytest.mark.parametrize("face", FACES)
def test_a_fault_anywhere_leaves_everything_as_it_was(face: str, tmp_path: Path) -> None:
    """The n-th change fails, for every n: the old reports, cells, names and settings are back, or all is written.

    In between, nothing; and the small workbook of ours is never left open.
    """
    refused = {
        "windows": fake_com.refused("That didn't work."),
        "memory": memory_engine.CommandError(-50, "That didn't work."),
    }[face]
    at, written = 0, 0
    said: list[str] = []
    while True:
        at += 1
        open_ = with_table(Screen([deals(), rich_report("was")], tmp_path, face))
        host = open_.new_host()
        snapshot, before = whole(host), open_.everything()
        open_.app.gate = failing(at, refused)
        try:
            changed = host.apply(full(text="✗ Этап: а [TK01]"), snapshot).changed
        except WorkbookUnsafe as problem:
            said.append(problem.message.en)
            assert open_.everything() == before, at
        else:
            assert changed
            assert open_.sheet("Аудит").value((1, 1)) == "✗ Этап: а [TK01]"
            assert open_.everything()["settings"] == before["settings"]
            assert open_.everything()["open"] == before["open"]
            assert open_.everything()["active"] == before["active"]
            written += 1
            if not _reached(open_, at):
                break
    assert len(said) > 20
    assert all("That didn't work." in sentence for sentence in said)
    assert written > 1  # what fails after all is written does no harm


def _reached(open_: Screen, at: int) -> bool:
    return sum(call.startswith("set") for call in open_.app.calls) >= at


def test_entries_that_excel_puts_into_other_rows_are_taken_back(tmp_path: Path) -> None:
    """Nobody knows for certain how it fills rows that a filter hides, so each entry is looked for in its row."""
    open_ = Screen([deals()], tmp_path, "windows")
    host = open_.new_host()
    snapshot, before = whole(host), open_.everything()
    real = fake_com.XRange.enter
    moved: list[Area] = []

    def enter(self: fake_com.XRange, value: Any) -> None:
        if not moved and self.sheet.name == DEALS and self.height > 1:
            moved.append(self.where)
            value = [*value[1:], value[0]]
        real(self, value)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fake_com.XRange, "enter", enter)
        with pytest.raises(WorkbookUnsafe, match="into their own rows"):
            host.apply(full(text="✗ Этап: а [TK01]"), snapshot)
    assert moved
    assert open_.everything() == before


def test_what_cannot_be_put_back_is_told(tmp_path: Path) -> None:
    """Excel refuses everything from some moment on: the sentence says what to do with the workbook."""
    open_ = Screen([deals()], tmp_path, "windows")
    host = open_.new_host()
    snapshot = whole(host)
    changes = 0

    def gate(kind: str, what: str) -> None:
        nonlocal changes
        changes += what == "XRange.Formula" and kind == "set"
        if kind == "set" and changes > 1 and what == "XRange.Formula":
            raise fake_com.refused("Not now.")

    open_.app.gate = gate
    with pytest.raises(WorkbookUnsafe) as refused:
        host.apply(everything(), snapshot)
    assert "close the workbook without saving it" in refused.value.message.en


def test_a_break_in_the_middle_puts_everything_back(tmp_path: Path) -> None:
    """Ctrl-C, a mistake of ours: settings and cells are what they were."""
    open_ = Screen([deals(), rich_report("was")], tmp_path, "windows")
    host = open_.new_host()
    snapshot, before = whole(host), open_.everything()
    open_.app.gate = failing(30, KeyboardInterrupt())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        host.apply(full(text="x"), snapshot)
    open_.app.gate = lambda *_: None
    assert open_.everything() == before


def test_a_computer_without_a_printer_keeps_the_old_print_set_up(screen: Open) -> None:
    """Excel refuses any other there, which is no reason to write nothing."""
    open_ = screen(deals(), rich_report("was"))
    before = open_.sheet("Аудит").print_area
    problem = {"windows": fake_com.refused("No printer."), "memory": memory_engine.CommandError(-50, "No.")}

    def gate(kind: str, what: str) -> None:
        if kind == "set" and what in ("PageSetup.PrintArea", "print area"):
            raise problem[open_.face]

    open_.app.gate = gate
    assert write(open_, full(text="now"))
    assert open_.sheet("Аудит").value((1, 1)) == "now"
    assert open_.sheet("Аудит").print_area == before


def test_reports_without_their_charts_are_told_in_both_languages(tmp_path: Path) -> None:
    """On macOS; more than nine are counted in the language of the sentence."""
    pages = [replace(rich_report("was"), key=f"k{n}", name=f"Отчёт {n}") for n in range(10)]
    open_ = Screen([deals(), *pages], tmp_path, "memory")
    host = open_.new_host()
    now = tuple(replace(rich_report("now"), key=page.key, name=page.name) for page in pages)
    note = host.apply(Changes(pages=now), whole(host)).note
    assert note is not None
    assert "Отчёт 8 and 1 more" in note.en
    assert "Отчёт 8 и ещё 1" in note.ru


def test_formulas_that_look_at_a_report_still_do(screen: Open) -> None:
    """A report is replaced in its sheet: nobody's formula becomes #REF!."""
    open_ = with_table(screen(deals(), rich_report("was")))
    assert open_.sheet(DEALS).value((9, 9)) == "was"
    assert write(open_, full(text="now"))
    assert open_.sheet(DEALS).value((9, 9)) == "now"


def test_a_report_replaced_is_as_one_made_anew(tmp_path: Path) -> None:
    """Looks, merges, heights, folded groups, the chart and its cells; of the old one nothing is left."""
    old, new = (Screen([deals()], tmp_path, "windows") for _ in range(2))
    write(old, Changes(pages=(rich_report("was", rows=20),)))
    write(old, Changes(pages=(rich_report("now", rows=5),)))
    write(new, Changes(pages=(rich_report("now", rows=5),)))
    found, expected = old.sheet("Аудит"), new.sheet("Аудит")
    for part in ("looks", "merges", "heights", "levels", "hidden_rows", "charts", "formats", "tab", "filter"):
        assert getattr(found, part) == getattr(expected, part), part
    assert {at: cell.value for at, cell in found.cells.items()} == {
        at: cell.value for at, cell in expected.cells.items()
    }
    assert found.charts[0].series == ["=SERIES(\"y\",'Аудит'!$A$3:$A$7,'Аудит'!$B$3:$B$7,1)"]
    assert old.book.names["_scrm_audit"].visible is False


# ------------------------------------------------------------------- refusals

REFUSALS: dict[str, tuple[Callable[[Screen], None], type[WorkbookError], str]] = {
    "a protected sheet": (
        lambda s: setattr(s.sheet(DEALS), "protected", True), WorkbookForbidden, "Sheet “Сделки” is protected",
    ),
    "a protected structure": (
        lambda s: setattr(s.book, "structure", True), WorkbookForbidden, "structure of the workbook is protected",
    ),
    "a formula of the firm's where our column would go": (
        lambda s: s.type(DEALS, 2, TO_FIX, "=A2"), WorkbookUnsafe, NOT_FREE.en.split("{")[0],
    ),
    "an ID that is no longer blank": (
        lambda s: s.type(DEALS, 3, 1, '=""'), WorkbookUnsafe, NOT_BLANK.en.partition("{cell}")[2],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "kind", "sentence"), REFUSALS.values(), ids=REFUSALS)
def test_what_may_not_be_written_is_refused_beforehand(
    tmp_path: Path, make: Callable[[Screen], None], kind: type[WorkbookError], sentence: str
) -> None:
    """One sentence, and nothing was changed."""
    open_ = Screen([deals()], tmp_path, "windows")
    make(open_)
    before, host = open_.everything(), open_.new_host()
    snapshot = whole(host)
    with pytest.raises(kind) as refused:
        host.apply(everything(), snapshot)
    assert sentence in refused.value.message.en
    assert open_.everything() == before


def test_a_formula_in_a_column_called_to_fix_is_the_firms(tmp_path: Path) -> None:
    """As long as no words of ours stand there."""
    open_ = Screen([deals()], tmp_path, "windows")
    open_.type(DEALS, 1, TO_FIX, "Что исправить")
    open_.type(DEALS, 2, TO_FIX, "=A2")
    host = open_.new_host()
    snapshot, update = whole(host), to_fix({2: "✗ Этап: а [TK01]", 3: "", 4: ""})
    with pytest.raises(WorkbookUnsafe, match="is none of ours"):
        host.apply(Changes(columns=(update._replace(known=False),)), snapshot)
    assert host.apply(Changes(columns=(update,)), snapshot).changed


def test_a_sheet_in_use_to_its_end_is_told(screen: Open) -> None:
    """Too much to read: which sheet, and how to mend it."""
    open_ = screen(deals())
    open_.sheet(DEALS).looks[model.ROWS, 200] = ()
    with pytest.raises(WorkbookUnreadable) as refused:
        whole(open_.host)
    assert "A1:GR1048576" in refused.value.message.en


def test_a_protected_sheet_is_told_when_it_is_read(tmp_path: Path) -> None:
    """As the file host does."""
    open_ = Screen([deals()], tmp_path, "windows")
    open_.sheet(DEALS).protected = True
    assert "protected" in whole(open_.host).notes[0].en


def test_chart_sheets_are_listed(tmp_path: Path) -> None:
    """So that no report takes the name of one; their cells are not asked for."""
    open_ = Screen([deals()], tmp_path, "windows")
    open_.book.chart_sheets.append("Аудит")
    snapshot = whole(open_.host)
    assert [sheet.name for sheet in snapshot.sheets] == [DEALS, "Аудит"]
    assert set(snapshot.grids) == {DEALS}


OTHERS: dict[str, tuple[str, str]] = {
    "a chart sheet of which macOS does not tell": ("memory", ""),
    "one that somebody adds meanwhile, on Windows": ("windows", "set Worksheet.Copy"),
    "one that somebody adds meanwhile, on macOS": ("memory", "set copy sheet"),
}


@pytest.mark.parametrize(("face", "when"), OTHERS.values(), ids=OTHERS)
def test_a_sheet_of_another_with_the_name_of_ours_is_left_alone(tmp_path: Path, face: str, when: str) -> None:
    """Ours would be called otherwise: it is taken out again, and exactly that."""
    open_ = Screen([deals()], tmp_path, face)
    host = open_.new_host()
    snapshot, before = whole(host), open_.everything()
    theirs = model.Sheet(open_.book, "Аудит", cells={(1, 1): model.Cell("theirs")})

    def gate(kind: str, what: str) -> None:
        if f"{kind} {what}" == when and theirs not in open_.book.sheets:
            open_.book.sheets.insert(0, theirs)
            open_.book.active += 1

    open_.app.gate = gate
    if not when:
        open_.book.chart_sheets.append("Аудит")
    with pytest.raises(WorkbookUnsafe) as refused:
        host.apply(everything(), snapshot)
    assert "“Аудит”" in refused.value.message.en
    if when:
        assert open_.sheet("Аудит").value((1, 1)) == "theirs"
        open_.book.sheets.remove(theirs)
        open_.book.active -= 1
    assert open_.everything() == before


# ------------------------------------------------------------------- a busy Excel

BUSY: dict[str, tuple[str, Exception]] = {
    "a cell is being edited": ("windows", fake_com.busy(fake_com.VBA_E_IGNORE)),
    "a call is rejected": ("windows", fake_com.busy(fake_com.CALL_REJECTED)),
    "a call is put off": ("windows", fake_com.busy(fake_com.RETRY_LATER)),
    "pywin32 takes it for a member that is not there": (
        "windows",
        AttributeError("Property can not be set."),
    ),
    "an Apple event times out": ("memory", memory_engine.busy()),
}
EDITING = {"windows": ("get XRange.Value2", "set XRange.Formula"), "memory": ("get value", "set formula")}


def _busy(open_: Screen, problem: Exception, which: str, times: int) -> None:
    left = times

    def gate(kind: str, what: str) -> None:
        nonlocal left
        if f"{kind} {what}" == which and left:
            left -= 1
            raise problem

    open_.app.gate = gate


@pytest.mark.parametrize(("face", "problem"), BUSY.values(), ids=BUSY)
def test_a_busy_excel_is_asked_again(tmp_path: Path, face: str, problem: Exception) -> None:
    """Some seconds later it has time, while reading and while writing, and nothing is done twice."""
    open_ = Screen([deals()], tmp_path, face)
    host = open_.new_host()
    _busy(open_, problem, EDITING[face][0], len(PAUSES))
    snapshot = whole(host)
    _busy(open_, problem, EDITING[face][1], len(PAUSES))
    assert host.apply(everything(), snapshot).changed
    assert open_.waits == [*PAUSES, *PAUSES]
    assert len(open_.highlights(DEALS)) == 1
    assert [sheet.name for sheet in open_.book.sheets] == [DEALS, "Аудит", "_журнал"]


@pytest.mark.parametrize("writing", [False, True], ids=["reading", "writing"])
@pytest.mark.parametrize(("face", "problem"), BUSY.values(), ids=BUSY)
def test_an_excel_that_stays_busy_is_given_up(
    tmp_path: Path, face: str, problem: Exception, writing: bool
) -> None:
    """With a sentence that says what to do, and the workbook is what it was."""
    open_ = Screen([deals()], tmp_path, face)
    host, before = open_.new_host(), open_.everything()
    snapshot = whole(host)
    _busy(open_, problem, EDITING[face][writing], len(PAUSES) + 1)
    with pytest.raises(WorkbookInUse) as refused:
        host.apply(everything(), snapshot)
    assert "finish editing the cell (press Enter or Esc)" in refused.value.message.en
    assert "закончите ввод в ячейку" in refused.value.message.ru
    assert open_.waits == list(PAUSES)
    assert open_.everything() == before


CALLS = 40
"""So many refusals outlast what one call waits for, and not what putting back waits for."""
SINCE = {"the first cell": 1, "the fourth cell": 4}


def _busy_from(open_: Screen, problem: Exception, which: str, nth: int, times: float) -> None:
    """Excel is busy for all that changes something, from the n-th call of a kind on."""
    met, left = 0, times

    def gate(kind: str, what: str) -> None:
        nonlocal met, left
        met += f"{kind} {what}" == which
        if met >= nth and left and kind == "set":
            left -= 1
            raise problem

    open_.app.gate = gate


def _given_up(open_: Screen, problem: Exception, nth: int, times: float) -> WorkbookError:
    host = open_.new_host()
    snapshot = whole(host)
    _busy_from(open_, problem, EDITING[open_.face][1], nth, times)
    with pytest.raises(WorkbookError) as refused:
        host.apply(full(text="x"), snapshot)
    open_.app.gate = lambda *_: None
    return refused.value


@pytest.mark.parametrize("nth", SINCE.values(), ids=SINCE)
@pytest.mark.parametrize(("face", "problem"), BUSY.values(), ids=BUSY)
def test_a_long_busy_excel_has_everything_put_back(
    tmp_path: Path, face: str, problem: Exception, nth: int
) -> None:
    """Putting back waits much longer than asking, in all two minutes: cells, settings, our small workbook."""
    open_ = with_table(Screen([deals(), rich_report("was")], tmp_path, face))
    before = open_.everything()
    told = _given_up(open_, problem, nth, CALLS)
    assert isinstance(told, WorkbookInUse)
    assert "finish editing the cell" in told.message.en
    assert "restart Excel" not in told.message.en
    assert open_.everything() == before
    assert sum(open_.waits) < 60


@pytest.mark.parametrize(("face", "problem"), BUSY.values(), ids=BUSY)
def test_an_excel_that_is_busy_for_ever_is_told_to_be_half_written(
    tmp_path: Path, face: str, problem: Exception
) -> None:
    """What to do with the workbook and with Excel; and an end, after two minutes."""
    open_ = with_table(Screen([deals(), rich_report("was")], tmp_path, face))
    told = _given_up(open_, problem, 4, float("inf"))
    assert isinstance(told, WorkbookUnsafe)
    for word in ("half written", "close the workbook without saving it", "restart Excel"):
        assert word in told.message.en
    for word in ("наполовину", "не сохраняя", "перезапустите Excel"):
        assert word in told.message.ru
    assert sum(open_.waits) == pytest.approx(sum(LASTING) + sum(PAUSES))


@pytest.mark.parametrize(("face", "problem"), BUSY.values(), ids=BUSY)
def test_after_all_is_written_a_busy_excel_is_told_as_such(
    tmp_path: Path, face: str, problem: Exception
) -> None:
    """Not as a failure: what was written stands."""
    open_ = Screen([deals()], tmp_path, face)
    host = open_.new_host()
    snapshot = whole(host)
    last = {"windows": "set Workbook.Close", "memory": "set close"}[face]
    _busy_from(open_, problem, last, 1, float("inf"))
    done = host.apply(everything(), snapshot)
    assert done.changed
    assert done.note is not None
    assert "not saved yet" in done.note.en
    assert "restart Excel" in done.note.en
    assert "run again" not in done.note.en
    open_.app.gate = lambda *_: None
    assert whole(host).report_sheet("audit") == "Аудит"


# ------------------------------------------------------------------- how often Excel is asked


def pipeline(count: int) -> Page:
    """A sheet of so many deals, each third with the same faults."""
    head = ("Deal ID", "Deal", "Stage", "Next step", "Amount", "Close date", "Owner")
    rows: list[tuple[Value, ...]] = [head]
    for n in range(1, count + 1):
        stage = ("Proposal", "Won", "Lost")[n % 3]
        rows.append(
            (f"D{n:04}", f"Deal {n}", stage, None, 1000.0, date(2026, 5, 1 + n % 28), ("Ann", "Bob")[n % 2])
        )
    days = Style(format="yyyy-mm-dd")
    cells = {
        (r, c): Cell(value, days if c == 6 else None)
        for r, row in enumerate(rows, 1)
        for c, value in enumerate(row, 1)
        if value is not None
    }
    return Page("x", "Deals", cells)


def test_five_thousand_deals_take_as_many_calls_as_five(screen: Open) -> None:
    """An audit, written: thousands of findings and log lines, and not one question more to Excel."""
    asked, findings = [], []
    for count in (5, 5_000):
        open_ = screen(pipeline(count))
        open_.app.calls.clear()
        done = sync.run(open_.new_host(), today=lambda _: RUN, as_of=RUN, names=("audit",))
        assert done.applied is not None
        assert done.applied.changed
        asked.append(Counter(open_.app.calls))
        findings.append(len(done.verdict.findings))
    assert asked[0] == asked[1]
    assert findings[0] < 5
    assert findings[1] > 1_000


def test_a_week_later_a_block_of_the_report_more_is_some_calls_more(screen: Open) -> None:
    """Groups of rows are folded one by one: there are as many as the report has blocks, not as the firm has deals."""
    asked = []
    for count in (5, 1_000):
        open_ = screen(pipeline(count))
        for day in (RUN, RUN + timedelta(days=7)):
            open_.app.calls.clear()
            sync.run(open_.new_host(), today=lambda _, day=day: day, as_of=day, names=("audit",))  # type: ignore[misc]
        asked.append(len(open_.app.calls))
    assert asked[1] < 1.3 * asked[0]


def test_each_sheet_is_read_once_and_each_block_written_once(tmp_path: Path) -> None:
    """One reading of values before the run and one before writing; one block for To fix, the report and the log."""
    open_ = Screen([pipeline(500)], tmp_path, "windows")
    open_.app.calls.clear()
    sync.run(open_.new_host(), today=lambda _: RUN, as_of=RUN, names=("audit",))
    calls = Counter(open_.app.calls)
    assert calls["get XRange.Value2"] == 4  # what stands where To fix goes, before and after it is entered
    highlights = 3  # each formula is once put into Excel's language, in a cell of ours
    assert calls["set XRange.Formula"] == 3 + highlights


def test_two_runs_leave_the_same_workbook(screen: Open) -> None:
    """The second click changes nothing at all, and asks Excel to change nothing but how it behaves meanwhile."""
    open_ = screen(pipeline(30))
    for _ in range(2):
        done = sync.run(open_.new_host(), today=lambda _: RUN, as_of=RUN)
    assert done.repeated
    before = open_.everything()
    open_.app.calls.clear()
    again = sync.run(open_.new_host(), today=lambda _: RUN, as_of=RUN)
    assert again.applied is not None
    assert not again.applied.changed
    assert open_.everything() == before


# ------------------------------------------------------------------- highlights


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_highlight_stands_wherever_the_cursor_is_and_whatever_excel_speaks(
    tmp_path: Path, language: str
) -> None:
    """Excel takes its formula in its own language and from the active cell; a file's highlight is known again."""
    open_ = Screen([deals()], tmp_path, "windows")
    open_.app.language = language
    for cell in ((1, 1), (40, 20), (2, 5)):
        open_.app.active_cell = cell
        write(open_, Changes(highlights=(highlight("✗"), highlight("!"))))
        assert open_.highlights(DEALS) == [highlight("✗").formula, highlight("!").formula]
        assert [rule.stop for rule in open_.sheet(DEALS).rules] == [False, False]
    open_.app.active_cell = (9, 9)
    assert not write(open_, Changes(highlights=(highlight("✗"),)))


def test_a_circle_of_references_is_never_entered(tmp_path: Path) -> None:
    """A conditional format is put into Excel's language in a cell that it cannot refer to: Excel would ask."""
    open_ = Screen([deals()], tmp_path, "windows")
    entered: list[Area] = []
    real = fake_com.XRange.enter

    def enter(self: fake_com.XRange, value: Any) -> None:
        if self.sheet.book is not open_.book:
            entered.append(self.where)
        real(self, value)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fake_com.XRange, "enter", enter)
        write(open_, Changes(highlights=(highlight("✗"),)))
    assert entered == [Area(model.ROWS, model.COLUMNS, model.ROWS, model.COLUMNS)]


@pytest.mark.parametrize("area", [Area(1, 1, model.ROWS, 3), Area(1, 1, 3, model.COLUMNS)])
def test_a_firms_own_format_over_whole_columns_or_rows_does_no_harm(tmp_path: Path, area: Area) -> None:
    """Excel spells its place `$A:$C` or `$1:$3`."""
    open_ = Screen([deals()], tmp_path, "windows")
    own = model.Rule([area], "=$A1=1", 255, 0, stop=False)
    open_.sheet(DEALS).rules.append(own)
    assert write(open_, Changes(highlights=(highlight("✗"),)))
    assert open_.sheet(DEALS).rules[0] == own
    assert len(open_.sheet(DEALS).rules) == 2


def test_a_highlight_torn_to_pieces_is_made_whole(tmp_path: Path) -> None:
    """Rows that were moved about leave a conditional format with many areas, and copies of it."""
    open_ = Screen([deals()], tmp_path, "windows")
    write(open_, Changes(highlights=(highlight("✗"),)))
    (rule,) = open_.sheet(DEALS).rules
    rule.areas = [Area(2, 1, 3, 4), Area(5, 1, 200, 4)]
    open_.sheet(DEALS).rules.append(
        model.Rule([Area(4, 1, 4, 4)], rule.formula, rule.fill, rule.color, stop=False)
    )
    assert write(open_, Changes(highlights=(highlight("✗"),)))
    assert [rule.areas for rule in open_.sheet(DEALS).rules] == [[highlight("✗").area]]


@pytest.mark.parametrize(
    ("formula", "start", "to", "expected"),
    [
        ('FIND("A1 "&A$1&":",$Z2)', (2, 1), (5, 3), 'FIND("A1 "&C$1&":",$Z5)'),
        ("A1", (2, 2), (1, 1), "XFD1048576"),
        ("'A1 B2'!C3", (1, 1), (2, 2), "'A1 B2'!D4"),
    ],
    ids=["texts and what is fixed stay", "it goes on at the other end", "a sheet's name stays"],
)
def test_a_formula_as_it_reads_from_another_cell(
    formula: str, start: tuple[int, int], to: tuple[int, int], expected: str
) -> None:
    """As Excel moves relative references."""
    assert moved(formula, start, to) == expected


# ------------------------------------------------------------------- rows, merges, tables


def test_hidden_rows_and_merged_cells_are_found(screen: Open) -> None:
    """By halving: a row in the middle, a block, a merge over two rows and two columns."""
    open_ = screen(pipeline(300))
    sheet = open_.sheet("Deals")
    sheet.hidden_rows |= {7, *range(100, 151)}
    sheet.merges += [Area(2, 3, 3, 4), Area(250, 1, 250, 7)]
    grid = whole(open_.host).grids["Deals"]
    assert grid.hidden_rows == {7, *range(100, 151)}
    assert set(grid.merged) == {Area(2, 3, 3, 4), Area(250, 1, 250, 7)}


def test_tables_are_told_with_whether_they_take_in_more(tmp_path: Path) -> None:
    """Not with a row of totals, without a header, or fed by a query."""
    open_ = Screen([deals()], tmp_path, "windows")
    areas = [Area(1, n, 4, n) for n in range(1, 5)]
    open_.sheet(DEALS).tables += [
        model.Table(areas[0]), model.Table(areas[1], totals=True), model.Table(areas[2], headers=False),
        model.Table(areas[3], source=3),
    ]  # fmt: skip
    grid = whole(open_.host).grids[DEALS]
    assert (grid.tables, grid.may_grow) == (tuple(areas), frozenset(areas[:1]))


def test_a_filter_of_the_sheets_own_is_known(tmp_path: Path) -> None:
    """On Windows; sorting by it would part To fix from its rows, which the book then tells."""
    open_ = Screen([deals()], tmp_path, "windows")
    assert whole(open_.host).grids[DEALS].filter is None
    open_.sheet(DEALS).filter = Area(1, 1, 4, 3)
    assert whole(open_.new_host()).grids[DEALS].filter == Area(1, 1, 4, 3)


def test_a_table_takes_in_to_fix(screen: Open) -> None:
    """As it does when a person types beside it; once."""
    open_ = with_table(screen(deals(), rich_report("was")))
    assert write(open_, full(text="x"))
    assert open_.sheet(DEALS).tables[0].area == Area(1, 1, 4, 5)
    assert seen(Grid("", whole(open_.new_host()).grids[DEALS].rows[:4])).items() >= ROWS.items()
