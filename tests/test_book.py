"""From sheets to typed rows: which sheet, which header, which rows, and what each is called."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheets_crm.book import read_book, wanted
from sheets_crm.book.settings import resolve
from sheets_crm.book.tables import match_headers, spellings
from sheets_crm.errors import StructureError
from sheets_crm.schema import FIRM_SETTINGS, TABLES, Clause
from sheets_crm.sheet import Area, Doubt, Grid, SheetInfo
from sheets_crm.text import Text
from tests.firms import deals, sheet, snapshot

DEALS = TABLES["Deals"]


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("Сумма", "amount"), ("Сумма, ₽", "amount"), ("Сумма, ₽ с НДС", "amount"), ("Бюджет", "amount"),
        ("Amount (USD)", "amount"), ("Менеджер", "owner"), ("OWNER", "owner"), (" Этап\n", "stage"),
        ("Дата\u00a0шага", "next_date"), ("Дата\nшага", "next_date"), ("Stage *", "stage"), ("Этап:", "stage"),
        ("Вероятность 1-1, %", "prob_override"), ("deal_id", "deal_id"), ("№ договора", "contract_no"),
        ("Что исправить", "hygiene"), ("Любимый цвет", None), ("", None),
    ],
)  # fmt: skip
def test_headers_are_known_in_both_languages_and_as_firms_write_them(header: str, key: str | None) -> None:
    """Units, brackets, stray spaces and line breaks do not matter; unknown headers are the firm's own."""
    assert match_headers(DEALS, [header]) == ({key: [1]} if key else {})


def test_an_exact_header_wins_over_a_variant() -> None:
    """A firm with both Owner and Manager has one owner column and one of its own."""
    assert match_headers(DEALS, ["Manager", "Owner"]) == {"owner": [2]}


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_no_header_means_two_columns(table: Any) -> None:
    """Every language's headers are unique within a table."""
    for lang in ("en", "ru"):
        headers = [c.header.get(lang).casefold() for c in table.columns]
        assert len(headers) == len(set(headers))
    assert all(list(spellings(c)) for c in table.columns)


def test_the_header_row_is_found_below_a_title() -> None:
    """Logo, title and a blank line above do not matter; addresses stay right."""
    grid = Grid("Deals", [["Our firm"], [], ["Deal ID", "Stage", "Amount"], ["D7", "New", 5.0]])
    book = read_book(snapshot(grid))
    assert book.deals.header_row == 3
    assert book.deals.cell(book.deals.rows[0].row, "amount") == "Deals!C4"


def test_read_is_audited_plus_excluded_with_the_reason() -> None:
    """Repeated headers and totals are set apart by their cell; blank rows are not read at all."""
    header = ["Deal ID", "Stage", "Amount"]
    grid = Grid(
        "Deals", [header, ["D1", "New", 1.0], header, ["", " ", None], ["Итого:", "", 1.0], ["", "Won", 2.0]]
    )
    table = read_book(snapshot(grid)).deals
    assert (table.read, len(table.rows)) == (4, 2)
    assert [(e.cell, e.reason.en) for e in table.excluded] == [
        ("Deals!A3", "the header row, repeated"), ("Deals!A5", "a row of totals"),
    ]  # fmt: skip


CELL = st.one_of(
    st.none(),
    st.sampled_from(["", " ", "Deal ID", "Stage", "Total", "Итого", "D1", "New", "Won"]),
    st.floats(),
    st.dates(),
)


@given(st.lists(st.lists(CELL, max_size=4), max_size=12))
def test_no_row_is_ever_lost(rows: list[list[Any]]) -> None:
    """Every row with something in it is either audited or excluded (law)."""
    table = read_book(snapshot(Grid("Deals", [["Deal ID", "Stage", "Amount", "Created"], *rows]))).deals
    full = sum(any(v is not None and str(v).strip() for v in row) for row in rows)
    assert table.read == len(table.rows) + len(table.excluded) == full
    assert len({row.key for row in table.rows}) == len(table.rows)


@pytest.mark.parametrize(
    ("grids", "words"),
    [
        ([sheet("Sheet1", "a b c")], "no sheet of deals"),
        ([deals(), sheet("Сделки", "Этап Сумма Сделка")], "Several sheets could be"),
        ([sheet("One", "Stage Deal Amount"), sheet("Two", "Stage Deal Owner")], "Several sheets could be"),
        ([sheet("Deals", "Deal Amount Owner")], "has no column"),
        ([sheet("Deals", "Stage Amount Amount")], "two columns that mean"),
        ([sheet("Deals", "Stage Менеджер Manager")], "two columns that mean"),
    ],
    ids=["no deals", "Deals and Сделки", "two candidates", "no stage", "one header twice", "two variants"],
)
def test_a_workbook_that_is_no_pipeline_is_told_so(grids: list[Grid], words: str) -> None:
    """One sentence: what is wrong and how to mend it."""
    with pytest.raises(StructureError, match=words):
        read_book(snapshot(*grids))


