"""What is made from code is what stands in docs/."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from sheets_crm.checks import RULES
from sheets_crm.cli import docs, main
from sheets_crm.schema import FIRM_SETTINGS, TABLES

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages are made where the checkout stands."""
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize(("name", "page"), docs.PAGES.items(), ids=list(docs.PAGES))
def test_a_page_is_up_to_date(name: str, page: Callable[[], str]) -> None:
    """`python -m sheets_crm.cli.docs` would change nothing."""
    assert (ROOT / "docs" / name).read_text("utf-8") == page()


def test_check_finds_a_page_that_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--check exits with 1 and writes nothing; without it the page is made anew, once."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(docs.make, ["--check"]).exit_code == 1
    assert not list((tmp_path / "docs").iterdir())
    assert "schema.md" in CliRunner().invoke(docs.make, []).output
    assert CliRunner().invoke(docs.make, []).output == ""
    assert CliRunner().invoke(docs.make, ["--check"]).exit_code == 0


def test_the_schema_page_has_every_column_and_setting() -> None:
    """All tables, columns and settings of the firm."""
    page = docs.schema_page()
    for table in TABLES.values():
        section = page.partition(f"## {table.key}: ")[2].partition("\n## ")[0]
        for column in table.columns:
            assert f"`{column.key}`" in section
            assert column.header.ru in section
    assert all(f"| `{name}` |" in page for name in FIRM_SETTINGS)


def test_the_rules_page_has_every_rule_with_its_example() -> None:
    """Each rule with its page, its settings and a table of rows with what is expected."""
    page = docs.rules_page()
    for rule in RULES.values():
        section = page.partition(f"\n## {rule.code} {rule.name}\n")[2].partition("\n## ")[0]
        assert rule.doc in section
        assert all(f"`{name}`" in section for name in rule.settings)
        assert f"| {rule.code} " in section.partition("\nExample: ")[2]


def test_every_option_has_a_help_text() -> None:
    """No option of any command is left unexplained."""
    for path, command, _ in docs.commands(main, click.Context(main, info_name="sheets-crm")):
        assert command.help, path
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{path} {parameter.name}"
