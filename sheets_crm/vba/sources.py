"""A workbook's code names go in, the modules behind its buttons come out: ours, and xlwings' of the installed version."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from sheets_crm.errors import SheetsCrmError
from sheets_crm.text import Text
from sheets_crm.vba.project import Module, class_module, document_module, standard_module

_OURS = ("SheetsCrm", "SheetsCrmSystem")
"""The first holds the macros of the buttons: RunAudit and RunWeek."""

_MESSAGES = {
    "SHEETS_CRM_NO_PYTHON": Text(
        "Python is not where this workbook looks for it. Nothing was changed. Whoever set up sheets-crm on this"
        " computer can mend it: sheets-crm excel doctor says how.",
        "Python нет там, где его ищет эта книга. Ничего не изменено. Поправит тот, кто настраивал sheets-crm на этом"
        " компьютере: команда sheets-crm excel doctor скажет, как.",
    ),
    "SHEETS_CRM_FAILED": Text(
        "Python stopped with the error that was just shown, so this run may not have been finished. Press Ctrl+C in"
        " such a message to copy it, and send it to whoever set up sheets-crm. sheets-crm excel doctor checks this"
        " computer.",
        "Python остановился с ошибкой, которая была только что показана, и проверка могла не дойти до конца. Ctrl+C"
        " в таком окне копирует сообщение: отправьте его тому, кто настраивал sheets-crm. Компьютер проверяет команда"
        " sheets-crm excel doctor.",
    ),
    "SHEETS_CRM_NOT_STARTED": Text(
        "Python could not be started, so nothing was changed. Whoever set up sheets-crm on this computer can mend"
        " it: sheets-crm excel doctor says how.",
        "Python не удалось запустить, поэтому ничего не изменено. Поправит тот, кто настраивал sheets-crm на этом"
        " компьютере: команда sheets-crm excel doctor скажет, как.",
    ),
}
"""What our message box says; the English also stands in the source, for a workbook without these lines."""


def modules(sheets: Sequence[str], workbook: str = "ThisWorkbook") -> tuple[Module, ...]:
    """The modules of a workbook whose code name is `workbook`, with one for each sheet's code name in `sheets`.

    They are the same in every language; see `messages`. Code names stand in the package as `codeName` of
    `workbookPr` and of each `sheetPr`. A SheetsCrmError if xlwings is not installed or came without its module.
    """
    ours = (standard_module(name, _ours(name)) for name in _OURS)
    return (
        document_module(workbook, "workbook"),
        *(document_module(name, "sheet") for name in sheets),
        *ours,
        standard_module("xlwings", _theirs("xlwings.bas")),
        # On macOS xlwings reads its settings into this class, which it ships for its add-in.
        class_module("Dictionary", _theirs("addin/Dictionary.cls")),
    )


def messages(lang: str) -> dict[str, str]:
    """Lines for the sheet `xlwings.conf`, name to text: what our message box says, in the workbook's language."""
    return {key: text.get(lang) for key, text in _MESSAGES.items()}


def _ours(name: str) -> str:
    return files("sheets_crm.templates").joinpath(f"{name}.bas").read_text("ascii")


def _theirs(path: str) -> str:
    """A file of the installed xlwings, found without importing it, which would look for Excel."""
    found = find_spec("xlwings")
    source = Path(found.origin).parent / path if found and found.origin else None
    if source is None or not source.is_file():
        raise SheetsCrmError(
            Text(
                f"xlwings is not fully installed here: its {path} is missing. Reinstall it:"
                " pip install --force-reinstall xlwings",
                f"xlwings установлен здесь не полностью: нет файла {path}. Переустановите его:"
                " pip install --force-reinstall xlwings",
            )
        )
    return source.read_text("utf-8")
