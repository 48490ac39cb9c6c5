"""The workbook that a firm starts with: whole, in both languages, and pleasant to work in."""

from __future__ import annotations

import re
import zipfile
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest

from sheets_crm import reports, template
from sheets_crm.book import read_book, wanted
from sheets_crm.book.settings import resolve
from sheets_crm.checks import RULES, settings_of
from sheets_crm.hosts.xlsx import XlsxHost
from sheets_crm.hosts.xlsx.render import render
from sheets_crm.pages import look
from sheets_crm.schema import FIRM_SETTINGS, TABLES
from sheets_crm.schema.choices import TASK_TYPE
from sheets_crm.sheet import Cell, Content, Formula, Page, SheetLink, Style, letters
from sheets_crm.text import LANGS, Lang
from tests.command_line import call
from tests.libreoffice import convert

BUILT = Path(__file__).resolve().parents[1] / "workbook_templates"
REPORTS = ["audit", "forecast", "conversion", "bonus"]
IN_ORDER = [
    "guide", "Deals", "Tasks", "Companies", "Contacts", *REPORTS, "Appeals", "Overrides", "OneOnOnes",
    "SalesBook", "Stages", "LossReasons", "Team", "Plans", "Waivers",
]  # fmt: skip
ON_REQUEST = ["Absences", "Holidays", "Rates", "StageHistory"]

in_both_languages = pytest.mark.parametrize("lang", LANGS)
of_every_table = pytest.mark.parametrize("key", TABLES)


def whole(lang: Lang) -> tuple[Page, ...]:
    """A workbook with every table there is."""
    return template.pages(lang, tables=TABLES)


def page(lang: Lang, key: str, pages: tuple[Page, ...] | None = None) -> Page:
    return next(p for p in (pages or whole(lang)) if p.key == key)


def content(of: Page, row: int, column: int) -> Content:
    return of.cells.get((row, column), Cell(None)).content


def headers(of: Page) -> list[Content]:
    return [content(of, 1, column) for column in sorted(c for r, c in of.cells if r == 1)]


def column_of(of: Page, key: str, lang: Lang) -> int:
    return headers(of).index(TABLES[of.key].column(key).header.get(lang)) + 1


# ------------------------------------------------------------------------ the look


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(ink: str, paper: str) -> float:
    """The ratio of WCAG 2.1, 1 to 21."""
    dark, light = sorted((luminance(ink), luminance(paper)))
    return (light + 0.05) / (dark + 0.05)


PAIRS = {
    name: (style.color or "#000000", style.fill or "#FFFFFF")
    for name, style in vars(look).items()
    if isinstance(style, Style)
} | {f"highlight {name}": (ink, fill) for name, (fill, ink) in look.HIGHLIGHTS.items()}


def test_the_measure_of_contrast_is_right() -> None:
    """Black on white is 21:1, and #777777 on white is the well-known near miss of 4.48:1."""
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("name", PAIRS)
def test_every_text_can_be_read_on_its_background(name: str) -> None:
    """Every colour of the look stands at least 4.5:1 from its fill."""
    assert contrast(*PAIRS[name]) >= 4.5


@in_both_languages
@of_every_table
def test_cells_that_fill_themselves_are_grey_and_cells_of_people_white(lang: Lang, key: str) -> None:
    """Header and cells of our columns look unlike those that people fill."""
    sheet = page(lang, key)
    for number, column in enumerate(TABLES[key].columns, start=1):
        style, head = sheet.columns[number - 1].style, sheet.cells[1, number].style
        assert style is not None
        assert style.fill == (look.OURS_FILL if column.ours else None)
        assert head == (look.HEAD_OURS if column.ours else look.HEAD)


# ---------------------------------------------------------------------- the sheets


@in_both_languages
def test_the_sheets_stand_in_working_order(lang: Lang) -> None:
    """The guide first, the daily sheets, the reports, words between people, then the rules."""
    assert [p.key for p in template.pages(lang)] == IN_ORDER


@in_both_languages
def test_service_sheets_stand_last_where_they_are_asked_for(lang: Lang) -> None:
    """All tables together are the core and, after it, the sheets that not every firm needs."""
    assert [p.key for p in whole(lang)] == [*IN_ORDER, *ON_REQUEST]


