"""Cells, highlights and log lines go into a sheet that stands, and nothing else on it changes."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sheets_crm.errors import WorkbookUnsafe
from sheets_crm.hosts.xlsx import patched
from sheets_crm.hosts.xlsx.guard import prove, repairs
from sheets_crm.hosts.xlsx.package import Package
from sheets_crm.hosts.xlsx.patch import widened
from sheets_crm.hosts.xlsx.scan import (
    Parts,
    attribute,
    decoded,
    encoded,
    runs,
    split,
    tag_end,
    with_attribute,
)
from sheets_crm.hosts.xlsx.splice import Splice, Wish, Wishes
from sheets_crm.hosts.xlsx.splice import spliced as with_edits
from sheets_crm.sheet import Area, Changes, ColumnUpdate, Fill, LogLine, letters
from tests.packages import with_parts
from tests.xlsx_samples import DEALS, column, firm, highlight, opened, parts, run

SST = ("", "To fix", "shared words")


def sheet(body: str, before: str = "", after: str = "", prefix: str = "") -> bytes:
    """A sheet part around some rows."""
    p = prefix and prefix + ":"
    xmlns = (
        f'xmlns{":" if prefix else ""}{prefix}="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    )
    return f"<{p}worksheet {xmlns}>{before}<{p}sheetData>{body}</{p}sheetData>{after}</{p}worksheet>".encode()


def spliced(body: str, wanted: dict[int, dict[int, Wish]], **around: str) -> str:
    """The rows of a sheet after a splice."""
    parts = split(sheet(body, **around))
    found = Splice(parts, Wishes(wanted), SST.__getitem__, "Deals")
    found.look(parts.body)
    found.end()
    return b"".join((*with_edits([parts.body], found.edits), found.after)).decode()


def inline(reference: str, text: str, style: str = "") -> str:
    return f'<c r="{reference}"{style} t="inlineStr"><is><t>{text}</t></is></c>'


FIX = Wish("x")
BLANK = Wish("")
SPLICES = {
    "a cell after the last one": (
        '<row r="2" spans="1:2"><c r="A2"><v>1</v></c></row>',
        {2: {4: FIX}},
        f'<row r="2"><c r="A2"><v>1</v></c>{inline("D2", "x")}</row>',
    ),
    "a cell between two": (
        '<row r="2"><c r="A2"/><c r="Z2"/></row>',
        {2: {4: FIX}},
        f'<row r="2"><c r="A2"/>{inline("D2", "x")}<c r="Z2"/></row>',
    ),
    "a cell before the first": (
        '<row r="2"><c r="B2"/></row>',
        {2: {1: FIX}},
        f'<row r="2">{inline("A2", "x")}<c r="B2"/></row>',
    ),
    "an existing cell keeps its style": (
        '<row r="2"><c r="D2" s="7" t="s"><v>2</v></c></row>',
        {2: {4: FIX}},
        '<row r="2">' + inline("D2", "x", ' s="7"') + "</row>",
    ),
    "nothing to say in a cell that is not there": ('<row r="2"><c r="A2"/></row>', {2: {4: BLANK}}, None),
    "nothing to say in a row that is not there": ('<row r="2"/>', {9: {4: BLANK}}, None),
    "nothing to say empties a cell and keeps its style": (
        '<row r="2"><c r="D2" s="7" t="s"><v>2</v></c></row>',
        {2: {4: BLANK}},
        '<row r="2"><c r="D2" s="7"/></row>',
    ),
    "an equal shared string is left alone": (
        '<row r="2" spans="4:4"><c r="D2" t="s"><v>2</v></c></row>',
        {2: {4: Wish("shared words")}},
        None,
    ),
    "an equal inline string in rich runs is left alone": (
        '<row r="2"><c r="D2" t="inlineStr"><is><r><t>a</t></r><r><t xml:space="preserve"> b</t></r></is></c></row>',
        {2: {4: Wish("a b")}},
        None,
    ),
    "a number is not the same text": (
        '<row r="2"><c r="D2"><v>5</v></c></row>',
        {2: {4: FIX}},
        f'<row r="2">{inline("D2", "x")}</row>',
    ),
    "a row between two": (
        '<row r="2"><c r="A2"/></row><row r="5"><c r="A5"/></row>',
        {3: {4: FIX}},
        f'<row r="2"><c r="A2"/></row><row r="3">{inline("D3", "x")}</row><row r="5"><c r="A5"/></row>',
    ),
    "a row after the last": (
        '<row r="2"/>',
        {3: {4: FIX}},
        f'<row r="2"/><row r="3">{inline("D3", "x")}</row>',
    ),
    "an empty row is opened": (
        '<row r="2" ht="20" customHeight="1"/>',
        {2: {4: FIX}},
        f'<row r="2" ht="20" customHeight="1">{inline("D2", "x")}</row>',
    ),
    "rows and cells without numbers are counted": (
        "<row><c><v>1</v></c></row><row><c><v>2</v></c><c><v>3</v></c></row>",
        {2: {3: FIX}},
        f"<row><c><v>1</v></c></row><row><c><v>2</v></c><c><v>3</v></c>{inline('C2', 'x')}</row>",
    ),
    "a header looks like the one on its left": (
        '<row r="1"><c r="C1" s="3" t="s"><v>2</v></c></row>',
        {1: {4: Wish("To fix", "header")}},
        '<row r="1"><c r="C1" s="3" t="s"><v>2</v></c>' + inline("D1", "To fix", ' s="3"') + "</row>",
    ),
    "a header that stands is left alone": (
        '<row r="1"><c r="D1" t="s"><v>2</v></c></row>',
        {1: {4: Wish("To fix", "header")}},
        None,
    ),
    "an empty formatted header cell is filled": (
        '<row r="1"><c r="D1" s="2"/></row>',
        {1: {4: Wish("To fix", "header")}},
        '<row r="1">' + inline("D1", "To fix", ' s="2"') + "</row>",
    ),
    "a plain formula in the column of ours goes": (
        '<row r="2"><c r="D2"><f>A1&gt;1</f><v>5</v></c></row>',
        {2: {4: FIX}},
        f'<row r="2">{inline("D2", "x")}</row>',
    ),
    "a formula as text stays text": (
        '<row r="2"/>',
        {2: {4: Wish("=1+1")}},
        f'<row r="2">{inline("D2", "=1+1")}</row>',
    ),
    "a tag with a greater-than sign in quotes": (
        """<row r="2" x='a>"b'><c r="A2"/></row>""",
        {2: {2: FIX}},
        f"""<row r="2" x='a>"b'><c r="A2"/>{inline("B2", "x")}</row>""",
    ),
}


@pytest.mark.parametrize("case", SPLICES, ids=str)
def test_a_wish_changes_its_cell_and_no_other_byte(case: str) -> None:
    """The rows are as the table says; None means not one byte differs."""
    body, wanted, expected = SPLICES[case]
    assert spliced(body, wanted) == (body if expected is None else expected)


def test_a_prefixed_sheet_gets_prefixed_cells() -> None:
    """LibreOffice and others may write `<x:row>`."""
    xml = sheet('<x:row r="2"><x:c r="A2"/></x:row>', prefix="x")
    parts = split(xml)
    found = Splice(parts, Wishes({2: {2: FIX}}), SST.__getitem__, "Deals")
    found.look(parts.body)
    done = b"".join(with_edits([parts.body], found.edits))
    assert done == (
        b'<x:row r="2"><x:c r="A2"/><x:c r="B2" t="inlineStr"><x:is><x:t>x</x:t></x:is></x:c></x:row>'
    )


UNSAFE_SHEETS = {
    "a shared formula that others are stored with": (
        '<row r="2"><c r="D2"><f t="shared" ref="D2:E2" si="0">A2</f></c><c r="E2"><f t="shared" si="0"/></c></row>',
        {2: {4: FIX}},
    ),
    "an array formula over more than is ours": (
        '<row r="2"><c r="D2"><f t="array" ref="D2:E2">1</f><v>1</v></c></row>',
        {2: {4: FIX}},
    ),
    "inside another cell's array": (
        '<row r="2"><c r="C2"><f t="array" ref="C2:D2">1</f></c></row>',
        {2: {4: FIX}},
    ),
    "inside a data table": (
        '<row r="2"><c r="C2"><f t="dataTable" ref="C2:D3" dt2D="1" r1="A1"/></c></row>',
        {2: {4: FIX}},
    ),
    "an ID in a spilled area": (
        '<row r="2"><c r="A2"><f t="array" ref="A2:A3">1</f></c></row>',
        {3: {1: Wish("D0001", "fill")}},
    ),
    "a formula under a header that is only now ours": (
        '<row r="1"><c r="A1"/></row><row r="2"><c r="D2"><f>A2</f><v></v></c></row>',
        {1: {4: Wish("To fix", "header")}, 2: {4: BLANK}},
    ),
    "rows out of order": ('<row r="3"/><row r="2"/>', {2: {4: FIX}}),
    "a comment between the rows": ('<row r="1"/><!-- x --><row r="2"/>', {2: {4: FIX}}),
}


@pytest.mark.parametrize("case", UNSAFE_SHEETS, ids=str)
def test_what_cannot_be_written_safely_is_refused(case: str) -> None:
    """A sentence instead of a broken sheet."""
    body, wanted = UNSAFE_SHEETS[case]
    with pytest.raises(WorkbookUnsafe):
        spliced(body, wanted)


OURS_ALONE = {
    "a plain formula": '<c r="D2"><f>A2</f><v>1</v></c>',
    "a shared formula's follower": '<c r="D2"><f t="shared" si="0"/><v>1</v></c>',
    "a shared formula that all goes": '<c r="D2"><f t="shared" ref="D2:D3" si="0">A2</f><v>1</v></c>',
    "an array formula in this cell alone": '<c r="D2"><f t="array" ref="D2">1</f><v>1</v></c>',
    "an array formula that all goes": '<c r="D2"><f t="array" ref="D2:D3">1</f><v>1</v></c>',
}


@pytest.mark.parametrize("case", OURS_ALONE, ids=str)
def test_a_formula_under_our_header_gives_way(case: str) -> None:
    """The column is ours, so nothing in it is kept for someone; no formula elsewhere hangs on it."""
    below = '<row r="3"><c r="D3"><f t="shared" si="0"/><v>2</v></c></row>'
    done = spliced(f'<row r="2">{OURS_ALONE[case]}</row>{below}', {2: {4: FIX}, 3: {4: BLANK}})
    assert done == f'<row r="2">{inline("D2", "x")}</row><row r="3"><c r="D3"/></row>'


@pytest.mark.parametrize("merged", ["C1:D9", "D2:E2", "A2:F2"])
def test_merged_cells_are_written_under(merged: str) -> None:
    """Nothing shows there until it is split again, and nothing is lost; the colours follow all the same."""
    after = f'<mergeCells count="1"><mergeCell ref="{merged}"/></mergeCells>'
    assert spliced('<row r="2"/>', {2: {4: FIX}}, after=after) == f'<row r="2">{inline("D2", "x")}</row>'


@pytest.mark.parametrize(
    "xml",
    [
        b'<?xml version="1.0" encoding="klingon"?>' + sheet(""),
        sheet("").decode().encode("utf-16")[:-1],
        b"<!DOCTYPE x>" + sheet(""),
        b"<worksheet/>",
    ],
    ids=["an encoding of nobody's", "half a character", "a DOCTYPE", "no rows at all"],
)
def test_odd_sheets_are_refused(xml: bytes) -> None:
    """Bytes that no spreadsheet program writes are not spliced."""
    with pytest.raises(WorkbookUnsafe):
        split(xml)


@pytest.mark.parametrize("body", ['<c r="A2"><v>5</v></c>', '<c r="A2"><f>B2</f><v></v></c>'])
def test_an_id_never_goes_over_a_value_or_a_formula(body: str) -> None:
    """The only user cells that are written are blank ones."""
    with pytest.raises(WorkbookUnsafe, match="A2"):
        spliced(f'<row r="2">{body}</row>', {2: {1: Wish("D0001", "fill")}})


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("", '<cols><col min="4" max="4" width="45" customWidth="1"/></cols>'),
        (
            '<cols><col min="1" max="2" width="9"/><col min="6" max="6" width="9"/></cols>',
            (
                '<cols><col min="1" max="2" width="9"/><col min="4" max="4" width="45" customWidth="1"/>'
                '<col min="6" max="6" width="9"/></cols>'
            ),
        ),
        (
            '<cols><col min="2" max="1024" width="9" style="3" hidden="1"/></cols>',
            (
                '<cols><col min="2" width="9" style="3" hidden="1" max="3"/>'
                '<col min="4" max="4" width="45" customWidth="1" style="3"/>'
                '<col max="1024" width="9" style="3" hidden="1" min="5"/></cols>'
            ),
        ),
    ],
    ids=["no widths yet", "between two", "inside a hidden run"],
)
def test_a_new_column_is_wide_and_shown(before: str, expected: str) -> None:
    """Only our column changes its look."""
    assert (
        widened(split(sheet("", before=before)), [4])
        .head.decode()
        .removesuffix("<sheetData>")
        .endswith(expected)
    )


@given(st.text())
def test_any_text_comes_back(text: str) -> None:
    """Whatever a person may have typed survives, control characters and escapes included."""
    assert decoded(encoded(text)) == text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a\x01b", b"a_x0001_b"),
        ("_x0041_", b"_x005F_x0041_"),
        ("a\rb\nc\td", b"a_x000D_b\nc\td"),
        ("<&>", b"&lt;&amp;&gt;"),
        ("\ud800", b"_xD800_"),
    ],
)
def test_text_is_written_as_excel_writes_it(text: str, written: bytes) -> None:
    """Escapes are Excel's own."""
    assert encoded(text) == written


