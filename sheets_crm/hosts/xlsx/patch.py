"""Cells, highlights and log lines go into sheets that stand, byte by byte; everything else on the sheet stays as it is."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from sheets_crm.errors import WorkbookUnsafe
from sheets_crm.hosts.xlsx.package import local
from sheets_crm.hosts.xlsx.scan import (
    Cell,
    Parts,
    Row,
    area,
    attribute,
    cells,
    children,
    column_of,
    decoded,
    encoded,
    inline_cell,
    odd_sheet,
    refers_first,
    rows,
    runs,
    split,
    tag_end,
    unescaped,
    with_attribute,
)
from sheets_crm.hosts.xlsx.styles import Styles
from sheets_crm.hosts.xlsx.workbook import Workbook
from sheets_crm.sheet import (
    LOG_KEY,
    Area,
    Changes,
    ColumnUpdate,
    Fill,
    Highlight,
    LogLine,
    Position,
    address,
    letters,
)
from sheets_crm.text import Text

CHILDREN = (  # noqa: SIM905 - reads better than quoted words
    "sheetPr dimension sheetViews sheetFormatPr cols sheetData sheetCalcPr sheetProtection protectedRanges scenarios "
    "autoFilter sortState dataConsolidate customSheetViews mergeCells phoneticPr conditionalFormatting "
    "dataValidations hyperlinks printOptions pageMargins pageSetup headerFooter rowBreaks colBreaks "
    "customProperties cellWatches ignoredErrors smartTags drawing legacyDrawing legacyDrawingHF drawingHF picture "
    "oleObjects controls webPublishItems tableParts extLst"
).split()
"""The order of the children of `<worksheet>`, which Excel insists on (ECMA-376 part 1, 18.3.1.99)."""
WIDTH = b"45"
"""Width of a new column of ours, in characters."""
FORMULA = "\0formula"
"""Stands for the text of a cell that holds a formula: no text of anyone's."""

Strings = Callable[[int], str]
"""The text of a shared string by its number."""

_BEFORE_HIGHLIGHTS = frozenset(CHILDREN[: CHILDREN.index("conditionalFormatting") + 1])
_EMPTY_SHEET = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    b'<dimension ref="A1"/><sheetData></sheetData></worksheet>'
)
_IN_THE_WAY = Text(
    "Cell {cell} belongs to a formula that fills several cells, some of them not ours, so nothing was written; "
    "move that formula out of the column of ours.",
    "Ячейка {cell} входит в формулу, которая заполняет несколько ячеек, в том числе не наши, поэтому ничего не "
    "записано; уберите эту формулу из нашего столбца.",
)
_NOT_FREE = Text(
    "The column of ours would take the place of the formula in {cell}, so nothing was written; write the header "
    "“{header}” over a free column, and that one will be used.",
    "Наш столбец занял бы место формулы в {cell}, поэтому ничего не записано; впишите заголовок «{header}» над "
    "свободным столбцом, и будет взят он.",
)
_NOT_BLANK = Text(
    "Cell {cell} should be blank for a new ID, but it holds a formula or a value; nothing was written.",
    "Ячейка {cell} должна быть пустой для нового ID, но в ней формула или значение; ничего не записано.",
)
_NO_SHEET = Text(
    "Sheet “{name}” cannot be written: it is missing or not an ordinary sheet.",
    "В лист «{name}» нельзя записать: его нет, или это не обычный лист.",
)


class Wish(NamedTuple):
    """What a cell should say."""

    text: str
    kind: Literal["text", "header", "fill"] = "text"
    """A header and a fill are written only where the cell is blank; a fill may not meet anything else."""


class Spliced(NamedTuple):
    """A sheet with its wishes."""

    parts: Parts
    changed: bool
    headers: tuple[int, ...]
    """Columns whose header was written now: they are new."""
    formula_lost: bool


