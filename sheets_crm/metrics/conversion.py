"""How deals move on, pipeline by pipeline: a firm goes in; stage conversion, win rate, cycle and losses come out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from math import ceil, sqrt
from statistics import median
from typing import Literal, NamedTuple

from sheets_crm.book import folded, folded_name
from sheets_crm.firm import Firm
from sheets_crm.metrics.money import NONE, Exchange, Period, credited, exchange, person
from sheets_crm.metrics.ways import Closing, Records, Way, Ways, as_day, records
from sheets_crm.schema import Deal, LossReason, Stage

LEAST = 20
"""Deals from which on a share is compared with another (SPEC 46)."""
LEAST_WINDOW = 30
"""Days of the shortest period (SPEC 49)."""
_WHOLE_HISTORY = 0.8
"""Part of a pipeline's deals that the sheet Stage history must name to be taken for whole."""
_FEW_STAYS = 5
_STAGE_DAYS = 14
"""Days after which a deal's fate at a stage can be judged, where neither enough stays nor a limit is known (SPEC 23)."""


# ------------------------------------------------------------------ arithmetic


class Ratio(NamedTuple):
    """A part of a whole, in deals or in money of the base currency."""

    part: int | Decimal = 0
    whole: int | Decimal = 0

    @property
    def share(self) -> float | None:
        """The part of the whole, 0-1; None where there is nothing."""
        return float(self.part) / float(self.whole) if self.whole else None

    @property
    def percent(self) -> Decimal | None:
        """The same in per cent, to a tenth, halves up."""
        if not self.whole:
            return None
        return (Decimal(self.part) * 100 / Decimal(self.whole)).quantize(Decimal("0.1"), ROUND_HALF_UP)


class Length(NamedTuple):
    """How long something took, in days; mean and median are None where nothing did."""

    n: int
    """Deals."""
    mean: Decimal | None
    median: Decimal | None


def length(days: Sequence[int]) -> Length:
    """Mean (to a tenth, halves up) and median of whole days."""
    if not days:
        return Length(0, None, None)
    mean = (Decimal(sum(days)) / len(days)).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return Length(len(days), mean, Decimal(str(median(days))))


def wilson(part: int, whole: int) -> tuple[float, float]:
    """The 95 % bounds of a share by Wilson's score interval.

    (p + z²/2n ± z·√(p(1-p)/n + z²/4n²)) / (1 + z²/n), p = part / whole, n = whole > 0, z = 1.959964
    (E. B. Wilson, JASA 22, 1927). Unlike p ± z·s it stays within 0-1 and holds for small n.
    """
    z, p = 1.959964, part / whole
    middle = p + z * z / (2 * whole)
    reach = z * sqrt(p * (1 - p) / whole + z * z / (4 * whole * whole))
    low, high = (middle - reach) / (1 + z * z / whole), (middle + reach) / (1 + z * z / whole)
    return max(low, 0.0), min(high, 1.0)


Verdict = Literal["champion", "laggard", "same", "few", "alone"]
"""Against the team: surely above, surely below, not told apart, too few deals, nobody to compare with."""


def against(own: Ratio, team: Ratio, *, people: int) -> Verdict:
    """Champion: Wilson's lower bound > the team's share; laggard: the upper one < it; from 20 deals on (SPEC 46)."""
    if own.whole < LEAST:
        return "few"
    if people < 2 or team.share is None:
        return "alone"
    low, high = wilson(int(own.part), int(own.whole))
    return "champion" if low > team.share else "laggard" if high < team.share else "same"


# ------------------------------------------------------------------ one pipeline


class StageCount(NamedTuple):
    """A stage: what is there now, and what became of the deals that entered it."""

    stage: Stage
    now: int
    """Open deals at this stage only."""
    revenue: Decimal
    """Their amounts, in base currency; those that are not counted are `unpriced`."""
    unpriced: int
    entered: int
    """Deals of the cohort; moved + lost + undecided = entered."""
    moved: int
    lost: int
    undecided: int
    junk: int
    """Of the lost: for a reason of the category junk."""
    young: int
    """Entered too recently to be judged: in no other figure."""
    days: Decimal | None
    """Median days from entering to leaving."""
    mature: int
    """Days after which a deal is judged."""

    @property
    def conversion(self) -> Ratio:
        """Entered in the period and later reached a further stage or success / entered (FORECAST.md)."""
        return Ratio(self.moved, self.entered)

    @property
    def drop_out(self) -> Ratio:
        """Lost from this stage without moving on / entered."""
        return Ratio(self.lost, self.entered)

    @property
    def open_part(self) -> Ratio:
        """Neither moved on nor lost / entered; the three shares add up to one."""
        return Ratio(self.undecided, self.entered)


