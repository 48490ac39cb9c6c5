"""Excel as far as a run of ours meets it: what becomes of what is entered, copied, renamed or deleted.

From Microsoft's documentation and what is known of Excel's habits; no real Excel was at hand. A text entered into a cell
in the format General turns into a number, a day or a formula where it can; an apostrophe in front makes it a text. Days
are numbers with a format. A formula that is copied into another workbook goes on pointing to the first. Conditional
formats speak the language of Excel and take relative references from the active cell. Formulas are computed by
`tests.google.formulas`, which knows what our pages use.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.styles.numbers import is_date_format
from openpyxl.utils.datetime import to_excel

from sheets_crm.sheet import Area, letters
from tests.google.formulas import Computation, Fault, Place, Rows, Scalar, index_of, renamed, rewritten

Position = tuple[int, int]
ROWS, COLUMNS = 1_048_576, 16_384
ARRAY_TEXT = 8_203
"""The longest text in an array that is entered as one."""
FORMULA = 8_192
"""The longest that Range.Formula takes."""
ERRORS = {
    "#NULL!": -2146826288, "#DIV/0!": -2146826281, "#VALUE!": -2146826273, "#REF!": -2146826265,
    "#NAME?": -2146826259, "#NUM!": -2146826252, "#N/A": -2146826246,
}  # fmt: skip
_NUMBER = re.compile(r"\s*[-+]?(?:\d+|\d{1,3}(?:[, ]\d{3})+)?(?:\.\d+)?(?:[eE][-+]?\d+)?\s*%?\s*\Z")
_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})\Z|(\d{1,2})[./](\d{1,2})[./](\d{4})\Z")
_TOKEN = re.compile(r"""("(?:[^"]|"")*"|'(?:[^']|'')*'!?)|(\$?)\b([A-Z]{1,3})(\$?)(\d+)\b""")
_LOCAL = {"FIND": "НАЙТИ", "ISNUMBER": "ЕЧИСЛО", "AND": "И"}
"""Functions as a Russian Excel calls them; there `;` stands between arguments."""


class Refused(Exception):
    """Excel will not do that (error 1004)."""


@dataclass
class Cell:
    value: str | float | bool | Fault | None = None
    formula: str | None = None
    prefix: bool = False


@dataclass
class Rule:
    areas: list[Area]
    formula: str
    """English, with `=`, relative to the first cell of the first area."""
    fill: int = 0
    color: int = 0
    stop: bool = True


@dataclass
class Chart:
    series: list[str]
    place: Position


@dataclass
class Table:
    area: Area
    headers: bool = True
    totals: bool = False
    source: int = 1


