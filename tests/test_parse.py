"""Cells are read strictly: a value or a doubt, never a guess."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheets_crm.book.parse import Reading, as_text, convert, folded, number_in_text, visible
from sheets_crm.schema import TABLES

DEALS = TABLES["Deals"]
DMY, MDY, SHIPPED = Reading("dmy", order_stated=True), Reading("mdy", order_stated=True), Reading()


@pytest.mark.parametrize(
    ("typed", "reading", "expected"),
    [
        ("2026-03-05", MDY, datetime(2026, 3, 5)),
        ("2026-03-05T14:30+05:00", SHIPPED, datetime(2026, 3, 5, 14, 30)),
        ("05.03.2026", MDY, datetime(2026, 3, 5)),
        ("5.3.26", SHIPPED, datetime(2026, 3, 5)),
        ("05.03.2026 г.", SHIPPED, datetime(2026, 3, 5)),
        ("5.3.2026, 9:05", SHIPPED, datetime(2026, 3, 5, 9, 5)),
        ("3/5/2026", DMY, datetime(2026, 5, 3)),
        ("3/5/2026", MDY, datetime(2026, 3, 5)),
        ("3/5/2026", SHIPPED, None),
        ("3/3/2026", SHIPPED, datetime(2026, 3, 3)),
        ("31/12/2026", SHIPPED, datetime(2026, 12, 31)),
        ("12/31/2026", DMY, None),
        ("30.02.2026", SHIPPED, None),
        ("Apr 3, 2024", SHIPPED, datetime(2024, 4, 3)),
        ("3 апреля 2024 г.", SHIPPED, datetime(2024, 4, 3)),
        ("3 Фыва 2024", SHIPPED, None),
        ("tomorrow", SHIPPED, None),
        (46086.0, SHIPPED, datetime(2026, 3, 5)),
        (46086.5, SHIPPED, datetime(2026, 3, 5, 12)),
        (60.0, SHIPPED, None),
        (True, SHIPPED, None),
        (date(2026, 3, 5), SHIPPED, datetime(2026, 3, 5)),
        (date(1979, 12, 31), SHIPPED, None),
        (date(1980, 1, 1), SHIPPED, datetime(1980, 1, 1)),
        (datetime(2100, 12, 31, 23), SHIPPED, datetime(2100, 12, 31, 23)),
        (date(2101, 1, 1), SHIPPED, None),
        ("05.03.0206", SHIPPED, None),
    ],
)
def test_a_date_is_read_for_certain_or_not_at_all(
    typed: Any, reading: Reading, expected: datetime | None
) -> None:
    """ISO first, dots are day first, slashes by the firm's order; everything else is a doubt."""
    values, problems = convert(DEALS.column("created_at"), [typed], reading)
    assert values == [expected]
    assert bool(problems) == (expected is None)


@pytest.mark.parametrize(
    ("typed", "expected", "fatal"),
    [
        (1001.0, Decimal(1001), None),
        (0.1, Decimal("0.1"), None),
        (-5, Decimal(-5), None),
        ("1 200 000,50", Decimal("1200000.50"), False),
        ("1 200", Decimal(1200), False),
        ("1200.5", Decimal("1200.5"), False),
        ("1,200.50", None, True),
        ("1.200,50", None, True),
        ("1_000", None, True),
        ("50 тыс", None, True),
        ("١٢٣", None, True),
        ("1e3", None, True),
        (math.nan, None, True),
        (math.inf, None, True),
        (True, None, True),
        (date(2026, 1, 1), None, True),
        (999_999_999_999_999.0, Decimal(999_999_999_999_999), None),
        (12345678901234567.0, None, True),
        (-1e300, None, True),
        pytest.param(10**400, None, True, id="more than a float holds"),
    ],
)
def test_a_sum_is_a_number_or_a_doubt(typed: Any, expected: Decimal | None, fatal: bool | None) -> None:
    """A number typed as text is read where it can mean only one thing, and is still told."""
    values, problems = convert(DEALS.column("amount"), [typed], SHIPPED)
    assert values == [expected]
    assert (problems[0].fatal if problems else None) == fatal


@pytest.mark.parametrize(
    ("table", "column", "typed", "expected"),
    [
        ("Stages", "kind", "Успех", "won"),
        ("Stages", "kind", " on HOLD ", "passive"),
        ("LossReasons", "category", "тёплые", "nurture"),
        ("LossReasons", "category", "теплые", "nurture"),
        ("Tasks", "type", "WhatsApp", "messenger"),
        ("Team", "role", "РОП", "hos"),
        ("SalesBook", "active", "Нет", False),
        ("SalesBook", "active", True, True),
        ("Stages", "probability", 101.0, None),
        ("Team", "work_days", "1–5", "1-5"),
        ("Team", "work_days", "8", None),
        ("Stages", "kind", "maybe", None),
        ("Deals", "deal_id", 1001.0, "1001"),
        ("Deals", "name", "\u00a0 ", None),
    ],
)
def test_words_of_closed_lists_are_read_in_both_languages(
    table: str, column: str, typed: Any, expected: Any
) -> None:
    """Case, spaces and ё do not matter; a word that is not on the list is a doubt."""
    assert convert(TABLES[table].column(column), [typed], SHIPPED)[0] == [expected]


