"""A CSV of deals goes in, a workbook to work in comes out: every row, and every value that is asked for."""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from sheets_crm.book.parse import Problem, Reading, folded, number_in_text, parser
from sheets_crm.book.tables import match_headers
from sheets_crm.errors import UsageError
from sheets_crm.hosts.xlsx import create
from sheets_crm.schema import TABLES, Column, Table
from sheets_crm.sheet import CELL_TEXT, Page, Value
from sheets_crm.template import RowValues, default_reasons, default_stages, pages
from sheets_crm.text import Lang, Noun, Text, listed

_DEALS = TABLES["Deals"]
_SHEETS = ("Deals", "SalesBook", "Stages", "LossReasons")
_MARKS = ",;\t|"
_SAMPLE = 1000
"""Rows that decide which mark stands between the cells."""
_MOST_ROWS = 1_048_575
_DIGITS = 15
"""A longer number would lose its last digits in a cell."""
_FIRST_YEAR = 1901
"""Excel takes 1900 for a leap year, so its days before March 1900 are off by one."""
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_NUMERIC = ("money", "number", "whole", "percent")
_CELLS = Noun(("cell", "cells"), ("ячейка", "ячейки", "ячеек"))
_VALUES = Noun(("value", "values"), ("значение", "значения", "значений"))


class Imported(NamedTuple):
    """What an import made of its source."""

    rows: int
    """Deals written: all rows of the source that are not blank."""
    columns: Mapping[str, str]
    """Header of the source to the key of our column."""
    left_out: tuple[str, ...]
    """Headers of the columns that were not taken over; #4 is a fourth column without a header."""
    notes: tuple[Text, ...]
    """What a person should look at afterwards."""
    path: Path


def convert(source: Path, out: Path, map_file: Path | None, lang: Lang) -> Imported:
    """Writes the deals of the CSV file `source` into a new workbook `out`.

    A map with [columns] takes exactly those columns; otherwise columns are found by our headers and what firms
    write for them. A value that is not the date or the number it should be is written as the text it was, so that
    the audit shows it at its cell. Raises UsageError where the source, the map or `out` cannot be used.
    """
    _refuse_target(out)
    plan = _read_map(map_file, lang)
    table = _read_csv(source)
    taken = _columns(table, plan)
    deals, notes = _deals(table, taken, plan)
    create(out, _workbook(deals, [*taken.values()], plan, lang))
    left_out = tuple(
        header or f"#{at + 1}"
        for at, header in enumerate(table.header)
        if at not in taken and (header or any(row[at].strip() for row in table.rows))
    )
    columns = {table.header[at]: key for at, key in taken.items()}
    return Imported(len(deals), columns, left_out, (*table.notes, *notes), out)


def _refuse_target(out: Path) -> None:
    if out.suffix.lower() != ".xlsx":
        raise UsageError(_NOT_XLSX.fill(out=out.name))
    if out.exists():
        raise UsageError(_EXISTS.fill(out=out.name))


_NOT_XLSX = Text(
    "{out}: the new workbook needs a name that ends in .xlsx.",
    "{out}: имя новой книги должно кончаться на .xlsx.",
)
_EXISTS = Text(
    "{out} exists already and is left as it is; choose another name for the new workbook.",
    "{out} уже есть и остаётся как был; выберите для новой книги другое имя.",
)


# ----------------------------------------------------------------- the source


class _Source(NamedTuple):
    name: str
    header: list[str]
    rows: list[list[str]]
    """As wide as the header, each of them."""
    lines: list[int]
    """The line of the file at which each row begins."""
    notes: tuple[Text, ...]


