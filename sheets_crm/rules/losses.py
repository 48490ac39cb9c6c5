"""Losses: every one has a reason of the closed list, used to its standard."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TypeAlias

from sheets_crm.book import folded, folded_name
from sheets_crm.expr import Compare, Criterion, Filled, Mistake, holds
from sheets_crm.findings import Found, Judged, Outcome, Unchecked
from sheets_crm.firm import Firm
from sheets_crm.rules.facts import DealFacts, criteria, in_key, missing
from sheets_crm.rules.fields import is_blank
from sheets_crm.rules.registry import rule
from sheets_crm.schema import TABLES, Deal, LossReason
from sheets_crm.text import DAYS, Text, same

_DEALS = TABLES["Deals"]
_REASON, _COMMENT, _SEGMENT = (_DEALS.column(key) for key in ("lost_reason", "lost_comment", "segment"))


@rule(
    "LS01",
    Text("Loss without a reason", "Отказ без причины"),
    severity="error",
    answerable="rep",
    tables=("Deals",),
    needs=("Deals.stage", "Deals.lost_reason"),
    minutes=2,
    items=(29,),
    clause=Text(
        "A deal is closed as lost only with a reason from the list; the list is closed.",
        "Сделку закрывают отказом только с причиной из списка; список закрыт.",
    ),
)
def lost_without_reason(firm: Firm) -> Iterator[Outcome]:
    """
    What it finds: lost deals whose reason is blank, or is not an active reason of the sheet Loss reasons. Case,
    spaces and ё/е do not matter; the nearest reason of the list is suggested.

    Why it matters: losses without a reason teach nothing (Korneev); a free text cannot be counted, so the list is
    closed (Mark&Sales: fixed reasons with a standard of use).

    How to fix: choose the reason from the list; if none fits, ask the Head of Sales to add one.
    """
    lost = firm.deals_by_kind.get("lost", ())
    yield Judged(lost)
    listed = firm.has("LossReasons.reason")
    if not listed:
        yield Unchecked(Text("there is no list of loss reasons", "нет листа «Причины отказа»"), part="list")
    names = {folded(r.reason): r.reason for r in firm.loss_reasons.values() if r.reason}
    for deal in lost:
        if is_blank(_REASON, deal.lost_reason):
            if (deal.row, "lost_reason") not in firm.book.deals.problems:
                yield Found(deal, "lost_reason", Text("no reason", "нет причины"), _FROM_THE_LIST, _CHOOSE)
        elif listed and folded(deal.lost_reason or "") not in names:
            near = difflib.get_close_matches(folded(deal.lost_reason or ""), names, n=1, cutoff=0.75)
            yield Found(
                deal, "lost_reason", Text("not on the list", "нет в списке причин"), _FROM_THE_LIST,
                _PERHAPS.fill(near=names[near[0]]) if near else _CHOOSE, same(deal.lost_reason or ""),
            )  # fmt: skip


_FROM_THE_LIST = Text("a reason from the sheet Loss reasons", "причина с листа «Причины отказа»")
_CHOOSE = Text("Choose the reason from the list", "Выберите причину из списка")
_PERHAPS = Text("Choose from the list; perhaps “{near}”", "Выберите из списка; возможно, «{near}»")


@rule(
    "LS02",
    Text("Loss against the standard", "Причина отказа не по стандарту"),
    severity="error",
    answerable="rep",
    tables=("Deals",),
    needs=(
        "Deals.stage",
        "Deals.lost_reason",
        "LossReasons.reason",
        "LossReasons.evidence | LossReasons.allowed_from | LossReasons.comment_required",
    ),
    minutes=3,
    items=(30,),
    clause=Text(
        "A loss reason is used only as its standard says: not before its stage, with its evidence and its comment.",
        "Причину отказа ставят по её стандарту: не раньше её этапа, с подтверждением и комментарием.",
    ),
)
def loss_against_standard(firm: Firm) -> Iterator[Outcome]:
    """
    What it finds: lost deals whose reason is on the list, but does not fit: the deal was lost from an earlier stage
    than the reason allows (its last active stage, from the sheet Stage history and the log; unknown = not judged),
    the evidence that the reason asks for is not there, or the comment that it requires is blank. What the evidence
    says of contacts counts the done tasks of the deal.

    Why it matters: the list of reasons is worth something only if each is used to its standard (Mark&Sales); "no
    answer" after one call is not a loss, it is a deal that nobody worked.

    How to fix: fill what is missing, or choose the reason that is true; if the client can still be won, reopen the
    deal and do what the standard asks for.
    """
    judged = [
        (deal, reason) for deal in firm.deals_by_kind.get("lost", ()) if (reason := _listed(firm, deal))
    ]
    yield Judged([deal for deal, _ in judged])
    yield from _too_early(firm, judged)
    yield from _unproven(firm, judged)
    yield from _uncommented(firm, judged)


def _listed(firm: Firm, deal: Deal) -> LossReason | None:
    return firm.loss_reasons.get(folded_name(deal.lost_reason or ""))


Lost: TypeAlias = Sequence[tuple[Deal, LossReason]]


def _too_early(firm: Firm, judged: Lost) -> Iterator[Outcome]:
    unknown = []
    by_pipeline: dict[str, dict[str, Decimal]] = {}
    for deal, reason in judged:
        if reason.allowed_from is None:
            continue
        pipeline = _pipeline(firm, deal)
        if pipeline not in by_pipeline:
            by_pipeline[pipeline] = _orders(firm, pipeline)
        orders = by_pipeline[pipeline]
        least = orders.get(folded_name(reason.allowed_from), _number(reason.allowed_from))
        if least is not None and orders and least <= min(orders.values()):
            continue
        stages = [visit.stage for visit in firm.visits(deal)[:-1] if visit.stage in orders]
        if least is None or not stages:
            unknown.append(deal)
        elif orders[stages[-1]] < least:
            yield Found(
                deal, "lost_reason", Text("too early for this reason", "рано для этой причины"),
                Text("not before the stage “{stage}”", "не раньше этапа «{stage}»").fill(stage=reason.allowed_from),
                _ANOTHER,
                Text("“{reason}”, lost from the stage “{stage}”", "«{reason}», отказ с этапа «{stage}»").fill(
                    reason=reason.reason, stage=_as_written(firm, stages[-1])),
                detail="allowed_from",
            )  # fmt: skip
    if unknown:
        yield Unchecked(_FROM_UNKNOWN, part="allowed_from", rows=unknown)


def _pipeline(firm: Firm, deal: Deal) -> str:
    stage = firm.stage(deal)
    return folded_name(deal.pipeline or (stage.pipeline if stage else None) or "")


def _orders(firm: Firm, pipeline: str) -> dict[str, Decimal]:
    """The active stages of a pipeline, folded, with their orders."""
    return {
        folded(s.stage): s.order
        for s in firm.book.stages.rows
        if s.stage
        and s.order is not None
        and s.kind in (None, "active")
        and folded(s.pipeline or "") in ("", pipeline)
    }


def _number(text: str) -> Decimal | None:
    """An order typed instead of a stage's name."""
    return Decimal(text) if text.isascii() and text.isdigit() else None


