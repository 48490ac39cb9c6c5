"""The Audit sheet: its whole text in both languages, its formulas against LibreOffice, and what it must never say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook

from sheets_crm import sync
from sheets_crm.hosts.memory import MemoryHost
from sheets_crm.hosts.xlsx.render import render
from sheets_crm.pages import audit, audit_page
from sheets_crm.pages.wording import QUESTIONS
from sheets_crm.rules.registry import RULES
from sheets_crm.sheet import Area, Cell, Formula, Grid, Link, Page, Position, Value
from sheets_crm.text import LANGS, Lang
from tests import audit_firm, golden
from tests.audit_firm import FIRST, SECOND, host, page, run, told
from tests.firms import deal, deals, sheet
from tests.libreoffice import convert

ALWAYS_RECALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"><item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item></oor:items>"""
SCREEN = 1366, 768
BESIDE_THE_CELLS = 70, 285
"""Pixels of a window that are no cells: row numbers, outline and scroll bar; title, ribbon, formula bar, tabs, task bar."""


@pytest.fixture(scope="module", params=LANGS)
def lang(request: pytest.FixtureRequest) -> Lang:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def weekly(lang: Lang) -> sync.Run:
    """The firm's second Monday."""
    return run(host(lang), SECOND, write=False)


def texts(made: Page) -> list[str]:
    """Everything on a page that a person reads."""
    return [str(content) for content in contents(made).values()]


def contents(made: Page) -> dict[Position, Value]:
    """The cells as a reader gets them: the result of a formula, the words of a link."""
    return {at: _value(cell) for at, cell in made.cells.items() if _value(cell) not in (None, "")}


def _value(cell: Cell) -> Value:
    if isinstance(cell.content, Formula):
        return cell.content.value
    return cell.content.text if isinstance(cell.content, tuple) else cell.content


def block(made: Page, heading: str) -> list[list[Value]]:
    """The rows of the table under the heading that starts with these words, its header first."""
    cells = contents(made)
    start = next(at[0] for at, text in cells.items() if at[1] == 1 and str(text).startswith(heading))
    rows: list[list[Value]] = []
    for row in range(start + 1, start + 500):
        found = [value for at, value in sorted(cells.items()) if at[0] == row]
        if not found:
            break
        rows.append(found)
    return rows


# ------------------------------------------------------------------ the whole page


def test_the_page_says_what_the_golden_file_says(
    lang: Lang, weekly: sync.Run, request: pytest.FixtureRequest
) -> None:
    """Every word, formula and link, row by row; the seal is left out, for it changes with every version."""
    text = golden.grid(page(weekly)).replace(weekly.head, "(seal)")
    golden.compare(f"audit_{lang}.txt", text, request.config)


def test_live_formulas_give_what_is_stored_beside_them(weekly: sync.Run, tmp_path: Path) -> None:
    """LibreOffice, told to recalculate everything, gets the same numbers; there are many of them."""
    made = page(weekly)
    formulas = {at: cell.content for at, cell in made.cells.items() if isinstance(cell.content, Formula)}
    assert len(formulas) > 20
    spoiled = {
        at: cell._replace(content=Formula(cell.content.text, -1))
        if isinstance(cell.content, Formula)
        else cell
        for at, cell in made.cells.items()
    }
    source = tmp_path / "audit.xlsx"
    source.write_bytes(render([replace(made, cells=spoiled)]))
    settings = tmp_path / "out" / "profile" / "user" / "registrymodifications.xcu"
    settings.parent.mkdir(parents=True)
    settings.write_text(ALWAYS_RECALCULATE, encoding="utf-8")
    read = load_workbook(convert(source, "xlsx", tmp_path / "out"), data_only=True).active
    assert read is not None
    assert {at: read.cell(*at).value for at in formulas} == {at: f.value for at, f in formulas.items()}


def test_formulas_hold_no_word_of_a_user(weekly: sync.Run) -> None:
    """Only our functions, ranges of this sheet, codes of rules and our own words for severity and age."""
    ours = r'"(?:[A-Z]{2}\d\d|[✗!i] [\w ]+|new|known|baseline|новое|было|исходное)"'
    form = re.compile(rf"=(?:(?:COUNTIFS?|SUM|SUMPRODUCT|EXACT|[$A-Z\d:]+|{ours}|[(),*+]))+\Z")
    found = [cell.content.text for cell in page(weekly).cells.values() if isinstance(cell.content, Formula)]
    assert [text for text in found if not form.match(text)] == []