def test_a_service_sheet_is_there_when_something_stands_in_it() -> None:
    """A rate brings its sheet along; a table without rows does not."""
    rows: dict[str, list[template.RowValues]] = {"Rates": [{"currency": "USD"}], "Absences": []}
    assert [p.key for p in template.pages("en", rows=rows)] == [*IN_ORDER, "Rates"]


def test_both_languages_have_the_same_build() -> None:
    """But for words, widths and formats the two templates are one."""

    def build(of: Page) -> object:
        folds = [(c.first, c.level, c.hidden, c.collapsed) for c in of.columns]
        areas = [(choice.area, choice.strict, len(choice.words)) for choice in of.choices]
        rows = {row for row, _ in of.cells}  # one default, the country, is blank in English
        return of.key, rows, sorted(of.notes), folds, areas, of.freeze, of.filter, of.owned

    assert [build(p) for p in whole("en")] == [build(p) for p in whole("ru")]


@in_both_languages
@of_every_table
def test_every_column_stands_once_with_its_header_and_note(lang: Lang, key: str) -> None:
    """The headers of a sheet are those of the schema, in its order, each with its meaning as a note."""
    sheet, columns = page(lang, key), TABLES[key].columns
    assert headers(sheet) == [c.header.get(lang) for c in columns]
    assert sheet.notes == {(1, i): c.meaning.get(lang) for i, c in enumerate(columns, start=1)}


@in_both_languages
@of_every_table
def test_daily_columns_are_seen_and_the_rest_is_folded_away(lang: Lang, key: str) -> None:
    """The ID leads; what is not for every day is one collapsed group, whose [+] stands in the column after it."""
    columns, formats = TABLES[key].columns, page(lang, key).columns
    folded = [f.first for f in formats if f.hidden]
    assert folded == [i for i, c in enumerate(columns, start=1) if not c.daily and i > 1]
    assert all(f.level == 1 for f in formats if f.hidden)
    assert [f.first for f in formats if f.collapsed] == ([folded[-1] + 1] if folded else [])


@in_both_languages
@pytest.mark.parametrize(
    ("key", "last_frozen"),
    [
        ("Deals", "name"), ("Tasks", "deal_id"), ("Contacts", "name"), ("Stages", "stage"), ("Team", "user"),
        ("Plans", "user"), ("Waivers", "deal_id"), ("Appeals", "finding_id"), ("OneOnOnes", "user"),
        ("Rates", "currency"), ("StageHistory", "deal_id"),
    ],
)  # fmt: skip
def test_what_names_a_row_stays_in_sight(lang: Lang, key: str, last_frozen: str) -> None:
    """Header row and naming columns are frozen, and printed pages repeat the header."""
    sheet = page(lang, key)
    assert sheet.freeze == (1, column_of(sheet, last_frozen, lang))
    assert sheet.print.landscape
    assert sheet.print.repeat_rows == (1, 1)
    assert sheet.filter is not None


@in_both_languages
def test_a_daily_screen_shows_the_deal_up_to_what_to_fix(lang: Lang) -> None:
    """At 1366 pixels, 1,300 of them for cells, nothing up to To fix is cut off (7 pixels a digit, 5 a border)."""
    sheet = page(lang, "Deals")
    last = column_of(sheet, "hygiene", lang)
    assert sum(f.width * 7 + 5 for f in sheet.columns if f.first <= last) <= 1300


@in_both_languages
@of_every_table
def test_the_words_of_a_list_fit_in_their_column(lang: Lang, key: str) -> None:
    """What is picked from a dropdown of words is never cut off."""
    columns = TABLES[key].columns
    for column, shown in zip(columns, page(lang, key).columns, strict=False):
        words = column.choices.words(lang) if column.choices else ()
        assert all(len(word) <= shown.width for word in words), column.key


