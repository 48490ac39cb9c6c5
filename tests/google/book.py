"""A spreadsheet as Google keeps it: sheets, named ranges, formulas; a batch of requests is taken whole or not at all.

Every sheet that a batch touches is copied before it is touched, and the batch becomes the spreadsheet only when its
last request has worked. Formulas are computed when cells are read (`formulas`), arrays spill or show #REF!, references
follow inserted rows and columns and renamed sheets.

Not known here: values typed as a person types them (only typed values), pivot tables, filter views, slicers, tables,
banding, data sources, images, rich text; what a chart looks like (its specification is kept); effective formats;
references of charts and named ranges do not follow sorting (nor do Google's). Wordings of errors are Google's where
a public report of them was found, else our own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from functools import partial
from typing import Any, NamedTuple

from tests.google.discovery import mask_of
from tests.google.formulas import (
    Computation,
    Fault,
    FormulaError,
    Place,
    Rows,
    Scalar,
    column_letters,
    column_number,
    index_of,
    moved,
    place_of,
    renamed,
    rewritten,
)

PROTECTED = (
    "You are trying to edit a protected cell or object. "
    "Please contact the spreadsheet owner to remove protection if you need to edit."
)
MOST_CELLS, LONGEST, MOST_BYTES = 10_000_000, 50_000, 10_485_760
"""Google's limits: cells of a spreadsheet, characters of a cell, bytes of a request."""
_POINT_LOCALES = ("en_US", "en_GB", "zh_CN", "ja_JP")


class Refused(Exception):
    """A request that Google answers with an error."""

    def __init__(self, code: int, message: str, details: Any = None) -> None:
        super().__init__(message)
        self.code, self.message, self.details = code, message, details


class Cell(NamedTuple):
    """What stands in a cell; `kind` as in ExtendedValue, None for nothing."""

    kind: str | None = None
    value: Any = None
    format: Mapping[str, Any] | None = None
    note: str = ""
    rule: Mapping[str, Any] | None = None


EMPTY = Cell()
Area = tuple[int, int, int, int]
"""First row, first column, end row, end column, from 0, ends excluded."""


class Sheet:
    """One sheet; a copy of it shares its cells until one is written."""

    def __init__(self, properties: dict[str, Any]) -> None:
        self.properties = properties
        self.cells: dict[tuple[int, int], Cell] = {}
        self.merges: list[Any] = []
        self.formats: list[Any] = []
        self.charts: list[Any] = []
        self.protected: list[Any] = []
        self.metadata: list[Any] = []
        self.groups: dict[str, list[Any]] = {"ROWS": [], "COLUMNS": []}
        self.sizes: dict[tuple[str, int], dict[str, Any]] = {}
        self.filter: Any = None

    def copied(self) -> Sheet:
        """A sheet of its own."""
        new = copy(self)
        for name in ("cells", "merges", "formats", "charts", "protected", "metadata", "sizes"):
            setattr(new, name, copy(getattr(self, name)))
        new.properties = {
            **self.properties, "gridProperties": dict(self.properties.get("gridProperties", {}))
        }  # fmt: skip
        new.groups = {axis: list(found) for axis, found in self.groups.items()}
        return new

    @property
    def id(self) -> int:
        return int(self.properties.get("sheetId", 0))

    @property
    def title(self) -> str:
        return str(self.properties["title"])

    @property
    def height(self) -> int:
        return int(self.properties["gridProperties"]["rowCount"])

    @property
    def width(self) -> int:
        return int(self.properties["gridProperties"]["columnCount"])


