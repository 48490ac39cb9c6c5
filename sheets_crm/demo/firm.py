"""The demo firm: a seed goes in; its tables as they stood on any morning come out."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from sheets_crm.calendar import WorkCalendar
from sheets_crm.demo import desk, people, words
from sheets_crm.demo.cards import Card, Fields, cards
from sheets_crm.demo.lives import (
    HOLD,
    LOST,
    MORNING,
    TOO_DEAR,
    Action,
    Life,
    Scene,
    assign,
    deal_row,
    fate,
    fill_day,
    free_days,
    half_hour,
    reopen,
    response,
    settle,
    shown_tasks,
    task_row,
    tell,
)
from sheets_crm.demo.people import Staff, WorkDays
from sheets_crm.demo.words import Person
from sheets_crm.schema import FIRM_SETTINGS
from sheets_crm.sheet import Value
from sheets_crm.template import book_rows, default_reasons, default_stages
from sheets_crm.text import Lang

RUNS = 8
"""Weekly runs that are replayed; the last is on the firm's last day."""
MONTHS_BACK = 190
"""Days from the first enquiry to the last day: six months."""
TASKS_A_DEAL = 20
_INTERNAL = 0.09
"""Part of all tasks that belong to no deal."""
_FOREIGN = 0.07
"""Part of the deals in the second currency."""
_LOST_BEFORE, _BACK_BEFORE = 5, 6
"""Places of the runs before which a deal is lost, and comes back."""
_RETURNING, _REVIVED = 0.10, 0.05
"""Parts of the new deals that come from a client we have, and from one that was lost for the time being."""

Key = tuple[str, str]
"""(table, row key)"""


@dataclass(frozen=True)
class Slip:
    """Someone's mistake: what stands in a cell from one run's day on, until it is mended."""

    field: str
    value: Value
    since: date
    until: date | None

    def stands(self, day: date) -> bool:
        """Whether it is there on the morning of `day`."""
        return self.since <= day and (self.until is None or day < self.until)


@dataclass(frozen=True)
class Typed:
    """A row that someone adds to a sheet, from one run's day on; `deal` is whose name stands in it."""

    table: str
    row: Fields
    since: date
    until: date | None
    deal: str | None = None

    def stands(self, day: date) -> bool:
        """Whether it is there on the morning of `day`."""
        return self.since <= day and (self.until is None or day < self.until)


@dataclass
class DemoFirm:
    """Everything that happens in the firm; `rows` says what the workbook holds on a day."""

    scene: Scene
    lives: list[Life]
    internal: list[Action]
    """Tasks that belong to no deal."""
    day_off: date
    slips: dict[Key, list[Slip]] = field(default_factory=dict)
    typed: list[Typed] = field(default_factory=list)

    def rows(self, day: date) -> dict[str, list[Fields]]:
        """Every table as it stood on the morning of `day`, by key: column key to value."""
        scene, morning = self.scene, datetime.combine(day, time())
        begun = [life for life in self.lives if life.created < morning]
        deals = [deal_row(scene, life, day) for life in begun]
        deals = self._slipped("Deals", "deal_id", deals, day)
        names = {str(row["deal_id"]): str(row["name"]) for row in deals}
        tasks = [(action, names[life.id]) for life in begun for action in shown_tasks(life.actions, day)]
        own = [(action, None) for action in shown_tasks(self.internal, day)]
        every = sorted([*tasks, *own], key=lambda pair: _number(pair[0]))
        shown = [task_row(scene, action, deal, day) for action, deal in every]
        companies, contacts = _cards_of(begun, scene, day)
        return {
            "Deals": deals,
            "Tasks": self._slipped("Tasks", "task_id", shown, day),
            "Companies": self._slipped("Companies", "company_id", companies, day),
            "Contacts": self._slipped("Contacts", "contact_id", contacts, day),
            "SalesBook": self._slipped_settings([dict(row) for row in book_rows(scene.lang)], day),
            "Stages": [dict(row) for row in default_stages(scene.lang)],
            "LossReasons": [dict(row) for row in default_reasons(scene.lang)],
            "Team": people.team_rows(scene.staff, scene.lang, day),
            "Plans": desk.plan_rows(scene),
            "Absences": people.absence_rows(scene.staff, scene.lang),
            "Holidays": people.holiday_rows(self.day_off, scene.lang),
            "Rates": desk.rate_rows(scene, day),
            "StageHistory": desk.history_rows(scene, begun, day),
            "OneOnOnes": desk.talk_rows(scene, day),
            "Overrides": [*self._estimates(begun, names, day), *self._typed("Overrides", names, day)],
            "Waivers": self._typed("Waivers", names, day),
            "Appeals": self._typed("Appeals", names, day),
        }

    def _estimates(self, begun: Sequence[Life], names: Mapping[str, str], day: date) -> list[Fields]:
        """What the talks agreed on, but for deals whose estimate or whose entry into the stage is somebody's mistake."""
        other = {typed.deal for typed in self.typed if typed.table == "Overrides"}
        entered = {
            key for key, slips in self.slips.items() if any(s.field == "stage_entered_at" for s in slips)
        }
        found = desk.estimates(self.scene, begun, day)
        return [
            {"deal_id": names[life.id], **row}
            for life, row in found
            if life.id not in other and ("Deals", life.id.casefold()) not in entered
        ]

    def _typed(self, table: str, names: Mapping[str, str], day: date) -> list[Fields]:
        found = [typed for typed in self.typed if typed.table == table and typed.stands(day)]
        return [{**({"deal_id": names[t.deal]} if t.deal else {}), **t.row} for t in found]

    def _slipped(self, table: str, key: str, rows: list[Fields], day: date) -> list[Fields]:
        for row in rows:
            for slip in self.slips.get((table, str(row[key]).casefold()), ()):
                if slip.stands(day):
                    row[slip.field] = slip.value
        return rows

    def _slipped_settings(self, rows: list[Fields], day: date) -> list[Fields]:
        for row in rows:
            row["key"] = f"{row['code']}|{row.get('setting') or ''}"
        rows = self._slipped("SalesBook", "key", rows, day)
        return [{name: value for name, value in row.items() if name != "key"} for row in rows]

    def number_tasks(self) -> None:
        """Gives every task its ID, in the order in which they were set."""
        actions = [*(action for life in self.lives for action in life.actions), *self.internal]
        actions.sort(key=lambda a: a.created)
        for number, action in enumerate(actions, start=1):
            action.id = f"T{number:04}"


