"""A workbook to work in, as pages: fresh, filled with a firm's rows, or cut down to what a firm brings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from sheets_crm.hosts.xlsx.render import render
from sheets_crm.schema import TABLES
from sheets_crm.sheet import Page
from sheets_crm.template.defaults import BOOK_VERSION, book_rows, default_reasons, default_stages
from sheets_crm.template.guide import AUDIT, audit_page, guide_page
from sheets_crm.template.tables import RowValues, layouts_of, table_page
from sheets_crm.text import LANGS, Lang

__all__ = [
    "BOOK_VERSION",
    "RowValues",
    "book_rows",
    "build",
    "default_reasons",
    "default_stages",
    "pages",
]


def pages(
    lang: Lang,
    *,
    rows: Mapping[str, Sequence[RowValues]] | None = None,
    tables: Collection[str] | None = None,
    columns: Mapping[str, Collection[str]] | None = None,
) -> tuple[Page, ...]:
    """The sheets of a workbook in working order: the guide, the daily tables, Audit, the rule tables.

    `rows`: what stands in each table, by its key; Sales Book, Stages and LossReasons start with what we ship.
    `tables`: which tables there are; all of them if None. `columns`: for the tables named there, only these
    columns, besides the ID and ours. Raises KeyError for a table or a column that does not exist.
    """
    shipped = {
        "SalesBook": book_rows(lang),
        "Stages": default_stages(lang),
        "LossReasons": default_reasons(lang),
    }
    layouts = layouts_of(TABLES if tables is None else tables, columns or {}, {**shipped, **(rows or {})})
    sheets = {key: own.table.sheet.get(lang) for key, own in layouts.items()} | {"Audit": AUDIT.get(lang)}
    made = [(own.table.group, table_page(own, layouts, lang)) for own in layouts.values()]
    daily = [page for group, page in made if group != "rules"]
    rules = [page for group, page in made if group == "rules"]
    return (guide_page(sheets, lang), *daily, audit_page(lang), *rules)


def build(directory: Path) -> list[Path]:
    """Writes the fresh template of each language into `directory`, and returns the files."""
    directory.mkdir(parents=True, exist_ok=True)
    built = []
    for lang in LANGS:
        path = directory / f"pipeline_{lang}.xlsx"
        path.write_bytes(render(pages(lang)))
        built.append(path)
    return built