def test_text_longer_than_a_cell_can_hold_is_cut() -> None:
    """Excel repairs a file with more than 32,767 characters in a cell."""
    assert len(encoded("😀" * 20_000).decode().encode("utf-16-le")) // 2 <= 32_767


def test_phonetic_hints_are_no_text() -> None:
    """A Japanese cell has its reading beside its text."""
    assert runs(b"<is><t>a</t><rPh sb='0' eb='1'><t>hint</t></rPh></is>", b"") == "a"


# ---------------------------------------------------------------- whole workbooks


def test_a_run_leaves_every_other_part_byte_identical() -> None:
    """Only the touched sheet, styles and the list of sheets differ; Excel has nothing new to repair."""
    before = firm()
    after = patched(before, run(log=[LogLine("{}", "seal")]))
    old, new = parts(before), parts(after)
    differing = {name for name in old if old[name] != new[name]}
    assert differing == {
        DEALS,
        "xl/styles.xml",
        "xl/workbook.xml",
        "xl/_rels/workbook.xml.rels",
        "[Content_Types].xml",
    }
    assert list(new)[: len(old)] == list(old)
    package = Package(after)
    assert not repairs(package, package.names)


def test_the_same_changes_again_change_no_byte() -> None:
    """Equal content is not written again, and equal input gives equal output."""
    before, changes = firm(), run()
    after = patched(before, changes)
    assert patched(after, changes) == after
    assert patched(before, changes) == after