class Closed(NamedTuple):
    """What was closed in a period."""

    wins: Ratio
    """Won / (won + lost), in deals; handovers are wins of their pipeline."""
    wins_clean: Ratio
    """The same without losses for a reason of the category junk."""
    value: Ratio
    """The same in money; handovers are no revenue."""
    value_clean: Ratio
    unpriced: int
    """Closed deals without an amount that can be counted."""
    handed_over: int
    won_days: Length
    """closed_at - created_at of won deals."""
    paid_days: Length
    """paid_at - created_at of won deals."""
    lost_days: Length
    lost_days_clean: Length
    negative: int
    """Deals closed before they were created: in no cycle (DQ02)."""


class StageShare(NamedTuple):
    """One person's deals that left a stage, or stand there, against the team's."""

    ratio: Ratio
    verdict: Verdict


class Rep(NamedTuple):
    """One person against those of the same role."""

    owner: str | None
    """None: deals without an owner."""
    role: str | None
    wins: Ratio
    bounds: tuple[float, float] | None
    team: Ratio
    verdict: Verdict
    stages: tuple[StageShare, ...]
    """Stage conversion by rank, each deal credited to whoever led it when it left the stage (ruling R16)."""


class Loss(NamedTuple):
    """Losses for one reason at one stage."""

    reason: str | None
    """As the sheet Loss reasons has it, else as typed; None: no reason."""
    category: str | None
    stage: str | None
    """The last active stage before the loss; None: not known."""
    deals: int
    amount: Decimal
    unpriced: int


