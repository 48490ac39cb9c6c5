"""The Bonus sheet: its whole text in both languages, its formulas against LibreOffice, and whom a printed page shows."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook

from sheets_crm import demo, sync
from sheets_crm.hosts.xlsx import XlsxHost, create
from sheets_crm.hosts.xlsx.render import render
from sheets_crm.metrics.bonus import account
from sheets_crm.pages import bonus
from sheets_crm.pages.tables import ReportTable
from sheets_crm.sheet import Area, Cell, Formula, Link, Page, Position, SheetLink, Value
from sheets_crm.text import LANGS, Lang
from tests import golden
from tests.bonus_firm import FIRST, Story, monday
from tests.bonus_months import DAYS, host, page, run, told
from tests.command_line import call
from tests.libreoffice import convert
from tests.test_audit_page import ALWAYS_RECALCULATE, BESIDE_THE_CELLS, SCREEN


@pytest.fixture(scope="module", params=LANGS)
def lang(request: pytest.FixtureRequest) -> Lang:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def monthly(lang: Lang) -> sync.Run:
    """The firm in June, with May closed."""
    return run(host(lang), DAYS[-1], write=False)


def contents(made: Page) -> dict[Position, Value]:
    """The cells as a reader gets them: the result of a formula, the words of a link."""
    return {at: value for at, cell in made.cells.items() if (value := _value(cell)) not in (None, "")}


def _value(cell: Cell) -> Value:
    if isinstance(cell.content, Formula):
        return cell.content.value
    return cell.content.text if isinstance(cell.content, tuple) else cell.content


def areas(made: Page) -> list[Area]:
    """The printed pages, in their order."""
    return [area for area in (made.print.area, *made.print.more) if area is not None]


def printed(made: Page, area: Area) -> str:
    """Everything that a printed page shows."""
    inside = range(area.first_row, area.last_row + 1)
    return "\n".join(str(value) for (row, _), value in contents(made).items() if row in inside)


def table(result: sync.Run, name: str) -> ReportTable:
    """A block of the report as plain data."""
    return next(found for found in bonus.tables(told(result)) if found.name == name)


# ------------------------------------------------------------------ the whole page


def test_the_page_says_what_the_golden_file_says(
    lang: Lang, monthly: sync.Run, request: pytest.FixtureRequest
) -> None:
    """Every word, formula and link, row by row; the seal is left out, for it changes with every version."""
    text = golden.grid(page(monthly)).replace(monthly.head, "(seal)")
    golden.compare(f"bonus_{lang}.txt", text, request.config)


def test_live_formulas_give_what_is_stored_beside_them(monthly: sync.Run, tmp_path: Path) -> None:
    """LibreOffice, told to recalculate everything, gets the same to the cent; there are many of them."""
    _recalculated(page(monthly), tmp_path, least=40)


def test_the_demo_firms_formulas_give_the_same(tmp_path: Path) -> None:
    """After eight weekly runs, every rep's figures as LibreOffice counts them."""
    made, _ = demo.faulty_firm("ru", as_of=date(2026, 5, 19))
    *_, last = demo.replay(made, made.scene.runs)
    _recalculated(bonus.page(told(last), "Премии"), tmp_path, least=80)


def test_formulas_round_as_we_do(tmp_path: Path) -> None:
    """Bases whose bonus falls on half a cent, with 0.95 and 0.90, a plan part of a third and one over its cap."""
    bases = (0.1, 0.3, 0.5, 1.1, 10.1, 33.3, 100.1, 1000.3, 12345.7, 99999.9, 7.05, 8.15, 2.675, 1.005)
    for weeks, plan in ((1, None), (2, 300.0), (0, 70.0)):
        team: list[list[Value]] = [
            [f"R{n:02}", "rep", base, None, None, plan] for n, base in enumerate(bases)
        ]
        strict = {"bonus_free_count": "0", "bonus_free_share": "0"}
        story = Story(
            2 * len(bases),
            team=team,
            settings={"bonus_plan": "attainment", "bonus_plan_cap": "1.1", **strict},
        )
        for number in range(2 * len(bases)):
            story.host.edit("Deals", number + 2, 3, f"R{number % len(bases):02}")
        story.run(FIRST)
        for row in range(2, len(bases) + 2):
            for column, value in ((2, "Won"), (7, date(2026, 5, 6))):
                if plan:
                    story.host.edit("Deals", row, column, value)
        story.drop(*range(1, 2 * len(bases) + 1))
        for week in range(1, weeks + 2):
            story.run(monday(week), names=("bonus",))
        assert story.last is not None
        assert {b.episodes for b in story.account.of("R00")} == {weeks}
        made = next(p for p in story.last.changes.pages if p.key == "bonus")
        _recalculated(made, tmp_path / str(weeks), least=9 * len(bases))