def test_nothing_to_change_gives_the_same_bytes() -> None:
    """Not even the zip is packed anew."""
    before = firm()
    assert patched(before, Changes(columns=(column({}, header=""),))) == before


def test_openpyxl_reads_what_was_written() -> None:
    """The fault stands in its row, the ID in its cell, all else as it was."""
    book = opened(patched(firm(), run()))
    rows = [[cell.value for cell in row] for row in book["Deals"].iter_rows()]
    assert rows[0] == ["ID", "Stage", "Amount", "To fix"]
    assert rows[2] == ["D0006", "New & <old>", 20, "✗ Stage: bad [ST06]"]
    assert rows[3] == ["D0003", "New & <old>", 30, None]
    assert book["Deals"].dimensions == "A1:D6"


def test_a_cause_that_goes_takes_its_words_along() -> None:
    """The cell is emptied and nothing else differs from a run that never had the fault."""
    first = patched(firm(), Changes(columns=(column(),)))
    second = patched(first, Changes(columns=(column({}),)))
    assert b'<c r="D3"/>' in parts(second)[DEALS]


def test_a_formula_overwritten_drops_the_calculation_chain() -> None:
    """A chain that names a cell without a formula makes Excel repair the file."""
    chained = with_parts(
        firm(),
        {
            DEALS: lambda xml: xml.replace(b'<c r="C3">', b'<c r="C3"><f>1+1</f>'),
            "xl/calcChain.xml": b'<calcChain xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
            b'<c r="C3" i="1"/></calcChain>',
            "[Content_Types].xml": lambda xml: xml.replace(
                b"</Types>",
                b'<Override PartName="/xl/calcChain.xml" ContentType="application/vnd.openxmlformats-'
                b'officedocument.spreadsheetml.calcChain+xml"/></Types>',
            ),
            "xl/_rels/workbook.xml.rels": lambda xml: xml.replace(
                b"</Relationships>",
                b'<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
                b'relationships/calcChain" Target="calcChain.xml"/></Relationships>',
            ),
        },
    )
    kept = patched(chained, Changes(columns=(column(),)))
    dropped = patched(chained, Changes(columns=(column(column=3),)))
    assert "xl/calcChain.xml" in parts(kept)
    assert "xl/calcChain.xml" not in parts(dropped)
    assert not any(b"calcChain" in content for content in parts(dropped).values())


