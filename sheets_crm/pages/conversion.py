"""Conversion: where deals are lost, how many are won and how fast, who stands out; as a sheet and as plain tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sheets_crm.metrics.conversion import Funnel, Ratio, funnels
from sheets_crm.pages import Told
from sheets_crm.pages import conversion_words as words
from sheets_crm.pages.conversion_page import ConversionPage
from sheets_crm.pages.tables import Plain, ReportColumn, ReportTable
from sheets_crm.schema import Kind
from sheets_crm.schema.choices import CATEGORY
from sheets_crm.sheet import Page
from sheets_crm.text import Lang, Text

Rows = Iterator[tuple[Plain, ...]]


def page(told: Told, name: str) -> Page:
    """The Conversion sheet."""
    return ConversionPage(told, funnels(told.firm)).build(name)


def tables(told: Told) -> Sequence[ReportTable]:
    """The blocks of the sheet as plain tables; every row says of which pipeline it speaks. Shares in per cent."""
    found = funnels(told.firm)
    return [_table(name, described, found, told.lang) for name, described in _TABLES.items()]


_Column = tuple[str, Kind, str, str]
"""(key, kind, English header, Russian header)."""
_Described = tuple[Text, tuple[_Column, ...], Callable[[Funnel, Lang], Rows]]


def _table(name: str, described: _Described, found: Sequence[Funnel], lang: Lang) -> ReportTable:
    title, columns, rows = described
    made = tuple(ReportColumn(key, kind, Text(en, ru)) for key, kind, en, ru in (_PIPELINE, *columns))
    return ReportTable(
        name, title, made, [(funnel.name, *row) for funnel in found for row in rows(funnel, lang)]
    )


def _summary(funnel: Funnel, lang: Lang) -> Rows:
    worst = funnel.worst
    yield (
        words.headline(funnel).get(lang), funnel.period.start, funnel.period.end, funnel.days, funnel.seen_from,
        funnel.judged, worst.stage.stage if worst else None, worst.lost if worst else None,
        worst.entered if worst else None, funnel.now.handed_over, funnel.firm.base_currency,
    )  # fmt: skip


def _stages(funnel: Funnel, _: Lang) -> Rows:
    for s in funnel.table:
        cohort = (s.entered, s.moved, s.lost, s.junk, s.undecided, s.young) if funnel.judged else (None,) * 6
        yield (
            s.stage.stage, s.now, s.revenue, s.unpriced, *cohort, s.conversion.percent, s.drop_out.percent,
            s.open_part.percent, s.days, s.mature,
        )  # fmt: skip


def _rates(funnel: Funnel, lang: Lang) -> Rows:
    now, before = funnel.now, funnel.before
    for rate in words.RATES:
        if funnel.firm.has("Deals.amount") or not rate.money:
            is_, was = rate.of(now), rate.of(before)
            yield (
                rate.key, rate.name.get(lang), is_.part, is_.whole, is_.percent, was.part, was.whole, was.percent,
            )  # fmt: skip


def _cycles(funnel: Funnel, lang: Lang) -> Rows:
    now, before = funnel.now, funnel.before
    for cycle in words.CYCLES:
        yield cycle.key, cycle.name.get(lang), *cycle.of(now), *cycle.of(before)


def _reps(funnel: Funnel, lang: Lang) -> Rows:
    if not funnel.firm.has("Deals.owner"):
        return
    for rep in funnel.reps:
        low, high = (Ratio(round(1000 * b), 1000).percent for b in rep.bounds) if rep.bounds else (None, None)
        yield (
            rep.owner, rep.role, rep.wins.part, rep.wins.whole, rep.wins.percent, low, high, rep.team.percent,
            rep.verdict, words.VERDICTS[rep.verdict].get(lang),
        )  # fmt: skip


def _rep_stages(funnel: Funnel, lang: Lang) -> Rows:
    if not (funnel.firm.has("Deals.owner") and funnel.judged):
        return
    for rep in funnel.reps:
        for stage, share in zip(funnel.stages, rep.stages, strict=True):
            if share.ratio.whole:
                yield (
                    rep.owner, stage.stage, share.ratio.part, share.ratio.whole, share.ratio.percent,
                    share.verdict, words.VERDICTS[share.verdict].get(lang),
                )  # fmt: skip


def _losses(funnel: Funnel, lang: Lang) -> Rows:
    for loss in funnel.losses:
        category = CATEGORY.word(loss.category).get(lang) if loss.category else None
        yield loss.reason, loss.category, category, loss.stage, loss.deals, loss.amount, loss.unpriced


def _gaps(funnel: Funnel, lang: Lang) -> Rows:
    for gap in words.gaps(funnel):
        yield gap.what.get(lang), gap.deals, gap.needed, gap.why.get(lang)


# --------------------------------------------------------------------- columns

_PIPELINE: _Column = ("pipeline", "text", "Pipeline", "Воронка")
_STAGE: _Column = ("stage", "text", "Stage", "Этап")
_REP: _Column = ("owner", "text", "Rep", "Менеджер")
_ENTERED: _Column = ("entered", "whole", "Entered", "Вошли")
_MOVED: _Column = ("moved", "whole", "Moved on", "Прошли дальше")
_SHARE: _Column = ("share", "percent", "Share, %", "Доля, %")
_FIGURE: tuple[_Column, ...] = (
    ("figure", "text", "Figure", "Показатель"),
    ("name", "text", "In words", "Словами"),
)
_UNPRICED: _Column = ("unpriced", "whole", "Without an amount", "Без суммы")
_VERDICT: tuple[_Column, ...] = (
    ("verdict", "text", "Verdict", "Вывод"),
    ("verdict_words", "text", "In words", "Словами"),
)
_TABLES: dict[str, _Described] = {
    "summary": (
        Text("Conversion", "Конверсии"),
        (
            ("headline", "text", "In words", "Словами"),
            ("period_start", "date", "From", "С"),
            ("period_end", "date", "To", "По"),
            ("days", "whole", "Days", "Дней"),
            ("seen_from", "date", "Moves seen since", "Переходы видны с"),
            ("judged", "yesno", "Stages judged", "Этапы оценены"),
            ("worst_stage", "text", "Loses most", "Теряет больше всего"),
            ("worst_lost", "whole", "Lost there", "Потеряно там"),
            ("worst_entered", "whole", "Of", "Из"),
            ("handed_over", "whole", "Handed over", "Передано"),
            ("currency", "text", "Currency", "Валюта"),
        ),
        _summary,
    ),
    "stages": (
        Text("Stages", "Этапы"),
        (
            _STAGE,
            ("now", "whole", "Deals now", "Сделок сейчас"),
            ("revenue", "money", "Their amounts", "Их сумма"),
            _UNPRICED,
            _ENTERED,
            _MOVED,
            ("lost", "whole", "Lost", "Отказ"),
            ("junk", "whole", "Of them junk", "Из них брак"),
            ("undecided", "whole", "Undecided", "Не решено"),
            ("young", "whole", "Too recent", "Рано судить"),
            ("conversion", "percent", "Conversion, %", "Конверсия, %"),
            ("drop_out", "percent", "Drop-out, %", "Отсев, %"),
            ("undecided_share", "percent", "Undecided, %", "Не решено, %"),
            ("days", "number", "Median days", "Дней, медиана"),
            ("mature_days", "whole", "Judged after, days", "Судим через, дней"),
        ),
        _stages,
    ),
    "win_rate": (
        Text("Win rate", "Доля побед"),
        (
            *_FIGURE,
            ("won", "number", "Won", "Выиграно"),
            ("closed", "number", "Closed", "Закрыто"),
            _SHARE,
            ("won_before", "number", "Won before", "Раньше выиграно"),
            ("closed_before", "number", "Closed before", "Раньше закрыто"),
            ("share_before", "percent", "Share before, %", "Раньше доля, %"),
        ),
        _rates,
    ),
    "cycle": (
        Text("Cycle, days", "Цикл сделки, дней"),
        (
            *_FIGURE,
            ("deals", "whole", "Deals", "Сделок"),
            ("mean", "number", "Mean", "Среднее"),
            ("median", "number", "Median", "Медиана"),
            ("deals_before", "whole", "Deals before", "Раньше сделок"),
            ("mean_before", "number", "Mean before", "Раньше среднее"),
            ("median_before", "number", "Median before", "Раньше медиана"),
        ),
        _cycles,
    ),
    "reps": (
        Text("Reps against the team", "Менеджеры против команды"),
        (
            _REP,
            ("role", "text", "Role", "Роль"),
            ("won", "whole", "Won", "Выиграно"),
            ("closed", "whole", "Closed", "Закрыто"),
            _SHARE,
            ("low", "percent", "At least, %", "Не меньше, %"),
            ("high", "percent", "At most, %", "Не больше, %"),
            ("team", "percent", "Team, %", "Команда, %"),
            *_VERDICT,
        ),
        _reps,
    ),
    "rep_stages": (
        Text("Stage conversion by rep", "Конверсия этапов по менеджерам"),
        (_REP, _STAGE, _MOVED, _ENTERED, _SHARE, *_VERDICT),
        _rep_stages,
    ),
    "losses": (
        Text("Losses by reason and stage", "Отказы по причинам и этапам"),
        (
            ("reason", "text", "Reason", "Причина"),
            ("category", "text", "Category", "Группа"),
            ("category_words", "text", "In words", "Словами"),
            _STAGE,
            ("deals", "whole", "Deals", "Сделок"),
            ("amount", "money", "Amount", "Сумма"),
            _UNPRICED,
        ),
        _losses,
    ),
    "gaps": (
        Text("What cannot be said", "Чего сказать нельзя"),
        (
            ("what", "text", "What", "Что"),
            ("deals", "whole", "Deals", "Сделок"),
            ("needed", "whole", "Needed", "Нужно"),
            ("why", "text", "Why", "Почему"),
        ),
        _gaps,
    ),
}
