"""From grids to tables: which sheet is which table, where its header is, which rows are data and which are not."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from itertools import islice, zip_longest
from typing import Any, Generic, NamedTuple, TypeVar

from sheets_crm.book.parse import Problem, Reading, as_text, convert, folded, of_cell, of_merge
from sheets_crm.errors import StructureError
from sheets_crm.schema import Column, Row, Table, made
from sheets_crm.sheet import Area, Fill, Grid, Position, Value, address, iter_rows, letters
from sheets_crm.text import ROWS, Text

R_co = TypeVar("R_co", bound=Row, covariant=True)
_HEADER_ROWS = 40
"""How far down the header row is looked for: below a title, a logo, a few notes."""
_LONGEST_KEY = 200
"""A longer ID goes into the log as a hash: a line of the log has to stay within a cell."""
_AT_ONCE = 64
"""Rows whose cells a processor holds while they are turned into columns."""
_TOTALS = frozenset({"итого", "всего", "total", "totals", "grand total", "sum", "сумма"})
_OUR_WORDS = re.compile(r"[✗!i] .*\[[A-Z]{2}[0-9]{2}\]", re.DOTALL)  # a header may be of two lines
"""The beginning of what a To fix cell says."""
_NO_WORDS = (float, date, datetime)
"""A row that begins so is neither blank, nor a header, nor a sum."""
_UNIT = re.compile(r"\s*(?:,[^,]*|\([^()]*\))\s*\Z")


class Excluded(NamedTuple):
    """A row that is not judged, by its first cell, and why."""

    cell: str
    reason: Text


@dataclass(frozen=True)
class TableRows(Generic[R_co]):
    """A table as it stands in the workbook: its typed rows, and where each of its columns is."""

    schema: Table
    sheet: str | None = None
    """Name of the sheet; None: the workbook has no such table."""
    header_row: int = 1
    positions: Mapping[str, int] = field(default_factory=dict)
    """Column key to column of the sheet, from 1; ours included."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Column key to the header as it is written in the sheet."""
    rows: Sequence[R_co] = ()
    """The rows that are judged."""
    read: int = 0
    """All rows that are not blank; read = len(rows) + len(excluded)."""
    excluded: tuple[Excluded, ...] = ()
    problems: Mapping[tuple[int, str], Problem] = field(default_factory=dict)
    """(sheet row, column key) to what is doubtful there."""
    fills: tuple[Fill, ...] = ()
    """The blank ID cells, with the IDs that the rows already bear here."""
    width: int = 0
    """The last column that has a header."""
    free: int = 1
    """The first column right of all headers in which nothing of anyone's stands."""
    listed: Area | None = None
    """The Excel table that the header row belongs to."""
    below: int | None = None
    """First row of data that stands below the Excel table and that it cannot take in, if there is one."""
    grid: Grid | None = None
    """The cells as they were read."""
    foreign: tuple[int, ...] = ()
    """Columns that are called To fix and in which people write: not ours."""
    known: bool = False
    """Whether words of ours stand in To fix."""

    def __bool__(self) -> bool:
        return self.sheet is not None

    def has(self, column: str) -> bool:
        """Whether the sheet has that column."""
        return column in self.positions

    def raw(self, row: int, column: str) -> str | None:
        """What stands in a cell, as a person would copy it; None if blank or there is no such column."""
        at = self.positions.get(column)
        return as_text(self.grid.value(row, at)) if self.grid and at else None

    def user_rows(self) -> Iterator[list[Value]]:
        """The header and every row below it as the user typed them, up to the last cell that is not blank.

        Without our columns, with the IDs just filled.
        """
        if self.grid is None:
            return
        own = {self.positions[c.key] for c in self.schema.columns if c.ours and c.key in self.positions}
        from_the_right = [slice(at - 1, at) for at in sorted(own, reverse=True)]
        filled = {fill.row: fill for fill in self.fills}
        for number, cells in iter_rows(self.grid, self.header_row):
            row = list(cells)
            if fill := filled.get(number):
                row += [None] * (fill.column - len(row))
                row[fill.column - 1] = fill.value
            for column in from_the_right:
                del row[column]
            while row and row[-1] in (None, ""):
                row.pop()
            yield row

    def cell(self, row: int, column: str) -> str | None:
        """The address of a cell; None if the sheet has no such column."""
        if self.sheet is None or column not in self.positions:
            return None
        return address(self.sheet, row, self.positions[column])

    def notes(self) -> Iterator[Text]:
        """What a person has to know about the sheet and has no cell to stand on."""
        if self.grid is None:
            return
        if hidden := sum(row.row in self.grid.hidden_rows for row in self.rows):
            yield _HIDDEN.fill(sheet=self.grid.name, rows=ROWS.of(hidden), count=hidden)
        for at in self.foreign:
            yield _FOREIGN.fill(
                sheet=self.grid.name, header=as_text(self.grid.value(self.header_row, at)),
                cell=address(self.grid.name, self.header_row, self.hygiene_column),
            )  # fmt: skip
        filtered = self.grid.filter
        if filtered and filtered.first_row == self.header_row and filtered.last_column < self.hygiene_column:
            yield _FILTER_ENDS.fill(sheet=self.grid.name, column=letters(filtered.last_column))
        named = {at: self.headers[key] for key, at in self.positions.items()}
        for area in self.grid.merged:
            here = sorted(at for at in named if area.first_column <= at <= area.last_column)
            if not area.first_row <= self.header_row <= area.last_row:
                continue
            if self.width < area.first_column < self.hygiene_column:
                yield _MERGED_BESIDE.fill(cells=area.reference, sheet=self.grid.name)
                return
            if len(here) > 1:
                yield _MERGED_HEADER.fill(
                    cells=area.reference, sheet=self.grid.name, headers=", ".join(named[at] for at in here)
                )
                return

    @property
    def hygiene_column(self) -> int:
        """Where To fix is, or where it goes: the first free column right of the last one."""
        return self.positions.get("hygiene", self.free)

    @property
    def last_row(self) -> int:
        """The last sheet row that holds data of this table; the header's if there is none."""
        return max((row.row for row in self.rows), default=self.header_row)

    @property
    def grown(self) -> Area | None:
        """What the Excel table should reach over: the data right below it, and To fix right beside it.

        To fix outside of the table would not move along when a person sorts it. None: it is as it should be.
        """
        if self.grid is None or self.listed is None or self.listed not in self.grid.may_grow:
            return None
        was, right = self.listed, self.listed.last_column + 1
        down = max(was.last_row, self.last_row if self.below is None else 0)
        others = [each for each in (*self.grid.tables, *self.grid.merged) if each != was]
        for column in (right,) * (self.hygiene_column == right) + (was.last_column,):
            now = Area(was.first_row, was.first_column, down, column)
            if now != was and not any(_overlap(now, each) for each in others):
                return now
        return None

    @property
    def area(self) -> Area:
        """All rows below the header, all columns, To fix among them: where highlights go."""
        last = max(self.width, self.hygiene_column)
        return Area(self.header_row + 1, 1, max(self.last_row, self.header_row + 1), last)


