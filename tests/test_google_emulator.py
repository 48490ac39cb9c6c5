"""The emulator is as strict as Google: what passes here is what Google's own document allows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.google.bench import Desk
from tests.google.book import Book, Refused, cells_of
from tests.google.discovery import fault, mask_of, projected
from tests.google.formulas import Fault, FormulaError, moved, place_of


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Desk([], tmp_path) as made:
        made.emulator.books[made.key], _ = made.book.changed(
            [{"addSheet": {"properties": {"title": "S", "sheetId": 0}}}]
        )
        made.emulator.tokens.add("t")
        yield made


def call(desk: Desk, verb: str, path: str, body: Any = None, token: str = "t") -> tuple[int, Any]:
    answer = requests.request(
        verb, f"{desk.emulator.endpoint}/v4/spreadsheets/{path.format(key=desk.key)}",
        json=body, headers={"Authorization": f"Bearer {token}"}, timeout=10,
    )  # fmt: skip
    return answer.status_code, answer.json()


REFUSED: dict[str, tuple[str, str, Any, int]] = {
    "an unknown field": ("POST", "{key}:batchUpdate", {"requests": [{"addSheet": {"propertes": {}}}]}, 400),
    "an unknown request": ("POST", "{key}:batchUpdate", {"requests": [{"addSheets": {}}]}, 400),
    "two requests in one": ("POST", "{key}:batchUpdate", {"requests": [{"addSheet": {}, "clearBasicFilter": {}}]}, 400),
    "no requests": ("POST", "{key}:batchUpdate", {"requests": []}, 400),
    "two values in a cell": (
        "POST", "{key}:batchUpdate",
        {"requests": [{"repeatCell": {"fields": "*", "range": {"sheetId": 0}, "cell": {"userEnteredValue": {"numberValue": 1, "stringValue": "1"}}}}]}, 400,
    ),
    "a wrong type": ("POST", "{key}:batchUpdate", {"requests": [{"addSheet": {"properties": {"sheetId": "x"}}}]}, 400),
    "an unknown query": ("GET", "{key}?feilds=properties", None, 400),
    "an unknown field of a mask": ("GET", "{key}?fields=sheets.propertes", None, 400),
    "a wrong word in a query": ("GET", "{key}/values:batchGet?ranges=S&valueRenderOption=RAW", None, 400),
    "a sheet that is not there": ("GET", "{key}/values:batchGet?ranges=T&valueRenderOption=FORMULA", None, 400),
    "a spreadsheet that is not there": ("GET", "nope", None, 404),
}  # fmt: skip


@pytest.mark.parametrize(("verb", "path", "body", "code"), REFUSED.values(), ids=REFUSED)
def test_what_google_refuses_is_refused(desk: Desk, verb: str, path: str, body: Any, code: int) -> None:
    """With the code and the shape of Google's errors; nothing is changed."""
    before = desk.book
    status, answer = call(desk, verb, path, body)
    assert status == code
    assert answer["error"]["code"] == code
    assert desk.book is before


def test_nobody_is_let_in_without_a_token_of_ours(desk: Desk) -> None:
    """401, as for an expired one."""
    assert call(desk, "GET", "{key}", token="x")[0] == 401


def test_a_batch_that_fails_has_changed_nothing(desk: Desk) -> None:
    """The first two requests would have worked: not a trace of them is left."""
    before, shown = desk.book, json.dumps(desk.book.resource())
    with pytest.raises(Refused, match=r"Invalid requests\[2\].deleteSheet: No grid with id: 77"):
        desk.do(
            {"addSheet": {"properties": {"title": "T", "sheetId": 5}}},
            {"updateCells": {"start": {"sheetId": 0}, "rows": [{"values": [{"userEnteredValue": {"numberValue": 1}}]}], "fields": "*"}},
            {"deleteSheet": {"sheetId": 77}},
        )  # fmt: skip
    assert desk.book is before
    assert json.dumps(desk.book.resource()) == shown
    assert desk.seen("S") == {}


def test_replies_are_held_against_the_document_too(tmp_path: Path) -> None:
    """A reply that Google could not give fails the test that got it."""
    desk = Desk([], tmp_path)
    desk.emulator.tokens.add("t")
    desk.book.properties["titel"] = "?"
    call(desk, "GET", "{key}")
    with pytest.raises(AssertionError, match=r"reply of spreadsheets\.get"):
        desk.close()


MASKS = {
    "a": {"a": 1},
    "a,b(c,d.e)": {"a": 1, "b": {"c": 2, "d": {"e": 3}}},
    "b.d": {"b": {"d": {"e": 3, "f": 4}}},
    "*": {"a": 1, "b": {"c": 2, "d": {"e": 3, "f": 4}}, "l": [{"x": 1, "y": 2}]},
    "l.x": {"l": [{"x": 1}]},
}


