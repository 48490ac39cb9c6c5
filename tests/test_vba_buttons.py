"""The buttons of a macro workbook: LibreOffice opens it, finds what they are bound to, and runs it."""

from __future__ import annotations

from pathlib import Path

import pytest
from openxml_audit import OpenXmlValidator  # type: ignore[import-untyped]

from benchmarks import repair_lint
from sheets_crm.text import LANGS, Lang
from sheets_crm.vba import messages
from tests.libreoffice_macro import BOX, BOX_WITHOUT_PYTHON, FAILS, RAISES, RECORDER, open_and_run
from tests.macro_workbook import LABELS, macro_workbook, modules_of
from tests.olevba import sources

COMMANDS = {
    "SheetsCrm.RunAudit": "import sheets_crm.hosts.excel as e; e.run_audit()",
    "SheetsCrm.RunWeek": "import sheets_crm.hosts.excel as e; e.run_week()",
}
NOWHERE = {"Interpreter_Win": r"C:\Users\Анна\venv\Scripts\python.exe"}


@pytest.mark.parametrize("lang", LANGS)
def test_libreoffice_opens_it_and_finds_the_buttons_bound(lang: Lang, tmp_path: Path) -> None:
    """Every module is there with its source, also under Russian code names; a click on a button runs its macro."""
    seen = open_and_run(macro_workbook(tmp_path / "book.xlsm", lang), tmp_path / "office")
    assert seen.buttons == dict(zip(LABELS[lang], COMMANDS, strict=True))
    made = {module.name: module.source for module in modules_of(lang)}
    assert seen.modules.keys() == made.keys()
    for name in ("SheetsCrm", "SheetsCrmSystem", "xlwings"):
        code = made[name].replace("\r\n", "\n").split("\n", 1)[1]
        assert seen.modules[name].replace("\r\n", "\n").rstrip("\n").endswith(code.rstrip("\n"))


@pytest.mark.parametrize("macro", COMMANDS)
def test_a_button_asks_python_for_exactly_one_run(macro: str, tmp_path: Path) -> None:
    """The command that reaches xlwings' RunPython, and no message."""
    path = macro_workbook(tmp_path / "book.xlsm", "en", NOWHERE)
    seen = open_and_run(
        path, tmp_path / "office", run=macro, stubs={"xlwings": RECORDER, "SheetsCrmSystem": BOX}
    )
    assert seen.cell == COMMANDS[macro]


def test_an_interpreter_that_cannot_be_looked_for_is_not_called_missing(tmp_path: Path) -> None:
    """Here there is nothing to look with, as where IT has switched it off: then xlwings is left to try."""
    path = macro_workbook(tmp_path / "book.xlsm", "en", NOWHERE)
    seen = open_and_run(path, tmp_path / "office", run="SheetsCrm.RunAudit", stubs={"xlwings": RECORDER})
    assert seen.cell == COMMANDS["SheetsCrm.RunAudit"]


FAILURES = {
    "no interpreter there": (
        "SHEETS_CRM_NO_PYTHON",
        RECORDER,
        BOX_WITHOUT_PYTHON,
        NOWHERE["Interpreter_Win"],
    ),
    "xlwings raises": ("SHEETS_CRM_NOT_STARTED", RAISES, BOX, "ActiveX component cannot create object"),
    "Python ends with an error": ("SHEETS_CRM_FAILED", FAILS, BOX, ""),
}
"""What goes wrong: the message, xlwings' part, the system's part, and what is told besides."""


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("case", FAILURES)
def test_a_failure_is_told_in_the_language_of_the_workbook(case: str, lang: Lang, tmp_path: Path) -> None:
    """Then what the computer says; LibreOffice, as macOS, shows the English below a Russian message."""
    key, python, box, detail = FAILURES[case]
    path = macro_workbook(tmp_path / "book.xlsm", lang, NOWHERE)
    stubs = {"xlwings": python, "SheetsCrmSystem": box}
    seen = open_and_run(path, tmp_path / "office", run="SheetsCrm.RunAudit", stubs=stubs)
    texts = dict.fromkeys([messages(lang)[key], messages("en")[key], detail])
    assert seen.cell.replace("\r\n", "\n") == "\n\n".join(text for text in texts if text)


def test_without_its_messages_the_box_speaks_english(tmp_path: Path) -> None:
    """Somebody cleared the sheet of settings."""
    empty = dict.fromkeys(messages("en"), "")
    path = macro_workbook(tmp_path / "book.xlsm", "en", empty)
    stubs = {"xlwings": FAILS, "SheetsCrmSystem": BOX}
    seen = open_and_run(path, tmp_path / "office", run="SheetsCrm.RunAudit", stubs=stubs)
    assert seen.cell == messages("en")["SHEETS_CRM_FAILED"]


@pytest.mark.parametrize("path", [r"python.exe", r"%LOCALAPPDATA%\python.exe"])
def test_only_a_whole_path_is_looked_for(path: str, tmp_path: Path) -> None:
    """What Windows finds or expands itself is left to xlwings."""
    book = macro_workbook(tmp_path / "book.xlsm", "en", {"INTERPRETER_WIN": path})
    stubs = {"xlwings": RECORDER, "SheetsCrmSystem": BOX_WITHOUT_PYTHON}
    seen = open_and_run(book, tmp_path / "office", run="SheetsCrm.RunWeek", stubs=stubs)
    assert seen.cell == COMMANDS["SheetsCrm.RunWeek"]


@pytest.mark.parametrize("lang", LANGS)
def test_the_package_is_one_that_excel_opens_without_repair(lang: Lang, tmp_path: Path) -> None:
    """As far as openxml-audit and our own lint can tell."""
    path = macro_workbook(tmp_path / "book.xlsm", lang)
    assert OpenXmlValidator(strict=False).validate(path).errors == []
    assert not repair_lint.faults(path.read_bytes())


def test_olevba_reads_the_sources_out_of_the_workbook(tmp_path: Path) -> None:
    """As IT does with a file that it was sent."""
    path = macro_workbook(tmp_path / "book.xlsm", "ru")
    found = sources(path.name, path.read_bytes())
    assert set(found.values()) == {module.source for module in modules_of("ru")}
