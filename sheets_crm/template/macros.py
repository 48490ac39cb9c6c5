"""A workbook of ours with buttons: our macros, the sheet that tells xlwings which Python runs, the two buttons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sheets_crm.book import folded
from sheets_crm.errors import WorkbookUnsafe
from sheets_crm.hosts.xlsx import XlsxCopy, patched
from sheets_crm.hosts.xlsx.macros import Button, Corner, code_names, project_of, with_macros
from sheets_crm.hosts.xlsx.workbook import taken
from sheets_crm.pages import look
from sheets_crm.sheet import Cell, Changes, ColumnFormat, Fill, Grid, Page, Style
from sheets_crm.template.guide import BUTTONS, RUN_AUDIT, RUN_WEEK, guide_name
from sheets_crm.text import LANGS, Lang, Text
from sheets_crm.vba import Module, messages, modules, project
from sheets_crm.vba.reading import Unreadable, sources

_OURS = "SheetsCrm"
"""The module by which a project is known to be ours; the names of the others begin so."""
SETTINGS = "xlwings.conf"
"""The sheet where xlwings' macros look first."""
INTERPRETERS = {"win32": "Interpreter_Win", "darwin": "Interpreter_Mac"}
"""The platform, as Python names it, to the setting that says which Python runs there."""
_WIDTH, _HEIGHT, _GAP, _MARGIN = 168, 32, 12, 6
"""Of the buttons in the room that a guide of ours keeps for them, in pixels."""


class _Setting(NamedTuple):
    value: str = ""
    says: Text | None = None


_OTHERS = {
    "Interpreter": _Setting(),
    "PYTHONPATH": _Setting(),
    "ADD_WORKBOOK_TO_PYTHONPATH": _Setting(
        "False",
        Text(
            "As text: the folder of the workbook may be an address of OneDrive or SharePoint.",
            "Текстом: папкой книги может быть адрес OneDrive или SharePoint.",
        ),
    ),
    "Conda Path": _Setting(),
    "Conda Env": _Setting(),
    "Show Console": _Setting("0"),
    "Use UDF Server": _Setting("0"),
    "ONEDRIVE_CONSUMER_WIN": _Setting(),
    "ONEDRIVE_CONSUMER_MAC": _Setting(),
    "ONEDRIVE_COMMERCIAL_WIN": _Setting(),
    "ONEDRIVE_COMMERCIAL_MAC": _Setting(),
    "SHAREPOINT_WIN": _Setting(),
    "SHAREPOINT_MAC": _Setting(),
    "TEMP DIR": _Setting("%TEMP%"),
    "SHOW_ERROR_POPUPS": _Setting("True"),
}
"""All that xlwings' RunPython asks for: what it does not find here it looks for in a file beside the workbook.

`0` and not False where it wants yes or no: the words for these are another in every language of Excel.
"""


def settings_page(lang: Lang, interpreters: Mapping[str, str]) -> Page:
    """The hidden sheet of settings; `interpreters`: path of the Python by platform, `win32` and `darwin`."""
    settings = {
        **{
            name: _Setting(interpreters.get(platform, ""), _INTERPRETER[platform])
            for platform, name in INTERPRETERS.items()
        },
        **_OTHERS,
        **{key: _Setting(text) for key, text in messages(lang).items()},
    }
    cells = {}
    for row, (name, setting) in enumerate(settings.items(), 1):
        cells[row, 1] = Cell(name, look.PLAIN)
        cells[row, 2] = Cell(setting.value, _AS_TEXT)
        if setting.says:
            cells[row, 3] = Cell(setting.says.get(lang), look.PLAIN)
    cells[len(settings) + 2, 1] = Cell(_ABOUT.get(lang), look.PLAIN)
    columns = (ColumnFormat(1, 1, 32), ColumnFormat(2, 2, 60, _AS_TEXT), ColumnFormat(3, 3, 80))
    return Page(SETTINGS, SETTINGS, cells, columns, hidden=True)


def with_buttons(data: bytes, lang: Lang, interpreters: Mapping[str, str], *, room: bool) -> bytes:
    """The workbook, which has a guide, as a macro workbook; equal arguments give equal bytes.

    `room`: the guide was made `BY_BUTTON`, and keeps some for them; else they stand right of all that stands there.
    Macros of ours that it has already are replaced; of their settings only a Python that none is named for is filled
    in. Raises WorkbookUnsafe if it has macros
    of its own, a sheet `xlwings.conf` without macros of ours, or cannot be written safely.
    """
    refuse_macros(data)
    guide = guide_of(data)
    standing = _settings(data) if project_of(data) else None
    if standing is None:
        data = patched(data, Changes(pages=(settings_page(lang, interpreters),)))
    else:
        data = patched(data, Changes(fills=tuple(_unnamed(standing, interpreters))))
    return with_macros(data, project(_modules(data)), guide.name, list(_buttons(guide, lang, room=room)))