class Book:
    """A spreadsheet at one moment. `changed` gives the next one; a book that was read is never changed."""

    def __init__(self, key: str, title: str, *, locale: str = "en_US", zone: str = "Etc/GMT") -> None:
        self.key = key
        self.properties = {
            "title": title, "locale": locale, "autoRecalc": "ON_CHANGE", "timeZone": zone,
        }  # fmt: skip
        self.sheets: list[Sheet] = []
        self.named: list[dict[str, Any]] = []
        self.broken: frozenset[str] = frozenset()
        """Names whose sheet was deleted: Google does not tell of them, and does not give the name again."""
        self._own: set[int] = set()
        self._next = 1000
        self._values: dict[int, dict[tuple[int, int], Scalar]] = {}
        self._computing: set[tuple[int, int, int]] = set()
        self._areas: dict[tuple[int, Area], Rows] = {}
        self._indexes: dict[tuple[int, Area], dict[Any, int]] = {}

    # ---------------------------------------------------------------- changing

    def changed(self, requests: Iterable[Mapping[str, Any]]) -> tuple[Book, list[dict[str, Any]]]:
        """The spreadsheet after a batch, and the replies. Raises Refused."""
        new = copy(self)
        new.sheets, new.named = list(self.sheets), list(self.named)
        new.properties = dict(self.properties)
        new._own, new._values, new._computing, new._areas, new._indexes = set(), {}, set(), {}, {}
        replies = []
        for at, request in enumerate(requests):
            ((kind, body),) = request.items()
            handler = _HANDLERS.get(kind)
            if handler is None:
                raise Refused(501, f"the emulator does not know {kind}")
            try:
                replies.append(handler(new, body) or {})
            except _Wrong as wrong:
                raise Refused(400, f"Invalid requests[{at}].{kind}: {wrong}") from None
        if sum(s.height * s.width for s in new.sheets) > MOST_CELLS:
            raise Refused(
                400,
                f"This action would increase the number of cells in the workbook above the limit of {MOST_CELLS} cells.",
            )
        return new, replies

    def own(self, sheet_id: int | None) -> Sheet:
        """A sheet that may be written."""
        at = next((n for n, s in enumerate(self.sheets) if s.id == (sheet_id or 0)), None)
        if at is None:
            raise _Wrong(f"No grid with id: {sheet_id or 0}")
        if id(self.sheets[at]) not in self._own:
            self.sheets[at] = self.sheets[at].copied()
            self._own.add(id(self.sheets[at]))
        return self.sheets[at]

    def number(self) -> int:
        """A number for something without one."""
        self._next += 1
        return self._next

    def titled(self, title: str) -> Sheet | None:
        """The sheet of that title, in any case."""
        return next((s for s in self.sheets if s.title.casefold() == title.casefold()), None)

    def rewrite(self, change: Callable[[str, str], str]) -> None:
        """Changes every formula: `change` takes a reference and the title of the sheet where it stands."""
        for sheet in list(self.sheets):
            here = partial(_changed, change, sheet.title)
            for at, cell in sheet.cells.items():
                if cell.kind == "formulaValue":
                    new = here(cell.value)
                    if new != cell.value:
                        self.own(sheet.id).cells[at] = cell._replace(value=new)
            for n, rule in enumerate(sheet.formats):
                self.own(sheet.id).formats[n] = _with_formula(rule, here)

    # ---------------------------------------------------------------- reading

    def area_of(self, range_: str) -> tuple[Sheet, Area]:
        """What an A1 range of a request means. Raises Refused."""
        title, _, ref = range_.rpartition("!") if re.search(r"![A-Z$0-9:]*\Z", range_) else (range_, "", "")
        if title.startswith("'"):
            title = title[1:-1].replace("''", "'")
        sheet = self.titled(title)
        if sheet is None:
            raise Refused(400, f"Unable to parse range: {range_}")
        if not ref:
            return sheet, (0, 0, sheet.height, sheet.width)
        found, r0, c0, r1, c1 = self.area(place_of(ref)._replace(sheet=sheet.title))
        return found, (r0, c0, r1, c1)

    def values(self, range_: str, render: str) -> dict[str, Any]:
        """A ValueRange: the cells without trailing blanks."""
        sheet, (r0, c0, r1, c1) = self.area_of(range_)
        rows: list[list[Any]] = []
        for (row, column), value in sorted(self.shown(sheet).items()):
            if not (r0 <= row < r1 and c0 <= column < c1) or value in (None, ""):
                continue
            rows.extend([] for _ in range(row - r0 - len(rows) + 1))
            cells = rows[row - r0]
            cells.extend("" for _ in range(column - c0 - len(cells)))
            formula = render == "FORMULA" and self.is_formula(sheet, row, column)
            cells.append(sheet.cells[row, column].value if formula else _json(value))
        quoted = "'" + sheet.title.replace("'", "''") + "'"
        out: dict[str, Any] = {
            "range": f"{quoted}!{column_letters(c0)}{r0 + 1}:{column_letters(c1 - 1)}{r1}", "majorDimension": "ROWS",
        }  # fmt: skip
        return out | ({"values": rows} if rows else {})

    def resource(self, *, grids: bool = False) -> dict[str, Any]:
        """The Spreadsheet message; zeros and falsehoods are left out, as Google leaves them out."""
        sheets = []
        for index, sheet in enumerate(self.sheets):
            out: dict[str, Any] = {"properties": {**sheet.properties, "index": index}}
            found = {
                "merges": sheet.merges, "conditionalFormats": sheet.formats, "charts": sheet.charts,
                "protectedRanges": sheet.protected, "developerMetadata": sheet.metadata, "basicFilter": sheet.filter,
                "rowGroups": sheet.groups["ROWS"], "columnGroups": sheet.groups["COLUMNS"],
            }  # fmt: skip
            sheets.append(out | {name: value for name, value in found.items() if value})
            if grids:
                raise Refused(501, "the emulator gives no grid data")
        whole = {
            "spreadsheetId": self.key, "properties": self.properties, "sheets": sheets, "namedRanges": self.named,
            "spreadsheetUrl": f"https://docs.google.com/spreadsheets/d/{self.key}/edit",
        }  # fmt: skip
        return {name: value for name, value in whole.items() if value}

    def shown(self, sheet: Sheet) -> dict[tuple[int, int], Scalar]:
        """What a person sees in a sheet: values, results, what arrays spill."""
        if sheet.id not in self._values:
            found: dict[tuple[int, int], Scalar] = {
                at: _plain(cell)
                for at, cell in sheet.cells.items()
                if cell.kind not in (None, "formulaValue")
            }
            self._values[sheet.id] = found
            for at, cell in sheet.cells.items():
                if cell.kind == "formulaValue" and at not in found:
                    self._compute(sheet, at, found)
        return self._values[sheet.id]

    def _compute(self, sheet: Sheet, at: tuple[int, int], found: dict[tuple[int, int], Scalar]) -> None:
        place = (sheet.id, *at)
        if place in self._computing:
            raise FormulaError(f"a circle of formulas at {sheet.title} {at}")
        self._computing.add(place)
        self._at = sheet
        result = Computation(sheet.cells[at].value, _Seen(self, sheet), self.decimal_comma).result()
        self._computing.discard(place)
        if not isinstance(result, list):
            found[at] = result  # type: ignore[assignment]
            return
        taken = [
            (r, c)
            for (r, c), cell in sheet.cells.items()
            if cell.kind is not None and (r, c) != at and 0 <= r - at[0] < len(result) and 0 <= c - at[1] < len(result[0])
        ]  # fmt: skip
        if taken:
            found[at] = Fault("#REF!")
            return
        for r, row in enumerate(result):
            for c, value in enumerate(row):
                found[at[0] + r, at[1] + c] = value

    @property
    def decimal_comma(self) -> bool:
        """Whether the locale writes 0,5."""
        return self.properties["locale"] not in _POINT_LOCALES

    # ------------------------------------------------- what formulas see (`Cells`)

    def area(self, place: Place) -> tuple[Sheet, int, int, int, int]:
        sheet = self.titled(place.sheet or "")
        if sheet is None:
            raise KeyError(place.sheet)
        end_row = sheet.height if place.end_row is None else min(place.end_row, sheet.height)
        end_column = sheet.width if place.end_column is None else min(place.end_column, sheet.width)
        return sheet, place.row or 0, place.column or 0, end_row, end_column

    def is_formula(self, sheet: Sheet, row: int, column: int) -> bool:
        return sheet.cells.get((row, column), EMPTY).kind == "formulaValue"


