"""Strict reading of cells: a value goes in, a typed value or a doubt comes out; nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache, partial
from typing import Any, NamedTuple

from sheets_crm.schema import Column, Kind
from sheets_crm.schema.choices import YESNO
from sheets_crm.sheet import CELL_TEXT, Area, Doubt, Value
from sheets_crm.text import Text

_SPACES = re.compile(r"[\s\u00a0\u2007\u202f]+")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_UNSEEN = re.compile(
    f"[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]|{_CONTROL.pattern}"
)
"""Joiners are not among them: emoji and some scripts need them."""
_ODD_SPACE = re.compile("[\u00a0\u2000-\u200a\u202f\u205f\u3000]")
_DIGITS = 1e15
"""From here on a cell no longer holds every digit of a number."""
_EPOCH = datetime(1899, 12, 30)
_SERIALS = (29221, 73051)
"""Numbers taken as dates where a date is due: 1980-01-01 to 2100-01-01, as Google and unformatted cells hold them."""
_YEARS = range(1980, 2101)
"""A date of another year was typed or computed wrongly: 0206 for 2026, 1900 for a zero."""

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
    fix: Text | None = None
    """What to do about it, where retyping the value is not enough."""


class Reading(NamedTuple):
    """How this workbook is to be read."""

    date_order: str = "dmy"
    order_stated: bool = False
    """True where the firm itself chose the order: then 3/5/2026 is no longer ambiguous."""


def folded(text: str) -> str:
    """A text for comparing: no case, one space for many, no spaces at the ends, ё as е."""
    if text.isascii() and text.isalnum():  # as IDs are, of which every row has its own
        return text.lower()
    return _folded(text)


@lru_cache(maxsize=1 << 14)  # the names of stages, people and deals come again with every row
def _folded(text: str) -> str:
    if not text.isprintable():
        text = _UNSEEN.sub("", _SPACES.sub(" ", text))
    return " ".join(text.split()).casefold().replace("ё", "е")


@lru_cache(maxsize=4096)
def folded_name(text: str) -> str:
    """`folded` for the few names that stand in thousands of rows: stages, pipelines, people, reasons."""
    return folded(text)


def visible(text: str) -> str:
    """A text with its invisible characters as `‹U+200B›`."""
    if text.isprintable():
        return text
    return _UNSEEN.sub(lambda match: f"‹U+{ord(match[0]):04X}›", text)


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
    found = _any_moment(reading, value)
    if isinstance(found, datetime) and found.year not in _YEARS:
        return Problem(as_text(value) or "", _NO_SUCH_YEAR)
    return found


def _any_moment(reading: Reading, value: Value) -> datetime | Problem:
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
    if isinstance(value, int | float) and _DIGITS <= abs(value) < float("inf"):
        return Problem(as_text(value) or "", _LOST_DIGITS, fix=_CHECK_DIGITS)
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


def odd_texts(column: Column, distinct: Iterable[Value]) -> dict[Value, Problem]:
    """What is doubtful about the texts of a column: unseen characters, too much, lost digits.

    An ID or a reference is also to have no odd spaces.
    """
    strict = column.kind in ("id", "ref")
    problems: dict[Value, Problem] = {}
    for value in distinct:
        if isinstance(value, str):
            if len(value) > CELL_TEXT // 2 and _units(value) > CELL_TEXT:
                problems[value] = Problem(value, _TOO_LONG, fatal=False, fix=_SHORTEN)
            elif not value.isprintable() and _is_odd(column, value):
                raw = _ODD_SPACE.sub(lambda match: f"‹U+{ord(match[0]):04X}›", value) if strict else value
                problems[value] = Problem(raw, _UNSEEN_INSIDE, fatal=False, fix=_BY_HAND)
        elif isinstance(value, float) and _DIGITS <= abs(value) < float("inf"):
            problems[value] = Problem(as_text(value) or "", _LOST_DIGITS, fatal=strict, fix=_AS_TEXT)
    return problems


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _is_odd(column: Column, text: str) -> bool:
    if column.kind in ("id", "ref") and _ODD_SPACE.search(text):
        return True
    return (_CONTROL if column.kind == "note" else _UNSEEN).search(text) is not None


def _numbers_among_texts(values: Sequence[Value], known: Collection[int]) -> dict[int, Problem]:
    """IDs that are numbers where most of the firm's own are texts; those that we gave do not count."""
    if _NUMBERS.isdisjoint(map(type, values)):
        return {}
    numbers = [i for i, v in enumerate(values) if isinstance(v, float | int) and i not in known]
    if not numbers:
        return {}
    texts = sum(isinstance(v, str) and not v.isspace() and v != "" and not _GIVEN.match(v) for v in values)
    if texts <= len(numbers):
        return {}
    return {i: Problem(as_text(values[i]) or "", _NUMBER_AMONG_TEXTS, False, _LIKE_OTHERS) for i in numbers}


