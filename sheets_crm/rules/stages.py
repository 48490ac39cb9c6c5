"""Stages: what a deal must show to be where it is said to be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from sheets_crm.book import folded
from sheets_crm.findings import Found, Judged, Outcome, Unchecked
from sheets_crm.firm import Firm
from sheets_crm.history import TRACKED
from sheets_crm.rules.fields import is_blank, named_columns
from sheets_crm.rules.registry import rule
from sheets_crm.schema import TABLES, Column, Deal, Stage
from sheets_crm.text import Text, same

_DEALS = TABLES["Deals"]


@rule(
    "ST02",
    Text("Required field is missing", "Не заполнено обязательное поле"),
    severity="error",
    answerable="rep",
    tables=("Deals",),
    needs=("Deals.stage", "Stages.required_fields"),
    minutes=2,
    items=(19,),
    clause=Text(
        "On entering a stage, its required fields are filled within two working days.",
        "Обязательные поля этапа заполняют за два рабочих дня после входа на этап.",
    ),
    settings={
        "entry_days": Text(
            "Working days after entering a stage to fill its fields",
            "Рабочих дней после входа на этап, чтобы заполнить поля",
        )
    },
)
def required_field_missing(firm: Firm, *, entry_days: int = 2) -> Iterator[Outcome]:
    """
    What it finds: open deals in which a field required by their stage, or by an earlier stage of the pipeline, is
    blank or holds a placeholder ("-", "?", "test", #REF!; "0" and "no" in names, phones, ids and money). It speaks
    from `entry_days` working days after the deal entered the stage. The entry is the date typed in «In stage since»,
    else the change of stage that earlier runs saw; where neither is known, the deal is not judged. An earlier
    stage's field that was already blank when the deal left that stage is left alone, as far as the log knows.

    Why it matters: every stage has its required fields (Korneev); what was not asked at the time is not known when
    the deal is to be won.

    How to fix: fill the field, or move the deal back to the stage where it really is.
    """
    required = {
        stage.key: named_columns(_DEALS, stage.required_fields or "") for stage in firm.book.stages.rows
    }
    if not any(required.values()):
        yield Unchecked(_NOTHING_REQUIRED)
        return
    unknown = [deal for deal in firm.open_deals if firm.entered(deal) is None]
    judged = [deal for deal in firm.open_deals if firm.entered(deal) is not None]
    yield Judged(judged)
    if unknown:
        yield Unchecked(_ENTRY_UNKNOWN, rows=unknown)
    columns = {c.key: c for names in required.values() for _, c in names if c is not None}
    for key, column in columns.items():
        if not firm.book.deals.has(key):
            yield Unchecked(_NO_COLUMN.fill(column=column.header), part=key)
    for deal in judged:
        entered, stage = firm.entered(deal), firm.stage(deal)
        if entered is None or stage is None or firm.as_of < firm.calendar.add(entered, entry_days):
            continue
        for column, asked_by in _asked(firm, stage, required).items():
            if not firm.book.deals.has(column.key) or not is_blank(column, getattr(deal, column.key)):
                continue
            if asked_by is not stage and _blank_when_left(firm, deal, column, asked_by):
                continue
            typed = firm.book.deals.raw(deal.row, column.key)
            yield Found(
                deal, column.key, _NOT_FILLED, _FILLED.fill(stage=asked_by.stage), _FILL_IT.fill(column=column.header),
                same(f"«{typed}»") if typed else None,
            )  # fmt: skip


def _asked(
    firm: Firm, stage: Stage, required: Mapping[str, list[tuple[str, Column | None]]]
) -> dict[Column, Stage]:
    """The columns asked for at a stage and before it in its pipeline, each with the first stage that asks."""
    out: dict[Column, Stage] = {}
    same_pipeline = [
        s for s in firm.book.stages.rows if folded(s.pipeline or "") == folded(stage.pipeline or "")
    ]
    for earlier in sorted(same_pipeline, key=lambda s: s.order or Decimal(0)):
        active = earlier.kind in (None, "active") and earlier.order is not None and stage.order is not None
        if earlier is stage or (active and earlier.order < stage.order):  # type: ignore[operator]
            for _, column in required[earlier.key]:
                if column is not None:
                    out.setdefault(column, earlier)
    return out


def _blank_when_left(firm: Firm, deal: Deal, column: Column, asked_by: Stage) -> bool:
    """Whether the log shows the field blank on the day the deal left the stage that asks for it."""
    moves = firm.past.changes(deal, "stage")
    left = [move.as_of for move in moves if folded(move.old) == folded(asked_by.stage or "")]
    return (
        bool(left) and column.key in TRACKED["Deals"] and firm.past.value_on(deal, column.key, left[-1]) == ""
    )


_NOTHING_REQUIRED = Text("no stage names required fields", "ни у одного этапа нет обязательных полей")
_ENTRY_UNKNOWN = Text(
    "it is not known since when the deal is in its stage («In stage since» is blank)",
    "неизвестно, когда сделка попала на этап (пусто «На этапе с»)",
)
_NO_COLUMN = Text("there is no column “{column}”", "нет столбца «{column}»")
_FILLED = Text("filled since the stage “{stage}”", "заполнено с этапа «{stage}»")
_FILL_IT = Text(
    "Fill “{column}”, or move the deal back", "Заполните «{column}» или верните сделку на её этап"
)


@rule(
    "ST05",
    Text("Status contradicts the data", "Статус противоречит данным"),
    severity="error",
    answerable="rep",
    tables=("Deals",),
    needs=("Deals.stage",),
    minutes=2,
    items=(22,),
    clause=Text(
        "A deal's stage, closing date and lost reason tell one story.",
        "Этап, дата закрытия и причина отказа не противоречат друг другу.",
    ),
)
def contradictory_status(firm: Firm) -> Iterator[Outcome]:
    """
    What it finds: a stage that the sheet Stages does not know (or none); a won or lost deal without a closing date;
    a closing date on a deal in an active stage; a lost reason on a deal that is neither lost nor on hold.

    Why it matters: wrong statuses are the fourth of Snitko's five figures; a deal that is half closed is counted
    twice or not at all, in the forecast and in pay.

    How to fix: choose the stage that is true, and make the closing date and the lost reason fit it.
    """
    yield Judged(firm.book.deals.rows)
    if not firm.has("Stages.stage"):
        yield Unchecked(Text("there is no sheet Stages", "нет листа «Этапы»"), part="stage")
    for column in ("closed_at", "lost_reason"):
        if not firm.book.deals.has(column):
            yield Unchecked(_NO_COLUMN.fill(column=_DEALS.column(column).header), part=column)
    for deal in firm.book.deals.rows:
        kind = firm.kind(deal)
        if kind is None:
            words = Text("unknown stage", "неизвестный этап") if deal.stage else Text("no stage", "нет этапа")
            yield Found(
                deal, "stage", words, _KNOWN_STAGE, _CHOOSE_STAGE, same(deal.stage) if deal.stage else None
            )
        elif kind in ("won", "lost") and deal.closed_at is None and _can_see(firm, deal, "closed_at"):
            yield Found(
                deal, "closed_at", Text("no closing date", "нет даты закрытия"), _CLOSED_SINCE,
                Text("Write the day it was closed", "Впишите день, когда её закрыли"),
                Text("blank at “{stage}”", "пусто на этапе «{stage}»").fill(stage=deal.stage),
            )  # fmt: skip
        elif kind == "active" and deal.closed_at is not None:
            yield Found(
                deal, "closed_at", Text("a closing date on an open stage", "дата закрытия на открытом этапе"),
                Text("blank while the deal is open", "пусто, пока сделка открыта"),
                Text("Set the stage to won or lost, or clear the date", "Поставьте этап успеха или отказа или сотрите дату"),
                Text("closed {day}, yet at “{stage}”", "закрыта {day}, а этап «{stage}»").fill(
                    day=deal.closed_at, stage=deal.stage),
            )  # fmt: skip
        if deal.lost_reason is not None and kind in ("active", "won", "handover", "refund"):
            yield Found(
                deal, "lost_reason", Text("a lost reason, but not lost", "причина отказа, а отказа нет"),
                Text("blank unless lost or on hold", "пусто, если не отказ и не пауза"),
                Text("Clear the reason, or close the deal as lost", "Сотрите причину или закройте сделку отказом"),
                Text("“{reason}” at “{stage}”", "«{reason}» на этапе «{stage}»").fill(
                    reason=deal.lost_reason, stage=deal.stage),
            )  # fmt: skip


def _can_see(firm: Firm, deal: Deal, column: str) -> bool:
    """A date that is there but unreadable is DQ02's business."""
    return firm.book.deals.has(column) and (deal.row, column) not in firm.book.deals.problems


_NOT_FILLED = Text("not filled", "не заполнено")
_KNOWN_STAGE = Text("a stage of the sheet Stages", "этап с листа «Этапы»")
_CHOOSE_STAGE = Text("Choose a stage from the list", "Выберите этап из списка")
_CLOSED_SINCE = Text("the day it was won or lost", "день победы или отказа")
