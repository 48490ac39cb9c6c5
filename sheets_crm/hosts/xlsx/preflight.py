"""A file's bytes go in; what its package holds comes out, or one sentence why no parser should be given it.

Nothing here trusts the file: sizes, names, relationships and encodings are checked before lxml or calamine
sees a byte, and every part is handed on as UTF-8 without a DOCTYPE.
"""

from __future__ import annotations

import codecs
import io
import posixpath
import re
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal, NamedTuple
from urllib.parse import unquote

from lxml import etree

from sheets_crm.errors import WorkbookUnreadable
from sheets_crm.hosts.xlsx.package import MAIN, OFFICE, relations_part
from sheets_crm.hosts.xlsx.pieces import holds
from sheets_crm.hosts.xlsx.zipped import stored, unpacked
from sheets_crm.text import Text, same

MAX_PARTS = 2_000
MAX_PART_BYTES = 400 << 20
MAX_TOTAL_BYTES = 768 << 20
MAX_RATIO = 200
RATIO_FROM_BYTES = 4 << 20
"""Small parts may compress as well as they like: a page of blank rows passes 200 : 1 honestly."""
MAX_TREE_BYTES = 32 << 20
"""A part that becomes a tree takes ten times its size; Excel's own limits keep styles and names far below."""
MAX_SHEETS = 500
_ZIP_ERRORS = (
    *(zipfile.BadZipFile, struct.error),
    *(EOFError, OSError, ValueError, NotImplementedError, RuntimeError),
)
"""What zipfile and our own unpacking raise for a package with wrong bytes in it."""
_PROLOG_BYTES = 64 << 10
_FEED_BYTES = 1 << 20
_DEEP = re.compile(rb"><[^/!?](?:[^<>]*+(?<!/)><){254}")
"""More than 250 elements opened in a row; libxml2 counts depth only where it builds a tree."""

STRICT = "http://purl.oclc.org/ooxml/"

Kind = Literal["worksheet", "chartsheet", "other"]


class SheetPart(NamedTuple):
    """A sheet and the part that holds it."""

    name: str
    path: str
    hidden: bool
    kind: Kind


class Relation(NamedTuple):
    """One relationship of a part: the last word of its type, and the part it points to (None = outside)."""

    kind: str
    target: str | None


@dataclass(frozen=True, slots=True)
class Parts:
    """What a sound package holds. Paths are spelled as in the zip."""

    workbook: str
    sheets: tuple[SheetPart, ...]
    """In the workbook's order."""
    shared_strings: str | None
    styles: str | None
    names: tuple[tuple[str, str], ...]
    """Defined names of the whole workbook with their texts."""
    date1904: bool
    read_only_recommended: bool
    """Whether Excel asks to open it without saving."""
    archive: Archive


def check(data: bytes, name: str) -> Parts:
    """What the workbook `name` holds. Raises WorkbookUnreadable with the mend."""
    _refuse_other_formats(data, name)
    archive = Archive(data, name)
    archive.refuse_doctypes()
    workbook = _workbook_path(archive, name)
    root = archive.tree(workbook)
    if etree.QName(root).namespace != MAIN or etree.QName(root).localname != "workbook":
        raise refused(name, _STRICT if STRICT in str(root.tag) else _NOT_A_WORKBOOK)
    relations = archive.relations(workbook)
    sheets = tuple(_sheets(root, relations, archive))
    _refuse_bad_names(sheets, name)
    properties = root.find(f"{{{MAIN}}}workbookPr")
    styles = _only(relations, "styles", archive)
    for part in filter(None, ("[Content_Types].xml", styles)):
        archive.refuse_large(part)
    return Parts(
        workbook,
        sheets,
        _only(relations, "sharedStrings", archive),
        styles,
        tuple(
            (element.get("name", ""), (element.text or "").strip())
            for element in root.iterfind(f"{{{MAIN}}}definedNames/{{{MAIN}}}definedName")
            if element.get("localSheetId") is None
        ),
        properties is not None and properties.get("date1904", "0") in ("1", "true"),
        any(e.get("readOnlyRecommended") in ("1", "true") for e in root.iterfind(f"{{{MAIN}}}fileSharing")),
        archive,
    )


# ------------------------------------------------------------------ the sentences


def refused(name: str, why: Text, **values: object) -> WorkbookUnreadable:
    """The error for the file `name`; `why` goes on after the name and ends with the mend."""
    return WorkbookUnreadable(Text("{file} {why}", "{file} {why}").fill(file=name, why=why.fill(**values)))