def test_deals_may_be_called_anything_if_only_one_sheet_looks_like_them() -> None:
    """Stage and two more of its headers make a sheet the Deals."""
    book = read_book(
        snapshot(
            sheet("Продажи 2026", "Этап Сумма Сделка", ["Новая", 1.0, "А"]), sheet("Notes", "Stage Note")
        )
    )
    assert book.deals.sheet == "Продажи 2026"
    assert book.lang == "ru"


def test_only_the_sheets_of_tables_are_read() -> None:
    """With a sheet called Deals nothing else of the firm's is looked at; reports never are."""
    sheets = [
        SheetInfo("Deals"),
        SheetInfo("Budget"),
        SheetInfo(" задачи "),
        SheetInfo("Audit", report="audit"),
    ]
    assert list(wanted([*sheets, SheetInfo("log", report="log")])) == ["Deals", " задачи ", "log"]
    assert list(wanted([SheetInfo("Pipeline"), SheetInfo("Tasks"), *sheets[3:]])) == ["Pipeline", "Tasks"]


@pytest.mark.parametrize(
    ("ids", "filled"),
    [
        (["D0007", None, "", "d12"], ["D0007", "D0013", "D0014", "d12"]),
        ([None, None], ["D0001", "D0002"]),
        (["A-5", None], ["A-5", "D0001"]),
        (["D99999", None], ["D99999", "D100000"]),
    ],
)
def test_blank_ids_are_numbered_after_the_largest(ids: list[str | None], filled: list[str]) -> None:
    """At least four digits; other prefixes are left alone."""
    book = read_book(snapshot(sheet("Deals", "deal_id stage owner", *([i, "New", "Ann"] for i in ids))))
    assert [d.deal_id for d in book.deals.rows] == filled
    assert [f.value for f in book.deals.fills] == [
        new for old, new in zip(ids, filled, strict=True) if not old
    ]


def test_two_rows_with_one_id_are_known_by_what_was_typed() -> None:
    """Their keys are hashes, so that neither is taken for the other; an edit elsewhere changes nothing."""
    rows = [["D1", "New", "Ann"], ["d1 ", "New", "Bob"], ["D2", "New", "Ann"]]
    keys = [d.key for d in read_book(snapshot(sheet("Deals", "deal_id stage owner", *rows))).deals.rows]
    assert keys[2] == "d2"
    assert all(k.startswith("~") for k in keys[:2])
    assert keys[0] != keys[1]


def test_rows_below_an_excel_table_are_read_and_told() -> None:
    """They count like all others; the first of them is remembered."""
    grid = Grid(
        "Deals",
        [["Stage", "Amount", "Deal"], ["New", 1.0, "a"], ["New", 1.0, "b"]],
        tables=(Area(1, 1, 2, 3),),
    )
    table = read_book(snapshot(grid)).deals
    assert (len(table.rows), table.below) == (2, 3)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("horizon", "10", None)], 45),
        ([("horizon_days", "10", None)], 10),
        ([("horizon_days", "10", date(2026, 6, 1))], 45),
        ([("horizon_days", "10", None), ("horizon_days", "20", date(2026, 5, 1))], 20),
        ([("horizon_days", "-1", None)], 45),
        ([("horizon_days", "2,5", None)], 45),
        ([("Horizon_Days ", " 30 ", None)], 30),
    ],
    ids=[
        "unknown name",
        "typed",
        "in force later",
        "the later in force wins",
        "negative",
        "not whole",
        "any case",
    ],
)
def test_the_book_is_read_as_in_force_on_a_day(
    rows: list[tuple[str, str, date | None]], expected: int
) -> None:
    """The last line in force holds; what cannot be followed leaves the shipped value and is told."""
    from sheets_crm.checks import RULES

    clauses = [
        Clause(n, str(n), code="tk01", setting=name, value=value, effective_from=start)
        for n, (name, value, start) in enumerate(rows)
    ]
    settings = resolve(clauses, {c: r.settings for c, r in RULES.items()}, date(2026, 5, 20), "en")
    assert settings.rules["TK01"]["horizon_days"] == expected
    assert bool(settings.bad) == (expected == 45 and rows[0][2] is None)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("country", None, ""),
        ("time_zone", None, ""),
        ("binding_from", None, None),
        ("date_order", None, ""),
        ("period", None, "month"),
    ],
)
def test_a_blank_value_says_something_only_where_it_can(
    name: str, value: str | None, expected: str | None
) -> None:
    """No country means weekends only, no zone this computer's; everywhere else blank means as shipped."""
    clause = Clause(2, name, code="FIRM", setting=name, value=value)
    assert resolve([clause], {}, date(2026, 5, 20), "ru").firm[name] == expected


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_every_shipped_setting_can_be_followed(lang: str) -> None:
    """The defaults of both languages are read without a doubt."""
    clauses = [
        Clause(n, s.name, code="FIRM", setting=s.name, value=s.default.get(lang) or None)
        for n, s in enumerate(FIRM_SETTINGS.values())
    ]
    assert resolve(clauses, {}, date(2026, 5, 20), lang).bad == ()


