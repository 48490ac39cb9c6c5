"""Sheet XML as bytes: where its rows, cells and children stand, found without a parser, so that the rest stays as it is."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain
from operator import ge
from typing import NamedTuple

from sheets_crm.errors import WorkbookUnsafe
from sheets_crm.hosts.xlsx.pieces import Cut, NoRows, holds
from sheets_crm.hosts.xlsx.preflight import utf8
from sheets_crm.sheet import CELL_TEXT, Area
from sheets_crm.text import Text

_ODD_SHEET = Text(
    "A sheet is stored in an unusual way, so nothing was written into the workbook; "
    "save it once in Excel and try again.",
    "Лист сохранён необычным способом, поэтому в книгу ничего не записано; сохраните её в Excel и повторите.",
)
_DECLARATION = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_QUOTED = rb"""(?:[^>"']|"[^"]*"|'[^']*')"""
_TAG = re.compile(rb"<%b*>" % _QUOTED)
_UNSPOKEN = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
"""What XML cannot carry, and an underscore that would be taken for the start of an escape."""


class Parts(NamedTuple):
    """A sheet part cut around its rows; the four joined by `join` are the part again."""

    head: bytes
    """Up to and with the opening `<sheetData>`."""
    body: bytes
    tail: bytes
    """From the closing `</sheetData>` on."""
    prefix: bytes
    """The namespace prefix of the sheet's elements with its colon; mostly blank."""

    def join(self) -> bytes:
        return self.head + self.body + self.tail


class Row(NamedTuple):
    """A row of a body: `start` of its tag, `inner` after its tag, `end` after the whole."""

    number: int
    start: int
    inner: int
    end: int


class Cell(NamedTuple):
    """A cell of a body: `start` of its tag, `inner` after its tag, `end` after the whole."""

    column: int
    start: int
    inner: int
    end: int


class Child(NamedTuple):
    """An element directly under the sheet."""

    name: str
    """Without the sheet's own prefix; with any other."""
    start: int
    end: int


def odd_sheet() -> WorkbookUnsafe:
    """The refusal of a sheet whose bytes are not what spreadsheet programs write."""
    return WorkbookUnsafe(_ODD_SHEET)


def plain_pieces(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """A part as UTF-8, piece by piece if it is stored so. Raises WorkbookUnsafe for an encoding of nobody's."""
    found = iter(pieces)
    first = next(found, b"")
    declared = re.search(rb"""encoding\s*=\s*["']([^"']+)""", first[:200])
    plain = declared is None or declared.group(1).lower() in (b"utf-8", b"us-ascii", b"ascii")
    if not plain or first[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in first[:4]:
        try:
            first = _DECLARATION + utf8(b"".join((first, *found)))
        except (UnicodeError, LookupError) as problem:
            raise odd_sheet() from problem
    return chain((first,), found)


def cut(pieces: Iterable[bytes]) -> Cut:
    """A sheet part cut around its rows, piece by piece. Raises WorkbookUnsafe for what cannot be cut safely."""
    found = plain_pieces(pieces)
    first = next(found, b"")
    if b"<!DOCTYPE" in first[:2000]:
        raise odd_sheet()
    try:
        return Cut(chain((first,), found))
    except NoRows as problem:
        raise odd_sheet() from problem


def row_pieces(sheet: Cut) -> Iterator[bytes]:
    """The body, piece by piece, whole rows in each. Raises WorkbookUnsafe for what is no plain row."""
    for piece in whole_rows(sheet):
        refuse_odd(piece)
        yield piece


def whole_rows(sheet: Cut) -> Iterator[bytes]:
    """The body as `row_pieces` gives it, for who looks at the rows himself. Raises WorkbookUnsafe if it never ends."""
    try:
        yield from sheet.rows()
    except NoRows as problem:
        raise odd_sheet() from problem


def refuse_odd(xml: bytes) -> None:
    """Raises WorkbookUnsafe where something among rows makes tags mean something else than they say."""
    if holds(xml, b"<!") or holds(xml, b"<?") or holds(xml, b":AlternateContent"):
        raise odd_sheet()


def split(xml: bytes) -> Parts:
    """Cuts a sheet part around its rows. Raises WorkbookUnsafe for what cannot be cut safely."""
    sheet = cut((xml,))
    body = b"".join(row_pieces(sheet))
    return Parts(sheet.head, body, sheet.tail, sheet.prefix)


def frame(pieces: Iterable[bytes]) -> Parts:
    """A sheet part without its rows: `body` is blank. Raises as `split` does."""
    sheet = cut(pieces)
    for _ in row_pieces(sheet):
        pass
    return Parts(sheet.head, b"", sheet.tail, sheet.prefix)


def rows(body: bytes, prefix: bytes, last: int = 0) -> Iterator[Row]:
    """The rows of a body after row `last`, top to bottom. Raises WorkbookUnsafe if they are not in order."""
    number = last
    for reference, start, inner, end in _elements(body, prefix + b"row", 0, len(body)):
        here = int(reference) if reference else number + 1
        if here <= number:
            raise odd_sheet()
        number = here
        yield Row(number, start, inner, end)


def row_numbers(body: bytes, prefix: bytes, last: int = 0) -> list[int]:
    """The numbers of the rows that `rows` gives. Raises as it does."""
    stated = re.findall(rb'w(?<=<%brow)(?: r="(\d+)")?' % prefix, body)
    if b"" in stated:
        return [row.number for row in rows(body, prefix, last)]
    numbers = [last, *map(int, stated)]
    # To the very end: a row out of order would otherwise become a second row of one number.
    if any(map(ge, numbers, numbers[1:])):
        raise odd_sheet()
    return numbers[1:]


def cells(body: bytes, prefix: bytes, row: Row) -> Iterator[Cell]:
    """The cells of a row, left to right. Raises WorkbookUnsafe if they are not in order."""
    column = 0
    for reference, start, inner, end in _elements(body, prefix + b"c", row.inner, row.end):
        here = column_of(reference) if reference else column + 1
        if here <= column:
            raise odd_sheet()
        column = here
        yield Cell(column, start, inner, end)


@cache
def _opening(name: bytes) -> re.Pattern[bytes]:
    # Most programs write the reference first; finding it here saves a second search in each of many rows.
    return re.compile(rb"""<%b(?: r="(\w+)")?(?:[\s/][^>"']*+(?:(?:"[^"]*"|'[^']*')[^>"']*+)*+)?+>""" % name)


def _elements(xml: bytes, name: bytes, start: int, stop: int) -> Iterator[tuple[bytes | None, int, int, int]]:
    """Reference, start, end of the tag and end of each element of that name."""
    find, closing = _opening(name).search, b"</" + name + b">"
    while match := find(xml, start, stop):
        inner = start = match.end()
        if xml[inner - 2 : inner - 1] != b"/":
            close = xml.find(closing, inner, stop)
            if close < 0:
                raise odd_sheet()
            start = close + len(closing)
        yield match[1] or attribute(match[0], b"r"), match.start(), inner, start


def tag_end(xml: bytes, start: int) -> int:
    """The position after the `>` of the tag that starts at `start`."""
    end = xml.find(b">", start) + 1
    if xml.count(b'"', start, end) % 2 or xml.count(b"'", start, end) % 2:
        match = _TAG.match(xml, start)
        end = match.end() if match else 0
    if not end:
        raise odd_sheet()
    return end


def children(tail: bytes, prefix: bytes) -> Iterator[Child]:
    """The elements after the rows, directly under the sheet."""
    at = tail.index(b">") + 1
    while (at := tail.find(b"<", at)) >= 0 and tail[at : at + 2] != b"</":
        if tail.startswith(b"<!--", at):
            at = tail.index(b"-->", at) + 3
            continue
        match = re.compile(rb"<([A-Za-z_][\w.:-]*)").match(tail, at)
        if match is None:
            raise odd_sheet()
        end = _closed(tail, match.group(1), at)
        yield Child(match.group(1).removeprefix(prefix).decode(), at, end)
        at = end


def _closed(xml: bytes, name: bytes, start: int) -> int:
    """The end of an element in which elements of the same name may stand."""
    depth = 0
    for tag in re.compile(rb"<(/?)%b(?:\s%b*?)?(/?)>" % (re.escape(name), _QUOTED)).finditer(xml, start):
        depth += -1 if tag.group(1) else 0 if tag.group(2) else 1
        if depth == 0:
            return tag.end()
    raise odd_sheet()


@cache
def _attribute(name: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"""\s%b\s*=\s*(?:"([^"]*)"|'([^']*)')""" % re.escape(name))


def attribute(tag: bytes, name: bytes) -> bytes | None:
    """An attribute of a tag as it is written; None if it is absent."""
    match = _attribute(name).search(tag)
    return None if match is None else match.group(1) if match.group(1) is not None else match.group(2)


def with_attribute(tag: bytes, name: bytes, value: bytes | None) -> bytes:
    """A tag with an attribute set, or taken away by None."""
    bare = _attribute(name).sub(b"", tag, count=1)
    if value is None:
        return bare
    ending = b"/>" if bare.endswith(b"/>") else b">"
    return b'%b %b="%b"%b' % (bare[: -len(ending)].rstrip(), name, value, ending)


@cache
def column_number(name: str) -> int:
    """A is 1, AB is 28."""
    number = 0
    for letter in name:
        number = number * 26 + ord(letter) - 64
    return number


def column_of(reference: bytes) -> int:
    """The column of a cell's reference: 28 for AB7."""
    return column_number(reference.rstrip(b"0123456789").decode())


def column_runs(head: bytes, prefix: bytes) -> Iterator[re.Match[bytes]]:
    """The `<col>`s of a head: runs of columns with one look."""
    return re.finditer(rb"<%bcol\s[^>]*?/>|<%bcol\s[^>]*>\s*</%bcol>" % (prefix, prefix, prefix), head)


def area(reference: str) -> Area | None:
    """The rectangle of `B2:C9` or `B2`; None for whole rows and columns and for anything else."""
    match = re.fullmatch(r"\$?([A-Z]{1,3})\$?(\d+)(?::\$?([A-Z]{1,3})\$?(\d+))?", reference.strip())
    if match is None:
        return None
    left, top, right, bottom = match.groups()
    return Area(int(top), column_number(left), int(bottom or top), column_number(right or left))


# ---------------------------------------------------------------- text


def encoded(text: str) -> bytes:
    """The one way in for text: what XML cannot carry becomes `_xHHHH_`, as Excel writes it; too much is cut."""
    long = len(text) > CELL_TEXT // 2
    if long and len(text.encode("utf-16-le", "surrogatepass")) // 2 > CELL_TEXT:
        text = text[: CELL_TEXT // 2 - 1] + "…"
    text = _UNSPOKEN.sub(lambda match: f"_x{ord(match.group()):04X}_", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").encode()


def decoded(xml: bytes) -> str:
    """The text that a program shows for what stands between two tags."""
    return unescaped(html.unescape(xml.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")))


def unescaped(text: str) -> str:
    """A text with its `_xHHHH_` as the characters that they stand for."""
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match.group(1), 16)), text)


def runs(xml: bytes, prefix: bytes) -> str:
    """The text of an inline or shared string, its rich runs joined, phonetic hints left out."""
    spoken = re.sub(rb"<%brPh\b.*?</%brPh>" % (prefix, prefix), b"", xml, flags=re.DOTALL)
    found = re.finditer(rb"<%bt(?:\s[^>]*?)?(?:/>|>(.*?)</%bt>)" % (prefix, prefix), spoken, re.DOTALL)
    return "".join(decoded(match.group(1) or b"") for match in found)


def inline_cell(prefix: bytes, reference: str, text: str, style: bytes | None) -> bytes:
    """A text cell; blank text gives an empty cell. As text, a leading `=` is never a formula."""
    look = b' s="%b"' % style if style is not None else b""
    return b'<%bc r="%b"%b%b' % (prefix, reference.encode(), look, inline_text(prefix, text))


def inline_text(prefix: bytes, text: str) -> bytes:
    """The rest of a text cell, after its reference and style."""
    if not text:
        return b"/>"
    keep = b' xml:space="preserve"' if text != text.strip() or "\n" in text else b""
    return b' t="inlineStr"><%(p)bis><%(p)bt%(k)b>%(t)b</%(p)bt></%(p)bis></%(p)bc>' % {
        b"p": prefix,
        b"k": keep,
        b"t": encoded(text),
    }
