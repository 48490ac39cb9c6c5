"""Findings and reports for other programs that are not JSON: CSV, one self-contained page, GitHub annotations."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

from sheets_crm.cli import words
from sheets_crm.cli.contract import View, finding_json, money
from sheets_crm.findings import MARKS, Finding
from sheets_crm.inert import in_annotation, in_annotation_property, in_csv, in_html
from sheets_crm.pages.look import BRAND, HIGHLIGHTS, INK, LINE, MUTED, OURS_FILL
from sheets_crm.pages.tables import Plain, ReportTable
from sheets_crm.pages.wording import headline
from sheets_crm.text import Text

FINDING_COLUMNS = (
    "id", "occurrence", "rule", "also", "name", "title", "severity", "answerable", "status", "table", "sheet",
    "row_key", "cell", "field", "owner", "actual", "expected", "fix", "clause", "minutes", "amount", "currency",
    "first_seen", "last_seen", "waiver",
)  # fmt: skip
_NUMBERS = ("occurrence", "minutes", "amount")


# ---------------------------------------------------------------------- csv


def findings_csv(view: View, lang: str) -> str:
    """One row a finding, under the keys of the JSON contract."""
    rows = []
    for finding in view.verdict.findings:
        found = finding_json(finding, lang) | {"also": " ".join(finding.also)}
        rows.append([_field(found[key], number=key in _NUMBERS) for key in FINDING_COLUMNS])
    return _csv([FINDING_COLUMNS, *rows])


def tables_csv(tables: Sequence[ReportTable], lang: str) -> str:
    """Report tables one after the other, a blank line between them."""
    return "\r\n".join(
        _csv(
            [
                [in_csv(c.header.get(lang)) for c in table.columns],
                *([_value(v) for v in row] for row in table.rows),
            ]
        )
        for table in tables
    )


def _csv(rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def _field(value: object, *, number: bool) -> str:
    text = "" if value is None else str(value)
    return text if number else in_csv(text)


def _value(value: Plain) -> str:
    if isinstance(value, Decimal):
        return money(value) or ""
    return _field(value, number=isinstance(value, int))


# --------------------------------------------------------------------- html


def findings_html(view: View, lang: str, by: str = "rep") -> str:
    """The audit as one page that needs nothing else."""
    body = [f"<h1>{in_html(headline(view.told).get(lang))}</h1>"]
    body += [f"<p>{in_html(text.get(lang))}</p>" for text in words.summary(view)]
    body += [_section(title, some, lang) for title, some in words.groups(view, by)]
    if legacy := [f for f in view.verdict.findings if f.status == "legacy"]:
        body.append(_section(words.LEGACY, legacy, lang))
    if gaps := list(words.not_checked(view.verdict.not_checked)):
        items = "".join(f"<li>{in_html(gap.get(lang))}</li>" for gap in gaps)
        body.append(f"<h2>{in_html(words.NOT_CHECKED.get(lang))}</h2>\n<ul>{items}</ul>")
    return _page(view.run.label, body, lang)


def report_html(view: View, title: Text, tables: Sequence[ReportTable], lang: str) -> str:
    """A report as one page that needs nothing else."""
    body = [f"<h1>{in_html(title.get(lang))}: {in_html(view.run.label)}</h1>"]
    for table in tables:
        heads = [c.header.get(lang) for c in table.columns]
        rows = [[words.cell(value, lang) for value in row] for row in table.rows]
        body.append(f"<h2>{in_html(table.title.get(lang))}</h2>\n{_table(heads, rows)}")
    return _page(view.run.label, body, lang)


def _section(title: Text, findings: Sequence[Finding], lang: str) -> str:
    rows = [
        (
            f"{MARKS[f.severity]} {f.rule}",
            f.cell or f.sheet,
            f.title.get(lang),
            words.told(f, lang),
            f.fix.get(lang),
            f.id,
        )
        for f in findings
    ]
    table = _table([head.get(lang) for head in _HEADS], rows, [f.severity for f in findings])
    return f"<h2>{in_html(title.get(lang))}</h2>\n{table}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], classes: Sequence[str] = ()) -> str:
    lines = ["<table>", f"<tr>{''.join(f'<th>{in_html(head)}</th>' for head in heads)}</tr>"]
    for number, row in enumerate(rows):
        cells = "".join(f"<td>{in_html(value)}</td>" for value in row)
        lines.append(f'<tr class="{classes[number]}">{cells}</tr>' if classes else f"<tr>{cells}</tr>")
    return "\n".join([*lines, "</table>"])


def _page(title: str, body: Iterable[str], lang: str) -> str:
    return "\n".join((
        "<!doctype html>", f'<html lang="{lang}">', "<head>", '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{in_html(title)}</title>", f"<style>{_STYLE}</style>", "</head>", "<body>", *body, "</body>", "</html>", "",
    ))  # fmt: skip


_STYLE = (
    f"body{{font:15px/1.45 system-ui,sans-serif;color:{INK};margin:2rem auto;max-width:75rem;padding:0 1rem}}"
    f"h1,h2{{color:{BRAND}}}h1{{font-size:1.5rem}}h2{{font-size:1.1rem}}p{{color:{MUTED};margin:.3rem 0}}"
    f"table{{border-collapse:collapse;width:100%}}td,th{{border:1px solid {LINE};padding:.3rem .5rem;text-align:left;vertical-align:top}}"
    f"th{{background:{OURS_FILL}}}td:last-child{{font-family:monospace}}"
    + "".join(
        f".{name} td:first-child{{background:{fill};color:{color}}}"
        for name, (fill, color) in HIGHLIGHTS.items()
    )
)
_HEADS = (
    Text("Rule", "Правило"), Text("Cell", "Ячейка"), Text("What", "Что"), Text("Found", "Найдено"),
    Text("How to fix", "Как исправить"), Text("Finding ID", "№ находки"),
)  # fmt: skip


# ------------------------------------------------------------------- github

_LEVELS = {"error": "error", "warning": "warning", "info": "notice"}


def github(view: View, lang: str, file: str) -> str:
    """GitHub's workflow commands: one annotation for each finding that is neither legacy nor waived, and the headline."""
    lines = [
        annotation(
            _LEVELS[f.severity], file, f"{f.rule} {f.title.get(lang)}",
            f"{f.cell or f.sheet}: {words.told(f, lang)}. {f.fix.get(lang)} ({f.id})",
        )
        for f in view.verdict.findings
        if f.status in ("open", "pending")
    ]  # fmt: skip
    lines.append(annotation("notice", file, "sheets-crm", headline(view.told).get(lang)))
    return "\n".join(lines) + "\n"


def annotation(level: str, file: str, title: str, message: str) -> str:
    """One workflow command."""
    where = f"file={in_annotation_property(file)},title={in_annotation_property(title)}"
    return f"::{level} {where}::{in_annotation(message)}"
