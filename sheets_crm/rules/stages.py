"""Stages: what a deal must show to be where it is said to be."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from functools import cache

from sheets_crm.book import folded
from sheets_crm.expr import Compare, Criterion, Filled, Mistake, TaskDone, holds
from sheets_crm.findings import Found, Judged, Outcome, Unchecked
from sheets_crm.firm import Firm
from sheets_crm.history import TRACKED
from sheets_crm.rules.facts import (
    DealFacts,
    Passed,
    asked_when_left,
    changed_on,
    criteria,
    field_of,
    in_key,
    left_on,
    missing,
    passed_stages,
)
from sheets_crm.rules.fields import is_blank, named_columns
from sheets_crm.rules.registry import rule
from sheets_crm.schema import TABLES, Column, Deal, Stage
from sheets_crm.schema.choices import TASK_TYPE
from sheets_crm.text import WORKING_DAYS, Text, same

_DEALS = TABLES["Deals"]


@rule(
    "ST01",
    Text("Exit criteria are not met", "Не выполнены критерии перехода"),
    severity="error",
    answerable="rep",
    tables=("Deals",),
    needs=("Deals.stage", "Stages.exit_criteria"),
    minutes=4,
    items=(18,),
    clause=Text(
        "A deal moves on only when the exit criteria of its stage are met.",
        "Сделка идёт дальше только тогда, когда выполнены критерии перехода её этапа.",
    ),
)
def exit_criteria_unmet(firm: Firm) -> Iterator[Outcome]:
    """
    What it finds: open deals that left a stage although a criterion of it does not hold; each criterion is a finding
    of its own. The stages are those from the deal's entry stage up to the one before its present stage. The entry
    stage is the first one in Stage history, or the one in which the log saw the deal on the day of its creation or of
    its coming from another pipeline; a repeat order of a client who was won before, and a deal brought back, may start
    at any stage; in all other cases it is the first stage of the pipeline. Only criteria count that were already asked for when the deal left the stage,
    as far as the log knows, and still are.

    Why it matters: every stage has one goal and criteria; met, the deal goes on; not met, it is a defect (Korneev;
    Mark&Sales). A deal that was moved ahead of the facts makes the forecast too high.

    How to fix: fill in what is known, do what is missing, or move the deal back to the stage where it really is.
    """
    ladder = passed_stages(firm)
    if not any(stage.exit_criteria for stage in firm.book.stages.rows):
        yield Unchecked(Text("no stage has exit criteria", "ни у одного этапа нет критериев перехода"))
        return
    judged = [deal for deal in firm.open_deals if firm.stage(deal) is not None]
    yield Judged(judged)
    free_start = _FreeStart(firm)
    unknown: dict[str, Text] = {}
    mistaken: list[Deal] = []
    for deal in judged:
        facts = DealFacts(firm, deal)
        for passed in _left(firm, deal, ladder, free_start):
            found = criteria(passed.stage.exit_criteria)
            if isinstance(found, Mistake):
                mistaken.append(deal)
                continue
            answers = [(criterion, holds(criterion.node, facts)) for criterion in found]
            asked = () if all(answer for _, answer in answers) else _asked_before(firm, deal, passed)
            for criterion, answer in answers:
                if answer is None:
                    unknown.setdefault(field_of(criterion), missing(firm, criterion))
                elif not answer and criterion.key in asked:
                    yield Found(
                        deal, field_of(criterion), _unmet(criterion), _MET_BEFORE.fill(
                            criterion=criterion.source, stage=passed.stage.stage), _MEET_IT,
                        detail=in_key(criterion.key),
                    )  # fmt: skip
    for part, reason in unknown.items():
        yield Unchecked(reason, part=part)
    if mistaken:
        yield Unchecked(_MISTAKEN, rows=list(dict.fromkeys(mistaken)))


def _asked_before(firm: Firm, deal: Deal, passed: Passed) -> Collection[str]:
    """Keys of the criteria that a stage already asked for when the deal left it."""
    then = criteria(asked_when_left(firm, deal, passed, "exit_criteria"))
    return () if isinstance(then, Mistake) else [criterion.key for criterion in then]


class _FreeStart:
    """Which deals may have entered their pipeline at a later stage than the first."""

    def __init__(self, firm: Firm) -> None:
        self.firm = firm
        self.recorded = {deal.key for deal in firm.recorded_deals.values() if deal}
        self.won: dict[tuple[str, str], date] = {}
        """(kind of card, its key) to the day on which the client was first won."""
        for deal in firm.deals_by_kind.get("won", ()):
            for card in self._cards(deal):
                if deal.closed_at is not None:
                    self.won[card] = min(deal.closed_at, self.won.get(card, date.max))

    def _cards(self, deal: Deal) -> Iterator[tuple[str, str]]:
        for table, reference in (("Companies", deal.company_id), ("Contacts", deal.contact_id)):
            if reference:
                row = self.firm.book.resolve(table, reference).row
                yield table, row.key if row else folded(reference)

    def of(self, deal: Deal) -> bool:
        """Whether the first stage that is known of the deal is where it started."""
        if deal.key in self.recorded or deal.reactivated_from or _joined_on(self.firm, deal) is not None:
            return True
        if deal.created_at is None:
            return False
        created, seen = deal.created_at.date(), self.firm.past.seen.get(("Deals", deal.key))
        if created >= (seen.since if seen else self.firm.as_of):
            return True
        return any(self.won.get(card, date.max) <= created for card in self._cards(deal))


def _left(
    firm: Firm, deal: Deal, ladder: Mapping[str, Sequence[Passed]], free_start: _FreeStart
) -> Sequence[Passed]:
    """The stages that a deal has left, from its entry stage on."""
    stage = firm.stage(deal)
    before = ladder.get(stage.key, ()) if stage else ()
    if not before or not free_start.of(deal):
        return before
    joined = _joined_on(firm, deal) or date.min
    known = [visit.stage for visit in firm.visits(deal) if (visit.left or firm.as_of) > joined]
    names = [folded(passed.stage.stage or "") for passed in before]
    entry = next((name for name in known if name in names or name == folded(deal.stage or "")), "")
    return before[names.index(entry) :] if entry in names else ()


def _joined_on(firm: Firm, deal: Deal) -> date | None:
    """The day on which the log saw a deal come from another pipeline; a blank one that is filled in is no move."""
    seen = firm.past.seen.get(("Deals", deal.key))
    before = seen.fields.get("pipeline", "") if seen else ""
    if before and deal.pipeline and folded(before) != folded(deal.pipeline):
        return firm.as_of
    moves = [c.as_of for c in firm.past.changes(deal, "pipeline") if c.old and c.new]
    return moves[-1] if moves else None


def _unmet(criterion: Criterion) -> Text:
    """What is wrong, in the words of our own headers; a longer condition is only named."""
    node = criterion.node
    if isinstance(node, Filled):
        return Text("“{column}” is not filled", "не заполнено «{column}»").fill(
            column=_DEALS.column(node.key).header)  # fmt: skip
    if isinstance(node, TaskDone):
        return Text("no done task of the type “{type}”", "нет сделанной задачи с типом «{type}»").fill(
            type=TASK_TYPE.word(node.kind))  # fmt: skip
    if isinstance(node, Compare) and criterion.columns:
        return Text("“{column}” does not meet the criterion", "«{column}» не отвечает критерию").fill(
            column=_DEALS.column(criterion.columns[0]).header)  # fmt: skip
    return Text("an exit criterion is not met", "критерий перехода не выполнен")


_MET_BEFORE = Text(
    "{criterion}: met before leaving the stage “{stage}”", "{criterion}: выполнено до ухода с этапа «{stage}»"
)
_MEET_IT = Text(
    "Fill in what is known, do what is missing, or move the deal back",
    "Впишите, что известно, сделайте недостающее или верните сделку на её этап",
)
_MISTAKEN = Text(
    "a stage that they left has criteria that cannot be understood (see DQ02)",
    "критерии этапа, с которого они ушли, непонятны (см. DQ02)",
)


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
    stage's field that was already blank when the deal left that stage, or was not yet asked for then, is left alone,
    as far as the log knows.

    Why it matters: every stage has its required fields (Korneev); what was not asked at the time is not known when
    the deal is to be won.

    How to fix: fill the field, or move the deal back to the stage where it really is.
    """
    required = {stage.key: _required(stage.required_fields) for stage in firm.book.stages.rows}
    if not any(required.values()):
        yield Unchecked(_NOTHING_REQUIRED)
        return
    ladder = passed_stages(firm)
    unknown = [deal for deal in firm.open_deals if firm.entered(deal) is None]
    judged = [deal for deal in firm.open_deals if firm.entered(deal) is not None]
    yield Judged(judged)
    if unknown:
        yield Unchecked(_ENTRY_UNKNOWN, rows=unknown)
    for column in dict.fromkeys(column for columns in required.values() for column in columns):
        if not firm.book.deals.has(column.key):
            yield Unchecked(_NO_COLUMN.fill(column=column.header), part=column.key)
    for deal in judged:
        entered, stage = firm.entered(deal), firm.stage(deal)
        if entered is None or stage is None or firm.as_of < firm.calendar.add(entered, entry_days):
            continue
        for column, asked_by in _blank_fields(firm, deal, stage, required, ladder).items():
            typed = firm.book.deals.raw(deal.row, column.key)
            yield Found(
                deal, column.key, _NOT_FILLED, _FILLED.fill(stage=asked_by.stage), _FILL_IT.fill(column=column.header),
                same(f"«{typed}»") if typed else None,
            )  # fmt: skip