@pytest.mark.parametrize(
    ("lang", "key", "column", "code"),
    [
        ("ru", "Deals", "expected_close", "dd.mm.yyyy"),
        ("en", "Deals", "expected_close", "d mmm yyyy"),
        ("ru", "Deals", "created_at", "dd.mm.yyyy hh:mm"),
        ("en", "Deals", "amount", "#,##0"),
        ("ru", "Deals", "deal_id", "@"),
        ("en", "Plans", "target", "#,##0"),
        ("ru", "Absences", "from", "dd.mm.yyyy"),
        ("en", "Appeals", "finding_id", "@"),
    ],
)
def test_dates_and_money_look_as_in_the_language(lang: Lang, key: str, column: str, code: str) -> None:
    """The format stands on the whole column, so that what is typed next has it too; an ID stays text."""
    sheet = page(lang, key)
    style = sheet.columns[column_of(sheet, column, lang) - 1].style
    assert style is not None
    assert style.format == code


@pytest.mark.parametrize(
    ("key", "column", "wraps"),
    [
        ("Deals", "need", False), ("Tasks", "result", False), ("StageHistory", "deal_id", False),
        ("Appeals", "words", True), ("OneOnOnes", "plan", True), ("Waivers", "reason", True),
    ],
)  # fmt: skip
def test_words_between_people_are_shown_to_the_last(key: str, column: str, wraps: bool) -> None:
    """An objection or an agreement takes the lines it needs; where there are many rows, each is one line."""
    sheet = page("ru", key)
    style = sheet.columns[column_of(sheet, column, "ru") - 1].style
    assert style is not None
    assert style.wrap == wraps


# ------------------------------------------------------------------------ dropdowns


@in_both_languages
def test_dropdowns_take_their_words_from_the_column_they_refer_to(lang: Lang) -> None:
    """Every reference of the schema has a dropdown that points at the right header, over 2,000 rows where many come."""
    pages = whole(lang)
    by_name = {p.name: p for p in pages}
    for sheet in pages:
        choices = {c.area.first_column: c for c in sheet.choices}
        for number, column in enumerate(TABLES[sheet.key].columns if sheet.key in TABLES else (), start=1):
            if not column.refers:
                continue
            table, key = column.refers.split(".")
            source = re.fullmatch(r"='?([^'!]+)'?!\$([A-Z]+)\$2:\$\2\$(\d+)", choices[number].formula)
            assert source, choices[number].formula
            home = by_name[source[1]]
            assert home.key == table
            assert source[2] == letters(column_of(home, key, lang))
            assert choices[number].strict == (table in ("Stages", "LossReasons"))
            if sheet.key not in ("Stages", "LossReasons", "Team"):
                assert choices[number].area.last_row == 2001


@in_both_languages
def test_closed_lists_of_words_are_dropdowns(lang: Lang) -> None:
    """Choice and yes/no columns offer their words in the language of the workbook, and nothing else."""
    choices = {c.area.first_column: c for c in page(lang, "LossReasons").choices}
    sheet = page(lang, "LossReasons")
    words = choices[column_of(sheet, "category", lang)].words
    assert words == (("Junk", "Sales", "Nurture") if lang == "en" else ("Брак", "Продажи", "Тёплые"))
    assert choices[column_of(sheet, "active", lang)].words == (
        ("Yes", "No") if lang == "en" else ("Да", "Нет")
    )


@pytest.mark.parametrize(
    ("lang", "key", "column", "words"),
    [
        ("en", "Appeals", "decision", ("Accepted", "Rejected")),
        ("ru", "Plans", "metric", ("Выручка", "Выигранные сделки")),
        ("ru", "Absences", "kind", ("Отпуск", "Больничный", "Другое")),
        ("ru", "Holidays", "working", ("Да", "Нет")),
        ("en", "Waivers", "rule", tuple(RULES)),
    ],
)
def test_what_people_decide_is_picked_from_a_list(
    lang: Lang, key: str, column: str, words: tuple[str, ...]
) -> None:
    """Decisions, metrics, kinds of absence and the codes of the rules are offered as they are read."""
    sheet = page(lang, key)
    choices = {c.area.first_column: c for c in sheet.choices}
    assert choices[column_of(sheet, column, lang)].words == words


# ---------------------------------------------------------------------------- guide