@pytest.mark.parametrize("grids", [audit_firm.grids, audit_firm.poor], ids=["all checked", "little checked"])
def test_blocks_before_the_findings_fit_the_first_screen(
    lang: Lang, grids: Callable[[Lang], list[Grid]]
) -> None:
    """1366 x 768: five blocks and the chart, without scrolling, and the orders to the rep beside the findings."""
    made = page(run(host(lang, grids(lang)), SECOND, write=False))
    assert made.filter is not None
    wide = sum(int(column.width * 7) + 5 for column in made.columns if column.last <= 12)
    high = sum((made.rows[row].height or 15) * 4 / 3 for row in range(1, made.filter.first_row - 2))
    assert wide <= SCREEN[0] - BESIDE_THE_CELLS[0]
    assert high <= SCREEN[1] - BESIDE_THE_CELLS[1]
    (chart,) = made.charts
    assert chart.anchor[0] < made.filter.first_row


def test_nothing_overlaps(weekly: sync.Run) -> None:
    """No two merges share a cell, and no merge hides one that says something."""
    made = page(weekly)
    covered = Counter(at for area in made.merges for at in _cells(area))
    assert [at for at, times in covered.items() if times > 1] == []
    firsts = {(area.first_row, area.first_column) for area in made.merges}
    assert [at for at in contents(made) if at in covered and at not in firsts] == []


def _cells(area: Area) -> Iterator[Position]:
    for row in range(area.first_row, area.last_row + 1):
        for column in range(area.first_column, area.last_column + 1):
            yield row, column


# ------------------------------------------------------------------ what it says


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", "First run: 6 findings taken as the baseline."),
        ("ru", "Первый запуск: 6 замечаний принято за исходные."),
    ],
)
def test_a_first_run_has_words_instead_of_a_score(lang: Lang, words: str) -> None:
    """R5: everything found is the baseline and stands open to be read; no one has a score."""
    made = page(run(MemoryHost(audit_firm.grids(lang)), FIRST))
    assert words in texts(made)
    people = block(made, {"en": "Who keeps the rules", "ru": "Кто соблюдает правила"}[lang])
    assert {row[2] for row in people[1:]} == {"—"}
    rows = [row for (row, _), text in contents(made).items() if text in ("исходное", "baseline")]
    assert len(rows) == 6
    assert not any(made.rows[row].hidden for row in rows)


def test_the_score_remembers_what_it_was() -> None:
    """From the third run on: the second one's score; the first had none."""
    made = host("en")
    run(made, SECOND)
    assert "16 of 25 deals are clean (64)." in texts(page(run(made, SECOND)))
    made.edit("Deals", 2, 5, date(2026, 6, 1))
    made.edit("Deals", 2, 4, "call")
    later = page(run(made, SECOND + timedelta(days=7)))
    assert "14 of 25 deals are clean (56), was 64." in texts(later)


def test_a_rule_that_could_not_judge_is_named_with_its_reason_and_is_no_zero() -> None:
    """Without Tasks and next dates there is no score, no figure and no share for them; every reason is told."""
    made = page(run(MemoryHost([_bare(9)]), FIRST))
    words = texts(made)
    assert words[1] == f"First run: nothing found; {len(RULES) - 4} rules not checked (reasons below)."
    assert words.count("not checked") == 10  # three figures, seven checks
    assert words.count("there is no sheet “Tasks” or column “Next date” on “Deals”") == 4  # figures, reasons
    reasons = block(made, "Not checked:")[1:]
    assert {row[0] for row in reasons} == set(RULES) - {"DQ01", "DQ02"}
    assert {row[0] for row in reasons if "all of it" in row} == set(RULES) - {"DQ01", "DQ02", "DQ04", "ST05"}
    assert all(row[-1] for row in reasons)


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", "16 of 25 deals are clean (64); 1 rule not checked (there is no column “Type” on “Tasks”)."),
        ("ru", "16 из 25 сделок чистые (64); не проверено 1 правило (нет: столбец «Тип» на листе «Задачи»)."),
    ],
)
def test_a_reason_that_all_unchecked_rules_share_stands_in_the_headline(lang: Lang, words: str) -> None:
    """Several reasons are only told further down, each beside its rule."""
    made = host(lang)
    made.edit({"en": "Tasks", "ru": "Задачи"}[lang], 1, 7, "?")
    assert words in texts(page(run(made, SECOND, write=False)))


