"""One contract for every host: a new host is one line in HOSTS and a bench with a person's hands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheets_crm.errors import WorkbookChanged
from sheets_crm.hosts import Host
from sheets_crm.hosts.memory import MemoryHost
from sheets_crm.sheet import (
    LOG_KEY,
    Area,
    Cell,
    Changes,
    ColumnUpdate,
    Content,
    Fill,
    Formula,
    Grid,
    Highlight,
    Link,
    LogLine,
    Page,
    Position,
    SheetInfo,
    SheetLink,
    Snapshot,
    Style,
    Value,
    free_name,
    log_lines,
    quoted,
)

# ------------------------------------------------------------------- benches


class Bench(Protocol):
    """A host with a workbook in it, and the hands and eyes of a person who has the same workbook open."""

    days: bool
    """False where the host has no days: then they are read as serial numbers, and the book makes days of them."""

    @property
    def host(self) -> Host: ...

    def edit(self, sheet: str, row: int, column: int, value: str) -> None:
        """Types a text into a cell."""

    def rename(self, sheet: str, name: str) -> None:
        """Renames a sheet as the program of the host does: names that point to it follow."""

    def highlights(self, sheet: str) -> list[str]:
        """The formulas of all conditional formats of a sheet."""


class MemoryBench:
    days = True

    def __init__(self, pages: list[Page], _folder: Path) -> None:
        self.host = MemoryHost(pages)

    def edit(self, sheet: str, row: int, column: int, value: str) -> None:
        self.host.edit(sheet, row, column, value)

    def rename(self, sheet: str, name: str) -> None:
        self.host.rename(sheet, name)

    def highlights(self, sheet: str) -> list[str]:
        return [highlight.formula for highlight in self.host.highlights if highlight.sheet == sheet]


class XlsxBench:
    days = True

    def __init__(self, pages: list[Page], folder: Path) -> None:
        from sheets_crm.hosts.xlsx import XlsxHost, create

        self._path = folder / "firm.xlsx"
        create(self._path, pages)
        self.host = XlsxHost(self._path)

    def edit(self, sheet: str, row: int, column: int, value: str) -> None:
        from openpyxl import load_workbook

        book = load_workbook(self._path)
        book[sheet].cell(row, column).value = value
        book.save(self._path)

    def rename(self, sheet: str, name: str) -> None:
        from openpyxl import load_workbook

        book = load_workbook(self._path)
        book[sheet].title = name
        for defined in book.defined_names.values():
            for old in (f"'{sheet}'!", f"{sheet}!"):
                defined.value = defined.value.replace(old, f"{quoted(name)}!")
        book.save(self._path)

    def highlights(self, sheet: str) -> list[str]:
        from openpyxl import load_workbook

        formats = load_workbook(self._path)[sheet].conditional_formatting
        return [formula for area in formats for rule in area.rules for formula in rule.formula]


class GoogleBench:
    """A spreadsheet at Google's, or as near to it as loopback is: see tests/google."""

    days = False

    def __init__(self, pages: list[Page], folder: Path) -> None:
        from tests.google.bench import Desk

        self._desk = Desk(pages, folder)
        self.host = self._desk.host

    def edit(self, sheet: str, row: int, column: int, value: str) -> None:
        self._desk.type(sheet, row, column, value)

    def rename(self, sheet: str, name: str) -> None:
        self._desk.rename(sheet, name)

    def highlights(self, sheet: str) -> list[str]:
        return self._desk.highlights(sheet)

    def close(self) -> None:
        self._desk.close()


class ExcelBench:
    """A workbook open in Excel, or as near to it as no Excel is: see tests/excel."""

    days = True

    def __init__(self, pages: list[Page], folder: Path, face: str) -> None:
        from tests.excel.bench import Screen

        self._screen = Screen(pages, folder, face)
        self.host = self._screen.host

    def edit(self, sheet: str, row: int, column: int, value: str) -> None:
        self._screen.type(sheet, row, column, value)

    def rename(self, sheet: str, name: str) -> None:
        self._screen.rename(sheet, name)

    def highlights(self, sheet: str) -> list[str]:
        return self._screen.highlights(sheet)


HOSTS: dict[str, Callable[[list[Page], Path], Bench]] = {
    "memory": MemoryBench,
    "xlsx": XlsxBench,
    "google": GoogleBench,
    "excel on Windows": partial(ExcelBench, face="windows"),
    "excel in memory": partial(ExcelBench, face="memory"),
}

