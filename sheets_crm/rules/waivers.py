"""Waivers: which of them do not hold, and which excuse nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sheets_crm.findings import Found
from sheets_crm.firm import Firm
from sheets_crm.rules.registry import RULES, Rule
from sheets_crm.schema import Waiver
from sheets_crm.text import Text, same


def faulty_waivers(firm: Firm) -> Iterator[Found]:
    """Part of DQ02: waivers that set nothing aside, each at the cell because of which they do not.

    A deal that does not exist is DQ01's business, a date that cannot be read is told as such.
    """
    table = firm.book.of(Waiver)
    fires: dict[str, Collection[str] | None] = {}
    for waiver in table.rows:
        code, fault = (waiver.rule or "").strip().upper(), firm.waiver_fault(waiver)
        if waiver.rule and code not in RULES:
            yield Found(waiver, "rule", _NO_SUCH_RULE, _A_CODE, _CORRECT_CODE, same(waiver.rule))
        elif fault is None:
            if code not in fires:
                fires[code] = _deals_where_it_fires(firm, RULES[code])
            deal, excused = firm.waived_deal(waiver), fires[code]
            if deal is not None and excused is not None and deal.key not in excused:
                yield Found(waiver, "rule", _UNUSED, _NEEDED, _DELETE, detail="unused", severity="info")
        elif table.has(fault) and (waiver.row, fault) not in table.problems:
            yield from _fault(firm, waiver, fault)


def _fault(firm: Firm, waiver: Waiver, column: str) -> Iterator[Found]:
    if column == "deal_id" and waiver.deal_id is None:
        yield Found(
            waiver, column, Text("no deal", "нет сделки"), _A_DEAL, Text("Name the deal", "Укажите сделку")
        )
    elif column == "rule":
        yield Found(waiver, column, Text("no rule", "нет правила"), _A_CODE, _CORRECT_CODE)
    elif column == "granted_by":
        yield Found(
            waiver, column, *_grantor(firm, waiver), same(waiver.granted_by) if waiver.granted_by else None
        )
    elif column == "until" and waiver.until is None:
        yield Found(
            waiver, column, Text("no last day", "нет последнего дня"), Text("its last day", "последний день"),
            Text("Write until when it holds", "Впишите, до какого дня действует"),
        )  # fmt: skip
    elif column == "until":
        yield Found(
            waiver, column, Text("expired on {day}", "истекло {day}").fill(day=waiver.until),
            Text("today or later", "сегодня или позже"),
            Text("Delete the row, or let a Head of Sales renew it", "Удалите строку или попросите РОПа продлить"),
            severity="warning",
        )  # fmt: skip


def _grantor(firm: Firm, waiver: Waiver) -> tuple[Text, Text, Text]:
    """(words, expected, fix) for whoever may not grant it."""
    grantor = firm.book.member(waiver.granted_by)
    if waiver.granted_by is None:
        words = Text("nobody granted it", "никто не разрешил")
    elif grantor is None:
        words = Text("not in the team", "нет в команде")
    elif grantor.role != "hos":
        words = Text("not a Head of Sales", "не РОП")
    else:
        words = Text("the deal's own owner", "сам ответственный за сделку")
    return (
        words,
        Text("a Head of Sales who does not own the deal", "РОП, который не ведёт эту сделку"),
        Text("Let such a Head of Sales grant it", "Попросите разрешение у такого РОПа"),
    )


def _deals_where_it_fires(firm: Firm, rule: Rule) -> Collection[str] | None:
    """Row keys of the deals on which, or on whose tasks, a rule fires when asked again; None where it cannot be asked.

    DQ02 cannot ask itself, and a rule that is off or lacks its columns says nothing either way.
    """
    able = rule.code not in firm.settings.off and all(any(firm.has(n) for n in need) for need in rule.needs)
    if rule.code == "DQ02" or not able:
        return None
    outcomes = rule.judge(firm, **firm.settings.rules.get(rule.code, {}))
    found = (firm.deal_of(outcome.row) for outcome in outcomes if isinstance(outcome, Found))
    return {deal.key for deal in found if deal is not None}


_NO_SUCH_RULE = Text("there is no such rule", "нет такого правила")
_A_CODE = Text("the code of a rule, as TK01", "код правила, например TK01")
_CORRECT_CODE = Text("Write the rule's code", "Впишите код правила")
_A_DEAL = Text("the deal that it is for", "сделка, для которой оно")
_UNUSED = Text("excuses nothing at present", "сейчас ничего не прикрывает")
_NEEDED = Text("a finding that it sets aside", "замечание, которое оно снимает")
_DELETE = Text("Delete the row if it is no longer needed", "Удалите строку, если больше не нужна")
