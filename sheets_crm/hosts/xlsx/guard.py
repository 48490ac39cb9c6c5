"""Proof before the rename: what was not to change has not changed, and Excel has no new reason to offer a repair.

Nothing here trusts the code that wrote: both packages are read again, from their bytes.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise
from typing import Any, TypeAlias
from xml.parsers import expat

from lxml import etree

from sheets_crm.errors import WorkbookUnreadable, WorkbookUnsafe
from sheets_crm.hosts.xlsx import patch, styles, tables, workbook
from sheets_crm.hosts.xlsx.graft import belongings
from sheets_crm.hosts.xlsx.package import (
    CONTENT_TYPES,
    OFFICE,
    Element,
    Package,
    local,
    main,
    parse,
    relations_part,
)
from sheets_crm.hosts.xlsx.pieces import Cut
from sheets_crm.hosts.xlsx.scan import (
    Parts,
    attribute,
    children,
    column_number,
    column_of,
    cut,
    frame,
    plain_pieces,
    refuse_odd,
    row_pieces,
    rows,
    whole_rows,
)
from sheets_crm.hosts.xlsx.splice import present
from sheets_crm.hosts.xlsx.workbook import BUILT_IN, OWNED, Sheet, Workbook
from sheets_crm.sheet import LOG_KEY, Changes, Position, TableGrowth, letters
from sheets_crm.text import Text

_LOST = Text(
    "Writing into the workbook would have changed something that is not ours ({what}), so it was left as it is.",
    "Запись в книгу изменила бы то, что нам не принадлежит ({what}), поэтому книга оставлена как есть.",
)
_GROWING = frozenset({"numFmts", "fonts", "fills", "borders", "cellXfs", "dxfs"})
_MOST_FORMATS = 64_000
_LOG_COLUMNS = (1, 2)
_BEYOND = 2_000_000
"""More rows than a sheet can have."""
_GLANCE = 1 << 12
"""Bytes of two sheets that are compared at once, some rows."""
MayGo: TypeAlias = Callable[[Element], bool]
_ORDER = {"workbook": workbook.CHILDREN, "styleSheet": styles.CHILDREN, "worksheet": patch.CHILDREN}


class _Side:
    """One of the two packages, with the frames of its sheets kept."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.book = Workbook(package)
        self.strings = patch.shared_strings(self.book)
        self.frames: dict[str, Parts] = {}

    def frame(self, name: str) -> Parts:
        """A sheet without its rows."""
        if name not in self.frames:
            self.frames[name] = frame(self.package.pieces(name))
        return self.frames[name]


def prove(before: bytes, after: bytes, changes: Changes) -> None:
    """Raises WorkbookUnsafe unless `after` is `before` with `changes` and nothing else."""
    was, now = _Side(Package(before)), _Side(Package(after))
    old, new = was.package, now.package
    touched = _touched(was, changes)
    grown = dict(tables.growing(was.book, changes.tables))
    free = _free_parts(was.book, changes)
    differing = _differing(old, new)
    for name in differing:
        if name in free:
            continue
        if name not in new:
            if old.content_type(name).endswith(".calcChain+xml"):
                continue
            raise _lost(name)
        if name in touched:
            _prove_sheet(was, now, name, touched[name])
        elif name in grown:
            if not _table_only_grown(parse(old.read(name)), parse(new.read(name)), grown[name]):
                raise _lost(name)
        elif not _only_grown(was, new, name, changes, free):
            raise _lost(name)
    if [n for n in old.names if n in new] != [n for n in new.names if n in old]:
        raise _lost(CONTENT_TYPES)
    faults = _faults(now, _differing(new, old), touched)
    # In most workbooks there are none, and nothing to compare with.
    if faults and (worse := faults - _faults(was, differing, touched)):
        raise _lost(", ".join(sorted(worse)))


def _differing(one: Package, other: Package) -> list[str]:
    return [name for name in one.names if name not in other or one.packed(name) != other.packed(name)]


def _lost(what: str) -> WorkbookUnsafe:
    return WorkbookUnsafe(_LOST.fill(what=what))


# ---------------------------------------------------------------- sheets


