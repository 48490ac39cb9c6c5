"""Pages go in, the bytes of a workbook come out: the same bytes for the same pages, on every machine."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from sheets_crm.inert import in_footer, in_formula, in_reference
from sheets_crm.sheet import (
    CELL_TEXT,
    Area,
    Cell,
    Chart,
    Choice,
    ColumnFormat,
    Content,
    Formula,
    Link,
    Page,
    Position,
    RowFormat,
    Series,
    SheetLink,
    Style,
    Value,
    letters,
    stored,
)

AUTHOR = "sheets-crm"
LITERAL = 255
"""The longest text in quotation marks inside a formula, and the longest list of words of a dropdown: as all limits
here in UTF-16 units, as Excel counts."""
DATE_FORMAT, MOMENT_FORMAT, TIME_FORMAT, SPAN_FORMAT = "yyyy-mm-dd", "yyyy-mm-dd hh:mm", "hh:mm", "[h]:mm"
LINK = Style(color="#0563C1", underline=True)
"""How a link looks where a page gives it no style."""

_INK, _FAINT = "#404040", "#E3E3E3"
_A4 = 9
_CREATED = datetime(2000, 1, 1)
_COLUMN_RANGE = re.compile(r"=(?P<sheet>.+)!\$(?P<column>[A-Z]+)\$(?P<first>\d+):\$(?P=column)\$\d+")
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ERRORS = frozenset({"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"})
_FUNCTION = re.compile(r"[A-Z]\w*(?=\()")
_KNOWN_TO_ALL = frozenset(
    {
        *("COUNTIF", "COUNTIFS", "EXACT", "HYPERLINK", "IF", "IFERROR", "MATCH"),
        *("ROUND", "SUM", "SUMIF", "SUMPRODUCT"),
    }
)
"""Functions that Excel has had since 2007: XlsxWriter leaves them as they are."""
_ALIGN = {"top": "top", "center": "vcenter", "bottom": "bottom"}


def render(pages: Sequence[Page]) -> bytes:
    """A workbook of `pages`, in their order, as the bytes of an .xlsx file.

    Raises ValueError where a page asks for what a workbook cannot hold: a key or name that is no defined name,
    a dropdown of fixed words over 255 characters.
    """
    target = BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    book.set_properties({"created": _CREATED})
    looks = _Looks(book)
    sheets = [book.add_worksheet(page.name, _Sheet) for page in pages]
    for page, sheet in zip(pages, sheets, strict=True):
        _write_page(page, sheet, book, looks)
    first = next((s for page, s in zip(pages, sheets, strict=True) if not page.hidden), None)
    if first is not None:
        first.activate()
        first.set_first_sheet()
    book.close()
    # They hold each other in a circle, and would stay beside all that follows until the collector comes by.
    for part in (*sheets, book):
        vars(part).clear()
    return target.getvalue()


class _Sheet(Worksheet):  # type: ignore[misc]
    """A sheet that searches formulas and attributes only if there may be something to find.

    Formulas for each of the functions that Excel got after 2007, attributes for characters that XML escapes.
    """

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:
        if formula.startswith("=") and _KNOWN_TO_ALL.issuperset(_FUNCTION.findall(formula)):
            return formula[1:]
        prepared: str = super()._prepare_formula(formula, expand_future_functions)
        return prepared

    def _escape_attributes(self, attribute: object) -> object:
        if not isinstance(attribute, str) or attribute.isalnum():
            return attribute
        escaped: str = super()._escape_attributes(attribute)
        return escaped


class _Looks:
    """The formats of one workbook: every distinct look is made once."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._formats: dict[Style | tuple[str, str], Any] = {}

    def of(self, style: Style | None) -> Any:
        """The format of a cell; None for no style, so that the column's own default shows."""
        if style is None:
            return None
        known = self._formats.get(style)
        if known is None:
            known = self._formats[style] = self._book.add_format(_properties(style))
        return known

    def highlight(self, fill: str, color: str) -> Any:
        """The format of a conditional format."""
        if (fill, color) not in self._formats:
            self._formats[fill, color] = self._book.add_format({"bg_color": fill, "font_color": color})
        return self._formats[fill, color]


def _properties(style: Style) -> dict[str, object]:
    wanted: dict[str, object] = {
        "bold": style.bold,
        "italic": style.italic,
        "underline": style.underline,
        "font_size": style.size,
        "font_color": style.color,
        "bg_color": style.fill,
        "align": style.align,
        "valign": style.valign and _ALIGN[style.valign],
        "text_wrap": style.wrap,
        "indent": style.indent,
        "num_format": style.format,
    }
    for side, color in (
        ("left", style.border),
        ("right", style.border),
        ("top", style.top or style.border),
        ("bottom", style.bottom or style.border),
    ):
        wanted |= {side: 1, f"{side}_color": color} if color else {}
    return {name: value for name, value in wanted.items() if value}