def patch_sheets(workbook: Workbook, styles: Styles, changes: Changes) -> None:
    """Writes fills, columns, highlights and log lines of `changes` into the package. Raises WorkbookUnsafe."""
    strings = shared_strings(workbook)
    wanted = wishes(changes.fills, changes.columns)
    for name in sorted({*wanted, *(h.sheet for h in changes.highlights)}):
        part = _sheet_part(workbook, name)
        xml = workbook.package.read(part)
        spliced = splice(split(xml), wanted.get(name, {}), strings, name)
        parts = widened(spliced.parts, spliced.headers)
        parts = highlighted(parts, [h for h in changes.highlights if h.sheet == name], styles)
        if parts is not spliced.parts or spliced.changed:
            workbook.package.put(part, parts.join())
        if spliced.formula_lost:
            workbook.drop_calc_chain()
    if changes.log:
        _append_log(workbook, strings, changes.log, changes.log_name)


def wishes(fills: Sequence[Fill], columns: Sequence[ColumnUpdate]) -> dict[str, dict[int, dict[int, Wish]]]:
    """Sheet, row and column to what the cell there should say."""
    wanted: dict[str, dict[int, dict[int, Wish]]] = defaultdict(lambda: defaultdict(dict))
    for update in columns:
        wanted[update.sheet][update.header_row][update.column] = Wish(update.header, "header")
        for row, text in update.texts.items():
            wanted[update.sheet][row][update.column] = Wish(text)
    for fill in fills:
        wanted[fill.sheet][fill.row][fill.column] = Wish(fill.value, "fill")
    return wanted


def shared_strings(workbook: Workbook) -> Strings:
    """The shared strings of a workbook, read when the first is asked for."""
    texts: list[str] = []

    def text(number: int) -> str:
        if not texts:
            root = workbook.package.tree(workbook.part("sharedStrings"))
            texts.extend(
                "".join(
                    unescaped(t.text or "")
                    for t in item.iter()
                    if local(t) == "t" and (parent := t.getparent()) is not None and local(parent) != "rPh"
                )
                for item in root
                if local(item) == "si"
            )
        return texts[number] if number < len(texts) else ""

    return text


def _sheet_part(workbook: Workbook, name: str) -> str:
    sheet = workbook.sheet(name)
    if sheet is None or not workbook.package.content_type(sheet.part).endswith(".worksheet+xml"):
        raise WorkbookUnsafe(_NO_SHEET.fill(name=name))
    return sheet.part


# ---------------------------------------------------------------- cells


def splice(parts: Parts, wanted: Mapping[int, Mapping[int, Wish]], strings: Strings, sheet: str) -> Spliced:
    """A sheet in which the wished cells say what they should; equal cells are not touched.

    Raises WorkbookUnsafe where a cell is merged or holds part of a formula over several cells.
    """
    return _Splice(parts, wanted, strings, sheet).run()


