"""`init --into`: the pipeline sheets that a workbook lacks are added to it, whatever it has is kept and used."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.corpus import AS_OF, spliced, tried
from sheets_crm import sync
from sheets_crm.book import read_book, wanted
from sheets_crm.errors import StructureError, WorkbookUnsafe
from sheets_crm.hosts.memory import MemoryHost
from sheets_crm.hosts.xlsx import XlsxHost
from sheets_crm.sheet import Grid, Value
from sheets_crm.template import default_stages
from sheets_crm.template.into import add_sheets
from tests.command_line import call
from tests.packages import replacing, with_parts
from tests.shared import shared
from tests.xlsx_samples import firm, opened, parts

RU = ("Название", "Этап", "Ответственный", "Сумма")


def grid(name: str, *rows: Sequence[Value]) -> Grid:
    return Grid(name, [list(row) for row in rows])


def names(host: MemoryHost) -> list[str]:
    return [sheet.name for sheet in host.read(lambda _: []).sheets]


@pytest.fixture
def fruit() -> MemoryHost:
    """A workbook that has nothing of a pipeline."""
    return MemoryHost([grid("Fruit", ["Kind", "Price"], ["Apple", 3.0])])


def test_a_workbook_without_a_pipeline_gets_all_of_it(fruit: MemoryHost) -> None:
    """Its own sheets stand first; the tables are empty and a run reads them."""
    done = add_sheets(fruit, lang=None, otherwise="en")
    assert names(fruit)[:3] == ["Fruit", "Start here", "Deals"]
    assert {"Tasks", "Stages", "Sales Book", "Team", "Audit", "Bonus"} < set(done.sheets)
    assert done.kept == ()
    assert sync.run(fruit, today=lambda _: AS_OF).applied is not None


def test_a_second_time_there_is_nothing_to_add(fruit: MemoryHost) -> None:
    """Nothing is written, and no sheet stands twice."""
    add_sheets(fruit, lang=None, otherwise="en")
    before = names(fruit)
    done = add_sheets(fruit, lang="ru", otherwise="en")
    assert (done.sheets, done.applied.changed, names(fruit)) == ((), False, before)


@pytest.mark.parametrize(
    ("sheets", "lang", "expected"),
    [
        ([grid("Fruit", ["Kind"])], None, "Deals"),
        ([grid("Fruit", ["Kind"])], "ru", "Сделки"),
        ([grid("Лист1", ["Вид"])], None, "Сделки"),
        ([grid("Лист1", ["Вид"])], "en", "Deals"),
    ],
)
def test_the_language_is_the_one_asked_for_else_the_workbooks(
    sheets: list[Grid], lang: str | None, expected: str
) -> None:
    """Cyrillic names of sheets speak Russian."""
    host = MemoryHost(sheets)
    add_sheets(host, lang=lang, otherwise="en")  # type: ignore[arg-type]
    assert expected in names(host)


def test_a_sheet_of_deals_that_stands_is_kept_and_used() -> None:
    """Found by its name in either language; its words become the stages, in its language; dropdowns point to it."""
    deals = grid("Сделки", ["Отчёт"], RU, ["Альфа", "Думают", "Анна", 5.0], ["Бета", "Отказ", "Анна", 7.0])
    host = MemoryHost([deals])
    done = add_sheets(host, lang=None, otherwise="en")
    assert done.kept == ("Сделки",)
    assert names(host)[0] == "Сделки"
    assert "Deals" not in done.sheets
    assert "Сделки" not in done.sheets
    book = read_book(host.read(wanted))
    assert [(stage.stage, stage.kind) for stage in book.stages.rows] == [
        ("Думают", "active"),
        ("Отказ", "lost"),
    ]
    tasks = host.pages["Tasks"]
    lookups = [c.content.text for c in tasks.cells.values() if hasattr(c.content, "value")]  # type: ignore[union-attr]
    assert lookups
    assert all("Сделки!$B:$B" in text and "Сделки!$A:$A" in text for text in lookups if "INDEX" in text)


def test_dropdowns_start_below_the_header_of_the_sheet_that_stands() -> None:
    """Not in its second row, where the header of this one is."""
    team = grid("Team", ["Our people"], ["User", "Role"], ["Ann", "Sales rep"])
    host = MemoryHost([team])
    add_sheets(host, lang=None, otherwise="en")
    formulas = {choice.formula for choice in host.pages["Deals"].choices}
    assert any(formula.startswith("=Team!$A$3:$A$") for formula in formulas)


def test_deals_found_by_their_headers_are_kept_under_their_own_name() -> None:
    """One sheet with a stage and two more headers, called anything."""
    host = MemoryHost([grid("Pipeline 2026", ["Deal", "Stage", "Owner"], ["Alpha", "New lead", "Ann"])])
    done = add_sheets(host, lang=None, otherwise="en")
    assert done.kept == ("Pipeline 2026",)
    stages = read_book(host.read(lambda sheets: [s.name for s in sheets])).stages.rows
    assert len(stages) == len(default_stages("en"))


def test_a_sheet_of_a_tables_name_that_is_no_table_is_left_and_said() -> None:
    """Two sheets for one table would be worse."""
    host = MemoryHost([grid("Team", ["Football"])])
    done = add_sheets(host, lang=None, otherwise="en")
    assert "Team" not in done.sheets
    assert any("“Team”" in note.en for note in done.notes)
    assert add_sheets(host, lang=None, otherwise="en").sheets == ()


def test_a_report_takes_a_free_name_where_the_firm_has_such_a_sheet() -> None:
    """Their Forecast stays theirs."""
    host = MemoryHost([grid("Forecast", ["Mine"])])
    done = add_sheets(host, lang=None, otherwise="en")
    assert "Forecast (2)" in done.sheets
    assert host.read(lambda _: []).report_sheet("forecast") == "Forecast (2)"


def test_two_sheets_of_deals_are_a_question() -> None:
    """Nothing is added until it is answered."""
    host = MemoryHost([grid("Deals", ["Stage"]), grid("Сделки", ["Этап"])])
    with pytest.raises(StructureError, match="Rename all but one"):
        add_sheets(host, lang=None, otherwise="en")
    assert names(host) == ["Deals", "Сделки"]


# ---------------------------------------------------------------- files


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_the_command_says_what_it_added_and_where_the_backup_is(tmp_path: Path, lang: str) -> None:
    """Every part of the old file is in the new one; the backup is the old file; again: nothing to add."""
    path = tmp_path / "firm.xlsx"
    path.write_bytes(before := with_parts(firm(), {}))
    first = call("init", "--into", path, "--lang", lang)
    assert (first.exit_code, first.stderr) == (0, "")
    said = {"en": "firm.xlsx: sheets added: Start here, ", "ru": "firm.xlsx: добавлены листы: "}
    assert said[lang] in first.stdout
    assert str(tmp_path / "firm.backups") in first.stdout
    assert [backup.read_bytes() for backup in (tmp_path / "firm.backups").iterdir()] == [before]
    kept = parts(path.read_bytes())
    assert all(
        kept[name] == content for name, content in parts(before).items() if name.startswith("xl/worksheets")
    )
    after = path.read_bytes()
    again = call("init", "--into", path, "--lang", "en")
    assert "has all sheets already; nothing was added." in again.stdout
    assert path.read_bytes() == after


def test_with_adds_the_sheets_that_not_every_firm_needs(tmp_path: Path) -> None:
    """Also later, to a workbook that has the others."""
    path = tmp_path / "firm.xlsx"
    path.write_bytes(firm())
    call("init", "--into", path)
    again = call("init", "--into", path, "--with", "absences,rates")
    assert "firm.xlsx: sheets added: Absences, Rates." in again.stdout
    assert {"Absences", "Rates"} <= set(opened(path.read_bytes()).sheetnames)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("init",), "Name one workbook"),
        (("init", "new.xlsx", "--into", "firm.xlsx"), "Name one workbook"),
        (("init", "--into", "missing.xlsx"), "missing.xlsx does not exist."),
        (("init", "--into", "locked.xlsx"), "The structure of the workbook is protected"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], said: str
) -> None:
    """Exit code 2, one line, no file changed or made."""
    monkeypatch.chdir(tmp_path)
    lock = replacing(b"<bookViews>", b'<workbookProtection lockStructure="1"/><bookViews>')
    Path("firm.xlsx").write_bytes(firm())
    Path("locked.xlsx").write_bytes(with_parts(firm(), {"xl/workbook.xml": lock}))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    answer = call(*args)
    assert (answer.exit_code, answer.stdout, len(answer.stderr.splitlines())) == (2, "", 1)
    assert said in answer.stderr
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_locked_workbook_gets_its_reports_beside_but_no_sheets(tmp_path: Path) -> None:
    """Reports may stand in a file of their own; sheets to type into may not."""
    path = tmp_path / "locked.xlsx"
    lock = replacing(b"<bookViews>", b'<workbookProtection lockStructure="1"/><bookViews>')
    path.write_bytes(with_parts(firm(), {"xl/workbook.xml": lock}))
    with pytest.raises(WorkbookUnsafe):
        add_sheets(XlsxHost(path), lang=None, otherwise="en")
    done = sync.run(XlsxHost(path), today=lambda _: AS_OF)
    assert done.applied is not None
    assert done.applied.beside == str(tmp_path / "locked.reports.xlsx")


# ---------------------------------------------------------------- real workbooks

SAMPLE = (
    "closedxm__AllShapes.xlsx",
    "open-xml__Complex01.xlsx",
    "phpsprea__issue.4505.namespace.xlsx",
    "poi__ExcelWithAttachments.xlsm",
    "xlwings__dynamic_array_tests.xlsm",
)


@pytest.mark.parametrize("name", SAMPLE)
def test_real_workbooks_get_the_sheets_and_a_run_and_lose_nothing(name: str, tmp_path: Path) -> None:
    """All 122 by `python -m benchmarks.corpus`."""
    outcome = tried(shared(f"corpus/{name}"), tmp_path / name)
    assert (outcome.refused, outcome.breached) == ("", False), outcome


def test_a_column_spliced_into_every_sheet_of_every_workbook_changes_nothing_else(tmp_path: Path) -> None:
    """None of the 122 has a foreign part changed, a new fault or a traceback; few are refused."""
    outcomes = [spliced(path, tmp_path / path.name) for path in sorted(shared("corpus").glob("*.xl[st]*"))]
    assert len(outcomes) == 122
    assert [outcome for outcome in outcomes if outcome.breached] == []
    assert sum(bool(outcome.refused) for outcome in outcomes) < 10