@dataclass
class Sheet:
    book: Book
    name: str
    cells: dict[Position, Cell] = field(default_factory=dict)
    looks: dict[Position, tuple[Any, ...]] = field(default_factory=dict)
    formats: dict[Position, str] = field(default_factory=dict)
    merges: list[Area] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    heights: dict[int, float] = field(default_factory=dict)
    widths: dict[int, float] = field(default_factory=dict)
    levels: dict[int, int] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    filter: Area | None = None
    notes: dict[Position, str] = field(default_factory=dict)
    visible: int = -1
    protected: bool = False
    print_area: str = ""
    title_rows: str = ""
    freeze: str | None = None
    tab: str | None = None
    gridlines: bool = True

    @property
    def used(self) -> Area:
        """From the first to the last cell that holds or looks like something; A1 for a blank sheet."""
        known = self.book.app.sizes
        if id(self) not in known:
            places = [*self.cells, *self.looks] or [(1, 1)]
            rows, columns = [r for r, _ in places], [c for _, c in places]
            known[id(self)] = Area(min(rows), min(columns), max(rows), max(columns))
        return known[id(self)]

    def number_format(self, at: Position) -> str:
        return self.formats.get(at, "General")

    def enter(self, at: Position, value: Any, *, in_array: bool = False) -> None:
        """What becomes of a value that is put into a cell's Value or Formula."""
        if self.protected:
            raise Refused("The cell or chart you're trying to change is on a protected sheet.")
        if not (0 < at[0] <= ROWS and 0 < at[1] <= COLUMNS):
            raise Refused("Application-defined or object-defined error")
        if isinstance(value, str) and in_array and len(value) > ARRAY_TEXT:
            raise Refused("Application-defined or object-defined error")
        self.book.app.changed()
        if any(m[0] <= at[0] <= m[2] and m[1] <= at[1] <= m[3] and at != m[:2] for m in self.merges):
            return
        if value in ("", None) and not isinstance(value, bool | float):
            self.cells.pop(at, None)
            self._head_tables()
            return
        self.cells[at] = self._cell(at, value)
        for table in self.tables:  # what is entered right beside a table makes it grow
            if table.area[0] <= at[0] <= table.area[2] and at[1] == table.area[3] + 1:
                table.area = table.area._replace(last_column=at[1])
        self._head_tables()

    def resize(self, table: Table, area: Area) -> None:
        """ListObject.Resize."""
        if area[:2] != table.area[:2]:
            raise Refused("The headers must remain in the same row")
        self.book.app.changed()
        table.area = area
        self._head_tables()

    def _head_tables(self) -> None:
        """No header of a table is ever blank: Excel writes one."""
        for table in self.tables:
            row, first, _, last = table.area
            if table.headers:
                texts = {cell.value for (r, _), cell in self.cells.items() if r == row}
                for at in ((row, column) for column in range(first, last + 1)):
                    if at not in self.cells:
                        free = next(text for n in count(1) if (text := f"Column{n}") not in texts)
                        self.cells[at] = Cell(free)
                        texts.add(free)

    def _cell(self, at: Position, value: Any) -> Cell:
        if isinstance(value, bool):
            return Cell(value)
        if isinstance(value, int | float):
            return Cell(float(value))
        if not isinstance(value, str):
            raise TypeError(value)
        if value.startswith("'"):
            return Cell(value[1:], prefix=True)
        if self.number_format(at) == "@":
            return Cell(value)
        if value.startswith("=") and len(value) > 1:
            try:
                list(_tokens(value))
            except ValueError as problem:
                raise Refused("Application-defined or object-defined error") from problem
            return Cell(formula=value)
        if value in ERRORS:
            return Cell(Fault(value))
        if value.upper() in ("TRUE", "FALSE"):
            return Cell(value.upper() == "TRUE")
        if any(map(str.isdigit, value)) and _NUMBER.match(value):
            bare = value.strip().replace(",", "").replace(" ", "")
            return Cell(float(bare.rstrip("%")) / (100 if bare.endswith("%") else 1))
        if day := _DAY.match(value):
            y, m, d = (day[1], day[2], day[3]) if day[1] else (day[6], day[5], day[4])
            self.formats[at] = "yyyy-mm-dd"
            return Cell(float((datetime(int(y), int(m), int(d)) - datetime(1899, 12, 30)).days))
        if value[0] in "+-@":
            raise Refused("Application-defined or object-defined error")  # taken for a formula that is none
        return Cell(value)

    def value(self, at: Position) -> Scalar:
        """What a cell shows."""
        cell = self.cells.get(at)
        if cell is None:
            return None
        return self.book.computed(self, at) if cell.formula else cell.value

    def formula(self, at: Position) -> Any:
        """Range.Formula of a cell: what was entered, without the apostrophe of a text."""
        cell = self.cells.get(at)
        if cell is None:
            return ""
        if cell.formula:
            return cell.formula
        if isinstance(cell.value, Fault):
            return cell.value.code
        if isinstance(cell.value, bool):
            return str(cell.value).upper()
        return f"{cell.value:.15g}" if isinstance(cell.value, float) else cell.value

    def is_day(self, at: Position) -> bool:
        """Whether a number in the cell is shown as a day or an hour."""
        return is_date_format(self.number_format(at))

    def clear(self) -> None:
        """Cells.Clear."""
        self._free()
        for held in (self.cells, self.looks, self.formats, self.merges, self.rules, self.notes):
            held.clear()

    def _free(self) -> None:
        if self.protected:
            raise Refused("The cell or chart you're trying to change is on a protected sheet.")
        self.book.app.changed()

    def take_cells(self, other: Sheet) -> None:
        """Cells.Copy(Destination): everything in and over the cells; formulas and charts still point to the source."""
        self._free()
        mine = copy.deepcopy({name: getattr(other, name) for name in _COPIED})
        for name, value in mine.items():
            setattr(self, name, value)
        if other.book is not self.book:
            for cell in self.cells.values():
                if cell.formula:
                    cell.formula = rewritten(cell.formula, _outside)
        self.charts += [Chart([_of(s, other) for s in c.series], c.place) for c in other.charts]

    def rename(self, name: str) -> None:
        """Sheet.Name; names and formulas that point to the sheet follow."""
        if not name or len(name) > 31 or re.search(r"[:\\/?*\[\]]", name):
            raise Refused("That name is not valid for a sheet.")
        if any(s is not self and s.name.casefold() == name.casefold() for s in self.book.sheets):
            raise Refused("That name is already taken. Try a different one.")
        old, self.name = self.name, name
        self.book.app.changed()
        for sheet in self.book.sheets:
            for cell in sheet.cells.values():
                if cell.formula:
                    cell.formula = rewritten(cell.formula, lambda ref: renamed(ref, old, name))