FREE: dict[str, tuple[list[list[Any]], tuple[Area, ...], int]] = {
    "right of the headers": ([["x", 1.0]], (), 3),
    "not over someone's values": ([["x", 1.0, "mine"], ["y", 1.0, None, "mine too"]], (), 5),
    "over old words of ours": ([["x", 1.0, "✗ Stage: 34 days [ST06]"]], (), 3),
    "not under a merged header": ([["x", 1.0]], (Area(1, 3, 2, 4),), 5),
    "a merged row further down is no obstacle": ([["x", 1.0]], (Area(3, 1, 3, 9),), 3),
}


@pytest.mark.parametrize("case", FREE)
def test_to_fix_goes_into_the_first_column_that_is_free_all_the_way_down(case: str) -> None:
    """A blank header alone does not make a column free: someone may have typed below it."""
    rows, merged, expected = FREE[case]
    grid = Grid("Deals", [["Stage", "Amount"], *rows], merged=merged)
    assert read_book(snapshot(grid)).deals.hygiene_column == expected


OURS = "✗ Amount: not filled in [TK03]"
WHOSE: dict[str, tuple[list[str], list[list[Any]], int, tuple[int, ...]]] = {
    "blank": (["To fix"], [["x", 1.0, ""]], 3, ()),
    "ours": (["To fix"], [["x", 1.0, OURS], ["y", 1.0, ""]], 3, ()),
    "ours, and someone wrote beside": (["To fix"], [["x", 1.0, "ask Bob"], ["y", 1.0, OURS]], 3, ()),
    "ours, of a header in two lines": (["To fix"], [["x", 1.0, "✗ Next\nstep: no task [TK01]"]], 3, ()),
    "people's": (["To fix"], [["x", 1.0, "ask Bob"]], 4, (3,)),
    "people's, in Russian": (["Что исправить"], [["x", 1.0, "спросить Боба"]], 4, (3,)),
    "people's, and ours beside": (["To fix", "To fix (2)"], [["x", 1.0, "ask Bob", OURS]], 4, (3,)),
    "people's, and ours still blank": (["To fix", "To fix (2)"], [["x", 1.0, "ask Bob"]], 4, (3,)),
    "people's, in error": (["To fix"], [["x", 1.0, ""]], 4, (3,)),
    "ours first": (["To fix (2)", "To fix"], [["x", 1.0, OURS, "ask Bob"]], 3, (4,)),
}


@pytest.mark.parametrize("case", WHOSE)
def test_a_column_called_to_fix_in_which_people_write_is_theirs(case: str) -> None:
    """Ours says what we say, or nothing yet; what anyone else wrote there is never written over."""
    titles, rows, ours, theirs = WHOSE[case]
    doubts = {(2, 3): Doubt("error", "#N/A")} if case == "people's, in error" else {}
    table = read_book(snapshot(Grid("Deals", [["Stage", "Amount", *titles], *rows], doubts))).deals
    assert (table.hygiene_column, table.foreign) == (ours, theirs)
    assert len(list(table.notes())) == len(theirs)


def test_two_blank_columns_called_to_fix_are_for_a_person_to_tell_apart() -> None:
    """Nothing says which of them is meant."""
    with pytest.raises(StructureError, match="two columns"):
        read_book(snapshot(Grid("Deals", [["Stage", "To fix", "To fix"], ["x"]])))