@dataclass(frozen=True)
class Funnel:
    """One pipeline of a firm on its day. Figures of different pipelines are never mixed (ruling R7)."""

    firm: Firm
    key: str
    """Its name, folded; empty where it has none."""
    name: str
    stages: tuple[Stage, ...]
    """The active ones, in order; none without the sheet Stages."""
    deals: tuple[Deal, ...]
    records: Records
    money: Exchange

    # ------------------------------------------------------------ periods

    @cached_property
    def cycle(self) -> Length:
        """Days from created to closed over all deals won so far."""
        return length(self._days([c for c in self.closings if c.outcome == "won"], "closed_at")[0])

    @cached_property
    def days(self) -> int:
        """Length of the period: twice the median cycle, at least 30 (SPEC 49)."""
        return max(LEAST_WINDOW, ceil(2 * self.cycle.median) if self.cycle.median is not None else 0)

    @cached_property
    def period(self) -> Period:
        """The last `days` days, today included."""
        return Period(_back(self.firm.as_of, self.days - 1), self.firm.as_of)

    @cached_property
    def previous(self) -> Period:
        """The period of the same length before it."""
        return Period(_back(self.period.start, self.days), _back(self.period.start, 1))

    @cached_property
    def seen_from(self) -> date | None:
        """Since when every entry into a stage is known; None: never.

        The log sees everything from its first run on. The sheet Stage history counts where it names 80 % of the deals
        created since its first entry and before the log. A deal's own date of its present stage adds precision, but
        never a cohort: those that went further have overwritten it.
        """
        log = self.firm.past.first_day
        first = min((day for d in self.deals if (day := self.records.first.get(d.key))), default=None)
        if first is not None:
            until = log or self.firm.as_of
            due = [d for d in self.deals if (day := as_day(d.created_at)) and first <= day <= until]
            named = sum(deal.key in self.records.first for deal in due)
            if named >= _WHOLE_HISTORY * len(due):
                return first if log is None else min(first, log)
        return log

    @cached_property
    def begun(self) -> date | None:
        """The day of the first deal that is known: created, else closed; None: there is none."""
        created = [day for deal in self.deals if (day := as_day(deal.created_at))]
        return min(created or [c.day for c in self.closings], default=None)

    @property
    def compared(self) -> bool:
        """Whether the period before is known whole: the losses of a beginning come sooner than its wins."""
        return self.begun is not None and self.begun <= self.previous.start

    @cached_property
    def judged(self) -> bool:
        """Whether there is a cohort: ordered stages, and two cycles seen (ruling R16)."""
        return bool(self.stages) and self.seen_from is not None and self.seen_from <= self.period.start

    # --------------------------------------------------------------- ways

    @cached_property
    def rank(self) -> Mapping[str, int]:
        """Folded name of an active stage to its place, from 0."""
        return {folded(stage.stage or ""): n for n, stage in enumerate(self.stages)}

    @cached_property
    def ways(self) -> tuple[Way, ...]:
        """The way of every deal."""
        told = Ways(self.firm, self.stages, self.records)
        return tuple(map(told.of, self.deals))

    @cached_property
    def closings(self) -> tuple[Closing, ...]:
        """Every closing up to today."""
        return tuple(c for way in self.ways for c in way.closings if c.day <= self.firm.as_of)

    def closed_in(self, period: Period) -> list[Closing]:
        """The closings of a period."""
        return [c for c in self.closings if period.has(c.day)]

    # ------------------------------------------------------------ figures

    @cached_property
    def table(self) -> tuple[StageCount, ...]:
        """Every active stage: what is there now, what became of its cohort.

        The cohort of a stage: deals that first entered it (or skipped it) in the period, at least as many days ago as
        80 % of the decided stays lasted; younger ones are counted apart.
        """
        return tuple(self._stage(rank) for rank in range(len(self.stages)))

    def _stage(self, rank: int) -> StageCount:
        here, stays = self._here[rank], self._stays[rank]
        worth = [self._worth(deal, self.firm.as_of) for deal in here]
        mature = self._mature(rank, stays)
        cohort, young = self._cohort(rank, mature)
        fates = [way.fate(rank) for way in cohort]
        junk = sum(fate == "lost" and self.is_junk(w.deal) for w, fate in zip(cohort, fates, strict=True))
        return StageCount(
            self.stages[rank], len(here), _total(worth), worth.count(None), len(cohort),
            fates.count("moved"), fates.count("lost"), fates.count("undecided"), junk, len(young),
            length(stays).median if self.judged else None, mature,
        )  # fmt: skip

    def _cohort(self, rank: int, mature: int) -> tuple[list[Way], list[Way]]:
        """The deals to judge, and those that are too young."""
        entered, ripe = self._entered[rank], _back(self.firm.as_of, mature)
        return [w for w in entered if w.reached[rank] <= ripe], [w for w in entered if w.reached[rank] > ripe]

    @cached_property
    def _here(self) -> Sequence[Sequence[Deal]]:
        """By rank, the open deals at the stage."""
        out: list[list[Deal]] = [[] for _ in self.stages]
        for deal in self.deals:
            rank = self.rank.get(folded_name(deal.stage or ""))
            if rank is not None and self.firm.book.is_open(deal):
                out[rank].append(deal)
        return out

    @cached_property
    def _entered(self) -> Sequence[Sequence[Way]]:
        """By rank, the ways that reached the stage in the period; none where there is no cohort."""
        out: list[list[Way]] = [[] for _ in self.stages]
        (start, end), stages = self.period, len(self.stages)
        for way in self.ways if self.judged else ():
            for rank, day in enumerate(way.reached[:stages]):
                if start <= day <= end:
                    out[rank].append(way)
        return out

    @cached_property
    def _stays(self) -> Sequence[Sequence[int]]:
        """By rank, the days of every stay that is over and was seen from its first day on."""
        out: list[list[int]] = [[] for _ in self.stages]
        since, stages = self.seen_from or date.max, len(self.stages)
        for way in self.ways:
            for rank in way.visited:
                came, left = way.reached[rank], way.left(rank)
                if rank < stages and left is not None and since <= came <= left <= self.firm.as_of:
                    out[rank].append((left - came).days)
        return out

    def _mature(self, rank: int, stays: Sequence[int]) -> int:
        """P80 of the decided stays (nearest rank), from five on; else the stage's limit; else 14 days (SPEC 45)."""
        if len(stays) >= _FEW_STAYS:
            return sorted(stays)[ceil(0.8 * len(stays)) - 1]
        limit = self.stages[rank].max_days
        return int(limit) if limit is not None else _STAGE_DAYS

    @cached_property
    def worst(self) -> StageCount | None:
        """The stage that loses most deals, junk aside: to lose that early is right. Of equals the larger share."""
        losing = [stage for stage in self.table if stage.lost]
        return max(losing, key=lambda s: (s.lost - s.junk, s.lost, s.drop_out.share or 0), default=None)

    @cached_property
    def now(self) -> Closed:
        """What was closed in the period."""
        return self.closed(self.period)

    @cached_property
    def before(self) -> Closed:
        """What was closed in the period before it."""
        return self.closed(self.previous)

    def closed(self, period: Period) -> Closed:
        """Win rate and cycle by day of closing."""
        found = self.closed_in(period)
        clean = [c for c in found if not (c.lost and self.is_junk(c.deal))]
        worth = {id(c): self._worth(c.deal, c.day) for c in found if c.outcome != "handover"}
        won = [c for c in found if c.outcome == "won"]
        won_days, bad = self._days(won, "closed_at")
        lost_days, worse = self._days([c for c in found if c.lost], "closed_at")
        return Closed(
            _wins(found), _wins(clean), _wins_in_money(found, worth), _wins_in_money(clean, worth),
            sum(value is None for value in worth.values()), sum(c.outcome == "handover" for c in found),
            length(won_days), length(self._days(won, "paid_at")[0]), length(lost_days),
            length(self._days([c for c in clean if c.lost], "closed_at")[0]), bad + worse,
        )  # fmt: skip

    def _days(
        self, closings: Iterable[Closing], until: Literal["closed_at", "paid_at"]
    ) -> tuple[list[int], int]:
        """Days from creation, and how many closings lie before it."""
        every = [
            (end - start).days
            for c in closings
            if (start := as_day(c.deal.created_at))
            and (end := c.day if until == "closed_at" else c.deal.paid_at)
        ]
        return [n for n in every if n >= 0], sum(n < 0 for n in every)

    def _worth(self, deal: Deal, day: date) -> Decimal | None:
        """The deal's amount in base currency at the rate of a day; None: no amount, or no rate."""
        return None if deal.amount is None else self.money.worth(deal.amount, deal.currency, day)

    def is_junk(self, deal: Deal) -> bool:
        """Whether the reason of a loss is of the category junk."""
        reason = self._reasons.get(folded_name(deal.lost_reason or ""))
        return reason is not None and reason.category == "junk"

    @cached_property
    def _reasons(self) -> Mapping[str, LossReason]:
        return {folded(r.reason): r for r in self.firm.book.reasons.rows if r.reason}

    @cached_property
    def losses(self) -> list[Loss]:
        """Losses of the period by reason and stage, the most frequent reason first, junk last."""
        groups: dict[tuple[str, str | None], list[Closing]] = defaultdict(list)
        for closing in self.closed_in(self.period):
            if closing.lost:
                groups[folded_name(closing.deal.lost_reason or ""), closing.stage].append(closing)
        made = [self._loss(reason, stage, found) for (reason, stage), found in groups.items()]
        often: dict[str | None, int] = defaultdict(int)
        for loss in made:
            often[loss.reason] += loss.deals
        place = {**{stage.stage: n for n, stage in enumerate(self.stages)}, None: len(self.stages)}
        return sorted(
            made,
            key=lambda x: (x.category == "junk", -often[x.reason], x.reason or "", place.get(x.stage, 99)),
        )

    def _loss(self, reason: str, stage: str | None, found: Sequence[Closing]) -> Loss:
        listed = self._reasons.get(reason)
        typed = found[0].deal.lost_reason
        name = listed.reason if listed else typed.strip() if typed else None
        worth = [self._worth(c.deal, c.day) for c in found]
        place = self.rank.get(stage or "")
        shown = stage if place is None else self.stages[place].stage
        return Loss(
            name, listed.category if listed else None, shown, len(found), _total(worth), worth.count(None)
        )

    # ------------------------------------------------------------- people

    @cached_property
    def reps(self) -> tuple[Rep, ...]:
        """Everyone who closed a deal in the period or owns one of a cohort, against those of the same role.

        Champions first, then by win rate; those with too few deals last. The sums over all rows are the firm's.
        """
        wins: dict[str, list[Closing]] = defaultdict(list)
        for closing in self.closed_in(self.period):
            wins[self._known(credited(self.firm, closing.deal))].append(closing)
        moves = [self._by_person(stage) for stage in range(len(self.stages))]
        people = {*wins, *(name for stage in moves for name in stage)}
        roles = {name: self._role(name) for name in people}
        made = [self._rep(name, people, roles, wins, moves) for name in people]
        order: dict[Verdict, int] = {"champion": 0, "same": 1, "alone": 1, "laggard": 2, "few": 3}
        return tuple(
            sorted(
                made, key=lambda r: (r.owner is None, order[r.verdict], -(r.wins.share or 0), r.owner or "")
            )
        )

    def _rep(
        self, name: str, people: Iterable[str], roles: Mapping[str, str | None],
        wins: Mapping[str, Sequence[Closing]], moves: Sequence[Mapping[str, Ratio]],
    ) -> Rep:  # fmt: skip
        peers = [p for p in people if p and roles[p] == roles[name]] if name else []
        own, team = _wins(wins.get(name, ())), _wins([c for p in peers for c in wins.get(p, ())])
        stages = []
        for stage in moves:
            mine, theirs = stage.get(name, Ratio()), _sum(stage.get(p, Ratio()) for p in peers)
            stages.append(StageShare(mine, against(mine, theirs, people=sum(p in stage for p in peers))))
        bounds = wilson(int(own.part), int(own.whole)) if own.whole >= LEAST else None
        verdict = against(own, team, people=sum(bool(wins.get(p)) for p in peers))
        return Rep(self._names[name] or None, roles[name], own, bounds, team, verdict, tuple(stages))

    def _by_person(self, rank: int) -> Mapping[str, Ratio]:
        """Moved on / entered at a stage, by who led the deal when it left, or leads it now."""
        cohort = self._cohort(rank, self.table[rank].mature)[0]
        led = [self._left_by(way, rank) for way in cohort]
        known = {name: self._known(person(self.firm, name)) for name in dict.fromkeys(led)}
        names = [known[name] for name in led]
        moved = Counter([name for name, way in zip(names, cohort, strict=True) if way.fate(rank) == "moved"])
        return {name: Ratio(moved[name], entered) for name, entered in Counter(names).items()}

    @cached_property
    def _names(self) -> dict[str, str]:
        return {}

    def _left_by(self, way: Way, rank: int) -> str | None:
        """Who led a deal when it left a stage: as the log knew it, as the history has it, else as it is now."""
        stage = folded_name(self.stages[rank].stage or "")
        left = way.left(rank)
        then = self.firm.past.value_on(way.deal, "owner", left) if left else None
        return then or self.records.owners.get((way.deal.key, stage)) or way.deal.owner

    def _known(self, name: str) -> str:
        """A person's folded name; how it is written is kept."""
        known = folded_name(name)
        self._names.setdefault(known, name)
        return known

    def _role(self, name: str) -> str | None:
        member = self.firm.book.member(name)
        return member.role if member else None


