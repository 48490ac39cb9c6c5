"""One sheet's XML goes in; its cells in one plain form come out, with their bounds and what calamine would hide.

All of it at the speed of `re`: cells that are written as spreadsheet programs write them are passed over
inside one pattern, and only the others are looked at one by one.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import compress, count, islice
from operator import ge
from typing import NamedTuple

from sheets_crm.errors import WorkbookUnreadable
from sheets_crm.hosts.xlsx.package import MAIN
from sheets_crm.hosts.xlsx.pieces import Cut, NoRows
from sheets_crm.hosts.xlsx.preflight import Archive, damaged, refused
from sheets_crm.hosts.xlsx.scan import area, column_number, decoded
from sheets_crm.sheet import Area, Doubt, Position, address, letters
from sheets_crm.text import Text, same

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
MAX_AREA = 60_000_000
"""Calamine stores rows x columns densely: one stray cell at XFD1048576 would end the process with no error."""
SPARSE_AREA = 15_000_000
"""Rows x columns (some 45 bytes each) that may be mostly empty; beyond, every third cell has to be filled."""
MANY_CELLS = 3_000_000
"""So many filled cells are no stray ones: the sheet is too long, not too wide."""
MAX_CELLS = 30_000_000
MAX_TEXT = 256 << 20
"""Bytes of text in all cells of a sheet: a parser copies a shared string for each of them."""
MAX_UNUSUAL = 5_000_000
"""Cells that have to be looked at one by one: some twenty seconds."""

_TOO_WIDE = Text(
    "has a stray cell far from the others at {cell}: delete the empty rows and columns around it in Excel "
    "and save.",
    "— в ячейке {cell}, далеко от остальных, что-то осталось: удалите в Excel пустые строки и столбцы вокруг "
    "неё и сохраните файл.",
)

_TOO_MUCH = Text(
    "has a sheet {sheet} with {what}: open it in Excel, delete what is not needed and save it as a new .xlsx.",
    "— на листе «{sheet}» {what}: откройте файл в Excel, удалите лишнее и сохраните как новый .xlsx.",
)


class Sheet(NamedTuple):
    """What a sheet's cells hide from the parser."""

    doubts: dict[Position, Doubt]
    hidden_rows: frozenset[int]
    negative: dict[Position, str]
    """Numbers below zero as they are written: no date is one, and calamine makes midnight of them."""
    merged: tuple[Area, ...] = ()
    filter: Area | None = None
    filled: int = 0
    """How many cells hold something; a shared string may still be blank."""
    protected: bool = False
    """Whether locked cells cannot be typed into."""


def prepare(
    archive: Archive, path: str, sheet: str, put: Callable[[bytes, int], object], formats: int | None = None
) -> Sheet:
    """Puts the rows of `sheet`, stored in the part `path`, in one plain form for the parser, piece by piece.

    They come without prefixes, comments and doubtful cells; every row and cell says where it stands. With them comes
    a number no less than that of their values. `formats` is how many cell formats the workbook has; a number with
    another one is in doubt.
    Raises WorkbookUnreadable for cells that no program writes.
    """
    scan, tail = _Scan(archive.name, sheet, formats), b""
    try:
        cut = Cut(archive.pieces(path))
        head, strip = _prefix_of(cut.head)
        if cut.prefix.rstrip(b":") != strip:
            raise archive.spoilt(path)
        _refuse_bad_dimension(head, archive, path)
        for piece in cut.rows():
            put(*scan.plain(_without_prefix(piece, strip)))
        tail = _without_prefix(cut.tail, strip)
        archive.refuse_unsound(head + tail, path)
    except NoRows as problem:
        # A sheet may lack its rows altogether.
        if not problem.whole:
            raise archive.spoilt(path) from problem
        archive.refuse_unsound(problem.whole, path)
    filtered = _FILTER.search(tail)
    merges = (area(match[1].decode("ascii", "replace")) for match in _MERGE.finditer(tail))
    return scan.result()._replace(
        merged=tuple(merge for merge in merges if merge is not None),
        filter=area(filtered[1].decode("ascii", "replace")) if filtered else None,
        protected=_PROTECTED.search(tail) is not None,
    )


