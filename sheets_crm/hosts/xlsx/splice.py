"""Cells go into the rows of a sheet, byte by byte: every other cell, and every row around them, stays as it is.

Two walks over a sheet, piece by piece: the first looks and notes what has to change, the second writes it.
So a sheet with nothing to change is never packed again, and no sheet is ever held whole.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal, NamedTuple

from sheets_crm.errors import WorkbookUnsafe
from sheets_crm.hosts.xlsx.scan import (
    Cell,
    Parts,
    Row,
    area,
    attribute,
    cells,
    column_of,
    column_runs,
    decoded,
    inline_cell,
    inline_text,
    odd_sheet,
    row_numbers,
    rows,
    runs,
    tag_end,
    with_attribute,
)
from sheets_crm.sheet import Area, ColumnUpdate, Fill, Position, address, letters
from sheets_crm.text import Text

FORMULA = "\0formula"
"""Stands for the text of a cell that holds a formula: no text of anyone's."""

Strings = Callable[[int], str]
"""The text of a shared string by its number."""

_IN_THE_WAY = Text(
    "Cell {cell} belongs to a formula that fills several cells, some of them not ours, so nothing was written; "
    "move that formula out of the column of ours.",
    "Ячейка {cell} входит в формулу, которая заполняет несколько ячеек, в том числе не наши, поэтому ничего не "
    "записано; уберите эту формулу из нашего столбца.",
)
NOT_FREE = Text(
    "The column of ours would take the place of the formula in {cell}, so nothing was written; write the header "
    "“{header}” over a free column, and that one will be used.",
    "Наш столбец занял бы место формулы в {cell}, поэтому ничего не записано; впишите заголовок «{header}» над "
    "свободным столбцом, и будет взят он.",
)
NOT_OURS = Text(
    "The formula in {cell} stands in a column called “{header}” and is none of ours, so nothing was written; give that "
    "column another header, and ours will go beside it.",
    "Формула в {cell} стоит в столбце «{header}», и она не наша, поэтому ничего не записано; назовите этот столбец "
    "иначе, и наш встанет рядом.",
)
NOT_BLANK = Text(
    "Cell {cell} should be blank for a new ID, but it holds a formula or a value; nothing was written.",
    "Ячейка {cell} должна быть пустой для нового ID, но в ней формула или значение; ничего не записано.",
)


class Wish(NamedTuple):
    """What a cell should say."""

    text: str
    kind: Literal["text", "header", "fill"] = "text"
    """A header and a fill are written only where the cell is blank; a fill may not meet anything else."""


@dataclass
class Wishes:
    """What the cells of one sheet should say."""

    cells: dict[int, dict[int, Wish]] = field(default_factory=lambda: defaultdict(dict))
    """Row and column to what stands there afterwards."""
    cleared: dict[int, Collection[int]] = field(default_factory=dict)
    """Column to the rows in which it says nothing, unless `cells` has a wish there."""
    unknown: dict[int, str] = field(default_factory=dict)
    """Columns in which no words of ours stand yet, with their headers: a formula there is someone's own."""

    @property
    def columns(self) -> set[int]:
        """The columns in which something may be written."""
        return {column for row in self.cells.values() for column in row} | self.cleared.keys()

    def add_column(self, update: ColumnUpdate) -> None:
        """The header and the texts of a column of ours."""
        self.cells[update.header_row][update.column] = Wish(update.header, "header")
        self.cleared[update.column] = update.texts.keys()
        if not update.known:
            self.unknown[update.column] = update.header
        for row, text in update.texts.items():
            if text:
                self.cells[row][update.column] = Wish(text)

    def covers(self, row: int, column: int) -> bool:
        """Whether a cell is all ours: it gets a text, or is cleared."""
        wish = self.cells.get(row, {}).get(column)
        return row in self.cleared.get(column, ()) if wish is None else wish.kind == "text"

    def add_fill(self, fill: Fill) -> None:
        """A new ID."""
        self.cells[fill.row][fill.column] = Wish(fill.value, "fill")


