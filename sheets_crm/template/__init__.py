"""A workbook to work in, as pages: fresh, filled with a firm's rows, or cut down to what a firm brings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from sheets_crm.book import TableRows
from sheets_crm.hosts.xlsx.render import render
from sheets_crm.schema import TABLES
from sheets_crm.sheet import Page
from sheets_crm.template.defaults import BOOK_VERSION, book_rows, default_reasons, default_stages
from sheets_crm.template.guide import AS_A_FILE, Start, guide_page, report_names, report_pages
from sheets_crm.template.tables import RowValues, layouts_of, table_page
from sheets_crm.text import LANGS, Lang, Text

__all__ = [
    "BOOK_VERSION",
    "CORE",
    "RowValues",
    "book_rows",
    "build",
    "default_reasons",
    "default_stages",
    "pages",
]

CORE = tuple(key for key, table in TABLES.items() if table.group != "service")
"""The tables of a fresh workbook; the others are there when asked for, or when there is something in them."""
_ORDER = ("daily", "reports", "words", "rules", "service")


def pages(
    lang: Lang,
    *,
    rows: Mapping[str, Sequence[RowValues]] | None = None,
    tables: Collection[str] | None = None,
    columns: Mapping[str, Collection[str]] | None = None,
    standing: Mapping[str, TableRows[Any]] | None = None,
    names: Mapping[str, Text] | None = None,
    reports: Mapping[str, str] | None = None,
    start: Start = AS_A_FILE,
) -> tuple[Page, ...]:
    """The sheets of a workbook in working order: the guide, daily tables, reports, words, rules, service.

    `rows`: what stands in each table, by its key; Sales Book, Stages and LossReasons start with what we ship.
    `tables`: which tables there are; `CORE` and those that have rows if None. `columns`: for the tables named
    there, only these columns, besides the ID and ours. `standing`: tables that there are already; no sheet is made of
    them, but others refer to them. `names`, `reports`: of sheets whose usual name is not free. `start`: how the
    guide says that a run is started. Raises KeyError for a table or a column that does not exist.
    """
    shipped = {
        "SalesBook": book_rows(lang),
        "Stages": default_stages(lang),
        "LossReasons": default_reasons(lang),
    }
    filled = {**shipped, **(rows or {})}
    chosen = {*CORE, *(key for key, found in filled.items() if found)} if tables is None else tables
    layouts = layouts_of(chosen, columns or {}, filled, standing, names)
    made: dict[str, list[Page]] = defaultdict(list)
    for own in layouts.values():
        if own.stands is None:
            made[own.table.group].append(table_page(own, layouts, lang))
    reports = reports or report_names(lang)
    made["reports"] = list(report_pages(reports, lang, start))
    guide = guide_page({**{key: own.sheet.get(lang) for key, own in layouts.items()}, **reports}, lang, start)
    return (guide, *(page for group in _ORDER for page in made[group]))


def build(directory: Path) -> list[Path]:
    """Writes the fresh template of each language into `directory`, and returns the files."""
    directory.mkdir(parents=True, exist_ok=True)
    built = []
    for lang in LANGS:
        path = directory / f"pipeline_{lang}.xlsx"
        path.write_bytes(render(pages(lang)))
        built.append(path)
    return built