# ------------------------------------------------------------------- a page


def _write_page(page: Page, sheet: Any, book: Any, looks: _Looks) -> None:
    _write_frame(page, sheet)
    for column in page.columns:
        _write_column(column, sheet, looks)
    for number, row in page.rows.items():
        _write_row(number, row, sheet)
    for area in page.merges:
        _write_merge(area, page, sheet, looks)
    for position, cell in page.cells.items():
        _write_cell(position, cell, sheet, looks)
    for position, note in page.notes.items():
        _write_note(position, note, sheet)
    for choice in page.choices:
        _write_choice(choice, sheet)
    for highlight in page.highlights:
        look = looks.highlight(highlight.fill, highlight.color)
        options = {"type": "formula", "criteria": f"={highlight.formula}", "format": look}
        sheet.conditional_format(*_corners(highlight.area), options)
    for chart in page.charts:
        _write_chart(chart, page.name, sheet, book)
    _write_print(page, sheet, book)
    _write_names(page, book)


def _write_frame(page: Page, sheet: Any) -> None:
    if page.freeze:
        sheet.freeze_panes(*page.freeze)
    if page.filter:
        sheet.autofilter(*_corners(page.filter))
    if page.tab:
        sheet.set_tab_color(page.tab)
    if not page.gridlines:
        sheet.hide_gridlines(2)
    if page.hidden:
        sheet.hide()


def _write_column(column: ColumnFormat, sheet: Any, looks: _Looks) -> None:
    options = {"level": column.level, "hidden": column.hidden, "collapsed": column.collapsed}
    sheet.set_column(column.first - 1, column.last - 1, column.width, looks.of(column.style), options)


def _write_row(number: int, row: RowFormat, sheet: Any) -> None:
    options = {"level": row.level, "hidden": row.hidden, "collapsed": row.collapsed}
    sheet.set_row(number - 1, row.height, None, options)


def _write_merge(area: Area, page: Page, sheet: Any, looks: _Looks) -> None:
    """Every cell under a merge takes the look of the first, or its border would end with the first cell."""
    if (area.first_row, area.first_column) == (area.last_row, area.last_column):
        return
    first = page.cells.get((area.first_row, area.first_column), Cell(None))
    sheet.merge_range(*_corners(area), "", looks.of(first.style))


def _write_names(page: Page, book: Any) -> None:
    names = dict(page.names)
    if page.owned:
        names[f"_scrm_{page.key}"] = Area(1, 1, 1, 1)
    for name, area in names.items():
        if not re.fullmatch(r"[^\W\d]\w*", name):
            raise ValueError(f"{name!r} cannot be a defined name")
        book.define_name(name, f"={in_reference(page.name)}!{_absolute(area)}")


def _corners(area: Area) -> tuple[int, int, int, int]:
    first_row, first_column, last_row, last_column = (number - 1 for number in area)
    return first_row, first_column, last_row, last_column


def _absolute(area: Area) -> str:
    first = f"${letters(area.first_column)}${area.first_row}"
    last = f"${letters(area.last_column)}${area.last_row}"
    return first if first == last else f"{first}:{last}"


# -------------------------------------------------------------------- cells


def _write_cell(position: Position, cell: Cell, sheet: Any, looks: _Looks) -> None:
    row, column = position[0] - 1, position[1] - 1
    content = cell.content
    look = looks.of(dressed(content, cell.style))
    match content:
        case Formula():
            sheet.write_formula(row, column, content.text, look, _stored(content.value))
        case Link():
            text = one_line(content.text)
            sheet.write_formula(row, column, link_formula(content), look, _stored(text))
        case SheetLink():
            place = f"internal:{in_reference(content.sheet)}!A1"
            sheet.write_url(row, column, place, look, cell_text(content.text))
        case _:
            _write_value(row, column, content, look, sheet)


def _write_value(row: int, column: int, value: Value, look: Any, sheet: Any) -> None:
    plain = stored(value, cell_text)
    if isinstance(plain, bool):
        sheet.write_boolean(row, column, plain, look)
    elif isinstance(plain, float):
        sheet.write_number(row, column, plain, look)
    elif plain:
        sheet.write_string(row, column, plain, look)
    else:
        sheet.write_blank(row, column, None, look)


def _stored(value: Value) -> str | float | bool:
    """The result that is kept with a formula."""
    plain = stored(value, cell_text)
    # XlsxWriter would store a text that reads like an error's code as that error.
    return f"{plain} " if plain in _ERRORS else plain