class Edit(NamedTuple):
    """Bytes of a part that give way to others."""

    start: int
    end: int
    new: bytes


class Splice:
    """What has to change in the rows of a sheet, found by looking at them piece by piece, top to bottom."""

    def __init__(self, frame: Parts, wishes: Wishes, strings: Strings, sheet: str, start: int = 0) -> None:
        """`start`: where the rows begin in the part."""
        self._prefix = frame.prefix
        self._wishes = wishes
        self._strings = strings
        self._sheet = sheet
        self._any_cell = b'<%bc r="' % frame.prefix
        columns = wishes.columns
        self._column_looks = _column_looks(frame, columns)
        self._openings = {column: self._any_cell + letters(column).encode() for column in columns}
        self._pending = sorted(wishes.cells, reverse=True)
        self._body = b""
        """The piece at hand."""
        self._refers_first = True
        self._places: dict[int, dict[int, int]] = {}
        """Column and row of a cell to where its reference and style end, if every cell says first where it stands."""
        self._edits: list[Edit] = []
        self._last_row = 0
        self._areas: list[Area] = []
        """Where array formulas and data tables stand."""
        self._masters: dict[bytes, Position] = {}
        """Shared formulas, by group, that go with the cell in which they are written out."""
        self.at = start
        """Where the next piece begins in the part; when all are through, where the rows end."""
        self.edits: list[Edit] = []
        """What changes in the part, front to back."""
        self.after = b""
        """Rows after the last piece."""
        self.written: list[Position] = []
        self.headers: list[int] = []
        """Columns whose header is written now: they are new."""
        self.formula_lost = False

    # ------------------------------------------------------------ looking

    def look(self, body: bytes) -> None:
        """Notes what has to change in the next piece. Raises WorkbookUnsafe."""
        self._body, self._edits = body, []
        self._areas += _formula_areas(body, self._prefix)
        numbers, row_at = self._rows()
        wanted = {}
        while self._pending and numbers and self._pending[-1] <= numbers[-1]:
            number = self._pending.pop()
            wanted[number] = self._wishes.cells[number]
        self._find({column for row in wanted.values() for column in row})
        to_do = self._to_clear(numbers, row_at)
        for number, row in wanted.items():
            if not all(self._says(number, column, wish) for column, wish in row.items()):
                to_do[number] = {**to_do.get(number, {}), **row}
        for number in sorted(to_do):
            at = bisect_left(numbers, number)
            if numbers[at] == number:
                self._patch_row(row_at(at), to_do[number])
            elif new := self._new_row(number):
                start = row_at(at).start
                self._edits.append(Edit(start, start, new))
        if self._masters:
            self._refuse_orphans()
        self._last_row = numbers[-1] if numbers else self._last_row
        self.edits += [Edit(self.at + start, self.at + end, new) for start, end, new in self._edits]
        self.at += len(body)

    def end(self) -> None:
        """Notes the rows after the last. Raises WorkbookUnsafe where a formula over several cells stands in the way.

        Merged cells are no obstacle: what stands under one loses nothing and shows when it is split again.
        """
        self.after = b"".join(self._new_row(number) for number in reversed(self._pending))
        self._pending = []
        for each in self._areas:
            reached = next((place for place in self.written if _within(each, *place)), None)
            if reached and not all(self._wishes.covers(*place) for place in _positions(each)):
                raise self._in_the_way(*reached)

    @property
    def changed(self) -> bool:
        """Whether anything has to change."""
        return bool(self.after or self.edits)

    def _rows(self) -> tuple[list[int], Callable[[int], Row]]:
        """The numbers of the piece's rows, and each row by its index."""
        body, prefix = self._body, self._prefix
        numbers = row_numbers(body, prefix, self._last_row)

        @cache
        def starts() -> list[int]:  # in most pieces nothing changes
            return [match.start() for match in re.finditer(b"<%brow" % prefix, body)]

        return numbers, lambda at: self._row(numbers[at], starts()[at])

    def _find(self, columns: Collection[int]) -> None:
        """Finds the cells of these columns and of those that may have to be cleared."""
        self._refers_first, self._places = True, {}
        names = {letters(column).encode(): column for column in self._wishes.cleared.keys() | columns}
        if not names:
            return
        self._places = {column: {} for column in names.values()}
        # All but those that say first that they stand in another column.
        ours = b"|".join(names)
        cell = rb'<%bc(?! r="(?!(?:%b)\d))(?: r="(%b)(\d+)"(?: s="\d+")?)?' % (self._prefix, ours, ours)
        for match in re.finditer(cell, self._body):
            if match[1] is None:
                self._refers_first, self._places = False, {}
                return
            self._places[names[match[1]]][int(match[2])] = match.end()

    def _says(self, number: int, column: int, wish: Wish) -> bool:
        """Whether a cell stands as we wrote it last time, or not at all if it should be blank: no, if that takes reading."""
        if column not in self._places:
            return False
        end = self._places[column].get(number)
        if end is None:
            return not wish.text
        return self._body.startswith(inline_text(self._prefix, wish.text), end)

    def _row(self, number: int, start: int) -> Row:
        return Row(number, start, *self._ends(b"row", start))

    def _ends(self, name: bytes, start: int) -> tuple[int, int]:
        """The end of the tag that starts there, and of its element."""
        inner = tag_end(self._body, start)
        if self._body[inner - 2 : inner - 1] == b"/":
            return inner, inner
        closing = b"</%b%b>" % (self._prefix, name)
        close = self._body.find(closing, inner)
        if close < 0:
            raise odd_sheet()
        return inner, close + len(closing)

    def _to_clear(self, numbers: Sequence[int], row_at: Callable[[int], Row]) -> dict[int, dict[int, Wish]]:
        """The cells of this piece that hold something and should say nothing."""
        found: dict[int, dict[int, Wish]] = defaultdict(dict)
        for column, cleared in self._wishes.cleared.items():
            if self._refers_first:
                filled = re.compile(rb"[^>]*(?<!/)>")
                standing = [n for n, end in self._places[column].items() if filled.match(self._body, end)]
            else:
                standing = [n for at, n in enumerate(numbers) if self._locate(row_at(at), column)[0]]
            for number in standing:
                if number in cleared and column not in self._wishes.cells.get(number, {}):
                    found[number][column] = Wish("")
        return found

    def _new_row(self, number: int) -> bytes:
        new = b"".join(
            self._cell(number, column, wish, None)
            for column, wish in sorted(self._wishes.cells[number].items())
            if wish.text
        )
        return b'<%brow r="%d">%b</%brow>' % (self._prefix, number, new, self._prefix) if new else b""

    def _patch_row(self, row: Row, wanted: Mapping[int, Wish]) -> None:
        # What changes in this row, left to right.
        edits = [edit for column in sorted(wanted) if (edit := self._edit(row, column, wanted[column]))]
        if not edits:
            return
        tag = self._body[row.start : row.inner]
        if b"spans" in tag:
            # A hint that our cell may have made wrong; Excel does without.
            tag = with_attribute(tag, b"spans", None)
        if row.inner == row.end:
            inside = b"".join(edit.new for edit in edits)
            tag = tag[:-2].rstrip() + b">"
            self._edits.append(Edit(row.start, row.end, b"%b%b</%brow>" % (tag, inside, self._prefix)))
            return
        self._edits += (Edit(row.start, row.inner, tag), *edits)

    def _edit(self, row: Row, column: int, wish: Wish) -> Edit | None:
        found, place = self._locate(row, column, to_write=bool(wish.text))
        if found is None:
            return Edit(place, place, self._cell(row.number, column, wish, row)) if wish.text else None
        if self._says(row.number, column, wish):
            return None
        old = self._body[found.start : found.end]
        style = attribute(self._body[found.start : found.inner], b"s")
        said = present(old, self._prefix, self._strings)
        if said == wish.text or (wish.kind == "header" and said.strip()):
            return None
        if wish.kind == "fill" and said.strip():
            raise WorkbookUnsafe(NOT_BLANK.fill(cell=address(self._sheet, row.number, column)))
        if said == FORMULA:
            self.formula_lost = True
            self._give_way(old, row.number, column)
        return Edit(found.start, found.end, self._cell(row.number, column, wish, row, style))

    def _give_way(self, cell: bytes, row: int, column: int) -> None:
        """Raises where a formula goes that is someone's own; notes one that others may be stored with."""
        if column in self.headers:
            # Only now does the column become ours.
            header = next(
                w[column].text
                for w in self._wishes.cells.values()
                if column in w and w[column].kind == "header"
            )
            raise WorkbookUnsafe(NOT_FREE.fill(cell=address(self._sheet, row, column), header=header))
        if named := self._wishes.unknown.get(column):
            raise WorkbookUnsafe(NOT_OURS.fill(cell=address(self._sheet, row, column), header=named))
        start = cell.index(b"<%bf" % self._prefix)
        tag = cell[start : tag_end(cell, start)]
        if attribute(tag, b"t") == b"shared" and attribute(tag, b"ref") is not None:
            self._masters[attribute(tag, b"si") or b""] = row, column

    def _refuse_orphans(self) -> None:
        """Raises where a cell of this piece would lose the formula that it shares."""
        formula = re.compile(rb"<%bf\s[^>]*>" % self._prefix)
        for row in rows(self._body, self._prefix, self._last_row):
            for cell in cells(self._body, self._prefix, row):
                tag = formula.search(self._body, cell.inner, cell.end)
                if tag is None or attribute(tag[0], b"t") != b"shared":
                    continue
                master = self._masters.get(attribute(tag[0], b"si") or b"")
                if master and not self._wishes.covers(row.number, cell.column):
                    raise self._in_the_way(*master)

    def _cell(
        self, row: int, column: int, wish: Wish, old_row: Row | None, style: bytes | None = None
    ) -> bytes:
        self.written.append((row, column))
        if wish.kind == "header":
            self.headers.append(column)
            if style is None and old_row is not None and column > 1:
                left, _ = self._locate(old_row, column - 1)
                style = attribute(self._body[left.start : left.inner], b"s") if left else None
        elif style is None:
            style = self._look_of(old_row, column)
        return inline_cell(self._prefix, f"{letters(column)}{row}", wish.text, style)

    def _look_of(self, row: Row | None, column: int) -> bytes | None:
        """The format that a cell has before it exists: its row's, else its column's."""
        if row is not None:
            tag = self._body[row.start : row.inner]
            if attribute(tag, b"customFormat") in (b"1", b"true"):
                return attribute(tag, b"s")
        return self._column_looks.get(column)

    def _in_the_way(self, row: int, column: int) -> WorkbookUnsafe:
        return WorkbookUnsafe(_IN_THE_WAY.fill(cell=address(self._sheet, row, column)))

    def _locate(self, row: Row, column: int, *, to_write: bool = False) -> tuple[Cell | None, int]:
        """The cell, or None and the place where it belongs; that is looked for only `to_write`."""
        if row.inner == row.end:
            return None, row.end
        if self._refers_first:
            opening = self._openings.get(column) or self._any_cell + letters(column).encode()
            start = self._body.find(b'%b%d"' % (opening, row.number), row.inner, row.end)
            if start >= 0:
                return self._cell_at(column, start), start
            if not to_write:
                return None, row.end
            last = self._body.rfind(self._any_cell, row.inner, row.end)
            if last < 0:
                return None, row.inner
            reference = last + len(self._any_cell)
            if column_of(self._body[reference : self._body.index(b'"', reference)]) < column:
                return None, self._cell_at(column, last).end
        place = row.inner
        for cell in cells(self._body, self._prefix, row):
            if cell.column == column:
                return cell, cell.start
            if cell.column > column:
                break
            place = cell.end
        return None, place

    def _cell_at(self, column: int, start: int) -> Cell:
        return Cell(column, start, *self._ends(b"c", start))