def spellings(column: Column) -> Iterator[str]:
    """Every header under which a column is known, folded: its key, both languages, what firms write."""
    for name in (*column.header, column.key, *column.aliases):
        yield _header(name)


def _header(text: str) -> str:
    return folded(text).rstrip(" :*.") or folded(text)


@lru_cache(maxsize=64)
def _names(schema: Table) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """(a table's own headers, every spelling) to column key. Kept: forty rows of every sheet are held against them."""
    proper = {_header(name): c.key for c in schema.columns for name in (*c.header, c.key)}
    return proper, {name: c.key for c in schema.columns for name in spellings(c)} | proper


def match_headers(schema: Table, cells: Sequence[Value]) -> dict[str, list[int]]:
    """Column key to the columns (from 1) whose header names it: exact words first, then without unit or bracket."""
    proper, known = _names(schema)
    # A header can stand for two columns of ours («Компания» is a lookup and, with ID, a reference): the first wins.
    found: dict[str, list[int]] = {}
    loose: dict[str, list[int]] = {}
    for position, cell in enumerate(cells, start=1):
        text = as_text(cell)
        if text is None:
            continue
        name = _header(text)
        if name in proper:
            found.setdefault(proper[name], []).append(position)
        elif name in known:
            loose.setdefault(known[name], []).append(position)
        elif (short := _header(_UNIT.sub("", text))) in known:
            loose.setdefault(known[short], []).append(position)
    return {**loose, **found}


def find_header(schema: Table, grid: Grid) -> tuple[int, dict[str, list[int]]] | None:
    """The header row of a table (the row with the most of its headers) and its columns; None if there is none."""
    best: tuple[int, dict[str, list[int]]] | None = None
    for number, cells in iter_rows(grid, 1):
        if number > _HEADER_ROWS:
            break
        found = match_headers(schema, cells)
        if found and (best is None or len(found) > len(best[1])):
            best = number, found
    return best


