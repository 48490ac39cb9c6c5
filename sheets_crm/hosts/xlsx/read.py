"""A file's bytes go in, a snapshot comes out: the chosen sheets' cells, and a doubt wherever a cell hides its value.

Calamine is never given the user's file. It gets a small package of parts that were checked, so that what was
scanned and what is parsed are the same bytes, however the file names, encodes or prefixes them.
"""

from __future__ import annotations

import hashlib
import io
import re
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import NamedTuple

from lxml import etree
from python_calamine import CalamineWorkbook

from sheets_crm.hosts.xlsx.cells import (
    MAX_AREA,
    MAX_TEXT,
    Sheet,
    prepare,
    repeated_cell,
    spoilt_cell,
    text_bytes,
)
from sheets_crm.hosts.xlsx.package import MAIN, OFFICE
from sheets_crm.hosts.xlsx.pieces import give_back
from sheets_crm.hosts.xlsx.preflight import Parts, SheetPart, check, damaged, refused
from sheets_crm.hosts.xlsx.scan import area
from sheets_crm.hosts.xlsx.zipped import QUICK, Press, Zip, pressed
from sheets_crm.sheet import Area, Doubt, Grid, Position, Select, SheetInfo, Snapshot, Value, address
from sheets_crm.text import Text

_SLICE = 16 << 20
"""Bytes of rows that the parser holds at once, about: parsed they take several times the room."""
_REPORT_NAME = re.compile(r"_scrm_(\w+)", re.IGNORECASE)
_REPORT_TARGET = re.compile(r"=?(?:'((?:[^']|'')+)'|([^'!]+))!\$?[A-Z]{1,3}\$?[0-9]+(?::.*)?")
_UNREADABLE = Text(
    "has a sheet {sheet} that cannot be read: open it in Excel, save it and try again.",
    "— лист «{sheet}» не читается: откройте файл в Excel, сохраните и повторите.",
)
_TWICE = Text("the cell {cell} stands twice", "ячейка {cell} стоит дважды")
_POINTS_NOWHERE = Text(
    "the cell {cell} holds no text of the file", "в ячейке {cell} нет текста из этого файла"
)
_READ_ONLY = Text(
    "{name} asks to be opened read-only: changes are kept only by those who answer No to that question.",
    "{name} предлагает открыть себя только для чтения: правки сохранятся лишь у тех, кто ответит «Нет».",
)
PROTECTED = Text(
    "Sheet “{sheet}” is protected, so people may not be able to mend its cells: Review > Unprotect Sheet in Excel.",
    "Лист «{sheet}» защищён, и исправить его ячейки могут не все: в Excel «Рецензирование» > «Снять защиту листа».",
)
_LONG = Text(
    "Sheet “{sheet}” is in use down to row {last}, but holds nothing to read below row {row}: delete the rows below "
    "in Excel, they slow the workbook down.",
    "Лист «{sheet}» занят до строки {last}, но ниже строки {row} читать нечего: удалите в Excel строки под ней, "
    "они тормозят книгу.",
)
_WIDE = Text("its sheets reach too far", "его листы простираются слишком далеко")
_MANY_STRINGS = Text("millions of texts", "миллионы текстов")
_MUCH_TEXT = Text(
    "the texts of sheet {sheet} unpack to {size} MB", "тексты листа «{sheet}» распаковываются в {size} МБ"
)
MAX_STRINGS = 5_000_000
_FAR_BELOW = 100_000
"""Rows: formulas and spaces that stand nearer than that are nobody's trouble."""


