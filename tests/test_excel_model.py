"""The stand-in for Excel has Excel's habits: a host that ignores one of them fails on it, too."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sheets_crm.sheet import Area, Cell, Page, Style
from tests.excel import fake_com, memory_engine, model
from tests.google.formulas import Fault

ENTERED: dict[str, tuple[Any, Any, str | None]] = {
    "a text": ("abc", "abc", None),
    "digits become a number": ("00123", 123.0, None),
    "a number with an exponent": ("1e5", 100_000.0, None),
    "a share": ("5%", 0.05, None),
    "a day becomes a number": ("2026-05-19", 46161.0, None),
    "a day with dots": ("19.05.2026", 46161.0, None),
    "a truth": ("true", True, None),
    "an error": ("#REF!", Fault("#REF!"), None),
    "a formula": ("=1+1", None, "=1+1"),
    "an apostrophe makes anything a text": ("'00123", "00123", None),
    "a formula behind an apostrophe": ("'=cmd", "=cmd", None),
    "an apostrophe of the text itself": ("''42", "'42", None),
    "a whole number is a double": (7, 7.0, None),
}


@pytest.fixture
def book(tmp_path: Path) -> model.Book:
    """A workbook with a sheet «Сделки» and a sheet Team."""
    from sheets_crm.hosts.xlsx import create

    path = tmp_path / "f.xlsx"
    create(path, [Page("a", "Сделки", {(1, 1): Cell("x")}), Page("b", "Team", {(1, 1): Cell("y")})])
    return model.App().open(path)


def first(book: model.Book) -> model.Sheet:
    return book.sheets[0]


def com_range(book: model.Book, area: Area) -> fake_com.XRange:
    return fake_com.XRange(book.app, first(book), area)


@pytest.mark.parametrize(("entered", "value", "formula"), ENTERED.values(), ids=ENTERED)
def test_what_becomes_of_what_is_entered(
    book: model.Book, entered: Any, value: Any, formula: str | None
) -> None:
    """In a cell of the format General."""
    first(book).enter((2, 2), entered)
    cell = first(book).cells[2, 2]
    assert (cell.value, cell.formula) == (value, formula)
    assert type(cell.value) is type(value)


@pytest.mark.parametrize("entered", ["+7 999 123-45-67", "-скидка", "@all", '="a', "=?"])
def test_what_looks_like_a_formula_and_is_none_is_refused(book: model.Book, entered: str) -> None:
    """Error 1004, and the cell is what it was."""
    with pytest.raises(model.Refused):
        first(book).enter((1, 1), entered)
    assert first(book).value((1, 1)) == "x"


def test_a_cell_in_the_format_text_keeps_every_text(book: model.Book) -> None:
    """`@` takes digits and formulas as they are."""
    first(book).formats[2, 2] = "@"
    for text in ("00123", "=1+1", "2026-05-19"):
        first(book).enter((2, 2), text)
        assert first(book).value((2, 2)) == text


def test_an_array_holds_no_text_of_9000_characters(book: model.Book) -> None:
    """A single cell does."""
    first(book).enter((2, 2), "x" * 9_000)
    with pytest.raises(fake_com.com_error):
        com_range(book, Area(2, 2, 2, 3)).Formula = [["x" * 9_000, "y"]]


def test_values_come_as_com_gives_them(book: model.Book) -> None:
    """Two dimensions as tuples, one cell bare; errors as whole numbers, days as times, money rounded; Value2 exact."""
    sheet = first(book)
    for column, (value, code) in enumerate(
        ((46161.5, "yyyy-mm-dd hh:mm"), (1.23456789, "#,##0.00 $"), (3, "General"), ("=#DIV/0!", "General")),
        start=1,
    ):
        sheet.enter((5, column), value)
        sheet.formats[5, column] = code
    where = com_range(book, Area(5, 1, 6, 4))
    assert where.Value2 == ((46161.5, 1.23456789, 3.0, -2146826281), (None, None, None, None))
    shown = where.Value[0]
    assert isinstance(shown[0], datetime)
    assert shown[0].replace(tzinfo=None) == datetime(2026, 5, 19, 12)
    assert shown[1] == Decimal("1.2346")
    assert com_range(book, Area(5, 3, 5, 3)).Value2 == 3.0


def test_no_header_of_a_table_is_ever_blank(book: model.Book) -> None:
    """Blanked, or taken in blank: Excel writes one of its own."""
    sheet = first(book)
    sheet.tables.append(model.Table(Area(1, 1, 3, 2)))
    for at, text in (((1, 1), "a"), ((1, 2), "b"), ((1, 2), "")):
        sheet.enter(at, text)
    sheet.resize(sheet.tables[0], Area(1, 1, 3, 3))
    assert [sheet.value((1, column)) for column in (1, 2, 3)] == ["a", "Column1", "Column2"]


def test_a_table_grows_by_what_is_typed_beside_it(book: model.Book) -> None:
    """As Excel's AutoCorrect has it."""
    first(book).tables.append(model.Table(Area(1, 1, 3, 2)))
    first(book).enter((1, 4), "far")
    assert first(book).tables[0].area == Area(1, 1, 3, 2)
    first(book).enter((1, 3), "near")
    assert first(book).tables[0].area == Area(1, 1, 3, 3)


