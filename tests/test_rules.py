"""Every rule is a function, a Russian text and a table of cases; a table's `expect` column says what must be found."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from sheets_crm import checks
from sheets_crm.book import read_book
from sheets_crm.checks import RULES, Rule
from sheets_crm.firm import Firm
from sheets_crm.schema import TABLES
from tests.cases_format import Case, cases

ALL = list(cases())
PARTS = {"en": ("What it finds:", "Why it matters:", "How to fix:"),
         "ru": ("**Что находит:**", "**Почему важно:**", "**Как исправить:**")}  # fmt: skip
RUSSIAN = dict(
    re.findall(
        r"^## (\w{4})\n(.*?)(?=^## |\Z)",
        (files("sheets_crm") / "templates/rules.ru.md").read_text("utf-8"),
        re.MULTILINE | re.DOTALL,
    )
)


@pytest.mark.parametrize("case", ALL, ids=lambda case: f"{case.code}: {case.title}")
def test_a_case_gives_exactly_its_findings(case: Case) -> None:
    """The rule of the file finds what the table expects, where and as gravely as it says, and nothing else."""
    book = read_book(case.snapshot)
    firm = Firm(book, case.today, checks.settings_of(book, case.today))
    checked = checks.run(firm)
    severe = {(t, row, field) for t, row, field, severity in case.expected if severity}
    found = {
        (f.key.table, f.row, f.key.field, f.severity if (f.key.table, f.row, f.key.field) in severe else "")
        for f in checked.findings
        if f.rule == case.code
    }
    assert found == case.expected
    assert (case.code not in checked.judged) == case.not_checked


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_a_rule_is_documented_in_both_languages(rule: Rule) -> None:
    """Title, clause and every setting in both languages; a page of three parts in both."""
    for text in (rule.title, rule.clause, *(s.meaning for s in rule.settings.values())):
        assert all(text)
        assert text.en != text.ru
    for part in PARTS["en"]:
        assert part in rule.doc
    for part in PARTS["ru"]:
        assert part in RUSSIAN[rule.code]
    for setting in rule.settings:
        assert setting in RUSSIAN[rule.code] or setting in rule.doc


def test_russian_pages_are_of_the_rules_that_exist() -> None:
    """One section for each rule, and none for another."""
    assert set(RUSSIAN) == set(RULES)


@pytest.mark.parametrize("code", RULES)
def test_a_rule_has_cases_that_fire_and_cases_that_do_not(code: str) -> None:
    """At least one row with a finding and one without, in a file of its own."""
    own = [case for case in ALL if case.code == code]
    assert any(case.expected for case in own)
    assert any(
        len(case.expected) < sum(len(g.rows) - 1 for g in case.snapshot.grids.values()) for case in own
    )


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_a_rule_names_only_columns_that_exist(rule: Rule) -> None:
    """Its tables and needs are the schema's own words."""
    for name in (*rule.tables, *(n for need in rule.needs for n in need)):
        table, _, column = name.partition(".")
        assert table in TABLES
        assert not column or TABLES[table].column(column)