def _changed(change: Callable[[str, str], str], title: str, formula: str) -> str:
    return rewritten(formula, lambda ref: change(ref, title))


class _Seen:
    """A book as the formulas of one sheet see it."""

    def __init__(self, book: Book, sheet: Sheet) -> None:
        self._book, self._sheet = book, sheet

    def area(self, place: Place) -> tuple[Any, int, int, int, int]:
        return self._book.area(place._replace(sheet=place.sheet or self._sheet.title))

    def rows(self, sheet: Any, area: tuple[int, int, int, int]) -> Rows:
        known = self._book._areas
        if (sheet.id, area) not in known:
            known[sheet.id, area] = self._rows(sheet, area)
        return known[sheet.id, area]

    def index(self, sheet: Any, area: tuple[int, int, int, int]) -> dict[Any, int]:
        known = self._book._indexes
        if (sheet.id, area) not in known:
            known[sheet.id, area] = index_of([value for row in self.rows(sheet, area) for value in row])
        return known[sheet.id, area]

    def _rows(self, sheet: Any, area: tuple[int, int, int, int]) -> Rows:
        book, (r0, c0, r1, c1) = self._book, area
        found = book._values.get(sheet.id)
        if found is None:
            found = book.shown(sheet)
        if (r1 - r0) * (c1 - c0) < len(sheet.cells):
            for r in range(r0, r1):
                for c in range(c0, c1):
                    if (r, c) not in found and book.is_formula(sheet, r, c):
                        book._compute(sheet, (r, c), found)
        else:
            for (r, c), cell in sheet.cells.items():
                if cell.kind == "formulaValue" and r0 <= r < r1 and c0 <= c < c1 and (r, c) not in found:
                    book._compute(sheet, (r, c), found)
        return [[found.get((r, c)) for c in range(c0, c1)] for r in range(r0, r1)]

    def is_formula(self, sheet: Any, row: int, column: int) -> bool:
        return self._book.is_formula(sheet, row, column)


class _Wrong(Exception):
    """What is wrong with one request of a batch."""


def _plain(cell: Cell) -> Scalar:
    value: Scalar = float(cell.value) if cell.kind == "numberValue" else cell.value
    return value


def _json(value: Scalar) -> Any:
    if isinstance(value, Fault):
        return value.code
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value


