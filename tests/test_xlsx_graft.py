"""Reports are put into a firm's workbook, replaced in their place, and leave no trace of earlier runs."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
import xlsxwriter  # type: ignore[import-untyped]

from sheets_crm.errors import WorkbookUnsafe
from sheets_crm.hosts.xlsx import XlsxHost, patched
from sheets_crm.hosts.xlsx.guard import repairs
from sheets_crm.hosts.xlsx.package import Package
from sheets_crm.hosts.xlsx.styles import Styles
from sheets_crm.hosts.xlsx.workbook import Workbook, sheet_of
from sheets_crm.sheet import Changes, LogLine, Page
from tests.libreoffice import convert
from tests.packages import with_parts
from tests.shared import shared
from tests.xlsx_samples import column, firm, highlight, opened, parts, report, run

WORKBOOK, STYLES, TYPES = "xl/workbook.xml", "xl/styles.xml", "[Content_Types].xml"
SECTIONS = ("numFmts", "fonts", "fills", "borders", "cellXfs", "dxfs")


def with_report(*pages: Page) -> bytes:
    return patched(firm(), Changes(pages=pages))


def style_counts(data: bytes) -> dict[str, int]:
    styles = Styles(Workbook(Package(data)))
    return {section: len(styles.entries(section)) for section in SECTIONS}


def unsound(data: bytes) -> set[str]:
    """What Excel would repair, in any part."""
    package = Package(data)
    return set(repairs(package, package.names))


def test_a_report_is_the_last_sheet_and_ours_by_a_hidden_name() -> None:
    """Values, formula with its result, text that looks like a formula; nothing for Excel to repair."""
    data = with_report(report())
    book = opened(data)
    assert book.sheetnames == ["Deals", "План продаж", "Audit"]
    assert book["Audit"]["A1"].value == "Аудит"
    assert book["Audit"]["A1"].font.b
    assert book["Audit"]["A2"].value == "=SUM(1,2)"
    assert (book["Audit"]["A3"].value, book["Audit"]["A3"].data_type) == ("=not a formula", "s")
    assert book["Audit"]["A3"].number_format == "0.00%"
    assert book["Audit"]["C2"].value == "x2"
    assert re.search(rb'<definedName name="_scrm_audit" hidden="1">Audit!\$A\$1<', parts(data)[WORKBOOK])
    assert not unsound(data)


def test_charts_and_notes_come_along_under_fresh_names() -> None:
    """The firm's chart1, comments1 and drawing1 keep theirs."""
    data = with_report(report())
    new = [name for name in parts(data) if name not in parts(firm())]
    assert set(new) >= {"xl/charts/chart2.xml", "xl/comments2.xml", "xl/worksheets/sheet3.xml"}
    assert all(parts(data)[name] == content for name, content in parts(firm()).items() if "chart" in name)
    assert len(opened(data)["Audit"]._charts) == 1  # type: ignore[attr-defined]


def test_a_report_replaced_keeps_its_part_ids_tab_and_names() -> None:
    """Only its own parts differ; the list of sheets, the names and the styles do not."""
    first = with_report(report(), report("Forecast", "forecast"))
    second = patched(first, Changes(pages=(report(total=5),)))
    old, new = parts(first), parts(second)
    assert list(old) == list(new)
    assert {name for name in old if old[name] != new[name]} == {
        "xl/worksheets/sheet3.xml",
        "xl/charts/chart2.xml",
    }


def test_the_same_report_again_changes_no_byte_and_adds_no_style() -> None:
    """Ten runs leave what one leaves."""
    first = with_report(report())
    assert patched(first, Changes(pages=(report(),))) == first
    again = first
    for total in (4, 5, 3):
        again = patched(again, Changes(pages=(report(total=total),)))
    assert style_counts(again) == style_counts(first)
    assert parts(again) == parts(first)


