"""What is said in the rows themselves: the To fix cells, and the colours that follow from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sheets_crm.book import TableRows, as_text
from sheets_crm.findings import MARKS, SEVERITIES, Finding
from sheets_crm.pages.look import HIGHLIGHTS
from sheets_crm.sheet import ColumnUpdate, Highlight, free_name, iter_rows, letters

_MOST = 8
"""Findings told in one cell; nobody reads further, and a cell must stay readable."""


def sentence(findings: Sequence[Finding], headers: Mapping[str, str], lang: str) -> str:
    """`✗ Next step: no task [TK01] · ! Stage: 34 days [ST06]`, worst first; never a user's own text.

    The header stands as it does in its cell, because the highlight looks for exactly that.
    """
    ordered = sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), f.rule, f.field or ""))
    parts = [
        f"{MARKS[f.severity]} {headers.get(f.field or '', '')}: {f.words.get(lang)} [{f.rule}]"
        for f in ordered[:_MOST]
    ]
    rest = len(ordered) - _MOST
    if rest > 0:
        parts.append({"ru": f"ещё {rest}"}.get(lang, f"{rest} more"))
    return " · ".join(parts)


def _texts(table: TableRows[Any], findings: Iterable[Finding], lang: str) -> dict[int, str]:
    """Sheet row to text for every row of the table, and for rows that still bear an old text of ours."""
    by_row: dict[int, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_row[finding.row].append(finding)
    headers = {key: _as_written(table, key) for key in table.positions}
    texts = dict.fromkeys((row.row for row in table.rows), "")
    texts |= {row: sentence(found, headers, lang) for row, found in by_row.items() if row in texts}
    if table.grid is not None and table.has("hygiene"):
        at = table.positions["hygiene"]
        for number, cells in iter_rows(table.grid, table.header_row + 1):
            if number not in texts and at <= len(cells) and as_text(cells[at - 1]):
                texts[number] = ""
    return texts


def _as_written(table: TableRows[Any], key: str) -> str:
    value = table.grid.value(table.header_row, table.positions[key]) if table.grid else None
    return value if isinstance(value, str) else table.headers[key]


def column_update(table: TableRows[Any], findings: Iterable[Finding], lang: str) -> ColumnUpdate:
    """The To fix column of one table."""
    identity = [table.positions.get(key) for key in table.schema.identity]
    texts = _texts(table, findings, lang)
    titles = table.grid.rows[table.header_row - 1] if table.grid else ()
    taken = [t for at, t in enumerate(map(as_text, titles), start=1) if t and at != table.hygiene_column]
    return ColumnUpdate(
        table.sheet or "", table.hygiene_column, table.header_row,
        free_name(table.schema.column("hygiene").header.get(lang), taken),
        texts, {row.row: row.key for row in table.rows if texts[row.row]},
        tuple(at for at in identity if at) if all(identity) else (), table.known,
    )  # fmt: skip


def highlights(table: TableRows[Any]) -> tuple[Highlight, ...]:
    """One rule a severity over the whole table: the cell whose header the To fix cell names lights up.

    FIND, not SEARCH: a header may hold `?` or `*`.
    """
    area = table.area
    fix, head = letters(table.hygiene_column), table.header_row
    return tuple(
        Highlight(
            table.sheet or "",
            area,
            f'FIND("{MARKS[s]} "&A${head}&":",${fix}{area.first_row})',
            MARKS[s],
            *HIGHLIGHTS[s],
        )
        for s in SEVERITIES
    )
