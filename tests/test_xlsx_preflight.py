"""What is no sound .xlsx is refused before any parser sees it, with one sentence that says how to mend it."""

from __future__ import annotations

import re
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheets_crm.errors import WorkbookUnreadable
from sheets_crm.hosts.xlsx import preflight
from sheets_crm.hosts.xlsx.preflight import check, utf8
from tests.packages import SHEET1, STRINGS, WORKBOOK, Change, renamed, replacing, with_parts, workbook

OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
RELS = "xl/_rels/workbook.xml.rels"
GOOD = workbook()

OTHER_FORMATS = [
    ("an empty file", b"", "is empty"),
    ("a file of zeros", b"\0" * 4096, "nothing but zeros"),
    ("an old .xls", OLE2, "(.xls)"),
    ("a bare BIFF stream", b"\x09\x08\x10\x00\x00\x06\x05\x00", "(.xls)"),
    ("a workbook with a password", OLE2 + "EncryptedPackage".encode("utf-16-le"), "protected by a password"),
    ("a web page", b"\xef\xbb\xbf\n<HTML><body>", "web page"),
    (
        "an XML spreadsheet of 2003",
        b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>',
        "XML table",
    ),
    ("a PDF", b"%PDF-1.7 ...", "is a PDF"),
    ("a CSV with an Excel name", "Сделка;Сумма\nКП;100\n".encode("cp1251"), "plain text (CSV)"),
    ("a Unicode text export of Excel", "Deal\tAmount\n".encode("utf-16"), "plain text (CSV)"),
    ("noise", bytes(range(256)) * 16, "not an Excel workbook"),
    ("data before the zip", b"MZ" + GOOD, "not an Excel workbook"),
]


@pytest.mark.parametrize(
    ("data", "sentence"), [case[1:] for case in OTHER_FORMATS], ids=[c[0] for c in OTHER_FORMATS]
)
def test_another_kind_of_file_is_named_for_what_it_is(data: bytes, sentence: str) -> None:
    """The sentence names the file, says what it is, and how to get a workbook from it."""
    with pytest.raises(WorkbookUnreadable, match=r"^firm\.xlsx ") as refusal:
        check(data, "firm.xlsx")
    assert sentence in refusal.value.message.en
    assert refusal.value.message.ru.startswith("firm.xlsx ")


def test_the_mark_of_an_open_workbook_is_not_the_workbook() -> None:
    """~$firm.xlsx holds a name only, whatever its bytes look like."""
    with pytest.raises(WorkbookUnreadable, match=r"without ~\$"):
        check(b"\x05Anna", "~$firm.xlsx")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_file_that_is_cut_off_is_damaged(share: float) -> None:
    """A copy that was not finished has no directory at its end."""
    with pytest.raises(WorkbookUnreadable, match="cut off"):
        check(GOOD[: int(len(GOOD) * share)], "firm.xlsx")