def test_a_workbook_whose_cells_state_no_reference_is_patched_too() -> None:
    """Some exporters leave them out: cells are then counted, rows too."""
    bare = with_parts(
        firm(), {DEALS: lambda xml: re.sub(rb'<(row|c)((?: [a-z]+="[^"]*")*?) r="[A-Z]*\d+"', rb"<\1\2", xml)}
    )
    assert b' r="A1"' not in parts(bare)[DEALS]
    changes = replace(run(), fills=())
    after = patched(bare, changes)
    assert opened(after)["Deals"]["D3"].value == "✗ Stage: bad [ST06]"
    assert patched(after, changes) == after


# ---------------------------------------------------------------- highlights


def rules(data: bytes) -> list[tuple[str, str, str]]:
    """Area, priority and formula of each conditional format of Deals."""
    xml = parts(data)[DEALS].decode()
    found = re.findall(
        r'<conditionalFormatting sqref="([^"]+)">(.*?)</conditionalFormatting>', xml, re.DOTALL
    )
    return [
        (area, attribute(rule.encode(), b"priority").decode(), re.sub("<.*?>", "", rule))  # type: ignore[union-attr]
        for area, inside in found
        for rule in re.findall(r"<cfRule.*?</cfRule>", inside, re.DOTALL)
    ]


