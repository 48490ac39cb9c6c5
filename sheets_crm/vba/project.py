"""Modules with their source go in, the bytes of vbaProject.bin ([MS-OVBA]) come out: the same for the same modules.

The project holds sources only. Its `_VBA_PROJECT` says so, and the program that opens it compiles them; what an
auditor reads there is therefore all that can run.
"""

from __future__ import annotations

import re
import struct
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sheets_crm.errors import UsageError
from sheets_crm.text import Text
from sheets_crm.vba.compound import compound_file
from sheets_crm.vba.compression import compress

Kind: TypeAlias = Literal["standard", "class", "workbook", "sheet"]

_NAME = "VBAProject"
_CODE_PAGES = (1252, 1251)
"""Tried in this order; what is written in ASCII alone reads alike on every computer."""
_BASES: dict[Kind, str] = {
    "class": "{FCFB3D2A-A0FA-1068-A738-08002B3371B5}",
    "workbook": "{00020819-0000-0000-C000-000000000046}",
    "sheet": "{00020820-0000-0000-C000-000000000046}",
}
"""What a module that is no standard module extends: the class id in its attribute VB_Base."""
_IDENTIFIER = re.compile(r"[^\W\d_]\w{0,30}")
_TAKEN = {"dir", _NAME.lower()}
"""Names that no module can bear: a stream beside the modules' own, and the project."""


@dataclass(frozen=True, slots=True)
class Module:
    """A module and the text of its stream, attributes included; lines end with CR LF, as VBA's own do."""

    name: str
    source: str
    kind: Kind = "standard"


def standard_module(name: str, text: str) -> Module:
    """The module of an exported .bas file, with whatever line ends."""
    return Module(name, _crlf(text))


def class_module(name: str, text: str) -> Module:
    """The module of an exported .cls file: not the export's own head, and the attributes that importing it adds.

    Its description goes: the dir stream would have to repeat it, and only the object browser shows it.
    """
    lines = _crlf(text).split("\r\n")
    if lines[0].startswith("VERSION "):
        lines = lines[lines.index("END") + 1 :]
    code = [line for line in lines if not line.startswith("Attribute VB_")]
    head = _attributes(name, "class", predeclared=False, customizable=False)
    return Module(name, _crlf("\n".join([*head, *code])), "class")


def document_module(name: str, kind: Literal["workbook", "sheet"]) -> Module:
    """The module, without code, that belongs to a workbook or sheet whose code name is `name`."""
    head = _attributes(name, kind, predeclared=True, customizable=True)
    return Module(name, _crlf("\n".join(head) + "\n"), kind)


def project(modules: Sequence[Module]) -> bytes:
    """The bytes of vbaProject.bin with `modules` in this order.

    Its code page is the first of 1252 and 1251 that has every character. A UsageError if there is none, if a name is
    not one that VBA allows, or if two modules bear the same.
    """
    _check_names(modules)
    page = _code_page(modules)

    def encoded(text: str) -> bytes:
        return _encoded(text, page)

    streams = {module.name: compress(encoded(module.source)) for module in modules}
    return compound_file(
        {
            "VBA": {
                # 2.3.4.1: no performance cache, written by no version in particular (the example of 3.1.1).
                "_VBA_PROJECT": bytes.fromhex("cc61ffff000100"),
                "dir": compress(_dir(modules, page)),
                **streams,
            },
            "PROJECT": encoded(_project_text(modules)),
            "PROJECTwm": b"".join(encoded(m.name) + b"\0" + _utf16(m.name) + b"\0\0" for m in modules)
            + b"\0\0",
        }
    )


def _dir(modules: Sequence[Module], page: int) -> bytes:
    """The dir stream (2.3.4.2) before compression.

    It lists no references: VBA's and Excel's own libraries are always there and never listed, and these sources use
    nothing else. A reference to another library is one more thing that may be missing on a computer.
    """
    name = _encoded(_NAME, page)
    records = [
        _record(0x01, _U32.pack(3)),  # 2.3.4.2.1.1 SYSKIND: 64-bit Windows
        _record(0x02, _U32.pack(0x409)),  # LCID
        _record(0x14, _U32.pack(0x409)),  # LCIDINVOKE
        _record(0x03, _U16.pack(page)),  # CODEPAGE
        _record(0x04, name),  # NAME
        _record(0x05, b"") + _record(0x40, b""),  # DOCSTRING, and the same in UTF-16
        _record(0x06, b"") + _record(0x3D, b""),  # HELPFILEPATH, twice
        _record(0x07, _U32.pack(0)),  # HELPCONTEXT
        _record(0x08, _U32.pack(0)),  # LIBFLAGS
        struct.pack("<HIIH", 0x09, 4, 1, 0),  # VERSION: its size leaves the minor version out
        _record(0x0C, b"") + _record(0x3C, b""),  # CONSTANTS, and the same in UTF-16
        _record(0x0F, _U16.pack(len(modules))),  # 2.3.4.2.3 MODULES
        _record(0x13, _U16.pack(0xFFFF)),  # COOKIE
    ]
    for module in modules:  # 2.3.4.2.3.2 MODULE
        local, wide = _encoded(module.name, page), _utf16(module.name)
        records += [
            _record(0x19, local) + _record(0x47, wide),  # NAME
            _record(0x1A, local) + _record(0x32, wide),  # STREAMNAME
            _record(0x1C, b"") + _record(0x48, b""),  # DOCSTRING
            _record(0x31, _U32.pack(0)),  # OFFSET: the source begins where its stream does
            _record(0x1E, _U32.pack(0)),  # HELPCONTEXT
            _record(0x2C, _U16.pack(0xFFFF)),  # COOKIE
            _record(0x21 if module.kind == "standard" else 0x22, b""),  # TYPE
            _record(0x2B, b""),  # terminator of the module
        ]
    return b"".join([*records, _record(0x10, b"")])