def test_styles_that_the_firm_has_are_not_added() -> None:
    """Bold 16 of ours is the bold 16 of theirs."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer)
    book.add_worksheet("Deals").write(0, 0, "x", book.add_format({"bold": True, "font_size": 16}))
    book.close()
    page = Page("audit", "Audit", {(1, 1): report().cells[1, 1]}, owned=True)
    after = patched(buffer.getvalue(), Changes(pages=(page,)))
    assert style_counts(after) == style_counts(buffer.getvalue())


def test_a_renamed_report_is_still_ours() -> None:
    """The defined name follows the sheet; its name stays as the user wants it."""
    renamed = with_parts(
        with_report(report()),
        {
            WORKBOOK: lambda xml: xml.replace(b'name="Audit"', 'name="Мой аудит"'.encode()).replace(
                b">Audit!", ">'Мой аудит'!".encode()
            )
        },
    )
    after = patched(renamed, Changes(pages=(report("Мой аудит", total=9),)))
    assert opened(after).sheetnames == ["Deals", "План продаж", "Мой аудит"]
    assert not unsound(after)


def test_a_deleted_report_is_made_anew() -> None:
    """The name that pointed to it (#REF!) is used again."""
    deleted = with_parts(firm(), {WORKBOOK: _named("_scrm_audit", "#REF!$A$1")})
    after = patched(deleted, Changes(pages=(report(),)))
    assert opened(after).sheetnames[-1] == "Audit"
    assert parts(after)[WORKBOOK].count(b"_scrm_audit") == 1


def _named(name: str, reference: str, local: str = "") -> bytes:
    entry = f'<definedName name="{name}"{local}>{reference}</definedName>'.encode()
    return parts(firm())[WORKBOOK].replace(b"<definedNames>", b"<definedNames>" + entry)


def test_a_foreign_sheet_of_that_name_is_never_replaced() -> None:
    """Without our defined name it is the firm's."""
    with pytest.raises(WorkbookUnsafe, match="deals"):
        patched(firm(), Changes(pages=(report("deals"),)))


def test_a_foreign_name_that_we_would_need_is_never_moved() -> None:
    """Quota is the firm's."""
    page = replace(report(), names={"Quota": report().names["audit_total"]})
    with pytest.raises(WorkbookUnsafe, match="Quota"):
        patched(firm(), Changes(pages=(page,)))


def test_local_names_of_a_report_follow_it() -> None:
    """Print titles and filter get the number of the sheet; those of an earlier run go."""
    data = with_report(report())
    local = re.findall(rb'<definedName name="(\S+?)" localSheetId="2"', parts(data)[WORKBOOK])
    assert set(local) == {b"_xlnm._FilterDatabase", b"_xlnm.Print_Titles"}
    bare = patched(data, Changes(pages=(replace(report(), filter=None),)))
    assert b"_FilterDatabase" not in parts(bare)[WORKBOOK]


def test_a_page_that_is_not_a_report_is_added_and_not_claimed() -> None:
    """A table that people fill in is the firm's from then on."""
    page = Page("team", "Team", {(1, 1): report().cells[1, 1]})
    data = with_report(page)
    assert opened(data).sheetnames[-1] == "Team"
    assert b"_scrm_" not in parts(data)[WORKBOOK]


def test_what_someone_put_on_a_report_is_not_thrown_away() -> None:
    """A table there may be used elsewhere: refuse with a sentence."""
    data = with_report(report())
    rels = "xl/worksheets/_rels/sheet3.xml.rels"
    someones = with_parts(
        data,
        {
            rels: lambda xml: xml.replace(
                b"</Relationships>",
                b'<Relationship Id="rId9" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships'
                b'/table" Target="../tables/table1.xml"/></Relationships>',
            )
        },
    )
    with pytest.raises(WorkbookUnsafe, match="Audit"):
        patched(someones, Changes(pages=(report(total=4),)))


WORKBOOKS = {
    "no defined names": lambda xml: re.sub(rb"<definedNames>.*</definedNames>", b"", xml),
    "empty defined names": lambda xml: re.sub(rb"<definedNames>.*</definedNames>", b"<definedNames/>", xml),
    "alternate content and a comment between the elements": lambda xml: xml.replace(
        b"<bookViews>",
        b'<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"/>'
        b"<!-- x --><bookViews>",
    ),
    "external references": lambda xml: re.sub(
        rb"<definedNames>.*</definedNames>", b"<functionGroups/><externalReferences/>", xml
    ),
    "a prefixed workbook": lambda xml: re.sub(rb"<(/?)(?=[a-z])", rb"<\1x:", xml).replace(
        b"xmlns=", b"xmlns:x="
    ),
}


@pytest.mark.parametrize("case", WORKBOOKS, ids=str)
def test_the_workbook_part_keeps_its_order(case: str) -> None:
    """Excel insists on the order of the children."""
    before = with_parts(firm(), {WORKBOOK: WORKBOOKS[case]})
    after = patched(before, Changes(pages=(report(),)))
    assert not unsound(after)
    assert Workbook(Package(after)).owned("audit") is not None


@pytest.mark.parametrize(
    ("reference", "sheet"),
    [
        ("Deals!$A$1", "Deals"),
        ("'План продаж'!$A$1", "План продаж"),
        ("'It''s'!A1", "It's"),
        ("$Deals!$A$1", "Deals"),
        ("#REF!", "#REF"),
        ("$A$1", None),
    ],
)
def test_the_sheet_of_a_reference(reference: str, sheet: str | None) -> None:
    """As Excel and LibreOffice write it."""
    assert sheet_of(reference) == sheet


# ---------------------------------------------------------------- real workbooks


@pytest.mark.parametrize("name", ["poi__64450.xlsx", "xlwings__simulation.xlsm", "poi__SheetTabColors.xlsx"])
def test_real_workbooks_lose_nothing(name: str) -> None:
    """Charts, pivot, macro and controls are byte-identical; the second run changes nothing."""
    before = shared(f"corpus/{name}").read_bytes()
    sheet = Workbook(Package(before)).sheets[0].name
    changes = Changes(
        columns=(column({5: "✗ x"}, sheet=sheet, column=40),),
        highlights=(highlight(sheet=sheet),),
        pages=(report("Наш аудит"),),
        log=(LogLine("{}"),),
        log_name="log",
    )
    after = patched(before, changes)
    old, new = parts(before), parts(after)
    own = {WORKBOOK, STYLES, TYPES, "xl/_rels/workbook.xml.rels", Workbook(Package(before)).sheets[0].part}
    assert {part for part in old if old[part] != new.get(part)} <= own | {"xl/calcChain.xml"}
    assert not unsound(after) - unsound(before)
    assert patched(after, replace(changes, log=())) == after


def test_libreoffice_opens_the_result_and_the_next_run_knows_its_own_again(tmp_path: Path) -> None:
    """After a re-save: one column, two highlights, one report, one log; a second run after it changes nothing."""
    path = tmp_path / "firm.xlsx"
    path.write_bytes(patched(firm(), run(report(), log=[LogLine('{"a":"\\u0430"}', "seal")])))
    saved = convert(path, "xlsx", tmp_path / "out")
    host = XlsxHost(saved)
    snapshot = host.read(lambda sheets: [sheet.name for sheet in sheets])
    assert [sheet.report for sheet in snapshot.sheets] == [None, None, "log", "audit"]
    assert list(snapshot.grids["sheets-crm log"].rows[0]) == ['{"a":"\\u0430"}', "seal"]
    before = parts(saved.read_bytes())
    changes = run(report())
    after = patched(saved.read_bytes(), changes)
    assert parts(after)["xl/worksheets/sheet1.xml"] == before["xl/worksheets/sheet1.xml"]
    assert patched(after, changes) == after