def _number(action: Action) -> int:
    return int(action.id[1:])


def _cards_of(lives: Sequence[Life], scene: Scene, day: date) -> tuple[list[Fields], list[Fields]]:
    companies: dict[str, Fields] = {}
    contacts: dict[str, Fields] = {}
    for life in lives:
        company, contact = life.card.company, life.card.contact
        follows = life.heir is not None and day >= scene.staff.handed
        owner: Mapping[str, Value] = {
            "owner": (life.heir if life.heir and follows else life.rep).name.get(scene.lang)
        }
        companies.setdefault(str(company["company_id"]), {**company, **owner})
        contacts.setdefault(str(contact["contact_id"]), {**contact, **owner})
    return list(companies.values()), list(contacts.values())


def firm(lang: Lang, *, seed: int, as_of: date, deals: int, tasks: int) -> DemoFirm:
    """A firm in which everyone does everything right; `faults.plant` makes it a real one.

    About `tasks` tasks stand in it on `as_of`, `deals` deals at most a day more or less.
    """
    country = FIRM_SETTINGS["country"].default.get(lang)
    first = as_of - timedelta(days=MONTHS_BACK)
    rng = random.Random(f"demo {seed}")  # noqa: S311 - a story, not a secret
    runs = tuple(as_of - timedelta(weeks=n) for n in reversed(range(RUNS)))
    day_off = people.day_off(WorkCalendar(country=country), runs)
    calendar = WorkCalendar(country=country, off=frozenset({day_off}))
    days = WorkDays.of(calendar, first - timedelta(days=10), as_of + timedelta(days=300))
    stages = [str(row["stage"]) for row in default_stages(lang)]
    limits = [int(str(row["max_days"])) for row in default_stages(lang) if row["kind"] == "active"]
    scene = Scene(
        rng, lang, days, Staff.of(days, runs), first, as_of, runs, stages, limits, default_reasons(lang)
    )
    lives = _deals(scene, deals)
    _reopened(scene, [life for life, _ in lives])
    _fill(scene, lives, tasks)
    for life, answered in lives:
        settle(scene, life, answered)
    internal = list(_internal(scene, round(tasks * _INTERNAL)))
    made = DemoFirm(scene, [life for life, _ in lives], internal, day_off)
    made.number_tasks()
    return made


# ------------------------------------------------------------------- deals