_COPIED = ("cells", "looks", "formats", "merges", "hidden_rows", "heights", "widths", "rules", "notes")


def _outside(ref: str) -> str:
    """A reference in another workbook: to the first one. Our computer of formulas says #REF! to it."""
    return ref if "!" not in ref else "#REF!"


def _of(series: str, sheet: Sheet) -> str:
    """A chart's series, seen from another workbook."""
    own = sheet.name.replace("'", "''")
    return series.replace(f"'{own}'!", f"'[{sheet.book.name}]{own}'!")


@dataclass
class Name:
    name: str
    sheet: Sheet | None
    """None: not a place in a sheet."""
    place: str
    visible: bool = True

    @property
    def refers_to(self) -> str:
        return self.place if self.sheet is None else f"={quoted(self.sheet.name)}!{self.place}"


@dataclass
class Book:
    app: App
    path: str
    sheets: list[Sheet] = field(default_factory=list)
    names: dict[str, Name] = field(default_factory=dict)
    date1904: bool = False
    structure: bool = False
    """Whether the structure is protected."""
    active: int = 0
    chart_sheets: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return re.split(r"[\\/]", self.path)[-1].replace("%20", " ")

    def sheet(self, name: str) -> Sheet | None:
        return next((s for s in self.sheets if s.name.casefold() == name.casefold()), None)

    def define(self, name: str, refers_to: str, *, visible: bool = True) -> Name:
        sheet_name, mark, place = refers_to.removeprefix("=").rpartition("!")
        sheet = self.sheet(_unquoted(sheet_name)) if mark else None
        if mark and sheet is None:
            raise Refused("The syntax of this name isn't correct.")
        self.app.changed()
        found = Name(name, sheet, place if sheet else refers_to, visible)
        self.names[name.casefold()] = found
        return found

    def copy_in(self, sheet: Sheet, after: Sheet) -> Sheet:
        """Sheet.Copy(After): with everything; charts and formulas that point to the sheet itself point to the copy."""
        if self.structure:
            raise Refused("Workbook is protected and cannot be changed.")
        if sheet.visible == 2:
            raise Refused("Copy method of Worksheet class failed")
        self.app.changed()
        made = copy.deepcopy(replace_book(sheet))
        made.book = self
        name, number = sheet.name, 2
        while self.sheet(name) or name.casefold() in map(str.casefold, self.chart_sheets):
            name, number = f"{sheet.name[:25]} ({number})", number + 1
        old = sheet.name.replace("'", "''")
        new = name.replace("'", "''")
        made.name = name
        for chart in made.charts:
            chart.series = [s.replace(f"'{old}'!", f"'{new}'!") for s in chart.series]
        if sheet.book is not self:
            for cell in made.cells.values():
                if cell.formula:
                    cell.formula = rewritten(cell.formula, _outside)
        self.sheets.insert(self.sheets.index(after) + 1, made)
        self.active = self.sheets.index(made)
        return made

    def delete(self, sheet: Sheet) -> None:
        if self.structure or len([s for s in self.sheets if s.visible == -1 and s is not sheet]) == 0:
            raise Refused("A workbook must contain at least one visible worksheet.")
        self.app.changed()
        shown = self.sheets[self.active]
        self.sheets.remove(sheet)
        self.active = self.sheets.index(shown) if shown is not sheet else 0
        for name in self.names.values():
            if name.sheet is sheet:
                name.sheet, name.place = None, "=#REF!$A$1"

    # ------------------------------------------------- formulas

    def computed(self, sheet: Sheet, at: Position) -> Scalar:
        """The result of a formula."""
        memo = self.app.memo
        key = (id(sheet), at)
        if key not in memo:
            memo[key] = Fault("#REF!")  # what a circle shows
            formula = sheet.cells[at].formula or ""
            result: Any = Fault("#REF!")
            if formula[1:] in ERRORS:
                result = Fault(formula[1:])
            elif "#REF!" not in formula:
                try:
                    result = Computation(formula, _Seen(self, sheet), False).result()
                except KeyError:
                    result = Fault("#REF!")
            if isinstance(result, int) and not isinstance(result, bool):
                result = float(result)
            memo[key] = result if not isinstance(result, list) else Fault("#VALUE!")
        return memo[key]