@dataclass
class _Touched:
    """What may differ on one sheet of the user's."""

    headers: set[Position] = field(default_factory=set)
    """Header cells of ours; one that stands may not change."""
    blank: dict[Position, str] = field(default_factory=dict)
    """Cells that must have been blank, or have held this already: the new IDs."""
    columns: dict[int, Collection[int]] = field(default_factory=dict)
    """Columns of ours, whose width is ours too, to the rows in which we may write."""
    unknown: set[int] = field(default_factory=set)
    """Those in which no words of ours stood: no formula may go from them."""
    added: range = range(0)
    """Rows of the log that are new."""
    marks: set[str] = field(default_factory=set)

    def ours(self, column: int, row: int) -> bool:
        """Whether we may write into that cell."""
        position = (row, column)
        return (
            row in self.columns.get(column, ())
            or position in self.headers
            or position in self.blank
            or (row in self.added and column in _LOG_COLUMNS)
        )

    @property
    def letters(self) -> list[bytes]:
        """The names of the columns that hold cells of ours."""
        found = {*self.columns, *(column for _, column in self.blank), *(_LOG_COLUMNS if self.added else ())}
        return sorted(letters(column).encode() for column in found)


def _touched(side: _Side, changes: Changes) -> dict[str, _Touched]:
    """Part to what may differ there."""
    by_name: dict[str, _Touched] = defaultdict(_Touched)
    for update in changes.columns:
        by_name[update.sheet].columns[update.column] = update.texts.keys()
        by_name[update.sheet].headers.add((update.header_row, update.column))
        if not update.known:
            by_name[update.sheet].unknown.add(update.column)
    for fill in changes.fills:
        by_name[fill.sheet].blank[fill.row, fill.column] = fill.value
    for highlight in changes.highlights:
        by_name[highlight.sheet].marks.add(highlight.mark)
    touched = {sheet.part: found for name, found in by_name.items() if (sheet := side.book.sheet(name))}
    log = side.book.owned(LOG_KEY)
    if log is not None and changes.log:
        first = patch.first_free_row(side.package.pieces(log.part))
        touched[log.part] = _Touched(added=range(first, first + len(changes.log)))
    return touched


def _prove_sheet(was: _Side, now: _Side, name: str, touched: _Touched) -> None:
    # A row of the old sheet is the very same as one of the new, which is judged, or it is looked at.
    old, new = _Rows(was, name, touched, judged=False), _Rows(now, name, touched, judged=True)
    if not _same_rows(old, new):
        raise _lost(name)
    frames = was.frame(name), now.frame(name)
    rests = [_frame_without(each, touched) for each in frames]
    prefix = frames[0].prefix
    if prefix != frames[1].prefix or rests[0] != rests[1] or not _well_formed(new.ours.values()):
        raise _lost(name)
    formula = b"<%bf" % prefix
    for position in (*touched.headers, *touched.blank):
        reference = f"{letters(position[1])}{position[0]}"
        if reference.encode() not in old.ours.keys() | new.ours.keys():
            # Its row is the very same in both.
            continue
        cells = [side.ours.get(reference.encode(), b"<%bc/>" % prefix) for side in (old, new)]
        before, after = (present(cell, prefix, was.strings) for cell in cells)
        if position in touched.blank:
            sound = before.strip() in ("", after) and after == touched.blank[position]
        else:
            sound = not before.strip() or cells[0] == cells[1]
        if not sound:
            raise _lost(f"{name}, {reference}")
        if position in touched.headers and not before.strip():
            # The column was not ours until now: a formula in it is someone's own.
            for taken, cell in old.ours.items():
                if formula in cell and column_of(taken) == position[1]:
                    raise _lost(f"{name}, {taken.decode()}")
    for taken, cell in old.ours.items():
        if column_of(taken) in touched.unknown and formula in cell and new.ours.get(taken) != cell:
            raise _lost(f"{name}, {taken.decode()}")
    if now.book.part("calcChain") and any(
        formula in cell and formula not in new.ours.get(reference, b"")
        for reference, cell in old.ours.items()
    ):
        raise _lost("calcChain")