def _bare(count: int) -> Grid:
    return sheet("Deals", "deal_id stage owner", *([f"D{n}", "Proposal", "Ann"] for n in range(count)))


def test_without_owners_the_deals_themselves_are_named() -> None:
    """No owner column: three deals, dearest first, and words where the rep would stand."""
    rows = [[f"D{n}", "Proposal", None, float(n)] for n in range(1, 9)]
    made = page(run(MemoryHost([sheet("Deals", "deal_id stage next_date amount", *rows)]), FIRST))
    assert [row[:3] for row in block(made, "Whom to talk to first")[1:]] == [
        ["no owner", "D8", 8],
        ["no owner", "D7", 7],
        ["no owner", "D6", 6],
    ]
    assert [row[0] for row in block(made, "Who keeps the rules")[1:]] == ["All"]


def test_a_clean_firm_has_nobody_to_talk_to() -> None:
    """Words instead of empty tables, no chart, no filter, a hundred per cent."""
    made = MemoryHost([deals(*(deal(n) for n in range(1, 7)))])
    run(made, FIRST)
    clean = page(run(made, SECOND))
    assert "6 of 6 deals are clean (100)" in " ".join(texts(clean))
    assert any(text.startswith("Nobody:") for text in texts(clean))
    assert (clean.charts, clean.filter) == ((), None)


def test_findings_beyond_the_limit_are_counted_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says how many more; the numbers above are then plain values, for a formula would miss the rest."""
    monkeypatch.setattr(audit_page, "MOST_ROWS", 4)
    made = MemoryHost([deals(*(deal(n) for n in range(1, 11)))])
    run(made, FIRST)
    for row in range(2, 9):
        made.edit("Deals", row, 4, None)
    short = page(run(made, SECOND))
    assert short.filter is not None
    assert short.filter.last_row - short.filter.first_row == 4
    assert "3 more are not listed: they stand in the column To fix, in their own rows." in texts(short)
    assert not any(isinstance(cell.content, Formula) for cell in short.cells.values())
    assert 7 in contents(short).values()


def test_a_block_without_room_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Open findings come first; what is left for the baseline is a line."""
    monkeypatch.setattr(audit_page, "MOST_ROWS", 1)
    made = MemoryHost([deals(deal(1, step=False), deal(2))])
    run(made, FIRST)
    made.edit("Deals", 3, 4, None)
    assert block(page(run(made, SECOND)), "Baseline: 1 finding") == [
        ["1 more are not listed: they stand in the column To fix, in their own rows."]
    ]


def test_a_crowd_of_owners_does_not_push_the_findings_away() -> None:
    """Twenty people, the worst first, and how many more there are."""
    made = MemoryHost([deals(*(deal(n, owner=f"rep {n:02}") for n in range(1, 24)))])
    people = block(page(run(made, FIRST)), "Who keeps the rules")[1:]
    assert [row[0] for row in people[19:22]] == [
        "rep 20",
        "All",
        "and 3 more people, all with a better score",
    ]


def test_rows_and_columns_that_were_not_judged_are_told() -> None:
    """A part by its header, rows by their number, excluded rows one by one up to a limit."""
    stages = sheet("Stages", "stage order kind required_fields", ["Proposal", 1.0, "active", "need, owner"])
    totals: list[list[Value]] = [["Total"] for _ in range(203)]
    rows = [deal(1), deal(2), *totals]
    made = page(run(MemoryHost([deals(*rows), stages]), FIRST))
    told_of = {(row[0], row[2]) for row in block(made, "Not checked:")[1:]}
    assert ("ST02", "all of it") not in told_of
    assert {("ST02", "rows: 2"), ("ST05", "Lost reason")} <= told_of
    rows_read = block(made, "Rows read; 203 excluded")
    assert rows_read[1] == ["Deals", 205, 2, 203]
    assert rows_read[-1] == ["and 3 more rows"]


def test_a_finding_without_a_name_is_called_by_its_cell() -> None:
    """A deal of which only the stage is known."""
    made = page(run(MemoryHost([sheet("Deals", "stage closed_at", ["Proposal", date(2026, 4, 1)])]), FIRST))
    assert block(made, "Baseline:")[1][2] == "Deals!B2"