ANYTHING = st.one_of(
    st.none(), st.text(), st.floats(), st.integers(), st.booleans(), st.dates(), st.datetimes(), st.times(),
    st.timedeltas(), st.decimals(allow_nan=False, allow_infinity=False),
)  # fmt: skip


@given(st.sampled_from([c for t in TABLES.values() for c in t.fields]), st.lists(ANYTHING, max_size=8))
def test_no_cell_can_stop_a_run(column: Any, values: list[Any]) -> None:
    """Any cell gives a value or a doubt: as many as went in, and nothing raised."""
    read, problems = convert(column, values, SHIPPED)
    assert len(read) == len(values)
    assert all(0 <= i < len(values) for i in problems)


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)))
def test_a_day_means_the_same_however_it_is_typed(day: date) -> None:
    """ISO, dotted and as a serial number."""
    serial = float((day - date(1899, 12, 30)) / timedelta(days=1))
    for typed in (day.isoformat(), f"{day:%d.%m.%Y}", serial, day):
        assert convert(DEALS.column("closed_at"), [typed], SHIPPED) == ([day], {})


@given(st.decimals(min_value=0, max_value=10**12, places=2, allow_nan=False))
def test_a_number_in_text_is_never_misread(number: Decimal) -> None:
    """With a space between thousands and a decimal comma it is the same number."""
    assert number_in_text(f"{number:,}".replace(",", " ").replace(".", ",")) == number


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, None), ("", None), (" a ", "a"), (1001.0, "1001"), (0.5, "0.5"), (True, "TRUE"),
     (datetime(2026, 1, 2), "2026-01-02"), (datetime(2026, 1, 2, 9, 5), "2026-01-02 09:05"), (Decimal("1E+3"), "1000")],
)  # fmt: skip
def test_a_cell_as_text_is_what_a_person_would_copy(value: Any, text: str | None) -> None:
    """Whole numbers without a tail, dates as ISO, blanks as nothing."""
    assert as_text(value) == text


@pytest.mark.parametrize(
    ("column", "values", "odd"),
    [
        ("deal_id", ["A-1", "A-2\u00a0"], {1: False}),
        ("deal_id", ["A-1\u200b", 7.0], {0: False}),
        ("deal_id", ["A-1", "A-2", 7.0], {2: False}),
        ("deal_id", ["D0001", "D0002", "D0003", 7.0], {}),
        ("deal_id", [1.0, 2.0, 3.0, "A-1"], {}),
        ("deal_id", [1.23456789012346e17, "A-1"], {0: True}),
        ("contract_no", [1.23456789012346e17], {0: False}),
        (
            "name",
            ["Pumps\u00a0for you", "\ufeffPumps", "Pu\u00admps", "\u202espmuP"],
            {1: False, 2: False, 3: False},
        ),
        ("name", ["\U0001f469\u200d\U0001f4bb", "\u0646\u200c\u0627"], {}),
        ("next_step", ["a\u200bb\ncall", "a\u200eb", "\x07", "a\tb\r\nc"], {2: False}),
        ("next_step", ["x" * 32_767, "x" * 32_768, "\U0001f600" * 16_384, None, ""], {1: False, 2: False}),
        ("stage", ["Won\u00a0", "Won"], {0: False}),
    ],
)
def test_what_cannot_be_seen_or_was_lost_in_a_text_is_doubtful(
    column: str, values: list[Any], odd: dict[int, bool]
) -> None:
    """By index, whether the value is lost; a note may hold what messengers put in, an ID may not, emoji may be joined."""
    read, problems = convert(DEALS.column(column), values, SHIPPED)
    assert {index: problem.fatal for index, problem in problems.items()} == odd
    assert all((read[index] is None) == fatal for index, fatal in odd.items())
    assert all(problem.fix for problem in problems.values())


def test_invisible_characters_are_spelled_out() -> None:
    """So that a person sees what is to be taken out; an ordinary text stays as it is."""
    assert visible("A-1\u200b") == "A-1‹U+200B›"
    assert visible("Насосы\nдля вас") == "Насосы\nдля вас"


def test_folding_joins_what_people_type_differently() -> None:
    """Case, spaces of every kind and ё are folded away."""
    assert folded(" Ещё\u00a0\nне  НУЖНО ") == folded("еще не нужно")
    assert folded("A-1\u200b\ufeff ") == folded("\u202aa-1\u202c") == "a-1"
