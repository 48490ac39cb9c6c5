"""Cards: what must be known of the people and the companies behind open deals."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from sheets_crm.book import TableRows, folded
from sheets_crm.findings import Found, Judged, Outcome, Unchecked
from sheets_crm.firm import Firm
from sheets_crm.rules.fields import is_blank, named_columns
from sheets_crm.rules.registry import rule
from sheets_crm.schema import TABLES, Column, Company, Contact, Deal, Row
from sheets_crm.text import Text, same

R = TypeVar("R", bound=Row)

_CONTACTS, _COMPANIES = TABLES["Contacts"], TABLES["Companies"]
_REACHABLE = ((_CONTACTS.column("name"),), (_CONTACTS.column("phone"), _CONTACTS.column("email")))
_ROLE = ((_CONTACTS.column("role"),),)
_SEVERAL = re.compile(r"[,;\n]|\s/\s")
_EXTENSION = re.compile(
    r"[\s,;(]*(?:ext(?:ension)?|доб(?:авочный)?|вн(?:утр)?|x|#)[\s.:]*\d{1,6}\)?", re.IGNORECASE
)
_REMARK = re.compile(r"\([^()\d]*\)")
_PHONE = re.compile(r"\+?[\d\s()./\-‐-―]+\Z")
_EMAIL = re.compile(r"[^@\s<>()]+@[^@\s<>().]+(?:\.[^@\s<>().]+)+\Z")


@rule(
    "CD01",
    Text("Incomplete contact", "Неполная карточка контакта"),
    severity="warning",
    answerable="rep",
    tables=("Contacts",),
    needs=("Deals.stage", "Deals.contact_id", "Contacts.phone | Contacts.email"),
    minutes=3,
    items=(34,),
    clause=Text(
        "The contact of an open deal has a name and a phone or an e-mail; from the second stage on, a position.",
        "У контакта открытой сделки есть имя и телефон или почта, а со второго этапа и должность.",
    ),
)
def incomplete_contact(firm: Firm) -> Iterator[Outcome]:
    """
    What it finds: contacts of open deals without a name, with neither phone nor e-mail, or, from the second stage of
    the pipeline on, without a position; and a phone or an e-mail that cannot be one. A phone has 7 to 15 digits, in
    any spelling, with an extension ("ext. 123") or several in one cell; an e-mail has one @ and a dot behind it.

    Why it matters: the contact's card is one of the seven checks of Korneev's weekly audit; a client who can only be
    reached from one rep's own phone is lost with the rep (Mark&Sales).

    How to fix: ask at the next talk and fill the card; write what cannot be a number into another column.
    """
    furthest = _furthest(firm, "contact_id", firm.open_deals)
    contacts = [contact for contact in firm.book.of(Contact).rows if contact.key in furthest]
    yield Judged(contacts)
    yield from _missing(firm.book.of(Contact), contacts, _REACHABLE)
    later = [contact for contact in contacts if (furthest[contact.key] or 0) >= 2]
    yield from _missing(firm.book.of(Contact), later, _ROLE)
    unplaced = [contact for contact in contacts if furthest[contact.key] is None]
    if unplaced:
        yield Unchecked(_NO_ORDER, part="role", rows=unplaced)
    lines = ((_CONTACTS.column("phone"), is_phone), (_CONTACTS.column("email"), is_email))
    for contact in contacts:
        for column, fits in lines:
            value = getattr(contact, column.key)
            if not is_blank(column, value) and not all(fits(part) for part in _parts(value)):
                yield Found(contact, column.key, *_IMPOSSIBLE[column.key], same(f"«{value}»"), "impossible")


@rule(
    "CD02",
    Text("Incomplete company", "Неполная карточка компании"),
    severity="warning",
    answerable="rep",
    tables=("Companies",),
    needs=("Deals.stage", "Deals.company_id", "Companies.name | Companies.company_id", "Stages.order"),
    minutes=5,
    items=(35,),
    clause=Text(
        "From the second stage on, the company of an open deal has its industry, its site or tax ID, and its city.",
        "Со второго этапа у компании открытой сделки указаны отрасль, сайт или ИНН и город.",
    ),
    settings={
        "card": Text(
            "What the card must hold: columns separated by commas, “or” between those of which one is enough",
            "Что должно быть в карточке: столбцы через запятую; «или» между теми, из которых достаточно одного",
        ),
        "b2c_pipelines": Text(
            "Pipelines that sell to people and not to companies, separated by commas",
            "Воронки, где продают людям, а не компаниям, через запятую",
        ),
    },
)
def incomplete_company(
    firm: Firm, *, card: str = "name, industry, site or tax_id, city", b2c_pipelines: str = ""
) -> Iterator[Outcome]:
    """
    What it finds: companies with an open deal at the second stage of its pipeline or later whose card lacks
    something: as shipped, the name, the industry, the site or the tax ID, the city (setting `card`). Deals of the
    pipelines named in `b2c_pipelines` ask for no company card.

    Why it matters: the company's card is one of the seven checks of Korneev's weekly audit; without industry and
    city nobody sees which clients buy, without a site or tax ID nobody sees that two cards are one client.

    How to fix: look the company up and fill the card.
    """
    to_people = {folded(name) for name in b2c_pipelines.split(",")} - {""}
    deals = [deal for deal in firm.open_deals if _pipeline(firm, deal) not in to_people]
    furthest = _furthest(firm, "company_id", deals)
    companies = [c for c in firm.book.of(Company).rows if (furthest.get(c.key) or 0) >= 2]
    yield Judged(companies)
    unplaced = [c for c in firm.book.of(Company).rows if c.key in furthest and furthest[c.key] is None]
    if unplaced:
        yield Unchecked(_NO_ORDER, rows=unplaced)
    groups = []
    for words in re.split(r"[,;\n]", card):
        named = [
            pair for word in re.split(r"\s+(?:or|или)\s+", words) for pair in named_columns(_COMPANIES, word)
        ]
        for name, column in named:
            if column is None:
                yield Unchecked(_UNKNOWN_COLUMN.fill(name=name), part=name)
        groups.append(tuple(column for _, column in named if column is not None))
    yield from _missing(firm.book.of(Company), companies, [group for group in groups if group])


def _missing(
    table: TableRows[Any], rows: Sequence[Row], groups: Sequence[Sequence[Column]]
) -> Iterator[Outcome]:
    """Rows that have nothing in any column of a group; a value that cannot be read is DQ02's business."""
    for group in groups:
        there = [column for column in group if table.has(column.key)]
        if not there:
            yield Unchecked(_NO_COLUMN.fill(column=group[0].header), part=group[0].key)
            continue
        for row in rows:
            if all(
                is_blank(c, getattr(row, c.key)) and (row.row, c.key) not in table.problems for c in there
            ):
                typed = table.raw(row.row, there[0].key)
                yield Found(
                    row, there[0].key, _blank(there), _FILLED, _FILL.fill(columns=_either(there)),
                    same(f"«{typed}»") if typed else None,
                )  # fmt: skip