def _read_csv(path: Path) -> _Source:
    text, notes = _decoded(_bytes(path), path.name)
    if found := _NO_TEXT.search(text):
        raise UsageError(_BINARY.fill(name=path.name, line=str(text.count("\n", 0, found.start()) + 1)))
    every = _records(text, _mark(text, path.name), path.name)
    records = ((line, row) for line, row in every if any(map(str.strip, row)))
    _, header = next(records, (0, []))
    rows, lines = [], []
    for line, row in records:
        if len(row) != len(header):
            raise UsageError(
                _RAGGED.fill(name=path.name, line=str(line), cells=_CELLS.of(len(row)), header=len(header))
            )
        if any(len(cell.encode("utf-16-le")) > 2 * CELL_TEXT for cell in row):
            raise UsageError(_LONG_CELL.fill(name=path.name, line=str(line), most=CELL_TEXT))
        rows.append([cell.replace("\r\n", "\n").replace("\r", "\n") for cell in row])
        lines.append(line)
    if not rows:
        raise UsageError(_NO_ROWS.fill(name=path.name))
    if len(rows) > _MOST_ROWS:
        raise UsageError(_MANY_ROWS.fill(name=path.name, rows=len(rows), most=_MOST_ROWS))
    return _Source(path.name, [cell.strip() for cell in header], rows, lines, notes)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as problem:
        raise UsageError(_MISSING.fill(name=path.name)) from problem
    except OSError as problem:
        raise UsageError(_UNREADABLE.fill(name=path.name, reason=problem.strerror or "?")) from problem


def _decoded(data: bytes, name: str) -> tuple[str, tuple[Text, ...]]:
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\xff\xfe", b"\xfe\xff")):
        raise UsageError(_NOT_CSV.fill(name=name))
    try:
        return data.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("cp1251"), (_CP1251.fill(name=name),)
    except UnicodeDecodeError as problem:
        raise UsageError(_NOT_CSV.fill(name=name)) from problem