def read_table(schema: Table, grid: Grid, reading: Reading) -> TableRows[Any]:
    """One sheet as a table. Raises StructureError where two columns bear one header."""
    header = find_header(schema, grid)
    if header is None:
        return TableRows(schema)
    header_row, found = header
    found, foreign, known = _our_own(schema, grid, header_row, found)
    headers = {key: as_text(grid.value(header_row, at[0])) or "" for key, at in found.items()}
    for key, at in found.items():
        if len(at) > 1:
            raise StructureError(_TWO_COLUMNS.fill(sheet=grid.name, header=headers[key], row=header_row))
    positions = {key: at[0] for key, at in found.items()}
    own = {positions[c.key] for c in schema.columns if c.ours and c.key in positions}
    data, excluded = _data_rows(schema, grid, header_row, positions, own)
    width = max((n for n, v in enumerate(grid.rows[header_row - 1], start=1) if as_text(v)), default=0)
    rows, problems, fills = _typed(schema, grid, positions, own, data, reading)
    listed = next((each for each in grid.tables if each.first_row == header_row), None)
    return TableRows(
        schema, grid.name, header_row, positions, headers, rows, len(data) + len(excluded),
        tuple(excluded), problems, fills, width, _free_column(grid, header_row, width), listed,
        _below_table(grid, listed, data), grid, foreign, known,
    )  # fmt: skip


def _our_own(
    schema: Table, grid: Grid, header_row: int, found: Mapping[str, list[int]]
) -> tuple[dict[str, list[int]], tuple[int, ...], bool]:
    """(what was found, with To fix only where it is ours; columns of that name in which people write; if ours speaks).

    Of several the one with words of ours is ours.
    """
    titles = grid.rows[header_row - 1]
    named = [at for at, title in enumerate(titles, start=1) if "hygiene" in match_headers(schema, (title,))]
    said = {at: _whose(grid, header_row, at) for at in named}
    ours = [at for at in named if said[at] == "ours"] or [at for at in named if said[at] is None]
    kept = {key: at for key, at in found.items() if key != "hygiene"}
    return (
        kept | ({"hygiene": ours} if ours else {}),
        tuple(at for at in named if said[at] == "theirs"),
        "ours" in said.values(),
    )


def _whose(grid: Grid, header_row: int, column: int) -> str | None:
    """Whose words stand in a column called To fix; None if there are none."""
    if column == grid.ours:
        return "ours"
    whose = "theirs" if any(row > header_row and at == column for row, at in grid.doubts) else None
    for _, cells in iter_rows(grid, header_row + 1):
        if len(cells) >= column and (text := as_text(cells[column - 1])):
            if _OUR_WORDS.match(text):
                return "ours"
            whose = "theirs"
    return whose


def _data_rows(
    schema: Table, grid: Grid, header_row: int, positions: Mapping[str, int], own: set[int]
) -> tuple[list[int], list[Excluded]]:
    """Numbers of the rows with something of the user's in them; repeated headers and totals go apart."""
    data: list[int] = []
    excluded: list[Excluded] = []
    doubtful = {row for row, column in grid.doubts if column not in own}
    wanted = {as_text(v) for v in grid.rows[header_row - 1]} - {None}
    stage = positions.get("stage") if schema.key == "Deals" else None
    plain = _plain_beginnings(grid.rows[header_row:], wanted)
    for number, cells in iter_rows(grid, header_row + 1):
        if cells and 1 not in own and (type(cells[0]) in _NO_WORDS or cells[0] in plain):
            data.append(number)
            continue
        texts = (t for n, v in enumerate(cells, start=1) if v != "" and n not in own and (t := as_text(v)))
        first = next(texts, None)
        if first is None and number not in doubtful:
            continue
        second = next(texts, None) if first in wanted else None
        if second in wanted and wanted.issuperset(texts):
            excluded.append(Excluded(address(grid.name, number, 1), _REPEATED))
        elif _is_total(first) and not (stage and as_text(grid.value(number, stage))):
            excluded.append(Excluded(address(grid.name, number, 1), _TOTAL))
        else:
            data.append(number)
    return data, excluded


def _plain_beginnings(rows: Sequence[Sequence[Value]], headers: Collection[str | None]) -> set[str]:
    """Texts in the first column that tell of data by themselves: neither blank, nor a header, nor the word for a sum."""
    texts = {first for cells in rows if cells and isinstance(first := cells[0], str)}
    return {text for text in texts if (t := as_text(text)) and t not in headers and not _is_total(t)}


def _is_total(text: str | None) -> bool:
    return text is not None and folded(text).rstrip(":") in _TOTALS


