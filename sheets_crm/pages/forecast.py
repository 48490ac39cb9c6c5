"""The forecast: what the period will bring against its plan, who and what decides it; as a sheet and as plain tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal

from sheets_crm.forecast import Figures, Forecast, Outlook
from sheets_crm.metrics import pipeline
from sheets_crm.metrics.pipeline import STEPS
from sheets_crm.pages import Told
from sheets_crm.pages import forecast_words as words
from sheets_crm.pages.forecast_page import ForecastPage
from sheets_crm.pages.tables import Described, Plain, ReportTable, filled
from sheets_crm.schema import Deal, Kind
from sheets_crm.sheet import Page
from sheets_crm.text import Text

Rows = Iterator[tuple[Plain, ...]]


def page(told: Told, name: str) -> Page:
    """The Forecast sheet."""
    return ForecastPage(told, Forecast(told.firm, told.until)).build(name)


def tables(told: Told) -> Sequence[ReportTable]:
    """The blocks of the sheet as plain tables, without its limits of rows; `deals` holds every open deal."""
    forecast = Forecast(told.firm, told.until)
    return (
        filled("periods", _PERIODS, _periods(forecast, told.lang)),
        filled("gap", _GAP, _gap(forecast, told.lang)),
        filled("people", _PEOPLE, _people(forecast)),
        filled("deciding", _DECIDING, _deciding(forecast, told.lang)),
        filled("not_counted", _NOT_COUNTED, _not_counted(forecast, told.lang)),
        filled("waterfall", _WATERFALL, _waterfall(forecast, told.lang)),
        filled("stages", _STAGES, _stages(forecast)),
        filled("overrides", _OVERRIDES, _overrides(forecast, told.lang)),
        filled("deals", _DEALS, _deals(forecast, told.lang)),
        filled("revenue", _REVENUE, _revenue(forecast)),
        filled("not_checked", _NOT_CHECKED, _not_checked(forecast, told.lang)),
    )


_Column = tuple[str, Kind, str, str]


def _periods(forecast: Forecast, lang: str) -> Rows:
    for period in forecast.periods:
        yield words.period_name(period).get(lang), *period, *_figures(forecast.figures(period))


def _figures(figures: Figures) -> tuple[Plain, ...]:
    return (
        figures.plan, figures.won, figures.weighted, figures.expected, _percent(figures.ratio), figures.gap, figures.due,
        _times(figures.coverage), _times(figures.weighted_coverage), figures.won_deals, figures.open_deals,
    )  # fmt: skip


def _percent(share: Decimal | None) -> Decimal | None:
    return None if share is None else (share * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)


def _times(value: Decimal | None) -> Decimal | None:
    return None if value is None else value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _gap(forecast: Forecast, lang: str) -> Rows:
    found = forecast.gap
    typical = found.typical if found else None
    yield (
        words.gap(forecast).get(lang), words.basis(forecast.firm).get(lang), forecast.firm.base_currency,
        found.amount if found else None, found.deals if found else None,
        typical.amount if typical else None, typical.deals if typical else None, forecast.revenue.receivable,
    )  # fmt: skip


def _people(forecast: Forecast) -> Rows:
    if forecast.firm.has("Deals.owner"):
        for name in forecast.people(forecast.period):
            yield name or None, *_figures(forecast.figures(forecast.period, name))


def _named(deal: Deal) -> tuple[Plain, ...]:
    return deal.deal_id, deal.name


def _deciding(forecast: Forecast, lang: str) -> Rows:
    for o in forecast.deciding:
        step, opinion = words.next_step(forecast.firm, o.deal), o.chance.opinion
        yield (
            *_named(o.deal), o.owner or None, o.deal.stage, o.amount, o.chance.value, o.weighted, o.deal.expected_close,
            opinion.percent if opinion and opinion.ended is None else None, o.chance.because.get(lang),
            step.get(lang) if step else None,
        )  # fmt: skip


def _not_counted(forecast: Forecast, lang: str) -> Rows:
    for one in forecast.uncounted:
        deal = one.deal
        yield (
            *_named(deal), deal.owner, deal.stage, deal.amount, (deal.currency or forecast.firm.base_currency).upper(),
            deal.expected_close, one.why, words.WHY[one.why].get(lang), words.MEND[one.why].get(lang),
        )  # fmt: skip


def _waterfall(forecast: Forecast, lang: str) -> Rows:
    if not (forecast.firm.has("Deals.amount") and forecast.firm.has("Deals.expected_close")):
        return
    found = pipeline.waterfall(forecast.firm, forecast.period)
    if found is None:
        return
    yield "opening", words.STEP["opening"].get(lang), found.since, found.opening, None
    for step in STEPS:
        yield step, words.STEP[step].get(lang), None, found.steps[step], found.deals[step]
    yield "closing", words.STEP["closing"].get(lang), forecast.firm.as_of, found.closing, None


def _stages(forecast: Forecast) -> Rows:
    yield from forecast.stages


def _overrides(forecast: Forecast, lang: str) -> Rows:
    for o, opinion in forecast.opinions:
        yield (
            *_named(o.deal), o.owner or None, opinion.percent, opinion.by or None, opinion.by_hos, opinion.at,
            opinion.until, opinion.ended is None, words.in_force(opinion).get(lang), o.chance.stage, opinion.note or None,
        )  # fmt: skip


def _deals(forecast: Forecast, lang: str) -> Rows:
    for o in forecast.outlooks:
        yield (
            o.deal.deal_id, o.owner or None, o.deal.stage, o.days_in_stage, o.amount, o.chance.value, o.chance.source,
            o.weighted if o.why is None and forecast.period.has(o.deal.expected_close) else None, _because(o, lang),
        )  # fmt: skip


def _because(outlook: Outlook, lang: str) -> str:
    """Why this probability; and why the deal is in no figure, where it is not."""
    because = outlook.chance.because.get(lang)
    return because if outlook.why is None else f"{because}; {words.WHY[outlook.why].get(lang)}"


def _revenue(forecast: Forecast) -> Rows:
    start = min(period.start for period in forecast.periods)
    for entry in forecast.revenue.entries:
        if entry.day >= start:
            yield *_named(entry.deal), entry.owner or None, entry.day, entry.amount, entry.refund


def _not_checked(forecast: Forecast, lang: str) -> Rows:
    for item in forecast.blind:
        yield item.what.get(lang), item.reason.get(lang)


# --------------------------------------------------------------------- columns

_ID: tuple[_Column, ...] = (("deal_id", "id", "Deal ID", "№ сделки"), ("name", "text", "Deal", "Сделка"))
_OWNER: _Column = ("owner", "text", "Rep", "Менеджер")
_STAGE: _Column = ("stage", "text", "Stage", "Этап")
_AMOUNT: _Column = ("amount", "money", "Amount", "Сумма")
_CHANCE: _Column = ("probability", "percent", "Probability, %", "Вероятность, %")
_WEIGHTED: _Column = ("weighted", "money", "Weighted", "Взвешенно")
_CLOSE: _Column = ("expected_close", "date", "Expected close", "План закрытия")
_BECAUSE: _Column = ("because", "text", "Because", "Почему столько")
_STEP: _Column = ("next_step", "text", "Next step", "Следующий шаг")
_WHY: _Column = ("why", "text", "Why, key", "Почему, ключ")
_REASON: _Column = ("reason", "text", "Why", "Почему")
_FIGURES: tuple[_Column, ...] = (
    ("plan", "money", "Plan", "План"),
    ("won", "money", "Won", "Выиграно"),
    _WEIGHTED,
    ("expected", "money", "Expected", "Ожидаем"),
    ("ratio", "percent", "Of plan, %", "От плана, %"),
    ("gap", "money", "Gap to plan", "Не хватает"),
    ("due", "money", "Open, due", "В работе, срок"),
    ("coverage", "number", "Coverage", "Покрытие"),
    ("weighted_coverage", "number", "Weighted coverage", "Взвешенное покрытие"),
    ("won_deals", "whole", "Won deals", "Выиграно сделок"),
    ("open_deals", "whole", "Open deals due", "Сделок со сроком"),
)
_PERIODS: Described = (
    Text("Periods", "Периоды"),
    (
        ("period", "text", "Period", "Период"),
        ("from", "date", "From", "С"),
        ("to", "date", "To", "По"),
        *_FIGURES,
    ),
)
_GAP: Described = (
    Text("The gap in words", "Сколько не хватает"),
    (
        ("words", "text", "In words", "Словами"),
        ("basis", "text", "Basis", "Как посчитано"),
        ("currency", "text", "Currency", "Валюта"),
        ("gap", "money", "Gap to plan", "Не хватает"),
        ("deals", "whole", "In deals", "В сделках"),
        ("mean_won", "money", "Mean won deal", "Средняя выигранная"),
        ("mean_of", "whole", "Mean of deals", "По скольким сделкам"),
        ("receivable", "money", "Still to be paid", "Ещё не оплачено"),
    ),
)
_PEOPLE: Described = (Text("By rep", "По менеджерам"), (_OWNER, *_FIGURES))
_DECIDING: Described = (
    Text("Deals that decide the period", "Сделки, которые решают период"),
    (
        *_ID,
        _OWNER,
        _STAGE,
        _AMOUNT,
        _CHANCE,
        _WEIGHTED,
        _CLOSE,
        ("override", "percent", "1-1, %", "1-1, %"),
        _BECAUSE,
        _STEP,
    ),
)
_NOT_COUNTED: Described = (
    Text("Money not counted", "Деньги, которые не посчитаны"),
    (
        *_ID,
        _OWNER,
        _STAGE,
        _AMOUNT,
        ("currency", "text", "Currency", "Валюта"),
        _CLOSE,
        _WHY,
        _REASON,
        ("fix", "text", "What to do", "Что сделать"),
    ),
)
_WATERFALL: Described = (
    Text("Waterfall", "Как изменились сделки"),
    (
        ("step", "text", "Step", "Шаг"),
        ("name", "text", "What happened", "Что произошло"),
        ("day", "date", "On", "На день"),
        _AMOUNT,
        ("deals", "whole", "Deals", "Сделок"),
    ),
)
_STAGES: Described = (
    Text("Probabilities by the sheet Stages", "Вероятности по листу «Этапы»"),
    (_STAGE, _CHANCE, ("deals", "whole", "Open deals", "Сделок в работе"), _AMOUNT, _WEIGHTED),
)
_OVERRIDES: Described = (
    Text("1-1 probabilities", "Вероятности с 1-1"),
    (
        *_ID,
        _OWNER,
        _CHANCE,
        ("by", "text", "Set by", "Кто оценил"),
        ("by_hos", "yesno", "Head of Sales", "РОП"),
        ("at", "date", "Set on", "Когда"),
        ("until", "date", "Until", "До"),
        ("in_force", "yesno", "In force", "Действует"),
        ("state", "text", "State", "Состояние"),
        ("by_stage", "percent", "Stage, %", "Этап, %"),
        ("note", "text", "Why", "Почему"),
    ),
)
_DEALS: Described = (
    Text("Open deals", "Сделки в работе"),
    (
        ("deal_id", "id", "Deal ID", "№ сделки"),
        _OWNER,
        _STAGE,
        ("days_in_stage", "whole", "Days in stage", "Дней на этапе"),
        _AMOUNT,
        _CHANCE,
        ("source", "text", "Source", "Откуда"),
        ("expected", "money", "Expected in the period", "Ожидаем в периоде"),
        _BECAUSE,
    ),
)
_REVENUE: Described = (
    Text("Won and refunded", "Выиграно и возвращено"),
    (
        *_ID,
        _OWNER,
        ("day", "date", "Counted on", "Учтена"),
        _AMOUNT,
        ("refund", "yesno", "Refund", "Возврат"),
    ),
)
_NOT_CHECKED: Described = (
    Text("Not checked", "Не проверено"),
    (("what", "text", "What", "Что"), _REASON),
)