def text_bytes(rows: bytes, lengths: Sequence[int]) -> int:
    """No less than the bytes of the shared strings that the cells of some rows hold together."""
    times = Counter(map(int, _TEXT_CELL.findall(rows)))
    return sum(lengths[index] * number for index, number in times.items() if index < len(lengths))


def spoilt_cell(archive: Archive, path: str, strings: int) -> str | None:
    """The address of a cell for which a parser gives up: a string that is not there, or text that is no XML."""
    last = None
    for piece in archive.pieces(path):
        at = min((m.start() for m in _TEXT_CELL.finditer(piece) if int(m[1]) >= strings), default=len(piece))
        if odd := _NO_XML_TEXT.search(piece, 0, at):
            at = odd.start()
        places = _ADDRESS.findall(piece[: at + 1])
        last = places[-1] if places else last
        if at < len(piece):
            return last.decode() if last else None
    return None


def repeated_cell(archive: Archive, path: str) -> str | None:
    """The address of a cell that stands twice, so that nobody can say which of the two a person sees."""
    places: Counter[bytes] = Counter()
    for piece in archive.pieces(path):
        places.update(_ADDRESS.findall(piece))
    return next((place.decode() for place, times in places.items() if times > 1), None)


_ADDRESS = re.compile(rb"""<(?:\w+:)?c\s(?:[^<>]*?\s)?r\s*=\s*["']([A-Z]+[0-9]+)["']""")
_TEXT_CELL = re.compile(rb"""\st\s*=\s*["']s["'][^<>]*>\s*<(?:\w+:)?v[^<>]*>\s*([0-9]{1,9})""")
_MERGE = re.compile(rb"""<mergeCell\s[^>]*?ref\s*=\s*["']([^"']*)""")
_FILTER = re.compile(rb"""<autoFilter\s[^>]*?ref\s*=\s*["']([^"']*)""")
_PROTECTED = re.compile(rb"""<sheetProtection\s[^>]*?\bsheet\s*=\s*["'](?:1|true)["']""")
_NO_XML_TEXT = re.compile(
    rb"&(?!(?:amp|lt|gt|quot|apos);|#(?:[0-9]+|x[0-9a-fA-F]+);)|&#(?:0+|x0+);|[\x00-\x08\x0b\x0c\x0e-\x1f]"
)
"""In the text of a cell: an entity that nobody declared, or a character that XML does not know."""


# ----------------------------------------------------------------- one plain form


def _prefix_of(head: bytes) -> tuple[bytes, bytes]:
    """(the head with `<x:row>` as `<row>`, the prefix x)."""
    declared = re.search(rb"""xmlns:([\w.-]+)\s*=\s*["']%b["']""" % re.escape(MAIN.encode()), head[:8192])
    if declared is None:
        return head, b""
    prefix = declared[1]
    head = _without_prefix(head, prefix)
    # The prefix stays declared for attributes; elements without one now belong to the same namespace.
    own = re.search(rb"\sxmlns\s*=", head[:8192])
    return head if own else head.replace(b"xmlns:%b=" % prefix, b"xmlns=", 1), prefix


def _without_prefix(xml: bytes, prefix: bytes) -> bytes:
    """`<x:row>` as `<row>`: with the comments gone, `<x:` can only be a tag."""
    return xml.replace(b"<%b:" % prefix, b"<").replace(b"</%b:" % prefix, b"</") if prefix else xml


def _refuse_bad_dimension(head: bytes, archive: Archive, path: str) -> None:
    stated = re.search(rb"<dimension\b[^>]*?\bref\s*=\s*[\"']([^\"']*)", head)
    # LibreOffice writes `1:4` for whole rows.
    corner = rb"(?:\$?[A-Z]{1,3}\$?[1-9][0-9]{0,6}|\$?[A-Z]{1,3}|\$?[1-9][0-9]{0,6})"
    if stated and stated[1] and not re.fullmatch(rb"%b(?::%b)?" % (corner, corner), stated[1]):
        raise archive.spoilt(path)