def replace_book(sheet: Sheet) -> Sheet:
    """The same sheet without its workbook, so that a copy does not copy that."""
    made = copy.copy(sheet)
    made.book = None  # type: ignore[assignment]
    return made


class _Seen:
    """A workbook as the formulas of one sheet see it."""

    def __init__(self, book: Book, sheet: Sheet) -> None:
        self._book, self._sheet = book, sheet

    def area(self, place: Place) -> tuple[Any, int, int, int, int]:
        sheet = self._book.sheet(place.sheet) if place.sheet else self._sheet
        if sheet is None:
            raise KeyError(place.sheet)
        rows, columns = max(sheet.used[2], 1), max(sheet.used[3], 1)
        end_row = rows if place.end_row is None else place.end_row
        end_column = columns if place.end_column is None else place.end_column
        return sheet, place.row or 0, place.column or 0, end_row, end_column

    def rows(self, sheet: Any, area: tuple[int, int, int, int]) -> Rows:
        known = self._book.app.areas
        if (id(sheet), area) not in known:
            r0, c0, r1, c1 = area
            known[id(sheet), area] = [
                [sheet.value((r + 1, c + 1)) for c in range(c0, c1)] for r in range(r0, r1)
            ]
        return known[id(sheet), area]

    def index(self, sheet: Any, area: tuple[int, int, int, int]) -> dict[Any, int]:
        known = self._book.app.indexes
        if (id(sheet), area) not in known:
            known[id(sheet), area] = index_of([value for row in self.rows(sheet, area) for value in row])
        return known[id(sheet), area]

    def is_formula(self, sheet: Any, row: int, column: int) -> bool:
        cell = sheet.cells.get((row + 1, column + 1))
        return cell is not None and cell.formula is not None


Gate = Callable[[str, str], None]


@dataclass
class App:
    books: list[Book] = field(default_factory=list)
    settings: dict[str, Any] = field(
        default_factory=lambda: {
            "screen_updating": True, "display_alerts": True, "enable_events": True, "calculation": "automatic",
            "with_cells": False, "status_bar": False, "interactive": True, "visible": True,
        }
    )  # fmt: skip
    active_cell: Position = (1, 1)
    language: str = "en"
    calls: list[str] = field(default_factory=list)
    """Everything that was asked of Excel, in order."""
    alerts: list[tuple[str, str]] = field(default_factory=list)
    gate: Gate = lambda *_: None
    """Asked before each call: raises what Excel would answer."""
    memo: dict[Any, Scalar] = field(default_factory=dict)
    areas: dict[Any, Rows] = field(default_factory=dict)
    indexes: dict[Any, dict[Any, int]] = field(default_factory=dict)
    sizes: dict[int, Area] = field(default_factory=dict)

    @property
    def book(self) -> Book | None:
        """The active workbook."""
        return self.books[-1] if self.books else None

    def call(self, kind: str, what: str) -> None:
        """Notes a call: `get` or `set`."""
        self.calls.append(f"{kind} {what}")
        self.gate(kind, what)

    def changed(self) -> None:
        """Something is different now: formulas are computed again when they are looked at."""
        for known in (self.memo, self.areas, self.indexes, self.sizes):
            known.clear()

    def open(self, path: Path | str, name: str | None = None) -> Book:
        """Opens a file, as if it lay at `name`."""
        book = loaded(self, Path(path), name or str(path))
        self.books.append(book)
        return book

    def close(self, book: Book) -> None:
        self.books.remove(book)


