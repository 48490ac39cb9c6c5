"""What the conversion of a pipeline says in sentences: where most is lost, who stands out, what cannot be said and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple

from sheets_crm.firm import Firm
from sheets_crm.metrics.conversion import LEAST, LEAST_WINDOW, Closed, Funnel, Length, Ratio, Rep, Verdict
from sheets_crm.text import DAYS, Noun, Text, same

OF_DEALS = Noun(("deal", "deals"), ("сделки", "сделок", "сделок"))
"""Out of so many deals."""

VERDICTS: dict[Verdict, Text] = {
    "champion": Text("Above the team", "Выше команды"),
    "laggard": Text("Below the team", "Ниже команды"),
    "same": Text("Like the team", "Как команда"),
    "few": Text("Too little data", "Мало данных"),
    "alone": Text("Nobody to compare with", "Не с кем сравнить"),
}
"""A person against the team, by Wilson's bounds."""


class Rate(NamedTuple):
    """A win rate: its key, its name, where it stands, whether it is in money."""

    key: str
    name: Text
    of: Callable[[Closed], Ratio]
    money: bool = False


class Cycle(NamedTuple):
    """A cycle in days: its key, its name, where it stands."""

    key: str
    name: Text
    of: Callable[[Closed], Length]


RATES = (
    Rate("deals", Text("Win rate, deals", "Доля побед, сделки"), lambda c: c.wins),
    Rate("deals_clean", Text("Win rate, deals without junk", "Доля побед, сделки без брака"), lambda c: c.wins_clean),
    Rate("value", Text("Win rate, money", "Доля побед, деньги"), lambda c: c.value, money=True),
    Rate(
        "value_clean", Text("Win rate, money without junk", "Доля побед, деньги без брака"),
        lambda c: c.value_clean, money=True,
    ),
)  # fmt: skip
"""The win rates: won / (won + lost), by day of closing."""
CYCLES = (
    Cycle("won", Text("From created to won", "От создания до победы"), lambda c: c.won_days),
    Cycle("paid", Text("From created to payment", "От создания до оплаты"), lambda c: c.paid_days),
    Cycle("lost", Text("From created to lost", "От создания до отказа"), lambda c: c.lost_days),
    Cycle(
        "lost_clean", Text("From created to lost, without junk", "От создания до отказа, без брака"),
        lambda c: c.lost_days_clean,
    ),
)  # fmt: skip
"""The cycles, in days."""
NO_OWNER = Text("no owner", "нет ответственного")
NO_REASON = Text("no reason given", "причина не указана")
STAGE_UNKNOWN = Text("stage unknown", "этап неизвестен")


class Gap(NamedTuple):
    """A figure that is missing or too small to judge by: what, out of how many, how many it takes, why."""

    what: Text
    deals: int | None
    needed: int | None
    why: Text


def named(funnel: Funnel) -> Text:
    """The pipeline in words; one without a name is the only one."""
    if not funnel.name:
        return Text("Pipeline", "Воронка")
    return Text("Pipeline “{name}”", "Воронка «{name}»").fill(name=funnel.name)


def basis(funnel: Funnel) -> Text:
    """The period, and what is counted as money and as a win."""
    setting = funnel.firm.setting
    return _BASIS.fill(
        first=funnel.period.start, last=funnel.period.end, days=DAYS.of(funnel.days),
        why=_SHORTEST if funnel.cycle.median is None or 2 * funnel.cycle.median < LEAST_WINDOW else _CYCLES,
        currency=funnel.firm.base_currency, vat=_VAT[bool(setting("amounts_include_vat"))],
        won=_WON[setting("won_means")],
    )  # fmt: skip