def guide_text(lang: Lang, pages: tuple[Page, ...] | None = None) -> str:
    cells = page(lang, "guide", pages).cells
    texts = (cells[position].content for position in sorted(cells))
    return "\n".join(t.text if isinstance(t, SheetLink) else str(t) for t in texts)


@pytest.mark.parametrize(
    ("lang", "sentence"),
    [
        ("ru", "Сделки без задачи не бывает."),
        ("ru", "Менеджер, каждое утро (10 минут)"),
        (
            "ru",
            "2. Сделали задачу: впишите «Сделано», «Итог», «О чём договорились» и сразу поставьте следующую.",
        ),
        ("ru", "4. Раз в 2 недели: 1-1, с последних этапов."),
        ("ru", "6. В конце месяца: «Премии», премия каждого и из чего она сложилась."),
        ("ru", "«Возражения»: впишите № находки (12 знаков рядом с ней на листе «Аудит») и почему"),
        ("en", "“Appeals”: enter the finding's ID (12 characters, beside it on “Audit”) and why"),
        ("en", "“Plans”: how much and for which period"),
        ("ru", "Белые ячейки ваши, серые считаются сами."),
        ("en", "There is no deal without a task."),
        ("en", "White cells are yours, grey ones fill themselves."),
    ],
)
def test_the_guide_says_how_to_work_here(lang: Lang, sentence: str) -> None:
    """The guide bears the sentences that a team lives by."""
    assert sentence in guide_text(lang)


@in_both_languages
def test_the_guide_names_only_sheets_and_headers_that_exist(lang: Lang) -> None:
    """Everything in quotation marks is a sheet or a column of this very workbook."""
    known = {p.name for p in whole(lang)} | {c.header.get(lang) for t in TABLES.values() for c in t.columns}
    known.add("Книге продаж")
    for pages in (template.pages(lang), whole(lang)):
        assert set(re.findall("[«“](.+?)[»”]", guide_text(lang, pages))) <= known


@in_both_languages
def test_the_guide_leaves_out_what_this_workbook_does_not_have(lang: Lang) -> None:
    """Without a sheet of tasks nobody is told to open it, and the steps are counted anew."""
    pages = template.pages(lang, tables=["Deals", "SalesBook", "Stages", "LossReasons"])
    text = guide_text(lang, pages)
    assert TABLES["Tasks"].sheet.get(lang) not in text
    assert TABLES["Team"].sheet.get(lang) not in text
    assert TABLES["Appeals"].sheet.get(lang) not in text
    assert TABLES["Absences"].sheet.get(lang) not in guide_text(lang, template.pages(lang))
    assert TABLES["Absences"].sheet.get(lang) in guide_text(lang, whole(lang))
    assert re.search(r"^1\. .*\n2\. ", text, re.MULTILINE)


@in_both_languages
@pytest.mark.parametrize("key", REPORTS)
def test_the_sheet_of_a_report_says_how_to_get_it(lang: Lang, key: str) -> None:
    """It is ours, so that the first run may replace it, and it names the command."""
    sheet = page(lang, key)
    assert sheet.owned
    assert any("sheets-crm run" in str(cell.content) for cell in sheet.cells.values())


# -------------------------------------------------------------- what a firm starts with


@pytest.mark.parametrize(
    ("lang", "row", "expected"),
    [
        ("ru", 0, {"stage": "Новая заявка", "max_days": 2, "probability": 5, "kind": "active",
                   "required_fields": "Сделка, Ответственный, Источник, Контакт"}),
        ("en", 3, {"stage": "Proposal", "required_fields": "Expected close", "max_days": 14, "probability": 35,
                   "exit_criteria": "filled(quote_link) and filled(decision_maker)"}),
        ("ru", 6, {"stage": "Ждём оплату", "fixed_actions": "Email: счёт; Звонок: подтвердить дату оплаты",
                   "exit_criteria": "paid_amount > 0", "order": 7, "pipeline": "Продажи"}),
        ("ru", 7, {"stage": "На паузе", "kind": "passive", "probability": 0}),
        ("en", 8, {"stage": "Won", "kind": "won", "probability": 100}),
        ("en", 10, {"stage": "Refund", "kind": "refund", "probability": 0}),
    ],
)  # fmt: skip
def test_the_ready_made_stages_are_those_of_a_b2b_firm(
    lang: Lang, row: int, expected: dict[str, object]
) -> None:
    """Seven stages with their duties, then the four service rows."""
    stages = template.default_stages(lang)
    assert len(stages) == 11
    assert {key: stages[row][key] for key in expected} == expected