# ------------------------------------------------------------------- formulas


def _tokens(formula: str) -> Iterator[str]:
    """Fails for what no spreadsheet takes for a formula."""
    from tests.google.formulas import FormulaError
    from tests.google.formulas import _tokens as tokens

    if formula[1:] in ERRORS:
        return
    try:
        yield from (text for _, text in tokens(formula))
    except FormulaError as problem:
        raise ValueError(formula) from problem


def shifted(formula: str, start: Position, to: Position) -> str:
    """A formula with relative references, as it reads from another cell; Excel goes on at the sheet's other end."""

    def one(found: re.Match[str]) -> str:
        if found[1]:
            return found[1]
        column = 0
        for letter in found[3]:
            column = column * 26 + ord(letter) - 64
        row = int(found[5])
        if not found[2]:
            column = (column + to[1] - start[1] - 1) % COLUMNS + 1
        if not found[4]:
            row = (row + to[0] - start[0] - 1) % ROWS + 1
        return f"{found[2]}{letters(column)}{found[4]}{row}"

    return _TOKEN.sub(one, formula)


def to_local(formula: str, language: str) -> str:
    """A formula in the language of Excel."""
    if language == "en":
        return formula
    return _translated(formula, _LOCAL, ",", ";")


def from_local(formula: str, language: str) -> str:
    """And back. Raises Refused for English in a Russian Excel."""
    if language == "en":
        return formula
    bare = re.sub(r'"(?:[^"]|"")*"', "", formula)
    if "," in bare or any(re.search(rf"\b{name}\(", bare) for name in _LOCAL):
        raise Refused("Invalid procedure call or argument")
    return _translated(formula, {local: name for name, local in _LOCAL.items()}, ";", ",")


def _translated(formula: str, words: dict[str, str], sign: str, other: str) -> str:
    parts = re.split(r'("(?:[^"]|"")*")', formula)
    for n in range(0, len(parts), 2):
        parts[n] = parts[n].replace(sign, other)
        for word, said in words.items():
            parts[n] = re.sub(rf"\b{word}\(", f"{said}(", parts[n])
    return "".join(parts)


def quoted(name: str) -> str:
    """A sheet's name in a reference, as Excel writes it: in quotation marks only where it must."""
    return name if re.fullmatch(r"[^\W\d]\w*", name) else "'" + name.replace("'", "''") + "'"


def _unquoted(name: str) -> str:
    return name[1:-1].replace("''", "'") if name.startswith("'") else name


# ------------------------------------------------------------------- files


def loaded(app: App, path: Path, name: str) -> Book:
    """A file as Excel opens it."""
    source: Any = load_workbook(path)
    book = Book(app, name, date1904=source.epoch.year == 1904)
    for found in source.worksheets:
        sheet = Sheet(book, found.title)
        book.sheets.append(sheet)
        sheet.visible = {"visible": -1, "hidden": 0, "veryHidden": 2}[found.sheet_state]
        for row in found.iter_rows():
            for cell in row:
                at = (cell.row, cell.column)
                if cell.has_style and cell.style_id:
                    sheet.looks[at] = look(cell)
                    sheet.formats[at] = cell.number_format
                if cell.value is not None:
                    sheet.cells[at] = _stored(cell, source.epoch)
                if cell.comment:
                    sheet.notes[at] = cell.comment.text
        sheet.merges = [Area(m.min_row, m.min_col, m.max_row, m.max_col) for m in found.merged_cells.ranges]
        for number, line in found.row_dimensions.items():
            if line.height is not None:
                sheet.heights[number] = line.height
            if line.outlineLevel:
                sheet.levels[number] = line.outlineLevel
            if line.hidden:
                sheet.hidden_rows.add(number)
        for column in found.column_dimensions.values():
            for number in range(column.min, column.max + 1):
                sheet.widths[number] = column.width
        for areas in found.conditional_formatting:
            for rule in areas.rules:
                if rule.type == "expression":
                    sheet.rules.append(
                        Rule(
                            [Area(r.min_row, r.min_col, r.max_row, r.max_col) for r in areas.cells.ranges],
                            f"={rule.formula[0]}", color_number(rule.dxf.fill.bgColor.rgb),
                            color_number(rule.dxf.font.color.rgb), bool(rule.stopIfTrue),
                        )
                    )  # fmt: skip
        for table in found.tables.values():
            first, _, last = table.ref.partition(":")
            sheet.tables.append(Table(_area(f"{first}:{last}"), totals=bool(table.totalsRowCount)))
        sheet.filter = _area(found.auto_filter.ref) if found.auto_filter.ref else None
        sheet.charts = [_chart(chart) for chart in found._charts]
        sheet.protected = found.protection.sheet
        sheet.print_area, sheet.title_rows = _printed(found.print_area), _printed(found.print_title_rows)
        sheet.freeze, sheet.gridlines = found.freeze_panes, bool(found.sheet_view.showGridLines)
        sheet.tab = found.sheet_properties.tabColor.rgb if found.sheet_properties.tabColor else None
    for defined in source.defined_names.values():
        place = f"={defined.attr_text}"
        if "#REF!" not in place:
            book.define(defined.name, place, visible=not defined.hidden)
    book.structure = bool(source.security and source.security.lockStructure)
    return book


