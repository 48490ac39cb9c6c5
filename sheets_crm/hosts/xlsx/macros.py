"""A macro workbook: a compiled project and buttons that call it are put into a package; all else stays as it was."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple

from sheets_crm.errors import WorkbookUnsafe
from sheets_crm.hosts.xlsx.guard import repairs
from sheets_crm.hosts.xlsx.package import (
    CONTENT_TYPES,
    OFFICE,
    PACKAGE,
    Element,
    Package,
    local,
    main,
    parse,
    relations_part,
    serialise,
)
from sheets_crm.hosts.xlsx.patch import CHILDREN
from sheets_crm.hosts.xlsx.scan import children, encoded, split
from sheets_crm.hosts.xlsx.workbook import CHILDREN as WORKBOOK_CHILDREN
from sheets_crm.hosts.xlsx.workbook import Workbook, child_in_order, taken
from sheets_crm.text import Text

WORKBOOK_MODULE = "ThisWorkbook"
"""The `codeName` of the workbook, and the module of the project that stands for it.

Sheets get none: Excel makes the missing modules when it opens the file, and itself saves workbooks where some sheets
have no `codeName` (two of six in xlwings' tests/integration_write.xlsm). So no sheet of a firm's has to be touched.
"""
_PROJECT = "vbaProject"
_PROJECT_TYPE = "application/vnd.ms-office.vbaProject"
_PROJECT_RELATION = "http://schemas.microsoft.com/office/2006/relationships/vbaProject"
_MACRO_WORKBOOK = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
_MAIN_TYPES = {
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.template.main+xml",
    "application/vnd.ms-excel.template.macroEnabled.main+xml",
    _MACRO_WORKBOOK,
}
_DRAWING_TYPE = "application/vnd.openxmlformats-officedocument.vmlDrawing"
_IDS = 1024
"""A drawing's shapes have ids from a block of so many that is its own."""


class Corner(NamedTuple):
    """A point on a sheet: a cell, from 1, and how far right of and below its upper left corner, in pixels."""

    row: int
    column: int
    right: int = 0
    down: int = 0


class Button(NamedTuple):
    """A button on a sheet that calls a macro of the workbook."""

    caption: str
    macro: str
    first: Corner
    last: Corner


def project_of(data: bytes) -> bytes | None:
    """The compiled project of a workbook (`vbaProject.bin`); None if it has no macros. Raises WorkbookError."""
    package = Package(data)
    part = Workbook(package).part(_PROJECT)
    return package.read(part) if part else None


def with_macros(
    data: bytes, project: bytes, modules: Collection[str], sheet: str, buttons: Sequence[Button]
) -> bytes:
    """The workbook as .xlsm with the `project`, and on `sheet` those of the buttons that it has not yet.

    `modules` are the names of the project's modules, one of which is `WORKBOOK_MODULE`. Raises WorkbookUnsafe if the
    workbook has a project of its own or cannot be written safely.
    """
    package = Package(data)
    workbook = Workbook(package)
    workbook.refuse_unsafe()
    if workbook.part(_PROJECT):
        raise WorkbookUnsafe(_HAS_PROJECT)
    _refuse_taken(workbook, modules)
    if package.content_type(package.workbook) not in _MAIN_TYPES:
        raise WorkbookUnsafe(_ODD)
    target = workbook.sheet(sheet)
    if target is None or not target.part:
        raise KeyError(sheet)
    package.put(package.workbook, package.read(package.workbook), _MACRO_WORKBOOK)
    package.put(part := package.free_name("xl/vbaProject.bin"), project, _PROJECT_TYPE)
    package.relate(package.workbook, _PROJECT, part, of=_PROJECT_RELATION)
    properties = child_in_order(package.tree(package.workbook), "workbookPr", WORKBOOK_CHILDREN)
    properties.set("codeName", WORKBOOK_MODULE)
    inserted = _draw(package, target.part, buttons)
    new = package.write()
    _prove(Package(data), Package(new), target.part, inserted)
    return new


def _refuse_taken(workbook: Workbook, modules: Collection[str]) -> None:
    """A sheet keeps its `codeName`, so no module of ours may be called so."""
    ours = {name.casefold() for name in modules}
    for sheet in workbook.sheets:
        head = b"".join(_until_rows(workbook.package, sheet.part)) if sheet.part in workbook.package else b""
        match = re.search(rb"<(?:[\w.-]+:)?sheetPr\b[^>]*?\bcodeName=[\"']([^\"']*)", head)
        if match and match[1].decode("utf-8", "replace").casefold() in ours:
            raise taken(match[1].decode("utf-8", "replace"))


def _until_rows(package: Package, part: str) -> Sequence[bytes]:
    """The beginning of a sheet, where its properties stand; one piece is more than enough."""
    return [next(package.pieces(part), b"")]


# ---------------------------------------------------------------- buttons


def _draw(package: Package, sheet: str, buttons: Sequence[Button]) -> dict[str, bytes]:
    """Puts the buttons on a sheet as Excel 2007 and XlsxWriter write them; what was inserted where, by part.

    Every later Excel reads this form, and LibreOffice takes the macro from it.
    """
    xml = package.read(sheet)
    parts = split(xml)
    standing = next((c for c in children(parts.tail, parts.prefix) if c.name == "legacyDrawing"), None)
    if standing is None:
        drawing = package.free_name("xl/drawings/vmlDrawing1.vml")
        block = _free_block(package)
        package.put(drawing, _drawing(block, buttons), _DRAWING_TYPE)
        stored = relations_part(sheet)
        if stored not in package:
            package.put(stored, b'<Relationships xmlns="%b"/>' % PACKAGE.encode())
        relation = package.relate(sheet, "vmlDrawing", drawing)
        link = b'<%blegacyDrawing xmlns:r="%b" r:id="%b"/>' % (
            parts.prefix,
            OFFICE.encode(),
            relation.encode(),
        )
        before = len(parts.head) + len(parts.body) + _place(parts.tail, parts.prefix)
        package.put(sheet, parts.join()[:before] + link + parts.join()[before:])
        return {sheet: link}
    link = parts.tail[standing.start : standing.end]
    drawing = next(
        (r.target for r in package.relations(sheet) if r.kind == "vmlDrawing" and r.id.encode() in link), ""
    )
    old = package.read(drawing) if drawing in package else b""
    missing = [button for button in buttons if _called(button.macro) not in old]
    if not missing:
        return {}
    at = old.rfind(b"</xml>")
    numbers = [int(number) for number in re.findall(rb'id="_x0000_s(\d+)"', old)]
    if at < 0 or not numbers or b"xmlns:v=" not in old:
        raise WorkbookUnsafe(_ODD_DRAWING)
    shapes = b"" if b'id="_x0000_t201"' in old else _SHAPE_TYPE
    shapes += b"".join(_shape(button, max(numbers) + n) for n, button in enumerate(missing, 1))
    package.put(drawing, old[:at] + shapes + old[at:])
    return {drawing: shapes}


def _place(tail: bytes, prefix: bytes) -> int:
    """Where in the tail of a sheet a `legacyDrawing` belongs."""
    earlier = CHILDREN[: CHILDREN.index("legacyDrawing")]
    place = tail.index(b">") + 1
    for child in children(tail, prefix):
        if child.name in earlier:
            place = child.end
    return place


def _free_block(package: Package) -> int:
    drawings = [name for name in package.names if name.lower().endswith(".vml")]
    stated = [re.findall(rb'<o:idmap [^>]*?data="([\d,]+)"', package.read(name)) for name in drawings]
    return 1 + max((int(n) for found in stated for ns in found for n in ns.split(b",") if n), default=0)


def _drawing(block: int, buttons: Sequence[Button]) -> bytes:
    shapes = b"".join(_shape(button, block * _IDS + n) for n, button in enumerate(buttons, 1))
    return b'%b<o:idmap v:ext="edit" data="%d"/></o:shapelayout>%b%b</xml>' % (
        _OPENING,
        block,
        _SHAPE_TYPE,
        shapes,
    )


def _shape(button: Button, number: int) -> bytes:
    (row, column, right, down), (row_2, column_2, right_2, down_2) = button.first, button.last
    anchor = ", ".join(map(str, (column - 1, right, row - 1, down, column_2 - 1, right_2, row_2 - 1, down_2)))
    return _SHAPE % (number, number % _IDS, encoded(button.caption), anchor.encode(), _called(button.macro))


def _called(macro: str) -> bytes:
    return b"<x:FmlaMacro>[0]!%b</x:FmlaMacro>" % macro.encode()


_OPENING = (
    b'<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    b'xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit">'
)
_SHAPE_TYPE = (
    b'<v:shapetype id="_x0000_t201" coordsize="21600,21600" o:spt="201" path="m,l,21600r21600,l21600,xe">'
    b'<v:stroke joinstyle="miter"/><v:path shadowok="f" o:extrusionok="f" strokeok="f" fillok="f" '
    b'o:connecttype="rect"/><o:lock v:ext="edit" shapetype="t"/></v:shapetype>'
)
_SHAPE = (
    b'<v:shape id="_x0000_s%d" type="#_x0000_t201" style="position:absolute;margin-left:0;margin-top:0;'
    b'width:120pt;height:21pt;z-index:%d;mso-wrap-style:tight" o:button="t" fillcolor="buttonFace [67]" '
    b'strokecolor="windowText [64]" o:insetmode="auto"><v:fill color2="buttonFace [67]" o:detectmouseclick="t"/>'
    b'<o:lock v:ext="edit" rotation="t"/><v:textbox style="mso-direction-alt:auto" o:singleclick="f">'
    b'<div style="text-align:center"><font face="Calibri" size="220" color="#000000">%b</font></div></v:textbox>'
    b'<x:ClientData ObjectType="Button"><x:Anchor>%b</x:Anchor><x:PrintObject>False</x:PrintObject>'
    b"<x:AutoFill>False</x:AutoFill>%b<x:TextHAlign>Center</x:TextHAlign><x:TextVAlign>Center</x:TextVAlign>"
    b"</x:ClientData></v:shape>"
)
"""Excel places a button by its anchor; the style's own place and size are what it ignores."""


# ---------------------------------------------------------------- proof


def _prove(old: Package, new: Package, sheet: str, inserted: dict[str, bytes]) -> None:
    """Raises WorkbookUnsafe unless every part is as it was, but for what was to change."""
    if [name for name in new.names if name in old] != old.names:
        raise _lost(CONTENT_TYPES)
    for name in old.names:
        if old.packed(name) == new.packed(name):
            continue
        before, after = old.read(name), new.read(name)
        if name in inserted:
            sound = after.replace(inserted[name], b"", 1) == before
        elif name == old.workbook:
            sound = _without_code_name(before) == _without_code_name(after)
        elif name == CONTENT_TYPES:
            sound = _only_more(_types(before, old.workbook), _types(after, old.workbook))
        else:
            sound = name in {relations_part(p) for p in (old.workbook, sheet)} and _only_more(
                _entries(before), _entries(after)
            )
        if not sound:
            raise _lost(name)
    worse = _faults(new, old) - _faults(old, new)
    if worse:
        raise _lost(", ".join(sorted(worse)))


def _faults(one: Package, other: Package) -> Counter[str]:
    return repairs(one, [n for n in one.names if n not in other or one.packed(n) != other.packed(n)])


def _without_code_name(xml: bytes) -> bytes:
    root = parse(xml)
    properties = child_in_order(root, "workbookPr", WORKBOOK_CHILDREN)
    properties.attrib.pop("codeName", None)
    return serialise(root)


def _entries(xml: bytes) -> Counter[tuple[tuple[str, str], ...]]:
    return Counter(_attributes(entry) for entry in parse(xml) if local(entry))


def _types(xml: bytes, workbook: str) -> Counter[tuple[tuple[str, str], ...]]:
    """The content types but for the workbook's own."""
    named = f"/{workbook}".lower()
    return Counter(
        _attributes(entry)
        for entry in parse(xml)
        if local(entry) and entry.get("PartName", "").lower() != named
    )


def _attributes(entry: Element) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((str(key), str(value)) for key, value in entry.attrib.items()))