def _recalculated(made: Page, folder: Path, *, least: int) -> None:
    formulas = {at: cell.content for at, cell in made.cells.items() if isinstance(cell.content, Formula)}
    assert len(formulas) > least
    wrong = {at: made.cells[at]._replace(content=Formula(f.text, -1)) for at, f in formulas.items()}
    folder.mkdir(exist_ok=True)
    source = folder / "bonus.xlsx"
    source.write_bytes(render([replace(made, cells={**made.cells, **wrong})]))
    settings = folder / "out" / "profile" / "user" / "registrymodifications.xcu"
    settings.parent.mkdir(parents=True)
    settings.write_text(ALWAYS_RECALCULATE, encoding="utf-8")
    read = load_workbook(convert(source, "xlsx", folder / "out"), data_only=True).active
    assert read is not None
    for at, formula in formulas.items():
        found, own = read.cell(*at).value, formula.value
        assert isinstance(found, int | float)
        assert isinstance(own, int | float | Decimal)
        assert found == pytest.approx(float(own), abs=1e-9), (at, formula.text)


def test_formulas_hold_no_word_of_a_user(monthly: sync.Run) -> None:
    """Only our functions, cells of this sheet and our own numbers."""
    form = re.compile(r"=(?:ROUND|SUM|IF|MAX|MIN|[$A-Z\d:]+|[\d.]+|[(),*/=-])+\Z")
    found = [cell.content.text for cell in page(monthly).cells.values() if isinstance(cell.content, Formula)]
    assert [text for text in found if not form.match(text)] == []


def test_both_periods_fit_the_first_screen(monthly: sync.Run) -> None:
    """1366 x 768: what is to be paid, for both periods, without scrolling."""
    made = page(monthly)
    words = contents(made)
    last = next(row for (row, column), text in words.items() if column == 1 and str(text) in _IGNORED)
    wide = sum(int(column.width * 7) + 5 for column in made.columns)
    high = sum((made.rows[row].height or 15) * 4 / 3 for row in range(1, last))
    assert wide <= SCREEN[0] - BESIDE_THE_CELLS[0]
    assert high <= SCREEN[1] - BESIDE_THE_CELLS[1]


_IGNORED = ("Appeals that change nothing as they stand", "Возражения, которые пока ничего не меняют")


def test_nothing_overlaps(monthly: sync.Run) -> None:
    """No two merges share a cell, and no merge hides one that says something."""
    made = page(monthly)
    covered = Counter(
        (row, column)
        for area in made.merges
        for row in range(area.first_row, area.last_row + 1)
        for column in range(area.first_column, area.last_column + 1)
    )
    assert [at for at, times in covered.items() if times > 1] == []
    firsts = {(area.first_row, area.first_column) for area in made.merges}
    assert [at for at in contents(made) if at in covered and at not in firsts] == []


def test_the_word_is_a_coefficient_never_a_fine(monthly: sync.Run) -> None:
    """Nobody is fined: «премия с коэффициентом»."""
    said = " ".join(map(str, contents(page(monthly)).values())).casefold()
    assert not re.search(r"штраф|взыскан|удерж|\bfine|penalt", said)
    assert "коэффициент" in said or "coefficient" in said


# ------------------------------------------------------------------ whom a page shows


