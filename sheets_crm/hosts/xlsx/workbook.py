"""The workbook part: its sheets, its defined names, and what forbids writing into it at all."""

from __future__ import annotations

from typing import NamedTuple

from lxml import etree

from sheets_crm.errors import WorkbookUnsafe
from sheets_crm.hosts.xlsx.package import MAIN, OFFICE, Element, Package, local, main
from sheets_crm.sheet import quoted
from sheets_crm.text import Text

OWNED = "_scrm_"
"""Our defined names begin so; `_scrm_<key>` points to the sheet that holds our report `key`."""
BUILT_IN = "_xlnm."

CHILDREN = (  # noqa: SIM905 - reads better than quoted words
    "fileVersion fileSharing workbookPr workbookProtection bookViews sheets functionGroups externalReferences "
    "definedNames calcPr oleSize customWorkbookViews pivotCaches smartTagPr smartTagTypes webPublishing "
    "fileRecoveryPr webPublishObjects extLst"
).split()
"""The order of the children of `<workbook>`, which Excel insists on (ECMA-376 part 1, 18.2.27)."""
_WORKSHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"

_SIGNED = Text(
    "The workbook is digitally signed and any change would break the signature; remove the signature first.",
    "Книга подписана цифровой подписью, и любое изменение её нарушит; сначала удалите подпись.",
)
_PROTECTED = Text(
    "The structure of the workbook is protected; switch it off in Excel (Review, Protect Workbook).",
    "Структура книги защищена; снимите защиту в Excel (Рецензирование, Защитить книгу).",
)
_SHARED = Text(
    "The workbook is shared in the old way (Share Workbook); stop sharing it in Excel first.",
    "К книге открыт общий доступ по-старому («Доступ к книге»); сначала отключите его в Excel.",
)
_STRICT = Text(
    "The workbook is saved as Strict Open XML; save it in Excel as an ordinary .xlsx workbook.",
    "Книга сохранена в формате Strict Open XML; сохраните её в Excel как обычную книгу .xlsx.",
)
_NO_STYLES = Text(
    "The workbook has no list of cell formats, so ours would change how its cells look; save it once in Excel.",
    "В книге нет списка форматов, поэтому наши изменили бы вид её ячеек; сохраните её один раз в Excel.",
)
_TAKEN = Text(
    "The workbook already has a name or a sheet “{name}” that is not ours; rename it and try again.",
    "В книге уже есть имя или лист «{name}», и он не наш; переименуйте его и повторите.",
)


class Sheet(NamedTuple):
    """A sheet of the workbook; `place` counts from 0 over all sheets, charts included."""

    name: str
    part: str
    place: int


