"""However a program names, packs, prefixes or encodes the parts of a workbook, a run writes into it and loses nothing."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable

import pytest

from benchmarks.corpus import ours
from benchmarks.foreign import changed
from benchmarks.repair_lint import new_faults
from sheets_crm.errors import WorkbookUnsafe
from sheets_crm.hosts.xlsx import patched
from sheets_crm.hosts.xlsx.read import read
from tests.packages import renamed, replacing, with_parts
from tests.xlsx_samples import DEALS, firm, parts, report, run

BOOK, STYLES, TABLE = "xl/workbook.xml", "xl/styles.xml", "xl/tables/table1.xml"
RELATIONS, TYPES = "xl/_rels/workbook.xml.rels", "[Content_Types].xml"


def prefixed(xml: bytes) -> bytes:
    """A part whose own elements bear the prefix `x:`; elements with another prefix keep it."""
    xml = xml.replace(b" xmlns=", b" xmlns:x=", 1)
    return re.sub(rb"<(/?)([A-Za-z]\w*)(?![\w:])", rb"<\1x:\2", xml)


def in_utf16(xml: bytes) -> bytes:
    return xml.replace(b"UTF-8", b"UTF-16").decode().encode("utf-16")


def everything(change: Callable[[bytes], bytes]) -> bytes:
    """The firm's workbook with all parts changed that a run writes into."""
    return with_parts(firm(), dict.fromkeys((DEALS, BOOK, STYLES, TABLE), change))


def odd_names() -> bytes:
    """A sheet in a part with a blank in its name, which the relationships write as `%20`."""
    data = renamed(
        firm(), {DEALS: "xl/Blatt/My Deals.xml", "xl/worksheets/_rels/sheet1.xml.rels": "xl/Blatt/_rels/My Deals.xml.rels"}
    )  # fmt: skip
    return with_parts(
        data,
        {
            RELATIONS: replacing(b"worksheets/sheet1.xml", b"Blatt\\My%20Deals.xml"),
            TYPES: replacing(b"/xl/worksheets/sheet1.xml", b"/xl/Blatt/My%20Deals.xml"),
        },
    )


def zip64() -> bytes:
    """Every entry with the long sizes that a program writes when it does not know how much will come."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts(firm()).items():
            with new.open(name, "w", force_zip64=True) as entry:
                entry.write(content)
    return buffer.getvalue()


def with_descriptors() -> bytes:
    """Sizes behind the data, as in a file that was sent while it was made."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts(firm()).items():
            new.writestr(name, content)
    return pipe.getvalue()


PACKAGES: dict[str, Callable[[], bytes]] = {
    "as Excel writes it": firm,
    "prefixes": lambda: everything(prefixed),
    "UTF-16": lambda: everything(in_utf16),
    "absolute targets": lambda: with_parts(
        firm(), {RELATIONS: lambda xml: re.sub(rb'Target="', rb'Target="/xl/', xml)}
    ),
    "other case in the list of types": lambda: with_parts(firm(), {TYPES: replacing(b"/xl/worksheets", b"/XL/Worksheets")}),
    "odd part names": odd_names,
    "zip64": zip64,
    "data descriptors": with_descriptors,
    "stored, not deflated": lambda: with_parts(firm(), {}, zipfile.ZIP_STORED),
    "a protected sheet": lambda: with_parts(
        firm(), {DEALS: replacing(b"</sheetData>", b'</sheetData><sheetProtection sheet="1" objects="1"/>')}
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", PACKAGES)
def test_a_run_loses_nothing_and_the_next_changes_nothing(kind: str) -> None:
    """Independent code finds no foreign change and no new fault; what was written is read; the same again is the same."""
    before, changes = PACKAGES[kind](), run(report())
    after = patched(before, changes)
    assert changed(before, after, ours(changes)) == []
    assert new_faults(before, after) == []
    grid = read(after, "firm.xlsx", lambda _: ["Deals"]).grids["Deals"]
    assert [grid.value(1, 4), grid.value(3, 4), grid.value(3, 1)] == [
        "To fix",
        "✗ Stage: bad [ST06]",
        "D0006",
    ]
    assert patched(after, changes) == after


def test_a_part_in_utf16_stays_so_unless_it_is_written() -> None:
    """Only the sheet with the new cells is encoded anew."""
    before = with_parts(firm(), {DEALS: in_utf16, "xl/worksheets/sheet2.xml": in_utf16})
    after = parts(patched(before, run()))
    assert after[DEALS].startswith(b'<?xml version="1.0" encoding="UTF-8"')
    assert after["xl/worksheets/sheet2.xml"] == parts(before)["xl/worksheets/sheet2.xml"]


REFUSED = {
    "signed": ({"_xmlsignatures/origin.sigs": b""}, "signature"),
    "structure protected": ({BOOK: replacing(b"<bookViews>", b'<workbookProtection lockStructure="1"/><bookViews>')}, "structure"),
    "strict": ({BOOK: replacing(b"http://schemas.openxmlformats.org/spreadsheetml/2006/main", b"http://purl.oclc.org/ooxml/spreadsheetml/main")}, "Strict"),
    "without styles": ({STYLES: None, RELATIONS: lambda xml: re.sub(rb'<Relationship [^>]*styles.xml"/>', b"", xml), TYPES: lambda xml: re.sub(rb'<Override [^>]*styles.xml"[^>]*/>', b"", xml)}, "formats"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_a_workbook_that_nobody_should_write_into_is_refused(kind: str) -> None:
    """One sentence that names the reason."""
    change, word = REFUSED[kind]
    with pytest.raises(WorkbookUnsafe, match=word):
        patched(with_parts(firm(), change), run(report()))  # type: ignore[arg-type]