def spliced(pieces: Iterable[bytes], edits: Iterable[Edit]) -> Iterator[bytes]:
    """A part with its edits, piece by piece; the pieces need not be those that were looked at."""
    left = iter(edits)
    edit = next(left, None)
    start = done = 0
    for piece in pieces:
        new: list[bytes] = []
        while edit and edit.start < start + len(piece):
            new += (piece[max(done - start, 0) : edit.start - start], edit.new)
            done, edit = edit.end, next(left, None)
        yield b"".join((*new, piece[max(done - start, 0) :]))
        start += len(piece)
    while edit:  # where the part ends
        yield edit.new
        edit = next(left, None)


def present(cell: bytes, prefix: bytes, strings: Strings) -> str:
    """The text of a cell; blank for an empty one, FORMULA for a formula, the stored form of any other value."""
    if b"<%bf" % prefix in cell:
        return FORMULA
    kind = attribute(cell[: tag_end(cell, 0)], b"t")
    if kind == b"inlineStr":
        return runs(cell, prefix)
    match = re.search(rb"<%bv(?:\s[^>]*)?>(.*?)</%bv>" % (prefix, prefix), cell, re.DOTALL)
    value = match.group(1) if match else b""
    return strings(int(value)) if kind == b"s" and value.strip().isdigit() else decoded(value)