@in_both_languages
def test_what_a_stage_asks_for_can_be_found(lang: Lang) -> None:
    """Required fields are headers of Deals; required actions begin with types of tasks."""
    known = {c.header.get(lang) for c in TABLES["Deals"].columns}
    types = set(TASK_TYPE.words(lang))
    for stage in template.default_stages(lang):
        assert set(filter(None, str(stage["required_fields"]).split(", "))) <= known
        for action in filter(None, str(stage["fixed_actions"]).split("; ")):
            assert set(re.split(", | or | или ", action.partition(": ")[0])) <= types


@pytest.mark.parametrize(
    ("lang", "row", "expected"),
    [
        ("ru", 0, {"reason": "Дубль", "category": "junk", "allowed_from": "Новая заявка", "same_day_ok": True}),
        ("en", 3, {"reason": "Never reached", "reactivate_days": 60, "comment_required": False,
                   "evidence": "attempts >= 5 and attempt_days >= 3 and attempt_channels >= 2"}),
        ("ru", 4, {"reason": "Пропал после КП", "allowed_from": "КП отправлено", "category": "nurture"}),
        ("en", 8, {"reason": "Price too high", "allowed_from": "Proposal", "reactivate_days": 120}),
        ("ru", 11, {"reason": "Наша ошибка", "category": "sales", "same_day_ok": False, "active": True}),
    ],
)  # fmt: skip
def test_the_ready_made_loss_reasons_are_a_closed_list(
    lang: Lang, row: int, expected: dict[str, object]
) -> None:
    """Twelve reasons, none of them "other"."""
    reasons = template.default_reasons(lang)
    assert len(reasons) == 12
    assert {key: reasons[row][key] for key in expected} == expected


def test_comments_and_same_day_losses_are_as_the_standard_says() -> None:
    """No comment is needed for reasons 2 and 4 only; 1, 2, 3, 6, 7 and 8 may be used on the first day."""
    reasons = list(enumerate(template.default_reasons("en"), start=1))
    assert [n for n, r in reasons if not r["comment_required"]] == [2, 4]
    assert [n for n, r in reasons if r["same_day_ok"]] == [1, 2, 3, 6, 7, 8]


@in_both_languages
def test_the_sales_book_lists_every_setting_and_every_clause(lang: Lang) -> None:
    """A line per setting of the firm, a line per rule, a line per setting of a rule; all of one version."""
    lines = [(r["code"], r.get("setting")) for r in template.book_rows(lang)]
    expected: list[tuple[str, str | None]] = [("FIRM", name) for name in FIRM_SETTINGS]
    for code, rule in RULES.items():
        expected += [(code, name) for name in (None, *rule.settings)]
    assert lines == expected
    assert {r["version"] for r in template.book_rows(lang)} == {template.BOOK_VERSION}


@in_both_languages
def test_a_report_waits_under_the_name_that_it_will_have(lang: Lang) -> None:
    """Otherwise the first run would leave it standing empty, and put the report elsewhere."""
    for key, report in reports.REPORTS.items():
        assert page(lang, key).name == report.sheet.get(lang)


@in_both_languages
def test_a_fresh_template_reads_back_as_shipped(lang: Lang, tmp_path: Path) -> None:
    """Our own reader finds no doubt in it, no row that nobody typed, and exactly the shipped settings."""
    path = tmp_path / "fresh.xlsx"
    path.write_bytes(render(whole(lang)))
    book = read_book(XlsxHost(path).read(wanted))
    settings = settings_of(book, date(2026, 5, 18))
    assert {key: len(table.rows) for key, table in book.tables.items()} == {
        **dict.fromkeys(TABLES, 0),
        "SalesBook": len(template.book_rows(lang)), "Stages": 11, "LossReasons": 12,
    }  # fmt: skip
    assert book.lang == lang
    silent = resolve((), {code: rule.settings for code, rule in RULES.items()}, date(2026, 5, 18), lang)
    assert settings.bad == ()
    assert (settings.firm, settings.rules, settings.off) == (silent.firm, silent.rules, silent.off)
    assert settings.version == template.BOOK_VERSION
    assert settings.minutes == {code: rule.minutes for code, rule in RULES.items()}


