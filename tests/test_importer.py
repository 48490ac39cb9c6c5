"""The import: small files and maps, and the rows or the one sentence that come of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheets_crm.book import Book, read_book
from sheets_crm.errors import UsageError
from sheets_crm.hosts.xlsx import XlsxHost
from sheets_crm.importer import Imported, convert
from sheets_crm.sheet import Snapshot, Value
from sheets_crm.text import Lang

COLUMNS = """
[columns]
"Status" = "stage"
"Opened" = "created_at"
"Sum" = "amount"
"""


class Desk:
    """A folder with a source, perhaps a map, and what came of them."""

    def __init__(self, folder: Path) -> None:
        self.out = folder / "firm.xlsx"
        self._source, self._map = folder / "deals.csv", folder / "map.toml"

    def imports(self, source: str | bytes, plan: str | bytes | None = None, lang: Lang = "en") -> Imported:
        self.out.unlink(missing_ok=True)
        self._source.write_bytes(source if isinstance(source, bytes) else source.encode())
        if plan is None:
            return convert(self._source, self.out, None, lang)
        self._map.write_bytes(plan if isinstance(plan, bytes) else plan.encode())
        return convert(self._source, self.out, self._map, lang)

    def refuses(self, source: str | bytes, plan: str | bytes | None = None) -> str:
        """The one sentence; nothing may have been written."""
        with pytest.raises(UsageError) as refused:
            self.imports(source, plan)
        assert not self.out.exists()
        assert refused.value.message.ru != refused.value.message.en
        return refused.value.message.en

    @property
    def snapshot(self) -> Snapshot:
        return XlsxHost(self.out).read(lambda sheets: [s.name for s in sheets])

    @property
    def book(self) -> Book:
        return read_book(self.snapshot)

    def sheet(self, name: str = "Deals") -> list[dict[str, Value]]:
        """The rows of a sheet by header, blank cells left out."""
        head, *rows = self.snapshot.grids[name].rows
        named: list[dict[str, Value]] = [
            {str(h): v for h, v in zip(head, row, strict=False) if v not in (None, "")} for row in rows
        ]
        return [row for row in named if row]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


# ----------------------------------------------------------------- the source


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("Deal,Stage\nRoof,Proposal\n", id="commas"),
        pytest.param("Deal;Stage\nRoof;Proposal\n", id="semicolons"),
        pytest.param("Deal\tStage\nRoof\tProposal\n", id="tabs"),
        pytest.param("Deal|Stage\nRoof|Proposal\n", id="bars"),
        pytest.param("\ufeffDeal,Stage\nRoof,Proposal\n", id="a byte order mark"),
        pytest.param("Deal,Stage\r\nRoof,Proposal", id="lines of Windows, no end of the last"),
        pytest.param("Deal,Stage\rRoof,Proposal\r", id="lines of an old Mac"),
        pytest.param("\n\nDeal,Stage\n\nRoof,Proposal\n,\n\n", id="blank lines"),
        pytest.param("DEAL NAME, Deal  stage \nRoof,Proposal\n", id="headers as firms write them"),
        pytest.param('"Deal"|"Stage"\n"Roof"|"Proposal"\n', id="everything quoted"),
    ],
)
def test_a_csv_is_read_however_it_was_saved(desk: Desk, source: str) -> None:
    """One deal, D0001, Roof, at Proposal."""
    assert desk.imports(source).rows == 1
    assert desk.sheet() == [{"Deal ID": "D0001", "Deal": "Roof", "Stage": "Proposal"}]


def test_cells_keep_their_line_breaks_marks_and_quotes(desk: Desk) -> None:
    """A quoted cell holds a line break, a separator and a quotation mark; a break is one character."""
    desk.imports('Deal,Stage,Need\n"A, ""B""",Proposal,"one\r\ntwo"\n')
    assert desk.sheet()[0]["Deal"] == 'A, "B"'
    assert desk.sheet()[0]["Need"] == "one\ntwo"


@pytest.mark.parametrize(
    "text", ["=1+1", "+7 999", "-5", "@home", "#REF!", "00123", "1-5", "TRUE", "_x0041_"]
)
def test_what_looks_like_a_formula_or_a_number_stays_the_text_that_it_is(desk: Desk, text: str) -> None:
    """The cell holds the very characters, as a text."""
    desk.imports(f"Deal,Stage\n{text},Proposal\n")
    assert desk.sheet()[0]["Deal"] == text