def _typed(
    schema: Table, grid: Grid, positions: Mapping[str, int], own: set[int], numbers: Sequence[int],
    reading: Reading,
) -> tuple[list[Any], dict[tuple[int, str], Problem], tuple[Fill, ...]]:  # fmt: skip
    data = [grid.rows[number - 1] for number in numbers]
    cells = dict(enumerate(_by_column(data, max(positions.values(), default=0)), start=1))
    problems: dict[tuple[int, str], Problem] = {}
    columns: list[list[Any]] = []
    fills: tuple[Fill, ...] = ()
    for column in schema.fields:
        at = positions.get(column.key)
        if at is None:
            columns.append([None] * len(data))
            continue
        values, found = convert(column, cells.pop(at), reading)
        problems.update({(numbers[i], column.key): problem for i, problem in found.items()})
        columns.append(values)
    keys = [c.key for c in schema.fields]
    read = {at: key for key, at in positions.items() if at not in own}
    for (row, at), doubt in grid.doubts.items():
        if at in read and (index := _index(numbers, row)) is not None:
            problem = problems[row, read[at]] = of_cell(doubt)
            if problem.fatal:
                columns[keys.index(read[at])][index] = None
    # Merged areas of a sound sheet do not overlap, so they cannot cover more cells than there are.
    covered = _covered(grid, numbers, read.keys())
    for cell, area in islice(covered, len(numbers) * len(positions)):
        problems.setdefault((cell[0], read[cell[1]]), of_merge(area))
    identity = schema.id_column
    if identity is not None and identity.key in positions:
        fills = _fill_ids(
            schema, grid, positions[identity.key], numbers, columns[keys.index(identity.key)], problems
        )
    row_keys = _row_keys(schema, keys, columns, data, own)
    return made(schema.row_type, numbers, row_keys, *columns), problems, fills


def _by_column(rows: Sequence[Sequence[Value]], width: int) -> list[list[Value]]:
    """The cells of rows column by column, a blank where a row is short."""
    columns: list[list[Value]] = [[] for _ in range(width)]
    for start in range(0, len(rows), _AT_ONCE):
        turned = zip_longest(range(width), *rows[start : start + _AT_ONCE])
        for column, (_, *cells) in zip(columns, turned, strict=False):
            column.extend(cells)
    return columns


def _index(numbers: Sequence[int], number: int) -> int | None:
    """Where a number stands among sorted ones; None if it is not there."""
    index = bisect_left(numbers, number)
    return index if index < len(numbers) and numbers[index] == number else None


def _covered(grid: Grid, numbers: Sequence[int], columns: Collection[int]) -> Iterator[tuple[Position, Area]]:
    """The first cell of each row that a merged area covers without showing what is in it."""
    for area in grid.merged:
        here = [at for at in columns if area.first_column <= at <= area.last_column]
        for row in numbers[bisect_left(numbers, area.first_row) : bisect_right(numbers, area.last_row)]:
            hidden = [at for at in here if (row, at) != area[:2]]
            if hidden:
                yield (row, min(hidden)), area


def _fill_ids(
    schema: Table, grid: Grid, at: int, numbers: Sequence[int], ids: list[Any],
    problems: Mapping[tuple[int, str], Problem],
) -> tuple[Fill, ...]:  # fmt: skip
    """New IDs for blank cells: one more than the largest of our prefix, at least four digits (DESIGN section 2)."""
    if None not in ids:
        return ()
    pattern = re.compile(rf"{schema.prefix}(\d+)\Z", re.IGNORECASE)
    last = max((int(m[1]) for value in ids if value and (m := pattern.match(value))), default=0)
    fills = []
    key = schema.identity[0]
    for index, (number, value) in enumerate(zip(numbers, ids, strict=True)):
        if value is None and (number, key) not in problems:
            last += 1
            ids[index] = f"{schema.prefix}{last:04}"
            fills.append(Fill(grid.name, number, at, ids[index]))
    return tuple(fills)


def _row_keys(
    schema: Table, keys: Sequence[str], columns: Sequence[list[Any]], data: Sequence[Sequence[Value]],
    own: set[int],
) -> list[str]:  # fmt: skip
    """The ID, trimmed and case-folded; where it is blank or not the only one, a hash of what the user typed."""
    parts = [_folded_each(columns[keys.index(k)]) for k in schema.identity]
    natural = list(map("|".join, zip(*parts, strict=True))) if len(parts) > 1 else parts[0]
    unfit = {name for name in natural if len(name) > _LONGEST_KEY or not name.strip("|")}
    if len(set(natural)) < len(natural):
        unfit |= {name for name, n in Counter(natural).items() if n > 1}
    if not unfit:
        return natural
    seen: Counter[str] = Counter()
    for index, name in enumerate(natural):
        if name in unfit:
            typed = "\x1f".join(as_text(v) or "" for n, v in enumerate(data[index], start=1) if n not in own)
            digest = "~" + hashlib.sha256(typed.rstrip("\x1f").encode()).hexdigest()[:16]
            seen[digest] += 1
            natural[index] = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
    return natural


