"""Findings as rows: which table of a page each belongs to, what stands in its columns, where its link leads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from sheets_crm.book import TABLE_OF
from sheets_crm.findings import MARKS, Finding, FindingKey, Severity
from sheets_crm.metrics import hygiene
from sheets_crm.metrics.hygiene import Shares
from sheets_crm.pages import Told, look, wording
from sheets_crm.pages.layout import Item, Shown
from sheets_crm.pages.tables import Plain
from sheets_crm.pages.wording import NO_OWNER
from sheets_crm.schema import TABLES, Deal, Kind, Row
from sheets_crm.schema.choices import SEVERITY
from sheets_crm.sheet import Link, SheetLink, Style
from sheets_crm.text import Text
from sheets_crm.verdict import Score

CURRENT = ("findings", "doubts", "own")
"""The tables that share out the open findings."""
EVERY = (*CURRENT, "legacy", "waived")


@dataclass(frozen=True)
class Facts:
    """What both forms of the report are made of."""

    told: Told

    @property
    def base(self) -> str:
        return self.told.firm.base_currency

    @cached_property
    def new(self) -> set[FindingKey]:
        return hygiene.new_keys(self.told.verdict)

    @cached_property
    def parts(self) -> dict[str, list[Finding]]:
        """Every finding in exactly one table, in the order of the page.

        Errors that a rep answers for stand in the first, wrong values among them: they lower the score. Milder
        doubts about values stand apart.
        """
        parts: dict[str, list[Finding]] = {name: [] for name in EVERY}
        for finding in hygiene.dearest_first(self.told.verdict.findings, self.base):
            parts[_part(finding)].append(finding)
        return parts

    @cached_property
    def shares(self) -> dict[str, Shares]:
        return hygiene.pass_shares(self.told.firm, self.told.verdict, self.told.checked)

    @cached_property
    def rows(self) -> dict[tuple[str, str], Row]:
        """(table, row key) to row, of the rows that bear a finding."""
        wanted: dict[str, set[str]] = defaultdict(set)
        for finding in self.told.verdict.findings:
            wanted[finding.key.table].add(finding.key.row_key)
        tables = self.told.firm.book.tables
        return {(t, row.key): row for t, keys in wanted.items() for row in tables[t].rows if row.key in keys}

    @cached_property
    def deals(self) -> dict[str, Deal]:
        return {deal.key: deal for deal in self.told.firm.book.deals.rows}

    @cached_property
    def people(self) -> list[str]:
        """The worst score first, then by name."""
        scores = self.told.verdict.by_owner
        everyone = hygiene.owners(self.told.verdict, self.shares)
        return sorted(everyone, key=lambda owner: _clean_part(scores.get(owner)))

    def subject(self, finding: Finding) -> str:
        """The deal that a finding speaks of, as people call it; the row's own name where there is no deal."""
        row = self.deals.get(finding.deal or "") or self.rows.get((finding.key.table, finding.key.row_key))
        name = getattr(row, "name", None) or getattr(row, "title", None)
        identity = [str(v) for key in _identity(row) if (v := getattr(row, key, None))]
        if name:
            return f"{name} ({identity[0]})" if identity else str(name)
        return " · ".join(identity) or finding.cell or finding.sheet

    def place(self, finding: Finding) -> str:
        """The header of the column at fault, as it is written in the sheet."""
        headers = self.told.firm.book.tables[finding.key.table].headers
        return headers.get(finding.field or "", finding.title.get(self.told.lang))

    def link(self, finding: Finding) -> Link | SheetLink | str:
        """A link to the very row: by its ID; to the sheet where the row has none of its own."""
        text = self.subject(finding)
        table = self.told.firm.book.tables[finding.key.table]
        row = self.rows.get((finding.key.table, finding.key.row_key))
        identity = table.schema.id_column
        key = getattr(row, identity.key, None) if identity and table.has(identity.key) else None
        if not key or identity is None or finding.key.row_key.startswith("~"):
            return SheetLink(text, finding.sheet)
        return Link(
            text,
            finding.sheet,
            table.positions[identity.key],
            key,
            table.positions.get(finding.field or "", 1),
        )


def _part(finding: Finding) -> str:
    if finding.status in ("legacy", "waived"):
        return finding.status
    if finding.answerable != "rep":
        return "own"
    return "doubts" if finding.rule == "DQ02" and finding.severity != "error" else "findings"


def _clean_part(score: Score | None) -> float:
    return score.clean / score.audited if score and score.audited else 1.0


def _identity(row: Row | None) -> tuple[str, ...]:
    """The columns that tell a row from others."""
    return TABLES[TABLE_OF[type(row)]].identity if row is not None else ()


# -------------------------------------------------------------------- columns