@cache
def _required(text: str | None) -> Sequence[Column]:
    return tuple(column for _, column in named_columns(_DEALS, text or "") if column is not None)


def _blank_fields(
    firm: Firm, deal: Deal, stage: Stage, required: Mapping[str, Sequence[Column]],
    ladder: Mapping[str, Sequence[Passed]],
) -> dict[Column, Stage]:  # fmt: skip
    """The blank columns that a deal's stage and those before it ask for, each with the first stage that asks."""
    out: dict[Column, Stage] = {}
    for passed in ladder[stage.key]:
        blank = _blank(firm, deal, required[passed.stage.key])
        if blank:
            then = asked_when_left(firm, deal, passed, "required_fields")
            for column in blank:
                if column in _required(then) and not _blank_when_left(firm, deal, column, passed):
                    out.setdefault(column, passed.stage)
    for column in _blank(firm, deal, required[stage.key]):
        out.setdefault(column, stage)
    return out


def _blank(firm: Firm, deal: Deal, columns: Sequence[Column]) -> list[Column]:
    return [c for c in columns if firm.book.deals.has(c.key) and is_blank(c, getattr(deal, c.key))]


def _blank_when_left(firm: Firm, deal: Deal, column: Column, passed: Passed) -> bool:
    """Whether the log shows the field blank when the deal left the stage that asks for it."""
    tracked = column.key in TRACKED["Deals"]
    return tracked and firm.past.value_on(deal, column.key, left_on(firm, deal, passed)) == ""


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
    settings={
        "moved_after_days": Text(
            "Working days after which a deal that meets all its exit criteria should have moved on",
            "Через сколько рабочих дней сделка, выполнившая все критерии, должна быть на следующем этапе",
        )
    },
)
def contradictory_status(firm: Firm, *, moved_after_days: int = 3) -> Iterator[Outcome]:
    """
    What it finds: a stage that the sheet Stages does not know (or none); a won or lost deal without a closing date;
    a closing date on a deal in an active stage; a lost reason on a deal that is neither lost nor on hold. To know: an
    open deal that meets all exit criteria of its stage and has been there for more than `moved_after_days` working
    days.

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
    yield from _ready(firm, moved_after_days)


def _ready(firm: Firm, moved_after_days: int) -> Iterator[Outcome]:
    """Open deals that could have moved on; since when is told by the entry, and by the log where it follows the field."""
    for deal in firm.open_deals:
        stage, entered = firm.stage(deal), firm.entered(deal)
        found = criteria(stage.exit_criteria) if stage else ()
        if not found or isinstance(found, Mistake) or entered is None:
            continue
        tracked = {key for criterion in found for key in criterion.columns} & set(TRACKED["Deals"])
        facts_known = [day for key in tracked if (day := changed_on(firm, deal, key)) is not None]
        overdue = firm.calendar.add(max([entered, *facts_known]), moved_after_days + 1)
        facts = DealFacts(firm, deal)
        if firm.as_of >= overdue and all(holds(criterion.node, facts) for criterion in found):
            yield Found(
                deal, "stage", Text("meets all exit criteria of the stage", "все критерии этапа выполнены"),
                Text("the next stage within {days}", "следующий этап за {days}").fill(days=WORKING_DAYS.of(moved_after_days)),
                Text("Move it on, or write into the criteria what is still missing",
                     "Переведите дальше или допишите в критерии, чего ещё не хватает"),
                same(deal.stage or ""), detail="ready", severity="info",
            )  # fmt: skip


def _can_see(firm: Firm, deal: Deal, column: str) -> bool:
    """A date that is there but unreadable is DQ02's business."""
    return firm.book.deals.has(column) and (deal.row, column) not in firm.book.deals.problems


_NOT_FILLED = Text("not filled", "не заполнено")
_KNOWN_STAGE = Text("a stage of the sheet Stages", "этап с листа «Этапы»")
_CHOOSE_STAGE = Text("Choose a stage from the list", "Выберите этап из списка")
_CLOSED_SINCE = Text("the day it was won or lost", "день победы или отказа")