def _as_written(firm: Firm, stage: str) -> str:
    return next(s.stage for s in firm.book.stages.rows if s.stage and folded(s.stage) == stage)


def _unproven(firm: Firm, judged: Lost) -> Iterator[Outcome]:
    standards = {reason.key: criteria(reason.evidence) for reason in firm.loss_reasons.values()}
    unknown: dict[Text, list[Deal]] = {}
    for deal, reason in judged:
        standard = standards[reason.key]
        if isinstance(standard, Mistake):  # told at its own cell, on the sheet of reasons
            unknown.setdefault(_UNREADABLE.fill(reason=reason.reason), []).append(deal)
            continue
        facts = DealFacts(firm, deal)
        contacts = []
        for criterion in standard:
            held = holds(criterion.node, facts)
            if held is None:
                unknown.setdefault(missing(firm, criterion), []).append(deal)
            elif not held and criterion.columns:
                yield from _not_shown(firm, deal, reason, criterion)
            elif not held:
                contacts.append(_tally(criterion, facts))
        if contacts:
            yield Found(
                deal, "lost_reason", Text("the reason is not proven", "причина не подтверждена"),
                _PROVEN.fill(reason=reason.reason, when=reason.when_to_apply or reason.evidence),
                Text("Do what the standard asks for, or choose the reason that is true",
                     "Сделайте то, что требует стандарт, или выберите верную причину"),
                Text("; ".join(c.en for c in contacts), "; ".join(c.ru for c in contacts)), detail="evidence",
            )  # fmt: skip
    for why, rows in unknown.items():
        yield Unchecked(why, part="evidence", rows=rows)


def _not_shown(firm: Firm, deal: Deal, reason: LossReason, criterion: Criterion) -> Iterator[Found]:
    """A blank field has no detail: asked for by the evidence and as the required comment, it is one finding."""
    key = criterion.columns[0]
    if (deal.row, key) in firm.book.deals.problems:  # a value that cannot be read is DQ02's business
        return
    blank = criterion.node == Filled(key)
    typed = firm.book.deals.raw(deal.row, key)
    yield Found(
        deal, key, _NOT_FILLED if blank else Text("does not prove the lost reason", "не подтверждает причину отказа"),
        _PROVEN.fill(reason=reason.reason, when=criterion.source), _FILL.fill(column=_DEALS.column(key).header),
        same(f"«{typed}»") if typed else None, "" if blank else in_key(criterion.key),
    )  # fmt: skip


