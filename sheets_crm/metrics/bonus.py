"""The bonus for keeping the rules (item 74): what the log counted goes in, weeks, coefficients and sums come out.

Nothing here reads how much anyone did: activity never feeds the bonus (item 76).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

from sheets_crm.book import folded
from sheets_crm.checks import RULES, Checked, settings_of
from sheets_crm.findings import Finding
from sheets_crm.firm import Firm
from sheets_crm.history import Closed, Count, Evidence
from sheets_crm.metrics.money import Period, period_of, person, plans, revenue
from sheets_crm.schema import Appeal, Deal, Member
from sheets_crm.text import Text
from sheets_crm.verdict import Verdict, bearing, counted, grace_is_over

FACTORS = (Decimal("1.00"), Decimal("0.95"), Decimal("0.90"))
"""The coefficient with no episode, with one, with two or more (Korneev: 5-10 %, once or repeatedly)."""
LAST_DAYS = 2
"""Working days at the end of a period: what is first seen in them goes to the next one."""
_KEPT = (
    "bonus_mode", "bonus_free_count", "bonus_free_share", "grace_days", "bonus_plan", "bonus_plan_cap",
    "won_means", "revenue_basis", "amounts_include_vat",
)  # fmt: skip
"""The settings that a closed period remembers."""
_FURTHEST = 120
"""Days ahead that are searched for the day on which a finding starts to count."""

Decision: TypeAlias = Literal["open", "accepted", "rejected"]
_DECISIONS: dict[str, Decision] = {"accepted": "accepted", "rejected": "rejected"}


# ------------------------------------------------------------------- periods


def over(period: Period) -> date:
    """The last day on which anything may still change: the Sunday of its last week, if that is after its end."""
    last_friday = period.end - timedelta(days=(period.end.isoweekday() - 5) % 7)
    return max(period.end, last_friday + timedelta(days=2))


def friday(day: date) -> date:
    """The Friday of the ISO week of a day: the week belongs to the period in which it falls."""
    return day + timedelta(days=5 - day.isoweekday())


def mondays(period: Period) -> list[date]:
    """The first days of the weeks that belong to a period."""
    first = friday(period.start)
    first += timedelta(days=7 if first < period.start else 0)
    return [day - timedelta(days=4) for day in _every_week(first, period.end)]


def _every_week(day: date, until: date) -> Iterator[date]:
    while day <= until:
        yield day
        day += timedelta(days=7)


def periods(firm: Firm) -> list[Period]:
    """The bonus periods since the first run, oldest first; the last is that of this week's Friday.

    Those that are closed stand as they were closed; each further one lasts to the end of its month or quarter, as the
    setting was on its first day, so that no day belongs to two.
    """
    out = sorted({Period(c.start, c.end) for c in firm.past.closed if c.end < firm.as_of})
    if out:
        start = out[-1].after
    else:
        day = friday(min(firm.past.first_day or firm.as_of, firm.as_of))
        start = period_of(day, _length(firm, day)).start
    while start <= friday(firm.as_of):
        out.append(Period(start, period_of(start, _length(firm, start)).end))
        start = out[-1].after
    return out


def _length(firm: Firm, day: date) -> Literal["month", "quarter"]:
    return "quarter" if settings_of(firm.book, day).firm["bonus_period"] == "quarter" else "month"


# --------------------------------------------------------------------- terms


@dataclass(frozen=True)
class Terms:
    """What one person's bonus of one period rests on; a closed period keeps its own."""

    user: str
    base: Decimal | None
    """Team.base_bonus as it stands: never reduced for a part of a period."""
    won: Decimal | None
    plan: Decimal | None
    carried_from: date
    """What is first seen from this day on goes to the next period."""
    names: frozenset[str]
    """The ways in which the person's name was typed, folded."""
    settings: Mapping[str, str]

    @property
    def mode(self) -> str:
        """weeks, per_rule or per_finding."""
        return self.settings["bonus_mode"]

    @property
    def free_count(self) -> int:
        """Findings that cost nothing, by rule and week."""
        return int(self.settings["bonus_free_count"])

    @property
    def free_share(self) -> Decimal:
        """The same in per cent of the rows judged."""
        return Decimal(self.settings["bonus_free_share"])

    @property
    def by_plan(self) -> bool:
        """Whether the sales plan enters the bonus."""
        return self.settings["bonus_plan"] == "attainment"

    @property
    def cap(self) -> Decimal:
        """The most that the plan part may be."""
        return Decimal(self.settings["bonus_plan_cap"])

    @property
    def share(self) -> Fraction:
        """Plan part = won / plan, at least 0 and at most the cap; 1 where the plan is blank or does not enter."""
        if not self.by_plan or not self.plan or self.won is None:
            return Fraction(1)
        return min(max(Fraction(self.won) / Fraction(self.plan), Fraction(0)), Fraction(self.cap))

    @property
    def part(self) -> Decimal:
        """The plan part as a number to show; sums are made of the exact one."""
        return Decimal(self.share.numerator) / self.share.denominator

    def allowed(self, rows: int) -> int:
        """Findings of one rule in one week that cost nothing: max(free count, free share of the rows), rounded down."""
        return max(self.free_count, int(Fraction(self.free_share) * rows / 100))

    def values(self) -> dict[str, str]:
        """As a closed period keeps them."""
        return {
            "base": _exact(self.base), "won": _exact(self.won), "plan": _exact(self.plan),
            "carried_from": self.carried_from.isoformat(), "names": "\n".join(sorted(self.names)), **self.settings,
        }  # fmt: skip

    @classmethod
    def of(cls, closed: Closed) -> Terms:
        """As a closed period kept them."""
        kept = closed.values
        base, won, plan = (Decimal(kept[key]) if kept[key] else None for key in ("base", "won", "plan"))
        carried = date.fromisoformat(kept["carried_from"])
        names = frozenset(kept["names"].split("\n"))
        return cls(closed.user, base, won, plan, carried, names, {key: kept[key] for key in _KEPT})