def damaged(name: str, what: Text) -> WorkbookUnreadable:
    """The error for a file that some program has spoilt; `what` says what was found."""
    return refused(name, _DAMAGED, what=what)


_DAMAGED = Text(
    "is damaged ({what}): open it in Excel, accept the repair and save it, or take a backup copy.",
    "— файл повреждён ({what}): откройте его в Excel, согласитесь на восстановление и сохраните "
    "или возьмите резервную копию.",
)
_UNSAFE = Text(
    "is built in a way that could harm the program reading it ({what}): open it in Excel only if you trust "
    "its sender, and save it as a new .xlsx.",
    "— файл устроен опасно для программы, которая его читает ({what}): если доверяете отправителю, откройте "
    "его в Excel и сохраните как новый .xlsx.",
)
_EMPTY = Text(
    "is empty (0 bytes): wait until it has synchronised, or take a backup copy.",
    "— пустой файл (0 байт): дождитесь синхронизации или возьмите резервную копию.",
)
_ZEROS = Text(
    "holds nothing but zeros, as after a power cut: take a backup copy.",
    "состоит из одних нулей, как после сбоя питания: возьмите резервную копию.",
)
_LOCK = Text(
    "is only the mark that Excel leaves beside an open workbook: name the workbook itself, without ~$.",
    "— лишь пометка Excel об открытой книге: укажите саму книгу, без ~$ в имени.",
)
_PASSWORD = Text(
    "is protected by a password: open it in Excel, remove it (File > Info > Protect Workbook > Encrypt with "
    "Password) and save.",
    "защищён паролем: откройте его в Excel, снимите пароль (Файл > Сведения > Защита книги > Зашифровать "
    "с использованием пароля) и сохраните.",
)
_XLS = Text(
    "is an old Excel 97-2003 workbook (.xls): open it in Excel and save it as .xlsx.",
    "— старая книга Excel 97-2003 (.xls): откройте её в Excel и сохраните как .xlsx.",
)
_XLSB = Text(
    "is a binary workbook (.xlsb): open it in Excel and save it as .xlsx or .xlsm.",
    "— двоичная книга (.xlsb): откройте её в Excel и сохраните как .xlsx или .xlsm.",
)
_ODS = Text(
    "is an OpenDocument spreadsheet (.ods): open it in LibreOffice or Excel and save it as .xlsx.",
    "— таблица OpenDocument (.ods): откройте её в LibreOffice или Excel и сохраните как .xlsx.",
)
_STRICT = Text(
    "is saved as Strict Open XML: in Excel choose Save As > Excel Workbook (.xlsx).",
    "сохранён в строгом формате Open XML (Strict): в Excel выберите «Сохранить как» > «Книга Excel (.xlsx)».",
)
_WEB_PAGE = Text(
    "is a web page with an Excel name: open it in Excel and save it as .xlsx.",
    "— веб-страница под именем Excel: откройте её в Excel и сохраните как .xlsx.",
)
_XML_2003 = Text(
    "is an XML table with an Excel name: open it in Excel and save it as .xlsx.",
    "— таблица XML под именем Excel: откройте её в Excel и сохраните как .xlsx.",
)
_PDF = Text(
    "is a PDF: ask for the workbook that it was printed from.",
    "— документ PDF: попросите книгу, из которой он напечатан.",
)
_CSV = Text(
    "is plain text (CSV) with an Excel name: rename it to .csv and use `sheets-crm import`.",
    "— обычный текст (CSV) под именем Excel: переименуйте его в .csv и выполните `sheets-crm import`.",
)
_NOT_A_WORKBOOK = Text(
    "is not an Excel workbook: name a file saved by Excel as .xlsx or .xlsm.",
    "— не книга Excel: укажите файл, сохранённый в Excel как .xlsx или .xlsm.",
)
_CUT_OFF = Text("the file is cut off", "файл обрывается")


# -------------------------------------------------------------- what it is not


def _refuse_other_formats(data: bytes, name: str) -> None:
    if posixpath.basename(name.replace("\\", "/")).startswith("~$"):
        raise refused(name, _LOCK)
    if not data:
        raise refused(name, _EMPTY)
    if data.startswith(b"PK\x03\x04"):
        return
    raise refused(name, _other_format(data))


def _other_format(data: bytes) -> Text:
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _PASSWORD if "EncryptedPackage".encode("utf-16-le") in data else _XLS
    if data.startswith((b"\x09\x08", b"\x09\x04", b"\x09\x02", b"\x09\x00")):
        return _XLS
    if data.startswith(b"%PDF"):
        return _PDF
    if not data.strip(b"\0"):
        return _ZEROS
    head = data[:4096].lstrip(codecs.BOM_UTF8 + b" \t\r\n").lower()
    if head.startswith((b"<!doctype html", b"<html", b"<table", b"<head", b"<meta")):
        return _WEB_PAGE
    if head.startswith(b"<?xml"):
        return _XML_2003
    return _CSV if _is_text(data[:4096]) else _NOT_A_WORKBOOK


