"""Wins: what a won deal must hold to be counted and paid."""

from __future__ import annotations

from collections.abc import Iterator

from sheets_crm.findings import Found, Judged, Outcome, Unchecked
from sheets_crm.firm import Firm
from sheets_crm.rules.fields import is_blank
from sheets_crm.rules.registry import rule
from sheets_crm.schema import TABLES, Deal
from sheets_crm.text import Text, same

_DEALS = TABLES["Deals"]
_ASKED = (("closed_at",), ("amount",), ("product",), ("company_id", "contact_id"))
"""Of each tuple at least one is filled (ruling R14)."""


@rule(
    "WN01",
    Text("Incomplete win", "Победа оформлена не до конца"),
    severity="error",
    answerable="rep",
    tables=("Deals",),
    needs=(
        "Deals.stage",
        "Deals.closed_at | Deals.amount | Deals.product | Deals.company_id | Deals.contact_id",
    ),
    minutes=3,
    items=(33,),
    clause=Text(
        "A won deal says when, for how much, what was sold and to whom.",
        "В выигранной сделке указано, когда, на какую сумму, что и кому продали.",
    ),
)
def incomplete_win(firm: Firm) -> Iterator[Outcome]:
    """
    What it finds: won deals without a closing date, without an amount above zero, without a product, or with neither
    a company nor a contact. The closing date and an amount of zero are named by ST05 and DQ02 as well: there the
    value contradicts something, here the win is not complete, and mending the cell clears both.

    Why it matters: a win is counted on its day, in its sum and by its product (Korneev, Snitko); what is missing then
    is missing in the plan, in the forecast's past and in pay.

    How to fix: fill the cell while the client still remembers you.
    """
    won = firm.deals_by_kind.get("won", ())
    yield Judged(won)
    for keys in _ASKED:
        there = [key for key in keys if firm.book.deals.has(key)]
        if not there:
            yield Unchecked(_NO_COLUMN.fill(column=_DEALS.column(keys[0]).header), part=keys[0])
            continue
        for deal in won:
            if all(_lacks(firm, deal, key) for key in there):
                yield _found(firm, deal, there)


def _lacks(firm: Firm, deal: Deal, key: str) -> bool:
    """Blank, a placeholder, or an amount that is not above zero; what cannot be read is DQ02's business."""
    unread = (deal.row, key) in firm.book.deals.problems and getattr(deal, key) is None
    not_positive = key == "amount" and deal.amount is not None and deal.amount <= 0
    return not_positive or (not unread and is_blank(_DEALS.column(key), getattr(deal, key)))


def _found(firm: Firm, deal: Deal, keys: list[str]) -> Found:
    typed = firm.book.deals.raw(deal.row, keys[0])
    expected, fix = _TOLD[keys[0]]
    return Found(
        deal, keys[0], _NOT_FILLED if keys[0] != "amount" or deal.amount is None else _NOT_POSITIVE,
        expected, fix, same(f"«{typed}»") if typed else None,
    )  # fmt: skip


_NO_COLUMN = Text("there is no column “{column}”", "нет столбца «{column}»")
_NOT_FILLED = Text("not filled on a won deal", "не заполнено в выигранной сделке")
_NOT_POSITIVE = Text("not above zero on a won deal", "в выигранной сделке не больше нуля")
_A_CLIENT = (
    Text("a company or a contact", "компания или контакт"),
    Text("Choose the client: the company or the person", "Выберите клиента: компанию или человека"),
)
_TOLD = {
    "closed_at": (
        Text("the day of the win", "день победы"),
        Text("Write the day it was won", "Впишите день победы"),
    ),
    "amount": (Text("a sum above zero", "сумма больше нуля"), Text("Write the sum", "Впишите сумму")),
    "product": (Text("what was sold", "что продали"), Text("Write what was sold", "Впишите, что продали")),
    "company_id": _A_CLIENT,
    "contact_id": _A_CLIENT,
}
"""Column to what is expected there and what to do."""
