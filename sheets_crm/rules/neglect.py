"""Neglect: open deals that nobody touches, and what nobody owns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

from sheets_crm.findings import Found, Judged, Outcome, Unchecked
from sheets_crm.firm import Firm
from sheets_crm.rules.fields import is_blank
from sheets_crm.rules.registry import rule
from sheets_crm.schema import TABLES, Company, Contact, Deal
from sheets_crm.text import DAYS, Noun, Text, same

_OWNER = TABLES["Deals"].column("owner")


@rule(
    "DQ03",
    Text("Stale deal", "Сделку давно не трогали"),
    severity="warning",
    answerable="rep",
    tables=("Deals",),
    needs=(
        "Deals.stage",
        "Tasks.done_at | Deals.updated_at",
        "Tasks.deal_id | Tasks.contact_id | Tasks.company_id | Deals.updated_at",
    ),
    minutes=5,
    items=(39,),
    clause=Text(
        "No open deal lies untouched: something is done or changed in it, or its next step is planned.",
        "Открытая сделка не лежит без движения: в ней что-то делают, меняют или есть следующий шаг.",
    ),
    settings={
        "idle_days": Text(
            "Days without a change or a done task that are still fine",
            "Сколько дней без изменений и сделанных задач ещё допустимо",
        )
    },
)
def stale_deal(firm: Firm, *, idle_days: int = 14) -> Iterator[Outcome]:
    """
    What it finds: open deals without a change and without a done task for more than `idle_days` days. The last change
    is the latest of: a change that the log saw, «Updated», «Created», «In stage since», the last done task. Deals on
    hold, and deals with a next step between today and TK01's horizon, are left alone.

    Why it matters: keeping data fresh is one of Jernigan's five less obvious metrics; a deal that nobody touched for
    two weeks is in the forecast, but not in anyone's head.

    How to fix: talk to the client and write down what was said; plan the next step, pause the deal with a return
    date, or close it.
    """
    horizon = firm.as_of + timedelta(days=firm.settings.rules.get("TK01", {}).get("horizon_days", 45))
    waiting = [deal for deal in firm.open_deals if not _planned(firm, deal, horizon)]
    touched = {deal.key: day for deal in waiting if (day := _last_touched(firm, deal)) is not None}
    unknown = [deal for deal in waiting if deal.key not in touched]
    silent = {deal.row for deal in unknown}
    yield Judged([deal for deal in firm.open_deals if deal.row not in silent])
    if unknown:
        yield Unchecked(_NEVER_DATED, rows=unknown)
    for deal in waiting:
        idle = (firm.as_of - touched.get(deal.key, firm.as_of)).days
        if idle > idle_days:
            yield Found(
                deal, "updated_at",
                Text("untouched for {days}", "без движения {days}").fill(days=DAYS.of(idle)),
                Text("a change or a done task in the last {days}, or a planned next step",
                     "изменение или сделанная задача за последние {days} либо запланированный шаг").fill(days=DAYS.of(idle_days)),
                Text("Talk to the client, write it down and plan the next step; or pause or close the deal",
                     "Свяжитесь с клиентом, запишите итог и поставьте следующий шаг; или на паузу, или закройте"),
                Text("last touched {day}", "последнее движение {day}").fill(day=touched[deal.key]),
            )  # fmt: skip


def _planned(firm: Firm, deal: Deal, horizon: date) -> bool:
    """Whether a next step lies between today and the horizon, as a task or typed in the deal (rulings R8, R11)."""
    dates = [task.due_at.date() for task in firm.steps(deal) if task.due_at]
    if deal.next_date and (deal.next_step or not firm.has("Deals.next_step")):
        dates.append(deal.next_date)
    return any(firm.as_of <= day <= horizon for day in dates)


def _last_touched(firm: Firm, deal: Deal) -> date | None:
    days = [change.as_of for change in firm.past.history.get(("Deals", deal.key), ())]
    days += [moment.date() for moment in (deal.updated_at, deal.created_at) if moment]
    days += [deal.stage_entered_at] if deal.stage_entered_at else []
    days += [last.done_at.date()] if (last := firm.last_done(deal)) and last.done_at else []
    return max((day for day in days if day <= firm.as_of), default=None)


@rule(
    "DQ04",
    Text("Deal without an owner", "Сделка без ответственного"),
    severity="error",
    answerable="hos",
    tables=("Deals", "Contacts", "Companies"),
    needs=("Deals.stage", "Deals.owner"),
    minutes=2,
    items=(40,),
    clause=Text(
        "Every open deal has an owner who works here; whoever leaves hands deals and contacts over by the last day.",
        "У каждой открытой сделки есть работающий ответственный; уходя, сделки и контакты передают до последнего дня.",
    ),
)
def ownerless_deal(firm: Firm) -> Iterator[Outcome]:
    """
    What it finds: open deals without an owner, and open deals, contacts and companies whose owner has left: the last
    day at work («End» in the team) has come. A contact or a company is a warning, a deal an error. Each says how much
    is still in that person's name.

    Why it matters: the client base must survive a leaver (Mark&Sales); what nobody answers for is lost without a
    trace. While it stands, this finding speaks for all that the absent owner should have mended.

    How to fix: filter the sheet by that owner and give the rows to people who work here; whoever receives a deal has
    some days of peace.
    """
    yield Judged(firm.open_deals)
    yield Judged([card for card in _cards(firm) if card.owner])
    if not firm.has("Team.end"):
        yield Unchecked(_WHO_LEFT, part="end")
    blank = [deal for deal in firm.open_deals if _nobody(firm, deal)]
    for deal in blank:
        yield Found(
            deal, "owner", Text("no owner", "нет ответственного"), _WORKS_HERE,
            Text("Choose the owner; without one: {deals}", "Выберите ответственного; без него: {deals}").fill(
                deals=_OPEN_DEALS.of(len(blank))),
        )  # fmt: skip
    yield from _of_leavers(firm)


def _nobody(firm: Firm, deal: Deal) -> bool:
    return is_blank(_OWNER, deal.owner) and (deal.row, "owner") not in firm.book.deals.problems


def _of_leavers(firm: Firm) -> Iterator[Found]:
    """What stands in the name of people whose last day has come (item 40: end <= as_of)."""
    owned: list[Deal | Contact | Company] = [*firm.open_deals, *_cards(firm)]
    gone = {owner for owner in {row.owner for row in owned} if _has_left(firm, owner)}
    theirs = [row for row in owned if row.owner in gone]
    held = Counter((row.owner, type(row)) for row in theirs)
    for row in theirs:
        counts = [noun.of(held[row.owner, kind]) for kind, noun in _HELD.items() if held[row.owner, kind]]
        yield Found(
            row, "owner", Text("the owner has left", "ответственный уволился"), _WORKS_HERE,
            _REASSIGN.fill(owner=row.owner, rows=Text(", ".join(c.en for c in counts), ", ".join(c.ru for c in counts))),
            same(row.owner or ""), severity=None if isinstance(row, Deal) else "warning",
        )  # fmt: skip


def _cards(firm: Firm) -> list[Contact | Company]:
    return [*firm.book.of(Contact).rows, *firm.book.of(Company).rows]


def _has_left(firm: Firm, owner: str | None) -> bool:
    member = firm.book.member(owner)
    return member is not None and member.end is not None and member.end <= firm.as_of


_HELD: dict[type[Deal | Contact | Company], Noun] = {
    Deal: Noun(("open deal", "open deals"), ("открытая сделка", "открытые сделки", "открытых сделок")),
    Contact: Noun(("contact", "contacts"), ("контакт", "контакта", "контактов")),
    Company: Noun(("company", "companies"), ("компания", "компании", "компаний")),
}
_OPEN_DEALS = _HELD[Deal]
_NEVER_DATED = Text(
    "nothing says when the deal was last touched: no date, no done task, no change in the log",
    "неизвестно, когда сделку трогали: нет ни дат, ни сделанных задач, ни изменений в журнале",
)
_WHO_LEFT = Text(
    "it is not known who has left: there is no column “End” in the team",
    "неизвестно, кто уволился: в команде нет столбца «Работал до»",
)
_WORKS_HERE = Text("an owner who works here", "ответственный, который здесь работает")
_REASSIGN = Text(
    "Give it to another person; still in the name of {owner}: {rows}",
    "Передайте другому; всё ещё записано на {owner}: {rows}",
)