class _Splice:
    """One walk over the rows of a sheet, top to bottom, collecting the pieces of its new body."""

    def __init__(
        self, parts: Parts, wanted: Mapping[int, Mapping[int, Wish]], strings: Strings, sheet: str
    ) -> None:
        self._parts = parts
        self._body = parts.body
        self._prefix = parts.prefix
        self._wanted = wanted
        self._strings = strings
        self._sheet = sheet
        self._blocked = _blocked(parts, wanted)
        self._header_texts = {
            column: wish.text
            for row in wanted.values()
            for column, wish in row.items()
            if wish.kind == "header"
        }
        self._named = refers_first(parts)
        self._any_cell = b'<%bc r="' % parts.prefix
        columns = {column for row in wanted.values() for column in row}
        self._column_looks = _column_looks(parts, columns)
        self._openings = {column: self._any_cell + letters(column).encode() for column in columns}
        self._pieces: list[bytes] = []
        self._done = 0
        self._written: list[Position] = []
        self._headers: list[int] = []
        self._formula_lost = False

    def run(self) -> Spliced:
        pending = sorted(self._wanted, reverse=True)
        # To the very end: a row out of order far below would otherwise become a second row of one number.
        for row in rows(self._body, self._prefix) if pending else ():
            while pending and pending[-1] < row.number:
                self._new_row(pending.pop(), row.start)
            if pending and pending[-1] == row.number:
                self._patch_row(row, self._wanted[pending.pop()])
        while pending:
            self._new_row(pending.pop(), len(self._body))
        if not self._pieces:
            return Spliced(self._parts, False, (), False)
        body = b"".join(self._pieces) + self._body[self._done :]
        head = _with_dimension(self._parts.head, self._prefix, self._written)
        parts = self._parts._replace(head=head, body=body)
        return Spliced(parts, True, tuple(self._headers), self._formula_lost)

    def _replace(self, start: int, end: int, new: bytes) -> None:
        self._pieces += (self._body[self._done : start], new)
        self._done = end

    def _new_row(self, number: int, place: int) -> None:
        new = b"".join(
            self._cell(number, column, wish, None)
            for column, wish in sorted(self._wanted[number].items())
            if wish.text
        )
        if new:
            self._replace(
                place, place, b'<%brow r="%d">%b</%brow>' % (self._prefix, number, new, self._prefix)
            )

    def _patch_row(self, row: Row, wanted: Mapping[int, Wish]) -> None:
        # (start, end, bytes) of what changes in this row, left to right.
        edits = [edit for column in sorted(wanted) if (edit := self._edit(row, column, wanted[column]))]
        if not edits:
            return
        tag = self._body[row.start : row.inner]
        if b"spans" in tag:
            # A hint that our cell may have made wrong; Excel does without.
            tag = with_attribute(tag, b"spans", None)
        if row.inner == row.end:
            inside = b"".join(new for _, _, new in edits)
            tag = tag[:-2].rstrip() + b">"
            self._replace(row.start, row.end, b"%b%b</%brow>" % (tag, inside, self._prefix))
            return
        self._replace(row.start, row.inner, tag)
        for start, end, new in edits:
            self._replace(start, end, new)

    def _edit(self, row: Row, column: int, wish: Wish) -> tuple[int, int, bytes] | None:
        found, place = self._locate(row, column, to_write=bool(wish.text))
        if found is None:
            return (place, place, self._cell(row.number, column, wish, row)) if wish.text else None
        old = self._body[found.start : found.end]
        style = attribute(self._body[found.start : found.inner], b"s")
        if old == inline_cell(self._prefix, f"{letters(column)}{row.number}", wish.text, style):
            # As we wrote it last time, which is quicker to see than to read.
            return None
        said = present(old, self._prefix, self._strings)
        if said == wish.text or (wish.kind == "header" and said.strip()):
            return None
        if wish.kind == "fill" and said.strip():
            raise WorkbookUnsafe(_NOT_BLANK.fill(cell=address(self._sheet, row.number, column)))
        if said == FORMULA:
            self._formula_lost = True
            self._refuse_to_lose(old, row.number, column)
        return found.start, found.end, self._cell(row.number, column, wish, row, style)

    def _refuse_to_lose(self, cell: bytes, row: int, column: int) -> None:
        """Raises where a formula goes that is someone's own, or that others are stored with."""
        where = address(self._sheet, row, column)
        if column in self._headers:
            # Only now does the column become ours.
            raise WorkbookUnsafe(_NOT_FREE.fill(cell=where, header=self._header_texts[column]))
        start = cell.index(b"<%bf" % self._prefix)
        tag = cell[start : tag_end(cell, start)]
        if attribute(tag, b"t") == b"shared" and attribute(tag, b"ref") is not None:
            group = attribute(tag, b"si") or b""
            if any(self._stays(*position) for position in _members(self._parts, group)):
                raise self._in_the_way(row, column)

    def _stays(self, row: int, column: int) -> bool:
        wish = self._wanted.get(row, {}).get(column)
        return wish is None or wish.kind != "text"

    def _cell(
        self, row: int, column: int, wish: Wish, old_row: Row | None, style: bytes | None = None
    ) -> bytes:
        if self._blocked and any(_within(each, row, column) for each in self._blocked):
            raise self._in_the_way(row, column)
        self._written.append((row, column))
        if wish.kind == "header":
            self._headers.append(column)
            if style is None and old_row is not None and column > 1:
                left, _ = self._locate(old_row, column - 1)
                style = attribute(self._body[left.start : left.inner], b"s") if left else None
        elif style is None:
            style = self._look(old_row, column)
        return inline_cell(self._prefix, f"{letters(column)}{row}", wish.text, style)

    def _look(self, row: Row | None, column: int) -> bytes | None:
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
        if self._named:
            opening = self._openings.get(column) or self._any_cell + letters(column).encode()
            start = self._body.find(b'%b%d"' % (opening, row.number), row.inner, row.end)
            if start >= 0:
                return self._cell_at(column, start), start
            if not to_write:
                # By far the most common case: a row with nothing to say.
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
        inner = tag_end(self._body, start)
        if self._body[inner - 2 : inner - 1] == b"/":
            return Cell(column, start, inner, inner)
        closing = b"</%bc>" % self._prefix
        close = self._body.find(closing, inner)
        if close < 0:
            raise odd_sheet()
        return Cell(column, start, inner, close + len(closing))


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


