"""The Forecast sheet: its whole text in both languages, its formulas against LibreOffice, and what it must never say."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook

from sheets_crm import sync
from sheets_crm.hosts.xlsx import XlsxHost
from sheets_crm.hosts.xlsx.render import render
from sheets_crm.importer import convert as import_deals
from sheets_crm.pages import Told, forecast, forecast_page
from sheets_crm.pages.tables import ReportTable
from sheets_crm.sheet import Area, Cell, Formula, Page, Position, Value
from sheets_crm.text import LANGS, Lang
from tests import golden
from tests.forecast_firm import firm
from tests.libreoffice import convert
from tests.money_firms import STAGES, TODAY, Rows, day, numbered, told
from tests.shared import shared

ALWAYS_RECALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"><item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item></oor:items>"""
SCREEN = 1366, 768
BESIDE_THE_CELLS = 70, 285
"""Pixels of a window that are no cells: row numbers, outline and scroll bar; title, ribbon, formula bar, tabs, task bar."""
NAMES = {"en": "Forecast", "ru": "Прогноз"}


@pytest.fixture(scope="module", params=LANGS)
def lang(request: pytest.FixtureRequest) -> Lang:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def made(lang: Lang) -> Told:
    return firm(lang)


@pytest.fixture(scope="module")
def page(made: Told, lang: Lang) -> Page:
    return forecast.page(made, NAMES[lang])


def contents(made: Page) -> dict[Position, Value]:
    """The cells as a reader gets them: the result of a formula, the words of a link."""
    return {at: _value(cell) for at, cell in made.cells.items() if _value(cell) not in (None, "")}


def _value(cell: Cell) -> Value:
    if isinstance(cell.content, Formula):
        return cell.content.value
    return cell.content.text if isinstance(cell.content, tuple) else cell.content


def texts(made: Page) -> list[str]:
    """Everything on a page that a person reads."""
    return [str(content) for content in contents(made).values()]


def rows(tables: list[ReportTable], name: str) -> list[dict[str, Value]]:
    """A block as rows of key and value."""
    (found,) = [table for table in tables if table.name == name]
    return [dict(zip([c.key for c in found.columns], row, strict=True)) for row in found.rows]


# ------------------------------------------------------------------ the whole page


def test_the_page_says_what_the_golden_file_says(
    lang: Lang, made: Told, page: Page, request: pytest.FixtureRequest
) -> None:
    """Every word, formula and link, row by row."""
    golden.compare(f"forecast_{lang}.txt", golden.grid(page).replace(made.head, "(seal)"), request.config)


def test_live_formulas_give_what_is_stored_beside_them(page: Page, tmp_path: Path) -> None:
    """LibreOffice, told to recalculate everything, gets the same numbers to the cent; there are many of them."""
    formulas = {at: cell.content for at, cell in page.cells.items() if isinstance(cell.content, Formula)}
    assert len(formulas) > 60
    spoiled = {
        at: cell._replace(content=Formula(cell.content.text, -1))
        if isinstance(cell.content, Formula)
        else cell
        for at, cell in page.cells.items()
    }
    source = tmp_path / "forecast.xlsx"
    source.write_bytes(render([replace(page, cells=spoiled)]))
    settings = tmp_path / "out" / "profile" / "user" / "registrymodifications.xcu"
    settings.parent.mkdir(parents=True)
    settings.write_text(ALWAYS_RECALCULATE, encoding="utf-8")
    read = load_workbook(convert(source, "xlsx", tmp_path / "out"), data_only=True).active
    assert read is not None
    found = {at: read.cell(*at).value for at in formulas}
    assert found == {at: pytest.approx(float(str(f.value)), abs=0.001) for at, f in formulas.items()}


def test_formulas_hold_no_word_of_a_user(page: Page) -> None:
    """Only our functions and cells of this sheet."""
    form = re.compile(r"=(?:(?:COUNTIF|SUMIF|SUMPRODUCT|SUM|EXACT|ROUND|[$A-Z\d:]+|[(),*+/<>=-])+)\Z")
    found = [cell.content.text for cell in page.cells.values() if isinstance(cell.content, Formula)]
    assert [text for text in found if not form.match(text)] == []


def test_blocks_before_the_deals_fit_the_first_screen(page: Page, lang: Lang) -> None:
    """1366 x 768: the period, the gap in words, the other periods and the reps, without scrolling."""
    deals = {"en": "Deals that decide", "ru": "Сделки, которые решают"}[lang]
    row = next(at[0] for at, text in contents(page).items() if str(text).startswith(deals))
    wide = sum(int(column.width * 7) + 5 for column in page.columns)
    high = sum((page.rows[number].height or 15) * 4 / 3 for number in range(1, row))
    assert wide <= SCREEN[0] - BESIDE_THE_CELLS[0]
    assert high <= SCREEN[1] - BESIDE_THE_CELLS[1]