DOCTYPE = b'<?xml version="1.0"?><!DOCTYPE sst [<!ENTITY a "aa">]>'
SPOILT: list[tuple[str, dict[str, Change], str]] = [
    ("no content types", {"[Content_Types].xml": None}, "[content_types].xml is missing"),
    ("no package relationships", {"_rels/.rels": None}, "_rels/.rels is missing"),
    ("no workbook part", {WORKBOOK: None}, "xl/workbook.xml is missing"),
    ("no workbook relationships", {RELS: None}, "Deals points to nothing"),
    ("a sheet without its part", {"xl/worksheets/sheet2.xml": None}, "Summary points to nothing"),
    ("no shared strings", {STRINGS: None}, "sharedStrings.xml is missing"),
    ("no styles", {"xl/styles.xml": None}, "styles.xml is missing"),
    ("a sheet outside the file", {RELS: replacing(b'1.xml"', b'1.xml" TargetMode="External"')}, "points to nothing"),
    ("two sheets on one part", {RELS: replacing(b"sheet2.xml", b"sheet1.xml")}, "Summary points to nothing"),
    ("two sheets of one name", {WORKBOOK: replacing(b'"Summary"', b'"DEALS"')}, "two sheets are called DEALS"),
    ("a name that no sheet can have", {WORKBOOK: replacing(b'"Summary"', b'"../a:b"')}, "a sheet is called"),
    ("a workbook without sheets", {WORKBOOK: lambda x: x.split(b"<sheets>")[0] + b"</workbook>"}, "no sheets"),
    ("a workbook that is not XML", {WORKBOOK: b"<workbook"}, "xl/workbook.xml cannot be read"),
    ("another root", {WORKBOOK: lambda x: x.replace(b"workbook xmlns", b"document xmlns")
                      .replace(b"</workbook>", b"</document>")}, "not an Excel workbook"),
    ("Strict by its namespace", {WORKBOOK: replacing(
        b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        b"http://purl.oclc.org/ooxml/spreadsheetml/main")}, "Strict Open XML"),
    ("Strict by its relationships", {"_rels/.rels": replacing(
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument",
        b"http://purl.oclc.org/ooxml/officeDocument/relationships/officeDocument")}, "Strict Open XML"),
    ("a binary workbook", {"xl/workbook.bin": b"\0", "_rels/.rels": replacing(b"workbook.xml", b"workbook.bin")},
     "(.xlsb)"),
    ("an OpenDocument table", {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}, "(.ods)"),
    ("a DOCTYPE in the strings", {STRINGS: DOCTYPE + b"<sst/>"}, "a DOCTYPE in xl/sharedStrings.xml"),
    ("a DOCTYPE in UTF-16", {STRINGS: (DOCTYPE + b"<sst/>").decode().encode("utf-16")}, "a DOCTYPE in"),
    ("a DOCTYPE in a part nobody needs", {"docProps/app.xml": DOCTYPE + b"<a/>"}, "a DOCTYPE in docProps/app.xml"),
    ("a name that climbs out", {"../../evil.txt": b"x"}, "the part name"),
    ("a name with a drive", {"C:/evil.txt": b"x"}, "the part name"),
    ("two names but for case", {"xl/Workbook.XML": b"<a/>"}, "two parts share one name"),
    ("too many parts", {f"xl/media/{n}.png": b"" for n in range(preflight.MAX_PARTS)}, "2,011 parts"),
    ("a part that swells", {"xl/media/a.bin": b"\0" * (preflight.RATIO_FROM_BYTES + 1)}, "unpacks to 4 MB"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "sentence"), [case[1:] for case in SPOILT], ids=[case[0] for case in SPOILT]
)
def test_a_package_no_parser_should_be_given_is_refused(changes: dict[str, Change], sentence: str) -> None:
    """One sentence says what was found; it exists in both languages."""
    with pytest.raises(WorkbookUnreadable, match=r"^firm\.xlsx ") as refusal:
        check(with_parts(GOOD, changes), "firm.xlsx")
    assert sentence in refusal.value.message.en
    assert refusal.value.message.ru != refusal.value.message.en


