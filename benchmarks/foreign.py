"""What of a workbook changed that was not ours to change, found with zipfile and lxml alone."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Collection, Iterator
from typing import NamedTuple
from urllib.parse import unquote

from lxml import etree

from benchmarks.repair_lint import local

Position = tuple[int, int]
_OFFICE = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_GROWING = frozenset({"numFmts", "fonts", "fills", "borders", "cellXfs", "dxfs"})
"""Sections of the styles that may have got more entries at their end."""
_HINTS = frozenset({"dimension"})
"""Children of a sheet that only say how far it reaches."""
_RULES = "conditionalFormatting"


class Ours(NamedTuple):
    """What may differ on one sheet of the firm's."""

    cells: frozenset[Position] = frozenset()
    columns: frozenset[int] = frozenset()
    """Columns of ours, whose width is ours too."""
    marks: tuple[str, ...] = ()
    """Our highlights are known by `"<mark> "&` in their formula."""


def changed(
    before: bytes, after: bytes, ours: dict[str, Ours], grown: dict[str, str] | None = None
) -> list[str]:
    """Each part of `before` that is not in `after` as it was, but for what is ours, by sheet name.

    A part counts as the same if its bytes are; a touched sheet, the workbook, the styles and the lists of parts if
    they hold all that they held, in its order, and nothing but ours besides; a table of the area `A1:D4` if it now
    reaches over what `grown` says for that area.
    """
    return sorted(set(_Comparison(_parts(before), _parts(after), ours, grown or {}).run()))


def _parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist() if not info.is_dir()}


def _tree(xml: bytes) -> etree._Element:
    return etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))


class _Comparison:
    def __init__(
        self, old: dict[str, bytes], new: dict[str, bytes], ours: dict[str, Ours], grown: dict[str, str]
    ) -> None:
        self._old, self._new, self._grown = old, new, grown
        self._book = _main_part(old)
        self._relations = posixpath.join(
            posixpath.dirname(self._book), "_rels", posixpath.basename(self._book) + ".rels"
        )
        self._styles = ""
        self._sheets: dict[str, Ours] = {}
        self._find_parts(ours)

    def _find_parts(self, ours: dict[str, Ours]) -> None:
        by_id = {}
        for entry in _tree(_get(self._old, self._relations)):
            if local(entry) == "Relationship" and entry.get("TargetMode") != "External":
                by_id[entry.get("Id", "")] = (
                    entry.get("Type", "").rsplit("/", 1)[-1],
                    _resolved(self._book, entry.get("Target", "")),
                )
        self._styles = next((target.lower() for kind, target in by_id.values() if kind == "styles"), "")
        for sheet in _tree(_get(self._old, self._book)).iter():
            if local(sheet) == "sheet" and sheet.get("name", "") in ours:
                part = by_id.get(sheet.get(_OFFICE + "id", ""), ("", ""))[1].lower()
                self._sheets[part] = ours[sheet.get("name", "")]

    def run(self) -> Iterator[str]:
        kept = [name for name in self._new if name in self._old]
        if kept != [name for name in self._old if name in self._new]:
            yield "the order of the parts"
        for name, content in self._old.items():
            now = self._new.get(name)
            if now is None:
                if not re.search(r"calcChain\d*\.xml$", name, re.IGNORECASE):
                    yield f"{name} is gone"
            elif now != content:
                yield from (f"{name}: {what}" for what in self._differences(name, _tree(content), _tree(now)))

    def _differences(self, name: str, old: etree._Element, new: etree._Element) -> Iterator[str]:
        key = name.lower()
        if key == "[content_types].xml" or key == self._relations.lower():
            yield from _lacking(old, new, may_go="calcChain")
        elif key == self._book.lower():
            yield from _sections(old, new, frozenset({"sheets", "definedNames"}))
        elif key == self._styles:
            yield from _sections(old, new, _GROWING)
        elif key in self._sheets:
            yield from _sheet(old, new, self._sheets[key])
        elif local(old) == "table" and (where := self._grown.get(old.get("ref", ""))):
            yield from _table(old, new, where)
        else:
            yield "changed"


def _main_part(parts: dict[str, bytes]) -> str:
    for entry in _tree(_get(parts, "_rels/.rels")):
        if entry.get("Type", "").endswith("/officeDocument"):
            return _resolved("", entry.get("Target", ""))
    raise KeyError("officeDocument")


def _get(parts: dict[str, bytes], name: str) -> bytes:
    return next(content for each, content in parts.items() if each.lower() == name.lower())


def _resolved(part: str, target: str) -> str:
    target = unquote(target.replace("\\", "/"))
    joined = target if target.startswith("/") else posixpath.join("/", posixpath.dirname(part), target)
    return posixpath.normpath(joined).lstrip("/")


def _meaning(element: etree._Element) -> bytes:
    return bytes(etree.tostring(element, method="c14n", exclusive=True, with_tail=False))


def _children(element: etree._Element) -> list[etree._Element]:
    return [child for child in element if local(child)]


def _attributes(element: etree._Element, without: str = "") -> dict[str, str]:
    return {str(key): str(value) for key, value in element.attrib.items() if key != without}