_U16, _U32 = struct.Struct("<H"), struct.Struct("<I")


def _record(number: int, data: bytes) -> bytes:
    return struct.pack("<HI", number, len(data)) + data


def _project_text(modules: Sequence[Module]) -> str:
    """The PROJECT stream (2.3.1): properties, the host's entry, and one closed window for each module."""
    identity = _identity(modules)
    lines = [
        f'ID="{identity}"',
        *(_LINES[module.kind].format(module.name) for module in modules),
        f'Name="{_NAME}"',
        'HelpContextID="0"',
        'VersionCompatible32="393222000"',
        f'CMG="{encrypted(bytes(4), identity)}"',  # 2.3.1.15: nobody protects it
        f'DPB="{encrypted(bytes(1), identity)}"',  # 2.3.1.16: no password
        f'GC="{encrypted(bytes([0xFF]), identity)}"',  # 2.3.1.17: visible
        "",
        "[Host Extender Info]",
        "&H00000001={3832D640-CF90-11CF-8E43-00A0C911005A};VBE;&H00000000",
        "",
        "[Workspace]",
        *(f"{module.name}=0, 0, 0, 0, C" for module in modules),
        "",
    ]
    return "\r\n".join(lines)


_LINES: dict[Kind, str] = {
    "standard": "Module={}",
    "class": "Class={}",
    "workbook": "Document={}/&H00000000",
    "sheet": "Document={}/&H00000000",
}


def _identity(modules: Sequence[Module]) -> str:
    """The project's class id: made of its sources, so that the same sources make the same file."""
    content = "\0".join(f"{module.name}\0{module.source}" for module in modules)
    return "{" + str(uuid.uuid5(uuid.NAMESPACE_URL, "sheets-crm:" + content)).upper() + "}"


def encrypted(data: bytes, identity: str, seed: int = 7) -> str:
    """`data` as 2.4.3.2 hides it under the project's id, in hexadecimal; it is no secret, and any seed will do."""
    key = sum(identity.encode("ascii")) & 0xFF
    out = bytearray([seed, seed ^ 2, seed ^ key])  # 2 is the version
    clear = key
    ignored = bytes((seed & 6) // 2)
    for byte in ignored + _U32.pack(len(data)) + data:
        out.append(byte ^ (out[-2] + clear & 0xFF))
        clear = byte
    return out.hex().upper()


def _attributes(name: str, kind: Kind, *, predeclared: bool, customizable: bool) -> list[str]:
    """The head of a class or document module, in the order in which VBA writes it."""
    return [
        f'Attribute VB_Name = "{name}"',
        f'Attribute VB_Base = "0{_BASES[kind]}"',
        "Attribute VB_GlobalNameSpace = False",
        "Attribute VB_Creatable = False",
        f"Attribute VB_PredeclaredId = {predeclared}",
        "Attribute VB_Exposed = True",
        "Attribute VB_TemplateDerived = False",
        f"Attribute VB_Customizable = {customizable}",
    ]


def _check_names(modules: Sequence[Module]) -> None:
    seen = set(_TAKEN)
    for module in modules:
        name = module.name
        if not _IDENTIFIER.fullmatch(name):
            raise UsageError(
                Text(
                    f"“{name}” cannot be the name of a macro module: it needs a letter first, then letters, digits"
                    " or _, at most 31 in all. Change the code name in Excel’s editor (Alt+F11, Properties).",
                    f"«{name}» не может быть именем модуля макросов: сначала буква, затем буквы, цифры или _, всего"
                    " не больше 31. Измените кодовое имя в редакторе Excel (Alt+F11, Properties).",
                )
            )
        if name.lower() in seen:
            raise UsageError(
                Text(
                    f"Two macro modules cannot bear the name {name}. Change the code name in Excel’s editor"
                    " (Alt+F11, Properties).",
                    f"Имя {name} не могут носить два модуля макросов. Измените кодовое имя в редакторе Excel"
                    " (Alt+F11, Properties).",
                )
            )
        seen.add(name.lower())
        if not module.source.startswith(f'Attribute VB_Name = "{name}"\r\n'):
            raise UsageError(
                Text(
                    f"The source of the macro module {name} does not begin with its name (Attribute VB_Name).",
                    f"Исходный текст модуля макросов {name} не начинается с его имени (Attribute VB_Name).",
                )
            )


def _code_page(modules: Sequence[Module]) -> int:
    """The first code page with every character of the names and sources; the last one if there is none."""
    for page in _CODE_PAGES[:-1]:
        try:
            for module in modules:
                (module.name + module.source).encode(f"cp{page}")
        except UnicodeEncodeError:
            continue
        return page
    return _CODE_PAGES[-1]


def _encoded(text: str, page: int) -> bytes:
    try:
        return text.encode(f"cp{page}")
    except UnicodeEncodeError as e:
        line = text[text.rfind("\n", 0, e.start) + 1 :].split("\r\n", 1)[0]
        raise UsageError(
            Text(
                f"A macro project in code page {page} has no character {text[e.start]!r}: {line}",
                f"В проекте макросов с кодовой страницей {page} нет символа {text[e.start]!r}: {line}",
            )
        ) from e


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


def _crlf(text: str) -> str:
    """`text` with VBA's line ends, the last line's too; nothing else in it changes."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")
    return lines.replace("\n", "\r\n") + "\r\n"