def _tally(criterion: Criterion, facts: DealFacts) -> Text:
    """What was counted and what is asked for, where the criterion is a plain count; else the criterion."""
    node = criterion.node
    if isinstance(node, Compare) and node.left.kind == "derived" and node.right.kind == "number":
        have = facts.derived(node.left.what)
        return Text(
            "{what}: {have}, and {sign} {need} is asked for", "{what}: {have}, а нужно {sign} {need}"
        ).fill(what=_COUNTED[node.left.what], have=have, sign=node.sign, need=node.right.what)
    return Text("does not hold: {what}", "не выполнено: {what}").fill(what=criterion.source)


def _uncommented(firm: Firm, judged: Lost) -> Iterator[Outcome]:
    asked = [(deal, reason) for deal, reason in judged if reason.comment_required]
    if asked and not firm.has("Deals.lost_comment"):
        yield Unchecked(_NO_COLUMN.fill(column=_COMMENT.header), part="lost_comment")
        return
    for deal, reason in asked:
        if (
            is_blank(_COMMENT, deal.lost_comment)
            and (deal.row, "lost_comment") not in firm.book.deals.problems
        ):
            yield Found(
                deal, "lost_comment", _NOT_FILLED, _COMMENTED.fill(reason=reason.reason), _SAY_WHAT_HAPPENED,
                same(f"«{deal.lost_comment}»") if deal.lost_comment else None,
            )  # fmt: skip


@rule(
    "LS04",
    Text("Warm client without a return date", "Тёплый клиент без даты возврата"),
    severity="warning",
    answerable="rep",
    tables=("Deals",),
    needs=(
        "Deals.stage",
        "Deals.lost_reason",
        "LossReasons.category",
        "Deals.reactivate_on | Deals.segment",
    ),
    minutes=2,
    items=(32,),
    clause=Text(
        "A client who is not ready yet is parted from on good terms: with a date to return, or in a mailing segment.",
        "С клиентом, который ещё не готов, расстаются по-доброму: с датой возврата или в сегменте рассылки.",
    ),
)
def nurture_without_return(firm: Firm) -> Iterator[Outcome]:
    """
    What it finds: deals lost for a reason of the category nurture that have neither a date to return nor a mailing
    segment.

    Why it matters: clients who are not ready, parted from on a good note, are the base of warm leads (Mark&Sales);
    without a date or a mailing nobody ever comes back to them.

    How to fix: write the day that the client named; the days of the sheet Loss reasons are only a suggestion. If
    there is no day, put the client into a mailing segment.
    """
    nurture = [
        (deal, reason)
        for deal in firm.deals_by_kind.get("lost", ())
        if (reason := _listed(firm, deal)) and reason.category == "nurture"
    ]
    yield Judged([deal for deal, _ in nurture])
    for deal, reason in nurture:
        unread = (deal.row, "reactivate_on") in firm.book.deals.problems
        if deal.reactivate_on is None and not unread and is_blank(_SEGMENT, deal.segment):
            yield Found(
                deal, "reactivate_on", Text("no date to return", "нет даты возврата"),
                Text("a date to return, or a mailing segment", "дата возврата или сегмент рассылки"),
                _RETURN_IN.fill(days=DAYS.of(int(reason.reactivate_days))) if reason.reactivate_days else _RETURN,
            )  # fmt: skip


_ANOTHER = Text("Choose a reason that fits the stage", "Выберите причину, которая подходит этапу")
_FROM_UNKNOWN = Text(
    "it is not known from which stage the deal was lost, or the reason's own stage is not in its pipeline",
    "неизвестно, с какого этапа ушли в отказ, или этапа причины нет в воронке сделки",
)
_UNREADABLE = Text(
    "the evidence of “{reason}” cannot be followed",
    "подтверждение причины «{reason}» записано с ошибкой",
)
_NO_COLUMN = Text("there is no column “{column}”", "нет столбца «{column}»")
_PROVEN = Text("for the reason “{reason}”: {when}", "для причины «{reason}»: {when}")
_NOT_FILLED = Text("not filled", "не заполнено")
_FILL = Text("Fill “{column}”, or choose another reason", "Заполните «{column}» или выберите другую причину")
_COMMENTED = Text(
    "a comment, which the reason “{reason}” requires", "комментарий, обязательный для причины «{reason}»"
)
_SAY_WHAT_HAPPENED = Text(
    "Write what happened, in the client's words", "Напишите, что произошло, словами клиента"
)
_COUNTED = {
    "attempts": Text("attempts without an answer", "попыток без ответа"),
    "attempt_days": Text("days with attempts", "дней с попытками"),
    "attempt_channels": Text("channels tried", "каналов связи"),
    "communications": Text("contacts", "контактов"),
}
_RETURN = Text(
    "Write the day on which to return, or the mailing segment",
    "Впишите день, когда вернуться, или сегмент рассылки",
)
_RETURN_IN = Text(
    "Write the day that the client named (as a rule, in {days}), or the mailing segment",
    "Впишите день, который назвал клиент (обычно через {days}), или сегмент рассылки",
)