def _well_formed(elements: Iterable[bytes]) -> bool:
    parser = expat.ParserCreate()
    try:
        for part in chain((b"<x>",), elements):
            parser.Parse(part, False)
        parser.Parse(b"</x>", True)
    except expat.ExpatError:
        return False
    return True


def _same_rows(old: _Rows, new: _Rows) -> bool:
    """Whether the rows of two sheets are the same, but for cells of ours and rows that hold nothing else."""
    while True:
        _pass_same(old, new)
        if not (old.text or new.text):
            return True
        left, right = old.without_ours(), new.without_ours()
        if left == right != b"":
            old.drop()
            new.drop()
        elif new.text and not right:
            above, number = new.above, new.number
            new.drop()
            if not above < number < (new.number or _BEYOND):
                return False
        elif old.text and not left:
            old.drop()
        else:
            return False


def _pass_same(old: _Rows, new: _Rows) -> None:
    """Goes on to the first row that is not the very same in both."""
    while most := min(_GLANCE, len(old.text) - old.at, len(new.text) - new.at):
        one, other = old.text[old.at : old.at + most], new.text[new.at : new.at + most]
        same = most
        if one != other:
            same = bisect_left(range(most), True, key=lambda end: one[: end + 1] != other[: end + 1])
        old.at += same
        new.at += same
        if same < most or old.at == len(old.text) or new.at == len(new.text):
            if not (old.between_rows and new.between_rows):
                back = old.at - old.start_before
                old.at -= back
                new.at -= back
                return
            old.fetch()
            new.fetch()


