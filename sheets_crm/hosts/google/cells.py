"""Our values, formulas and looks in Google's words: the same in every locale, and a user's text never parsed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import ceil
from typing import Any, TypeAlias

from sheets_crm.sheet import Area, Content, Formula, Link, SheetLink, Style, Value, letters, serial

Json: TypeAlias = dict[str, Any]
SheetIds: TypeAlias = Callable[[str], int | None]
"""The id of the sheet of that title; None if there is none."""

CELL_TEXT = 50_000
"""The longest text of a cell, in UTF-16 units."""
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_FORMATS: tuple[tuple[type, str], ...] = (
    (datetime, "yyyy-mm-dd hh:mm"), (date, "yyyy-mm-dd"), (time, "hh:mm"), (timedelta, "[h]:mm"),
)  # fmt: skip
_ALIGN = {"left": "LEFT", "center": "CENTER", "right": "RIGHT"}
_VALIGN = {"top": "TOP", "center": "MIDDLE", "bottom": "BOTTOM"}
_LINK = Style(color="#1155CC", underline=True)
_OUTSIDE = re.compile(r"""("(?:[^"]|"")*"|'(?:[^']|'')*')|(,)|(?<![\w$.])(\d+)\.(\d+)""")


def area(sheet: int, where: Area, *, open_end: bool = False) -> Json:
    """A GridRange; `open_end`: down to the last row, however many rows there will be."""
    found = {
        "sheetId": sheet, "startRowIndex": where.first_row - 1, "endRowIndex": where.last_row,
        "startColumnIndex": where.first_column - 1, "endColumnIndex": where.last_column,
    }  # fmt: skip
    if open_end:
        del found["endRowIndex"]
    return found


def span(sheet: int, dimension: str, first: int, last: int) -> Json:
    """A DimensionRange of rows or columns from 1, ends included."""
    return {"sheetId": sheet, "dimension": dimension, "startIndex": first - 1, "endIndex": last}


def quoted(title: str) -> str:
    """A sheet's title in a range or formula; quotation marks never hurt."""
    return "'" + title.replace("'", "''") + "'"


def color(code: str) -> Json:
    """`#RRGGBB` as Google writes colours; rounded up, since Google cuts when it counts to 255 again."""
    parts = zip(("red", "green", "blue"), (1, 3, 5), strict=True)
    return {"rgbColor": {name: ceil(int(code[at : at + 2], 16) / 255 * 1e5) / 1e5 for name, at in parts}}


# ----------------------------------------------------------------- values


def plain(value: Value) -> str | float | bool:
    """A value as a cell keeps it; nothing is an empty text, a day is a serial number."""
    match value:
        case None:
            return ""
        case bool():
            return value
        case str():
            return text(value)
        case int() | float() | Decimal():
            return float(value)
        case _:
            return serial(value)


def text(value: str, most: int = CELL_TEXT) -> str:
    """A text that a cell can hold."""
    value = _UNSEEN.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))
    units = value.encode("utf-16-le")
    return value if len(units) <= 2 * most else units[: 2 * (most - 1)].decode("utf-16-le", "ignore") + "…"


def typed(value: Value) -> Json:
    """An ExtendedValue: what looks like a formula or a number stays the text that it is."""
    found = plain(value)
    if isinstance(found, bool):
        return {"boolValue": found}
    if isinstance(found, float):
        return {"numberValue": found}
    return {"stringValue": found} if found else {}


def entered(content: Content, sheets: SheetIds) -> Json:
    """What is entered into a cell for a content of a page."""
    match content:
        case Formula():
            return {"formulaValue": formula(content.text)}
        case Link():
            return {"formulaValue": _link(content, sheets)}
        case SheetLink():
            number = sheets(content.sheet)
            if number is None:
                return typed(content.text)
            return {
                "formulaValue": f"=HYPERLINK({literal(f'#gid={number}')};{literal(one_line(content.text))})"
            }
        case _:
            return typed(content)