def headline(funnel: Funnel) -> Text:
    """Where most deals are lost: «Теряем больше всего на этапе «КП»: 22 из 40»; or what is known instead."""
    worst = funnel.worst
    if worst is not None:
        junk = _OF_THEM_JUNK.fill(n=worst.junk) if worst.junk else same("")
        return _WORST.fill(stage=worst.stage.stage, lost=worst.lost, entered=worst.entered, junk=junk)
    if funnel.judged:
        return _NO_LOSS if any(stage.entered for stage in funnel.table) else _NO_ENTRY
    wins = funnel.now.wins
    rate = (
        _CLOSED.fill(won=wins.part, deals=OF_DEALS.of(int(wins.whole)), percent=_whole(wins.share))
        if wins.whole
        else _NOTHING_CLOSED
    )
    return _BLIND.fill(rate=rate)


def _whole(share: float | None) -> int:
    return int(100 * (share or 0) + 0.5)


def ask(rep: Rep, reps: Sequence[Rep]) -> Text:
    """What the Head of Sales does about a person who stands out; nothing about the others."""
    if rep.verdict == "champion":
        return _ASK_CHAMPION
    if rep.verdict != "laggard":
        return same("")
    best = next((r.owner for r in reps if r.verdict == "champion" and r.role == rep.role), None)
    return _ASK_LAGGARD if best is None else _LEARN_FROM.fill(who=best)


# ------------------------------------------------------------------ what cannot be said


def gaps(funnel: Funnel) -> list[Gap]:
    """Everything that is missing or too small to judge by, with the reason."""
    firm = funnel.firm
    if not funnel.deals:
        return [Gap(named(funnel), 0, None, _NO_DEALS)]
    return [
        *_stages(funnel),
        *_closings(funnel),
        *_money(funnel, firm),
        *_people(funnel, firm),
        *_losses(funnel, firm),
    ]


def _stages(funnel: Funnel) -> Iterator[Gap]:
    if not funnel.stages:
        yield Gap(_STAGE_CONVERSION, None, None, _NO_STAGES)
    elif funnel.seen_from is None:
        yield Gap(_STAGE_CONVERSION, None, None, _NEVER_SEEN)
    elif not funnel.judged:
        ready = funnel.seen_from + timedelta(days=funnel.days - 1)
        why = _SEEN_LATE.fill(since=funnel.seen_from, days=DAYS.of(funnel.days), ready=ready)
        yield Gap(_STAGE_CONVERSION, None, None, why)
    for stage in funnel.table:
        if funnel.judged and stage.entered < LEAST:
            young = _YOUNG.fill(n=stage.young, days=DAYS.of(stage.mature)) if stage.young else same("")
            yield Gap(
                _AT_STAGE.fill(stage=stage.stage.stage), stage.entered, LEAST, _FEW_ENTRIES.fill(young=young)
            )


def _closings(funnel: Funnel) -> Iterator[Gap]:
    now, before = funnel.now, funnel.before
    if undated := sum(bool(way.end) and way.ended is None for way in funnel.ways):
        yield Gap(_WIN_RATE, undated, None, _UNDATED)
    if now.wins.whole < LEAST:
        yield Gap(_WIN_RATE, int(now.wins.whole), LEAST, _FEW_CLOSED)
    if not before.wins.whole:
        yield Gap(_PREVIOUS, 0, None, _NO_PREVIOUS)
    elif not funnel.compared:
        yield Gap(_PREVIOUS, int(before.wins.whole), None, _PART_OF_PREVIOUS.fill(begun=funnel.begun))
    if not funnel.firm.has("Deals.created_at"):
        yield Gap(_CYCLE, None, None, _NO_COLUMN.fill(column=_CREATED))
    elif not funnel.cycle.n:
        yield Gap(_CYCLE, 0, None, _NO_WINS)
    elif (
        funnel.begun
        and funnel.cycle.median
        and (span := (funnel.firm.as_of - funnel.begun).days) < 3 * funnel.cycle.median
    ):
        yield Gap(_CYCLE, funnel.cycle.n, None, _YOUNG_LOG.fill(days=DAYS.of(span)))
    if negative := now.negative + before.negative:
        yield Gap(_CYCLE, negative, None, _NEGATIVE)