def _records(text: str, mark: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV text, each with the line at which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    line = 1
    try:
        for row in reader:
            yield line, row
            line = reader.line_num + 1
    except csv.Error as problem:
        raise UsageError(_QUOTES.fill(name=name, line=str(line))) from problem


def _mark(text: str, name: str) -> str:
    """What separates the cells: the mark under which most rows are as wide as the header, then the most columns."""
    fits = {mark: _fit(text, mark, name) for mark in _MARKS}
    best = max(fits.values())
    if best == (0, 0):
        return _MARKS[0]
    marks = [mark for mark, fit in fits.items() if fit == best]
    if len(marks) > 1:
        raise UsageError(_TWO_MARKS.fill(name=name, first=marks[0], second=marks[1]))
    return marks[0]


def _fit(text: str, mark: str, name: str) -> tuple[int, int]:
    """How many of the first rows are as wide as the header, and how wide that is; (0, 0) for a single column."""
    width, alike = 0, 0
    with suppress(UsageError):
        for _, row in islice(_records(text, mark, name), _SAMPLE):
            width = width or len(row)
            alike += len(row) == width
    return (alike, width) if width > 1 else (0, 0)


_MISSING = Text("{name} does not exist.", "Файла {name} не существует.")
_UNREADABLE = Text("{name} cannot be read ({reason}).", "Файл {name} не читается ({reason}).")
_NOT_CSV = Text(
    "{name} is not a CSV file in UTF-8; in Excel choose “Save as” and “CSV UTF-8”, and import that file.",
    "{name} не CSV в кодировке UTF-8; в Excel выберите «Сохранить как» и «CSV UTF-8» и загрузите тот файл.",
)
_BINARY = Text(
    "{name}, line {line} holds a character that is no text; save the file again as “CSV UTF-8”, or delete it there.",
    "{name}, строка {line}: есть знак, который не текст; сохраните файл заново как «CSV UTF-8» или удалите этот знак.",
)
_QUOTES = Text(
    "{name}, line {line}: a cell has no proper end; check that every quotation mark that opens is closed.",
    "{name}, строка {line}: ячейка не кончается как надо; проверьте, что каждая открытая кавычка закрыта.",
)
_RAGGED = Text(
    "{name}, line {line} has {cells}, the header has {header}; make them equal, or save the file again as CSV.",
    "{name}, строка {line}: {cells}, а в заголовке {header}; сделайте поровну или сохраните файл в CSV заново.",
)
_LONG_CELL = Text(
    "{name}, line {line} has a cell of over {most} characters, more than Excel can hold; shorten it.",
    "{name}, строка {line}: в ячейке больше {most} знаков, Excel столько не вмещает; сократите её.",
)
_MANY_ROWS = Text(
    "{name} has {rows} rows, a sheet holds {most}; split the file.",
    "В {name} {rows} строк, а на лист помещается {most}; разделите файл.",
)
_NO_ROWS = Text(
    "{name} has no rows below a header; its first line must name the columns.",
    "В {name} нет строк под заголовком; первая строка должна называть столбцы.",
)
_TWO_MARKS = Text(
    "{name}: the cells could be separated by “{first}” or by “{second}”; "
    "put headers that contain one of them into quotation marks.",
    "{name}: ячейки могут быть разделены и «{first}», и «{second}»; "
    "возьмите в кавычки заголовки, в которых есть один из этих знаков.",
)
_CP1251 = Text(
    "{name} is not in UTF-8 and was read as Windows-1251 (Cyrillic); check how the names came out.",
    "{name} не в UTF-8 и прочитан как Windows-1251 (кириллица); проверьте, как вышли названия.",
)


# -------------------------------------------------------------------- the map

_ReadDate: TypeAlias = Callable[[str], str | None]
"""A date as the firm writes it to a date that can be read for certain; None if it is not written so."""


class _Words(NamedTuple):
    """The stages or the loss reasons: what the firm calls them, and what stands on their sheet."""

    names: Mapping[str, str]
    """The source's word, folded, to the name on the sheet."""
    rows: Sequence[RowValues]
    known: frozenset[str]
    """The names on the sheet, folded."""


class _Map(NamedTuple):
    name: str
    columns: Mapping[str, str] | None
    """Header to key; None: found by our headers."""
    formats: Mapping[str, str]
    dates: Mapping[str, _ReadDate]
    stages: _Words
    reasons: _Words


_SECTIONS = ("columns", "dates", "stages", "reasons")


def _read_map(path: Path | None, lang: Lang) -> _Map:
    name = path.name if path else ""
    data = _toml(path) if path else {}
    for section, entries in data.items():
        if section not in _SECTIONS:
            raise UsageError(_SECTION.fill(map=name, section=section))
        if not isinstance(entries, dict):
            raise UsageError(_NOT_SECTION.fill(map=name, section=section))
    columns = _mapped_columns(name, data["columns"]) if "columns" in data else None
    formats = data.get("dates", {})
    dates = {key: _dates(name, key, form) for key, form in formats.items()}
    stages = _words(name, "stages", data.get("stages", {}), TABLES["Stages"], default_stages(lang))
    reasons = _words(name, "reasons", data.get("reasons", {}), TABLES["LossReasons"], default_reasons(lang))
    return _Map(name, columns, formats, dates, stages, reasons)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_bytes(path).decode("utf-8-sig"))
    except UnicodeDecodeError as problem:
        raise UsageError(_MAP_NOT_UTF8.fill(map=path.name)) from problem
    except tomllib.TOMLDecodeError as problem:
        raise UsageError(_BAD_TOML.fill(map=path.name, reason=str(problem))) from problem


def _mapped_columns(name: str, entries: Mapping[str, Any]) -> dict[str, str]:
    known = {column.key for column in _DEALS.fields}
    for header, key in entries.items():
        if not isinstance(key, str) or key not in known:
            raise UsageError(_NO_KEY.fill(map=name, section="columns", where=header, key=str(key)))
    for key, count in Counter(entries.values()).items():
        if count > 1:
            headers = [header for header, k in entries.items() if k == key]
            raise UsageError(_TWO_TO_ONE.fill(where=name, first=headers[0], second=headers[1], key=key))
    return dict(entries)