def _lacking(old: etree._Element, new: etree._Element, may_go: str = "") -> Iterator[str]:
    """Children of `old` that `new` has not, in their order; what is added comes after them."""
    before = [_meaning(c) for c in _children(old) if not (may_go and may_go in str(c.attrib))]
    after = [_meaning(c) for c in _children(new)]
    if after[: len(before)] != before:
        yield f"{local(old)} lost or moved an entry"
    if _attributes(old, "count") != _attributes(new, "count"):
        yield f"attributes of {local(old)}"


def _sections(old: etree._Element, new: etree._Element, growing: Collection[str]) -> Iterator[str]:
    if _attributes(old) != _attributes(new):
        yield f"attributes of {local(old)}"
    fixed = [[_meaning(c) for c in _children(root) if local(c) not in growing] for root in (old, new)]
    if fixed[0] != fixed[1]:
        yield "a section that is not ours"
    there = {local(child): child for child in _children(new)}
    for section in _children(old):
        if local(section) in growing:
            if local(section) not in there:
                yield f"{local(section)} is gone"
            else:
                yield from _lacking(section, there[local(section)])


def _table(old: etree._Element, new: etree._Element, area: str) -> Iterator[str]:
    if new.get("ref") != area:
        yield "the table does not reach over what it should"
    if _attributes(old, "ref") != _attributes(new, "ref"):
        yield "attributes of the table"
    if [local(c) for c in _children(old)] != [local(c) for c in _children(new)]:
        yield "the parts of the table"
    for was, now in zip(_children(old), _children(new), strict=False):
        if local(was) == "tableColumns":
            yield from _lacking(was, now)
        elif local(was) == "autoFilter":
            same = [_meaning(c) for c in _children(was)] == [_meaning(c) for c in _children(now)]
            if not same or now.get("ref") != area:
                yield "the filter of the table"
        elif _meaning(was) != _meaning(now):
            yield f"{local(was)} of the table"


# ---------------------------------------------------------------- a touched sheet


def _sheet(old: etree._Element, new: etree._Element, ours: Ours) -> Iterator[str]:
    if _attributes(old) != _attributes(new):
        yield "attributes of the sheet"
    for what, reading in (("cells", _cells), ("rows", _rows), ("widths", _widths)):
        if reading(old, ours) != reading(new, ours):
            yield what
    kept = [[_meaning(c) for c in _children(root) if not _moves(c)] for root in (old, new)]
    if kept[0] != kept[1]:
        yield "something besides cells"
    rules = [list(_foreign_rules(root, ours)) for root in (old, new)]
    if rules[0] != rules[1]:
        yield "conditional formats"


def _moves(child: etree._Element) -> bool:
    return local(child) in {"sheetData", "cols", _RULES, *_HINTS}


def _walk(
    root: etree._Element,
) -> Iterator[tuple[int, etree._Element, list[tuple[Position, etree._Element]]]]:
    """Each row with its number and its cells, addresses made up where the file leaves them out."""
    number = 0
    for row in (row for data in root if local(data) == "sheetData" for row in data if local(row) == "row"):
        number = int(row.get("r") or number + 1)
        cells, column = [], 0
        for cell in (child for child in row if local(child) == "c"):
            letters = re.match("[A-Z]+", cell.get("r") or "")
            column = _number(letters[0]) if letters else column + 1
            cells.append(((number, column), cell))
        yield number, row, cells


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _cells(root: etree._Element, ours: Ours) -> list[tuple[Position, bytes]]:
    return [
        (position, _meaning(cell))
        for _, _, cells in _walk(root)
        for position, cell in cells
        if position not in ours.cells
    ]


def _rows(root: etree._Element, ours: Ours) -> list[tuple[int, dict[str, str]]]:
    """Rows that say something themselves or hold a foreign cell, without their hints."""
    out = []
    for number, row, cells in _walk(root):
        said = {str(k): str(v) for k, v in row.attrib.items() if k not in ("r", "spans")}
        if said or any(position not in ours.cells for position, _ in cells):
            out.append((number, said))
    return out


def _widths(root: etree._Element, ours: Ours) -> list[tuple[int, dict[str, str]]]:
    """Edges at which the look of the columns changes, ours left out; a run over 16,384 columns is no long list."""
    runs: list[tuple[int, int, dict[str, str]]] = []
    for entry in (c for cols in root if local(cols) == "cols" for c in cols if local(c) == "col"):
        look = {str(k): str(v) for k, v in entry.attrib.items() if k not in ("min", "max")}
        runs.append((int(entry.get("min", "0")), int(entry.get("max", "0")), look))
    ends = sorted(
        {edge for first, last, _ in runs for edge in (first, last + 1)}
        | {c + d for c in ours.columns for d in (0, 1)}
    )
    out: list[tuple[int, dict[str, str]]] = []
    for column in (edge for edge in ends if edge not in ours.columns):
        look = next((look for first, last, look in runs if first <= column <= last), {})
        if not out or out[-1][1] != look:
            out.append((column, look))
    return out


def _foreign_rules(root: etree._Element, ours: Ours) -> Iterator[bytes]:
    for element in (child for child in root if local(child) == _RULES):
        for rule in _children(element):
            formulas = "".join(re.sub(r"\s*&\s*", "&", child.text or "") for child in rule)
            if not any(f'"{mark} "&' in formulas for mark in ours.marks):
                yield (element.get("sqref") or "").encode() + _meaning(rule)