class Workbook:
    """The sheets and defined names of a package."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.root = package.tree(package.workbook)

    @property
    def sheets(self) -> list[Sheet]:
        """All sheets in the order of their tabs; `part` is blank where the file is broken."""
        parts = {relation.id: relation.target for relation in self.package.relations(self.package.workbook)}
        return [
            Sheet(entry.get("name", ""), parts.get(entry.get(f"{{{OFFICE}}}id", ""), ""), index)
            for index, entry in enumerate(self._entries())
        ]

    def _entries(self) -> list[Element]:
        return [entry for entry in self._child("sheets") if local(entry) == "sheet"]

    def sheet(self, name: str) -> Sheet | None:
        """The sheet of that name, in any case, as Excel tells names apart."""
        return next((sheet for sheet in self.sheets if sheet.name.casefold() == name.casefold()), None)

    def owned(self, key: str) -> Sheet | None:
        """The sheet that holds our report `key`; None if there is none or someone deleted it."""
        name = next((n for n in self._names() if _same(n, OWNED + key, None)), None)
        target = sheet_of(name.text or "") if name is not None else None
        return self.sheet(target) if target else None

    @property
    def holds_ours(self) -> bool:
        """Whether any report of ours stands in the workbook."""
        return any(name.get("name", "").startswith(OWNED) for name in self._names())

    def part(self, kind: str) -> str:
        """The part that the workbook relates to as `styles`, `sharedStrings`, `calcChain`; blank if there is none."""
        relations = self.package.relations(self.package.workbook)
        return next((r.target for r in relations if r.kind == kind and r.target in self.package), "")

    def add_sheet(self, name: str, xml: bytes, *, hidden: bool) -> Sheet:
        """Appends a sheet as the last tab. Raises WorkbookUnsafe if another bears its name."""
        if self.sheet(name):
            raise taken(name)
        package = self.package
        part = package.free_name("xl/worksheets/sheet1.xml")
        package.put(part, xml, _WORKSHEET_TYPE)
        entries = self._entries()
        entry = etree.SubElement(self._child("sheets"), main("sheet"))
        entry.set("name", name)
        entry.set("sheetId", str(max((int(e.get("sheetId", "0")) for e in entries), default=0) + 1))
        if hidden:
            entry.set("state", "hidden")
        entry.set(f"{{{OFFICE}}}id", package.relate(package.workbook, "worksheet", part))
        return Sheet(name, part, len(entries))

    # ---------------------------------------------------------------- names

    def claim(self, key: str, sheet: Sheet) -> None:
        """Marks a sheet as the one that holds our report `key`, by a name that Excel does not show."""
        self.set_name(OWNED + key, f"{quoted(sheet.name)}!$A$1", hidden=True)

    def set_name(self, name: str, reference: str, index: int | None = None, *, hidden: bool = False) -> None:
        """Defines a name, for the sheet at `index` alone if given; in place if it exists."""
        entry = next((n for n in self._names() if _same(n, name, index)), None)
        if entry is None:
            entry = etree.SubElement(self._child("definedNames"), main("definedName"), name=name)
            if index is not None:
                entry.set("localSheetId", str(index))
        if hidden:
            entry.set("hidden", "1")
        entry.text = reference

    def set_shared_name(self, name: str, reference: str) -> None:
        """Defines a name for the whole workbook. Raises WorkbookUnsafe if it stands for something on another sheet."""
        entry = next((n for n in self._names() if _same(n, name, None)), None)
        before = sheet_of(entry.text or "") if entry is not None else None
        if (
            before is not None
            and self.sheet(before)
            and before.casefold() != (sheet_of(reference) or "").casefold()
        ):
            raise taken(name)
        self.set_name(name, reference)

    def local_names(self, index: int) -> dict[str, tuple[str, bool]]:
        """The names that belong to one sheet: reference, and whether hidden."""
        return {
            entry.get("name", ""): (entry.text or "", entry.get("hidden") in ("1", "true"))
            for entry in self._names()
            if entry.get("localSheetId") == str(index)
        }

    def drop_local_name(self, name: str, index: int) -> None:
        """Takes a name of one sheet away."""
        for entry in self._names():
            if _same(entry, name, index):
                self._child("definedNames").remove(entry)

    def _names(self) -> list[Element]:
        stand = self.root.find(main("definedNames"))
        return [] if stand is None else [entry for entry in stand if local(entry) == "definedName"]

    def _child(self, name: str) -> Element:
        return child_in_order(self.root, name, CHILDREN)

    # ---------------------------------------------------------------- the rest

    def drop_calc_chain(self) -> None:
        """Excel builds the list of formula cells anew; one that names a cell without a formula is repaired."""
        for relation in self.package.relations(self.package.workbook):
            if relation.kind == "calcChain":
                self.package.unrelate(self.package.workbook, relation)
                self.package.remove(relation.target)

    def refuse_unsafe(self) -> None:
        """Raises WorkbookUnsafe, with the reason, if no one should write into this workbook."""
        package = self.package
        if etree.QName(self.root).namespace != MAIN:
            raise WorkbookUnsafe(_STRICT)
        kinds = {relation.kind for relation in package.relations("")}
        if any("_xmlsignatures" in name.lower() for name in package.names) or "origin" in kinds:
            raise WorkbookUnsafe(_SIGNED)
        if self.part("revisionHeaders"):
            raise WorkbookUnsafe(_SHARED)
        protection = self.root.find(main("workbookProtection"))
        if protection is not None and protection.get("lockStructure") in ("1", "true"):
            raise WorkbookUnsafe(_PROTECTED)
        if not self.part("styles"):
            raise WorkbookUnsafe(_NO_STYLES)


def child_in_order(root: Element, name: str, order: list[str]) -> Element:
    """The child of that name, made at its place in the schema's order where there is none."""
    child = root.find(main(name))
    if child is None:
        earlier = order[: order.index(name)]
        place = max((at for at, c in enumerate(root, start=1) if local(c) in earlier), default=0)
        child = etree.Element(main(name))
        root.insert(place, child)
    return child


def sheet_of(reference: str) -> str | None:
    """The sheet that a reference points to: `Deals` of `Deals!$A$1`, `It's` of `'It''s'!$A$1`."""
    name, separator, _ = reference.strip().removeprefix("=").rpartition("!")
    if not separator:
        return None
    return name[1:-1].replace("''", "'") if name.startswith("'") else name.removeprefix("$")


def taken(name: str) -> WorkbookUnsafe:
    """The refusal to use a name that stands for something else."""
    return WorkbookUnsafe(_TAKEN.fill(name=name))


def _same(entry: Element, name: str, index: int | None) -> bool:
    where = None if index is None else str(index)
    return entry.get("name", "").casefold() == name.casefold() and entry.get("localSheetId") == where