def reps(firm: Firm, period: Period) -> list[Member]:
    """The reps of Team who worked in a period, by name; a blank role with a bonus typed is a rep too."""
    found = [
        member
        for member in firm.book.team.rows
        if member.user
        and (member.role == "rep" or (member.role is None and member.base_bonus is not None))
        and (member.start or date.min) <= period.end
        and (member.end or date.max) >= period.start
    ]
    return sorted({folded(m.user or ""): m for m in found}.values(), key=lambda m: folded(m.user or ""))


def _terms(firm: Firm, period: Period, counts: Iterable[Count]) -> list[Terms]:
    """The terms of everyone in a period that is not closed, by the Sales Book of its last day, or of today before it."""
    book = settings_of(firm.book, min(period.end, firm.as_of)).firm
    settings = {key: _word(book[key]) for key in _KEPT}
    by_plan = settings["bonus_plan"] == "attainment"
    earned, planned = (revenue(firm), plans(firm)) if by_plan else (None, None)
    names: dict[str, set[str]] = defaultdict(set)
    for count in counts:
        names[folded(person(firm, count.user))].add(folded(count.user))
    out = []
    for member in reps(firm, period):
        user = member.user or ""
        won = earned.total(period, user) if earned else None
        plan = planned.of(user, period) if planned else None
        own = frozenset({folded(user), *names[folded(user)]})
        carried = _carried_from(firm, period)
        out.append(Terms(user, member.base_bonus, won, plan, carried, own, settings))
    return out