def _money(funnel: Funnel, firm: Firm) -> Iterator[Gap]:
    if not firm.has("Deals.amount"):
        yield Gap(_MONEY, None, None, _NO_COLUMN.fill(column=_AMOUNT))
        return
    for what, closed in ((_IN_MONEY, funnel.now), (_IN_MONEY_BEFORE, funnel.before)):
        if closed.unpriced:
            yield Gap(what, closed.unpriced, None, _UNPRICED)
    if unpriced := sum(stage.unpriced for stage in funnel.table):
        yield Gap(_REVENUE, unpriced, None, _UNPRICED)


def _people(funnel: Funnel, firm: Firm) -> Iterator[Gap]:
    if not firm.has("Deals.owner"):
        yield Gap(_REPS, None, None, _NO_COLUMN.fill(column=_OWNER))
        return
    for rep in funnel.reps:
        if rep.owner and rep.verdict == "few":
            yield Gap(_REP.fill(rep=rep.owner), int(rep.wins.whole), LEAST, _FEW_OF_REP)
        elif rep.owner and rep.verdict == "alone":
            yield Gap(_REP.fill(rep=rep.owner), int(rep.wins.whole), None, _ALONE)


def _losses(funnel: Funnel, firm: Firm) -> Iterator[Gap]:
    if not firm.has("LossReasons.category"):
        yield Gap(_JUNK, None, None, _NO_CATEGORY)
    losses = funnel.losses
    if unknown := sum(loss.deals for loss in losses if loss.stage is None):
        yield Gap(_LOSSES, unknown, None, _NO_STAGE_OF_LOSS)
    if unnamed := sum(loss.deals for loss in losses if loss.reason is None):
        yield Gap(_LOSSES, unnamed, None, _NO_REASON_OF_LOSS)


# ------------------------------------------------------------------ words

_BASIS = Text(
    "{first} – {last}: {days}, {why}. Amounts {vat}, {currency}. Won = {won}.",
    "{first} – {last}: {days}, {why}. Суммы {vat}, {currency}. Победа = {won}.",
)
_CYCLES = Text("two median cycles", "два медианных цикла")
_SHORTEST = Text("the shortest period", "самый короткий период")
_VAT = {True: Text("with VAT", "с НДС"), False: Text("without VAT", "без НДС")}
_WON = {
    "first_payment": Text("first payment", "первая оплата"),
    "signed": Text("contract signed", "подписан договор"),
    "full_payment": Text("full payment", "полная оплата"),
}
_WORST = Text(
    "Most deals are lost at “{stage}”: {lost} of {entered}{junk}",
    "Теряем больше всего на этапе «{stage}»: {lost} из {entered}{junk}",
)
_OF_THEM_JUNK = Text(" (of them junk: {n})", " (из них брак: {n})")
_NO_LOSS = Text("No stage lost a deal in this period", "В этом периоде ни один этап не потерял сделок")
_NO_ENTRY = Text(
    "No deal is old enough to be judged in this period",
    "В этом периоде ещё не о чем судить: новых сделок нет",
)
_BLIND = Text(
    "{rate}. At which stage deals are lost cannot be said yet: see the end of the page",
    "{rate}. На каком этапе теряем, пока не видно: причина в конце листа",
)
_CLOSED = Text(
    "Won {won} of {deals} closed ({percent}%)", "Выиграно {won} из {deals}, закрытых за период ({percent} %)"
)
_NOTHING_CLOSED = Text("Nothing was closed in this period", "За период ничего не закрыто")
_ASK_CHAMPION = Text(
    "Ask how they do it, write it down in “One-on-ones”",
    "Спросите, как он это делает, и запишите в «Встречи 1-1»",
)
_ASK_LAGGARD = Text("Go through the last three losses together", "Разберите вместе три последних отказа")
_LEARN_FROM = Text(
    "Go through the last three losses; {who} shows how",
    "Разберите три последних отказа; как надо, покажет {who}",
)