def test_windows_1251_is_read_and_said(desk: Desk) -> None:
    """A Russian Excel saves so: the words come out right, and a note tells to check them."""
    done = desk.imports("Сделка;Этап\nКрыша;Переговоры\n".encode("cp1251"), lang="ru")
    assert [note.en for note in done.notes] == [
        "deals.csv is not in UTF-8 and was read as Windows-1251 (Cyrillic); check how the names came out."
    ]
    assert desk.sheet("Сделки") == [{"№ сделки": "D0001", "Сделка": "Крыша", "Этап": "Переговоры"}]


def test_the_mark_between_cells_is_the_one_under_which_rows_are_as_wide_as_the_header(desk: Desk) -> None:
    """A comma in a header and in the amounts does not win over semicolons."""
    done = desk.imports("Сумма, ₽;Этап;Сделка\n1000,50;Proposal;Roof\n2000,50;Proposal;Wall\n")
    assert done.columns == {"Сумма, ₽": "amount", "Этап": "stage", "Сделка": "name"}
    assert [row["Amount"] for row in desk.sheet()] == [1000.5, 2000.5]


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        pytest.param("", "deals.csv has no rows below a header", id="an empty file"),
        pytest.param("Deal,Stage\n,\n", "deals.csv has no rows below a header", id="a header alone"),
        pytest.param("Deal,Stage\nA,B\nC\n", "deals.csv, line 3 has 1 cell, the header has 2", id="a short row"),
        pytest.param(
            'Deal,Stage\n"A\nB",C\nD,E,F\n', "deals.csv, line 4 has 3 cells, the header has 2", id="a long row"
        ),
        pytest.param('Deal,Stage\nA,B\n"C,D\n', "deals.csv, line 3: a cell has no proper end", id="an open quote"),
        pytest.param('Deal,Stage\n"A"B,C\n', "deals.csv, line 2: a cell has no proper end", id="text after a quote"),
        pytest.param("Deal,Stage\nA,\0\n", "deals.csv, line 2 holds a character that is no text", id="a NUL"),
        pytest.param("Deal,Stage\nA,\uffff\n", "deals.csv, line 2 holds a character that is no text", id="a non-character"),
        pytest.param(b"PK\x03\x04...", "deals.csv is not a CSV file", id="a workbook"),
        pytest.param("Deal,Stage\n".encode("utf-16"), "deals.csv is not a CSV file", id="UTF-16"),
        pytest.param(b"Deal,Stage\n\x98,\xff\n", "deals.csv is not a CSV file", id="bytes of neither encoding"),
        pytest.param(f"Deal,Stage\n{'x' * 32_768},B\n", "deals.csv, line 2 has a cell of over 32,767", id="a cell too long"),
        pytest.param("Deal;Stage,X\na;b,c\n", "separated by “,” or by “;”", id="two marks that fit alike"),
        pytest.param("Deal,Amount\nA,1\n", "No column of deals.csv is known as the stage of a deal", id="no stage"),
        pytest.param(
            "Manager,Stage,Deal owner\nA,B,C\n",
            "the columns “Manager” and “Deal owner” would both become owner", id="two columns for one key",
        ),
    ],
)  # fmt: skip
def test_a_source_that_cannot_be_used_is_refused_in_one_sentence(
    desk: Desk, source: str | bytes, sentence: str
) -> None:
    """The sentence says what and where; nothing is written."""
    assert sentence in desk.refuses(source)


def test_a_missing_source_is_one_sentence(tmp_path: Path) -> None:
    """So is a folder in its place."""
    with pytest.raises(UsageError, match=r"deals\.csv does not exist"):
        convert(tmp_path / "deals.csv", tmp_path / "firm.xlsx", None, "en")
    with pytest.raises(UsageError, match="cannot be read"):
        convert(tmp_path, tmp_path / "firm.xlsx", None, "en")


def test_a_workbook_that_stands_is_never_written_over(tmp_path: Path) -> None:
    """The target exists, or its name is no workbook's: refused before anything is read."""
    (tmp_path / "firm.xlsx").write_bytes(b"mine")
    with pytest.raises(UsageError, match=r"firm\.xlsx exists already"):
        convert(tmp_path / "deals.csv", tmp_path / "firm.xlsx", None, "en")
    assert (tmp_path / "firm.xlsx").read_bytes() == b"mine"
    with pytest.raises(UsageError, match=r"ends in \.xlsx"):
        convert(tmp_path / "deals.csv", tmp_path / "firm.csv", None, "en")


