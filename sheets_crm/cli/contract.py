"""What other programs read: every answer as JSON, `schema_version` 1, its JSON Schema in templates/json.

All keys are always present; dates are ISO, money is a decimal string; `table` is the key, `sheet` the file's name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from sheets_crm.book.settings import Settings, resolve
from sheets_crm.checks import RULES, Rule
from sheets_crm.findings import Finding, NotChecked
from sheets_crm.inert import in_json
from sheets_crm.pages import Told
from sheets_crm.pages.tables import Plain, ReportTable
from sheets_crm.schema import TABLES, Column, Kind, Setting
from sheets_crm.sync import Run
from sheets_crm.text import Text
from sheets_crm.verdict import Score, Verdict, period_start

if TYPE_CHECKING:
    from sheets_crm.verify import Sealed, Verified

SCHEMA_VERSION = 1
Json = dict[str, Any]


def dumped(answer: Json) -> str:
    """An answer as it is printed."""
    return in_json(answer) + "\n"


def json_schema(name: str) -> Json:
    """The JSON Schema of an answer: audit, report, schema, rules or verify."""
    text = (files("sheets_crm") / "templates" / "json" / f"{name}.schema.json").read_text("utf-8")
    found: Json = json.loads(text)
    return found


def money(value: Decimal | None) -> str | None:
    """A sum as a decimal string without needless zeros, never with an exponent."""
    if value is None:
        return None
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class View(NamedTuple):
    """A run as it is shown: all of it, or only what some rules say."""

    run: Run
    codes: frozenset[str] = frozenset()
    """Empty: all rules."""

    @property
    def verdict(self) -> Verdict:
        """Findings and gaps of the rules that are shown; score and history are the firm's."""
        whole = self.run.verdict
        if not self.codes:
            return whole
        return replace(
            whole,
            findings=tuple(f for f in whole.findings if f.rule in self.codes),
            checked=tuple(code for code in whole.checked if code in self.codes),
            not_checked=tuple(item for item in whole.not_checked if item.rule in self.codes),
        )

    @property
    def told(self) -> Told:
        """What sentences and reports are made of: always the whole run."""
        return self.run.told


# -------------------------------------------------------------------- audit


def audit_json(view: View, lang: str) -> Json:
    """`audit --format json`."""
    run, verdict, baseline = view.run, view.verdict, view.run.baseline
    return {
        "schema_version": SCHEMA_VERSION,
        "workbook": run.label,
        "as_of": run.firm.as_of.isoformat(),
        "lang": lang,
        "run_recorded": recorded(run),
        "baseline": {"run": baseline.number, "as_of": baseline.as_of.isoformat()} if baseline else None,
        "checked": list(verdict.checked),
        "not_checked": [_not_checked(item, lang) for item in verdict.not_checked],
        "rows": {
            key: {
                "read": table.read,
                "audited": len(table.rows),
                "excluded": [{"cell": e.cell, "reason": e.reason.get(lang)} for e in table.excluded],
            }
            for key, table in run.book.tables.items()
            if table
        },
        "counts": verdict.counts,
        "score": {
            "firm": verdict.firm.score,
            "by_owner": {owner: _score(score) for owner, score in verdict.by_owner.items()},
        },
        "findings": [finding_json(finding, lang) for finding in verdict.findings],
    }


def recorded(run: Run) -> bool:
    """Whether the log in the workbook now holds this run."""
    return run.repeated or (run.applied is not None and run.applied.beside is None)


def _not_checked(item: NotChecked, lang: str) -> Json:
    return {"rule": item.rule, "part": item.part, "rows": item.rows, "reason": item.reason.get(lang)}


def _score(score: Score) -> Json:
    return {"clean": score.clean, "audited": score.audited, "score": score.score}