def _deals(scene: Scene, count: int) -> list[tuple[Life, datetime]]:
    """The deals in the order of their creation, each with the moment of the first answer."""
    rng, lang = scene.rng, scene.lang
    new = cards(rng, lang)
    lives: list[tuple[Life, datetime]] = []
    ended: list[Life] = []
    names: dict[str, int] = {}
    for number, created in enumerate(_enquiries(scene, count), start=1):
        answered = response(scene, created)
        rep = _owner(scene, answered.date())
        life = _life(scene, number, rep, created, new, ended)
        seen = names[life.name] = names.get(life.name, 0) + 1
        if seen > 1:
            life.name += f" ({seen})"
        if rep is words.LEAVER:
            life.heir = words.HEIRS[number % len(words.HEIRS)]
        ending, last, life.reason = fate(scene, rep)
        tell(scene, life, answered.date(), ending, last)
        assign(scene, life)
        _end_values(scene, life)
        lives.append((life, answered))
        ended.append(life)
    return lives


def _enquiries(scene: Scene, count: int) -> list[datetime]:
    """When the enquiries came: most in working hours, some at night and at weekends; more and more of them, none on the last day."""
    found: list[datetime] = []
    while len(found) < count:
        growing = scene.rng.random() < 0.5
        part = max(scene.rng.random(), scene.rng.random()) if growing else scene.rng.random()
        day = scene.first + timedelta(days=int(part * MONTHS_BACK))
        working = scene.rng.random() < 0.85
        if working and not scene.days.works(day):
            continue
        hour = scene.rng.randint(9, 16) if working else scene.rng.randint(7, 22)
        found.append(datetime.combine(day, time(hour, scene.rng.randint(0, 59))))
    return sorted(found)


def _owner(scene: Scene, day: date) -> Person:
    here = [rep for rep in words.REPS if scene.staff.takes(rep, scene.days.at(day))]
    return scene.rng.choices(here, [rep.share for rep in here])[0]


def _reopened(scene: Scene, lives: Sequence[Life]) -> None:
    """One client who said no comes back two weeks later."""
    lost, back = (scene.days.at(scene.runs[n]) - 2 for n in (_LOST_BEFORE, _BACK_BEFORE))
    for life in lives:
        whole = life.rep not in (words.LEAVER, words.STEADY) and life.reason is None
        if whole and reopen(life, lost, back):
            life.values["lost_comment"] = scene.pick(words.COMMENTS[TOO_DEAR])
            return


def _life(
    scene: Scene, number: int, rep: Person, created: datetime, new: Iterator[Card], ended: list[Life]
) -> Life:
    rng, lang = scene.rng, scene.lang
    product, source = rng.choice(words.PRODUCTS), scene.pick(words.SOURCES)
    foreign = rng.random() < _FOREIGN
    currency = words.FOREIGN if foreign else FIRM_SETTINGS["base_currency"].default
    known: Fields = {"currency": currency.get(lang)}
    chance = rng.random()
    earlier = (
        _earlier(scene, created.date(), ended, revived=chance < _REVIVED)
        if chance < _REVIVED + _RETURNING
        else None
    )
    if earlier is not None:
        card, source = earlier.card, words.RETURNING.get(lang)
        if earlier.reason is not None:
            product = earlier.product
            known["reactivated_from"] = earlier.id
        elif product is earlier.product:
            product = words.PRODUCTS[(words.PRODUCTS.index(product) + 1) % len(words.PRODUCTS)]
    else:
        card = next(new)
        if rng.random() < 0.16 and ended:
            source = words.REFERRAL.get(lang)
            known["referred_by"] = rng.choice(ended).card.person
    known |= {
        "company_id": card.trade, "contact_id": card.person, "product": product.name.get(lang), "source": source,
    }  # fmt: skip
    name = f"{product.name.get(lang)}: {_short(card.trade)}"
    life = Life(f"D{number:04}", name, rep, created, card, product, known, {}, None, rng.randint(10, 21))
    life.values = _values(scene, life, float(words.FOREIGN_RATE.get(lang)) if foreign else 1)
    return life


def _short(company: str) -> str:
    return company.removeprefix("ООО «").removesuffix("»").removesuffix(" Ltd")


def _earlier(scene: Scene, day: date, ended: list[Life], *, revived: bool) -> Life | None:
    """An earlier deal of a client who comes back: won, or lost for the time being and due for a return."""
    for _ in range(12):
        life = scene.rng.choice(ended) if ended else None
        if life is None or scene.days[life.actions[life.end].day] >= day:
            continue
        back = life.values.get("reactivate_on")
        ripe = isinstance(back, date) and back <= day and life.actions[life.end].moves == LOST
        if ripe if revived else life.reason is None:
            ended.remove(life)
            return life
    return None