def test_a_reps_printed_page_shows_only_that_rep(monthly: sync.Run) -> None:
    """One printed page for the Head of Sales, then one a rep, in which no other rep is named."""
    made = page(monthly)
    people = [str(row[1]) for row in table(monthly, "reps").rows]
    names = list(dict.fromkeys(people))
    first, *own = areas(made)
    assert len(own) == len(names) == 3
    assert all(name in printed(made, first) for name in names)
    for name, area in zip(names, own, strict=True):
        assert [other for other in names if other in printed(made, area)] == [name]
        assert monthly.head in printed(made, area)
    assert [a.last_row + 1 for a in areas(made)[:-1]] == [a.first_row for a in own]


def test_paper_has_a_page_for_each_rep(monthly: sync.Run, tmp_path: Path) -> None:
    """As LibreOffice prints it: as many pages as there are areas."""
    source = tmp_path / "bonus.xlsx"
    source.write_bytes(render([page(monthly)]))
    printed_pages = convert(source, "pdf", tmp_path / "out").read_bytes()
    assert len(re.findall(rb"/Type\s*/Page\b", printed_pages)) == len(areas(page(monthly))) == 4


def test_the_workbook_on_disk_keeps_the_printed_pages_on_every_run(tmp_path: Path) -> None:
    """Grafted, proved, replaced: the areas stand, a second run changes no byte."""
    path = tmp_path / "firm.xlsx"
    _on_disk(path, "en")
    first = path.read_bytes()
    book = load_workbook(path)
    assert len(book["Bonus"].print_area.split(",")) == 4
    sync.run(XlsxHost(path), today=lambda _: DAYS[-1], as_of=DAYS[-1], names=("audit", "bonus"))
    assert path.read_bytes() == first


def _on_disk(path: Path, lang: Lang, *, separate: bool = False) -> None:
    """The firm of memory as a file, its log with it, after a run on the last day."""
    made = host(lang, separate=separate)
    read = made.read(lambda sheets: [s.name for s in sheets])
    pages = []
    for info in read.sheets:
        cells = {
            (r, c): Cell(value)
            for r, row in enumerate(read.grids[info.name].rows, start=1)
            for c, value in enumerate(row, start=1)
            if value is not None
        }
        pages.append(
            Page(info.report or info.name, info.name, cells, hidden=info.hidden, owned=bool(info.report))
        )
    create(path, pages)
    sync.run(XlsxHost(path), today=lambda _: DAYS[-1], as_of=DAYS[-1], names=("audit", "bonus"))


# ------------------------------------------------------------------ a file of its own


def test_bonuses_can_be_kept_in_a_file_of_their_own(tmp_path: Path) -> None:
    """Nothing of them in the workbook; beside it a file with them and without links; the same run leaves both alone."""
    path = tmp_path / "firm.xlsx"
    _on_disk(path, "en", separate=True)
    beside = tmp_path / "firm.bonus.xlsx"
    done = call("run", str(path), "--as-of", DAYS[-1].isoformat(), "--lang", "en")
    assert (done.exit_code, "firm.bonus.xlsx" in done.stderr) == (0, True)
    assert "Bonus" not in load_workbook(path).sheetnames
    apart = load_workbook(beside)
    assert apart.sheetnames == ["Bonus"]
    assert len(apart["Bonus"].print_area.split(",")) == 4
    assert not any("HYPERLINK" in str(cell.value) for row in apart["Bonus"].iter_rows() for cell in row)
    before = path.read_bytes(), beside.stat().st_mtime_ns
    call("run", str(path), "--as-of", DAYS[-1].isoformat())
    assert (path.read_bytes(), beside.stat().st_mtime_ns) == before


def test_a_file_of_somebody_elses_is_never_overwritten(tmp_path: Path) -> None:
    """Ours takes the next name."""
    path, taken = tmp_path / "firm.xlsx", tmp_path / "firm.bonus.xlsx"
    _on_disk(path, "en", separate=True)
    create(taken, [Page("theirs", "Theirs", {(1, 1): Cell("mine")})])
    before = taken.read_bytes()
    call("run", str(path), "--as-of", DAYS[-1].isoformat())
    assert taken.read_bytes() == before
    assert load_workbook(tmp_path / "firm.bonus (2).xlsx").sheetnames == ["Bonus"]


