"""What a page asks for is what the file holds, read back by other programs than the one that wrote it."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from sheets_crm.hosts.xlsx.render import render
from sheets_crm.sheet import (
    Area,
    Cell,
    Chart,
    Choice,
    ColumnFormat,
    Content,
    Formula,
    Highlight,
    Link,
    Page,
    Position,
    Print,
    RowFormat,
    Series,
    SheetLink,
    Style,
)

HEADER = Style(bold=True, fill="#1F3864", color="#FFFFFF", border="#BFBFBF", wrap=True, valign="center")


def book(*pages: Page) -> Workbook:
    return load_workbook(BytesIO(render(pages)))


def sheet(page: Page) -> Worksheet:
    return book(page)[page.name]


def page(cells: dict[Position, Cell] | None = None, *, name: str = "Лист", key: str = "page") -> Page:
    return Page(key, name, cells or {})


def alone(content: Content, style: Style | None = None) -> Page:
    return page({(1, 1): Cell(content, style)})


def part(data: bytes, name: str) -> str:
    return ZipFile(BytesIO(data)).read(name).decode()


def rich() -> Page:
    """Something of everything that a page can have."""
    series = (Series("Замечаний", Area(2, 1, 3, 1), Area(2, 2, 3, 2), "#C00000"),)
    return Page(
        "audit",
        "Аудит",
        {
            (1, 1): Cell("РОП", HEADER),
            (2, 1): Cell("Иванов"),
            (2, 2): Cell(14),
            (3, 1): Cell(Link("Сделка", "Аудит", 1, "Иванов")),
            (3, 2): Cell(date(2026, 5, 19)),
        },
        columns=(ColumnFormat(1, 1, 20),),
        merges=(Area(5, 1, 5, 3),),
        charts=(Chart("bar", "Замечания", series, (7, 1)),),
        choices=(Choice(Area(2, 1, 9, 1), words=("Иванов", "Петрова")),),
        notes={(1, 1): "Руководитель отдела продаж"},
        highlights=(Highlight("Аудит", Area(2, 1, 9, 2), "$B2>9", "✗", "#FFC7CE", "#9C0006"),),
        owned=True,
    )


def test_equal_pages_are_equal_bytes() -> None:
    """Nothing of the moment or the machine is in the file."""
    data = render([rich(), page()])
    assert data == render([rich(), page()])
    assert set(re.findall("[0-9-]+T[0-9:]+Z", part(data, "docProps/core.xml"))) == {"2000-01-01T00:00:00Z"}


# --------------------------------------------------------------------- text

CLEANED = {
    "control characters are dropped": ("a\x00\x01\x1fb\ufffe", "ab"),
    "half a character is dropped": ("a\ud83db", "ab"),
    "line ends are made one kind": ("a\r\nb\rc\nd", "a\nb\nc\nd"),
    "a long text is cut with an ellipsis": ("Ж" * 40_000, "Ж" * 32_766 + "…"),
    "the longest text is whole": ("Ж" * 32_767, "Ж" * 32_767),
    "a picture counts double and is never halved": ("🙂" * 20_000, "🙂" * 16_383 + "…"),
    "markup of the file format stays text": ("<r><t>x</t></r>", "<r><t>x</t></r> "),
}


@pytest.mark.parametrize(("text", "expected"), CLEANED.values(), ids=CLEANED)
def test_a_text_that_a_file_cannot_hold(text: str, expected: str) -> None:
    """It is mended, never refused."""
    assert sheet(alone(text))["A1"].value == expected


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), min_size=1, max_size=60))
@example("=1+1")
@example("{=SUM(A1)}")
@example("internal:Sheet!A1")
@example("mailto:a@b.c")
@example("#DIV/0!")
@example("<r>x")
def test_every_text_is_a_text(text: str) -> None:
    """No text becomes a formula, a link, a number or an error; visible characters come back as they were."""
    cell = sheet(alone(text))["A1"]
    visible = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", text)
    assert cell.hyperlink is None
    if visible:
        assert cell.data_type in {"s", "inlineStr"}
        assert str(cell.value).rstrip(" ") == visible.rstrip(" ")
    else:
        assert cell.value is None


# ------------------------------------------------------------------- values

KEPT = {
    "a whole number": (42, "General", 42),
    "money is a number": (Decimal("1200000.50"), "General", 1200000.5),
    "a truth": (True, "General", True),
    "a day": (date(2026, 5, 19), "yyyy-mm-dd", datetime(2026, 5, 19)),
    "a moment": (datetime(2026, 5, 19, 14, 30), "yyyy-mm-dd hh:mm", datetime(2026, 5, 19, 14, 30)),
    "a time of day": (time(9, 5), "hh:mm", time(9, 5)),
    "a span": (timedelta(hours=30, minutes=15), "[h]:mm", timedelta(hours=30, minutes=15)),
    "a day before 1900 is a text": (date(204, 1, 2), "yyyy-mm-dd", "0204-01-02"),
    "nothing": (None, "General", None),
}


@pytest.mark.parametrize(("content", "code", "value"), KEPT.values(), ids=KEPT)
def test_a_value_is_kept_as_what_it_is(content: Content, code: str, value: object) -> None:
    """Dates are real dates and show as dates even where the page gives no format."""
    cell = sheet(alone(content))["A1"]
    assert cell.value == value
    assert cell.number_format == code


def test_a_function_that_came_after_2007_gets_its_prefix() -> None:
    """Beside old ones, too: without it Excel shows #NAME?."""
    xml = part(render([alone(Formula("=IF(TRUE,XLOOKUP(1,A:A,B:B))", 1))]), "xl/worksheets/sheet1.xml")
    assert "IF(TRUE,_xlfn.XLOOKUP(1,A:A,B:B))" in xml