def test_nothing_overlaps(page: Page) -> None:
    """No two merges share a cell, and no merge hides one that says something."""
    covered = Counter(at for area in page.merges for at in _cells(area))
    assert [at for at, times in covered.items() if times > 1] == []
    firsts = {(area.first_row, area.first_column) for area in page.merges}
    assert [at for at in contents(page) if at in covered and at not in firsts] == []


def _cells(area: Area) -> Iterator[Position]:
    for row in range(area.first_row, area.last_row + 1):
        for column in range(area.first_column, area.last_column + 1):
            yield row, column


def test_the_chart_is_the_waterfall_of_the_table_beside_it(page: Page) -> None:
    """Each column floats where the one before it ended; the part under it is not drawn."""
    (chart,) = page.charts
    under, total, more, less = (
        [Decimal(str(_value(page.cells[row, s.values.first_column]))) for row in range(s.values.first_row, s.values.last_row + 1)]
        for s in chart.series
    )  # fmt: skip
    assert chart.series[0].color == ""
    running = total[0]
    for number in range(1, len(total) - 1):
        assert under[number] == running - less[number]
        running += more[number] - less[number]
    assert running == total[-1]
    assert chart.series[0].categories.last_row - chart.series[0].categories.first_row == 9


# ------------------------------------------------------------------ what it says


@pytest.mark.parametrize(
    ("deals", "team", "words"),
    [
        ([], [{"user": "Ann", "role": "rep", "plan": 1000}],
         "May 2026: 1,000.00 short of the plan. In deals it cannot be said: none was won in the last 12 months."),
        ([{"stage": "Won", "amount": 600, "closed_at": day("5-4")}], [{"user": "Ann", "role": "rep", "plan": 2_500_000}],
         "May 2026: 2.5 million USD short of the plan = 4,166 deals."),
        ([{"stage": "Won", "amount": 600, "closed_at": day("5-4")}], [{"user": "Ann", "role": "rep", "plan": 500}],
         "May 2026: 100 USD more than the plan is expected."),
        ([{"stage": "Won", "amount": 600, "closed_at": day("5-4")}], [{"user": "Ann", "role": "rep"}],
         "May 2026: 600 USD expected. There is no plan to compare with"),
    ],
)  # fmt: skip
def test_the_gap_is_a_sentence(deals: Rows, team: Rows, words: str) -> None:
    """In money and in deals; and what is missing, where that cannot be said."""
    made = told((TODAY, numbered(deals)), Team=team)
    words = words.replace("1,000.00", "1,000 USD")
    assert any(text.startswith(words) for text in texts(forecast.page(made, "Forecast")))


def test_no_range_and_no_chance_are_claimed(page: Page, lang: Lang) -> None:
    """Only that they come once there is history (FORECAST.md: do not claim)."""
    assert {"en": "once there is history", "ru": "когда накопится история"}[lang] in texts(page)


def test_a_firm_without_a_past_has_words_instead_of_a_waterfall() -> None:
    """First run: no chart, and why."""
    made = forecast.page(told((TODAY, [{"deal_id": "D1", "stage": "New", "amount": 5}])), "Forecast")
    assert made.charts == ()
    assert any(text.startswith("Not yet: the waterfall compares") for text in texts(made))


def test_deals_that_the_log_cannot_follow_are_told_under_the_waterfall() -> None:
    """Two rows with one ID; their links lead to the sheet, for no row is theirs."""
    deal: dict[str, Value] = {"deal_id": "D1", "stage": "New", "amount": 5, "expected_close": day("5-30")}
    made = told((day("4-30"), [deal, deal]), (TODAY, [deal, deal]))
    assert any(
        text.startswith("2 deals due have no number") for text in texts(forecast.page(made, "Forecast"))
    )


def test_without_dates_there_is_no_waterfall_in_the_tables_either() -> None:
    """Two runs, amounts, no expected close."""
    deal: dict[str, Value] = {"deal_id": "D1", "stage": "New", "amount": 5}
    columns = ("deal_id", "stage", "amount")
    for states in ([(TODAY, [deal])], [(day("4-30"), [deal]), (TODAY, [deal])]):
        made = told(*states, columns=columns)
        assert rows(list(forecast.tables(made)), "waterfall") == []
    first = told((TODAY, [{**deal, "expected_close": day("5-30")}]))
    assert rows(list(forecast.tables(first)), "waterfall") == []