def _blocked(parts: Parts, wanted: Mapping[int, Mapping[int, Wish]]) -> list[Area]:
    """Areas of array formulas and data tables that our cells reach into without covering them.

    Merged cells are no obstacle: what stands under one loses nothing and shows when it is split again.
    """
    if b"array" not in parts.body and b"dataTable" not in parts.body:
        return []
    columns = {column for row in wanted.values() for column in row}
    ours = {(row, c) for row, cells_ in wanted.items() for c, wish in cells_.items() if wish.kind == "text"}
    tags = re.findall(rb"<%bf\s[^>]*>" % parts.prefix, parts.body)
    found = (
        area((attribute(tag, b"ref") or b"").decode())
        for tag in tags
        if attribute(tag, b"t") in (b"array", b"dataTable")
    )
    near = (a for a in found if a and any(a.first_column <= c <= a.last_column for c in columns))
    return [a for a in near if not all(position in ours for position in _positions(a))]


def _positions(where: Area) -> Iterator[Position]:
    rows_ = range(where.first_row, where.last_row + 1)
    return ((row, column) for row in rows_ for column in range(where.first_column, where.last_column + 1))


def _members(parts: Parts, group: bytes) -> Iterator[Position]:
    """The cells that take part in a shared formula."""
    pattern = re.compile(rb"<%bf\s[^>]*>" % parts.prefix)
    for row in rows(parts.body, parts.prefix):
        for cell in cells(parts.body, parts.prefix, row):
            tag = pattern.search(parts.body, cell.inner, cell.end)
            if tag and attribute(tag[0], b"t") == b"shared" and attribute(tag[0], b"si") == group:
                yield row.number, cell.column


def _within(where: Area, row: int, column: int) -> bool:
    return where.first_row <= row <= where.last_row and where.first_column <= column <= where.last_column


def _with_dimension(head: bytes, prefix: bytes, written: Sequence[Position]) -> bytes:
    """The head with its `<dimension>` reaching all that was written."""
    match = re.search(rb"<%bdimension\s[^>]*>" % prefix, head)
    stated = area((attribute(match.group(), b"ref") or b"").decode()) if match else None
    if match is None or stated is None or not written:
        return head
    top = min(stated.first_row, *(row for row, _ in written))
    left = min(stated.first_column, *(column for _, column in written))
    bottom = max(stated.last_row, *(row for row, _ in written))
    right = max(stated.last_column, *(column for _, column in written))
    reference = f"{letters(left)}{top}:{letters(right)}{bottom}".encode()
    return head[: match.start()] + with_attribute(match.group(), b"ref", reference) + head[match.end() :]


# ---------------------------------------------------------------- width of a new column


def widened(parts: Parts, columns: Iterable[int]) -> Parts:
    """A sheet in which the new columns of ours are wide enough to read, and shown."""
    for column in columns:
        parts = parts._replace(head=_with_width(parts.head, parts.prefix, column))
    return parts


