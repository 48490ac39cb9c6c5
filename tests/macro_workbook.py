"""A macro workbook made by XlsxWriter around our project: two sheets, two buttons, the sheet of settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import xlsxwriter  # type: ignore[import-untyped]

from sheets_crm.text import Lang
from sheets_crm.vba import Module, messages, modules, project

LABELS: dict[Lang, tuple[str, str]] = {
    "en": ("Run audit", "Run the week"),
    "ru": ("Проверить", "Провести неделю"),
}


CODE_NAMES: dict[Lang, tuple[str, str, str]] = {
    "en": ("ThisWorkbook", "Sheet1", "Sheet2"),
    "ru": ("ЭтаКнига", "Лист1", "Лист2"),
}
"""What Excel in these languages calls a new workbook and its sheets."""


def modules_of(lang: Lang) -> tuple[Module, ...]:
    """The modules in such a workbook."""
    book, *sheets = CODE_NAMES[lang]
    return modules(sheets, book)


def macro_workbook(path: Path, lang: Lang, settings: Mapping[str, str] | None = None) -> Path:
    """The workbook; `settings` are lines of `xlwings.conf` besides, or instead of, the messages of our box."""
    made = path.with_suffix(".bin")
    made.write_bytes(project(modules_of(lang)))
    book, guide_name, conf_name = CODE_NAMES[lang]
    with xlsxwriter.Workbook(path) as workbook:
        guide, conf = workbook.add_worksheet("Guide"), workbook.add_worksheet("xlwings.conf")
        for row, line in enumerate({**messages(lang), **(settings or {})}.items()):
            conf.write_row(row, 0, line)
        workbook.add_vba_project(str(made))
        workbook.set_vba_name(book)
        guide.set_vba_name(guide_name)
        conf.set_vba_name(conf_name)
        for row, (macro, label) in enumerate(zip(("RunAudit", "RunWeek"), LABELS[lang], strict=True)):
            guide.insert_button(3 * row, 1, {"macro": macro, "caption": label})
    return path
