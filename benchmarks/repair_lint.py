"""What makes Excel offer to repair a workbook, found with zipfile and lxml alone: nothing of sheets_crm is trusted here."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from urllib.parse import unquote

from lxml import etree

_WORKSHEET = (  # noqa: SIM905 - reads better than quoted words
    "sheetPr dimension sheetViews sheetFormatPr cols sheetData sheetCalcPr sheetProtection protectedRanges scenarios "
    "autoFilter sortState dataConsolidate customSheetViews mergeCells phoneticPr conditionalFormatting "
    "dataValidations hyperlinks printOptions pageMargins pageSetup headerFooter rowBreaks colBreaks "
    "customProperties cellWatches ignoredErrors smartTags drawing legacyDrawing legacyDrawingHF drawingHF picture "
    "oleObjects controls webPublishItems tableParts extLst"
).split()
_WORKBOOK = (  # noqa: SIM905
    "fileVersion fileSharing workbookPr workbookProtection bookViews sheets functionGroups externalReferences "
    "definedNames calcPr oleSize customWorkbookViews pivotCaches smartTagPr smartTagTypes webPublishing "
    "fileRecoveryPr webPublishObjects extLst"
).split()
_STYLES = (  # noqa: SIM905
    "numFmts fonts fills borders cellStyleXfs cellXfs cellStyles dxfs tableStyles colors extLst"
).split()
_COUNTED = frozenset({"cellXfs", "dxfs", "fonts", "fills", "borders", "numFmts"})
_MOST_FORMATS = 64_000
_RELATION_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def local(element: etree._Element) -> str:
    """An element's name without its namespace; blank for a comment."""
    tag: object = element.tag
    return etree.QName(tag).localname if isinstance(tag, str) else ""


def faults(data: bytes) -> Counter[str]:
    """Each fault of a workbook and how often it has it; compare what came in with what goes out.

    Real workbooks have some of these and open well. Raises zipfile.BadZipFile if `data` is no package.
    """
    return Counter(_Lint(data).run())


