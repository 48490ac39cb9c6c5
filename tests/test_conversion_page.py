"""The Conversion sheet: its whole text in both languages, its formulas against LibreOffice, and what it cannot say."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook

from sheets_crm import sync
from sheets_crm.hosts.xlsx import XlsxHost
from sheets_crm.hosts.xlsx.render import render
from sheets_crm.importer import convert as import_csv
from sheets_crm.metrics.conversion import LEAST
from sheets_crm.pages import conversion
from sheets_crm.pages.tables import Plain
from sheets_crm.sheet import Area, Formula, Page, Position, SheetLink, Value
from sheets_crm.text import LANGS, Lang
from tests import conversion_firm as firm
from tests import golden
from tests.firms import sheet
from tests.libreoffice import convert
from tests.shared import shared
from tests.test_audit_page import ALWAYS_RECALCULATE, BESIDE_THE_CELLS, SCREEN, contents, texts

NAME = {"en": "Conversion", "ru": "Конверсии"}


@pytest.fixture(scope="module", params=LANGS)
def lang(request: pytest.FixtureRequest) -> Lang:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def weekly(lang: Lang) -> sync.Run:
    """The firm on a Monday."""
    return firm.run(firm.grids(lang))


def page(result: sync.Run) -> Page:
    return conversion.page(firm.told(result), NAME[result.book.lang])


def tables(result: sync.Run) -> dict[str, list[dict[str, Plain]]]:
    """Table to its rows by column key."""
    return {
        t.name: [dict(zip((c.key for c in t.columns), row, strict=True)) for row in t.rows]
        for t in conversion.tables(firm.told(result))
    }


def formulas(made: Page) -> dict[Position, Formula]:
    return {at: cell.content for at, cell in made.cells.items() if isinstance(cell.content, Formula)}


# ------------------------------------------------------------------ the whole page


def test_the_page_says_what_the_golden_file_says(
    lang: Lang, weekly: sync.Run, request: pytest.FixtureRequest
) -> None:
    """Every word, formula and link, row by row."""
    golden.compare(f"conversion_{lang}.txt", golden.grid(page(weekly)), request.config)


def test_live_formulas_give_what_is_stored_beside_them(weekly: sync.Run, tmp_path: Path) -> None:
    """LibreOffice, told to recalculate everything, gets the same numbers; there are many of them."""
    made = page(weekly)
    stored = formulas(made)
    assert len(stored) > 40
    spoiled = {at: made.cells[at]._replace(content=Formula(f.text, -1)) for at, f in stored.items()}
    source = tmp_path / "conversion.xlsx"
    source.write_bytes(render([replace(made, cells={**made.cells, **spoiled})]))
    settings = tmp_path / "out" / "profile" / "user" / "registrymodifications.xcu"
    settings.parent.mkdir(parents=True)
    settings.write_text(ALWAYS_RECALCULATE, encoding="utf-8")
    read = load_workbook(convert(source, "xlsx", tmp_path / "out"), data_only=True).active
    assert read is not None
    found = {at: read.cell(*at).value for at in stored}
    assert found == {at: pytest.approx(float(str(f.value))) for at, f in stored.items()}


def test_formulas_hold_no_word_of_a_user(weekly: sync.Run) -> None:
    """Only cells of this sheet, our functions, and our own word for junk."""
    form = re.compile(r'=(?:SUM|SUMIF|[$A-Z\d:]+|"(?:Junk|Брак)"|[(),*/-])+\Z')
    assert [f.text for f in formulas(page(weekly)).values() if not form.match(f.text)] == []


def test_rates_are_quotients_of_counts_that_stand_beside_them(weekly: sync.Run) -> None:
    """Conversion, drop-out and the undecided share of every stage can be followed by hand, and add up to one."""
    cells = contents(page(weekly))
    row = next(at[0] for at, value in cells.items() if value in ("Entered", "Вошли")) + 1
    for number in range(row, row + 4):
        _, _, _, entered, moved, lost, _, undecided, *shares = (cells.get((number, n)) for n in range(1, 12))
        assert [float(str(s)) * float(str(entered)) for s in shares] == [
            pytest.approx(n) for n in (moved, lost, undecided)
        ]
        assert sum(float(str(s)) for s in shares) == pytest.approx(1)


def test_the_stage_table_and_its_chart_fit_the_first_screen(weekly: sync.Run) -> None:
    """1366 x 768: the sentence, the stages, the chart and the win rates, without scrolling."""
    made = page(weekly)
    (chart,) = made.charts
    above = sum((made.rows[row].height or 15) * 4 / 3 for row in range(1, chart.anchor[0]))
    assert sum(int(column.width * 7) + 5 for column in made.columns) <= SCREEN[0] - BESIDE_THE_CELLS[0]
    assert above + chart.height <= SCREEN[1] - BESIDE_THE_CELLS[1]


def test_nothing_overlaps(weekly: sync.Run) -> None:
    """No two merges share a cell, and no merge hides one that says something."""
    made = page(weekly)
    covered = Counter(at for area in made.merges for at in _cells(area))
    assert [at for at, times in covered.items() if times > 1] == []
    firsts = {(area.first_row, area.first_column) for area in made.merges}
    assert [at for at in contents(made) if at in covered and at not in firsts] == []


def _cells(area: Area) -> list[Position]:
    columns = range(area.first_column, area.last_column + 1)
    return [(row, column) for row in range(area.first_row, area.last_row + 1) for column in columns]


# ------------------------------------------------------------------ what it says


def test_the_first_line_names_the_stage_that_loses_most(lang: Lang, weekly: sync.Run) -> None:
    """«Теряем больше всего на этапе «КП отправлено»: ... из ...»."""
    (summary,) = tables(weekly)["summary"]
    first = {
        "en": "Most deals are lost at “Proposal”: {worst_lost} of {worst_entered}.",
        "ru": "Теряем больше всего на этапе «КП отправлено»: {worst_lost} из {worst_entered}.",
    }[lang]
    assert texts(page(weekly))[1] == first.format(**summary)


def test_a_champion_is_asked_how_and_the_answer_belongs_elsewhere(lang: Lang, weekly: sync.Run) -> None:
    """A report holds nothing that a person types: the line leads to the one-on-ones, and the laggard is sent to the champion."""
    verdicts = {row["owner"]: row["verdict"] for row in tables(weekly)["reps"]}
    anna, daria = firm.PEOPLE[0][0].get(lang), firm.PEOPLE[2][0].get(lang)
    assert (verdicts[anna], verdicts[daria]) == ("champion", "laggard")
    links = [cell.content for cell in page(weekly).cells.values() if isinstance(cell.content, SheetLink)]
    assert [link.sheet for link in links] == [{"en": "One-on-ones", "ru": "Встречи 1-1"}[lang]]
    assert any(text.endswith((f"{anna} shows how", f"покажет {anna}")) for text in texts(page(weekly)))


def test_tables_and_page_say_the_same(weekly: sync.Run) -> None:
    """Every count of the stage table and every reason of the gaps stands on the page."""
    found, said = tables(weekly), contents(page(weekly)).values()
    for row in found["stages"]:
        assert {row["stage"], row["entered"], row["moved"], row["lost"]} <= set(said)
    assert {row["why"] for row in found["gaps"]} <= set(said)
    assert sum(int(str(row["deals"])) for row in found["losses"]) == int(
        str(found["win_rate"][0]["closed"])
    ) - int(str(found["win_rate"][0]["won"]))


def test_every_row_of_a_table_fits_its_columns(weekly: sync.Run) -> None:
    """As many values as columns, keys unique, headers in both languages."""
    for table in conversion.tables(firm.told(weekly)):
        assert len({c.key for c in table.columns}) == len(table.columns)
        assert all(c.header.en and c.header.ru for c in table.columns)
        assert {len(row) for row in table.rows} <= {len(table.columns)}, table.name


def test_too_few_deals_are_said_not_judged(weekly: sync.Run) -> None:
    """Whoever closed fewer than twenty has no bounds and no verdict, and is named at the end of the page."""
    found = tables(weekly)
    few = [row for row in found["reps"] if int(str(row["closed"])) < LEAST]
    assert few
    assert {(row["low"], row["high"], row["verdict"]) for row in few} == {(None, None, "few")}
    named = " ".join(str(row["what"]) for row in found["gaps"])
    assert all(str(row["owner"]) in named for row in few)


# ------------------------------------------------------------------ what it cannot say

DAY = date(2026, 5, 18)


def bare(header: str, *rows: list[Value]) -> sync.Run:
    """A firm of deals and four stages only."""
    stages = sheet(
        "Stages",
        "stage order kind",
        ["New", 1.0, "active"],
        ["=1+1", 2.0, "active"],
        ["Won", 3.0, "won"],
        ["Lost", 4.0, "lost"],
    )
    return firm.run([sheet("Deals", header, *rows), stages])


def test_without_owners_amounts_and_dates_of_stages_the_rest_is_said() -> None:
    """Win rate, cycle and losses by reason stand; stages, people and money are named with the reason why not."""
    closed = DAY - timedelta(days=3)
    rows: list[list[Value]] = [
        [f"D{n}", "Won" if n % 3 else "Lost", DAY - timedelta(days=20), closed, None] for n in range(30)
    ]
    result = bare("deal_id stage created_at closed_at lost_reason", *rows)
    found = tables(result)
    assert [(r["figure"], r["won"], r["closed"]) for r in found["win_rate"]] == [
        ("deals", 20, 30),
        ("deals_clean", 20, 30),
    ]
    assert found["cycle"][0]["median"] == 17
    assert (found["reps"], found["rep_stages"]) == ([], [])
    assert {row["entered"] for row in found["stages"]} == {None}
    why = {row["what"]: str(row["why"]) for row in found["gaps"]}
    assert "Stage history" in why["Stage conversion"]
    assert why["Everything in money"] == "there is no column “Amount” on “Deals”"
    assert why["Reps against the team"] == "there is no column “Owner” on “Deals”"
    assert "Won 20 of 30 deals closed (67%)" in texts(page(result))[1]
    assert page(result).charts == ()


def test_an_empty_firm_has_words_instead_of_tables() -> None:
    """No deal at all; and no deal in a stage that anyone knows."""
    assert "there are no deals in it" in texts(page(bare("deal_id stage owner")))
    nowhere = firm.run(
        [sheet("Deals", "deal_id stage owner", ["D1", "Void", "Ann"]), sheet("Stages", "stage order kind")]
    )
    assert texts(page(nowhere))[-1] == "There are no deals in any known stage."


def test_a_stage_named_like_a_formula_is_only_a_name() -> None:
    """It is text in the cell, and no formula or number format holds it."""
    made = page(bare("deal_id stage amount", ["D1", "=1+1", 5.0]))
    assert "=1+1" in texts(made)
    assert not any("1+1" in f.text for f in formulas(made).values())
    assert not any("1+1" in (cell.style.format or "") for cell in made.cells.values() if cell.style)


def test_several_pipelines_stand_one_under_the_other() -> None:
    """Each has its own headline, tables and gaps; the first line names the pipeline it speaks of."""
    stages = sheet("Stages", "pipeline stage order kind", ["Leads", "New", 1.0, "active"], ["Leads", "Lost", 2.0, "lost"],
                   ["Sales", "Talk", 1.0, "active"], ["Sales", "Won", 2.0, "won"])  # fmt: skip
    deals = sheet("Deals", "deal_id pipeline stage created_at closed_at", ["D1", "Leads", "New", DAY, None],
                  ["D2", "Sales", "Won", DAY - timedelta(days=9), DAY], ["D3", "Sales", "Talk", DAY, None])  # fmt: skip
    result = firm.run([deals, stages])
    said = texts(page(result))
    assert said[1].startswith("Pipeline “Sales”: Won 1 of 1 deal closed (100%)")
    assert [text.split(":")[0] for text in said if text.startswith("Pipeline “")][1:] == [
        "Pipeline “Leads”",
        "Pipeline “Sales”",
    ]
    assert [row["pipeline"] for row in tables(result)["summary"]] == ["Leads", "Sales"]


def test_more_stages_than_columns_share_one() -> None:
    """Eleven stages lost deals: seven by name, the least frequent together, and no loss is left out."""
    names = [f"S{n}" for n in range(11)]
    rows: list[list[Value]] = [[name, float(n), "active"] for n, name in enumerate(names)]
    stages = sheet("Stages", "stage order kind", *rows, ["Lost", 99.0, "lost"])
    deals: list[list[Value]] = []
    steps: list[list[Value]] = []
    for n, name in enumerate(name for k, name in enumerate(names) for _ in range(12 - k)):
        deals.append([f"D{n}", "Lost", DAY - timedelta(days=20), DAY])
        steps += [[f"D{n}", name, DAY - timedelta(days=20)], [f"D{n}", "Lost", DAY]]
    made = page(
        firm.run(
            [
                sheet("Deals", "deal_id stage created_at closed_at", *deals),
                stages,
                sheet("Stage history", "deal_id stage entered_at", *steps),
            ]
        )
    )
    row = next(at[0] for at, text in contents(made).items() if text == "no reason given")
    counts = [contents(made)[row, n] for n in range(4, 13)]
    assert counts == [12, 11, 10, 9, 8, 7, 6, 5 + 4 + 3 + 2, 77]


def test_ringostat_says_what_can_be_said_without_owners_and_amounts(tmp_path: Path) -> None:
    """895 real deals: win rate, cycle and reasons of the last thirty days; stages, people and money are named as unknown."""
    source = shared("data/ringostat_deals/deals.csv")
    map_ = Path(__file__).parents[1] / "docs" / "examples" / "ringostat.toml"
    path = import_csv(source, tmp_path / "firm.xlsx", map_, "en").path
    day = date(2024, 4, 30)
    found = tables(sync.run(XlsxHost(path), today=lambda _: day, as_of=day, write=False))
    assert [
        (r["figure"], r["won"], r["closed"], r["won_before"], r["closed_before"]) for r in found["win_rate"]
    ] == [
        ("deals", 10, 34, 84, 257),
        ("deals_clean", 10, 32, 84, 250),
    ]
    assert [(r["figure"], r["median"]) for r in found["cycle"][:1]] == [("won", Decimal("19.5"))]
    assert sum(int(str(r["deals"])) for r in found["losses"]) == 24
    assert {row["entered"] for row in found["stages"]} == {None}
    assert [row["what"] for row in found["gaps"]] == [
        "Stage conversion", "Everything in money", "Reps against the team", "Losses by reason",
    ]  # fmt: skip