def read(data: bytes, name: str, select: Select) -> Snapshot:
    """The workbook `name`: all its sheets, and the cells of those that `select` chooses. Raises WorkbookUnreadable.

    Numbers are floats and blanks are empty strings, as calamine gives them; row 1 is always the sheet's row 1.
    Chart sheets are listed and never read.
    """
    parts = check(data, name)
    reports = reports_of(parts.names)
    infos = tuple(SheetInfo(s.name, s.hidden, reports.get(s.name.casefold())) for s in parts.sheets)
    chosen = {sheet.casefold() for sheet in select(infos)}
    wanted = [s for s in parts.sheets if s.kind == "worksheet" and s.name.casefold() in chosen]
    notes = [_READ_ONLY.fill(name=name)] if parts.read_only_recommended else []
    grids = {grid.name: grid for grid in _grids(parts, wanted, notes)}
    give_back()
    return Snapshot(infos, grids, hashlib.sha256(data).hexdigest(), notes=tuple(notes))


def reports_of(names: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Case-folded sheet name to the key of our report on it, by defined names with what they refer to.

    A name that points to A1 goes before others.
    """
    found: dict[str, str] = {}
    for defined, text in sorted(names, key=lambda pair: not pair[1].endswith("!$A$1")):
        key, target = _REPORT_NAME.fullmatch(defined), _REPORT_TARGET.fullmatch(text)
        if key and target:
            sheet = target[1].replace("''", "'") if target[1] else target[2]
            found.setdefault(sheet.casefold(), key[1].lower())
    return found


# ---------------------------------------------------------------------- the sheets


class _Slices:
    """The rows of a sheet on their way to the parser, in parts of the small workbook that are small enough each."""

    def __init__(self, archive: Zip, numbers: Iterator[int], shared: _Shared) -> None:
        self._archive, self._numbers, self._shared = archive, numbers, shared
        self._part: Press | None = None
        self._written = self._texts = 0
        self.parts: list[int] = []
        """The numbers of the parts, top to bottom."""

    def put(self, rows: bytes, values: int) -> None:
        """Whole rows, below the last ones, with no more than so many values. Raises TooMuchText."""
        texts = values * self._shared.longest
        if texts > MAX_TEXT and (texts := text_bytes(rows, self._shared.lengths)) > MAX_TEXT:
            raise TooMuchText(texts)
        if self._texts + texts > MAX_TEXT:
            self.close()
        if self._part is None:
            self.parts.append(next(self._numbers))
            self._part = Press(QUICK)
            self._written = self._texts = 0
            self._part.add(_SHEET_HEAD)
        self._part.add(rows)
        self._written += len(rows)
        self._texts += texts
        if self._written > _SLICE:
            self.close()

    def close(self) -> None:
        """Nothing more comes into the present part."""
        if self._part is not None:
            self._part.add(_SHEET_TAIL)
            self._archive.add(_SHEET % self.parts[-1], self._part.packed())
            self._part = None


def _grids(parts: Parts, sheets: Sequence[SheetPart], notes: list[Text]) -> Iterator[Grid]:
    if not sheets:
        return
    archive, shared = parts.archive, _shared(parts)
    package, found = _package(parts, sheets, shared)
    with _refusing(parts, sheets[0], shared):
        book = CalamineWorkbook.from_filelike(package)
    known: dict[Value, Value] = {}
    room = MAX_AREA
    for sheet, (cells, slices) in zip(sheets, found, strict=True):
        rows: list[list[Value]] = []
        for number in slices:
            with _refusing(parts, sheet, shared):
                _append(rows, book, f"S{number}", known)
        if cells.filled > sum(len(row) - row.count("") for row in rows) and (
            twice := repeated_cell(archive, sheet.path)
        ):
            raise damaged(archive.name, _TWICE.fill(cell=_at(sheet, twice)))
        doubts = {**cells.doubts, **_impossible_dates(rows, cells)}
        last = len(rows)
        _end_with_content(rows, doubts)
        room -= sum(map(len, rows))
        if room < 0:
            raise archive.unsafe(_WIDE)
        if last - len(rows) > _FAR_BELOW:
            notes.append(_LONG.fill(sheet=sheet.name, last=last, row=len(rows)))
        if cells.protected:
            notes.append(PROTECTED.fill(sheet=sheet.name))
        tables = _tables(parts, sheet)
        growing = frozenset(where for where, may_grow in tables.items() if may_grow)
        listed = tuple(sorted(tables))
        yield Grid(sheet.name, rows, doubts, cells.hidden_rows, listed, growing, cells.merged, cells.filter)


class TooMuchText(Exception):
    """A few rows hold more text than memory has room for: one long string that very many cells share."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size
        """Bytes."""


class _Shared(NamedTuple):
    """What all sheets of a workbook have in common."""

    formats: int | None
    """How many cell formats there are; None if there are no styles."""
    strings: bytes
    """The part that holds the shared strings; blank if there is none."""
    lengths: Sequence[int]
    """No less than the bytes of the text of each shared string."""
    longest: int
    """The greatest of them."""


_STRING = re.compile(rb"<si[\s/>]")
_PREFIXED_STRING = re.compile(rb"<(?:\w+:)?si[\s/>]")


def _shared(parts: Parts) -> _Shared:
    formats = None
    if parts.styles is not None:
        styles = parts.archive.sound(parts.styles)
        found = re.search(rb"<(?:\w+:)?cellXfs[\s>].*?</(?:\w+:)?cellXfs", styles, re.DOTALL)
        formats = max(1, len(re.findall(rb"<(?:\w+:)?xf[\s/>]", found[0]))) if found else 1
    strings = parts.archive.sound(parts.shared_strings) if parts.shared_strings else b""
    prefixed = strings.count(b":si")
    if strings.count(b"<si") + prefixed > MAX_STRINGS:
        raise parts.archive.unsafe(_MANY_STRINGS)
    lengths = array("I", map(len, (_PREFIXED_STRING if prefixed else _STRING).split(strings)))[1:]
    return _Shared(formats, strings, lengths, max(lengths, default=0))


def _at(sheet: SheetPart, place: str) -> str:
    """A cell as Excel writes it, from the address that the sheet states."""
    found = area(place)
    return address(sheet.name, found.first_row, found.first_column) if found else place


def _package(
    parts: Parts, sheets: Sequence[SheetPart], shared: _Shared
) -> tuple[io.BytesIO, list[tuple[Sheet, list[int]]]]:
    """The smallest workbook that calamine reads, and of each sheet what its rows hide and which parts hold them."""
    relations, found = [], []
    numbers = count(1)
    archive = Zip()

    def put(name: str, xml: bytes) -> None:
        archive.add(name, pressed(xml, QUICK))  # python-calamine takes over packed bytes faster than many

    put("[Content_Types].xml", _CONTENT_TYPES)
    put("_rels/.rels", _PACKAGE_RELATIONS.encode())
    styles = parts.archive.sound(parts.styles) if parts.styles else b""
    for kind, xml in (("sharedStrings", shared.strings), ("styles", styles)):
        if xml:
            put(f"xl/{kind}.xml", xml)
            relations.append(_RELATION % (kind, f"{OFFICE}/{kind}", f"{kind}.xml"))
    for sheet in sheets:
        slices = _Slices(archive, numbers, shared)
        try:
            with closing(slices):
                cells = prepare(parts.archive, sheet.path, sheet.name, slices.put, shared.formats)
        except TooMuchText as problem:
            size = problem.size >> 20
            raise parts.archive.unsafe(_MUCH_TEXT.fill(sheet=sheet.name, size=size)) from problem
        found.append((cells, slices.parts))
    made = [number for _, slices in found for number in slices]
    relations += [_RELATION % (f"s{n}", f"{OFFICE}/worksheet", f"/{_SHEET % n}") for n in made]
    entries = "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="s{n}"/>' for n in made)
    put("xl/workbook.xml", (_WORKBOOK % (MAIN, OFFICE, int(parts.date1904), entries)).encode())
    put("xl/_rels/workbook.xml.rels", (_RELATIONS % "".join(relations)).encode())
    return io.BytesIO(archive.finish()), found


_CONTENT_TYPES = (
    b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    b'<Default Extension="xml" ContentType="application/xml"/></Types>'
)
_RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">%s</Relationships>'
)
_RELATION = '<Relationship Id="%s" Type="%s" Target="%s"/>'
_PACKAGE_RELATIONS = _RELATIONS % (_RELATION % ("w", f"{OFFICE}/officeDocument", "xl/workbook.xml"))
_WORKBOOK = '<workbook xmlns="%s" xmlns:r="%s"><workbookPr date1904="%d"/><sheets>%s</sheets></workbook>'
_SHEET = "xl/worksheets/sheet%d.xml"
# Python-calamine walks every sheet a second time, up to its merged cells: here they stand first, and there are none.
_SHEET_HEAD = f'<worksheet xmlns="{MAIN}"><mergeCells></mergeCells><sheetData>'.encode()
_SHEET_TAIL = b"</sheetData></worksheet>"