def _words(
    name: str, section: str, entries: Mapping[str, Any], table: Table, shipped: Sequence[RowValues]
) -> _Words:
    """An alias leads to a row that the map adds, else to a shipped one; rows to add leave out the other shipped ones."""
    title = table.identity[-1]
    own: dict[str, RowValues] = {}
    for label, fields in entries.items():
        if isinstance(fields, dict):
            word = folded(label)
            if word in own:
                raise UsageError(_TWICE.fill(map=name, section=section, label=label))
            own[word] = _row(name, section, label, fields, table, len(own) + 1)
    ours = {folded(str(row[title])): row for row in shipped}
    names = {word: str(row[title]) for word, row in own.items()}
    used: dict[str, RowValues] = {}
    for label, target in entries.items():
        if isinstance(target, dict):
            continue
        if not isinstance(target, str):
            raise UsageError(_NOT_ENTRY.fill(map=name, section=section, label=label))
        word = folded(target)
        if word not in own and word not in ours:
            raise UsageError(_NO_SUCH_NAME.fill(
                map=name, section=section, label=label, target=target, offered=_listed([str(r[title]) for r in shipped], 20),
            ))  # fmt: skip
        if folded(label) in names:
            raise UsageError(_TWICE.fill(map=name, section=section, label=label))
        row = own.get(word) or used.setdefault(word, ours[word])
        names[folded(label)] = str(row[title])
    # Beside rows without a pipeline, shipped ones would make a second pipeline.
    rows = [*own.values(), *({**row, "pipeline": None} for row in used.values())] if own else shipped
    return _Words(names, rows, frozenset(folded(str(row[title])) for row in rows))


def _row(
    name: str, section: str, label: str, fields: Mapping[str, Any], table: Table, place: int
) -> RowValues:
    title = table.identity[-1]
    columns = {column.key: column for column in table.fields if column.key != title}
    unsaid: dict[str, Value] = {"order": place, "active": True}
    row = {title: label.strip(), **{key: value for key, value in unsaid.items() if key in columns}}
    for key, value in fields.items():
        if key not in columns:
            raise UsageError(_NO_FIELD.fill(
                map=name, section=section, label=label, field=key, offered=_listed([*columns], 20),
            ))  # fmt: skip
        found = _typed(columns[key], value)
        if isinstance(found, Problem):
            raise UsageError(_BAD_FIELD.fill(
                map=name, section=section, label=label, field=key, value=str(value), reason=found.reason,
            ))  # fmt: skip
        row[key] = found
    return row


def _typed(column: Column, value: Any) -> Any:
    """A value of the map as the sheet will hold it, read as strictly as a cell; or a Problem."""
    words = column.choices is None and column.kind != "yesno" and column.kind not in _NUMERIC
    if not isinstance(value, str if words else str | int | float):
        return Problem(str(value), _NOT_TEXT if words else _NOT_VALUE)
    return parser(column)(Reading(), value)


_SECTION = Text(
    "{map} has a section [{section}] that means nothing here; a map has [columns], [dates], [stages] and [reasons].",
    "В {map} есть раздел [{section}], который здесь ничего не значит; в карте бывают [columns], [dates], [stages] и [reasons].",
)
_NOT_SECTION = Text(
    "{map}: “{section}” must be a section: write [{section}] on a line of its own, and its entries below.",
    "{map}: «{section}» должно быть разделом: напишите [{section}] отдельной строкой, а записи под ней.",
)
_MAP_NOT_UTF8 = Text(
    "{map} is not in UTF-8; save it in that encoding.", "{map} не в UTF-8; сохраните его в этой кодировке."
)
_BAD_TOML = Text("{map} is not valid TOML: {reason}.", "{map} не читается как TOML: {reason}.")
_NO_KEY = Text(
    "{map}, [{section}], “{where}”: there is no column “{key}” in Deals; `sheets-crm schema` lists their keys.",
    "{map}, [{section}], «{where}»: в сделках нет столбца «{key}»; ключи столбцов показывает `sheets-crm schema`.",
)
_TWO_TO_ONE = Text(
    "{where}: the columns “{first}” and “{second}” would both become {key}; keep one of them (a map says which).",
    "{where}: столбцы «{first}» и «{second}» оба стали бы {key}; оставьте один (какой, говорит карта).",
)
_TWICE = Text(
    "{map}, [{section}]: “{label}” stands there twice (case and spaces do not matter); keep one line.",
    "{map}, [{section}]: «{label}» там дважды (регистр и пробелы не важны); оставьте одну строку.",
)
_NOT_ENTRY = Text(
    "{map}, [{section}], “{label}”: write a name in quotation marks, or a row to add in braces.",
    "{map}, [{section}], «{label}»: напишите имя в кавычках или новую строку в фигурных скобках.",
)
_NO_SUCH_NAME = Text(
    "{map}, [{section}], “{label}”: we have no “{target}”; choose one of {offered}, or add your own row in braces.",
    "{map}, [{section}], «{label}»: у нас нет «{target}»; выберите из: {offered}, или добавьте свою строку в скобках.",
)
_NO_FIELD = Text(
    "{map}, [{section}], “{label}”: there is no field “{field}”; there are {offered}.",
    "{map}, [{section}], «{label}»: нет поля «{field}»; есть {offered}.",
)
_BAD_FIELD = Text(
    "{map}, [{section}], “{label}”: {field} = {value} is {reason}; correct it.",
    "{map}, [{section}], «{label}»: {field} = {value}: {reason}; исправьте.",
)
_NOT_TEXT = Text("not a text in quotation marks", "не текст в кавычках")
_NOT_VALUE = Text("not a word or a number", "не слово и не число")