def seen(content: Content) -> str | float | bool | None:
    """What a reader is given for a content once Google has computed it; None: that cannot be told."""
    match content:
        case Formula():
            return None if content.value is None else plain(content.value)
        case Link() | SheetLink():
            return one_line(content.text)
        case _:
            return plain(content)


# --------------------------------------------------------------- formulas


def formula(source: str) -> str:
    """A formula of ours as every locale takes it: `;` between arguments, no decimal point in a number."""
    return _OUTSIDE.sub(_translated, source)


def _translated(found: re.Match[str]) -> str:
    if found[1]:
        return found[1]
    return ";" if found[2] else f"({int(found[3] + found[4])}/1{'0' * len(found[4])})"


def literal(value: str) -> str:
    """A text in quotation marks, as it stands in a formula."""
    return '"' + value.replace('"', '""') + '"'


def one_line(value: str) -> str:
    """A text without line breaks."""
    return text(" ".join(value.split()), 1000)


def _link(link: Link, sheets: SheetIds) -> str:
    """A link that finds its row at the moment of the click, and the plain text where the row is gone."""
    number, words = sheets(link.sheet), literal(one_line(link.text))
    keys = f"{quoted(link.sheet)}!${letters(link.key_column)}:${letters(link.key_column)}"
    key = literal(re.sub(r"([~*?])", r"~\1", link.key))
    row = f"MATCH({key};{keys};0)"
    if re.fullmatch("[1-9][0-9]{0,14}", link.key):  # a person's own IDs may be numbers, which no text equals
        row = f"IFERROR({row};MATCH({link.key};{keys};0))"
    place = literal(f"#gid={number}&range={letters(link.target_column)}")
    return f"=IFERROR(HYPERLINK({place}&{row};{words});{words})"


# ------------------------------------------------------------------- looks


def dressed(content: Content, style: Style | None) -> Style | None:
    """The style with what the content cannot do without: a link's look, a date's format."""
    if isinstance(content, Link | SheetLink):
        return style or _LINK
    value = content.value if isinstance(content, Formula) else content
    code = next((code for kind, code in _FORMATS if isinstance(value, kind)), None)
    if code is None or (style and style.format):
        return style
    return replace(style or Style(), format=code)


def look(style: Style) -> Json:
    """A CellFormat."""
    font = {
        "bold": style.bold, "italic": style.italic, "underline": style.underline,
        "fontSize": round(style.size) if style.size else 0,
        "foregroundColorStyle": color(style.color) if style.color else None,
    }  # fmt: skip
    edges = {
        side: {"style": "SOLID", "colorStyle": color(code)}
        for side, code in (
            ("left", style.border), ("right", style.border),
            ("top", style.top or style.border), ("bottom", style.bottom or style.border),
        )
        if code
    }  # fmt: skip
    found: Mapping[str, Any] = {
        "textFormat": {name: value for name, value in font.items() if value},
        "backgroundColorStyle": color(style.fill) if style.fill else None,
        "borders": edges,
        "horizontalAlignment": style.align and _ALIGN[style.align],
        "verticalAlignment": style.valign and _VALIGN[style.valign],
        "wrapStrategy": "WRAP" if style.wrap else None,
        "padding": {"left": 3 + 9 * style.indent, "right": 3, "top": 2, "bottom": 2}
        if style.indent
        else None,
        "numberFormat": _number_format(style.format) if style.format else None,
    }
    return {name: value for name, value in found.items() if value}


def _number_format(code: str) -> Json:
    bare = re.sub(r'"[^"]*"|\\.|\[[^\]]*\]', "", code).lower()
    days, hours = bool(re.search("[yd]", bare)), "h" in bare or "[h]" in code.lower()
    kind = "DATE_TIME" if days and hours else "DATE" if days else "TIME" if hours else "NUMBER"
    if bare == "@":
        kind = "TEXT"
    elif "%" in bare:
        kind = "PERCENT"
    return {"type": kind, "pattern": code}