NAMES = {"too long": "x" * 32, "taken": "TEAM", "blank": "", "with a colon": "a:b", "with a bracket": "[a]"}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_sheets_name_may_be_refused(book: model.Book, name: str) -> None:
    """As Excel refuses it."""
    with pytest.raises(fake_com.com_error) as refused:
        fake_com.Worksheet(book.app, first(book)).Name = name
    assert refused.value.hresult == fake_com.DISP_E_EXCEPTION
    assert first(book).name == "Сделки"


def test_names_and_formulas_follow_a_renamed_sheet(book: model.Book) -> None:
    """What points to the sheet still does."""
    book.define("_scrm_audit", "=Team!$A$1", visible=False)
    first(book).enter((2, 1), "=Team!A1")
    book.sheets[1].rename("Our team")
    assert book.names["_scrm_audit"].refers_to == "='Our team'!$A$1"
    assert first(book).formula((2, 1)) == "='Our team'!A1"
    assert first(book).value((2, 1)) == "y"


def test_what_points_to_a_deleted_sheet_is_broken(book: model.Book) -> None:
    """That is why a report is never deleted."""
    book.define("_scrm_audit", "=Team!$A$1")
    first(book).enter((2, 1), "=Team!A1")
    book.delete(book.sheets[1])
    assert book.names["_scrm_audit"].refers_to == "=#REF!$A$1"
    assert first(book).value((2, 1)) == Fault("#REF!")


PROTECTED: dict[str, Callable[[model.Sheet], object]] = {
    "entering": lambda s: s.enter((1, 1), 1),
    "clearing": lambda s: s.clear(),
    "copying over it": lambda s: s.take_cells(s.book.sheets[1]),
    "hiding rows": lambda s: fake_com.hide_rows(s, Area(1, 1, 1, 1), hidden=True),
}


@pytest.mark.parametrize("change", PROTECTED.values(), ids=PROTECTED)
def test_a_protected_sheet_takes_nothing(book: model.Book, change: Callable[[model.Sheet], object]) -> None:
    """And stays as it is."""
    first(book).protected = True
    before = dataclasses.replace(first(book), cells=dict(first(book).cells))
    with pytest.raises(model.Refused):
        change(first(book))
    assert first(book).cells == before.cells


def test_a_formula_copied_to_another_workbook_points_back(book: model.Book, tmp_path: Path) -> None:
    """So no report is copied with its formulas."""
    first(book).enter((2, 1), "=Team!A1")
    other = book.app.open(tmp_path / "f.xlsx")
    other.sheets[0].take_cells(first(book))
    assert other.sheets[0].value((2, 1)) == Fault("#REF!")


def test_a_chart_copied_with_cells_shows_the_workbook_it_came_from(book: model.Book, tmp_path: Path) -> None:
    """Copied with its whole sheet, it shows the copy."""
    first(book).charts.append(model.Chart(["=SERIES(\"y\",'Сделки'!$A$1,'Сделки'!$B$1,1)"], (1, 1)))
    other = book.app.open(tmp_path / "f.xlsx", "other.xlsx")
    other.sheets[1].take_cells(first(book))
    assert "'[f.xlsx]Сделки'!$A$1" in other.sheets[1].charts[0].series[0]
    made = other.copy_in(first(book), other.sheets[-1])
    assert made.name == "Сделки (2)"
    assert "'Сделки (2)'!$A$1" in made.charts[0].series[0]


def test_a_conditional_format_is_said_from_the_active_cell_and_in_excels_language(book: model.Book) -> None:
    """English in a Russian Excel is refused."""
    app = book.app
    app.language, app.active_cell = "ru", (5, 3)
    formats = com_range(book, Area(2, 1, 9, 4)).FormatConditions
    with pytest.raises(fake_com.com_error):
        formats.Add(Type=2, Formula1='=FIND("x",C5)')
    formats.Add(Type=2, Formula1='=НАЙТИ("x,y";C5)')
    assert first(book).rules[0].formula == '=FIND("x,y",A2)'
    app.active_cell = (1, 1)
    assert formats.Item(1).Formula1 == '=НАЙТИ("x,y";A1)'
    assert first(book).rules[0].stop


def test_com_has_no_members_but_its_own(book: model.Book) -> None:
    """A slip in a name is an error, not a new attribute."""
    with pytest.raises(AttributeError):
        com_range(book, Area(1, 1, 1, 1)).Formulae = "=1"
    with pytest.raises(AttributeError):
        com_range(book, Area(1, 1, 1, 1)).Colour  # type: ignore[attr-defined]  # noqa: B018


def test_a_blank_cell_is_nothing_on_com_and_on_macos(book: model.Book) -> None:
    """None, never an empty text; and a used range begins where something stands."""
    first(book).cells.clear()
    first(book).looks.clear()
    first(book).enter((3, 2), 1)
    assert first(book).used == Area(3, 2, 3, 2)
    live = memory_engine.book_of(book.app, book).sheets[0]
    assert live.range((1, 1), (1, 2)).options(ndim=2, err_to_str=True).value == [[None, None]]


def test_looks_are_told_apart(tmp_path: Path) -> None:
    """Two cells of different looks are different, equal ones are equal."""
    from sheets_crm.hosts.xlsx import create

    path = tmp_path / "g.xlsx"
    styles = (Style(bold=True), Style(fill="#FF0000"), Style(format="0.00"), Style(bold=True))
    create(path, [Page("a", "S", {(1, n): Cell("x", style) for n, style in enumerate(styles, 1)})])
    looks = [first(model.App().open(path)).looks[1, n] for n in range(1, 5)]
    assert looks[0] == looks[3]
    assert len(set(looks)) == 3
