"""The pages of docs/ that are made from code: `python -m sheets_crm.cli.docs`; with `--check`, only compared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from sheets_crm.checks import RULES, Rule
from sheets_crm.cli.app import NAME, main
from sheets_crm.cli.lookup import ANSWERABLE, SEVERITY, needs_of
from sheets_crm.schema import FIRM_SETTINGS, TABLES, Column, Setting, Table

_MADE = "<!-- Made by `python -m sheets_crm.cli.docs`; change the code, not this page. -->"
CASES = Path("tests/cases")
_WIDTH: dict[str, Any] = {"terminal_width": 88}


def schema_page() -> str:
    """docs/schema.md."""
    lines = [
        "# Tables of the workbook", "", _MADE, "",
        ("A sheet bears its name in either language, a column its header in either language, its key, or what firms "
        "write instead. Only `Deals.stage` is required; a rule that needs a column that is not there says so. "
        "**Bold** columns are the daily ones. The same as JSON: `sheets-crm schema --format json`."),
    ]  # fmt: skip
    for table in TABLES.values():
        lines += ["", *_table(table)]
    lines += ["", "## Settings of the firm", "", "Rows of the sheet Sales Book with the code FIRM.", ""]
    lines += ["| setting | kind | default (en / ru) | meaning |", "|---|---|---|---|"]
    for setting in FIRM_SETTINGS.values():
        lines.append(_row(f"`{setting.name}`", setting.kind, _default(setting), setting.meaning.en))
    return "\n".join(lines) + "\n"


def _table(table: Table) -> Iterator[str]:
    yield f"## {table.key}: {table.sheet.en} / {table.sheet.ru}"
    yield ""
    yield "| column | kind | English | Russian | meaning |"
    yield "|---|---|---|---|---|"
    for column in table.columns:
        key = f"**`{column.key}`**" if column.daily else f"`{column.key}`"
        yield _row(key, _kind(column), *column.header, column.meaning.en)


def _kind(column: Column) -> str:
    kind: str = column.kind
    if column.choices is not None:
        kind += ": " + ", ".join(f"{i.words.en} / {i.words.ru}" for i in column.choices.items)
    if column.refers:
        kind += f" to {column.refers}"
    return f"{kind}, required" if column.required else kind


def _default(setting: Setting) -> str:
    en, ru = (value or "(blank)" for value in setting.default)
    return en if en == ru else f"{en} / {ru}"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def rules_page() -> str:
    """docs/rules.md: every rule with its page, its settings and its first case."""
    lines = [
        "# Rules", "", _MADE, "",
        ("A rule finds breaches of one clause of the Sales Book. `sheets-crm rules explain CODE --lang ru` tells the "
        "same in Russian. In an example, `expect` is no column: it says what is found in that row."), "",
        "| code | rule | severity |", "|---|---|---|",
        *(_row(f"[{r.code}](#{r.code.lower()}-{r.name})", r.title.en, r.severity) for r in RULES.values()),
    ]  # fmt: skip
    for rule in RULES.values():
        lines += ["", *_rule(rule)]
    return "\n".join(lines) + "\n"


def _rule(rule: Rule) -> Iterator[str]:
    yield f"## {rule.code} {rule.name}"
    yield ""
    yield f"**{rule.title.en}** / {rule.title.ru}. Severity: {SEVERITY[rule.severity].en}. Answers: {ANSWERABLE[rule.answerable].en}."
    yield f"Needs: {needs_of(rule, 'en')}. {_items(rule)}"
    yield ""
    yield f"> {rule.clause.en}"
    yield ""
    yield rule.doc
    if rule.settings:
        yield ""
        yield "| setting | default | meaning |"
        yield "|---|---|---|"
        yield from (_row(f"`{s.name}`", s.default.en, s.meaning.en) for s in rule.settings.values())
    yield ""
    yield "Example: " + example(rule.code)


def _items(rule: Rule) -> str:
    return f"Items of the Sales Book: {', '.join(map(str, rule.items))}."


def example(code: str) -> str:
    """The first case of a rule's table of cases, with the day on which it is judged."""
    text = (CASES / f"{code}.md").read_text("utf-8")
    today = re.search(r"^Today is .+$", text, re.MULTILINE)
    case = re.search(r"^## (.*?)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert today, f"{code}.md does not say which day it is"
    assert case, f"{code}.md has no case"
    title = case[1].strip()
    return f"{title[0].lower()}{title[1:]}. {today[0]}\n\n{case[2].strip()}"


def cli_page() -> str:
    """docs/cli.md: the help of every command."""
    lines = [
        "# Command line", "", _MADE, "",
        ("Exit codes: 0; 1 when `audit` has an open finding that reaches `--fail-on`, or `doctor` finds something; "
        "2 for an error, told in one sentence. Answers go to stdout, messages to stderr."),
    ]  # fmt: skip
    for path, command, ctx in commands(
        main, click.Context(main, info_name=NAME, **_WIDTH, **main.context_settings)
    ):
        lines += ["", f"## {path}", "", "```text", command.get_help(ctx), "```"]
    return "\n".join(lines) + "\n"


def commands(
    command: click.Command, ctx: click.Context
) -> Iterator[tuple[str, click.Command, click.Context]]:
    yield ctx.command_path, command, ctx
    if isinstance(command, click.Group):
        for name in command.list_commands(ctx):
            child = command.get_command(ctx, name)
            assert child is not None, name
            yield from commands(child, click.Context(child, parent=ctx, info_name=name, **_WIDTH))


PAGES = {"schema.md": schema_page, "rules.md": rules_page, "cli.md": cli_page}


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if a page is not up to date.")
@click.pass_context
def make(ctx: click.Context, check: bool) -> None:
    """Write docs/schema.md, docs/rules.md and docs/cli.md, from the root of a checkout."""
    stale = []
    for name, page in PAGES.items():
        path, made = Path("docs") / name, page()
        if not path.exists() or path.read_text("utf-8") != made:
            stale.append(name)
            if not check:
                path.write_text(made, "utf-8", newline="\n")
    if stale:
        click.echo(f"{'Out of date' if check else 'Written'}: {', '.join(stale)}")
    if stale and check:
        ctx.exit(1)


if __name__ == "__main__":
    make()