def test_a_format_given_is_the_format_used() -> None:
    """The page's own date format wins over ours."""
    cell = sheet(alone(date(2026, 5, 19), Style(format="dd.mm.yyyy", bold=True)))["A1"]
    assert (cell.number_format, cell.font.b) == ("dd.mm.yyyy", True)


@pytest.mark.parametrize(
    ("result", "xml"),
    [
        (6, "<v>6.0</v>"),
        ("итог", 't="str"><f>A9</f><v>итог</v>'),
        ("#REF!", 't="str"><f>A9</f><v>#REF! </v>'),
        (True, 't="b"><f>A9</f><v>1</v>'),
        (date(2026, 5, 19), "<v>46161.0</v>"),
        (None, "<f>A9</f><v></v>"),
    ],
    ids=["a number", "a text", "a text like an error", "a truth", "a day", "nothing"],
)
def test_a_formula_keeps_its_result(result: str | float | bool | date | None, xml: str) -> None:
    """Programs that do not calculate show what we calculated."""
    assert xml in part(render([alone(Formula("=A9", result))]), "xl/worksheets/sheet1.xml")


# -------------------------------------------------------------------- links

LINKS = {
    "a plain key": (
        Link("Сделка", "Deals", 1, "d0001"),
        """ "#'Deals'!A" """,
        """MATCH("d0001",'Deals'!A:A,0)""",
        '"Сделка"',
    ),
    "other columns": (
        Link("x", "Deals", 27, "k", target_column=3),
        """ "#'Deals'!C" """,
        """MATCH("k",'Deals'!AA:AA,0)""",
        '"x"',
    ),
    "quotes in text, key and sheet": (
        Link('ООО "А"', "It's", 1, 'k"'),
        """ "#'It''s'!A" """,
        """MATCH("k\"\"",'It''s'!A:A,0)""",
        '"ООО ""А"""',
    ),
    "wildcards in the key": (
        Link("x", "Deals", 1, "a*b?~"),
        """ "#'Deals'!A" """,
        """MATCH("a~*b~?~~",'Deals'!A:A,0)""",
        '"x"',
    ),
    "a key that may stand as a number": (
        Link("x", "Deals", 1, "1001"),
        """ "#'Deals'!A" """,
        """IFERROR(MATCH("1001",'Deals'!A:A,0),MATCH(1001,'Deals'!A:A,0))""",
        '"x"',
    ),
    "a text that looks like a function": (
        Link("SORT(x)", "Deals", 1, "k"),
        """ "#'Deals'!A" """,
        """MATCH("k",'Deals'!A:A,0)""",
        '"SORT"&"(x)"',
    ),
    "a text of two lines": (
        Link("а\nб", "Deals", 1, "k"),
        """ "#'Deals'!A" """,
        """MATCH("k",'Deals'!A:A,0)""",
        '"а б"',
    ),
}


@pytest.mark.parametrize(("link", "place", "row", "text"), LINKS.values(), ids=LINKS)
def test_a_link_finds_its_row_by_the_key(link: Link, place: str, row: str, text: str) -> None:
    """Exactly the row that bears the key, wherever it stands; the text alone where the row is gone."""
    assert sheet(alone(link))["A1"].value == f"=IFERROR(HYPERLINK({place.strip()}&{row},{text}),{text})"