def test_bonuses_that_move_out_leave_only_a_sentence_behind(lang: Lang) -> None:
    """The sheet of earlier runs does not stay for everyone to read."""
    made = host(lang)
    name = {"en": "Sales Book", "ru": "Книга продаж"}[lang]
    made.edit(name, 5, 3, "separate_file")
    result = run(made, DAYS[-1])
    left = made.pages["bonus"]
    assert [cell.content for cell in left.cells.values()] == [
        {"en": bonus._ELSEWHERE.en, "ru": bonus._ELSEWHERE.ru}[lang]
    ]
    assert [p.key for p in result.separate] == ["bonus"]
    assert len(areas(result.separate[0])) == 4


# ------------------------------------------------------------------ sums and tables


def test_the_reps_sums_are_the_total(monthly: sync.Run) -> None:
    """In both periods, to the cent: total = sum of the bonuses, total + less = sum of what could be."""
    made = account(monthly.firm, monthly.checked, monthly.verdict)
    cells = contents(page(monthly))
    totals = [row for (row, column), text in cells.items() if column == 1 and text in ("Total", "Итого")]
    for period, row in zip(made.periods, totals, strict=True):
        own = made.bonuses[period]
        assert cells[row, 10] == sum((b.amount or Decimal(0) for b in own), Decimal(0))
        assert cells[row, 11] == sum((b.less or Decimal(0) for b in own), Decimal(0))
        assert all(b.full == b.terms.base * b.terms.part for b in own if b.terms.base is not None)


def test_the_tables_and_the_page_say_the_same(monthly: sync.Run) -> None:
    """Every bonus, every finding's number, every appeal."""
    said = set(map(str, contents(page(monthly)).values()))
    for name, column in (("reps", 11), ("deductions", 2), ("pending", 1), ("appeals", 0)):
        values = {str(row[column]) for row in table(monthly, name).rows if row[column] is not None}
        assert values, name
        assert values <= said, name


def test_every_row_of_a_table_fits_its_columns(monthly: sync.Run) -> None:
    """As many values as columns, keys unique, headers in both languages."""
    for found in bonus.tables(told(monthly)):
        assert len({c.key for c in found.columns}) == len(found.columns)
        assert all(c.header.en and c.header.ru for c in found.columns)
        assert {len(row) for row in found.rows} == {len(found.columns)}, found.name


def test_every_deduction_has_its_evidence(monthly: sync.Run) -> None:
    """Number, weeks, deal, cell, value as found, first day and clause: nothing is blank."""
    rows = table(monthly, "deductions").rows
    assert len(rows) >= 5
    assert all(value not in (None, "") for row in rows for value in row)


def test_links_lead_to_deals_by_their_ids(monthly: sync.Run) -> None:
    """Whatever the order of the rows; a deal that is gone is only named."""
    book = monthly.book
    linked = [c.content for c in page(monthly).cells.values() if isinstance(c.content, Link | SheetLink)]
    assert {link.sheet for link in linked} == {book.deals.sheet}
    assert {link.key for link in linked if isinstance(link, Link)} <= {d.deal_id for d in book.deals.rows}


def test_without_reps_there_is_a_sentence_and_no_table() -> None:
    """A firm without a Team has an honest page."""
    story = Story(team=[])
    result = story.run(FIRST, names=("bonus",))
    made = next(p for p in result.changes.pages if p.key == "bonus")
    assert any("There are no reps with a bonus" in str(value) for value in contents(made).values())
    assert len(areas(made)) == 1


def test_hostile_names_are_only_names() -> None:
    """A rep called like a formula or a pattern has a page as anybody."""
    team: list[list[Value]] = [["=1+1", "rep", 100.0], ["*", "rep", 200.0], ["'{x}", "rep", 300.0]]
    story = Story(team=team)
    result = story.run(FIRST, names=("bonus",))
    made = next(p for p in result.changes.pages if p.key == "bonus")
    assert len(areas(made)) == 4
    assert {str(v).split(" · ")[0] for v in contents(made).values()} >= {"=1+1", "*", "'{x}"}
    assert load_workbook(BytesIO(render([made])))["Bonus"].print_area.count(",") == 3