Make = Callable[..., Bench]


@pytest.fixture(params=HOSTS)
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """A bench of one of the hosts, with a workbook of the pages given."""
    with ExitStack() as open_:

        def made(*pages: Page) -> Bench:
            bench = HOSTS[request.param](list(pages), tmp_path)
            if isinstance(bench, GoogleBench):
                open_.callback(bench.close)
            return bench

        yield made


# ---------------------------------------------------------- the workbook of the tests

DEALS = "Сделки"
TO_FIX = 5
TYPED: dict[Position, Value] = {
    (1, 1): "№ сделки",
    (1, 2): "Сделка",
    (1, 3): "Сумма",
    (1, 4): "План закрытия",
    (2, 1): "D0001",
    (2, 2): "=Ромашка",
    (2, 3): 1200000.5,
    (2, 4): date(2026, 5, 19),
    (3, 2): "ООО «Лютик»",
    (3, 3): 7,
    (4, 1): "D0003",
    (4, 2): "+7 999",
}


def comparable(value: Value) -> Value:
    """A day as the number of days since 30 December 1899, which every host can tell; all else as it is."""
    if isinstance(value, date):
        moment = value if isinstance(value, datetime) else datetime.combine(value, time())
        return (moment - datetime(1899, 12, 30)) / timedelta(days=1)
    return value


ROWS = {at: comparable(value) for at, value in TYPED.items()}
"""The same cells as they are compared."""


def deals(*, header: str = "") -> Page:
    """Three deals, the second without its ID; no text yet in the column To fix."""
    cells = TYPED | ({(1, TO_FIX): header} if header else {})
    dates = Style(format="dd.mm.yyyy")
    return page(DEALS, {at: Cell(value, dates if at[1] == 4 else None) for at, value in cells.items()})


def page(name: str, cells: dict[Position, Cell], *, key: str = "deals", owned: bool = False) -> Page:
    return Page(key, name, cells, owned=owned)


def report(name: str, text: str, *, key: str = "audit") -> Page:
    cells = {(1, 1): Cell(text, Style(bold=True, size=14)), (3, 1): Cell("Иванов"), (3, 2): Cell(85)}
    return page(name, cells, key=key, owned=True)


def to_fix(texts: dict[int, str], *, header: str = "Что исправить") -> ColumnUpdate:
    keys = {row: f"d{row}" for row in texts}
    return ColumnUpdate(DEALS, TO_FIX, 1, header, texts, keys)


def highlight(mark: str, fill: str = "#FFC7CE") -> Highlight:
    formula = f'ISNUMBER(FIND("{mark} "&A$1&":",$E2))'
    return Highlight(DEALS, Area(2, 1, 200, 4), formula, mark, fill, "#9C0006")


def whole(bench: Bench) -> Snapshot:
    return bench.host.read(lambda sheets: {sheet.name for sheet in sheets})


def apply(bench: Bench, changes: Changes) -> bool:
    return bench.host.apply(changes, whole(bench)).changed


def seen(grid: Grid) -> dict[Position, Value]:
    """The cells that hold something, days as numbers."""
    return {
        (row, column): comparable(value)
        for row, values in enumerate(grid.rows, 1)
        for column, value in enumerate(values, 1)
        if value not in (None, "")
    }


def cells_of(bench: Bench, sheet: str = DEALS) -> dict[Position, Value]:
    return seen(whole(bench).grids[sheet])


def names(bench: Bench) -> list[str]:
    return [sheet.name for sheet in whole(bench).sheets]


# ------------------------------------------------------------------- reading