@given(text=st.text(max_size=300), key=st.text(min_size=1, max_size=300))
@example(text="длинно" * 60, key="~*?" * 90)
def test_no_text_breaks_out_of_a_link(text: str, key: str) -> None:
    """Outside its quotation marks a link's formula is always the same, and no literal is over 255 characters."""
    formula = str(sheet(alone(Link(text, "Deals", 1, key)))["A1"].value)
    literals = re.findall('"((?:[^"]|"")*)"', formula)
    outside = re.sub("T(&T)+", "T", re.sub('"(?:[^"]|"")*"', "T", formula))
    number = "IFERROR(MATCH(T,'Deals'!A:A,0),MATCH(0,'Deals'!A:A,0))"
    assert re.sub(r"MATCH\(\d+,", "MATCH(0,", outside) in {
        "=IFERROR(HYPERLINK(T&MATCH(T,'Deals'!A:A,0),T),T)",
        f"=IFERROR(HYPERLINK(T&{number},T),T)",
    }
    assert all(len(one.replace('""', '"')) <= 255 for one in literals)


def test_a_link_to_a_sheet() -> None:
    """It leads to the sheet's first cell and looks like a link."""
    made = book(page({(1, 1): Cell(SheetLink("К сделкам", "It's"))}), page(name="It's"))
    cell = made["Лист"]["A1"]
    assert cell.value == "К сделкам"
    assert cell.hyperlink is not None
    assert cell.hyperlink.location == "'It''s'!A1"
    assert cell.font.u == "single"


# ------------------------------------------------------------- looks and frame


def test_a_style_is_what_the_cell_looks_like() -> None:
    """Font, fill, border and alignment arrive; equal styles are one style of the file."""
    made = sheet(page({(1, column): Cell("РОП", HEADER) for column in (1, 2, 3)}))
    cell = made["C1"]
    assert (cell.font.b, cell.font.color.rgb, cell.fill.fgColor.rgb) == (True, "FFFFFFFF", "FF1F3864")
    assert (cell.border.left.style, cell.border.bottom.color.rgb) == ("thin", "FFBFBFBF")
    assert (cell.alignment.wrap_text, cell.alignment.vertical) == (True, "center")
    assert len({made.cell(1, column).style_id for column in (1, 2, 3)}) == 1


def test_a_line_above_and_below_alone() -> None:
    """A total has its lines and no box."""
    cell = sheet(alone(1, Style(top="#1F3864", bottom="#1F3864")))["A1"]
    assert (cell.border.top.style, cell.border.bottom.style, cell.border.left.style) == ("thin", "thin", None)


def test_a_merge_keeps_its_border_to_the_end() -> None:
    """Every cell under it bears the first one's look; a merge of one cell is none."""
    cells = {(1, 1): Cell("Заголовок", HEADER)}
    made = sheet(Page("p", "p", cells, merges=(Area(1, 1, 2, 3), Area(5, 5, 5, 5))))
    assert [str(area) for area in made.merged_cells.ranges] == ["A1:C2"]
    assert made["A1"].value == "Заголовок"
    xml = part(render([Page("p", "p", cells, merges=(Area(1, 1, 2, 3),))]), "xl/worksheets/sheet1.xml")
    assert re.findall(r'<c r="[A-C][12]" s="(\d+)"', xml) == ["1"] * 6


def test_columns_and_rows_are_sized_grouped_and_hidden() -> None:
    """A column's look is that of its cells without one."""
    made = sheet(
        Page(
            "p",
            "p",
            {(2, 1): Cell("а")},
            columns=(
                ColumnFormat(1, 1, 30, Style(wrap=True)),
                ColumnFormat(2, 3, 12, level=1, hidden=True),
                ColumnFormat(4, 4, 8, collapsed=True),
            ),
            rows={1: RowFormat(30), 3: RowFormat(level=1, hidden=True), 4: RowFormat(collapsed=True)},
        )
    )
    columns, rows = made.column_dimensions, made.row_dimensions
    assert columns["A"].width == pytest.approx(30, abs=1)
    assert made["A2"].alignment.wrap_text
    assert (columns["B"].outlineLevel, columns["B"].hidden, columns["D"].collapsed) == (1, True, True)
    assert (rows[1].height, rows[3].outlineLevel, rows[3].hidden) == (30, 1, True)