_ATTRIBUTES = rb"""(?:[^<>"'/]++|"[^"<]*+"|'[^'<]*+'|/(?!>))*+"""
"""None of these patterns looks past the next `<`, so that no sheet, however it was made, takes longer than its length."""
_TAG = re.compile(rb"<(c|row)(?=[\s/>])(%b)(/?)>" % _ATTRIBUTES)
_UNUSUAL_ROW = re.compile(rb'<row(?=[\s/>])(?! r="[0-9]{1,10}")')
_PLACELESS_CELL = re.compile(rb"<c(?![a-zA-Z])(?![^<>]*?\sr\s*=)")
_PLACE = re.compile(rb"""\sr\s*=\s*["']([^"']*)["']""")


def _placed(body: bytes, row: int) -> bytes:
    """The rows with an address on every row and cell: writers may leave them out, counting from the last `row`."""
    column = 0

    def place(match: re.Match[bytes]) -> bytes:
        nonlocal row, column
        stated = _PLACE.search(match[2])
        if match[1] == b"row":
            row, column = int(stated[1][:10]) if stated and stated[1].isdigit() else row + 1, 0
            return b'<row r="%d"%b%b>' % (row, _PLACE.sub(b"", match[2]), match[3])
        column = column_number(stated[1].rstrip(b"0123456789").decode()) if stated else column + 1
        return (
            match[0] if stated else b'<c r="%b%d"%b%b>' % (letters(column).encode(), row, match[2], match[3])
        )

    return _TAG.sub(place, body)


# ------------------------------------------------------------------------ the scan

_UNUSUAL = re.compile(
    rb"""<c(?![a-zA-Z])(?!\ r="[A-Z]{1,2}+[1-9][0-9]{0,6}+"(?:\ s="[0-9]{1,6}+")?+(?:
      \ t="s"><v>[0-9]{1,9}+</v></c>
    | ><v>[0-9]{1,15}+(?:\.[0-9]{1,17}+)?+</v></c>
    | />
    | ></c>
    | \ t="inlineStr"><is><t(?:\ xml:space="preserve")?+>[^<]*+</t></is></c>
    | (?:\ t="n")?+>(?:<f(?:\ [^<>]*+)?+>[^<]*+</f>)?+<v>[0-9]{1,15}+(?:\.[0-9]{1,17}+)?+</v></c>
    | \ t="str">(?:<f(?:\ [^<>]*+)?+>[^<]*+</f>)?+<v(?:\ xml:space="preserve")?+>[^<]*+</v></c>
    ))""",
    re.VERBOSE,
)
"""Every cell but those written the way Excel, LibreOffice and the common libraries write them."""


@cache
def _unknown_format(formats: int) -> re.Pattern[bytes]:
    """The beginning of a cell that is usual but for its format, which none of so many is."""
    return re.compile(rb'<c r="[A-Z]{1,2}+[1-9][0-9]{0,6}+" s="(?:%b)"' % _after(str(formats - 1), "9", 6))


