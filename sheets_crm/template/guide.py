"""The first sheet says how to work here; the Audit sheet says how to get the first audit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.resources import files

from sheets_crm.pages import look
from sheets_crm.sheet import Cell, ColumnFormat, Page, Position, SheetLink, Style
from sheets_crm.text import Lang, Text

AUDIT = Text("Audit", "Аудит")

_HEADING, _LINES = 2, 3
_COLUMNS = (ColumnFormat(1, 1, 2), ColumnFormat(2, 2, 42), ColumnFormat(3, 3, 112))
_QUOTED = Text("“{}”", "«{}»")
_SHEET = re.compile(r"\{(\w+)(\??)\}")
"""A sheet named in a line, `{Tasks}`; `{Tasks?}` only says that the line is about it."""
_COLOURED = re.compile(r"- \[(\w+)\] ")
"""A line shown in the colour that it tells of: `- [error] Red: fix today.`"""
_COLOURS = {
    **{
        name: Style(fill=fill, color=ink, align="left", indent=1)
        for name, (fill, ink) in look.HIGHLIGHTS.items()
    },
    "ours": replace(look.OURS, align="left", indent=1),
}

_NO_AUDIT_YET = Text(
    "The first audit is still to come. It puts here what is clean, whom to talk to first and what to fix.",
    "Первого аудита ещё не было. Он покажет здесь, что чисто, с кем поговорить первым и что исправить.",
)
_HOW = Text("Save and close this file, then run:", "Сохраните и закройте этот файл, затем выполните:")
_COMMAND = Text("sheets-crm run file_name.xlsx", "sheets-crm run имя_файла.xlsx")


def guide_page(sheets: Mapping[str, str], lang: Lang) -> Page:
    """The guide of a workbook with these `sheets`, key to name; a line that names any other sheet is left out."""
    head, *sections = _source(lang).split("\n## ")
    title, lead = head.removeprefix("# ").strip().split("\n", 1)
    cells = _opening(title, lead)
    row = 4
    for section in sections:
        heading, *lines = section.strip().split("\n")
        kept = list(_lines(lines, sheets, lang))
        if kept:
            cells[row, _HEADING] = Cell(heading, look.SECTION)
            cells |= {(row + i, _LINES): cell for i, cell in enumerate(kept)}
            row += len(kept) + 1
    return Page("guide", title, cells, _COLUMNS, tab=look.TAB_OURS, gridlines=False)


def audit_page(lang: Lang) -> Page:
    """What stands on the Audit sheet until the first run puts its report there."""
    cells = _opening(AUDIT.get(lang), _NO_AUDIT_YET.get(lang))
    cells[4, _HEADING] = Cell(_HOW.get(lang), look.PLAIN)
    cells[5, _HEADING] = Cell(_COMMAND.get(lang), look.COMMAND)
    return Page("audit", AUDIT.get(lang), cells, _COLUMNS, tab=look.TAB_OURS, gridlines=False, owned=True)


def _opening(title: str, lead: str) -> dict[Position, Cell]:
    return {(1, _HEADING): Cell(title, look.TITLE), (2, _HEADING): Cell(lead, look.LEAD)}


def _source(lang: Lang) -> str:
    return files("sheets_crm.templates").joinpath(f"guide.{lang}.md").read_text("utf-8")


def _lines(lines: Sequence[str], sheets: Mapping[str, str], lang: Lang) -> Iterator[Cell]:
    number = 0
    for line in lines:
        named = [found[1] for found in _SHEET.finditer(line)]
        if any(key not in sheets for key in named):
            continue
        text = _SHEET.sub(lambda f: "" if f[2] else _QUOTED.get(lang).format(sheets[f[1]]), line)
        if text.startswith("1. "):
            number += 1
            yield Cell(f"{number}. {text[3:]}", look.BODY)
        elif text.startswith("**"):
            yield Cell(text.strip("*"), look.STRONG)
        elif line.startswith("- {"):
            yield Cell(SheetLink(text[2:], sheets[named[0]]), look.LINK)
        elif coloured := _COLOURED.match(text):
            yield Cell(text[coloured.end() :], _COLOURS[coloured[1]])
        else:
            yield Cell(text.removeprefix("- "), look.BODY)