def _is_text(head: bytes) -> bool:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return True
    controls = sum(byte < 32 and byte not in b"\t\r\n" for byte in head)
    return controls == 0 and re.search(rb"[,;\t]", head) is not None


# ------------------------------------------------------------------- the package


class Archive:
    """The parts of one package, found by name without regard to case, as OPC has it."""

    def __init__(self, data: bytes, name: str) -> None:
        self.name = name
        self._data = data
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except _ZIP_ERRORS as error:
            raise damaged(name, _CUT_OFF) from error
        infos = [info for info in self._zip.infolist() if not info.is_dir()]
        self._parts = {info.filename.lower(): info for info in infos}
        self._refuse_bomb(infos)
        for info in infos:
            self._refuse_unsafe(info)
        if len(self._parts) != len(infos):
            raise damaged(name, Text("two parts share one name", "две части носят одно имя"))
        self._refuse_other_packages()

    def _refuse_bomb(self, infos: list[zipfile.ZipInfo]) -> None:
        if len(infos) > MAX_PARTS:
            raise self.unsafe(Text("{n} parts", "{n} частей").fill(n=len(infos)))
        large = [i for i in infos if i.file_size > MAX_PART_BYTES]
        packed = [
            i
            for i in infos
            if i.file_size > RATIO_FROM_BYTES and i.file_size > MAX_RATIO * max(1, i.compress_size)
        ]
        if large or packed:
            raise self._swollen((large or packed)[0])
        if (total := sum(i.file_size for i in infos)) > MAX_TOTAL_BYTES:
            raise self.unsafe(Text("it unpacks to {n} MB", "распаковывается в {n} МБ").fill(n=total >> 20))

    def _swollen(self, part: zipfile.ZipInfo) -> WorkbookUnreadable:
        what = Text("{part} unpacks to {size} MB", "{part} распаковывается в {size} МБ")
        return self.unsafe(what.fill(part=part.filename, size=part.file_size >> 20))

    def _refuse_unsafe(self, info: zipfile.ZipInfo) -> None:
        part = info.orig_filename
        if part.startswith("/") or re.search(r"[\\:\0]", part) or ".." in part.split("/"):
            raise self.unsafe(Text("the part name {part}", "имя части {part}").fill(part=repr(part)))
        if info.flag_bits & 1:
            raise refused(self.name, _PASSWORD)
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise damaged(
                self.name,
                Text(
                    "{part} is packed in a way that Excel does not know",
                    "{part} сжат неизвестным Excel способом",
                ).fill(part=part),
            )

    def _refuse_other_packages(self) -> None:
        if "mimetype" in self._parts:
            raise refused(self.name, _ODS)
        for part in ("[content_types].xml", "_rels/.rels"):
            if part not in self._parts:
                raise self.missing(part)

    def unsafe(self, what: Text) -> WorkbookUnreadable:
        """The error for a package made to do harm, or that might as well be."""
        return refused(self.name, _UNSAFE, what=what)

    def missing(self, part: str) -> WorkbookUnreadable:
        """The error for a part that is referred to and not there."""
        return damaged(self.name, Text("its part {part} is missing", "нет части {part}").fill(part=part))

    def spoilt(self, part: str) -> WorkbookUnreadable:
        """The error for a part that cannot be unpacked or is not XML."""
        return damaged(
            self.name, Text("its part {part} cannot be read", "часть {part} не читается").fill(part=part)
        )

    def find(self, path: str) -> str | None:
        """The part's name as it is spelled in the zip; None if there is no such part."""
        info = self._parts.get(path.lower())
        return None if info is None else info.filename

    def refuse_doctypes(self) -> None:
        """A DOCTYPE stands before the root element: the beginning of every XML part is enough."""
        for low, info in self._parts.items():
            if low.endswith((".xml", ".rels")):
                head = b""
                for piece in self._unpacked(info):
                    head += piece
                    if len(head) >= _PROLOG_BYTES:
                        break
                # A cut in the middle of a character is no fault of the file's.
                self._refuse_doctype(head.replace(b"\0", b""), info.filename)

    def xml(self, path: str) -> bytes:
        """The whole part as UTF-8 without a DOCTYPE; not yet known to be well-formed."""
        info = self._parts.get(path.lower())
        if info is None:
            raise self.missing(path)
        try:
            xml = utf8(b"".join(self._unpacked(info)))
        except (UnicodeError, LookupError) as error:
            raise self.spoilt(info.filename) from error
        self._refuse_doctype(xml, info.filename)
        return xml

    def pieces(self, path: str) -> Iterator[bytes]:
        """The part as `xml` gives it, without comments and instructions, and with the text of CDATA as plain text.

        It comes some hundred kilobytes at a time where it is stored as UTF-8 and holds nothing of the kind.
        """
        held, pieces = b"", self._stored(path)
        for number, piece in enumerate(pieces):
            held += piece
            if holds(held, b"<!") or holds(held, b"<?", 0 if number else 2):
                held += b"".join(pieces)
                self._refuse_doctype(held, path)
                for begin, end in ((b"<!--", b"-->"), (b"<![CDATA[", b"]]>"), (b"<?", b"?>")):
                    # One that never ends would be looked for from each of a million beginnings.
                    if held.rfind(begin) > held.rfind(end):
                        return
                yield re.sub(rb"<!--.*?-->|<!\[CDATA\[(.*?)\]\]>|<\?.*?\?>", _plain, held, flags=re.DOTALL)
                return
            # A sign cut in two has to be seen whole.
            whole = len(held) - held.endswith(b"<")
            yield held[:whole]
            held = held[whole:]
        yield held

    def _stored(self, path: str) -> Iterator[bytes]:
        info = self._parts.get(path.lower())
        if info is None:
            raise self.missing(path)
        pieces = self._unpacked(info)
        first = next(pieces, b"")
        if not _is_plain(first):
            yield self.xml(path)
            return
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            for piece in chain((first.removeprefix(codecs.BOM_UTF8),), pieces):
                if not (piece.isascii() and decoder.getstate()[0] == b""):
                    decoder.decode(piece)
                yield piece
            decoder.decode(b"", final=True)
        except UnicodeError as error:
            raise self.spoilt(info.filename) from error

    def tree(self, path: str) -> etree._Element:
        """The part as a tree, for small parts."""
        self.refuse_large(path)
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        try:
            return etree.fromstring(self.xml(path), parser)
        except etree.XMLSyntaxError as error:
            raise self.spoilt(path) from error

    def refuse_large(self, path: str) -> None:
        """Raises for a part of which no tree may be built."""
        info = self._parts.get(path.lower())
        if info is not None and info.file_size > MAX_TREE_BYTES:
            raise self._swollen(info)

    def sound(self, path: str) -> bytes:
        """The part's bytes, known to be well-formed and not nested without end; no tree is built."""
        xml = self.xml(path)
        self.refuse_unsound(xml, path)
        return xml

    def refuse_unsound(self, xml: bytes, path: str) -> None:
        """Raises unless `xml` is well-formed within libxml2's own limits of depth and length."""
        if _DEEP.search(xml):
            raise self.unsafe(
                Text("endless nesting in {part}", "бесконечная вложенность в {part}").fill(part=path)
            )
        # The stubs ask for every event; lxml is fastest where a target has none.
        silent: Any = _Silent()
        parser = etree.XMLParser(target=silent, resolve_entities=False, no_network=True)
        try:
            for start in range(0, len(xml), _FEED_BYTES):
                parser.feed(xml[start : start + _FEED_BYTES])
            parser.close()
        except etree.XMLSyntaxError as error:
            raise self.spoilt(path) from error

    def relations(self, path: str) -> dict[str, Relation]:
        """The relationships of a part by id; `path` "" means the package itself. None of a part without any."""
        folder, rels = posixpath.dirname(path), relations_part(path)
        if self.find(rels) is None:
            return {}
        found = {}
        for element in self.tree(rels).iter("{*}Relationship"):
            target: str | None = None
            if element.get("TargetMode") != "External":
                target = _resolved(folder, element.get("Target", ""))
            found[element.get("Id", "")] = Relation(_kind(element.get("Type", "")), target)
        return found

    def _unpacked(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        try:
            with self._zip.open(info):  # zipfile refuses a header that contradicts the directory
                yield from unpacked(stored(self._data, info))
        except _ZIP_ERRORS as error:
            raise self.spoilt(info.filename) from error

    def _refuse_doctype(self, xml: bytes, part: str) -> None:
        if holds(xml, b"<!") and (b"<!DOCTYPE" in xml or b"<!ENTITY" in xml):
            raise self.unsafe(Text("a DOCTYPE in {part}", "DOCTYPE в {part}").fill(part=part))


def _plain(match: re.Match[bytes]) -> bytes:
    text = match[1] or b""
    return text.replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b">", b"&gt;")