# ---------------------------------------------------------------- the columns


def test_without_a_map_known_headers_are_taken_and_the_rest_is_listed(desk: Desk) -> None:
    """A column without a header is listed by its number if anything stands in it; ours are never read."""
    done = desk.imports("Deal,Mood,Stage,,To fix,\nRoof,good,Proposal,x,old mark,\n")
    assert done.columns == {"Deal": "name", "Stage": "stage"}
    assert done.left_out == ("Mood", "#4", "To fix")


def test_a_map_takes_its_columns_and_no_others(desk: Desk) -> None:
    """`Owner` is a header of ours, but the map does not name it; headers match without case."""
    done = desk.imports("STATUS,Opened,Sum,Owner\nProposal,2026-03-05,10,Ann\n", COLUMNS)
    assert done.columns == {"STATUS": "stage", "Opened": "created_at", "Sum": "amount"}
    assert done.left_out == ("Owner",)
    assert list(desk.snapshot.grids["Deals"].rows[0]) == ["Deal ID", "Stage", "To fix", "Amount", "Created"]


def test_only_the_sheets_of_the_source_and_of_the_rules_are_made(desk: Desk) -> None:
    """No tasks, no team: their rules cannot say that all is well."""
    desk.imports("Deal,Stage\nRoof,Proposal\n")
    assert [s.name for s in desk.snapshot.sheets] == [
        "Start here", "Deals", "Audit", "Forecast", "Conversion", "Bonus", "Sales Book", "Stages", "Loss reasons",
    ]  # fmt: skip


def test_ids_of_the_source_are_kept(desk: Desk) -> None:
    """A column mapped to deal_id brings its own; blank ones are left to the first run."""
    desk.imports("ID,Stage,Deal\n77,Proposal,a\n,Proposal,b\n", '[columns]\nID = "deal_id"\nStage = "stage"')
    assert [row.get("Deal ID") for row in desk.sheet()] == ["77", None]


# ----------------------------------------------------------------- the values


@pytest.mark.parametrize(
    ("form", "text", "value"),
    [
        ("%b %d, %Y", "Apr 3, 2024", datetime(2024, 4, 3)),
        ("%b %d, %Y", "  apr  03,  2024 ", datetime(2024, 4, 3)),
        ("%B %d, %Y", "September 30, 2024", datetime(2024, 9, 30)),
        ("%d %b %Y", "3 апр 2024", datetime(2024, 4, 3)),
        ("%d %b %Y", "3 апр. 2024", datetime(2024, 4, 3)),
        ("%d %B %Y г.", "19 мая 2026 г.", datetime(2026, 5, 19)),
        ("%m/%d/%Y", "3/5/2026", datetime(2026, 3, 5)),
        ("%d/%m/%y", "3/5/26", datetime(2026, 5, 3)),
        ("%d %b %y", "3 Mar 26", datetime(2026, 3, 3)),
        ("%Y%m%d", "20260305", datetime(2026, 3, 5)),
        ("%d.%m.%Y %H:%M", "21.06.2024 15:30", datetime(2024, 6, 21, 15, 30)),
        ("%d.%m.%Y %H:%M:%S", "21.06.2024 5:03:00", datetime(2024, 6, 21, 5, 3)),
        # What does not fit stays what it was.
        ("%b %d, %Y", "Foo 3, 2024", "Foo 3, 2024"),
        ("%b %d, %Y", "Apr 31, 2024", "Apr 31, 2024"),
        ("%b %d, %Y", "Apr 3 2024", "Apr 3 2024"),
        ("%d%m%Y", "3042024", "3042024"),
        ("%d.%m.%Y", "21.06.2024 15:30", "21.06.2024 15:30"),
        ("%d.%m.%Y", "tomorrow", "tomorrow"),
        ("%d.%m.%Y", "03.04.0204", "03.04.0204"),
        ("%d.%m.%Y %H:%M", "21.06.2024 25:30", "21.06.2024 25:30"),
        ("%d.%m.%Y", "-", "-"),
    ],
)
def test_a_date_is_read_as_its_format_says_or_kept_as_text(
    desk: Desk, form: str, text: str, value: datetime | str
) -> None:
    """Month names in English and Russian on any machine; a misfit is counted in a note with its line."""
    done = desk.imports(
        f'Status,Opened,Sum\nProposal,"{text}",1\n', f'{COLUMNS}[dates]\ncreated_at = "{form}"'
    )
    written = desk.sheet()[0]["Created"]
    assert (_moment(written) if isinstance(value, datetime) else written) == value
    told = [
        n.en for n in done.notes if n.en.startswith("“Opened”: 1 value not a date") and "(lines 2)" in n.en
    ]
    assert len(told) == isinstance(value, str)