def _append(rows: list[list[Value]], book: CalamineWorkbook, name: str, known: dict[Value, Value]) -> None:
    """Puts the cells of a part below `rows`, each row where it belongs; equal texts and dates are one object."""
    sheet = book.get_sheet_by_name(name)
    if sheet.start is None:
        return
    first, left = sheet.start
    rows.extend([] for _ in range(first - len(rows)))
    once = known.setdefault
    blank: list[Value] = [""] * left
    # The sum of two lists takes no more room than its cells.
    new = [
        blank + [cell if type(cell) is float else once(cell, cell) for cell in cells]
        for cells in sheet.to_python()
    ]
    # Rows out of order leave gaps in one part that another part fills.
    for at in range(first, min(first + len(new), len(rows))):
        rows[at] = new[at - first] if any(map(_is_something, new[at - first])) else rows[at]
    rows += new[len(rows) - first :]


@contextmanager
def _refusing(parts: Parts, sheet: SheetPart, shared: _Shared) -> Iterator[None]:
    """What the parser cannot read is refused, by its cell where that can be found."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, MemoryError, GeneratorExit):
        raise
    except BaseException as error:  # a panic in calamine is no Exception
        if spoilt := spoilt_cell(parts.archive, sheet.path, len(shared.lengths)):
            raise damaged(parts.archive.name, _POINTS_NOWHERE.fill(cell=_at(sheet, spoilt))) from error
        raise refused(parts.archive.name, _UNREADABLE, sheet=sheet.name) from error


def _impossible_dates(rows: Sequence[Sequence[Value]], cells: Sheet) -> dict[Position, Doubt]:
    """Negative dates: Excel shows ######, calamine says midnight."""
    return {
        (row, column): Doubt("error", raw)
        for (row, column), raw in cells.negative.items()
        if isinstance(rows[row - 1][column - 1], date | datetime | time | timedelta)
    }


def _end_with_content(rows: list[list[Value]], doubts: Mapping[Position, Doubt]) -> None:
    """Ends the rows at the last one with a value or a doubt: a stray space may stand in row 1,048,576."""
    last_doubt = max((row for row, _ in doubts), default=0)
    while len(rows) > last_doubt and not any(map(_is_something, rows[-1])):
        rows.pop()
    rows.extend([] for _ in range(last_doubt - len(rows)))


def _is_something(value: Value) -> bool:
    return not isinstance(value, str) or not (value == "" or value.isspace())


def _tables(parts: Parts, sheet: SheetPart) -> dict[Area, bool]:
    """The Excel tables of a sheet, and whether each takes in what is typed beside it."""
    relations = parts.archive.relations(sheet.path).values()
    trees = [parts.archive.tree(r.target) for r in relations if r.kind == "table" and r.target]
    return {where: _may_grow(tree) for tree in trees if (where := area(tree.get("ref", "")))}


def _may_grow(table: etree._Element) -> bool:
    """Not over a row of totals, nor what a query or a map of XML fills."""
    plain = table.get("tableType", "worksheet") == "worksheet"
    return plain and table.get("headerRowCount", "1") == "1" and table.get("totalsRowCount", "0") == "0"