TEXTS = {
    "a formula": "=1+1",
    "a formula that calls out": '=HYPERLINK("http://x","y")',
    "a plus": "+7 999 123-45-67",
    "a minus": "-скидка 5 %",
    "an at sign": "@all",
    "an error": "#REF!",
    "another error": "#N/A",
    "a number with zeros in front": "0012",
    "a number": "42",
    "a number with an exponent": "1e5",
    "a date": "2026-03-05",
    "a truth": "TRUE",
    "an address": "https://example.com/a?b=c&d=e",
    "Cyrillic": "Сделка с ООО «Ёлка»",
    "two lines": "Иванов\nПетров",
    "quotes and markup": "ООО \"Ромашка\" & <сын> 'и Ко'",
    "an apostrophe in front": "'42",
    "spaces at both ends": "  Сделка ",
    "a picture": "готово 🙂 ✗",
    "a very long text": "Ж" * 8_000,
}
VALUES: dict[str, tuple[Cell, Value]] = {
    "a whole number": (Cell(42), 42),
    "a negative number": (Cell(-7), -7),
    "zero": (Cell(0), 0),
    "a fraction": (Cell(0.1), 0.1),
    "money": (Cell(Decimal("1200000.55")), 1200000.55),
    "yes": (Cell(True), True),
    "no": (Cell(False), False),
    "a day": (Cell(date(2026, 2, 28)), date(2026, 2, 28)),
    "a day in a format of ours": (Cell(date(2024, 2, 29), Style(format="dd.mm.yyyy")), date(2024, 2, 29)),
    "a moment": (Cell(datetime(2026, 5, 19, 14, 30)), datetime(2026, 5, 19, 14, 30)),
}
MADE: dict[str, tuple[Content, Value]] = {
    "the number of a formula": (Formula("=2*3", 6), 6),
    "the text of a formula": (Formula('="a"&"b"', "ab"), "ab"),
    "the text of a link to a row": (Link('Сделка "А"', DEALS, 1, "d0001"), 'Сделка "А"'),
    "the text of a link to a sheet": (SheetLink("К сделкам", DEALS), "К сделкам"),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_text_is_read_as_the_same_text(make: Make, text: str) -> None:
    """Whatever a text looks like, it is read as that text."""
    bench = make(page(DEALS, {(2, 3): Cell(text)}))
    assert cells_of(bench) == {(2, 3): text}


@pytest.mark.parametrize(("cell", "value"), VALUES.values(), ids=VALUES)
def test_a_value_is_read_as_what_it_is(make: Make, cell: Cell, value: Value) -> None:
    """Numbers, truths and dates are read as such; a truth is not the number 1."""
    bench = make(page(DEALS, {(1, 1): cell}))
    assert cells_of(bench) == {(1, 1): comparable(value)}
    read = whole(bench).grids[DEALS].value(1, 1)
    assert isinstance(read, bool) is isinstance(value, bool)
    assert isinstance(read, date) is (isinstance(value, date) and bench.days)


@pytest.mark.parametrize(("content", "value"), MADE.values(), ids=MADE)
def test_what_we_make_is_read_as_what_a_person_sees(make: Make, content: Content, value: Value) -> None:
    """A report's formula is read as its result, its link as its text."""
    bench = make(deals())
    apply(bench, Changes(pages=(page("Аудит", {(2, 2): Cell(content)}, key="audit", owned=True),)))
    assert cells_of(bench, "Аудит") == {(2, 2): value}


def test_only_the_chosen_sheets_are_read_and_all_are_listed(make: Make) -> None:
    """`select` sees every sheet, in order, and decides whose cells come back."""
    bench = make(deals(), page("Задачи", {(1, 1): Cell("Срок")}, key="tasks"), report("Аудит", "51 из 60"))
    offered: list[SheetInfo] = []

    def choose(sheets: Sequence[SheetInfo]) -> set[str]:
        offered.extend(sheets)
        return {"Задачи"}

    snapshot = bench.host.read(choose)
    assert set(snapshot.grids) == {"Задачи"}
    assert seen(snapshot.grids["Задачи"]) == {(1, 1): "Срок"}
    expected = [SheetInfo(DEALS), SheetInfo("Задачи"), SheetInfo("Аудит", report="audit")]
    assert list(snapshot.sheets) == offered == expected


def test_reading_twice_gives_one_version_and_a_persons_edit_another(make: Make) -> None:
    """The version changes with the workbook, and only with it."""
    bench = make(deals())
    before = whole(bench).version
    assert whole(bench).version == before
    bench.edit(DEALS, 4, 2, "другое")
    assert whole(bench).version != before


# ---------------------------------------------------------- what is written into a table


def test_a_fill_fills_its_cell_and_no_other(make: Make) -> None:
    """The blank ID is filled; every other cell is what it was."""
    bench = make(deals())
    assert apply(bench, Changes(fills=(Fill(DEALS, 3, 1, "D0004"),)))
    assert cells_of(bench) == ROWS | {(3, 1): "D0004"}


def test_texts_land_on_their_rows_and_blank_the_others(make: Make) -> None:
    """A second run's texts replace the first's, and a row with nothing to say is blank again."""
    bench = make(deals())
    apply(bench, Changes(columns=(to_fix({2: "✗ Этап: а [TK01]", 3: "", 4: "! Сумма: б [ST02]"}),)))
    header = {(1, TO_FIX): "Что исправить"}
    first = {(2, TO_FIX): "✗ Этап: а [TK01]", (4, TO_FIX): "! Сумма: б [ST02]"}
    assert cells_of(bench) == ROWS | header | first
    apply(bench, Changes(columns=(to_fix({2: "", 3: "i Сделка: в [DQ03]", 4: "! Сумма: б [ST02]"}),)))
    second = {(3, TO_FIX): "i Сделка: в [DQ03]", (4, TO_FIX): "! Сумма: б [ST02]"}
    assert cells_of(bench) == ROWS | header | second


@pytest.mark.parametrize(
    ("header", "expected"),
    [("", "Что исправить"), ("To fix ", "To fix ")],
    ids=["a blank header is written", "a header that stands is kept as it is"],
)
def test_the_header_of_our_column(make: Make, header: str, expected: str) -> None:
    """The firm's own words for the column stay."""
    bench = make(deals(header=header))
    apply(bench, Changes(columns=(to_fix({2: "x", 3: "", 4: ""}),)))
    assert cells_of(bench)[1, TO_FIX] == expected


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_text_written_is_read_back_as_the_same_text(make: Make, text: str) -> None:
    """In the column To fix, in a filled cell, in a report and in the log alike."""
    bench = make(deals())
    changes = Changes(
        fills=(Fill(DEALS, 3, 1, text),),
        columns=(to_fix({2: text, 3: "", 4: ""}),),
        pages=(report("Аудит", text),),
        log=(LogLine(text),),
        log_name="журнал",
    )
    apply(bench, changes)
    snapshot = whole(bench)
    assert seen(snapshot.grids[DEALS])[3, 1] == text
    assert seen(snapshot.grids[DEALS])[2, TO_FIX] == text
    assert seen(snapshot.grids["Аудит"])[1, 1] == text
    assert log_lines(snapshot.grids["журнал"]) == (LogLine(text),)


# ---------------------------------------------------------------- highlights


def test_a_highlight_applied_again_is_not_a_second_one(make: Make) -> None:
    """One conditional format per mark, however often it is applied and however its colour changes."""
    bench = make(deals())
    both = (highlight("✗"), highlight("!", "#FFEB9C"))
    assert apply(bench, Changes(highlights=both))
    assert sorted(bench.highlights(DEALS)) == sorted(h.formula for h in both)
    assert not apply(bench, Changes(highlights=both))
    assert apply(bench, Changes(highlights=(highlight("✗", "#FF0000"),)))
    assert sorted(bench.highlights(DEALS)) == sorted(h.formula for h in both)


def test_a_highlight_with_a_new_formula_takes_the_place_of_the_old(make: Make) -> None:
    """It is known by its mark, not by its formula: the column To fix may have moved."""
    bench = make(deals())
    apply(bench, Changes(highlights=(highlight("✗"),)))
    moved = highlight("✗")._replace(formula='ISNUMBER(FIND("✗ "&A$1&":",$F2))')
    apply(bench, Changes(highlights=(moved,)))
    assert bench.highlights(DEALS) == [moved.formula]


def test_a_highlight_stays_when_its_sheet_is_renamed(make: Make) -> None:
    """The firm renames its table: the old highlight is still the one, not a second beside it."""
    bench = make(deals())
    apply(bench, Changes(highlights=(highlight("✗"),)))
    bench.rename(DEALS, "Воронка")
    assert bench.highlights("Воронка") == [highlight("✗").formula]
    assert not apply(bench, Changes(highlights=(highlight("✗")._replace(sheet="Воронка"),)))


# ------------------------------------------------------------------- reports


def test_a_report_is_appended_and_recognised(make: Make) -> None:
    """A new report stands last, and the next read knows it for ours."""
    bench = make(deals())
    assert apply(bench, Changes(pages=(report("Аудит", "51 из 60"),)))
    snapshot = whole(bench)
    assert snapshot.sheets == (SheetInfo(DEALS), SheetInfo("Аудит", report="audit"))
    assert snapshot.report_sheet("audit") == "Аудит"
    assert seen(snapshot.grids["Аудит"]) == {(1, 1): "51 из 60", (3, 1): "Иванов", (3, 2): 85}
    assert seen(snapshot.grids[DEALS]) == ROWS


def test_a_report_is_replaced_whole_and_in_place(make: Make) -> None:
    """The second run's report stands where the first stood; nothing of the first is left."""
    bench = make(report("Аудит", "было"), deals())
    apply(bench, Changes(pages=(report("Прогноз", "план", key="forecast"),)))
    shorter = page("Аудит", {(1, 1): Cell("стало")}, key="audit", owned=True)
    assert apply(bench, Changes(pages=(shorter,)))
    assert names(bench) == ["Аудит", DEALS, "Прогноз"]
    assert cells_of(bench, "Аудит") == {(1, 1): "стало"}
    assert cells_of(bench) == ROWS


def test_a_report_that_the_user_renamed_is_still_ours(make: Make) -> None:
    """It is found by our name for it, and replaced under the user's."""
    bench = make(deals(), report("Аудит", "было"))
    bench.rename("Аудит", "Мой аудит")
    assert whole(bench).report_sheet("audit") == "Мой аудит"
    apply(bench, Changes(pages=(report("Мой аудит", "стало"),)))
    assert names(bench) == [DEALS, "Мой аудит"]
    assert cells_of(bench, "Мой аудит")[1, 1] == "стало"
    assert whole(bench).report_sheet("audit") == "Мой аудит"


def test_a_report_keeps_the_name_that_it_has(make: Make) -> None:
    """A page that comes under another name (the language changed) still takes the place of our sheet."""
    bench = make(report("Аудит", "было"), deals())
    apply(bench, Changes(pages=(report("Audit", "now"),)))
    assert names(bench) == ["Аудит", DEALS]
    assert cells_of(bench, "Аудит")[1, 1] == "now"


def test_a_firms_own_sheet_of_that_name_is_left_alone(make: Make) -> None:
    """The firm's «Аудит» is not ours: the report goes beside it under a free name."""
    bench = make(deals(), page("Аудит", {(1, 1): Cell("наш аудит склада")}, key="x"))
    assert whole(bench).report_sheet("audit") is None
    apply(bench, Changes(pages=(report(free_name("Аудит", names(bench)), "51 из 60"),)))
    assert names(bench) == [DEALS, "Аудит", "Аудит (2)"]
    assert cells_of(bench, "Аудит") == {(1, 1): "наш аудит склада"}
    assert whole(bench).report_sheet("audit") == "Аудит (2)"


# ------------------------------------------------------------------- the log

LINES = (
    LogLine('{"kind":"run","as_of":"2026-05-19"}', "9f" * 32),
    LogLine('{"kind":"opened","title":"\\u0421\\u0434\\u0435\\u043b\\u043a\\u0430"}'),
    LogLine('{"amount":"0012.50"}'),
)


def test_the_log_grows_at_its_end_and_keeps_every_character(make: Make) -> None:
    """Two runs' lines stand one after the other, text and seal as written."""
    bench = make(deals())
    assert apply(bench, Changes(log=LINES, log_name="_журнал"))
    later = (LogLine('{"kind":"run","as_of":"2026-05-26"}', "00" * 32), LogLine('{"kind":"cleared"}'))
    assert apply(bench, Changes(log=later, log_name="другое имя"))
    snapshot = whole(bench)
    assert snapshot.report_sheet(LOG_KEY) == "_журнал"
    assert log_lines(snapshot.grids["_журнал"]) == LINES + later
    assert len(snapshot.sheets) == 2


def test_the_log_is_hidden(make: Make) -> None:
    """No one stumbles over it; the first sheet stays what it was."""
    bench = make(deals())
    apply(bench, Changes(log=LINES, log_name="_журнал"))
    assert whole(bench).sheets == (SheetInfo(DEALS), SheetInfo("_журнал", hidden=True, report=LOG_KEY))


def test_the_same_line_twice_is_two_lines(make: Make) -> None:
    """The log is a list, not a set: what is appended is appended."""
    bench = make(deals())
    for _ in range(2):
        assert apply(bench, Changes(log=LINES[1:2], log_name="_журнал"))
    assert log_lines(whole(bench).grids["_журнал"]) == LINES[1:2] * 2


# --------------------------------------------------------- all or nothing, and once


def everything() -> Changes:
    """Each kind of change at once."""
    return Changes(
        fills=(Fill(DEALS, 3, 1, "D0004"),),
        columns=(to_fix({2: "✗ Этап: а [TK01]", 3: "", 4: ""}),),
        highlights=(highlight("✗"),),
        pages=(report("Аудит", "51 из 60"),),
        log=LINES,
        log_name="_журнал",
    )


def test_a_workbook_changed_since_it_was_read_is_not_written(make: Make) -> None:
    """WorkbookChanged, and the workbook holds the person's edit and nothing of ours."""
    bench = make(deals())
    stale = whole(bench)
    bench.edit(DEALS, 4, 2, "правка")
    with pytest.raises(WorkbookChanged) as refused:
        bench.host.apply(everything(), stale)
    assert all(refused.value.message)
    assert names(bench) == [DEALS]
    assert cells_of(bench) == ROWS | {(4, 2): "правка"}
    assert bench.highlights(DEALS) == []


def test_a_snapshot_serves_one_write(make: Make) -> None:
    """Our own write makes what was read before it stale."""
    bench = make(deals())
    snapshot = whole(bench)
    assert bench.host.apply(everything(), snapshot).changed
    with pytest.raises(WorkbookChanged):
        bench.host.apply(everything(), snapshot)
    assert log_lines(whole(bench).grids["_журнал"]) == LINES


def test_everything_lands_in_one_step(make: Make) -> None:
    """Fills, texts, highlights, reports and log lines stand together after one call."""
    bench = make(deals())
    assert apply(bench, everything())
    snapshot = whole(bench)
    written = {(3, 1): "D0004", (1, TO_FIX): "Что исправить", (2, TO_FIX): "✗ Этап: а [TK01]"}
    assert seen(snapshot.grids[DEALS]) == ROWS | written
    assert bench.highlights(DEALS) == [highlight("✗").formula]
    assert {sheet.report for sheet in snapshot.sheets} == {None, "audit", LOG_KEY}
    assert log_lines(snapshot.grids["_журнал"]) == LINES


def test_equal_changes_write_nothing(make: Make) -> None:
    """What stands already is not written again: `changed` is False and the version stays."""
    bench = make(deals())
    once = Changes(columns=everything().columns, highlights=everything().highlights, pages=everything().pages)
    assert apply(bench, once)
    version = whole(bench).version
    assert not apply(bench, once)
    assert whole(bench).version == version


def test_no_changes_write_nothing(make: Make) -> None:
    """An empty run leaves the workbook as it is."""
    bench = make(deals())
    version = whole(bench).version
    assert not apply(bench, Changes())
    assert whole(bench).version == version


# ----------------------------------------------------------------- free names


@pytest.mark.parametrize(
    ("wanted", "taken", "expected"),
    [
        ("Аудит", [], "Аудит"),
        ("Аудит", ["Прогноз"], "Аудит"),
        ("Аудит", ["Аудит"], "Аудит (2)"),
        ("Audit", ["AUDIT", "audit (2)"], "Audit (3)"),
        ("x" * 40, [], "x" * 31),
        ("x" * 40, ["x" * 31], "x" * 27 + " (2)"),
    ],
    ids=[
        "nothing is taken",
        "another name is taken",
        "the name is taken",
        "capitals make no difference",
        "a long name is cut",
        "the number fits into a long name",
    ],
)
def test_a_free_name(wanted: str, taken: list[str], expected: str) -> None:
    """The name wanted, or the first that no sheet bears."""
    assert free_name(wanted, taken) == expected


@given(st.text(min_size=1, max_size=40), st.lists(st.text(max_size=31), max_size=5), st.integers(0, 12))
def test_a_free_name_is_free_and_short(wanted: str, others: list[str], again: int) -> None:
    """However many are taken, the answer is none of them and fits a sheet's tab."""
    taken = list(others)
    for _ in range(again + 1):
        name = free_name(wanted, taken)
        assert name.casefold() not in {other.casefold() for other in taken}
        assert 0 < len(name) <= 31
        taken.append(name)
