"""The macro project: compressed text, a compound file and the streams between, read back by others than its writer."""

from __future__ import annotations

import io
import random
import re
import struct
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import olefile  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheets_crm.errors import SheetsCrmError, UsageError
from sheets_crm.vba import Module, class_module, document_module, messages, modules, project, standard_module
from sheets_crm.vba import sources as room
from sheets_crm.vba.compound import Storage, compound_file
from sheets_crm.vba.compression import CHUNK, compress
from sheets_crm.vba.project import encrypted
from tests.olevba import decompressed, printed, sources

FITS = 1
"""A seed whose noise repeats nothing of itself."""
NOISE = random.Random(26).randbytes(3 * CHUNK)

EXAMPLES = {
    "3.2.1 nothing to gain": (
        b"abcdefghijklmnopqrstuv.",
        "0119b000616263646566676800696a6b6c6d6e6f70007172737475762e",
    ),
    "3.2.2 normal": (
        b"#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa",
        "012fb000236161616263646582660070616768696a013808616b6c00206d6e6f700671027004007273747576107778797a002c",
    ),
    "3.2.3 all alike": (b"a" * 73, "0103b002614500"),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_of_the_specification_are_compressed_as_they_stand_there(name: str) -> None:
    """The bytes of [MS-OVBA] 3.2."""
    data, expected = EXAMPLES[name]
    assert compress(data).hex() == expected


@pytest.mark.parametrize("size", [1, 2, 3, 4095, 4096, 4097, 2 * 4096, 10_000])
@pytest.mark.parametrize(
    "text", [b"a", b"MsgBox x\r\n", bytes(range(256))], ids=["one letter", "lines", "all bytes"]
)
def test_text_of_any_length_comes_back(size: int, text: bytes) -> None:
    """Around the 4,096 bytes of a chunk too."""
    data = (text * size)[:size]
    assert decompressed(compress(data)) == data


def test_nothing_is_a_container_without_chunks() -> None:
    """Its signature alone."""
    assert compress(b"") == b"\x01"


@pytest.mark.parametrize("before", [b"", b"Sub A()\r\n" * 1000], ids=["alone", "after text"])
@pytest.mark.parametrize("size", [3700, CHUNK, 3 * CHUNK])
def test_what_tokens_would_make_longer_is_refused(size: int, before: bytes) -> None:
    """Excel drops a module whose bytes are stored as they are, and a padded one is not the one that was given."""
    padding = b" " * (-len(before) % CHUNK)
    with pytest.raises(UsageError, match="nothing repeats") as refused:
        compress(before + padding + NOISE[:size])
    assert "без единого повтора" in refused.value.message.ru


def test_tokens_that_just_fit_are_kept() -> None:
    """4,096 bytes of tokens, the most that a chunk can hold: nothing has to be padded yet."""
    noise = random.Random(FITS).randbytes(3639)
    data = noise + noise[:3]
    assert len(compress(data)) == 3 + CHUNK
    assert decompressed(compress(data)) == data


@given(
    st.one_of(
        st.binary(max_size=3000),
        st.text("ab\r\n", max_size=9000).map(str.encode),
        st.lists(st.sampled_from([b"Dim ", b"x", b"\r\n", b"End Sub", b"    "]), max_size=3000).map(b"".join),
    )
)
def test_what_was_compressed_comes_back(data: bytes) -> None:
    """By oletools, which shares nothing with us."""
    assert decompressed(compress(data)) == data


SIZES = st.sampled_from([0, 1, 63, 64, 65, 511, 512, 513, 4095, 4096, 4097, 70_000])
NAMES = st.from_regex(r"[A-Za-zА-я_][A-Za-z0-9_]{0,30}", fullmatch=True)


def _streams(names: list[str], sizes: list[int]) -> dict[str, bytes]:
    unique = {name.upper(): name for name in names}.values()
    return {name: (name.encode() * size)[:size] for name, size in zip(unique, sizes, strict=False)}


STORAGES = st.builds(_streams, st.lists(NAMES, max_size=25), st.lists(SIZES, min_size=25, max_size=25))


@given(STORAGES, STORAGES)
def test_every_stream_comes_back_from_the_compound_file(
    outer: dict[str, bytes], inner: dict[str, bytes]
) -> None:
    """Small and large ones, in the root and in a storage; olefile finds nothing incorrect."""
    outer = {name: data for name, data in outer.items() if name.upper() != "VBA"}
    file = compound_file({**outer, "VBA": inner})
    with olefile.OleFileIO(io.BytesIO(file), raise_defects=olefile.DEFECT_UNSURE) as ole:
        found = {"/".join(path): ole.openstream(path).read() for path in ole.listdir()}
        assert not ole.parsing_issues
    assert found == outer | {f"VBA/{name}": data for name, data in inner.items()}


class Entry(NamedTuple):
    """A directory entry, as it stands in the file."""

    name: str
    kind: int
    colour: int
    left: int
    right: int
    child: int


NO_ENTRY = 0xFFFFFFFF


def _entries(file: bytes) -> list[Entry]:
    """The directory of a compound file ([MS-CFB] 2.6), its sectors followed through the FAT."""
    (fat_sectors,) = struct.unpack_from("<I", file, 44)
    (sector,) = struct.unpack_from("<I", file, 48)
    places = struct.unpack_from(f"<{fat_sectors}I", file, 76)
    fat = [number for place in places for number in struct.unpack_from("<128I", file, 512 * (place + 1))]
    raw = b""
    while sector != 0xFFFFFFFE:
        raw += file[512 * (sector + 1) : 512 * (sector + 2)]
        sector = fat[sector]
    out = []
    for at in range(0, len(raw), 128):
        name, size, kind, colour, left, right, child = struct.unpack_from("<64sHBBIII", raw, at)
        out.append(Entry(name[: max(size - 2, 0)].decode("utf-16-le"), kind, colour, left, right, child))
    return out


def _found(entries: list[Entry], at: int, name: str) -> bool:
    """Whether a search that trusts the order of 2.6.4 comes upon `name`."""
    wanted = (len(name), name.upper())
    while at != NO_ENTRY:
        entry = entries[at]
        here = (len(entry.name), entry.name.upper())
        if here == wanted:
            return True
        at = entry.left if wanted < here else entry.right
    return False


@given(STORAGES)
def test_every_name_is_found_by_the_order_of_the_directory(streams: dict[str, bytes]) -> None:
    """Windows searches the tree: shorter names stand left of longer ones, then by letter; no two red nodes meet."""
    entries = _entries(compound_file(dict(streams)))
    root = entries[0]
    assert (root.name, root.kind) == ("Root Entry", 5)
    assert [name for name in streams if not _found(entries, root.child, name)] == []
    red = [e for e in entries if e.kind and e.colour == 0]
    assert not [e for e in red for n in (e.left, e.right) if n != NO_ENTRY and entries[n].colour == 0]


def test_a_file_beyond_the_header_is_refused() -> None:
    """109 sectors of the FAT fit into the header: 109 x 127 sectors of 512 bytes."""
    most = 109 * 127 * 512 - 512  # the directory needs a sector
    file = compound_file({"x": bytes(most)})
    with olefile.OleFileIO(io.BytesIO(file), raise_defects=olefile.DEFECT_UNSURE) as ole:
        assert ole.get_size("x") == most
    with pytest.raises(UsageError, match="too large"):
        compound_file({"x": bytes(most + 1)})


def test_a_long_name_is_refused() -> None:
    """An entry has room for 31 characters."""
    root: Storage = {"x" * 32: b""}
    with pytest.raises(UsageError, match="at most 31 characters"):
        compound_file(root)


# The project.

SHEETS = ("Sheet1", "Sheet2", "Sheet10")
OURS = modules(SHEETS)
FILE = project(OURS)
RUSSIAN = modules(["Лист1", "Лист2"], workbook="ЭтаКнига")


def file_name(module: Module) -> str:
    """How olevba calls a module."""
    return module.name + (".bas" if module.kind == "standard" else ".cls")


@pytest.mark.parametrize("made", [OURS, RUSSIAN], ids=["Latin code names", "Russian code names"])
def test_olevba_shows_every_source_byte_for_byte(made: tuple[Module, ...], tmp_path: Path) -> None:
    """Ours, xlwings' and those of the sheets: what an auditor reads is all that there is."""
    data = project(made)
    assert sources("vbaProject.bin", data) == {file_name(module): module.source for module in made}
    (tmp_path / "vbaProject.bin").write_bytes(data)
    output = printed(tmp_path / "vbaProject.bin")
    assert [m.name for m in made if m.source.replace("\r\n", "\n") not in output] == []


def test_xlwings_own_modules_are_in_it_as_installed() -> None:
    """The module word for word; the class with the head that it has in xlwings' own macro workbook, not described."""
    made = {module.name: module.source for module in OURS}
    spec = find_spec("xlwings")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent
    assert made["xlwings"].encode() == (folder / "xlwings.bas").read_bytes()
    exported = (folder / "addin" / "Dictionary.cls").read_text("utf-8")
    code = exported[exported.index("''\n") :]
    assert made["Dictionary"].replace("\r\n", "\n").endswith(code)
    own = sources("own.xlsm", (folder / "quickstart_standalone.xlsm").read_bytes())["Dictionary.cls"]
    head = [line for line in own[: own.index("''\r\n")].splitlines() if "VB_Description" not in line]
    assert made["Dictionary"].splitlines()[: len(head)] == head


def test_the_same_sources_make_the_same_bytes() -> None:
    """No clock and no random number; other sources make another project id."""
    assert project(modules(SHEETS)) == FILE
    other = project([*OURS[:-1], standard_module("Other", 'Attribute VB_Name = "Other"\n')])
    assert _text(other, "PROJECT").splitlines()[0] != _text(FILE, "PROJECT").splitlines()[0]


def test_the_streams_are_those_of_a_project() -> None:
    """[MS-OVBA] 2.2.1."""
    with olefile.OleFileIO(io.BytesIO(FILE)) as ole:
        found = {"/".join(path) for path in ole.listdir()}
    assert found == {"PROJECT", "PROJECTwm", "VBA/_VBA_PROJECT", "VBA/dir"} | {f"VBA/{m.name}" for m in OURS}


def test_nothing_compiled_is_in_it() -> None:
    """2.3.4.1: seven bytes, of no version in particular, and no cache: Excel compiles the sources."""
    assert _stream_of(FILE, "VBA/_VBA_PROJECT").hex() == "cc61ffff000100"


def _records(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        number, size = struct.unpack_from("<HI", data, at)
        size += 2 * (number == 0x09)  # VERSION leaves two bytes out of its size
        yield number, data[at + 6 : at + 6 + size]
        at += 6 + size


def test_the_dir_stream_has_every_record_in_its_order() -> None:
    """2.3.4.2: information, no references, the modules, each with its two names, its offset and its type."""
    information = [
        (0x01, "03000000"), (0x02, "09040000"), (0x14, "09040000"), (0x03, "e404"), (0x04, b"VBAProject".hex()),
        (0x05, ""), (0x40, ""), (0x06, ""), (0x3D, ""), (0x07, "00000000"), (0x08, "00000000"),
        (0x09, "010000000000"), (0x0C, ""), (0x3C, ""), (0x0F, f"{len(OURS):02x}00"), (0x13, "ffff"),
    ]  # fmt: skip
    expected = [(number, bytes.fromhex(data)) for number, data in information]
    for module in OURS:
        local, wide = module.name.encode("cp1252"), module.name.encode("utf-16-le")
        expected += [(0x19, local), (0x47, wide), (0x1A, local), (0x32, wide), (0x1C, b""), (0x48, b"")]
        expected += [(0x31, bytes(4)), (0x1E, bytes(4)), (0x2C, b"\xff\xff")]
        expected += [(0x21 if module.kind == "standard" else 0x22, b""), (0x2B, b"")]
    assert list(_records(decompressed(_stream_of(FILE, "VBA/dir")))) == [*expected, (0x10, b"")]


def test_cyrillic_code_names_take_their_code_page() -> None:
    """1251 only where it is needed, so that every other project reads alike on any computer."""
    records = dict(_records(decompressed(_stream_of(project(RUSSIAN), "VBA/dir"))))
    assert records[0x03] == struct.pack("<H", 1251)
    assert "Document=ЭтаКнига/&H00000000\r\nDocument=Лист1/&H00000000\r\n" in _text(
        project(RUSSIAN), "PROJECT"
    )


PROJECT = re.compile(
    r'ID="\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\}"\r\n'
    r"(Document=\w+/&H00000000\r\n|Module=\w+\r\n|Class=\w+\r\n)+"
    r'Name="VBAProject"\r\nHelpContextID="0"\r\nVersionCompatible32="393222000"\r\n'
    r'CMG="[0-9A-F]{22,28}"\r\nDPB="[0-9A-F]{16,}"\r\nGC="[0-9A-F]{16,22}"\r\n'
    r"\r\n\[Host Extender Info\]\r\n&H00000001=\{3832D640-CF90-11CF-8E43-00A0C911005A\};VBE;&H00000000\r\n"
    r"\r\n\[Workspace\]\r\n(\w+=0, 0, 0, 0, C\r\n)+"
)
"""The grammar of 2.3.1, with our values."""


def test_the_project_stream_follows_its_grammar() -> None:
    """Every module once among the items, by its kind, and once in the workspace."""
    text = _text(FILE, "PROJECT")
    assert PROJECT.fullmatch(text)
    words = {"standard": "Module={}", "class": "Class={}", "workbook": "Document={}/&H00000000"}
    items = [words.get(m.kind, words["workbook"]).format(m.name) for m in OURS]
    assert text.splitlines()[1 : 1 + len(OURS)] == items
    assert text.splitlines()[-len(OURS) :] == [f"{m.name}=0, 0, 0, 0, C" for m in OURS]


def test_the_names_map_to_unicode() -> None:
    """2.3.3: each name in the code page and in UTF-16, and an end."""
    pairs = [m.name.encode("cp1251") + b"\0" + m.name.encode("utf-16-le") + b"\0\0" for m in RUSSIAN]
    assert _stream_of(project(RUSSIAN), "PROJECTwm") == b"".join(pairs) + b"\0\0"


def _decrypted(text: str, identity: str) -> bytes:
    """2.4.3.3, the reading side."""
    data = bytes.fromhex(text)
    seed, version, key = data[0], data[0] ^ data[1], data[0] ^ data[2]
    assert (version, key) == (2, sum(identity.encode()) & 0xFF)
    out = bytearray()
    clear = key
    for at in range(3, len(data)):
        clear = data[at] ^ (data[at - 2] + clear & 0xFF)
        out.append(clear)
    ignored = (seed & 6) // 2
    (length,) = struct.unpack_from("<I", out, ignored)
    assert len(out) == ignored + 4 + length
    return bytes(out[ignored + 4 :])


EXAMPLE = "{917DED54-440B-4FD1-A5C1-74ACF261E600}"


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("0705D8E3D8EDDBF1DBF1DBF1DBF1", "00000000"),
        ("0E0CD1ECDFF4E7F5E7F5E7", "00"),
        ("1517CAF1D6F9D7F9D706", "ff"),
    ],
)
def test_the_hidden_values_of_the_specification_are_read(line: str, meaning: str) -> None:
    """3.1.6: nobody protects it, no password, visible. So the reader of these tests is right."""
    assert _decrypted(line, EXAMPLE).hex() == meaning


