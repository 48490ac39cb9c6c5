"""The first sheet says how to work here; the sheet of a report says what will stand there and how to get it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from typing import NamedTuple

from sheets_crm.pages import look
from sheets_crm.sheet import Cell, ColumnFormat, Page, Position, RowFormat, SheetLink, Style
from sheets_crm.text import Lang, Text, same


class _Report(NamedTuple):
    """A report before the first run."""

    sheet: Text
    promise: Text
    """What it will show, at the end of a sentence."""


_REPORTS = {
    "Audit": _Report(
        Text("Audit", "Аудит"),
        Text(
            "what is clean, whom to talk to first and what to fix",
            "что чисто, с кем поговорить первым и что исправить",
        ),
    ),
    "Forecast": _Report(
        Text("Forecast", "Прогноз"),
        Text(
            "what the month is likely to bring, how far that is from plan, and the deals that decide it",
            "сколько принесёт месяц, чего не хватает до плана и какие сделки это решат",
        ),
    ),
    "Conversion": _Report(
        Text("Conversion", "Конверсии"),
        Text(
            "at which stage most deals are lost, how long a deal takes, and where each rep is stronger than the team",
            "на каком этапе теряется больше всего сделок, сколько длится сделка и кто в чём сильнее команды",
        ),
    ),
    "Bonus": _Report(
        Text("Bonus", "Премии"),
        Text(
            "each rep's bonus, what it is made of, and what can still be mended before it counts",
            "какая у каждого премия, из чего она сложилась и что ещё можно исправить, пока это не посчитано",
        ),
    ),
}
"""By the name that the guide has for the sheet; its key is the same in lower case."""
_HEADING, _LINES = 2, 3
BUTTONS: Position = (3, _LINES)
"""The cell of a guide `BY_BUTTON` that keeps room for the buttons; the rows above it are as high in every program."""
_ROOM = {1: RowFormat(27), 2: RowFormat(18), 3: RowFormat(33)}
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

_NOT_YET = Text(
    "The first run is still to come. It shows here {promise}.",
    "Первого запуска ещё не было. Он покажет здесь, {promise}.",
)


class Start(NamedTuple):
    """How a run is started in a workbook, as its guide and its reports before the first run say it."""

    line: Text
    """A step in the guide."""
    how: Text
    command: Text = same("")


AS_A_FILE = Start(
    Text(
        "Save and close this file, then run the audit: sheets-crm run file_name.xlsx",
        "Сохраните и закройте этот файл, запустите аудит: sheets-crm run имя_файла.xlsx",
    ),
    Text("Save and close this file, then run:", "Сохраните и закройте этот файл, затем выполните:"),
    Text("sheets-crm run file_name.xlsx", "sheets-crm run имя_файла.xlsx"),
)
RUN_AUDIT = Text("Run audit", "Запустить аудит")
RUN_WEEK = Text("Run week", "Подвести неделю")
"""What stands on the buttons of a macro workbook."""
BY_BUTTON = Start(
    Text(
        "Press “Run week” above; the file stays open. Without macros: save, close, and sheets-crm run file_name.xlsm",
        "Нажмите «Подвести неделю» выше, файл не закрывая. Без макросов: сохраните, закройте, sheets-crm run имя_файла.xlsm",
    ),
    Text(
        "To make it, press “Run week” on the first sheet.",
        "Чтобы он появился, нажмите «Подвести неделю» на первом листе.",
    ),
)


def at_address(address: str) -> Start:
    """A workbook that is no file to close."""
    return Start(
        Text("Run the audit: sheets-crm run {address}", "Запустите аудит: sheets-crm run {address}").fill(
            address=address
        ),
        Text("To make it, run:", "Чтобы он был, выполните:"),
        same(f"sheets-crm run {address}"),
    )


def guide_page(sheets: Mapping[str, str], lang: Lang, start: Start = AS_A_FILE) -> Page:
    """The guide of a workbook with these sheets, key of a table or a report to name.

    A line that names a sheet which is not among them is left out.
    """
    source = _source(lang).replace(AS_A_FILE.line.get(lang), start.line.get(lang))
    head, *sections = source.split("\n## ")
    title, lead = guide_name(lang), head.partition("\n")[2]
    cells = _opening(title, lead.strip())
    row = 4
    for section in sections:
        heading, *lines = section.strip().split("\n")
        kept = list(_lines(lines, sheets, lang))
        if kept:
            cells[row, _HEADING] = Cell(heading, look.SECTION)
            cells |= {(row + i, _LINES): cell for i, cell in enumerate(kept)}
            row += len(kept) + 1
    rows = _ROOM if start is BY_BUTTON else {}
    return Page("guide", title, cells, _COLUMNS, rows, tab=look.TAB_OURS, gridlines=False)


def guide_name(lang: Lang) -> str:
    """The name of the sheet with the guide."""
    return _source(lang).partition("\n")[0].removeprefix("# ").strip()


def report_names(lang: Lang) -> dict[str, str]:
    """The weekly reports as the guide calls them, `Audit`, to the names of their sheets."""
    return {key: report.sheet.get(lang) for key, report in _REPORTS.items()}


def report_pages(names: Mapping[str, str], lang: Lang, start: Start = AS_A_FILE) -> Iterator[Page]:
    """The sheets of the weekly reports as they stand until the first run fills them; `names` as by `report_names`."""
    for key, name in names.items():
        report = _REPORTS[key]
        cells = _opening(report.sheet.get(lang), _NOT_YET.fill(promise=report.promise).get(lang))
        cells[4, _HEADING] = Cell(start.how.get(lang), look.PLAIN)
        if command := start.command.get(lang):
            cells[5, _HEADING] = Cell(command, look.COMMAND)
        yield Page(key.lower(), name, cells, _COLUMNS, tab=look.TAB_OURS, gridlines=False, owned=True)


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
