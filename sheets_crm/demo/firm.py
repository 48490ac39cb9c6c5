"""The demo firm: a seed goes in; its tables as they stood on any morning come out."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from sheets_crm.calendar import WorkCalendar
from sheets_crm.demo import words
from sheets_crm.demo.cards import Card, Fields, cards, first_day, team
from sheets_crm.demo.lives import (
    HOLD,
    LOST,
    MORNING,
    Action,
    Life,
    Scene,
    WorkDays,
    deal_row,
    fate,
    fill_day,
    free_days,
    half_hour,
    response,
    settle,
    shown_tasks,
    task_row,
    tell,
)
from sheets_crm.demo.words import Person
from sheets_crm.schema import FIRM_SETTINGS
from sheets_crm.sheet import Value
from sheets_crm.template import book_rows, default_reasons, default_stages
from sheets_crm.text import Lang

RUNS = 8
"""Weekly runs that are replayed; the last is on the firm's last day."""
MONTHS_BACK = 190
"""Days from the first enquiry to the last day: six months."""
TASKS_A_DEAL = 22
_INTERNAL = 0.09
"""Part of all tasks that belong to no deal."""
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


@dataclass
class DemoFirm:
    """Everything that happens in the firm; `rows` says what the workbook holds on a day."""

    scene: Scene
    lives: list[Life]
    internal: list[Action]
    """Tasks that belong to no deal."""
    slips: dict[Key, list[Slip]] = field(default_factory=dict)

    def rows(self, day: date) -> dict[str, list[Fields]]:
        """Every table as it stood on the morning of `day`, by key: column key to value."""
        lang, morning = self.scene.lang, datetime.combine(day, time())
        begun = [life for life in self.lives if life.created < morning]
        deals = [deal_row(self.scene, life, day) for life in begun]
        deals = self._slipped("Deals", "deal_id", deals, day)
        tasks = [
            (action, str(row["name"]))
            for life, row in zip(begun, deals, strict=True)
            for action in shown_tasks(life.actions, day)
        ]
        own = [(action, None) for action in shown_tasks(self.internal, day)]
        every = sorted([*tasks, *own], key=lambda pair: _number(pair[0]))
        shown = [task_row(action, deal, day, lang) for action, deal in every]
        companies, contacts = _cards_of(begun)
        return {
            "Deals": deals,
            "Tasks": self._slipped("Tasks", "task_id", shown, day),
            "Companies": companies,
            "Contacts": contacts,
            "SalesBook": self._slipped_settings([dict(row) for row in book_rows(lang)], day),
            "Stages": [dict(row) for row in default_stages(lang)],
            "LossReasons": [dict(row) for row in default_reasons(lang)],
            "Team": team(lang, self.scene.as_of),
        }

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


def _cards_of(lives: Sequence[Life]) -> tuple[list[Fields], list[Fields]]:
    companies: dict[str, Fields] = {}
    contacts: dict[str, Fields] = {}
    for life in lives:
        company, contact = life.card.company, life.card.contact
        owner: Mapping[str, Value] = {"owner": life.known["owner"]}
        companies.setdefault(str(company["company_id"]), {**company, **owner})
        contacts.setdefault(str(contact["contact_id"]), {**contact, **owner})
    return list(companies.values()), list(contacts.values())


def firm(lang: Lang, *, seed: int, as_of: date, deals: int, tasks: int) -> DemoFirm:
    """A firm in which everyone does everything right; `faults.plant` makes it a real one.

    About `tasks` tasks stand in it on `as_of`, `deals` deals at most a day more or less.
    """
    country = FIRM_SETTINGS["country"].default.get(lang)
    first = as_of - timedelta(days=MONTHS_BACK)
    days = WorkDays(WorkCalendar(country=country), first - timedelta(days=10), as_of + timedelta(days=300))
    rng = random.Random(f"demo {seed}")  # noqa: S311 - a story, not a secret
    runs = tuple(as_of - timedelta(weeks=n) for n in reversed(range(RUNS)))
    stages = [str(row["stage"]) for row in default_stages(lang)]
    scene = Scene(rng, lang, days, first, as_of, runs, stages, default_reasons(lang))
    lives = _deals(scene, deals)
    _fill(scene, lives, tasks)
    for life, answered in lives:
        settle(scene, life, answered)
    internal = list(_internal(scene, round(tasks * _INTERNAL)))
    made = DemoFirm(scene, [life for life, _ in lives], internal)
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
        rep = _owner(scene, created.date())
        life = _life(scene, number, rep, created, new, ended)
        seen = names[life.name] = names.get(life.name, 0) + 1
        if seen > 1:
            life.name += f" ({seen})"
        answered = response(scene, created)
        ending, last, life.reason = fate(scene, rep)
        tell(scene, life, scene.days.at(answered.date()), ending, last)
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
    here = [rep for rep in words.REPS if first_day(rep, scene.as_of) <= day]
    return scene.rng.choices(here, [rep.share for rep in here])[0]


def _life(
    scene: Scene, number: int, rep: Person, created: datetime, new: Iterator[Card], ended: list[Life]
) -> Life:
    rng, lang = scene.rng, scene.lang
    product, source = rng.choice(words.PRODUCTS), scene.pick(words.SOURCES)
    known: Fields = {
        "owner": rep.name.get(lang),
        "currency": FIRM_SETTINGS["base_currency"].default.get(lang),
    }
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
    life.values = _values(scene, life)
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


def _values(scene: Scene, life: Life) -> Fields:
    """What will stand in the fields of the deal once they are filled."""
    rng, lang = scene.rng, scene.lang
    low, high = int(life.product.low.get(lang)), int(life.product.high.get(lang))
    unit = 10_000 if lang == "ru" else 500
    amount = round(rng.triangular(low, high, low + (high - low) / 4) / unit) * unit
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
    if rng.random() < 0.6:
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
    spots = [(life, day) for life, _ in lives for day in free_days(life, today + 15)]
    scene.rng.shuffle(spots)
    ranked = []
    for number, (life, day) in enumerate(spots):
        busy[life.rep.habit, day] += 1
        load = busy[life.rep.habit, day] / life.rep.actions + scene.rng.random() * 0.4
        ranked.append((load, number))
    ranked.sort()
    for load, number in ranked:
        life, day = spots[number]
        if day >= today and load > 1:  # what comes is never planned beyond a day's work
            continue
        if day < today and wanted <= 0:
            continue
        wanted -= day < today
        fill_day(life, day)


def _internal(scene: Scene, count: int) -> Iterator[Action]:
    """Work that belongs to no deal, spread over people and days; set the working day before."""
    last = scene.days.at(scene.as_of)
    for number in range(count):
        person = (words.HEAD, *words.REPS, words.HEAD)[number % (len(words.REPS) + 2)]
        start = max(scene.first, first_day(person, scene.as_of)) + timedelta(days=1)
        day = scene.rng.randint(scene.days.at(start), last)
        action = Action(
            scene.rng.choice(words.HEADWORK if person is words.HEAD else words.INTERNAL), person, day
        )
        morning = datetime.combine(scene.days[day], MORNING)
        action.created = datetime.combine(scene.days[day - 1], time(17, scene.rng.randint(0, 50)))
        action.done = morning + timedelta(minutes=scene.rng.randint(5, 500))
        action.due, action.minutes = half_hour(action.done), scene.rng.randint(15, 60)
        action.said = words.WORKED.fill(n=scene.rng.randint(3, 30)).get(scene.lang)
        yield action