def _word(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _exact(amount: Decimal | None) -> str:
    return "" if amount is None else str(amount)


def _carried_from(firm: Firm, period: Period) -> date:
    """The first of the last two working days of a period."""
    day, left = period.end, LAST_DAYS
    while day > period.start:
        left -= firm.calendar.works(day)
        if not left:
            break
        day -= timedelta(days=1)
    return day


# -------------------------------------------------------------------- ledger


@dataclass(frozen=True)
class Ledger:
    """What was counted, by week: of each week its last run alone; this run is among them."""

    runs: Mapping[date, date]
    """Monday to the day of that week's last run."""
    counts: Mapping[date, Sequence[Count]]
    """Monday to what its last run counted."""
    evidence: Mapping[str, Evidence]
    first: date
    """Monday of the first run's week."""

    @property
    def all(self) -> Iterator[Count]:
        """Every count that decides."""
        for counts in self.counts.values():
            yield from counts


def ledger(firm: Firm, checked: Checked, verdict: Verdict) -> Ledger:
    """The log's counts and those of this run, which a written run would add."""
    last: dict[date, tuple[int, date]] = {}
    for run in firm.past.runs:
        if run.as_of <= firm.as_of:
            last[_monday(run.as_of)] = (run.number, run.as_of)
    number = max((run.number for run in firm.past.runs), default=0) + 1
    last[_monday(firm.as_of)] = (number, firm.as_of)
    now = [Count(number, firm.as_of, *found) for found in counted(firm, checked, verdict.findings)]
    deciding = {number: monday for monday, (number, _) in last.items()}
    counts: dict[date, list[Count]] = defaultdict(list)
    for count in [*firm.past.counts, *now]:
        if count.run in deciding:
            counts[deciding[count.run]].append(count)
    return Ledger({monday: day for monday, (_, day) in last.items()}, counts, firm.past.evidence, min(last))


def _monday(day: date) -> date:
    return day - timedelta(days=day.isoweekday() - 1)


# ------------------------------------------------------------------- appeals


class Appealed(NamedTuple):
    """An appeal as it stands."""

    appeal: Appeal
    id: str
    user: str
    """The person of the finding; empty if nobody knows it."""
    decision: Decision | None
    """None: it changes nothing, for `reason`."""
    reason: Text | None = None
    """Why it changes nothing, or is still open although somebody has decided it."""


def appeals(firm: Firm, verdict: Verdict, book: Ledger) -> list[Appealed]:
    """Every row of Appeals that names a finding, in the sheet's order.

    The rep of the finding or a Head of Sales may file it (a blank user is the rep); a Head of Sales decides it (so
    does a blank «decided by»).
    """
    rows = [row for row in firm.book.of(Appeal).rows if row.finding_id]
    if not rows:
        return []
    named = [((row.finding_id or "").strip().upper(), row) for row in rows]
    people: dict[str, set[str]] = {id_: set() for id_, _ in named}
    for id_ in people.keys() & book.evidence.keys():
        people[id_].add(person(firm, book.evidence[id_].user))
    for count in book.all:
        for id_ in people.keys() & count.ids:
            people[id_].add(person(firm, count.user))
    now, codes = (*verdict.findings, *verdict.hidden), bearing()
    owners = {f.id: f.owner for f in now if f.rule in codes and f.owner}
    for id_ in people.keys() & owners.keys():
        people[id_].add(person(firm, owners[id_]))
    known: set[str] = set()
    if not all(people.values()):
        known = {f.id for f in now}
        known.update(s.key.id(n) for s in firm.past.standing.values() for n in range(1, s.occurrence + 1))
    return [_appealed(firm, row, id_, people[id_], known=id_ in known) for id_, row in named]


def _appealed(firm: Firm, appeal: Appeal, id_: str, people: set[str], *, known: bool) -> Appealed:
    user = min(people, default="")
    if not people:
        return Appealed(appeal, id_, "", None, NO_BEARING if known else NO_FINDING)
    filer = person(firm, appeal.user)
    if filer and filer not in people and not _is_head(firm, appeal.user):
        return Appealed(appeal, id_, user, None, NOT_THEIRS)
    user = filer if filer in people else user
    decided = _DECISIONS.get(appeal.decision or "", "open")
    if decided != "open" and appeal.decided_by and not _is_head(firm, appeal.decided_by):
        return Appealed(appeal, id_, user, "open", NOT_A_HEAD)
    return Appealed(appeal, id_, user, decided)


def _is_head(firm: Firm, user: str | None) -> bool:
    member = firm.book.member(user)
    return member is not None and member.role == "hos"


def standing(filed: Iterable[Appealed]) -> dict[str, Decision]:
    """Finding id to how its appeals stand: one accepted is for good; one rejected is not suspended by filing again."""
    order: tuple[Decision, ...] = ("open", "rejected", "accepted")
    out: dict[str, Decision] = {}
    for one in filed:
        if one.decision is not None:
            out[one.id] = max(out.get(one.id, "open"), one.decision, key=order.index)
    return out


NO_FINDING = Text("there is no finding of this number", "замечания с таким номером нет")
NO_BEARING = Text("this finding does not bear on the bonus", "это замечание на премию не влияет")
NOT_THEIRS = Text(
    "filed by somebody else: only the rep of the finding or the Head of Sales may object",
    "подано другим человеком: возражает сам менеджер или РОП",
)
NOT_A_HEAD = Text(
    "still open: whoever decided it is no Head of Sales in Team",
    "ещё не решено: решивший не значится РОПом на листе «Команда»",
)


# --------------------------------------------------------------------- weeks


class RuleWeek(NamedTuple):
    """One rule, one person, one week."""

    rule: str
    rows: int
    ids: tuple[str, ...]
    """Findings that count: in grace no longer, not carried over, without an open or accepted appeal."""
    held: tuple[str, ...]
    """Those that would, were it not for an open appeal."""
    allowed: int
    missed: bool


class Week(NamedTuple):
    """One week of one person."""

    monday: date
    run: date | None
    """The day of its last run; None: there was none, so it counts as met."""
    rules: tuple[RuleWeek, ...]
    episodes: int

    @property
    def sunday(self) -> date:
        """Its last day."""
        return self.monday + timedelta(days=6)


class Deduction(NamedTuple):
    """A finding that lowered the coefficient, and the weeks in which it did."""

    id: str
    rule: str
    weeks: tuple[Week, ...]
    evidence: Evidence | None


@dataclass(frozen=True)
class Bonus:
    """The bonus of one person for one period."""

    period: Period
    closed: bool
    terms: Terms
    weeks: tuple[Week, ...]
    deductions: tuple[Deduction, ...]

    @property
    def user(self) -> str:
        """The person, as Team has the name."""
        return self.terms.user

    @property
    def episodes(self) -> int:
        """How often a requirement was not met; what is counted depends on the mode."""
        return sum(week.episodes for week in self.weeks)

    @property
    def factor(self) -> Decimal:
        """The coefficient: 1.00, 0.95 or 0.90."""
        return FACTORS[min(self.episodes, len(FACTORS) - 1)]

    @property
    def amount(self) -> Decimal | None:
        """Bonus = base x plan part x factor, to the cent, halves up; None where Team names no base."""
        return self._paid(self.factor)

    @property
    def full(self) -> Decimal | None:
        """What it would be with a coefficient of 1: base x plan part, to the cent."""
        return self._paid(FACTORS[0])

    def _paid(self, factor: Decimal) -> Decimal | None:
        """In fractions: a third of a plan would else lose the half cent that decides."""
        if self.terms.base is None:
            return None
        hundredths = Fraction(self.terms.base) * self.terms.share * Fraction(factor) * 100
        return Decimal(int(hundredths + Fraction(1, 2))).scaleb(-2)

    @property
    def less(self) -> Decimal | None:
        """Full - bonus."""
        return None if self.full is None or self.amount is None else self.full - self.amount

    @cached_property
    def per_hundred(self) -> Decimal | None:
        """Violations per 100 deals = 100 x findings that count / deals judged, both summed over the weeks; one decimal."""
        found = sum(len(rule.ids) for week in self.weeks for rule in week.rules)
        deals = sum(
            max((r.rows for r in week.rules if RULES[r.rule].tables[0] == "Deals"), default=0)
            for week in self.weeks
        )
        return (Decimal(found) * 100 / deals).quantize(Decimal("0.1"), ROUND_HALF_UP) if deals else None


def _bonus(
    period: Period, terms: Terms, book: Ledger, decided: Mapping[str, Decision], *, closed: bool, until: date
) -> Bonus:
    """The weeks of a period one after another.

    weeks: a week with a rule not met is one episode. per_rule: each rule not met in a week is one. per_finding: each
    finding that counts in such a week is one, once in the period.
    """
    weeks: list[Week] = []
    blamed: dict[tuple[str, str], list[Week]] = defaultdict(list)
    for monday in mondays(period):
        if not book.first <= monday <= until:
            continue
        rules = tuple(_rule_weeks(monday, terms, book, decided))
        missed = [rule for rule in rules if rule.missed]
        found = {(rule.rule, id_) for rule in missed for id_ in rule.ids}
        episodes = {"weeks": min(len(missed), 1), "per_rule": len(missed)}.get(
            terms.mode, len(found - blamed.keys())
        )
        weeks.append(Week(monday, book.runs.get(monday), rules, episodes))
        for key in found:
            blamed[key].append(weeks[-1])
    deductions = [
        Deduction(id_, rule, tuple(on), book.evidence.get(id_)) for (rule, id_), on in blamed.items()
    ]
    deductions.sort(key=lambda d: (d.weeks[0].monday, d.rule, d.evidence.cell if d.evidence else "", d.id))
    return Bonus(period, closed, terms, tuple(weeks), tuple(deductions))


def _rule_weeks(
    monday: date, terms: Terms, book: Ledger, decided: Mapping[str, Decision]
) -> Iterator[RuleWeek]:
    """Not met: more findings than the free count AND more than the free share of the rows, compared exactly."""
    rows: dict[str, dict[str, int]] = defaultdict(dict)
    ids: dict[str, set[str]] = defaultdict(set)
    for count in book.counts.get(monday, ()):
        if folded(count.user) in terms.names:
            rows[count.rule][count.user] = count.rows
            ids[count.rule].update(count.ids)
    for rule in sorted(rows):
        judged = sum(rows[rule].values())
        due = [id_ for id_ in sorted(ids[rule]) if not _carried_over(id_, terms, book)]
        own = tuple(id_ for id_ in due if decided.get(id_, "rejected") == "rejected")
        held = tuple(id_ for id_ in due if decided.get(id_) == "open")
        missed = len(own) > terms.free_count and len(own) * 100 > Fraction(terms.free_share) * judged
        yield RuleWeek(rule, judged, own, held, terms.allowed(judged), missed)


def _carried_over(id_: str, terms: Terms, book: Ledger) -> bool:
    """Whether a finding goes to the next period; what the log has no evidence of was first seen long ago."""
    evidence = book.evidence.get(id_)
    return evidence is not None and evidence.first_seen >= terms.carried_from


# ------------------------------------------------------------------- closing


def closing(firm: Firm) -> tuple[Closed, ...]:
    """The periods that this run, the first after their end, fixes: base, plan part and settings of everyone."""
    if not firm.past.runs:
        return ()
    known = {(closed.start, closed.end) for closed in firm.past.closed}
    return tuple(
        Closed(*period, terms.user, terms.values())
        for period in periods(firm)
        if over(period) < firm.as_of and period not in known
        for terms in _terms(firm, period, _of_period(firm.past.counts, period))
    )


def _of_period(counts: Iterable[Count], period: Period) -> list[Count]:
    return [count for count in counts if period.has(friday(count.as_of))]


# ------------------------------------------------------------------- account


class Pending(NamedTuple):
    """A finding that can still be mended before it counts."""

    finding: Finding
    counts_from: date | None
    """The first day on which a run would count it; None: not within the next months, as of a person who is away."""


@dataclass(frozen=True)
class Account:
    """Everything about the bonus on one day."""

    periods: tuple[Period, ...]
    """The period of this week, and the one before it where there was a run in it."""
    bonuses: Mapping[Period, tuple[Bonus, ...]]
    """By name of the rep."""
    missing: Mapping[Period, tuple[date, ...]]
    """The Mondays of weeks without a run."""
    appeals: tuple[Appealed, ...]
    standing: Mapping[str, Decision]
    pending: Mapping[str, tuple[Pending, ...]]
    """By the folded name of the rep, the soonest first."""
    evidence: Mapping[str, Evidence]

    @property
    def people(self) -> list[str]:
        """Every rep of these periods, by name."""
        found = {folded(bonus.user): bonus.user for own in self.bonuses.values() for bonus in own}
        return [found[key] for key in sorted(found)]

    def of(self, user: str) -> list[Bonus]:
        """The bonuses of one rep, this week's period first."""
        return [b for period in self.periods for b in self.bonuses[period] if folded(b.user) == folded(user)]


def account(firm: Firm, checked: Checked, verdict: Verdict) -> Account:
    """The bonus of every rep: this week's period, provisional, and the one before it, closed by its first later run."""
    book = ledger(firm, checked, verdict)
    filed = appeals(firm, verdict, book)
    decided = standing(filed)
    closed: dict[Period, list[Terms]] = defaultdict(list)
    for one in (*firm.past.closed, *closing(firm)):
        closed[Period(one.start, one.end)].append(Terms.of(one))
    until = _monday(firm.as_of)
    shown = tuple(
        period
        for period in reversed(periods(firm)[-2:])
        if period.end >= friday(firm.as_of) or any(book.first <= day <= until for day in mondays(period))
    )
    bonuses, missing = {}, {}
    for period in shown:
        fixed = over(period) < firm.as_of and period in closed
        terms = closed[period] if fixed else _terms(firm, period, book.all)
        ordered = sorted(terms, key=lambda t: folded(t.user))
        bonuses[period] = tuple(_bonus(period, t, book, decided, closed=fixed, until=until) for t in ordered)
        missing[period] = tuple(m for m in mondays(period) if book.first <= m <= until and m not in book.runs)
    return Account(
        shown, bonuses, missing, tuple(filed), decided, _pending(firm, verdict), book.evidence
    )  # fmt: skip


def _pending(firm: Firm, verdict: Verdict) -> dict[str, tuple[Pending, ...]]:
    """The findings of bonus-bearing rules that nobody counts yet."""
    days: dict[int, Firm] = {}
    deals = {deal.key: deal for deal in firm.book.deals.rows}
    out: dict[str, list[Pending]] = defaultdict(list)
    codes = bearing()
    for finding in verdict.findings:
        if finding.rule not in codes or finding.answerable != "rep" or not finding.owner:
            continue
        if finding.status == "pending" or (finding.status == "open" and not grace_is_over(finding, firm)):
            user = folded(person(firm, finding.owner))
            out[user].append(
                Pending(finding, _counts_from(finding, firm, deals.get(finding.deal or ""), days))
            )
    return {
        user: tuple(sorted(own, key=lambda p: (p.counts_from or date.max, p.finding.rule, p.finding.row)))
        for user, own in out.items()
    }


def _counts_from(finding: Finding, firm: Firm, deal: Deal | None, days: dict[int, Firm]) -> date | None:
    """The first later day on which the finding would count if nothing changed; `days` keeps the firm of each."""
    owner = finding.owner
    if firm.back_at_work(owner) == date.max:
        return None
    peace = firm.peace_until(deal) if deal else date.min
    for ahead in range(1, _FURTHEST):
        if ahead not in days:
            days[ahead] = Firm(firm.book, firm.as_of + timedelta(days=ahead), firm.settings, firm.past)
        later = days[ahead]
        free = max(peace, later.back_at_work(owner)) >= later.as_of or later.as_of < later.bound_from(owner)
        if not free and grace_is_over(finding, later):
            return later.as_of
    return None