class _Lint:
    def __init__(self, data: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            self._names = [info.filename for info in archive.infolist() if not info.is_dir()]
            self._parts = {unquote(name).lower(): archive.read(name) for name in self._names}
        self._trees: dict[str, etree._Element | None] = {}
        self._types: dict[str, str] = {}
        self._ids: dict[str, set[str]] = {}
        self._size = {"cellXfs": 0, "dxfs": 0, "si": 0}

    def run(self) -> Iterator[str]:
        yield from self._package()
        for name in sorted(self._parts):
            if name.endswith((".xml", ".rels", ".vml")) and self._tree(name) is None and name.endswith("l"):
                yield f"{_kind(name)} is no XML"
        for ending, lint in (
            ("styles+xml", self._styles),
            ("sharedStrings+xml", self._strings),
            ("main+xml", self._workbook),
            ("worksheet+xml", self._worksheet),
        ):
            for name, kind in self._types.items():
                tree = self._tree(name) if kind.endswith(ending) else None
                if tree is not None:
                    yield from lint(name, tree)
        yield from self._tables()
        yield from self._table_headers()
        yield from self._calc_chain()

    def _tree(self, name: str) -> etree._Element | None:
        if name not in self._trees:
            parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
            try:
                self._trees[name] = etree.fromstring(self._parts.get(name, b""), parser)
            except etree.XMLSyntaxError:
                self._trees[name] = None
        return self._trees[name]

    # ------------------------------------------------------------ the package

    def _package(self) -> Iterator[str]:
        for _ in range(len(self._names) - len(self._parts)):
            yield "two parts of one name"
        types = self._tree("[content_types].xml")
        by_ending: set[str] = set()
        stated: Counter[str] = Counter()
        for entry in types if types is not None else ():
            if local(entry) == "Default":
                by_ending.add(entry.get("Extension", "").lower())
            elif local(entry) == "Override":
                part = unquote(entry.get("PartName", "")).lstrip("/").lower()
                stated[part] += 1
                self._types[part] = entry.get("ContentType", "")
        for part, times in stated.items():
            if times > 1:
                yield "two content types for one part"
            if part not in self._parts:
                yield "content type for a missing part"
        for name in self._parts:
            typed = name in stated or name.rsplit(".", 1)[-1] in by_ending
            if name != "[content_types].xml" and not typed:
                yield "part without a content type"
        for name in self._parts:
            if name.endswith(".rels"):
                yield from self._relations(name)

    def _relations(self, name: str) -> Iterator[str]:
        folder = posixpath.dirname(posixpath.dirname(name))
        source = posixpath.join(folder, posixpath.basename(name).removesuffix(".rels"))
        ids = self._ids.setdefault(source, set())
        tree = self._tree(name)
        for entry in tree if tree is not None else ():
            if local(entry) != "Relationship":
                continue
            if entry.get("Id") in ids:
                yield "two relationships of one id"
            ids.add(entry.get("Id", ""))
            target = entry.get("Target", "")
            if entry.get("TargetMode") == "External" or target in ("", "NULL") or target.startswith("#"):
                continue
            if _target(source, target) not in self._parts:
                yield f"relationship to a missing {entry.get('Type', '').rsplit('/', 1)[-1]}"

    # -------------------------------------------------------------- the parts

    def _styles(self, _: str, root: etree._Element) -> Iterator[str]:
        yield from _disorder(root, _STYLES)
        size = {local(section): sum(1 for entry in section if local(entry)) for section in root}
        for section in root:
            name, count = local(section), section.get("count")
            if name in _COUNTED and count and int(count) != size[name]:
                yield f"wrong count of {name}"
        for name in ("cellXfs", "dxfs"):
            self._size[name] = size.get(name, 0)
        if size.get("cellXfs", 0) > _MOST_FORMATS:
            yield "too many cell formats"
        formats = (
            entry for section in root if local(section) == "cellXfs" for entry in section if local(entry)
        )
        for entry in formats:
            for key, name in (("fontId", "fonts"), ("fillId", "fills"), ("borderId", "borders")):
                if int(entry.get(key, "0")) >= size.get(name, 0):
                    yield f"{key} out of range"

    def _strings(self, _: str, root: etree._Element) -> Iterator[str]:
        self._size["si"] = sum(1 for entry in root if local(entry) == "si")
        return iter(())

    def _workbook(self, _: str, root: etree._Element) -> Iterator[str]:
        yield from _disorder(root, _WORKBOOK)
        sheets = [entry for entry in root.iter() if local(entry) == "sheet"]
        for key, what in (("name", "name"), ("sheetId", "id")):
            if len({sheet.get(key, "").casefold() for sheet in sheets}) < len(sheets):
                yield f"two sheets of one {what}"
        for sheet in sheets:
            name = sheet.get("name", "")
            if not 0 < len(name) <= 31 or re.search(r"[\\/*?:\[\]]", name):
                yield "a sheet's name that may not be"
        names: Counter[tuple[str, str | None]] = Counter()
        for entry in root.iter():
            if local(entry) == "definedName":
                names[entry.get("name", "").casefold(), entry.get("localSheetId")] += 1
                if int(entry.get("localSheetId") or 0) >= len(sheets):
                    yield "a defined name of no sheet"
        if any(times > 1 for times in names.values()):
            yield "two equal defined names"

    def _worksheet(self, part: str, root: etree._Element) -> Iterator[str]:
        yield from _disorder(root, _WORKSHEET)
        seen = Counter(local(child) for child in root)
        for name, times in seen.items():
            if times > 1 and name not in ("", "conditionalFormatting"):
                yield f"two {name} in a sheet"
        ids, last_row = self._ids.get(part, set()), 0
        for element in root.iter():
            name = local(element)
            if (related := element.get(_RELATION_ID) if name else None) and related not in ids:
                yield f"{name} without its relationship"
            if name == "row":
                number = int(element.get("r") or last_row + 1)
                if number <= last_row:
                    yield "rows out of order"
                last_row = number
                yield from self._row(element)
            elif name == "cfRule" and int(element.get("dxfId") or -1) >= self._size["dxfs"]:
                yield "differential format out of range"

    def _row(self, row: etree._Element) -> Iterator[str]:
        last = 0
        for cell in row:
            if local(cell) != "c":
                continue
            reference = re.match("[A-Z]+", cell.get("r") or "")
            column = _column(reference[0]) if reference else last + 1
            if column <= last:
                yield "cells out of order"
            last = column
            if int(cell.get("s") or 0) >= max(1, self._size["cellXfs"]):
                yield "cell format out of range"
            value = next((child.text or "" for child in cell if local(child) == "v"), "")
            if cell.get("t") == "s" and value and int(value) >= self._size["si"]:
                yield "shared string out of range"

    def _headers(self, sheet: str, area: str) -> dict[int, str]:
        """The text of each cell in the first row of an area, for text cells."""
        first = re.match(r"[A-Z]+(\d+)", area)
        tree = self._tree(sheet)
        found = {}
        for cell in tree.iter() if tree is not None and first else ():
            place = re.match(r"([A-Z]+)(\d+)$", cell.get("r") or "") if local(cell) == "c" else None
            if place and first and place[2] == first[1]:
                found[_column(place[1])] = self._text(cell)
        return found

    def _text(self, cell: etree._Element) -> str:
        value = next((child.text or "" for child in cell if local(child) == "v"), "")
        if cell.get("t") == "s" and value:
            strings = next((n for n, kind in self._types.items() if kind.endswith("sharedStrings+xml")), "")
            root = self._tree(strings)
            items = [each for each in root if local(each) == "si"] if root is not None else []
            return _words(items[int(value)]) if int(value) < len(items) else ""
        return _words(cell) if cell.get("t") == "inlineStr" else value

    def _table_headers(self) -> Iterator[str]:
        """Tables whose columns are not called as the cells above them."""
        for sheet, kind in self._types.items():
            relations = self._tree(_rels_of(sheet)) if kind.endswith("worksheet+xml") else None
            for entry in relations if relations is not None else ():
                root = self._tree(_target(sheet, entry.get("Target", ""))) if local(entry) else None
                if root is None or local(root) != "table" or root.get("headerRowCount") == "0":
                    continue
                area = root.get("ref", "")
                headers = self._headers(sheet, area)
                names = [c.get("name", "") for s in root if local(s) == "tableColumns" for c in s if local(c)]
                first = re.match("[A-Z]+", area)
                for at, name in enumerate(names, start=_column(first[0]) if first else 1):
                    if headers.get(at, "").replace("\n", "_x000a_").casefold() != name.casefold():
                        yield "a table column not called as its header"

    def _tables(self) -> Iterator[str]:
        roots = [self._tree(name) for name, kind in self._types.items() if kind.endswith(".table+xml")]
        for key in ("id", "displayName"):
            stated = Counter((root.get(key) or "").casefold() for root in roots if root is not None)
            if any(times > 1 for times in stated.values()):
                yield f"two tables of one {key}"
        for root in roots:
            for columns in (
                (child for child in root if local(child) == "tableColumns") if root is not None else ()
            ):
                names = [c.get("name", "").casefold() for c in columns if local(c)]
                if len(set(names)) < len(names):
                    yield "two columns of one name in a table"
                if int(columns.get("count") or len(names)) != len(names):
                    yield "wrong count of table columns"

    def _calc_chain(self) -> Iterator[str]:
        """Entries that name a cell without a formula."""
        chain = next((name for name, kind in self._types.items() if kind.endswith("calcChain+xml")), None)
        tree = self._tree(chain) if chain else None
        if tree is None:
            return
        formulas = self._formulas_by_sheet_id()
        current = ""
        for entry in tree:
            current = entry.get("i", current)  # without one it is the sheet of the entry before
            if current in formulas and entry.get("r") not in formulas[current]:
                yield "calculation chain names a cell without a formula"

    def _formulas_by_sheet_id(self) -> dict[str, set[str]]:
        book = next((n for n, kind in self._types.items() if kind.endswith("main+xml")), "")
        root, rels = self._tree(book), self._tree(_rels_of(book))
        if root is None or rels is None:
            return {}
        targets = {
            entry.get("Id", ""): _target(book, entry.get("Target", "")) for entry in rels if local(entry)
        }
        found: dict[str, set[str]] = {}
        for sheet in (entry for entry in root.iter() if local(entry) == "sheet"):
            tree = self._tree(targets.get(sheet.get(_RELATION_ID, ""), ""))
            if tree is not None:
                found[sheet.get("sheetId", "")] = {
                    cell.get("r", "")
                    for cell in tree.iter()
                    if local(cell) == "c" and any(local(child) == "f" for child in cell)
                }
        return found


def _rels_of(part: str) -> str:
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _target(part: str, target: str) -> str:
    target = unquote(target.replace("\\", "/"))
    joined = target if target.startswith("/") else posixpath.join("/", posixpath.dirname(part), target)
    return posixpath.normpath(joined).lstrip("/").lower()


def _disorder(root: etree._Element, order: list[str]) -> Iterator[str]:
    places = [order.index(name) for child in root if (name := local(child)) in order]
    for before, after in pairwise(places):
        if before > after:
            yield f"{order[after]} after {order[before]} in {local(root)}"


def _words(element: etree._Element) -> str:
    return "".join(each.text or "" for each in element.iter() if local(each) == "t")


def _column(name: str) -> int:
    number = 0
    for letter in name:
        number = number * 26 + ord(letter) - 64
    return number


def _kind(name: str) -> str:
    return re.sub(r"\d+", "#", name)


def new_faults(before: bytes, after: bytes) -> list[str]:
    """The faults that a workbook has got, in words."""
    return sorted(_spelled(faults(after) - faults(before)))


def _spelled(found: Counter[str]) -> Iterable[str]:
    return (f"{fault} (x{times})" if times > 1 else fault for fault, times in found.items())