def _column_looks(parts: Parts, columns: Iterable[int]) -> dict[int, bytes]:
    """Column to the format of its empty cells, for those that have one."""
    looks: dict[int, bytes] = {}
    for match in _column_runs(parts.head, parts.prefix):
        first, last = (int(attribute(match.group(), name) or b"0") for name in (b"min", b"max"))
        style = attribute(match.group(), b"style")
        if style is not None:
            looks |= {column: style for column in columns if first <= column <= last}
    return looks


def _column_runs(head: bytes, p: bytes) -> Iterator[re.Match[bytes]]:
    return re.finditer(rb"<%bcol\s[^>]*?/>|<%bcol\s[^>]*>\s*</%bcol>" % (p, p, p), head)


def _with_width(head: bytes, p: bytes, column: int) -> bytes:
    ours = b'<%bcol min="%d" max="%d" width="%b" customWidth="1"/>' % (p, column, column, WIDTH)
    place = None
    for match in _column_runs(head, p):
        first, last = (int(attribute(match.group(), name) or b"0") for name in (b"min", b"max"))
        if first > column:
            place = match.start()
            break
        place = match.end()
        if last >= column:
            pieces = b"".join(_columns_around(match.group(), first, last, column, ours))
            return head[: match.start()] + pieces + head[match.end() :]
    if place is None:
        place = head.rindex(b"<%bsheetData" % p)
        ours = b"<%bcols>%b</%bcols>" % (p, ours, p)
    return head[:place] + ours + head[place:]


def _columns_around(tag: bytes, first: int, last: int, column: int, ours: bytes) -> Iterator[bytes]:
    """One run of columns cut in up to three, so that all but `column` keep their look."""
    if first < column:
        yield with_attribute(tag, b"max", b"%d" % (column - 1))
    style = attribute(tag, b"style")
    yield ours if style is None else with_attribute(ours, b"style", style)
    if last > column:
        yield with_attribute(tag, b"min", b"%d" % (column + 1))


# ---------------------------------------------------------------- highlights


class _Rule(NamedTuple):
    """A conditional format of ours that stands in the sheet's tail."""

    start: int
    end: int
    element: tuple[int, int]
    """Start and end of the `<conditionalFormatting>` around it."""
    alone: bool
    """Whether that element holds nothing else: Excel puts all rules of one area into one element."""
    priority: int
    same: bool
    """Whether formula, area and look are the wanted ones."""


def highlighted(parts: Parts, wanted: Sequence[Highlight], styles: Styles) -> Parts:
    """A sheet with the wanted highlights: one rule a mark, the last in priority; equal ones are not touched."""
    for highlight in wanted:
        standing = list(_standing(parts, highlight, styles))
        if len(standing) != 1 or not standing[0].same:
            parts = parts._replace(tail=_with_rule(parts, highlight, standing, styles))
    return parts


def marked(formula: bytes, mark: str) -> bool:
    """Whether a formula, as written in a file, is that of our highlight with this mark."""
    return f'"{mark} "&' in plain_formula(decoded(formula))


def plain_formula(formula: str) -> str:
    """A formula without the blanks that programs add and drop; blanks in quoted words stay."""
    words = re.split(r'("(?:[^"]|"")*")', formula.removeprefix("="))
    return "".join(word if at % 2 else re.sub(r"\s+", "", word) for at, word in enumerate(words))


def rule_pattern(prefix: bytes) -> re.Pattern[bytes]:
    """Finds `<cfRule>`s, with what they hold."""
    attributes = rb"""(?:\s(?:[^>"']|"[^"]*"|'[^']*')*?)?"""
    return re.compile(rb"<%bcfRule%b(?:/>|>.*?</%bcfRule>)" % (prefix, attributes, prefix), re.DOTALL)


def rule_formula(rule: bytes, prefix: bytes) -> bytes:
    """The first formula of a rule, as written."""
    match = re.search(rb"<%bformula(?:\s[^>]*)?>(.*?)</%bformula>" % (prefix, prefix), rule, re.DOTALL)
    return match.group(1) if match else b""