def test_highlights_stand_last_in_place_and_in_priority() -> None:
    """The firm's own colours win; the sheet's children stay in the schema's order."""
    data = patched(firm(), run())
    assert [priority for _, priority, _ in rules(data)] == ["1", "2", "3", "4"]
    assert [area for area, _, _ in rules(data)][2:] == ["A2:D6", "A2:D6"]
    xml = parts(data)[DEALS]
    assert xml.rindex(b"<conditionalFormatting") < xml.index(b"<dataValidations")


def test_a_highlight_over_more_rows_replaces_the_old_one() -> None:
    """One rule a mark, with the priority that it had; the other mark stays."""
    first = patched(firm(), run())
    second = patched(first, Changes(highlights=(highlight(area=Area(2, 1, 90, 4)),)))
    assert [(area, priority) for area, priority, _ in rules(second)][2:] == [("A2:D90", "3"), ("A2:D6", "4")]


def test_a_new_colour_is_a_new_look_and_no_second_rule() -> None:
    """The differential formats grow by one."""
    first = patched(firm(), run())
    second = patched(first, Changes(highlights=(highlight(fill="#123456"),)))
    assert len(rules(second)) == len(rules(first))
    assert b"FF123456" in parts(second)["xl/styles.xml"]


REWRITTEN = {
    "blanks dropped, as LibreOffice does": (b", $D2))", b",$D2))"),
    "quotes as entities": (b'"\xe2\x9c\x97 "&amp;', b"&quot;\xe2\x9c\x97 &quot;&amp;"),
    "another priority": (b'priority="3"', b'priority="7"'),
}


