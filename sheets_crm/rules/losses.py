"""Losses: every one has a reason of the closed list."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from sheets_crm.book import folded
from sheets_crm.findings import Found, Judged, Outcome, Unchecked
from sheets_crm.firm import Firm
from sheets_crm.rules.fields import is_blank
from sheets_crm.rules.registry import rule
from sheets_crm.schema import TABLES
from sheets_crm.text import Text, same

_REASON = TABLES["Deals"].column("lost_reason")


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