_GIVEN = re.compile(r"[A-Za-z]\d{4,}\Z")
"""An ID as we fill it in."""

_PARSERS: dict[Kind, Callable[[Reading, Value], Any]] = {
    "date": _date,
    "moment": _moment,
    "money": _number,
    "number": _number,
    "whole": _number,
    "percent": _percent,
    "weekdays": _weekdays,
}
_WORDED = ("id", "ref", "text", "note", "choice", "names", "email", "phone", "link", "expression")
_NUMBERS = {bool, int, float, Decimal}
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


class _Once(dict[Value, Any]):
    """What a value is read as, by value: columns repeat themselves, so each is read when it first comes."""

    def __init__(self, read: Callable[[Value], Any]) -> None:
        super().__init__()
        self.read = read

    def __missing__(self, value: Value) -> Any:
        found = self[value] = self.read(value)
        return found


def convert(
    column: Column, values: Sequence[Value], reading: Reading
) -> tuple[list[Any], dict[int, Problem]]:
    """A whole column: typed values (None where blank or in doubt), and the problems by index."""
    typed, problems = _converted(column, values, reading)
    if column.kind == "id":
        problems |= _numbers_among_texts(values, problems)
    return typed, problems


def _converted(
    column: Column, values: Sequence[Value], reading: Reading
) -> tuple[list[Any], dict[int, Problem]]:
    """`convert`, without what only the whole column of IDs tells."""
    doubtful: dict[Value, Problem] = {}
    once = _Once(_reader(column, reading, doubtful))
    typed = list(map(once.__getitem__, values))
    if not _NUMBERS.isdisjoint(map(type, once)) and len(_NUMBERS.intersection(map(type, values))) > 1:
        return _each_type_apart(column, values, reading)
    if column.kind in _WORDED:
        odd = odd_texts(column, once)
        lost = [value for value, problem in odd.items() if problem.fatal]
        if lost:
            once.update(dict.fromkeys(lost))
            typed = list(map(once.__getitem__, values))
        doubtful = odd | doubtful
    problems = {i: doubtful[v] for i, v in enumerate(values) if v in doubtful} if doubtful else {}
    return typed, problems


def _each_type_apart(
    column: Column, values: Sequence[Value], reading: Reading
) -> tuple[list[Any], dict[int, Problem]]:
    """The same for a column with numbers of several types: to a dictionary 1 is True."""
    typed: list[Any] = [None] * len(values)
    problems: dict[int, Problem] = {}
    for kind in set(map(type, values)):
        places = [i for i, value in enumerate(values) if type(value) is kind]
        part, doubtful = _converted(column, [values[i] for i in places], reading)
        for i, found in zip(places, part, strict=True):
            typed[i] = found
        problems |= {places[i]: problem for i, problem in doubtful.items()}
    return typed, dict(sorted(problems.items()))