def funnels(firm: Firm) -> list[Funnel]:
    """The pipelines of a firm that have stages or deals, in the order of the sheet Stages."""
    by_pipeline: dict[str, list[Deal]] = {key: [] for key in firm.book.pipelines}
    names = {folded(s.pipeline or ""): (s.pipeline or "").strip() for s in reversed(firm.book.stages.rows)}
    for deal in firm.book.deals.rows:
        if (key := _pipeline(firm, deal)) is not None and firm.kind(deal) != "refund":
            by_pipeline.setdefault(key, []).append(deal)
    recorded, money = records(firm), exchange(firm)
    made = [
        Funnel(firm, key, names.get(key, ""), _active(firm, key), tuple(deals), recorded, money)
        for key, deals in by_pipeline.items()
    ]
    return [funnel for funnel in made if funnel.deals or funnel.stages]


def _pipeline(firm: Firm, deal: Deal) -> str | None:
    """The pipeline that a deal counts in: its own if there is one of that name, else its stage's."""
    stage = firm.stage(deal)
    if stage is None:
        return None
    own = folded_name(deal.pipeline or "")
    return own if own in firm.book.pipelines else folded(stage.pipeline or "")


def _active(firm: Firm, key: str) -> tuple[Stage, ...]:
    found = [
        s
        for s in firm.book.stages.rows
        if s.stage and folded(s.pipeline or "") == key and firm.book.kind_at(s.pipeline, s.stage) == "active"
    ]
    return tuple(sorted(found, key=lambda s: (s.order is None, s.order or 0, s.row)))


def _wins(closings: Iterable[Closing]) -> Ratio:
    outcomes = [not c.lost for c in closings]
    return Ratio(sum(outcomes), len(outcomes))


def _wins_in_money(closings: Iterable[Closing], worth: Mapping[int, Decimal | None]) -> Ratio:
    won = _total(worth.get(id(c)) for c in closings if c.outcome == "won")
    lost = _total(worth.get(id(c)) for c in closings if c.lost)
    return Ratio(won, won + lost)


def _sum(ratios: Iterable[Ratio]) -> Ratio:
    every = list(ratios)
    return Ratio(sum(r.part for r in every), sum(r.whole for r in every))


def _total(values: Iterable[Decimal | None]) -> Decimal:
    return sum((value for value in values if value is not None), NONE)


def _back(day: date, days: int) -> date:
    """So many days earlier; the earliest day there is where that is no day."""
    return day - timedelta(days=days) if days < (day - date.min).days else date.min
