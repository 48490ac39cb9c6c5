"""A workbook as a zip package: parts, relationships, content types; what is not touched is copied as it was compressed."""

from __future__ import annotations

import io
import posixpath
import re
import struct
import zipfile
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import unquote

from lxml import etree

from sheets_crm.errors import WorkbookUnreadable, WorkbookUnsafe
from sheets_crm.hosts.xlsx.zipped import ODD_PACKAGE, UTF8, Packed, Zip, pressed, stored, unpacked
from sheets_crm.text import Text

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
CONTENT_TYPES = "[Content_Types].xml"

Element: TypeAlias = etree._Element  # noqa: SLF001 - lxml gives its elements no public name

_NO_PACKAGE = Text(
    "The file is not an Excel workbook, or it is damaged; open it in Excel and save it as .xlsx.",
    "Файл не является книгой Excel или повреждён; откройте его в Excel и сохраните как .xlsx.",
)


def main(name: str) -> str:
    """The qualified name of a SpreadsheetML element."""
    return f"{{{MAIN}}}{name}"


def local(element: Element) -> str:
    """An element's name without its namespace; blank for a comment."""
    tag: Any = element.tag
    return etree.QName(element).localname if isinstance(tag, str) else ""


def parse(xml: bytes) -> Element:
    """The root of a part; nothing outside the part is ever fetched. Raises WorkbookUnreadable."""
    try:
        return etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    except etree.XMLSyntaxError as problem:
        raise WorkbookUnreadable(_NO_PACKAGE) from problem


def serialise(root: Element) -> bytes:
    """A part's bytes; equal trees give equal bytes."""
    return etree.tostring(root.getroottree(), xml_declaration=True, encoding="UTF-8", standalone=True)


def relations_part(part: str) -> str:
    """Where a part's relationships stand: `xl/workbook.xml` has `xl/_rels/workbook.xml.rels`."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", name + ".rels")


class Relation(NamedTuple):
    """A relationship of a part; `target` is a part's name, or an address if `external`."""

    id: str
    kind: str
    """The last word of its type: worksheet, drawing, chart ..."""
    target: str
    external: bool