@pytest.mark.parametrize("case", REWRITTEN, ids=str)
def test_a_highlight_is_known_again_after_another_program_saved_it(case: str) -> None:
    """The bytes stay as that program left them."""
    old, new = REWRITTEN[case]
    first = patched(firm(), run())
    saved = with_parts(first, {DEALS: lambda xml: xml.replace(old, new)})
    assert parts(saved)[DEALS] != parts(first)[DEALS]
    assert patched(saved, run()) == saved


def test_rules_that_excel_put_into_one_element_are_known_again() -> None:
    """Excel keeps all rules of one area together; a change takes out ours alone."""
    first = patched(firm(), run())
    joint = b'</conditionalFormatting><conditionalFormatting sqref="A2:D6">'
    saved = with_parts(first, {DEALS: lambda xml: b"".join(xml.rpartition(joint)[::2])})
    assert patched(saved, run()) == saved
    grown = patched(saved, Changes(highlights=(highlight(area=Area(2, 1, 90, 4)),)))
    assert [(area, priority) for area, priority, _ in rules(grown)][2:] == [("A2:D6", "4"), ("A2:D90", "3")]


def test_a_highlight_twice_becomes_one() -> None:
    """Someone copied rows, and the program doubled the rule."""
    first = patched(firm(), Changes(highlights=(highlight(),)))
    xml = parts(first)[DEALS]
    start = xml.rindex(b"<conditionalFormatting")
    rule = xml[start : xml.index(b"</conditionalFormatting>", start) + len(b"</conditionalFormatting>")]
    doubled = with_parts(first, {DEALS: xml.replace(rule, rule + rule.replace(b"A2:D6", b"A7:D8"))})
    assert len(rules(patched(doubled, Changes(highlights=(highlight(),))))) == len(rules(first))


# ---------------------------------------------------------------- the log


def test_log_lines_are_appended_and_earlier_ones_never_touched() -> None:
    """Texts survive literally; the sheet is hidden."""
    first = patched(firm(), Changes(log=(LogLine('{"a":"_x0041_\\u0430"}', "s1"),), log_name="log"))
    second = patched(first, Changes(log=(LogLine("two", "s2"), LogLine("three"))))
    sheet_part = "xl/worksheets/sheet3.xml"
    old_rows = split(parts(first)[sheet_part]).body
    assert split(parts(second)[sheet_part]).body.startswith(old_rows)
    book = opened(second)
    assert book["log"].sheet_state == "hidden"
    assert [[cell.value for cell in row] for row in book["log"].iter_rows(min_row=2)] == [
        ["two", "s2"],
        ["three", None],
    ]


def test_empty_formatted_rows_below_the_log_do_not_push_it_down() -> None:
    """LibreOffice may leave them to the last row of the sheet."""
    first = patched(firm(), Changes(log=(LogLine("one"),), log_name="log"))
    padded = with_parts(
        first,
        {
            "xl/worksheets/sheet3.xml": lambda xml: xml.replace(
                b"</sheetData>", b'<row r="2" s="1"/><row r="1048576"/></sheetData>'
            )
        },
    )
    book = opened(patched(padded, Changes(log=(LogLine("two"),))))
    assert book["log"]["A2"].value == "two"


# ---------------------------------------------------------------- the guard