class _Silent:
    """A parser target that wants no events, so that libxml2 only checks."""

    def close(self) -> None:
        return None


def _is_plain(first: bytes) -> bool:
    """Whether a part that begins so is stored as UTF-8, and says so or nothing."""
    declared = re.match(rb"(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)", first)
    return b"\0" not in first[:4] and (declared is None or declared[1].lower() in (b"utf-8", b"utf8"))


def utf8(raw: bytes) -> bytes:
    """An XML part as UTF-8 without a byte order mark. Raises UnicodeError or LookupError."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _undeclared(raw.decode("utf-16").encode())
    if raw.startswith((b"<\0", b"\0<")):
        return _undeclared(raw.decode("utf-16-le" if raw.startswith(b"<") else "utf-16-be").encode())
    raw = raw.removeprefix(codecs.BOM_UTF8)
    declared = re.match(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)", raw)
    encoding = declared[1].decode().lower() if declared else "utf-8"
    if encoding.startswith("utf-16"):
        # Some .NET writers declare utf-16 and write utf-8; real UTF-16 was recognised above.
        raw, encoding = _undeclared(raw), "utf-8"
    if encoding not in ("utf-8", "utf8"):
        return _undeclared(raw.decode(encoding).encode())
    if not raw.isascii():
        codecs.utf_8_decode(raw, "strict", True)
    return raw


def _undeclared(xml: bytes) -> bytes:
    return re.sub(rb"\A\s*<\?xml[^>]*\?>", b"", xml)


def _resolved(folder: str, target: str) -> str:
    target = unquote(target.replace("\\", "/"))
    joined = target if target.startswith("/") else posixpath.join("/", folder, target)
    return posixpath.normpath(joined).lstrip("/")


def _kind(relation_type: str) -> str:
    return "strict" if relation_type.startswith(STRICT) else relation_type.rsplit("/", 1)[-1]


# ----------------------------------------------------------------- the workbook


def _workbook_path(archive: Archive, name: str) -> str:
    roots = archive.relations("").values()
    target = next((r.target for r in roots if r.kind == "officeDocument" and r.target), None)
    if target is None:
        raise refused(name, _STRICT if any(r.kind == "strict" for r in roots) else _NOT_A_WORKBOOK)
    path = archive.find(target)
    if path is None:
        raise archive.missing(target)
    if path.lower().endswith(".bin"):
        raise refused(name, _XLSB)
    return path


def _sheets(root: etree._Element, relations: dict[str, Relation], archive: Archive) -> Iterator[SheetPart]:
    seen: set[str] = set()
    for element in root.iterfind(f"{{{MAIN}}}sheets/{{{MAIN}}}sheet"):
        sheet = element.get("name", "")
        relation = relations.get(element.get(f"{{{OFFICE}}}id", ""))
        path = relation and relation.target and archive.find(relation.target)
        if not relation or not path or path in seen:
            what = Text("the sheet {sheet} points to nothing", "лист «{sheet}» ни на что не указывает")
            raise damaged(archive.name, what.fill(sheet=sheet))
        seen.add(path)
        kind: Kind = "other"
        if relation.kind in ("worksheet", "chartsheet"):
            kind = "worksheet" if relation.kind == "worksheet" else "chartsheet"
        yield SheetPart(sheet, path, element.get("state", "visible") != "visible", kind)


def _refuse_bad_names(sheets: tuple[SheetPart, ...], name: str) -> None:
    if not sheets:
        raise damaged(name, Text("it has no sheets", "в нём нет листов"))
    if len(sheets) > MAX_SHEETS:
        raise refused(name, _UNSAFE, what=Text("{n} sheets", "{n} листов").fill(n=len(sheets)))
    seen: set[str] = set()
    for sheet in sheets:
        if sheet.name.casefold() in seen:
            what = Text("two sheets are called {sheet}", "два листа называются «{sheet}»")
            raise damaged(name, what.fill(sheet=sheet.name))
        if not sheet.name or len(sheet.name) > 31 or re.search(r"[\\/*?:\[\]]", sheet.name):
            what = Text("a sheet is called {sheet}", "лист называется «{sheet}»")
            raise damaged(name, what.fill(sheet=same(repr(sheet.name[:60]))))
        seen.add(sheet.name.casefold())


def _only(relations: dict[str, Relation], kind: str, archive: Archive) -> str | None:
    """The path of the one part of that kind; None where the workbook has none."""
    for relation in relations.values():
        if relation.kind == kind:
            path = archive.find(relation.target or "")
            if path is None:
                raise archive.missing(relation.target or kind)
            return path
    return None