def _moment(value: Value) -> datetime | None:
    """Calamine gives a whole day as a date."""
    if isinstance(value, datetime):
        return value
    return datetime(value.year, value.month, value.day) if isinstance(value, date) else None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-03-05", datetime(2026, 3, 5)),
        ("21.06.2024 15:30", datetime(2024, 6, 21, 15, 30)),
        ("Apr 3, 2024", datetime(2024, 4, 3)),
        ("3/5/2026", None),
        ("Q3", None),
    ],
)
def test_without_a_format_only_certain_dates_are_dates(desk: Desk, text: str, value: datetime | None) -> None:
    """What is doubtful stays a text, and the audit doubts it at its cell."""
    desk.imports(f'Created,Stage\n"{text}",Proposal\n')
    deals = desk.book.deals
    assert deals.rows[0].created_at == value
    assert ((2, "created_at") in deals.problems) == (value is None)
    assert deals.raw(2, "created_at") == (text if value is None else deals.raw(2, "created_at"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1000", 1000.0), ("1 200 000,50", 1200000.5), ("1\u00a0200", 1200.0), ("-5.5", -5.5), ("2.0", 2.0),
        ("1,200", "1,200"), ("€ 3.500,00", "€ 3.500,00"), ("50 тыс", "50 тыс"), ("1e5", "1e5"), ("=2+2", "=2+2"),
        ("1234567890123456", "1234567890123456"), ("123456789012345", 123456789012345.0),
    ],
)  # fmt: skip
def test_an_amount_is_a_number_only_if_it_can_mean_nothing_else(
    desk: Desk, text: str, value: float | str
) -> None:
    """A decimal comma and spaced thousands are read; what could be two numbers, or lose a digit, stays a text."""
    done = desk.imports(f'Status,Opened,Sum\nProposal,,"{text}"\n', COLUMNS)
    assert desk.sheet()[0]["Amount"] == value
    assert any("“Sum”: 1 value not a number" in note.en for note in done.notes) == isinstance(value, str)


# ------------------------------------------------------ stages and loss reasons

WORDS = "Status,Lost reason\nТриал,Other\ntrial,дорого\nDone,\nOdd,Odd\n"
ITS_COLUMNS = '[columns]\n"Status" = "stage"\n"Lost reason" = "lost_reason"\n'


def test_rows_to_add_are_the_firms_own_list(desk: Desk) -> None:
    """Stages and reasons are exactly what the map names, in the order it gives; unsaid order is the map's own."""
    desk.imports(
        WORDS,
        ITS_COLUMNS + '[stages]\n"Done" = {order = 9, kind = "Успех", probability = 100}\n'
        '"Trial" = {kind = "active", goal = "Show it", max_days = 14}\n'
        '[reasons]\n"Other" = {category = "sales", comment_required = true}\n',
    )
    assert desk.sheet("Stages") == [
        {"Stage": "Trial", "Order": 2.0, "Kind": "Active", "Goal": "Show it", "Max days": 14.0},
        {"Stage": "Done", "Order": 9.0, "Kind": "Won", "Probability, %": 100.0},
    ]
    assert desk.sheet("Loss reasons") == [
        {
            "Reason": "Other",
            "Category (junk, sales, nurture)": "Sales",
            "Active": "Yes",
            "Comment required": "Yes",
        }
    ]


def test_aliases_rename_values_and_unnamed_ones_are_kept_and_told(desk: Desk) -> None:
    """An alias leads to a row of the map or to a shipped one, whatever the case; the note counts the strangers."""
    done = desk.imports(
        WORDS,
        ITS_COLUMNS + '[stages]\n"Trial" = {kind = "active"}\n"Триал" = "trial"\n"Done" = "Won"\n'
        '[reasons]\n"Other" = "Our mistake"\n"дорого" = "Price too high"\n',
    )
    assert [(row["Stage"], row.get("Lost reason")) for row in desk.sheet()] == [
        ("Trial", "Our mistake"), ("Trial", "Price too high"), ("Won", None), ("Odd", "Odd"),
    ]  # fmt: skip
    assert [row["Stage"] for row in desk.sheet("Stages")] == ["Trial", "Won"]
    assert len(desk.sheet("Loss reasons")) == 12
    assert [note.en for note in done.notes] == [
        "Stages that are neither in the map nor on the sheet Stages: “Odd” (1); they stand as they were.",
        "Loss reasons that are neither in the map nor on the sheet Loss reasons: “Odd” (1); they stand as they were.",
    ]