class _Rows:
    """The rows of a sheet, from top to bottom.

    `judged`: something other than plain rows is refused wherever it stands, not only in a row that is looked at.
    """

    def __init__(self, side: _Side, name: str, touched: _Touched, *, judged: bool) -> None:
        sheet = cut(side.package.pieces(name))
        self._side, self._name, self._touched = side, name, touched
        self._prefix = p = sheet.prefix
        self._opening = b"<%brow" % p
        self._pieces = self._read(sheet, row_pieces(sheet) if judged else whole_rows(sheet))
        # Where no column is ours the pattern finds nothing.
        columns = b"|".join(touched.letters) or b"(?!)"
        self._ours = re.compile(
            rb'<%bc\s(?:[^>]*?\s)?r="(%b)(\d+)"(?:[^>]*/>|[^>]*>.*?</%bc>)' % (p, columns, p), re.DOTALL
        )
        self._spans = re.compile(rb'\A([^>]*?)\s+spans="[^"]*"')
        self._empty = re.compile(rb"\A([^>]*?)\s*(?:/>|>\s*</%brow>)\s*\Z" % p)
        self.ours: dict[bytes, bytes] = {}
        """The cells of ours in rows that differ, by reference."""
        self.text = next(self._pieces, b"")
        """Whole rows; blank after the last."""
        self.at = 0
        """Where in `text` the next row begins."""
        self._above = 0
        """The number of the row before `text`."""

    def _read(self, sheet: Cut, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            found = piece.lstrip()
            if found and not found.startswith(self._opening):
                raise _lost(self._name)
            if found:
                yield found
        self._side.frames[self._name] = Parts(sheet.head, b"", sheet.tail, sheet.prefix)

    def fetch(self) -> None:
        """Takes up the rows after `text`, if that is through."""
        if self.at == len(self.text):
            self._above = self.above
            self.text, self.at = next(self._pieces, b""), 0

    def drop(self) -> None:
        """Goes on after the row at hand."""
        self.at = self._end
        self.fetch()

    @property
    def _end(self) -> int:
        end = self.text.find(self._opening, self.at + 1)
        return end if end >= 0 else len(self.text)

    @property
    def between_rows(self) -> bool:
        """Whether a row has ended here."""
        return self.at == len(self.text) or self.text.startswith(self._opening, self.at)

    @property
    def start_before(self) -> int:
        """Where the last row begins before this place; -1 if that is no more in `text`."""
        return self.text.rfind(self._opening, 0, self.at)

    @property
    def above(self) -> int:
        """The number that the row before states; 0 if it states none or there is none."""
        start = self.start_before
        return self._above if start < 0 else self._stated(start)

    @property
    def number(self) -> int:
        """The number that the row at hand states; 0 if it states none or there is none."""
        return self._stated(self.at) if self.text else 0

    def _stated(self, start: int) -> int:
        return int(attribute(self.text[start : self.text.index(b">", start)], b"r") or 0)

    def without_ours(self) -> bytes:
        """The row at hand without cells of ours and without the hint in `spans`; blank if it holds and says nothing."""
        if not self.text:
            return b""
        row = self.text[self.at + len(self._opening) : self._end]
        refuse_odd(row)

        def kept(match: re.Match[bytes]) -> bytes:
            if not self._touched.ours(column_of(match[1]), int(match[2])):
                return match[0]
            self._refuse_disorder(match)
            self.ours[match[1] + match[2]] = match[0]
            return b""

        row = self._ours.sub(kept, row)
        row = self._spans.sub(rb"\1", row)
        row = self._empty.sub(rb"\1></%brow>" % self._prefix, row)
        return b"" if re.fullmatch(rb' r="\d+"></%brow>' % self._prefix, row) else row

    def _refuse_disorder(self, ours: re.Match[bytes]) -> None:
        """Raises WorkbookUnsafe unless a cell of ours stands in its row, between its neighbours."""
        row, opening, column = ours.string, b"<%bc " % self._prefix, column_of(ours[1])
        number = attribute(row[: row.index(b">")], b"r")
        left, right = row.rfind(opening, 0, ours.start()), row.find(opening, ours.end())
        wrong = number is not None and number != ours[2]
        for neighbour, step in ((left, -1), (right, 1)):
            if neighbour >= 0:
                reference = attribute(row[neighbour : row.index(b">", neighbour)], b"r")
                wrong |= bool(reference) and (column_of(reference or b"") - column) * step <= 0
        if wrong:
            raise _lost((ours[1] + ours[2]).decode())


def _frame_without(parts: Parts, touched: _Touched) -> tuple[object, ...]:
    """What stands around the rows, without what is ours there."""
    p = parts.prefix
    head = re.sub(rb"<%bdimension\s[^>]*>(?:</%bdimension>)?" % (p, p), b"", parts.head)
    columns = re.compile(rb"<%bcols>(.*?)</%bcols>" % (p, p), re.DOTALL)
    match = columns.search(head)
    widths = _widths(match.group(1), p, touched.columns) if match else []
    return columns.sub(b"", head), widths, _tail_without(parts, touched.marks)


def _tail_without(parts: Parts, marks: Collection[str]) -> bytes:
    p, tail = parts.prefix, parts.tail

    def kept(match: re.Match[bytes]) -> bytes:
        formula = patch.rule_formula(match.group(), p)
        return b"" if any(patch.marked(formula, mark) for mark in marks) else match.group()

    pieces, done = [], 0
    for child in children(tail, p):
        if child.name == "conditionalFormatting":
            element = patch.rule_pattern(p).sub(kept, tail[child.start : child.end])
            empty = not patch.rule_pattern(p).search(element)
            pieces += [tail[done : child.start], b"" if empty else element]
            done = child.end
    return b"".join(pieces) + tail[done:]


def _widths(
    cols: bytes, prefix: bytes, ours: Collection[int]
) -> list[tuple[int, int, tuple[tuple[bytes, bytes], ...]]]:
    """Runs of columns with their look, ours left out, equal neighbours joined."""
    found: list[tuple[int, int, tuple[tuple[bytes, bytes], ...]]] = []
    for tag in re.findall(rb"<%bcol\s[^>]*>" % prefix, cols):
        first, last = (int(attribute(tag, name) or b"0") for name in (b"min", b"max"))
        pairs = re.findall(rb"""([\w:]+)\s*=\s*["']([^"']*)""", tag)
        seen = tuple(pair for pair in pairs if pair[0] not in (b"min", b"max"))
        edges = [first, *sorted({c for at in ours for c in (at, at + 1) if first < c <= last}), last + 1]
        for start, end in pairwise(edges):
            if start in ours:
                continue
            if found and found[-1][2] == seen and _adjoin(found[-1][1], start, ours):
                found[-1] = (found[-1][0], end - 1, seen)
            else:
                found.append((start, end - 1, seen))
    return found


def _adjoin(last: int, first: int, ours: Collection[int]) -> bool:
    return all(column in ours for column in range(last + 1, first))


# ---------------------------------------------------------------- parts that may only grow


def _table_only_grown(before: Element, after: Element, growth: TableGrowth) -> bool:
    """Whether a table reaches over the new area, with one more column for each of its columns, and is else as it was."""
    columns = after.find(main("tableColumns"))
    if after.get("ref") != growth.now.reference or columns is None:
        return False
    added = [c for c in columns if local(c)][growth.was.last_column - growth.was.first_column + 1 :]
    if len(added) != growth.now.last_column - growth.was.last_column:
        return False
    for column in added:
        columns.remove(column)
    filters = [root.find(main("autoFilter")) for root in (before, after)]
    if filters[0] is not None and filters[1] is not None and filters[1].get("ref") == after.get("ref"):
        filters[1].set("ref", filters[0].get("ref", ""))
    after.set("ref", before.get("ref", ""))
    was = before.find(main("tableColumns"))
    if was is not None and was.get("count"):
        columns.set("count", was.get("count", ""))
    return _canonical(before) == _canonical(after)


def _free_parts(book: Workbook, changes: Changes) -> set[str]:
    """Reports that are replaced, with all that hangs on them: these may be anything."""
    free: set[str] = set()
    for page in changes.pages:
        sheet = book.owned(page.key) if page.owned else None
        if sheet is not None:
            hanging = belongings(book.package, sheet.part)
            free |= {sheet.part, *hanging, *(relations_part(part) for part in (sheet.part, *hanging))}
    return free


def _only_grown(was: _Side, new: Package, name: str, changes: Changes, free: Collection[str]) -> bool:
    old, book = was.package, was.book
    before, after = parse(old.read(name)), parse(new.read(name))
    if name == old.workbook:
        reports = [sheet for page in changes.pages if page.owned and (sheet := book.owned(page.key))]
        ours = {n.casefold() for page in changes.pages for n in page.names}
        return _kept(before, after, {"sheets", "definedNames"}, lambda e: _name_is_ours(e, reports, ours))
    if name == book.part("styles"):
        return _kept(before, after, _GROWING, lambda _: False)
    if name == CONTENT_TYPES:
        return _kept_children(before, after, lambda e: _type_may_go(e, free))
    if name == relations_part(old.workbook):
        return _kept_children(before, after, lambda e: e.get("Type", "").endswith("/calcChain"))
    return False


def _kept(before: Element, after: Element, growing: Collection[str], may_go: MayGo) -> bool:
    """Whether all children stand as they did; those of the `growing` sections may have got more inside."""
    left = [child for child in after if local(child)]
    for child in (child for child in before if local(child)):
        name = local(child)
        while left and not (
            child.tag == left[0].tag and (name in growing or _canonical(child) == _canonical(left[0]))
        ):
            if local(left.pop(0)) not in growing:
                return False
        if not left or (name in growing and not _kept_children(child, left[0], may_go)):
            return False
        left.pop(0)
    return before.attrib == after.attrib and all(local(child) in growing for child in left)


def _kept_children(before: Element, after: Element, may_go: MayGo) -> bool:
    """Whether the children that may not go stand first, in their order, as they did."""
    old = [_canonical(child) for child in before if local(child) and not may_go(child)]
    new = [_canonical(child) for child in after if local(child) and not may_go(child)]
    attributes = [{k: v for k, v in element.attrib.items() if k != "count"} for element in (before, after)]
    return new[: len(old)] == old and attributes[0] == attributes[1]


def _canonical(element: Element) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=True, with_tail=False)