def _only_more(
    before: Counter[tuple[tuple[str, str], ...]], after: Counter[tuple[tuple[str, str], ...]]
) -> bool:
    return not before - after


def _lost(what: str) -> WorkbookUnsafe:
    return WorkbookUnsafe(_LOST.fill(what=what))


_HAS_PROJECT = Text(
    "The workbook has macros of its own, which are left alone: import our modules by hand (docs/excel.md says how), "
    "or work without them: sheets-crm run excel:",
    "В книге есть свои макросы, и мы их не трогаем: добавьте наши модули вручную (как, сказано в docs/excel.md) "
    "или работайте без них: sheets-crm run excel:",
)
_ODD = Text(
    "The workbook is not stored as an ordinary .xlsx; save it once in Excel as an Excel Workbook (.xlsx).",
    "Книга сохранена не как обычная .xlsx; сохраните её один раз в Excel как «Книга Excel (.xlsx)».",
)
_ODD_DRAWING = Text(
    "The notes on the sheet of the buttons are stored in an unusual way; delete them there, or save the workbook once "
    "in Excel.",
    "Примечания на листе для кнопок сохранены необычным способом; удалите их там или сохраните книгу один раз в Excel.",
)
_LOST = Text(
    "Adding macros would have changed something that is not ours ({what}), so no copy was made.",
    "Добавление макросов изменило бы то, что нам не принадлежит ({what}), поэтому копия не сделана.",
)