def _reader(column: Column, reading: Reading, doubtful: dict[Value, Problem]) -> Callable[[Value], Any]:
    """Reads one value: None where it is blank or in doubt, and then `doubtful` tells why."""
    parse = parser(column)
    if parse is _text:  # which has no doubts
        return as_text

    def read(value: Value) -> Any:
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        found = parse(reading, value)
        if not isinstance(found, Problem):
            return found
        doubtful[value] = found
        if column.kind in _NUMERIC_KINDS and isinstance(value, str):
            number = number_in_text(found.raw)
            if number is not None:
                doubtful[value] = Problem(found.raw, _NUMBER_AS_TEXT, fatal=False)
            return number
        return None

    return read


_NOT_A_DATE = Text("not a date we can read for certain", "не читается как дата")
_AMBIGUOUS_DATE = Text("day and month cannot be told apart", "непонятно, где день, а где месяц")
_NOT_A_NUMBER = Text("not a number", "не число")
_NUMBER_AS_TEXT = Text("a number typed as text", "число набрано текстом")
_NOT_A_PERCENT = Text("not between 0 and 100", "не от 0 до 100")
_NOT_WEEKDAYS = Text("not working days such as 1-5 or 1,3,5", "не рабочие дни вида 1-5 или 1,3,5")
_NOT_A_CHOICE = Text("not one of: {offered}", "не из списка: {offered}")
_NO_SUCH_YEAR = Text("a date before 1980 or after 2100", "дата раньше 1980 или позже 2100 года")
_LOST_DIGITS = Text("more digits than a cell can hold (15)", "больше цифр, чем хранит ячейка (15)")
_CHECK_DIGITS = Text("Type the sum that is meant", "Введите ту сумму, которая имелась в виду")
_AS_TEXT = Text(
    "Type it anew with an apostrophe before the first digit: then it is kept as text",
    "Наберите заново с апострофом перед первой цифрой: тогда сохранится как текст",
)
_TOO_LONG = Text(
    "more text than a cell can hold (32,767 characters)", "текст длиннее, чем вмещает ячейка (32 767 знаков)"
)
_SHORTEN = Text(
    "Shorten it, or keep it in a document and put the link here",
    "Сократите или перенесите в документ, а здесь оставьте ссылку",
)
_UNSEEN_INSIDE = Text(
    "invisible characters or odd spaces inside", "внутри невидимые знаки или необычные пробелы"
)
_BY_HAND = Text(
    "Type it by hand: such characters come with text copied from web pages and messengers",
    "Наберите вручную: такие знаки приходят с текстом, скопированным с сайтов и из мессенджеров",
)
_NUMBER_AMONG_TEXTS = Text("a number where the other IDs are texts", "число, а остальные № текстом")
_LIKE_OTHERS = Text("Write the ID as the others are written", "Запишите № так же, как остальные")
_OF_CELL: dict[str, tuple[Text, Text | None]] = {
    "error": (
        Text("the cell shows an error", "в ячейке ошибка"),
        Text("Correct the formula, or type the value", "Исправьте формулу или введите значение"),
    ),
    "formula": (
        Text("a formula without a result; open and save the workbook once",
             "формула без результата; откройте и сохраните книгу один раз"),
        None,
    ),
    "broken": (
        Text("a formula whose own text is lost", "формула, текст которой потерян"),
        Text("Type the formula or the value anew", "Введите формулу или значение заново"),
    ),
    "number": (Text("not a number as Excel writes one", "число записано не так, как в Excel"), None),
    "format": (
        Text("a number whose format is lost", "число, формат которого потерян"),
        Text("Check the number and choose its format anew", "Проверьте число и выберите его формат заново"),
    ),
}  # fmt: skip
_MERGED = Text("covered by a merged cell", "закрыта объединённой ячейкой")
_UNMERGE = Text("Unmerge the cells and fill in every row", "Разъедините ячейки и заполните каждую строку")


def of_cell(doubt: Doubt) -> Problem:
    """The problem of a cell that the host could not read."""
    reason, fix = _OF_CELL[doubt.kind]
    return Problem(doubt.raw, reason, doubt.kind != "format", fix)


def of_merge(area: Area) -> Problem:
    """The problem of a cell of which a merged area shows nothing."""
    return Problem(area.reference, _MERGED, fatal=False, fix=_UNMERGE)