def _name_is_ours(entry: Element, reports: Sequence[Sheet], names: Collection[str]) -> bool:
    name, index = entry.get("name", ""), entry.get("localSheetId")
    if index is not None:
        return name.startswith(BUILT_IN) and index in {str(sheet.place) for sheet in reports}
    return name.startswith(OWNED) or name.casefold() in names


def _type_may_go(entry: Element, free: Collection[str]) -> bool:
    part = entry.get("PartName", "").lstrip("/").lower()
    return entry.get("ContentType", "").endswith(".calcChain+xml") or part in {name.lower() for name in free}


# ---------------------------------------------------------------- the repair lint


def repairs(package: Package, names: Collection[str]) -> Counter[str]:
    """What makes Excel offer to repair a workbook, and how often: the package as a whole, the parts of `names` in depth.

    Real workbooks have some of these faults and open well: compare what came in with what goes out.
    """
    return _faults(_Side(package), names, ())


def _faults(side: _Side, names: Collection[str], proved: Collection[str]) -> Counter[str]:
    """The cells of `proved` sheets are known to be as they were, and are not judged again."""
    faults = Counter(_package_faults(side.package))
    for name in names:
        kind = side.package.content_type(name)
        if kind.endswith(".worksheet+xml"):
            faults.update(_frame_faults(side, name))
            if name not in proved:
                faults.update(_body_faults(side, name))
        elif kind.endswith(".styles+xml"):
            faults.update(_style_faults(side.package.tree(name)))
        elif name == side.package.workbook:
            faults.update(_workbook_faults(side.package.tree(name)))
    return faults