def test_the_book_knows_every_stage_of_a_map_that_mixes_its_own_with_ours(desk: Desk) -> None:
    """Own rows and shipped ones are one pipeline; a shipped reason binds to no stage that is not there."""
    desk.imports(
        WORDS, ITS_COLUMNS + '[stages]\n"Trial" = {kind = "active"}\n"Триал" = "Trial"\n"Done" = "Won"'
    )
    book = desk.book
    assert [book.kind_of(deal) for deal in book.deals.rows] == ["active", "active", "won", None]
    assert {reason.allowed_from for reason in book.reasons.rows} == {None}


def test_in_russian_the_shipped_names_are_russian(desk: Desk) -> None:
    """Aliases are written in the language of the new workbook."""
    desk.imports(WORDS, ITS_COLUMNS + '[stages]\n"Done" = "Успешно"', lang="ru")
    assert desk.sheet("Сделки")[2]["Этап"] == "Успешно"
    assert len(desk.sheet("Этапы")) == 11


def test_the_firm_has_not_said_how_it_writes_dates(desk: Desk) -> None:
    """The setting stays blank, so that the audit asks about 3/5/2026; the other settings are as shipped."""
    desk.imports("Deal,Stage\nRoof,Proposal\n")
    values = {row["Setting"]: row.get("Value") for row in desk.sheet("Sales Book") if "Setting" in row}
    assert values["date_order"] is None
    assert values["lang"] == "en"


# -------------------------------------------------------------- bad maps

SOURCE = "Status,Opened,Sum\nProposal,2026-03-05,10\n"
MAPS: Mapping[str, tuple[str, str]] = {
    "broken TOML": ("[columns", "map.toml is not valid TOML"),
    "an unknown section": ("[stage]", "map.toml has a section [stage] that means nothing here"),
    "a value where a section is due": ('columns = "stage"', "“columns” must be a section"),
    "an unknown column of ours": ('[columns]\nStatus = "stag"', "[columns], “Status”: there is no column “stag”"),
    "a column of ours to fix": ('[columns]\nStatus = "hygiene"', "there is no column “hygiene”"),
    "a column that is no word": ("[columns]\nStatus = {a = 1}", "[columns], “Status”: there is no column"),
    "a column that the source lacks": (
        '[columns]\nState = "stage"', "deals.csv has no column “State”; it has Status, Opened, Sum",
    ),
    "two columns to one key": (
        '[columns]\nStatus = "stage"\nSum = "stage"', "the columns “Status” and “Sum” would both become stage",
    ),
    "one column under two keys": (
        '[columns]\nStatus = "stage"\nSTATUS = "name"', "[columns]: “STATUS” stands there twice",
    ),
    "no stage": ('[columns]\nSum = "amount"', "No column of deals.csv is known as the stage"),
    "a format for no date": (f'{COLUMNS}[dates]\namount = "%d.%m.%Y"', "[dates]: amount is not a date"),
    "a format for no column of ours": (f'{COLUMNS}[dates]\nOpened = "%d.%m.%Y"', "[dates], “Opened”: there is no column"),
    "a format that nothing uses": (f'{COLUMNS}[dates]\nclosed_at = "%d.%m.%Y"', "nothing becomes closed_at"),
    "a format without a year": (f'{COLUMNS}[dates]\ncreated_at = "%d.%m"', "“%d.%m” cannot be read as a date"),
    "a format with two months": (f'{COLUMNS}[dates]\ncreated_at = "%d.%m.%b.%Y"', "cannot be read as a date"),
    "an unknown directive": (f'{COLUMNS}[dates]\ncreated_at = "%d.%m.%Y %p"', "cannot be read as a date"),
    "a format that is no text": (f"{COLUMNS}[dates]\ncreated_at = 5", "“5” cannot be read as a date"),
    "an alias to nothing": (f'{COLUMNS}[stages]\nX = "Nowhere"', "[stages], “X”: we have no “Nowhere”; choose one of New lead"),
    "a reason's alias to nothing": (f'{COLUMNS}[reasons]\nX = "Nowhere"', "[reasons], “X”: we have no “Nowhere”"),
    "an entry that is neither": (f"{COLUMNS}[stages]\nX = 5", "[stages], “X”: write a name in quotation marks"),
    "one stage twice": (f'{COLUMNS}[stages]\nX = {{order = 1}}\n"x " = {{order = 2}}', "[stages]: “x ” stands there twice"),
    "one stage as row and alias": (f'{COLUMNS}[stages]\nX = {{order = 1}}\n"x " = "Won"', "[stages]: “x ” stands there twice"),
    "an unknown field": (f"{COLUMNS}[stages]\nX = {{colour = 1}}", "there is no field “colour”; there are pipeline, order, kind"),
    "a second name": (f'{COLUMNS}[stages]\nX = {{stage = "Y"}}', "there is no field “stage”"),
    "an unknown kind": (f'{COLUMNS}[stages]\nX = {{kind = "open"}}', "kind = open is not one of: Active, On hold"),
    "an unknown category": (f'{COLUMNS}[reasons]\nX = {{category = "bad"}}', "category = bad is not one of: Junk"),
    "a percentage out of range": (f"{COLUMNS}[stages]\nX = {{probability = 140}}", "probability = 140 is not between"),
    "a number as a word": (f'{COLUMNS}[stages]\nX = {{order = "1"}}', "order = 1 is not a number"),
    "a text as a number": (f"{COLUMNS}[stages]\nX = {{goal = 5}}", "goal = 5 is not a text in quotation marks"),
    "a list as a number": (f"{COLUMNS}[stages]\nX = {{order = [1]}}", "order = [1] is not a word or a number"),
}  # fmt: skip