def _folded_each(values: Sequence[Any]) -> list[str]:
    """The values of a column for comparing; where all are plain IDs, all of them in one go."""
    if set(map(type, values)) == {str} and (whole := "".join(values)).isascii() and whole.isalnum():
        return list(map(str.lower, values))
    return [folded(v) if isinstance(v, str) else str(v or "") for v in values]


def _free_column(grid: Grid, header_row: int, width: int) -> int:
    """The first column right of the headers without a value, an old text of ours aside, and with a header to be seen."""
    taken = {column for row, column in grid.doubts if row >= header_row}
    for _, cells in iter_rows(grid, header_row):
        if len(cells) > width:
            for column, value in enumerate(cells[width:], start=width + 1):
                if column not in taken and (text := as_text(value)) and not _OUR_WORDS.match(text):
                    taken.add(column)
    column = width + 1
    merged = [each for each in grid.merged if each.first_row <= header_row <= each.last_row]
    while column in taken or any(each.first_column <= column <= each.last_column for each in merged):
        column += 1
    return column


def _below_table(grid: Grid, listed: Area | None, numbers: Sequence[int]) -> int | None:
    """The first data row under the Excel table that owns the header row, unless the table can take in all of them.

    It can where they follow without a gap, and nothing else stands below in its columns.
    """
    below = [number for number in numbers if listed and number > listed.last_row]
    if listed is None or not below:
        return None
    columns = slice(listed.first_column - 1, listed.last_column)
    filled = [n for n, cells in iter_rows(grid, listed.last_row + 1) if any(map(as_text, cells[columns]))]
    last = below[-1]
    whole = filled == below == list(range(listed.last_row + 1, last + 1))
    now = listed._replace(last_row=last)
    others = (each for each in (*grid.tables, *grid.merged) if each != listed)
    clear = whole and listed in grid.may_grow and not any(_overlap(now, each) for each in others)
    return None if clear else below[0]


def _overlap(one: Area, other: Area) -> bool:
    rows = one.first_row <= other.last_row and other.first_row <= one.last_row
    return rows and one.first_column <= other.last_column and other.first_column <= one.last_column


_TWO_COLUMNS = Text(
    "Sheet “{sheet}” has two columns that mean “{header}” in row {row}; rename or delete one of them.",
    "На листе «{sheet}» два столбца «{header}» (строка {row}); переименуйте или удалите один из них.",
)
_HIDDEN = Text(
    "Sheet “{sheet}”: {rows} hidden (by a filter or by hand), judged like all others.",
    "Лист «{sheet}»: строки, скрытые фильтром или вручную ({count}), проверены наравне со всеми.",
)
_FOREIGN = Text(
    "Sheet “{sheet}”: people write in the column “{header}”, so it stays theirs; the one of ours is at {cell}.",
    "Лист «{sheet}»: в столбце «{header}» пишут люди, поэтому он остаётся за ними; наш столбец — {cell}.",
)
_FILTER_ENDS = Text(
    "Sheet “{sheet}”: the filter ends at column {column}, so sorting by it would part To fix from its rows; switch it "
    "off and on again in Excel (Data > Filter).",
    "Лист «{sheet}»: фильтр кончается столбцом {column}, и сортировка в нём разлучит «Что исправить» со строками; "
    "выключите его в Excel и включите снова («Данные» > «Фильтр»).",
)
_MERGED_HEADER = Text(
    "Sheet “{sheet}”: the merged cells {cells} show one header for several columns ({headers}); unmerge them.",
    "Лист «{sheet}»: объединённые ячейки {cells} показывают один заголовок вместо нескольких ({headers}); "
    "разъедините их.",
)
_MERGED_BESIDE = Text(
    "Sheet “{sheet}”: the merged cells {cells} stand beside the table, so the column of ours goes further right; "
    "unmerge them.",
    "Лист «{sheet}»: рядом с таблицей объединены ячейки {cells}, поэтому наш столбец встаёт правее; разъедините их.",
)
_REPEATED = Text("the header row, repeated", "повтор строки заголовков")
_TOTAL = Text("a row of totals", "строка итогов")