def _package_faults(package: Package) -> Iterator[str]:
    typed = Counter(
        e.get("PartName", "").lstrip("/").lower() for e in package.tree(CONTENT_TYPES) if e.get("PartName")
    )
    for name, times in typed.items():
        if times > 1:
            yield f"two content types for {name}"
        if name not in package:
            yield f"content type for the missing {name}"
    for name in package.names:
        if name != CONTENT_TYPES and not package.content_type(name):
            yield f"no content type for {name}"
        relations = package.relations(name)
        if len({relation.id for relation in relations}) < len(relations):
            yield f"two relationships with one id in {name}"
        for relation in relations:
            if not relation.external and relation.target not in package and "#" not in relation.target:
                yield f"{name} relates to the missing {relation.target}"


def _workbook_faults(root: Element) -> Iterator[str]:
    yield from _order_faults(root)
    sheets = root.findall(f"{main('sheets')}/{main('sheet')}")
    if len({sheet.get("name", "").casefold() for sheet in sheets}) < len(sheets):
        yield "two sheets with one name"
    if len({sheet.get("sheetId") for sheet in sheets}) < len(sheets):
        yield "two sheets with one id"
    names = root.findall(f"{main('definedNames')}/{main('definedName')}")
    if len({(name.get("name", "").casefold(), name.get("localSheetId")) for name in names}) < len(names):
        yield "two defined names that are equal"
    for name in names:
        if int(name.get("localSheetId") or 0) >= len(sheets):
            yield f"defined name {name.get('name')} of no sheet"


def _style_faults(root: Element) -> Iterator[str]:
    yield from _order_faults(root)
    size = {local(section): sum(1 for entry in section if local(entry)) for section in root}
    for section in root:
        if section.get("count") and int(section.get("count", "0")) != size[local(section)]:
            yield f"wrong count of {local(section)}"
    for entry in root.iterfind(f"{main('cellXfs')}/{main('xf')}"):
        for key, section_name in (("fontId", "fonts"), ("fillId", "fills"), ("borderId", "borders")):
            if int(entry.get(key, "0")) >= size.get(section_name, 0):
                yield f"{key} out of range"
    if size.get("cellXfs", 0) > _MOST_FORMATS:
        yield "too many cell formats"


def _frame_faults(side: _Side, name: str) -> Iterator[str]:
    parts = side.frame(name)
    try:
        root = parse(parts.head + parts.tail)
    except WorkbookUnreadable:
        yield f"{name} is no XML"
        return
    yield from _order_faults(root)
    ids = {relation.id for relation in side.package.relations(name)}
    related: Any = root.xpath("//@o:*/..", namespaces={"o": OFFICE})
    for element in related:
        values = [value for key, value in element.attrib.items() if key.startswith(f"{{{OFFICE}}}")]
        if any(value and value not in ids for value in values):
            yield f"{local(element)} of {name} without its relationship"
    differential = _size(side, "dxfs")
    for element in root.iter("{*}cfRule"):
        if int(element.get("dxfId", "-1")) >= differential:
            yield f"differential format out of range in {name}"