SABOTAGE = {
    "a foreign cell": lambda xml: xml.replace(b"<v>30</v>", b"<v>31</v>"),
    "a foreign format": lambda xml: xml.replace(
        b'<cfRule type="cellIs"', b'<cfRule type="cellIs" stopIfTrue="1"'
    ),
    "a dropdown": lambda xml: xml.replace(b"New,Won", b"New"),
    "a foreign width": lambda xml: xml.replace(b"<cols>", b'<cols><col min="1" max="1" width="3"/>'),
    "broken XML": lambda xml: xml.replace(b"</row>", b"</rov>", 1),
    "a header that stood": lambda xml: xml.replace(b">To fix<", b">Mine<"),
    "an ID that stood": lambda xml: xml.replace(b">D0006<", b">D0007<"),
    "a row after the last": lambda xml: xml.replace(
        b"</sheetData>", b'<row r="99"><c r="A99"><v>1</v></c></row></sheetData>'
    ),
    "a comment among the rows": lambda xml: xml.replace(b"</row>", b"<!-- --></row>", 1),
    "our cell before its neighbour": lambda xml: re.sub(
        rb'(<c r="C3".*?</c>)(<c r="D3".*?</c>)', rb"\2\1", xml
    ),
}


@pytest.mark.parametrize("case", SABOTAGE, ids=str)
def test_the_guard_sees_any_foreign_change_on_a_touched_sheet(case: str) -> None:
    """It does not trust the writer."""
    before, changes = patched(firm(), run()), replace(run(), columns=(column({4: "! x"}),))
    after = patched(before, changes)
    prove(before, after, changes)
    spoilt = with_parts(after, {DEALS: SABOTAGE[case]})
    assert parts(spoilt)[DEALS] != parts(after)[DEALS]
    with pytest.raises(WorkbookUnsafe):
        prove(before, spoilt, changes)


def test_the_guard_sees_log_lines_in_the_wrong_order() -> None:
    """Excel repairs rows that do not go up."""
    before = patched(firm(), Changes(log=(LogLine("one"),), log_name="log"))
    changes = Changes(log=(LogLine("two"), LogLine("three")))
    after = patched(before, changes)
    two_rows = re.compile(rb'(<row r="2".*?</row>)(<row r="3".*?</row>)')
    spoilt = with_parts(after, {"xl/worksheets/sheet3.xml": lambda xml: two_rows.sub(rb"\2\1", xml)})
    assert parts(spoilt) != parts(after)
    with pytest.raises(WorkbookUnsafe):
        prove(before, spoilt, changes)


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        ("xl/worksheets/sheet2.xml", b"Q1", b"Q9"),
        ("xl/workbook.xml", b"Quota", b"Quotb"),
        ("xl/workbook.xml", b'<sheet name="Deals"', b'<sheet name="Deal2"'),
        ("xl/styles.xml", b"<b/>", b"<i/>"),
        ("xl/tables/table1.xml", b"Column1", b"Column9"),
        ("xl/_rels/workbook.xml.rels", b"theme1.xml", b"theme2.xml"),
        ("[Content_Types].xml", b"/xl/tables/table1.xml", b"/xl/tables/table2.xml"),
        ("xl/charts/chart1.xml", None, None),
    ],
)
def test_the_guard_sees_any_change_in_other_parts(part: str, old: bytes | None, new: bytes | None) -> None:
    """None drops the part."""
    before, changes = firm(), run()
    after = patched(before, changes)
    if old is None or new is None:
        spoilt = with_parts(after, {part: None})
    else:
        source = parts(after)[part]
        if old not in source:
            source = parts(after)["xl/sharedStrings.xml"]
            part = "xl/sharedStrings.xml"
        assert old in source
        spoilt = with_parts(after, {part: source.replace(old, new, 1)})
    with pytest.raises(WorkbookUnsafe):
        prove(before, spoilt, changes)