# ------------------------------------------------------------ formats of dates

_TWO = "[0-9]{2}|(?<![0-9])[0-9](?![0-9])"
"""Two digits, or one that no other touches: 3042024 is no date for %d%m%Y."""
_DIRECTIVES = {
    "d": ("day", _TWO), "m": ("month", _TWO), "b": ("name", r"[^\W\d_]{3,9}\.?"), "B": ("name", r"[^\W\d_]{3,9}\.?"),
    "Y": ("year", "[0-9]{4}"), "y": ("short", "[0-9]{2}"), "H": ("hour", _TWO), "M": ("minute", _TWO), "S": ("second", _TWO),
}  # fmt: skip
_ONE_THING = {"name": "month", "short": "year"}


def _dates(name: str, key: str, form: Any) -> _ReadDate:
    column = next((c for c in _DEALS.fields if c.key == key), None)
    if column is None:
        raise UsageError(_NO_KEY.fill(map=name, section="dates", where=key, key=key))
    if column.kind not in ("date", "moment"):
        raise UsageError(_NO_DATE.fill(map=name, key=key))
    pattern = _pattern(form) if isinstance(form, str) else None
    if pattern is None:
        raise UsageError(_BAD_FORMAT.fill(map=name, key=key, form=str(form)))
    return lambda text: _rearranged(pattern, text)


def _pattern(form: str) -> re.Pattern[str] | None:
    """A format as a pattern with named parts; None unless it names day, month and year, once, in directives we know."""
    texts_and_letters = re.split(r"%(.)", " ".join(form.split()))
    letters = texts_and_letters[1::2]
    if not _DIRECTIVES.keys() >= set(letters):
        return None
    names = [_DIRECTIVES[letter][0] for letter in letters]
    count = Counter(_ONE_THING.get(name, name) for name in names)
    if not count.keys() >= {"day", "month", "year"} or max(count.values()) > 1:
        return None
    texts = [re.escape(text).replace(r"\ ", r"\s+") for text in texts_and_letters[::2]]
    parts = [f"(?P<{name}>{digits})" for name, digits in (_DIRECTIVES[letter] for letter in letters)]
    return re.compile("".join(text + part for text, part in zip(texts, [*parts, ""], strict=True)))


def _rearranged(pattern: re.Pattern[str], text: str) -> str | None:
    """The date in the one order that the strict reader takes without doubt; it also knows the names of months."""
    found = pattern.fullmatch(text.strip())
    if found is None:
        return None
    part = found.groupdict()
    year = part.get("year") or f"20{part['short']}"
    order = "{day} {name} {year}" if "name" in part else "{day}.{month}.{year}"
    return f"{order.format_map({**part, 'year': year})} {part.get('hour') or 0}:{part.get('minute') or 0:0>2}:{part.get('second') or 0:0>2}"