class _Body:
    """What stands in the rows of a sheet, seen a piece at a time."""

    def __init__(self, sheet: Cut) -> None:
        p = sheet.prefix
        self._format = re.compile(rb'<%bc [^>]*?\bs="(\d+)"' % p)
        self._string = re.compile(rb'\bt="s"[^>]*><%bv>(\d+)<' % p)
        self._formula = re.compile(rb'<%bc [^>]*?\br="([A-Z]+\d+)"[^>]*><%bf' % (p, p))
        self._column = re.compile(rb'<%bc [^>]*?\br="([A-Z]+)' % p)
        self._prefix, self._last = p, 0
        self.formats: set[bytes] = set()
        self.strings: set[bytes] = set()
        self.formulas: set[bytes] = set()
        self.disorder: Counter[str] = Counter()
        self._sound: set[tuple[bytes, ...]] = {()}
        """Columns of the cells of a row, in order: most rows are alike, so each pattern is judged once."""
        self.well_formed = _well_formed(map(self._seen, row_pieces(sheet)))

    def _seen(self, piece: bytes) -> bytes:
        self.formats.update(self._format.findall(piece))
        self.strings.update(self._string.findall(piece))
        self.formulas.update(self._formula.findall(piece))
        if _ROWS not in self.disorder:
            try:
                for row in rows(piece, self._prefix, self._last):
                    self._last = row.number
                    self._judge(tuple(self._column.findall(piece, row.inner, row.end)))
            except WorkbookUnsafe:
                self.disorder[_ROWS] += 1
        return piece

    def _judge(self, pattern: tuple[bytes, ...]) -> None:
        if pattern in self._sound:
            return
        columns = [column_number(column.decode()) for column in pattern]
        if any(left >= right for left, right in pairwise(columns)):
            self.disorder["cells out of order"] += 1
        else:
            self._sound.add(pattern)


_ROWS = "rows out of order"


def _body_faults(side: _Side, name: str) -> Iterator[str]:
    body = _Body(cut(side.package.pieces(name)))
    if not body.well_formed:
        yield f"{name} is no XML"
    yield from body.disorder.elements()
    if max(map(int, body.formats), default=0) >= _size(side, "cellXfs"):
        yield f"cell format out of range in {name}"
    if body.strings and max(map(int, body.strings)) >= _shared_strings(side):
        yield f"shared string out of range in {name}"
    yield from _chain_faults(side, name, body.formulas)


def _chain_faults(side: _Side, name: str, formulas: Collection[bytes]) -> Iterator[str]:
    book = side.book
    part, sheet = book.part("calcChain"), next((s for s in book.sheets if s.part == name), None)
    if not part or sheet is None:
        return
    entries = book.root.findall(f"{main('sheets')}/{main('sheet')}")
    own_id = entries[sheet.place].get("sheetId")
    current: str | None = None
    for entry in side.package.tree(part):
        # An entry without a sheet is on the sheet of the one before.
        current = entry.get("i", current)
        if current == own_id and entry.get("r", "").encode() not in formulas:
            yield f"calculation chain names {name} {entry.get('r')}, which holds no formula"


def _order_faults(root: Element) -> Iterator[str]:
    order = _ORDER[local(root)]
    names = [local(child) for child in root if local(child) in order]
    for left, right in pairwise(names):
        if order.index(left) > order.index(right):
            yield f"{right} after {left} in {local(root)}"
        if left == right != "conditionalFormatting":
            yield f"two {left} in {local(root)}"


def _size(side: _Side, section: str) -> int:
    part = side.book.part("styles")
    found = side.package.tree(part).find(main(section)) if part else None
    return 0 if found is None else sum(1 for entry in found if local(entry))


def _shared_strings(side: _Side) -> int:
    part = side.book.part("sharedStrings")
    count, held = 0, b""
    for piece in plain_pieces(side.package.pieces(part)) if part else ():
        held += piece
        whole = max(held.rfind(b"<"), 0)  # a tag may go on in the next piece
        count += sum(1 for _ in _ITEM.finditer(held, 0, whole))
        held = held[whole:]
    return count + len(_ITEM.findall(held))


_ITEM = re.compile(rb"<(?:[\w.-]+:)?si[\s/>]")
