"""Values as Excel gives and takes them; nothing that we write is ever taken for a number or a formula."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from sheets_crm.hosts.xlsx.render import cell_text, link_formula, one_line
from sheets_crm.hosts.xlsx.scan import area as parsed
from sheets_crm.inert import in_formula, in_reference
from sheets_crm.sheet import Area, Content, Doubt, Formula, Link, Position, SheetLink, Value, letters, stored

ROWS, COLUMNS = 1_048_576, 16_384
_LONGEST = 8_100
"""Characters of an entry beyond which it is entered by itself: a formula has at most 8,192, a text in an array 8,203.
The log's lines have no more than 8,000."""
_EPOCH, _EPOCH_1904 = datetime(1899, 12, 30), 1462
_LEAP_DAY = 60
"""Excel counts a 29 February 1900 that never was: smaller numbers are a day later than they seem."""
_ERRORS = {
    2000: "#NULL!", 2007: "#DIV/0!", 2015: "#VALUE!", 2023: "#REF!", 2029: "#NAME?", 2036: "#NUM!", 2042: "#N/A",
    2043: "#GETTING_DATA", 2045: "#SPILL!", 2046: "#CONNECT!", 2047: "#BLOCKED!", 2048: "#UNKNOWN!", 2049: "#FIELD!",
    2050: "#CALC!",
}  # fmt: skip
_ERROR_BASE = -2146828288
"""0x800A0000: what stands before the number of an error in a COM value."""
ERROR_CODES = frozenset(_ERRORS.values())
_ELAPSED = re.compile(r"\[[hms]+\]", re.IGNORECASE)

Entry = str | float | bool
"""What is put into `Range.Formula`: an apostrophe in front makes anything a text, `=` a formula."""


class Cells(NamedTuple):
    """A sheet's values from A1 on; blanks are empty texts, as in the grid of a file, so that a run has the same key."""

    rows: list[list[Value]]
    doubts: dict[Position, Doubt]


# ------------------------------------------------------------------ reading


def table_of(value: Any) -> list[list[Any]]:
    """What Excel gives for a range, always as rows: one cell comes bare."""
    if isinstance(value, tuple | list):
        return [list(row) if isinstance(row, tuple | list) else [row] for row in value]
    return [[value]]


def error_of(value: int) -> str:
    """The code that a cell shows for the error number of a COM value."""
    return _ERRORS.get(value - _ERROR_BASE, f"#ERROR {value - _ERROR_BASE}")


def moment(serial: float, *, elapsed: bool = False, since_1904: bool = False) -> Value:
    """A number in a format of days or hours, as it is read from a file; to a thousandth of a second."""
    thousandths = timedelta(milliseconds=int(abs(serial) * 86_400_000 + 0.5))
    if elapsed:
        return thousandths
    if serial < 1:
        return (_EPOCH + thousandths).time()
    if since_1904:
        return _day(_EPOCH + thousandths + timedelta(days=_EPOCH_1904))
    return _day(_EPOCH + thousandths + timedelta(days=1 if serial < _LEAP_DAY else 0))


def _day(found: datetime) -> Value:
    return found if found.time() != time() else found.date()


def is_elapsed(number_format: object) -> bool:
    """Whether a format counts hours beyond a day (`[h]:mm`)."""
    return isinstance(number_format, str) and bool(_ELAPSED.search(number_format))


def ended(cells: Cells) -> Cells:
    """Rows up to the last one with a value or a doubt; a sheet is often formatted far below."""
    last = max((row for row, _ in cells.doubts), default=0)
    while len(cells.rows) > last and all(
        value is None or (isinstance(value, str) and (value == "" or value.isspace()))
        for value in cells.rows[-1]
    ):
        cells.rows.pop()
    return cells


def area_of(address: str) -> Area:
    """`$A$1:$D$9` as an area; whole columns and rows stand in Excel as `$A:$C` and `$1:$3`."""
    first, _, last = address.replace("$", "").partition(":")
    if first.isalpha():
        address = f"{first}1:{last or first}{ROWS}"
    elif first.isdigit():
        address = f"A{first}:{letters(COLUMNS)}{last or first}"
    found = parsed(address)
    if found is None:
        raise ValueError(address)
    return found


# ------------------------------------------------------------------ writing


def typed(value: Value, *, since_1904: bool = False) -> Entry:
    """A value as it is entered: what looks like a number, a day or a formula stays the text that it is."""
    plain = stored(value, cell_text)
    if isinstance(plain, bool):
        return plain
    if isinstance(plain, float):
        return plain - _EPOCH_1904 if since_1904 and isinstance(value, date) else plain
    return f"'{plain}" if plain else ""


def entered(content: Content, *, since_1904: bool = False) -> Entry:
    """A page's content as it is entered."""
    match content:
        case Formula():
            return content.text
        case Link():
            return link_formula(content)
        case SheetLink():
            place, words = f"#{in_reference(content.sheet)}!A1", one_line(content.text)
            return f"=HYPERLINK({in_formula(place)},{in_formula(words)})"
        case _:
            return typed(content, since_1904=since_1904)


def seen(content: Content) -> str | float | bool | None:
    """What a reader is given for a content once Excel has computed it; None: that cannot be told."""
    match content:
        case Formula():
            return None if content.value is None else stored(content.value, cell_text)
        case Link() | SheetLink():
            return one_line(content.text)
        case _:
            return stored(content, cell_text)


def same(wanted: str | float | bool, found: Value) -> bool:
    """Whether a cell shows what it should; what Excel computes may differ by a hair, moments by a thousandth."""
    shown = stored(found, str)
    if isinstance(wanted, float) and type(shown) is float:
        return abs(wanted - shown) <= max(1e-9 * abs(wanted), 2e-8)
    return type(wanted) is type(shown) and wanted == shown


def kept(value: Any, formula: Any) -> Entry:
    """What has to be entered so that a cell is again what it was: `value` and `formula` as Excel gave them."""
    if is_formula(value, formula):
        return str(formula)
    if isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return error_of(value)
    return f"'{value}" if value else ""


def is_formula(value: Any, formula: Any) -> bool:
    """Whether a cell is computed: a text that begins with `=` is its own formula."""
    return isinstance(formula, str) and formula.startswith("=") and formula != value


def is_long(entry: Entry) -> bool:
    """Whether no array may hold an entry."""
    return isinstance(entry, str) and len(entry) > _LONGEST


def matrix(cells: Sequence[tuple[Position, Entry]]) -> tuple[Area, list[list[Entry]]] | None:
    """Cells as one rectangle from A1 on, blanks between; None for none."""
    if not cells:
        return None
    last_row, last_column = (max(at[axis] for at, _ in cells) for axis in (0, 1))
    rows: list[list[Entry]] = [[""] * last_column for _ in range(last_row)]
    for (row, column), entry in cells:
        rows[row - 1][column - 1] = entry
    return Area(1, 1, last_row, last_column), rows
