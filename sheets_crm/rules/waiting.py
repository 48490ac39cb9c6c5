"""Time: how long deals stand where they are, and when the paused ones come back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from sheets_crm.book import folded
from sheets_crm.findings import Found, Judged, Outcome, Severity, Unchecked
from sheets_crm.firm import Firm
from sheets_crm.rules.fields import is_blank
from sheets_crm.rules.registry import rule
from sheets_crm.schema import TABLES, Deal, Stage
from sheets_crm.text import DAYS, Text

_DEALS = TABLES["Deals"]
_LEAST_WON = 20
"""Won deals from which the firm's own pace can be told (item 23)."""


@rule(
    "ST06",
    Text("Too long in the stage", "Долго на этапе"),
    severity="warning",
    answerable="rep",
    tables=("Deals",),
    needs=("Deals.stage", "Deals.stage_entered_at"),
    minutes=5,
    items=(23,),
    clause=Text(
        "A deal stays in a stage no longer than the sheet Stages allows.",
        "Сделка остаётся на этапе не дольше, чем разрешает лист «Этапы».",
    ),
)
def too_long_in_stage(firm: Firm) -> Iterator[Outcome]:
    """
    What it finds: open deals that have been in their stage for more calendar days than its «Max days». Where that cell
    is blank, the limit is the firm's own pace: nine of ten won deals left the stage within it (at least 20 won deals
    whose stay is known, as of the start of the quarter); beyond it is only for information. Deals on hold are not
    judged, nor are deals whose «In stage since» is blank: the day of creation never stands in for it.

    Why it matters: the longer a deal stands, the less likely it is won (Korneev: time in stage is one of the seven
    weekly checks); a stage without a limit becomes a store of dead deals.

    How to fix: move the deal on, agree with the client on a step that moves it, pause it with a return date, or close
    it.
    """
    pace = _pace(firm)
    judged: list[Deal] = []
    undated: list[Deal] = []
    unlimited: list[Deal] = []
    for deal in firm.open_deals:
        stage = firm.stage(deal)
        limit = _limit(stage, pace) if stage else None
        if deal.stage_entered_at is None:
            undated.append(deal)
        elif stage is None or limit is None:
            unlimited.append(deal)
        else:
            judged.append(deal)
            days, (most, severity) = (firm.as_of - deal.stage_entered_at).days, limit
            if days > most:
                yield Found(
                    deal, "stage", Text("{days} in the stage", "{days} на этапе").fill(days=DAYS.of(days)),
                    _expected(stage, most), _MOVE_ON, severity=severity,
                )  # fmt: skip
    if judged:
        yield Judged(judged)
    if undated:
        yield Unchecked(_NO_ENTRY, rows=undated)
    if unlimited:
        yield Unchecked(_NO_LIMIT, rows=unlimited)


def _limit(stage: Stage, pace: Mapping[tuple[str, str], int]) -> tuple[int, Severity | None] | None:
    """The most days allowed in a stage, and how grave it is to exceed them; None if nothing says."""
    if stage.max_days is not None:
        return int(stage.max_days), None
    own = pace.get(_place(stage))
    return None if own is None else (own, "info")


def _expected(stage: Stage, most: int) -> Text:
    if stage.max_days is not None:
        return Text("at most {days}", "предел: {days}").fill(days=DAYS.of(most))
    return Text(
        "at most {days}, as nine of ten won deals", "предел: {days}, как у девяти из десяти выигранных"
    ).fill(days=DAYS.of(most))


def _pace(firm: Firm) -> dict[tuple[str, str], int]:
    """Stage to the days within which 90 % of won deals left it; frozen at the start of the quarter (ruling R11).

    P90 by nearest rank: the ceil(0.9 n)-th of n stays in rising order.
    """
    quarter = firm.as_of.replace(month=firm.as_of.month - (firm.as_of.month - 1) % 3, day=1)
    stays: dict[tuple[str, str], list[int]] = defaultdict(list)
    for deal in firm.deals_by_kind.get("won", ()):
        won = firm.stage(deal)
        for visit in firm.visits(deal):
            if won is not None and visit.entered and visit.left and visit.left < quarter:
                stays[folded(won.pipeline or ""), visit.stage].append((visit.left - visit.entered).days)
    return {place: _ninetieth(days) for place, days in stays.items() if len(days) >= _LEAST_WON}


