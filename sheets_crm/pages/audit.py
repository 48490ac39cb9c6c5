"""The Audit: how clean the pipeline is, whom to talk to first, what to mend; as a sheet and as plain tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sheets_crm.checks import RULES
from sheets_crm.metrics import hygiene
from sheets_crm.metrics.hygiene import SEVEN
from sheets_crm.pages import Told, wording
from sheets_crm.pages.audit_page import AuditPage
from sheets_crm.pages.finding_rows import COLUMNS, EVERY, Facts
from sheets_crm.pages.tables import Described, Plain, ReportColumn, ReportTable, filled
from sheets_crm.schema import Kind
from sheets_crm.sheet import Page
from sheets_crm.text import Text

Rows = Iterator[tuple[Plain, ...]]


def page(told: Told, name: str) -> Page:
    """The Audit sheet."""
    return AuditPage(Facts(told)).build(name)


def tables(told: Told) -> Sequence[ReportTable]:
    """The blocks of the sheet as plain tables, without its limit of rows; findings partitioned as there."""
    facts = Facts(told)
    findings = tuple(ReportColumn(c.key, c.kind, c.header.fill(currency=facts.base)) for c in COLUMNS)
    return (
        filled("summary", _SUMMARY, _summary(facts)),
        filled("figures", _FIGURES, _figures(facts)),
        filled("whom_first", _WHOM, _whom(facts)),
        filled("people", _PEOPLE, _people(facts)),
        filled("checks", _CHECKS, _checks(facts)),
        filled("movement", _MOVEMENT, _movement(facts)),
        *(
            ReportTable(
                name,
                _PARTS[name],
                findings,
                [[c.plain(f, facts) for c in COLUMNS] for f in facts.parts[name]],
            )
            for name in EVERY
        ),
        filled("rules", _RULES, _rules(facts)),
        filled("not_checked", _NOT_CHECKED, _not_checked(facts)),
        filled("rows", _ROWS, _rows(facts)),
        filled("excluded", _EXCLUDED, _excluded(facts)),
    )


_Column = tuple[str, Kind, str, str]


def _summary(facts: Facts) -> Rows:
    told, verdict = facts.told, facts.told.verdict
    yield (
        told.firm.as_of, wording.book_version(told).get(told.lang), wording.headline(told).get(told.lang),
        verdict.firm.clean, verdict.firm.audited, verdict.firm.score, hygiene.score_before(told.firm), told.head or None,
    )  # fmt: skip


def _figures(facts: Facts) -> Rows:
    for figure in hygiene.five_figures(facts.told.firm, facts.told.verdict):
        reason = figure.reason.get(facts.told.lang) if figure.reason else None
        legacy = None if figure.number is None else figure.legacy
        name = wording.FIGURES[figure.key].get(facts.told.lang)
        yield figure.key, name, figure.rule, figure.number, legacy, figure.change, reason


def _whom(facts: Facts) -> Rows:
    lang = facts.told.lang
    for talk in hygiene.whom_first(facts.told.verdict.findings, facts.base):
        finding = talk.finding
        deal = facts.deals.get(finding.deal or "")
        yield (
            talk.owner, deal.deal_id if deal else None, facts.subject(finding), finding.cell, talk.money.base, facts.base,
            wording.others(talk.money, lang) or None, talk.errors, talk.deals, talk.legacy,
            wording.why_talk(talk, facts.place(finding)).get(lang), wording.ask(talk).get(lang), finding.id,
        )  # fmt: skip


def _people(facts: Facts) -> Rows:
    verdict = facts.told.verdict
    for owner in facts.people:
        mine = [f for name in ("findings", "doubts") for f in facts.parts[name] if f.owner == owner]
        score = verdict.by_owner.get(owner)
        yield owner, *(score or (0, 0, None)), hygiene.minutes(mine)


def _checks(facts: Facts) -> Rows:
    for check in SEVEN:
        shares = facts.shares[check.key]
        name, codes = check.name.get(facts.told.lang), ", ".join(check.rules)
        reason = shares.reason.get(facts.told.lang) if shares.reason else None
        for owner in (None, *facts.people):
            share = shares.firm if owner is None else shares.by_owner.get(owner)
            if owner is None or share is not None:
                passed, judged = share or (0, 0)
                value = hygiene.percent(passed, judged) if judged else None
                yield check.key, name, codes, owner, passed, judged, value, reason


def _movement(facts: Facts) -> Rows:
    movement, last = hygiene.movement(facts.told.verdict), facts.told.firm.past.last
    if movement is not None and last is not None:
        yield last.as_of, *movement


def _rules(facts: Facts) -> Rows:
    for count in hygiene.by_rule(facts.told.verdict.findings):
        lang = facts.told.lang
        yield count.rule, count.title.get(lang), *count[3:], count.clause.get(lang)


def _not_checked(facts: Facts) -> Rows:
    for item in facts.told.verdict.not_checked:
        lang = facts.told.lang
        yield item.rule, RULES[item.rule].title.get(lang), item.part, item.rows, item.reason.get(lang)


def _rows(facts: Facts) -> Rows:
    for key, table in facts.told.firm.book.tables.items():
        if table:
            yield key, table.sheet, table.read, len(table.rows), len(table.excluded)


def _excluded(facts: Facts) -> Rows:
    for table in facts.told.firm.book.tables.values():
        for row in table.excluded:
            yield row.cell, row.reason.get(facts.told.lang)


# --------------------------------------------------------------------- columns

_RULE: _Column = ("rule", "text", "Rule", "Правило")
_REASON: _Column = ("reason", "text", "Why", "Почему")
_OWNER: _Column = ("owner", "text", "Rep", "Менеджер")
_MINUTES: _Column = ("minutes", "whole", "Minutes", "Минут")
_SUMMARY: Described = (
    Text("Audit", "Аудит"),
    (
        ("as_of", "date", "Date", "Дата"),
        ("book_version", "text", "Sales Book", "Книга продаж"),
        ("headline", "text", "In words", "Словами"),
        ("clean", "whole", "Clean deals", "Чистых сделок"),
        ("audited", "whole", "Audited deals", "Проверенных сделок"),
        ("score", "whole", "Score", "Оценка"),
        ("score_before", "whole", "Score before", "Оценка раньше"),
        ("log_head", "text", "Seal of the log", "Подпись журнала"),
    ),
)
_FIGURES: Described = (
    Text("Five figures", "Пять показателей"),
    (
        ("figure", "text", "Figure", "Показатель"),
        ("name", "text", "In words", "Словами"),
        _RULE,
        ("count", "whole", "Count", "Сколько"),
        ("legacy", "whole", "Baseline", "Исходные"),
        ("change", "whole", "Change", "Изменение"),
        _REASON,
    ),
)
_WHOM: Described = (
    Text("Whom to talk to first", "С кем поговорить первым"),
    (
        _OWNER,
        ("deal_id", "id", "Deal ID", "№ сделки"),
        ("subject", "text", "Start with this deal", "Начните с этой сделки"),
        ("cell", "text", "Where", "Где"),
        ("amount", "money", "At stake", "Под угрозой"),
        ("currency", "text", "Currency", "Валюта"),
        ("other_amounts", "text", "In other currencies", "В других валютах"),
        ("errors", "whole", "Errors", "Ошибок"),
        ("deals", "whole", "Deals", "Сделок"),
        ("legacy", "yesno", "Baseline only", "Только исходные"),
        ("why", "text", "Why", "Почему"),
        ("ask", "text", "What to ask", "Что спросить"),
        ("id", "id", "Finding ID", "№ находки"),
    ),
)
_PEOPLE: Described = (
    Text("Score by rep", "Оценка по менеджерам"),
    (
        _OWNER,
        ("clean", "whole", "Clean deals", "Чистых сделок"),
        ("audited", "whole", "Audited deals", "Проверенных сделок"),
        ("score", "whole", "Score", "Оценка"),
        _MINUTES,
    ),
)
_CHECKS: Described = (
    Text("Seven checks", "Семь проверок"),
    (
        ("check", "text", "Check", "Проверка"),
        ("name", "text", "In words", "Словами"),
        ("rules", "text", "Rules", "Правила"),
        _OWNER,
        ("passed", "whole", "Passed", "Без замечаний"),
        ("judged", "whole", "Judged", "Проверено"),
        ("share", "percent", "Share, %", "Доля, %"),
        _REASON,
    ),
)
_MOVEMENT: Described = (
    Text("Since the last run", "С прошлого запуска"),
    (
        ("since", "date", "Last run", "Прошлый запуск"),
        ("new", "whole", "New", "Новых"),
        ("repaired", "whole", "Repaired", "Исправлено"),
        ("remaining", "whole", "Still open", "Остаётся"),
        ("legacy", "whole", "Of them baseline", "Из них исходных"),
        ("paused", "whole", "Not judged now", "Сейчас не проверялось"),
        ("gone", "whole", "Row is gone", "Строки больше нет"),
    ),
)
_PARTS = {
    "findings": Text("What to mend", "Что исправить"),
    "doubts": Text("Doubtful values", "Сомнения в данных"),
    "own": Text("For the Head of Sales", "За РОПом"),
    "legacy": Text("Baseline", "Исходные"),
    "waived": Text("Waived", "Исключения"),
}
_RULES: Described = (
    Text("By rule", "По правилам"),
    (
        _RULE,
        ("title", "text", "In words", "Словами"),
        ("error", "whole", "Errors", "Ошибок"),
        ("warning", "whole", "Warnings", "Предупреждений"),
        ("info", "whole", "Info", "К сведению"),
        ("legacy", "whole", "Baseline", "Исходные"),
        _MINUTES,
        ("clause", "text", "Clause of the Sales Book", "Пункт Книги продаж"),
    ),
)
_NOT_CHECKED: Described = (
    Text("Not checked", "Не проверено"),
    (
        _RULE,
        ("title", "text", "What it looks for", "Что ищет"),
        ("part", "text", "Part", "Часть"),
        ("rows", "whole", "Rows", "Строк"),
        _REASON,
    ),
)
_ROWS: Described = (
    Text("Rows read", "Прочитанные строки"),
    (
        ("table", "text", "Table", "Таблица"),
        ("sheet", "text", "Sheet", "Лист"),
        ("read", "whole", "Read", "Прочитано"),
        ("judged", "whole", "Judged", "Проверено"),
        ("excluded", "whole", "Excluded", "Исключено"),
    ),
)
_EXCLUDED: Described = (
    Text("Excluded rows", "Исключённые строки"),
    (("cell", "text", "Excluded row", "Исключённая строка"), _REASON),
)
