"""Strict reading of cells: a value goes in, a typed value or a doubt comes out; nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any, NamedTuple

from sheets_crm.schema import Column, Kind
from sheets_crm.schema.choices import YESNO
from sheets_crm.sheet import Value
from sheets_crm.text import Text

_SPACES = re.compile(r"[\s\u00a0\u2007\u202f]+")
_EPOCH = datetime(1899, 12, 30)
_SERIALS = (29221, 73051)
"""Numbers taken as dates where a date is due: 1980-01-01 to 2100-01-01, as Google and unformatted cells hold them."""

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january янв январь января", "feb february фев февраль февраля", "mar march мар март марта",
            "apr april апр апрель апреля", "may май мая", "jun june июн июнь июня", "jul july июл июль июля",
            "aug august авг август августа", "sep sept september сен сент сентябрь сентября",
            "oct october окт октябрь октября", "nov november ноя нояб ноябрь ноября", "dec december дек декабрь декабря",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_ISO = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?\Z"
)
_NUMERIC = re.compile(
    r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})\.?(?: г\.?)?(?:,? (\d{1,2}):(\d{2})(?::(\d{2}))?)?\Z"
)
_WORDS = re.compile(
    r"(?:(\d{1,2})[ -]([A-Za-zА-Яа-я]{3,9})\.?,?[ -](\d{4})|([A-Za-z]{3,9})\.? (\d{1,2}),? (\d{4}))(?: г\.?)?"
    r"(?:,? (\d{1,2}):(\d{2})(?::(\d{2}))?)?\Z"
)
_NUMBER = re.compile(r"[+-]?(?:\d+|\d{1,3}(?: \d{3})+)(?:[.,]\d{1,2})?\Z")
_WEEKDAYS = re.compile(r"[1-7](?:-[1-7])?(?:,[1-7](?:-[1-7])?)*\Z")


class Problem(NamedTuple):
    """Why a cell could not be taken as it stands. `fatal`: it has no value for us; else it was read, with a doubt."""

    raw: str
    """What stands in the cell, as text."""
    reason: Text
    fatal: bool = True


class Reading(NamedTuple):
    """How this workbook is to be read."""

    date_order: str = "dmy"
    order_stated: bool = False
    """True where the firm itself chose the order: then 3/5/2026 is no longer ambiguous."""


def folded(text: str) -> str:
    """A text for comparing: no case, one space for many, no spaces at the ends, ё as е."""
    return " ".join(text.split()).casefold().replace("ё", "е")


def as_text(value: Value) -> str | None:
    """A cell as a person would copy it; None when blank. 1001.0 is `1001`."""
    if value is None:
        return None
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value)


# Each parser takes a cell that is not blank and returns its value, or a Problem.


def _moment(reading: Reading, value: Value) -> datetime | Problem:
    if isinstance(value, datetime):
        return value if value.tzinfo is None else value.replace(tzinfo=None)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        if _SERIALS[0] <= value <= _SERIALS[1]:
            return _EPOCH + timedelta(seconds=round(float(value) * 86400))
        return Problem(as_text(value) or "", _NOT_A_DATE)
    if isinstance(value, str):
        return _typed_date(reading, _SPACES.sub(" ", value).strip())
    return Problem(as_text(value) or "", _NOT_A_DATE)


def _typed_date(reading: Reading, text: str) -> datetime | Problem:
    try:
        if found := _ISO.match(text):
            year, month, day, *clock = found.groups()
            return _at(year, month, day, clock)
        if found := _WORDS.match(text):
            day, name, year, name2, day2, year2, *clock = found.groups()
            number = _MONTHS.get((name or name2).casefold())
            if number is None:
                return Problem(text, _NOT_A_DATE)
            return _at(year or year2, number, day or day2, clock)
        if found := _NUMERIC.match(text):
            first, sign, second, year, *clock = found.groups()
            month_first = sign == "/" and reading.date_order == "mdy"
            if (
                sign == "/"
                and not reading.order_stated
                and int(first) <= 12
                and int(second) <= 12
                and first != second
            ):
                return Problem(text, _AMBIGUOUS_DATE)
            day, month = (second, first) if month_first else (first, second)
            return _at(int(year) + (2000 if len(year) == 2 else 0), month, day, clock)
    except ValueError:
        return Problem(text, _NOT_A_DATE)
    return Problem(text, _NOT_A_DATE)


def _at(year: str | int, month: str | int, day: str | int, clock: Sequence[str | None]) -> datetime:
    hour, minute, second = (int(part or 0) for part in clock)
    return datetime(int(year), int(month), int(day), hour, minute, second)


def _date(reading: Reading, value: Value) -> date | Problem:
    found = _moment(reading, value)
    return found.date() if isinstance(found, datetime) else found


def _number(_: Reading, value: Value) -> Decimal | Problem:
    if isinstance(value, bool):
        return Problem(as_text(value) or "", _NOT_A_NUMBER)
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - NaN differs from itself
            return Problem(str(value), _NOT_A_NUMBER)
        return Decimal(int(value)) if value.is_integer() else Decimal(repr(value))
    if isinstance(value, Decimal):
        return value
    return Problem(as_text(value) or "", _NOT_A_NUMBER)


def number_in_text(text: str) -> Decimal | None:
    """The number that a text can only mean (`1 200 000,50`); None where there is room for doubt."""
    plain = _SPACES.sub(" ", text).strip()
    if not plain.isascii() or not _NUMBER.match(plain):
        return None
    try:
        return Decimal(plain.replace(" ", "").replace(",", "."))
    except InvalidOperation:
        return None


def _text(_: Reading, value: Value) -> str | None:
    return as_text(value)


def _weekdays(_: Reading, value: Value) -> str | Problem:
    text = (as_text(value) or "").replace(" ", "").replace("–", "-")
    return text if _WEEKDAYS.match(text) else Problem(text, _NOT_WEEKDAYS)


def _percent(reading: Reading, value: Value) -> Decimal | Problem:
    found = _number(reading, value)
    if isinstance(found, Decimal) and not 0 <= found <= 100:
        return Problem(as_text(value) or "", _NOT_A_PERCENT)
    return found


def _chosen(words: Mapping[str, Any], offered: Text, _: Reading, value: Value) -> Any:
    text = as_text(value) or ""
    found = words.get(folded(text))
    return Problem(text, _NOT_A_CHOICE.fill(offered=offered)) if found is None else found


_PARSERS: dict[Kind, Callable[[Reading, Value], Any]] = {
    "date": _date,
    "moment": _moment,
    "money": _number,
    "number": _number,
    "whole": _number,
    "percent": _percent,
    "weekdays": _weekdays,
}
_NUMERIC_KINDS = ("money", "number", "whole", "percent")


def parser(column: Column) -> Callable[[Reading, Value], Any]:
    """The strict parser of a column: (reading, non-blank cell) to a value or a Problem."""
    if column.choices is not None:
        offered = Text(", ".join(column.choices.words("en")), ", ".join(column.choices.words("ru")))
        return partial(_chosen, column.choices.lookup(), offered)
    if column.kind == "yesno":
        words = {spelling: key == "yes" for spelling, key in YESNO.lookup().items()}
        return partial(_chosen, words, Text(", ".join(YESNO.words("en")), ", ".join(YESNO.words("ru"))))
    return _PARSERS.get(column.kind, _text)


def convert(
    column: Column, values: Sequence[Value], reading: Reading
) -> tuple[list[Any], dict[int, Problem]]:
    """A whole column: typed values (None where blank or in doubt), and the problems by index."""
    parse = parser(column)
    numeric = column.kind in _NUMERIC_KINDS
    problems: dict[int, Problem] = {}
    out: list[Any] = []
    # Columns repeat themselves, and 1 is True to a dictionary.
    known: dict[tuple[type, Value], tuple[Any, Problem | None]] = {}
    for index, value in enumerate(values):
        if value is None or value == "":
            out.append(None)
            continue
        key = (value.__class__, value)
        found = known.get(key)
        if found is None:
            found = _parsed(parse, reading, value, numeric=numeric)
            if not isinstance(value, date):
                known[key] = found
        if found[1] is not None:
            problems[index] = found[1]
        out.append(found[0])
    return out, problems


def _parsed(
    parse: Callable[[Reading, Value], Any], reading: Reading, value: Value, *, numeric: bool
) -> tuple[Any, Problem | None]:
    """(typed value or None, what is doubtful about it)."""
    if isinstance(value, str) and as_text(value) is None:
        return None, None
    found = parse(reading, value)
    if not isinstance(found, Problem):
        return found, None
    number = number_in_text(found.raw) if numeric and isinstance(value, str) else None
    if number is None:
        return None, found
    return number, Problem(found.raw, _NUMBER_AS_TEXT, fatal=False)


_NOT_A_DATE = Text("not a date we can read for certain", "не читается как дата")
_AMBIGUOUS_DATE = Text("day and month cannot be told apart", "непонятно, где день, а где месяц")
_NOT_A_NUMBER = Text("not a number", "не число")
_NUMBER_AS_TEXT = Text("a number typed as text", "число набрано текстом")
_NOT_A_PERCENT = Text("not between 0 and 100", "не от 0 до 100")
_NOT_WEEKDAYS = Text("not working days such as 1-5 or 1,3,5", "не рабочие дни вида 1-5 или 1,3,5")
_NOT_A_CHOICE = Text("not one of: {offered}", "не из списка: {offered}")
CELL_ERROR = Text("the cell shows an error", "в ячейке ошибка")
NO_RESULT = Text(
    "a formula without a result; open and save the workbook once",
    "формула без результата; откройте и сохраните книгу один раз",
)