def test_with_too_many_deals_the_figures_stand_without_formulas(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table is cut and says so; no sum is taken over a part of it."""
    monkeypatch.setattr(forecast_page, "MOST_ROWS", 3)
    deals: Rows = [{"stage": "New", "owner": "Ann", "amount": 100, "expected_close": day("5-30")}] * 5
    won: Rows = [{"stage": "Won", "owner": "Ann", "amount": 1, "closed_at": day("5-4")}] * 4
    made = forecast.page(told((TODAY, numbered([*deals, *won]))), "Forecast")
    assert {"and 2 more deals", "and 1 more deals"} <= set(texts(made))
    formulas = [cell.content.text for cell in made.cells.values() if isinstance(cell.content, Formula)]
    assert not [text for text in formulas if "SUMPRODUCT" in text]
    assert 50 in contents(made).values()


def test_more_reps_and_more_excluded_deals_than_fit_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The row of all still holds all; the list of deals says how many more there are."""
    monkeypatch.setattr(forecast_page, "_MOST_PEOPLE", 2)
    monkeypatch.setattr(forecast_page, "_MOST_LISTED", 2)
    due: Rows = [
        {"stage": "New", "owner": o, "amount": 100, "expected_close": day("5-30")}
        for o in ("Ann", "Bob", "Zoe")
    ]
    undated: Rows = [{"stage": "New", "owner": "Ann", "amount": 7}] * 3
    made = forecast.page(told((TODAY, numbered([*due, *undated]))), "Forecast")
    assert {"and 1 more people, who miss less", "and 1 more deals"} <= set(texts(made))
    (everyone,) = [row for (row, column), text in contents(made).items() if column == 1 and text == "All"]
    assert [contents(made)[everyone, column] for column in (4, 8)] == [30, 300]


# ------------------------------------------------------------------- the tables


def total(values: Iterable[Value]) -> Decimal:
    """The sum of a column of money; blanks are nothing."""
    return sum((Decimal(str(value)) for value in values if value is not None), Decimal(0))


def test_the_deals_of_the_contract_are_all_open_deals(made: Told) -> None:
    """DESIGN section 7: nine columns in this order; what is not due or not counted is expected to bring nothing."""
    found = list(forecast.tables(made))
    (deals,) = [table for table in found if table.name == "deals"]
    assert [c.key for c in deals.columns] == [
        "deal_id", "owner", "stage", "days_in_stage", "amount", "probability", "source", "expected", "because",
    ]  # fmt: skip
    assert [row[0] for row in deals.rows] == [f"D{n:04}" for n in (1, 2, 3, 6, 8, 9, 10, 11, 12)]
    assert total(row["expected"] for row in rows(found, "deals")) == rows(found, "periods")[0]["weighted"]


def test_the_tables_agree_with_each_other(made: Told) -> None:
    """Reps add up to the period; the waterfall ends at the open amount due; revenue is what was won."""
    found = list(forecast.tables(made))
    period = rows(found, "periods")[0]
    for key in ("won", "weighted", "due", "won_deals"):
        assert total(row[key] for row in rows(found, "people")) == period[key]
    assert rows(found, "waterfall")[-1]["amount"] == period["due"]
    assert (
        total(r["amount"] for r in rows(found, "revenue") if str(r["day"]) >= "2026-05-01") == period["won"]
    )


def test_money_stays_with_the_rep_who_won_it(made: Told, lang: Lang) -> None:
    """D0004 was Boris's when it was won; Ilya has it now."""
    owners = {row["deal_id"]: row["owner"] for row in rows(list(forecast.tables(made)), "revenue")}
    assert owners["D0004"] == {"en": "Boris Ivanov", "ru": "Иванов Борис"}[lang]


def test_another_end_of_the_period_moves_every_figure(made: Told) -> None:
    """Up to 25 May only one deal is due."""
    found = list(forecast.tables(replace(made, until=day("5-25"))))
    assert [(row["to"], row["open_deals"]) for row in rows(found, "periods")] == [(day("5-25"), 1)]
    assert [row["deal_id"] for row in rows(found, "deciding")] == ["D0001"]


def test_a_firm_of_stages_alone_is_told_what_is_missing() -> None:
    """Nothing but stages: every block stands, none holds a zero that looks like money."""
    made = told((TODAY, [{"stage": "New"}, {"stage": "Won"}]), columns=("stage",), Stages=STAGES[:1], Team=())
    found = list(forecast.tables(made))
    assert [row["weighted"] for row in rows(found, "periods")] == [None] * 3
    assert len(rows(found, "not_checked")) == 6
    assert forecast.page(made, "Forecast").charts == ()


def test_real_deals_without_owners_and_amounts_say_what_can_be_said(tmp_path: Path) -> None:
    """895 deals of a firm: wins of the month and open deals by stage are counted, money is not checked."""
    source = shared("data/ringostat_deals/deals.csv")
    example = Path(__file__).parents[1] / "docs" / "examples" / "ringostat.toml"
    host = XlsxHost(import_deals(source, tmp_path / "firm.xlsx", example, "en").path)
    run = sync.run(host, today=lambda _: date(2024, 5, 1), as_of=date(2024, 4, 30), write=False)
    made = Told(run.firm, run.verdict, run.checked, run.head)
    found = list(forecast.tables(made))
    assert rows(found, "periods")[0]["won_deals"] == 10
    assert {row["expected"] for row in rows(found, "periods")} == {None}
    assert sum(int(str(row["deals"])) for row in rows(found, "stages")) == 237
    assert [row["why"] for row in rows(found, "not_counted")] == ["closed_open"] * 11
    words = texts(forecast.page(made, "Forecast"))
    assert "What April 2024 will bring cannot be said: there is no column “Amount” on “Deals”." in words
    assert words.count("not checked") == 4
    assert json.dumps([[str(cell) for cell in row] for table in found for row in table.rows])