def _printed(reference: Any) -> str:
    """Areas to print without their sheet, as PageSetup tells them."""
    return ",".join(
        part.rpartition("!")[2].replace("$", "") for part in str(reference or "").split(",") if part
    )


def _stored(cell: Any, epoch: datetime) -> Cell:
    value = cell.value
    if cell.data_type == "f":
        return Cell(formula=value if isinstance(value, str) else f"={value.text.removeprefix('=')}")
    if cell.data_type == "e":
        return Cell(Fault(str(value)))
    if isinstance(value, bool | str):
        return Cell(value, prefix=bool(cell.quotePrefix))
    if isinstance(value, timedelta):
        return Cell(value / timedelta(days=1))
    return Cell(float(value if isinstance(value, int | float) else to_excel(value, epoch)))  # type: ignore[no-untyped-call]


def look(cell: Any) -> tuple[Any, ...]:
    """How a cell looks, as one value."""
    font, fill, border, align = cell.font, cell.fill, cell.border, cell.alignment
    sides = tuple(
        (side.style, _rgb(side.color)) for side in (border.left, border.right, border.top, border.bottom)
    )
    return (
        bool(font.b), bool(font.i), font.u, font.sz, _rgb(font.color),
        _rgb(fill.fgColor) if fill.fill_type else None, sides, align.horizontal, align.vertical, bool(align.wrap_text),
        align.indent, cell.number_format,
    )  # fmt: skip


def _rgb(color: Any) -> str | int | None:
    """A colour by itself, or by its number in the theme."""
    if color is None:
        return None
    return color.rgb if isinstance(color.rgb, str) else color.theme


def color_number(rgb: str) -> int:
    """`FFRRGGBB` as Excel counts colours."""
    red, green, blue = (int(rgb[at : at + 2], 16) for at in (2, 4, 6))
    return red + 256 * green + 65536 * blue


def _chart(chart: Any) -> Chart:
    series = []
    for order, one in enumerate(chart.series, start=1):
        name = one.tx.v if one.tx is not None and one.tx.v else ""
        categories = one.cat.strRef or one.cat.numRef
        places = [_quoted(reference) for reference in (categories.f, one.val.numRef.f)]
        series.append(f'=SERIES("{name}",{places[0]},{places[1]},{order})')
    place = chart.anchor._from
    return Chart(series, (place.row + 1, place.col + 1))


def _quoted(reference: str) -> str:
    """A reference with its sheet in quotation marks."""
    sheet, _, place = reference.rpartition("!")
    return f"'{sheet.strip(chr(39))}'!{place}"


def _area(reference: str) -> Area:
    found = re.fullmatch(r"\$?([A-Z]+)\$?(\d+)(?::\$?([A-Z]+)\$?(\d+))?", reference.strip(":"))
    assert found, reference

    def number(name: str) -> int:
        total = 0
        for letter in name:
            total = total * 26 + ord(letter) - 64
        return total

    return Area(int(found[2]), number(found[1]), int(found[4] or found[2]), number(found[3] or found[1]))


area_of = _area