_CELL = re.compile(rb"<c(?=[\s/>])(%b)(?:/>|>((?:[^<]++|<(?!/c\s*>))*+)</c\s*>)" % _ATTRIBUTES)
_FOREIGN = re.compile(rb":(?:c|row|sheetData)[\s/>]")
_ROW = re.compile(rb'<row r="([0-9]++)"(?:[^<>]*+><c r="([A-Z]++(?!\1")[0-9]++)")?')
"""A row's number, and its first cell if that belongs to another row."""
_HIDDEN_ROW = re.compile(rb"""<row r="([0-9]+)"[^<>]*?\shidden\s*=\s*["'](?:1|true)["']""")
_REFERENCE = re.compile(rb"([A-Z]{1,3})([1-9][0-9]{0,6})")
_TYPE = re.compile(rb"""\st\s*=\s*["']([^"']*)["']""")
_VALUE = re.compile(rb"<v(?:\s[^<>]*)?(?:/>|>([^<]*+)</v\s*>)")
_FORMULA = re.compile(rb"<f(\s[^<>]*?)?(?:/>|>([^<]*+)</f\s*>)")
_ARRAY_OF_NOTHING = re.compile(rb"""<f(?=\s[^<>]*?\bt\s*=\s*["']array["'])(?![^<>]*?\sref\s*=)""")
_SHARED = re.compile(rb"""\bt\s*=\s*["']shared["']""")
_GROUP = re.compile(rb"""\ssi\s*=\s*["']([0-9]+)["']""")
_MASTER = re.compile(rb"<f(?=\s[^<>]*?\sref\s*=)(\s[^<>]*)>")
_FORMAT = re.compile(rb"""\ss\s*=\s*["']([0-9]+)["']""")
_COMPUTED = re.compile(rb"<f>[^<]*+</f>(?=<v>[^<])")
"""A formula with its result: all that is wanted of it, and often most of a sheet's bytes."""
_NUMBER = re.compile(rb"\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?\s*")

_LEAST = -1e9
"""No amount and no date is less."""


class _Looks:
    """A piece in small: of all cells that differ in nothing but figures it has one, so each look is judged once."""

    def __init__(self, body: bytes) -> None:
        cells = body.translate(_ALL_ONES).split(b"<c ")
        self._before = cells.pop(0)
        self._number = len(cells)
        self._times = Counter(cells)
        self.sketch = b"<c ".join([self._before, *self._times])
        """One cell of each look, every figure a 1; what stands before the first cell comes first."""
        found = self._odd(cells) if _UNUSUAL.search(self.sketch) else iter(())
        self.odd = list(islice(found, MAX_UNUSUAL + 1))
        """Where in the piece the unusual cells begin; one more than may be is enough."""

    def count(self, mark: bytes) -> int:
        """How often `mark`, which holds no figure and no blank, stands in the piece."""
        inside = sum(times * look.count(mark) for look, times in self._times.items())
        return self._before.count(mark) + inside + (self._number if mark == b"<c" else 0)

    def _odd(self, cells: Sequence[bytes]) -> Iterator[int]:
        yield from (match.start() for match in _UNUSUAL.finditer(self._before))
        inside = {
            look: [match.start() for match in _UNUSUAL.finditer(cell)]
            for look in self._times
            if _UNUSUAL.search(cell := b"<c " + look)
        }
        start, last = len(self._before), 0
        for number in compress(count(), map(inside.__contains__, cells)):
            start += sum(map(len, cells[last:number])) + len(b"<c ") * (number - last)
            last = number
            yield from (start + at for at in inside[cells[number]])


_ALL_ONES = bytes(ord("1") if chr(byte).isascii() and chr(byte).isdigit() else byte for byte in range(256))