def dressed(content: Content, style: Style | None) -> Style | None:
    """The style with what the content cannot do without: a link's look, a date's format."""
    if isinstance(content, Link | SheetLink):
        return style or LINK
    value = content.value if isinstance(content, Formula) else content
    code = _date_format(value)
    if code is None or (style and style.format):
        return style
    return replace(style or Style(), format=code)


def _date_format(value: Value) -> str | None:
    match value:
        case datetime():
            return MOMENT_FORMAT
        case date():
            return DATE_FORMAT
        case time():
            return TIME_FORMAT
        case timedelta():
            return SPAN_FORMAT
        case _:
            return None


# --------------------------------------------------------------------- text


def cell_text(text: str, most: int = CELL_TEXT) -> str:
    """The one way a text goes into a file: nothing that a file cannot hold, nothing longer than it may be."""
    if text.isprintable() and 2 * len(text) <= most and text[:3] != "<r>":
        return text  # as most are: nothing below would change it
    text = _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    if text.startswith("<r>") and text.endswith("</r>"):
        text += " "  # XlsxWriter would copy such a text into the file as markup
    units = text.encode("utf-16-le")
    if len(units) <= 2 * most:
        return text
    return units[: 2 * (most - 1)].decode("utf-16-le", "ignore") + "…"


def one_line(text: str) -> str:
    return cell_text(" ".join(text.split()), LITERAL)


def _literal(text: str) -> str:
    """A text in quotation marks, as it stands in a formula.

    A bracket after a word goes into a literal of its own, since XlsxWriter takes `SORT(` for a function.
    """
    return re.sub(r"\((?<=\w\()", '"&"(', in_formula(cell_text(text, LITERAL)))


def link_formula(link: Link) -> str:
    """A link that finds its row at the moment of the click, and the plain text where the row is gone."""
    sheet = in_reference(link.sheet)
    keys = f"{sheet}!{letters(link.key_column)}:{letters(link.key_column)}"
    row = f"MATCH({_match_text(link.key)},{keys},0)"
    if re.fullmatch("[1-9][0-9]{0,14}", link.key):  # a person's own IDs may be numbers, which no text equals
        row = f"IFERROR({row},MATCH({link.key},{keys},0))"
    place, text = _literal(f"#{sheet}!{letters(link.target_column)}"), _literal(one_line(link.text))
    return f"=IFERROR(HYPERLINK({place}&{row},{text}),{text})"


def _match_text(key: str) -> str:
    """A key as MATCH takes it, robbed of its wildcards' power."""
    return _literal(re.sub(r"([~*?])", r"~\1", key))


# ------------------------------------------------------- notes and dropdowns


def _write_note(position: Position, note: str, sheet: Any) -> None:
    text = cell_text(note)
    width, letters_in_line, line_height = 280, 40, 16
    lines = sum(1 + len(line) // letters_in_line for line in text.split("\n"))
    options = {"author": AUTHOR, "width": width, "height": 12 + line_height * lines, "font_size": 9}
    sheet.write_comment(position[0] - 1, position[1] - 1, text, options)


def _write_choice(choice: Choice, sheet: Any) -> None:
    """A dropdown; where the words are only a suggestion, an entry of one's own is taken without a word.

    The message comes with the error alone: as an input prompt it would stand in the way at every visit of the cell.
    """
    options: dict[str, Any] = {"validate": "list", "source": _filled(choice.formula) or _words(choice.words)}
    if choice.strict:
        options |= {
            "error_title": cell_text(choice.title, 32),
            "error_message": cell_text(choice.message, 255),
        }
    else:
        options["show_error"] = False
    sheet.data_validation(
        *_corners(choice.area), {name: value for name, value in options.items() if value != ""}
    )


def _filled(formula: str) -> str:
    """The cells of a column down to the last filled one: Excel would open the list at its first blank cell."""
    found = _COLUMN_RANGE.fullmatch(formula)
    if found is None:
        return formula
    sheet, column, first = found["sheet"], found["column"], int(found["first"])
    area = formula[1:]
    last = f'SUMPRODUCT(MAX(({area}<>"")*ROW({area})))-{first - 1}'
    return f"=OFFSET({sheet}!${column}${first},0,0,MAX(1,{last}),1)"


def _words(words: Sequence[str]) -> list[str]:
    if not words or any("," in word for word in words) or len(",".join(words)) > LITERAL:
        raise ValueError(
            f"a dropdown cannot hold these words, let it take them from cells: {', '.join(words)}"
        )
    return list(words)


# -------------------------------------------------------------------- print


def _write_print(page: Page, sheet: Any, book: Any) -> None:
    setup = page.print
    if setup.landscape:
        sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.7)
    sheet.set_footer(f"&L{in_footer(cell_text(setup.footer, 200))}&R&P / &N", {"margin": 0.3})
    if setup.repeat_rows:
        sheet.repeat_rows(setup.repeat_rows[0] - 1, setup.repeat_rows[1] - 1)
    if setup.more:
        # A page break would be ignored by Excel where pages are fitted to a width; several areas are not.
        areas = ",".join(f"{in_reference(page.name)}!{_absolute(a)}" for a in (setup.area, *setup.more) if a)
        book.defined_names.append(["_xlnm.Print_Area", sheet.index, areas, False])
    elif setup.area:
        sheet.print_area(*_corners(setup.area))