@pytest.mark.parametrize(("plan", "sentence"), MAPS.values(), ids=MAPS)
def test_a_map_that_cannot_be_followed_is_refused_in_one_sentence(
    desk: Desk, plan: str, sentence: str
) -> None:
    """The sentence names the map, the place and what to do; nothing is written."""
    assert sentence in desk.refuses(SOURCE, plan)


def test_a_map_in_another_encoding_is_one_sentence(desk: Desk) -> None:
    """A byte order mark is no obstacle, other bytes are."""
    assert desk.imports(SOURCE, b"\xef\xbb\xbf" + COLUMNS.encode()).rows == 1
    assert "map.toml is not in UTF-8" in desk.refuses(SOURCE, "# карта".encode("cp1251"))


def test_a_header_that_stands_twice_cannot_be_mapped(desk: Desk) -> None:
    """Which of the two is meant is not guessed."""
    assert "has several columns “Sum”" in desk.refuses("Status,Opened,Sum,Sum\na,,1,2\n", COLUMNS)


# ------------------------------------------------------------------- the law

CELLS = st.text(
    st.characters(codec="utf-8", exclude_characters="\x7f", exclude_categories=("Cc", "Cs")) | st.sampled_from('\n",;\t|=+-@'),
    max_size=20,
).filter(lambda text: "\ufffe" not in text and "\uffff" not in text)  # fmt: skip


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8), st.sampled_from(",;\t|"))
def test_every_text_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], mark: str
) -> None:
    """Any cells, written by any CSV writer under any mark, stand in the workbook character by character."""
    file = io.StringIO()
    writer = csv.writer(file, delimiter=mark, quoting=csv.QUOTE_ALL)
    writer.writerows([("Deal", "Stage", "Source"), *((name, "Proposal", source) for name, source in rows)])
    desk = Desk(tmp_path_factory.mktemp("law"))
    assert desk.imports(file.getvalue()).rows == len(rows)
    head, *written = desk.snapshot.grids["Deals"].rows
    at = [list(head).index(header) for header in ("Deal", "Source")]
    assert [tuple(row[n] or "" for n in at) for row in written] == [
        tuple(text if text.strip() else "" for text in row) for row in rows
    ]


RAGGED = st.lists(
    st.tuples(st.text('ab" é', max_size=4), st.text('ab",', max_size=3)).map(",".join), max_size=4
)


@given(RAGGED.map("\n".join).map(str.encode) | st.binary(max_size=60))
def test_any_bytes_are_imported_whole_or_refused(
    tmp_path_factory: pytest.TempPathFactory, tail: bytes
) -> None:
    """Below a sound header anything may stand: it becomes deals, or one sentence and no file."""
    desk = Desk(tmp_path_factory.mktemp("law"))
    try:
        done = desk.imports(b"Deal,Stage\n" + tail)
    except UsageError:
        assert not desk.out.exists()
    else:
        assert len(desk.sheet()) == done.rows
