"""Cells, highlights and log lines go into sheets that stand, byte by byte; everything else on the sheet stays as it is."""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

from sheets_crm.errors import WorkbookUnsafe
from sheets_crm.hosts.xlsx.scan import (
    Parts,
    area,
    attribute,
    children,
    column_runs,
    cut,
    decoded,
    encoded,
    plain_pieces,
    row_numbers,
    row_pieces,
    runs,
    tag_end,
    with_attribute,
)
from sheets_crm.hosts.xlsx.splice import Edit, Splice, Strings, Wish, Wishes, spliced, with_dimension
from sheets_crm.hosts.xlsx.styles import Styles
from sheets_crm.hosts.xlsx.workbook import Workbook
from sheets_crm.hosts.xlsx.zipped import QUICK, Packed, Press, pressed, unpacked
from sheets_crm.sheet import LOG_KEY, Area, Changes, ColumnUpdate, Fill, Highlight, LogLine, letters
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
_BEFORE_HIGHLIGHTS = frozenset(CHILDREN[: CHILDREN.index("conditionalFormatting") + 1])
_EMPTY_SHEET = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    b'<dimension ref="A1"/><sheetData></sheetData></worksheet>'
)
_NO_SHEET = Text(
    "Sheet “{name}” cannot be written: it is missing or not an ordinary sheet.",
    "В лист «{name}» нельзя записать: его нет, или это не обычный лист.",
)


def patch_sheets(workbook: Workbook, styles: Styles, changes: Changes) -> None:
    """Writes fills, columns, highlights and log lines of `changes` into the package. Raises WorkbookUnsafe."""
    strings = shared_strings(workbook)
    wanted = wishes(changes.fills, changes.columns)
    for name in sorted({*wanted, *(h.sheet for h in changes.highlights)}):
        marks = [h for h in changes.highlights if h.sheet == name]
        _rewrite(
            workbook, _sheet_part(workbook, name), name, wanted.pop(name, Wishes()), strings, marks, styles
        )
    if changes.log:
        _append_log(workbook, strings, changes.log, changes.log_name)


def wishes(fills: Sequence[Fill], columns: Sequence[ColumnUpdate]) -> dict[str, Wishes]:
    """Sheet to what its cells should say."""
    wanted: dict[str, Wishes] = defaultdict(Wishes)
    for update in columns:
        wanted[update.sheet].add_column(update)
    for fill in fills:
        wanted[fill.sheet].add_fill(fill)
    return wanted


def _rewrite(
    workbook: Workbook, part: str, name: str, wanted: Wishes, strings: Strings,
    marks: Sequence[Highlight] = (), styles: Styles | None = None,
) -> None:  # fmt: skip
    """Puts a sheet with its wishes and highlights into the package, unless it says and shows all that already."""
    package = workbook.package
    sheet = cut(package.pieces(part))
    found = Splice(Parts(sheet.head, b"", b"", sheet.prefix), wanted, strings, name, sheet.start)
    for piece in row_pieces(sheet):
        found.look(piece)
    found.end()
    parts = Parts(with_dimension(sheet.head, sheet.prefix, found.written), b"", sheet.tail, sheet.prefix)
    parts = widened(parts, found.headers)
    if styles is not None:
        parts = highlighted(parts, marks, styles)
    if found.formula_lost:
        workbook.drop_calc_chain()
    if not found.changed and (parts.head, parts.tail) == (sheet.head, sheet.tail):
        return
    press = Press()
    head, tail = Edit(0, sheet.start, parts.head), Edit(found.at, sys.maxsize, found.after + parts.tail)
    for piece in spliced(plain_pieces(package.pieces(part)), (head, *found.edits, tail)):
        press.add(piece)
    package.put(part, press.packed())


def shared_strings(workbook: Workbook) -> Strings:
    """The shared strings of a workbook, looked through as far as they are asked for; they stay packed in memory."""
    items = cache(lambda: _Items(workbook))
    return lambda number: items().text(number)


class _Items:
    """The `<si>`s of a workbook in packed blocks, as far as they were asked for: few are, mostly of the first blocks."""

    def __init__(self, workbook: Workbook) -> None:
        self._firsts: list[int] = []
        """Number of the first item of each block."""
        self._blocks: list[Packed] = []
        self._count = 0
        self._at_hand: tuple[int, list[bytes]] = -1, []
        """A block's number, and its items."""
        self._unread = _item_blocks(workbook.package.pieces(workbook.part("sharedStrings")))

    def _add(self, prefix: bytes, xml: bytes) -> None:
        self._prefix = prefix
        self._firsts.append(self._count)
        self._blocks.append(pressed(xml, QUICK))
        self._count += len(re.findall(rb"<%bsi(?=[\s/>])" % prefix, xml))

    def text(self, number: int) -> str:
        """Blank for a number that no item has."""
        while number >= self._count and (read := next(self._unread, None)):
            self._add(*read)
        block = bisect_right(self._firsts, number) - 1
        if block != self._at_hand[0]:
            _, *items = re.split(rb"<%bsi(?=[\s/>])" % self._prefix, b"".join(unpacked(self._blocks[block])))
            self._at_hand = block, items
        return "".join(
            runs(item, self._prefix) for item in self._at_hand[1][number - self._firsts[block] :][:1]
        )


# No method of _Items: a generator that knows it would keep the whole package from being freed.
def _item_blocks(pieces: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """(the prefix of its elements, whole items) of the part that holds the shared strings, front to back."""
    held = prefix = b""
    begun = False
    for piece in plain_pieces(pieces):
        held += piece
        if not begun:
            root = re.search(rb"<((?:[\w.-]+:)?)sst[\s>]", held)
            prefix = root[1] if root else b""
        end = held.rfind(b"<%bsi" % prefix)  # the last one may go on in the next piece
        if end > 0:
            yield prefix, held[:end]
            held, begun = held[end:], True
    yield prefix, held


def _sheet_part(workbook: Workbook, name: str) -> str:
    sheet = workbook.sheet(name)
    if sheet is None or not workbook.package.content_type(sheet.part).endswith(".worksheet+xml"):
        raise WorkbookUnsafe(_NO_SHEET.fill(name=name))
    return sheet.part


# ---------------------------------------------------------------- width of a new column


def widened(parts: Parts, columns: Iterable[int]) -> Parts:
    """A sheet in which the new columns of ours are wide enough to read, and shown."""
    for column in columns:
        parts = parts._replace(head=_with_width(parts.head, parts.prefix, column))
    return parts


def _with_width(head: bytes, p: bytes, column: int) -> bytes:
    ours = b'<%bcol min="%d" max="%d" width="%b" customWidth="1"/>' % (p, column, column, WIDTH)
    place = None
    for match in column_runs(head, p):
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
    wanted = Wishes()
    for row, line in enumerate(lines, start=first_free_row(workbook.package.pieces(sheet.part))):
        wanted.cells[row] = {1: Wish(line.text), 2: Wish(line.seal or "")}
    _rewrite(workbook, sheet.part, sheet.name, wanted, strings)


def first_free_row(pieces: Iterable[bytes]) -> int:
    """The row after the last one that holds a value; a program may leave formatted empty rows below."""
    sheet = cut(pieces)
    filled = (b"<%bv" % sheet.prefix, b"<%bis" % sheet.prefix)
    last = before = 0
    for body in row_pieces(sheet):
        numbers = row_numbers(body, sheet.prefix, before)
        before = numbers[-1] if numbers else before
        place = max(0, *map(body.rfind, filled))
        if above := body.count(b"<%brow" % sheet.prefix, 0, place):
            last = numbers[above - 1]
    return last + 1