# ------------------------------------------------------------------- charts


def _write_chart(chart: Chart, page: str, sheet: Any, book: Any) -> None:
    kind = chart.kind.removeprefix("stacked_")
    stacked = kind != chart.kind
    drawn = book.add_chart({"type": kind} | ({"subtype": "stacked"} if stacked else {}))
    for series in chart.series:
        drawn.add_series(_series(series, chart, page, kind=kind, stacked=stacked))
    drawn.set_title({"name": _label(chart.title), "name_font": _font(12)} if chart.title else {"none": True})
    drawn.set_legend({"position": "bottom", "font": _font(10)} if chart.legend else {"none": True})
    _write_axes(drawn, chart, kind)
    drawn.set_chartarea({"border": {"none": True}})
    drawn.set_size({"width": chart.width, "height": chart.height})
    drawn.show_hidden_data()  # else a collapsed group of rows empties the chart over it
    moves_with_cells = {"object_position": 2}
    sheet.insert_chart(chart.anchor[0] - 1, chart.anchor[1] - 1, drawn, moves_with_cells)


def _series(series: Series, chart: Chart, page: str, *, kind: str, stacked: bool) -> dict[str, object]:
    options: dict[str, object] = {
        "name": _label(series.name),
        "categories": [page, *_corners(series.categories)],
        "values": [page, *_corners(series.values)],
    }
    if kind == "line":
        dot = {
            "type": "circle",
            "size": 5,
            "fill": {"color": series.color},
            "border": {"color": series.color},
        }
        options |= {"line": {"color": series.color, "width": 2.25}, "marker": dot}
    else:
        options |= {"fill": {"color": series.color} if series.color else {"none": True}, "gap": 60}
    if chart.labels and series.color:
        place = "above" if kind == "line" else "center" if stacked else "outside_end"
        ink = _ink_on(series.color) if stacked else _INK
        options["data_labels"] = {"value": True, "position": place, "font": _font(9, ink)}
    return options


def _write_axes(drawn: Any, chart: Chart, kind: str) -> None:
    line = {"color": "#BFBFBF"}
    names: dict[str, object] = {
        "line": line,
        "major_gridlines": {"visible": False},
        "major_tick_mark": "none",
        "interval_unit": 1,  # every bar has its name, however narrow the chart
    }
    scale: dict[str, object] = {
        "visible": not chart.labels,  # the labels say it already
        "line": {"none": True},
        "major_gridlines": {"visible": not chart.labels, "line": {"color": _FAINT, "width": 0.75}},
        "major_tick_mark": "none",
    }
    if kind == "bar":  # a list reads from the top down, its scale stands below it
        names |= {"reverse": True}
        scale |= {"label_position": "high"}
    across, up = (scale, names) if kind == "bar" else (names, scale)
    drawn.set_x_axis(across | _axis_words(chart.x_title))
    drawn.set_y_axis(up | _axis_words(chart.y_title))


def _axis_words(title: str) -> dict[str, object]:
    words: dict[str, object] = {"num_font": _font(9)}
    return words | ({"name": _label(title), "name_font": _font(10)} if title else {})


def _label(text: str) -> str:
    """A text of a chart; a space breaks up `Sheet!A1`, which XlsxWriter would take for a reference."""
    return re.sub("!(?=[$A-Z])", "! ", cell_text(text, LITERAL))


def _font(size: int, color: str = _INK) -> dict[str, object]:
    return {"size": size, "color": color, "bold": False}


def _ink_on(fill: str) -> str:
    """White on a dark colour, dark on a light one (luma after ITU-R BT.601)."""
    red, green, blue = (int(fill[at : at + 2], 16) for at in (1, 3, 5))
    return "#FFFFFF" if 0.299 * red + 0.587 * green + 0.114 * blue < 150 else _INK