def _either(columns: Sequence[Column]) -> Text:
    return Text(
        " or ".join(f"“{c.header.en}”" for c in columns), " или ".join(f"«{c.header.ru}»" for c in columns)
    )


def _blank(columns: Sequence[Column]) -> Text:
    return _BLANK_TOO.fill(columns=_either(columns[1:])) if columns[1:] else _NOT_FILLED


# ------------------------------------------------------------------ how far a card's deals have come


def _furthest(firm: Firm, reference: str, deals: Sequence[Deal]) -> Mapping[str, int | None]:
    """Row key of a card to the place (from 1) of its furthest deal in its pipeline; None where no place is known."""
    table = {"contact_id": "Contacts", "company_id": "Companies"}[reference]
    places = _places(firm)
    out: dict[str, int | None] = {}
    for deal in deals:
        found = firm.book.resolve(table, getattr(deal, reference)).row
        stage = firm.stage(deal)
        if found is not None and stage is not None:
            place, known = places.get(stage.key), out.get(found.key)
            out[found.key] = max(place or 0, known or 0) or None
    return out


def _places(firm: Firm) -> Mapping[str, int]:
    """Row key of an active stage to its place in its pipeline: 1 for the first, whatever numbers the firm uses."""
    pipelines: dict[str, dict[str, Decimal]] = {}
    for stage in firm.book.stages.rows:
        if stage.order is not None and stage.kind in (None, "active"):
            pipelines.setdefault(folded(stage.pipeline or ""), {})[stage.key] = stage.order
    return {
        key: sorted(set(orders.values())).index(order) + 1
        for orders in pipelines.values()
        for key, order in orders.items()
    }


def _pipeline(firm: Firm, deal: Deal) -> str:
    stage = firm.stage(deal)
    return folded(deal.pipeline or (stage.pipeline if stage else None) or "")


# ------------------------------------------------------------------ phones and addresses


def _parts(value: str) -> list[str]:
    """The numbers or addresses of a cell that holds several; an extension stays with its number."""
    return [part for part in _SEVERAL.split(_EXTENSION.sub("", value)) if part.strip()]


def is_phone(text: str) -> bool:
    """Whether a text can be a phone number: 7 to 15 digits (E.164) in any spelling; a remark in brackets is allowed."""
    plain = _REMARK.sub("", _EXTENSION.sub("", text)).strip()
    return bool(_PHONE.match(plain)) and 7 <= sum(ch.isdigit() for ch in plain) <= 15


def is_email(text: str) -> bool:
    """Whether a text can be an e-mail address: something, one @, and a domain with a dot in it."""
    return bool(_EMAIL.match(text.strip()))


_NO_ORDER = Text(
    "the stage of the deal has no order, so it is not known whether it is the second",
    "у этапа сделки нет порядка, и неизвестно, второй ли он",
)
_NO_COLUMN = Text("there is no column “{column}”", "нет столбца «{column}»")
_UNKNOWN_COLUMN = Text(
    "the setting card names “{name}”, which is no column of Companies",
    "в настройке card указано «{name}», а такого столбца у компаний нет",
)
_NOT_FILLED = Text("not filled", "не заполнено")
_BLANK_TOO = Text("blank, and so is {columns}", "пусто, и {columns} тоже")
_FILLED = Text("a full card", "полная карточка")
_FILL = Text("Fill {columns}", "Заполните {columns}")
_IMPOSSIBLE = {
    "phone": (
        Text("cannot be a phone number", "не похоже на телефон"),
        Text("7 to 15 digits, best with the country code", "от 7 до 15 цифр, лучше с кодом страны"),
        Text("Correct the number", "Поправьте номер"),
    ),
    "email": (
        Text("cannot be an e-mail address", "не похоже на адрес почты"),
        Text("an address such as anna@firm.com", "адрес вида anna@firma.ru"),
        Text("Correct the address", "Поправьте адрес"),
    ),
}
"""Column to words, expected and fix."""