def with_dimension(head: bytes, prefix: bytes, written: Sequence[Position]) -> bytes:
    """The head with its `<dimension>` reaching all that was written."""
    match = re.search(rb"<%bdimension\s[^>]*>" % prefix, head)
    stated = area((attribute(match.group(), b"ref") or b"").decode()) if match else None
    if match is None or stated is None or not written:
        return head
    top = min(stated.first_row, *(row for row, _ in written))
    left = min(stated.first_column, *(column for _, column in written))
    bottom = max(stated.last_row, *(row for row, _ in written))
    right = max(stated.last_column, *(column for _, column in written))
    reference = Area(top, left, bottom, right).reference.encode()
    return head[: match.start()] + with_attribute(match.group(), b"ref", reference) + head[match.end() :]


def _formula_areas(body: bytes, prefix: bytes) -> Iterator[Area]:
    """Where the array formulas and data tables of a piece stand."""
    # Most formulas say nothing in their tag.
    if re.search(rb"f(?<=<%bf)[^>]" % prefix, body) and (b"array" in body or b"dataTable" in body):
        for tag in re.findall(rb"<%bf\s[^>]*>" % prefix, body):
            where = area((attribute(tag, b"ref") or b"").decode())
            if where and attribute(tag, b"t") in (b"array", b"dataTable"):
                yield where


def _positions(where: Area) -> Iterator[Position]:
    rows_ = range(where.first_row, where.last_row + 1)
    return ((row, column) for row in rows_ for column in range(where.first_column, where.last_column + 1))


def _within(where: Area, row: int, column: int) -> bool:
    return where.first_row <= row <= where.last_row and where.first_column <= column <= where.last_column


def _column_looks(frame: Parts, columns: Collection[int]) -> dict[int, bytes]:
    """Column to the format of its empty cells, for those that have one."""
    looks: dict[int, bytes] = {}
    for match in column_runs(frame.head, frame.prefix):
        first, last = (int(attribute(match.group(), name) or b"0") for name in (b"min", b"max"))
        style = attribute(match.group(), b"style")
        if style is not None:
            looks |= {column: style for column in columns if first <= column <= last}
    return looks