def test_the_frame_of_a_page() -> None:
    """Panes, filter, tab colour, gridlines and print set-up."""
    framed = Page(
        "p",
        "p",
        freeze=(2, 1),
        filter=Area(2, 1, 9, 4),
        tab="#1F3864",
        gridlines=False,
        print=Print(repeat_rows=(1, 2), area=Area(1, 1, 9, 4), footer="Иванов & Ко"),
    )
    made = sheet(framed)
    assert made.freeze_panes == "B3"
    assert made.auto_filter.ref == "A2:D9"
    assert made.sheet_properties.tabColor is not None
    assert made.sheet_properties.tabColor.rgb == "FF1F3864"
    assert not made.sheet_view.showGridLines
    assert (made.print_title_rows, made.print_area) == ("$1:$2", "'p'!$A$1:$D$9")
    assert (made.page_setup.orientation, str(made.page_setup.paperSize)) == ("landscape", "9")
    assert (made.page_setup.fitToWidth, made.page_setup.fitToHeight) == (None, 0)
    assert "&amp;LИванов &amp;&amp; Ко&amp;R&amp;P / &amp;N" in part(
        render([framed]), "xl/worksheets/sheet1.xml"
    )


def test_the_first_visible_sheet_is_the_one_that_opens() -> None:
    """Hidden sheets stay hidden."""
    pages = [Page("a", "Списки", hidden=True), page(name="Начните здесь"), page(name="Сделки")]
    made = book(*pages)
    assert made.active is not None
    assert made.active.title == "Начните здесь"
    assert [one.sheet_state for one in made.worksheets] == ["hidden", "visible", "visible"]
    assert 'firstSheet="1" activeTab="1"' in part(render(pages), "xl/workbook.xml")


def test_defined_names_mark_what_is_ours() -> None:
    """A report's name points to its first cell; further names to their areas; a user's sheet has none."""
    report = Page("audit", "Мой день", owned=True, names={"_scrm_stages": Area(2, 3, 9, 3)})
    names = book(report, page(name="Deals")).defined_names
    assert {name: one.attr_text for name, one in names.items()} == {
        "_scrm_audit": "'Мой день'!$A$1",
        "_scrm_stages": "'Мой день'!$C$2:$C$9",
    }


def test_a_key_that_is_no_name_is_refused() -> None:
    """Silently not being ours would make the next run append a second report."""
    with pytest.raises(ValueError, match="cannot be a defined name"):
        render([Page("one-on-one", "1-1", owned=True)])


# -------------------------------------------------- dropdowns, notes, highlights


def test_a_dropdown_of_words_and_one_of_cells() -> None:
    """The strict one refuses in words of at most 32 and 255; the other takes anything without a word."""
    words = Choice(Area(2, 1, 9, 1), words=("Звонок", "Встреча"), title="Т" * 40, message="м" * 300)
    cells = Choice(Area(2, 2, 9, 2), formula="=Stages!$B$2:$B$9", strict=False)
    strict, loose = sheet(Page("p", "p", choices=(words, cells))).data_validations.dataValidation
    assert (strict.formula1, str(strict.sqref), strict.errorStyle) == ('"Звонок,Встреча"', "A2:A9", None)
    assert (len(strict.errorTitle or ""), len(strict.error or ""), strict.prompt) == (32, 255, None)
    filled = 'MAX(1,SUMPRODUCT(MAX((Stages!$B$2:$B$9<>"")*ROW(Stages!$B$2:$B$9)))-1)'
    assert (loose.formula1, loose.showErrorMessage) == (f"OFFSET(Stages!$B$2,0,0,{filled},1)", False)


@pytest.mark.parametrize(
    "words",
    [(), ("a, b", "c"), tuple("слово" * 2 for _ in range(30))],
    ids=["none", "a comma inside a word", "over 255 characters"],
)
def test_words_that_a_dropdown_cannot_hold(words: tuple[str, ...]) -> None:
    """The page is wrong, and says so before a broken file is made."""
    with pytest.raises(ValueError, match="dropdown"):
        render([Page("p", "p", choices=(Choice(Area(1, 1, 1, 1), words=words),))])


def test_a_note_is_ours_and_tall_enough() -> None:
    """A longer text makes a taller note; the author is always the same."""
    noted = Page("p", "p", notes={(1, 1): "коротко", (1, 2): "длинный текст " * 30})
    note = sheet(noted)["A1"].comment
    assert note is not None
    assert (note.text, note.author) == ("коротко", "sheets-crm")
    drawing = part(render([noted]), "xl/drawings/vmlDrawing1.vml")
    short, long = (float(height) for height in re.findall(r";height:([\d.]+)pt", drawing))
    assert long > 4 * short