@given(st.binary(max_size=40), st.uuids(), st.integers(0, 255))
def test_hidden_values_come_back(data: bytes, identity: object, seed: int) -> None:
    """Under any project id and seed."""
    name = "{" + str(identity).upper() + "}"
    assert _decrypted(encrypted(data, name, seed), name) == data


def test_the_project_is_open_to_everybody() -> None:
    """No protection, no password, visible in the editor: IT can read it."""
    text = _text(FILE, "PROJECT")
    values = dict(re.findall(r'^(ID|CMG|DPB|GC)="(.*)"\r$', text, re.MULTILINE))
    found = {key: _decrypted(values[key], values["ID"]).hex() for key in ("CMG", "DPB", "GC")}
    assert found == {"CMG": "00000000", "DPB": "00", "GC": "ff"}


REFUSED = {
    "": "letter first",
    "1st": "letter first",
    "my module": "letter first",
    "_x": "letter first",
    "x" * 32: "at most 31",
    "dir": "cannot bear the name",
    "VBAPROJECT": "cannot bear the name",
    "SHEETS": "cannot bear the name",
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_name_that_vba_does_not_allow_is_refused(name: str) -> None:
    """In a sentence that says how to mend it, in both languages."""
    with pytest.raises(UsageError, match=REFUSED[name]) as refused:
        project([document_module("Sheets", "sheet"), document_module(name, "sheet")])
    assert "Alt+F11" in refused.value.message.en
    assert "Alt+F11" in refused.value.message.ru


def test_a_source_under_another_name_is_refused() -> None:
    """VBA would show it under the name in the source."""
    with pytest.raises(UsageError, match="does not begin with its name"):
        project([Module("One", 'Attribute VB_Name = "Two"\r\n')])


@pytest.mark.parametrize("line", ['MsgBox "→"', 'MsgBox "Жé"', 'MsgBox "漢"'])
def test_a_character_outside_the_code_pages_is_told_with_its_line(line: str) -> None:
    """Never a question mark in somebody's source."""
    text = f'Attribute VB_Name = "One"\nSub A()\n{line}\nEnd Sub\n'
    with pytest.raises(UsageError, match=r"has no character .*: " + line + "$"):
        project([standard_module("One", text)])


@pytest.mark.parametrize(("letter", "page"), [("x", 1252), ("é", 1252), ("ж", 1251)])
def test_a_source_takes_the_first_code_page_that_has_its_letters(letter: str, page: int) -> None:
    """And comes back from it."""
    module = standard_module("One", f'Attribute VB_Name = "One"\n\' {letter}\n')
    records = dict(_records(decompressed(_stream_of(project([module]), "VBA/dir"))))
    assert records[0x03] == struct.pack("<H", page)
    assert sources("vbaProject.bin", project([module])) == {"One.bas": module.source}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_get_the_ends_that_vba_writes(end: str) -> None:
    """Whatever the file had; other characters that end a line elsewhere stay in theirs."""
    lines = ['Attribute VB_Name = "One"', "' a\x0bb\x0cc", ""]
    assert standard_module("One", end.join(lines)).source == "\r\n".join(lines)
    assert standard_module("One", end.join(lines[:2])).source == "\r\n".join(lines)


def test_an_exported_class_becomes_a_module() -> None:
    """The head of the export and its description go; procedures keep their attributes."""
    exported = (
        'VERSION 1.0 CLASS\nBEGIN\n  MultiUse = -1  \'True\nEND\nAttribute VB_Name = "Bag"\n'
        "Attribute VB_GlobalNameSpace = False\nAttribute VB_Creatable = False\n"
        "Attribute VB_PredeclaredId = False\nAttribute VB_Exposed = True\n"
        'Attribute VB_Description = "A bag"\nPublic Sub A()\nAttribute A.VB_UserMemId = 0\nEnd Sub\n'
    )
    assert class_module("Bag", exported).source.split("\r\n") == [
        'Attribute VB_Name = "Bag"',
        'Attribute VB_Base = "0{FCFB3D2A-A0FA-1068-A738-08002B3371B5}"',
        "Attribute VB_GlobalNameSpace = False",
        "Attribute VB_Creatable = False",
        "Attribute VB_PredeclaredId = False",
        "Attribute VB_Exposed = True",
        "Attribute VB_TemplateDerived = False",
        "Attribute VB_Customizable = False",
        "Public Sub A()",
        "Attribute A.VB_UserMemId = 0",
        "End Sub",
        "",
    ]


def test_a_missing_xlwings_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that brings it."""
    monkeypatch.setattr(room, "find_spec", lambda _: None)
    with pytest.raises(SheetsCrmError, match="pip install") as missing:
        modules(SHEETS)
    assert "pip install" in missing.value.message.ru


def test_our_sources_hold_what_any_computer_can_read() -> None:
    """ASCII; the English of every message stands in them word for word, for a workbook without its settings sheet."""
    ours = "".join(m.source for m in OURS if m.name.startswith("SheetsCrm"))
    assert ours.isascii()
    joined = re.sub(r'"\s*_\s*& "', "", ours)
    assert [
        key for key, text in messages("en").items() if f'"{key}"' not in joined or f'"{text}"' not in joined
    ] == []
    assert messages("ru").keys() == messages("en").keys() == set(re.findall(r'"(SHEETS_CRM_\w+)"', ours))


def _stream_of(file: bytes, name: str) -> bytes:
    with olefile.OleFileIO(io.BytesIO(file)) as ole:
        data: bytes = ole.openstream(name).read()
    return data


def _text(file: bytes, name: str) -> str:
    return _stream_of(file, name).decode("cp1251")
