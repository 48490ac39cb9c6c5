"""The pipeline sheets that a workbook lacks, added to it; whatever it has already is kept and used."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sheets_crm.book import TableRows, folded, kind_of_name, language, standing, wanted
from sheets_crm.errors import StructureError
from sheets_crm.hosts import Host
from sheets_crm.schema import TABLES
from sheets_crm.sheet import Applied, Changes, Page, Snapshot, free_name
from sheets_crm.template import CORE, RowValues, default_reasons, default_stages, pages
from sheets_crm.template.guide import AS_A_FILE, Start, guide_name, report_names
from sheets_crm.text import LANGS, Lang, Text, same


class Added(NamedTuple):
    """What was added to a workbook, and what it had."""

    lang: Lang
    """The language of the new sheets."""
    sheets: tuple[str, ...]
    """Names of the new sheets."""
    kept: tuple[str, ...]
    """Names of the firm's own sheets that are used as tables."""
    notes: tuple[Text, ...]
    applied: Applied


def add_sheets(
    host: Host, *, lang: Lang | None, otherwise: Lang, extra: Collection[str] = (), start: Start = AS_A_FILE
) -> Added:
    """Adds the sheets of the template, and the tables `extra`, as far as the workbook lacks them, in one step.

    They are written in `lang`; None: in the workbook's own language, `otherwise` where nothing in it says which.
    `start`: how the new guide says that a run is started.
    Raises StructureError where it cannot be told which sheet is which table, WorkbookError as hosts do.
    """
    snapshot = host.read(wanted)
    tables = standing(snapshot)
    spoken = lang or _language(snapshot, tables) or otherwise
    made, notes = _missing(snapshot, tables, {*CORE, *extra}, spoken, start)
    applied = host.apply(Changes(pages=made), snapshot) if made else Applied(changed=False)
    kept = tuple(table.sheet for table in tables.values() if table.sheet)
    return Added(spoken, tuple(page.name for page in made), kept, notes, applied)


def language_of(snapshot: Snapshot) -> Lang | None:
    """The language of a workbook; None where nothing in it says which. Raises StructureError."""
    return _language(snapshot, standing(snapshot))


def _language(snapshot: Snapshot, tables: Mapping[str, TableRows[Any]]) -> Lang | None:
    book, deals = (tables.get(key) for key in ("SalesBook", "Deals"))
    if book or deals:
        return language(book.rows if book else (), deals or TableRows(TABLES["Deals"]))
    names = "".join(sheet.name for sheet in snapshot.sheets).casefold()
    return "ru" if any("а" <= letter <= "я" for letter in names) else None


def _missing(
    snapshot: Snapshot,
    tables: Mapping[str, TableRows[Any]],
    wished: Collection[str],
    lang: Lang,
    start: Start,
) -> tuple[tuple[Page, ...], tuple[Text, ...]]:
    """The pages to add, and what has to be said about them."""
    taken = {folded(sheet.name) for sheet in snapshot.sheets}
    reports: dict[str, str] = {}
    for key, name in report_names(lang).items():
        reports[key] = snapshot.report_sheet(key.lower()) or free_name(name, [*taken, *reports.values()])
    names = {key: _name(key, taken, lang) for key in wished if key not in tables}
    rows, notes = _own_words(tables, lang)
    for table in tables.values():
        if not table:
            of_that_name = [
                s.name for s in snapshot.sheets if folded(s.name) in map(folded, table.schema.sheet)
            ]
            notes += [_NOT_A_TABLE.fill(sheet=of_that_name[0], table=table.schema.sheet)]
    made = pages(lang, rows=rows, tables=wished, standing=tables, names=names, reports=reports, start=start)
    there = any(folded(guide_name(each)) in taken for each in LANGS)
    new = [
        page
        for page in made
        if not (snapshot.report_sheet(page.key) if page.owned else page.key == "guide" and there)
    ]
    return tuple(new), tuple(notes)


def _name(key: str, taken: Collection[str], lang: Lang) -> Text:
    """A table is found by its name in either language, so where one is in use by something else, the other will do."""
    sheet = TABLES[key].sheet
    name = next((n for n in (sheet.get(lang), *sheet) if folded(n) not in taken), None)
    if name is None:
        raise StructureError(_TAKEN.fill(names=same(" / ".join(sheet))))
    return same(name)


# ------------------------------------------------------------- words that the firm uses already


def _own_words(
    tables: Mapping[str, TableRows[Any]], lang: Lang
) -> tuple[dict[str, Sequence[RowValues]], list[Text]]:
    """Stages and reasons as the firm's own deals have them; those that we ship only where the deals know no others."""
    rows: dict[str, Sequence[RowValues]] = {}
    for key, field, shipped in (
        ("Stages", "stage", default_stages(lang)),
        ("LossReasons", "lost_reason", default_reasons(lang)),
    ):
        known = {folded(str(row[TABLES[key].identity[-1]])): row for row in shipped}
        used = _used(tables.get("Deals"), field)
        if key not in tables and not known.keys() >= used.keys():
            rows[key] = [
                _row(key, word, known.get(low), at) for at, (low, word) in enumerate(used.items(), 1)
            ]
    notes = [_FROM_DEALS.fill(sheet=TABLES[key].sheet) for key in rows]
    if "LossReasons" not in rows and ("Stages" in rows or "Stages" in tables):
        # Those that we ship name the stages that we ship.
        rows["LossReasons"] = [{**row, "allowed_from": None} for row in default_reasons(lang)]
    return rows, notes


def _used(deals: TableRows[Any] | None, field: str) -> dict[str, str]:
    """The words of a column, folded, to how they were first written; what ends a deal comes last."""
    words: dict[str, str] = {}
    for row in deals.rows if deals else ():
        if word := getattr(row, field):
            words.setdefault(folded(word), word)
    return dict(sorted(words.items(), key=lambda pair: kind_of_name(pair[0]) != "active"))


def _row(table: str, word: str, shipped: RowValues | None, place: int) -> RowValues:
    """A stage or a reason of the firm's; what we ship under that name comes along."""
    if table == "Stages":
        return {
            "kind": kind_of_name(word),
            **(shipped or {}),
            "pipeline": None,
            "stage": word,
            "order": place,
        }
    return {"active": True, **(shipped or {}), "reason": word, "allowed_from": None}


_NOT_A_TABLE = Text(
    "Sheet “{sheet}” has none of the headers of the table {table}; it was left as it is, rename it to get one.",
    "На листе «{sheet}» нет заголовков таблицы «{table}»; он оставлен как есть, переименуйте его, и таблица появится.",
)
_TAKEN = Text(
    "The workbook has sheets {names} that are no tables; rename one of them and try again.",
    "В книге есть листы {names}, и это не таблицы; переименуйте один из них и повторите.",
)
_FROM_DEALS = Text(
    "Sheet “{sheet}” lists what stands in your deals: check the words and their order.",
    "На лист «{sheet}» вынесены слова из ваших сделок: проверьте их и порядок.",
)
