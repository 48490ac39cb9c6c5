"""A macro workbook: a project and buttons that call it are put into a package; all else stays as it was."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from sheets_crm.errors import WorkbookUnsafe
from sheets_crm.hosts.xlsx.guard import repairs
from sheets_crm.hosts.xlsx.package import (
    CONTENT_TYPES,
    OFFICE,
    PACKAGE,
    Package,
    local,
    main,
    parse,
    relations_part,
    serialise,
)
from sheets_crm.hosts.xlsx.patch import CHILDREN
from sheets_crm.hosts.xlsx.scan import children, decoded, encoded, split
from sheets_crm.hosts.xlsx.workbook import CHILDREN as WORKBOOK_CHILDREN
from sheets_crm.hosts.xlsx.workbook import Workbook, child_in_order
from sheets_crm.text import Text

_PROJECT = "vbaProject"
_PROJECT_TYPE = "application/vnd.ms-office.vbaProject"
_PROJECT_RELATION = "http://schemas.microsoft.com/office/2006/relationships/vbaProject"
_RELATIONS_TYPE = "application/vnd.openxmlformats-package.relationships+xml"
_MACRO_WORKBOOK = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
_MAIN_TYPES = {
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.template.main+xml",
    "application/vnd.ms-excel.template.macroEnabled.main+xml",
    _MACRO_WORKBOOK,
}
_DRAWING_TYPE = "application/vnd.openxmlformats-officedocument.vmlDrawing"
_USUAL_NAME = "ThisWorkbook"
_CODE_NAME = re.compile(rb"""<(?:[\w.-]+:)?sheetPr\b[^>]*?\bcodeName\s*=\s*["']([^"']+)""")
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


class CodeNames(NamedTuple):
    """What macros call a workbook and its sheets: each is a module of the project.

    Only sheets that bear one are listed. Excel makes the modules that are missing when it opens the file, and itself
    saves workbooks in which some sheets have no code name (two of six in xlwings' tests/integration_write.xlsm), so
    nothing is written into the sheets of a firm.
    """

    workbook: str
    sheets: tuple[str, ...]


def project_of(data: bytes) -> bytes | None:
    """The macro project of a workbook (`vbaProject.bin`); None if it has no macros. Raises WorkbookError."""
    package = Package(data)
    part = Workbook(package).part(_PROJECT)
    return package.read(part) if part else None


def is_signed(data: bytes) -> bool:
    """Whether the macros of a workbook bear a signature, valid or not. Raises WorkbookError."""
    package = Package(data)
    part = Workbook(package).part(_PROJECT)
    return bool(part) and bool(package.relations(part))


def code_names(data: bytes) -> CodeNames:
    """The names under which macros know the workbook and its sheets. Raises WorkbookError."""
    package = Package(data)
    workbook = Workbook(package)
    properties = workbook.root.find(main("workbookPr"))
    stated = "" if properties is None else properties.get("codeName", "")
    sheets = []
    for part in (r.target for r in package.relations(package.workbook) if r.kind == "worksheet"):
        # The properties stand before all rows, so the first piece has them.
        found = _CODE_NAME.search(next(package.pieces(part), b"")) if part in package else None
        if found:
            sheets.append(decoded(found[1]))
    return CodeNames(stated or _USUAL_NAME, tuple(sheets))


def with_macros(data: bytes, project: bytes, sheet: str, buttons: Sequence[Button]) -> bytes:
    """The workbook as .xlsm with the `project`, and on `sheet` those of the buttons that it has not yet.

    The project has a module for each of the workbook's `code_names`; one that the workbook has already is replaced.
    Raises KeyError if there is no such sheet, WorkbookUnsafe if the workbook cannot be written safely.
    """
    package = Package(data)
    workbook = Workbook(package)
    workbook.refuse_unsafe()
    target = workbook.sheet(sheet)
    if target is None:
        raise KeyError(sheet)
    if package.content_type(package.workbook) not in _MAIN_TYPES:
        raise WorkbookUnsafe(_ODD)
    package.put(package.workbook, package.read(package.workbook), _MACRO_WORKBOOK)
    standing = workbook.part(_PROJECT)
    if standing and package.relations(standing):
        raise WorkbookUnsafe(_SIGNED)
    usual = "xl/vbaProject.bin"
    part = standing or (package.free_name(usual) if usual in package else usual)
    package.put(part, project, _PROJECT_TYPE)
    if not standing:
        package.relate(package.workbook, _PROJECT, part, of=_PROJECT_RELATION)
    properties = child_in_order(package.tree(package.workbook), "workbookPr", WORKBOOK_CHILDREN)
    if not properties.get("codeName"):
        properties.set("codeName", _USUAL_NAME)
    inserted = _draw(package, target.part, buttons)
    new = package.write()
    _prove(Package(data), Package(new), target.part, standing, inserted)
    return new


# ---------------------------------------------------------------- buttons


def _draw(package: Package, sheet: str, buttons: Sequence[Button]) -> dict[str, bytes]:
    """Puts the buttons on a sheet as Excel 2007 and XlsxWriter write them; what was inserted where, by part.

    Every later Excel reads this form, and LibreOffice takes the macro from it.
    """
    if not buttons:
        return {}
    parts = split(package.read(sheet))
    standing = next((c for c in children(parts.tail, parts.prefix) if c.name == "legacyDrawing"), None)
    if standing is None:
        drawing = package.free_name("xl/drawings/vmlDrawing1.vml")
        block = _free_block(package)
        package.put(drawing, _drawing(block, buttons), _DRAWING_TYPE)
        stored = relations_part(sheet)
        if stored not in package:
            package.put(stored, b'<Relationships xmlns="%b"/>' % PACKAGE.encode(), _RELATIONS_TYPE)
        relation = package.relate(sheet, "vmlDrawing", drawing)
        link = b'<%blegacyDrawing xmlns:r="%b" r:id="%b"/>' % (
            parts.prefix,
            OFFICE.encode(),
            relation.encode(),
        )
        before = len(parts.head) + len(parts.body) + _place(parts.tail, parts.prefix)
        package.put(sheet, parts.join()[:before] + link + parts.join()[before:])
        return {sheet: link}
    related = re.search(rb"""\bid\s*=\s*["']([^"']+)""", parts.tail[standing.start : standing.end])
    stated = related[1].decode() if related else ""
    drawing = next((r.target for r in package.relations(sheet) if r.id == stated), "")
    old = package.read(drawing) if drawing in package else b""
    missing = [button for button in buttons if _called(button.macro) not in old]
    if not missing:
        return {}
    at = old.rfind(b"</xml>")
    if at < 0:
        raise WorkbookUnsafe(_ODD_DRAWING)
    last = max((int(number) for number in _SHAPE_ID.findall(old)), default=_IDS)
    shapes = b"" if b'id="_x0000_t201"' in old else _SHAPE_TYPE
    shapes += b"".join(_shape(button, last + n) for n, button in enumerate(missing, 1))
    # What stands there may have spelled the namespaces otherwise.
    shapes = re.sub(rb"<v:shape(?:type)? ", lambda tag: tag[0] + _SPACES + b" ", shapes)
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
    layout = b'<o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="%d"/></o:shapelayout>' % block
    return b"<xml %b>%b%b%b</xml>" % (_SPACES, layout, _SHAPE_TYPE, shapes)


def _shape(button: Button, number: int) -> bytes:
    (row, column, right, down), (row_2, column_2, right_2, down_2) = button.first, button.last
    anchor = ", ".join(map(str, (column - 1, right, row - 1, down, column_2 - 1, right_2, row_2 - 1, down_2)))
    return _SHAPE % (number, number % _IDS, encoded(button.caption), anchor.encode(), _called(button.macro))


def _called(macro: str) -> bytes:
    return b"<x:FmlaMacro>[0]!%b</x:FmlaMacro>" % macro.encode()


_SPACES = (
    b'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    b'xmlns:x="urn:schemas-microsoft-com:office:excel"'
)
_SHAPE_ID = re.compile(rb'id="_x0000_s(\d+)"')
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


def _prove(old: Package, new: Package, sheet: str, project: str, inserted: dict[str, bytes]) -> None:
    """Raises WorkbookUnsafe unless every part is as it was, but for what was to change."""
    if [name for name in new.names if name in old] != old.names:
        raise _lost(CONTENT_TYPES)
    for name in old.names:
        if name == project or old.packed(name) == new.packed(name):
            continue
        before, after = old.read(name), new.read(name)
        if name in inserted:
            sound = after.replace(inserted[name], b"", 1) == before
        elif name == old.workbook:
            sound = _named(before) == _named(after)
        elif name == CONTENT_TYPES:
            sound = not _types(before, old.workbook) - _types(after, old.workbook)
        elif name in (relations_part(old.workbook), relations_part(sheet)):
            sound = not _entries(before) - _entries(after)
        else:
            sound = False
        if not sound:
            raise _lost(name)
    worse = _faults(new, old) - _faults(old, new)
    if worse:
        raise _lost(", ".join(sorted(worse)))


def _faults(one: Package, other: Package) -> Counter[str]:
    return repairs(one, [n for n in one.names if n not in other or one.packed(n) != other.packed(n)])


def _named(xml: bytes) -> bytes:
    """The workbook's part with a code name, the usual one if it had none."""
    root = parse(xml)
    properties = child_in_order(root, "workbookPr", WORKBOOK_CHILDREN)
    properties.set("codeName", properties.get("codeName") or _USUAL_NAME)
    return serialise(root)


def _entries(xml: bytes) -> Counter[frozenset[tuple[object, object]]]:
    return Counter(frozenset(entry.attrib.items()) for entry in parse(xml) if local(entry))


def _types(xml: bytes, workbook: str) -> Counter[frozenset[tuple[object, object]]]:
    """The content types but for the workbook's own."""
    own = f"/{workbook}".lower()
    return Counter(
        {
            entry: times
            for entry, times in _entries(xml).items()
            if not any(key == "PartName" and str(value).lower() == own for key, value in entry)
        }
    )


def _lost(what: str) -> WorkbookUnsafe:
    return WorkbookUnsafe(_LOST.fill(what=what))


_ODD = Text(
    "The workbook is not stored as an ordinary .xlsx; save it once in Excel as an Excel Workbook (.xlsx).",
    "Книга сохранена не как обычная .xlsx; сохраните её один раз в Excel как «Книга Excel (.xlsx)».",
)
_SIGNED = Text(
    "The macros in the workbook are signed, and new ones would break the signature; remove it in Excel first (Alt+F11, "
    "Tools, Digital Signature).",
    "Макросы в книге подписаны, и новые нарушили бы подпись; сначала удалите её в Excel (Alt+F11, Tools, Digital "
    "Signature).",
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
