"""Report sheets made by XlsxWriter move into a workbook that stands; a report of ours is replaced in its place."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence

from sheets_crm.errors import WorkbookUnsafe
from sheets_crm.hosts.xlsx.package import Package, parse, relations_part, serialise
from sheets_crm.hosts.xlsx.scan import split
from sheets_crm.hosts.xlsx.styles import Styles, Translation
from sheets_crm.hosts.xlsx.workbook import BUILT_IN, Sheet, Workbook
from sheets_crm.sheet import Area, Page, letters, quoted
from sheets_crm.text import Text

OURS = frozenset(
    {
        *("drawing", "chart", "chartStyle", "chartColorStyle", "chartUserShapes", "image"),
        *("vmlDrawing", "comments", "threadedComment", "printerSettings", "hyperlink", "legacyDrawing"),
    }
)
"""What may hang on a report of ours and go with it; anything else was put there by someone and is used elsewhere."""

_SOMEONES = Text(
    "Someone has put a table, a pivot table or another object on sheet “{name}”, which we replace on each run; "
    "move it to a sheet of its own.",
    "На лист «{name}», который мы каждый раз заменяем, кто-то поместил таблицу, сводную или другой объект; "
    "перенесите его на отдельный лист.",
)
_CELL = re.compile(rb'<c r="([A-Z]+\d+)"(?: s="(\d+)")?(?: t="s"><v>(\d+)</v></c>)?')
"""As XlsxWriter writes cells; a shared string with its end."""


def graft_pages(workbook: Workbook, styles: Styles, pages: Sequence[Page], rendered: bytes) -> None:
    """Puts `pages`, as they stand in the `rendered` workbook, into the package.

    A page whose key is ours already takes the place of the sheet that holds it: part, ids, tab and name stay.
    Raises WorkbookUnsafe where a name is not free.
    """
    source = Workbook(Package(rendered))
    translation = Translation(styles, source.package.read(source.part("styles")))
    texts = _string_items(source)
    for page in pages:
        made = source.sheet(page.name)
        if made is None:
            raise KeyError(page.name)
        xml = translated(source.package.read(made.part), translation, texts)
        sheet = workbook.owned(page.key) if page.owned else None
        before = b""
        if sheet is None:
            sheet = workbook.add_sheet(page.name, b"", hidden=page.hidden)
        else:
            before = workbook.package.read(sheet.part)
        _put(source.package, made.part, workbook.package, sheet, xml)
        if before != xml and any(re.search(rb"<f[\s>]", version) for version in (before, xml)):
            workbook.drop_calc_chain()
        _define_names(workbook, page, sheet, source.local_names(made.place))


def claim(rendered: bytes, pages: Sequence[Page]) -> bytes:
    """A rendered workbook whose reports are marked as ours by hidden names: the start of a new file."""
    workbook = Workbook(Package(rendered))
    for page in pages:
        sheet = workbook.sheet(page.name)
        if page.owned and sheet is not None:
            workbook.claim(page.key, sheet)
    return workbook.package.write()


def translated(xml: bytes, translation: Translation, texts: Sequence[bytes]) -> bytes:
    """A sheet part by XlsxWriter with the style numbers of the target and its strings inline."""
    head, body, tail, _ = split(xml)

    def cell(match: re.Match[bytes]) -> bytes:
        reference, style, text = match.groups()
        number = translation.cell(int(style or 0))
        opening = b'<c r="%b"%b' % (reference, b' s="%d"' % number if number else b"")
        return opening if text is None else b'%b t="inlineStr"><is>%b</is></c>' % (opening, texts[int(text)])

    def styled(match: re.Match[bytes]) -> bytes:
        return b'%b"%d"' % (match.group(1), translation.cell(int(match.group(2))))

    def ruled(match: re.Match[bytes]) -> bytes:
        return b'dxfId="%d"' % translation.rule(int(match.group(1)))

    body = _CELL.sub(cell, body)
    body = re.sub(rb'(<row [^>]*? s=)"(\d+)"', styled, body)
    head = re.sub(rb'(<col [^>]*? style=)"(\d+)"', styled, head).replace(b' tabSelected="1"', b"")
    return head + body + re.sub(rb'dxfId="(\d+)"', ruled, tail)


def _string_items(source: Workbook) -> list[bytes]:
    """What stands inside each `<si>`, ready to stand inside an `<is>`."""
    part = source.part("sharedStrings")
    if not part:
        return []
    return re.findall(rb"<si>(.*?)</si>", source.package.read(part), re.DOTALL)


# ---------------------------------------------------------------- parts


def belongings(package: Package, sheet: str) -> list[str]:
    """The parts that hang on a sheet and on nothing else: drawings, charts, notes."""
    ours = _reach(package, [sheet])
    outside = [part for part in ["", *package.names] if part not in ours]
    elsewhere = _reach(
        package, [target for part in outside for target in _targets(package, part)], without=sheet
    )
    return [part for part in ours[1:] if part not in elsewhere]


def _reach(package: Package, starts: Sequence[str], without: str = "") -> list[str]:
    found = [part for part in dict.fromkeys(starts) if part != without]
    known = {*found, without}
    for part in found:
        new = [target for target in _targets(package, part) if target not in known]
        found += dict.fromkeys(new)
        known.update(new)
    return found


def _targets(package: Package, part: str) -> list[str]:
    return [r.target for r in package.relations(part) if not r.external and r.target in package]


def _put(source: Package, made: str, package: Package, sheet: Sheet, xml: bytes) -> None:
    """Puts a sheet with all that hangs on it, under the part names that hung on it before as far as they go."""
    if any(relation.kind not in OURS for relation in package.relations(sheet.part)):
        raise WorkbookUnsafe(_SOMEONES.fill(name=sheet.name))
    spare = belongings(package, sheet.part)
    _hang(source, made, package, sheet.part, xml, spare)
    for part in spare:
        package.remove(part)


def _hang(source: Package, made: str, package: Package, part: str, content: bytes, spare: list[str]) -> None:
    package.put(part, content, source.content_type(made))
    stored, relations = relations_part(part), source.relations(made)
    if not relations:
        if stored in package:
            package.remove(stored)
        return
    root = parse(source.read(relations_part(made)))
    for entry, relation in zip(root, relations, strict=True):
        if not relation.external:
            name = _part_name(relation.target, package, spare)
            _hang(source, relation.target, package, name, source.read(relation.target), spare)
            entry.set("Target", posixpath.relpath(name, posixpath.dirname(part)))
    package.put(stored, serialise(root), source.content_type(stored))


def _part_name(like: str, package: Package, spare: list[str]) -> str:
    """A spare name of the same kind, else a free one."""
    kind = re.sub(r"\d+", "", posixpath.basename(like))
    for name in spare:
        if re.sub(r"\d+", "", posixpath.basename(name)) == kind:
            spare.remove(name)
            return name
    return package.free_name(like)


# ---------------------------------------------------------------- names


def _define_names(workbook: Workbook, page: Page, sheet: Sheet, made: Mapping[str, tuple[str, bool]]) -> None:
    if page.owned and workbook.owned(page.key) is None:
        workbook.claim(page.key, sheet)
    for name, area in page.names.items():
        workbook.set_shared_name(name, f"{quoted(sheet.name)}!{_absolute(area)}")
    for name in workbook.local_names(sheet.place):
        if name.startswith(BUILT_IN) and name not in made:
            workbook.drop_local_name(name, sheet.place)
    for name, (reference, hidden) in made.items():
        workbook.set_name(name, reference, sheet.place, hidden=hidden)


def _absolute(area: Area) -> str:
    first = f"${letters(area.first_column)}${area.first_row}"
    last = f"${letters(area.last_column)}${area.last_row}"
    return first if first == last else f"{first}:{last}"