class _Scan:
    """One walk over the pieces of a sheet's rows."""

    def __init__(self, file: str, sheet: str, formats: int | None = None) -> None:
        self._file, self._sheet, self._formats = file, sheet, formats
        self._body = b""
        """The piece at hand."""
        self._rows = array("I")
        """The numbers of all rows so far."""
        self._last = 0
        self._hidden: set[int] = set()
        self._doubts: dict[Position, Doubt] = {}
        self._groups: set[bytes] = set()
        """The groups of shared formulas of which one cell has the text."""
        self._members: dict[Position, tuple[bytes, Doubt]] = {}
        """Shared formulas without a text: the group that they name, and the doubt if it has none either."""
        self._cells = self._odd_ones = self._filled = 0
        self._negative: dict[Position, str] = {}
        self._mended: list[tuple[int, int, bytes]] = []
        self._widest = 1
        self._widest_at = ""

    def plain(self, body: bytes) -> tuple[bytes, int]:
        """The piece as the parser may have it, and no fewer than its values. Raises WorkbookUnreadable."""
        body = _COMPUTED.sub(b"", body)
        looks = _Looks(body)
        self._cells += looks.count(b"<c")
        if self._cells > MAX_CELLS or len(self._rows) > LAST_ROW or looks.count(b"<row") > LAST_ROW:
            raise self._too_much(Text("more cells than can be read", "больше ячеек, чем можно прочесть"))
        if match := _FOREIGN.search(looks.sketch):
            raise self._damaged(same(match[0].decode("ascii", "replace")))
        self._body, self._mended = body, []
        unusual = self._unusual(looks)
        if _UNUSUAL_ROW.search(looks.sketch) or _PLACELESS_CELL.search(looks.sketch):
            self._body = _placed(body, self._rows[-1] if self._rows else 0)
            looks = _Looks(self._body)
            unusual = self._unusual(looks)
        last = self._count_rows()
        self._refuse_cells_below(last, looks.sketch)
        if b"shared" in looks.sketch:
            found = (_GROUP.search(match[1]) for match in _MASTER.finditer(self._body))
            self._groups.update(group[1] for group in found if group)
        if b"array" in looks.sketch:
            unusual = sorted({*unusual, *self._formulas_of_nothing()})
        for at in unusual:
            self._look(at)
        self._refuse_area(last, looks.sketch)
        self._filled += looks.count(b"</v>") + looks.count(b"</is>") - looks.count(b"<v></v>")
        if b"hidden" in looks.sketch:
            self._hidden.update(int(match[1]) for match in _HIDDEN_ROW.finditer(self._body))
        return self._mended_body(), looks.count(b"<v")

    def result(self) -> Sheet:
        """What all the pieces held. Raises WorkbookUnreadable if two rows bear one number."""
        if any(map(ge, self._rows, self._rows[1:])) and len(set(self._rows)) < len(self._rows):
            twice = next(n for n, times in Counter(self._rows).items() if times > 1)
            raise self._damaged(Text("row {n} stands twice", "строка {n} стоит дважды").fill(n=twice))
        self._doubts |= {
            at: doubt for at, (group, doubt) in self._members.items() if group not in self._groups
        }
        if self._last * self._widest > max(SPARSE_AREA, 3 * self._filled):
            long = Text("{n} rows, more than can be read", "строк {n}, больше, чем можно прочесть")
            raise self._too_much(long.fill(n=self._last)) if self._filled > MANY_CELLS else self._too_wide()
        return Sheet(self._doubts, frozenset(self._hidden), self._negative, filled=self._filled)

    def _unusual(self, looks: _Looks) -> list[int]:
        """Where the cells begin that have to be looked at one by one."""
        found, known = looks.odd, self._formats
        # A sketch does not tell one number of a format from another, only how long it is.
        if known is not None and re.search(rb' s="[0-9]{%d}' % len(str(known - 1)), looks.sketch):
            unknown = (match.start() for match in _unknown_format(known).finditer(self._body))
            found = sorted({*found, *islice(unknown, MAX_UNUSUAL + 1)})
        if len(found) > MAX_UNUSUAL - self._odd_ones:
            raise self._too_much(Text("millions of odd cells", "миллионы необычных ячеек"))
        return found

    def _formulas_of_nothing(self) -> Iterator[int]:
        """Array formulas that do not say for which cells."""
        for match in _ARRAY_OF_NOTHING.finditer(self._body):
            yield self._body.rfind(b"<c ", 0, match.start())

    def _count_rows(self) -> int:
        """The greatest number of a row so far."""
        found = _ROW.findall(self._body)
        numbers = [int(number) for number, _ in found]
        bounds = (min(numbers), max(numbers)) if numbers else ()
        if odd := [n for n in bounds if not 0 < n <= LAST_ROW]:
            raise self._damaged(Text("a row numbered {n}", "строка с номером {n}").fill(n=str(odd[0])))
        if astray := next(((number, cell) for number, cell in found if cell), None):
            what = Text("the cell {cell} stands in row {row}", "ячейка {cell} стоит в строке {row}")
            raise self._damaged(what.fill(cell=astray[1].decode(), row=int(astray[0])))
        self._rows.extend(numbers)
        self._last = max((self._last, *bounds))
        return self._last

    def _refuse_cells_below(self, rows: int, sketch: bytes) -> None:
        """Calamine goes by the cells' own addresses, so the rows alone do not bound them.

        A row that begins with 0 is nowhere; a sketch does not show it.
        """
        longer = re.search(rb'<c r="[A-Z]{1,3}+[0-9]{%d}' % (len(str(rows)) + 1), sketch)
        after = _after(str(rows), "9", 10 if longer else 0)
        if below := re.search(rb'<c r="[A-Z]{1,3}+(?:0[0-9]*|%b)"' % after, self._body):
            raise self._no_such_cell(below[0].split(b'"')[1])

    def _look(self, start: int) -> None:
        cell = _CELL.match(self._body, start)
        if cell is None:
            raise self._damaged(Text("a cell is cut off", "ячейка обрывается"))
        attributes, inner = cell[1], cell[2] or b""
        if b"<c " in inner or b"<row" in inner:
            raise self._damaged(Text("a cell is cut off", "ячейка обрывается"))
        position = self._position(attributes)
        self._odd_ones += 1
        kind = stated[1].decode() if (stated := _TYPE.search(attributes)) else "n"
        stored = None if (found := _VALUE.search(inner)) is None else (found[1] or b"")
        value = stored and stored.strip()
        doubt = self._doubt(position, kind, value, inner) or self._format_doubt(kind, value, attributes)
        if doubt:
            self._doubts[position] = doubt
        if doubt and doubt.kind not in ("format", "broken"):
            self._mended.append((cell.start(), cell.end(), b"<c%b/>" % _TYPE.sub(b"", attributes)))
        elif kind == "n" and value and (value != stored or float(value) < _LEAST):
            # Calamine takes a number with spaces around it for text, and cannot stand a date so long ago.
            look = _FORMAT.sub(b"", attributes) if float(value) < _LEAST else attributes
            self._mended.append((cell.start(), cell.end(), b"<c%b><v>%b</v></c>" % (look, value)))

    def _doubt(self, position: Position, kind: str, value: bytes | None, inner: bytes) -> Doubt | None:
        if kind == "e":
            return Doubt("error", decoded(value or b""))
        formula = _FORMULA.search(inner)
        if not value:
            # A text formula with an empty result is stored as <v></v>; a result never computed has no <v> there.
            computed = value is not None and kind == "str"
            return Doubt("formula", "=" + decoded(formula[2] or b"")) if formula and not computed else None
        if kind == "n" and not _NUMBER.fullmatch(value):
            if _is_number(value):
                return Doubt("number", decoded(value))
            raise self._odd(position, value)
        if (kind == "s" and not value.isdigit()) or (kind == "b" and value not in (b"0", b"1")):
            raise self._odd(position, value)
        if kind not in ("n", "s", "b", "str", "inlineStr", "d"):
            raise self._odd(position, kind.encode())
        if kind == "n" and float(value) < 0:
            self._negative[position] = value.decode()
        return self._formula_doubt(position, formula, Doubt("broken", decoded(value))) if formula else None

    def _formula_doubt(self, position: Position, formula: re.Match[bytes], doubt: Doubt) -> Doubt | None:
        """A formula that refers to a text that is nowhere, or is an array of no cells: Excel drops it."""
        attributes = formula[1] or b""
        if _SHARED.search(attributes) and not formula[2]:
            group = _GROUP.search(attributes)
            self._members[position] = (group[1] if group else b"", doubt)
            return None
        return doubt if _ARRAY_OF_NOTHING.match(b"<f" + attributes + b">") else None

    def _format_doubt(self, kind: str, value: bytes | None, attributes: bytes) -> Doubt | None:
        """A number may be a date, a share or a sum: without its format nobody knows."""
        if self._formats is None or kind != "n" or not value:
            return None
        stated = _FORMAT.search(attributes)
        return Doubt("format", value.decode()) if stated and int(stated[1][:9]) >= self._formats else None

    def _position(self, attributes: bytes) -> Position:
        place = _PLACE.search(attributes)
        reference = _REFERENCE.fullmatch(place[1]) if place else None
        row, column = (int(reference[2]), column_number(reference[1].decode())) if reference else (0, 0)
        if not reference or row > LAST_ROW or column > LAST_COLUMN:
            raise self._no_such_cell(place[1] if place else b"")
        if column > self._widest:
            self._widest, self._widest_at = column, address(self._sheet, row, column)
        return row, column

    def _refuse_area(self, rows: int, sketch: bytes) -> None:
        if next(_ever_wider(sketch, self._widest), None):
            for column, row in _ever_wider(self._body, self._widest):
                self._widest, self._widest_at = column, address(self._sheet, row, column)
        if rows * self._widest > MAX_AREA:
            raise self._too_wide()

    def _too_wide(self) -> WorkbookUnreadable:
        far = self._widest_at or address(self._sheet, self._last, self._widest)
        return refused(self._file, _TOO_WIDE, cell=far)

    def _mended_body(self) -> bytes:
        if not self._mended:
            return self._body
        pieces, at = [], 0
        for start, end, cell in self._mended:
            pieces += [self._body[at:start], cell]
            at = end
        return b"".join([*pieces, self._body[at:]])

    def _no_such_cell(self, place: bytes) -> WorkbookUnreadable:
        shown = place[:20].decode("ascii", "replace")
        return self._damaged(Text("a cell at {cell}", "ячейка с адресом {cell}").fill(cell=shown))

    def _odd(self, position: Position, value: bytes) -> WorkbookUnreadable:
        what = Text("the cell {cell} holds {value}", "в ячейке {cell} стоит {value}")
        shown = repr(value[:40].decode("utf-8", "replace"))
        return damaged(self._file, what.fill(cell=address(self._sheet, *position), value=shown))

    def _too_much(self, what: Text) -> WorkbookUnreadable:
        return refused(self._file, _TOO_MUCH, sheet=self._sheet, what=what)

    def _damaged(self, what: Text) -> WorkbookUnreadable:
        return damaged(
            self._file,
            Text("sheet {sheet}: {what}", "лист «{sheet}»: {what}").fill(sheet=self._sheet, what=what),
        )


