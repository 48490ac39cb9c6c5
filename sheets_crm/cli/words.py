"""A run in words for the terminal: lines of plain text, coloured where a terminal can show it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import click

from sheets_crm.checks import RULES
from sheets_crm.cli.contract import View
from sheets_crm.findings import MARKS, SEVERITIES, Finding, NotChecked
from sheets_crm.inert import on_screen
from sheets_crm.metrics.hygiene import movement
from sheets_crm.pages.tables import Plain, ReportTable
from sheets_crm.pages.wording import ERRORS, headline, moved
from sheets_crm.reports import REPORTS
from sheets_crm.schema import TABLES, Deal
from sheets_crm.sheet import letters
from sheets_crm.sync import Run
from sheets_crm.text import DEALS, FINDINGS, ROWS, TASKS, Noun, Text, same, shown
from sheets_crm.verdict import Score

COLORS = {"error": "red", "warning": "yellow", "info": "blue"}
_NUMERIC = ("money", "number", "whole", "percent")
_CELL = 40
"""Characters of a cell in a printed table."""


def audit_text(view: View, lang: str, by: str = "rep") -> str:
    """The whole answer of an audit."""
    run, verdict = view.run, view.verdict
    deals = {deal.key: deal for deal in run.book.deals.rows}
    lines = [click.style(on_screen(headline(view.told).get(lang)), bold=True)]
    lines += [on_screen(text.get(lang)) for text in summary(view)]
    for title, findings in groups(view, by):
        lines += [
            "",
            click.style(f"{on_screen(title.get(lang))} — {FINDINGS.of(len(findings)).get(lang)}", bold=True),
        ]
        lines += _lines(findings, run, deals, lang)
    if legacy := [f for f in verdict.findings if f.status == "legacy"]:
        lines += ["", click.style(f"{LEGACY.get(lang)} — {FINDINGS.of(len(legacy)).get(lang)}", bold=True)]
        lines += _lines(legacy, run, deals, lang)
    if verdict.not_checked:
        lines += ["", click.style(NOT_CHECKED.get(lang), bold=True)]
        lines += [f"  {on_screen(text.get(lang))}" for text in not_checked(verdict.not_checked)]
    if excluded := list(_excluded(run)):
        lines += [
            "",
            click.style(_EXCLUDED.get(lang), bold=True),
            *(f"  {on_screen(text.get(lang))}" for text in excluded),
        ]
    return "\n".join(lines)


# ------------------------------------------------------------------ summary


def summary(view: View) -> Iterator[Text]:
    """The lines under the headline: which book and day, how many findings and what they mean, what changed."""
    run = view.run
    rows = [_ROWS[key].of(table.read) for key, table in run.book.tables.items() if table and key in _ROWS]
    read = Text(", ".join(r.en for r in rows), ", ".join(r.ru for r in rows))
    yield Text("{book}, {day}; read: {read}", "{book}, {day}; прочитано: {read}").fill(
        book=run.label, day=run.firm.as_of, read=read
    )
    counts = view.verdict.counts
    parts = [_MEANING[name].fill(number=_COUNTED[name].of(n)) for name, n in counts.items() if n]
    yield Text("; ".join(p.en for p in parts), "; ".join(p.ru for p in parts)) if parts else _NOTHING_FOUND
    if (said := changed(view)) is not None:
        yield said


def changed(view: View) -> Text | None:
    """`14 repaired, 3 new ...`; None on the first run, and when this very run has been told before."""
    since = movement(view.run.verdict)
    return None if since is None or view.run.repeated or view.codes else moved(since)


# ----------------------------------------------------------------- findings


def groups(view: View, by: str) -> list[tuple[Text, list[Finding]]]:
    """Findings that are neither legacy nor waived, by rep (worst first) or by stage (in its order)."""
    found: dict[tuple[int, Text], list[Finding]] = defaultdict(list)
    run = view.run
    deals = {deal.key: deal for deal in run.book.deals.rows}
    for finding in view.verdict.findings:
        if finding.status in ("open", "pending"):
            deal = deals.get(finding.deal or "")
            found[_rep(finding) if by == "rep" else _stage(run, finding, deal)].append(finding)
    ordered = sorted(
        found.items(), key=lambda item: (item[0][0], *(_weight(item[1]) if by == "rep" else ()), item[0][1])
    )
    return [(_with_score(title, run.verdict.by_owner.get(title.en)), some) for (_, title), some in ordered]


def _rep(finding: Finding) -> tuple[int, Text]:
    if finding.answerable == "hos":
        return 2, _HOS
    if finding.answerable == "admin":
        return 3, _ADMIN
    return (0, same(finding.owner)) if finding.owner else (1, _NOBODY)


def _stage(run: Run, finding: Finding, deal: Deal | None) -> tuple[int, Text]:
    if deal is None:
        return 10_000, TABLES[finding.key.table].sheet
    stage = run.book.stage_of(deal)
    order = int(stage.order) if stage is not None and stage.order is not None else 9_000
    return order, same(deal.stage) if deal.stage else _NO_STAGE


def _weight(findings: Iterable[Finding]) -> tuple[int, ...]:
    return tuple(-sum(f.severity == severity for f in findings) for severity in SEVERITIES)


def _with_score(title: Text, score: Score | None) -> Text:
    if score is None or score.score is None:
        return title
    return _OWNER.fill(name=title, clean=score.clean, audited=score.audited, score=score.score)


def _lines(findings: Iterable[Finding], run: Run, deals: Mapping[str, Deal], lang: str) -> Iterator[str]:
    marks = {
        severity: click.style(MARKS[severity], fg=COLORS[severity], bold=True) for severity in SEVERITIES
    }
    mend = click.style("      → {fix}; {id}", dim=True)
    titles: dict[tuple[str, str | None], str] = {
        (key, field): f"{on_screen(header)}: " if header else ""
        for key, table in run.book.tables.items()
        for field, header in table.headers.items()
    }
    for f in findings:
        deal = deals.get(f.deal or "")
        name = (deal.name or deal.deal_id) if deal else None
        where = on_screen(" ".join(filter(None, (f.cell or f.sheet, name))))
        codes = ", ".join((f.rule, *f.also)) if f.also else f.rule
        yield f"  {marks[f.severity]} {where}: {titles.get((f.key.table, f.field), '')}{told(f, lang)} [{codes}]"
        yield mend.format(fix=on_screen(f.fix.get(lang)), id=f.id)


def told(finding: Finding, lang: str) -> str:
    """The words of a finding, with what stands in the cell where the words do not say it."""
    words, actual = finding.words.get(lang), on_screen(finding.actual.get(lang))
    return words if actual == words else f"{words}: {actual}"


def not_checked(items: Iterable[NotChecked]) -> Iterator[Text]:
    """`TK02 Overdue task: there is no sheet “Tasks”`, with the part or the number of rows that it concerns."""
    for item in items:
        part = same(f" ({item.part})") if item.part else same("")
        rows = same(" ({rows})").fill(rows=ROWS.of(item.rows)) if item.rows else same("")
        yield same("{code} {title}{part}: {reason}{rows}").fill(
            code=item.rule, title=RULES[item.rule].title, part=part, reason=item.reason, rows=rows
        )


def _excluded(run: Run) -> Iterator[Text]:
    for table in run.book.tables.values():
        for row in table.excluded:
            yield same("{cell}: {reason}").fill(cell=row.cell, reason=row.reason)


# -------------------------------------------------------------------- notes


def notes(run: Run, *, asked: bool = True) -> Iterator[Text]:
    """What no cell could be told, the IDs that were filled, what was written and what was not, what to open."""
    yield from run.book.notes
    fills, applied = run.changes.fills, run.applied
    if fills and asked:
        cells = ", ".join(f"{on_screen(f.sheet)}!{letters(f.column)}{f.row} = {f.value}" for f in fills)
        yield (_FILLED if applied and applied.changed else _WOULD_FILL).fill(cells=cells)
    if not asked:
        return
    if run.separate_at is not None:
        yield _SEPARATE.fill(path=run.separate_at)
    if applied is None:
        yield run.obstacle or _DRY_RUN
    elif applied.beside is not None:
        yield _BESIDE.fill(path=applied.beside, reason=applied.reason or same(""))
    elif not applied.changed:
        yield _NOTHING_NEW.fill(name=run.label)
    else:
        names = [page.name for page in run.changes.pages]
        sheets = Text(", ".join(f"“{name}”" for name in names), ", ".join(f"«{name}»" for name in names))
        yield _WRITTEN.fill(name=run.label, sheets=sheets)
        for page in run.changes.pages:
            if page.name != (wished := REPORTS[page.key].sheet.get(run.book.lang)) and page.name.startswith(
                wished
            ):
                yield _OTHER_NAME.fill(name=page.name, wished=wished)
        if applied.reason is not None:
            yield applied.reason
        if applied.backup is not None:
            yield _BACKUP.fill(path=applied.backup)
        if applied.note is not None:
            yield applied.note
        yield _OPEN.fill(name=run.label, sheet=run.changes.pages[0].name)


# ------------------------------------------------------------------- tables


def tables_text(tables: Sequence[ReportTable], lang: str) -> str:
    """Report tables one under the other, their columns aligned."""
    return "\n\n".join("\n".join(_table(table, lang)) for table in tables)


def _table(table: ReportTable, lang: str) -> Iterator[str]:
    yield click.style(table.title.get(lang), bold=True)
    heads = [on_screen(column.header.get(lang)) for column in table.columns]
    rows = [[cell(value, lang) for value in row] for row in table.rows]
    widths = [max([len(head), *(len(row[n]) for row in rows)]) for n, head in enumerate(heads)]
    right = [column.kind in _NUMERIC for column in table.columns]
    for row in (heads, ["-" * width for width in widths], *rows):
        parts = [v.rjust(w) if r else v.ljust(w) for v, w, r in zip(row, widths, right, strict=True)]
        yield "  ".join(parts).rstrip()
    if not rows:
        yield _EMPTY.get(lang)


def cell(value: Plain, lang: str) -> str:
    """A value of a report as a person reads it, on one line."""
    text = on_screen(shown(value, lang)) if value is not None else ""
    return text if len(text) <= _CELL else text[: _CELL - 1] + "…"


_WARNINGS = Noun(("warning", "warnings"), ("предупреждение", "предупреждения", "предупреждений"))
_HINTS = Noun(("hint", "hints"), ("подсказка", "подсказки", "подсказок"))
_ROWS = {"Deals": DEALS, "Tasks": TASKS}
_COUNTED = {
    "error": ERRORS, "warning": _WARNINGS, "info": _HINTS,
    "waived": FINDINGS, "legacy": FINDINGS, "pending": FINDINGS,
}  # fmt: skip
_MEANING = {
    "error": Text("{number} (mend today)", "{number} (исправить сегодня)"),
    "warning": Text("{number} (this week)", "{number} (на неделе)"),
    "info": Text("{number} (for information)", "{number} (к сведению)"),
    "waived": Text("{number} waived (an exception was granted)", "{number} с исключением (РОП разрешил)"),
    "legacy": Text("{number} legacy (from before the rules; counts for nothing)",
                   "{number} из прошлого (до начала правил; ни на что не влияет)"),
    "pending": Text("{number} pending (not yet counted)", "{number} в ожидании (пока не считается)"),
}  # fmt: skip
_NOTHING_FOUND = Text("Nothing to mend was found.", "Исправлять нечего.")
_OWNER = Text("{name}: {clean} of {audited} clean ({score})", "{name}: чистых {clean} из {audited} ({score})")
_HOS = Text("Head of Sales", "РОП")
_ADMIN = Text("Whoever keeps the sheet", "Кто ведёт лист")
_NOBODY = Text("Without an owner", "Без ответственного")
_NO_STAGE = Text("Without a stage", "Без этапа")
LEGACY = Text("Legacy", "Из прошлого")
NOT_CHECKED = Text("Not checked", "Не проверено")
_EXCLUDED = Text("Rows that are not data", "Строки без данных")
_FILLED = Text("IDs filled in: {cells}", "Проставлены номера: {cells}")
_WOULD_FILL = Text("IDs that a written run fills in: {cells}", "Номера, которые проставит запись: {cells}")
_DRY_RUN = Text("Nothing was written.", "Ничего не записано.")
_BESIDE = Text("{reason} The reports are in {path} instead.", "{reason} Отчёты записаны рядом: {path}")
_NOTHING_NEW = Text(
    "{name} already says all this; it was not touched.", "В {name} всё это уже есть; файл не тронут."
)
_WRITTEN = Text(
    "Written into {name}: the column To fix, the colours, {sheets}, the log.",
    "Записано в {name}: столбец «Что исправить», цвета, {sheets}, журнал.",
)
_OTHER_NAME = Text(
    "The workbook has a sheet “{wished}” of its own, so ours is called “{name}”.",
    "В книге уже есть свой лист «{wished}», поэтому наш называется «{name}».",
)
_SEPARATE = Text("The bonuses are in a file of their own: {path}", "Премии в отдельном файле: {path}")
_BACKUP = Text("The workbook as it was: {path}", "Книга, какой она была: {path}")
_OPEN = Text("Open {name}, sheet “{sheet}”.", "Откройте {name}, лист «{sheet}».")
_EMPTY = Text("(no rows)", "(нет строк)")