def _values(scene: Scene, life: Life, rate: float) -> Fields:
    """What will stand in the fields of the deal once they are filled."""
    rng, lang = scene.rng, scene.lang
    low, high = int(life.product.low.get(lang)), int(life.product.high.get(lang))
    unit = (10_000 if rate == 1 else 1_000) if lang == "ru" else 500
    amount = round(rng.triangular(low, high, low + (high - low) / 4) / rate / unit) * unit
    number = int(life.id[1:])
    return {
        "amount": amount, "margin": round(amount * rng.uniform(0.17, 0.36) / 100) * 100,
        "need": life.product.need.get(lang), "decision_maker": life.card.decision_maker,
        "quote_link": f"https://files.example.com/{life.created:%Y}/{life.id}.pdf", "terms": scene.pick(words.TERMS),
        "contract_no": f"{life.created:%y}-{number:04}", "paid_amount": round(amount * rng.choice((0.3, 0.4, 0.5, 1))),
    }  # fmt: skip


def _end_values(scene: Scene, life: Life) -> None:
    """Why it was lost or put off, and when to come back; some sums and dates are known early."""
    rng, closing = scene.rng, life.actions[life.end]
    day = scene.days[closing.day]
    if life.reason in words.COMMENTS:
        life.values["lost_comment"] = scene.pick(words.COMMENTS[life.reason])
    standard = scene.reasons[life.reason - 1] if life.reason else {}
    wait = standard.get("reactivate_days")
    if closing.moves == HOLD:
        life.values["reactivate_on"] = max(day, scene.as_of) + timedelta(days=rng.randint(8, 70))
    elif standard.get("category") == "nurture" and isinstance(wait, int):
        life.values["reactivate_on"] = day + timedelta(days=wait + rng.randint(-7, 14))
    if rng.random() < 0.25:
        for action in life.actions:
            if "need" in action.fills:
                action.fills += ("amount", *(("expected_close",) if rng.random() < 0.6 else ()))


# ------------------------------------------------------------------- tasks


def _fill(scene: Scene, lives: Sequence[tuple[Life, datetime]], tasks: int) -> None:
    """Further contacts on free days, the quietest days of each person first, until there are as many tasks as wanted.

    The coming weeks are filled to the same level.
    """
    today = scene.days.at(scene.as_of)
    wanted = round(tasks * (1 - _INTERNAL)) - sum(
        min(len(life.actions), 1 + sum(action.day < today for action in life.actions)) for life, _ in lives
    )
    busy = Counter((action.owner.habit, action.day) for life, _ in lives for action in life.actions)
    spots = [(life, day) for life, _ in lives for day in free_days(scene, life, today + 15)]
    scene.rng.shuffle(spots)
    ranked = []
    for number, (life, day) in enumerate(spots):
        owner = life.owner(scene.days[day])
        busy[owner.habit, day] += 1
        load = busy[owner.habit, day] / owner.actions + scene.rng.random() * 0.4
        ranked.append((load, number))
    ranked.sort()
    for load, number in ranked:
        life, day = spots[number]
        if day >= today and load > 1:  # what comes is never planned beyond a day's work
            continue
        if day < today and wanted <= 0:
            continue
        wanted -= day < today
        fill_day(scene, life, day)


def _internal(scene: Scene, count: int) -> Iterator[Action]:
    """Work that belongs to no deal, spread over people and days; set the working day before."""
    first, last = scene.days.at(scene.first) + 1, scene.days.at(scene.as_of)
    worked: Counter[tuple[str, int]] = Counter()
    for _ in range(count):
        day = scene.rng.randint(first, last)
        here = [rep for rep in words.REPS if scene.staff.works(rep, day)]
        person = scene.rng.choice((words.HEAD, words.HEAD, *here))
        action = Action(
            scene.rng.choice(words.HEADWORK if person is words.HEAD else words.INTERNAL), person, day
        )
        morning = datetime.combine(scene.days[day], MORNING)
        action.created = datetime.combine(scene.days[day - 1], time(17, scene.rng.randint(0, 50)))
        action.done = morning + timedelta(minutes=scene.rng.randint(5, 500))
        action.due, action.minutes = half_hour(action.done), scene.rng.randint(15, 60)
        items = 3 + (day + 11 * worked[person.habit, day]) % 28  # nobody writes the same twice within a week
        worked[person.habit, day] += 1
        action.said = words.WORKED.fill(n=items).get(scene.lang)
        yield action