@pytest.mark.parametrize(("mask", "left"), MASKS.items(), ids=MASKS)
def test_a_mask_leaves_what_it_names(mask: str, left: Any) -> None:
    """Dots, brackets, lists and the star."""
    whole = {"a": 1, "b": {"c": 2, "d": {"e": 3, "f": 4}}, "l": [{"x": 1, "y": 2}]}
    assert projected(whole, mask_of(mask)) == left


def test_the_document_knows_its_own_example() -> None:
    """The validators tell a good message from a bad one."""
    assert fault("ValueRange", {"range": "A1", "values": [[1, "x", None, True]]}) is None
    assert "unexpected" in str(fault("ValueRange", {"rnage": "A1"}))


# ---------------------------------------------------------------------- formulas


def shown(formula: str, *, locale: str = "en_US", cells: Any = ()) -> Any:
    """What a formula in Z1 shows beside `cells` from A1 on."""
    book = Book("k", "t", locale=locale)
    book, _ = book.changed([{"addSheet": {"properties": {"title": "Лист 1", "sheetId": 0}}}])
    sheet = book.own(0)
    sheet.cells.update(dict(cells_of(cells)))
    book, _ = book.changed(
        [{"updateCells": {"start": {"sheetId": 0, "columnIndex": 25}, "fields": "*", "rows": [{"values": [{"userEnteredValue": {"formulaValue": formula}}]}]}}]
    )  # fmt: skip
    return book.shown(book.sheets[0])[0, 25]


TABLE = [["D1", 10, "x"], ["d*", 20.5, "y"], ["", None, True]]
FORMULAS = {
    "=1+2*3": 7.0,
    '="a"&1&"b"&TRUE': "a1bTRUE",
    "=SUM(B1:B3)/2": 15.25,
    "=SUM('Лист 1'!$B:$B)": 30.5,
    '=IF(A1="d1";"same";"other")': "same",
    "=B1/0": Fault("#DIV/0!"),
    '=IFERROR(B1/0;"none")': "none",
    '=MATCH("d~*";A:A;0)': 2.0,
    '=MATCH("*";A:A;0)': 1.0,
    '=MATCH("nope";A:A;0)': Fault("#N/A"),
    '=XLOOKUP("d*";A:A;B:B)': 20.5,
    '=COUNTIF(C1:C3;"Y")': 1.0,
    '=COUNTIFS(A1:A3;"D1";C1:C3;"x")': 1.0,
    '=SUMIF(A1:A3;"D1";B1:B3)': 10.0,
    "=SUMPRODUCT((B1:B2>15)*B1:B2)": 20.5,
    '=TEXT(ROUND(B2*1000;0);"0")': "20500",
    "=ROUND(2.345;2)": 2.35,
    '=HYPERLINK("#gid=0";"there")': "there",
    "=ROW(C7)&COLUMN(C7)": "73",
    "=ISFORMULA(Z1)": True,
    "=ISFORMULA(A1)": False,
    "=Nope!A1": Fault("#REF!"),
    "=#REF!": Fault("#REF!"),
}


@pytest.mark.parametrize(("formula", "value"), FORMULAS.items(), ids=FORMULAS)
def test_a_formula_shows_what_google_shows(formula: str, value: Any) -> None:
    """As Google's own function pages describe them."""
    assert shown(formula, cells=TABLE) == value


@pytest.mark.parametrize("formula", ["=SUM(A1,B1)", "=1.5", "=A1:A3&1", "=NOPE(1)", "=SUM(1", '="x', "=1)"])
def test_a_formula_that_would_not_work_everywhere_is_noticed(formula: str) -> None:
    """A comma or a decimal point where the locale has none, an array without ARRAYFORMULA, what is unknown or broken."""
    with pytest.raises(FormulaError):
        shown(formula, locale="ru_RU", cells=TABLE)


MOVES = {
    ("A2", True, 2, 1): "A2",
    ("A3", True, 2, 1): "A4",
    ("$B$3:$C$9", True, 0, 2): "$B$5:$C$11",
    ("A2:A", True, 1, 1): "A3:A",
    ("A$1:A", True, 1, 1): "A$1:A",
    ("B:B", False, 1, 1): "C:C",
    ("A:C", False, 1, 1): "A:D",
    ("B2", False, 1, -1): "#REF!",
    ("C2", False, 1, -1): "B2",
    ("A2:C4", True, 2, -1): "A2:C3",
    ("Other!A2", True, 0, 1): "Other!A2",
}


@pytest.mark.parametrize(("move", "after"), MOVES.items(), ids=[f"{m[0]} {m[2:]}" for m in MOVES])
def test_a_reference_follows_what_is_put_in_or_taken_out(
    move: tuple[str, bool, int, int], after: str
) -> None:
    """`A2:A` loses a row that is inserted at its head, `A$1:A` does not: that is why ours begins at the header."""
    ref, rows, at, count = move
    assert moved(ref, "S", "S", rows, at, count) == after


def test_a_place_is_read_as_it_is_written() -> None:
    """Sheet, first cell, open end."""
    assert place_of("'It''s'!$A$2:B") == ("It's", 1, 0, None, 2)