class Package:
    """The parts of one workbook, found by name in any case; changes are kept aside until `write`."""

    def __init__(self, data: bytes) -> None:
        """Raises WorkbookUnreadable if `data` is no workbook, WorkbookUnsafe if its parts cannot be copied raw."""
        self._data = data
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                infos = archive.infolist()
        except (zipfile.BadZipFile, ValueError, struct.error) as problem:
            raise WorkbookUnreadable(_NO_PACKAGE) from problem
        self._entries = {_key(info.filename): info for info in infos}
        encrypted = any(info.flag_bits & 1 for info in infos)
        if encrypted or len(self._entries) < len(infos) or any(i.compress_type not in (0, 8) for i in infos):
            raise WorkbookUnsafe(ODD_PACKAGE)
        self._names = {key: _name(info.filename) for key, info in self._entries.items()}
        self._changed: dict[str, bytes | Packed] = {}
        self._gone: set[str] = set()
        self._trees: dict[str, tuple[Element, bytes]] = {}
        if CONTENT_TYPES not in self:
            raise WorkbookUnreadable(_NO_PACKAGE)
        self.workbook = self._find_workbook()

    def _find_workbook(self) -> str:
        for relation in self.relations(""):
            if relation.kind == "officeDocument" and relation.target in self:
                return relation.target
        raise WorkbookUnreadable(_NO_PACKAGE)

    # ---------------------------------------------------------------- parts

    def __contains__(self, name: str) -> bool:
        key = _key(name)
        return key in self._changed or (key in self._entries and key not in self._gone)

    @property
    def names(self) -> list[str]:
        """The parts in the order of the file, new ones last."""
        return [name for name in self._names.values() if name in self and not name.endswith("/")]

    def read(self, name: str) -> bytes:
        """The part's bytes, uncompressed. Raises KeyError where there is none, WorkbookUnreadable if it is damaged."""
        changed = self._changed.get(_key(name))
        return changed if isinstance(changed, bytes) else b"".join(_unpacked(changed or self.packed(name)))

    def pieces(self, name: str) -> Iterator[bytes]:
        """The part's bytes, uncompressed, some hundred kilobytes at a time. Raises as `read` does."""
        changed = self._changed.get(_key(name))
        return iter((changed,)) if isinstance(changed, bytes) else _unpacked(changed or self.packed(name))

    def packed(self, name: str) -> Packed:
        """The part as the file that was read holds it. Raises KeyError where there is none."""
        key = _key(name)
        if key in self._gone:
            raise KeyError(name)
        return stored(self._data, self._entries[key])

    def put(self, name: str, content: bytes | Packed, content_type: str = "") -> None:
        """Writes a part; a new one needs its content type."""
        key = _key(name)
        self._names.setdefault(key, name)
        self._trees.pop(key, None)
        self._changed[key] = content
        self._gone.discard(key)
        if content_type and self.content_type(name) != content_type:
            stated = self._stated_types(name)
            types = self.tree(CONTENT_TYPES)
            entry = (
                stated[0] if stated else etree.SubElement(types, f"{{{TYPES}}}Override", PartName="/" + name)
            )
            entry.set("ContentType", content_type)

    def remove(self, name: str) -> None:
        """Drops a part, its content type and its own relationships."""
        for gone in (name, relations_part(name)):
            key = _key(gone)
            self._changed.pop(key, None)
            self._trees.pop(key, None)
            if key in self._entries:
                self._gone.add(key)
            else:
                self._names.pop(key, None)
        for entry in self._stated_types(name):
            self.tree(CONTENT_TYPES).remove(entry)

    def free_name(self, like: str) -> str:
        """A part name with the least number that is free: `xl/charts/chart7.xml`."""
        match = re.fullmatch(r"(.*?)\d*(\.\w+)", like)
        base, ending = match.groups() if match else (like, "")
        number = 1
        while f"{base}{number}{ending}" in self:
            number += 1
        return f"{base}{number}{ending}"

    def tree(self, name: str) -> Element:
        """The part as a tree that may be changed in place; an unchanged tree leaves the bytes as they are."""
        key = _key(name)
        if key not in self._trees:
            root = parse(self.read(name))
            self._trees[key] = (root, serialise(root))
        return self._trees[key][0]

    # -------------------------------------------- content types and relationships

    def content_type(self, name: str) -> str:
        """The part's content type, by its own entry or by its extension; blank if there is none."""
        key, ending = _key(name), name.rsplit(".", 1)[-1].lower()
        by_ending = ""
        for entry in self.tree(CONTENT_TYPES):
            if _key(entry.get("PartName", "")) == key:
                return entry.get("ContentType", "")
            if entry.get("Extension", "").lower() == ending:
                by_ending = entry.get("ContentType", "")
        return by_ending

    def _stated_types(self, name: str) -> list[Element]:
        """The content type that a part has by an entry of its own."""
        stated = (e for e in self.tree(CONTENT_TYPES) if e.get("PartName"))
        return [entry for entry in stated if _key(entry.get("PartName", "")) == _key(name)]

    def relations(self, part: str) -> list[Relation]:
        """The relationships of a part, of the package itself for a blank name."""
        stored = relations_part(part)
        return list(self._relations(part)) if stored in self else []

    def _relations(self, part: str) -> Iterator[Relation]:
        for entry in self.tree(relations_part(part)):
            if local(entry) == "Relationship":
                external = entry.get("TargetMode") == "External"
                target = entry.get("Target", "")
                if not external:
                    target = _resolved(part, target)
                    target = self._names.get(_key(target), target)
                yield Relation(
                    entry.get("Id", ""), entry.get("Type", "").rsplit("/", 1)[-1], target, external
                )

    def relate(self, part: str, kind: str, target: str, *, of: str = "") -> str:
        """Adds a relationship from one part to another; its id is returned. `of`: its type, if not Office's `kind`."""
        taken = {relation.id for relation in self.relations(part)}
        number = 1
        while f"rId{number}" in taken:
            number += 1
        etree.SubElement(
            self.tree(relations_part(part)),
            f"{{{PACKAGE}}}Relationship",
            Id=f"rId{number}",
            Type=of or f"{OFFICE}/{kind}",
            Target=posixpath.relpath(target, posixpath.dirname(part)),
        )
        return f"rId{number}"

    def unrelate(self, part: str, relation: Relation) -> None:
        """Takes a relationship away."""
        entries = self.tree(relations_part(part))
        for entry in list(entries):
            if entry.get("Id") == relation.id:
                entries.remove(entry)

    # ---------------------------------------------------------------- writing

    def write(self) -> bytes:
        """The package with its changes, once; the very bytes that were read if no part differs."""
        for key, (root, before) in self._trees.items():
            if (now := serialise(root)) != before:
                self._changed[key] = now
        changed = {key: content for key, content in self._changed.items() if not self._same(key, content)}
        if not changed and not self._gone:
            return self._data
        self._changed = {}
        out = Zip()
        for key, name in self._names.items():
            if key in changed:
                content = changed.pop(key)  # what is written need not be held twice
                out.add(name, content if isinstance(content, Packed) else pressed(content))
            elif key in self._entries and key not in self._gone:
                out.add(self._entries[key].filename, self.packed(name), self._entries[key].flag_bits & UTF8)
        return out.finish()

    def _same(self, key: str, content: bytes | Packed) -> bool:
        info = self._entries.get(key)
        if info is None or key in self._gone:
            return False
        size = len(content) if isinstance(content, bytes) else content.size
        if info.file_size != size:
            return False
        new = content if isinstance(content, bytes) else b"".join(_unpacked(content))
        return b"".join(_unpacked(self.packed(key))) == new


def _unpacked(packed: Packed) -> Iterator[bytes]:
    """What a part holds, piece by piece. Raises WorkbookUnreadable."""
    try:
        yield from unpacked(packed)
    except zipfile.BadZipFile as problem:
        raise WorkbookUnreadable(_NO_PACKAGE) from problem


def _name(stored: str) -> str:
    return stored.replace("\\", "/").lstrip("/")


def _key(name: str) -> str:
    """Names that differ in case, or in `%20` for a blank, are one part."""
    return unquote(_name(name)).lower()


def _resolved(part: str, target: str) -> str:
    target = target.replace("\\", "/")
    if target.startswith("/"):
        return posixpath.normpath(target).lstrip("/")
    return posixpath.normpath(posixpath.join(posixpath.dirname(part), target))