def _ninetieth(days: Sequence[int]) -> int:
    return sorted(days)[-(-len(days) * 9 // 10) - 1]


def _place(stage: Stage) -> tuple[str, str]:
    return folded(stage.pipeline or ""), folded(stage.stage or "")


_NO_ENTRY = Text(
    "“In stage since” is blank, so it is not known how long they have been there",
    "пусто «На этапе с»: неизвестно, сколько они на этапе",
)
_NO_LIMIT = Text(
    "their stage has no “Max days”, and there are fewer than 20 won deals to learn it from",
    "у их этапа не указано «Не дольше, дней», а выигранных сделок меньше 20, чтобы судить по ним",
)
_MOVE_ON = Text(
    "Move it on, agree on a step that moves it, pause it with a return date, or close it",
    "Переведите дальше, договоритесь о шаге, который её сдвинет, поставьте на паузу с датой или закройте",
)


@rule(
    "ST08",
    Text("On hold without a return date", "Пауза без даты возврата"),
    severity="error",
    answerable="rep",
    tables=("Deals",),
    needs=("Deals.stage", "Deals.reactivate_on"),
    minutes=2,
    items=(28,),
    clause=Text(
        "A deal is put on hold only with a reason and a day on which we return to the client.",
        "Сделку ставят на паузу только с причиной и датой, когда вернёмся к клиенту.",
    ),
)
def passive_without_return_date(firm: Firm) -> Iterator[Outcome]:
    """
    What it finds: deals in a stage of the kind «On hold» whose return date is blank or has passed (today is still in
    time), or whose reason is blank. The reason stands in the column «Lost reason».

    Why it matters: a status that only says "not now" is where deals are forgotten; Mark&Sales let a deal wait only
    for a stated reason, and a return date is what makes waiting a step.

    How to fix: ask the client when to return and write the day and the reason; if the day has come, set an active
    stage and the next step; if there is nothing to wait for, close the deal.
    """
    paused = firm.deals_by_kind.get("passive", ())
    yield Judged(paused)
    with_reason = firm.has("Deals.lost_reason")
    if not with_reason:
        yield Unchecked(_NO_REASON_COLUMN, part="lost_reason")
    for deal in paused:
        if deal.reactivate_on is None:
            if (deal.row, "reactivate_on") not in firm.book.deals.problems:
                yield Found(
                    deal, "reactivate_on", Text("no return date", "нет даты возврата"), _A_DAY, _ASK_WHEN
                )
        elif deal.reactivate_on < firm.as_of:
            yield Found(deal, "reactivate_on", _passed(firm, deal.reactivate_on), _A_DAY, _RETURN)
        readable = with_reason and (deal.row, "lost_reason") not in firm.book.deals.problems
        if readable and is_blank(_DEALS.column("lost_reason"), deal.lost_reason):
            yield Found(
                deal, "lost_reason", Text("no reason for the pause", "нет причины паузы"), _A_REASON, _SAY_WHY
            )


def _passed(firm: Firm, day: date) -> Text:
    return Text("the return date was {days} ago ({day})", "дата возврата прошла {days} назад ({day})").fill(
        days=DAYS.of((firm.as_of - day).days), day=day
    )


_NO_REASON_COLUMN = Text("there is no column “{column}”", "нет столбца «{column}»").fill(
    column=_DEALS.column("lost_reason").header
)
_A_DAY = Text("a day to come", "день, который ещё впереди")
_ASK_WHEN = Text(
    "Ask the client when to return, and write the day", "Спросите клиента, когда вернуться, и впишите день"
)
_RETURN = Text(
    "Set an active stage and the next step, agree on a new day, or close the deal",
    "Поставьте активный этап и следующий шаг, договоритесь о новом дне или закройте сделку",
)
_A_REASON = Text("why we wait", "почему ждём")
_SAY_WHY = Text("Choose the reason", "Выберите причину")
