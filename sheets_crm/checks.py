"""The rules, loaded and run: a firm goes in, findings and what could not be judged come out."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain

from sheets_crm import rules
from sheets_crm.book import TABLE_OF, Book, TableRows
from sheets_crm.book.settings import Settings, resolve
from sheets_crm.findings import Answerable, Finding, FindingKey, Found, Judged, NotChecked, Unchecked
from sheets_crm.firm import Firm
from sheets_crm.history import place
from sheets_crm.rules.registry import RULES, Rule
from sheets_crm.schema import TABLES, Row
from sheets_crm.text import Text

__all__ = ["RULES", "Checked", "Rule", "run", "settings_of"]

for _room in sorted(module.name for module in pkgutil.iter_modules(rules.__path__)):
    importlib.import_module(f"{rules.__name__}.{_room}")
for _code in sorted(RULES):
    RULES[_code] = RULES.pop(_code)

_STAND_INS = ("next_step", "name", "deal_id", "stage")
"""Where a finding stands whose own column does not exist."""
_KEEPERS: dict[str, Answerable] = {
    "SalesBook": "hos", "Stages": "hos", "LossReasons": "hos", "Team": "admin", "Plans": "admin", "Waivers": "admin",
    "Absences": "admin", "Holidays": "admin", "Rates": "admin",
}  # fmt: skip
"""Who answers for findings on a table, whatever the rule (ruling R3)."""


@dataclass(frozen=True)
class Checked:
    """What the rules said about a firm."""

    findings: tuple[Finding, ...]
    """Placed in history, but not yet judged; one per key."""
    judged: Mapping[str, Sequence[Row]]
    """Code to the rows that the rule judged; only rules that judged at least one."""
    unchecked: Mapping[str, Sequence[Unchecked]]
    """Code to what it could not judge, although it ran."""
    not_checked: tuple[NotChecked, ...]
    """Everything that was not judged, with its reason, for people."""


def settings_of(book: Book, as_of: date) -> Settings:
    """The Sales Book as it is in force on a day."""
    return resolve(book.clauses.rows, {code: rule.settings for code, rule in RULES.items()}, as_of, book.lang)


def run(firm: Firm) -> Checked:
    """Every rule that is switched on and whose columns exist, over the firm."""
    findings: dict[FindingKey, Finding] = {}
    judged: dict[str, Sequence[Row]] = {}
    unchecked: dict[str, Sequence[Unchecked]] = {}
    skipped: list[NotChecked] = []
    for rule in RULES.values():
        reason = _obstacle(rule, firm)
        if reason is not None:
            skipped.append(NotChecked(rule.code, reason))
            continue
        rows: list[Sequence[Row]] = []
        gaps: list[Unchecked] = []
        for outcome in rule.judge(firm, **firm.settings.rules.get(rule.code, {})):
            if isinstance(outcome, Found):
                finding = _finding(rule, outcome, firm)
                findings.setdefault(finding.key, finding)
            elif isinstance(outcome, Judged):
                rows += [outcome.rows] if outcome.rows else []
            else:
                gaps.append(outcome)
        skipped += [NotChecked(rule.code, g.reason, g.part, len(g.rows) or None) for g in gaps]
        if rows:
            # Most rules look at all deals or tasks: a list of their own for each would take as much room as the rows.
            judged[rule.code] = rows[0] if len(rows) == 1 else list(chain(*rows))
            unchecked[rule.code] = gaps
        elif not gaps:
            skipped.append(NotChecked(rule.code, _NO_ROWS))
    return Checked(tuple(findings.values()), judged, unchecked, tuple(skipped))


def _obstacle(rule: Rule, firm: Firm) -> Text | None:
    """Why a rule cannot be run at all; None if it can."""
    if rule.code in firm.settings.off:
        return _SWITCHED_OFF
    return next((reason for names in rule.needs if (reason := lacking(firm.book, *names))), None)


def lacking(book: Book, *alternatives: str) -> Text | None:
    """That none of these `Table` or `Table.column` exists, in words; None if one does."""
    if any(book.has(name) for name in alternatives):
        return None
    names = [_described(name, book) for name in alternatives]
    either = Text(" or ".join(n.en for n in names), " или ".join(n.ru for n in names))
    return Text("there is no {what}", "нет: {what}").fill(what=either)


def _described(name: str, book: Book) -> Text:
    """`Tasks.due_at` as people call it: the sheet, or the column on its sheet."""
    key, _, column = name.partition(".")
    table = TABLES[key]
    if not column or not book.tables[key]:
        return Text("sheet “{s}”", "лист «{s}»").fill(s=table.sheet)
    return Text("column “{c}” on “{s}”", "столбец «{c}» на листе «{s}»").fill(
        c=table.column(column).header, s=book.tables[key].sheet
    )


def _finding(rule: Rule, found: Found, firm: Firm) -> Finding:
    key = TABLE_OF[type(found.row)]
    table = firm.book.tables[key]
    field = found.field if table.has(found.field) else next(_stand_ins(table), None)
    deal = firm.deal_of(found.row)
    own = firm.settings.severity.get(rule.code)
    severity = own if own and own != rule.severity else found.severity or rule.severity
    finding_key = FindingKey(rule.code, key, found.row.key, found.field, found.detail)
    return Finding(
        finding_key, rule.name, rule.title, severity,  # type: ignore[arg-type]
        _KEEPERS.get(key, rule.answerable), table.sheet or "", found.row.row,
        table.cell(found.row.row, field) if field else None, field,
        firm.owner_of(found.row),
        found.words, found.actual or found.words, found.expected, found.fix, _clause(rule, firm),
        firm.settings.minutes.get(rule.code, rule.minutes), deal.key if deal else None,
        deal.amount if deal else None, ((deal.currency or firm.base_currency).upper() if deal.amount is not None else None)
        if deal else None,
        *place(finding_key, firm.past, firm.as_of), firm.as_of,
    )  # fmt: skip


def _stand_ins(table: TableRows[Row]) -> Iterator[str]:
    """Where a finding may stand whose own column does not exist: a stand-in, any column at all."""
    return (name for name in (*_STAND_INS, *table.positions) if table.has(name))


def _clause(rule: Rule, firm: Firm) -> Text:
    own = firm.settings.clauses.get(rule.code)
    return Text(own, own) if own and own not in rule.clause else rule.clause


_SWITCHED_OFF = Text("switched off in the Sales Book", "выключено в Книге продаж")
_NO_ROWS = Text("there is nothing to judge yet", "пока нечего проверять")