_STAGE_CONVERSION = Text("Stage conversion", "Конверсия этапов")
_AT_STAGE = Text("Conversion of “{stage}”", "Конверсия этапа «{stage}»")
_WIN_RATE, _CYCLE = Text("Win rate", "Доля побед"), Text("Cycle", "Цикл сделки")
_PREVIOUS = Text("Comparison with the period before", "Сравнение с прошлым периодом")
_MONEY = Text("Everything in money", "Всё, что в деньгах")
_IN_MONEY = Text("Win rate in money", "Доля побед в деньгах")
_IN_MONEY_BEFORE = Text("Win rate in money, before", "Доля побед в деньгах, раньше")
_REVENUE = Text("Amounts by stage", "Суммы по этапам")
_REPS, _REP = (
    Text("Reps against the team", "Менеджеры против команды"),
    Text("Win rate: {rep}", "Доля побед: {rep}"),
)
_JUNK, _LOSSES = (
    Text("Figures without junk", "Показатели без брака"),
    Text("Losses by reason", "Отказы по причинам"),
)
_CREATED, _AMOUNT, _OWNER = (
    Text("Created", "Создана"),
    Text("Amount", "Сумма"),
    Text("Owner", "Ответственный"),
)

_NO_DEALS = Text("there are no deals in it", "в ней нет сделок")
_NO_STAGES = Text(
    "there is no sheet “Stages”: the order of the stages is unknown",
    "нет листа «Этапы»: порядок этапов неизвестен",
)
_NEVER_SEEN = Text(
    "too little data: nobody knows when deals entered their stages; the log will, from its first run on, or the sheet “Stage history”",
    "мало данных: неизвестно, когда сделки входили в этапы; это запомнит журнал с первого запуска или лист «История этапов»",
)
_SEEN_LATE = Text(
    "too little data: moves are seen since {since}; two cycles are {days}, so from {ready} on",
    "мало данных: переходы видны с {since}; два цикла это {days}, значит с {ready}",
)
_FEW_ENTRIES = Text("too few deals to compare with{young}", "слишком мало сделок, чтобы сравнивать{young}")
_YOUNG = Text("; {n} more entered less than {days} ago", "; ещё {n} вошли меньше чем {days} назад")
_UNDATED = Text("closed without a closing date: in no figure", "закрыты без даты закрытия: не вошли никуда")
_FEW_CLOSED = Text(
    "too few closed deals: one more changes a lot", "мало закрытых сделок: ещё одна многое изменит"
)
_NO_PREVIOUS = Text("nothing was closed in it", "в нём ничего не закрыто")
_PART_OF_PREVIOUS = Text(
    "deals are known from {begun} on: only a part of it, so no difference is shown",
    "сделки известны с {begun}: это лишь часть периода, поэтому разницы нет",
)
_NO_COLUMN = Text("there is no column “{column}” on “Deals”", "нет столбца «{column}» на листе «Сделки»")
_NO_WINS = Text(
    "no deal is won yet: the period is the shortest, 30 days", "побед ещё нет: период самый короткий, 30 дней"
)
_YOUNG_LOG = Text(
    "deals are known for {days} only: long ones are not closed yet, the true cycle is longer",
    "сделки известны всего {days}: долгие ещё не закрыты, настоящий цикл длиннее",
)
_NEGATIVE = Text(
    "closed before they were created: not counted (DQ02)", "закрыты раньше, чем созданы: не вошли (DQ02)"
)
_UNPRICED = Text(
    "no amount, or no rate of its currency: not counted",
    "нет суммы или курса валюты: не вошли",
)
_FEW_OF_REP = Text(
    "too few closed deals to judge a person by", "мало закрытых сделок, чтобы судить о человеке"
)
_ALONE = Text("nobody else of the same role closed a deal", "никто больше в этой роли сделок не закрывал")
_NO_CATEGORY = Text(
    "there is no column “Category” on “Loss reasons”: all losses count",
    "нет столбца «Группа» на листе «Причины отказа»: учтены все отказы",
)
_NO_STAGE_OF_LOSS = Text("lost, and nobody knows from which stage", "неизвестно, с какого этапа потеряны")
_NO_REASON_OF_LOSS = Text("lost without a reason (LS01)", "отказ без причины (LS01)")