def _is_number(value: bytes) -> bool:
    """Whether other programs take it for a number (NaN, INF, Arabic digits), so that the cell is in doubt."""
    text = value.decode("utf-8", "replace").casefold()
    return text.lstrip("+-") in ("nan", "inf", "infinity", "1.#qnan", "1.#inf") or text.isdecimal()


def _ever_wider(body: bytes, widest: int) -> Iterator[tuple[int, int]]:
    """(column, row) of each cell further right than all before it."""
    at = 0
    while match := re.compile(rb'<c r="(%b)([0-9]+)"' % _after(letters(widest), "Z", 3)).search(body, at):
        widest, at = column_number(match[1].decode()), match.end()
        yield widest, int(match[2])


def _after(name: str, last: str, longest: int) -> bytes:
    """A pattern for all that comes after `name`: after AD come `A[E-Z]`, `[B-Z][A-Z]` and three letters.

    `last` is the last letter or figure, `longest` the greatest length.
    """
    first = "A" if last == "Z" else "0"
    choices: list[str] = []
    for length, letter in enumerate(reversed(name)):
        same = [f"{letter}(?:{'|'.join(choices)})"] if choices else []
        later = [f"[{chr(ord(letter) + 1)}-{last}][{first}-{last}]{{{length}}}"] if letter != last else []
        choices = later + same
    if len(name) < longest:
        choices.append(f"[{first}-{last}]{{{len(name) + 1},{longest}}}")
    return "|".join(choices or ["(?!)"]).encode()