@pytest.mark.parametrize(
    ("gap", "may_grow", "below", "grown"),
    [
        (False, True, None, Area(1, 1, 3, 3)),
        (False, False, 3, None),
        (True, True, 4, Area(1, 1, 2, 3)),
    ],
)
def test_a_table_takes_in_rows_that_follow_without_a_gap(
    gap: bool, may_grow: bool, below: int | None, grown: Area | None
) -> None:
    """And To fix beside it; what it cannot take in is known by its first row."""
    area = Area(1, 1, 2, 2)
    rows: list[list[Any]] = [["Stage", "Amount"], ["New", 1.0], *([[]] if gap else []), ["New", 2.0]]
    grid = Grid("Deals", rows, tables=(area,), may_grow=frozenset({area} if may_grow else ()))
    deals = read_book(snapshot(grid)).deals
    assert (deals.below, deals.grown) == (below, grown)


def merged(*areas: Area, hidden: tuple[int, ...] = ()) -> Grid:
    """Three deals under a title, some of their cells merged, some of their rows hidden."""
    rows = [["Our firm", "", "", ""], ["Owner", "Deal", "Stage", "Colour"]]
    rows += [[name, f"Deal {name}", "New", ""] for name in ("Ann", "", "Bob")]
    return Grid("Deals", rows, hidden_rows=frozenset(hidden), merged=areas)


MERGES = {
    "down the owners": (Area(3, 1, 4, 1), {(4, "owner"): "A3:A4"}),
    "across a row, told once": (Area(5, 1, 5, 3), {(5, "name"): "A5:C5"}),
    "over all": (
        Area(3, 1, 5, 3), {(3, "name"): "A3:C5", (4, "owner"): "A3:C5", (5, "owner"): "A3:C5"},
    ),
    "the title": (Area(1, 1, 1, 4), {}),
    "below the deals": (Area(9, 1, 1_048_576, 4), {}),
    "the firm's own column": (Area(3, 4, 5, 4), {}),
}  # fmt: skip
"""What is merged: its area, and the doubtful cells with what is told of them."""


@pytest.mark.parametrize(("area", "cells"), MERGES.values(), ids=MERGES.keys())
def test_a_cell_that_a_merged_one_covers_is_doubtful(area: Area, cells: dict[tuple[int, str], str]) -> None:
    """A person sees one owner for two deals, the file has him for the first only; what is stored is read all the same."""
    table = read_book(snapshot(merged(area))).deals
    assert {place: problem.raw for place, problem in table.problems.items()} == cells
    assert [deal.owner for deal in table.rows] == ["Ann", None, "Bob"]
    assert not any(problem.fatal for problem in table.problems.values())


def test_areas_that_overlap_a_million_times_cost_no_more_than_the_cells_they_cover() -> None:
    """No sound sheet has them; none may hang a run."""
    table = read_book(snapshot(merged(*[Area(1, 1, 1_048_576, 3)] * 200_000))).deals
    assert table.problems.keys() == {(3, "owner"), (4, "owner"), (5, "owner")}


NOTES = {
    "nothing to tell": (merged(Area(1, 1, 1, 4), Area(9, 1, 10, 2)), []),
    "one hidden row": (merged(hidden=(1, 4, 99)), ["Sheet “Deals”: 1 row hidden (by a filter or by hand), judged like all others."]),
    "a filter that leaves To fix out": (
        replace(merged(), filter=Area(2, 1, 5, 4)),
        ["Sheet “Deals”: the filter ends at column D, so sorting by it would part To fix from its rows; switch it off and on again in Excel (Data > Filter)."],
    ),
    "a filter over all": (replace(merged(), filter=Area(2, 1, 5, 5)), []),
    "a filter of something else": (replace(merged(), filter=Area(9, 1, 12, 2)), []),
    "a merged header": (
        merged(Area(2, 1, 2, 2), Area(2, 3, 2, 4)),
        ["Sheet “Deals”: the merged cells A2:B2 show one header for several columns (Owner, Deal); unmerge them."],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("grid", "notes"), NOTES.values(), ids=NOTES.keys())
def test_what_has_no_cell_to_stand_on_is_noted(grid: Grid, notes: list[str]) -> None:
    """Hidden rows of the table are counted, and judged; a merged title is nobody's trouble."""
    book = read_book(snapshot(grid))
    assert [note.en for note in book.notes] == notes
    assert len(book.deals.rows) == 3


def test_the_notes_of_the_host_come_first() -> None:
    """What the host has to tell is the book's to tell."""
    told = replace(snapshot(merged(hidden=(3, 4))), notes=(Text("Locked.", "Заперто."),))
    assert [note.ru for note in read_book(told).notes] == [
        "Заперто.",
        "Лист «Deals»: строки, скрытые фильтром или вручную (2), проверены наравне со всеми.",
    ]