FAULTS = {
    "worksheet child order": (DEALS, b"<sheetData>", b"<mergeCells/><sheetData>"),
    "a relationship that is not there": (
        DEALS,
        b'<legacyDrawing r:id="rId1"/>',
        b'<legacyDrawing r:id="rId77"/>',
    ),
    "a cell format out of range": (DEALS, b's="1"', b's="999"'),
    "a shared string out of range": (DEALS, b't="s"><v>0<', b't="s"><v>999<'),
    "cells out of order": (DEALS, b'r="B3"', b'r="Z3"'),
    "two sheets with one name": ("xl/workbook.xml", "План продаж".encode(), b"deals"),
    "a wrong count": ("xl/styles.xml", b"<fonts count", b"<fonts coun2='1' count"),
    "a missing target": ("xl/_rels/workbook.xml.rels", b"theme/theme1.xml", b"theme/nothing.xml"),
}


@pytest.mark.parametrize("case", FAULTS, ids=str)
def test_the_lint_finds_what_excel_would_repair(case: str) -> None:
    """Each fault is counted; a sound workbook has none."""
    part, old, new = FAULTS[case]
    data = firm()
    sound = Package(data)
    assert not repairs(sound, sound.names)
    spoilt = with_parts(data, {part: lambda xml: xml.replace(old, new)})
    if case == "a wrong count":
        spoilt = with_parts(
            data, {part: lambda xml: re.sub(rb'<fonts count="\d+"', b'<fonts count="99"', xml)}
        )
    package = Package(spoilt)
    assert repairs(package, package.names)


# ---------------------------------------------------------------- laws


CELLS = st.dictionaries(
    st.tuples(st.integers(1, 12), st.integers(1, 9)),
    st.one_of(st.integers(-99, 99), st.text("ab<&\" '_x0041_\n", max_size=5), st.booleans()),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(
    CELLS,
    st.dictionaries(st.integers(1, 14), st.sampled_from(["", "x", "=1", " y "]), max_size=8),
    st.integers(1, 10),
)
def test_foreign_cells_of_any_sheet_stay(
    cells: dict[tuple[int, int], object], texts: dict[int, str], at: int
) -> None:
    """Read by openpyxl, all cells outside our column are as they were, ours say what they should."""
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for (row, place), value in cells.items():
        page.cell(row, place).value = f"'{value}" if isinstance(value, str) else value  # type: ignore[assignment]
    buffer = io.BytesIO()
    book.save(buffer)
    update = ColumnUpdate(page.title, at, 20, "To fix", texts, {})
    after = patched(buffer.getvalue(), Changes(columns=(update,)))
    got, was = (opened(data).active for data in (after, buffer.getvalue()))
    for row in range(1, 15):
        for place in range(1, 11):
            if place != at or row not in texts:
                assert got.cell(row, place).value == was.cell(row, place).value  # type: ignore[union-attr]
            else:
                assert (got.cell(row, place).value or "") == texts[row]  # type: ignore[union-attr]
    assert patched(after, Changes(columns=(update,))) == after


def test_tags_end_where_they_end() -> None:
    """Quotes may hold a greater-than sign."""
    tag = b"""<c a='>"' b=">'" />rest"""
    assert tag[tag_end(tag, 0) :] == b"rest"
    assert with_attribute(b'<c r="A1" s="2"/>', b"s", b"3") == b'<c r="A1" s="3"/>'
    assert with_attribute(b'<row spans="1:2" r="1">', b"spans", None) == b'<row r="1">'


def test_cutting_a_sheet_loses_nothing() -> None:
    """The parts joined are the sheet."""
    xml = parts(firm())[DEALS]
    cut = split(xml)
    assert isinstance(cut, Parts)
    assert cut.join() == xml
    assert letters(28) == "AB"


def test_two_changes_of_one_sheet_in_one_step() -> None:
    """Fills of a second column and a foreign sheet of the same run do not meet."""
    changes = replace(run(), fills=(Fill("Deals", 3, 1, "D0006"), Fill("План продаж", 9, 1, "P0001")))
    book = opened(patched(firm(), changes))
    assert book["План продаж"]["A9"].value == "P0001"
