"""What the forecast says in sentences: the gap, the basis of all figures, why money is not counted, the next step."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from sheets_crm.firm import Firm
from sheets_crm.forecast import Forecast, Source
from sheets_crm.metrics.money import Period, Why, period_of
from sheets_crm.metrics.pipeline import Step, Waterfall
from sheets_crm.pages.wording import amount, whole
from sheets_crm.rules.overrides import Ending, Opinion
from sheets_crm.schema import Deal
from sheets_crm.text import DEALS, Noun, Text, same

_BY_DEALS = Noun(("deal", "deals"), ("сделке", "сделкам", "сделкам"))
"""Measured by so many deals."""
_MILLION = Decimal(1_000_000)


def period_name(period: Period) -> Text:
    """`May 2026`, `Q2 2026`; the two days where it is neither."""
    if period == period_of(period.start, "month"):
        en, ru = _MONTHS[period.start.month - 1]
        return Text(f"{en} {period.start.year}", f"{ru} {period.start.year}")
    if period == period_of(period.start, "quarter"):
        number = (period.start.month + 2) // 3
        return Text(f"Q{number} {period.start.year}", f"{number} квартал {period.start.year}")
    return Text("{a} to {b}", "{a} – {b}").fill(a=period.start, b=period.end)


def short(money: Decimal, currency: str) -> Text:
    """`1.2 million RUB`, «1,2 млн RUB»; below a million all of it."""
    if abs(money) < _MILLION:
        return Text(amount(money, currency, "en"), amount(money, currency, "ru"))
    millions = (money / _MILLION).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return Text("{n} million {c}", "{n} млн {c}").fill(n=millions, c=currency)


def gap(forecast: Forecast) -> Text:
    """What is missing to the plan of the period, in money and in deals; or why that cannot be said."""
    en, ru = _gap(forecast)
    return Text(en[:1].upper() + en[1:], ru[:1].upper() + ru[1:])


def _gap(forecast: Forecast) -> Text:
    figures, found = forecast.figures(forecast.period), forecast.gap
    name, base = period_name(forecast.period), forecast.firm.base_currency
    if figures.expected is None:
        reason = next((b.reason for b in forecast.blind), same(""))
        return _UNKNOWN.fill(period=name, reason=reason)
    if found is None:
        return _NO_PLAN.fill(period=name, expected=short(figures.expected, base))
    if found.amount <= 0:
        return _ABOVE.fill(period=name, more=short(-found.amount, base))
    if found.deals is None or found.typical is None:
        return _SHORT_ONLY.fill(period=name, missing=short(found.amount, base))
    return _SHORT.fill(
        period=name, missing=short(found.amount, base), deals=DEALS.of(found.deals),
        typical=short(found.typical.amount, base), n=_BY_DEALS.of(found.typical.deals),
    )  # fmt: skip


def basis(firm: Firm) -> Text:
    """What every figure of the page is: currency, VAT, what revenue is and what a win is (ruling R7)."""
    return _BASIS.fill(
        currency=firm.base_currency, vat=_VAT[firm.setting("amounts_include_vat")],
        revenue=_REVENUE[firm.setting("revenue_basis")], won=_WON_MEANS[firm.setting("won_means")],
    )  # fmt: skip


def next_step(firm: Firm, deal: Deal) -> Text | None:
    """The open task that is due first, else what is typed in the deal; None where there is nothing."""
    dated = [(task.due_at.date(), task.title) for task in firm.steps(deal) if task.due_at]
    if deal.next_date is not None:
        dated.append((deal.next_date, deal.next_step))
    if dated:
        day, words = min(dated, key=lambda step: step[0])
        return Text("{day}: {words}", "{day}: {words}").fill(day=day, words=words or "…")
    undated = [task.title for task in firm.steps(deal)] or [deal.next_step]
    return _UNDATED.fill(words=undated[0]) if undated[0] else None


def in_force(opinion: Opinion) -> Text:
    """Until when an opinion holds, or what ended it."""
    return _UNTIL.fill(day=opinion.until) if opinion.ended is None else _ENDED[opinion.ended]


def who(opinion: Opinion) -> Text:
    """Whose opinion it is: the name, and that it is the Head of Sales."""
    return (
        Text("{by} (Head of Sales)", "{by} (РОП)").fill(by=opinion.by)
        if opinion.by_hos
        else same(opinion.by or "—")
    )


def since(found: Waterfall, period: Period) -> Text:
    """From when the waterfall runs."""
    words = _FROM_FIRST if found.from_first_run else _FROM_START
    return words.fill(period=period_name(period), day=found.since)


def working_days_left(firm: Firm, period: Period) -> int:
    """Working days of the firm after today until the period's end."""
    return firm.calendar.working_days(firm.as_of, period.end)


def in_other_money(deal: Deal, firm: Firm, money: Decimal | None) -> Text | None:
    """An amount of a deal with its own currency, where that is not the base."""
    code = (deal.currency or firm.base_currency).strip().upper()
    if money is None or code == firm.base_currency.strip().upper():
        return None
    return Text("{n} {c}", "{n} {c}").fill(n=whole(money), c=code)