@pytest.mark.parametrize("part", [WORKBOOK, "xl/styles.xml", "[Content_Types].xml", RELS])
def test_a_part_too_large_for_a_tree_is_refused(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names, formats and relationships become trees of ten times their size."""
    monkeypatch.setattr(preflight, "MAX_TREE_BYTES", 20_000)
    longer = with_parts(GOOD, {part: lambda xml: xml + b" " * 20_000})
    assert check(GOOD, "firm.xlsx").sheets
    with pytest.raises(WorkbookUnreadable, match=f"{re.escape(part)} unpacks to"):
        check(longer, "firm.xlsx")


def test_a_compression_that_excel_cannot_open_is_refused() -> None:
    """bzip2 is legal in a zip and unknown to Excel."""
    with pytest.raises(WorkbookUnreadable, match="packed in a way"):
        check(with_parts(GOOD, {}, zipfile.ZIP_BZIP2), "firm.xlsx")


def test_a_part_with_a_wrong_checksum_cannot_be_read() -> None:
    """Bit rot is found when the part is unpacked."""
    stored = with_parts(GOOD, {}, zipfile.ZIP_STORED)
    with pytest.raises(WorkbookUnreadable, match=r"sharedStrings\.xml cannot be read"):
        check(stored.replace(b"Deal ID", b"Deal IX"), "firm.xlsx").archive.xml(STRINGS)


UNSOUND = {
    "a tag left open": b"<a><b></a>",
    "bytes that are no UTF-8": b"<a>\xff\xfe</a>",
    "a character that XML does not know": b"<a>&#0;</a>",
    "an entity that nothing declares": b"<a>&undeclared;</a>",
    "endless nesting": b"<a>" + b"<b>" * 100_000 + b"</b>" * 100_000 + b"</a>",
    "an encoding that nobody knows": b'<?xml version="1.0" encoding="klingon"?><a/>',
}


@pytest.mark.parametrize("part", UNSOUND.values(), ids=UNSOUND.keys())
def test_a_part_that_is_not_sound_is_refused(part: bytes) -> None:
    """`sound` gives only well-formed bytes within bounds; the sentence names the part."""
    archive = check(with_parts(GOOD, {"xl/extra.xml": part}), "firm.xlsx").archive
    with pytest.raises(WorkbookUnreadable, match=r"xl/extra\.xml"):
        archive.sound("xl/extra.xml")


def test_what_a_sound_package_holds_is_told() -> None:
    """Sheets in the workbook's order with their parts, the strings, the styles and the names of the workbook."""
    names = b"</sheets><definedNames><definedName name='_scrm_audit'>Deals!$A$1</definedName></definedNames>"
    parts = check(with_parts(GOOD, {WORKBOOK: replacing(b"</sheets>", names)}), "firm.xlsx")
    assert [(s.name, s.path, s.hidden, s.kind) for s in parts.sheets] == [
        ("Deals", SHEET1, False, "worksheet"),
        ("Summary", "xl/worksheets/sheet2.xml", False, "worksheet"),
    ]
    assert (parts.workbook, parts.shared_strings, parts.styles) == (WORKBOOK, STRINGS, "xl/styles.xml")
    assert parts.names == (("_scrm_audit", "Deals!$A$1"),)
    assert not parts.date1904


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_sheet_is_known_as_hidden(state: str) -> None:
    """Hidden by hand and hidden by a macro are both hidden."""
    change = replacing(b'name="Summary"', b'name="Summary" state="%b"' % state.encode())
    parts = check(with_parts(GOOD, {WORKBOOK: change}), "firm.xlsx")
    assert [sheet.hidden for sheet in parts.sheets] == [False, True]


def test_parts_are_found_in_any_case_and_under_any_name() -> None:
    """Targets may be absolute, relative, escaped and in another case than the part; the workbook may be called anything."""
    moved = with_parts(
        renamed(
            GOOD,
            {
                WORKBOOK: "xl/Книга 1.xml",
                RELS: "xl/_rels/Книга 1.xml.rels",
                SHEET1: "XL/WORKSHEETS/Sheet1.XML",
            },
        ),
        {
            "_rels/.rels": replacing(b"xl/workbook.xml", b"/xl/%D0%9A%D0%BD%D0%B8%D0%B3%D0%B0%201.xml"),
            "xl/_rels/Книга 1.xml.rels": replacing(b'"styles.xml"', b'"./../xl/styles.xml"'),
        },
    )
    parts = check(moved, "firm.xlsx")
    assert parts.workbook == "xl/Книга 1.xml"
    assert parts.sheets[0].path == "XL/WORKSHEETS/Sheet1.XML"
    assert parts.styles == "xl/styles.xml"


@pytest.mark.parametrize(
    "raw",
    [
        "<?xml version='1.0' encoding='UTF-8'?><a>Сделка</a>".encode(),
        "<?xml version='1.0' encoding='UTF-8'?><a>Сделка</a>".encode("utf-8-sig"),
        "<?xml version='1.0' encoding='UTF-16'?><a>Сделка</a>".encode("utf-16"),
        "<?xml version='1.0' encoding='UTF-16'?><a>Сделка</a>".encode("utf-16-be"),
        "<?xml version='1.0' encoding='utf-16'?><a>Сделка</a>".encode(),
        "<?xml version='1.0' encoding='windows-1251'?><a>Сделка</a>".encode("cp1251"),
    ],
    ids=[
        "UTF-8",
        "with a mark",
        "UTF-16",
        "UTF-16 without a mark",
        "UTF-8 that claims to be UTF-16",
        "cp1251",
    ],
)
def test_every_part_is_handed_on_as_utf8(raw: bytes) -> None:
    """Whatever the encoding, what was scanned and what is parsed are the same UTF-8 bytes."""
    assert utf8(raw).endswith("<a>Сделка</a>".encode())


@given(st.binary(max_size=400))
def test_no_bytes_whatever_get_past_with_another_error(data: bytes) -> None:
    """Noise, with or without the beginning of a zip, is refused with a sentence."""
    for noise in (data, b"PK\x03\x04" + data):
        with pytest.raises(WorkbookUnreadable):
            check(noise, "firm.xlsx")


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_one_wrong_byte_is_survived_or_refused(place: int, change: int) -> None:
    """A file with one wrong byte is either sound to the pre-flight or refused: never another exception."""
    spoilt = bytearray(GOOD)
    spoilt[place] ^= change
    try:
        parts = check(bytes(spoilt), "firm.xlsx")
    except WorkbookUnreadable:
        return
    assert parts.sheets
