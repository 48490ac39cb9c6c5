"""The commands to look things up: rules, schema."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from sheets_crm.cli.session import Session, common, format_option, open_host, today
from sheets_crm.errors import UsageError
from sheets_crm.inert import on_screen
from sheets_crm.text import Text, listed, shown

if TYPE_CHECKING:
    from sheets_crm.book.settings import Settings
    from sheets_crm.checks import Rule


@click.command()
@format_option("text", "json")
@common
@click.pass_obj
def schema(session: Session, form: str) -> None:
    """List the tables of a workbook: sheets, columns, kinds, headers in both languages."""
    from sheets_crm.cli import contract  # noqa: PLC0415 - see session

    if form == "json":
        session.data(contract.dumped(contract.schema_json()))
    else:
        session.print("\n".join(_schema_lines(session.language)))


@click.group(invoke_without_command=True)
@click.pass_context
def rules(ctx: click.Context) -> None:
    """The rules of the Sales Book."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@rules.command("list", short_help="All rules with their settings.")
@click.option(
    "--workbook", metavar="W", help="Show the values that hold in this workbook, not the shipped ones."
)
@format_option("text", "json")
@common
@click.pass_obj
def list_(session: Session, workbook: str | None, form: str) -> None:
    """List all rules with their settings, as shipped or as a workbook has them."""
    from sheets_crm.cli import contract  # noqa: PLC0415 - see session

    settings = _settings_in(session, workbook) if workbook else contract.shipped()
    if form == "json":
        session.data(contract.dumped(contract.rules_json(settings)))
    else:
        session.print("\n".join(_rule_lines(settings, session.language)))


@rules.command(short_help="What a rule finds, why it matters, how to fix it.")
@click.argument("code")
@common
@click.pass_obj
def explain(session: Session, code: str) -> None:
    """Explain the rule CODE: what it finds, why it matters, how to fix it, its settings."""
    from sheets_crm.checks import RULES  # noqa: PLC0415 - see session

    rule = RULES.get(code.upper()) or next((r for r in RULES.values() if r.name == code.lower()), None)
    if rule is None:
        raise UsageError(_NO_RULE.fill(code=code, codes=listed(list(RULES), "en", len(RULES))))
    session.print("\n".join(_explained(rule, session.language)))


# --------------------------------------------------------------------- words


def russian_pages() -> Mapping[str, str]:
    """Code to the Russian page of the rule."""
    from importlib.resources import files  # noqa: PLC0415 - see session

    text = (files("sheets_crm") / "templates" / "rules.ru.md").read_text("utf-8")
    return {
        m[1]: m[2].strip()
        for m in re.finditer(r"^## (\w{4})\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    }


def page_of(rule: Rule, lang: str) -> str:
    """The page of a rule: what it finds, why it matters, how to fix it."""
    return russian_pages()[rule.code].replace("**", "") if lang == "ru" else rule.doc


def needs_of(rule: Rule, lang: str) -> str:
    """What must exist in the workbook: `Stage on Deals; Due on Tasks or Next date on Deals`."""
    either = {"ru": " или "}.get(lang, " or ")
    return "; ".join(either.join(_place(name, lang) for name in alternatives) for alternatives in rule.needs)


def _place(name: str, lang: str) -> str:
    from sheets_crm.schema import TABLES  # noqa: PLC0415 - see session

    key, _, column = name.partition(".")
    sheet = TABLES[key].sheet
    return (
        _COLUMN.fill(column=TABLES[key].column(column).header, sheet=sheet).get(lang)
        if column
        else sheet.get(lang)
    )


def _explained(rule: Rule, lang: str) -> Iterator[str]:
    yield click.style(f"{rule.code} {rule.title.get(lang)} ({rule.name})", bold=True)
    yield f"{SEVERITY[rule.severity].get(lang)}; {_ANSWERS.get(lang)}: {ANSWERABLE[rule.answerable].get(lang)}"
    yield f"{_NEEDS.get(lang)}: {needs_of(rule, lang)}"
    yield ""
    yield page_of(rule, lang)
    if rule.settings:
        yield ""
        yield f"{_SETTINGS.get(lang)}:"
        for setting in rule.settings.values():
            yield f"  {setting.name} = {setting.default.get(lang)}: {setting.meaning.get(lang)}"


def _rule_lines(settings: Settings, lang: str) -> Iterator[str]:
    from sheets_crm.checks import RULES  # noqa: PLC0415 - see session

    for rule in RULES.values():
        off = f" — {_OFF.get(lang)}" if rule.code in settings.off else ""
        severity: Any = settings.severity.get(rule.code, rule.severity)
        head = f"{rule.code} {rule.title.get(lang)}"
        yield f"{click.style(head, bold=True)} ({rule.name}), {SEVERITY[severity].get(lang)}{off}"
        for name, setting in rule.settings.items():
            value = settings.rules[rule.code][name]
            yield f"     {name} = {on_screen(shown(value, lang))}: {setting.meaning.get(lang)}"


def _schema_lines(lang: str) -> Iterator[str]:
    from sheets_crm.schema import TABLES  # noqa: PLC0415 - see session

    for number, table in enumerate(TABLES.values()):
        if number:
            yield ""
        yield click.style(f"{table.key}: {table.sheet.en} / {table.sheet.ru}", bold=True)
        wide = max(len(column.key) for column in table.columns)
        heads = max(len(f"{c.header.en} / {c.header.ru}") for c in table.columns)
        for c in table.columns:
            must = f" ({_REQUIRED.get(lang)})" if c.required else ""
            yield f"  {c.key:<{wide}}  {c.kind:<10}  {f'{c.header.en} / {c.header.ru}':<{heads}}  {c.meaning.get(lang)}{must}"


def _settings_in(session: Session, workbook: str) -> Settings:
    from sheets_crm.book import read_book, wanted  # noqa: PLC0415 - see session
    from sheets_crm.checks import settings_of  # noqa: PLC0415
    from sheets_crm.sync import time_zone  # noqa: PLC0415

    book = read_book(open_host(workbook).read(wanted))
    session.book_lang = book.lang
    return settings_of(book, today(time_zone(book)))


SEVERITY = {
    "error": Text("error", "ошибка"),
    "warning": Text("warning", "предупреждение"),
    "info": Text("information", "к сведению"),
}
ANSWERABLE = {
    "rep": Text("the rep", "менеджер"),
    "hos": Text("the Head of Sales", "РОП"),
    "admin": Text("whoever keeps the sheet", "тот, кто ведёт лист"),
}
_ANSWERS = Text("answers", "отвечает")
_NEEDS = Text("Needs", "Нужны")
_COLUMN = Text("“{column}” on “{sheet}”", "«{column}» на листе «{sheet}»")
_SETTINGS = Text("Settings (on the sheet Sales Book)", "Настройки (на листе «Книга продаж»)")
_OFF = Text("switched off", "выключено")
_REQUIRED = Text("required", "обязательный")
_NO_RULE = Text("There is no rule “{code}”; there are {codes}.", "Нет правила «{code}»; есть {codes}.")