# ------------------------------------------------------------------------ filled sheets

FIRM_ROWS: dict[str, list[template.RowValues]] = {
    "Deals": [
        {"deal_id": "D0001", "name": "Lift", "company_id": "Otis", "stage": "Proposal", "amount": Decimal(5)},
        {"deal_id": "D0002", "name": "Crane", "stage": "Won", "created_at": datetime(2026, 5, 4, 9, 30)},
        {"deal_id": "D0003", "name": "d0001", "company_id": "Kone", "stage": "Lost"},
    ],
    "Tasks": [
        {"deal_id": "d0001", "type": "call", "due_at": datetime(2026, 5, 4)},
        {"deal_id": "CRANE", "type": "Сигнал", "due_at": datetime(2026, 5, 4, 14, 0)},
        {"deal_id": "nobody's"},
        {"title": "Sweep the floor"},
    ],
}
FOUND = [("Otis", "Proposal"), ("", "Won"), ("", ""), ("", "")]
"""Company and stage of each of those tasks: by ID before name, whatever the case."""


def lookup_columns(lang: Lang) -> list[int]:
    return [column_of(page(lang, "Tasks"), key, lang) for key in ("deal_company", "deal_stage")]


@in_both_languages
def test_rows_are_shown_in_the_words_of_the_language(lang: Lang) -> None:
    """A choice's key becomes its word, a firm's own word stays; a time of day is shown where there is one."""
    sheet = page(lang, "Tasks", template.pages(lang, rows=FIRM_ROWS))
    kind, due = column_of(sheet, "type", lang), column_of(sheet, "due_at", lang)
    assert content(sheet, 2, kind) == ("Call" if lang == "en" else "Звонок")
    assert content(sheet, 3, kind) == "Сигнал"
    formats = [style.format for row in (2, 3) if (style := sheet.cells[row, due].style)]
    assert formats == [look.DATES[lang], look.MOMENTS[lang]]


@in_both_languages
def test_a_task_shows_the_company_and_stage_of_its_deal(lang: Lang) -> None:
    """The results stored with the lookups are those that their formulas would give."""
    sheet = page(lang, "Tasks", template.pages(lang, rows=FIRM_ROWS))
    cells = [[content(sheet, row, column) for column in lookup_columns(lang)] for row in range(2, 6)]
    assert [tuple(f.value for f in row if isinstance(f, Formula)) for row in cells] == FOUND


@in_both_languages
def test_libreoffice_computes_the_same_lookups(lang: Lang, tmp_path: Path) -> None:
    """With the stored results taken out, LibreOffice finds deals by ID and by name, and shows no error."""
    bare = tmp_path / "bare.xlsx"
    bare.write_bytes(without_results(render(template.pages(lang, rows=FIRM_ROWS))))
    computed = openpyxl.load_workbook(convert(bare, "xlsx", tmp_path / "out"), data_only=True)
    sheet = computed[TABLES["Tasks"].sheet.get(lang)]
    shown = [tuple(sheet.cell(row, col).value or "" for col in lookup_columns(lang)) for row in range(2, 8)]
    assert shown == [*FOUND, ("", ""), ("", "")]


def without_results(workbook: bytes) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(workbook)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, re.sub(rb"</f><v>[^<]*</v>", b"</f>", old.read(name)))
    return out.getvalue()


# ---------------------------------------------------------------------- a part of it