class FindingColumn(NamedTuple):
    """A column of every table of findings: on the page, and as plain data."""

    key: str
    kind: Kind
    header: Text
    at: int
    """Column of the sheet; 0: only in the plain table."""
    plain: Callable[[Finding, Facts], Plain]
    cell: Callable[[Finding, Facts], Shown | Item] | None = None
    style: Style = look.CELL


def _severity(finding: Finding, facts: Facts) -> Shown | Item:
    fill, color = look.HIGHLIGHTS[finding.severity]
    style = replace(look.CELL, fill=fill, color=color, bold=True)
    return Item(2, 2, marked(finding.severity, facts.told.lang), style)


def marked(severity: Severity, lang: str) -> str:
    """`✗ Error`: the mark and the word, never the colour alone."""
    return f"{MARKS[severity]} {SEVERITY.word(severity).get(lang)}"


def _what(finding: Finding, facts: Facts) -> str:
    lang = facts.told.lang
    return f"{finding.title.get(lang)} · {facts.place(finding)}: {finding.actual.get(lang)}"


def _money(finding: Finding, facts: Facts) -> Shown:
    """A number in the firm's currency; any other amount as words, so that no sum adds it up."""
    if finding.amount is None or finding.currency == facts.base:
        return finding.amount
    return wording.amount(finding.amount, finding.currency or "", facts.told.lang)


def _since(finding: Finding, facts: Facts) -> str:
    """Whether it is new since the run before."""
    if finding.status == "legacy":
        return LEGACY.get(facts.told.lang)
    return (NEW if finding.key in facts.new else KNOWN).get(facts.told.lang)


def _owner(finding: Finding, facts: Facts) -> str:
    """Who answers: the owner, or the role where it is not a rep's business."""
    if finding.answerable != "rep":
        return _ROLES[finding.answerable].get(facts.told.lang)
    return finding.owner or NO_OWNER.get(facts.told.lang)


_ROLES = {"hos": Text("Head of Sales", "РОП"), "admin": Text("keeper of the sheet", "кто ведёт лист")}


NEW, KNOWN, LEGACY = Text("new", "новое"), Text("known", "было"), Text("baseline", "исходное")
REP = Text("Rep", "Менеджер")

MONEY_CELL = replace(look.CELL, format=look.MONEY, align="right", indent=1)
NUMBER = replace(look.CELL, align="center")
COLUMNS: tuple[FindingColumn, ...] = (
    FindingColumn("owner", "text", REP, 1, lambda f, _: f.owner, _owner),
    FindingColumn("severity", "choice", Text("Severity", "Важность"), 2, lambda f, _: f.severity, _severity),
    FindingColumn("deal_id", "id", Text("Deal ID", "№ сделки"), 0,
            lambda f, a: getattr(a.deals.get(f.deal or ""), "deal_id", None)),
    FindingColumn("subject", "text", Text("Deal", "Сделка"), 3, lambda f, a: a.subject(f), lambda f, a: a.link(f)),
    FindingColumn("cell", "text", Text("Where", "Где"), 4, lambda f, _: f.cell, lambda f, _: f.cell or f.sheet),
    FindingColumn("rule", "text", Text("Rule", "Правило"), 5, lambda f, _: f.rule, lambda f, _: f.rule, NUMBER),
    FindingColumn("amount", "money", Text("Amount, {currency}", "Сумма, {currency}"), 6, lambda f, _: f.amount, _money,
            MONEY_CELL),
    FindingColumn("currency", "text", Text("Currency", "Валюта"), 0, lambda f, _: f.currency),
    FindingColumn("first_seen", "date", Text("First seen", "Впервые"), 7, lambda f, _: f.first_seen,
            lambda f, _: f.first_seen, NUMBER),
    FindingColumn("since", "text", Text("New?", "Новое?"), 8, _since, _since, NUMBER),
    FindingColumn("minutes", "whole", Text("Minutes", "Минут"), 9, lambda f, _: f.minutes, lambda f, _: f.minutes, NUMBER),
    FindingColumn("id", "id", Text("Finding ID", "№ находки"), 10, lambda f, _: f.id, lambda f, _: f.id, look.FAINT),
    FindingColumn("title", "text", Text("Rule in words", "Правило словами"), 0, lambda f, a: f.title.get(a.told.lang)),
    FindingColumn("actual", "text", Text("What is wrong", "Что не так"), 11, lambda f, a: f.actual.get(a.told.lang), _what),
    FindingColumn("fix", "text", Text("What to do", "Что сделать"), 12, lambda f, a: f.fix.get(a.told.lang),
            lambda f, a: f.fix.get(a.told.lang)),
    FindingColumn("expected", "text", Text("As it should be", "Как должно быть"), 13,
            lambda f, a: f.expected.get(a.told.lang), lambda f, a: f.expected.get(a.told.lang)),
    FindingColumn("clause", "text", Text("Clause of the Sales Book", "Пункт Книги продаж"), 0,
            lambda f, a: f.clause.get(a.told.lang)),
)  # fmt: skip