def finding_json(finding: Finding, lang: str) -> Json:
    """One finding, as JSON and CSV have it."""
    return {
        "id": finding.id,
        "occurrence": finding.occurrence,
        "rule": finding.rule,
        "also": list(finding.also),
        "name": finding.name,
        "title": finding.title.get(lang),
        "severity": finding.severity,
        "answerable": finding.answerable,
        "status": finding.status,
        "table": finding.key.table,
        "sheet": finding.sheet,
        "row_key": finding.key.row_key,
        "cell": finding.cell,
        "field": finding.field,
        "owner": finding.owner,
        "actual": finding.actual.get(lang),
        "expected": finding.expected.get(lang),
        "fix": finding.fix.get(lang),
        "clause": finding.clause.get(lang),
        "minutes": finding.minutes,
        "amount": money(finding.amount),
        "currency": finding.currency,
        "first_seen": _iso(finding.first_seen),
        "last_seen": _iso(finding.last_seen),
        "waiver": finding.waiver,
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


# ------------------------------------------------------------------ reports


def report_json(view: View, name: str, tables: Sequence[ReportTable], lang: str) -> Json:
    """`report NAME --format json`."""
    run = view.run
    first, last = period_of(run)
    return {
        "schema_version": SCHEMA_VERSION,
        "report": name,
        "as_of": run.firm.as_of.isoformat(),
        "period": {"from": first.isoformat(), "to": last.isoformat()},
        "tables": [
            {
                "name": table.name,
                "columns": [
                    {"key": c.key, "kind": c.kind, "header": c.header.get(lang)} for c in table.columns
                ],
                "rows": [
                    [_plain(v, c.kind) for v, c in zip(row, table.columns, strict=True)] for row in table.rows
                ],
            }
            for table in tables
        ],
    }


def period_of(run: Run) -> tuple[date, date]:
    """First and last day of the period: the month or the quarter of the run's day, or up to the day asked for."""
    length = run.firm.setting("period")
    first = period_start(run.firm.as_of, length)
    after = period_start(first + timedelta(days=31 if length == "month" else 92), length)
    return first, run.until or after - timedelta(days=1)


def _plain(value: Plain, kind: Kind) -> Any:
    if isinstance(value, Decimal):
        if kind == "money":
            return money(value)
        return int(value) if value == value.to_integral_value() else float(value)
    if kind == "money" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value


# ------------------------------------------------------------------- verify


def verify_json(found: Verified, lang: str) -> Json:
    """`verify --format json`."""
    trace = found.trace
    return {
        "schema_version": SCHEMA_VERSION,
        "workbook": found.label,
        "sound": not found.faults,
        "lines": len(trace.lines),
        "last": _sealed(trace.sealed[-1] if trace.sealed else None),
        "printed": _sealed(found.printed),
        "reports": [{"report": r.report, "sheet": r.sheet, "state": r.state} for r in found.reports],
        "faults": [
            {"message": f.words.get(lang), "cell": f.cell, "run": f.run, "as_of": _iso(f.as_of)}
            for f in found.faults
        ],
        "notes": [note.get(lang) for note in found.notes],
    }


def _sealed(run: Sealed | None) -> Json | None:
    return run and {"run": run.number, "as_of": run.as_of.isoformat(), "seal": run.seal}


# --------------------------------------------------------- schema and rules


def schema_json() -> Json:
    """`schema --format json`."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tables": [
            {"key": table.key, "sheet": _both(table.sheet), "columns": [_column(c) for c in table.columns]}
            for table in TABLES.values()
        ],
    }


def _column(column: Column) -> Json:
    return {
        "key": column.key,
        "kind": column.kind,
        "required": column.required,
        "daily": column.daily,
        "header": _both(column.header),
        "meaning": _both(column.meaning),
    }


def shipped() -> Settings:
    """The Sales Book as we ship it."""
    return resolve((), {code: rule.settings for code, rule in RULES.items()}, date.max, "en")


def rules_json(settings: Settings) -> Json:
    """`rules list --format json`, with the values that hold in a firm."""
    return {
        "schema_version": SCHEMA_VERSION,
        "rules": [_rule(rule, settings.rules[code]) for code, rule in RULES.items()],
    }


def _rule(rule: Rule, values: Mapping[str, Any]) -> Json:
    defaults = shipped().rules[rule.code]
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity,
        "answerable": rule.answerable,
        "tables": list(rule.tables),
        "items": list(rule.items),
        "needs": [list(alternatives) for alternatives in rule.needs],
        "settings": [_setting(s, defaults[name], values[name]) for name, s in rule.settings.items()],
        "title": _both(rule.title),
    }


def _setting(setting: Setting, default: Any, value: Any) -> Json:
    return {
        "name": setting.name,
        "kind": setting.kind,
        "default": typed(default),
        "value": typed(value),
        "meaning": _both(setting.meaning),
    }


def typed(value: Any) -> Any:
    """A setting's value as JSON."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if isinstance(value, date) else value


def _both(text: Text) -> Json:
    return {"en": text.en, "ru": text.ru}