WHY: dict[Why, Text] = {
    "no_amount": Text("no amount", "нет суммы"),
    "no_date": Text("no expected close", "нет плана закрытия"),
    "past_date": Text("expected close is past", "план закрытия в прошлом"),
    "no_rate": Text("no exchange rate", "нет курса валюты"),
    "no_probability": Text("no probability", "нет вероятности"),
    "won_undated": Text("closed without a date", "закрыта без даты"),
    "paid_undated": Text("paid without a date", "оплата без даты"),
    "unknown_stage": Text("unknown stage", "неизвестный этап"),
    "closed_open": Text("open stage with a closing date", "этап в работе, но стоит дата закрытия"),
}
"""Why money is not counted; in the order in which it is shown."""
MEND: dict[Why, Text] = {
    "no_amount": Text("Type the amount, even a rough one.", "Впишите сумму, хотя бы примерную."),
    "no_date": Text("Ask when the client decides.", "Узнайте, когда клиент решает."),
    "past_date": Text(
        "Agree on a new date, or close the deal.", "Договоритесь о новой дате или закройте сделку."
    ),
    "no_rate": Text("Add the rate to the sheet Rates.", "Добавьте курс на лист «Курсы валют»."),
    "no_probability": Text(
        "Give the stage a probability on the sheet Stages. Coverage counts these deals.",
        "Укажите вероятность этапа на листе «Этапы». В покрытии эти сделки учтены.",
    ),
    "won_undated": Text("Type the closing date.", "Впишите дату закрытия."),
    "paid_undated": Text("Type the day of the payment.", "Впишите дату оплаты."),
    "unknown_stage": Text("Choose a stage of the sheet Stages.", "Выберите этап с листа «Этапы»."),
    "closed_open": Text("Close the deal, or clear the date.", "Закройте сделку или уберите дату."),
}
SOURCE: dict[Source, Text] = {
    "stage": Text("stage", "этап"),
    "rep": Text("1-1, rep", "1-1, менеджер"),
    "hos": Text("1-1, Head of Sales", "1-1, РОП"),
    "none": Text("none", "нет"),
}
STEP: dict[Step | str, Text] = {
    "opening": Text("At the start", "На начало"),
    "created": Text("New deals", "Новые сделки"),
    "reopened": Text("Reopened", "Вернулись"),
    "pulled_in": Text("Pulled in", "Перенесли сюда"),
    "up": Text("Amount up", "Сумма выросла"),
    "down": Text("Amount down", "Сумма снизилась"),
    "pushed": Text("Pushed, paused, overdue", "Отложены, пауза, срок прошёл"),
    "lost": Text("Lost", "Отказ"),
    "won": Text("Won", "Выиграны"),
    "closing": Text("Now", "Сейчас"),
}
NO_STEP = Text("no next step", "следующего шага нет")
TOO_YOUNG = Text(
    "Not yet: the waterfall compares with an earlier run, and the log does not hold one.",
    "Пока нет: движение считается от прошлого запуска, а в журнале его ещё нет.",
)
LATER = Text("once there is history", "когда накопится история")
LATER_NOTE = Text(
    "They rest on the firm's own past misses; until those are known, none is claimed.",
    "Они строятся на прошлых ошибках прогноза фирмы; пока их нет, ничего не обещаем.",
)

_MONTHS = (
    ("January", "январь"), ("February", "февраль"), ("March", "март"), ("April", "апрель"), ("May", "май"),
    ("June", "июнь"), ("July", "июль"), ("August", "август"), ("September", "сентябрь"), ("October", "октябрь"),
    ("November", "ноябрь"), ("December", "декабрь"),
)  # fmt: skip
_UNKNOWN = Text(
    "What {period} will bring cannot be said: {reason}.", "Что принесёт {period}, сказать нельзя: {reason}."
)
_NO_PLAN = Text(
    "{period}: {expected} expected. There is no plan to compare with: fill the sheet Plans, or “Sales plan” on Team.",
    "{period}: ожидаем {expected}. Сравнить не с чем: заполните лист «Планы» или «План продаж» на листе «Команда».",
)
_ABOVE = Text("{period}: {more} more than the plan is expected.", "{period}: ожидаем больше плана на {more}.")
_SHORT_ONLY = Text(
    "{period}: {missing} short of the plan. In deals it cannot be said: none was won in the last 12 months.",
    "{period}: до плана не хватает {missing}. Сколько это сделок, сказать нельзя: за 12 месяцев побед нет.",
)
_SHORT = Text(
    "{period}: {missing} short of the plan = {deals}. (A won deal is worth {typical}: mean of {n} in 12 months.)",
    "{period}: до плана не хватает {missing} = {deals}. (Выигранная сделка в среднем {typical}: по {n} за 12 месяцев.)",
)
_BASIS = Text(
    "{currency}, {vat}. Revenue: {revenue}. A win: {won}.",
    "{currency}, {vat}. Выручка: {revenue}. Победа: {won}.",
)
_VAT = {True: Text("VAT included", "с НДС"), False: Text("without VAT", "без НДС")}
_REVENUE = {
    "amount": Text("amounts of won deals, by closing date", "суммы выигранных сделок по дате закрытия"),
    "cash": Text("money received, by payment date", "полученные деньги по дате оплаты"),
}
_WON_MEANS = {
    "first_payment": Text("first payment", "первая оплата"),
    "signed": Text("contract signed", "договор подписан"),
    "full_payment": Text("paid in full", "полная оплата"),
}
_UNDATED = Text("no date: {words}", "без даты: {words}")
_UNTIL = Text("until {day}", "до {day}")
_ENDED: dict[Ending, Text] = {
    "stage": Text("over: the deal moved", "закончилась: сделка перешла на другой этап"),
    "days": Text("over: too old", "закончилась: вышел срок"),
    "one_on_one": Text("over: there was another 1-1", "закончилась: была следующая встреча 1-1"),
}
_FROM_START = Text(
    "How the pipeline due in {period} has moved since {day}",
    "Что изменилось в сделках со сроком в периоде {period} с {day}",
)
_FROM_FIRST = Text(
    "How the pipeline due in {period} has moved since the first run on {day}",
    "Что изменилось в сделках со сроком в периоде {period} с первого запуска {day}",
)