def _standing(parts: Parts, highlight: Highlight, styles: Styles) -> Iterator[_Rule]:
    tail, p = parts.tail, parts.prefix
    for child in children(tail, p):
        if child.name != "conditionalFormatting":
            continue
        found = list(rule_pattern(p).finditer(tail, child.start, child.end))
        where = area((attribute(tail[child.start : tag_end(tail, child.start)], b"sqref") or b"").decode())
        for match in found:
            formula = rule_formula(match.group(), p)
            if not marked(formula, highlight.mark):
                continue
            tag = match.group()[: tag_end(match.group(), 0)]
            look = int(attribute(tag, b"dxfId") or b"-1")
            same = (
                where == highlight.area
                and plain_formula(decoded(formula)) == plain_formula(highlight.formula)
                and styles.shows(look, highlight.fill, highlight.color)
            )
            priority = int(attribute(tag, b"priority") or b"0")
            alone = all(marked(rule_formula(other.group(), p), highlight.mark) for other in found)
            yield _Rule(*match.span(), (child.start, child.end), alone, priority, same)


def _with_rule(parts: Parts, highlight: Highlight, standing: Sequence[_Rule], styles: Styles) -> bytes:
    """The tail with one rule for the highlight, where the first that stood was, else after all others."""
    tail, p = parts.tail, parts.prefix
    place = standing[0].element[1] if standing else _place_for_rules(tail, p)
    last = max((int(n) for n in re.findall(rb"""\bpriority\s*=\s*["'](\d+)""", tail)), default=0)
    rule = b'<%bconditionalFormatting sqref="%b"><%bcfRule type="expression" dxfId="%d" priority="%d">' % (
        p,
        _reference(highlight.area),
        p,
        styles.highlight(highlight.fill, highlight.color),
        standing[0].priority if standing else last + 1,
    ) + b"<%bformula>%b</%bformula></%bcfRule></%bconditionalFormatting>" % (
        p,
        encoded(highlight.formula.removeprefix("=")),
        p,
        p,
        p,
    )
    pieces, done = [], 0
    edits = {(*(r.element if r.alone else (r.start, r.end)), b"") for r in standing} | {(place, place, rule)}
    for start, end, new in sorted(edits):
        pieces += [tail[done:start], new]
        done = end
    return b"".join(pieces) + tail[done:]


def _place_for_rules(tail: bytes, prefix: bytes) -> int:
    place = tail.index(b">") + 1
    for child in children(tail, prefix):
        if child.name not in _BEFORE_HIGHLIGHTS:
            break
        place = child.end
    return place


def _reference(where: Area) -> bytes:
    first = f"{letters(where.first_column)}{where.first_row}"
    last = f"{letters(where.last_column)}{where.last_row}"
    return (first if first == last else f"{first}:{last}").encode()


# ---------------------------------------------------------------- the log


def _append_log(workbook: Workbook, strings: Strings, lines: Sequence[LogLine], name: str) -> None:
    sheet = workbook.owned(LOG_KEY)
    if sheet is None:
        sheet = workbook.add_sheet(name, _EMPTY_SHEET, hidden=True)
        workbook.claim(LOG_KEY, sheet)
    parts = split(workbook.package.read(sheet.part))
    first = first_free_row(parts)
    wanted = {
        row: {1: Wish(line.text), 2: Wish(line.seal or "")} for row, line in enumerate(lines, start=first)
    }
    workbook.package.put(sheet.part, splice(parts, wanted, strings, sheet.name).parts.join())


def first_free_row(parts: Parts) -> int:
    """The row after the last one that holds a value; a program may leave formatted empty rows below."""
    filled = (b"<%bv" % parts.prefix, b"<%bis" % parts.prefix)
    last = 0
    for row in rows(parts.body, parts.prefix):
        if any(parts.body.find(mark, row.inner, row.end) >= 0 for mark in filled):
            last = row.number
    return last + 1