def refuse_macros(data: bytes) -> None:
    """Raises WorkbookUnsafe if a workbook has macros that are not ours."""
    made = project_of(data)
    if made is None:
        return
    # Code in the module of a sheet or of the workbook is somebody's.
    ours = {module.name.casefold() for module in _modules(data) if module.kind in ("standard", "class")}
    try:
        code = {name.casefold() for name, text in sources(made).items() if _code(text)}
    except Unreadable:
        code = set()
    strange = {name for name in code - ours if not name.startswith(_OURS.casefold())}
    if strange or _OURS.casefold() not in code:
        raise WorkbookUnsafe(_HAS_MACROS)


def outdated(data: bytes) -> list[str] | None:
    """The modules in a macro workbook that this version would make otherwise; None if it has no macros of ours.

    Excel spells sources anew when it saves them, so neither case nor blanks count.
    """
    made = project_of(data)
    try:
        stand = {name.casefold(): _code(text) for name, text in sources(made or b"").items()}
    except Unreadable:
        return None
    if _OURS.casefold() not in stand:
        return None
    ours = [module for module in _modules(data) if module.kind in ("standard", "class")]
    return [module.name for module in ours if stand.get(module.name.casefold()) != _code(module.source)]


def _modules(data: bytes) -> tuple[Module, ...]:
    names = code_names(data)
    return modules(names.sheets, names.workbook)


def _code(source: str) -> str:
    """A module's lines as they count: without attributes, `Option Explicit`, blanks and case."""
    lines = (line.casefold() for line in source.splitlines())
    kept = (line for line in lines if not line.startswith("attribute ") and line.strip() != "option explicit")
    return "".join("".join(line.split()) for line in kept)


def interpreters_of(data: bytes) -> dict[str, str] | None:
    """What a workbook's sheet of settings says of the Python, by platform; None if it has no such sheet."""
    grid = _settings(data)
    if grid is None:
        return None
    rows = _rows(grid)
    return {p: str(grid.value(rows.get(name.casefold(), 0), 2) or "") for p, name in INTERPRETERS.items()}


def _settings(data: bytes) -> Grid | None:
    found = XlsxCopy(data, "").read(lambda sheets: [s.name for s in sheets if folded(s.name) == SETTINGS])
    return next(iter(found.grids.values()), None)


def _rows(settings: Grid) -> dict[str, int]:
    """The name of each setting to its row."""
    return {str(row[0]).casefold(): number for number, row in enumerate(settings.rows, 1) if row and row[0]}


def _unnamed(settings: Grid, interpreters: Mapping[str, str]) -> Iterator[Fill]:
    rows = _rows(settings)
    for platform, python in interpreters.items():
        row = rows.get(INTERPRETERS[platform].casefold())
        if row is not None and not settings.value(row, 2):
            yield Fill(settings.name, row, 2, python)


def guide_of(data: bytes) -> Grid:
    """The sheet with the guide, which stands under its name in either language. Raises WorkbookUnsafe if it is a chart."""
    names = {folded(guide_name(lang)) for lang in LANGS}
    found = XlsxCopy(data, "").read(lambda sheets: [s.name for s in sheets if folded(s.name) in names])
    if not found.grids:
        raise taken(next(s.name for s in found.sheets if folded(s.name) in names))
    return next(iter(found.grids.values()))


def _buttons(guide: Grid, lang: Lang, *, room: bool) -> Iterator[Button]:
    right = max(map(len, guide.rows), default=0) + 1
    for number, (caption, macro) in enumerate({RUN_AUDIT: "RunAudit", RUN_WEEK: "RunWeek"}.items()):
        if room:
            row, column = BUTTONS
            left = number * (_WIDTH + _GAP)
            place = Corner(row, column, left, _MARGIN), Corner(row, column, left + _WIDTH, _MARGIN + _HEIGHT)
        else:
            row = 1 + 3 * number
            place = Corner(row, right, _MARGIN), Corner(row + 2, right + 3)
        yield Button(caption.get(lang), macro, *place)


_AS_TEXT = Style(color=look.INK, format=look.TEXT)
_INTERPRETER = {
    "win32": Text(
        "The Python that runs the audit on Windows (python.exe).",
        "Python, который выполняет аудит в Windows (python.exe).",
    ),
    "darwin": Text("The Python that runs the audit on macOS.", "Python, который выполняет аудит в macOS."),
}
_HAS_MACROS = Text(
    "The workbook has macros of its own, which are left alone: import our modules by hand (docs/excel.md says how), "
    "or work without them: with the workbook open, sheets-crm run excel:",
    "В книге есть свои макросы, и мы их не трогаем: добавьте наши модули вручную (как, сказано в docs/excel.md) "
    "или работайте без них: при открытой книге выполните sheets-crm run excel:",
)
_ABOUT = Text(
    "The macros read the settings above. `sheets-crm excel doctor FILE.xlsm` checks them.",
    "Макросы читают настройки выше. Проверить их: sheets-crm excel doctor ФАЙЛ.xlsm",
)