_NO_DATE = Text(
    "{map}, [dates]: {key} is not a date; delete the line.", "{map}, [dates]: {key} не дата; удалите строку."
)
_BAD_FORMAT = Text(
    "{map}, [dates], {key}: “{form}” cannot be read as a date; name day, month and year once each, as %d.%m.%Y or "
    "%b %d, %Y; %y, %B, %H, %M and %S are known too.",
    "{map}, [dates], {key}: по «{form}» дату не прочесть; назовите день, месяц и год по разу, как %d.%m.%Y или "
    "%b %d, %Y; есть ещё %y, %B, %H, %M и %S.",
)


# ------------------------------------------------------------------ the columns


def _columns(table: _Source, plan: _Map) -> dict[int, str]:
    """Which columns of the source (from 0) become which of ours, in the source's order."""
    found = _by_header(table) if plan.columns is None else _by_map(table, plan.name, plan.columns)
    headers = _listed([header for header in table.header if header], 20)
    if "stage" not in found.values():
        raise UsageError(_NO_STAGE.fill(name=table.name, headers=headers))
    for key, form in plan.formats.items():
        if key not in found.values():
            raise UsageError(_IDLE_FORMAT.fill(map=plan.name, key=key, form=form))
    return dict(sorted(found.items()))


def _by_header(table: _Source) -> dict[int, str]:
    found = {}
    ours = {column.key for column in _DEALS.columns if column.ours}
    for key, positions in match_headers(_DEALS, table.header).items():
        if key in ours:
            continue
        if len(positions) > 1:
            first, second = (table.header[at - 1] for at in positions[:2])
            raise UsageError(_TWO_TO_ONE.fill(where=table.name, first=first, second=second, key=key))
        found[positions[0] - 1] = key
    return found


def _by_map(table: _Source, name: str, columns: Mapping[str, str]) -> dict[int, str]:
    found = {}
    for header, key in columns.items():
        positions = [at for at, own in enumerate(table.header) if folded(own) == folded(header)]
        if len(positions) != 1:
            headers = _listed([own for own in table.header if own], 20)
            words = _HEADER_TWICE if positions else _NO_HEADER
            raise UsageError(words.fill(map=name, header=header, name=table.name, headers=headers))
        if positions[0] in found:
            raise UsageError(_TWICE.fill(map=name, section="columns", label=header))
        found[positions[0]] = key
    return found


_NO_STAGE = Text(
    "No column of {name} is known as the stage of a deal; say in a map, under [columns], which of these it is, "
    'as "Status" = "stage": {headers}.',
    "В {name} не виден столбец с этапом сделки; назовите его в карте под [columns], "
    'например "Статус" = "stage"; столбцы файла: {headers}.',
)
_IDLE_FORMAT = Text(
    "{map}, [dates]: nothing becomes {key}, so its format “{form}” has no use; add its column or delete the line.",
    "{map}, [dates]: ни один столбец не становится {key}, формат «{form}» ни к чему; добавьте столбец или удалите строку.",
)
_NO_HEADER = Text(
    "{map}, [columns]: {name} has no column “{header}”; it has {headers}.",
    "{map}, [columns]: в {name} нет столбца «{header}»; есть {headers}.",
)
_HEADER_TWICE = Text(
    "{map}, [columns]: {name} has several columns “{header}”; rename all but one in the file.",
    "{map}, [columns]: в {name} несколько столбцов «{header}»; переименуйте в файле все, кроме одного.",
)


# -------------------------------------------------------------------- the deals


def _deals(table: _Source, taken: Mapping[int, str], plan: _Map) -> tuple[list[RowValues], list[Text]]:
    """The rows of Deals, with IDs where the source has none, and what was not as it should be."""
    columns: dict[str, list[Value]] = {}
    notes: list[Text] = []
    identity = _DEALS.identity[0]
    if identity not in taken.values():
        columns[identity] = [f"{_DEALS.prefix}{number:04}" for number in range(1, len(table.rows) + 1)]
    for at, key in taken.items():
        texts = [row[at] for row in table.rows]
        words = {"stage": plan.stages, "lost_reason": plan.reasons}.get(key)
        if words is not None:
            columns[key] = [words.names.get(folded(text), text) if text.strip() else None for text in texts]
            notes += _strangers(key, columns[key], words)
        else:
            columns[key] = [_value(_DEALS.column(key), text, plan.dates.get(key)) for text in texts]
            notes += _misfits(table, at, _DEALS.column(key), columns[key])
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)], notes


