"""A table becomes a sheet to work in: headers with notes, dropdowns, formats, and whatever rows it starts with."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from textwrap import wrap
from typing import Any, Literal, NamedTuple, TypeAlias

from sheets_crm.book import TableRows
from sheets_crm.checks import RULES
from sheets_crm.pages import look
from sheets_crm.schema import TABLES, Column, Table
from sheets_crm.schema.choices import YESNO
from sheets_crm.sheet import (
    Area,
    Cell,
    Choice,
    ColumnFormat,
    Formula,
    Page,
    Position,
    Print,
    RowFormat,
    Style,
    Value,
    letters,
    quoted,
)
from sheets_crm.text import Lang, Text, same

RowValues: TypeAlias = Mapping[str, Value]
"""One row: column key to value. Choices are given by key or as the firm wrote them; yes and no as booleans."""

READY_ROWS = 2000
"""Rows that have dropdowns from the start; READY_LIST in a table that hardly grows."""
READY_LIST = 199
LOOKUP_ROWS = 500
"""Blank rows of Tasks whose lookups stand ready for what is typed next."""

_FROZEN = {
    "Deals": "name",
    "Tasks": "deal_id",
    "Companies": "name",
    "Contacts": "name",
    "Stages": "stage",
    "Plans": "user",
}
"""The last column that stays in place when the sheet is scrolled to the right; the first of the identity elsewhere."""
_LOOKUPS = {"deal_company": "company_id", "deal_stage": "stage"}
"""Column of Tasks to the column of Deals that it shows."""
_WRAPPED = frozenset({"note", "expression", "names", "text", "ref"})
"""Kinds that show all their lines where rules and words stand; elsewhere a row is one line, so that many fit."""
_ALIGN: dict[str, Literal["left", "center", "right"]] = {
    "date": "left",
    "moment": "left",
    "money": "right",
    "number": "center",
    "whole": "center",
    "percent": "center",
}
"""So that no number touches the word in the next column."""
_AS_TEXT = frozenset({"id", "ref", "text", "phone", "email", "weekdays"})
"""Kinds that a spreadsheet would otherwise turn into dates and numbers: 1-5, 1.0, +7 999, 00123."""
_FILTER_BUTTON = 3
_LINE_HEIGHT = 15.0
_NARROWER_THAN_DIGITS = 1.15
"""Widths count digits; ordinary text takes less room."""
_LISTS = frozenset({"SalesBook", "Stages", "LossReasons", "Team"})
"""Tables that hardly grow."""
_CLOSED = frozenset({"Stages", "LossReasons"})
"""Tables whose words are the only ones; elsewhere an ID, or someone not yet on the list, may be typed."""


class Layout(NamedTuple):
    """A table as it is to stand in this workbook."""

    table: Table
    sheet: Text
    """The name of its sheet."""
    columns: tuple[Column, ...]
    rows: Sequence[RowValues]
    collapse: bool
    """Whether the columns that are not for every day stand in a collapsed group."""
    stands: TableRows[Any] | None = None
    """The firm's own sheet of this table: no page is made of it, others refer to it as it is."""

    def has(self, key: str) -> bool:
        """Whether the column `key` was not left out."""
        return self.stands.has(key) if self.stands is not None else any(c.key == key for c in self.columns)

    def at(self, key: str) -> int:
        """The number of the column `key`, from 1."""
        return (
            self.stands.positions[key]
            if self.stands is not None
            else [c.key for c in self.columns].index(key) + 1
        )

    def whole(self, key: str, lang: Lang) -> str:
        """The whole column as a formula names it: `Deals!$B:$B`."""
        name = letters(self.at(key))
        return f"{quoted(self.sheet.get(lang))}!${name}:${name}"

    @property
    def first_row(self) -> int:
        """The row below the header."""
        return self.stands.header_row + 1 if self.stands is not None else 2

    @property
    def last_row(self) -> int:
        """The last row prepared for typing: all rows given, and room for more."""
        ready = READY_LIST if self.table.key in _LISTS else READY_ROWS
        used = self.stands.last_row if self.stands is not None else len(self.rows)
        return 1 + max(ready, used + ready // 4)


Layouts: TypeAlias = Mapping[str, Layout]


def layouts_of(
    tables: Collection[str],
    columns: Mapping[str, Collection[str]],
    rows: Mapping[str, Sequence[RowValues]],
    standing: Mapping[str, TableRows[Any]] | None = None,
    names: Mapping[str, Text] | None = None,
) -> Layouts:
    """The tables of a workbook by key, in the order of the sheets.

    A table named in `columns` has only those, its ID and what we write there, and nothing is collapsed.
    `standing`: tables that the workbook has already, kept as they are. `names`: of sheets that are not called as
    the table is. Raises KeyError for a table or a column that does not exist.
    """
    made: dict[str, Layout] = {}
    chosen = {TABLES[key].key for key in tables}
    for key, table in TABLES.items():
        stands = (standing or {}).get(key)
        if stands is not None:
            made[key] = Layout(table, same(stands.sheet or ""), (), (), collapse=False, stands=stands)
        elif key in chosen:
            wanted, sheet = columns.get(key), (names or {}).get(key, table.sheet)
            made[key] = Layout(
                table, sheet, _columns(table, wanted), rows.get(key, ()), collapse=wanted is None
            )
    if "Tasks" in made and made["Tasks"].stands is None:
        made["Tasks"] = _with_live_lookups(made["Tasks"], made.get("Deals"))
    return made


def _columns(table: Table, wanted: Collection[str] | None) -> tuple[Column, ...]:
    if wanted is None:
        return table.columns
    keys = {table.column(key).key for key in wanted} | set(table.identity)
    return tuple(c for c in table.columns if c.ours or c.key in keys)


def _with_live_lookups(tasks: Layout, deals: Layout | None) -> Layout:
    """Without the lookups that have nothing to look up by, or to show."""
    live = {key for key, target in _LOOKUPS.items() if deals and tasks.has("deal_id") and deals.has(target)}
    return tasks._replace(columns=tuple(c for c in tasks.columns if c.kind != "lookup" or c.key in live))


def table_page(own: Layout, layouts: Layouts, lang: Lang) -> Page:
    """The sheet of one table; `layouts` are all tables of the workbook, for dropdowns and lookups."""
    naming = _FROZEN.get(own.table.key, own.table.identity[0])
    return Page(
        key=own.table.key,
        name=own.sheet.get(lang),
        cells=dict(_cells(own, layouts, lang)),
        columns=tuple(_column_formats(own, lang)),
        rows=_row_formats(own, lang),
        freeze=(1, own.at(naming) if own.has(naming) else 1),
        filter=Area(1, 1, own.last_row, len(own.columns)),
        choices=tuple(_choices(own, layouts, lang)),
        notes={(1, i): column.meaning.get(lang) for i, column in enumerate(own.columns, start=1)},
        print=Print(repeat_rows=(1, 1), footer=own.sheet.get(lang)),
        tab=look.TAB_RULES if own.table.group in ("rules", "service") else look.TAB_DAILY,
    )


# -------------------------------------------------------------------- columns


def _column_formats(own: Layout, lang: Lang) -> Iterator[ColumnFormat]:
    after_group = False
    for number, column in enumerate(own.columns, start=1):
        grouped = own.collapse and not column.daily and number > 1  # the ID leads, narrow
        yield ColumnFormat(
            number,
            number,
            _width(column, lang),
            _style(own, column, lang),
            level=int(grouped),
            hidden=grouped,
            collapsed=after_group and not grouped,
        )
        after_group = grouped
    if after_group:
        yield ColumnFormat(len(own.columns) + 1, len(own.columns) + 1, 9, collapsed=True)


def _width(column: Column, lang: Lang) -> float:
    """Wide enough for the longest word of the header, and for the words that a closed list offers."""
    longest = max(map(len, column.header.get(lang).split())) + _FILTER_BUTTON
    offered = max(map(len, column.choices.words(lang))) if column.choices else 0
    return max(column.width, longest, offered, _shown_column(column).width)


def _shown_column(column: Column) -> Column:
    """The column whose values appear here: one of a closed list, or the one looked up in Deals."""
    if column.kind == "lookup":
        return _shown_column(TABLES["Deals"].column(_LOOKUPS[column.key]))
    table, _, key = column.refers.partition(".")
    return TABLES[table].column(key) if table in _CLOSED else column


def _row_formats(own: Layout, lang: Lang) -> dict[int, RowFormat]:
    """Heights where text takes several lines: LibreOffice does not find them by itself when it opens a file."""
    widths = {c.key: _width(c, lang) for c in own.columns}
    heads = (_line_count(c.header.get(lang), widths[c.key] - _FILTER_BUTTON) for c in own.columns)
    formats = {1: RowFormat(4 + _LINE_HEIGHT * max(2, *heads))}
    wrapped = [c.key for c in own.columns if _wraps(own, c)]
    for number, values in enumerate(own.rows, start=2):
        lines = max((_line_count(str(values.get(key) or ""), widths[key]) for key in wrapped), default=1)
        if lines > 1:
            formats[number] = RowFormat(_LINE_HEIGHT * lines)
    return formats


def _line_count(text: str, width: float) -> int:
    return len(wrap(text, int(width * _NARROWER_THAN_DIGITS), break_long_words=False))


def _wraps(own: Layout, column: Column) -> bool:
    """On the daily sheets a deal is one line: what does not fit is read in the cell itself."""
    told_in_full = own.table.group in ("rules", "words")
    return told_in_full and (column.kind == "hygiene" or column.kind in _WRAPPED)


def _style(own: Layout, column: Column, lang: Lang) -> Style:
    return replace(
        look.OURS if column.ours else look.INPUT,
        wrap=_wraps(own, column),
        align=_ALIGN.get(column.kind),
        indent=int(column.kind == "money"),
        format=_format(column, lang),
    )


def _format(column: Column, lang: Lang) -> str | None:
    match column.kind:
        case "date":
            return look.DATES[lang]
        case "moment":
            return look.MOMENTS[lang]
        case "money":
            return look.MONEY
        case "whole":
            return look.WHOLE
        case kind:
            return look.TEXT if kind in _AS_TEXT else None


# ---------------------------------------------------------------------- cells


def _cells(own: Layout, layouts: Layouts, lang: Lang) -> Iterator[tuple[Position, Cell]]:
    for number, column in enumerate(own.columns, start=1):
        header = look.HEAD_OURS if column.ours else look.HEAD
        yield (1, number), Cell(column.header.get(lang), header)
        if column.kind == "lookup":
            yield from _lookups(own, layouts, number, column, lang)
        else:
            yield from _column_cells(own, number, column, lang)


def _column_cells(own: Layout, number: int, column: Column, lang: Lang) -> Iterator[tuple[Position, Cell]]:
    style = _style(own, column, lang)
    day = replace(style, format=look.DATES[lang])
    for row, values in enumerate(own.rows, start=2):
        value = _shown(column, values.get(column.key), lang)
        dated = column.kind == "moment" and _is_whole_day(value)
        look_here = _marked(own, values, day if dated else style)
        if value not in (None, "") or look_here is not style:
            yield (row, number), Cell(value, look_here)


def _shown(column: Column, value: Value, lang: Lang) -> Value:
    """The value as people see it: a choice's word for its key, Yes or No for a boolean."""
    if isinstance(value, bool):
        return YESNO.word("yes" if value else "no").get(lang)
    if column.choices and any(value == item.key for item in column.choices.items):
        return column.choices.word(str(value)).get(lang)
    return value


def _is_whole_day(value: Value) -> bool:
    if isinstance(value, datetime):
        return value.time() == time()
    return isinstance(value, date)


def _marked(own: Layout, values: RowValues, style: Style) -> Style:
    """In the Sales Book the line of a clause stands out from the settings under it."""
    clause = own.table.key == "SalesBook" and not values.get("setting")
    return replace(style, bold=True, top=look.RULE) if clause else style


# -------------------------------------------------------------------- lookups


def _lookups(
    own: Layout, layouts: Layouts, number: int, column: Column, lang: Lang
) -> Iterator[tuple[Position, Cell]]:
    """Formulas that show a field of the task's deal, whether the deal is given by its ID or by its name."""
    deals, target = layouts["Deals"], _LOOKUPS[column.key]
    now = _by_id_and_name(deals, target)
    formula = _lookup_formula(deals, target, lang)
    key, style = f"${letters(own.at('deal_id'))}", _style(own, column, lang)
    for row in range(2, 2 + len(own.rows) + LOOKUP_ROWS):
        values = own.rows[row - 2] if row - 2 < len(own.rows) else {}
        found = now.get(str(values.get("deal_id") or "").casefold(), "")
        yield (row, number), Cell(Formula(formula.replace("KEY", f"{key}{row}"), found), style)


def _lookup_formula(deals: Layout, target: str, lang: Lang) -> str:
    """With KEY for the task's own cell. Whole columns, so that no later deal is beyond them.

    `&""`, as a blank would show as 0.
    """
    tries = '""'
    for key in reversed(_deal_keys(deals)):
        place = f"MATCH(KEY,{deals.whole(key, lang)},0)"
        tries = f"IFERROR(INDEX({deals.whole(target, lang)},{place}),{tries})"
    return f'=IF(KEY="","",{tries}&"")'


def _deal_keys(deals: Layout) -> list[str]:
    return [key for key in ("deal_id", "name") if deals.has(key)]


def _by_id_and_name(deals: Layout, target: str) -> dict[str, str]:
    """What the formula finds now: the first deal of that ID, else the first of that name."""
    found: dict[str, str] = {}
    for key in _deal_keys(deals):
        for row in deals.rows:
            found.setdefault(str(row.get(key) or "").casefold(), str(row.get(target) or ""))
    return found | {"": ""}


# ------------------------------------------------------------------ dropdowns


def _choices(own: Layout, layouts: Layouts, lang: Lang) -> Iterator[Choice]:
    for number, column in enumerate(own.columns, start=1):
        area = Area(2, number, own.last_row, number)
        header = column.header.get(lang)
        if column.choices or column.kind == "yesno":
            words = (column.choices or YESNO).words(lang)
            yield Choice(area, words=words, title=header, message=_PICK.fill(header=header).get(lang))
        elif suggested := _SUGGESTED.get((own.table.key, column.key)):
            yield Choice(area, words=suggested, strict=False)
        elif source := _source(column, layouts, lang):
            home = TABLES[column.refers.partition(".")[0]]
            strict = home.key in _CLOSED
            message = (
                _PICK_FROM.fill(header=header, sheet=layouts[home.key].sheet).get(lang) if strict else ""
            )
            yield Choice(area, formula=source, strict=strict, title=header if strict else "", message=message)


_SUGGESTED = {("Waivers", "rule"): tuple(RULES)}
"""Words that stand in no column of the workbook by themselves: the codes of the Sales Book repeat."""
_PICK = Text("{header}: please pick from the list.", "{header}: выберите из списка.")
_PICK_FROM = Text(
    "{header}: please pick from the list. It stands on the sheet “{sheet}”.",
    "{header}: выберите из списка. Он стоит на листе «{sheet}».",
)


def _source(column: Column, layouts: Layouts, lang: Lang) -> str | None:
    """The cells that feed a dropdown; None if the column refers to nothing in this workbook."""
    table, _, key = column.refers.partition(".")
    home = layouts.get(table)
    if home is None or not home.has(key):
        return None
    name = letters(home.at(key))
    return f"={quoted(home.sheet.get(lang))}!${name}${home.first_row}:${name}${home.last_row}"
