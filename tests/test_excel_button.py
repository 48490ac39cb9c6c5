"""A click on a button: the run is written, the Audit comes to the front, one message box says how it went."""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import sheets_crm.hosts.excel as e
from sheets_crm import sync
from sheets_crm.hosts.excel.button import caller
from sheets_crm.reports import REPORTS
from sheets_crm.sheet import Cell, Page, Value
from tests.command_line import call
from tests.excel import fake_com
from tests.excel.bench import FACES, Screen
from tests.test_excel import RUN, pipeline

Open = Callable[..., Screen]


@pytest.fixture(params=FACES)
def screen(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Opens a workbook of pages in Excel on Windows, or in the engine in memory."""

    def opened(*pages: Page, **options: Any) -> Screen:
        return Screen(pages, tmp_path, request.param, **options)

    return opened


def sheet(name: str, *rows: tuple[Value, ...]) -> Page:
    cells = {
        (r, c): Cell(value)
        for r, row in enumerate(rows, 1)
        for c, value in enumerate(row, 1)
        if value is not None
    }
    return Page("x", name, cells)


RUSSIAN = sheet(
    "Сделки", ("№ сделки", "Сделка", "Этап", "Ответственный"), ("D0001", "Ромашка", "КП отправлено", "Анна"),
)  # fmt: skip


def sheets(open_: Screen) -> list[str]:
    return [found.name for found in open_.book.sheets if found.visible == -1]


def test_a_click_on_run_audit_writes_the_audit_and_shows_it(screen: Open) -> None:
    """To fix, colours, the Audit, the log and nothing else; one box with the first line and where to look."""
    open_ = screen(pipeline(6))
    assert e.run_audit(open_.xlwings_book(), as_of=RUN)
    assert sheets(open_) == ["Deals", "Audit"]
    assert open_.book.sheets[open_.book.active].name == "Audit"
    assert open_.sheet("Deals").value((1, 8)) == "To fix"
    assert len(open_.highlights("Deals")) == 3
    ((title, said),) = open_.app.alerts
    assert title == "sheets-crm"
    assert "See the sheet “Audit”." in said
    assert "2 findings taken as the baseline" in said
    assert "not saved yet" in said


def test_a_click_on_run_week_writes_all_reports(screen: Open) -> None:
    """As `sheets-crm run` does; the Audit is what is shown."""
    open_ = screen(pipeline(6))
    assert e.run_week(open_.xlwings_book(), as_of=RUN)
    assert sheets(open_) == ["Deals", *(report.sheet.en for report in REPORTS.values())]
    assert open_.book.sheets[open_.book.active].name == "Audit"


def test_the_box_speaks_the_workbooks_language(screen: Open) -> None:
    """Whatever the computer speaks."""
    open_ = screen(RUSSIAN)
    assert e.run_audit(open_.xlwings_book(), as_of=RUN)
    ((_, said),) = open_.app.alerts
    assert "Смотрите лист «Аудит»." in said


def test_two_clicks_give_identical_workbooks(screen: Open) -> None:
    """The second says that nothing has changed, and changes nothing."""
    open_ = screen(pipeline(12))
    assert e.run_week(open_.xlwings_book(), as_of=RUN)
    before = open_.everything()
    assert e.run_week(open_.xlwings_book(), as_of=RUN)
    assert open_.everything() == before
    assert "Nothing has changed since." in open_.app.alerts[1][1]
    assert "not saved" not in open_.app.alerts[1][1]


def test_blank_ids_that_were_filled_are_told(screen: Open) -> None:
    """How many; they are the only cells of the firm's that are ever written."""
    open_ = screen(sheet("Deals", ("Deal ID", "Deal", "Stage"), ("D0001", "a", "Won"), (None, "b", "Won")))
    assert e.run_audit(open_.xlwings_book(), as_of=RUN)
    assert open_.sheet("Deals").value((3, 1)) == "D0002"
    assert "Blank IDs filled: 1." in open_.app.alerts[0][1]


def test_an_earlier_day_is_told_and_not_written(screen: Open) -> None:
    """The log holds a later run: nothing is written, and the box says why."""
    open_ = screen(pipeline(6))
    e.run_audit(open_.xlwings_book(), as_of=RUN)
    before = open_.everything()
    assert not e.run_audit(open_.xlwings_book(), as_of=date(2026, 5, 1))
    assert open_.everything() == before
    assert "nothing was written" in open_.app.alerts[1][1]


def test_a_workbook_without_deals_is_told_in_one_sentence(screen: Open) -> None:
    """What is wrong and how to mend it; the workbook is what it was."""
    open_ = screen(sheet("Notes", ("milk",)))
    before = open_.everything()
    assert not e.run_audit(open_.xlwings_book(), as_of=RUN)
    assert open_.everything() == before
    ((_, said),) = open_.app.alerts
    assert "Deals" in said
    assert "Traceback" not in said


def test_a_refusal_is_told_in_the_workbooks_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the computer speaks, also when nothing could be written."""
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    open_ = Screen([RUSSIAN], tmp_path, "windows")
    open_.sheet("Сделки").protected = True
    assert not e.run_audit(open_.xlwings_book(), as_of=RUN)
    ((_, said),) = open_.app.alerts
    assert said.startswith("Лист «Сделки» защищён, поэтому ничего не записано")


def test_the_unforeseen_is_a_sentence_too(screen: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never a traceback: what to run in a terminal to see more."""
    open_ = screen(pipeline(1), name=r"C:\R&D plan.xlsm")

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(sync, "run", broken)
    assert not e.run_audit(open_.xlwings_book(), as_of=RUN)
    ((_, said),) = open_.app.alerts
    assert "ZeroDivisionError" in said
    assert '"excel:R&D plan.xlsm" --debug' in said


def test_bonuses_kept_apart_are_put_beside_the_workbook(tmp_path: Path) -> None:
    """`bonus_sheet` = separate_file: in its folder, told in the box, and not in the workbook."""
    book = sheet(
        "Sales Book", ("Code", "Active", "Setting", "Value"), ("FIRM", "Yes", "bonus_sheet", "separate_file")
    )
    open_ = Screen([pipeline(6), book], tmp_path, "windows")
    assert e.run_week(open_.xlwings_book(), as_of=RUN)
    assert "Bonus" not in sheets(open_)
    assert (tmp_path / "firm.bonus.xlsx").is_file()
    assert str(tmp_path / "firm.bonus.xlsx") in open_.app.alerts[0][1]


def test_a_hidden_audit_stays_hidden(screen: Open) -> None:
    """Who hid it does not want to see it; it is written all the same."""
    open_ = screen(pipeline(6))
    e.run_audit(open_.xlwings_book(), as_of=RUN)
    open_.sheet("Audit").visible, open_.book.active = 0, 0
    assert e.run_audit(open_.xlwings_book(), as_of=date(2026, 5, 25))
    assert open_.sheet("Audit").visible == 0
    assert open_.book.active == 0


def test_what_could_not_be_made_anew_is_told(tmp_path: Path) -> None:
    """Without COM a replaced report has no charts and no folded groups: said, and how to get them."""
    open_ = Screen([pipeline(60)], tmp_path, "memory")
    for day in (RUN, date(2026, 5, 25)):
        assert e.run_audit(open_.xlwings_book(), as_of=day)
    assert "Delete such a sheet before a run" in open_.app.alerts[1][1]


def test_every_command_takes_an_open_workbook(screen: Open) -> None:
    """`run excel:`, `audit excel:NAME`, `verify excel:NAME`, as a path; `restore` says that there is nothing to give back."""
    open_ = screen(pipeline(6), name=r"C:\R&D plan=fact.xlsx")
    open_.xlwings_book()
    assert call("run", "excel:", "--as-of", RUN).exit_code == 0
    assert sheets(open_) == ["Deals", *(report.sheet.en for report in REPORTS.values())]
    name = "excel:R&D plan=fact.xlsx"
    audited = call("audit", name, "--as-of", RUN, "--format", "json", "--exit-zero")
    assert json.loads(audited.stdout)["workbook"] == "R&D plan=fact.xlsx"
    assert call("verify", name).exit_code == 0
    refused = call("restore", name)
    assert refused.exit_code == 2
    assert "close it there" in refused.stderr


# ------------------------------------------------------------------- whose button it was

CALLERS = ["Pipeline.xlsm", "plan=fact.xlsm", "R&D.xlsm", "Sales pipeline.xlsm", "Воронка=продаж 2026.xlsm"]


@pytest.mark.parametrize("name", CALLERS)
def test_the_workbook_of_the_button_is_found_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """As xlwings' VBA names it on the command line, the workbook of another Excel window notwithstanding."""
    open_ = Screen([pipeline(2)], tmp_path, "windows", name=rf"C:\Firm\{name}")
    open_.app.open(tmp_path / "firm.xlsx", r"C:\Firm\another.xlsx")
    xlwings = fake_com.xlwings_on(open_.app)
    monkeypatch.setattr(sys, "argv", ["-c", f"--wb={name}", "--from_xl=1", "--app=", "--hwnd=99"])
    monkeypatch.setattr(xlwings.main, "sys", types.SimpleNamespace(argv=sys.argv, platform="win32"))
    assert caller().name == name
    assert e.run_audit(as_of=RUN)
    assert sheets(open_)[-1] == "Audit"


def test_the_computers_language_is_spoken_where_the_workbook_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Then nobody knows the workbook's."""
    monkeypatch.setenv("LANG", "ru_RU.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    open_ = Screen([sheet("Notes", ("milk",))], tmp_path, "windows")
    assert not e.run_audit(open_.xlwings_book(), as_of=RUN)
    assert any("а" <= letter <= "я" for letter in open_.app.alerts[0][1])