def test_a_highlight_is_one_conditional_format() -> None:
    """Its formula, its fill and its font colour."""
    formula = 'ISNUMBER(FIND("✗ "&A$1&":",$D2))'
    light = Highlight("p", Area(2, 1, 100, 4), formula, "✗", "#FFC7CE", "#9C0006")
    (area,) = sheet(Page("p", "p", highlights=(light,))).conditional_formatting
    (rule,) = area.rules
    assert (str(area.sqref), rule.formula) == ("A2:D100", [formula])
    assert rule.dxf is not None
    assert rule.dxf.fill is not None
    assert rule.dxf.font is not None
    assert (rule.dxf.fill.bgColor.rgb, rule.dxf.font.color.rgb) == ("FFFFC7CE", "FF9C0006")


# ------------------------------------------------------------------- charts

CHARTS = {
    "bar": (
        "bar",
        (
            '<c:barDir val="bar"/>',
            '<c:grouping val="clustered"/>',
            'orientation val="maxMin"',
            '<c:tickLblPos val="high"/>',
        ),
    ),
    "column": ("column", ('<c:barDir val="col"/>', '<c:grouping val="clustered"/>')),
    "line": ("line", ("<c:lineChart>", '<c:symbol val="circle"/>')),
    "stacked bar": ("stacked_bar", ('<c:barDir val="bar"/>', '<c:grouping val="stacked"/>')),
    "stacked column": ("stacked_column", ('<c:barDir val="col"/>', '<c:overlap val="100"/>')),
}


@pytest.mark.parametrize(("kind", "signs"), CHARTS.values(), ids=CHARTS)
@pytest.mark.parametrize("labels", [False, True], ids=["with a scale", "with labels"])
def test_a_chart_is_native(kind: str, signs: tuple[str, ...], *, labels: bool) -> None:
    """Its kind, colours and titles; labels stand instead of a scale; hidden rows stay in it."""
    xml = part(render([charted(kind, labels=labels)]), "xl/charts/chart1.xml")
    for sign in (*signs, '<a:srgbClr val="C00000"/>', "Замечания", "Штук"):
        assert sign in xml, sign
    assert "<c:plotVisOnly" not in xml
    assert ("<c:dLbls>" in xml) is labels
    assert ("<c:majorGridlines>" in xml) is not labels
    assert "<c:v>Иванов</c:v>" in xml
    assert "<c:v>=Аудит! $A$1</c:v>" in xml


def charted(kind: str, *, labels: bool) -> Page:
    series = (Series("=Аудит!$A$1", Area(2, 1, 3, 1), Area(2, 2, 3, 2), "#C00000"),)
    cells = {(2, 1): Cell("Иванов"), (2, 2): Cell(14), (3, 1): Cell("Петрова"), (3, 2): Cell(Decimal(8))}
    drawn = Chart("bar", "Замечания", series, (5, 1), x_title="Штук", labels=labels)
    return Page("p", "Аудит", cells, charts=(drawn._replace(kind=kind),))  # type: ignore[arg-type]


# -------------------------------------------------------------- LibreOffice


def test_libreoffice_finds_the_rows_of_the_links(tmp_path: Path) -> None:
    """After its own recalculation: capitals and stars make no difference, numbers are found, gone is plain."""
    if not shutil.which("soffice"):
        pytest.skip("LibreOffice is not installed")
    keys = {"Сделка А": "d0002", "звезда": "a*c", "число": "1001", "нет такой": "gone"}
    links = page(
        {(row, 1): Cell(Link(text, "План", 1, key)) for row, (text, key) in enumerate(keys.items(), 1)}
    )
    rows: list[Content] = ["№", "D0001", "D0002", "abc", "A*C", 1001]
    target = page({(row, 1): Cell(value) for row, value in enumerate(rows, 1)}, name="План")
    (tmp_path / "links.xlsx").write_bytes(render([links, target]))
    command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless"]
    subprocess.run(
        [*command, "--convert-to", "html", "--outdir", str(tmp_path), str(tmp_path / "links.xlsx")],
        check=True,
        capture_output=True,
        timeout=120,
    )
    html = (tmp_path / "links.html").read_text(encoding="utf-8")
    found = dict(re.findall(r"""<a href="#'План'!A(\d+)">([^<]*)""", html))
    assert found == {"3": "Сделка А", "5": "звезда", "6": "число"}
    assert "нет такой" in html