def test_a_figure_that_counts_hidden_findings_is_no_formula(weekly: sync.Run) -> None:
    """What stands behind another finding is in no table, so a formula could not count it."""
    (first, *_) = (f for f in weekly.verdict.findings if f.rule == "ST05")
    hidden = first._replace(key=first.key._replace(row_key="other"))
    made = audit.page(replace(told(weekly), verdict=replace(weekly.verdict, hidden=(hidden,))), "Audit")
    assert made.cells[4, 8].content == 2


def test_links_lead_to_the_row_by_its_id(weekly: sync.Run) -> None:
    """A deal by its ID, a task by the task's; whatever the order of the rows."""
    linked = {
        (c.content.sheet, c.content.key) for c in page(weekly).cells.values() if isinstance(c.content, Link)
    }
    book = weekly.book
    assert {sheet for sheet, _ in linked} == {book.deals.sheet, book.tasks.sheet}
    ids = {d.deal_id for d in book.deals.rows} | {t.task_id for t in book.tasks.rows}
    assert {key for _, key in linked} <= ids


def test_amounts_in_another_currency_are_never_added_up(weekly: sync.Run, lang: Lang) -> None:
    """They stand as words with their currency, in the table and beside the sum."""
    words = {"en": "560,000 EUR", "ru": "560 000 EUR"}[lang].replace(" 000", "\N{NO-BREAK SPACE}000")
    found = [text for text in texts(page(weekly)) if words in text]
    assert len(found) == 2


def test_headings_and_formats_survive_hostile_names() -> None:
    """A name that is a pattern or a formula is only a name; minutes are summed for exactly that person."""
    people = ["*", "=1+1", "A?", "<5"]
    made = MemoryHost([deals(*(deal(n, owner=people[n % 4]) for n in range(1, 13)))])
    run(made, FIRST)
    for row in range(2, 6):
        made.edit("Deals", row, 4, None)
    rows = block(page(run(made, SECOND)), "Who keeps the rules")[1:]
    assert {str(row[0]): row[1] for row in rows} == {"*": 2, "=1+1": 2, "A?": 2, "<5": 2, "All": 8}


# ------------------------------------------------------------------ plain tables


def test_the_tables_hold_every_finding_once(weekly: sync.Run) -> None:
    """The five tables of findings share them out; their ids are the verdict's."""
    tables = {table.name: table for table in audit.tables(told(weekly))}
    ids = [
        row[[c.key for c in tables[name].columns].index("id")]
        for name in ("findings", "doubts", "own", "legacy", "waived")
        for row in tables[name].rows
    ]
    assert sorted(map(str, ids)) == sorted(f.id for f in weekly.verdict.findings)


def test_every_row_of_a_table_fits_its_columns(weekly: sync.Run) -> None:
    """As many values as columns, keys unique, headers in both languages."""
    for table in audit.tables(told(weekly)):
        assert len({c.key for c in table.columns}) == len(table.columns)
        assert all(c.header.en and c.header.ru for c in table.columns)
        assert {len(row) for row in table.rows} <= {len(table.columns)}, table.name


def test_the_tables_and_the_page_say_the_same(weekly: sync.Run) -> None:
    """The headline, the five figures and the reasons to talk are on both."""
    words = set(texts(page(weekly)))
    tables = {table.name: table for table in audit.tables(told(weekly))}
    assert tables["summary"].rows[0][2] in words
    assert {
        str(value) for row in tables["figures"].rows for value in (row[1], row[3]) if value is not None
    } <= words
    assert {str(row[10]) for row in tables["whom_first"].rows} <= words


def test_a_first_run_has_tables_too() -> None:
    """No movement, every rule that judged nothing with its reason, every excluded row."""
    rows = sheet("Deals", "deal_id stage owner", ["D1", "Proposal", "Ann"], ["Total", None, None])
    first = run(MemoryHost([rows]), FIRST)
    tables = {table.name: table.rows for table in audit.tables(told(first))}
    assert tables["movement"] == []
    assert {row[0] for row in tables["not_checked"]} >= set(RULES) - set(first.verdict.checked) | {"ST05"}
    assert tables["excluded"] == [("Deals!A3", "a row of totals")]
    assert tables["rows"] == [("Deals", "Deals", 2, 1, 1)]


def test_questions_belong_to_rules() -> None:
    """A question for a rule that does not exist would never be asked."""
    assert set(QUESTIONS) <= set(RULES)