def test_only_what_a_firm_brings_is_made() -> None:
    """The chosen columns, the ID and ours; nothing is folded away, and no dropdown points at a missing sheet."""
    pages = template.pages(
        "en",
        tables=["Stages", "Deals"],
        columns={"Deals": ["created_at", "stage", "company_id"]},
        rows={"Stages": [{"stage": "Trial", "order": 1, "kind": "active"}]},
    )
    deals = page("en", "Deals", pages)
    assert [p.key for p in pages] == ["guide", "Deals", *REPORTS, "Stages"]
    assert headers(deals) == ["Deal ID", "Company", "Stage", "To fix", "Created"]
    assert not any(f.hidden or f.collapsed for f in deals.columns)
    assert [c.formula for c in deals.choices] == ["=Stages!$B$2:$B$200"]
    assert content(page("en", "Stages", pages), 2, 2) == "Trial"
    assert (3, 2) not in page("en", "Stages", pages).cells


def test_tasks_look_up_only_what_there_is() -> None:
    """Without a company in Deals the lookup of the company is left out; without Deals both are."""
    few = {"Deals": ["name", "stage"], "Tasks": ["deal_id", "title"]}
    with_deals = template.pages("en", tables=["Deals", "Tasks"], columns=few)
    alone = template.pages("en", tables=["Tasks"])
    assert headers(page("en", "Tasks", with_deals)) == ["Deal", "Stage", "Task", "To fix", "Task ID"]
    assert "Stage" not in headers(page("en", "Tasks", alone))


@pytest.mark.parametrize(
    "wrong", [{"tables": ["Dreams"]}, {"tables": ["Deals"], "columns": {"Deals": ["dream"]}}]
)
def test_what_does_not_exist_is_refused(wrong: dict[str, object]) -> None:
    """A table or a column that the schema does not know is a mistake of the caller."""
    with pytest.raises(KeyError, match=r"[Dd]ream"):
        template.pages("en", **wrong)  # type: ignore[arg-type]


def test_more_rows_than_usual_have_dropdowns_too() -> None:
    """A firm with 5,000 deals can pick a stage in all of them and in the next ones."""
    rows = [{"deal_id": f"D{n:04}", "stage": "Won"} for n in range(5000)]
    choices = page("en", "Deals", template.pages("en", rows={"Deals": rows})).choices
    assert all(choice.area.last_row > 5001 for choice in choices)


@pytest.mark.parametrize(
    ("asked", "added"),
    [
        ((), []),
        (("--with", "rates,absences"), ["Absences", "Rates"]),
        (("--with", " Stage history, Праздники,"), ["Holidays", "StageHistory"]),
        (("--with", "Plans"), []),
    ],
)
def test_init_adds_the_sheets_asked_for(tmp_path: Path, asked: tuple[str, ...], added: list[str]) -> None:
    """By key or by name in either language, in any order; what is there anyway stands once."""
    answer = call("init", tmp_path / "new.xlsx", *asked)
    assert answer.exit_code == 0, answer.output
    names = openpyxl.load_workbook(tmp_path / "new.xlsx").sheetnames
    assert names[1:] == [p.name for p in template.pages("en", tables={*template.CORE, *added})[1:]]


@in_both_languages
def test_init_says_which_sheets_it_can_add(tmp_path: Path, lang: Lang) -> None:
    """An unknown name is one sentence with the names there are, and no file."""
    answer = call("init", tmp_path / "new.xlsx", "--with", "rates,dreams", "--lang", lang)
    assert answer.exit_code == 2
    assert "dreams" in answer.stderr
    assert "absences, holidays, rates, stagehistory" in answer.stderr
    assert not list(tmp_path.iterdir())


@in_both_languages
def test_the_help_of_init_names_every_sheet_on_request(lang: Lang) -> None:
    """Whoever adds a service table adds it there too."""
    shown = " ".join(call("init", "--help", "--lang", lang).stdout.split())
    assert ", ".join(key.lower() for key in TABLES if key not in template.CORE) in shown


# ------------------------------------------------------------------------ built files


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as package:
        return {name: package.read(name) for name in package.namelist()}


@in_both_languages
def test_the_built_templates_are_up_to_date(lang: Lang, tmp_path: Path) -> None:
    """Built anew, every part is the same; the packing may differ from machine to machine."""
    template.build(tmp_path)
    name = f"pipeline_{lang}.xlsx"
    assert parts(tmp_path / name) == parts(BUILT / name), (
        "the templates have changed; build them: python -m sheets_crm.template workbook_templates"
    )
