"""Pages built from the top down: heights that fit, tables that formulas find, groups that fold."""

from __future__ import annotations

import pytest

from sheets_crm.pages import look
from sheets_crm.pages.layout import Head, Item, Layout, Live
from sheets_crm.sheet import Area, Cell, Formula, Page, Style


def built(out: Layout) -> Page:
    return out.page("forecast", "Forecast", footer="")


@pytest.mark.parametrize(
    ("text", "last", "lines"),
    [
        ("short", 1, 1),
        ("a sentence that needs two", 1, 2),
        ("a sentence that needs two", 2, 1),
        ("a\nb\nc", 1, 3),
    ],
)
def test_a_row_is_as_high_as_its_text_needs(text: str, last: int, lines: int) -> None:
    """Columns of 20 digits; merged ones have the room of both."""
    out = Layout((20.0, 20.0))
    row = out.add(Item(1, last, text, Style(wrap=True, size=11)))
    assert out.height(row, row) == pytest.approx(lines * 11 * 1.25 + 1)


def test_a_formula_finds_its_table_wherever_it_comes_to_stand() -> None:
    """Written above the table, filled in when the page is done; over several tables their parts are added up."""
    out = Layout((10.0, 10.0))
    names = ("one", "two", "none")
    out.add(Item(1, 1, Live(6, lambda placed: placed.total(names, lambda b: f"SUM({b.cells('n')})"))))
    heads = [Head("name", "Name", 1, 1), Head("n", "N", 2, 2)]
    out.table("one", heads, [["a", 1], ["b", 2]])
    out.table("two", heads, [["c", 3]])
    out.table("none", heads, [])
    assert built(out).cells[1, 1].content == Formula("=SUM($B$3:$B$4)+SUM($B$6:$B$6)", 6)


def test_without_rows_to_sum_a_formula_is_its_value() -> None:
    """There is no range of nothing."""
    out = Layout((10.0,))
    out.add(Item(1, 1, Live(0, lambda placed: placed.total(("none",), lambda b: b.cells("n")))))
    out.table("none", [Head("n", "N", 1, 1)], [])
    assert built(out).cells[1, 1].content == 0
    assert out.block("none") is None


def test_a_fold_is_one_group_with_its_sign_below() -> None:
    """Its rows are hidden at first; the next row bears the plus."""
    out = Layout((10.0,))
    out.heading("Block")
    with out.folded():
        out.add(Item(1, 1, "a"))
        out.add(Item(1, 1, "b"))
    rows = built(out).rows
    assert [(rows[n].level, rows[n].hidden, rows[n].collapsed) for n in range(1, 5)] == [
        (0, False, False),
        (1, True, False),
        (1, True, False),
        (0, False, True),
    ]


def test_one_item_may_hold_several_rows() -> None:
    """What stood there is gone, and the cells are one."""
    out = Layout((10.0, 10.0))
    for text in ("a", "b"):
        out.add(Item(1, 1, text), Item(2, 2, text))
    out.hold(Item(2, 2, "both", look.TOTAL), 1, 2)
    made = built(out)
    assert made.cells[1, 2] == Cell("both", look.TOTAL)
    assert (2, 2) not in made.cells
    assert made.merges == (Area(1, 2, 2, 2),)