def _value(column: Column, text: str, read_date: _ReadDate | None) -> Value:
    """The value of a cell; the text itself where it is not the date or the number that the column asks for."""
    if not text.strip():
        return None
    if column.kind in ("date", "moment"):
        certain = read_date(text) if read_date else text
        found = parser(column)(Reading(), certain) if certain else None
        return found if isinstance(found, date) and found.year >= _FIRST_YEAR else text
    if column.kind in _NUMERIC:
        number = number_in_text(text)
        return text if number is None or len(number.normalize().as_tuple().digits) > _DIGITS else number
    return text


def _misfits(table: _Source, at: int, column: Column, values: Sequence[Value]) -> Iterator[Text]:
    if column.kind not in (*_NUMERIC, "date", "moment"):
        return
    lines = [str(line) for line, value in zip(table.lines, values, strict=True) if isinstance(value, str)]
    if lines:
        wanted = _A_NUMBER if column.kind in _NUMERIC else _A_DATE
        yield _KEPT.fill(
            header=table.header[at], count=_VALUES.of(len(lines)), wanted=wanted, lines=_listed(lines, 5)
        )


def _strangers(key: str, values: Sequence[Value], words: _Words) -> Iterator[Text]:
    unknown = Counter(str(v).strip() for v in values if v is not None and folded(str(v)) not in words.known)
    if unknown:
        told = _listed([f"“{word}” ({count})" for word, count in unknown.most_common()], 8)
        yield (_STRANGE_STAGES if key == "stage" else _STRANGE_REASONS).fill(words=told)


_A_DATE = Text("a date as it should be written", "дату в нужной записи")
_A_NUMBER = Text("a number for certain", "однозначное число")
_KEPT = Text(
    "“{header}”: {count} not {wanted}; written as the text that it was (lines {lines}); "
    "the audit shows at its cell what cannot be read.",
    "«{header}»: {count} не прочитать как {wanted}; записано текстом, как было (строки {lines}); "
    "что не читается, аудит покажет в самой ячейке.",
)
_STRANGE_STAGES = Text(
    "Stages that are neither in the map nor on the sheet Stages: {words}; they stand as they were.",
    "Этапы, которых нет ни в карте, ни на листе «Этапы»: {words}; они записаны как были.",
)
_STRANGE_REASONS = Text(
    "Loss reasons that are neither in the map nor on the sheet Loss reasons: {words}; they stand as they were.",
    "Причины отказа, которых нет ни в карте, ни на листе «Причины отказа»: {words}; они записаны как были.",
)


def _listed(items: list[str], most: int) -> Text:
    return Text(listed(items, "en", most), listed(items, "ru", most))


# ----------------------------------------------------------------- the workbook


def _workbook(deals: Sequence[RowValues], keys: Sequence[str], plan: _Map, lang: Lang) -> tuple[Page, ...]:
    rows = {
        "Deals": deals,
        "Stages": sorted(plan.stages.rows, key=_place),
        "LossReasons": [_from_known(row, plan.stages) for row in plan.reasons.rows],
    }
    return pages(lang, rows=rows, tables=_SHEETS, columns={"Deals": keys})


def _place(row: RowValues) -> tuple[str, float]:
    return str(row.get("pipeline") or ""), float(str(row["order"]))


def _from_known(row: RowValues, stages: _Words) -> RowValues:
    """A shipped reason names a shipped stage; it binds to nothing where the firm has stages of its own."""
    stage = row.get("allowed_from")
    return row if stage is None or folded(str(stage)) in stages.known else {**row, "allowed_from": None}