def _with_formula(rule: Mapping[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    """A conditional format with its formula changed."""
    condition = rule["booleanRule"]["condition"]
    values = [{"userEnteredValue": change(v["userEnteredValue"])} for v in condition.get("values", ())]
    boolean = {**rule["booleanRule"], "condition": {**condition, "values": values}}
    return {**rule, "booleanRule": boolean}


# ------------------------------------------------------------------ requests


def _area(book: Book, range_: Mapping[str, Any]) -> tuple[Sheet, Area]:
    sheet = book.own(range_.get("sheetId"))
    area = (
        range_.get("startRowIndex", 0), range_.get("startColumnIndex", 0),
        range_.get("endRowIndex", sheet.height), range_.get("endColumnIndex", sheet.width),
    )  # fmt: skip
    if area[2] > sheet.height or area[3] > sheet.width or area[0] >= area[2] or area[1] >= area[3]:
        raise _Wrong(
            f"Range ({sheet.title}!{column_letters(area[1])}{area[0] + 1}:{column_letters(area[3] - 1)}{area[2]}) "
            f"exceeds grid limits. Max rows: {sheet.height}, max columns: {sheet.width}"
        )
    return sheet, area


def _guard(sheet: Sheet, area: Area) -> None:
    """Refuses where a range is protected against the caller."""
    for protection in sheet.protected:
        if protection.get("warningOnly"):
            continue
        r = protection["range"]
        if (
            r.get("startRowIndex", 0) < area[2] and area[0] < r.get("endRowIndex", sheet.height)
            and r.get("startColumnIndex", 0) < area[3] and area[1] < r.get("endColumnIndex", sheet.width)
        ):  # fmt: skip
            raise _Wrong(PROTECTED)


def _merged(old: Mapping[str, Any], new: Mapping[str, Any], mask: Mapping[str, Any]) -> dict[str, Any]:
    """`old` with the fields of the mask taken from `new`, or cleared where `new` lacks them."""
    if "*" in mask:
        return dict(new)
    out = dict(old)
    for name, below in mask.items():
        value = _merged(out.get(name, {}), new.get(name, {}), below) if below else new.get(name)
        if value in (None, {}, False, 0, ""):
            out.pop(name, None)
        else:
            out[name] = value
    return out


def _written(cell: Cell, data: Mapping[str, Any], mask: Mapping[str, Any]) -> Cell:
    def named(name: str) -> bool:
        return "*" in mask or name in mask

    if named("userEnteredValue"):
        ((kind, value),) = (data.get("userEnteredValue") or {None: None}).items()
        if isinstance(value, str) and len(value) > LONGEST:
            raise _Wrong(
                f"Your input contains more than the maximum of {LONGEST} characters in a single cell."
            )
        if kind == "formulaValue" and not value.startswith("="):
            raise _Wrong(f"Formula must start with '=': {value}")
        cell = cell._replace(kind=None if value == "" else kind, value=value)
    if named("userEnteredFormat"):
        below = mask.get("userEnteredFormat") or {"*": {}}
        cell = cell._replace(
            format=_merged(cell.format or {}, data.get("userEnteredFormat", {}), below) or None
        )
    if named("note"):
        cell = cell._replace(note=data.get("note", ""))
    if named("dataValidation"):
        cell = cell._replace(rule=data.get("dataValidation"))
    return cell


def _put(sheet: Sheet, at: tuple[int, int], data: Mapping[str, Any], mask: Mapping[str, Any]) -> None:
    cell = _written(sheet.cells.get(at, EMPTY), data, mask)
    if cell == EMPTY:
        sheet.cells.pop(at, None)
    else:
        sheet.cells[at] = cell


def _add_sheet(book: Book, body: Mapping[str, Any]) -> dict[str, Any]:
    wanted = body.get("properties", {})
    number, title = wanted.get("sheetId"), wanted.get("title") or f"Sheet{len(book.sheets) + 1}"
    if number is not None and any(s.id == number for s in book.sheets):
        raise _Wrong(f"A sheet with the ID {number} already exists. Please enter another ID.")
    if book.titled(title):
        raise _Wrong(f'A sheet with the name "{title}" already exists. Please enter another name.')
    grid = {"rowCount": 1000, "columnCount": 26, **wanted.get("gridProperties", {})}
    properties = {
        **wanted, "sheetId": book.number() if number is None else number, "title": title, "sheetType": "GRID",
        "gridProperties": {k: v for k, v in grid.items() if v},
    }  # fmt: skip
    index = properties.pop("index", len(book.sheets))
    sheet = Sheet({k: v for k, v in properties.items() if v is not False})
    book.sheets.insert(index, sheet)
    book._own.add(id(sheet))
    return {"addSheet": {"properties": {**sheet.properties, "index": index}}}


def _delete_sheet(book: Book, body: Mapping[str, Any]) -> None:
    sheet = book.own(body["sheetId"])
    if len(book.sheets) == 1:
        raise _Wrong("You can't remove all the sheets in a document.")
    book.sheets.remove(sheet)
    gone = [n["name"] for n in book.named if n["range"].get("sheetId", 0) == sheet.id]
    book.broken |= set(gone)
    book.named = [n for n in book.named if n["name"] not in gone]
    book.rewrite(lambda ref, _: "#REF!" if "!" in ref and place_of(ref).sheet == sheet.title else ref)


def _update_sheet(book: Book, body: Mapping[str, Any]) -> None:
    wanted, mask = body["properties"], mask_of(body["fields"])
    sheet = book.own(wanted.get("sheetId"))
    if "title" in mask and wanted["title"] != sheet.title:
        other = book.titled(wanted["title"])
        if other is not None and other is not sheet:
            raise _Wrong(
                f'A sheet with the name "{wanted["title"]}" already exists. Please enter another name.'
            )
        old = sheet.title
        book.rewrite(lambda ref, _: renamed(ref, old, wanted["title"]))
        sheet = book.own(wanted.get("sheetId"))
    if (
        wanted.get("hidden")
        and "hidden" in mask
        and all(s is sheet or s.properties.get("hidden") for s in book.sheets)
    ):
        raise _Wrong("You can't hide all the sheets in a document.")
    sheet.properties = _merged(sheet.properties, wanted, mask)
    grid = sheet.properties["gridProperties"]
    if grid.get("frozenRowCount", 0) >= sheet.height or grid.get("frozenColumnCount", 0) >= sheet.width:
        raise _Wrong("You can't freeze all visible rows or columns on the sheet.")
    if "gridProperties" in mask:
        for at in [at for at in sheet.cells if at[0] >= sheet.height or at[1] >= sheet.width]:
            del sheet.cells[at]


def _update_cells(book: Book, body: Mapping[str, Any]) -> None:
    mask, rows = mask_of(body["fields"]), body.get("rows", [])
    if "range" in body:
        sheet, area = _area(book, body["range"])
        _guard(sheet, area)
        for at in [a for a in sheet.cells if area[0] <= a[0] < area[2] and area[1] <= a[1] < area[3]]:
            _put(sheet, at, {}, mask)
        first = area[0], area[1]
        if len(rows) > area[2] - area[0] or any(len(r.get("values", [])) > area[3] - area[1] for r in rows):
            raise _Wrong("tried writing outside the range")
    else:
        start = body["start"]
        sheet = book.own(start.get("sheetId"))
        first = start.get("rowIndex", 0), start.get("columnIndex", 0)
        wide = max((len(r.get("values", [])) for r in rows), default=0)
        if first[0] + len(rows) > sheet.height:
            raise _Wrong(f"Attempting to write row: {sheet.height}, beyond the last row: {sheet.height - 1}")
        if first[1] + wide > sheet.width:
            raise _Wrong(
                f"Attempting to write column: {sheet.width}, beyond the last column: {sheet.width - 1}"
            )
        _guard(sheet, (*first, first[0] + len(rows), first[1] + wide))
    for r, row in enumerate(rows):
        for c, data in enumerate(row.get("values", [])):
            _put(sheet, (first[0] + r, first[1] + c), data, mask)


def _repeat_cell(book: Book, body: Mapping[str, Any]) -> None:
    sheet, area = _area(book, body["range"])
    _guard(sheet, area)
    mask = mask_of(body["fields"])
    for r in range(area[0], area[2]):
        for c in range(area[1], area[3]):
            _put(sheet, (r, c), body.get("cell", {}), mask)


def _append_cells(book: Book, body: Mapping[str, Any]) -> None:
    sheet, rows, mask = book.own(body.get("sheetId")), body["rows"], mask_of(body["fields"])
    last = max((r for (r, _), cell in sheet.cells.items() if cell.kind), default=-1)
    wide = max((len(r.get("values", [])) for r in rows), default=0)
    if wide > sheet.width:
        raise _Wrong(f"Attempting to write column: {sheet.width}, beyond the last column: {sheet.width - 1}")
    _guard(sheet, (last + 1, 0, last + 1 + len(rows), wide))
    grid = sheet.properties["gridProperties"]
    grid["rowCount"] = max(sheet.height, last + 1 + len(rows))
    for r, row in enumerate(rows, start=last + 1):
        for c, data in enumerate(row.get("values", [])):
            _put(sheet, (r, c), data, mask)


def _shift(book: Book, sheet: Sheet, rows: bool, at: int, count: int) -> None:
    """`count` rows or columns put in at `at`, or taken out where negative."""
    _guard(sheet, (at, 0, sheet.height, sheet.width) if rows else (0, at, sheet.height, sheet.width))
    title = sheet.title
    book.rewrite(lambda ref, own: moved(ref, own, title, rows, at, count))
    axis = 0 if rows else 1
    cells: dict[tuple[int, int], Cell] = {}
    for place, cell in sheet.cells.items():
        number = place[axis]
        if count < 0 and at <= number < at - count:
            continue
        number += count if number >= (at if count >= 0 else at - count) else 0
        cells[(number, place[1]) if rows else (place[0], number)] = cell
    sheet.cells = cells
    grid = sheet.properties["gridProperties"]
    grid["rowCount" if rows else "columnCount"] += count
    names = ("startRowIndex", "endRowIndex") if rows else ("startColumnIndex", "endColumnIndex")
    for n, rule in enumerate(sheet.formats):
        sheet.formats[n] = {**rule, "ranges": [_shifted(r, names, at, count) for r in rule["ranges"]]}


def _shifted(range_: Mapping[str, Any], names: tuple[str, str], at: int, count: int) -> dict[str, Any]:
    start, end = range_.get(names[0], 0), range_.get(names[1])
    out = dict(range_)
    if start >= at:
        out[names[0]] = max(start + count, at)
    if end is not None and end > at:
        out[names[1]] = max(end + count, at)
    return out


def _insert(book: Book, body: Mapping[str, Any]) -> None:
    range_ = body["range"]
    sheet, rows = book.own(range_.get("sheetId")), range_["dimension"] == "ROWS"
    at = range_.get("startIndex", 0)
    size = sheet.height if rows else sheet.width
    if at > size:
        raise _Wrong(f"range.startIndex must not be greater than the grid size ({size})")
    if at == size and not body.get("inheritFromBefore"):
        raise _Wrong(
            f"range.startIndex must be less than the grid size ({size}) if inheritFromBefore is false."
        )
    if body.get("inheritFromBefore") and at == 0:
        raise _Wrong("inheritFromBefore cannot be true at index 0")
    _shift(book, sheet, rows, at, range_["endIndex"] - at)


def _cut_paste(book: Book, body: Mapping[str, Any]) -> None:
    """Within one sheet; formulas that point to what is moved are not followed."""
    sheet, (r0, c0, r1, c1) = _area(book, body["source"])
    to = body["destination"]
    if to.get("sheetId", 0) != sheet.id:
        raise _Wrong("the emulator moves cells within a sheet only")
    found = {at: sheet.cells.pop(at) for at in list(sheet.cells) if r0 <= at[0] < r1 and c0 <= at[1] < c1}
    for (r, c), cell in found.items():
        sheet.cells[r - r0 + to.get("rowIndex", 0), c - c0 + to.get("columnIndex", 0)] = cell


def _delete(book: Book, body: Mapping[str, Any]) -> None:
    range_ = body["range"]
    sheet, rows = book.own(range_.get("sheetId")), range_["dimension"] == "ROWS"
    at = range_.get("startIndex", 0)
    _shift(book, sheet, rows, at, at - range_["endIndex"])


def _sort(book: Book, body: Mapping[str, Any]) -> None:
    sheet, (r0, c0, r1, c1) = _area(book, body["range"])
    _guard(sheet, (r0, c0, r1, c1))
    lines = [
        {c: cell for c in range(c0, c1) if (cell := sheet.cells.pop((r, c), None))} for r in range(r0, r1)
    ]
    for spec in reversed(body["sortSpecs"]):
        column = spec.get("dimensionIndex", 0)
        blank = [line for line in lines if not line.get(column, EMPTY).kind]
        full = [line for line in lines if line.get(column, EMPTY).kind]
        down = spec.get("sortOrder") == "DESCENDING"
        lines = sorted(full, key=partial(_order, column), reverse=down) + blank
    for r, line in enumerate(lines, start=r0):
        for c, cell in line.items():
            sheet.cells[r, c] = cell


def _order(column: int, line: Mapping[int, Cell]) -> tuple[bool, Any]:
    """Numbers before texts, texts without case."""
    cell = line[column]
    text = isinstance(cell.value, str)
    return text, cell.value.casefold() if text else cell.value


def _merge(book: Book, body: Mapping[str, Any]) -> None:
    sheet, area = _area(book, body["range"])
    if any(_touch(area, _bounds(m, sheet)) for m in sheet.merges):
        raise _Wrong("You must select all cells in a merged range to merge or unmerge them.")
    sheet.merges.append(body["range"])


def _unmerge(book: Book, body: Mapping[str, Any]) -> None:
    sheet, area = _area(book, body["range"])
    sheet.merges = [m for m in sheet.merges if not _touch(area, _bounds(m, sheet))]


def _bounds(range_: Mapping[str, Any], sheet: Sheet) -> Area:
    return (
        range_.get("startRowIndex", 0), range_.get("startColumnIndex", 0),
        range_.get("endRowIndex", sheet.height), range_.get("endColumnIndex", sheet.width),
    )  # fmt: skip


def _touch(a: Area, b: Area) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _add_name(book: Book, body: Mapping[str, Any]) -> dict[str, Any]:
    wanted = dict(body["namedRange"])
    name = wanted["name"]
    if name.casefold() in {n["name"].casefold() for n in book.named} | {n.casefold() for n in book.broken}:
        raise _Wrong(f"Cannot add named range with name {name}, a named range with that name already exists.")
    if not re.fullmatch(r"(?!true|false)[A-Za-z_]\w{0,249}", name) or re.fullmatch(
        r"(?i)[a-z]{1,3}\d+|r\d*c\d*", name
    ):
        raise _Wrong(f"Invalid name: {name}")
    wanted.setdefault("namedRangeId", str(book.number()))
    if any(n["namedRangeId"] == wanted["namedRangeId"] for n in book.named):
        raise _Wrong(f"A named range with id {wanted['namedRangeId']} already exists.")
    _area(book, wanted["range"])
    book.named.append(wanted)
    return {"addNamedRange": {"namedRange": wanted}}


def _named(book: Book, key: str) -> int:
    at = next((n for n, found in enumerate(book.named) if found["namedRangeId"] == key), None)
    if at is None:
        raise _Wrong(f"No NamedRange with id: {key}")
    return at


def _update_name(book: Book, body: Mapping[str, Any]) -> None:
    at = _named(book, body["namedRange"]["namedRangeId"])
    book.named[at] = _merged(book.named[at], body["namedRange"], mask_of(body["fields"]))


def _delete_name(book: Book, body: Mapping[str, Any]) -> None:
    del book.named[_named(book, body["namedRangeId"])]


def _add_protected(book: Book, body: Mapping[str, Any]) -> dict[str, Any]:
    made = {**body["protectedRange"], "protectedRangeId": book.number(), "requestingUserCanEdit": True}
    book.own(made["range"].get("sheetId")).protected.append(made)
    return {"addProtectedRange": {"protectedRange": made}}


def _add_metadata(book: Book, body: Mapping[str, Any]) -> dict[str, Any]:
    made = {**body["developerMetadata"]}
    made.setdefault("metadataId", book.number())
    if made.get("visibility") not in ("DOCUMENT", "PROJECT"):
        raise _Wrong("visibility is required")
    where = made["location"]
    if "sheetId" not in where:
        raise _Wrong("the emulator keeps metadata of sheets only")
    if any(m["metadataId"] == made["metadataId"] for s in book.sheets for m in s.metadata):
        raise _Wrong(f"Developer metadata with ID {made['metadataId']} already exists")
    made["location"] = {"locationType": "SHEET", "sheetId": where["sheetId"]}
    book.own(where["sheetId"]).metadata.append(made)
    return {"createDeveloperMetadata": {"developerMetadata": made}}


def _set_validation(book: Book, body: Mapping[str, Any]) -> None:
    sheet, (r0, c0, r1, c1) = _area(book, body["range"])
    for r in range(r0, r1):
        for c in range(c0, c1):
            _put(sheet, (r, c), {"dataValidation": body.get("rule")}, {"dataValidation": {}})


def _set_filter(book: Book, body: Mapping[str, Any]) -> None:
    sheet, _ = _area(book, body["filter"]["range"])
    sheet.filter = body["filter"]


def _clear_filter(book: Book, body: Mapping[str, Any]) -> None:
    book.own(body.get("sheetId")).filter = None


def _sizes(book: Book, body: Mapping[str, Any]) -> None:
    range_, mask = body["range"], mask_of(body["fields"])
    sheet = book.own(range_.get("sheetId"))
    most = sheet.height if range_["dimension"] == "ROWS" else sheet.width
    end = range_.get("endIndex", most)
    if end > most:
        raise _Wrong("range exceeds grid limits")
    for n in range(range_.get("startIndex", 0), end):
        place = range_["dimension"], n
        sheet.sizes[place] = _merged(sheet.sizes.get(place, {}), body["properties"], mask)


def _add_group(book: Book, body: Mapping[str, Any]) -> dict[str, Any]:
    """Groups by depth: one inside another is one deeper."""
    range_ = body["range"]
    sheet = book.own(range_.get("sheetId"))
    groups = sheet.groups[range_["dimension"]]
    depth = 1 + max((g["depth"] for g in groups if _inside(range_, g["range"])), default=0)
    groups.append({"range": range_, "depth": depth})
    return {"addDimensionGroup": {"dimensionGroups": list(groups)}}


def _inside(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    starts: bool = b.get("startIndex", 0) <= a.get("startIndex", 0)
    return starts and int(a["endIndex"]) <= int(b["endIndex"])


def _group_at(sheet: Sheet, range_: Mapping[str, Any]) -> int:
    groups = sheet.groups[range_["dimension"]]
    found = [n for n, g in enumerate(groups) if _inside(g["range"], range_) and _inside(range_, g["range"])]
    if not found:
        raise _Wrong(f"Unable to find dimension group for {range_}")
    return max(found, key=lambda n: groups[n]["depth"])


def _delete_group(book: Book, body: Mapping[str, Any]) -> dict[str, Any]:
    sheet = book.own(body["range"].get("sheetId"))
    groups = sheet.groups[body["range"]["dimension"]]
    del groups[_group_at(sheet, body["range"])]
    return {"deleteDimensionGroup": {"dimensionGroups": list(groups)} if groups else {}}


def _update_group(book: Book, body: Mapping[str, Any]) -> None:
    wanted = body["dimensionGroup"]
    sheet = book.own(wanted["range"].get("sheetId"))
    groups = sheet.groups[wanted["range"]["dimension"]]
    at = _group_at(sheet, wanted["range"])
    if groups[at]["depth"] != wanted.get("depth"):
        raise _Wrong("There is no group of that depth over the range")
    groups[at] = _merged(groups[at], wanted, mask_of(body["fields"]))


def _add_format(book: Book, body: Mapping[str, Any]) -> None:
    rule = body["rule"]
    sheet = book.own(rule["ranges"][0].get("sheetId"))
    index = body.get("index", 0)
    if index > len(sheet.formats):
        raise _Wrong(f"No conditional format on sheet: {sheet.id} at index: {index}")
    sheet.formats.insert(index, rule)


def _update_format(book: Book, body: Mapping[str, Any]) -> dict[str, Any]:
    sheet = book.own(body.get("sheetId", body.get("rule", {}).get("ranges", [{}])[0].get("sheetId")))
    index = body.get("index", 0)
    if index >= len(sheet.formats):
        raise _Wrong(f"No conditional format on sheet: {sheet.id} at index: {index}")
    old, sheet.formats[index] = sheet.formats[index], body["rule"]
    return {"updateConditionalFormatRule": {"oldRule": old, "newRule": body["rule"]}}


def _delete_format(book: Book, body: Mapping[str, Any]) -> None:
    sheet, index = book.own(body.get("sheetId")), body.get("index", 0)
    if index >= len(sheet.formats):
        raise _Wrong(f"No conditional format on sheet: {sheet.id} at index: {index}")
    del sheet.formats[index]


def _add_chart(book: Book, body: Mapping[str, Any]) -> dict[str, Any]:
    made = {**body["chart"]}
    made.setdefault("chartId", book.number())
    anchor = made["position"]["overlayPosition"]["anchorCell"]
    sheet = book.own(anchor.get("sheetId"))
    basic = made["spec"].get("basicChart", {})
    for part in (
        *(d["domain"] for d in basic.get("domains", ())),
        *(s["series"] for s in basic.get("series", ())),
    ):
        for source in part["sourceRange"]["sources"]:
            _area(book, source)
    sheet.charts.append(made)
    return {"addChart": {"chart": made}}


def _delete_object(book: Book, body: Mapping[str, Any]) -> None:
    for sheet in book.sheets:
        if any(chart["chartId"] == body["objectId"] for chart in sheet.charts):
            own = book.own(sheet.id)
            own.charts = [chart for chart in own.charts if chart["chartId"] != body["objectId"]]
            return
    raise _Wrong(f"No embedded object with ID: {body['objectId']}")


def _update_spreadsheet(book: Book, body: Mapping[str, Any]) -> None:
    book.properties = _merged(book.properties, body["properties"], mask_of(body["fields"]))


_HANDLERS: dict[str, Callable[[Book, Mapping[str, Any]], dict[str, Any] | None]] = {
    "addChart": _add_chart, "addConditionalFormatRule": _add_format, "addDimensionGroup": _add_group,
    "addNamedRange": _add_name, "addProtectedRange": _add_protected, "addSheet": _add_sheet,
    "appendCells": _append_cells, "clearBasicFilter": _clear_filter, "createDeveloperMetadata": _add_metadata, "cutPaste": _cut_paste,
    "deleteConditionalFormatRule": _delete_format, "deleteDimension": _delete, "deleteDimensionGroup": _delete_group,
    "deleteEmbeddedObject": _delete_object, "deleteNamedRange": _delete_name, "deleteSheet": _delete_sheet,
    "insertDimension": _insert, "mergeCells": _merge, "repeatCell": _repeat_cell, "setBasicFilter": _set_filter,
    "setDataValidation": _set_validation, "sortRange": _sort, "unmergeCells": _unmerge, "updateCells": _update_cells,
    "updateConditionalFormatRule": _update_format, "updateDimensionGroup": _update_group,
    "updateDimensionProperties": _sizes, "updateNamedRange": _update_name,
    "updateSheetProperties": _update_sheet, "updateSpreadsheetProperties": _update_spreadsheet,
}  # fmt: skip


def cells_of(rows: Iterable[Iterable[Any]]) -> Iterator[tuple[tuple[int, int], Cell]]:
    """Values as cells: texts, numbers, truths."""
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            if value is None or value == "":
                continue
            kind = (
                "boolValue"
                if isinstance(value, bool)
                else "stringValue"
                if isinstance(value, str)
                else "numberValue"
            )
            yield (r, c), Cell(kind, value)


__all__ = ["Book", "Cell", "Refused", "Sheet", "cells_of", "column_number"]
